/*
 * Random histories, told to the room and to a naive twin that keeps plain arrays and looks at everything after each step. Both
 * must agree on every source and case; and a room read from a snapshot must go on like the one it was taken of.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "decide/decide.h"

#include <stdlib.h>
#include <string.h>

#define SOURCES   24U
#define SYSTEMS   6U
#define MEMBERS   3U
#define CASES     512U
#define RECEIVERS 3U
#define STEPS     600
#define HISTORIES 60

struct twin_source {
	enum state state;
	enum suspension kind;
	uint32_t number; /* case, while kind is SECURITY */
	int64_t since;
	bool removed;
	bool over[3];                 /* traps, one trap network, silence */
	bool partial_over[RECEIVERS]; /* complaints at a receiver */
	bool partial[RECEIVERS];      /* suspended for it */
	int64_t partial_since[RECEIVERS];
};
struct twin_case {
	uint32_t system;
	enum case_status status;
	int64_t opened, first_bad;
	uint32_t confirmed, cleared;
	uint64_t before, after;
	bool open;
};
struct twin {
	struct twin_source sources[SOURCES];
	struct twin_case cases[CASES];
	uint32_t source_count, case_count;
	int64_t now;
	bool group_over[MEMBERS];
	int64_t wait;
};

/* Sources are dealt out to the systems, systems to the members. */
static uint32_t
system_of(uint32_t source)
{
	return source % SYSTEMS;
}

static uint32_t
member_of(uint32_t source)
{
	return system_of(source) % MEMBERS;
}

/* src/model/moves.def, written a second time. */
static bool
may(enum state s, enum suspension kind, enum event e, enum actor a)
{
	bool waits = s == STATE_SUSPENDED && kind != SUSPENSION_SECURITY;
	bool listed = s == STATE_CERTIFIED || s == STATE_REINSTATED;
	bool person = a == ACTOR_OPERATOR || a == ACTOR_ANALYST;

	switch (e) {
	case EVENT_ACCEPT:
	case EVENT_REFUSE:
		return s == STATE_APPLIED && a == ACTOR_OPERATOR;
	case EVENT_ALARM:
		return (listed || waits) && a == ACTOR_DETECTOR;
	case EVENT_SUSPEND:
		return (listed || waits) && person;
	case EVENT_CLEAR:
	case EVENT_CONFIRM:
		return s == STATE_SUSPENDED && person;
	case EVENT_APPLY:
		return s == STATE_REVOKED && (a == ACTOR_OPERATOR || a == ACTOR_MEMBER);
	default:
		return false;
	}
}

static uint32_t
twin_open_case(const struct twin *t, uint32_t system)
{
	for (uint32_t i = 0; i < t->case_count; i++) {
		if (t->cases[i].open && t->cases[i].system == system) {
			return i + 1;
		}
	}
	return 0;
}

static void
twin_suspend(struct twin *t, uint32_t source)
{
	struct twin_source *s = &t->sources[source];
	uint32_t number = twin_open_case(t, system_of(source));

	if (number == 0) {
		assert_true(t->case_count < CASES);
		number = ++t->case_count;
		t->cases[number - 1] = (struct twin_case){ .system = system_of(source),
							   .status = CASE_OPEN,
							   .opened = t->now,
							   .first_bad = t->now,
							   .open = true };
	}
	s->state = STATE_SUSPENDED;
	s->kind = SUSPENSION_SECURITY;
	s->number = number;
	s->since = t->now;
}

/* To a state without a case. */
static void
twin_set(struct twin *t, uint32_t source, enum state state, enum suspension kind)
{
	struct twin_source *s = &t->sources[source];

	s->state = state;
	s->kind = kind;
	s->number = 0;
	s->since = t->now;
}

static void
twin_move(struct twin *t, uint32_t source, enum event e)
{
	struct twin_source *s = &t->sources[source];

	switch (e) {
	case EVENT_ALARM:
	case EVENT_SUSPEND:
		twin_suspend(t, source);
		return;
	case EVENT_ACCEPT:
		twin_set(t, source, STATE_CERTIFIED, SUSPENSION_NONE);
		return;
	case EVENT_CLEAR:
		if (s->number != 0) {
			t->cases[s->number - 1].cleared++;
		}
		twin_set(t, source, STATE_REINSTATED, SUSPENSION_NONE);
		return;
	case EVENT_CONFIRM:
		if (s->number != 0) {
			t->cases[s->number - 1].confirmed++;
		}
		s->state = STATE_REVOKED; /* kind and case stay as they were */
		s->since = t->now;
		break;
	case EVENT_APPLY:
		twin_set(t, source, STATE_APPLIED, SUSPENSION_NONE);
		return;
	default:
		twin_set(t, source, STATE_REVOKED, SUSPENSION_NONE);
		break;
	}
	memset(s->partial, 0, sizeof s->partial);
}

