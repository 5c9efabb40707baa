#include "common/nab_peers.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

/*
 * Mersenne Twister, M. Matsumoto, T. Nishimura, ACM TOMACS 8 (1998) 3-30; seeded by an array of one word with the later
 * initialisation of its authors (2002), and read as 53-bit fractions.
 */
#define MT_WORDS 624U
#define MT_AHEAD 397U

struct twister {
	uint32_t word[MT_WORDS];
	uint32_t next;
};

static void
twister_seed(struct twister *t, uint32_t seed)
{
	uint32_t *w = t->word, i = 1;

	w[0] = 19650218;
	for (uint32_t k = 1; k < MT_WORDS; k++) {
		w[k] = 1812433253U * (w[k - 1] ^ w[k - 1] >> 30) + k;
	}
	for (uint32_t k = 0; k < 2 * MT_WORDS - 1; k++) {
		uint32_t mixed = w[i - 1] ^ w[i - 1] >> 30;

		w[i] = k < MT_WORDS ? (w[i] ^ mixed * 1664525U) + seed : (w[i] ^ mixed * 1566083941U) - i;
		if (++i == MT_WORDS) {
			w[0] = w[MT_WORDS - 1];
			i = 1;
		}
	}
	w[0] = 0x80000000U;
	t->next = MT_WORDS;
}

static uint32_t
twister_u32(struct twister *t)
{
	uint32_t y;

	if (t->next == MT_WORDS) {
		for (uint32_t k = 0; k < MT_WORDS; k++) {
			uint32_t *w = t->word;

			y = (w[k] & 0x80000000U) | (w[(k + 1) % MT_WORDS] & 0x7fffffffU);
			w[k] = w[(k + MT_AHEAD) % MT_WORDS] ^ y >> 1 ^ (y % 2 != 0 ? 0x9908b0dfU : 0);
		}
		t->next = 0;
	}
	y = t->word[t->next++];
	y ^= y >> 11;
	y ^= y << 7 & 0x9d2c5680U;
	y ^= y << 15 & 0xefc60000U;
	return y ^ y >> 18;
}

void
nab_random(const struct nab_series *s, double *scores)
{
	static struct twister t;

	twister_seed(&t, 42);
	for (size_t i = 0; i < s->rows; i++) {
		uint32_t high = twister_u32(&t) >> 5, low = twister_u32(&t) >> 6;

		scores[i] = (high * 67108864.0 + low) / 9007199254740992.0;
	}
}

#define WINDOW 6400
#define STEP   100

static double
rounded(double x)
{
	char text[32];

	(void)snprintf(text, sizeof(text), "%.12g", x);
	return strtod(text, NULL);
}

static void
moments(const double *x, size_t n, double *mean, double *deviation)
{
	double sum = 0, squares = 0;

	for (size_t i = 0; i < n; i++) {
		sum += x[i];
	}
	*mean = sum / (double)n;
	for (size_t i = 0; i < n; i++) {
		squares += (x[i] - *mean) * (x[i] - *mean);
	}
	*deviation = sqrt(squares / (double)n);
	if (*deviation == 0) {
		*deviation = 1e-6;
	}
}

void
nab_windowed_gaussian(const struct nab_series *s, double *scores)
{
	double mean = 0, deviation = 1;
	size_t first = 0, end = 0; /* of the window */

	for (size_t i = 0; i < s->rows; i++) {
		double z = fabs(s->value[i] - mean) / deviation;

		scores[i] = end > 0 ? rounded(1 - 0.5 * erfc(z / 1.4142)) : 0;
		if (end - first < WINDOW) {
			end++;
		} else if (i + 1 - end == STEP) {
			first += STEP;
			end += STEP;
		} else {
			continue;
		}
		moments(s->value + first, end - first, &mean, &deviation);
	}
}
