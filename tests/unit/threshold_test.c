/* Limits read back from what they are written as, and their distances are those that counting one by one finds. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "model/threshold.h"

#include <stdio.h>
#include <string.h>

static void
a_name_reads_back(void **state)
{
	enum blocklist_weight weight = BLOCKLIST_WEIGHT_COUNT;
	enum threshold t = THRESHOLD_COUNT;

	(void)state;
	for (enum threshold i = 0; i < THRESHOLD_COUNT; i++) {
		assert_int_equal(threshold_parse(text_of(threshold_name(i)), &t), RESULT_OK);
		assert_int_equal(t, i);
	}
	assert_int_equal(blocklist_weight_parse(TEXT("critical"), &weight), RESULT_OK);
	assert_int_equal(weight, BLOCKLIST_CRITICAL);
	assert_int_equal(threshold_parse(TEXT("complaints"), &t), RESULT_BAD_INPUT);
	assert_int_equal(blocklist_weight_parse(TEXT(""), &weight), RESULT_BAD_INPUT);
	assert_string_equal(threshold_level_name(LEVEL_WARNING), "warning");
}

static void
limit_reads(enum threshold t, const char *words, const char *written)
{
	struct threshold_limit limit, again;
	struct fault fault = { { 0 } };
	struct buffer b;

	buffer_init(&b, 256);
	if (threshold_limit_parse(t, text_of(words), &limit, &fault) != RESULT_OK) {
		fail_msg("%s: %s", words, fault.text);
	}
	threshold_limit_write(&limit, &b);
	assert_true(text_equal(buffer_text(&b), text_of(written)));
	assert_int_equal(threshold_limit_parse(t, buffer_text(&b), &again, NULL), RESULT_OK);
	assert_true(threshold_limit_equal(&limit, &again));
	buffer_free(&b);
}

static void
a_limit_reads_back_from_what_it_is_written_as(void **state)
{
	(void)state;
	limit_reads(THRESHOLD_COMPLAINT, "0.2 % from 200", "0.2 % from 200");
	limit_reads(THRESHOLD_COMPLAINT, " 0.2000%  FROM 200 ", "0.2 % from 200");
	limit_reads(THRESHOLD_COMPLAINT, "0.0001%", "0.0001 %");
	limit_reads(THRESHOLD_COMPLAINT, "100.0 %", "100 %");
	limit_reads(THRESHOLD_COMPLAINT, "Off", "off");
	limit_reads(THRESHOLD_JUNK, "5 from 5,45% from 11", "5 from 5, 45 % from 11");
	limit_reads(THRESHOLD_JUNK_GROUP, "75 % from 10, 65 % from 31, 55.05 % from 51",
		    "75 % from 10, 65 % from 31, 55.05 % from 51");
	limit_reads(THRESHOLD_TRAP_CRITICAL, "3", "3");
	limit_reads(THRESHOLD_DISUSE, "4294967295", "4294967295");
}

static void
a_limit_that_does_not_fit_is_refused(void **state)
{
	static const struct {
		enum threshold t;
		const char *words;
	} cases[] = {
		{ THRESHOLD_COMPLAINT, "" },
		{ THRESHOLD_COMPLAINT, "3" },
		{ THRESHOLD_COMPLAINT, "0 %" },
		{ THRESHOLD_COMPLAINT, "0.00001 %" },
		{ THRESHOLD_COMPLAINT, "101 %" },
		{ THRESHOLD_COMPLAINT, "100.0001 %" },
		{ THRESHOLD_COMPLAINT, "-1 %" },
		{ THRESHOLD_COMPLAINT, "0.2 % of 200" },
		{ THRESHOLD_COMPLAINT, "0.2 % from" },
		{ THRESHOLD_COMPLAINT, "0.2 % from 200 on" },
		{ THRESHOLD_COMPLAINT, "0.2 % from 200, 0.1 % from 200" },
		{ THRESHOLD_COMPLAINT, "0.2 % from 200," },
		{ THRESHOLD_COMPLAINT, "5 % from 1, 4 % from 2, 3 % from 3, 2 % from 4, 1 % from 5" },
		{ THRESHOLD_JUNK, "5" },
		{ THRESHOLD_TRAP_CRITICAL, "3 %" },
		{ THRESHOLD_TRAP_CRITICAL, "3 from 5" },
		{ THRESHOLD_TRAP_CRITICAL, "2.5" },
		{ THRESHOLD_TRAP_CRITICAL, "0" },
		{ THRESHOLD_TRAP_CRITICAL, "4294967296" },
		{ THRESHOLD_TRAP_CRITICAL, "99999999999999999999" },
	};

	(void)state;
	for (size_t i = 0; i < countof(cases); i++) {
		struct threshold_limit limit = { .count = 77 };
		struct fault fault = { { 0 } };

		if (threshold_limit_parse(cases[i].t, text_of(cases[i].words), &limit, &fault) !=
		    RESULT_BAD_INPUT) {
			fail_msg("\"%s\" was taken", cases[i].words);
		}
		assert_int_equal(limit.count, 77);
		assert_non_null(strstr(fault.text, "is wanted"));
	}
}

static struct threshold_limit
limit_of(enum threshold t, const char *words)
{
	struct threshold_limit limit;

	assert_int_equal(threshold_limit_parse(t, text_of(words), &limit, NULL), RESULT_OK);
	return limit;
}

/* domain.md 2.2, row by row. */
static void
the_default_policy_is_the_published_table(void **state)
{
	struct threshold_policy p;
	const struct threshold_limit *any, *own;

	(void)state;
	threshold_policy_default(&p);
	for (enum threshold t = 0; t < THRESHOLD_COUNT; t++) {
		assert_int_equal(p.rules[t].days, 30);
		assert_true(p.rules[t].limit.count > 0 && p.rules[t].warn > 0 && p.rules[t].warn <= 100);
	}
	any = threshold_policy_limit(&p, THRESHOLD_COMPLAINT, TEXT("elsewhere"));
	assert_false(threshold_is_over(THRESHOLD_COMPLAINT, any, 199, 1000));
	assert_false(threshold_is_over(THRESHOLD_COMPLAINT, any, 200, 100000));
	assert_true(threshold_is_over(THRESHOLD_COMPLAINT, any, 200, 99999));
	assert_false(threshold_is_over(THRESHOLD_COMPLAINT, any, 200, 0));
	own = threshold_policy_limit(&p, THRESHOLD_COMPLAINT, TEXT("comcast"));
	assert_true(threshold_is_over(THRESHOLD_COMPLAINT, own, 100, 33333));
	assert_false(threshold_is_over(THRESHOLD_COMPLAINT, own, 100, 33334));
	assert_false(threshold_is_over(THRESHOLD_COMPLAINT, own, 99, 1));
	own = threshold_policy_limit(&p, THRESHOLD_COMPLAINT, TEXT("cloudmark"));
	assert_true(threshold_is_over(THRESHOLD_COMPLAINT, own, 100, 9999));
	assert_false(threshold_is_over(THRESHOLD_COMPLAINT, own, 100, 10000));
	any = &p.rules[THRESHOLD_JUNK].limit;
	assert_false(threshold_is_over(THRESHOLD_JUNK, any, 4, 4));
	assert_true(threshold_is_over(THRESHOLD_JUNK, any, 5, 10));
	assert_false(threshold_is_over(THRESHOLD_JUNK, any, 4, 10));
	assert_true(threshold_is_over(THRESHOLD_JUNK, any, 5, 11));
	assert_false(threshold_is_over(THRESHOLD_JUNK, any, 5, 12));
	any = &p.rules[THRESHOLD_JUNK_GROUP].limit;
	assert_false(threshold_is_over(THRESHOLD_JUNK_GROUP, any, 9, 9));
	assert_true(threshold_is_over(THRESHOLD_JUNK_GROUP, any, 8, 10));
	assert_false(threshold_is_over(THRESHOLD_JUNK_GROUP, any, 22, 30));
	assert_true(threshold_is_over(THRESHOLD_JUNK_GROUP, any, 22, 31));
	assert_true(threshold_is_over(THRESHOLD_JUNK_GROUP, any, 29, 51));
	assert_false(threshold_is_over(THRESHOLD_JUNK_GROUP, any, 28, 51));
	assert_true(
	    threshold_is_over(THRESHOLD_TRAP_CRITICAL, &p.rules[THRESHOLD_TRAP_CRITICAL].limit, 3, 0));
	assert_false(
	    threshold_is_over(THRESHOLD_TRAP_CRITICAL, &p.rules[THRESHOLD_TRAP_CRITICAL].limit, 2, 0));
	assert_true(
	    threshold_is_over(THRESHOLD_TRAP_SIGNIFICANT, &p.rules[THRESHOLD_TRAP_SIGNIFICANT].limit, 5, 0));
	assert_true(
	    threshold_is_over(THRESHOLD_TRAP_NETWORK, &p.rules[THRESHOLD_TRAP_NETWORK].limit, 100, 0));
	assert_true(
	    threshold_is_over(THRESHOLD_LISTED_CRITICAL, &p.rules[THRESHOLD_LISTED_CRITICAL].limit, 1, 0));
	assert_false(threshold_is_over(THRESHOLD_LISTED_SIGNIFICANT,
				       &p.rules[THRESHOLD_LISTED_SIGNIFICANT].limit, 1, 0));
}

