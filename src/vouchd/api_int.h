/* vouchd/api_int.h - private to the api's files: api.c, api_audit.c, api_brought.c, api_content.c, api_reports.c, api_receipt.c, api_public.c, api_views.c, api_receivers.c, api_notices.c, api_watch.c, api_why.c, api_timeline.c, api_export.c,
 * api_commands.c, api_programme.c, api_reread.c, api_withdraw.c. */
#ifndef VOUCHD_API_INT_H
#define VOUCHD_API_INT_H

#include "detect/watch.h"
#include "vouchd/api.h"

/* A request on its way to the writer's thread and back. */
struct api_call {
	struct job job; /* first, so that a job of this kind is its call */
	struct api *api;
	const struct http_request *request;
	struct http_reply *reply;
};

/*
 * Runs `run` on the writer's thread and waits. When the job's result is not RESULT_OK afterwards, the reply is its fault;
 * otherwise run has filled the reply.
 */
void api_run(struct api *api, const struct http_request *request, struct http_reply *reply, bool writes,
	     void (*run)(struct job *job, struct pipeline *p));

/*
 * Who asks for what is kept for good, and why: {"reason": ...}. The actor comes from the right, not from the body, unless it is the control socket. Both
 * lie in the request or the body. Errors: RESULT_BAD_INPUT when there is no reason, or one of more than WORDS_BYTES_MAX.
 */
enum result api_person(const struct http_request *request, const json_t *body, struct text *actor,
		       struct text *reason, struct fault *fault) MUST_USE;

/* What a person calls something: a source, system, member or case. */
struct api_subject {
	enum decide_subject kind;
	uint32_t id;      /* registry id, or case number */
	struct text name; /* canonical; lives until the next change */
};

/*
 * Reads "192.0.2.10" (a source, or the one whose prefix covers it), "mail.example", "acct:...", the id of a system or a
 * member, a case number; or with its kind before it: "system:harbour-news". Sources come before systems, systems before
 * members; last come sources that have left. Errors: RESULT_NOT_FOUND; the fault names the text.
 */
enum result api_subject(const struct fold *f, struct text text, struct api_subject *subject,
			struct fault *fault) MUST_USE;
/* Does the source belong to it? */
bool api_subject_has(const struct fold *f, const struct api_subject *subject, uint32_t source);

/* The list of vouch.yaml that is called so; the first one for no name; NULL: there is none. */
const struct config_list *api_list(const struct config *config, struct text name);

/* api_watch.c */

/* Which of the source, its system and its member is nearest to an alarm; the threat in its view is the highest of the three. */
enum unit_kind api_nearest(const struct fold *f, uint32_t source, struct detect_view *nearest);
/* How far the evidence is on its way to the limit, 0 to 1: the voice, or the witnesses, that are furthest. */
double api_watch_share(const struct detect_view *view);
enum detect_watch api_watch_level(const struct fold *f, uint32_t source);
json_t *api_watch_of(const struct fold *f, uint32_t source);

json_t *api_counts_of(const struct report *report); /* {"complaint": 3, ...} */
json_t *api_text(struct text t);                    /* a JSON string; bytes that are no UTF-8 are replaced */
json_t *api_time(struct instant t);                 /* RFC 3339 */
enum thing api_thing_of(enum unit_kind kind);
json_t *api_entry(const struct fold *f, uint32_t source); /* one row of the status */

/* api_brought.c: what each of the reports that an alarm names brought: {"seq", "reporter", "format", "counts": {"complaint": 3}, "nats"} */
struct journal;
json_t *api_brought_of(struct journal *j, const struct fold *f, const struct alarm *alarm);
/* Lines for those that brought most, three at most. */
void api_explain_brought(struct journal *j, const struct fold *f, const struct alarm *alarm,
			 struct buffer *lines);

/* The system of a mail that the alarm is about; REGISTRY_NONE: it is about another's. */
uint32_t api_alarm_system(const struct fold *f, const struct alarm *alarm, const struct observation *o);
/* api_content.c: lines for the messages that an alarm with content speaks of, three at most; none when no report tells what they looked like */
void api_explain_messages(struct journal *j, const struct fold *f, const struct alarm *alarm,
			  struct buffer *lines);

/* api_compliance.c */
json_t *api_metrics_of(const struct fold *f, uint32_t source);               /* of it and its member */
void api_add_standing(const struct fold *f, uint32_t source, json_t *entry); /* standing, suspended_for */
/* Lines for those of this level or a worse one. */
void api_explain_metrics(const struct fold *f, uint32_t source, enum threshold_level least,
			 struct buffer *lines);
/* the same, of all its sources together */
void api_explain_member(const struct fold *f, uint32_t member, struct buffer *lines);
/* Appends a sentence for each threshold that the source is over; how many. */
uint32_t api_add_over(const struct fold *f, uint32_t source, json_t *over);

http_handler api_policy, api_audit, api_reread, api_withdraw;
http_handler api_reports, api_quarantine, api_quarantined, api_retry, api_receipt, api_public_case;
http_handler api_notices, api_notice_test, api_notice, api_resend, api_notice_secret;
http_handler api_receivers, api_source, api_status, api_cases, api_export, api_watched;
http_handler api_why, api_timeline;
http_handler api_commands, api_clock;
http_handler api_programme, api_written, api_edit;

#endif
