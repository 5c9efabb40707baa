/*
 * notify/webhook.h - a call of a member's own server: JSON by POST, signed as https://www.standardwebhooks.com says, for which
 * there are libraries in most languages.
 *
 *	webhook-id: vouch.17.19b8d2b8c00           the same when it is sent again: what was seen is not done twice
 *	webhook-timestamp: 1767600000              seconds since 1970, of this try: what is old is not believed
 *	webhook-signature: v1,BASE64               HMAC-SHA256 over "ID.TIMESTAMP.BODY"
 *
 * The key is the member's: HMAC-SHA256 of "vouch-webhook LF MEMBER" under the operator's key, written as "whsec_" and its base64. So
 * no secret of a member is kept anywhere. Test: tests/unit/webhook_call_test.c, tests/interop/notices_test.py.
 */
#ifndef NOTIFY_WEBHOOK_H
#define NOTIFY_WEBHOOK_H

#include "base/instant.h"
#include "notify/channel.h"

#define WEBHOOK_KEY_BYTES       32U
#define WEBHOOK_SECRET_BYTES    52U /* "whsec_" and 44 letters, and a NUL */
#define WEBHOOK_SIGNATURE_BYTES 48U /* "v1," and 44 letters, and a NUL */
#define WEBHOOK_ID_BYTES        48U

struct webhook_key {
	uint8_t bytes[WEBHOOK_KEY_BYTES];
};

struct webhook_key webhook_key_of(struct text operator_key, struct text member);
/* As the member's server is given it. Returns `out`. */
const char *webhook_secret(const struct webhook_key *key, char out[WEBHOOK_SECRET_BYTES]);
const char *webhook_sign(const struct webhook_key *key, struct text id, int64_t seconds, struct text body,
			 char out[WEBHOOK_SIGNATURE_BYTES]);
/* Of the outbox's row. Returns `out`. */
const char *webhook_id(uint64_t number, struct instant created, char out[WEBHOOK_ID_BYTES]);

struct webhook_call {
	struct text url, id, body;
	struct webhook_key key;
	bool to_private; /* also plain http, and hosts in private networks; else neither is called */
};

/*
 * One try: done with 2xx, never again after 410. No redirect is followed, of the answer nothing is read. Takes 20 seconds at most. `now`:
 * seconds since 1970.
 */
struct delivery webhook_send(const struct webhook_call *call, int64_t now, delivery_stop_fn *stop,
			     void *context);

#endif