static void
a_warning_comes_at_its_share_of_the_limit(void **state)
{
	struct threshold_limit rate = limit_of(THRESHOLD_COMPLAINT, "0.2 % from 200");
	struct threshold_limit votes = limit_of(THRESHOLD_JUNK, "5 from 5, 45 % from 11");
	struct threshold_limit traps = limit_of(THRESHOLD_TRAP_CRITICAL, "3");
	struct threshold_limit off = limit_of(THRESHOLD_COMPLAINT, "off");

	(void)state;
	assert_int_equal(threshold_level(THRESHOLD_COMPLAINT, &rate, 80, 170, 100000), LEVEL_WARNING);
	assert_int_equal(threshold_level(THRESHOLD_COMPLAINT, &rate, 80, 160, 100000), LEVEL_GOOD);
	assert_int_equal(threshold_level(THRESHOLD_COMPLAINT, &rate, 80, 159, 60000), LEVEL_SMALL);
	assert_int_equal(threshold_level(THRESHOLD_COMPLAINT, &rate, 80, 159, 90000), LEVEL_GOOD);
	assert_int_equal(threshold_level(THRESHOLD_COMPLAINT, &rate, 80, 300, 0), LEVEL_SMALL);
	assert_int_equal(threshold_level(THRESHOLD_COMPLAINT, &rate, 80, 0, 100000), LEVEL_GOOD);
	assert_int_equal(threshold_level(THRESHOLD_COMPLAINT, &rate, 80, 300, 100000), LEVEL_OVER);
	assert_int_equal(threshold_level(THRESHOLD_COMPLAINT, &off, 80, 300, 100000), LEVEL_GOOD);
	assert_int_equal(threshold_level(THRESHOLD_JUNK, &votes, 80, 4, 4), LEVEL_SMALL);
	assert_int_equal(threshold_level(THRESHOLD_JUNK, &votes, 80, 4, 5), LEVEL_WARNING);
	assert_int_equal(threshold_level(THRESHOLD_JUNK, &votes, 80, 4, 11), LEVEL_WARNING);
	assert_int_equal(threshold_level(THRESHOLD_JUNK, &votes, 80, 3, 11), LEVEL_GOOD);
	assert_int_equal(threshold_level(THRESHOLD_TRAP_CRITICAL, &traps, 60, 2, 0), LEVEL_WARNING);
	assert_int_equal(threshold_level(THRESHOLD_TRAP_CRITICAL, &traps, 60, 1, 0), LEVEL_GOOD);
}

