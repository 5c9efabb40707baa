/*
 * The simulator's face: parameters, takeovers, and the observations of all systems as one row in time.
 */
#include "sim/sim_int.h"

#include <stdlib.h>

#define DEMO_START_MS 1794182400000 /* Monday 2026-11-09T00:00:00Z */
#define DEMO_SURGE    18            /* Friday the 27th */
#define DRAWS_MAX     100000U

static const struct event_row {
	const char *name;
	bool takeover;
} events[] = {
#define SIM_EVENT(id, name, takeover, meaning) { name, takeover },
#include "sim/events.def"
#undef SIM_EVENT
};

static const struct attack_row {
	enum sim_event_kind kind;
	double messages, minutes, unknown_low, unknown_high, complaints_low, complaints_high, traps_low,
	    traps_high;
} attacks[] = {
#define SIM_ATTACK(id, messages, minutes, ul, uh, cl, ch, tl, th, origin) \
	{ SIM_##id, messages, minutes, ul, uh, cl, ch, tl, th },
#include "sim/attacks.def"
#undef SIM_ATTACK
};

static const char *const feeds[] = {
#define SIM_PROVIDER(id, name, host, share, form, eol, says_source, agent) name,
#include "sim/providers.def"
#undef SIM_PROVIDER
#define SIM_REPORTER(id, name, kind, what) name,
#include "sim/reporters.def"
#undef SIM_REPORTER
};

static const char *const habits[] = {
#define SIM_HABIT(id, name, share, campaigns, preferred, spread, season, new_template, what) name,
#include "sim/habits.def"
#undef SIM_HABIT
};

const char *
sim_feed_name(enum sim_feed feed)
{
	check(feed < SIM_FEED_COUNT);
	return feeds[feed];
}

const char *
sim_habit_name(enum sim_habit habit)
{
	check(habit < SIM_HABIT_COUNT);
	return habits[habit];
}

const char *
sim_event_name(enum sim_event_kind kind)
{
	check(kind < SIM_EVENT_COUNT);
	return events[kind].name;
}

bool
sim_event_is_takeover(enum sim_event_kind kind)
{
	return kind < SIM_EVENT_COUNT && events[kind].takeover;
}

struct sim_params
sim_params_default(void)
{
	static const struct sim_takeover takeovers[] = {
		{ .kind = SIM_BLAST,
		  .at = { DEMO_START_MS + 24 * 86400000LL + 2 * 3600000LL },
		  .source = SIM_NONE },
		{ .kind = SIM_OWN_LIST,
		  .at = { DEMO_START_MS + 26 * 86400000LL + 9 * 3600000LL },
		  .source = SIM_NONE },
	};

	return (struct sim_params){
		.start = { DEMO_START_MS },
		.days = 28,
		.step = SPAN_HOUR,
		.members = 20,
		.systems = 60,
		.sources = 300,
		.surge_day = DEMO_SURGE,
		.habits = {
#define SIM_HABIT(id, name, share, campaigns, preferred, spread, season, new_template, what) share,
#include "sim/habits.def"
#undef SIM_HABIT
		},
		.takeovers = takeovers,
		.takeover_count = countof(takeovers),
		.numbers = {
#define SIM(field, value, unit, origin) .field = value,
#include "sim/numbers.def"
#undef SIM
		},
	};
}

/* An address of a system that has others, or any source of a system that mails its list. One takeover per member. */
static bool
suits(const struct sim *sim, const struct sim_takeover *takeover, uint32_t source)
{
	const struct sim_system *s = &sim->systems[sim->sources[source].system];
	enum source_kind kind = sim->sources[source].kind;

	for (size_t i = 0; i < sim->event_count; i++) {
		if (sim->events[i].system != SIM_NONE &&
		    sim->systems[sim->events[i].system].member == s->member) {
			return false;
		}
	}
	if (kind != SOURCE_IP || s->source_count < 3) {
		return false;
	}
	return takeover->kind != SIM_OWN_LIST || s->campaigns;
}

static uint32_t
draw_source(const struct sim *sim, const struct sim_takeover *takeover, struct random *r)
{
	uint32_t source = 0;

	for (uint32_t i = 0; i < DRAWS_MAX; i++) {
		source = random_below(r, sim->params.sources);
		if (suits(sim, takeover, source)) {
			break;
		}
	}
	return source; /* a fleet so small that none suits has its takeover anywhere */
}

static void
plan_takeover(struct sim *sim, const struct sim_takeover *takeover, struct random *r)
{
	const struct attack_row *row = attacks;
	uint32_t source = takeover->source == SIM_NONE ? draw_source(sim, takeover, r) : takeover->source;
	uint32_t system = sim->sources[source].system;
	struct sender *d = &sim->senders[system];
	struct run *run = &d->runs[d->run_count];

	while (row->kind != takeover->kind) {
		row++;
		check(row < attacks + countof(attacks));
	}
	check(d->run_count < RUNS_MAX);
	d->run_count++;
	*run = (struct run){ .left = row->messages,
			     .per_ms = row->messages / (row->minutes * 60000),
			     .begins = takeover->at.ms,
			     .source = takeover->kind == SIM_BLAST ? source : SIM_NONE,
			     .because = takeover->kind };
	run->stream = d->usual;
	run->stream.complaints = random_ratio(r, row->complaints_low, row->complaints_high);
	if (row->unknown_low > 0) {
		run->stream.unknown = random_ratio(r, row->unknown_low, row->unknown_high);
		run->stream.traps = random_ratio(r, row->traps_low, row->traps_high);
	}
	traffic_event(sim, &(struct sim_event){ .kind = takeover->kind,
						.from = takeover->at,
						.to = { takeover->at.ms + (int64_t)(row->minutes * 60000) },
						.system = system,
						.source = run->source,
						.takeover = (uint32_t)(takeover - sim->params.takeovers),
						.messages = row->messages });
}

static void
plan(struct sim *sim, uint64_t seed)
{
	const struct sim_params *p = &sim->params;
	struct random r;

	random_seed(&r, seed, UINT64_MAX - 1);
	for (size_t i = 0; i < p->takeover_count; i++) {
		plan_takeover(sim, &p->takeovers[i], &r);
	}
	if (p->surge_day != SIM_NONE) {
		int64_t from = p->start.ms + p->surge_day * SPAN_DAY.ms;

		traffic_event(sim, &(struct sim_event){ .kind = SIM_SURGE,
							.from = { from },
							.to = { from + SPAN_DAY.ms },
							.system = SIM_NONE,
							.source = SIM_NONE,
							.takeover = SIM_NONE });
	}
}

static void *
get(size_t count, size_t size)
{
	void *p = calloc(count, size);

	check(p != NULL);
	return p;
}

struct sim *
sim_open(const struct sim_params *params, uint64_t seed)
{
	struct sim *sim = get(1, sizeof(*sim));

	check(params->members >= 1 && params->members <= params->systems &&
	      params->systems <= params->sources && params->days >= 1);
	check(params->start.ms >= 0 && params->start.ms % SPAN_HOUR.ms == 0);
	check(params->step.ms >= SPAN_MINUTE.ms && SPAN_HOUR.ms % params->step.ms == 0);
	check(params->change_count == 0);
	sim->params = *params;
	sim->members = get(params->members, sizeof(*sim->members));
	sim->systems = get(params->systems, sizeof(*sim->systems));
	sim->sources = get(params->sources, sizeof(*sim->sources));
	sim->senders = get(params->systems, sizeof(*sim->senders));
	sim->now_ms = params->start.ms;
	fleet_build(sim, seed);
	plan(sim, seed);
	sim->params.takeovers = NULL; /* planned; the caller's array may go */
	return sim;
}

void
sim_close(struct sim *sim)
{
	if (sim != NULL) {
		free(sim->members);
		free(sim->systems);
		free(sim->sources);
		free(sim->senders);
		free(sim->events);
		free(sim->later.items);
		free(sim->volume);
		free(sim);
	}
}

/* What was complained about or hit a trap, the earliest of those waiting. */
static void
take_later(struct sim *sim, struct sim_observation *o)
{
	struct pending p = heap_pop(&sim->later);
	uint32_t system = sim->sources[p.source].system;

	*o = (struct sim_observation){ .arrives = { p.at },
				       .at = { p.at },
				       .mailed = { p.mailed },
				       .kind = SIM_FACT,
				       .signal = p.signal,
				       .count = 1,
				       .bad = sim_event_is_takeover(p.because) ? 1 : 0,
				       .source = p.source,
				       .domain = sim->senders[system].domain,
				       .system = system,
				       .feed = p.feed,
				       .because = p.because,
				       .content = { .cluster = SIM_NONE } };
}

bool
sim_next(struct sim *sim, struct sim_observation *o)
{
	const int64_t end = sim->params.start.ms + sim->params.days * SPAN_DAY.ms;

	for (;;) {
		if (sim->later.count > 0 && sim->later.items[0].at < sim->now_ms) {
			take_later(sim, o);
		} else if (sim->volume_at < sim->volume_count) {
			*o = sim->volume[sim->volume_at++];
		} else if (sim->now_ms >= end) {
			return false;
		} else {
			traffic_step(sim);
			continue;
		}
		o->serial = sim->serial++;
		return true;
	}
}

const struct sim_event *
sim_events(const struct sim *sim, size_t *count)
{
	*count = sim->event_count;
	return sim->events;
}

const struct sim_member *
sim_members(const struct sim *sim, uint32_t *count)
{
	*count = sim->params.members;
	return sim->members;
}

const struct sim_system *
sim_systems(const struct sim *sim, uint32_t *count)
{
	*count = sim->params.systems;
	return sim->systems;
}

const struct sim_source *
sim_sources(const struct sim *sim, uint32_t *count)
{
	*count = sim->params.sources;
	return sim->sources;
}
