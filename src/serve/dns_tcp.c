/*
 * serve/dns_tcp.c - DNS over TCP (RFC 7766): one thread, a fixed number of sessions.
 *
 * A session: what was read of the next queries, what is not yet written of the last answers. It reads again only when its
 * answers are gone, so a peer that does not read costs two buffers and no more. Completing a query moves its deadline;
 * bytes alone do not.
 */
#include "serve/dns_int.h"

#include "base/limits.h"
#include "list/list.h"
#include "serve/dns_meter_int.h"
#include "serve/transfer.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#define EVENTS               64
#define ACCEPTS_MAX          64 /* per event, so that the sessions get their turn */
#define IN_BYTES             (DNS_LENGTH_BYTES + DNS_TCP_QUERY_BYTES_MAX)
#define OUT_BYTES            (2 * (DNS_LENGTH_BYTES + DNS_ANSWER_BYTES_MAX))
#define SWEEP_MS             250
#define PAUSE_AFTER_ERROR_US 10000

struct session {
	int fd;       /* -1: free */
	bool writing; /* waits until the peer reads */
	bool given;   /* the connection is a transfer's now */
	int64_t deadline_ms;
	struct prefix client; /* its address */
	size_t in_bytes, out_bytes, out_sent;
	uint8_t in[IN_BYTES];
	uint8_t out[OUT_BYTES];
};

struct dns_tcp {
	struct dns_source source;
	pthread_t thread;
	int64_t idle_ms;
	int poll, stop; /* epoll, eventfd */
	size_t listener_count, open_count;
	int listeners[DNS_LISTENERS_MAX];
	struct dns_tally tally;
	struct session sessions[DNS_TCP_SESSIONS_MAX];
};

/* What an event is about: listeners and the stop come first, sessions behind them. */
#define EVENT_STOP    DNS_LISTENERS_MAX
#define EVENT_SESSION (EVENT_STOP + 1)

static int64_t
now_ms(void)
{
	return instant_monotonic_ns() / 1000000;
}

static bool
watch(struct dns_tcp *t, int fd, int how, uint32_t events, size_t about)
{
	struct epoll_event e = { .events = events, .data.u64 = about };

	return epoll_ctl(t->poll, how, fd, &e) == 0;
}

static void
session_close(struct dns_tcp *t, struct session *s)
{
	if (!s->given) {
		close(s->fd); /* which takes it out of the epoll set */
	}
	s->fd = -1;
	t->open_count--;
}

/* Answers one whole query. Returns the bytes of the answer; *job is set when the connection belongs to it. */
static size_t
answer_one(struct dns_tcp *t, const struct dns_desk *desk, const struct transfer_asked *asked, uint8_t *out,
	   struct transfer_job **job)
{
	struct dns_told told = { .outcome = COUNTER_DNS_DROPPED, .usage = DNS_USAGE_OTHER };
	size_t n;

	*job = NULL;
	if (transfer_serves(t->source.transfers) && transfer_wanted(asked->query, asked->n)) {
		n = transfer_answer(t->source.transfers, asked, out, &told, job);
	} else {
		n = dns_answer(desk, asked->client, asked->query, asked->n, out, &told);
	}
	dns_tally_count(&t->tally, &told);
	if (dns_log_due(&t->tally.sampler)) {
		dns_log_put(t->tally.sampler.log, &(struct dns_log_query){ .client = asked->client,
									   .query = asked->query,
									   .n = asked->n,
									   .answer = out,
									   .answer_bytes = n,
									   .told = told });
	}
	return n;
}

/* `at`: what was read up to here is answered. The session is over. */
static void
session_give(struct dns_tcp *t, struct session *s, size_t at, struct transfer_job *job)
{
	struct text unsent = { (const char *)s->out + s->out_sent, s->out_bytes - s->out_sent };
	struct text rest = { (const char *)s->in + at, s->in_bytes - at };

	(void)epoll_ctl(t->poll, EPOLL_CTL_DEL, s->fd, NULL);
	s->given = true;
	transfer_give(job, s->fd, unsent, rest);
}

