/* vouchd/notices_words.c - the facts of a notice, its text, and to whom it goes. */
#include "vouchd/api_int.h"
#include "vouchd/notices_int.h"

#include <inttypes.h>
#include <stdlib.h>

#define SOURCES_NAMED_MAX 50U
#define REASONS_MAX       5U /* sources whose reasons or numbers are told */
#define BODY_BYTES_MAX    (256U << 10)
#define ABOUT_BYTES       (2U * NAME_BYTES_MAX + 2U)

struct facts {
	struct buffer of[FACT_COUNT];
};

static void
put_time(struct buffer *b, struct instant t)
{
	char text[INSTANT_BYTES];

	/* "2026-01-05 08:00 UTC" */
	(void)instant_format(t, text);
	buffer_format(b, "%.10s %.5s UTC", text, text + 11);
}

static void
put_sources(const struct fold *f, const struct notices_group *g, struct buffer *b)
{
	size_t count = g->sources.count;

	for (size_t i = 0; i < count && i < SOURCES_NAMED_MAX; i++) {
		struct registry_source s = registry_source(fold_registry(f), g->sources.items[i]);

		buffer_format(b, "%.*s\n", TEXT_ARG(s.key));
	}
	if (count > SOURCES_NAMED_MAX) {
		buffer_format(b, "and %zu more\n", count - SOURCES_NAMED_MAX);
	}
}

static bool
has_line(const struct buffer *b, struct text line)
{
	struct text rest = buffer_text(b), one;

	while (rest.n > 0) {
		(void)text_cut(&rest, '\n', &one);
		if (text_equal(one, line)) {
			return true;
		}
	}
	return false;
}

/* Reasons that several sources share are told once. */
static void
put_reasons(const struct fold *f, const struct notices_group *g, struct facts *facts)
{
	struct decide_source_view v;

	for (size_t i = 0; i < g->sources.count && i < SOURCES_NAMED_MAX; i++) {
		decide_source_view(fold_decide(f), g->sources.items[i], &v);
		if (v.reason.n > 0 && !has_line(&facts->of[FACT_WHY], v.reason)) {
			buffer_format(&facts->of[FACT_WHY], "%.*s\n", TEXT_ARG(v.reason));
		}
	}
}

/* The case of the first source, when the notice is about its suspension or its end. */
static void
put_case(struct notices *n, const struct decide_source_view *v, struct facts *facts)
{
	const struct fold *f = pipeline_fold(n->pipeline);
	struct decide_case_view c;

	if (v->case_number == 0) {
		return;
	}
	decide_case_view(fold_decide(f), v->case_number, &c);
	buffer_format(&facts->of[FACT_CASE], "Number of the case: %" PRIu32 "\n", v->case_number);
	if (c.alarm_count > 0 && v->state == STATE_SUSPENDED) {
		api_explain_messages(pipeline_journal(n->pipeline), f, &c.alarms[0],
				     &facts->of[FACT_EVIDENCE]);
	}
}

/* Where days of silence came to our knowledge all at once, nobody was told of the first of them. */
static void
put_unwarned(struct notices *n, const struct notices_group *g, struct buffer *b)
{
	const struct fold *f = pipeline_fold(n->pipeline);
	const struct threshold_rule *rules = fold_thresholds(f)->rules;

	if (rules[THRESHOLD_DISUSE_NEW].warn == 100 || rules[THRESHOLD_DISUSE].warn == 100) {
		return; /* no warning is asked for */
	}
	for (size_t i = 0; i < g->sources.count && i < SOURCES_NAMED_MAX; i++) {
		if (!notices_is_warned(n, g->sources.items[i])) {
			buffer_put_text(
			    b, b->n == 0 ? TEXT("We should have told you some days before, and did not, of\n")
					 : (struct text){ "", 0 });
			buffer_format(b, "%.*s\n",
				      TEXT_ARG(registry_source(fold_registry(f), g->sources.items[i]).key));
		}
	}
}

static void
put_facts(struct notices *n, const struct notices_group *g, struct facts *facts)
{
	const struct fold *f = pipeline_fold(n->pipeline);
	struct registry_source s = registry_source(fold_registry(f), g->sources.items[0]);
	bool is_present =
	    g->notice == NOTICE_WATCH_RAISED || g->notice == NOTICE_WATCH_FELL || g->notice == NOTICE_WARNING;
	struct decide_source_view v;

	decide_source_view(fold_decide(f), g->sources.items[0], &v);
	buffer_put_text(&facts->of[FACT_MEMBER],
			registry_value(fold_registry(f), s.member, FIELD_MEMBER_NAME));
	buffer_put_text(&facts->of[FACT_SYSTEM], s.system_name);
	buffer_put_text(&facts->of[FACT_LIST], s.list);
	buffer_put_text(&facts->of[FACT_ANSWER], text_of(n->config->notice_answer));
	put_sources(f, g, &facts->of[FACT_SOURCES]);
	put_time(&facts->of[FACT_SINCE], is_present ? pipeline_now(n->pipeline) : v.since);
	for (size_t i = 0; i < g->sources.count && i < REASONS_MAX; i++) {
		api_explain_metrics(f, g->sources.items[i], LEVEL_WARNING, &facts->of[FACT_NUMBERS]);
	}
	if (is_present) {
		return;
	}
	put_reasons(f, g, facts);
	put_case(n, &v, facts);
	if (g->notice == NOTICE_SUSPENDED_DISUSE) {
		put_unwarned(n, g, &facts->of[FACT_UNWARNED]);
	}
	if (v.state == STATE_SUSPENDED && v.not_before.ms != INT64_MAX) {
		buffer_put_text(&facts->of[FACT_RETURN], TEXT("At the earliest: "));
		put_time(&facts->of[FACT_RETURN], v.not_before);
	}
}

