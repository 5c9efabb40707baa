/* decide/decide.c - what comes in: sources, alarms, commands, volume, time. Every move of a source goes through decide_move. */
#include "decide/decide_int.h"

#include "base/limits.h"

#include <stdlib.h>

/* What the table cannot see: the kind of a suspension. */
static bool
kind_allows(const struct decide_source *s, enum event event)
{
	switch (event) {
	case EVENT_ALARM:
	case EVENT_SUSPEND:
		return s->kind != SUSPENSION_SECURITY; /* it waits for a verdict already */
	case EVENT_RECOVER:
		return s->kind == SUSPENSION_COMPLIANCE;
	default:
		return event != EVENT_THRESHOLD;
	}
}

bool
decide_may(const struct decide_source *s, enum event event, enum actor role)
{
	enum state to;

	return !s->removed && state_next(s->state, event, role, &to) == RESULT_OK &&
	       (s->state != STATE_SUSPENDED || kind_allows(s, event));
}

void
decide_due_by(struct decide *d, struct instant at)
{
	if (at.ms < d->due.ms) {
		d->due = at;
	}
}

/* The kind of the source after a move to `to`; `kind` is that of a suspension made now. */
static enum suspension
kind_after(const struct decide_source *s, enum state to, enum suspension kind)
{
	if (to == STATE_SUSPENDED || kind == SUSPENSION_WITHDRAWN) {
		return kind;
	}
	return to == STATE_REVOKED ? s->kind : SUSPENSION_NONE;
}

void
decide_move(struct decide *d, uint32_t id, enum event event, enum suspension kind, const struct ground *g,
	    uint32_t words)
{
	struct decide_source *s = &d->sources[id];
	enum state from = s->state, to;
	uint32_t number = decide_in_case(s) ? s->case_number : 0;

	check(state_next(from, event, g->role, &to) == RESULT_OK);
	if (number != 0) {
		decide_case_leave(d, number, event, kind == SUSPENSION_WITHDRAWN);
	}
	if (to == STATE_SUSPENDED && kind == SUSPENSION_SECURITY) {
		number = decide_case_for(d, id, g, words);
		decide_case_join(d, number, id);
	}
	s = &d->sources[id];
	s->kind = (uint8_t)kind_after(s, to, kind);
	s->state = (uint8_t)to;
	s->event = (uint8_t)event;
	s->role = (uint8_t)g->role;
	s->since = g->at;
	s->seq = g->seq;
	decide_words_drop(d, s->words);
	s->words = words;
	decide_words_keep(d, words);
	if (to == STATE_REVOKED) {
		decide_partials_drop(d, id);
	}
	if (to == STATE_REINSTATED) {
		decide_due_by(d, (struct instant){ g->at.ms + DECIDE_PROBATION });
	}
	d->events.move(d->events.context, &(struct move){ .source = id,
							  .event = event,
							  .from = from,
							  .to = to,
							  .kind = s->kind,
							  .case_number = number,
							  .ground = *g });
}

struct ground
decide_ground(struct moment now, enum actor role, struct text actor, struct text reason)
{
	check(actor.n > 0 && actor.n <= WORDS_BYTES_MAX && reason.n > 0 && reason.n <= WORDS_BYTES_MAX);
	return (struct ground){ .at = now.at,
				.seq = now.seq,
				.role = role,
				.actor = actor,
				.reason = reason,
				.evidence_count = 1,
				.evidence = { now.seq } };
}

/* ---- sources */

void
decide_source_put(struct decide *d, uint32_t source, uint32_t system, uint32_t member, struct moment now)
{
	struct decide_source *s;

	check(source == d->source_count);
	s = decide_source_new(d, system, member);
	s->since = now.at;
	s->seq = now.seq;
}

void
decide_source_remove(struct decide *d, uint32_t source, struct text actor, struct text reason,
		     struct moment now)
{
	struct ground g = decide_ground(now, ACTOR_OPERATOR, actor, reason);
	struct decide_source *s = &d->sources[source];
	uint32_t words;

