#include "detect/detect_int.h"

/*
 * A cohort whose mail is seen to be the sender's usual mail. Of so many messages that were seen some would have been a takeover's, had it sent
 * its share of them and had its template spoken against the sender, as most do:
 *
 *     c = USUAL_TOLD (1 - share)^seen + 1 - USUAL_TOLD.
 *
 * That takes back what counts say in favour of takeover k, and no more: an evidence e above one becomes max(1, c e). That usual mail is seen is usual, so it is no news by
 * itself. Evidence only becomes smaller, so what is promised of it holds as before.
 */

/* What was seen may have been mail of the cohort before as well: volume is reported later than messages are seen. */
static void
mark(struct unit *u, const struct cohort *c)
{
	for (uint32_t i = 0; i < u->cohort_count; i++) {
		if (detect_cohort(u, i) == c) {
			detect_cohort(u, i)->traits |= COHORT_FOREIGN;
			if (i > 0) {
				detect_cohort(u, i - 1)->traits |= COHORT_NEAR;
			}
		}
	}
}

void
detect_usual_foreign(struct unit *u, int64_t at_ms)
{
	mark(u, detect_cohort_of(u, at_ms));
	if (u->cohort_count > 0) {
		mark(u, detect_cohort_at(u, u->cohort_count - 1U));
	}
}

void
detect_usual_seen(struct unit *u, int64_t at_ms)
{
	struct cohort *c = detect_cohort_of(u, at_ms);

	if (c != NULL && c->seen < UINT8_MAX) {
		c->seen++;
	}
}

bool
detect_usual_follows(const struct unit *u)
{
	return u->cohort_count > 0 &&
	       (detect_cohort_at(u, u->cohort_count - 1U)->traits & COHORT_FOREIGN) != 0;
}

double
detect_usual_nats(const struct cohort *c, uint32_t profile, double nats)
{
	double share = detect_profiles[profile].share, look = (double)c->n.look, left;

	if (nats <= 0 || c->seen == 0 || (c->traits & (COHORT_FOREIGN | COHORT_NEAR)) != 0) {
		return nats;
	}
	share = share < USUAL_SHARE ? share : USUAL_SHARE;
	left = USUAL_TOLD * number_exp(c->seen * number_ln1p(-share)) + 1 - USUAL_TOLD;
	if (look < 1) { /* its new templates have taken back as much already */
		left = left < look ? left / look : 1;
	}
	nats += number_ln(left);
	return nats > 0 ? nats : 0;
}
