/*
 * What is known before the first message is sent: takeovers, the surge, changes and gaps of feeds.
 */
#include "sim/sim_int.h"

#include "base/number.h"

#include <math.h>
#include <stdlib.h>

#define DRAWS_MAX    1000U
#define WHIMS        3U   /* how picky the choice of a source is: 0 most */
#define RIDE_VARIANT 255U /* number of the mailing that a takeover rides on; a takeover has fewer variants */

enum scope { SCOPE_SOURCE, SCOPE_SYSTEM };
enum measure { MEASURE_MESSAGES, MEASURE_SHARE, MEASURE_RIDES };
enum link { LINK_NEW, LINK_TRACKER, LINK_NONE };
enum from { FROM_OWN, FROM_FOREIGN };

static const struct attack {
	enum sim_event_kind kind;
	enum scope scope;
	enum measure measure;
	double size_low, size_high;
	uint32_t members;
	double unknown_low, unknown_high, complaints_low, complaints_high, traps_low, traps_high;
	enum link link;
	enum from from;
	uint32_t variants;
	bool attachment;
} attacks[] = {
#define SIM_ATTACK(id, scope, measure, sl, sh, members, ul, uh, cl, ch, tl, th, link, from, variants,   \
		   attachment, origin)                                                                  \
	{ SIM_##id, SCOPE_##scope, MEASURE_##measure, sl,       sh,        members, ul, uh, cl, ch, tl, \
	  th,       LINK_##link,   FROM_##from,       variants, attachment },
#include "sim/attacks.def"
#undef SIM_ATTACK
};

static const struct phase {
	enum sim_event_kind kind;
	double after, minutes, share;
} phases[] = {
#define SIM_PHASE(id, after, minutes, share) { SIM_##id, after, minutes, share },
#include "sim/phases.def"
#undef SIM_PHASE
};

/* A takeover that is being planned. */
struct plan {
	struct sim *sim;
	const struct attack *attack;
	uint32_t number; /* index of params.takeovers */
	struct sim_rates stream;
	bool lure;
	bool *taken; /* per member: has a takeover */
	struct random *random;
};

void
plan_event(struct sim *sim, const struct sim_event *event)
{
	if (sim->event_count == sim->event_size) {
		sim->event_size = sim->event_size == 0 ? 64 : 2 * sim->event_size;
		sim->events = realloc(sim->events, sim->event_size * sizeof(*sim->events));
		check(sim->events != NULL);
	}
	sim->events[sim->event_count++] = *event;
}

/* Of a member without a takeover, that mails lists if its list is to be mailed; best an address of a system that has others. */
static bool
suits(const struct plan *p, uint32_t source, uint32_t whim)
{
	const struct sim *sim = p->sim;
	const struct sim_system *s = &sim->systems[sim->sources[source].system];
	const struct sender *d = &sim->senders[sim->sources[source].system];
	bool own_list = p->attack->unknown_low <= 0 && p->attack->scope == SCOPE_SYSTEM;

	if (p->taken[s->member]) {
		return false;
	}
	if (whim < 2 && (source == d->domain || (own_list && !s->campaigns) ||
			 (p->attack->kind == SIM_WAKE && (d->mailers < 2 || d->move_to != NEVER)))) {
		return false;
	}
	return whim > 0 || (sim->sources[source].kind == SOURCE_IP && s->source_count >= 3);
}

/* Draws; when none suits, looks at each; when there is none, is less picky. */
static uint32_t
draw_source(const struct plan *p)
{
	uint32_t count = p->sim->params.sources, source = 0;

	for (uint32_t whim = 0; whim < WHIMS; whim++) {
		for (uint32_t i = 0; i < DRAWS_MAX; i++) {
			source = random_below(p->random, count);
			if (suits(p, source, whim)) {
				return source;
			}
		}
		for (uint32_t i = 0; i < count; i++) {
			if (suits(p, (source + i) % count, whim)) {
				return (source + i) % count;
			}
		}
	}
	return source; /* more takeovers than members */
}

