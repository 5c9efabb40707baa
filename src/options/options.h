/*
 * options/options.h - a YAML file of options, bound to a struct through tables: what vouch.yaml and vouch-milter.yaml have in common.
 *
 * A program has its keys in a .def table, and its types of values in another beside the shared ones of options/types.def. Unknown
 * keys, keys given twice and values out of range are errors that name file, line and column: nothing is guessed.
 */
#ifndef OPTIONS_OPTIONS_H
#define OPTIONS_OPTIONS_H

#include "base/address.h"
#include "base/instant.h"
#include "base/log.h"

#define OPTIONS_SEVERAL_MAX 16U

/* A type that takes several begins with their count. */
struct options_texts {
	size_t count;
	const char *items[OPTIONS_SEVERAL_MAX];
};

struct options_networks {
	size_t count;
	struct prefix items[OPTIONS_SEVERAL_MAX];
};

/* Puts one value, of a type that takes several one more. False: it is none. Texts live in the arena. */
typedef bool options_put(struct text value, struct arena *arena, void *to);

struct options_type {
	options_put *put;
	enum options_form {
		OPTIONS_FORM_TEXT,
		OPTIONS_FORM_TEXTS,
		OPTIONS_FORM_BYTES
	} form; /* to compare by */
	size_t bytes;
	bool several;
	const char *wanted; /* in an error: "..., a path is wanted" */
};

/* A row of a program's table of types, from a row of its .def table. */
#define OPTIONS_TYPE_ROW(put, type, several, wanted)                    \
	{                                                               \
		put,                                                  \
		    _Generic((type *)NULL, const char **              \
			     : OPTIONS_FORM_TEXT, struct options_texts * \
			     : OPTIONS_FORM_TEXTS, default            \
			     : OPTIONS_FORM_BYTES),                   \
		    sizeof(type), several, wanted \
	}

struct options_field {
	const char *key;
	const struct options_type *type;
	size_t offset; /* of the member in its struct */
	/* with blanks between several; "": none, which may also be written; NULL: the key must be given */
	const char *fallback;
	const char *help;
};

struct options_entries;

/* The keys of one mapping, and the struct they are bound to. */
struct options_level {
	const char *what; /* for errors: "option" */
	const struct options_field *fields;
	size_t field_count;
	size_t bytes; /* of the struct */
	size_t line;  /* offset of the size_t that gets the number of the line; 0: there is none */
	const struct options_entries *entries;
	size_t entries_count;
};

/* A key whose value is a list of mappings: an array of structs in the arena. */
struct options_entries {
	const char *key;
	const struct options_level *level;
	size_t min, max;     /* how many there may be where the key is given */
	size_t items, count; /* offsets of the pointer to the first, and of the size_t that says how many */
};

/*
 * Binds `yaml`, the content of the file `name`, to the zeroed struct `to`; an empty text gives the defaults. Texts live in the arena.
 * Errors: RESULT_BAD_INPUT; the fault names file, line and column.
 */
enum result options_read(const struct options_level *level, struct text yaml, const char *name,
			 struct arena *arena, void *to, struct fault *fault) MUST_USE;

/* The content of a file. Errors: RESULT_NOT_FOUND, RESULT_IO, RESULT_TOO_LARGE. */
enum result options_file(const char *path, size_t bytes_max, struct arena *arena, struct text *content,
			 struct fault *fault) MUST_USE;

/* Every option that has a default. */
void options_default(const struct options_level *level, struct arena *arena, void *to);

/* The first key, lists of entries behind all others, whose value differs between two structs; NULL: none. `skip` may be NULL. */
const char *options_differ(const struct options_level *level, const void *a, const void *b,
			   bool (*skip)(const char *key));

/* The keys of a level with their defaults and help, one a line behind `first` and then `rest`. */
void options_write(const struct options_level *level, const char *first, const char *rest, struct buffer *b);

/* ---- the shared types, and what those of a program are made from */

#define OPTIONS_TYPE(id, type, several, wanted) options_put options_put_##id;
#include "options/types.def"
#undef OPTIONS_TYPE

bool options_add_text(struct text value, struct arena *arena, struct options_texts *to);
bool options_put_span(struct text value, int64_t from_ms, int64_t to_ms, struct span *to);
bool options_put_one_of(struct text value, const char *const *words, size_t count, const char **to);

#endif
