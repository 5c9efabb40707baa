/* Verbs about who is in the programme: import, add, change, remove, programme. What would change is shown before it is applied. */
#include "base/limits.h"
#include "registry/registry.h"
#include "vouch/file.h"
#include "vouch/table.h"
#include "vouch/vouch.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>
#include <yaml.h>

/* What is asked of the daemon, first to be shown, then to be applied. */
struct proposal {
	const char *path; /* "/v1/programme?name=x&apply=" */
	struct text body;
	bool asks; /* before it applies */
};

static enum result
post(struct vouch *v, const struct proposal *p, bool apply, json_t **answer)
{
	const char *path = arena_format(&v->arena, "%s%d", p->path, apply ? 1 : 0);

	return client_ask_json(&v->client, path, &p->body, answer, &v->fault);
}

static void
print_changes(const struct vouch *v, const json_t *changes)
{
	for (size_t i = 0; i < json_array_size(changes); i++) {
		const json_t *line = json_array_get(changes, i);
		const char *words = json_string_value(line);
		const char *colour = words == NULL || !v->colour ? ""
				     : words[0] == '+'           ? "\033[32m"
				     : words[0] == '-'           ? "\033[31m"
								 : "\033[33m";

		(void)fputs(colour, stdout);
		table_line(stdout, (struct text){ words, json_string_length(line) });
		(void)fputs(colour[0] == '\0' ? "" : "\033[0m", stdout);
	}
}

/* --yes, or a person at the terminal who says so. */
static bool
may_apply(const struct vouch *v, const struct proposal *p)
{
	char answer[16];

	if (!p->asks || vouch_has(v, FLAG_yes)) {
		return true;
	}
	if (vouch_has(v, FLAG_json) || !isatty(STDIN_FILENO) || !isatty(STDOUT_FILENO) ||
	    strcmp(v->args.operands[0], "-") == 0) {
		return false;
	}
	(void)printf("apply? y/N ");
	(void)fflush(stdout);
	return fgets(answer, sizeof answer, stdin) != NULL &&
	       (strcasecmp(answer, "y\n") == 0 || strcasecmp(answer, "yes\n") == 0);
}

static enum result
apply(struct vouch *v, const struct proposal *p, const json_t *shown)
{
	json_t *answer = NULL;
	size_t count = json_array_size(json_object_get(shown, "changes"));
	enum result r = RESULT_OK;

	if (count == 0 || vouch_has(v, FLAG_dry_run)) {
		answer = json_incref((json_t *)shown);
	} else if (!may_apply(v, p)) {
		return fault_set(&v->fault, RESULT_NOT_ALLOWED,
				 "nothing was applied; --yes applies the changes");
	} else {
		r = post(v, p, true, &answer);
	}
	if (r == RESULT_OK && vouch_has(v, FLAG_json)) {
		vouch_print_json(answer);
	} else if (r == RESULT_OK && count == 0) {
		(void)puts("nothing to change");
	} else if (r == RESULT_OK && !vouch_has(v, FLAG_dry_run)) {
		count = json_array_size(json_object_get(answer, "changes"));
		(void)printf("applied %zu change%s\n", count, count == 1 ? "" : "s");
	}
	json_decref(answer);
	return r;
}

static enum result
propose(struct vouch *v, const struct proposal *p)
{
	json_t *shown = NULL;
	enum result r = post(v, p, false, &shown);

	if (r == RESULT_OK) {
		if (!vouch_has(v, FLAG_json)) {
			print_changes(v, json_object_get(shown, "changes"));
		}
		r = apply(v, p, shown);
	}
	json_decref(shown);
	return r;
}

enum result
verb_import(struct vouch *v)
{
	struct proposal p = { .asks = true };
	struct buffer yaml;
	enum result r;

	buffer_init(&yaml, REPORT_BYTES_MAX);
	r = file_read(v->args.operands[0], &yaml, &v->fault);
	if (r == RESULT_OK) {
		r = vouch_connect(v);
	}
	if (r == RESULT_OK) {
		p.path =
		    client_path(&v->client, &v->arena, "/v1/programme?name=", v->args.operands[0], "&apply=");
		p.body = buffer_text(&yaml);
		r = propose(v, &p);
	}
	buffer_free(&yaml);
	return r;
}

/* ---- one change */

