/* Texts in other charsets. Only those that mail uses: the name comes from a stranger, and iconv loads a module for it. */
#include "intake/content_int.h"

#include <iconv.h>
#include <stdio.h>
#include <string.h>

static const struct text charsets[] = {
#define CHARSET(name) { name, sizeof(name) - 1 },
#include "intake/charsets.def"
#undef CHARSET
};

/* Bytes that are none in this charset become '?', and reading goes on. */
static size_t
convert(iconv_t from, struct text bytes, char *out, size_t size)
{
	char *in = (char *)bytes.p, *at = out;
	size_t left = bytes.n, room = size;

	while (left > 0 && iconv(from, &in, &left, &at, &room) == (size_t)-1 && left > 0 && room > 0) {
		*at++ = '?';
		room--;
		in++;
		left--;
	}
	return size - room;
}

struct text
charset_text(struct text bytes, struct text charset, struct arena *arena)
{
	for (size_t i = 0; i < countof(charsets) && bytes.n > 0; i++) {
		if (text_equal_nocase(charset, charsets[i])) {
			iconv_t from = iconv_open("UTF-8", charsets[i].p);
			size_t size = 3 * bytes.n;
			char *out;

			if (from == (iconv_t)-1) {
				break;
			}
			out = arena_get(arena, size);
			size = convert(from, bytes, out, size);
			(void)iconv_close(from);
			return (struct text){ out, size };
		}
	}
	return bytes;
}
