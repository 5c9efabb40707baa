/*
 * intake/signed.h - who signed a mail: DKIM (RFC 6376, RFC 8463), checked here or by the mail server in front (RFC 8601).
 *
 * A mail is a domain's own when its one From names the domain, or one below it, and so does a signature that holds. Counted is only a
 * signature of the whole body (no l=), with SHA-256 and a key that is not in test (t=y): else somebody could write more behind what
 * was signed. libopendkim does the arithmetic; the keys come from the caller.
 *
 * In:   the raw mail, LF or CRLF. Pure but for the caller's `key`, and for the wall clock where a signature ends at a time (x=).
 * Thread-safe. Cost: one pass, 0.2 ms for a mail of 10 kB, beside the key. Memory: twice the header. No more than
 * DKIM_SIGNATURES_MAX signatures and MAIL_HEADERS_MAX header fields are looked at; a mail with more is not signed.
 * Test: tests/unit/signed_test.c, tests/fuzz/signed_fuzz.c, tests/interop/dkim_test.py (mail that others signed).
 */
#ifndef INTAKE_SIGNED_H
#define INTAKE_SIGNED_H

#include "base/text.h"

#define SIGNED_DOMAIN_BYTES 256

/* The domain of the one From, lower case. False: there is none, or several, or it is no domain. */
bool signed_from(struct text mail, char domain[SIGNED_DOMAIN_BYTES]);

/* Is it this domain or one below it? Both lower case. */
bool signed_within(struct text domain, struct text registered);

enum signed_verdict {
	SIGNED_NOT,
	SIGNED_YES,
	SIGNED_LATER /* a key could not be had just now, and no other signature holds */
};

struct signed_keys {
	/* The TXT record at "k1._domainkey.shop.example", NUL-terminated. RESULT_NOT_FOUND: there is none; any other failure: ask later. */
	enum result (*get)(void *context, const char *name, char *record, size_t size);
	void *context;
};

/* Does a signature of `registered`, or of a domain below it, hold? With SIGNED_YES `signer` is its d=, in lower case. */
enum signed_verdict signed_check(struct text mail, struct text registered, const struct signed_keys *keys,
				 char signer[SIGNED_DOMAIN_BYTES]);

/*
 * The same as the mail server `authserv_id` says it: the first Authentication-Results of this name, which that server put there and
 * nobody before it could, since it takes others of its name away (RFC 8601 section 5).
 */
bool signed_results(struct text mail, struct text registered, struct text authserv_id,
		    char signer[SIGNED_DOMAIN_BYTES]);

#endif
