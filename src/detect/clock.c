#include "detect/detect_int.h"

#include <stdlib.h>

/*
 * Clocks of feeds. A receiver whose clock or time zone is wrong says of complaints about a campaign that they are about the trickle before it,
 * and no honest sender has so many in trickle. But reports are about mail: the shift of time under which a feed's reports fall on the
 * most mail, all senders together, is the error of its clock. Per shift the sum of
 *
 *     ln (CLOCK_FAULTY + (1 - CLOCK_FAULTY) x mail per hour at that time / mean mail per hour)
 *
 * is kept as what it lacks to the best one, and at most CLOCK_MOST: a cumulative sum (E. S. Page, Biometrika 41 (1954) 100-115), so a clock that
 * is put right is noticed as soon as one that goes wrong. A report teaches some hours later, when the volume of its mail is surely known; of those
 * about one system that come within these hours one does, drawn by lot: one takeover moves no clock. What comes is read by what came
 * before, so the promise about false alarms holds as it does without.
 */

#define STEP_MS   1800000
#define RIGHT     (CLOCK_SHIFTS / 2)
#define FLOW_MOST 100.0 /* times the mean: a campaign */
#define NOT_KNOWN (-1.0)
#define WHOLE     4.0 /* of fewer reports one tells less */

void
detect_feeds(struct detect *d, uint32_t count)
{
	check(count <= REPORTERS_MAX);
	if (count <= d->clock_count) {
		return;
	}
	d->clocks = reallocarray(d->clocks, count, sizeof *d->clocks);
	check(d->clocks != NULL);
	while (d->clock_count < count) {
		d->clocks[d->clock_count++] = (struct clock){ .shift = RIGHT };
	}
}

static struct clock *
clock_of(const struct detect *d, uint32_t feed)
{
	return feed > 0 && feed <= d->clock_count ? &d->clocks[feed - 1] : NULL;
}

int64_t
detect_clock_ms(const struct detect *d, uint32_t feed)
{
	const struct clock *c = clock_of(d, feed);

	return c != NULL ? ((int64_t)c->shift - RIGHT) * STEP_MS : 0;
}

int32_t
detect_feed_behind(const struct detect *d, uint32_t feed)
{
	return (int32_t)(detect_clock_ms(d, feed) / (int64_t)MINUTE_MS);
}

/* Mail per hour of the unit at that time against its mean. Silence may be volume that was not reported. */
static double
flow_at(struct unit *u, int64_t at_ms)
{
	double mean = (double)u->n.volume / (double)u->n.volume_hours, hours, flow;
	const struct cohort *c = detect_cohort_of(u, at_ms);

	if (c == NULL || at_ms > c->start_ms + (int64_t)c->length_ms || c->n.mail <= 0) {
		return NOT_KNOWN;
	}
	hours = (double)c->length_ms / HOUR_MS;
	flow = (double)c->n.mail / ((hours > 0.1 ? hours : 0.1) * mean);
	return flow < FLOW_MOST ? flow : FLOW_MOST;
}

/* What a shift has for it beyond the one in use, nats, at most one. Nobody reports mail to come. */
static double
gain(struct unit *u, const struct heard *h, uint32_t shift, double in_use)
{
	int64_t at_ms = h->mailed_ms + ((int64_t)shift - RIGHT) * STEP_MS;
	double flow = at_ms > h->heard_ms + (int64_t)MINUTE_MS ? 0 : flow_at(u, at_ms), nats;

	if (flow < 0) {
		return 0;
	}
	nats = number_ln((CLOCK_FAULTY + (1 - CLOCK_FAULTY) * flow) /
			 (CLOCK_FAULTY + (1 - CLOCK_FAULTY) * in_use));
	return nats < -1 ? -1 : nats > 1 ? 1 : nats;
}

static void
teach(struct detect *d, struct clock *c, const struct heard *h)
{
	struct unit *u = &d->units[h->unit];
	double in_use = flow_at(u, h->mailed_ms + ((int64_t)c->shift - RIGHT) * STEP_MS);
	double worse[CLOCK_SHIFTS], least = 2 * CLOCK_MOST, weight = h->count < WHOLE ? h->count / WHOLE : 1;
	uint32_t best = 0;

	if (in_use < 0) {
		return;
	}
	for (uint32_t s = 0; s < CLOCK_SHIFTS; s++) {
		worse[s] = (double)c->worse[s] - weight * gain(u, h, s, in_use);
		if (worse[s] < least) {
			least = worse[s];
			best = s;
		}
	}
	for (uint32_t s = 0; s < CLOCK_SHIFTS; s++) {
		worse[s] -= least;
		c->worse[s] = (float)(worse[s] < CLOCK_MOST ? worse[s] : CLOCK_MOST);
	}
	if ((double)c->worse[c->shift] >= (c->shift == RIGHT ? CLOCK_SURE : CLOCK_FINE)) {
		c->shift = (uint8_t)best;
	}
}

