#include "common/baseline.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define KINDS       3 /* complaints, unknown users, traps */
#define LAGS        3
#define HOUR_MS     3600000.0
#define HALF_DAYS   60.0 /* of what was learnt */
#define RATIO       5.0  /* of a takeover's rates to the usual ones, of a CUSUM */
#define EWMA_WEIGHT 0.1

enum pooling { WORST, POOLED };

enum method {
#define BASELINE(id, name, minutes, pooling, what) METHOD_##id,
#include "common/baseline.def"
#undef BASELINE
	METHOD_COUNT
};

static const struct {
	double bin_ms;
	enum pooling pooling;
} methods[METHOD_COUNT] = {
#define BASELINE(id, name, minutes, pooling, what) { (minutes)*60000.0, pooling },
#include "common/baseline.def"
#undef BASELINE
};

/* What is known of honest mail: rate, weight of that in events, shape of the Gamma by which campaigns differ, as the prototype had them. */
static const struct {
	double rate, events, shape;
} priors[KINDS] = { { 0.0005, 1, 1.2 }, { 0.004, 1, 1 }, { 0.0000005, 0.8, 0.35 } };

static const struct {
	double hours, share;
} lags[LAGS] = { { 0.5, 0.35 }, { 5, 0.45 }, { 30, 0.20 } };

static const uint8_t kind_of[SIGNAL_COUNT] = {
	[SIGNAL_COMPLAINT] = 1,     [SIGNAL_UNKNOWN_USER] = 2, [SIGNAL_TRAP_PRISTINE] = 3,
	[SIGNAL_TRAP_RECYCLED] = 3, [SIGNAL_TRAP_TYPO] = 3,
};

struct unit {
	bool started, waits;
	int64_t bin_ms, now_ms;
	double lag[LAGS];                  /* mail whose complaints are still to come */
	double events[KINDS], mail[KINDS]; /* learnt, fading */
	double count[KINDS], due[KINDS];   /* of the open bin: bad news, and the mail it answers to */
	double state[KINDS], usual[KINDS]; /* of the method */
};

struct rates {
	enum method method;
	score_say_fn *say;
	void *context;
	struct unit *units;
	uint32_t *waiting;
	uint32_t count, size, waiting_count;
	int64_t now_ms;
};

static void *
open_method(enum method method, score_say_fn *say, void *context)
{
	struct rates *r = calloc(1, sizeof *r);

	check(r != NULL);
	r->method = method;
	r->say = say;
	r->context = context;
	return r;
}

static void
add_unit(void *detector, enum unit_kind kind)
{
	struct rates *r = detector;

	(void)kind;
	if (r->count == r->size) {
		r->size = r->size == 0 ? 64 : 2 * r->size;
		r->units = reallocarray(r->units, r->size, sizeof *r->units);
		r->waiting = reallocarray(r->waiting, r->size, sizeof *r->waiting);
		check(r->units != NULL && r->waiting != NULL);
	}
	memset(&r->units[r->count++], 0, sizeof *r->units);
}

static double
expected(const struct unit *u, int k)
{
	return u->due[k] * (u->events[k] + priors[k].events) /
	       (u->mail[k] + priors[k].events / priors[k].rate);
}

static double
variance(double mean, int k)
{
	return mean + mean * mean / priors[k].shape + 1;
}

/* What the open bin adds to the ln of the likelihood ratio. */
static double
nats_of(enum method method, double count, double mean, int k)
{
	double a = priors[k].shape;

	if (method == METHOD_POISSON) {
		return count * log(RATIO) - (RATIO - 1) * mean;
	}
	return count * log(RATIO) + (count + a) * log((a + mean) / (a + RATIO * mean));
}

/* The state of the method as if the open bin ended now; *usual is what the z-score's hour expects. */
static double
next_state(const struct rates *r, const struct unit *u, int k, double *usual)
{
	double mean = expected(u, k), state = u->state[k];
	double keeps = exp(-methods[r->method].bin_ms / HOUR_MS);

	*usual = 0;
	switch (r->method) {
	case METHOD_Z:
		*usual = u->usual[k] * keeps + mean;
		return state * keeps + u->count[k];
	case METHOD_EWMA:
		return (1 - EWMA_WEIGHT) * state +
		       EWMA_WEIGHT * (u->count[k] - mean) / sqrt(variance(mean, k));
	case METHOD_POISSON:
	case METHOD_NEGATIVE:
	case METHOD_COUNT:
		break;
	}
	state += nats_of(r->method, u->count[k], mean, k);
	return methods[r->method].pooling == POOLED || state > 0 ? state : 0;
}

