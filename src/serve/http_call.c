/* One request: judged at its headers, its body gathered within bounds, handed to its handler, answered. */
#include "serve/http_int.h"

#include "base/counters.h"
#include "model/signature.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BODY_BYTES_MAX REPORT_BYTES_MAX

struct call {
	struct arena arena;
	struct http_request request;
	struct http_parameter parameters[HTTP_PARAMETERS_MAX];
	struct buffer body;
	size_t taken;        /* of http->body_bytes */
	enum result refused; /* what became of the body on its way; the rest of it is dropped */
	char who[NAME_BYTES_MAX + 1];
	bool is_signed; /* then the body must be the one that was signed for */
	struct hash signed_body;
};

static const char *
header(struct MHD_Connection *connection, const char *name)
{
	const char *value = MHD_lookup_connection_value(connection, MHD_HEADER_KIND, name);

	return value == NULL ? "" : value;
}

static enum MHD_Result
send_reply(struct MHD_Connection *connection, struct http_reply *reply, const char *extra, const char *value)
{
	struct MHD_Response *response;
	enum MHD_Result done = MHD_YES;

	if (reply->body.full) {
		buffer_free(&reply->body);
		buffer_init(&reply->body, HTTP_REPLY_BYTES_MAX);
		http_reply_fault_at(reply, RESULT_TOO_LARGE, TEXT("the answer is too large; ask for less"), 0,
				    (struct text){ 0 });
	}
	response = MHD_create_response_from_buffer(reply->body.n, reply->body.p, MHD_RESPMEM_MUST_FREE);
	check(response != NULL);
	check(MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, reply->type) == MHD_YES);
	check(MHD_add_response_header(response, MHD_HTTP_HEADER_CACHE_CONTROL, "no-store") == MHD_YES);
	check(MHD_add_response_header(response, "X-Content-Type-Options", "nosniff") == MHD_YES);
	if (extra != NULL) {
		check(MHD_add_response_header(response, extra, value) == MHD_YES);
	}
	done = MHD_queue_response(connection, (unsigned)reply->status, response);
	MHD_destroy_response(response);
	counter_add(COUNTER_HTTP_REQUESTS, 1);
	counter_add(COUNTER_HTTP_ERRORS, reply->status >= 400);
	return done;
}

/* Refuses with a status that no result has (401, 404 of a path, 405), or with a header of its own. */
static enum MHD_Result
refuse(struct MHD_Connection *connection, enum result r, int status, const char *words, const char *extra,
       const char *value)
{
	struct http_reply reply = { 0 };

	buffer_init(&reply.body, HTTP_REPLY_BYTES_MAX);
	http_reply_fault_at(&reply, r, text_of(words), 0, (struct text){ 0 });
	reply.status = status;
	return send_reply(connection, &reply, extra, value);
}

/* Two lengths, or a length and chunks: each side may see another end of the request, so neither is believed. */
struct framing {
	unsigned lengths;
	unsigned encodings;
};

static enum MHD_Result
count_framing(void *context, enum MHD_ValueKind kind, const char *name, const char *value)
{
	struct framing *f = context;

	(void)kind;
	(void)value;
	f->lengths += text_equal_nocase(text_of(name), TEXT(MHD_HTTP_HEADER_CONTENT_LENGTH));
	f->encodings += text_equal_nocase(text_of(name), TEXT(MHD_HTTP_HEADER_TRANSFER_ENCODING));
	return MHD_YES;
}

static enum MHD_Result
take_parameter(void *context, enum MHD_ValueKind kind, const char *name, const char *value)
{
	struct call *call = context;
	struct http_parameter *p;

	(void)kind;
	if (call->request.parameter_count == HTTP_PARAMETERS_MAX) {
		call->refused = RESULT_BAD_INPUT;
		return MHD_NO;
	}
	p = &call->parameters[call->request.parameter_count++];
	if (http_decode(&call->arena, text_of(name), &p->name) != RESULT_OK ||
	    http_decode(&call->arena, text_of(value), &p->value) != RESULT_OK) {
		call->refused = RESULT_BAD_INPUT;
		return MHD_NO;
	}
	return MHD_YES;
}

