#include "vouch/score_look.h"

#define HASH 0x9e3779b97f4a7c15U /* odd: no two numbers have the same name */

struct detect_fact
score_fact_of(const struct sim_observation *o)
{
	struct detect_fact fact = { o->signal, o->count, o->at, o->mailed, o->serial, o->feed + 1U };

	if (fact.at.ms > o->arrives.ms) {
		fact.at = o->arrives;
	}
	if (fact.mailed.ms > fact.at.ms) {
		fact.mailed = fact.at;
	}
	return fact;
}

static uint64_t
name_of(uint32_t number)
{
	return number == SIM_NONE ? 0 : (number + UINT64_C(1)) * HASH;
}

bool
score_has_look(const struct sim_observation *o)
{
	return o->content.cluster != SIM_NONE && !o->content.headers_only && o->source != SIM_NONE;
}

struct detect_look
score_look_of(const struct sim *sim, uint32_t first_system, const struct sim_observation *o)
{
	uint32_t count, member = sim_systems(sim, &count)[o->system].member;
	const struct sim_content *c = &o->content;
	struct detect_look look = { .system = first_system + o->system,
				    .source = o->source,
				    .member = member,
				    .cluster = name_of(c->cluster),
				    .from = name_of(c->from),
				    .link = name_of(c->link),
				    .at = score_fact_of(o).mailed,
				    .seq = o->serial,
				    .feed = o->feed + 1U };

	look.flags |= sim_members(sim, &count)[member].declares ? LOOK_DECLARES : 0;
	look.flags |= sim_declares(sim, o->system, c->from) ? LOOK_FROM_DECLARED : 0;
	look.flags |= c->link != SIM_NONE && sim_declares(sim, o->system, c->link) ? LOOK_LINK_DECLARED : 0;
	look.flags |= o->signal == SIGNAL_COMPLAINT ? LOOK_COMPLAINT : 0;
	look.flags |= c->lure ? LOOK_LURE : 0;
	look.flags |= c->attachment ? LOOK_ATTACHMENT : 0;
	return look;
}
