/*
 * serve/dns_log.h - one query in N as a line of a CSV file (doc/data/querylog.md), without a DNS thread ever waiting for it.
 *
 * A DNS thread copies what it samples into a ring of DNS_LOG_RING_MAX entries; one thread of the log writes them out. A full ring drops, and the
 * drops are counted (vouch_query_log_total). Addresses of clients are cut to IPv4 /24 and IPv6 /56 unless they are wanted whole. Why CSV and
 * no dnstap: doc/why/querylog.md. Test: tests/unit/dns_log_test.c.
 */
#ifndef SERVE_DNS_LOG_H
#define SERVE_DNS_LOG_H

#include "serve/dns_packet.h"

struct dns_log;

struct dns_log_options {
	const char *path;      /* "": nothing is logged */
	uint32_t sample;       /* one in so many, from 1 on */
	bool whole_clients;    /* their addresses are not cut */
	uint64_t bytes_max;    /* then the file becomes PATH.1 and a new one begins; 0: it grows */
	struct dns_gate *gate; /* for the ids of receivers; must outlive it; NULL: all are the public */
};

/* Errors: RESULT_IO when the file cannot be written; the fault names it. */
enum result dns_log_open(const struct dns_log_options *options, struct dns_log **log,
			 struct fault *fault) MUST_USE;
/*
 * The same log with other options, while DNS threads go on; its gate stays. What was sampled before goes to the file that it had.
 * One caller at a time. Errors: as dns_log_open; then nothing has changed.
 */
enum result dns_log_change(struct dns_log *log, const struct dns_log_options *options,
			   struct fault *fault) MUST_USE;
/* The path is opened again, soon: who rotates it moved the file away. NULL is fine. */
void dns_log_reopen(struct dns_log *log);
/* Writes what is in the ring; no DNS thread may be left. NULL is fine. */
void dns_log_close(struct dns_log *log);

/* Of one DNS thread. All zero but the log: begins with its first query. */
struct dns_sampler {
	struct dns_log *log; /* NULL: nothing is sampled */
	uint32_t sample;     /* of the log when `left` was set */
	uint32_t left;       /* queries until the next that is; 0: not begun */
	uint64_t seed;
};

struct dns_log_query {
	const struct prefix *client;
	const uint8_t *query;
	size_t n;
	const uint8_t *answer;
	size_t answer_bytes; /* 0: none */
	bool udp;
	struct dns_told told;
};

/* Is the next query one to log? The gaps are at random, evenly from 1 to 2N - 1, so that no pattern hides. */
bool dns_log_due(struct dns_sampler *sampler);
/* Cost: one copy of the name, one clock. */
void dns_log_put(struct dns_log *log, const struct dns_log_query *query);

#endif
