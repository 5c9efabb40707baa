/* audit: the limits that follow from the budget beside those that the fleet itself shows. */
#include "vouch/table.h"
#include "vouch/vouch.h"

static const struct table_column limit_columns[] = {
	{ "unit", "UNIT" },
	{ "voice", "VOICE" },
	{ "unit_years", "UNIT-YEARS" },
	{ "limit_years", "LIMIT A" },
	{ "calibrated_years", "CALIBRATED A*" },
	{ "how", "HOW" },
	{ "unit_years_wanted", "UNIT-YEARS WANTED" },
};

static const struct table_column level_columns[] = {
	{ "unit", "UNIT" },
	{ "voice", "VOICE" },
	{ "above_years", "ABOVE" },
	{ "promised", "PROMISED" },
	{ "measured", "MEASURED" },
	{ "upper", "UPPER 90 %" },
	{ "whole", "BELOW THE LIMIT" },
};

static const struct table_column mean_columns[] = {
	{ "voice", "VOICE" },     { "mail", "MAIL" },   { "signal", "SIGNAL" },
	{ "cohorts", "COHORTS" }, { "mean", "MEAN E" },
};

static long long
number_of(const json_t *object, const char *name)
{
	return json_integer_value(json_object_get(object, name));
}

/* What people said of the alarms that went to review. */
static void
print_shadow(const json_t *shadow)
{
	long long right = number_of(shadow, "right"), wrong = number_of(shadow, "wrong"),
		  open = number_of(shadow, "open");

	if (number_of(shadow, "percent") == 0 && right + wrong + open == 0) {
		return;
	}
	(void)printf(
	    "\nreview: %lld %% of the alarms that would suspend; %lld were right, %lld wrong, %lld wait",
	    number_of(shadow, "percent"), right, wrong, open);
	if (right + wrong > 0) {
		(void)printf("; %.0f %% wrong, with 90 %% chance below %.0f %%",
			     100 * json_number_value(json_object_get(shadow, "wrong_share")),
			     100 * json_number_value(json_object_get(shadow, "wrong_upper")));
	}
	(void)puts(".");
}

/* Reporters whose clock is wrong. */
static void
print_clocks(const json_t *clocks)
{
	const json_t *clock;
	size_t i;

	json_array_foreach(clocks, i, clock)
	{
		long long behind = number_of(clock, "behind_minutes");

		(void)printf("%sthe clock of reporter %s is %lld minutes %s: its reports are read by it\n",
			     i == 0 ? "\n" : "", json_string_value(json_object_get(clock, "reporter")),
			     behind < 0 ? -behind : behind, behind < 0 ? "ahead" : "behind");
	}
}

/* The years that the rows of units still lack, for the kind that lacks most. */
static const json_t *
shortest(const json_t *limits)
{
	const json_t *row, *most = NULL;
	size_t i;

	json_array_foreach(limits, i, row)
	{
		const json_t *wanted = json_object_get(row, "unit_years_wanted");

		if (json_is_number(wanted) &&
		    (most == NULL || json_number_value(wanted) >
					 json_number_value(json_object_get(most, "unit_years_wanted")))) {
			most = row;
		}
	}
	return most;
}

/* What the tables below say, for who does not read tables. */
static void
print_answer(const json_t *root)
{
	const json_t *holds = json_object_get(root, "holds"),
		     *row = shortest(json_object_get(root, "limits"));

	(void)printf("budget: %g false suspensions per 1000 source-years. Does it hold?\n",
		     json_number_value(json_object_get(root, "budget")));
	if (json_is_true(holds)) {
		(void)puts("Yes: honest senders' evidence came near a suspension no oftener than the budget "
			   "allows.");
	} else if (json_is_false(holds)) {
		(void)printf("No: honest senders' evidence comes near a suspension oftener than the budget "
			     "allows. As it looks, budget: "
			     "%.2g\nin vouch.yaml would keep what is promised now. A takeover that nobody "
			     "confirmed looks the "
			     "same: confirm what was one.\n",
			     json_number_value(json_object_get(root, "budget_that_holds")));
	} else if (row != NULL) {
		(void)printf(
		    "Not known yet: the fleet was not watched for long enough. What takes longest: %.0f "
		    "%s-years in which no "
		    "evidence\nof the voice %s comes near its limit would show it; there are %.0f.\n",
		    json_number_value(json_object_get(row, "unit_years_wanted")),
		    json_string_value(json_object_get(row, "unit")),
		    json_string_value(json_object_get(row, "voice")),
		    json_number_value(json_object_get(row, "unit_years")));
	}
	(void)puts("");
}

