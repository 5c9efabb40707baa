/* vouchd/resolver.c - one channel of c-ares; its sockets are watched by the loop, a timer runs while something is asked. */
#include "vouchd/resolver.h"

#include "base/wire.h"

#include <ares.h>
#include <arpa/nameser.h>
#include <netdb.h>
#include <stdlib.h>
#include <string.h>

#define TRY_MS   2000 /* the second try waits twice as long */
#define TRIES    2
#define CHECK_MS 250

struct watched_socket {
	uv_poll_t poll;
	struct resolver *resolver;
	struct watched_socket *next;
	ares_socket_t fd;
};

struct resolver {
	uv_loop_t *loop;
	uv_timer_t timer;
	ares_channel channel;
	struct watched_socket *sockets;
	size_t open; /* questions without an answer */
	bool closing;
};

struct question {
	struct resolver *resolver;
	resolver_fn *done;
	void *context;
};

static void
on_poll(uv_poll_t *poll, int status, int events)
{
	struct watched_socket *s = poll->data;
	ares_socket_t in = status < 0 || (events & UV_READABLE) ? s->fd : ARES_SOCKET_BAD;
	ares_socket_t out = status < 0 || (events & UV_WRITABLE) ? s->fd : ARES_SOCKET_BAD;

	ares_process_fd(s->resolver->channel, in, out); /* s may be gone now */
}

static void
on_poll_closed(uv_handle_t *handle)
{
	free(handle->data);
}

static void
forget_socket(struct resolver *r, struct watched_socket *gone)
{
	struct watched_socket **at = &r->sockets;

	while (*at != gone) {
		at = &(*at)->next;
	}
	*at = gone->next;
	uv_poll_stop(&gone->poll);
	uv_close((uv_handle_t *)&gone->poll, on_poll_closed);
}

/* c-ares says what it waits for at a socket; for nothing: it is about to close it. */
static void
on_socket(void *context, ares_socket_t fd, int readable, int writable)
{
	struct resolver *r = context;
	struct watched_socket *s = r->sockets;

	while (s != NULL && s->fd != fd) {
		s = s->next;
	}
	if (!readable && !writable) {
		if (s != NULL) {
			forget_socket(r, s);
		}
		return;
	}
	if (s == NULL) {
		s = calloc(1, sizeof *s);
		check(s != NULL);
		s->resolver = r;
		s->fd = fd;
		check(uv_poll_init(r->loop, &s->poll, fd) == 0);
		s->poll.data = s;
		s->next = r->sockets;
		r->sockets = s;
	}
	check(uv_poll_start(&s->poll, (readable ? UV_READABLE : 0) | (writable ? UV_WRITABLE : 0), on_poll) ==
	      0);
}

static void
on_timer(uv_timer_t *timer)
{
	struct resolver *r = timer->data;

	ares_process_fd(r->channel, ARES_SOCKET_BAD, ARES_SOCKET_BAD); /* ends what took too long */
}

static void
on_answer(void *context, int status, int timeouts, unsigned char *packet, int n)
{
	struct question *q = context;
	struct resolver_answer answer = { .status = RESOLVER_FAILED };
	struct ares_addrttl found[RESOLVER_ADDRESSES_MAX];
	int count = (int)RESOLVER_ADDRESSES_MAX;

	(void)timeouts;
	if (status == ARES_SUCCESS) {
		status = ares_parse_a_reply(packet, n, NULL, found, &count);
	}
	if (status == ARES_SUCCESS && count > 0) {
		answer.status = RESOLVER_FOUND;
		answer.count = (size_t)count;
		for (size_t i = 0; i < answer.count; i++) {
			memcpy(answer.addresses[i], &found[i].ipaddr, 4);
		}
	} else if (status == ARES_SUCCESS || status == ARES_ENOTFOUND || status == ARES_ENODATA) {
		answer.status = RESOLVER_NONE;
	}
	if (--q->resolver->open == 0 && !q->resolver->closing) {
		uv_timer_stop(&q->resolver->timer);
	}
	q->done(q->context, &answer);
	free(q);
}

void
resolver_ask(struct resolver *r, const char *name, resolver_fn *done, void *context)
{
	struct question *q = calloc(1, sizeof *q);

	check(q != NULL);
	*q = (struct question){ r, done, context };
	if (r->open++ == 0) {
		check(uv_timer_start(&r->timer, on_timer, CHECK_MS, CHECK_MS) == 0);
	}
	ares_query(r->channel, name, C_IN, T_A, on_answer, q);
}

static enum result
set_servers(struct resolver *r, const struct options_texts *servers, struct fault *fault)
{
	struct buffer all;
	enum result result = RESULT_OK;

	buffer_init(&all, OPTIONS_SEVERAL_MAX * 128);
	for (size_t i = 0; i < servers->count; i++) {
		buffer_format(&all, "%s%s", i > 0 ? "," : "", servers->items[i]);
	}
	buffer_put(&all, "", 1);
	if (servers->count > 0 &&
	    ares_set_servers_ports_csv(r->channel, (const char *)all.p) != ARES_SUCCESS) {
		result = fault_set(fault, RESULT_BAD_INPUT, "resolvers: they cannot be used: %s",
				   (const char *)all.p);
	}
	buffer_free(&all);
	return result;
}

enum result
resolver_open(uv_loop_t *loop, const struct options_texts *servers, struct resolver **out,
	      struct fault *fault)
{
	struct resolver *r = calloc(1, sizeof *r);
	struct ares_options options = { .flags = ARES_FLAG_NOSEARCH | ARES_FLAG_NOALIASES,
					.timeout = TRY_MS,
					.tries = TRIES,
					.sock_state_cb = on_socket,
					.sock_state_cb_data = r };
	int mask = ARES_OPT_FLAGS | ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES | ARES_OPT_SOCK_STATE_CB;
	enum result result;

	check(r != NULL);
	check(ares_library_init(ARES_LIB_INIT_ALL) == ARES_SUCCESS);
	r->loop = loop;
	if (ares_init_options(&r->channel, &options, mask) != ARES_SUCCESS) {
		free(r);
		return fault_set(fault, RESULT_BAD_INPUT, "the resolvers of the system cannot be read");
	}
	result = set_servers(r, servers, fault);
	if (result != RESULT_OK) {
		ares_destroy(r->channel);
		free(r);
		return result;
	}
	check(uv_timer_init(loop, &r->timer) == 0);
	r->timer.data = r;
	*out = r;
	return RESULT_OK;
}

void
resolver_close(struct resolver *r)
{
	if (r == NULL || r->closing) {
		return;
	}
	r->closing = true;
	ares_destroy(r->channel); /* ends all questions, and closes the sockets */
	uv_close((uv_handle_t *)&r->timer, NULL);
}

void
resolver_free(struct resolver *r)
{
	free(r);
}
