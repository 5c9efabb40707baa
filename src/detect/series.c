#include "base/number.h"
#include "base/result.h"
#include "detect/conformal_int.h"

#include <math.h>

/*
 * The volume voice for any series. What is unusual about volume is not known beforehand: a spike, a new level, a silence, a lost
 * rhythm, noise, the end of noise. So each row is asked several simple questions at several time scales, each answer is ranked
 * among the answers of the past, and the e-values of the ranks are averaged, which needs no assumption on how the answers depend
 * on each other.
 * Source: V. Vovk, R. Wang, Ann. Statist. 49 (2021) 1736-1754, for the mean of e-values; W. James, C. Stein, Proc. 4th Berkeley
 * Symp. 1 (1961) 361-379, for shrinking a profile. The ranks: conformal.c.
 */

#define HOUR_MS   3600000
#define QUESTIONS (3 * SERIES_SCALES)

_Static_assert(sizeof(struct series) <= 7168, "as the header says");

const struct series_params detect_series_params = { { 1, 6, 24, 96 }, SERIES_ALARM, SERIES_REST };

/* ---- what is usual for an hour */

static double
shrunk(float differs, float hours, double prior)
{
	return (double)hours / ((double)hours + prior) * (double)differs;
}

/* Moves a mean that fades by what was seen for `hours`. */
static void
learn(float *mean, float *weight, double hours, double seen)
{
	double all = (double)*weight * number_exp(-PROFILE_FADE * hours) + hours;

	*mean = (float)((double)*mean + hours / all * (seen - (double)*mean));
	*weight = (float)all;
}

/* The value minus what was usual; learns the value. */
static double
profile_residue(struct series_profile *p, int64_t at_ms, double hours, double value)
{
	int64_t hour = at_ms / HOUR_MS - (at_ms % HOUR_MS < 0);
	size_t of_day = (size_t)((hour % 24 + 24) % 24), of_week = (size_t)((hour % 168 + 168) % 168);
	double level = p->level_hours > 0 ? p->level : value;
	double day = level + shrunk(p->day[of_day], p->day_hours[of_day], PROFILE_DAY_PRIOR);
	double week = day + shrunk(p->week[of_week], p->week_hours[of_week], PROFILE_WEEK_PRIOR);

	learn(&p->day[of_day], &p->day_hours[of_day], hours, value - level);
	learn(&p->week[of_week], &p->week_hours[of_week], hours, value - day);
	p->level_hours = p->level_hours * number_exp(-PROFILE_LEVEL_FADE * hours) + hours;
	p->level = level + hours / p->level_hours * (value - level);
	return value - week;
}

/* ---- the questions */

/* The value `ago` rows ago; 0 is the present row. */
static double
value_at(const struct series *s, uint64_t ago)
{
	return s->value[(s->rows - 1 - ago) % SERIES_ROWS];
}

static double
level_of(const struct series *s, uint32_t w)
{
	uint64_t rows = w < s->rows ? w : s->rows;
	double sum = 0;

	for (uint64_t i = 0; i < rows; i++) {
		sum += s->residue[(s->rows - 1 - i) % SERIES_RESIDUES];
	}
	return fabs(sum) / (double)rows;
}

static double
shift_of(const struct series *s, uint32_t w)
{
	double sum = 0;

	for (uint64_t i = 0; i < w; i++) {
		sum += value_at(s, i) - value_at(s, i + w);
	}
	return fabs(sum) / w;
}

static double
roughness_of(const struct series *s, uint32_t w)
{
	double sum = 0;

	for (uint64_t i = 0; i < w; i++) {
		double step = value_at(s, i) - value_at(s, i + 1);

		sum += step * step;
	}
	return sqrt(sum / w);
}

/* Ranks an answer among those before, and then keeps it. */
static double
answer(struct conformal *memory, double x)
{
	double nats = detect_conformal_nats(memory, x);

	detect_conformal_add(memory, x, (uint32_t)SERIES_MEMORY);
	return nats;
}

/*
 * Large or small, whichever is less usual; asking twice costs a factor two. Small ones have a rank and no tail: neighbours are
 * alike by chance as often as one likes, so a smallest difference says nothing by how small it is.
 */
static double
answer_both(struct conformal *high, struct conformal *low, double x)
{
	double calm = x > 0 ? 1 / x : INFINITY;
	double above = answer(high, x), below = -number_ln(detect_conformal_p(low, calm));
	double nats = (above > below ? above : below) - number_ln(2);

	detect_conformal_add(low, calm, (uint32_t)SERIES_MEMORY);
	return nats > 0 ? nats : 0;
}

/* The sum of the three e-values at one scale; a question that cannot be asked yet has 1. */
static double
ask(struct series *s, size_t k, uint32_t w)
{
	double sum = detect_conformal_e(answer(&s->level[k], level_of(s, w)));

	sum += s->rows >= 2 * (uint64_t)w ? detect_conformal_e(answer(&s->shift[k], shift_of(s, w))) : 1;
	sum +=
	    s->rows > w ? detect_conformal_e(answer_both(&s->rough[k], &s->calm[k], roughness_of(s, w))) : 1;
	return sum;
}

double
detect_series_e(struct series *s, const struct series_params *p, struct instant at, double value)
{
	double hours = s->rows > 0 ? (double)(at.ms - s->last_ms) / HOUR_MS : 0, sum = 0;

	check(isfinite(value));
	hours = hours < PROFILE_STEP_LEAST ? PROFILE_STEP_LEAST : hours;
	hours = hours > PROFILE_STEP_MOST ? PROFILE_STEP_MOST : hours;
	s->value[s->rows % SERIES_ROWS] = value;
	s->residue[s->rows % SERIES_RESIDUES] = profile_residue(&s->profile, at.ms, hours, value);
	s->last_ms = at.ms;
	s->rows++;
	for (size_t k = 0; k < SERIES_SCALES; k++) {
		check(p->scales[k] >= 1 && p->scales[k] <= SERIES_RESIDUES &&
		      2 * p->scales[k] <= SERIES_ROWS);
		sum += ask(s, k, p->scales[k]);
	}
	return sum / QUESTIONS;
}

/* An alarm that repeats itself row by row is one alarm; one that gets worse before it is loud enough is still to be heard. */
double
detect_series_say(struct series *s, const struct series_params *p, double e)
{
	double nats = e > 1 ? number_ln(e) : 0;

	if ((double)s->rest < p->rest_rows) {
		s->rest++;
	}
	if ((double)s->rest < p->rest_rows && (s->peak >= p->alarm_nats || nats <= s->peak)) {
		return 0;
	}
	s->peak = nats;
	s->rest = 0;
	return nats;
}
