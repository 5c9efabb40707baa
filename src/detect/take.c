#include "detect/detect_int.h"

/*
 * What was told and is told no longer. The evidence of a unit is computed anew from the counts of its open bin and of its cohorts at each judgement, so
 * what these still hold is taken out of them, and the evidence is as if it had not been told. What has left them was learnt, with all else of those
 * days, and fades: to learn it anew would need the whole history at hand. Bad news less never raises the evidence.
 */

static void
lower(float *from, uint32_t count)
{
	double left = (double)*from - count;

	*from = (float)(left > 0 ? left : 0);
}

static void
take_volume(struct unit *u, const struct detect_fact *f)
{
	if (f->at.ms <= u->times[JOINED]) {
		struct cohort *c = detect_cohort_of(u, f->at.ms);

		if (c != NULL) {
			lower(&c->n.mail, f->count);
		}
	} else {
		u->bin_mail -= f->count < u->bin_mail ? f->count : u->bin_mail;
	}
}

/* A cohort whose bad news is gone has no first of it either. */
static void
forget_first(struct cohort *c)
{
	double left = 0;

	for (int i = 0; i < EVIDENCE_COUNT; i++) {
		left += (double)c->n.events[i];
	}
	if (left <= 0) {
		c->first_bad_seq = 0;
		c->n.first_bad_hour = 0;
	}
}

/* Complaints were shared among the cohorts by what explains them, and so they are taken. */
static void
take_of_cohorts(const struct detect *d, struct unit *u, enum evidence e, uint32_t count, bool shared,
		int64_t mailed_ms)
{
	struct cohort *c = detect_cohort_of(u, mailed_ms);

	if (shared) {
		detect_cohort_spread(d, u, -(double)count, u->times[LAST]);
	} else if (c != NULL && e == EVIDENCE_COMPLAINT) {
		detect_cohort_complaints(d, u, -(double)count, mailed_ms, u->times[LAST]);
	} else if (c != NULL) {
		lower(&c->n.events[e], count);
	}
	for (uint32_t i = 0; i < u->cohort_count; i++) {
		forget_first(detect_cohort(u, i));
	}
}

static void
take_bad_news(struct detect *d, struct unit *u, enum evidence e, const struct detect_fact *f)
{
	bool known = f->mailed.ms != DETECT_MAILED_UNKNOWN;
	int64_t mailed_ms = (known ? f->mailed.ms : f->at.ms) + detect_clock_ms(d, f->feed);
	bool shared = !known && e == EVIDENCE_COMPLAINT;
	uint32_t waited =
	    detect_pending_undo(d, u, shared ? PENDING_SPREAD : (uint32_t)e, f->count, mailed_ms);

	if (waited < f->count) {
		take_of_cohorts(d, u, e, f->count - waited, shared, mailed_ms);
	}
	if (detect_pending_since(d, u) == NEVER) {
		u->pending_seq = 0;
	}
}

void
detect_take(struct detect *d, uint32_t unit, const struct detect_fact *f)
{
	struct unit *u;
	int e = detect_evidence_of(f->signal);

	check(unit < d->unit_count && f->signal < SIGNAL_COUNT && f->count > 0);
	u = &d->units[unit];
	if ((f->signal != SIGNAL_DELIVERED && e < 0) || (u->flags & UNIT_STARTED) == 0 ||
	    (double)(u->times[LAST] - f->at.ms) > LATE_MAX * HOUR_MS) {
		return;
	}
	if (f->signal == SIGNAL_DELIVERED) {
		take_volume(u, f);
	} else {
		take_bad_news(d, u, (enum evidence)e, f);
	}
	detect_unit_waits(d, unit);
}