/* After each step: a case without a suspended source is done. */
static void
twin_settle(struct twin *t)
{
	for (uint32_t i = 0; i < t->case_count; i++) {
		struct twin_case *c = &t->cases[i];
		bool waits = false;

		for (uint32_t k = 0; k < t->source_count; k++) {
			const struct twin_source *s = &t->sources[k];

			waits = waits || (s->state == STATE_SUSPENDED && s->kind == SUSPENSION_SECURITY &&
					  s->number == i + 1);
		}
		if (c->open && !waits) {
			c->open = false;
			c->status = c->confirmed > 0 ? CASE_CONFIRMED
						     : (c->cleared > 0 ? CASE_CLEARED : CASE_WITHDRAWN);
		}
	}
}

static void
twin_tick(struct twin *t)
{
	for (uint32_t i = 0; i < t->source_count; i++) {
		struct twin_source *s = &t->sources[i];

		if (s->state == STATE_REINSTATED && s->since + DECIDE_PROBATION <= t->now) {
			twin_set(t, i, STATE_CERTIFIED, SUSPENSION_NONE);
		}
		for (uint32_t r = 0; r < RECEIVERS; r++) {
			s->partial[r] =
			    s->partial[r] && (s->partial_over[r] || s->partial_since[r] + t->wait > t->now);
		}
		if (s->state == STATE_SUSPENDED && s->kind == SUSPENSION_COMPLIANCE && !s->removed &&
		    !s->over[0] && !s->over[1] && !s->over[2] && !t->group_over[member_of(i)] &&
		    s->since + t->wait <= t->now) {
			twin_set(t, i, STATE_REINSTATED, SUSPENSION_NONE);
		}
	}
	for (uint32_t i = 0; i < t->case_count; i++) {
		if (t->cases[i].status == CASE_OPEN && t->cases[i].opened + DECIDE_VERDICT <= t->now) {
			t->cases[i].status = CASE_OVERDUE;
		}
	}
}

/* ---- both at once */

struct pair {
	struct decide *d;
	struct twin t;
	uint64_t random;
	uint64_t seq;
	struct buffer moves; /* journal forms of all that came out */
	uint32_t partials, recoveries;
};

static uint32_t
dice(struct pair *p, uint32_t sides)
{
	p->random ^= p->random << 13;
	p->random ^= p->random >> 7;
	p->random ^= p->random << 17;
	return (uint32_t)(p->random >> 33) % sides;
}

static void
take_move(void *context, const struct move *move)
{
	struct pair *p = context;
	enum state to;

	assert_int_equal(state_next(move->from, move->event, move->ground.role, &to), RESULT_OK);
	assert_int_equal(to, move->to);
	move_write(&p->moves, move);
	p->partials += move->receiver.n > 0;
	p->recoveries += move->event == EVENT_RECOVER;
}

static void
take_change(void *context, const struct case_change *change)
{
	case_change_write(&((struct pair *)context)->moves, change);
}

static struct decide *
open_room(struct pair *p)
{
	return decide_open(&(struct decide_events){ take_move, take_change, p });
}

static struct moment
moment_of(const struct pair *p)
{
	return (struct moment){ { p->t.now }, p->seq };
}

static bool
is_subject(const struct twin *t, const struct decide_command *c, uint32_t source)
{
	switch (c->subject) {
	case DECIDE_SOURCE:
		return source == c->id;
	case DECIDE_SYSTEM:
		return system_of(source) == c->id;
	case DECIDE_MEMBER:
		return member_of(source) == c->id;
	case DECIDE_CASE:
		break;
	}
	return t->sources[source].kind == SUSPENSION_SECURITY && t->sources[source].number == c->id;
}

