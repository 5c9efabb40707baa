/*
 * model/blocklist.h - what DNS blocklists (RFC 5782) are asked and what they answer. Pure.
 *
 * An answer is an address in 127.0.0.0/8; each list gives its codes meanings of its own, which stand in rows:
 * "127.0.0.2-11 listed spam source", "127.0.0.0&128 takeover cracked", "127.0.0.10 ignored". Some answers are refusals
 * (blocklist_refusals.def); an answer outside of 127.0.0.0/8 is none of a blocklist, but of whoever has its name now.
 */
#ifndef MODEL_BLOCKLIST_H
#define MODEL_BLOCKLIST_H

#include "base/address.h"
#include "base/arena.h"

enum blocklist_verdict {
#define BLOCKLIST_VERDICT(id, name, meaning) BLOCKLIST_##id,
#include "model/blocklist_verdicts.def"
#undef BLOCKLIST_VERDICT
	BLOCKLIST_VERDICT_COUNT
};

struct blocklist_row {
	struct prefix codes; /* that it is about: an address, or all with these first bits */
	uint8_t last;        /* of an address: up to this last octet */
	uint8_t bits;        /* not 0: only those with one of these bits in the last octet */
	enum blocklist_verdict verdict;
	struct text words; /* for people; may be empty */
};

/*
 * Reads "CODES VERDICT WORDS": CODES is 127.0.0.2, 127.0.0.2-11, 127.0.0.0/24, or 127.0.0.0&128 (this bit is set, whatever the
 * others are). The words lie in `text`. Errors: RESULT_BAD_INPUT.
 */
enum result blocklist_row_parse(struct text text, struct blocklist_row *row) MUST_USE;

/*
 * What one address of an answer says: a refusal before all, else the first row that has it, else BLOCKLIST_NOTHING. Without rows
 * every address in 127.0.0.0/8 is LISTED. *words: of the row or refusal, or empty.
 */
enum blocklist_verdict blocklist_judge(const struct blocklist_row *rows, size_t count,
				       const uint8_t address[4], struct text *words);

/* 10.2.0.192.<zone>, or 32 nibbles; a domain before the zone. NUL-terminated, in the arena. */
const char *blocklist_name_of_address(struct arena *arena, const struct prefix *address, const char *zone);
const char *blocklist_name_of_domain(struct arena *arena, struct text domain, const char *zone);

/*
 * The addresses that are asked for a prefix, at most `most` (>= 1): all when there are no more, else evenly spaced ones, the same each time. Of
 * IPv6 prefixes shorter than /64 the address ::1 of /64 networks, since lists hold those whole; of longer ones the first address.
 */
uint32_t blocklist_sample_count(const struct prefix *p, uint32_t most);
struct prefix blocklist_sample(const struct prefix *p, uint32_t count, uint32_t i);

#endif
