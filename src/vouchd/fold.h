/*
 * vouchd/fold.h - the state of the programme as a fold over the journal: registry, detect and decide in their order.
 *
 * The daemon folds each record as it is appended, a restart folds them from the last snapshot, `vouch replay` folds them
 * all again: it is the same function, so it gives the same alarms and moves. Pure: no clock, no I/O, no log.
 */
#ifndef VOUCHD_FOLD_H
#define VOUCHD_FOLD_H

#include "decide/decide.h"
#include "detect/detect.h"
#include "model/record.h"
#include "registry/registry.h"

struct fold;

/* What an input brings about, in order. Called within fold_apply; may read the rooms, not change them. */
struct fold_sink {
	void (*touch)(void *context, uint32_t source); /* the input is about this source; once per input */
	/* alarm->unit is the registry id of source, system or member */
	void (*alarm)(void *context, const struct alarm *alarm);
	void (*move)(void *context, const struct move *move);
	void (*case_change)(void *context, const struct case_change *change);
	void (*registry)(void *context, const struct registry_change *change);
	void *context;
	/* The evidence of a source or system was weighed and may stand higher than before; NULL: nobody wants to know. */
	void (*judged)(void *context, enum unit_kind kind, uint32_t id);
};

/* Where no policy record says anything yet: of a new journal, and what a replay starts from. */
#define FOLD_BUDGET_AT_FIRST 10.0

/* Where no policy record says anything of thresholds, none suspends: a journal means the same with every later table of them. */
struct fold_policy {
	double budget; /* false suspensions per 1000 source-years, until a policy command says otherwise */
	bool fixed;    /* the budgets of policy commands are passed over: the past with another one */
	/* the same for thresholds and, with them, for `shadow`; NULL: both as recorded. Read by fold_open and fold_try only */
	const struct threshold_policy *thresholds;
	uint32_t shadow; /* percent of the alarms that go to review: decide_shadow */
};

struct fold *fold_open(const struct fold_policy *policy, const struct fold_sink *sink);
void fold_close(struct fold *f); /* NULL is fine */

/*
 * Folds one input record. Errors, the state is then unchanged: RESULT_BAD_INPUT, RESULT_NOT_FOUND, RESULT_NOT_ALLOWED for a
 * command that cannot be done. RESULT_DAMAGED: no journal can hold this; the fold must be closed and read again.
 */
enum result fold_apply(struct fold *f, const struct record *input, struct fault *fault) MUST_USE;

/*
 * From now on this policy holds and policy records are passed over: the past from a day on with another one. `thresholds` NULL:
 * they and the share of reviews stay as recorded. The record at `now` is folded next; what follows at once comes through the sink.
 */
void fold_try(struct fold *f, const struct fold_policy *policy, struct moment now);

/* Observations of the last report that no member's source was found for. */
uint64_t fold_unknown(const struct fold *f);
/* True when a tick may change something at `now`: evidence is open, or a deadline has come. */
bool fold_waits(const struct fold *f, struct instant now);

/* The rooms, to be read. */
const struct registry *fold_registry(const struct fold *f);
const struct decide *fold_decide(const struct fold *f);
const struct detect *fold_detect(const struct fold *f);
/* The detector's number of it. FOLD_NO_UNIT: a member with one system at most. */
uint32_t fold_unit(const struct fold *f, enum unit_kind kind, uint32_t id);
#define FOLD_NO_UNIT DETECT_NO_UNIT
double fold_budget(const struct fold *f);
/* ids of sources and members are the registry's */
const struct compliance *fold_compliance(const struct fold *f);
const struct threshold_policy *fold_thresholds(const struct fold *f);

#define FOLD_SNAPSHOT_BYTES_MAX \
	((size_t)4 << 30) /* below 1 kB per source, and 150 bytes for each receiver it sends to */

/* Snapshot. Equal state gives equal bytes. */
void fold_save(const struct fold *f, struct buffer *b);
/* Into a fold just opened. Errors: RESULT_DAMAGED; close it then. */
enum result fold_load(struct fold *f, struct text bytes) MUST_USE;

#endif