static double
score_of(const struct rates *r, const struct unit *u)
{
	double worst = 0, sum = 0;

	for (int k = 0; k < KINDS; k++) {
		double usual, score = next_state(r, u, k, &usual);

		if (r->method == METHOD_Z) {
			score = (score - usual) / sqrt(variance(usual, k));
		} else if (r->method == METHOD_EWMA) {
			score /= sqrt(EWMA_WEIGHT / (2 - EWMA_WEIGHT));
		}
		worst = score > worst ? score : worst;
		sum += score;
	}
	return methods[r->method].pooling == POOLED ? sum : worst;
}

/* The open bin is over: it is taken in, and learnt from as far as it is not an outburst. */
static void
end_bin(const struct rates *r, struct unit *u, double bins)
{
	double fades = exp2(-bins * methods[r->method].bin_ms / (HALF_DAYS * 24 * HOUR_MS)), sum = 0;

	for (int k = 0; k < KINDS; k++) {
		double mean = expected(u, k), most = mean + 3 * sqrt(variance(mean, k)), usual;
		double state = next_state(r, u, k, &usual);

		if (r->method == METHOD_Z) { /* the hours without anything */
			double keeps = exp(-(bins - 1) * methods[r->method].bin_ms / HOUR_MS);

			state *= keeps;
			usual *= keeps;
		}
		u->events[k] = u->events[k] * fades + (u->count[k] < most ? u->count[k] : most);
		u->mail[k] = u->mail[k] * fades + u->due[k];
		u->state[k] = state;
		u->usual[k] = usual;
		u->count[k] = u->due[k] = 0;
		sum += state;
	}
	for (int k = 0; k < KINDS && methods[r->method].pooling == POOLED; k++) {
		u->state[k] = k == 0 && sum > 0 ? sum : 0; /* one CUSUM for all */
	}
}

/* Complaints about earlier mail become due. */
static void
pass_time(const struct rates *r, struct unit *u)
{
	double bin_ms = methods[r->method].bin_ms, hours;

	if (!u->started) {
		u->started = true;
		u->now_ms = u->bin_ms = r->now_ms;
	}
	hours = (double)(r->now_ms - u->now_ms) / HOUR_MS;
	u->now_ms = r->now_ms;
	for (int i = 0; i < LAGS && hours > 0; i++) {
		double rest = u->lag[i] * exp(-hours / lags[i].hours);

		u->due[0] += u->lag[i] - rest;
		u->lag[i] = rest;
	}
	if ((double)(r->now_ms - u->bin_ms) >= bin_ms) {
		double bins = floor((double)(r->now_ms - u->bin_ms) / bin_ms);

		end_bin(r, u, bins);
		u->bin_ms += (int64_t)(bins * bin_ms);
	}
}

static void
observe(void *detector, uint32_t unit, const struct detect_fact *fact)
{
	struct rates *r = detector;
	struct unit *u = &r->units[unit];
	int kind = kind_of[fact->signal] - 1;

	pass_time(r, u);
	if (kind >= 0) {
		u->count[kind] += fact->count;
	} else if (fact->signal == SIGNAL_DELIVERED) {
		for (int i = 0; i < LAGS; i++) {
			u->lag[i] += fact->count * lags[i].share;
		}
		u->due[1] += fact->count;
		u->due[2] += fact->count;
	}
	if (!u->waits) {
		u->waits = true;
		r->waiting[r->waiting_count++] = unit;
	}
}

static void
tick(void *detector, struct instant now)
{
	struct rates *r = detector;

	for (uint32_t i = 0; i < r->waiting_count; i++) {
		struct unit *u = &r->units[r->waiting[i]];

		u->waits = false;
		r->say(r->context, r->waiting[i], score_of(r, u));
	}
	r->waiting_count = 0;
	r->now_ms = now.ms;
}

static void
close_rates(void *detector)
{
	struct rates *r = detector;

	free(r->units);
	free(r->waiting);
	free(r);
}

#define BASELINE(id, name, minutes, pooling, what)                                      \
	static void *open_##id(double budget, double limit, score_say_fn *say, void *c) \
	{                                                                               \
		(void)budget;                                                           \
		(void)limit;                                                            \
		return open_method(METHOD_##id, say, c);                                \
	}
#include "common/baseline.def"
#undef BASELINE

const struct score_detector baseline_rates[] = {
#define BASELINE(id, title, minutes, pooling, what) \
	{ .name = title,                            \
	  .open = open_##id,                        \
	  .unit_add = add_unit,                     \
	  .observe = observe,                       \
	  .tick = tick,                             \
	  .close = close_rates },
#include "common/baseline.def"
#undef BASELINE
};
const size_t baseline_rate_count = METHOD_COUNT;