/* The report about this unit that waits; NULL. */
static struct heard *
heard_of(struct clock *c, uint32_t unit)
{
	for (uint32_t i = 0; i < c->count; i++) {
		struct heard *h = &c->heard[(c->first + i) % CLOCK_HEARD];

		if (h->unit == unit) {
			return h;
		}
	}
	return NULL;
}

/* Each of the reports about a unit is the one that is kept with the same chance: the first ones are about how a campaign begins. */
static void
draw(struct heard *h, int64_t mailed_ms, int64_t now_ms)
{
	uint64_t dice = ((uint64_t)mailed_ms + h->count) * UINT64_C(0x9e3779b97f4a7c15);

	h->count++;
	if ((dice >> 32) % h->count == 0) {
		h->mailed_ms = mailed_ms;
		h->heard_ms = now_ms;
	}
}

void
detect_clock_hear(struct detect *d, uint32_t feed, uint32_t unit, int64_t mailed_ms)
{
	struct clock *c = clock_of(d, feed);
	const struct unit *u = &d->units[unit];
	struct heard *h;

	if (c == NULL || u->kind != UNIT_SYSTEM) {
		return;
	}
	while (c->count > 0 && (double)(d->now_ms - c->heard[c->first].since_ms) >= CLOCK_WAIT * HOUR_MS) {
		teach(d, c, &c->heard[c->first]);
		c->first = (uint8_t)((c->first + 1U) % CLOCK_HEARD);
		c->count--;
	}
	h = heard_of(c, unit);
	if (h != NULL && h->count < UINT32_MAX) {
		draw(h, mailed_ms, d->now_ms);
	} else if (h == NULL && c->count < CLOCK_HEARD && (double)u->n.volume_hours >= CLOCK_KNOWN &&
		   u->n.volume > 0) {
		c->heard[(c->first + c->count++) % CLOCK_HEARD] =
		    (struct heard){ d->now_ms, d->now_ms, mailed_ms, unit, 1 };
	}
}

void
detect_clock_save(const struct detect *d, struct buffer *b)
{
	wire_put_u64(b, d->clock_count);
	for (uint32_t i = 0; i < d->clock_count; i++) {
		const struct clock *c = &d->clocks[i];

		wire_put_u8(b, c->shift);
		detect_put_floats(b, c->worse, sizeof c->worse);
		wire_put_u8(b, c->count);
		for (uint32_t k = 0; k < c->count; k++) {
			const struct heard *h = &c->heard[(c->first + k) % CLOCK_HEARD];

			wire_put_i64(b, h->since_ms);
			wire_put_i64(b, h->heard_ms);
			wire_put_i64(b, h->mailed_ms);
			wire_put_u64(b, h->unit);
			wire_put_u64(b, h->count);
		}
	}
}

static void
get_heard(const struct detect *d, struct wire *w, struct heard *h)
{
	uint64_t unit, count;

	h->since_ms = detect_get_time(w);
	h->heard_ms = detect_get_time(w);
	h->mailed_ms = detect_get_time(w);
	unit = wire_u64(w);
	count = wire_u64(w);
	w->bad = w->bad || unit >= d->unit_count || count == 0 || count > UINT32_MAX;
	w->bad = w->bad || !(d->units[unit].n.volume_hours > 0) || !(d->units[unit].n.volume > 0);
	h->unit = (uint32_t)unit;
	h->count = (uint32_t)count;
}

static void
get_clock(const struct detect *d, struct wire *w, struct clock *c)
{
	c->shift = wire_u8(w);
	detect_get_floats(w, c->worse, sizeof c->worse);
	c->count = wire_u8(w);
	w->bad = w->bad || c->shift >= CLOCK_SHIFTS || c->count > CLOCK_HEARD;
	for (uint32_t k = 0; k < c->count && !w->bad; k++) {
		get_heard(d, w, &c->heard[k]);
	}
}

/* After the units. */
void
detect_clock_load(struct detect *d, struct wire *w)
{
	uint64_t count = wire_u64(w);

	w->bad = w->bad || count > REPORTERS_MAX;
	for (uint64_t i = 0; i < count && !w->bad; i++) {
		detect_feeds(d, (uint32_t)i + 1);
		get_clock(d, w, &d->clocks[i]);
	}
}
