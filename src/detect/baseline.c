#include "detect/detect_int.h"

/*
 * The honest rates of a unit, learnt from its own cohorts when they leave the ring, a day or two after they were sent: an attack
 * that was not seen until then has had its chance. A cohort teaches at most as much as its factor allows.
 */

const struct detect_rate detect_rates[EVIDENCE_COUNT] = {
#define RATE(e, honest, events, frailty, bad_rate, bad_factor, bad_shape, attack_shape) \
	[EVIDENCE_##e] = { honest, events, frailty, bad_rate, bad_factor, bad_shape, attack_shape },
#include "detect/rates.def"
#undef RATE
};

static double
fleet_rate(const struct detect *d, enum stream stream, enum evidence e)
{
	double honest = detect_rates[e].honest;

	return (FLEET_EVENTS + d->fleet.events[stream][e]) /
	       (FLEET_EVENTS / honest + d->fleet.mail[stream][e]);
}

/* How the unit does in a stream against the fleet: 1 while nothing is known. */
static double
against_fleet(const struct detect *d, const struct unit *u, enum stream stream, enum evidence e)
{
	double prior = detect_rates[e].prior_events;

	return (prior + (double)u->n.learnt[stream].events[e]) /
	       (prior + fleet_rate(d, stream, e) * (double)u->n.learnt[stream].mail[e]);
}

/*
 * Mean of the Gamma posterior. Where it starts counts as prior_events events: the fleet's rate in this stream, times how the
 * unit does in the other one.
 */
double
detect_baseline_rate(const struct detect *d, const struct unit *u, enum stream stream, enum evidence e)
{
	double prior = detect_rates[e].prior_events;
	enum stream other = stream == STREAM_BURST ? STREAM_TRICKLE : STREAM_BURST;
	double start = fleet_rate(d, stream, e) * against_fleet(d, u, other, e);

	return (prior + (double)u->n.learnt[stream].events[e]) /
	       (prior / start + (double)u->n.learnt[stream].mail[e]);
}

/*
 * By how much honest cohorts differ: the shape of their Gamma, as the fleet shows it. Of x events where m were expected,
 * ((x - m)^2 - x) / m^2 has the mean 1/shape; each cohort weighs by what it can tell.
 */
static double
frailty(const struct detect *d, enum stream stream, enum evidence e)
{
	double stated = detect_rates[e].frailty;
	double spread = (SPREAD_WEIGHT / stated + d->fleet.spread[stream][e]) /
			(SPREAD_WEIGHT + d->fleet.weight[stream][e]);
	double shape = spread > 0 ? SPREAD_CAUTION / spread : SPREAD_FACTOR_MAX * stated;

	if (shape > SPREAD_FACTOR_MAX * stated) {
		return SPREAD_FACTOR_MAX * stated;
	}
	return shape < stated / SPREAD_FACTOR_MAX ? stated / SPREAD_FACTOR_MAX : shape;
}

static void
learn_frailty(struct detect *d, enum stream stream, enum evidence e, double expected, double events)
{
	double ceiling = SPREAD_EVENTS_MAX * (expected + 1), scale = expected * expected + expected;
	double over;

	events = events < ceiling ? events : ceiling;
	over = (events - expected) * (events - expected) - events;
	d->fleet.spread[stream][e] = d->fleet.spread[stream][e] * (1 - FLEET_FADE) + over / scale;
	d->fleet.weight[stream][e] =
	    d->fleet.weight[stream][e] * (1 - FLEET_FADE) + expected * expected / scale;
}

/*
 * What cohorts differ by, and what is not known of the rate. The factors multiply, so their squared spreads do:
 * 1 + 1/shape = (1 + 1/frailty)(1 + 1/events).
 */
static double
shape_of(const struct detect *d, const struct unit *u, enum stream stream, enum evidence e)
{
	double known = detect_rates[e].prior_events + (double)u->n.learnt[stream].events[e];

	return 1 / ((1 + 1 / frailty(d, stream, e)) * (1 + 1 / known) - 1);
}

void
detect_baseline_outlook(const struct detect *d, const struct unit *u, uint32_t cohort, int64_t now_ms,
			struct outlook *o)
{
	const struct cohort *c = detect_cohort_at(u, cohort);
	double stand_in = cohort + 1U == u->cohort_count ? (double)u->n.stand_in : 0;
	double mail = (double)c->n.mail + stand_in;
	enum stream stream =
	    stand_in > 0 ? STREAM_BURST : (enum stream)c->stream; /* what is to come may be one */

	for (int e = 0; e < EVIDENCE_COUNT; e++) {
		o->rate[e] = detect_baseline_rate(d, u, stream, (enum evidence)e);
		o->shape[e] = shape_of(d, u, stream, (enum evidence)e);
		o->mail[e] = mail;
	}
	o->mail[EVIDENCE_COMPLAINT] = mail * detect_cohort_answered(c, now_ms);
}

void
detect_baseline_learn(struct detect *d, struct unit *u, int64_t now_ms)
{
	const struct cohort *c = detect_cohort_at(u, 0);
	enum stream stream = (enum stream)c->stream;
	struct tally *to = &u->n.learnt[stream];
	double fade = number_exp(-(double)c->length_ms / HOUR_MS * (LN2 / (24 * LEARN_HALF_LIFE)));
	struct outlook o;

	if (c->n.mail <= 0) { /* forgotten, or its volume never came */
		return;
	}
	detect_baseline_outlook(d, u, 0, now_ms, &o);
	for (int e = 0; e < EVIDENCE_COUNT; e++) {
		double expected = o.rate[e] * o.mail[e], most = frailty(d, stream, (enum evidence)e);
		double share = expected > most ? most / expected : 1;
		double events = (double)c->n.events[e], ceiling = LEARN_FACTOR_MAX * expected + LEARN_EVENTS;

		if ((double)to->events[e] > SPREAD_KNOWN && expected > 0) {
			learn_frailty(d, stream, (enum evidence)e, expected, events);
		}
		events = (events < ceiling ? events : ceiling) * share;
		to->events[e] = (float)((double)to->events[e] * fade + events);
		to->mail[e] = (float)((double)to->mail[e] * fade + o.mail[e] * share);
		d->fleet.events[stream][e] = d->fleet.events[stream][e] * (1 - FLEET_FADE) + events;
		d->fleet.mail[stream][e] = d->fleet.mail[stream][e] * (1 - FLEET_FADE) + o.mail[e] * share;
	}
}

void
detect_unit_forget(struct detect *d, uint32_t unit)
{
	struct unit *u;

	check(unit < d->unit_count);
	u = &d->units[unit];
	for (uint32_t i = 0; i < u->cohort_count; i++) {
		detect_cohort(u, i)->n = (struct cohort_numbers){ 0 };
	}
}
