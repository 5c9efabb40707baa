/* When a receiver samples otherwise from one day on, all its senders are complained about more: that is a takeover of none of them. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "unit/detect_feed.h"

#define UNITS  40U
#define KNOWN  (50 * 24) /* hours of usual mail before */
#define LATER  (15 * 24)
#define MAIL   3000U
#define USUAL  1.5 /* complaints an hour */
#define HIGHER 5.0 /* times */

struct world {
	struct detect *d;
	int64_t hour;
	uint64_t random;
	uint32_t alarms[UNITS];
};

static void
on_alarm(void *context, const struct alarm *alarm)
{
	struct world *w = context;

	w->alarms[alarm->unit]++;
}

/* A whole number that is `mean` on average. */
static uint32_t
draw(struct world *w, double mean)
{
	w->random = w->random * 6364136223846793005U + 1442695040888963407U;
	return (uint32_t)(mean + (double)(w->random >> 40) / (1 << 24));
}

static void
tell(struct world *w, uint32_t unit, enum signal signal, uint32_t count)
{
	struct instant at = { FEED_START + w->hour * 3600000 };

	if (count > 0) {
		detect_observe(w->d, unit, &(struct detect_fact){ signal, count, at, at, 1, 0 });
	}
}

/* Each unit's complaints are those of all, times its own factor. */
static void
go_on(struct world *w, int64_t hours, double all, uint32_t odd, double odd_times)
{
	for (int64_t end = w->hour + hours; w->hour < end; w->hour++) {
		for (uint32_t i = 0; i < UNITS; i++) {
			tell(w, i, SIGNAL_DELIVERED, MAIL);
			tell(w, i, SIGNAL_COMPLAINT, draw(w, USUAL * all * (i == odd ? odd_times : 1)));
		}
		for (int minute = 0; minute < 60; minute += 5) {
			detect_tick(w->d,
				    (struct instant){ FEED_START + w->hour * 3600000 + minute * MINUTE });
		}
	}
}

static void
open_world(struct world *w)
{
	*w = (struct world){ .random = 1 };
	w->d = detect_open(&(struct detect_params){ .budget = 10 }, on_alarm, w);
	for (uint32_t i = 0; i < UNITS; i++) {
		(void)detect_unit_add(w->d, UNIT_SYSTEM);
	}
	go_on(w, KNOWN, 1, 0, 1);
}

static uint32_t
alarms_of(const struct world *w)
{
	uint32_t sum = 0;

	for (uint32_t i = 0; i < UNITS; i++) {
		sum += w->alarms[i];
	}
	return sum;
}

static void
what_all_have_more_of_is_nothing_of_one(void **state)
{
	struct world w;

	(void)state;
	open_world(&w);
	assert_int_equal(alarms_of(&w), 0);
	go_on(&w, LATER, HIGHER, 0, 1);
	assert_int_equal(alarms_of(&w), 0);
	detect_close(w.d);
}

static void
what_one_has_more_of_is_an_alarm_and_moves_no_other(void **state)
{
	struct world w;

	(void)state;
	open_world(&w);
	go_on(&w, LATER, 1, 7, 4 * HIGHER);
	assert_true(w.alarms[7] > 0);
	assert_int_equal(alarms_of(&w), w.alarms[7]);
	detect_close(w.d);
}

/* Else all the others would be suspected in the minute in which it ends. */
static void
a_huge_campaign_that_nobody_complains_about_moves_no_other(void **state)
{
	struct world w;

	(void)state;
	open_world(&w);
	go_on(&w, 3 * 24, HIGHER, 0, 1);
	tell(&w, 7, SIGNAL_DELIVERED, 20000000);
	go_on(&w, 24, HIGHER, 7, 0);
	assert_int_equal(alarms_of(&w), 0);
	detect_close(w.d);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_all_have_more_of_is_nothing_of_one),
		cmocka_unit_test(what_one_has_more_of_is_an_alarm_and_moves_no_other),
		cmocka_unit_test(a_huge_campaign_that_nobody_complains_about_moves_no_other),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
