/* base/counters.h: what the process counts is written as a scraper reads it. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/counters.h"

#include <pthread.h>
#include <string.h>

#define THREADS 4
#define ADDS    300000

static void *
add_many(void *unused)
{
	for (int i = 0; i < ADDS; i++) {
		counter_add(COUNTER_HTTP_REQUESTS, 1);
	}
	return unused;
}

static void
no_add_is_lost_between_threads(void **context)
{
	uint64_t before = counter_get(COUNTER_HTTP_REQUESTS);
	pthread_t threads[THREADS];

	(void)context;
	for (size_t i = 0; i < THREADS; i++) {
		assert_int_equal(pthread_create(&threads[i], NULL, add_many, NULL), 0);
	}
	for (size_t i = 0; i < THREADS; i++) {
		assert_int_equal(pthread_join(threads[i], NULL), 0);
	}
	assert_int_equal(counter_get(COUNTER_HTTP_REQUESTS) - before, THREADS * ADDS);
}

static bool
has(struct text all, const char *line)
{
	struct text head;

	while (text_cut(&all, '\n', &head)) {
		if (text_equal(head, text_of(line))) {
			return true;
		}
	}
	return false;
}

static void
both_forms_carry_the_numbers(void **context)
{
	struct buffer open, plain;

	(void)context;
	buffer_init(&open, 65536);
	buffer_init(&plain, 65536);
	counter_add(COUNTER_DNS_ANSWERED, 7);
	counter_set(COUNTER_CASES_OPEN, 3);
	counter_set(COUNTER_CASES_OPEN, 2);
	counters_write(&open, TEXT("more{a=\"b\"} 1\n"));
	counters_write_plain(&plain, TEXT("more{a=\"b\"} 1\n"));
	assert_true(has(buffer_text(&open), "vouch_dns_queries_total{outcome=\"answered\"} 7"));
	assert_true(has(buffer_text(&plain), "vouch_dns_queries_total{outcome=\"answered\"} 7"));
	assert_true(has(buffer_text(&open), "vouch_cases_open 2"));
	/* The name of a counter family has "_total" in the older form only, its numbers have it in both. */
	assert_true(has(buffer_text(&open), "# TYPE vouch_dns_queries counter"));
	assert_true(has(buffer_text(&plain), "# TYPE vouch_dns_queries_total counter"));
	assert_true(has(buffer_text(&open), "# TYPE vouch_cases_open gauge"));
	assert_true(has(buffer_text(&open), "# EOF"));
	assert_false(has(buffer_text(&plain), "# EOF"));
	buffer_free(&open);
	buffer_free(&plain);
}

/* A reader of the format refuses a family that comes twice, a row outside its family, and a counter without _total. */
static void
each_family_comes_once_and_each_row_stands_in_it(void **context)
{
	char seen[COUNTER_COUNT][64];
	size_t families = 0, rows = 0;
	struct text all, line, name = { "", 0 };
	struct buffer b;
	bool counts = false;

	(void)context;
	buffer_init(&b, 65536);
	counters_write_plain(&b, TEXT(""));
	for (all = buffer_text(&b); text_cut(&all, '\n', &line);) {
		if (text_starts_nocase(line, TEXT("# TYPE "))) {
			struct text kind = { line.p + 7, line.n - 7 };

			(void)text_cut(&kind, ' ', &name);
			counts = text_equal(kind, TEXT("counter"));
			assert_true(counts || text_equal(kind, TEXT("gauge")));
			assert_true(families < COUNTER_COUNT && name.n < sizeof seen[0]);
			for (size_t i = 0; i < families; i++) {
				assert_false(text_equal(name, text_of(seen[i])));
			}
			memcpy(seen[families], name.p, name.n);
			seen[families++][name.n] = '\0';
			assert_int_equal(counts, name.n > 6 && memcmp(name.p + name.n - 6, "_total", 6) == 0);
		} else if (line.p[0] != '#') {
			assert_true(line.n > name.n && memcmp(line.p, name.p, name.n) == 0);
			assert_true(line.p[name.n] == ' ' || line.p[name.n] == '{');
			rows++;
		}
	}
	assert_int_equal(rows, COUNTER_COUNT);
	buffer_free(&b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(no_add_is_lost_between_threads),
		cmocka_unit_test(both_forms_carry_the_numbers),
		cmocka_unit_test(each_family_comes_once_and_each_row_stands_in_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
