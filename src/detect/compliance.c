/*
 * detect/compliance.c - sources and parties, what an observation counts for, and the beginning of a day. A threshold has a meter
 * for each source that had news (compliance_meter.c), but for two kinds that are a state and not a count: what blocklists say, and
 * silence.
 */
#include "detect/compliance_int.h"

#include <stdlib.h>
#include <string.h>

#define DAY_MS INT64_C(86400000)

int32_t
compliance_day(struct instant t)
{
	int64_t day = t.ms / DAY_MS - (t.ms % DAY_MS < 0);

	/* Days can be added to and compared without overflow. */
	return day > INT32_MAX / 4 ? INT32_MAX / 4 : (day < -INT32_MAX / 4 ? -INT32_MAX / 4 : (int32_t)day);
}

struct compliance *
compliance_open(compliance_fn *turned, void *context)
{
	struct compliance *c = calloc(1, sizeof *c);

	check(c != NULL && turned != NULL);
	c->turned = turned;
	c->context = context;
	c->today = DAY_NEVER;
	for (size_t i = 0; i < SOURCE_KIND_COUNT; i++) {
		c->heard_day[i] = DAY_NEVER;
	}
	for (enum threshold t = 0; t < THRESHOLD_COUNT; t++) {
		for (enum signal s = 0; s < SIGNAL_COUNT && compliance_has_meter(t); s++) {
			if (threshold_is_bad(t, s) || threshold_is_sample(t, s)) {
				c->counted_by[s] |= (uint16_t)(1U << t);
			}
		}
	}
	threshold_policy_off(&c->policy);
	return c;
}

void
compliance_close(struct compliance *c)
{
	if (c == NULL) {
		return;
	}
	for (size_t kind = 0; kind < COMPLIANCE_PARTY_COUNT; kind++) {
		for (uint32_t i = 0; i < c->parties[kind].count; i++) {
			free(c->parties[kind].rows[i].name);
		}
		free(c->parties[kind].rows);
		map_free(&c->parties[kind].names);
	}
	map_free(&c->meter_map);
	free(c->meters);
	free(c->listings);
	free(c->sources);
	free(c->groups);
	free(c);
}

/* ---- judging what has no meter */

static const enum threshold listed[] = { THRESHOLD_LISTED_CRITICAL, THRESHOLD_LISTED_SIGNIFICANT };
static const enum threshold silent[] = { THRESHOLD_DISUSE_NEW, THRESHOLD_DISUSE };

static void
judge_state(struct compliance *c, uint32_t source, enum threshold t)
{
	struct compliance_source *s = &c->sources[source];
	uint16_t bit = (uint16_t)(1U << t);
	struct compliance_metric metric;
	uint64_t bad;

	if (s->removed || c->today == DAY_NEVER) {
		return;
	}
	bad = compliance_state(c, s, t, c->today);
	if (threshold_is_over(t, &c->policy.rules[t].limit, bad, 0) != ((s->over & bit) != 0)) {
		s->over ^= bit;
		compliance_state_metric(c, source, t, &metric);
		c->turned(c->context, &metric);
	}
}

static void
judge_listings(struct compliance *c, uint32_t source)
{
	for (size_t i = 0; i < countof(listed); i++) {
		judge_state(c, source, listed[i]);
	}
}

static void
judge_silence(struct compliance *c, uint32_t source)
{
	for (size_t i = 0; i < countof(silent); i++) {
		judge_state(c, source, silent[i]);
	}
}

static bool
is_removed(const struct compliance *c, enum threshold t, uint32_t owner)
{
	return threshold_scope(t) != SCOPE_GROUP && c->sources[owner].removed;
}

static void
judge_all(struct compliance *c)
{
	for (uint32_t i = 0; i < c->meter_count && c->today != DAY_NEVER; i++) {
		if (!is_removed(c, (enum threshold)c->meters[i].threshold, c->meters[i].owner)) {
			compliance_meter_judge(c, i);
		}
	}
	for (uint32_t i = 0; i < c->source_count; i++) {
		judge_listings(c, i);
		judge_silence(c, i);
	}
}

/* ---- parties and policy */

static void
party_limits(struct compliance *c, struct compliance_party_row *row)
{
	for (enum threshold t = 0; t < THRESHOLD_COUNT; t++) {
		row->limits[t] = threshold_policy_limit(&c->policy, t, text_of(row->name));
	}
}

void
compliance_policy(struct compliance *c, const struct threshold_policy *policy)
{
	c->policy = *policy;
	for (uint32_t i = 0; i < c->parties[COMPLIANCE_RECEIVER].count; i++) {
		party_limits(c, &c->parties[COMPLIANCE_RECEIVER].rows[i]);
	}
	judge_all(c);
}

static bool
name_equal(const void *context, uint32_t value, struct text key)
{
	const struct compliance_parties *p = context;

	return text_equal(text_of(p->rows[value].name), key);
}

