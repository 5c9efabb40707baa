#include "detect/detect_int.h"

#include <string.h>

/*
 * The whole state, field by field. Floats are written as their bits in a varint: most are zero in a large fleet, and a
 * zero takes one byte. What detect_load accepts, the room can go on with: no number is infinite or negative.
 */
#define VERSION  18
#define TIME_MAX ((int64_t)1 << 53)

#define FLEET_SUMS (STREAM_COUNT * EVIDENCE_COUNT)

_Static_assert(sizeof(struct unit_numbers) % sizeof(float) == 0, "only floats");
_Static_assert(sizeof(struct cohort_numbers) % sizeof(float) == 0, "only floats");
_Static_assert(sizeof(struct unit) <= 744 && sizeof(struct lots) <= 120 && sizeof(struct novelty) <= 152,
	       "the header promises it");

void
detect_put_floats(struct buffer *b, const void *floats, size_t bytes)
{
	for (size_t at = 0; at < bytes; at += sizeof(float)) {
		uint32_t bits;

		memcpy(&bits, (const char *)floats + at, sizeof bits);
		wire_put_u64(b, bits);
	}
}

void
detect_get_floats(struct wire *w, void *floats, size_t bytes)
{
	for (size_t at = 0; at < bytes; at += sizeof(float)) {
		uint64_t wide = wire_u64(w);
		uint32_t bits = (uint32_t)wide;
		bool finite = (bits & 0x7f800000U) != 0x7f800000U;

		if (wide > UINT32_MAX || !finite || bits >> 31 != 0) {
			w->bad = true;
			return;
		}
		memcpy((char *)floats + at, &bits, sizeof bits);
	}
}

static void
put_cohort(struct buffer *b, const struct cohort *c)
{
	wire_put_i64(b, c->start_ms);
	wire_put_u64(b, c->length_ms);
	wire_put_u64(b, c->first_bad_seq);
	wire_put_u8(b, c->stream);
	wire_put_u8(b, c->seen);
	wire_put_u64(b, c->traits);
	detect_put_floats(b, &c->n, sizeof c->n);
}

static void
get_cohort(struct wire *w, struct cohort *c)
{
	c->start_ms = wire_i64(w);
	c->length_ms = wire_u32(w);
	c->first_bad_seq = wire_u64(w);
	c->stream = wire_u8(w);
	c->seen = wire_u8(w);
	c->traits = (uint16_t)wire_up_to(w, UINT16_MAX);
	detect_get_floats(w, &c->n, sizeof c->n);
	w->bad = w->bad || c->stream >= STREAM_COUNT || c->start_ms <= -TIME_MAX || c->start_ms >= TIME_MAX;
}

static void
put_lots(struct buffer *b, const struct detect *d, const struct unit *u)
{
	uint8_t count = detect_pending_waits(u) ? LOTS : 0;

	wire_put_u8(b, count);
	for (uint32_t i = 0; i < count; i++) {
		struct lot lot = detect_pending_get(d, u, i);

		wire_put_i64(b, lot.from_ms);
		wire_put_u64(b, lot.length_ms);
		for (uint32_t kind = 0; kind < PENDING_KINDS; kind++) {
			wire_put_u64(b, lot.counts[kind]);
		}
	}
}

/* An empty lot has no counts. */
static void
get_lots(struct wire *w, struct detect *d, struct unit *u)
{
	uint32_t count = (uint32_t)wire_up_to(w, LOTS);

	w->bad = w->bad || (count != 0 && count != LOTS);
	for (uint32_t i = 0; i < count && !w->bad; i++) {
		struct lot lot = { .from_ms = detect_get_time(w) };
		bool is_empty = lot.from_ms == NEVER;

		lot.length_ms = (uint32_t)wire_up_to(w, is_empty ? 0 : UINT32_MAX);
		for (uint32_t kind = 0; kind < PENDING_KINDS; kind++) {
			lot.counts[kind] = (uint16_t)wire_up_to(w, is_empty ? 0 : UINT16_MAX);
		}
		detect_pending_put(d, u, i, lot);
	}
}

