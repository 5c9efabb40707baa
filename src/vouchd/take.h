/*
 * vouchd/take.h - one document on its way from a door to the journal: the one path behind all four doors.
 *
 * The door's thread reads it (intake); the writer's thread records it, sets aside what could not be read, and counts.
 * When `done` is called with job.result RESULT_OK everything is on disk, and the sender may be told so.
 */
#ifndef VOUCHD_TAKE_H
#define VOUCHD_TAKE_H

#include "intake/intake.h"
#include "vouchd/acknowledge.h"

struct take {
	struct job job; /* first, so that a job of this kind is its take */
	struct arena arena;
	struct text raw;  /* as received; in the arena */
	struct text name; /* what the sender calls it, for errors; may be empty */
	struct text door_name, reporter, proof;
	struct intake_result read; /* what intake made of it */
	struct acknowledge answer; /* to whoever mailed it, when it was not there before */
	bool is_retry;
	uint64_t retry_of;    /* quarantine entry that this is read from again */
	struct text retry_by; /* who wants it */
	bool is_own;          /* an operator hands it in: no quota */
	uint64_t number;     /* journal record of the first report, also where it was there before; 0: none */
	uint32_t accepted;   /* reports recorded */
	uint32_t duplicate;  /* reports that were there before */
	uint32_t over_quota; /* reports refused for it */
	uint32_t quarantined;  /* pieces set aside */
	uint64_t observations; /* recorded */
	uint64_t unknown;      /* of these, about sources that no member has */
	uint32_t exposed;      /* members whose list was stolen, by mail to a canary (vouchd/canary.h) */
	void *door;            /* the door and, while it waits, whoever handed it in */
	void *owner;
};

/*
 * Copies `raw` and reads it; the job is then ready to be submitted. Never fails: what cannot be read is a fault, and the
 * job sets it aside. Cost: intake_read's.
 */
void take_read(struct take *t, struct text raw, const struct intake_hint *hint);
/* For each take that is done: when it is committed it is counted, and what was set aside is logged. From any thread. */
void take_settle(const struct take *t);
void take_clear(struct take *t); /* gives the memory back */

#endif
