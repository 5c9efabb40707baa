/* Scoring: what a detector says is held against the truth as score.h promises; the baselines see what they are for. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "common/baseline.h"
#include "common/oracle.h"
#include "vouch/score_int.h"
#include "vouch/vouch.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define SYSTEMS 6U
#define SOURCES (SYSTEMS * SCORE_SYSTEM_SOURCES)
#define DAYS    (SCORE_LEARN_DAYS + 15)
#define RUNS    4 /* of high scores within them */

/* A detector that says what the test wants. */
struct puppet {
	score_say_fn *say;
	void *context;
	double does; /* the budget of its entry: one of these, or nothing */
	double limit;
	uint32_t units, looks, of_members;
};

static void
assert_near(double is, double wanted, double within)
{
	assert_true(fabs(is - wanted) <= within);
}

enum { ALWAYS = 1, RISES = 2, FLAPS = 3, TOGETHER = 4 };
#define MEMBERS 2U

static void *
puppet_open(double budget, double limit, score_say_fn *say, void *context)
{
	struct puppet *p = calloc(1, sizeof *p);

	assert_non_null(p);
	p->does = budget;
	p->say = say;
	p->context = context;
	p->limit = limit;
	return p;
}

static void
puppet_add(void *detector, enum unit_kind kind)
{
	struct puppet *p = detector;

	assert_int_equal(kind, p->units < SOURCES             ? UNIT_SOURCE
			       : p->units < SOURCES + SYSTEMS ? UNIT_SYSTEM
							      : UNIT_MEMBER);
	p->units++;
}

static void
puppet_observe(void *detector, uint32_t unit, const struct detect_fact *fact)
{
	struct puppet *p = detector;

	assert_true(unit < p->units && fact->count > 0 && fact->mailed.ms <= fact->at.ms);
	p->of_members += unit >= SOURCES + SYSTEMS;
}

static void
puppet_look(void *detector, const struct detect_look *look)
{
	struct puppet *p = detector;

	assert_true(look->system >= SOURCES && look->system < p->units && look->source < SOURCES);
	assert_true(look->cluster != 0 && look->from != 0);
	p->looks++;
}

/*
 * ALWAYS: an alarm for each system each minute. RISES: source 1 and system 1 score 2 on two of four days, else 0. FLAPS: these score 2 in
 * every other minute. TOGETHER: the first member scores 2 on two of four days.
 */
static void
puppet_tick(void *detector, struct instant now)
{
	struct puppet *p = detector;
	bool together = p->does >= TOGETHER, flaps = p->does >= FLAPS && !together;
	bool high = flaps ? now.ms / SPAN_MINUTE.ms % 2 == 0 : now.ms / SPAN_DAY.ms % 4 < 2;

	if (together) {
		p->say(p->context, SOURCES + SYSTEMS, high ? 2 : 0);
	} else if (p->does >= RISES) {
		p->say(p->context, 1, high ? 2 : 0);
		p->say(p->context, SOURCES + 1, high ? 2 : 0);
	} else if (p->does >= ALWAYS) {
		for (uint32_t unit = SOURCES; unit < p->units; unit++) {
			p->say(p->context, unit, 1);
		}
	}
}

static void
puppet_close(void *detector)
{
	struct puppet *p = detector;
	bool has_members = p->units > SOURCES + SYSTEMS;

	assert_int_equal(p->units, SOURCES + SYSTEMS + (has_members ? MEMBERS : 0));
	assert_true((p->of_members > 1000) == has_members);
	assert_true(p->looks > 10);
	free(detector);
}

/* The second and the third system; with a limit above 1.7 the second one alone. */
static bool
puppet_shows(const void *detector, uint32_t unit)
{
	const struct puppet *p = detector;

	assert_true(unit >= SOURCES && unit < SOURCES + SYSTEMS);
	return unit == SOURCES + 1 || (unit == SOURCES + 2 && p->limit < 1.7);
}

