/*
 * registry/programme.c - binds a programme file (YAML) to lists of wanted things, by the tables things.def and fields.def.
 *
 * Every error names file, line and column. Aliases are followed, so the bytes of all values are counted: a small file
 * cannot become a large programme.
 */
#include "registry/registry_int.h"

#include "base/array.h"
#include "options/document.h"

#include <string.h>

struct binder {
	yaml_document_t document;
	struct programme *programme;
	struct arena *arena;
	struct fault *fault;
	struct buffer value;    /* scratch */
	size_t bytes;           /* of all names and values */
	struct map secrets;     /* tokens and addresses of reporters: each belongs to one */
	struct text *secret_of; /* their texts, in the arena */
	uint32_t secret_count, secret_size;
};

/* A thing, and what stands below it in the file. */
struct shape {
	const char *group; /* mapping that holds fields named "group.key"; NULL: none */
	const char *below; /* key of the list of its children; NULL: none */
	enum thing child;
};
static const struct shape shapes[THING_COUNT] = {
	[THING_MEMBER] = { .below = "systems", .child = THING_SYSTEM },
	[THING_SYSTEM] = { .group = "declared", .below = "sources", .child = THING_SOURCE },
};
static const struct {
	const char *key;
	enum thing thing;
} sections[] = { { "members", THING_MEMBER },
		 { "reporters", THING_REPORTER },
		 { "receivers", THING_RECEIVER } };

static yaml_node_t *
node_at(struct binder *b, int index)
{
	return yaml_document_get_node(&b->document, index);
}

static enum result
wrong(const struct binder *b, const yaml_node_t *at, enum result r, const char *what, struct text value)
{
	return fault_set(b->fault, r, "%s:%zu:%zu: %s: '%.*s'", b->programme->file, at->start_mark.line + 1,
			 at->start_mark.column + 1, what, (int)(value.n > 80 ? 80 : value.n), value.p);
}

/* The scalar at `n`, trimmed; anything else is an error. */
static enum result
scalar(struct binder *b, const yaml_node_t *n, const char *what, struct text *value)
{
	if (n->type != YAML_SCALAR_NODE) {
		return wrong(b, n, RESULT_BAD_INPUT, "one value is wanted here", text_of(what));
	}
	*value = text_trim(options_scalar(n));
	return RESULT_OK;
}

static enum result
count_bytes(struct binder *b, const yaml_node_t *at, size_t bytes)
{
	b->bytes += bytes;
	return b->bytes <= PROGRAMME_BYTES_MAX
		   ? RESULT_OK
		   : wrong(b, at, RESULT_TOO_LARGE, "too many bytes in all values",
			   TEXT("aliases count in full"));
}

/* ---- names: each is taken once */

static bool
wanted_equal(const void *context, uint32_t index, struct text key)
{
	const struct wanted_list *list = context;

	return text_equal(text_of(list->items[index].name), key);
}

/* The member that a wanted thing belongs to. */
static const char *
owner(const struct programme *p, enum thing thing, uint32_t index)
{
	enum thing above;

	while (registry_thing_parent(thing, &above)) {
		index = p->things[thing].items[index].parent;
		thing = above;
	}
	return p->things[thing].items[index].name;
}

static enum result
twice(const struct binder *b, const yaml_node_t *at, enum thing thing, struct text name, enum thing other,
      uint32_t index, uint32_t parent)
{
	const struct programme *p = b->programme;
	enum thing above;

	if (thing == THING_SOURCE) {
		return fault_set(b->fault, RESULT_CONFLICT,
				 "%s:%zu:%zu: source %.*s of %s stands also at line %zu, for %s", p->file,
				 at->start_mark.line + 1, at->start_mark.column + 1, TEXT_ARG(name),
				 owner(p, THING_SYSTEM, parent), p->things[other].items[index].line,
				 owner(p, other, index));
	}
	(void)registry_thing_parent(thing, &above);
	return fault_set(b->fault, RESULT_CONFLICT,
			 "%s:%zu:%zu: the id %.*s stands also at line %zu, for a %s", p->file,
			 at->start_mark.line + 1, at->start_mark.column + 1, TEXT_ARG(name),
			 p->things[other].items[index].line, thing_name(other));
}

/* Is the name free? Members and systems share one space of names, because people name them in one place. */
static enum result
name_free(const struct binder *b, const yaml_node_t *at, enum thing thing, struct text name, uint32_t parent)
{
	for (enum thing other = 0; other < THING_COUNT; other++) {
		const struct wanted_list *list = &b->programme->things[other];
		bool together = thing <= THING_SYSTEM && other <= THING_SYSTEM;
		uint32_t index;

		if ((other == thing || together) && map_get(&list->names, name, wanted_equal, list, &index)) {
			return twice(b, at, thing, name, other, index, parent);
		}
	}
	return RESULT_OK;
}

