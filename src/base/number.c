#include "base/number.h"

#include "base/result.h"

#include <float.h>
#include <stdint.h>
#include <string.h>

/*
 * ln: x = 2^k m with m in [0.705, 1.41). That range is cut into 128 steps; the step of m has the middle c, so that
 * m - c is exact, and ln x = k ln 2 + ln c + ln(1 + r) with r = (m - c)/c and |r| <= 1/256. ln 2 and ln c are each
 * split into a multiple of 2^-40, which adds without rounding, and a small rest. The step around 1 has c = 1, so ln
 * keeps its relative precision there.
 *
 * exp: x = n ln2/128 + r with |r| <= ln2/256; exp x = 2^(n/128) exp r, the first from a table with its rest.
 */
#define LN2_HI 0x1.62e42fefa4000p-1
#define LN2_LO (-0x1.8432a1b0e2634p-43)

#define STEPS          128
#define STEP_BITS      7
#define FRACTION_BITS  52
#define LN_RANGE_START 0x3fe6900000000000U /* the bits of 0.705078125, half a step below the first middle */

static const struct ln_row {
	double middle;
	double inverse;
	double ln_hi;
	double ln_lo;
} ln_rows[] = {
#define LN_ROW(middle, inverse, hi, lo) { middle, inverse, hi, lo },
#include "base/number_ln.def"
#undef LN_ROW
};
_Static_assert(sizeof ln_rows == STEPS * sizeof(struct ln_row), "one row per step");

static const struct exp_row {
	double power;
	double rest;
} exp_rows[] = {
#define EXP_ROW(power, rest) { power, rest },
#include "base/number_exp.def"
#undef EXP_ROW
};
_Static_assert(sizeof exp_rows == STEPS * sizeof(struct exp_row), "one row per step");

static inline uint64_t
bits_of(double x)
{
	uint64_t bits;

	memcpy(&bits, &x, sizeof bits);
	return bits;
}

static inline double
double_of(uint64_t bits)
{
	double x;

	memcpy(&x, &bits, sizeof x);
	return x;
}

/* ln(x + rest) for x > 0 normal and |rest| at most half an ulp of x. `k_extra` is added to the exponent of x. */
static inline double
ln_split(double x, double rest, int k_extra)
{
	uint64_t offset = bits_of(x) - LN_RANGE_START;
	const struct ln_row *row = &ln_rows[(offset >> (FRACTION_BITS - STEP_BITS)) % STEPS];
	int64_t k = (int64_t)offset >> FRACTION_BITS;
	double m = double_of(bits_of(x) - (offset & ~(((uint64_t)1 << FRACTION_BITS) - 1)));
	double scale = double_of((uint64_t)(1023 - k) << FRACTION_BITS);
	double r = ((m - row->middle) + rest * scale) * row->inverse;
	double r2 = r * r, exponent = (double)(k + k_extra);
	double hi = exponent * LN2_HI + row->ln_hi, lo = exponent * LN2_LO + row->ln_lo;
	double sum = hi + r, lost = (hi - sum) + r;
	/* ln(1 + r) - r = r^2 (-1/2 + r/3 - r^2/4 + ...), the first term left out is below 2^-59 r. */
	double tail = (-0.5 + r * (1.0 / 3)) + r2 * ((-0.25 + r * 0.2) + r2 * (-1.0 / 6 + r * (1.0 / 7)));

	return sum + (lost + (lo + r2 * tail));
}

double
number_ln(double x)
{
	check(x > 0 && x <= DBL_MAX);
	/* At both ends of the range, so that 2^-k in ln_split stays a normal number. */
	if (x < DBL_MIN) {
		return ln_split(x * 0x1p54, 0, -54);
	}
	if (x > 0x1p1000) {
		return ln_split(x * 0x1p-54, 0, 54);
	}
	return ln_split(x, 0, 0);
}

double
number_ln1p(double x)
{
	double sum = 1 + x;

	check(x > -1 && x <= DBL_MAX);
	if (x >= 0x1p60) {
		return number_ln(x);
	}
	/* What the sum rounded away; exact, since the larger term is subtracted first. */
	return ln_split(sum, x < 1 ? x - (sum - 1) : 1 - (sum - x), 0);
}

#define STEP_INVERSE 0x1.71547652b82fep+7
#define STEP_HI      0x1.62e42fefc0000p-8
#define STEP_LO      (-0x1.c610ca86c3899p-44)
#define ROUND_MAGIC  0x1.8p52 /* adding it leaves the nearest integer in the low bits */
#define EXP_ZERO     (-745.2) /* below it the nearest double is zero */
#define EXP_NORMAL   (-708.0) /* above it the result is a normal number */