#define PUPPET(title, is_alarm)                                                                            \
	{                                                                                                  \
		.name = title, .decides = is_alarm, .open = puppet_open, .unit_add = puppet_add,           \
		.observe = puppet_observe, .look = puppet_look, .tick = puppet_tick, .close = puppet_close \
	}
static const struct score_detector puppet = PUPPET("puppet", false), deciding = PUPPET("deciding", true);
static const struct score_detector showing = { .name = "showing",
					       .open = puppet_open,
					       .unit_add = puppet_add,
					       .observe = puppet_observe,
					       .look = puppet_look,
					       .tick = puppet_tick,
					       .close = puppet_close,
					       .shows = puppet_shows };

static struct score_fleet
fleet(const char *scenario, uint32_t days, uint64_t seed)
{
	return (struct score_fleet){ .scenario = scenario,
				     .systems = SYSTEMS,
				     .days = days,
				     .seed = seed,
				     .step = SPAN_HOUR,
				     .sight = SCORE_SIGHT_USUAL,
				     .keep_peaks = true };
}

/* One fleet under several entries, simulated once: the figures are those of each alone (threads_change_nothing). */
static void
figures_of_all(struct score_fleet f, const struct score_entry *entries, size_t count,
	       struct score_figures *figures)
{
	struct score_outcome *outcomes = calloc(count, sizeof *outcomes);

	assert_non_null(outcomes);
	score_run(&f, 1, entries, count, outcomes, false);
	for (size_t i = 0; i < count; i++) {
		figures[i] = score_figures(outcomes, 1, count, i);
	}
	score_outcomes_free(outcomes, count);
}

static struct score_figures
figures_of(struct score_fleet f, struct score_entry entry)
{
	struct score_figures figures;

	figures_of_all(f, &entry, 1, &figures);
	return figures;
}

/* Sources of system 1 of a fleet; sizes differ. */
static uint32_t
sources_of_system_1(struct score_fleet f)
{
	struct sim *sim = score_fleet_open(&f);
	uint32_t systems, count = sim_systems(sim, &systems)[1].source_count;

	sim_close(sim);
	return count;
}

static void
a_false_alarm_counts_the_sources_it_suspends_once_per_rise(void **context)
{
	struct score_figures f =
	    figures_of(fleet("honest", DAYS, 1), (struct score_entry){ &puppet, RISES, 1.5 });

	(void)context;
	assert_int_equal(f.alarms, 2 * RUNS); /* for a source and a system */
	assert_int_equal(f.suspended, RUNS * (1 + sources_of_system_1(fleet("honest", DAYS, 1))));
	assert_near(f.source_years, SOURCES * 15 / 365.25, 1e-9);
	assert_near(f.per_1000, 1000 * (double)f.suspended / f.source_years, 1e-6);
	assert_true(f.low < f.per_1000 && f.high > f.per_1000);
	assert_int_equal(f.attacks, 0);
	f = figures_of(fleet("honest", DAYS, 1), (struct score_entry){ &puppet, RISES, 2.5 });
	assert_int_equal(f.alarms, 0);
	f = figures_of(fleet("honest", DAYS, 1), (struct score_entry){ &puppet, FLAPS, 1.5 });
	assert_int_equal(f.alarms, 2 * 15); /* cleared, a source rests for a day */
}

/* Sources of the first member's systems from `from` on, at most `most` of them. */
static uint32_t
sources_of_member_0(struct score_fleet f, uint32_t from, uint32_t most)
{
	struct sim *sim = score_fleet_open(&f);
	uint32_t count, sources = 0;
	const struct sim_system *systems = sim_systems(sim, &count);

	for (uint32_t i = 0; i < count; i++) {
		if (systems[i].member == 0 && i >= from && i < from + most) {
			sources += systems[i].source_count;
		}
	}
	sim_close(sim);
	return sources;
}

