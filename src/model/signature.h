/*
 * model/signature.h - how a reporter signs a report that goes over HTTP, so that its token does not travel.
 *
 * "Vouch-HMAC-SHA256 reporter=NAME, body=HASH, mac=MAC": HASH is the SHA-256 of the body, MAC an HMAC-SHA256 (RFC 2104) over
 * "vouch-report LF NAME LF HASH LF", both in hex; its key is the SHA-256 of the token, which is what the list operator has. A
 * signature that is seen again stands for the same report, which counts once. Pure.
 */
#ifndef MODEL_SIGNATURE_H
#define MODEL_SIGNATURE_H

#include "base/hash.h"

struct signature {
	struct text reporter;
	struct hash body;
	struct hash mac;
};

/* Appends the value of the field Authorization. */
void signature_write(struct text reporter, const struct hash *key, struct text body, struct buffer *b);
/* False: it is none. The reporter lies in the value. */
bool signature_read(struct text value, struct signature *signature);
/* Did who has this key sign for this body? */
bool signature_fits(const struct signature *signature, const struct hash *key);

#endif
