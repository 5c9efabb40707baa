#include "model/correction.h"

#include "base/limits.h"
#include "base/map.h"

void
correction_write(struct buffer *b, const struct correction *c)
{
	const struct report *const parts[] = { &c->added, &c->taken };

	wire_put_u64(b, c->of);
	for (size_t i = 0; i < countof(parts); i++) {
		struct buffer part;

		buffer_init(&part, RECORD_BYTES_MAX);
		report_write(&part, parts[i]);
		wire_put_text(b, buffer_text(&part));
		b->full = b->full || part.full;
		buffer_free(&part);
	}
}

enum result
correction_read(struct text bytes, struct arena *arena, struct correction *c)
{
	struct wire w = wire_of(bytes.p, bytes.n);
	uint64_t of = wire_u64(&w);
	struct text added = wire_text(&w), taken = wire_text(&w);

	*c = (struct correction){ .of = of };
	if (!wire_done(&w) || of == 0 || report_read(added, arena, &c->added) != RESULT_OK ||
	    report_read(taken, arena, &c->taken) != RESULT_OK) {
		*c = (struct correction){ 0 };
		return RESULT_DAMAGED;
	}
	return RESULT_OK;
}

/* ---- the difference */

/* How often one signal of one source is told: more now than it was, or less. */
struct sum {
	struct text name; /* the byte of the signal, then the source */
	int64_t more;
	struct instant at; /* of the last that told it before */
};
struct sums {
	struct arena *arena;
	struct map index;
	struct sum *items;
	uint32_t count;
};

static bool
has_name(const void *context, uint32_t i, struct text name)
{
	const struct sums *s = context;

	return text_equal(s->items[i].name, name);
}

static struct sum *
sum_of(struct sums *s, enum signal signal, struct text key)
{
	char *name = arena_get(s->arena, key.n + 1);
	struct text named = { name, key.n + 1 };
	uint32_t i;

	name[0] = (char)signal;
	for (size_t k = 0; k < key.n; k++) {
		name[k + 1] = key.p[k];
	}
	if (!map_get(&s->index, named, has_name, s, &i)) {
		i = s->count++;
		s->items[i] = (struct sum){ .name = named };
		map_put(&s->index, named, i);
	}
	return &s->items[i];
}

static void
add_up(struct sums *s, const struct report *r, int64_t sign)
{
	for (uint32_t i = 0; i < r->observation_count; i++) {
		const struct observation *o = &r->observations[i];

		for (uint32_t k = 0; k < o->key_count; k++) {
			struct sum *sum = sum_of(s, o->signal, o->keys[k]);

			sum->more += sign * (int64_t)o->count;
			sum->at = sign < 0 ? o->at : sum->at;
		}
	}
}

static size_t
keys_of(const struct report *reports, size_t count)
{
	size_t keys = 0;

	for (size_t i = 0; i < count; i++) {
		keys += (size_t)reports[i].observation_count * OBSERVATION_KEYS_MAX;
	}
	return keys;
}

static struct observation *
put_observation(struct report *r, const struct observation *like, uint32_t count)
{
	struct observation *o = &r->observations[r->observation_count++];

	*o = *like;
	o->count = count;
	o->key_count = 0;
	return o;
}

/* What is told more often now, for the sources that it is told of: those with the same share of it stand together, as they name one mail. */
static void
take_more(struct sums *s, const struct report *now, struct report *added)
{
	for (uint32_t i = 0; i < now->observation_count; i++) {
		const struct observation *o = &now->observations[i];
		struct observation *put = NULL;

		for (uint32_t k = 0; k < o->key_count && added->observation_count < OBSERVATIONS_MAX; k++) {
			struct sum *sum = sum_of(s, o->signal, o->keys[k]);
			uint32_t part = sum->more <= 0         ? 0
					: sum->more < o->count ? (uint32_t)sum->more
							       : o->count;

			if (part == 0) {
				continue;
			}
			put = put != NULL && put->count == part ? put : put_observation(added, o, part);
			put->keys[put->key_count++] = o->keys[k];
			sum->more -= part;
		}
	}
}

static void
take_less(const struct sums *s, struct report *taken)
{
	for (uint32_t i = 0; i < s->count && taken->observation_count < OBSERVATIONS_MAX; i++) {
		const struct sum *sum = &s->items[i];
		struct observation like = { .at = sum->at, .signal = (enum signal)(uint8_t)sum->name.p[0] };

		if (sum->more < 0) {
			struct observation *o = put_observation(
			    taken, &like, -sum->more > UINT32_MAX ? UINT32_MAX : (uint32_t)-sum->more);

			o->keys[o->key_count++] = (struct text){ sum->name.p + 1, sum->name.n - 1 };
		}
	}
}

bool
correction_between(const struct report *was, size_t was_count, const struct report *minus, size_t minus_count,
		   const struct report *now, struct arena *arena, struct correction *c)
{
	size_t keys = keys_of(was, was_count) + keys_of(minus, minus_count) + keys_of(now, 1);
	struct sums s = { .arena = arena, .items = arena_get_array(arena, keys + 1, sizeof *s.items) };

	check(was_count > 0);
	add_up(&s, now, 1);
	for (size_t i = 0; i < was_count; i++) {
		add_up(&s, &was[i], -1);
	}
	for (size_t i = 0; i < minus_count; i++) {
		add_up(&s, &minus[i], 1);
	}
	*c = (struct correction){ .added = was[0] };
	c->added.door = TEXT("reread");
	c->added.observation_count = 0;
	c->taken = c->added;
	c->added.observations = arena_get_array(arena, keys_of(now, 1) + 1, sizeof *c->added.observations);
	c->taken.observations = arena_get_array(arena, s.count + 1, sizeof *c->taken.observations);
	take_less(&s, &c->taken);
	take_more(&s, now, &c->added);
	map_free(&s.index);
	return c->added.observation_count > 0 || c->taken.observation_count > 0;
}
