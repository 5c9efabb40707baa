/* Witnesses: what some of them say together suspends, and what no more of them than may lie say never does. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "unit/detect_feed.h"

#include <stdio.h>

#define PER_HOUR 2000U
#define HONEST   5U
#define ALL      8U

/* One system of one source; its volume comes each hour from somebody who is trusted. */
static void
begin(struct feed *f, uint32_t liars, uint32_t witnesses, uint64_t seed)
{
	*f = (struct feed){ .random = seed * 2654435761U + 88172645463325252U };
	f->d = detect_open(&(struct detect_params){ .budget = 10, .liars = liars }, feed_alarm, f);
	(void)detect_unit_add(f->d, UNIT_SOURCE);
	(void)detect_unit_add(f->d, UNIT_SYSTEM);
	for (uint32_t w = 0; w < witnesses; w++) {
		detect_witness_set(f->d, w, true);
	}
}

static void
say(struct feed *f, uint32_t witness, enum signal signal, uint32_t count)
{
	struct instant now = minute_at(f->minute);
	struct detect_fact fact = { signal, count, now, { DETECT_MAILED_UNKNOWN }, ++f->seq, 0 };

	for (uint32_t unit = 0; unit < 2 && count > 0; unit++) {
		detect_hear(f->d, unit, witness, &fact, now);
	}
}

static void
mail(struct feed *f, uint32_t count, int64_t at)
{
	struct detect_fact fact = { SIGNAL_DELIVERED, count, minute_at(at), minute_at(at), ++f->seq, 0 };

	detect_observe(f->d, 0, &fact);
	detect_observe(f->d, 1, &fact);
}

/* An hour's mail, and what honest witnesses say of it now and then. */
static void
usual_hour(struct feed *f)
{
	feed_until(f, f->minute + 60);
	mail(f, PER_HOUR, f->minute - 60);
	if (feed_dice(f, 24) == 0) {
		say(f, feed_dice(f, HONEST), SIGNAL_COMPLAINT, 1);
	}
}

static void
usual_days(struct feed *f, int days)
{
	for (int hour = 0; hour < 24 * days; hour++) {
		usual_hour(f);
	}
}

/* Ten minutes of a takeover: `complaints` are divided among the witnesses from..to-1. */
static void
stolen(struct feed *f, uint32_t from, uint32_t to, uint32_t complaints)
{
	feed_until(f, f->minute + 10);
	mail(f, 5000, f->minute - 10);
	for (uint32_t w = from; w < to; w++) {
		say(f, w, SIGNAL_COMPLAINT, complaints / (to - from));
	}
}

/* ---- what they say */

static void
what_independent_witnesses_agree_on_suspends(void **context)
{
	struct feed f;

	(void)context;
	begin(&f, 2, HONEST, 1);
	usual_days(&f, 14);
	assert_int_equal(f.alarm_count, 0);
	for (int i = 0; i < 6; i++) {
		stolen(&f, 0, HONEST, 40);
	}
	feed_until(&f, f.minute + 15);
	assert_true(f.alarm_count > 0);
	assert_int_equal(f.alarm.takeover, TAKEOVER_REPORTED);
	assert_true(f.alarm.evidence_nats >= f.alarm.limit_nats);
	assert_int_equal(f.alarm.report_count, HONEST - 2);
	assert_true(f.alarm.first_bad_seq > 0 && f.alarm.first_bad_seq <= f.alarm.reports[0]);
	for (uint32_t i = 1; i < f.alarm.report_count; i++) {
		assert_true(f.alarm.reports[i - 1] < f.alarm.reports[i]);
	}
	detect_close(f.d);
}

static void
no_two_liars_suspend_anyone(void **context)
{
	struct feed f;

	(void)context;
	begin(&f, 2, HONEST + 2, 2);
	usual_days(&f, 14);
	for (int i = 0; i < 6 * 24 * 5; i++) {
		stolen(&f, HONEST, HONEST + 2, 4000);
		say(&f, HONEST, SIGNAL_TRAP_PRISTINE, 500);
	}
	assert_int_equal(f.alarm_count, 0);
	detect_close(f.d);
}

/* One more than may lie, if they do: the number is what it says. */
static void
three_liars_can_where_two_may_lie(void **context)
{
	struct feed f;

	(void)context;
	begin(&f, 2, HONEST + 3, 2);
	usual_days(&f, 14);
	for (int i = 0; i < 6; i++) {
		stolen(&f, HONEST, HONEST + 3, 4000);
	}
	feed_until(&f, f.minute + 15);
	assert_true(f.alarm_count > 0);
	detect_close(f.d);
}

