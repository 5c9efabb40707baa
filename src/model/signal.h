/* model/signal.h - what an observation counts (signals.def). */
#ifndef MODEL_SIGNAL_H
#define MODEL_SIGNAL_H

#include "base/text.h"

enum signal {
#define SIGNAL(id, name, meaning) SIGNAL_##id,
#include "model/signals.def"
#undef SIGNAL
	SIGNAL_COUNT
};

const char *signal_name(enum signal s); /* "complaint" */

/*
 * Reads a name of signals.def, any case; "trap" alone reads as trap_pristine, the cautious class, since a feed that
 * does not say more usually means its own addresses. Errors: RESULT_BAD_INPUT; *s is then unchanged.
 */
enum result signal_parse(struct text name, enum signal *s) MUST_USE;

#endif
