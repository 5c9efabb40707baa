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

/*
 * What the published table says of each row, at its edges: of `bad` against `sample` at a receiver ("": no limit of its own). OVER
 * suspends; the others do not. Disuse is compared with days alone.
 */
static const struct point {
	enum threshold t;
	const char *receiver;
	uint64_t bad, sample;
	enum threshold_level level;
} published[] = {
	/* 0.2 % from 200 complaints on, at any receiver that has no row of its own; its warning: four fifths of both */
	{ THRESHOLD_COMPLAINT, "", 200, 99999, LEVEL_OVER },
	{ THRESHOLD_COMPLAINT, "", 200, 100000, LEVEL_WARNING },
	{ THRESHOLD_COMPLAINT, "", 200, 125000, LEVEL_GOOD },
	{ THRESHOLD_COMPLAINT, "", 199, 1000, LEVEL_WARNING },
	{ THRESHOLD_COMPLAINT, "", 159, 1000, LEVEL_SMALL },
	{ THRESHOLD_COMPLAINT, "", 200, 0, LEVEL_SMALL },
	/* Microsoft: 0.2 % from 200 on */
	{ THRESHOLD_COMPLAINT, "microsoft", 200, 99999, LEVEL_OVER },
	{ THRESHOLD_COMPLAINT, "microsoft", 200, 100000, LEVEL_WARNING },
	{ THRESHOLD_COMPLAINT, "microsoft", 200, 124999, LEVEL_WARNING },
	{ THRESHOLD_COMPLAINT, "microsoft", 200, 125000, LEVEL_GOOD },
	{ THRESHOLD_COMPLAINT, "microsoft", 199, 1000, LEVEL_WARNING },
	{ THRESHOLD_COMPLAINT, "microsoft", 159, 1000, LEVEL_SMALL },
	/* Yahoo: 0.2 % from 200 on */
	{ THRESHOLD_COMPLAINT, "yahoo", 200, 99999, LEVEL_OVER },
	{ THRESHOLD_COMPLAINT, "yahoo", 200, 100000, LEVEL_WARNING },
	{ THRESHOLD_COMPLAINT, "yahoo", 200, 124999, LEVEL_WARNING },
	{ THRESHOLD_COMPLAINT, "yahoo", 200, 125000, LEVEL_GOOD },
	{ THRESHOLD_COMPLAINT, "yahoo", 199, 1000, LEVEL_WARNING },
	{ THRESHOLD_COMPLAINT, "yahoo", 159, 1000, LEVEL_SMALL },
	/* Comcast: 0.3 % from 100 on */
	{ THRESHOLD_COMPLAINT, "comcast", 100, 33333, LEVEL_OVER },
	{ THRESHOLD_COMPLAINT, "comcast", 100, 33334, LEVEL_WARNING },
	{ THRESHOLD_COMPLAINT, "comcast", 100, 41666, LEVEL_WARNING },
	{ THRESHOLD_COMPLAINT, "comcast", 100, 41667, LEVEL_GOOD },
	{ THRESHOLD_COMPLAINT, "comcast", 99, 1000, LEVEL_WARNING },
	{ THRESHOLD_COMPLAINT, "comcast", 79, 1000, LEVEL_SMALL },
	/* Cloudmark: 1 % from 100 on */
	{ THRESHOLD_COMPLAINT, "cloudmark", 100, 9999, LEVEL_OVER },
	{ THRESHOLD_COMPLAINT, "cloudmark", 100, 10000, LEVEL_WARNING },
	{ THRESHOLD_COMPLAINT, "cloudmark", 100, 12499, LEVEL_WARNING },
	{ THRESHOLD_COMPLAINT, "cloudmark", 100, 12500, LEVEL_GOOD },
	{ THRESHOLD_COMPLAINT, "cloudmark", 99, 1000, LEVEL_WARNING },
	{ THRESHOLD_COMPLAINT, "cloudmark", 79, 1000, LEVEL_SMALL },
	/* Votes on one source: none of four, five of five to ten, 45 % of eleven and more */
	{ THRESHOLD_JUNK, "", 4, 4, LEVEL_SMALL },
	{ THRESHOLD_JUNK, "", 5, 5, LEVEL_OVER },
	{ THRESHOLD_JUNK, "", 4, 5, LEVEL_WARNING },
	{ THRESHOLD_JUNK, "", 5, 10, LEVEL_OVER },
	{ THRESHOLD_JUNK, "", 4, 10, LEVEL_WARNING },
	{ THRESHOLD_JUNK, "", 3, 10, LEVEL_GOOD },
	{ THRESHOLD_JUNK, "", 5, 11, LEVEL_OVER },
	{ THRESHOLD_JUNK, "", 4, 11, LEVEL_WARNING },
	{ THRESHOLD_JUNK, "", 3, 11, LEVEL_GOOD },
	{ THRESHOLD_JUNK, "", 46, 100, LEVEL_OVER },
	{ THRESHOLD_JUNK, "", 45, 100, LEVEL_WARNING },
	{ THRESHOLD_JUNK, "", 36, 100, LEVEL_GOOD },
	/* ... and on all of a member: none of nine, 75 % of ten to 30, 65 % of 31 to 50, 55 % of 51 and more */
	{ THRESHOLD_JUNK_GROUP, "", 9, 9, LEVEL_SMALL },
	{ THRESHOLD_JUNK_GROUP, "", 8, 10, LEVEL_OVER },
	{ THRESHOLD_JUNK_GROUP, "", 7, 10, LEVEL_WARNING },
	{ THRESHOLD_JUNK_GROUP, "", 6, 10, LEVEL_GOOD },
	{ THRESHOLD_JUNK_GROUP, "", 16, 20, LEVEL_OVER },
	{ THRESHOLD_JUNK_GROUP, "", 15, 20, LEVEL_WARNING },
	{ THRESHOLD_JUNK_GROUP, "", 23, 30, LEVEL_OVER },
	{ THRESHOLD_JUNK_GROUP, "", 22, 30, LEVEL_WARNING },
	{ THRESHOLD_JUNK_GROUP, "", 21, 31, LEVEL_OVER },
	{ THRESHOLD_JUNK_GROUP, "", 20, 31, LEVEL_WARNING },
	{ THRESHOLD_JUNK_GROUP, "", 16, 31, LEVEL_GOOD },
	{ THRESHOLD_JUNK_GROUP, "", 33, 50, LEVEL_OVER },
	{ THRESHOLD_JUNK_GROUP, "", 32, 50, LEVEL_WARNING },
	{ THRESHOLD_JUNK_GROUP, "", 29, 51, LEVEL_OVER },
	{ THRESHOLD_JUNK_GROUP, "", 28, 51, LEVEL_WARNING },
	{ THRESHOLD_JUNK_GROUP, "", 22, 51, LEVEL_GOOD },
	/* Traps: 3 critical or 5 significant; 100 of one network */
	{ THRESHOLD_TRAP_CRITICAL, "", 3, 0, LEVEL_OVER },
	{ THRESHOLD_TRAP_CRITICAL, "", 2, 0, LEVEL_WARNING },
	{ THRESHOLD_TRAP_CRITICAL, "", 1, 0, LEVEL_GOOD },
	{ THRESHOLD_TRAP_SIGNIFICANT, "", 5, 0, LEVEL_OVER },
	{ THRESHOLD_TRAP_SIGNIFICANT, "", 4, 0, LEVEL_WARNING },
	{ THRESHOLD_TRAP_SIGNIFICANT, "", 2, 0, LEVEL_GOOD },
	{ THRESHOLD_TRAP_NETWORK, "", 100, 0, LEVEL_OVER },
	{ THRESHOLD_TRAP_NETWORK, "", 99, 0, LEVEL_WARNING },
	{ THRESHOLD_TRAP_NETWORK, "", 79, 0, LEVEL_GOOD },
	/* Blocklists: 1 critical or 2 significant; below one there is nothing to warn of */
	{ THRESHOLD_LISTED_CRITICAL, "", 1, 0, LEVEL_OVER },
	{ THRESHOLD_LISTED_CRITICAL, "", 0, 0, LEVEL_GOOD },
	{ THRESHOLD_LISTED_SIGNIFICANT, "", 2, 0, LEVEL_OVER },
	{ THRESHOLD_LISTED_SIGNIFICANT, "", 1, 0, LEVEL_WARNING },
	{ THRESHOLD_LISTED_SIGNIFICANT, "", 0, 0, LEVEL_GOOD },
	/* Disuse (2.3): seven days of a source that is new, 30 of any */
	{ THRESHOLD_DISUSE_NEW, "", 7, 1, LEVEL_OVER },
	{ THRESHOLD_DISUSE_NEW, "", 6, 1, LEVEL_WARNING },
	{ THRESHOLD_DISUSE_NEW, "", 4, 1, LEVEL_GOOD },
	{ THRESHOLD_DISUSE, "", 30, 1, LEVEL_OVER },
	{ THRESHOLD_DISUSE, "", 29, 1, LEVEL_WARNING },
	{ THRESHOLD_DISUSE, "", 7, 1, LEVEL_WARNING },
	{ THRESHOLD_DISUSE, "", 6, 1, LEVEL_GOOD },
};

