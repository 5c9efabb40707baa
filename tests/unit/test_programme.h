/* A programme of a test, as the record that brings a registry to it. */
#ifndef TEST_PROGRAMME_H
#define TEST_PROGRAMME_H

#include "base/limits.h"
#include "registry/registry.h"

/* Makes the payload of the record; the caller frees it. Returns the number of changes. */
static inline uint32_t
test_programme_write(const struct registry *r, const char *yaml, struct buffer *payload)
{
	struct arena arena = { 0 };
	struct registry_plan plan;
	struct fault fault = { { 0 } };

	if (registry_plan(r, text_of(yaml), "p.yaml", &arena, &plan, &fault) != RESULT_OK) {
		fail_msg("%s", fault.text);
	}
	buffer_init(payload, RECORD_BYTES_MAX);
	registry_plan_write(&plan, TEXT("anna"), payload);
	arena_clear(&arena);
	return plan.line_count;
}

/* The same, folded at once. */
static inline uint32_t
test_programme_apply(struct registry *r, const char *yaml)
{
	struct buffer payload;
	uint32_t changes = test_programme_write(r, yaml, &payload);

	assert_int_equal(registry_apply(r, buffer_text(&payload), NULL, NULL, NULL), RESULT_OK);
	buffer_free(&payload);
	return changes;
}

#endif
