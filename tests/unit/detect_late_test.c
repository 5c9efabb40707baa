/* Volume that comes late, or never: bad news waits for it, is charged to the mail it is about, and breaks no budget. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "unit/detect_feed.h"

#define CAMPAIGN 20000U

/* Messages of an hour: trickle, and each day a campaign at noon. */
static uint32_t
mail_of(int64_t hour)
{
	return hour % 24 == 12 ? CAMPAIGN : 200;
}

/* One of three parts of the complaints about the mail of an hour, told now. */
static void
complain(struct feed *f, int64_t hour, double rate)
{
	if (hour >= 0) {
		feed_fact(f, SIGNAL_COMPLAINT, feed_about(f, mail_of(hour) * rate / 3), f->minute,
			  hour * 60 + 30);
	}
}

/*
 * Hours of mail whose complaints are told half an hour, three and nine hours after it, and whose volume and unknown users `late` hours after the
 * hour is over.
 */
static void
late_hours(struct feed *f, int64_t until, int64_t late, double complaints, double unknown)
{
	for (int64_t hour = f->minute / 60; hour < until; hour++) {
		int64_t told = hour - late;

		feed_until(f, (hour + 1) * 60);
		complain(f, hour, complaints);
		complain(f, hour - 2, complaints);
		complain(f, hour - 8, complaints);
		if (told >= 0) {
			feed_mail(f, mail_of(told), told * 60);
			feed_fact(f, SIGNAL_UNKNOWN_USER, feed_about(f, mail_of(told) * unknown), told * 60,
				  told * 60);
		}
	}
}

/* Once it is known how late the volume is. */
static void
nothing_stands_in(struct feed *f)
{
	assert_true(f->minute < 10 * DAY_MINUTES || feed_unit(f)->n.stand_in <= 0);
}

static void
volume_that_is_always_late_breaks_no_budget(void **context)
{
	static const int64_t late[] = { 0, 1, 3, 12, 24, 48 };

	(void)context;
	for (size_t i = 0; i < countof(late); i++) {
		struct feed f;

		feed_open(&f, 100, 3);
		f.after = nothing_stands_in;
		late_hours(&f, 40 * 24, late[i], 0.0005, 0.004);
		assert_int_equal(f.alarm_count, 0);
		assert_int_equal(feed_unit(&f)->left_out, 0);
		assert_true(feed_nats(&f, VOICE_BAYES) < log(1000 / (100 * 0.54)) - 1);
		late_hours(&f, 41 * 24 + late[i], late[i], 0.01, 0.1);
		assert_true(f.alarm_count > 0);
		detect_close(f.d);
	}
}

static void
for_a_report_of_a_day_that_comes_a_day_late_nothing_stands_in(void **context)
{
	struct feed f;

	(void)context;
	feed_open(&f, 10, 3);
	f.after = nothing_stands_in;
	for (int64_t day = 0; day < 40; day++) {
		for (int hour = 0; hour < 24; hour += 6) {
			feed_until(&f, day * DAY_MINUTES + hour * 60);
			feed_fact(&f, SIGNAL_COMPLAINT, 1, f.minute, f.minute - 60);
		}
		feed_until(&f, (day + 1) * DAY_MINUTES);
		feed_mail(&f, 8000, (day - 1) * DAY_MINUTES);
	}
	assert_int_equal(feed_unit(&f)->left_out, 0);
	assert_int_equal(f.alarm_count, 0);
	detect_close(f.d);
}

/* Bad news of a kind that cohorts of the stream have. */
static double
charged(struct feed *f, enum stream stream, enum evidence e)
{
	const struct unit *u = feed_unit(f);
	double sum = 0;

	for (uint32_t i = 0; i < u->cohort_count; i++) {
		const struct cohort *c = detect_cohort_at(u, i);

		sum += c->stream == stream ? (double)c->n.events[e] : 0;
	}
	return sum;
}

