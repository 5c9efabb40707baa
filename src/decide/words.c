/*
 * decide/words.c - why, for people who know no statistics. All numbers are put into words with integers, so that the reason in
 * the journal is the same on every machine.
 */
#include "decide/decide_int.h"

#include "base/limits.h"
#include "base/number.h"

#include <inttypes.h>

static const char *const evidence_plural[] = {
	[EVIDENCE_COMPLAINT] = "complaints",
	[EVIDENCE_UNKNOWN_USER] = "unknown users",
	[EVIDENCE_TRAP] = "trap hits",
	[EVIDENCE_TRAP_TYPO] = "hits on traps at mistyped domains",
};
_Static_assert(countof(evidence_plural) == EVIDENCE_COUNT, "each kind of evidence has its words");

/* "2026-01-05 10:31": to the minute, UTC. */
static void
put_when(struct buffer *b, struct instant t)
{
	char text[INSTANT_BYTES];

	instant_format(t, text);
	buffer_format(b, "%.10s %.5s", text, text + 11);
}

/* "3.1" below a hundred, "412" from there on. */
static void
put_expected(struct buffer *b, double v)
{
	uint64_t tenths = v < 1e15 ? (uint64_t)(v * 10 + 0.5) : (uint64_t)1e16;

	if (v > 0 && tenths == 0) {
		buffer_format(b, "less than 0.1");
	} else if (tenths < 1000) {
		buffer_format(b, "%" PRIu64 ".%" PRIu64, tenths / 10, tenths % 10);
	} else {
		buffer_format(b, "%" PRIu64, (tenths + 5) / 10);
	}
}

/* e to the power of nats in words, with two digits at most: "about 3400 times". */
static void
put_times(struct buffer *b, double nats)
{
	uint64_t times, step = 1;

	if (nats > 13.8) {
		buffer_format(b, "more than a million times");
		return;
	}
	times = nats > 0 ? (uint64_t)(number_exp(nats) + 0.5) : 1;
	while (times / step >= 100) {
		step *= 10;
	}
	buffer_format(b, "about %" PRIu64 " times", (times + step / 2) / step * step);
}

/* The kinds of evidence that speak for a takeover, the heaviest first; how many there are. */
static int
heaviest(const struct alarm *alarm, int order[EVIDENCE_COUNT])
{
	int n = 0;

	for (int i = 0; i < EVIDENCE_COUNT; i++) {
		int at = n;

		if (alarm->evidence[i].observed == 0 || !(alarm->evidence[i].nats > 0)) {
			continue;
		}
		for (; at > 0 && alarm->evidence[order[at - 1]].nats < alarm->evidence[i].nats; at--) {
			order[at] = order[at - 1];
		}
		order[at] = i;
		n++;
	}
	return n;
}

void
decide_alarm_words(const struct alarm *alarm, struct buffer *b)
{
	int order[EVIDENCE_COUNT], n = heaviest(alarm, order);

	buffer_format(b, "a takeover is suspected (%s):", takeover_meaning(alarm->takeover));
	for (int i = 0; i < n; i++) {
		const struct alarm_evidence *e = &alarm->evidence[order[i]];

		buffer_format(b, "%s %s %" PRIu64 " against ", i == 0 ? "" : ",", evidence_plural[order[i]],
			      e->observed);
		put_expected(b, e->expected);
		buffer_format(b, " expected");
	}
	buffer_format(b, "%s since ", n == 0 ? " the sum of small signs" : "");
	put_when(b, alarm->first_bad_at);
	buffer_format(b, " UTC");
	check(!b->full);
}

/* ---- explanation */

static void
explain_alarm(const struct alarm *alarm, struct buffer *b)
{
	int order[EVIDENCE_COUNT], n = heaviest(alarm, order);

	buffer_format(b, "At ");
	put_when(b, alarm->at);
	buffer_format(b, " the detector saw, over %s, what a takeover looks like: %s.\n",
		      alarm->kind == UNIT_SYSTEM ? "the whole system" : "one source",
		      takeover_meaning(alarm->takeover));
	for (int i = 0; i < n; i++) {
		const struct alarm_evidence *e = &alarm->evidence[order[i]];

		buffer_format(b, "  %s: %" PRIu64 ", where ", evidence_plural[order[i]], e->observed);
		put_expected(b, e->expected);
		buffer_format(b, " %s expected, since ",
			      e->expected > 0.95 && e->expected < 1.05 ? "was" : "were");
		put_when(b, alarm->first_bad_at);
		buffer_format(b, "\n");
	}
	buffer_format(b, "  Together this is ");
	put_times(b, alarm->evidence_nats);
	buffer_format(b, " more likely from a sender that is taken over than from this one as it was; ");
	put_times(b, alarm->limit_nats);
	buffer_format(b, " is the limit.\n");
}

static void
explain_harm(const struct decide_case *c, struct buffer *b)
{
	if (c->alarm_total > 0) {
		buffer_format(b, "Delivered from the first bad message (");
		put_when(b, c->first_bad_at);
		buffer_format(b, ") to the suspension: %" PRIu64 " messages. ", c->delivered_before);
	}
	buffer_format(b, "Delivered since the suspension: %" PRIu64 " messages.\n", c->delivered_after);
}

