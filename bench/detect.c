/*
 * bench_detect [--systems N] [--member-systems N] [--seeds N] [--days N] [--seed N] [--budget X] [--imports X] [--ablations[=TEXT]] [--honest] [--calibration] [--takeovers] [--kind NAME] [--limits X,...]: the promise and the speed of the security path on
 * simulated fleets, beside the detectors in use. JSON lines on stdout, tables on stderr.
 *
 *   calibration  honest fleets on which each detector's limit is set so that it suspends `budget` sources per 1000 source-years; once
 *                more with one system in a hundred taken over and nobody knows, and what the self-audit makes of both
 *   honest       other fleets: what ours suspends at nominal budgets of 100, 10 and 1, and what each does with its limit; and rough ones, with feeds
 *                that change, stop or are an hour behind, and systems that move
 *   takeovers    each kind, with the limits of the calibration: recall, delay, share of the bad mail out; an oracle shows what could be seen
 *   ablations    ours when less is seen, or more, rows whose name contains TEXT; nothing else; one run for each, so a kind and few systems are enough for an evening
 *
 * Half of the members of the honest fleets have declared their domains; takeovers are run for fleets where none has and where all
 * have. Published beside: the table of the prototype (counts, content, no declarations), of another simulator with the same numbers. Its share
 * of the mail out is the mean: 89 % at a recall of 36 % can be no median.
 * --imports 0: senders without bad lists, everywhere. A member has one system unless --member-systems says otherwise; members of several are units of their own.
 * Honest fleets take --days behind those for learning. Without options 480 source-years, a few minutes of two idle cores: calibration
 * rests on a handful of alarms there and its limits differ several-fold between seeds. --systems 200 --seeds 4: 2,400 source-years. --kind: takeovers of one kind alone.
 * --calibration: that alone. --honest: ours at the nominal budgets alone, on honest fleets. --takeovers: ours at the nominal budget and the oracle, on takeovers. With --limits, what a
 * calibration printed, in its order, both also ours at its limit and the others at theirs (of members that have declared, ours alone).
 */
#include "common/baseline.h"
#include "common/oracle.h"

#include <getopt.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ENTRIES_MAX 24
#define FLEETS_MAX  64
#define FLEETS      8     /* of a seed: one system in eight with campaigns is taken over in each */
#define APART       1000U /* seeds of the fleets for calibration, from those of the test */

static const struct {
	const char *name;
	double recall, out; /* of the prototype, out as the mean; below zero: it had none */
} kinds[] = {
	{ "blast", 1, 0.13 },    { "own_list", 0.75, 0.60 },
	{ "slow", 0.62, 0.64 },  { "in_campaign", 0.36, 0.89 },
	{ "boutique", 0.11, 1 }, { "several", 0.62, 0.72 },
	{ "targeted", -1, -1 },  { "bursts", -1, -1 },
	{ "relay", -1, -1 },     { "many", -1, -1 },
	{ "wake", -1, -1 },
};

static const double nominal[] = { 100, 10, 1 }, scales[] = { 1.0 / 16, 1.0 / 6, 0.4, 1, 6 };
#define TAKEN 0.01 /* share of the systems that are taken over in a calibration that knows nothing of it */

struct options {
	uint32_t systems, seeds, days;
	uint32_t member_systems; /* of a member on average; more than one: members are units too */
	uint64_t seed;
	double budget;
	/* Bad lists per year of a system with campaigns; below zero: as the simulator has them. */
	double imports;
	const char *ablations; /* rows whose name contains it; NULL: none */
	bool honest_only, calibration_only, takeovers_only;
	size_t first_kind, end_kind; /* of the takeovers */
	const char *limits;          /* of ours and of the others, with commas; NULL: none are known */
};

struct labelled {
	char name[64];
	struct score_entry entry;
};

struct lineup {
	struct labelled rows[ENTRIES_MAX];
	size_t count;
};