static void
step_command(struct pair *p)
{
	static const enum event events[] = { EVENT_ACCEPT,  EVENT_ACCEPT, EVENT_SUSPEND, EVENT_CLEAR,
					     EVENT_CONFIRM, EVENT_APPLY,  EVENT_REFUSE };
	static const enum actor roles[] = { ACTOR_OPERATOR, ACTOR_OPERATOR, ACTOR_ANALYST, ACTOR_MEMBER };
	static const uint32_t ids[] = { SOURCES, SYSTEMS, MEMBERS, 8 };
	struct decide_command c = { .event = events[dice(p, countof(events))],
				    .subject = (enum decide_subject)dice(p, 4),
				    .role = roles[dice(p, countof(roles))],
				    .actor = TEXT("anna"),
				    .reason = TEXT("a dice said so") };
	uint32_t moves, wanted = 0, present = 0;
	enum result r;

	c.id = dice(p, ids[c.subject]);
	if (c.subject == DECIDE_CASE && p->t.case_count > 4) {
		c.id += p->t.case_count - 4;
	}
	r = decide_command(p->d, &c, moment_of(p), &moves, NULL);
	for (uint32_t i = 0; i < p->t.source_count; i++) {
		if (!is_subject(&p->t, &c, i) || p->t.sources[i].removed) {
			continue;
		}
		present++;
		for (uint32_t k = 0; k < RECEIVERS && c.event == EVENT_CLEAR && c.role != ACTOR_MEMBER; k++) {
			wanted += p->t.sources[i].partial[k];
			p->t.sources[i].partial[k] = false;
		}
		if (may(p->t.sources[i].state, p->t.sources[i].kind, c.event, c.role)) {
			twin_move(&p->t, i, c.event);
			wanted++;
		}
	}
	assert_int_equal(moves, wanted);
	if (wanted > 0) {
		assert_int_equal(r, RESULT_OK);
	} else if (c.subject != DECIDE_CASE) {
		assert_int_equal(r, present > 0 ? RESULT_NOT_ALLOWED : RESULT_NOT_FOUND);
	} else {
		assert_int_equal(r,
				 c.id > 0 && c.id <= p->t.case_count ? RESULT_NOT_ALLOWED : RESULT_NOT_FOUND);
	}
}

static void
step_alarm(struct pair *p)
{
	struct alarm a = { .kind = dice(p, 2) == 0 ? UNIT_SOURCE : UNIT_SYSTEM,
			   .takeover = (enum takeover)dice(p, TAKEOVER_COUNT),
			   .at = { p->t.now },
			   .evidence_nats = 9,
			   .limit_nats = 8,
			   .first_bad_at = { p->t.now - dice(p, 7200000) },
			   .delivered = dice(p, 1000),
			   .report_count = dice(p, 3),
			   .reports = { 1, 2 } };
	uint32_t id = dice(p, a.kind == UNIT_SOURCE ? SOURCES : SYSTEMS), wanted = 0, number;

	if (a.kind == UNIT_SOURCE && id >= p->t.source_count) {
		return;
	}
	for (uint32_t i = 0; i < p->t.source_count; i++) {
		if ((a.kind == UNIT_SOURCE ? i : system_of(i)) == id && !p->t.sources[i].removed &&
		    may(p->t.sources[i].state, p->t.sources[i].kind, EVENT_ALARM, ACTOR_DETECTOR)) {
			twin_move(&p->t, i, EVENT_ALARM);
			wanted++;
		}
	}
	number = twin_open_case(&p->t, a.kind == UNIT_SOURCE ? system_of(id) : id);
	if (wanted > 0) {
		struct twin_case *c = &p->t.cases[number - 1];

		if (a.kind == UNIT_SOURCE) {
			c->before += a.delivered;
		} else {
			c->before = c->before > a.delivered ? c->before : a.delivered;
		}
		c->first_bad = c->first_bad < a.first_bad_at.ms ? c->first_bad : a.first_bad_at.ms;
	}
	assert_int_equal(decide_alarm(p->d, &a, id, moment_of(p)), wanted);
}