/* A report may be signed instead of sent with the token. Its key is checked before a byte of the body is read. */
static void
take_signature(const struct http_listener *l, struct call *call, struct text value)
{
	const struct http_options *o = &l->http->options;
	struct signature s;
	struct hash key;

	if (o->key_of == NULL || !signature_read(value, &s) || !o->key_of(o->context, s.reporter, &key) ||
	    !signature_fits(&s, &key)) {
		return;
	}
	(void)snprintf(call->who, sizeof call->who, "%.*s", TEXT_ARG(s.reporter));
	call->request.right = HTTP_RIGHT_REPORTER;
	call->request.reporter = text_of(call->who);
	call->is_signed = true;
	call->signed_body = s.body;
}

/* Who the caller is: on the control socket as named by a header, else by the token. False: not a fit name. */
static bool
take_actor(const struct http_listener *l, struct MHD_Connection *connection, struct call *call)
{
	struct http_request *q = &call->request;
	struct text value = text_of(header(connection, "Authorization"));

	if (l->control) {
		q->control = true;
		q->right = HTTP_RIGHT_OPERATOR;
		q->actor = text_of(header(connection, "X-Vouch-Actor"));
		if (q->actor.n == 0) {
			q->actor = TEXT("operator");
		}
		return text_is_name(q->actor);
	}
	if (!text_starts_nocase(value, TEXT("Bearer "))) {
		take_signature(l, call, value);
		return true;
	}
	value = text_trim((struct text){ value.p + 7, value.n - 7 });
	if (value.n > 0) {
		q->right = l->http->options.authorise(l->http->options.context, value, call->who);
	}
	if (q->right == HTTP_RIGHT_OPERATOR) {
		q->actor = text_of(call->who);
	} else if (q->right == HTTP_RIGHT_REPORTER) {
		q->reporter = text_of(call->who);
	}
	return true;
}

/* NULL, or what is wrong with the headers. */
static const char *
read_headers(const struct http_listener *l, struct MHD_Connection *connection, struct call *call,
	     struct text key)
{
	struct http_request *q = &call->request;
	struct framing framing = { 0 };

	(void)MHD_get_connection_values(connection, MHD_HEADER_KIND, count_framing, &framing);
	if (framing.lengths + framing.encodings > 1) {
		return "Content-Length and Transfer-Encoding contradict each other";
	}
	(void)MHD_get_connection_values(connection, MHD_GET_ARGUMENT_KIND, take_parameter, call);
	if (call->refused != RESULT_OK) {
		return "the query has too many parameters or a broken %XX escape";
	}
	if (http_decode(&call->arena, key, &q->key) != RESULT_OK) {
		return "the path has a broken %XX escape";
	}
	if (!take_actor(l, connection, call)) {
		return "X-Vouch-Actor: letters, digits, '-', '_' and '.' are wanted, at most 63";
	}
	q->content_type = text_of(header(connection, MHD_HTTP_HEADER_CONTENT_TYPE));
	q->accept = text_of(header(connection, MHD_HTTP_HEADER_ACCEPT));
	q->parameters = call->parameters;
	q->arena = &call->arena;
	return NULL;
}

static bool
announces_too_much(struct MHD_Connection *connection)
{
	const char *value =
	    MHD_lookup_connection_value(connection, MHD_HEADER_KIND, MHD_HTTP_HEADER_CONTENT_LENGTH);
	uint64_t n = 0;

	return value != NULL && (!text_u64(text_trim(text_of(value)), &n) || n > BODY_BYTES_MAX);
}

/* Answers what can be answered from the headers alone: no body is read for a caller without the right. */
static enum MHD_Result
judge(struct http_listener *l, struct MHD_Connection *connection, struct call *call, const char *url,
      const char *method)
{
	struct http_found found;
	int status = http_route_find(text_of(method), text_of(url), &found);
	enum http_right wanted;
	const char *wrong;

	if (status == 405) {
		return refuse(connection, RESULT_BAD_USAGE, 405, "this path has another method", "Allow",
			      found.allow);
	}
	if (status == 404 || l->http->options.handlers[found.route] == NULL) {
		return refuse(connection, RESULT_NOT_FOUND, 404, "no such path", NULL, NULL);
	}
	wrong = read_headers(l, connection, call, found.key);
	if (wrong != NULL) {
		return refuse(connection, RESULT_BAD_INPUT, 400, wrong, MHD_HTTP_HEADER_CONNECTION, "close");
	}
	call->request.route = found.route;
	if (call->is_signed && found.route != HTTP_REPORTS) {
		call->request.right = HTTP_RIGHT_ANY;
	}
	wanted = http_route_right(found.route);
	if (call->request.right < wanted && call->request.right == HTTP_RIGHT_ANY) {
		return refuse(connection, RESULT_DENIED, 401, "a bearer token that is registered is wanted",
			      MHD_HTTP_HEADER_WWW_AUTHENTICATE, "Bearer realm=\"vouch\"");
	}
	if (call->request.right < wanted) {
		return refuse(connection, RESULT_DENIED, 403, "this token has no right to this", NULL, NULL);
	}
	if (announces_too_much(connection)) {
		counter_add(COUNTER_REPORTS_REFUSED, found.route == HTTP_REPORTS);
		return refuse(connection, RESULT_TOO_LARGE, 413, "the body is larger than 16777216 bytes",
			      NULL, NULL);
	}
	return MHD_YES;
}

