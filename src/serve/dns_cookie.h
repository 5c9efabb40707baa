/*
 * serve/dns_cookie.h - DNS cookies (RFC 7873) that other servers with the same secret understand (RFC 9018): who has one can receive
 * at the address that it asks from.
 *
 *   server cookie: version 1 | 3 bytes of zero | time, s since 1970, 32 bits | SipHash-2-4 of (client cookie | these 8 bytes |
 *                  address, 4 or 16 bytes)
 *
 * One that is older than an hour, or more than five minutes ahead, is none. Pure. Cost: one hash, two for a new one. Test: tests/unit/dns_cookie_test.c,
 * the vectors of RFC 9018, appendix A.
 */
#ifndef SERVE_DNS_COOKIE_H
#define SERVE_DNS_COOKIE_H

#include "base/address.h"

#define DNS_COOKIE_CLIENT_BYTES 8U
#define DNS_COOKIE_SERVER_BYTES 16U
#define DNS_COOKIE_BYTES        (DNS_COOKIE_CLIENT_BYTES + DNS_COOKIE_SERVER_BYTES)
#define DNS_COOKIE_SECRET_BYTES 16U
#define DNS_COOKIE_SECRETS_MAX  2U

/* The first makes cookies, all are taken: so a secret can be changed on many servers one after the other. */
struct dns_cookie_secrets {
	size_t count; /* 1..DNS_COOKIE_SECRETS_MAX */
	uint8_t bytes[DNS_COOKIE_SECRETS_MAX][DNS_COOKIE_SECRET_BYTES];
};

/*
 * A client sent this cookie of n bytes, at least DNS_COOKIE_CLIENT_BYTES. Is it one of ours? `back` gets what it is to be sent: the same
 * while it is fresh (half an hour, and made with the first secret), else a new one. `client` is an address, `now_s` the time in s since 1970.
 */
bool dns_cookie_good(const struct dns_cookie_secrets *secrets, const struct prefix *client, uint32_t now_s,
		     const uint8_t *cookie, size_t n, uint8_t back[DNS_COOKIE_BYTES]);

/* Exactly 32 hex digits. */
bool dns_cookie_secret_parse(struct text hex, uint8_t secret[DNS_COOKIE_SECRET_BYTES]);

#endif