static void
put_suspect(struct buffer *b, const struct suspect *s)
{
	wire_put_u64(b, s->cluster);
	for (int i = 0; i < 2; i++) {
		wire_put_u64(b, s->samples[i]);
		wire_put_u64(b, s->complaints[i]);
	}
}

static void
get_suspect(struct wire *w, struct suspect *s)
{
	s->cluster = wire_u32(w);
	for (int i = 0; i < 2; i++) {
		s->samples[i] = (uint16_t)wire_up_to(w, UINT16_MAX);
		s->complaints[i] = (uint16_t)wire_up_to(w, UINT16_MAX);
	}
}

static void
put_unit(struct buffer *b, const struct detect *d, const struct unit *u)
{
	wire_put_u8(b, u->kind);
	wire_put_u8(b, u->flags);
	for (size_t i = 0; i < countof(u->times); i++) {
		wire_put_i64(b, u->times[i]);
	}
	wire_put_u64(b, u->pending_seq);
	wire_put_u64(b, u->told);
	wire_put_u64(b, u->bin_mail);
	wire_put_u64(b, u->left_out);
	wire_put_u64(b, u->gap_longer);
	put_lots(b, d, u);
	wire_put_u64(b, u->report_count);
	for (size_t i = 0; i < u->report_count; i++) {
		wire_put_u64(b, u->reports[i]);
	}
	put_suspect(b, &u->suspect);
	detect_put_floats(b, &u->n, sizeof u->n);
	wire_put_u64(b, u->cohort_count);
	for (uint32_t i = 0; i < u->cohort_count; i++) {
		put_cohort(b, detect_cohort_at(u, i));
	}
}

static void
get_unit(struct wire *w, struct detect *d, struct unit *u)
{
	u->flags = wire_u8(w);
	for (size_t i = 0; i < countof(u->times); i++) {
		u->times[i] = wire_i64(w);
		w->bad = w->bad || u->times[i] < -TIME_MAX || u->times[i] > TIME_MAX;
	}
	u->pending_seq = wire_u64(w);
	u->told = wire_u64(w);
	u->bin_mail = wire_u64(w);
	u->left_out = wire_u32(w);
	u->gap_longer = (uint8_t)wire_up_to(w, VOLUME_GAPS_LONGER);
	get_lots(w, d, u);
	u->report_count = (uint8_t)wire_up_to(w, ALARM_REPORTS_MAX);
	for (size_t i = 0; i < u->report_count; i++) {
		u->reports[i] = wire_u64(w);
	}
	get_suspect(w, &u->suspect);
	detect_get_floats(w, &u->n, sizeof u->n);
	w->bad = w->bad || u->n.bad_list > 1 || u->n.threat > DETECT_THREAT_MAX;
	u->cohort_count = (uint8_t)wire_up_to(w, COHORTS);
	for (uint32_t i = 0; i < u->cohort_count && !w->bad; i++) {
		get_cohort(w, &u->ring[i]);
	}
	w->bad = w->bad || (u->flags >> 4) != 0;
}

static void
put_fleet(struct buffer *b, const double *sums, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		wire_put_f64(b, sums[i]);
	}
}

/* What the fleet shows: finite, never below zero. */
static void
get_fleet(struct wire *w, double *sums, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		sums[i] = wire_f64(w);
		if (!(sums[i] >= 0 && sums[i] < 1e300)) {
			w->bad = true;
			sums[i] = 0;
		}
	}
}

static void
put_novelty(struct buffer *b, const struct novelty *n)
{
	for (uint32_t i = 0; i < 2 * FILTER_WORDS; i++) {
		wire_put_u64(b, n->filter[i / FILTER_WORDS][i % FILTER_WORDS]);
	}
	wire_put_i64(b, n->first_ms);
	wire_put_i64(b, n->turned_ms);
	wire_put_u64(b, n->templates);
}

