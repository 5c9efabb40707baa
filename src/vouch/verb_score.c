/* sim score: our detector on simulated fleets, as a table or JSON. */
#include "vouch/score.h"
#include "vouch/table.h"
#include "vouch/verb_sim.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define SCENARIOS_MAX 64
#define BUDGETS_MAX   16
#define SYSTEMS       100U
#define SEEDS         1U
#define HONEST_STEP   10U
#define TAKEOVER_STEP 2U

static const char usual_scenarios[] =
    "honest,blast,own_list,slow,in_campaign,boutique,several,targeted,bursts,relay,many,wake";

struct scoring {
	const char *scenarios[SCENARIOS_MAX];
	size_t scenario_count;
	struct score_entry entries[BUDGETS_MAX];
	size_t entry_count;
	uint64_t systems, days, seed, seeds, step; /* days, step 0: what suits the scenario */
	struct score_fleet *fleets;                /* those of a scenario stand together */
	struct score_outcome *outcomes;
};

static enum result
read_scenarios(struct vouch *v, struct scoring *s)
{
	struct text rest =
	    text_of(vouch_has(v, FLAG_scenario) ? v->args.flags[FLAG_scenario] : usual_scenarios);
	struct text name;

	while (rest.n > 0 && s->scenario_count < SCENARIOS_MAX) {
		(void)text_cut(&rest, ',', &name);
		s->scenarios[s->scenario_count] = arena_copy(&v->arena, name.p, name.n);
		if (!score_scenario_is_known(s->scenarios[s->scenario_count])) {
			return fault_set(
			    &v->fault, RESULT_BAD_USAGE,
			    "\"%.*s\" cannot be scored; honest, rough, ugly, and each takeover can: %s",
			    (int)name.n, name.p, usual_scenarios);
		}
		s->scenario_count++;
	}
	return RESULT_OK;
}

static enum result
read_budgets(struct vouch *v, struct scoring *s)
{
	struct text rest = text_of(vouch_has(v, FLAG_budget) ? v->args.flags[FLAG_budget] : "10"), number;

	while (rest.n > 0 && s->entry_count < BUDGETS_MAX) {
		char *end, *copy;
		double budget;

		(void)text_cut(&rest, ',', &number);
		copy = arena_copy(&v->arena, number.p, number.n);
		budget = strtod(copy, &end);
		if (end == copy || *end != '\0' || !(budget > 0 && budget <= 1000)) {
			return fault_set(&v->fault, RESULT_BAD_USAGE,
					 "--budget wants numbers above 0 up to 1000, not \"%s\"", copy);
		}
		s->entries[s->entry_count++] = (struct score_entry){ &score_ours, budget, 1 };
	}
	return RESULT_OK;
}

static enum result
read_numbers(struct vouch *v, struct scoring *s)
{
	enum result r = sim_number(v, FLAG_systems, SYSTEMS, 100000, &s->systems);

	r = r == RESULT_OK ? sim_number(v, FLAG_seeds, SEEDS, 1000, &s->seeds) : r;
	r = r == RESULT_OK ? sim_number(v, FLAG_seed, 1, UINT64_MAX, &s->seed) : r;
	r = r == RESULT_OK ? sim_number(v, FLAG_days, 0, 3650, &s->days) : r;
	r = r == RESULT_OK ? sim_number(v, FLAG_step, 0, 60, &s->step) : r;
	if (r == RESULT_OK && (s->systems == 0 || s->seeds == 0 || (s->step > 0 && 60 % s->step != 0))) {
		r = fault_set(&v->fault, RESULT_BAD_USAGE,
			      "sim score wants systems and seeds from 1, and a step that divides 60 minutes");
	}
	for (size_t i = 0; i < s->scenario_count && r == RESULT_OK && s->days > 0; i++) {
		bool honest = score_is_honest(s->scenarios[i]);
		uint32_t least = honest ? SCORE_LEARN_DAYS + 1 : score_days(s->scenarios[i]);

		if (s->days < least) {
			r = fault_set(&v->fault, RESULT_BAD_USAGE, "%s wants %u days or more",
				      s->scenarios[i], least);
		}
	}
	return r;
}

static struct score_fleet
fleet_of(const struct scoring *s, const char *scenario, uint64_t seed)
{
	uint32_t step = score_is_honest(scenario) ? HONEST_STEP : TAKEOVER_STEP;

	step = s->step > 0 ? (uint32_t)s->step : step;
	return (struct score_fleet){
		.scenario = scenario,
		.systems = (uint32_t)s->systems,
		.days = s->days > 0 ? (uint32_t)s->days : score_days(scenario),
		.seed = seed,
		.step.ms = step * SPAN_MINUTE.ms,
		.sight = SCORE_SIGHT_USUAL,
		.thresholds = score_is_honest(scenario),
	};
}

/* Whom the programme's thresholds suspend, of a year of honest mail: budget and detector have no part in it. */
static json_t *
thresholds_of(const struct score_figures *f)
{
	double per_1000 = f->source_years > 0 ? 1000 / f->source_years : 0;
	json_t *object =
	    json_pack("{s:f,s:f,s:f}", "one_receiver_per_1000", per_1000 * (double)f->crossed.partly,
		      "off_list_per_1000", per_1000 * (double)f->crossed.wholly, "disuse_per_1000",
		      per_1000 * (double)f->crossed.disused);

	check(object != NULL);
	return object;
}