/* domain.md 2.2, row by row. */
static void
the_default_policy_is_the_published_table(void **state)
{
	struct threshold_policy p;

	(void)state;
	threshold_policy_default(&p);
	for (size_t i = 0; i < countof(published); i++) {
		const struct point *at = &published[i];
		const struct threshold_limit *limit =
		    threshold_policy_limit(&p, at->t, text_of(at->receiver));
		enum threshold_level level =
		    threshold_level(at->t, limit, p.rules[at->t].warn, at->bad, at->sample);

		assert_int_equal(p.rules[at->t].days, 30);
		assert_int_equal(threshold_is_over(at->t, limit, at->bad, at->sample),
				 at->level == LEVEL_OVER);
		if (level != at->level) {
			fail_msg("%s %s, %u of %u: %s, not %s", threshold_name(at->t), at->receiver,
				 (unsigned)at->bad, (unsigned)at->sample, threshold_level_name(level),
				 threshold_level_name(at->level));
		}
	}
}

/* Does the published table have the row, with a point of this level (or, not `is`, of another)? */
static bool
has_point(enum threshold t, struct text receiver, enum threshold_level level, bool is)
{
	bool found = false;

	for (size_t i = 0; i < countof(published); i++) {
		found =
		    found || (published[i].t == t && text_equal(text_of(published[i].receiver), receiver) &&
			      (published[i].level == level) == is);
	}
	return found;
}

