/*
 * JSON lines: one object per line with time, source, signal, count, reporter and attributes.
 *
 * "source" is a string or an array of strings; "attributes" an object of strings, numbers and booleans. A member of another
 * name is a fault: it is a misspelling more often than not, and a misspelt "count" would count as 1.
 */
#include "intake/intake_int.h"

#include <jansson.h>
#include <string.h>

struct member {
	const char *name;
	/* Puts the value into the row; what is wrong with it, or NULL. */
	const char *(*take)(struct arena *arena, const json_t *value, struct intake_row *row);
};

static struct text
copy_string(struct arena *arena, const json_t *value)
{
	size_t n = json_string_length(value);

	return (struct text){ arena_copy(arena, json_string_value(value), n), n };
}

/* A number or boolean as text; NULL text when it is neither. Whole numbers only: they read the same everywhere. */
static struct text
scalar_text(struct arena *arena, const json_t *value)
{
	if (json_is_string(value)) {
		return copy_string(arena, value);
	}
	if (json_is_integer(value)) {
		return text_of(arena_format(arena, "%" JSON_INTEGER_FORMAT, json_integer_value(value)));
	}
	if (json_is_boolean(value)) {
		return text_of(json_is_true(value) ? "true" : "false");
	}
	return (struct text){ 0 };
}

static const char *
take_time(struct arena *arena, const json_t *value, struct intake_row *row)
{
	row->time = scalar_text(arena, value);
	return json_is_string(value) || json_is_integer(value) ? NULL
							       : "is neither a string nor a whole number";
}

static const char *
take_source(struct arena *arena, const json_t *value, struct intake_row *row)
{
	char *joined;
	size_t n = 0;

	if (json_is_string(value)) {
		row->source = copy_string(arena, value);
		return NULL;
	}
	if (!json_is_array(value) || json_array_size(value) > OBSERVATION_KEYS_MAX) {
		return "is neither a string nor a short array of strings";
	}
	for (size_t i = 0; i < json_array_size(value); i++) {
		if (!json_is_string(json_array_get(value, i))) {
			return "holds something else than strings";
		}
		n += json_string_length(json_array_get(value, i)) + 1;
	}
	joined = arena_get(arena, n + 1);
	for (size_t i = 0; i < json_array_size(value); i++) {
		const json_t *one = json_array_get(value, i);

		memcpy(joined + row->source.n, json_string_value(one), json_string_length(one));
		row->source.n += json_string_length(one) + 1;
		joined[row->source.n - 1] = ' ';
	}
	row->source.p = joined;
	return NULL;
}

static const char *
take_signal(struct arena *arena, const json_t *value, struct intake_row *row)
{
	row->signal = json_is_string(value) ? copy_string(arena, value) : row->signal;
	return json_is_string(value) ? NULL : "is not a string";
}

static const char *
take_count(struct arena *arena, const json_t *value, struct intake_row *row)
{
	row->count = scalar_text(arena, value);
	return json_is_integer(value) ? NULL : "is not a whole number";
}

static const char *
take_reporter(struct arena *arena, const json_t *value, struct intake_row *row)
{
	row->reporter = json_is_string(value) ? copy_string(arena, value) : row->reporter;
	return json_is_string(value) ? NULL : "is not a string";
}

static const char *
take_attributes(struct arena *arena, const json_t *value, struct intake_row *row)
{
	struct attribute *attributes;
	const char *name;
	json_t *one;

	if (!json_is_object(value) || json_object_size(value) > ATTRIBUTES_MAX) {
		return "is not an object with a few members";
	}
	attributes = arena_get_array(arena, json_object_size(value), sizeof *attributes);
	row->attributes = attributes;
	json_object_foreach((json_t *)value, name, one)
	{
		struct attribute *a = &attributes[row->attribute_count++];
		struct text given = text_of(name);

		*a = (struct attribute){ .value = scalar_text(arena, one) };
		if (!text_is_name(given)) {
			return "has a name that is not made of letters, digits, '-', '_' and '.'";
		}
		if (a->value.p == NULL) {
			return "holds something else than strings, whole numbers and booleans";
		}
		a->name = (struct text){ text_copy(arena, given), given.n };
	}
	return NULL;
}

static const struct member members[] = {
	{ "time", take_time },   { "source", take_source },     { "signal", take_signal },
	{ "count", take_count }, { "reporter", take_reporter }, { "attributes", take_attributes },
};

/* Reads the members of one line; false: a fault was added. */
static bool
read_members(struct intake_reading *d, json_t *object, struct intake_row *row)
{
	const char *name;
	json_t *value;

	json_object_foreach(object, name, value)
	{
		const char *wrong = "is none of time, source, signal, count, reporter, attributes";

		for (size_t i = 0; i < countof(members); i++) {
			if (strcmp(name, members[i].name) == 0) {
				wrong = members[i].take(d->arena, value, row);
			}
		}
		if (wrong != NULL) {
			struct text field = { text_copy(d->arena, text_of(name)), strlen(name) };

			intake_fault(d, row->line, field, row->bytes, "%s", wrong);
			return false;
		}
	}
	return true;
}

static void
read_line(struct intake_reading *d, struct intake_row *row)
{
	json_error_t error;
	json_t *object;

	if (row->bytes.n > LINE_BYTES_MAX) {
		intake_fault(d, row->line, (struct text){ 0 }, row->bytes, "longer than %d bytes",
			     LINE_BYTES_MAX);
		return;
	}
	object = json_loadb(row->bytes.p, row->bytes.n, JSON_REJECT_DUPLICATES, &error);
	if (object == NULL) {
		intake_fault(d, row->line, (struct text){ 0 }, row->bytes, "no JSON: %s", error.text);
	} else if (!json_is_object(object)) {
		intake_fault(d, row->line, (struct text){ 0 }, row->bytes, "not a JSON object");
	} else if (read_members(d, object, row)) {
		intake_row_add(d, row);
	}
	json_decref(object);
}

enum result
intake_jsonl_read(struct intake_reading *d)
{
	uint64_t line = d->hint->first_line == 0 ? 1 : d->hint->first_line;
	struct text rest = d->raw;

	intake_rows_open(d, intake_lines(rest));
	for (; rest.n > 0; line++) {
		struct intake_row row = { .line = line };
		struct text all = rest;

		(void)text_cut(&rest, '\n', &row.bytes);
		row.bytes = intake_without_marks(row.bytes);
		if (text_trim(row.bytes).n == 0) {
			continue;
		}
		if (intake_full(d) || d->count == d->max) {
			intake_fault_rest(d, line, all);
			break;
		}
		read_line(d, &row);
	}
	intake_rows_close(d);
	return RESULT_OK;
}
