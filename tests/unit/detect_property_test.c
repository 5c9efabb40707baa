/* What must change nothing about the evidence, and what it must go with: batches, order, ticks, scale, more bad news. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "unit/detect_feed.h"

#define LIMIT_NATS 5.2 /* of a source by the Bayes voice at budget 10 */

/* A bought list of 6000 messages within an hour, as it would be told in any case. */
static void
blast(struct feed *f, bool ticks)
{
	int64_t from = f->minute;

	for (int64_t m = 0; m < 60; m += 5) {
		if (ticks) {
			feed_until(f, from + m + 5);
		}
		feed_mail(f, 500, from + m);
		feed_fact(f, SIGNAL_UNKNOWN_USER, 100, from + m, from + m);
		feed_fact(f, SIGNAL_COMPLAINT, 4, from + m, from + m);
		feed_fact(f, SIGNAL_TRAP_PRISTINE, m == 30, from + m, from + m);
	}
	f->minute = from + 60;
}

/* ---- what must change nothing */

/*
 * To the byte for volume, unknown users, traps, and complaints that do not say which mail they are about. Those that do are shared among
 * cohorts one batch after the other, and what the first got tells where the next belong.
 */
static void
splitting_a_batch_changes_nothing(void **context)
{
	struct feed whole, parts;
	struct buffer a, b;

	(void)context;
	feed_open(&whole, 10, 2);
	feed_open(&parts, 10, 2);
	for (int i = 0; i < 2000; i++) {
		static const enum signal signals[] = { SIGNAL_DELIVERED, SIGNAL_DELIVERED,
						       SIGNAL_UNKNOWN_USER, SIGNAL_COMPLAINT,
						       SIGNAL_TRAP_TYPO };
		enum signal signal = signals[feed_dice(&whole, countof(signals))];
		uint32_t count = 1 + feed_dice(&whole, signal == SIGNAL_DELIVERED ? 900 : 5), told = 0;
		int64_t at = whole.minute, mailed = signal == SIGNAL_COMPLAINT ? UNKNOWN_MINUTE : at;
		uint64_t seq = whole.seq;

		feed_fact(&whole, signal, count, at, mailed);
		while (told < count) { /* one report brings it in both cases */
			uint32_t part = 1 + feed_dice(&parts, count - told);

			parts.seq = seq;
			feed_fact(&parts, signal, part, at, mailed);
			told += part;
		}
		feed_until(&parts, at + (int64_t)feed_dice(&whole, 30));
		feed_until(&whole, parts.minute);
	}
	feed_save(&whole, &a);
	feed_save(&parts, &b);
	assert_int_equal(whole.alarm_count, parts.alarm_count);
	assert_int_equal(a.n, b.n);
	assert_memory_equal(a.p, b.p, a.n);
	buffer_free(&a);
	buffer_free(&b);
	detect_close(whole.d);
	detect_close(parts.d);
}

/* Two months of honest mail, and one more look at each of `looks` moments of a minute. */
static void
honest_then_blast(struct feed *f, int looks)
{
	feed_open(f, 10, 11);
	for (int64_t at = 0; at < 40 * DAY_MINUTES; at += 15) {
		uint32_t count = 100 + feed_dice(f, 20) + (feed_dice(f, 300) == 0 ? 20000 : 0);

		feed_mail(f, count, at);
		feed_honest_news(f, count, at);
		for (int64_t second = 0; second < 15 * 60; second += 60 / looks) {
			detect_tick(f->d, (struct instant){ minute_at(at).ms + second * 1000 });
		}
	}
	f->minute = 40 * DAY_MINUTES;
	detect_tick(f->d, minute_at(f->minute));
}

static void
looking_more_often_changes_nothing(void **context)
{
	struct feed seldom, often;
	struct buffer a, b;

	(void)context;
	honest_then_blast(&seldom, 1);
	honest_then_blast(&often, 4);
	feed_save(&seldom, &a);
	feed_save(&often, &b);
	assert_int_equal(a.n, b.n);
	assert_memory_equal(a.p, b.p, a.n);
	blast(&seldom, true);
	blast(&often, true);
	assert_int_equal(seldom.alarm_count, often.alarm_count);
	assert_true(seldom.alarm_count > 0 && seldom.alarm.at.ms == often.alarm.at.ms);
	buffer_free(&a);
	buffer_free(&b);
	detect_close(seldom.d);
	detect_close(often.d);
}

