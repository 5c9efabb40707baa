/* The simulated feeds: when facts arrive, what is left out of them, and what is seen of messages. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "sim_tally.h"

#include <stdlib.h>
#include <string.h>

/* What a stream of observations adds up to. */
struct sums {
	double delivered, unknown, complaints, traps, samples;
	double by[SIM_FEED_COUNT][2]; /* complaints before and after a moment */
	uint64_t digest; /* of delivered messages and unknown users: each source, day and count */
};

/* Volume and samples without the last two days: with a late feed these do not arrive. */
static struct sums
sums_of(const struct sim_params *params, uint64_t seed, int64_t moment)
{
	struct sim *sim = sim_open(params, seed);
	struct sums s = { .delivered = 0 };
	struct sim_observation o;

	while (sim_next(sim, &o)) {
		bool volume = o.signal == SIGNAL_DELIVERED || o.signal == SIGNAL_UNKNOWN_USER;
		int64_t day = (o.at.ms - params->start.ms) / SPAN_DAY.ms;

		if (o.kind == SIM_SAMPLE) {
			s.samples += day < (int64_t)params->days - 2;
		} else if (volume && day < (int64_t)params->days - 2) {
			s.delivered += o.signal == SIGNAL_DELIVERED ? o.count : 0;
			s.unknown += o.signal == SIGNAL_UNKNOWN_USER ? o.count : 0;
			s.digest +=
			    (uint64_t)o.count * (o.source * 31U + (uint64_t)day * 1009U + (uint64_t)o.signal);
		} else if (o.signal == SIGNAL_COMPLAINT) {
			s.complaints++;
			s.by[o.feed][o.arrives.ms >= moment ? 1 : 0]++;
		} else if (!volume) {
			s.traps++;
		}
	}
	sim_close(sim);
	return s;
}

static void
what_is_seen_changes_nothing_about_what_is_sent(void **context)
{
	struct sim_params params = params_quiet(10, 30, 60, 20), other;
	struct sums all, s;

	(void)context;
	params.numbers.traps_median = 1e-4; /* enough of them to compare */
	all = sums_of(&params, 51, 0);
	assert_true(all.delivered > 1e6);
	other = params;
	other.numbers.coverage = 0.1;
	s = sums_of(&other, 51, 0);
	assert_true(s.digest == all.digest);
	assert_near(s.complaints, 0.1 * all.complaints, 0.1);
	assert_near(s.traps, all.traps, 0.15);
	other = params;
	other.numbers.sampling = 1.0 / 300;
	s = sums_of(&other, 51, 0);
	assert_true(s.digest == all.digest);
	assert_near(s.samples, all.delivered / 300, 0.03);
	other = params;
	other.numbers.volume_late_minutes = 1440;
	s = sums_of(&other, 51, 0);
	assert_true(s.digest == all.digest);
	other = params;
	other.step = SPAN_DAY;
	s = sums_of(&other, 51, 0);
	assert_true(s.digest == all.digest);
	assert_near(s.complaints, all.complaints, 1e-9);
	other.numbers.link_shared = 0.9;
	s = sums_of(&other, 51, 0);
	assert_true(s.digest == all.digest);
	assert_false(sums_of(&params, 52, 0).digest == all.digest);
}

/* Messages are drawn anew, but the fleet, its campaigns and what is bad about them are the same. */
static void
a_shorter_step_is_the_same_fleet(void **context)
{
	static const int64_t minutes[] = { 5, 1 };
	struct sim_params params = params_quiet(10, 30, 30, 25);
	struct sums hourly, s;

	(void)context;
	params.numbers.imports_per_year = 10;
	hourly = sums_of(&params, 53, 0);
	for (size_t i = 0; i < countof(minutes); i++) {
		params.step.ms = minutes[i] * SPAN_MINUTE.ms;
		s = sums_of(&params, 53, 0);
		assert_near(s.delivered, hourly.delivered, 0.005);
		assert_near(s.unknown, hourly.unknown, 0.02);
		assert_near(s.complaints, hourly.complaints, 0.05);
	}
}

