/*
 * bench_burst: what the volume of mail is allowed to say (src/detect/burst.c) on simulated fleets, per system and hour. Of
 * honest systems: mean e of an hour (at most 1 if it is an e-value) with and without the fleet's factor, on ordinary days and on
 * the day of sales, and alarms by volume alone. Of takeovers: how many are a burst at all, and ln e over their first two hours.
 */
#include "detect/conformal_int.h"
#include "sim/sim.h"

#include "base/result.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DAYS      364U
#define HOURS     (24U * DAYS)
#define SURGE     300U
#define FIRST_DAY 120U /* of takeovers, and of what is counted */
#define TAKEOVERS 40U  /* of each kind */
#define SEEDS     4U
#define SYSTEMS   300U

/* Messages per system and hour, and how many of them are of a takeover. */
struct volumes {
	uint32_t systems;
	float *all, *bad;
	double fleet[HOURS];
};

static struct sim_params
params_of(struct sim_takeover *takeovers)
{
	struct sim_params p = sim_params_default();

	p.days = DAYS;
	p.members = 200;
	p.systems = SYSTEMS;
	p.sources = 600;
	p.surge_day = SURGE;
	p.takeovers = takeovers;
	p.takeover_count = 2 * TAKEOVERS;
	for (uint32_t i = 0; i < 2 * TAKEOVERS; i++) {
		int64_t hour = 24 * FIRST_DAY + i * 70 + i % 24;

		takeovers[i] = (struct sim_takeover){ .kind = i % 2 == 0 ? SIM_BLAST : SIM_OWN_LIST,
						      .at = { p.start.ms + hour * SPAN_HOUR.ms },
						      .source = SIM_NONE };
	}
	return p;
}

static int
ascending(const void *a, const void *b)
{
	return (*(const double *)a > *(const double *)b) - (*(const double *)a < *(const double *)b);
}

/*
 * The median over systems of their volume against the mean of the same hour of the week in the four weeks before. Not the
 * sum: a few large campaigns would be the fleet.
 */
static void
find_fleet(struct volumes *v)
{
	static double ratios[SYSTEMS];

	for (uint32_t h = 0; h < HOURS; h++) {
		size_t n = 0;

		for (uint32_t s = 0; s < v->systems && h >= 4 * 168; s++) {
			const float *own = &v->all[s * HOURS];
			double usual = 0;

			for (uint32_t w = 1; w <= 4; w++) {
				usual += (double)own[h - 168 * w] / 4;
			}
			if (usual >= 10) {
				ratios[n++] = (double)own[h] / usual;
			}
		}
		qsort(ratios, n, sizeof(*ratios), ascending);
		v->fleet[h] = n >= 20 && ratios[n / 2] > 0 ? ratios[n / 2] : 1;
	}
}

static void
read_volumes(struct sim *sim, int64_t start_ms, struct volumes *v)
{
	struct sim_observation o;

	(void)sim_systems(sim, &v->systems);
	v->all = calloc((size_t)v->systems * HOURS, sizeof(float));
	v->bad = calloc((size_t)v->systems * HOURS, sizeof(float));
	check(v->all != NULL && v->bad != NULL);
	while (sim_next(sim, &o)) {
		size_t hour = (size_t)((o.at.ms - start_ms) / SPAN_HOUR.ms);

		if (o.signal == SIGNAL_DELIVERED && hour < HOURS) {
			v->all[o.system * HOURS + hour] += (float)o.count;
			v->bad[o.system * HOURS + hour] +=
			    sim_event_is_takeover(o.because) ? (float)o.count : 0;
		}
	}
	find_fleet(v);
}

struct mean {
	double sum, squares;
	uint64_t n;
};

static void
mean_add(struct mean *m, double x)
{
	m->sum += x;
	m->squares += x * x;
	m->n++;
}

static void
print(const char *what, const struct mean *m)
{
	double mean = m->n > 0 ? m->sum / (double)m->n : 0;
	double spread = m->n > 1 ? sqrt((m->squares / (double)m->n - mean * mean) / (double)m->n) : 0;

	printf("{\"bench\":\"burst\",\"what\":\"%s\",\"value\":%.3f,\"standard_error\":%.3f,\"n\":%llu}\n",
	       what, mean, spread, (unsigned long long)m->n);
}

