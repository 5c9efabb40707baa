/* vouchd/api_reports.c - reports in, and what could not be read of them. */
#include "vouchd/api_int.h"

#include "base/counters.h"
#include "journal/journal.h"
#include "vouchd/quarantine.h"
#include "vouchd/take.h"

#include <inttypes.h>
#include <stdlib.h>

static json_t *
errors_of(const struct take *t)
{
	json_t *errors = json_array();

	for (uint32_t i = 0; i < t->read.fault_count; i++) {
		const struct intake_fault *f = &t->read.faults[i];

		json_array_append_new(errors, json_pack("{s:o, s:I, s:o, s:o}", "name", api_text(t->name),
							"line", (json_int_t)f->line, "field",
							api_text(f->field), "error", api_text(f->words)));
	}
	return errors;
}

static void
reply_take(struct http_reply *reply, struct take *t)
{
	/* It is kept, but whoever looks only at the status must not take it for counted. */
	bool nothing = t->read.report_count == 0 && t->read.fault_count > 0;
	json_t *sums;

	take_settle(t);
	if (t->job.result != RESULT_OK) {
		http_reply_fault(reply, t->job.result, &t->job.fault);
		return;
	}
	sums =
	    json_pack("{s:I, s:I, s:I, s:I, s:I, s:o, s:o}", "accepted", (json_int_t)t->accepted, "duplicate",
		      (json_int_t)t->duplicate, "quarantined", (json_int_t)t->quarantined, "observations",
		      (json_int_t)t->observations, "unknown", (json_int_t)t->unknown, "errors", errors_of(t),
		      "number", t->number > 0 ? json_integer((json_int_t)t->number) : json_null());
	if (nothing) {
		json_object_set_new(sums, "error", api_text(t->read.faults[0].words));
		json_object_set_new(sums, "result", json_string(result_name(RESULT_BAD_INPUT)));
	}
	http_reply_json(reply, sums);
	if (nothing) {
		reply->status = result_http(RESULT_BAD_INPUT);
	}
}

/* Who speaks, and in which format. The control socket may speak for any reporter (?reporter=). */
static enum result
hint_of(struct api *api, const struct http_request *request, struct intake_hint *hint, struct fault *fault)
{
	struct text format = http_parameter(request, "format");
	struct text line = http_parameter(request, "line");
	struct text named = http_parameter(request, "reporter");
	struct directory_entry reporter;

	*hint = (struct intake_hint){ .format = INTAKE_AUTO,
				      .media_type = request->content_type,
				      .door = request->control ? TEXT("ingest") : TEXT("http"),
				      .received = pipeline_now(api->pipeline),
				      .reporter = request->reporter,
				      .proof = request->reporter.n > 0 ? TEXT("token") : TEXT(""),
				      .first_line = 1,
				      .header = http_parameter(request, "header") };
	if (request->right == HTTP_RIGHT_OPERATOR) {
		hint->names_others = true;
		hint->reporter = named.n > 0 ? named : TEXT("operator");
		hint->is_trusted = named.n == 0;
	}
	if (format.n > 0 && intake_format_parse(format, &hint->format) != RESULT_OK) {
		return fault_set(fault, RESULT_BAD_INPUT, "format: one of %s, not \"%.*s\"",
				 intake_format_names(request->arena), (int)(format.n > 40 ? 40 : format.n),
				 format.p);
	}
	if (line.n > 0 && !text_u64(line, &hint->first_line)) {
		return fault_set(fault, RESULT_BAD_INPUT, "line: a whole number is wanted");
	}
	if (directory_by_name(api->directory, hint->reporter, &reporter)) {
		directory_hint(api->directory, &reporter, request->arena, hint);
	} else if (named.n > 0) {
		return fault_set(fault, RESULT_NOT_FOUND, "no reporter is called \"%.*s\"",
				 (int)(named.n > 80 ? 80 : named.n), named.p);
	}
	return RESULT_OK;
}

void
api_reports(void *context, const struct http_request *request, struct http_reply *reply)
{
	struct api *api = context;
	struct take t = { .name = http_parameter(request, "name") };
	struct intake_hint hint;
	struct fault fault = { { 0 } };
	enum result r = hint_of(api, request, &hint, &fault);

	if (r != RESULT_OK) {
		http_reply_fault(reply, r, &fault);
		return;
	}
	take_read(&t, request->body, &hint);
	if (pipeline_call(api->pipeline, &t.job) == RESULT_BUSY) {
		counter_add(COUNTER_REPORTS_REFUSED, 1);
	}
	reply_take(reply, &t);
	take_clear(&t);
}