static struct score_entry *
add(struct lineup *l, const struct score_detector *detector, double budget, double limit)
{
	struct labelled *row = &l->rows[l->count++];

	check(l->count <= ENTRIES_MAX);
	row->entry = (struct score_entry){ detector, budget, limit };
	(void)snprintf(row->name, sizeof row->name, "%s", detector->name);
	return &row->entry;
}

static void
add_nominal(struct lineup *l, double budget)
{
	(void)add(l, &score_ours, budget, 1);
	(void)snprintf(l->rows[l->count - 1].name, sizeof l->rows[0].name, "vouch, nominal %g", budget);
}

/* All entries of the lineup over these fleets; the caller frees. */
static struct score_outcome *
run(const struct lineup *l, const struct score_fleet *fleets, size_t count)
{
	struct score_entry entries[ENTRIES_MAX];
	struct score_outcome *outcomes = calloc(count * l->count, sizeof *outcomes);

	check(outcomes != NULL);
	for (size_t i = 0; i < l->count; i++) {
		entries[i] = l->rows[i].entry;
	}
	score_run(fleets, count, entries, l->count, outcomes, false);
	return outcomes;
}

static size_t
make_fleets(const struct options *o, const char *scenario, uint64_t seed, struct score_sight sight,
	    struct score_fleet *fleets)
{
	bool honest = score_is_honest(scenario);

	for (uint32_t i = 0; i < o->seeds; i++) {
		fleets[i] =
		    (struct score_fleet){ .scenario = scenario,
					  .systems = o->systems,
					  .members = (o->systems - 1) / o->member_systems + 1,
					  .days = honest ? o->days + SCORE_LEARN_DAYS : score_days(scenario),
					  .seed = seed + i,
					  .step.ms = (honest ? 10 : 2) * SPAN_MINUTE.ms,
					  .sight = sight };
	}
	return o->seeds;
}

static void
add_others(struct lineup *l, const struct options *o)
{
	for (size_t i = 0; i < countof(nominal); i++) {
		if (nominal[i] < o->budget || nominal[i] > o->budget) {
			add_nominal(l, nominal[i]);
		}
	}
}

/* Under threat a unit has ten times the start weight (model/threats.def): the same as a tenth of the limit, as long as the bank lasts. */
static void
add_threat(struct lineup *l, double budget, double limit)
{
	(void)add(l, &score_ours, budget, limit / 10);
	(void)snprintf(l->rows[l->count - 1].name, sizeof l->rows[0].name, "vouch, under threat");
}

/* ---- calibration */

/* Where the measured rate is the budget, between the scales on both sides of it; half an alarm stands for none. */
static double
scale_of(const struct score_figures *f, size_t count, double budget)
{
	double before = 0;

	for (size_t i = 0; i < count; i++) {
		double per_1000 = f[i].suspended > 0 ? f[i].per_1000 : 500 / f[i].source_years;

		if (per_1000 <= budget) {
			double way = i == 0 ? 0 : log(before / budget) / log(before / per_1000);

			return i == 0 ? scales[0] : scales[i - 1] * pow(scales[i] / scales[i - 1], way);
		}
		before = per_1000;
	}
	return scales[count - 1];
}

/* What the self-audit holds for right, over what was set: mean over the fleets. */
static void
print_audit(const char *name, const struct score_outcome *outcomes, size_t count, size_t entries,
	    size_t entry)
{
	for (enum unit_kind kind = 0; kind < UNIT_KIND_COUNT; kind++) {
		double nats = 0;
		uint32_t said = 0;

		for (size_t i = 0; i < count; i++) {
			const struct score_audit *a = &outcomes[i * entries + entry].audit[kind];

			said += a->said;
			nats += a->said ? a->nats : 0;
		}
		(void)fprintf(stderr, "%s: the self-audit of %u of %zu fleets says: %s, limit times %.2g\n",
			      name, said, count, unit_kind_name(kind), exp(nats / (said > 0 ? said : 1)));
		printf("{\"bench\":\"detect\",\"what\":\"%s: limit by the self-audit, over the one set, %s\","
		       "\"value\":%.4g,\"fleets\":%u}\n",
		       name, unit_kind_name(kind), exp(nats / (said > 0 ? said : 1)), said);
	}
}

