/*
 * registry/snapshot.c - the whole registry as bytes, and back.
 *
 *     form | for each kind in the order of things.def: count, then each thing: removed, name, parent (if it has one), values
 *     (of a present one)
 */
#include "registry/registry_int.h"

#define SNAPSHOT_FORM 4U

static void
save_row(struct buffer *b, const struct registry *r, enum thing thing, uint32_t id)
{
	const struct registry_row *row = &r->tables[thing].rows[id];
	enum thing above;

	wire_put_u8(b, (uint8_t)row->removed);
	wire_put_text(b, text_of(row->name));
	if (registry_thing_parent(thing, &above)) {
		wire_put_u64(b, row->parent);
	}
	if (row->removed) {
		return;
	}
	for (enum registry_field f = registry_fields_from(thing); f < registry_fields_to(thing); f++) {
		wire_put_text(b, registry_value(r, id, f));
	}
}

void
registry_save(const struct registry *r, struct buffer *b)
{
	wire_put_u64(b, SNAPSHOT_FORM);
	for (enum thing thing = 0; thing < THING_COUNT; thing++) {
		wire_put_u64(b, r->tables[thing].count);
		for (uint32_t i = 0; i < r->tables[thing].count; i++) {
			save_row(b, r, thing, i);
		}
	}
}

static bool
load_values(struct registry *r, struct wire *w, enum thing thing, uint32_t id)
{
	for (enum registry_field f = registry_fields_from(thing); f < registry_fields_to(thing); f++) {
		struct text value = wire_text(w);

		if (value.n == 0 ? registry_fields[f].fallback == NULL
				 : !registry_value_is_canonical(registry_fields[f].type, value)) {
			return false;
		}
		registry_row_set(r, id, f, value);
	}
	return !w->bad;
}

static bool
load_row(struct registry *r, struct wire *w, enum thing thing)
{
	uint8_t removed = wire_u8(w);
	struct text name = wire_text(w);
	uint64_t parent = 0;
	enum thing above;
	uint32_t id;

	if (registry_thing_parent(thing, &above)) {
		parent = wire_u64(w);
		if (parent >= registry_count(r, above) ||
		    (removed == 0 && r->tables[above].rows[parent].removed)) {
			return false;
		}
	}
	if (w->bad || removed > 1 || !registry_name_fits(thing, name, NULL) ||
	    registry_find(r, thing, name) != REGISTRY_NONE) {
		return false;
	}
	id = registry_row_add(r, thing, name, (uint32_t)parent);
	if (removed == 1) {
		registry_row_remove(r, thing, id);
		return true;
	}
	return load_values(r, w, thing, id);
}

enum result
registry_load(struct registry *r, struct wire *w)
{
	bool fits = wire_u64(w) == SNAPSHOT_FORM;

	check(registry_count(r, THING_MEMBER) == 0);
	for (enum thing thing = 0; thing < THING_COUNT && fits; thing++) {
		uint64_t count = wire_u64(w);

		fits = !w->bad && count <= registry_thing_max(thing);
		for (uint64_t i = 0; i < count && fits; i++) {
			fits = load_row(r, w, thing);
		}
	}
	if (!fits) {
		registry_clear(r);
		return RESULT_DAMAGED;
	}
	return RESULT_OK;
}
