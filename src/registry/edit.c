/*
 * registry/edit.c - one change that a person asks for, as a plan: the thing and what it belongs to stand alone in a programme
 * of their own, and the planner compares it with the registry as it does a file.
 */
#include "registry/registry_int.h"

#include <string.h>

struct editor {
	struct planner plan;
	const struct registry_edit *asked;
	struct fault *fault;
	struct wanted *wanted; /* the thing as it is to be */
	bool given[REGISTRY_FIELD_COUNT];
	struct text parent; /* name of what it is to belong to; empty: not given */
};

/* The only wanted thing of its kind: as it is, when it is present. */
static struct wanted *
want(struct editor *e, enum thing thing, struct text name, uint32_t id)
{
	struct wanted_list *list = &e->plan.wanted.things[thing];
	enum registry_field from = registry_fields_from(thing), to = registry_fields_to(thing);
	struct wanted *w = arena_get(e->plan.arena, sizeof *w);

	*w = (struct wanted){ .name = text_copy(e->plan.arena, name),
			      .values = arena_get_array(e->plan.arena, to - from, sizeof(struct text)),
			      .id = id };
	for (enum registry_field f = from; f < to; f++) {
		w->values[f - from] =
		    id == REGISTRY_NONE ? (struct text){ 0 } : registry_value(e->plan.registry, id, f);
	}
	*list = (struct wanted_list){ .items = w, .count = 1, .size = 1, .given = true };
	return w;
}

/* ---- the values */

static bool
has_entry(enum registry_field field, struct text list, struct text what)
{
	struct text one;

	while (list.n > 0) {
		(void)text_cut(&list, ' ', &one);
		(void)registry_value_identifies(field, one, &one);
		if (text_equal(one, what)) {
			return true;
		}
	}
	return false;
}

/* The reporter other than `self` that is told by this in a field. */
static uint32_t
holder(const struct registry *r, enum registry_field field, struct text what, uint32_t self)
{
	for (uint32_t id = 0; id < registry_count(r, THING_REPORTER); id++) {
		if (id != self && has_entry(field, registry_value(r, id, field), what)) {
			return id;
		}
	}
	return REGISTRY_NONE;
}

/* Appends one entry to `value`, in its canonical form. */
static enum result
put_entry(const struct editor *e, enum registry_field field, struct text in, struct buffer *value)
{
	const struct registry *r = e->plan.registry;
	const struct field_info *info = &registry_fields[field];
	const char *wanted;
	struct text entry;
	size_t from;
	uint32_t other;

	if (value->n > 0) {
		buffer_put(value, " ", 1);
	}
	from = value->n;
	wanted = registry_value_put(info->type, in, value);
	if (wanted != NULL) {
		return fault_set(e->fault, RESULT_BAD_INPUT, "%s: %s is wanted: '%.*s'", info->key, wanted,
				 (int)(in.n > 80 ? 80 : in.n), in.p);
	}
	if (value->full) {
		return fault_set(e->fault, RESULT_TOO_LARGE, "%s: more than %d bytes", info->key,
				 FIELD_BYTES_MAX);
	}
	entry = (struct text){ (const char *)value->p + from, value->n - from };
	if (!registry_value_identifies(field, entry, &entry)) {
		return RESULT_OK;
	}
	if (has_entry(field, (struct text){ (const char *)value->p, from }, entry)) {
		return fault_set(e->fault, RESULT_CONFLICT, "%s: %.*s stands there twice", info->key,
				 TEXT_ARG(entry));
	}
	other = holder(r, field, entry, e->wanted->id);
	return other == REGISTRY_NONE
		   ? RESULT_OK
		   : fault_set(e->fault, RESULT_CONFLICT, "%s: it belongs to the reporter %s already",
			       info->key, registry_item(r, THING_REPORTER, other).name.p);
}

/* Do they name the same: the same words, or campaigns of one name? */
static bool
is_same_entry(struct text a, struct text b)
{
	struct text first, second;

	return text_equal(a, b) ||
	       (text_cut(&a, '/', &first) && text_cut(&b, '/', &second) && text_equal(first, second));
}

/* Before the entries of `value`: those that are there already and are not declared anew. */
static void
keep_entries(struct text present, struct buffer *value)
{
	struct buffer all;
	struct text one, entry;

	buffer_init(&all, FIELD_BYTES_MAX);
	while (present.n > 0) {
		struct text rest = buffer_text(value);
		bool anew = false;

		(void)text_cut(&present, ' ', &one);
		while (rest.n > 0) {
			(void)text_cut(&rest, ' ', &entry);
			anew = anew || is_same_entry(entry, one);
		}
		if (!anew) {
			buffer_put_text(&all, one);
			buffer_put(&all, " ", 1);
		}
	}
	buffer_put_text(&all, buffer_text(value));
	buffer_free(value);
	*value = all;
}

