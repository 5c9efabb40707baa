/*
 * vouchd/api_notices.c - what is to be sent to people, and what became of it. The list names no recipient: who wants to see one address asks
 * for one row, and that is logged.
 */
#include "vouchd/api_int.h"

#include "base/log.h"
#include "vouchd/outbox_int.h"

#include <inttypes.h>

static json_t *
row_json(const struct journal_outbox *row)
{
	return json_pack("{s:I, s:o, s:o, s:o, s:o, s:o, s:I, s:o, s:o, s:o}", "id", (json_int_t)row->id,
			 "created", api_time(row->created), "channel", api_text(row->channel), "kind",
			 api_text(row->kind), "about", api_text(row->about), "status", api_text(row->status),
			 "tries", (json_int_t)row->tries, "due", api_time(row->due), "error",
			 api_text(row->error), "subject", api_text(row->subject));
}

struct listing {
	struct text status; /* empty: all */
	json_t *rows;
};

static enum result
list_row(void *context, const struct journal_outbox *row)
{
	const struct listing *l = context;

	if (l->status.n == 0 || text_equal(l->status, row->status)) {
		json_array_append_new(l->rows, row_json(row));
	}
	return RESULT_OK;
}

static void
notices_run(struct job *job, struct pipeline *p)
{
	struct api_call *c = (struct api_call *)job;
	struct listing l = { http_parameter(c->request, "status"), json_array() };

	job->result = journal_scan_outbox(pipeline_journal(p), 0, list_row, &l);
	if (job->result == RESULT_OK) {
		http_reply_json(c->reply, json_pack("{s:o}", "notices", l.rows));
	} else {
		json_decref(l.rows);
	}
}

void
api_notices(void *context, const struct http_request *request, struct http_reply *reply)
{
	api_run(context, request, reply, false, notices_run);
}

/* ---- one of them */

static enum result
show_row(void *context, const struct journal_outbox *row)
{
	struct api_call *c = context;
	json_t *object = row_json(row);
	char actor[LOG_QUOTE_BYTES];

	json_object_set_new(object, "recipient", api_text(row->recipient));
	json_object_set_new(object, "content", api_text(row->content));
	log_event(LOG_INFO, "contact_read", "notice=%" PRIu64 " actor=%s", row->id,
		  log_quote(c->request->actor, actor));
	http_reply_json(c->reply, object);
	return RESULT_OK;
}

static enum result
number_of(struct job *job, uint64_t *id)
{
	return text_u64(((struct api_call *)job)->request->key, id)
		   ? RESULT_OK
		   : fault_set(&job->fault, RESULT_BAD_INPUT, "the number of a notice is wanted");
}

static void
notice_run(struct job *job, struct pipeline *p)
{
	uint64_t id;

	job->result = number_of(job, &id);
	if (job->result == RESULT_OK) {
		job->result = outbox_row(pipeline_journal(p), id, show_row, job);
	}
	if (job->result == RESULT_NOT_FOUND) {
		job->result = fault_set(&job->fault, RESULT_NOT_FOUND,
					"nothing of number %" PRIu64 " was to be sent", id);
	}
}

void
api_notice(void *context, const struct http_request *request, struct http_reply *reply)
{
	api_run(context, request, reply, false, notice_run);
}

static void
resend_run(struct job *job, struct pipeline *p)
{
	struct api_call *c = (struct api_call *)job;
	uint64_t id;

	job->result = number_of(job, &id);
	if (job->result == RESULT_OK) {
		job->result = outbox_retry(p, id, &job->fault);
	}
	if (job->result == RESULT_OK) {
		http_reply_json(c->reply, json_pack("{s:I}", "id", (json_int_t)id));
	}
}

void
api_resend(void *context, const struct http_request *request, struct http_reply *reply)
{
	api_run(context, request, reply, true, resend_run);
}

/* ---- what a member's server checks our calls with */

static void
secret_run(struct job *job, struct pipeline *p)
{
	struct api_call *c = (struct api_call *)job;
	struct text member = http_parameter(c->request, "member");
	char secret[WEBHOOK_SECRET_BYTES], actor[LOG_QUOTE_BYTES];
	struct webhook_key key;

	if (registry_find(fold_registry(pipeline_fold(p)), THING_MEMBER, member) == REGISTRY_NONE) {
		job->result = fault_set(&job->fault, RESULT_NOT_FOUND, "no member is called \"%.*s\"",
					(int)(member.n > 100 ? 100 : member.n), member.p);
		return;
	}
	job->result = outbox_webhook_key(pipeline_outbox(p), member, &key, &job->fault);
	if (job->result == RESULT_OK) {
		log_event(LOG_INFO, "secret_read", "member=%.*s actor=%s", TEXT_ARG(member),
			  log_quote(c->request->actor, actor));
		http_reply_json(c->reply, json_pack("{s:o, s:s}", "member", api_text(member), "secret",
						    webhook_secret(&key, secret)));
	}
}

void
api_notice_secret(void *context, const struct http_request *request, struct http_reply *reply)
{
	api_run(context, request, reply, false, secret_run);
}

/* ---- a mail that says it is a test */

static void
test_run(struct job *job, struct pipeline *p)
{
	struct api_call *c = (struct api_call *)job;
	json_t *body = json_loadb(c->request->body.p, c->request->body.n, 0, NULL);
	const char *to = json_string_value(json_object_get(body, "to"));
	const struct mail mail = { .to = text_of(to),
				   .subject = TEXT("A test of notices"),
				   .body = TEXT("This mail is a test. It came because somebody who runs the "
						"list asked for one.\n"
						"Nothing has happened, and nothing is to be done.\n") };
	uint64_t id;

	if (to == NULL) {
		job->result = fault_set(&job->fault, RESULT_BAD_INPUT, "to: a mail address is wanted");
	} else {
		job->result = outbox_put_mail(p, TEXT("test"), TEXT(""), &mail, &id, &job->fault);
	}
	if (job->result == RESULT_OK) {
		http_reply_json(c->reply, json_pack("{s:I}", "id", (json_int_t)id));
	}
	json_decref(body);
}

void
api_notice_test(void *context, const struct http_request *request, struct http_reply *reply)
{
	api_run(context, request, reply, true, test_run);
}
