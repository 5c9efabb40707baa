#include "detect/detect_int.h"

/*
 * The honest story of a cohort against the takeovers.
 *
 * Honest: an ordinary cohort, each kind of bad news with a factor of its own around the learnt rate; or mail to a badly
 * imported list, which happens to honest senders. The Bayes voice weighs the two, the robust voice takes the one that fits best,
 * however rare. A takeover brings bad news on top of the honest rates (profiles.def); kinds it does not touch are as in honest mail, to a
 * bad list or not: else a thief would hide by a few typo traps, which speak for a bad list. All kinds are judged together: that the same mail has both unknown users and complaints tells.
 * Source: M. Greenwood, G. U. Yule, J. R. Stat. Soc. 83 (1920) 255-279, for the factor around a rate; the stories are ours.
 */

const struct detect_profile detect_profiles[PROFILE_COUNT] = {
#define PROFILE(id, share, prior, complaint, unknown_user, trap, trap_typo) \
	{ TAKEOVER_##id,                                                    \
	  share,                                                            \
	  prior,                                                            \
	  { [EVIDENCE_COMPLAINT] = (share) * (complaint),                   \
	    [EVIDENCE_UNKNOWN_USER] = (share) * (unknown_user),             \
	    [EVIDENCE_TRAP] = (share) * (trap),                             \
	    [EVIDENCE_TRAP_TYPO] = (share) * (trap_typo) } },
#include "detect/profiles.def"
#undef PROFILE
};

#define NATS_ALONE 20.0 /* of a kind alone, a mean is asked for: more would be cut off anyway */

static double
larger(double a, double b)
{
	return a > b ? a : b;
}

/* Of a cohort only a part may be mail to the bad list, each of these as likely as the others. */
static const double parts[] = { 1, 0.3, 0.1 };
#define LN_PARTS 0x1.193ea7aad030bp+0 /* ln 3 */
_Static_assert(countof(parts) == 3, "as many parts");

/* ln of the chance of unknown users: a bad list brings about as many of its own mail as any other. */
static double
bad_list_unknown(const struct cohort *c, const struct outlook *o, int e)
{
	const struct detect_rate *r = &detect_rates[e];
	double least = r->bad_factor * o->rate[e], x = (double)c->n.events[e], sum = 0;
	struct likelihood shape = detect_likelihood_shape(r->bad_shape, x);

	for (size_t i = 0; i < countof(parts); i++) {
		double rate = larger(parts[i] * r->bad_rate, least), ln;

		ln = detect_likelihood_ln(detect_likelihood_mail(r->bad_shape, rate, o->mail[e], x));
		sum = i == 0 ? ln : detect_ln_sum(sum, ln);
	}
	return sum + detect_likelihood_ln(shape) - LN_PARTS;
}

static struct chances
honest_chances(const struct cohort *c, const struct outlook *o, int e)
{
	const struct detect_rate *r = &detect_rates[e];
	double x = (double)c->n.events[e], bad_list;

	if (r->bad_rate > 0) {
		bad_list = bad_list_unknown(c, o, e);
	} else {
		bad_list = detect_predict(detect_shape_product(r->bad_shape, o->shape[e]),
					  r->bad_factor * o->rate[e], o->mail[e], x);
	}
	if (e == EVIDENCE_COMPLAINT) {
		bad_list += o->suspect_bad_list;
	}
	return (struct chances){ detect_predict(o->shape[e], o->rate[e], o->mail[e], x), bad_list };
}

/* What the two honest stories say of each kind, unless it is known already. */
static void
weigh(const struct cohort *c, const struct outlook *o, struct chances each[EVIDENCE_COUNT])
{
	for (int e = 0; e < EVIDENCE_COUNT; e++) {
		each[e] = o->weighed ? o->honest[e] : honest_chances(c, o, e);
	}
}

/* Of a kind that the takeover touches; without what depends on its count alone. */
static struct likelihood
attack_likelihood(const struct cohort *c, const struct outlook *o, const struct detect_profile *p, int e)
{
	double added = larger(p->added[e], (ATTACK_LEAST - 1) * o->rate[e]);

	return detect_likelihood_mail(detect_rates[e].attack_shape, o->rate[e] + added, o->mail[e],
				      (double)c->n.events[e]);
}

