#include "detect/detect_int.h"

#define FEW   8     /* whole exponents up to here are multiplied out */
#define RANGE 1e120 /* a product within this and its inverse loses nothing by one more factor */
#define SMALL 1e-14 /* no factor to the power of FEW leaves that range */

/* Nothing is known yet. */
static const struct likelihood certain = { 1, 0 };

static bool
is_few(double exponent)
{
	return exponent <= FEW && exponent == (double)(uint32_t)exponent;
}

static void
times(struct likelihood *l, double factor)
{
	l->product *= factor;
	if (l->product < 1 / RANGE || l->product > RANGE) {
		l->nats += number_ln(l->product);
		l->product = 1;
	}
}

/* Times base^exponent, base > 0: without a logarithm where the exponent is one of few whole numbers, as most are. */
static void
times_power(struct likelihood *l, double base, double exponent)
{
	double power = 1;

	if (!is_few(exponent) || base < SMALL || base > 1 / SMALL) {
		l->nats += exponent * number_ln(base);
		return;
	}
	for (uint32_t left = (uint32_t)exponent; left > 0; left /= 2) {
		power *= left % 2 == 1 ? base : 1;
		base *= base;
	}
	times(l, power);
}

void
detect_likelihood_times(struct likelihood *l, struct likelihood by)
{
	l->nats += by.nats;
	times(l, by.product);
}

double
detect_likelihood_ln(struct likelihood l)
{
	return l.product > 1 || l.product < 1 ? l.nats + number_ln(l.product) : l.nats;
}

/*
 * The likelihood of `events` among `mail` messages of a sender whose rate is `rate` times a factor from Gamma(shape, shape):
 * the negative binomial
 *
 *     G(shape + x) / (G(shape) x!)  (m / (shape + m))^x  (shape / (shape + m))^shape,   m = rate * mail
 *
 * without mail^x / x!, which every story has alike. Counts of one cohort share one factor, so the likelihood depends on
 * their totals only, not on when they were looked at.
 * Shape: shape, rate > 0, mail, events >= 0.
 * Source: M. Greenwood, G. U. Yule, J. R. Stat. Soc. 83 (1920) 255-279.
 *
 * In two parts, since stories that differ by their rate alone have the first one, G(shape + x) / G(shape), alike.
 */
struct likelihood
detect_likelihood_shape(double shape, double events)
{
	struct likelihood l = certain;

	if (!is_few(events)) {
		l.nats = number_lgamma(shape + events) - number_lgamma(shape);
		return l;
	}
	for (uint32_t i = 0; i < (uint32_t)events; i++) {
		l.product *= shape + i;
	}
	return l;
}

struct likelihood
detect_likelihood_mail(double shape, double rate, double mail, double events)
{
	double mean = rate * mail;
	struct likelihood l = certain;

	if (is_few(shape)) {
		times_power(&l, shape / (shape + mean), shape);
	} else {
		l.nats = -shape * number_ln1p(mean / shape);
	}
	if (events > 0) {
		times_power(&l, rate / (shape + mean), events);
	}
	return l;
}

double
detect_predict(double shape, double rate, double mail, double events)
{
	struct likelihood l = detect_likelihood_mail(shape, rate, mail, events);

	if (events > 0) {
		detect_likelihood_times(&l, detect_likelihood_shape(shape, events));
	}
	return detect_likelihood_ln(l);
}

double
detect_ln_sum(double a, double b)
{
	double high = a > b ? a : b, low = a > b ? b : a;

	return low - high < -40 ? high : high + number_ln1p(number_exp(low - high));
}
