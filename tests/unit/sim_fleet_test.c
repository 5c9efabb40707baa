/* The simulated fleet: its composition, and its marginals beside published figures. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "sim_tally.h"

#include <stdlib.h>
#include <string.h>

static void
habits_have_the_shares_that_are_asked_for(void **context)
{
	static const double weights[][SIM_HABIT_COUNT] = { { 1, 1, 1, 1 }, { 0, 0, 3, 0 }, { 6, 0, 2, 0 } };
	enum { SYSTEMS = 2000 };

	(void)context;
	for (size_t i = 0; i < countof(weights); i++) {
		struct sim_params params = params_quiet(SYSTEMS, SYSTEMS, SYSTEMS, 1);
		uint32_t n, counts[SIM_HABIT_COUNT] = { 0 };
		const struct sim_system *systems;
		double sum = 0;
		struct sim *sim;

		memcpy(params.habits, weights[i], sizeof(params.habits));
		sim = sim_open(&params, 41);
		systems = sim_systems(sim, &n);
		for (uint32_t k = 0; k < n; k++) {
			counts[systems[k].habit]++;
		}
		for (size_t k = 0; k < SIM_HABIT_COUNT; k++) {
			sum += weights[i][k];
		}
		for (size_t k = 0; k < SIM_HABIT_COUNT; k++) {
			double expected = SYSTEMS * weights[i][k] / sum;

			if (fabs(counts[k] - expected) > 4 * sqrt(expected)) {
				fail_msg("%u systems are %s, not %g", counts[k],
					 sim_habit_name((enum sim_habit)k), expected);
			}
		}
		sim_close(sim);
	}
}

/* Delivered messages of each day and source. */
static double *
days_of(const struct sim_params *params, uint64_t seed, struct sim **sim)
{
	double *days = calloc((size_t)params->days * params->sources, sizeof(*days));
	struct sim_observation o;

	assert_non_null(days);
	*sim = sim_open(params, seed);
	while (sim_next(*sim, &o)) {
		if (o.signal == SIGNAL_DELIVERED && o.kind == SIM_FACT) {
			days[(o.at.ms - params->start.ms) / SPAN_DAY.ms * params->sources + o.source] +=
			    o.count;
		}
	}
	return days;
}

static void
a_move_takes_mail_from_the_old_sources_to_the_new(void **context)
{
	struct sim_params params = params_quiet(1, 1, 6, 90); /* five addresses and the domain that signs */
	double *days, old[3] = { 0 }, moved[3] = { 0 };
	const struct sim_event *events, *move = NULL;
	struct sim *sim;
	size_t count;

	(void)context;
	params.numbers.moves_per_year = 8;
	params.habits[SIM_HABIT_BURSTY] = params.habits[SIM_HABIT_NEWSLETTER] =
	    params.habits[SIM_HABIT_SEASONAL] = 0;
	days = days_of(&params, 45, &sim);
	events = sim_events(sim, &count);
	for (size_t i = 0; i < count; i++) {
		assert_true(move == NULL || events[i].kind != SIM_MOVE); /* at most one */
		move = events[i].kind == SIM_MOVE ? &events[i] : move;
	}
	assert_non_null(move);
	assert_between((double)(move->to.ms - move->from.ms), 4.9 * 86400000, 5.1 * 86400000);
	for (int64_t day = 0; day < params.days; day++) {
		int64_t at = params.start.ms + day * SPAN_DAY.ms;
		size_t when = at + SPAN_DAY.ms < move->from.ms ? 0 : at > move->to.ms ? 2 : 1;

		for (size_t i = 0; i < 5; i++) {
			*(i < 2 ? &old[when] : &moved[when]) += days[day * params.sources + (int64_t)i];
		}
	}
	assert_true(old[0] > 0 && moved[0] <= 0);
	assert_true(old[1] > 0 && moved[1] > 0);
	assert_true(old[2] <= 0 && moved[2] > 0);
	free(days);
	sim_close(sim);
}

/* Campaigns alone, of one habit: messages of each hour of the week, of each week and of each month. */
struct calendar {
	double hours[168], weeks[52], months[12], all;
};

