/*
 * base/address.h - IP addresses and prefixes, IPv4 and IPv6, as one type.
 */
#ifndef BASE_ADDRESS_H
#define BASE_ADDRESS_H

#include "base/text.h"

#include <stdbool.h>
#include <stdint.h>

/* An address is a prefix of full length. Bits past `bits` are zero. IPv4 uses bytes[0..3]; the rest is zero. */
struct prefix {
	uint8_t family; /* 4 or 6; 0 means none */
	uint8_t bits;   /* 0..32 or 0..128 */
	uint8_t bytes[16];
};

#define PREFIX_TEXT_BYTES 64

/*
 * Reads "192.0.2.1", "192.0.2.0/24", "2001:db8::1", "2001:db8::/32", also in "[...]" or with "IPv6:" before it as mail
 * headers have it. IPv4-mapped IPv6 (::ffff:a.b.c.d) becomes IPv4. Errors: RESULT_BAD_INPUT, also when bits past the
 * length are set ("192.0.2.1/24"); the fault names what is wrong.
 */
enum result prefix_parse(struct text text, struct prefix *p, struct fault *fault) MUST_USE;
/* full length without "/32"; RFC 5952 */
const char *prefix_format(const struct prefix *p, char out[PREFIX_TEXT_BYTES]);
bool prefix_is_address(const struct prefix *p);
bool prefix_equal(const struct prefix *a, const struct prefix *b);
bool prefix_contains(const struct prefix *outer, const struct prefix *inner); /* also when equal */
struct prefix prefix_cut(const struct prefix *p, uint8_t bits); /* the first `bits` bits, bits <= p->bits */
/* false for loopback, private, link-local, unspecified; true for documentation ranges */
bool prefix_is_public(const struct prefix *p);

#endif