static double
attack_chance(const struct cohort *c, const struct outlook *o, const struct detect_profile *p, int e)
{
	struct likelihood l = attack_likelihood(c, o, p, e);

	detect_likelihood_times(
	    &l, detect_likelihood_shape(detect_rates[e].attack_shape, (double)c->n.events[e]));
	return detect_likelihood_ln(l);
}

/* ln of the chance of a bad list and of none. */
static struct chances
honest_prior(const struct outlook *o, enum voice voice)
{
	if (voice == VOICE_ROBUST) {
		return (struct chances){ 0, 0 };
	}
	return (struct chances){ number_ln1p(-o->bad_list), number_ln(o->bad_list) };
}

/* What the cohort's news makes of the chance that it is mail to a bad list. */
double
detect_story_bad_list(const struct cohort *c, struct outlook *o)
{
	struct chances all;

	if (o->bad_list < BAD_LIST_LOOKED_AT && !detect_story_surprises(c, o)) {
		return 0; /* the usual case, at no cost */
	}
	all = honest_prior(o, VOICE_BAYES);
	weigh(c, o, o->honest);
	o->weighed = true;
	for (int e = 0; e < EVIDENCE_COUNT; e++) {
		all.ordinary += o->honest[e].ordinary;
		all.bad_list += o->honest[e].bad_list;
	}
	return number_exp(all.bad_list - detect_ln_sum(all.ordinary, all.bad_list));
}

/*
 * One bad list may be mailed in several cohorts: it is one misfortune, not one in each. So the chance of a cohort, before its own news, is that a
 * bad list goes on from the one before, where the chance was `before`, which fades with time, or that one begins: a hidden Markov chain of
 * two states, filtered forward.
 */
double
detect_story_bad_list_before(const struct cohort *c, double before, int64_t before_ms)
{
	double begins = c->stream == STREAM_BURST ? BAD_LIST_BURST : BAD_LIST_TRICKLE,
	       hours = (double)(c->start_ms - before_ms) / HOUR_MS, goes_on = BAD_LIST_STAYS * before;

	if (goes_on > 0 && hours > 0) {
		goes_on *= number_exp(-hours / BAD_LIST_HOURS);
	}
	return goes_on + (1 - goes_on) * begins;
}

static double
honest_sum(enum voice voice, struct chances all)
{
	return voice == VOICE_ROBUST ? larger(all.ordinary, all.bad_list)
				     : detect_ln_sum(all.ordinary, all.bad_list);
}

/* ln of the chance of a kind that the takeover touches; one that it does not touch goes on to the honest `rest`. */
static double
attack_adds(const struct cohort *c, const struct outlook *o, const struct detect_profile *p, int e,
	    struct chances honest, struct chances *rest)
{
	if (p->added[e] > 0) {
		return attack_chance(c, o, p, e);
	}
	rest->ordinary += honest.ordinary;
	rest->bad_list += honest.bad_list;
	return 0;
}

/* What the complaints about its suspect add to a takeover that brings complaints. */
static double
suspect_adds(const struct outlook *o, const struct detect_profile *p)
{
	return p->added[EVIDENCE_COMPLAINT] > 0 ? o->suspect : 0;
}

static bool
touch_alike(const struct detect_profile *a, const struct detect_profile *b)
{
	for (int e = 0; e < EVIDENCE_COUNT; e++) {
		if ((a->added[e] > 0) != (b->added[e] > 0)) {
			return false;
		}
	}
	return true;
}

/* ln of the chance of the kinds that the takeover does not touch. */
static double
untouched(const struct detect_profile *p, struct chances rest, const struct chances each[EVIDENCE_COUNT])
{
	for (int e = 0; e < EVIDENCE_COUNT; e++) {
		if (p->added[e] <= 0) {
			rest.ordinary += each[e].ordinary;
			rest.bad_list += each[e].bad_list;
		}
	}
	return honest_sum(VOICE_BAYES, rest);
}

