/*
 * detect/detect.h - has this source or system been taken over?
 *
 * A unit is one source, or one system (its sources counted together). For each unit the room compares two stories of the
 * bad news (complaints, unknown users, trap hits) against the delivered volume: an honest sender with its learnt rates, whose
 * campaigns differ and who now and then imports a bad list; and a taken-over one (detect/profiles.def). The evidence is an
 * e-process that starts anew at every moment of sender-time, so with limit A the expected number of alarms of honest units
 * is at most unit-years / A, whatever depends on what. The operator's budget gives A.
 *
 * Pure: no clock, no I/O, no log; the same calls give the same alarms on every machine. detect_observe and detect_tick do not
 * allocate. Cost: O(1) per observation; detect_tick O(units with an open bin). Memory: below 700 bytes per unit.
 * Why, and what was measured: doc/why/detection.md. Test: tests/unit/detect_test.c.
 */
#ifndef DETECT_DETECT_H
#define DETECT_DETECT_H

#include "model/alarm.h"
#include "model/signal.h"

#include <stdbool.h>

struct detect;

struct detect_params {
	double budget; /* false suspensions per 1000 source-years that the operator accepts, in (0, 1000] */
};

/* Called from within detect_observe or detect_tick, in the same order in every run; must not call the room. */
typedef void detect_alarm_fn(void *context, const struct alarm *alarm);

struct detect *detect_open(const struct detect_params *params, detect_alarm_fn *alarm, void *context);
void detect_close(struct detect *d);

/* Adds a unit and gives its id: 0, 1, 2, ... in the order of the calls. Allocates. */
uint32_t detect_unit_add(struct detect *d, enum unit_kind kind);

/* One fact about a unit. */
struct detect_fact {
	enum signal signal;
	uint32_t count;        /* >= 1 */
	struct instant at;     /* when it happened: mail was delivered, a complaint was made */
	struct instant mailed; /* when the message was delivered that it is about; DETECT_MAILED_UNKNOWN */
	uint64_t seq;          /* the journal record that brought it */
};
#define DETECT_MAILED_UNKNOWN INT64_MIN

/*
 * Takes a fact into the unit's open bin. Signals that are neither volume nor in model/evidence.def change nothing. Bad news
 * counts for the mail it is about; where a complaint does not say which, the cohorts share it by their age and rate.
 * Volume may come later than the bad news about it: that then waits, or the learnt volume stands in. Older than a day: left out.
 */
void detect_observe(struct detect *d, uint32_t unit, const struct detect_fact *fact);

/* Time has come to `now`: closes the bins that are due. Between observations, call it about once a minute. */
void detect_tick(struct detect *d, struct instant now);

/*
 * A person confirmed that the unit was taken over: what it did in the last day or two is not learnt from. Call it for the
 * units of an alarm that was right, at once; without it an alarm counts as wrong and the unit's new ways as its own.
 */
void detect_unit_forget(struct detect *d, uint32_t unit);

/* True when some bin is open, so that a tick may still tell something. */
bool detect_waits(const struct detect *d);

/* What is known of a unit now, for status and explanation. */
struct detect_view {
	double evidence_nats[VOICE_COUNT]; /* ln of the evidence; an alarm comes at limit_nats */
	double limit_nats[VOICE_COUNT];
	double rate
	    [EVIDENCE_COUNT];  /* learnt rate per delivered message of the kind of mail that was sent last */
	double volume_per_day; /* learnt mean volume, messages */
	uint64_t left_out;     /* observations that were more than a day late */
};
void detect_unit_view(const struct detect *d, uint32_t unit, struct detect_view *view);

uint32_t detect_unit_count(const struct detect *d);

/* Snapshot of the whole state, without the parameters. Equal state gives equal bytes. */
void detect_save(const struct detect *d, struct buffer *b);

/*
 * Reads a snapshot into a detector just opened. Errors: RESULT_DAMAGED for what detect_save cannot have written; the
 * detector is then empty as before.
 */
enum result detect_load(struct detect *d, struct wire *w) MUST_USE;

#endif
