/*
 * vouch/vouch.h - the command line: one call per verb (verbs.def), nearly all of them requests to the running daemon.
 */
#ifndef VOUCH_VOUCH_H
#define VOUCH_VOUCH_H

#include "vouch/args.h"
#include "vouch/client.h"

/* What a verb is given. It fills `fault` when it does not end in RESULT_OK, or says all there is to say itself. */
struct vouch {
	struct args args;
	struct arena arena; /* until the end of the process */
	struct client client;
	struct fault fault;
	bool colour; /* stdout is a terminal and NO_COLOR is not set */
};

#define VERB(id, function, name, arguments, most, help) enum result function(struct vouch *v) MUST_USE;
#include "vouch/verbs.def"
#undef VERB

/* Opens v->client if it is not open yet: --socket, -c, $VOUCH_SOCKET, ./vouch.yaml, vouch-data/control.sock. */
enum result vouch_connect(struct vouch *v) MUST_USE;

/* The configuration of -c, else ./vouch.yaml, else the defaults: path, or NULL. */
const char *vouch_config_path(const struct vouch *v);

/* What a verb can do, named by its first operand. */
struct vouch_action {
	const char *name;
	size_t operands; /* 1, or 2: the second goes to `run`, else NULL */
	enum result (*run)(struct vouch *v, const char *operand);
};
/* Connects, and runs the action that the operands name; without operands the first. RESULT_BAD_USAGE: there is none. */
enum result vouch_act(struct vouch *v, const struct vouch_action *actions, size_t count) MUST_USE;

/* The words of operands[from..] or --reason; RESULT_BAD_USAGE without any. */
enum result vouch_reason(struct vouch *v, size_t from, const char **reason) MUST_USE;

void vouch_print_json(const json_t *root); /* indented, on stdout */
void vouch_help(enum verb verb);           /* usage and options of one verb, on stdout */
bool vouch_has(const struct vouch *v, enum flag flag);

/* The whole program; returns its exit code. */
int vouch_main(int argc, char *const *argv);

#endif