	check(source < d->source_count && !s->removed);
	words = decide_words_new(d, actor, reason);
	if (state_listed(s->state)) {
		decide_move(d, source, EVENT_SUSPEND, SUSPENSION_WITHDRAWN, &g, words);
	}
	if (s->state == STATE_SUSPENDED) {
		decide_move(d, source, EVENT_CONFIRM, SUSPENSION_WITHDRAWN, &g, words);
	} else if (s->state == STATE_APPLIED) {
		decide_move(d, source, EVENT_REFUSE, SUSPENSION_WITHDRAWN, &g, words);
	}
	s->removed = true;
	decide_review_left(d, source, &g, words);
	decide_cases_settle(d, &g, words);
	decide_words_drop(d, words);
}

/* ---- alarms */

/* The first source that the alarm names; source_after gives the others. */
static uint32_t
alarm_first(struct decide *d, const struct alarm *alarm, uint32_t id)
{
	if (alarm->kind != UNIT_SOURCE) {
		return decide_system_row(d, id)->first;
	}
	check(id < d->source_count);
	return id;
}

static uint32_t
alarm_next(const struct decide *d, const struct alarm *alarm, uint32_t source)
{
	return alarm->kind != UNIT_SOURCE ? d->sources[source].next : DECIDE_NONE;
}

static struct ground
alarm_ground(const struct alarm *alarm, struct moment now, struct text reason)
{
	struct ground g = decide_ground(now, ACTOR_DETECTOR, TEXT("detector"), reason);

	_Static_assert(ALARM_REPORTS_MAX <= EVIDENCE_SEQS_MAX, "all reports of an alarm are evidence");
	if (alarm->report_count > 0) {
		g.evidence_count = alarm->report_count;
		for (uint32_t i = 0; i < alarm->report_count; i++) {
			g.evidence[i] = alarm->reports[i];
		}
	}
	return g;
}

/* Mail that the alarm counted before the suspension. An alarm of the whole system counts that of its sources as well. */
static void
count_harm(struct decide_case *c, const struct alarm *alarm)
{
	if (alarm->kind == UNIT_SOURCE) {
		c->delivered_before += alarm->delivered;
	} else if (alarm->delivered > c->delivered_before) {
		c->delivered_before = alarm->delivered;
	}
	if (alarm->first_bad_at.ms < c->first_bad_at.ms) {
		c->first_bad_at = alarm->first_bad_at;
	}
}

/* Would it suspend somebody, and does the lot say that people look first? */
static bool
goes_to_review(struct decide *d, const struct alarm *alarm, uint32_t id, const struct ground *g,
	       uint32_t words)
{
	uint32_t *sources = NULL, count = 0, size = 0, first = alarm_first(d, alarm, id);
	bool reviewed;

	if (first == DECIDE_NONE ||
	    (d->shadow == 0 && d->systems[d->sources[first].system].open_review == 0)) {
		return false;
	}
	for (uint32_t i = first; i != DECIDE_NONE; i = alarm_next(d, alarm, i)) {
		if (decide_may(&d->sources[i], EVENT_ALARM, ACTOR_DETECTOR)) {
			sources = array_room(sources, count, &size, sizeof *sources);
			sources[count++] = i;
		}
	}
	reviewed = decide_review(d, alarm, sources, count, g, words);
	free(sources);
	return reviewed;
}

uint32_t
decide_alarm(struct decide *d, const struct alarm *alarm, uint32_t id, struct moment now)
{
	uint32_t moves = 0, words, open, system;
	struct buffer reason;
	struct ground g;

	check(alarm->kind != UNIT_SOURCE || id < d->source_count);
	system = alarm->kind != UNIT_SOURCE ? id : d->sources[id].system;
	buffer_init(&reason, WORDS_BYTES_MAX);
	decide_alarm_words(alarm, &reason);
	g = alarm_ground(alarm, now, buffer_text(&reason));
	words = decide_words_new(d, g.actor, g.reason);
	if (!goes_to_review(d, alarm, id, &g, words)) {
		for (uint32_t i = alarm_first(d, alarm, id); i != DECIDE_NONE; i = alarm_next(d, alarm, i)) {
			if (decide_may(&d->sources[i], EVENT_ALARM, ACTOR_DETECTOR)) {
				decide_move(d, i, EVENT_ALARM, SUSPENSION_SECURITY, &g, words);
				moves++;
			}
		}
	}
	open = decide_system_row(d, system)->open_case;
	if (open != 0) {
		decide_case_note(d, open, alarm);
	}
	if (moves > 0) {
		count_harm(&d->cases[open - 1], alarm);
	}
	decide_cases_settle(d, &g, words);
	decide_words_drop(d, words);
	buffer_free(&reason);
	return moves;
}

