/* decide/explain.c - why, on one page: state, reason, harm, case, next step. What an analyst reads at three in the morning. */
#include "decide/decide_int.h"

#include <inttypes.h>

#define SOURCES_NAMED_MAX 3U

struct page {
	const struct decide *d;
	struct instant now;
	const struct decide_names *names;
	struct buffer *b;
};

static const char *const past[] = {
	[EVENT_APPLY] = "applied for",      [EVENT_ACCEPT] = "accepted",     [EVENT_REFUSE] = "refused",
	[EVENT_ALARM] = "suspended",        [EVENT_THRESHOLD] = "suspended", [EVENT_DISUSE] = "suspended",
	[EVENT_SUSPEND] = "suspended",      [EVENT_CLEAR] = "cleared",       [EVENT_CONFIRM] = "revoked",
	[EVENT_MATURE] = "certified again", [EVENT_RECOVER] = "listed again"
};
_Static_assert(countof(past) == EVENT_COUNT, "each event has its word");

static void
put_name(const struct page *p, enum decide_subject subject, uint32_t id)
{
	buffer_put_text(p->b, p->names->name(p->names->context, subject, id));
}

/* ---- what the detector saw */

#define SPOKE_FOR (-0.5) /* nats; less is not worth a line */

/* What new templates showed, or that what was seen is the sender's usual mail. */
static void
explain_content(struct buffer *b, const struct alarm *alarm)
{
	const char *before = "  new messages: ";

	for (int i = 0; i < TRAIT_COUNT && alarm->content_nats > 0; i++) {
		if ((alarm->traits >> i & 1) != 0) {
			buffer_format(b, "%s%s", before, trait_meaning((enum trait)i));
			before = ", ";
		}
	}
	if (before[0] == ',') {
		buffer_format(b, "\n");
	}
	if (alarm->content_nats < SPOKE_FOR) {
		buffer_format(
		    b, "  messages that were seen: as the sender's own, which speaks for the sender\n");
	}
}

/* Which mail tells most, where there are several blocks of it. */
static void
explain_blocks(struct buffer *b, const struct alarm *alarm)
{
	const struct alarm_block *most = &alarm->blocks[0];

	for (uint32_t i = 1; i < alarm->block_count; i++) {
		most = alarm->blocks[i].nats > most->nats ? &alarm->blocks[i] : most;
	}
	if (alarm->block_count < 2 || !(most->nats > 0)) {
		return;
	}
	if (most->delivered > 0) {
		buffer_format(b, "  Most of it comes from the %" PRIu64 " messages from ", most->delivered);
	} else { /* seen before its volume was reported */
		buffer_format(b, "  Most of it comes from what single messages look like, from ");
	}
	decide_put_when(b, most->from);
	buffer_format(b, " UTC on.\n");
}

/* When it began; between which times it did, where that is more than a minute. */
static void
explain_onset(struct buffer *b, const struct alarm *alarm)
{
	buffer_format(b, "  It began most likely with the mail from ");
	decide_put_when(b, alarm->began);
	buffer_format(b, " UTC on");
	if (alarm->began_to.ms / SPAN_MINUTE.ms > alarm->began_from.ms / SPAN_MINUTE.ms) {
		buffer_format(b, "; nine times in ten between ");
		decide_put_when(b, alarm->began_from);
		buffer_format(b, " and ");
		decide_put_when(b, alarm->began_to);
	}
	buffer_format(b, ".\n");
}

static void
explain_alarm(const struct page *p, const struct alarm *alarm, uint32_t system)
{
	struct buffer *b = p->b;
	int order[EVIDENCE_COUNT], n = decide_heaviest(alarm, order);

	buffer_format(b, "Seen over ");
	if (alarm->kind == UNIT_MEMBER) {
		buffer_format(b, "all systems of the member ");
		put_name(p, DECIDE_MEMBER, alarm->unit);
	} else if (alarm->kind == UNIT_SYSTEM) {
		buffer_format(b, "the whole system ");
		put_name(p, DECIDE_SYSTEM, system);
	} else {
		put_name(p, DECIDE_SOURCE, alarm->unit);
	}
	buffer_format(b, " since ");
	decide_put_when(b, alarm->first_bad_at);
	buffer_format(b, " UTC:\n");
	for (int i = 0; i < n; i++) {
		const struct alarm_evidence *e = &alarm->evidence[order[i]];

		buffer_format(b, "  %s: %" PRIu64 ", where ", decide_evidence_words(order[i]), e->observed);
		decide_put_expected(b, e->expected);
		buffer_format(b, " %s expected\n", e->expected > 0.95 && e->expected < 1.05 ? "was" : "were");
	}
	explain_content(b, alarm);
	explain_blocks(b, alarm);
	buffer_format(b, "  Together this is ");
	decide_put_times(b, alarm->evidence_nats);
	buffer_format(
	    b, " likelier from a sender that is taken over than from this one as it was; the limit is ");
	decide_put_times(b, alarm->limit_nats);
	buffer_format(b, ".\n");
	explain_onset(b, alarm);
}

