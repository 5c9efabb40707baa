/*
 * decide/snapshot.c - the whole state as bytes, and back.
 *
 *     form | wait | shadow | words: count, (actor, reason)... in the order in which sources, their partials and cases first use them
 *          | receivers: count, names | members: count, thresholds crossed of each
 *          | sources: count, each with its partials | cases: count, each with its sources and alarms
 *
 * What follows from the rest is not written: systems, the sources of a system, reference counts, `suspended`, what is due.
 */
#include "decide/decide_int.h"

#include "base/limits.h"

#include <stdlib.h>

#define SNAPSHOT_FORM 4U
#define ALARM_BYTES   1024U

/* ---- save */

/* Each words in use gets its number, in order of first use. */
struct numbering {
	uint32_t *number; /* by words; DECIDE_NONE: not used yet */
	uint32_t *order;
	uint32_t count;
};

static void
number_words(struct numbering *n, uint32_t words)
{
	if (words != DECIDE_NONE && n->number[words] == DECIDE_NONE) {
		n->number[words] = n->count;
		n->order[n->count++] = words;
	}
}

static void
number_all(const struct decide *d, struct numbering *n)
{
	n->number = calloc(d->words_count + 1U, sizeof *n->number);
	n->order = calloc(d->words_count + 1U, sizeof *n->order);
	check(n->number != NULL && n->order != NULL);
	for (uint32_t i = 0; i < d->words_count; i++) {
		n->number[i] = DECIDE_NONE;
	}
	for (uint32_t i = 0; i < d->source_count; i++) {
		number_words(n, d->sources[i].words);
		for (uint32_t k = d->sources[i].partials; k != DECIDE_NONE; k = d->partials[k].next) {
			number_words(n, d->partials[k].words);
		}
	}
	for (uint32_t i = 0; i < d->case_count; i++) {
		number_words(n, d->cases[i].opening);
		number_words(n, d->cases[i].verdict);
	}
}

/* 0: none, else the number plus one. */
static void
put_words(struct buffer *b, const struct numbering *n, uint32_t words)
{
	wire_put_u64(b, words == DECIDE_NONE ? 0 : n->number[words] + UINT64_C(1));
}

static void
save_partials(struct buffer *b, const struct decide *d, uint32_t first, const struct numbering *n)
{
	uint32_t count = 0;

	for (uint32_t i = first; i != DECIDE_NONE; i = d->partials[i].next) {
		count++;
	}
	wire_put_u64(b, count);
	for (uint32_t i = first; i != DECIDE_NONE; i = d->partials[i].next) {
		wire_put_u64(b, d->partials[i].receiver);
		put_words(b, n, d->partials[i].words);
		wire_put_i64(b, d->partials[i].since.ms);
		wire_put_u64(b, d->partials[i].seq);
		wire_put_u8(b, d->partials[i].over);
	}
}

static void
save_source(struct buffer *b, const struct decide *d, const struct decide_source *s,
	    const struct numbering *n)
{
	wire_put_u64(b, s->system);
	wire_put_u64(b, s->member);
	wire_put_u8(b, s->state);
	wire_put_u8(b, s->kind);
	wire_put_u8(b, s->removed);
	wire_put_i64(b, s->since.ms);
	wire_put_u64(b, s->seq);
	wire_put_u64(b, s->case_number);
	put_words(b, n, s->words);
	wire_put_u8(b, s->event);
	wire_put_u8(b, s->role);
	wire_put_u64(b, s->over);
	save_partials(b, d, s->partials, n);
}