static void
volume_arrives_when_its_step_is_over_or_later(void **context)
{
	static const struct {
		int64_t step, late; /* minutes */
		double gaps;        /* per year */
	} feeds[] = { { 1, 0, 0 },    { 60, 60, 0 },  { 15, 1440, 0 },
		      { 1440, 0, 0 }, { 60, 0, 100 }, { 10, 30, 100 } };

	(void)context;
	for (size_t i = 0; i < countof(feeds); i++) {
		struct sim_params params = params_quiet(5, 8, 16, 12);
		struct sim_observation o;
		int64_t last = 0, worst = 0, late, length;
		struct sim *sim;

		params.step.ms = length = feeds[i].step * SPAN_MINUTE.ms;
		late = feeds[i].late * SPAN_MINUTE.ms;
		params.numbers.volume_late_minutes = (double)feeds[i].late;
		params.numbers.gaps_per_year = feeds[i].gaps;
		sim = sim_open(&params, 54);
		while (sim_next(sim, &o)) {
			int64_t wait = o.arrives.ms - o.at.ms;

			assert_true(o.arrives.ms >= last);
			last = o.arrives.ms;
			if (o.signal != SIGNAL_DELIVERED && o.signal != SIGNAL_UNKNOWN_USER) {
				assert_int_equal(wait, 0);
				continue;
			}
			worst = wait > worst ? wait : worst;
			assert_true(wait >= length + late);
			assert_true(feeds[i].gaps > 0 || wait == length + late);
		}
		assert_true(last <= params.start.ms + 12 * SPAN_DAY.ms);
		assert_int_equal(worst > length + late + SPAN_HOUR.ms, feeds[i].gaps > 0);
		sim_close(sim);
	}
}

static void
a_gap_is_made_up_for_when_it_ends(void **context)
{
	struct sim_params params = params_quiet(5, 8, 16, 12);
	const struct sim_event *events;
	struct sim_observation o;
	uint32_t made_up = 0;
	struct sim *sim;
	size_t count;

	(void)context;
	params.numbers.gaps_per_year = 60;
	sim = sim_open(&params, 55);
	events = sim_events(sim, &count);
	assert_true(count > 0);
	while (sim_next(sim, &o)) {
		for (size_t i = 0; i < count; i++) {
			assert_int_equal(events[i].kind, SIM_FEED_GAP);
			if (o.signal == SIGNAL_DELIVERED) {
				assert_false(o.arrives.ms >= events[i].from.ms &&
					     o.arrives.ms < events[i].to.ms);
				made_up += o.arrives.ms == events[i].to.ms;
			}
		}
	}
	assert_true(made_up > 10);
	sim_close(sim);
}

static void
a_receiver_that_samples_otherwise_changes_its_complaints_alone(void **context)
{
	struct sim_params params = params_quiet(30, 120, 120, 40);
	struct sim_feed_change change = { .receiver = SIM_FEED_POSTBOX, .factor = 4 };
	struct sums before, s;

	(void)context;
	params.habits[SIM_HABIT_SEASONAL] = 0;
	change.at.ms = params.start.ms + 20 * SPAN_DAY.ms;
	before = sums_of(&params, 56, change.at.ms);
	params.changes = &change;
	params.change_count = 1;
	s = sums_of(&params, 56, change.at.ms);
	assert_true(s.digest == before.digest);
	for (size_t i = 0; i < SIM_RECEIVER_COUNT; i++) {
		assert_near(s.by[i][0], before.by[i][0], 0.12);
		assert_near(s.by[i][1], before.by[i][1] * (i == SIM_FEED_POSTBOX ? 4 : 1), 0.12);
	}
	assert_near(s.traps, before.traps, 0.5);
	change.receiver = SIM_NONE;
	change.factor = 0.2;
	s = sums_of(&params, 56, change.at.ms);
	for (size_t i = 0; i < SIM_RECEIVER_COUNT; i++) {
		assert_near(s.by[i][0], before.by[i][0], 0.12);
		assert_near(s.by[i][1], before.by[i][1] * 0.2, 0.2);
	}
}

static void
changes_of_feeds_come_as_often_as_asked_for(void **context)
{
	struct sim_params params = params_quiet(2, 2, 2, 3650);
	const struct sim_event *events;
	struct sim *sim;
	size_t count;

	(void)context;
	params.numbers.feed_changes_per_year = 10;
	sim = sim_open(&params, 57);
	events = sim_events(sim, &count);
	assert_near((double)count, 100, 0.4);
	for (size_t i = 0; i < count; i++) {
		assert_int_equal(events[i].kind, SIM_FEED_CHANGE);
	}
	sim_close(sim);
}

