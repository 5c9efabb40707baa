#include "detect/detect_int.h"

/*
 * ln of the chance of `events` among `mail` messages of a sender whose rate is `rate` times a factor from
 * Gamma(shape, scale): the negative binomial
 *
 *     G(shape + x) / (G(shape) x!)  (m / (scale + m))^x  (scale / (scale + m))^shape,   m = rate * mail
 *
 * without mail^x / x!, which every story has alike, so that it is also finite for mail = 0. A factor with mean 1 has
 * shape = scale; after X events among S messages it is Gamma(shape + X, scale + rate S).
 * Shape: shape, scale, rate > 0, mail >= 0.
 * Source: M. Greenwood, G. U. Yule, J. R. Stat. Soc. 83 (1920) 255-279; the sequence is a Polya urn, so the product of
 * these over the bins of a block does not depend on where the bins are cut.
 */
double
detect_predict(double shape, double scale, double rate, double mail, uint32_t events)
{
	double mean = rate * mail, x = events, ln = -shape * number_ln1p(mean / scale);

	if (events == 0) {
		return ln;
	}
	if (events <= 6) {
		double product = shape;

		for (uint32_t i = 1; i < events; i++) {
			product *= shape + i;
		}
		ln += number_ln(product);
	} else {
		ln += number_lgamma(shape + x) - number_lgamma(shape);
	}
	return ln + x * number_ln(rate / (scale + mean));
}

double
detect_ln_sum(double a, double b)
{
	double high = a > b ? a : b, low = a > b ? b : a;

	return low - high < -40 ? high : high + number_ln1p(number_exp(low - high));
}
