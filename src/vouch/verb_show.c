/* Verbs that ask and print: status, list, why, policy, timeline, cases, watch, receivers, export. */
#include "base/instant.h"
#include "base/limits.h"
#include "vouch/table.h"
#include "vouch/vouch.h"

#include <string.h>

static const struct table_column source_columns[] = {
	{ "source", "SOURCE" }, { "member", "MEMBER" },     { "system", "SYSTEM" },     { "list", "LIST" },
	{ "state", "STATE" },   { "kind", "KIND" },         { "standing", "STANDING" }, { "since", "SINCE" },
	{ "case", "CASE" },     { "watch_level", "WATCH" }, { "reason", "REASON" },
};

static const struct table_column metric_columns[] = {
	{ "source", "SOURCE" },
	{ "threshold", "THRESHOLD" },
	{ "level", "LEVEL" },
	{ "words", "NOW" },
};

static const struct table_column policy_columns[] = {
	{ "name", "THRESHOLD" }, { "receiver", "RECEIVER" }, { "scope", "PER" },       { "limit", "LIMIT" },
	{ "days", "DAYS" },      { "warn", "WARN %" },       { "meaning", "MEANING" },
};

static const struct table_column case_columns[] = {
	{ "case", "CASE" },
	{ "timer", "VERDICT" },
	{ "member", "MEMBER" },
	{ "system", "SYSTEM" },
	{ "suspended", "OFF LIST" },
	{ "delivered_before", "SENT BEFORE" },
	{ "delivered_after", "SENT SINCE" },
	{ "over", "OVER" },
	{ "reason", "REASON" },
};

static const struct table_column watch_columns[] = {
	{ "level", "WATCH" },   { "nats_left", "NATS LEFT" }, { "unit", "UNIT" },
	{ "name", "NAME" },     { "member", "MEMBER" },       { "volume_per_day", "MAIL A DAY" },
	{ "threat", "THREAT" }, { "threat_until", "UNTIL" },
};

static const struct table_column receiver_columns[] = {
	{ "receiver", "RECEIVER" }, { "networks", "NETWORKS" },  { "key", "KEY" },
	{ "limit", "A SECOND" },    { "queries", "TODAY" },      { "listed", "LISTED" },
	{ "refused", "REFUSED" },   { "limited", "OVER LIMIT" }, { "queries_30_days", "30 DAYS" },
};

static const struct table_column entry_columns[] = {
	{ "seq", "SEQ" },
	{ "time", "TIME" },
	{ "kind", "KIND" },
	{ "words", "WHAT" },
};

/* Asks for a document; NULL with the result in *r. */
static json_t *
ask(struct vouch *v, const char *path, enum result *r)
{
	json_t *root = NULL;

	*r = vouch_connect(v);
	if (*r == RESULT_OK) {
		*r = client_ask_json(&v->client, path, NULL, &root, &v->fault);
	}
	if (*r != RESULT_OK) {
		json_decref(root);
		root = NULL;
	}
	return root;
}

/* "before" with the escaped value; the client is opened first, as it escapes. */
static enum result
path_of(struct vouch *v, const char *before, const char *value, const char **path)
{
	enum result r = vouch_connect(v);

	*path = r == RESULT_OK ? client_path(&v->client, &v->arena, before, value, "") : NULL;
	return r;
}

/* One entry alone: its members stand at the top too, so that a script can say ".state". */
static void
lift_single(json_t *root)
{
	json_t *sources = json_object_get(root, "sources");

	if (json_array_size(sources) == 1) {
		check(json_object_update_missing(root, json_array_get(sources, 0)) == 0);
	}
}

static bool
is_notable(const json_t *metric)
{
	const char *level = json_string_value(json_object_get(metric, "level"));

	return level != NULL && (strcmp(level, "warning") == 0 || strcmp(level, "over") == 0);
}

/* How the sources stand against the thresholds, one row for each that has any news; of several sources those that are near a limit. */
static void
print_metrics(const struct vouch *v, const json_t *sources)
{
	bool shows_all = vouch_has(v, FLAG_all) || json_array_size(sources) == 1;
	json_t *all = json_array(), *source, *metric;
	const json_t *member = NULL;
	size_t i, k, left_out = 0;

	json_array_foreach(sources, i, source)
	{
		const json_t *last = member;

		member = json_object_get(source, "member");
		json_array_foreach(json_object_get(source, "metrics"), k, metric)
		{
			const char *scope = json_string_value(json_object_get(metric, "scope"));

			if (scope != NULL && strcmp(scope, "group") == 0 && json_equal(member, last)) {
				continue; /* of the whole member: once is enough */
			}
			if (!shows_all && !is_notable(metric)) {
				left_out++;
				continue;
			}
			check(json_object_set(metric, "source", json_object_get(source, "source")) == 0);
			check(json_array_append(all, metric) == 0);
		}
	}
	if (json_array_size(all) > 0) {
		(void)putchar('\n');
		table_print(stdout, all, metric_columns, countof(metric_columns), v->colour);
	}
	if (left_out > 0) {
		(void)printf("\n%zu more counts are within their limits, or too small to be judged: --all\n",
			     left_out);
	}
	json_decref(all);
}

