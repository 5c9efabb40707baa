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

/* Where the rate of a stream starts: the fleet's in it, times how the unit does in the other one; that is worth so many events. */
struct start {
	double rate, events;
};

static struct start
start_of(const struct detect *d, const struct unit *u, enum stream stream, enum evidence e)
{
	enum stream other = stream == STREAM_BURST ? STREAM_TRICKLE : STREAM_BURST;
	double known = detect_rates[e].prior_events + (double)u->n.learnt[other].events[e];

	return (struct start){ fleet_rate(d, stream, e) * against_fleet(d, u, other, e),
			       detect_shape_product(LEARN_KIN, known) };
}

/* Mean of the Gamma posterior. */
double
detect_baseline_rate(const struct detect *d, const struct unit *u, enum stream stream, enum evidence e)
{
	struct start start = start_of(d, u, stream, e);

	return (start.events + (double)u->n.learnt[stream].events[e]) /
	       (start.events / start.rate + (double)u->n.learnt[stream].mail[e]);
}

/* Mail to a bad list is a story of its own: what it brings tells little about ordinary mail. */
static double
ordinary_share(double bad_list)
{
	return bad_list < 1 - LEARN_LEAST ? 1 - bad_list : LEARN_LEAST;
}

/* Events, and the mail that they answer to. */
struct taught_by {
	double events, mail;
};

/*
 * What a cohort teaches: at most as much as its factor allows, and not too far from what is known already, unless that is little.
 * `ordinary`: ordinary_share.
 */
static struct taught_by
teach(double frailty, double known, double ordinary, const struct outlook *o, int e, double events)
{
	double expected = o->rate[e] * o->mail[e];
	double share = ordinary * (expected > frailty ? frailty / expected : 1);
	double ceiling = LEARN_FACTOR_MAX * (1 + LEARN_YOUNG / known) * expected + LEARN_EVENTS;

	return (struct taught_by){ (events < ceiling ? events : ceiling) * share, o->mail[e] * share };
}

/* What a unit has taught of a stream, with what the cohorts of the ring add to it. */
struct lesson {
	double events[EVIDENCE_COUNT], mail[EVIDENCE_COUNT];
};

static void
begin_lesson(const struct detect *d, const struct unit *u, enum stream stream, struct lesson *l)
{
	for (int e = 0; e < EVIDENCE_COUNT; e++) {
		struct start start = start_of(d, u, stream, (enum evidence)e);

		l->events[e] = start.events + (double)u->n.learnt[stream].events[e];
		l->mail[e] = start.events / start.rate + (double)u->n.learnt[stream].mail[e];
	}
}

/* The mail that a cohort's news answers to by now. */
static void
see_mail(const struct unit *u, uint32_t i, int64_t now_ms, struct outlook *o)
{
	const struct cohort *c = detect_cohort_at(u, i);
	double stand_in = i + 1U == u->cohort_count ? (double)u->n.stand_in : 0;
	double mail = (double)c->n.mail + stand_in;

	o->stream = stand_in > 0 ? STREAM_BURST : (enum stream)c->stream; /* what stands in may be a burst */
	for (int e = 0; e < EVIDENCE_COUNT; e++) {
		o->mail[e] = mail;
	}
	o->mail[EVIDENCE_COMPLAINT] = mail * detect_cohort_answered(c, now_ms);
}

/*
 * How many times as many complaints as expected came of late, of all units together: a receiver that samples otherwise from one day on changes
 * them for all its senders, and is no takeover of any. A cohort counts with a few times its expectation at most, so a few that are taken over
 * move it little.
 */
static double
lately(const struct detect *d)
{
	double times = (LATELY_EVENTS + d->fleet.lately[0]) / (LATELY_EVENTS + d->fleet.lately[1]);

	return times < 1 ? 1 : times > LATELY_FACTOR_MAX ? LATELY_FACTOR_MAX : times;
}

/* From a cohort that has ended, by what came of it until now. */
void
detect_baseline_lately(struct detect *d, const struct cohort *c, const struct outlook *o)
{
	double expected = o->rate[EVIDENCE_COMPLAINT] / o->lately * o->mail[EVIDENCE_COMPLAINT],
	       events = (double)c->n.events[EVIDENCE_COMPLAINT];
	double passed = (double)(d->now_ms - d->fleet.lately_ms) / HOUR_MS;
	double fade = passed > 0 ? number_exp(-passed * (LN2 / (24 * LATELY_HALF_LIFE))) : 1;
	double ceiling = LEARN_FACTOR_MAX * expected * lately(d) + LEARN_EVENTS;
	double share =
	    expected > LATELY_EVENTS ? LATELY_EVENTS / expected : 1; /* one campaign is not the fleet */

	d->fleet.lately[0] = d->fleet.lately[0] * fade + share * (events < ceiling ? events : ceiling);
	d->fleet.lately[1] = d->fleet.lately[1] * fade + share * expected;
	d->fleet.lately_ms = d->now_ms;
}

