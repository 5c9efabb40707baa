/*
 * registry/registry.h - who is in the programme: members, their systems and sources, what they declared; reporters and
 * receivers (things.def, fields.def).
 *
 * A programme file (YAML, doc/data/programme.md) says what should be; registry_plan compares it with what is and writes the
 * changes; as a REGISTRY record they are folded by registry_apply. Only applied changes count, so the journal alone gives the
 * registry. Ids count from 0 per kind, in journal order, and are never used again. What a thing belongs to is its own for
 * good: a source that leaves and comes back, or goes to another system, is another source and must be accepted anew.
 *
 * Not thread-safe. Lookup: one hash probe per key, or per prefix length that is present. Memory: about 150 bytes per source.
 * Test: tests/unit/registry_test.c, tests/fuzz/programme_fuzz.c.
 */
#ifndef REGISTRY_REGISTRY_H
#define REGISTRY_REGISTRY_H

#include "base/hash.h"
#include "base/wire.h"
#include "model/signal.h"
#include "model/source.h"
#include "model/threshold.h"

enum thing {
#define THING(id, name, max, meaning) THING_##id,
#include "registry/things.def"
#undef THING
	THING_COUNT
};

enum registry_field {
#define FIELD(thing, id, key, type, fallback, help) FIELD_##thing##_##id,
#include "registry/fields.def"
#undef FIELD
	REGISTRY_FIELD_COUNT
};

enum reporter_kind {
#define REPORTER_KIND(id, name, meaning) REPORTER_##id,
#include "registry/reporter_kinds.def"
#undef REPORTER_KIND
	REPORTER_KIND_COUNT
};

enum trust {
#define TRUST(id, name, meaning) TRUST_##id,
#include "registry/trusts.def"
#undef TRUST
	TRUST_COUNT
};

const char *thing_name(enum thing thing); /* "member" */
bool registry_thing_parse(struct text name, enum thing *thing);
const char *reporter_kind_name(enum reporter_kind kind);
const char *trust_name(enum trust trust);

struct registry;

struct registry *registry_open(void);    /* empty */
void registry_close(struct registry *r); /* NULL is fine */

/* ---- from a programme file to a REGISTRY record */

struct registry_plan {
	/* for people: "+ source 192.0.2.1 (harbour-bank, harbour-news)"; +, - or ~ first */
	const char *const *lines;
	uint32_t line_count; /* 0: the registry is as the file says */
	struct text changes; /* the same as JSON lines, for registry_plan_write */
	const char *file;
	/* The lists that systems are to be on, each once, and where in the file (0: nowhere): whether they exist the caller knows. */
	const char *const *lists;
	const size_t *list_lines;
	uint32_t list_count;
};

/*
 * What has to change so that the registry is as the programme `yaml` says. A section of the file (`members`, `reporters`,
 * `receivers`) is complete: what it does not name is removed; a section that is not there is left as it is. The plan lives in
 * the arena; `file` is the name for errors and the record.
 *
 * Errors: RESULT_BAD_INPUT (not YAML, unknown or missing key, bad value), RESULT_CONFLICT (a name, token or source given
 * twice, sources of different members that overlap: both are named), RESULT_TOO_LARGE; the fault names file, line and column.
 * Cost: O(n log n) of the file and the registry.
 */
enum result registry_plan(const struct registry *r, struct text yaml, const char *file, struct arena *arena,
			  struct registry_plan *plan, struct fault *fault) MUST_USE;

/* DECLARE: a CHANGE whose lists are added to what is there; a campaign takes the place of the one of its name. */
enum registry_op { REGISTRY_ADD, REGISTRY_CHANGE, REGISTRY_REMOVE, REGISTRY_DECLARE };

/* "member" or "system" is what a new system or source belongs to; the others are keys of fields.def; a list is "a,b". */
struct registry_setting {
	struct text key;
	struct text value; /* empty: none */
};
/* One change that a person asks for. */
struct registry_edit {
	enum registry_op op;
	enum thing thing;
	struct text name;
	const struct registry_setting *settings;
	size_t setting_count;
};

/*
 * The same for one change instead of a file. Adding what is there as it is asked for changes nothing; removing takes what is
 * below it too. Errors: RESULT_NOT_FOUND (no such thing, or nothing of that name to belong to), RESULT_CONFLICT (it is there,
 * otherwise or elsewhere; its token, address or range belongs to another, who is named), RESULT_BAD_INPUT, RESULT_TOO_LARGE.
 * Cost: O(log n) but for prefixes, reporters and removals, which look at all: O(n).
 */
