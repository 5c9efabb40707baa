/*
 * milter/settings.h - vouch-milter.yaml: one mapping of keys, whose types, defaults and manual text come from options.def.
 *
 * Unknown keys, keys given twice and values out of range are errors that name file, line and column. A milter that does not start
 * stops no mail, one that looks up what nobody meant lets some in: so nothing is guessed.
 */
#ifndef MILTER_SETTINGS_H
#define MILTER_SETTINGS_H

#include "options/options.h"

#define SETTINGS_CODES_MAX 8U

/* A DNS list, and the answers that mean listed. */
struct settings_zone {
	const char *name; /* "certified.example", lower case */
	uint8_t codes[SETTINGS_CODES_MAX][4];
	size_t code_count; /* at least one: without a code any answer would be a listing */
};

struct settings_zones {
	size_t count;
	struct settings_zone items[OPTIONS_SEVERAL_MAX];
};

/* C types of the types in options.def. */
#define OPTIONS_TYPE(id, type, several, wanted) typedef type settings_##id;
#include "options/types.def"
#undef OPTIONS_TYPE
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

/* What DNS lists answer to say "you are refused": 127.0.0.1, 127.0.0.255, 127.255.255.0/24, and all outside of 127.0.0.0/8. */
bool settings_is_refusal(const uint8_t address[4]);

/* ---- between settings.c and settings_value.c */

enum settings_type {
#define OPTIONS_TYPE(id, type, several, wanted) SETTINGS_##id,
#include "options/types.def"
#undef OPTIONS_TYPE
#define MILTER_TYPE(id, type, several, wanted) SETTINGS_##id,
#include "milter/option_types.def"
#undef MILTER_TYPE
	SETTINGS_TYPE_COUNT
};
extern const struct options_type settings_types[SETTINGS_TYPE_COUNT];

#endif
