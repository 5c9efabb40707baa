/* completion: a script for bash, made from the tables. Numbers of cases and of the quarantine come from the running daemon. */
#include "vouch/vouch.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The flags of a verb that others do not have, or those that all have, as words for bash. */
static void
print_words(FILE *out, enum verb verb, bool everywhere)
{
	const char *separator = "";

	for (size_t i = 0; i < FLAG_COUNT; i++) {
		enum flag f = (enum flag)i;

		if (args_verb_has_flag(verb, f) && args_verb_has_flag(VERB_version, f) == everywhere) {
			(void)fprintf(out, "%s--%s", separator, args_flag_name(f));
			separator = " ";
		}
	}
}

/* The flags with a value, as a pattern: what follows one of them is no verb. */
static void
print_valued(FILE *out)
{
	const char *separator = "";

	for (size_t i = 0; i < FLAG_COUNT; i++) {
		enum flag f = (enum flag)i;

		if (args_flag_value(f)[0] == '\0') {
			continue;
		}
		(void)fprintf(out, "%s--%s", separator, args_flag_name(f));
		separator = " | ";
		if (args_flag_letter(f)[0] != '\0') {
			(void)fprintf(out, " | -%s", args_flag_letter(f));
		}
	}
}

static void
print_verbs(FILE *out)
{
	for (size_t i = 0; i < VERB_COUNT; i++) {
		(void)fprintf(out, "%s%s", i == 0 ? "" : " ", args_verb_name((enum verb)i));
	}
}

static void
print_bash(FILE *out)
{
	(void)fputs("# bash completion of vouch: source <(vouch completion bash)\n"
		    "_vouch() {\n"
		    "\tlocal word=${COMP_WORDS[COMP_CWORD]} last=${COMP_WORDS[COMP_CWORD - 1]} verb= flags= "
		    "verbs= i at=0\n"
		    "\tverbs='",
		    out);
	print_verbs(out);
	(void)fputs("'\n\tfor ((i = 1; i < COMP_CWORD; i++)); do\n\t\tcase ${COMP_WORDS[i]} in\n\t\t", out);
	print_valued(out);
	(void)fputs(
	    ") ((i++)) ;;\n"
	    "\t\t-*) ;;\n"
	    "\t\t*) verb=${COMP_WORDS[i]} at=$i; break ;;\n"
	    "\t\tesac\n"
	    "\tdone\n"
	    "\tcase $last:$verb in\n"
	    "\t--format:export) COMPREPLY=($(compgen -W 'text json rbldnsd ip4trie ip4set ip6trie dnset rpz' "
	    "-- \"$word\")); return ;;\n"
	    "\t--format:*) COMPREPLY=($(compgen -W 'arf csv jsonl' -- \"$word\")); return ;;\n"
	    "\t--role:*) COMPREPLY=($(compgen -W 'operator analyst member' -- \"$word\")); return ;;\n"
	    "\t-c:* | --config:* | --socket:*) COMPREPLY=($(compgen -f -- \"$word\")); return ;;\n"
	    "\tesac\n\tcase $last in\n\t",
	    out);
	print_valued(out);
	(void)fputs(") return ;;\n\tesac\n\tcase $verb in\n"
		    "\t'') flags= ;;\n",
		    out);
	for (size_t i = 0; i < VERB_COUNT; i++) {
		(void)fprintf(out, "\t%s) flags='", args_verb_name((enum verb)i));
		print_words(out, (enum verb)i, false);
		(void)fputs("' ;;\n", out);
	}
	(void)fputs("\tesac\n\tif [[ $word == -* ]]; then\n\t\tCOMPREPLY=($(compgen -W \"$flags ", out);
	print_words(out, VERB_version, true);
	(void)fputs(
	    "\" -- \"$word\")); return\n\tfi\n"
	    "\tcase $verb:$((COMP_CWORD - at)) in\n"
	    "\t:* | help:1) COMPREPLY=($(compgen -W \"$verbs\" -- \"$word\")) ;;\n"
	    "\tquarantine:1) COMPREPLY=($(compgen -W 'list show retry' -- \"$word\")) ;;\n"
	    "\tnotices:1) COMPREPLY=($(compgen -W 'list show retry test secret' -- \"$word\")) ;;\n"
	    "\tquarantine:2) COMPREPLY=($(compgen -W \"$(vouch quarantine list 2>/dev/null | awk '$1 > 0 { "
	    "print $1 }')\" "
	    "-- \"$word\")) ;;\n"
	    "\twhy:1 | timeline:1 | confirm:1 | clear:1) COMPREPLY=($(compgen -W \"$(vouch cases 2>/dev/null "
	    "| "
	    "awk '$1 > 0 && NF > 6 { print $1 }')\" -- \"$word\")) ;;\n"
	    "\tadd:1 | change:1 | remove:1) COMPREPLY=($(compgen -W 'member system source reporter receiver' "
	    "-- \"$word\")) ;;\n"
	    "\tcompletion:1) COMPREPLY=($(compgen -W 'bash' -- \"$word\")) ;;\n"
	    "\tinit:1 | verify:1 | replay:1 | sim:1) COMPREPLY=($(compgen -d -- \"$word\")) ;;\n"
	    "\timport:* | ingest:*) COMPREPLY=($(compgen -f -- \"$word\")) ;;\n"
	    "\tesac\n}\n"
	    "complete -o filenames -F _vouch vouch\n",
	    out);
}

enum result
verb_completion(struct vouch *v)
{
	char *script = NULL;
	size_t n = 0;
	FILE *out;
	json_t *root;

	if (strcmp(v->args.operands[0], "bash") != 0) {
		return fault_set(&v->fault, RESULT_BAD_USAGE, "completion is made for bash only, not for %s",
				 v->args.operands[0]);
	}
	if (!vouch_has(v, FLAG_json)) {
		print_bash(stdout);
		return RESULT_OK;
	}
	out = open_memstream(&script, &n);
	check(out != NULL);
	print_bash(out);
	check(fclose(out) == 0);
	root = json_pack("{s:s,s:s}", "shell", "bash", "script", script);
	check(root != NULL);
	vouch_print_json(root);
	json_decref(root);
	free(script);
	return RESULT_OK;
}
