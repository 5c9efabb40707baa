/*
 * base/counters.h - what the running process counts (counters.def), for /metrics.
 *
 * One set per process, written from any thread with relaxed atomics: each number is exact, two numbers read together
 * may be a moment apart. Nothing here is part of the journal, and nothing is decided by it. detect and decide do not
 * include this. Cost of an add: one locked instruction; hot paths add once per batch.
 */
#ifndef BASE_COUNTERS_H
#define BASE_COUNTERS_H

#include "base/text.h"

#include <stdint.h>

enum counter {
#define COUNTER(id, family, labels, kind, help) COUNTER_##id,
#include "base/counters.def"
#undef COUNTER
	COUNTER_COUNT
};

void counter_add(enum counter c, uint64_t n);
void counter_set(enum counter c, uint64_t value); /* gauges only; check()s it */
uint64_t counter_get(enum counter c);

/*
 * All of them as application/openmetrics-text; version=1.0.0; charset=utf-8, ends in "# EOF". About 5 kB. `more`: families that others
 * count, in the same form; may be empty.
 */
void counters_write(struct buffer *b, struct text more);

/*
 * All of them as text/plain; version=0.0.4, for a scraper that does not ask for OpenMetrics. The two differ in the HELP
 * and TYPE lines of counters: OpenMetrics leaves "_total" out of the family name, the older format keeps it.
 */
void counters_write_plain(struct buffer *b, struct text more);

#endif
