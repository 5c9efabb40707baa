/*
 * sim: the simulated fleet as files, for a demo or a test of a daemon by its doors.
 *
 * DIR/programme.yaml  who is in the programme
 * DIR/truth.json      takeovers and honest events, so that somebody can tell whether the daemon was right
 * DIR/traffic.jsonl   what is handed in, in the order of time: {"at", "reporter", "format": "csv" or "arf", "body"}
 *
 * Rows are gathered per reporter and step and handed in when the step is over; a mail when the complaint is made or the canary hit.
 */
#include "intake/intake.h"
#include "sim/sim.h"
#include "vouch/verb_sim.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#define TRAFFIC_BODY_BYTES_MAX 67108864U
#define FEEDS_MAX              16U
#define NAMES_KEPT             4096U
#define MINUTES_DAY            1440U

/* The rows of one reporter in the present step. */
struct feed {
	const char *reporter;
	struct buffer csv;
};

/* What intake calls a template. */
struct template_name {
	uint32_t cluster;
	size_t n; /* 0: none is kept here */
	char text[32];
};

struct traffic {
	struct vouch *v;
	struct sim *sim;
	FILE *file;
	struct instant step_ends;
	struct span step;
	size_t feed_count;
	struct feed feeds[FEEDS_MAX];
	struct buffer mail;
	struct template_name names[NAMES_KEPT]; /* by cluster */
};

static void
put_item(struct traffic *t, struct instant at, const char *reporter, const char *format, struct text body)
{
	char time[INSTANT_BYTES];
	json_t *item = json_pack("{s:s,s:s,s:s,s:s%}", "at", instant_format(at, time), "reporter", reporter,
				 "format", format, "body", body.p, body.n);

	check(item != NULL);
	(void)json_dumpf(item, t->file, JSON_COMPACT);
	(void)fputc('\n', t->file);
	json_decref(item);
}

static void
end_step(struct traffic *t)
{
	for (size_t i = 0; i < t->feed_count; i++) {
		struct feed *feed = &t->feeds[i];

		check(!feed->csv.full);
		if (feed->csv.n > 0) {
			put_item(t, t->step_ends, feed->reporter, "csv", buffer_text(&feed->csv));
			buffer_clear(&feed->csv);
		}
	}
	t->step_ends = instant_add(t->step_ends, t->step);
}

static struct feed *
feed_of(struct traffic *t, const char *reporter)
{
	size_t i = 0;

	while (i < t->feed_count && strcmp(t->feeds[i].reporter, reporter) != 0) {
		i++;
	}
	if (i == t->feed_count) {
		check(i < FEEDS_MAX);
		t->feeds[t->feed_count++].reporter = reporter;
		buffer_init(&t->feeds[i].csv, TRAFFIC_BODY_BYTES_MAX);
	}
	return &t->feeds[i];
}

/* The name that intake gives to the template, as it does where a complaint carries the mail. */
static void
name_template(struct traffic *t, const struct sim_observation *o, struct template_name *to)
{
	struct arena arena = { 0 };
	struct intake_hint hint = { .format = INTAKE_SAMPLE, .received = o->arrives };
	struct intake_result result;
	enum result r;

	buffer_clear(&t->mail);
	sim_write_mail(t->sim, o, &t->mail);
	r = intake_read(buffer_text(&t->mail), &hint, &arena, &result);
	check(r == RESULT_OK);
	for (uint32_t i = 0; i < result.reports[0].observations[0].attribute_count; i++) {
		const struct attribute *a = &result.reports[0].observations[0].attributes[i];

		if (text_equal(a->name, TEXT("cluster")) && a->value.n < sizeof to->text) {
			memcpy(to->text, a->value.p, a->value.n);
			to->n = a->value.n;
		}
	}
	check(to->n > 0);
	to->cluster = o->content.cluster;
	arena_clear(&arena);
}

static void
put_sample(struct traffic *t, const struct sim_observation *o, struct buffer *csv)
{
	struct template_name *name = &t->names[o->content.cluster % NAMES_KEPT];

	if (name->n == 0 || name->cluster != o->content.cluster) {
		name->n = 0;
		name_template(t, o, name);
	}
	if (csv->n == 0) {
		sim_write_sample_header(csv);
	}
	sim_write_sample_row(t->sim, o, (struct text){ name->text, name->n }, csv);
}