static void
a_clock_that_is_ahead_shifts_what_its_reporter_says(void **context)
{
	struct sim_params params = params_quiet(5, 10, 20, 6), shifted;
	struct sim_observation a, b;
	struct sim *sim, *other;
	uint32_t moved = 0;

	(void)context;
	shifted = params;
	shifted.ahead[SIM_FEED_NORTHMAIL].ms = 2 * SPAN_HOUR.ms;
	shifted.ahead[SIM_FEED_BOUNCES].ms = -SPAN_HOUR.ms;
	sim = sim_open(&params, 58);
	other = sim_open(&shifted, 58);
	while (sim_next(sim, &a)) {
		int64_t ahead = shifted.ahead[a.feed].ms;

		assert_true(sim_next(other, &b));
		assert_int_equal(b.arrives.ms, a.arrives.ms);
		assert_int_equal(b.feed, a.feed);
		assert_int_equal(b.at.ms, a.at.ms + ahead);
		assert_int_equal(b.mailed.ms, a.mailed.ms + ahead);
		moved += ahead != 0;
	}
	assert_true(moved > 300);
	sim_close(sim);
	sim_close(other);
}

static void
forged_complaints_come_from_a_stranger(void **context)
{
	struct sim_params params = params_quiet(20, 40, 40, 60);
	struct sim_observation o;
	uint32_t forged = 0, events = 0;
	const struct sim_event *list;
	struct sim *sim;
	size_t count;

	(void)context;
	params.numbers.forged_per_year = 10;
	sim = sim_open(&params, 59);
	while (sim_next(sim, &o)) {
		assert_int_equal(o.feed == SIM_FEED_STRANGER, o.because == SIM_FORGED);
		assert_int_equal(o.bad, 0);
		forged += o.feed == SIM_FEED_STRANGER;
	}
	list = sim_events(sim, &count);
	for (size_t i = 0; i < count; i++) {
		events += list[i].kind == SIM_FORGED;
	}
	assert_near(events, 10 * 40 * 60 / 365.25, 0.4);
	assert_near(forged, 5.0 * events, 0.3);
	sim_close(sim);
}

/* ---- what messages look like */

#define KNOWN_MAX 65536U

/* How often templates brought a link domain that was new to their system. */
struct novelty {
	double clusters, new_links, known_elsewhere, undeclared, shared, foreign_from, lures, complaints,
	    blind;
	uint32_t count;
	uint64_t known[KNOWN_MAX]; /* system and campaign, or system and link */
};

static bool
first_time(struct novelty *n, uint32_t system, uint32_t what, uint32_t number)
{
	uint64_t key = ((uint64_t)system << 34 | (uint64_t)what << 32 | number) + 1;
	uint32_t at = (uint32_t)(key * 0x9e3779b97f4a7c15U >> 48);

	while (n->known[at] != 0) {
		if (n->known[at] == key) {
			return false;
		}
		at = (at + 1) % KNOWN_MAX;
	}
	assert_true(n->count++ < KNOWN_MAX / 2);
	n->known[at] = key;
	return true;
}

/* All but the first 60 days, in which the usual domains become known. */
static void
novelty_of(const struct sim_params *params, uint64_t seed, struct novelty *n)
{
	struct sim *sim = sim_open(params, seed);
	struct sim_observation o;

	memset(n, 0, sizeof(*n));
	while (sim_next(sim, &o)) {
		bool late = o.at.ms >= params->start.ms + 60 * SPAN_DAY.ms, mailing, link, elsewhere;

		n->complaints += o.signal == SIGNAL_COMPLAINT && o.content.cluster != SIM_NONE;
		n->blind += o.signal == SIGNAL_COMPLAINT && o.content.headers_only;
		if (o.kind != SIM_SAMPLE) {
			continue;
		}
		assert_true(o.content.cluster != SIM_NONE && o.content.link != SIM_NONE &&
			    !o.content.headers_only);
		mailing = first_time(n, o.system, 0, o.content.campaign);
		link = first_time(n, o.system, 1, o.content.link);
		elsewhere = !first_time(n, 0, 2, o.content.link);
		if (!mailing || !late) {
			continue;
		}
		n->clusters++;
		n->new_links += link;
		n->known_elsewhere += link && elsewhere;
		n->undeclared += !sim_declares(sim, o.system, o.content.link);
		n->shared += sim_domain_is_shared(sim, o.content.link);
		n->foreign_from += o.content.from != sim_systems(sim, &(uint32_t){ 0 })[o.system].member;
		n->lures += o.content.lure;
	}
	sim_close(sim);
}

