/* serve/dns_option_int.h - the options of an OPT record that mean something here: cookie, TCP keepalive, extended error. */
#ifndef SERVE_DNS_OPTION_INT_H
#define SERVE_DNS_OPTION_INT_H

#include "serve/dns_cookie.h"

/* Extended errors (RFC 8914). */
enum dns_error {
#define DNS_ERROR(id, code, words) DNS_ERROR_##id,
#include "serve/dns_errors.def"
#undef DNS_ERROR
};

/* As a query has them. */
struct dns_options_in {
	const uint8_t *cookie; /* NULL: none */
	size_t cookie_bytes;   /* 8, or 16 to 40 */
	bool keepalive;        /* asks how long a connection may be idle (RFC 7828) */
};
/* False for options that do not fill their record exactly, and for a cookie that cannot be one: FORMERR. */
bool dns_options_read(const uint8_t *p, size_t n, struct dns_options_in *in);

/* As the answer will have them. */
struct dns_options_back {
	bool has_cookie;
	uint8_t cookie[DNS_COOKIE_BYTES];
	uint16_t keepalive; /* in 100 ms; 0: none */
	enum dns_error error;
};
#define DNS_OPTIONS_BYTES_MAX 128U
size_t dns_options_bytes(const struct dns_options_back *back); /* of those beside an error */
size_t dns_options_write(const struct dns_options_back *back, uint8_t to[DNS_OPTIONS_BYTES_MAX]);

#endif