/* Of each kind of unit and voice the highest level below the limit that was reached. */
static json_t *
highest_of(const json_t *levels)
{
	json_t *highest = json_array(), *level;
	size_t i;

	json_array_foreach(levels, i, level)
	{
		size_t n = json_array_size(highest);
		json_t *last = n > 0 ? json_array_get(highest, n - 1) : NULL;
		bool same = last != NULL &&
			    json_equal(json_object_get(last, "unit"), json_object_get(level, "unit")) &&
			    json_equal(json_object_get(last, "voice"), json_object_get(level, "voice"));
		bool counts = json_is_true(json_object_get(level, "whole")) &&
			      json_number_value(json_object_get(level, "measured")) > 0;

		if (counts && same) {
			check(json_array_set(highest, n - 1, level) == 0);
		} else if (counts) {
			check(json_array_append(highest, level) == 0);
		}
	}
	return highest;
}

static void
print_levels(const struct vouch *v, const json_t *levels)
{
	json_t *highest = highest_of(levels);

	if (vouch_has(v, FLAG_all)) {
		(void)puts("\nexcursions of evidence above so many years, in the last year or so:");
		table_print(stdout, levels, level_columns, countof(level_columns), v->colour);
	} else if (json_array_size(highest) == 0) {
		(void)puts("\nthe evidence of no unit rose above a year, in the last year or so");
	} else {
		(void)puts(
		    "\nhow high evidence rose without an alarm, in the last year or so (all levels: --all):");
		table_print(stdout, highest, level_columns, countof(level_columns) - 1, v->colour);
	}
	json_decref(highest);
}

static void
print_means(const struct vouch *v, const json_t *means)
{
	bool is_above = false;
	const json_t *row;
	size_t i;

	(void)puts("\nmean evidence of a cohort of mail, of all counts and of each signal alone; of honest "
		   "senders it is at most 1:");
	table_print(stdout, means, mean_columns, countof(mean_columns), v->colour);
	json_array_foreach(means, i, row)
	{
		is_above = is_above || json_number_value(json_object_get(row, "mean")) > 1;
	}
	if (is_above) {
		(void)puts("A mean above 1: a takeover that nobody confirmed, or honest mail that is wilder "
			   "than the detector takes it to be. "
			   "Of few\ncohorts a single one can do it.");
	}
}

static void
print_audit(const struct vouch *v, const json_t *root)
{
	print_answer(root);
	table_print(stdout, json_object_get(root, "limits"), limit_columns, countof(limit_columns),
		    v->colour);
	print_levels(v, json_object_get(root, "levels"));
	print_means(v, json_object_get(root, "means"));
	print_shadow(json_object_get(root, "shadow"));
	print_clocks(json_object_get(root, "clocks"));
}

enum result
verb_audit(struct vouch *v)
{
	json_t *root = NULL;
	enum result r = vouch_connect(v);

	if (r == RESULT_OK) {
		r = client_ask_json(&v->client, "/v1/audit", NULL, &root, &v->fault);
	}
	if (r == RESULT_OK && vouch_has(v, FLAG_json)) {
		vouch_print_json(root);
	} else if (r == RESULT_OK) {
		print_audit(v, root);
	}
	json_decref(root);
	return r;
}
