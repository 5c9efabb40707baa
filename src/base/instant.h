/*
 * base/instant.h - a point in time and a length of time; mixing them does not compile.
 *
 * Only programs ask the clock (instant_now), and serve for DNS cookies; everything else is told the time.
 */
#ifndef BASE_INSTANT_H
#define BASE_INSTANT_H

#include "base/text.h"

#include <stdint.h>

struct instant {
	int64_t ms; /* since 1970-01-01T00:00:00Z, UTC */
};
struct span {
	int64_t ms;
};

#define SPAN_MINUTE ((struct span){ 60000 })
#define SPAN_HOUR   ((struct span){ 3600000 })
#define SPAN_DAY    ((struct span){ 86400000 })
#define YEAR_MS     31557600000.0 /* 365.25 days */

struct instant instant_now(void);   /* the wall clock */
int64_t instant_monotonic_ns(void); /* for measuring only */
struct instant instant_add(struct instant t, struct span s);
struct span instant_since(struct instant later, struct instant earlier);

#define INSTANT_BYTES 32
/* "2026-01-05T08:00:00Z", with ".123" when the milliseconds are not zero. Returns `out`. */
const char *instant_format(struct instant t, char out[INSTANT_BYTES]);

/*
 * Reads RFC 3339 ("2026-01-05T08:00:00.5+01:00", also with a blank for the T, seconds optional, "Z" or an offset; no
 * zone means UTC), or whole seconds since 1970 (10 digits), or milliseconds (13 digits). Years 1971..2200.
 * Errors: RESULT_BAD_INPUT; *t is then unchanged.
 */
enum result instant_parse(struct text text, struct instant *t) MUST_USE;

/* Reads RFC 5322 ("Thu, 29 Apr 2009 00:00:00 -0800 (PST)", obsolete zones, missing weekday or seconds). Errors as above. */
enum result instant_parse_mail(struct text text, struct instant *t) MUST_USE;

/* Reads "250ms", "90s", "10m", "2h", "7d", "0". Errors as above. */
enum result span_parse(struct text text, struct span *s) MUST_USE;

#define SPAN_BYTES 32
/* For people: "42 min", "3 h 5 min", "6 days"; whole minutes, no sign. Returns `out`. */
const char *span_words(struct span s, char out[SPAN_BYTES]);

#endif