/* One reason: the alarm that opened the case, or the words of whoever did. What came later agrees, and is only counted. */
static void
explain_reason(const struct page *p, const struct decide_case *c)
{
	const struct decide_words *words = &p->d->words[c->opening];
	bool by_alarm = c->alarm_count > 0 && text_equal(words->actor, TEXT("detector"));

	if (!by_alarm) {
		buffer_format(p->b, "Why: %.*s (suspended by %.*s).\n", TEXT_ARG(words->reason),
			      TEXT_ARG(words->actor));
	} else {
		buffer_format(p->b, "Why: a takeover is suspected: %s. ",
			      takeover_words(c->alarms[0].takeover));
		explain_alarm(p, &c->alarms[0], c->system);
	}
	if (c->alarm_total > by_alarm) {
		uint32_t more = c->alarm_total - by_alarm;

		buffer_format(p->b, "  The detector has said so%s %u time%s%s.\n", by_alarm ? "" : " too,",
			      more, more == 1 ? "" : "s", by_alarm ? " more since" : "");
	}
}

/* ---- cases */

static void
explain_harm(const struct page *p, const struct decide_case *c)
{
	buffer_format(p->b, "Harm: ");
	if (c->alarm_total > 0) {
		buffer_format(p->b, "%" PRIu64 " messages delivered from the first bad one (",
			      c->delivered_before);
		decide_put_when(p->b, c->first_bad_at);
		buffer_format(p->b, " UTC) to the suspension, ");
	}
	buffer_format(p->b, "%" PRIu64 " %ssince.\n", c->delivered_after,
		      c->alarm_total > 0 ? "" : "messages delivered ");
}

/* "due in 42 min", "overdue for 3 h 5 min". */
static void
put_timer(const struct page *p, const struct decide_case *c)
{
	struct span left = instant_since(c->deadline, p->now);
	char words[SPAN_BYTES];

	buffer_format(p->b, "%s %s", left.ms >= 0 ? "due in" : "overdue for", span_words(left, words));
}

static void
explain_verdict(const struct page *p, uint32_t number)
{
	const struct decide_case *c = &p->d->cases[number - 1];
	struct buffer *b = p->b;

	if (c->verdict != DECIDE_NONE) {
		buffer_format(b, "Closed: %s ", case_status_name(c->status));
		decide_put_when(b, c->closed);
		buffer_format(b, " UTC by %.*s: %.*s.\n", TEXT_ARG(p->d->words[c->verdict].actor),
			      TEXT_ARG(p->d->words[c->verdict].reason));
		return;
	}
	buffer_format(b, "Next: a verdict, ");
	put_timer(p, c);
	buffer_format(b, " (by ");
	decide_put_when(b, c->deadline);
	buffer_format(b, " UTC). Until then its sources stay off the list.\n");
	buffer_format(b, "  vouch confirm %u REASON  it was a takeover: they are revoked\n", number);
	buffer_format(
	    b, "  vouch clear %u REASON    it was none, or it is repaired: listed again, on probation\n",
	    number);
}

/* An alarm that suspended nobody. */
static void
explain_review(const struct page *p, uint32_t number)
{
	const struct decide_case *c = &p->d->cases[number - 1];

	explain_reason(p, c);
	buffer_format(
	    p->b,
	    "Case %u is a review: of the alarms that would suspend, some are judged by people first, by "
	    "lot, so that it is known how many are wrong. Without a verdict in time this one suspends as any "
	    "other.\n",
	    number);
	if (c->verdict != DECIDE_NONE) {
		explain_verdict(p, number);
		return;
	}
	buffer_format(p->b, "Next: a verdict, ");
	put_timer(p, c);
	buffer_format(p->b,
		      ".\n  vouch confirm %u REASON  it was a takeover: its sources are suspended\n"
		      "  vouch clear %u REASON    it was none: nothing moves\n",
		      number, number);
}

