/* replay/replay.c - one walk: an input closes the step before it, an effect joins the step that is open. */
#include "replay/replay.h"

#include "base/array.h"

#include <inttypes.h>
#include <stdlib.h>

struct replay_effects {
	struct arena arena;
	struct replay_effect *items;
	uint32_t count;
	uint32_t size;
};

struct walk {
	struct replay_course *course;
	struct arena arena;  /* of the open input's payload */
	struct record input; /* seq 0: none is open */
	enum result refused;
	struct replay_effects recorded;
	struct replay_effects computed;
};

void
replay_effect_add(struct replay_effects *e, enum record_kind kind, struct text payload)
{
	e->items = array_room(e->items, e->count, &e->size, sizeof(*e->items));
	e->items[e->count++] =
	    (struct replay_effect){ kind, { arena_copy(&e->arena, payload.p, payload.n), payload.n } };
}

static void
effects_clear(struct replay_effects *e)
{
	arena_clear(&e->arena);
	e->count = 0;
}

/* Shows the open step and forgets it. */
static enum result
close_step(struct walk *w)
{
	struct replay_step step = { .input = &w->input,
				    .recorded = w->recorded.items,
				    .recorded_count = w->recorded.count,
				    .computed = w->computed.items,
				    .computed_count = w->computed.count,
				    .refused = w->refused };
	enum result r = RESULT_OK;

	if (w->input.seq != 0 && w->course->rooms.step != NULL) {
		r = w->course->rooms.step(w->course->rooms.context, &step, &w->course->fault);
	}
	w->course->summary.effects += w->computed.count;
	w->input.seq = 0;
	effects_clear(&w->recorded);
	effects_clear(&w->computed);
	arena_clear(&w->arena);
	return r;
}

static enum result
visit(void *context, const struct record *record)
{
	struct walk *w = context;
	enum result r;

	w->course->summary.records++;
	if (record_kind_effect(record->kind)) {
		if (w->input.seq == 0) {
			return fault_set(&w->course->fault, RESULT_DAMAGED,
					 "record %" PRIu64 ": an effect without an input", record->seq);
		}
		replay_effect_add(&w->recorded, record->kind, record->payload);
		return RESULT_OK;
	}
	r = close_step(w);
	if (r != RESULT_OK) {
		return r;
	}
	w->course->summary.inputs++;
	w->input = *record;
	w->input.payload.p = arena_copy(&w->arena, record->payload.p, record->payload.n);
	w->refused = RESULT_OK;
	return w->course->rooms.apply(w->course->rooms.context, &w->input, &w->computed, &w->refused,
				      &w->course->fault);
}

/* The last step is still open when the journal ends. */
static void
end_walk(struct walk *w, enum result r)
{
	struct replay_course *c = w->course;

	if (r == RESULT_OK) {
		r = close_step(w);
	}
	c->result = r == RESULT_OK
			? r
			: fault_set(&c->fault, r, "the journal cannot be read behind record %" PRIu64,
				    c->summary.records);
	free(w->recorded.items);
	free(w->computed.items);
	arena_clear(&w->recorded.arena);
	arena_clear(&w->computed.arena);
	arena_clear(&w->arena);
}

void
replay_run(struct journal *j, struct replay_course *courses, size_t count, const struct replay_watch *watch)
{
	struct walk *walks = calloc(count, sizeof *walks);
	struct replay_reader *readers = calloc(count, sizeof *readers);

	check(walks != NULL && readers != NULL);
	for (size_t i = 0; i < count; i++) {
		courses[i].summary = (struct replay_summary){ 0 };
		courses[i].fault.text[0] = '\0';
		walks[i].course = &courses[i];
		readers[i] = (struct replay_reader){ .visit = visit, .context = &walks[i] };
	}
	replay_read(j, readers, count, watch);
	for (size_t i = 0; i < count; i++) {
		end_walk(&walks[i], readers[i].result);
	}
	free(walks);
	free(readers);
}

enum result
replay_compare(const struct replay_step *s, struct fault *fault)
{
	if (s->refused != RESULT_OK) {
		return fault_set(fault, RESULT_DIFFERENT,
				 "record %" PRIu64 " (%s): was taken, is refused now: %s", s->input->seq,
				 record_kind_name(s->input->kind), result_sentence(s->refused));
	}
	for (size_t i = 0; i < s->recorded_count && i < s->computed_count; i++) {
		const struct replay_effect *was = &s->recorded[i], *is = &s->computed[i];

		if (was->kind != is->kind || !text_equal(was->payload, is->payload)) {
			return fault_set(fault, RESULT_DIFFERENT,
					 "record %" PRIu64 ": the %s that followed from record %" PRIu64
					 " comes out as another %s",
					 s->input->seq + 1 + i, record_kind_name(was->kind), s->input->seq,
					 record_kind_name(is->kind));
		}
	}
	if (s->recorded_count != s->computed_count) {
		return fault_set(fault, RESULT_DIFFERENT,
				 "record %" PRIu64 " (%s): %zu effects are recorded, %zu come out",
				 s->input->seq, record_kind_name(s->input->kind), s->recorded_count,
				 s->computed_count);
	}
	return RESULT_OK;
}
