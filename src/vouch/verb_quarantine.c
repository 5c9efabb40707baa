/* quarantine: what could not be read. */
#include "base/limits.h"
#include "vouch/table.h"
#include "vouch/vouch.h"

#include <limits.h>
#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>

static const struct table_column columns[] = {
	{ "id", "ID" },     { "time", "TIME" },     { "door", "DOOR" },   { "name", "NAME" },
	{ "line", "LINE" }, { "status", "STATUS" }, { "bytes", "BYTES" }, { "error", "ERROR" },
};

static enum result
list(struct vouch *v, const char *unused)
{
	json_t *root;
	enum result r = client_ask_json(&v->client, "/v1/quarantine", NULL, &root, &v->fault);

	(void)unused;
	if (r == RESULT_OK && vouch_has(v, FLAG_json)) {
		vouch_print_json(root);
	} else if (r == RESULT_OK && json_array_size(json_object_get(root, "quarantine")) == 0) {
		(void)puts("the quarantine is empty");
	} else if (r == RESULT_OK) {
		table_print(stdout, json_object_get(root, "quarantine"), columns, countof(columns),
			    v->colour);
	}
	json_decref(root);
	return r;
}

/* For programs: as text where it is UTF-8, and always as base64. */
static void
print_document(const char *id, struct text bytes)
{
	char *base64 = malloc(bytes.n / 3 * 4 + 5);
	json_t *text = json_stringn(bytes.n == 0 ? "" : bytes.p, bytes.n), *root;

	check(base64 != NULL && bytes.n <= INT_MAX);
	base64[EVP_EncodeBlock((unsigned char *)base64, (const unsigned char *)bytes.p, (int)bytes.n)] = '\0';
	root = json_pack("{s:I,s:I,s:o,s:s}", "id", (json_int_t)strtoull(id, NULL, 10), "bytes",
			 (json_int_t)bytes.n, "text", text == NULL ? json_null() : text, "base64", base64);
	check(root != NULL);
	vouch_print_json(root);
	json_decref(root);
	free(base64);
}

/* The bytes as they came: into a file, or through less, never meant for a terminal. */
static enum result
show(struct vouch *v, const char *id)
{
	const char *path = client_path(&v->client, &v->arena, "/v1/quarantine/", id, "");
	struct buffer out;
	enum result r;

	buffer_init(&out, HTTP_REPLY_BYTES_MAX);
	r = client_ask(&v->client, path, NULL, &out, &v->fault);
	if (r == RESULT_OK && vouch_has(v, FLAG_json)) {
		print_document(id, buffer_text(&out));
	} else if (r == RESULT_OK && out.n > 0 && fwrite(out.p, 1, out.n, stdout) != out.n) {
		r = fault_set(&v->fault, RESULT_IO, "the output could not be written");
	}
	buffer_free(&out);
	return r;
}

/* Each that waits; what still cannot be read stays there and is no failure of the command. */
static enum result
retry_all(struct vouch *v)
{
	json_t *root = NULL, *entry, *total;
	enum result r = client_ask_json(&v->client, "/v1/quarantine", NULL, &root, &v->fault);
	int read = 0, waiting = 0, accepted = 0;
	size_t i;

	json_array_foreach(json_object_get(root, "quarantine"), i, entry)
	{
		const struct text nothing = { "", 0 };
		const char *status = json_string_value(json_object_get(entry, "status"));
		const char *path = arena_format(&v->arena, "/v1/quarantine/%" JSON_INTEGER_FORMAT "/retry",
						json_integer_value(json_object_get(entry, "id")));
		json_t *answer = NULL;

		if (status == NULL || strcmp(status, "waiting") != 0) {
			continue;
		}
		r = client_ask_json(&v->client, path, &nothing, &answer, &v->fault);
		read += r == RESULT_OK;
		waiting += r == RESULT_BAD_INPUT;
		accepted += (int)json_integer_value(json_object_get(answer, "accepted"));
		json_decref(answer);
		if (r != RESULT_OK && r != RESULT_BAD_INPUT) {
			break;
		}
		r = RESULT_OK;
	}
	total = json_pack("{s:i, s:i, s:i}", "read", read, "waiting", waiting, "accepted", accepted);
	if (r == RESULT_OK && vouch_has(v, FLAG_json)) {
		vouch_print_json(total);
	} else if (r == RESULT_OK) {
		(void)printf("%d read, %d accepted, %d still wait\n", read, accepted, waiting);
	}
	json_decref(total);
	json_decref(root);
	return r;
}

static enum result
retry(struct vouch *v, const char *id)
{
	const char *path = client_path(&v->client, &v->arena, "/v1/quarantine/", id, "/retry");
	const struct text nothing = { "", 0 };
	json_t *root;
	enum result r;

	if (strcmp(id, "all") == 0) {
		return retry_all(v);
	}
	r = client_ask_json(&v->client, path, &nothing, &root, &v->fault);
	if (r == RESULT_OK && vouch_has(v, FLAG_json)) {
		vouch_print_json(root);
	} else if (r == RESULT_OK) {
		(void)printf("%" JSON_INTEGER_FORMAT " accepted, %" JSON_INTEGER_FORMAT " duplicate\n",
			     json_integer_value(json_object_get(root, "accepted")),
			     json_integer_value(json_object_get(root, "duplicate")));
	}
	json_decref(root);
	return r;
}

static const struct vouch_action actions[] = {
	{ "list", 1, list },
	{ "show", 2, show },
	{ "retry", 2, retry },
};

enum result
verb_quarantine(struct vouch *v)
{
	return vouch_act(v, actions, countof(actions));
}