/* Ours at several limits, and the others, whose limit is found in one run. */
static void
add_trials(struct lineup *trial, double budget)
{
	for (size_t i = 0; i < countof(scales); i++) {
		(void)add(trial, &score_ours, budget, scales[i]);
	}
	(void)add(trial, &baseline_fixed, budget, INFINITY);
	for (size_t i = 0; i < baseline_rate_count; i++) {
		(void)add(trial, &baseline_rates[i], budget, INFINITY);
	}
}

/* Adds to the lineup each detector with its limit for the budget. `taken`: share of the fleet that is taken over, and nobody knows. */
static void
calibrate(const struct options *o, struct score_sight sight, double taken, struct lineup *l)
{
	const char *name = taken > 0 ? "calibration, 1 % taken over" : "calibration";
	struct score_fleet fleets[FLEETS_MAX];
	struct score_figures ours[countof(scales)];
	struct lineup trial = { .count = 0 };
	size_t count = make_fleets(o, "honest", o->seed + APART, sight, fleets);
	struct score_outcome *outcomes;

	for (size_t i = 0; i < count; i++) {
		fleets[i].keep_peaks = true;
		fleets[i].taken = taken;
	}
	add_trials(&trial, o->budget);
	outcomes = run(&trial, fleets, count);
	for (size_t i = 0; i < countof(scales); i++) {
		ours[i] = score_figures(outcomes, count, trial.count, i);
		(void)fprintf(stderr, "%s: vouch, limits times %.2g: %.1f per 1000 source-years (%.0f)\n",
			      name, scales[i], ours[i].per_1000, ours[i].source_years);
		if (scales[i] >= 1 && scales[i] <= 1) {
			print_audit(name, outcomes, count, trial.count, i);
		}
	}
	(void)add(l, &score_ours, o->budget, scale_of(ours, countof(scales), o->budget));
	for (size_t i = countof(scales); i < trial.count; i++) {
		double limit = score_limit(outcomes, count, trial.count, i, o->budget);

		(void)add(l, trial.rows[i].entry.detector, o->budget, limit);
	}
	for (size_t i = l->count - (trial.count - countof(scales)) - 1; i < l->count; i++) {
		(void)fprintf(stderr, "%s: %s: limit %.3g\n", name, l->rows[i].name, l->rows[i].entry.limit);
		if (taken > 0) {
			(void)strncat(l->rows[i].name, ", 1 % taken",
				      sizeof l->rows[i].name - strlen(l->rows[i].name) - 1);
		}
	}
	score_outcomes_free(outcomes, count * trial.count);
}

/* The same with limits that an earlier calibration found. */
static void
add_limits(struct lineup *l, const struct options *o)
{
	const struct score_detector *others = &baseline_fixed;
	char *rest = NULL;

	(void)add(l, &score_ours, o->budget, strtod(o->limits, &rest));
	for (size_t i = 0; i <= baseline_rate_count && *rest == ','; i++) {
		(void)add(l, others, o->budget, strtod(rest + 1, &rest));
		others = &baseline_rates[i];
	}
}

/* ---- what is printed */

static void
print_honest(const char *sight, const struct lineup *l, const struct score_outcome *outcomes, size_t fleets)
{
	(void)fprintf(stderr, "\n%s\n%-24s %12s %10s %22s\n", sight, "honest fleets", "source-years",
		      "per 1000", "95 %");
	for (size_t i = 0; i < l->count; i++) {
		struct score_figures f = score_figures(outcomes, fleets, l->count, i);

		(void)fprintf(stderr, "%-24s %12.0f %10.2f %10.2f ..%10.2f\n", l->rows[i].name,
			      f.source_years, f.per_1000, f.low, f.high);
		printf("{\"bench\":\"detect\",\"what\":\"honest, %s, %s: suspended per 1000 source-years\","
		       "\"value\":%.4g,\"low\":%.4g,\"high\":%.4g,\"alarms\":%llu,\"source_years\":%.0f,"
		       "\"budget\":%g,\"limit\":%.4g}\n",
		       sight, l->rows[i].name, f.per_1000, f.low, f.high, (unsigned long long)f.alarms,
		       f.source_years, l->rows[i].entry.budget, l->rows[i].entry.limit);
	}
}