static void
explain_case(const struct decide *d, uint32_t number, struct buffer *b)
{
	const struct decide_case *c = &d->cases[number - 1];

	buffer_format(b, "Case %u is %s: opened ", number, case_status_name(c->status));
	put_when(b, c->opened);
	buffer_format(b, " by %.*s, %u source%s suspended in it, %u still %s.\n",
		      TEXT_ARG(d->words[c->opening].actor), c->source_count, c->source_count == 1 ? "" : "s",
		      c->suspended, c->suspended == 1 ? "is" : "are");
	buffer_format(b, "Why it was opened: %.*s.\n", TEXT_ARG(d->words[c->opening].reason));
	for (uint32_t i = 0; i < c->alarm_count; i++) {
		explain_alarm(&c->alarms[i], b);
	}
	if (c->alarm_total > c->alarm_count) {
		buffer_format(b, "The detector raised %u more alarms.\n", c->alarm_total - c->alarm_count);
	}
	explain_harm(c, b);
	if (c->verdict != DECIDE_NONE) {
		buffer_format(b, "Closed ");
		put_when(b, c->closed);
		buffer_format(b, " by %.*s: %.*s.\n", TEXT_ARG(d->words[c->verdict].actor),
			      TEXT_ARG(d->words[c->verdict].reason));
		return;
	}
	buffer_format(b,
		      c->status == CASE_OVERDUE ? "A verdict has been due since " : "A verdict is due by ");
	put_when(b, c->deadline);
	buffer_format(b, ": clear lists the sources again on probation, confirm revokes them. Until then "
			 "they are off the list.\n");
}

static void
explain_next(const struct decide_source *s, struct buffer *b)
{
	switch (s->state) {
	case STATE_APPLIED:
		buffer_format(b, "It is not listed until an operator accepts it.\n");
		break;
	case STATE_REINSTATED:
		buffer_format(b, "It is certified again after ");
		put_when(b, (struct instant){ s->since.ms + DECIDE_PROBATION });
		buffer_format(b, " if nothing else happens.\n");
		break;
	case STATE_REVOKED:
		if (!s->removed) {
			buffer_format(b, "Only a new application (apply, then accept) lists it again.\n");
		}
		break;
	case STATE_CERTIFIED:
	case STATE_SUSPENDED:
	case STATE_COUNT:
		break;
	}
}

static void
explain_source(const struct decide *d, const struct decide_source *s, struct buffer *b)
{
	buffer_format(b, "%s since ", state_name(s->state));
	put_when(b, s->since);
	buffer_format(b, ", %s the list", state_listed(s->state) ? "on" : "not on");
	if (s->kind != SUSPENSION_NONE) {
		buffer_format(b, " (%s)", suspension_name(s->kind));
	}
	if (s->words != DECIDE_NONE) {
		buffer_format(b, "; %s by %.*s (record %" PRIu64 ").\nReason: %.*s.\n", event_name(s->event),
			      TEXT_ARG(d->words[s->words].actor), s->seq,
			      TEXT_ARG(d->words[s->words].reason));
	} else {
		buffer_format(b, "; registered with record %" PRIu64 ".\n", s->seq);
	}
	explain_next(s, b);
	if (s->kind == SUSPENSION_SECURITY) {
		explain_case(d, s->case_number, b);
	}
}

/* How many sources of a system or member are in which state, then its open cases. */
static enum result
explain_many(const struct decide *d, enum decide_subject subject, uint32_t id, struct buffer *b)
{
	uint32_t states[STATE_COUNT] = { 0 }, all = 0;
	const char *comma = ": ";

	for (uint32_t i = 0; i < d->source_count; i++) {
		const struct decide_source *s = &d->sources[i];

		if ((subject == DECIDE_SYSTEM ? s->system : s->member) == id && !s->removed) {
			states[s->state]++;
			all++;
		}
	}
	if (all == 0) {
		return RESULT_NOT_FOUND;
	}
	buffer_format(b, "%u source%s", all, all == 1 ? "" : "s");
	for (enum state s = 0; s < STATE_COUNT; s++) {
		if (states[s] > 0) {
			buffer_format(b, "%s%u %s", comma, states[s], state_name(s));
			comma = ", ";
		}
	}
	buffer_format(b, ".\n");
	for (uint32_t i = 0; i < d->case_count; i++) {
		const struct decide_case *c = &d->cases[i];

		if ((subject == DECIDE_SYSTEM ? c->system : c->member) == id && case_status_open(c->status)) {
			explain_case(d, i + 1, b);
		}
	}
	return RESULT_OK;
}

enum result
decide_explain(const struct decide *d, enum decide_subject subject, uint32_t id, struct buffer *lines)
{
	switch (subject) {
	case DECIDE_SOURCE:
		if (id >= d->source_count) {
			return RESULT_NOT_FOUND;
		}
		explain_source(d, &d->sources[id], lines);
		return RESULT_OK;
	case DECIDE_CASE:
		if (id == 0 || id > d->case_count) {
			return RESULT_NOT_FOUND;
		}
		explain_case(d, id, lines);
		return RESULT_OK;
	case DECIDE_SYSTEM:
	case DECIDE_MEMBER:
		break;
	}
	return explain_many(d, subject, id, lines);
}
