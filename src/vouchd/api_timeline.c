/* vouchd/api_timeline.c - what happened to something, in order: a sentence for each record, and one for each run of reports. */
#include "vouchd/api_int.h"
#include "vouchd/command.h"

#include "base/array.h"
#include "journal/journal.h"
#include "model/correction.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* ---- each kind of record in a sentence, as it concerns one subject */

/* Reports one after another with nothing between them. */
struct run {
	uint64_t counts[SIGNAL_COUNT];
	uint32_t reports, uncounted; /* uncounted: of reporters whose word has no weight */
	uint64_t seq;                /* of the first */
	struct instant first, last;
};

struct telling {
	const struct fold *f;
	const struct api_subject *subject;
	struct buffer *words;
	struct run run;
};

/* Does the key name the source, which may have left? */
static bool
names_source(struct text key, struct text source)
{
	struct prefix inner, outer;

	return text_equal(key, source) ||
	       (prefix_parse(key, &inner, NULL) == RESULT_OK &&
		prefix_parse(source, &outer, NULL) == RESULT_OK && prefix_contains(&outer, &inner));
}

/* Is one of the keys of this observation a source of the subject? */
static bool
concerns(const struct telling *t, const struct observation *o)
{
	const struct registry *registry = fold_registry(t->f);
	bool former = t->subject->kind == DECIDE_SOURCE &&
		      registry_item(registry, THING_SOURCE, t->subject->id).removed;

	for (uint32_t i = 0; i < o->key_count; i++) {
		uint32_t id = registry_lookup(registry, o->keys[i]);

		if (former ? names_source(o->keys[i], t->subject->name)
			   : id != REGISTRY_NONE && api_subject_has(t->f, t->subject, id)) {
			return true;
		}
	}
	return false;
}

static void
put_counts(struct buffer *b, const uint64_t counts[SIGNAL_COUNT])
{
	const char *comma = "";

	for (size_t i = 0; i < SIGNAL_COUNT; i++) {
		if (counts[i] > 0) {
			buffer_format(b, "%s%s %" PRIu64, comma, signal_name((enum signal)i), counts[i]);
			comma = ", ";
		}
	}
}

static bool
is_partial(const struct telling *t, struct text reporter)
{
	const struct registry *r = fold_registry(t->f);
	uint32_t id = registry_find(r, THING_REPORTER, reporter);

	return id != REGISTRY_NONE && registry_reporter(r, id).trust == TRUST_PARTIAL;
}

/* Adds a report to the run; its own sentence, for when it stays alone, is in t->words. */
static void
tell_report(struct telling *t, const struct record *record)
{
	struct arena arena = { 0 };
	uint64_t counts[SIGNAL_COUNT] = { 0 };
	struct run *run = &t->run;
	struct report report;
	bool trusted, partial;

	if (report_read(record->payload, &arena, &report) != RESULT_OK) {
		arena_clear(&arena);
		return;
	}
	for (uint32_t i = 0; i < report.observation_count; i++) {
		if (concerns(t, &report.observations[i])) {
			counts[report.observations[i].signal] += report.observations[i].count;
		}
	}
	trusted = registry_trusts(fold_registry(t->f), report.reporter);
	partial = is_partial(t, report.reporter);
	buffer_clear(t->words);
	put_counts(t->words, counts);
	buffer_format(t->words, " from %.*s (%.*s by %.*s%s%.*s)%s",
		      report.reporter.n > 0 ? (int)report.reporter.n : 7,
		      report.reporter.n > 0 ? report.reporter.p : "anybody", TEXT_ARG(report.format),
		      TEXT_ARG(report.door), report.proof.n > 0 ? ", " : "", TEXT_ARG(report.proof),
		      trusted   ? ""
		      : partial ? ": counts where others say the same"
				: ": not counted");
	if (run->reports == 0) {
		*run = (struct run){ .seq = record->seq, .first = record->time };
	}
	run->reports++;
	run->uncounted += !trusted && !partial;
	run->last = record->time;
	for (size_t i = 0; i < SIGNAL_COUNT; i++) {
		run->counts[i] += counts[i];
	}
	arena_clear(&arena);
}

/* What a report tells of the subject. */
static void
add_told(const struct telling *t, const struct report *report, uint64_t counts[SIGNAL_COUNT])
{
	for (uint32_t i = 0; i < report->observation_count; i++) {
		const struct observation *o = &report->observations[i];

		counts[o->signal] += concerns(t, o) ? o->count : 0;
	}
}