static void
step_source(struct pair *p)
{
	uint32_t id = p->t.source_count;

	if (id < SOURCES) {
		p->t.sources[id] = (struct twin_source){ .since = p->t.now };
		p->t.source_count++;
		decide_source_put(p->d, id, system_of(id), member_of(id), moment_of(p));
		return;
	}
	id = dice(p, SOURCES);
	if (dice(p, 40) == 0 && !p->t.sources[id].removed) {
		bool was_revoked = p->t.sources[id].state == STATE_REVOKED;

		decide_source_remove(p->d, id, TEXT("anna"), TEXT("gone"), moment_of(p));
		if (!was_revoked) {
			twin_set(&p->t, id, STATE_REVOKED, SUSPENSION_WITHDRAWN);
			memset(p->t.sources[id].partial, 0, sizeof p->t.sources[id].partial);
		}
		p->t.sources[id].removed = true;
	}
}

static void
twin_threshold(struct twin *t, uint32_t source, bool silence)
{
	struct twin_source *s = &t->sources[source];

	if (!s->removed && (s->state == STATE_CERTIFIED || s->state == STATE_REINSTATED)) {
		twin_set(t, source, STATE_SUSPENDED, silence ? SUSPENSION_DISUSE : SUSPENSION_COMPLIANCE);
	}
}

/* A threshold turns; which way, the twin knows. */
static void
step_threshold(struct pair *p)
{
	static const enum threshold thresholds[] = { THRESHOLD_TRAP_CRITICAL, THRESHOLD_TRAP_NETWORK,
						     THRESHOLD_DISUSE,        THRESHOLD_COMPLAINT,
						     THRESHOLD_COMPLAINT,     THRESHOLD_JUNK_GROUP };
	static const char *const names[RECEIVERS] = { "north", "post", "inbox" };
	static const struct threshold_limit limit = { 1, { { .value = 3 } } };
	uint32_t which = dice(p, countof(thresholds)), receiver = dice(p, RECEIVERS), id = dice(p, SOURCES);
	struct compliance_metric m = { .threshold = thresholds[which],
				       .limit = &limit,
				       .party = receiver,
				       .bad = 5,
				       .days = 30,
				       .evidence_count = dice(p, 3),
				       .evidence = { 1, 2 } };
	struct twin_source *s = &p->t.sources[id];
	bool *over = which < 3 ? &s->over[which] : &s->partial_over[receiver];

	if (id >= p->t.source_count || s->removed) {
		return;
	}
	if (m.threshold == THRESHOLD_JUNK_GROUP) {
		id = member_of(id);
		over = &p->t.group_over[id];
	}
	if (m.threshold == THRESHOLD_COMPLAINT) {
		m.party_name = text_of(names[receiver]);
	}
	*over = !*over;
	m.level = *over ? LEVEL_OVER : LEVEL_GOOD;
	decide_threshold(p->d, &m, id, moment_of(p));
	for (uint32_t i = 0; i < p->t.source_count && *over; i++) {
		if (m.threshold == THRESHOLD_JUNK_GROUP ? member_of(i) == id : (i == id && which < 3)) {
			twin_threshold(&p->t, i, m.threshold == THRESHOLD_DISUSE);
		}
	}
	if (m.threshold == THRESHOLD_COMPLAINT && *over && !s->partial[receiver] &&
	    s->state != STATE_APPLIED && s->state != STATE_REVOKED) {
		s->partial[receiver] = true;
		s->partial_since[receiver] = p->t.now;
	}
}

static void
step_wait(struct pair *p)
{
	if (dice(p, 10) == 0) {
		p->t.wait = dice(p, 20) * SPAN_DAY.ms;
		decide_wait(p->d, (struct span){ p->t.wait });
	}
}

static void
step_delivered(struct pair *p)
{
	uint32_t id = dice(p, SOURCES), count = 1 + dice(p, 100);
	int64_t at = p->t.now - dice(p, 7200000);
	const struct twin_source *s = &p->t.sources[id];

	if (id >= p->t.source_count) {
		return;
	}
	decide_delivered(p->d, id, count, (struct instant){ at });
	if (s->state == STATE_SUSPENDED && s->kind == SUSPENSION_SECURITY) {
		struct twin_case *c = &p->t.cases[s->number - 1];

		c->after += at >= s->since ? count : 0;
		c->before += at < s->since && at >= c->first_bad ? count : 0;
	}
}

static void
step(struct pair *p)
{
	static void (*const steps[])(struct pair *) = { step_command,   step_command,  step_alarm,
							step_source,    step_wait,     step_delivered,
							step_threshold, step_threshold };

	p->seq++;
	p->t.now += dice(p, 4) == 0 ? dice(p, 40) * SPAN_DAY.ms : dice(p, 1800000);
	if (dice(p, 3) == 0) {
		twin_tick(&p->t);
		decide_tick(p->d, moment_of(p));
	} else {
		steps[dice(p, countof(steps))](p);
	}
	twin_settle(&p->t);
}