static void
an_unpopular_campaign_is_no_takeover(void **context)
{
	struct feed f;

	(void)context;
	begin(&f, 2, HONEST, 3);
	usual_days(&f, 30);
	for (int i = 0; i < 12; i++) { /* twenty times the mail, three times the complaints of each message */
		usual_hour(&f);
		mail(&f, 20 * PER_HOUR, f.minute - 60);
		for (uint32_t w = 0; w < HONEST; w++) {
			say(&f, w, SIGNAL_COMPLAINT, i % 3 == 0);
		}
	}
	usual_days(&f, 2);
	assert_int_equal(f.alarm_count, 0);
	detect_close(f.d);
}

/* Alarms after 60 complaints of each, about mail whose volume is told five hours late: of the usual hour, or of a campaign. */
static uint32_t
alarms_when_told_late(uint32_t campaign)
{
	struct feed f;

	begin(&f, 2, HONEST, 4);
	usual_days(&f, 14);
	feed_until(&f, f.minute + 5);
	for (uint32_t w = 0; w < HONEST; w++) {
		say(&f, w, SIGNAL_COMPLAINT, 60);
	}
	feed_until(&f, f.minute + 5 * 60);
	assert_true(detect_waits(f.d));
	assert_int_equal(f.alarm_count, 0);
	mail(&f, PER_HOUR + campaign, f.minute - 305);
	for (int64_t at = 245; at > 0; at -= 60) {
		mail(&f, PER_HOUR, f.minute - at);
	}
	feed_until(&f, f.minute + 120);
	detect_close(f.d);
	return f.alarm_count;
}

static void
reports_wait_for_the_volume_of_their_mail(void **context)
{
	(void)context;
	assert_int_equal(alarms_when_told_late(3000000), 0);
	assert_true(alarms_when_told_late(0) > 0);
}

static void
who_is_no_witness_any_more_says_nothing(void **context)
{
	struct feed f;

	(void)context;
	begin(&f, 2, HONEST, 5);
	usual_days(&f, 14);
	for (uint32_t w = 2; w < HONEST; w++) {
		detect_witness_set(f.d, w, false);
	}
	for (int i = 0; i < 6; i++) {
		stolen(&f, 0, HONEST, 500);
	}
	feed_until(&f, f.minute + 60);
	assert_int_equal(f.alarm_count, 0);
	detect_close(f.d);
}

/* ---- what liars can do */

/* The same for both: mail, and what the honest say. */
static void
honest_step(struct feed *f, struct feed *dice)
{
	uint32_t count = feed_dice(dice, 40) == 0 ? 1 + feed_dice(dice, 30) : 1;
	uint32_t witness = feed_dice(dice, HONEST), kind = feed_dice(dice, 8);

	feed_until(f, f->minute + 10);
	mail(f, 100 + feed_dice(dice, 600), f->minute - 10);
	if (feed_dice(dice, 4) == 0) {
		say(f, witness, kind == 0 ? SIGNAL_TRAP_RECYCLED : SIGNAL_COMPLAINT, count);
	}
}

static void
lie(struct feed *f, uint32_t liars, struct feed *dice)
{
	static const enum signal signals[] = { SIGNAL_COMPLAINT, SIGNAL_TRAP_PRISTINE, SIGNAL_DELIVERED,
					       SIGNAL_UNKNOWN_USER, SIGNAL_TRAP_TYPO };

	for (uint32_t w = HONEST; w < HONEST + liars; w++) {
		if (feed_dice(dice, 3) != 0) {
			enum signal signal = signals[feed_dice(dice, countof(signals))];
			uint32_t most = feed_dice(dice, 2) == 0 ? 3 : 100000;

			say(f, w, signal, 1 + feed_dice(dice, most));
		}
	}
}

/*
 * For any reports: the evidence with f liars is at most what the honest witnesses alone would give to a detector that takes all of them
 * at their word. So an alarm is one that honest reports raise.
 */
static void
liars_never_raise_the_evidence(void **context)
{
	uint32_t alarms = 0;

	(void)context;
	for (uint32_t round = 0; round < 24; round++) {
		struct feed with, without, one = { .random = round + 1 }, two = one,
					   lies = { .random = round + 99 };
		uint32_t liars = 1 + round % 3;

		begin(&with, liars, HONEST + liars, 0);
		begin(&without, 0, HONEST, 0);
		for (int i = 0; i < 6 * 24 * 12 && without.alarm_count == 0; i++) {
			honest_step(&with, &one);
			honest_step(&without, &two);
			lie(&with, liars, &lies);
			feed_until(&with, with.minute + 1);
			feed_until(&without, without.minute + 1);
			for (uint32_t unit = 0; unit < 2; unit++) {
				/* An alarm ends the evidence of the one that raised it. */
				assert_true(without.alarm_count > 0 ||
					    detect_witness_evidence(with.d, unit) <=
						detect_witness_evidence(without.d, unit) * 1.0001);
			}
			assert_true(with.alarm_count <= without.alarm_count);
		}
		alarms += without.alarm_count;
		detect_close(with.d);
		detect_close(without.d);
	}
	assert_true(alarms > 0); /* the histories are loud enough to tell */
}

