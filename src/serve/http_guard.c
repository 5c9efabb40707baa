/*
 * The guard: one thread that cuts connections whose request does not arrive in time. libmicrohttpd only knows silence,
 * and a byte now and then would hold a place for ever.
 */
#include "serve/http_int.h"

#include <stdlib.h>
#include <sys/socket.h>
#include <time.h>

#define NS_PER_MS 1000000

static void
add(struct http *http, struct MHD_Connection *connection, void **state)
{
	struct http_connection *c = calloc(1, sizeof *c);

	check(c != NULL);
	c->fd = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD)->connect_fd;
	c->since_ns = instant_monotonic_ns();
	pthread_mutex_lock(&http->lock);
	c->next = http->connections;
	if (c->next != NULL) {
		c->next->previous = c;
	}
	http->connections = c;
	pthread_mutex_unlock(&http->lock);
	*state = c;
}

static void
drop(struct http *http, struct http_connection *c)
{
	pthread_mutex_lock(&http->lock);
	if (c->previous != NULL) {
		c->previous->next = c->next;
	} else {
		http->connections = c->next;
	}
	if (c->next != NULL) {
		c->next->previous = c->previous;
	}
	pthread_mutex_unlock(&http->lock);
	free(c);
}

/* Called before the descriptor is closed, so the guard never cuts a stranger that got the same number. */
void
http_guard_connection(void *context, struct MHD_Connection *connection, void **state,
		      enum MHD_ConnectionNotificationCode code)
{
	struct http_listener *l = context;

	if (code == MHD_CONNECTION_NOTIFY_STARTED) {
		add(l->http, connection, state);
	} else if (*state != NULL) {
		drop(l->http, *state);
		*state = NULL;
	}
}

void
http_guard_answering(struct http *http, struct MHD_Connection *connection, bool answering)
{
	struct http_connection *c =
	    MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT)->socket_context;

	pthread_mutex_lock(&http->lock);
	c->answering = answering;
	c->since_ns = instant_monotonic_ns();
	pthread_mutex_unlock(&http->lock);
}

static void
cut_late(struct http *http)
{
	int64_t late = instant_monotonic_ns() - http->options.complete.ms * NS_PER_MS;

	for (struct http_connection *c = http->connections; c != NULL; c = c->next) {
		if (!c->answering && c->since_ns < late) {
			(void)shutdown(c->fd, SHUT_RDWR); /* its thread sees the end and closes it */
		}
	}
}

static void *
guard(void *context)
{
	struct http *http = context;
	int64_t step_ms = http->options.complete.ms / 4 + 1;

	pthread_mutex_lock(&http->lock);
	while (!http->closing) {
		struct timespec until;

		clock_gettime(CLOCK_MONOTONIC, &until);
		until.tv_sec += (time_t)(step_ms / 1000);
		until.tv_nsec += (long)(step_ms % 1000) * NS_PER_MS;
		if (until.tv_nsec >= 1000 * NS_PER_MS) {
			until.tv_sec++;
			until.tv_nsec -= 1000 * NS_PER_MS;
		}
		(void)pthread_cond_timedwait(&http->wake, &http->lock, &until);
		cut_late(http);
	}
	pthread_mutex_unlock(&http->lock);
	return NULL;
}

enum result
http_guard_start(struct http *http)
{
	pthread_condattr_t a;

	check(pthread_mutex_init(&http->lock, NULL) == 0);
	check(pthread_condattr_init(&a) == 0 && pthread_condattr_setclock(&a, CLOCK_MONOTONIC) == 0);
	check(pthread_cond_init(&http->wake, &a) == 0);
	pthread_condattr_destroy(&a);
	http->guarded = pthread_create(&http->guard, NULL, guard, http) == 0;
	return http->guarded ? RESULT_OK : RESULT_IO;
}

void
http_guard_stop(struct http *http)
{
	if (http->guarded) {
		pthread_mutex_lock(&http->lock);
		http->closing = true;
		pthread_cond_signal(&http->wake);
		pthread_mutex_unlock(&http->lock);
		pthread_join(http->guard, NULL);
	}
	pthread_cond_destroy(&http->wake);
	pthread_mutex_destroy(&http->lock);
}
