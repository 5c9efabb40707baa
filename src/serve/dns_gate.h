/*
 * serve/dns_gate.h - who asks, and may they: receivers by network and by key, limits, the age of the list.
 *
 * A receiver is known by the network that its query comes from, or, whatever the network, by its key: the label before the
 * zone in <reversed-ip>.<key>.<zone>, <domain>.<key>.<domain zone>. The key counts more than the network. All others are the
 * public, receiver 0. A key that nobody has is no name of the zone; a source that is
 * withheld from a receiver (list_withhold, by its number here) is no name for it either.
 *
 *   the query                                              verdict
 *   amiblocked.<zone>, amiblocked.<key>.<zone>             DNS_STANDING, whoever asks
 *   of the public when only receivers are answered         DNS_CLOSED; the zone itself (SOA, NS) is for everybody, since a
 *                                                          resolver on the way to a key asks for it
 *   over the limit of the receiver, or of a client of      DNS_OVER
 *     the public
 *   the list had no news for longer than `stale_after`     DNS_STALE
 *   any other                                              DNS_MAY
 *
 * Apart from that, answers over UDP that may go to somebody who did not ask are limited by network (IPv4 /24, IPv6 /56), whatever they
 * say, unless the asker is known by its network or has one of our cookies: over it every second answer is cut or says BADCOOKIE (slip),
 * the others are dropped. What it asked for it gets over TCP, or with the cookie.
 *
 * A limit is a bucket of DNS_BURST_SECONDS that fills at so many queries per second: one for a receiver as a whole, one for each
 * client of the public (an IPv4 address, an IPv6 /64). The buckets of clients stand in a table of fixed size; when it is full, the
 * one that is fullest is forgotten. No lock, no allocation, no clock; the cost of a query is a search among the
 * networks and one atomic exchange, and nothing where there are no networks and no limits.
 * Test: tests/unit/dns_refusal_test.c, dns_cookie_test.c.
 */
#ifndef SERVE_DNS_GATE_H
#define SERVE_DNS_GATE_H

#include "base/address.h"
#include "base/instant.h"
#include "base/limits.h"
#include "list/list.h"
#include "serve/dns_cookie.h"

#define DNS_PUBLIC        0U
#define DNS_BURST_SECONDS 10
#define DNS_KEY_BYTES_MIN \
	16U /* long enough that nobody guesses it, and longer than any label of a reversed address */
#define DNS_KEY_BYTES_MAX  63U
#define DNS_STANDING_BYTES 512U

enum dns_usage {
#define USAGE(id, name, meaning) DNS_USAGE_##id,
#include "serve/dns_usage.def"
#undef USAGE
	DNS_USAGE_COUNT
};
const char *dns_usage_name(enum dns_usage usage);
#define DNS_NO_ANSWER 24U /* in the place of a response code; above those of dns_rcodes.def */

struct dns_receiver {
	const char *id;
	const struct prefix *networks;
	size_t network_count;
	/* letters, digits and '-', DNS_KEY_BYTES_MIN to DNS_KEY_BYTES_MAX; NULL or "": none */
	const char *key;
	uint32_t limit;  /* queries per second; 0: none */
	uint32_t number; /* 1..DNS_RECEIVERS_MAX; 0: its place among all, from 1 on */
};

struct dns_gate_options {
	const struct dns_receiver *receivers; /* texts and networks are copied */
	size_t receiver_count;                /* 0..DNS_RECEIVERS_MAX */
	bool closed;                          /* only receivers are answered */
	uint32_t public_limit;                /* queries per second of each client of the public; 0: none */
	uint32_t answers_limit;               /* answers over UDP per second to one network; 0: none */
	const struct dns_cookie_secrets *secrets; /* NULL: a random one */
	struct span stale_after;                  /* 0: never */
};

struct dns_gate;

bool dns_key_good(struct text key);

/* Errors: RESULT_BAD_INPUT for a key that cannot be one, a key or network that two receivers have; the fault names the receiver. */
enum result dns_gate_open(const struct dns_gate_options *options, struct dns_gate **gate,
			  struct fault *fault) MUST_USE;
void dns_gate_close(struct dns_gate *gate); /* no thread may be left; NULL is fine */
/*
 * The same gate with other options, while DNS threads go on. Who keeps its number keeps its bucket and its counts; without `secrets` they stay as
 * they are. Waits until no thread reads the old ones. One caller at a time. Errors: as dns_gate_open; then nothing has changed.
 */
enum result dns_gate_change(struct dns_gate *gate, const struct dns_gate_options *options,
			    struct fault *fault) MUST_USE;
/* The receiver with the next higher number, and its id; DNS_PUBLIC: there is none. From any thread. */
uint32_t dns_gate_next(struct dns_gate *gate, uint32_t after, char id[NAME_BYTES_MAX + 1]);

/* ---- a query */

/* What the queries of one batch have in common. */
struct dns_desk {
	const struct list_image *image;
	struct dns_gate *gate; /* NULL: everybody is answered, without limits */
	bool udp;
	uint16_t keepalive;   /* how long a TCP connection may be idle, in 100 ms */
	uint32_t now_s;       /* of the wall clock, since 1970; for cookies alone */
	int64_t now_ns;       /* monotonic (instant_monotonic_ns) */
	int64_t confirmed_ns; /* list_confirmed of the image's list */
};

enum dns_verdict { DNS_MAY, DNS_STANDING, DNS_CLOSED, DNS_OVER, DNS_STALE };

struct dns_pass {
	enum dns_verdict verdict;
	uint32_t receiver;       /* DNS_PUBLIC, or its number */
	bool by_key;             /* it gave its key */
	bool unknown_key;        /* DNS_STANDING: it gave one that nobody has */
	struct list_found found; /* what this receiver sees; LIST_ELSEWHERE has no verdict but DNS_MAY */
};

/* The receiver whose network this is. `client` is an address. */
uint32_t dns_gate_network(const struct dns_gate *gate, const struct prefix *client);

/* `by_network` as dns_gate_network said it. The name as list_find has it. A query that may be answered is taken off its limit. */
void dns_gate_ask(const struct dns_desk *desk, const struct prefix *client, uint32_t by_network,
		  const uint8_t *name, size_t n, struct dns_pass *pass);

/* Had the list no news for longer than `stale_after`? Never without a gate. Takes nothing off a limit. */
bool dns_gate_stale(const struct dns_desk *desk);

/* An answer over UDP to a client without a cookie of ours; true: it counts against the limit of its network, or there is none. */
bool dns_gate_may_answer(const struct dns_desk *desk, const struct prefix *client, uint32_t by_network);
/* one that may not: every second is cut, the others are dropped */
bool dns_gate_slips(struct dns_gate *gate);
const struct dns_cookie_secrets *dns_gate_secrets(const struct dns_gate *gate);

/* Is the client blocked, and why: "no: ..." or "yes: ...", for the TXT record of a DNS_STANDING. Returns the bytes. */
size_t dns_gate_standing(const struct dns_desk *desk, const struct prefix *client,
			 const struct dns_pass *pass, char out[DNS_STANDING_BYTES]);

/* ---- usage: each thread counts for itself, whoever reads adds up */

struct dns_usages;

/* For one thread, good until the gate is closed. */
struct dns_usages *dns_gate_join(struct dns_gate *gate);
void dns_usage_count(struct dns_usages *usages, uint32_t receiver, enum dns_usage usage);
/* Queries of this receiver since the gate was opened; from any thread. */
void dns_gate_usage(const struct dns_gate *gate, uint32_t receiver, uint64_t out[DNS_USAGE_COUNT]);

#endif