static json_t *
row_of(const struct scoring *s, size_t scenario, size_t entry)
{
	struct score_figures f = score_figures(&s->outcomes[scenario * s->seeds * s->entry_count], s->seeds,
					       s->entry_count, entry);
	json_t *row = json_pack("{s:s,s:f,s:f,s:I,s:I,s:f,s:f,s:f,s:i}", "scenario", s->scenarios[scenario],
				"budget", s->entries[entry].budget, "source_years", f.source_years,
				"false_alarms", (json_int_t)f.alarms, "false_suspensions",
				(json_int_t)f.suspended, "per_1000_source_years", f.per_1000, "per_1000_low",
				f.low, "per_1000_high", f.high, "takeovers", (int)f.attacks);

	check(row != NULL);
	if (score_is_honest(s->scenarios[scenario])) {
		(void)json_object_set_new(row, "thresholds", thresholds_of(&f));
	}
	if (f.attacks > 0) {
		json_t *more =
		    json_pack("{s:f,s:f,s:f,s:f,s:f}", "recall_48h", f.recall, "caught", f.caught,
			      "out_median", f.out_median, "out_mean", f.out_mean, "exposed", f.exposed);

		check(more != NULL);
		(void)json_object_set_new(more, "delay_minutes",
					  isinf(f.delay_minutes) ? json_null() : json_real(f.delay_minutes));
		(void)json_object_update(row, more);
		json_decref(more);
	}
	return row;
}

static double
number_at(const json_t *object, const char *name)
{
	return json_number_value(json_object_get(object, name));
}

/* The same for all budgets of a scenario: it is said once. */
static void
print_thresholds(const json_t *rows)
{
	const char *last = "";
	const json_t *row;
	size_t i;

	json_array_foreach(rows, i, row)
	{
		const json_t *crossed = json_object_get(row, "thresholds");
		const char *scenario = json_string_value(json_object_get(row, "scenario"));

		if (crossed != NULL && strcmp(scenario, last) != 0) {
			(void)printf(
			    "%s: suspensions by the thresholds of the programme, which are no alarms, "
			    "per 1000 source-years:\n%.1f at one receiver, %.1f off the list, %.1f for "
			    "disuse.\n",
			    scenario, number_at(crossed, "one_receiver_per_1000"),
			    number_at(crossed, "off_list_per_1000"), number_at(crossed, "disuse_per_1000"));
			last = scenario;
		}
	}
}

static void
print_table(const struct vouch *v, const json_t *rows)
{
	static const struct table_column columns[] = {
		{ "scenario", "SCENARIO" },         { "budget", "BUDGET" },
		{ "source_years", "SOURCE-YEARS" }, { "per_1000_source_years", "FALSE/1000" },
		{ "per_1000_low", "FROM" },         { "per_1000_high", "TO" },
		{ "takeovers", "TAKEOVERS" },       { "recall_48h", "IN 48 H" },
		{ "delay_minutes", "MINUTES" },     { "out_median", "OUT" },
		{ "out_mean", "OUT, MEAN" },        { "exposed", "MAIL OUT" },
	};

	table_print(stdout, rows, columns, countof(columns), v->colour);
	(void)puts("FALSE/1000: honest sources suspended per 1000 source-years, FROM..TO its 95 % interval. "
		   "IN 48 H: "
		   "share of\ntakeovers caught by then; MINUTES from the first bad message to the alarm (-: "
		   "most are "
		   "missed), and share of the\nbad messages OUT before it: medians; MAIL OUT: how many those "
		   "are, mean of a "
		   "takeover.");
	print_thresholds(rows);
}

enum result
verb_score(struct vouch *v)
{
	struct scoring s = { 0 };
	json_t *rows;
	size_t fleets;
	enum result r = read_scenarios(v, &s);

	r = r == RESULT_OK ? read_budgets(v, &s) : r;
	r = r == RESULT_OK ? read_numbers(v, &s) : r;
	if (r != RESULT_OK) {
		return r;
	}
	fleets = s.scenario_count * s.seeds;
	s.fleets = arena_get_array(&v->arena, fleets, sizeof *s.fleets);
	s.outcomes = calloc(fleets * s.entry_count, sizeof *s.outcomes);
	check(s.outcomes != NULL);
	for (size_t i = 0; i < fleets; i++) {
		s.fleets[i] = fleet_of(&s, s.scenarios[i / s.seeds], s.seed + i % s.seeds);
	}
	score_run(s.fleets, fleets, s.entries, s.entry_count, s.outcomes, vouch_has(v, FLAG_progress));
	rows = json_array();
	for (size_t i = 0; i < s.scenario_count * s.entry_count; i++) {
		(void)json_array_append_new(rows, row_of(&s, i / s.entry_count, i % s.entry_count));
	}
	if (vouch_has(v, FLAG_json)) {
		vouch_print_json(rows);
	} else {
		print_table(v, rows);
	}
	json_decref(rows);
	score_outcomes_free(s.outcomes, fleets * s.entry_count);
	return RESULT_OK;
}
