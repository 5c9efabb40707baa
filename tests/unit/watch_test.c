/* How near to an alarm a unit is: the levels of the table, and that a real unit passes them on its way to an alarm. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "detect/watch.h"

#define HOUR INT64_C(3600000)

static struct detect_view
view_of(double robust_left, double bayes_left)
{
	return (struct detect_view){
		.limit_nats = { [VOICE_ROBUST] = 6.7, [VOICE_BAYES] = 5.3 },
		.evidence_nats = { [VOICE_ROBUST] = 6.7 - robust_left, [VOICE_BAYES] = 5.3 - bayes_left },
		.witness_limit_nats = 8.3,
		.witness_nats = -69, /* nobody spoke */
	};
}

static enum detect_watch
level(double robust_left, double bayes_left)
{
	struct detect_view v = view_of(robust_left, bayes_left);

	return detect_watch_of(&v);
}

static void
the_nearer_voice_gives_the_level(void **state)
{
	(void)state;
	assert_int_equal(level(70, 12), DETECT_WATCH_CALM);
	assert_int_equal(level(4.7, 4.7), DETECT_WATCH_CALM);
	assert_int_equal(level(9, 4.5), DETECT_WATCH_WATCHED);
	assert_int_equal(level(4.5, 9), DETECT_WATCH_WATCHED);
	assert_int_equal(level(2.4, 9), DETECT_WATCH_WATCHED);
	assert_int_equal(level(2.2, 9), DETECT_WATCH_NEAR);
	assert_int_equal(level(9, 0), DETECT_WATCH_NEAR);
}

static void
what_is_left_is_never_below_zero(void **state)
{
	struct detect_view v = view_of(3, 2);

	(void)state;
	assert_true(detect_nats_left(&v) > 1.99 && detect_nats_left(&v) < 2.01);
	v = view_of(-5, 2);
	assert_true(detect_nats_left(&v) <= 0 && detect_nats_left(&v) >= 0);
}

static void
what_witnesses_say_gives_the_level_too(void **state)
{
	struct detect_view v = view_of(70, 12);

	(void)state;
	assert_int_equal(detect_watch_of(&v), DETECT_WATCH_CALM);
	v.witness_nats = v.witness_limit_nats - 4.5;
	assert_int_equal(detect_watch_of(&v), DETECT_WATCH_WATCHED);
	v.witness_nats = v.witness_limit_nats - 2.2;
	assert_int_equal(detect_watch_of(&v), DETECT_WATCH_NEAR);
	assert_true(detect_nats_left(&v) > 2.19 && detect_nats_left(&v) < 2.21);
}

struct seen {
	uint32_t alarms, judged;
	bool levels[DETECT_WATCH_COUNT];
};

static void
on_alarm(void *context, const struct alarm *alarm)
{
	struct seen *seen = context;

	(void)alarm;
	seen->alarms++;
}

static void
hour(struct detect *d, int64_t at_ms, uint32_t mail, uint32_t unknown)
{
	detect_observe(d, 0, &(struct detect_fact){ SIGNAL_DELIVERED, mail, { at_ms }, { at_ms }, 1, 0 });
	if (unknown > 0) {
		detect_observe(
		    d, 0, &(struct detect_fact){ SIGNAL_UNKNOWN_USER, unknown, { at_ms }, { at_ms }, 2, 0 });
	}
	detect_tick(d, (struct instant){ at_ms + HOUR });
}

static void
note(const struct detect *d, struct seen *seen)
{
	struct detect_view v;

	detect_unit_view(d, 0, &v);
	seen->levels[detect_watch_of(&v)] = true;
}

static void
an_honest_month_is_calm_and_a_slow_takeover_is_near_before_it_is_an_alarm(void **state)
{
	struct seen seen = { 0 };
	struct detect *d = detect_open(&(struct detect_params){ .budget = 10 }, on_alarm, &seen);
	int64_t at_ms = INT64_C(1767225600000);

	(void)state;
	assert_int_equal(detect_unit_add(d, UNIT_SOURCE), 0);
	for (int i = 0; i < 30 * 24; i++, at_ms += HOUR) {
		hour(d, at_ms, 1000, 4);
		note(d, &seen);
	}
	assert_false(seen.levels[DETECT_WATCH_WATCHED] || seen.levels[DETECT_WATCH_NEAR]);
	for (uint32_t i = 0; i < 200 && seen.alarms == 0; i++, at_ms += HOUR) {
		hour(d, at_ms, 1000, 4 + i * 2);
		if (seen.alarms == 0) {
			note(d, &seen);
		}
	}
	assert_int_equal(seen.alarms, 1);
	assert_true(seen.levels[DETECT_WATCH_WATCHED]);
	note(d, &(struct seen){ 0 });
	detect_close(d);
}

static void
on_judged(void *context, uint32_t unit)
{
	((struct seen *)context)->judged += unit == 0;
}

/* Each of three, of whom one may lie, speaks of four complaints an hour; it is judged when the mail is known. */
static void
what_witnesses_agree_on_is_near_before_it_is_an_alarm(void **state)
{
	struct seen seen = { 0 };
	struct detect *d = detect_open(&(struct detect_params){ .budget = 10, .liars = 1 }, on_alarm, &seen);
	int64_t at_ms = INT64_C(1767225600000);
	uint32_t judged_before;

	(void)state;
	detect_watch_judged(d, on_judged);
	assert_int_equal(detect_unit_add(d, UNIT_SOURCE), 0);
	for (int i = 0; i < 30 * 24; i++, at_ms += HOUR) {
		hour(d, at_ms, 1000, 4);
		note(d, &seen);
	}
	for (uint32_t w = 3; w > 0; w--) {
		detect_witness_set(d, w - 1, true);
	}
	note(d, &seen);
	assert_false(seen.levels[DETECT_WATCH_WATCHED] || seen.levels[DETECT_WATCH_NEAR]);
	judged_before = seen.judged;
	for (int i = 0; i < 20 && seen.alarms == 0; i++, at_ms += HOUR) {
		for (uint32_t w = 0; w < 3; w++) {
			struct detect_fact fact = { SIGNAL_COMPLAINT,          4, { at_ms },
						    { DETECT_MAILED_UNKNOWN }, 3, 0 };

			detect_hear(d, 0, w, &fact, (struct instant){ at_ms });
		}
		hour(d, at_ms, 1000, 4);
		if (seen.alarms == 0) {
			note(d, &seen);
		}
	}
	assert_int_equal(seen.alarms, 1);
	assert_true(seen.levels[DETECT_WATCH_WATCHED] && seen.levels[DETECT_WATCH_NEAR]);
	assert_true(seen.judged > judged_before);
	seen = (struct seen){ 0 };
	note(d, &seen);
	assert_true(seen.levels[DETECT_WATCH_CALM]);
	detect_close(d);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_nearer_voice_gives_the_level),
		cmocka_unit_test(what_is_left_is_never_below_zero),
		cmocka_unit_test(what_witnesses_say_gives_the_level_too),
		cmocka_unit_test(an_honest_month_is_calm_and_a_slow_takeover_is_near_before_it_is_an_alarm),
		cmocka_unit_test(what_witnesses_agree_on_is_near_before_it_is_an_alarm),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