/* Gathers a part of the body. Past a bound the rest is dropped and the request refused at its end. */
static void
take_body(struct http *http, struct call *call, const char *data, size_t n)
{
	if (call->refused != RESULT_OK) {
		return;
	}
	if (n > BODY_BYTES_MAX - call->body.n) {
		call->refused = RESULT_TOO_LARGE;
	} else {
		call->taken += n;
		if (atomic_fetch_add(&http->body_bytes, n) + n > HTTP_BODIES_BYTES_MAX) {
			call->refused = RESULT_BUSY;
		}
	}
	if (call->refused != RESULT_OK) {
		buffer_free(&call->body);
		return;
	}
	buffer_put(&call->body, data, n);
	if (call->body.full) {
		call->refused = RESULT_BUSY; /* no memory */
	}
}

static bool
is_as_signed(const struct call *call)
{
	struct text body = buffer_text(&call->body);
	struct hash h = hash_of(body.p, body.n);

	return !call->is_signed || hash_equal(&h, &call->signed_body);
}

static enum MHD_Result
answer(struct http *http, struct MHD_Connection *connection, struct call *call)
{
	struct http_reply reply = { .status = 200, .type = "application/json" };
	bool busy;

	http_guard_answering(http, connection, true);
	buffer_init(&reply.body, HTTP_REPLY_BYTES_MAX);
	if (call->refused != RESULT_OK) {
		counter_add(COUNTER_REPORTS_REFUSED, call->request.route == HTTP_REPORTS);
		http_reply_fault(&reply, call->refused, NULL);
	} else if (!is_as_signed(call)) {
		http_reply_fault_at(&reply, RESULT_DENIED, TEXT("this is not the body that was signed for"),
				    0, (struct text){ 0 });
	} else {
		call->request.body = buffer_text(&call->body);
		http->options.handlers[call->request.route](http->options.context, &call->request, &reply);
	}
	busy = reply.status == result_http(RESULT_BUSY);
	return send_reply(connection, &reply, busy ? MHD_HTTP_HEADER_RETRY_AFTER : NULL, "1");
}

enum MHD_Result
http_call_step(void *context, struct MHD_Connection *connection, const char *url, const char *method,
	       const char *version, const char *data, size_t *n, void **state)
{
	struct http_listener *l = context;
	struct call *call = *state;

	(void)version;
	if (call == NULL) {
		call = calloc(1, sizeof *call);
		check(call != NULL);
		buffer_init(&call->body, BODY_BYTES_MAX);
		*state = call;
		return judge(l, connection, call, url, method);
	}
	if (*n > 0) {
		take_body(l->http, call, data, *n);
		*n = 0;
		return MHD_YES;
	}
	return answer(l->http, connection, call);
}

void
http_call_done(void *context, struct MHD_Connection *connection, void **state,
	       enum MHD_RequestTerminationCode why)
{
	struct http_listener *l = context;
	struct call *call = *state;

	(void)why;
	if (call == NULL) {
		return;
	}
	atomic_fetch_sub(&l->http->body_bytes, call->taken);
	buffer_free(&call->body);
	arena_clear(&call->arena);
	free(call);
	*state = NULL;
	http_guard_answering(l->http, connection, false);
}

struct text
http_parameter(const struct http_request *request, const char *name)
{
	for (size_t i = 0; i < request->parameter_count; i++) {
		if (text_equal(request->parameters[i].name, text_of(name))) {
			return request->parameters[i].value;
		}
	}
	return (struct text){ "", 0 };
}
