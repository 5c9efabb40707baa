#include "detect/detect_int.h"

/*
 * What the evidence consists of: counts, expectations and nats since the evidence last stood at zero, the first bad
 * observation of that time and the records that brought the bad news.
 */

void
detect_ledger_clear(struct unit *u)
{
	u->first_bad_ms = 0;
	u->first_bad_seq = 0;
	u->delivered = 0;
	u->report_count = 0;
	for (size_t i = 0; i < ALARM_REPORTS_MAX; i++) {
		u->reports[i] = 0;
	}
	for (int e = 0; e < EVIDENCE_COUNT; e++) {
		u->observed[e] = 0;
		u->n.expected[e] = 0;
		for (int v = 0; v < VOICE_COUNT; v++) {
			u->nats[v][e] = 0;
		}
	}
}

/* Keeps the first half of the records and the latest of the others. */
void
detect_ledger_bad(struct unit *u, int64_t at_ms, uint64_t seq)
{
	if (u->report_count == 0) {
		u->first_bad_ms = at_ms;
		u->first_bad_seq = seq;
	} else if (u->reports[u->report_count - 1] == seq) {
		return;
	}
	if (u->report_count == ALARM_REPORTS_MAX) {
		for (size_t i = ALARM_REPORTS_MAX / 2; i + 1 < ALARM_REPORTS_MAX; i++) {
			u->reports[i] = u->reports[i + 1];
		}
		u->report_count--;
	}
	u->reports[u->report_count++] = seq;
}

double
detect_ledger_nats(const struct unit *u, enum voice voice)
{
	double sum = 0;

	for (int e = 0; e < EVIDENCE_COUNT; e++) {
		sum += (double)u->nats[voice][e];
	}
	return sum;
}

void
detect_ledger_add(struct unit *u, const struct bin *bin, const struct growth *growth)
{
	bool any = false;

	for (int e = 0; e < EVIDENCE_COUNT; e++) {
		uint32_t room = UINT32_MAX - u->observed[e];

		u->observed[e] += bin->count[e] < room ? bin->count[e] : room;
		u->n.expected[e] += (float)(bin->rate[e] * bin->mail[e]);
		for (int v = 0; v < VOICE_COUNT; v++) {
			u->nats[v][e] += (float)growth->nats[v][e];
		}
	}
	for (int v = 0; v < VOICE_COUNT; v++) {
		any = any || detect_ledger_nats(u, (enum voice)v) > 0;
	}
	if (!any) {
		detect_ledger_clear(u);
	}
}

void
detect_ledger_alarm(const struct detect *d, uint32_t id, enum voice voice, int64_t at_ms, struct alarm *alarm)
{
	const struct unit *u = &d->units[id];
	int best = 0;

	for (int k = 1; k < PROFILE_COUNT; k++) {
		if (u->n.m[voice][k] > u->n.m[voice][best]) {
			best = k;
		}
	}
	*alarm = (struct alarm){ .kind = (enum unit_kind)u->kind,
				 .unit = id,
				 .voice = voice,
				 .takeover = detect_profiles[best].takeover,
				 .at = { at_ms },
				 .evidence_nats = number_ln(detect_evidence(u, voice)),
				 .limit_nats = number_ln(d->limit[u->kind][voice]),
				 .first_bad_at = { u->first_bad_ms },
				 .first_bad_seq = u->first_bad_seq,
				 .delivered = u->delivered,
				 .report_count = u->report_count };
	for (int e = 0; e < EVIDENCE_COUNT; e++) {
		alarm->evidence[e] = (struct alarm_evidence){ .observed = u->observed[e],
							      .expected = (double)u->n.expected[e],
							      .nats = (double)u->nats[voice][e] };
	}
	for (uint32_t i = 0; i < u->report_count; i++) {
		alarm->reports[i] = u->reports[i];
	}
}
