#include "detect/detect_int.h"

/*
 * Complaints that carry their mail are charged to its template. While a template that speaks against the sender is in the ring, samples and
 * complaints of it are counted against all others since: of a template with a tenth of the mail an honest sender expects about a tenth of
 * the complaints, however many there are, and a takeover most of them. It depends on neither the receiver's sampling nor the sender's rate.
 *
 * Given their number, the complaints of the template are beta-binomial. The odds of its share have the logarithm of (samples of it / samples of others) as mean,
 * more if its mail is a burst among trickle, and as variance what cohorts differ by and what few samples leave open; those of a takeover are as
 * many times larger as it brings complaints. A template that no sample has shown tells nothing: perhaps complaints name it in another way; and
 * e = 3/4 ratio + 1/4, so that names that do not fit take little back.
 * Source: J. G. Skellam, J. R. Stat. Soc. B 10 (1948) 257-261, the beta-binomial; the variance of a Beta's log-odds is about 1/a + 1/b.
 */

#define COUNT_MAX UINT16_MAX
#define ODDS_MAX  1e6 /* more than counts can tell */

static struct cohort *
cohort_of_suspect(struct unit *u)
{
	for (uint32_t i = 0; i < u->cohort_count; i++) {
		if ((detect_cohort(u, i)->traits & COHORT_SUSPECT) != 0) {
			return detect_cohort(u, i);
		}
	}
	return NULL;
}

/* From now on the template is looked at. The message that showed it is not counted: it was chosen for what it is. */
void
detect_suspect_begin(struct unit *u, struct cohort *c, uint64_t cluster)
{
	struct cohort *before = cohort_of_suspect(u);

	if (before != NULL && before->n.look > c->n.look) {
		return; /* that one speaks louder */
	}
	if (before != NULL) {
		before->traits &= (uint16_t)~COHORT_SUSPECT;
	}
	c->traits |= COHORT_SUSPECT;
	u->suspect = (struct suspect){ .cluster = (uint32_t)cluster | 1 };
	u->told = cluster;
}

/* A message of `at`, which was complained about or sampled. True when the evidence may have changed. */
bool
detect_suspect_count(struct unit *u, uint64_t cluster, bool complaint, int64_t at_ms)
{
	struct suspect *s = &u->suspect;
	uint16_t *of = complaint ? s->complaints : s->samples;
	size_t other = ((uint32_t)cluster | 1) != s->cluster;
	const struct cohort *c = s->cluster != 0 ? cohort_of_suspect(u) : NULL;

	if (c == NULL || at_ms < c->start_ms || of[other] == COUNT_MAX) {
		return false;
	}
	of[other]++;
	return complaint;
}

/* Of `mail` messages since cohort `i` began, as far as is known, the share that came as trickle. */
static double
trickle_share(const struct unit *u, uint32_t i, double mail, int64_t now_ms)
{
	double calm = u->n.volume_hours > 0 ? (double)u->n.calm_mail / (double)u->n.volume_hours : 0;
	double trickle = calm * (double)(now_ms - detect_cohort_at(u, i)->start_ms) / HOUR_MS;

	return trickle < mail ? trickle / (mail + 1) : 1;
}

/* The odds that an honest complaint is about the template. */
static double
honest_odds(const struct detect *d, const struct unit *u, uint32_t i, int64_t now_ms)
{
	const struct suspect *s = &u->suspect;
	double of = s->samples[0] + 0.5, others = s->samples[1] + 0.5, mail = 0, part;
	double burst = detect_baseline_rate(d, u, STREAM_BURST, EVIDENCE_COMPLAINT),
	       trickle = detect_baseline_rate(d, u, STREAM_TRICKLE, EVIDENCE_COMPLAINT);

	if (detect_cohort_at(u, i)->stream == STREAM_TRICKLE) {
		return of / others;
	}
	for (uint32_t j = i; j < u->cohort_count; j++) {
		mail += (double)detect_cohort_at(u, j)->n.mail;
	}
	part = trickle_share(u, i, mail * others / (of + others), now_ms);
	return of / others * burst / (part * trickle + (1 - part) * burst);
}

/* ln of the chance of `x` of `x + y`, without the binomial; the odds have this mean and the variance of their logarithm. */
static double
beta_binomial(double x, double y, double odds, double variance)
{
	double bounded = odds < 1 / ODDS_MAX ? 1 / ODDS_MAX : odds > ODDS_MAX ? ODDS_MAX : odds;
	double p = bounded / (1 + bounded), sum = 1 / (variance * p * (1 - p)), a = sum * p,
	       b = sum * (1 - p);

	return number_lgamma(x + a) + number_lgamma(y + b) - number_lgamma(x + y + sum) - number_lgamma(a) -
	       number_lgamma(b) + number_lgamma(sum);
}

/* Names may not fit. */
static double
as_far_as_trusted(double nats)
{
	return detect_ln_sum(number_ln(CONTENT_TRUST) + nats, number_ln(1 - CONTENT_TRUST));
}

/*
 * ln of how many times likelier the complaints of the template are if it is a takeover's, and if it went to a bad list, than if it is an ordinary
 * one of the sender's; of cohort `i`. 0 when the template is none of its.
 */
void
detect_suspect_nats(const struct detect *d, const struct unit *u, uint32_t i, int64_t now_ms,
		    struct outlook *o)
{
	const struct detect_rate *r = &detect_rates[EVIDENCE_COMPLAINT];
	const struct suspect *s = &u->suspect;
	double x = s->complaints[0], y = s->complaints[1], shape = o->shape[EVIDENCE_COMPLAINT], odds, left,
	       times, ordinary;

	o->suspect = o->suspect_bad_list = 0;
	if ((detect_cohort_at(u, i)->traits & COHORT_SUSPECT) == 0 || x + y == 0 || s->samples[0] == 0) {
		return;
	}
	odds = honest_odds(d, u, i, now_ms);
	left = 1 / (s->samples[0] + 0.5) + 1 / (s->samples[1] + 0.5);
	times = SUSPECT_COMPLAINTS / o->rate[EVIDENCE_COMPLAINT];
	times = 1 + (times > ATTACK_LEAST - 1 ? times : ATTACK_LEAST - 1);
	ordinary = beta_binomial(x, y, odds, 1 / shape + left);
	o->suspect =
	    as_far_as_trusted(beta_binomial(x, y, odds * times, 1 / r->attack_shape + left) - ordinary);
	o->suspect_bad_list = as_far_as_trusted(
	    beta_binomial(x, y, odds * r->bad_factor, 1 / detect_shape_product(r->bad_shape, shape) + left) -
	    ordinary);
}
