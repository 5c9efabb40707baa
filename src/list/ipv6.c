/*
 * list/ipv6.c - IPv6 prefixes of one list: a sorted array in three steps, 24 bytes each.
 *
 *   root --> branches: up to LIST_BRANCH_SLOTS --> pages: up to LIST_PAGE_ENTRIES --> entries, sorted, in groups
 *
 * Of a page a search touches where its groups begin and one group, since each line of it that is not in the cache costs more than all
 * the rest of a search. Root and branches are a small part of the whole and stay in it.
 *
 * A change copies the page and the branch that it lies in, at most 6 and 4 KiB, and the root: 16 bytes for each 16,000 entries or more. Sorted by
 * address and then by length, a prefix stands right before all that lies in it. So the last entry that is not behind an address is the most
 * specific one that covers it, or what does cover it is no longer than what the two have in common.
 */
#include "list/list_int.h"

#include <endian.h>
#include <stdlib.h>
#include <string.h>

static struct list_six
key_of(const struct prefix *p)
{
	uint64_t halves[2];

	memcpy(halves, p->bytes, sizeof halves);
	return (struct list_six){ .high = be64toh(halves[0]), .low = be64toh(halves[1]), .bits = p->bits };
}

/* Without branches: in a search half of them would be guessed wrong. */
static bool
is_before(const struct list_six *a, const struct list_six *b)
{
	bool low = (a->low < b->low) | ((a->low == b->low) & (a->bits < b->bits));

	return (a->high < b->high) | ((a->high == b->high) & low);
}

static bool
is_same(const struct list_six *a, const struct list_six *b)
{
	return a->high == b->high && a->low == b->low && a->bits == b->bits;
}

/* The leading bits that two addresses have in common. */
static unsigned
common_bits(const struct list_six *a, const struct list_six *b)
{
	if (a->high != b->high) {
		return (unsigned)__builtin_clzll(a->high ^ b->high);
	}
	return a->low != b->low ? 64 + (unsigned)__builtin_clzll(a->low ^ b->low) : 128;
}

static struct list_six
cut(const struct list_six *k, unsigned bits)
{
	return (struct list_six){
		.high = bits >= 64  ? k->high
			: bits == 0 ? 0
				    : k->high & UINT64_MAX << (64 - bits),
		.low = bits >= 128  ? k->low
		       : bits <= 64 ? 0
				    : k->low & UINT64_MAX << (128 - bits),
		.bits = (uint8_t)bits,
	};
}

/* The lines of the cache from here to there. */
static void
fetch(const void *from, const void *to)
{
	for (const char *p = from; p < (const char *)to; p += 64) {
		__builtin_prefetch(p);
	}
	__builtin_prefetch((const char *)to - 1);
}

/* The first entry below a slot of a branch, or of the root. */
static const struct list_six *
first_of(const struct list_slot6 *slot, bool in_root)
{
	return &(in_root ? slot->below.branch->slots[0].below.page : slot->below.page)->entries[0];
}

/* How many of the first n slots begin at or before the key, by all of it. */
static uint32_t
slots_among(const struct list_slot6 *slots, const struct list_six *key, uint32_t n, bool in_root)
{
	uint32_t from = 0;

	while (n > 0) { /* the last of them is among `from` and the n behind it */
		uint32_t half = (n + 1) / 2;

		if (is_before(key, first_of(&slots[from + half - 1], in_root))) {
			n = half - 1;
		} else {
			from += half;
			n -= half;
		}
	}
	return from;
}

/* How many of n slots begin at or before the key. */
static inline uint32_t
slots_until(const struct list_slot6 *slots, uint32_t n, const struct list_six *key, bool in_root)
{
	uint32_t from = 0;

	while (n > 1) { /* the last of them is among `from` and the n behind it */
		uint32_t half = n / 2;

		from = either(slots[from + half - 1].high <= key->high) ? from + half : from;
		n -= half;
	}
	from += n == 1 && slots[from].high <= key->high;
	return from > 0 && slots[from - 1].high == key->high ? slots_among(slots, key, from, in_root) : from;
}

/* The branch, and its slot, whose page would have the key; the first ones when it stands before all. */
struct spot {
	uint32_t branch, slot;
};

static uint32_t
last_of(uint32_t count)
{
	return count == 0 ? 0 : count - 1;
}

static struct spot
spot_of(const struct list_root6 *root, const struct list_six *key)
{
	uint32_t at = last_of(slots_until(root->slots, root->used, key, true));
	const struct list_branch6 *branch = root->slots[at].below.branch;

	return (struct spot){ at, last_of(slots_until(branch->slots, branch->used, key, false)) };
}

