#include "common/nab_score.h"

#include "base/result.h"

#include <math.h>
#include <stdlib.h>

const struct nab_profile nab_profiles[NAB_PROFILES] = {
	{ "standard", 0.11, 1 },
	{ "low FP", 0.22, 1 },
	{ "low FN", 0.11, 2 },
};

size_t
nab_probation(size_t rows)
{
	size_t share = rows * 15 / 100;

	return share < 750 ? share : 750;
}

/* x: -1 at the left edge of a window, 0 at its right edge, then lengths after it. */
static double
sigmoid(double x)
{
	return x >= 3 ? -1 : 2 / (1 + exp(5 * x)) - 1;
}

static double
worth_within(const struct nab_window *w, size_t row)
{
	double left = (double)(w->last - row + 1), length = (double)(w->last - w->first + 1);

	return sigmoid(-left / length) / sigmoid(-1);
}

static double
worth_after(const struct nab_window *w, size_t row)
{
	return sigmoid((double)(row - w->last) / (double)(w->last - w->first));
}

static int
higher_first(const void *a, const void *b)
{
	double x = ((const struct nab_row *)a)->score, y = ((const struct nab_row *)b)->score;

	return (x < y) - (x > y);
}

struct nab_ranking
nab_rank(const struct nab_corpus *corpus, double *const *scores)
{
	struct nab_ranking r = { 0 };
	size_t all = 0;

	for (size_t i = 0; i < corpus->count; i++) {
		all += corpus->series[i].rows;
	}
	r.rows = calloc(all, sizeof(*r.rows));
	check(r.rows != NULL);
	for (size_t i = 0; i < corpus->count; i++) {
		const struct nab_series *s = &corpus->series[i];
		size_t next = 0;

		for (size_t row = 0; row < s->rows; row++) {
			struct nab_row *out = &r.rows[r.count];

			while (next < s->window_count && row > s->windows[next].last) {
				next++;
			}
			if (row < nab_probation(s->rows)) {
				continue;
			}
			*out = (struct nab_row){ scores[i][row], -1, (uint8_t)i, NAB_WINDOWS_MAX };
			if (next < s->window_count && row >= s->windows[next].first) {
				out->window = (uint8_t)next;
				out->worth = worth_within(&s->windows[next], row);
			} else if (next > 0) {
				out->worth = worth_after(&s->windows[next - 1], row);
			}
			r.count++;
		}
	}
	qsort(r.rows, r.count, sizeof(*r.rows), higher_first);
	return r;
}

void
nab_ranking_free(struct nab_ranking *ranking)
{
	free(ranking->rows);
	*ranking = (struct nab_ranking){ 0 };
}

/* Points as rows become alarms one after the other, the highest score first. */
struct tally {
	double sum;
	size_t hits, alarms;
	double window[NAB_SERIES_MAX][NAB_WINDOWS_MAX]; /* points of each so far */
};

static size_t
tally_open(struct tally *t, const struct nab_corpus *corpus, const bool *in,
	   const struct nab_profile *profile)
{
	size_t windows = 0;

	*t = (struct tally){ 0 };
	for (size_t i = 0; i < corpus->count; i++) {
		for (size_t w = 0; in[i] && w < corpus->series[i].window_count; w++) {
			/* A window that lies in probation can be neither hit nor missed. */
			if (corpus->series[i].windows[w].last >= nab_probation(corpus->series[i].rows)) {
				t->window[i][w] = -profile->missed;
				t->sum -= profile->missed;
				windows++;
			}
		}
	}
	return windows;
}

static void
tally_row(struct tally *t, const struct nab_row *row, const struct nab_profile *profile)
{
	double *window;

	if (row->window == NAB_WINDOWS_MAX) {
		t->alarms++;
		t->sum += profile->alarm * row->worth;
		return;
	}
	window = &t->window[row->series][row->window];
	t->hits += *window < 0;
	if (row->worth > *window) {
		t->sum += row->worth - *window;
		*window = row->worth;
	}
}

/* `chosen`: with the threshold given; otherwise with the best. */
static struct nab_verdict
judge(const struct nab_corpus *corpus, const struct nab_ranking *ranking, const bool *in,
      const struct nab_profile *profile, bool chosen, double threshold)
{
	struct tally t;
	size_t windows = tally_open(&t, corpus, in, profile);
	double none = t.sum, best = t.sum;
	struct nab_verdict v = { .threshold = INFINITY, .windows = windows };

	for (size_t i = 0; i < ranking->count && !(chosen && ranking->rows[i].score < threshold); i++) {
		const struct nab_row *row = &ranking->rows[i];

		if (in[row->series]) {
			tally_row(&t, row, profile);
		}
		if (i + 1 < ranking->count && ranking->rows[i + 1].score == row->score) {
			continue; /* a threshold lets all equal scores through */
		}
		if (chosen || t.sum > best) {
			best = t.sum;
			v.threshold = chosen ? threshold : row->score;
			v.hits = t.hits;
			v.alarms = t.alarms;
		}
	}
	v.points = windows > 0 ? 100 * (best - none) / ((double)windows - none) : 0;
	return v;
}

struct nab_verdict
nab_best(const struct nab_corpus *corpus, const struct nab_ranking *ranking, const bool *in,
	 const struct nab_profile *profile)
{
	return judge(corpus, ranking, in, profile, false, 0);
}

struct nab_verdict
nab_at(const struct nab_corpus *corpus, const struct nab_ranking *ranking, const bool *in,
       const struct nab_profile *profile, double threshold)
{
	return judge(corpus, ranking, in, profile, true, threshold);
}