/* The operands from `first` on, KEY=VALUE each. */
static enum result
read_settings(struct vouch *v, size_t first, json_t *set)
{
	for (size_t i = first; i < v->args.operand_count; i++) {
		struct text value = text_of(v->args.operands[i]), key;

		if (!text_cut(&value, '=', &key) || key.n == 0) {
			return fault_set(&v->fault, RESULT_BAD_USAGE, "KEY=VALUE is wanted, not \"%s\"",
					 v->args.operands[i]);
		}
		if (json_object_getn(set, key.p, key.n) != NULL) {
			return fault_set(&v->fault, RESULT_BAD_USAGE, "%.*s stands there twice",
					 TEXT_ARG(key));
		}
		if (json_object_setn_new(set, key.p, key.n, json_stringn(value.p, value.n)) != 0) {
			return fault_set(&v->fault, RESULT_BAD_USAGE, "\"%s\" must be UTF-8",
					 v->args.operands[i]);
		}
	}
	return RESULT_OK;
}

/* Proposes one change. Takes `set`; `r`: how reading it ended. */
static enum result
propose_set(struct vouch *v, struct proposal *p, const char *op, const char *thing, const char *id,
	    json_t *set, enum result r)
{
	json_t *body = json_pack("{s:s,s:s,s:s,s:o}", "op", op, "thing", thing, "id", id, "set", set);
	char *bytes = NULL;

	if (r == RESULT_OK) {
		bytes = body == NULL ? NULL : json_dumps(body, JSON_COMPACT);
		r = bytes == NULL ? fault_set(&v->fault, RESULT_BAD_USAGE, "the id must be UTF-8")
				  : vouch_connect(v);
	}
	json_decref(body);
	if (r == RESULT_OK) {
		p->body = text_of(bytes);
		r = propose(v, p);
	}
	free(bytes);
	return r;
}

static enum result
edit(struct vouch *v, const char *op, bool asks)
{
	struct proposal p = { .path = "/v1/registry?apply=", .asks = asks };
	json_t *set;
	enum result r;

	if (v->args.operand_count < 2) {
		return fault_set(&v->fault, RESULT_BAD_USAGE, "usage: vouch %s %s", op,
				 args_verb_arguments(v->args.verb));
	}
	set = json_object();
	r = read_settings(v, 2, set);
	return propose_set(v, &p, op, v->args.operands[0], v->args.operands[1], set, r);
}

enum result
verb_add(struct vouch *v)
{
	return edit(v, "add", false);
}

enum result
verb_change(struct vouch *v)
{
	return edit(v, "change", false);
}

enum result
verb_remove(struct vouch *v)
{
	return edit(v, "remove", true);
}

/* ---- declare */

/* A day alone is its midnight. */
static const char *
time_of(struct vouch *v, const char *value)
{
	return strlen(value) == 10 ? arena_format(&v->arena, "%sT00:00:00Z", value) : value;
}

/* The daemon says only which form it wants. */
static enum result
check_times(struct vouch *v, const json_t *set)
{
	static const char *const names[] = { "start", "end" };
	struct instant t[2];

	for (size_t i = 0; i < countof(names); i++) {
		const char *value = json_string_value(json_object_get(set, names[i]));

		if (instant_parse(text_of(time_of(v, value)), &t[i]) != RESULT_OK) {
			return fault_set(&v->fault, RESULT_BAD_USAGE,
					 "%s=%s: a day or a time like 2026-01-05T08:00:00Z is wanted",
					 names[i], value);
		}
	}
	if (t[1].ms <= t[0].ms) {
		return fault_set(&v->fault, RESULT_BAD_USAGE, "the campaign ends before it begins");
	}
	if (t[1].ms - t[0].ms > REGISTRY_CAMPAIGN_MAX.ms) {
		return fault_set(&v->fault, RESULT_BAD_USAGE, "a campaign lasts at most %d days",
				 (int)(REGISTRY_CAMPAIGN_MAX.ms / SPAN_DAY.ms));
	}
	return RESULT_OK;
}

