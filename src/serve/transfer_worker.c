/* serve/transfer_worker.c - a thread for each connection that transfers, so that a slow one holds up nobody. */
#include "serve/transfer_int.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <unistd.h>

#define LENGTH_BYTES DNS_LENGTH_BYTES

struct worker {
	struct worker *next;
	struct transfer_job *job; /* that is next */
	struct transfers *t;
	struct peer *peer;
	struct dns_gate *gate;
	int fd;
	struct prefix client;
	size_t unsent_bytes, read_bytes;
	uint8_t *unsent;
	uint8_t read[LENGTH_BYTES + DNS_TCP_QUERY_BYTES_MAX];
};

void
workers_init(struct workers *w)
{
	check(pthread_mutex_init(&w->lock, NULL) == 0);
	check(pthread_cond_init(&w->none, NULL) == 0);
}

static void
lock(struct workers *w)
{
	check(pthread_mutex_lock(&w->lock) == 0);
}

static void
unlock(struct workers *w)
{
	check(pthread_mutex_unlock(&w->lock) == 0);
}

bool
workers_reserve(struct transfers *t, struct peer *peer)
{
	struct workers *w = &t->workers;
	bool good;

	lock(w);
	good = !w->closing && !peer->gone && w->reserved < TRANSFERS_MAX &&
	       peer->connections < TRANSFER_PEER_CONNECTIONS_MAX;
	w->reserved += good;
	peer->connections += good;
	counter_set(COUNTER_TRANSFERS_OPEN, w->reserved);
	unlock(w);
	return good;
}

static void
give_back(struct transfers *t, struct peer *peer)
{
	struct workers *w = &t->workers;
	bool last;

	lock(w);
	w->reserved--;
	peer->connections--;
	last = peer->gone && peer->connections == 0;
	counter_set(COUNTER_TRANSFERS_OPEN, w->reserved);
	if (w->reserved == 0) {
		check(pthread_cond_signal(&w->none) == 0);
	}
	unlock(w);
	if (last) {
		peer_free(peer);
	}
}

bool
workers_cut(struct transfers *t, struct peer *peer)
{
	struct workers *w = &t->workers;
	bool unused;

	lock(w);
	peer->gone = true;
	for (struct worker *one = w->running; one != NULL; one = one->next) {
		if (one->peer == peer) {
			(void)shutdown(one->fd, SHUT_RDWR);
		}
	}
	unused = peer->connections == 0;
	unlock(w);
	return unused;
}

/* The connection goes on with the peer of its next job, which has reserved a place of its own. */
static void
change_peer(struct worker *w, struct peer *next)
{
	struct workers *all = &w->t->workers;
	struct peer *was = w->peer;

	lock(all);
	w->peer = next;
	if (next->gone) {
		(void)shutdown(w->fd, SHUT_RDWR);
	}
	unlock(all);
	give_back(w->t, was);
}

void
transfer_drop(struct transfer_job *job)
{
	if (job != NULL) {
		give_back(job->t, job->peer);
		free(job);
	}
}

bool
transfer_write(int fd, const uint8_t *p, size_t n, int64_t deadline_ms)
{
	while (n > 0) {
		ssize_t sent = send(fd, p, n, MSG_NOSIGNAL);

		if ((sent < 0 && errno != EINTR) || instant_monotonic_ns() / 1000000 > deadline_ms) {
			return false; /* EAGAIN: nothing went within SO_SNDTIMEO */
		}
		p += sent > 0 ? sent : 0;
		n -= sent > 0 ? (size_t)sent : 0;
	}
	return true;
}

/* The next whole query is at worker->read. False: none came in time, or it is too long. */
static bool
read_query(struct worker *w, size_t *n)
{
	for (;;) {
		ssize_t got;

		*n = w->read_bytes < LENGTH_BYTES ? 0 : (size_t)w->read[0] << 8 | w->read[1];
		if (*n > DNS_TCP_QUERY_BYTES_MAX) {
			return false;
		}
		if (w->read_bytes >= LENGTH_BYTES && w->read_bytes - LENGTH_BYTES >= *n) {
			return true;
		}
		got = recv(w->fd, w->read + w->read_bytes, sizeof w->read - w->read_bytes, 0);
		if (got == 0 || (got < 0 && errno != EINTR)) {
			return false;
		}
		w->read_bytes += got > 0 ? (size_t)got : 0;
	}
}

