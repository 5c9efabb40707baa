/* The daemon's API by libcurl over a unix socket. */
#include "vouch/client.h"

#include "base/limits.h"

#include <string.h>
#include <time.h>

#define TRIES_MAX     7
#define FIRST_WAIT_MS 100

static size_t
take(char *p, size_t size, size_t n, void *out)
{
	buffer_put(out, p, size * n);
	return size * n;
}

enum result
client_open(struct client *c, const char *socket, const char *actor, struct fault *fault)
{
	struct arena arena = { 0 };

	*c = (struct client){ .curl = curl_easy_init(), .socket = socket };
	if (c->curl == NULL) {
		return fault_set(fault, RESULT_IO, "libcurl cannot start");
	}
	c->headers = curl_slist_append(NULL, "Expect:");
	c->headers = curl_slist_append(c->headers, "Content-Type: application/octet-stream");
	c->headers = curl_slist_append(c->headers, arena_format(&arena, "X-Vouch-Actor: %s", actor));
	arena_clear(&arena);
	(void)curl_easy_setopt(c->curl, CURLOPT_UNIX_SOCKET_PATH, socket);
	(void)curl_easy_setopt(c->curl, CURLOPT_PROXY, "");
	(void)curl_easy_setopt(c->curl, CURLOPT_NOSIGNAL, 1L);
	(void)curl_easy_setopt(c->curl, CURLOPT_HTTPHEADER, c->headers);
	(void)curl_easy_setopt(c->curl, CURLOPT_WRITEFUNCTION, take);
	return RESULT_OK;
}

void
client_close(struct client *c)
{
	curl_slist_free_all(c->headers);
	if (c->curl != NULL) {
		curl_easy_cleanup(c->curl);
	}
	*c = (struct client){ .curl = NULL };
}

const char *
client_path(struct client *c, struct arena *arena, const char *before, const char *value, const char *behind)
{
	char *escaped = curl_easy_escape(c->curl, value, (int)strlen(value));
	const char *path;

	check(escaped != NULL);
	path = arena_format(arena, "%s%s%s", before, escaped, behind);
	curl_free(escaped);
	return path;
}

/* The daemon's own words and result; something else in front of it may answer without them. */
static enum result
read_refusal(long status, struct text body, struct fault *fault)
{
	json_t *root = json_loadb(body.p == NULL ? "" : body.p, body.n, 0, NULL);
	const char *words = json_string_value(json_object_get(root, "error"));
	const char *name = json_string_value(json_object_get(root, "result"));
	json_int_t line = json_integer_value(json_object_get(root, "line"));
	enum result r = name == NULL ? RESULT_IO : result_from_name(name);

	if (words == NULL) {
		r = fault_set(fault, RESULT_IO, "the daemon answered with status %ld", status);
	} else if (line > 0) {
		r = fault_set(fault, r, "line %" JSON_INTEGER_FORMAT ": %s", line, words);
	} else {
		r = fault_set(fault, r, "%s", words);
	}
	json_decref(root);
	return r == RESULT_OK ? RESULT_IO : r;
}

static enum result
ask_once(struct client *c, struct buffer *out, struct fault *fault)
{
	char words[CURL_ERROR_SIZE] = "";
	CURLcode code;
	long status = 0;

	buffer_clear(out);
	(void)curl_easy_setopt(c->curl, CURLOPT_WRITEDATA, out);
	(void)curl_easy_setopt(c->curl, CURLOPT_ERRORBUFFER, words);
	code = curl_easy_perform(c->curl);
	(void)curl_easy_setopt(c->curl, CURLOPT_ERRORBUFFER, NULL);
	if (code == CURLE_COULDNT_CONNECT) {
		return fault_set(fault, RESULT_IO, "no daemon listens on %s; start it: vouchd -c vouch.yaml",
				 c->socket);
	}
	if (code != CURLE_OK) {
		return fault_set(fault, RESULT_IO, "%s: %s", c->socket,
				 words[0] == '\0' ? curl_easy_strerror(code) : words);
	}
	if (out->full) {
		return fault_set(fault, RESULT_TOO_LARGE, "the daemon's answer is larger than %d bytes",
				 HTTP_REPLY_BYTES_MAX);
	}
	(void)curl_easy_getinfo(c->curl, CURLINFO_RESPONSE_CODE, &status);
	return status < 400 ? RESULT_OK : read_refusal(status, buffer_text(out), fault);
}

enum result
client_ask(struct client *c, const char *path, const struct text *body, struct buffer *out,
	   struct fault *fault)
{
	struct arena arena = { 0 };
	struct fault busy = { .text = "" };
	enum result r = RESULT_BUSY;

	(void)curl_easy_setopt(c->curl, CURLOPT_URL, arena_format(&arena, "http://vouchd%s", path));
	if (body != NULL) {
		(void)curl_easy_setopt(c->curl, CURLOPT_POST, 1L);
		(void)curl_easy_setopt(c->curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)body->n);
		(void)curl_easy_setopt(c->curl, CURLOPT_POSTFIELDS, body->n == 0 ? "" : body->p);
	} else {
		(void)curl_easy_setopt(c->curl, CURLOPT_HTTPGET, 1L);
	}
	for (int i = 0; i < TRIES_MAX && r == RESULT_BUSY; i++) {
		long wait_ms = i == 0 ? 0 : FIRST_WAIT_MS << (i - 1);

		(void)nanosleep(&(struct timespec){ wait_ms / 1000, wait_ms % 1000 * 1000000 }, NULL);
		busy.text[0] = '\0';
		r = ask_once(c, out, &busy);
	}
	arena_clear(&arena);
	return r == RESULT_OK ? r : fault_set(fault, r, "%s", busy.text);
}

enum result
client_ask_json(struct client *c, const char *path, const struct text *body, json_t **json,
		struct fault *fault)
{
	struct buffer out;
	enum result r;

	*json = NULL;
	buffer_init(&out, HTTP_REPLY_BYTES_MAX);
	r = client_ask(c, path, body, &out, fault);
	*json = out.n == 0 ? NULL : json_loadb((const char *)out.p, out.n, JSON_ALLOW_NUL, NULL);
	if (!json_is_object(*json)) {
		json_decref(*json);
		*json = NULL;
		r = r == RESULT_OK ? fault_set(fault, RESULT_IO, "the daemon's answer is not JSON") : r;
	}
	buffer_free(&out);
	return r;
}
