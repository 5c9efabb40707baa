/* bench/common/oracle.h - how well takeovers could be seen at all within the budget, by one who is told the truth. */
#ifndef BENCH_COMMON_ORACLE_H
#define BENCH_COMMON_ORACLE_H

#include "vouch/score.h"

extern const struct score_detector oracle; /* of takeovers; of honest fleets it says nothing */

#endif
