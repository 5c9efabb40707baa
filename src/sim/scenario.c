/*
 * Parameters: those of the table of numbers, and those that have a name.
 */
#include "sim/sim_int.h"

#include <stddef.h>
#include <string.h>

#define START_MS  1794182400000 /* Monday 2026-11-09T00:00:00Z */
#define SURGE_DAY 18            /* Friday the 27th */

enum scenario {
#define SIM_SCENARIO(id, name, what) SCENARIO_##id,
#include "sim/scenarios.def"
#undef SIM_SCENARIO
};

static const char *const names[] = {
#define SIM_SCENARIO(id, name, what) name,
#include "sim/scenarios.def"
#undef SIM_SCENARIO
};

/* Takeovers, and the scenario of each. */
static const struct sim_takeover takeovers[] = {
#define SIM_PLOT(scenario, kind, day, hour) \
	{ SIM_##kind, { START_MS + (day)*86400000LL + (hour)*3600000LL }, SIM_NONE },
#include "sim/plots.def"
#undef SIM_PLOT
};
static const enum scenario plots[] = {
#define SIM_PLOT(scenario, kind, day, hour) SCENARIO_##scenario,
#include "sim/plots.def"
#undef SIM_PLOT
};

static const struct number {
	enum scenario scenario;
	size_t offset; /* in struct sim_numbers */
	double value;
} numbers[] = {
#define SIM_OTHERWISE(scenario, field, value) \
	{ SCENARIO_##scenario, offsetof(struct sim_numbers, field), value },
#include "sim/otherwise.def"
#undef SIM_OTHERWISE
};

static const struct clock {
	enum scenario scenario;
	enum sim_feed feed;
	int minutes;
} clocks[] = {
#define SIM_CLOCK(scenario, feed, minutes) { SCENARIO_##scenario, SIM_FEED_##feed, minutes },
#include "sim/clocks.def"
#undef SIM_CLOCK
};

static struct sim_params
params_of(enum scenario scenario)
{
	struct sim_params params = {
		.start = { START_MS },
		.days = 28,
		.step = SPAN_HOUR,
		.members = 20,
		.systems = 60,
		.sources = 300,
		.surge_day = SURGE_DAY,
		.habits = {
#define SIM_HABIT(id, name, share, campaigns, regular, preferred, spread, season, new_template, new_link, \
		  what)                                                                                   \
	share,
#include "sim/habits.def"
#undef SIM_HABIT
		},
		.numbers = {
#define SIM(field, value, unit, origin) .field = value,
#include "sim/numbers.def"
#undef SIM
		},
	};

	for (size_t i = 0; i < countof(takeovers); i++) {
		if (plots[i] == scenario) {
			params.takeovers = params.takeover_count == 0 ? &takeovers[i] : params.takeovers;
			params.takeover_count++;
		}
	}
	for (size_t i = 0; i < countof(numbers); i++) {
		if (numbers[i].scenario == scenario) {
			memcpy((char *)&params.numbers + numbers[i].offset, &numbers[i].value,
			       sizeof(double));
		}
	}
	for (size_t i = 0; i < countof(clocks); i++) {
		if (clocks[i].scenario == scenario) {
			params.ahead[clocks[i].feed].ms = clocks[i].minutes * SPAN_MINUTE.ms;
		}
	}
	return params;
}

struct sim_params
sim_params_default(void)
{
	return params_of(SCENARIO_DEMO);
}

enum result
sim_params_named(struct text name, struct sim_params *params)
{
	for (size_t i = 0; i < countof(names); i++) {
		if (text_equal(name, text_of(names[i]))) {
			*params = params_of((enum scenario)i);
			return RESULT_OK;
		}
	}
	return RESULT_NOT_FOUND;
}

const char *
sim_scenario_name(uint32_t i)
{
	return i < countof(names) ? names[i] : NULL;
}
