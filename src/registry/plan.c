/* registry/plan.c - what has to change so that the registry is as a programme file says. */
#include "registry/registry_int.h"

#include "base/array.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#define HEADER_BYTES_MAX 4096U /* who and which file, in the first line of a record */

/* ---- addresses of different members must not overlap */

struct range {
	const struct prefix *prefix;
	uint32_t index; /* in the wanted sources */
};

/* Around comes before within; else by address. */
static int
range_order(const void *a, const void *b)
{
	const struct prefix *x = ((const struct range *)a)->prefix, *y = ((const struct range *)b)->prefix;
	int order = (int)x->family - (int)y->family;

	if (order == 0) {
		order = memcmp(x->bytes, y->bytes, sizeof x->bytes);
	}
	return order != 0 ? order : (int)x->bits - (int)y->bits;
}

static const struct wanted *
member_of(const struct programme *p, const struct wanted *source)
{
	return &p->things[THING_MEMBER].items[p->things[THING_SYSTEM].items[source->parent].parent];
}

static enum result
overlap(const struct programme *p, const struct wanted *outer, const struct wanted *inner,
	struct fault *fault)
{
	const struct wanted *late = outer->line > inner->line ? outer : inner;
	const struct wanted *early = late == outer ? inner : outer;

	return fault_set(fault, RESULT_CONFLICT, "%s:%zu:%zu: source %s of %s overlaps %s of %s at line %zu",
			 p->file, late->line, late->column, late->name, member_of(p, late)->name, early->name,
			 member_of(p, early)->name, early->line);
}

/* Walks the prefixes in order with a stack of those around the present one; the innermost of them tells. */
static enum result
check_overlaps(const struct programme *p, struct arena *arena, struct fault *fault)
{
	const struct wanted_list *sources = &p->things[THING_SOURCE];
	struct range *ranges = arena_get_array(arena, sources->count + 1U, sizeof *ranges);
	uint32_t *around = arena_get_array(arena, sources->count + 1U, sizeof *around);
	uint32_t count = 0, depth = 0;

	for (uint32_t i = 0; i < sources->count; i++) {
		if (sources->items[i].prefix.family != 0) {
			ranges[count++] = (struct range){ &sources->items[i].prefix, i };
		}
	}
	qsort(ranges, count, sizeof *ranges, range_order);
	for (uint32_t i = 0; i < count; i++) {
		const struct wanted *inner = &sources->items[ranges[i].index], *outer;

		while (depth > 0 &&
		       !prefix_contains(&sources->items[around[depth - 1]].prefix, &inner->prefix)) {
			depth--;
		}
		if (depth > 0) {
			outer = &sources->items[around[depth - 1]];
			if (member_of(p, outer) != member_of(p, inner)) {
				return overlap(p, outer, inner, fault);
			}
		}
		around[depth++] = ranges[i].index;
	}
	return RESULT_OK;
}

/* ---- which wanted thing is which present one */

/* The same name below the same parent; parents come before their children. */
static void
match(struct planner *pl, enum thing thing)
{
	struct wanted_list *list = &pl->wanted.things[thing];
	uint32_t all = registry_count(pl->registry, thing);
	enum thing above;
	bool has_parent = registry_thing_parent(thing, &above);

	pl->kept[thing] = arena_get_array(pl->arena, all + 1U, sizeof(bool));
	for (uint32_t i = 0; i < list->count; i++) {
		struct wanted *w = &list->items[i];
		uint32_t id = registry_find(pl->registry, thing, text_of(w->name));

		if (id == REGISTRY_NONE) {
			continue;
		}
		if (has_parent && registry_item(pl->registry, thing, id).parent !=
				      pl->wanted.things[above].items[w->parent].id) {
			continue; /* elsewhere: another thing of the same name */
		}
		w->id = id;
		pl->kept[thing][id] = true;
	}
}

/* ---- the changes, as lines for people and for the journal */

static void
put_line(struct planner *pl, const char *line)
{
	pl->lines = array_room_in(pl->arena, pl->lines, pl->line_count, &pl->line_size, sizeof *pl->lines);
	pl->lines[pl->line_count++] = line;
}

static json_t *
json_of(struct text t)
{
	json_t *j = json_stringn(t.p == NULL ? "" : t.p, t.n);

	check(j != NULL); /* libyaml gives UTF-8 only */
	return j;
}

static void
put_json(struct buffer *b, json_t *root)
{
	char *s = json_dumps(root, JSON_COMPACT);

	check(s != NULL);
	buffer_put_text(b, text_of(s));
	buffer_put(b, "\n", 1);
	free(s);
	json_decref(root);
}

/* {"add": "source", "id": "192.0.2.1"}, to be completed. */
static json_t *
json_change(const char *op, enum thing thing, const char *name)
{
	json_t *root = json_object();

	check(root != NULL && json_object_set_new(root, op, json_of(text_of(thing_name(thing)))) == 0 &&
	      json_object_set_new(root, "id", json_of(text_of(name))) == 0);
	return root;
}

