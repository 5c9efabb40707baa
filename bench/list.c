/*
 * bench_list: what the change of one entry costs the list alone, published, with 1,000, 100,000 and 1,000,000 entries; of IPv4 addresses and prefixes,
 * IPv6 /64 and IPv6 addresses. The three lists change in turns, so that all meet the same machine; nobody reads them. The peer is the one of
 * 1,000 entries: a cost that does not depend on the list is a ratio of 1.
 */
#include "base/instant.h"
#include "common/sets.h"
#include "list/list.h"

#include <stdio.h>
#include <stdlib.h>

#define CHANGES 4000U /* an entry out, and in again */
#define STRIDE  7919U /* a prime: from one entry that changes to the next */

static const uint32_t sizes[] = { 1000, 100000, 1000000 };

static const struct {
	const char *name;
	enum set_id set;
	bool address; /* one in the entry, not the entry */
} kinds[] = {
	{ "IPv4 addresses", SET_SINGLE, false },
	{ "IPv4 prefixes", SET_MIXED, false },
	{ "IPv6 /64", SET_SIX, false },
	{ "IPv6 addresses", SET_SIX, true },
};

struct changed {
	struct list *list;
	uint32_t entries;
	uint64_t serial;
	double us[2 * CHANGES];
};

static struct source_key
entry(size_t kind, uint32_t entries, uint32_t i)
{
	struct source_key key = { .prefix = kinds[kind].address ? set_address(kinds[kind].set, entries, i)
								: set_entry(kinds[kind].set, entries, i) };

	key.kind = prefix_is_address(&key.prefix) ? SOURCE_IP : SOURCE_PREFIX;
	return key;
}

static void
fill(struct changed *c, size_t kind, uint32_t entries)
{
	const struct list_options options = {
		.zone = "list.example", .code = "127.0.0.2", .txt = "$", .ttl = 60, .negative_ttl = 60
	};

	*c = (struct changed){ .entries = entries };
	check(list_open(&options, 1, &c->list, NULL) == RESULT_OK);
	for (uint32_t i = 0; i < entries; i++) {
		struct source_key key = entry(kind, entries, i);

		check(list_put(c->list, 0, &key, 0, NULL) == RESULT_OK);
	}
	list_publish(c->list, ++c->serial);
}

/* The i-th change: an entry goes, the next time it comes back. */
static void
change(struct changed *c, size_t kind, uint32_t i)
{
	uint32_t at = (uint32_t)((uint64_t)(i / 2) * STRIDE % c->entries);
	struct source_key key = entry(kind, c->entries, at);
	int64_t began = instant_monotonic_ns();

	check((i % 2 == 0 ? list_remove(c->list, 0, &key) : list_put(c->list, 0, &key, 0, NULL)) ==
	      RESULT_OK);
	list_publish(c->list, ++c->serial);
	c->us[i] = (double)(instant_monotonic_ns() - began) / 1000;
}

static int
compare(const void *a, const void *b)
{
	const double *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

static void
print_row(size_t kind, uint32_t entries, const char *which, double value, double least)
{
	printf("{\"bench\":\"list\",\"what\":\"one of %u %s, us, %s\",\"value\":%.2f", entries,
	       kinds[kind].name, which, value);
	if (entries != sizes[0]) {
		printf(",\"peer\":\"one of %u\",\"peer_value\":%.2f", sizes[0], least);
	}
	printf("}\n");
}

int
main(void)
{
	static struct changed changed[countof(sizes)];

	for (size_t kind = 0; kind < countof(kinds); kind++) {
		for (size_t s = 0; s < countof(sizes); s++) {
			fill(&changed[s], kind, sizes[s]);
		}
		for (uint32_t i = 0; i < 2 * CHANGES; i++) {
			for (size_t s = 0; s < countof(sizes); s++) {
				change(&changed[s], kind, i);
			}
		}
		for (size_t s = 0; s < countof(sizes); s++) {
			const struct changed *c = &changed[s];

			qsort(changed[s].us, 2 * CHANGES, sizeof c->us[0], compare);
			print_row(kind, c->entries, "median", c->us[CHANGES], changed[0].us[CHANGES]);
			print_row(kind, c->entries, "p99", c->us[2 * CHANGES * 99 / 100],
				  changed[0].us[2 * CHANGES * 99 / 100]);
			list_close(c->list);
		}
	}
	return 0;
}
