#include "base/number.h"
#include "base/result.h"
#include "detect/conformal_int.h"

/*
 * The volume voice for mail. Volume hardly tells a takeover from a campaign, so it may only colour the evidence: once per burst, by
 * how rare bursts are and how large this one is, and by at most a factor 8.1.
 */
_Static_assert(sizeof(struct burst) == 296, "as the header says");

/* Mean over all so far, later one that fades: the weight of the newest never falls below 1/most. */
static float
moved(float mean, double seen, uint64_t before, double most)
{
	double weight = 1 / ((double)before + 1 < most ? (double)before + 1 : most);

	return (float)((double)mean + weight * (seen - (double)mean));
}

static double
shrunk(float mean, double level, uint64_t seen)
{
	return level + (double)seen / ((double)seen + BURST_PRIOR) * ((double)mean - level);
}

/* What is usual for the hour: its hour of the day, times what its weekday is against the mean day. */
static double
usual(const struct burst *b, int64_t hour)
{
	double level = (double)b->level, week;

	if (level <= 0) {
		return 0;
	}
	week = shrunk(b->week[(uint64_t)hour / 24 % 7], level, b->hours / 168) / level;
	return shrunk(b->day[(uint64_t)hour % 24], level, b->hours / 24) * week;
}

static void
learn(struct burst *b, int64_t hour, double volume)
{
	uint64_t of_day = (uint64_t)hour % 24;
	float *day = &b->day[of_day], *week = &b->week[(uint64_t)hour / 24 % 7];

	*day = moved(*day, volume, b->hours / 24, BURST_DAYS);
	*week = moved(*week, volume, b->hours / 168 * 24 + (b->hours < of_day ? b->hours : of_day),
		      24 * BURST_WEEKS);
	b->level = moved(b->level, volume, b->hours, 24 * BURST_DAYS);
	b->hours++;
	b->hour = hour;
}

/* True when a burst begins, or grows to several times its largest hour so far. */
static bool
begins(struct burst *b, double volume, double expected)
{
	double least = BURST_RISE * expected > BURST_FLOOR ? BURST_RISE * expected : BURST_FLOOR;
	bool grows = volume > BURST_RISE * (double)b->peak;

	if (volume <= least) {
		b->peak = 0;
		return false;
	}
	if (volume > (double)b->peak) {
		b->peak = (float)volume;
	}
	return grows;
}

/*
 * The e-value of whether a burst began in an hour with mail. Bursts came in a share `rate` of such hours; the story told against
 * that is BURST_OFTEN, but no more than BURST_MOST times as often. Mean 1 if `rate` is right.
 */
static double
rarity(const struct burst *b, bool begun)
{
	double rate = ((double)b->begun + 1) / ((double)b->chances + 1), times = BURST_OFTEN / rate;

	if (times <= 1) {
		return 1;
	}
	times = times > BURST_MOST ? BURST_MOST : times;
	return begun ? times : (1 - times * rate) / (1 - rate);
}

/* The e-value of the size of a burst among those before. */
static double
size_rank(const struct burst *b, double size)
{
	if (b->sizes.seen < (uint32_t)BURST_SILENT) {
		return 1;
	}
	return detect_conformal_e(-number_ln(detect_conformal_p(&b->sizes, size)));
}

/* An hour with mail that could begin a burst. */
static double
judge(struct burst *b, double volume, double expected)
{
	double size = volume / (expected + BURST_FLOOR), e;
	bool goes_on = b->peak > 0, begun = begins(b, volume, expected);

	if (!begun && goes_on) {
		return 1;
	}
	e = rarity(b, begun);
	b->chances = (float)((double)b->chances * (1 - BURST_FADE) + 1);
	b->begun = (float)((double)b->begun * (1 - BURST_FADE) + begun);
	if (!begun) {
		return (e + 1) / 2;
	}
	e = (e + size_rank(b, size)) / 2;
	detect_conformal_add(&b->sizes, size, (uint32_t)BURST_MEMORY);
	return e;
}

double
detect_burst_e(struct burst *b, int64_t hour, double volume, double fleet)
{
	double e = 1;

	check(hour >= 0 && volume >= 0 && fleet > 0);
	if (b->hours > 0 && hour <= b->hour) {
		return 1;
	}
	if (b->hours > 0 && hour - b->hour > (int64_t)BURST_GAP) {
		b->hour = hour - (int64_t)BURST_GAP;
	}
	while (b->hours > 0 && b->hour + 1 < hour) {
		learn(b, b->hour + 1, 0);
		b->peak = 0;
	}
	volume /= fleet;
	if (volume <= 0) {
		b->peak = 0;
	} else if (b->hours >= (uint64_t)BURST_FIRST) {
		e = judge(b, volume, usual(b, hour));
	}
	learn(b, hour, volume);
	return e;
}