/* Each source of a case stands in it once, and `suspended` counts those that wait for its verdict. */
static void
compare_sources(const struct pair *p, uint32_t number)
{
	struct decide_case_view v;
	uint32_t waiting = 0;

	decide_case_view(p->d, number, &v);
	for (uint32_t i = 0; i < v.source_count; i++) {
		const struct twin_source *s = &p->t.sources[v.sources[i]];

		waiting +=
		    s->state == STATE_SUSPENDED && s->kind == SUSPENSION_SECURITY && s->number == number;
		for (uint32_t k = 0; k < i; k++) {
			assert_int_not_equal(v.sources[k], v.sources[i]);
		}
	}
	assert_int_equal(v.suspended, waiting);
}

static void
compare_partials(const struct pair *p, uint32_t source, const struct decide_source_view *v)
{
	const struct twin_source *s = &p->t.sources[source];
	struct decide_partial_view partial;
	uint32_t count = 0;

	for (uint32_t r = 0; r < RECEIVERS; r++) {
		if (s->partial[r]) {
			decide_partial_view(p->d, source, count++, &partial);
			assert_int_equal(partial.since.ms, s->partial_since[r]);
			assert_int_equal(partial.not_before.ms, s->partial_since[r] + p->t.wait);
			assert_int_equal(partial.over, s->partial_over[r]);
		}
	}
	assert_int_equal(v->partial_count, count);
	assert_int_equal(v->over, s->over[0] + s->over[1] + s->over[2] + p->t.group_over[member_of(source)]);
}

static void
compare(const struct pair *p)
{
	assert_int_equal(decide_source_count(p->d), p->t.source_count);
	assert_int_equal(decide_case_count(p->d), p->t.case_count);
	for (uint32_t i = 0; i < p->t.source_count; i++) {
		const struct twin_source *s = &p->t.sources[i];
		struct decide_source_view v;

		decide_source_view(p->d, i, &v);
		assert_int_equal(v.state, s->state);
		assert_int_equal(v.kind, s->kind);
		assert_int_equal(v.case_number, s->number);
		assert_int_equal(v.since.ms, s->since);
		assert_int_equal(v.removed, s->removed);
		compare_partials(p, i, &v);
	}
	for (uint32_t i = 0; i < p->t.case_count; i++) {
		const struct twin_case *c = &p->t.cases[i];
		struct decide_case_view v;

		decide_case_view(p->d, i + 1, &v);
		assert_int_equal(v.status, c->status);
		assert_int_equal(v.system, c->system);
		assert_int_equal(v.opened.ms, c->opened);
		assert_int_equal(v.delivered_before, c->before);
		assert_int_equal(v.delivered_after, c->after);
		assert_int_equal(case_status_open(v.status), c->open);
		assert_int_equal(v.verdict.n == 0, c->open);
		assert_true((v.suspended > 0) == c->open);
		compare_sources(p, i + 1);
	}
	for (uint32_t i = 0; i < SYSTEMS; i++) {
		assert_int_equal(decide_system_case(p->d, i), twin_open_case(&p->t, i));
	}
}

static void
the_room_agrees_with_a_naive_twin(void **state)
{
	uint32_t cases = 0, partials = 0, recoveries = 0;

	(void)state;
	for (uint64_t seed = 1; seed <= HISTORIES; seed++) {
		struct pair p = { .t = { .now = 1767614400000, .wait = 7 * 86400000LL },
				  .random = seed * 7919,
				  .seq = 1 };

		buffer_init(&p.moves, 1U << 22);
		p.d = open_room(&p);
		for (int i = 0; i < STEPS; i++) {
			step(&p);
			compare(&p);
		}
		assert_false(p.moves.full);
		cases += p.t.case_count;
		partials += p.partials;
		recoveries += p.recoveries;
		decide_close(p.d);
		buffer_free(&p.moves);
	}
	/* they are worth the name */
	assert_true(cases > 5 * HISTORIES && partials > 5 * HISTORIES && recoveries > HISTORIES);
}

static void
save(const struct pair *p, struct buffer *b)
{
	buffer_clear(b);
	decide_save(p->d, b);
	assert_false(b->full);
}

