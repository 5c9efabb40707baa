/*
 * serve/http_int.h - what the parts of the HTTP server share: routing, calls and the guard. Private to serve/http*.c.
 */
#ifndef SERVE_HTTP_INT_H
#define SERVE_HTTP_INT_H

#include "serve/http.h"

#include <microhttpd.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>

struct http_listener {
	struct http *http;
	struct MHD_Daemon *daemon;
	int fd;     /* -1 once the daemon has it */
	int socket; /* its number, for http_unlisten; -1: the place is free */
	uint16_t port;
	bool control;
};

/* One client. The guard cuts it when its request is not complete in time. */
struct http_connection {
	struct http_connection *next, *previous;
	int fd;
	int64_t since_ns; /* when it began to owe us a request */
	bool answering;   /* the request is complete: the guard leaves it alone */
};

struct http {
	struct http_options options; /* its addresses are not looked at after http_open */
	char *control;               /* path to remove at the end; NULL: none */
	struct http_listener listeners[HTTP_LISTENERS_MAX];
	size_t listener_count;
	atomic_size_t body_bytes; /* of all requests at once */
	pthread_t guard;
	bool guarded;
	pthread_mutex_t lock; /* over what follows */
	pthread_cond_t wake;
	struct http_connection *connections;
	bool closing;
};

/* http_route.c. Pure. */

struct http_found {
	enum http_route route;
	struct text key;   /* as in the path, not decoded */
	const char *allow; /* with 405: the methods that the path has */
};
/* The route of a raw path: HTTP status 200, 404 or 405. "HEAD" counts as "GET". */
int http_route_find(struct text method, struct text path, struct http_found *found);
enum http_right http_route_right(enum http_route route);
/* Decodes %XX. Errors: RESULT_BAD_INPUT for a broken escape, a NUL, or what is not UTF-8. */
enum result http_decode(struct arena *arena, struct text raw, struct text *decoded) MUST_USE;

/* http_call.c. Callbacks of libmicrohttpd; their context is the listener. */

enum MHD_Result http_call_step(void *context, struct MHD_Connection *connection, const char *url,
			       const char *method, const char *version, const char *data, size_t *n,
			       void **state);
void http_call_done(void *context, struct MHD_Connection *connection, void **state,
		    enum MHD_RequestTerminationCode why);

/* http_guard.c. */

void http_guard_connection(void *context, struct MHD_Connection *connection, void **state,
			   enum MHD_ConnectionNotificationCode code);
/* Tells the guard that the request of a connection is complete, or that the next one may come. */
void http_guard_answering(struct http *http, struct MHD_Connection *connection, bool answering);
enum result http_guard_start(struct http *http) MUST_USE;
void http_guard_stop(struct http *http);

#endif