static void
save_case(struct buffer *b, const struct decide_case *c, const struct numbering *n)
{
	struct buffer alarm;

	wire_put_u64(b, c->system);
	wire_put_u64(b, c->member);
	wire_put_u8(b, (uint8_t)c->status);
	wire_put_u8(b, c->review);
	wire_put_i64(b, c->opened.ms);
	wire_put_i64(b, c->deadline.ms);
	wire_put_i64(b, c->closed.ms);
	wire_put_i64(b, c->first_bad_at.ms);
	put_words(b, n, c->opening);
	put_words(b, n, c->verdict);
	wire_put_u64(b, c->confirmed);
	wire_put_u64(b, c->cleared);
	wire_put_u64(b, c->delivered_before);
	wire_put_u64(b, c->delivered_after);
	wire_put_u64(b, c->source_count);
	for (uint32_t i = 0; i < c->source_count; i++) {
		wire_put_u64(b, c->sources[i]);
	}
	wire_put_u64(b, c->alarm_total);
	wire_put_u64(b, c->alarm_count);
	buffer_init(&alarm, ALARM_BYTES);
	for (uint32_t i = 0; i < c->alarm_count; i++) {
		buffer_clear(&alarm);
		alarm_write(&alarm, &c->alarms[i]);
		wire_put_text(b, buffer_text(&alarm));
	}
	buffer_free(&alarm);
}

void
decide_save(const struct decide *d, struct buffer *b)
{
	struct numbering n = { 0 };

	number_all(d, &n);
	wire_put_u64(b, SNAPSHOT_FORM);
	wire_put_u64(b, (uint64_t)d->wait.ms);
	wire_put_u64(b, d->shadow);
	wire_put_u64(b, n.count);
	for (uint32_t i = 0; i < n.count; i++) {
		wire_put_text(b, d->words[n.order[i]].actor);
		wire_put_text(b, d->words[n.order[i]].reason);
	}
	wire_put_u64(b, d->receiver_count);
	for (uint32_t i = 0; i < d->receiver_count; i++) {
		wire_put_text(b, d->receivers[i]);
	}
	wire_put_u64(b, d->member_count);
	for (uint32_t i = 0; i < d->member_count; i++) {
		wire_put_u64(b, d->members[i]);
	}
	wire_put_u64(b, d->source_count);
	for (uint32_t i = 0; i < d->source_count; i++) {
		save_source(b, d, &d->sources[i], &n);
	}
	wire_put_u64(b, d->case_count);
	for (uint32_t i = 0; i < d->case_count; i++) {
		save_case(b, &d->cases[i], &n);
	}
	free(n.number);
	free(n.order);
}

/* ---- load: each step leaves bytes.bad set when they cannot be ours */

struct loader {
	struct decide *decide;
	struct wire *bytes;
	uint64_t seen; /* words used so far: each first use is of the next ones */
};

/* A time that can be added to without overflow. */
static struct instant
read_instant(struct wire *w)
{
	return (struct instant){ wire_i64_between(w, INT64_MIN / 4, INT64_MAX / 4) };
}

static uint32_t
read_words(struct loader *l)
{
	uint64_t next = l->seen < l->decide->words_count ? l->seen + 1 : l->seen;
	uint64_t words = wire_up_to(l->bytes, next);

	if (words == 0) {
		return DECIDE_NONE;
	}
	l->seen += words > l->seen;
	decide_words_keep(l->decide, (uint32_t)words - 1);
	return (uint32_t)words - 1;
}

static void
load_words(struct decide *d, struct wire *w)
{
	uint64_t count = wire_up_to(w, UINT32_MAX);

	for (uint64_t i = 0; i < count && !w->bad; i++) {
		struct text actor = wire_text(w), reason = wire_text(w);

		if (actor.n == 0 || actor.n > WORDS_BYTES_MAX || reason.n == 0 ||
		    reason.n > WORDS_BYTES_MAX) {
			w->bad = true;
			return;
		}
		(void)decide_words_new(d, actor, reason);
	}
}

