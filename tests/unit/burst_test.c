/* What the volume of mail may say: little, once per burst, and nothing on a day that moves everybody. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "detect/conformal_int.h"
#include "sim/sim_int.h"

#include <math.h>
#include <string.h>

#define YEAR 8760

/* Mail by day and little by night. */
static double
everyday(struct random *r, int64_t hour)
{
	double mean = hour % 24 >= 8 && hour % 24 < 20 ? 200 : 20;

	return (double)random_poisson(r, mean * random_lognormal(r, 1, 0.25));
}

static void
fill(struct burst *b, struct random *r, int64_t hours)
{
	for (int64_t h = 0; h < hours; h++) {
		(void)detect_burst_e(b, h, everyday(r, h), 1);
	}
}

static void
the_first_burst_of_a_steady_sender_tells_something(void **context)
{
	struct burst b = { .hours = 0 };
	struct random r;
	double e;

	(void)context;
	random_seed(&r, 1, 1);
	fill(&b, &r, YEAR);
	e = detect_burst_e(&b, YEAR, 12000, 1);
	assert_true(e > 4 && e <= 8.1);
	assert_true(detect_burst_e(&b, YEAR + 1, 12000, 1) == 1); /* the same burst */
	assert_true(detect_burst_e(&b, YEAR + 2, 12000, 1) == 1);
}

static void
the_same_burst_of_a_campaign_sender_tells_little(void **context)
{
	struct burst b = { .hours = 0 };
	struct random r;

	(void)context;
	random_seed(&r, 2, 1);
	for (int64_t h = 0; h < YEAR; h++) {
		double campaign = h % 41 == 0 ? random_lognormal(&r, 12000, 0.5) : 0;

		(void)detect_burst_e(&b, h, everyday(&r, h) + campaign, 1);
	}
	assert_true(detect_burst_e(&b, YEAR + 12, 12000, 1) < 2);
}

static void
a_day_that_moves_everybody_is_no_burst(void **context)
{
	struct burst alone = { .hours = 0 }, all;
	struct random r;

	(void)context;
	random_seed(&r, 3, 1);
	fill(&alone, &r, YEAR);
	all = alone;
	assert_true(detect_burst_e(&alone, YEAR + 10, 1500, 1) > 4);
	assert_true(detect_burst_e(&all, YEAR + 10, 1500, 8) <= 1);
}

static void
the_fleet_factor_is_taken_out_exactly(void **context)
{
	struct burst a = { .hours = 0 }, b = { .hours = 0 };
	struct random r;

	(void)context;
	random_seed(&r, 4, 1);
	for (int64_t h = 0; h < YEAR; h++) {
		double volume = everyday(&r, h) * (random_below(&r, 60) == 0 ? 30 : 1);
		double fleet = (double)(1U << random_below(&r, 4));

		assert_true(detect_burst_e(&a, h, volume, 1) == detect_burst_e(&b, h, volume * fleet, fleet));
	}
	assert_memory_equal(&a, &b, sizeof(a));
}

/* Bursts that come at random and are of any size, whose order tells nothing. */
static void
honest_bursts_have_a_mean_of_at_most_one(void **context)
{
	double sum = 0, squares = 0, n = 0, mean, least = 1, most = 1;

	(void)context;
	for (uint64_t seed = 0; seed < 60; seed++) {
		struct burst b = { .hours = 0 };
		struct random r;

		random_seed(&r, 5, seed);
		for (int64_t h = 0; h < YEAR; h++) {
			bool campaign = random_below(&r, 40 + 20 * (uint32_t)seed) == 0;
			double size = campaign ? random_lognormal(&r, 20000, 1.5) : 0;
			double e = detect_burst_e(&b, h, 30 + (double)random_below(&r, 20) + size, 1);

			least = e < least ? e : least;
			most = e > most ? e : most;
			sum += e;
			squares += e * e;
			n++;
		}
	}
	mean = sum / n;
	if (mean > 1 + 4 * sqrt((squares / n - mean * mean) / n) || mean < 0.99) {
		fail_msg("mean %g", mean);
	}
	assert_true(least >= 0.75 && most <= 8.1 && most > 4);
}

/* Among bursts: the larger one never tells less. */
static void
a_larger_burst_never_tells_less(void **context)
{
	struct burst b = { .hours = 0 };
	struct random r;
	double last = 0;

	(void)context;
	random_seed(&r, 6, 1);
	for (int64_t h = 0; h < YEAR; h++) {
		(void)detect_burst_e(&b, h, random_below(&r, 50) == 0 ? random_lognormal(&r, 9000, 1) : 30,
				     1);
	}
	for (double volume = 500; volume < 1e7; volume *= 1.3) {
		struct burst copy = b;
		double e = detect_burst_e(&copy, YEAR + 1, volume, 1);

		assert_true(e >= last);
		last = e;
	}
	assert_true(last > 3);
}

static void
silence_need_not_be_told(void **context)
{
	struct burst told = { .hours = 0 }, untold = { .hours = 0 };
	struct random r;

	(void)context;
	random_seed(&r, 7, 1);
	for (int64_t h = 0; h < YEAR; h++) {
		double volume = random_below(&r, 30) == 0 ? random_lognormal(&r, 5000, 1) : 0, e = 1;

		if (volume > 0 || h == 0) {
			e = detect_burst_e(&untold, h, volume, 1);
		}
		assert_true(detect_burst_e(&told, h, volume, 1) == e);
	}
}

static void
an_hour_that_is_over_stays_over(void **context)
{
	struct burst b = { .hours = 0 }, before;
	struct random r;

	(void)context;
	random_seed(&r, 8, 1);
	fill(&b, &r, 1000);
	before = b;
	assert_true(detect_burst_e(&b, 999, 1e6, 1) == 1);
	assert_true(detect_burst_e(&b, 5, 1e6, 1) == 1);
	assert_memory_equal(&b, &before, sizeof(b));
	/* and a long silence ends at once */
	assert_true(detect_burst_e(&b, INT64_C(1) << 40, 100, 1) <= 8.1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_first_burst_of_a_steady_sender_tells_something),
		cmocka_unit_test(the_same_burst_of_a_campaign_sender_tells_little),
		cmocka_unit_test(a_day_that_moves_everybody_is_no_burst),
		cmocka_unit_test(the_fleet_factor_is_taken_out_exactly),
		cmocka_unit_test(honest_bursts_have_a_mean_of_at_most_one),
		cmocka_unit_test(a_larger_burst_never_tells_less),
		cmocka_unit_test(silence_need_not_be_told),
		cmocka_unit_test(an_hour_that_is_over_stays_over),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
