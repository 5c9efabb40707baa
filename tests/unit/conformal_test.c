/* Ranks, p-values and e-values, and the volume voice for any series. What is promised of them holds on random numbers. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/result.h"
#include "detect/conformal_int.h"
#include "sim/sim_int.h"

#include <math.h>
#include <string.h>

#define MANY 16384U /* seen before any is forgotten */

static void
a_p_value_counts_those_at_least_as_large(void **context)
{
	static const double past[] = { 3, 1, 4, 1, 5 };
	struct conformal m = { .kept = 0 };

	(void)context;
	assert_true(detect_conformal_p(&m, 7) == 1);
	for (size_t i = 0; i < countof(past); i++) {
		detect_conformal_add(&m, past[i], MANY);
	}
	assert_true(detect_conformal_p(&m, 9) == 1.0 / 6);
	assert_true(detect_conformal_p(&m, 5) == 2.0 / 6); /* an equal one counts against it */
	assert_true(detect_conformal_p(&m, 1) == 1);
	assert_true(detect_conformal_p(&m, INFINITY) == 1.0 / 6);
}

/* Against a twin that keeps all: the same p, or 1 where 32 are not enough to tell. */
static void
a_bounded_memory_ranks_as_a_whole_one(void **context)
{
	static double past[3000];
	struct conformal m = { .kept = 0 };
	struct random r;
	uint32_t told = 0;

	(void)context;
	random_seed(&r, 1, 1);
	for (uint32_t n = 0; n < countof(past); n++) {
		double x = (double)random_below(&r, 5000), p = detect_conformal_p(&m, x), rank = 1;

		for (uint32_t i = 0; i < n; i++) {
			rank += past[i] >= x;
		}
		assert_true(p == rank / (n + 1) || (p == 1 && rank > CONFORMAL_TOP));
		told += p < 1;
		past[n] = x;
		detect_conformal_add(&m, x, MANY);
	}
	assert_true(told > 100);
}

static void
forgetting_makes_nothing_more_unusual(void **context)
{
	struct random r;

	(void)context;
	random_seed(&r, 2, 1);
	for (int run = 0; run < 200; run++) {
		struct conformal m = { .kept = 0 }, before;

		for (uint32_t i = 0; i < 255; i++) {
			detect_conformal_add(&m, random_unit(&r), 256);
		}
		assert_int_equal(m.seen, 255);
		before = m;
		detect_conformal_add(&before, 0.5, MANY);
		detect_conformal_add(&m, 0.5, 256);
		assert_int_equal(m.seen, 128);
		for (int i = 0; i <= 100; i++) {
			double x = 0.85 + 0.0015 * i;

			double rank = round(detect_conformal_p(&before, x) * 257) - 1;

			if (rank < CONFORMAL_TOP - 1) {
				assert_true(detect_conformal_p(&m, x) == (1 + ceil(rank / 2)) / 129);
			}
			assert_true(detect_conformal_p(&m, x) >= detect_conformal_p(&before, x));
		}
		assert_true(detect_conformal_p(&m, 2) == 1.0 / 129);
		detect_conformal_add(&m, 0, 256); /* its rank is no longer known */
		assert_int_equal(m.kept, CONFORMAL_TOP / 2);
	}
}

static void
an_e_value_has_mean_one_and_falls_with_p(void **context)
{
	double sum = 0, last = INFINITY;

	(void)context;
	/* Over a uniform p = e^-s: the integral of e(s) e^-s ds. Left out beyond 39: 1/39. */
	for (int i = 0; i < 390000; i++) {
		double s = (i + 0.5) * 1e-4;

		sum += detect_conformal_e(s) * exp(-s) * 1e-4;
	}
	assert_true(fabs(sum + 1.0 / 39 - 1) < 1e-4);
	for (double p = 1e-9; p < 1; p *= 1.1) {
		double e = detect_conformal_e(-log(p));

		assert_true(e < last && e > 0.5);
		last = e;
	}
	assert_true(detect_conformal_e(0) == 0.5);
	assert_true(fabs(detect_conformal_e(0.0099999) - detect_conformal_e(0.0100001)) < 1e-6);
	assert_true(detect_conformal_e(log(257)) < 8.2);
}

static double
exponential(struct random *r)
{
	return random_exponential(r);
}
static double
heavy(struct random *r)
{
	return pow(1 - random_unit(r), -2); /* Pareto with index 1/2 */
}
static double
light(struct random *r)
{
	return fabs(random_normal(r));
}
static double
lognormal(struct random *r)
{
	return random_lognormal(r, 1, 1.5);
}
typedef double draw_fn(struct random *r);
static draw_fn *const draws[] = { exponential, heavy, light, lognormal };

