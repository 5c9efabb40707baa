/*
 * vouch/fares.h - how the word of each reporter fared: what it accused systems of, and what people and other reporters said of that.
 *
 * A reporter accuses a system on a day of the journal on which it brings at least FARES_LEAST bad news about it and FARES_TIMES what it
 * usually does in a day (a mean over FARES_MEAN_DAYS); nothing is an accusation in the first FARES_LEARN_DAYS of a reporter, and what comes
 * within FARES_EPISODE_DAYS of an accusation belongs to it. A case of the system that was opened from the day before up to
 * FARES_EPISODE_DAYS later judges it: confirmed, it was right; cleared, it was wrong. Without a case it was alone, which counts as wrong,
 * unless another reporter accused the same system within a day.
 *
 * The weight is the mean of what is known of the share of its accusations that are right, after a uniform prior (beta-binomial), with an
 * interval of 90 %. It is shown and decides nothing: doc/why/reporters.md says why.
 *
 * In: news and cases in the order of the journal. Pure. Memory: 40 bytes per reporter and system that it spoke of, 16 per accusation.
 * Test: tests/unit/fares_test.c.
 */
#ifndef VOUCH_FARES_H
#define VOUCH_FARES_H

#include "model/state.h"
#include "model/move.h"

#define FARES_LEAST        5U
#define FARES_TIMES        4.0
#define FARES_MEAN_DAYS    30
#define FARES_LEARN_DAYS   7
#define FARES_EPISODE_DAYS 7

struct fares;

struct fares *fares_open(void);
void fares_close(struct fares *f); /* NULL is fine */

/* Ids of the registry. `now` is the time of the record and never goes back. Cost: O(1). */
void fares_news(struct fares *f, uint32_t reporter, uint32_t system, uint32_t count, struct instant now);
void fares_case(struct fares *f, uint32_t number, uint32_t system, enum case_status status,
		struct instant opened);

struct fare {
	uint32_t accusations; /* all, those that wait for a verdict too */
	uint32_t right, wrong, alone, agreed, waiting;
	double weight, low, high; /* 0..1; low and high: 5 and 95 % of the beta distribution */
};
/* What is known at `now`. Cost: O(accusations x (cases + accusations)). */
struct fare fares_of(struct fares *f, uint32_t reporter, struct instant now);

#endif