/* Of all the complaints those about campaigns are charged to bursts, whether or not their volume comes in time. */
static void
news_of_more_times_than_are_told_apart_waits_for_its_volume(void **context)
{
	static const int64_t late[] = { 0, 3, 9, 24 };

	(void)context;
	for (size_t i = 0; i < countof(late); i++) {
		struct feed f;
		double burst, trickle;

		feed_open(&f, 10, 3);
		late_hours(&f, 30 * 24 + 20, late[i], 0.003, 0.004);
		burst = charged(&f, STREAM_BURST, EVIDENCE_COMPLAINT);
		trickle = charged(&f, STREAM_TRICKLE, EVIDENCE_COMPLAINT);
		assert_true(burst > 50 && trickle < 0.4 * burst);
		assert_true(detect_pending_since(f.d, feed_unit(&f)) >=
				minute_at(f.minute - (late[i] + 9) * 60).ms ||
			    !detect_pending_waits(feed_unit(&f)));
		detect_close(f.d);
	}
}

/*
 * Who mails rarely has no usual time between two reports: it is taken for longer than a report's period, and complaints about what came after the latest
 * report must not count for it.
 */
static void
late_news_waits_for_the_report_after_its_own(void **context)
{
	struct feed f;
	int64_t next;
	double before;

	(void)context;
	feed_open(&f, 10, 3);
	for (int64_t at = 0; at < 30 * DAY_MINUTES; at += 30) {
		feed_until(&f, at + DAY_MINUTES);
		feed_fact(&f, SIGNAL_COMPLAINT, at % 600 == 0, f.minute, at);
		feed_mail(&f, 10, at);
	}
	next = f.minute - DAY_MINUTES + 30;
	before = charged(&f, STREAM_TRICKLE, EVIDENCE_COMPLAINT);
	feed_fact(&f, SIGNAL_COMPLAINT, 30, f.minute, next + 10);
	feed_until(&f, f.minute + 30);
	feed_fact(&f, SIGNAL_UNKNOWN_USER, 1, next, next);
	feed_mail(&f, 10, next);
	feed_until(&f, f.minute + 70);
	assert_true(charged(&f, STREAM_TRICKLE, EVIDENCE_COMPLAINT) < before + 3);
	assert_true(charged(&f, STREAM_TRICKLE, EVIDENCE_UNKNOWN_USER) == 1);
	feed_mail(&f, 20000, next + 10);
	feed_until(&f, f.minute + 70);
	feed_mail(&f, 10, next + 60);
	feed_until(&f, f.minute + 70);
	assert_true(charged(&f, STREAM_BURST, EVIDENCE_COMPLAINT) > 28);
	detect_close(f.d);
}

/* The report that ends a silence may be of little mail: what people say about a time within the silence is about the mail before it. */
static void
news_about_a_silence_is_about_the_mail_before_it(void **context)
{
	struct feed f;
	int64_t last;

	(void)context;
	feed_open(&f, 10, 3);
	feed_days(&f, 20, 60, 600);
	last = f.minute;
	feed_fact(&f, SIGNAL_COMPLAINT, 9, f.minute, last + 150);
	feed_until(&f, last + 260);
	feed_mail(&f, 5, last + 200);
	feed_until(&f, last + 400);
	assert_true(detect_cohort_of(feed_unit(&f), minute_at(last).ms)->n.events[EVIDENCE_COMPLAINT] >= 9);
	detect_close(f.d);
}

/* News before the first volume is none about how much is usual. */
static void
the_first_volume_is_not_taken_for_a_burst(void **context)
{
	struct feed f;

	(void)context;
	feed_open(&f, 10, 3);
	for (int hour = 0; hour < 72; hour++) {
		feed_until(&f, f.minute + 60);
		feed_fact(&f, SIGNAL_COMPLAINT, 1, f.minute, f.minute);
	}
	feed_days(&f, 1, 10, 300);
	assert_int_equal(feed_last_cohort(&f)->stream, STREAM_TRICKLE);
	detect_close(f.d);
}

