/* vouchd/keys.c - one question, one channel, one poll loop with a deadline. */
#include "vouchd/keys.h"

#include "base/text.h"

#include <ares.h>
#include <netdb.h>
#include <poll.h>
#include <pthread.h>
#include <string.h>
#include <arpa/nameser.h>

#define TRIES 3

struct question {
	char *record;
	size_t size;
	bool done;
	enum result result;
};

static pthread_once_t once = PTHREAD_ONCE_INIT;

static void
start(void)
{
	check(ares_library_init(ARES_LIB_INIT_ALL) == ARES_SUCCESS);
}

static void
put_record(struct question *q, const struct ares_txt_ext *first)
{
	size_t n = 0;

	q->result = RESULT_OK;
	for (const struct ares_txt_ext *t = first; t != NULL && (t == first || !t->record_start);
	     t = t->next) {
		if (t->length >= q->size - n) {
			q->result = RESULT_NOT_FOUND;
			break;
		}
		memcpy(q->record + n, t->txt, t->length);
		n += t->length;
	}
	q->record[n] = '\0';
	if (memchr(q->record, '\0', n) != NULL) {
		q->result = RESULT_NOT_FOUND; /* no key has a NUL */
	}
}

static void
on_answer(void *context, int status, int timeouts, unsigned char *answer, int n)
{
	struct question *q = context;
	struct ares_txt_ext *records = NULL;

	(void)timeouts;
	q->done = true;
	q->result = RESULT_BUSY;
	if (status == ARES_SUCCESS) {
		status = ares_parse_txt_reply_ext(answer, n, &records);
	}
	if (status == ARES_SUCCESS && records != NULL) {
		put_record(q, records);
	} else if (status == ARES_ENOTFOUND || status == ARES_ENODATA || status == ARES_EBADNAME ||
		   status == ARES_SUCCESS) {
		q->result = RESULT_NOT_FOUND;
	}
	if (records != NULL) {
		ares_free_data(records);
	}
}

/* Waits for the sockets of the channel, until the deadline at most. poll and not select: the daemon has more than 1024 files open. */
static void
wait_once(ares_channel channel, int64_t left_ms)
{
	ares_socket_t sockets[ARES_GETSOCK_MAXNUM];
	struct pollfd fds[ARES_GETSOCK_MAXNUM];
	unsigned bits = (unsigned)ares_getsock(channel, sockets, ARES_GETSOCK_MAXNUM);
	struct timeval most = { .tv_sec = left_ms / 1000, .tv_usec = left_ms % 1000 * 1000 }, room;
	const struct timeval *until = ares_timeout(channel, &most, &room);
	nfds_t n = 0;

	for (unsigned i = 0; i < ARES_GETSOCK_MAXNUM; i++) {
		/* As its macros say it, which shift into the sign. */
		bool readable = (bits >> i & 1U) != 0,
		     writable = (bits >> (i + ARES_GETSOCK_MAXNUM) & 1U) != 0;

		if (readable || writable) {
			fds[n++] = (struct pollfd){ .fd = sockets[i],
						    .events = (short)((readable ? POLLIN : 0) |
								      (writable ? POLLOUT : 0)) };
		}
	}
	(void)poll(fds, n, (int)(until->tv_sec * 1000 + until->tv_usec / 1000 + 1));
	for (nfds_t i = 0; i < n; i++) {
		bool readable = (fds[i].revents & (POLLIN | POLLERR | POLLHUP)) != 0;

		ares_process_fd(channel, readable ? fds[i].fd : ARES_SOCKET_BAD,
				(fds[i].revents & POLLOUT) != 0 ? fds[i].fd : ARES_SOCKET_BAD);
	}
	ares_process_fd(channel, ARES_SOCKET_BAD, ARES_SOCKET_BAD); /* what is overdue */
}

static enum result
open_channel(const struct config *config, ares_channel *channel)
{
	struct ares_options options = { .timeout = (int)(config->dkim_timeout.ms / TRIES), .tries = TRIES };
	struct buffer servers;
	int status;

	check(pthread_once(&once, start) == 0);
	status = ares_init_options(channel, &options, ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES);
	if (status != ARES_SUCCESS) {
		return RESULT_BUSY;
	}
	buffer_init(&servers, LINE_BYTES_MAX);
	for (size_t i = 0; i < config->resolvers.count; i++) {
		buffer_format(&servers, "%s%s", i == 0 ? "" : ",", config->resolvers.items[i]);
	}
	buffer_put(&servers, "", 1);
	if (config->resolvers.count > 0) {
		status = ares_set_servers_ports_csv(*channel, (const char *)servers.p);
	}
	buffer_free(&servers);
	if (status != ARES_SUCCESS) {
		ares_destroy(*channel);
		return RESULT_BAD_INPUT;
	}
	return RESULT_OK;
}

enum result
keys_get(const struct config *config, const char *name, char *record, size_t size)
{
	int64_t end_ms = instant_monotonic_ns() / 1000000 + config->dkim_timeout.ms, left_ms;
	struct question q = { .record = record, .size = size, .result = RESULT_BUSY };
	ares_channel channel;

	check(size > 0);
	if (open_channel(config, &channel) != RESULT_OK) {
		return RESULT_BUSY;
	}
	ares_query(channel, name, ns_c_in, ns_t_txt, on_answer, &q);
	while (!q.done && (left_ms = end_ms - instant_monotonic_ns() / 1000000) > 0) {
		wait_once(channel, left_ms);
	}
	ares_destroy(channel); /* what was not answered is: by on_answer, with ARES_EDESTRUCTION */
	return q.result;
}
