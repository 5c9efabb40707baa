/*
 * serve/dns_stats.h - what DNS threads count of their answers, for /metrics: by zone, transport, outcome and response code, and how long they took.
 *
 * Each thread counts for itself, whoever reads adds up. The time is from the moment that a batch was received until its answers were
 * sent, of one batch in DNS_STATS_EVERY: two clocks for so many batches. What a query waited in the kernel before is not in it.
 * Test: tests/stories/metrics_test.py.
 */
#ifndef SERVE_DNS_STATS_H
#define SERVE_DNS_STATS_H

#include "serve/dns_gate.h"

#define DNS_STATS_EVERY 64U

struct dns_stats;

/* For one thread, until dns_stats_leave; its counts stay. */
struct dns_stats *dns_stats_join(bool udp);
void dns_stats_leave(struct dns_stats *stats);

/* A query for this zone (NULL: for none of ours), with dns_told.rcode. Cost: two loads, two stores. */
void dns_stats_count(struct dns_stats *stats, const struct list_zone *zone, enum dns_usage usage,
		     uint8_t rcode);
/* When the batch began if its time counts, else 0; and then its end, with so many answers. */
int64_t dns_stats_begin(struct dns_stats *stats);
void dns_stats_end(struct dns_stats *stats, int64_t began_ns, size_t answers);

/* All of it as families of /metrics, with the serial and entries of what is published and for how long nobody confirmed it. Cost: O(threads x zones). */
void dns_stats_write(struct list *list, struct buffer *b, bool open_metrics);

#endif