/* Each cohort is seen with what the unit has taught so far, those before it in the ring included. */
void
detect_baseline_outlook(const struct detect *d, const struct unit *u, int64_t now_ms,
			struct outlook o[COHORTS])
{
	struct lesson lessons[STREAM_COUNT];
	double bad_list = (double)u->n.bad_list;
	int64_t before_ms = u->times[RETIRED];

	for (int s = 0; s < STREAM_COUNT; s++) {
		begin_lesson(d, u, (enum stream)s, &lessons[s]);
	}
	for (uint32_t i = 0; i < u->cohort_count; i++) {
		const struct cohort *c = detect_cohort_at(u, i);
		struct lesson *l;
		double share;

		see_mail(u, i, now_ms, &o[i]);
		l = &lessons[o[i].stream];
		for (int e = 0; e < EVIDENCE_COUNT; e++) {
			o[i].rate[e] = l->events[e] / l->mail[e];
			o[i].shape[e] = detect_shape_product(d->fleet.shape[o[i].stream][e], l->events[e]);
		}
		o[i].lately = lately(d);
		o[i].rate[EVIDENCE_COMPLAINT] *= o[i].lately;
		detect_suspect_nats(d, u, i, now_ms, &o[i]);
		o[i].weighed = false;
		o[i].bad_list = detect_story_bad_list_before(c, bad_list, before_ms);
		bad_list = detect_story_bad_list(c, &o[i]);
		before_ms = c->start_ms;
		share = ordinary_share(bad_list);
		for (int e = 0; e < EVIDENCE_COUNT; e++) {
			struct taught_by by = teach(d->fleet.shape[o[i].stream][e], l->events[e], share,
						    &o[i], e, (double)c->n.events[e]);

			l->events[e] += by.events;
			l->mail[e] += by.mail;
		}
	}
}

/* The oldest cohort, seen as `o`, is learnt from. */
void
detect_baseline_learn(struct detect *d, struct unit *u, const struct outlook *o)
{
	const struct cohort *c = detect_cohort_at(u, 0);
	enum stream stream = (enum stream)c->stream;
	struct tally *to = &u->n.learnt[stream];
	double ordinary = ordinary_share((double)u->n.bad_list); /* this cohort was the last to leave */
	double fade = number_exp(-(double)c->length_ms / HOUR_MS * (LN2 / (24 * LEARN_HALF_LIFE)));

	if (c->n.mail <= 0) { /* forgotten, or its volume never came */
		return;
	}
	for (int e = 0; e < EVIDENCE_COUNT; e++) {
		double expected = o->rate[e] * o->mail[e];
		double known = start_of(d, u, stream, (enum evidence)e).events + (double)to->events[e];
		struct taught_by by;

		if ((double)to->events[e] > SHAPE_KNOWN && expected > SHAPE_EXPECTED) {
			detect_shape_learn(d, stream, (enum evidence)e, o, known, (double)c->n.events[e],
					   ordinary);
		}
		by = teach(d->fleet.shape[stream][e], known, ordinary, o, e, (double)c->n.events[e]);
		to->events[e] = (float)((double)to->events[e] * fade + by.events);
		to->mail[e] = (float)((double)to->mail[e] * fade + by.mail);
		d->fleet.events[stream][e] = d->fleet.events[stream][e] * (1 - FLEET_FADE) + by.events;
		d->fleet.mail[stream][e] = d->fleet.mail[stream][e] * (1 - FLEET_FADE) + by.mail;
	}
}

void
detect_unit_forget(struct detect *d, uint32_t unit)
{
	struct unit *u;

	check(unit < d->unit_count);
	u = &d->units[unit];
	for (uint32_t i = 0; i < u->cohort_count; i++) {
		detect_cohort(u, i)->n = (struct cohort_numbers){ .look = 1 };
	}
	u->suspect = (struct suspect){ 0 };
	u->flags |= UNIT_NEW; /* what comes now is looked at anew */
	detect_audit_forget(d, unit);
	detect_witness_forget(d, unit);
}
