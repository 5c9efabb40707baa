/*
 * serve/transfer.h - the zones for secondaries: AXFR (RFC 5936), IXFR (RFC 1995), NOTIFY (RFC 1996), all with TSIG (RFC 8945).
 *
 *   query                                            answer
 *   AXFR, IXFR without a key                         REFUSED
 *   a key we do not have, a signature that is wrong  NOTAUTH with BADKEY, BADSIG, BADTIME or BADTRUNC; never a record
 *   a key that may not have the zone, or not from    REFUSED, signed
 *     that address; AXFR over UDP
 *   IXFR over UDP                                    the SOA (the secondary then asks over TCP)
 *   another signed query                             what anybody gets, signed
 *   AXFR over TCP                                    the zone as list/records.h has it, every message signed
 *   IXFR over TCP                                    the changes since that serial; the whole zone when they are
 *                                                    not in the journal any more, or are more than the zone
 *
 * A transfer reads a held image (list/records.h) on a thread of its own: neither the writer nor the answers wait for it. A
 * secondary that stalls is cut off (TRANSFER_STALL_MS, TRANSFER_MS_MAX), and one key has a bounded share (base/limits.def).
 *
 * The journal is in memory: TRANSFER_STEPS_MAX published changes, none after a start. A NOTIFY goes out when a zone changed, one
 * at a time to each secondary and zone, and is repeated until it is answered.
 *
 * Cost: an AXFR one pass over the zone, an IXFR what changed; both one HMAC per message of at most TRANSFER_MESSAGE_BYTES. Why: doc/why/transfers.md.
 * Test: tests/unit/transfer_test.c, transfer_gate_test.c, tests/interop/transfer_test.py.
 */
#ifndef SERVE_TRANSFER_H
#define SERVE_TRANSFER_H

#include "base/instant.h"
#include "serve/dns_packet.h"
#include "serve/tsig.h"

struct transfers;
struct transfer_job;

/* A secondary, or several with one key. */
struct transfer_peer {
	struct tsig_key key;
	const char *const *zones; /* names of ours; none: all */
	size_t zone_count;
	const struct prefix *networks; /* it may ask from these; none: from anywhere */
	size_t network_count;
	const char *const *notify; /* addresses that are told of changes: "192.0.2.53:53" */
	size_t notify_count;
};

struct transfer_options {
	struct list *list; /* must outlive it */
	const struct transfer_peer *peers;
	size_t peer_count; /* 0..TRANSFER_PEERS_MAX; 0: nobody gets a zone */
	struct instant (*now)(void);
};

/*
 * Copies the options and starts to follow the list; nobody may write to it meanwhile. Errors: RESULT_BAD_INPUT (the fault
 * names it), RESULT_IO.
 */
enum result transfer_open(const struct transfer_options *options, struct transfers **t,
			  struct fault *fault) MUST_USE;
/* The list is as it should be: tells all secondaries. Before the first transfer_answer. Errors: RESULT_IO. */
enum result transfer_start(struct transfers *t, struct fault *fault) MUST_USE;
/*
 * From the next query on the peers are these, while all runs; on the thread that writes to the list, after transfer_start. Who is the same
 * keeps its transfers, who is gone or has another key, other zones or networks is cut off; the journal stays. Only when something differs all that
 * are to be told are told. Errors: those of transfer_open; all is then as it was.
 */
enum result transfer_change(struct transfers *t, const struct transfer_options *options,
			    struct fault *fault) MUST_USE;
/* Cuts transfers off; neither the writer nor DNS may still run. NULL is fine. */
void transfer_close(struct transfers *t);

/* Is there anybody who may transfer? NULL: no. Else each query is looked at by: */
bool transfer_serves(const struct transfers *t);

/* Is this query for transfer_answer, as it is signed or asks for a transfer? Cost: a few ns for others. */
bool transfer_wanted(const uint8_t *query, size_t n);

struct transfer_asked {
	const struct dns_desk *desk;
	const struct prefix *client; /* its address */
	const uint8_t *query;
	size_t n;
};

/*
 * Answers a query that transfer_wanted is true of into `out`, which has DNS_UDP_BYTES_MAX or DNS_ANSWER_BYTES_MAX. Returns the
 * bytes, 0 for none. Over TCP *job may be set instead of an answer: give the connection to it. Allocates only then.
 */
size_t transfer_answer(struct transfers *t, const struct transfer_asked *asked, uint8_t *out,
		       struct dns_told *told, struct transfer_job **job);

/*
 * The job takes the connection: first it writes what is not yet sent, then the transfer, then it answers what was `read` of
 * further queries and what still comes.
 */
void transfer_give(struct transfer_job *job, int fd, struct text unsent, struct text read);
void transfer_drop(struct transfer_job *job); /* instead of giving; NULL is fine */

#endif
