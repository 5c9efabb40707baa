#include "base/hash.h"

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#include <pthread.h>
#include <string.h>
#include <xxhash.h>

static EVP_MD *sha256;
static pthread_once_t sha256_once = PTHREAD_ONCE_INIT;

static void
fetch_sha256(void)
{
	sha256 = EVP_MD_fetch(NULL, "SHA256", NULL);
	check(sha256 != NULL);
}

struct hash
hash_of_parts(const struct text *parts, size_t count)
{
	struct hash h = { 0 };
	EVP_MD_CTX *context = EVP_MD_CTX_new();

	/* Fetched once: a fetch costs more than the hash of a short record. A context per thread would outlive its thread. */
	check(pthread_once(&sha256_once, fetch_sha256) == 0);
	check(context != NULL && EVP_DigestInit_ex2(context, sha256, NULL) == 1);
	for (size_t i = 0; i < count; i++) {
		check(EVP_DigestUpdate(context, parts[i].p, parts[i].n) == 1);
	}
	check(EVP_DigestFinal_ex(context, h.bytes, NULL) == 1);
	EVP_MD_CTX_free(context);
	return h;
}

struct hash
hash_of(const void *p, size_t n)
{
	struct text part = { p, n };

	return hash_of_parts(&part, 1);
}

bool
hash_equal(const struct hash *a, const struct hash *b)
{
	return CRYPTO_memcmp(a->bytes, b->bytes, HASH_BYTES) == 0;
}

size_t
hash_mac_bytes(enum hash_mac kind)
{
	static const size_t bytes[] = { 32, 48, 64 };

	check(kind < countof(bytes));
	return bytes[kind];
}

size_t
hash_mac(enum hash_mac kind, struct text key, const struct text *parts, size_t count,
	 uint8_t out[HASH_MAC_BYTES_MAX])
{
	char names[][8] = { "SHA256", "SHA384", "SHA512" };
	EVP_MAC *hmac = EVP_MAC_fetch(NULL, "HMAC", NULL);
	EVP_MAC_CTX *context = EVP_MAC_CTX_new(hmac);
	OSSL_PARAM parameters[] = { { 0 }, OSSL_PARAM_construct_end() };
	size_t n = 0;

	check(hmac != NULL && context != NULL && kind < countof(names));
	parameters[0] = OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, names[kind], 0);
	check(EVP_MAC_init(context, (const uint8_t *)key.p, key.n, parameters) == 1);
	for (size_t i = 0; i < count; i++) {
		check(EVP_MAC_update(context, (const uint8_t *)parts[i].p, parts[i].n) == 1);
	}
	check(EVP_MAC_final(context, out, &n, HASH_MAC_BYTES_MAX) == 1 && n == hash_mac_bytes(kind));
	EVP_MAC_CTX_free(context);
	EVP_MAC_free(hmac);
	return n;
}

bool
hash_mac_equal(const uint8_t *a, const uint8_t *b, size_t n)
{
	return CRYPTO_memcmp(a, b, n) == 0;
}

const char *
hash_hex(const struct hash *h, char out[HASH_HEX_BYTES])
{
	static const char digits[] = "0123456789abcdef";

	for (size_t i = 0; i < HASH_BYTES; i++) {
		out[2 * i] = digits[h->bytes[i] >> 4];
		out[2 * i + 1] = digits[h->bytes[i] & 15];
	}
	out[HASH_HEX_BYTES - 1] = '\0';
	return out;
}

static int
hex_value(char c)
{
	if (c >= '0' && c <= '9') {
		return c - '0';
	}
	if (c >= 'a' && c <= 'f') {
		return c - 'a' + 10;
	}
	return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

bool
hash_from_hex(struct text hex, struct hash *h)
{
	struct hash out;

	if (hex.n != 2 * (size_t)HASH_BYTES) {
		return false;
	}
	for (size_t i = 0; i < HASH_BYTES; i++) {
		int high = hex_value(hex.p[2 * i]), low = hex_value(hex.p[2 * i + 1]);

		if (high < 0 || low < 0) {
			return false;
		}
		out.bytes[i] = (uint8_t)(high << 4 | low);
	}
	*h = out;
	return true;
}

uint64_t
hash_fast_seed(const void *p, size_t n, uint64_t seed)
{
	return XXH3_64bits_withSeed(p, n, seed);
}

uint64_t
hash_fast(const void *p, size_t n)
{
	return hash_fast_seed(p, n, 0);
}
