/*
 * vouchd/outbox.h - what is to be sent to people: rows of the store, and the threads that send them.
 *
 * Whoever has something to say queues it in the job that decides so, on the writer's thread: the row is committed with the
 * records of that job, or not at all. A thread of its own takes it from there; no decision, door or answer ever waits for a mail
 * server. The rows are no records: reading a journal again, in a replay or a start, queues nothing and sends nothing.
 *
 * Each is sent at least once. After a crash between the other side's yes and our commit it is sent again, with the same Message-ID
 * (a webhook: the same webhook-id), by which whoever reads it can tell. A try that fails is repeated after 30 seconds, then after
 * twice as long each time up to an hour, until notice_give_up has passed; a refusal (SMTP 5xx, HTTP 410) ends it at once.
 *
 * Another caller queues a mail like this, in the `run` of a job that writes:
 *
 *	struct mail mail = { .to = address, .subject = subject, .body = words, .is_reply = true, .answers = message_id };
 *
 *	r = outbox_put_mail(p, TEXT("receipt"), TEXT("report 17"), &mail, &id, &fault);
 *
 * and takes RESULT_NOT_ALLOWED for "no mail is sent here".
 *
 * Who answers a mail by a mail must keep RFC 3834: no answer to one with Auto-Submitted other than "no", with an empty return
 * path, with List-Id or with Precedence bulk, junk or list; to the return path, not to Reply-To; not to the same address again
 * and again. `about` and `kind` are for vouch notices and for the log; addresses go to neither.
 *
 * Tests: tests/contract/journal_outbox_test.c, tests/interop/notices_test.py (Postfix, a webhook, outages, kill -9).
 */
#ifndef VOUCHD_OUTBOX_H
#define VOUCHD_OUTBOX_H

#include "notify/mail.h"
#include "notify/webhook.h"
#include "vouchd/pipeline.h"

struct outbox;

enum outbox_state {
#define OUTBOX_STATE(id, name, meaning) OUTBOX_##id,
#include "vouchd/outbox_states.def"
#undef OUTBOX_STATE
	OUTBOX_STATE_COUNT
};

/* Are the keys of vouch.yaml about it right, and can their files be read? Errors: RESULT_BAD_INPUT, RESULT_NOT_FOUND, RESULT_IO. */
enum result outbox_check(const struct config *config, struct fault *fault) MUST_USE;

/* Starts the threads; what waits in the store is sent. config must outlive it. Errors: those of outbox_check. */
enum result outbox_open(const struct config *config, struct pipeline *p, struct outbox **o,
			struct fault *fault) MUST_USE;
/* Ends the threads; a try under way is broken off and made again after the next start. Before pipeline_close. NULL is fine. */
void outbox_stop(struct outbox *o);
void outbox_close(struct outbox *o); /* after pipeline_close; NULL is fine */

/* ---- on the writer's thread, in a job that writes */

/*
 * Queues a mail; *id is its number in `vouch notices`. Errors, nothing is then queued: RESULT_NOT_ALLOWED (notice_mail says
 * nowhere), RESULT_BAD_INPUT (an address that does not fit), RESULT_TOO_LARGE (above MAIL_BYTES_MAX), RESULT_IO.
 */
enum result outbox_put_mail(struct pipeline *p, struct text kind, struct text about, const struct mail *mail,
			    uint64_t *id, struct fault *fault) MUST_USE;

/*
 * The same for a call of a member's webhook. `about` begins with the id of the member, behind which "/" and more may stand: the key is made
 * of it. Errors as above; RESULT_NOT_ALLOWED: notice_webhook_key_file is not given.
 */
enum result outbox_put_webhook(struct pipeline *p, struct text kind, struct text about, struct text url,
			       struct text subject, struct text body, uint64_t *id,
			       struct fault *fault) MUST_USE;

/* The key of a member's webhook. Errors: RESULT_NOT_ALLOWED, notice_webhook_key_file is not given. */
enum result outbox_webhook_key(const struct outbox *o, struct text member, struct webhook_key *key,
			       struct fault *fault) MUST_USE;
/* Is there any way to reach people? NULL: no. */
bool outbox_sends(const struct outbox *o);

/* One that ended without being delivered, or that waits, is due now. Errors: RESULT_NOT_FOUND, RESULT_NOT_ALLOWED (delivered), RESULT_IO. */
enum result outbox_retry(struct pipeline *p, uint64_t id, struct fault *fault) MUST_USE;

#endif
