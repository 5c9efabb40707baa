/* The security path by parts: the likelihood, where cohorts begin and end, which mail bad news is charged to, and what must change nothing. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "unit/detect_feed.h"

/* ---- the likelihood */

/* ln of the integral of (phi rate)^x e^(-phi rate mail) over phi from Gamma(shape, shape), by quadrature outside of this tree. */
static void
the_likelihood_is_that_of_a_gamma_mixture(void **context)
{
	static const struct {
		double shape, rate, mail, events, ln;
	} known[] = {
		{ 1.2, 0.0005, 0, 0, 0 },
		{ 1.2, 0.0005, 30000, 0, -3.123227622533 },
		{ 1.2, 0.0005, 30000, 15, -130.377800642618 },
		{ 1.2, 0.0005, 30000, 150, -954.901877134371 },
		{ 0.35, 5e-7, 100000, 3, -40.719139211261 },
		{ 0.35, 5e-7, 2e6, 1, -16.331058806405 },
		{ 8, 0.204, 50000, 9000, -24436.769547747401 },
		{ 2, 0.0065, 1000, 2.5, -18.380149558972 },
		{ 1, 0.07, 12, 1, -3.878791180175 },
		{ 0.0875, 5e-7, 10, 5, -59.443969556226 },
	};

	(void)context;
	for (size_t i = 0; i < countof(known); i++) {
		double ln = detect_predict(known[i].shape, known[i].rate, known[i].mail, known[i].events);

		if (!(fabs(ln - known[i].ln) <= 1e-9 * (1 + fabs(known[i].ln)))) {
			fail_msg("row %zu: %.12f instead of %.12f", i, ln, known[i].ln);
		}
	}
}

/*
 * Counts that are looked at in two parts: the second is predicted with what the first has taught of the factor, and the two together are
 * as likely as the totals at once.
 */
static void
splitting_a_cohort_changes_no_likelihood(void **context)
{
	struct feed f;

	(void)context;
	feed_open(&f, 10, 1);
	for (int i = 0; i < 20000; i++) {
		double shape = 0.1 + feed_dice(&f, 5000) / 1000.0,
		       rate = exp(-(double)feed_dice(&f, 15000) / 1000);
		double mail = feed_dice(&f, 50000), more = feed_dice(&f, 50000), events = feed_dice(&f, 40),
		       others = feed_dice(&f, 40);
		double known = shape + events, sum = shape + rate * mail;
		double parts = detect_predict(shape, rate, mail, events) +
			       detect_predict(known, rate * known / sum, more, others);
		double whole = detect_predict(shape, rate, mail + more, events + others);

		assert_true(fabs(parts - whole) <= 1e-10 * (1 + fabs(whole)));
	}
	detect_close(f.d);
}

static void
sums_of_likelihoods_neither_overflow_nor_vanish(void **context)
{
	(void)context;
	assert_true(fabs(detect_ln_sum(-1000, -1000) - (-1000 + log(2))) < 1e-12);
	assert_true(fabs(detect_ln_sum(800, 790) - (800 + log1p(exp(-10)))) < 1e-12);
	assert_true(detect_ln_sum(-1e5, 3) >= 3 && detect_ln_sum(3, -1e5) < 3 + 1e-12);
}

/* ---- where a cohort ends and the next begins */

/* A week of 200 messages an hour. */
static void
open_calm(struct feed *f, int64_t step)
{
	feed_open(f, 10, 3);
	feed_days(f, 7, step, 200);
	assert_int_equal(f->alarm_count, 0);
}

/* Bursts that began since a minute. A cohort begins with its bin, which may have been open for up to an hour. */
static uint32_t
cohorts_since(struct feed *f, int64_t minute, enum stream stream)
{
	struct unit *u = feed_unit(f);
	uint32_t count = 0;

	for (uint32_t i = 0; i < u->cohort_count; i++) {
		const struct cohort *c = detect_cohort(u, i);

		count += c->start_ms > minute_at(minute - 60).ms && c->stream == stream;
	}
	return count;
}

