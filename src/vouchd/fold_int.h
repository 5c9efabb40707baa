/*
 * vouchd/fold_int.h - the parts of the fold. Private.
 *
 *   fold.c           the programme, commands, time
 *   fold_report.c    reports, corrections and withdrawals
 *   fold_terms.c     under which terms what was told was counted, so that it is taken back exactly or not at all
 *   fold_snapshot.c  the state as bytes
 */
#ifndef VOUCHD_FOLD_INT_H
#define VOUCHD_FOLD_INT_H

#include "base/array.h"
#include "model/report.h"
#include "vouchd/fold.h"

/* Systems count one family of keys, so that a mail named by its address and by its domain counts once. */
enum family { FAMILY_ADDRESS, FAMILY_DOMAIN, FAMILY_ACCT, FAMILY_NONE };

struct fold_source {
	uint32_t unit;
	uint32_t system, member;
	uint8_t family;
	uint64_t touched; /* seq of the last input that was about it */
	uint64_t since;   /* record since which its keys lead to it */
	uint64_t counted; /* ... since which its own counts hold what is told */
};
struct fold_system {
	uint32_t unit;
	uint32_t families[FAMILY_NONE]; /* present sources by family */
	uint64_t since;                 /* record since which it counts the family that it counts now */
};
struct fold_member {
	uint32_t unit; /* FOLD_NO_UNIT: it has one system at most */
	uint32_t systems;
	uint64_t since; /* record since which it has a unit */
};
/* What decides how the word of a reporter counts, and since which record it is so. */
struct fold_terms {
	uint64_t since, receiver; /* hash of the receiver's name */
	uint8_t kind, trust;
};
struct fold_unit {
	enum unit_kind kind;
	uint32_t id; /* of the registry */
};

struct fold {
	struct fold_policy policy;
	struct fold_sink sink;
	struct registry *registry;
	struct detect *detect;
	struct compliance *compliance;
	struct threshold_policy thresholds;
	bool thresholds_fixed; /* and the share of reviews */
	struct decide *decide;
	struct fold_source *sources; /* by registry id */
	struct fold_system *systems;
	struct fold_member *members;
	struct fold_unit *units;
	uint32_t source_count, system_count, member_count, unit_count;
	uint32_t source_size, system_size, member_size, unit_size;
	struct moment now;     /* the record that is being folded */
	struct alarm *waiting; /* of members, until the record is told; empty between records */
	uint32_t waiting_count, waiting_size;
	uint64_t unknown;
	uint32_t feed;            /* of the report that is counted: its reporter, from 1; 0: none */
	struct fold_terms *terms; /* by reporter */
	uint32_t terms_count, terms_size;
	uint64_t receivers_since; /* record since which the same names are receivers */
	uint32_t *relisted;       /* by a person, in the command that is being folded */
	uint32_t relisted_count, relisted_size;
	struct fold_kin {
		uint64_t seq;
		uint32_t system;
	} kin; /* told of last: the sources of a case are confirmed one by one */
};

/* makes its row when it is the first */
struct fold_member *fold_member_of_system(struct fold *f, uint32_t system);
/* Alarms of members wait until all of the record was told to all units; then these are decided. */
void fold_members_decide(struct fold *f);
uint8_t fold_family(enum source_kind kind); /* of enum family */
/* Is the reporter one whose word counts together with others'? */
bool fold_is_witness(const struct fold *f, uint32_t reporter);

/* ---- fold_report.c */

enum family fold_system_family(const struct fold_system *s); /* FAMILY_NONE: it has no source */
/* A report, or a correction; a report takes nothing back. */
enum result fold_told(struct fold *f, enum record_kind kind, struct text payload, struct fault *fault);
/* Errors: RESULT_NOT_ALLOWED when it cannot be taken back exactly; nothing is changed then. */
enum result fold_withdrawal(struct fold *f, struct text payload, struct fault *fault);

/* ---- fold_terms.c */

/* After the change: of a reporter, of who is a receiver, of a source that is gone or whose system has other families now. */
void fold_terms_reporter(struct fold *f, uint32_t reporter);
void fold_terms_receivers(struct fold *f);
void fold_terms_removed(struct fold *f, uint32_t source);
void fold_terms_family(struct fold *f, uint32_t system, enum family before);
/* Was this observation of the record `of` counted just as it would be now, for these sources? */
bool fold_terms_hold(const struct fold *f, struct text reporter, const struct observation *o,
		     const uint32_t *ids, size_t n, uint64_t of);
void fold_terms_save(const struct fold *f, struct buffer *b);
void fold_terms_load(struct fold *f, struct wire *w); /* behind the rooms and units */

void fold_set_budget(struct fold *f, double budget);
void fold_set_thresholds(struct fold *f, const struct threshold_policy *policy);

#endif
