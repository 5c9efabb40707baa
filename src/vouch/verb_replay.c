/*
 * replay: the journal folded again. Each effect is compared byte for byte with the record; with --budget or --policy
 * the past is folded under another policy instead, and what would have been different is told per source; with several of them
 * all are folded at once, and told side by side.
 */
#include "vouch/store.h"
#include "vouch/table.h"
#include "vouch/trial.h"
#include "vouchd/config.h"

#include <inttypes.h>
#include <stdlib.h>

#define BUDGET_MAX 1000.0
#define TRIALS_MAX 64U

struct replaying {
	struct vouch *v;
	struct trial trials[TRIALS_MAX];
	size_t count;
	struct trial_course *courses; /* of each trial */
	struct replay_course *walks;
	struct store_progress progress;
	const char *doing; /* "replay" */
	uint64_t total;    /* records */
};

/* ---- what is told */

static json_t *
json_of_counts(const uint64_t counts[RECORD_COUNT])
{
	json_t *j = json_pack("{s:I,s:I,s:I}", "alarms", (json_int_t)counts[RECORD_ALARM], "moves",
			      (json_int_t)counts[RECORD_MOVE], "cases", (json_int_t)counts[RECORD_CASE]);

	check(j != NULL);
	return j;
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

/* Cases and reviews that wait for a verdict, at the end. */
static uint32_t
open_cases(const struct fold *f)
{
	const struct decide *d = fold_decide(f);
	uint32_t open = 0;

	for (uint32_t i = 1; i <= decide_case_count(d); i++) {
		struct decide_case_view c;

		decide_case_view(d, i, &c);
		open += case_status_open(c.status);
	}
	return open;
}

/* Of a fresh takeover nobody has said yet that it was one. */
static void
print_open(json_int_t open)
{
	if (open > 0) {
		(void)printf(
		    "%" JSON_INTEGER_FORMAT
		    " case%s still wait%s for a verdict with this policy, and count%s as not confirmed\n",
		    open, open == 1 ? "" : "s", open == 1 ? "s" : "", open == 1 ? "s" : "");
	}
}

/* Reviews that were not cleared ended in a suspension. */
static void
print_reviews(const struct fold *f)
{
	struct decide_reviews r = decide_reviews(fold_decide(f));

	if (r.percent > 0) {
		(void)printf("reviews with this policy, %u %% of its alarms: %u, cleared %u\n", r.percent,
			     r.open + r.right + r.wrong, r.wrong);
	}
}

/* One policy: the sums of both courses, and the sources that differ. */
static void
print_trial(const struct vouch *v, const struct trial_course *c, const json_t *result)
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
	const json_t *sums = json_object_get(result, "sums");

	(void)printf("recorded: %" PRIu64 " alarms, %" PRIu64 " moves; with a budget of %g: %" PRIu64
		     " alarms, %" PRIu64 " moves\n",
		     c->recorded[RECORD_ALARM], c->recorded[RECORD_MOVE], c->trial->policy.budget,
		     c->computed[RECORD_ALARM], c->computed[RECORD_MOVE]);
	if (c->refused > 0) {
		(void)printf("%" PRIu64 " commands would have had nothing to act on\n", c->refused);
	}
	print_sums("recorded", json_object_get(sums, "recorded"));
	print_sums("with this policy", json_object_get(sums, "computed"));
	print_reviews(c->fold);
	print_open(json_integer_value(json_object_get(result, "open_cases")));
	table_print(stdout, json_object_get(result, "sources"), columns, countof(columns), v->colour);
}

/* One course as a row of the table of several. */
static json_t *
row_of(json_t *policy, json_t *budget, const json_t *sums)
{
	json_t *row = json_deep_copy(sums);

	check(row != NULL && json_object_update(row, json_object_get(sums, "false")) == 0);
	check(json_object_set_new(row, "policy", policy) == 0 &&
	      json_object_set_new(row, "budget", budget) == 0);
	return row;
}

/* Several policies: the record and each of them below one another. */
static void
print_several(const struct replaying *p, const json_t *results)
{
	static const struct table_column columns[] = {
		{ "policy", "POLICY" },
		{ "budget", "BUDGET" },
		{ "suspended", "SUSPENDED" },
		{ "confirmed", "TAKEOVERS" },
		{ "caught", "CAUGHT" },
		{ "median_delay_minutes", "MINUTES" },
		{ "median_out", "OUT" },
		{ "unconfirmed", "UNCONFIRMED" },
		{ "unconfirmed_off_days", "DAYS OFF" },
		{ "per_1000_source_years", "PER 1000" },
		{ "low", "FROM" },
		{ "high", "TO" },
	};
	const json_t *sums = json_object_get(json_array_get(results, 0), "sums");
	json_t *rows = json_array();

	check(json_array_append_new(rows, row_of(json_string("recorded"), json_null(),
						 json_object_get(sums, "recorded"))) == 0);
	for (size_t i = 0; i < p->count; i++) {
		const struct trial *t = &p->trials[i];

		sums = json_object_get(json_array_get(results, i), "sums");
		check(json_array_append_new(rows, row_of(t->file == NULL ? json_null() : json_string(t->file),
							 json_real(t->policy.budget),
							 json_object_get(sums, "computed"))) == 0);
	}
	table_print(stdout, rows, columns, countof(columns), p->v->colour);
	(void)puts(
	    "MINUTES from the first bad news of a confirmed takeover to its suspension, and share of its "
	    "mail OUT before\nit: medians. PER 1000: sources that alarms took off and nobody confirmed "
	    "per 1000 source-years, FROM..TO its\n95 % interval. Which sources differ: --json, or one "
	    "policy alone.");
	json_decref(rows);
}