static struct calendar
calendar_of(enum sim_habit habit, double campaigns)
{
	struct sim_params params = params_quiet(1, 1, 1, 364); /* a bank: 0.3 of the campaigns */
	struct calendar calendar = { .all = 0 };
	struct sim_observation o;
	struct sim *sim;

	memset(params.habits, 0, sizeof(params.habits));
	params.habits[habit] = 1;
	params.numbers.transactional_median = 1e-6;
	params.numbers.list_spread = params.numbers.campaigns_spread = 0;
	params.numbers.campaigns_median = campaigns / 0.3;
	sim = sim_open(&params, 46);
	while (sim_next(sim, &o)) {
		int64_t hour = (o.at.ms - params.start.ms) / SPAN_HOUR.ms;

		if (o.signal == SIGNAL_DELIVERED) {
			calendar.hours[hour % 168] += o.count;
			calendar.weeks[hour / 168] += o.count;
			calendar.months[hour * 12 / (364 * 24)] += o.count;
			calendar.all += o.count;
		}
	}
	sim_close(sim);
	return calendar;
}

/* The share of the largest `n` hours of the week. */
static double
share_of_top(struct calendar *c, size_t n)
{
	double sum = 0;

	for (size_t i = 0; i < n; i++) {
		size_t top = 0;

		for (size_t k = 1; k < countof(c->hours); k++) {
			top = c->hours[k] > c->hours[top] ? k : top;
		}
		sum += c->hours[top];
		c->hours[top] = 0;
	}
	return sum / c->all;
}

static double
ratio_of_months(const struct calendar *c)
{
	double low = c->months[0], high = c->months[0];

	for (size_t i = 1; i < countof(c->months); i++) {
		low = c->months[i] < low ? c->months[i] : low;
		high = c->months[i] > high ? c->months[i] : high;
	}
	return high / low;
}

static int
longest_silence_weeks(const struct calendar *c)
{
	int longest = 0, now = 0;

	for (size_t i = 0; i < countof(c->weeks); i++) {
		now = c->weeks[i] > 0 ? 0 : now + 1;
		longest = now > longest ? now : longest;
	}
	return longest;
}

static void
each_habit_has_its_calendar(void **context)
{
	struct calendar bursty = calendar_of(SIM_HABIT_BURSTY, 0.5),
			newsletter = calendar_of(SIM_HABIT_NEWSLETTER, 0.5),
			none = calendar_of(SIM_HABIT_TRANSACTIONAL, 0.5), often, season;

	(void)context;
	assert_true(none.all < 100);
	assert_true(longest_silence_weeks(&newsletter) <= 2);
	assert_true(longest_silence_weeks(&bursty) > 2);
	assert_between(share_of_top(&newsletter, 6), 0.85, 1);
	assert_between(share_of_top(&bursty, 6), 0.3, 0.7);
	often = calendar_of(SIM_HABIT_BURSTY, 20);
	season = calendar_of(SIM_HABIT_SEASONAL, 20);
	assert_true(ratio_of_months(&often) < 2);
	assert_true(ratio_of_months(&season) > 4); /* exp(2) between top and bottom, less over a month */
}

/* ---- the marginals of a year beside what is published; tolerances are wide, since figures are few */

enum { SYSTEMS = 200, WINDOWS = 12, WINDOW_DAYS = 30 };

struct window {
	double delivered, unknown, complaints, traps;
};

struct year {
	struct window windows[SYSTEMS][WINDOWS];
	struct moments hours[SYSTEMS]; /* messages per hour */
	bool campaigns[SYSTEMS];
	uint32_t imports;
};

static struct year year;

/* Closes the hours of all systems up to `hour`. */
static void
end_hours(double *sent, int64_t *from, int64_t hour)
{
	for (; *from < hour; ++*from) {
		for (size_t i = 0; i < SYSTEMS; i++) {
			moments_add(&year.hours[i], sent[i]);
			sent[i] = 0;
		}
	}
}

