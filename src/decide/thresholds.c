/*
 * decide/thresholds.c - what follows from a threshold: a source off the list, or suspended for one receiver, until the metrics are
 * back and the waiting time has passed.
 */
#include "decide/decide_int.h"

#include "base/limits.h"

static bool
is_silence(const struct compliance_metric *m)
{
	return threshold_measure(m->threshold) == MEASURE_SILENCE;
}

static struct ground
metric_ground(const struct compliance_metric *m, struct moment now, struct text reason)
{
	struct ground g = is_silence(m) ? decide_ground(now, ACTOR_CLOCK, TEXT("clock"), reason)
					: decide_ground(now, ACTOR_DETECTOR, TEXT("detector"), reason);

	_Static_assert(COMPLIANCE_EVIDENCE_MAX <= EVIDENCE_SEQS_MAX, "all that a metric names is evidence");
	if (m->evidence_count > 0) {
		g.evidence_count = m->evidence_count;
		for (uint32_t i = 0; i < m->evidence_count; i++) {
			g.evidence[i] = m->evidence[i];
		}
	}
	return g;
}

static uint32_t
member_over(const struct decide *d, const struct decide_source *s)
{
	return s->member < d->member_count ? d->members[s->member] : 0;
}

static bool
may_recover(const struct decide *d, const struct decide_source *s)
{
	return decide_may(s, EVENT_RECOVER, ACTOR_CLOCK) && s->over == 0 && member_over(d, s) == 0;
}

static void
due_after_wait(struct decide *d, struct instant since)
{
	decide_due_by(d, instant_add(since, d->wait));
}

/* ---- the whole source */

static void
suspend(struct decide *d, uint32_t source, const struct compliance_metric *m, const struct ground *g,
	uint32_t words)
{
	enum event event = is_silence(m) ? EVENT_DISUSE : EVENT_THRESHOLD;

	if (decide_may(&d->sources[source], event, g->role)) {
		decide_move(d, source, event, is_silence(m) ? SUSPENSION_DISUSE : SUSPENSION_COMPLIANCE, g,
			    words);
	}
}

static void
count_over(uint32_t *over, bool more)
{
	if (more) {
		++*over;
	} else if (*over > 0) {
		--*over;
	}
}

static void
turn_source(struct decide *d, uint32_t source, const struct compliance_metric *m, const struct ground *g,
	    uint32_t words)
{
	count_over(&d->sources[source].over, m->level == LEVEL_OVER);
	if (m->level == LEVEL_OVER) {
		suspend(d, source, m, g, words);
	} else if (may_recover(d, &d->sources[source])) {
		due_after_wait(d, d->sources[source].since);
	}
}

static void
turn_member(struct decide *d, uint32_t member, const struct compliance_metric *m, const struct ground *g,
	    uint32_t words)
{
	count_over(decide_member_over(d, member), m->level == LEVEL_OVER);
	for (uint32_t i = 0; i < d->source_count; i++) {
		if (d->sources[i].member != member) {
			continue;
		}
		if (m->level == LEVEL_OVER) {
			suspend(d, i, m, g, words);
		} else if (may_recover(d, &d->sources[i])) {
			due_after_wait(d, d->sources[i].since);
		}
	}
}

/* ---- one receiver */

static void
report_partial(struct decide *d, uint32_t source, uint32_t receiver, enum event event, enum state from,
	       const struct ground *g)
{
	enum state to;

	check(state_next(from, event, g->role, &to) == RESULT_OK);
	d->events.move(
	    d->events.context,
	    &(struct move){ .source = source,
			    .event = event,
			    .from = from,
			    .to = to,
			    .kind = to == STATE_SUSPENDED ? SUSPENSION_COMPLIANCE : SUSPENSION_NONE,
			    .receiver = d->receivers[receiver],
			    .ground = *g });
}

