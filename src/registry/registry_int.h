/*
 * registry/registry_int.h - the rows of the registry and the parts that work on them. Private to registry.
 */
#ifndef REGISTRY_REGISTRY_INT_H
#define REGISTRY_REGISTRY_INT_H

#include "base/arena.h"
#include "base/map.h"
#include "registry/registry.h"

enum value_type {
#define VALUE(id, list, wanted) VALUE_##id,
#include "registry/values.def"
#undef VALUE
	VALUE_TYPE_COUNT
};

struct field_info {
	enum thing thing;
	const char *key;
	enum value_type type;
	const char *fallback; /* NULL: must be given */
};

struct registry_row {
	const char *name; /* also of a removed one */
	/* by field of the thing, NULL for an empty value; NULL when it has no fields or is removed */
	char **values;
	uint32_t parent;
	unsigned children : 31; /* there are SOURCES_MAX at most */
	unsigned removed : 1;
};

struct registry_table {
	struct registry_row *rows; /* by id */
	uint32_t count, size, present;
	struct map names; /* of the present ones */
};

struct registry {
	struct registry_table tables[THING_COUNT];
	struct arena names;      /* of all rows; none is given back before the registry is cleared */
	struct prefix *prefixes; /* by source id; family 0: no address */
	uint32_t prefix_size;
	struct map ranges;        /* from a prefix that is no single address to its source */
	uint32_t lengths[2][129]; /* of these, by family (4, 6) and length */
};

/* ---- registry.c */

extern const struct field_info registry_fields[REGISTRY_FIELD_COUNT];
uint32_t registry_thing_max(enum thing thing);
bool registry_thing_parent(enum thing thing, enum thing *parent); /* false: it belongs to nothing */
/* The field of this key, or REGISTRY_FIELD_COUNT. */
enum registry_field registry_field_find(enum thing thing, struct text key);
/* The first field of a thing, and of the one after it: its fields stand together. */
enum registry_field registry_fields_from(enum thing thing);
enum registry_field registry_fields_to(enum thing thing);
/* A name that the thing may have, in its canonical form; else what is wrong, set in fault. */
bool registry_name_fits(enum thing thing, struct text name, struct fault *fault);

/* The rows. Names are canonical and not present yet; values are canonical. */
uint32_t registry_row_add(struct registry *r, enum thing thing, struct text name, uint32_t parent);
void registry_row_set(struct registry *r, uint32_t id, enum registry_field field, struct text value);
void registry_row_remove(struct registry *r, enum thing thing, uint32_t id); /* nothing is below it */
void registry_clear(struct registry *r);                                     /* as after registry_open */

/* ---- value.c */

/* Appends the canonical form of one value (one entry of a list). Returns what is wanted instead, or NULL. */
const char *registry_value_put(enum value_type type, struct text in, struct buffer *out);
/* campaign.c: appends the canonical form of one announced campaign; false: it is none, and nothing is appended. */
bool registry_campaign_put(struct text in, struct buffer *out);
bool registry_value_is_list(enum value_type type);
/* Is this the canonical text of a whole value, not empty? */
bool registry_value_is_canonical(enum value_type type, struct text value);
/* Does this entry (canonical) tell a reporter at a door, so that it is one reporter's alone? *what: the part of it that does. */
bool registry_value_identifies(enum registry_field field, struct text entry, struct text *what);
/* Positions in tables; the names are canonical. */
enum reporter_kind registry_reporter_kind_of(struct text name);
enum trust registry_trust_of(struct text name);

/* ---- programme.c: the file as it says things should be */

struct wanted {
	const char *name;
	uint32_t parent;      /* index in the wanted things of the parent's kind */
	struct text *values;  /* by field of the thing; canonical, defaults filled in */
	struct prefix prefix; /* of a source that is an address or prefix; else family 0 */
	size_t line, column;
	uint32_t id; /* of the thing in the registry that it is; REGISTRY_NONE: a new one */
};

struct wanted_list {
	struct wanted *items; /* in the order of the file; in the arena */
	uint32_t count, size;
	struct map names;
	bool given; /* the file has the section; else what is stays */
};

struct programme {
	struct wanted_list things[THING_COUNT];
	const char *file;
	struct arena *arena;
};

/* Reads the file; names and values are checked one by one and against each other. Errors as of registry_plan. */
enum result programme_read(struct text yaml, const char *file, struct arena *arena, struct programme *p,
			   struct fault *fault) MUST_USE;
void programme_free(struct programme *p); /* what is not in the arena */

/* ---- plan.c: from what is wanted to the changes that make it so */

struct planner {
	const struct registry *registry;
	struct programme wanted;
	struct arena *arena;
	const char **lines;
	uint32_t line_count, line_size;
	struct buffer changes;
	bool *kept[THING_COUNT]; /* by registry id: it stays */
};

void planner_open(struct planner *pl, const struct registry *r, const char *file, struct arena *arena);
void planner_removes(struct planner *pl, enum thing thing); /* what is not kept; kept[thing] is set */
void planner_add(struct planner *pl, enum thing thing, const struct wanted *w);
void planner_change(struct planner *pl, enum thing thing, const struct wanted *w); /* w->id is present */
/* The plan, when `result` is RESULT_OK and all fits; gives back what is not in the arena. */
enum result planner_close(struct planner *pl, enum result result, struct registry_plan *plan,
			  struct fault *fault) MUST_USE;

#endif