static struct run *
plan_run(struct sim *sim, uint32_t system)
{
	if ((sim->planned_count & (sim->planned_count - 1)) == 0) {
		size_t size = sim->planned_count == 0 ? 1 : 2 * sim->planned_count;

		sim->planned = realloc(sim->planned, size * sizeof(*sim->planned));
		check(sim->planned != NULL);
	}
	sim->planned[sim->planned_count].system = system;
	sim->planned[sim->planned_count].number = (uint32_t)sim->planned_count;
	return &sim->planned[sim->planned_count++].run;
}

/* Messages a day that the system sends when nothing is wrong. */
static double
usual_volume(const struct sender *d)
{
	return d->transactional + d->campaigns * d->list / 7;
}

static struct look
look_of(const struct plan *p, uint32_t system)
{
	const struct attack *a = p->attack;
	const struct sender *d = &p->sim->senders[system];
	struct look look = { .cluster = look_of_takeover(p->number),
			     .campaign = look_of_takeover(p->number),
			     .from = a->from == FROM_OWN ? d->brand : look_foreign(p->number),
			     .link = SIM_NONE,
			     .variants = a->variants,
			     .attachment = a->attachment,
			     .lure = p->lure };

	if (a->link != LINK_NONE) {
		look.link = a->link == LINK_NEW ? look_of_takeover(p->number) : d->tracker;
	}
	return look;
}

/* Of the mail to a system's own list only the complaints are others. */
static struct sim_rates
rates_of(const struct plan *p, uint32_t system)
{
	struct sim_rates rates = p->stream;

	if (p->attack->unknown_low <= 0) {
		rates.unknown = p->sim->senders[system].usual.unknown;
		rates.traps = p->sim->senders[system].usual.traps;
	}
	return rates;
}

/* The campaign that bad mail rides on. Gives its length. */
static double
plan_ride(const struct plan *p, uint32_t system, int64_t at, double *messages)
{
	const struct sender *d = &p->sim->senders[system];
	struct run *run = plan_run(p->sim, system);
	double minutes = traffic_campaign(p->sim, d, p->random, at, run);

	run->look = d->templates[TEMPLATES];
	run->look.campaign = look_of_takeover(p->number) + RIDE_VARIANT;
	*messages = run->left;
	return minutes;
}

/* The mail of a takeover at one member, from `at` on; gives when it ends and how much it is. */
static int64_t
plan_phases(const struct plan *p, uint32_t system, uint32_t source, int64_t at, double *messages)
{
	const struct attack *a = p->attack;
	const struct sender *d = &p->sim->senders[system];
	double size = random_range(p->random, a->size_low, a->size_high);
	int64_t end = at;

	*messages = 0;
	for (size_t i = 0; i < countof(phases); i++) {
		const struct phase *phase = &phases[i];
		double count = size * phase->share, minutes = phase->minutes, ridden;
		int64_t begins = at + (int64_t)(phase->after * 60000);
		struct run *run;

		if (phase->kind != a->kind) {
			continue;
		}
		if (a->measure == MEASURE_SHARE) {
			count *= usual_volume(d) * minutes / 1440;
		} else if (a->measure == MEASURE_RIDES) {
			minutes = plan_ride(p, system, begins, &ridden);
			count *= ridden;
		}
		end = begins + (int64_t)(minutes * 60000);
		if (count > 0) {
			*messages += count;
			run = plan_run(p->sim, system);
			*run = (struct run){ .left = count,
					     .per_ms = count / (minutes * 60000),
					     .begins = begins,
					     .stream = rates_of(p, system),
					     .look = look_of(p, system),
					     .source = source,
					     .because = a->kind };
		}
	}
	return end;
}

/* Addresses that only this list had are mailed from elsewhere. */
static void
plan_canaries(const struct plan *p, uint32_t system, int64_t from, int64_t to)
{
	uint32_t hits = random_poisson(p->random, p->sim->params.numbers.canary_hits);

	for (uint32_t i = 0; i < hits; i++) {
		struct pending hit = { .kind = SIM_CANARY,
				       .signal = SIGNAL_TRAP_PRISTINE,
				       .feed = SIM_FEED_CANARIES,
				       .because = SIM_LEAK,
				       .source = p->sim->systems[system].first_source,
				       .content = { .cluster = SIM_NONE },
				       .serial = p->sim->pushed++ };

		hit.at = hit.mailed = from + (int64_t)(random_unit(p->random) * (double)(to - from));
		heap_push(&p->sim->later, &hit);
	}
}