static void
conformal_e_values_have_a_mean_of_at_most_one(void **context)
{
	(void)context;
	for (size_t d = 0; d < countof(draws); d++) {
		struct random r;
		double sum = 0, squares = 0, n = 0, mean;

		random_seed(&r, 3, d);
		for (int run = 0; run < 200; run++) {
			struct conformal m = { .kept = 0 };

			for (int i = 0; i < 500; i++) {
				double x = draws[d](&r),
				       e = detect_conformal_e(-log(detect_conformal_p(&m, x)));

				sum += e;
				squares += e * e;
				n++;
				detect_conformal_add(&m, x, MANY);
			}
		}
		mean = sum / n;
		if (mean > 1 + 4 * sqrt((squares / n - mean * mean) / n) || mean < 0.6) {
			fail_msg("%zu: mean %g", d, mean);
		}
	}
}

/* Beyond all of the past: exact for a Pareto tail of any index, on the safe side for lighter ones. */
static void
the_tail_beyond_the_past_is_judged_right(void **context)
{
	static const double s = 7; /* p = 1/1097 after 100 numbers */
	enum { RUNS = 60000 };

	(void)context;
	for (size_t d = 0; d < countof(draws); d++) {
		double expected = RUNS * exp(-s);
		struct random r;
		int n = 0;

		random_seed(&r, 4, d);
		for (int run = 0; run < RUNS; run++) {
			struct conformal m = { .kept = 0 };

			for (int i = 0; i < 100; i++) {
				detect_conformal_add(&m, draws[d](&r), MANY);
			}
			n += detect_conformal_nats(&m, draws[d](&r)) >= s;
		}
		if (n > expected + 4 * sqrt(expected) ||
		    (draws[d] == heavy && n < expected - 4 * sqrt(expected))) {
			fail_msg("%zu: %d instead of %g", d, n, expected);
		}
	}
}

static void
a_larger_number_is_never_more_usual(void **context)
{
	struct conformal m = { .kept = 0 };
	struct random r;
	double last = 0;

	(void)context;
	random_seed(&r, 5, 1);
	for (int i = 0; i < 1000; i++) {
		detect_conformal_add(&m, random_exponential(&r), MANY);
	}
	for (double x = 0; x < 1000; x = x * 1.01 + 0.01) {
		double nats = detect_conformal_nats(&m, x);

		assert_true(nats >= last && nats >= -log(detect_conformal_p(&m, x)) - 1e-12);
		last = nats;
	}
	assert_true(last > log(1001) + 3);
	assert_true(detect_conformal_nats(&m, INFINITY) < log(1001) + 1e-9); /* no tail to infinity */
	assert_true(detect_conformal_nats(&m, 1e300) <= 40);
}

/* ---- series */

#define FIVE_MINUTES 300000

struct story {
	struct series series;
	struct random random;
	int64_t row;
};

static void
begin(struct story *s, uint64_t seed)
{
	memset(s, 0, sizeof(*s));
	random_seed(&s->random, seed, 1);
}

/* A day's rhythm with noise. */
static double
everyday(struct story *s)
{
	return 100 + 50 * sin((double)(s->row % 288) / 288 * 6.28318) + 5 * random_normal(&s->random);
}

static double
step(struct story *s, double value)
{
	return detect_series_e(&s->series, &detect_series_params,
			       (struct instant){ 1767571200000 + FIVE_MINUTES * s->row++ }, value);
}

static void
a_series_without_news_has_mean_e_of_about_one(void **context)
{
	struct story s;
	double sum = 0;
	enum { ROWS = 30000 };

	(void)context;
	begin(&s, 6);
	for (int i = 0; i < ROWS; i++) {
		sum += step(&s, random_normal(&s.random));
	}
	assert_true(sum / ROWS < 1.1);
	assert_true(sum / ROWS > 0.6);
}

