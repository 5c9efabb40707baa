/* bench/common/cpu.h - what a piece of work costs, whatever else the machine does. */
#ifndef BENCH_COMMON_CPU_H
#define BENCH_COMMON_CPU_H

#include <stdint.h>

int64_t cpu_ns(void); /* CPU time of the calling thread so far */

#endif
