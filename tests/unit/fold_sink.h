/* Ears of a fold that hear nothing, for tests that look at one thing only. */
#ifndef TESTS_FOLD_SINK_H
#define TESTS_FOLD_SINK_H

#include "vouchd/fold.h"

static inline void
ignore_id(void *context, uint32_t source)
{
	(void)context;
	(void)source;
}

static inline void
ignore_alarm(void *context, const struct alarm *alarm)
{
	(void)context;
	(void)alarm;
}

static inline void
ignore_move(void *context, const struct move *move)
{
	(void)context;
	(void)move;
}

static inline void
ignore_case(void *context, const struct case_change *change)
{
	(void)context;
	(void)change;
}

static inline void
ignore_registry(void *context, const struct registry_change *change)
{
	(void)context;
	(void)change;
}

#endif
