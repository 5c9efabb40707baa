/* detect/compliance_view.c - the numbers behind a threshold, and how far it is to cross or to return. */
#include "detect/compliance_int.h"

/* ---- what has no meter */

bool
compliance_has_meter(enum threshold t)
{
	return threshold_measure(t) != MEASURE_LISTINGS && threshold_measure(t) != MEASURE_SILENCE;
}

/* The blocklist holds the source on that day: it said so last, and not longer ago than a listing lasts unrepeated. */
static bool
is_current(const struct compliance *c, const struct compliance_listing *l, int32_t day)
{
	enum blocklist_weight weight = c->parties[COMPLIANCE_BLOCKLIST].rows[l->party].weight;
	enum threshold t =
	    weight == BLOCKLIST_CRITICAL ? THRESHOLD_LISTED_CRITICAL : THRESHOLD_LISTED_SIGNIFICANT;

	return l->listed_ms != INT64_MIN && l->listed_ms >= l->delisted_ms &&
	       compliance_day((struct instant){ l->listed_ms }) > day - (int32_t)c->policy.rules[t].days;
}

bool
compliance_holds(const struct compliance *c, uint32_t source, uint32_t blocklist, struct instant *said)
{
	uint32_t i = source < c->source_count ? c->sources[source].listings : COMPLIANCE_NONE;

	while (i != COMPLIANCE_NONE && c->listings[i].party != blocklist) {
		i = c->listings[i].next;
	}
	if (i == COMPLIANCE_NONE || !is_current(c, &c->listings[i], c->today)) {
		return false;
	}
	said->ms = c->listings[i].listed_ms;
	return true;
}

static bool
counts_for(const struct compliance *c, const struct compliance_listing *l, enum threshold t)
{
	enum blocklist_weight weight = c->parties[COMPLIANCE_BLOCKLIST].rows[l->party].weight;

	return weight == (t == THRESHOLD_LISTED_CRITICAL ? BLOCKLIST_CRITICAL : BLOCKLIST_SIGNIFICANT);
}

static uint64_t
listings_of(const struct compliance *c, const struct compliance_source *s, enum threshold t, int32_t day)
{
	uint64_t count = 0;

	for (uint32_t i = s->listings; i != COMPLIANCE_NONE; i = c->listings[i].next) {
		count += counts_for(c, &c->listings[i], t) && is_current(c, &c->listings[i], day);
	}
	return count;
}

/*
 * Days without mail, up to the last day on which mail of any source of its kind was reported: a feed that is silent tells nothing
 * about the sources.
 */
static uint64_t
silence_of(const struct compliance *c, const struct compliance_source *s, enum threshold t)
{
	int32_t heard = c->heard_day[s->family];
	int32_t since = s->used_day == DAY_NEVER ? s->start_day : s->used_day;

	if (heard == DAY_NEVER || since == DAY_NEVER || heard <= since ||
	    (t == THRESHOLD_DISUSE_NEW && s->used_day != DAY_NEVER)) {
		return 0;
	}
	return (uint64_t)(heard - since);
}

uint64_t
compliance_state(const struct compliance *c, const struct compliance_source *s, enum threshold t, int32_t day)
{
	return threshold_measure(t) == MEASURE_LISTINGS ? listings_of(c, s, t, day) : silence_of(c, s, t);
}

/* ---- metrics */

static void
fill(const struct compliance *c, enum threshold t, uint32_t party, struct compliance_metric *m)
{
	const struct threshold_rule *rule = &c->policy.rules[t];

	m->threshold = t;
	m->party = party;
	m->limit = compliance_limit(c, t, party);
	m->days = rule->days;
	m->level = threshold_level(t, m->limit, rule->warn, m->bad, m->sample);
	m->room = threshold_room(t, m->limit, m->bad, m->sample);
	m->clean = threshold_clean(t, m->limit, m->bad, m->sample);
	if (party != COMPLIANCE_NONE) {
		enum compliance_party kind =
		    threshold_scope(t) == SCOPE_RECEIVER ? COMPLIANCE_RECEIVER : COMPLIANCE_NETWORK;

		m->party_name = text_of(c->parties[kind].rows[party].name);
	}
}

