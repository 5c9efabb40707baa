/* Once its units, feeds and witnesses are known, the security path allocates nothing and frees nothing, whatever it is told. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "test_allocation.h"
#include "unit/detect_feed.h"

#include "detect/watch.h"
#include "detect/witness_int.h"

#define SYSTEMS \
	12U /* of one source each: units 0.. are the sources, then come the systems, then their members */
#define MEMBERS   4U
#define UNITS     (2 * SYSTEMS + MEMBERS)
#define WITNESSES 5U
#define RIGHT     1U /* feeds */
#define WRONG     2U
#define BEHIND    60 /* minutes, the clock of the second */
#define DAYS      30
#define LATE      3U /* the volume of this system is told some hours late */

struct world {
	struct detect *d;
	int64_t minute;
	uint64_t random, seq;
	uint32_t by_counts, by_content, reported, judged; /* alarms; and judgements without one */
};

static void
on_alarm(void *context, const struct alarm *alarm)
{
	struct world *w = context;

	if (alarm->takeover == TAKEOVER_REPORTED) {
		w->reported++;
	} else {
		w->by_content += alarm->content_nats > 0;
		w->by_counts += alarm->content_nats <= 0;
	}
}

static void
on_judged(void *context, uint32_t unit)
{
	(void)unit;
	((struct world *)context)->judged++;
}

static double
dice(struct world *w)
{
	w->random = w->random * 6364136223846793005U + 1442695040888963407U;
	return (double)(w->random >> 40) / (1 << 24);
}

static void
open_world(struct world *w)
{
	*w = (struct world){ .random = 1 };
	w->d = detect_open(&(struct detect_params){ .budget = 100, .liars = DETECT_LIARS }, on_alarm, w);
	detect_watch_judged(w->d, on_judged);
	for (uint32_t i = WITNESSES; i > 0; i--) {
		detect_witness_set(w->d, i - 1, true);
	}
	for (uint32_t i = 0; i < UNITS; i++) {
		(void)detect_unit_add(w->d, i < SYSTEMS       ? UNIT_SOURCE
					    : i < 2 * SYSTEMS ? UNIT_SYSTEM
							      : UNIT_MEMBER);
	}
	detect_feeds(w->d, WRONG);
}

/* ---- what is told of the three units of a system */

static struct detect_fact
fact_of(struct world *w, enum signal signal, uint32_t count, int64_t mailed, uint32_t feed)
{
	int64_t by_clock = mailed == UNKNOWN_MINUTE || feed != WRONG ? mailed : mailed - BEHIND;
	int64_t at = signal == SIGNAL_DELIVERED ? mailed : w->minute;

	return (struct detect_fact){ signal, count, minute_at(at), minute_at(by_clock), ++w->seq, feed };
}

typedef void tell_fn(struct world *w, uint32_t unit, uint32_t witness, const struct detect_fact *fact);

static void
observe(struct world *w, uint32_t unit, uint32_t witness, const struct detect_fact *fact)
{
	(void)witness;
	detect_observe(w->d, unit, fact);
}

static void
take(struct world *w, uint32_t unit, uint32_t witness, const struct detect_fact *fact)
{
	(void)witness;
	detect_take(w->d, unit, fact);
}

static void
hear(struct world *w, uint32_t unit, uint32_t witness, const struct detect_fact *fact)
{
	detect_hear(w->d, unit, witness, fact, minute_at(w->minute));
}

static void
unhear(struct world *w, uint32_t unit, uint32_t witness, const struct detect_fact *fact)
{
	detect_unhear(w->d, unit, witness, fact, minute_at(w->minute));
}

static void
tell(struct world *w, tell_fn *fn, uint32_t system, uint32_t witness, struct detect_fact fact)
{
	if (fact.count > 0) {
		fn(w, system, witness, &fact);
		fn(w, SYSTEMS + system, witness, &fact);
		fn(w, 2 * SYSTEMS + system % MEMBERS, witness, &fact);
	}
}

static void
look(struct world *w, uint32_t system, uint64_t cluster, uint64_t link, uint32_t flags, int64_t mailed)
{
	detect_look(w->d, &(struct detect_look){ .system = SYSTEMS + system,
						 .source = system,
						 .member = system % MEMBERS,
						 .flags = LOOK_DECLARES | LOOK_FROM_DECLARED | flags,
						 .cluster = cluster,
						 .from = 5,
						 .link = link,
						 .more = { 8 },
						 .at = minute_at(mailed),
						 .seq = ++w->seq });
}

