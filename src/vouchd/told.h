/*
 * vouchd/told.h - what a record of the journal tells: a report, and the corrections of it that were recorded since. On the writer's thread.
 *
 * A correction and a withdrawal are found by names among the ids of reports: "correction 17 0" is the first correction of record 17, "withdrawal 17" what
 * took it back.
 */
#ifndef VOUCHD_TOLD_H
#define VOUCHD_TOLD_H

#include "journal/journal.h"
#include "model/correction.h"

struct told {
	uint64_t seq;
	struct instant time;
	struct report report;
	struct report *added, *taken; /* of the corrections that there are; `added` has a place more */
	uint32_t correction_count;
	bool is_withdrawn;
};

struct hash told_correction_id(uint64_t of, uint32_t n);
struct hash told_withdrawal_id(uint64_t of);

/* Reads a record of the kind REPORT; all lies in the arena. Errors: RESULT_IO, RESULT_DAMAGED. */
enum result told_read(struct journal *j, const struct record *record, struct arena *arena,
		      struct told *t) MUST_USE;

/* What differs from that: true, and *c is the correction, without its door's name (model/correction.h). Once: it orders t->added anew. */
bool told_differs(struct told *t, const struct report *now, struct arena *arena, struct correction *c);

#endif
