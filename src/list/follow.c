/* list/follow.c - which keys changed, for one follower, and what that did to the records of the zones. */
#include "list/list_int.h"

#include "base/array.h"

#include <stdlib.h>
#include <string.h>

/* ---- the writer's side */

static void
change_put(struct list_changes *c, const struct list_change *one)
{
	c->items = array_room(c->items, c->count, &c->size, sizeof *c->items);
	c->items[c->count++] = *one;
}

static void
changes_lose(struct list_changes *c)
{
	list_changes_free(c);
	c->lost = true;
}

void
list_changes_free(struct list_changes *c)
{
	for (size_t i = 0; i < c->count; i++) {
		free(c->items[i].domain);
	}
	free(c->items);
	*c = (struct list_changes){ 0 };
}

void
list_changed(struct list *list, const struct cell_key *key)
{
	struct list_change one = { .list = key->list };

	if (!list->followed || list->changes.lost) {
		return;
	}
	if (list->changes.count == LIST_FOLLOW_KEYS_MAX) {
		changes_lose(&list->changes);
		return;
	}
	if (key->kind == CELL_DOMAIN) {
		one.domain_bytes = key->bits;
		one.domain = malloc(key->bits);
		check(one.domain != NULL);
		memcpy(one.domain, key->bytes, key->bits);
	} else {
		one.prefix = (struct prefix){ key->kind == CELL_IPV4 ? 4 : 6, key->bits, { 0 } };
		memcpy(one.prefix.bytes, key->bytes, key->kind == CELL_IPV4 ? 4 : 16);
	}
	change_put(&list->changes, &one);
}

void
list_changed_all(struct list *list)
{
	if (list->followed) {
		changes_lose(&list->changes);
	}
}

void
list_changes_move(struct list_changes *to, struct list_changes *from)
{
	if (from->lost || to->lost || to->count + from->count > LIST_FOLLOW_KEYS_MAX) {
		changes_lose(to);
		list_changes_free(from);
		return;
	}
	if (to->count == 0) {
		free(to->items);
		*to = *from;
		*from = (struct list_changes){ 0 };
		return;
	}
	for (size_t i = 0; i < from->count; i++) {
		change_put(to, &from->items[i]);
	}
	from->count = 0;
}

/* ---- the follower's */

void
list_follow(struct list *list, void (*published)(void *context), void *context)
{
	check(!list->followed);
	list->held.published = published;
	list->held.context = context;
	list->followed = true;
}

void
list_unfollow(struct list *list)
{
	list->held.published = NULL;
	list->followed = false;
}

/* Owners that a batch of changes may have touched. */
struct owners {
	struct list_record *items;
	uint32_t count, size;
};

static bool
owner_put(void *context, const struct list_record *r)
{
	struct owners *o = context;

	if (o->count == LIST_STEP_NAMES_MAX) {
		return false;
	}
	o->items = array_room(o->items, o->count, &o->size, sizeof *o->items);
	o->items[o->count++] = *r;
	return true;
}

/* By zone, then by name: whatever the order, each owner stands beside its double. */
static int
compare(const void *left, const void *right)
{
	const struct list_record *a = left, *b = right;
	int order = (a->list > b->list) - (a->list < b->list);

	order = order != 0 ? order : a->domains - b->domains;
	order = order != 0 ? order : (a->name.family > b->name.family) - (a->name.family < b->name.family);
	order = order != 0 ? order : memcmp(a->name.bytes, b->name.bytes, sizeof a->name.bytes);
	order = order != 0 ? order : (a->name.bits > b->name.bits) - (a->name.bits < b->name.bits);
	order =
	    order != 0 ? order : (a->domain_bytes > b->domain_bytes) - (a->domain_bytes < b->domain_bytes);
	return order != 0 || a->domain_bytes == 0 ? order : memcmp(a->domain, b->domain, a->domain_bytes);
}

/* What a step is made of: the views of each zone before and after. */
struct sides {
	struct list_view before[2 * LISTS_MAX], after[2 * LISTS_MAX];
	size_t count;
};

static void
sides_open(struct sides *s, const struct list *list, const struct list_image *before,
	   const struct list_image *after)
{
	s->count = list->zone_count;
	for (size_t i = 0; i < s->count; i++) {
		list_view_open(&s->before[i], before, &list->zones[i]);
		list_view_open(&s->after[i], after, &list->zones[i]);
	}
}

static void
sides_close(struct sides *s)
{
	for (size_t i = 0; i < s->count; i++) {
		list_view_close(&s->before[i]);
		list_view_close(&s->after[i]);
	}
}

