/* Figures of outcomes. */
#include "vouch/score_int.h"

#include <math.h>
#include <stdlib.h>

#define TAIL       0.025
#define NEGLIGIBLE 1e-18

/* P(X <= n), X Poisson with this mean: from its likeliest value both ways, as long as it adds anything. */
static double
poisson_below(double mean, uint64_t n)
{
	uint64_t top = mean < (double)n ? (uint64_t)mean : n;
	double first = exp((double)top * log(mean) - mean - lgamma((double)top + 1));
	double sum = first, term = first;

	for (uint64_t k = top; k > 0 && term > sum * NEGLIGIBLE; k--) {
		term *= (double)k / mean;
		sum += term;
	}
	term = first;
	for (uint64_t k = top + 1; k <= n && term > sum * NEGLIGIBLE; k++) {
		term *= mean / (double)k;
		sum += term;
	}
	return sum;
}

/* The mean at which P(X <= n) is `share`. */
static double
poisson_mean(uint64_t n, double share)
{
	double low = 0, high = 2 * (double)n + 10;

	for (int i = 0; i < 100; i++) {
		double middle = (low + high) / 2;

		if (poisson_below(middle, n) > share) {
			low = middle;
		} else {
			high = middle;
		}
	}
	return low;
}

/* Garwood 1936. */
void
score_interval(uint64_t n, double *low, double *high)
{
	*low = n == 0 ? 0 : poisson_mean(n - 1, 1 - TAIL);
	*high = poisson_mean(n, TAIL);
}

/* Without an alarm one is taken to suspend one source. */
static void
set_rates(struct score_figures *f)
{
	double sources = f->alarms > 0 ? (double)f->suspended / (double)f->alarms : 1;
	double scale = f->source_years > 0 ? 1000 * sources / f->source_years : 0;

	score_interval(f->alarms, &f->low, &f->high);
	f->per_1000 = (double)f->alarms * scale;
	f->low *= scale;
	f->high *= scale;
}

static int
by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static double
median(double *values, size_t n)
{
	qsort(values, n, sizeof *values, by_value);
	return n % 2 == 1 || isinf(values[n / 2]) ? values[n / 2] : (values[n / 2 - 1] + values[n / 2]) / 2;
}

static void
set_attacks(struct score_figures *f, double *minutes, double *out)
{
	uint32_t in_time = 0, caught = 0;
	double sum = 0;

	for (uint32_t i = 0; i < f->attacks; i++) {
		in_time += minutes[i] * (double)SPAN_MINUTE.ms <= (double)SCORE_AFTER_MS;
		caught += isinf(minutes[i]) ? 0 : 1;
		sum += out[i];
	}
	f->recall = (double)in_time / f->attacks;
	f->caught = (double)caught / f->attacks;
	f->exposed /= f->attacks;
	f->out_mean = sum / f->attacks;
	f->delay_minutes = median(minutes, f->attacks);
	f->out_median = median(out, f->attacks);
}

struct score_figures
score_figures(const struct score_outcome *outcomes, size_t fleet_count, size_t entry_count, size_t entry)
{
	struct score_figures f = { 0 };
	double *minutes = NULL, *out = NULL;
	size_t n = 0;

	for (size_t i = 0; i < fleet_count; i++) {
		const struct score_outcome *o = &outcomes[i * entry_count + entry];

		f.source_years += o->source_years;
		f.alarms += o->alarms;
		f.suspended += o->suspended;
		f.crossed.partly += o->crossed.partly;
		f.crossed.wholly += o->crossed.wholly;
		f.crossed.disused += o->crossed.disused;
		minutes = reallocarray(minutes, n + o->attack_count + 1, sizeof *minutes);
		out = reallocarray(out, n + o->attack_count + 1, sizeof *out);
		check(minutes != NULL && out != NULL);
		for (size_t a = 0; a < o->attack_count; a++, n++) {
			minutes[n] = o->attacks[a].minutes;
			out[n] = o->attacks[a].bad > 0 ? o->attacks[a].bad_out / o->attacks[a].bad : 1;
			f.exposed += o->attacks[a].bad_out;
		}
	}
	f.attacks = (uint32_t)n;
	set_rates(&f);
	if (n > 0) {
		set_attacks(&f, minutes, out);
	}
	free(minutes);
	free(out);
	return f;
}

/* ---- the limit for a budget */

static int
by_unit(const void *a, const void *b)
{
	const struct score_peak *x = a, *y = b;

	return x->unit != y->unit ? (x->unit > y->unit) - (x->unit < y->unit)
				  : (x->hour > y->hour) - (x->hour < y->hour);
}

/* Sources that alarms at this limit would suspend, as score_judge.c counts them. Peaks stand by unit and hour. */
static uint64_t
suspended_at(const struct score_outcome *o, double limit)
{
	static const uint32_t rest_hours = (uint32_t)(SCORE_REST_MS / 3600000);
	uint64_t sources = 0;
	uint32_t alarmed = 0;
	bool above = false, alarms = false;

	for (size_t i = 0; i < o->peak_count; i++) {
		const struct score_peak *p = &o->peaks[i];

		if (i > 0 && p->unit != p[-1].unit) {
			above = alarms = false;
		}
		if ((double)p->score >= limit && !above && (!alarms || p->hour - alarmed >= rest_hours)) {
			sources += p->sources;
			alarmed = p->hour;
			alarms = true;
		}
		above = (double)p->score >= limit;
	}
	return sources;
}

double
score_limit(const struct score_outcome *outcomes, size_t fleet_count, size_t entry_count, size_t entry,
	    double budget)
{
	double low = 1, high = 1e9;

	for (size_t i = 0; i < fleet_count; i++) {
		const struct score_outcome *o = &outcomes[i * entry_count + entry];

		if (o->peak_count > 0) {
			qsort(o->peaks, o->peak_count, sizeof *o->peaks, by_unit);
		}
	}
	for (int step = 0; step < 60; step++) {
		double middle = sqrt(low * high), years = 0, sources = 0;

		for (size_t i = 0; i < fleet_count; i++) {
			const struct score_outcome *o = &outcomes[i * entry_count + entry];

			sources += (double)suspended_at(o, middle);
			years += o->source_years;
		}
		if (sources * 1000 > budget * years) {
			low = middle;
		} else {
			high = middle;
		}
	}
	return high;
}
