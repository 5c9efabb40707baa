/* What was told and taken back within the day: the evidence is that of a twin who never heard it. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "unit/detect_feed.h"

struct twins {
	struct feed told, never; /* the same sender; the second never hears what is taken back */
};

static void
open_twins(struct twins *t, uint64_t seed)
{
	feed_open(&t->told, 10, seed);
	feed_open(&t->never, 10, seed);
	feed_days(&t->told, 20, 60, 2000);
	feed_days(&t->never, 20, 60, 2000);
}

static void
close_twins(struct twins *t)
{
	assert_int_equal(t->told.alarm_count, 0);
	detect_close(t->told.d);
	detect_close(t->never.d);
}

static void
mail(struct twins *t, uint32_t count, int64_t at)
{
	feed_mail(&t->told, count, at);
	feed_mail(&t->never, count, at);
}

/* Time, and each hour the mail of that hour. */
static void
go_on(struct twins *t, int64_t minutes)
{
	for (int64_t step; minutes > 0; minutes -= step) {
		int64_t at = t->told.minute;

		step = minutes < 60 ? minutes : 60;
		feed_until(&t->told, at + step);
		feed_until(&t->never, at + step);
		mail(t, step == 60 ? 2000 : 0, at);
	}
}

static void
take(struct twins *t, enum signal signal, uint32_t count, int64_t at, int64_t mailed)
{
	const struct detect_fact fact = { signal, count, minute_at(at), minute_at(mailed), 0, 0 };

	detect_take(t->told.d, 0, &fact);
}

static double
apart(const struct twins *t)
{
	double most = 0;

	for (int v = 0; v < VOICE_COUNT; v++) {
		double gap = fabs(feed_nats(&t->told, (enum voice)v) - feed_nats(&t->never, (enum voice)v));

		most = gap > most ? gap : most;
	}
	return most;
}

/* An hour's mail, bad news about it, and `wait` minutes until it is taken back. */
static void
tell_and_take(enum signal signal, uint32_t count, bool known, int64_t wait)
{
	struct twins *t = malloc(sizeof *t);
	/* Complaints are shared among cohorts, and taken back by what explains them by then. */
	const double near = signal == SIGNAL_COMPLAINT ? 0.2 : 0.001;
	double told_apart;
	int64_t at, mailed;

	assert_non_null(t);
	open_twins(t, 7);
	at = t->told.minute;
	mailed = known ? at : UNKNOWN_MINUTE;
	go_on(t, 60);
	feed_fact(&t->told, signal, count, at, mailed);
	go_on(t, wait);
	told_apart = apart(t);
	if (wait > 0 && wait < 600 && told_apart < 0.3) {
		fail_msg("%s after %d minutes moved %.4f nats only", signal_name(signal), (int)wait,
			 told_apart);
	}
	take(t, signal, count, at, mailed);
	if (apart(t) > near) {
		fail_msg("%s after %d minutes: %.4f nats apart, %.4f before", signal_name(signal), (int)wait,
			 apart(t), told_apart);
	}
	go_on(t, 30 * 60);
	assert_true(apart(t) < near);
	close_twins(t);
	free(t);
}

static void
what_is_taken_back_within_the_day_was_never_told(void **context)
{
	static const int64_t waits[] = { 0, 1, 61, 600, 1300 };

	(void)context;
	for (size_t i = 0; i < countof(waits); i++) {
		tell_and_take(SIGNAL_UNKNOWN_USER, 150, true, waits[i]);
		tell_and_take(SIGNAL_TRAP_PRISTINE, 2, true, waits[i]);
		tell_and_take(SIGNAL_TRAP_TYPO, 6, true, waits[i]);
		tell_and_take(SIGNAL_COMPLAINT, 12, true, waits[i]);
		tell_and_take(SIGNAL_COMPLAINT, 12, false, waits[i]);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_taken_back_within_the_day_was_never_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
