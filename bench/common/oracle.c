/*
 * How well it could be done within the budget: an oracle that is told all but whether the takeover is one.
 *
 * It knows the sender's true rates and by what its campaigns differ, the rates of the takeover, when that began and which of the mail it is; so
 * two simple stories are left about that mail, and by Neyman and Pearson (Phil. Trans. R. Soc. A 231 (1933) 289-337) their likelihood
 * ratio is the best test. Honest: a campaign whose kinds of bad news each have a factor of their own, or one to a badly imported list. Taken over:
 * counts as the takeover's rates say. What a message looks like counts once, by the chances with which the simulator draws it.
 *
 * The limit: as many honest campaigns are looked at in this way as the system sends, so a ratio of campaigns per year * 1000 / budget keeps the
 * budget, by Markov's inequality. That is on the safe side (ours was measured to be two to five times too careful), so the oracle's limit is a
 * fiftieth of it: what even then is not seen is out of reach. It is told the truth, so it is asked about takeovers only.
 */
#include "common/oracle.h"

#include "sim/sim.h"

#include <math.h>
#include <stdlib.h>

#define KINDS     3 /* complaints, unknown users, traps */
#define LAGS      3
#define GRID      5   /* rates of a bad list are even between two bounds */
#define TEMPLATES 256 /* of takeovers of many members */
#define GENEROUS  50.0
#define OTHERS    12.0 /* candidates a year beside the campaigns: new templates of other mail */
#define REBRANDED 0.01 /* of the campaigns: From is new, about once a year */
#define HOUR_MS   3600000.0

/* What is seen of one takeover. */
struct seen {
	struct sim_event attack;     /* kind SIM_EVENT_COUNT: the system has none */
	double mail, due, lag[LAGS]; /* messages; complaints to come are about so many of them */
	double count[KINDS];
	double content_nats;
	int64_t at_ms;
	bool looked, said;
};

struct oracle {
	double budget;
	score_say_fn *say;
	void *context;
	uint32_t source_count;
	const struct sim_system *systems;
	const struct sim_member *members;
	struct sim_numbers numbers;
	struct seen *seen; /* by system; NULL: nothing was told yet */
	struct {
		uint32_t cluster, member;
	} templates[TEMPLATES];
	uint32_t template_count;
};

static const double new_link[] = {
#define SIM_HABIT(id, name, share, campaigns, regular, preferred, spread, season, new_template, new_link, \
		  what)                                                                                   \
	new_link,
#include "sim/habits.def"
#undef SIM_HABIT
};

static void *
open_oracle(double budget, double limit, score_say_fn *say, void *context)
{
	struct oracle *o = calloc(1, sizeof *o);

	(void)limit;
	check(o != NULL);
	o->budget = budget;
	o->say = say;
	o->context = context;
	return o;
}

static void
add_unit(void *detector, enum unit_kind kind)
{
	((struct oracle *)detector)->source_count += kind == UNIT_SOURCE;
}

/* It asks nothing of what others are given. */
static void
observe(void *detector, uint32_t unit, const struct detect_fact *fact)
{
	(void)detector;
	(void)unit;
	(void)fact;
}

static void
tick(void *detector, struct instant now)
{
	(void)detector;
	(void)now;
}

static void
close_oracle(void *detector)
{
	free(((struct oracle *)detector)->seen);
	free(detector);
}

static void
begin(struct oracle *o, const struct sim *sim)
{
	size_t count;
	const struct sim_event *events = sim_events(sim, &count);
	uint32_t systems, members;

	o->systems = sim_systems(sim, &systems);
	o->members = sim_members(sim, &members);
	o->numbers = sim_numbers_of(sim);
	o->seen = calloc(systems, sizeof *o->seen);
	check(o->seen != NULL);
	for (uint32_t i = 0; i < systems; i++) {
		o->seen[i].attack.kind = SIM_EVENT_COUNT;
	}
	for (size_t i = 0; i < count; i++) {
		if (sim_event_is_takeover(events[i].kind) && events[i].system != SIM_NONE) {
			o->seen[events[i].system].attack = events[i];
		}
	}
}

/* ---- the two stories */

/* ln of the chance of x where m are expected, times a factor from Gamma(shape, shape); without 1/x!, which all stories have alike. */
static double
ln_counts(double shape, double m, double x)
{
	return lgamma(shape + x) - lgamma(shape) + shape * log(shape / (shape + m)) +
	       x * log(m / (shape + m));
}

static double
ln_bad_list(double shape, double low, double high, double mail, double x)
{
	double sum = 0;

	for (int i = 0; i < GRID; i++) {
		sum += exp(ln_counts(shape, mail * (low + (high - low) * (i + 0.5) / GRID), x)) / GRID;
	}
	return log(sum);
}

static double
ln_sum(double a, double b)
{
	return fmax(a, b) + log1p(exp(-fabs(a - b)));
}

