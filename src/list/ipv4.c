/*
 * list/ipv4.c - IPv4 prefixes longer than /16, which are nearly all of a list: 8 bytes each.
 *
 *   pages[first octet] --> blocks[second octet] --> entries, sorted
 *
 * A block holds the prefixes of one /16, so an entry needs the lower half of its address only, and a block is what a change
 * copies: at most 131070 entries, 1 MiB, however long the list is. A page or block is there exactly when it holds
 * something, so that "is anything listed below 192.0?" needs no counting.
 */
#include "list/list_int.h"

#include <stdlib.h>
#include <string.h>

#define BITS_MIN  17U
#define KEY_SHIFT 40

/* Of an entry, from the top: 16 bits of address, 8 of length, 8 of enum cell_listed, 32 of ttl. */
static uint64_t
entry_of(uint32_t address, unsigned bits, enum cell_listed listed, uint32_t ttl)
{
	return (uint64_t)(address & 0xffff) << 48 | (uint64_t)bits << KEY_SHIFT | (uint64_t)listed << 32 |
	       ttl;
}

unsigned
ipv4_bits(uint64_t entry)
{
	return entry >> KEY_SHIFT & 0xff;
}

enum cell_listed
ipv4_listed(uint64_t entry)
{
	return (enum cell_listed)(entry >> 32 & 0xff);
}

uint32_t
ipv4_ttl(uint64_t entry)
{
	return (uint32_t)entry;
}

static uint32_t
cut(uint32_t address, unsigned bits)
{
	return bits == 0 ? 0 : address & UINT32_MAX << (32 - bits);
}

/* The leading bits that two addresses of one /16 have in common. */
static unsigned
common_bits(uint32_t a, uint32_t b)
{
	return a == b ? 32 : (unsigned)__builtin_clz(a ^ b);
}

static uint16_t
length_bit(unsigned bits)
{
	return (uint16_t)(1U << (bits - BITS_MIN));
}

static const struct list_block *
block_of(const struct list_page *const *pages, uint32_t address)
{
	const struct list_page *page = pages[address >> 24];

	return page == NULL ? NULL : page->blocks[address >> 16 & 255];
}

/* How many entries come before `least`. */
static uint32_t
rank_of(const struct list_block *b, uint64_t least)
{
	const uint64_t *from = b->entries;
	uint32_t n = b->used;

	while (n > 1) { /* the answer lies in [from, from + n] */
		uint32_t half = n / 2;

		from += from[half - 1] < least ? half : 0;
		n -= half;
	}
	return (uint32_t)(from - b->entries) + (n == 1 && *from < least);
}

/* The entry of just this prefix, or 0. */
static uint64_t
find_in(const struct list_block *b, uint32_t address, unsigned bits)
{
	uint64_t key = entry_of(address, bits, CELL_NODE, 0);
	uint32_t at = rank_of(b, key);

	return at < b->used && b->entries[at] >> KEY_SHIFT == key >> KEY_SHIFT ? b->entries[at] : 0;
}

uint64_t
ipv4_find(const struct list_page *const *pages, uint32_t address, unsigned bits)
{
	const struct list_block *b = block_of(pages, address);

	return b == NULL ? 0 : find_in(b, address, bits);
}

/*
 * Sorted by address and then by length, the last entry that is not behind an address is the most specific one that covers it, or what does
 * cover it is no longer than what the two have in common (as in ipv6.c).
 */
uint64_t
ipv4_covering(const struct list_page *const *pages, uint32_t address, unsigned bits)
{
	const struct list_block *b = bits < BITS_MIN ? NULL : block_of(pages, address);
	unsigned lengths = b == NULL ? 0 : b->lengths & (2U * length_bit(bits) - 1);

	while (lengths != 0) {
		unsigned longest = BITS_MIN + 31U - (unsigned)__builtin_clz(lengths), common;
		uint32_t at, least = cut(address, longest);
		uint64_t entry;

		at = rank_of(b, entry_of(least, longest + 1, CELL_NODE, 0));
		if (at == 0) {
			return 0;
		}
		entry = b->entries[at - 1];
		common = common_bits((uint32_t)(entry >> 48), address & 0xffff);
		if (ipv4_bits(entry) <= common) {
			return entry;
		}
		lengths &= common < BITS_MIN ? 0 : 2U * length_bit(common) - 1;
	}
	return 0;
}

const struct list_block *const *
ipv4_expect(const struct list_page *const *pages, uint32_t address)
{
	const struct list_page *page = pages[address >> 24];

	if (page == NULL) {
		return NULL;
	}
	__builtin_prefetch(&page->blocks[address >> 16 & 255]);
	return (const struct list_block *const *)&page->blocks[address >> 16 & 255];
}

void
ipv4_expect_more(const struct list_block *const *at)
{
	const struct list_block *b = *at;

	if (b != NULL) {
		__builtin_prefetch(b);
		__builtin_prefetch((const char *)b + 64);
		__builtin_prefetch((const char *)b + 128);
		__builtin_prefetch((const char *)b + 192);
	}
}