/* What a correction adds and takes of the subject. */
static void
tell_correction(const struct telling *t, struct text payload)
{
	struct arena arena = { 0 };
	struct correction c;
	uint64_t more[SIGNAL_COUNT] = { 0 }, less[SIGNAL_COUNT] = { 0 };

	if (correction_read(payload, &arena, &c) == RESULT_OK) {
		add_told(t, &c.added, more);
		add_told(t, &c.taken, less);
		buffer_format(t->words,
			      "record %" PRIu64 " reads otherwise now, by %.*s: %.*s; counted: ", c.of,
			      TEXT_ARG(c.actor), TEXT_ARG(c.reason));
		put_counts(t->words, more);
		buffer_format(t->words, "; told no longer: ");
		put_counts(t->words, less);
	}
	arena_clear(&arena);
}

static void
tell_withdrawal(const struct telling *t, struct text payload)
{
	struct arena arena = { 0 };
	struct correction c;
	uint64_t less[SIGNAL_COUNT] = { 0 };

	if (withdrawal_read(payload, &arena, &c) == RESULT_OK) {
		add_told(t, &c.taken, less);
		buffer_format(t->words, "record %" PRIu64 " withdrawn by %.*s: %.*s; told no longer: ", c.of,
			      TEXT_ARG(c.actor), TEXT_ARG(c.reason));
		put_counts(t->words, less);
	}
	arena_clear(&arena);
}