/* One goes on, the other is read again from its snapshot every few steps: same moves, same bytes. */
static void
a_room_from_a_snapshot_goes_on_the_same(void **state)
{
	struct buffer b, other;

	(void)state;
	buffer_init(&b, 1U << 20);
	buffer_init(&other, 1U << 20);
	for (uint64_t seed = 1; seed <= 20; seed++) {
		struct pair p = { .t = { .now = 1767614400000, .wait = 7 * 86400000LL },
				  .random = seed * 7919,
				  .seq = 1 },
			    q = p;

		buffer_init(&p.moves, 1U << 22);
		buffer_init(&q.moves, 1U << 22);
		p.d = open_room(&p);
		q.d = open_room(&q);
		for (int i = 0; i < STEPS; i++) {
			step(&p);
			step(&q);
			if (i % 7 == 0) {
				struct wire w;

				save(&q, &b);
				decide_close(q.d);
				q.d = open_room(&q);
				w = wire_of(b.p, b.n);
				assert_int_equal(decide_load(q.d, &w), RESULT_OK);
				assert_true(wire_done(&w));
				save(&p, &b);
				save(&q, &other);
				assert_true(text_equal(buffer_text(&b), buffer_text(&other)));
			}
		}
		assert_true(text_equal(buffer_text(&p.moves), buffer_text(&q.moves)));
		decide_close(p.d);
		decide_close(q.d);
		buffer_free(&p.moves);
		buffer_free(&q.moves);
	}
	buffer_free(&b);
	buffer_free(&other);
}

/* Whatever was loaded, people and the detector can go on. */
static void
use(struct pair *p)
{
	struct alarm a = { .kind = UNIT_SYSTEM, .report_count = 0 };
	uint32_t moves;

	for (uint32_t i = 1; i <= decide_case_count(p->d) && i < 64; i++) {
		struct decide_command c = { EVENT_CLEAR,    DECIDE_CASE,  i,
					    ACTOR_OPERATOR, TEXT("anna"), TEXT("look") };
		struct decide_case_view v;

		decide_case_view(p->d, i, &v);
		assert_int_equal(case_status_open(v.status), v.suspended > 0);
		if (decide_command(p->d, &c, moment_of(p), &moves, NULL) == RESULT_OK) {
			assert_true(moves > 0);
		}
	}
	for (uint32_t i = 0; i < SYSTEMS; i++) {
		(void)decide_alarm(p->d, &a, i, moment_of(p));
	}
	decide_tick(p->d, moment_of(p));
}

/* Every cut is damaged; every changed byte too, or it is another state with these bytes, and one that works. */
static void
a_changed_snapshot_is_damaged_or_another_state(void **state)
{
	struct pair p = { .t = { .now = 1767614400000, .wait = 7 * 86400000LL }, .random = 4711, .seq = 1 };
	struct buffer b, again;

	(void)state;
	buffer_init(&p.moves, 1U << 22);
	buffer_init(&b, 1U << 20);
	buffer_init(&again, 1U << 20);
	p.d = open_room(&p);
	for (int i = 0; i < 120; i++) {
		step(&p);
	}
	save(&p, &b);
	decide_close(p.d);
	for (size_t i = 0; i < b.n * 8; i++) {
		struct wire w = wire_of(b.p, i / 8);

		p.d = open_room(&p);
		if (i % 8 == 0) {
			assert_int_equal(decide_load(p.d, &w), RESULT_DAMAGED);
			assert_int_equal(decide_source_count(p.d) + decide_case_count(p.d), 0);
		}
		b.p[i / 8] ^= (uint8_t)(1U << i % 8);
		w = wire_of(b.p, b.n);
		if (decide_load(p.d, &w) == RESULT_OK && wire_done(&w)) {
			save(&p, &again);
			assert_true(text_equal(buffer_text(&b), buffer_text(&again)));
			buffer_clear(&p.moves);
			use(&p);
		}
		b.p[i / 8] ^= (uint8_t)(1U << i % 8);
		decide_close(p.d);
	}
	buffer_free(&p.moves);
	buffer_free(&b);
	buffer_free(&again);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_room_agrees_with_a_naive_twin),
		cmocka_unit_test(a_room_from_a_snapshot_goes_on_the_same),
		cmocka_unit_test(a_changed_snapshot_is_damaged_or_another_state),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
