/* vouch/score_look.h - what a detector is told of a simulated observation. Units: sources by their index, systems from `first_system` on. */
#ifndef VOUCH_SCORE_LOOK_H
#define VOUCH_SCORE_LOOK_H

#include "detect/detect.h"
#include "sim/sim.h"

/* What a clock that is ahead says is not believed. */
struct detect_fact score_fact_of(const struct sim_observation *o);

/* Does it tell what its message looks like? */
bool score_has_look(const struct sim_observation *o);
struct detect_look score_look_of(const struct sim *sim, uint32_t first_system,
				 const struct sim_observation *o);

#endif
