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

/*
 * What cohorts differ by, and what is not known of the rate. The factors multiply, so their squared spreads do:
 * 1 + 1/shape = (1 + 1/frailty)(1 + 1/events).
 */
static double
shape_of(double frailty, double known)
{
	return 1 / ((1 + 1 / frailty) * (1 + 1 / known) - 1);
}

/*
 * What a cohort teaches: at most as much as its factor allows, and not too far from what is known already, unless that is little.
 * Adds to the events and to the mail they answer to.
 */
static void
teach(double frailty, double known, double rate, double events, double mail, double *to_events,
      double *to_mail)
{
	double expected = rate * mail, share = expected > frailty ? frailty / expected : 1;
	double ceiling = LEARN_FACTOR_MAX * (1 + LEARN_YOUNG / known) * expected + LEARN_EVENTS;

	*to_events += (events < ceiling ? events : ceiling) * share;
	*to_mail += mail * share;
}

/* One kind of bad news: each cohort is seen with what the unit has taught so far, those before it in the ring included. */
static void
outlook_of_kind(const struct detect *d, const struct unit *u, enum evidence e, struct outlook o[COHORTS])
{
	double events[STREAM_COUNT], mail[STREAM_COUNT], start[STREAM_COUNT], spread[STREAM_COUNT];
	double prior = detect_rates[e].prior_events;

	for (int s = 0; s < STREAM_COUNT; s++) {
		start[s] =
		    prior / (fleet_rate(d, (enum stream)s, e) * against_fleet(d, u, (enum stream)(1 - s), e));
		events[s] = prior + (double)u->n.learnt[s].events[e];
		mail[s] = start[s] + (double)u->n.learnt[s].mail[e];
		spread[s] = frailty(d, (enum stream)s, e);
	}
	for (uint32_t i = 0; i < u->cohort_count; i++) {
		int s = (int)o[i].stream;

		o[i].rate[e] = events[s] / mail[s];
		o[i].shape[e] = shape_of(spread[s], events[s]);
		teach(spread[s], events[s], o[i].rate[e], (double)detect_cohort_at(u, i)->n.events[e],
		      o[i].mail[e], &events[s], &mail[s]);
	}
}

void
detect_baseline_outlook(const struct detect *d, const struct unit *u, int64_t now_ms,
			struct outlook o[COHORTS])
{
	for (uint32_t i = 0; i < u->cohort_count; i++) {
		const struct cohort *c = detect_cohort_at(u, i);
		double stand_in = i + 1U == u->cohort_count ? (double)u->n.stand_in : 0;
		double mail = (double)c->n.mail + stand_in;

		/* What stands in may be a burst. */
		o[i].stream = stand_in > 0 ? STREAM_BURST : (enum stream)c->stream;
		for (int e = 0; e < EVIDENCE_COUNT; e++) {
			o[i].mail[e] = mail;
		}
		o[i].mail[EVIDENCE_COMPLAINT] = mail * detect_cohort_answered(c, now_ms);
	}
	for (int e = 0; e < EVIDENCE_COUNT; e++) {
		outlook_of_kind(d, u, (enum evidence)e, o);
	}
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

/* The oldest cohort, seen as `o`, is learnt from. */
void
detect_baseline_learn(struct detect *d, struct unit *u, const struct outlook *o)
{
	const struct cohort *c = detect_cohort_at(u, 0);
	enum stream stream = (enum stream)c->stream;
	struct tally *to = &u->n.learnt[stream];
	double fade = number_exp(-(double)c->length_ms / HOUR_MS * (LN2 / (24 * LEARN_HALF_LIFE)));

	if (c->n.mail <= 0) { /* forgotten, or its volume never came */
		return;
	}
	for (int e = 0; e < EVIDENCE_COUNT; e++) {
		double expected = o->rate[e] * o->mail[e], events = 0, mail = 0;

		if ((double)to->events[e] > SPREAD_KNOWN && expected > 0) {
			learn_frailty(d, stream, (enum evidence)e, expected, (double)c->n.events[e]);
		}
		teach(frailty(d, stream, (enum evidence)e),
		      detect_rates[e].prior_events + (double)to->events[e], o->rate[e],
		      (double)c->n.events[e], o->mail[e], &events, &mail);
		to->events[e] = (float)((double)to->events[e] * fade + events);
		to->mail[e] = (float)((double)to->mail[e] * fade + mail);
		d->fleet.events[stream][e] = d->fleet.events[stream][e] * (1 - FLEET_FADE) + events;
		d->fleet.mail[stream][e] = d->fleet.mail[stream][e] * (1 - FLEET_FADE) + mail;
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
	detect_audit_forget(d, unit);
	detect_witness_forget(d, unit);
}
