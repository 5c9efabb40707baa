/*
 * decide/review.c - some of the alarms that would suspend are judged by people first, so that it is known how often alarms are wrong.
 *
 * A lot decides, by the hash of the alarm: the same alarm draws the same in every replay. The review is a case of its own kind: it moves
 * nothing, and its verdict is a measurement. People have the time of a verdict for it; then the alarm suspends after all, in a case as any
 * other, and the review still waits to be judged. So a takeover that the lot spares is out by that time longer, and no more.
 */
#include "decide/decide_int.h"

#include "base/hash.h"
#include "base/limits.h"

#define ALARM_BYTES 1024U

void
decide_shadow(struct decide *d, uint32_t percent)
{
	check(percent <= 100);
	d->shadow = percent;
}

/* Does the lot say review? */
static bool
is_drawn(const struct decide *d, const struct alarm *alarm)
{
	struct buffer b;
	uint64_t lot;

	if (d->shadow == 0) {
		return false;
	}
	buffer_init(&b, ALARM_BYTES);
	alarm_write(&b, alarm);
	check(!b.full);
	lot = hash_fast(b.p, b.n) >> 32;
	buffer_free(&b);
	return lot * 100 < ((uint64_t)d->shadow << 32);
}

static uint32_t
open_review(struct decide *d, const struct alarm *alarm, uint32_t first, const struct ground *g,
	    uint32_t words)
{
	struct decide_source *s = &d->sources[first];
	struct decide_case *c;

	d->cases = array_room(d->cases, d->case_count, &d->case_size, sizeof *d->cases);
	c = &d->cases[d->case_count++];
	*c = (struct decide_case){ .system = s->system,
				   .member = s->member,
				   .status = CASE_OPEN,
				   .review = true,
				   .opened = g->at,
				   .deadline = { g->at.ms + DECIDE_VERDICT },
				   .first_bad_at = alarm->first_bad_at,
				   .opening = words,
				   .verdict = DECIDE_NONE,
				   .delivered_before = alarm->delivered };
	decide_words_keep(d, words);
	decide_due_by(d, c->deadline);
	decide_system_row(d, s->system)->open_review = d->case_count;
	return d->case_count;
}

/* Adds the sources that the review does not have yet. Returns how many. */
static uint32_t
add_sources(struct decide_case *c, const uint32_t *sources, uint32_t count)
{
	uint32_t before = c->source_count;

	for (uint32_t i = 0; i < count; i++) {
		uint32_t k = 0;

		while (k < before && c->sources[k] != sources[i]) {
			k++;
		}
		if (k == before) {
			c->sources =
			    array_room(c->sources, c->source_count, &c->source_size, sizeof *c->sources);
			c->sources[c->source_count++] = sources[i];
		}
	}
	return c->source_count - before;
}

/*
 * The same evidence makes several alarms, of sources and of their system: within the time for a verdict they are one, and
 * the verdict is about the sources of all of them.
 */
static bool
joins(struct decide *d, uint32_t number, const struct alarm *alarm, const uint32_t *sources, uint32_t count,
      const struct ground *g)
{
	if (g->at.ms >= d->cases[number - 1].deadline.ms) {
		return false;
	}
	decide_case_note(d, number, alarm);
	if (add_sources(&d->cases[number - 1], sources, count) > 0) {
		decide_case_report(d, number, g);
	}
	return true;
}

bool
decide_review(struct decide *d, const struct alarm *alarm, const uint32_t *sources, uint32_t count,
	      const struct ground *g, uint32_t words)
{
	const struct decide_system *system;
	uint32_t number;

	if (count == 0) {
		return false;
	}
	system = decide_system_row(d, d->sources[sources[0]].system);
	if (system->open_review != 0) {
		return joins(d, system->open_review, alarm, sources, count, g);
	}
	if (system->open_case != 0 || !is_drawn(d, alarm)) {
		return false;
	}
	number = open_review(d, alarm, sources[0], g, words);
	(void)add_sources(&d->cases[number - 1], sources, count);
	decide_case_note(d, number, alarm);
	decide_case_report(d, number, g);
	return true;
}

