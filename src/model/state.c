#include "model/state.h"

#include <stddef.h>

static const struct {
	const char *name;
	bool listed;
} states[] = {
#define STATE(id, name, listed, meaning) { name, listed },
#include "model/states.def"
#undef STATE
};

static const char *const events[] = {
#define EVENT(id, name, meaning) name,
#include "model/events.def"
#undef EVENT
};

static const char *const actors[] = {
#define ACTOR(id, name, who) name,
#include "model/actors.def"
#undef ACTOR
};

static const struct {
	enum state from;
	enum event event;
	enum state to;
	enum actor actor;
} moves[] = {
#define MOVE(from, event, to, actor) { STATE_##from, EVENT_##event, STATE_##to, ACTOR_##actor },
#include "model/moves.def"
#undef MOVE
};

const char *
state_name(enum state s)
{
	check(s < STATE_COUNT);
	return states[s].name;
}

const char *
event_name(enum event e)
{
	check(e < EVENT_COUNT);
	return events[e];
}

const char *
actor_name(enum actor a)
{
	check(a < ACTOR_COUNT);
	return actors[a];
}

bool
state_listed(enum state s)
{
	check(s < STATE_COUNT);
	return states[s].listed;
}

enum result
state_next(enum state from, enum event event, enum actor actor, enum state *to)
{
	check(from < STATE_COUNT && event < EVENT_COUNT && actor < ACTOR_COUNT);
	*to = from;
	for (size_t i = 0; i < countof(moves); i++) {
		if (moves[i].from == from && moves[i].event == event && moves[i].actor == actor) {
			*to = moves[i].to;
			return RESULT_OK;
		}
	}
	return RESULT_NOT_ALLOWED;
}
