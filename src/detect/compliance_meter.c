/*
 * detect/compliance_meter.c - one count over a window of days: a ring of days with integers, and the sums of the window that
 * ends today. An event goes into its own day; the sums follow it, so that judging costs no walk over the days.
 */
#include "detect/compliance_int.h"

/* The header promises it: a meter and, with half of the places taken, its place in the index. */
_Static_assert(sizeof(struct compliance_meter) + 2 * sizeof(struct map_slot) <= 400,
	       "memory of a source and receiver");

struct meter_key {
	uint32_t threshold, party, owner;
};

static struct text
key_text(const struct meter_key *key)
{
	return (struct text){ (const char *)key, sizeof *key };
}

static bool
key_equal(const void *context, uint32_t value, struct text key)
{
	const struct compliance *c = context;
	const struct compliance_meter *m = &c->meters[value];
	const struct meter_key *k = (const struct meter_key *)(const void *)key.p;

	return k->threshold == m->threshold && k->party == m->party && k->owner == m->owner;
}

uint32_t
compliance_meter_find(const struct compliance *c, enum threshold t, uint32_t owner, uint32_t party)
{
	const struct meter_key key = { (uint32_t)t, party, owner };
	uint32_t meter;

	return map_get(&c->meter_map, key_text(&key), key_equal, c, &meter) ? meter : COMPLIANCE_NONE;
}

uint32_t
compliance_meter_new(struct compliance *c, enum threshold t, uint32_t owner, uint32_t party)
{
	const struct meter_key key = { (uint32_t)t, party, owner };
	uint32_t *first = threshold_scope(t) == SCOPE_GROUP ? &c->groups[owner] : &c->sources[owner].meters;

	c->meters = array_room(c->meters, c->meter_count, &c->meter_size, sizeof *c->meters);
	c->meters[c->meter_count] = (struct compliance_meter){
		.owner = owner, .party = party, .next = *first, .threshold = (uint8_t)t
	};
	*first = c->meter_count;
	map_put(&c->meter_map, key_text(&key), c->meter_count);
	return c->meter_count++;
}

const struct threshold_limit *
compliance_limit(const struct compliance *c, enum threshold t, uint32_t party)
{
	return threshold_scope(t) == SCOPE_RECEIVER ? c->parties[COMPLIANCE_RECEIVER].rows[party].limits[t]
						    : &c->policy.rules[t].limit;
}

/* What the sums say now; the room is told when that is something else than before. */
static void
judge_sums(struct compliance *c, uint32_t meter)
{
	struct compliance_meter *m = &c->meters[meter];
	enum threshold t = (enum threshold)m->threshold;
	bool over = threshold_is_over(t, compliance_limit(c, t, m->party), m->bad, m->sample);
	struct compliance_metric metric;

	if (over == m->over) {
		return;
	}
	m->over = over;
	compliance_meter_metric(c, meter, &metric);
	c->turned(c->context, &metric);
}

void
compliance_meter_sums(const struct compliance *c, const struct compliance_meter *m, int32_t day,
		      uint64_t *bad, uint64_t *sample)
{
	int32_t first = day - (int32_t)c->policy.rules[m->threshold].days + 1;
	int32_t oldest = c->today - COMPLIANCE_DAYS_MAX, newest = c->today + 1;

	*bad = *sample = 0;
	for (int32_t d = first > oldest ? first : oldest; d <= day && d <= newest; d++) {
		*bad += m->bad_of[(uint32_t)d % METER_DAYS];
		*sample += m->sample_of[(uint32_t)d % METER_DAYS];
	}
}

void
compliance_meter_judge(struct compliance *c, uint32_t meter)
{
	struct compliance_meter *m = &c->meters[meter];

	compliance_meter_sums(c, m, c->today, &m->bad, &m->sample);
	judge_sums(c, meter);
}

/* Adds up to the most that a day can hold; what was added. */
static uint32_t
add_up(uint32_t *to, uint32_t count)
{
	uint32_t room = UINT32_MAX - *to;

	count = count < room ? count : room;
	*to += count;
	return count;
}

static void
note_evidence(struct compliance_meter *m, uint64_t seq)
{
	if (m->evidence_count > 0 && m->evidence[m->evidence_count - 1] == seq) {
		return;
	}
	if (m->evidence_count == COMPLIANCE_EVIDENCE_MAX) {
		for (uint32_t i = 0; i + 1 < COMPLIANCE_EVIDENCE_MAX; i++) {
			m->evidence[i] = m->evidence[i + 1];
		}
		m->evidence_count--;
	}
	m->evidence[m->evidence_count++] = seq;
}

static bool
is_in_window(const struct compliance *c, enum threshold t, int32_t day)
{
	return day <= c->today && day > c->today - (int32_t)c->policy.rules[t].days;
}

void
compliance_meter_add(struct compliance *c, uint32_t meter, enum signal signal, uint32_t count, int32_t day,
		     uint64_t seq)
{
	struct compliance_meter *m = &c->meters[meter];
	enum threshold t = (enum threshold)m->threshold;
	uint32_t place = (uint32_t)day % METER_DAYS, bad = 0, sample = 0;

	if (threshold_is_bad(t, signal)) {
		bad = add_up(&m->bad_of[place], count);
		note_evidence(m, seq);
	}
	if (threshold_is_sample(t, signal)) {
		sample = add_up(&m->sample_of[place], count);
	}
	if (is_in_window(c, t, day)) {
		m->bad += bad;
		m->sample += sample;
		judge_sums(c, meter);
	}
}

/* How many a full day was told is not known any more. What was taken. */
static uint32_t
take_off(uint32_t *from, uint32_t count)
{
	count = *from == UINT32_MAX ? 0 : count < *from ? count : *from;
	*from -= count;
	return count;
}

void
compliance_meter_take(struct compliance *c, uint32_t meter, enum signal signal, uint32_t count, int32_t day)
{
	struct compliance_meter *m = &c->meters[meter];
	enum threshold t = (enum threshold)m->threshold;
	uint32_t place = (uint32_t)day % METER_DAYS;
	uint32_t bad = threshold_is_bad(t, signal) ? take_off(&m->bad_of[place], count) : 0;
	uint32_t sample = threshold_is_sample(t, signal) ? take_off(&m->sample_of[place], count) : 0;

	if (is_in_window(c, t, day)) {
		m->bad -= bad;
		m->sample -= sample;
	}
}

void
compliance_meter_empty(struct compliance *c, uint32_t meter)
{
	struct compliance_meter *m = &c->meters[meter];

	for (uint32_t i = 0; i < METER_DAYS; i++) {
		m->bad_of[i] = m->sample_of[i] = 0;
	}
	m->bad = m->sample = 0;
	m->evidence_count = 0;
	for (uint32_t i = 0; i < COMPLIANCE_EVIDENCE_MAX; i++) {
		m->evidence[i] = 0;
	}
	judge_sums(c, meter);
}

void
compliance_meter_roll(struct compliance *c, uint32_t meter, int32_t was)
{
	struct compliance_meter *m = &c->meters[meter];
	int32_t first = was + 2, last = c->today + 1;

	if (last - first >= (int32_t)METER_DAYS) {
		first = last - (int32_t)METER_DAYS + 1;
	}
	for (int32_t d = first; d <= last; d++) {
		m->bad_of[(uint32_t)d % METER_DAYS] = m->sample_of[(uint32_t)d % METER_DAYS] = 0;
	}
}
