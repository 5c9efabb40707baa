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
	{ "voice", "VOICE" },
	{ "mail", "MAIL" },
	{ "cohorts", "COHORTS" },
	{ "mean", "MEAN E" },
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

static void
print_audit(const struct vouch *v, const json_t *root)
{
	(void)printf("budget: %g false suspensions per 1000 source-years\n\n",
		     json_number_value(json_object_get(root, "budget")));
	table_print(stdout, json_object_get(root, "limits"), limit_columns, countof(limit_columns),
		    v->colour);
	(void)puts("\nexcursions of evidence above so many years, in the last year or so:");
	table_print(stdout, json_object_get(root, "levels"), level_columns, countof(level_columns),
		    v->colour);
	(void)puts("\nmean evidence of a cohort of mail; of honest senders it is at most 1:");
	table_print(stdout, json_object_get(root, "means"), mean_columns, countof(mean_columns), v->colour);
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
