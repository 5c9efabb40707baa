/*
 * vouchd - the daemon: opens the store, the list, the doors and the DNS service, and runs until it is told to stop.
 *
 * vouchd [-c vouch.yaml] [--check]     without -c: all defaults, a data folder here, loopback only.
 */
#include "base/log.h"
#include "vouchd/daemon.h"

#include <getopt.h>
#include <stdio.h>
#include <unistd.h>

static const char usage[] = "usage: vouchd [-c FILE] [--check] [--version]\n"
			    "  -c, --config FILE  vouch.yaml; without it: defaults, ./vouch-data, loopback\n"
			    "      --check        read the configuration, say what is wrong, and end\n"
			    "      --version      print the version and end\n";

static const struct option options[] = {
	{ "config", required_argument, NULL, 'c' },
	{ "check", no_argument, NULL, 'k' },
	{ "help", no_argument, NULL, 'h' },
	{ "version", no_argument, NULL, 'v' },
	{ NULL, 0, NULL, 0 },
};

int
main(int argc, char **argv)
{
	struct arena arena = { 0 };
	struct config config;
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
			(void)fputs(o == 'h' ? usage : "vouchd " VOUCH_VERSION "\n", stdout);
			return 0;
		} else {
			(void)fputs(usage, stderr);
			return result_exit(RESULT_BAD_USAGE);
		}
	}
	if (optind < argc) {
		(void)fprintf(stderr, "vouchd: what is \"%s\"?\n%s", argv[optind], usage);
		return result_exit(RESULT_BAD_USAGE);
	}
	r = config_load(path, &arena, &config, &fault);
	if (r == RESULT_OK) {
		log_set_level(config.log);
		if (path == NULL && access("vouch.yaml", F_OK) == 0) {
			log_event(LOG_WARN, "defaults",
				  "why=\"vouch.yaml is here, but was not given: -c vouch.yaml\"");
		}
		r = check_only ? daemon_check(&config, &fault) : daemon_run(path, &config, &fault);
	}
	if (r != RESULT_OK) {
		(void)fprintf(stderr, "vouchd: %s\n",
			      fault.text[0] == '\0' ? result_sentence(r) : fault.text);
	} else if (check_only) {
		(void)printf("%s: fine\n", path == NULL ? "the defaults" : path);
	}
	arena_clear(&arena);
	return result_exit(r);
}
