/*
 * model/threat.h - why a takeover of some sources is likelier than of others; see threats.def. What follows: detect_threaten.
 */
#ifndef MODEL_THREAT_H
#define MODEL_THREAT_H

#include "base/instant.h"
#include "base/result.h"
#include "base/text.h"

#include <stdbool.h>

enum threat {
#define THREAT(id, name, factor, days, people, why) THREAT_##id,
#include "model/threats.def"
#undef THREAT
	THREAT_COUNT
};

const char *threat_name(enum threat t);
double threat_factor(enum threat t); /* above 1 */
struct span threat_span(enum threat t);
/* One that people may declare. Errors: RESULT_BAD_INPUT, and the fault names those there are. */
enum result threat_parse(struct text text, enum threat *t, struct fault *fault) MUST_USE;

#endif
