/*
 * list/ipv6.c - IPv6 prefixes of one list: a sorted array in two steps, 24 bytes each.
 *
 *   root --> slots, sorted by the first entry of their page --> page: up to LIST_PAGE_ENTRIES of them, sorted, in groups
 *
 * Of a page a search touches where its groups begin and one group, since each line of it that is not in the cache costs more than all
 * the rest of a search.
 *
 * A change copies the page it lies in, and the root: of a million entries that is 200 KiB. Sorted by address and then by
 * length, a prefix stands right before all that lies in it. So the last entry that is not behind an address is the most
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

/* How many of the first n slots begin at or before the key, by all of it. */
static uint32_t
slots_among(const struct list_root6 *root, const struct list_six *key, uint32_t n)
{
	uint32_t from = 0;

	while (n > 0) { /* the last of them is among `from` and the n behind it */
		uint32_t half = (n + 1) / 2;

		if (is_before(key, &root->slots[from + half - 1].page->entries[0])) {
			n = half - 1;
		} else {
			from += half;
			n -= half;
		}
	}
	return from;
}

/* How many slots begin at or before the key. */
static uint32_t
slots_until(const struct list_root6 *root, const struct list_six *key)
{
	uint32_t from = 0, n = root->used;

	while (n > 1) { /* the last of them is among `from` and the n behind it */
		uint32_t half = n / 2;

		from = either(root->slots[from + half - 1].high <= key->high) ? from + half : from;
		n -= half;
	}
	from += n == 1 && root->slots[from].high <= key->high;
	return from > 0 && root->slots[from - 1].high == key->high ? slots_among(root, key, from) : from;
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
	uint32_t slots = root == NULL ? 0 : slots_until(root, key), at;
	const struct list_page6 *page;

	if (slots == 0) {
		return NULL;
	}
	page = root->slots[slots - 1].page;
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
	uint32_t slots, at;

	if (root == NULL) {
		return NULL;
	}
	slots = slots_until(root, &key);
	at = slots == 0 ? 0 : entries_before(root->slots[slots - 1].page, &key);
	if (slots > 0 && at < root->slots[slots - 1].page->used) {
		return &root->slots[slots - 1].page->entries[at];
	}
	return slots < root->used ? &root->slots[slots].page->entries[0] : NULL;
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
	uint32_t slots = root == NULL ? 0 : slots_until(root, &key);
	const struct list_page6 *page = slots == 0 ? NULL : root->slots[slots - 1].page;

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

/* The root, made ready to be written, with room for a slot more. */
static struct list_root6 *
root_open(struct list *list, size_t index)
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
	}
	root->draft = list->draft;
	root->size = size;
	list->six[index] = root;
	return root;
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
	}
	return page;
}

/* The page of a slot, made ready for one entry more; its half goes into a new slot behind it when it is full. */
static struct list_page6 *
page_open(struct list *list, struct list_root6 *root, uint32_t slot)
{
	struct list_page6 *old = root->slots[slot].page, *page = old;
	uint32_t kept = old->used == LIST_PAGE_ENTRIES ? LIST_PAGE_ENTRIES / 2 : old->used;
	uint32_t size = kept + kept / 8 + 1;

	if (old->draft == list->draft && old->size > old->used) {
		return old;
	}
	page = page_new(list, size < LIST_PAGE_ENTRIES ? size : LIST_PAGE_ENTRIES, old->entries, kept);
	if (kept < old->used) {
		uint32_t moved = old->used - kept;

		memmove(&root->slots[slot + 2], &root->slots[slot + 1],
			(root->used - slot - 1) * sizeof root->slots[0]);
		root->used++;
		root->slots[slot + 1].page = page_new(list, moved, old->entries + kept, moved);
		root->slots[slot + 1].high = old->entries[kept].high;
	}
	root->slots[slot].page = page;
	list_retire(list, old, old->draft);
	return page;
}

/* The slot whose page the key belongs in; there is at least one afterwards. */
static uint32_t
slot_of(struct list *list, struct list_root6 *root, const struct list_six *key)
{
	uint32_t slots = slots_until(root, key);

	if (root->used == 0) {
		root->slots[0].high = key->high;
		root->slots[0].page = page_new(list, 1, NULL, 0);
		root->used = 1;
	}
	return slots == 0 ? 0 : slots - 1;
}

void
ipv6_put(struct list *list, size_t index, const struct prefix *p, enum cell_listed listed, uint32_t ttl)
{
	struct list_six entry = key_of(p);
	struct list_root6 *root = root_open(list, index);
	uint32_t slot = slot_of(list, root, &entry), at;
	struct list_page6 *page = page_open(list, root, slot);

	entry.listed = (uint8_t)listed;
	entry.ttl = ttl;
	if (slot + 1 < root->used && !is_before(&entry, &root->slots[slot + 1].page->entries[0])) {
		slot++; /* the page was split, and this belongs in the half behind; which has no room to spare */
		page = page_open(list, root, slot);
	}
	at = entries_before(page, &entry);
	if (at == page->used || !is_same(&page->entries[at], &entry)) {
		memmove(page->entries + at + 1, page->entries + at,
			(page->used - at) * sizeof page->entries[0]);
		page->used++;
		root->counts[p->bits]++;
		root->lengths[p->bits / 64] |= (uint64_t)1 << p->bits % 64;
	}
	page->entries[at] = entry;
	set_firsts(page);
	root->slots[slot].high = page->entries[0].high;
}

void
ipv6_drop(struct list *list, size_t index, const struct prefix *p)
{
	struct list_six key = key_of(p);
	struct list_root6 *root = root_open(list, index);
	uint32_t slot = slots_until(root, &key) - 1, at;
	struct list_page6 *page = page_open(list, root, slot);

	check(page->used > 0);
	slot = slots_until(root, &key) - 1; /* as it is after a split */
	page = page_open(list, root, slot);
	at = entries_before(page, &key);
	check(at < page->used && is_same(&page->entries[at], &key));
	page->used--;
	memmove(page->entries + at, page->entries + at + 1, (page->used - at) * sizeof page->entries[0]);
	set_firsts(page);
	root->counts[p->bits]--;
	if (root->counts[p->bits] == 0) {
		root->lengths[p->bits / 64] &= ~((uint64_t)1 << p->bits % 64);
	}
	if (page->used > 0) {
		root->slots[slot].high = page->entries[0].high;
		return;
	}
	free(page);
	root->used--;
	memmove(&root->slots[slot], &root->slots[slot + 1], (root->used - slot) * sizeof root->slots[0]);
}

void
ipv6_clear(struct list *list)
{
	for (size_t i = 0; i < list->row_count; i++) {
		struct list_root6 *root = list->six[i];

		for (uint32_t slot = 0; root != NULL && slot < root->used; slot++) {
			list_retire(list, root->slots[slot].page, root->slots[slot].page->draft);
		}
		if (root != NULL) {
			list_retire(list, root, root->draft);
		}
		list->six[i] = NULL;
	}
}
