/*
 * vouch-milter - the mailbox operator's side: marks certified mail for Postfix and Sendmail, and stops none when something fails.
 *
 * vouch-milter -c vouch-milter.yaml [--check]
 */
#include "milter/session.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>

static const char usage[] = "usage: vouch-milter -c FILE [--check] [--version]\n"
			    "  -c, --config FILE  vouch-milter.yaml\n"
			    "      --check        read the configuration, say what is wrong, and end\n"
			    "      --version      print the version and end\n";

static const struct option options[] = {
	{ "config", required_argument, NULL, 'c' },
	{ "check", no_argument, NULL, 'k' },
	{ "help", no_argument, NULL, 'h' },
	{ "version", no_argument, NULL, 'v' },
	{ NULL, 0, NULL, 0 },
};

/* Returns when SIGTERM came and all connections are done. */
static enum result
serve(const struct settings *settings, struct fault *fault)
{
	struct smfiDesc description = session_description(settings);

	if (smfi_setconn((char *)(uintptr_t)settings->socket) != MI_SUCCESS ||
	    smfi_register(description) != MI_SUCCESS) {
		return fault_set(fault, RESULT_BAD_INPUT,
				 "socket: \"%s\": inet:PORT@ADDRESS or local:PATH is wanted",
				 settings->socket);
	}
	if (smfi_opensocket(true) != MI_SUCCESS) {
		return fault_set(fault, RESULT_IO, "socket: \"%s\" cannot be opened", settings->socket);
	}
	log_event(LOG_INFO, "listening", "socket=%s", settings->socket);
	return smfi_main() == MI_SUCCESS ? RESULT_OK
					 : fault_set(fault, RESULT_IO, "libmilter ended with an error");
}

static enum result
run(const char *path, bool check_only, struct fault *fault)
{
	struct arena arena = { 0 };
	struct settings settings;
	enum result r = settings_load(path, &arena, &settings, fault);

	if (r == RESULT_OK && check_only) {
		(void)printf("%s: fine\n", path);
	} else if (r == RESULT_OK) {
		log_set_level(settings.log);
		r = serve(&settings, fault);
	}
	arena_clear(&arena);
	return r;
}

int
main(int argc, char **argv)
{
	struct fault fault = { { 0 } };
	const char *path = NULL;
	bool check_only = false;
	enum result r;

	for (int o; (o = getopt_long(argc, argv, "c:h", options, NULL)) != -1;) {
		if (o == 'c') {
			path = optarg;
		} else if (o == 'k') {
			check_only = true;
		} else if (o == 'h' || o == 'v') {
			(void)fputs(o == 'h' ? usage : "vouch-milter " VOUCH_VERSION "\n", stdout);
			return 0;
		} else {
			(void)fputs(usage, stderr);
			return result_exit(RESULT_BAD_USAGE);
		}
	}
	if (path == NULL || optind < argc) {
		(void)fputs(usage, stderr);
		return result_exit(RESULT_BAD_USAGE);
	}
	r = run(path, check_only, &fault);
	if (r != RESULT_OK) {
		(void)fprintf(stderr, "vouch-milter: %s\n",
			      fault.text[0] == '\0' ? result_sentence(r) : fault.text);
	}
	return result_exit(r);
}
