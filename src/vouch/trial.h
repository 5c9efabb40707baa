/*
 * vouch/trial.h - the journal folded once more, as it was or under another policy: one course of a replay.
 *
 * As it was: each effect is compared byte for byte with the record, and each snapshot that a restart begins with. Under another
 * policy what followed and what would have followed are shown to a backtest. Courses share nothing, so that each may run on a
 * thread of its own.
 */
#ifndef VOUCH_TRIAL_H
#define VOUCH_TRIAL_H

#include "replay/replay.h"
#include "vouch/backtest.h"
#include "vouchd/fold.h"

/* The other policy, and when. */
struct trial {
	bool wanted;      /* false: the past is compared with itself */
	const char *file; /* that the policy stands in; NULL: another budget only */
	struct fold_policy policy;
	/* It holds from `from` on; what comes at or after `to` is not looked at, but for verdicts */
	struct instant from, to;
};

/* A snapshot of the store: a restart begins with it, so it must be what the journal gives. */
struct trial_shot {
	uint64_t seq;
	struct hash hash; /* of its bytes */
};
#define TRIAL_SHOTS_MAX 2U /* the journal keeps so many */

struct trial_course {
	const struct trial *trial;
	struct fold *fold;
	struct backtest *backtest; /* NULL: no other policy */
	struct instant last;       /* time of the last record that was folded */
	/* Effects by kind, in the time of the trial */
	uint64_t recorded[RECORD_COUNT], computed[RECORD_COUNT];
	uint64_t refused;    /* inputs that were taken then and would not be under this policy */
	uint64_t read_again; /* the last record of trial_count_mail */
	/* the rest is for trial.c */
	bool tried;                               /* the other policy is in force */
	struct replay_effects *effects;           /* of the input that is being folded */
	struct trial_shot shots[TRIAL_SHOTS_MAX]; /* not compared yet, by seq */
	size_t shot_count;
};

/* `trial` must outlive it. Errors: RESULT_DAMAGED, RESULT_IO: a snapshot cannot be read. trial_close is wanted in any case. */
enum result trial_open(struct trial_course *c, const struct trial *trial, struct journal *j,
		       struct fault *fault) MUST_USE;
struct replay_rooms trial_rooms(struct trial_course *c);
/* After the last record. RESULT_DIFFERENT: a snapshot is not what the journal gives. */
enum result trial_end(struct trial_course *c, struct fault *fault) MUST_USE;
/* A visitor of all records, after trial_end, when backtest_wants_mail: the mail of takeovers. */
enum result trial_count_mail(void *course, const struct record *record) MUST_USE;
void trial_close(struct trial_course *c);

#endif
