#include "detect/detect_int.h"

/*
 * The honest story against the takeovers.
 *
 * For each takeover k and bin:   e = (chance of its evidence under k) / (chance under the honest story)
 * and then                       M_k = (M_k + prior_k w) e,   w = sender-time since the last bin, in years.
 * If E[e | past] <= 1 while the unit is honest, sum M - sum w is a supermartingale: with a reset at each alarm the
 * expected number of alarms is at most sum w / limit (Shiryaev-Roberts; J. Shin, A. Ramdas, A. Rinaldo, "E-detectors",
 * New England J. Stat. Data Sci. 2 (2024) 229-260).
 *
 * The honest story is a mixture: an ordinary block, or mail to a bad list. In each the rates are known from slow memory,
 * from this block, or not at all ("fresh"). The Bayes voice weighs these three, the robust voice takes the largest, which
 * bounds every way to cut time into blocks. A takeover is judged by this block or fresh, never more agile than the honest
 * story. Kinds of evidence that a takeover does not touch cancel, but still tell whether this is a bad list.
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

/* Below this no takeover would show in the bin, and nothing was counted: its weight goes to the next one. */
#define TELLS_NATS 1e-3
#define ODDS_MAX   40.0
#define M_MAX      1e30

/* ln of the chance of one kind of evidence, per voice, if the block is ordinary and if it is mail to a bad list. */
struct honest {
	double ordinary[VOICE_COUNT][EVIDENCE_COUNT];
	double bad_list[VOICE_COUNT][EVIDENCE_COUNT];
};

static double
largest(double a, double b)
{
	return a > b ? a : b;
}

static double
mix(double shared, double fresh)
{
	static const double ln_fresh = -0x1.26bb1bbb55516p+1,
			    ln_shared = -0x1.af8e8210a4163p-4; /* ln .1, ln .9 */

	return detect_ln_sum(ln_shared + shared, ln_fresh + fresh);
}

static void
ordinary_block(struct unit *u, const struct bin *bin, enum evidence e, struct honest *h)
{
	double shape = detect_baseline_shape(u, e), rate = bin->rate[e], mail = bin->mail[e];
	uint32_t x = bin->count[e];
	const struct tally *block = &u->n.block;
	double young = detect_predict(shape + (double)block->events[e], shape + rate * (double)block->mail[e],
				      rate, mail, x);
	double slow = detect_predict(shape + (double)u->n.old_events[e], shape + (double)u->n.old_expected[e],
				     rate, mail, x);
	double fresh = detect_predict(shape, shape, rate, mail, x);
	double weight = (double)u->n.old_weight[e], high = largest(young, slow);
	double by_slow = weight * number_exp(slow - high), by_young = (1 - weight) * number_exp(young - high);

	h->ordinary[VOICE_BAYES][e] = mix(high + number_ln(by_slow + by_young), fresh);
	h->ordinary[VOICE_ROBUST][e] = largest(high, fresh);
	weight = by_slow / (by_slow + by_young);
	u->n.old_weight[e] = (float)(OLD_SWITCH / 2 + (1 - OLD_SWITCH) * weight);
}

static void
bad_list_block(const struct unit *u, const struct bin *bin, enum evidence e, struct honest *h)
{
	double shape = detect_rates[e].bad_shape, mail = bin->mail[e];
	double rate = largest(detect_rates[e].bad_rate, detect_rates[e].bad_factor * bin->rate[e]);
	double young = detect_predict(shape + (double)u->n.block.events[e],
				      shape + rate * (double)u->n.block.mail[e], rate, mail, bin->count[e]);
	double fresh = detect_predict(shape, shape, rate, mail, bin->count[e]);

	h->bad_list[VOICE_BAYES][e] = mix(young, fresh);
	h->bad_list[VOICE_ROBUST][e] = largest(young, fresh);
}

static double
clamp(double x, double bound)
{
	return x > bound ? bound : x < -bound ? -bound : x;
}

static double
ln_odds(double chance)
{
	return clamp(number_ln(chance) - number_ln1p(-chance), ODDS_MAX);
}

/*
 * ln of the chance of the evidence that a takeover touches, kind by kind, given all the rest: the kinds it does not touch
 * have moved the odds of a bad list first, each further kind moves them on.
 */
