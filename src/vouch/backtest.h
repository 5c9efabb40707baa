/*
 * vouch/backtest.h - two courses of the same past, source by source: as it was recorded, and as another policy would have had it.
 *
 * It is shown the effects of both in order and keeps, for each source and course, when it was first suspended by the machine and
 * how long it was off the list. What people judged is taken from the record: a source whose suspension they confirmed was taken
 * over, of all others nothing is known. Cost: O(1) per effect; below 200 bytes per source.
 */
#ifndef VOUCH_BACKTEST_H
#define VOUCH_BACKTEST_H

#include "model/report.h"
#include "registry/registry.h"
#include "replay/replay.h"

#include <jansson.h>

struct backtest;

enum backtest_course { BACKTEST_RECORDED, BACKTEST_COMPUTED, BACKTEST_COURSES };

/* Only what happens from `from` on and before `to` counts; from <= to. */
struct backtest *backtest_open(struct instant from, struct instant to);
void backtest_close(struct backtest *b); /* NULL is fine */

/* What followed from an input; the effects of one course in their order. */
void backtest_see(struct backtest *b, enum backtest_course course, const struct replay_effect *effects,
		  size_t count);

/* The system that a recorded case was about, so that its verdict finds the case of the same system; REGISTRY_NONE: no such case. */
uint32_t backtest_case_system(const struct backtest *b, uint32_t number);

/* Was any takeover confirmed whose begin is known? Then backtest_mail has something to count. */
bool backtest_wants_mail(const struct backtest *b);
/*
 * Afterwards, each report of the journal: the mail of a confirmed takeover, from its first bad news to the verdict, and what was out of it
 * before the source fell in either course. Only reporters whose word counts tell volume. Cost: O(observations).
 */
void backtest_mail(struct backtest *b, const struct registry *r, const struct report *report);

/* Rows of the sources whose courses differ, in the order of the registry, and the sums. `end`: the last time of the journal. */
json_t *backtest_sources(const struct backtest *b, const struct registry *r, struct instant end);
json_t *backtest_sums(const struct backtest *b, const struct registry *r, struct instant end);

#endif
