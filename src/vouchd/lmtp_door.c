/*
 * vouchd/lmtp_door.c - sockets around intake/lmtp.h.
 *
 * A session reads, feeds, writes; while a message is with the writer it does neither, so a client cannot make us hold
 * more than one message per session. The writer's answer comes back through uv_async.
 */
#include "vouchd/lmtp_door.h"

#include "base/counters.h"
#include "base/log.h"
#include "base/socket.h"
#include "intake/lmtp.h"
#include "vouchd/proof.h"
#include "vouchd/take.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define READ_BYTES   65536
#define IDLE_MS      300000 /* RFC 5321 4.5.3.2.7: a server waits at least five minutes for a command */
#define LISTENER_MAX OPTIONS_SEVERAL_MAX
#define BACKLOG      128

union stream {
	uv_handle_t handle;
	uv_stream_t stream;
	uv_tcp_t tcp;
	uv_pipe_t pipe;
};

struct session {
	union stream stream;
	uv_timer_t idle;
	uv_write_t write;
	struct lmtp_door *door;
	struct session *next;
	struct session *previous;
	struct lmtp *lmtp;
	struct take *take; /* with the writer; NULL: none */
	char input[READ_BYTES];
	size_t input_n;
	size_t input_used;
	int open_handles; /* stream and timer; the session goes with the last */
	bool writing;
	bool closing;
};

/* A message on its way to the writer. */
struct delivery {
	struct take take; /* first, so that a take of this door is its delivery */
	uv_work_t work;   /* asks for DKIM keys; then with the content kept in the take's arena */
	struct proof proof;
	struct text content, sender;
	struct text *recipients;
	size_t recipient_count;
	enum result proven;
};

struct lmtp_door {
	const struct config *config;
	uv_loop_t *loop;
	uv_async_t async;
	struct pipeline *pipeline;
	struct directory *directory;
	struct text hostname;
	union stream listeners[LISTENER_MAX];
	bool open[LISTENER_MAX]; /* until the loop has closed it */
	struct session *sessions;
	size_t session_count;
	size_t with_writer; /* takes not yet answered */
	bool closing;
	pthread_mutex_t lock;
	struct take *finished; /* from the writer's thread; linked by job.next */
};

static void session_pump(struct session *s);
static void answer(struct lmtp_door *d, struct take *t);
static void close_when_idle(struct lmtp_door *d);

static void
on_session_handle_closed(uv_handle_t *handle)
{
	struct session *s = handle->data;

	if (--s->open_handles > 0) {
		return;
	}
	lmtp_free(s->lmtp);
	free(s);
}

static void
session_close(struct session *s)
{
	struct lmtp_door *d = s->door;

	if (s->closing) {
		return;
	}
	s->closing = true;
	if (s->previous != NULL) {
		s->previous->next = s->next;
	} else {
		d->sessions = s->next;
	}
	if (s->next != NULL) {
		s->next->previous = s->previous;
	}
	d->session_count--;
	if (s->take != NULL) {
		s->take->owner = NULL; /* it is recorded all the same; nobody waits for the answer */
	}
	uv_close(&s->stream.handle, on_session_handle_closed);
	uv_close((uv_handle_t *)&s->idle, on_session_handle_closed);
}

/* 421 and away; a client that does not even read what is being written is cut off. */
static void
session_end(struct session *s, const char *words)
{
	if (s->writing) {
		session_close(s);
		return;
	}
	uv_read_stop(&s->stream.stream);
	lmtp_end(s->lmtp, words);
	session_pump(s);
}

static void
on_idle(uv_timer_t *timer)
{
	struct session *s = timer->data;

	if (s->take == NULL) {
		session_end(s, "silent too long");
	}
}

static void
on_written(uv_write_t *write, int status)
{
	struct session *s = write->data;

	s->writing = false;
	if (s->closing) {
		return;
	}
	if (status < 0) {
		session_close(s);
		return;
	}
	lmtp_sent(s->lmtp, lmtp_output(s->lmtp).n);
	session_pump(s);
}