static double
counts_nats(const struct oracle *o, const struct seen *s)
{
	const struct sim_numbers *n = &o->numbers;
	const struct sim_system *system = &o->systems[s->attack.system];
	const struct sim_rates *own = &system->rates, *bad = &s->attack.rates;
	const struct {
		double shape, own, low, high, bad, mail;
	} kinds[KINDS] = {
		{ n->complaint_shape, own->complaints, own->complaints * n->import_complaints_low,
		  own->complaints * n->import_complaints_high, bad->complaints, s->due * n->coverage },
		{ n->unknown_shape, own->unknown, n->import_unknown_low, n->import_unknown_high, bad->unknown,
		  s->mail + s->count[1] },
		{ n->trap_shape, own->traps, own->traps * n->import_traps_low,
		  own->traps * n->import_traps_high, bad->traps, s->mail },
	};
	double ordinary = log1p(-system->imports), imported = log(system->imports), taken = 0;

	for (int k = 0; k < KINDS; k++) {
		double mail = kinds[k].mail + 1e-9, x = s->count[k];

		ordinary += ln_counts(kinds[k].shape, kinds[k].own * mail, x);
		imported += ln_bad_list(kinds[k].shape, kinds[k].low, kinds[k].high, mail, x);
		taken += x * log(kinds[k].bad * mail) - kinds[k].bad * mail;
	}
	return taken - ln_sum(ordinary, imported);
}

/* Does the template come from another member too? */
static bool
is_elsewhere(struct oracle *o, uint32_t cluster, uint32_t member)
{
	bool elsewhere = false;

	for (uint32_t i = 0; i < o->template_count; i++) {
		elsewhere =
		    elsewhere || (o->templates[i].cluster == cluster && o->templates[i].member != member);
	}
	if (o->template_count < TEMPLATES) {
		o->templates[o->template_count].cluster = cluster;
		o->templates[o->template_count++].member = member;
	}
	return elsewhere;
}

static double
content_nats(struct oracle *o, const struct seen *s, const struct sim *sim, const struct sim_content *c)
{
	const struct sim_numbers *n = &o->numbers;
	const struct sim_system *system = &o->systems[s->attack.system];
	bool declares = o->members[system->member].declares;
	double fresh = declares ? n->link_undeclared : new_link[system->habit] * (1 - n->link_known),
	       nats = 0;

	if (c->link != SIM_NONE && !sim_domain_is_shared(sim, c->link)) {
		nats += -log(fresh);
	}
	if (c->from != system->member) {
		nats += -log(REBRANDED * (declares ? 1 - n->rebrand_declared : 1));
	}
	nats += c->attachment ? -log(n->attachment_honest) : 0;
	nats +=
	    c->lure ? log(n->lure_attack / n->lure_honest) : log((1 - n->lure_attack) / (1 - n->lure_honest));
	return nats + (is_elsewhere(o, c->cluster, system->member) ? -log(n->common_template) : 0);
}

/* ---- what is told */

static void
pass(const struct oracle *o, struct seen *s, int64_t at_ms)
{
	const struct sim_numbers *n = &o->numbers;
	const double minutes[LAGS] = { n->lag_fast_minutes, n->lag_middle_minutes, n->lag_slow_minutes };
	double passed = at_ms > s->at_ms ? (double)(at_ms - s->at_ms) / (double)SPAN_MINUTE.ms : 0;

	for (int i = 0; i < LAGS; i++) {
		double left = s->lag[i] * exp(-passed / minutes[i]);

		s->due += s->lag[i] - left;
		s->lag[i] = left;
	}
	s->at_ms = at_ms > s->at_ms ? at_ms : s->at_ms;
}

static void
count(const struct oracle *o, struct seen *s, const struct sim_observation *ob)
{
	const struct sim_numbers *n = &o->numbers;
	double bad = ob->bad;

	if (ob->signal == SIGNAL_DELIVERED) {
		s->mail += bad;
		s->lag[0] += bad * n->lag_fast;
		s->lag[1] += bad * (1 - n->lag_fast - n->lag_slow);
		s->lag[2] += bad * n->lag_slow;
	} else if (ob->signal == SIGNAL_COMPLAINT) {
		s->count[0] += bad;
	} else if (ob->signal == SIGNAL_UNKNOWN_USER) {
		s->count[1] += bad;
	} else {
		s->count[2] += bad;
	}
}

static void
told(void *detector, const struct sim *sim, const struct sim_observation *ob)
{
	struct oracle *o = detector;
	struct seen *s;
	double limit;

	if (o->seen == NULL) {
		begin(o, sim);
	}
	s = ob->kind != SIM_CANARY ? &o->seen[ob->system] : NULL;
	if (s == NULL || s->said || ob->because == SIM_EVENT_COUNT || ob->because != s->attack.kind) {
		return;
	}
	pass(o, s, ob->arrives.ms);
	if (ob->kind == SIM_FACT) {
		count(o, s, ob);
	}
	if (!s->looked && ob->content.cluster != SIM_NONE && !ob->content.headers_only) {
		s->looked = true;
		s->content_nats = content_nats(o, s, sim, &ob->content);
	}
	limit = log(1000 / o->budget * (o->systems[ob->system].campaigns_per_year + OTHERS) / GENEROUS);
	if (counts_nats(o, s) + s->content_nats >= limit) {
		s->said = true;
		o->say(o->context, o->source_count + ob->system, 0);
	}
}

const struct score_detector oracle = {
	.name = "oracle",
	.decides = true,
	.open = open_oracle,
	.unit_add = add_unit,
	.observe = observe,
	.tick = tick,
	.close = close_oracle,
	.told = told,
};
