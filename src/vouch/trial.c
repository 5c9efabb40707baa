/* One course of a replay: what an input brings about, beside what the journal holds behind it. */
#include "vouch/trial.h"

#include "vouchd/command.h"

#include <inttypes.h>

#define EFFECT_BYTES_MAX 65536U

static void
add_effect(struct trial_course *c, enum record_kind kind, struct buffer *b)
{
	check(!b->full);
	replay_effect_add(c->effects, kind, buffer_text(b));
	buffer_free(b);
}

static void
on_alarm(void *context, const struct alarm *alarm)
{
	struct buffer b;

	buffer_init(&b, EFFECT_BYTES_MAX);
	alarm_write(&b, alarm);
	add_effect(context, RECORD_ALARM, &b);
}

static void
on_move(void *context, const struct move *move)
{
	struct buffer b;

	buffer_init(&b, EFFECT_BYTES_MAX);
	move_write(&b, move);
	add_effect(context, RECORD_MOVE, &b);
}

static void
on_case_change(void *context, const struct case_change *change)
{
	struct buffer b;

	buffer_init(&b, EFFECT_BYTES_MAX);
	case_change_write(&b, change);
	add_effect(context, RECORD_CASE, &b);
}

static void
on_touch(void *context, uint32_t source)
{
	(void)context;
	(void)source;
}

static void
on_registry(void *context, const struct registry_change *change)
{
	(void)context;
	(void)change;
}

/* ---- snapshots */

static enum result
find_shots(struct trial_course *c, struct journal *j, struct fault *fault)
{
	struct trial_shot newest_first[TRIAL_SHOTS_MAX];
	struct buffer bytes;
	uint64_t at = 0, seq;
	size_t n = 0;
	enum result r = RESULT_OK;

	buffer_init(&bytes, FOLD_SNAPSHOT_BYTES_MAX);
	while (r == RESULT_OK && n < TRIAL_SHOTS_MAX) {
		r = journal_get_snapshot(j, at, &seq, &bytes);
		if (r == RESULT_OK) {
			newest_first[n++] = (struct trial_shot){ seq, hash_of(bytes.p, bytes.n) };
			at = seq - 1;
			r = at == 0 ? RESULT_NOT_FOUND : r;
		}
	}
	buffer_free(&bytes);
	for (size_t i = 0; i < n; i++) {
		c->shots[c->shot_count++] = newest_first[n - 1 - i];
	}
	return r == RESULT_NOT_FOUND || r == RESULT_OK
		   ? RESULT_OK
		   : fault_set(fault, r, "the snapshot at record %" PRIu64 " cannot be read", seq);
}

/* Compares those that were made before record `seq`. */
static enum result
compare_shots(struct trial_course *c, uint64_t seq, struct fault *fault)
{
	enum result r = RESULT_OK;

	while (c->shot_count > 0 && c->shots[0].seq < seq && r == RESULT_OK) {
		struct buffer bytes;
		struct hash hash;

		buffer_init(&bytes, FOLD_SNAPSHOT_BYTES_MAX);
		fold_save(c->fold, &bytes);
		hash = hash_of(bytes.p, bytes.n);
		buffer_free(&bytes);
		if (!hash_equal(&hash, &c->shots[0].hash)) {
			r = fault_set(fault, RESULT_DIFFERENT,
				      "the snapshot at record %" PRIu64
				      " is not what the journal gives there",
				      c->shots[0].seq);
		}
		c->shots[0] = c->shots[1];
		c->shot_count--;
	}
	return r;
}

/* ---- another policy */

/*
 * The case of the system that the verdict is about: the open one; where the alarm went to review, and its hour is not over, that review, if
 * it is cleared. One that was confirmed falls at the end of its hour, by its alarm, the latest it could. 0: none.
 */
static uint32_t
case_of_verdict(const struct decide *d, uint32_t system, enum event event)
{
	uint32_t number = decide_system_case(d, system), review = decide_system_review(d, system);
	struct decide_case_view v;

	if (number != 0 || review == 0 || event != EVENT_CLEAR) {
		return number;
	}
	decide_case_view(d, review, &v);
	return v.status == CASE_OPEN ? review : 0;
}

/*
 * A verdict names a case by its number, and under another policy the numbers are others: it goes to the case of the system that it was about.
 * Returns false when there is none: then nothing is to be judged.
 */
