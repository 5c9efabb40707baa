/* Threat moves start weight between units: all of it is never more than their time, and who is under threat gets more. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "model/threat.h"
#include "unit/detect_feed.h"

#define UNITS 20U

/* A fleet, its clock in hours, and the start weight that each unit was given. */
struct world {
	struct detect *d;
	int64_t hour;
	int64_t start_ms[UNITS]; /* of its latest cohort */
	double given[UNITS], last[UNITS];
	uint32_t random;
};

static void
on_alarm(void *context, const struct alarm *alarm)
{
	(void)context;
	(void)alarm;
}

static struct instant
now_of(const struct world *w)
{
	return (struct instant){ FEED_START + w->hour * 3600000 };
}

static void
open_world(struct world *w, uint32_t seed)
{
	*w = (struct world){ .random = seed };
	w->d = detect_open(&(struct detect_params){ .budget = 10 }, on_alarm, w);
	for (uint32_t i = 0; i < UNITS; i++) {
		(void)detect_unit_add(w->d, i % 2 == 0 ? UNIT_SOURCE : UNIT_SYSTEM);
	}
}

static uint32_t
dice(struct world *w, uint32_t sides)
{
	w->random = w->random * 1664525U + 1013904223U;
	return (w->random >> 8) % sides;
}

/* What the cohorts that began since the last call were given. An hour begins at most one. */
static void
note_weights(struct world *w)
{
	for (uint32_t i = 0; i < UNITS; i++) {
		struct unit *u = &w->d->units[i];
		const struct cohort *c = u->cohort_count > 0 ? detect_cohort(u, u->cohort_count - 1U) : NULL;

		if (c != NULL && c->start_ms != w->start_ms[i]) {
			w->start_ms[i] = c->start_ms;
			w->last[i] = (double)c->n.weight;
			w->given[i] += (double)c->n.weight;
		}
	}
}

/* Mail of an hour for all: the same trickle, and each tenth hour a campaign. */
static void
go_on(struct world *w, int64_t hours)
{
	for (int64_t end = w->hour + hours; w->hour < end; w->hour++) {
		for (uint32_t i = 0; i < UNITS; i++) {
			uint32_t mail = w->hour % 10 == 9 ? 20000 : 500;

			detect_observe(
			    w->d, i,
			    &(struct detect_fact){ SIGNAL_DELIVERED, mail, now_of(w), now_of(w), 1, 0 });
		}
		for (int minute = 0; minute < 60; minute += 5) {
			detect_tick(w->d, (struct instant){ now_of(w).ms + minute * MINUTE });
			note_weights(w);
		}
	}
}

static void
threaten(struct world *w, uint32_t unit, double factor, int64_t hours)
{
	detect_threaten(w->d, unit, factor, now_of(w), (struct instant){ now_of(w).ms + hours * 3600000 });
}

static double
sum_given(const struct world *w)
{
	double sum = w->d->threat_bank;

	for (uint32_t i = 0; i < UNITS; i++) {
		sum += w->given[i] + (double)w->d->units[i].n.bank;
	}
	return sum;
}

static void
all_weight_is_never_more_than_the_time(void **state)
{
	double years;

	(void)state;
	for (uint32_t seed = 1; seed <= 5; seed++) {
		struct world w;

		open_world(&w, seed);
		for (int i = 0; i < 120; i++) {
			go_on(&w, 24);
			threaten(&w, dice(&w, UNITS), 1 + dice(&w, 100), 1 + dice(&w, 400));
			assert_true(w.d->threat_bank >= 0);
		}
		years = (double)w.hour / 24 / 365.25 * UNITS;
		assert_true(sum_given(&w) <= years * (1 + 1e-5));
		/* and it is not lost: but for what young units are not given */
		assert_true(sum_given(&w) > 0.7 * years);
		detect_close(w.d);
	}
}

static void
who_is_under_threat_gets_more_until_it_is_over(void **state)
{
	struct world w;
	double calm;

	(void)state;
	open_world(&w, 1);
	go_on(&w, 60 * 24);
	calm = w.last[1];
	assert_true(calm > 0 && fabs(w.last[0] / calm - 1) < 1e-3);
	threaten(&w, 0, 10, 30);
	go_on(&w, 20);
	assert_true(w.last[0] > 8 * w.last[1] && w.last[0] < 10.5 * w.last[1]);
	assert_true(fabs(w.last[1] / calm - 1) < 0.2); /* the others have what they had */
	go_on(&w, 120);                                /* what waits of it is spent burst by burst */
	assert_true(fabs(w.last[0] / w.last[1] - 1) < 0.2);
	detect_close(w.d);
}

/* Sums of what each unit was given by the end of each of 30 days, unit 0 under a threat of this factor, then of the second. */
static void
given_under(double factor, double then, double others, double sums[30][UNITS])
{
	struct world w;

	open_world(&w, 1);
	go_on(&w, 60 * 24);
	for (uint32_t i = 1; i < UNITS && others > 1; i++) {
		threaten(&w, i, others, 500);
	}
	threaten(&w, 0, factor, 500);
	for (int day = 0; day < 30; day++) {
		if (day == 10) {
			threaten(&w, 0, then, 260);
		}
		go_on(&w, 24);
		for (uint32_t i = 0; i < UNITS; i++) {
			sums[day][i] = w.given[i];
		}
	}
	detect_close(w.d);
}

