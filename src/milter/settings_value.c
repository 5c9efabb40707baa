/* milter/settings_value.c - the values of vouch-milter.yaml: one function per row of option_types.def, which says no or puts the value. */
#include "milter/settings.h"

#include "model/source.h"

#include <string.h>

#define TOKEN_BYTES_MAX 255U

bool
settings_is_refusal(const uint8_t a[4])
{
	return a[0] != 127 || (a[1] == 255 && a[2] == 255) ||
	       (a[1] == 0 && a[2] == 0 && (a[3] == 1 || a[3] == 255));
}

static bool
put_SOCKET(struct text value, struct arena *arena, void *to)
{
	return options_put_PATH(value, arena, to);
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
	return value.n <= TOKEN_BYTES_MAX && options_put_TEXT(value, arena, to);
}

static bool
put_TOKENS(struct text value, struct arena *arena, void *to)
{
	struct options_texts *texts = to;

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
put_WAIT(struct text value, struct arena *arena, void *to)
{
	(void)arena;
	return options_put_span(value, 100, 10000, to);
}

static bool
put_INTERVAL(struct text value, struct arena *arena, void *to)
{
	(void)arena;
	return options_put_span(value, 1000, SPAN_DAY.ms, to);
}

static bool
put_URL(struct text value, struct arena *arena, void *to)
{
	return (text_starts_nocase(value, TEXT("https://")) || text_starts_nocase(value, TEXT("http://"))) &&
	       options_put_TEXT(value, arena, to);
}

const struct options_type settings_types[] = {
#define OPTIONS_TYPE(id, type, several, wanted) OPTIONS_TYPE_ROW(options_put_##id, type, several, wanted),
#include "options/types.def"
#undef OPTIONS_TYPE
#define MILTER_TYPE(id, type, several, wanted) OPTIONS_TYPE_ROW(put_##id, type, several, wanted),
#include "milter/option_types.def"
#undef MILTER_TYPE
};