static void
session_write(struct session *s)
{
	struct text out = lmtp_output(s->lmtp);
	uv_buf_t buf = uv_buf_init((char *)(uintptr_t)out.p, (unsigned)out.n);

	s->writing = true;
	s->write.data = s;
	if (uv_write(&s->write, &s->stream.stream, &buf, 1, on_written) < 0) {
		s->writing = false;
		session_close(s);
	}
}

/* On the writer's thread. */
static void
on_taken(struct job *job)
{
	struct take *t = (struct take *)job;
	struct lmtp_door *d = t->door;

	check(pthread_mutex_lock(&d->lock) == 0);
	job->next = d->finished == NULL ? NULL : &d->finished->job;
	d->finished = t;
	check(pthread_mutex_unlock(&d->lock) == 0);
	uv_async_send(&d->async);
}

static struct delivery *
deliver(struct lmtp_door *d, const struct lmtp_message *m)
{
	struct delivery *v = calloc(1, sizeof(*v));

	check(v != NULL);
	v->recipients = arena_get_array(&v->take.arena, m->recipient_count, sizeof(*v->recipients));
	for (size_t i = 0; i < m->recipient_count; i++) {
		struct text one = m->recipients[i];

		v->recipients[v->recipient_count++] = (struct text){ text_copy(&v->take.arena, one), one.n };
		v->proof.known =
		    v->proof.known || directory_by_address(d->directory, one, &v->proof.reporter);
	}
	/* A mail has no name; for whoever looks into the quarantine, its sender serves. */
	v->take.name = text_of(arena_format(&v->take.arena, "<%.*s>", TEXT_ARG(m->sender)));
	v->sender = (struct text){ text_copy(&v->take.arena, m->sender), m->sender.n };
	v->take.job.done = on_taken;
	v->take.door = d;
	v->content = m->content;
	v->work.data = v;
	return v;
}

/* Finds out whose it is and reads it; then it is ready for the writer. */
static void
prove(struct delivery *v)
{
	struct lmtp_door *d = v->take.door;
	struct intake_hint hint = { .format = INTAKE_AUTO,
				    .media_type = TEXT("message/rfc822"),
				    .door = TEXT("lmtp"),
				    .received = pipeline_now(d->pipeline),
				    .recipients = v->recipients,
				    .recipient_count = v->recipient_count };

	v->proven = proof_find(d->config, d->directory, v->content, "address", &v->proof);
	if (v->proven != RESULT_OK) {
		return;
	}
	hint.proof = text_of(v->proof.words);
	if (v->proof.known) {
		hint.reporter = text_of(v->proof.reporter.name);
		directory_hint(d->directory, &v->proof.reporter, &v->take.arena, &hint);
	}
	take_read(&v->take, v->content, &hint);
	if (d->config->acknowledge) {
		acknowledge_find(d->directory, &v->proof, v->sender, v->content, &v->take.arena,
				 &v->take.answer);
	}
}

/* Hands it to the writer; an answer comes later, or at once when too much waits or its key could not be had. */
static void
submit(struct lmtp_door *d, struct delivery *v)
{
	enum result r = v->proven == RESULT_OK ? pipeline_submit(d->pipeline, &v->take.job) : v->proven;

	if (r != RESULT_OK) {
		counter_add(COUNTER_REPORTS_REFUSED, 1);
		v->take.job.result = r;
		answer(d, &v->take);
	}
}

/* On a thread of the pool. */
static void
on_prove(uv_work_t *work)
{
	prove(work->data);
}

static void
on_proven(uv_work_t *work, int status)
{
	struct delivery *v = work->data;
	struct lmtp_door *d = v->take.door;

	check(status == 0); /* nobody cancels it */
	submit(d, v);
	close_when_idle(d);
}

