/*
 * The fleet: members of several trades, their systems, and the sources of each system; how each system usually sends.
 *
 * IPv4 sources are taken from the three documentation networks while these last, then IPv6 ones from 2001:db8::/32.
 */
#include "sim/sim_int.h"

#include "base/number.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define WEEKS_YEAR 52.18

enum trade {
#define SIM_TRADE(id, name, transactional, campaigns, unknown, what) TRADE_##id,
#include "sim/trades.def"
#undef SIM_TRADE
};

static const struct trade_factors {
	double transactional, campaigns, unknown;
} trades[] = {
#define SIM_TRADE(id, name, transactional, campaigns, unknown, what) { transactional, campaigns, unknown },
#include "sim/trades.def"
#undef SIM_TRADE
};

static const struct member_row {
	const char *id, *name, *domain;
	enum trade trade;
} rows[] = {
#define SIM_MEMBER(id, name, domain, trade) { id, name, domain, TRADE_##trade },
#include "sim/members.def"
#undef SIM_MEMBER
};

static const struct habit_row {
	double campaigns;
	bool regular;
} habits[] = {
#define SIM_HABIT(id, name, share, campaigns, regular, preferred, spread, season, new_template, new_link, \
		  what)                                                                                   \
	{ campaigns, regular },
#include "sim/habits.def"
#undef SIM_HABIT
};

/* Where the next addresses are taken from. */
struct ground {
	uint32_t v4, v4_prefixes, v6, v6_prefixes;
};

static enum trade
trade_of(uint32_t member)
{
	return rows[member % countof(rows)].trade;
}

static void
name_member(struct sim_member *m, uint32_t i)
{
	const struct member_row *row = &rows[i % countof(rows)];
	unsigned round = i / (unsigned)countof(rows) + 1;

	if (round == 1) {
		snprintf(m->id, sizeof(m->id), "%s", row->id);
		snprintf(m->name, sizeof(m->name), "%s", row->name);
		snprintf(m->domain, sizeof(m->domain), "%s", row->domain);
		return;
	}
	snprintf(m->id, sizeof(m->id), "%s-%u", row->id, round);
	snprintf(m->name, sizeof(m->name), "%s %u", row->name, round);
	snprintf(m->domain, sizeof(m->domain), "%.*s-%u.example", (int)strcspn(row->domain, "."), row->domain,
		 round);
}

/* Gives each of `n` one of `total`, and deals the rest at random. */
static uint32_t *
deal(struct random *r, uint32_t n, uint32_t total)
{
	uint32_t *counts = calloc(n, sizeof(*counts));

	check(counts != NULL);
	for (uint32_t i = 0; i < total; i++) {
		counts[i < n ? i : random_below(r, n)]++;
	}
	return counts;
}

static void
put_u16(uint8_t *p, uint32_t value)
{
	p[0] = (uint8_t)(value >> 8);
	p[1] = (uint8_t)value;
}

static struct prefix
take_v6(uint32_t number, uint8_t bits, uint32_t top)
{
	struct prefix p = { .family = 6, .bits = bits, .bytes = { 0x20, 0x01, 0x0d, 0xb8 } };

	put_u16(p.bytes + 4, top | (number >> 16));
	put_u16(p.bytes + 6, number & 0xffff);
	if (bits == 128) {
		p.bytes[15] = 25;
	}
	return p;
}

/* 192.0.2.1 to .254, then 198.51.100.1 to .254. */
static struct prefix
take_v4(struct ground *g)
{
	static const uint8_t nets[2][3] = { { 192, 0, 2 }, { 198, 51, 100 } };
	struct prefix p = { .family = 4, .bits = 32 };

	if (g->v4 >= 2 * 254) {
		return take_v6(g->v6++, 128, 0);
	}
	memcpy(p.bytes, nets[g->v4 / 254], 3);
	p.bytes[3] = (uint8_t)(g->v4 % 254 + 1);
	g->v4++;
	return p;
}

/* 203.0.113.0/28 and the 15 behind it. */
static struct prefix
take_prefix(struct ground *g)
{
	struct prefix p = { .family = 4, .bits = 28, .bytes = { 203, 0, 113 } };

	if (g->v4_prefixes >= 16) {
		return take_v6(g->v6_prefixes++, 64, 0x8000);
	}
	p.bytes[3] = (uint8_t)(16 * g->v4_prefixes++);
	return p;
}