struct found {
	uint64_t alarms[2]; /* of honest systems by volume alone, with limits of 1 and 10 years */
	double years;
	struct mean honest[2], surge[2];    /* by whether the fleet's factor is used */
	struct mean taken[SIM_EVENT_COUNT]; /* ln e over the first two hours, by takeover */
	struct mean loud[SIM_EVENT_COUNT];  /* 1 where that is above ln 4 */
	struct mean begun[SIM_EVENT_COUNT]; /* 1 where it was a burst */
};

/* The accumulation of the security path: in a year of honest mail at most 1/limit alarms are promised. */
static void
accumulate(double m[2], double e, struct found *found)
{
	static const double limit_years[] = { 1, 10 };

	for (size_t i = 0; i < countof(limit_years); i++) {
		m[i] = (m[i] + 1 / (24 * 365.25)) * e;
		if (m[i] >= limit_years[i]) {
			m[i] = 0;
			found->alarms[i]++;
		}
	}
	found->years += 1 / (24 * 365.25);
}

/* One system, honest until `from`. */
static void
follow(const struct volumes *v, uint32_t system, uint32_t from, bool fleet, struct found *found,
       enum sim_event_kind kind)
{
	struct burst b = { .hours = 0 };
	double nats = 0, m[2] = { 0, 0 };

	for (uint32_t h = 0; h < HOURS && h < from + 2; h++) {
		double volume = (double)v->all[system * HOURS + h];
		double e = detect_burst_e(&b, (int64_t)h + 96, volume, fleet ? v->fleet[h] : 1);

		if (h < from && fleet) {
			accumulate(m, e, found);
		}
		if (h >= from) {
			nats += log(e);
		} else if (h >= 24 * FIRST_DAY && volume > 0) {
			mean_add(h / 24 == SURGE ? &found->surge[fleet] : &found->honest[fleet], e);
		}
	}
	if (from < HOURS && fleet) {
		mean_add(&found->taken[kind], nats);
		mean_add(&found->loud[kind], nats > log(4));
		mean_add(&found->begun[kind], b.peak > 0);
	}
}

static void
follow_fleet(uint64_t seed, struct found *found)
{
	static struct sim_takeover takeovers[2 * TAKEOVERS];
	static struct volumes v;
	struct sim_params p = params_of(takeovers);
	struct sim *sim = sim_open(&p, seed);
	const struct sim_event *events;
	size_t count;

	read_volumes(sim, p.start.ms, &v);
	events = sim_events(sim, &count);
	for (uint32_t s = 0; s < v.systems; s++) {
		uint32_t from = HOURS;
		enum sim_event_kind kind = SIM_EVENT_COUNT;

		for (size_t i = 0; i < count; i++) {
			if (sim_event_is_takeover(events[i].kind) && events[i].system == s) {
				kind = events[i].kind;
			}
		}
		for (uint32_t h = HOURS; h > 0; h--) {
			from = (double)v.bad[s * HOURS + h - 1] > 0 ? h - 1 : from;
		}
		follow(&v, s, from, false, found, kind);
		follow(&v, s, from, true, found, kind);
	}
	free(v.all);
	free(v.bad);
	sim_close(sim);
}

int
main(void)
{
	static struct found found;

	for (uint64_t seed = 1; seed <= SEEDS; seed++) {
		follow_fleet(seed, &found);
	}
	print("honest hours: mean e, fleet unknown", &found.honest[0]);
	print("honest hours: mean e", &found.honest[1]);
	print("honest hours, day of sales: mean e, fleet unknown", &found.surge[0]);
	print("honest hours, day of sales: mean e", &found.surge[1]);
	print("blast: share that is a burst", &found.begun[SIM_BLAST]);
	print("blast: mean ln e", &found.taken[SIM_BLAST]);
	print("blast: share with e above 4", &found.loud[SIM_BLAST]);
	print("own list: share that is a burst", &found.begun[SIM_OWN_LIST]);
	print("own list: mean ln e", &found.taken[SIM_OWN_LIST]);
	print("own list: share with e above 4", &found.loud[SIM_OWN_LIST]);
	printf(
	    "{\"bench\":\"burst\",\"what\":\"alarms per year by volume alone, 1 promised\",\"value\":%.3f}\n",
	    (double)found.alarms[0] / found.years);
	printf("{\"bench\":\"burst\",\"what\":\"alarms per year by volume alone, 0.1 "
	       "promised\",\"value\":%.3f}\n",
	       (double)found.alarms[1] / found.years);
	return 0;
}
