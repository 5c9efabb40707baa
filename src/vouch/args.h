/*
 * vouch/args.h - the command line as verbs.def and flags.def allow it. Pure.
 *
 * Options may stand before and behind the verb, as "--name VALUE" or "--name=VALUE"; "--" ends them; "-" is an argument.
 */
#ifndef VOUCH_ARGS_H
#define VOUCH_ARGS_H

#include "base/text.h"

#define ARGS_MAX 65536U

enum verb {
#define VERB(id, function, name, arguments, most, help) VERB_##id,
#include "vouch/verbs.def"
#undef VERB
	VERB_COUNT
};

enum flag {
#define FLAG(id, name, letter, value, verbs, help) FLAG_##id,
#include "vouch/flags.def"
#undef FLAG
	FLAG_COUNT
};

struct args {
	enum verb verb;
	const char *flags[FLAG_COUNT]; /* NULL: not given; "" for a switch */
	const char **operands;
	size_t operand_count;
};

/*
 * Reads argv[1..argc-1]; texts point into argv, the array comes from the arena. Without a verb it is `help`.
 * Errors: RESULT_BAD_USAGE; the fault says what was not understood.
 */
enum result args_parse(int argc, char *const *argv, struct arena *arena, struct args *args,
		       struct fault *fault) MUST_USE;

const char *args_verb_name(enum verb verb);
bool args_verb_find(const char *name, enum verb *verb);
bool args_verb_has_flag(enum verb verb, enum flag flag);
const char *args_flag_name(enum flag flag);   /* without the dashes */
const char *args_flag_value(enum flag flag);  /* "FILE"; "" for a switch */
const char *args_flag_letter(enum flag flag); /* "c"; "" for none */
const char *args_flag_help(enum flag flag);
const char *args_verb_help(enum verb verb);
const char *args_verb_arguments(enum verb verb);

#endif