/* A campaign: messages per ten minutes, until a zero; trickle goes on beside it. Its news is that of honest mail. */
static void
campaign(struct feed *f, const uint32_t *volumes)
{
	for (; *volumes > 0; volumes++) {
		int64_t at = f->minute;

		feed_until(f, at + 10);
		feed_mail(f, *volumes, at);
		feed_honest_news(f, *volumes, at);
	}
}

static void
steady_mail_is_trickle_cut_every_eight_hours(void **context)
{
	struct feed f;
	struct unit *u;

	(void)context;
	open_calm(&f, 10);
	u = feed_unit(&f);
	assert_int_equal(u->cohort_count, COHORTS);
	for (uint32_t i = 0; i + 1 < u->cohort_count; i++) {
		const struct cohort *c = detect_cohort(u, i);
		double hours = c->length_ms / HOUR_MS;

		assert_int_equal(c->stream, STREAM_TRICKLE);
		assert_true(hours >= 7.9 && hours <= 9.1);
		assert_true(fabs((double)c->n.mail - 200 * hours) < 100);
	}
	detect_close(f.d);
}

static void
a_campaign_is_one_burst_and_trickle_goes_on_after_it(void **context)
{
	static const uint32_t volumes[] = { 3000, 3000, 3100, 2900, 3000, 3000, 2800, 3100, 0 };
	struct feed f;
	int64_t from;

	(void)context;
	open_calm(&f, 10);
	from = f.minute;
	campaign(&f, volumes);
	feed_days(&f, 1, 10, 200);
	assert_int_equal(cohorts_since(&f, from, STREAM_BURST), 1);
	for (uint32_t i = 0; i < COHORTS; i++) {
		const struct cohort *c = detect_cohort(feed_unit(&f), i);

		if (c->stream == STREAM_BURST) {
			assert_true((double)c->n.mail >= 23900 && (double)c->n.mail <= 24100);
			assert_true(c->start_ms <= minute_at(from).ms);
		}
	}
	assert_int_equal(feed_last_cohort(&f)->stream, STREAM_TRICKLE);
	detect_close(f.d);
}

static void
a_campaign_that_gathers_pace_and_ends_slowly_is_one(void **context)
{
	static const uint32_t volumes[] = {
		600, 1800, 4000, 5000, 5000, 5000, 4000, 2500, 1200, 500, 300, 0
	};
	struct feed f;
	int64_t from;

	(void)context;
	feed_open(&f, 10, 3);
	feed_days(&f, 7, 10, 700); /* no bin of trickle is open when it begins */
	from = f.minute;
	campaign(&f, volumes);
	feed_days(&f, 1, 10, 200);
	assert_int_equal(cohorts_since(&f, from, STREAM_BURST), 1);
	detect_close(f.d);
}

static void
what_jumps_up_inside_a_long_campaign_is_another(void **context)
{
	static const uint32_t volumes[] = { 2000, 2000, 2000, 2000, 2000, 2000, 2000,
					    2000, 2000, 9000, 9000, 9000, 9000, 0 };
	struct feed f;
	int64_t from;

	(void)context;
	open_calm(&f, 10);
	from = f.minute;
	campaign(&f, volumes);
	feed_until(&f, f.minute + 20);
	assert_int_equal(cohorts_since(&f, from, STREAM_BURST), 2);
	detect_close(f.d);
}

/* Who mails seven times as much from one day on has bursts for some days, and then a new usual pace. */
static void
everyday_mail_that_has_grown_is_trickle_again(void **context)
{
	struct feed f;

	(void)context;
	open_calm(&f, 10);
	feed_days(&f, 1, 10, 1500);
	assert_int_equal(feed_last_cohort(&f)->stream, STREAM_BURST);
	feed_days(&f, 20, 10, 1500);
	assert_int_equal(feed_last_cohort(&f)->stream, STREAM_TRICKLE);
	assert_int_equal(f.alarm_count, 0);
	detect_close(f.d);
}

