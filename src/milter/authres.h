/*
 * milter/authres.h - the field Authentication-Results (RFC 8601): what it says of DKIM, whose it is, and ours (RFC 8904).
 *
 * Fields that came with a mail are text of anybody. Nothing is refused: of what cannot be read, the name alone is missing.
 */
#ifndef MILTER_AUTHRES_H
#define MILTER_AUTHRES_H

#include "base/text.h"

#define AUTHRES_DOMAINS_MAX 8U

struct authres {
	struct text authserv_id; /* without quotes and comments; empty: there is none that can be read */
	bool has_dnswl;          /* it has a result of the method dnswl, whatever it says */
	/* header.d (else the domain of header.i) of dkim=pass, as written */
	struct text domains[AUTHRES_DOMAINS_MAX];
	size_t domain_count;
};

/* Texts lie in the value or in the arena. Cost: O(bytes); memory at most the value once. */
void authres_read(struct text value, struct arena *arena, struct authres *result);

enum authres_sec { AUTHRES_SEC_YES, AUTHRES_SEC_NO, AUTHRES_SEC_NA };

/* One listing, as a result of the method dnswl. */
struct authres_listing {
	const char *zone;
	/* The DKIM domain that was asked for, written as a comment; NULL: the client's address */
	const char *subject;
	uint8_t address[4]; /* what DNS answered */
	const char *txt;    /* its TXT record; empty: none. What is not printable ASCII is left out */
	enum authres_sec sec;
};

/*
 * Appends "id", then for each listing "; dnswl=pass dns.zone=... policy.ip=... policy.txt="..." dns.sec=...", folded with a tab and LF
 * as libmilter wants it. A field without a listing would be none (RFC 8601 asks for "none" then).
 */
void authres_begin(struct buffer *b, const char *id);
void authres_listing(struct buffer *b, const struct authres_listing *listing);

#endif