/* Nobody has said anything in time: what the alarm asks for is done. */
void
decide_review_overdue(struct decide *d, uint32_t number, struct moment now)
{
	uint32_t words = d->cases[number - 1].opening, open;
	struct ground g = decide_ground(now, ACTOR_DETECTOR, d->words[words].actor, d->words[words].reason);

	g.evidence_count = d->cases[number - 1].alarms[0].report_count;
	for (uint32_t i = 0; i < g.evidence_count; i++) {
		g.evidence[i] = d->cases[number - 1].alarms[0].reports[i];
	}
	for (uint32_t i = 0; i < d->cases[number - 1].source_count; i++) {
		uint32_t source = d->cases[number - 1].sources[i];

		if (decide_may(&d->sources[source], EVENT_ALARM, ACTOR_DETECTOR)) {
			decide_move(d, source, EVENT_ALARM, SUSPENSION_SECURITY, &g, words);
		}
	}
	open = decide_system_row(d, d->cases[number - 1].system)->open_case;
	for (uint32_t i = 0; open != 0 && i < d->cases[number - 1].alarm_count; i++) {
		decide_case_note(d, open, &d->cases[number - 1].alarms[i]);
	}
	decide_cases_settle(d, &g, words);
}

static void
close_review(struct decide *d, uint32_t number, enum case_status status, const struct ground *g,
	     uint32_t words)
{
	struct decide_case *c = &d->cases[number - 1];

	c->status = status;
	c->closed = g->at;
	c->verdict = words;
	decide_words_keep(d, words);
	decide_system_row(d, c->system)->open_review = 0;
	decide_case_report(d, number, g);
}

bool
decide_is_review(const struct decide *d, const struct decide_command *c)
{
	return c->subject == DECIDE_CASE && c->id > 0 && c->id <= d->case_count && d->cases[c->id - 1].review;
}

enum result
decide_review_judge(struct decide *d, const struct decide_command *command, struct moment now,
		    uint32_t *moves, struct fault *fault)
{
	const struct decide_case *c = &d->cases[command->id - 1];
	struct ground g = decide_ground(now, command->role, command->actor, command->reason);
	bool confirmed = command->event == EVENT_CONFIRM;
	enum state to;
	uint32_t words;

	if ((!confirmed && command->event != EVENT_CLEAR) || !case_status_open(c->status) ||
	    state_next(STATE_SUSPENDED, command->event, command->role, &to) != RESULT_OK) {
		return fault_set(fault, RESULT_NOT_ALLOWED, "case %u is a review and %s: it waits for %s",
				 command->id, case_status_name(c->status),
				 case_status_open(c->status) ? "confirm or clear by whoever may judge"
							     : "nothing");
	}
	words = decide_words_new(d, g.actor, g.reason);
	for (uint32_t i = 0; confirmed && i < d->cases[command->id - 1].source_count; i++) {
		uint32_t source = d->cases[command->id - 1].sources[i];

		if (decide_may(&d->sources[source], EVENT_SUSPEND, command->role)) {
			decide_move(d, source, EVENT_SUSPEND, SUSPENSION_SECURITY, &g, words);
			++*moves;
		}
	}
	close_review(d, command->id, confirmed ? CASE_CONFIRMED : CASE_CLEARED, &g, words);
	decide_cases_settle(d, &g, words);
	decide_words_drop(d, words);
	return RESULT_OK;
}

/* A review of which all sources have left the programme waits for nothing. */
void
decide_review_left(struct decide *d, uint32_t source, const struct ground *g, uint32_t words)
{
	uint32_t number = decide_system_row(d, d->sources[source].system)->open_review;
	const struct decide_case *c;

	if (number == 0) {
		return;
	}
	c = &d->cases[number - 1];
	for (uint32_t i = 0; i < c->source_count; i++) {
		if (!d->sources[c->sources[i]].removed) {
			return;
		}
	}
	close_review(d, number, CASE_WITHDRAWN, g, words);
}

struct decide_reviews
decide_reviews(const struct decide *d)
{
	struct decide_reviews r = { .percent = d->shadow };

	for (uint32_t i = 0; i < d->case_count; i++) {
		if (d->cases[i].review) {
			r.open += case_status_open(d->cases[i].status);
			r.right += d->cases[i].status == CASE_CONFIRMED;
			r.wrong += d->cases[i].status == CASE_CLEARED;
		}
	}
	return r;
}