/* ---- an hour of honest mail */

/* A campaign of two hours once a day, in an hour of its own. */
static uint32_t
mail_of(uint32_t system, int64_t minute)
{
	int64_t hour = minute / 60 % 24, starts = (5 + 7 * (int64_t)system) % 24;

	return hour == starts || hour == (starts + 1) % 24 ? 50000 : 500;
}

/* What was told about the mail of that hour is in the cohorts by now. */
static void
take_of_cohorts(struct world *w, uint32_t system, int64_t mailed)
{
	tell(w, take, system, 0, fact_of(w, SIGNAL_UNKNOWN_USER, 1, mailed, 0));
	tell(w, take, system, 0, fact_of(w, SIGNAL_COMPLAINT, 1, mailed, RIGHT));
	tell(w, take, system, 0, fact_of(w, SIGNAL_COMPLAINT, 1, UNKNOWN_MINUTE, RIGHT));
	tell(w, take, system, 0, fact_of(w, SIGNAL_DELIVERED, 10, mailed, 0));
}

/* The bad news about the mail of an hour; that of LATE comes long before its volume. Some is a mistake, and taken back. */
static void
bad_news(struct world *w, uint32_t system, int64_t mailed)
{
	double mail = mail_of(system, mailed);
	uint32_t complaints = (uint32_t)(mail * 0.0005 + dice(w)), feed = dice(w) < 0.5 ? RIGHT : WRONG;

	tell(w, observe, system, 0, fact_of(w, SIGNAL_COMPLAINT, complaints, mailed, feed));
	tell(w, observe, system, 0, fact_of(w, SIGNAL_UNKNOWN_USER, (uint32_t)(mail * 0.002), mailed, 0));
	tell(w, observe, system, 0, fact_of(w, SIGNAL_TRAP_TYPO, dice(w) < 0.01, mailed, 0));
	tell(w, observe, system, 0, fact_of(w, SIGNAL_COMPLAINT, dice(w) < 0.1, UNKNOWN_MINUTE, RIGHT));
	if (dice(w) < 0.2) {
		tell(w, take, system, 0, fact_of(w, SIGNAL_COMPLAINT, complaints, mailed, feed));
		tell(w, take, system, 0, fact_of(w, SIGNAL_DELIVERED, 10, mailed, 0));
		tell(w, take, system, 0, fact_of(w, SIGNAL_COMPLAINT, 1, UNKNOWN_MINUTE, RIGHT));
	}
}

static void
words(struct world *w, uint32_t system, int64_t mailed)
{
	uint32_t witness = (uint32_t)(dice(w) * WITNESSES);

	tell(w, hear, system, witness, fact_of(w, SIGNAL_COMPLAINT, dice(w) < 0.1, mailed, 0));
	if (dice(w) < 0.02) {
		tell(w, hear, system, witness, fact_of(w, SIGNAL_TRAP_PRISTINE, 1, mailed, 0));
		tell(w, unhear, system, witness, fact_of(w, SIGNAL_TRAP_PRISTINE, 1, mailed, 0));
	}
}

static void
hour_of(struct world *w, uint32_t system)
{
	int64_t since = w->minute - 60, told = system == LATE ? since - 5 * 60 : since;

	if (told >= 0) {
		tell(w, observe, system, 0, fact_of(w, SIGNAL_DELIVERED, mail_of(system, told), told, 0));
	}
	if (dice(w) < 0.2) {
		take_of_cohorts(w, system, since - 4 * 60);
	}
	bad_news(w, system, since);
	words(w, system, since);
	if (w->minute / 60 % 12 == system) { /* two new templates a day, and one that it always has */
		look(w, system, 1000 + ++w->seq, 7, LOOK_LINK_DECLARED, since);
		look(w, system, 100 + system, 7, LOOK_LINK_DECLARED, since);
		look(w, system, 100 + system, 7, LOOK_LINK_DECLARED | LOOK_COMPLAINT, since);
	}
	if (dice(w) < 0.01) {
		detect_threaten(w->d, SYSTEMS + system, 1 + dice(w) * 20, minute_at(w->minute),
				minute_at(w->minute + 3 * DAY_MINUTES));
	}
}

