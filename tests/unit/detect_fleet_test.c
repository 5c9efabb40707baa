/* The security path on simulated fleets, small and with fixed seeds: honest ones stay near the budget, and a blast is seen. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "detect/detect.h"
#include "sim/sim.h"
#include "unit/sim_tally.h"

#define SYSTEMS   60U
#define SOURCES   120U
#define DAYS      120U
#define WARM_DAYS 30
#define BUDGET    100.0

struct fleet {
	struct sim *sim;
	struct detect *detect;
	int64_t now_ms, warm_ms;
	uint32_t false_sources; /* suspended after the first month: a system's alarm takes all its sources */
	uint32_t early_sources; /* before */
	bool caught[SYSTEMS];
	int64_t began_ms[SYSTEMS]; /* of its takeover; 0: none */
};

static void
on_alarm(void *context, const struct alarm *alarm)
{
	struct fleet *f = context;
	uint32_t count, system, sources = 1;
	bool is_system = alarm->unit >= SOURCES;

	system = is_system ? alarm->unit - SOURCES : sim_sources(f->sim, &count)[alarm->unit].system;
	if (f->began_ms[system] != 0 && f->now_ms >= f->began_ms[system]) {
		f->caught[system] = true;
		return;
	}
	sources = is_system ? sim_systems(f->sim, &count)[system].source_count : 1;
	*(f->now_ms < f->warm_ms ? &f->early_sources : &f->false_sources) += sources;
}

static void
run(struct fleet *f, const struct sim_params *params, uint64_t seed)
{
	struct sim_observation o;
	int64_t ticked = params->start.ms;
	const struct sim_event *events;
	size_t count;

	f->sim = sim_open(params, seed);
	f->warm_ms = params->start.ms + WARM_DAYS * SPAN_DAY.ms;
	f->detect = detect_open(&(struct detect_params){ .budget = BUDGET }, on_alarm, f);
	for (uint32_t i = 0; i < SOURCES + SYSTEMS; i++) {
		(void)detect_unit_add(f->detect, i < SOURCES ? UNIT_SOURCE : UNIT_SYSTEM);
	}
	events = sim_events(f->sim, &count);
	for (size_t i = 0; i < count; i++) {
		if (sim_event_is_takeover(events[i].kind) && events[i].system != SIM_NONE) {
			f->began_ms[events[i].system] = events[i].from.ms;
		}
	}
	while (sim_next(f->sim, &o)) {
		struct detect_fact fact = { o.signal, o.count, o.at, o.mailed, 1, 0 };

		f->now_ms = o.arrives.ms;
		for (; f->now_ms - ticked >= SPAN_MINUTE.ms; ticked += SPAN_MINUTE.ms) {
			detect_tick(f->detect, (struct instant){ ticked });
		}
		if (o.kind == SIM_FACT && o.source != o.domain) {
			detect_observe(f->detect, o.source, &fact);
			detect_observe(f->detect, SOURCES + o.system, &fact);
		}
	}
	detect_close(f->detect);
	sim_close(f->sim);
}

static struct sim_params
fleet_params(uint32_t days, int64_t step_ms)
{
	struct sim_params params = params_quiet(SYSTEMS, SYSTEMS, SOURCES, days);

	params.numbers.imports_per_year = 1.1;
	params.step = (struct span){ step_ms };
	return params;
}

static void
an_honest_fleet_stays_near_the_budget(void **context)
{
	struct sim_params params = fleet_params(DAYS, 3600000);
	double years = SOURCES * (double)(DAYS - WARM_DAYS) / 365.25;
	struct fleet f = { .now_ms = 0 };

	(void)context;
	run(&f, &params, 1);
	print_message("%u false, %u in the first month, %.0f source-years\n", f.false_sources,
		      f.early_sources, years);
	assert_true(f.false_sources <= 3 * BUDGET / 1000 * years);
}

static void
a_blast_is_seen(void **context)
{
	struct sim_takeover takeovers[20];
	struct sim_params params = fleet_params(42, 600000);
	struct fleet f = { .now_ms = 0 };
	uint32_t begun = 0, caught = 0;

	(void)context;
	for (uint32_t i = 0; i < countof(takeovers); i++) {
		takeovers[i] = (struct sim_takeover){ .kind = SIM_BLAST, .source = SIM_NONE };
		takeovers[i].at.ms = params.start.ms + 33 * SPAN_DAY.ms + (int64_t)i * 7 * SPAN_HOUR.ms;
	}
	params.takeovers = takeovers;
	params.takeover_count = countof(takeovers);
	run(&f, &params, 3);
	for (uint32_t i = 0; i < SYSTEMS; i++) {
		begun += f.began_ms[i] != 0;
		caught += f.caught[i];
	}
	print_message("%u of %u blasts caught\n", caught, begun);
	assert_int_equal(begun, countof(takeovers));
	assert_true(caught >= begun * 8 / 10); /* 19 of these 20; of larger fleets: doc/why/detection.md */
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_honest_fleet_stays_near_the_budget),
		cmocka_unit_test(a_blast_is_seen),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