static void
load_receivers(struct decide *d, struct wire *w)
{
	uint64_t count = wire_up_to(w, COMPLIANCE_PARTIES_MAX);

	for (uint32_t i = 0; i < count && !w->bad; i++) {
		struct text name = wire_text(w);

		if (name.n > 0 && !text_is_name(name)) {
			w->bad = true;
		} else if (name.n > 0 || i + 1 < count) {
			decide_receiver_name(d, i, name);
		} else {
			w->bad = true; /* the last one has a name */
		}
	}
}

static void
load_members(struct decide *d, struct wire *w)
{
	uint64_t count = wire_up_to(w, MEMBERS_MAX);

	for (uint32_t i = 0; i < count && !w->bad; i++) {
		*decide_member_over(d, i) = wire_u32(w);
	}
}

static void
load_partials(struct loader *l, uint32_t source)
{
	struct decide *d = l->decide;
	struct wire *w = l->bytes;
	enum state state = d->sources[source].state;
	uint64_t count = wire_up_to(w, d->receiver_count);
	int64_t last = -1;

	if (count > 0 && (state == STATE_APPLIED || state == STATE_REVOKED)) {
		w->bad = true;
	}
	for (uint64_t i = 0; i < count && !w->bad; i++) {
		uint32_t receiver = wire_u32(w), words = read_words(l), partial;

		if (w->bad || words == DECIDE_NONE || receiver >= d->receiver_count || receiver <= last ||
		    d->receivers[receiver].n == 0) {
			w->bad = true;
			return;
		}
		last = receiver;
		partial = decide_partial_new(d, source, receiver, words);
		decide_words_drop(d, words); /* the hold of read_words */
		d->partials[partial].since = read_instant(w);
		d->partials[partial].seq = wire_u64(w);
		d->partials[partial].over = wire_choice(w, 2) == 1;
		if (!d->partials[partial].over) {
			decide_due_by(d, instant_add(d->partials[partial].since, d->wait));
		}
	}
}

static void
load_source(struct loader *l)
{
	struct decide *d = l->decide;
	struct wire *w = l->bytes;
	uint32_t system = (uint32_t)wire_up_to(w, SYSTEMS_MAX - 1);
	uint32_t member = (uint32_t)wire_up_to(w, MEMBERS_MAX - 1);
	struct decide_source *s = decide_source_new(d, system, member);

	s->state = wire_choice(w, STATE_COUNT);
	s->kind = wire_choice(w, SUSPENSION_COUNT);
	s->removed = wire_choice(w, 2) == 1;
	s->since = read_instant(w);
	s->seq = wire_u64(w);
	s->case_number = wire_u32(w);
	s->words = read_words(l);
	s->event = wire_choice(w, EVENT_COUNT);
	s->role = wire_choice(w, ACTOR_COUNT);
	s->over = wire_u32(w);
	if (s->state == STATE_REINSTATED) {
		decide_due_by(d, (struct instant){ s->since.ms + DECIDE_PROBATION });
	}
	decide_due_by(d, decide_not_before(d, s)); /* whether it is over shows then */
	load_partials(l, d->source_count - 1);
}

static void
load_case_sources(struct decide *d, struct decide_case *c, struct wire *w)
{
	uint64_t count = wire_up_to(w, d->source_count);

	for (uint64_t i = 0; i < count && !w->bad; i++) {
		uint32_t source = wire_u32(w);

		if (source >= d->source_count) {
			w->bad = true;
			return;
		}
		c->sources = array_room(c->sources, c->source_count, &c->source_size, sizeof *c->sources);
		c->sources[c->source_count++] = source;
		c->suspended +=
		    decide_in_case(&d->sources[source]) && d->sources[source].case_number == d->case_count;
	}
}

static void
load_case_alarms(struct decide_case *c, struct wire *w)
{
	uint32_t total = wire_u32(w), count = (uint32_t)wire_up_to(w, DECIDE_CASE_ALARMS_MAX);

	c->alarm_total = total;
	if (count > total) {
		w->bad = true;
	}
	for (uint32_t i = 0; i < count && !w->bad; i++) {
		c->alarms = array_room(c->alarms, c->alarm_count, &c->alarm_size, sizeof *c->alarms);
		if (alarm_read(wire_text(w), &c->alarms[i]) != RESULT_OK) {
			w->bad = true;
			return;
		}
		c->alarm_count++;
	}
}

