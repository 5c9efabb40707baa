/* vouchd/threaten.c - which units a threat is about. */
#include "vouchd/threaten.h"

static void
threaten(const struct threaten *t, enum unit_kind kind, uint32_t id, enum threat threat)
{
	struct instant until = { t->now.ms + threat_span(threat).ms };
	uint32_t unit = t->unit(t->context, kind, id);

	if (unit != DETECT_NO_UNIT) { /* a member with one system has none of its own */
		detect_threaten(t->detect, unit, threat_factor(threat), t->now, until);
	}
}

void
threaten_source(const struct threaten *t, uint32_t source, enum threat threat)
{
	threaten(t, UNIT_SOURCE, source, threat);
}

static void
threaten_system(const struct threaten *t, uint32_t system, enum threat threat)
{
	threaten(t, UNIT_SYSTEM, system, threat);
	for (uint32_t i = 0; i < registry_count(t->registry, THING_SOURCE); i++) {
		struct registry_source s = registry_source(t->registry, i);

		if (s.system == system && !s.removed) {
			t->touch(t->context, i);
			threaten_source(t, i, threat);
		}
	}
}

/* All systems of the member but one, and what they show together. */
static void
threaten_member(const struct threaten *t, uint32_t member, uint32_t but, enum threat threat)
{
	threaten(t, UNIT_MEMBER, member, threat);
	for (uint32_t i = 0; i < registry_count(t->registry, THING_SYSTEM); i++) {
		struct registry_item item = registry_item(t->registry, THING_SYSTEM, i);

		if (item.parent == member && i != but && !item.removed) {
			threaten_system(t, i, threat);
		}
	}
}

static bool
is_there(const struct registry *registry, enum thing thing, uint32_t id)
{
	return id < registry_count(registry, thing) && !registry_item(registry, thing, id).removed;
}

enum result
threaten_subject(const struct threaten *t, const struct decide_command *command, enum threat threat,
		 struct fault *fault)
{
	static const enum thing things[] = {
		[DECIDE_SOURCE] = THING_SOURCE, [DECIDE_SYSTEM] = THING_SYSTEM, [DECIDE_MEMBER] = THING_MEMBER
	};
	uint32_t id = command->id;

	if (command->actor.n == 0 || command->reason.n == 0 || command->reason.n > WORDS_BYTES_MAX ||
	    command->actor.n > WORDS_BYTES_MAX) {
		return fault_set(fault, RESULT_BAD_INPUT,
				 "an actor and a reason are wanted, each of at most %d bytes",
				 WORDS_BYTES_MAX);
	}
	if (command->subject == DECIDE_CASE || !is_there(t->registry, things[command->subject], id)) {
		return fault_set(fault, RESULT_NOT_FOUND, "a threat is about a member, a system or a source");
	}
	if (command->subject == DECIDE_SOURCE) {
		t->touch(t->context, id);
		threaten_source(t, id, threat);
		threaten(t, UNIT_SYSTEM, registry_source(t->registry, id).system, threat);
	} else if (command->subject == DECIDE_SYSTEM) {
		threaten_system(t, id, threat);
	} else {
		threaten_member(t, id, UINT32_MAX, threat);
	}
	return RESULT_OK;
}

void
threaten_kin(const struct threaten *t, uint32_t system)
{
	struct instant until = { t->now.ms + threat_span(THREAT_LINKED).ms };

	threaten_member(t, registry_item(t->registry, THING_SYSTEM, system).parent, system, THREAT_SIBLING);
	detect_threaten_linked(t->detect, t->unit(t->context, UNIT_SYSTEM, system),
			       threat_factor(THREAT_LINKED), t->now, until);
}
