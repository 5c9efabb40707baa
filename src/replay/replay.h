/*
 * replay/replay.h - the journal folded again: the proof that the same records give the same alarms, moves and list
 * (ARCHITECTURE.md, invariant 2), and the past tried with another policy.
 *
 * The rooms that fold come from the program as a function, so that this room knows only the journal. Each input record is
 * applied in order; what the fold makes of it is set beside the effects that the journal holds after it.
 * The journal is read and checked once, by the thread that calls; each course of the past is folded by a thread of its own, so that
 * reading costs no course time and several policies are tried at once. Each sees what it would see alone: the outcome does not depend
 * on how many there are, nor on the cores. Test: tests/unit/replay_test.c.
 */
#ifndef REPLAY_REPLAY_H
#define REPLAY_REPLAY_H

#include "journal/journal.h"

struct replay_effect {
	enum record_kind kind;
	struct text payload;
};

/* One input and its consequences: as they were recorded, and as they were computed now. */
struct replay_step {
	const struct record *input;
	const struct replay_effect *recorded;
	size_t recorded_count;
	const struct replay_effect *computed;
	size_t computed_count;
	/* RESULT_OK, or why the fold would not take this input (with another policy it may) */
	enum result refused;
};

/* For the fold to hand over what follows from an input; the payload is copied. */
struct replay_effects;
void replay_effect_add(struct replay_effects *effects, enum record_kind kind, struct text payload);

struct replay_rooms {
	void *context; /* of this course alone */
	/* Folds one input record. Errors: RESULT_DAMAGED and the like end the replay; *refused tells of an input not taken. */
	enum result (*apply)(void *context, const struct record *input, struct replay_effects *effects,
			     enum result *refused, struct fault *fault);
	/* Sees each step; may be NULL. Anything but RESULT_OK ends the replay. */
	enum result (*step)(void *context, const struct replay_step *step, struct fault *fault);
};

/* Told by the thread that calls, several times a second or more: so far it is read, and nearly so far folded by all. */
struct replay_watch {
	void (*at)(void *context, uint64_t seq);
	void *context;
};

/* One who reads: on a thread of its own, so what `context` points to must not be another's. */
struct replay_reader {
	journal_visit *visit; /* must not touch the journal; anything but RESULT_OK ends it for this reader */
	void *context;
	/* what it returned, else how the scan ended: RESULT_OK, RESULT_DAMAGED, RESULT_IO */
	enum result result;
};

/*
 * All records in order of seq to each of `count` readers, 1 or more. `watch` may be NULL. Ends when all have seen what can be read,
 * or want no more. Memory: four batches of 256 kB or of one record.
 */
void replay_read(struct journal *j, struct replay_reader *readers, size_t count,
		 const struct replay_watch *watch);

struct replay_summary {
	uint64_t records; /* all, inputs and effects */
	uint64_t inputs;
	uint64_t effects; /* computed */
};

/* One way to fold the journal, and how it ended. */
struct replay_course {
	struct replay_rooms rooms;
	struct replay_summary summary;
	/* RESULT_OK, what a function returned, or RESULT_DAMAGED for a journal that cannot be read */
	enum result result;
	struct fault fault; /* says where */
};

/* Folds `count` courses, 1 or more; fills all but their rooms. */
void replay_run(struct journal *j, struct replay_course *courses, size_t count,
		const struct replay_watch *watch);

/* RESULT_OK when recorded and computed agree byte for byte; RESULT_DIFFERENT with a fault that names the first that does not. */
enum result replay_compare(const struct replay_step *step, struct fault *fault) MUST_USE;

#endif
