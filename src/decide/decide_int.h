/*
 * decide/decide_int.h - the tables of the room, shared by its parts. Private to decide.
 *
 * What must hold between any two calls of the room (decide_test.c looks at it after each step):
 *   - a source is SUSPENDED with the kind SECURITY exactly while it counts in `suspended` of its case;
 *   - a case is open exactly while `suspended` is not 0, and is then the open case of its system; a review suspends nobody, and
 *     is open until its verdict, the open review of its system;
 *   - case.touched is false and touched_count is 0;
 *   - a source that is APPLIED or REVOKED is suspended for no receiver in particular.
 */
#ifndef DECIDE_DECIDE_INT_H
#define DECIDE_DECIDE_INT_H

#include "base/array.h"
#include "decide/decide.h"

#define DECIDE_NONE UINT32_MAX

/* Actor and reason of moves; shared by all sources that moved for it, given back with the last. */
struct decide_words {
	uint32_t refs;      /* 0: free */
	uint32_t next_free; /* of a free one; DECIDE_NONE ends */
	struct text actor, reason;
};

struct decide_source {
	uint32_t system, member;
	uint32_t next;        /* in its system, by id; DECIDE_NONE ends */
	uint32_t case_number; /* the last it was in; 0: none */
	uint32_t words;       /* of the last move; DECIDE_NONE when there was none */
	uint32_t partials;    /* the first of them; DECIDE_NONE ends */
	uint32_t over;        /* thresholds of its own that are crossed */
	uint8_t state;        /* enum state */
	uint8_t kind;         /* enum suspension */
	uint8_t event;        /* enum event */
	uint8_t role;         /* enum actor */
	bool removed;
	struct instant since;
	uint64_t seq;
};

/* A source that is suspended for one receiver; ordered by receiver. */
struct decide_partial {
	uint32_t receiver; /* as the compliance path numbers them */
	uint32_t next;     /* of the source; of a free one the next free one */
	uint32_t words;
	struct instant since;
	uint64_t seq;
	bool over;
};

struct decide_system {
	uint32_t first, last; /* its sources; DECIDE_NONE: it has none */
	uint32_t open_case;   /* 0: none */
	uint32_t open_review; /* 0: none */
};

struct decide_case {
	uint32_t system, member;
	enum case_status status;
	struct instant opened, deadline, closed;
	struct instant first_bad_at; /* mail from then on is harm */
	uint32_t opening, verdict;   /* words; verdict is DECIDE_NONE while it is open */
	uint32_t *sources;
	uint32_t source_count, source_size;
	uint32_t suspended, confirmed, cleared; /* sources; the others left the programme */
	struct alarm *alarms;
	uint32_t alarm_count, alarm_size, alarm_total;
	uint64_t delivered_before, delivered_after;
	bool touched;
	bool review; /* by lot, of an alarm that suspended nobody (review.c) */
};

struct decide {
	struct decide_events events;
	struct decide_source *sources;
	struct decide_system *systems;
	struct decide_case *cases; /* case number - 1 */
	struct decide_words *words;
	struct decide_partial *partials;
	struct text *receivers; /* names, by number; empty for one that was never named */
	uint32_t *members;      /* thresholds of the whole member that are crossed */
	struct span wait;
	uint32_t shadow;   /* percent of the alarms that go to review */
	uint32_t *touched; /* cases that the call in progress changed */
	uint32_t source_count, source_size;
	uint32_t system_count, system_size;
	uint32_t case_count, case_size;
	uint32_t words_count, words_size, words_free;
	uint32_t touched_count, touched_size;
	uint32_t partial_count, partial_size, partial_free;
	uint32_t receiver_count, receiver_size;
	uint32_t member_count, member_size;
	struct instant due; /* not later than the first thing that time brings */
};

/* ---- store.c */

