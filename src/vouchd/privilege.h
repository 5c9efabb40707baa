/*
 * vouchd/privilege.h - who vouchd is: started as root it becomes the configured user once its addresses are bound.
 */
#ifndef VOUCHD_PRIVILEGE_H
#define VOUCHD_PRIVILEGE_H

#include "vouchd/config.h"

#include <sys/types.h>

struct identity {
	bool changes; /* root becomes somebody else; false: uid and gid are those of the process */
	uid_t uid;
	gid_t gid;
};

/* Who `user` and `group` are. Errors: RESULT_BAD_INPUT when there is no such user or group, or when one is wanted that only root could become. */
enum result privilege_find(const struct config *config, struct identity *who, struct fault *fault) MUST_USE;

/*
 * Makes the data folder if there is none, which then belongs to `who`. Errors: RESULT_IO; RESULT_CONFLICT when something in it belongs
 * to somebody else, as an earlier start as root leaves it; the fault says what to do.
 */
enum result privilege_folder(const char *path, const struct identity *who, struct fault *fault) MUST_USE;

/* Gives a path that was made just now to `who`. Errors: RESULT_IO. */
enum result privilege_give(const char *path, const struct identity *who, struct fault *fault) MUST_USE;

/*
 * Becomes `who`, with its groups, and gives up all capabilities but that to bind a low port, which a reload may need; no program that is
 * started can win any back. Before the first thread. Errors: RESULT_IO.
 */
enum result privilege_drop(const struct config *config, const struct identity *who,
			   struct fault *fault) MUST_USE;

#endif
