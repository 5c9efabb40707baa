#include "base/result.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct {
	const char *name;
	const char *sentence;
	int http;
	int code;
} results[] = {
#define RESULT(id, name, http, code, sentence) { name, sentence, http, code },
#include "base/result.def"
#undef RESULT
};

const char *
result_name(enum result r)
{
	check(r < RESULT_COUNT);
	return results[r].name;
}

const char *
result_sentence(enum result r)
{
	check(r < RESULT_COUNT);
	return results[r].sentence;
}

int
result_http(enum result r)
{
	check(r < RESULT_COUNT);
	return results[r].http;
}

int
result_exit(enum result r)
{
	check(r < RESULT_COUNT);
	return results[r].code;
}

enum result
result_from_name(const char *name)
{
	for (enum result r = 0; r < RESULT_COUNT; r++) {
		if (strcmp(name, results[r].name) == 0) {
			return r;
		}
	}
	return RESULT_IO;
}

void
check_failed(const char *what, const char *file, int line)
{
	fprintf(stderr, "level=fatal event=check_failed where=%s:%d what=\"%s\"\n", file, line, what);
	abort();
}

enum result
fault_set(struct fault *f, enum result r, const char *format, ...)
{
	va_list args;

	if (f == NULL || f->text[0] != '\0') {
		return r;
	}
	va_start(args, format);
	(void)vsnprintf(f->text, sizeof f->text, format, args);
	va_end(args);
	return r;
}
