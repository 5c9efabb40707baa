/* options/value.c - the shared types of values: one function per row of types.def, which says no or puts the value. */
#include "options/options.h"

#include "base/socket.h"

#include <string.h>

bool
options_put_TEXT(struct text value, struct arena *arena, void *to)
{
	*(const char **)to = text_copy(arena, value);
	return value.n == 0 || memchr(value.p, '\0', value.n) == NULL;
}

bool
options_put_PATH(struct text value, struct arena *arena, void *to)
{
	return value.n > 0 && options_put_TEXT(value, arena, to);
}

bool
options_add_text(struct text value, struct arena *arena, struct options_texts *to)
{
	return options_put_TEXT(value, arena, &to->items[to->count++]);
}

bool
options_put_ADDRESSES(struct text value, struct arena *arena, void *to)
{
	struct sockaddr_storage address;
	socklen_t n;

	return socket_address(text_copy(arena, value), &address, &n, NULL) == RESULT_OK &&
	       options_add_text(value, arena, to);
}

bool
options_put_NETWORKS(struct text value, struct arena *arena, void *to)
{
	struct options_networks *networks = to;

	(void)arena;
	return prefix_parse(value, &networks->items[networks->count++], NULL) == RESULT_OK;
}

bool
options_put_COUNT(struct text value, struct arena *arena, void *to)
{
	uint64_t *count = to;

	(void)arena;
	return text_u64(value, count) && *count >= 1;
}

bool
options_put_YES_NO(struct text value, struct arena *arena, void *to)
{
	(void)arena;
	*(bool *)to = text_equal(value, TEXT("yes"));
	return *(bool *)to || text_equal(value, TEXT("no"));
}

bool
options_put_LEVEL(struct text value, struct arena *arena, void *to)
{
	(void)arena;
	return log_level_parse(value, to);
}

bool
options_put_span(struct text value, int64_t from_ms, int64_t to_ms, struct span *to)
{
	return span_parse(value, to) == RESULT_OK && to->ms >= from_ms && to->ms <= to_ms;
}

bool
options_put_one_of(struct text value, const char *const *words, size_t count, const char **to)
{
	for (size_t i = 0; i < count; i++) {
		if (text_equal(value, text_of(words[i]))) {
			*to = words[i];
			return true;
		}
	}
	return false;
}
