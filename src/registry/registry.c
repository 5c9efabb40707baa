/* registry/registry.c - the rows, their index by name, and addresses by the most specific prefix. */
#include "registry/registry_int.h"

#include "base/array.h"
#include "model/trap.h"

#include <stdlib.h>
#include <string.h>

static const struct {
	const char *name;
	uint32_t max;
} things[] = {
#define THING(id, name, max, meaning) { name, max },
#include "registry/things.def"
#undef THING
};
const struct field_info registry_fields[REGISTRY_FIELD_COUNT] = {
#define FIELD(thing, id, key, type, fallback, help) { THING_##thing, key, VALUE_##type, fallback },
#include "registry/fields.def"
#undef FIELD
};

const char *
thing_name(enum thing thing)
{
	check(thing < THING_COUNT);
	return things[thing].name;
}

uint32_t
registry_thing_max(enum thing thing)
{
	return things[thing].max;
}

bool
registry_thing_parent(enum thing thing, enum thing *parent)
{
	*parent = thing == THING_SOURCE ? THING_SYSTEM : THING_MEMBER;
	return thing == THING_SOURCE || thing == THING_SYSTEM;
}

bool
registry_thing_parse(struct text name, enum thing *thing)
{
	for (enum thing t = 0; t < THING_COUNT; t++) {
		if (text_equal(name, text_of(things[t].name))) {
			*thing = t;
			return true;
		}
	}
	return false;
}

enum registry_field
registry_fields_from(enum thing thing)
{
	enum registry_field f = 0;

	while (f < REGISTRY_FIELD_COUNT && registry_fields[f].thing != thing) {
		f++;
	}
	return f;
}

enum registry_field
registry_fields_to(enum thing thing)
{
	enum registry_field f = registry_fields_from(thing);

	while (f < REGISTRY_FIELD_COUNT && registry_fields[f].thing == thing) {
		f++;
	}
	return f;
}

enum registry_field
registry_field_find(enum thing thing, struct text key)
{
	for (enum registry_field f = registry_fields_from(thing); f < registry_fields_to(thing); f++) {
		if (text_equal(key, text_of(registry_fields[f].key))) {
			return f;
		}
	}
	return REGISTRY_FIELD_COUNT;
}

bool
registry_name_fits(enum thing thing, struct text name, struct fault *fault)
{
	struct source_key key;
	bool digits = true;

	if (thing == THING_SOURCE) {
		if (source_key_parse(name, &key, fault) != RESULT_OK) {
			return false;
		}
		if (!text_equal(name, source_key_text(&key))) {
			(void)fault_set(fault, RESULT_BAD_INPUT,
					"'%.*s' is not the canonical text of a source", TEXT_ARG(name));
			return false;
		}
		return true;
	}
	if (!text_is_name(name)) {
		(void)fault_set(fault, RESULT_BAD_INPUT, "an id has 1 to %d letters, digits, '-', '_' or '.'",
				NAME_BYTES_MAX);
		return false;
	}
	if (thing == THING_REPORTER && text_equal(name, TEXT("operator"))) {
		(void)fault_set(
		    fault, RESULT_BAD_INPUT,
		    "the id 'operator' stands for whoever runs the daemon; its word always counts");
		return false;
	}
	if (thing == THING_REPORTER || thing == THING_RECEIVER) {
		return true;
	}
	/* People name members, systems, sources and cases in one place (vouch status, why): a word must mean one of them. */
	for (size_t i = 0; i < name.n; i++) {
		digits = digits && name.p[i] >= '0' && name.p[i] <= '9';
	}
	if (digits || source_key_parse(name, &key, NULL) == RESULT_OK) {
		(void)fault_set(fault, RESULT_BAD_INPUT,
				"the id '%.*s' could be taken for a source or the number of a case",
				TEXT_ARG(name));
		return false;
	}
	return true;
}

/* ---- rows */

struct names_of {
	const struct registry *registry;
	enum thing thing;
};

static bool
name_equal(const void *context, uint32_t id, struct text key)
{
	const struct names_of *n = context;

	return text_equal(text_of(n->registry->tables[n->thing].rows[id].name), key);
}

static bool
range_equal(const void *context, uint32_t id, struct text key)
{
	const struct registry *r = context;

	return memcmp(&r->prefixes[id], key.p, sizeof(struct prefix)) == 0;
}

static struct text
range_key(const struct prefix *p)
{
	_Static_assert(sizeof *p == 18, "a prefix has no padding: its bytes are its key");
	return (struct text){ (const char *)p, sizeof *p };
}

