#include "detect/detect_int.h"

#include <stdlib.h>

static const double unit_shares[] = {
#define UNIT(id, name, share, meaning) share,
#include "model/units.def"
#undef UNIT
};
static const double voice_shares[] = {
#define VOICE(id, name, share, meaning) share,
#include "model/voices.def"
#undef VOICE
};

/* One more than the kind of evidence that a signal counts as; 0: none. */
static const uint8_t evidence_of[SIGNAL_COUNT] = {
	[SIGNAL_COMPLAINT] = EVIDENCE_COMPLAINT + 1, [SIGNAL_UNKNOWN_USER] = EVIDENCE_UNKNOWN_USER + 1,
	[SIGNAL_TRAP_PRISTINE] = EVIDENCE_TRAP + 1,  [SIGNAL_TRAP_RECYCLED] = EVIDENCE_TRAP + 1,
	[SIGNAL_TRAP_TYPO] = EVIDENCE_TRAP_TYPO + 1,
};

struct detect *
detect_open(const struct detect_params *params, detect_alarm_fn *alarm, void *context)
{
	struct detect *d = calloc(1, sizeof *d);

	check(d != NULL && alarm != NULL);
	check(params->budget > 0 && params->budget <= 1000);
	d->alarm = alarm;
	d->context = context;
	for (int kind = 0; kind < UNIT_KIND_COUNT; kind++) {
		for (int v = 0; v < VOICE_COUNT; v++) {
			d->limit[kind][v] = 1000 / (params->budget * unit_shares[kind] * voice_shares[v]);
		}
	}
	return d;
}

void
detect_close(struct detect *d)
{
	if (d != NULL) {
		free(d->units);
		free(d->waiting);
		free(d);
	}
}

uint32_t
detect_unit_count(const struct detect *d)
{
	return d->unit_count;
}

uint32_t
detect_unit_add(struct detect *d, enum unit_kind kind)
{
	struct unit *u;

	check(kind < UNIT_KIND_COUNT);
	if (d->unit_count == d->unit_size) {
		uint32_t size = d->unit_size == 0 ? 64 : d->unit_size * 2;

		check(size > d->unit_size);
		d->units = reallocarray(d->units, size, sizeof *d->units);
		d->waiting = reallocarray(d->waiting, size, sizeof *d->waiting);
		check(d->units != NULL && d->waiting != NULL);
		d->unit_size = size;
	}
	u = &d->units[d->unit_count];
	*u = (struct unit){ .kind = (uint8_t)kind };
	return d->unit_count++;
}

static bool
has_bad_news(const struct unit *u)
{
	for (int e = 0; e < EVIDENCE_COUNT; e++) {
		if (u->bin_count[e] > 0) {
			return true;
		}
	}
	return false;
}

/* So much bad news that it is not worth waiting, not even for the volume: what volume may come is taken into account. */
static bool
is_surprising(const struct detect *d, const struct unit *u)
{
	double mail = -1;

	for (int e = 0; e < EVIDENCE_COUNT; e++) {
		if (u->bin_count[e] >= SURPRISE_COUNT) {
			if (mail < 0) {
				mail = detect_exposure_most(u);
			}
			if (u->bin_count[e] >
			    SURPRISE_FACTOR * mail * detect_baseline_rate(d, u, (enum evidence)e)) {
				return true;
			}
		}
	}
	return false;
}

/* When the open bin is weighed, by what is in it now. */
static int64_t
due_ms(const struct detect *d, const struct unit *u)
{
	bool bad = has_bad_news(u);
	double wait = (bad || (double)u->bin_volume >= BIN_TELLS ? BIN_SHORT : BIN_LONG) * MINUTE_MS;

	if (bad && (u->flags & UNIT_HEARD) == 0) {
		double volume_wait = detect_exposure_wait_ms(u);

		wait = volume_wait > wait ? volume_wait : wait;
	}
	if (bad && is_surprising(d, u)) {
		wait = BIN_SOON * MINUTE_MS;
	}
	return u->bin_ms + (int64_t)wait;
}

/* An alarm ends both voices' evidence: it is one suspension. */
static void
raise_alarm(struct detect *d, uint32_t id, int64_t at_ms)
{
	struct unit *u = &d->units[id];
	struct alarm alarm;

	for (int v = 0; v < VOICE_COUNT; v++) {
		if (detect_evidence(u, (enum voice)v) >= d->limit[u->kind][v]) {
			detect_ledger_alarm(d, id, (enum voice)v, at_ms, &alarm);
			for (int all = 0; all < VOICE_COUNT; all++) {
				for (int k = 0; k < PROFILE_COUNT; k++) {
					u->n.m[all][k] = 0;
				}
			}
			detect_ledger_clear(u);
			u->day_ms = at_ms; /* a whole quarantine for the verdict */
			d->alarm(d->context, &alarm);
			return;
		}
	}
}

