/* Takeovers of the simulator: each as its rows say, and without any effect on what is honest. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "sim_tally.h"

#include <stdlib.h>
#include <string.h>

enum scope { SCOPE_SYSTEM, SCOPE_SOURCE };

static const struct expected {
	enum sim_event_kind kind;
	enum scope scope;
	uint32_t members;
	double unknown_low, unknown_high, complaints_low, complaints_high;
} attacks[] = {
#define SIM_ATTACK(id, scope, measure, sl, sh, members, ul, uh, cl, ch, tl, th, link, from, variants, \
		   attachment, origin)                                                                \
	{ SIM_##id, SCOPE_##scope, members, ul, uh, cl, ch },
#include "sim/attacks.def"
#undef SIM_ATTACK
};

static const struct phase {
	enum sim_event_kind kind;
	double share;
} phases[] = {
#define SIM_PHASE(id, after, minutes, share) { SIM_##id, share },
#include "sim/phases.def"
#undef SIM_PHASE
};

/* What a takeover left behind. */
struct harm {
	double delivered, unknown, complaints, traps, samples, canaries;
	int64_t first_ms, last_ms, first_trap_ms; /* of mail: the start of its step */
};

static void
harm_add(struct harm *h, const struct sim_observation *o)
{
	if (o->kind == SIM_CANARY) {
		h->canaries++;
	} else if (o->kind == SIM_SAMPLE) {
		h->samples++;
	} else if (o->signal == SIGNAL_COMPLAINT) {
		h->complaints++;
	} else if (o->signal == SIGNAL_DELIVERED || o->signal == SIGNAL_UNKNOWN_USER) {
		h->delivered += o->signal == SIGNAL_DELIVERED ? o->bad : 0;
		h->unknown += o->signal == SIGNAL_UNKNOWN_USER ? o->bad : 0;
		h->first_ms = o->at.ms < h->first_ms ? o->at.ms : h->first_ms;
		h->last_ms = o->at.ms > h->last_ms ? o->at.ms : h->last_ms;
	} else {
		h->traps++;
		h->first_trap_ms = o->at.ms < h->first_trap_ms ? o->at.ms : h->first_trap_ms;
	}
}

/* Until nearly all complaints about a takeover of day 7 are in. */
static uint32_t
days_for(enum sim_event_kind kind)
{
	return kind == SIM_RELAY ? 32 : 14;
}

/* One takeover on day 7 of a fleet that is large enough for all of them. */
static struct sim *
open_with(enum sim_event_kind kind, uint32_t days, struct sim_takeover *takeover, uint64_t seed)
{
	struct sim_params params = params_quiet(25, 50, 250, days);

	*takeover = (struct sim_takeover){ .kind = kind, .source = SIM_NONE };
	takeover->at.ms = params.start.ms + 7 * SPAN_DAY.ms + 9 * SPAN_HOUR.ms;
	params.takeovers = takeover;
	params.takeover_count = 1;
	params.numbers.sampling = 1.0 / 100;
	return sim_open(&params, seed);
}

static const struct sim_event *
event_of(const struct sim *sim, uint32_t system)
{
	size_t count;
	const struct sim_event *events = sim_events(sim, &count);

	for (size_t i = 0; i < count; i++) {
		if (sim_event_is_takeover(events[i].kind) && events[i].system == system) {
			return &events[i];
		}
	}
	return NULL;
}

/* Each bad message is within its event, and there are as many as it says. */
static struct harm
harm_of(struct sim *sim, const struct expected *attack)
{
	struct harm harm = { .first_ms = INT64_MAX, .first_trap_ms = INT64_MAX };
	struct sim_observation o;
	double planned = 0;
	size_t count;
	const struct sim_event *events = sim_events(sim, &count);

	for (size_t i = 0; i < count; i++) {
		assert_int_equal(events[i].kind, attack->kind);
		assert_int_equal(events[i].takeover, 0);
		assert_int_equal(events[i].source != SIM_NONE, attack->scope == SCOPE_SOURCE);
		assert_true(i == 0 || (events[i].from.ms >= events[i - 1].from.ms &&
				       events[i].from.ms < events[0].from.ms + SPAN_HOUR.ms));
		planned += events[i].messages;
	}
	while (sim_next(sim, &o)) {
		const struct sim_event *event = o.bad > 0 ? event_of(sim, o.system) : NULL;

		assert_int_equal(o.bad > 0, o.because != SIM_EVENT_COUNT);
		if (o.bad == 0) {
			continue;
		}
		assert_non_null(event);
		assert_int_equal(o.because, attack->kind);
		assert_true(o.kind == SIM_CANARY || event->source == SIM_NONE || event->source == o.source);
		assert_true(o.at.ms >= event->from.ms - SPAN_HOUR.ms && o.mailed.ms <= event->to.ms + 1);
		harm_add(&harm, &o);
	}
	assert_near(harm.delivered + harm.unknown, planned, 0.01 + 5 / sqrt(planned + 1));
	return harm;
}