static void
tell_alarm(const struct telling *t, struct text payload)
{
	static const char *const units[UNIT_KIND_COUNT] = { "one source", "the whole system",
							    "the whole member" };
	struct alarm a;
	const char *comma = "";

	if (alarm_read(payload, &a) != RESULT_OK) {
		return;
	}
	buffer_format(t->words, "%s held for taken over, %s:", units[a.kind], takeover_words(a.takeover));
	for (size_t i = 0; i < EVIDENCE_COUNT; i++) {
		if (a.evidence[i].observed > 0) {
			buffer_format(t->words, "%s %s %" PRIu64 " against %.3g expected", comma,
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

		buffer_format(t->words, "%.*s%s%.*s: %s -> %s by %.*s: %.*s", TEXT_ARG(key),
			      m.receiver.n == 0 ? "" : " for ", TEXT_ARG(m.receiver), state_name(m.from),
			      state_name(m.to), TEXT_ARG(m.ground.actor), TEXT_ARG(m.ground.reason));
	}
}

static void
tell_case(const struct telling *t, struct text payload)
{
	struct case_change c;

	if (case_change_read(payload, &c) == RESULT_OK) {
		buffer_format(t->words, "case %" PRIu32 " %s, %" PRIu32 " source%s: %.*s", c.number,
			      case_status_name(c.status), c.source_count, c.source_count == 1 ? "" : "s",
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

/* A threat, or a verdict that made its kin threatened; what else people ask for is told by the moves that follow. */
static void
tell_command(const struct telling *t, struct text payload)
{
	struct arena arena = { 0 };
	struct command c;

	if (command_read(payload, &arena, &c, NULL) == RESULT_OK && !c.is_threat) {
		buffer_format(t->words, "under threat: %s %.*s was confirmed as taken over by %.*s: %.*s",
			      command_subject_name(c.decide.subject), TEXT_ARG(c.name),
			      TEXT_ARG(c.decide.actor), TEXT_ARG(c.decide.reason));
	} else if (c.is_threat) {
		buffer_format(t->words, "%s %.*s under threat (%s) by %.*s: %.*s",
			      command_subject_name(c.decide.subject), TEXT_ARG(c.name), threat_name(c.threat),
			      TEXT_ARG(c.decide.actor), TEXT_ARG(c.decide.reason));
	}
	arena_clear(&arena);
}

static void (*const tellers[RECORD_COUNT])(const struct telling *t, struct text payload) = {
	[RECORD_COMMAND] = tell_command,
	[RECORD_ALARM] = tell_alarm,
	[RECORD_MOVE] = tell_move,
	[RECORD_CASE] = tell_case,
	[RECORD_REGISTRY] = tell_registry,
	[RECORD_CORRECTION] = tell_correction,
	[RECORD_WITHDRAWAL] = tell_withdrawal,
};

/* ---- which records */

#define TIMELINE_DEFAULT 50U
#define TIMELINE_MAX     10000U /* records looked at */

struct timeline {
	uint64_t *seqs;
	uint32_t count;
	uint32_t size;
	uint64_t from;
	uint64_t limit;
	bool sum; /* a run of reports is one entry */
	struct telling telling;
	struct buffer words;
	json_t *entries;
};

static enum result
note_seq(void *context, const struct record *record)
{
	struct timeline *t = context;

	t->seqs = array_room(t->seqs, t->count, &t->size, sizeof(*t->seqs));
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
	uint32_t n = 0;

	for (uint32_t i = 0; i < registry_count(registry, THING_SOURCE) && r == RESULT_OK; i++) {
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
	t->count = n > t->limit ? (uint32_t)t->limit : n;
	if (n > t->limit && t->from == 0) {
		memmove(t->seqs, t->seqs + (n - t->limit), t->limit * sizeof(*t->seqs));
	}
	return r;
}

/* The run that is over: a report alone is told as it is, several as their sum. */
static void
flush_run(struct timeline *t)
{
	struct run *run = &t->telling.run;
	char until[INSTANT_BYTES];
	json_t *entry;

	if (run->reports == 0) {
		return;
	}
	if (run->reports > 1) {
		buffer_clear(&t->words);
		buffer_format(&t->words, "%" PRIu32 " until %s: ", run->reports,
			      instant_format(run->last, until));
		put_counts(&t->words, run->counts);
		if (run->uncounted > 0) {
			buffer_format(&t->words, "; %" PRIu32 " of them not counted", run->uncounted);
		}
	}
	entry = json_pack("{s:I, s:o, s:s, s:o}", "seq", (json_int_t)run->seq, "time", api_time(run->first),
			  "kind", run->reports > 1 ? "reports" : "report", "words",
			  api_text(buffer_text(&t->words)));
	if (run->reports > 1) {
		json_object_set_new(entry, "reports", json_integer(run->reports));
		json_object_set_new(entry, "until", api_time(run->last));
	}
	json_array_append_new(t->entries, entry);
	*run = (struct run){ .reports = 0 };
}

static enum result
tell(void *context, const struct record *record)
{
	struct timeline *t = context;

	if (record->kind == RECORD_REPORT && t->sum) {
		tell_report(&t->telling, record);
		return RESULT_OK;
	}
	flush_run(t);
	if (record->kind == RECORD_REPORT) {
		tell_report(&t->telling, record);
		flush_run(t);
		return RESULT_OK;
	}
	buffer_clear(&t->words);
	if (tellers[record->kind] != NULL) {
		tellers[record->kind](&t->telling, record->payload);
	}
	json_array_append_new(t->entries,
			      json_pack("{s:I, s:o, s:s, s:o}", "seq", (json_int_t)record->seq, "time",
					api_time(record->time), "kind", record_kind_name(record->kind),
					"words", api_text(buffer_text(&t->words))));
	return RESULT_OK;
}

/* The newest `limit` entries, or the first from `from` on. */
static json_t *
within_limit(const struct timeline *t, uint64_t limit)
{
	size_t all = json_array_size(t->entries),
	       first = t->from == 0 && all > limit ? all - (size_t)limit : 0;
	json_t *some = json_array();

	for (size_t i = first; i < all && i - first < limit; i++) {
		json_array_append(some, json_array_get(t->entries, i));
	}
	return some;
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

static enum result
read_request(const struct http_request *request, struct timeline *t, struct fault *fault)
{
	struct text reports = http_parameter(request, "reports");
	enum result r = number_of(http_parameter(request, "limit"), TIMELINE_DEFAULT, &t->limit, fault);

	if (r == RESULT_OK) {
		r = number_of(http_parameter(request, "from"), 0, &t->from, fault);
	}
	if (r == RESULT_OK && reports.n > 0 && !text_equal(reports, TEXT("each")) &&
	    !text_equal(reports, TEXT("sum"))) {
		r = fault_set(fault, RESULT_BAD_INPUT, "reports: each or sum");
	}
	t->limit = t->limit == 0 || t->limit > TIMELINE_MAX ? TIMELINE_MAX : t->limit;
	t->sum = text_equal(reports, TEXT("sum"));
	return r;
}

static void
timeline_run(struct job *job, struct pipeline *p)
{
	struct api_call *c = (struct api_call *)job;
	struct api_subject subject;
	struct timeline t = { .telling = { .f = pipeline_fold(p), .subject = &subject } };
	uint64_t limit;

	job->result =
	    api_subject(pipeline_fold(p), http_parameter(c->request, "subject"), &subject, &job->fault);
	if (job->result == RESULT_OK) {
		job->result = read_request(c->request, &t, &job->fault);
	}
	if (job->result != RESULT_OK) {
		return;
	}
	limit = t.limit;
	t.limit = t.sum ? TIMELINE_MAX : limit;
	t.entries = json_array();
	t.telling.words = &t.words;
	buffer_init(&t.words, RECORD_BYTES_MAX);
	job->result = gather(&t, pipeline_journal(p));
	for (size_t i = 0; i < t.count && job->result == RESULT_OK; i++) {
		job->result =
		    journal_scan(pipeline_journal(p),
				 &(struct journal_range){ .from = t.seqs[i], .to = t.seqs[i] }, tell, &t);
	}
	flush_run(&t);
	if (job->result == RESULT_OK) {
		http_reply_json(c->reply, json_pack("{s:o}", "entries", within_limit(&t, limit)));
	}
	json_decref(t.entries);
	buffer_free(&t.words);
	free(t.seqs);
}

void
api_timeline(void *context, const struct http_request *request, struct http_reply *reply)
{
	api_run(context, request, reply, false, timeline_run);
}
