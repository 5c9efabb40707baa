/* The clock of a feed is learnt from what its reports are about, and what it states is read by it. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "unit/detect_feed.h"

#define SYSTEMS  12U
#define TRICKLE  300U    /* messages an hour */
#define CAMPAIGN 300000U /* once a day, in two hours */
#define RATE     0.001
#define RIGHT    1U /* feeds */
#define WRONG    2U
#define LIAR     3U

struct world {
	struct detect *d;
	int64_t minute;
	int64_t behind; /* minutes, of the clock of WRONG */
	uint32_t feed;  /* as which it reports: WRONG, or 0 */
	uint64_t random;
	uint32_t alarms;
};

static void
on_alarm(void *context, const struct alarm *alarm)
{
	(void)alarm;
	((struct world *)context)->alarms++;
}

static double
dice(struct world *w)
{
	w->random = w->random * 6364136223846793005U + 1442695040888963407U;
	return (double)(w->random >> 40) / (1 << 24);
}

/* Ten minutes of mail of a system: its campaign begins at an hour of its own. */
static uint32_t
mail_of(uint32_t system, int64_t minute)
{
	int64_t hour = minute / 60 % 24, starts = (5 + 7 * (int64_t)system) % 24;

	return TRICKLE / 6 + (hour == starts || hour == (starts + 1) % 24 ? CAMPAIGN / 12 : 0);
}

static void
tell(struct world *w, uint32_t system, enum signal signal, uint32_t count, int64_t mailed, uint32_t feed)
{
	int64_t at = mailed < w->minute ? mailed : w->minute;

	detect_observe(w->d, system,
		       &(struct detect_fact){ signal, count, minute_at(at), minute_at(mailed), 1, feed });
}

/* Of the mail of these ten minutes, an hour and a half later. Half of the complaints come through each feed. */
static void
complain(struct world *w, uint32_t system, int64_t minute)
{
	uint32_t count = (uint32_t)(mail_of(system, minute) * RATE + dice(w));

	for (uint32_t i = 0; i < count; i++) {
		int64_t mailed = minute + (int64_t)(dice(w) * 10);

		if (dice(w) < 0.5) {
			tell(w, system, SIGNAL_COMPLAINT, 1, mailed, RIGHT);
		} else {
			tell(w, system, SIGNAL_COMPLAINT, 1, mailed - w->behind, w->feed);
		}
	}
}

static void
go_on(struct world *w, int64_t hours)
{
	for (int64_t end = w->minute + hours * 60; w->minute < end; w->minute += 10) {
		for (uint32_t i = 0; i < SYSTEMS; i++) {
			tell(w, i, SIGNAL_DELIVERED, mail_of(i, w->minute), w->minute, 0);
			if (w->minute >= 90) {
				complain(w, i, w->minute - 90);
			}
		}
		for (int64_t m = 1; m <= 10; m++) {
			detect_tick(w->d, minute_at(w->minute + m));
		}
	}
}

static void
open_world(struct world *w, int64_t behind, uint32_t feed)
{
	*w = (struct world){ .behind = behind, .feed = feed, .random = 1 };
	w->d = detect_open(&(struct detect_params){ .budget = 10 }, on_alarm, w);
	for (uint32_t i = 0; i < SYSTEMS; i++) {
		(void)detect_unit_add(w->d, UNIT_SYSTEM);
	}
	detect_feeds(w->d, 3);
}

static void
a_clock_is_learnt_to_the_half_hour(void **state)
{
	const int64_t behind[] = { 0, 60, 300, 690, -90 };

	(void)state;
	for (size_t i = 0; i < countof(behind); i++) {
		struct world w;

		open_world(&w, behind[i], WRONG);
		go_on(&w, 20 * 24);
		assert_int_equal(detect_feed_behind(w.d, WRONG), behind[i]);
		assert_int_equal(detect_feed_behind(w.d, RIGHT), 0);
		detect_close(w.d);
	}
}

static void
a_clock_that_is_put_right_is_noticed(void **state)
{
	struct world w;

	(void)state;
	open_world(&w, 60, WRONG);
	go_on(&w, 20 * 24);
	w.behind = 0;
	go_on(&w, 5 * 24);
	assert_int_equal(detect_feed_behind(w.d, WRONG), 0);
	detect_close(w.d);
}

/* Without, campaigns bring complaints about the trickle before them. */
static void
a_clock_that_goes_wrong_is_no_takeover(void **state)
{
	struct world learnt, believed;

	(void)state;
	open_world(&learnt, 0, WRONG);
	open_world(&believed, 0, 0);
	go_on(&learnt, 40 * 24);
	go_on(&believed, 40 * 24);
	learnt.behind = believed.behind = 300;
	go_on(&learnt, 3 * 24);
	go_on(&believed, 3 * 24);
	learnt.alarms = believed.alarms = 0;
	go_on(&learnt, 20 * 24);
	go_on(&believed, 20 * 24);
	assert_int_equal(learnt.alarms, 0);
	assert_true(believed.alarms > 0);
	detect_close(learnt.d);
	detect_close(believed.d);
}

/* Two thousand complaints about one system's trickle, each an hour before its campaign: a takeover, and no clock. */
static void
one_sender_moves_no_clock(void **state)
{
	struct world w;
	int64_t campaign;

	(void)state;
	open_world(&w, 0, WRONG);
	go_on(&w, 20 * 24 + 8);
	campaign = w.minute - 3 * 60;
	for (int part = 0; part < 4; part++) {
		go_on(&w, 4);
		for (int i = 0; i < 500; i++) {
			tell(&w, 0, SIGNAL_COMPLAINT, 1, campaign - 60 + i % 60, LIAR);
		}
	}
	assert_true(w.alarms > 0);
	assert_int_equal(detect_feed_behind(w.d, LIAR), 0);
	detect_close(w.d);
}

static void
a_snapshot_keeps_the_clocks(void **state)
{
	struct world w, again;
	struct buffer one, two;
	struct wire r;

	(void)state;
	open_world(&w, 60, WRONG);
	go_on(&w, 20 * 24);
	buffer_init(&one, 1 << 24);
	buffer_init(&two, 1 << 24);
	detect_save(w.d, &one);
	again = w;
	again.d = detect_open(&(struct detect_params){ .budget = 10 }, on_alarm, &again);
	r = wire_of(one.p, one.n);
	assert_int_equal(detect_load(again.d, &r), RESULT_OK);
	assert_int_equal(detect_feed_behind(again.d, WRONG), 60);
	go_on(&w, 2 * 24);
	go_on(&again, 2 * 24);
	one.n = 0;
	detect_save(w.d, &one);
	detect_save(again.d, &two);
	assert_int_equal(one.n, two.n);
	assert_memory_equal(one.p, two.p, one.n);
	buffer_free(&one);
	buffer_free(&two);
	detect_close(w.d);
	detect_close(again.d);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_clock_is_learnt_to_the_half_hour),
		cmocka_unit_test(a_clock_that_is_put_right_is_noticed),
		cmocka_unit_test(a_clock_that_goes_wrong_is_no_takeover),
		cmocka_unit_test(one_sender_moves_no_clock),
		cmocka_unit_test(a_snapshot_keeps_the_clocks),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
