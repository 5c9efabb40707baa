/* vouchd/api_views.c - what is: sources and their states, cases, the published list. */
#include "vouchd/api_int.h"

#include <inttypes.h>
#include <string.h>

json_t *
api_entry(const struct fold *f, uint32_t source)
{
	struct registry_source s = registry_source(fold_registry(f), source);
	struct decide_source_view v;

	decide_source_view(fold_decide(f), source, &v);
	return json_pack("{s:o, s:o, s:o, s:o, s:s, s:o, s:o, s:o, s:o}", "source", api_text(s.key), "member",
			 api_text(s.member_name), "system", api_text(s.system_name), "list", api_text(s.list),
			 "state", state_name(v.state), "kind",
			 v.kind == SUSPENSION_NONE ? json_null() : json_string(suspension_name(v.kind)),
			 "since", api_time(v.since), "reason", api_text(v.reason), "case",
			 v.case_number == 0 ? json_null() : json_integer(v.case_number));
}

/* The list of vouch.yaml that is called so; the first one for no name. */
static const struct config_list *
find_list(const struct config *config, struct text name)
{
	for (size_t i = 0; i < config->list_count; i++) {
		if (name.n == 0 || text_equal(name, text_of(config->lists[i].name))) {
			return &config->lists[i];
		}
	}
	return NULL;
}