/* A history is handed in without a tick: honest mail stays without an alarm, and the blast in it is seen. */
static void
a_history_needs_no_ticks(void **context)
{
	struct feed f;

	(void)context;
	feed_open(&f, 10, 11);
	for (int64_t at = 0; at < 40 * DAY_MINUTES; at += 15) {
		feed_mail(&f, 150, at);
		feed_honest_news(&f, 150, at);
	}
	f.minute = 40 * DAY_MINUTES;
	assert_int_equal(f.alarm_count, 0);
	blast(&f, false);
	feed_mail(&f, 10, f.minute + 90);
	detect_tick(f.d, minute_at(f.minute + 180));
	assert_true(f.alarm_count > 0);
	assert_int_equal(f.alarm.takeover, TAKEOVER_BOUGHT_LIST);
	detect_close(f.d);
}

/* Many units, told within the same minutes, in one order or the other. They share what the fleet teaches, and nothing else. */
static void
fleet_in_order(struct feed *f, bool backwards, double nats[20])
{
	feed_open(f, 10, 4);
	for (int i = 1; i < 20; i++) {
		(void)detect_unit_add(f->d, UNIT_SOURCE);
	}
	for (int64_t at = 0; at < 30 * DAY_MINUTES; at += 30) {
		for (uint32_t i = 0; i < 20; i++) {
			uint32_t id = backwards ? 19 - i : i,
				 count = 50 + 20 * id + (uint32_t)(at * (id + 3) % 97);
			struct detect_fact fact = { SIGNAL_DELIVERED, count, minute_at(at),
						    minute_at(at),    1,     0 };

			detect_observe(f->d, id, &fact);
			fact.signal = SIGNAL_UNKNOWN_USER;
			fact.count = 1 + (uint32_t)(at / 30 + id) % 4;
			detect_observe(f->d, id, &fact);
			fact.signal = SIGNAL_COMPLAINT;
			fact.count = 1;
			if ((at / 30 + id) % 11 == 0) {
				detect_observe(f->d, id, &fact);
			}
		}
		feed_until(f, at + 30);
	}
	for (uint32_t i = 0; i < 20; i++) {
		struct detect_view view;

		detect_unit_view(f->d, i, &view);
		nats[i] = view.evidence_nats[VOICE_BAYES];
	}
}

static void
the_order_of_units_changes_nothing(void **context)
{
	struct feed one, other;
	double a[20], b[20];

	(void)context;
	fleet_in_order(&one, false, a);
	fleet_in_order(&other, true, b);
	assert_int_equal(one.alarm_count, other.alarm_count);
	for (int i = 0; i < 20; i++) {
		if (!(fabs(a[i] - b[i]) < 0.01)) {
			fail_msg("unit %d: %.4f or %.4f nats by the order", i, a[i], b[i]);
		}
	}
	detect_close(one.d);
	detect_close(other.d);
}

/* A sender ten or a hundred times as large with as many times the bad news has the same rates, and stays without an alarm. */
static void
rates_do_not_depend_on_the_size_of_a_sender(void **context)
{
	double rate[3][EVIDENCE_COUNT];

	(void)context;
	for (int scale = 0; scale < 3; scale++) {
		uint32_t times = scale == 0 ? 1 : scale == 1 ? 10 : 100;
		struct detect_view view;
		struct feed f;

		feed_open(&f, 10, 6);
		for (int64_t at = 0; at < 60 * DAY_MINUTES; at += 60) {
			feed_until(&f, at + 60);
			feed_mail(&f, 2000 * times, at);
			feed_fact(&f, SIGNAL_UNKNOWN_USER, 16 * times, at, at);
			feed_fact(&f, SIGNAL_COMPLAINT, 2 * times, at, at);
		}
		assert_int_equal(f.alarm_count, 0);
		detect_unit_view(f.d, 0, &view);
		for (int e = 0; e < EVIDENCE_COUNT; e++) {
			rate[scale][e] = view.rate[e];
		}
		detect_close(f.d);
	}
	for (int scale = 0; scale < 3; scale++) {
		assert_true(fabs(rate[scale][EVIDENCE_UNKNOWN_USER] - 0.008) < 0.0006);
		assert_true(fabs(rate[scale][EVIDENCE_COMPLAINT] - 0.001) < 0.00015);
	}
}

