/*
 * detect/compliance_int.h - what is counted for the thresholds, day by day. Private.
 *
 *   compliance.c           sources, parties, observations, the beginning of a day
 *   compliance_meter.c     one count over a window of days
 *   compliance_view.c      the numbers behind a threshold, and the distances
 *   compliance_words.c     the same in words
 *   compliance_snapshot.c  the state as bytes
 */
#ifndef DETECT_COMPLIANCE_INT_H
#define DETECT_COMPLIANCE_INT_H

#include "base/array.h"
#include "base/map.h"
#include "detect/detect.h"

/* Days are numbers since 1970, UTC. At hand are those from today - COMPLIANCE_DAYS_MAX to tomorrow: clocks differ a little. */
#define METER_DAYS 32U
#define DAY_NEVER  INT32_MIN
_Static_assert(COMPLIANCE_DAYS_MAX + 2 == METER_DAYS, "a day has its own place among those that are kept");

/* What is counted for one threshold of one source (or member), of one party or of none. */
struct compliance_meter {
	uint32_t owner, party;
	uint32_t next; /* of the owner; COMPLIANCE_NONE ends */
	uint8_t threshold;
	uint8_t evidence_count;
	bool over;
	uint64_t evidence[COMPLIANCE_EVIDENCE_MAX];
	uint64_t bad, sample; /* of the window that ends today */
	/* By day modulo METER_DAYS; they stop at UINT32_MAX */
	uint32_t bad_of[METER_DAYS], sample_of[METER_DAYS];
};

/* What one blocklist said of one source. */
struct compliance_listing {
	uint32_t owner, party, next;
	int64_t listed_ms, delisted_ms; /* the latest of each; INT64_MIN: never */
	uint64_t evidence;
};

struct compliance_source {
	uint32_t group;
	uint32_t meters, listings; /* the first of each */
	uint16_t over;             /* thresholds without a meter that are crossed: listings, silence */
	uint8_t family;            /* a source_kind; prefixes count as addresses */
	bool removed;
	int32_t start_day, used_day; /* listed; last day with mail since then, or DAY_NEVER */
	int64_t start_ms;            /* what happened before is not counted */
};

struct compliance_party_row {
	char *name;
	enum blocklist_weight weight;
	const struct threshold_limit *limits[THRESHOLD_COUNT]; /* in the policy */
};
struct compliance_parties {
	struct compliance_party_row *rows;
	uint32_t count, size;
	struct map names;
};

struct compliance {
	struct threshold_policy policy;
	compliance_fn *turned;
	void *context;
	struct compliance_meter *meters;
	struct compliance_listing *listings;
	struct compliance_source *sources;
	uint32_t *groups; /* the first meter of each */
	uint32_t meter_count, listing_count, source_count, group_count;
	uint32_t meter_size, listing_size, source_size, group_size;
	struct map meter_map;              /* threshold, party and owner */
	uint16_t counted_by[SIGNAL_COUNT]; /* the thresholds with a meter that count a signal */
	struct compliance_parties parties[COMPLIANCE_PARTY_COUNT];
	int32_t today;                        /* DAY_NEVER before the first tick */
	int32_t heard_day[SOURCE_KIND_COUNT]; /* last day with mail of any source of the family */
};

/* ---- compliance.c */

int32_t compliance_day(struct instant t);
struct compliance_party_row *compliance_party_new(struct compliance *c, enum compliance_party kind,
						  struct text name);

/* ---- compliance_meter.c */

/* The meter of these; COMPLIANCE_NONE: there is none. */
uint32_t compliance_meter_find(const struct compliance *c, enum threshold t, uint32_t owner, uint32_t party);
uint32_t compliance_meter_new(struct compliance *c, enum threshold t, uint32_t owner, uint32_t party);
/* Counts an event of `day` and judges the meter. */
void compliance_meter_add(struct compliance *c, uint32_t meter, enum signal signal, uint32_t count,
			  int32_t day, uint64_t seq);
/* Takes it back from its day; the meter is not judged. */
void compliance_meter_take(struct compliance *c, uint32_t meter, enum signal signal, uint32_t count,
			   int32_t day);
void compliance_meter_empty(struct compliance *c, uint32_t meter); /* and judges it */
/* The days from `was` to today have begun: those that are gone are emptied. */
void compliance_meter_roll(struct compliance *c, uint32_t meter, int32_t was);
/* The window again, and whether it is over */
void compliance_meter_judge(struct compliance *c, uint32_t meter);
const struct threshold_limit *compliance_limit(const struct compliance *c, enum threshold t, uint32_t party);
/* The sums over the window that ends at `day`. */
void compliance_meter_sums(const struct compliance *c, const struct compliance_meter *m, int32_t day,
			   uint64_t *bad, uint64_t *sample);

/* ---- compliance_view.c */

bool compliance_has_meter(enum threshold t); /* else it is a state: listings or silence */
/* The state on that day: how many blocklists, how many days of silence (of today). */
uint64_t compliance_state(const struct compliance *c, const struct compliance_source *s, enum threshold t,
			  int32_t day);
void compliance_meter_metric(const struct compliance *c, uint32_t meter, struct compliance_metric *metric);
/* Of a threshold without a meter. */
void compliance_state_metric(const struct compliance *c, uint32_t source, enum threshold t,
			     struct compliance_metric *metric);

#endif
