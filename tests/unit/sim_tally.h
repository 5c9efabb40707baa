/* sim_tally.h - what the tests of the simulator have in common. */
#ifndef SIM_TALLY_H
#define SIM_TALLY_H

#include "sim/sim_int.h"

#include <math.h>

struct moments {
	double n, mean, m2;
};

static inline void
moments_add(struct moments *m, double x)
{
	double d = x - m->mean;

	m->n += 1;
	m->mean += d / m->n;
	m->m2 += d * (x - m->mean);
}

static inline double
variance(const struct moments *m)
{
	return m->m2 / (m->n - 1);
}

static inline void
assert_near(double value, double expected, double share)
{
	if (!(fabs(value - expected) <= share * fabs(expected))) {
		fail_msg("%g is not within %g %% of %g", value, 100 * share, expected);
	}
}

static inline void
assert_between(double value, double low, double high)
{
	if (!(value >= low && value <= high)) {
		fail_msg("%g is not between %g and %g", value, low, high);
	}
}

/* The parameters of a scenario that is there. */
static inline struct sim_params
params_named(const char *name)
{
	struct sim_params params = { .days = 0 };

	assert_int_equal(sim_params_named(text_of(name), &params), RESULT_OK);
	return params;
}

/* As many members, systems and sources, and nothing that happens. */
static inline struct sim_params
params_quiet(uint32_t members, uint32_t systems, uint32_t sources, uint32_t days)
{
	struct sim_params params = params_named("honest");

	params.members = members;
	params.systems = systems;
	params.sources = sources;
	params.days = days;
	params.surge_day = SIM_NONE;
	params.numbers.imports_per_year = 0;
	params.numbers.rebrands_per_year = 0;
	params.numbers.sampling = 0;
	return params;
}

#endif