/* Answers one more query of the same secondary; a further transfer becomes the next job. */
static bool
answer_next(struct worker *w)
{
	uint8_t out[LENGTH_BYTES + DNS_ANSWER_BYTES_MAX];
	int64_t deadline = instant_monotonic_ns() / 1000000 + TRANSFER_STALL_MS;
	struct dns_desk desk = { .gate = w->gate };
	struct dns_told told;
	size_t n, answered;

	if (!read_query(w, &n) || !transfer_wanted(w->read + LENGTH_BYTES, n)) {
		return false; /* who is no secondary asks elsewhere */
	}
	desk.image = list_hold(w->t->list);
	desk.now_s = (uint32_t)(instant_now().ms / 1000);
	desk.now_ns = instant_monotonic_ns();
	desk.confirmed_ns = list_confirmed(w->t->list);
	list_reader_wake(); /* the gate is read as the DNS threads do */
	answered =
	    transfer_answer(w->t, &(struct transfer_asked){ &desk, &w->client, w->read + LENGTH_BYTES, n },
			    out + LENGTH_BYTES, &told, &w->job);
	list_reader_sleep();
	list_release(w->t->list, desk.image);
	counter_add(told.outcome, 1);
	w->read_bytes -= LENGTH_BYTES + n;
	memmove(w->read, w->read + LENGTH_BYTES + n, w->read_bytes);
	if (w->job != NULL) {
		change_peer(w, w->job->peer);
		return true;
	}
	out[0] = (uint8_t)(answered >> 8);
	out[1] = (uint8_t)answered;
	return answered > 0 && transfer_write(w->fd, out, LENGTH_BYTES + answered, deadline);
}

static void
worker_end(struct worker *w)
{
	struct workers *all = &w->t->workers;
	struct worker **at = &all->running;

	lock(all);
	while (*at != w) {
		at = &(*at)->next;
	}
	*at = w->next;
	close(w->fd); /* under the lock: nobody shuts down what is another's by now */
	unlock(all);
	give_back(w->t, w->peer);
	free(w->unsent);
	free(w);
}

static void *
run(void *context)
{
	struct worker *w = context;
	bool good = transfer_write(w->fd, w->unsent, w->unsent_bytes,
				   instant_monotonic_ns() / 1000000 + TRANSFER_STALL_MS);

	list_reader_start();
	list_reader_sleep();
	while (good) {
		if (w->job != NULL) {
			struct transfer_job *job = w->job;

			w->job = NULL;
			good = transfer_send(job, w->fd);
			free(job);
		} else {
			good = answer_next(w);
		}
	}
	list_reader_end();
	free(w->job);
	worker_end(w);
	return NULL;
}

static bool
socket_ready(struct worker *w)
{
	const struct timeval stall = { TRANSFER_STALL_MS / 1000, TRANSFER_STALL_MS % 1000 * 1000 };
	const struct timeval idle = { TRANSFER_IDLE_MS / 1000, TRANSFER_IDLE_MS % 1000 * 1000 };
	struct sockaddr_storage from = { 0 };
	socklen_t n = sizeof from;
	bool known = getpeername(w->fd, (struct sockaddr *)&from, &n) == 0;

	w->client = dns_client_of(&from);
	return known && fcntl(w->fd, F_SETFL, 0) == 0 &&
	       setsockopt(w->fd, SOL_SOCKET, SO_SNDTIMEO, &stall, sizeof stall) == 0 &&
	       setsockopt(w->fd, SOL_SOCKET, SO_RCVTIMEO, &idle, sizeof idle) == 0;
}

void
transfer_give(struct transfer_job *job, int fd, struct text unsent, struct text read)
{
	struct workers *all = &job->t->workers;
	struct worker *w = calloc(1, sizeof *w);
	struct fault fault = { { 0 } };
	bool ready;

	check(w != NULL && read.n <= sizeof w->read);
	*w = (struct worker){ .job = job, .t = job->t, .peer = job->peer, .gate = job->gate, .fd = fd };
	w->unsent = malloc(unsent.n + 1);
	check(w->unsent != NULL);
	if (unsent.n > 0) {
		memcpy(w->unsent, unsent.p, unsent.n);
	}
	memcpy(w->read, read.p, read.n);
	w->unsent_bytes = unsent.n;
	w->read_bytes = read.n;
	ready = socket_ready(w);
	lock(all);
	ready = ready && !w->peer->gone;
	w->next = all->running;
	all->running = w;
	unlock(all);
	if (!ready || dns_thread_share("dns-transfer", run, w, &fault) != RESULT_OK) {
		free(w->job); /* its place is the worker's */
		worker_end(w);
	}
}

void
workers_close(struct transfers *t)
{
	struct workers *w = &t->workers;

	lock(w);
	w->closing = true;
	for (struct worker *one = w->running; one != NULL; one = one->next) {
		(void)shutdown(one->fd, SHUT_RDWR);
	}
	while (w->reserved > 0) {
		check(pthread_cond_wait(&w->none, &w->lock) == 0);
	}
	unlock(w);
	check(pthread_cond_destroy(&w->none) == 0);
	check(pthread_mutex_destroy(&w->lock) == 0);
}