static void
plan_member(const struct plan *p, uint32_t source, int64_t at)
{
	struct sim *sim = p->sim;
	uint32_t system = sim->sources[source].system;
	uint32_t stolen, signs = sim->senders[system].domain;
	double messages;
	int64_t end;

	if (source == signs) { /* signs, and sends nothing itself */
		source = sim->systems[system].first_source;
	}
	stolen = p->attack->scope == SCOPE_SOURCE ? source : SIM_NONE;
	p->taken[sim->systems[system].member] = true;
	if (p->attack->kind == SIM_WAKE) {
		sim->senders[system].sleeper = source;
		fleet_weigh(sim, system, sim->now_ms);
	}
	end = plan_phases(p, system, stolen, at, &messages);
	if (p->attack->kind == SIM_LEAK) {
		plan_canaries(p, system, at, end);
	}
	plan_event(sim, &(struct sim_event){ .kind = p->attack->kind,
					     .from = { at },
					     .to = { end },
					     .system = system,
					     .source = stolen,
					     .takeover = p->number,
					     .messages = messages,
					     .rates = rates_of(p, system),
					     .lure = p->lure });
}

static void
plan_takeover(struct plan *p, const struct sim_takeover *takeover)
{
	const struct attack *a = attacks;
	const struct sim_numbers *n = &p->sim->params.numbers;
	uint32_t source;

	while (a->kind != takeover->kind) {
		a++;
		check(a < attacks + countof(attacks));
	}
	check(takeover->at.ms >= p->sim->now_ms);
	p->attack = a;
	p->stream.complaints = random_ratio(p->random, a->complaints_low, a->complaints_high);
	p->stream.unknown = random_ratio(p->random, a->unknown_low, a->unknown_high);
	p->stream.traps = random_ratio(p->random, a->traps_low, a->traps_high);
	p->lure = random_unit(p->random) < n->lure_attack;
	source = takeover->source == SIM_NONE ? draw_source(p) : takeover->source;
	plan_member(p, source, takeover->at.ms);
	for (uint32_t i = 1; i < a->members && i < p->sim->params.members; i++) {
		double late = random_unit(p->random) * n->members_within_minutes;

		plan_member(p, draw_source(p), takeover->at.ms + (int64_t)(late * 60000));
	}
}

static int
order_planned(const void *a, const void *b)
{
	const struct planned *x = a, *y = b;

	if (x->run.begins != y->run.begins) {
		return x->run.begins < y->run.begins ? -1 : 1;
	}
	return x->number < y->number ? -1 : x->number > y->number;
}

static int
order_events(const void *a, const void *b)
{
	const struct sim_event *x = a, *y = b;

	if (x->from.ms != y->from.ms) {
		return x->from.ms < y->from.ms ? -1 : 1;
	}
	if (x->takeover != y->takeover) {
		return x->takeover < y->takeover ? -1 : 1;
	}
	return x->system < y->system ? -1 : x->system > y->system;
}

void
plan_takeovers(struct sim *sim, uint64_t seed)
{
	const struct sim_params *params = &sim->params;
	struct random r;
	struct plan p = { .sim = sim, .random = &r, .taken = calloc(params->members, sizeof(*p.taken)) };

	check(p.taken != NULL);
	random_seed(&r, seed, STREAM_PLAN);
	for (uint32_t i = 0; i < params->takeover_count; i++) {
		p.number = i;
		plan_takeover(&p, &params->takeovers[i]);
	}
	free(p.taken);
	if (sim->planned_count > 0) {
		qsort(sim->planned, sim->planned_count, sizeof(*sim->planned), order_planned);
	}
	if (sim->event_count > 0) {
		qsort(sim->events, sim->event_count, sizeof(*sim->events), order_events);
	}
	if (params->surge_day != SIM_NONE) {
		int64_t from = params->start.ms + params->surge_day * SPAN_DAY.ms;

		plan_event(sim, &(struct sim_event){ .kind = SIM_SURGE,
						     .from = { from },
						     .to = { from + SPAN_DAY.ms },
						     .system = SIM_NONE,
						     .source = SIM_NONE,
						     .takeover = SIM_NONE });
	}
}
