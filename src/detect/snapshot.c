#include "detect/detect_int.h"

#include <string.h>

/*
 * The whole state, field by field. Floats are written as their bits in a varint: most are zero in a large fleet, and a
 * zero takes one byte. What detect_load accepts, the room can go on with: no number is infinite or, but for the ledger, negative.
 */
#define VERSION  1
#define TIME_MAX ((int64_t)1 << 53)

_Static_assert(sizeof(struct unit_numbers) % sizeof(float) == 0, "only floats");
_Static_assert(sizeof(struct unit) <= 700, "the header promises it");

static void
put_floats(struct buffer *b, const void *floats, size_t bytes)
{
	for (size_t at = 0; at < bytes; at += sizeof(float)) {
		uint32_t bits;

		memcpy(&bits, (const char *)floats + at, sizeof bits);
		wire_put_u64(b, bits);
	}
}

static void
get_floats(struct wire *w, void *floats, size_t bytes, bool negative)
{
	for (size_t at = 0; at < bytes; at += sizeof(float)) {
		uint64_t wide = wire_u64(w);
		uint32_t bits = (uint32_t)wide;
		bool finite = (bits & 0x7f800000U) != 0x7f800000U;

		if (wide > UINT32_MAX || !finite || (!negative && bits >> 31 != 0)) {
			w->bad = true;
			return;
		}
		memcpy((char *)floats + at, &bits, sizeof bits);
	}
}

static uint32_t
get_u32(struct wire *w, uint64_t max)
{
	uint64_t v = wire_u64(w);

	if (v > max) {
		w->bad = true;
		return 0;
	}
	return (uint32_t)v;
}

static void
put_unit(struct buffer *b, const struct unit *u)
{
	wire_put_u8(b, u->kind);
	wire_put_u8(b, u->flags);
	wire_put_u8(b, u->streams);
	wire_put_i64(b, u->bin_ms);
	wire_put_i64(b, u->last_ms);
	wire_put_i64(b, u->step_ms);
	wire_put_i64(b, u->credited_ms);
	wire_put_i64(b, u->block_ms);
	wire_put_i64(b, u->complaint_block_ms);
	wire_put_i64(b, u->volume_ms);
	wire_put_i64(b, u->day_ms);
	wire_put_i64(b, u->first_bad_ms);
	wire_put_u64(b, u->first_bad_seq);
	wire_put_u64(b, u->delivered);
	wire_put_u64(b, u->bin_volume);
	wire_put_u64(b, u->left_out);
	wire_put_u64(b, u->report_count);
	for (size_t i = 0; i < u->report_count; i++) {
		wire_put_u64(b, u->reports[i]);
	}
	for (int e = 0; e < EVIDENCE_COUNT; e++) {
		wire_put_u64(b, u->bin_count[e]);
		wire_put_u64(b, u->observed[e]);
	}
	put_floats(b, u->nats, sizeof u->nats);
	put_floats(b, &u->n, sizeof u->n);
}

static void
get_unit(struct wire *w, struct unit *u)
{
	u->flags = wire_u8(w);
	u->streams = wire_u8(w);
	u->bin_ms = wire_i64(w);
	u->last_ms = wire_i64(w);
	u->step_ms = wire_i64(w);
	u->credited_ms = wire_i64(w);
	u->block_ms = wire_i64(w);
	u->complaint_block_ms = wire_i64(w);
	u->volume_ms = wire_i64(w);
	u->day_ms = wire_i64(w);
	u->first_bad_ms = wire_i64(w);
	u->first_bad_seq = wire_u64(w);
	u->delivered = wire_u64(w);
	u->bin_volume = wire_u64(w);
	u->left_out = get_u32(w, UINT32_MAX);
	u->report_count = (uint8_t)get_u32(w, ALARM_REPORTS_MAX);
	for (size_t i = 0; i < u->report_count; i++) {
		u->reports[i] = wire_u64(w);
	}
	for (int e = 0; e < EVIDENCE_COUNT; e++) {
		u->bin_count[e] = get_u32(w, UINT32_MAX);
		u->observed[e] = get_u32(w, UINT32_MAX);
	}
	get_floats(w, u->nats, sizeof u->nats, true);
	get_floats(w, &u->n, sizeof u->n, false);
}

