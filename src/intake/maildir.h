/*
 * intake/maildir.h - a watched Maildir: mails are read from new/ and moved to cur/ once they are on our disk.
 *
 * A mail that is moved before the crash is not read again; one that was recorded and not yet moved is read again, and its
 * report id makes that harmless. Deliverers write in tmp/ and rename; for those who copy straight into new/, a
 * file is left alone until it has not changed for MAILDIR_SETTLE_MS, and again when it changes while it is read.
 */
#ifndef INTAKE_MAILDIR_H
#define INTAKE_MAILDIR_H

#include "base/instant.h"

struct maildir {
	int new_fd; /* the folders; -1 = closed */
	int cur_fd;
};

struct maildir_mail {
	struct text name;       /* the file in new/ */
	struct text content;    /* empty when result is not RESULT_OK */
	struct instant changed; /* when it was written, as the file system has it */
	/* RESULT_OK; TOO_LARGE, more than MAIL_BYTES_MAX: then move it too, it never fits */
	enum result result;
};

/* Errors: RESULT_IO when a folder is missing or cannot be read; the fault names it. */
enum result maildir_open(const char *path, struct maildir *m, struct fault *fault) MUST_USE;
void maildir_close(struct maildir *m);

/*
 * Reads up to `max` settled mails of new/, in order of their names; texts lie in the arena. Links, folders, names with a
 * leading dot and files that changed just now are left. `now` is the wall clock, as the file system has it.
 * *more: there are others that a next call can read at once. Errors: RESULT_IO.
 * Cost: one walk over new/, of which MAILDIR_NAMES_MAX names are looked at, and one read per mail.
 */
enum result maildir_read(struct maildir *m, struct instant now, size_t max, struct arena *arena,
			 struct maildir_mail **mails, size_t *count, bool *more) MUST_USE;

/* Moves a mail to cur/, marked as seen. A name that is gone is fine: somebody else moved it. Errors: RESULT_IO. */
enum result maildir_done(struct maildir *m, struct text name) MUST_USE;

#endif