/* ---- a fleet at several sizes */

#define KIN   6U /* senders, the largest twice as large as the smallest */
#define TAKEN 3U /* the one that is taken over */

struct sized {
	struct detect *d;
	uint32_t alarms[KIN];
	uint32_t times; /* all of its counts are so many times those of the smallest fleet */
};

static void
sized_alarm(void *context, const struct alarm *alarm)
{
	struct sized *s = context;

	assert_true(alarm->unit < KIN);
	s->alarms[alarm->unit]++;
}

static void
sized_fact(struct sized *s, uint32_t unit, enum signal signal, uint32_t count, int64_t at)
{
	struct detect_fact fact = { signal, count * s->times, minute_at(at), minute_at(at), 1, 0 };

	if (count > 0) {
		detect_observe(s->d, unit, &fact);
	}
}

/* An hour of each sender; every third day one of them has a campaign of ten times as much. Rates differ by the hour. */
static void
sized_hour(struct sized *s, struct feed *lot, int64_t hour)
{
	for (uint32_t i = 0; i < KIN; i++) {
		uint32_t mail = 2000 + 400 * i, bad = 4 + feed_dice(lot, 9);

		mail *= hour % 72 == 9 + 7 * i ? 10 : 1;
		sized_fact(s, i, SIGNAL_DELIVERED, mail, hour * 60);
		sized_fact(s, i, SIGNAL_UNKNOWN_USER, mail * bad / 2000, hour * 60);
		sized_fact(s, i, SIGNAL_COMPLAINT, mail * (1 + feed_dice(lot, 2)) / 2000, hour * 60);
	}
}

/* A bought list beside the mail of the hour, and two traps in it. */
static void
sized_blast(struct sized *s, int64_t hour)
{
	sized_fact(s, TAKEN, SIGNAL_DELIVERED, 15000, hour * 60);
	sized_fact(s, TAKEN, SIGNAL_UNKNOWN_USER, 3000, hour * 60);
	sized_fact(s, TAKEN, SIGNAL_COMPLAINT, 120, hour * 60);
	sized_fact(s, TAKEN, SIGNAL_TRAP_PRISTINE, 2, hour * 60);
}

static void
sized_run(struct sized *s, uint32_t times, double rate[KIN][EVIDENCE_COUNT])
{
	struct feed lot = { .random = 4711 }; /* the same for each size */
	struct detect_view view;

	*s = (struct sized){ .times = times };
	s->d = detect_open(&(struct detect_params){ .budget = 10 }, sized_alarm, s);
	for (uint32_t i = 0; i < KIN; i++) {
		(void)detect_unit_add(s->d, UNIT_SOURCE);
	}
	for (int64_t hour = 0; hour < 60 * 24; hour++) {
		sized_hour(s, &lot, hour);
		detect_tick(s->d, minute_at((hour + 1) * 60));
	}
	for (uint32_t i = 0; i < KIN; i++) {
		assert_int_equal(s->alarms[i], 0);
		detect_unit_view(s->d, i, &view);
		for (int e = 0; e < EVIDENCE_COUNT; e++) {
			rate[i][e] = view.rate[e];
		}
	}
	sized_hour(s, &lot, 60 * 24);
	sized_blast(s, 60 * 24);
	for (int64_t minute = 0; minute < 180; minute++) {
		detect_tick(s->d, minute_at(60 * 60 * 24 + minute));
	}
	detect_close(s->d);
}

