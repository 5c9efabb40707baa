/* serve/dns_int.h - the threads behind serve/dns.h. */
#ifndef SERVE_DNS_INT_H
#define SERVE_DNS_INT_H

#include "serve/dns.h"
#include "serve/dns_confine.h"
#include "serve/dns_log.h"
#include "serve/dns_stats.h"

#include <sys/socket.h>

#define DNS_LENGTH_BYTES 2U /* before each message over TCP (RFC 1035 4.2.2) */

struct dns_address {
	struct sockaddr_storage to;
	socklen_t n;
};

/* Queries of one thread: by outcome, counted in base/counters.h once per batch; by receiver. */
struct dns_tally {
	uint32_t counts[COUNTER_COUNT];
	struct dns_usages *usages; /* NULL without a gate */
	struct dns_stats *stats;
	struct dns_sampler sampler;
};
void dns_tally_count(struct dns_tally *tally, const struct dns_told *told);
void dns_tally_flush(struct dns_tally *tally); /* and sets the outcomes to zero */

/* What the threads answer from. */
struct dns_source {
	const struct list *list;
	struct dns_gate *gate;       /* may be NULL */
	uint16_t keepalive;          /* of a TCP connection, in 100 ms */
	struct transfers *transfers; /* may be NULL */
	struct dns_log *log;         /* may be NULL */
};
/* Begins to count for one thread. */
void dns_tally_begin(struct dns_tally *tally, const struct dns_source *source, bool udp);
/* For the batch that is answered now. */
struct dns_desk dns_desk_of(const struct dns_source *source, bool udp);
struct prefix dns_client_of(const struct sockaddr_storage *from); /* family 0 for what is no IP address */

/* One UDP thread with a socket of its own, which it takes, also when it fails. */
struct dns_udp;
enum result dns_udp_open(const struct dns_source *source, int fd, struct dns_udp **udp,
			 struct fault *fault) MUST_USE;
void dns_udp_close(struct dns_udp *udp);

/* The TCP thread. Takes the listening sockets, also when it fails. */
struct dns_tcp;
enum result dns_tcp_open(const struct dns_source *source, const int *listeners, size_t count,
			 struct span idle, struct dns_tcp **tcp, struct fault *fault) MUST_USE;
void dns_tcp_close(struct dns_tcp *tcp);

#endif
