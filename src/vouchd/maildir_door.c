/*
 * vouchd/maildir_door.c - one batch of mails at a time: read, hand to the writer, and when all are on disk, move them.
 *
 * Reading is done on a thread of the pool, since the key of a signature may have to be waited for.
 */
#include "vouchd/maildir_door.h"

#include "base/counters.h"
#include "base/log.h"
#include "intake/maildir.h"
#include "vouchd/proof.h"
#include "vouchd/take.h"

#include <stdatomic.h>
#include <stdlib.h>

#define MAILS_MAX 64U
#define LATER_MAX 4U /* keys waited for in one batch and not had; what else needs one stays for the next */
/* So long a mail waits for a key that cannot be had; then it is as if nobody had signed it, so that none stays for ever. */
#define KEY_WAIT_MS INT64_C(3600000)

struct maildir_door {
	uv_timer_t timer;
	uv_async_t async;
	uv_work_t work;
	bool reading; /* on the pool; all below but `closing` is its own then */
	const struct config *config;
	struct maildir maildir;
	struct pipeline *pipeline;
	struct directory *directory;
	struct text reporter;
	struct arena arena; /* of the mails of this batch */
	enum result read;
	struct maildir_mail *mails;
	size_t mail_count;
	struct take takes[MAILS_MAX]; /* of mails that can be handed in */
	struct text names[MAILS_MAX];
	size_t read_count;         /* takes */
	size_t count;              /* mails of this batch */
	atomic_size_t outstanding; /* of these, with the writer */
	bool more;                 /* others can be read at once */
	bool closing;
};

static void on_timer(uv_timer_t *timer);

/* On the writer's thread. */
static void
on_taken(struct job *job)
{
	struct maildir_door *d = ((struct take *)job)->door;

	if (atomic_fetch_sub(&d->outstanding, 1) == 1) {
		uv_async_send(&d->async);
	}
}

static void
close_handles(struct maildir_door *d)
{
	if (!uv_is_closing((uv_handle_t *)&d->timer)) {
		uv_close((uv_handle_t *)&d->timer, NULL);
		uv_close((uv_handle_t *)&d->async, NULL);
	}
}

static void
move_mail(struct maildir_door *d, struct text name, const struct take *t)
{
	char quoted[LOG_QUOTE_BYTES];

	take_settle(t);
	if (t->job.result != RESULT_OK) {
		log_event(LOG_WARN, "maildir_later", "mail=%s result=%s", log_quote(name, quoted),
			  result_name(t->job.result));
	} else if (maildir_done(&d->maildir, name) != RESULT_OK) {
		log_event(LOG_ERROR, "maildir_not_moved", "mail=%s", log_quote(name, quoted));
	}
}

static void
on_async(uv_async_t *async)
{
	struct maildir_door *d = async->data;

	if (d->reading || atomic_load(&d->outstanding) > 0) {
		return;
	}
	for (size_t i = 0; i < d->count; i++) {
		move_mail(d, d->names[i], &d->takes[i]);
		take_clear(&d->takes[i]);
	}
	d->count = 0;
	arena_clear(&d->arena);
	if (d->closing) {
		close_handles(d);
	} else if (d->more) {
		on_timer(&d->timer);
	}
}

/* A mail that is too large to be read never fits: it is moved, so that it is not looked at for ever, and named in the log. */
static void
set_aside(struct maildir_door *d, const struct maildir_mail *mail)
{
	char quoted[LOG_QUOTE_BYTES];

	counter_add(COUNTER_REPORTS_REFUSED, 1);
	log_event(LOG_ERROR, "maildir_refused", "mail=%s result=%s", log_quote(mail->name, quoted),
		  result_name(mail->result));
	if (maildir_done(&d->maildir, mail->name) != RESULT_OK) {
		log_event(LOG_ERROR, "maildir_not_moved", "mail=%s", quoted);
	}
}

/* Whose it is, as far as that can be told now; false: it stays where it is. */
static bool
find_reporter(struct maildir_door *d, const struct maildir_mail *mail, size_t *later, struct proof *proof)
{
	enum result r = RESULT_OK;

	*proof = (struct proof){ 0 };
	proof->known = directory_by_name(d->directory, d->reporter, &proof->reporter);
	if (*later == LATER_MAX && proof_is_wanted(d->directory, mail->content)) {
		return false;
	}
	r = proof_find(d->config, d->directory, mail->content, "folder", proof);
	*later += r != RESULT_OK;
	return r == RESULT_OK || instant_now().ms - mail->changed.ms > KEY_WAIT_MS;
}

