#include "base/number.h"
#include "base/result.h"
#include "detect/conformal_int.h"

#include <float.h>
#include <math.h>

/*
 * A number's rank among those before it, and beyond the largest of them a Pareto tail: as p, and that as an e-value.
 * Source: V. Vovk, A. Gammerman, G. Shafer, Algorithmic Learning in a Random World, Springer 2005, ch. 2; B. M. Hill, Ann. Statist. 3
 * (1975) 1163-1174; V. Vovk, R. Wang, Ann. Statist. 49 (2021) 1736-1754. Which says what: conformal_int.h.
 */

/* As it is kept; what is too large for a float ranks above all. */
static float
kept_form(double x)
{
	return x > (double)FLT_MAX ? INFINITY : (float)x;
}

/* How many of the kept numbers are at least x. */
static uint32_t
rank_of(const struct conformal *memory, float x)
{
	uint32_t low = 0, high = memory->kept;

	while (low < high) {
		uint32_t middle = (low + high) / 2;

		if (memory->top[middle] >= x) {
			low = middle + 1;
		} else {
			high = middle;
		}
	}
	return low;
}

/* True when the rank is known: some kept number is smaller, or none was ever left out. */
static bool
ranks(const struct conformal *memory, uint32_t rank)
{
	return rank < memory->kept || memory->kept == memory->seen;
}

double
detect_conformal_p(const struct conformal *memory, double x)
{
	uint32_t rank = rank_of(memory, kept_form(x));

	return ranks(memory, rank) ? (1.0 + rank) / (1.0 + memory->seen) : 1;
}

double
detect_conformal_nats(const struct conformal *memory, double x)
{
	const uint32_t tail = (uint32_t)CONFORMAL_TAIL;
	uint32_t rank = rank_of(memory, kept_form(x));
	double nats = -number_ln(detect_conformal_p(memory, x)), least, sum = CONFORMAL_TAIL_SPREAD, beyond;

	check(x >= 0);
	if (rank >= tail || memory->kept < tail || memory->seen < 2 * tail) {
		return nats;
	}
	least = (double)memory->top[tail - 1];
	if (least <= 0 || (double)memory->top[0] > (double)FLT_MAX || x > (double)FLT_MAX) {
		return nats;
	}
	for (uint32_t i = 0; i + 1 < tail; i++) {
		sum += number_ln((double)memory->top[i] / least);
	}
	beyond =
	    number_ln((1.0 + memory->seen) / tail) + (tail - 1) * number_ln1p(number_ln(x / least) / sum);
	if (beyond > nats) {
		nats = beyond;
	}
	return nats > CONFORMAL_NATS_MAX ? CONFORMAL_NATS_MAX : nats;
}

void
detect_conformal_add(struct conformal *memory, double x, uint32_t most)
{
	uint32_t rank = rank_of(memory, kept_form(x));

	check(most >= 4 * CONFORMAL_TOP);
	if (ranks(memory, rank) && rank < CONFORMAL_TOP) {
		uint32_t last = memory->kept < CONFORMAL_TOP ? memory->kept++ : CONFORMAL_TOP - 1;

		for (uint32_t i = last; i > rank; i--) {
			memory->top[i] = memory->top[i - 1];
		}
		memory->top[rank] = kept_form(x);
	}
	memory->seen++;
	if (memory->seen >=
	    most) { /* the largest stays, so a rank over the rest is never smaller than it was */
		memory->kept = (memory->kept + 1) / 2;
		memory->seen = memory->seen / 2;
		for (uint32_t i = 1; i < memory->kept; i++) {
			memory->top[i] = memory->top[2 * i];
		}
	}
}

double
detect_conformal_e(double nats)
{
	check(nats >= 0 && nats <= CONFORMAL_NATS_MAX);
	if (nats <
	    0.01) { /* the difference below loses its digits; the next term of the series adds less than 1e-8 */
		return 0.5 + nats * (1.0 / 6 + nats / 24);
	}
	return (number_exp(nats) - 1 - nats) / (nats * nats);
}