static void
until(struct world *w, int64_t minute)
{
	for (; w->minute < minute; w->minute++) {
		detect_tick(w->d, minute_at(w->minute));
		assert_int_equal(test_allocations, 0);
	}
}

static void
go_on(struct world *w, int64_t hours)
{
	for (int64_t hour = 0; hour < hours; hour++) {
		until(w, w->minute + 60);
		for (uint32_t i = 0; i < SYSTEMS; i++) {
			hour_of(w, i);
			assert_int_equal(test_allocations, 0);
		}
	}
}

/* ---- takeovers: by what is counted, by what it looks like, by what is only reported */

static void
counted(struct world *w, uint32_t system)
{
	for (int i = 0; i < 12; i++) {
		until(w, w->minute + 10);
		tell(w, observe, system, 0, fact_of(w, SIGNAL_DELIVERED, 5000, w->minute - 10, 0));
		tell(w, observe, system, 0, fact_of(w, SIGNAL_UNKNOWN_USER, 500, w->minute - 10, 0));
		tell(w, observe, system, 0, fact_of(w, SIGNAL_COMPLAINT, 100, w->minute - 10, RIGHT));
		assert_int_equal(test_allocations, 0);
	}
	until(w, w->minute + 15);
}

static void
seen(struct world *w, uint32_t system)
{
	look(w, system, 4711, 99, LOOK_LURE | LOOK_BAD_URL, w->minute);
	look(w, system + 1, 4711, 99, LOOK_LURE, w->minute);
	assert_int_equal(test_allocations, 0);
	detect_threaten_linked(w->d, SYSTEMS + system, 10, minute_at(w->minute),
			       minute_at(w->minute + DAY_MINUTES));
	detect_unit_forget(w->d, SYSTEMS + system);
	assert_int_equal(test_allocations, 0);
}

static void
reported(struct world *w, uint32_t system)
{
	for (int i = 0; i < 6; i++) {
		until(w, w->minute + 10);
		tell(w, observe, system, 0, fact_of(w, SIGNAL_DELIVERED, 5000, w->minute - 10, 0));
		for (uint32_t k = 0; k < WITNESSES; k++) {
			tell(w, hear, system, k, fact_of(w, SIGNAL_COMPLAINT, 30, w->minute - 10, 0));
		}
		assert_int_equal(test_allocations, 0);
	}
	until(w, w->minute + 15);
}

static void
what_is_told_allocates_nothing(void **state)
{
	struct detect_view view;
	struct world w;

	(void)state;
	test_allocations_watch();
	open_world(&w);
	test_allocations = 0;
	go_on(&w, (int64_t)DAYS * 24);
	assert_true(w.by_counts + w.by_content + w.reported == 0);
	/* It was a history with all there is in it: a wrong clock, news that waits, and words of each witness. */
	assert_int_equal(detect_feed_behind(w.d, WRONG), BEHIND);
	assert_true(w.judged > 0 && w.d->lots_count > 1);
	assert_true(w.d->units[LATE].n.late_hours > 4);
	for (uint32_t i = SYSTEMS; i < 2 * SYSTEMS; i++) {
		assert_true(w.d->units[i].cohort_count == COHORTS && w.d->units[i].novelty != NO_NOVELTY);
	}
	for (uint32_t i = 0; i < UNITS; i++) {
		assert_non_null(detect_hearing(w.d, i));
	}
	counted(&w, 0);
	assert_true(w.by_counts > 0 && w.by_content == 0);
	seen(&w, 4);
	assert_true(w.by_content > 0);
	detect_unit_view(w.d, SYSTEMS + 5, &view);
	assert_true(view.threat > 9 && detect_watch_of(&view) < DETECT_WATCH_COUNT);
	assert_int_equal(w.reported, 0);
	reported(&w, 8);
	assert_true(w.reported > 0);
	go_on(&w, 48);
	assert_int_equal(test_allocations, 0);
	detect_close(w.d);
#ifdef IS_TOLD
	assert_true(test_allocations > 0); /* what is freed here is told */
#endif
}

int
main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(what_is_told_allocates_nothing) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