static void
honest_chain(const struct honest *h, enum voice voice, const bool touched[], double odds, double out[])
{
	for (int e = 0; e < EVIDENCE_COUNT; e++) {
		if (!touched[e]) {
			odds += h->bad_list[VOICE_BAYES][e] - h->ordinary[VOICE_BAYES][e];
		}
	}
	for (int e = EVIDENCE_COUNT - 1; e >= 0; e--) {
		if (touched[e]) {
			double bounded = clamp(odds, ODDS_MAX);

			out[e] = detect_ln_sum(h->ordinary[voice][e], bounded + h->bad_list[voice][e]) -
				 detect_ln_sum(0, bounded);
			odds += h->bad_list[VOICE_BAYES][e] - h->ordinary[VOICE_BAYES][e];
		}
	}
}

static void
attack_chain(const struct unit *u, const struct bin *bin, const struct detect_profile *p, double out[])
{
	for (int e = 0; e < EVIDENCE_COUNT; e++) {
		double added = largest(p->added[e], (ATTACK_LEAST - 1) * bin->rate[e]);
		double rate = bin->rate[e] + added, mail = (double)u->n.block.mail[e];

		if (p->added[e] > 0) {
			out[e] = mix(
			    detect_predict(ATTACK_SHAPE + (double)u->n.block.events[e],
					   ATTACK_SHAPE + rate * mail, rate, bin->mail[e], bin->count[e]),
			    detect_predict(ATTACK_SHAPE, ATTACK_SHAPE, rate, bin->mail[e], bin->count[e]));
		}
	}
}

static bool
tells(const struct bin *bin)
{
	double most = 0;

	for (int e = 0; e < EVIDENCE_COUNT; e++) {
		if (bin->count[e] > 0) {
			return true;
		}
		most += bin->mail[e] * (bin->rate[e] + detect_profiles[0].added[e]);
	}
	return most >= TELLS_NATS;
}

/* One voice hears all takeovers. */
static void
accumulate(struct unit *u, const struct honest *h, double attack[][EVIDENCE_COUNT], double years,
	   enum voice voice, double nats[])
{
	double gain[PROFILE_COUNT][EVIDENCE_COUNT] = { 0 }, sum = 0, odds = ln_odds((double)u->n.bad_list);

	for (int k = 0; k < PROFILE_COUNT; k++) {
		const struct detect_profile *p = &detect_profiles[k];
		double honest[EVIDENCE_COUNT], total = 0, m;
		bool touched[EVIDENCE_COUNT];

		for (int e = 0; e < EVIDENCE_COUNT; e++) {
			touched[e] = p->added[e] > 0;
		}
		honest_chain(h, voice, touched, odds, honest);
		for (int e = 0; e < EVIDENCE_COUNT; e++) {
			if (touched[e]) {
				gain[k][e] = attack[k][e] - honest[e];
				total += gain[k][e];
			}
		}
		m = ((double)u->n.m[voice][k] + p->prior * years) *
		    number_exp(total < EVIDENCE_NATS_MAX ? total : EVIDENCE_NATS_MAX);
		m = m < EVIDENCE_LEAST ? 0 : m > M_MAX ? M_MAX : m;
		u->n.m[voice][k] = (float)m;
		sum += m;
	}
	for (int k = 0; k < PROFILE_COUNT && sum > 0; k++) {
		for (int e = 0; e < EVIDENCE_COUNT; e++) {
			nats[e] += (double)u->n.m[voice][k] / sum * gain[k][e];
		}
	}
}

void
detect_weigh(struct unit *u, const struct bin *bin, struct growth *growth)
{
	double attack[PROFILE_COUNT][EVIDENCE_COUNT], odds, years;
	struct honest h;

	*growth = (struct growth){ 0 };
	if (!tells(bin)) {
		return;
	}
	for (int e = 0; e < EVIDENCE_COUNT; e++) {
		ordinary_block(u, bin, (enum evidence)e, &h);
		bad_list_block(u, bin, (enum evidence)e, &h);
	}
	for (int k = 0; k < PROFILE_COUNT; k++) {
		attack_chain(u, bin, &detect_profiles[k], attack[k]);
	}
	years = (double)(bin->end_ms - u->credited_ms) / YEAR_MS;
	u->credited_ms = bin->end_ms;
	for (int v = 0; v < VOICE_COUNT; v++) {
		accumulate(u, &h, attack, years, (enum voice)v, growth->nats[v]);
	}
	odds = ln_odds((double)u->n.bad_list);
	for (int e = 0; e < EVIDENCE_COUNT; e++) {
		odds += h.bad_list[VOICE_BAYES][e] - h.ordinary[VOICE_BAYES][e];
	}
	u->n.bad_list = (float)(1 / (1 + number_exp(-clamp(odds, 12))));
}

double
detect_evidence(const struct unit *u, enum voice voice)
{
	double sum = 0;

	for (int k = 0; k < PROFILE_COUNT; k++) {
		sum += (double)u->n.m[voice][k];
	}
	return sum;
}
