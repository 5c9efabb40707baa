/* options/options.c - binds the tree of a YAML file to structs, by the tables of their keys. */
#include "options/document.h"
#include "options/options.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#define KEYS_MAX 64U

/* What every step of the binding needs. */
struct binder {
	yaml_document_t document;
	const char *file;
	struct arena *arena;
	struct fault *fault;
};

static enum result
wrong(const struct binder *b, const yaml_node_t *at, const char *what, struct text value)
{
	return fault_set(b->fault, RESULT_BAD_INPUT, "%s:%zu:%zu: %s: \"%.*s\"", b->file,
			 at->start_mark.line + 1, at->start_mark.column + 1, what,
			 (int)(value.n > 80 ? 80 : value.n), value.p);
}

static void *
member(void *of, size_t offset)
{
	return (char *)of + offset;
}

/* ---- values */

_Static_assert(OPTIONS_SEVERAL_MAX == 16, "the words of put say so");
static const char *
put(const struct options_type *type, struct text value, struct arena *arena, void *to)
{
	if (type->several && *(const size_t *)to == OPTIONS_SEVERAL_MAX) {
		return "one of at most 16";
	}
	return type->put(value, arena, to) ? NULL : type->wanted;
}

static bool
is_optional(const struct options_field *f)
{
	return f->fallback != NULL && f->fallback[0] == '\0';
}

static void
set_default(const struct options_field *f, struct arena *arena, void *to)
{
	struct text rest = text_of(f->fallback), one = rest;

	if (is_optional(f) && !f->type->several) {
		*(const char **)to = "";
	}
	while (rest.n > 0) {
		if (f->type->several) {
			(void)text_cut(&rest, ' ', &one);
		} else {
			rest.n = 0;
		}
		check(put(f->type, one, arena, to) == NULL);
	}
}

static enum result
bind_value(struct binder *b, const struct options_field *f, const yaml_node_t *n, void *to)
{
	enum result r = RESULT_OK;
	const char *wanted;

	if (n->type == YAML_SEQUENCE_NODE && f->type->several) {
		for (yaml_node_item_t *i = n->data.sequence.items.start;
		     r == RESULT_OK && i < n->data.sequence.items.top; i++) {
			r = bind_value(b, f, yaml_document_get_node(&b->document, *i), to);
		}
		return r;
	}
	if (n->type != YAML_SCALAR_NODE) {
		return wrong(b, n, "one value is wanted here", text_of(f->key));
	}
	if (n->data.scalar.length == 0 && is_optional(f)) {
		set_default(f, b->arena, to);
		return RESULT_OK;
	}
	wanted = put(f->type, options_scalar(n), b->arena, to);
	return wanted == NULL ? RESULT_OK
			      : wrong(b, n, arena_format(b->arena, "%s: %s is wanted", f->key, wanted),
				      options_scalar(n));
}

/* ---- mappings, and lists of them */

static enum result bind_mapping(struct binder *b, const struct options_level *level, const yaml_node_t *map,
				void *to);

static enum result
bind_entries(struct binder *b, const struct options_entries *e, const yaml_node_t *sequence, void *to)
{
	enum result r = RESULT_OK;
	yaml_node_item_t *items;
	char *structs;
	size_t n;

	if (sequence->type != YAML_SEQUENCE_NODE) {
		return wrong(b, sequence, "a list of entries (\"- name: ...\") is wanted", text_of(e->key));
	}
	items = sequence->data.sequence.items.start;
	n = (size_t)(sequence->data.sequence.items.top - items);
	if (n < e->min || n > e->max) {
		return wrong(b, sequence, n < e->min ? "at least one entry is wanted" : "too many entries",
			     text_of(e->key));
	}
	structs = arena_get_array(b->arena, n + 1, e->level->bytes);
	for (size_t i = 0; i < n && r == RESULT_OK; i++) {
		r = bind_mapping(b, e->level, yaml_document_get_node(&b->document, items[i]),
				 structs + i * e->level->bytes);
	}
	*(void **)member(to, e->items) = structs;
	*(size_t *)member(to, e->count) = n;
	return r;
}

/* The number of a key: the fields come first, the lists of entries behind them. */
static size_t
find(const struct options_level *level, struct text key)
{
	size_t i = 0, k = 0;

	while (i < level->field_count && !text_equal(key, text_of(level->fields[i].key))) {
		i++;
	}
	while (i == level->field_count && k < level->entries_count &&
	       !text_equal(key, text_of(level->entries[k].key))) {
		k++;
	}
	return i + k;
}

static enum result
bind_pair(struct binder *b, const struct options_level *level, const yaml_node_pair_t *pair, bool *seen,
	  void *to)
{
	const yaml_node_t *key = yaml_document_get_node(&b->document, pair->key);
	const yaml_node_t *value = yaml_document_get_node(&b->document, pair->value);
	size_t i;

	if (key->type != YAML_SCALAR_NODE) {
		return wrong(b, key, "a key must be a word", text_of(level->what));
	}
	i = find(level, options_scalar(key));
	if (i == level->field_count + level->entries_count) {
		return wrong(b, key, arena_format(b->arena, "no such %s", level->what), options_scalar(key));
	}
	if (seen[i]) {
		return wrong(b, key, "given twice", options_scalar(key));
	}
	seen[i] = true;
	return i < level->field_count
		   ? bind_value(b, &level->fields[i], value, member(to, level->fields[i].offset))
		   : bind_entries(b, &level->entries[i - level->field_count], value, to);
}

