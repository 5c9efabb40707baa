#include "base/address.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

#define IPV4_BITS 32
#define IPV6_BITS 128

static const uint8_t mapped_start[12] = { [10] = 0xff, [11] = 0xff };

/* The number of bits a prefix of this family has at most. */
static uint8_t
family_bits(uint8_t family)
{
	return family == 4 ? IPV4_BITS : IPV6_BITS;
}

/* Is any bit past the first `bits` set? */
static bool
has_bits_past(const uint8_t bytes[16], uint8_t bits)
{
	if (bits < IPV6_BITS && (bytes[bits / 8] & (0xff >> bits % 8)) != 0) {
		return true;
	}
	for (size_t i = bits / 8U + 1; i < 16; i++) {
		if (bytes[i] != 0) {
			return true;
		}
	}
	return false;
}

/* Do two addresses agree in their first `bits` bits? */
static bool
same_bits(const uint8_t a[16], const uint8_t b[16], uint8_t bits)
{
	size_t whole = bits / 8U;

	if (memcmp(a, b, whole) != 0) {
		return false;
	}
	return bits % 8 == 0 || ((a[whole] ^ b[whole]) & (0xff00 >> bits % 8) & 0xff) == 0;
}

/* Takes off blanks, the brackets of "[192.0.2.1]" and the tag of "IPv6:2001:db8::1" (RFC 5321 4.1.3). */
static struct text
bare_address(struct text t)
{
	t = text_trim(t);
	if (t.n >= 2 && t.p[0] == '[' && t.p[t.n - 1] == ']') {
		t = text_trim((struct text){ t.p + 1, t.n - 2 });
	}
	if (text_starts_nocase(t, TEXT("IPv6:"))) {
		t.p += 5;
		t.n -= 5;
	}
	return t;
}

static enum result
read_address(struct text t, struct prefix *p, struct fault *fault)
{
	char copy[INET6_ADDRSTRLEN];

	/* inet_pton wants a NUL at the end, and a NUL inside would hide the rest. */
	if (t.n == 0 || t.n >= sizeof copy || memchr(t.p, '\0', t.n) != NULL) {
		return fault_set(fault, RESULT_BAD_INPUT, "not an IP address: \"%.*s\"",
				 t.n > 64 ? 64 : (int)t.n, t.p);
	}
	memcpy(copy, t.p, t.n);
	copy[t.n] = '\0';
	if (inet_pton(AF_INET, copy, p->bytes) == 1) {
		p->family = 4;
	} else if (inet_pton(AF_INET6, copy, p->bytes) == 1) {
		p->family = 6;
	} else {
		return fault_set(fault, RESULT_BAD_INPUT, "not an IP address: \"%s\"", copy);
	}
	p->bits = family_bits(p->family);
	return RESULT_OK;
}

static enum result
read_length(struct text t, struct prefix *p, struct fault *fault)
{
	uint64_t bits;

	if (t.n > 3 || !text_u64(t, &bits) || bits > family_bits(p->family)) {
		return fault_set(fault, RESULT_BAD_INPUT,
				 "prefix length \"%.*s\" is not a number from 0 to %u",
				 t.n > 16 ? 16 : (int)t.n, t.p, family_bits(p->family));
	}
	p->bits = (uint8_t)bits;
	if (has_bits_past(p->bytes, p->bits)) {
		char text[PREFIX_TEXT_BYTES];

		return fault_set(fault, RESULT_BAD_INPUT, "%s has bits set past its length",
				 prefix_format(p, text));
	}
	return RESULT_OK;
}

enum result
prefix_parse(struct text text, struct prefix *p, struct fault *fault)
{
	struct text rest = bare_address(text), head;
	struct prefix out = { 0 };
	bool has_length = text_cut(&rest, '/', &head);
	enum result r = read_address(bare_address(head), &out, fault);

	if (r == RESULT_OK && has_length) {
		r = read_length(rest, &out, fault);
	}
	if (r == RESULT_OK && out.family == 6 && out.bits >= 96 &&
	    memcmp(out.bytes, mapped_start, sizeof mapped_start) == 0) {
		struct prefix v4 = { .family = 4, .bits = (uint8_t)(out.bits - 96) };

		memcpy(v4.bytes, out.bytes + sizeof mapped_start, 4);
		out = v4;
	}
	*p = r == RESULT_OK ? out : (struct prefix){ 0 };
	return r;
}

static char *
put_decimal(char *at, unsigned v)
{
	if (v >= 100) {
		*at++ = (char)('0' + v / 100);
	}
	if (v >= 10) {
		*at++ = (char)('0' + v / 10 % 10);
	}
	*at++ = (char)('0' + v % 10);
	return at;
}

