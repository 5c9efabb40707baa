/*
 * vouchd/outbox_worker.c - the threads that send. Each asks the writer for the next row that is due, sends it with nothing locked, and
 * tells the writer how it ended; the writer alone touches rows.
 */
#include "vouchd/outbox_int.h"

#include <stdio.h>
#include <time.h>

#define REST_MS        INT64_C(60000) /* looked at again without news */
#define MANUAL_REST_MS INT64_C(100)   /* the same where the time is moved by hand */
#define FAILED_MS      INT64_C(1000)  /* the writer is busy, or the store fails */
#define TRIM_MS        INT64_C(3600000)
#define ERROR_BYTES    256U
#define FOUND          RESULT_CONFLICT /* ends a scan */

/* ---- on the writer's thread */

struct pick {
	struct job job; /* first */
	struct outbox_worker *worker;
	struct arena *arena;
	struct journal_outbox row; /* id 0: none is due */
	struct span rest;          /* until one is; REST_MS at most */
};

static bool
is_claimed(const struct outbox *o, uint64_t id)
{
	for (size_t i = 0; i < o->worker_count; i++) {
		if (o->workers[i].claimed == id) {
			return true;
		}
	}
	return false;
}

static struct text
keep(struct arena *arena, struct text t)
{
	return (struct text){ text_copy(arena, t), t.n };
}

static enum result
pick_row(void *context, const struct journal_outbox *row)
{
	struct pick *k = context;
	struct instant now = pipeline_now(k->worker->outbox->pipeline);

	if (is_claimed(k->worker->outbox, row->id)) {
		return RESULT_OK;
	}
	if (row->due.ms > now.ms) {
		k->rest.ms = row->due.ms - now.ms < k->rest.ms ? row->due.ms - now.ms : k->rest.ms;
		return FOUND;
	}
	k->row = *row;
	k->row.recipient = keep(k->arena, row->recipient);
	k->row.content = keep(k->arena, row->content);
	k->row.about = keep(k->arena, row->about);
	k->worker->claimed = row->id;
	return FOUND;
}

static void
pick_run(struct job *job, struct pipeline *p)
{
	struct pick *k = (struct pick *)job;
	struct text channel = text_of(channel_name(k->worker->channel));

	k->worker->claimed = 0; /* what it sent before is settled */
	job->result = journal_scan_waiting(pipeline_journal(p), channel, pick_row, k);
	job->result = job->result == FOUND ? RESULT_OK : job->result;
}

struct settle {
	struct job job; /* first */
	struct outbox_worker *worker;
	uint64_t id;
	const struct delivery *delivery;
	struct pipeline *pipeline;
};

static enum result
settle_row(void *context, const struct journal_outbox *row)
{
	struct settle *s = context;
	struct journal_outbox changed = *row;
	char error[ERROR_BYTES] = "";

	if (s->delivery->outcome != DELIVERY_DONE) {
		(void)snprintf(error, sizeof error, "%ld %s", s->delivery->code, s->delivery->words);
	}
	changed.error = text_of(error);
	outbox_settle(s->worker->outbox, &changed, s->delivery, pipeline_now(s->pipeline));
	journal_put_outbox(pipeline_tx(s->pipeline), &changed);
	return RESULT_OK;
}

static void
settle_run(struct job *job, struct pipeline *p)
{
	struct settle *s = (struct settle *)job;

	s->pipeline = p;
	job->result = outbox_row(pipeline_journal(p), s->id, settle_row, s);
	if (job->result == RESULT_NOT_FOUND) {
		job->result = RESULT_OK; /* whoever took it away settled it */
	}
}

struct trim {
	struct job job; /* first */
	struct outbox *outbox;
};

static void
trim_run(struct job *job, struct pipeline *p)
{
	int64_t keep_ms = ((struct trim *)job)->outbox->config->notice_keep.ms;

	outbox_count(pipeline_journal(p));
	journal_trim_outbox(pipeline_tx(p), (struct instant){ pipeline_now(p).ms - keep_ms });
}

/* ---- on the worker's */

static bool
is_stopping(void *context)
{
	return atomic_load(&((struct outbox *)context)->stopping);
}

static struct delivery
call_webhook(struct outbox *o, const struct journal_outbox *row)
{
	char id[WEBHOOK_ID_BYTES];
	struct text rest = row->about, member;
	struct webhook_call call = { .url = row->recipient,
				     .id = text_of(webhook_id(row->id, row->created, id)),
				     .body = row->content,
				     .to_private = o->config->notice_webhook_private };

	(void)text_cut(&rest, '/', &member);
	call.key = webhook_key_of(text_of(o->webhook_key), member);
	return webhook_send(&call, pipeline_now(o->pipeline).ms / 1000, is_stopping, o);
}

