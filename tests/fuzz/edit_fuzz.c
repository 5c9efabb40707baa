/*
 * Lines "op thing id key=value ..." as changes of the programme, one after another: refused with words, or folded. A change
 * that is planned and cannot be folded would stop the daemon for good. What is written reads back as it is.
 */
#include "registry_take.h"

#include <string.h>

#define LINES_MAX    64
#define SETTINGS_MAX 8

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* False: the line is no change at all. */
static bool
read_edit(struct text line, struct registry_edit *e, struct registry_setting settings[SETTINGS_MAX])
{
	static const char ops[] = "+~-";
	struct text op, thing, word;
	const char *at;

	*e = (struct registry_edit){ .settings = settings };
	(void)text_cut(&line, ' ', &op);
	(void)text_cut(&line, ' ', &thing);
	(void)text_cut(&line, ' ', &e->name);
	at = op.n == 1 ? memchr(ops, op.p[0], 3) : NULL;
	if (at == NULL || !registry_thing_parse(thing, &e->thing)) {
		return false;
	}
	e->op = (enum registry_op)(at - ops);
	while (line.n > 0 && e->setting_count < SETTINGS_MAX) {
		struct registry_setting *s = &settings[e->setting_count++];

		(void)text_cut(&line, ' ', &word);
		s->value = word;
		(void)text_cut(&s->value, '=', &s->key);
	}
	return true;
}

static bool
is_text(const uint8_t *data, size_t size)
{
	for (size_t i = 0; i < size; i++) {
		if (data[i] >= 0x80 || data[i] == '\0') {
			return false; /* the API takes JSON: UTF-8, no NUL */
		}
	}
	return true;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct text rest = { (const char *)data, size }, line;
	struct registry_setting settings[SETTINGS_MAX];
	struct registry *r = registry_open();
	struct arena arena = { 0 };
	struct registry_edit edit;

	for (int i = 0; i < LINES_MAX && rest.n > 0 && is_text(data, size); i++) {
		struct registry_plan plan;
		struct fault fault = { { 0 } };

		(void)text_cut(&rest, '\n', &line);
		if (!read_edit(line, &edit, settings)) {
			continue;
		}
		if (registry_plan_edit(r, &edit, &arena, &plan, &fault) != RESULT_OK) {
			check(fault.text[0] != '\0' && plan.line_count == 0);
			continue;
		}
		registry_take(r, &plan);
		check(registry_plan_edit(r, &edit, &arena, &plan, NULL) != RESULT_OK || plan.line_count == 0);
	}
	registry_written(r, &arena);
	arena_clear(&arena);
	registry_close(r);
	return 0;
}