void
compliance_meter_metric(const struct compliance *c, uint32_t meter, struct compliance_metric *metric)
{
	const struct compliance_meter *m = &c->meters[meter];
	enum threshold t = (enum threshold)m->threshold;

	*metric = (struct compliance_metric){
		.unit = m->owner, .bad = m->bad, .sample = m->sample, .evidence_count = m->evidence_count
	};
	for (uint32_t i = 0; i < m->evidence_count; i++) {
		metric->evidence[i] = m->evidence[i];
	}
	fill(c, t, m->party, metric);
	for (uint32_t d = 1; d <= metric->days && metric->level == LEVEL_OVER; d++) {
		uint64_t bad, sample;

		compliance_meter_sums(c, m, c->today + (int32_t)d, &bad, &sample);
		if (!threshold_is_over(t, metric->limit, bad, sample)) {
			metric->return_days = d;
			break;
		}
	}
}

static void
listed_metric(const struct compliance *c, const struct compliance_source *s, enum threshold t,
	      struct compliance_metric *metric)
{
	for (uint32_t i = s->listings; i != COMPLIANCE_NONE; i = c->listings[i].next) {
		const struct compliance_listing *l = &c->listings[i];

		if (counts_for(c, l, t) && is_current(c, l, c->today) &&
		    metric->evidence_count < COMPLIANCE_EVIDENCE_MAX) {
			metric->evidence[metric->evidence_count++] = l->evidence;
		}
	}
	for (uint32_t d = 1; d <= metric->days && metric->level == LEVEL_OVER; d++) {
		if (!threshold_is_over(t, metric->limit, listings_of(c, s, t, c->today + (int32_t)d), 0)) {
			metric->return_days = d;
			break;
		}
	}
}

void
compliance_state_metric(const struct compliance *c, uint32_t source, enum threshold t,
			struct compliance_metric *metric)
{
	const struct compliance_source *s = &c->sources[source];

	*metric = (struct compliance_metric){ .unit = source, .bad = compliance_state(c, s, t, c->today) };
	fill(c, t, COMPLIANCE_NONE, metric);
	if (threshold_measure(t) == MEASURE_LISTINGS) {
		listed_metric(c, s, t, metric);
	}
}

/* ---- views */

static bool
is_before(const struct compliance_metric *a, const struct compliance_metric *b)
{
	return a->threshold < b->threshold || (a->threshold == b->threshold && a->party < b->party);
}

/* Puts it in its place among the first `max`. Returns how many there are now. */
static uint32_t
put_metric(const struct compliance_metric *m, struct compliance_metric *metrics, uint32_t count, uint32_t max)
{
	uint32_t at = count < max ? count : max;

	if (m->limit->count == 0 || (m->bad == 0 && m->sample == 0)) {
		return count;
	}
	for (; at > 0 && is_before(m, &metrics[at - 1]); at--) {
		if (at < max) {
			metrics[at] = metrics[at - 1];
		}
	}
	if (at < max) {
		metrics[at] = *m;
	}
	return count + 1;
}

static uint32_t
put_meters(const struct compliance *c, uint32_t first, struct compliance_metric *metrics, uint32_t max)
{
	struct compliance_metric metric;
	uint32_t count = 0;

	for (uint32_t m = first; m != COMPLIANCE_NONE; m = c->meters[m].next) {
		compliance_meter_metric(c, m, &metric);
		count = put_metric(&metric, metrics, count, max);
	}
	return count;
}

uint32_t
compliance_source_metrics(const struct compliance *c, uint32_t source, struct compliance_metric *metrics,
			  uint32_t max)
{
	struct compliance_metric metric;
	uint32_t count;

	check(source < c->source_count);
	if (c->sources[source].removed) {
		return 0;
	}
	count = put_meters(c, c->sources[source].meters, metrics, max);
	for (enum threshold t = 0; t < THRESHOLD_COUNT; t++) {
		if (!compliance_has_meter(t)) {
			compliance_state_metric(c, source, t, &metric);
			count = put_metric(&metric, metrics, count, max);
		}
	}
	return count;
}

uint32_t
compliance_group_metrics(const struct compliance *c, uint32_t group, struct compliance_metric *metrics,
			 uint32_t max)
{
	return group < c->group_count ? put_meters(c, c->groups[group], metrics, max) : 0;
}