/* The waiting message is read here, but for one whose signature must be checked: that may wait for DNS. */
static void
session_submit(struct session *s, const struct lmtp_message *m)
{
	struct lmtp_door *d = s->door;
	struct delivery *v = deliver(d, m);

	v->take.owner = s;
	s->take = &v->take;
	d->with_writer++;
	if (proof_is_wanted(d->directory, m->content)) {
		v->content = (struct text){ text_copy(&v->take.arena, m->content), m->content.n };
		check(uv_queue_work(d->loop, &v->work, on_prove, on_proven) == 0);
	} else {
		prove(v);
		submit(d, v);
	}
}

static void
on_alloc(uv_handle_t *handle, size_t wanted, uv_buf_t *buf)
{
	struct session *s = handle->data;

	(void)wanted;
	*buf = uv_buf_init(s->input, sizeof(s->input));
}

static void
on_read(uv_stream_t *stream, ssize_t n, const uv_buf_t *buf)
{
	struct session *s = stream->data;

	(void)buf;
	if (n < 0) {
		session_close(s);
		return;
	}
	if (n == 0) {
		return;
	}
	uv_read_stop(stream);
	uv_timer_again(&s->idle);
	s->input_n = (size_t)n;
	s->input_used = 0;
	session_pump(s);
}

/* Goes on until something must be waited for: the client's bytes, the socket's room or the writer's answer. */
static void
session_pump(struct session *s)
{
	struct lmtp_message m;

	while (!s->closing && !s->writing && s->take == NULL) {
		if (lmtp_output(s->lmtp).n > 0) {
			session_write(s);
		} else if (lmtp_closed(s->lmtp)) {
			session_close(s);
		} else if (lmtp_message(s->lmtp, &m)) {
			session_submit(s, &m);
		} else if (s->input_used < s->input_n) {
			struct text rest = { s->input + s->input_used, s->input_n - s->input_used };

			s->input_used += lmtp_feed(s->lmtp, rest);
		} else {
			if (uv_read_start(&s->stream.stream, on_alloc, on_read) < 0) {
				session_close(s);
			}
			return;
		}
	}
}

static void
on_connection(uv_stream_t *listener, int status)
{
	struct lmtp_door *d = listener->data;
	struct session *s;

	if (status < 0 || d->closing) {
		return;
	}
	s = calloc(1, sizeof(*s));
	check(s != NULL);
	s->door = d;
	s->lmtp = lmtp_open(&(struct lmtp_rules){ .hostname = d->hostname });
	if (listener->type == UV_TCP) {
		check(uv_tcp_init(d->loop, &s->stream.tcp) == 0);
	} else {
		check(uv_pipe_init(d->loop, &s->stream.pipe, 0) == 0);
	}
	check(uv_timer_init(d->loop, &s->idle) == 0);
	s->open_handles = 2;
	s->stream.handle.data = s;
	s->idle.data = s;
	s->next = d->sessions;
	if (d->sessions != NULL) {
		d->sessions->previous = s;
	}
	d->sessions = s;
	d->session_count++;
	counter_add(COUNTER_LMTP_SESSIONS, 1);
	if (uv_accept(listener, &s->stream.stream) < 0) {
		session_close(s);
		return;
	}
	uv_timer_start(&s->idle, on_idle, IDLE_MS, IDLE_MS);
	if (d->session_count > LMTP_SESSIONS_MAX) {
		lmtp_end(s->lmtp, "too many sessions");
	}
	session_pump(s);
}

static void
answer(struct lmtp_door *d, struct take *t)
{
	struct session *s = t->owner;

	d->with_writer--;
	take_settle(t);
	if (t->job.result == RESULT_OK) {
		counter_add(COUNTER_LMTP_MESSAGES, 1);
	}
	if (s != NULL) {
		s->take = NULL;
		lmtp_answer(s->lmtp, &t->job.result, 1);
		if (d->closing) {
			lmtp_end(s->lmtp, "shutting down");
		}
		session_pump(s);
	}
	take_clear(t);
	free(t); /* the delivery */
}

