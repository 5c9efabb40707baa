/* vouch/verb_sim.h - what `vouch sim DIR` and `vouch sim score` have in common. Private to them. */
#ifndef VOUCH_VERB_SIM_H
#define VOUCH_VERB_SIM_H

#include "vouch/vouch.h"

/* `vouch sim score` */
enum result verb_score(struct vouch *v) MUST_USE;

/* A whole number given by an option; `fallback` without it. Errors: RESULT_BAD_USAGE, also above `most`. */
enum result sim_number(struct vouch *v, enum flag flag, uint64_t fallback, uint64_t most,
		       uint64_t *value) MUST_USE;

#endif