static enum result
put_value(struct editor *e, enum registry_field field, struct text in)
{
	bool is_list = registry_value_is_list(registry_fields[field].type), more = true;
	struct text entry = in;
	struct buffer value;
	enum result r = RESULT_OK;

	buffer_init(&value, FIELD_BYTES_MAX);
	while (more && r == RESULT_OK) {
		more = is_list && text_cut(&in, ',', &entry);
		entry = text_trim(entry);
		r = entry.n == 0 ? RESULT_OK : put_entry(e, field, entry, &value);
	}
	if (r == RESULT_OK && is_list && value.n > 0 && e->asked->op == REGISTRY_DECLARE) {
		keep_entries(registry_value(e->plan.registry, e->wanted->id, field), &value);
		r = value.full ? fault_set(e->fault, RESULT_TOO_LARGE, "%s: more than %d bytes",
					   registry_fields[field].key, FIELD_BYTES_MAX)
			       : RESULT_OK;
	}
	e->wanted->values[field - registry_fields_from(e->asked->thing)] =
	    (struct text){ text_copy(e->plan.arena, buffer_text(&value)), value.n };
	buffer_free(&value);
	return r;
}

/* What it could have been. */
static enum result
no_such_key(struct editor *e, struct text key)
{
	enum thing thing = e->asked->thing;
	bool declares = e->asked->op == REGISTRY_DECLARE;
	struct buffer keys;
	enum result r;

	buffer_init(&keys, FAULT_BYTES_MAX);
	for (enum registry_field f = registry_fields_from(thing); f < registry_fields_to(thing); f++) {
		const char *one = registry_fields[f].key;
		bool is_declared = strncmp(one, "declared.", 9) == 0;

		if (is_declared || !declares) {
			buffer_format(&keys, "%s%s", keys.n == 0 ? "" : ", ", declares ? one + 9 : one);
		}
	}
	r = fault_set(e->fault, RESULT_BAD_INPUT, "a %s has no such key: '%.*s'; it has %.*s",
		      thing_name(thing), (int)(key.n > 80 ? 80 : key.n), key.p, TEXT_ARG(buffer_text(&keys)));
	buffer_free(&keys);
	return r;
}

static enum result
put_setting(struct editor *e, const struct registry_setting *s)
{
	enum thing thing = e->asked->thing, above;
	enum registry_field field = registry_field_find(thing, s->key);
	bool is_parent =
	    registry_thing_parent(thing, &above) && text_equal(s->key, text_of(thing_name(above)));

	if (is_parent && e->asked->op == REGISTRY_ADD) {
		e->parent = s->value;
		return RESULT_OK;
	}
	if (is_parent) {
		return fault_set(e->fault, RESULT_BAD_INPUT,
				 "a %s stays with its %s: remove it and add it there; it is then another one",
				 thing_name(thing), thing_name(above));
	}
	if (field == REGISTRY_FIELD_COUNT) {
		return no_such_key(e, s->key);
	}
	if (e->asked->op == REGISTRY_DECLARE && strncmp(registry_fields[field].key, "declared.", 9) != 0) {
		return fault_set(e->fault, RESULT_BAD_INPUT, "%s is nothing that is declared",
				 registry_fields[field].key);
	}
	if (e->given[field]) {
		return fault_set(e->fault, RESULT_BAD_INPUT, "%s: given twice", registry_fields[field].key);
	}
	e->given[field] = true;
	return put_value(e, field, s->value);
}

/* All settings; then what is empty has its default, or must not be. */
static enum result
put_settings(struct editor *e)
{
	enum thing thing = e->asked->thing;
	enum registry_field from = registry_fields_from(thing);
	enum result r = RESULT_OK;

	for (size_t i = 0; i < e->asked->setting_count && r == RESULT_OK; i++) {
		r = put_setting(e, &e->asked->settings[i]);
	}
	for (enum registry_field f = from; f < registry_fields_to(thing) && r == RESULT_OK; f++) {
		struct text *value = &e->wanted->values[f - from];

		if (value->n == 0 && registry_fields[f].fallback == NULL) {
			r = fault_set(e->fault, RESULT_BAD_INPUT, "a %s must have a %s: %s=...",
				      thing_name(thing), registry_fields[f].key, registry_fields[f].key);
		} else if (value->n == 0) {
			*value = text_of(registry_fields[f].fallback);
		}
	}
	return r;
}

/* ---- add */

