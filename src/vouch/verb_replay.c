/*
 * replay: the journal folded again. Each effect is compared byte for byte with the record (DESIGN 8.2); with --budget or --policy
 * the past is folded under another policy instead, and what would have been different is told per source.
 */
#include "replay/replay.h"
#include "vouch/backtest.h"
#include "vouch/store.h"
#include "vouch/table.h"
#include "vouchd/command.h"
#include "vouchd/config.h"
#include "vouchd/fold.h"

#include <inttypes.h>
#include <stdlib.h>

#define EFFECT_BYTES_MAX 65536U
#define BUDGET_MAX       1000.0

/* The other policy, and when. Without one the past is compared with itself. */
struct trial {
	bool wanted;
	struct fold_policy policy;
	struct config config; /* of --policy: the thresholds lie in it */
	struct instant from, to;
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
	const struct trial *trial;
	bool tried;                /* the other policy is in force */
	struct backtest *backtest; /* NULL: no other policy */
	struct instant last;       /* time of the last record that was folded */
	uint64_t total;            /* records */
	struct store_progress progress;
	uint64_t recorded[RECORD_COUNT], computed[RECORD_COUNT];
	uint64_t refused;
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

/* ---- another policy */

/*
 * A verdict names a case by its number, and under another policy the numbers are others: it goes to the open case of the system
 * that it was about. Returns false when there is none: then nothing is to be judged.
 */
static bool
translate_verdict(const struct replaying *p, struct record *input, struct buffer *payload)
{
	struct arena arena = { 0 };
	struct command c;
	struct fault fault;
	bool is_verdict = command_read(input->payload, &arena, &c, &fault) == RESULT_OK && !c.is_policy &&
			  c.decide.subject == DECIDE_CASE;
	uint32_t number = 0;

	if (is_verdict) {
		uint32_t system = backtest_case_system(p->backtest, c.decide.id);

		number = system == REGISTRY_NONE ? 0 : decide_system_case(fold_decide(p->fold), system);
		c.decide.id = number;
		if (number != 0) {
			command_write(payload, &c);
			check(!payload->full);
			input->payload = buffer_text(payload);
		}
	}
	arena_clear(&arena);
	return !is_verdict || number != 0;
}

static enum result
fold_trial(struct replaying *p, const struct record *input, struct fault *fault)
{
	struct record changed = *input;
	struct buffer payload;
	enum result r = RESULT_NOT_FOUND;

	if (!p->tried && input->time.ms >= p->trial->from.ms) {
		p->tried = true;
		fold_try(p->fold, &p->trial->policy, (struct moment){ input->time, input->seq });
	}
	buffer_init(&payload, RECORD_BYTES_MAX);
	if (!p->tried || input->kind != RECORD_COMMAND || translate_verdict(p, &changed, &payload)) {
		r = fold_apply(p->fold, &changed, fault);
	}
	buffer_free(&payload);
	return r;
}

/* ---- the walk */

static enum result
apply(void *context, const struct record *input, struct replay_effects *effects, enum result *refused,
      struct fault *fault)
{
	struct replaying *p = context;
	struct fault words = { .text = "" };
	enum result r;

