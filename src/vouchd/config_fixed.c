/* vouchd/config_fixed.c - two configurations side by side, by the tables of their keys. */
#include "vouchd/config.h"

#include <stddef.h>
#include <string.h>

enum form { FORM_TEXT, FORM_TEXTS, FORM_BYTES };
#define FORM(type) \
	_Generic((config_##type *)NULL, const char **: FORM_TEXT, struct config_texts *: FORM_TEXTS, default: FORM_BYTES)

struct value {
	const char *key;
	enum form form;
	size_t offset, bytes;
};

#define VALUE(of, field, key, type) { key, FORM(type), offsetof(struct of, field), sizeof(config_##type) },
#define OPTION(field, key, type, fallback, help)
#define LIST_OPTION(field, key, type, fallback, help)
#define OPERATOR_OPTION(field, key, type, fallback, help)
#define THRESHOLD_OPTION(field, key, type, fallback, help)
#define RECEIVER_OPTION(field, key, type, fallback, help)
#define TRANSFER_OPTION(field, key, type, fallback, help)
#define BLOCKLIST_OPTION(field, key, type, fallback, help)

static const struct value main_values[] = {
#undef OPTION
#define OPTION(field, key, type, fallback, help) VALUE(config, field, key, type)
#include "base/options.def"
#undef OPTION
#define OPTION(field, key, type, fallback, help)
};
static const struct value list_values[] = {
#undef LIST_OPTION
#define LIST_OPTION(field, key, type, fallback, help) VALUE(config_list, field, key, type)
#include "base/options.def"
#undef LIST_OPTION
#define LIST_OPTION(field, key, type, fallback, help)
};
static const struct value operator_values[] = {
#undef OPERATOR_OPTION
#define OPERATOR_OPTION(field, key, type, fallback, help) VALUE(config_operator, field, key, type)
#include "base/options.def"
#undef OPERATOR_OPTION
#define OPERATOR_OPTION(field, key, type, fallback, help)
};
static const struct value threshold_values[] = {
#undef THRESHOLD_OPTION
#define THRESHOLD_OPTION(field, key, type, fallback, help) VALUE(config_threshold, field, key, type)
#include "base/options.def"
#undef THRESHOLD_OPTION
#define THRESHOLD_OPTION(field, key, type, fallback, help)
};
static const struct value transfer_values[] = {
#undef TRANSFER_OPTION
#define TRANSFER_OPTION(field, key, type, fallback, help) VALUE(config_transfer, field, key, type)
#include "base/options.def"
#undef TRANSFER_OPTION
#define TRANSFER_OPTION(field, key, type, fallback, help)
};
static const struct value blocklist_values[] = {
#undef BLOCKLIST_OPTION
#define BLOCKLIST_OPTION(field, key, type, fallback, help) VALUE(config_blocklist, field, key, type)
#include "base/options.def"
};
#undef OPTION
#undef LIST_OPTION
#undef OPERATOR_OPTION
#undef THRESHOLD_OPTION
#undef RECEIVER_OPTION
#undef TRANSFER_OPTION
#undef BLOCKLIST_OPTION

static const char *const reloads[] = {
#define RELOAD(key, how) key,
#include "vouchd/reloads.def"
#undef RELOAD
};

static bool
is_reloaded(const char *key)
{
	for (size_t i = 0; i < countof(reloads); i++) {
		if (strcmp(reloads[i], key) == 0) {
			return true;
		}
	}
	return false;
}

static bool
same_texts(const struct config_texts *a, const struct config_texts *b)
{
	for (size_t i = 0; i < a->count && a->count == b->count; i++) {
		if (strcmp(a->items[i], b->items[i]) != 0) {
			return false;
		}
	}
	return a->count == b->count;
}

static bool
same_value(const struct value *v, const void *a, const void *b)
{
	const char *x = (const char *)a + v->offset, *y = (const char *)b + v->offset;

	switch (v->form) {
	case FORM_TEXT:
		return strcmp(*(const char *const *)(const void *)x, *(const char *const *)(const void *)y) ==
		       0;
	case FORM_TEXTS:
		return same_texts((const void *)x, (const void *)y);
	default:
		return memcmp(x, y, v->bytes) == 0;
	}
}

struct entries {
	const char *key;
	const struct value *values;
	size_t value_count, bytes;
	const void *now, *next;
	size_t now_count, next_count;
};

static bool
same_entries(const struct entries *e)
{
	for (size_t i = 0; i < e->now_count && e->now_count == e->next_count; i++) {
		for (size_t k = 0; k < e->value_count; k++) {
			if (!same_value(&e->values[k], (const char *)e->now + i * e->bytes,
					(const char *)e->next + i * e->bytes)) {
				return false;
			}
		}
	}
	return e->now_count == e->next_count;
}

const char *
config_fixed(const struct config *now, const struct config *next)
{
#define ENTRIES(key, one, many)                                                                   \
	{                                                                                         \
		key, one##_values, countof(one##_values), sizeof(struct config_##one), now->many, \
		    next->many, now->one##_count, next->one##_count                               \
	}
	const struct entries entries[] = {
		ENTRIES("lists", list, lists),
		ENTRIES("operators", operator, operators),
		ENTRIES("thresholds", threshold, thresholds),
		ENTRIES("transfers", transfer, transfers),
		ENTRIES("blocklists", blocklist, blocklists),
	};
#undef ENTRIES

	for (size_t i = 0; i < countof(main_values); i++) {
		if (!is_reloaded(main_values[i].key) && !same_value(&main_values[i], now, next)) {
			return main_values[i].key;
		}
	}
	for (size_t i = 0; i < countof(entries); i++) {
		if (!same_entries(&entries[i])) {
			return entries[i].key;
		}
	}
	return NULL;
}