static void
print_takeover(const char *sight, size_t kind, const struct labelled *row, const struct score_figures *f)
{
	char minutes[32] = "-";
	bool known = kinds[kind].recall >= 0;

	if (!isinf(f->delay_minutes)) {
		(void)snprintf(minutes, sizeof minutes, "%.0f", f->delay_minutes);
	}
	(void)fprintf(stderr, "%-12s %-24s %5u %7.1f %% %8s %7.1f %% %7.1f %%", kinds[kind].name, row->name,
		      f->attacks, 100 * f->recall, minutes, 100 * f->out_median, 100 * f->out_mean);
	if (known) {
		(void)fprintf(stderr, " %7.0f %% %5.0f %%", 100 * kinds[kind].recall, 100 * kinds[kind].out);
	}
	(void)fputc('\n', stderr);
	printf("{\"bench\":\"detect\",\"what\":\"%s, %s, %s: share out, median\",\"value\":%.4g,",
	       kinds[kind].name, sight, row->name, f->out_median);
	if (known) {
		printf("\"peer\":\"prototype\",\"peer_value\":%g,\"peer_recall\":%g,", kinds[kind].out,
		       kinds[kind].recall);
	}
	printf("\"recall\":%.4g,\"caught\":%.4g,\"out_mean\":%.4g,\"exposed\":%.6g,\"delay_minutes\":%s,"
	       "\"takeovers\":%u,\"limit\":%.4g}\n",
	       f->recall, f->caught, f->out_mean, f->exposed, strcmp(minutes, "-") == 0 ? "null" : minutes,
	       f->attacks, row->entry.limit);
}

static void
run_honest(const struct options *o, const char *scenario, const char *name, struct score_sight sight,
	   const struct lineup *l)
{
	struct score_fleet fleets[FLEETS_MAX];
	size_t count = make_fleets(o, scenario, o->seed, sight, fleets);
	struct score_outcome *outcomes = run(l, fleets, count);

	print_honest(name, l, outcomes, count);
	score_outcomes_free(outcomes, count * l->count);
	(void)fflush(stdout);
}

/* All kinds in one run, so that no core waits; the fleets of a kind stand together. */
static void
run_takeovers(const struct options *o, const char *name, struct score_sight sight, const struct lineup *l)
{
	static struct score_fleet fleets[countof(kinds) * FLEETS_MAX];
	struct score_outcome *outcomes;
	size_t count = 0;

	for (size_t kind = o->first_kind; kind < o->end_kind; kind++) {
		count += make_fleets(o, kinds[kind].name, o->seed + 2 * APART, sight, &fleets[count]);
	}
	outcomes = run(l, fleets, count);
	(void)fprintf(stderr, "\n%s\n%-12s %-24s %5s %9s %8s %9s %9s %9s %7s\n", name, "takeover", "detector",
		      "count", "in 48 h", "minutes", "out", "out, mean", "prototype", "mean");
	for (size_t i = 0; i < (o->end_kind - o->first_kind) * l->count; i++) {
		size_t kind = i / l->count, row = i % l->count;
		struct score_figures f =
		    score_figures(&outcomes[kind * o->seeds * l->count], o->seeds, l->count, row);

		print_takeover(name, o->first_kind + kind, &l->rows[row], &f);
	}
	score_outcomes_free(outcomes, count * l->count);
	(void)fflush(stdout);
}

