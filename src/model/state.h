/*
 * model/state.h - the states of a source on a list, the moves between them and who may make them.
 *
 * Tables: states.def, events.def, actors.def, moves.def. The DNS answer is a function of the state alone:
 * listed = CERTIFIED or REINSTATED. Pure.
 */
#ifndef MODEL_STATE_H
#define MODEL_STATE_H

#include "base/result.h"

#include <stdbool.h>

enum state {
#define STATE(id, name, listed, meaning) STATE_##id,
#include "model/states.def"
#undef STATE
	STATE_COUNT
};

enum event {
#define EVENT(id, name, meaning) EVENT_##id,
#include "model/events.def"
#undef EVENT
	EVENT_COUNT
};

enum actor {
#define ACTOR(id, name, who) ACTOR_##id,
#include "model/actors.def"
#undef ACTOR
	ACTOR_COUNT
};

const char *state_name(enum state s);
const char *event_name(enum event e);
const char *actor_name(enum actor a);
bool state_listed(enum state s);

/*
 * The state after `event` asked for by `actor`. Errors: RESULT_NOT_ALLOWED when moves.def has no such row; *to is then
 * `from`. Cost: one walk over the table. Test: tests/unit/state_test.c tries every (state, event, actor).
 */
enum result state_next(enum state from, enum event event, enum actor actor, enum state *to) MUST_USE;

#endif
