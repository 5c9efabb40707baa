/*
 * vouch/client.h - requests to the daemon over its control socket, one after another on one connection.
 */
#ifndef VOUCH_CLIENT_H
#define VOUCH_CLIENT_H

#include "base/text.h"

#include <curl/curl.h>
#include <jansson.h>

struct client {
	CURL *curl;
	struct curl_slist *headers;
	const char *socket;
};

/* Connects with the first request. Errors: RESULT_IO when libcurl cannot start. */
enum result client_open(struct client *c, const char *socket, const char *actor,
			struct fault *fault) MUST_USE;
void client_close(struct client *c);

/* "/v1/status?subject=" with the value escaped behind it; lives in the arena. */
const char *client_path(struct client *c, struct arena *arena, const char *before, const char *value,
			const char *behind);

/*
 * GET, or POST when there is a body (body->p not NULL). A busy daemon (503, result busy) is asked again for about ten seconds.
 * The answer is put into `out`, which is cleared first. Errors: the result that the daemon names, with its words;
 * RESULT_IO when it cannot be reached.
 */
enum result client_ask(struct client *c, const char *path, const struct text *body, struct buffer *out,
		       struct fault *fault) MUST_USE;

/*
 * The same, read as JSON; the caller drops the reference. RESULT_IO when it is none. A refusal too leaves what the daemon
 * said in *json, when that is an object: of a document that could not be read it tells what became of it.
 */
enum result client_ask_json(struct client *c, const char *path, const struct text *body, json_t **json,
			    struct fault *fault) MUST_USE;

#endif