static enum result
add_wanted(struct binder *b, const yaml_node_t *at, enum thing thing, struct text name, uint32_t parent,
	   struct wanted **added)
{
	struct wanted_list *list = &b->programme->things[thing];
	size_t fields = registry_fields_to(thing) - registry_fields_from(thing);
	enum result r = name_free(b, at, thing, name, parent);

	if (r == RESULT_OK) {
		r = count_bytes(b, at, name.n);
	}
	if (r == RESULT_OK && list->count == registry_thing_max(thing)) {
		r = wrong(b, at, RESULT_TOO_LARGE, "more than the registry takes",
			  text_of(thing_name(thing)));
	}
	if (r != RESULT_OK) {
		return r;
	}
	list->items = array_room_in(b->arena, list->items, list->count, &list->size, sizeof *list->items);
	*added = &list->items[list->count];
	**added = (struct wanted){ .name = text_copy(b->arena, name),
				   .parent = parent,
				   .values = arena_get_array(b->arena, fields, sizeof(struct text)),
				   .line = at->start_mark.line + 1,
				   .column = at->start_mark.column + 1,
				   .id = REGISTRY_NONE };
	map_put(&list->names, name, list->count++);
	return RESULT_OK;
}

/* ---- values */

static bool
secret_equal(const void *context, uint32_t index, struct text key)
{
	const struct binder *b = context;

	return text_equal(b->secret_of[index], key);
}

/* What identifies a reporter at a door is taken once: two reporters with one token could not be told apart. */
static enum result
claim(struct binder *b, const yaml_node_t *at, enum registry_field field, struct text value)
{
	uint32_t index;

	if (!registry_value_identifies(field, value, &value)) {
		return RESULT_OK;
	}
	if (map_get(&b->secrets, value, secret_equal, b, &index)) {
		return wrong(b, at, RESULT_CONFLICT, "it belongs to another reporter already",
			     field == FIELD_REPORTER_TOKEN ? TEXT("token_sha256") : value);
	}
	b->secret_of =
	    array_room_in(b->arena, b->secret_of, b->secret_count, &b->secret_size, sizeof *b->secret_of);
	b->secret_of[b->secret_count] = (struct text){ text_copy(b->arena, value), value.n };
	map_put(&b->secrets, value, b->secret_count++);
	return RESULT_OK;
}

/* Appends one entry to b->value. */
static enum result
bind_entry(struct binder *b, const yaml_node_t *n, enum registry_field field)
{
	const struct field_info *info = &registry_fields[field];
	struct text in, put;
	const char *wanted;
	size_t from;
	enum result r = scalar(b, n, info->key, &in);

	if (r != RESULT_OK || in.n == 0) {
		return r; /* an empty value is none */
	}
	if (b->value.n > 0) {
		buffer_put(&b->value, " ", 1);
	}
	from = b->value.n;
	wanted = registry_value_put(info->type, in, &b->value);
	if (wanted != NULL) {
		return wrong(b, n, RESULT_BAD_INPUT,
			     arena_format(b->arena, "%s: %s is wanted", info->key, wanted), in);
	}
	if (b->value.full) {
		return wrong(b, n, RESULT_TOO_LARGE,
			     arena_format(b->arena, "more than %d bytes", FIELD_BYTES_MAX),
			     text_of(info->key));
	}
	put = buffer_text(&b->value);
	return claim(b, n, field, (struct text){ put.p + from, put.n - from });
}

static enum result
bind_value(struct binder *b, const yaml_node_t *n, enum registry_field field, struct text *value)
{
	enum result r = RESULT_OK;

	buffer_clear(&b->value);
	if (n->type == YAML_SEQUENCE_NODE && registry_value_is_list(registry_fields[field].type)) {
		for (yaml_node_item_t *i = n->data.sequence.items.start;
		     i < n->data.sequence.items.top && r == RESULT_OK; i++) {
			r = bind_entry(b, node_at(b, *i), field);
		}
	} else {
		r = bind_entry(b, n, field);
	}
	if (r == RESULT_OK) {
		r = count_bytes(b, n, b->value.n);
	}
	*value = (struct text){ text_copy(b->arena, buffer_text(&b->value)), b->value.n };
	return r;
}

/* ---- things */

/* What is known of the mapping of one thing before it is added. */
struct mapping {
	const yaml_node_t *id, *below, *group;
	struct text values[REGISTRY_FIELD_COUNT];
	bool seen[REGISTRY_FIELD_COUNT];
};