static void
an_alarm_of_a_member_is_one_of_its_systems_that_show_something_if_two_do(void **context)
{
	struct score_fleet f = fleet("honest", DAYS, 1);
	struct score_figures all, two, one;

	(void)context;
	f.members = MEMBERS;
	all = figures_of(f, (struct score_entry){ &puppet, TOGETHER, 1.5 });
	two = figures_of(f, (struct score_entry){ &showing, TOGETHER, 1.5 });
	one = figures_of(f, (struct score_entry){ &showing, TOGETHER, 1.8 });
	assert_int_equal(all.suspended, RUNS * sources_of_member_0(f, 0, SYSTEMS));
	assert_int_equal(two.suspended, RUNS * sources_of_member_0(f, 1, 2));
	assert_int_equal(two.alarms, 2 * RUNS);
	assert_true(all.alarms > two.alarms);
	assert_int_equal(one.alarms, 0);
}

static void
the_limit_is_the_lowest_that_keeps_the_budget(void **context)
{
	struct score_fleet f = fleet("honest", DAYS, 1);
	struct score_entry entry = { &puppet, RISES, INFINITY };
	struct score_outcome *outcome = calloc(1, sizeof *outcome);
	double measured;

	(void)context;
	assert_non_null(outcome);
	score_run(&f, 1, &entry, 1, outcome, false);
	assert_int_equal(outcome->alarms, 0);
	measured = 1000 * RUNS * (1 + sources_of_system_1(f)) / outcome->source_years;
	assert_near(score_limit(outcome, 1, 1, 0, measured * 1.01), 1, 1e-6);
	assert_near(score_limit(outcome, 1, 1, 0, measured * 0.99), 2, 1e-6);
	score_outcomes_free(outcome, 1);
}

static void
a_takeover_is_caught_at_once_or_never(void **context)
{
	const struct score_entry entries[] = { { &deciding, ALWAYS, 0 }, { &deciding, 0, 0 } };
	struct score_figures figures[countof(entries)], at_once, never;

	(void)context;
	figures_of_all(fleet("blast", score_days("blast"), 2), entries, countof(entries), figures);
	at_once = figures[0];
	never = figures[1];
	assert_true(at_once.attacks >= 1 && at_once.attacks == never.attacks);
	assert_true(at_once.recall >= 1 && at_once.caught >= 1 && at_once.delay_minutes <= 1);
	assert_true(at_once.out_mean < 0.001 && at_once.exposed < 100 && at_once.alarms > 10000);
	assert_true(never.recall <= 0 && never.caught <= 0 && isinf(never.delay_minutes));
	assert_true(never.out_median >= 1 && never.out_mean >= 1 && never.alarms == 0);
	assert_true(never.exposed > 30000 && never.exposed < 50000); /* of 50,000 a part has no recipient */
}

/* Garwood's table: 0: 0..3.69; 10: 4.80..18.39. */
static void
intervals_are_exact(void **context)
{
	struct score_outcome outcomes[3] = { { .source_years = 600 }, { .source_years = 400 } };
	struct score_attack attacks[] = {
		{ 100, 10, 4 }, { 100, 100, INFINITY }, { 100, 30, 4000 }, { 0, 0, 6 }
	};
	struct score_figures f = score_figures(outcomes, 2, 1, 0);
	double low, high;

	(void)context;
	assert_true(f.low <= 0 && f.per_1000 <= 0);
	assert_near(f.high, 3.6889, 1e-3);
	score_interval(1000000, &low, &high); /* Wilson and Hilferty 1931 */
	assert_near(low, 998040.98, 0.05);
	assert_near(high, 1001961.91, 0.05);
	outcomes[0].alarms = 6;
	outcomes[0].suspended = 12;
	outcomes[1].alarms = 4;
	outcomes[1].suspended = 8;
	f = score_figures(outcomes, 2, 1, 0);
	assert_near(f.per_1000, 20, 1e-9);
	assert_near(f.low, 2 * 4.7954, 1e-3);
	assert_near(f.high, 2 * 18.3904, 1e-3);
	outcomes[0].attacks = attacks;
	outcomes[0].attack_count = 3;
	outcomes[1].attacks = &attacks[3];
	outcomes[1].attack_count = 1;
	f = score_figures(outcomes, 2, 1, 0);
	assert_near(f.recall, 0.5, 1e-9); /* 4000 minutes are more than 48 hours */
	assert_near(f.caught, 0.75, 1e-9);
	assert_near(f.out_median, 0.65, 1e-9);
	assert_near(f.out_mean, 0.6, 1e-9);
	assert_near(f.exposed, 35, 1e-9);
	assert_near(f.delay_minutes, 2003, 1e-9);
}

