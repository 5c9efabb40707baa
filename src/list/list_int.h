/*
 * list/list_int.h - the tables behind the image, below one root.
 *
 *   image --> shards[SHARDS] --> cells: one per listed key, and one per name that only has listed names below it
 *         --> pages[list][octet] --> blocks[octet] --> IPv4 prefixes longer than /16, sorted (ipv4.c)
 *         --> six[list] --> branches --> pages --> IPv6 prefixes, sorted (ipv6.c)
 *
 * Invariants: a shard, page, branch or block that was published is never written; `draft` says which draft may still write it. A
 * cell is there exactly when it is listed or has something below it; a page, branch or block exactly when it holds an entry.
 */
#ifndef LIST_LIST_INT_H
#define LIST_LIST_INT_H

#include "list/list.h"
#include "list/records.h"

#include <pthread.h>
#include <stdatomic.h>

#define LIST_SHARDS       8192U /* at 4 million cells a shard has 500: what one change copies */
#define LIST_SHARD_BITS   13
#define LIST_VOUCH_TEXT   "all" /* it vouches for every type of mail (RFC 5518 5) */
#define LIST_VOUCH_LABEL  "\006_vouch"
#define LIST_DOMAIN_LIMIT 253U /* bytes of a domain on the wire without its root */

enum cell_kind {
	CELL_NONE,
	CELL_DOMAIN,
	CELL_IPV4,
	CELL_IPV6,    /* there are no cells of it */
	CELL_WITHHELD /* withheld.c */
};
enum cell_listed { CELL_NODE, CELL_LISTED, CELL_TEST };

struct list_cell {
	uint8_t kind; /* CELL_NONE: the place is free */
	uint8_t list;
	uint8_t bits;   /* length of the prefix; of a domain and of CELL_WITHHELD: bytes of the name */
	uint8_t listed; /* enum cell_listed */
	uint32_t ttl;   /* seconds; 0: that of the list */
	uint32_t below; /* listed keys below this name */
	union {
		uint8_t address[4]; /* bits past the length are zero */
		uint32_t name_at;   /* how far behind this cell its name lies */
	} key;
};

struct list_shard {
	uint64_t draft;
	uint32_t size, used;             /* cells; at most three quarters are used */
	uint32_t names_size, names_used; /* bytes, behind the cells */
	struct list_cell cells[];
};

/* What a cell is found by. */
struct cell_key {
	uint8_t kind, list, bits;
	const uint8_t *bytes; /* IPv4: 4, IPv6: 16, else `bits` of them */
};

/* Which prefix lengths a list has: bit n is set when it has at least one listed prefix of n bits. */
struct list_present {
	uint64_t ipv4;
	uint64_t entries; /* of all kinds, without test entries */
	bool domains;     /* beside the test entry */
};

#define LIST_OCTETS 256U

/* The prefixes of one /16; see ipv4.c. */
struct list_block {
	uint64_t draft;
	uint32_t size, used; /* entries */
	uint16_t lengths;    /* bit n: some prefix has n + 17 bits */
	uint64_t entries[];
};

/* The blocks of one /8. */
struct list_page {
	uint64_t draft;
	uint32_t used; /* blocks */
	struct list_block *blocks[LIST_OCTETS];
};

#define LIST_PAGE_ENTRIES 256U

/* An IPv6 prefix; as a key only its address and length count. */
struct list_six {
	uint64_t high, low; /* bits past the length are zero */
	uint8_t bits;
	uint8_t listed; /* enum cell_listed */
	uint32_t ttl;   /* seconds; 0: that of the list */
};

#define LIST_GROUP       8U /* entries that lie in three lines of the cache */
#define LIST_PAGE_GROUPS (LIST_PAGE_ENTRIES / LIST_GROUP)

struct list_page6 {
	uint64_t draft;
	uint32_t size, used;               /* entries */
	uint64_t firsts[LIST_PAGE_GROUPS]; /* `high` of the first of each group */
	struct list_six entries[];
};

#define LIST_BRANCH_SLOTS 256U

/* A part of the IPv6 prefixes and where it begins: the `high` of its first entry. */
struct list_slot6 {
	uint64_t high;
	union {
		struct list_branch6 *branch; /* of a root */
		struct list_page6 *page;     /* of a branch */
	} below;
};

