/*
 * milter/settings.h - vouch-milter.yaml: one mapping of keys, whose types, defaults and manual text come from options.def.
 *
 * Unknown keys, keys given twice and values out of range are errors that name file, line and column. A milter that does not start
 * stops no mail, one that looks up what nobody meant lets some in: so nothing is guessed.
 */
#ifndef MILTER_SETTINGS_H
#define MILTER_SETTINGS_H

#include "base/address.h"
#include "base/instant.h"
#include "base/log.h"

#define SETTINGS_SEVERAL_MAX 16U
#define SETTINGS_CODES_MAX   8U

struct settings_texts {
	const char *items[SETTINGS_SEVERAL_MAX];
	size_t count;
};

struct settings_networks {
	struct prefix items[SETTINGS_SEVERAL_MAX];
	size_t count;
};

/* A DNS list, and the answers that mean listed. */
struct settings_zone {
	const char *name; /* "certified.example", lower case */
	uint8_t codes[SETTINGS_CODES_MAX][4];
	size_t code_count; /* at least one: without a code any answer would be a listing */
};

struct settings_zones {
	struct settings_zone items[SETTINGS_SEVERAL_MAX];
	size_t count;
};

/* C types of the types in options.def. */
#define MILTER_TYPE(id, type, several, wanted) typedef type settings_##id;
#include "milter/option_types.def"
#undef MILTER_TYPE

struct settings {
#define MILTER_OPTION(field, key, type, fallback, help) settings_##type field;
#include "milter/options.def"
#undef MILTER_OPTION
};

/*
 * Reads `yaml`, the content of the file `name`. Texts live in the arena.
 * Errors: RESULT_BAD_INPUT; the fault names file, line and column.
 */
enum result settings_read(struct text yaml, const char *name, struct arena *arena, struct settings *settings,
			  struct fault *fault) MUST_USE;
/* The same from a file. Errors: RESULT_NOT_FOUND, RESULT_IO, RESULT_TOO_LARGE, and those above. */
enum result settings_load(const char *path, struct arena *arena, struct settings *settings,
			  struct fault *fault) MUST_USE;

enum settings_type {
#define MILTER_TYPE(id, type, several, wanted) SETTINGS_##id,
#include "milter/option_types.def"
#undef MILTER_TYPE
	SETTINGS_TYPE_COUNT
};

/* Puts one value, of a type that takes several one more. NULL, or what is wanted instead. */
const char *settings_put(enum settings_type type, struct text value, struct arena *arena, void *to);
bool settings_several(enum settings_type type);

/* What DNS lists answer to say "you are refused": 127.0.0.1, 127.0.0.255, 127.255.255.0/24, and all outside of 127.0.0.0/8. */
bool settings_is_refusal(const uint8_t address[4]);

#endif