/* What is stated of all senders weighs less where more was seen of one: that is the rounding. */
static void
a_larger_fleet_has_the_same_rates_and_the_same_takeover(void **context)
{
	static const uint32_t times[] = { 1, 4, 16 };
	static const enum evidence counted[] = { EVIDENCE_UNKNOWN_USER, EVIDENCE_COMPLAINT };
	double rate[countof(times)][KIN][EVIDENCE_COUNT];

	(void)context;
	for (size_t t = 0; t < countof(times); t++) {
		struct sized s;

		sized_run(&s, times[t], rate[t]);
		for (uint32_t i = 0; i < KIN; i++) {
			if ((s.alarms[i] > 0) != (i == TAKEN)) {
				fail_msg("%u alarms of sender %u at %u times", s.alarms[i], i, times[t]);
			}
			for (size_t e = 0; e < countof(counted); e++) {
				double r = rate[t][i][counted[e]], first = rate[0][i][counted[e]];

				if (!(fabs(r / first - 1) < 0.02)) {
					fail_msg("sender %u has %.6f, at %u times %.6f", i, first, times[t],
						 r);
				}
			}
		}
	}
}

/* ---- what it must go with */

/* Evidence of a cohort of 20,000 messages with these events, of a sender with the stated rates, an hour after it was sent. */
static double
evidence_of(uint32_t stream, const float events[EVIDENCE_COUNT], enum voice voice)
{
	struct feed f;
	struct unit *u;
	struct outlook o[COHORTS];
	double m[VOICE_COUNT];

	feed_open(&f, 10, 1);
	u = feed_unit(&f);
	u->cohort_count = 1;
	u->ring[0] = (struct cohort){ .start_ms = FEED_START,
				      .length_ms = 3600000,
				      .stream = (uint8_t)stream,
				      .n = { .mail = 20000, .weight = 0.01F, .look = 1 } };
	for (int e = 0; e < EVIDENCE_COUNT; e++) {
		u->ring[0].n.events[e] = events[e];
		for (int s = 0; s < STREAM_COUNT; s++) { /* known for a while, and like the fleet */
			u->n.learnt[s].events[e] = 20;
			u->n.learnt[s].mail[e] = (float)(20 / detect_rates[e].honest);
		}
	}
	detect_baseline_outlook(f.d, u, FEED_START + 7200000, o);
	detect_evidence(u, o, m);
	detect_close(f.d);
	return log(m[voice] > 1e-30 ? m[voice] : 1e-30);
}

/*
 * Of a cohort with the unknown users of an ordinary sender. From twenty times its expectation on, what honest cohorts differ by explains
 * one more complaint as well as a takeover does: there it may take a hundredth of a nat. Traps beside
 * ordinary complaints never take any.
 */
static void
more_complaints_or_traps_do_not_lower_the_evidence(void **context)
{
	(void)context;
	for (int v = 0; v < VOICE_COUNT; v++) {
		for (uint32_t stream = 0; stream < STREAM_COUNT; stream++) {
			float events[EVIDENCE_COUNT] = { [EVIDENCE_UNKNOWN_USER] = 80 };
			double before = -INFINITY;

			for (int i = 0; i < 300; i++) {
				double nats = evidence_of(stream, events, (enum voice)v);

				assert_true(nats >= before - (i < 200 ? 1e-6 : 0.01));
				before = nats;
				events[EVIDENCE_COMPLAINT] += 1;
			}
			assert_true(before > 0);
			events[EVIDENCE_COMPLAINT] = 5;
			before = -INFINITY;
			for (int i = 0; i < 40; i++) {
				double nats = evidence_of(stream, events, (enum voice)v);

				assert_true(nats >= before - 1e-6);
				before = nats;
				events[EVIDENCE_TRAP] += 1;
			}
			assert_true(before > 4);
		}
	}
}

/* What a template can show, each on top of all others. */
enum show {
	SHOW_LINK,
	SHOW_LURE,
	SHOW_FROM,
	SHOW_ATTACHMENT,
	SHOW_BAD_URL,
	SHOW_ALIKE,
	SHOW_ELSEWHERE,
	SHOWS
};

static bool
shows(uint32_t set, enum show what)
{
	return (set >> what & 1) != 0;
}

