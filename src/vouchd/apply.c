/*
 * vouchd/apply.c - one input record into the open transaction, with all that follows from it.
 *
 * The fold sees the record before it is appended, under the number it will get: a command that is refused leaves nothing
 * behind. The first thing that follows from it, or its end, appends it.
 */
#include "vouchd/notices.h"
#include "vouchd/pipeline_int.h"

#include "base/array.h"

#include <stdlib.h>
#include <string.h>

#define EFFECT_BYTES_MAX 65536U

void
ids_add(struct ids *ids, uint32_t id)
{
	ids->items = array_room(ids->items, ids->count, &ids->size, sizeof(*ids->items));
	ids->items[ids->count++] = id;
}

static void
write_input(struct pipeline *p)
{
	if (!p->input_written) {
		p->input_written = true;
		journal_append(&p->tx, p->input.kind, p->input.time, p->input.payload);
	}
}

static uint64_t
write_effect(struct pipeline *p, enum record_kind kind, struct buffer *payload)
{
	uint64_t seq;

	write_input(p);
	check(!payload->full);
	seq = journal_append(&p->tx, kind, p->input.time, buffer_text(payload));
	buffer_free(payload);
	return seq;
}

static void
on_touch(void *context, uint32_t source)
{
	struct pipeline *p = context;

	if (!p->folding_past) {
		write_input(p);
		journal_put_touch(&p->tx, source, p->input.seq);
		notices_touched(atomic_load(&p->notices), source);
	}
}

static void
on_alarm(void *context, const struct alarm *alarm)
{
	struct pipeline *p = context;
	const struct registry *registry = fold_registry(p->fold);
	struct buffer b;
	uint64_t seq;

	if (p->folding_past) {
		return;
	}
	buffer_init(&b, EFFECT_BYTES_MAX);
	alarm_write(&b, alarm);
	seq = write_effect(p, RECORD_ALARM, &b);
	p->counts.alarms++;
	if (alarm->kind == UNIT_SOURCE) {
		journal_put_touch(&p->tx, alarm->unit, seq);
		return;
	}
	for (uint32_t i = 0; i < registry_count(registry, THING_SOURCE); i++) {
		struct registry_source s = registry_source(registry, i);

		if (!s.removed && (alarm->kind == UNIT_SYSTEM ? s.system : s.member) == alarm->unit) {
			journal_put_touch(&p->tx, i, seq);
		}
	}
}

static void
on_move(void *context, const struct move *move)
{
	struct pipeline *p = context;
	struct registry_source source;
	struct buffer b;
	uint64_t seq;

	ids_add(&p->changed, move->source);
	if (p->folding_past) {
		return;
	}
	ids_add(&p->input_sources, move->source);
	buffer_init(&b, EFFECT_BYTES_MAX);
	move_write(&b, move);
	seq = write_effect(p, RECORD_MOVE, &b);
	journal_put_touch(&p->tx, move->source, seq);
	source = registry_source(fold_registry(p->fold), move->source);
	journal_put_move(&p->tx, &(struct journal_move){
				     .seq = seq,
				     .time = p->input.time,
				     .source = move->source,
				     .key = source.key,
				     .list = source.list,
				     .from = move->from,
				     .event = move->event,
				     .to = move->to,
				     .receiver = move->receiver,
				     .role = move->ground.role,
				     .actor = move->ground.actor,
				     .reason = move->ground.reason,
				 });
	p->counts.moves++;
}

static void
on_case_change(void *context, const struct case_change *change)
{
	struct pipeline *p = context;
	struct decide_case_view v;
	struct buffer b;
	uint64_t seq;

	if (p->folding_past) {
		return;
	}
	buffer_init(&b, EFFECT_BYTES_MAX);
	case_change_write(&b, change);
	seq = write_effect(p, RECORD_CASE, &b);
	ids_add(&p->input_cases, change->number);
	if (p->cases.count == 0 || p->cases.items[p->cases.count - 1] != change->number) {
		ids_add(&p->cases, change->number); /* the log has a line for what all of it came to */
	}
	decide_case_view(fold_decide(p->fold), change->number, &v);
	for (uint32_t i = 0; i < v.source_count; i++) {
		journal_put_touch(&p->tx, v.sources[i], seq);
	}
}

static void
on_registry(void *context, const struct registry_change *change)
{
	struct pipeline *p = context;
	const struct registry *registry = fold_registry(p->fold);

	p->registry_changed = true;
	if (p->folding_past) {
		return;
	}
	if (change->thing == THING_SOURCE) {
		write_input(p);
		journal_put_touch(&p->tx, change->id, p->input.seq);
		ids_add(&p->changed, change->id);
		ids_add(&p->input_sources, change->id);
	} else if (change->thing == THING_SYSTEM && change->op == REGISTRY_CHANGE) {
		/* It may have gone to another list, and its sources with it. */
		for (uint32_t i = 0; i < registry_count(registry, THING_SOURCE); i++) {
			if (registry_source(registry, i).system == change->id) {
				write_input(p);
				journal_put_touch(&p->tx, i, p->input.seq);
				ids_add(&p->changed, i);
				ids_add(&p->input_sources, i);
			}
		}
	}
}

