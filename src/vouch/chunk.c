/* What a file is and where it may be cut. */
#include "vouch/chunk.h"

#include <string.h>

static const struct {
	const char *ending;
	const char *format;
} endings[] = {
	{ ".csv", "csv" },   { ".jsonl", "jsonl" }, { ".ndjson", "jsonl" },
	{ ".json", "auto" }, { ".eml", "auto" },    { ".arf", "auto" },
};

struct text
chunk_header(struct text bytes)
{
	struct text line = { "", 0 };

	if (text_starts_nocase(bytes, TEXT("\xef\xbb\xbf"))) {
		bytes = (struct text){ bytes.p + 3, bytes.n - 3 };
	}
	while (line.n == 0 && bytes.n > 0) {
		(void)text_cut(&bytes, '\n', &line);
		line = text_trim(line);
	}
	return line;
}

/* A CSV header row has commas and the columns that intake asks for; a mail header has its colon first. */
static bool
looks_like_csv(struct text line)
{
	struct text cell;
	unsigned known = 0;
	bool more = true;

	while (more) {
		more = text_cut(&line, ',', &cell);
		cell = text_trim(cell);
		if (cell.n > 1 && cell.p[0] == '"' && cell.p[cell.n - 1] == '"') {
			cell = (struct text){ cell.p + 1, cell.n - 2 };
		}
		known += text_equal_nocase(cell, TEXT("time")) || text_equal_nocase(cell, TEXT("source")) ||
			 text_equal_nocase(cell, TEXT("signal"));
	}
	return known >= 2;
}

const char *
chunk_format(const char *name, struct text start)
{
	struct text line = chunk_header(start), whole = text_of(name);

	for (size_t i = 0; i < countof(endings); i++) {
		struct text ending = text_of(endings[i].ending);

		/* Other people's tables and JSON end so too. */
		if (line.n > 0 && strcmp(endings[i].format, "csv") == 0 && !looks_like_csv(line)) {
			continue;
		}
		if (whole.n > ending.n &&
		    text_equal_nocase((struct text){ whole.p + whole.n - ending.n, ending.n }, ending)) {
			return endings[i].format;
		}
	}
	if (line.n > 0 && line.p[0] == '{' && memmem(line.p, line.n, "\"signal\"", 8) != NULL) {
		return "jsonl";
	}
	return looks_like_csv(line) ? "csv" : "auto";
}

size_t
chunk_cut(struct text bytes, bool csv, bool last)
{
	const char *end = bytes.n == 0 ? NULL : memrchr(bytes.p, '\n', bytes.n);
	bool open = false;
	size_t whole = 0;

	if (last || end == NULL) {
		return bytes.n;
	}
	if (!csv || memchr(bytes.p, '"', bytes.n) == NULL) {
		return (size_t)(end - bytes.p) + 1;
	}
	for (size_t i = 0; i < bytes.n; i++) {
		open ^= bytes.p[i] == '"';
		if (bytes.p[i] == '\n' && !open) {
			whole = i + 1;
		}
	}
	return whole > 0 ? whole : (size_t)(end - bytes.p) + 1;
}

uint64_t
chunk_lines(struct text bytes)
{
	uint64_t lines = 0;

	for (const char *p = bytes.p;
	     bytes.n > 0 && (p = memchr(p, '\n', bytes.n - (size_t)(p - bytes.p))) != NULL; p++) {
		lines++;
	}
	return lines;
}