static void
put_observation(struct traffic *t, const struct sim_observation *o)
{
	const char *reporter = sim_reporter(o);
	struct feed *feed;

	while (o->arrives.ms > t->step_ends.ms) {
		end_step(t);
	}
	if (o->kind == SIM_CANARY ||
	    (o->kind == SIM_FACT && o->signal == SIGNAL_COMPLAINT && o->feed < SIM_RECEIVER_COUNT)) {
		buffer_clear(&t->mail);
		(o->kind == SIM_CANARY ? sim_write_canary : sim_write_arf)(t->sim, o, &t->mail);
		put_item(t, o->arrives, reporter, "arf", buffer_text(&t->mail));
		return;
	}
	feed = feed_of(t, reporter);
	if (o->kind == SIM_SAMPLE) {
		put_sample(t, o, &feed->csv);
		return;
	}
	if (feed->csv.n == 0) {
		sim_write_csv_header(o->feed, &feed->csv);
	}
	sim_write_csv_row(t->sim, o, &feed->csv);
}

/* Opens DIR/name for writing. */
static enum result
open_file(struct vouch *v, const char *name, FILE **file)
{
	const char *path = arena_format(&v->arena, "%s/%s", v->args.operands[0], name);

	*file = fopen(path, "we");
	return *file != NULL ? RESULT_OK : fault_set(&v->fault, RESULT_IO, "%s: %s", path, strerror(errno));
}

static enum result
close_file(struct vouch *v, const char *name, FILE *file)
{
	bool whole = !ferror(file);

	whole = fclose(file) == 0 && whole;
	return whole ? RESULT_OK
		     : fault_set(&v->fault, RESULT_IO, "%s/%s: could not be written whole",
				 v->args.operands[0], name);
}

static enum result
write_programme(struct vouch *v, const struct sim *sim)
{
	struct buffer b;
	FILE *file;
	enum result r = open_file(v, "programme.yaml", &file);

	if (r != RESULT_OK) {
		return r;
	}
	buffer_init(&b, TRAFFIC_BODY_BYTES_MAX);
	sim_write_programme(sim, &b);
	check(!b.full);
	(void)fwrite(b.p, 1, b.n, file);
	buffer_free(&b);
	return close_file(v, "programme.yaml", file);
}

static enum result
write_traffic(struct vouch *v, struct sim *sim, const struct sim_params *params)
{
	struct traffic t = { .v = v, .sim = sim, .step = params->step };
	struct sim_observation o;
	enum result r = open_file(v, "traffic.jsonl", &t.file);

	if (r != RESULT_OK) {
		return r;
	}
	t.step_ends = instant_add(params->start, params->step);
	buffer_init(&t.mail, MAIL_BYTES_MAX);
	while (sim_next(sim, &o)) {
		put_observation(&t, &o);
	}
	end_step(&t);
	for (size_t i = 0; i < t.feed_count; i++) {
		buffer_free(&t.feeds[i].csv);
	}
	buffer_free(&t.mail);
	return close_file(v, "traffic.jsonl", t.file);
}

static json_t *
event_json(const struct sim *sim, const struct sim_event *event)
{
	char from[INSTANT_BYTES], to[INSTANT_BYTES];
	uint32_t count;
	const struct sim_system *systems = sim_systems(sim, &count);
	const struct sim_member *members = sim_members(sim, &count);
	const struct sim_source *sources = sim_sources(sim, &count);
	json_t *keys = json_array(), *root;
	const char *member = NULL, *system = NULL;

	if (event->system != SIM_NONE) {
		const struct sim_system *s = &systems[event->system];

		system = s->id;
		member = members[s->member].id;
		for (uint32_t i = 0; i < s->source_count; i++) {
			uint32_t source = s->first_source + i;

			if (event->source == SIM_NONE || event->source == source) {
				(void)json_array_append_new(keys, json_string(sources[source].key));
			}
		}
	}
	root = json_pack("{s:s,s:b,s:I,s:s,s:s,s:s?,s:s?,s:o}", "kind", sim_event_name(event->kind),
			 "takeover", sim_event_is_takeover(event->kind), "messages",
			 (json_int_t)event->messages, "from", instant_format(event->from, from), "to",
			 instant_format(event->to, to), "member", member, "system", system, "sources", keys);
	check(root != NULL);
	return root;
}

/* After the traffic, since honest events are known only then. */
static enum result
write_truth(struct vouch *v, const struct sim *sim, const struct sim_params *params)
{
	char start[INSTANT_BYTES];
	size_t count;
	const struct sim_event *events = sim_events(sim, &count);
	json_t *list = json_array(), *root;
	FILE *file;
	enum result r = open_file(v, "truth.json", &file);

	if (r != RESULT_OK) {
		json_decref(list);
		return r;
	}
	for (size_t i = 0; i < count; i++) {
		(void)json_array_append_new(list, event_json(sim, &events[i]));
	}
	root = json_pack("{s:s,s:I,s:I,s:o}", "start", instant_format(params->start, start), "days",
			 (json_int_t)params->days, "step_seconds", (json_int_t)(params->step.ms / 1000),
			 "events", list);
	check(root != NULL);
	(void)json_dumpf(root, file, JSON_INDENT(2));
	(void)fputc('\n', file);
	json_decref(root);
	return close_file(v, "truth.json", file);
}