static void
on_judged(void *context, enum unit_kind kind, uint32_t id)
{
	struct pipeline *p = context;

	if (!p->folding_past) { /* then all are looked at in the end */
		ids_add(&p->watched[kind].judged, id);
	}
}

const struct fold_sink apply_sink = {
	.touch = on_touch,
	.alarm = on_alarm,
	.move = on_move,
	.case_change = on_case_change,
	.registry = on_registry,
	.judged = on_judged,
};

/* ---- rows for people */

static void
put_source_row(struct pipeline *p, uint32_t id)
{
	struct registry_source s = registry_source(fold_registry(p->fold), id);
	struct decide_source_view v;

	if (s.removed) {
		journal_remove_source(&p->tx, id);
		return;
	}
	decide_source_view(fold_decide(p->fold), id, &v);
	journal_put_source(&p->tx, &(struct journal_source){
				       .id = id,
				       .key = s.key,
				       .member = s.member_name,
				       .system = s.system_name,
				       .list = s.list,
				       .state = v.state,
				       .kind = v.kind == SUSPENSION_NONE ? (struct text){ "", 0 }
									 : text_of(suspension_name(v.kind)),
				       .since = v.since,
				       .reason = v.reason,
				       .seq = v.seq,
				   });
}

static void
put_case_row(struct pipeline *p, uint32_t number)
{
	const struct registry *registry = fold_registry(p->fold);
	struct decide_case_view v;
	struct buffer keys;

	decide_case_view(fold_decide(p->fold), number, &v);
	buffer_init(&keys, RECORD_BYTES_MAX);
	for (uint32_t i = 0; i < v.source_count; i++) {
		if (i > 0) {
			buffer_put_text(&keys, TEXT(" "));
		}
		buffer_put_text(&keys, registry_source(registry, v.sources[i]).key);
	}
	journal_put_case(
	    &p->tx, &(struct journal_case){
			.number = number,
			.status = text_of(case_status_name(v.status)),
			.system = registry_item(registry, THING_SYSTEM, v.system).name,
			.member = registry_item(registry, THING_MEMBER, v.member).name,
			.kind = v.review ? TEXT("review") : text_of(suspension_name(SUSPENSION_SECURITY)),
			.reason = v.reason,
			.sources = buffer_text(&keys),
			.opened = v.opened,
			.deadline = v.deadline,
			.delivered_before = v.delivered_before,
			.delivered_after = v.delivered_after,
			.seq = p->input.seq,
		    });
	buffer_free(&keys);
}

static void
put_rows(struct pipeline *p)
{
	for (size_t i = 0; i < p->input_sources.count; i++) {
		put_source_row(p, p->input_sources.items[i]);
	}
	for (size_t i = 0; i < p->input_cases.count; i++) {
		put_case_row(p, p->input_cases.items[i]);
	}
}

static enum result
append_at(struct pipeline *p, enum record_kind kind, struct instant at, struct text payload, uint64_t *seq,
	  struct fault *fault)
{
	enum result r;

	p->input = (struct record){ .seq = p->tx.head.seq + 1, .time = at, .kind = kind, .payload = payload };
	p->input_written = false;
	p->input_sources.count = p->input_cases.count = 0;
	r = p->broken ? RESULT_IO : fold_apply(p->fold, &p->input, fault);
	if (r == RESULT_OK) {
		write_input(p);
		put_rows(p);
	}
	/* A refusal leaves no trace; anything else that stops half way means that the state must be read again. */
	p->broken = p->broken || p->tx.result != RESULT_OK ||
		    (r != RESULT_OK && (p->input_written || r == RESULT_DAMAGED));
	if (p->broken) {
		return fault_set(fault, RESULT_IO, "the store failed: %s",
				 p->tx.fault.text[0] == '\0' ? "read again" : p->tx.fault.text);
	}
	*seq = p->input.seq;
	return r;
}

enum result
pipeline_append(struct pipeline *p, enum record_kind kind, struct text payload, uint64_t *seq,
		struct fault *fault)
{
	struct instant now = pipeline_now(p);

	/* A clock that was set back does not take the journal with it. */
	if (now.ms < p->tx.head.time.ms) {
		now = p->tx.head.time;
	}
	return append_at(p, kind, now, payload, seq, fault);
}

enum result
pipeline_tick(struct pipeline *p, struct instant at, struct fault *fault)
{
	uint64_t seq;

	if (at.ms < p->tx.head.time.ms) {
		char was[INSTANT_BYTES], is[INSTANT_BYTES];

		return fault_set(fault, RESULT_BAD_INPUT, "time does not go back: it is %s, not %s",
				 instant_format(p->tx.head.time, was), instant_format(at, is));
	}
	return append_at(p, RECORD_TICK, at, (struct text){ "", 0 }, &seq, fault);
}
