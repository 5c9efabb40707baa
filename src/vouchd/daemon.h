/* vouchd/daemon.h - the parts put together, from the store to the doors, and taken apart again in reverse. */
#ifndef VOUCHD_DAEMON_H
#define VOUCHD_DAEMON_H

#include "vouchd/config.h"

/* Would it start? Lists and addresses are read, nothing is opened. Errors: RESULT_BAD_INPUT; the fault names it. */
enum result daemon_check(const struct config *config, struct fault *fault) MUST_USE;

/*
 * Runs until SIGTERM or SIGINT, then finishes what was taken; on SIGHUP reads `path` (NULL: the defaults), where `config` comes from, again.
 * Errors: what could not be opened; the fault names it.
 */
enum result daemon_run(const char *path, struct config *config, struct fault *fault) MUST_USE;

#endif
