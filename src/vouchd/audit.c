#include "vouchd/audit.h"

#include "base/counters.h"
#include "base/number.h"
#include "detect/audit.h"

#define NATS_MAX 40.0

/* Of each kind of unit and voice: A and A*. */
static const enum counter gauges[UNIT_KIND_COUNT][VOICE_COUNT][2] = {
	[UNIT_SOURCE] = { [VOICE_ROBUST] = { COUNTER_LIMIT_SOURCE_ROBUST, COUNTER_CALIBRATED_SOURCE_ROBUST },
			  [VOICE_BAYES] = { COUNTER_LIMIT_SOURCE_BAYES, COUNTER_CALIBRATED_SOURCE_BAYES } },
	[UNIT_SYSTEM] = { [VOICE_ROBUST] = { COUNTER_LIMIT_SYSTEM_ROBUST, COUNTER_CALIBRATED_SYSTEM_ROBUST },
			  [VOICE_BAYES] = { COUNTER_LIMIT_SYSTEM_BAYES, COUNTER_CALIBRATED_SYSTEM_BAYES } },
	[UNIT_MEMBER] = { [VOICE_ROBUST] = { COUNTER_LIMIT_MEMBER_ROBUST, COUNTER_CALIBRATED_MEMBER_ROBUST },
			  [VOICE_BAYES] = { COUNTER_LIMIT_MEMBER_BAYES, COUNTER_CALIBRATED_MEMBER_BAYES } },
};

double
audit_years(double nats)
{
	return number_exp(nats < NATS_MAX ? nats : NATS_MAX);
}

static uint64_t
whole_years(double nats)
{
	return (uint64_t)(audit_years(nats) + 0.5);
}

void
audit_count(const struct fold *f)
{
	for (enum unit_kind kind = 0; kind < UNIT_KIND_COUNT; kind++) {
		for (enum voice v = 0; v < VOICE_COUNT; v++) {
			struct detect_audit a;

			detect_audit(fold_detect(f), kind, v, &a);
			counter_set(gauges[kind][v][0], whole_years(a.limit_nats));
			counter_set(gauges[kind][v][1],
				    a.how == DETECT_AUDIT_SHORT ? 0 : whole_years(a.calibrated_nats));
		}
	}
}
