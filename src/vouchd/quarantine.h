/*
 * vouchd/quarantine.h - what could not be read, set aside with its bytes, where it went wrong and what became of it.
 *
 * An entry is a QUARANTINE record (JSON) and a row for people; its number is the seq of the record. On the writer's thread.
 */
#ifndef VOUCHD_QUARANTINE_H
#define VOUCHD_QUARANTINE_H

#include "vouchd/pipeline.h"

struct quarantine_entry {
	struct text door, name, reporter, proof, format;
	uint64_t line; /* 0: not a matter of one line */
	struct text field, words;
	struct text bytes; /* a document that can be read again */
};

/* Sets it aside, once: the same bytes with the same words give *is_new false. Errors: RESULT_IO. */
enum result quarantine_put(struct pipeline *p, const struct quarantine_entry *entry, bool *is_new,
			   struct fault *fault) MUST_USE;
/* Notes what became of entry `id`, "read", and who wanted it. Errors: RESULT_NOT_FOUND, RESULT_IO. */
enum result quarantine_settle(struct pipeline *p, uint64_t id, const char *status, struct text actor,
			      struct fault *fault) MUST_USE;

/* What take_read needs to read it again. Texts live in the arena. */
enum result quarantine_get(struct pipeline *p, uint64_t id, struct arena *arena,
			   struct quarantine_entry *entry, struct fault *fault) MUST_USE;

#endif
