/* list/list.c - the writer: puts and removes in the draft, publishes it. */
#include "list/list_int.h"

#include "base/counters.h"
#include "base/instant.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

/* A key as the table has it: the bytes of a domain are its labels with their lengths, without the root. */
struct entry {
	struct cell_key key;
	struct list_name name;
	struct prefix prefix;
};

/* RFC 5782: these addresses and this name are listed on every list ... */
static const struct prefix test_ipv4 = { 4, 32, { 127, 0, 0, 2 } };
static const struct prefix test_ipv6 = { 6, 128, { [10] = 0xff, [11] = 0xff, [12] = 127, [15] = 2 } };
static const uint8_t test_domain[] = "\004test";
/* ... and these never are. A domain source has two labels, so INVALID cannot be one. */
static const struct prefix never_ipv4 = { 4, 32, { 127, 0, 0, 1 } };
static const struct prefix never_ipv6 = { 6, 128, { [10] = 0xff, [11] = 0xff, [12] = 127, [15] = 1 } };

static void
entry_of_prefix(const struct prefix *p, uint8_t list, struct entry *e)
{
	e->prefix = *p;
	e->key = (struct cell_key){ p->family == 4 ? CELL_IPV4 : CELL_IPV6, list, p->bits, e->prefix.bytes };
}

/* False when the key can have no name in DNS. */
static bool
entry_of(const struct source_key *key, uint8_t list, struct entry *e)
{
	if (key->kind == SOURCE_IP || key->kind == SOURCE_PREFIX) {
		entry_of_prefix(&key->prefix, list, e);
		return true;
	}
	if (key->kind != SOURCE_DOMAIN ||
	    list_name_parse(source_key_text(key), &e->name, NULL) != RESULT_OK) {
		return false;
	}
	e->key = (struct cell_key){ CELL_DOMAIN, list, (uint8_t)(e->name.n - 1), e->name.bytes };
	return true;
}

/* IPv4 prefixes longer than /16 stand in blocks, IPv6 prefixes in pages; all else has a cell. */
static bool
in_block(const struct cell_key *key)
{
	return key->kind == CELL_IPV4 && key->bits > 16;
}

static bool
in_page(const struct cell_key *key)
{
	return key->kind == CELL_IPV6;
}

static uint32_t
address_of(const struct cell_key *key)
{
	return (uint32_t)key->bytes[0] << 24 | (uint32_t)key->bytes[1] << 16 | (uint32_t)key->bytes[2] << 8 |
	       key->bytes[3];
}

static struct prefix
prefix_of(const struct cell_key *key)
{
	struct prefix p = { 6, key->bits, { 0 } };

	memcpy(p.bytes, key->bytes, sizeof p.bytes);
	return p;
}

/* The next name above that has a cell: cuts a label, or the second octet. False at the top, which the zone itself is. */
static bool
key_up(struct cell_key *key, uint8_t address[4])
{
	if (key->kind == CELL_DOMAIN) {
		unsigned label = key->bytes[0] + 1U;

		key->bytes += label;
		key->bits = (uint8_t)(key->bits - label);
		return key->bits > 0;
	}
	if (key->bits <= 8) {
		return false;
	}
	memcpy(address, (uint8_t[]){ key->bytes[0], 0, 0, 0 }, 4);
	key->bytes = address;
	key->bits = 8;
	return true;
}

/* One listed name more or less below every name above it; blocks and pages show it by themselves. */
static void
count_above(struct list *list, struct cell_key key, bool more)
{
	uint8_t address[4];

	while (key_up(&key, address)) {
		struct list_cell *cell = table_put(list, &key);

		if (more) {
			cell->below++;
			continue;
		}
		check(cell->below > 0);
		cell->below--;
		if (cell->below == 0 && cell->listed == CELL_NODE) {
			table_drop(list, &key);
		}
	}
}

