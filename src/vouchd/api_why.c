/* vouchd/api_why.c - why something is where it is, and what happened to it in order. */
#include "vouchd/api_int.h"

#include "journal/journal.h"
#include "model/report.h"
#include "vouchd/command.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* ---- alarms */

static json_t *
alarm_object(const struct fold *f, const struct alarm *alarm)
{
	const struct registry *registry = fold_registry(f);
	enum thing thing = alarm->kind == UNIT_SOURCE ? THING_SOURCE : THING_SYSTEM;
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
	    "{s:s, s:o, s:s, s:s, s:o, s:f, s:f, s:o, s:I, s:I, s:o, s:o}", "unit",
	    unit_kind_name(alarm->kind), "name", api_text(registry_item(registry, thing, alarm->unit).name),
	    "voice", voice_name(alarm->voice), "takeover", takeover_name(alarm->takeover), "at",
	    api_time(alarm->at), "evidence_nats", alarm->evidence_nats, "limit_nats", alarm->limit_nats,
	    "first_bad_at", api_time(alarm->first_bad_at), "first_bad_seq", (json_int_t)alarm->first_bad_seq,
	    "delivered", (json_int_t)alarm->delivered, "signals", signals, "reports", reports);
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

static void
why_run(struct job *job, struct pipeline *p)
{
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
	job->result = decide_explain(fold_decide(f), subject.kind, subject.id, &lines);
	if (job->result != RESULT_OK) {
		buffer_free(&lines);
		return;
	}
	alarms = json_array();
	entries = json_array();
	number = case_of(f, &subject);
	if (number != 0) {
		struct decide_case_view v;

		decide_case_view(fold_decide(f), number, &v);
		for (uint32_t i = 0; i < v.alarm_count; i++) {
			json_array_append_new(alarms, alarm_object(f, &v.alarms[i]));
		}
		for (uint32_t i = 0; i < v.source_count; i++) {
			json_array_append_new(entries, api_entry(f, v.sources[i]));
		}
	} else if (subject.kind == DECIDE_SOURCE) {
		json_array_append_new(entries, api_entry(f, subject.id));
	}
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

/* ---- timeline: each kind of record in a sentence, as it concerns one subject */

struct telling {
	const struct fold *f;
	const struct api_subject *subject; /* NULL: all */
	struct buffer *words;
};

/* Is one of the keys of this observation a source of the subject? */
static bool
concerns(const struct telling *t, const struct observation *o)
{
	if (t->subject == NULL) {
		return true;
	}
	for (uint32_t i = 0; i < o->key_count; i++) {
		uint32_t id = registry_lookup(fold_registry(t->f), o->keys[i]);

		if (id != REGISTRY_NONE && api_subject_has(t->f, t->subject, id)) {
			return true;
		}
	}
	return false;
}

static void
tell_report(const struct telling *t, struct text payload)
{
	struct arena arena = { 0 };
	uint64_t counts[SIGNAL_COUNT] = { 0 };
	struct report report;
	const char *comma = "";

	if (report_read(payload, &arena, &report) == RESULT_OK) {
		for (uint32_t i = 0; i < report.observation_count; i++) {
			if (concerns(t, &report.observations[i])) {
				counts[report.observations[i].signal] += report.observations[i].count;
			}
		}
		for (size_t i = 0; i < SIGNAL_COUNT; i++) {
			if (counts[i] > 0) {
				buffer_format(t->words, "%s%s %" PRIu64, comma, signal_name((enum signal)i),
					      counts[i]);
				comma = ", ";
			}
		}
		buffer_format(t->words, " from %.*s (%.*s by %.*s)",
			      report.reporter.n > 0 ? (int)report.reporter.n : 6,
			      report.reporter.n > 0 ? report.reporter.p : "nobody", TEXT_ARG(report.format),
			      TEXT_ARG(report.door));
	}
	arena_clear(&arena);
}

static void
tell_alarm(const struct telling *t, struct text payload)
{
	struct alarm a;
	const char *comma = "";

	if (alarm_read(payload, &a) != RESULT_OK) {
		return;
	}
	buffer_format(t->words, "%s held for taken over (%s):", unit_kind_name(a.kind),
		      takeover_name(a.takeover));
	for (size_t i = 0; i < EVIDENCE_COUNT; i++) {
		if (a.evidence[i].observed > 0) {
			buffer_format(t->words, "%s %s %" PRIu64 " where %.1f were expected", comma,
				      evidence_name((enum evidence)i), a.evidence[i].observed,
				      a.evidence[i].expected);
			comma = ",";
		}
	}
}

static void
tell_move(const struct telling *t, struct text payload)
{
	struct move m;

	if (move_read(payload, &m) == RESULT_OK) {
		struct text key = registry_source(fold_registry(t->f), m.source).key;

		buffer_format(t->words, "%.*s: %s -> %s by %.*s: %.*s", TEXT_ARG(key), state_name(m.from),
			      state_name(m.to), TEXT_ARG(m.ground.actor), TEXT_ARG(m.ground.reason));
	}
}

static void
tell_case(const struct telling *t, struct text payload)
{
	struct case_change c;

	if (case_change_read(payload, &c) == RESULT_OK) {
		buffer_format(t->words, "case %" PRIu32 " %s: %.*s", c.number, case_status_name(c.status),
			      TEXT_ARG(c.ground.reason));
	}
}

/* What a line of a REGISTRY record did to something called so: "+" added, "-" removed, "~" changed; '\0': it is not in it. */
static char
registry_op_of(struct text payload, struct text name)
{
	struct arena arena = { 0 };
	json_t *text = api_text(name);
	char *quoted = json_dumps(text, JSON_ENCODE_ANY | JSON_COMPACT), op = '\0';
	const char *id, *at, *line;

	check(quoted != NULL);
	id = arena_format(&arena, "\"id\":%s", quoted);
	at = memmem(payload.p, payload.n, id, strlen(id));
	if (at != NULL) {
		line = memrchr(payload.p, '\n', (size_t)(at - payload.p));
		op = strncmp(line == NULL ? "" : line, "\n{\"add\"", 7) == 0       ? '+'
		     : strncmp(line == NULL ? "" : line, "\n{\"remove\"", 10) == 0 ? '-'
										   : '~';
	}
	json_decref(text);
	free(quoted);
	arena_clear(&arena);
	return op;
}

/* Large programmes are one record: only the line of the source is looked for, none is parsed but the first. */
static void
tell_registry(const struct telling *t, struct text payload)
{
	struct text rest = payload, head;
	const char *what = "the programme was changed", *actor = "", *file = "";
	json_t *header;

	(void)text_cut(&rest, '\n', &head);
	header = json_loadb(head.n == 0 ? "" : head.p, head.n, 0, NULL);
	if (header != NULL) {
		(void)json_unpack(header, "{s:s, s:s}", "actor", &actor, "file", &file);
	}
	if (t->subject->kind == DECIDE_SOURCE) {
		char op = registry_op_of(payload, t->subject->name);

		what = op == '+'   ? "added to the programme"
		       : op == '-' ? "taken out of the programme"
				   : "its system was changed";
	}
	buffer_format(t->words, "%s by %s (%s)", what, actor, file);
	json_decref(header);
}

static void (*const tellers[RECORD_COUNT])(const struct telling *t, struct text payload) = {
	[RECORD_REPORT] = tell_report, [RECORD_ALARM] = tell_alarm,       [RECORD_MOVE] = tell_move,
	[RECORD_CASE] = tell_case,     [RECORD_REGISTRY] = tell_registry,
};

/* ---- which records */

#define TIMELINE_DEFAULT 50U
#define TIMELINE_MAX     10000U

struct timeline {
	uint64_t *seqs;
	size_t count;
	size_t size;
	uint64_t from;
	uint64_t limit;
	struct telling telling;
	json_t *entries;
};

static enum result
note_seq(void *context, const struct record *record)
{
	struct timeline *t = context;

	if (t->count == t->size) {
		t->size = t->size == 0 ? 256 : t->size * 2;
		t->seqs = reallocarray(t->seqs, t->size, sizeof(*t->seqs));
		check(t->seqs != NULL);
	}
	t->seqs[t->count++] = record->seq;
	return RESULT_OK;
}

static int
by_seq(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return x < y ? -1 : x > y;
}

/* The records of all sources of the subject, each once, the newest `limit` (or the first from `from` on), oldest first. */
static enum result
gather(struct timeline *t, struct journal *j)
{
	const struct registry *registry = fold_registry(t->telling.f);
	const struct journal_range range = { .from = t->from,
					     .limit = t->limit,
					     .newest_first = t->from == 0 };
	enum result r = RESULT_OK;
	size_t n = 0;

	if (t->telling.subject == NULL) {
		r = journal_scan(j, &range, note_seq, t);
	}
	for (uint32_t i = 0;
	     t->telling.subject != NULL && i < registry_count(registry, THING_SOURCE) && r == RESULT_OK;
	     i++) {
		if (api_subject_has(t->telling.f, t->telling.subject, i)) {
			r = journal_scan_source(j, i, &range, note_seq, t);
		}
	}
	if (t->count > 0) {
		qsort(t->seqs, t->count, sizeof(*t->seqs), by_seq);
	}
	for (size_t i = 0; i < t->count; i++) {
		if (n == 0 || t->seqs[n - 1] != t->seqs[i]) {
			t->seqs[n++] = t->seqs[i];
		}
	}
	t->count = n > t->limit ? (size_t)t->limit : n;
	if (n > t->limit && t->from == 0) {
		memmove(t->seqs, t->seqs + (n - t->limit), t->limit * sizeof(*t->seqs));
	}
	return r;
}

static enum result
tell(void *context, const struct record *record)
{
	struct timeline *t = context;
	struct buffer words;

	buffer_init(&words, RECORD_BYTES_MAX);
	t->telling.words = &words;
	if (tellers[record->kind] != NULL) {
		tellers[record->kind](&t->telling, record->payload);
	}
	json_array_append_new(t->entries,
			      json_pack("{s:I, s:o, s:s, s:o}", "seq", (json_int_t)record->seq, "time",
					api_time(record->time), "kind", record_kind_name(record->kind),
					"words", api_text(buffer_text(&words))));
	buffer_free(&words);
	return RESULT_OK;
}

static enum result
number_of(struct text t, uint64_t fallback, uint64_t *value, struct fault *fault)
{
	*value = fallback;
	if (t.n > 0 && !text_u64(t, value)) {
		return fault_set(fault, RESULT_BAD_INPUT, "limit and from: whole numbers are wanted");
	}
	return RESULT_OK;
}

static void
timeline_run(struct job *job, struct pipeline *p)
{
	struct api_call *c = (struct api_call *)job;
	struct api_subject subject;
	struct timeline t = { .telling = { .f = pipeline_fold(p), .subject = &subject } };

	job->result =
	    api_subject(pipeline_fold(p), http_parameter(c->request, "subject"), &subject, &job->fault);
	if (job->result == RESULT_OK) {
		job->result =
		    number_of(http_parameter(c->request, "limit"), TIMELINE_DEFAULT, &t.limit, &job->fault);
	}
	if (job->result == RESULT_OK) {
		job->result = number_of(http_parameter(c->request, "from"), 0, &t.from, &job->fault);
	}
	if (job->result != RESULT_OK) {
		return;
	}
	t.limit = t.limit == 0 || t.limit > TIMELINE_MAX ? TIMELINE_MAX : t.limit;
	t.entries = json_array();
	job->result = gather(&t, pipeline_journal(p));
	for (size_t i = 0; i < t.count && job->result == RESULT_OK; i++) {
		job->result =
		    journal_scan(pipeline_journal(p),
				 &(struct journal_range){ .from = t.seqs[i], .to = t.seqs[i] }, tell, &t);
	}
	if (job->result == RESULT_OK) {
		http_reply_json(c->reply, json_pack("{s:o}", "entries", t.entries));
	} else {
		json_decref(t.entries);
	}
	free(t.seqs);
}

void
api_timeline(void *context, const struct http_request *request, struct http_reply *reply)
{
	api_run(context, request, reply, false, timeline_run);
}
