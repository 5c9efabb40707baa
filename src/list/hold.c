/*
 * list/hold.c - images that stay: a hold takes no part in the readers' grace periods, so the writer never waits for it.
 *
 * What the writer replaces is in the images of some drafts, from the one it was made in to the one before it was replaced.
 * After the grace period it is freed, unless a held image is among them; then it is kept until the last of those is
 * released. The lock is held for a few instructions: a pointer swapped, a list of pointers joined.
 */
#include "list/list_int.h"

#include "base/array.h"

#include <stdlib.h>
#include <string.h>

static void
retirees_add(struct list_retirees *r, const struct list_retired *one)
{
	r->items = array_room(r->items, r->count, &r->size, sizeof *r->items);
	r->items[r->count++] = *one;
}

static void
retirees_clear(struct list_retirees *r)
{
	while (r->count > 0) {
		free(r->items[--r->count].p);
	}
}

void
list_retire(struct list *list, void *replaced, uint64_t draft)
{
	if (draft == list->draft) {
		free(replaced);
		return;
	}
	retirees_add(&list->retired, &(struct list_retired){ replaced, draft, list->draft });
}

static bool
is_held(const struct list_held *h, const struct list_retired *one)
{
	for (size_t i = 0; i < h->count; i++) {
		if (h->images[i]->draft >= one->first && h->images[i]->draft < one->last) {
			return true;
		}
	}
	return false;
}

struct list_image *
list_held_publish(struct list *list, struct list_image *image)
{
	struct list_image *old;

	check(pthread_mutex_lock(&list->held.lock) == 0);
	old = atomic_exchange_explicit(&list->published, image, memory_order_acq_rel);
	list_changes_move(&list->held.changes, &list->changes);
	check(pthread_mutex_unlock(&list->held.lock) == 0);
	return old;
}

/*
 * What no hold has is freed, the rest joins `kept`. No image can come to be held that has what is freed here: one is held
 * while it is published, or again while it is held.
 */
static void
free_unheld(struct list_held *h, struct list_retirees *r)
{
	uint32_t unheld = 0;

	check(pthread_mutex_lock(&h->lock) == 0);
	for (size_t i = 0; i < r->count; i++) {
		if (is_held(h, &r->items[i])) {
			retirees_add(&h->kept, &r->items[i]);
		} else {
			r->items[unheld++] = r->items[i];
		}
	}
	check(pthread_mutex_unlock(&h->lock) == 0);
	r->count = unheld;
	retirees_clear(r);
}

void
list_held_free(struct list *list)
{
	free_unheld(&list->held, &list->retired);
}

const struct list_image *
list_hold(struct list *list)
{
	return list_hold_again(list, NULL);
}

const struct list_image *
list_hold_again(struct list *list, const struct list_image *image)
{
	struct list_held *h = &list->held;

	check(pthread_mutex_lock(&h->lock) == 0);
	if (image == NULL) {
		image = atomic_load_explicit(&list->published, memory_order_acquire);
	}
	check(h->count < LIST_HOLDS_MAX);
	h->images[h->count++] = image;
	check(pthread_mutex_unlock(&h->lock) == 0);
	return image;
}

void
list_release(struct list *list, const struct list_image *image)
{
	struct list_held *h = &list->held;
	struct list_retirees kept;
	size_t i = 0;

	check(pthread_mutex_lock(&h->lock) == 0);
	while (i < h->count && h->images[i] != image) {
		i++;
	}
	check(i < h->count);
	h->images[i] = h->images[--h->count];
	kept = h->kept;
	h->kept = (struct list_retirees){ 0 };
	check(pthread_mutex_unlock(&h->lock) == 0);
	free_unheld(h, &kept);
	free(kept.items);
}

void
list_held_open(struct list *list)
{
	check(pthread_mutex_init(&list->held.lock, NULL) == 0);
}

void
list_held_close(struct list *list)
{
	check(list->held.count == 0);
	retirees_clear(&list->retired);
	free(list->retired.items);
	retirees_clear(&list->held.kept);
	free(list->held.kept.items);
	list_changes_free(&list->held.changes);
	check(pthread_mutex_destroy(&list->held.lock) == 0);
}
