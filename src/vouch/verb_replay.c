/*
 * replay: the journal folded again. Without --budget each effect is compared byte for byte with the record (DESIGN 8.2); with
 * it the past is folded under another budget, and what would have been different is told per source.
 */
#include "journal/journal.h"
#include "model/move.h"
#include "replay/replay.h"
#include "vouch/store.h"
#include "vouch/table.h"
#include "vouchd/fold.h"

#include <inttypes.h>
#include <stdlib.h>

#define EFFECT_BYTES_MAX 65536U
#define BUDGET_MAX       1000.0

/* The first time the detector took a source off the list; 0: it did not. */
struct fall {
	int64_t recorded_ms;
	int64_t computed_ms;
};

/* A snapshot of the store: a restart begins with it, so it must be what the journal gives. */
struct shot {
	uint64_t seq;
	struct hash hash; /* of its bytes */
};

#define SHOTS_MAX 2U /* the journal keeps so many */

struct replaying {
	struct vouch *v;
	struct shot shots[SHOTS_MAX]; /* not compared yet, by seq */
	size_t shot_count;
	struct fold *fold;
	struct replay_effects *effects; /* of the input that is being folded */
	bool compare;
	uint64_t total, seen; /* records */
	struct store_progress progress;
	uint64_t recorded[RECORD_COUNT], computed[RECORD_COUNT];
	uint64_t refused;
	struct fall *falls; /* by source */
	size_t fall_count;
};

