#include "detect/detect_int.h"

/*
 * Threat: a takeover of some units is likelier than of others, because their people were phished, a sibling fell, or they are on probation. It may
 * move nothing but the start weight, and only between units: each gives a share of its time to a common bank, and who is under threat
 * gets up to `factor` times its own time from there, as long as there is any. So all weights together never exceed the time, the
 * expected number of false suspensions stays within the budget, and evidence is what it always is. What was given to a cohort before is not
 * changed: then its news would be known already.
 */

/* What the bank holds at most: a long calm must not pay for a week in which everybody is suspected. */
static double
bank_most(const struct detect *d)
{
	return d->unit_count * THREAT_SHARE * THREAT_SAVED * 24 * HOUR_MS / YEAR_MS;
}

static double
from_bank(struct detect *d, double years)
{
	double given = years < d->threat_bank ? years : d->threat_bank;

	d->threat_bank -= given;
	return given;
}

/* Of `years` up to now, which are the unit's, those that count as start weight. */
double
detect_threat_years(struct detect *d, const struct unit *u, double years, int64_t now_ms)
{
	double saved = years * THREAT_SHARE, most = bank_most(d), own = years - saved;

	d->threat_bank = d->threat_bank + saved < most ? d->threat_bank + saved : most;
	return now_ms < u->times[THREAT] ? own + from_bank(d, ((double)u->n.threat - 1) * own) : own;
}

void
detect_threaten(struct detect *d, uint32_t unit, double factor, struct instant now, struct instant until)
{
	struct unit *u;
	double before;

	check(unit < d->unit_count && factor >= 1 && factor <= DETECT_THREAT_MAX && until.ms > NEVER);
	u = detect_unit_at(d, unit, now.ms);
	before = now.ms < u->times[THREAT] ? (double)u->n.threat : 1;
	if (factor < before) {
		return;
	}
	u->n.bank += (float)from_bank(d, (factor / before - 1) *
					     (double)u->n.bank); /* the time that waits for the next burst */
	u->times[THREAT] =
	    before > 1 && factor <= before && u->times[THREAT] > until.ms ? u->times[THREAT] : until.ms;
	u->n.threat = (float)factor;
}

/* Who had the template that the unit was suspected for; a filter's mistake threatens one more, and costs the bank. */
void
detect_threaten_linked(struct detect *d, uint32_t unit, double factor, struct instant now,
		       struct instant until)
{
	uint64_t name;

	check(unit < d->unit_count);
	name = d->units[unit].told;
	for (uint32_t i = 0; i < d->unit_count && name != 0; i++) {
		const struct unit *u = &d->units[i];

		if (i != unit && u->kind == UNIT_SYSTEM &&
		    detect_novelty_seen(detect_novelty_at(d, u), name)) {
			detect_threaten(d, i, factor, now, until);
		}
	}
}
