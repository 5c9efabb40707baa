/*
 * model/source.h - the key of a source: an address, a prefix, a DKIM domain or an account. Pure.
 */
#ifndef MODEL_SOURCE_H
#define MODEL_SOURCE_H

#include "base/address.h"
#include "base/limits.h"

enum source_kind { SOURCE_IP, SOURCE_PREFIX, SOURCE_DOMAIN, SOURCE_ACCT, SOURCE_KIND_COUNT };

struct source_key {
	enum source_kind kind;
	struct prefix prefix;            /* SOURCE_IP and SOURCE_PREFIX only; family 0 otherwise */
	uint8_t n;                       /* bytes of text */
	char text[SOURCE_BYTES_MAX + 1]; /* canonical: one source, one text; NUL-terminated */
};

/*
 * Reads "192.0.2.10", "192.0.2.0/24", "2001:db8::/48", "mail.example" (lower-cased, a final dot dropped, letters,
 * digits, '-' and '_' in labels of 1..63, at least two labels) or "acct:esp:customer-id" (kept to the letter).
 * Errors: RESULT_BAD_INPUT, the fault says what is wrong; *key is then unchanged.
 */
enum result source_key_parse(struct text text, struct source_key *key, struct fault *fault) MUST_USE;

struct text source_key_text(const struct source_key *key);

#endif
