/* help and version: what the tables say, printed. */
#include "vouch/vouch.h"

#include <stdio.h>
#include <string.h>

static void
print_flag(enum flag f)
{
	const char *letter = args_flag_letter(f);
	char name[64];

	(void)snprintf(name, sizeof name, "--%s %s", args_flag_name(f), args_flag_value(f));
	(void)printf(letter[0] == '\0' ? "  %s    %-17s %s\n" : "  -%s, %-17s %s\n", letter, name,
		     args_flag_help(f));
}

/* The options that only some verbs have (own), or those of every verb. */
static void
print_flags(enum verb verb, bool own)
{
	for (size_t i = 0; i < FLAG_COUNT; i++) {
		bool everywhere = args_verb_has_flag(VERB_version, (enum flag)i); /* it has none of its own */

		if (args_verb_has_flag(verb, (enum flag)i) && everywhere != own) {
			print_flag((enum flag)i);
		}
	}
}

void
vouch_help(enum verb verb)
{
	const char *arguments = args_verb_arguments(verb);

	(void)printf("usage: vouch %s%s%s\n\n%s\n\n", args_verb_name(verb), arguments[0] == '\0' ? "" : " ",
		     arguments, args_verb_help(verb));
	print_flags(verb, true);
	print_flags(verb, false);
}

/* The same for programs. */
static json_t *
json_of_verb(enum verb verb)
{
	json_t *options = json_array();

	for (size_t i = 0; i < FLAG_COUNT; i++) {
		enum flag f = (enum flag)i;

		if (args_verb_has_flag(verb, f)) {
			(void)json_array_append_new(options,
						    json_pack("{s:s,s:s,s:s,s:s}", "name", args_flag_name(f),
							      "letter", args_flag_letter(f), "value",
							      args_flag_value(f), "help", args_flag_help(f)));
		}
	}
	return json_pack("{s:s,s:s,s:s,s:o}", "verb", args_verb_name(verb), "arguments",
			 args_verb_arguments(verb), "help", args_verb_help(verb), "options", options);
}

static void
print_json(const struct vouch *v, enum verb one)
{
	json_t *verbs = json_array(), *root = json_pack("{s:o}", "verbs", verbs);

	check(root != NULL);
	for (size_t i = 0; i < VERB_COUNT; i++) {
		if (v->args.operand_count == 0 || (enum verb)i == one) {
			(void)json_array_append_new(verbs, json_of_verb((enum verb)i));
		}
	}
	vouch_print_json(root);
	json_decref(root);
}

static void
print_all(void)
{
	(void)puts("usage: vouch VERB [OPTION...] [ARGUMENT...]\n");
	for (size_t i = 0; i < VERB_COUNT; i++) {
		(void)printf("  %-11s %s\n", args_verb_name((enum verb)i), args_verb_help((enum verb)i));
	}
	(void)puts("\nOptions of every verb:");
	print_flags(VERB_version, false);
	(void)puts("\nExit codes: 0 done, 1 not there, 2 wrong input or usage, 3 not allowed, 4 the disk, "
		   "the network or\n"
		   "the daemon failed, 5 the record is damaged. The manual: vouch(1).");
}

enum result
verb_help(struct vouch *v)
{
	enum verb verb = VERB_COUNT;

	if (v->args.operand_count == 1 && !args_verb_find(v->args.operands[0], &verb)) {
		return fault_set(&v->fault, RESULT_BAD_USAGE, "there is no verb %s", v->args.operands[0]);
	}
	if (vouch_has(v, FLAG_json)) {
		print_json(v, verb);
	} else if (verb != VERB_COUNT) {
		vouch_help(verb);
	} else {
		print_all();
	}
	return RESULT_OK;
}

enum result
verb_version(struct vouch *v)
{
	if (vouch_has(v, FLAG_json)) {
		(void)printf("{\n  \"version\": \"%s\"\n}\n", VOUCH_VERSION);
	} else {
		(void)printf("vouch %s\n", VOUCH_VERSION);
	}
	return RESULT_OK;
}