enum result
sim_number(struct vouch *v, enum flag flag, uint64_t fallback, uint64_t most, uint64_t *value)
{
	*value = fallback;
	if (vouch_has(v, flag) && (!text_u64(text_of(v->args.flags[flag]), value) || *value > most)) {
		return fault_set(&v->fault, RESULT_BAD_USAGE,
				 "--%s wants a whole number up to %llu, not \"%s\"", args_flag_name(flag),
				 (unsigned long long)most, v->args.flags[flag]);
	}
	return RESULT_OK;
}

/* The scenario that --scenario names; a name that is none is answered with all of them. */
static enum result
find_scenario(struct vouch *v, struct sim_params *params)
{
	struct text name = text_of(v->args.flags[FLAG_scenario]);
	char known[512] = "";
	size_t n = 0;

	if (sim_params_named(name, params) == RESULT_OK) {
		return RESULT_OK;
	}
	for (uint32_t i = 0; sim_scenario_name(i) != NULL && n < sizeof(known); i++) {
		n += (size_t)snprintf(known + n, sizeof(known) - n, "%s%s", i > 0 ? ", " : "",
				      sim_scenario_name(i));
	}
	return fault_set(&v->fault, RESULT_BAD_USAGE, "no scenario \"%.*s\"; there are %s", (int)name.n,
			 name.p, known);
}

/* What was written. */
static void
print_files(struct vouch *v)
{
	static const char *const files[] = { "programme", "traffic", "truth" };
	static const char *const endings[] = { "yaml", "jsonl", "json" };
	json_t *root = json_object();

	for (size_t i = 0; i < countof(files); i++) {
		const char *path =
		    arena_format(&v->arena, "%s/%s.%s", v->args.operands[0], files[i], endings[i]);

		(void)json_object_set_new(root, files[i], json_string(path));
		if (!vouch_has(v, FLAG_json)) {
			(void)printf("wrote %s\n", path);
		}
	}
	if (vouch_has(v, FLAG_json)) {
		vouch_print_json(root);
	}
	json_decref(root);
}

/* `vouch sim DIR` */
static enum result
write_files(struct vouch *v)
{
	struct sim_params params = sim_params_default();
	uint64_t seed, days, minutes;
	struct sim *sim;
	enum result r = sim_number(v, FLAG_seed, 1, UINT64_MAX, &seed);

	if (r == RESULT_OK && vouch_has(v, FLAG_scenario)) {
		r = find_scenario(v, &params);
	}
	if (r == RESULT_OK) {
		r = sim_number(v, FLAG_days, params.days, 3650, &days);
	}
	if (r == RESULT_OK) {
		r = sim_number(v, FLAG_step, 60, MINUTES_DAY, &minutes);
	}
	if (r != RESULT_OK) {
		return r;
	}
	if (vouch_has(v, FLAG_budget) || vouch_has(v, FLAG_systems) || vouch_has(v, FLAG_seeds)) {
		return fault_set(&v->fault, RESULT_BAD_USAGE,
				 "--budget, --systems and --seeds are of sim score");
	}
	if (v->args.operand_count != 1 || days == 0 || minutes == 0 ||
	    (60 % minutes != 0 && minutes != MINUTES_DAY)) {
		return fault_set(
		    &v->fault, RESULT_BAD_USAGE,
		    "sim wants a folder, days from 1 and a step that divides 60 minutes or is a day of 1440");
	}
	if (mkdir(v->args.operands[0], 0755) != 0 && errno != EEXIST) {
		return fault_set(&v->fault, RESULT_IO, "%s: %s", v->args.operands[0], strerror(errno));
	}
	params.days = (uint32_t)days;
	params.step.ms = (int64_t)minutes * SPAN_MINUTE.ms;
	sim = sim_open(&params, seed);
	r = write_programme(v, sim);
	if (r == RESULT_OK) {
		r = write_traffic(v, sim, &params);
	}
	if (r == RESULT_OK) {
		r = write_truth(v, sim, &params);
	}
	sim_close(sim);
	if (r == RESULT_OK) {
		print_files(v);
	}
	return r;
}

enum result
verb_sim(struct vouch *v)
{
	bool scores = v->args.operand_count == 1 && strcmp(v->args.operands[0], "score") == 0;

	return scores ? verb_score(v) : write_files(v);
}
