/* vouchd/config.c - the tables that bind vouch.yaml to struct config, and what one value alone cannot tell. */
#include "vouchd/config.h"

#include "list/list.h"

#include <string.h>
#include <strings.h>

#define CONFIG_FILE_BYTES_MAX (1U << 20)
#define FIELD(of, field, key, type, fallback, help) \
	{ key, &config_types[CONFIG_##type], offsetof(struct of, field), fallback, help },

static const struct options_field main_fields[] = {
#define OPTION(field, key, type, fallback, help) FIELD(config, field, key, type, fallback, help)
#include "base/options.def"
};
static const struct options_field list_fields[] = {
#define LIST_OPTION(field, key, type, fallback, help) FIELD(config_list, field, key, type, fallback, help)
#include "base/options.def"
};
static const struct options_field operator_fields[] = {
#define OPERATOR_OPTION(field, key, type, fallback, help) \
	FIELD(config_operator, field, key, type, fallback, help)
#include "base/options.def"
};
static const struct options_field receiver_fields[] = {
#define RECEIVER_OPTION(field, key, type, fallback, help) \
	FIELD(config_receiver, field, key, type, fallback, help)
#include "base/options.def"
};
static const struct options_field transfer_fields[] = {
#define TRANSFER_OPTION(field, key, type, fallback, help) \
	FIELD(config_transfer, field, key, type, fallback, help)
#include "base/options.def"
};
static const struct options_field blocklist_fields[] = {
#define BLOCKLIST_OPTION(field, key, type, fallback, help) \
	FIELD(config_blocklist, field, key, type, fallback, help)
#include "base/options.def"
};
static const struct options_field threshold_fields[] = {
#define THRESHOLD_OPTION(field, key, type, fallback, help) \
	FIELD(config_threshold, field, key, type, fallback, help)
#include "base/options.def"
};

#define LEVEL(name, what, line)                                                                          \
	static const struct options_level name##_keys = {                                                \
		what, name##_fields, countof(name##_fields), sizeof(struct config_##name), line, NULL, 0 \
	}
LEVEL(list, "key of a list", offsetof(struct config_list, line));
LEVEL(operator, "key of an operator", 0);
LEVEL(receiver, "key of a receiver", offsetof(struct config_receiver, line));
LEVEL(transfer, "key of a transfer", offsetof(struct config_transfer, line));
LEVEL(blocklist, "key of a blocklist", offsetof(struct config_blocklist, line));
LEVEL(threshold, "key of a threshold", offsetof(struct config_threshold, line));

#define ENTRIES(key, one, many, min, max)                                  \
	{                                                                  \
		key, &one##_keys, min, max, offsetof(struct config, many), \
		    offsetof(struct config, one##_count)                   \
	}
static const struct options_entries entries[] = {
	ENTRIES("lists", list, lists, 1, LISTS_MAX),
	ENTRIES("operators", operator, operators, 0, OPERATORS_MAX),
	ENTRIES("receivers", receiver, receivers, 0, DNS_RECEIVERS_MAX),
	ENTRIES("transfers", transfer, transfers, 0, TRANSFER_PEERS_MAX),
	ENTRIES("blocklists", blocklist, blocklists, 0, BLOCKLISTS_MAX),
	ENTRIES("thresholds", threshold, thresholds, 0, THRESHOLD_COUNT + THRESHOLD_EXCEPTIONS_MAX),
};
static const struct options_level main_keys = {
	"option", main_fields, countof(main_fields), sizeof(struct config), 0, entries, countof(entries)
};

static void
default_list(struct config *config, struct arena *arena)
{
	struct config_list *l = arena_get(arena, sizeof(*l));

	options_default(&list_keys, arena, l);
	l->name = "certified";
	l->zone = "certified.vouch.test";
	l->domain_zone = "domain.certified.vouch.test";
	config->lists = l;
	config->list_count = 1;
}

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

enum result
config_read(struct text yaml, const char *name, struct arena *arena, struct config *config,
	    struct fault *fault)
{
	enum result r;

	*config = (struct config){ .file = text_copy(arena, text_of(name)) };
	r = options_read(&main_keys, yaml, name, arena, config, fault);
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
	struct text yaml = TEXT("");
	enum result r =
	    path == NULL ? RESULT_OK : options_file(path, CONFIG_FILE_BYTES_MAX, arena, &yaml, fault);

	return r == RESULT_OK ? config_read(yaml, path == NULL ? "defaults" : path, arena, config, fault) : r;
}

static bool
is_reloaded(const char *key)
{
	static const char *const reloads[] = {
#define RELOAD(key, how) key,
#include "vouchd/reloads.def"
#undef RELOAD
	};

	for (size_t i = 0; i < countof(reloads); i++) {
		if (strcmp(reloads[i], key) == 0) {
			return true;
		}
	}
	return false;
}

const char *
config_fixed(const struct config *now, const struct config *next)
{
	return options_differ(&main_keys, now, next, is_reloaded);
}

static bool
is_no_notice(const char *key)
{
	return strncmp(key, "notice_", strlen("notice_")) != 0;
}

bool
config_notices_differ(const struct config *a, const struct config *b)
{
	return options_differ(&main_keys, a, b, is_no_notice) != NULL;
}

static bool
is_no_blocklist(const char *key)
{
	return strcmp(key, "blocklists") != 0;
}

bool
config_blocklists_differ(const struct config *a, const struct config *b)
{
	return options_differ(&main_keys, a, b, is_no_blocklist) != NULL;
}

void
config_write_template(struct buffer *b)
{
	buffer_format(
	    b, "# Every option of vouchd with its default; remove the # to change one. See vouch.yaml(5).\n");
	options_write(&main_keys, "#", "#", b);
	for (size_t i = 0; i < countof(entries); i++) {
		if (entries[i].level != &threshold_keys) {
			buffer_format(b, "#%s:\n", entries[i].key);
			options_write(entries[i].level, "#  - ", "#    ", b);
		}
	}
	buffer_format(b,
		      "#thresholds:  # what is named here replaces the row of the same name and receiver\n");
	config_write_thresholds(b, "#  - ");
}