static uint64_t
room_by_counting(enum threshold t, const struct threshold_limit *limit, uint64_t bad, uint64_t sample)
{
	for (uint64_t more = 1; more < 8000 && !threshold_is_over(t, limit, bad, sample); more++) {
		if (threshold_is_over(t, limit, bad + more,
				      threshold_measure(t) == MEASURE_SHARE ? sample + more : sample)) {
			return more;
		}
	}
	return 0;
}

static uint64_t
clean_by_counting(enum threshold t, const struct threshold_limit *limit, uint64_t bad, uint64_t sample)
{
	bool counted = threshold_is_over(t, limit, bad, sample) &&
		       (threshold_measure(t) == MEASURE_RATE || threshold_measure(t) == MEASURE_SHARE);

	for (uint64_t more = 1; more < 8000 && counted; more++) {
		if (!threshold_is_over(t, limit, bad, sample + more)) {
			return more;
		}
	}
	return 0;
}

static void
distances_are_those_that_counting_finds(void **state)
{
	static const struct {
		enum threshold t;
		const char *words;
	} limits[] = {
		{ THRESHOLD_COMPLAINT, "0.7 % from 20" },
		{ THRESHOLD_COMPLAINT, "9 % from 3, 2 % from 7, 11 % from 12" },
		{ THRESHOLD_JUNK, "5 from 5, 45 % from 11" },
		{ THRESHOLD_JUNK, "100 % from 2, 3 from 9, 8 from 12, 20 % from 30" },
		{ THRESHOLD_JUNK_GROUP, "75 % from 10, 65 % from 31, 55 % from 51" },
		{ THRESHOLD_TRAP_CRITICAL, "3" },
		{ THRESHOLD_COMPLAINT, "off" },
	};
	uint64_t over = 0;

	(void)state;
	for (size_t i = 0; i < countof(limits); i++) {
		struct threshold_limit limit = limit_of(limits[i].t, limits[i].words);

		for (uint64_t bad = 0; bad < 40; bad++) {
			for (uint64_t sample = 0; sample < 1000; sample += sample < 70 ? 1 : 61) {
				enum threshold t = limits[i].t;

				if (threshold_measure(t) == MEASURE_SHARE && bad > sample) {
					continue; /* a junk vote is a vote */
				}
				assert_int_equal(threshold_room(t, &limit, bad, sample),
						 room_by_counting(t, &limit, bad, sample));
				assert_int_equal(threshold_clean(t, &limit, bad, sample),
						 clean_by_counting(t, &limit, bad, sample));
				over += threshold_is_over(t, &limit, bad, sample);
			}
		}
	}
	assert_true(over > 1000); /* worth the name */
}