static void
close_bin(struct detect *d, uint32_t id, int64_t end_ms)
{
	struct unit *u = &d->units[id];
	struct growth growth;
	struct bin bin = { .end_ms = end_ms,
			   .hours = (double)(end_ms - u->bin_ms) / HOUR_MS,
			   .since = (double)(end_ms - u->step_ms) / HOUR_MS,
			   .volume = (double)u->bin_volume };

	for (int e = 0; e < EVIDENCE_COUNT; e++) {
		bin.count[e] = u->bin_count[e];
	}
	detect_exposure_fill(u, &bin);
	detect_baseline_block(d, u, &bin);
	for (int e = 0; e < EVIDENCE_COUNT; e++) {
		bin.rate[e] = detect_baseline_rate(d, u, (enum evidence)e);
	}
	detect_weigh(u, &bin, &growth);
	detect_ledger_add(u, &bin, &growth);
	detect_baseline_count(u, &bin);
	u->step_ms = end_ms;
	u->bin_volume = 0;
	for (int e = 0; e < EVIDENCE_COUNT; e++) {
		u->bin_count[e] = 0;
	}
	u->flags &= (uint8_t) ~(UNIT_OPEN | UNIT_HEARD | UNIT_SILENCE);
	raise_alarm(d, id, end_ms);
}

/* Weighs the bin if it is due at `now`; it ends then or when it was due, but not before what is in it. */
static bool
close_if_due(struct detect *d, uint32_t id, int64_t now_ms)
{
	const struct unit *u = &d->units[id];
	int64_t due;

	if (now_ms < u->bin_ms + (int64_t)(BIN_SOON * MINUTE_MS)) {
		return false;
	}
	due = due_ms(d, u);
	if (now_ms < due) {
		return false;
	}
	close_bin(d, id, due > u->last_ms ? due : u->last_ms);
	return true;
}

static void
start_unit(struct unit *u, int64_t at_ms)
{
	u->flags |= UNIT_STARTED;
	u->last_ms = u->step_ms = u->credited_ms = u->block_ms = u->complaint_block_ms = u->day_ms = at_ms;
	u->volume_ms = INT64_MIN;
	u->n.bad_list = (float)BAD_LIST_PRIOR;
	for (int e = 0; e < EVIDENCE_COUNT; e++) {
		u->n.old_weight[e] = 0.5F;
	}
}

static void
add_volume(struct unit *u, uint32_t count, int64_t at_ms)
{
	if (has_bad_news(u)) {
		u->flags |= UNIT_HEARD;
	}
	detect_exposure_heard(u, at_ms);
	u->bin_volume += count;
	u->delivered += u->report_count > 0 ? count : 0;
}

static void
add_bad_news(struct unit *u, enum evidence e, uint32_t count, int64_t at_ms, uint64_t seq)
{
	uint32_t room = UINT32_MAX - u->bin_count[e];

	if (u->volume_ms >= at_ms) {
		u->flags |= UNIT_HEARD;
	}
	u->bin_count[e] += count < room ? count : room;
	detect_ledger_bad(u, at_ms, seq);
}

void
detect_observe(struct detect *d, uint32_t unit, enum signal signal, uint32_t count, struct instant at,
	       uint64_t seq)
{
	struct unit *u;

	check(unit < d->unit_count && signal < SIGNAL_COUNT && count > 0);
	if (signal != SIGNAL_DELIVERED && evidence_of[signal] == 0) {
		return;
	}
	u = &d->units[unit];
	if ((u->flags & UNIT_STARTED) == 0) {
		start_unit(u, at.ms);
	}
	if ((double)(u->last_ms - at.ms) > LATE_MAX * HOUR_MS) {
		u->left_out++;
		return;
	}
	if ((u->flags & UNIT_OPEN) == 0) {
		d->waiting[d->waiting_count++] = unit;
	} else if (at.ms > u->last_ms) {
		(void)close_if_due(d, unit, at.ms);
	}
	if ((u->flags & UNIT_OPEN) == 0) {
		u->flags |= UNIT_OPEN;
		u->bin_ms = at.ms > u->step_ms ? at.ms : u->step_ms;
	}
	u->last_ms = at.ms > u->last_ms ? at.ms : u->last_ms;
	if (signal == SIGNAL_DELIVERED) {
		add_volume(u, count, at.ms);
	} else {
		add_bad_news(u, (enum evidence)(evidence_of[signal] - 1), count, at.ms, seq);
	}
}

void
detect_tick(struct detect *d, struct instant now)
{
	uint32_t kept = 0;

	for (uint32_t i = 0; i < d->waiting_count; i++) {
		uint32_t id = d->waiting[i];

		if (!close_if_due(d, id, now.ms)) {
			d->waiting[kept++] = id;
		}
	}
	d->waiting_count = kept;
}

bool
detect_waits(const struct detect *d)
{
	return d->waiting_count > 0;
}

void
detect_unit_view(const struct detect *d, uint32_t unit, struct detect_view *view)
{
	const struct unit *u;

	check(unit < d->unit_count);
	u = &d->units[unit];
	*view = (struct detect_view){ .delivered = u->delivered, .left_out = u->left_out };
	for (int v = 0; v < VOICE_COUNT; v++) {
		double evidence = detect_evidence(u, (enum voice)v);

		view->evidence_nats[v] = number_ln(evidence > EVIDENCE_LEAST ? evidence : EVIDENCE_LEAST);
		view->limit_nats[v] = number_ln(d->limit[u->kind][v]);
	}
	for (int e = 0; e < EVIDENCE_COUNT; e++) {
		view->rate[e] = detect_baseline_rate(d, u, (enum evidence)e);
		view->evidence[e] = (struct alarm_evidence){ .observed = u->observed[e],
							     .expected = (double)u->n.expected[e],
							     .nats = (double)u->nats[VOICE_BAYES][e] };
	}
	if (u->n.volume_hours > 0) {
		view->volume_per_day = 24 * (double)u->n.volume / (double)u->n.volume_hours;
	}
}
