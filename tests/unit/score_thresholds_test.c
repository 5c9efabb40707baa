/* The programme's thresholds beside the detectors: whom they suspend at which receiver, and who is counted. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "vouch/score_int.h"

#include <stdlib.h>

#define SYSTEMS 4U
#define DAYS    (SCORE_LEARN_DAYS + 40)

/* A fleet whose mail the tests make up, on the first day that counts. */
struct stage {
	struct score_scene scene;
	struct score_thresholds *thresholds;
};

static struct score_fleet
fleet(bool thresholds)
{
	return (struct score_fleet){ .scenario = "honest",
				     .systems = SYSTEMS,
				     .days = DAYS,
				     .seed = 1,
				     .step = SPAN_HOUR,
				     .sight = SCORE_SIGHT_USUAL,
				     .thresholds = thresholds };
}

static void
stage_open(struct stage *s)
{
	struct score_fleet f = fleet(true);
	struct score_scene *scene = &s->scene;
	uint32_t members;

	*scene = (struct score_scene){ .sim = score_fleet_open(&f) };
	scene->members = sim_members(scene->sim, &members);
	scene->systems = sim_systems(scene->sim, &scene->system_count);
	scene->sources = sim_sources(scene->sim, &scene->source_count);
	scene->attacks = calloc(scene->system_count, sizeof *scene->attacks);
	assert_non_null(scene->attacks);
	for (uint32_t i = 0; i < scene->system_count; i++) {
		scene->attacks[i].kind = SIM_EVENT_COUNT;
	}
	scene->learnt = scene->now = sim_params_default().start;
	s->thresholds = score_thresholds_open(scene);
}

static struct score_crossed
stage_close(struct stage *s)
{
	struct score_crossed crossed = score_thresholds_close(s->thresholds);

	free(s->scene.attacks);
	sim_close(s->scene.sim);
	return crossed;
}

static void
observe(struct stage *s, uint32_t source, enum sim_feed feed, enum signal signal, uint32_t count,
	enum sim_feed receiver)
{
	struct instant now = s->scene.now;
	struct sim_observation o = { .arrives = now,
				     .at = now,
				     .mailed = now,
				     .signal = signal,
				     .count = count,
				     .source = source,
				     .domain = SIM_NONE,
				     .system = s->scene.sources[source].system,
				     .feed = feed };
	struct detect_fact fact = { signal, count, now, now, 0, feed + 1U };

	if (receiver < SIM_RECEIVER_COUNT) {
		o.received[receiver] = count;
	}
	score_thresholds_observe(s->thresholds, &o, &fact);
}

static void
delivered(struct stage *s, uint32_t source, uint32_t count, enum sim_feed receiver)
{
	observe(s, source, SIM_FEED_DELIVERIES, SIGNAL_DELIVERED, count, receiver);
}

static void
complaints(struct stage *s, uint32_t source, uint32_t count, enum sim_feed receiver)
{
	observe(s, source, receiver, SIGNAL_COMPLAINT, count, receiver);
}

static void
pass(struct stage *s, uint32_t days)
{
	for (uint32_t i = 0; i < days; i++) {
		s->scene.now = instant_add(s->scene.now, SPAN_DAY);
		score_thresholds_tick(s->thresholds);
	}
}

static void
a_rate_is_that_of_one_receiver(void **context)
{
	struct stage s;

	(void)context;
	stage_open(&s);
	delivered(&s, 0, 100000, SIM_FEED_NORTHMAIL);
	delivered(&s, 0, 1000000, SIM_FEED_POSTBOX);
	complaints(&s, 0, 200, SIM_FEED_NORTHMAIL); /* 0.2 % is not above it */
	complaints(&s, 0, 1000, SIM_FEED_POSTBOX);
	delivered(&s, 1, 100, SIM_FEED_NORTHMAIL);
	complaints(&s, 1, 90, SIM_FEED_NORTHMAIL); /* a small sample */
	assert_int_equal(stage_close(&s).partly, 0);

	stage_open(&s);
	delivered(&s, 0, 100000, SIM_FEED_NORTHMAIL);
	delivered(&s, 0, 1000000, SIM_FEED_POSTBOX);
	complaints(&s, 0, 201, SIM_FEED_NORTHMAIL);
	complaints(&s, 0, 1000, SIM_FEED_POSTBOX);
	assert_int_equal(stage_close(&s).partly, 1);
}

