/* serve/dns_option.c - RFC 6891 6.1.2, 7873, 7828, 8914. */
#include "serve/dns_option_int.h"

#include "serve/dns_wire_int.h"

#include <string.h>

#define OPTION_COOKIE     10U
#define OPTION_KEEPALIVE  11U
#define OPTION_ERROR      15U
#define OPTION_HEAD_BYTES 4U
#define COOKIE_SERVER_MIN 8U /* of any server's half */
#define COOKIE_SERVER_MAX 32U

static const struct {
	uint16_t code;
	struct text words;
} errors[] = {
#define DNS_ERROR(id, code, words) { code, { words, sizeof(words) - 1 } },
#include "serve/dns_errors.def"
#undef DNS_ERROR
};

static bool
cookie_good(size_t n)
{
	return n == DNS_COOKIE_CLIENT_BYTES || (n >= DNS_COOKIE_CLIENT_BYTES + COOKIE_SERVER_MIN &&
						n <= DNS_COOKIE_CLIENT_BYTES + COOKIE_SERVER_MAX);
}

bool
dns_options_read(const uint8_t *p, size_t n, struct dns_options_in *in)
{
	size_t at = 0;

	*in = (struct dns_options_in){ 0 };
	while (n - at >= OPTION_HEAD_BYTES) {
		size_t code = get16(p + at), bytes = get16(p + at + 2);

		at += OPTION_HEAD_BYTES;
		if (n - at < bytes || (code == OPTION_COOKIE && !cookie_good(bytes))) {
			return false;
		}
		if (code == OPTION_COOKIE && in->cookie == NULL) { /* of several the first counts */
			in->cookie = p + at;
			in->cookie_bytes = bytes;
		}
		in->keepalive = in->keepalive || (code == OPTION_KEEPALIVE && bytes == 0);
		at += bytes;
	}
	return at == n;
}

static size_t
put_head(uint8_t *to, unsigned code, size_t bytes)
{
	to[0] = 0;
	to[1] = (uint8_t)code;
	to[2] = (uint8_t)(bytes >> 8);
	to[3] = (uint8_t)bytes;
	return OPTION_HEAD_BYTES;
}

size_t
dns_options_bytes(const struct dns_options_back *back)
{
	return (back->has_cookie ? OPTION_HEAD_BYTES + DNS_COOKIE_BYTES : 0) +
	       (back->keepalive > 0 ? OPTION_HEAD_BYTES + 2 : 0);
}

size_t
dns_options_write(const struct dns_options_back *back, uint8_t to[DNS_OPTIONS_BYTES_MAX])
{
	struct text words = errors[back->error].words;
	size_t n = 0;

	if (back->has_cookie) {
		n += put_head(to, OPTION_COOKIE, DNS_COOKIE_BYTES);
		memcpy(to + n, back->cookie, DNS_COOKIE_BYTES);
		n += DNS_COOKIE_BYTES;
	}
	if (back->keepalive > 0) {
		n += put_head(to + n, OPTION_KEEPALIVE, 2);
		to[n++] = (uint8_t)(back->keepalive >> 8);
		to[n++] = (uint8_t)back->keepalive;
	}
	if (back->error != DNS_ERROR_NONE) {
		check(n + OPTION_HEAD_BYTES + 2 + words.n <= DNS_OPTIONS_BYTES_MAX);
		n += put_head(to + n, OPTION_ERROR, 2 + words.n);
		to[n++] = 0;
		to[n++] = (uint8_t)errors[back->error].code;
		memcpy(to + n, words.p, words.n);
		n += words.n;
	}
	return n;
}