static void
print_sources(const struct vouch *v, json_t *root)
{
	if (vouch_has(v, FLAG_json)) {
		lift_single(root);
		vouch_print_json(root);
	} else {
		table_print(stdout, json_object_get(root, "sources"), source_columns, countof(source_columns),
			    v->colour);
		print_metrics(v, json_object_get(root, "sources"));
	}
}

/* Adds to each case what its timer says: "due in 42 min", "late by 3 h 5 min", or how it was closed. Returns the open ones. */
static size_t
add_timers(struct vouch *v, json_t *cases)
{
	size_t open = 0;

	for (size_t i = 0; i < json_array_size(cases); i++) {
		json_t *one = json_array_get(cases, i), *left = json_object_get(one, "seconds_left");
		struct span span = { json_integer_value(left) * 1000 };
		const char *timer = json_string_value(json_object_get(one, "status"));
		char words[SPAN_BYTES];

		if (json_is_integer(left)) {
			timer = arena_format(&v->arena, "%s %s", span.ms >= 0 ? "due in" : "late by",
					     span_words(span, words));
			open++;
		}
		(void)json_object_set_new(one, "timer", json_string(timer == NULL ? "" : timer));
	}
	return open;
}

static void
print_cases(struct vouch *v, json_t *cases, const char *none)
{
	size_t open = add_timers(v, cases);

	if (json_array_size(cases) == 0) {
		(void)puts(none);
		return;
	}
	table_print(stdout, cases, case_columns, countof(case_columns), v->colour);
	if (open > 0) {
		(void)printf(
		    "\n%zu wait%s for a verdict. vouch why CASE tells all; vouch confirm CASE REASON "
		    "or vouch clear CASE REASON ends it.\n",
		    open, open == 1 ? "s" : "");
	}
}

enum result
verb_cases(struct vouch *v)
{
	bool all = vouch_has(v, FLAG_all);
	enum result r;
	json_t *root = ask(v, all ? "/v1/cases?status=all" : "/v1/cases?status=open", &r);

	if (r == RESULT_OK && vouch_has(v, FLAG_json)) {
		vouch_print_json(root);
	} else if (r == RESULT_OK) {
		print_cases(v, json_object_get(root, "cases"), all ? "no case yet" : "no open case");
	}
	json_decref(root);
	return r;
}

/* How it stands altogether: the daemon, the list, and the cases that wait for somebody. */
static enum result
show_overview(struct vouch *v)
{
	enum result r;
	json_t *root = ask(v, "/healthz", &r),
	       *cases = r == RESULT_OK ? ask(v, "/v1/cases?status=open", &r) : NULL;

	if (cases != NULL) {
		(void)json_object_set(root, "cases", json_object_get(cases, "cases"));
	}
	if (r == RESULT_OK && vouch_has(v, FLAG_json)) {
		vouch_print_json(root);
	} else if (r == RESULT_OK) {
		(void)printf("vouchd %s, %s: %s of %s sources on a list, %s records\n\n",
			     table_cell(&v->arena, json_object_get(root, "version")),
			     table_cell(&v->arena, json_object_get(root, "time")),
			     table_cell(&v->arena, json_object_get(root, "listed")),
			     table_cell(&v->arena, json_object_get(root, "sources")),
			     table_cell(&v->arena, json_object_get(root, "seq")));
		print_cases(v, json_object_get(root, "cases"), "no open case");
	}
	json_decref(cases);
	json_decref(root);
	return r;
}

/* All subjects go into one table; the first that is not known is the result, the others are shown all the same. */
enum result
verb_status(struct vouch *v)
{
	json_t *all = json_array(), *root = json_pack("{s:o}", "sources", all);
	enum result r = RESULT_OK;

	check(root != NULL);
	if (v->args.operand_count == 0) {
		json_decref(root);
		return show_overview(v);
	}
	for (size_t i = 0; i < v->args.operand_count; i++) {
		const char *path;
		enum result one = path_of(v, "/v1/status?subject=", v->args.operands[i], &path);
		json_t *answer = one == RESULT_OK ? ask(v, path, &one) : NULL;

		if (one != RESULT_OK && r == RESULT_OK) {
			r = one;
		}
		if (one == RESULT_IO) {
			break;
		}
		(void)json_array_extend(all, json_object_get(answer, "sources"));
		json_decref(answer);
	}
	if (json_array_size(all) > 0 || r == RESULT_OK) {
		print_sources(v, root);
	}
	json_decref(root);
	return r;
}