/* The parents of a new thing become wanted too: the words of the plan name them. */
static enum result
find_parents(struct editor *e, uint32_t *parent)
{
	const struct registry *r = e->plan.registry;
	enum thing thing = e->asked->thing, above;
	uint32_t id;

	*parent = 0;
	if (!registry_thing_parent(thing, &above)) {
		return RESULT_OK;
	}
	if (e->parent.n == 0) {
		return fault_set(e->fault, RESULT_BAD_INPUT, "%s=... is wanted: what the %s belongs to",
				 thing_name(above), thing_name(thing));
	}
	id = registry_find(r, above, e->parent);
	if (id == REGISTRY_NONE) {
		return fault_set(e->fault, RESULT_NOT_FOUND, "no %s is called '%.*s'", thing_name(above),
				 (int)(e->parent.n > 80 ? 80 : e->parent.n), e->parent.p);
	}
	*parent = id;
	(void)want(e, above, e->parent, id);
	if (above == THING_SYSTEM) {
		struct registry_item system = registry_item(r, THING_SYSTEM, id);

		(void)want(e, THING_MEMBER, registry_item(r, THING_MEMBER, system.parent).name,
			   system.parent);
	}
	return RESULT_OK;
}

/* It is there already: fine as it is asked for, else a contradiction. */
static enum result
check_same(const struct editor *e, uint32_t id, uint32_t parent)
{
	const struct registry *r = e->plan.registry;
	enum thing thing = e->asked->thing, above;
	struct registry_item item = registry_item(r, thing, id);

	if (registry_thing_parent(thing, &above) && item.parent != parent) {
		struct registry_item where = registry_item(r, above, item.parent);

		return thing == THING_SOURCE
			   ? fault_set(e->fault, RESULT_CONFLICT, "source %s belongs to %s, %s, already",
				       item.name.p, registry_item(r, THING_MEMBER, where.parent).name.p,
				       where.name.p)
			   : fault_set(e->fault, RESULT_CONFLICT, "system %s belongs to %s already",
				       item.name.p, where.name.p);
	}
	for (enum registry_field f = registry_fields_from(thing); f < registry_fields_to(thing); f++) {
		if (e->given[f] && !text_equal(e->wanted->values[f - registry_fields_from(thing)],
					       registry_value(r, id, f))) {
			return fault_set(e->fault, RESULT_CONFLICT,
					 "%s %s is there already, with another %s; vouch change changes it",
					 thing_name(thing), item.name.p, registry_fields[f].key);
		}
	}
	return RESULT_OK;
}

static struct text
member_name(const struct registry *r, uint32_t source)
{
	return registry_source(r, source).member_name;
}

/* Another member's source that a new one would overlap; REGISTRY_NONE: there is none. */
static uint32_t
overlapped(const struct registry *r, const struct source_key *key, uint32_t member)
{
	uint32_t around = registry_lookup(r, source_key_text(key));

	if (key->prefix.family == 0) {
		return REGISTRY_NONE;
	}
	if (around != REGISTRY_NONE && registry_source(r, around).member != member) {
		return around;
	}
	for (uint32_t id = 0; !prefix_is_address(&key->prefix) && id < registry_count(r, THING_SOURCE);
	     id++) {
		if (!registry_item(r, THING_SOURCE, id).removed &&
		    prefix_contains(&key->prefix, &r->prefixes[id]) &&
		    registry_source(r, id).member != member) {
			return id;
		}
	}
	return REGISTRY_NONE;
}

/* Members and systems share one space of names; sources of different members share no address. */
static enum result
check_free(const struct editor *e, const struct source_key *key)
{
	const struct registry *r = e->plan.registry;
	enum thing thing = e->asked->thing;
	enum thing other = thing == THING_MEMBER ? THING_SYSTEM : THING_MEMBER;
	struct text name = text_of(e->wanted->name);
	uint32_t id;

	if (thing <= THING_SYSTEM && registry_find(r, other, name) != REGISTRY_NONE) {
		return fault_set(e->fault, RESULT_CONFLICT, "a %s is called %s already", thing_name(other),
				 e->wanted->name);
	}
	if (thing != THING_SOURCE) {
		return RESULT_OK;
	}
	id = overlapped(r, key, e->plan.wanted.things[THING_MEMBER].items[0].id);
	return id == REGISTRY_NONE
		   ? RESULT_OK
		   : fault_set(e->fault, RESULT_CONFLICT, "source %s of %s overlaps %s of %s",
			       e->wanted->name, e->plan.wanted.things[THING_MEMBER].items[0].name,
			       registry_item(r, THING_SOURCE, id).name.p, member_name(r, id).p);
}