/* Once while it lasts; again when the metrics were back for the waiting time and are bad anew. */
static void
a_suspension_counts_once_until_it_has_ended(void **context)
{
	struct stage s;
	struct score_crossed crossed;

	(void)context;
	stage_open(&s);
	for (uint32_t round = 0; round < 2; round++) {
		delivered(&s, 0, 10000, SIM_FEED_NORTHMAIL);
		complaints(&s, 0, 300, SIM_FEED_NORTHMAIL);
		pass(&s, 1);
		complaints(&s, 0, 300, SIM_FEED_NORTHMAIL);
		delivered(&s, 0, 1000000, SIM_FEED_NORTHMAIL);
		pass(&s, 29); /* the first day is out of the window */
		delivered(&s, 0, 1, SIM_FEED_NORTHMAIL);
		pass(&s, 8);
	}
	crossed = stage_close(&s);
	assert_int_equal(crossed.partly, 2);
	assert_int_equal(crossed.wholly, 0);
}

static void
traps_suspend_wholly_and_silence_is_told_apart(void **context)
{
	struct score_crossed crossed;
	struct stage s;

	(void)context;
	stage_open(&s);
	delivered(&s, 0, 10, SIM_FEED_NORTHMAIL);
	observe(&s, 0, SIM_FEED_TRAPNET, SIGNAL_TRAP_PRISTINE, 3, SIM_FEED_COUNT);
	crossed = stage_close(&s);
	assert_int_equal(crossed.wholly, 1);
	assert_int_equal(crossed.disused + crossed.partly, 0);

	stage_open(&s);
	delivered(&s, 0, 10, SIM_FEED_NORTHMAIL);
	delivered(&s, 1, 10, SIM_FEED_NORTHMAIL);
	pass(&s, 31);
	delivered(&s, 0, 10, SIM_FEED_NORTHMAIL);
	pass(&s, 1);
	crossed = stage_close(&s);
	assert_true(crossed.disused > 0);
	assert_int_equal(crossed.wholly, 0);
}

/* Mail of a thief crosses thresholds too; that is not the sender's. */
static void
what_is_taken_over_is_not_counted(void **context)
{
	struct stage s;

	(void)context;
	for (int taken = 0; taken < 2; taken++) {
		stage_open(&s);
		if (taken) {
			s.scene.attacks[s.scene.sources[0].system] =
			    (struct sim_event){ .kind = SIM_BLAST, .from = s.scene.now, .to = s.scene.now };
		}
		delivered(&s, 0, 1000, SIM_FEED_INBOX);
		complaints(&s, 0, 300, SIM_FEED_INBOX);
		assert_int_equal(stage_close(&s).partly, 1 - taken);
	}
}

static void
they_are_kept_where_they_are_wanted(void **context)
{
	const struct score_entry entries[] = { { &score_ours, 10, 1 }, { &score_ours, 100, 1 } };
	struct score_fleet fleets[] = { fleet(true), fleet(false) };
	struct score_outcome *outcomes = calloc(4, sizeof *outcomes);
	const struct score_crossed none = { 0 };

	(void)context;
	assert_non_null(outcomes);
	fleets[0].sight.imports = fleets[1].sight.imports = 30; /* so that there is something to cross them */
	score_run(fleets, 2, entries, 2, outcomes, false);
	assert_true(outcomes[0].crossed.wholly + outcomes[0].crossed.partly > 0);
	assert_memory_equal(&outcomes[0].crossed, &outcomes[1].crossed, sizeof none);
	assert_memory_equal(&outcomes[2].crossed, &none, sizeof none);
	assert_int_equal(outcomes[0].alarms, outcomes[2].alarms);
	score_outcomes_free(outcomes, 4);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_rate_is_that_of_one_receiver),
		cmocka_unit_test(a_suspension_counts_once_until_it_has_ended),
		cmocka_unit_test(traps_suspend_wholly_and_silence_is_told_apart),
		cmocka_unit_test(what_is_taken_over_is_not_counted),
		cmocka_unit_test(they_are_kept_where_they_are_wanted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
