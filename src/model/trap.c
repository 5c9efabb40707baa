#include "model/trap.h"

#include "model/source.h"

#include <string.h>

/* How exact an entry is: below EXACT_PREFIX the length of its domain, then that of the beginning, then whole addresses. */
#define EXACT_PREFIX  1024U
#define EXACT_ADDRESS 2048U

static const struct {
	struct text name;
	enum signal signal;
} classes[] = {
#define TRAP(id, name, meaning) { { name, sizeof(name) - 1 }, SIGNAL_TRAP_##id },
#include "model/traps.def"
#undef TRAP
};

enum result
trap_class_parse(struct text name, enum signal *signal)
{
	for (size_t i = 0; i < countof(classes); i++) {
		if (text_equal(name, classes[i].name)) {
			*signal = classes[i].signal;
			return RESULT_OK;
		}
	}
	return RESULT_BAD_INPUT;
}

static bool
is_domain(struct text t)
{
	struct source_key key;

	return source_key_parse(t, &key, NULL) == RESULT_OK && key.kind == SOURCE_DOMAIN && key.n == t.n;
}

/* Reads "CLASS" or "CLASS:MEMBER"; *member is empty when none is named. */
static bool
read_class(struct text in, enum signal *signal, struct text *member)
{
	struct text class;
	bool named = text_cut(&in, ':', &class);

	*member = named ? in : (struct text){ "", 0 };
	return trap_class_parse(class, signal) == RESULT_OK && (!named || text_is_name(in));
}

/* The local part of an address; one '*' may stand at its end. */
static bool
is_local(struct text t)
{
	for (size_t i = 0; i < t.n; i++) {
		if (t.p[i] <= ' ' || t.p[i] > '~' || strchr("<>()[]\\,;:\"", t.p[i]) != NULL ||
		    (t.p[i] == '*' && i + 1 < t.n)) {
			return false;
		}
	}
	return t.n > 0;
}

bool
trap_entry_put(struct text in, struct buffer *out)
{
	struct text class, member, pattern, domain = in, local = { 0 };
	enum signal signal;

	if (in.n > SOURCE_BYTES_MAX || !text_cut(&domain, '=', &class) ||
	    !read_class(class, &signal, &member)) {
		return false;
	}
	pattern = domain;
	if (memchr(domain.p, '@', domain.n) != NULL &&
	    (!text_cut(&domain, '@', &local) || !is_local(local))) {
		return false;
	}
	if (!is_domain(domain)) {
		return false;
	}
	buffer_put(out, in.p, in.n - pattern.n); /* the name of a member keeps its letters */
	for (size_t i = 0; i < pattern.n; i++) {
		char c = pattern.p[i];

		c = (char)(c >= 'A' && c <= 'Z' ? c + ('a' - 'A') : c);
		buffer_put(out, &c, 1);
	}
	return true;
}

struct text
trap_entry_pattern(struct text entry)
{
	struct text class;

	(void)text_cut(&entry, '=', &class);
	return entry;
}

/* How exact this pattern names the address; 0: it does not. */
static uint32_t
exactness(struct text pattern, struct text local, struct text domain)
{
	struct text named;

	if (memchr(pattern.p, '@', pattern.n) == NULL) {
		struct text end = { domain.p + domain.n - pattern.n, pattern.n };

		return pattern.n <= domain.n && text_equal_nocase(end, pattern) &&
			       (pattern.n == domain.n || end.p[-1] == '.')
			   ? (uint32_t)pattern.n
			   : 0;
	}
	(void)text_cut(&pattern, '@', &named);
	if (!text_equal_nocase(pattern, domain)) {
		return 0;
	}
	if (named.p[named.n - 1] == '*') {
		named.n--;
		return text_starts_nocase(local, named) ? EXACT_PREFIX + (uint32_t)named.n : 0;
	}
	return text_equal_nocase(local, named) ? EXACT_ADDRESS : 0;
}

/* The most exact entry that names the address, without its pattern; 0: none does. */
static uint32_t
best_entry(struct text table, struct text address, struct text *best_class)
{
	struct text domain = address, local;
	uint32_t best = 0;

	if (!text_cut(&domain, '@', &local) || local.n == 0) {
		return 0;
	}
	while (table.n > 0) {
		struct text entry, pattern;
		uint32_t exact;

		(void)text_cut(&table, ' ', &entry);
		pattern = trap_entry_pattern(entry);
		exact = exactness(pattern, local, domain);
		if (exact > best) {
			best = exact;
			*best_class = (struct text){ entry.p, entry.n - pattern.n - 1 };
		}
	}
	return best;
}

uint32_t
trap_find(struct text table, struct text address, enum signal *signal)
{
	struct text class, member;
	uint32_t best = best_entry(table, address, &class);

	return best > 0 && read_class(class, signal, &member) ? best : 0;
}

uint32_t
trap_member(struct text table, struct text address, struct text *member)
{
	enum signal signal;
	struct text class;
	uint32_t best = best_entry(table, address, &class);

	return best > 0 && read_class(class, &signal, member) ? best : 0;
}
