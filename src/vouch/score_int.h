/*
 * vouch/score_int.h - the parts of a scoring run. Private.
 *
 *   score.c        fleets on all cores
 *   score_fleet.c  the fleet of a scenario
 *   score_feed.c   one fleet through its entries
 *   score_look.c   what a detector is told of an observation
 *   score_judge.c  what an entry says, against the truth
 *   score_thresholds.c  the programme's thresholds, which no entry changes
 *   score_sum.c    figures of outcomes
 *   score_ours.c   our detector as a row
 */
#ifndef VOUCH_SCORE_INT_H
#define VOUCH_SCORE_INT_H

#include "vouch/score.h"

#include <stdatomic.h>

/* Right until so long after the last bad message, and caught in time until so long after the first. */
#define SCORE_AFTER_MS (INT64_C(48) * 3600000)
/* A source that was suspended wrongly is cleared; its score is not asked for again before so long. */
#define SCORE_REST_MS INT64_C(86400000)
#define SCORE_NEVER   INT64_MAX

/* A fleet on its way. */
struct score_scene {
	struct sim *sim;
	const struct sim_member *members;
	const struct sim_system *systems;
	const struct sim_source *sources;
	uint32_t system_count, source_count;
	uint32_t member_count;     /* that are units; 0: each has one system */
	struct sim_event *attacks; /* of each system; kind SIM_EVENT_COUNT: none */
	double *bad;               /* bad messages delivered of each system */
	struct instant learnt;     /* from now on it counts */
	struct instant now;
	bool keep_peaks;
};

/* What is kept of a unit. */
struct score_watch {
	int64_t suspended_ms; /* by a right alarm; SCORE_NEVER */
	int64_t alarmed_ms;   /* by a false one */
	size_t peak;          /* one more than the index of its latest peak; 0: none */
	bool above;           /* the score has not been below the limit since */
};

/* An entry on a scene. */
struct score_judge {
	const struct score_scene *scene;
	const struct score_entry *entry;
	struct score_outcome *outcome;
	void *detector;
	struct score_watch *units;
	double *bad_out; /* of each system */
};

struct sim *score_fleet_open(const struct score_fleet *fleet);

/* One fleet under all its entries; days that are done are added to *days_done. */
void score_feed(const struct score_fleet *fleet, const struct score_entry *entries, size_t entry_count,
		struct score_outcome *outcomes, atomic_uint *days_done);

void score_judge_open(struct score_judge *j, const struct score_scene *scene, const struct score_entry *entry,
		      struct score_outcome *outcome);
void score_judge_bad(struct score_judge *j, const struct sim_observation *o); /* bad mail was delivered */
void score_judge_close(struct score_judge *j);                                /* fills the outcome */

struct score_thresholds;
struct score_thresholds *score_thresholds_open(const struct score_scene *scene);
void score_thresholds_observe(struct score_thresholds *t, const struct sim_observation *o,
			      const struct detect_fact *fact);
void score_thresholds_tick(struct score_thresholds *t); /* the scene's time has come */
struct score_crossed score_thresholds_close(struct score_thresholds *t);

#endif
