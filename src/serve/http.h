/*
 * serve/http.h - the daemon's API as HTTP/1.1: transport, routes (routes.def), rights and the one form of errors.
 *
 * What a route does comes from the program as a table of handlers. A handler is called with the whole body, on a thread
 * of its own connection: it may block, and several run at once. One daemon of libmicrohttpd per listener, so that
 * strangers who fill the TCP door never lock the control socket.
 *
 * Rights: a request on the control socket (a unix socket of mode 0600) is the operator's. On TCP the bearer token decides;
 * right, method and announced length are judged before any of the body is read.
 *
 * Errors have one form: {"error": "words", "result": "bad_input", "line": 7, "field": "count"}; result is a name of
 * base/result.def, line and field stand where they are known.
 * 400 malformed, 401 no token or an unknown one, 403 a token without the right, 404 no such path, 405 another method,
 * 413 larger than the limit, 503 too much waits; results have their status in base/result.def.
 *
 * Bounds (base/limits.def): HTTP_CONNECTIONS_MAX per listener, HTTP_ADDRESS_CONNECTIONS_MAX per client address,
 * REPORT_BYTES_MAX per body, HTTP_BODIES_BYTES_MAX for all bodies at once, HTTP_HEADER_BYTES_MAX for line and headers,
 * HTTP_IDLE_MS without a byte, HTTP_REQUEST_MS until a request is complete, however it drips.
 * Test: tests/unit/http_test.c, tests/fuzz/path_fuzz.c.
 */
#ifndef SERVE_HTTP_H
#define SERVE_HTTP_H

#include "base/hash.h"
#include "base/instant.h"
#include "base/limits.h"
#include "base/text.h"

#include <jansson.h>

enum http_route {
#define ROUTE(id, method, path, right, help) HTTP_##id,
#include "serve/routes.def"
#undef ROUTE
	HTTP_ROUTE_COUNT
};

enum http_right { HTTP_RIGHT_ANY, HTTP_RIGHT_REPORTER, HTTP_RIGHT_OPERATOR };

struct http_parameter {
	struct text name;
	struct text value; /* decoded */
};

/* All texts live until the handler returns. */
struct http_request {
	enum http_route route;
	enum http_right right; /* what the caller may, at least the right of the route */
	bool control;          /* came through the control socket */
	struct text key;       /* what stands at {key} or {id} of the path, decoded; else empty */
	/* an operator: name of the token's owner; control socket: X-Vouch-Actor or "operator" */
	struct text actor;
	struct text reporter;     /* id of the registered reporter whose token it is; empty for operators */
	struct text content_type; /* as sent; may be empty */
	struct text accept;       /* as sent; may be empty */
	struct text body;
	const struct http_parameter *parameters; /* of the query, in order; at most HTTP_PARAMETERS_MAX */
	size_t parameter_count;
	struct arena *arena; /* for the handler; given back after the reply */
};

/* The value of a query parameter; the empty text when it is not there (the first, when it is there twice). */
struct text http_parameter(const struct http_request *request, const char *name);

/* What the handler fills. Without a change: 200, application/json, no body. */
struct http_reply {
	int status;
	const char *type;   /* a literal */
	struct buffer body; /* grows to HTTP_REPLY_BYTES_MAX; when it is full the caller gets a 413 */
};

/* Each of these replaces what was there. */
void http_reply_json(struct http_reply *reply, json_t *root); /* takes the reference */
/* Status of result.def; the words are the fault's, or the result's sentence when it has none. r is not RESULT_OK. */
void http_reply_fault(struct http_reply *reply, enum result r, const struct fault *fault);
/* The same with a place: line 0 and an empty field are left out. */
void http_reply_fault_at(struct http_reply *reply, enum result r, struct text words, uint64_t line,
			 struct text field);

typedef void http_handler(void *context, const struct http_request *request, struct http_reply *reply);

/* Whose token it is: the right and the name, or HTTP_RIGHT_ANY for nobody. Called on many threads. */
typedef enum http_right http_authorise(void *context, struct text token, char name[NAME_BYTES_MAX + 1]);

/* The key that a reporter signs with (model/signature.h); false: nobody of this name has one. Called on many threads. */
typedef bool http_key_of(void *context, struct text reporter, struct hash *key);

struct http_options {
	const char *const *addresses; /* "127.0.0.1:8025", "[::1]:8025"; port 0 takes a free one */
	size_t address_count;         /* 0..HTTP_LISTENERS_MAX - 1 */
	const char *control;          /* path of the unix socket; NULL: none */
	const int *
	    listeners; /* sockets that listen there already: for each address, then for control, whose path is somebody
				 else's to remove; http_open takes them, also when it fails. NULL: it opens them itself */
	http_handler *handlers[HTTP_ROUTE_COUNT]; /* NULL: the route answers 404 */
	http_authorise *authorise;
	http_key_of *key_of;  /* NULL: nobody signs */
	void *context;        /* of the handlers and of these two */
	struct span idle;     /* 0: HTTP_IDLE_MS */
	struct span complete; /* 0: HTTP_REQUEST_MS */
};

struct http;

/*
 * Opens all listeners, or none. A stale control socket (it refuses a connection) is replaced; one that answers is
 * RESULT_CONFLICT, and so is a file that is no socket. Errors: RESULT_BAD_INPUT for an address, RESULT_IO for a port;
 * the fault names it.
 */
enum result http_open(const struct http_options *options, struct http **http, struct fault *fault) MUST_USE;
uint16_t http_port(const struct http *http, size_t address); /* the port in use of addresses[address] */

/*
 * One more socket that listens, which it takes, also when it fails; and no more of one, by its number, whose connections are cut. One thread at a
 * time. Errors: RESULT_IO.
 */
enum result http_listen(struct http *http, int fd, struct fault *fault) MUST_USE;
void http_unlisten(struct http *http, int fd);

/* Takes no more requests, waits for the handlers that run, removes the control socket. NULL is fine. */
void http_close(struct http *http);

#endif
