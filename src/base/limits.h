/* base/limits.h - each bound that input can reach, with unit and reason (limits.def). */
#ifndef BASE_LIMITS_H
#define BASE_LIMITS_H

enum limits {
#define LIMIT(name, value, unit, why) name = value,
#include "base/limits.def"
#undef LIMIT
};

#endif