enum result
verb_list(struct vouch *v)
{
	const char *path;
	enum result r =
	    path_of(v, "/v1/status?list=", v->args.operand_count == 1 ? v->args.operands[0] : "", &path);
	json_t *root = r == RESULT_OK ? ask(v, path, &r) : NULL;

	if (r == RESULT_OK && vouch_has(v, FLAG_json)) {
		vouch_print_json(root);
	} else if (r == RESULT_OK && json_array_size(json_object_get(root, "sources")) == 0) {
		(void)puts("no source yet; vouch import and vouch add bring them");
	} else if (r == RESULT_OK) {
		print_sources(v, root);
	}
	json_decref(root);
	return r;
}

enum result
verb_policy(struct vouch *v)
{
	enum result r;
	json_t *root = ask(v, "/v1/policy", &r);

	if (r == RESULT_OK && vouch_has(v, FLAG_json)) {
		vouch_print_json(root);
	} else if (r == RESULT_OK) {
		(void)printf("budget: %g false suspensions per 1000 source-years; a suspension for a "
			     "threshold lasts at "
			     "least %g days\n\n",
			     json_number_value(json_object_get(root, "budget")),
			     json_number_value(json_object_get(root, "wait_days")));
		table_print(stdout, json_object_get(root, "thresholds"), policy_columns,
			    countof(policy_columns), v->colour);
	}
	json_decref(root);
	return r;
}

enum result
verb_why(struct vouch *v)
{
	const char *path;
	enum result r = path_of(v, "/v1/why?subject=", v->args.operands[0], &path);
	json_t *root = r == RESULT_OK ? ask(v, path, &r) : NULL;
	const json_t *words = json_object_get(root, "words");

	if (r == RESULT_OK && vouch_has(v, FLAG_json)) {
		vouch_print_json(root);
	}
	for (size_t i = 0; !vouch_has(v, FLAG_json) && i < json_array_size(words); i++) {
		const json_t *line = json_array_get(words, i);

		table_line(stdout, (struct text){ json_string_value(line), json_string_length(line) });
	}
	json_decref(root);
	return r;
}

/* A table of one member of the answer, or the whole answer as JSON. */
static enum result
show(struct vouch *v, const char *path, const char *member, const struct table_column *columns, size_t count,
     const char *none)
{
	enum result r;
	json_t *root = ask(v, path, &r);

	if (r == RESULT_OK && vouch_has(v, FLAG_json)) {
		vouch_print_json(root);
	} else if (r == RESULT_OK && json_array_size(json_object_get(root, member)) == 0) {
		(void)puts(none);
	} else if (r == RESULT_OK) {
		table_print(stdout, json_object_get(root, member), columns, count, v->colour);
	}
	json_decref(root);
	return r;
}

enum result
verb_watch(struct vouch *v)
{
	return show(v, "/v1/watch", "units", watch_columns, countof(watch_columns),
		    "nothing is near an alarm or under threat");
}

enum result
verb_receivers(struct vouch *v)
{
	return show(v, "/v1/receivers", "receivers", receiver_columns, countof(receiver_columns), "");
}

enum result
verb_timeline(struct vouch *v)
{
	static const enum flag numbers[] = { FLAG_limit, FLAG_from };
	const char *path;
	uint64_t number;
	enum result r = path_of(v,
				vouch_has(v, FLAG_reports) ? "/v1/timeline?reports=each&subject="
							   : "/v1/timeline?reports=sum&subject=",
				v->args.operands[0], &path);

	for (size_t i = 0; i < countof(numbers) && r == RESULT_OK; i++) {
		const char *value = v->args.flags[numbers[i]];

		if (value != NULL && !text_u64(text_of(value), &number)) {
			return fault_set(&v->fault, RESULT_BAD_USAGE, "--%s wants a number, not \"%s\"",
					 args_flag_name(numbers[i]), value);
		}
		if (value != NULL) {
			path = arena_format(&v->arena, "%s&%s=%s", path, args_flag_name(numbers[i]), value);
		}
	}
	return r == RESULT_OK
		   ? show(v, path, "entries", entry_columns, countof(entry_columns), "nothing happened")
		   : r;
}