/* What witnesses say changes nothing about what is said by whoever is trusted. */
static void
trusted_evidence_is_untouched(void **context)
{
	struct feed with, without;

	(void)context;
	begin(&with, 2, HONEST, 7);
	begin(&without, 2, HONEST, 7);
	for (int i = 0; i < 24 * 10; i++) {
		for (struct feed *f = &with;; f = &without) {
			feed_until(f, f->minute + 60);
			mail(f, PER_HOUR, f->minute - 60);
			feed_fact(f, SIGNAL_COMPLAINT, i % 3 == 0, f->minute - 60, UNKNOWN_MINUTE);
			feed_fact(f, SIGNAL_UNKNOWN_USER, 5, f->minute - 60, f->minute - 60);
			if (f == &without) {
				break;
			}
		}
		say(&with, (uint32_t)i % 2, SIGNAL_COMPLAINT, 900);
		with.seq = without.seq; /* the records of trusted reports are to be alike */
		assert_memory_equal(&with.d->units[0].n, &without.d->units[0].n, sizeof with.d->units[0].n);
		assert_memory_equal(with.d->units[0].ring, without.d->units[0].ring,
				    sizeof with.d->units[0].ring);
	}
	detect_close(with.d);
	detect_close(without.d);
}

static void
without_witnesses_the_whole_budget_is_the_others(void **context)
{
	struct feed f, none;

	(void)context;
	begin(&f, 2, HONEST, 1);
	begin(&none, 2, 0, 1);
	assert_true(f.d->limit[0][0] > none.d->limit[0][0]);
	assert_true(fabs(1 / f.d->limit[0][0] + 1 / f.d->limit[0][1] + 1 / f.d->witness_limit[0] -
			 1 / none.d->limit[0][0] - 1 / none.d->limit[0][1]) < 1e-12);
	for (uint32_t w = 0; w < HONEST; w++) {
		detect_witness_set(f.d, w, false);
	}
	assert_memory_equal(f.d->limit, none.d->limit, sizeof f.d->limit);
	detect_close(f.d);
	detect_close(none.d);
}

/* ---- the state */

static void
a_room_from_a_snapshot_goes_on_the_same(void **context)
{
	struct feed f, g;
	struct buffer a, b;
	struct wire w;

	(void)context;
	begin(&f, 2, ALL, 9);
	for (int i = 0; i < 6 * 24 * 6; i++) {
		struct feed dice = { .random = (uint64_t)i * 977 + 5 };

		honest_step(&f, &dice);
		lie(&f, 3, &dice);
	}
	say(&f, 0, SIGNAL_COMPLAINT, 3);
	feed_save(&f, &a);
	g = f;
	g.d = detect_open(&(struct detect_params){ .budget = 10, .liars = 2 }, feed_alarm, &g);
	w = wire_of(a.p, a.n);
	assert_int_equal(detect_load(g.d, &w), RESULT_OK);
	assert_true(wire_done(&w));
	assert_true(detect_waits(g.d));
	assert_memory_equal(g.d->limit, f.d->limit, sizeof f.d->limit);
	for (int i = 0; i < 6; i++) {
		stolen(&f, 0, HONEST, 100);
		stolen(&g, 0, HONEST, 100);
	}
	assert_int_equal(f.alarm_count, g.alarm_count);
	assert_true(g.alarm_count > 0);
	buffer_clear(&a);
	detect_save(f.d, &a);
	feed_save(&g, &b);
	assert_int_equal(a.n, b.n);
	assert_memory_equal(a.p, b.p, a.n);
	for (size_t n = 0; n < a.n; n += 7) {
		struct detect *d = detect_open(&(struct detect_params){ .budget = 10 }, feed_alarm, &g);

		w = wire_of(a.p, n);
		assert_int_equal(detect_load(d, &w), RESULT_DAMAGED);
		detect_close(d);
	}
	buffer_free(&a);
	buffer_free(&b);
	detect_close(f.d);
	detect_close(g.d);
}