/* The page that would have the key; NULL when it stands before all. A root is never empty. */
static const struct list_page6 *
page_of(const struct list_root6 *root, const struct list_six *key)
{
	uint32_t branches = slots_until(root->slots, root->used, key, true), slots;
	const struct list_branch6 *branch;

	if (branches == 0) {
		return NULL;
	}
	branch = root->slots[branches - 1].below.branch;
	slots = slots_until(branch->slots, branch->used, key, false);
	return branch->slots[slots - 1].below.page; /* it begins with the branch */
}

/* The entries among which the place of a key is, by its upper half: usually those of one group. */
struct stretch {
	uint32_t from, to;
};

static struct stretch
stretch_of(const struct list_page6 *page, uint64_t high)
{
	uint32_t until = 0, n = (page->used + LIST_GROUP - 1) / LIST_GROUP, before;

	while (n > 1) { /* groups that begin at or before it */
		uint32_t half = n / 2;

		until = either(page->firsts[until + half - 1] <= high) ? until + half : until;
		n -= half;
	}
	until += n == 1 && page->firsts[until] <= high;
	before = until;
	while (before > 0 && page->firsts[before - 1] == high) {
		before--;
	}
	return (struct stretch){ before == 0 ? 0 : (before - 1) * LIST_GROUP,
				 until * LIST_GROUP < page->used ? until * LIST_GROUP : page->used };
}

/* How many entries of a page stand before the key. */
static uint32_t
entries_before(const struct list_page6 *page, const struct list_six *key)
{
	const struct stretch s = stretch_of(page, key->high);
	uint32_t from = s.from, n = s.to - s.from;

	while (n > 1) {
		uint32_t half = n / 2;

		from = either(is_before(&page->entries[from + half - 1], key)) ? from + half : from;
		n -= half;
	}
	return n == 1 && is_before(&page->entries[from], key) ? from + 1 : from;
}

/* The last entry at or before the key, or NULL. */
static const struct list_six *
last_until(const struct list_root6 *root, const struct list_six *key)
{
	const struct list_page6 *page = root == NULL ? NULL : page_of(root, key);
	uint32_t at;

	if (page == NULL) {
		return NULL;
	}
	at = entries_before(page, key);
	return at < page->used && is_same(&page->entries[at], key) ? &page->entries[at]
								   : &page->entries[at - 1];
}

const struct list_six *
ipv6_find(const struct list_root6 *root, const struct prefix *p)
{
	struct list_six key = key_of(p);
	const struct list_six *e = last_until(root, &key);

	return e != NULL && is_same(e, &key) ? e : NULL;
}

const struct list_six *
ipv6_covering(const struct list_root6 *root, const struct prefix *p)
{
	struct list_six key = key_of(p);

	for (;;) {
		const struct list_six *e = last_until(root, &key);
		unsigned common = e == NULL ? 0 : common_bits(e, &key);
		int length;

		if (e == NULL || e->bits <= common) {
			return e;
		}
		length = list_longest(root->lengths, (int)common);
		if (length < 0) {
			return NULL;
		}
		key = cut(&key, (unsigned)length);
	}
}

const struct list_six *
ipv6_next(const struct list_root6 *root, const struct prefix *p)
{
	struct list_six key = key_of(p);
	const struct list_branch6 *branch;
	const struct list_page6 *page;
	struct spot spot;
	uint32_t at;

	if (root == NULL) {
		return NULL;
	}
	spot = spot_of(root, &key);
	branch = root->slots[spot.branch].below.branch;
	page = branch->slots[spot.slot].below.page;
	at = entries_before(page, &key);
	if (at < page->used) {
		return &page->entries[at];
	}
	if (spot.slot + 1 < branch->used) {
		return &branch->slots[spot.slot + 1].below.page->entries[0];
	}
	return spot.branch + 1 < root->used ? first_of(&root->slots[spot.branch + 1], true) : NULL;
}

uint64_t
ipv6_high(const struct prefix *p)
{
	return key_of(p).high;
}

const struct list_page6 *
ipv6_expect(const struct list_root6 *root, const struct prefix *p)
{
	struct list_six key = key_of(p);
	const struct list_page6 *page = root == NULL ? NULL : page_of(root, &key);

	if (page != NULL) {
		fetch(page, (const char *)page->entries);
	}
	return page;
}

void
ipv6_expect_more(const struct list_page6 *page, uint64_t high)
{
	const struct stretch s = stretch_of(page, high);

	fetch(page->entries + s.from, page->entries + s.to);
}

