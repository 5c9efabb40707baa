/* list/table.c - shards: small open-addressed tables that are written once published never again. */
#include "list/list_int.h"

#include "base/hash.h"

#include <stdlib.h>
#include <string.h>

#define CELLS_MIN 4U

static size_t
key_bytes(uint8_t kind, uint8_t bits)
{
	return kind == CELL_IPV4 ? 4 : bits;
}

static bool
has_name(uint8_t kind)
{
	return kind == CELL_DOMAIN || kind == CELL_WITHHELD;
}

const uint8_t *
cell_name(const struct list_cell *cell)
{
	check(has_name(cell->kind));
	return (const uint8_t *)cell + cell->key.name_at;
}

static const uint8_t *
cell_bytes(const struct list_cell *cell)
{
	return has_name(cell->kind) ? cell_name(cell) : cell->key.address;
}

static uint64_t
key_hash(uint64_t seed, const struct cell_key *key)
{
	uint64_t tag = (uint64_t)key->kind << 16 | (uint64_t)key->list << 8 | key->bits;

	return hash_fast_seed(key->bytes, key_bytes(key->kind, key->bits), seed ^ tag * 0x9e3779b97f4a7c15U);
}

static size_t
shard_of(uint64_t hash)
{
	return (size_t)(hash >> (64 - LIST_SHARD_BITS));
}

/* Where a hash belongs in a shard: the lower half of it as a fraction of the size. */
static uint32_t
home_of(uint64_t hash, uint32_t size)
{
	return (uint32_t)((hash & UINT32_MAX) * size >> 32);
}

static bool
cell_is(const struct list_cell *cell, const struct cell_key *key)
{
	return cell->kind == key->kind && cell->list == key->list && cell->bits == key->bits &&
	       memcmp(cell_bytes(cell), key->bytes, key_bytes(key->kind, key->bits)) == 0;
}

/* The place of the key, or the free one where it would go. There is always a free one. */
static uint32_t
place_of(const struct list_shard *s, uint64_t hash, const struct cell_key *key)
{
	uint32_t at = home_of(hash, s->size);

	while (s->cells[at].kind != CELL_NONE && !cell_is(&s->cells[at], key)) {
		at = at + 1 == s->size ? 0 : at + 1;
	}
	return at;
}

const struct list_cell *
table_find(const struct list_shard *const *shards, uint64_t seed, const struct cell_key *key)
{
	uint64_t hash = key_hash(seed, key);
	const struct list_shard *s = shards[shard_of(hash)];
	const struct list_cell *cell;

	if (s == NULL) {
		return NULL;
	}
	cell = &s->cells[place_of(s, hash, key)];
	return cell->kind == CELL_NONE ? NULL : cell;
}

static size_t
shard_bytes(uint32_t size, uint32_t names_size)
{
	return sizeof(struct list_shard) + size * sizeof(struct list_cell) + names_size;
}

static struct list_shard *
shard_new(uint64_t draft, uint32_t size, uint32_t names_size)
{
	struct list_shard *s = malloc(shard_bytes(size, names_size));

	check(s != NULL);
	memset(s, 0, shard_bytes(size, 0));
	s->draft = draft;
	s->size = size;
	s->names_size = names_size;
	return s;
}

/* Writes a cell with its name to a free place. */
static void
cell_set(struct list_shard *s, uint32_t at, const struct list_cell *cell, const uint8_t *name)
{
	uint8_t *names = (uint8_t *)&s->cells[s->size];

	s->cells[at] = *cell;
	s->used++;
	if (has_name(cell->kind)) {
		check(s->names_size - s->names_used >= cell->bits);
		memcpy(names + s->names_used, name, cell->bits);
		s->cells[at].key.name_at = (uint32_t)(names + s->names_used - (const uint8_t *)&s->cells[at]);
		s->names_used += cell->bits;
	}
}

static struct cell_key
key_of(const struct list_cell *cell)
{
	return (struct cell_key){ cell->kind, cell->list, cell->bits, cell_bytes(cell) };
}

