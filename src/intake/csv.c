/*
 * CSV (RFC 4180; also with ';' or tabs between) with a header row: time, source, signal, count, reporter; any other column is an attribute.
 *
 * A row without quotes is found by two memchr and cut at its commas; only rows with quotes are read byte by byte. A quote that is never
 * closed ends after LINE_BYTES_MAX and costs one row: reading goes on with the next line.
 */
#include "intake/intake_int.h"

#include <string.h>

#define COLUMNS_MAX (5 + ATTRIBUTES_MAX)
#define ATTRIBUTE   (-1)

enum column { TIME, SOURCE, SIGNAL, COUNT, REPORTER, KNOWN_COUNT };

static const struct text known[KNOWN_COUNT] = {
	[TIME] = { "time", 4 },   [SOURCE] = { "source", 6 },     [SIGNAL] = { "signal", 6 },
	[COUNT] = { "count", 5 }, [REPORTER] = { "reporter", 8 },
};

struct cells {
	struct text cell[COLUMNS_MAX];
	size_t count; /* may be COLUMNS_MAX + 1: too many, the rest was not kept */
};

struct csv {
	struct intake_reading *d;
	struct text rest; /* not read yet */
	uint64_t line;    /* number of its first line */
	char separator;
	size_t columns;
	struct text names[COLUMNS_MAX];
	int meaning[COLUMNS_MAX]; /* enum column, or ATTRIBUTE */
	uint32_t attribute_columns;
};

static void
put_cell(struct cells *cells, struct text cell)
{
	if (cells->count < COLUMNS_MAX) {
		cells->cell[cells->count] = cell;
	}
	cells->count += cells->count <= COLUMNS_MAX;
}

/* The cells of a row without quotes, in one pass. */
static void
cut_cells(struct text row, char separator, struct cells *cells)
{
	const char *start = row.p, *end = row.p + row.n;

	cells->count = 0;
	for (const char *at = start; at < end; at++) {
		if (*at == separator) {
			put_cell(cells, text_trim((struct text){ start, (size_t)(at - start) }));
			start = at + 1;
		}
	}
	put_cell(cells, text_trim((struct text){ start, (size_t)(end - start) }));
}

/* As cut_cells, for a row that has quotes. What is wrong, or NULL. */
static const char *
cut_quoted_cells(struct arena *arena, struct text row, char separator, struct cells *cells)
{
	struct text cell;
	bool more = true;

	cells->count = 0;
	while (more) {
		size_t n = 0;

		while (n < row.n && row.p[n] != separator && (row.p[n] == ' ' || row.p[n] == '\t')) {
			n++;
		}
		if (n == row.n || row.p[n] != '"') {
			more = text_cut(&row, separator, &cell);
			if (memchr(cell.p, '"', cell.n) != NULL) {
				return "a quote inside a value that does not start with one";
			}
			put_cell(cells, text_trim(cell));
			continue;
		}
		row = (struct text){ row.p + n, row.n - n };
		put_cell(cells, intake_unquote(intake_take_quoted(&row), arena));
		more = text_cut(&row, separator, &cell);
		if (text_trim(cell).n > 0) {
			return "something stands behind a closing quote";
		}
	}
	return NULL;
}

/* Reads what the columns mean. Errors: RESULT_BAD_INPUT, with a fault. */
static enum result
read_header(struct csv *c, struct text row, uint64_t line)
{
	struct cells cells;
	const char *wrong = cut_quoted_cells(c->d->arena, row, c->separator, &cells);
	unsigned seen = 0;

	if (wrong == NULL && cells.count > COLUMNS_MAX) {
		wrong = "too many columns";
	}
	c->columns = wrong == NULL ? cells.count : 0;
	for (size_t i = 0; i < c->columns && wrong == NULL; i++) {
		c->names[i] = cells.cell[i];
		c->meaning[i] = ATTRIBUTE;
		for (int k = 0; k < KNOWN_COUNT; k++) {
			if (text_equal_nocase(cells.cell[i], known[k])) {
				c->meaning[i] = k;
				seen |= 1U << k;
			}
		}
		c->attribute_columns += c->meaning[i] == ATTRIBUTE;
		for (size_t before = 0; before < i; before++) {
			if (text_equal_nocase(c->names[before], c->names[i])) {
				wrong = "two columns have one name";
			}
		}
		if (!text_is_name(c->names[i])) {
			wrong = "a column name is not made of letters, digits, '-', '_' and '.'";
		}
	}
	for (int k = TIME; k <= SIGNAL && wrong == NULL; k++) {
		if ((seen & 1U << k) == 0) {
			wrong = arena_format(c->d->arena,
					     "no column '%s'; a header row names time, source and signal",
					     known[k].p);
		}
	}
	if (wrong == NULL && c->attribute_columns > ATTRIBUTES_MAX) {
		wrong = "too many columns beside time, source, signal, count and reporter";
	}
	if (wrong != NULL) {
		intake_fault(c->d, line, TEXT("header row"), row, "%s", wrong);
		return RESULT_BAD_INPUT;
	}
	return RESULT_OK;
}