static void
threads_change_nothing(void **context)
{
	struct score_fleet fleets[] = { fleet("wake", 64, 3), fleet("blast", 64, 4), fleet("ugly", 40, 5) };
	struct score_entry entries[] = { { &score_ours, 1000, 1 }, { &baseline_rates[0], 1, 5 } };
	struct score_outcome *all = calloc(6, sizeof *all);
	struct score_figures few[2];

	(void)context;
	assert_non_null(all);
	score_run(fleets, 3, entries, 2, all, false);
	for (size_t i = 0; i < 6; i++) {
		struct score_figures alone = figures_of(fleets[i / 2], entries[i % 2]);
		struct score_figures f = score_figures(&all[i / 2 * 2], 1, 2, i % 2);

		assert_memory_equal(&f, &alone, sizeof f);
	}
	figures_of_all(fleets[0], entries, 2, few); /* fewer fleets than threads */
	for (size_t i = 0; i < 2; i++) {
		struct score_figures f = score_figures(all, 1, 2, i);

		assert_memory_equal(&f, &few[i], sizeof f);
	}
	score_outcomes_free(all, 6);
}

static void
the_scale_of_the_limits_is_heeded(void **context)
{
	enum { USUAL, ZERO, TENTH, DEAF, COUNT };
	static const struct score_entry entries[COUNT] = {
		[USUAL] = { &score_ours, 100, 1 },
		[ZERO] = { &score_ours, 100, 0 },
		[TENTH] = { &score_ours, 10, 0.1 },
		[DEAF] = { &score_ours, 100, 1e250 },
	};
	struct score_figures f[COUNT];

	(void)context;
	figures_of_all(fleet("blast", 64, 6), entries, COUNT, f);
	assert_true(f[USUAL].attacks >= 1 && f[USUAL].recall >= 1);
	assert_memory_equal(&f[ZERO], &f[USUAL], sizeof f[0]);
	assert_near(f[TENTH].out_mean, f[USUAL].out_mean, 1e-9);
	assert_true(f[DEAF].caught <= 0 && f[DEAF].alarms == 0);
}

/* With limits that honest mail seldom reaches each baseline sees a bought list; the fixed thresholds only want complaints. */
static void
baselines_see_a_blast(void **context)
{
	size_t rates = baseline_rate_count, count = 2 * rates + 1;
	struct score_entry *entries = calloc(count, sizeof *entries);
	struct score_figures *f = calloc(count, sizeof *f);

	(void)context;
	assert_true(entries != NULL && f != NULL);
	for (size_t i = 0; i < rates; i++) {
		entries[i] = (struct score_entry){ &baseline_rates[i], 10, 25 };
		entries[rates + i] = (struct score_entry){ &baseline_rates[i], 10, 1e12 };
	}
	entries[2 * rates] = (struct score_entry){ &baseline_fixed, 10, 1 };
	figures_of_all(fleet("blast", 64, 7), entries, count, f);
	for (size_t i = 0; i < rates; i++) {
		assert_true(f[i].recall >= 1 && f[i].delay_minutes < 240);
		assert_true(f[rates + i].caught <= 0 && f[rates + i].alarms == 0);
	}
	assert_true(f[2 * rates].recall > 0.5);
	free(entries);
	free(f);
}