/* A copy with room for more; names of dropped cells are left behind. */
static struct list_shard *
shard_grown(const struct list *list, const struct list_shard *old, uint32_t names_extra)
{
	uint32_t names = names_extra;
	struct list_shard *s;

	for (uint32_t i = 0; i < old->size; i++) {
		names += has_name(old->cells[i].kind) ? old->cells[i].bits : 0;
	}
	s = shard_new(list->draft, old->used * 3 / 2 + old->used / 4 + CELLS_MIN,
		      names == 0 ? 0 : names + names / 2);
	for (uint32_t i = 0; i < old->size; i++) {
		if (old->cells[i].kind != CELL_NONE) {
			struct cell_key key = key_of(&old->cells[i]);

			cell_set(s, place_of(s, key_hash(list->seed, &key), &key), &old->cells[i], key.bytes);
		}
	}
	return s;
}

static void
shard_replace(struct list *list, size_t index, struct list_shard *s)
{
	struct list_shard *old = list->shards[index];

	if (old != NULL) {
		list_retire(list, old, old->draft);
	}
	list->shards[index] = s;
}

/* The shard, made ready to be written. `names_extra` bytes of names and one cell must fit. */
static struct list_shard *
shard_open(struct list *list, size_t index, uint32_t names_extra)
{
	struct list_shard *s = list->shards[index];

	if (s == NULL) {
		shard_replace(list, index, shard_new(list->draft, CELLS_MIN, names_extra));
	} else if ((s->used + 1) * 4 > s->size * 3 || s->names_size - s->names_used < names_extra) {
		shard_replace(list, index, shard_grown(list, s, names_extra));
	} else if (s->draft != list->draft) {
		struct list_shard *copy = malloc(shard_bytes(s->size, s->names_size));

		check(copy != NULL);
		memcpy(copy, s, shard_bytes(s->size, s->names_used));
		copy->draft = list->draft;
		shard_replace(list, index, copy);
	}
	return list->shards[index];
}

struct list_cell *
table_put(struct list *list, const struct cell_key *key)
{
	uint64_t hash = key_hash(list->seed, key);
	struct list_shard *s = shard_open(list, shard_of(hash), has_name(key->kind) ? key->bits : 0);
	uint32_t at = place_of(s, hash, key);

	if (s->cells[at].kind == CELL_NONE) {
		struct list_cell cell = { .kind = key->kind, .list = key->list, .bits = key->bits };

		if (!has_name(key->kind)) {
			memcpy(cell.key.address, key->bytes, key_bytes(key->kind, key->bits));
		}
		cell_set(s, at, &cell, key->bytes);
	}
	return &s->cells[at];
}

/* Moves a cell to a free place of the same shard. */
static void
cell_move(struct list_shard *s, uint32_t to, uint32_t from)
{
	s->cells[to] = s->cells[from];
	if (has_name(s->cells[to].kind)) {
		s->cells[to].key.name_at += (from - to) * (uint32_t)sizeof(struct list_cell);
	}
	s->cells[from] = (struct list_cell){ .kind = CELL_NONE };
}

void
table_drop(struct list *list, const struct cell_key *key)
{
	uint64_t hash = key_hash(list->seed, key);
	struct list_shard *s = shard_open(list, shard_of(hash), 0);
	uint32_t hole = place_of(s, hash, key);

	check(s->cells[hole].kind != CELL_NONE);
	s->cells[hole] = (struct list_cell){ .kind = CELL_NONE };
	s->used--;
	/* Whoever was pushed past the hole moves into it, so that no search ends too early (Knuth 6.4, algorithm R). */
	for (uint32_t at = (hole + 1) % s->size; s->cells[at].kind != CELL_NONE; at = (at + 1) % s->size) {
		struct cell_key moved = key_of(&s->cells[at]);
		uint32_t home = home_of(key_hash(list->seed, &moved), s->size);

		if ((at + s->size - home) % s->size >= (at + s->size - hole) % s->size) {
			cell_move(s, hole, at);
			hole = at;
		}
	}
}

void
table_clear(struct list *list)
{
	for (size_t i = 0; i < LIST_SHARDS; i++) {
		shard_replace(list, i, NULL);
	}
}
