/* vouchd/api_programme.c - who is in the programme: a file compared and applied, one change at a time, and the file of what is. */
#include "vouchd/api_int.h"

#include "base/limits.h"
#include "base/log.h"

#include <inttypes.h>
#include <string.h>

#define SETTINGS_MAX 64U

static json_t *
lines_of(const struct registry_plan *plan)
{
	json_t *lines = json_array();

	for (uint32_t i = 0; i < plan->line_count; i++) {
		json_array_append_new(lines, api_text(text_of(plan->lines[i])));
	}
	return lines;
}

static bool
has_list(const struct config *config, const char *name)
{
	for (size_t i = 0; i < config->list_count; i++) {
		if (strcmp(config->lists[i].name, name) == 0) {
			return true;
		}
	}
	return false;
}

/* A source on a list that is published nowhere would be certified for nothing, and nobody would see it. */
static enum result
check_lists(const struct api_call *c, const struct registry_plan *plan, struct fault *fault)
{
	const struct config *config = c->api->config;
	const char *known = "", *place = "";

	for (uint32_t i = 0; i < plan->list_count; i++) {
		if (has_list(config, plan->lists[i])) {
			continue;
		}
		for (size_t k = 0; k < config->list_count; k++) {
			known = arena_format(c->request->arena, "%s%s%s", known, k == 0 ? "" : ", ",
					     config->lists[k].name);
		}
		if (plan->list_lines[i] > 0) {
			place = arena_format(c->request->arena, "%s:%zu: ", plan->file, plan->list_lines[i]);
		}
		return fault_set(fault, RESULT_BAD_INPUT, "%sno list is called \"%s\"; vouch.yaml has %s",
				 place, plan->lists[i], known);
	}
	return RESULT_OK;
}

/* Compared and applied in one job, so that what was shown is what is applied. */
static void
finish(struct api_call *c, struct pipeline *p, const struct registry_plan *plan)
{
	bool apply = text_equal(http_parameter(c->request, "apply"), TEXT("1"));
	struct text actor = http_parameter(c->request, "actor");
	struct job *job = &c->job;
	struct buffer b;
	uint64_t seq;

	job->result = check_lists(c, plan, &job->fault);
	if (job->result == RESULT_OK && apply && plan->line_count > 0) {
		buffer_init(&b, RECORD_BYTES_MAX);
		registry_plan_write(plan, c->request->control && actor.n > 0 ? actor : c->request->actor, &b);
		job->result =
		    b.full ? fault_set(&job->fault, RESULT_TOO_LARGE, "the changes do not fit a record")
			   : pipeline_append(p, RECORD_REGISTRY, buffer_text(&b), &seq, &job->fault);
		buffer_free(&b);
	}
	if (job->result == RESULT_OK) {
		http_reply_json(c->reply,
				json_pack("{s:o, s:b}", "changes", lines_of(plan), "applied", (int)apply));
	}
}

static bool
wants_apply(const struct http_request *request)
{
	return text_equal(http_parameter(request, "apply"), TEXT("1"));
}

/* ---- a file */

static void
programme_run(struct job *job, struct pipeline *p)
{
	struct api_call *c = (struct api_call *)job;
	struct text name = http_parameter(c->request, "name");
	struct registry_plan plan;

	job->result = registry_plan(fold_registry(pipeline_fold(p)), c->request->body,
				    name.n == 0 ? "programme.yaml" : text_copy(c->request->arena, name),
				    c->request->arena, &plan, &job->fault);
	if (job->result == RESULT_OK) {
		finish(c, p, &plan);
	}
}

void
api_programme(void *context, const struct http_request *request, struct http_reply *reply)
{
	api_run(context, request, reply, wants_apply(request), programme_run);
}

static void
written_run(struct job *job, struct pipeline *p)
{
	struct api_call *c = (struct api_call *)job;

	char actor[LOG_QUOTE_BYTES];

	/* It has the addresses that an attacker would write to. */
	log_event(LOG_INFO, "contacts_read", "members=%" PRIu32 " actor=%s",
		  registry_present(fold_registry(pipeline_fold(p)), THING_MEMBER),
		  log_quote(c->request->actor, actor));
	c->reply->type = "application/yaml";
	registry_write(fold_registry(pipeline_fold(p)), &c->reply->body);
}

void
api_written(void *context, const struct http_request *request, struct http_reply *reply)
{
	api_run(context, request, reply, false, written_run);
}

/* ---- one change */

struct edit_call {
	struct api_call call; /* first */
	struct registry_edit edit;
	struct registry_setting settings[SETTINGS_MAX];
};

static struct text
member(const json_t *root, const char *name)
{
	const json_t *j = json_object_get(root, name);

	return (struct text){ json_string_value(j), json_string_length(j) };
}

static enum result
read_edit(json_t *root, struct edit_call *c, struct fault *fault)
{
	static const char *const ops[] = { [REGISTRY_ADD] = "add",
					   [REGISTRY_CHANGE] = "change",
					   [REGISTRY_REMOVE] = "remove",
					   [REGISTRY_DECLARE] = "declare" };
	json_t *set = json_object_get(root, "set"), *value;
	const char *key;
	size_t op = 0;

	while (op < countof(ops) && !text_equal(member(root, "op"), text_of(ops[op]))) {
		op++;
	}
	if (op == countof(ops)) {
		return fault_set(fault, RESULT_BAD_INPUT, "op: add, change, remove or declare");
	}
	if (!registry_thing_parse(member(root, "thing"), &c->edit.thing)) {
		return fault_set(fault, RESULT_BAD_INPUT,
				 "thing: member, system, source, reporter or receiver");
	}
	if (json_object_size(set) > SETTINGS_MAX) {
		return fault_set(fault, RESULT_TOO_LARGE, "set: at most %u keys", SETTINGS_MAX);
	}
	json_object_foreach(set, key, value)
	{
		if (!json_is_string(value)) {
			return fault_set(fault, RESULT_BAD_INPUT, "set: %s: a text is wanted", key);
		}
		c->settings[c->edit.setting_count++] =
		    (struct registry_setting){ text_of(key), member(set, key) };
	}
	c->edit.op = (enum registry_op)op;
	c->edit.name = text_trim(member(root, "id"));
	c->edit.settings = c->settings;
	return RESULT_OK;
}

static void
edit_run(struct job *job, struct pipeline *p)
{
	struct edit_call *c = (struct edit_call *)job;
	struct registry_plan plan;

	job->result = registry_plan_edit(fold_registry(pipeline_fold(p)), &c->edit, c->call.request->arena,
					 &plan, &job->fault);
	if (job->result == RESULT_OK) {
		finish(&c->call, p, &plan);
	}
}

void
api_edit(void *context, const struct http_request *request, struct http_reply *reply)
{
	struct edit_call c = { .call = {
				   .job = { .run = edit_run, .writes = wants_apply(request), .weight = 1 },
				   .api = context,
				   .request = request,
				   .reply = reply } };
	json_t *root = json_loadb(request->body.p == NULL ? "" : request->body.p, request->body.n,
				  JSON_REJECT_DUPLICATES, NULL);
	struct fault fault = { { 0 } };
	enum result r = json_is_object(root) ? read_edit(root, &c, &fault)
					     : fault_set(&fault, RESULT_BAD_INPUT, "a JSON object is wanted");

	if (r == RESULT_OK) {
		r = pipeline_call(c.call.api->pipeline, &c.call.job);
		fault = c.call.job.fault;
	}
	if (r != RESULT_OK) {
		http_reply_fault(reply, r, &fault);
	}
	json_decref(root);
}