static void
close_when_idle(struct lmtp_door *d)
{
	if (d->closing && d->with_writer == 0 && !uv_is_closing((uv_handle_t *)&d->async)) {
		uv_close((uv_handle_t *)&d->async, NULL);
	}
}

static void
on_async(uv_async_t *async)
{
	struct lmtp_door *d = async->data;
	struct take *t;

	check(pthread_mutex_lock(&d->lock) == 0);
	t = d->finished;
	d->finished = NULL;
	check(pthread_mutex_unlock(&d->lock) == 0);
	while (t != NULL) {
		struct take *next = (struct take *)t->job.next;

		answer(d, t);
		t = next;
	}
	close_when_idle(d);
}

/* A unix socket has no port. */
enum result
lmtp_door_listen(struct lmtp_door *d, const char *where, int fd, struct fault *fault)
{
	uint16_t port = socket_port(fd);
	union stream *l;
	size_t i = 0;
	int status;

	while (i < LISTENER_MAX && d->open[i]) {
		i++;
	}
	if (i == LISTENER_MAX) {
		close(fd);
		return fault_set(fault, RESULT_BUSY, "lmtp: %s: too many addresses at once", where);
	}
	l = &d->listeners[i];

	if (port == 0) {
		check(uv_pipe_init(d->loop, &l->pipe, 0) == 0);
		status = uv_pipe_open(&l->pipe, fd);
	} else {
		check(uv_tcp_init(d->loop, &l->tcp) == 0);
		status = uv_tcp_open(&l->tcp, fd);
	}
	check(status == 0);
	d->open[i] = true;
	l->handle.data = d;
	status = uv_listen(&l->stream, BACKLOG, on_connection);
	if (status < 0) {
		return fault_set(fault, RESULT_IO, "lmtp: %s: %s", where, uv_strerror(status));
	}
	log_event(LOG_INFO, "listening", "door=lmtp address=%s port=%u", where, port);
	return RESULT_OK;
}

struct lmtp_door *
lmtp_door_open(uv_loop_t *loop, const struct config *config, struct pipeline *p, struct directory *directory)
{
	struct lmtp_door *d = calloc(1, sizeof(*d));

	check(d != NULL);
	d->config = config;
	d->loop = loop;
	d->pipeline = p;
	d->directory = directory;
	d->hostname = text_of(config->lmtp_hostname);
	check(pthread_mutex_init(&d->lock, NULL) == 0);
	check(uv_async_init(loop, &d->async, on_async) == 0);
	d->async.data = d;
	return d;
}

static void
on_listener_closed(uv_handle_t *handle)
{
	struct lmtp_door *d = handle->data;

	for (size_t i = 0; i < LISTENER_MAX; i++) {
		if (handle == &d->listeners[i].handle) {
			d->open[i] = false;
		}
	}
}

void
lmtp_door_unlisten(struct lmtp_door *d, int fd)
{
	for (size_t i = 0; i < LISTENER_MAX; i++) {
		uv_handle_t *handle = &d->listeners[i].handle;
		uv_os_fd_t own;

		if (d->open[i] && !uv_is_closing(handle) && uv_fileno(handle, &own) == 0 && own == fd) {
			uv_close(handle, on_listener_closed);
		}
	}
}

void
lmtp_door_close(struct lmtp_door *d)
{
	if (d == NULL || d->closing) {
		return;
	}
	d->closing = true;
	for (size_t i = 0; i < LISTENER_MAX; i++) {
		if (d->open[i] && !uv_is_closing(&d->listeners[i].handle)) {
			uv_close(&d->listeners[i].handle, NULL);
		}
	}
	for (struct session *s = d->sessions, *next; s != NULL; s = next) {
		next = s->next;
		if (s->take == NULL) {
			session_end(s, "shutting down");
		}
	}
	uv_async_send(&d->async);
}

void
lmtp_door_free(struct lmtp_door *d)
{
	if (d != NULL) {
		pthread_mutex_destroy(&d->lock);
		free(d);
	}
}
