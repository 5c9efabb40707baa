/*
 * vouch/score.h - detectors on simulated fleets: how early they catch takeovers, and how many honest sources they suspend.
 *
 * A detector is a row of functions, so that others than ours can be measured beside it (bench/common/baseline.h). What it is
 * given is what the daemon gives to ours: facts in the order of their arrival, what sampled messages look like, and a tick each
 * minute. Units: first the sources of the fleet, by their index, then its systems, then its members where there are fewer of them; one with a
 * single system is told nothing, it would be that system once more.
 *
 * An alarm is right from the first bad message of a takeover of the same system until 48 h after the last one. Others are
 * false from the 31st day on (the days before are for learning) and suspend the source, or all sources of the system. One of a member is one
 * of each of its systems that shows something itself, if two do.
 * Complaints by reporters that nobody registered are left out, as the daemon has no door for them.
 *
 * Beside the detectors the default thresholds of the programme are kept (doc/data/thresholds.md), where a fleet asks for it: whom they
 * suspend is no false alarm, since his mail crossed them, and is counted apart.
 *
 * Same fleet and entry: the same outcome, in whatever order and on however many threads.
 * Test: tests/unit/score_test.c.
 */
#ifndef VOUCH_SCORE_H
#define VOUCH_SCORE_H

#include "detect/detect.h"
#include "sim/sim.h"

#define SCORE_LEARN_DAYS     30U
#define SCORE_SYSTEM_SOURCES 3U /* on average; a domain that signs the mail is one of them in most systems */

struct score_outcome;

/* Called from within observe, look, tick or told. */
typedef void score_say_fn(void *context, uint32_t unit, double score);

struct score_detector {
	const char *name;
	/* what it says is an alarm; else a score, and the alarm comes when that rises to the limit */
	bool decides;
	void *(*open)(double budget, double limit, score_say_fn *say, void *context);
	void (*feeds)(void *detector, uint32_t count); /* NULL, or: it tells so many feeds apart */
	void (*unit_add)(void *detector, enum unit_kind kind);
	void (*observe)(void *detector, uint32_t unit, const struct detect_fact *fact);
	void (*look)(void *detector, const struct detect_look *look); /* NULL: it sees no content */
	void (*tick)(void *detector, struct instant now);
	void (*close)(void *detector);
	/* NULL, or it is told the truth too: an oracle. Each observation as it is simulated, before what it is given of it. */
	void (*told)(void *detector, const struct sim *sim, const struct sim_observation *o);
	/* NULL, or before it is closed: what its self-audit says of limits; sets rows of outcome->audit. */
	void (*audit)(const void *detector, struct score_outcome *outcome);
	/* NULL: each system does. Is the evidence of this unit raised? Asked after an alarm of its member. */
	bool (*shows)(const void *detector, uint32_t unit);
};

extern const struct score_detector score_ours; /* src/detect; `limit` is detect_params.limit_scale */

/* A detector as it is set. */
struct score_entry {
	const struct score_detector *detector;
	double budget; /* false suspensions per 1000 source-years; ours alone heeds it */
	double limit;
};

/* How much of the fleet's mail the detector gets to see; below zero: as the scenario has it. */
struct score_sight {
	double coverage, sampling, late_minutes, declared, imports;
	/* how often members that declare lead to what they have not declared, per template */
	double undeclared;
};
#define SCORE_SIGHT_USUAL ((struct score_sight){ -1, -1, -1, -1, -1, -1 })

struct score_fleet {
	/* "honest", "ugly", or a takeover of sim/events.def: all systems with campaigns have it, late */
	const char *scenario;
	uint32_t systems; /* of SCORE_SYSTEM_SOURCES sources on average */
	uint32_t members; /* at most as many, and shared out among them; 0: as many */
	uint32_t days;    /* more than SCORE_LEARN_DAYS; of a takeover: score_days at least */
	uint64_t seed;
	struct span step; /* of the volume feed */
	struct score_sight sight;
	bool keep_peaks; /* for score_limit */
	/* Of an honest fleet: this share of the systems is taken over, each in another way, and counts as honest: nobody knows. */
	double taken;
	bool thresholds; /* are kept too */
};

bool score_scenario_is_known(const char *scenario);
bool score_is_honest(const char *scenario);
/* Days that leave the takeover time to be learnt before and to end; for an honest scenario a year beside those for learning. */
uint32_t score_days(const char *scenario);

/* One takeover of one system. */
struct score_attack {
	double bad;     /* messages delivered */
	double bad_out; /* of them before the suspension of their source or system */
	double minutes; /* from the first bad message to the first alarm; INFINITY: none came */
};

/* Suspensions of honest sources for thresholds. */
struct score_crossed {
	uint64_t partly;  /* for one receiver */
	uint64_t wholly;  /* off the list */
	uint64_t disused; /* off the list for silence */
};

/* The highest score of a unit within an hour. */
struct score_peak {
	uint32_t unit, hour, sources; /* that its alarm would suspend */
	float score;
};

/* What became of one fleet under one entry. */
struct score_outcome {
	double source_years;          /* without the days for learning */
	uint64_t alarms;              /* false ones */
	uint64_t suspended;           /* sources by them */
	struct score_crossed crossed; /* the same under each entry */
	struct score_attack *attacks;
	size_t attack_count;
	struct score_peak *peaks;
	uint32_t peak_count, peak_size;
	struct score_audit {
		bool said; /* else there is not enough history */
		/* ln of the limit that the self-audit holds for right, over the one that was set */
		double nats;
	} audit[UNIT_KIND_COUNT]; /* of the voice with the largest share */
};

/*
 * Runs all entries over all fleets, on all cores; outcomes[f * entry_count + e]. Progress is shown on stderr when that is a
 * terminal, or else if wanted, as lines. Memory: that of the fleets that run at the same time, one per core; where there are fewer,
 * each is simulated once for each part of the entries.
 */
void score_run(const struct score_fleet *fleets, size_t fleet_count, const struct score_entry *entries,
	       size_t entry_count, struct score_outcome *outcomes, bool progress);
void score_outcomes_free(struct score_outcome *outcomes, size_t count); /* the array too */

/* Several outcomes together. */
struct score_figures {
	double source_years;
	uint64_t alarms, suspended;
	double per_1000;  /* suspended sources per 1000 source-years */
	double low, high; /* 95 %: exact Poisson interval of the alarms, times sources per alarm */
	struct score_crossed crossed;
	uint32_t attacks;
	double recall;               /* share caught within 48 h of the first bad message */
	double caught;               /* share caught at all */
	double delay_minutes;        /* median; INFINITY when fewer than half were caught */
	double out_median, out_mean; /* share of the bad messages delivered before the suspension */
	double exposed;              /* bad messages delivered before it, mean per takeover */
};

/* The exact Poisson interval of 95 % of the mean, after n events. Cost: O(sqrt(n)). */
void score_interval(uint64_t n, double *low, double *high);

/* Outcomes of entry `entry` of a run with `entry_count`, over `fleet_count` fleets. */
struct score_figures score_figures(const struct score_outcome *outcomes, size_t fleet_count,
				   size_t entry_count, size_t entry);

/* The lowest limit at which the peaks of the outcomes suspend at most `budget` sources per 1000 source-years. Sorts the peaks. */
double score_limit(const struct score_outcome *outcomes, size_t fleet_count, size_t entry_count, size_t entry,
		   double budget);

#endif