static size_t
side_of(const struct sides *s, uint8_t list, bool domains)
{
	for (size_t i = 0; i < s->count; i++) {
		if (s->after[i].zone->list == list && s->after[i].zone->domains == domains) {
			return i;
		}
	}
	return s->count;
}

/* The owners that a change may have touched, in its zones. */
static bool
touched(const struct sides *s, const struct list_change *c, struct owners *owners)
{
	struct list_record r = { .list = c->list, .domain_bytes = c->domain_bytes, .domain = c->domain };

	if (c->prefix.family != 0) {
		return list_view_touched(&s->after[side_of(s, c->list, false)], &c->prefix, owner_put,
					 owners);
	}
	for (int domains = 0; domains <= 1; domains++) {
		r.domains = domains == 1;
		r.vouch = !r.domains;
		if (side_of(s, c->list, r.domains) < s->count && !owner_put(owners, &r)) {
			return false;
		}
	}
	return true;
}

static struct list_record
keep(struct list_record r)
{
	if (r.domain_bytes > 0) {
		uint8_t *domain = malloc(r.domain_bytes);

		check(domain != NULL);
		memcpy(domain, r.domain, r.domain_bytes);
		r.domain = domain;
	}
	return r;
}

static bool
is_same(const struct list_record *a, const struct list_record *b)
{
	return a->ttl == b->ttl && a->source_bits == b->source_bits;
}

/* The owners whose record differs, deleted and added. NULL when there are none. */
static struct list_step *
step_of(const struct sides *s, const struct owners *owners)
{
	struct list_step *step = calloc(1, sizeof *step);
	struct list_record *added = calloc(owners->count + 1, sizeof *added);

	check(step != NULL && added != NULL);
	step->records = calloc(2 * owners->count + 1, sizeof *step->records);
	check(step->records != NULL);
	for (size_t i = 0; i < owners->count; i++) {
		struct list_record old = owners->items[i], new = old;
		size_t side = side_of(s, old.list, old.domains);
		bool was, is;

		if (i > 0 && compare(&owners->items[i - 1], &owners->items[i]) == 0) {
			continue;
		}
		was = list_view_at(&s->before[side], &old);
		is = list_view_at(&s->after[side], &new);
		if (was && !(is && is_same(&old, &new))) {
			step->records[step->deleted++] = keep(old);
		}
		if (is && !(was && is_same(&old, &new))) {
			added[step->added++] = keep(new);
		}
	}
	memcpy(step->records + step->deleted, added, step->added * sizeof *added);
	free(added);
	if (step->deleted + step->added == 0) {
		list_step_free(step);
		return NULL;
	}
	step->records = reallocarray(step->records, step->deleted + step->added, sizeof *step->records);
	check(step->records != NULL);
	return step;
}

void
list_step_free(struct list_step *step)
{
	if (step == NULL) {
		return;
	}
	for (size_t i = 0; i < step->deleted + step->added; i++) {
		union {
			const uint8_t *read;
			uint8_t *owned;
		} domain = { step->records[i].domain };

		free(domain.owned);
	}
	free(step->records);
	free(step);
}

static struct list_step *
difference(const struct list *list, const struct list_image *before, const struct list_image *after,
	   struct list_changes *changes)
{
	struct owners owners = { 0 };
	struct list_step *step = NULL;
	struct sides sides;

	sides_open(&sides, list, before, after);
	for (size_t i = 0; i < changes->count && !changes->lost; i++) {
		changes->lost = !touched(&sides, &changes->items[i], &owners);
	}
	if (!changes->lost && owners.count > 0) {
		qsort(owners.items, owners.count, sizeof *owners.items, compare);
		step = step_of(&sides, &owners);
	}
	if (step != NULL) {
		step->from = before->serial;
		step->to = after->serial;
	}
	sides_close(&sides);
	free(owners.items);
	return step;
}

void
list_follow_next(struct list *list, const struct list_image **image, struct list_step **step, bool *lost)
{
	struct list_held *h = &list->held;
	struct list_changes changes;
	const struct list_image *next;

	*step = NULL;
	check(pthread_mutex_lock(&h->lock) == 0);
	next = atomic_load_explicit(&list->published, memory_order_acquire);
	check(h->count < LIST_HOLDS_MAX);
	h->images[h->count++] = next;
	changes = h->changes;
	h->changes = (struct list_changes){ 0 };
	check(pthread_mutex_unlock(&h->lock) == 0);
	if (*image != NULL) {
		*step = difference(list, *image, next, &changes);
		list_release(list, *image);
	}
	*lost = changes.lost;
	list_changes_free(&changes);
	*image = next;
}
