/* base/: readers, writers and tables that everything above stands on. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/address.h"
#include "base/array.h"
#include "base/hash.h"
#include "base/histogram.h"
#include "base/instant.h"
#include "base/map.h"
#include "base/number.h"
#include "base/wire.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static void
times_are_read_and_written_back(void **context)
{
	static const struct {
		const char *in, *out;
	} cases[] = {
		{ "2026-01-05T08:00Z", "2026-01-05T08:00:00Z" },
		{ "2026-01-05 08:00:00.5+01:00", "2026-01-05T07:00:00.500Z" },
		{ "2024-02-29T23:59:59Z", "2024-02-29T23:59:59Z" },
		{ "1700000000", "2023-11-14T22:13:20Z" },
		{ "1700000000123", "2023-11-14T22:13:20.123Z" },
	};
	static const char *const bad[] = { "",
					   "2026-02-29T00:00Z",
					   "2026-01-05",
					   "2026-01-05T24:00Z",
					   "1969-01-01T00:00Z",
					   "2026-01-05T08:00:00Zx",
					   "2026-13-01T00:00Z" };
	char text[INSTANT_BYTES];
	struct instant t = { 0 };

	(void)context;
	for (size_t i = 0; i < countof(cases); i++) {
		assert_int_equal(instant_parse(text_of(cases[i].in), &t), RESULT_OK);
		assert_string_equal(instant_format(t, text), cases[i].out);
	}
	t.ms = 7;
	for (size_t i = 0; i < countof(bad); i++) {
		assert_int_equal(instant_parse(text_of(bad[i]), &t), RESULT_BAD_INPUT);
		assert_int_equal(t.ms, 7);
	}
}

static void
mail_dates_are_read_as_real_senders_write_them(void **context)
{
	static const struct {
		const char *in, *out;
	} cases[] = {
		{ "Thu, 29 Apr 2009 00:00:00 -0000 (EST)", "2009-04-29T00:00:00Z" },
		{ "Thu, 29 Apr 2009 00:00:00 -0800", "2009-04-29T08:00:00Z" },
		{ "Thu, 9 Apr 2006 23:34:45 JST", "2006-04-09T14:34:45Z" },
		{ "29 Apr 15 23:34 GMT", "2015-04-29T23:34:00Z" },
	};
	char text[INSTANT_BYTES];
	struct instant t;

	(void)context;
	for (size_t i = 0; i < countof(cases); i++) {
		assert_int_equal(instant_parse_mail(text_of(cases[i].in), &t), RESULT_OK);
		assert_string_equal(instant_format(t, text), cases[i].out);
	}
	assert_int_equal(instant_parse_mail(TEXT("yesterday"), &t), RESULT_BAD_INPUT);
	assert_int_equal(instant_parse_mail(TEXT("Thu, 31 Apr 2015 23:34:45 +0000"), &t), RESULT_BAD_INPUT);
}

static void
addresses_are_read_and_written_back(void **context)
{
	static const struct {
		const char *in, *out;
	} cases[] = {
		{ "192.0.2.1", "192.0.2.1" },
		{ "[192.0.2.1]", "192.0.2.1" },
		{ "[IPv6:2001:DB8::1]", "2001:db8::1" },
		{ "::ffff:192.0.2.1", "192.0.2.1" },
		{ "192.0.2.0/24", "192.0.2.0/24" },
		{ "2001:db8::/32", "2001:db8::/32" },
		{ "0.0.0.0/0", "0.0.0.0/0" },
	};
	static const char *const bad[] = { "",        "192.0.2.1/24", "192.0.2.0/33",
					   "192.0.2", "mail.example", "192.0.2.0/",
					   "/8" };
	char text[PREFIX_TEXT_BYTES];
	struct prefix p, outer;

	(void)context;
	for (size_t i = 0; i < countof(cases); i++) {
		assert_int_equal(prefix_parse(text_of(cases[i].in), &p, NULL), RESULT_OK);
		assert_string_equal(prefix_format(&p, text), cases[i].out);
	}
	for (size_t i = 0; i < countof(bad); i++) {
		struct fault fault = { "" };

		assert_int_equal(prefix_parse(text_of(bad[i]), &p, &fault), RESULT_BAD_INPUT);
		assert_true(fault.text[0] != '\0');
	}
	assert_int_equal(prefix_parse(TEXT("192.0.2.0/25"), &outer, NULL), RESULT_OK);
	assert_int_equal(prefix_parse(TEXT("192.0.2.127"), &p, NULL), RESULT_OK);
	assert_true(prefix_contains(&outer, &p));
	assert_int_equal(prefix_parse(TEXT("192.0.2.128"), &p, NULL), RESULT_OK);
	assert_false(prefix_contains(&outer, &p));
	assert_true(prefix_is_public(&p));
	assert_int_equal(prefix_parse(TEXT("127.0.0.1"), &p, NULL), RESULT_OK);
	assert_false(prefix_is_public(&p));
}

static void
numbers_survive_the_wire_and_torn_input_is_noticed(void **context)
{
	static const int64_t values[] = { 0, 1, -1, 127, 128, -300, INT64_MAX, INT64_MIN };
	struct buffer b;
	struct wire w;

	(void)context;
	buffer_init(&b, 1024);
	for (size_t i = 0; i < countof(values); i++) {
		wire_put_i64(&b, values[i]);
		wire_put_u64(&b, (uint64_t)values[i]);
	}
	wire_put_text(&b, TEXT("report"));
	w = wire_of(b.p, b.n);
	for (size_t i = 0; i < countof(values); i++) {
		assert_true(wire_i64(&w) == values[i]);
		assert_true(wire_u64(&w) == (uint64_t)values[i]);
	}
	assert_true(text_equal(wire_text(&w), TEXT("report")));
	assert_true(wire_done(&w));
	for (size_t cut = 0; cut < b.n; cut++) {
		w = wire_of(b.p, cut);
		for (size_t i = 0; i < countof(values); i++) {
			(void)wire_i64(&w);
			(void)wire_u64(&w);
		}
		(void)wire_text(&w);
		assert_true(w.bad);
	}
	buffer_free(&b);
}

#define KEYS 200U

static bool
key_equal(const void *context, uint32_t value, struct text key)
{
	const uint32_t *keys = context;

	return key.n == sizeof *keys && memcmp(&keys[value], key.p, key.n) == 0;
}

static void
the_map_agrees_with_an_array(void **context)
{
	uint32_t keys[KEYS], random = 1, value;
	bool there[KEYS] = { false };
	struct map m = { 0 };

	(void)context;
	for (uint32_t i = 0; i < KEYS; i++) {
		keys[i] = i * 7919;
	}
	for (int step = 0; step < 20000; step++) {
		uint32_t i;

		random = random * 1664525U + 1013904223U;
		i = (random >> 8) % KEYS;
		struct text key = { (const char *)&keys[i], sizeof keys[i] };

		assert_int_equal(map_get(&m, key, key_equal, keys, &value), there[i]);
		if (there[i]) {
			assert_int_equal(value, i);
			assert_true(map_remove(&m, key, key_equal, keys));
		} else {
			map_put(&m, key, i);
		}
		there[i] = !there[i];
	}
	map_free(&m);
}

/* A reader that is asked for nothing may be given nothing: no memory, no length. */
static void
nothing_is_read_from_nothing(void **context)
{
	struct text rest = { NULL, 0 }, head;
	struct wire w = wire_of(NULL, 0);
	struct instant t;

	(void)context;
	assert_false(text_cut(&rest, ',', &head));
	assert_true(head.n == 0 && rest.n == 0 && rest.p != NULL);
	assert_int_equal(instant_parse(rest, &t), RESULT_BAD_INPUT);
	assert_int_equal(instant_parse_mail(rest, &t), RESULT_BAD_INPUT);
	assert_true(wire_done(&w));
	assert_int_equal(wire_u8(&w), 0);
	assert_true(w.bad && !wire_done(&w));
}