/* ---- commands */

static bool
is_of(const struct decide *d, const struct decide_command *c, uint32_t source)
{
	const struct decide_source *s = &d->sources[source];

	switch (c->subject) {
	case DECIDE_SOURCE:
		return source == c->id;
	case DECIDE_SYSTEM:
		return s->system == c->id;
	case DECIDE_MEMBER:
		return s->member == c->id;
	case DECIDE_CASE:
		break;
	}
	return s->kind == SUSPENSION_SECURITY && s->case_number == c->id;
}

/* The next present source of the subject from `source` on; DECIDE_NONE: no more. */
static uint32_t
subject_from(const struct decide *d, const struct decide_command *c, uint32_t source)
{
	if (c->subject == DECIDE_SOURCE) {
		source = source <= c->id ? c->id : d->source_count;
	}
	for (; source < d->source_count; source++) {
		if (is_of(d, c, source) && !d->sources[source].removed) {
			return source;
		}
	}
	return DECIDE_NONE;
}

/* A source that stays on the list may be cleared of what it is suspended for partially. */
static bool
may_obey(const struct decide_source *s, const struct decide_command *c)
{
	enum state to;

	return decide_may(s, c->event, c->role) ||
	       (c->event == EVENT_CLEAR && s->partials != DECIDE_NONE &&
		state_next(STATE_SUSPENDED, EVENT_CLEAR, c->role, &to) == RESULT_OK);
}

/* Is it a verb that people have, with words that can be kept? */
static enum result
words_check(const struct decide_command *c, struct fault *fault)
{
	static const bool is_verb[EVENT_COUNT] = {
		[EVENT_APPLY] = true,   [EVENT_ACCEPT] = true, [EVENT_REFUSE] = true,
		[EVENT_SUSPEND] = true, [EVENT_CLEAR] = true,  [EVENT_CONFIRM] = true
	};

	if (c->event >= EVENT_COUNT || !is_verb[c->event] || c->subject > DECIDE_CASE ||
	    (c->role != ACTOR_OPERATOR && c->role != ACTOR_ANALYST && c->role != ACTOR_MEMBER)) {
		return fault_set(fault, RESULT_BAD_INPUT, "no command of a person");
	}
	if (c->actor.n == 0 || c->actor.n > WORDS_BYTES_MAX) {
		return fault_set(fault, RESULT_BAD_INPUT, "actor: 1 to %d bytes are wanted", WORDS_BYTES_MAX);
	}
	if (text_equal(c->actor, TEXT("detector")) || text_equal(c->actor, TEXT("clock"))) {
		return fault_set(fault, RESULT_BAD_INPUT, "actor: a person is wanted; %.*s is none",
				 TEXT_ARG(c->actor));
	}
	if (text_trim(c->reason).n == 0 || c->reason.n > WORDS_BYTES_MAX) {
		return fault_set(fault, RESULT_BAD_INPUT,
				 "reason: a sentence of 1 to %d bytes is wanted; it is kept for good",
				 WORDS_BYTES_MAX);
	}
	return RESULT_OK;
}

static enum result
command_check(const struct decide *d, const struct decide_command *c, struct fault *fault)
{
	uint32_t present = 0, i;

	for (i = subject_from(d, c, 0); i != DECIDE_NONE; i = subject_from(d, c, i + 1)) {
		if (may_obey(&d->sources[i], c)) {
			return RESULT_OK;
		}
		present++;
	}
	if (c->subject == DECIDE_CASE && c->id > 0 && c->id <= d->case_count && present == 0) {
		return fault_set(fault, RESULT_NOT_ALLOWED, "case %u is %s; none of its sources is suspended",
				 c->id, case_status_name(d->cases[c->id - 1].status));
	}
	if (present == 0) {
		return fault_set(fault, RESULT_NOT_FOUND, "no source is there");
	}
	i = subject_from(d, c, 0);
	return fault_set(fault, RESULT_NOT_ALLOWED, "%s is not possible for the %s: the source is %s%s",
			 event_name(c->event), actor_name(c->role), state_name(d->sources[i].state),
			 present > 1 ? ", and none of the others can make that move" : "");
}