/* ---- for programs */

static json_t *
lines_of(const struct buffer *b)
{
	struct text rest = buffer_text(b), line;
	json_t *lines = json_array();

	while (rest.n > 0) {
		(void)text_cut(&rest, '\n', &line);
		json_array_append_new(lines, api_text(line));
	}
	return lines;
}

static char *
json_body(struct notices *n, const struct notices_group *g, const struct facts *facts, struct text subject,
	  struct text body)
{
	const struct fold *f = pipeline_fold(n->pipeline);
	struct registry_source s = registry_source(fold_registry(f), g->sources.items[0]);
	json_t *sources = json_array(), *root;
	char *text;

	for (size_t i = 0; i < g->sources.count; i++) {
		json_array_append_new(sources,
				      api_text(registry_source(fold_registry(f), g->sources.items[i]).key));
	}
	root = json_pack("{s:s, s:o, s:{s:o, s:o, s:o, s:o, s:o, s:o, s:o}}", "type", notice_name(g->notice),
			 "timestamp", api_time(pipeline_now(n->pipeline)), "data", "member",
			 api_text(s.member_name), "system", api_text(s.system_name), "list", api_text(s.list),
			 "sources", sources, "why", lines_of(&facts->of[FACT_WHY]), "subject",
			 api_text(subject), "text", api_text(body));
	text = json_dumps(root, JSON_COMPACT);
	check(text != NULL);
	json_decref(root);
	return text;
}

/* ---- queueing */

struct letter {
	struct pipeline *pipeline;
	struct text kind, about, subject, body;
	uint32_t recipients;
};

/* A way that vouch.yaml does not give, or an address that cannot be written to, keeps nobody else from hearing. */
static enum result
count_one(struct letter *l, enum result r)
{
	l->recipients += r == RESULT_OK;
	return r == RESULT_NOT_ALLOWED || r == RESULT_BAD_INPUT ? RESULT_OK : r;
}

static enum result
queue_mails(struct letter *l, struct text addresses, struct fault *fault)
{
	enum result r = RESULT_OK;
	uint64_t id;

	while (addresses.n > 0 && r == RESULT_OK) {
		struct mail mail = { .subject = l->subject, .body = l->body };

		(void)text_cut(&addresses, ' ', &mail.to);
		r = count_one(l, outbox_put_mail(l->pipeline, l->kind, l->about, &mail, &id, fault));
	}
	return r;
}

/* The addresses of one audience; without them those of the other. */
static struct text
addresses_of(const struct registry *registry, uint32_t member, enum notice_audience audience)
{
	struct text alerts = registry_value(registry, member, FIELD_MEMBER_ALERTS);
	struct text notices = registry_value(registry, member, FIELD_MEMBER_NOTICES);

	return (audience == AUDIENCE_ALERTS && alerts.n > 0) || notices.n == 0 ? alerts : notices;
}

static enum result
queue_all(struct notices *n, const struct notices_group *g, const struct facts *facts, struct letter *l,
	  struct fault *fault)
{
	const struct registry *registry = fold_registry(pipeline_fold(n->pipeline));
	uint32_t member = registry_source(registry, g->sources.items[0]).member;
	struct text url = registry_value(registry, member, FIELD_MEMBER_WEBHOOK);
	enum result r = queue_mails(l, addresses_of(registry, member, notice_audience(g->notice)), fault);

	if (r == RESULT_OK && url.n > 0) {
		char *json = json_body(n, g, facts, l->subject, l->body);
		uint64_t id;

		r = count_one(l, outbox_put_webhook(l->pipeline, l->kind, l->about, url, l->subject,
						    text_of(json), &id, fault));
		free(json);
	}
	return r;
}

enum result
notices_queue(struct notices *n, const struct notices_group *g, uint32_t *recipients, struct fault *fault)
{
	struct registry_source s =
	    registry_source(fold_registry(pipeline_fold(n->pipeline)), g->sources.items[0]);
	struct text texts[FACT_COUNT];
	struct buffer subject, body, about;
	struct facts facts;
	struct letter l = { .pipeline = n->pipeline, .kind = text_of(notice_name(g->notice)) };
	enum result r;

	for (size_t i = 0; i < FACT_COUNT; i++) {
		buffer_init(&facts.of[i], BODY_BYTES_MAX);
	}
	buffer_init(&subject, BODY_BYTES_MAX);
	buffer_init(&body, BODY_BYTES_MAX);
	buffer_init(&about, ABOUT_BYTES);
	put_facts(n, g, &facts);
	for (size_t i = 0; i < FACT_COUNT; i++) {
		texts[i] = buffer_text(&facts.of[i]);
	}
	notice_fill(n->texts[g->notice].subject, texts, &subject);
	notice_fill(n->texts[g->notice].body, texts, &body);
	buffer_format(&about, "%.*s/%.*s", TEXT_ARG(s.member_name), TEXT_ARG(s.system_name));
	l.subject = buffer_text(&subject);
	l.body = buffer_text(&body);
	l.about = buffer_text(&about);
	r = queue_all(n, g, &facts, &l, fault);
	*recipients = l.recipients;
	for (size_t i = 0; i < FACT_COUNT; i++) {
		buffer_free(&facts.of[i]);
	}
	buffer_free(&subject);
	buffer_free(&body);
	buffer_free(&about);
	return r;
}
