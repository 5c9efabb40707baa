#include "detect/detect_int.h"

/*
 * When did the takeover begin? The evidence is a sum over its possible beginnings, each a start weight times the likelihood ratio of
 * all that came after it: divided by the whole it is the posterior of the beginning, if the limit is taken at its word. The cohort
 * with the largest part is the estimate; the 5 and the 95 % of the sum bound it.
 * Source: A. N. Shiryaev, Theory Probab. Appl. 8 (1963) 22-46, for the sum over all beginnings.
 */
#define TAIL 0.05

/* The end of a cohort: of what has been reported. */
static int64_t
end_of(const struct cohort *c, int64_t at_ms)
{
	int64_t end_ms = c->start_ms + (int64_t)c->length_ms;

	return end_ms < at_ms ? end_ms : at_ms;
}

void
detect_onset(const struct unit *u, const struct outlook o[COHORTS], struct alarm *alarm)
{
	double part[COHORTS], old = detect_evidence_begun(u, o, alarm->voice, COHORTS), all = old, sum = old;
	double most = old;
	int64_t at_ms = alarm->at.ms, from_ms = u->times[RETIRED], best_ms = from_ms, to_ms = at_ms;
	bool has_from, has_to = false;

	for (uint32_t i = 0; i < u->cohort_count; i++) {
		part[i] = detect_evidence_begun(u, o, alarm->voice, i);
		all += part[i];
	}
	has_from = old > TAIL * all;
	for (uint32_t i = 0; i < u->cohort_count; i++) {
		const struct cohort *c = detect_cohort_at(u, i);

		sum += part[i];
		if (!has_from && sum > TAIL * all) {
			has_from = true;
			from_ms = c->start_ms;
		}
		if (part[i] > most) {
			most = part[i];
			best_ms = c->start_ms;
		}
		if (!has_to && sum >= (1 - TAIL) * all) {
			has_to = true;
			to_ms = end_of(c, at_ms);
		}
	}
	alarm->began_from.ms = from_ms < at_ms ? from_ms : at_ms;
	alarm->began_to.ms = to_ms > alarm->began_from.ms ? to_ms : alarm->began_from.ms;
	alarm->began.ms = best_ms < alarm->began_from.ms ? alarm->began_from.ms
			  : best_ms > alarm->began_to.ms ? alarm->began_to.ms
							 : best_ms;
}
