/* vouchd/api_why.c - why something is where it is. */
#include "vouchd/api_int.h"

#include "vouchd/command.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* What new messages showed: {"lure": "asks to sign in, ..."}. */
static json_t *
traits_of(const struct alarm *alarm)
{
	json_t *traits = json_object();

	for (int t = 0; t < TRAIT_COUNT; t++) {
		if ((alarm->traits >> t & 1) != 0) {
			json_object_set_new(traits, trait_name((enum trait)t),
					    json_string(trait_meaning((enum trait)t)));
		}
	}
	return traits;
}

/* ---- alarms */

/* What the mail of each block added. */
static json_t *
blocks_of(const struct alarm *alarm)
{
	json_t *blocks = json_array();

	for (uint32_t i = 0; i < alarm->block_count; i++) {
		const struct alarm_block *b = &alarm->blocks[i];

		json_array_append_new(
		    blocks, json_pack("{s:o, s:I, s:f, s:o}", "from", api_time(b->from), "delivered",
				      (json_int_t)b->delivered, "nats", b->nats, "first_bad_seq",
				      b->first_bad_seq > 0 ? json_integer((json_int_t)b->first_bad_seq)
							   : json_null()));
	}
	return blocks;
}

static json_t *
alarm_object(struct pipeline *p, const struct alarm *alarm)
{
	const struct fold *f = pipeline_fold(p);
	const struct registry *registry = fold_registry(f);
	enum thing thing = api_thing_of(alarm->kind);
	json_t *signals = json_array(), *reports = json_array();

	for (size_t i = 0; i < EVIDENCE_COUNT; i++) {
		const struct alarm_evidence *e = &alarm->evidence[i];

		json_array_append_new(signals, json_pack("{s:s, s:I, s:f, s:f}", "signal",
							 evidence_name((enum evidence)i), "observed",
							 (json_int_t)e->observed, "expected", e->expected,
							 "nats", e->nats));
	}
	for (uint32_t i = 0; i < alarm->report_count; i++) {
		json_array_append_new(reports, json_integer((json_int_t)alarm->reports[i]));
	}
	return json_pack(
	    "{s:s, s:o, s:s, s:s, s:o, s:f, s:f, s:o, s:o, s:o, s:o, s:I, s:I, s:o, s:o, s:o, s:o, s:f, s:o}",
	    "unit", unit_kind_name(alarm->kind), "name",
	    api_text(registry_item(registry, thing, alarm->unit).name), "voice", voice_name(alarm->voice),
	    "takeover", takeover_name(alarm->takeover), "at", api_time(alarm->at), "evidence_nats",
	    alarm->evidence_nats, "limit_nats", alarm->limit_nats, "began", api_time(alarm->began),
	    "began_from", api_time(alarm->began_from), "began_to", api_time(alarm->began_to), "first_bad_at",
	    api_time(alarm->first_bad_at), "first_bad_seq", (json_int_t)alarm->first_bad_seq, "delivered",
	    (json_int_t)alarm->delivered, "signals", signals, "blocks", blocks_of(alarm), "reports", reports,
	    "brought", api_brought_of(pipeline_journal(p), f, alarm), "content_nats", alarm->content_nats,
	    "content", traits_of(alarm));
}

/* ---- why */

static json_t *
words_of(struct text lines)
{
	json_t *words = json_array();
	struct text line;

	while (lines.n > 0) {
		(void)text_cut(&lines, '\n', &line);
		json_array_append_new(words, api_text(line));
	}
	return words;
}

/* The case that a subject is about: of a source its suspension's, of a system its open one. 0: none. */
static uint32_t
case_of(const struct fold *f, const struct api_subject *subject)
{
	struct decide_source_view v;

	switch (subject->kind) {
	case DECIDE_CASE:
		return subject->id;
	case DECIDE_SYSTEM:
		return decide_system_case(fold_decide(f), subject->id);
	case DECIDE_SOURCE:
		decide_source_view(fold_decide(f), subject->id, &v);
		return v.case_number;
	case DECIDE_MEMBER:
		break;
	}
	return 0;
}

static struct text
name_of(void *context, enum decide_subject subject, uint32_t id)
{
	static const enum thing things[] = {
		[DECIDE_SOURCE] = THING_SOURCE, [DECIDE_SYSTEM] = THING_SYSTEM, [DECIDE_MEMBER] = THING_MEMBER
	};

	check(subject < countof(things));
	return registry_item(fold_registry(context), things[subject], id).name;
}

/* How far the evidence of a source, its system or its member is, and what is feared for them: what the state alone does not tell. */
static void
explain_watch(const struct fold *f, uint32_t source, struct buffer *lines)
{
	struct decide_source_view s;
	struct detect_view own, nearest;
	enum unit_kind which = api_nearest(f, source, &nearest);

	detect_unit_view(fold_detect(f), fold_unit(f, UNIT_SOURCE, source), &own);
	decide_source_view(fold_decide(f), source, &s);
	if (state_listed(s.state)) {
		buffer_format(lines,
			      "Watched: about %.0f messages a day; the evidence about the %s is at %.0f %% "
			      "of the limit: %s.\n",
			      own.volume_per_day, unit_kind_name(which), api_watch_share(&nearest) * 100,
			      detect_watch_name(detect_watch_of(&nearest)));
	}
	if (nearest.threat > 1) {
		char until[INSTANT_BYTES];

		buffer_format(
		    lines,
		    "Under threat until %.16s UTC: a takeover of it is taken for %.0f times as likely "
		    "as of others; its timeline tells why.\n",
		    instant_format(nearest.threat_until, until), nearest.threat);
	}
}