static char *
put_hex(char *at, unsigned group)
{
	bool started = false;

	for (int shift = 12; shift >= 0; shift -= 4) {
		unsigned digit = group >> shift & 15;

		if (digit != 0 || started || shift == 0) {
			*at++ = "0123456789abcdef"[digit];
			started = true;
		}
	}
	return at;
}

/* RFC 5952 4.2: the longest run of two or more zero groups, the first of equals; `*length` is 0 when there is none. */
static size_t
longest_zero_run(const unsigned group[8], size_t *length)
{
	size_t best = 8, best_length = 1;

	for (size_t i = 0; i < 8; i++) {
		size_t end = i;

		while (end < 8 && group[end] == 0) {
			end++;
		}
		if (end - i > best_length) {
			best = i;
			best_length = end - i;
		}
	}
	*length = best == 8 ? 0 : best_length;
	return best;
}

static char *
put_ipv6(char *at, const uint8_t bytes[16])
{
	unsigned group[8];
	size_t run, run_length;

	for (size_t i = 0; i < 8; i++) {
		group[i] = (unsigned)bytes[2 * i] << 8 | bytes[2 * i + 1];
	}
	run = longest_zero_run(group, &run_length);
	for (size_t i = 0; i < 8; i++) {
		if (i == run) {
			*at++ = ':';
			*at++ = ':';
			i += run_length - 1;
			continue;
		}
		if (i > 0 && i != run + run_length) {
			*at++ = ':';
		}
		at = put_hex(at, group[i]);
	}
	return at;
}

const char *
prefix_format(const struct prefix *p, char out[PREFIX_TEXT_BYTES])
{
	char *at = out;

	if (p->family == 4) {
		for (size_t i = 0; i < 4; i++) {
			if (i > 0) {
				*at++ = '.';
			}
			at = put_decimal(at, p->bytes[i]);
		}
	} else if (p->family == 6) {
		at = put_ipv6(at, p->bytes);
	} else {
		memcpy(out, "none", 5);
		return out;
	}
	if (!prefix_is_address(p)) {
		*at++ = '/';
		at = put_decimal(at, p->bits);
	}
	*at = '\0';
	return out;
}

bool
prefix_is_address(const struct prefix *p)
{
	return p->family != 0 && p->bits == family_bits(p->family);
}

bool
prefix_equal(const struct prefix *a, const struct prefix *b)
{
	return a->family == b->family && a->bits == b->bits &&
	       memcmp(a->bytes, b->bytes, sizeof a->bytes) == 0;
}

bool
prefix_contains(const struct prefix *outer, const struct prefix *inner)
{
	return outer->family == inner->family && outer->family != 0 && outer->bits <= inner->bits &&
	       same_bits(outer->bytes, inner->bytes, outer->bits);
}

struct prefix
prefix_cut(const struct prefix *p, uint8_t bits)
{
	struct prefix out = { .family = p->family, .bits = bits };
	size_t whole = bits / 8U;

	check(p->family != 0 && bits <= p->bits);
	memcpy(out.bytes, p->bytes, whole);
	if (bits % 8 != 0) {
		out.bytes[whole] = (uint8_t)(p->bytes[whole] & (0xff00 >> bits % 8));
	}
	return out;
}

/* Not reachable from the Internet, or no unicast: IANA special-purpose address registries (RFC 6890). */
static const struct prefix not_public[] = {
	{ 4, 8, { 0 } },           /* this network */
	{ 4, 8, { 10 } },          /* private, RFC 1918 */
	{ 4, 10, { 100, 64 } },    /* shared behind a carrier's NAT, RFC 6598 */
	{ 4, 8, { 127 } },         /* loopback */
	{ 4, 16, { 169, 254 } },   /* link-local, RFC 3927 */
	{ 4, 12, { 172, 16 } },    /* private */
	{ 4, 16, { 192, 168 } },   /* private */
	{ 4, 3, { 224 } },         /* multicast and reserved */
	{ 6, 128, { 0 } },         /* unspecified */
	{ 6, 128, { [15] = 1 } },  /* loopback */
	{ 6, 7, { 0xfc } },        /* unique local, RFC 4193 */
	{ 6, 10, { 0xfe, 0x80 } }, /* link-local */
	{ 6, 8, { 0xff } },        /* multicast */
};

bool
prefix_is_public(const struct prefix *p)
{
	if (p->family == 0) {
		return false;
	}
	for (size_t i = 0; i < countof(not_public); i++) {
		if (prefix_contains(&not_public[i], p) || prefix_contains(p, &not_public[i])) {
			return false;
		}
	}
	return true;
}
