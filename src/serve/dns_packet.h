/*
 * serve/dns_packet.h - one DNS query in, one answer out. Pure: no clock, no I/O, no allocation.
 *
 *   query                                            answer
 *   shorter than a header, or itself an answer       none: whoever sends it may not be who it says
 *   opcode other than QUERY                          NOTIMP
 *   not one question, a name that is none, records   FORMERR
 *     that run past the end, bytes behind the end,
 *     two OPT records, an OPT that is no OPT
 *   EDNS version other than 0                        BADVERS (RFC 6891 6.1.3)
 *   class other than IN; a name in no zone of ours;  REFUSED
 *     transfers and other types that ask for more
 *     than a record (RFC 6895: 128-254)
 *   the public where only receivers are answered,    REFUSED (dns_gate.h)
 *     a client or receiver over its limit
 *   over UDP, over the limit of answers to a         TC without records; BADCOOKIE where half a cookie came
 *     network (dns_gate.h)                           (RFC 7873); or nothing
 *   no question, but a cookie                        the cookie alone (RFC 7873 5.4)
 *   anything, of a list that had no news for long    REFUSED (dns_gate.h)
 *   amiblocked.<zone>, TXT                           the client's own standing, whoever asks
 *   ANY for a name with records                      HINFO "RFC8482" (RFC 8482 4.2)
 *   a listed name, A or TXT; the zone, SOA or NS     the record
 *   another type of a name that exists               no record, SOA (RFC 2308)
 *   any other name of our zones                      NXDOMAIN, SOA
 *
 * REFUSED of these rows carries the reason as an extended error (RFC 8914). A cookie is answered with ours (RFC 9018),
 * TCP keepalive with the idle time (RFC 7828). The question comes back letter for letter (RFC 4343). An answer that does not fit the asker's UDP size (512, or what
 * EDNS says, at most 1232) is TC without records.
 */
#ifndef SERVE_DNS_PACKET_H
#define SERVE_DNS_PACKET_H

#include "base/counters.h"
#include "serve/dns_gate.h"

#define DNS_UDP_BYTES_MAX 1232U /* what we send and announce: no fragments on any path (DNS flag day 2020) */
#define DNS_ANSWER_BYTES_MAX \
	8192U /* the longest over TCP: the name servers of a zone, 16 names of 255 bytes */

/* What became of a query. */
struct dns_told {
	enum counter outcome;
	enum dns_usage usage;
	uint8_t rcode;                /* of the answer, if there is one (dns_rcodes.def) */
	uint32_t receiver;            /* whose query it was; DNS_PUBLIC when there is no gate */
	const struct list_zone *zone; /* that it was for; NULL: none of ours, or it could not be read */
};

/*
 * Answers a query of n bytes from `client` (an address) into `out`, which has DNS_UDP_BYTES_MAX over UDP, else
 * DNS_ANSWER_BYTES_MAX. Returns the bytes of the answer, 0 for none. Cost: one lookup, one copy of the question, and what
 * dns_gate.h says. Test: tests/unit/dns_packet_test.c, dns_refusal_test.c, tests/fuzz/dns_fuzz.c.
 */
size_t dns_answer(const struct dns_desk *desk, const struct prefix *client, const uint8_t *query, size_t n,
		  uint8_t *out, struct dns_told *told);

/* The query will be answered soon, others first; list_expect says what it is for. Cost: some 20 ns. */
struct list_hope dns_expect(const struct list_image *image, const uint8_t *query, size_t n);

#endif