static void
the_largest_counts_do_not_overflow(void **state)
{
	struct threshold_limit limit = limit_of(THRESHOLD_COMPLAINT, "100 %");
	uint64_t most = 30 * (uint64_t)UINT32_MAX;

	(void)state;
	assert_false(threshold_is_over(THRESHOLD_COMPLAINT, &limit, most, most));
	assert_true(threshold_is_over(THRESHOLD_COMPLAINT, &limit, most, most - 1));
	assert_int_equal(threshold_level(THRESHOLD_COMPLAINT, &limit, 100, most, most), LEVEL_GOOD);
	assert_int_equal(threshold_room(THRESHOLD_COMPLAINT, &limit, most, most), 1);
	assert_int_equal(threshold_clean(THRESHOLD_COMPLAINT, &limit, most, most - 5), 5);
}

static void
a_receiver_has_its_own_limit_once(void **state)
{
	struct threshold_policy p, q;
	struct threshold_limit limit = limit_of(THRESHOLD_COMPLAINT, "0.5 % from 10");
	struct fault fault = { { 0 } };
	char name[16];

	(void)state;
	threshold_policy_off(&p);
	q = p;
	for (int i = 0; i < THRESHOLD_EXCEPTIONS_MAX; i++) {
		(void)snprintf(name, sizeof name, "r%d", (i * 37) % THRESHOLD_EXCEPTIONS_MAX);
		assert_int_equal(
		    threshold_policy_except(&p, THRESHOLD_COMPLAINT, text_of(name), &limit, NULL), RESULT_OK);
		(void)snprintf(name, sizeof name, "r%d", THRESHOLD_EXCEPTIONS_MAX - 1 - i);
		assert_int_equal(
		    threshold_policy_except(&q, THRESHOLD_COMPLAINT, text_of(name), &limit, NULL), RESULT_OK);
	}
	assert_true(threshold_policy_equal(&p, &q)); /* in whatever order they were set */
	assert_ptr_equal(threshold_policy_limit(&p, THRESHOLD_COMPLAINT, TEXT("r")),
			 &p.rules[THRESHOLD_COMPLAINT].limit);
	assert_true(
	    threshold_limit_equal(threshold_policy_limit(&p, THRESHOLD_COMPLAINT, TEXT("r17")), &limit));
	assert_int_equal(threshold_policy_except(&p, THRESHOLD_COMPLAINT, TEXT("more"), &limit, &fault),
			 RESULT_TOO_LARGE);
	limit.count = 0;
	assert_int_equal(threshold_policy_except(&p, THRESHOLD_COMPLAINT, TEXT("r17"), &limit, NULL),
			 RESULT_OK);
	assert_int_equal(p.exception_count, THRESHOLD_EXCEPTIONS_MAX);
	assert_false(threshold_policy_equal(&p, &q));
	assert_int_equal(threshold_policy_except(&p, THRESHOLD_JUNK, TEXT("r17"), &limit, NULL),
			 RESULT_BAD_INPUT);
	assert_int_equal(threshold_policy_except(&p, THRESHOLD_COMPLAINT, TEXT("two words"), &limit, NULL),
			 RESULT_BAD_INPUT);
}