static void
silence_ends_a_cohort_only_when_it_is_longer_than_usual(void **context)
{
	struct feed f;
	uint64_t before;

	(void)context;
	open_calm(&f, 10);
	feed_days(&f, 1, 10, 200);
	before = (uint64_t)feed_last_cohort(&f)->start_ms;
	feed_until(&f, f.minute + 90);
	feed_mail(&f, 30, f.minute);
	feed_until(&f, f.minute + 90);
	assert_true((uint64_t)feed_last_cohort(&f)->start_ms > before);
	detect_close(f.d);

	feed_open(&f, 10, 3); /* a report each two hours, and every third is left out: no silence */
	for (int64_t at = 0; at < 7 * DAY_MINUTES; at += 120) {
		feed_until(&f, at + 120);
		feed_mail(&f, at / 120 % 3 == 2 ? 0 : 400, at);
	}
	for (uint32_t i = 0; i + 1 < COHORTS; i++) {
		assert_true(detect_cohort(feed_unit(&f), i)->length_ms >= 7 * 3600000);
	}
	detect_close(f.d);
}

static void
little_mail_is_one_cohort_for_a_day(void **context)
{
	struct feed f;
	struct unit *u;

	(void)context;
	feed_open(&f, 10, 3);
	for (int i = 0; i < 10 * 12; i++) { /* five messages every other hour */
		feed_until(&f, f.minute + 120);
		feed_mail(&f, 5, f.minute);
	}
	feed_until(&f, f.minute + 70);
	u = feed_unit(&f);
	for (uint32_t i = 0; i + 1 < u->cohort_count; i++) {
		assert_true((double)detect_cohort(u, i)->n.mail >= 55);
	}
	detect_close(f.d);
}

/* ---- which mail bad news is charged to */

/* Mail and bad news of the kind that the cohorts have since a minute, in all. */
static double
charged_since(struct feed *f, int64_t minute, enum evidence e)
{
	struct unit *u = feed_unit(f);
	double sum = 0;

	for (uint32_t i = 0; i < u->cohort_count; i++) {
		if (detect_cohort(u, i)->start_ms > minute_at(minute - 60).ms) {
			sum += (double)detect_cohort(u, i)->n.events[e];
		}
	}
	return sum;
}

/*
 * An honest campaign of an hour whose news is told minute by minute, while its volume comes in reports of `step` minutes, each when
 * it is over.
 */
static void
campaign_told_before_its_volume(struct feed *f, int64_t step)
{
	int64_t from = f->minute;

	for (int64_t m = 0; m < 120 + step; m++) {
		feed_until(f, from + m + 1);
		if (m < 60) {
			feed_fact(f, SIGNAL_UNKNOWN_USER, 4, from + m, from + m);
			feed_fact(f, SIGNAL_COMPLAINT, m % 4 == 0, from + m, from + m);
		}
		if ((m + 1) % step == 0) {
			int64_t at = m + 1 - step, sent = at >= 60 ? 0 : step < 60 ? step : 60;

			feed_mail(f, (uint32_t)(1000 * sent + 3 * step), from + at);
		}
	}
}

static void
news_that_comes_before_its_volume_waits_for_it(void **context)
{
	static const int64_t steps[] = { 1, 10, 60 };

	(void)context;
	for (size_t i = 0; i < countof(steps); i++) {
		struct feed f;
		int64_t from;
		double unknown, complaints;

		feed_open(&f, 100, 3);
		feed_days(&f, 14, steps[i], 180);
		from = f.minute;
		campaign_told_before_its_volume(&f, steps[i]);
		assert_int_equal(f.alarm_count, 0);
		unknown = charged_since(&f, from, EVIDENCE_UNKNOWN_USER);
		complaints = charged_since(&f, from, EVIDENCE_COMPLAINT);
		assert_true(unknown >= 235 && unknown <= 245);
		assert_true(complaints >= 13 && complaints <= 16);
		assert_true(feed_nats(&f, VOICE_BAYES) < log(1000 / (100 * 0.54)) - 1);
		detect_close(f.d);
	}
}

static void
a_feed_that_changes_its_cadence_is_no_takeover(void **context)
{
	static const int64_t steps[][2] = { { 1, 60 }, { 60, 1 }, { 10, 1440 }, { 10, 60 }, { 60, 10 } };

	(void)context;
	for (size_t i = 0; i < countof(steps); i++) {
		struct feed f;

		feed_open(&f, 100, 5 + i);
		feed_days(&f, 20, steps[i][0], 600);
		feed_days(&f, 10, steps[i][1], 600);
		campaign_told_before_its_volume(&f, steps[i][1]);
		feed_days(&f, 3, steps[i][1], 600);
		assert_int_equal(f.alarm_count, 0);
		detect_close(f.d);
	}
}