static void
add_effect(struct replaying *p, enum record_kind kind, struct buffer *b)
{
	check(!b->full);
	replay_effect_add(p->effects, kind, buffer_text(b));
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
find_shots(struct replaying *p, struct journal *j)
{
	struct shot newest_first[SHOTS_MAX];
	struct buffer bytes;
	uint64_t at = 0, seq;
	size_t n = 0;
	enum result r = RESULT_OK;

	buffer_init(&bytes, FOLD_SNAPSHOT_BYTES_MAX);
	while (r == RESULT_OK && n < SHOTS_MAX) {
		r = journal_get_snapshot(j, at, &seq, &bytes);
		if (r == RESULT_OK) {
			newest_first[n++] = (struct shot){ seq, hash_of(bytes.p, bytes.n) };
			at = seq - 1;
			r = at == 0 ? RESULT_NOT_FOUND : r;
		}
	}
	buffer_free(&bytes);
	for (size_t i = 0; i < n; i++) {
		p->shots[p->shot_count++] = newest_first[n - 1 - i];
	}
	return r == RESULT_NOT_FOUND || r == RESULT_OK
		   ? RESULT_OK
		   : fault_set(&p->v->fault, r, "the snapshot at record %" PRIu64 " cannot be read", seq);
}

/* Compares those that were made before record `seq`. */
static enum result
compare_shots(struct replaying *p, uint64_t seq, struct fault *fault)
{
	enum result r = RESULT_OK;

	while (p->shot_count > 0 && p->shots[0].seq < seq && r == RESULT_OK) {
		struct buffer bytes;
		struct hash hash;

		buffer_init(&bytes, FOLD_SNAPSHOT_BYTES_MAX);
		fold_save(p->fold, &bytes);
		hash = hash_of(bytes.p, bytes.n);
		buffer_free(&bytes);
		if (!hash_equal(&hash, &p->shots[0].hash)) {
			r = fault_set(fault, RESULT_DIFFERENT,
				      "the snapshot at record %" PRIu64
				      " is not what the journal gives there",
				      p->shots[0].seq);
		}
		p->shots[0] = p->shots[1];
		p->shot_count--;
	}
	return r;
}

static enum result
apply(void *context, const struct record *input, struct replay_effects *effects, enum result *refused,
      struct fault *fault)
{
	struct replaying *p = context;
	struct fault words = { .text = "" };
	enum result r;

	p->effects = effects;
	p->seen = input->seq;
	store_progress(&p->progress, "replay", p->seen, p->total);
	r = compare_shots(p, input->seq, fault);
	if (r != RESULT_OK) {
		return r;
	}
	r = fold_apply(p->fold, input, &words);
	if (r == RESULT_DAMAGED) {
		return fault_set(fault, r, "record %" PRIu64 ": %s", input->seq, words.text);
	}
	*refused = r;
	return RESULT_OK;
}

/* When the detector first took each source off, on one side. */
static void
note_falls(struct replaying *p, const struct replay_effect *effects, size_t count, bool computed)
{
	for (size_t i = 0; i < count; i++) {
		struct move m;
		int64_t *at;

		if (effects[i].kind != RECORD_MOVE || move_read(effects[i].payload, &m) != RESULT_OK ||
		    m.to != STATE_SUSPENDED || m.receiver.n > 0 || m.ground.role != ACTOR_DETECTOR) {
			continue;
		}
		while (p->fall_count <= m.source) {
			size_t size = p->fall_count == 0 ? 256 : p->fall_count * 2;

			p->falls = reallocarray(p->falls, size, sizeof *p->falls);
			check(p->falls != NULL);
			for (; p->fall_count < size; p->fall_count++) {
				p->falls[p->fall_count] = (struct fall){ 0 };
			}
		}
		at = computed ? &p->falls[m.source].computed_ms : &p->falls[m.source].recorded_ms;
		*at = *at == 0 ? m.ground.at.ms : *at;
	}
}

static enum result
step(void *context, const struct replay_step *s, struct fault *fault)
{
	struct replaying *p = context;

	for (size_t i = 0; i < s->recorded_count; i++) {
		p->recorded[s->recorded[i].kind]++;
	}
	for (size_t i = 0; i < s->computed_count; i++) {
		p->computed[s->computed[i].kind]++;
	}
	p->refused += s->refused != RESULT_OK;
	note_falls(p, s->recorded, s->recorded_count, false);
	note_falls(p, s->computed, s->computed_count, true);
	return p->compare ? replay_compare(s, fault) : RESULT_OK;
}

static json_t *
json_of_time(int64_t ms)
{
	char text[INSTANT_BYTES];

	return ms == 0 ? json_null() : json_string(instant_format((struct instant){ ms }, text));
}

/* Sources whose first suspension by the detector differs, in the order of the registry. */
static json_t *
differences(const struct replaying *p)
{
	json_t *all = json_array();

	for (uint32_t i = 0; i < p->fall_count; i++) {
		struct registry_source source;

		if (p->falls[i].recorded_ms == p->falls[i].computed_ms) {
			continue;
		}
		source = registry_source(fold_registry(p->fold), i);
		check(json_array_append_new(all, json_pack("{s:s%,s:s%,s:o,s:o}", "source", source.key.p,
							   source.key.n, "member", source.member_name.p,
							   source.member_name.n, "recorded",
							   json_of_time(p->falls[i].recorded_ms), "computed",
							   json_of_time(p->falls[i].computed_ms))) == 0);
	}
	return all;
}

static json_t *
json_of_counts(const uint64_t counts[RECORD_COUNT])
{
	return json_pack("{s:I,s:I,s:I}", "alarms", (json_int_t)counts[RECORD_ALARM], "moves",
			 (json_int_t)counts[RECORD_MOVE], "cases", (json_int_t)counts[RECORD_CASE]);
}

static void
print_replay(const struct replaying *p, const struct replay_summary *summary, enum result r)
{
	static const struct table_column columns[] = {
		{ "source", "SOURCE" },
		{ "member", "MEMBER" },
		{ "recorded", "SUSPENDED" },
		{ "computed", "WITH THIS BUDGET" },
	};
	json_t *sources = differences(p);
	json_t *root = json_pack("{s:b,s:I,s:I,s:I,s:f,s:o,s:o,s:o}", "same", r == RESULT_OK && p->compare,
				 "records", (json_int_t)summary->records, "inputs",
				 (json_int_t)summary->inputs, "refused", (json_int_t)p->refused, "budget",
				 fold_budget(p->fold), "recorded", json_of_counts(p->recorded), "computed",
				 json_of_counts(p->computed), "sources", sources);

	check(root != NULL);
	if (vouch_has(p->v, FLAG_json)) {
		vouch_print_json(root);
	} else if (p->compare && r == RESULT_OK) {
		(void)printf("%" PRIu64 " records, %" PRIu64 " inputs: the same %" PRIu64 " alarms, %" PRIu64
			     " moves and %" PRIu64 " case changes, so the same list\n",
			     summary->records, summary->inputs, p->computed[RECORD_ALARM],
			     p->computed[RECORD_MOVE], p->computed[RECORD_CASE]);
	} else if (!p->compare) {
		(void)printf("recorded: %" PRIu64 " alarms, %" PRIu64 " moves; with a budget of %g: %" PRIu64
			     " alarms, %" PRIu64 " moves\n",
			     p->recorded[RECORD_ALARM], p->recorded[RECORD_MOVE], fold_budget(p->fold),
			     p->computed[RECORD_ALARM], p->computed[RECORD_MOVE]);
		if (p->refused > 0) {
			(void)printf("%" PRIu64 " commands would have had nothing to act on\n", p->refused);
		}
		table_print(stdout, sources, columns, countof(columns), p->v->colour);
	}
	json_decref(root);
}

/* The budget to try, or none: then the policy is as recorded. */
static enum result
read_policy(struct vouch *v, struct fold_policy *policy)
{
	const char *value = v->args.flags[FLAG_budget];
	char *end;

	*policy = (struct fold_policy){ .budget = FOLD_BUDGET_AT_FIRST, .fixed = value != NULL };
	if (value != NULL) {
		policy->budget = strtod(value, &end);
		if (end == value || *end != '\0' || !(policy->budget > 0 && policy->budget <= BUDGET_MAX)) {
			return fault_set(&v->fault, RESULT_BAD_USAGE,
					 "--budget wants a number above 0 up to %g, not \"%s\"", BUDGET_MAX,
					 value);
		}
	}
	return RESULT_OK;
}

static enum result
replay(struct vouch *v, struct journal *j, const struct fold_policy *policy)
{
	struct replaying p = { .v = v, .compare = !policy->fixed };
	const struct fold_sink sink = { on_touch, on_alarm, on_move, on_case_change, on_registry, &p };
	const struct replay_rooms rooms = { &p, apply, step };
	struct replay_summary summary = { .records = 0 };
	struct journal_head head;
	enum result r = journal_head(j, &head);

	if (r != RESULT_OK) {
		return fault_set(&v->fault, r, "the journal cannot be read");
	}
	p.total = head.seq;
	p.fold = fold_open(policy, &sink);
	r = p.compare ? find_shots(&p, j) : RESULT_OK;
	if (r == RESULT_OK) {
		r = replay_run(j, &rooms, &summary, &v->fault);
	}
	if (r == RESULT_OK) {
		r = compare_shots(&p, UINT64_MAX, &v->fault);
	}
	store_progress(&p.progress, "replay", 0, 0);
	if (r == RESULT_OK || r == RESULT_DIFFERENT) {
		print_replay(&p, &summary, r);
	}
	fold_close(p.fold);
	free(p.falls);
	return r;
}

enum result
verb_replay(struct vouch *v)
{
	struct fold_policy policy;
	struct journal *j;
	enum result r = read_policy(v, &policy);

	if (r == RESULT_OK) {
		r = store_open(v, JOURNAL_READ, &j);
	}
	if (r == RESULT_OK) {
		r = replay(v, j, &policy);
		journal_close(j);
	}
	return r;
}