uint32_t
compliance_party_find(const struct compliance *c, enum compliance_party kind, struct text name)
{
	const struct compliance_parties *p = &c->parties[kind];
	uint32_t id;

	return map_get(&p->names, name, name_equal, p, &id) ? id : COMPLIANCE_NONE;
}

struct compliance_party_row *
compliance_party_new(struct compliance *c, enum compliance_party kind, struct text name)
{
	struct compliance_parties *p = &c->parties[kind];
	struct compliance_party_row *row;

	check(text_is_name(name));
	p->rows = array_room(p->rows, p->count, &p->size, sizeof *p->rows);
	row = &p->rows[p->count];
	*row =
	    (struct compliance_party_row){ .name = strndup(name.p, name.n), .weight = BLOCKLIST_SIGNIFICANT };
	check(row->name != NULL);
	party_limits(c, row);
	map_put(&p->names, text_of(row->name), p->count++);
	return row;
}

uint32_t
compliance_party(struct compliance *c, enum compliance_party kind, struct text name)
{
	uint32_t id = compliance_party_find(c, kind, name);

	if (id == COMPLIANCE_NONE && c->parties[kind].count < COMPLIANCE_PARTIES_MAX) {
		id = c->parties[kind].count;
		(void)compliance_party_new(c, kind, name);
	}
	return id;
}

void
compliance_weight(struct compliance *c, uint32_t blocklist, enum blocklist_weight weight)
{
	struct compliance_parties *p = &c->parties[COMPLIANCE_BLOCKLIST];

	check(blocklist < p->count && weight < BLOCKLIST_WEIGHT_COUNT);
	if (p->rows[blocklist].weight == weight) {
		return;
	}
	p->rows[blocklist].weight = weight;
	for (uint32_t i = 0; i < c->source_count; i++) {
		judge_listings(c, i);
	}
}

/* ---- sources */

void
compliance_source_add(struct compliance *c, uint32_t source, uint32_t group, enum source_kind kind)
{
	check(source == c->source_count && group < MEMBERS_MAX);
	while (c->group_count <= group) {
		c->groups = array_room(c->groups, c->group_count, &c->group_size, sizeof *c->groups);
		c->groups[c->group_count++] = COMPLIANCE_NONE;
	}
	c->sources = array_room(c->sources, source, &c->source_size, sizeof *c->sources);
	c->sources[c->source_count++] = (struct compliance_source){
		.group = group,
		.meters = COMPLIANCE_NONE,
		.listings = COMPLIANCE_NONE,
		.family = (uint8_t)(kind == SOURCE_PREFIX ? SOURCE_IP : kind),
		.start_day = c->today,
		.used_day = DAY_NEVER,
		.start_ms = INT64_MIN,
	};
}

void
compliance_source_remove(struct compliance *c, uint32_t source)
{
	check(source < c->source_count);
	c->sources[source].removed = true;
}

void
compliance_source_start(struct compliance *c, uint32_t source, struct instant now)
{
	struct compliance_source *s = &c->sources[source];

	check(source < c->source_count && c->today != DAY_NEVER);
	s->start_ms = now.ms;
	s->start_day = c->today;
	s->used_day = DAY_NEVER;
	for (uint32_t m = s->meters; m != COMPLIANCE_NONE; m = c->meters[m].next) {
		compliance_meter_empty(c, m);
	}
	judge_silence(c, source);
}

/* ---- observations */

static void
observe_listing(struct compliance *c, uint32_t source, uint32_t party, bool is_listed, int64_t ms,
		uint64_t seq)
{
	struct compliance_source *s = &c->sources[source];
	struct compliance_listing *l;
	uint32_t i = s->listings;

	while (i != COMPLIANCE_NONE && c->listings[i].party != party) {
		i = c->listings[i].next;
	}
	if (i == COMPLIANCE_NONE) {
		c->listings =
		    array_room(c->listings, c->listing_count, &c->listing_size, sizeof *c->listings);
		i = c->listing_count++;
		c->listings[i] = (struct compliance_listing){
			.owner = source,
			.party = party,
			.next = s->listings,
			.listed_ms = INT64_MIN,
			.delisted_ms = INT64_MIN,
		};
		s->listings = i;
	}
	l = &c->listings[i];
	if (is_listed && ms >= l->listed_ms) {
		l->listed_ms = ms;
		l->evidence = seq;
	} else if (!is_listed && ms > l->delisted_ms) {
		l->delisted_ms = ms;
	}
	judge_listings(c, source);
}

static void
observe_mail(struct compliance *c, uint32_t source, struct instant at)
{
	struct compliance_source *s = &c->sources[source];
	int32_t day = compliance_day(at), *heard = &c->heard_day[s->family];
	bool uses = at.ms >= s->start_ms;

	day = day < c->today ? day : c->today;
	if (day > *heard || (uses && day > s->used_day)) {
		*heard = day > *heard ? day : *heard;
		s->used_day = uses && day > s->used_day ? day : s->used_day;
		judge_silence(c, source);
	}
}