static void
a_number_has_one_form_on_the_wire(void **context)
{
	static const uint8_t long_zero[] = { 0x80, 0x00 }, zero[] = { 0x00 },
			     long_one[] = { 0x81, 0x80, 0x00 };
	struct wire w = wire_of(zero, sizeof zero);

	(void)context;
	assert_int_equal(wire_u64(&w), 0);
	assert_true(wire_done(&w));
	w = wire_of(long_zero, sizeof long_zero);
	assert_int_equal(wire_u64(&w), 0);
	assert_true(w.bad);
	w = wire_of(long_one, sizeof long_one);
	assert_int_equal(wire_u64(&w), 0);
	assert_true(w.bad);
}

static void
a_number_out_of_its_range_is_bad_and_reads_as_the_least(void **context)
{
	static const struct {
		int64_t value, min, max;
		bool fits;
	} cases[] = {
		{ 0, 0, 0, true },    { 1, 0, 0, false },   { 1, 1, 31, true },          { 31, 1, 31, true },
		{ 0, 1, 31, false },  { 32, 1, 31, false }, { -5, -5, 5, true },         { 5, -5, 5, true },
		{ -6, -5, 5, false }, { 6, -5, 5, false },  { INT64_MIN, -5, 5, false },
	};

	(void)context;
	for (size_t i = 0; i < countof(cases); i++) {
		struct buffer b;
		struct wire w;

		buffer_init(&b, 32);
		wire_put_i64(&b, cases[i].value);
		w = wire_of(b.p, b.n);
		assert_int_equal(wire_i64_between(&w, cases[i].min, cases[i].max),
				 cases[i].fits ? cases[i].value : cases[i].min);
		assert_int_equal(wire_done(&w), cases[i].fits);
		buffer_free(&b);
		if (cases[i].min < 0) {
			continue;
		}
		buffer_init(&b, 32);
		wire_put_u64(&b, (uint64_t)cases[i].value);
		w = wire_of(b.p, b.n);
		assert_int_equal(wire_between(&w, (uint64_t)cases[i].min, (uint64_t)cases[i].max),
				 cases[i].fits ? cases[i].value : cases[i].min);
		assert_int_equal(wire_done(&w), cases[i].fits);
		buffer_free(&b);
	}
}

