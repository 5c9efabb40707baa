/* Verbs by which a person decides: confirm, clear, suspend, accept, apply, refuse, threat. One request, one answer. */
#include "model/state.h"
#include "vouch/table.h"
#include "vouch/vouch.h"

#include <stdlib.h>
#include <string.h>

static const struct table_column move_columns[] = {
	{ "source", "SOURCE" },
	{ "from", "FROM" },
	{ "to", "TO" },
};

static void
print_moves(const struct vouch *v, const json_t *root)
{
	const json_t *moves = json_object_get(root, "moves"), *cases = json_object_get(root, "cases");
	const char *before = json_array_size(cases) == 1 ? "case " : "cases ";

	if (vouch_has(v, FLAG_json)) {
		vouch_print_json(root);
		return;
	}
	if (json_array_size(moves) == 0) {
		(void)puts(v->args.verb == VERB_threat ? "noted; no source moves by it" : "no source moved");
	}
	table_print(stdout, moves, move_columns, countof(move_columns), v->colour);
	for (size_t i = 0; i < json_array_size(cases); i++) {
		(void)printf("%s%" JSON_INTEGER_FORMAT, before, json_integer_value(json_array_get(cases, i)));
		before = ", ";
	}
	(void)fputs(json_array_size(cases) == 0 ? "" : "\n", stdout);
}

/* Who may make which move is the daemon's table; a role it does not know would count as the operator's. */
static enum result
check_role(struct vouch *v)
{
	static const enum actor roles[] = { ACTOR_OPERATOR, ACTOR_ANALYST, ACTOR_MEMBER };
	const char *role = v->args.flags[FLAG_role];

	for (size_t i = 0; i < countof(roles) && role != NULL; i++) {
		if (strcmp(role, actor_name(roles[i])) == 0) {
			return RESULT_OK;
		}
	}
	return role == NULL ? RESULT_OK
			    : fault_set(&v->fault, RESULT_BAD_USAGE,
					"--role wants operator, analyst or member, not \"%s\"", role);
}

/* `threat`: what it is, for that verb. The reason stands behind the other operands. */
static enum result
command(struct vouch *v, size_t reason_at, const char *threat)
{
	const char *reason;
	json_t *body, *root = NULL;
	char *bytes = NULL;
	enum result r = vouch_reason(v, reason_at, &reason);

	if (r == RESULT_OK) {
		r = check_role(v);
	}
	if (r != RESULT_OK) {
		return r;
	}
	body = json_pack("{s:s,s:s,s:s,s:s*}", "verb", args_verb_name(v->args.verb), "subject",
			 v->args.operands[0], "reason", reason, "threat", threat);
	if (vouch_has(v, FLAG_role)) {
		(void)json_object_set_new(body, "role", json_string(v->args.flags[FLAG_role]));
	}
	bytes = body == NULL ? NULL : json_dumps(body, JSON_COMPACT);
	json_decref(body);
	if (bytes == NULL) {
		return fault_set(&v->fault, RESULT_BAD_USAGE, "the subject and the reason must be UTF-8");
	}
	r = vouch_connect(v);
	if (r == RESULT_OK) {
		struct text posted = text_of(bytes);

		r = client_ask_json(&v->client, "/v1/commands", &posted, &root, &v->fault);
	}
	if (r == RESULT_OK) {
		print_moves(v, root);
	}
	json_decref(root);
	free(bytes);
	return r;
}

#define COMMAND(name)                            \
	enum result verb_##name(struct vouch *v) \
	{                                        \
		return command(v, 1, NULL);      \
	}
COMMAND(confirm)
COMMAND(clear)
COMMAND(suspend)
COMMAND(accept)
COMMAND(apply)
COMMAND(refuse)

enum result
verb_threat(struct vouch *v)
{
	if (v->args.operand_count < 2) {
		return fault_set(&v->fault, RESULT_BAD_USAGE,
				 "which threat? vouch threat SUBJECT exposure|posture REASON");
	}
	return command(v, 2, v->args.operands[1]);
}
