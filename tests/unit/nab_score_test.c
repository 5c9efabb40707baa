/*
 * The scoring of the Numenta Anomaly Benchmark, by hand. One series of 100 rows with the window 50..59, one of 40 rows with the
 * window 20..29 in which nothing is found. Expected figures come from the formulas of the paper:
 *     row 55 in the window   (2/(1+e^-2.5) - 1) / (2/(1+e^-5) - 1) = 0.8597926
 *     row 64 after it        2/(1+e^(5*5/9)) - 1                   = -0.8829262
 *     row 20 before it       -1
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "common/nab_peers.h"
#include "common/nab_score.h"

#include <math.h>
#include <string.h>

#define HIT   0.8597925669
#define AFTER (-0.8829261943)

static struct nab_corpus corpus;
static double first[100], second[40];
static double *const scores[] = { first, second };
static const bool all[NAB_SERIES_MAX] = { true, true };

static int
set_up(void **context)
{
	(void)context;
	corpus = (struct nab_corpus){ .count = 2 };
	corpus.series[0] = (struct nab_series){ .rows = 100, .window_count = 1, .windows = { { 50, 59 } } };
	corpus.series[1] = (struct nab_series){ .rows = 40, .window_count = 1, .windows = { { 20, 29 } } };
	memset(first, 0, sizeof(first));
	memset(second, 0, sizeof(second));
	return 0;
}

static void
assert_near(double x, double expected)
{
	if (!(fabs(x - expected) < 1e-6)) {
		fail_msg("%.9g instead of %.9g", x, expected);
	}
}

static void
no_alarm_is_0_and_the_first_row_of_each_window_is_100(void **context)
{
	struct nab_ranking r = nab_rank(&corpus, scores);

	(void)context;
	for (size_t p = 0; p < NAB_PROFILES; p++) {
		assert_near(nab_best(&corpus, &r, all, &nab_profiles[p]).points, 0);
		assert_near(nab_at(&corpus, &r, all, &nab_profiles[p], 1).points, 0);
	}
	nab_ranking_free(&r);
	first[50] = second[20] = 1;
	r = nab_rank(&corpus, scores);
	for (size_t p = 0; p < NAB_PROFILES; p++) {
		struct nab_verdict v = nab_best(&corpus, &r, all, &nab_profiles[p]);

		assert_near(v.points, 100);
		assert_near(v.threshold, 1);
		assert_int_equal(v.windows, 2);
		assert_int_equal(v.hits, 2);
		assert_int_equal(v.alarms, 0);
	}
	nab_ranking_free(&r);
}

/* Points are 100 (sum + missed * windows) / (windows + missed * windows). */
static void
hits_misses_and_false_alarms_cost_what_the_profile_says(void **context)
{
	struct nab_ranking r;

	(void)context;
	first[3] = 1; /* in probation */
	first[20] = first[55] = first[64] = 1;
	first[57] = 1; /* a later alarm of the same window */
	r = nab_rank(&corpus, scores);
	assert_near(nab_at(&corpus, &r, all, &nab_profiles[0], 1).points,
		    100 * (HIT - 0.11 + 0.11 * AFTER + 1) / 4);
	assert_near(nab_at(&corpus, &r, all, &nab_profiles[1], 1).points,
		    100 * (HIT - 0.22 + 0.22 * AFTER + 1) / 4);
	assert_near(nab_at(&corpus, &r, all, &nab_profiles[2], 1).points,
		    100 * (HIT - 0.11 + 0.11 * AFTER + 2) / 6);
	assert_near(nab_at(&corpus, &r, all, &nab_profiles[0], 1).points, 41.3167671);
	assert_int_equal(nab_at(&corpus, &r, all, &nab_profiles[0], 1).alarms, 2);
	nab_ranking_free(&r);
}

static void
the_best_threshold_lets_only_the_hit_through(void **context)
{
	struct nab_ranking r;
	struct nab_verdict v;

	(void)context;
	first[20] = 0.8;
	first[55] = 0.9;
	first[64] = 0.7;
	r = nab_rank(&corpus, scores);
	v = nab_best(&corpus, &r, all, &nab_profiles[0]);
	assert_near(v.points, 100 * (HIT + 1) / 4);
	assert_near(v.threshold, 0.9);
	assert_near(nab_at(&corpus, &r, all, &nab_profiles[0], 0.75).points, 100 * (HIT - 0.11 + 1) / 4);
	nab_ranking_free(&r);
}

static void
equal_scores_stand_or_fall_together(void **context)
{
	struct nab_ranking r;

	(void)context;
	first[55] = 1;
	for (size_t i = 60; i < 100; i++) {
		first[i] = 1; /* 40 false alarms, equal to the hit */
	}
	r = nab_rank(&corpus, scores);
	assert_near(nab_best(&corpus, &r, all, &nab_profiles[0]).points, 0);
	nab_ranking_free(&r);
}

static void
an_alarm_long_after_a_window_costs_in_full(void **context)
{
	struct nab_ranking r;

	(void)context;
	first[85] = 2; /* 26/9 lengths after it */
	first[86] = 1; /* 3 lengths */
	r = nab_rank(&corpus, scores);
	assert_true(r.rows[0].worth > -1);
	assert_true(r.rows[1].worth == -1);
	nab_ranking_free(&r);
}

static void
only_the_chosen_series_count(void **context)
{
	static const bool one[NAB_SERIES_MAX] = { true };
	struct nab_ranking r;

	(void)context;
	first[55] = 1;
	second[5] = second[6] = 1;
	r = nab_rank(&corpus, scores);
	assert_near(nab_best(&corpus, &r, one, &nab_profiles[0]).points, 100 * (HIT + 1) / 2);
	assert_int_equal(nab_best(&corpus, &r, one, &nab_profiles[0]).windows, 1);
	nab_ranking_free(&r);
}

static void
probation_is_15_percent_and_at_most_750_rows(void **context)
{
	(void)context;
	assert_int_equal(nab_probation(100), 15);
	assert_int_equal(nab_probation(1243), 186);
	assert_int_equal(nab_probation(4032), 604);
	assert_int_equal(nab_probation(5000), 750);
	assert_int_equal(nab_probation(15902), 750);
}

/* What Python's random.seed(42); random.random() gives. */
static void
the_random_peer_is_the_published_one(void **context)
{
	static double drawn[700];
	const struct nab_series s = { .rows = 700 };

	(void)context;
	nab_random(&s, drawn);
	assert_true(drawn[0] == 0.6394267984578837);
	assert_true(drawn[1] == 0.025010755222666936);
	assert_true(drawn[2] == 0.27502931836911926);
	assert_true(drawn[699] == 0.5445623787105787);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(no_alarm_is_0_and_the_first_row_of_each_window_is_100, set_up),
		cmocka_unit_test_setup(hits_misses_and_false_alarms_cost_what_the_profile_says, set_up),
		cmocka_unit_test_setup(the_best_threshold_lets_only_the_hit_through, set_up),
		cmocka_unit_test_setup(equal_scores_stand_or_fall_together, set_up),
		cmocka_unit_test_setup(an_alarm_long_after_a_window_costs_in_full, set_up),
		cmocka_unit_test_setup(only_the_chosen_series_count, set_up),
		cmocka_unit_test(probation_is_15_percent_and_at_most_750_rows),
		cmocka_unit_test(the_random_peer_is_the_published_one),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
