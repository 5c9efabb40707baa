/*
 * vouchd/usage.h - how much each receiver asks, by day, in the store: what the DNS threads have counted is written once a minute.
 *
 * On the writer's thread. A kill loses the last minute of counts, nothing else.
 */
#ifndef VOUCHD_USAGE_H
#define VOUCHD_USAGE_H

#include "base/instant.h"
#include "serve/dns_gate.h"

#include <jansson.h>

struct config;
struct journal;
struct usage;

/* The gate is that of receivers_open and must outlive it. */
struct usage *usage_open(const struct config *config, struct dns_gate *gate);
void usage_close(struct usage *u); /* NULL is fine */

/*
 * Writes what was counted since the last time to the day of that time, and begins the day of `now` when it is another one. `always`:
 * also when there is nothing new, to see whether the store can be written. Errors: those of journal_commit; it is tried again next time.
 */
enum result usage_write(struct usage *u, struct journal *j, struct instant now, bool always) MUST_USE;

/* Right after a usage_write: its receivers are those of another configuration. Errors: as journal_scan_usage. */
enum result usage_change(struct usage *u, struct journal *j, const struct config *config) MUST_USE;

/* One object for each receiver, "public" last: how it is known, its limit, its queries on the day of the last usage_write, the 30 days. */
enum result usage_rows(const struct usage *u, struct journal *j, json_t **rows) MUST_USE;

/* Since the start, as families of /metrics. From any thread. */
void usage_metrics(struct dns_gate *gate, struct buffer *b, bool open_metrics);

#endif
