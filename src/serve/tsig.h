/*
 * serve/tsig.h - DNS messages with a signature both sides have the key of (RFC 8945). Pure: time is an argument.
 *
 * One exchange is a struct tsig: the request is read into it, each answer signed with it, over the one before it. Cost: one HMAC of the
 * message for each check and signature. Test: tests/unit/transfer_test.c, where ldns checks them, and tests/fuzz/transfer_fuzz.c.
 */
#ifndef SERVE_TSIG_H
#define SERVE_TSIG_H

#include "base/hash.h"
#include "list/list.h"

#define TSIG_SECRET_BYTES_MAX 256U
#define TSIG_SECRET_BYTES_MIN 16U  /* shorter ones can be guessed */
#define TSIG_BYTES_MAX        640U /* of the record: two names and what stands between and behind them */
#define TSIG_FUDGE_SECONDS    300U /* RFC 8945 10 */

enum tsig_algorithm {
#define TSIG_ALGORITHM(id, name, mac) TSIG_##id,
#include "serve/tsig_algorithms.def"
#undef TSIG_ALGORITHM
	TSIG_ALGORITHM_COUNT
};

/* Errors: RESULT_NOT_FOUND. */
enum result tsig_algorithm_parse(struct text name, enum tsig_algorithm *algorithm) MUST_USE;

struct tsig_key {
	struct list_name name;
	enum tsig_algorithm algorithm;
	uint16_t secret_bytes; /* TSIG_SECRET_BYTES_MIN..TSIG_SECRET_BYTES_MAX */
	uint8_t secret[TSIG_SECRET_BYTES_MAX];
};

/* What a message holds, as far as signatures and transfers ask. Offsets are from its first byte. */
struct tsig_message {
	uint16_t id, flags, type, class;
	size_t name_bytes;   /* of the question, at offset 12 */
	size_t question_end; /* offset behind it */
	size_t signed_end;   /* offset of the TSIG record, the last one; 0: there is none */
	size_t udp_bytes;    /* what the sender takes: 512, or what its OPT record says */
	bool soa_before;     /* the authority section has a SOA (IXFR): */
	uint32_t serial;     /* ... its serial */
};

/* False for what is no message with one question: counts that lie, names or records past the end, TSIG that is not last. */
bool tsig_message_read(const uint8_t *p, size_t n, struct tsig_message *m);

enum tsig_error {
	TSIG_NOERROR = 0,
	TSIG_BADSIG = 16,
	TSIG_BADKEY = 17,
	TSIG_BADTIME = 18,
	TSIG_BADTRUNC = 22
};

struct tsig {
	const struct tsig_key *key;       /* NULL: unknown; then nothing can be signed */
	struct list_name name, algorithm; /* as they came */
	enum tsig_error error;            /* what the answer says; its rcode is then NOTAUTH */
	uint16_t id;                      /* of the message when it was signed */
	uint64_t time;                    /* seconds, when it was signed */
	bool later;                       /* an answer was signed: the next one signs its time alone */
	uint16_t mac_bytes;               /* of the message before */
	uint8_t mac[HASH_MAC_BYTES_MAX];
};

/* A request, to be signed first. */
void tsig_begin(struct tsig *t, const struct tsig_key *key);

/*
 * Checks the signature of a message with m->signed_end. False: the record is malformed (FORMERR). Else t->error says what is
 * wrong, and in which order as RFC 8945 5.2 asks. A request: `request` is NULL and the key one of `keys`. An answer: `request`
 * is what was signed before, and t->key must be its key. `now`: s since 1970, here and below.
 */
bool tsig_check(struct tsig *t, const uint8_t *p, size_t n, const struct tsig_message *m,
		const struct tsig_key *const *keys, size_t count, const struct tsig *request, uint64_t now);

/* Bytes that tsig_sign adds, at most. */
size_t tsig_bytes(const struct tsig *t);
/* Adds the record to a message of n bytes, counts it, and keeps its MAC for the next. Returns the new length. */
size_t tsig_sign(struct tsig *t, uint8_t *message, size_t n, uint64_t now);

#endif
