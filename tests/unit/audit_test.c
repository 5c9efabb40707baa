/* The self-audit: what is counted as an excursion, what is taken out again, and what follows from the counts. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "detect/audit.h"

#include "base/number.h"
#include "base/result.h"
#include "base/wire.h"

#include <string.h>

#define HOUR  INT64_C(3600000)
#define DAY   (24 * HOUR)
#define START INT64_C(1767225600000) /* 2026-01-01 */

static bool
near(double is, double wanted, double part)
{
	double off = is > wanted ? is - wanted : wanted - is;

	return off <= part * wanted;
}

/* ---- from counts to a limit */

/* The values of the chi-square table, halved. */
static void
the_upper_limit_is_that_of_the_tables(void **state)
{
	static const double table[][2] = {
		{ 0, 2.302585 }, { 1, 3.889720 }, { 2, 5.322320 }, { 10, 15.406641 }, { 100, 114.070000 }
	};

	(void)state;
	for (size_t i = 0; i < countof(table); i++) {
		if (!near(detect_audit_upper(table[i][0]), table[i][1], 1e-4)) {
			fail_msg("%g: %g, not %g", table[i][0], detect_audit_upper(table[i][0]), table[i][1]);
		}
	}
	assert_true(near(detect_audit_upper(100.5), detect_audit_upper(100), 0.02));
	assert_true(detect_audit_upper(0.2) >= detect_audit_upper(1) - 1e-9);
}

/* years / A^slope excursions above A, times `rate`. */
static struct detect_audit
audit_of(double years, double share, double slope, double rate)
{
	struct detect_audit a = { .years = years, .share = share, .limit_nats = number_ln(1 / share) };

	for (uint32_t i = 0; i < DETECT_AUDIT_LEVELS; i++) {
		a.excursions[i] = years * rate * number_exp(-slope * i);
	}
	detect_audit_calibrate(&a);
	return a;
}

static void
a_limit_that_was_counted_is_the_smallest_that_holds(void **state)
{
	struct detect_audit a = audit_of(1e6, 0.0054, 1, 1);

	(void)state;
	/* 1/A is 0.0067 at e^5, and e^6 lies above the limit */
	assert_int_equal(a.how, DETECT_AUDIT_EXTRAPOLATED);
	assert_true(near(a.calibrated_nats, number_ln(1 / 0.0054), 0.02));
	a = audit_of(1e6, 0.0054, 1, 0.5);
	assert_int_equal(a.how, DETECT_AUDIT_MEASURED); /* half as many: 0.0034 at e^5, 0.0092 at e^4 */
	assert_true(near(a.calibrated_nats, 5, 1e-12));
	assert_true(a.upper_excursions[5] <= a.share * a.years && a.upper_excursions[4] > a.share * a.years);
}

static void
a_heavier_tail_asks_for_a_higher_limit(void **state)
{
	struct detect_audit a = audit_of(1e5, 0.0054, 0.7, 1);

	(void)state;
	assert_int_equal(a.how, DETECT_AUDIT_EXTRAPOLATED);
	assert_true(a.calibrated_nats > number_ln(1 / 0.0054) / 0.7);
	assert_true(near(a.calibrated_nats, number_ln(1 / 0.0054) / 0.7, 0.1));
}

static void
a_short_history_is_said_to_be_short(void **state)
{
	struct detect_audit a = audit_of(10, 0.0054, 1, 1);

	(void)state;
	assert_int_equal(a.how, DETECT_AUDIT_SHORT);
	assert_true(near(a.years_wanted, 2.302585 / 0.0054, 1e-4));
	a = audit_of(0, 0.0054, 1, 1);
	assert_int_equal(a.how, DETECT_AUDIT_SHORT);
	a = audit_of(430, 0.0054, 1, 0); /* nothing in so many years */
	assert_int_equal(a.how, DETECT_AUDIT_MEASURED);
	a = audit_of(420, 0.0054, 1, 0);
	assert_int_equal(a.how, DETECT_AUDIT_SHORT);
}

/* ---- from mail to counts */

struct fleet {
	struct detect *d;
	uint64_t random;
	int64_t now_ms;
	uint32_t units, alarms, last_unit;
};

static void
on_alarm(void *context, const struct alarm *alarm)
{
	struct fleet *f = context;

	f->alarms++;
	f->last_unit = alarm->unit;
}

static struct fleet
fleet_of(uint32_t units)
{
	struct fleet f = { .random = 1, .now_ms = START, .units = units };

	return f;
}

static void
fleet_open(struct fleet *f)
{
	f->d = detect_open(&(struct detect_params){ .budget = 10 }, on_alarm, f);
	for (uint32_t i = 0; i < f->units; i++) {
		(void)detect_unit_add(f->d, UNIT_SOURCE);
	}
}

