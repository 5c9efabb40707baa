#include "model/threshold.h"

#include <string.h>

/* Sums of COMPLIANCE_DAYS_MAX days of 32-bit counts; times THRESHOLD_PPM and a percentage they fit 64 bits. */
#define EVENTS_MAX ((uint64_t)1 << 37)

static const struct threshold_info {
	const char *name;
	enum threshold_scope scope;
	enum threshold_measure measure;
	const char *limit;
	uint32_t days, warn;
	uint32_t bad, sample; /* signals as bits */
	const char *words, *meaning;
} infos[] = {
#define OF(signal) (1U << SIGNAL_##signal)
#define THRESHOLD(id, name, scope, measure, limit, days, warn, bad, sample, words, meaning) \
	{ name, SCOPE_##scope, MEASURE_##measure, limit, days, warn, bad, sample, words, meaning },
#include "model/thresholds.def"
#undef THRESHOLD
#undef OF
};
_Static_assert(THRESHOLD_COUNT <= 16, "a set of thresholds is 16 bits");
_Static_assert(SIGNAL_COUNT <= 32, "a set of signals is 32 bits");

static const char *const scope_names[] = {
#define THRESHOLD_SCOPE(id, name, meaning) name,
#include "model/threshold_scopes.def"
#undef THRESHOLD_SCOPE
};
static const char *const level_names[] = {
#define THRESHOLD_LEVEL(id, name, meaning) name,
#include "model/threshold_levels.def"
#undef THRESHOLD_LEVEL
};
static const char *const weight_names[] = {
#define BLOCKLIST_WEIGHT(id, name, meaning) name,
#include "model/blocklist_weights.def"
#undef BLOCKLIST_WEIGHT
};
static const struct {
	enum threshold threshold;
	const char *receiver, *limit;
} receiver_limits[] = {
#define RECEIVER_LIMIT(threshold, receiver, limit, why) { THRESHOLD_##threshold, receiver, limit },
#include "model/receiver_limits.def"
#undef RECEIVER_LIMIT
};
_Static_assert(countof(receiver_limits) <= THRESHOLD_EXCEPTIONS_MAX, "the default policy fits");

enum result
blocklist_weight_parse(struct text name, enum blocklist_weight *weight)
{
	for (enum blocklist_weight i = 0; i < BLOCKLIST_WEIGHT_COUNT; i++) {
		if (text_equal(name, text_of(weight_names[i]))) {
			*weight = i;
			return RESULT_OK;
		}
	}
	return RESULT_BAD_INPUT;
}

const char *
threshold_name(enum threshold t)
{
	check(t < THRESHOLD_COUNT);
	return infos[t].name;
}

const char *
threshold_words(enum threshold t)
{
	check(t < THRESHOLD_COUNT);
	return infos[t].words;
}

const char *
threshold_meaning(enum threshold t)
{
	check(t < THRESHOLD_COUNT);
	return infos[t].meaning;
}

const char *
threshold_scope_name(enum threshold_scope scope)
{
	check(scope < countof(scope_names));
	return scope_names[scope];
}

const char *
threshold_level_name(enum threshold_level level)
{
	check(level < countof(level_names));
	return level_names[level];
}

enum threshold_scope
threshold_scope(enum threshold t)
{
	check(t < THRESHOLD_COUNT);
	return infos[t].scope;
}

enum threshold_measure
threshold_measure(enum threshold t)
{
	check(t < THRESHOLD_COUNT);
	return infos[t].measure;
}

bool
threshold_is_bad(enum threshold t, enum signal signal)
{
	check(t < THRESHOLD_COUNT && signal < SIGNAL_COUNT);
	return (infos[t].bad >> signal & 1) != 0;
}

bool
threshold_is_sample(enum threshold t, enum signal signal)
{
	check(t < THRESHOLD_COUNT && signal < SIGNAL_COUNT);
	return (infos[t].sample >> signal & 1) != 0;
}

enum result
threshold_parse(struct text name, enum threshold *t)
{
	for (enum threshold i = 0; i < THRESHOLD_COUNT; i++) {
		if (text_equal_nocase(name, text_of(infos[i].name))) {
			*t = i;
			return RESULT_OK;
		}
	}
	return RESULT_BAD_INPUT;
}

/* ---- limits: reading and writing */

static void
skip_blanks(struct text *t)
{
	while (t->n > 0 && (*t->p == ' ' || *t->p == '\t')) {
		*t = (struct text){ t->p + 1, t->n - 1 };
	}
}

/* Digits in front of `t`, at most `most` of them; false: none, or more. */
static bool
cut_digits(struct text *t, size_t most, struct text *digits)
{
	size_t n = 0;

	while (n < t->n && t->p[n] >= '0' && t->p[n] <= '9') {
		n++;
	}
	*digits = (struct text){ t->p, n };
	*t = (struct text){ t->p + n, t->n - n };
	return n > 0 && n <= most;
}

/* "0.2 %" or "3"; a share is put into parts per million. */
static bool
read_value(struct text *t, struct threshold_step *step)
{
	struct text whole, part = { "", 0 };
	uint64_t value = 0, parts = 0;

	if (!cut_digits(t, 10, &whole)) {
		return false;
	}
	if (t->n > 0 && *t->p == '.') {
		*t = (struct text){ t->p + 1, t->n - 1 };
		if (!cut_digits(t, 4, &part)) {
			return false;
		}
	}
	skip_blanks(t);
	step->is_share = t->n > 0 && *t->p == '%';
	if (step->is_share) {
		*t = (struct text){ t->p + 1, t->n - 1 };
	}
	if (!text_u64(whole, &value) || (part.n > 0 && (!step->is_share || !text_u64(part, &parts)))) {
		return false;
	}
	if (step->is_share) {
		for (size_t i = part.n; i < 4; i++) {
			parts *= 10;
		}
		value = value > 100 ? THRESHOLD_PPM + 1 : value * 10000 + parts;
	}
	step->value = (uint32_t)value;
	return value > 0 && value <= (step->is_share ? THRESHOLD_PPM : UINT32_MAX);
}

/* "0.2 % from 200" or "3". */
static bool
read_step(struct text t, struct threshold_step *step)
{
	const struct text word = TEXT("from");
	struct text digits;
	uint64_t from;

	t = text_trim(t);
	*step = (struct threshold_step){ 0 };
	if (!read_value(&t, step)) {
		return false;
	}
	skip_blanks(&t);
	if (t.n == 0) {
		return true;
	}
	if (!text_starts_nocase(t, word)) {
		return false;
	}
	t = (struct text){ t.p + word.n, t.n - word.n };
	skip_blanks(&t);
	if (!cut_digits(&t, 10, &digits) || t.n > 0 || !text_u64(digits, &from) || from == 0 ||
	    from > UINT32_MAX) {
		return false;
	}
	step->from = (uint32_t)from;
	return true;
}

/* Does the step fit what is measured, behind the one before it? */
static bool
step_fits(enum threshold_measure measure, const struct threshold_limit *limit, uint32_t i)
{
	const struct threshold_step *s = &limit->steps[i];

	if (i > 0 && s->from <= limit->steps[i - 1].from) {
		return false;
	}
	switch (measure) {
	case MEASURE_RATE:
		return s->is_share;
	case MEASURE_SHARE:
		return s->is_share || s->from > 0;
	case MEASURE_COUNT:
	case MEASURE_LISTINGS:
	case MEASURE_SILENCE:
		break;
	}
	return !s->is_share && s->from == 0;
}

enum result
threshold_limit_parse(enum threshold t, struct text words, struct threshold_limit *limit, struct fault *fault)
{
	static const char *const wanted[] = {
		[MEASURE_RATE] = "a limit such as \"0.2 % from 200\" or off is wanted",
		[MEASURE_SHARE] = "a limit such as \"5 from 5, 45 % from 11\" or off is wanted",
		[MEASURE_COUNT] = "a limit such as 3 or off is wanted",
		[MEASURE_LISTINGS] = "a number of blocklists or off is wanted",
		[MEASURE_SILENCE] = "a number of days or off is wanted",
	};
	struct threshold_limit read = { 0 };
	struct text rest = text_trim(words), one;
	bool more = true, good = true;

	if (text_equal_nocase(rest, TEXT("off"))) {
		*limit = read;
		return RESULT_OK;
	}
	while (more && good) {
		more = text_cut(&rest, ',', &one);
		good = read.count < THRESHOLD_STEPS_MAX && read_step(one, &read.steps[read.count]) &&
		       step_fits(threshold_measure(t), &read, read.count);
		read.count++;
	}
	if (!good) {
		return fault_set(fault, RESULT_BAD_INPUT, "%s", wanted[threshold_measure(t)]);
	}
	*limit = read;
	return RESULT_OK;
}

static void
share_write(uint32_t ppm, struct buffer *b)
{
	uint32_t parts = ppm % 10000, digits = 4;

	buffer_format(b, "%u", ppm / 10000);
	if (parts > 0) {
		for (; parts % 10 == 0; digits--) {
			parts /= 10;
		}
		buffer_format(b, ".%0*u", (int)digits, parts);
	}
	buffer_put_text(b, TEXT(" %"));
}

void
threshold_limit_write(const struct threshold_limit *limit, struct buffer *b)
{
	if (limit->count == 0) {
		buffer_put_text(b, TEXT("off"));
	}
	for (uint32_t i = 0; i < limit->count; i++) {
		const struct threshold_step *s = &limit->steps[i];

		if (i > 0) {
			buffer_put_text(b, TEXT(", "));
		}
		if (s->is_share) {
			share_write(s->value, b);
		} else {
			buffer_format(b, "%u", s->value);
		}
		if (s->from > 0) {
			buffer_format(b, " from %u", s->from);
		}
	}
}

bool
threshold_limit_equal(const struct threshold_limit *a, const struct threshold_limit *b)
{
	bool equal = a->count == b->count;

	for (uint32_t i = 0; i < a->count && equal; i++) {
		equal = a->steps[i].from == b->steps[i].from && a->steps[i].value == b->steps[i].value &&
			a->steps[i].is_share == b->steps[i].is_share;
	}
	return equal;
}

/* ---- limits: arithmetic */

const struct threshold_step *
threshold_step(enum threshold t, const struct threshold_limit *limit, uint64_t bad, uint64_t sample)
{
	uint64_t size = infos[t].measure == MEASURE_RATE ? bad : sample;
	const struct threshold_step *step = NULL;

	check(bad <= EVENTS_MAX && sample <= EVENTS_MAX);
	for (uint32_t i = 0; i < limit->count && limit->steps[i].from <= size; i++) {
		step = &limit->steps[i];
	}
	return step;
}

/* `percent` of the step; 100 is the step itself. A rate of nothing known is not judged. */
static bool
is_past(const struct threshold_step *s, uint32_t percent, uint64_t bad, uint64_t sample)
{
	if (s->is_share) {
		return sample > 0 && bad * THRESHOLD_PPM * 100 > s->value * (uint64_t)percent * sample;
	}
	return bad * 100 >= s->value * (uint64_t)percent;
}

bool
threshold_is_over(enum threshold t, const struct threshold_limit *limit, uint64_t bad, uint64_t sample)
{
	const struct threshold_step *s = threshold_step(t, limit, bad, sample);

	return s != NULL && is_past(s, 100, bad, sample);
}

/* The step of a rate is near when its share and its sample are: 160 complaints of 200 at 0.17 % of 0.2 %. */
static bool
is_near(enum threshold t, const struct threshold_limit *limit, uint32_t warn, uint64_t bad, uint64_t sample)
{
	const struct threshold_step *s = threshold_step(t, limit, bad, sample);

	if (s == NULL && infos[t].measure == MEASURE_RATE && limit->count > 0 &&
	    bad * 100 >= limit->steps[0].from * (uint64_t)warn) {
		s = &limit->steps[0];
	}
	return s != NULL && bad > 0 && is_past(s, warn, bad, sample);
}

/* Nothing to compare with, too few votes, or above the rate with too few complaints to be held against it. */
static bool
is_small(enum threshold t, const struct threshold_limit *limit, uint64_t bad, uint64_t sample)
{
	if (limit->count == 0 || infos[t].sample == 0) {
		return false;
	}
	if (sample == 0) {
		return bad > 0;
	}
	return threshold_step(t, limit, bad, sample) == NULL &&
	       (infos[t].measure == MEASURE_SHARE || is_past(&limit->steps[0], 100, bad, sample));
}

enum threshold_level
threshold_level(enum threshold t, const struct threshold_limit *limit, uint32_t warn, uint64_t bad,
		uint64_t sample)
{
	if (threshold_is_over(t, limit, bad, sample)) {
		return LEVEL_OVER;
	}
	if (is_near(t, limit, warn, bad, sample)) {
		return LEVEL_WARNING;
	}
	return is_small(t, limit, bad, sample) ? LEVEL_SMALL : LEVEL_GOOD;
}

static uint64_t
larger(uint64_t a, uint64_t b)
{
	return a > b ? a : b;
}

static uint64_t
missing(uint64_t to, uint64_t from)
{
	return to > from ? to - from : 0;
}

/* The largest sample at which step i holds. */
static uint64_t
step_end(const struct threshold_limit *limit, uint32_t i)
{
	return i + 1 < limit->count ? limit->steps[i + 1].from - 1 : UINT64_MAX;
}

/* More bad news until this step is crossed, wherever it begins and ends; UINT64_MAX: never. */
static uint64_t
step_room(enum threshold_measure measure, const struct threshold_step *s, uint64_t bad, uint64_t sample)
{
	uint64_t had = bad * THRESHOLD_PPM, allowed = s->value * sample;

	if (!s->is_share) {
		return missing(s->value, bad);
	}
	if (measure == MEASURE_RATE) {
		return sample == 0 ? UINT64_MAX : missing(allowed / THRESHOLD_PPM + 1, bad);
	}
	if (s->value == THRESHOLD_PPM) {
		return UINT64_MAX;
	}
	return allowed < had ? 0 : (allowed - had) / (THRESHOLD_PPM - s->value) + 1;
}

uint64_t
threshold_room(enum threshold t, const struct threshold_limit *limit, uint64_t bad, uint64_t sample)
{
	enum threshold_measure measure = infos[t].measure;
	uint64_t size = measure == MEASURE_RATE ? bad : sample, best = UINT64_MAX;

	if (threshold_is_over(t, limit, bad, sample)) {
		return 0;
	}
	for (uint32_t i = 0; i < limit->count; i++) {
		const struct threshold_step *s = &limit->steps[i];
		uint64_t more = step_room(measure, s, bad, sample);

		more = larger(more, larger(missing(s->from, size), 1));
		if (more < best && more <= missing(step_end(limit, i), size)) {
			best = more;
		}
	}
	return best == UINT64_MAX ? 0 : best;
}

uint64_t
threshold_clean(enum threshold t, const struct threshold_limit *limit, uint64_t bad, uint64_t sample)
{
	const struct threshold_step *now = threshold_step(t, limit, bad, sample);
	uint64_t best = UINT64_MAX;

	if (infos[t].sample == 0 || !threshold_is_over(t, limit, bad, sample)) {
		return 0;
	}
	if (infos[t].measure == MEASURE_RATE) {
		return (bad * THRESHOLD_PPM + now->value - 1) / now->value - sample;
	}
	for (uint32_t i = 0; i < limit->count; i++) {
		const struct threshold_step *s = &limit->steps[i];
		uint64_t end = step_end(limit, i), least = larger(sample + 1, s->from);

		if (s->is_share) {
			least = larger(least, (bad * THRESHOLD_PPM + s->value - 1) / s->value);
		} else if (bad >= s->value) {
			continue;
		}
		if (least <= end && least - sample < best) {
			best = least - sample;
		}
	}
	return best == UINT64_MAX ? 0 : best;
}

/* ---- policy */

void
threshold_policy_off(struct threshold_policy *policy)
{
	*policy = (struct threshold_policy){ .wait = THRESHOLD_WAIT_DEFAULT };
	for (enum threshold t = 0; t < THRESHOLD_COUNT; t++) {
		policy->rules[t] = (struct threshold_rule){ .days = infos[t].days, .warn = infos[t].warn };
	}
}

void
threshold_policy_default(struct threshold_policy *policy)
{
	struct threshold_limit limit;

	threshold_policy_off(policy);
	for (enum threshold t = 0; t < THRESHOLD_COUNT; t++) {
		check(threshold_limit_parse(t, text_of(infos[t].limit), &policy->rules[t].limit, NULL) ==
		      RESULT_OK);
	}
	for (size_t i = 0; i < countof(receiver_limits); i++) {
		enum threshold t = receiver_limits[i].threshold;

		check(threshold_limit_parse(t, text_of(receiver_limits[i].limit), &limit, NULL) == RESULT_OK);
		check(threshold_policy_except(policy, t, text_of(receiver_limits[i].receiver), &limit,
					      NULL) == RESULT_OK);
	}
}

/* Where the exception is, or where it would stand. */
static uint32_t
exception_place(const struct threshold_policy *policy, enum threshold t, struct text receiver)
{
	uint32_t i = 0;

	for (; i < policy->exception_count; i++) {
		const struct threshold_exception *e = &policy->exceptions[i];
		size_t n = strlen(e->receiver), least = n < receiver.n ? n : receiver.n;
		int order = least == 0 ? 0 : memcmp(e->receiver, receiver.p, least);

		if (e->threshold > t ||
		    (e->threshold == t && (order > 0 || (order == 0 && n >= receiver.n)))) {
			break;
		}
	}
	return i;
}

static bool
is_exception(const struct threshold_policy *policy, uint32_t i, enum threshold t, struct text receiver)
{
	return i < policy->exception_count && policy->exceptions[i].threshold == t &&
	       text_equal(text_of(policy->exceptions[i].receiver), receiver);
}

const struct threshold_limit *
threshold_policy_limit(const struct threshold_policy *policy, enum threshold t, struct text receiver)
{
	uint32_t i;

	if (receiver.n == 0 || infos[t].scope != SCOPE_RECEIVER) {
		return &policy->rules[t].limit;
	}
	i = exception_place(policy, t, receiver);
	return is_exception(policy, i, t, receiver) ? &policy->exceptions[i].limit : &policy->rules[t].limit;
}

enum result
threshold_policy_except(struct threshold_policy *policy, enum threshold t, struct text receiver,
			const struct threshold_limit *limit, struct fault *fault)
{
	uint32_t i;

	if (threshold_scope(t) != SCOPE_RECEIVER) {
		return fault_set(fault, RESULT_BAD_INPUT, "%s is not counted by receiver", threshold_name(t));
	}
	if (!text_is_name(receiver)) {
		return fault_set(fault, RESULT_BAD_INPUT, "the id of a receiver is wanted");
	}
	i = exception_place(policy, t, receiver);
	if (!is_exception(policy, i, t, receiver)) {
		if (policy->exception_count == THRESHOLD_EXCEPTIONS_MAX) {
			return fault_set(fault, RESULT_TOO_LARGE,
					 "more than %d receivers with their own limit",
					 THRESHOLD_EXCEPTIONS_MAX);
		}
		memmove(&policy->exceptions[i + 1], &policy->exceptions[i],
			(policy->exception_count - i) * sizeof *policy->exceptions);
		policy->exceptions[i] = (struct threshold_exception){ .threshold = t };
		memcpy(policy->exceptions[i].receiver, receiver.p, receiver.n);
		policy->exception_count++;
	}
	policy->exceptions[i].limit = *limit;
	return RESULT_OK;
}

bool
threshold_policy_equal(const struct threshold_policy *a, const struct threshold_policy *b)
{
	bool equal = a->wait.ms == b->wait.ms && a->exception_count == b->exception_count;

	for (enum threshold t = 0; t < THRESHOLD_COUNT && equal; t++) {
		equal = a->rules[t].days == b->rules[t].days && a->rules[t].warn == b->rules[t].warn &&
			threshold_limit_equal(&a->rules[t].limit, &b->rules[t].limit);
	}
	for (uint32_t i = 0; i < a->exception_count && equal; i++) {
		equal = a->exceptions[i].threshold == b->exceptions[i].threshold &&
			strcmp(a->exceptions[i].receiver, b->exceptions[i].receiver) == 0 &&
			threshold_limit_equal(&a->exceptions[i].limit, &b->exceptions[i].limit);
	}
	return equal;
}

/* ---- a policy as bytes: limits in their words, so that one limit has one form */

static void
put_limit(const struct threshold_limit *limit, struct buffer *b)
{
	struct buffer words;

	buffer_init(&words, ATTRIBUTE_BYTES_MAX);
	threshold_limit_write(limit, &words);
	wire_put_text(b, buffer_text(&words));
	buffer_free(&words);
}

static void
get_limit(struct wire *w, enum threshold t, struct threshold_limit *limit)
{
	struct text written = wire_text(w);
	struct buffer again;

	buffer_init(&again, ATTRIBUTE_BYTES_MAX);
	if (w->bad || threshold_limit_parse(t, written, limit, NULL) != RESULT_OK) {
		w->bad = true;
	} else {
		threshold_limit_write(limit, &again);
		w->bad = !text_equal(buffer_text(&again), written);
	}
	buffer_free(&again);
}

void
threshold_policy_write(const struct threshold_policy *policy, struct buffer *b)
{
	wire_put_u64(b, (uint64_t)policy->wait.ms);
	for (enum threshold t = 0; t < THRESHOLD_COUNT; t++) {
		put_limit(&policy->rules[t].limit, b);
		wire_put_u64(b, policy->rules[t].days);
		wire_put_u64(b, policy->rules[t].warn);
	}
	wire_put_u64(b, policy->exception_count);
	for (uint32_t i = 0; i < policy->exception_count; i++) {
		wire_put_u64(b, policy->exceptions[i].threshold);
		wire_put_text(b, text_of(policy->exceptions[i].receiver));
		put_limit(&policy->exceptions[i].limit, b);
	}
}

void
threshold_policy_read(struct wire *w, struct threshold_policy *policy)
{
	uint32_t count;

	threshold_policy_off(policy);
	policy->wait.ms = (int64_t)wire_up_to(w, UINT32_MAX);
	for (enum threshold t = 0; t < THRESHOLD_COUNT && !w->bad; t++) {
		get_limit(w, t, &policy->rules[t].limit);
		policy->rules[t].days = (uint32_t)wire_between(w, 1, COMPLIANCE_DAYS_MAX);
		policy->rules[t].warn = (uint32_t)wire_between(w, 1, 100);
	}
	count = (uint32_t)wire_up_to(w, THRESHOLD_EXCEPTIONS_MAX);
	for (uint32_t i = 0; i < count && !w->bad; i++) {
		enum threshold t = (enum threshold)wire_up_to(w, THRESHOLD_COUNT - 1);
		struct text receiver = wire_text(w);
		struct threshold_limit limit = { 0 };

		get_limit(w, t, &limit);
		/* In their order, each once: then it is the last of all. */
		w->bad = w->bad || threshold_policy_except(policy, t, receiver, &limit, NULL) != RESULT_OK ||
			 policy->exception_count != i + 1 || !is_exception(policy, i, t, receiver);
	}
}