	p->effects = effects;
	store_progress(&p->progress, "replay", input->seq, p->total);
	if (p->trial->wanted && input->time.ms >= p->trial->to.ms) {
		return RESULT_OK; /* what was judged later is still wanted, and only that */
	}
	p->last = input->time;
	r = compare_shots(p, input->seq, fault);
	if (r != RESULT_OK) {
		return r;
	}
	r = p->trial->wanted ? fold_trial(p, input, &words) : fold_apply(p->fold, input, &words);
	if (r == RESULT_DAMAGED) {
		return fault_set(fault, r, "record %" PRIu64 ": %s", input->seq, words.text);
	}
	*refused = r;
	return RESULT_OK;
}

static bool
counts(const struct replaying *p, const struct record *input)
{
	return !p->trial->wanted || (input->time.ms >= p->trial->from.ms && input->time.ms < p->trial->to.ms);
}

static enum result
step(void *context, const struct replay_step *s, struct fault *fault)
{
	struct replaying *p = context;

	if (counts(p, s->input)) {
		for (size_t i = 0; i < s->recorded_count; i++) {
			p->recorded[s->recorded[i].kind]++;
		}
		for (size_t i = 0; i < s->computed_count; i++) {
			p->computed[s->computed[i].kind]++;
		}
		p->refused += s->refused != RESULT_OK;
	}
	if (p->backtest == NULL) {
		return replay_compare(s, fault);
	}
	backtest_see(p->backtest, BACKTEST_RECORDED, s->recorded, s->recorded_count);
	backtest_see(p->backtest, BACKTEST_COMPUTED, s->computed, s->computed_count);
	return RESULT_OK;
}

/* ---- what is told */

static json_t *
json_of_counts(const uint64_t counts[RECORD_COUNT])
{
	json_t *j = json_pack("{s:I,s:I,s:I}", "alarms", (json_int_t)counts[RECORD_ALARM], "moves",
			      (json_int_t)counts[RECORD_MOVE], "cases", (json_int_t)counts[RECORD_CASE]);

	check(j != NULL);
	return j;
}

static enum result
count_mail(void *context, const struct record *record)
{
	struct replaying *p = context;
	struct arena arena = { 0 };
	struct report report;

	store_progress(&p->progress, "mail of takeovers", record->seq, p->total);
	if (record->kind == RECORD_REPORT && report_read(record->payload, &arena, &report) == RESULT_OK) {
		backtest_mail(p->backtest, fold_registry(p->fold), &report);
	}
	arena_clear(&arena);
	return RESULT_OK;
}

static void
print_figures(const json_t *sums)
{
	const json_t *wrong = json_object_get(sums, "false"), *out = json_object_get(sums, "median_out");

	if (json_is_real(json_object_get(sums, "recall_48h"))) {
		(void)printf("    %.0f %% of the takeovers within 48 hours",
			     100 * json_real_value(json_object_get(sums, "recall_48h")));
		if (json_is_real(out)) {
			(void)printf(
			    ", half of them with at most %.0f %% of their mail out; %.0f messages each",
			    100 * json_real_value(out), json_real_value(json_object_get(sums, "exposed")));
		}
		(void)printf("\n");
	}
	(void)printf("    %.1f sources per 1000 source-years taken off by alarms that nobody confirmed (95 "
		     "%%: %.1f to %.1f)\n",
		     json_real_value(json_object_get(wrong, "per_1000_source_years")),
		     json_real_value(json_object_get(wrong, "low")),
		     json_real_value(json_object_get(wrong, "high")));
}

/* One course on one line, its figures below. */
static void
print_sums(const char *name, const json_t *sums)
{
	const json_t *delay = json_object_get(sums, "median_delay_minutes");

	(void)printf("%s: %" JSON_INTEGER_FORMAT " sources suspended; %" JSON_INTEGER_FORMAT
		     " of %" JSON_INTEGER_FORMAT " confirmed takeovers",
		     name, json_integer_value(json_object_get(sums, "suspended")),
		     json_integer_value(json_object_get(sums, "caught")),
		     json_integer_value(json_object_get(sums, "confirmed")));
	if (json_is_real(delay)) {
		(void)printf(", half of them within %.0f minutes of their first bad news",
			     json_real_value(delay));
	}
	(void)printf("; %" JSON_INTEGER_FORMAT
		     " suspensions that nobody confirmed, %.1f days off the list, in %.1f source-years\n",
		     json_integer_value(json_object_get(sums, "unconfirmed")),
		     json_real_value(json_object_get(sums, "unconfirmed_off_days")),
		     json_real_value(json_object_get(sums, "source_years")));
	print_figures(sums);
}

static void
print_trial(const struct replaying *p, json_t *root)
{
	static const struct table_column columns[] = {
		{ "source", "SOURCE" },
		{ "member", "MEMBER" },
		{ "confirmed", "CONFIRMED" },
		{ "recorded", "SUSPENDED" },
		{ "recorded_off_days", "DAYS OFF" },
		{ "recorded_out", "OUT" },
		{ "computed", "WITH THIS POLICY" },
		{ "computed_off_days", "DAYS OFF" },
		{ "computed_out", "OUT" },
	};
	json_t *sources = backtest_sources(p->backtest, fold_registry(p->fold), p->last),
	       *sums = backtest_sums(p->backtest, fold_registry(p->fold), p->last);

	check(json_object_set_new(root, "sources", sources) == 0 &&
	      json_object_set_new(root, "sums", sums) == 0);
	if (vouch_has(p->v, FLAG_json)) {
		return;
	}
	(void)printf("recorded: %" PRIu64 " alarms, %" PRIu64 " moves; with a budget of %g: %" PRIu64
		     " alarms, %" PRIu64 " moves\n",
		     p->recorded[RECORD_ALARM], p->recorded[RECORD_MOVE], p->trial->policy.budget,
		     p->computed[RECORD_ALARM], p->computed[RECORD_MOVE]);
	if (p->refused > 0) {
		(void)printf("%" PRIu64 " commands would have had nothing to act on\n", p->refused);
	}
	print_sums("recorded", json_object_get(sums, "recorded"));
	print_sums("with this policy", json_object_get(sums, "computed"));
	table_print(stdout, sources, columns, countof(columns), p->v->colour);
}

static void
print_replay(const struct replaying *p, const struct replay_summary *summary, enum result r)
{
	bool same = r == RESULT_OK && !p->trial->wanted;
	json_t *root = json_pack(
	    "{s:b,s:I,s:I,s:I,s:f,s:o,s:o,s:[]}", "same", same, "records", (json_int_t)summary->records,
	    "inputs", (json_int_t)summary->inputs, "refused", (json_int_t)p->refused, "budget",
	    p->trial->wanted ? p->trial->policy.budget : fold_budget(p->fold), "recorded",
	    json_of_counts(p->recorded), "computed", json_of_counts(p->computed), "sources");

	check(root != NULL);
	if (p->trial->wanted) {
		print_trial(p, root);
	} else if (same && !vouch_has(p->v, FLAG_json)) {
		(void)printf("%" PRIu64 " records, %" PRIu64 " inputs: the same %" PRIu64 " alarms, %" PRIu64
			     " moves and %" PRIu64 " case changes, so the same list\n",
			     summary->records, summary->inputs, p->computed[RECORD_ALARM],
			     p->computed[RECORD_MOVE], p->computed[RECORD_CASE]);
	}
	if (vouch_has(p->v, FLAG_json)) {
		vouch_print_json(root);
	}
	json_decref(root);
}

/* ---- what is asked */

static enum result
read_budget(struct vouch *v, double *budget)
{
	const char *value = v->args.flags[FLAG_budget];
	char *end;

	*budget = strtod(value, &end);
	if (end == value || *end != '\0' || !(*budget > 0 && *budget <= BUDGET_MAX)) {
		return fault_set(&v->fault, RESULT_BAD_USAGE,
				 "--budget wants a number above 0 up to %g, not \"%s\"", BUDGET_MAX, value);
	}
	return RESULT_OK;
}

/* A time, or a day: its beginning in UTC. */
static enum result
read_time(struct vouch *v, enum flag flag, struct instant *t)
{
	const char *value = v->args.flags[flag];

	if (value == NULL || instant_parse(text_of(value), t) == RESULT_OK ||
	    instant_parse(text_of(arena_format(&v->arena, "%sT00:00:00Z", value)), t) == RESULT_OK) {
		return RESULT_OK;
	}
	return fault_set(&v->fault, RESULT_BAD_USAGE,
			 "--%s wants a day or a time like 2026-01-05T08:00:00Z, not \"%s\"",
			 args_flag_name(flag), value);
}

/* The policy of a file, with --budget instead of its own if that is given too; or --budget alone. */
static enum result
read_trial(struct vouch *v, struct trial *t)
{
	const char *file = v->args.flags[FLAG_policy];
	enum result r = RESULT_OK;

	*t = (struct trial){ .policy.budget = FOLD_BUDGET_AT_FIRST,
			     .from = { INT64_MIN },
			     .to = { INT64_MAX },
			     .wanted = file != NULL || vouch_has(v, FLAG_budget) };
	if (!t->wanted && (vouch_has(v, FLAG_from) || vouch_has(v, FLAG_to))) {
		return fault_set(&v->fault, RESULT_BAD_USAGE,
				 "--from and --to want another policy: --policy FILE or --budget NUMBER");
	}
	if (file != NULL) {
		r = config_load(file, &v->arena, &t->config, &v->fault);
		t->policy.budget = t->config.budget;
		t->policy.thresholds = &t->config.policy;
	}
	if (r == RESULT_OK && vouch_has(v, FLAG_budget)) {
		r = read_budget(v, &t->policy.budget);
	}
	r = r == RESULT_OK ? read_time(v, FLAG_from, &t->from) : r;
	r = r == RESULT_OK ? read_time(v, FLAG_to, &t->to) : r;
	if (r == RESULT_OK && t->from.ms >= t->to.ms) {
		return fault_set(&v->fault, RESULT_BAD_USAGE, "--from is not before --to");
	}
	return r;
}

static enum result
replay(struct vouch *v, struct journal *j, const struct trial *trial)
{
	struct replaying p = { .v = v, .trial = trial };
	const struct fold_sink sink = { on_touch, on_alarm, on_move, on_case_change, on_registry, &p, NULL };
	const struct replay_rooms rooms = { &p, apply, step };
	struct replay_summary summary = { .records = 0 };
	struct journal_head head;
	enum result r = journal_head(j, &head);

	if (r != RESULT_OK) {
		return fault_set(&v->fault, r, "the journal cannot be read");
	}
	p.total = head.seq;
	p.fold = fold_open(&(struct fold_policy){ .budget = FOLD_BUDGET_AT_FIRST }, &sink);
	if (trial->wanted) {
		p.backtest = backtest_open(trial->from, trial->to);
	} else {
		r = find_shots(&p, j);
	}
	if (r == RESULT_OK) {
		r = replay_run(j, &rooms, &summary, &v->fault);
	}
	if (r == RESULT_OK) {
		r = compare_shots(&p, UINT64_MAX, &v->fault);
	}
	if (r == RESULT_OK && p.backtest != NULL && backtest_wants_mail(p.backtest)) {
		r = journal_scan(j, &(struct journal_range){ 0 }, count_mail, &p);
	}
	store_progress(&p.progress, "replay", 0, 0);
	if (r == RESULT_OK || r == RESULT_DIFFERENT) {
		print_replay(&p, &summary, r);
	}
	fold_close(p.fold);
	backtest_close(p.backtest);
	return r;
}

enum result
verb_replay(struct vouch *v)
{
	struct trial trial;
	struct journal *j;
	enum result r = read_trial(v, &trial);

	if (r == RESULT_OK) {
		r = store_open(v, JOURNAL_READ, &j);
	}
	if (r == RESULT_OK) {
		r = replay(v, j, &trial);
		journal_close(j);
	}
	return r;
}