bool
ipv4_below(const struct list_page *const *pages, uint32_t address, unsigned bits)
{
	const struct list_block *b;
	uint32_t at;

	if (bits <= 8) {
		return pages[address >> 24] != NULL;
	}
	b = block_of(pages, address);
	if (bits <= 16 || b == NULL) {
		return b != NULL;
	}
	at = rank_of(b, entry_of(address, 0, CELL_NODE, 0));
	return at < b->used && cut((uint32_t)(b->entries[at] >> 48), bits) == (address & 0xffff);
}

bool
ipv4_next(const struct list_page *const *pages, uint32_t *address, unsigned *bits)
{
	uint64_t least = entry_of(*address, *bits, CELL_NODE, 0);

	for (uint32_t half = *address >> 16; half <= 0xffff; half++, least = 0) {
		const struct list_page *page = pages[half >> 8];
		const struct list_block *b = page == NULL ? NULL : page->blocks[half & 255];
		uint32_t at = b == NULL ? 0 : rank_of(b, least);

		if (page == NULL) {
			half |= 255; /* the next /8 */
		}
		if (b != NULL && at < b->used) {
			*address = half << 16 | (uint32_t)(b->entries[at] >> 48);
			*bits = ipv4_bits(b->entries[at]);
			return true;
		}
	}
	return false;
}

/* ---- the writer's */

static size_t
block_bytes(uint32_t size)
{
	return sizeof(struct list_block) + size * sizeof(uint64_t);
}

/* The page, made ready to be written. */
static struct list_page *
page_open(struct list *list, size_t index, uint32_t address)
{
	struct list_page **at = &list->pages[index][address >> 24], *old = *at;

	if (old == NULL || old->draft != list->draft) {
		*at = calloc(1, sizeof **at);
		check(*at != NULL);
		if (old != NULL) {
			memcpy(*at, old, sizeof *old);
			list_retire(list, old, old->draft);
		}
		(*at)->draft = list->draft;
	}
	return *at;
}

/* The block, made ready for one entry more. A published one is copied without slack: one change is the usual. */
static struct list_block *
block_open(struct list *list, struct list_page *page, uint32_t address)
{
	struct list_block **at = &page->blocks[address >> 16 & 255], *old = *at;
	uint32_t used = old == NULL ? 0 : old->used, size = used + 1;

	if (old != NULL && old->draft == list->draft && old->size > used) {
		return old;
	}
	if (old != NULL && old->draft == list->draft) {
		size += used / 8;
		*at = realloc(old, block_bytes(size));
		check(*at != NULL);
	} else {
		*at = malloc(block_bytes(size));
		check(*at != NULL);
		**at = (struct list_block){ .draft = list->draft };
		if (old != NULL) {
			memcpy(*at, old, block_bytes(used));
			list_retire(list, old, old->draft);
		}
		(*at)->draft = list->draft;
	}
	(*at)->size = size;
	page->used += old == NULL;
	return *at;
}

void
ipv4_put(struct list *list, size_t index, uint32_t address, unsigned bits, enum cell_listed listed,
	 uint32_t ttl)
{
	struct list_page *page = page_open(list, index, address);
	struct list_block *b = block_open(list, page, address);
	uint64_t entry = entry_of(address, bits, listed, ttl);
	uint32_t at = rank_of(b, entry_of(address, bits, CELL_NODE, 0));

	check(bits >= BITS_MIN);
	if (at == b->used || b->entries[at] >> KEY_SHIFT != entry >> KEY_SHIFT) {
		memmove(b->entries + at + 1, b->entries + at, (b->used - at) * sizeof *b->entries);
		b->used++;
		b->lengths |= length_bit(bits);
	}
	b->entries[at] = entry;
}

void
ipv4_drop(struct list *list, size_t index, uint32_t address, unsigned bits)
{
	struct list_page *page = page_open(list, index, address);
	struct list_block *b = block_open(list, page, address);
	uint32_t at = rank_of(b, entry_of(address, bits, CELL_NODE, 0));

	check(at < b->used && ipv4_bits(b->entries[at]) == bits);
	b->used--;
	memmove(b->entries + at, b->entries + at + 1, (b->used - at) * sizeof *b->entries);
	b->lengths = 0;
	for (uint32_t i = 0; i < b->used; i++) {
		b->lengths |= length_bit(ipv4_bits(b->entries[i]));
	}
	if (b->used == 0) {
		free(b);
		page->blocks[address >> 16 & 255] = NULL;
		page->used--;
	}
	if (page->used == 0) {
		free(page);
		list->pages[index][address >> 24] = NULL;
	}
}

void
ipv4_clear(struct list *list)
{
	for (size_t i = 0; i < list->row_count * LIST_OCTETS; i++) {
		struct list_page **at = &list->pages[i / LIST_OCTETS][i % LIST_OCTETS];

		for (size_t k = 0; *at != NULL && k < LIST_OCTETS; k++) {
			if ((*at)->blocks[k] != NULL) {
				list_retire(list, (*at)->blocks[k], (*at)->blocks[k]->draft);
			}
		}
		if (*at != NULL) {
			list_retire(list, *at, (*at)->draft);
		}
		*at = NULL;
	}
}
