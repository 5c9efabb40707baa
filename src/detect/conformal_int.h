/*
 * detect/conformal_int.h - how unusual is a number among those that came before it? Private.
 *
 *   conformal.c  rank among the past -> p-value -> e-value, in bounded memory
 *   series.c     the volume voice for any series of numbers: twelve questions per row, one e-value (bench/nab.c)
 *   burst.c      the volume voice for mail: one bounded e-value per burst (bench/burst.c)
 *
 * Benches and tests alone call series.c and burst.c: in the daemon volume has no voice.
 *
 * Nothing is assumed of the numbers but that their order tells nothing while all is well (exchangeability).
 * Pure: no clock, no I/O, no allocation; + - * / and sqrt only, so all machines give the same bits.
 * Why, and what was measured: doc/why/volume.md. Test: tests/unit/conformal_test.c, burst_test.c.
 */
#ifndef DETECT_CONFORMAL_INT_H
#define DETECT_CONFORMAL_INT_H

#include "base/instant.h"

#include <stdint.h>

#define CONFORMAL(name, value, unit, why) static const double name = value;
#include "detect/conformal.def"
#undef CONFORMAL

#define CONFORMAL_TOP 32

/*
 * The largest numbers of the past. Ranks among all of the past need no more: what ranks behind these is not unusual.
 * 136 bytes. All zero is an empty memory.
 */
struct conformal {
	float top[CONFORMAL_TOP]; /* descending */
	uint32_t kept;            /* of `top` */
	uint32_t seen;            /* of the past, the forgotten left out */
};

/*
 * (1 + how many of the past are at least x) / (1 + how many there are). In (0, 1]; 1 for what ranks behind the top. If x and
 * the past are exchangeable, P(p <= a) <= a for every a.
 * Source: V. Vovk, A. Gammerman, G. Shafer, Algorithmic Learning in a Random World, Springer 2005, ch. 2.
 */
double detect_conformal_p(const struct conformal *memory, double x);

/*
 * -ln p, where p goes on beyond the largest number of the past: the largest CONFORMAL_TAIL are taken as a Pareto tail, whose
 * logarithms over the smallest of them are exponential, so that with K - 1 of them that sum to S
 *     P(ln x - ln smallest > y) = (1 + y/S)^-(K-1)
 * holds whatever the index of the tail is. Never below -ln detect_conformal_p. In [0, CONFORMAL_NATS_MAX]. x >= 0; infinity
 * ranks above all, without a tail.
 * Source: B. M. Hill, Ann. Statist. 3 (1975) 1163-1174, for the tail; a ratio of exponentials for the prediction.
 */
double detect_conformal_nats(const struct conformal *memory, double x);

/* Puts x into the past. When `most` (>= 4 * CONFORMAL_TOP) were seen every second one is forgotten, so that p gets larger. */
void detect_conformal_add(struct conformal *memory, double x, uint32_t most);

/*
 * The e-value of a p-value p = e^-nats: (1 - p + p ln p) / (p ln^2 p). Mean 1 for a uniform p, falls in p, 1/2 at p = 1.
 * Source: V. Vovk, R. Wang, Ann. Statist. 49 (2021) 1736-1754, section 2: p^(k-1) k averaged over k.
 */
double detect_conformal_e(double nats);

/* ---- series.c */

#define SERIES_SCALES   4
#define SERIES_ROWS     256 /* twice the longest scale, at least */
#define SERIES_RESIDUES 128 /* the longest scale, at least */

struct series_params {
	uint32_t scales[SERIES_SCALES]; /* rows; each <= SERIES_RESIDUES */
	double alarm_nats, rest_rows;
};
extern const struct series_params detect_series_params; /* those measured and recommended */

/* What is usual for an hour: level, hour of the day, hour of the week, each shrunk to the one before. */
struct series_profile {
	double level, level_hours;
	float day[24], day_hours[24];
	float week[168], week_hours[168];
};

/* Below 7 kB. All zero is a series that has not begun. */
struct series {
	double value[SERIES_ROWS];       /* of the last rows, ring */
	double residue[SERIES_RESIDUES]; /* value minus profile, ring */
	struct series_profile profile;
	struct conformal level[SERIES_SCALES], shift[SERIES_SCALES], rough[SERIES_SCALES],
	    calm[SERIES_SCALES];
	int64_t last_ms;
	uint64_t rows;
	double peak;   /* evidence of the last row that was said */
	uint32_t rest; /* rows since; counts no further than the rest is long */
};

/*
 * The e-value of one more row: the mean of twelve, three questions at four scales w.
 *     level  |mean of the last w residues|, a residue being the value minus what is usual for the hour
 *     shift  |mean of the last w values - mean of the w before|
 *     spread root of the mean squared difference of neighbours among the last w, too large or too small; "too small"
 *            goes by rank alone
 * `at` never goes back; value is finite. In (0, e^CONFORMAL_NATS_MAX). Cost: O(longest scale), about 1 us.
 */
double detect_series_e(struct series *s, const struct series_params *p, struct instant at, double value);

/*
 * What is said of a row with this e-value: ln e, or 0 when it is below 1, when no more than what was said within the last
 * rest_rows, or when an alarm (alarm_nats) was. Call it once per row.
 */
double detect_series_say(struct series *s, const struct series_params *p, double e);

/* ---- burst.c */

/* 296 bytes. All zero is a unit that was never heard of. */
struct burst {
	struct conformal sizes; /* of bursts: volume against what was usual for the hour */
	int64_t hour;           /* the last hour told, since 1970 */
	uint64_t hours;         /* told, silent ones too */
	float level;            /* usual volume per hour */
	float day[24];          /* by hour of the day */
	float week[7];          /* by day of the week */
	float chances, begun;   /* hours with mail, and those in which a burst began; fading */
	float peak;             /* largest hour of the burst that goes on; 0: none does */
};

/*
 * The hour `hour` since 1970 is over and brought `volume` (>= 0) messages of the unit; hours between it and the last call
 * brought none. `fleet` (> 0) is what senders sent in this hour against their usual (the median over them, not the sum, which a
 * few large campaigns would be), 1 if unknown: a day that moves everybody says nothing of one.
 *
 * Gives an e-value, the mean of two: that a burst began, or did not, in an hour with mail, against how often they began; and the
 * rank of its size among those before. A burst is more than BURST_RISE times what is usual for the hour; while it goes on only
 * an hour BURST_RISE times its largest begins another. So a burst speaks once, and no hour by more than 8.1.
 * In [0.75, 8.1]; 1 for a silent hour, in the first week, and for an hour not after the last, which changes nothing.
 * Mean at most 1 while bursts come and are as they were, whatever their sizes. Cost: O(1), and one step per silent hour, at
 * most BURST_GAP.
 */
double detect_burst_e(struct burst *b, int64_t hour, double volume, double fleet);

#endif
