/* vouchd/log_door.c - one part at a time: read, hand to the writer, and when it is on disk, the next. */
#include "vouchd/log_door.h"

#include "base/log.h"
#include "intake/tail.h"
#include "vouchd/take.h"

#include <errno.h>
#include <stdlib.h>

struct log_door {
	uv_timer_t timer;
	uv_async_t async;
	struct tail tail;
	struct pipeline *pipeline;
	struct directory *directory;
	struct text reporter, name;
	struct take take;
	bool waiting; /* the take is with the writer */
	bool more;    /* another part can be read at once */
	bool closing;
	struct arena arena;
};

static void on_timer(uv_timer_t *timer);

/* On the writer's thread. */
static void
on_taken(struct job *job)
{
	struct log_door *d = ((struct take *)job)->door;

	uv_async_send(&d->async);
}

static void
close_handles(struct log_door *d)
{
	if (!uv_is_closing((uv_handle_t *)&d->timer)) {
		uv_close((uv_handle_t *)&d->timer, NULL);
		uv_close((uv_handle_t *)&d->async, NULL);
	}
}

static void
on_async(uv_async_t *async)
{
	struct log_door *d = async->data;

	if (d->waiting) {
		take_settle(&d->take);
		if (d->take.job.result == RESULT_OK) {
			tail_done(&d->tail);
		} else {
			d->more = false;
			log_event(LOG_WARN, "log_later", "path=%s result=%s", d->tail.path,
				  result_name(d->take.job.result));
		}
		take_clear(&d->take);
		d->waiting = false;
	}
	if (d->closing) {
		close_handles(d);
	} else if (d->more) {
		on_timer(&d->timer);
	}
}

static void
submit(struct log_door *d, struct text document)
{
	struct directory_entry reporter;
	struct intake_hint hint = { .format = d->tail.format,
				    .door = TEXT("log"),
				    .received = pipeline_now(d->pipeline) };

	d->take = (struct take){ .name = d->name };
	if (directory_by_name(d->directory, d->reporter, &reporter)) {
		hint.reporter = d->reporter;
		directory_hint(d->directory, &reporter, &d->take.arena, &hint);
	}
	take_read(&d->take, document, &hint);
	d->take.job.done = on_taken;
	d->take.door = d;
	d->waiting = true;
	if (pipeline_submit(d->pipeline, &d->take.job) != RESULT_OK) {
		take_clear(&d->take); /* the next look hands on the same part */
		d->waiting = d->more = false;
	}
}

static void
on_timer(uv_timer_t *timer)
{
	struct log_door *d = timer->data;
	struct text document;

	if (d->waiting || d->closing) {
		return;
	}
	do {
		if (tail_read(&d->tail, &document, &d->more) != RESULT_OK) {
			log_event(LOG_ERROR, "log_unreadable", "path=%s errno=%d", d->tail.path, errno);
			d->more = false;
			return;
		}
	} while (document.n == 0 && d->more);
	if (document.n > 0) {
		submit(d, document);
	}
}

static enum result
open_tail(struct log_door *d, const struct config *config, struct fault *fault)
{
	enum intake_format format;

	if (intake_format_parse(text_of(config->mail_log_format), &format) != RESULT_OK ||
	    (format != INTAKE_POSTFIX && format != INTAKE_EXIM)) {
		return fault_set(fault, RESULT_BAD_INPUT,
				 "mail_log_format: \"%s\" is neither postfix nor exim",
				 config->mail_log_format);
	}
	return tail_open(&d->tail, format, config->mail_log,
			 arena_format(&d->arena, "%s/mail_log.state", config->data), fault);
}

enum result
log_door_open(uv_loop_t *loop, const struct config *config, struct pipeline *p, struct directory *directory,
	      struct log_door **door, struct fault *fault)
{
	struct log_door *d;
	enum result r;

	*door = NULL;
	if (config->mail_log[0] == '\0') {
		return RESULT_OK;
	}
	d = calloc(1, sizeof(*d));
	check(d != NULL);
	r = open_tail(d, config, fault);
	if (r != RESULT_OK) {
		arena_clear(&d->arena);
		free(d);
		return r;
	}
	d->pipeline = p;
	d->directory = directory;
	d->reporter = text_of(config->mail_log_reporter);
	d->name = text_of(config->mail_log);
	check(uv_async_init(loop, &d->async, on_async) == 0);
	check(uv_timer_init(loop, &d->timer) == 0);
	d->async.data = d;
	d->timer.data = d;
	check(uv_timer_start(&d->timer, on_timer, 0, (uint64_t)config->mail_log_every.ms) == 0);
	if (d->tail.is_lost) {
		log_event(LOG_ERROR, "log_lost", "path=%s the file that was followed is gone",
			  config->mail_log);
	}
	log_event(LOG_INFO, "listening", "door=log path=%s", config->mail_log);
	*door = d;
	return RESULT_OK;
}

void
log_door_close(struct log_door *d)
{
	if (d == NULL || d->closing) {
		return;
	}
	d->closing = true;
	uv_timer_stop(&d->timer);
	if (!d->waiting) {
		uv_async_send(&d->async);
	}
}

void
log_door_free(struct log_door *d)
{
	if (d != NULL) {
		tail_close(&d->tail);
		arena_clear(&d->arena);
		free(d);
	}
}
