/*
 * By what honest cohorts differ is learnt from them: counts of a known shape teach it, and takeovers among them that nobody saw do not make the honest
 * look wilder than they are.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "unit/detect_feed.h"

#define COHORTS_TOLD 2000
#define EXPECTED     30.0
#define KNOWN        1e9 /* events: the rate is known */

static double
exponential(struct feed *f)
{
	return -log((feed_dice(f, 1U << 30) + 0.5) / (1U << 30));
}

/* Gamma of mean one: a mean of so many exponentials. */
static double
frailty(struct feed *f, uint32_t shape)
{
	double sum = 0;

	for (uint32_t i = 0; i < shape; i++) {
		sum += exponential(f);
	}
	return sum / shape;
}

static uint32_t
poisson(struct feed *f, double mean)
{
	uint32_t n = 0;

	for (double at = exponential(f); at < mean; at += exponential(f)) {
		n++;
	}
	return n;
}

/* The shape that is learnt of so many cohorts whose complaints have this one; one in `taken` of them brings ten times as many. */
static double
learnt(uint32_t shape, uint32_t taken, double known)
{
	struct feed f;
	struct outlook o = { .rate = { [EVIDENCE_COMPLAINT] = 0.001 },
			     .mail = { [EVIDENCE_COMPLAINT] = EXPECTED / 0.001 } };
	double used;

	feed_open(&f, 10, 1);
	for (uint32_t i = 1; i <= COHORTS_TOLD; i++) {
		double mean = EXPECTED * frailty(&f, shape) * (taken > 0 && i % taken == 0 ? 10 : 1);

		detect_shape_learn(f.d, STREAM_BURST, EVIDENCE_COMPLAINT, &o, known, poisson(&f, mean), 1);
	}
	used = f.d->fleet.shape[STREAM_BURST][EVIDENCE_COMPLAINT];
	detect_close(f.d);
	return used / SHAPE_CAUTION;
}

static void
nothing_said_is_as_stated(void **context)
{
	struct feed f;

	(void)context;
	feed_open(&f, 10, 1);
	for (int e = 0; e < EVIDENCE_COUNT; e++) {
		assert_true(fabs(f.d->fleet.shape[STREAM_TRICKLE][e] -
				 SHAPE_CAUTION * detect_rates[e].frailty) < 1e-9);
	}
	detect_close(f.d);
}

static void
counts_teach_their_shape(void **context)
{
	static const uint32_t shapes[] = { 1, 2, 4 };

	(void)context;
	for (size_t i = 0; i < countof(shapes); i++) {
		double got = learnt(shapes[i], 0, KNOWN);

		assert_true(got > shapes[i] / 1.15 && got < shapes[i] * 1.25);
	}
	assert_true(learnt(100, 0, KNOWN) < 4.01 * detect_rates[EVIDENCE_COMPLAINT].frailty);
}

static void
takeovers_that_nobody_saw_make_nobody_wilder(void **context)
{
	double clean = learnt(2, 0, KNOWN), some = learnt(2, 50, KNOWN), many = learnt(2, 20, KNOWN);

	(void)context;
	assert_true(some > 0.85 * clean && some < 1.15 * clean);
	assert_true(many > 0.7 * clean && many < 1.15 * clean);
}

/* What is not known of a rate is no difference between cohorts. */
static void
a_rate_that_is_little_known_excuses_a_part(void **context)
{
	(void)context;
	assert_true(learnt(2, 0, 10) > 1.1 * learnt(2, 0, KNOWN));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing_said_is_as_stated),
		cmocka_unit_test(counts_teach_their_shape),
		cmocka_unit_test(takeovers_that_nobody_saw_make_nobody_wilder),
		cmocka_unit_test(a_rate_that_is_little_known_excuses_a_part),
	};

	return cmocka_run_group_tests_name("detect_shape", tests, NULL, NULL);
}