static double
uniform(struct fleet *f)
{
	f->random = f->random * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return ((double)(f->random >> 11) + 0.5) / 9007199254740992.0;
}

static uint32_t
poisson(struct fleet *f, double mean)
{
	double left = number_exp(-mean), product = uniform(f);
	uint32_t n = 0;

	for (; product > left; n++) {
		product *= uniform(f);
	}
	return n;
}

static void
observe(struct fleet *f, uint32_t unit, enum signal signal, uint32_t count)
{
	if (count > 0) {
		detect_observe(f->d, unit,
			       &(struct detect_fact){ signal, count, { f->now_ms }, { f->now_ms }, 1, 0 });
	}
}

/* Every six hours 500 messages of each unit, and what honest mail brings; the factor of a day is one of the unit's own. */
static void
honest_days(struct fleet *f, int days)
{
	for (int i = 0; i < 4 * days; i++, f->now_ms += 6 * HOUR) {
		for (uint32_t u = 0; u < f->units; u++) {
			double factor = -number_ln(uniform(f));

			observe(f, u, SIGNAL_DELIVERED, 500);
			observe(f, u, SIGNAL_UNKNOWN_USER, poisson(f, 2 * factor));
			observe(f, u, SIGNAL_COMPLAINT, poisson(f, 0.25 * factor));
		}
		detect_tick(f->d, (struct instant){ f->now_ms + 2 * HOUR });
	}
}

/* The mail of a bought list, until the detector says so. */
static void
attack(struct fleet *f, uint32_t unit)
{
	for (int i = 0; i < 48 && f->alarms == 0; i++, f->now_ms += HOUR) {
		observe(f, unit, SIGNAL_DELIVERED, 5000);
		observe(f, unit, SIGNAL_UNKNOWN_USER, 900);
		observe(f, unit, SIGNAL_COMPLAINT, 30);
		detect_tick(f->d, (struct instant){ f->now_ms + HOUR });
	}
	assert_int_equal(f->alarms, 1);
	assert_int_equal(f->last_unit, unit);
}

static void
an_honest_fleet_keeps_what_was_promised(void **state)
{
	struct fleet f = fleet_of(120);
	struct detect_audit a;

	(void)state;
	fleet_open(&f);
	honest_days(&f, 200);
	for (int v = 0; v < VOICE_COUNT; v++) {
		detect_audit(f.d, UNIT_SOURCE, (enum voice)v, &a);
		assert_true(a.years > 45 && a.years < 120 * 200 / 365.25);
		for (uint32_t i = 0; i < DETECT_AUDIT_LEVELS; i++) {
			double promised = a.years * number_exp(-(double)i) / (1 - number_exp(-2.0));

			assert_true(a.excursions[i] <= detect_audit_upper(promised));
			assert_true(i == 0 || a.excursions[i] <= a.excursions[i - 1] + 1e-9);
		}
		for (int burst = 0; burst <= 1; burst++) {
			struct detect_audit_mean mean = detect_audit_mean(f.d, (enum voice)v, burst != 0);

			assert_true(mean.mean <= 1.1);
			assert_true(burst != 0 || (mean.cohorts > 1000 && mean.mean > 0));
			for (uint32_t s = 0; s < DETECT_AUDIT_SIGNALS; s++) {
				mean = detect_audit_mean_alone(f.d, s, burst != 0);
				assert_true(mean.mean <= (burst != 0 ? 1.5 : 1.1)); /* bursts are few */
				assert_true(burst != 0 || mean.mean > 0.1);
			}
		}
		detect_audit(f.d, UNIT_SYSTEM, (enum voice)v, &a);
		assert_true(a.years <= 0 && a.excursions[0] <= 0);
	}
	detect_close(f.d);
}

static double
excursions(const struct fleet *f, uint32_t level)
{
	struct detect_audit a;

	detect_audit(f->d, UNIT_SOURCE, VOICE_BAYES, &a);
	return a.excursions[level];
}

/* A day with somewhat too many complaints. Returns in how many of its hours the evidence was above one year. */
static int
odd_day(struct fleet *f)
{
	struct detect_view view;
	int high = 0;

	for (int i = 0; i < 24; i++, f->now_ms += HOUR) {
		observe(f, 0, SIGNAL_DELIVERED, 1000);
		observe(f, 0, SIGNAL_UNKNOWN_USER, i == 0 ? 0 : 4);
		observe(f, 0, SIGNAL_COMPLAINT, i == 0 ? 0 : i == 1 ? 10 : 3); /* at once, not step by step */
		detect_tick(f->d, (struct instant){ f->now_ms + HOUR });
		detect_unit_view(f->d, 0, &view);
		high += view.evidence_nats[VOICE_BAYES] > 0;
	}
	assert_int_equal(f->alarms, 0);
	return high;
}