double
number_exp(double x)
{
	double shifted, n, r, r2, tail, y;
	const struct exp_row *row;
	int64_t steps, k;

	check(x < 709);
	if (x < EXP_ZERO) {
		return 0;
	}
	shifted = x * STEP_INVERSE + ROUND_MAGIC;
	n = shifted - ROUND_MAGIC;
	steps = (int64_t)(bits_of(shifted) - bits_of(ROUND_MAGIC));
	row = &exp_rows[(uint64_t)steps % STEPS];
	k = steps >> STEP_BITS;
	r = (x - n * STEP_HI) - n * STEP_LO;
	r2 = r * r;
	tail = r + (row->rest + r2 * ((0.5 + r * (1.0 / 6)) + r2 * (1.0 / 24 + r * (1.0 / 120))));
	if (x > EXP_NORMAL) {
		y = double_of(bits_of(row->power) + ((uint64_t)k << FRACTION_BITS));
		return y + y * tail;
	}
	y = double_of(bits_of(row->power) + ((uint64_t)(k + 128) << FRACTION_BITS));
	return (y + y * tail) * 0x1p-128;
}

/*
 * ln Gamma(2 + e) for |e| <= 1/2: e (1 - gamma) + sum over k >= 2 of (-1)^k (zeta(k) - 1) e^k / k (DLMF 5.7.3). Row i
 * is the factor of e^(i + 1); the first one left out adds less than 2^-58.
 */
static const double gamma_series[] = {
	0x1.b0ee6072093cep-2,   0x1.4a34cc4a60fa6p-2,  -0x1.13e001a557607p-4,  0x1.51322ac7d8483p-6,
	-0x1.e404fc218f5f2p-8,  0x1.7add6eadb6c30p-9,  -0x1.38ac5c2bf8e08p-10, 0x1.0b36af86396e9p-11,
	-0x1.d3fd4c76d2fc8p-13, 0x1.a127b0f17d65ap-14, -0x1.78de5bd7c81efp-15, 0x1.580dcee66eb02p-16,
	-0x1.3cbc963ce2243p-17, 0x1.2597a39f34aacp-18, -0x1.11b2eb7679541p-19, 0x1.0064cdeb22f0fp-20,
	-0x1.e2600d93cfd2fp-22, 0x1.c76bbb3f07a4dp-23, -0x1.af5a6cbbf8a97p-24, 0x1.99b93c2070b0fp-25,
	-0x1.862c734df3eacp-26, 0x1.7469daccfadcdp-27, -0x1.6434a8447aeadp-28, 0x1.555a877ffd2c3p-29,
	-0x1.47b1679258d0ep-30, 0x1.3b15d2b2fc10cp-31, -0x1.2f69a9fabe3e0p-32, 0x1.24932a337434cp-33,
};

static double
lgamma_near_2(double e)
{
	double e2 = e * e, even = 0, odd = 0;

	/* Two chains of half the length: even rows and odd rows. */
	for (size_t i = countof(gamma_series); i > 0; i -= 2) {
		odd = odd * e2 + gamma_series[i - 1];
		even = even * e2 + gamma_series[i - 2];
	}
	return e * (even + e * odd);
}
_Static_assert(countof(gamma_series) % 2 == 0, "two chains of one length");

/* Stirling's series (DLMF 5.11.1) for x >= 8; the first term left out is below 1e-15. */
static double
lgamma_large(double x)
{
	double y = 1 / x, y2 = y * y;
	double tail = 1.0 / 156;

	tail = tail * y2 - 691.0 / 360360;
	tail = tail * y2 + 1.0 / 1188;
	tail = tail * y2 - 1.0 / 1680;
	tail = tail * y2 + 1.0 / 1260;
	tail = tail * y2 - 1.0 / 360;
	tail = tail * y2 + 1.0 / 12;
	return (x - 0.5) * (number_ln(x) - 1) + (0x1.acfe390c97d69p-2 + y * tail);
}

double
number_lgamma(double x)
{
	double product = 1;

	check(x > 0 && x < 1e300);
	if (x >= 8) {
		return lgamma_large(x);
	}
	if (x < 0.5) {
		return lgamma_near_2(x) - number_ln1p(x) - number_ln(x);
	}
	if (x < 1.5) {
		return lgamma_near_2(x - 1) - number_ln1p(x - 1);
	}
	while (x > 2.5) {
		x -= 1;
		product *= x;
	}
	return product > 1 ? number_ln(product) + lgamma_near_2(x - 2) : lgamma_near_2(x - 2);
}
