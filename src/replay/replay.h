/*
 * replay/replay.h - the journal folded again: the proof that the same records give the same alarms, moves and list
 * (DESIGN 8.2), and the past tried with another policy.
 *
 * The rooms that fold come from the program as a function, so that this room knows only the journal. Each input record is
 * applied in order; what the fold makes of it is set beside the effects that the journal holds after it.
 * Pure but for reading the journal. Memory: the effects of one input.
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
	enum result
	    refused; /* RESULT_OK, or why the fold would not take this input (with another policy it may) */
};

/* For the fold to hand over what follows from an input; the payload is copied. */
struct replay_effects;
void replay_effect_add(struct replay_effects *effects, enum record_kind kind, struct text payload);

struct replay_rooms {
	void *context;
	/* Folds one input record. Errors: RESULT_DAMAGED and the like end the replay; *refused tells of an input not taken. */
	enum result (*apply)(void *context, const struct record *input, struct replay_effects *effects,
			     enum result *refused, struct fault *fault);
	/* Sees each step; may be NULL. Anything but RESULT_OK ends the replay. */
	enum result (*step)(void *context, const struct replay_step *step, struct fault *fault);
};

struct replay_summary {
	uint64_t records; /* all, inputs and effects */
	uint64_t inputs;
	uint64_t effects; /* computed */
};

/* Errors: what a function returned, RESULT_DAMAGED for a journal that cannot be read; the fault says where. */
enum result replay_run(struct journal *j, const struct replay_rooms *rooms, struct replay_summary *summary,
		       struct fault *fault) MUST_USE;

/* RESULT_OK when recorded and computed agree byte for byte; RESULT_DIFFERENT with a fault that names the first that does not. */
enum result replay_compare(const struct replay_step *step, struct fault *fault) MUST_USE;

#endif