static void
each_takeover_sends_what_its_row_says(void **context)
{
	(void)context;
	for (size_t i = 0; i < countof(attacks); i++) {
		const struct expected *attack = &attacks[i];
		struct sim_takeover takeover;
		struct sim *sim = open_with(attack->kind, days_for(attack->kind), &takeover, 31);
		struct harm harm;
		size_t count;

		(void)sim_events(sim, &count);
		assert_int_equal(count, attack->members);
		harm = harm_of(sim, attack);
		if (attack->kind != SIM_LEAK) {
			double tried = harm.delivered + harm.unknown, wait = attack->complaints_high * tried;

			assert_near(harm.samples, harm.delivered / 100, 0.1 + 4 / sqrt(harm.delivered / 100));
			assert_between(harm.complaints,
				       0.9 * attack->complaints_low * harm.delivered - 4 * sqrt(wait),
				       1.1 * wait + 4 * sqrt(wait) + 1);
			assert_between(harm.unknown / tried, 0.9 * attack->unknown_low,
				       attack->unknown_high > 0 ? 1.05 * attack->unknown_high : 0.03);
		}
		sim_close(sim);
	}
}

static void
phases_are_the_whole_of_a_takeover(void **context)
{
	(void)context;
	for (size_t i = 0; i < countof(attacks); i++) {
		double sum = 0;

		for (size_t k = 0; k < countof(phases); k++) {
			sum += phases[k].kind == attacks[i].kind ? phases[k].share : 0;
		}
		assert_true(fabs(sum - (attacks[i].kind == SIM_LEAK ? 0 : 1)) < 1e-9);
	}
}

static void
a_blast_reaches_traps_within_the_hour(void **context)
{
	struct sim_takeover takeover;
	struct sim *sim = open_with(SIM_BLAST, days_for(SIM_BLAST), &takeover, 6);
	const struct sim_source *sources;
	const struct sim_event *event;
	struct harm harm;
	uint32_t n;
	size_t count;

	(void)context;
	event = sim_events(sim, &count);
	sources = sim_sources(sim, &n);
	assert_int_equal(sources[event->source].kind, SOURCE_IP);
	assert_int_equal(sources[event->source].system, event->system);
	harm = harm_of(sim, &attacks[0]);
	assert_true(harm.first_ms == takeover.at.ms);
	assert_near(harm.delivered + harm.unknown, 50000, 0.02);
	assert_between(harm.traps, 2, 80);
	assert_true(harm.first_trap_ms - takeover.at.ms < SPAN_HOUR.ms);
	sim_close(sim);
}

/* What the samples of a takeover look like. */
struct looks {
	uint32_t cluster, from, link; /* of the first */
	uint32_t clusters, froms;     /* how many different ones */
	uint32_t seen[64];
	uint32_t systems, system[32];
	uint32_t own_link, no_link, shared_link, foreign, attachments, lures, count;
};

static bool
is_new(uint32_t *list, uint32_t *count, uint32_t size, uint32_t value)
{
	for (uint32_t i = 0; i < *count; i++) {
		if (list[i] == value) {
			return false;
		}
	}
	assert_true(*count < size);
	list[(*count)++] = value;
	return true;
}

static struct looks
looks_of(struct sim *sim)
{
	struct looks l = { .count = 0 };
	struct sim_observation o;
	uint32_t n;
	const struct sim_system *systems = sim_systems(sim, &n);

	while (sim_next(sim, &o)) {
		if (o.kind != SIM_SAMPLE || o.bad == 0) {
			continue;
		}
		if (l.count++ == 0) {
			l.cluster = o.content.cluster;
			l.from = o.content.from;
			l.link = o.content.link;
		}
		(void)is_new(l.seen, &l.clusters, countof(l.seen), o.content.cluster);
		(void)is_new(l.system, &l.systems, countof(l.system), o.system);
		l.no_link += o.content.link == SIM_NONE;
		l.own_link += o.content.link == systems[o.system].member;
		l.shared_link += o.content.link != SIM_NONE && sim_domain_is_shared(sim, o.content.link);
		l.foreign += o.content.from != systems[o.system].member &&
			     !sim_declares(sim, o.system, o.content.from);
		l.attachments += o.content.attachment;
		l.lures += o.content.lure;
	}
	assert_true(l.lures == 0 || l.lures == l.count);
	return l;
}