static bool
translate_verdict(const struct trial_course *c, struct record *input, struct buffer *payload)
{
	struct arena arena = { 0 };
	struct command command;
	struct fault fault;
	bool is_verdict = command_read(input->payload, &arena, &command, &fault) == RESULT_OK &&
			  !command.is_policy && command.decide.subject == DECIDE_CASE;
	uint32_t number = 0;

	if (is_verdict) {
		uint32_t system = backtest_case_system(c->backtest, command.decide.id);

		number = system == REGISTRY_NONE
			     ? 0
			     : case_of_verdict(fold_decide(c->fold), system, command.decide.event);
		command.decide.id = number;
		if (number != 0) {
			command_write(payload, &command);
			check(!payload->full);
			input->payload = buffer_text(payload);
		}
	}
	arena_clear(&arena);
	return !is_verdict || number != 0;
}

static enum result
fold_trial(struct trial_course *c, const struct record *input, struct fault *fault)
{
	struct record changed = *input;
	struct buffer payload;
	enum result r = RESULT_NOT_FOUND;

	if (!c->tried && input->time.ms >= c->trial->from.ms) {
		c->tried = true;
		fold_try(c->fold, &c->trial->policy, (struct moment){ input->time, input->seq });
	}
	buffer_init(&payload, RECORD_BYTES_MAX);
	if (!c->tried || input->kind != RECORD_COMMAND || translate_verdict(c, &changed, &payload)) {
		r = fold_apply(c->fold, &changed, fault);
	}
	buffer_free(&payload);
	return r;
}

/* ---- the walk */

static enum result
apply(void *context, const struct record *input, struct replay_effects *effects, enum result *refused,
      struct fault *fault)
{
	struct trial_course *c = context;
	struct fault words = { .text = "" };
	enum result r;

	c->effects = effects;
	if (c->trial->wanted && input->time.ms >= c->trial->to.ms) {
		return RESULT_OK; /* what was judged later is still wanted, and only that */
	}
	c->last = input->time;
	r = compare_shots(c, input->seq, fault);
	if (r != RESULT_OK) {
		return r;
	}
	r = c->trial->wanted ? fold_trial(c, input, &words) : fold_apply(c->fold, input, &words);
	if (r == RESULT_DAMAGED) {
		return fault_set(fault, r, "record %" PRIu64 ": %s", input->seq, words.text);
	}
	*refused = r;
	return RESULT_OK;
}

static bool
counts(const struct trial_course *c, const struct record *input)
{
	return !c->trial->wanted || (input->time.ms >= c->trial->from.ms && input->time.ms < c->trial->to.ms);
}

static enum result
step(void *context, const struct replay_step *s, struct fault *fault)
{
	struct trial_course *c = context;

	if (counts(c, s->input)) {
		for (size_t i = 0; i < s->recorded_count; i++) {
			c->recorded[s->recorded[i].kind]++;
		}
		for (size_t i = 0; i < s->computed_count; i++) {
			c->computed[s->computed[i].kind]++;
		}
		c->refused += s->refused != RESULT_OK;
	}
	if (c->backtest == NULL) {
		return replay_compare(s, fault);
	}
	backtest_see(c->backtest, BACKTEST_RECORDED, s->recorded, s->recorded_count);
	backtest_see(c->backtest, BACKTEST_COMPUTED, s->computed, s->computed_count);
	return RESULT_OK;
}

enum result
trial_count_mail(void *course, const struct record *record)
{
	struct trial_course *c = course;
	struct arena arena = { 0 };
	struct report report;

	c->read_again = record->seq;
	if (record->kind == RECORD_REPORT && report_read(record->payload, &arena, &report) == RESULT_OK) {
		backtest_mail(c->backtest, fold_registry(c->fold), &report);
	}
	arena_clear(&arena);
	return RESULT_OK;
}

enum result
trial_open(struct trial_course *c, const struct trial *trial, struct journal *j, struct fault *fault)
{
	const struct fold_sink sink = { on_touch, on_alarm, on_move, on_case_change, on_registry, c, NULL };

	*c = (struct trial_course){ .trial = trial };
	c->fold = fold_open(&(struct fold_policy){ .budget = FOLD_BUDGET_AT_FIRST }, &sink);
	if (trial->wanted) {
		c->backtest = backtest_open(trial->from, trial->to);
		return RESULT_OK;
	}
	return find_shots(c, j, fault);
}

struct replay_rooms
trial_rooms(struct trial_course *c)
{
	return (struct replay_rooms){ c, apply, step };
}

enum result
trial_end(struct trial_course *c, struct fault *fault)
{
	return compare_shots(c, UINT64_MAX, fault);
}

void
trial_close(struct trial_course *c)
{
	fold_close(c->fold);
	backtest_close(c->backtest);
}
