/*
 * vouchd/api_withdraw.c - a report was an error, or forged: a person takes back all that it told. The report stays, and what took it back stands beside it.
 */
#include "vouchd/api_int.h"
#include "vouchd/told.h"

struct withdraw_call {
	struct api_call call; /* first */
	const json_t *body;
	struct journal *journal;
	struct arena arena;
	struct told told; /* seq 0: there is no such report */
};

static enum result
take_told(void *context, const struct record *record)
{
	struct withdraw_call *c = context;

	return record->kind == RECORD_REPORT ? told_read(c->journal, record, &c->arena, &c->told) : RESULT_OK;
}

/* The report of the request as it was told. */
static enum result
find_report(struct withdraw_call *c, struct fault *fault)
{
	struct journal_range range = { .limit = 1 };
	enum result r;

	if (!text_u64(c->call.request->key, &range.from) || range.from == 0) {
		return fault_set(fault, RESULT_BAD_INPUT, "the number of a report is wanted");
	}
	range.to = range.from;
	r = journal_scan(c->journal, &range, take_told, c);
	if (r != RESULT_OK) {
		return fault_set(fault, r, "record %llu cannot be read", (unsigned long long)range.from);
	}
	if (c->told.seq == 0) {
		return fault_set(fault, RESULT_NOT_FOUND, "no report has the number %llu",
				 (unsigned long long)range.from);
	}
	if (c->told.is_withdrawn) {
		return fault_set(fault, RESULT_CONFLICT, "report %llu was withdrawn before",
				 (unsigned long long)range.from);
	}
	return RESULT_OK;
}

static enum result
withdrawal_of(struct withdraw_call *c, struct correction *w, struct fault *fault)
{
	static const struct report nothing = { .observation_count = 0 };
	struct text actor, reason;
	enum result r = api_person(c->call.request, c->body, &actor, &reason, fault);

	if (r != RESULT_OK) {
		return r;
	}
	if (!told_differs(&c->told, &nothing, &c->arena, w)) {
		return fault_set(fault, RESULT_CONFLICT, "report %llu tells nothing",
				 (unsigned long long)c->told.seq);
	}
	w->actor = actor;
	w->reason = reason;
	w->taken.door = TEXT("withdraw");
	return RESULT_OK;
}

static void
withdraw_run(struct job *job, struct pipeline *p)
{
	struct withdraw_call *c = (struct withdraw_call *)job;
	struct correction w;
	struct buffer b;
	struct hash id;
	uint64_t seq = 0;

	c->journal = pipeline_journal(p);
	job->result = find_report(c, &job->fault);
	if (job->result == RESULT_OK) {
		job->result = withdrawal_of(c, &w, &job->fault);
	}
	if (job->result != RESULT_OK) {
		return;
	}
	buffer_init(&b, RECORD_BYTES_MAX);
	withdrawal_write(&b, &w);
	job->result = b.full
			  ? fault_set(&job->fault, RESULT_TOO_LARGE, "the withdrawal does not fit a record")
			  : pipeline_append(p, RECORD_WITHDRAWAL, buffer_text(&b), &seq, &job->fault);
	buffer_free(&b);
	if (job->result == RESULT_OK) {
		id = told_withdrawal_id(c->told.seq);
		journal_put_id(pipeline_tx(p), &id, seq);
		http_reply_json(c->call.reply,
				json_pack("{s:I, s:I, s:o}", "seq", (json_int_t)seq, "of",
					  (json_int_t)c->told.seq, "taken", api_counts_of(&w.taken)));
	}
}

void
api_withdraw(void *context, const struct http_request *request, struct http_reply *reply)
{
	struct api *api = context;
	json_t *body = json_loadb(request->body.p == NULL ? "" : request->body.p, request->body.n,
				  JSON_REJECT_DUPLICATES, NULL);
	struct withdraw_call c = { .call = { .job = { .run = withdraw_run, .writes = true, .weight = 1 },
					     .api = api,
					     .request = request,
					     .reply = reply },
				   .body = body };

	if (pipeline_call(api->pipeline, &c.call.job) != RESULT_OK) {
		http_reply_fault(reply, c.call.job.result, &c.call.job.fault);
	}
	arena_clear(&c.arena);
	json_decref(body);
}
