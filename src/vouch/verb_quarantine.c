/* quarantine: what could not be read. */
#include "base/limits.h"
#include "vouch/table.h"
#include "vouch/vouch.h"

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

/* The bytes as they came: into a file, or through less, never meant for a terminal. */
static enum result
show(struct vouch *v, const char *id)
{
	const char *path = client_path(&v->client, &v->arena, "/v1/quarantine/", id, "");
	struct buffer out;
	enum result r;

	buffer_init(&out, HTTP_REPLY_BYTES_MAX);
	r = client_ask(&v->client, path, NULL, &out, &v->fault);
	if (r == RESULT_OK && out.n > 0 && fwrite(out.p, 1, out.n, stdout) != out.n) {
		r = fault_set(&v->fault, RESULT_IO, "the output could not be written");
	}
	buffer_free(&out);
	return r;
}

static enum result
retry(struct vouch *v, const char *id)
{
	const char *path = client_path(&v->client, &v->arena, "/v1/quarantine/", id, "/retry");
	const struct text nothing = { "", 0 };
	json_t *root;
	enum result r = client_ask_json(&v->client, path, &nothing, &root, &v->fault);

	if (r == RESULT_OK && vouch_has(v, FLAG_json)) {
		vouch_print_json(root);
	} else if (r == RESULT_OK) {
		(void)printf("%" JSON_INTEGER_FORMAT " accepted, %" JSON_INTEGER_FORMAT
			     " duplicate, %" JSON_INTEGER_FORMAT " quarantined\n",
			     json_integer_value(json_object_get(root, "accepted")),
			     json_integer_value(json_object_get(root, "duplicate")),
			     json_integer_value(json_object_get(root, "quarantined")));
	}
	if (r == RESULT_OK && json_integer_value(json_object_get(root, "quarantined")) > 0) {
		r = RESULT_BAD_INPUT;
	}
	json_decref(root);
	return r;
}

static const struct {
	const char *name;
	size_t operands;
	enum result (*run)(struct vouch *v, const char *id);
} actions[] = {
	{ "list", 1, list },
	{ "show", 2, show },
	{ "retry", 2, retry },
};

enum result
verb_quarantine(struct vouch *v)
{
	for (size_t i = 0; i < countof(actions); i++) {
		if (strcmp(v->args.operands[0], actions[i].name) == 0 &&
		    v->args.operand_count == actions[i].operands) {
			enum result r = vouch_connect(v);

			return r == RESULT_OK ? actions[i].run(v, v->args.operands[actions[i].operands - 1])
					      : r;
		}
	}
	return fault_set(&v->fault, RESULT_BAD_USAGE, "usage: vouch quarantine %s",
			 args_verb_arguments(VERB_quarantine));
}