static struct delivery
send_mail(struct outbox *o, const struct journal_outbox *row)
{
	const struct mail_server server = { .url = o->config->notice_mail,
					    .tls = o->config->notice_mail_tls,
					    .user = o->config->notice_mail_user,
					    .password = o->password,
					    .bounces = o->config->notice_bounces };

	return mail_send(&server, row->recipient, row->content, is_stopping, o);
}

static struct delivery (*const senders[CHANNEL_COUNT])(struct outbox *o, const struct journal_outbox *row) = {
	[CHANNEL_MAIL] = send_mail, [CHANNEL_WEBHOOK] = call_webhook
};

/* Until the time, news or the end. */
static void
rest(struct outbox *o, struct span length, uint64_t *seen)
{
	int64_t until_ns = instant_monotonic_ns() + length.ms * 1000000;
	struct timespec until = { until_ns / 1000000000, until_ns % 1000000000 };

	check(pthread_mutex_lock(&o->lock) == 0);
	while (!atomic_load(&o->stopping) && (seen == NULL || o->news == *seen) &&
	       pthread_cond_timedwait(&o->wake, &o->lock, &until) == 0) {
	}
	if (seen != NULL) {
		*seen = o->news;
	}
	check(pthread_mutex_unlock(&o->lock) == 0);
}

/* What was sent is not asked for again before the store knows it, so that it is not sent twice. */
static void
settle(struct outbox_worker *w, uint64_t id, const struct delivery *d)
{
	struct settle s = {
		.job = { .run = settle_run, .writes = true }, .worker = w, .id = id, .delivery = d
	};
	bool known = false;

	/* A try that the end broke off says nothing. */
	while (!known && !(is_stopping(w->outbox) && d->outcome == DELIVERY_LATER)) {
		enum result r = pipeline_call(w->outbox->pipeline, &s.job);

		known = r == RESULT_OK;
		if (!known && is_stopping(w->outbox)) {
			break;
		}
		if (!known) {
			rest(w->outbox, (struct span){ FAILED_MS }, NULL);
		}
	}
}

/* By one thread alone, now and then. */
static void
trim(struct outbox *o)
{
	struct trim t = { .job = { .run = trim_run, .writes = true }, .outbox = o };
	int64_t now_ms = pipeline_now(o->pipeline).ms;

	if (now_ms - o->trimmed_ms >= TRIM_MS) {
		o->trimmed_ms = now_ms;
		(void)pipeline_call(o->pipeline, &t.job); /* else at the next time */
	}
}

/* True: there may be more to do at once. */
static bool
work_once(struct outbox_worker *w, struct span *length)
{
	struct arena arena = { 0 };
	struct pick k = { .job = { .run = pick_run }, .worker = w, .arena = &arena, .rest = { REST_MS } };
	enum result r = pipeline_call(w->outbox->pipeline, &k.job);

	if (r == RESULT_OK && k.row.id != 0) {
		struct delivery d = senders[w->channel](w->outbox, &k.row);

		settle(w, k.row.id, &d);
	} else if (r == RESULT_OK && w == w->outbox->workers) {
		trim(w->outbox);
	}
	*length = r == RESULT_OK ? k.rest : (struct span){ FAILED_MS };
	if (w->outbox->config->clock_manual && length->ms > MANUAL_REST_MS) {
		length->ms = MANUAL_REST_MS;
	}
	arena_clear(&arena);
	return r == RESULT_OK && k.row.id != 0;
}

static void *
work(void *context)
{
	struct outbox_worker *w = context;
	uint64_t seen = 0;
	struct span length;

	while (!is_stopping(w->outbox)) {
		if (!work_once(w, &length)) {
			rest(w->outbox, length, &seen);
		}
	}
	return NULL;
}

void
outbox_wake(struct outbox *o)
{
	check(pthread_mutex_lock(&o->lock) == 0);
	o->news++;
	check(pthread_cond_broadcast(&o->wake) == 0);
	check(pthread_mutex_unlock(&o->lock) == 0);
}

void
outbox_start(struct outbox *o)
{
	for (enum channel c = 0; c < CHANNEL_COUNT; c++) {
		for (unsigned i = 0; o->sends[c] && i < channel_workers(c); i++) {
			check(o->worker_count < OUTBOX_WORKERS_MAX);
			o->workers[o->worker_count++] = (struct outbox_worker){ .outbox = o, .channel = c };
		}
	}
	trim(o);
	for (size_t i = 0; i < o->worker_count; i++) {
		check(pthread_create(&o->workers[i].thread, NULL, work, &o->workers[i]) == 0);
	}
}

void
outbox_stop(struct outbox *o)
{
	if (o == NULL) {
		return;
	}
	check(pthread_mutex_lock(&o->lock) == 0);
	atomic_store(&o->stopping, true);
	check(pthread_cond_broadcast(&o->wake) == 0);
	check(pthread_mutex_unlock(&o->lock) == 0);
	for (size_t i = 0; i < o->worker_count; i++) {
		check(pthread_join(o->workers[i].thread, NULL) == 0);
	}
	o->worker_count = 0;
}
