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

int
detect_evidence_of(enum signal signal)
{
	return evidence_of[signal] - 1;
}

/* While witnesses speak, a share of the budget is theirs. */
void
detect_limits(struct detect *d)
{
	double scale = d->params.limit_scale > 0 ? d->params.limit_scale : 1;
	double others = detect_witness_speak(d) ? 1 - WITNESS_SHARE : 1;
	double fewer = d->member_count > 0 ? 1 - unit_shares[UNIT_MEMBER] : 1;

	for (int kind = 0; kind < UNIT_KIND_COUNT; kind++) {
		double share = d->params.budget * unit_shares[kind] * (kind == UNIT_MEMBER ? 1 : fewer);

		for (int v = 0; v < VOICE_COUNT; v++) {
			d->limit[kind][v] = scale * 1000 / (share * voice_shares[v]) / others;
		}
		d->witness_limit[kind] = scale * 1000 / (share * WITNESS_SHARE);
	}
}

struct detect *
detect_open(const struct detect_params *params, detect_alarm_fn *alarm, void *context)
{
	struct detect *d = calloc(1, sizeof *d);

	check(d != NULL && alarm != NULL);
	check(params->budget > 0 && params->budget <= 1000 && params->liars <= DETECT_LIARS_MAX);
	check(params->limit_scale >= 0);
	d->params = *params;
	d->alarm = alarm;
	d->context = context;
	d->first_look_ms = NEVER;
	d->known = calloc(KNOWN_NAMES, sizeof *d->known);
	check(d->known != NULL);
	detect_limits(d);
	detect_shape_settle(d);
	return d;
}

void
detect_close(struct detect *d)
{
	if (d != NULL) {
		free(d->units);
		free(d->waiting);
		free(d->due_minute);
		free(d->audit_units);
		free(d->lots);
		free(d->lots_free);
		free(d->novelty);
		free(d->known);
		free(d->clocks);
		detect_witness_close(d);
		free(d);
	}
}

uint32_t
detect_unit_count(const struct detect *d)
{
	return d->unit_count;
}

static void *
grown(void *array, uint32_t size, size_t element)
{
	array = reallocarray(array, size, element);
	check(array != NULL);
	return array;
}

/* Nothing is allocated later than here: whatever comes, a unit may have bad news that waits and a hearing, and a system messages to look at. */
static void
grow(struct detect *d, enum unit_kind kind)
{
	if (d->unit_count == d->unit_size) {
		uint32_t size = d->unit_size == 0 ? 64 : d->unit_size * 2;

		check(size > d->unit_size);
		d->units = grown(d->units, size, sizeof *d->units);
		d->waiting = grown(d->waiting, size, sizeof *d->waiting);
		d->due_minute = grown(d->due_minute, size, sizeof *d->due_minute);
		d->audit_units = grown(d->audit_units, size, sizeof *d->audit_units);
		d->lots = grown(d->lots, size, sizeof *d->lots);
		d->lots_free = grown(d->lots_free, size, sizeof *d->lots_free);
		d->unit_size = size;
		detect_witness_grow(d);
	}
	if (kind == UNIT_SYSTEM && d->system_count++ == d->novelty_size) {
		d->novelty_size = d->novelty_size == 0 ? 16 : d->novelty_size * 2;
		d->novelty = grown(d->novelty, d->novelty_size, sizeof *d->novelty);
	}
}

uint32_t
detect_unit_add(struct detect *d, enum unit_kind kind)
{
	check(kind < UNIT_KIND_COUNT);
	grow(d, kind);
	d->units[d->unit_count] = (struct unit){
		.kind = (uint8_t)kind, .of_bin = { .from_ms = NEVER }, .lots = NO_LOTS, .novelty = NO_NOVELTY
	};
	d->due_minute[d->unit_count] = 0;
	d->audit_units[d->unit_count] = (struct audit_unit){ 0 };
	if (kind == UNIT_MEMBER && d->member_count++ == 0) {
		detect_limits(d);
	}
	return d->unit_count++;
}

/* When the open bin joins the cohorts, by what is in it now. */
static int64_t
due_ms(const struct detect *d, const struct unit *u)
{
	bool waits = detect_pending_waits(u);
	bool news = (u->flags & UNIT_NEWS) != 0 || (u->bin_mail > 0 && waits && !detect_volume_is_late(u));
	double wait = news ? BIN_SOON : (double)u->bin_mail >= BIN_TELLS ? BIN_SHORT : BIN_LONG;
	int64_t due = u->times[BIN_AT] + (int64_t)(wait * MINUTE_MS);

	if (u->bin_mail > 0 || news) {
		return due;
	}
	return waits ? detect_pending_since(d, u) + detect_volume_wait_ms(u) : due;
}

