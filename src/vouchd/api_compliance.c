/* vouchd/api_compliance.c - how sources stand against the thresholds, in numbers and in words; the policy that is in force. */
#include "vouchd/api_int.h"

#include "vouchd/command.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* The metrics of a source, then those of its member. The caller frees them. */
struct metrics {
	struct compliance_metric *items;
	uint32_t count;
};

static struct metrics
metrics_of(const struct fold *f, uint32_t source)
{
	const struct compliance *c = fold_compliance(f);
	uint32_t member = registry_source(fold_registry(f), source).member;
	uint32_t own = compliance_source_metrics(c, source, NULL, 0);
	uint32_t all = own + compliance_group_metrics(c, member, NULL, 0);
	struct metrics m = { calloc(all + 1U, sizeof(*m.items)), all };

	check(m.items != NULL);
	(void)compliance_source_metrics(c, source, m.items, own);
	(void)compliance_group_metrics(c, member, m.items + own, all - own);
	return m;
}

static json_t *
words_of(const struct compliance_metric *m)
{
	struct buffer b;
	json_t *j;

	buffer_init(&b, WORDS_BYTES_MAX);
	compliance_words(m, true, &b);
	j = api_text(buffer_text(&b));
	buffer_free(&b);
	return j;
}

static json_t *
limit_of(const struct compliance_metric *m)
{
	struct buffer b;
	json_t *j;

	buffer_init(&b, ATTRIBUTE_BYTES_MAX);
	threshold_limit_write(m->limit, &b);
	j = api_text(buffer_text(&b));
	buffer_free(&b);
	return j;
}

static json_t *
number_or_null(uint64_t number)
{
	return number == 0 ? json_null() : json_integer((json_int_t)number);
}

static json_t *
json_of(const struct compliance_metric *m)
{
	bool is_rate = m->sample > 0;

	return json_pack(
	    "{s:s, s:s, s:o, s:s, s:I, s:o, s:o, s:o, s:I, s:o, s:o, s:o, s:o}", "threshold",
	    threshold_name(m->threshold), "scope", threshold_scope_name(threshold_scope(m->threshold)), "at",
	    m->party_name.n == 0 ? json_null() : api_text(m->party_name), "level",
	    threshold_level_name(m->level), "count", (json_int_t)m->bad, "sample",
	    is_rate ? json_integer((json_int_t)m->sample) : json_null(), "rate",
	    is_rate ? json_real((double)m->bad / (double)m->sample) : json_null(), "limit", limit_of(m),
	    "days", (json_int_t)m->days, "room", number_or_null(m->room), "clean", number_or_null(m->clean),
	    "return_days", number_or_null(m->return_days), "words", words_of(m));
}

json_t *
api_metrics_of(const struct fold *f, uint32_t source)
{
	struct metrics m = metrics_of(f, source);
	json_t *all = json_array();

	for (uint32_t i = 0; i < m.count; i++) {
		json_array_append_new(all, json_of(&m.items[i]));
	}
	free(m.items);
	return all;
}

/* ---- standing: active, a warning, partially suspended, or the state that keeps it off the list */

static enum threshold_level
worst_level(const struct fold *f, uint32_t source)
{
	struct metrics m = metrics_of(f, source);
	enum threshold_level worst = LEVEL_GOOD;

	for (uint32_t i = 0; i < m.count; i++) {
		worst = m.items[i].level > worst ? m.items[i].level : worst;
	}
	free(m.items);
	return worst;
}

static json_t *
receivers_of(const struct fold *f, uint32_t source, uint32_t count)
{
	json_t *names = json_array();

	for (uint32_t i = 0; i < count; i++) {
		struct decide_partial_view p;

		decide_partial_view(fold_decide(f), source, i, &p);
		json_array_append_new(names, api_text(p.receiver));
	}
	return names;
}