/* Pages that lie one behind another; there is at least one. */
struct list_branch6 {
	uint64_t draft;
	uint32_t size, used; /* slots */
	struct list_slot6 slots[];
};

/* The IPv6 prefixes of one list; see ipv6.c. There is at least one. */
struct list_root6 {
	uint64_t draft;
	uint32_t size, used;  /* slots */
	uint64_t lengths[3];  /* as list_present has them */
	uint32_t counts[129]; /* prefixes by length */
	struct list_slot6 slots[];
};

struct list_image {
	uint64_t serial, draft;
	uint64_t withheld_count;
	const struct list *list; /* only what stays the same while it is open */
	struct list_present present[LISTS_MAX];
	const struct list_shard *shards[LIST_SHARDS];
	const struct list_root6 *six[LISTS_MAX];               /* NULL: none */
	const struct list_page *pages[LISTS_MAX][LIST_OCTETS]; /* of as many lists as there are */
};

/* One list. */
struct list_row {
	uint32_t ttl;
	char txt[LIST_TXT_BYTES_MAX + 1];
	bool domain_zone;

	/* the writer's */
	uint64_t count;
	uint64_t domains;
	uint32_t ipv4[33]; /* listed prefixes by length */
};

/* Published, replaced: every image of the drafts first..last-1 has it. */
struct list_retired {
	void *p;
	uint64_t first, last;
};

struct list_retirees {
	struct list_retired *items;
	uint32_t count, size;
};

/* A key that changed, for the follower. A domain has family 0 and owns its name. */
struct list_change {
	struct prefix prefix;
	uint8_t list, domain_bytes;
	uint8_t *domain;
};

struct list_changes {
	struct list_change *items;
	uint32_t count, size;
	bool lost; /* there were more than are kept */
};

/* What other threads hold and follow; see hold.c and follow.c. */
struct list_held {
	/* also taken while an image is published, so that a hold is of one that is not freed */
	pthread_mutex_t lock;
	const struct list_image *images[LIST_HOLDS_MAX];
	size_t count;
	struct list_retirees kept;   /* what some held image has */
	struct list_changes changes; /* published */
	void (*published)(void *context);
	void *context;
};

struct list {
	uint64_t seed; /* of the hash; random, so that nobody outside can aim at one shard */
	size_t row_count, zone_count;
	struct list_row rows[LISTS_MAX];
	struct list_zone zones[2 * LISTS_MAX];
	_Atomic(struct list_image *) published;
	_Atomic int64_t confirmed_ns;

	/* the writer's */
	uint64_t withheld_count;
	uint64_t draft;
	struct list_shard *shards[LIST_SHARDS];
	struct list_page *pages[LISTS_MAX][LIST_OCTETS];
	struct list_root6 *six[LISTS_MAX];
	struct list_retirees retired; /* in this draft; freed after it is published */
	struct list_changes changes;  /* in this draft */
	bool followed;

	struct list_held held;
};

/* hold.c: what is replaced goes at once if it was never published, or after the next publish. */
void list_retire(struct list *list, void *replaced, uint64_t draft);
/* Makes the image the one that readers get; returns the one before. */
struct list_image *list_held_publish(struct list *list, struct list_image *image);
/* No reader has what was retired any more: frees what no hold has, keeps the rest. */
void list_held_free(struct list *list);
void list_held_open(struct list *list);
void list_held_close(struct list *list);

/* follow.c: the writer's side */
void list_changed(struct list *list, const struct cell_key *key);
void list_changed_all(struct list *list);
/* Moves the changes of a draft behind those of the drafts before it. */
void list_changes_move(struct list_changes *to, struct list_changes *from);
void list_changes_free(struct list_changes *changes);

/* zone.c */
enum result list_zones_open(struct list *list, const struct list_options *options, size_t count,
			    struct fault *fault) MUST_USE;

/* table.c: the shards of an image or of the draft. */
const struct list_cell *table_find(const struct list_shard *const *shards, uint64_t seed,
				   const struct cell_key *key);
const uint8_t *cell_name(const struct list_cell *cell); /* of a CELL_DOMAIN or CELL_WITHHELD: `bits` bytes */
/* The cell in the draft, made when it was not there; good until the next call. */
struct list_cell *table_put(struct list *list, const struct cell_key *key);
void table_drop(struct list *list, const struct cell_key *key); /* it must be there */
void table_clear(struct list *list);