static int
simulate_year(void **context)
{
	struct sim_params params = params_named("honest");
	double sent[SYSTEMS] = { 0 };
	const struct sim_event *events;
	struct sim_observation o;
	int64_t from = 0;
	struct sim *sim;
	uint32_t n;
	size_t count;

	(void)context;
	params.members = params.systems = params.sources = SYSTEMS;
	params.days = WINDOWS * WINDOW_DAYS;
	params.surge_day = SIM_NONE;
	params.numbers.sampling = 0;
	sim = sim_open(&params, 47);
	while (sim_next(sim, &o)) {
		int64_t hour = (o.at.ms - params.start.ms) / SPAN_HOUR.ms;
		struct window *w = &year.windows[o.system][hour / 24 / WINDOW_DAYS];

		if (o.signal == SIGNAL_DELIVERED) {
			end_hours(sent, &from, hour);
			sent[o.system] += o.count;
			w->delivered += o.count;
		} else if (o.signal == SIGNAL_UNKNOWN_USER) {
			w->unknown += o.count;
		} else if (o.signal == SIGNAL_COMPLAINT) {
			w->complaints += o.count;
		} else if (o.signal != SIGNAL_TRAP_TYPO) {
			w->traps += o.count;
		}
	}
	for (size_t i = 0; i < SYSTEMS; i++) {
		year.campaigns[i] = sim_systems(sim, &n)[i].campaigns;
	}
	events = sim_events(sim, &count);
	for (size_t i = 0; i < count; i++) {
		year.imports += events[i].kind == SIM_IMPORT;
	}
	sim_close(sim);
	return 0;
}

/* One address in 30 days: 160,611 messages at three receivers, 200 complaints about them, no critical and no significant trap. */
static void
the_published_address_is_an_ordinary_one(void **context)
{
	double windows = 0, smaller = 0, better = 0, alike = 0, clean = 0;

	(void)context;
	for (size_t i = 0; i < SYSTEMS; i++) {
		for (size_t k = 0; k < WINDOWS; k++) {
			const struct window *w = &year.windows[i][k];

			windows++;
			smaller += w->delivered < 160611;
			better += w->complaints < w->delivered * 200 / 160611;
			alike += w->delivered > 80000 && w->delivered < 320000;
			clean += w->delivered > 80000 && w->delivered < 320000 && w->traps <= 0;
		}
	}
	assert_between(smaller / windows, 0.15, 0.85);
	assert_between(better / windows, 0.6, 0.98);
	assert_between(alike / windows, 0.15, 0.7);
	assert_between(clean / alike, 0.75, 1);
}

/* Programmes allow 0.2 % and look from 200 complaints on: certified senders break that now and then, not as a rule. */
static void
few_months_break_the_limit_of_a_programme(void **context)
{
	double windows = 0, broken = 0;

	(void)context;
	for (size_t i = 0; i < SYSTEMS; i++) {
		for (size_t k = 0; k < WINDOWS; k++) {
			const struct window *w = &year.windows[i][k];

			windows++;
			broken += w->complaints >= 200 && w->complaints > 0.002 * w->delivered;
		}
	}
	assert_between(broken / windows, 0.002, 0.08);
}

static int
order_doubles(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return x < y ? -1 : x > y;
}

static double
median(double *values, size_t count)
{
	assert_true(count > 0);
	qsort(values, count, sizeof(*values), order_doubles);
	return values[count / 2];
}

/* Senders of good standing: 0.2 % of their mail to unknown users in 2011, about 1 % in 2016. */
static void
unknown_users_are_those_of_senders_in_good_standing(void **context)
{
	double rates[SYSTEMS], delivered = 0, unknown = 0;

	(void)context;
	for (size_t i = 0; i < SYSTEMS; i++) {
		struct window all = { .delivered = 0 };

		for (size_t k = 0; k < WINDOWS; k++) {
			all.delivered += year.windows[i][k].delivered;
			all.unknown += year.windows[i][k].unknown;
		}
		rates[i] = all.unknown / (all.delivered + all.unknown);
		delivered += all.delivered;
		unknown += all.unknown;
	}
	assert_between(unknown / (delivered + unknown), 0.002, 0.012);
	assert_between(median(rates, SYSTEMS), 0.002, 0.01);
}

