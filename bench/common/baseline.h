/*
 * bench/common/baseline.h - detectors in use, to measure ours beside.
 *
 * They are given what ours is given, and the help that a careful operator would give them: rates learnt per unit on a prior that
 * is right for the fleet, complaints expected as late as they come, learning that an outburst cannot poison. What they say is
 * a score; its limit is for score_limit to find.
 */
#ifndef BENCH_COMMON_BASELINE_H
#define BENCH_COMMON_BASELINE_H

#include "vouch/score.h"

#include <stddef.h>

/* Windows of 30 days against the programme's limits (model/threshold.def); the score is how many times the limit. Sources only. */
extern const struct score_detector baseline_fixed;

/* Those of baseline.def. */
extern const struct score_detector baseline_rates[];
extern const size_t baseline_rate_count;

#endif
