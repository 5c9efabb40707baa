/*
 * Any bytes as a programme file, on top of a registry that holds something: an error in words, or a plan that applies, leaves
 * nothing to plan, and survives a snapshot.
 */
#include "registry_take.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check_snapshot(const struct registry *r)
{
	struct registry *copy = registry_open();
	struct buffer first, second;
	struct wire w;

	buffer_init(&first, 64U << 20);
	buffer_init(&second, 64U << 20);
	registry_save(r, &first);
	w = wire_of(first.p, first.n);
	check(registry_load(copy, &w) == RESULT_OK && wire_done(&w));
	registry_save(copy, &second);
	check(text_equal(buffer_text(&first), buffer_text(&second)));
	registry_close(copy);
	buffer_free(&first);
	buffer_free(&second);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct text before =
	    TEXT("members: [{id: a, name: A, systems: [{id: s, sources: [192.0.2.0/24, a.example]}]}]\n"
		 "reporters: [{id: r, kind: mta, trust: none}]\n");
	struct text yaml = { (const char *)data, size };
	struct registry *r = registry_open();
	struct arena arena = { 0 };
	struct registry_plan plan;
	struct fault fault = { { 0 } };

	check(registry_plan(r, before, "before", &arena, &plan, NULL) == RESULT_OK);
	registry_take(r, &plan);
	if (registry_plan(r, yaml, "fuzz.yaml", &arena, &plan, &fault) == RESULT_OK) {
		registry_take(r, &plan);
		check(registry_plan(r, yaml, "fuzz.yaml", &arena, &plan, NULL) == RESULT_OK);
		check(plan.line_count == 0 && plan.changes.n == 0);
		check_snapshot(r);
		registry_written(r, &arena);
	} else {
		check(fault.text[0] != '\0' && plan.line_count == 0);
	}
	arena_clear(&arena);
	registry_close(r);
	return 0;
}
