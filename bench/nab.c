/*
 * bench_nab [--files] [DIR]: the volume voice (src/detect/series.c) on series of the Numenta Anomaly Benchmark in DIR, with its
 * scoring; ../shared/data/nab if none is named. First the scorer is checked on detectors with a known result. One JSON line per
 * figure, beside the published one of the same files where there is one. --files adds a line per series to stderr.
 *
 * No parameter depends on the file. "other half": threshold, and with "chosen" also the constants, are those that are best on
 * half of the files; the points are those of the other half; mean of both ways over SPLITS random halves. "backwards": the same
 * files from their end.
 */
#include "base/instant.h"
#include "base/result.h"
#include "detect/conformal_int.h"
#include "common/nab_corpus.h"
#include "common/nab_peers.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define SPLITS 20

typedef void detector_fn(const struct nab_series *s, double *scores);

static void
never(const struct nab_series *s, double *scores)
{
	memset(scores, 0, s->rows * sizeof(*scores));
}

static void
perfect(const struct nab_series *s, double *scores)
{
	never(s, scores);
	for (size_t w = 0; w < s->window_count; w++) {
		scores[s->windows[w].first] = 1;
	}
}

static struct series_params ours_params;

static void
ours(const struct nab_series *s, double *scores)
{
	static struct series state;

	memset(&state, 0, sizeof(state));
	for (size_t i = 0; i < s->rows; i++) {
		double e =
		    detect_series_e(&state, &ours_params, (struct instant){ s->at_ms[i] }, s->value[i]);

		scores[i] = detect_series_say(&state, &ours_params, e);
	}
}

static struct nab_ranking
ranking_of(const struct nab_corpus *corpus, detector_fn *detector)
{
	double *scores[NAB_SERIES_MAX] = { NULL };
	struct nab_ranking r;

	for (size_t i = 0; i < corpus->count; i++) {
		scores[i] = calloc(corpus->series[i].rows, sizeof(double));
		check(scores[i] != NULL);
		detector(&corpus->series[i], scores[i]);
	}
	r = nab_rank(corpus, scores);
	for (size_t i = 0; i < corpus->count; i++) {
		free(scores[i]);
	}
	return r;
}

static bool everywhere[NAB_SERIES_MAX];

/* Published figures are those of the 31 files in the tree's data folder, not of other ones. */
#define PUBLISHED_FILES   31
#define PUBLISHED_WINDOWS 57U

static void
print(const char *what, const struct nab_profile *profile, double points, const char *peer,
      double peer_points)
{
	printf("{\"bench\":\"nab\",\"what\":\"%s, %s\",\"value\":%.2f", what, profile->name, points);
	if (peer != NULL) {
		printf(",\"peer\":\"%s\",\"peer_value\":%.1f", peer, peer_points);
	}
	printf("}\n");
}

/* One line per profile; `published` are the points of `peer` on the same files, if these are the ones. */
static void
report(const struct nab_corpus *corpus, const char *what, detector_fn *detector, const char *peer,
       const double *published)
{
	struct nab_ranking r = ranking_of(corpus, detector);

	for (size_t p = 0; p < NAB_PROFILES; p++) {
		struct nab_verdict v = nab_best(corpus, &r, everywhere, &nab_profiles[p]);
		bool same = corpus->count == PUBLISHED_FILES && v.windows == PUBLISHED_WINDOWS;

		print(what, &nab_profiles[p], v.points, same ? peer : NULL, same ? published[p] : 0);
		(void)fprintf(stderr,
			      "%s, %s: %.1f points, %zu of %zu windows, %zu false alarms, threshold %g\n",
			      what, nab_profiles[p].name, v.points, v.hits, v.windows, v.alarms, v.threshold);
	}
	nab_ranking_free(&r);
}

static void
report_files(const struct nab_corpus *corpus)
{
	struct nab_ranking r = ranking_of(corpus, ours);
	double threshold = nab_best(corpus, &r, everywhere, &nab_profiles[0]).threshold;

	for (size_t i = 0; i < corpus->count; i++) {
		bool in[NAB_SERIES_MAX] = { false };
		struct nab_verdict v;

		in[i] = true;
		v = nab_at(corpus, &r, in, &nab_profiles[0], threshold);
		(void)fprintf(stderr, "  %-55s %zu of %zu windows, %zu false alarms\n",
			      corpus->series[i].name, v.hits, v.windows, v.alarms);
	}
	nab_ranking_free(&r);
}

/* The same series from their end to their beginning, with their windows. */
static void
turn_back(struct nab_corpus *corpus)
{
	for (size_t i = 0; i < corpus->count; i++) {
		struct nab_series *s = &corpus->series[i];
		int64_t last_ms = s->at_ms[s->rows - 1];

		for (size_t a = 0, b = s->rows - 1; a < b; a++, b--) {
			double value = s->value[a];
			int64_t at_ms = s->at_ms[a];

			s->value[a] = s->value[b];
			s->value[b] = value;
			s->at_ms[a] = s->at_ms[b];
			s->at_ms[b] = at_ms;
		}
		for (size_t row = 0; row < s->rows; row++) {
			s->at_ms[row] = last_ms + (last_ms - s->at_ms[row]);
		}
		for (size_t a = 0, b = s->window_count; a < b; a++, b--) {
			struct nab_window first = s->windows[a], last = s->windows[b - 1];

			s->windows[a] =
			    (struct nab_window){ s->rows - 1 - last.last, s->rows - 1 - last.first };
			s->windows[b - 1] =
			    (struct nab_window){ s->rows - 1 - first.last, s->rows - 1 - first.first };
		}
	}
}

