/* registry/value.c - the values of a programme file: one value, one canonical text. */
#include "registry/registry_int.h"

#include "model/trap.h"

#include <string.h>

static const char *const reporter_kinds[] = {
#define REPORTER_KIND(id, name, meaning) name,
#include "registry/reporter_kinds.def"
#undef REPORTER_KIND
};
static const char *const trusts[] = {
#define TRUST(id, name, meaning) name,
#include "registry/trusts.def"
#undef TRUST
};

/* The place of a name among `count`, or `count`. */
static size_t
place_of(const char *const *names, size_t count, struct text name)
{
	size_t i = 0;

	while (i < count && !text_equal(name, text_of(names[i]))) {
		i++;
	}
	return i;
}

const char *
reporter_kind_name(enum reporter_kind kind)
{
	check(kind < REPORTER_KIND_COUNT);
	return reporter_kinds[kind];
}

const char *
trust_name(enum trust trust)
{
	check(trust < TRUST_COUNT);
	return trusts[trust];
}

enum reporter_kind
registry_reporter_kind_of(struct text name)
{
	size_t i = place_of(reporter_kinds, countof(reporter_kinds), name);

	check(i < countof(reporter_kinds));
	return (enum reporter_kind)i;
}

enum trust
registry_trust_of(struct text name)
{
	size_t i = place_of(trusts, countof(trusts), name);

	check(i < countof(trusts));
	return (enum trust)i;
}

/* ---- one function per type: appends the canonical text, or says false and appends nothing */

static void
put_lower(struct text in, struct buffer *out)
{
	for (size_t i = 0; i < in.n; i++) {
		char c = in.p[i];

		c = (char)(c >= 'A' && c <= 'Z' ? c + ('a' - 'A') : c);
		buffer_put(out, &c, 1);
	}
}

static bool
put_if(bool fits, struct text in, struct buffer *out)
{
	if (fits) {
		buffer_put_text(out, in);
	}
	return fits;
}

static bool
put_LINE(struct text in, struct buffer *out)
{
	bool fits = in.n > 0 && in.n <= WORDS_BYTES_MAX;

	for (size_t i = 0; i < in.n; i++) {
		fits = fits && (unsigned char)in.p[i] >= ' ' && in.p[i] != 0x7f;
	}
	return put_if(fits, in, out);
}

static bool
put_NAME(struct text in, struct buffer *out)
{
	return put_if(text_is_name(in), in, out);
}

static bool
put_NAMES(struct text in, struct buffer *out)
{
	return put_NAME(in, out);
}

static bool
put_DOMAINS(struct text in, struct buffer *out)
{
	struct source_key key;

	return source_key_parse(in, &key, NULL) == RESULT_OK && key.kind == SOURCE_DOMAIN &&
	       put_if(true, source_key_text(&key), out);
}

static bool
put_ADDRESSES(struct text in, struct buffer *out)
{
	struct text local, rest = in;
	struct source_key key;

	if (in.n > SOURCE_BYTES_MAX || !text_cut(&rest, '@', &local) || local.n == 0 ||
	    source_key_parse(rest, &key, NULL) != RESULT_OK || key.kind != SOURCE_DOMAIN || key.n != rest.n) {
		return false;
	}
	for (size_t i = 0; i < local.n; i++) {
		if (local.p[i] <= ' ' || local.p[i] > '~' || strchr("<>()[]\\,;:\"", local.p[i]) != NULL) {
			return false;
		}
	}
	put_lower(in, out);
	return true;
}

static bool
put_CAMPAIGNS(struct text in, struct buffer *out)
{
	return registry_campaign_put(in, out);
}

static bool
put_HOURS(struct text in, struct buffer *out)
{
	struct text from, to = in;
	uint64_t first, last;

	return text_cut(&to, '-', &from) && from.n == 2 && to.n == 2 && text_u64(from, &first) &&
	       text_u64(to, &last) && first <= 24 && last <= 24 && put_if(true, in, out);
}