/* " (harbour-bank, harbour-news)": what the thing belongs to; nothing for a thing that belongs to nothing. */
static const char *
place_words(struct planner *pl, enum thing thing, const char *parent, const char *grandparent)
{
	if (thing == THING_SOURCE) {
		return arena_format(pl->arena, " (%s, %s)", grandparent, parent);
	}
	return thing == THING_SYSTEM ? arena_format(pl->arena, " (%s)", parent) : "";
}

void
planner_removes(struct planner *pl, enum thing thing)
{
	const struct registry *r = pl->registry;
	enum thing above;
	bool has_parent = registry_thing_parent(thing, &above);

	for (uint32_t id = 0; id < registry_count(r, thing); id++) {
		struct registry_item item = registry_item(r, thing, id);
		struct registry_item parent = { 0 }, grandparent = { 0 };

		if (item.removed || pl->kept[thing][id]) {
			continue;
		}
		if (has_parent) {
			parent = registry_item(r, above, item.parent);
			grandparent = registry_item(r, THING_MEMBER,
						    thing == THING_SOURCE ? parent.parent : item.parent);
		}
		put_line(pl, arena_format(pl->arena, "- %s %s%s", thing_name(thing), item.name.p,
					  place_words(pl, thing, parent.name.p, grandparent.name.p)));
		put_json(&pl->changes, json_change("remove", thing, item.name.p));
	}
}

void
planner_add(struct planner *pl, enum thing thing, const struct wanted *w)
{
	enum registry_field from = registry_fields_from(thing);
	json_t *root = json_change("add", thing, w->name), *set = json_object();
	const char *parent = NULL, *grandparent = NULL;
	enum thing above;

	if (registry_thing_parent(thing, &above)) {
		const struct wanted *p = &pl->wanted.things[above].items[w->parent];

		parent = p->name;
		grandparent =
		    thing == THING_SOURCE ? pl->wanted.things[THING_MEMBER].items[p->parent].name : NULL;
		check(json_object_set_new(root, "in", json_of(text_of(parent))) == 0);
	}
	check(set != NULL);
	for (enum registry_field f = from; f < registry_fields_to(thing); f++) {
		if (w->values[f - from].n > 0) {
			check(json_object_set_new(set, registry_fields[f].key,
						  json_of(w->values[f - from])) == 0);
		}
	}
	if (json_object_size(set) > 0) {
		check(json_object_set(root, "set", set) == 0);
	}
	json_decref(set);
	put_json(&pl->changes, root);
	put_line(pl, arena_format(pl->arena, "+ %s %s%s", thing_name(thing), w->name,
				  place_words(pl, thing, parent, grandparent)));
}

/* Whom a change is shown to need not see: a hash tells nobody anything, and addresses are what a thief looks for. */
static bool
is_guarded(enum registry_field field)
{
	return field == FIELD_REPORTER_TOKEN || field == FIELD_MEMBER_CONTACT ||
	       field == FIELD_MEMBER_ALERTS || field == FIELD_MEMBER_NOTICES ||
	       field == FIELD_MEMBER_WEBHOOK || field == FIELD_RECEIVER_CONTACT;
}

/* "list certified -> safe" */
static const char *
change_words(struct planner *pl, enum registry_field field, struct text was, struct text is)
{
	const char *key = registry_fields[field].key;

	if (is_guarded(field)) {
		return arena_format(pl->arena, "%s %s", key,
				    is.n == 0 ? "taken away" : (was.n == 0 ? "given" : "replaced"));
	}
	return arena_format(pl->arena, "%s %.*s -> %.*s", key, was.n == 0 ? 4 : (int)was.n,
			    was.n == 0 ? "none" : was.p, is.n == 0 ? 4 : (int)is.n,
			    is.n == 0 ? "none" : is.p);
}

void
planner_change(struct planner *pl, enum thing thing, const struct wanted *w)
{
	enum registry_field from = registry_fields_from(thing);
	const char *words = "";
	json_t *set = json_object(), *root;

	check(set != NULL);
	for (enum registry_field f = from; f < registry_fields_to(thing); f++) {
		struct text was = registry_value(pl->registry, w->id, f), is = w->values[f - from];

		if (!text_equal(was, is)) {
			words = arena_format(pl->arena, "%s%s%s", words, words[0] == '\0' ? "" : ", ",
					     change_words(pl, f, was, is));
			check(json_object_set_new(set, registry_fields[f].key, json_of(is)) == 0);
		}
	}
	if (json_object_size(set) > 0) {
		root = json_change("change", thing, w->name);
		check(json_object_set(root, "set", set) == 0);
		put_json(&pl->changes, root);
		put_line(pl, arena_format(pl->arena, "~ %s %s: %s", thing_name(thing), w->name, words));
	}
	json_decref(set);
}

