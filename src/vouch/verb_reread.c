/* reread: kept documents once more, by the readers of this version. */
#include "vouch/vouch.h"

#include <stdlib.h>

/* "3 complaint, 1 trap_typo" */
static void
print_counts(const char *before, json_t *counts)
{
	const char *name, *between = before;
	json_t *count;

	json_object_foreach(counts, name, count)
	{
		(void)printf("%s%" JSON_INTEGER_FORMAT " %s", between, json_integer_value(count), name);
		between = ", ";
	}
}

static void
print_part(const json_t *part, bool is_dry)
{
	json_t *entry;
	size_t i;

	json_array_foreach(json_object_get(part, "corrected"), i, entry)
	{
		(void)printf(
		    "record %" JSON_INTEGER_FORMAT " %s:", json_integer_value(json_object_get(entry, "of")),
		    is_dry ? "would be corrected" : "is corrected");
		print_counts(" counted too ", json_object_get(entry, "added"));
		print_counts(json_object_size(json_object_get(entry, "added")) > 0 ? "; told no longer "
										   : " told no longer ",
			     json_object_get(entry, "taken"));
		(void)putchar('\n');
	}
}

static void
sum_up(json_t *total, const json_t *part)
{
	json_t *looked = json_object_get(total, "looked");

	check(json_integer_set(looked, json_integer_value(looked) +
					   json_integer_value(json_object_get(part, "looked"))) == 0);
	(void)json_array_extend(json_object_get(total, "corrected"), json_object_get(part, "corrected"));
	(void)json_array_extend(json_object_get(total, "skipped"), json_object_get(part, "skipped"));
}

/* One part of the journal; *from is where the next one begins, 0: there is none. */
static enum result
read_part(struct vouch *v, struct text posted, json_t *total, long long *from)
{
	const char *path = arena_format(&v->arena, "/v1/reread?from=%lld%s", *from,
					vouch_has(v, FLAG_dry_run) ? "" : "&apply=1");
	json_t *part = NULL;
	enum result r = client_ask_json(&v->client, path, &posted, &part, &v->fault);

	if (r == RESULT_OK) {
		if (!vouch_has(v, FLAG_json)) {
			print_part(part, vouch_has(v, FLAG_dry_run));
		}
		sum_up(total, part);
		*from = json_integer_value(json_object_get(part, "next"));
	}
	json_decref(part);
	return r;
}

static void
print_total(const struct vouch *v, const json_t *total)
{
	if (vouch_has(v, FLAG_json)) {
		vouch_print_json(total);
		return;
	}
	(void)printf("%" JSON_INTEGER_FORMAT " reports looked at, %zu %s, %zu not compared\n",
		     json_integer_value(json_object_get(total, "looked")),
		     json_array_size(json_object_get(total, "corrected")),
		     vouch_has(v, FLAG_dry_run) ? "would be corrected" : "corrected",
		     json_array_size(json_object_get(total, "skipped")));
}

/* What is only looked at wants no reason. */
static enum result
body_of(struct vouch *v, char **bytes)
{
	const char *reason = NULL;
	enum result r = vouch_has(v, FLAG_dry_run) && v->args.operand_count == 0
			    ? RESULT_OK
			    : vouch_reason(v, 0, &reason);
	json_t *body = json_pack("{s:s*}", "reason", reason);

	*bytes = body == NULL ? NULL : json_dumps(body, JSON_COMPACT);
	json_decref(body);
	if (r == RESULT_OK && *bytes == NULL) {
		r = fault_set(&v->fault, RESULT_BAD_USAGE, "the reason must be UTF-8");
	}
	return r;
}

enum result
verb_reread(struct vouch *v)
{
	json_t *total = json_pack("{s:i, s:[], s:[]}", "looked", 0, "corrected", "skipped");
	uint64_t first = 1;
	char *bytes = NULL;
	enum result r = body_of(v, &bytes);
	long long from;

	check(total != NULL);
	if (r == RESULT_OK && vouch_has(v, FLAG_from) &&
	    !text_u64(text_of(v->args.flags[FLAG_from]), &first)) {
		r = fault_set(&v->fault, RESULT_BAD_USAGE, "--from: the number of a record is wanted");
	}
	from = (long long)first;
	if (r == RESULT_OK) {
		r = vouch_connect(v);
	}
	while (r == RESULT_OK && from > 0) {
		r = read_part(v, text_of(bytes), total, &from);
	}
	if (r == RESULT_OK) {
		print_total(v, total);
	}
	json_decref(total);
	free(bytes);
	return r;
}
