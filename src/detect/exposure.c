#include "detect/detect_int.h"

/*
 * How much mail the bad news of a bin answers to.
 *
 * Complaints come late, so volume flows through leaky compartments (lags.def) and complaints answer to what flowed out. The
 * other kinds answer to the volume of the bin. Feeds are late or report in batches: bad news then also answers to mail that
 * had none so far ("unanswered"), and to presumed volume while the volume itself is still to come. Both make the expected count
 * larger only where something bad was counted, which can only weaken the evidence.
 */

static const struct {
	double hours, share;
} lags[] = {
#define LAG(hours, share) { hours, share },
#include "detect/lags.def"
#undef LAG
};
_Static_assert(countof(lags) == LAG_COUNT, "one compartment per row");

/* Volume reports come every so often; the tracker follows the short gaps at once and the long ones slowly. */
void
detect_exposure_heard(struct unit *u, int64_t at_ms)
{
	double gap;

	if (at_ms <= u->volume_ms) {
		return;
	}
	if (u->volume_ms == INT64_MIN) {
		u->flags |= UNIT_SILENCE;
		u->volume_ms = at_ms;
		return;
	}
	gap = (double)(at_ms - u->volume_ms) / HOUR_MS;
	u->volume_ms = at_ms;
	if (gap > BLOCK_SILENCE / 60 && gap > VOLUME_GAP_FACTOR * (double)u->n.gap_hours) {
		u->flags |= UNIT_SILENCE;
	}
	if (u->n.gap_hours > 0 && gap > (double)u->n.gap_hours * VOLUME_GAP_GROWTH) {
		gap = (double)u->n.gap_hours * VOLUME_GAP_GROWTH;
	}
	u->n.gap_hours = (float)(gap < VOLUME_SPAN ? gap : VOLUME_SPAN);
}

/* Hours after which volume that did not come was not sent. */
static double
patience(const struct unit *u)
{
	return u->n.gap_hours > 0 ? VOLUME_GAP_FACTOR * (double)u->n.gap_hours : VOLUME_SPAN;
}

double
detect_exposure_wait_ms(const struct unit *u)
{
	double wait = patience(u) * HOUR_MS, longest = VOLUME_WAIT * MINUTE_MS;

	return wait < longest ? wait : longest;
}

/*
 * Volume that stands in at `now`. Volume still to come is taken as the busiest hours known, volume that would have come by
 * now as the mean. None is needed when volume was heard after the bad news.
 */
static double
presumed(const struct unit *u, int64_t now_ms)
{
	bool known = u->volume_ms != INT64_MIN;
	double since = known ? (double)(now_ms - u->volume_ms) / HOUR_MS : VOLUME_SPAN;
	double peak = known && u->n.peak > 0 ? (double)u->n.peak : VOLUME_UNKNOWN;
	double mean = u->n.volume_hours > 0 ? (double)u->n.volume / (double)u->n.volume_hours : 0;

	if ((u->flags & UNIT_HEARD) != 0 || since <= 0) {
		return 0;
	}
	since = since < VOLUME_SPAN ? since : VOLUME_SPAN;
	return since < patience(u) ? VOLUME_PEAK_FACTOR * peak * since : mean * since;
}

double
detect_exposure_most(const struct unit *u)
{
	double mail = (double)u->bin_volume + presumed(u, u->last_ms);

	for (size_t i = 0; i < LAG_COUNT; i++) {
		mail += (double)u->n.lag[i];
	}
	return mail;
}

/* Mail that flowed out of the compartments in the bin. What was sent in it came evenly over its own length. */
static double
complaint_mail(struct unit *u, const struct bin *bin)
{
	double out = 0;

	for (size_t i = 0; i < LAG_COUNT; i++) {
		double held = (double)u->n.lag[i], sent = lags[i].share * bin->volume;
		double stays = held * number_exp(-bin->since / lags[i].hours);

		if (sent > 0) {
			double x = bin->hours / lags[i].hours;

			stays += x > 1e-6 ? sent * (1 - number_exp(-x)) / x : sent;
		}
		out += held + sent - stays;
		u->n.lag[i] = (float)stays;
	}
	return out > 0 ? out : 0;
}

void
detect_exposure_fill(struct unit *u, struct bin *bin)
{
	double kept = number_exp(-bin->since / UNANSWERED), stand_in = presumed(u, bin->end_ms);

	bin->due = complaint_mail(u, bin);
	for (int e = 0; e < EVIDENCE_COUNT; e++) {
		double mail = e == EVIDENCE_COMPLAINT ? bin->due : bin->volume;
		double unanswered = (double)u->n.unanswered[e] * kept;

		bin->mail[e] = mail;
		if (bin->count[e] > 0) {
			bin->mail[e] += unanswered + stand_in;
			u->n.unanswered[e] = (float)((unanswered + mail) * UNANSWERED_KEPT);
		} else {
			u->n.unanswered[e] = (float)(unanswered + mail);
		}
	}
}