static void
make_source(struct sim *sim, struct ground *g, uint32_t system, uint32_t i)
{
	const struct sim_system *s = &sim->systems[system];
	const struct sim_member *m = &sim->members[s->member];
	struct sim_source *source = &sim->sources[s->first_source + i];
	unsigned number = system - m->first_system + 1;
	char text[PREFIX_TEXT_BYTES];
	struct prefix p;

	source->system = system;
	if (trade_of(s->member) == TRADE_ESP) {
		source->kind = SOURCE_ACCT;
		snprintf(source->key, sizeof(source->key), "acct:%.40s:c%u-%04u", m->id, number, i + 1);
		return;
	}
	if (i == s->source_count - 1 && i >= 2) {
		source->kind = SOURCE_DOMAIN;
		snprintf(source->key, sizeof(source->key), "m%u.%s", number, m->domain);
		return;
	}
	source->kind = i == 1 && system % 8 == 3 ? SOURCE_PREFIX : SOURCE_IP;
	if (source->kind == SOURCE_PREFIX) {
		p = take_prefix(g);
	} else {
		p = i % 4 == 3 ? take_v6(g->v6++, 128, 0) : take_v4(g);
	}
	snprintf(source->key, sizeof(source->key), "%s", prefix_format(&p, text));
}

static enum sim_habit
draw_habit(struct random *r, const double *weights)
{
	double sum = 0, left;
	size_t i = 0;

	for (size_t k = 0; k < SIM_HABIT_COUNT; k++) {
		check(weights[k] >= 0);
		sum += weights[k];
	}
	check(sum > 0);
	left = random_unit(r) * sum;
	while (i + 1 < SIM_HABIT_COUNT && left >= weights[i]) {
		left -= weights[i++];
	}
	return (enum sim_habit)i;
}

/* When something that comes `per_year` times comes next. */
static int64_t
draw_time(struct random *r, int64_t now, double per_year)
{
	double ms = per_year > 0 ? random_exponential(r) * YEAR_MS / per_year : 1e18;

	return ms < 1e15 ? now + (int64_t)ms : NEVER;
}

/* What will happen to a system some day, and how far the first complaint, sample and campaign are. */
static void
make_future(struct sim *sim, struct sender *d)
{
	const struct sim_numbers *n = &sim->params.numbers;
	struct random *r = &d->random[STREAM_COURSE];
	int64_t start = sim->now_ms;

	d->rebrand_at = draw_time(r, start, n->rebrands_per_year);
	d->move_from = d->mailers >= 2 ? draw_time(r, start, n->moves_per_year) : NEVER;
	d->move_to =
	    d->move_from < sim->end_ms ? d->move_from + (int64_t)(n->move_days * (double)SPAN_DAY.ms) : NEVER;
	d->until_campaign = random_exponential(r);
	d->template_at = draw_time(&d->random[STREAM_LOOK], start, n->templates_per_year);
	d->forged_at = draw_time(&d->random[STREAM_REPORTS], start, n->forged_per_year);
	for (size_t i = 0; i < 2; i++) {
		r = &d->random[i == 0 ? STREAM_REPORTS : STREAM_ATTACK_REPORTS];
		d->until_report[i] = random_exponential(r);
		d->until_sample[i] = random_exponential(r);
	}
}

