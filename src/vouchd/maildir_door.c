/*
 * vouchd/maildir_door.c - one batch of mails at a time: read, hand to the writer, and when all are on disk, move them.
 */
#include "vouchd/maildir_door.h"

#include "base/counters.h"
#include "base/log.h"
#include "intake/maildir.h"
#include "vouchd/take.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>

#define MAILS_MAX 64U

struct maildir_door {
	uv_timer_t timer;
	uv_async_t async;
	struct maildir maildir;
	struct pipeline *pipeline;
	struct directory *directory;
	struct text reporter;
	struct arena arena; /* of the mails of this batch */
	struct take takes[MAILS_MAX];
	struct text names[MAILS_MAX];
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

	if (atomic_load(&d->outstanding) > 0) {
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

static void
submit(struct maildir_door *d, const struct maildir_mail *mail)
{
	struct take *t = &d->takes[d->count];
	struct directory_entry reporter;
	struct intake_hint hint = { .format = INTAKE_AUTO,
				    .media_type = TEXT("message/rfc822"),
				    .door = TEXT("maildir"),
				    .received = pipeline_now(d->pipeline) };

	*t = (struct take){ .name = mail->name };
	if (directory_by_name(d->directory, d->reporter, &reporter)) {
		hint.reporter = d->reporter;
		directory_hint(d->directory, &reporter, &t->arena, &hint);
	}
	take_read(t, mail->content, &hint);
	t->job.done = on_taken;
	t->door = d;
	atomic_fetch_add(&d->outstanding, 1);
	if (pipeline_submit(d->pipeline, &t->job) != RESULT_OK) {
		atomic_fetch_sub(&d->outstanding, 1);
		take_clear(t); /* stays in new/; the next look takes it */
		return;
	}
	d->names[d->count++] = mail->name;
}

static void
on_timer(uv_timer_t *timer)
{
	struct maildir_door *d = timer->data;
	struct maildir_mail *mails;
	size_t count;

	if (d->count > 0 || d->closing) {
		return;
	}
	if (maildir_read(&d->maildir, instant_now(), MAILS_MAX, &d->arena, &mails, &count, &d->more) !=
	    RESULT_OK) {
		log_event(LOG_ERROR, "maildir_unreadable", "errno=%d", errno);
		arena_clear(&d->arena);
		return;
	}
	/* One count for ourselves, so that the batch is not over before it is handed in. */
	atomic_store(&d->outstanding, 1);
	for (size_t i = 0; i < count; i++) {
		if (mails[i].result == RESULT_OK) {
			submit(d, &mails[i]);
		} else {
			set_aside(d, &mails[i]);
		}
	}
	if (atomic_fetch_sub(&d->outstanding, 1) == 1) {
		uv_async_send(&d->async);
	}
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