/* Takeovers that nobody knows of count as honest: to catch one is a false alarm, and the rest of the fleet is as it was. */
static void
a_hidden_takeover_counts_as_honest(void **context)
{
	struct score_fleet fleets[] = { fleet("honest", 80, 9), fleet("honest", 80, 9) };
	struct score_outcome *outcomes = calloc(countof(fleets), sizeof *outcomes);
	struct score_figures clean, taken;

	(void)context;
	assert_non_null(outcomes);
	fleets[1].taken = 1;
	score_run(fleets, countof(fleets), &(struct score_entry){ &score_ours, 10, 1 }, 1, outcomes, false);
	clean = score_figures(&outcomes[0], 1, 1, 0);
	taken = score_figures(&outcomes[1], 1, 1, 0);
	score_outcomes_free(outcomes, countof(fleets));
	assert_int_equal(taken.attacks, 0);
	assert_true(taken.alarms > clean.alarms);
	assert_near(taken.source_years, clean.source_years, 1e-9);
}

/* One who is told the truth sees what can be seen at once, says nothing of honest mail, and a budget of nothing binds its tongue. */
static void
the_oracle_sees_a_blast(void **context)
{
	enum { OURS, SEEN, BOUND, COUNT };
	static const struct score_entry entries[COUNT] = {
		[OURS] = { &score_ours, 10, 1 },
		[SEEN] = { &oracle, 10, 1 },
		[BOUND] = { &oracle, 1e-300, 1 },
	};
	struct score_figures f[COUNT];

	(void)context;
	figures_of_all(fleet("blast", 64, 7), entries, COUNT, f);
	assert_true(f[SEEN].recall >= 1 && f[SEEN].alarms == 0 && f[SEEN].out_mean < 0.02);
	assert_true(f[SEEN].out_mean <= f[OURS].out_mean);
	assert_true(f[BOUND].caught <= 0);
	assert_int_equal(
	    figures_of(fleet("honest", DAYS, 7), (struct score_entry){ &oracle, 1000, 1 }).alarms, 0);
}

static int
score(const char *scenario, const char *one, const char *other, const char *step)
{
	char *argv[] = { (char *)"vouch",
			 (char *)"sim",
			 (char *)"score",
			 (char *)"--scenario",
			 (char *)scenario,
			 (char *)"--systems=2",
			 (char *)"--json",
			 (char *)one,
			 (char *)other,
			 (char *)step,
			 NULL };

	return vouch_main((int)countof(argv) - 1, argv);
}

static void
the_verb_refuses_what_it_cannot_score(void **context)
{
	(void)context;
	assert_int_equal(score("honest,boutique", "--budget=100,1", "--days=64", "--step=60"), 0);
	assert_int_not_equal(score("demo", "--budget=10", "--seed=1", "--step=60"), 0);
	assert_int_not_equal(score("honest", "--budget=10,x", "--seed=1", "--step=60"), 0);
	assert_int_not_equal(score("honest", "--budget=0", "--seed=1", "--step=60"), 0);
	assert_int_not_equal(score("honest", "--days=30", "--seed=1", "--step=60"), 0);
	assert_int_not_equal(score("blast", "--days=63", "--seed=1", "--step=60"), 0);
	assert_int_not_equal(score("blast", "--step=7", "--seed=1", "--seeds=1"), 0);
	assert_int_not_equal(score("blast", "--seeds=0", "--seed=1", "--step=60"), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_false_alarm_counts_the_sources_it_suspends_once_per_rise),
		cmocka_unit_test(an_alarm_of_a_member_is_one_of_its_systems_that_show_something_if_two_do),
		cmocka_unit_test(the_limit_is_the_lowest_that_keeps_the_budget),
		cmocka_unit_test(a_takeover_is_caught_at_once_or_never),
		cmocka_unit_test(intervals_are_exact),
		cmocka_unit_test(threads_change_nothing),
		cmocka_unit_test(the_scale_of_the_limits_is_heeded),
		cmocka_unit_test(baselines_see_a_blast),
		cmocka_unit_test(a_hidden_takeover_counts_as_honest),
		cmocka_unit_test(the_oracle_sees_a_blast),
		cmocka_unit_test(the_verb_refuses_what_it_cannot_score),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
