/*
 * serve/dns.h - answers DNS queries for the lists, over UDP and TCP, from the published image alone: no store, no
 * allocation, no lock, no waiting for the writer.
 *
 * Fails closed: only a well-formed query of class IN for the name of a listed source gets an A record. Malformed, foreign,
 * refused or unknown queries get FORMERR, NOTIMP, REFUSED, BADVERS or NXDOMAIN, or nothing (dns_packet.h).
 *
 * The threads may do nothing but that (dns_confine.h).
 *
 * Who may ask, and how often, is the gate's to say (dns_gate.h); without one everybody may.
 *
 * UDP: some threads per address, each with its own socket (SO_REUSEPORT) and up to 64 queries per system call. TCP
 * (RFC 7766): one thread for all; queries may be pipelined; a connection that completes no query for `tcp_idle` is
 * closed; past DNS_TCP_SESSIONS_MAX the one silent for longest makes room, past DNS_TCP_CLIENT_SESSIONS_MAX that of the same client.
 *
 * Cost of a query: dns_packet.h. Test: tests/unit/dns_test.c, tests/interop/dig_test.py.
 */
#ifndef SERVE_DNS_H
#define SERVE_DNS_H

#include "base/instant.h"
#include "base/limits.h"
#include "base/result.h"

struct list;
struct dns;
struct dns_gate;
struct transfers;
struct dns_log;

/* The sockets of one address. */
struct dns_bound {
	uint16_t port;
	int tcp;          /* listens; -1: none */
	size_t udp_count; /* one for each UDP thread */
	int udp[DNS_WORKERS_MAX];
};
/* "127.0.0.1:5300", "[::1]:5300"; port 0 takes a free one. Errors: RESULT_BAD_INPUT, RESULT_IO; the fault names the address. */
enum result dns_bind(const char *address, unsigned workers, struct dns_bound *bound,
		     struct fault *fault) MUST_USE;
void dns_unbind(struct dns_bound *bound); /* closes what dns_open did not take */

struct dns_options {
	/* sockets of each address, which dns_open takes, also when it fails; NULL: */
	const struct dns_bound *bound;
	const char *const *addresses; /* ... it binds these itself, as dns_bind, with so many */
	unsigned workers;             /* ... UDP threads for each, 1..DNS_WORKERS_MAX */
	size_t address_count;         /* 1..DNS_LISTENERS_MAX */
	const struct list *list;      /* must outlive the server */
	struct dns_gate *gate;        /* the same; NULL: everybody may ask */
	struct span tcp_idle;         /* 0: DNS_TCP_IDLE_MS */
	struct transfers *transfers;  /* serve/transfer.h; must outlive the server. NULL: all are refused */
	struct dns_log *log;          /* serve/dns_log.h; must outlive the server. NULL: no query is logged */
};

/*
 * Opens all addresses, or none. Errors: RESULT_BAD_INPUT, also for numbers out of range, and RESULT_IO; the fault names
 * the address.
 */
enum result dns_open(const struct dns_options *options, struct dns **dns, struct fault *fault) MUST_USE;
uint16_t dns_port(const struct dns *dns, size_t address); /* the port in use of addresses[address] */
void dns_close(struct dns *dns);                          /* ends the threads; NULL is fine */

#endif