/* Two campaigns, a day apart; then complaints that do not say what they are about. */
static void
complaints_without_a_time_are_shared_by_what_explains_them(void **context)
{
	static const uint32_t large[] = { 9000, 9000, 9000, 9000, 0 },
			      small[] = { 1000, 1000, 1000, 1000, 0 };
	struct feed f;
	struct unit u;
	float sum = 0, most = 0;
	int64_t from;

	(void)context;
	open_calm(&f, 10);
	campaign(&f, small);
	feed_days(&f, 1, 10, 200);
	from = f.minute;
	campaign(&f, large);
	feed_until(&f, f.minute + 15);
	u = *feed_unit(&f);
	feed_fact(&f, SIGNAL_COMPLAINT, 20, f.minute, UNKNOWN_MINUTE);
	feed_mail(&f, 1, f.minute);
	feed_until(&f, f.minute + 3);
	for (uint32_t i = 0; i < feed_unit(&f)->cohort_count; i++) {
		const struct cohort *c = detect_cohort(feed_unit(&f), i);
		float got = c->n.events[EVIDENCE_COMPLAINT];

		for (uint32_t k = 0; k < u.cohort_count; k++) {
			got -= detect_cohort(&u, k)->start_ms == c->start_ms
				   ? detect_cohort(&u, k)->n.events[EVIDENCE_COMPLAINT]
				   : 0;
		}
		assert_true(got >= 0);
		sum += got;
		most = c->stream == STREAM_BURST && c->start_ms > minute_at(from - 60).ms ? got : most;
	}
	assert_true(sum > 19 && sum <= 20.001F); /* mail that has left explains the rest */
	assert_true(most > 0.9F * sum);
	assert_int_equal(f.alarm_count, 0);
	detect_close(f.d);
}

/* A few complaints that say, by a wrong clock, that the mail came half an hour or more before its campaign. Sixteen would be an alarm. */
static void
few_complaints_by_a_wrong_clock_are_no_takeover(void **context)
{
	(void)context;
	for (int64_t minutes = 32; minutes < 180; minutes *= 2) {
		struct feed f;
		int64_t from;

		open_calm(&f, 10);
		feed_days(&f, 14, 10, 200);
		from = f.minute;
		for (int i = 0; i < 6; i++) {
			feed_until(&f, from + 10 * (i + 1));
			feed_mail(&f, 9000, from + 10 * i);
		}
		for (int i = 0; i < 8; i++) {
			feed_until(&f, f.minute + 2);
			feed_fact(&f, SIGNAL_COMPLAINT, 1, f.minute, from - minutes);
		}
		feed_until(&f, f.minute + 30);
		assert_int_equal(f.alarm_count, 0);
		assert_true(charged_since(&f, from, EVIDENCE_COMPLAINT) > 0);
		detect_close(f.d);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_likelihood_is_that_of_a_gamma_mixture),
		cmocka_unit_test(splitting_a_cohort_changes_no_likelihood),
		cmocka_unit_test(sums_of_likelihoods_neither_overflow_nor_vanish),
		cmocka_unit_test(steady_mail_is_trickle_cut_every_eight_hours),
		cmocka_unit_test(a_campaign_is_one_burst_and_trickle_goes_on_after_it),
		cmocka_unit_test(a_campaign_that_gathers_pace_and_ends_slowly_is_one),
		cmocka_unit_test(what_jumps_up_inside_a_long_campaign_is_another),
		cmocka_unit_test(everyday_mail_that_has_grown_is_trickle_again),
		cmocka_unit_test(silence_ends_a_cohort_only_when_it_is_longer_than_usual),
		cmocka_unit_test(little_mail_is_one_cohort_for_a_day),
		cmocka_unit_test(news_that_comes_before_its_volume_waits_for_it),
		cmocka_unit_test(a_feed_that_changes_its_cadence_is_no_takeover),
		cmocka_unit_test(complaints_without_a_time_are_shared_by_what_explains_them),
		cmocka_unit_test(few_complaints_by_a_wrong_clock_are_no_takeover),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