/* How a system sends when nothing is wrong: drawn once. */
static void
make_sender(struct sim *sim, uint64_t seed, uint32_t system)
{
	const struct sim_numbers *n = &sim->params.numbers;
	struct sim_system *s = &sim->systems[system];
	const struct trade_factors *trade = &trades[trade_of(s->member)];
	struct sender *d = &sim->senders[system];
	struct random *r = &d->random[STREAM_COURSE];
	uint32_t last = s->first_source + s->source_count - 1;
	bool joins;

	for (uint64_t i = 0; i < STREAM_COUNT; i++) {
		random_seed(&d->random[i], seed, system | i << 32);
	}
	d->transactional =
	    trade->transactional * random_lognormal(r, n->transactional_median, n->transactional_spread);
	d->campaigns = trade->campaigns * random_lognormal(r, n->campaigns_median, n->campaigns_spread);
	d->list = fmin(random_lognormal(r, n->list_median, n->list_spread), n->list_max);
	d->usual.complaints =
	    fmin(random_lognormal(r, n->complaints_median, n->complaints_spread), n->complaints_max);
	d->usual.unknown =
	    fmin(trade->unknown * random_lognormal(r, n->unknown_median, n->unknown_spread), n->unknown_max);
	d->usual.traps = random_lognormal(r, n->traps_median, n->traps_spread);
	joins = random_unit(r) < n->surge_share;
	d->surge = random_range(r, n->surge_low, n->surge_high);
	d->surge = joins ? d->surge : 1;
	d->zone_ms = ((int64_t)random_below(r, 9) - 6) * SPAN_HOUR.ms;
	d->preferred = random_below(r, 5) * 24 + 8 + random_below(r, 10);
	d->season = random_unit(r);
	s->habit = draw_habit(r, sim->params.habits);
	d->campaigns *= habits[s->habit].campaigns;
	d->mail_days = 1;
	if (habits[s->habit].regular && d->campaigns > 1.5) {
		d->mail_days = (uint32_t)fmin(d->campaigns + 0.5, 7);
	}
	d->imports = d->campaigns > 0 ? fmin(n->imports_per_year / (d->campaigns * WEEKS_YEAR), 0.5) : 0;
	s->campaigns_per_year = d->campaigns * WEEKS_YEAR;
	s->imports = d->imports;
	s->rates = d->usual;
	d->hour = INT64_MIN;
	d->sleeper = SIM_NONE;
	d->domain = sim->sources[last].kind == SOURCE_DOMAIN ? last : SIM_NONE;
	d->mailers = s->source_count - (d->domain != SIM_NONE ? 1 : 0);
	s->campaigns = d->campaigns >= 0.5;
	make_future(sim, d);
	look_begin(sim, system);
	fleet_weigh(sim, system, sim->now_ms);
}

/*
 * Every source of a system sends the same share of its mail, but one that sleeps sends nothing; with a move the second half
 * takes over from the first.
 */
void
fleet_weigh(struct sim *sim, uint32_t system, int64_t at)
{
	const struct sender *d = &sim->senders[system];
	uint32_t first = sim->systems[system].first_source, old = d->mailers / 2;
	double moved = 0, sum = 0, *weights = &sim->weights[first];

	if (d->move_to != NEVER && at > d->move_from) {
		moved = fmin((double)(at - d->move_from) / (double)(d->move_to - d->move_from), 1);
	}
	for (uint32_t i = 0; i < d->mailers; i++) {
		weights[i] = first + i == d->sleeper ? 0 : 1;
		if (d->move_to != NEVER) {
			weights[i] *= i < old ? (1 - moved) / old : moved / (d->mailers - old);
		}
		sum += weights[i];
	}
	for (uint32_t i = 0; i < d->mailers; i++) {
		weights[i] = sum > 0 ? weights[i] / sum : 0;
	}
}

void
fleet_build(struct sim *sim, uint64_t seed)
{
	const struct sim_params *p = &sim->params;
	struct ground ground = { .v4 = 0 };
	struct random r, declares;
	uint32_t *systems, *sources, system = 0, source = 0;

	random_seed(&r, seed, STREAM_FLEET);
	random_seed(&declares, seed, STREAM_DECLARES);
	systems = deal(&r, p->members, p->systems);
	sources = deal(&r, p->systems, p->sources);
	for (uint32_t m = 0; m < p->members; m++) {
		struct sim_member *member = &sim->members[m];

		name_member(member, m);
		member->declares = random_unit(&declares) < p->numbers.declared;
		member->first_system = system;
		member->system_count = systems[m];
		for (uint32_t i = 0; i < systems[m]; i++, system++) {
			struct sim_system *s = &sim->systems[system];

			snprintf(s->id, sizeof(s->id), "%.48s-mail%u", member->id, i + 1);
			s->member = m;
			s->first_source = source;
			s->source_count = sources[system];
			for (uint32_t k = 0; k < s->source_count; k++, source++) {
				make_source(sim, &ground, system, k);
			}
			make_sender(sim, seed, system);
		}
	}
	free(systems);
	free(sources);
}
