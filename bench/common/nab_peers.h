/*
 * bench/common/nab_peers.h - two detectors whose published scores can be computed anew, to check the scorer with. Each writes one score
 * per row of a series.
 */
#ifndef BENCH_COMMON_NAB_PEERS_H
#define BENCH_COMMON_NAB_PEERS_H

#include "common/nab_score.h"

/* Even random numbers, for each series the same, from the generator and seed that the published ones are from (MT19937, 42). */
void nab_random(const struct nab_series *s, double *scores);

/*
 * 1 minus the Gaussian tail beyond the value, by mean and deviation of the last 6400 values, anew every 100 rows once there
 * are so many. Rounded to 12 digits, as the published scores are stored: what is nearer to 1 is 1.
 */
void nab_windowed_gaussian(const struct nab_series *s, double *scores);

#endif
