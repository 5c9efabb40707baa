/* milter/settings_value.c - the values of vouch-milter.yaml: one function per row of option_types.def, which says no or puts the value. */
#include "milter/settings.h"

#include "base/socket.h"
#include "model/source.h"

#include <string.h>

#define TOKEN_BYTES_MAX 255U

typedef bool value_put(struct text value, struct arena *arena, void *to);

bool
settings_is_refusal(const uint8_t a[4])
{
	return a[0] != 127 || (a[1] == 255 && a[2] == 255) ||
	       (a[1] == 0 && a[2] == 0 && (a[3] == 1 || a[3] == 255));
}

static bool
put_TEXT(struct text value, struct arena *arena, void *to)
{
	*(const char **)to = text_copy(arena, value);
	return value.n > 0 && memchr(value.p, '\0', value.n) == NULL;
}

static bool
put_TOKEN(struct text value, struct arena *arena, void *to)
{
	for (size_t i = 0; i < value.n; i++) {
		char c = value.p[i];

		if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
		      c == '-' || c == '_' || c == '.')) {
			return false;
		}
	}
	return value.n <= TOKEN_BYTES_MAX && put_TEXT(value, arena, to);
}

static bool
put_TOKENS(struct text value, struct arena *arena, void *to)
{
	struct settings_texts *texts = to;

	return put_TOKEN(value, arena, &texts->items[texts->count++]);
}

static bool
put_code(struct text value, struct settings_zone *zone)
{
	struct prefix code;

	if (zone->code_count == SETTINGS_CODES_MAX || prefix_parse(value, &code, NULL) != RESULT_OK ||
	    code.family != 4 || code.bits != 32 || settings_is_refusal(code.bytes)) {
		return false;
	}
	memcpy(zone->codes[zone->code_count++], code.bytes, 4);
	return true;
}

static bool
put_ZONES(struct text value, struct arena *arena, void *to)
{
	struct settings_zones *zones = to;
	struct settings_zone *zone = &zones->items[zones->count++];
	struct source_key key;
	struct text name, one;

	*zone = (struct settings_zone){ 0 };
	if (!text_cut(&value, '=', &name) || source_key_parse(name, &key, NULL) != RESULT_OK ||
	    key.kind != SOURCE_DOMAIN) {
		return false;
	}
	zone->name = text_copy(arena, source_key_text(&key));
	do {
		(void)text_cut(&value, ',', &one);
		if (!put_code(text_trim(one), zone)) {
			return false;
		}
	} while (value.n > 0);
	return true;
}

static bool
put_NETWORKS(struct text value, struct arena *arena, void *to)
{
	struct settings_networks *networks = to;

	(void)arena;
	return prefix_parse(value, &networks->items[networks->count++], NULL) == RESULT_OK;
}

static bool
put_ADDRESSES(struct text value, struct arena *arena, void *to)
{
	struct settings_texts *texts = to;
	struct sockaddr_storage address;
	socklen_t n;

	texts->items[texts->count] = text_copy(arena, value);
	return socket_address(texts->items[texts->count++], &address, &n, NULL) == RESULT_OK;
}

static bool
put_WAIT(struct text value, struct arena *arena, void *to)
{
	struct span *span = to;

	(void)arena;
	return span_parse(value, span) == RESULT_OK && span->ms >= 100 && span->ms <= 10000;
}

static bool
put_INTERVAL(struct text value, struct arena *arena, void *to)
{
	struct span *span = to;

	(void)arena;
	return span_parse(value, span) == RESULT_OK && span->ms >= 1000 && span->ms <= SPAN_DAY.ms;
}

static bool
put_COUNT(struct text value, struct arena *arena, void *to)
{
	uint64_t *count = to;

	(void)arena;
	return text_u64(value, count) && *count >= 1;
}

static bool
put_URL(struct text value, struct arena *arena, void *to)
{
	return (text_starts_nocase(value, TEXT("https://")) || text_starts_nocase(value, TEXT("http://"))) &&
	       put_TEXT(value, arena, to);
}

static bool
put_YES_NO(struct text value, struct arena *arena, void *to)
{
	(void)arena;
	*(bool *)to = text_equal(value, TEXT("yes"));
	return *(bool *)to || text_equal(value, TEXT("no"));
}

static bool
put_LEVEL(struct text value, struct arena *arena, void *to)
{
	static const char *const words[] = { "error", "warn", "info", "debug" };

	(void)arena;
	for (size_t i = 0; i < countof(words); i++) {
		if (text_equal(value, text_of(words[i]))) {
			*(enum log_level *)to = (enum log_level)i;
			return true;
		}
	}
	return false;
}

_Static_assert(SETTINGS_SEVERAL_MAX == 16, "the words of settings_put say so");
static const struct {
	value_put *put;
	bool several;
	const char *wanted;
} types[] = {
#define MILTER_TYPE(id, type, several, wanted) { put_##id, several, wanted },
#include "milter/option_types.def"
#undef MILTER_TYPE
};

/* Types that take several keep their count behind the items. */
static size_t
count_of(enum settings_type type, const void *to)
{
	switch (type) {
	case SETTINGS_ZONES:
		return ((const struct settings_zones *)to)->count;
	case SETTINGS_NETWORKS:
		return ((const struct settings_networks *)to)->count;
	default:
		return types[type].several ? ((const struct settings_texts *)to)->count : 0;
	}
}

const char *
settings_put(enum settings_type type, struct text value, struct arena *arena, void *to)
{
	check(type < SETTINGS_TYPE_COUNT);
	if (count_of(type, to) == SETTINGS_SEVERAL_MAX) {
		return "one of at most 16";
	}
	return types[type].put(value, arena, to) ? NULL : types[type].wanted;
}

bool
settings_several(enum settings_type type)
{
	check(type < SETTINGS_TYPE_COUNT);
	return types[type].several;
}
