/*
 * intake/answer.h - may a machine answer this mail, and what does the answer name (RFC 3834)?
 *
 * No: nobody sent it (null return path), a machine or a list did, or its sender asks for no answer. Where it is not clear, no. The answer goes to the
 * return path alone; whether that is who the mail says is the caller's to know. Pure, thread-safe. Cost: one pass over the header.
 * Test: tests/unit/answer_test.c.
 */
#ifndef INTAKE_ANSWER_H
#define INTAKE_ANSWER_H

#include "base/arena.h"
#include "base/text.h"

struct answer {
	struct text message_id; /* of the mail, in its angle brackets; empty: it has none that can be named */
};

/* `sender`: the return path without angle brackets. Texts lie in the mail or in the arena. */
bool answer_fits(struct text mail, struct text sender, struct arena *arena, struct answer *answer);

#endif
