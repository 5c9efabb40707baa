/*
 * detect/witness_int.h - what is kept of witnesses and of what they say of each unit. Private to witness.c, which says what it is for, and witness_snapshot.c.
 */
#ifndef DETECT_WITNESS_INT_H
#define DETECT_WITNESS_INT_H

#include "detect/detect_int.h"

#define SLOTS     8U /* witnesses of one unit; who comes later has no word there until one was silent for long */
#define DAY_MS    INT64_C(86400000)
#define TIME_DAYS (-NEVER / DAY_MS)
#define NOBODY    UINT32_MAX

enum {
#define WITNESS(...) +1
	KINDS = 0
#include "detect/witness.def"
#undef WITNESS
};

/* What one witness says of one unit. */
struct statement {
	uint32_t witness; /* NOBODY: the place is free */
	uint32_t today[KINDS];
	float usual[KINDS], mail; /* what it reported on other days, and of how much mail; fading */
	uint64_t seq;             /* the record of its latest word today; 0: none */
};

struct hearing {
	uint32_t unit;
	float evidence;     /* of the days before, years */
	int64_t day;        /* of the statements' today */
	uint64_t first_seq; /* of the reports that count, the first; 0: none */
	int64_t first_ms;
	int64_t since_ms; /* of the first word that was not weighed; NEVER: all were */
	struct statement of[SLOTS];
};

struct witness {
	bool counts;
	double mail_from;     /* what the fleet had sent when it came */
	double events[KINDS]; /* that it reported of any system, as far as they are believed */
};

struct witnesses {
	struct witness *all; /* by id */
	uint32_t count, present;
	int64_t day;              /* of the journal */
	double mail;              /* that the fleet has sent since there are witnesses */
	struct hearing *hearings; /* in the order of the first word about their unit */
	uint32_t *hearing_of;     /* by unit; NOBODY */
	uint32_t hearing_count;
	uint32_t unit_size; /* both have room for so many units */
	uint32_t waiting;   /* hearings with a word that was not weighed */
};

struct hearing *detect_hearing(const struct detect *d, uint32_t unit); /* NULL: nobody spoke of it */
struct hearing *detect_hearing_add(struct detect *d, uint32_t unit, int64_t day);

#endif
