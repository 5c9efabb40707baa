/* help, version and completion: what the tables say, printed. */
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
	(void)printf("usage: vouch %s %s\n\n%s\n\n", args_verb_name(verb), args_verb_arguments(verb),
		     args_verb_help(verb));
	print_flags(verb, true);
	print_flags(verb, false);
}

enum result
verb_help(struct vouch *v)
{
	enum verb verb;

	if (v->args.operand_count == 1) {
		if (!args_verb_find(v->args.operands[0], &verb)) {
			return fault_set(&v->fault, RESULT_BAD_USAGE, "there is no verb %s",
					 v->args.operands[0]);
		}
		vouch_help(verb);
		return RESULT_OK;
	}
	(void)puts("usage: vouch VERB [OPTION...] [ARGUMENT...]\n");
	for (size_t i = 0; i < VERB_COUNT; i++) {
		(void)printf("  %-11s %s\n", args_verb_name((enum verb)i), args_verb_help((enum verb)i));
	}
	(void)puts("\nOptions of every verb:");
	print_flags(VERB_version, false);
	(void)puts("\nExit codes: 0 done, 1 not there, 2 wrong input or usage, 3 not allowed, 4 the disk, "
		   "the network or\n"
		   "the daemon failed, 5 the record is damaged. The manual: vouch(1).");
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

/* The flags of a verb that others do not have, or those that all have, as words for bash. */
static void
print_words(enum verb verb, bool everywhere, const char *separator)
{
	bool first = true;

	for (size_t i = 0; i < FLAG_COUNT; i++) {
		enum flag f = (enum flag)i;

		if (args_verb_has_flag(verb, f) && args_verb_has_flag(VERB_version, f) == everywhere) {
			(void)printf("%s--%s", first ? "" : separator, args_flag_name(f));
			first = false;
		}
	}
}

static void
print_bash(void)
{
	(void)puts("# bash completion of vouch: vouch completion bash\n"
		   "_vouch() {\n"
		   "\tlocal word=${COMP_WORDS[COMP_CWORD]} verb= flags= i\n"
		   "\tfor ((i = 1; i < COMP_CWORD; i++)); do\n"
		   "\t\tif [[ ${COMP_WORDS[i]} != -* ]]; then verb=${COMP_WORDS[i]}; break; fi\n"
		   "\tdone\n"
		   "\tcase $verb in");
	(void)printf("\t'') COMPREPLY=($(compgen -W '");
	for (size_t i = 0; i < VERB_COUNT; i++) {
		(void)printf("%s%s", i == 0 ? "" : " ", args_verb_name((enum verb)i));
	}
	(void)puts("' -- \"$word\")); return ;;");
	for (size_t i = 0; i < VERB_COUNT; i++) {
		(void)printf("\t%s) flags='", args_verb_name((enum verb)i));
		print_words((enum verb)i, false, " ");
		(void)puts("' ;;");
	}
	(void)printf("\tesac\n\tif [[ $word == -* ]]; then\n\t\tCOMPREPLY=($(compgen -W \"$flags ");
	print_words(VERB_version, true, " ");
	(void)puts("\" -- \"$word\")); return\n\tfi\n"
		   "\tcase $verb in\n"
		   "\tquarantine) COMPREPLY=($(compgen -W 'list show retry' -- \"$word\")) ;;\n"
		   "\tcompletion) COMPREPLY=($(compgen -W 'bash' -- \"$word\")) ;;\n"
		   "\tinit) COMPREPLY=($(compgen -d -- \"$word\")) ;;\n"
		   "\timport | ingest) COMPREPLY=($(compgen -f -- \"$word\")) ;;\n"
		   "\tesac\n}\n"
		   "complete -o filenames -F _vouch vouch");
}

enum result
verb_completion(struct vouch *v)
{
	if (strcmp(v->args.operands[0], "bash") != 0) {
		return fault_set(&v->fault, RESULT_BAD_USAGE, "completion is made for bash only, not for %s",
				 v->args.operands[0]);
	}
	print_bash();
	return RESULT_OK;
}