/* ---- the other half */

/* A random half of the series, the same in every run. */
static void
split(size_t count, uint64_t *state, bool *half)
{
	size_t order[NAB_SERIES_MAX];

	for (size_t i = 0; i < count; i++) {
		order[i] = i;
	}
	for (size_t i = count - 1; i > 0; i--) {
		size_t j, swap = order[i];

		*state = *state * 6364136223846793005U + 1442695040888963407U; /* Knuth's MMIX generator */
		j = (size_t)(*state >> 33) % (i + 1);
		order[i] = order[j];
		order[j] = swap;
	}
	for (size_t i = 0; i < count; i++) {
		half[order[i]] = i < count / 2;
	}
}

/* Points of the other half with what is best on this one. */
static double
other_half(const struct nab_corpus *corpus, const struct nab_ranking *rankings, size_t count,
	   const bool *half, const struct nab_profile *profile)
{
	bool other[NAB_SERIES_MAX];
	struct nab_verdict best = { .points = -INFINITY };
	size_t chosen = 0;

	for (size_t i = 0; i < corpus->count; i++) {
		other[i] = !half[i];
	}
	for (size_t i = 0; i < count; i++) {
		struct nab_verdict v = nab_best(corpus, &rankings[i], half, profile);

		if (v.points > best.points) {
			best = v;
			chosen = i;
		}
	}
	return nab_at(corpus, &rankings[chosen], other, profile, best.threshold).points;
}

static void
report_halves(const struct nab_corpus *corpus, const char *what, const struct nab_ranking *rankings,
	      size_t count)
{
	for (size_t p = 0; p < NAB_PROFILES; p++) {
		uint64_t state = 1;
		double sum = 0;

		for (int i = 0; i < SPLITS; i++) {
			bool half[NAB_SERIES_MAX] = { false };

			split(corpus->count, &state, half);
			sum += other_half(corpus, rankings, count, half, &nab_profiles[p]);
			for (size_t k = 0; k < corpus->count; k++) {
				half[k] = !half[k];
			}
			sum += other_half(corpus, rankings, count, half, &nab_profiles[p]);
		}
		print(what, &nab_profiles[p], sum / (2 * SPLITS), NULL, 0);
	}
}

/* The constants that a half may choose from. */
static const uint32_t scales[][SERIES_SCALES] = {
	{ 1, 4, 16, 64 }, { 1, 6, 24, 96 }, { 1, 8, 32, 128 }, { 2, 6, 18, 54 }
};
static const double alarms[] = { 2, 2.5, 3 }, rests[] = { 50, 100, 200 };

#define CHOICES (countof(scales) * countof(alarms) * countof(rests))

static void
cross_validate(const struct nab_corpus *corpus)
{
	static struct nab_ranking rankings[CHOICES];

	rankings[0] = ranking_of(corpus, ours);
	report_halves(corpus, "other half", rankings, 1);
	nab_ranking_free(&rankings[0]);
	for (size_t i = 0; i < CHOICES; i++) {
		size_t a = i / countof(scales) % countof(alarms), r = i / countof(scales) / countof(alarms);

		memcpy(ours_params.scales, scales[i % countof(scales)], sizeof(ours_params.scales));
		ours_params.alarm_nats = alarms[a];
		ours_params.rest_rows = rests[r];
		rankings[i] = ranking_of(corpus, ours);
	}
	report_halves(corpus, "other half, chosen", rankings, CHOICES);
	for (size_t i = 0; i < CHOICES; i++) {
		nab_ranking_free(&rankings[i]);
	}
	ours_params = detect_series_params;
}

int
main(int argc, char **argv)
{
	static const char here[] = "../shared/data/nab";
	static struct nab_corpus corpus;
	static const double zero[] = { 0, 0, 0 }, full[] = { 100, 100, 100 }, random[] = { 20.9, 8.8, 33.1 },
			    gaussian[] = { 36.7, 21.4, 45.2 }, numenta[] = { 71.2, 65.0, 75.9 };
	bool files = argc > 1 && strcmp(argv[1], "--files") == 0;
	const char *dir = argc > 1 + files ? argv[1 + files] : here;

	if (argc > 2 + files) {
		(void)fprintf(stderr, "usage: bench_nab [--files] [DIR]\n");
		return 2;
	}
	if (dir == here && access(here, R_OK) != 0) {
		(void)fprintf(stderr, "bench_nab: nothing measured: %s is not there; name a folder\n", here);
		return 0;
	}
	if (!nab_corpus_read(dir, &corpus)) {
		return 1;
	}
	ours_params = detect_series_params;
	memset(everywhere, true, sizeof(everywhere));
	report(&corpus, "no alarm", never, "by definition", zero);
	report(&corpus, "perfect", perfect, "by definition", full);
	report(&corpus, "random", nab_random, "published", random);
	report(&corpus, "windowedGaussian", nab_windowed_gaussian, "published", gaussian);
	report(&corpus, "volume voice", ours, "numenta (HTM), published", numenta);
	if (files) {
		report_files(&corpus);
	}
	cross_validate(&corpus);
	turn_back(&corpus);
	report(&corpus, "backwards, windowedGaussian", nab_windowed_gaussian, NULL, zero);
	report(&corpus, "backwards, volume voice", ours, NULL, zero);
	return 0;
}
