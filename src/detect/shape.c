#include "detect/detect_int.h"

/*
 * By how much honest cohorts differ from their learnt rate: the shape of their Gamma, for each stream and kind of bad news. Each cohort of the fleet
 * that leaves the ring says of a row of shapes how likely its count was with each, what is not known of its rate included. Kept is by how many nats
 * each explains all of them worse than the best one does; the shape that is used is the mean of their logarithms, each weighed by its chance.
 *
 * Some cohorts are something else, mail to a bad list or a takeover that nobody saw, so each may be one: what is far from ordinary tells little
 * of what is ordinary. The second moment, the usual measure, lets one such cohort speak as loud as a hundred.
 * Source: M. Greenwood, G. U. Yule, J. R. Stat. Soc. 83 (1920) 255-279, for the likelihood; the row and the doubt are ours.
 */

#define SHAPE_STEP (LN2 / 4) /* from one shape of the row to the next, in the logarithm */

/* Factors of mean one multiply, so their squared spreads do: 1 + 1/shape = (1 + 1/a)(1 + 1/b). */
double
detect_shape_product(double a, double b)
{
	return 1 / ((1 + 1 / a) * (1 + 1 / b) - 1);
}

/* ln of the shape over the stated one, which stands in the middle of the row. */
static double
ln_shape(int i)
{
	return (i - SHAPES / 2) * SHAPE_STEP;
}

static void
settle(struct detect *d, enum stream stream, enum evidence e)
{
	double sum = 0, mean = 0;

	for (int i = 0; i < SHAPES; i++) {
		double off = ln_shape(i) / SHAPE_STATED,
		       chance = number_exp(-d->fleet.worse[stream][e][i] - off * off / 2);

		sum += chance;
		mean += chance * ln_shape(i);
	}
	d->fleet.shape[stream][e] = SHAPE_CAUTION * detect_rates[e].frailty * number_exp(mean / sum);
}

static bool
has_best(const double worse[SHAPES])
{
	for (int i = 0; i < SHAPES; i++) {
		if (worse[i] <= 0) {
			return true;
		}
	}
	return false;
}

bool
detect_shape_is_sound(const struct detect *d)
{
	for (int s = 0; s < STREAM_COUNT; s++) {
		for (int e = 0; e < EVIDENCE_COUNT; e++) {
			if (!has_best(d->fleet.worse[s][e])) {
				return false;
			}
		}
	}
	return true;
}

void
detect_shape_settle(struct detect *d)
{
	for (int s = 0; s < STREAM_COUNT; s++) {
		for (int e = 0; e < EVIDENCE_COUNT; e++) {
			settle(d, (enum stream)s, (enum evidence)e);
		}
	}
}

/* A cohort that left the ring: so many events, of `known` before; `ordinary`: the chance that it was no mail to a bad list. */
void
detect_shape_learn(struct detect *d, enum stream stream, enum evidence e, const struct outlook *o,
		   double known, double events, double ordinary)
{
	const struct detect_rate *r = &detect_rates[e];
	double *worse = d->fleet.worse[stream][e], bad = r->bad_factor * o->rate[e], other, best = 0;

	other = number_ln(SHAPE_OTHERS) +
		detect_predict(SHAPE_OF_OTHERS, bad > r->bad_rate ? bad : r->bad_rate, o->mail[e], events);
	for (int i = 0; i < SHAPES; i++) {
		double shape = detect_shape_product(r->frailty * number_exp(ln_shape(i)), known);
		double nats =
		    number_ln1p(-SHAPE_OTHERS) + detect_predict(shape, o->rate[e], o->mail[e], events);

		worse[i] = worse[i] * (1 - FLEET_FADE) - ordinary * detect_ln_sum(nats, other);
		best = i == 0 || worse[i] < best ? worse[i] : best;
	}
	for (int i = 0; i < SHAPES; i++) {
		worse[i] -= best;
	}
	settle(d, stream, e);
}
