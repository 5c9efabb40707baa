/*
 * What list operators do: counts of the last 30 days against fixed limits, 0.2 % complaints from 200 on, 3 hits on pristine, 5 on
 * recycled traps, 100 on any. All receivers are counted together, and junk votes and listings, which the
 * simulator has none of, are left out. The limits are all stretched by the same factor, which is the score.
 */
#include "common/baseline.h"

#include <stdlib.h>

#define DAYS        30
#define COMPLAINTS  200U
#define FIXED_KINDS 5

static const uint8_t kind_of[SIGNAL_COUNT] = {
	[SIGNAL_DELIVERED] = 1,     [SIGNAL_COMPLAINT] = 2, [SIGNAL_TRAP_PRISTINE] = 3,
	[SIGNAL_TRAP_RECYCLED] = 4, [SIGNAL_TRAP_TYPO] = 5,
};

struct window {
	enum unit_kind unit_kind;
	bool waits; /* has news since the last tick */
	int64_t day;
	double days[DAYS][FIXED_KINDS];
	double sum[FIXED_KINDS];
};

struct fixed {
	score_say_fn *say;
	void *context;
	struct window *units;
	uint32_t *waiting;
	uint32_t count, size, waiting_count;
};

static void *
open_fixed(double budget, double limit, score_say_fn *say, void *context)
{
	struct fixed *f = calloc(1, sizeof *f);

	(void)budget;
	(void)limit;
	check(f != NULL);
	f->say = say;
	f->context = context;
	return f;
}

static void
add_unit(void *detector, enum unit_kind kind)
{
	struct fixed *f = detector;

	if (f->count == f->size) {
		f->size = f->size == 0 ? 64 : 2 * f->size;
		f->units = reallocarray(f->units, f->size, sizeof *f->units);
		f->waiting = reallocarray(f->waiting, f->size, sizeof *f->waiting);
		check(f->units != NULL && f->waiting != NULL);
	}
	f->units[f->count++] = (struct window){ .unit_kind = kind };
}

/* Days that the window leaves behind. */
static void
turn(struct window *w, int64_t day)
{
	for (int64_t left = day - w->day; left > 0 && w->day < day; left--) {
		double *oldest;

		if (left > DAYS) { /* nothing of it is left */
			w->day = day - DAYS;
			left = DAYS;
			*w = (struct window){ .unit_kind = w->unit_kind, .waits = w->waits, .day = w->day };
		}
		w->day++;
		oldest = w->days[w->day % DAYS];
		for (int k = 0; k < FIXED_KINDS; k++) {
			w->sum[k] -= oldest[k];
			oldest[k] = 0;
		}
	}
}

static void
observe(void *detector, uint32_t unit, const struct detect_fact *fact)
{
	struct fixed *f = detector;
	struct window *w = &f->units[unit];
	int64_t day = fact->at.ms / SPAN_DAY.ms;
	int kind = kind_of[fact->signal] - 1;

	if (kind < 0 || w->unit_kind != UNIT_SOURCE) {
		return;
	}
	turn(w, day);
	if (w->day - day >= DAYS) {
		return;
	}
	w->days[day % DAYS][kind] += fact->count;
	w->sum[kind] += fact->count;
	if (!w->waits) {
		w->waits = true;
		f->waiting[f->waiting_count++] = unit;
	}
}

static double
score_of(const struct window *w)
{
	double mail = w->sum[0], complaints = w->sum[1], pristine = w->sum[2], recycled = w->sum[3];
	double all = pristine + recycled + w->sum[4], score = 0;

	if (complaints >= COMPLAINTS && mail > 0) {
		score = complaints / mail / 0.002;
	}
	score = pristine / 3 > score ? pristine / 3 : score;
	score = recycled / 5 > score ? recycled / 5 : score;
	return all / 100 > score ? all / 100 : score;
}

static void
tick(void *detector, struct instant now)
{
	struct fixed *f = detector;

	(void)now;
	for (uint32_t i = 0; i < f->waiting_count; i++) {
		struct window *w = &f->units[f->waiting[i]];

		w->waits = false;
		f->say(f->context, f->waiting[i], score_of(w));
	}
	f->waiting_count = 0;
}

static void
close_fixed(void *detector)
{
	struct fixed *f = detector;

	free(f->units);
	free(f->waiting);
	free(f);
}

const struct score_detector baseline_fixed = {
	.name = "fixed, 30 days",
	.open = open_fixed,
	.unit_add = add_unit,
	.observe = observe,
	.tick = tick,
	.close = close_fixed,
};