/* Level 5 is e^5 = 148 years, just below the limit. */
static void
an_alarm_is_one_excursion_and_none_when_it_is_confirmed(void **state)
{
	struct fleet f = fleet_of(3);
	double before[2];

	(void)state;
	fleet_open(&f);
	honest_days(&f, 40);
	assert_true(odd_day(&f) > 8);
	before[0] = excursions(&f, 0);
	before[1] = excursions(&f, 5);
	assert_true(near(before[0], 1, 0.01));
	attack(&f, 1);
	assert_true(near(excursions(&f, 5), before[1] + 1, 0.01));
	assert_true(near(excursions(&f, 0), before[0] + 1, 0.01));
	for (int i = 0; i < 3; i++) { /* each source of a case says so of its system: it is taken out once */
		detect_unit_forget(f.d, 1);
	}
	assert_true(near(1 + excursions(&f, 5), 1 + before[1], 0.01));
	assert_true(near(1 + excursions(&f, 0), 1 + before[0], 0.01));
	detect_close(f.d);
}

static void
evidence_that_stays_high_is_counted_once_and_again_when_it_has_fallen(void **state)
{
	struct fleet f = fleet_of(1);

	(void)state;
	fleet_open(&f);
	honest_days(&f, 40);
	assert_true(odd_day(&f) > 8);
	assert_true(near(excursions(&f, 0), 1, 0.01));
	assert_true(near(excursions(&f, 3), 1, 0.01));
	for (int i = 0; i < 40 * 4; i++, f.now_ms += 6 * HOUR) { /* no news, so nothing is judged */
		observe(&f, 0, SIGNAL_DELIVERED, 500);
		detect_tick(f.d, (struct instant){ f.now_ms + 2 * HOUR });
	}
	assert_true(odd_day(&f) > 0);
	assert_true(near(excursions(&f, 0), 2, 0.12));
	detect_close(f.d);
}

static void
a_snapshot_goes_on_the_same(void **state)
{
	struct fleet f = fleet_of(5), g;
	struct buffer a, b;
	struct wire w;

	(void)state;
	fleet_open(&f);
	honest_days(&f, 60);
	attack(&f, 2);
	g = f;
	buffer_init(&a, 1U << 24);
	buffer_init(&b, 1U << 24);
	detect_save(f.d, &a);
	g.d = detect_open(&(struct detect_params){ .budget = 10 }, on_alarm, &g);
	w = wire_of(a.p, a.n);
	assert_int_equal(detect_load(g.d, &w), RESULT_OK);
	assert_true(wire_done(&w));
	detect_unit_forget(f.d, 2);
	detect_unit_forget(g.d, 2);
	honest_days(&f, 30);
	honest_days(&g, 30);
	buffer_clear(&a);
	detect_save(f.d, &a);
	detect_save(g.d, &b);
	assert_int_equal(a.n, b.n);
	assert_memory_equal(a.p, b.p, a.n);
	for (size_t cut = 0; cut < a.n; cut += 97) { /* no part of it is taken for the whole */
		struct detect *none = detect_open(&(struct detect_params){ .budget = 10 }, on_alarm, &g);

		w = wire_of(a.p, cut);
		assert_int_equal(detect_load(none, &w), RESULT_DAMAGED);
		detect_close(none);
	}
	buffer_free(&a);
	buffer_free(&b);
	detect_close(f.d);
	detect_close(g.d);
}

static void
a_year_without_mail_leaves_a_third(void **state)
{
	struct fleet f = fleet_of(2);
	struct detect_audit a;
	double before;

	(void)state;
	fleet_open(&f);
	honest_days(&f, 30);
	detect_audit(f.d, UNIT_SOURCE, VOICE_BAYES, &a);
	before = a.years;
	f.now_ms += (int64_t)(365.25 * (double)DAY);
	f.units = 1;
	honest_days(&f, 2);
	detect_audit(f.d, UNIT_SOURCE, VOICE_BAYES, &a);
	/* What was, faded; and the year of the one that goes on. */
	assert_true(near(a.years, before * 0.3679 + 1, 0.03));
	detect_close(f.d);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_upper_limit_is_that_of_the_tables),
		cmocka_unit_test(a_limit_that_was_counted_is_the_smallest_that_holds),
		cmocka_unit_test(a_heavier_tail_asks_for_a_higher_limit),
		cmocka_unit_test(a_short_history_is_said_to_be_short),
		cmocka_unit_test(an_honest_fleet_keeps_what_was_promised),
		cmocka_unit_test(an_alarm_is_one_excursion_and_none_when_it_is_confirmed),
		cmocka_unit_test(evidence_that_stays_high_is_counted_once_and_again_when_it_has_fallen),
		cmocka_unit_test(a_snapshot_goes_on_the_same),
		cmocka_unit_test(a_year_without_mail_leaves_a_third),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
