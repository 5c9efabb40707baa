/* registry/apply.c - folds the payload of a REGISTRY record: a line of who and which file, then one line for each change. */
#include "registry/registry_int.h"

#include <jansson.h>

struct folder {
	struct registry *registry;
	registry_change_fn *changed;
	void *context;
	struct registry_change change; /* of the line in progress */
	const json_t *line;
};

static struct text
member_text(const json_t *object, const char *name)
{
	const json_t *j = json_object_get(object, name);

	return (struct text){ json_string_value(j), json_string_length(j) };
}

/* Which of "add", "change" and "remove" the line has, and of what. */
static bool
read_op(struct folder *f)
{
	static const char *const ops[] = {
		[REGISTRY_ADD] = "add", [REGISTRY_CHANGE] = "change", [REGISTRY_REMOVE] = "remove"
	};

	for (size_t i = 0; i < countof(ops); i++) {
		if (json_object_get(f->line, ops[i]) != NULL) {
			f->change.op = (enum registry_op)i;
			return registry_thing_parse(member_text(f->line, ops[i]), &f->change.thing);
		}
	}
	return false;
}

/* Each value of "set" is canonical and has a field; what must be given is. */
static bool
values_fit(const struct folder *f)
{
	enum thing thing = f->change.thing;
	json_t *set = json_object_get(f->line, "set");
	size_t known = 0;

	for (enum registry_field i = registry_fields_from(thing); i < registry_fields_to(thing); i++) {
		const struct field_info *info = &registry_fields[i];
		const json_t *value = json_object_get(set, info->key);
		struct text t = { json_string_value(value), json_string_length(value) };
		bool needed = info->fallback == NULL && (f->change.op == REGISTRY_ADD || value != NULL);

		known += value != NULL;
		if (t.n == 0 ? (needed || (value != NULL && !json_is_string(value)))
			     : !registry_value_is_canonical(info->type, t)) {
			return false;
		}
	}
	return known == json_object_size(set) && (f->change.op != REGISTRY_CHANGE || known > 0);
}

static void
set_values(const struct folder *f)
{
	enum thing thing = f->change.thing;
	const json_t *set = json_object_get(f->line, "set");

	for (enum registry_field i = registry_fields_from(thing); i < registry_fields_to(thing); i++) {
		if (json_object_get(set, registry_fields[i].key) != NULL) {
			registry_row_set(f->registry, f->change.id, i,
					 member_text(set, registry_fields[i].key));
		}
	}
}

static bool
apply_add(struct folder *f, struct text name)
{
	struct registry *r = f->registry;
	struct registry_change *c = &f->change;
	enum thing above;

	if (!registry_name_fits(c->thing, name, NULL) || registry_find(r, c->thing, name) != REGISTRY_NONE ||
	    registry_count(r, c->thing) >= registry_thing_max(c->thing) || !values_fit(f)) {
		return false;
	}
	if (registry_thing_parent(c->thing, &above)) {
		c->parent = registry_find(r, above, member_text(f->line, "in"));
		if (c->parent == REGISTRY_NONE) {
			return false;
		}
	}
	c->id = registry_row_add(r, c->thing, name, c->parent);
	set_values(f);
	return true;
}

static bool
apply_present(struct folder *f, struct text name)
{
	struct registry *r = f->registry;
	struct registry_change *c = &f->change;
	struct registry_item item;

	c->id = registry_find(r, c->thing, name);
	if (c->id == REGISTRY_NONE) {
		return false;
	}
	item = registry_item(r, c->thing, c->id);
	c->parent = item.parent;
	if (c->op == REGISTRY_CHANGE) {
		if (!values_fit(f)) {
			return false;
		}
		set_values(f);
		return true;
	}
	if (item.children > 0) {
		return false;
	}
	registry_row_remove(r, c->thing, c->id);
	return true;
}

static bool
apply_line(struct folder *f)
{
	struct text name = member_text(f->line, "id");
	bool applied;

	f->change.parent = 0;
	if (!read_op(f)) {
		return false;
	}
	applied = f->change.op == REGISTRY_ADD ? apply_add(f, name) : apply_present(f, name);
	if (applied && f->changed != NULL) {
		f->changed(f->context, &f->change);
	}
	return applied;
}

static json_t *
next_line(struct text *rest)
{
	struct text line;

	(void)text_cut(rest, '\n', &line);
	return json_loadb(line.n == 0 ? "" : line.p, line.n, JSON_REJECT_DUPLICATES, NULL);
}

enum result
registry_apply(struct registry *r, struct text payload, registry_change_fn *changed, void *context,
	       struct fault *fault)
{
	struct folder f = { .registry = r, .changed = changed, .context = context };
	json_t *header = next_line(&payload);
	size_t number = 1;
	bool applied = true;

	f.change.actor = member_text(header, "actor");
	f.change.file = member_text(header, "file");
	if (f.change.actor.n == 0 || f.change.actor.n > WORDS_BYTES_MAX ||
	    f.change.file.n > WORDS_BYTES_MAX) {
		applied = false;
	}
	while (applied && payload.n > 0) {
		json_t *line = next_line(&payload);

		f.line = line;
		applied = json_is_object(line) && apply_line(&f);
		json_decref(line);
		number++;
	}
	json_decref(header);
	return applied ? RESULT_OK
		       : fault_set(fault, RESULT_DAMAGED,
				   "line %zu of a registry record does not fit the registry", number);
}