static enum result
bind_mapping(struct binder *b, const struct options_level *level, const yaml_node_t *map, void *to)
{
	bool seen[KEYS_MAX] = { false };
	enum result r = RESULT_OK;

	check(level->field_count + level->entries_count <= KEYS_MAX);
	if (map->type != YAML_MAPPING_NODE) {
		return wrong(b, map, "keys with values are wanted", text_of(level->what));
	}
	if (level->line != 0) {
		*(size_t *)member(to, level->line) = map->start_mark.line + 1;
	}
	for (yaml_node_pair_t *p = map->data.mapping.pairs.start;
	     r == RESULT_OK && p < map->data.mapping.pairs.top; p++) {
		r = bind_pair(b, level, p, seen, to);
	}
	for (size_t i = 0; r == RESULT_OK && i < level->field_count; i++) {
		const struct options_field *f = &level->fields[i];

		if (!seen[i] && f->fallback == NULL) {
			r = wrong(b, map, arena_format(b->arena, "missing %s", level->what), text_of(f->key));
		} else if (!seen[i]) {
			set_default(f, b->arena, member(to, f->offset));
		}
	}
	return r;
}

enum result
options_read(const struct options_level *level, struct text yaml, const char *name, struct arena *arena,
	     void *to, struct fault *fault)
{
	struct binder b = { .file = name, .arena = arena, .fault = fault };
	enum result r = options_document(yaml, name, &b.document, fault);
	const yaml_node_t *root;

	if (r != RESULT_OK) {
		return r;
	}
	root = yaml_document_get_root_node(&b.document);
	if (root == NULL) {
		options_default(level, arena, to);
	} else {
		r = bind_mapping(&b, level, root, to);
	}
	yaml_document_delete(&b.document);
	return r;
}

void
options_default(const struct options_level *level, struct arena *arena, void *to)
{
	for (size_t i = 0; i < level->field_count; i++) {
		if (level->fields[i].fallback != NULL) {
			set_default(&level->fields[i], arena, member(to, level->fields[i].offset));
		}
	}
}

enum result
options_file(const char *path, size_t bytes_max, struct arena *arena, struct text *content,
	     struct fault *fault)
{
	char *bytes = arena_get(arena, bytes_max + 1);
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t step = fd < 0 ? -1 : 1;
	enum result r = RESULT_OK;
	size_t n = 0;

	while (step > 0 && n <= bytes_max) {
		step = read(fd, bytes + n, bytes_max + 1 - n);
		n += step > 0 ? (size_t)step : 0;
	}
	*content = (struct text){ bytes, n };
	if (step < 0) {
		r = fault_set(fault, errno == ENOENT ? RESULT_NOT_FOUND : RESULT_IO, "%s: %s", path,
			      strerror(errno));
	} else if (n > bytes_max) {
		r = fault_set(fault, RESULT_TOO_LARGE, "%s: larger than %zu bytes", path, bytes_max);
	}
	if (fd >= 0) {
		(void)close(fd);
	}
	return r;
}

/* ---- two of them side by side */

static bool
same_value(const struct options_type *type, const void *a, const void *b)
{
	const struct options_texts *x = a, *y = b;

	switch (type->form) {
	case OPTIONS_FORM_TEXT:
		return strcmp(*(const char *const *)a, *(const char *const *)b) == 0;
	case OPTIONS_FORM_TEXTS:
		for (size_t i = 0; i < x->count && x->count == y->count; i++) {
			if (strcmp(x->items[i], y->items[i]) != 0) {
				return false;
			}
		}
		return x->count == y->count;
	default:
		return memcmp(a, b, type->bytes) == 0;
	}
}

static bool
same_entries(const struct options_entries *e, const void *a, const void *b)
{
	const char *x = *(const char *const *)(const void *)((const char *)a + e->items);
	const char *y = *(const char *const *)(const void *)((const char *)b + e->items);
	size_t n = *(const size_t *)(const void *)((const char *)a + e->count);

	if (n != *(const size_t *)(const void *)((const char *)b + e->count)) {
		return false;
	}
	for (size_t at = 0; at < n * e->level->bytes; at += e->level->bytes) {
		if (options_differ(e->level, x + at, y + at, NULL) != NULL) {
			return false;
		}
	}
	return true;
}

const char *
options_differ(const struct options_level *level, const void *a, const void *b, bool (*skip)(const char *key))
{
	for (size_t i = 0; i < level->field_count; i++) {
		const struct options_field *f = &level->fields[i];

		if ((skip == NULL || !skip(f->key)) &&
		    !same_value(f->type, (const char *)a + f->offset, (const char *)b + f->offset)) {
			return f->key;
		}
	}
	for (size_t i = 0; i < level->entries_count; i++) {
		const struct options_entries *e = &level->entries[i];

		if ((skip == NULL || !skip(e->key)) && !same_entries(e, a, b)) {
			return e->key;
		}
	}
	return NULL;
}

void
options_write(const struct options_level *level, const char *first, const char *rest, struct buffer *b)
{
	for (size_t i = 0; i < level->field_count; i++) {
		const struct options_field *f = &level->fields[i];
		const char *value = f->fallback == NULL ? "..." : f->fallback;

		buffer_format(b, "%s%s: %s%s%s  # %s\n", i == 0 ? first : rest, f->key,
			      f->type->several ? "[" : "",
			      value[0] == '\0' && !f->type->several ? "\"\"" : value,
			      f->type->several ? "]" : "", f->help);
	}
}