/* For whom a threshold counts it; COMPLIANCE_NONE as owner: for nobody. */
static uint32_t
owner_of(const struct compliance *c, enum threshold t, uint32_t source, bool group, struct instant at)
{
	const struct compliance_source *s = &c->sources[source];

	if (threshold_scope(t) == SCOPE_GROUP) {
		return group ? s->group : COMPLIANCE_NONE;
	}
	return at.ms >= s->start_ms ? source : COMPLIANCE_NONE;
}

static bool
party_of(enum threshold t, const struct compliance_about *about, uint32_t *party)
{
	switch (threshold_scope(t)) {
	case SCOPE_RECEIVER:
		*party = about->receiver;
		return about->receiver != COMPLIANCE_NONE;
	case SCOPE_NETWORK:
		*party = about->network;
		return about->network != COMPLIANCE_NONE;
	case SCOPE_SOURCE:
	case SCOPE_GROUP:
		break;
	}
	*party = COMPLIANCE_NONE;
	return true;
}

static bool
is_at_hand(int32_t day, int32_t today)
{
	return day >= today - COMPLIANCE_DAYS_MAX && day <= today + 1;
}

void
compliance_observe(struct compliance *c, uint32_t source, bool group, const struct compliance_about *about,
		   enum signal signal, uint32_t count, struct instant at, uint64_t seq)
{
	uint32_t counted_by = c->counted_by[signal];
	int32_t day = compliance_day(at);

	check(source < c->source_count && count > 0 && c->today != DAY_NEVER);
	if (c->sources[source].removed) {
		return;
	}
	if ((signal == SIGNAL_BLOCKLISTED || signal == SIGNAL_DELISTED) &&
	    about->blocklist != COMPLIANCE_NONE) {
		observe_listing(c, source, about->blocklist, signal == SIGNAL_BLOCKLISTED, at.ms, seq);
	}
	if (signal == SIGNAL_DELIVERED) {
		observe_mail(c, source, at);
	}
	if (!is_at_hand(day, c->today)) {
		return;
	}
	for (enum threshold t = 0; counted_by != 0; t++, counted_by >>= 1) {
		uint32_t owner, party, meter;

		if ((counted_by & 1) == 0 || !party_of(t, about, &party)) {
			continue;
		}
		owner = owner_of(c, t, source, group, at);
		if (owner == COMPLIANCE_NONE) {
			continue;
		}
		meter = compliance_meter_find(c, t, owner, party);
		if (meter == COMPLIANCE_NONE) {
			meter = compliance_meter_new(c, t, owner, party);
		}
		compliance_meter_add(c, meter, signal, count, day, seq);
	}
}

/* ---- what was told and is told no longer */

void
compliance_take(struct compliance *c, uint32_t source, bool own, bool group,
		const struct compliance_about *about, enum signal signal, uint32_t count, struct instant at,
		struct instant told)
{
	uint32_t counted_by = c->counted_by[signal];
	int32_t day = compliance_day(at);

	check(source < c->source_count && count > 0 && c->today != DAY_NEVER);
	if (c->sources[source].removed || !is_at_hand(day, c->today) ||
	    !is_at_hand(day, compliance_day(told))) {
		return;
	}
	for (enum threshold t = 0; counted_by != 0; t++, counted_by >>= 1) {
		uint32_t owner, party, meter;

		if ((counted_by & 1) == 0 || !party_of(t, about, &party) ||
		    (!own && threshold_scope(t) != SCOPE_GROUP)) {
			continue;
		}
		owner = owner_of(c, t, source, group, at);
		meter =
		    owner == COMPLIANCE_NONE ? COMPLIANCE_NONE : compliance_meter_find(c, t, owner, party);
		if (meter != COMPLIANCE_NONE) {
			compliance_meter_take(c, meter, signal, count, day);
		}
	}
}

static void
settle(struct compliance *c, uint32_t first)
{
	for (uint32_t m = first; m != COMPLIANCE_NONE; m = c->meters[m].next) {
		compliance_meter_judge(c, m);
	}
}

void
compliance_settle(struct compliance *c, uint32_t source)
{
	check(source < c->source_count && c->today != DAY_NEVER);
	if (!c->sources[source].removed) {
		settle(c, c->sources[source].meters);
		settle(c, c->groups[c->sources[source].group]);
	}
}

/* ---- time */

void
compliance_tick(struct compliance *c, struct instant now)
{
	int32_t day = compliance_day(now), was = c->today;

	if (day <= was) {
		return;
	}
	c->today = day;
	for (uint32_t i = 0; i < c->meter_count; i++) {
		compliance_meter_roll(c, i, was);
	}
	judge_all(c);
}

struct instant
compliance_due(const struct compliance *c)
{
	bool idle = c->today == DAY_NEVER || c->source_count == 0;

	return (struct instant){ idle ? INT64_MAX : (c->today + INT64_C(1)) * DAY_MS };
}
