/* test_file.h - a file of the tests' data, whole. */
#ifndef TEST_FILE_H
#define TEST_FILE_H

#include "base/arena.h"
#include "base/text.h"

#include <stdio.h>

/* Its bytes, in the arena; { NULL, 0 } when it cannot be read. */
static inline struct text
test_file(struct arena *arena, const char *path)
{
	FILE *f = fopen(path, "rb");
	struct text out = { NULL, 0 };
	long n;

	if (f == NULL) {
		return out;
	}
	if (fseek(f, 0, SEEK_END) == 0 && (n = ftell(f)) >= 0) {
		char *bytes = arena_get(arena, (size_t)n + 1);

		rewind(f);
		if (fread(bytes, 1, (size_t)n, f) == (size_t)n) {
			out = (struct text){ bytes, (size_t)n };
		}
	}
	(void)fclose(f);
	return out;
}

#endif
