/*
 * The simulator's face: parameters, takeovers, and the observations of all systems as one row in time.
 */
#include "sim/sim_int.h"

#include <stdlib.h>

static const struct event_row {
	const char *name;
	bool takeover;
} events[] = {
#define SIM_EVENT(id, name, takeover, meaning) { name, takeover },
#include "sim/events.def"
#undef SIM_EVENT
};

static const char *const feeds[] = {
#define SIM_PROVIDER(id, name, host, mail, complaints, form, eol, says_source, agent) name,
#include "sim/providers.def"
#undef SIM_PROVIDER
#define SIM_REPORTER(id, name, kind, what) name,
#include "sim/reporters.def"
#undef SIM_REPORTER
};

static const char *const habits[] = {
#define SIM_HABIT(id, name, share, campaigns, regular, preferred, spread, season, new_template, new_link, \
		  what)                                                                                   \
	name,
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
	int64_t step = params->step.ms;

	check(params->members >= 1 && params->members <= params->systems &&
	      params->systems <= params->sources && params->days >= 1);
	check(params->start.ms >= 0 && params->start.ms % SPAN_HOUR.ms == 0);
	check(step == SPAN_DAY.ms ||
	      (step >= SPAN_MINUTE.ms && step % SPAN_MINUTE.ms == 0 && SPAN_HOUR.ms % step == 0));
	sim->params = *params;
	sim->members = get(params->members, sizeof(*sim->members));
	sim->systems = get(params->systems, sizeof(*sim->systems));
	sim->sources = get(params->sources, sizeof(*sim->sources));
	sim->senders = get(params->systems, sizeof(*sim->senders));
	sim->weights = get(params->sources, sizeof(*sim->weights));
	sim->sums = step == SPAN_DAY.ms ? get(params->sources, sizeof(*sim->sums)) : NULL;
	for (uint32_t i = 0; sim->sums != NULL && i < params->sources; i++) {
		sim->sums[i].because = SIM_EVENT_COUNT;
	}
	sim->tick_ms = step < SPAN_HOUR.ms ? step : SPAN_HOUR.ms;
	sim->now_ms = params->start.ms;
	sim->end_ms = params->start.ms + params->days * SPAN_DAY.ms;
	fleet_build(sim, seed);
	plan_takeovers(sim, seed);
	plan_feeds(sim, seed);
	sim->params.takeovers = NULL; /* planned; the caller's arrays may go */
	sim->params.changes = NULL;
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
		free(sim->weights);
		free(sim->events);
		free(sim->planned);
		free(sim->levels);
		free(sim->gaps);
		free(sim->later.items);
		free(sim->queue.items);
		free(sim->sums);
		free(sim);
	}
}

/* A complaint, trap hit, sample or canary, the earliest of those waiting. */
static void
take_later(struct sim *sim, struct sim_observation *o)
{
	struct pending p = heap_pop(&sim->later);
	int64_t ahead = sim->params.ahead[p.feed].ms;
	uint32_t system = sim->sources[p.source].system;

	*o = (struct sim_observation){ .arrives = { p.at },
				       .at = { p.at + ahead },
				       .mailed = { p.mailed + ahead },
				       .kind = p.kind,
				       .signal = p.signal,
				       .count = 1,
				       .bad = sim_event_is_takeover(p.because) ? 1 : 0,
				       .source = p.source,
				       .domain = sim->senders[system].domain,
				       .system = system,
				       .feed = p.feed,
				       .because = p.because,
				       .content = p.content };
	if (p.kind == SIM_CANARY) {
		o->source = o->domain = SIM_NONE;
	}
}

/* What the first of the queue delivered, then what did not exist. */
static void
take_volume(struct sim *sim, struct sim_observation *o)
{
	struct queue *q = &sim->queue;
	const struct volume *v = &q->items[q->first];
	bool delivered = !q->told && v->delivered > 0;
	enum sim_feed feed = delivered ? SIM_FEED_DELIVERIES : SIM_FEED_BOUNCES;
	uint32_t system = sim->sources[v->source].system;
	struct instant at = { v->at + sim->params.ahead[feed].ms };

	*o = (struct sim_observation){ .arrives = { v->arrives },
				       .at = at,
				       .mailed = at,
				       .kind = SIM_FACT,
				       .signal = delivered ? SIGNAL_DELIVERED : SIGNAL_UNKNOWN_USER,
				       .count = delivered ? v->delivered : v->unknown,
				       .bad = delivered ? v->bad_delivered : v->bad_unknown,
				       .source = v->source,
				       .domain = sim->senders[system].domain,
				       .system = system,
				       .feed = feed,
				       .because = v->because,
				       .content = { .cluster = SIM_NONE } };
	if (o->bad == 0) {
		o->because = SIM_EVENT_COUNT;
	}
	q->told = delivered && v->unknown > 0;
	if (!q->told) {
		q->first = (q->first + 1) & (q->size - 1);
		q->count--;
	}
}

bool
sim_next(struct sim *sim, struct sim_observation *o)
{
	for (;;) {
		int64_t later = sim->later.count > 0 ? sim->later.items[0].at : NEVER;
		int64_t volume = sim->queue.count > 0 ? sim->queue.items[sim->queue.first].arrives : NEVER;

		if (later < sim->now_ms && later <= volume) {
			take_later(sim, o);
		} else if (volume <= sim->now_ms) {
			take_volume(sim, o);
		} else if (sim->now_ms >= sim->end_ms) {
			return false;
		} else {
			traffic_tick(sim);
			continue;
		}
		o->serial = sim->serial++;
		feedback_receivers(o);
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

struct sim_numbers
sim_numbers_of(const struct sim *sim)
{
	return sim->params.numbers;
}

const struct sim_source *
sim_sources(const struct sim *sim, uint32_t *count)
{
	*count = sim->params.sources;
	return sim->sources;
}
