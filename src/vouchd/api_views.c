/* vouchd/api_views.c - what is: sources and their states, cases. */
#include "vouchd/api_int.h"

#include <string.h>

json_t *
api_entry(const struct fold *f, uint32_t source)
{
	struct registry_source s = registry_source(fold_registry(f), source);
	struct decide_source_view v;
	json_t *entry;

	decide_source_view(fold_decide(f), source, &v);
	entry = json_pack("{s:o, s:o, s:o, s:o, s:s, s:o, s:o, s:o, s:o}", "source", api_text(s.key),
			  "member", api_text(s.member_name), "system", api_text(s.system_name), "list",
			  api_text(s.list), "state", state_name(v.state), "kind",
			  v.kind == SUSPENSION_NONE ? json_null() : json_string(suspension_name(v.kind)),
			  "since", api_time(v.since), "reason", api_text(v.reason), "case",
			  v.case_number == 0 ? json_null() : json_integer(v.case_number));
	api_add_standing(f, source, entry);
	json_object_set_new(entry, "watch_level",
			    state_listed(v.state) ? json_string(detect_watch_name(api_watch_level(f, source)))
						  : json_null());
	return entry;
}

/* The same with the metrics behind it. */
static json_t *
full_entry(const struct fold *f, uint32_t source)
{
	json_t *entry = api_entry(f, source);

	json_object_set_new(entry, "metrics", api_metrics_of(f, source));
	return entry;
}

static void
status_run(struct job *job, struct pipeline *p)
{
	struct api_call *c = (struct api_call *)job;
	const struct fold *f = pipeline_fold(p);
	struct text named = http_parameter(c->request, "subject"), list = http_parameter(c->request, "list");
	struct api_subject subject;
	json_t *rows;

	if (list.n > 0 && api_list(c->api->config, list) == NULL) {
		job->result = fault_set(&job->fault, RESULT_NOT_FOUND, "no list is called \"%.*s\"",
					(int)(list.n > 80 ? 80 : list.n), list.p);
		return;
	}

	if (named.n > 0) {
		job->result = api_subject(f, named, &subject, &job->fault);
		if (job->result != RESULT_OK) {
			return;
		}
	}
	rows = json_array();
	if (named.n > 0 && subject.kind == DECIDE_SOURCE) {
		json_array_append_new(rows, full_entry(f, subject.id));
	} else {
		for (uint32_t i = 0; i < registry_count(fold_registry(f), THING_SOURCE); i++) {
			struct registry_source s = registry_source(fold_registry(f), i);

			if (!s.removed && (named.n == 0 || api_subject_has(f, &subject, i)) &&
			    (list.n == 0 || text_equal(s.list, list))) {
				json_array_append_new(rows,
						      named.n == 0 ? api_entry(f, i) : full_entry(f, i));
			}
		}
	}
	http_reply_json(c->reply, json_pack("{s:o}", "sources", rows));
}

void
api_status(void *context, const struct http_request *request, struct http_reply *reply)
{
	api_run(context, request, reply, false, status_run);
}

static void
source_run(struct job *job, struct pipeline *p)
{
	struct api_call *c = (struct api_call *)job;
	const struct fold *f = pipeline_fold(p);
	struct api_subject subject;
	json_t *entry;

	job->result = api_subject(f, c->request->key, &subject, &job->fault);
	if (job->result == RESULT_OK && subject.kind != DECIDE_SOURCE) {
		job->result = fault_set(&job->fault, RESULT_NOT_FOUND, "no source is called so");
	}
	if (job->result == RESULT_OK) {
		entry = full_entry(f, subject.id);
		json_object_set_new(entry, "watch", api_watch_of(f, subject.id));
		http_reply_json(c->reply, entry);
	}
}

void
api_source(void *context, const struct http_request *request, struct http_reply *reply)
{
	api_run(context, request, reply, false, source_run);
}

static json_t *
case_entry(const struct fold *f, uint32_t number, struct instant now)
{
	const struct registry *registry = fold_registry(f);
	struct decide_case_view v;
	json_t *sources = json_array(), *over = json_array(), *entry;
	uint32_t count = 0;

	decide_case_view(fold_decide(f), number, &v);
	for (uint32_t i = 0; i < v.source_count; i++) {
		json_array_append_new(sources, api_text(registry_source(registry, v.sources[i]).key));
		count += api_add_over(f, v.sources[i], over);
	}
	entry = json_pack(
	    "{s:I, s:s, s:o, s:o, s:s, s:o, s:o, s:o, s:o, s:o, s:o, s:I, s:I, s:I, s:o, s:o}", "case",
	    (json_int_t)number, "status", case_status_name(v.status), "system",
	    api_text(registry_item(registry, THING_SYSTEM, v.system).name), "member",
	    api_text(registry_item(registry, THING_MEMBER, v.member).name), "kind",
	    v.review ? "review" : suspension_name(SUSPENSION_SECURITY), "opened", api_time(v.opened),
	    "deadline", api_time(v.deadline), "seconds_left",
	    case_status_open(v.status) ? json_integer(instant_since(v.deadline, now).ms / 1000) : json_null(),
	    "closed", case_status_open(v.status) ? json_null() : api_time(v.closed), "reason",
	    api_text(v.reason), "sources", sources, "suspended", (json_int_t)v.suspended, "delivered_before",
	    (json_int_t)v.delivered_before, "delivered_after", (json_int_t)v.delivered_after, "verdict",
	    v.verdict.n == 0 ? json_null() : api_text(v.verdict), "judge",
	    v.judge.n == 0 ? json_null() : api_text(v.judge));
	json_object_set_new(entry, "over", json_integer(count));
	json_object_set_new(entry, "over_words", over);
	return entry;
}

static void
cases_run(struct job *job, struct pipeline *p)
{
	struct api_call *c = (struct api_call *)job;
	const struct fold *f = pipeline_fold(p);
	struct text status = http_parameter(c->request, "status");
	bool all = status.n == 0 || text_equal(status, TEXT("all"));
	json_t *cases;

	if (!all && !text_equal(status, TEXT("open"))) {
		job->result = fault_set(&job->fault, RESULT_BAD_INPUT, "status: open or all");
		return;
	}
	cases = json_array();
	for (uint32_t i = 1; i <= decide_case_count(fold_decide(f)); i++) {
		struct decide_case_view v;

		decide_case_view(fold_decide(f), i, &v);
		if (all || case_status_open(v.status)) {
			json_array_append_new(cases, case_entry(f, i, pipeline_now(p)));
		}
	}
	http_reply_json(c->reply, json_pack("{s:o}", "cases", cases));
}

void
api_cases(void *context, const struct http_request *request, struct http_reply *reply)
{
	api_run(context, request, reply, false, cases_run);
}
