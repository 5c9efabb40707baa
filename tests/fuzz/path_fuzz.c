/* "METHOD path" as anybody may send it: a route with the text that stands in it, or a refusal; what is decoded is whole UTF-8. */
#include "serve/http_int.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Each byte written as %XX reads back as itself. */
static void
decoded_reads_back(struct arena *arena, struct text decoded)
{
	struct text escaped, again;
	struct buffer b;

	buffer_init(&b, 3 * decoded.n);
	for (size_t i = 0; i < decoded.n; i++) {
		buffer_format(&b, "%%%02X", (unsigned char)decoded.p[i]);
	}
	escaped = buffer_text(&b);
	check(http_decode(arena, escaped, &again) == RESULT_OK && text_equal(again, decoded));
	buffer_free(&b);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct text path = { size == 0 ? "" : (const char *)data, size }, method, decoded;
	struct arena arena = { 0 };
	struct http_found found;
	int status;

	(void)text_cut(&path, ' ', &method);
	status = http_route_find(method, path, &found);
	check(status == 200 || status == 404 || status == 405);
	check((status == 200) == (found.route < HTTP_ROUTE_COUNT) &&
	      (status == 405) == (found.allow != NULL));
	if (status == 200) {
		check(http_route_right(found.route) <= HTTP_RIGHT_OPERATOR);
		check(memchr(found.key.p, '/', found.key.n) == NULL);
		path = found.key;
	}
	if (http_decode(&arena, path, &decoded) == RESULT_OK) {
		check(memchr(decoded.p, '\0', decoded.n) == NULL);
		decoded_reads_back(&arena, decoded);
	}
	arena_clear(&arena);
	return 0;
}
