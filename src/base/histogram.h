/*
 * base/histogram.h - how long something takes, as a histogram of /metrics: counts by upper ends from 10 us to a second.
 *
 * One thread adds, without a lock; any thread reads, a moment behind. Test: tests/unit/base_test.c.
 */
#ifndef BASE_HISTOGRAM_H
#define BASE_HISTOGRAM_H

#include "base/text.h"

#include <stdint.h>

#define HISTOGRAM_BUCKETS 14U /* the last: longer than a second */

struct histogram { /* zeros at first */
	_Atomic uint64_t counts[HISTOGRAM_BUCKETS];
	_Atomic uint64_t sum_ns;
};

/* `n` things that took so long each. */
void histogram_add(struct histogram *h, uint64_t ns, uint64_t n);
/* Adds what `from` has, which may grow meanwhile; `to` is the caller's own. */
void histogram_merge(struct histogram *to, const struct histogram *from);
/* The family `name`, in seconds; the form is that of OpenMetrics and of the older one. */
void histogram_write(const struct histogram *h, const char *name, const char *help, struct buffer *b);

#endif
