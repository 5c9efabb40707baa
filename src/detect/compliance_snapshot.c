/*
 * detect/compliance_snapshot.c - what is counted, as bytes and back. Chains, sums and the index follow from the rest. A day that
 * counts nothing takes one byte.
 */
#include "detect/compliance_int.h"

#define VERSION 1U

/* ---- save */

static void
save_meter(const struct compliance *c, const struct compliance_meter *m, struct buffer *b)
{
	wire_put_u8(b, m->threshold);
	wire_put_u64(b, m->owner);
	wire_put_u64(b, m->party == COMPLIANCE_NONE ? 0 : m->party + UINT64_C(1));
	wire_put_u8(b, m->over);
	wire_put_u8(b, m->evidence_count);
	for (uint32_t i = 0; i < m->evidence_count; i++) {
		wire_put_u64(b, m->evidence[i]);
	}
	for (int32_t d = c->today - COMPLIANCE_DAYS_MAX; d <= c->today + 1; d++) {
		wire_put_u64(b, m->bad_of[(uint32_t)d % METER_DAYS]);
		wire_put_u64(b, m->sample_of[(uint32_t)d % METER_DAYS]);
	}
}

void
compliance_save(const struct compliance *c, struct buffer *b)
{
	wire_put_u8(b, VERSION);
	wire_put_i64(b, c->today);
	for (size_t i = 0; i < SOURCE_KIND_COUNT; i++) {
		wire_put_i64(b, c->heard_day[i]);
	}
	for (size_t kind = 0; kind < COMPLIANCE_PARTY_COUNT; kind++) {
		wire_put_u64(b, c->parties[kind].count);
		for (uint32_t i = 0; i < c->parties[kind].count; i++) {
			wire_put_text(b, text_of(c->parties[kind].rows[i].name));
			wire_put_u8(b, (uint8_t)c->parties[kind].rows[i].weight);
		}
	}
	wire_put_u64(b, c->source_count);
	for (uint32_t i = 0; i < c->source_count; i++) {
		const struct compliance_source *s = &c->sources[i];

		wire_put_u64(b, s->group);
		wire_put_u8(b, s->family);
		wire_put_u8(b, s->removed);
		wire_put_u64(b, s->over);
		wire_put_i64(b, s->start_day);
		wire_put_i64(b, s->used_day);
		wire_put_i64(b, s->start_ms);
	}
	wire_put_u64(b, c->meter_count);
	for (uint32_t i = 0; i < c->meter_count; i++) {
		save_meter(c, &c->meters[i], b);
	}
	wire_put_u64(b, c->listing_count);
	for (uint32_t i = 0; i < c->listing_count; i++) {
		wire_put_u64(b, c->listings[i].owner);
		wire_put_u64(b, c->listings[i].party);
		wire_put_i64(b, c->listings[i].listed_ms);
		wire_put_i64(b, c->listings[i].delisted_ms);
		wire_put_u64(b, c->listings[i].evidence);
	}
}

/* ---- load: each step leaves w->bad set when the bytes cannot be ours */

/* A day, or DAY_NEVER. */
static int32_t
read_day(struct wire *w)
{
	int64_t v = wire_i64(w);

	if (v != DAY_NEVER && (v > INT32_MAX / 4 || v < -INT32_MAX / 4)) {
		w->bad = true;
		return DAY_NEVER;
	}
	return (int32_t)v;
}

static void
load_parties(struct compliance *c, struct wire *w, enum compliance_party kind)
{
	uint64_t count = wire_up_to(w, COMPLIANCE_PARTIES_MAX);

	for (uint64_t i = 0; i < count && !w->bad; i++) {
		struct text name = wire_text(w);
		uint64_t weight = wire_u8(w);

		if (w->bad || !text_is_name(name) || weight >= BLOCKLIST_WEIGHT_COUNT ||
		    compliance_party_find(c, kind, name) != COMPLIANCE_NONE) {
			w->bad = true;
			return;
		}
		compliance_party_new(c, kind, name)->weight = (enum blocklist_weight)weight;
	}
}

static void
load_source(struct compliance *c, struct wire *w)
{
	uint32_t group = (uint32_t)wire_up_to(w, MEMBERS_MAX - 1);
	enum source_kind family = (enum source_kind)wire_u8(w);
	struct compliance_source *s;

	if (w->bad || family >= SOURCE_KIND_COUNT || family == SOURCE_PREFIX) {
		w->bad = true;
		return;
	}
	compliance_source_add(c, c->source_count, group, family);
	s = &c->sources[c->source_count - 1];
	s->removed = wire_up_to(w, 1) == 1;
	s->over = (uint16_t)wire_up_to(w, (1U << THRESHOLD_COUNT) - 1);
	s->start_day = read_day(w);
	s->used_day = read_day(w);
	s->start_ms = wire_i64(w);
}