static enum result
plan_addition(struct editor *e)
{
	enum thing thing = e->asked->thing;
	struct text name = e->asked->name;
	struct source_key key = { .n = 0 };
	uint32_t id, parent;
	enum result r;

	if (thing == THING_SOURCE && source_key_parse(name, &key, e->fault) != RESULT_OK) {
		return RESULT_BAD_INPUT;
	}
	name = thing == THING_SOURCE ? source_key_text(&key) : name;
	if (!registry_name_fits(thing, name, e->fault)) {
		return RESULT_BAD_INPUT;
	}
	id = registry_find(e->plan.registry, thing, name);
	e->wanted = want(e, thing, name, REGISTRY_NONE);
	e->wanted->id = id; /* what it has itself, it may have */
	r = put_settings(e);
	if (r == RESULT_OK) {
		r = find_parents(e, &parent);
	}
	if (r == RESULT_OK && id != REGISTRY_NONE) {
		return check_same(e, id, parent);
	}
	if (r == RESULT_OK) {
		r = check_free(e, &key);
	}
	if (r == RESULT_OK) {
		planner_add(&e->plan, thing, e->wanted);
	}
	return r;
}

/* ---- change, remove */

static enum result
find_asked(const struct editor *e, uint32_t *id)
{
	*id = registry_find(e->plan.registry, e->asked->thing, e->asked->name);
	return *id != REGISTRY_NONE
		   ? RESULT_OK
		   : fault_set(e->fault, RESULT_NOT_FOUND, "no %s is called '%.*s'",
			       thing_name(e->asked->thing),
			       (int)(e->asked->name.n > 80 ? 80 : e->asked->name.n), e->asked->name.p);
}

static enum result
plan_modification(struct editor *e)
{
	uint32_t id;
	enum result r = find_asked(e, &id);

	if (r != RESULT_OK) {
		return r;
	}
	if (e->asked->setting_count == 0) {
		return fault_set(e->fault, RESULT_BAD_INPUT, "what is to change? KEY=VALUE is wanted");
	}
	e->wanted = want(e, e->asked->thing, registry_item(e->plan.registry, e->asked->thing, id).name, id);
	r = put_settings(e);
	if (r == RESULT_OK) {
		planner_change(&e->plan, e->asked->thing, e->wanted);
	}
	return r;
}

/* Is this thing the one that goes, or below it? */
static bool
goes(const struct registry *r, enum thing thing, uint32_t id, enum thing asked, uint32_t asked_id)
{
	enum thing above;

	while (thing != asked) {
		if (!registry_thing_parent(thing, &above)) {
			return false;
		}
		id = registry_item(r, thing, id).parent;
		thing = above;
	}
	return id == asked_id;
}

static enum result
plan_removal(struct editor *e)
{
	static const enum thing down[] = { THING_SOURCE, THING_SYSTEM, THING_MEMBER, THING_REPORTER,
					   THING_RECEIVER };
	const struct registry *r = e->plan.registry;
	uint32_t asked;
	enum result result = find_asked(e, &asked);

	if (result == RESULT_OK && e->asked->setting_count > 0) {
		result = fault_set(e->fault, RESULT_BAD_INPUT, "to remove takes no KEY=VALUE");
	}
	for (size_t i = 0; i < countof(down) && result == RESULT_OK; i++) {
		uint32_t count = registry_count(r, down[i]);

		e->plan.kept[down[i]] = arena_get_array(e->plan.arena, count + 1U, sizeof(bool));
		for (uint32_t id = 0; id < count; id++) {
			e->plan.kept[down[i]][id] = !goes(r, down[i], id, e->asked->thing, asked);
		}
		planner_removes(&e->plan, down[i]);
	}
	return result;
}

enum result
registry_plan_edit(const struct registry *r, const struct registry_edit *edit, struct arena *arena,
		   struct registry_plan *plan, struct fault *fault)
{
	static enum result (*const plans[])(struct editor * e) = { [REGISTRY_ADD] = plan_addition,
								   [REGISTRY_CHANGE] = plan_modification,
								   [REGISTRY_REMOVE] = plan_removal,
								   [REGISTRY_DECLARE] = plan_modification };
	static const char *const names[] = { [REGISTRY_ADD] = "vouch add",
					     [REGISTRY_CHANGE] = "vouch change",
					     [REGISTRY_REMOVE] = "vouch remove",
					     [REGISTRY_DECLARE] = "vouch declare" };
	struct editor e = { .asked = edit, .fault = fault };
	enum result result;

	planner_open(&e.plan, r, names[edit->op], arena);
	result = plans[edit->op](&e);
	return planner_close(&e.plan, result, plan, fault);
}
