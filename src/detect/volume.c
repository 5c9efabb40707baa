#include "detect/detect_int.h"

/*
 * When volume is reported, and what stands in for it while it is not. A report bears the start of its period.
 */

/* The usual gap follows shorter gaps at once; longer ones only when no short one has come for a while: little mail leaves some out. */
static void
learn_gap(struct unit *u, double gap)
{
	if (u->n.gap_hours > 0 && gap > (double)u->n.gap_hours * VOLUME_GAP_SAME) {
		u->n.gap_next =
		    u->gap_longer == 0 || gap < (double)u->n.gap_next ? (float)gap : u->n.gap_next;
		if (++u->gap_longer < VOLUME_GAPS_LONGER) {
			return;
		}
		gap = (double)u->n.gap_next;
	}
	u->n.gap_hours = (float)gap;
	u->gap_longer = 0;
}

/* The unit's time is that of its other news, which come sooner. */
static void
learn_lateness(struct unit *u, int64_t at_ms)
{
	int64_t now_ms = u->times[LAST] > u->times[STEP] ? u->times[LAST] : u->times[STEP];
	double late = (double)(now_ms - at_ms) / HOUR_MS;

	if (late > (double)u->n.late_hours) {
		u->n.late_hours = (float)(late < LATE_MAX ? late : LATE_MAX);
	}
}

void
detect_volume_heard(struct unit *u, int64_t at_ms)
{
	double gap;

	learn_lateness(u, at_ms);
	if (u->times[VOLUME] == NEVER) {
		u->times[VOLUME] = at_ms;
	}
	if (at_ms <= u->times[VOLUME]) {
		return;
	}
	gap = (double)(at_ms - u->times[VOLUME]) / HOUR_MS;
	u->times[VOLUME] = at_ms;
	learn_gap(u, gap < VOLUME_SPAN ? gap : VOLUME_SPAN);
}

/* Volume that was late before is not missed sooner. */
static double
wait_hours(const struct unit *u)
{
	return VOLUME_SPAN + (double)u->n.late_hours;
}

/* Then news about the latest report waits for the next one, which costs little and shows where it ends: mail that is rare has no usual gap. */
bool
detect_volume_is_late(const struct unit *u)
{
	return (double)u->n.late_hours > VOLUME_LATE_GAPS * (double)u->n.gap_hours;
}

int64_t
detect_volume_wait_ms(const struct unit *u)
{
	return (int64_t)(wait_hours(u) * HOUR_MS);
}

/* Hours that no volume report covers yet. */
static double
uncovered(const struct unit *u, int64_t now_ms)
{
	if (u->times[VOLUME] == NEVER) {
		return wait_hours(u);
	}
	return (double)(now_ms - u->times[VOLUME]) / HOUR_MS -
	       (u->n.gap_hours > 0 ? (double)u->n.gap_hours : 1);
}

/*
 * Bad news about mail whose volume nobody reports. It was sent, but a first campaign is larger than all before it; so much
 * is presumed that only what no honest campaign brings tells something.
 */
double
detect_volume_presumed(const struct unit *u, int64_t now_ms)
{
	double since = uncovered(u, now_ms), peak = VOLUME_PEAK_FACTOR * (double)u->n.peak;

	since = since < wait_hours(u) ? since : wait_hours(u);
	return since > 0 ? (peak > VOLUME_UNKNOWN ? peak : VOLUME_UNKNOWN) * since : 0;
}

void
detect_volume_learn(struct unit *u, const struct bin *bin)
{
	double hours = (double)(bin->covered_ms - bin->start_ms) / HOUR_MS,
	       per_hour = bin->mail / (hours > 1 ? hours : 1);
	double first = bin->mail > 0 ? hours : 0, /* what was before the first volume is not known */
	    since = u->n.volume > 0 ? (double)(bin->end_ms - u->times[STEP]) / HOUR_MS : first;
	double fade = number_exp(-since * (LN2 / (24 * VOLUME_HALF_LIFE)));

	u->n.volume = (float)((double)u->n.volume * fade + bin->mail);
	u->n.volume_hours = (float)((double)u->n.volume_hours * fade + since);
	u->n.calm_mail = (float)((double)u->n.calm_mail * fade);
	u->n.peak = (float)((double)u->n.peak * fade);
	u->n.late_hours =
	    (float)((double)u->n.late_hours * number_exp(-since * (LN2 / (24 * VOLUME_LATE_HALF_LIFE))));
	if ((double)u->n.peak < per_hour) {
		u->n.peak = (float)per_hour;
	}
}