static enum result bind_list(struct binder *b, const yaml_node_t *n, enum thing thing, uint32_t parent);

/* Where the node of a key at the top goes that is no field; NULL: it is one, or nothing. */
static const yaml_node_t **
slot_of(struct mapping *m, enum thing thing, struct text key)
{
	const struct shape *shape = &shapes[thing];

	if (text_equal(key, TEXT("id"))) {
		return &m->id;
	}
	if (shape->below != NULL && text_equal(key, text_of(shape->below))) {
		return &m->below;
	}
	return shape->group != NULL && text_equal(key, text_of(shape->group)) ? &m->group : NULL;
}

static enum registry_field
field_of(struct binder *b, enum thing thing, const char *group, struct text key)
{
	if (group != NULL) {
		key = text_of(arena_format(b->arena, "%s.%.*s", group, TEXT_ARG(key)));
	} else if (memchr(key.p, '.', key.n) != NULL) {
		return REGISTRY_FIELD_COUNT;
	}
	return registry_field_find(thing, key);
}

static enum result
bind_pair(struct binder *b, const yaml_node_pair_t *pair, enum thing thing, const char *group,
	  struct mapping *m)
{
	const yaml_node_t *key_node = node_at(b, pair->key), *value = node_at(b, pair->value);
	const yaml_node_t **slot;
	enum registry_field field;
	struct text key;
	enum result r = scalar(b, key_node, thing_name(thing), &key);

	if (r != RESULT_OK) {
		return r;
	}
	slot = group == NULL ? slot_of(m, thing, key) : NULL;
	field = slot == NULL ? field_of(b, thing, group, key) : REGISTRY_FIELD_COUNT;
	if (slot == NULL && field == REGISTRY_FIELD_COUNT) {
		return wrong(b, key_node, RESULT_BAD_INPUT,
			     arena_format(b->arena, "a %s has no such key", thing_name(thing)), key);
	}
	if (slot != NULL ? *slot != NULL : m->seen[field]) {
		return wrong(b, key_node, RESULT_BAD_INPUT, "given twice", key);
	}
	if (slot != NULL) {
		*slot = value;
		return RESULT_OK;
	}
	m->seen[field] = true;
	return bind_value(b, value, field, &m->values[field]);
}

/* The fields of a mapping; `group` is NULL at the top. */
static enum result
bind_fields(struct binder *b, const yaml_node_t *map, enum thing thing, const char *group, struct mapping *m)
{
	enum result r = RESULT_OK;

	if (map->type != YAML_MAPPING_NODE) {
		return wrong(b, map, RESULT_BAD_INPUT, "keys with values are wanted here",
			     text_of(group == NULL ? thing_name(thing) : group));
	}
	for (yaml_node_pair_t *p = map->data.mapping.pairs.start;
	     p < map->data.mapping.pairs.top && r == RESULT_OK; p++) {
		r = bind_pair(b, p, thing, group, m);
	}
	return r;
}

static enum result
bind_thing(struct binder *b, const yaml_node_t *n, enum thing thing, uint32_t parent)
{
	enum registry_field from = registry_fields_from(thing);
	struct fault why = { { 0 } };
	struct mapping m = { .id = NULL };
	struct wanted *w;
	struct text id;
	uint32_t index;
	enum result r = bind_fields(b, n, thing, NULL, &m);

	if (r == RESULT_OK && m.group != NULL) {
		r = bind_fields(b, m.group, thing, shapes[thing].group, &m);
	}
	if (r == RESULT_OK && m.id == NULL) {
		r = wrong(b, n, RESULT_BAD_INPUT, "missing key", TEXT("id"));
	}
	if (r == RESULT_OK) {
		r = scalar(b, m.id, "id", &id);
	}
	if (r == RESULT_OK && !registry_name_fits(thing, id, &why)) {
		r = wrong(b, m.id, RESULT_BAD_INPUT, why.text, id);
	}
	for (enum registry_field f = from; f < registry_fields_to(thing) && r == RESULT_OK; f++) {
		if (m.values[f].n > 0) {
			continue;
		}
		if (registry_fields[f].fallback == NULL) {
			r = wrong(b, n, RESULT_BAD_INPUT, "missing key", text_of(registry_fields[f].key));
		} else {
			m.values[f] = text_of(registry_fields[f].fallback);
		}
	}
	if (r == RESULT_OK) {
		r = add_wanted(b, m.id, thing, id, parent, &w);
	}
	if (r != RESULT_OK) {
		return r;
	}
	for (enum registry_field f = from; f < registry_fields_to(thing); f++) {
		w->values[f - from] = m.values[f];
	}
	index = b->programme->things[thing].count - 1;
	return m.below == NULL ? RESULT_OK : bind_list(b, m.below, shapes[thing].child, index);
}

