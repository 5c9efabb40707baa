/*
 * Random numbers and draws. No function of libm whose last bit differs between machines: the same seed gives the same mail everywhere.
 */
#include "sim/sim_int.h"

#include "base/number.h"

#include <math.h>

static uint64_t
rotate(uint64_t x, unsigned by)
{
	return (x << by) | (x >> (64 - by));
}

static uint64_t
splitmix(uint64_t *state)
{
	uint64_t z = *state += 0x9e3779b97f4a7c15U;

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9U;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebU;
	return z ^ (z >> 31);
}

void
random_seed(struct random *r, uint64_t seed, uint64_t stream)
{
	uint64_t state = stream;

	state = seed ^ splitmix(&state);
	for (size_t i = 0; i < countof(r->s); i++) {
		r->s[i] = splitmix(&state);
	}
}

uint64_t
random_u64(struct random *r)
{
	uint64_t *s = r->s, result = rotate(s[0] + s[3], 23) + s[0], t = s[1] << 17;

	s[2] ^= s[0];
	s[3] ^= s[1];
	s[1] ^= s[2];
	s[0] ^= s[3];
	s[2] ^= t;
	s[3] = rotate(s[3], 45);
	return result;
}

double
random_unit(struct random *r)
{
	return (double)(random_u64(r) >> 11) * 0x1p-53;
}

double
random_range(struct random *r, double low, double high)
{
	return low + (high - low) * random_unit(r);
}

uint32_t
random_below(struct random *r, uint32_t n)
{
	check(n > 0);
	return (uint32_t)(((random_u64(r) >> 32) * n) >> 32);
}

double
random_exponential(struct random *r)
{
	return -number_ln(1 - random_unit(r));
}

/* Marsaglia's polar method; the second of the pair is not kept, so that a draw depends on nothing before it. */
double
random_normal(struct random *r)
{
	for (;;) {
		double x = 2 * random_unit(r) - 1, y = 2 * random_unit(r) - 1, q = x * x + y * y;

		if (q > 0 && q < 1) {
			return x * sqrt(-2 * number_ln(q) / q);
		}
	}
}

double
random_lognormal(struct random *r, double median, double spread)
{
	return median * number_exp(spread * random_normal(r));
}

double
random_ratio(struct random *r, double low, double high)
{
	return low > 0 ? low * number_exp(random_unit(r) * number_ln(high / low)) : 0;
}

/* Scale 1, shape > 0. G. Marsaglia and W. W. Tsang, ACM TOMS 26 (2000) 363-372; below shape 1 by the power of a unit draw. */
static double
random_gamma(struct random *r, double shape)
{
	double boost = 1, d, c;

	check(shape > 0);
	if (shape < 1) {
		boost = number_exp(number_ln(1 - random_unit(r)) / shape);
		shape += 1;
	}
	d = shape - 1.0 / 3;
	c = 1 / sqrt(9 * d);
	for (;;) {
		double x = random_normal(r), v = 1 + c * x, u;

		if (v <= 0) {
			continue;
		}
		v = v * v * v;
		u = 1 - random_unit(r);
		if (u < 1 - 0.0331 * x * x * x * x ||
		    number_ln(u) < 0.5 * x * x + d * (1 - v + number_ln(v))) {
			return boost * d * v;
		}
	}
}

double
random_frailty(struct random *r, double shape)
{
	return random_gamma(r, shape) / shape;
}

/* Few: by inversion. 1 - mean is below exp(-mean), so most draws of rare events need no exponential. */
static uint32_t
poisson_few(struct random *r, double mean)
{
	double u = random_unit(r), p, sum;
	uint32_t k = 0;

	if (u < 1 - mean) {
		return 0;
	}
	p = number_exp(-mean);
	sum = p;
	while (u >= sum && k < 200) {
		k++;
		p *= mean / k;
		sum += p;
	}
	return k;
}

/* W. Hoermann, Insurance: Mathematics and Economics 12 (1993) 39-45: transformed rejection with squeeze (PTRS), mean >= 10. */
static uint32_t
poisson_many(struct random *r, double mean)
{
	double b = 0.931 + 2.53 * sqrt(mean), a = -0.059 + 0.02483 * b;
	double inverse = 1.1239 + 1.1328 / (b - 3.4), quick = 0.9277 - 3.6224 / (b - 2);

	for (;;) {
		double u = random_unit(r) - 0.5, v = 1 - random_unit(r);
		double us = 0.5 - fabs(u), k = floor((2 * a / us + b) * u + mean + 0.43);

		if (us >= 0.07 && v <= quick) {
			return (uint32_t)k;
		}
		if (k < 0 || (us < 0.013 && v > us)) {
			continue;
		}
		if (number_ln(v * inverse / (a / (us * us) + b)) <=
		    k * number_ln(mean) - mean - number_lgamma(k + 1)) {
			return (uint32_t)k;
		}
	}
}

uint32_t
random_poisson(struct random *r, double mean)
{
	check(mean >= 0 && mean < 4e9);
	return mean < 10 ? poisson_few(r, mean) : poisson_many(r, mean);
}