/* Has this threshold a meter of this owner and party? */
static bool
meter_fits(const struct compliance *c, uint64_t t, uint64_t owner, uint64_t party)
{
	enum threshold_scope scope;

	if (t >= THRESHOLD_COUNT) {
		return false;
	}
	scope = threshold_scope((enum threshold)t);
	if (!compliance_has_meter((enum threshold)t) ||
	    owner >= (scope == SCOPE_GROUP ? c->group_count : c->source_count)) {
		return false;
	}
	if (scope == SCOPE_RECEIVER || scope == SCOPE_NETWORK) {
		const struct compliance_parties *p =
		    &c->parties[scope == SCOPE_RECEIVER ? COMPLIANCE_RECEIVER : COMPLIANCE_NETWORK];

		return party > 0 && party <= p->count;
	}
	return party == 0;
}

static void
load_meter(struct compliance *c, struct wire *w)
{
	uint64_t t = wire_u8(w), owner = wire_u64(w), party = wire_u64(w);
	uint32_t id = party == 0 ? COMPLIANCE_NONE : (uint32_t)party - 1;
	struct compliance_meter *m;

	if (w->bad || c->today == DAY_NEVER || !meter_fits(c, t, owner, party) ||
	    compliance_meter_find(c, (enum threshold)t, (uint32_t)owner, id) != COMPLIANCE_NONE) {
		w->bad = true;
		return;
	}
	(void)compliance_meter_new(c, (enum threshold)t, (uint32_t)owner, id);
	m = &c->meters[c->meter_count - 1];
	m->over = wire_up_to(w, 1) == 1;
	m->evidence_count = (uint8_t)wire_up_to(w, COMPLIANCE_EVIDENCE_MAX);
	for (uint32_t i = 0; i < m->evidence_count; i++) {
		m->evidence[i] = wire_u64(w);
	}
	for (int32_t d = c->today - COMPLIANCE_DAYS_MAX; d <= c->today + 1; d++) {
		m->bad_of[(uint32_t)d % METER_DAYS] = (uint32_t)wire_up_to(w, UINT32_MAX);
		m->sample_of[(uint32_t)d % METER_DAYS] = (uint32_t)wire_up_to(w, UINT32_MAX);
	}
	compliance_meter_sums(c, m, c->today, &m->bad, &m->sample);
}

static void
load_listing(struct compliance *c, struct wire *w)
{
	uint64_t owner = wire_u64(w), party = wire_u64(w);
	struct compliance_listing *l;

	if (w->bad || owner >= c->source_count || party >= c->parties[COMPLIANCE_BLOCKLIST].count) {
		w->bad = true;
		return;
	}
	c->listings = array_room(c->listings, c->listing_count, &c->listing_size, sizeof *c->listings);
	l = &c->listings[c->listing_count];
	*l = (struct compliance_listing){ .owner = (uint32_t)owner,
					  .party = (uint32_t)party,
					  .next = c->sources[owner].listings };
	c->sources[owner].listings = c->listing_count++;
	l->listed_ms = wire_i64(w);
	l->delisted_ms = wire_i64(w);
	l->evidence = wire_u64(w);
	for (uint32_t i = l->next; i != COMPLIANCE_NONE; i = c->listings[i].next) {
		w->bad = w->bad || c->listings[i].party == l->party;
	}
}

enum result
compliance_load(struct compliance *c, struct wire *w)
{
	uint64_t count;

	check(c->source_count == 0 && c->meter_count == 0 && c->today == DAY_NEVER);
	if (wire_u8(w) != VERSION) {
		w->bad = true;
	}
	c->today = read_day(w);
	for (size_t i = 0; i < SOURCE_KIND_COUNT; i++) {
		c->heard_day[i] = read_day(w);
	}
	for (enum compliance_party kind = 0; kind < COMPLIANCE_PARTY_COUNT; kind++) {
		load_parties(c, w, kind);
	}
	count = wire_up_to(w, SOURCES_MAX);
	for (uint64_t i = 0; i < count && !w->bad; i++) {
		load_source(c, w);
	}
	count = wire_up_to(w, UINT32_MAX - 1);
	for (uint64_t i = 0; i < count && !w->bad; i++) {
		load_meter(c, w);
	}
	count = wire_up_to(w, UINT32_MAX - 1);
	for (uint64_t i = 0; i < count && !w->bad; i++) {
		load_listing(c, w);
	}
	return w->bad ? RESULT_DAMAGED : RESULT_OK;
}