/* Takeovers by themselves: at the nominal limit, and at those of an earlier calibration. Of members that have declared, ours alone. */
static void
run_known(const struct options *o, struct score_sight none, struct score_sight every, struct lineup *all)
{
	struct lineup ours;

	add_threat(all, o->budget, 1);
	(void)add(all, &oracle, o->budget, 1);
	ours = *all;
	if (o->limits != NULL) {
		add_limits(all, o);
		ours.rows[ours.count] = all->rows[ours.count]; /* ours with its limit comes first */
		ours.count++;
	}
	run_takeovers(o, "none declared", none, all);
	run_takeovers(o, "all declared", every, &ours);
}

/* ---- less is seen, or more; nominal limits */

static void
run_ablations(const struct options *o)
{
	static const struct {
		const char *name;
		struct score_sight sight; /* coverage, sampling, late, declared, imports, undeclared */
		uint32_t member_systems;  /* 0: as usual */
	} all[] = {
		{ "as usual", { -1, -1, -1, 0, -1, -1 }, 0 },
		{ "members of three systems", { -1, -1, -1, 0, -1, -1 }, 3 },
		{ "no bad lists", { -1, -1, -1, 0, 0, -1 }, 0 },
		{ "half of the complaints", { 0.5, -1, -1, 0, -1, -1 }, 0 },
		{ "a tenth of the complaints", { 0.1, -1, -1, 0, -1, -1 }, 0 },
		{ "no samples", { -1, 0, -1, 0, -1, -1 }, 0 },
		{ "1 in 30 sampled", { -1, 1.0 / 30, -1, 0, -1, -1 }, 0 },
		{ "1 in 30 sampled, declared", { -1, 1.0 / 30, -1, 1, -1, -1 }, 0 },
		{ "1 in 3000 sampled", { -1, 1.0 / 3000, -1, 0, -1, -1 }, 0 },
		{ "1 in 3000 sampled, declared", { -1, 1.0 / 3000, -1, 1, -1, -1 }, 0 },
		{ "declared, and kept: 1 template in 100000 leads elsewhere",
		  { -1, -1, -1, 1, -1, 1e-5 },
		  0 },
		{ "volume 1 h late", { -1, -1, 60, 0, -1, -1 }, 0 },
		{ "volume 24 h late", { -1, -1, 1440, 0, -1, -1 }, 0 },
	};
	struct lineup l = { .count = 0 };

	add_nominal(&l, o->budget);
	for (size_t i = 0; i < countof(all); i++) {
		if (strstr(all[i].name, o->ablations) != NULL) {
			struct options row = *o;

			row.member_systems =
			    all[i].member_systems > 0 ? all[i].member_systems : o->member_systems;
			run_honest(&row, "honest", all[i].name, all[i].sight, &l);
			run_takeovers(&row, all[i].name, all[i].sight, &l);
		}
	}
}

static bool
find_kind(const char *name, struct options *o)
{
	for (size_t i = 0; i < countof(kinds); i++) {
		if (strcmp(kinds[i].name, name) == 0) {
			o->first_kind = i;
			o->end_kind = i + 1;
			return true;
		}
	}
	return false;
}

