/*
 * bench/common/nab_score.h - the scoring of the Numenta Anomaly Benchmark, for one detector over a corpus of series.
 *
 * A detector gives each row a score; the rows with at least a threshold are its alarms. The first 15 % of a series (at most
 * 750 rows) are ignored. In a window the earliest alarm counts, worth 2 / (1 + e^5x) - 1 over its greatest value, where x runs
 * from -1 at the left edge to 0; a window without an alarm costs `missed`. An alarm outside costs `alarm` times that sigmoid
 * of its distance after the last window in window lengths, and all of `alarm` before the first window or beyond three lengths.
 * The sum is scaled so that no alarm at all is 0 and one at the first row of each window is 100.
 * Source: A. Lavin, S. Ahmad, ICMLA 2015, 38-44; weights and edges as in its published code.
 * Checked against published scores of two detectors that can be computed anew: doc/why/volume.md.
 */
#ifndef BENCH_COMMON_NAB_SCORE_H
#define BENCH_COMMON_NAB_SCORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define NAB_WINDOWS_MAX 16
#define NAB_SERIES_MAX  64

struct nab_window {
	size_t first, last; /* rows */
};

struct nab_series {
	char name[128];
	size_t rows;
	int64_t *at_ms;
	double *value;
	size_t window_count;
	struct nab_window windows[NAB_WINDOWS_MAX]; /* ascending, apart */
};

struct nab_corpus {
	size_t count;
	struct nab_series series[NAB_SERIES_MAX];
};

struct nab_profile {
	const char *name;
	double alarm, missed; /* what a false alarm and a missed window cost */
};
#define NAB_PROFILES 3
extern const struct nab_profile nab_profiles[NAB_PROFILES];

size_t nab_probation(size_t rows);

/* The scores of all rows, highest first. */
struct nab_ranking {
	size_t count;
	struct nab_row {
		double score, worth;
		uint8_t series, window; /* NAB_WINDOWS_MAX: in none */
	} * rows;
};

/* `scores[i]` are those of series i. Rows in probation are left out. */
struct nab_ranking nab_rank(const struct nab_corpus *corpus, double *const *scores);
void nab_ranking_free(struct nab_ranking *ranking);

struct nab_verdict {
	double points;                /* 0 no alarm, 100 perfect, may be below 0 */
	double threshold;             /* infinity: none */
	size_t windows, hits, alarms; /* windows, those hit, alarms outside of them */
};

/* With the threshold that gives most points over the series with in[series]. */
struct nab_verdict nab_best(const struct nab_corpus *corpus, const struct nab_ranking *ranking,
			    const bool *in, const struct nab_profile *profile);

/* With a given threshold. */
struct nab_verdict nab_at(const struct nab_corpus *corpus, const struct nab_ranking *ranking, const bool *in,
			  const struct nab_profile *profile, double threshold);

#endif