/* Answers the whole queries that were read, as far as there is room. False: it is over, as the peer does not speak DNS, or given away. */
static bool
session_answer(struct dns_tcp *t, struct session *s)
{
	const struct dns_desk desk = dns_desk_of(&t->source, false);
	size_t at = 0;

	while (s->in_bytes - at >= DNS_LENGTH_BYTES &&
	       OUT_BYTES - s->out_bytes >= DNS_LENGTH_BYTES + DNS_ANSWER_BYTES_MAX) {
		uint8_t *to = s->out + s->out_bytes;
		size_t query = (size_t)s->in[at] << 8 | s->in[at + 1], n;
		struct transfer_asked asked;
		struct transfer_job *job;

		if (query > DNS_TCP_QUERY_BYTES_MAX) {
			return false;
		}
		if (s->in_bytes - at - DNS_LENGTH_BYTES < query) {
			break;
		}
		asked = (struct transfer_asked){ &desk, &s->client, s->in + at + DNS_LENGTH_BYTES, query };
		n = answer_one(t, &desk, &asked, to + DNS_LENGTH_BYTES, &job);
		at += DNS_LENGTH_BYTES + query;
		if (job != NULL) {
			session_give(t, s, at, job);
			return false;
		}
		if (n > 0) {
			to[0] = (uint8_t)(n >> 8);
			to[1] = (uint8_t)n;
			s->out_bytes += DNS_LENGTH_BYTES + n;
			s->deadline_ms = now_ms() + t->idle_ms;
		}
	}
	s->in_bytes -= at;
	memmove(s->in, s->in + at, s->in_bytes);
	return true;
}

/* False: the connection is over. `writing` says whether something is left. */
static bool
session_write(struct session *s)
{
	while (s->out_sent < s->out_bytes) {
		ssize_t n = send(s->fd, s->out + s->out_sent, s->out_bytes - s->out_sent, MSG_NOSIGNAL);

		if (n < 0 && errno != EINTR) {
			s->writing = errno == EAGAIN;
			return s->writing;
		}
		s->out_sent += n > 0 ? (size_t)n : 0;
	}
	s->out_bytes = s->out_sent = 0;
	s->writing = false;
	return true;
}

/* Answers and writes until nothing whole is left, or the peer does not read. */
static bool
session_serve(struct dns_tcp *t, struct session *s)
{
	do {
		if (!session_write(s) || (!s->writing && !session_answer(t, s))) {
			return false;
		}
	} while (s->out_bytes > 0 && !s->writing);
	return true;
}

static bool
session_read(struct session *s)
{
	ssize_t n = recv(s->fd, s->in + s->in_bytes, IN_BYTES - s->in_bytes, 0);

	if (n > 0) {
		s->in_bytes += (size_t)n;
		return true;
	}
	return n < 0 && (errno == EAGAIN || errno == EINTR);
}

/* One event of a session: write what is left, read once, answer. */
static void
session_step(struct dns_tcp *t, struct session *s)
{
	bool was_writing = s->writing, good = session_serve(t, s);

	if (good && !s->writing) {
		good = session_read(s) && session_serve(t, s);
	}
	if (good && s->writing != was_writing) {
		good = watch(t, s->fd, EPOLL_CTL_MOD, s->writing ? EPOLLOUT : EPOLLIN,
			     EVENT_SESSION + (size_t)(s - t->sessions));
	}
	if (!good) {
		session_close(t, s);
	}
}

/* The session whose deadline comes first, of this client or of all (NULL); *count: how many there are. */
static struct session *
first_of(struct dns_tcp *t, const struct prefix *client, size_t *count)
{
	struct session *first = NULL;

	*count = 0;
	for (size_t i = 0; i < DNS_TCP_SESSIONS_MAX; i++) {
		struct session *s = &t->sessions[i];

		if (s->fd < 0 || (client != NULL && !prefix_contains(client, &s->client))) {
			continue;
		}
		++*count;
		if (first == NULL || s->deadline_ms < first->deadline_ms) {
			first = s;
		}
	}
	return first;
}

/* Closes the session whose deadline comes first. */
static void
make_room(struct dns_tcp *t)
{
	size_t count;
	struct session *first = first_of(t, NULL, &count);

	if (first != NULL) {
		session_close(t, first);
	}
}

/* One client alone may not push the others out. */
static void
make_room_of(struct dns_tcp *t, const struct prefix *client)
{
	struct prefix cut = dns_client_cut(client, 32, 64);
	size_t count;
	struct session *first = first_of(t, &cut, &count);

	if (count >= DNS_TCP_CLIENT_SESSIONS_MAX) {
		session_close(t, first);
	}
}

static void
session_open(struct dns_tcp *t, int fd, const struct prefix *client)
{
	struct session *s = t->sessions;

	make_room_of(t, client);
	if (t->open_count == DNS_TCP_SESSIONS_MAX) {
		make_room(t);
	}
	while (s->fd >= 0) {
		s++;
	}
	s->fd = fd;
	s->client = *client;
	s->writing = s->given = false;
	s->in_bytes = s->out_bytes = s->out_sent = 0;
	s->deadline_ms = now_ms() + t->idle_ms;
	t->open_count++;
	if (!watch(t, fd, EPOLL_CTL_ADD, EPOLLIN, EVENT_SESSION + (size_t)(s - t->sessions))) {
		session_close(t, s);
	}
}