static void
count_row(struct list_row *row, const struct cell_key *key, bool test, bool more)
{
	uint32_t one = more ? 1 : UINT32_MAX; /* minus one */

	if (key->kind == CELL_IPV4) {
		row->ipv4[key->bits] += one;
	} else if (key->kind == CELL_DOMAIN && !test) {
		row->domains += more ? 1 : UINT64_MAX;
	}
	if (!test) {
		row->count += more ? 1 : UINT64_MAX;
	}
}

static enum cell_listed
listed_as(const struct list *list, const struct cell_key *key)
{
	const struct list_cell *cell;

	if (in_block(key)) {
		uint64_t entry = ipv4_find((const struct list_page *const *)list->pages[key->list],
					   address_of(key), key->bits);

		return entry == 0 ? CELL_NODE : ipv4_listed(entry);
	}
	if (in_page(key)) {
		struct prefix p = prefix_of(key);
		const struct list_six *six = ipv6_find(list->six[key->list], &p);

		return six == NULL ? CELL_NODE : (enum cell_listed)six->listed;
	}
	cell = table_find((const struct list_shard *const *)list->shards, list->seed, key);
	return cell == NULL ? CELL_NODE : (enum cell_listed)cell->listed;
}

/* RESULT_CONFLICT when the test entry stands there. */
static enum result
add(struct list *list, const struct cell_key *key, enum cell_listed as, uint32_t ttl)
{
	enum cell_listed was = listed_as(list, key);

	if (was == CELL_TEST) {
		return RESULT_CONFLICT;
	}
	list_changed(list, key);
	if (was == CELL_NODE) {
		count_row(&list->rows[key->list], key, as == CELL_TEST, true);
	}
	if (in_block(key)) {
		ipv4_put(list, key->list, address_of(key), key->bits, as, ttl);
	} else if (in_page(key)) {
		struct prefix p = prefix_of(key);

		ipv6_put(list, key->list, &p, as, ttl);
	} else {
		struct list_cell *cell = table_put(list, key);

		cell->listed = (uint8_t)as;
		cell->ttl = ttl;
		if (was == CELL_NODE) {
			count_above(list, *key, true);
		}
	}
	return RESULT_OK;
}

/* It is listed. */
static void
drop(struct list *list, const struct cell_key *key)
{
	list_changed(list, key);
	count_row(&list->rows[key->list], key, false, false);
	if (in_block(key)) {
		ipv4_drop(list, key->list, address_of(key), key->bits);
	} else if (in_page(key)) {
		struct prefix p = prefix_of(key);

		ipv6_drop(list, key->list, &p);
	} else {
		struct list_cell *cell = table_put(list, key);

		cell->listed = CELL_NODE;
		cell->ttl = 0;
		if (cell->below == 0) {
			table_drop(list, key);
		}
		count_above(list, *key, false);
	}
}

static void
add_tests(struct list *list)
{
	for (size_t i = 0; i < list->row_count; i++) {
		struct entry e = { 0 };
		struct cell_key test = { CELL_DOMAIN, (uint8_t)i, sizeof test_domain - 1, test_domain };

		entry_of_prefix(&test_ipv4, (uint8_t)i, &e);
		check(add(list, &e.key, CELL_TEST, 0) == RESULT_OK);
		entry_of_prefix(&test_ipv6, (uint8_t)i, &e);
		check(add(list, &e.key, CELL_TEST, 0) == RESULT_OK);
		if (list->rows[i].domain_zone) {
			check(add(list, &test, CELL_TEST, 0) == RESULT_OK);
		}
	}
}

enum result
list_put(struct list *list, size_t index, const struct source_key *key, uint32_t ttl, struct fault *fault)
{
	struct entry e = { 0 };

	check(index < list->row_count);
	if (!entry_of(key, (uint8_t)index, &e)) {
		return fault_set(fault, RESULT_BAD_INPUT, "%s has no name in DNS", key->text);
	}
	if (e.key.kind != CELL_DOMAIN &&
	    (prefix_contains(&e.prefix, &never_ipv4) || prefix_contains(&e.prefix, &never_ipv6))) {
		return fault_set(fault, RESULT_BAD_INPUT,
				 "%s: 127.0.0.1 and ::ffff:7f00:1 are never listed (RFC 5782)", key->text);
	}
	if (add(list, &e.key, CELL_LISTED, ttl) != RESULT_OK) {
		return fault_set(fault, RESULT_CONFLICT, "%s is the test entry of the list", key->text);
	}
	return RESULT_OK;
}