static void
status_run(struct job *job, struct pipeline *p)
{
	struct api_call *c = (struct api_call *)job;
	const struct fold *f = pipeline_fold(p);
	struct text named = http_parameter(c->request, "subject"), list = http_parameter(c->request, "list");
	struct api_subject subject;
	json_t *rows;

	if (list.n > 0 && find_list(c->api->config, list) == NULL) {
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
		json_array_append_new(rows, api_entry(f, subject.id));
	} else {
		for (uint32_t i = 0; i < registry_count(fold_registry(f), THING_SOURCE); i++) {
			struct registry_source s = registry_source(fold_registry(f), i);

			if (!s.removed && (named.n == 0 || api_subject_has(f, &subject, i)) &&
			    (list.n == 0 || text_equal(s.list, list))) {
				json_array_append_new(rows, api_entry(f, i));
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

double
api_watch(const struct fold *f, uint32_t source, struct detect_view *v)
{
	double share = 0;

	detect_unit_view(fold_detect(f), fold_unit(f, UNIT_SOURCE, source), v);
	for (size_t i = 0; i < VOICE_COUNT; i++) {
		double s = v->limit_nats[i] > 0 ? v->evidence_nats[i] / v->limit_nats[i] : 0;

		share = s > share ? s : share;
	}
	return share;
}

static json_t *
watch_of(const struct fold *f, uint32_t source)
{
	struct detect_view v;
	json_t *rates = json_object();
	double share = api_watch(f, source, &v);

	for (size_t i = 0; i < EVIDENCE_COUNT; i++) {
		json_object_set_new(rates, evidence_name((enum evidence)i), json_real(v.rate[i]));
	}
	return json_pack("{s:f, s:f, s:o}", "evidence_share", share, "volume_per_day", v.volume_per_day,
			 "rates", rates);
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
		entry = api_entry(f, subject.id);
		json_object_set_new(entry, "watch", watch_of(f, subject.id));
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
	json_t *sources = json_array();

	decide_case_view(fold_decide(f), number, &v);
	for (uint32_t i = 0; i < v.source_count; i++) {
		json_array_append_new(sources, api_text(registry_source(registry, v.sources[i]).key));
	}
	return json_pack(
	    "{s:I, s:s, s:o, s:o, s:s, s:o, s:o, s:o, s:o, s:o, s:o, s:I, s:I, s:I, s:o, s:o}", "case",
	    (json_int_t)number, "status", case_status_name(v.status), "system",
	    api_text(registry_item(registry, THING_SYSTEM, v.system).name), "member",
	    api_text(registry_item(registry, THING_MEMBER, v.member).name), "kind",
	    suspension_name(SUSPENSION_SECURITY), "opened", api_time(v.opened), "deadline",
	    api_time(v.deadline), "seconds_left",
	    case_status_open(v.status) ? json_integer(instant_since(v.deadline, now).ms / 1000) : json_null(),
	    "closed", case_status_open(v.status) ? json_null() : api_time(v.closed), "reason",
	    api_text(v.reason), "sources", sources, "suspended", (json_int_t)v.suspended, "delivered_before",
	    (json_int_t)v.delivered_before, "delivered_after", (json_int_t)v.delivered_after, "verdict",
	    v.verdict.n == 0 ? json_null() : api_text(v.verdict), "judge",
	    v.judge.n == 0 ? json_null() : api_text(v.judge));
}

static void
cases_run(struct job *job, struct pipeline *p)
{
	struct api_call *c = (struct api_call *)job;
	const struct fold *f = pipeline_fold(p);
	bool all = !text_equal(http_parameter(c->request, "status"), TEXT("open"));
	json_t *cases = json_array();

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

/* ---- export: one line or object per listed source */

typedef void export_line(struct buffer *b, const struct fold *f, const struct config_list *list,
			 uint32_t source);

static void
line_text(struct buffer *b, const struct fold *f, const struct config_list *list, uint32_t source)
{
	(void)list;
	buffer_put_text(b, registry_source(fold_registry(f), source).key);
	buffer_put_text(b, TEXT("\n"));
}

/* rbldnsd has its own data set types; names of domains stand beside addresses only in a combined set, so they are left to `text`. */
static void
line_rbldnsd(struct buffer *b, const struct fold *f, const struct config_list *list, uint32_t source)
{
	struct registry_source s = registry_source(fold_registry(f), source);

	(void)list;
	if (s.kind == SOURCE_IP || s.kind == SOURCE_PREFIX) {
		buffer_put_text(b, s.key);
		buffer_put_text(b, TEXT("\n"));
	}
}

static void
line_json(struct buffer *b, const struct fold *f, const struct config_list *list, uint32_t source)
{
	json_t *entry = api_entry(f, source);
	char *s = json_dumps(entry, JSON_COMPACT);

	(void)list;
	check(s != NULL);
	buffer_put_text(b, text_of(s));
	buffer_put_text(b, TEXT("\n"));
	free(s);
	json_decref(entry);
}

static const struct export_format {
	const char *name;
	const char *type;
	export_line *line;
} export_formats[] = {
	{ "text", "text/plain; charset=utf-8", line_text },
	{ "rbldnsd", "text/plain; charset=utf-8", line_rbldnsd },
	{ "json", "application/x-ndjson", line_json },
};

static const struct export_format *
export_format(struct text name)
{
	if (name.n == 0) {
		return &export_formats[0];
	}
	for (size_t i = 0; i < countof(export_formats); i++) {
		if (text_equal(name, text_of(export_formats[i].name))) {
			return &export_formats[i];
		}
	}
	return NULL;
}

static void
export_run(struct job *job, struct pipeline *p)
{
	struct api_call *c = (struct api_call *)job;
	const struct fold *f = pipeline_fold(p);
	const struct export_format *format = export_format(http_parameter(c->request, "format"));
	const struct config_list *list = find_list(c->api->config, http_parameter(c->request, "list"));

	if (format == NULL || list == NULL) {
		job->result =
		    fault_set(&job->fault, format == NULL ? RESULT_BAD_INPUT : RESULT_NOT_FOUND,
			      format == NULL ? "format: text, rbldnsd or json" : "no list is called so");
		return;
	}
	c->reply->type = format->type;
	if (format->line == line_rbldnsd) {
		buffer_format(&c->reply->body, ":%s:%s\n", list->code, list->txt);
	}
	for (uint32_t i = 0; i < registry_count(fold_registry(f), THING_SOURCE); i++) {
		struct registry_source s = registry_source(fold_registry(f), i);
		struct decide_source_view v;

		if (s.removed || !text_equal(s.list, text_of(list->name))) {
			continue;
		}
		decide_source_view(fold_decide(f), i, &v);
		if (state_listed(v.state)) {
			format->line(&c->reply->body, f, list, i);
		}
	}
}

void
api_export(void *context, const struct http_request *request, struct http_reply *reply)
{
	api_run(context, request, reply, false, export_run);
}