int64_t
detect_get_time(struct wire *w)
{
	int64_t ms = wire_i64(w);

	w->bad = w->bad || ms < -TIME_MAX || ms > TIME_MAX;
	return w->bad ? NEVER : ms;
}

/* One that was never told of a template is empty. */
static void
get_novelty(struct wire *w, struct detect *d, struct unit *system)
{
	struct novelty n;
	uint64_t any = 0;

	for (uint32_t i = 0; i < 2 * FILTER_WORDS; i++) {
		n.filter[i / FILTER_WORDS][i % FILTER_WORDS] = wire_u64(w);
		any |= n.filter[i / FILTER_WORDS][i % FILTER_WORDS];
	}
	n.first_ms = detect_get_time(w);
	n.turned_ms = detect_get_time(w);
	n.templates = wire_u32(w);
	if (n.first_ms != NEVER && !w->bad) {
		*detect_novelty_of(d, system) = n;
	} else {
		w->bad = w->bad || any != 0 || n.turned_ms != NEVER || n.templates != 0;
	}
}

/* Of the table of names only what stands in it, each with the distance to the one before. */
static void
put_content(struct buffer *b, const struct detect *d)
{
	uint32_t count = 0, before = 0;

	wire_put_i64(b, d->first_look_ms);
	for (int i = 0; i < 2; i++) {
		put_fleet(b, d->taught[i].seen, TRAIT_COUNT);
		put_fleet(b, d->taught[i].shown, TRAIT_COUNT);
	}
	for (uint32_t i = 0; i < KNOWN_NAMES; i++) {
		count += d->known[i].name != 0;
	}
	wire_put_u64(b, count);
	for (uint32_t i = 0; i < KNOWN_NAMES; i++) {
		if (d->known[i].name != 0) {
			wire_put_u64(b, i - before);
			wire_put_u64(b, d->known[i].name);
			wire_put_u64(b, d->known[i].first_hour);
			wire_put_u64(b, d->known[i].last_hour);
			wire_put_u64(b, d->known[i].member);
			before = i;
		}
	}
}

static void
get_content(struct detect *d, struct wire *w)
{
	uint32_t count, at = 0;

	d->first_look_ms = detect_get_time(w);
	for (int i = 0; i < 2; i++) {
		get_fleet(w, d->taught[i].seen, TRAIT_COUNT);
		get_fleet(w, d->taught[i].shown, TRAIT_COUNT);
	}
	count = (uint32_t)wire_up_to(w, KNOWN_NAMES);
	for (uint32_t i = 0; i < count && !w->bad; i++) {
		uint32_t step = (uint32_t)wire_up_to(w, KNOWN_NAMES - 1);

		w->bad = w->bad || step >= KNOWN_NAMES - at || (i > 0 && step == 0);
		if (w->bad) {
			return;
		}
		at += step;
		d->known[at].name = wire_u64(w);
		d->known[at].first_hour = wire_u32(w);
		d->known[at].last_hour = wire_u32(w);
		d->known[at].member = wire_u32(w);
		w->bad = w->bad || d->known[at].name == 0;
	}
}

void
detect_save(const struct detect *d, struct buffer *b)
{
	wire_put_u8(b, VERSION);
	wire_put_i64(b, d->now_ms);
	put_fleet(b, &d->threat_bank, 1);
	put_fleet(b, d->fleet.events[0], FLEET_SUMS);
	put_fleet(b, d->fleet.mail[0], FLEET_SUMS);
	put_fleet(b, d->fleet.worse[0][0], FLEET_SUMS * SHAPES);
	put_fleet(b, d->fleet.lately, 2);
	wire_put_i64(b, d->fleet.lately_ms);
	put_content(b, d);
	wire_put_u64(b, d->unit_count);
	for (uint32_t i = 0; i < d->unit_count; i++) {
		put_unit(b, d, &d->units[i]);
		if (d->units[i].kind == UNIT_SYSTEM) {
			put_novelty(b, detect_novelty_at(d, &d->units[i]));
		}
	}
	wire_put_u64(b, d->waiting_count);
	for (uint32_t i = 0; i < d->waiting_count; i++) {
		wire_put_u64(b, d->waiting[i]);
	}
	detect_audit_save(d, b);
	detect_clock_save(d, b);
	detect_witness_save(d, b);
}

