/*
 * vouch/table.h - answers of the daemon as tables and lines for people.
 *
 * What is printed may quote what a stranger sent: control characters become '?', so that nothing reaches the terminal as a
 * command. Columns are as wide as their widest cell, counted in bytes; on a terminal the last one is cut at its edge.
 */
#ifndef VOUCH_TABLE_H
#define VOUCH_TABLE_H

#include "base/text.h"

#include <jansson.h>
#include <stdio.h>

struct table_column {
	const char *member; /* of each JSON object */
	const char *title;
};

/* One cell: texts as they are, numbers in digits, null as "-", arrays as "a, b, c +7". Texts live in the arena. */
const char *table_cell(struct arena *arena, const json_t *value);

/* Prints an array of objects; nothing for an empty one. Numbers stand at the right of their column. */
void table_print(FILE *out, const json_t *array, const struct table_column *columns, size_t count,
		 bool colour);

/* One line without control characters, and a line end. */
void table_line(FILE *out, struct text line);

#endif
