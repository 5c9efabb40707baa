/* Tables: cells are made first, so that the width of each column is known. */
#include "vouch/table.h"

#include <math.h>
#include <string.h>
#include <sys/ioctl.h>

#define LISTED_MAX 3
#define LAST_LEAST 20U /* bytes that are shown of the last column, however narrow the terminal */

/* C0, DEL, and C1 as UTF-8 writes it (C2 80..9F). */
static bool
is_control(const char *p, size_t at)
{
	unsigned char c = (unsigned char)p[at];

	return c < 0x20 || c == 0x7f || (c >= 0x80 && c < 0xa0 && at > 0 && (unsigned char)p[at - 1] == 0xc2);
}

static char *
clean(struct arena *arena, struct text t)
{
	char *copy = text_copy(arena, t);

	for (size_t i = 0; i < t.n; i++) {
		if (is_control(t.p, i)) {
			copy[i] = '?';
			if (i > 0 && (unsigned char)t.p[i] >= 0x80) {
				copy[i - 1] = '?';
			}
		}
	}
	return copy;
}

static const char *
join(struct arena *arena, const json_t *array)
{
	const char *all = "";
	size_t n = json_array_size(array);

	for (size_t i = 0; i < n && i < LISTED_MAX; i++) {
		all = arena_format(arena, "%s%s%s", all, i == 0 ? "" : ", ",
				   table_cell(arena, json_array_get(array, i)));
	}
	if (n > LISTED_MAX) {
		all = arena_format(arena, "%s +%zu", all, n - LISTED_MAX);
	}
	return n == 0 ? "-" : all;
}

const char *
table_cell(struct arena *arena, const json_t *value)
{
	switch (value == NULL ? JSON_NULL : json_typeof(value)) {
	case JSON_STRING:
		return json_string_length(value) == 0
			   ? "-"
			   : clean(arena,
				   (struct text){ json_string_value(value), json_string_length(value) });
	case JSON_INTEGER:
		return arena_format(arena, "%" JSON_INTEGER_FORMAT, json_integer_value(value));
	case JSON_REAL:
		return arena_format(arena, fabs(json_real_value(value)) < 1000 ? "%.4g" : "%.0f",
				    json_real_value(value));
	case JSON_TRUE:
		return "yes";
	case JSON_FALSE:
		return "no";
	case JSON_ARRAY:
		return join(arena, value);
	case JSON_OBJECT:
	case JSON_NULL:
		break;
	}
	return "-";
}

static void
print_cell(FILE *out, const char *cell, size_t width, bool right, bool last)
{
	size_t n = strlen(cell);
	int pad = n < width ? (int)(width - n) : 0;

	if (right) {
		(void)fprintf(out, "%*s%s", pad, "", cell);
	} else {
		(void)fprintf(out, "%s%*s", cell, last ? 0 : pad, "");
	}
	(void)fputs(last ? "\n" : "  ", out);
}

/* How much of the last column is shown: on a terminal what makes no second line of it. */
static size_t
last_width(FILE *out, const size_t *widths, size_t count)
{
	struct winsize terminal;
	size_t before = 0;

	if (ioctl(fileno(out), TIOCGWINSZ, &terminal) != 0 || terminal.ws_col == 0) {
		return SIZE_MAX;
	}
	for (size_t c = 0; c + 1 < count; c++) {
		before += widths[c] + 2;
	}
	return terminal.ws_col > before + LAST_LEAST ? terminal.ws_col - before : LAST_LEAST;
}

/* Cut between characters of UTF-8, with "..." where something is left out. */
static const char *
cut(struct arena *arena, const char *cell, size_t most)
{
	size_t n = most - 3;

	if (strlen(cell) <= most) {
		return cell;
	}
	while (n > 0 && ((unsigned char)cell[n] & 0xc0) == 0x80) {
		n--;
	}
	return arena_format(arena, "%.*s...", (int)n, cell);
}

void
table_print(FILE *out, const json_t *array, const struct table_column *columns, size_t count, bool colour)
{
	struct arena arena = { 0 };
	size_t rows = json_array_size(array);
	const char **cells = arena_get_array(&arena, rows * count + 1, sizeof *cells);
	size_t *widths = arena_get_array(&arena, count, sizeof *widths);
	bool *right = arena_get_array(&arena, count, sizeof *right);
	size_t last;

	for (size_t c = 0; c < count; c++) {
		widths[c] = strlen(columns[c].title);
		for (size_t i = 0; i < rows; i++) {
			const json_t *value = json_object_get(json_array_get(array, i), columns[c].member);
			const char *cell = table_cell(&arena, value);

			cells[i * count + c] = cell;
			widths[c] = strlen(cell) > widths[c] ? strlen(cell) : widths[c];
			right[c] = right[c] || json_is_number(value);
		}
	}
	last = last_width(out, widths, count);
	if (rows > 0) {
		(void)fputs(colour ? "\033[1m" : "", out);
		for (size_t c = 0; c < count; c++) {
			print_cell(out, columns[c].title, widths[c], right[c], c + 1 == count);
		}
		(void)fputs(colour ? "\033[0m" : "", out);
	}
	for (size_t i = 0; i < rows * count; i++) {
		bool is_last = (i + 1) % count == 0;

		print_cell(out, is_last ? cut(&arena, cells[i], last) : cells[i], widths[i % count],
			   right[i % count], is_last);
	}
	arena_clear(&arena);
}

void
table_line(FILE *out, struct text line)
{
	struct arena arena = { 0 };

	(void)fprintf(out, "%s\n", clean(&arena, line));
	arena_clear(&arena);
}
