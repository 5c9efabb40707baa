/* Tables as programs and spreadsheets save them: rows and cells (RFC 4180), with other separators, and in UTF-16. */
#include "intake/content_int.h"
#include "intake/intake_int.h"

#include <string.h>

bool
intake_is_wide(struct text t)
{
	if (t.n < 4) {
		return false;
	}
	return memcmp(t.p, "\xff\xfe", 2) == 0 || memcmp(t.p, "\xfe\xff", 2) == 0 ||
	       (t.p[0] > 0 && t.p[1] == 0 && t.p[2] > 0 && t.p[3] == 0) ||
	       (t.p[0] == 0 && t.p[1] > 0 && t.p[2] == 0 && t.p[3] > 0);
}

struct text
intake_narrow(struct text wide, struct arena *arena)
{
	bool has_mark = (unsigned char)wide.p[0] >= 0xfe;
	bool little = has_mark ? (unsigned char)wide.p[0] == 0xff : wide.p[1] == 0;

	wide = has_mark ? (struct text){ wide.p + 2, wide.n - 2 } : wide;
	wide.n -= wide.n % 2; /* cut in a character */
	return charset_text(wide, little ? TEXT("UTF-16LE") : TEXT("UTF-16BE"), arena);
}

/* Byte order marks stand in front of a file, and of each that was put behind another. */
struct text
intake_without_marks(struct text t)
{
	while (text_starts_nocase(t, TEXT("\xef\xbb\xbf"))) {
		t = (struct text){ t.p + 3, t.n - 3 };
	}
	return t;
}

struct text
intake_table_text(struct text raw, struct arena *arena)
{
	char *copy;

	raw = intake_without_marks(raw);
	if (raw.n == 0 || memchr(raw.p, '\n', raw.n) != NULL || memchr(raw.p, '\r', raw.n) == NULL) {
		return raw;
	}
	copy = arena_copy(arena, raw.p, raw.n);
	for (size_t i = 0; i < raw.n; i++) {
		copy[i] = copy[i] == '\r' ? '\n' : copy[i];
	}
	return (struct text){ copy, raw.n };
}

char
intake_separator(struct text line)
{
	size_t commas = 0, semicolons = 0, tabs = 0;
	bool open = false;

	for (size_t i = 0; i < line.n; i++) {
		open ^= line.p[i] == '"';
		commas += !open && line.p[i] == ',';
		semicolons += !open && line.p[i] == ';';
		tabs += !open && line.p[i] == '\t';
	}
	if (semicolons > commas && semicolons >= tabs) {
		return ';';
	}
	return tabs > commas ? '\t' : ',';
}

struct text
intake_take_row(struct text *rest, bool *quoted, const char **wrong, uint64_t *lines)
{
	const char *p = rest->p, *end = memchr(p, '\n', rest->n);
	size_t line = end == NULL ? rest->n : (size_t)(end - p), n = line;
	bool open = false;

	*lines = 1;
	*wrong = NULL;
	*quoted = memchr(p, '"', line) != NULL;
	if (*quoted) {
		for (n = 0; n < rest->n && n <= LINE_BYTES_MAX && (open || p[n] != '\n'); n++) {
			open ^= p[n] == '"';
			*lines += p[n] == '\n';
		}
	}
	if (open || n > LINE_BYTES_MAX) {
		*wrong = open ? "a quote is not closed" : "the row is too long";
		*lines = 1;
		n = line;
	}
	rest->p += n + (n < rest->n);
	rest->n -= n + (n < rest->n);
	return intake_without_marks((struct text){ p, n });
}

struct text
intake_unquote(struct text t, struct arena *arena)
{
	char *copy;
	size_t n = 0;

	if (t.n == 0 || memchr(t.p, '"', t.n) == NULL) {
		return t;
	}
	copy = arena_get(arena, t.n);
	for (size_t i = 0; i < t.n; i++) {
		copy[n++] = t.p[i];
		i += t.p[i] == '"';
	}
	return (struct text){ copy, n };
}

struct text
intake_take_quoted(struct text *row)
{
	struct text t = { row->p + 1, row->n - 1 };
	size_t n = 0, behind;

	while (n < t.n && (t.p[n] != '"' || (n + 1 < t.n && t.p[n + 1] == '"'))) {
		n += t.p[n] == '"' ? 2 : 1;
	}
	n = n < t.n ? n : t.n;
	behind = n + (n < t.n);
	*row = (struct text){ t.p + behind, t.n - behind };
	return (struct text){ t.p, n };
}

struct text
intake_cell(struct text *row, char separator, struct arena *arena)
{
	struct text cell, behind;

	if (row->n > 0 && row->p[0] == '"') {
		cell = intake_take_quoted(row);
		(void)text_cut(row, separator, &behind);
		return text_trim(intake_unquote(cell, arena));
	}
	(void)text_cut(row, separator, &cell);
	return text_trim(cell);
}
