#include "common/nab_corpus.h"

#include "base/instant.h"
#include "base/result.h"

#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ROWS_MAX 100000U

/* "2014-04-01 00:00:00,20.0" */
static bool
read_row(char *line, struct nab_series *s)
{
	char *comma = strchr(line, ','), *end;
	struct instant at;

	if (comma == NULL) {
		return false;
	}
	*comma = '\0';
	if (instant_parse(text_of(line), &at) != RESULT_OK) {
		return false;
	}
	s->at_ms[s->rows] = at.ms;
	s->value[s->rows] = strtod(comma + 1, &end);
	if (end == comma + 1 || !isfinite(s->value[s->rows])) {
		return false;
	}
	s->rows++;
	return true;
}

static bool
read_rows(const char *dir, struct nab_series *s)
{
	char path[4096], line[256];
	FILE *file;
	bool good = true;

	(void)snprintf(path, sizeof(path), "%s/data/%s", dir, s->name);
	file = fopen(path, "r");
	if (file == NULL) {
		perror(path);
		return false;
	}
	s->at_ms = calloc(ROWS_MAX, sizeof(*s->at_ms));
	s->value = calloc(ROWS_MAX, sizeof(*s->value));
	check(s->at_ms != NULL && s->value != NULL);
	good = fgets(line, sizeof(line), file) != NULL; /* the names of the columns */
	while (good && s->rows < ROWS_MAX && fgets(line, sizeof(line), file) != NULL) {
		good = read_row(line, s);
	}
	(void)fclose(file);
	if (!good) {
		(void)fprintf(stderr, "%s:%zu: not \"time,value\"\n", path, s->rows + 2);
	}
	return good;
}

static bool
find_row(const struct nab_series *s, const char *time, size_t *row)
{
	struct instant at;

	if (time == NULL || instant_parse(text_of(time), &at) != RESULT_OK) {
		return false;
	}
	for (*row = 0; *row < s->rows; (*row)++) {
		if (s->at_ms[*row] == at.ms) {
			return true;
		}
	}
	return false;
}

static bool
read_windows(const json_t *windows, struct nab_series *s)
{
	const json_t *window;
	size_t i;

	json_array_foreach(windows, i, window)
	{
		struct nab_window *w = &s->windows[i];

		if (i >= NAB_WINDOWS_MAX ||
		    !find_row(s, json_string_value(json_array_get(window, 0)), &w->first) ||
		    !find_row(s, json_string_value(json_array_get(window, 1)), &w->last) ||
		    w->last <= w->first) {
			(void)fprintf(stderr, "windows.json: %s, window %zu: not two times of its rows\n",
				      s->name, i + 1);
			return false;
		}
		s->window_count++;
	}
	return true;
}

bool
nab_corpus_read(const char *dir, struct nab_corpus *corpus)
{
	char path[4096];
	json_error_t error;
	json_t *all;
	const char *name;
	json_t *windows;
	bool good = true;

	(void)snprintf(path, sizeof(path), "%s/labels/combined_windows.json", dir);
	all = json_load_file(path, 0, &error);
	if (all == NULL) {
		(void)snprintf(path, sizeof(path), "%s/windows.json", dir);
		all = json_load_file(path, 0, &error);
	}
	if (all == NULL) {
		(void)fprintf(stderr, "%s: %s\n", path, error.text);
		return false;
	}
	*corpus = (struct nab_corpus){ 0 };
	json_object_foreach(all, name, windows)
	{
		struct nab_series *s = &corpus->series[corpus->count];

		if (corpus->count == NAB_SERIES_MAX) {
			(void)fprintf(stderr, "%s: more than %d series\n", path, NAB_SERIES_MAX);
			good = false;
			break;
		}
		(void)snprintf(s->name, sizeof(s->name), "%s", name);
		good = read_rows(dir, s) && read_windows(windows, s);
		if (!good) {
			break;
		}
		corpus->count++;
	}
	json_decref(all);
	return good && corpus->count > 0;
}