/* Each unit with an open bin waits, once. */
static void
get_waiting(struct detect *d, struct wire *w)
{
	uint32_t open = 0;

	d->waiting_count = (uint32_t)wire_up_to(w, d->unit_count);
	for (uint32_t i = 0; i < d->waiting_count && !w->bad; i++) {
		uint32_t id = (uint32_t)wire_up_to(w, d->unit_count == 0 ? 0 : d->unit_count - 1);

		/* The flag is taken off while reading, so that a second mention is found. */
		if (w->bad || (d->units[id].flags & UNIT_OPEN) == 0) {
			w->bad = true;
			return;
		}
		d->units[id].flags &= (uint8_t)~UNIT_OPEN;
		d->waiting[i] = id;
	}
	for (uint32_t i = 0; i < d->unit_count; i++) {
		open += (d->units[i].flags & UNIT_OPEN) != 0;
	}
	if (open > 0) {
		w->bad = true;
	}
	for (uint32_t i = 0; i < d->waiting_count && !w->bad; i++) {
		d->units[d->waiting[i]].flags |= UNIT_OPEN;
		detect_unit_waits(d, d->waiting[i]);
	}
}

enum result
detect_load(struct detect *d, struct wire *w)
{
	uint32_t count;

	check(d->unit_count == 0);
	if (wire_u8(w) != VERSION) {
		w->bad = true;
	}
	d->now_ms = wire_i64(w);
	w->bad = w->bad || d->now_ms < -TIME_MAX || d->now_ms > TIME_MAX;
	get_fleet(w, &d->threat_bank, 1);
	get_fleet(w, d->fleet.events[0], FLEET_SUMS);
	get_fleet(w, d->fleet.mail[0], FLEET_SUMS);
	get_fleet(w, d->fleet.worse[0][0], FLEET_SUMS * SHAPES);
	get_fleet(w, d->fleet.lately, 2);
	d->fleet.lately_ms = wire_i64(w);
	w->bad = w->bad || !detect_shape_is_sound(d);
	if (!w->bad) {
		detect_shape_settle(d);
	}
	w->bad = w->bad || d->fleet.lately_ms < -TIME_MAX || d->fleet.lately_ms > TIME_MAX;
	get_content(d, w);
	count = (uint32_t)wire_up_to(w, SOURCES_MAX * 2U);
	for (uint32_t i = 0; i < count && !w->bad; i++) {
		uint8_t kind = wire_u8(w);

		if (w->bad || kind >= UNIT_KIND_COUNT) {
			w->bad = true;
			break;
		}
		(void)detect_unit_add(d, (enum unit_kind)kind);
		get_unit(w, d, &d->units[i]);
		if (kind == UNIT_SYSTEM) {
			get_novelty(w, d, &d->units[i]);
		}
	}
	if (!w->bad) {
		get_waiting(d, w);
		detect_audit_load(d, w);
		detect_clock_load(d, w);
		detect_witness_load(d, w);
	}
	if (w->bad) {
		detect_witness_close(d);
		d->unit_count = d->waiting_count = d->system_count = d->novelty_count = d->member_count = 0;
		detect_limits(d);
		d->clock_count = 0;
		d->lots_count = d->lots_free_count = 0;
		memset(d->known, 0, KNOWN_NAMES * sizeof *d->known);
		memset(d->taught, 0, sizeof d->taught);
		d->first_look_ms = NEVER;
		d->now_ms = 0;
		d->threat_bank = 0;
		d->fleet = (struct fleet){ 0 };
		detect_shape_settle(d);
		d->audit_sums = (struct audit_sums){ 0 };
		return RESULT_DAMAGED;
	}
	return RESULT_OK;
}
