/*
 * intake/tail.h - the log of a mail server that is followed while it grows and is rotated: each line is handed on once.
 *
 * What is handed on is a document that stands for itself: a line that says which part of which file it is, the lines of earlier parts that name the
 * sources of messages still in the queue, and the new lines. It is written down what will be handed on before it is; so after a crash the same
 * bytes are handed on again, and their report id makes that harmless.
 *
 * Followed are renames (the old file is found by its number also after a restart, and read until TAIL_QUIET_LOOKS looks found nothing new: who has it open
 * may write to it a while longer) and files that are cut and written anew. An old file that is packed or removed while nobody follows is lost from where it was left.
 */
#ifndef INTAKE_TAIL_H
#define INTAKE_TAIL_H

#include "intake/intake.h"

#include <sys/types.h>

struct tail {
	enum intake_format format; /* INTAKE_POSTFIX or INTAKE_EXIM */
	const char *path;          /* these texts are the caller's */
	const char *state;         /* the file in which it is written down */
	int fd;                    /* -1: there is no file yet */
	ino_t inode;
	uint64_t start, end;      /* of the part that was handed on; equal: all is on disk */
	uint64_t head, head_hash; /* how the file begins: so many bytes, and their hash */
	unsigned quiet; /* the path names another file, and so many looks found nothing new in this one */
	bool is_lost;   /* after tail_open: the file that was followed is gone */
	struct buffer carried; /* lines of earlier parts */
	struct buffer part;    /* the document that was handed on last */
};

/* A log that is not there yet is fine. Errors: RESULT_IO when the state cannot be read, RESULT_DAMAGED when it is none. */
enum result tail_open(struct tail *t, enum intake_format format, const char *path, const char *state,
		      struct fault *fault) MUST_USE;
void tail_close(struct tail *t);

/*
 * The next document, at most TAIL_BYTES_MAX and what is carried; empty: nothing new. Valid until the next call. *more: others follow at once.
 * Whole lines only, but for the last one of a file that is left. Until tail_done the same document is given again. Errors: RESULT_IO.
 */
enum result tail_read(struct tail *t, struct text *document, bool *more) MUST_USE;
void tail_done(struct tail *t); /* the document is on disk */

#endif