enum result
list_remove(struct list *list, size_t index, const struct source_key *key)
{
	struct entry e = { 0 };

	check(index < list->row_count);
	if (!entry_of(key, (uint8_t)index, &e) || listed_as(list, &e.key) != CELL_LISTED) {
		return RESULT_NOT_FOUND;
	}
	drop(list, &e.key);
	return RESULT_OK;
}

void
list_clear(struct list *list)
{
	list_changed_all(list);
	table_clear(list);
	list->withheld_count = 0;
	ipv4_clear(list);
	ipv6_clear(list);
	for (size_t i = 0; i < list->row_count; i++) {
		struct list_row *row = &list->rows[i];

		row->count = row->domains = 0;
		memset(row->ipv4, 0, sizeof row->ipv4);
	}
	add_tests(list);
}

uint64_t
list_count(const struct list *list, size_t index)
{
	check(index < list->row_count);
	return list->rows[index].count;
}

static struct list_present
present_of(const struct list_row *row)
{
	struct list_present p = { .domains = row->domains > 0, .entries = row->count };

	for (size_t bits = 0; bits < countof(row->ipv4); bits++) {
		p.ipv4 |= (uint64_t)(row->ipv4[bits] > 0) << bits;
	}
	return p;
}

void
list_publish(struct list *list, uint64_t serial)
{
	struct list_image *image =
	    malloc(offsetof(struct list_image, pages) + list->row_count * sizeof image->pages[0]);
	struct list_image *old;
	uint64_t entries = 0;

	check(image != NULL);
	image->serial = serial;
	image->draft = list->draft;
	image->list = list;
	image->withheld_count = list->withheld_count;
	memcpy(image->shards, list->shards, sizeof image->shards);
	memcpy(image->six, list->six, sizeof image->six);
	memcpy(image->pages, list->pages, list->row_count * sizeof image->pages[0]);
	for (size_t i = 0; i < list->row_count; i++) {
		image->present[i] = present_of(&list->rows[i]);
		entries += list->rows[i].count;
	}
	old = list_held_publish(list, image);
	counter_add(COUNTER_SNAPSHOTS, 1);
	counter_set(COUNTER_SOURCES_LISTED, entries);
	if (old != NULL) {
		list_retire(list, old, old->draft);
	}
	list->draft++;
	list_wait_for_readers();
	list_held_free(list);
	if (list->held.published != NULL) {
		list->held.published(list->held.context);
	}
}

void
list_confirm(struct list *list, int64_t now_ns)
{
	atomic_store_explicit(&list->confirmed_ns, now_ns, memory_order_relaxed);
}

int64_t
list_confirmed(const struct list *list)
{
	return atomic_load_explicit(&list->confirmed_ns, memory_order_relaxed);
}

enum result
list_open(const struct list_options *options, size_t count, struct list **list, struct fault *fault)
{
	struct list *l = calloc(1, sizeof *l);
	enum result r;

	check(l != NULL);
	*list = NULL;
	list_held_open(l);
	r = list_zones_open(l, options, count, fault);
	if (r == RESULT_OK && getrandom(&l->seed, sizeof l->seed, 0) != (ssize_t)sizeof l->seed) {
		r = fault_set(fault, RESULT_IO, "the system has no random numbers");
	}
	if (r != RESULT_OK) {
		list_close(l);
		return r;
	}
	add_tests(l);
	list_publish(l, 0);
	list_confirm(l, instant_monotonic_ns());
	*list = l;
	return RESULT_OK;
}

void
list_close(struct list *list)
{
	if (list == NULL) {
		return;
	}
	table_clear(list);
	ipv4_clear(list);
	ipv6_clear(list);
	list_held_close(list);
	list_changes_free(&list->changes);
	free(atomic_load_explicit(&list->published, memory_order_relaxed));
	free(list);
}