/* A condition of a search, which nobody can guess: half of the branches would go wrong, so there should be none. */
static inline bool
either(bool condition)
{
	return __builtin_expect_with_probability(condition, 1, 0.5);
}

/* ipv4.c: an entry is 0 when there is none. Addresses are in host order, their bits past the length zero; bits above 16. */
uint64_t ipv4_find(const struct list_page *const *pages, uint32_t address, unsigned bits);
/* The longest prefix of 17 to `bits` bits that covers the address. */
uint64_t ipv4_covering(const struct list_page *const *pages, uint32_t address, unsigned bits);
/* Is there an entry within this /8, /16 or /24? */
bool ipv4_below(const struct list_page *const *pages, uint32_t address, unsigned bits);
/* As ipv6_expect; `at` is where the block will be. */
const struct list_block *const *ipv4_expect(const struct list_page *const *pages, uint32_t address);
void ipv4_expect_more(const struct list_block *const *at);
unsigned ipv4_bits(uint64_t entry);
enum cell_listed ipv4_listed(uint64_t entry);
uint32_t ipv4_ttl(uint64_t entry);
/* The first prefix at or behind this one, in the order of addresses, the shorter first. False: there is none. */
bool ipv4_next(const struct list_page *const *pages, uint32_t *address, unsigned *bits);
void ipv4_put(struct list *list, size_t index, uint32_t address, unsigned bits, enum cell_listed listed,
	      uint32_t ttl);
void ipv4_drop(struct list *list, size_t index, uint32_t address, unsigned bits); /* it must be there */
void ipv4_clear(struct list *list);

/* ipv6.c */
const struct list_six *ipv6_find(const struct list_root6 *root, const struct prefix *p); /* NULL: not there */
/* The longest prefix that covers p; NULL when none does. */
const struct list_six *ipv6_covering(const struct list_root6 *root, const struct prefix *p);
bool ipv6_below(const struct list_root6 *root, const struct prefix *p); /* is there an entry within p? */
/* Fetches the beginning of the page that an address would be in; then, when it has come, the entries around. NULL: no page. */
const struct list_page6 *ipv6_expect(const struct list_root6 *root, const struct prefix *p);
uint64_t ipv6_high(const struct prefix *p); /* the upper half of its address */
void ipv6_expect_more(const struct list_page6 *page, uint64_t high);
/* As ipv4_next; NULL: there is none. */
const struct list_six *ipv6_next(const struct list_root6 *root, const struct prefix *p);
void ipv6_put(struct list *list, size_t index, const struct prefix *p, enum cell_listed listed, uint32_t ttl);
void ipv6_drop(struct list *list, size_t index, const struct prefix *p); /* it must be there */
void ipv6_clear(struct list *list);

/* find.c: the longest length present that is at most `bits`; -1 when there is none. */
int list_longest(const uint64_t *present, int bits);
/* The most specific entry that covers p: its length in bits, and its ttl as list_found has it; -1 when there is none. */
int list_covering(const struct list_image *image, const struct list_zone *zone, const struct prefix *p,
		  uint32_t *ttl);
/* The template of a row with the source put in. */
size_t list_text_fill(struct text template, struct text source, char out[LIST_TEXT_BYTES_MAX]);
/* A domain as text, from its labels. */
struct text list_domain_text(const uint8_t *name, size_t n, char out[LIST_NAME_BYTES_MAX]);

/* records.c: the records of one zone of an image; the shorter IPv4 prefixes are put in order when it is opened. */
struct list_view {
	const struct list_image *image;
	const struct list_zone *zone;
	uint32_t *shorts; /* IPv4 prefixes of at most 16 bits: 16 bits of address, 8 of length */
	uint32_t short_count, short_size;
};
void list_view_open(struct list_view *v, const struct list_image *image, const struct list_zone *zone);
void list_view_close(struct list_view *v);
/* The record with this owner (list, domains, vouch, name or domain are set), if it is in the zone. */
bool list_view_at(const struct list_view *v, struct list_record *r);
/* Every owner whose record may be another when the entry of this prefix comes or goes. False: `take` said no. */
bool list_view_touched(const struct list_view *v, const struct prefix *p, list_record_take *take,
		       void *context);

struct prefix list_found_prefix(const struct list_found *found); /* of an entry that is no domain */

#endif
