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

#endif