static char *
keep(struct text t)
{
	char *p = malloc(t.n + 1);

	check(p != NULL);
	memcpy(p, t.p, t.n);
	p[t.n] = '\0';
	return p;
}

/* A single address is found by its name alone; most sources are one. */
static bool
is_range(const struct prefix *p)
{
	return p->family != 0 && !prefix_is_address(p);
}

static void
source_index(struct registry *r, uint32_t id, struct text name)
{
	struct source_key key;
	struct prefix *p;

	check(source_key_parse(name, &key, NULL) == RESULT_OK);
	r->prefixes = array_room(r->prefixes, id, &r->prefix_size, sizeof *r->prefixes);
	p = &r->prefixes[id];
	*p = key.prefix;
	if (is_range(p)) {
		map_put(&r->ranges, range_key(p), id);
		r->lengths[p->family == 6][p->bits]++;
	}
}

uint32_t
registry_row_add(struct registry *r, enum thing thing, struct text name, uint32_t parent)
{
	struct registry_table *t = &r->tables[thing];
	size_t fields = registry_fields_to(thing) - registry_fields_from(thing);
	enum thing above;
	uint32_t id = t->count;

	t->rows = array_room(t->rows, t->count, &t->size, sizeof *t->rows);
	t->count++;
	t->present++;
	t->rows[id] =
	    (struct registry_row){ .name = arena_copy(&r->names, name.p, name.n), .parent = parent };
	if (fields > 0) {
		t->rows[id].values = calloc(fields, sizeof *t->rows[id].values);
		check(t->rows[id].values != NULL);
	}
	map_put(&t->names, name, id);
	if (registry_thing_parent(thing, &above)) {
		r->tables[above].rows[parent].children++;
	}
	if (thing == THING_SOURCE) {
		source_index(r, id, name);
	}
	return id;
}

void
registry_row_set(struct registry *r, uint32_t id, enum registry_field field, struct text value)
{
	enum thing thing = registry_fields[field].thing;
	char **at = &r->tables[thing].rows[id].values[field - registry_fields_from(thing)];

	free(*at);
	*at = value.n == 0 ? NULL : keep(value);
}

static void
values_free(enum thing thing, struct registry_row *row)
{
	size_t fields = registry_fields_to(thing) - registry_fields_from(thing);

	for (size_t i = 0; row->values != NULL && i < fields; i++) {
		free(row->values[i]);
	}
	free(row->values);
	row->values = NULL;
}

void
registry_row_remove(struct registry *r, enum thing thing, uint32_t id)
{
	struct registry_table *t = &r->tables[thing];
	struct names_of names = { r, thing };
	enum thing above;

	check(!t->rows[id].removed && t->rows[id].children == 0);
	check(map_remove(&t->names, text_of(t->rows[id].name), name_equal, &names));
	if (registry_thing_parent(thing, &above)) {
		r->tables[above].rows[t->rows[id].parent].children--;
	}
	if (thing == THING_SOURCE && is_range(&r->prefixes[id])) {
		const struct prefix *p = &r->prefixes[id];

		check(map_remove(&r->ranges, range_key(p), range_equal, r));
		r->lengths[p->family == 6][p->bits]--;
	}
	values_free(thing, &t->rows[id]);
	t->rows[id].removed = 1;
	t->present--;
}

void
registry_clear(struct registry *r)
{
	for (enum thing thing = 0; thing < THING_COUNT; thing++) {
		struct registry_table *t = &r->tables[thing];

		for (uint32_t i = 0; i < t->count; i++) {
			values_free(thing, &t->rows[i]);
		}
		free(t->rows);
		map_free(&t->names);
	}
	arena_clear(&r->names);
	free(r->prefixes);
	map_free(&r->ranges);
	*r = (struct registry){ 0 };
}

struct registry *
registry_open(void)
{
	struct registry *r = calloc(1, sizeof *r);

	check(r != NULL);
	return r;
}

void
registry_close(struct registry *r)
{
	if (r != NULL) {
		registry_clear(r);
		free(r);
	}
}

/* ---- looking up */

uint32_t
registry_find(const struct registry *r, enum thing thing, struct text name)
{
	struct names_of names = { r, thing };
	struct source_key key;
	uint32_t id;

	if (thing == THING_SOURCE) {
		if (source_key_parse(name, &key, NULL) != RESULT_OK) {
			return REGISTRY_NONE;
		}
		name = source_key_text(&key);
	}
	return map_get(&r->tables[thing].names, name, name_equal, &names, &id) ? id : REGISTRY_NONE;
}

