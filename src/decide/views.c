/* decide/views.c - what is known now, for status and explanation. */
#include "decide/decide_int.h"

bool
decide_in_case(const struct decide_source *s)
{
	return s->state == STATE_SUSPENDED && s->kind == SUSPENSION_SECURITY;
}

uint32_t
decide_source_count(const struct decide *d)
{
	return d->source_count;
}

uint32_t
decide_case_count(const struct decide *d)
{
	return d->case_count;
}

uint32_t
decide_system_review(const struct decide *d, uint32_t system)
{
	return system < d->system_count ? d->systems[system].open_review : 0;
}

uint32_t
decide_system_case(const struct decide *d, uint32_t system)
{
	return system < d->system_count ? d->systems[system].open_case : 0;
}

void
decide_source_view(const struct decide *d, uint32_t source, struct decide_source_view *view)
{
	const struct decide_source *s = &d->sources[source];

	check(source < d->source_count);
	*view = (struct decide_source_view){ .system = s->system,
					     .member = s->member,
					     .state = s->state,
					     .kind = s->kind,
					     .removed = s->removed,
					     .since = s->since,
					     .seq = s->seq,
					     .event = s->event,
					     .role = s->role,
					     .not_before = decide_not_before(d, s) };
	view->over = s->over + (s->member < d->member_count ? d->members[s->member] : 0);
	for (uint32_t i = s->partials; i != DECIDE_NONE; i = d->partials[i].next) {
		view->partial_count++;
	}
	if (s->kind == SUSPENSION_SECURITY) {
		view->case_number = s->case_number;
	}
	if (s->words != DECIDE_NONE) {
		view->actor = d->words[s->words].actor;
		view->reason = d->words[s->words].reason;
	}
}

void
decide_partial_view(const struct decide *d, uint32_t source, uint32_t index, struct decide_partial_view *view)
{
	uint32_t i;

	check(source < d->source_count);
	for (i = d->sources[source].partials; i != DECIDE_NONE && index > 0; index--) {
		i = d->partials[i].next;
	}
	check(i != DECIDE_NONE);
	*view = (struct decide_partial_view){ .receiver = d->receivers[d->partials[i].receiver],
					      .since = d->partials[i].since,
					      .not_before = instant_add(d->partials[i].since, d->wait),
					      .seq = d->partials[i].seq,
					      .over = d->partials[i].over,
					      .reason = d->words[d->partials[i].words].reason };
}

void
decide_case_view(const struct decide *d, uint32_t number, struct decide_case_view *view)
{
	const struct decide_case *c = &d->cases[number - 1];

	check(number > 0 && number <= d->case_count);
	*view = (struct decide_case_view){ .system = c->system,
					   .member = c->member,
					   .status = c->status,
					   .review = c->review,
					   .opened = c->opened,
					   .deadline = c->deadline,
					   .closed = c->closed,
					   .reason = d->words[c->opening].reason,
					   .actor = d->words[c->opening].actor,
					   .sources = c->sources,
					   .source_count = c->source_count,
					   .suspended = c->suspended,
					   .alarms = c->alarms,
					   .alarm_count = c->alarm_count,
					   .alarm_total = c->alarm_total,
					   .delivered_before = c->delivered_before,
					   .delivered_after = c->delivered_after };
	if (c->verdict != DECIDE_NONE) {
		view->verdict = d->words[c->verdict].reason;
		view->judge = d->words[c->verdict].actor;
	}
}