bool
ipv6_below(const struct list_root6 *root, const struct prefix *p)
{
	struct list_six key = key_of(p);
	struct prefix first = *p;
	const struct list_six *e;

	first.bits = 0;
	e = ipv6_next(root, &first);
	return e != NULL && e->bits >= p->bits && common_bits(e, &key) >= p->bits;
}

/* ---- the writer's */

static void
set_firsts(struct list_page6 *page)
{
	for (uint32_t i = 0; i < page->used; i += LIST_GROUP) {
		page->firsts[i / LIST_GROUP] = page->entries[i].high;
	}
}

static struct list_page6 *
page_new(const struct list *list, uint32_t size, const struct list_six *entries, uint32_t used)
{
	struct list_page6 *page = malloc(sizeof *page + size * sizeof page->entries[0]);

	check(page != NULL && used <= size && size <= LIST_PAGE_ENTRIES);
	*page = (struct list_page6){ .draft = list->draft, .size = size, .used = used };
	if (used > 0) {
		memcpy(page->entries, entries, used * sizeof entries[0]);
		set_firsts(page);
	} else {
		page->entries[0] = (struct list_six){ 0 }; /* it is compared with before it is written */
	}
	return page;
}

static struct list_branch6 *
branch_new(const struct list *list, uint32_t size, const struct list_slot6 *slots, uint32_t used)
{
	struct list_branch6 *branch = malloc(sizeof *branch + size * sizeof branch->slots[0]);

	check(branch != NULL && used <= size && size <= LIST_BRANCH_SLOTS);
	*branch = (struct list_branch6){ .draft = list->draft, .size = size, .used = used };
	if (used > 0) {
		memcpy(branch->slots, slots, used * sizeof slots[0]);
	}
	return branch;
}

/* The root, made ready to be written, with room for a branch more; of an empty list with a page of nothing. */
static struct list_root6 *
root_open(struct list *list, size_t index, uint64_t high)
{
	struct list_root6 *old = list->six[index], *root = old;
	uint32_t used = old == NULL ? 0 : old->used, size = used + used / 4 + 4;

	if (old != NULL && old->draft == list->draft && old->size > used) {
		return old;
	}
	root = malloc(sizeof *root + size * sizeof root->slots[0]);
	check(root != NULL);
	*root = (struct list_root6){ .used = 0 };
	if (old != NULL) {
		memcpy(root, old, sizeof *old + used * sizeof old->slots[0]);
		list_retire(list, old, old->draft);
	} else {
		struct list_slot6 first = { high, { .page = page_new(list, 1, NULL, 0) } };

		root->slots[0] = (struct list_slot6){ high, { .branch = branch_new(list, 1, &first, 1) } };
		root->used = 1;
	}
	root->draft = list->draft;
	root->size = size;
	list->six[index] = root;
	return root;
}

/* A new slot behind one of those that are used; its page or branch is still to be set. */
static struct list_slot6 *
slots_part(struct list_slot6 *slots, uint32_t *used, uint32_t at, uint64_t high)
{
	memmove(&slots[at + 2], &slots[at + 1], (*used - at - 1) * sizeof slots[0]);
	(*used)++;
	slots[at + 1].high = high;
	return &slots[at + 1];
}

static void
slots_drop(struct list_slot6 *slots, uint32_t *used, uint32_t at)
{
	(*used)--;
	memmove(&slots[at], &slots[at + 1], (*used - at) * sizeof slots[0]);
}

/* How many stay in a page or branch that is made ready for one more, and for how many it has room then. */
static uint32_t
kept_of(uint32_t used, uint32_t most, uint32_t *size)
{
	uint32_t kept = used == most ? most / 2 : used;

	*size = kept + kept / 8 + 1 < most ? kept + kept / 8 + 1 : most;
	return kept;
}

/* A branch, made ready for one slot more; its half goes into a new one behind it when it is full. */
static struct list_branch6 *
branch_open(struct list *list, struct list_root6 *root, uint32_t at)
{
	struct list_branch6 *old = root->slots[at].below.branch, *branch;
	uint32_t size, kept = kept_of(old->used, LIST_BRANCH_SLOTS, &size);

	if (old->draft == list->draft && old->size > old->used) {
		return old;
	}
	branch = branch_new(list, size, old->slots, kept);
	if (kept < old->used) {
		uint32_t moved = old->used - kept;

		slots_part(root->slots, &root->used, at, old->slots[kept].high)->below.branch =
		    branch_new(list, moved, old->slots + kept, moved);
	}
	root->slots[at].below.branch = branch;
	list_retire(list, old, old->draft);
	return branch;
}

