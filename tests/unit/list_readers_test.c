/* Readers while the writer changes and publishes: each image is whole, none is freed under a reader. For make tsan. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "list/list.h"

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>

#define READERS   3
#define PUBLISHES 2000
#define BULK      20000U

static struct list *list;
static atomic_bool stop;
static atomic_uint failures;
static atomic_ulong images_seen;

static struct source_key
key(unsigned a, unsigned b, unsigned c)
{
	struct source_key k;
	char text[40];

	(void)snprintf(text, sizeof text, "10.%u.%u.%u", a, b, c);
	check(source_key_parse(text_of(text), &k, NULL) == RESULT_OK);
	return k;
}

static void
put(const struct source_key *k)
{
	check(list_put(list, 0, k, 0, NULL) == RESULT_OK);
}

static bool
listed(const struct list_image *image, const struct list_name *name)
{
	struct list_found f = list_find(image, name->bytes, name->n);
	char text[LIST_TEXT_BYTES_MAX];

	return f.node == LIST_ENTRY && list_found_text(&f, text) > 0;
}

static struct list_name
name_of(const char *text)
{
	struct list_name name;

	check(list_name_parse(text_of(text), &name, NULL) == RESULT_OK);
	return name;
}

/* In every image exactly one of the pair is listed, the constant one is, and serials do not go back. */
static void *
read_images(void *context)
{
	struct list_name one = name_of("1.0.0.10.list.example"), other = name_of("2.0.0.10.list.example"),
			 always = name_of("3.0.0.10.list.example"),
			 six = name_of(
			     "1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.list.example");
	uint64_t last = 0;

	(void)context;
	list_reader_start();
	while (!atomic_load(&stop)) {
		const struct list_image *image = list_read(list);

		if (listed(image, &one) == listed(image, &other) || !listed(image, &always) ||
		    list_serial(image) < last) {
			atomic_fetch_add(&failures, 1);
		}
		(void)listed(image, &six); /* it comes and goes */
		if (list_serial(image) != last) {
			last = list_serial(image);
			atomic_fetch_add(&images_seen, 1);
		}
		list_reader_sleep();
		(void)sched_yield(); /* here a thread would wait for queries */
		list_reader_wake();
	}
	list_reader_end();
	return NULL;
}

static void
test_readers_see_whole_images_while_the_writer_publishes(void **state)
{
	const struct list_options options = {
		.zone = "list.example", .code = "127.0.0.10", .txt = "$", .ttl = 60, .negative_ttl = 60
	};
	struct source_key six;
	const struct source_key pair[] = { key(0, 0, 1), key(0, 0, 2) }, always = key(0, 0, 3);
	pthread_t threads[READERS];
	uint64_t serial = 1;

	(void)state;
	assert_int_equal(list_open(&options, 1, &list, NULL), RESULT_OK);
	put(&always);
	put(&pair[0]);
	check(source_key_parse(TEXT("2001:db8::1"), &six, NULL) == RESULT_OK);
	list_publish(list, serial);
	for (size_t i = 0; i < READERS; i++) {
		assert_int_equal(pthread_create(&threads[i], NULL, read_images, NULL), 0);
	}
	for (unsigned i = 0; i < PUBLISHES; i++) {
		put(&pair[1 - i % 2]);
		assert_int_equal(list_remove(list, 0, &pair[i % 2]), RESULT_OK);
		if (i % 2 == 0) {
			put(&six);
		} else {
			assert_int_equal(list_remove(list, 0, &six), RESULT_OK);
		}
		for (unsigned j = 0; i == PUBLISHES / 2 && j < BULK; j++) { /* and many at once */
			struct source_key k = key(1 + j / 256 / 256, j / 256 % 256, j % 256);

			put(&k);
		}
		list_publish(list, ++serial);
	}
	atomic_store(&stop, true);
	for (size_t i = 0; i < READERS; i++) {
		assert_int_equal(pthread_join(threads[i], NULL), 0);
	}
	assert_int_equal(atomic_load(&failures), 0);
	assert_true(atomic_load(&images_seen) > 0);
	assert_int_equal(list_count(list, 0), BULK + 2);
	list_close(list);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_readers_see_whole_images_while_the_writer_publishes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