static void
takeovers_look_as_their_rows_say(void **context)
{
	(void)context;
	for (size_t i = 0; i < countof(attacks); i++) {
		enum sim_event_kind kind = attacks[i].kind;
		struct sim_takeover takeover;
		struct sim *sim = open_with(kind, days_for(kind), &takeover, 32);
		struct looks l = looks_of(sim);
		bool many = kind == SIM_RELAY || kind == SIM_TARGETED;

		assert_int_equal(l.count > 0, kind != SIM_LEAK);
		assert_int_equal(l.systems, kind == SIM_LEAK ? 0 : attacks[i].members);
		assert_int_equal(l.clusters, kind == SIM_RELAY ? 30 : kind == SIM_TARGETED ? 3 : l.count > 0);
		assert_int_equal(l.no_link, kind == SIM_BURSTS ? l.count : 0);
		assert_int_equal(l.shared_link, kind == SIM_TARGETED ? l.count : 0);
		assert_int_equal(l.own_link, 0);
		assert_int_equal(l.foreign, kind == SIM_RELAY || kind == SIM_WAKE ? l.count : 0);
		assert_int_equal(l.attachments, kind == SIM_WAKE ? l.count : 0);
		assert_true(l.count == 0 || many || l.cluster >= 0x80000000U);
		sim_close(sim);
	}
}

static void
a_source_that_wakes_sent_nothing_before(void **context)
{
	struct sim_takeover takeover;
	struct sim *sim = open_with(SIM_WAKE, days_for(SIM_WAKE), &takeover, 33);
	uint32_t source, system, honest = 0;
	struct sim_observation o;
	double sent[3] = { 0 };
	size_t count;

	(void)context;
	source = sim_events(sim, &count)->source;
	system = sim_events(sim, &count)->system;
	while (sim_next(sim, &o)) {
		int64_t since = o.at.ms - takeover.at.ms;

		if (o.kind == SIM_FACT && o.source == source && o.signal != SIGNAL_COMPLAINT) {
			assert_true(since >= 0 && o.bad == o.count);
			sent[since < SPAN_HOUR.ms ? 0 : since < SPAN_DAY.ms ? 1 : 2] += o.count;
		}
		honest += o.system == system && o.source != source && o.because == SIM_EVENT_COUNT;
	}
	assert_true(honest > 1000);
	assert_between(sent[0], 0, 6);
	assert_between(sent[1], 100, 210);
	assert_between(sent[2], 9300, 10400);
	sim_close(sim);
}

static void
a_rider_is_a_share_of_its_campaign(void **context)
{
	struct sim_params params = params_quiet(25, 50, 250, 20);
	struct sim_takeover takeover = { .kind = SIM_IN_CAMPAIGN, .source = SIM_NONE };
	struct sim_observation o;
	const struct sim_event *event;
	double honest = 0, bad = 0;
	struct sim *sim;
	size_t count;

	(void)context;
	takeover.at.ms = params.start.ms + 7 * SPAN_DAY.ms + 9 * SPAN_HOUR.ms;
	params.takeovers = &takeover;
	params.takeover_count = 1;
	params.numbers.transactional_median = 1e-6;
	params.numbers.campaigns_spread = params.numbers.list_spread = 0;
	params.step = SPAN_MINUTE;
	sim = sim_open(&params, 34);
	event = sim_events(sim, &count);
	while (sim_next(sim, &o)) {
		if (o.signal <= SIGNAL_DELIVERED && o.system == event->system && o.at.ms >= event->from.ms &&
		    o.at.ms < event->to.ms) {
			honest += o.count - o.bad;
			bad += o.bad;
		}
	}
	assert_near(bad / honest, 0.43, 0.03);
	sim_close(sim);
}

static void
a_stolen_list_shows_in_canaries_alone(void **context)
{
	struct sim_takeover takeover;
	struct sim *sim = open_with(SIM_LEAK, days_for(SIM_LEAK), &takeover, 35);
	struct sim_observation o;
	uint32_t canaries = 0;

	(void)context;
	while (sim_next(sim, &o)) {
		if (o.kind == SIM_CANARY) {
			assert_int_equal(o.source, SIM_NONE);
			assert_int_equal(o.domain, SIM_NONE);
			assert_true(o.at.ms >= takeover.at.ms && o.at.ms < takeover.at.ms + 2 * SPAN_DAY.ms);
			canaries++;
		} else {
			assert_int_equal(o.bad, 0);
		}
	}
	assert_between(canaries, 3, 30);
	sim_close(sim);
}

/* The next honest fact, its share of a takeover taken away; false at the end. */
static bool
next_honest(struct sim *sim, uint32_t except, struct sim_observation *o)
{
	while (sim_next(sim, o)) {
		o->count -= o->bad;
		if (o->count > 0 && o->system != except) {
			return true;
		}
	}
	return false;
}