static bool
read_options(int argc, char **argv, struct options *o)
{
	static const struct option known[] = {
		{ "systems", required_argument, NULL, 'n' },
		{ "member-systems", required_argument, NULL, 'm' },
		{ "seeds", required_argument, NULL, 's' },
		{ "days", required_argument, NULL, 'd' },
		{ "seed", required_argument, NULL, 'f' },
		{ "budget", required_argument, NULL, 'b' },
		{ "imports", required_argument, NULL, 'i' },
		{ "ablations", optional_argument, NULL, 'a' },
		{ "honest", no_argument, NULL, 'o' },
		{ "calibration", no_argument, NULL, 'c' },
		{ "takeovers", no_argument, NULL, 't' },
		{ "kind", required_argument, NULL, 'k' },
		{ "limits", required_argument, NULL, 'l' },
		{ NULL, 0, NULL, 0 },
	};
	int c;

	while ((c = getopt_long(argc, argv, "", known, NULL)) != -1) {
		double value = optarg != NULL && strchr("kla", c) == NULL ? strtod(optarg, NULL) : 1;
		bool is_sound = value < 1e9 && (c == 'i' ? value >= 0 : value > 0);

		if (c == '?' || (c == 'k' && !find_kind(optarg, o)) || !is_sound) {
			return false;
		}
		o->systems = c == 'n' ? (uint32_t)value : o->systems;
		o->member_systems = c == 'm' && value >= 1 ? (uint32_t)value : o->member_systems;
		o->seeds = c == 's' ? (uint32_t)value : o->seeds;
		o->days = c == 'd' ? (uint32_t)value : o->days;
		o->seed = c == 'f' ? (uint64_t)value : o->seed;
		o->budget = c == 'b' ? value : o->budget;
		o->imports = c == 'i' ? value : o->imports;
		o->ablations = c != 'a' ? o->ablations : optarg != NULL ? optarg : "";
		o->honest_only = o->honest_only || c == 'o';
		o->calibration_only = o->calibration_only || c == 'c';
		o->takeovers_only = o->takeovers_only || c == 't';
		o->limits = c == 'l' ? optarg : o->limits;
	}
	return optind == argc && o->systems > 0 && o->seeds > 0 && o->seeds <= FLEETS_MAX && o->days > 0 &&
	       o->budget <= 1000;
}

int
main(int argc, char **argv)
{
	struct options o = { .systems = 80,
			     .member_systems = 1,
			     .seeds = 2,
			     .days = 365,
			     .seed = 1,
			     .budget = 10,
			     .imports = -1,
			     .end_kind = countof(kinds) },
		       once;
	struct score_sight half = SCORE_SIGHT_USUAL, none = half, every = half;
	struct lineup all = { .count = 0 }, honest, ours = { .count = 0 };
	double calibrated;

	if (!read_options(argc, argv, &o)) {
		(void)fputs(
		    "usage: bench_detect [--systems N] [--member-systems N] [--seeds N] [--days N] [--seed "
		    "N] [--budget X] [--imports X] "
		    "[--ablations[=TEXT]] [--honest] [--calibration] [--takeovers] [--kind NAME] [--limits "
		    "X,...]\n",
		    stderr);
		return 2;
	}
	half.imports = none.imports = every.imports = o.imports;
	half.declared = 0.5;
	none.declared = 0;
	every.declared = 1;
	add_nominal(&all, o.budget);
	if (o.honest_only) {
		add_others(&all, &o);
		if (o.limits != NULL) {
			add_limits(&all, &o);
		}
		run_honest(&o, "honest", "half declared", half, &all);
		run_honest(&o, "rough", "rough, half declared", half, &all);
		return 0;
	}
	once = o;
	once.seeds = FLEETS * (o.seeds > 2 ? 2 : o.seeds);
	once.systems = o.systems > 80 ? 80 : o.systems;
	if (o.ablations != NULL) {
		run_ablations(&once);
		return 0;
	}
	if (o.takeovers_only) {
		run_known(&once, none, every, &all);
		return 0;
	}
	calibrate(&o, half, 0, &all);
	calibrated = all.rows[1].entry.limit;
	calibrate(&o, half, TAKEN, &all);
	if (o.calibration_only) {
		return 0;
	}
	honest = all;
	add_others(&honest, &o);
	run_honest(&o, "honest", "half declared", half, &honest);
	run_honest(&o, "rough", "rough, half declared", half, &honest);
	add_threat(&all, o.budget, calibrated);
	(void)add(&all, &oracle, o.budget, 1);
	run_takeovers(&once, "none declared", none, &all);
	ours.rows[ours.count++] = all.rows[0];
	ours.rows[ours.count++] = all.rows[1];
	add_threat(&ours, o.budget, calibrated);
	(void)add(&ours, &oracle, o.budget, 1);
	run_takeovers(&once, "all declared", every, &ours);
	return 0;
}
