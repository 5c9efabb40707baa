/* What will be reported later, the earliest first; among equals the one that was drawn first. */
#include "sim/sim_int.h"

#include <stdlib.h>

static bool
earlier(const struct pending *a, const struct pending *b)
{
	return a->at != b->at ? a->at < b->at : a->serial < b->serial;
}

void
heap_push(struct heap *h, const struct pending *p)
{
	size_t i = h->count++;

	if (h->count > h->size) {
		h->size = h->size == 0 ? 1024 : 2 * h->size;
		h->items = realloc(h->items, h->size * sizeof(*h->items));
		check(h->items != NULL);
	}
	while (i > 0 && earlier(p, &h->items[(i - 1) / 2])) {
		h->items[i] = h->items[(i - 1) / 2];
		i = (i - 1) / 2;
	}
	h->items[i] = *p;
}

struct pending
heap_pop(struct heap *h)
{
	struct pending top, last;
	size_t i = 0;

	check(h->count > 0);
	top = h->items[0];
	last = h->items[--h->count];
	for (;;) {
		size_t child = 2 * i + 1;

		if (child >= h->count) {
			break;
		}
		if (child + 1 < h->count && earlier(&h->items[child + 1], &h->items[child])) {
			child++;
		}
		if (!earlier(&h->items[child], &last)) {
			break;
		}
		h->items[i] = h->items[child];
		i = child;
	}
	h->items[i] = last;
	return top;
}