/* ---- what it costs: the figures of doc/why/reporters.md */

/* Minutes from the first stolen mail to the alarm; 0: none within four hours. */
static int64_t
minutes(uint32_t liars, uint32_t witnesses, double complaints, bool trusted)
{
	struct feed f;
	int64_t from, took = 0;

	begin(&f, liars, witnesses, 11);
	for (int hour = 0; hour < 24 * 30; hour++) {
		usual_hour(&f);
		feed_fact(&f, SIGNAL_COMPLAINT, trusted && hour % 2 == 0, f.minute - 60, UNKNOWN_MINUTE);
	}
	from = f.minute;
	while (f.minute < from + 240 && took == 0) {
		feed_until(&f, f.minute + 10);
		mail(&f, 1000, f.minute - 10);
		for (uint32_t w = 0; w < witnesses; w++) {
			say(&f, w, SIGNAL_COMPLAINT, feed_about(&f, complaints / witnesses));
		}
		feed_fact(&f, SIGNAL_COMPLAINT, trusted ? feed_about(&f, complaints) : 0, f.minute - 10,
			  UNKNOWN_MINUTE);
		took = f.alarm_count > 0 ? f.minute - from : 0;
	}
	detect_close(f.d);
	return took;
}

static void
leaving_out_costs_minutes(void **context)
{
	static const double told[] = { 6, 12, 24 };

	(void)context;
	print_message(
	    "complaints of 1000 messages: minutes, by one trusted reporter; by 4, 6, 8 witnesses of whom "
	    "0, 1, 2 may lie\n");
	for (size_t i = 0; i < countof(told); i++) {
		print_message("%4.0f:  %3d ", told[i], (int)minutes(2, 0, told[i], true));
		for (uint32_t n = 4; n <= 8; n += 2) {
			int64_t none = minutes(0, n, told[i], false), one = minutes(1, n, told[i], false),
				two = minutes(2, n, told[i], false);

			print_message(" | %3d %3d %3d", (int)none, (int)one, (int)two);
			assert_true(none > 0 && none <= one && one <= two);
		}
		print_message("\n");
	}
}

/* ---- what a person takes back */

static void
say_no_longer(struct feed *f, uint32_t witness, uint32_t count)
{
	struct instant now = minute_at(f->minute);
	struct detect_fact fact = { SIGNAL_COMPLAINT, count, now, { DETECT_MAILED_UNKNOWN }, f->seq, 0 };

	for (uint32_t unit = 0; unit < 2; unit++) {
		detect_unhear(f->d, unit, witness, &fact, now);
	}
}

static double
heard(const struct feed *f, uint32_t unit)
{
	struct detect_view view;

	detect_unit_view(f->d, unit, &view);
	return view.witness_nats;
}

/* Enough for an alarm: with one of them left standing it is none, and with none it is as if nobody had spoken. */
static void
what_is_taken_back_the_same_day_was_not_said(void **context)
{
	struct feed forged, quiet;

	(void)context;
	begin(&forged, 2, HONEST, 7);
	begin(&quiet, 2, HONEST, 7);
	usual_days(&forged, 14);
	usual_days(&quiet, 14);
	stolen(&forged, 0, HONEST, 1000);
	stolen(&quiet, 0, 0, 0);
	assert_true(heard(&forged, 0) > heard(&quiet, 0) + 5);
	for (uint32_t w = 0; w < HONEST; w++) {
		say_no_longer(&forged, w, 1000 / HONEST);
	}
	assert_true(heard(&forged, 0) == heard(&quiet, 0));
	assert_true(heard(&forged, 1) == heard(&quiet, 1));
	usual_days(&forged, 2);
	assert_int_equal(forged.alarm_count, 0);
	detect_close(forged.d);
	detect_close(quiet.d);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_independent_witnesses_agree_on_suspends),
		cmocka_unit_test(no_two_liars_suspend_anyone),
		cmocka_unit_test(three_liars_can_where_two_may_lie),
		cmocka_unit_test(an_unpopular_campaign_is_no_takeover),
		cmocka_unit_test(reports_wait_for_the_volume_of_their_mail),
		cmocka_unit_test(who_is_no_witness_any_more_says_nothing),
		cmocka_unit_test(liars_never_raise_the_evidence),
		cmocka_unit_test(trusted_evidence_is_untouched),
		cmocka_unit_test(without_witnesses_the_whole_budget_is_the_others),
		cmocka_unit_test(a_room_from_a_snapshot_goes_on_the_same),
		cmocka_unit_test(leaving_out_costs_minutes),
		cmocka_unit_test(what_is_taken_back_the_same_day_was_not_said),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