/* The page of a slot, made ready for one entry more; its half goes into a new slot behind it when it is full. */
static struct list_page6 *
page_open(struct list *list, struct list_branch6 *branch, uint32_t slot)
{
	struct list_page6 *old = branch->slots[slot].below.page, *page;
	uint32_t size, kept = kept_of(old->used, LIST_PAGE_ENTRIES, &size);

	if (old->draft == list->draft && old->size > old->used) {
		return old;
	}
	page = page_new(list, size, old->entries, kept);
	if (kept < old->used) {
		uint32_t moved = old->used - kept;

		slots_part(branch->slots, &branch->used, slot, old->entries[kept].high)->below.page =
		    page_new(list, moved, old->entries + kept, moved);
	}
	branch->slots[slot].below.page = page;
	list_retire(list, old, old->draft);
	return page;
}

/* All on the way to a key, ready to be written, with room for it. */
struct way {
	struct list_root6 *root;
	struct list_branch6 *branch;
	struct list_page6 *page;
	struct spot spot;
};

/* What is opened may be split, and the key belong in the half behind, which is opened too: so each is opened until it stays. */
static struct way
way_open(struct list *list, size_t index, const struct list_six *key)
{
	struct way w = { 0 };
	struct spot was;

	do {
		w.root = root_open(list, index, key->high);
		was = spot_of(w.root, key);
		w.branch = branch_open(list, w.root, was.branch);
		w.spot = spot_of(w.root, key);
		if (w.spot.branch == was.branch) {
			w.page = page_open(list, w.branch, w.spot.slot);
			was = w.spot;
			w.spot = spot_of(w.root, key);
		}
	} while (w.spot.branch != was.branch || w.spot.slot != was.slot);
	return w;
}

/* The page's first entry may be another. */
static void
set_highs(const struct way *w)
{
	set_firsts(w->page);
	w->branch->slots[w->spot.slot].high = w->page->entries[0].high;
	w->root->slots[w->spot.branch].high = w->branch->slots[0].high;
}

void
ipv6_put(struct list *list, size_t index, const struct prefix *p, enum cell_listed listed, uint32_t ttl)
{
	struct list_six entry = key_of(p);
	struct way w = way_open(list, index, &entry);
	uint32_t at = entries_before(w.page, &entry);

	entry.listed = (uint8_t)listed;
	entry.ttl = ttl;
	if (at == w.page->used || !is_same(&w.page->entries[at], &entry)) {
		memmove(w.page->entries + at + 1, w.page->entries + at,
			(w.page->used - at) * sizeof w.page->entries[0]);
		w.page->used++;
		w.root->counts[p->bits]++;
		w.root->lengths[p->bits / 64] |= (uint64_t)1 << p->bits % 64;
	}
	w.page->entries[at] = entry;
	set_highs(&w);
}

/* The page of this way is empty, and maybe more of it then. */
static void
way_cut(struct list *list, size_t index, struct way *w)
{
	free(w->page); /* it is of this draft, and so is all on the way */
	slots_drop(w->branch->slots, &w->branch->used, w->spot.slot);
	if (w->branch->used > 0) {
		w->root->slots[w->spot.branch].high = w->branch->slots[0].high;
		return;
	}
	free(w->branch);
	slots_drop(w->root->slots, &w->root->used, w->spot.branch);
	if (w->root->used == 0) {
		free(w->root);
		list->six[index] = NULL;
	}
}

void
ipv6_drop(struct list *list, size_t index, const struct prefix *p)
{
	struct list_six key = key_of(p);
	struct way w = way_open(list, index, &key);
	uint32_t at = entries_before(w.page, &key);

	check(at < w.page->used && is_same(&w.page->entries[at], &key));
	w.page->used--;
	memmove(w.page->entries + at, w.page->entries + at + 1,
		(w.page->used - at) * sizeof w.page->entries[0]);
	w.root->counts[p->bits]--;
	if (w.root->counts[p->bits] == 0) {
		w.root->lengths[p->bits / 64] &= ~((uint64_t)1 << p->bits % 64);
	}
	if (w.page->used > 0) {
		set_highs(&w);
	} else {
		way_cut(list, index, &w);
	}
}

static void
branch_retire(struct list *list, struct list_branch6 *branch)
{
	for (uint32_t i = 0; i < branch->used; i++) {
		list_retire(list, branch->slots[i].below.page, branch->slots[i].below.page->draft);
	}
	list_retire(list, branch, branch->draft);
}

void
ipv6_clear(struct list *list)
{
	for (size_t i = 0; i < list->row_count; i++) {
		struct list_root6 *root = list->six[i];

		for (uint32_t at = 0; root != NULL && at < root->used; at++) {
			branch_retire(list, root->slots[at].below.branch);
		}
		if (root != NULL) {
			list_retire(list, root, root->draft);
		}
		list->six[i] = NULL;
	}
}