/* accept4 found no descriptor or no memory: take one back, or wait until others give theirs back. */
static void
relieve(struct dns_tcp *t)
{
	if (t->open_count > 0) {
		make_room(t);
		return;
	}
	list_reader_sleep();
	(void)usleep(PAUSE_AFTER_ERROR_US);
	list_reader_wake();
}

static void
accept_some(struct dns_tcp *t, int listener)
{
	for (int i = 0; i < ACCEPTS_MAX; i++) {
		struct sockaddr_storage from = { 0 };
		socklen_t from_bytes = sizeof from;
		int fd =
		    accept4(listener, (struct sockaddr *)&from, &from_bytes, SOCK_NONBLOCK | SOCK_CLOEXEC);
		struct prefix client = dns_client_of(&from);
		const int on = 1;

		if (fd < 0) {
			if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM) {
				relieve(t);
			}
			return;
		}
		(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
		session_open(t, fd, &client);
		counter_add(COUNTER_DNS_TCP_SESSIONS, 1);
	}
}

static void
sweep(struct dns_tcp *t, int64_t now)
{
	for (size_t i = 0; i < DNS_TCP_SESSIONS_MAX; i++) {
		if (t->sessions[i].fd >= 0 && t->sessions[i].deadline_ms <= now) {
			session_close(t, &t->sessions[i]);
		}
	}
}

static void *
run(void *context)
{
	struct dns_tcp *t = context;
	struct epoll_event events[EVENTS];
	int64_t swept = now_ms();
	bool stop = false;

	list_reader_start();
	while (!stop) {
		int got;

		list_reader_sleep();
		got = epoll_wait(t->poll, events, EVENTS, t->open_count > 0 ? SWEEP_MS : -1);
		list_reader_wake();
		for (int i = 0; i < got; i++) {
			uint64_t about = events[i].data.u64;

			if (about == EVENT_STOP) {
				stop = true;
			} else if (about < EVENT_STOP) {
				accept_some(t, t->listeners[about]);
			} else if (t->sessions[about - EVENT_SESSION].fd >= 0) {
				session_step(t, &t->sessions[about - EVENT_SESSION]);
			}
		}
		dns_tally_flush(&t->tally);
		if (now_ms() - swept >= SWEEP_MS) {
			swept = now_ms();
			sweep(t, swept);
		}
	}
	list_reader_end();
	return NULL;
}

static void
free_all(struct dns_tcp *t)
{
	for (size_t i = 0; i < DNS_TCP_SESSIONS_MAX; i++) {
		if (t->sessions[i].fd >= 0) {
			close(t->sessions[i].fd);
		}
	}
	for (size_t i = 0; i < t->listener_count; i++) {
		close(t->listeners[i]);
	}
	dns_stats_leave(t->tally.stats);
	if (t->poll >= 0) {
		close(t->poll);
	}
	if (t->stop >= 0) {
		close(t->stop);
	}
	free(t);
}

static bool
watch_all(struct dns_tcp *t)
{
	t->poll = epoll_create1(EPOLL_CLOEXEC);
	t->stop = eventfd(0, EFD_CLOEXEC);
	if (t->poll < 0 || t->stop < 0 || !watch(t, t->stop, EPOLL_CTL_ADD, EPOLLIN, EVENT_STOP)) {
		return false;
	}
	for (size_t i = 0; i < t->listener_count; i++) {
		if (fcntl(t->listeners[i], F_SETFL, O_NONBLOCK) != 0 ||
		    !watch(t, t->listeners[i], EPOLL_CTL_ADD, EPOLLIN, i)) {
			return false;
		}
	}
	return true;
}

enum result
dns_tcp_open(const struct dns_source *source, const int *listeners, size_t count, struct span idle,
	     struct dns_tcp **tcp, struct fault *fault)
{
	struct dns_tcp *t = calloc(1, sizeof *t);
	enum result r;

	check(t != NULL && count <= DNS_LISTENERS_MAX);
	t->source = *source;
	dns_tally_begin(&t->tally, source, false);
	t->idle_ms = idle.ms;
	t->listener_count = count;
	memcpy(t->listeners, listeners, count * sizeof *listeners);
	for (size_t i = 0; i < DNS_TCP_SESSIONS_MAX; i++) {
		t->sessions[i].fd = -1;
	}
	if (watch_all(t)) {
		r = dns_thread_start(&t->thread, "dns-tcp", DNS_RIGHTS_SESSIONS, -1, run, t, fault);
	} else {
		r = fault_set(fault, RESULT_IO, "DNS over TCP: %s", strerror(errno));
	}
	if (r != RESULT_OK) {
		free_all(t);
		return r;
	}
	*tcp = t;
	return RESULT_OK;
}

void
dns_tcp_close(struct dns_tcp *tcp)
{
	if (tcp == NULL) {
		return;
	}
	(void)eventfd_write(tcp->stop, 1);
	(void)pthread_join(tcp->thread, NULL);
	free_all(tcp);
}
