/*
 * model/record.h - one entry of the journal and the hash that chains it to the one before. Pure.
 *
 * hash = SHA-256 over  previous hash (32) | seq (8, little-endian) | time in ms (8, little-endian, two's complement) |
 *                      kind (1, position in records.def) | payload
 * The fields before the payload have fixed widths, so no two records have the same bytes to hash. The first record has
 * seq 1 and 32 zero bytes as previous hash. Whoever changes, drops, inserts or swaps a record breaks the chain from there
 * (Haber and Stornetta, Journal of Cryptology 3 (1991) 99-111).
 */
#ifndef MODEL_RECORD_H
#define MODEL_RECORD_H

#include "base/hash.h"
#include "base/instant.h"

enum record_kind {
#define RECORD(id, name, effect, payload) RECORD_##id,
#include "model/records.def"
#undef RECORD
	RECORD_COUNT
};

struct record {
	uint64_t seq; /* 1, 2, 3 ... without gaps */
	struct instant time;
	enum record_kind kind;
	struct text payload; /* 0..RECORD_BYTES_MAX bytes */
	struct hash previous;
	struct hash hash;
};

const char *record_kind_name(enum record_kind kind); /* "report" */
bool record_kind_effect(enum record_kind kind);      /* true: replay computes it again */

/* The kind called `name`. Errors: RESULT_BAD_INPUT; *kind is then unchanged. */
enum result record_kind_parse(struct text name, enum record_kind *kind) MUST_USE;

/* What record->hash must be; reads all other fields. Cost: one SHA-256 of 49 bytes and the payload, no allocation. */
struct hash record_hash(const struct record *record);

#endif
