/*
 * bench_sim: observations that the simulator gives out per second, and years of a source, on one core: a step of an hour and
 * of a minute, and a sample of one message in 300. One JSON line each.
 */
#include "sim/sim.h"

#include <stdio.h>
#include <time.h>

#define SYSTEMS 100

static double
cpu_seconds(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static void
measure(const char *what, int64_t step_minutes, uint32_t days, double sampling)
{
	struct sim_params params = sim_params_default();
	struct sim_observation o;
	double start = cpu_seconds(), count = 0, seconds;
	struct sim *sim;

	params.members = params.systems = params.sources = SYSTEMS;
	params.takeover_count = 0;
	params.days = days;
	params.step.ms = step_minutes * SPAN_MINUTE.ms;
	params.numbers.sampling = sampling;
	sim = sim_open(&params, 1);
	while (sim_next(sim, &o)) {
		count++;
	}
	sim_close(sim);
	seconds = cpu_seconds() - start;
	printf("{\"bench\":\"sim\",\"what\":\"%s: observations/s\",\"value\":%.0f}\n", what, count / seconds);
	printf("{\"bench\":\"sim\",\"what\":\"%s: source-years/s\",\"value\":%.2f}\n", what,
	       SYSTEMS * days / 365.25 / seconds);
}

int
main(void)
{
	measure("hourly", 60, 365, 0);
	measure("hourly, sampled", 60, 365, 1.0 / 300);
	measure("each minute", 1, 60, 0);
	return 0;
}