static void
turn_receiver(struct decide *d, uint32_t source, const struct compliance_metric *m, const struct ground *g,
	      uint32_t words)
{
	const struct decide_source *s = &d->sources[source];
	uint32_t i = *decide_partial_place(d, source, m->party);
	enum state to;

	decide_receiver_name(d, m->party, m->party_name);
	if (i != DECIDE_NONE && d->partials[i].receiver == m->party) {
		d->partials[i].over = m->level == LEVEL_OVER;
		if (!d->partials[i].over) {
			due_after_wait(d, d->partials[i].since);
		}
		return;
	}
	if (m->level != LEVEL_OVER || s->removed ||
	    state_next(s->state, EVENT_THRESHOLD, ACTOR_DETECTOR, &to) != RESULT_OK) {
		return;
	}
	i = decide_partial_new(d, source, m->party, words);
	d->partials[i].since = g->at;
	d->partials[i].seq = g->seq;
	d->partials[i].over = true;
	report_partial(d, source, m->party, EVENT_THRESHOLD, s->state, g);
}

uint32_t
decide_partials_clear(struct decide *d, uint32_t source, const struct ground *ground)
{
	uint32_t *first = &d->sources[source].partials, count = 0;

	for (; *first != DECIDE_NONE; count++) {
		uint32_t receiver = d->partials[*first].receiver;

		decide_partial_drop(d, first);
		report_partial(d, source, receiver, EVENT_CLEAR, STATE_SUSPENDED, ground);
	}
	return count;
}

void
decide_partials_drop(struct decide *d, uint32_t source)
{
	while (d->sources[source].partials != DECIDE_NONE) {
		decide_partial_drop(d, &d->sources[source].partials);
	}
}

/* ---- in and out */

void
decide_threshold(struct decide *d, const struct compliance_metric *metric, uint32_t id, struct moment now)
{
	enum threshold_scope scope = threshold_scope(metric->threshold);
	struct buffer reason;
	struct ground g;
	uint32_t words;

	check(scope == SCOPE_GROUP || id < d->source_count);
	buffer_init(&reason, WORDS_BYTES_MAX);
	decide_threshold_words(metric, &reason);
	g = metric_ground(metric, now, buffer_text(&reason));
	words = decide_words_new(d, g.actor, g.reason);
	switch (scope) {
	case SCOPE_RECEIVER:
		turn_receiver(d, id, metric, &g, words);
		break;
	case SCOPE_GROUP:
		turn_member(d, id, metric, &g, words);
		break;
	case SCOPE_NETWORK:
	case SCOPE_SOURCE:
		turn_source(d, id, metric, &g, words);
		break;
	}
	decide_words_drop(d, words);
	buffer_free(&reason);
}

void
decide_wait(struct decide *d, struct span wait)
{
	check(wait.ms >= 0);
	if (d->wait.ms != wait.ms) {
		d->wait = wait;
		d->due.ms = INT64_MIN; /* all are looked at again */
	}
}

struct instant
decide_not_before(const struct decide *d, const struct decide_source *s)
{
	bool ends = s->state == STATE_SUSPENDED && s->kind == SUSPENSION_COMPLIANCE;

	return ends ? instant_add(s->since, d->wait) : (struct instant){ INT64_MAX };
}

static void
recover_partials(struct decide *d, uint32_t source, const struct ground *g)
{
	uint32_t *place = &d->sources[source].partials;

	while (*place != DECIDE_NONE) {
		const struct decide_partial *p = &d->partials[*place];
		struct instant end = instant_add(p->since, d->wait);
		uint32_t receiver = p->receiver;

		if (p->over || end.ms > g->at.ms) {
			if (!p->over) {
				decide_due_by(d, end);
			}
			place = &d->partials[*place].next;
			continue;
		}
		decide_partial_drop(d, place);
		report_partial(d, source, receiver, EVENT_RECOVER, STATE_SUSPENDED, g);
	}
}

void
decide_recover(struct decide *d, struct moment now)
{
	struct ground g =
	    decide_ground(now, ACTOR_CLOCK, TEXT("clock"),
			  TEXT("the metrics are back within the thresholds and the waiting time has passed"));
	uint32_t words = decide_words_new(d, g.actor, g.reason);

	for (uint32_t i = 0; i < d->source_count; i++) {
		recover_partials(d, i, &g);
		if (!may_recover(d, &d->sources[i])) {
			continue;
		}
		if (instant_add(d->sources[i].since, d->wait).ms > now.at.ms) {
			due_after_wait(d, d->sources[i].since);
		} else {
			decide_move(d, i, EVENT_RECOVER, SUSPENSION_NONE, &g, words);
		}
	}
	decide_words_drop(d, words);
}