static json_t *
result_of(const struct trial_course *c, const struct replay_course *walk)
{
	const struct trial *t = c->trial;
	json_t *root =
	    json_pack("{s:b,s:I,s:I,s:I,s:s?,s:f,s:I,s:o,s:o,s:I,s:[]}", "same",
		      walk->result == RESULT_OK && !t->wanted, "records", (json_int_t)walk->summary.records,
		      "inputs", (json_int_t)walk->summary.inputs, "refused", (json_int_t)c->refused, "policy",
		      t->file, "budget", t->wanted ? t->policy.budget : fold_budget(c->fold), "shadow",
		      (json_int_t)decide_reviews(fold_decide(c->fold)).percent, "recorded",
		      json_of_counts(c->recorded), "computed", json_of_counts(c->computed), "open_cases",
		      (json_int_t)open_cases(c->fold), "sources");

	check(root != NULL);
	if (t->wanted) {
		const struct registry *r = fold_registry(c->fold);

		check(json_object_set_new(root, "sources", backtest_sources(c->backtest, r, c->last)) == 0 &&
		      json_object_set_new(root, "sums", backtest_sums(c->backtest, r, c->last)) == 0);
	}
	return root;
}

/* One result as an object, several as an array of them. */
static void
print_results(const struct replaying *p)
{
	const struct trial_course *first = &p->courses[0];
	json_t *results = json_array();

	for (size_t i = 0; i < p->count; i++) {
		check(json_array_append_new(results, result_of(&p->courses[i], &p->walks[i])) == 0);
	}
	if (vouch_has(p->v, FLAG_json)) {
		vouch_print_json(p->count == 1 ? json_array_get(results, 0) : results);
	} else if (p->count > 1) {
		print_several(p, results);
	} else if (first->trial->wanted) {
		print_trial(p->v, first, json_array_get(results, 0));
	} else if (p->walks[0].result == RESULT_OK) {
		(void)printf("%" PRIu64 " records, %" PRIu64 " inputs: the same %" PRIu64 " alarms, %" PRIu64
			     " moves and %" PRIu64 " case changes, so the same list\n",
			     p->walks[0].summary.records, p->walks[0].summary.inputs,
			     first->computed[RECORD_ALARM], first->computed[RECORD_MOVE],
			     first->computed[RECORD_CASE]);
	}
	json_decref(results);
}
/* ---- what is asked */

