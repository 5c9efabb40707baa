/*
 * model/correction.h - what a document reads as now and did not when it was taken: the difference, as a record of its own. Pure.
 *
 * What a report means is how often it tells each signal of which sources. A correction adds what it tells now beside that, and takes back what it no longer
 * tells; the report stays as it was recorded. Times and attributes alone make none: to move them would tell the detector of the same mail twice.
 */
#ifndef MODEL_CORRECTION_H
#define MODEL_CORRECTION_H

#include "model/report.h"

struct correction {
	struct text actor, reason; /* the person who asked for it, and why; neither is empty in the journal */
	uint64_t of;               /* journal record of the report */
	struct instant told;       /* the time of that record */
	/* counted like a report of its reporter; id, raw, format and reporter are those of the one corrected */
	struct report added;
	/* told no longer: observations as they were told, with so much of their count; no longer counted */
	struct report taken;
};

/* Appends the journal form. */
void correction_write(struct buffer *b, const struct correction *c);
/* Reads it; texts point into `bytes`, arrays come from the arena. Errors: RESULT_DAMAGED; *c is then empty. */
enum result correction_read(struct text bytes, struct arena *arena, struct correction *c) MUST_USE;

/* As the two above, of a withdrawal: a person takes back all that a report tells, with its corrections. It has `taken`, and nothing is added. */
void withdrawal_write(struct buffer *b, const struct correction *c);
enum result withdrawal_read(struct text bytes, struct arena *arena, struct correction *c) MUST_USE;

/*
 * The difference between what was told, `was` (the report, then the `added` of each correction, with `minus` what they took) and what is read `now`.
 * True: there is one, and c->added and c->taken hold it, *c nothing else; their texts and arrays lie in the arena, or where those of the arguments do. Cost: O(observations).
 */
bool correction_between(const struct report *was, size_t was_count, const struct report *minus,
			size_t minus_count, const struct report *now, struct arena *arena,
			struct correction *c);

#endif
