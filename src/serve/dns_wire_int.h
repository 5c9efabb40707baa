/*
 * serve/dns_wire_int.h - the numbers of DNS messages and how they lie in bytes, for all files that read or write them.
 * Source: RFC 1035 section 4, RFC 6895.
 */
#ifndef SERVE_DNS_WIRE_INT_H
#define SERVE_DNS_WIRE_INT_H

#include "list/list.h"

#define HEADER_BYTES    12U
#define FIXED_BYTES     10U /* of a record behind its owner: type, class, ttl, length */
#define LABEL_BYTES_MAX 63U
#define POINTER_FIRST   0xc0U /* the first byte of a pointer is at least this */
#define POINTER         (POINTER_FIRST << 8)
#define UDP_BYTES_MIN   512U
#define FLAG_QR         0x8000U
#define FLAG_AA         0x0400U
#define FLAG_TC         0x0200U
#define FLAG_RD         0x0100U
#define FLAGS_OPCODE    0x7800U
#define CLASS_IN        1U
#define CLASS_ANY       255U

enum type {
	TYPE_A = 1,
	TYPE_NS = 2,
	TYPE_SOA = 6,
	TYPE_HINFO = 13,
	TYPE_TXT = 16,
	TYPE_OPT = 41,
	TYPE_TSIG = 250,
	TYPE_IXFR = 251,
	TYPE_AXFR = 252,
	TYPE_ANY = 255
};

enum rcode {
#define RCODE(id, value, counter) RCODE_##id = (value),
#include "serve/dns_rcodes.def"
#undef RCODE
};

static inline uint16_t
get16(const uint8_t *p)
{
	return (uint16_t)(p[0] << 8 | p[1]);
}

static inline void
set16(uint8_t *p, unsigned v)
{
	p[0] = (uint8_t)(v >> 8);
	p[1] = (uint8_t)v;
}

static inline void
set32(uint8_t *p, uint32_t v)
{
	set16(p, v >> 16);
	set16(p + 2, v & 0xffff);
}

/* Bytes of a record's owner at `at`, which may end in a pointer that nobody follows; 0 when it is none. */
static inline size_t
owner_bytes(const uint8_t *p, size_t n, size_t at)
{
	size_t start = at;

	while (at < n && p[at] != 0 && p[at] <= LABEL_BYTES_MAX) {
		at += p[at] + 1U;
	}
	if (at >= n || at - start >= LIST_NAME_BYTES_MAX) {
		return 0;
	}
	if (p[at] == 0) {
		return at + 1 - start;
	}
	return p[at] >= POINTER_FIRST && n - at >= 2 ? at + 2 - start : 0;
}

#endif