static void
late_volume_joins_the_cohort_of_its_time(void **context)
{
	struct feed f;
	int64_t from;
	uint32_t at = COHORTS;
	float mail;

	(void)context;
	feed_open(&f, 10, 3);
	feed_days(&f, 7, 10, 200);
	from = f.minute;
	for (; f.minute < from + 40; feed_until(&f, f.minute + 10)) {
		feed_mail(&f, 5000, f.minute);
		feed_honest_news(&f, 5000, f.minute);
	}
	feed_until(&f, f.minute + 600);
	for (uint32_t i = 0; i < COHORTS; i++) {
		at = detect_cohort(feed_unit(&f), i)->stream == STREAM_BURST ? i : at;
	}
	assert_true(at < COHORTS);
	mail = detect_cohort(feed_unit(&f), at)->n.mail;
	assert_true(mail >= 20000);
	feed_mail(&f, 7000, from + 20);
	assert_true(detect_cohort(feed_unit(&f), at)->n.mail == mail + 7000);
	detect_close(f.d);
}

/*
 * Days without volume, with the news of honest mail in the meantime, of a sender of 1000 messages an hour or of 1.5 million: nothing is told by
 * it. A takeover's news is.
 */
static void
volume_that_never_comes_is_stood_in_for(void **context)
{
	static const struct {
		uint32_t per_hour, times;
	} cases[] = { { 1000, 1 }, { 1500000, 1 }, { 1000, 1000 } };

	(void)context;
	for (size_t i = 0; i < countof(cases); i++) {
		uint32_t told = cases[i].per_hour / 1000 * cases[i].times;
		struct feed f;

		feed_open(&f, 10, 9);
		for (int64_t at = 0; at < 30 * DAY_MINUTES; at += 60) {
			feed_until(&f, at + 60);
			feed_mail(&f, cases[i].per_hour, at);
			feed_fact(&f, SIGNAL_UNKNOWN_USER, cases[i].per_hour / 250, at, at);
		}
		for (int hour = 0; hour < 60; hour++) {
			int64_t at = f.minute;

			feed_until(&f, at + 60);
			feed_fact(&f, SIGNAL_UNKNOWN_USER, 4 * told, at, at);
			feed_fact(&f, SIGNAL_COMPLAINT, cases[i].times / 2, at, at);
			feed_fact(&f, SIGNAL_TRAP_PRISTINE, cases[i].times / 100, at, at);
		}
		feed_until(&f, f.minute + 2 * DAY_MINUTES);
		assert_true(cases[i].times == 1 ? f.alarm_count == 0 : f.alarm_count > 0);
		detect_close(f.d);
	}
}

static void
what_is_more_than_three_days_late_is_left_out_and_counted(void **context)
{
	struct feed f;
	struct detect_view before, after;

	(void)context;
	feed_open(&f, 10, 3);
	feed_days(&f, 7, 10, 200);
	detect_unit_view(f.d, 0, &before);
	feed_fact(&f, SIGNAL_COMPLAINT, 10000, f.minute - 3 * DAY_MINUTES - 70,
		  f.minute - 3 * DAY_MINUTES - 70);
	feed_mail(&f, 10000, f.minute - 3 * DAY_MINUTES - 70);
	feed_until(&f, f.minute + 60);
	detect_unit_view(f.d, 0, &after);
	assert_int_equal(after.left_out - before.left_out, 2);
	assert_int_equal(f.alarm_count, 0);
	detect_close(f.d);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(volume_that_is_always_late_breaks_no_budget),
		cmocka_unit_test(for_a_report_of_a_day_that_comes_a_day_late_nothing_stands_in),
		cmocka_unit_test(news_of_more_times_than_are_told_apart_waits_for_its_volume),
		cmocka_unit_test(late_news_waits_for_the_report_after_its_own),
		cmocka_unit_test(news_about_a_silence_is_about_the_mail_before_it),
		cmocka_unit_test(the_first_volume_is_not_taken_for_a_burst),
		cmocka_unit_test(late_volume_joins_the_cohort_of_its_time),
		cmocka_unit_test(volume_that_never_comes_is_stood_in_for),
		cmocka_unit_test(what_is_more_than_three_days_late_is_left_out_and_counted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
