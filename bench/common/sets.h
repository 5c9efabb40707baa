/*
 * bench/common/sets.h - the same entries for every server that is measured: single IPv4 addresses, IPv4 prefixes of /20 to /32
 * in one another, IPv6 /64.
 *
 * Entries are numbered. Those below `entries` are listed; from there on each is one more address (or /64) that no entry covers:
 * what is not listed, or is listed by a change. Name servers say a prefix by wildcards, as far as no wildcard around it says so.
 */
#ifndef BENCH_COMMON_SETS_H
#define BENCH_COMMON_SETS_H

#include "base/address.h"

#define SET_LABELS_BYTES 80U

enum set_id {
#define SET(id, name, entries, dataset) SET_##id,
#include "common/sets.def"
#undef SET
	SET_COUNT
};

struct set {
	const char *name;
	uint32_t entries;
	const char *dataset; /* as rbldnsd calls it */
};
extern const struct set sets[SET_COUNT];

/* The i-th address of SET_SINGLE: each another one, spread over the upper half of IPv4. */
uint32_t set_ipv4(uint32_t i);
struct prefix set_entry(enum set_id set, uint32_t entries, uint32_t i);
/* An address in it, for the same `i` always the same. */
struct prefix set_address(enum set_id set, uint32_t entries, uint32_t i);

/* The names that say this entry in a zone; none when another entry's wildcard does. */
typedef void set_name_take(void *context, const struct prefix *name);
void set_names(enum set_id set, uint32_t entries, uint32_t i, set_name_take *take, void *context);
/* Its labels on the wire below the zone, "*" first when it is shorter than an address. Returns their bytes. */
size_t set_labels(const struct prefix *name, uint8_t out[SET_LABELS_BYTES]);

#endif