static void
read_cells(struct csv *c, struct intake_row *row, const struct cells *cells)
{
	struct text values[KNOWN_COUNT] = { 0 };
	struct attribute *attributes = NULL;

	if (c->attribute_columns > 0) {
		attributes = arena_get_array(c->d->arena, c->attribute_columns, sizeof *attributes);
	}
	for (size_t i = 0; i < c->columns; i++) {
		if (c->meaning[i] != ATTRIBUTE) {
			values[c->meaning[i]] = cells->cell[i];
		} else if (cells->cell[i].n > 0) {
			attributes[row->attribute_count++] =
			    (struct attribute){ .name = c->names[i], .value = cells->cell[i] };
		}
	}
	row->time = values[TIME];
	row->source = values[SOURCE];
	row->signal = values[SIGNAL];
	row->count = values[COUNT];
	row->reporter = values[REPORTER];
	row->attributes = attributes;
	intake_row_add(c->d, row);
}

/* Reads one row of data. False: the document has said as much as is read of one. */
static bool
read_row(struct csv *c)
{
	struct text rest = c->rest;
	struct intake_row row = { .line = c->line };
	struct cells cells;
	const char *wrong;
	uint64_t lines;
	bool quoted;

	row.bytes = intake_take_row(&c->rest, &quoted, &wrong, &lines);
	c->line += lines;
	if (text_trim(row.bytes).n == 0) {
		return true;
	}
	if (intake_full(c->d) || c->d->count == c->d->max) {
		intake_fault_rest(c->d, row.line, rest);
		return false;
	}
	if (wrong == NULL && quoted) {
		wrong = cut_quoted_cells(c->d->arena, row.bytes, c->separator, &cells);
	} else if (wrong == NULL) {
		cut_cells(row.bytes, c->separator, &cells);
	}
	if (wrong == NULL && cells.count != c->columns) {
		intake_fault(c->d, row.line, (struct text){ 0 }, row.bytes,
			     "has %s%zu columns, the header row has %zu",
			     cells.count > COLUMNS_MAX ? "more than " : "",
			     cells.count > COLUMNS_MAX ? (size_t)COLUMNS_MAX : cells.count, c->columns);
	} else if (wrong != NULL) {
		intake_fault(c->d, row.line, (struct text){ 0 }, row.bytes, "%s", wrong);
	} else {
		read_cells(c, &row, &cells);
	}
	return true;
}

/* The header row is the first of the document, or the one of the hint; a chunk may have it again. */
static enum result
open_header(struct csv *c)
{
	struct text header = c->d->hint->header, first = TEXT(""), rest;
	uint64_t line = c->line, lines = 0;
	const char *wrong = NULL;
	bool quoted;

	rest = c->rest;
	while (text_trim(first).n == 0 && c->rest.n > 0) {
		line += lines;
		first = intake_take_row(&c->rest, &quoted, &wrong, &lines);
	}
	if (header.n > 0 && !text_equal(text_trim(first), text_trim(header))) {
		c->rest = rest;
	} else {
		header = first;
		c->line = line + lines;
	}
	if (wrong != NULL && header.p == first.p) {
		intake_fault(c->d, line, TEXT("header row"), header, "%s", wrong);
		return RESULT_BAD_INPUT;
	}
	c->separator = intake_separator(header);
	c->d->row_prefix = text_trim(header);
	return read_header(c, text_trim(header), line);
}

enum result
intake_csv_read(struct intake_reading *d)
{
	struct csv c = { .d = d,
			 .rest = intake_table_text(d->raw, d->arena),
			 .line = d->hint->first_line == 0 ? 1 : d->hint->first_line };
	enum result r = open_header(&c);

	if (r != RESULT_OK) {
		return r;
	}
	intake_rows_open(d, intake_lines(c.rest));
	while (c.rest.n > 0 && read_row(&c)) {
	}
	intake_rows_close(d);
	return RESULT_OK;
}
