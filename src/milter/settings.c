/* milter/settings.c - binds the mapping of vouch-milter.yaml to struct settings through one table of fields. */
#include "milter/settings.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <yaml.h>

#define FILE_BYTES_MAX (1U << 16)

static const struct field {
	const char *key;
	enum settings_type type;
	size_t offset;
	const char *fallback;
} fields[] = {
#define MILTER_OPTION(field, key, type, fallback, help) \
	{ key, SETTINGS_##type, offsetof(struct settings, field), fallback },
#include "milter/options.def"
#undef MILTER_OPTION
};

struct binder {
	yaml_document_t document;
	const char *file;
	struct arena *arena;
	struct fault *fault;
	struct settings *settings;
	bool seen[countof(fields)];
};

static struct text
node_text(const yaml_node_t *n)
{
	return (struct text){ (const char *)n->data.scalar.value, n->data.scalar.length };
}

static enum result
wrong(const struct binder *b, const yaml_node_t *at, const char *what, struct text value)
{
	return fault_set(b->fault, RESULT_BAD_INPUT, "%s:%zu:%zu: %s: \"%.*s\"", b->file,
			 at->start_mark.line + 1, at->start_mark.column + 1, what,
			 (int)(value.n > 80 ? 80 : value.n), value.p);
}

static void *
member(const struct binder *b, const struct field *f)
{
	return (char *)b->settings + f->offset;
}

/* An empty default stands for none: an empty text, or no items. */
static void
set_default(const struct binder *b, const struct field *f)
{
	struct text rest = text_of(f->fallback), one;

	if (rest.n == 0 && !settings_several(f->type)) {
		*(const char **)member(b, f) = "";
	}
	while (rest.n > 0) {
		(void)text_cut(&rest, ' ', &one);
		check(settings_put(f->type, one, b->arena, member(b, f)) == NULL);
	}
}

static enum result
bind_scalar(const struct binder *b, const struct field *f, const yaml_node_t *n)
{
	const char *wanted;

	if (n->type != YAML_SCALAR_NODE) {
		return wrong(b, n, "one value is wanted here", text_of(f->key));
	}
	if (n->data.scalar.length == 0 && f->fallback[0] == '\0') {
		set_default(b, f);
		return RESULT_OK;
	}
	wanted = settings_put(f->type, node_text(n), b->arena, member(b, f));
	return wanted == NULL
		   ? RESULT_OK
		   : wrong(b, n, arena_format(b->arena, "%s: %s is wanted", f->key, wanted), node_text(n));
}

static enum result
bind_value(struct binder *b, const struct field *f, const yaml_node_t *n)
{
	enum result r = RESULT_OK;

	if (n->type != YAML_SEQUENCE_NODE || !settings_several(f->type)) {
		return bind_scalar(b, f, n);
	}
	for (yaml_node_item_t *i = n->data.sequence.items.start;
	     r == RESULT_OK && i < n->data.sequence.items.top; i++) {
		r = bind_scalar(b, f, yaml_document_get_node(&b->document, *i));
	}
	return r;
}

static enum result
bind_pair(struct binder *b, const yaml_node_pair_t *pair)
{
	const yaml_node_t *key = yaml_document_get_node(&b->document, pair->key);
	size_t i = 0;

	if (key->type != YAML_SCALAR_NODE) {
		return wrong(b, key, "a key must be a word", TEXT("option"));
	}
	while (i < countof(fields) && !text_equal(node_text(key), text_of(fields[i].key))) {
		i++;
	}
	if (i == countof(fields)) {
		return wrong(b, key, "no such option", node_text(key));
	}
	if (b->seen[i]) {
		return wrong(b, key, "given twice", node_text(key));
	}
	b->seen[i] = true;
	return bind_value(b, &fields[i], yaml_document_get_node(&b->document, pair->value));
}

static enum result
bind_document(struct binder *b)
{
	const yaml_node_t *root = yaml_document_get_root_node(&b->document);
	enum result r = RESULT_OK;

	if (root != NULL && root->type != YAML_MAPPING_NODE) {
		return wrong(b, root, "keys with values are wanted", TEXT("option"));
	}
	for (yaml_node_pair_t *p = root == NULL ? NULL : root->data.mapping.pairs.start;
	     r == RESULT_OK && root != NULL && p < root->data.mapping.pairs.top; p++) {
		r = bind_pair(b, p);
	}
	for (size_t i = 0; r == RESULT_OK && i < countof(fields); i++) {
		if (!b->seen[i]) {
			set_default(b, &fields[i]);
		}
	}
	return r;
}

static enum result
yaml_wrong(const yaml_parser_t *parser, const struct binder *b)
{
	return fault_set(b->fault, RESULT_BAD_INPUT, "%s:%zu:%zu: %s", b->file, parser->problem_mark.line + 1,
			 parser->problem_mark.column + 1,
			 parser->problem == NULL ? "not YAML" : parser->problem);
}

/* What one value alone cannot tell. */
static enum result
check_together(const struct binder *b)
{
	const struct settings *s = b->settings;
	const char *what = NULL;

	if (s->report_url[0] != '\0' && (!text_is_name(text_of(s->reporter)) || s->token_file[0] == '\0')) {
		what = "report_url: a reporter and a token_file are wanted too";
	} else if (s->report_url[0] == '\0' && (s->votes[0] != '\0' || s->verdict_socket[0] != '\0')) {
		what = "votes, verdict_socket: nobody is told without a report_url";
	} else if (s->verdict_socket[0] != '\0' && s->verdict_field[0] == '\0') {
		what = "verdict_socket: a verdict_field is wanted too";
	}
	return what == NULL ? RESULT_OK : fault_set(b->fault, RESULT_BAD_INPUT, "%s: %s", b->file, what);
}

enum result
settings_read(struct text yaml, const char *name, struct arena *arena, struct settings *settings,
	      struct fault *fault)
{
	struct binder b = { .file = name, .arena = arena, .fault = fault, .settings = settings };
	yaml_parser_t parser;
	enum result r;

	*settings = (struct settings){ 0 };
	check(yaml_parser_initialize(&parser));
	yaml_parser_set_input_string(&parser, (const unsigned char *)(yaml.p == NULL ? "" : yaml.p), yaml.n);
	if (yaml_parser_load(&parser, &b.document)) {
		r = bind_document(&b);
		yaml_document_delete(&b.document);
	} else {
		r = yaml_wrong(&parser, &b);
	}
	yaml_parser_delete(&parser);
	return r == RESULT_OK ? check_together(&b) : r;
}

enum result
settings_load(const char *path, struct arena *arena, struct settings *settings, struct fault *fault)
{
	char *bytes = arena_get(arena, FILE_BYTES_MAX + 1);
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : read(fd, bytes, FILE_BYTES_MAX + 1);
	enum result r;

	if (n < 0) {
		r = fault_set(fault, errno == ENOENT ? RESULT_NOT_FOUND : RESULT_IO, "%s: %s", path,
			      strerror(errno));
	} else if (n > (ssize_t)FILE_BYTES_MAX) {
		r = fault_set(fault, RESULT_TOO_LARGE, "%s: larger than %u bytes", path, FILE_BYTES_MAX);
	} else {
		r = settings_read((struct text){ bytes, (size_t)n }, path, arena, settings, fault);
	}
	if (fd >= 0) {
		(void)close(fd);
	}
	return r;
}
