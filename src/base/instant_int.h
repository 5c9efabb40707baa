/*
 * base/instant_int.h - what the two readers of written times share. Private to base/instant*.c.
 *
 * Each `take` reads from the front of the text and moves it on; when it fails the text may stand anywhere.
 */
#ifndef BASE_INSTANT_INT_H
#define BASE_INSTANT_INT_H

#include "base/instant.h"

#include <stdbool.h>

/* A date and time of day as written, before it is checked. */
struct instant_stamp {
	unsigned year, month, day;
	unsigned hour, minute, second, ms;
	int zone_minutes; /* east of Greenwich */
};

/* The instant of a stamp. Errors: RESULT_BAD_INPUT when there is no such day or time, or the year is not 1971..2200. */
enum result instant_of_stamp(const struct instant_stamp *s, struct instant *t) MUST_USE;

bool instant_take(struct text *t, char c);
/* From `least` to `most` digits, no more follow. Returns how many, 0 when it does not fit. */
size_t instant_take_number(struct text *t, size_t least, size_t most, unsigned *value);
/* The digits after the point; those after the third are dropped. */
bool instant_take_fraction(struct text *t, unsigned *ms);
bool instant_take_offset(struct text *t, int *minutes); /* "+0100" or "+01:00" */

#endif