/* Never falls when time goes on, so what is not due by minutes is not due. */
static int32_t
minute_of(int64_t ms)
{
	int64_t minute = ms / 60000 - (ms % 60000 < 0);

	return minute < INT32_MIN ? INT32_MIN : minute > INT32_MAX ? INT32_MAX : (int32_t)minute;
}

void
detect_unit_waits(struct detect *d, uint32_t id)
{
	d->due_minute[id] = minute_of(due_ms(d, &d->units[id]));
}

void
detect_judge(struct detect *d, uint32_t id, int64_t now_ms)
{
	struct unit *u = &d->units[id];
	struct outlook o[COHORTS];
	struct alarm alarm;
	double evidence[VOICE_COUNT];
	bool surprise = false;

	detect_baseline_outlook(d, u, now_ms, o);
	for (uint32_t i = 0; i < u->cohort_count; i++) {
		surprise = surprise || detect_cohort_at(u, i)->n.look > 1 ||
			   detect_story_surprises(detect_cohort_at(u, i), &o[i]);
	}
	if (!surprise) {
		return;
	}
	detect_evidence(u, o, evidence);
	detect_audit_note(d, id, evidence);
	for (int v = 0; v < VOICE_COUNT; v++) {
		if (evidence[v] >= d->limit[u->kind][v]) {
			detect_evidence_alarm(d, id, o, (enum voice)v, now_ms, &alarm);
			detect_evidence_end(u);
			detect_audit_end(d, id);
			d->alarm(d->context, &alarm);
			return;
		}
	}
	if (d->judged != NULL) {
		d->judged(d->context, id);
	}
}

void
detect_watch_judged(struct detect *d, detect_judged_fn *judged)
{
	d->judged = judged;
}

/* The volume of the bin, or what stands in for it when bad news has waited in vain. */
static struct bin
take_volume(const struct detect *d, struct unit *u, int64_t end_ms)
{
	int64_t since_ms = detect_pending_since(d, u);
	struct bin bin = { .start_ms = u->times[BIN_AT], .end_ms = end_ms, .mail = (double)u->bin_mail };

	bin.covered_ms = bin.start_ms;
	if (u->bin_mail > 0) {
		int64_t last_ms =
		    u->times[BIN_VOLUME_END] + (int64_t)((double)u->n.gap_hours * HOUR_MS + 0.5);

		bin.start_ms = u->times[BIN_VOLUME];
		bin.covered_ms = last_ms > bin.start_ms ? last_ms : bin.start_ms;
		bin.sure_ms = detect_volume_is_late(u) ? u->times[BIN_VOLUME_END] + 1 : bin.covered_ms;
		u->times[JOINED] = u->times[BIN_VOLUME_END];
	} else if (since_ms != NEVER && end_ms - since_ms >= detect_volume_wait_ms(u)) {
		bin.start_ms = since_ms;
		bin.covered_ms = bin.sure_ms = end_ms;
		bin.stand_in = detect_volume_presumed(u, end_ms);
	}
	return bin;
}

static void
close_bin(struct detect *d, uint32_t id, int64_t end_ms)
{
	struct unit *u = &d->units[id];
	struct bin bin = take_volume(d, u, end_ms);
	bool news = (u->flags & UNIT_NEWS) != 0;
	double spread;

	if (bin.mail > 0 || bin.stand_in > 0) {
		detect_pending_take(d, u, bin.start_ms, bin.sure_ms, bin.counts);
		bin.stretch_count = detect_pending_take_stretches(d, u, bin.sure_ms, bin.stretches);
		detect_cohort_join(d, u, &bin);
		for (uint32_t kind = 0; kind < PENDING_KINDS; kind++) {
			news = news || bin.counts[kind] > 0;
		}
		spread = bin.counts[PENDING_SPREAD];
		for (uint32_t i = 0; i < bin.stretch_count; i++) {
			spread += bin.stretches[i].counts[PENDING_SPREAD];
			news = true;
		}
		if (spread > 0) {
			detect_cohort_spread(d, u, spread, end_ms);
		}
	}
	detect_volume_learn(u, &bin);
	u->times[STEP] = end_ms;
	u->bin_mail = 0;
	u->flags &= (uint8_t) ~(UNIT_OPEN | UNIT_NEWS);
	if (news) {
		detect_judge(d, id, end_ms);
	} else if (detect_audit_waits(d, id)) {
		detect_audit_look(d, id, end_ms);
	}
	detect_witness_told(d, id);
}

