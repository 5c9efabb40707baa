/* vouchd/api_receivers.c - the receivers of vouch.yaml and how much they ask. */
#include "vouchd/api_int.h"
#include "vouchd/usage.h"

static void
receivers_run(struct job *job, struct pipeline *p)
{
	struct api_call *c = (struct api_call *)job;
	struct usage *u = pipeline_usage(p);
	json_t *rows = NULL;

	job->result = usage_write(u, pipeline_journal(p), pipeline_now(p), false);
	if (job->result == RESULT_OK) {
		job->result = usage_rows(u, pipeline_journal(p), &rows);
	}
	if (job->result != RESULT_OK) {
		json_decref(rows);
		job->result = fault_set(&job->fault, job->result, "the counts cannot be written or read");
		return;
	}
	http_reply_json(c->reply, json_pack("{s:o}", "receivers", rows));
}

void
api_receivers(void *context, const struct http_request *request, struct http_reply *reply)
{
	api_run(context, request, reply, false, receivers_run);
}