/* "campaign=spring start=2026-03-01 end=2026-03-03 volume=250000 links=a.example,b.example" as one word for the daemon. */
static enum result
pack_campaign(struct vouch *v, json_t *set)
{
	const char *part[] = { "campaign", "start", "end", "volume", "links" };
	struct buffer word;

	buffer_init(&word, WORDS_BYTES_MAX);
	for (size_t i = 0; i < countof(part); i++) {
		const char *value = json_string_value(json_object_get(set, part[i]));

		if (value == NULL) {
			buffer_free(&word);
			return fault_set(
			    &v->fault, RESULT_BAD_USAGE,
			    "a campaign has a start, an end, a volume and links: %s=... is wanted", part[i]);
		}
		buffer_format(&word, "%s%s", i > 0 ? "/" : "", i == 1 || i == 2 ? time_of(v, value) : value);
	}
	if (check_times(v, set) != RESULT_OK) {
		buffer_free(&word);
		return RESULT_BAD_USAGE;
	}
	for (size_t i = 0; i < word.n; i++) {
		word.p[i] = word.p[i] == ',' ? '+' : word.p[i];
	}
	for (size_t i = 0; i < countof(part); i++) {
		(void)json_object_del(set, part[i]);
	}
	(void)json_object_setn_new(set, "campaigns", 9, json_stringn((const char *)word.p, word.n));
	buffer_free(&word);
	return RESULT_OK;
}

/* "from" is "declared.from": only what is declared can be named here. */
static json_t *
as_declared(struct vouch *v, json_t *set)
{
	json_t *out = json_object(), *value;
	const char *key;

	json_object_foreach(set, key, value)
	{
		const char *whole =
		    strncmp(key, "declared.", 9) == 0 ? key : arena_format(&v->arena, "declared.%s", key);

		(void)json_object_set(out, whole, value);
	}
	json_decref(set);
	return out;
}

enum result
verb_declare(struct vouch *v)
{
	struct proposal p = { .path = "/v1/registry?apply=" };
	json_t *set;
	enum result r;

	if (v->args.operand_count < 2) {
		return fault_set(&v->fault, RESULT_BAD_USAGE, "usage: vouch declare %s",
				 args_verb_arguments(v->args.verb));
	}
	set = json_object();
	r = read_settings(v, 1, set);
	if (r == RESULT_OK && json_object_get(set, "campaign") != NULL) {
		r = pack_campaign(v, set);
	}
	return propose_set(v, &p, "declare", "system", v->args.operands[0], as_declared(v, set), r);
}

/* ---- the programme as it is */

/* The file's mappings as objects, its lists as arrays, all else as text: the daemon wrote it, so it is not deep. */
static json_t *
json_of(yaml_document_t *document, const yaml_node_t *n)
{
	json_t *out = n->type == YAML_MAPPING_NODE ? json_object() : json_array();

	if (n->type == YAML_SCALAR_NODE) {
		json_decref(out);
		return json_stringn((const char *)n->data.scalar.value, n->data.scalar.length);
	}
	if (n->type == YAML_MAPPING_NODE) {
		for (yaml_node_pair_t *p = n->data.mapping.pairs.start; p < n->data.mapping.pairs.top; p++) {
			const yaml_node_t *key = yaml_document_get_node(document, p->key);

			(void)json_object_set_new(
			    out, (const char *)key->data.scalar.value,
			    json_of(document, yaml_document_get_node(document, p->value)));
		}
		return out;
	}
	for (yaml_node_item_t *i = n->data.sequence.items.start; i < n->data.sequence.items.top; i++) {
		(void)json_array_append_new(out, json_of(document, yaml_document_get_node(document, *i)));
	}
	return out;
}

static enum result
print_programme_json(struct vouch *v, struct text yaml)
{
	yaml_document_t document;
	yaml_parser_t parser;
	enum result r = RESULT_OK;

	check(yaml_parser_initialize(&parser));
	yaml_parser_set_input_string(&parser, (const unsigned char *)yaml.p, yaml.n);
	if (!yaml_parser_load(&parser, &document)) {
		r = fault_set(&v->fault, RESULT_IO, "the daemon's answer is no programme");
	} else {
		yaml_node_t *root = yaml_document_get_root_node(&document);

		if (root != NULL) {
			json_t *json = json_of(&document, root);

			vouch_print_json(json);
			json_decref(json);
		}
		yaml_document_delete(&document);
	}
	yaml_parser_delete(&parser);
	return r;
}

enum result
verb_programme(struct vouch *v)
{
	struct buffer yaml;
	enum result r = vouch_connect(v);

	buffer_init(&yaml, HTTP_REPLY_BYTES_MAX);
	if (r == RESULT_OK) {
		r = client_ask(&v->client, "/v1/programme", NULL, &yaml, &v->fault);
	}
	if (r == RESULT_OK && vouch_has(v, FLAG_json)) {
		r = print_programme_json(v, buffer_text(&yaml));
	} else if (r == RESULT_OK && fwrite(yaml.p, 1, yaml.n, stdout) != yaml.n) {
		r = fault_set(&v->fault, RESULT_IO, "the output could not be written");
	}
	buffer_free(&yaml);
	return r;
}