/*
 * By the end of no day less than a weaker threat: a stronger one may spend the bank sooner, and get less of what comes later. Alone and
 * beside others that want the same bank.
 */
static void
a_stronger_threat_never_gives_less(void **state)
{
	static const struct {
		double factor, then;
	} rising[] = { { 1, 1 },   { 2, 2 },   { 3, 3 },   { 3, 10 },
		       { 10, 10 }, { 10, 30 }, { 30, 30 }, { 100, 100 } };
	static const double others[] = { 1, 5 };

	(void)state;
	for (size_t o = 0; o < countof(others); o++) {
		double before[30][UNITS] = { { 0 } }, now[30][UNITS], least = 0;

		for (size_t i = 0; i < countof(rising); i++) {
			given_under(rising[i].factor, rising[i].then, others[o], now);
			for (int day = 0; day < 30; day++) {
				if (!(now[day][0] >= before[day][0] * (1 - 1e-5))) {
					fail_msg("day %d, %.0f then %.0f beside %.0f: %g years, less than %g",
						 day, rising[i].factor, rising[i].then, others[o],
						 now[day][0], before[day][0]);
				}
			}
			least = i == 0 ? now[29][0] : least;
			memcpy(before, now, sizeof before);
		}
		assert_true(now[29][0] > 1.2 * least);
	}
}

/* With nothing saved yet, or all spent, a threat changes nothing. */
static void
an_empty_bank_gives_nothing(void **state)
{
	struct world w;

	(void)state;
	open_world(&w, 1);
	go_on(&w, 60 * 24);
	w.d->threat_bank = 0;
	for (uint32_t i = 0; i < UNITS; i++) {
		threaten(&w, i, 100, 240);
	}
	go_on(&w, 200);
	assert_true(sum_given(&w) <= (double)w.hour / 24 / 365.25 * UNITS);
	assert_true(w.d->threat_bank < 1e-3);
	detect_close(w.d);
}

static void
a_weaker_threat_does_not_end_a_stronger_one(void **state)
{
	struct detect_view v;
	struct world w;

	(void)state;
	open_world(&w, 1);
	go_on(&w, 60 * 24);
	threaten(&w, 3, 10, 100);
	threaten(&w, 3, 3, 500);
	go_on(&w, 1);
	detect_unit_view(w.d, 3, &v);
	assert_true(v.threat > 9.9 && v.threat < 10.1);
	threaten(&w, 3, 10, 20); /* the same again, shorter */
	go_on(&w, 50);
	detect_unit_view(w.d, 3, &v);
	assert_true(v.threat > 9.9);
	go_on(&w, 60);
	detect_unit_view(w.d, 3, &v);
	assert_true(v.threat < 1.1);
	detect_close(w.d);
}

static void
look(struct world *w, uint32_t system, uint64_t cluster, uint64_t link, uint32_t flags)
{
	detect_look(w->d, &(struct detect_look){ .system = system,
						 .source = DETECT_NO_UNIT,
						 .member = system,
						 .flags = LOOK_DECLARES | LOOK_FROM_DECLARED | flags,
						 .cluster = cluster,
						 .link = link,
						 .from = 5,
						 .at = now_of(w),
						 .seq = 9 });
}

/* The template of a takeover came from another system too, and from no third. */
static void
systems_with_the_same_template_are_linked(void **state)
{
	struct detect_view v;
	struct world w;

	(void)state;
	open_world(&w, 1);
	go_on(&w, 60 * 24);
	for (uint32_t i = 1; i < UNITS; i += 2) {
		look(&w, i, 100 + i, 7, LOOK_LINK_DECLARED);
	}
	look(&w, 1, 4711, 99, LOOK_LURE);
	look(&w, 5, 4711, 99, LOOK_LURE);
	detect_threaten_linked(w.d, 1, 10, now_of(&w), (struct instant){ now_of(&w).ms + SPAN_DAY.ms });
	for (uint32_t i = 0; i < UNITS; i++) {
		detect_unit_view(w.d, i, &v);
		assert_true(i == 5 ? v.threat > 9.9 : v.threat < 1.1);
	}
	detect_close(w.d);
}

static void
people_name_a_threat_of_the_table(void **state)
{
	struct fault fault;
	enum threat t;

	(void)state;
	assert_int_equal(threat_parse(TEXT("exposure"), &t, &fault), RESULT_OK);
	assert_int_equal(t, THREAT_EXPOSURE);
	/* follows from a verdict only */
	assert_int_equal(threat_parse(TEXT("sibling"), &t, &fault), RESULT_BAD_INPUT);
	for (t = 0; t < THREAT_COUNT; t++) {
		assert_true(threat_factor(t) > 1 && threat_factor(t) <= DETECT_THREAT_MAX);
		assert_true(threat_span(t).ms >= SPAN_DAY.ms && threat_name(t)[0] != '\0');
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_weight_is_never_more_than_the_time),
		cmocka_unit_test(who_is_under_threat_gets_more_until_it_is_over),
		cmocka_unit_test(a_stronger_threat_never_gives_less),
		cmocka_unit_test(an_empty_bank_gives_nothing),
		cmocka_unit_test(a_weaker_threat_does_not_end_a_stronger_one),
		cmocka_unit_test(systems_with_the_same_template_are_linked),
		cmocka_unit_test(people_name_a_threat_of_the_table),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