static json_t *
standing_words(const struct fold *f, uint32_t source, const struct decide_source_view *v,
	       const json_t *receivers)
{
	struct buffer b;
	json_t *j;

	if (!state_listed(v->state)) {
		return json_string(state_name(v->state));
	}
	if (v->partial_count == 0) {
		return json_string(worst_level(f, source) >= LEVEL_WARNING ? "warning" : "active");
	}
	buffer_init(&b, HTTP_REPLY_BYTES_MAX);
	buffer_put_text(&b, TEXT("partially suspended for"));
	for (size_t i = 0; i < json_array_size(receivers); i++) {
		buffer_format(&b, "%s %s", i == 0 ? "" : ",",
			      json_string_value(json_array_get(receivers, i)));
	}
	j = api_text(buffer_text(&b));
	buffer_free(&b);
	return j;
}

void
api_add_standing(const struct fold *f, uint32_t source, json_t *entry)
{
	struct decide_source_view v;
	json_t *receivers;

	decide_source_view(fold_decide(f), source, &v);
	receivers = receivers_of(f, source, v.partial_count);
	json_object_set_new(entry, "standing", standing_words(f, source, &v, receivers));
	json_object_set_new(entry, "suspended_for", receivers);
}

/* ---- in words, for why */

void
api_explain_metrics(const struct fold *f, uint32_t source, enum threshold_level least, struct buffer *lines)
{
	struct metrics m = metrics_of(f, source);
	struct registry_source s = registry_source(fold_registry(f), source);
	bool first = true;

	for (uint32_t i = 0; i < m.count; i++) {
		if (m.items[i].level < least) {
			continue;
		}
		if (first) {
			buffer_format(lines, "Thresholds of %.*s now:\n", TEXT_ARG(s.key));
			first = false;
		}
		buffer_format(lines, "  %s: ", threshold_level_name(m.items[i].level));
		compliance_words(&m.items[i], true, lines);
		buffer_put_text(lines, TEXT(".\n"));
	}
	free(m.items);
}

void
api_explain_member(const struct fold *f, uint32_t member, struct buffer *lines)
{
	struct compliance_metric m[THRESHOLD_COUNT]; /* one each: a group knows no parties */
	uint32_t count = compliance_group_metrics(fold_compliance(f), member, m, countof(m));

	for (uint32_t i = 0; i < count; i++) {
		buffer_format(lines, "%s%s: ", i == 0 ? "Thresholds of the member now:\n  " : "  ",
			      threshold_level_name(m[i].level));
		compliance_words(&m[i], true, lines);
		buffer_put_text(lines, TEXT(".\n"));
	}
}

uint32_t
api_add_over(const struct fold *f, uint32_t source, json_t *over)
{
	struct metrics m = metrics_of(f, source);
	struct registry_source s = registry_source(fold_registry(f), source);
	struct buffer b;
	uint32_t count = 0;

	buffer_init(&b, WORDS_BYTES_MAX + SOURCE_BYTES_MAX);
	for (uint32_t i = 0; i < m.count; i++) {
		if (m.items[i].level == LEVEL_OVER) {
			buffer_clear(&b);
			buffer_format(&b, "%.*s: ", TEXT_ARG(s.key));
			compliance_words(&m.items[i], true, &b);
			json_array_append_new(over, api_text(buffer_text(&b)));
			count++;
		}
	}
	buffer_free(&b);
	free(m.items);
	return count;
}

/* ---- policy */

static void
policy_run(struct job *job, struct pipeline *p)
{
	struct api_call *c = (struct api_call *)job;
	const struct fold *f = pipeline_fold(p);
	json_t *rows = command_thresholds(fold_thresholds(f)), *row;
	size_t i;

	json_array_foreach(rows, i, row)
	{
		enum threshold t;

		check(threshold_parse(text_of(json_string_value(json_object_get(row, "name"))), &t) ==
		      RESULT_OK);
		json_object_set_new(row, "scope", json_string(threshold_scope_name(threshold_scope(t))));
		json_object_set_new(row, "meaning", json_string(threshold_meaning(t)));
	}
	http_reply_json(c->reply, json_pack("{s:f, s:f, s:o}", "budget", fold_budget(f), "wait_days",
					    (double)fold_thresholds(f)->wait.ms / (double)SPAN_DAY.ms,
					    "thresholds", rows));
}

void
api_policy(void *context, const struct http_request *request, struct http_reply *reply)
{
	api_run(context, request, reply, false, policy_run);
}
