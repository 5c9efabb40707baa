/* serve/dns_cookie.c - RFC 9018; the hash is libsodium's. */
#include "serve/dns_cookie.h"

#include <sodium.h>
#include <string.h>

#define VERSION    1U
#define OLD_S      3600 /* RFC 9018 4.3 */
#define FRESH_S    1800
#define AHEAD_S    300
#define TIME_AT    12U
#define HASH_AT    16U
#define HASH_BYTES 8U

_Static_assert(crypto_shorthash_siphash24_KEYBYTES == DNS_COOKIE_SECRET_BYTES, "RFC 9018 4.4");
_Static_assert(crypto_shorthash_siphash24_BYTES == HASH_BYTES, "RFC 9018 4.4");

static void
hash_of_cookie(const uint8_t secret[DNS_COOKIE_SECRET_BYTES], const struct prefix *client,
	       const uint8_t cookie[DNS_COOKIE_BYTES], uint8_t hash[HASH_BYTES])
{
	size_t address = client->family == 4 ? 4 : 16;
	uint8_t all[HASH_AT + 16];

	memcpy(all, cookie, HASH_AT);
	memcpy(all + HASH_AT, client->bytes, address);
	(void)crypto_shorthash_siphash24(hash, all, HASH_AT + address, secret);
}

/* The server's half behind the client's. */
static void
make(const struct dns_cookie_secrets *secrets, const struct prefix *client, uint32_t now_s,
     uint8_t cookie[DNS_COOKIE_BYTES])
{
	uint8_t *to = cookie + DNS_COOKIE_CLIENT_BYTES;

	memset(to, 0, DNS_COOKIE_SERVER_BYTES);
	to[0] = VERSION;
	for (size_t i = 0; i < 4; i++) {
		cookie[TIME_AT + i] = (uint8_t)(now_s >> (24 - 8 * i));
	}
	hash_of_cookie(secrets->bytes[0], client, cookie, cookie + HASH_AT);
}

/* The number of the secret that it was made with; `count`: none. */
static size_t
secret_of(const struct dns_cookie_secrets *secrets, const struct prefix *client,
	  const uint8_t cookie[DNS_COOKIE_BYTES])
{
	uint8_t hash[HASH_BYTES];

	for (size_t i = 0; i < secrets->count; i++) {
		hash_of_cookie(secrets->bytes[i], client, cookie, hash);
		if (sodium_memcmp(hash, cookie + HASH_AT, HASH_BYTES) == 0) {
			return i;
		}
	}
	return secrets->count;
}

bool
dns_cookie_good(const struct dns_cookie_secrets *secrets, const struct prefix *client, uint32_t now_s,
		const uint8_t *cookie, size_t n, uint8_t back[DNS_COOKIE_BYTES])
{
	bool good = n == DNS_COOKIE_BYTES && cookie[DNS_COOKIE_CLIENT_BYTES] == VERSION, fresh = false;

	if (good) {
		const uint8_t *t = cookie + TIME_AT;
		uint32_t made = (uint32_t)t[0] << 24 | (uint32_t)t[1] << 16 | (uint32_t)t[2] << 8 | t[3];
		int32_t age = (int32_t)(now_s - made); /* RFC 1982 */
		size_t secret =
		    age <= OLD_S && age >= -AHEAD_S ? secret_of(secrets, client, cookie) : secrets->count;

		good = secret < secrets->count;
		fresh = secret == 0 && age <= FRESH_S;
	}
	memcpy(back, cookie, good && fresh ? DNS_COOKIE_BYTES : DNS_COOKIE_CLIENT_BYTES);
	if (!good || !fresh) {
		make(secrets, client, now_s, back);
	}
	return good;
}

bool
dns_cookie_secret_parse(struct text hex, uint8_t secret[DNS_COOKIE_SECRET_BYTES])
{
	size_t n;

	return hex.n == 2 * (size_t)DNS_COOKIE_SECRET_BYTES &&
	       sodium_hex2bin(secret, DNS_COOKIE_SECRET_BYTES, hex.p, hex.n, NULL, &n, NULL) == 0 &&
	       n == DNS_COOKIE_SECRET_BYTES;
}
