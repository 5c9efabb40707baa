/* From the command line to the verb, and from its result to the exit code. */
#include "vouch/vouch.h"

#include "vouchd/config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

typedef enum result verb_function(struct vouch *v);

static verb_function *const functions[VERB_COUNT] = {
#define VERB(id, function, name, arguments, most, help) [VERB_##id] = function,
#include "vouch/verbs.def"
#undef VERB
};

bool
vouch_has(const struct vouch *v, enum flag flag)
{
	return v->args.flags[flag] != NULL;
}

const char *
vouch_config_path(const struct vouch *v)
{
	if (vouch_has(v, FLAG_config)) {
		return v->args.flags[FLAG_config];
	}
	return access("vouch.yaml", F_OK) == 0 ? "vouch.yaml" : NULL;
}

static enum result
find_socket(struct vouch *v, const char **path)
{
	const char *environment = getenv("VOUCH_SOCKET");
	struct config config;
	enum result r;

	*path = v->args.flags[FLAG_socket];
	if (*path == NULL && !vouch_has(v, FLAG_config) && environment != NULL && environment[0] != '\0') {
		*path = environment;
	}
	if (*path != NULL) {
		return RESULT_OK;
	}
	r = config_load(vouch_config_path(v), &v->arena, &config, &v->fault);
	*path = r == RESULT_OK ? config.control : NULL;
	return r;
}

enum result
vouch_connect(struct vouch *v)
{
	const char *actor = v->args.flags[FLAG_actor], *socket;
	enum result r;

	if (v->client.curl != NULL) {
		return RESULT_OK;
	}
	if (actor == NULL) {
		actor = getenv("USER");
	}
	if (actor == NULL || actor[0] == '\0') {
		actor = "operator";
	}
	if (!text_is_name(text_of(actor))) {
		return fault_set(&v->fault, RESULT_BAD_USAGE,
				 "actor \"%s\": letters, digits, '-', '_' and '.' are wanted; see --actor",
				 actor);
	}
	r = find_socket(v, &socket);
	return r == RESULT_OK ? client_open(&v->client, socket, actor, &v->fault) : r;
}

enum result
vouch_act(struct vouch *v, const struct vouch_action *actions, size_t count)
{
	const char *name = v->args.operand_count == 0 ? actions[0].name : v->args.operands[0];
	size_t operands = v->args.operand_count == 0 ? 1 : v->args.operand_count;

	for (size_t i = 0; i < count; i++) {
		if (strcmp(name, actions[i].name) == 0 && operands == actions[i].operands) {
			enum result r = vouch_connect(v);

			return r == RESULT_OK ? actions[i].run(v, operands == 1 ? NULL : v->args.operands[1])
					      : r;
		}
	}
	return fault_set(&v->fault, RESULT_BAD_USAGE, "usage: vouch %s %s", args_verb_name(v->args.verb),
			 args_verb_arguments(v->args.verb));
}

enum result
vouch_reason(struct vouch *v, size_t from, const char **reason)
{
	const char *words = v->args.flags[FLAG_reason];

	if (words != NULL && v->args.operand_count > from) {
		return fault_set(&v->fault, RESULT_BAD_USAGE, "the reason stands there twice");
	}
	for (size_t i = from; i < v->args.operand_count; i++) {
		words = words == NULL ? v->args.operands[i]
				      : arena_format(&v->arena, "%s %s", words, v->args.operands[i]);
	}
	if (words == NULL || text_trim(text_of(words)).n == 0) {
		const char *asked = args_verb_name(v->args.verb);

		for (size_t i = 0; i < from && i < v->args.operand_count; i++) {
			asked = arena_format(&v->arena, "%s %s", asked, v->args.operands[i]);
		}
		return fault_set(&v->fault, RESULT_BAD_USAGE, "a reason is wanted: vouch %s REASON", asked);
	}
	if (strlen(words) > WORDS_BYTES_MAX) {
		return fault_set(&v->fault, RESULT_BAD_USAGE, "the reason is longer than %d bytes",
				 WORDS_BYTES_MAX);
	}
	*reason = words;
	return RESULT_OK;
}

void
vouch_print_json(const json_t *root)
{
	(void)json_dumpf(root, stdout, JSON_INDENT(2));
	(void)fputc('\n', stdout);
}

int
vouch_main(int argc, char *const *argv)
{
	struct vouch v = { .colour = isatty(STDOUT_FILENO) && getenv("NO_COLOR") == NULL };
	enum result r = args_parse(argc, argv, &v.arena, &v.args, &v.fault);

	if (r == RESULT_OK) {
		if (vouch_has(&v, FLAG_help)) {
			vouch_help(v.args.verb);
		} else {
			r = functions[v.args.verb](&v);
		}
	}
	if (fflush(stdout) != 0 && r == RESULT_OK) {
		r = fault_set(&v.fault, RESULT_IO, "the output could not be written");
	}
	if (v.fault.text[0] != '\0') {
		(void)fprintf(stderr, "vouch: %s\n", v.fault.text);
	}
	client_close(&v.client);
	arena_clear(&v.arena);
	return result_exit(r);
}
