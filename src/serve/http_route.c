/* Which route a path is, and what stands in it. Pure; walks routes.def, which is short. */
#include "serve/http_int.h"

#include <string.h>

struct route {
	const char *method;
	const char *path;
	enum http_right right;
};

static const struct route routes[HTTP_ROUTE_COUNT] = {
#define ROUTE(id, method, path, right, help) [HTTP_##id] = { method, path, HTTP_RIGHT_##right },
#include "serve/routes.def"
#undef ROUTE
};

/* One segment of the pattern at a time; "{...}" takes any segment that is not empty. */
static bool
path_matches(struct text pattern, struct text path, struct text *key)
{
	bool pattern_more = true, path_more = true;

	*key = (struct text){ "", 0 };
	while (pattern_more && path_more) {
		struct text wanted, got;

		pattern_more = text_cut(&pattern, '/', &wanted);
		path_more = text_cut(&path, '/', &got);
		if (wanted.n > 0 && wanted.p[0] == '{' && got.n > 0) {
			*key = got;
		} else if (!text_equal(wanted, got)) {
			return false;
		}
	}
	return pattern_more == path_more;
}

int
http_route_find(struct text method, struct text path, struct http_found *found)
{
	bool get = false, post = false;

	if (text_equal(method, TEXT("HEAD"))) {
		method = TEXT("GET");
	}
	*found = (struct http_found){ .route = HTTP_ROUTE_COUNT };
	for (size_t i = 0; i < HTTP_ROUTE_COUNT; i++) {
		struct text key;

		if (!path_matches(text_of(routes[i].path), path, &key)) {
			continue;
		}
		if (text_equal(text_of(routes[i].method), method)) {
			*found = (struct http_found){ .route = (enum http_route)i, .key = key };
			return 200;
		}
		get = get || routes[i].method[0] == 'G';
		post = post || routes[i].method[0] == 'P';
	}
	if (!get && !post) {
		return 404;
	}
	found->allow = !get ? "POST" : !post ? "GET, HEAD" : "GET, HEAD, POST";
	return 405;
}

enum http_right
http_route_right(enum http_route route)
{
	check(route < HTTP_ROUTE_COUNT);
	return routes[route].right;
}

static int
hex_digit(char c)
{
	const char *digits = "0123456789abcdef0123456789ABCDEF";
	const char *at = c == '\0' ? NULL : strchr(digits, c);

	return at == NULL ? -1 : (int)((at - digits) % 16);
}

static bool
is_utf8(struct text t)
{
	json_t *s = json_stringn(t.p, t.n); /* NULL for anything else */

	json_decref(s);
	return s != NULL;
}

enum result
http_decode(struct arena *arena, struct text raw, struct text *decoded)
{
	char *out = arena_get(arena, raw.n + 1);
	size_t n = 0;

	*decoded = (struct text){ "", 0 };
	for (size_t i = 0; i < raw.n; i++) {
		out[n] = raw.p[i];
		if (raw.p[i] == '%') {
			int high = raw.n - i > 2 ? hex_digit(raw.p[i + 1]) : -1;
			int low = high >= 0 ? hex_digit(raw.p[i + 2]) : -1;

			if (low < 0) {
				return RESULT_BAD_INPUT;
			}
			out[n] = (char)(high * 16 + low);
			i += 2;
		}
		n++;
	}
	if (memchr(out, '\0', n) != NULL || !is_utf8((struct text){ out, n })) {
		return RESULT_BAD_INPUT;
	}
	*decoded = (struct text){ out, n };
	return RESULT_OK;
}