/*
 * Messages per hour of real senders are negative binomial with a shape of 0.003 to 0.033 (three public sets of people's mail).
 * Senders of campaigns are like that; their transactional mail makes them a little smoother. A Poisson count has no such shape.
 */
static void
mail_comes_in_bursts_as_real_mail_does(void **context)
{
	double shapes[SYSTEMS];
	size_t count = 0;

	(void)context;
	for (size_t i = 0; i < SYSTEMS; i++) {
		const struct moments *m = &year.hours[i];

		if (year.campaigns[i]) {
			shapes[count++] = m->mean * m->mean / (variance(m) - m->mean);
		}
	}
	assert_true(count > SYSTEMS / 2);
	assert_between(median(shapes, count), 0.003, 0.1);
}

/* About 0.8 a year over the fleet, the prototype's figure; a Poisson count of 158 has a deviation of 13. */
static void
bad_lists_are_imported_as_often_as_the_table_says(void **context)
{
	struct sim_params params = params_quiet(50, 50, 50, 100);
	const struct sim_event *events;
	struct sim_observation o;
	struct sim *sim;
	size_t count;

	(void)context;
	assert_between(year.imports / (SYSTEMS * WINDOWS * WINDOW_DAYS / 365.25), 0.6, 1.1);
	sim = sim_open(&params, 48);
	while (sim_next(sim, &o)) {
	}
	events = sim_events(sim, &count);
	for (size_t i = 0; i < count; i++) {
		assert_int_not_equal(events[i].kind, SIM_IMPORT);
	}
	sim_close(sim);
}

/* Adds `count` times the same. */
static void
moments_add_many(struct moments *m, double x, double count)
{
	double d = x - m->mean, n = m->n + count;

	m->m2 += d * d * m->n * count / n;
	m->mean += d * count / n;
	m->n = n;
}

/* Burstiness of what passes between messages, (deviation - mean) / (deviation + mean): 0.42 to 0.66 in the same sets. */
static void
times_between_messages_are_as_uneven_as_real_ones(void **context)
{
	enum { FEW = 40 };
	struct sim_params params = params_quiet(FEW, FEW, FEW, 28);
	double values[FEW];
	struct moments gaps[FEW] = { { .n = 0 } };
	struct sim_observation o;
	int64_t last[FEW] = { 0 };
	size_t count = 0;
	struct sim *sim;
	uint32_t n;

	(void)context;
	params.step = SPAN_MINUTE;
	sim = sim_open(&params, 49);
	while (sim_next(sim, &o)) {
		struct moments *m = &gaps[o.system];

		if (o.signal != SIGNAL_DELIVERED) {
			continue;
		}
		if (last[o.system] !=
		    0) { /* the first after a silence, the others evenly within their minute */
			moments_add(m, (double)(o.at.ms - last[o.system]));
			moments_add_many(m, 60000.0 / o.count, o.count - 1);
		}
		last[o.system] = o.at.ms;
	}
	for (size_t i = 0; i < FEW; i++) {
		if (sim_systems(sim, &n)[i].campaigns) {
			double deviation = sqrt(variance(&gaps[i]));

			values[count++] = (deviation - gaps[i].mean) / (deviation + gaps[i].mean);
		}
	}
	assert_between(median(values, count), 0.35, 0.95);
	sim_close(sim);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(habits_have_the_shares_that_are_asked_for),
		cmocka_unit_test(a_move_takes_mail_from_the_old_sources_to_the_new),
		cmocka_unit_test(each_habit_has_its_calendar),
		cmocka_unit_test(the_published_address_is_an_ordinary_one),
		cmocka_unit_test(few_months_break_the_limit_of_a_programme),
		cmocka_unit_test(unknown_users_are_those_of_senders_in_good_standing),
		cmocka_unit_test(mail_comes_in_bursts_as_real_mail_does),
		cmocka_unit_test(bad_lists_are_imported_as_often_as_the_table_says),
		cmocka_unit_test(times_between_messages_are_as_uneven_as_real_ones),
	};

	return cmocka_run_group_tests(tests, simulate_year, NULL);
}
