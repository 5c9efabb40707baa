/* JSON objects, however they stand in a document. */
#include "intake/objects_int.h"

#include <string.h>

#define SECONDS_MAX      7258118400.0 /* 2200 */
#define FAILED_DOCUMENTS 2U           /* how often the bytes of a document may be parsed in vain */

const json_t *
object_at(const json_t *object, const char *path)
{
	struct text rest = text_of(path), name;
	bool more = true;

	while (more && object != NULL) {
		char key[NAME_BYTES_MAX + 1];

		more = text_cut(&rest, '.', &name);
		check(name.n < sizeof key);
		memcpy(key, name.p, name.n);
		key[name.n] = '\0';
		object = json_object_get(object, key);
	}
	return object;
}

struct text
object_text(struct intake_reading *d, const json_t *object, const char *path)
{
	const json_t *value = object_at(object, path);

	if (json_is_string(value)) {
		size_t n = json_string_length(value);

		return (struct text){ arena_copy(d->arena, json_string_value(value), n), n };
	}
	if (json_is_integer(value)) {
		return text_of(arena_format(d->arena, "%" JSON_INTEGER_FORMAT, json_integer_value(value)));
	}
	if (json_is_real(value)) {
		return text_of(arena_format(d->arena, "%.6g", json_real_value(value)));
	}
	return json_is_boolean(value) ? text_of(json_is_true(value) ? "true" : "false")
				      : (struct text){ "", 0 };
}

bool
object_time(struct intake_reading *d, const json_t *object, const char *path, struct instant *at)
{
	const json_t *value = object_at(object, path);
	struct instant read;

	if (json_is_real(value) && json_real_value(value) > 0 && json_real_value(value) < SECONDS_MAX) {
		read.ms = (int64_t)(json_real_value(value) * 1000);
	} else if (instant_parse(object_text(d, object, path), &read) != RESULT_OK) {
		return false;
	}
	if (read.ms > d->latest.ms) {
		return false;
	}
	*at = read;
	return true;
}

struct walk {
	struct intake_reading *d;
	object_fn *take;
	uint64_t line;
	uint64_t elements; /* of arrays */
	uint64_t failed;   /* bytes that were parsed in vain */
	bool stopped;
};

static bool
has_room(const struct intake_reading *d)
{
	return !intake_full(d) && d->count + OBJECT_OBSERVATIONS <= d->max;
}

static void
take_object(struct walk *w, const json_t *object, struct text bytes)
{
	struct intake_reading *d = w->d;
	struct fault why = { { 0 } };
	uint32_t before = d->count, reporters = d->reporter_count;

	if (!json_is_object(object)) {
		intake_fault(d, w->line, (struct text){ 0 }, bytes, "not a JSON object");
	} else if (!w->take(d, object, &why)) {
		d->count = before; /* nothing of it counts, not even that there was a report */
		d->reporter_count = reporters;
		intake_fault(d, w->line, (struct text){ 0 }, bytes, "%s", why.text);
	}
}

/* An element of an array is set aside as it is written anew; an array in an array as one still, for alone it would be read. */
static void
take_element(struct walk *w, const json_t *element)
{
	char *dumped = json_dumps(element, JSON_COMPACT | JSON_ENCODE_ANY);
	bool is_array = json_is_array(element);
	struct text bytes = text_of(arena_format(w->d->arena, "%s%s%s", is_array ? "[" : "",
						 dumped == NULL ? "null" : dumped, is_array ? "]" : ""));

	free(dumped);
	take_object(w, element, bytes);
}

static void
take_value(struct walk *w, const json_t *value, struct text bytes, struct text rest)
{
	size_t i;
	json_t *element;

	if (!json_is_array(value)) {
		take_object(w, value, bytes);
		return;
	}
	json_array_foreach((json_t *)value, i, element)
	{
		if (!has_room(w->d)) {
			intake_fault_rest(w->d, w->line, rest);
			w->stopped = true;
			return;
		}
		w->elements++;
		take_element(w, element);
	}
}

static uint32_t
count_braces(struct text t)
{
	uint32_t n = 0;

	for (size_t i = 0; i < t.n && n < OBSERVATIONS_MAX; i++) {
		n += t.p[i] == '{' || t.p[i] == '@';
	}
	return n;
}

/* Blanks and commas between values, and the lines they stand for; byte order marks too. */
static void
skip_between(struct text *t, uint64_t *line)
{
	*t = intake_without_marks(*t);
	while (t->n > 0 && strchr(" \t\r\n,", t->p[0]) != NULL && t->p[0] != '\0') {
		*line += t->p[0] == '\n';
		*t = intake_without_marks((struct text){ t->p + 1, t->n - 1 });
	}
}

/*
 * What is no JSON is set aside up to the end of its line, and the parser begins anew behind it. How far it came in vain it may come again with
 * the next line, so it may do so with no more than a few documents' worth of bytes: then all the rest is set aside.
 */
static void
skip_bad(struct walk *w, struct text *text, const json_error_t *error)
{
	struct text rest = *text, line;

	w->failed += (uint64_t)error->position;
	w->stopped = w->failed > FAILED_DOCUMENTS * (uint64_t)w->d->raw.n;
	(void)text_cut(text, '\n', &line);
	intake_fault(w->d, w->line, (struct text){ 0 }, w->stopped ? rest : line, "no JSON: %s%s",
		     error->text, w->stopped ? "; the rest is set aside unread" : "");
	if (w->stopped) {
		w->d->faults[w->d->fault_count - 1].rows = intake_lines(rest);
	}
	w->line++;
}

enum result
objects_read(struct intake_reading *d, struct text text, object_fn *take)
{
	struct walk w = { .d = d, .take = take, .line = d->hint->first_line == 0 ? 1 : d->hint->first_line };
	uint64_t values = 0;

	intake_rows_open(d, (size_t)count_braces(text) + 2 * (size_t)OBJECT_OBSERVATIONS);
	for (skip_between(&text, &w.line); text.n > 0 && !w.stopped; skip_between(&text, &w.line)) {
		struct text value = text;
		json_error_t error;
		json_t *json;

		if (!has_room(d)) {
			intake_fault_rest(d, w.line, text);
			break;
		}
		json = json_loadb(text.p, text.n, JSON_DISABLE_EOF_CHECK | JSON_REJECT_DUPLICATES, &error);
		if (json == NULL) {
			skip_bad(&w, &text, &error);
			continue;
		}
		value.n = (size_t)error.position;
		text = (struct text){ text.p + value.n, text.n - value.n };
		take_value(&w, json, value, value);
		w.line += intake_lines(value) - (value.n > 0 && value.p[value.n - 1] != '\n');
		json_decref(json);
		values++;
	}
	if (values == 0 && d->fault_count == 0) {
		intake_fault(d, 0, (struct text){ 0 }, d->raw, "the document is empty");
	}
	/* A document of one object is that object. */
	if (values == 1 && w.elements == 0 && d->fault_count == 1 && d->reporter_count == 0) {
		return RESULT_BAD_INPUT;
	}
	return values == 0 ? RESULT_BAD_INPUT : RESULT_OK;
}