static void
honest_templates_have_new_links_as_the_table_says(void **context)
{
	static struct novelty n;
	struct sim_params params = params_quiet(40, 40, 40, 730);

	(void)context;
	params.numbers.sampling = 1.0 / 3000;
	params.numbers.transactional_median = 1e-6;
	params.numbers.list_spread = 0;
	params.numbers.declared = 0;
	memset(params.habits, 0, sizeof(params.habits));
	params.habits[SIM_HABIT_BURSTY] = 1;
	novelty_of(&params, 60, &n);
	assert_true(n.clusters > 2000);
	assert_near(n.new_links / n.clusters, 0.035, 0.35);
	/* 0.13 are in use; at first nobody has seen them */
	assert_between(n.known_elsewhere / n.new_links, 0.02, 0.2);
	assert_near(n.shared / n.clusters, 0.2, 0.2);
	assert_between(n.lures / n.clusters, 0.0005, 0.01);
	assert_true(n.undeclared >= n.clusters && n.foreign_from <= 0);
	memset(params.habits, 0, sizeof(params.habits));
	params.habits[SIM_HABIT_NEWSLETTER] = 1;
	novelty_of(&params, 60, &n);
	assert_true(n.clusters > 2000); /* mailings of one template are told apart */
	assert_near(n.new_links / n.clusters, 0.1, 0.25);
	params.numbers.declared = 1;
	params.numbers.link_undeclared = 0.02;
	novelty_of(&params, 60, &n);
	assert_near(n.undeclared / n.clusters, 0.02, 0.4);
	params.numbers.link_undeclared = 0;
	novelty_of(&params, 60, &n);
	assert_true(n.undeclared <= 0);
}

static void
complaints_carry_what_their_receiver_embeds(void **context)
{
	static struct novelty n;
	struct sim_params params = params_quiet(20, 40, 80, 61);

	(void)context;
	params.numbers.sampling = 1.0 / 3000;
	novelty_of(&params, 61, &n);
	assert_true(n.complaints > 3000);
	/* the share of the provider that embeds headers alone */
	assert_near(n.blind / n.complaints, 0.40, 0.1);
}

static void
a_new_name_is_in_from_and_in_links(void **context)
{
	struct sim_params params = params_quiet(10, 10, 10, 200);
	uint32_t seen = 0, announced = 0, count;
	struct sim_observation o;
	const struct sim_system *systems;
	struct sim *sim;

	(void)context;
	params.numbers.rebrands_per_year = 3;
	params.numbers.sampling = 1.0 / 3000;
	sim = sim_open(&params, 62);
	systems = sim_systems(sim, &count);
	while (sim_next(sim, &o)) {
		if (o.kind == SIM_SAMPLE && o.content.from != systems[o.system].member) {
			char from[SIM_DOMAIN_BYTES], old[SIM_DOMAIN_BYTES];

			seen++;
			announced += sim_declares(sim, o.system, o.content.from);
			(void)sim_domain(sim, o.content.from, from);
			(void)sim_domain(sim, systems[o.system].member, old);
			assert_string_not_equal(from, old);
			assert_int_equal(strcmp(strchr(from, '.'), ".example"), 0);
		}
	}
	assert_true(seen > 500);
	assert_between((double)announced / seen, 0.5, 1);
	sim_close(sim);
}

static void
no_two_domains_have_the_same_name(void **context)
{
	struct sim_params params = params_quiet(45, 60, 60, 1);
	struct sim *sim = sim_open(&params, 63);
	enum { COUNT = 3000 };
	static char names[COUNT][SIM_DOMAIN_BYTES];

	(void)context;
	for (uint32_t i = 0; i < COUNT; i++) {
		uint32_t number = i < COUNT / 2 ? i : i < COUNT - 500 ? 0x80000000U + i : 0xc0000000U + i;

		(void)sim_domain(sim, number, names[i]);
	}
	qsort(names, COUNT, sizeof(names[0]), (int (*)(const void *, const void *))strcmp);
	for (uint32_t i = 1; i < COUNT; i++) {
		assert_string_not_equal(names[i - 1], names[i]);
	}
	sim_close(sim);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_seen_changes_nothing_about_what_is_sent),
		cmocka_unit_test(a_shorter_step_is_the_same_fleet),
		cmocka_unit_test(volume_arrives_when_its_step_is_over_or_later),
		cmocka_unit_test(a_gap_is_made_up_for_when_it_ends),
		cmocka_unit_test(a_receiver_that_samples_otherwise_changes_its_complaints_alone),
		cmocka_unit_test(changes_of_feeds_come_as_often_as_asked_for),
		cmocka_unit_test(a_clock_that_is_ahead_shifts_what_its_reporter_says),
		cmocka_unit_test(forged_complaints_come_from_a_stranger),
		cmocka_unit_test(honest_templates_have_new_links_as_the_table_says),
		cmocka_unit_test(complaints_carry_what_their_receiver_embeds),
		cmocka_unit_test(a_new_name_is_in_from_and_in_links),
		cmocka_unit_test(no_two_domains_have_the_same_name),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