static void
read_mail(struct maildir_door *d, const struct maildir_mail *mail, const struct proof *proof)
{
	struct take *t = &d->takes[d->read_count];
	struct intake_hint hint = { .format = INTAKE_AUTO,
				    .media_type = TEXT("message/rfc822"),
				    .door = TEXT("maildir"),
				    .proof = text_of(proof->words),
				    .received = pipeline_now(d->pipeline) };

	*t = (struct take){ .name = mail->name };
	if (proof->known) {
		hint.reporter = text_of(proof->reporter.name);
		directory_hint(d->directory, &proof->reporter, &t->arena, &hint);
	}
	take_read(t, mail->content, &hint);
	t->job.done = on_taken;
	t->door = d;
	d->names[d->read_count++] = mail->name;
}

/* On a thread of the pool. */
static void
on_work(uv_work_t *work)
{
	struct maildir_door *d = work->data;
	size_t later = 0;

	d->read_count = d->mail_count = 0;
	d->read = maildir_read(&d->maildir, instant_now(), MAILS_MAX, &d->arena, &d->mails, &d->mail_count,
			       &d->more);
	for (size_t i = 0; d->read == RESULT_OK && i < d->mail_count; i++) {
		struct proof proof;

		if (d->mails[i].result == RESULT_OK && find_reporter(d, &d->mails[i], &later, &proof)) {
			read_mail(d, &d->mails[i], &proof);
		}
	}
}

/* Hands in what was read. What the writer has no room for stays in new/; the next look takes it. */
static void
submit_all(struct maildir_door *d)
{
	for (size_t i = 0; i < d->read_count; i++) {
		atomic_fetch_add(&d->outstanding, 1);
		d->takes[d->count] = d->takes[i];
		d->names[d->count] = d->names[i];
		if (pipeline_submit(d->pipeline, &d->takes[d->count].job) == RESULT_OK) {
			d->count++;
		} else {
			atomic_fetch_sub(&d->outstanding, 1);
			take_clear(&d->takes[d->count]);
		}
	}
	for (size_t i = 0; i < d->mail_count; i++) {
		if (d->mails[i].result != RESULT_OK) {
			set_aside(d, &d->mails[i]);
		}
	}
	d->more = d->more && d->count > 0; /* else the same would be read again at once */
}

static void
on_work_done(uv_work_t *work, int status)
{
	struct maildir_door *d = work->data;

	check(status == 0); /* nobody cancels it */
	/* One count for ourselves, so that the batch is not over before it is handed in. */
	atomic_store(&d->outstanding, 1);
	d->reading = false;
	if (d->read == RESULT_OK) {
		submit_all(d);
	} else {
		d->more = false;
		log_event(LOG_ERROR, "maildir_unreadable", "result=%s", result_name(d->read));
	}
	if (atomic_fetch_sub(&d->outstanding, 1) == 1) {
		uv_async_send(&d->async);
	}
}

static void
on_timer(uv_timer_t *timer)
{
	struct maildir_door *d = timer->data;

	if (d->count > 0 || d->closing || d->reading || atomic_load(&d->outstanding) > 0) {
		return;
	}
	d->reading = true;
	check(uv_queue_work(timer->loop, &d->work, on_work, on_work_done) == 0);
}

enum result
maildir_door_open(uv_loop_t *loop, const struct config *config, struct pipeline *p,
		  struct directory *directory, struct maildir_door **door, struct fault *fault)
{
	struct maildir_door *d;
	struct maildir maildir;
	enum result r;

	*door = NULL;
	if (config->maildir[0] == '\0') {
		return RESULT_OK;
	}
	r = maildir_open(config->maildir, &maildir, fault);
	if (r != RESULT_OK) {
		return r;
	}
	d = calloc(1, sizeof(*d));
	check(d != NULL);
	d->maildir = maildir;
	d->config = config;
	d->work.data = d;
	d->pipeline = p;
	d->directory = directory;
	d->reporter = text_of(config->maildir_reporter);
	check(uv_async_init(loop, &d->async, on_async) == 0);
	check(uv_timer_init(loop, &d->timer) == 0);
	d->async.data = d;
	d->timer.data = d;
	check(uv_timer_start(&d->timer, on_timer, 0, (uint64_t)config->maildir_every.ms) == 0);
	log_event(LOG_INFO, "listening", "door=maildir path=%s", config->maildir);
	*door = d;
	return RESULT_OK;
}

void
maildir_door_close(struct maildir_door *d)
{
	if (d == NULL || d->closing) {
		return;
	}
	d->closing = true;
	uv_timer_stop(&d->timer);
	uv_async_send(&d->async);
}

void
maildir_door_free(struct maildir_door *d)
{
	if (d != NULL) {
		maildir_close(&d->maildir);
		free(d);
	}
}