/* A month of the usual mail of source 0 and system 1, and a look at each second day's new template. */
static void
known_sender(struct feed *f, uint32_t declared)
{
	*f = (struct feed){ .random = 1 };
	/* So small a budget that no alarm ends what is compared */
	f->d = detect_open(&(struct detect_params){ .budget = 1e-20 }, feed_alarm, f);
	(void)detect_unit_add(f->d, UNIT_SOURCE);
	(void)detect_unit_add(f->d, UNIT_SYSTEM);
	for (int64_t hour = 0; hour < 40 * 24; hour++) {
		struct detect_look usual = look_of(100 + (uint64_t)hour, 7, 0, minute_at(hour * 60).ms);

		for (uint32_t unit = 0; unit < 2; unit++) {
			struct detect_fact fact = { SIGNAL_DELIVERED,     500, minute_at(hour * 60),
						    minute_at(hour * 60), 1,   0 };

			detect_observe(f->d, unit, &fact);
		}
		if (hour % 48 == 0) {
			usual.flags = declared == 0 ? 0 : declared | LOOK_LINK_DECLARED;
			detect_look(f->d, &usual);
		}
		detect_tick(f->d, minute_at(hour * 60));
	}
	f->minute = 40 * DAY_MINUTES;
}

/* Nats of the source and of its system after a new template that shows `set`. */
static void
nats_of_look(uint32_t set, uint32_t declared, double nats[2])
{
	struct detect_view view;
	struct detect_look l;
	struct feed f;

	known_sender(&f, declared);
	l = look_of(4711, shows(set, SHOW_LINK) ? 99 : 7, 0, minute_at(f.minute).ms);
	if (shows(set, SHOW_ELSEWHERE)) {
		struct detect_look other = look_of(4711, 7, 0, minute_at(f.minute - 60).ms);

		other.system = detect_unit_add(f.d, UNIT_SYSTEM);
		other.source = DETECT_NO_UNIT;
		other.member = 2;
		detect_look(f.d, &other);
	}
	l.from = shows(set, SHOW_FROM) ? 6 : 5;
	l.flags = declared;
	l.flags |= declared != 0 && !shows(set, SHOW_LINK) ? (uint32_t)LOOK_LINK_DECLARED : 0;
	l.flags &= shows(set, SHOW_FROM) ? ~(uint32_t)LOOK_FROM_DECLARED : ~0U;
	l.flags |= shows(set, SHOW_LURE) ? (uint32_t)LOOK_LURE : 0;
	l.flags |= shows(set, SHOW_ATTACHMENT) ? (uint32_t)LOOK_ATTACHMENT : 0;
	l.flags |= shows(set, SHOW_BAD_URL) ? (uint32_t)LOOK_BAD_URL : 0;
	l.flags |= shows(set, SHOW_ALIKE) ? (uint32_t)LOOK_ALIKE : 0;
	detect_look(f.d, &l);
	assert_int_equal(f.alarm_count, 0);
	for (uint32_t unit = 0; unit < 2; unit++) {
		detect_unit_view(f.d, unit, &view);
		nats[unit] = view.evidence_nats[VOICE_BAYES];
	}
	detect_close(f.d);
}

/*
 * Of any template, by members that declare their domains and that do not. The link is to a domain that nobody had before; one
 * that others have had for long may well take back what an unknown From said, of a member that declares nothing.
 */
static void
one_more_trait_does_not_lower_the_evidence(void **context)
{
	static const uint32_t declares[] = { 0, LOOK_DECLARES | LOOK_FROM_DECLARED };
	static double nats[1U << SHOWS][2];

	(void)context;
	for (size_t d = 0; d < countof(declares); d++) {
		for (uint32_t set = 0; set < 1U << SHOWS; set++) {
			nats_of_look(set, declares[d], nats[set]);
		}
		for (uint32_t set = 0; set < 1U << SHOWS; set++) {
			for (uint32_t more = 0; more < SHOWS; more++) {
				uint32_t all = set | 1U << more;

				for (uint32_t unit = 0; unit < 2; unit++) {
					if (!(nats[all][unit] >= nats[set][unit] - 1e-6)) {
						fail_msg("declared %u, shown %x: %.3f nats; and %u: %.3f",
							 declares[d], set, nats[set][unit], more,
							 nats[all][unit]);
					}
				}
			}
		}
		assert_true(nats[(1U << SHOWS) - 1][0] > nats[0][0] + 5);
	}
}

/*
 * Typo traps speak for a bad list, and that explains some complaints: so much they may take back, once. They must not wipe out what other
 * cohorts said, or a thief who mails the own list would hide behind them.
 */