static bool
put_COUNT(struct text in, struct buffer *out)
{
	uint64_t count;

	if (!text_u64(in, &count)) {
		return false;
	}
	buffer_format(out, "%llu", (unsigned long long)count);
	return true;
}

static bool
put_YES_NO(struct text in, struct buffer *out)
{
	bool yes = text_equal_nocase(in, TEXT("yes")) || text_equal_nocase(in, TEXT("true"));
	bool no = text_equal_nocase(in, TEXT("no")) || text_equal_nocase(in, TEXT("false"));

	return put_if(yes || no, yes ? TEXT("yes") : TEXT("no"), out);
}

static bool
put_REPORTER_KIND(struct text in, struct buffer *out)
{
	return put_if(place_of(reporter_kinds, countof(reporter_kinds), in) < countof(reporter_kinds), in,
		      out);
}

static bool
put_TRUST(struct text in, struct buffer *out)
{
	return put_if(place_of(trusts, countof(trusts), in) < countof(trusts), in, out);
}

static bool
put_TRAP(struct text in, struct buffer *out)
{
	enum signal signal;

	return put_if(trap_class_parse(in, &signal) == RESULT_OK, in, out);
}

static bool
put_TRAPS(struct text in, struct buffer *out)
{
	return trap_entry_put(in, out);
}

static bool
put_WEIGHT(struct text in, struct buffer *out)
{
	enum blocklist_weight weight;

	return put_if(blocklist_weight_parse(in, &weight) == RESULT_OK, in, out);
}

static bool
put_URL(struct text in, struct buffer *out)
{
	bool https = text_starts_nocase(in, TEXT("https://")), http = text_starts_nocase(in, TEXT("http://"));
	size_t scheme = https ? 8 : 7, host = scheme;
	bool fits = (https || http) && in.n <= WORDS_BYTES_MAX;

	while (host < in.n && in.p[host] != '/' && in.p[host] != '?') {
		fits = fits && in.p[host] != '@';
		host++;
	}
	for (size_t i = 0; i < in.n; i++) {
		fits = fits && in.p[i] > ' ' && in.p[i] <= '~' && strchr("\"<>\\^`{|}#", in.p[i]) == NULL;
	}
	return put_if(fits && host > scheme, in, out);
}

static bool
put_SECRET(struct text in, struct buffer *out)
{
	struct hash h;
	char hex[HASH_HEX_BYTES];

	return hash_from_hex(in, &h) && put_if(true, text_of(hash_hex(&h, hex)), out);
}

static const struct {
	bool (*put)(struct text in, struct buffer *out);
	bool list;
	const char *wanted;
} types[] = {
#define VALUE(id, list, wanted) { put_##id, list, wanted },
#include "registry/values.def"
#undef VALUE
};

bool
registry_value_identifies(enum registry_field field, struct text entry, struct text *what)
{
	*what = field == FIELD_REPORTER_TRAPS ? trap_entry_pattern(entry) : entry;
	return field == FIELD_REPORTER_TOKEN || field == FIELD_REPORTER_ADDRESSES ||
	       field == FIELD_REPORTER_TRAPS || field == FIELD_REPORTER_DOMAINS;
}

const char *
registry_value_put(enum value_type type, struct text in, struct buffer *out)
{
	return types[type].put(in, out) ? NULL : types[type].wanted;
}

bool
registry_value_is_list(enum value_type type)
{
	return types[type].list;
}

bool
registry_value_is_canonical(enum value_type type, struct text value)
{
	struct text rest = value, entry = value;
	bool fits, more = false;
	struct buffer out;

	buffer_init(&out, FIELD_BYTES_MAX);
	do {
		if (types[type].list) {
			more = text_cut(&rest, ' ', &entry);
		}
		fits = types[type].put(entry, &out);
		if (more) {
			buffer_put(&out, " ", 1);
		}
	} while (more && fits);
	fits = fits && !out.full && text_equal(value, buffer_text(&out));
	buffer_free(&out);
	return fits;
}
