/* The simulated fleet: its composition, and its marginals beside published figures. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "sim_tally.h"

#include <stdlib.h>
#include <string.h>

static void
habits_have_the_shares_that_are_asked_for(void **context)
{
	static const double weights[][SIM_HABIT_COUNT] = { { 1, 1, 1, 1 }, { 0, 0, 3, 0 }, { 6, 0, 2, 0 } };
	enum { SYSTEMS = 2000 };

	(void)context;
	for (size_t i = 0; i < countof(weights); i++) {
		struct sim_params params = params_quiet(SYSTEMS, SYSTEMS, SYSTEMS, 1);
		uint32_t n, counts[SIM_HABIT_COUNT] = { 0 };
		const struct sim_system *systems;
		double sum = 0;
		struct sim *sim;

		memcpy(params.habits, weights[i], sizeof(params.habits));
		sim = sim_open(&params, 41);
		systems = sim_systems(sim, &n);
		for (uint32_t k = 0; k < n; k++) {
			counts[systems[k].habit]++;
		}
		for (size_t k = 0; k < SIM_HABIT_COUNT; k++) {
			sum += weights[i][k];
		}
		for (size_t k = 0; k < SIM_HABIT_COUNT; k++) {
			double expected = SYSTEMS * weights[i][k] / sum;

			if (fabs(counts[k] - expected) > 4 * sqrt(expected)) {
				fail_msg("%u systems are %s, not %g", counts[k],
					 sim_habit_name((enum sim_habit)k), expected);
			}
		}
		sim_close(sim);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(habits_have_the_shares_that_are_asked_for),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