static enum result
bind_source(struct binder *b, const yaml_node_t *n, uint32_t system)
{
	struct source_key key;
	struct fault why = { { 0 } };
	struct wanted *w;
	struct text text;
	enum result r = scalar(b, n, "source", &text);

	if (r == RESULT_OK && source_key_parse(text, &key, &why) != RESULT_OK) {
		r = wrong(b, n, RESULT_BAD_INPUT, why.text, text);
	}
	if (r == RESULT_OK) {
		r = add_wanted(b, n, THING_SOURCE, source_key_text(&key), system, &w);
	}
	if (r == RESULT_OK) {
		w->prefix = key.prefix;
	}
	return r;
}

static enum result
bind_list(struct binder *b, const yaml_node_t *n, enum thing thing, uint32_t parent)
{
	enum result r = RESULT_OK;

	if (n->type == YAML_SCALAR_NODE && options_scalar(n).n == 0) {
		return RESULT_OK; /* "sources:" with nothing behind it */
	}
	if (n->type != YAML_SEQUENCE_NODE) {
		return wrong(b, n, RESULT_BAD_INPUT, "a list (\"- ...\") is wanted here",
			     text_of(thing_name(thing)));
	}
	for (yaml_node_item_t *i = n->data.sequence.items.start;
	     i < n->data.sequence.items.top && r == RESULT_OK; i++) {
		r = thing == THING_SOURCE ? bind_source(b, node_at(b, *i), parent)
					  : bind_thing(b, node_at(b, *i), thing, parent);
	}
	return r;
}

/* ---- the file */

/* Members bring their systems and sources: all three are complete then. */
static void
mark_given(struct programme *p, enum thing thing)
{
	p->things[thing].given = true;
	if (thing == THING_MEMBER) {
		p->things[THING_SYSTEM].given = true;
		p->things[THING_SOURCE].given = true;
	}
}

static enum result
bind_document(struct binder *b, const yaml_node_t *root)
{
	enum result r = RESULT_OK;

	if (root->type != YAML_MAPPING_NODE) {
		return wrong(b, root, RESULT_BAD_INPUT, "the sections of a programme are wanted",
			     TEXT("members, reporters, receivers"));
	}
	for (yaml_node_pair_t *p = root->data.mapping.pairs.start;
	     p < root->data.mapping.pairs.top && r == RESULT_OK; p++) {
		const yaml_node_t *key_node = node_at(b, p->key);
		struct text key;
		size_t i = 0;

		r = scalar(b, key_node, "section", &key);
		if (r != RESULT_OK) {
			return r;
		}
		while (i < countof(sections) && !text_equal(key, text_of(sections[i].key))) {
			i++;
		}
		if (i == countof(sections)) {
			return wrong(b, key_node, RESULT_BAD_INPUT, "no such section", key);
		}
		if (b->programme->things[sections[i].thing].given) {
			return wrong(b, key_node, RESULT_BAD_INPUT, "given twice", key);
		}
		mark_given(b->programme, sections[i].thing);
		r = bind_list(b, node_at(b, p->value), sections[i].thing, 0);
	}
	return r;
}

enum result
programme_read(struct text yaml, const char *file, struct arena *arena, struct programme *p,
	       struct fault *fault)
{
	struct binder b = { .programme = p, .arena = arena, .fault = fault };
	const yaml_node_t *root;
	enum result r;

	*p = (struct programme){ .file = file, .arena = arena };
	if (yaml.n > PROGRAMME_BYTES_MAX) {
		return fault_set(fault, RESULT_TOO_LARGE, "%s: larger than %d bytes", file,
				 PROGRAMME_BYTES_MAX);
	}
	r = options_document(yaml, file, &b.document, fault);
	if (r != RESULT_OK) {
		return r;
	}
	buffer_init(&b.value, FIELD_BYTES_MAX);
	root = yaml_document_get_root_node(&b.document);
	r = root == NULL ? fault_set(fault, RESULT_BAD_INPUT,
				     "%s: empty; a programme has members, reporters or receivers", file)
			 : bind_document(&b, root);
	buffer_free(&b.value);
	map_free(&b.secrets);
	yaml_document_delete(&b.document);
	return r;
}

void
programme_free(struct programme *p)
{
	for (enum thing thing = 0; thing < THING_COUNT; thing++) {
		map_free(&p->things[thing].names);
	}
}
