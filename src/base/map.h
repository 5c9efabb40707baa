/*
 * base/map.h - an open-addressing index from a byte key to a number. The keys live with the caller.
 *
 * The map stores (hash, value); the caller's `equal` tells whether the thing numbered `value` has the key. Order never
 * depends on addresses, so a walk in number order is deterministic. Cost: O(1) expected; 8 bytes per slot, of which
 * between a third and two thirds are used.
 */
#ifndef BASE_MAP_H
#define BASE_MAP_H

#include "base/text.h"

#include <stdbool.h>
#include <stdint.h>

struct map_slot {
	uint32_t hash;  /* its low bits */
	uint32_t value; /* stored plus one; 0 = empty */
};
typedef bool map_equal(const void *context, uint32_t value, struct text key);

struct map {
	struct map_slot *slots;
	size_t size; /* power of two, or 0 */
	size_t used;
};

bool map_get(const struct map *m, struct text key, map_equal *equal, const void *context, uint32_t *value);
void map_put(struct map *m, struct text key, uint32_t value); /* key must not be there */
bool map_remove(struct map *m, struct text key, map_equal *equal, const void *context); /* false: not there */
void map_free(struct map *m);

#endif