static void
a_policy_survives_a_snapshot(void **state)
{
	struct threshold_policy p, q;
	struct buffer b, again;
	struct wire w;

	(void)state;
	buffer_init(&b, 1U << 16);
	buffer_init(&again, 1U << 16);
	threshold_policy_default(&p);
	p.wait = SPAN_HOUR;
	p.rules[THRESHOLD_JUNK].warn = 33;
	threshold_policy_write(&p, &b);
	w = wire_of(b.p, b.n);
	threshold_policy_read(&w, &q);
	assert_true(wire_done(&w));
	assert_true(threshold_policy_equal(&p, &q));
	for (size_t i = 0; i < b.n * 8; i++) {
		w = wire_of(b.p, i / 8);
		threshold_policy_read(&w, &q);
		assert_true(w.bad);
		b.p[i / 8] ^= (uint8_t)(1U << i % 8);
		w = wire_of(b.p, b.n);
		threshold_policy_read(&w, &q);
		if (wire_done(&w)) {
			assert_false(threshold_policy_equal(&p, &q));
			buffer_clear(&again);
			threshold_policy_write(&q, &again);
			assert_true(text_equal(buffer_text(&b), buffer_text(&again)));
		}
		b.p[i / 8] ^= (uint8_t)(1U << i % 8);
	}
	buffer_free(&b);
	buffer_free(&again);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_name_reads_back),
		cmocka_unit_test(a_limit_reads_back_from_what_it_is_written_as),
		cmocka_unit_test(a_limit_that_does_not_fit_is_refused),
		cmocka_unit_test(the_default_policy_is_the_published_table),
		cmocka_unit_test(a_warning_comes_at_its_share_of_the_limit),
		cmocka_unit_test(distances_are_those_that_counting_finds),
		cmocka_unit_test(the_largest_counts_do_not_overflow),
		cmocka_unit_test(a_receiver_has_its_own_limit_once),
		cmocka_unit_test(a_policy_survives_a_snapshot),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
