/*
 * model/threshold.h - the programme's public thresholds (thresholds.def), the policy that sets them, and their arithmetic. Pure.
 *
 * A limit is a text that people write and read: "3"; "0.2 % from 200": above 0.2 %, with a sample of 200 or more;
 * "5 from 5, 45 % from 11": five are too many from a sample of five on, above 45 % from eleven on; "off". All is counted in
 * whole numbers, so two machines never differ. Test: tests/unit/threshold_test.c.
 */
#ifndef MODEL_THRESHOLD_H
#define MODEL_THRESHOLD_H

#include "base/instant.h"
#include "base/limits.h"
#include "base/wire.h"
#include "model/signal.h"

enum threshold {
#define THRESHOLD(id, name, scope, measure, limit, days, warn, bad, sample, words, meaning) THRESHOLD_##id,
#include "model/thresholds.def"
#undef THRESHOLD
	THRESHOLD_COUNT
};

enum threshold_scope {
#define THRESHOLD_SCOPE(id, name, meaning) SCOPE_##id,
#include "model/threshold_scopes.def"
#undef THRESHOLD_SCOPE
};

enum threshold_measure {
#define THRESHOLD_MEASURE(id, name, meaning) MEASURE_##id,
#include "model/threshold_measures.def"
#undef THRESHOLD_MEASURE
};

enum threshold_level {
#define THRESHOLD_LEVEL(id, name, meaning) LEVEL_##id,
#include "model/threshold_levels.def"
#undef THRESHOLD_LEVEL
};

enum blocklist_weight {
#define BLOCKLIST_WEIGHT(id, name, meaning) BLOCKLIST_##id,
#include "model/blocklist_weights.def"
#undef BLOCKLIST_WEIGHT
	BLOCKLIST_WEIGHT_COUNT
};
/* Errors: RESULT_BAD_INPUT; *weight is then unchanged. */
enum result blocklist_weight_parse(struct text name, enum blocklist_weight *weight) MUST_USE;

const char *threshold_name(enum threshold t);  /* "complaint" */
const char *threshold_words(enum threshold t); /* "complaints" */
const char *threshold_meaning(enum threshold t);
const char *threshold_scope_name(enum threshold_scope scope); /* "receiver" */
const char *threshold_level_name(enum threshold_level level);
enum threshold_scope threshold_scope(enum threshold t);
enum threshold_measure threshold_measure(enum threshold t);
/* Does the signal count against the source, or as sample? */
bool threshold_is_bad(enum threshold t, enum signal signal);
bool threshold_is_sample(enum threshold t, enum signal signal);
/* Errors: RESULT_BAD_INPUT; *t is then unchanged. */
enum result threshold_parse(struct text name, enum threshold *t) MUST_USE;

/* ---- limits */

#define THRESHOLD_STEPS_MAX 4U
#define THRESHOLD_PPM       1000000U

struct threshold_step {
	uint32_t from;  /* smallest sample at which it holds */
	uint32_t value; /* parts per million, or a number */
	bool is_share;
};
struct threshold_limit {
	uint32_t count; /* 0: off */
	struct threshold_step steps[THRESHOLD_STEPS_MAX];
};

/* Reads a limit that fits the measure of `t`. Errors: RESULT_BAD_INPUT, the fault says what is wanted; *limit is then unchanged. */
enum result threshold_limit_parse(enum threshold t, struct text words, struct threshold_limit *limit,
				  struct fault *fault) MUST_USE;
/* Appends the one form of a limit: what it reads as, as short as can be. At most 120 bytes. */
void threshold_limit_write(const struct threshold_limit *limit, struct buffer *b);
bool threshold_limit_equal(const struct threshold_limit *a, const struct threshold_limit *b);

/*
 * Below, `bad` is counted against the source and `sample` is what it is compared with; of a share the bad is part of the sample.
 * Both are sums of at most COMPLIANCE_DAYS_MAX days of 32-bit counts. Cost: O(steps).
 */

/* The step that a sample has reached; NULL: none, or the limit is off. */
const struct threshold_step *threshold_step(enum threshold t, const struct threshold_limit *limit,
					    uint64_t bad, uint64_t sample);
bool threshold_is_over(enum threshold t, const struct threshold_limit *limit, uint64_t bad, uint64_t sample);
/* `warn`: percent of the limit from which on it is a warning. */
enum threshold_level threshold_level(enum threshold t, const struct threshold_limit *limit, uint32_t warn,
				     uint64_t bad, uint64_t sample);
/* How many more of the bad cross it, nothing else being counted; 0: it is over, or no number does. */
uint64_t threshold_room(enum threshold t, const struct threshold_limit *limit, uint64_t bad, uint64_t sample);
/* How much more of the sample without anything bad takes it back below; 0: it is not over, or no number does. */
uint64_t threshold_clean(enum threshold t, const struct threshold_limit *limit, uint64_t bad,
			 uint64_t sample);

/* ---- policy */

struct threshold_rule {
	struct threshold_limit limit;
	uint32_t days; /* 1..COMPLIANCE_DAYS_MAX */
	uint32_t warn; /* percent, 1..100 */
};
/* The limit of one receiver that has its own. */
struct threshold_exception {
	enum threshold threshold; /* of the scope RECEIVER */
	char receiver[NAME_BYTES_MAX + 1];
	struct threshold_limit limit;
};
struct threshold_policy {
	struct span wait; /* the least length of a suspension that ends by itself */
	struct threshold_rule rules[THRESHOLD_COUNT];
	uint32_t exception_count; /* sorted by threshold and receiver */
	struct threshold_exception exceptions[THRESHOLD_EXCEPTIONS_MAX];
};

#define THRESHOLD_WAIT_DEFAULT ((struct span){ 7 * 86400000LL })

void threshold_policy_default(struct threshold_policy *policy); /* the tables */
/* every limit is off: nothing is ever suspended */
void threshold_policy_off(struct threshold_policy *policy);
bool threshold_policy_equal(const struct threshold_policy *a, const struct threshold_policy *b);
/* The limit at a receiver; an empty text: of no particular one. */
const struct threshold_limit *threshold_policy_limit(const struct threshold_policy *policy, enum threshold t,
						     struct text receiver);
/*
 * Sets the limit of a receiver, instead of one that was set before. Errors: RESULT_BAD_INPUT (no name, or the threshold is not
 * one of receivers), RESULT_TOO_LARGE (THRESHOLD_EXCEPTIONS_MAX); the fault says so.
 */
enum result threshold_policy_except(struct threshold_policy *policy, enum threshold t, struct text receiver,
				    const struct threshold_limit *limit, struct fault *fault) MUST_USE;

/* For snapshots: equal policies give equal bytes. Errors: w->bad for what the writer cannot have written. */
void threshold_policy_write(const struct threshold_policy *policy, struct buffer *b);
void threshold_policy_read(struct wire *w, struct threshold_policy *policy);

#endif