/* Two kinds need something of the honest mail of their system: a source that sleeps, a campaign to ride on. */
static void
a_takeover_changes_nothing_honest(void **context)
{
	(void)context;
	for (size_t i = 0; i < countof(attacks); i++) {
		bool all = attacks[i].kind != SIM_WAKE && attacks[i].kind != SIM_IN_CAMPAIGN;
		struct sim_takeover takeover;
		struct sim *taken = open_with(attacks[i].kind, days_for(attacks[i].kind), &takeover, 36);
		struct sim *honest = open_with(SIM_LEAK, days_for(attacks[i].kind), &takeover, 36);
		struct sim_observation a, b;
		uint32_t compared = 0, except;
		size_t count;

		except = all ? SIM_NONE : sim_events(taken, &count)->system;
		while (next_honest(taken, except, &a)) {
			assert_true(next_honest(honest, except, &b));
			assert_int_equal(a.arrives.ms, b.arrives.ms);
			assert_int_equal(a.at.ms, b.at.ms);
			assert_int_equal(a.kind, b.kind);
			assert_int_equal(a.signal, b.signal);
			assert_int_equal(a.source, b.source);
			assert_int_equal(a.count, b.count);
			assert_memory_equal(&a.content.cluster, &b.content.cluster, 4 * sizeof(uint32_t));
			compared++;
		}
		assert_false(next_honest(honest, except, &b));
		assert_true(compared > 50000);
		sim_close(taken);
		sim_close(honest);
	}
}

static void
a_phish_to_the_own_list_finds_a_system_with_a_list(void **context)
{
	(void)context;
	for (uint64_t seed = 0; seed < 30; seed++) {
		struct sim_takeover takeover;
		struct sim *sim = open_with(SIM_OWN_LIST, days_for(SIM_OWN_LIST), &takeover, seed);
		size_t count;
		uint32_t n;

		assert_true(sim_systems(sim, &n)[sim_events(sim, &count)->system].campaigns);
		sim_close(sim);
	}
}

static void
each_member_has_one_takeover_at_most(void **context)
{
	enum { MEMBERS = 300, TAKEOVERS = 290 };
	struct sim_params params = params_quiet(MEMBERS, MEMBERS, MEMBERS, 3);
	struct sim_takeover takeovers[TAKEOVERS];
	bool taken[MEMBERS] = { false };
	const struct sim_event *events;
	struct sim *sim;
	uint32_t n;
	size_t count;

	(void)context;
	for (size_t i = 0; i < TAKEOVERS; i++) {
		takeovers[i] = (struct sim_takeover){ .kind = i % 2 == 0 ? SIM_BLAST : SIM_OWN_LIST,
						      .at = { params.start.ms + (int64_t)i * SPAN_MINUTE.ms },
						      .source = SIM_NONE };
	}
	params.takeovers = takeovers;
	params.takeover_count = TAKEOVERS;
	sim = sim_open(&params, 37);
	events = sim_events(sim, &count);
	assert_int_equal(count, TAKEOVERS);
	for (size_t i = 0; i < count; i++) {
		uint32_t member = sim_systems(sim, &n)[events[i].system].member;

		assert_int_equal(events[i].takeover, i);
		assert_false(taken[member]);
		taken[member] = true;
	}
	sim_close(sim);
}

static void
each_scenario_has_its_name(void **context)
{
	struct sim_params params;
	uint32_t takeovers = 0;

	(void)context;
	for (uint32_t i = 0; sim_scenario_name(i) != NULL; i++) {
		const char *name = sim_scenario_name(i);

		params = params_named(name);
		for (size_t k = 0; k < params.takeover_count; k++) {
			assert_true(params.takeovers[k].at.ms < params.start.ms + params.days * SPAN_DAY.ms);
		}
		if (params.takeover_count == 1) {
			assert_string_equal(name, sim_event_name(params.takeovers[0].kind));
			takeovers++;
		}
	}
	assert_int_equal(takeovers, countof(attacks));
	assert_int_equal(sim_params_named(TEXT("nothing"), &params), RESULT_NOT_FOUND);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_takeover_sends_what_its_row_says),
		cmocka_unit_test(phases_are_the_whole_of_a_takeover),
		cmocka_unit_test(a_blast_reaches_traps_within_the_hour),
		cmocka_unit_test(takeovers_look_as_their_rows_say),
		cmocka_unit_test(a_source_that_wakes_sent_nothing_before),
		cmocka_unit_test(a_rider_is_a_share_of_its_campaign),
		cmocka_unit_test(a_stolen_list_shows_in_canaries_alone),
		cmocka_unit_test(a_takeover_changes_nothing_honest),
		cmocka_unit_test(a_phish_to_the_own_list_finds_a_system_with_a_list),
		cmocka_unit_test(each_member_has_one_takeover_at_most),
		cmocka_unit_test(each_scenario_has_its_name),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
