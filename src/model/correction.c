#include "model/correction.h"

#include "base/limits.h"
#include "base/map.h"

static void
put_head(struct buffer *b, const struct correction *c)
{
	wire_put_text(b, c->actor);
	wire_put_text(b, c->reason);
	wire_put_u64(b, c->of);
	wire_put_i64(b, c->told.ms);
}

/* False: nobody made it, for nothing, or of no record. */
static bool
take_head(struct wire *w, struct correction *c)
{
	*c = (struct correction){ .of = 0 };
	c->actor = wire_text(w);
	c->reason = wire_text(w);
	c->of = wire_u64(w);
	c->told.ms = wire_i64(w);
	return c->actor.n > 0 && c->reason.n > 0 && c->of > 0;
}

static void
put_report(struct buffer *b, const struct report *report)
{
	struct buffer bytes;

	buffer_init(&bytes, RECORD_BYTES_MAX);
	report_write(&bytes, report);
	wire_put_text(b, buffer_text(&bytes));
	b->full = b->full || bytes.full;
	buffer_free(&bytes);
}

void
correction_write(struct buffer *b, const struct correction *c)
{
	put_head(b, c);
	put_report(b, &c->added);
	put_report(b, &c->taken);
}

enum result
correction_read(struct text bytes, struct arena *arena, struct correction *c)
{
	struct wire w = wire_of(bytes.p, bytes.n);
	bool is_whole = take_head(&w, c);
	struct text added = wire_text(&w), taken = wire_text(&w);

	if (!is_whole || !wire_done(&w) || report_read(added, arena, &c->added) != RESULT_OK ||
	    report_read(taken, arena, &c->taken) != RESULT_OK) {
		*c = (struct correction){ .of = 0 };
		return RESULT_DAMAGED;
	}
	return RESULT_OK;
}

void
withdrawal_write(struct buffer *b, const struct correction *c)
{
	check(c->added.observation_count == 0);
	put_head(b, c);
	put_report(b, &c->taken);
}

enum result
withdrawal_read(struct text bytes, struct arena *arena, struct correction *c)
{
	struct wire w = wire_of(bytes.p, bytes.n);
	bool is_whole = take_head(&w, c);
	struct text taken = wire_text(&w);

	if (!is_whole || !wire_done(&w) || report_read(taken, arena, &c->taken) != RESULT_OK) {
		*c = (struct correction){ .of = 0 };
		return RESULT_DAMAGED;
	}
	return RESULT_OK;
}

/* ---- the difference */

/*
 * Observations by what they tell: the signal and the sources, in the first pass with the time and attributes as well. What both readings tell alike falls
 * away; what is left of the old is taken, what is left of the new is added.
 */
struct told {
	const struct observation *o;
	struct text name;
	uint32_t left;
	uint32_t next; /* of the same name; NOTHING: none */
	uint32_t from; /* of the first of a name: where those with something left begin */
};
struct telling {
	struct arena *arena;
	struct map index; /* the first of each name that may have something left */
	struct told *items;
	uint32_t count;
};
#define NOTHING UINT32_MAX

static bool
has_name(const void *context, uint32_t i, struct text name)
{
	const struct telling *t = context;

	return text_equal(t->items[i].name, name);
}

static struct text
name_of(struct arena *arena, const struct observation *o, bool whole)
{
	struct buffer b;
	struct text name;

	buffer_init(&b, RECORD_BYTES_MAX);
	wire_put_u8(&b, (uint8_t)o->signal);
	for (uint32_t i = 0; i < o->key_count; i++) {
		wire_put_text(&b, o->keys[i]);
	}
	if (whole) {
		wire_put_i64(&b, o->at.ms);
		for (uint32_t i = 0; i < o->attribute_count; i++) {
			wire_put_text(&b, o->attributes[i].name);
			wire_put_text(&b, o->attributes[i].value);
		}
	}
	check(!b.full);
	name = (struct text){ text_copy(arena, buffer_text(&b)), b.n };
	buffer_free(&b);
	return name;
}

static void
put_told(struct telling *t, const struct report *r)
{
	for (uint32_t i = 0; i < r->observation_count; i++) {
		t->items[t->count++] =
		    (struct told){ .o = &r->observations[i], .left = r->observations[i].count };
	}
}

/* Names them all anew. In the index stands the first that has something left; its kin follow in their order. */
static void
name_all(struct telling *t, bool whole)
{
	map_free(&t->index);
	for (uint32_t i = t->count; i-- > 0;) {
		struct told *one = &t->items[i];
		uint32_t first;

		if (one->left == 0) {
			continue;
		}
		one->name = name_of(t->arena, one->o, whole);
		one->next = map_get(&t->index, one->name, has_name, t, &first) ? first : NOTHING;
		one->from = i;
		if (one->next != NOTHING) {
			map_remove(&t->index, one->name, has_name, t);
		}
		map_put(&t->index, one->name, i);
	}
}

/* Takes up to `count` off those of that name; what is left of it. */
static uint32_t
take_off(struct telling *t, struct text name, uint32_t count)
{
	uint32_t first, i;

	if (!map_get(&t->index, name, has_name, t, &first)) {
		return count;
	}
	for (i = t->items[first].from; i != NOTHING && count > 0;) {
		uint32_t part = count < t->items[i].left ? count : t->items[i].left;

		t->items[i].left -= part;
		count -= part;
		i = t->items[i].left == 0 ? t->items[i].next : i;
	}
	t->items[first].from = i;
	return count;
}

/* What both tell alike. */
static void
cancel(struct telling *old, struct telling *now, bool whole)
{
	name_all(old, whole);
	for (uint32_t i = 0; i < now->count; i++) {
		struct told *one = &now->items[i];

		if (one->left > 0) {
			one->left = take_off(old, name_of(now->arena, one->o, whole), one->left);
		}
	}
}

static void
put_left(const struct telling *t, struct report *r)
{
	r->observations = arena_get_array(t->arena, t->count + 1, sizeof *r->observations);
	r->observation_count = 0;
	for (uint32_t i = 0; i < t->count && r->observation_count < OBSERVATIONS_MAX; i++) {
		if (t->items[i].left > 0) {
			struct observation *o = &r->observations[r->observation_count++];

			*o = *t->items[i].o;
			o->count = t->items[i].left;
		}
	}
}

static struct telling
telling_of(const struct report *reports, size_t count, struct arena *arena)
{
	struct telling t = { .arena = arena };
	size_t most = 0;

	for (size_t i = 0; i < count; i++) {
		most += reports[i].observation_count;
	}
	t.items = arena_get_array(arena, most + 1, sizeof *t.items);
	for (size_t i = 0; i < count; i++) {
		put_told(&t, &reports[i]);
	}
	return t;
}

bool
correction_between(const struct report *was, size_t was_count, const struct report *minus, size_t minus_count,
		   const struct report *now, struct arena *arena, struct correction *c)
{
	struct telling old = telling_of(was, was_count, arena), less = telling_of(minus, minus_count, arena);
	struct telling new = telling_of(now, 1, arena);

	check(was_count > 0);
	cancel(&old, &less, true);
	cancel(&old, &new, true);
	cancel(&old, &new, false);
	*c = (struct correction){ .added = was[0] };
	c->added.door = TEXT("reread");
	c->taken = c->added;
	put_left(&old, &c->taken);
	put_left(&new, &c->added);
	map_free(&old.index);
	return c->added.observation_count > 0 || c->taken.observation_count > 0;
}