static void
explain_case(const struct page *p, uint32_t number)
{
	const struct decide_case *c = &p->d->cases[number - 1];

	if (c->review) {
		explain_review(p, number);
		return;
	}
	explain_reason(p, c);
	explain_harm(p, c);
	buffer_format(p->b, "Case %u: opened ", number);
	decide_put_when(p->b, c->opened);
	buffer_format(p->b, " UTC by %.*s; %u source%s of ", TEXT_ARG(p->d->words[c->opening].actor),
		      c->source_count, c->source_count == 1 ? "" : "s");
	put_name(p, DECIDE_SYSTEM, c->system);
	buffer_format(p->b, " suspended in it, %u still %s.\n", c->suspended,
		      c->suspended == 1 ? "is" : "are");
	explain_verdict(p, number);
}

/* "Case 28 is open: harbour-bank, system harbour-news: 192.0.2.10, 192.0.2.11 and 8 more." */
static void
explain_case_alone(const struct page *p, uint32_t number)
{
	const struct decide_case *c = &p->d->cases[number - 1];
	const char *before = ": ";

	buffer_format(p->b, "Case %u is %s: ", number, case_status_name(c->status));
	put_name(p, DECIDE_MEMBER, c->member);
	buffer_format(p->b, ", system ");
	put_name(p, DECIDE_SYSTEM, c->system);
	for (uint32_t i = 0; i < c->source_count && i < SOURCES_NAMED_MAX; i++) {
		buffer_format(p->b, "%s", before);
		put_name(p, DECIDE_SOURCE, c->sources[i]);
		before = ", ";
	}
	if (c->source_count > SOURCES_NAMED_MAX) {
		buffer_format(p->b, " and %u more", c->source_count - SOURCES_NAMED_MAX);
	}
	buffer_format(p->b, ".\n");
	explain_case(p, number);
}

/* ---- sources */

/* What a suspension without a case waits for. */
static void
explain_suspension(const struct page *p, const struct decide_source *s, uint32_t id)
{
	if (s->kind == SUSPENSION_COMPLIANCE) {
		buffer_format(p->b,
			      "Next: listed again, on probation, when all metrics are within the thresholds, "
			      "and not before ");
		decide_put_when(p->b, decide_not_before(p->d, s));
		buffer_format(p->b, " UTC; or vouch clear ");
	} else {
		buffer_format(p->b, "Next: it stays off the list until a person says so: vouch clear ");
	}
	put_name(p, DECIDE_SOURCE, id);
	buffer_format(p->b, " REASON.\n");
}

static void
explain_partials(const struct page *p, const struct decide_source *s)
{
	for (uint32_t i = s->partials; i != DECIDE_NONE; i = p->d->partials[i].next) {
		const struct decide_partial *partial = &p->d->partials[i];

		buffer_format(p->b, "Partially suspended for %.*s since ",
			      TEXT_ARG(p->d->receivers[partial->receiver]));
		decide_put_when(p->b, partial->since);
		buffer_format(p->b,
			      " UTC (record %" PRIu64 "): %.*s. It ends when that is %s, and not before ",
			      partial->seq, TEXT_ARG(p->d->words[partial->words].reason),
			      partial->over ? "within the threshold again" : "still within the threshold");
		decide_put_when(p->b, instant_add(partial->since, p->d->wait));
		buffer_format(p->b, " UTC.\n");
	}
}

static void
explain_next(const struct page *p, const struct decide_source *s, uint32_t id)
{
	switch (s->removed ? STATE_COUNT : s->state) {
	case STATE_APPLIED:
		buffer_format(p->b, "Next: vouch accept ");
		put_name(p, DECIDE_SOURCE, id);
		buffer_format(p->b, " REASON lists it, vouch refuse ");
		put_name(p, DECIDE_SOURCE, id);
		buffer_format(p->b, " REASON does not.\n");
		return;
	case STATE_REINSTATED:
		buffer_format(p->b, "Next: certified again after ");
		decide_put_when(p->b, (struct instant){ s->since.ms + DECIDE_PROBATION });
		buffer_format(p->b, " UTC if nothing else happens.\n");
		return;
	case STATE_REVOKED:
		buffer_format(p->b, "Next: only a new application helps: vouch apply ");
		put_name(p, DECIDE_SOURCE, id);
		buffer_format(p->b, " REASON, then vouch accept.\n");
		return;
	case STATE_SUSPENDED:
		explain_suspension(p, s, id);
		return;
	case STATE_CERTIFIED:
	case STATE_COUNT:
		break; /* nothing to do */
	}
}

