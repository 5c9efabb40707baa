/* The command line, read by two tables. */
#include "vouch/args.h"

#include <string.h>

struct verb_row {
	const char *name;
	const char *arguments;
	size_t most;
	const char *help;
};

static const struct verb_row verbs[VERB_COUNT] = {
#define VERB(id, function, name, arguments, most, help) [VERB_##id] = { name, arguments, most, help },
#include "vouch/verbs.def"
#undef VERB
};

struct flag_row {
	const char *name;
	const char *letter; /* "" or one */
	const char *value;
	uint64_t verbs; /* one bit per verb */
	const char *help;
};

_Static_assert(VERB_COUNT <= 64, "flag_row.verbs has a bit for each verb");
#define ALL_VERBS UINT64_MAX
#define OF(verb)  (UINT64_C(1) << VERB_##verb)

static const struct flag_row flags[FLAG_COUNT] = {
#define FLAG(id, name, letter, value, verbs, help) [FLAG_##id] = { name, letter, value, verbs, help },
#include "vouch/flags.def"
#undef FLAG
};

bool
args_verb_find(const char *name, enum verb *verb)
{
	for (size_t i = 0; i < VERB_COUNT; i++) {
		if (strcmp(name, verbs[i].name) == 0) {
			*verb = (enum verb)i;
			return true;
		}
	}
	return false;
}

/* The flag that an argument names; *value is what stands behind its "=", or NULL. */
static bool
find_flag(const char *argument, enum flag *flag, const char **value)
{
	struct text rest = text_of(argument + 2), name;
	bool is_long = argument[1] == '-';

	*value = is_long && text_cut(&rest, '=', &name) ? rest.p : NULL;
	for (size_t i = 0; i < FLAG_COUNT; i++) {
		bool same = is_long
				? text_equal(name, text_of(flags[i].name))
				: flags[i].letter[0] != '\0' && strcmp(argument + 1, flags[i].letter) == 0;

		if (same) {
			*flag = (enum flag)i;
			return true;
		}
	}
	return false;
}

/* Takes the flag at argv[*i] and its value. */
static enum result
take_flag(int argc, char *const *argv, int *i, struct args *args, struct fault *fault)
{
	const char *argument = argv[*i], *value;
	enum flag flag;

	if (!find_flag(argument, &flag, &value)) {
		return fault_set(fault, RESULT_BAD_USAGE, "there is no option %s; see vouch help", argument);
	}
	if (flags[flag].value[0] == '\0') {
		if (value != NULL) {
			return fault_set(fault, RESULT_BAD_USAGE, "--%s takes no value", flags[flag].name);
		}
		value = "";
	} else if (value == NULL) {
		if (*i + 1 >= argc) {
			return fault_set(fault, RESULT_BAD_USAGE, "--%s wants a value: %s", flags[flag].name,
					 flags[flag].value);
		}
		value = argv[++*i];
	}
	if (args->flags[flag] != NULL) {
		return fault_set(fault, RESULT_BAD_USAGE, "--%s stands there twice", flags[flag].name);
	}
	args->flags[flag] = value;
	return RESULT_OK;
}

/* The first argument that is no option is the verb, the others are its operands. */
static enum result
take_operand(const char *argument, struct args *args, struct fault *fault)
{
	if (args->verb == VERB_COUNT) {
		return args_verb_find(argument, &args->verb)
			   ? RESULT_OK
			   : fault_set(fault, RESULT_BAD_USAGE, "there is no verb %s; see vouch help",
				       argument);
	}
	if (args->operand_count >= verbs[args->verb].most) {
		return fault_set(fault, RESULT_BAD_USAGE, "\"%s\" is too much; usage: vouch %s %s", argument,
				 verbs[args->verb].name, verbs[args->verb].arguments);
	}
	args->operands[args->operand_count++] = argument;
	return RESULT_OK;
}

/* What stands without brackets in the usage must be there. */
static enum result
check_whole(const struct args *args, struct fault *fault)
{
	const struct verb_row *verb = &verbs[args->verb];

	for (size_t i = 0; i < FLAG_COUNT; i++) {
		if (args->flags[i] != NULL && !args_verb_has_flag(args->verb, (enum flag)i)) {
			return fault_set(fault, RESULT_BAD_USAGE,
					 "vouch %s has no option --%s; see vouch help %s", verb->name,
					 flags[i].name, verb->name);
		}
	}
	if (args->operand_count == 0 && verb->arguments[0] != '\0' && verb->arguments[0] != '[' &&
	    args->flags[FLAG_help] == NULL) {
		return fault_set(fault, RESULT_BAD_USAGE, "usage: vouch %s %s", verb->name, verb->arguments);
	}
	return RESULT_OK;
}

enum result
args_parse(int argc, char *const *argv, struct arena *arena, struct args *args, struct fault *fault)
{
	enum result r = RESULT_OK;
	bool options = true;

	*args = (struct args){ .verb = VERB_COUNT };
	args->operands = arena_get_array(arena, (size_t)argc + 1, sizeof *args->operands);
	for (int i = 1; i < argc && r == RESULT_OK; i++) {
		if (options && strcmp(argv[i], "--") == 0) {
			options = false;
		} else if (options && strcmp(argv[i], "--version") == 0) {
			args->verb = VERB_version;
		} else if (options && argv[i][0] == '-' && argv[i][1] != '\0') {
			r = take_flag(argc, argv, &i, args, fault);
		} else {
			r = take_operand(argv[i], args, fault);
		}
	}
	if (args->verb == VERB_COUNT) {
		args->verb = VERB_help;
		args->flags[FLAG_help] = NULL; /* of no verb: the list of all */
	}
	return r == RESULT_OK ? check_whole(args, fault) : r;
}

bool
args_verb_has_flag(enum verb verb, enum flag flag)
{
	return (flags[flag].verbs >> verb & 1U) != 0;
}

const char *
args_verb_name(enum verb verb)
{
	return verbs[verb].name;
}

const char *
args_verb_help(enum verb verb)
{
	return verbs[verb].help;
}

const char *
args_verb_arguments(enum verb verb)
{
	return verbs[verb].arguments;
}

const char *
args_flag_name(enum flag flag)
{
	return flags[flag].name;
}

const char *
args_flag_value(enum flag flag)
{
	return flags[flag].value;
}

const char *
args_flag_letter(enum flag flag)
{
	return flags[flag].letter;
}

const char *
args_flag_help(enum flag flag)
{
	return flags[flag].help;
}
