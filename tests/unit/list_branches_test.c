/*
 * IPv6 prefixes by the hundred thousand, so that branches split and empty as pages do: in groups whose answer is known without looking at all, and
 * in one /64, where whole branches begin with the same half of an address.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "list/records.h"

#include <stdlib.h>
#include <string.h>

#define DENSE       70000U /* addresses in one /64 */
#define GROUPS      15000U
#define GROUP_KEYS  4U /* a /48; in it a /64 and an address of that; an address elsewhere in it */
#define KEYS        (DENSE + GROUPS * GROUP_KEYS)
#define BETWEEN     64U         /* changes from one publish to the next */
#define SCRAMBLE    2654435761U /* odd, so each number another one */
#define LABEL_BYTES 64U

static bool listed[KEYS];
static struct list *list;
static uint64_t serial;
static uint64_t seed = 5;

static uint32_t
roll(uint32_t below)
{
	seed = seed * 6364136223846793005U + 1442695040888963407U;
	return (uint32_t)(seed >> 33) % below;
}

static void
set32(uint8_t *p, uint32_t v)
{
	for (int i = 0; i < 4; i++) {
		p[i] = (uint8_t)(v >> (24 - 8 * i));
	}
}

static struct source_key
key_of(uint32_t i)
{
	static const uint8_t bits[GROUP_KEYS] = { 48, 64, 128, 128 };
	struct source_key key = { .kind = SOURCE_IP, .prefix = { 6, 128, { 0x20, 1, 0xd, 0xb8 } } };
	uint32_t kind = (i - DENSE) % GROUP_KEYS;

	if (i < DENSE) {
		set32(key.prefix.bytes + 12, i * SCRAMBLE);
		return key;
	}
	set32(key.prefix.bytes + 2, (i - DENSE) / GROUP_KEYS * SCRAMBLE | 1);
	key.prefix.bytes[7] = (uint8_t)(kind == 1 || kind == 2 ? 1 : 0);
	key.prefix.bytes[15] = (uint8_t)(kind >= 2);
	key.prefix = prefix_cut(&key.prefix, bits[kind]);
	key.kind = prefix_is_address(&key.prefix) ? SOURCE_IP : SOURCE_PREFIX;
	return key;
}

/* The length of what covers the address of key i, or the first address of a prefix; -1: nothing. */
static int
wanted(uint32_t i)
{
	uint32_t group = i - (i - DENSE) % GROUP_KEYS;

	if (i < DENSE) {
		return listed[i] ? 128 : -1;
	}
	if (i >= group + 2 && listed[i]) {
		return 128;
	}
	if ((i == group + 1 || i == group + 2) && listed[group + 1]) {
		return 64;
	}
	return listed[group] ? 48 : -1;
}

static void
compare(uint32_t i)
{
	static const uint8_t zone[] = "\004list\007example";
	struct prefix p = key_of(i).prefix;
	uint8_t name[LABEL_BYTES + sizeof zone];
	struct list_found f;
	int want = wanted(i);

	for (size_t n = 0; n < LABEL_BYTES / 2; n++) {
		unsigned nibble = p.bytes[15 - n / 2] >> (n % 2 == 0 ? 0 : 4) & 15;

		name[2 * n] = 1;
		name[2 * n + 1] = (uint8_t) "0123456789abcdef"[nibble];
	}
	memcpy(name + LABEL_BYTES, zone, sizeof zone);
	f = list_find(list_read(list), name, sizeof name);
	assert_int_equal(f.node, want < 0 ? LIST_NOTHING : LIST_ENTRY);
	assert_true(want < 0 || f.ttl == (uint32_t)want);
}

static void
change(uint32_t i, bool to)
{
	struct source_key key = key_of(i);

	if (to) {
		assert_int_equal(list_put(list, 0, &key, key.prefix.bits, NULL), RESULT_OK);
	} else {
		assert_int_equal(list_remove(list, 0, &key), listed[i] ? RESULT_OK : RESULT_NOT_FOUND);
	}
	listed[i] = to;
	if (roll(BETWEEN) == 0) {
		list_publish(list, ++serial);
		compare(i);
		compare(roll(KEYS));
		compare(roll(DENSE));
		compare(DENSE + roll(GROUPS * GROUP_KEYS));
	}
}

static bool
count_own(void *context, const struct list_record *r)
{
	size_t *counts = context;

	if (r->name.family == 6 && r->name.bits == r->source_bits) {
		counts[r->name.bits]++;
	}
	return true;
}

/* Every prefix is met once by who goes from each to the next. */
static void
count_all(void)
{
	size_t have[129] = { 0 }, want[129] = { 0 }, zone_count;

	list_publish(list, ++serial);
	want[128] = 1; /* the test entry */
	for (uint32_t i = 0; i < KEYS; i++) {
		want[key_of(i).prefix.bits] += listed[i];
	}
	assert_int_equal(
	    list_records(list_read(list), &list_zones(list, &zone_count)[0], count_own, have, NULL),
	    RESULT_OK);
	assert_int_equal(have[128], want[128]);
	assert_int_equal(have[64], want[64]);
	assert_int_equal(have[48], want[48]);
}

/* Every key in an order of its own. */
static void
change_all(bool to)
{
	static uint32_t order[KEYS];

	for (uint32_t i = 0; i < KEYS; i++) {
		uint32_t at = roll(i + 1);

		order[i] = order[at];
		order[at] = i;
	}
	for (uint32_t i = 0; i < KEYS; i++) {
		change(order[i], to);
	}
}

static void
test_branches_fill_change_and_empty(void **state)
{
	const struct list_options options = {
		.zone = "list.example", .code = "127.0.0.2", .ttl = 60, .negative_ttl = 60
	};

	(void)state;
	assert_int_equal(list_open(&options, 1, &list, NULL), RESULT_OK);
	change_all(true);
	assert_int_equal(list_count(list, 0), KEYS);
	count_all();
	for (uint32_t i = 0; i < KEYS / 2; i++) {
		change(roll(KEYS), roll(2) == 0);
	}
	count_all();
	change_all(false);
	assert_int_equal(list_count(list, 0), 0);
	count_all();
	for (uint32_t i = 0; i < KEYS; i++) { /* in order, as one draft */
		struct source_key key = key_of(i);

		assert_int_equal(list_put(list, 0, &key, key.prefix.bits, NULL), RESULT_OK);
		listed[i] = true;
	}
	count_all();
	list_close(list);
}

int
main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_branches_fill_change_and_empty) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
