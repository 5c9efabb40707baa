/*
 * model/move.h - what was decided: a source moved from one state to another, a case of people's work changed; also their
 * forms in the journal. Pure.
 *
 * No change of a list without an actor, a reason and evidence: a move carries all three, and the record at
 * which it was decided. The texts of a struct belong to whoever filled it; read ones point into the bytes.
 */
#ifndef MODEL_MOVE_H
#define MODEL_MOVE_H

#include "base/instant.h"
#include "base/wire.h"
#include "model/state.h"

enum suspension {
#define SUSPENSION(id, name, meaning) SUSPENSION_##id,
#include "model/suspensions.def"
#undef SUSPENSION
	SUSPENSION_COUNT
};

enum case_status {
#define CASE_STATUS(id, name, open, meaning) CASE_##id,
#include "model/case_statuses.def"
#undef CASE_STATUS
	CASE_STATUS_COUNT
};

const char *suspension_name(enum suspension kind);
const char *case_status_name(enum case_status status);
bool case_status_open(enum case_status status);

#define EVIDENCE_SEQS_MAX 8U

/* Who decided, why and on what. */
struct ground {
	struct instant at; /* time of the record at which it was decided */
	uint64_t seq;      /* that record */
	enum actor role;   /* what the actor is: decides which moves are allowed */
	/* who: "detector", "clock", or the name of a person or door; 1..WORDS_BYTES_MAX bytes */
	struct text actor;
	struct text reason;                   /* in words for people; 1..WORDS_BYTES_MAX bytes */
	uint32_t evidence_count;              /* 0..EVIDENCE_SEQS_MAX */
	uint64_t evidence[EVIDENCE_SEQS_MAX]; /* journal records it rests on */
};

struct move {
	uint32_t source; /* registry id */
	enum event event;
	enum state from, to;
	/* of the source after the move; SUSPENSION_NONE when `to` is no suspension or revocation */
	enum suspension kind;
	uint32_t case_number; /* the case it belongs to; 0: none */
	struct text receiver; /* it moved for this receiver only (partial suspension); empty: for all */
	struct ground ground;
};

struct case_change {
	uint32_t number;         /* 1, 2, 3, ... */
	uint32_t system;         /* registry id */
	enum case_status status; /* after the change */
	struct instant opened;
	struct instant deadline;   /* a verdict is due */
	uint32_t source_count;     /* sources that were suspended in it so far */
	uint64_t delivered_before; /* messages from the first bad one to the suspension */
	uint64_t delivered_after;  /* and since, until now */
	struct ground ground;      /* of this change: why it was opened, joined, closed */
};

/* Append the journal form; equal values give equal bytes. Cost: O(bytes), below 1400 bytes. */
void move_write(struct buffer *b, const struct move *move);
void case_change_write(struct buffer *b, const struct case_change *change);

/* Read it. Errors: RESULT_DAMAGED for anything that the writer cannot have written; the struct is then empty. */
enum result move_read(struct text bytes, struct move *move) MUST_USE;
enum result case_change_read(struct text bytes, struct case_change *change) MUST_USE;

#endif