/* Six zeros, then six ones: what the questions at one row and at six rows answer at most. */
static void
questions_are_answered_as_they_are_worded(void **context)
{
	struct story s;

	(void)context;
	begin(&s, 0);
	for (int i = 0; i < 12; i++) {
		(void)step(&s, i < 6 ? 0 : 1);
	}
	assert_true(s.series.shift[0].top[0] == 1);
	assert_true(s.series.shift[1].top[0] == 1);
	assert_int_equal(s.series.shift[1].seen, 1);
	assert_int_equal(s.series.shift[2].seen, 0);
	assert_true(s.series.rough[0].top[0] == 1);
	assert_true(s.series.rough[1].top[0] == (float)sqrt(1.0 / 6));
	assert_true(s.series.calm[0].top[0] == INFINITY);
	assert_true(s.series.level[0].top[0] == 1); /* nothing but zero was usual */
	assert_true(s.series.level[1].top[0] > 0.2F && s.series.level[1].top[0] < 1);
}

enum news { SPIKE, LEVEL, NOISE, SILENCE, NEWS_COUNT };

static double
news_value(struct story *s, enum news news, int i)
{
	double usual = everyday(s);

	switch (news) {
	case SPIKE:
		return i == 0 ? 400 : usual;
	case LEVEL:
		return usual + 60;
	case NOISE:
		return usual + 25 * random_normal(&s->random);
	case SILENCE:
		return 0;
	default:
		fail_msg("no such news");
	}
	return 0;
}

static void
news_of_each_kind_is_an_alarm(void **context)
{
	(void)context;
	for (enum news news = 0; news < NEWS_COUNT; news++) {
		struct story s;
		double largest = 0;

		begin(&s, 7);
		for (int i = 0; i < 288 * 10; i++) {
			(void)step(&s, everyday(&s));
		}
		for (int i = 0; i < 48; i++) {
			double e = step(&s, news_value(&s, news, i));

			largest = e > largest ? e : largest;
		}
		if (log(largest) < detect_series_params.alarm_nats) {
			fail_msg("news %d: e %g", (int)news, largest);
		}
	}
}

/* Twice as much of everything, and everything upside down, are the same news. */
static void
scale_and_sign_change_nothing(void **context)
{
	struct story a, b, c;

	(void)context;
	begin(&a, 8);
	begin(&b, 8);
	begin(&c, 8);
	for (int i = 0; i < 3000; i++) {
		double x = everyday(&a), e = step(&a, x);

		assert_true(step(&b, 2 * x) == e);
		assert_true(step(&c, -x) == e);
	}
}

static void
a_copied_state_goes_on_alike(void **context)
{
	static struct story a, b;

	(void)context;
	begin(&a, 9);
	for (int i = 0; i < 1000; i++) {
		(void)step(&a, everyday(&a));
	}
	b = a;
	for (int i = 0; i < 1000; i++) {
		assert_true(step(&a, everyday(&a)) == step(&b, everyday(&b)));
	}
	assert_memory_equal(&a, &b, sizeof(a));
}

static void
an_alarm_is_said_once_and_growing_evidence_until_then(void **context)
{
	const struct series_params *p = &detect_series_params;
	static struct series s;

	(void)context;
	assert_true(detect_series_say(&s, p, 0.5) == 0);
	assert_true(fabs(detect_series_say(&s, p, 3) - log(3)) < 1e-12);
	assert_true(detect_series_say(&s, p, 2) == 0); /* less than was said */
	assert_true(fabs(detect_series_say(&s, p, 4) - log(4)) < 1e-12);
	assert_true(fabs(detect_series_say(&s, p, 20) - log(20)) < 1e-12); /* the alarm */
	for (int i = 1; i < (int)p->rest_rows; i++) {
		assert_true(detect_series_say(&s, p, 1000) == 0);
	}
	assert_true(detect_series_say(&s, p, 1000) > 6);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_p_value_counts_those_at_least_as_large),
		cmocka_unit_test(a_bounded_memory_ranks_as_a_whole_one),
		cmocka_unit_test(forgetting_makes_nothing_more_unusual),
		cmocka_unit_test(an_e_value_has_mean_one_and_falls_with_p),
		cmocka_unit_test(conformal_e_values_have_a_mean_of_at_most_one),
		cmocka_unit_test(the_tail_beyond_the_past_is_judged_right),
		cmocka_unit_test(a_larger_number_is_never_more_usual),
		cmocka_unit_test(a_series_without_news_has_mean_e_of_about_one),
		cmocka_unit_test(questions_are_answered_as_they_are_worded),
		cmocka_unit_test(news_of_each_kind_is_an_alarm),
		cmocka_unit_test(scale_and_sign_change_nothing),
		cmocka_unit_test(a_copied_state_goes_on_alike),
		cmocka_unit_test(an_alarm_is_said_once_and_growing_evidence_until_then),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