static void
typo_traps_take_back_no_more_than_a_bad_list_explains(void **context)
{
	float events[EVIDENCE_COUNT] = { [EVIDENCE_UNKNOWN_USER] = 80 };
	double plain = evidence_of(STREAM_BURST, events, VOICE_BAYES);

	(void)context;
	for (int i = 0; i < 100; i++) {
		double nats;

		events[EVIDENCE_TRAP_TYPO] += 1;
		nats = evidence_of(STREAM_BURST, events, VOICE_BAYES);
		if (!(nats > plain - 1)) {
			fail_msg("%d typo traps take %.1f nats", i + 1, plain - nats);
		}
	}
}

/* The parts that an alarm names add up to the ratio that was used, whatever the counts are. */
static void
the_parts_of_an_explanation_add_up(void **context)
{
	struct feed f;

	(void)context;
	feed_open(&f, 10, 8);
	for (int i = 0; i < 2000; i++) {
		struct outlook o = { .stream = STREAM_BURST, .bad_list = (1 + feed_dice(&f, 900)) / 1000.0 };
		struct cohort c = { .stream = (uint8_t)feed_dice(&f, 2), .n = { .mail = 1000, .look = 1 } };
		struct story s;

		for (int e = 0; e < EVIDENCE_COUNT; e++) {
			o.rate[e] = detect_rates[e].honest * (1 + feed_dice(&f, 50) / 10.0);
			o.shape[e] = 0.1 + feed_dice(&f, 30) / 10.0;
			o.mail[e] = 1000 + feed_dice(&f, 50000);
			c.n.events[e] = (float)feed_dice(&f, e == EVIDENCE_UNKNOWN_USER ? 3000 : 30);
		}
		detect_story(&c, &o, &s);
		for (int v = 0; v < VOICE_COUNT; v++) {
			double nats[EVIDENCE_COUNT], sum = 0;
			uint32_t k = feed_dice(&f, PROFILE_COUNT);

			detect_story_parts(&c, &o, (enum voice)v, k, nats);
			for (int e = 0; e < EVIDENCE_COUNT; e++) {
				sum += nats[e];
			}
			assert_true(fabs(sum - (s.attack[k] - s.honest[v])) < 1e-6);
		}
	}
	detect_close(f.d);
}

/* What a person confirmed as a takeover is not learnt: the rates are those of before. */
static void
a_confirmed_takeover_teaches_nothing(void **context)
{
	double rate[2];

	(void)context;
	for (int forget = 0; forget < 2; forget++) {
		struct feed f;
		struct detect_view view;

		feed_open(&f, 10, 12);
		feed_days(&f, 30, 10, 300);
		blast(&f, true);
		feed_until(&f, f.minute + 70);
		assert_true(f.alarm_count > 0);
		assert_true(f.alarm.evidence_nats >= LIMIT_NATS);
		if (forget != 0) {
			detect_unit_forget(f.d, 0);
		}
		feed_days(&f, 4, 10, 300);
		detect_unit_view(f.d, 0, &view);
		rate[forget] = view.rate[EVIDENCE_UNKNOWN_USER];
		detect_close(f.d);
	}
	assert_true(rate[1] > 0.003 && rate[1] < 0.005);
	assert_true(rate[0] > rate[1]);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(splitting_a_batch_changes_nothing),
		cmocka_unit_test(looking_more_often_changes_nothing),
		cmocka_unit_test(a_history_needs_no_ticks),
		cmocka_unit_test(the_order_of_units_changes_nothing),
		cmocka_unit_test(rates_do_not_depend_on_the_size_of_a_sender),
		cmocka_unit_test(a_larger_fleet_has_the_same_rates_and_the_same_takeover),
		cmocka_unit_test(more_complaints_or_traps_do_not_lower_the_evidence),
		cmocka_unit_test(one_more_trait_does_not_lower_the_evidence),
		cmocka_unit_test(typo_traps_take_back_no_more_than_a_bad_list_explains),
		cmocka_unit_test(the_parts_of_an_explanation_add_up),
		cmocka_unit_test(a_confirmed_takeover_teaches_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
