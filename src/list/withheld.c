/* list/withheld.c - sources that are listed, but not for one receiver: a cell each, in the same shards as the names. */
#include "list/list_int.h"

#include <string.h>

#define RECEIVER_BYTES 2U
#define PREFIX_MARK    0x80U /* no label is so long */

_Static_assert(RECEIVER_BYTES + LIST_DOMAIN_LIMIT <= UINT8_MAX, "a cell says its length in one byte");

/* What such a cell is found by: the receiver, then the prefix, or the labels of the domain. */
struct withheld {
	uint8_t n;
	uint8_t bytes[UINT8_MAX];
};

static void
begin(struct withheld *w, uint32_t receiver)
{
	w->bytes[0] = (uint8_t)(receiver >> 8);
	w->bytes[1] = (uint8_t)receiver;
	w->n = RECEIVER_BYTES;
}

static void
put_domain(struct withheld *w, const uint8_t *name, size_t n)
{
	memcpy(w->bytes + w->n, name, n);
	w->n = (uint8_t)(w->n + n);
}

static void
put_prefix(struct withheld *w, const struct prefix *p)
{
	size_t address = p->family == 4 ? 4 : 16;

	w->bytes[w->n++] = (uint8_t)(PREFIX_MARK | p->family);
	w->bytes[w->n++] = p->bits;
	memcpy(w->bytes + w->n, p->bytes, address);
	w->n = (uint8_t)(w->n + address);
}

static struct cell_key
key_of(const struct withheld *w, uint8_t index)
{
	return (struct cell_key){ CELL_WITHHELD, index, w->n, w->bytes };
}

bool
list_withhold(struct list *list, size_t index, uint32_t receiver, const struct source_key *key, bool on)
{
	struct list_name name;
	struct withheld w;
	struct cell_key cell;
	bool was;

	check(index < list->row_count && receiver <= UINT16_MAX);
	begin(&w, receiver);
	if (key->kind == SOURCE_IP || key->kind == SOURCE_PREFIX) {
		put_prefix(&w, &key->prefix);
	} else if (key->kind == SOURCE_DOMAIN &&
		   list_name_parse(source_key_text(key), &name, NULL) == RESULT_OK) {
		put_domain(&w, name.bytes, name.n - 1U);
	} else {
		return false;
	}
	cell = key_of(&w, (uint8_t)index);
	was = table_find((const struct list_shard *const *)list->shards, list->seed, &cell) != NULL;
	if (on && !was) {
		table_put(list, &cell)->listed = CELL_LISTED;
		list->withheld_count++;
	} else if (!on && was) {
		table_drop(list, &cell);
		list->withheld_count--;
	}
	return on != was;
}

bool
list_found_withheld(const struct list_found *found, uint32_t receiver)
{
	const struct list_image *image = found->image;
	struct prefix p;
	struct withheld w;
	struct cell_key cell;

	if (image->withheld_count == 0 || (found->node != LIST_ENTRY && found->node != LIST_VOUCH)) {
		return false;
	}
	begin(&w, receiver);
	if (found->cell != NULL && found->cell->kind == CELL_DOMAIN) {
		put_domain(&w, cell_name(found->cell), found->cell->bits);
	} else {
		p = list_found_prefix(found);
		put_prefix(&w, &p);
	}
	cell = key_of(&w, found->zone->list);
	return table_find(image->shards, image->list->seed, &cell) != NULL;
}
