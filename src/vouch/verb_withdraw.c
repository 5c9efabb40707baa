/* withdraw: a report was an error, or forged; all that it told is taken back. */
#include "vouch/vouch.h"

#include <stdlib.h>

static void
print_taken(const json_t *root)
{
	const char *name, *between = " told no longer ";
	json_t *count;

	(void)printf("report %" JSON_INTEGER_FORMAT " is withdrawn:",
		     json_integer_value(json_object_get(root, "of")));
	json_object_foreach(json_object_get(root, "taken"), name, count)
	{
		(void)printf("%s%" JSON_INTEGER_FORMAT " %s", between, json_integer_value(count), name);
		between = ", ";
	}
	(void)putchar('\n');
}

static enum result
ask(struct vouch *v, uint64_t number, const char *reason, json_t **root)
{
	const char *path = arena_format(&v->arena, "/v1/reports/%llu/withdraw", (unsigned long long)number);
	json_t *body = json_pack("{s:s}", "reason", reason);
	char *bytes = body == NULL ? NULL : json_dumps(body, JSON_COMPACT);
	struct text posted;
	enum result r;

	json_decref(body);
	if (bytes == NULL) {
		return fault_set(&v->fault, RESULT_BAD_USAGE, "the reason must be UTF-8");
	}
	posted = text_of(bytes);
	r = client_ask_json(&v->client, path, &posted, root, &v->fault);
	free(bytes);
	return r;
}

enum result
verb_withdraw(struct vouch *v)
{
	const char *reason;
	json_t *root = NULL;
	uint64_t number;
	enum result r = vouch_reason(v, 1, &reason);

	if (r == RESULT_OK && !text_u64(text_of(v->args.operands[0]), &number)) {
		r = fault_set(&v->fault, RESULT_BAD_USAGE, "the number of a report is wanted, not \"%s\"",
			      v->args.operands[0]);
	}
	if (r == RESULT_OK) {
		r = vouch_connect(v);
	}
	if (r == RESULT_OK) {
		r = ask(v, number, reason, &root);
	}
	if (r == RESULT_OK && vouch_has(v, FLAG_json)) {
		vouch_print_json(root);
	} else if (r == RESULT_OK) {
		print_taken(root);
	}
	json_decref(root);
	return r;
}