static enum result
read_budget(struct vouch *v, struct text number, double *budget)
{
	const char *value = arena_copy(&v->arena, number.p, number.n);
	char *end;

	*budget = strtod(value, &end);
	if (end == value || *end != '\0' || !(*budget > 0 && *budget <= BUDGET_MAX)) {
		return fault_set(
		    &v->fault, RESULT_BAD_USAGE,
		    "--budget wants a number above 0 up to %g, or several with commas, not \"%s\"",
		    BUDGET_MAX, value);
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

/* The policy of a file. */
static enum result
read_policy(struct vouch *v, struct text file, struct trial *t)
{
	struct config *config = arena_get(&v->arena, sizeof *config); /* the thresholds lie in it */
	enum result r;

	t->file = arena_copy(&v->arena, file.p, file.n);
	r = config_load(t->file, &v->arena, config, &v->fault);
	t->policy.budget = config->budget;
	t->policy.thresholds = &config->policy;
	t->policy.shadow = (uint32_t)config->shadow;
	return r;
}

/* Another one like `t`. */
static enum result
add_trial(struct replaying *p, const struct trial *t)
{
	if (p->count == TRIALS_MAX) {
		return fault_set(&p->v->fault, RESULT_BAD_USAGE, "replay takes at most %u policies at once",
				 TRIALS_MAX);
	}
	p->trials[p->count++] = *t;
	return RESULT_OK;
}

/* `t` with each of the budgets, or with its own. */
static enum result
add_budgets(struct replaying *p, struct trial *t)
{
	struct text rest, number;
	enum result r = RESULT_OK;

	if (!vouch_has(p->v, FLAG_budget)) {
		return add_trial(p, t);
	}
	rest = text_of(p->v->args.flags[FLAG_budget]);
	do {
		(void)text_cut(&rest, ',', &number);
		r = read_budget(p->v, number, &t->policy.budget);
		r = r == RESULT_OK ? add_trial(p, t) : r;
	} while (r == RESULT_OK && rest.n > 0);
	return r;
}

/* Each policy of --policy with its own budget, or with each of --budget; those of --budget alone; or none. */
static enum result
read_trials(struct replaying *p)
{
	struct vouch *v = p->v;
	struct trial t = { .policy.budget = FOLD_BUDGET_AT_FIRST,
			   .from = { INT64_MIN },
			   .to = { INT64_MAX },
			   .wanted = vouch_has(v, FLAG_policy) || vouch_has(v, FLAG_budget) };
	struct text rest, file;
	enum result r = read_time(v, FLAG_from, &t.from);

	r = r == RESULT_OK ? read_time(v, FLAG_to, &t.to) : r;
	if (r == RESULT_OK && t.from.ms >= t.to.ms) {
		r = fault_set(&v->fault, RESULT_BAD_USAGE, "--from is not before --to");
	}
	if (r == RESULT_OK && !t.wanted && (vouch_has(v, FLAG_from) || vouch_has(v, FLAG_to))) {
		r = fault_set(&v->fault, RESULT_BAD_USAGE,
			      "--from and --to want another policy: --policy FILE or --budget NUMBER");
	}
	if (r != RESULT_OK || !vouch_has(v, FLAG_policy)) {
		return r == RESULT_OK ? add_budgets(p, &t) : r;
	}
	rest = text_of(v->args.flags[FLAG_policy]);
	do {
		(void)text_cut(&rest, ',', &file);
		r = read_policy(v, file, &t);
		r = r == RESULT_OK ? add_budgets(p, &t) : r;
	} while (r == RESULT_OK && rest.n > 0);
	return r;
}

/* ---- the walk */

static void
show_progress(void *context, uint64_t seq)
{
	struct replaying *p = context;

	store_progress(&p->progress, p->doing, seq, p->total);
}

/* How the first course ended that did not end well. */
static enum result
outcome(const struct replaying *p)
{
	for (size_t i = 0; i < p->count; i++) {
		if (p->walks[i].result != RESULT_OK) {
			return fault_set(&p->v->fault, p->walks[i].result, "%s", p->walks[i].fault.text);
		}
	}
	return RESULT_OK;
}

/* The mail of takeovers, for those courses that know of any. */
static enum result
count_mail(struct replaying *p, struct journal *j, const struct replay_watch *watch)
{
	struct replay_reader readers[TRIALS_MAX];
	size_t n = 0;

	for (size_t i = 0; i < p->count; i++) {
		if (p->courses[i].backtest != NULL && backtest_wants_mail(p->courses[i].backtest)) {
			readers[n++] =
			    (struct replay_reader){ .visit = trial_count_mail, .context = &p->courses[i] };
		}
	}
	if (n == 0) {
		return RESULT_OK;
	}
	store_progress(&p->progress, p->doing, 0, 0);
	p->doing = "mail of takeovers";
	replay_read(j, readers, n, watch);
	return readers[0].result == RESULT_OK
		   ? RESULT_OK
		   : fault_set(&p->v->fault, readers[0].result,
			       "the journal cannot be read again behind record %" PRIu64,
			       ((const struct trial_course *)readers[0].context)->read_again);
}

static enum result
walk(struct replaying *p, struct journal *j)
{
	const struct replay_watch watch = { show_progress, p };
	enum result r;

	p->doing = "replay";
	for (size_t i = 0; i < p->count; i++) {
		p->walks[i].rooms = trial_rooms(&p->courses[i]);
	}
	replay_run(j, p->walks, p->count, &watch);
	for (size_t i = 0; i < p->count; i++) {
		if (p->walks[i].result == RESULT_OK) {
			p->walks[i].result = trial_end(&p->courses[i], &p->walks[i].fault);
		}
	}
	r = outcome(p);
	if (r == RESULT_OK) {
		r = count_mail(p, j, &watch);
	}
	store_progress(&p->progress, p->doing, 0, 0);
	return r;
}

static enum result
replay(struct replaying *p, struct journal *j)
{
	struct journal_head head;
	size_t opened = 0;
	enum result r = journal_head(j, &head);

	if (r != RESULT_OK) {
		return fault_set(&p->v->fault, r, "the head of the journal cannot be read");
	}
	p->total = head.seq;
	p->courses = arena_get_array(&p->v->arena, p->count, sizeof *p->courses);
	p->walks = arena_get_array(&p->v->arena, p->count, sizeof *p->walks);
	while (r == RESULT_OK && opened < p->count) {
		r = trial_open(&p->courses[opened], &p->trials[opened], j, &p->v->fault);
		opened++;
	}
	if (r == RESULT_OK) {
		r = walk(p, j);
		if (r == RESULT_OK || r == RESULT_DIFFERENT) {
			print_results(p);
		}
	}
	for (size_t i = 0; i < opened; i++) {
		trial_close(&p->courses[i]);
	}
	return r;
}

enum result
verb_replay(struct vouch *v)
{
	struct replaying *p = arena_get(&v->arena, sizeof *p);
	struct journal *j;
	enum result r;

	p->v = v;
	p->progress.wanted = vouch_has(v, FLAG_progress);
	r = read_trials(p);
	if (r == RESULT_OK) {
		r = store_open(v, JOURNAL_READ, &j);
	}
	if (r == RESULT_OK) {
		r = replay(p, j);
		journal_close(j);
	}
	return r;
}