static void
load_case(struct loader *l)
{
	struct decide *d = l->decide;
	struct wire *w = l->bytes;
	struct decide_case *c;

	d->cases = array_room(d->cases, d->case_count, &d->case_size, sizeof *d->cases);
	c = &d->cases[d->case_count++];
	*c = (struct decide_case){ .system = (uint32_t)wire_up_to(w, SYSTEMS_MAX - 1) };
	c->member = (uint32_t)wire_up_to(w, MEMBERS_MAX - 1);
	c->status = (enum case_status)wire_choice(w, CASE_STATUS_COUNT);
	c->review = wire_choice(w, 2) == 1;
	c->opened = read_instant(w);
	c->deadline = read_instant(w);
	c->closed = read_instant(w);
	c->first_bad_at = read_instant(w);
	c->opening = read_words(l);
	c->verdict = read_words(l);
	c->confirmed = wire_u32(w);
	c->cleared = wire_u32(w);
	c->delivered_before = wire_u64(w);
	c->delivered_after = wire_u64(w);
	load_case_sources(d, c, w);
	load_case_alarms(c, w);
	if (c->opening == DECIDE_NONE || case_status_open(c->status) != (c->verdict == DECIDE_NONE) ||
	    (c->review ? c->suspended + c->confirmed + c->cleared > 0
		       : case_status_open(c->status) != (c->suspended > 0))) {
		w->bad = true;
	}
	if (!w->bad && case_status_open(c->status)) {
		struct decide_system *system = decide_system_row(d, c->system);

		uint32_t *open = c->review ? &system->open_review : &system->open_case;

		w->bad = *open != 0;
		*open = d->case_count;
	}
	if (c->status == CASE_OPEN) {
		decide_due_by(d, c->deadline);
	}
}

/* Each source that waits for a verdict does so in an open case of its system, and each case number is one. */
static bool
is_consistent(const struct decide *d)
{
	uint64_t waiting = 0, counted = 0;

	for (uint32_t i = 0; i < d->source_count; i++) {
		const struct decide_source *s = &d->sources[i];

		if (s->case_number > d->case_count ||
		    (s->kind == SUSPENSION_SECURITY && s->case_number == 0)) {
			return false;
		}
		waiting += decide_in_case(s);
	}
	for (uint32_t i = 0; i < d->case_count; i++) {
		counted += d->cases[i].suspended;
	}
	return waiting == counted;
}

enum result
decide_load(struct decide *d, struct wire *w)
{
	struct loader l = { .decide = d, .bytes = w };
	uint64_t count;

	check(d->source_count == 0 && d->case_count == 0);
	if (wire_u64(w) != SNAPSHOT_FORM) {
		w->bad = true;
	}
	d->wait.ms = (int64_t)wire_up_to(w, INT64_MAX / 4);
	d->shadow = (uint32_t)wire_up_to(w, 100);
	load_words(d, w);
	load_receivers(d, w);
	load_members(d, w);
	count = wire_up_to(w, SOURCES_MAX);
	for (uint64_t i = 0; i < count && !w->bad; i++) {
		load_source(&l);
	}
	count = wire_up_to(w, UINT32_MAX - 1);
	for (uint64_t i = 0; i < count && !w->bad; i++) {
		load_case(&l);
	}
	for (uint32_t i = 0; i < d->words_count; i++) {
		decide_words_drop(d, i); /* the hold of load_words */
	}
	if (w->bad || l.seen != d->words_count || !is_consistent(d)) {
		decide_clear(d);
		return RESULT_DAMAGED;
	}
	return RESULT_OK;
}