static void
explain_source(const struct page *p, uint32_t id)
{
	const struct decide_source *s = &p->d->sources[id];
	struct buffer *b = p->b;

	put_name(p, DECIDE_SOURCE, id);
	buffer_format(b, " is %s since ", state_name(s->state));
	decide_put_when(b, s->since);
	buffer_format(b, " UTC, %s the list", state_listed(s->state) ? "on" : "off");
	if (s->kind != SUSPENSION_NONE) {
		buffer_format(b, " (%s)", suspension_name(s->kind));
	}
	buffer_format(b, ". It belongs to ");
	put_name(p, DECIDE_MEMBER, s->member);
	buffer_format(b, ", system ");
	put_name(p, DECIDE_SYSTEM, s->system);
	buffer_format(b, ".\n");
	explain_partials(p, s);
	if (s->kind == SUSPENSION_SECURITY) {
		explain_case(p, s->case_number);
		if (s->state == STATE_SUSPENDED) {
			return; /* the next step is the verdict */
		}
	} else if (s->words != DECIDE_NONE) {
		buffer_format(b, "Why: %.*s (%s by %.*s, record %" PRIu64 ").\n",
			      TEXT_ARG(p->d->words[s->words].reason), past[s->event],
			      TEXT_ARG(p->d->words[s->words].actor), s->seq);
	} else {
		buffer_format(b, "Why: it was registered with record %" PRIu64 ".\n", s->seq);
	}
	if (p->d->systems[s->system].open_review != 0) {
		buffer_format(b, "An alarm about it waits for review: vouch why %u.\n",
			      p->d->systems[s->system].open_review);
	}
	explain_next(p, s, id);
}

/* ---- systems and members */

static uint32_t
count_states(const struct decide *d, enum decide_subject subject, uint32_t id, uint32_t states[STATE_COUNT])
{
	uint32_t all = 0;

	for (uint32_t i = 0; i < d->source_count; i++) {
		const struct decide_source *s = &d->sources[i];

		if ((subject == DECIDE_SYSTEM ? s->system : s->member) == id && !s->removed) {
			states[s->state]++;
			all++;
		}
	}
	return all;
}

/* One open case is explained; of several one line each, and the next step is to look at one. */
static void
explain_cases(const struct page *p, enum decide_subject subject, uint32_t id)
{
	const struct decide *d = p->d;
	uint32_t open = 0, last = 0;

	for (uint32_t i = 0; i < d->case_count; i++) {
		const struct decide_case *c = &d->cases[i];

		if ((subject == DECIDE_SYSTEM ? c->system : c->member) == id && case_status_open(c->status)) {
			open++;
			last = i + 1;
		}
	}
	if (open == 1) {
		explain_case(p, last);
		return;
	}
	for (uint32_t i = 0; i < d->case_count && open > 1; i++) {
		const struct decide_case *c = &d->cases[i];

		if ((subject == DECIDE_SYSTEM ? c->system : c->member) != id ||
		    !case_status_open(c->status)) {
			continue;
		}
		buffer_format(p->b, "Case %u, ", i + 1);
		put_name(p, DECIDE_SYSTEM, c->system);
		buffer_format(p->b, ", %u source%s off the list, verdict ", c->suspended,
			      c->suspended == 1 ? "" : "s");
		put_timer(p, c);
		buffer_format(p->b, ".\n");
	}
	buffer_format(p->b, open == 0 ? "Next: nothing; no case is open.\n" : "Next: vouch why CASE.\n");
}

static enum result
explain_many(const struct page *p, enum decide_subject subject, uint32_t id)
{
	uint32_t states[STATE_COUNT] = { 0 };
	uint32_t all = count_states(p->d, subject, id, states);
	const char *comma = ": ";

	if (all == 0) {
		return RESULT_NOT_FOUND;
	}
	put_name(p, subject, id);
	buffer_format(p->b, " has %u source%s", all, all == 1 ? "" : "s");
	for (enum state s = 0; s < STATE_COUNT; s++) {
		if (states[s] > 0) {
			buffer_format(p->b, "%s%u %s", comma, states[s], state_name(s));
			comma = ", ";
		}
	}
	buffer_format(p->b, ".\n");
	explain_cases(p, subject, id);
	return RESULT_OK;
}

enum result
decide_explain(const struct decide *d, enum decide_subject subject, uint32_t id, struct instant now,
	       const struct decide_names *names, struct buffer *lines)
{
	const struct page p = { d, now, names, lines };

	switch (subject) {
	case DECIDE_SOURCE:
		if (id >= d->source_count) {
			return RESULT_NOT_FOUND;
		}
		explain_source(&p, id);
		return RESULT_OK;
	case DECIDE_CASE:
		if (id == 0 || id > d->case_count) {
			return RESULT_NOT_FOUND;
		}
		explain_case_alone(&p, id);
		return RESULT_OK;
	case DECIDE_SYSTEM:
	case DECIDE_MEMBER:
		break;
	}
	return explain_many(&p, subject, id);
}
