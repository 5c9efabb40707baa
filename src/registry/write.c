/* registry/write.c - the registry as a programme file, members in the order in which they came. */
#include "registry/registry_int.h"

#include <stdlib.h>
#include <string.h>

/* The present children of each parent, as lists by id. */
struct family {
	uint32_t *first; /* by parent; REGISTRY_NONE ends */
	uint32_t *next;  /* by child */
};

static struct family
family_of(const struct registry *r, enum thing child, enum thing parent)
{
	uint32_t parents = registry_count(r, parent), children = registry_count(r, child);
	struct family f = { calloc(parents + 1U, sizeof(uint32_t)), calloc(children + 1U, sizeof(uint32_t)) };

	check(f.first != NULL && f.next != NULL);
	for (uint32_t i = 0; i < parents; i++) {
		f.first[i] = REGISTRY_NONE;
	}
	for (uint32_t i = children; i-- > 0;) {
		struct registry_item item = registry_item(r, child, i);

		if (!item.removed) {
			f.next[i] = f.first[item.parent];
			f.first[item.parent] = i;
		}
	}
	return f;
}

static void
family_free(struct family *f)
{
	free(f->first);
	free(f->next);
}

/* Without quotes where every YAML reader takes it for the same text. */
static bool
is_plain(struct text t)
{
	static const char *const words[] = { "y", "n", "yes", "no", "on", "off", "true", "false", "null" };
	bool plain = t.n > 0 && ((t.p[0] | 32) >= 'a' && (t.p[0] | 32) <= 'z');

	for (size_t i = 0; i < t.n; i++) {
		char c = t.p[i];

		plain = plain && ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
				  (c >= '0' && c <= '9') || strchr("-_.@/", c) != NULL);
	}
	for (size_t i = 0; i < countof(words); i++) {
		plain = plain && !text_equal_nocase(t, text_of(words[i]));
	}
	return plain;
}

/* The code point at the start of `t`, which is UTF-8, and how many bytes it has. */
static uint32_t
code_point(struct text t, size_t *bytes)
{
	const unsigned char *p = (const unsigned char *)t.p;
	uint32_t c = p[0];

	*bytes = c < 0x80 ? 1 : c < 0xe0 ? 2 : c < 0xf0 ? 3 : 4;
	*bytes = *bytes > t.n ? t.n : *bytes;
	c &= *bytes == 1 ? 0x7fU : 0xffU >> (*bytes + 1);
	for (size_t i = 1; i < *bytes; i++) {
		c = c << 6 | (p[i] & 0x3fU);
	}
	return c;
}

/* In double quotes; what YAML does not take as it is, or takes for a line end, is escaped. */
static void
put_quoted(struct buffer *b, struct text t)
{
	size_t n;

	buffer_put_text(b, TEXT("\""));
	for (; t.n > 0; t = (struct text){ t.p + n, t.n - n }) {
		uint32_t c = code_point(t, &n);

		if (c == '"' || c == '\\') {
			buffer_format(b, "\\%c", (int)c);
		} else if (c < 0x20 || (c >= 0x7f && c < 0xa0) || c == 0x2028 || c == 0x2029 || c == 0xfeff ||
			   c == 0xfffe || c == 0xffff) {
			buffer_format(b, "\\U%08X", c);
		} else {
			buffer_put(b, t.p, n);
		}
	}
	buffer_put_text(b, TEXT("\""));
}

static void
put_scalar(struct buffer *b, struct text t)
{
	if (is_plain(t)) {
		buffer_put_text(b, t);
	} else {
		put_quoted(b, t);
	}
}

static void
put_value(struct buffer *b, enum registry_field field, struct text value)
{
	const char *comma = "";
	struct text entry;

	if (!registry_value_is_list(registry_fields[field].type)) {
		put_scalar(b, value);
		return;
	}
	buffer_put_text(b, TEXT("["));
	while (value.n > 0) {
		(void)text_cut(&value, ' ', &entry);
		buffer_put_text(b, text_of(comma));
		put_scalar(b, entry);
		comma = ", ";
	}
	buffer_put_text(b, TEXT("]"));
}

/* "- id: ..." and the fields that it has; "group.key" stands below "group". */
static void
put_thing(struct buffer *b, const struct registry *r, enum thing thing, uint32_t id, int indent)
{
	struct text group = { "", 0 };

	buffer_format(b, "%*s- id: ", indent, "");
	put_scalar(b, registry_item(r, thing, id).name);
	buffer_put_text(b, TEXT("\n"));
	for (enum registry_field f = registry_fields_from(thing); f < registry_fields_to(thing); f++) {
		struct text value = registry_value(r, id, f), key = text_of(registry_fields[f].key),
			    head = key;
		bool below = text_cut(&key, '.', &head);

		if (value.n == 0) {
			continue;
		}
		if (below && !text_equal(head, group)) {
			buffer_format(b, "%*s%.*s:\n", indent + 2, "", TEXT_ARG(head));
			group = head;
		}
		buffer_format(b, "%*s%.*s: ", indent + (below ? 4 : 2), "", TEXT_ARG(below ? key : head));
		put_value(b, f, value);
		buffer_put_text(b, TEXT("\n"));
	}
}

static void
put_system(struct buffer *b, const struct registry *r, uint32_t id, const struct family *sources)
{
	put_thing(b, r, THING_SYSTEM, id, 6);
	if (sources->first[id] != REGISTRY_NONE) {
		buffer_put_text(b, TEXT("        sources:\n"));
	}
	for (uint32_t s = sources->first[id]; s != REGISTRY_NONE; s = sources->next[s]) {
		buffer_put_text(b, TEXT("          - "));
		put_scalar(b, registry_item(r, THING_SOURCE, s).name);
		buffer_put_text(b, TEXT("\n"));
	}
}

static void
put_section(struct buffer *b, const struct registry *r, enum thing thing, const char *name)
{
	buffer_format(b, "%s:%s\n", name, registry_present(r, thing) == 0 ? " []" : "");
}

void
registry_write(const struct registry *r, struct buffer *yaml)
{
	struct family systems = family_of(r, THING_SYSTEM, THING_MEMBER);
	struct family sources = family_of(r, THING_SOURCE, THING_SYSTEM);

	put_section(yaml, r, THING_MEMBER, "members");
	for (uint32_t m = 0; m < registry_count(r, THING_MEMBER); m++) {
		if (registry_item(r, THING_MEMBER, m).removed) {
			continue;
		}
		put_thing(yaml, r, THING_MEMBER, m, 2);
		if (systems.first[m] != REGISTRY_NONE) {
			buffer_put_text(yaml, TEXT("    systems:\n"));
		}
		for (uint32_t s = systems.first[m]; s != REGISTRY_NONE; s = systems.next[s]) {
			put_system(yaml, r, s, &sources);
		}
	}
	put_section(yaml, r, THING_REPORTER, "reporters");
	for (uint32_t i = 0; i < registry_count(r, THING_REPORTER); i++) {
		if (!registry_item(r, THING_REPORTER, i).removed) {
			put_thing(yaml, r, THING_REPORTER, i, 2);
		}
	}
	put_section(yaml, r, THING_RECEIVER, "receivers");
	for (uint32_t i = 0; i < registry_count(r, THING_RECEIVER); i++) {
		if (!registry_item(r, THING_RECEIVER, i).removed) {
			put_thing(yaml, r, THING_RECEIVER, i, 2);
		}
	}
	family_free(&systems);
	family_free(&sources);
}
