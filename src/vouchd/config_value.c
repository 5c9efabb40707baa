/* vouchd/config_value.c - the values of vouch.yaml: one function per row of config_types.def, which says no or puts the value. */
#include "vouchd/config.h"

#include "base/address.h"
#include "base/socket.h"
#include "list/list.h"
#include "model/blocklist.h"
#include "serve/dns_gate.h"

#include <stdlib.h>
#include <string.h>

#define BUDGET_MAX 1000.0

typedef bool value_put(struct text value, struct arena *arena, void *to);

static bool
put_TEXT(struct text value, struct arena *arena, void *to)
{
	*(const char **)to = text_copy(arena, value);
	return value.n == 0 || memchr(value.p, '\0', value.n) == NULL;
}

static bool
put_PATH(struct text value, struct arena *arena, void *to)
{
	return value.n > 0 && put_TEXT(value, arena, to);
}

static bool
put_NAME(struct text value, struct arena *arena, void *to)
{
	return text_is_name(value) && put_TEXT(value, arena, to);
}

static bool
put_HOST(struct text value, struct arena *arena, void *to)
{
	struct list_name name;

	return list_name_parse(value, &name, NULL) == RESULT_OK && put_TEXT(value, arena, to);
}

static bool
add_text(struct text value, struct arena *arena, struct config_texts *to)
{
	return put_TEXT(value, arena, &to->items[to->count++]);
}

static bool
put_HOSTS(struct text value, struct arena *arena, void *to)
{
	struct list_name name;

	return list_name_parse(value, &name, NULL) == RESULT_OK && add_text(value, arena, to);
}

static bool
put_ADDRESSES(struct text value, struct arena *arena, void *to)
{
	struct sockaddr_storage address;
	socklen_t n;

	return socket_address(text_copy(arena, value), &address, &n, NULL) == RESULT_OK &&
	       add_text(value, arena, to);
}

static bool
put_DOORS(struct text value, struct arena *arena, void *to)
{
	bool is_path = value.n > 0 && memchr(value.p, '/', value.n) != NULL;

	return is_path ? add_text(value, arena, to) : put_ADDRESSES(value, arena, to);
}

static bool
put_SPAN(struct text value, struct arena *arena, void *to)
{
	struct span *span = to;

	(void)arena;
	return span_parse(value, span) == RESULT_OK && span->ms >= 100;
}

static bool
put_TTL(struct text value, struct arena *arena, void *to)
{
	struct span *span = to;

	(void)arena;
	return span_parse(value, span) == RESULT_OK && span->ms >= 1000 && span->ms <= 7 * SPAN_DAY.ms;
}

static bool
put_WAIT(struct text value, struct arena *arena, void *to)
{
	struct span *span = to;

	(void)arena;
	return span_parse(value, span) == RESULT_OK && span->ms <= 45 * SPAN_DAY.ms;
}

static bool
put_COUNT(struct text value, struct arena *arena, void *to)
{
	uint64_t *count = to;

	(void)arena;
	return text_u64(value, count) && *count >= 1;
}

static bool
put_THREADS(struct text value, struct arena *arena, void *to)
{
	return put_COUNT(value, arena, to) && *(uint64_t *)to <= DNS_WORKERS_MAX;
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

static bool
put_one_of(const char *const *words, size_t count, struct text value, const char **to)
{
	for (size_t i = 0; i < count; i++) {
		if (text_equal(value, text_of(words[i]))) {
			*to = words[i];
			return true;
		}
	}
	return false;
}

static bool
put_YES_NO(struct text value, struct arena *arena, void *to)
{
	(void)arena;
	*(bool *)to = text_equal(value, TEXT("yes"));
	return *(bool *)to || text_equal(value, TEXT("no"));
}

_Static_assert(DNS_LIMIT_MAX == 10000000, "the words of RATE say so");
static bool
put_RATE(struct text value, struct arena *arena, void *to)
{
	(void)arena;
	return text_u64(value, to) && *(uint64_t *)to <= DNS_LIMIT_MAX;
}

static bool
put_NETWORKS(struct text value, struct arena *arena, void *to)
{
	struct prefix network;

	return prefix_parse(value, &network, NULL) == RESULT_OK && add_text(value, arena, to);
}

static bool
put_KEY(struct text value, struct arena *arena, void *to)
{
	return dns_key_good(value) && put_TEXT(value, arena, to);
}

static bool
put_COOKIE_SECRETS(struct text value, struct arena *arena, void *to)
{
	uint8_t secret[DNS_COOKIE_SECRET_BYTES];

	return ((struct config_texts *)to)->count < DNS_COOKIE_SECRETS_MAX &&
	       dns_cookie_secret_parse(value, secret) && add_text(value, arena, to);
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
	return put_one_of(words, countof(words), value, to);
}

static bool
put_LEVEL(struct text value, struct arena *arena, void *to)
{
	static const char *const words[] = { "error", "warn", "info", "debug" };

	(void)arena;
	return put_one_of(words, countof(words), value, to);
}

static bool
put_CODE(struct text value, struct arena *arena, void *to)
{
	struct prefix code;

	return prefix_parse(value, &code, NULL) == RESULT_OK && code.family == 4 && code.bits == 32 &&
	       code.bytes[0] == 127 && put_TEXT(value, arena, to);
}

static bool
put_CODES(struct text value, struct arena *arena, void *to)
{
	struct blocklist_row row;

	return blocklist_row_parse(value, &row) == RESULT_OK && add_text(value, arena, to);
}

static bool
put_SECRET(struct text value, struct arena *arena, void *to)
{
	(void)arena;
	return hash_from_hex(value, to);
}

_Static_assert(CONFIG_TEXTS_MAX == 16, "the words of config_value_put say so");
static const struct {
	value_put *put;
	bool several;
	const char *wanted;
} types[] = {
#define CONFIG_TYPE(id, type, several, wanted) { put_##id, several, wanted },
#include "vouchd/config_types.def"
#undef CONFIG_TYPE
};

const char *
config_value_put(enum config_type type, struct text value, struct arena *arena, void *to)
{
	check(type < CONFIG_TYPE_COUNT);
	if (types[type].several && ((struct config_texts *)to)->count == CONFIG_TEXTS_MAX) {
		return "one of at most 16";
	}
	return types[type].put(value, arena, to) ? NULL : types[type].wanted;
}

bool
config_value_several(enum config_type type)
{
	check(type < CONFIG_TYPE_COUNT);
	return types[type].several;
}