void
detect_save(const struct detect *d, struct buffer *b)
{
	wire_put_u8(b, VERSION);
	for (int s = 0; s < STREAM_COUNT; s++) {
		for (int e = 0; e < EVIDENCE_COUNT; e++) {
			wire_put_f64(b, d->fleet_events[s][e]);
			wire_put_f64(b, d->fleet_mail[s][e]);
		}
	}
	wire_put_u64(b, d->unit_count);
	for (uint32_t i = 0; i < d->unit_count; i++) {
		put_unit(b, &d->units[i]);
	}
	wire_put_u64(b, d->waiting_count);
	for (uint32_t i = 0; i < d->waiting_count; i++) {
		wire_put_u64(b, d->waiting[i]);
	}
}

/* Each unit with an open bin waits, once. */
static void
get_waiting(struct detect *d, struct wire *w)
{
	uint32_t open = 0;

	d->waiting_count = get_u32(w, d->unit_count);
	for (uint32_t i = 0; i < d->waiting_count && !w->bad; i++) {
		uint32_t id = get_u32(w, d->unit_count == 0 ? 0 : d->unit_count - 1);

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
	}
}

/* A fleet's sum: finite and not negative. */
static double
get_sum(struct wire *w)
{
	double v = wire_f64(w);

	if (!(v >= 0 && v < 1e300)) {
		w->bad = true;
		return 0;
	}
	return v;
}

/* Chances stay inside (0, 1), and times where their differences cannot overflow. */
static bool
sane(const struct unit *u)
{
	const int64_t times[] = { u->bin_ms,      u->last_ms,  u->step_ms,
				  u->credited_ms, u->block_ms, u->complaint_block_ms,
				  u->day_ms };
	bool started = (u->flags & UNIT_STARTED) != 0, sane = true;

	for (size_t i = 0; i < countof(times); i++) {
		sane = sane && times[i] > -TIME_MAX && times[i] < TIME_MAX;
	}
	for (int e = 0; e < EVIDENCE_COUNT && started; e++) {
		sane = sane && u->n.old_weight[e] > 0 && u->n.old_weight[e] < 1;
	}
	if (started) {
		sane = sane && u->n.bad_list > 0 && u->n.bad_list < 1;
		sane = sane &&
		       (u->volume_ms == INT64_MIN || (u->volume_ms > -TIME_MAX && u->volume_ms < TIME_MAX));
	}
	return sane && (u->flags >> 4) == 0;
}

enum result
detect_load(struct detect *d, struct wire *w)
{
	uint32_t count;

	check(d->unit_count == 0);
	if (wire_u8(w) != VERSION) {
		w->bad = true;
	}
	for (int s = 0; s < STREAM_COUNT; s++) {
		for (int e = 0; e < EVIDENCE_COUNT; e++) {
			d->fleet_events[s][e] = get_sum(w);
			d->fleet_mail[s][e] = get_sum(w);
		}
	}
	count = get_u32(w, SOURCES_MAX * 2U);
	for (uint32_t i = 0; i < count && !w->bad; i++) {
		uint8_t kind = wire_u8(w);

		if (w->bad || kind >= UNIT_KIND_COUNT) {
			w->bad = true;
			break;
		}
		(void)detect_unit_add(d, (enum unit_kind)kind);
		get_unit(w, &d->units[i]);
		w->bad = w->bad || !sane(&d->units[i]);
	}
	if (!w->bad) {
		get_waiting(d, w);
	}
	if (w->bad) {
		d->unit_count = d->waiting_count = 0;
		memset(d->fleet_events, 0, sizeof d->fleet_events);
		memset(d->fleet_mail, 0, sizeof d->fleet_mail);
		return RESULT_DAMAGED;
	}
	return RESULT_OK;
}