enum result
decide_command(struct decide *d, const struct decide_command *command, struct moment now, uint32_t *moves,
	       struct fault *fault)
{
	struct ground g;
	uint32_t words;
	enum result r = words_check(command, fault);

	*moves = 0;
	if (r == RESULT_OK && decide_is_review(d, command)) {
		return decide_review_judge(d, command, now, moves, fault);
	}
	r = r == RESULT_OK ? command_check(d, command, fault) : r;
	if (r != RESULT_OK) {
		return r;
	}
	g = decide_ground(now, command->role, command->actor, command->reason);
	words = decide_words_new(d, g.actor, g.reason);
	for (uint32_t i = subject_from(d, command, 0); i != DECIDE_NONE;
	     i = subject_from(d, command, i + 1)) {
		bool moves_itself = decide_may(&d->sources[i], command->event, command->role);

		if (command->event == EVENT_CLEAR && may_obey(&d->sources[i], command)) {
			*moves += decide_partials_clear(d, i, &g);
		}
		if (moves_itself) {
			decide_move(d, i, command->event, SUSPENSION_SECURITY, &g, words);
			++*moves;
		}
	}
	decide_cases_settle(d, &g, words);
	decide_words_drop(d, words);
	return RESULT_OK;
}

/* ---- volume and time */

void
decide_delivered(struct decide *d, uint32_t source, uint64_t count, struct instant at)
{
	const struct decide_source *s = &d->sources[source];
	struct decide_case *c;

	check(source < d->source_count);
	if (!decide_in_case(s)) {
		return;
	}
	c = &d->cases[s->case_number - 1];
	if (at.ms >= s->since.ms) {
		c->delivered_after += count;
	} else if (at.ms >= c->first_bad_at.ms) {
		c->delivered_before += count; /* reported late */
	}
}

static void
end_probations(struct decide *d, struct moment now)
{
	struct ground g = decide_ground(now, ACTOR_CLOCK, TEXT("clock"),
					TEXT("the probation of 30 days ended without a new suspension"));
	uint32_t words = DECIDE_NONE;

	for (uint32_t i = 0; i < d->source_count; i++) {
		struct instant end = { d->sources[i].since.ms + DECIDE_PROBATION };

		if (d->sources[i].state != STATE_REINSTATED) {
			continue;
		}
		if (end.ms > now.at.ms) {
			decide_due_by(d, end);
			continue;
		}
		if (words == DECIDE_NONE) {
			words = decide_words_new(d, g.actor, g.reason);
		}
		decide_move(d, i, EVENT_MATURE, SUSPENSION_NONE, &g, words);
	}
	decide_words_drop(d, words);
}

static void
mark_overdue(struct decide *d, struct moment now)
{
	struct ground g =
	    decide_ground(now, ACTOR_CLOCK, TEXT("clock"), TEXT("there is no verdict within the hour"));

	for (uint32_t i = 0; i < d->case_count; i++) {
		if (d->cases[i].status != CASE_OPEN) {
			continue;
		}
		if (d->cases[i].deadline.ms > now.at.ms) {
			decide_due_by(d, d->cases[i].deadline);
			continue;
		}
		d->cases[i].status = CASE_OVERDUE;
		decide_case_report(d, i + 1, &g);
		if (d->cases[i].review) {
			decide_review_overdue(d, i + 1, now);
		}
	}
}

void
decide_tick(struct decide *d, struct moment now)
{
	if (now.at.ms < d->due.ms) {
		return;
	}
	d->due.ms = INT64_MAX;
	end_probations(d, now);
	decide_recover(d, now);
	mark_overdue(d, now);
}

struct instant
decide_due(const struct decide *d)
{
	return d->due;
}
