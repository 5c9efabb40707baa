#include "base/map.h"

#include "base/hash.h"

#include <stdlib.h>

static uint32_t
hash_of_key(struct text key)
{
	return (uint32_t)hash_fast(key.p, key.n);
}

static size_t
map_find(const struct map *m, uint32_t hash, struct text key, map_equal *equal, const void *context)
{
	size_t mask = m->size - 1;

	for (size_t i = hash & mask;; i = (i + 1) & mask) {
		const struct map_slot *s = &m->slots[i];

		if (s->value == 0 || (s->hash == hash && equal(context, s->value - 1, key))) {
			return i;
		}
	}
}

bool
map_get(const struct map *m, struct text key, map_equal *equal, const void *context, uint32_t *value)
{
	size_t i;

	if (m->used == 0) {
		return false;
	}
	i = map_find(m, hash_of_key(key), key, equal, context);
	if (m->slots[i].value == 0) {
		return false;
	}
	*value = m->slots[i].value - 1;
	return true;
}

static void
map_place(struct map *m, uint32_t hash, uint32_t stored)
{
	size_t mask = m->size - 1, i = hash & mask;

	while (m->slots[i].value != 0) {
		i = (i + 1) & mask;
	}
	m->slots[i] = (struct map_slot){ .hash = hash, .value = stored };
}

static void
map_grow(struct map *m)
{
	struct map old = *m;

	m->size = old.size == 0 ? 16 : old.size * 2;
	m->slots = calloc(m->size, sizeof *m->slots);
	check(m->slots != NULL);
	for (size_t i = 0; i < old.size; i++) {
		if (old.slots[i].value != 0) {
			map_place(m, old.slots[i].hash, old.slots[i].value);
		}
	}
	free(old.slots);
}

void
map_put(struct map *m, struct text key, uint32_t value)
{
	check(value != UINT32_MAX);
	if ((m->used + 1) * 3 > m->size * 2) {
		map_grow(m);
	}
	map_place(m, hash_of_key(key), value + 1);
	m->used++;
}

bool
map_remove(struct map *m, struct text key, map_equal *equal, const void *context)
{
	size_t mask = m->size - 1, hole, i;

	if (m->used == 0) {
		return false;
	}
	hole = map_find(m, hash_of_key(key), key, equal, context);
	if (m->slots[hole].value == 0) {
		return false;
	}
	/* Close the gap: move back each later slot of the run whose home is not after the hole. */
	for (i = (hole + 1) & mask; m->slots[i].value != 0; i = (i + 1) & mask) {
		size_t home = m->slots[i].hash & mask;

		if (((i - home) & mask) >= ((i - hole) & mask)) {
			m->slots[hole] = m->slots[i];
			hole = i;
		}
	}
	m->slots[hole] = (struct map_slot){ 0 };
	m->used--;
	return true;
}

void
map_free(struct map *m)
{
	free(m->slots);
	*m = (struct map){ 0 };
}