/* First what goes, children first; then what comes, parents first; then what changes. */
static void
plan_all(struct planner *pl)
{
	static const enum thing down[] = { THING_SOURCE, THING_SYSTEM, THING_MEMBER, THING_REPORTER,
					   THING_RECEIVER };
	static const enum thing up[] = { THING_MEMBER, THING_SYSTEM, THING_SOURCE, THING_REPORTER,
					 THING_RECEIVER };

	for (size_t i = 0; i < countof(up); i++) {
		if (pl->wanted.things[up[i]].given) {
			match(pl, up[i]);
		}
	}
	for (size_t i = 0; i < countof(down); i++) {
		if (pl->wanted.things[down[i]].given) {
			planner_removes(pl, down[i]);
		}
	}
	for (int changes = 0; changes <= 1; changes++) {
		for (size_t i = 0; i < countof(up); i++) {
			const struct wanted_list *list = &pl->wanted.things[up[i]];

			for (uint32_t k = 0; k < list->count; k++) {
				if ((list->items[k].id != REGISTRY_NONE) != (changes == 1)) {
					continue;
				}
				(changes == 1 ? planner_change : planner_add)(pl, up[i], &list->items[k]);
			}
		}
	}
}

/* Ids are never used again, so even a registry that stays small can come to its end. */
static enum result
check_ids(const struct planner *pl, struct fault *fault)
{
	for (enum thing thing = 0; thing < THING_COUNT; thing++) {
		const struct wanted_list *list = &pl->wanted.things[thing];
		uint64_t more = 0;

		for (uint32_t i = 0; i < list->count; i++) {
			more += list->items[i].id == REGISTRY_NONE;
		}
		if (registry_count(pl->registry, thing) + more > registry_thing_max(thing)) {
			return fault_set(fault, RESULT_TOO_LARGE,
					 "%s: more than %u %ss, with those that left", pl->wanted.file,
					 registry_thing_max(thing), thing_name(thing));
		}
	}
	if (pl->changes.full) {
		return fault_set(fault, RESULT_TOO_LARGE,
				 "%s: more changes than one record holds; import it in steps",
				 pl->wanted.file);
	}
	return RESULT_OK;
}

/* The lists of the wanted systems, each once: there are few. */
static void
collect_lists(struct planner *pl, struct registry_plan *plan)
{
	const struct wanted_list *systems = &pl->wanted.things[THING_SYSTEM];
	const char **lists = arena_get_array(pl->arena, systems->count + 1U, sizeof *lists);
	size_t *at = arena_get_array(pl->arena, systems->count + 1U, sizeof *at);

	for (uint32_t i = 0; i < systems->count; i++) {
		const struct wanted *w = &systems->items[i];
		struct text list = w->values[FIELD_SYSTEM_LIST - registry_fields_from(THING_SYSTEM)];
		uint32_t k = 0;

		while (k < plan->list_count && !text_equal(text_of(lists[k]), list)) {
			k++;
		}
		if (k == plan->list_count) {
			at[k] = w->line;
			lists[plan->list_count++] = text_copy(pl->arena, list);
		}
	}
	plan->lists = lists;
	plan->list_lines = at;
}

void
planner_open(struct planner *pl, const struct registry *r, const char *file, struct arena *arena)
{
	*pl = (struct planner){ .registry = r, .arena = arena, .wanted = { .file = file, .arena = arena } };
	buffer_init(&pl->changes, RECORD_BYTES_MAX - HEADER_BYTES_MAX);
}

enum result
planner_close(struct planner *pl, enum result result, struct registry_plan *plan, struct fault *fault)
{
	*plan = (struct registry_plan){ .file = pl->wanted.file };
	if (result == RESULT_OK) {
		result = check_ids(pl, fault);
	}
	if (result == RESULT_OK) {
		plan->lines = pl->lines;
		plan->line_count = pl->line_count;
		plan->changes =
		    (struct text){ text_copy(pl->arena, buffer_text(&pl->changes)), pl->changes.n };
		collect_lists(pl, plan);
	}
	buffer_free(&pl->changes);
	programme_free(&pl->wanted);
	return result;
}

enum result
registry_plan(const struct registry *r, struct text yaml, const char *file, struct arena *arena,
	      struct registry_plan *plan, struct fault *fault)
{
	struct planner pl;
	enum result result;

	planner_open(&pl, r, file, arena);
	result = programme_read(yaml, file, arena, &pl.wanted, fault);
	if (result == RESULT_OK) {
		result = check_overlaps(&pl.wanted, arena, fault);
	}
	if (result == RESULT_OK) {
		plan_all(&pl);
	}
	return planner_close(&pl, result, plan, fault);
}

void
registry_plan_write(const struct registry_plan *plan, struct text actor, struct buffer *payload)
{
	struct text file = text_of(plan->file);
	json_t *root = json_object();

	file.n = file.n > WORDS_BYTES_MAX ? WORDS_BYTES_MAX : file.n;
	check(actor.n > 0 && actor.n <= WORDS_BYTES_MAX && root != NULL);
	check(json_object_set_new(root, "actor", json_of(actor)) == 0);
	check(json_object_set_new(root, "file", json_of(file)) == 0);
	put_json(payload, root);
	buffer_put_text(payload, plan->changes);
}
