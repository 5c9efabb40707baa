/*
 * vouchd/config.h - vouch.yaml: keys, types, defaults and manual text come from base/options.def.
 *
 * Unknown keys, keys given twice and values out of range are errors that name file, line and column. Relative paths start
 * at the folder of the file.
 */
#ifndef VOUCHD_CONFIG_H
#define VOUCHD_CONFIG_H

#include "base/hash.h"
#include "base/limits.h"
#include "model/threshold.h"
#include "options/options.h"
#include "serve/tsig.h"

/* C types of the types in options.def. */
#define OPTIONS_TYPE(id, type, several, wanted) typedef type config_##id;
#include "options/types.def"
#undef OPTIONS_TYPE
#define CONFIG_TYPE(id, type, several, wanted) typedef type config_##id;
#include "vouchd/config_types.def"
#undef CONFIG_TYPE

struct config_list {
#define LIST_OPTION(field, key, type, fallback, help) config_##type field;
#include "base/options.def"
	size_t line; /* in the file, for errors; 0: the list that there is without a file */
};

struct config_operator {
#define OPERATOR_OPTION(field, key, type, fallback, help) config_##type field;
#include "base/options.def"
};

struct config_threshold {
#define THRESHOLD_OPTION(field, key, type, fallback, help) config_##type field;
#include "base/options.def"
	size_t line;
};

struct config_receiver {
#define RECEIVER_OPTION(field, key, type, fallback, help) config_##type field;
#include "base/options.def"
	size_t line;
	uint32_t number; /* in the gate, for the life of the process: vouchd/receivers.h */
};

struct config_transfer {
#define TRANSFER_OPTION(field, key, type, fallback, help) config_##type field;
#include "base/options.def"
	size_t line;
};

struct config_blocklist {
#define BLOCKLIST_OPTION(field, key, type, fallback, help) config_##type field;
#include "base/options.def"
	size_t line;
};

struct config {
#define OPTION(field, key, type, fallback, help) config_##type field;
#include "base/options.def"
	/* At least one: without `lists` there is `certified` in certified.vouch.test */
	struct config_list *lists;
	size_t list_count; /* 1..LISTS_MAX */
	struct config_operator *operators;
	size_t operator_count; /* 0..OPERATORS_MAX */
	struct config_threshold *thresholds;
	size_t threshold_count;
	struct config_receiver *receivers;
	size_t receiver_count; /* 0..DNS_RECEIVERS_MAX */
	struct config_transfer *transfers;
	size_t transfer_count; /* 0..TRANSFER_PEERS_MAX */
	struct config_blocklist *blocklists;
	size_t blocklist_count;         /* 0..BLOCKLISTS_MAX */
	struct threshold_policy policy; /* the tables, with these thresholds instead, and compliance_wait */
	const char *file;               /* for errors */
	bool clock_manual;
};

/*
 * Reads `yaml`, the content of the file `name`; an empty text gives the defaults. Texts live in the arena.
 * Errors: RESULT_BAD_INPUT; the fault names file, line and column.
 */
enum result config_read(struct text yaml, const char *name, struct arena *arena, struct config *config,
			struct fault *fault) MUST_USE;

/* The same from a file; RESULT_NOT_FOUND or RESULT_IO when it cannot be read. `path` NULL: the defaults. */
enum result config_load(const char *path, struct arena *arena, struct config *config,
			struct fault *fault) MUST_USE;

/*
 * The key whose value differs between two configurations although it is none of vouchd/reloads.def, with which only a new start
 * begins to use it; NULL: there is none.
 */
const char *config_fixed(const struct config *now, const struct config *next);

/* Does a notice_... key differ, or something of `blocklists`? */
bool config_notices_differ(const struct config *a, const struct config *b);
bool config_blocklists_differ(const struct config *a, const struct config *b);

/* vouch.yaml with every option, its help and its default, each commented out: what `vouch init` writes. */
void config_write_template(struct buffer *b);

/* ---- between config.c and config_value.c */

enum config_type {
#define OPTIONS_TYPE(id, type, several, wanted) CONFIG_##id,
#include "options/types.def"
#undef OPTIONS_TYPE
#define CONFIG_TYPE(id, type, several, wanted) CONFIG_##id,
#include "vouchd/config_types.def"
#undef CONFIG_TYPE
	CONFIG_TYPE_COUNT
};
extern const struct options_type config_types[CONFIG_TYPE_COUNT];

/* ---- config_thresholds.c: config->policy from config->thresholds; the entries of the default policy as they may be written */

enum result config_thresholds(struct config *config, struct fault *fault) MUST_USE;
void config_write_thresholds(struct buffer *b, const char *before);

#endif
