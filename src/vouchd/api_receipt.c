/*
 * vouchd/api_receipt.c - what became of one report, for whoever sent it: by the number that it was acknowledged with.
 *
 * It tells what the reporter may know and nobody else's words: that the report is kept, whether it counts, whether it was withdrawn, and how people judged
 * the sources that it names. Other reporters' numbers do not exist for a reporter.
 */
#include "vouchd/api_int.h"

#include "vouchd/told.h"

#include <string.h>

struct receipt {
	const struct http_request *request;
	const struct fold *f;
	struct journal *journal;
	json_t *object; /* NULL: not found */
};

/* What its reporter's word weighs now. */
static const char *
word_of(const struct fold *f, struct text reporter)
{
	const struct registry *r = fold_registry(f);
	uint32_t id = registry_find(r, THING_REPORTER, reporter);

	if (registry_trusts(r, reporter)) {
		return trust_name(TRUST_FULL);
	}
	return trust_name(id != REGISTRY_NONE ? registry_reporter(r, id).trust : TRUST_NONE);
}

/* How the work of people on a source stands. */
static const char *
judged(const struct fold *f, uint32_t source)
{
	struct decide_source_view s;
	struct decide_case_view c;
	uint32_t number;

	decide_source_view(fold_decide(f), source, &s);
	number = s.case_number != 0 ? s.case_number : decide_system_case(fold_decide(f), s.system);
	if (number == 0) {
		return "none";
	}
	decide_case_view(fold_decide(f), number, &c);
	return case_status_name(c.status);
}

static void
add_sources(const struct receipt *c, const struct report *report, json_t *sources)
{
	const struct registry *r = fold_registry(c->f);

	for (uint32_t i = 0; i < report->observation_count; i++) {
		for (uint32_t k = 0; k < report->observations[i].key_count; k++) {
			uint32_t id = registry_lookup(r, report->observations[i].keys[k]);
			struct registry_source s;
			char name[SOURCE_BYTES_MAX + 1];

			if (id == REGISTRY_NONE) {
				continue;
			}
			s = registry_source(r, id);
			check(s.key.n < sizeof name);
			memcpy(name, s.key.p, s.key.n);
			name[s.key.n] = '\0';
			if (json_object_get(sources, name) == NULL && json_object_size(sources) < 100) {
				json_object_set_new(sources, name, json_string(judged(c->f, id)));
			}
		}
	}
}

static enum result
visit(void *context, const struct record *record)
{
	struct receipt *c = context;
	struct arena arena = { 0 };
	struct hash withdrawal = told_withdrawal_id(record->seq);
	struct report report;
	json_t *sources;
	uint64_t seq;

	if (record->kind == RECORD_REPORT && report_read(record->payload, &arena, &report) == RESULT_OK &&
	    (c->request->right == HTTP_RIGHT_OPERATOR || text_equal(report.reporter, c->request->reporter))) {
		sources = json_object();
		add_sources(c, &report, sources);
		c->object = json_pack(
		    "{s:I, s:o, s:o, s:o, s:o, s:o, s:s, s:I, s:b, s:o}", "number", (json_int_t)record->seq,
		    "time", api_time(record->time), "reporter", api_text(report.reporter), "format",
		    api_text(report.format), "door", api_text(report.door), "proof", api_text(report.proof),
		    "word", word_of(c->f, report.reporter), "observations",
		    (json_int_t)report.observation_count, "withdrawn",
		    journal_seen(c->journal, &withdrawal, &seq) == RESULT_OK, "cases", sources);
	}
	arena_clear(&arena);
	return RESULT_OK;
}

static void
receipt_run(struct job *job, struct pipeline *p)
{
	struct api_call *call = (struct api_call *)job;
	struct receipt c = { .request = call->request,
			     .f = pipeline_fold(p),
			     .journal = pipeline_journal(p) };
	struct journal_range range = { .limit = 1 };

	if (!text_u64(call->request->key, &range.from) || range.from == 0) {
		job->result = fault_set(&job->fault, RESULT_BAD_INPUT, "the number of a report is wanted");
		return;
	}
	range.to = range.from;
	job->result = journal_scan(pipeline_journal(p), &range, visit, &c);
	if (job->result == RESULT_OK && c.object == NULL) {
		job->result = RESULT_NOT_FOUND;
	}
	if (job->result != RESULT_OK) {
		(void)fault_set(&job->fault, job->result, "no report of yours has the number %llu",
				(unsigned long long)range.from);
		return;
	}
	http_reply_json(call->reply, c.object);
}

void
api_receipt(void *context, const struct http_request *request, struct http_reply *reply)
{
	api_run(context, request, reply, false, receipt_run);
}