/* A row that is added to the policy needs its points here: on either side of the edge. */
static void
each_row_of_the_default_policy_is_published(void **state)
{
	struct threshold_policy p;

	(void)state;
	threshold_policy_default(&p);
	for (enum threshold t = 0; t < THRESHOLD_COUNT; t++) {
		assert_true(has_point(t, TEXT(""), LEVEL_OVER, true));
		assert_true(has_point(t, TEXT(""), LEVEL_OVER, false));
	}
	assert_int_equal(p.exception_count, 4);
	for (uint32_t i = 0; i < p.exception_count; i++) {
		struct text receiver = text_of(p.exceptions[i].receiver);

		assert_true(has_point(p.exceptions[i].threshold, receiver, LEVEL_OVER, true));
		assert_true(has_point(p.exceptions[i].threshold, receiver, LEVEL_OVER, false));
	}
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
		cmocka_unit_test(each_row_of_the_default_policy_is_published),
		cmocka_unit_test(a_warning_comes_at_its_share_of_the_limit),
		cmocka_unit_test(distances_are_those_that_counting_finds),
		cmocka_unit_test(the_largest_counts_do_not_overflow),
		cmocka_unit_test(a_receiver_has_its_own_limit_once),
		cmocka_unit_test(a_policy_survives_a_snapshot),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
