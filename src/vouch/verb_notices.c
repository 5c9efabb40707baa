/* notices: what is to be sent to people, and what became of it. */
#include "vouch/table.h"
#include "vouch/vouch.h"

#include <stdlib.h>
#include <string.h>

static const struct table_column columns[] = {
	{ "id", "ID" },       { "created", "QUEUED" }, { "channel", "BY" },
	{ "kind", "KIND" },   { "about", "ABOUT" },    { "status", "STATUS" },
	{ "tries", "TRIES" }, { "due", "DUE/ENDED" },  { "error", "PROBLEM" },
};

static enum result
list(struct vouch *v, const char *unused)
{
	const char *path = vouch_has(v, FLAG_all) ? "/v1/notices" : "/v1/notices?status=waiting";
	json_t *root;
	enum result r = client_ask_json(&v->client, path, NULL, &root, &v->fault);

	(void)unused;
	if (r == RESULT_OK && vouch_has(v, FLAG_json)) {
		vouch_print_json(root);
	} else if (r == RESULT_OK && json_array_size(json_object_get(root, "notices")) == 0) {
		(void)puts(vouch_has(v, FLAG_all) ? "nothing was to be sent" : "nothing waits to be sent");
	} else if (r == RESULT_OK) {
		table_print(stdout, json_object_get(root, "notices"), columns, countof(columns), v->colour);
	}
	json_decref(root);
	return r;
}

static void
print_lines(struct text content)
{
	struct text line;

	while (content.n > 0) {
		(void)text_cut(&content, '\n', &line);
		line.n -= line.n > 0 && line.p[line.n - 1] == '\r';
		table_line(stdout, line);
	}
}

static enum result
show(struct vouch *v, const char *id)
{
	static const char *const members[] = { "id",    "created", "channel", "kind",      "about",  "status",
					       "tries", "due",     "error",   "recipient", "subject" };
	const char *path = client_path(&v->client, &v->arena, "/v1/notices/", id, "");
	json_t *root;
	enum result r = client_ask_json(&v->client, path, NULL, &root, &v->fault);

	if (r == RESULT_OK && vouch_has(v, FLAG_json)) {
		vouch_print_json(root);
	} else if (r == RESULT_OK) {
		for (size_t i = 0; i < countof(members); i++) {
			const char *cell = table_cell(&v->arena, json_object_get(root, members[i]));

			table_line(stdout, text_of(arena_format(&v->arena, "%s: %s", members[i], cell)));
		}
		(void)puts("");
		print_lines(text_of(json_string_value(json_object_get(root, "content"))));
	}
	json_decref(root);
	return r;
}

/* What the daemon has queued, by its number. */
static enum result
queue(struct vouch *v, const char *path, struct text body)
{
	json_t *root;
	enum result r = client_ask_json(&v->client, path, &body, &root, &v->fault);

	if (r == RESULT_OK && vouch_has(v, FLAG_json)) {
		vouch_print_json(root);
	} else if (r == RESULT_OK) {
		(void)printf("queued: vouch notices show %" JSON_INTEGER_FORMAT "\n",
			     json_integer_value(json_object_get(root, "id")));
	}
	json_decref(root);
	return r;
}

static enum result
retry(struct vouch *v, const char *id)
{
	return queue(v, client_path(&v->client, &v->arena, "/v1/notices/", id, "/retry"),
		     (struct text){ "", 0 });
}

static enum result
test(struct vouch *v, const char *address)
{
	json_t *body = json_pack("{s:s}", "to", address);
	char *text = body == NULL ? NULL : json_dumps(body, JSON_COMPACT);
	enum result r;

	json_decref(body);
	if (text == NULL) {
		return fault_set(&v->fault, RESULT_BAD_USAGE, "a mail address is wanted");
	}
	r = queue(v, "/v1/notices", text_of(text));
	free(text);
	return r;
}

/* For the member's server, and nobody else. */
static enum result
secret(struct vouch *v, const char *member)
{
	const char *path = client_path(&v->client, &v->arena, "/v1/webhook?member=", member, "");
	json_t *root;
	enum result r = client_ask_json(&v->client, path, NULL, &root, &v->fault);

	if (r == RESULT_OK && vouch_has(v, FLAG_json)) {
		vouch_print_json(root);
	} else if (r == RESULT_OK) {
		(void)puts(json_string_value(json_object_get(root, "secret")));
	}
	json_decref(root);
	return r;
}

static const struct vouch_action actions[] = {
	{ "list", 1, list }, { "show", 2, show },     { "retry", 2, retry },
	{ "test", 2, test }, { "secret", 2, secret },
};

enum result
verb_notices(struct vouch *v)
{
	return vouch_act(v, actions, countof(actions));
}