/* The campaigns of its system that run or are to come. */
static void
explain_announced(const struct fold *f, uint32_t source, struct instant now, struct buffer *lines)
{
	uint32_t system = registry_source(fold_registry(f), source).system;
	struct text campaigns = registry_value(fold_registry(f), system, FIELD_SYSTEM_DECLARED_CAMPAIGNS);
	struct registry_campaign c;

	while (registry_campaign_cut(&campaigns, &c)) {
		char start[INSTANT_BYTES], end[INSTANT_BYTES];

		if (c.end.ms > now.ms) {
			buffer_format(
			    lines,
			    "Announced: %.*s, %" PRIu64 " messages from %.16s to %.16s UTC; so far "
			    "%.0f.\n",
			    TEXT_ARG(c.name), c.volume, instant_format(c.start, start),
			    instant_format(c.end, end),
			    detect_mail_since(fold_detect(f), fold_unit(f, UNIT_SYSTEM, system), c.start));
		}
	}
}

/* Of a source all of its own; of a case what its sources are over or near. */
static void
explain_thresholds(const struct fold *f, const struct api_subject *subject, struct buffer *lines)
{
	struct decide_case_view v;

	if (subject->kind == DECIDE_SOURCE) {
		api_explain_metrics(f, subject->id, LEVEL_GOOD, lines);
	} else if (subject->kind == DECIDE_MEMBER) {
		api_explain_member(f, subject->id, lines);
	} else if (subject->kind == DECIDE_CASE) {
		decide_case_view(fold_decide(f), subject->id, &v);
		for (uint32_t i = 0; i < v.source_count; i++) {
			api_explain_metrics(f, v.sources[i], LEVEL_WARNING, lines);
		}
	}
}

/* Of the alarm that opened the case: what single reports and messages said. */
static void
explain_reports(struct pipeline *p, uint32_t number, struct buffer *lines)
{
	const struct fold *f = pipeline_fold(p);
	struct decide_case_view v;

	if (number != 0) {
		decide_case_view(fold_decide(f), number, &v);
		if (v.alarm_count > 0) {
			api_explain_brought(pipeline_journal(p), f, &v.alarms[0], lines);
			api_explain_messages(pipeline_journal(p), f, &v.alarms[0], lines);
		}
	}
}

/* For programs: the alarms of a case and the sources in it; without a case the source itself. */
static void
add_objects(struct pipeline *p, const struct api_subject *subject, uint32_t number, json_t *alarms,
	    json_t *entries)
{
	const struct fold *f = pipeline_fold(p);
	struct decide_case_view v;
	json_t *entry;

	if (number == 0 && subject->kind == DECIDE_SOURCE) {
		entry = api_entry(f, subject->id);
		json_object_set_new(entry, "metrics", api_metrics_of(f, subject->id));
		json_array_append_new(entries, entry);
	}
	if (number == 0) {
		return;
	}
	decide_case_view(fold_decide(f), number, &v);
	for (uint32_t i = 0; i < v.alarm_count; i++) {
		json_array_append_new(alarms, alarm_object(p, &v.alarms[i]));
	}
	for (uint32_t i = 0; i < v.source_count; i++) {
		json_array_append_new(entries, api_entry(f, v.sources[i]));
	}
}

static void
why_run(struct job *job, struct pipeline *p)
{
	const struct decide_names names = { name_of, pipeline_fold(p) };
	struct api_call *c = (struct api_call *)job;
	const struct fold *f = pipeline_fold(p);
	struct api_subject subject;
	struct buffer lines;
	json_t *alarms, *entries;
	uint32_t number;

	job->result = api_subject(f, http_parameter(c->request, "subject"), &subject, &job->fault);
	if (job->result != RESULT_OK) {
		return;
	}
	buffer_init(&lines, HTTP_REPLY_BYTES_MAX);
	job->result =
	    decide_explain(fold_decide(f), subject.kind, subject.id, pipeline_now(p), &names, &lines);
	if (job->result == RESULT_OK && subject.kind == DECIDE_SOURCE) {
		explain_watch(f, subject.id, &lines);
		explain_announced(f, subject.id, pipeline_now(p), &lines);
	}
	if (job->result != RESULT_OK) {
		buffer_free(&lines);
		return;
	}
	number = case_of(f, &subject);
	explain_reports(p, number, &lines);
	explain_thresholds(f, &subject, &lines);
	alarms = json_array();
	entries = json_array();
	add_objects(p, &subject, number, alarms, entries);
	http_reply_json(c->reply,
			json_pack("{s:s, s:o, s:o, s:o, s:o, s:o}", "kind",
				  command_subject_name(subject.kind), "subject", api_text(subject.name),
				  "case", number == 0 ? json_null() : json_integer(number), "words",
				  words_of(buffer_text(&lines)), "alarms", alarms, "sources", entries));
	buffer_free(&lines);
}

void
api_why(void *context, const struct http_request *request, struct http_reply *reply)
{
	api_run(context, request, reply, false, why_run);
}