uint32_t
registry_lookup(const struct registry *r, struct text key)
{
	struct names_of names = { r, THING_SOURCE };
	struct prefix p;
	uint32_t id;

	if (map_get(&r->tables[THING_SOURCE].names, key, name_equal, &names, &id)) {
		return id;
	}
	if (prefix_parse(key, &p, NULL) != RESULT_OK) {
		return REGISTRY_NONE;
	}
	for (int bits = p.bits; bits >= 0; bits--) {
		struct prefix around;

		if (r->lengths[p.family == 6][bits] == 0) {
			continue;
		}
		around = prefix_cut(&p, (uint8_t)bits);
		if (map_get(&r->ranges, range_key(&around), range_equal, r, &id)) {
			return id;
		}
	}
	return REGISTRY_NONE;
}

uint32_t
registry_count(const struct registry *r, enum thing thing)
{
	return r->tables[thing].count;
}

uint32_t
registry_present(const struct registry *r, enum thing thing)
{
	return r->tables[thing].present;
}

struct registry_item
registry_item(const struct registry *r, enum thing thing, uint32_t id)
{
	const struct registry_row *row = &r->tables[thing].rows[id];

	check(id < r->tables[thing].count);
	return (struct registry_item){ text_of(row->name), row->parent, row->children, row->removed != 0 };
}

struct text
registry_value(const struct registry *r, uint32_t id, enum registry_field field)
{
	enum thing thing = registry_fields[field].thing;
	const struct registry_row *row = &r->tables[thing].rows[id];

	check(field < REGISTRY_FIELD_COUNT && id < r->tables[thing].count);
	return text_of(row->values == NULL ? NULL : row->values[field - registry_fields_from(thing)]);
}

struct registry_source
registry_source(const struct registry *r, uint32_t id)
{
	struct registry_item source = registry_item(r, THING_SOURCE, id);
	struct registry_item system = registry_item(r, THING_SYSTEM, source.parent);
	struct source_key key;

	check(source_key_parse(source.name, &key, NULL) == RESULT_OK);
	return (struct registry_source){
		.key = source.name,
		.kind = key.kind,
		.system = source.parent,
		.member = system.parent,
		.system_name = system.name,
		.member_name = registry_item(r, THING_MEMBER, system.parent).name,
		.list = registry_value(r, source.parent, FIELD_SYSTEM_LIST),
		.removed = source.removed,
	};
}

struct registry_reporter
registry_reporter(const struct registry *r, uint32_t id)
{
	struct text trap = registry_value(r, id, FIELD_REPORTER_TRAP);
	struct text weight = registry_value(r, id, FIELD_REPORTER_WEIGHT);
	struct registry_reporter out = { .id = registry_item(r, THING_REPORTER, id).name,
					 .trap_signal = SIGNAL_TRAP_PRISTINE,
					 .weight = BLOCKLIST_SIGNIFICANT,
					 .quota = UINT64_MAX };
	struct text quota = registry_value(r, id, FIELD_REPORTER_QUOTA);

	if (registry_item(r, THING_REPORTER, id).removed) {
		return out;
	}
	out.kind = registry_reporter_kind_of(registry_value(r, id, FIELD_REPORTER_KIND));
	out.trust = registry_trust_of(registry_value(r, id, FIELD_REPORTER_TRUST));
	if (trap.n > 0) {
		check(trap_class_parse(trap, &out.trap_signal) == RESULT_OK);
	}
	if (weight.n > 0) {
		check(blocklist_weight_parse(weight, &out.weight) == RESULT_OK);
	}
	out.traps = registry_value(r, id, FIELD_REPORTER_TRAPS);
	out.receiver = registry_value(r, id, FIELD_REPORTER_RECEIVER);
	if (out.receiver.n == 0 && out.kind == REPORTER_MAILBOX) {
		out.receiver = out.id;
	}
	if (quota.n > 0) {
		check(text_u64(quota, &out.quota));
	}
	out.has_token = hash_from_hex(registry_value(r, id, FIELD_REPORTER_TOKEN), &out.token);
	return out;
}

bool
registry_trusts(const struct registry *r, struct text reporter)
{
	uint32_t id;

	if (text_equal(reporter, TEXT("operator"))) {
		return true;
	}
	id = registry_find(r, THING_REPORTER, reporter);
	return id != REGISTRY_NONE && registry_reporter(r, id).trust == TRUST_FULL;
}