/* refs 1: for the caller */
uint32_t decide_words_new(struct decide *d, struct text actor, struct text reason);
void decide_words_keep(struct decide *d, uint32_t words);
void decide_words_drop(struct decide *d, uint32_t words); /* DECIDE_NONE is fine */
struct decide_system *decide_system_row(struct decide *d, uint32_t system);
/* A new source with its system, at the end of both. */
struct decide_source *decide_source_new(struct decide *d, uint32_t system, uint32_t member);
void decide_clear(struct decide *d); /* as after decide_open */
uint32_t *decide_member_over(struct decide *d, uint32_t member);
void decide_receiver_name(struct decide *d, uint32_t receiver, struct text name);
/* The place where the partial of this receiver is linked, or would be. */
uint32_t *decide_partial_place(struct decide *d, uint32_t source, uint32_t receiver);
uint32_t decide_partial_new(struct decide *d, uint32_t source, uint32_t receiver, uint32_t words);
void decide_partial_drop(struct decide *d, uint32_t *place);

/* ---- cases.c */

/* The open case of the system of `source`, opened for this ground when there is none. Returns its number. */
uint32_t decide_case_for(struct decide *d, uint32_t source, const struct ground *ground, uint32_t words);
void decide_case_join(struct decide *d, uint32_t number, uint32_t source);
/* A source of the case is no longer suspended, for `event`. */
void decide_case_leave(struct decide *d, uint32_t number, enum event event, bool withdrawn);
void decide_case_report(struct decide *d, uint32_t number, const struct ground *ground);
/* one more alarm about it */
void decide_case_note(struct decide *d, uint32_t number, const struct alarm *alarm);
/* Closes the touched cases that are done and reports all touched ones; the end of each call that moves something. */
void decide_cases_settle(struct decide *d, const struct ground *ground, uint32_t words);

/* ---- decide.c */

/* decide_tick looks again at `at`, or earlier. */
void decide_due_by(struct decide *d, struct instant at);
bool decide_may(const struct decide_source *s, enum event event, enum actor role);
/* One move, which must be allowed. `kind` matters for moves to SUSPENDED and for WITHDRAWN; words are those of the ground. */
void decide_move(struct decide *d, uint32_t source, enum event event, enum suspension kind,
		 const struct ground *g, uint32_t words);
/* What every ground has; the evidence is the record itself until something better is known. */
struct ground decide_ground(struct moment now, enum actor role, struct text actor, struct text reason);

/* ---- review.c */

/* Opens a review for an alarm that would suspend these sources, if the lot says so and its system has neither case nor review. */
bool decide_review(struct decide *d, const struct alarm *alarm, const uint32_t *sources, uint32_t count,
		   const struct ground *g, uint32_t words);
bool decide_is_review(const struct decide *d, const struct decide_command *c);
/* The verdict: confirmed, its sources are suspended, in a case; cleared, nothing moves. Words of the command are checked. */
enum result decide_review_judge(struct decide *d, const struct decide_command *command, struct moment now,
				uint32_t *moves, struct fault *fault) MUST_USE;
void decide_review_overdue(struct decide *d, uint32_t number, struct moment now);
void decide_review_left(struct decide *d, uint32_t source, const struct ground *g, uint32_t words);

/* ---- thresholds.c */

/* Listed again for these receivers: by a person's word for all, or dropped because the source is off the list for good. */
uint32_t decide_partials_clear(struct decide *d, uint32_t source, const struct ground *ground);
void decide_partials_drop(struct decide *d, uint32_t source);
void decide_recover(struct decide *d, struct moment now); /* what is over and has waited long enough */
struct instant decide_not_before(const struct decide *d, const struct decide_source *s);

/* ---- views.c */

bool decide_in_case(const struct decide_source *s); /* suspended, and waits for the verdict on its case */

/* ---- words.c */

/* The reason of an alarm, at most WORDS_BYTES_MAX bytes: "a takeover is suspected: ..." */
void decide_alarm_words(const struct alarm *alarm, struct buffer *b);
/* The reason of a threshold: "a threshold is crossed: ..." */
void decide_threshold_words(const struct compliance_metric *metric, struct buffer *b);

void decide_put_when(struct buffer *b, struct instant t); /* "2026-01-05 10:31": to the minute, UTC */
void decide_put_expected(struct buffer *b, double v);     /* "3.1" below a hundred, "412" from there on */
void decide_put_times(struct buffer *b, double nats);     /* e to the power of it: "about 3400 times" */
/* kinds that speak for a takeover, the heaviest first; how many */
int decide_heaviest(const struct alarm *alarm, int order[EVIDENCE_COUNT]);

#endif
