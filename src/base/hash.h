/*
 * base/hash.h - SHA-256 for what must hold in court, XXH3 for tables.
 */
#ifndef BASE_HASH_H
#define BASE_HASH_H

#include "base/text.h"

#include <stdbool.h>
#include <stdint.h>

#define HASH_BYTES     32
#define HASH_HEX_BYTES (2 * HASH_BYTES + 1)

struct hash {
	uint8_t bytes[HASH_BYTES];
};

struct hash hash_of(const void *p, size_t n);                      /* SHA-256 */
struct hash hash_of_parts(const struct text *parts, size_t count); /* of the concatenation */
bool hash_equal(const struct hash *a, const struct hash *b);       /* constant time */
const char *hash_hex(const struct hash *h, char out[HASH_HEX_BYTES]);
bool hash_from_hex(struct text hex, struct hash *h); /* exactly 64 hex digits */

enum hash_mac { HASH_MAC_SHA256, HASH_MAC_SHA384, HASH_MAC_SHA512 };
#define HASH_MAC_BYTES_MAX 64
/* HMAC (RFC 2104) of the parts, one after another. Returns its bytes: 32, 48 or 64. */
size_t hash_mac(enum hash_mac kind, struct text key, const struct text *parts, size_t count,
		uint8_t out[HASH_MAC_BYTES_MAX]);
size_t hash_mac_bytes(enum hash_mac kind);
bool hash_mac_equal(const uint8_t *a, const uint8_t *b, size_t n); /* constant time */

/* XXH3 with a fixed seed: same on every machine; not for untrusted keys without a seed */
uint64_t hash_fast(const void *p, size_t n);
uint64_t hash_fast_seed(const void *p, size_t n, uint64_t seed);

#endif
