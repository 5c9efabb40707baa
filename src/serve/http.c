/* Opening and closing: one libmicrohttpd daemon per listener, a thread per connection. */
#include "serve/http_int.h"

#include "base/socket.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* A handler parses mails and JSON on this stack; only touched pages cost memory. */
#define STACK_BYTES ((size_t)2 << 20)

/* Leaves %XX alone: a path is cut at its slashes before it is decoded, so that "192.0.2.0%2F24" is one key. */
static size_t
keep_escapes(void *context, struct MHD_Connection *connection, char *s)
{
	(void)context;
	(void)connection;
	return strlen(s);
}

static enum result
start(struct http_listener *l, struct fault *fault)
{
	const struct http *http = l->http;
	unsigned idle_seconds = (unsigned)((http->options.idle.ms + 999) / 1000);
	unsigned per_address = l->control ? 0 : HTTP_ADDRESS_CONNECTIONS_MAX;

	l->daemon = MHD_start_daemon(
	    MHD_USE_INTERNAL_POLLING_THREAD | MHD_USE_THREAD_PER_CONNECTION | MHD_USE_POLL | MHD_USE_ITC, 0,
	    NULL, NULL, http_call_step, l, MHD_OPTION_LISTEN_SOCKET, (MHD_socket)l->fd,
	    MHD_OPTION_CONNECTION_LIMIT, (unsigned)HTTP_CONNECTIONS_MAX, MHD_OPTION_PER_IP_CONNECTION_LIMIT,
	    per_address, MHD_OPTION_CONNECTION_TIMEOUT, idle_seconds, MHD_OPTION_CONNECTION_MEMORY_LIMIT,
	    (size_t)HTTP_HEADER_BYTES_MAX, MHD_OPTION_THREAD_STACK_SIZE, STACK_BYTES,
	    MHD_OPTION_UNESCAPE_CALLBACK, keep_escapes, NULL, MHD_OPTION_NOTIFY_COMPLETED, http_call_done, l,
	    MHD_OPTION_NOTIFY_CONNECTION, http_guard_connection, l, MHD_OPTION_END);
	if (l->daemon == NULL) {
		return fault_set(fault, RESULT_IO, "http: the server could not be started");
	}
	l->socket = l->fd;
	l->fd = -1; /* MHD_stop_daemon closes it */
	return RESULT_OK;
}

static struct http_listener *
add_listener(struct http *http)
{
	struct http_listener *l = http->listeners;

	while (l < http->listeners + http->listener_count && (l->daemon != NULL || l->fd >= 0)) {
		l++;
	}
	http->listener_count += l == http->listeners + http->listener_count;
	check(http->listener_count <= HTTP_LISTENERS_MAX);
	*l = (struct http_listener){ .http = http, .fd = -1, .socket = -1 };
	return l;
}

/* Those that somebody else opened. */
static void
take_listeners(struct http *http)
{
	const struct http_options *o = &http->options;
	size_t count = o->address_count + (o->control != NULL);

	for (size_t i = 0; i < count; i++) {
		struct http_listener *l = add_listener(http);

		l->fd = o->listeners[i];
		l->control = i == o->address_count;
		l->port = socket_port(l->fd);
	}
}

static enum result
open_listeners(struct http *http, struct fault *fault)
{
	const struct http_options *o = &http->options;
	enum result r = RESULT_OK;

	for (size_t i = 0; i < o->address_count && r == RESULT_OK; i++) {
		struct http_listener *l = add_listener(http);

		r = socket_listen_tcp(o->addresses[i], &l->fd, &l->port, fault);
	}
	if (o->control != NULL && r == RESULT_OK) {
		struct http_listener *l = add_listener(http);

		l->control = true;
		r = socket_listen_unix(o->control, 0600, &l->fd, fault);
		if (r == RESULT_OK) {
			http->control = strdup(o->control);
			check(http->control != NULL);
		}
	}
	return r;
}

enum result
http_open(const struct http_options *options, struct http **http, struct fault *fault)
{
	struct http *h = calloc(1, sizeof *h);
	enum result r;

	check(h != NULL && options->authorise != NULL);
	*http = NULL;
	h->options = *options;
	if (h->options.idle.ms == 0) {
		h->options.idle = (struct span){ HTTP_IDLE_MS };
	}
	if (h->options.complete.ms == 0) {
		h->options.complete = (struct span){ HTTP_REQUEST_MS };
	}
	if (h->options.listeners != NULL) {
		take_listeners(h);
	}
	r = http_guard_start(h);
	if (r == RESULT_OK && h->options.listeners == NULL) {
		r = open_listeners(h, fault);
	}
	for (size_t i = 0; i < h->listener_count && r == RESULT_OK; i++) {
		r = start(&h->listeners[i], fault);
	}
	if (r != RESULT_OK) {
		http_close(h);
		return r;
	}
	*http = h;
	return RESULT_OK;
}

enum result
http_listen(struct http *http, int fd, struct fault *fault)
{
	struct http_listener *l = add_listener(http);
	enum result r;

	l->fd = fd;
	l->port = socket_port(fd);
	r = start(l, fault);
	if (r != RESULT_OK) {
		close(fd);
		l->fd = -1;
	}
	return r;
}

void
http_unlisten(struct http *http, int fd)
{
	for (size_t i = 0; i < http->listener_count; i++) {
		struct http_listener *l = &http->listeners[i];

		if (l->daemon != NULL && l->socket == fd) {
			MHD_stop_daemon(l->daemon);
			l->daemon = NULL;
			l->socket = -1;
		}
	}
}

uint16_t
http_port(const struct http *http, size_t address)
{
	check(address < http->listener_count && !http->listeners[address].control);
	return http->listeners[address].port;
}

void
http_close(struct http *http)
{
	if (http == NULL) {
		return;
	}
	if (http->control != NULL) {
		(void)unlink(http->control); /* before the daemon stops: a new one may open its own at once */
	}
	for (size_t i = 0; i < http->listener_count; i++) {
		if (http->listeners[i].daemon != NULL) {
			MHD_stop_daemon(http->listeners[i].daemon);
		} else if (http->listeners[i].fd >= 0) {
			close(http->listeners[i].fd);
		}
	}
	http_guard_stop(http);
	free(http->control);
	free(http);
}
