/* registry_take.h - what is planned must fold: a plan that cannot would stop the daemon for good. */
#ifndef REGISTRY_TAKE_H
#define REGISTRY_TAKE_H

#include "base/limits.h"
#include "registry/registry.h"

static inline void
registry_take(struct registry *r, const struct registry_plan *plan)
{
	struct buffer payload;

	buffer_init(&payload, RECORD_BYTES_MAX);
	registry_plan_write(plan, TEXT("fuzz"), &payload);
	check(registry_apply(r, buffer_text(&payload), NULL, NULL, NULL) == RESULT_OK);
	buffer_free(&payload);
}

/* The registry as a file says the registry as it is. */
static inline void
registry_written(const struct registry *r, struct arena *arena)
{
	struct registry_plan plan;
	struct buffer yaml;

	buffer_init(&yaml, 64U << 20);
	registry_write(r, &yaml);
	check(!yaml.full && registry_plan(r, buffer_text(&yaml), "written", arena, &plan, NULL) == RESULT_OK);
	check(plan.line_count == 0);
	buffer_free(&yaml);
}

#endif
