/*
 * vouchd/acknowledge.h - a reporter who mails learns by mail that its report was taken, under which number, and which open cases it is about.
 *
 * An answer to a mail can be aimed at somebody who never wrote: so only that of a registered reporter is answered which a signature of its domain
 * proves (vouchd/proof.h), only to a return path of that domain, never a machine's (intake/answer.h), a report that was there before not again, and
 * ACKNOWLEDGE_DAY_MAX times a day at most for an address; and it repeats no word of the mail. The answer is one of the outbox: queued with the record, sent later.
 * Test: tests/unit/answer_test.c, tests/interop/acknowledge_test.py (Postfix).
 */
#ifndef VOUCHD_ACKNOWLEDGE_H
#define VOUCHD_ACKNOWLEDGE_H

#include "model/report.h"
#include "vouchd/pipeline.h"
#include "vouchd/proof.h"

#define ACKNOWLEDGE_DAY_MAX 20U

struct acknowledge {
	struct text to; /* empty: nobody is answered */
	struct text message_id;
};

/* Is the mail answered, and to whom? `sender`: the return path. Texts go into the arena. Thread-safe. Cost: one pass over the header. */
void acknowledge_find(struct directory *directory, const struct proof *proof, struct text sender,
		      struct text mail, struct arena *arena, struct acknowledge *a);

/* Queues the answer, in the job that recorded the report under that number. What cannot be sent is left out: the report is taken all the same. */
void acknowledge_put(struct pipeline *p, const struct acknowledge *a, uint64_t number,
		     const struct report *report);

#endif
