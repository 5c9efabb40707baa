/* vouchd/config_value.c - the values of vouch.yaml: one function per row of config_types.def, which says no or puts the value. */
#include "vouchd/config.h"

#include "base/address.h"
#include "list/list.h"
#include "model/blocklist.h"
#include "serve/dns_gate.h"

#include <stdlib.h>
#include <string.h>

#define BUDGET_MAX 1000.0

static bool
put_NAME(struct text value, struct arena *arena, void *to)
{
	return text_is_name(value) && options_put_TEXT(value, arena, to);
}

static bool
put_HOST(struct text value, struct arena *arena, void *to)
{
	struct list_name name;

	return list_name_parse(value, &name, NULL) == RESULT_OK && options_put_TEXT(value, arena, to);
}

static bool
put_HOSTS(struct text value, struct arena *arena, void *to)
{
	struct list_name name;

	return list_name_parse(value, &name, NULL) == RESULT_OK && options_add_text(value, arena, to);
}

static bool
put_DOORS(struct text value, struct arena *arena, void *to)
{
	bool is_path = value.n > 0 && memchr(value.p, '/', value.n) != NULL;

	return is_path ? options_add_text(value, arena, to) : options_put_ADDRESSES(value, arena, to);
}

static bool
put_SPAN(struct text value, struct arena *arena, void *to)
{
	(void)arena;
	return options_put_span(value, 100, INT64_MAX, to);
}

static bool
put_TTL(struct text value, struct arena *arena, void *to)
{
	(void)arena;
	return options_put_span(value, 1000, 7 * SPAN_DAY.ms, to);
}

static bool
put_WAIT(struct text value, struct arena *arena, void *to)
{
	(void)arena;
	return options_put_span(value, 0, 45 * SPAN_DAY.ms, to);
}

static bool
put_THREADS(struct text value, struct arena *arena, void *to)
{
	return options_put_COUNT(value, arena, to) && *(uint64_t *)to <= DNS_WORKERS_MAX;
}

static bool
put_DAYS(struct text value, struct arena *arena, void *to)
{
	(void)arena;
	return text_u64(value, to) && *(uint64_t *)to <= COMPLIANCE_DAYS_MAX;
}

static bool
put_PERCENT(struct text value, struct arena *arena, void *to)
{
	(void)arena;
	return text_u64(value, to) && *(uint64_t *)to <= 100;
}

static bool
put_THRESHOLD(struct text value, struct arena *arena, void *to)
{
	(void)arena;
	return threshold_parse(value, to) == RESULT_OK;
}

static bool
put_BUDGET(struct text value, struct arena *arena, void *to)
{
	const char *s = text_copy(arena, value);
	double *budget = to;
	char *end;

	*budget = strtod(s, &end);
	return end != s && *end == '\0' && *budget > 0 && *budget <= BUDGET_MAX;
}

_Static_assert(DNS_LIMIT_MAX == 10000000, "the words of RATE say so");
static bool
put_RATE(struct text value, struct arena *arena, void *to)
{
	(void)arena;
	return text_u64(value, to) && *(uint64_t *)to <= DNS_LIMIT_MAX;
}

static bool
put_KEY(struct text value, struct arena *arena, void *to)
{
	return dns_key_good(value) && options_put_TEXT(value, arena, to);
}

static bool
put_COOKIE_SECRETS(struct text value, struct arena *arena, void *to)
{
	uint8_t secret[DNS_COOKIE_SECRET_BYTES];

	return ((struct options_texts *)to)->count < DNS_COOKIE_SECRETS_MAX &&
	       dns_cookie_secret_parse(value, secret) && options_add_text(value, arena, to);
}

static bool
put_ALGORITHM(struct text value, struct arena *arena, void *to)
{
	(void)arena;
	return tsig_algorithm_parse(value, to) == RESULT_OK;
}

static bool
put_CLOCK(struct text value, struct arena *arena, void *to)
{
	static const char *const words[] = { "real", "manual" };

	(void)arena;
	return options_put_one_of(value, words, countof(words), to);
}

static bool
put_CODE(struct text value, struct arena *arena, void *to)
{
	struct prefix code;

	return prefix_parse(value, &code, NULL) == RESULT_OK && code.family == 4 && code.bits == 32 &&
	       code.bytes[0] == 127 && options_put_TEXT(value, arena, to);
}

static bool
put_CODES(struct text value, struct arena *arena, void *to)
{
	struct blocklist_row row;

	return blocklist_row_parse(value, &row) == RESULT_OK && options_add_text(value, arena, to);
}

static bool
put_SECRET(struct text value, struct arena *arena, void *to)
{
	(void)arena;
	return hash_from_hex(value, to);
}

const struct options_type config_types[] = {
#define OPTIONS_TYPE(id, type, several, wanted) OPTIONS_TYPE_ROW(options_put_##id, type, several, wanted),
#include "options/types.def"
#undef OPTIONS_TYPE
#define CONFIG_TYPE(id, type, several, wanted) OPTIONS_TYPE_ROW(put_##id, type, several, wanted),
#include "vouchd/config_types.def"
#undef CONFIG_TYPE
};
