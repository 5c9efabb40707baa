/*
 * detect/watch.h - how near to an alarm a unit is, from what detect_unit_view shows of it. Pure. Cost: O(1).
 *
 * The evidence of an honest unit comes near the limit now and then: a level is a reason to look, and none to act.
 * Test: tests/unit/watch_test.c.
 */
#ifndef DETECT_WATCH_H
#define DETECT_WATCH_H

#include "detect/detect.h"

/* The nearest last. */
enum detect_watch {
#define WATCH(id, name, nats, meaning) DETECT_WATCH_##id,
#include "detect/watch_levels.def"
#undef WATCH
	DETECT_WATCH_COUNT
};

/* Nats of evidence that the nearest voice, or what witnesses say, lacks to its limit, >= 0; 2.3 are a factor ten. */
double detect_nats_left(const struct detect_view *view);
enum detect_watch detect_watch_of(const struct detect_view *view);
/* Is the evidence of this system more than that of everyday mail: within 9 nats of the limit? What an alarm of its member asks. */
bool detect_watch_shows(const struct detect_view *view);
const char *detect_watch_name(enum detect_watch watch);

#endif