/* The bin ends when it is due or now, but not before what is in it, nor before the last one: very late news is due at once. */
static bool
close_if_due(struct detect *d, uint32_t id, int64_t now_ms)
{
	const struct unit *u = &d->units[id];
	int64_t due = due_ms(d, u), end = due;

	if (now_ms < due) {
		return false;
	}
	end = end > u->times[LAST] ? end : u->times[LAST];
	close_bin(d, id, end > u->times[STEP] ? end : u->times[STEP]);
	return true;
}

static void
start_unit(struct unit *u, int64_t at_ms)
{
	u->flags |= UNIT_STARTED;
	u->times[LAST] = u->times[STEP] = u->times[CREDIT] = u->times[RETIRED] = at_ms;
	u->times[VOLUME] = u->times[JOINED] = u->times[THREAT] = NEVER;
}

struct unit *
detect_unit_at(struct detect *d, uint32_t unit, int64_t at_ms)
{
	struct unit *u = &d->units[unit];

	d->now_ms = at_ms > d->now_ms ? at_ms : d->now_ms;
	if ((u->flags & UNIT_STARTED) == 0) {
		start_unit(u, at_ms);
	}
	return u;
}

/* Volume of a time that has joined the cohorts already takes the place of what was presumed. */
static void
add_volume(struct detect *d, struct unit *u, const struct detect_fact *f)
{
	int64_t at_ms = f->at.ms;
	struct cohort *c = at_ms <= u->times[JOINED] ? detect_cohort_of(u, at_ms) : NULL;

	detect_volume_heard(u, at_ms);
	detect_witness_mail(d, u, f->count);
	if (c == NULL) {
		if (u->bin_mail == 0) {
			u->times[BIN_VOLUME] = u->times[BIN_VOLUME_END] = at_ms;
		}
		u->times[BIN_VOLUME] = at_ms < u->times[BIN_VOLUME] ? at_ms : u->times[BIN_VOLUME];
		u->times[BIN_VOLUME_END] =
		    at_ms > u->times[BIN_VOLUME_END] ? at_ms : u->times[BIN_VOLUME_END];
		u->bin_mail += f->count;
		return;
	}
	c->n.mail = (float)((double)c->n.mail + f->count);
	u->n.stand_in = (float)((double)u->n.stand_in > f->count ? (double)u->n.stand_in - f->count : 0);
}