static void
a_time_out_of_range_is_written_as_the_nearest_that_fits(void **context)
{
	char text[INSTANT_BYTES];

	(void)context;
	assert_string_equal(instant_format((struct instant){ 0 }, text), "1970-01-01T00:00:00Z");
	assert_string_equal(instant_format((struct instant){ -1 }, text), "1969-12-31T23:59:59.999Z");
	assert_string_equal(instant_format((struct instant){ INT64_MIN }, text), "0001-01-01T00:00:00Z");
	assert_string_equal(instant_format((struct instant){ INT64_MAX }, text), "9999-12-31T23:59:59.999Z");
}

static void
sha256_is_sha256(void **context)
{
	char hex[HASH_HEX_BYTES];
	struct hash h = hash_of("abc", 3), back; /* FIPS 180-2, appendix B.1 */

	(void)context;
	assert_string_equal(hash_hex(&h, hex),
			    "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
	assert_true(hash_from_hex(text_of(hex), &back));
	assert_true(hash_equal(&h, &back));
	assert_false(hash_from_hex(TEXT("ba78"), &back));
}

static void
close_to(double got, double want, double error_max)
{
	assert_true(fabs(got - want) <= error_max * fabs(want));
}

/* libm is the independent opinion here; the fold itself never calls it. */
static void
logarithms_agree_with_the_c_library(void **context)
{
	(void)context;
	for (int i = -2000; i <= 2000; i++) {
		double x = exp(i * 0.3);

		close_to(number_ln(x), log(x), 1e-15);
		close_to(number_ln1p(x), log1p(x), 1e-15);
		close_to(number_exp(i * 0.3), x, 1e-15);
		if (i * 0.3 > -30 && i * 0.3 < 30) {
			assert_true(fabs(number_lgamma(x) - lgamma(x)) <= 1e-13 * (1 + fabs(lgamma(x))));
		}
	}
	assert_true(number_ln(1) == 0 && number_exp(0) == 1 && number_ln1p(0) == 0);
	assert_true(number_exp(-800) == 0);
}

static void
a_span_has_words(void **state)
{
	static const struct {
		int64_t ms;
		const char *words;
	} rows[] = {
		{ 0, "0 min" },
		{ 59999, "0 min" },
		{ -180000, "3 min" },
		{ 60 * 60000, "60 min" },
		{ 185 * 60000, "3 h 5 min" },
		{ 48 * 3600000LL, "2 days" },
		{ INT64_MIN, "106751991167 days" },
	};
	char out[SPAN_BYTES];

	(void)state;
	for (size_t i = 0; i < countof(rows); i++) {
		assert_string_equal(span_words((struct span){ rows[i].ms }, out), rows[i].words);
	}
}

static void
a_histogram_counts_up_to_each_end(void **state)
{
	struct histogram h = { 0 }, both = { 0 };
	struct buffer b;

	(void)state;
	histogram_add(&h, 10000, 3); /* just 10 us */
	histogram_add(&h, 10001, 1);
	histogram_add(&h, UINT64_C(1000000001), 2);
	histogram_merge(&both, &h);
	histogram_merge(&both, &h);
	buffer_init(&b, 4096);
	histogram_write(&both, "x_seconds", "Help", &b);
	buffer_put(&b, "", 1);
	assert_non_null(strstr((const char *)b.p,
			       "# HELP x_seconds Help.\n# TYPE x_seconds histogram\n"
			       "x_seconds_bucket{le=\"1e-05\"} 6\nx_seconds_bucket{le=\"2e-05\"} 8\n"));
	assert_non_null(strstr((const char *)b.p,
			       "x_seconds_bucket{le=\"1\"} 8\nx_seconds_bucket{le=\"+Inf\"} 12\n"
			       "x_seconds_sum 4.000080006\nx_seconds_count 12\n"));
	buffer_free(&b);
}

/* One by one, up to more than any first size; what it held stays. */
static void
an_array_grows_and_keeps_what_it_holds(void **state)
{
	uint32_t *array = NULL, size = 0, moves = 0;

	(void)state;
	for (uint32_t i = 0; i < 10000; i++) {
		uint32_t before = size;

		array = array_room(array, i, &size, sizeof *array);
		array[i] = i * 7;
		assert_true(i < size);
		moves += size != before;
	}
	for (uint32_t i = 0; i < 10000; i++) {
		assert_int_equal(array[i], i * 7);
	}
	assert_in_range(moves, 2, 14); /* so it doubles */
	free(array);
}

static void
an_array_reaches_an_element_and_all_before_it_is_zero_or_as_it_was(void **state)
{
	uint16_t *array = NULL;
	uint32_t size = 0, before;

	(void)state;
	array = array_reach(array, 5, &size, sizeof *array);
	assert_true(size > 5);
	before = size;
	for (uint32_t i = 0; i < size; i++) {
		assert_int_equal(array[i], 0);
		array[i] = 7;
	}
	array = array_reach(array, 5, &size, sizeof *array);
	assert_int_equal(size, before);
	array = array_reach(array, before + 1000, &size, sizeof *array);
	assert_true(size > before + 1000);
	for (uint32_t i = 0; i < size; i++) {
		assert_int_equal(array[i], i < before ? 7 : 0);
	}
	free(array);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_array_grows_and_keeps_what_it_holds),
		cmocka_unit_test(an_array_reaches_an_element_and_all_before_it_is_zero_or_as_it_was),
		cmocka_unit_test(a_span_has_words),
		cmocka_unit_test(times_are_read_and_written_back),
		cmocka_unit_test(mail_dates_are_read_as_real_senders_write_them),
		cmocka_unit_test(addresses_are_read_and_written_back),
		cmocka_unit_test(numbers_survive_the_wire_and_torn_input_is_noticed),
		cmocka_unit_test(nothing_is_read_from_nothing),
		cmocka_unit_test(a_number_has_one_form_on_the_wire),
		cmocka_unit_test(a_number_out_of_its_range_is_bad_and_reads_as_the_least),
		cmocka_unit_test(a_time_out_of_range_is_written_as_the_nearest_that_fits),
		cmocka_unit_test(the_map_agrees_with_an_array),
		cmocka_unit_test(a_histogram_counts_up_to_each_end),
		cmocka_unit_test(sha256_is_sha256),
		cmocka_unit_test(logarithms_agree_with_the_c_library),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