/* ---- quarantine */

static enum result
list_row(void *context, const struct journal_quarantine *row)
{
	json_array_append_new(
	    context, json_pack("{s:I, s:o, s:o, s:o, s:I, s:o, s:o, s:I}", "id", (json_int_t)row->id, "time",
			       api_time(row->time), "door", api_text(row->door), "name", api_text(row->name),
			       "line", (json_int_t)row->line, "error", api_text(row->error), "status",
			       api_text(row->status), "bytes", (json_int_t)row->bytes));
	return RESULT_OK;
}

static void
quarantine_run(struct job *job, struct pipeline *p)
{
	struct api_call *c = (struct api_call *)job;
	json_t *rows = json_array();

	job->result = journal_scan_quarantine(pipeline_journal(p), 0, list_row, rows);
	if (job->result == RESULT_OK || job->result == RESULT_NOT_FOUND) {
		job->result = RESULT_OK;
		http_reply_json(c->reply, json_pack("{s:o}", "quarantine", rows));
	} else {
		json_decref(rows);
	}
}

void
api_quarantine(void *context, const struct http_request *request, struct http_reply *reply)
{
	api_run(context, request, reply, false, quarantine_run);
}

static enum result
read_entry(struct job *job, struct pipeline *p, struct quarantine_entry *entry)
{
	const struct http_request *request = ((struct api_call *)job)->request;
	uint64_t id;

	if (!text_u64(request->key, &id)) {
		return fault_set(&job->fault, RESULT_BAD_INPUT, "the number of an entry is wanted");
	}
	return quarantine_get(p, id, request->arena, entry, &job->fault);
}

static void
quarantined_run(struct job *job, struct pipeline *p)
{
	struct api_call *c = (struct api_call *)job;
	struct quarantine_entry entry;

	job->result = read_entry(job, p, &entry);
	if (job->result == RESULT_OK) {
		c->reply->type = "application/octet-stream";
		buffer_put_text(&c->reply->body, entry.bytes);
	}
}

void
api_quarantined(void *context, const struct http_request *request, struct http_reply *reply)
{
	api_run(context, request, reply, false, quarantined_run);
}

struct retry_call {
	struct api_call call;
	struct quarantine_entry entry;
};

static void
retry_read_run(struct job *job, struct pipeline *p)
{
	job->result = read_entry(job, p, &((struct retry_call *)job)->entry);
}

/* Read it on the writer's thread, parse it on ours, record it on the writer's again. */
void
api_retry(void *context, const struct http_request *request, struct http_reply *reply)
{
	struct api *api = context;
	struct retry_call c = {
		.call = { .job = { .run = retry_read_run }, .api = api, .request = request, .reply = reply }
	};
	struct directory_entry reporter;
	struct intake_hint hint;
	struct take t = { .is_retry = true, .retry_by = request->actor };

	if (pipeline_call(api->pipeline, &c.call.job) != RESULT_OK) {
		http_reply_fault(reply, c.call.job.result, &c.call.job.fault);
		return;
	}
	hint = (struct intake_hint){ .format = INTAKE_AUTO,
				     .door = c.entry.door,
				     .received = pipeline_now(api->pipeline),
				     .reporter = c.entry.reporter,
				     .proof = c.entry.proof,
				     .names_others = text_equal(c.entry.reporter, TEXT("operator")),
				     .is_trusted = text_equal(c.entry.reporter, TEXT("operator")),
				     .first_line = 1 };
	/* A mail that could not be read may be of a format that is known by now. */
	if (c.entry.format.n > 0 &&
	    (intake_format_parse(c.entry.format, &hint.format) != RESULT_OK || hint.format == INTAKE_ARF)) {
		hint.format = INTAKE_AUTO;
	}
	if (directory_by_name(api->directory, hint.reporter, &reporter)) {
		directory_hint(api->directory, &reporter, request->arena, &hint);
	}
	t.name = c.entry.name;
	(void)text_u64(request->key, &t.retry_of);
	take_read(&t, c.entry.bytes, &hint);
	(void)pipeline_call(api->pipeline, &t.job);
	reply_take(reply, &t);
	take_clear(&t);
}