/* The first half of the records and the latest of the others are kept. */
void
detect_unit_report(struct unit *u, uint64_t seq)
{
	if (u->report_count > 0 && u->reports[u->report_count - 1] == seq) {
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

static uint32_t
sum_u32(uint32_t a, uint32_t b)
{
	return b < UINT32_MAX - a ? a + b : UINT32_MAX;
}

static void
add_bad_news(struct detect *d, struct unit *u, enum evidence e, const struct detect_fact *f)
{
	bool known = f->mailed.ms != DETECT_MAILED_UNKNOWN;
	int64_t mailed_ms = (known ? f->mailed.ms : f->at.ms) + detect_clock_ms(d, f->feed);
	struct cohort *c = NULL;

	detect_unit_report(u, f->seq);
	if (!known && e == EVIDENCE_COMPLAINT) {
		detect_pending_add(d, u, PENDING_SPREAD, f->count, mailed_ms);
		return;
	}
	if (mailed_ms >= detect_cohort_covered_ms(u) ||
	    (u->bin_mail > 0 && mailed_ms >= u->times[BIN_VOLUME])) {
		detect_pending_add(d, u, e, f->count, mailed_ms);
		u->pending_seq = u->pending_seq == 0 ? f->seq : u->pending_seq;
		return;
	}
	c = detect_cohort_of(u, mailed_ms);
	if (c == NULL) {
		u->left_out = sum_u32(u->left_out, 1);
		return;
	}
	if (e == EVIDENCE_COMPLAINT) {
		detect_cohort_complaints(d, u, f->count, mailed_ms, u->times[LAST]);
	} else {
		c->n.events[e] = (float)((double)c->n.events[e] + f->count);
	}
	if (c->first_bad_seq == 0) {
		c->first_bad_seq = f->seq;
		c->n.first_bad_hour = (float)((double)(mailed_ms - c->start_ms) / HOUR_MS);
	}
	u->flags |= UNIT_NEWS;
}

void
detect_observe(struct detect *d, uint32_t unit, const struct detect_fact *f)
{
	struct unit *u;

	check(unit < d->unit_count && f->signal < SIGNAL_COUNT && f->count > 0);
	if (f->signal != SIGNAL_DELIVERED && evidence_of[f->signal] == 0) {
		return;
	}
	u = detect_unit_at(d, unit, f->at.ms);
	if ((double)(u->times[LAST] - f->at.ms) > LATE_MAX * HOUR_MS) {
		u->left_out = sum_u32(u->left_out, 1);
		return;
	}
	if ((u->flags & UNIT_OPEN) == 0) {
		d->waiting[d->waiting_count++] = unit;
	} else if (f->at.ms > u->times[LAST] &&
		   f->at.ms - u->times[BIN_AT] > (int64_t)(BIN_LONG * MINUTE_MS)) {
		/* a history, with few ticks; the parts of a batch stay together */
		(void)close_if_due(d, unit, f->at.ms);
	}
	if ((u->flags & UNIT_OPEN) == 0) {
		u->flags |= UNIT_OPEN;
		u->times[BIN_AT] = f->at.ms > u->times[STEP] ? f->at.ms : u->times[STEP];
	}
	u->times[LAST] = f->at.ms > u->times[LAST] ? f->at.ms : u->times[LAST];
	if (f->signal == SIGNAL_DELIVERED) {
		add_volume(d, u, f);
	} else {
		add_bad_news(d, u, (enum evidence)(evidence_of[f->signal] - 1), f);
		if (f->mailed.ms != DETECT_MAILED_UNKNOWN && f->signal != SIGNAL_UNKNOWN_USER) {
			detect_clock_hear(d, f->feed, unit, f->mailed.ms);
		}
	}
	detect_unit_waits(d, unit);
}

void
detect_tick(struct detect *d, struct instant now)
{
	int32_t minute = minute_of(now.ms);
	uint32_t kept = 0;

	if (d->unit_count == 0) {
		return;
	}
	d->now_ms = now.ms > d->now_ms ? now.ms : d->now_ms;
	for (uint32_t i = 0; i < d->waiting_count; i++) {
		uint32_t id = d->waiting[i];

		if (minute < d->due_minute[id] || !close_if_due(d, id, now.ms)) {
			d->waiting[kept++] = id;
		}
	}
	d->waiting_count = kept;
	detect_witness_tick(d, now.ms);
}

bool
detect_waits(const struct detect *d)
{
	return d->waiting_count > 0 || detect_witness_wait(d);
}

void
detect_unit_view(const struct detect *d, uint32_t unit, struct detect_view *view)
{
	const struct unit *u;
	enum stream stream = STREAM_TRICKLE;
	struct outlook o[COHORTS];
	double evidence[VOICE_COUNT];

	check(unit < d->unit_count);
	u = &d->units[unit];
	*view = (struct detect_view){ .left_out = u->left_out,
				      .threat = 1,
				      .threat_until = { u->times[THREAT] } };
	if (d->now_ms < u->times[THREAT]) {
		view->threat = (double)u->n.threat;
	}
	detect_baseline_outlook(d, u, u->times[LAST], o);
	detect_evidence(u, o, evidence);
	for (int v = 0; v < VOICE_COUNT; v++) {
		view->evidence_nats[v] = number_ln(evidence[v] > 1e-30 ? evidence[v] : 1e-30);
		view->limit_nats[v] = number_ln(d->limit[u->kind][v]);
	}
	view->witness_nats = number_ln(detect_witness_evidence(d, unit) + 1e-30);
	view->witness_limit_nats = number_ln(d->witness_limit[u->kind]);
	if (u->cohort_count > 0) {
		stream = (enum stream)detect_cohort_at(u, u->cohort_count - 1U)->stream;
	}
	for (int e = 0; e < EVIDENCE_COUNT; e++) {
		view->rate[e] = detect_baseline_rate(d, u, stream, (enum evidence)e);
	}
	if (u->n.volume_hours > 0) {
		view->volume_per_day = 24 * (double)u->n.volume / (double)u->n.volume_hours;
	}
}

double
detect_mail_since(const struct detect *d, uint32_t unit, struct instant since)
{
	const struct unit *u = &d->units[unit];
	double mail = (double)u->bin_mail;

	check(unit < d->unit_count);
	for (uint32_t i = 0; i < u->cohort_count; i++) {
		const struct cohort *c = detect_cohort_at(u, i);

		mail += c->start_ms >= since.ms ? (double)c->n.mail : 0;
	}
	return mail;
}
