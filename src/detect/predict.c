#include "detect/detect_int.h"

#define FEW     8     /* whole events up to here are multiplied out: one logarithm instead of three */
#define PRODUCT 1e290 /* a product within this and its inverse has lost nothing */

/*
 * ln of the likelihood of `events` among `mail` messages of a sender whose rate is `rate` times a factor from
 * Gamma(shape, shape): the negative binomial
 *
 *     G(shape + x) / (G(shape) x!)  (m / (shape + m))^x  (shape / (shape + m))^shape,   m = rate * mail
 *
 * without mail^x / x!, which every story has alike. Counts of one cohort share one factor, so the likelihood depends on
 * their totals only, not on when they were looked at.
 * Shape: shape, rate > 0, mail, events >= 0.
 * Source: M. Greenwood, G. U. Yule, J. R. Stat. Soc. 83 (1920) 255-279.
 */
double
detect_predict(double shape, double rate, double mail, double events)
{
	double mean = rate * mail, ln = -shape * number_ln1p(mean / shape), each = rate / (shape + mean);

	if (events <= 0) {
		return ln;
	}
	if (events <= FEW && events == (double)(uint32_t)events) {
		double product = 1;

		for (uint32_t i = 0; i < (uint32_t)events; i++) {
			product *= (shape + i) * each;
		}
		if (product > 1 / PRODUCT && product < PRODUCT) {
			return ln + number_ln(product);
		}
	}
	return ln + number_lgamma(shape + events) - number_lgamma(shape) + events * number_ln(each);
}

double
detect_ln_sum(double a, double b)
{
	double high = a > b ? a : b, low = a > b ? b : a;

	return low - high < -40 ? high : high + number_ln1p(number_exp(low - high));
}