enum result registry_plan_edit(const struct registry *r, const struct registry_edit *edit,
			       struct arena *arena, struct registry_plan *plan, struct fault *fault) MUST_USE;

/* The registry as a programme file: read again, it changes nothing. Cost: O(n log n). */
void registry_write(const struct registry *r, struct buffer *yaml);

/* Appends the payload of a REGISTRY record: one JSON line of who and which file, then one for each change. */
void registry_plan_write(const struct registry_plan *plan, struct text actor, struct buffer *payload);

/* ---- folding */

/* One change, after it was made. Texts live until the callback returns. */
struct registry_change {
	enum registry_op op;
	enum thing thing;
	uint32_t id;
	uint32_t parent;   /* of a source its system, of a system its member; else 0 */
	struct text actor; /* who asked for the record */
	struct text file;
};
typedef void registry_change_fn(void *context, const struct registry_change *change);

/*
 * Folds the payload of a REGISTRY record, calling `changed` (may be NULL) for each change in order: first what goes
 * (sources before their systems before their members), then what comes, then what changes. `changed` may read the registry.
 * Errors: RESULT_DAMAGED: no plan against this registry can have written it; the registry is then half changed and must be
 * closed and read again.
 */
enum result registry_apply(struct registry *r, struct text payload, registry_change_fn *changed,
			   void *context, struct fault *fault) MUST_USE;

/* ---- looking up; texts live until the thing changes */

#define REGISTRY_NONE UINT32_MAX

/* The source of a canonical key: the same key, or the most specific prefix around an address. REGISTRY_NONE: nobody's. */
uint32_t registry_lookup(const struct registry *r, struct text key);
/* The present thing of this name (for a source: its key as people write it). REGISTRY_NONE: there is none. */
uint32_t registry_find(const struct registry *r, enum thing thing, struct text name);

struct registry_item {
	struct text name;  /* id of the programme file; key of a source */
	uint32_t parent;   /* source: its system; system: its member; else 0 */
	uint32_t children; /* present things below it */
	bool removed;
};
/* ids are 0..count - 1, removed ones included */
uint32_t registry_count(const struct registry *r, enum thing thing);
uint32_t registry_present(const struct registry *r, enum thing thing); /* without removed ones */
struct registry_item registry_item(const struct registry *r, enum thing thing, uint32_t id);
/* The canonical text of a field; lists have one blank between entries. Empty when it was not given or the thing is removed. */
struct text registry_value(const struct registry *r, uint32_t id, enum registry_field field);

/* A campaign that a member announced: its links are declared while it runs. */
struct registry_campaign {
	struct text name;
	struct instant start, end; /* from start to before end */
	uint64_t volume;           /* messages, >= 1 */
	struct text links;         /* domains with '+' between */
};
#define REGISTRY_CAMPAIGN_MAX ((struct span){ 60LL * 24 * 60 * 60 * 1000 })
/* Takes the first one off the value of FIELD_SYSTEM_DECLARED_CAMPAIGNS; false: there is none. */
bool registry_campaign_cut(struct text *campaigns, struct registry_campaign *c);

struct registry_source {
	struct text key;
	enum source_kind kind;
	uint32_t system, member;
	struct text system_name, member_name;
	struct text list;
	bool removed;
};
struct registry_source registry_source(const struct registry *r, uint32_t id);

struct registry_reporter {
	struct text id;
	enum reporter_kind kind;
	enum trust trust;
	enum signal trap_signal;      /* of a trap network; SIGNAL_TRAP_PRISTINE when it does not say */
	struct text traps;            /* the class of single addresses (model/trap.h) */
	enum blocklist_weight weight; /* of a blocklist; BLOCKLIST_SIGNIFICANT when it does not say */
	struct text receiver;         /* that its reports are about; empty: none, or each says it */
	uint64_t quota;               /* reports a day; UINT64_MAX: as many as come */
	bool has_token;
	struct hash token; /* SHA-256 */
};
struct registry_reporter registry_reporter(const struct registry *r, uint32_t id);
/* Do observations of this reporter count? Those of "operator" do: who loads a file vouches for it. */
bool registry_trusts(const struct registry *r, struct text reporter);
/* ---- snapshot: equal state gives equal bytes */

void registry_save(const struct registry *r, struct buffer *b);
/* Into a registry just opened. Errors: RESULT_DAMAGED for what registry_save cannot have written; it is then empty as before. */
enum result registry_load(struct registry *r, struct wire *w) MUST_USE;

#endif
