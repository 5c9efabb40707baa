/* vouchd/config.c - binds the YAML tree to struct config through one table of fields per level. */
#include "vouchd/config.h"

#include "list/list.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>
#include <yaml.h>

#define CONFIG_FILE_BYTES_MAX (1U << 20)
#define CONFIG_FIELDS_MAX     64U

struct config_field {
	const char *key;
	enum config_type type;
	size_t offset;        /* of the member in its struct */
	const char *fallback; /* NULL: the key must be given */
	const char *help;
};
struct config_level {
	const char *what; /* for errors: "option" */
	const struct config_field *fields;
	size_t count;
	size_t line; /* offset of the member that gets the number of the line; 0: there is none */
};

#define OPTION(field, key, type, fallback, help)
#define LIST_OPTION(field, key, type, fallback, help)
#define OPERATOR_OPTION(field, key, type, fallback, help)
#define THRESHOLD_OPTION(field, key, type, fallback, help)
#define RECEIVER_OPTION(field, key, type, fallback, help)
#define TRANSFER_OPTION(field, key, type, fallback, help)
#define BLOCKLIST_OPTION(field, key, type, fallback, help)

static const struct config_field main_fields[] = {
#undef OPTION
#define OPTION(field, key, type, fallback, help) \
	{ key, CONFIG_##type, offsetof(struct config, field), fallback, help },
#include "base/options.def"
#undef OPTION
#define OPTION(field, key, type, fallback, help)
};
static const struct config_field list_fields[] = {
#undef LIST_OPTION
#define LIST_OPTION(field, key, type, fallback, help) \
	{ key, CONFIG_##type, offsetof(struct config_list, field), fallback, help },
#include "base/options.def"
#undef LIST_OPTION
#define LIST_OPTION(field, key, type, fallback, help)
};
static const struct config_field operator_fields[] = {
#undef OPERATOR_OPTION
#define OPERATOR_OPTION(field, key, type, fallback, help) \
	{ key, CONFIG_##type, offsetof(struct config_operator, field), fallback, help },
#include "base/options.def"
#undef OPERATOR_OPTION
#define OPERATOR_OPTION(field, key, type, fallback, help)
};
static const struct config_field threshold_fields[] = {
#undef THRESHOLD_OPTION
#define THRESHOLD_OPTION(field, key, type, fallback, help) \
	{ key, CONFIG_##type, offsetof(struct config_threshold, field), fallback, help },
#include "base/options.def"
#undef THRESHOLD_OPTION
#define THRESHOLD_OPTION(field, key, type, fallback, help)
};
static const struct config_field receiver_fields[] = {
#undef RECEIVER_OPTION
#define RECEIVER_OPTION(field, key, type, fallback, help) \
	{ key, CONFIG_##type, offsetof(struct config_receiver, field), fallback, help },
#include "base/options.def"
#undef RECEIVER_OPTION
#define RECEIVER_OPTION(field, key, type, fallback, help)
};
static const struct config_field transfer_fields[] = {
#undef TRANSFER_OPTION
#define TRANSFER_OPTION(field, key, type, fallback, help) \
	{ key, CONFIG_##type, offsetof(struct config_transfer, field), fallback, help },
#include "base/options.def"
#undef TRANSFER_OPTION
#define TRANSFER_OPTION(field, key, type, fallback, help)
};
static const struct config_field blocklist_fields[] = {
#undef BLOCKLIST_OPTION
#define BLOCKLIST_OPTION(field, key, type, fallback, help) \
	{ key, CONFIG_##type, offsetof(struct config_blocklist, field), fallback, help },
#include "base/options.def"
};

static const struct config_level config_main = { "option", main_fields, countof(main_fields), 0 };
static const struct config_level config_list_entry = { "key of a list", list_fields, countof(list_fields),
						       offsetof(struct config_list, line) };
static const struct config_level config_operator_entry = { "key of an operator", operator_fields,
							   countof(operator_fields), 0 };
static const struct config_level config_threshold_entry = { "key of a threshold", threshold_fields,
							    countof(threshold_fields),
							    offsetof(struct config_threshold, line) };
static const struct config_level config_receiver_entry = { "key of a receiver", receiver_fields,
							   countof(receiver_fields),
							   offsetof(struct config_receiver, line) };
static const struct config_level config_transfer_entry = { "key of a transfer", transfer_fields,
							   countof(transfer_fields),
							   offsetof(struct config_transfer, line) };
static const struct config_level config_blocklist_entry = { "key of a blocklist", blocklist_fields,
							    countof(blocklist_fields),
							    offsetof(struct config_blocklist, line) };

/* What every step of the binding needs. */
struct binder {
	yaml_document_t document;
	const char *file;
	struct arena *arena;
	struct fault *fault;
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

/* An empty default stands for none, and so does an empty value. */
static bool
is_optional(const struct config_field *f)
{
	return f->fallback != NULL && f->fallback[0] == '\0';
}

static void
set_default(void *base, const struct config_field *f, struct arena *arena)
{
	void *to = (char *)base + f->offset;

	if (!is_optional(f)) {
		check(config_value_put(f->type, text_of(f->fallback), arena, to) == NULL);
	} else if (!config_value_several(f->type)) {
		*(const char **)to = "";
	}
}

static enum result
bind_value(struct binder *b, void *base, const struct config_field *f, const yaml_node_t *n)
{
	const char *wanted;

	if (n->type == YAML_SEQUENCE_NODE && config_value_several(f->type)) {
		for (yaml_node_item_t *i = n->data.sequence.items.start; i < n->data.sequence.items.top;
		     i++) {
			enum result r = bind_value(b, base, f, yaml_document_get_node(&b->document, *i));

			if (r != RESULT_OK) {
				return r;
			}
		}
		return RESULT_OK;
	}
	if (n->type != YAML_SCALAR_NODE) {
		return wrong(b, n, "one value is wanted here", text_of(f->key));
	}
	if (n->data.scalar.length == 0 && is_optional(f)) {
		set_default(base, f, b->arena);
		return RESULT_OK;
	}
	wanted = config_value_put(f->type, node_text(n), b->arena, (char *)base + f->offset);
	return wanted == NULL
		   ? RESULT_OK
		   : wrong(b, n, arena_format(b->arena, "%s: %s is wanted", f->key, wanted), node_text(n));
}

/* The entries of these are mappings of their own; the caller binds them. */
static bool
is_nested(const struct config_level *level, struct text key)
{
	return level == &config_main &&
	       (text_equal(key, TEXT("lists")) || text_equal(key, TEXT("operators")) ||
		text_equal(key, TEXT("thresholds")) || text_equal(key, TEXT("receivers")) ||
		text_equal(key, TEXT("transfers")) || text_equal(key, TEXT("blocklists")));
}

static enum result
bind_mapping(struct binder *b, void *base, const struct config_level *level, const yaml_node_t *map)
{
	bool seen[CONFIG_FIELDS_MAX] = { false };

	if (map->type != YAML_MAPPING_NODE) {
		return wrong(b, map, "keys with values are wanted", text_of(level->what));
	}
	if (level->line != 0) {
		*(size_t *)(void *)((char *)base + level->line) = map->start_mark.line + 1;
	}
	for (yaml_node_pair_t *p = map->data.mapping.pairs.start; p < map->data.mapping.pairs.top; p++) {
		const yaml_node_t *key = yaml_document_get_node(&b->document, p->key);
		size_t i = 0;

		if (key->type != YAML_SCALAR_NODE) {
			return wrong(b, key, "a key must be a word", text_of(level->what));
		}
		if (is_nested(level, node_text(key))) {
			continue;
		}
		while (i < level->count && !text_equal(node_text(key), text_of(level->fields[i].key))) {
			i++;
		}
		if (i == level->count) {
			return wrong(b, key, arena_format(b->arena, "no such %s", level->what),
				     node_text(key));
		}
		if (seen[i]) {
			return wrong(b, key, "given twice", node_text(key));
		}
		seen[i] = true;
		enum result r =
		    bind_value(b, base, &level->fields[i], yaml_document_get_node(&b->document, p->value));
		if (r != RESULT_OK) {
			return r;
		}
	}
	for (size_t i = 0; i < level->count; i++) {
		if (!seen[i] && level->fields[i].fallback == NULL) {
			return wrong(b, map, arena_format(b->arena, "missing %s", level->what),
				     text_of(level->fields[i].key));
		}
		if (!seen[i]) {
			set_default(base, &level->fields[i], b->arena);
		}
	}
	return RESULT_OK;
}

/* Binds the sequence called `name` into an array of entries of `size` bytes. Absent: no entries. */
static enum result
bind_entries(struct binder *b, const yaml_node_t *root, const char *name, const struct config_level *level,
	     size_t size, size_t max, void **entries, size_t *count)
{
	const yaml_node_t *sequence = NULL;

	for (yaml_node_pair_t *p = root->data.mapping.pairs.start; p < root->data.mapping.pairs.top; p++) {
		const yaml_node_t *key = yaml_document_get_node(&b->document, p->key);

		if (text_equal(node_text(key), text_of(name))) {
			if (sequence != NULL) {
				return wrong(b, key, "given twice", node_text(key));
			}
			sequence = yaml_document_get_node(&b->document, p->value);
			if (sequence->type != YAML_SEQUENCE_NODE) {
				return wrong(b, sequence, "a list of entries (\"- name: ...\") is wanted",
					     text_of(name));
			}
		}
	}
	*count = 0;
	if (sequence == NULL) {
		return RESULT_OK;
	}
	yaml_node_item_t *items = sequence->data.sequence.items.start;
	size_t n = (size_t)(sequence->data.sequence.items.top - items);

	if (n > max || (n == 0 && level == &config_list_entry)) {
		return wrong(b, sequence, n == 0 ? "at least one entry is wanted" : "too many entries",
			     text_of(name));
	}
	*entries = arena_get_array(b->arena, n + 1, size);
	for (size_t i = 0; i < n; i++) {
		enum result r = bind_mapping(b, (char *)*entries + i * size, level,
					     yaml_document_get_node(&b->document, items[i]));

		if (r != RESULT_OK) {
			return r;
		}
	}
	*count = n;
	return RESULT_OK;
}

static void
default_list(struct config *config, struct arena *arena)
{
	struct config_list *l = arena_get(arena, sizeof(*l));

	for (size_t i = 0; i < countof(list_fields); i++) {
		if (list_fields[i].fallback != NULL) {
			set_default(l, &list_fields[i], arena);
		}
	}
	l->name = "certified";
	l->zone = "certified.vouch.test";
	l->domain_zone = "domain.certified.vouch.test";
	config->lists = l;
	config->list_count = 1;
}

static enum result
bind_document(struct binder *b, const yaml_node_t *root, struct config *config)
{
	void *entries = NULL;
	enum result r = bind_mapping(b, config, &config_main, root);

	if (r == RESULT_OK) {
		r = bind_entries(b, root, "lists", &config_list_entry, sizeof(struct config_list), LISTS_MAX,
				 &entries, &config->list_count);
		config->lists = entries;
	}
	if (r == RESULT_OK) {
		r = bind_entries(b, root, "operators", &config_operator_entry, sizeof(struct config_operator),
				 OPERATORS_MAX, &entries, &config->operator_count);
		config->operators = entries;
	}
	if (r == RESULT_OK) {
		r = bind_entries(b, root, "thresholds", &config_threshold_entry,
				 sizeof(struct config_threshold), THRESHOLD_COUNT + THRESHOLD_EXCEPTIONS_MAX,
				 &entries, &config->threshold_count);
		config->thresholds = entries;
	}
	if (r == RESULT_OK) {
		r = bind_entries(b, root, "receivers", &config_receiver_entry, sizeof(struct config_receiver),
				 DNS_RECEIVERS_MAX, &entries, &config->receiver_count);
		config->receivers = entries;
	}
	if (r == RESULT_OK) {
		r = bind_entries(b, root, "transfers", &config_transfer_entry, sizeof(struct config_transfer),
				 TRANSFER_PEERS_MAX, &entries, &config->transfer_count);
		config->transfers = entries;
	}
	if (r == RESULT_OK) {
		r = bind_entries(b, root, "blocklists", &config_blocklist_entry,
				 sizeof(struct config_blocklist), BLOCKLISTS_MAX, &entries,
				 &config->blocklist_count);
		config->blocklists = entries;
	}
	return r;
}

/* What one value alone cannot tell. */
static enum result
check_lists(const struct config *c, struct fault *fault)
{
	for (size_t i = 0; i < c->list_count; i++) {
		const struct config_list *l = &c->lists[i];

		if (strlen(l->txt) > LIST_TXT_BYTES_MAX) {
			return fault_set(fault, RESULT_BAD_INPUT, "%s:%zu: list %s: txt: at most %u bytes",
					 c->file, l->line, l->name, LIST_TXT_BYTES_MAX);
		}
		for (size_t k = 0; k < i; k++) {
			if (strcasecmp(l->zone, c->lists[k].zone) == 0 ||
			    strcmp(l->name, c->lists[k].name) == 0) {
				return fault_set(fault, RESULT_BAD_INPUT,
						 "%s:%zu: list %s shares its name or its zone with the one "
						 "at line %zu",
						 c->file, l->line, l->name, c->lists[k].line);
			}
		}
	}
	return RESULT_OK;
}

/* The public is counted under this name; a daemon that waits for its own tick is not a list without news. */
static enum result
check_receivers(const struct config *c, struct fault *fault)
{
	for (size_t i = 0; i < c->receiver_count; i++) {
		const struct config_receiver *r = &c->receivers[i];
		bool named_public = strcmp(r->id, "public") == 0, twice = false;

		for (size_t k = 0; k < i; k++) {
			twice = twice || strcmp(r->id, c->receivers[k].id) == 0;
		}
		if (named_public || twice || (r->networks.count == 0 && r->key[0] == '\0')) {
			return fault_set(fault, RESULT_BAD_INPUT, "%s:%zu: receiver %s: %s", c->file, r->line,
					 r->id,
					 named_public ? "the name of all others"
					 : twice      ? "given twice"
						      : "networks or a key are wanted");
		}
	}
	if (c->stale_after.ms > 0 && c->stale_after.ms / 2 < c->tick.ms) {
		return fault_set(fault, RESULT_BAD_INPUT, "%s: stale_after: at least twice the tick",
				 c->file);
	}
	return RESULT_OK;
}

/* Two entries of one list are for two kinds of codes: they belong to two reporters. */
static enum result
check_blocklists(const struct config *c, struct fault *fault)
{
	for (size_t i = 0; i < c->blocklist_count; i++) {
		const struct config_blocklist *b = &c->blocklists[i];
		bool twice = false;

		for (size_t k = 0; k < i; k++) {
			twice = twice || strcmp(b->reporter, c->blocklists[k].reporter) == 0;
		}
		if (twice || (b->zone[0] == '\0') == (b->domain_zone[0] == '\0')) {
			return fault_set(fault, RESULT_BAD_INPUT, "%s:%zu: blocklist %s: %s", c->file,
					 b->line, b->reporter,
					 twice ? "given twice" : "either zone or domain_zone is wanted");
		}
	}
	return RESULT_OK;
}

/* A relative path starts at the folder of the file, so that it does not matter where the daemon or the command starts. */
static const char *
path_from(const char *file, const char *path, struct arena *arena)
{
	const char *slash = strrchr(file, '/');

	if (slash == NULL || path[0] == '/' || path[0] == '\0') {
		return path;
	}
	return arena_format(arena, "%.*s/%s", (int)(slash - file), file, path);
}

static void
resolve_paths(struct config *c, struct arena *arena)
{
	if (c->control[0] == '\0') {
		c->control = arena_format(arena, "%s/control.sock", c->data);
	}
	c->control = path_from(c->file, c->control, arena);
	c->data = path_from(c->file, c->data, arena);
	c->maildir = path_from(c->file, c->maildir, arena);
	for (size_t i = 0; i < c->transfer_count; i++) {
		c->transfers[i].secret_file = path_from(c->file, c->transfers[i].secret_file, arena);
	}
	c->mail_log = path_from(c->file, c->mail_log, arena);
	c->query_log = path_from(c->file, c->query_log, arena);
	for (size_t i = 0; i < c->lmtp.count; i++) {
		if (strchr(c->lmtp.items[i], '/') != NULL) {
			c->lmtp.items[i] = path_from(c->file, c->lmtp.items[i], arena);
		}
	}
}

static enum result
yaml_wrong(const yaml_parser_t *parser, const struct binder *b)
{
	return fault_set(b->fault, RESULT_BAD_INPUT, "%s:%zu:%zu: %s", b->file, parser->problem_mark.line + 1,
			 parser->problem_mark.column + 1,
			 parser->problem == NULL ? "not YAML" : parser->problem);
}

/* A second document would be passed over in silence. */
static enum result
nothing_follows(yaml_parser_t *parser, const struct binder *b)
{
	yaml_document_t document;
	const yaml_node_t *root;
	size_t line;

	if (!yaml_parser_load(parser, &document)) {
		return yaml_wrong(parser, b);
	}
	root = yaml_document_get_root_node(&document);
	line = root == NULL ? 0 : root->start_mark.line + 1;
	yaml_document_delete(&document);
	return line == 0 ? RESULT_OK
			 : fault_set(b->fault, RESULT_BAD_INPUT, "%s:%zu: a second document; one is wanted",
				     b->file, line);
}

/* Binds the only document of the file; an empty one gives the defaults. */
static enum result
bind_file(struct binder *b, struct text yaml, struct config *config)
{
	yaml_parser_t parser;
	yaml_node_t *root;
	enum result r = RESULT_OK;

	check(yaml_parser_initialize(&parser));
	yaml_parser_set_input_string(&parser, (const unsigned char *)(yaml.p == NULL ? "" : yaml.p), yaml.n);
	if (!yaml_parser_load(&parser, &b->document)) {
		r = yaml_wrong(&parser, b);
		yaml_parser_delete(&parser);
		return r;
	}
	root = yaml_document_get_root_node(&b->document);
	for (size_t i = 0; root == NULL && i < countof(main_fields); i++) {
		set_default(config, &main_fields[i], b->arena);
	}
	if (root != NULL) {
		r = bind_document(b, root, config);
	}
	yaml_document_delete(&b->document);
	if (r == RESULT_OK && root != NULL) {
		r = nothing_follows(&parser, b);
	}
	yaml_parser_delete(&parser);
	return r;
}

enum result
config_read(struct text yaml, const char *name, struct arena *arena, struct config *config,
	    struct fault *fault)
{
	struct binder b = { .file = name, .arena = arena, .fault = fault };
	enum result r;

	*config = (struct config){ .file = text_copy(arena, text_of(name)) };
	r = bind_file(&b, yaml, config);
	if (r != RESULT_OK) {
		return r;
	}
	if (config->list_count == 0) {
		default_list(config, arena);
	}
	resolve_paths(config, arena);
	config->clock_manual = strcmp(config->clock, "manual") == 0;
	r = check_lists(config, fault);
	if (r == RESULT_OK) {
		r = check_receivers(config, fault);
	}
	if (r == RESULT_OK) {
		r = check_blocklists(config, fault);
	}
	return r == RESULT_OK ? config_thresholds(config, fault) : r;
}

enum result
config_load(const char *path, struct arena *arena, struct config *config, struct fault *fault)
{
	struct stat st;
	enum result r = RESULT_OK;

	if (path == NULL) {
		return config_read((struct text){ "", 0 }, "defaults", arena, config, fault);
	}
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0 || fstat(fd, &st) != 0) {
		r = fault_set(fault, errno == ENOENT ? RESULT_NOT_FOUND : RESULT_IO, "%s: %s", path,
			      strerror(errno));
	} else if (st.st_size > CONFIG_FILE_BYTES_MAX) {
		r = fault_set(fault, RESULT_TOO_LARGE, "%s: larger than %u bytes", path,
			      CONFIG_FILE_BYTES_MAX);
	} else {
		char *p = arena_get(arena, (size_t)st.st_size + 1);
		ssize_t n = read(fd, p, (size_t)st.st_size);

		r = n < 0 ? fault_set(fault, RESULT_IO, "%s: %s", path, strerror(errno))
			  : config_read((struct text){ p, (size_t)n }, path, arena, config, fault);
	}
	if (fd >= 0) {
		close(fd);
	}
	return r;
}

static void
write_fields(struct buffer *b, const struct config_level *level, const char *first, const char *rest)
{
	for (size_t i = 0; i < level->count; i++) {
		const struct config_field *f = &level->fields[i];
		const char *value = f->fallback == NULL ? "..." : f->fallback;

		buffer_format(b, "%s%s: %s%s%s  # %s\n", i == 0 ? first : rest, f->key,
			      config_value_several(f->type) ? "[" : "",
			      value[0] == '\0' && !config_value_several(f->type) ? "\"\"" : value,
			      config_value_several(f->type) ? "]" : "", f->help);
	}
}

void
config_write_template(struct buffer *b)
{
	buffer_format(
	    b, "# Every option of vouchd with its default; remove the # to change one. See vouch.yaml(5).\n");
	write_fields(b, &config_main, "#", "#");
	buffer_format(b, "#lists:\n");
	write_fields(b, &config_list_entry, "#  - ", "#    ");
	buffer_format(b, "#operators:\n");
	write_fields(b, &config_operator_entry, "#  - ", "#    ");
	buffer_format(b, "#receivers:\n");
	write_fields(b, &config_receiver_entry, "#  - ", "#    ");
	buffer_format(b, "#transfers:\n");
	write_fields(b, &config_transfer_entry, "#  - ", "#    ");
	buffer_format(b, "#blocklists:\n");
	write_fields(b, &config_blocklist_entry, "#  - ", "#    ");
	buffer_format(b,
		      "#thresholds:  # what is named here replaces the row of the same name and receiver\n");
	config_write_thresholds(b, "#  - ");
}
