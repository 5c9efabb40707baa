/* Sources withheld from receivers: under random changes the image says what a naive table says, and list_find never changes. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "test_list.h"

#include "list/list.h"

#include <string.h>

#define RECEIVERS 300U
#define CHANGES   20000

/* A source, and a name that it is found by on the wire. */
static const struct {
	const char *key;
	const char *name;
	size_t n;
} sources[] = {
#define NAME(labels)   labels "\004list\007example", sizeof(labels "\004list\007example")
#define DOMAIN(labels) labels "\003dom\007example", sizeof(labels "\003dom\007example")
	{ "192.0.2.10", NAME("\00210\0012\0010\003192") },
	{ "198.51.100.0/24", NAME("\0017\003100\00251\003198") },
	{ "10.0.0.0/8", NAME("\0011\0012\0013\00210") },
	{ "2001:db8::/32",
	  NAME("\0011\0010\0010\0010\0010\0010\0010\0010\0010\0010\0010\0010\0010\0010\0010\0010"
	       "\0010\0010\0010\0010\0010\0010\0010\0010\0018\001b\001d\0010\0011\0010\0010\0012") },
	{ "mail.example", DOMAIN("\004mail\007example") },
	{ "mail.example", NAME("\004mail\007example\006_vouch") },
	{ "example.com", DOMAIN("\007example\003com") },
};

static struct source_key
key_of(size_t i)
{
	return test_key(sources[i].key);
}

static struct list *
open_list(void)
{
	const struct list_options options = { .zone = "list.example",
					      .domain_zone = "dom.example",
					      .code = "127.0.0.10",
					      .txt = "$",
					      .ttl = 60,
					      .negative_ttl = 30 };
	struct list *list;

	assert_int_equal(list_open(&options, 1, &list, NULL), RESULT_OK);
	for (size_t i = 0; i < countof(sources); i++) {
		test_put(list, 0, sources[i].key, 0);
	}
	list_publish(list, 1);
	return list;
}

static uint32_t
roll(uint64_t *seed, uint32_t below)
{
	*seed = *seed * 6364136223846793005U + 1442695040888963407U;
	return (uint32_t)(*seed >> 33) % below;
}

/* Two rows name one source: its state is that of the first. */
static size_t
first_of(size_t i)
{
	size_t first = 0;

	while (strcmp(sources[first].key, sources[i].key) != 0) {
		first++;
	}
	return first;
}

static void
withheld_is_what_was_withheld(void **state)
{
	static bool naive[countof(sources)][RECEIVERS];
	struct list *list = open_list();
	uint64_t seed = 3, on_count = 0;

	(void)state;
	list_reader_start();
	for (int change = 0; change < CHANGES; change++) {
		size_t i = first_of(roll(&seed, countof(sources)));
		uint32_t receiver = roll(&seed, RECEIVERS);
		bool on = roll(&seed, 2) == 0;
		struct source_key key = key_of(i);

		assert_int_equal(list_withhold(list, 0, receiver, &key, on), naive[i][receiver] != on);
		naive[i][receiver] = on;
		on_count += on;
		if (change % 100 == 0) {
			list_reader_sleep();
			list_publish(list, (uint64_t)change + 2);
			list_reader_wake();
			for (size_t k = 0; k < countof(sources); k++) {
				struct list_found found = list_find(
				    list_read(list), (const uint8_t *)sources[k].name, sources[k].n);

				assert_true(found.node == LIST_ENTRY || found.node == LIST_VOUCH);
				for (uint32_t r = 0; r < RECEIVERS; r++) {
					assert_int_equal(list_found_withheld(&found, r),
							 naive[first_of(k)][r]);
				}
			}
		}
	}
	assert_true(on_count > CHANGES / 3);
	list_reader_end();
	list_close(list);
}

static void
a_cleared_list_withholds_nothing(void **state)
{
	struct list *list = open_list();
	struct source_key key = key_of(0), account;
	struct list_found found;

	(void)state;
	assert_true(list_withhold(list, 0, 7, &key, true));
	assert_int_equal(source_key_parse(TEXT("acct:esp:1"), &account, NULL), RESULT_OK);
	assert_false(list_withhold(list, 0, 7, &account, true));
	list_clear(list);
	assert_int_equal(list_put(list, 0, &key, 0, NULL), RESULT_OK);
	list_publish(list, 2);
	found = list_find(list_read(list), (const uint8_t *)sources[0].name, sources[0].n);
	assert_int_equal(found.node, LIST_ENTRY);
	assert_false(list_found_withheld(&found, 7));
	assert_true(list_withhold(list, 0, 7, &key, true)); /* and may do so anew */
	list_close(list);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(withheld_is_what_was_withheld),
		cmocka_unit_test(a_cleared_list_withholds_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
