/*
 * vouchd/api_public.c - how a case stands, for anybody who has its number: a mailbox operator that was told of it, a reporter without a
 * token. No name, no source, no reason, nobody's words: whoever counts the numbers up learns how many cases there were and when.
 */
#include "vouchd/api_int.h"

/* Late or not is the operator's business. */
static const char *
public_status(enum case_status status)
{
	return case_status_name(status == CASE_OVERDUE ? CASE_OPEN : status);
}

static void
public_run(struct job *job, struct pipeline *p)
{
	struct api_call *call = (struct api_call *)job;
	const struct decide *d = fold_decide(pipeline_fold(p));
	struct decide_case_view v = { .review = true };
	uint64_t number;

	if (text_u64(call->request->key, &number) && number >= 1 && number <= decide_case_count(d)) {
		decide_case_view(d, (uint32_t)number, &v);
	}
	if (v.review) { /* it moved nothing, so nobody was told of it */
		job->result = fault_set(&job->fault, RESULT_NOT_FOUND, "no case has this number");
		return;
	}
	http_reply_json(call->reply,
			json_pack("{s:I, s:s, s:o, s:o}", "case", (json_int_t)number, "status",
				  public_status(v.status), "opened", api_time(v.opened), "closed",
				  case_status_open(v.status) ? json_null() : api_time(v.closed)));
}

void
api_public_case(void *context, const struct http_request *request, struct http_reply *reply)
{
	api_run(context, request, reply, false, public_run);
}