void
detect_story(const struct cohort *c, const struct outlook *o, struct story *s)
{
	struct chances each[EVIDENCE_COUNT], prior = honest_prior(o, VOICE_BAYES);
	struct likelihood shape[EVIDENCE_COUNT];
	double rest = 0;

	weigh(c, o, each);
	for (int v = 0; v < VOICE_COUNT; v++) {
		struct chances all = v == VOICE_BAYES ? prior : honest_prior(o, (enum voice)v);

		for (int e = 0; e < EVIDENCE_COUNT; e++) {
			all.ordinary += each[e].ordinary;
			all.bad_list += each[e].bad_list;
		}
		s->honest[v] = honest_sum((enum voice)v, all);
	}
	for (int e = 0; e < EVIDENCE_COUNT; e++) {
		shape[e] = detect_likelihood_shape(detect_rates[e].attack_shape, (double)c->n.events[e]);
	}
	for (uint32_t k = 0; k < PROFILE_COUNT; k++) {
		const struct detect_profile *p = &detect_profiles[k];
		struct likelihood touched = { 1, 0 };

		for (int e = 0; e < EVIDENCE_COUNT; e++) {
			if (p->added[e] > 0) {
				detect_likelihood_times(&touched, attack_likelihood(c, o, p, e));
				detect_likelihood_times(&touched, shape[e]);
			}
		}
		if (k == 0 || !touch_alike(p, p - 1)) {
			rest = untouched(p, prior, each);
		}
		s->attack[k] = detect_likelihood_ln(touched) + rest + suspect_adds(o, p);
	}
}

/* The same, kind by kind: each is what it adds given those before it, the quickest kinds first. */
void
detect_story_parts(const struct cohort *c, const struct outlook *o, enum voice voice, uint32_t profile,
		   double nats[EVIDENCE_COUNT])
{
	struct chances all = honest_prior(o, voice), rest = honest_prior(o, VOICE_BAYES);
	double before = honest_sum(voice, all), rest_before = honest_sum(VOICE_BAYES, rest);

	for (int e = EVIDENCE_COUNT - 1; e >= 0; e--) {
		struct chances one = honest_chances(c, o, e);
		double attack = attack_adds(c, o, &detect_profiles[profile], e, one, &rest), honest, rest_now;

		all.ordinary += one.ordinary;
		all.bad_list += one.bad_list;
		honest = honest_sum(voice, all);
		rest_now = honest_sum(VOICE_BAYES, rest);
		nats[e] = attack + (rest_now - rest_before) - (honest - before);
		before = honest;
		rest_before = rest_now;
	}
	nats[EVIDENCE_COMPLAINT] += suspect_adds(o, &detect_profiles[profile]);
}

/* The e-value of one kind alone: of the takeovers that it tells of, in the shares of their start weight, against the honest stories. */
double
detect_story_alone(const struct cohort *c, const struct outlook *o, int e)
{
	struct chances all = honest_prior(o, VOICE_BAYES), one;
	struct outlook counts = *o;
	double honest, sum = 0, weight = 0;

	counts.suspect_bad_list = 0; /* which mail they are about is content */
	one = honest_chances(c, &counts, e);
	all.ordinary += one.ordinary;
	all.bad_list += one.bad_list;
	honest = honest_sum(VOICE_BAYES, all);
	for (uint32_t k = 0; k < PROFILE_COUNT; k++) {
		const struct detect_profile *p = &detect_profiles[k];

		if (p->added[e] > 0) {
			double nats = attack_chance(c, o, p, e) - honest;

			sum += p->prior * number_exp(nats < NATS_ALONE ? nats : NATS_ALONE);
			weight += p->prior;
		}
	}
	return sum / weight;
}

/* Evidence depends on totals only, so it need not be looked at while no kind is above what is expected. */
bool
detect_story_surprises(const struct cohort *c, const struct outlook *o)
{
	for (int e = 0; e < EVIDENCE_COUNT; e++) {
		if ((double)c->n.events[e] > SURPRISE_FACTOR * o->rate[e] * o->mail[e]) {
			return true;
		}
	}
	return false;
}
