/* vouchd/api.c - the table of handlers, who may what, and the small parts that all of them use. */
#include "vouchd/api_int.h"
#include "serve/dns_stats.h"
#include "vouchd/usage.h"

#include "base/counters.h"
#include "base/histogram.h"
#include "journal/journal.h"

#include <stdlib.h>
#include <string.h>

void
api_run(struct api *api, const struct http_request *request, struct http_reply *reply, bool writes,
	void (*run)(struct job *job, struct pipeline *p))
{
	struct api_call call = { .job = { .run = run, .writes = writes, .weight = 1 },
				 .api = api,
				 .request = request,
				 .reply = reply };

	if (pipeline_call(api->pipeline, &call.job) != RESULT_OK) {
		http_reply_fault(reply, call.job.result, &call.job.fault);
	}
}

/* ---- what people name */

static bool
cut_kind(struct text *t, const char *kind)
{
	size_t n = strlen(kind);

	if (t->n <= n + 1 || memcmp(t->p, kind, n) != 0 || t->p[n] != ':') {
		return false;
	}
	*t = (struct text){ t->p + n + 1, t->n - n - 1 };
	return true;
}

static bool
find_thing(const struct fold *f, enum thing thing, enum decide_subject kind, struct text name,
	   struct api_subject *subject)
{
	uint32_t id = registry_find(fold_registry(f), thing, name);

	if (id == REGISTRY_NONE) {
		return false;
	}
	*subject = (struct api_subject){ kind, id, registry_item(fold_registry(f), thing, id).name };
	return true;
}

static bool
find_source(const struct fold *f, struct text text, struct api_subject *subject)
{
	struct source_key key;
	uint32_t id;

	if (source_key_parse(text, &key, NULL) != RESULT_OK) {
		return false;
	}
	id = registry_lookup(fold_registry(f), source_key_text(&key));
	if (id == REGISTRY_NONE) {
		return false;
	}
	*subject = (struct api_subject){ DECIDE_SOURCE, id, registry_source(fold_registry(f), id).key };
	return true;
}

/* A source that has left the programme, the last that was called so: what happened to it can still be asked. */
static bool
find_former(const struct fold *f, struct text text, struct api_subject *subject)
{
	const struct registry *registry = fold_registry(f);
	struct source_key key;

	if (source_key_parse(text, &key, NULL) != RESULT_OK) {
		return false;
	}
	for (uint32_t i = registry_count(registry, THING_SOURCE); i-- > 0;) {
		struct registry_item item = registry_item(registry, THING_SOURCE, i);

		if (item.removed && text_equal(item.name, source_key_text(&key))) {
			*subject = (struct api_subject){ DECIDE_SOURCE, i, item.name };
			return true;
		}
	}
	return false;
}

static bool
find_case(const struct fold *f, struct text text, struct api_subject *subject)
{
	uint64_t number;

	if (!text_u64(text, &number) || number == 0 || number > decide_case_count(fold_decide(f))) {
		return false;
	}
	*subject = (struct api_subject){ DECIDE_CASE, (uint32_t)number, text };
	return true;
}

enum result
api_subject(const struct fold *f, struct text text, struct api_subject *subject, struct fault *fault)
{
	struct text t = text_trim(text);
	bool found;

	if (cut_kind(&t, "member")) {
		found = find_thing(f, THING_MEMBER, DECIDE_MEMBER, t, subject);
	} else if (cut_kind(&t, "system")) {
		found = find_thing(f, THING_SYSTEM, DECIDE_SYSTEM, t, subject);
	} else if (cut_kind(&t, "case")) {
		found = find_case(f, t, subject);
	} else {
		(void)cut_kind(&t, "source");
		found = find_source(f, t, subject) ||
			find_thing(f, THING_SYSTEM, DECIDE_SYSTEM, t, subject) ||
			find_thing(f, THING_MEMBER, DECIDE_MEMBER, t, subject) || find_case(f, t, subject) ||
			find_former(f, t, subject);
	}
	return found ? RESULT_OK
		     : fault_set(fault, RESULT_NOT_FOUND,
				 "no source, system, member or case is called \"%.*s\"",
				 (int)(text.n > 100 ? 100 : text.n), text.p);
}

bool
api_subject_has(const struct fold *f, const struct api_subject *subject, uint32_t source)
{
	struct registry_source s = registry_source(fold_registry(f), source);
	struct decide_case_view v;

	switch (subject->kind) {
	case DECIDE_SOURCE:
		return subject->id == source;
	case DECIDE_SYSTEM:
		return !s.removed && s.system == subject->id;
	case DECIDE_MEMBER:
		return !s.removed && s.member == subject->id;
	case DECIDE_CASE:
		decide_case_view(fold_decide(f), subject->id, &v);
		for (uint32_t i = 0; i < v.source_count; i++) {
			if (v.sources[i] == source) {
				return true;
			}
		}
		break;
	}
	return false;
}

enum result
api_person(const struct http_request *request, const json_t *body, struct text *actor, struct text *reason,
	   struct fault *fault)
{
	const json_t *who = json_object_get(body, "actor"), *why = json_object_get(body, "reason");

	*actor = json_is_string(who) ? (struct text){ json_string_value(who), json_string_length(who) }
				     : (struct text){ "", 0 };
	*reason = json_is_string(why) ? (struct text){ json_string_value(why), json_string_length(why) }
				      : (struct text){ "", 0 };
	if (text_trim(*reason).n == 0 || reason->n > WORDS_BYTES_MAX || actor->n > WORDS_BYTES_MAX) {
		return fault_set(fault, RESULT_BAD_INPUT,
				 "reason: a sentence of 1 to %d bytes is wanted; it is kept for good",
				 WORDS_BYTES_MAX);
	}
	*actor = request->control && actor->n > 0 ? *actor : request->actor;
	return RESULT_OK;
}

/* ---- JSON */

json_t *
api_text(struct text t)
{
	json_t *j = json_stringn(t.p == NULL ? "" : t.p, t.n);
	struct buffer clean;

	if (j != NULL) {
		return j;
	}
	buffer_init(&clean, t.n);
	for (size_t i = 0; i < t.n; i++) {
		buffer_put(&clean, (unsigned char)t.p[i] < 0x80 ? &t.p[i] : "?", 1);
	}
	j = json_stringn((const char *)clean.p, clean.n);
	buffer_free(&clean);
	check(j != NULL);
	return j;
}

enum thing
api_thing_of(enum unit_kind kind)
{
	static const enum thing things[UNIT_KIND_COUNT] = {
		[UNIT_SOURCE] = THING_SOURCE, [UNIT_SYSTEM] = THING_SYSTEM, [UNIT_MEMBER] = THING_MEMBER
	};

	return things[kind];
}

json_t *
api_time(struct instant t)
{
	char out[INSTANT_BYTES];

	return json_string(instant_format(t, out));
}

/* ---- small routes */

static void
health_run(struct job *job, struct pipeline *p)
{
	struct api_call *c = (struct api_call *)job;
	struct journal_head head;

	job->result = journal_head(pipeline_journal(p), &head);
	if (job->result == RESULT_OK) {
		http_reply_json(c->reply,
				json_pack("{s:s, s:I, s:o, s:s, s:I, s:I}", "status", "ok", "seq",
					  (json_int_t)head.seq, "time", api_time(pipeline_now(p)), "version",
					  VOUCH_VERSION, "sources", (json_int_t)counter_get(COUNTER_SOURCES),
					  "listed", (json_int_t)counter_get(COUNTER_SOURCES_LISTED)));
	}
}

static void
api_health(void *context, const struct http_request *request, struct http_reply *reply)
{
	api_run(context, request, reply, false, health_run);
}

static void
api_metrics(void *context, const struct http_request *request, struct http_reply *reply)
{
	bool open = memmem(request->accept.p == NULL ? "" : request->accept.p, request->accept.n,
			   "openmetrics", 11) != NULL ||
		    request->accept.n == 0 || text_equal(request->accept, TEXT("*/*"));
	const struct api *api = context;
	struct buffer more;

	buffer_init(&more, HTTP_REPLY_BYTES_MAX);
	usage_metrics(api->gate, &more, open);
	dns_stats_write(api->list, &more, open);
	histogram_write(pipeline_changes(api->pipeline), "vouch_list_change_seconds",
			"Time from the commit of a change until every DNS thread answers from it", &more);
	if (open) {
		reply->type = "application/openmetrics-text; version=1.0.0; charset=utf-8";
		counters_write(&reply->body, buffer_text(&more));
	} else {
		reply->type = "text/plain; version=0.0.4; charset=utf-8";
		counters_write_plain(&reply->body, buffer_text(&more));
	}
	buffer_free(&more);
}

http_handler *const api_handlers[HTTP_ROUTE_COUNT] = {
	[HTTP_HEALTH] = api_health,
	[HTTP_METRICS] = api_metrics,
	[HTTP_REPORTS] = api_reports,
	[HTTP_RECEIPT] = api_receipt,
	[HTTP_PUBLIC_CASE] = api_public_case,
	[HTTP_SOURCE] = api_source,
	[HTTP_STATUS] = api_status,
	[HTTP_CASES] = api_cases,
	[HTTP_WATCH] = api_watched,
	[HTTP_RECEIVERS] = api_receivers,
	[HTTP_WHY] = api_why,
	[HTTP_TIMELINE] = api_timeline,
	[HTTP_COMMANDS] = api_commands,
	[HTTP_PROGRAMME] = api_programme,
	[HTTP_WRITTEN] = api_written,
	[HTTP_EDIT] = api_edit,
	[HTTP_EXPORT] = api_export,
	[HTTP_QUARANTINE] = api_quarantine,
	[HTTP_QUARANTINED] = api_quarantined,
	[HTTP_RETRY] = api_retry,
	[HTTP_NOTICES] = api_notices,
	[HTTP_NOTICE_TEST] = api_notice_test,
	[HTTP_NOTICE] = api_notice,
	[HTTP_RESEND] = api_resend,
	[HTTP_NOTICE_SECRET] = api_notice_secret,
	[HTTP_REREAD] = api_reread,
	[HTTP_WITHDRAW] = api_withdraw,
	[HTTP_POLICY] = api_policy,
	[HTTP_AUDIT] = api_audit,
	[HTTP_CLOCK] = api_clock,
};

enum http_right
api_authorise(void *context, struct text token, char name[NAME_BYTES_MAX + 1])
{
	const struct api *api = context;
	struct directory_entry reporter;

	if (directory_operator(api->directory, token, name)) {
		return HTTP_RIGHT_OPERATOR;
	}
	if (directory_by_token(api->directory, token, &reporter)) {
		memcpy(name, reporter.name, sizeof(reporter.name));
		return HTTP_RIGHT_REPORTER;
	}
	return HTTP_RIGHT_ANY;
}

bool
api_key_of(void *context, struct text reporter, struct hash *key)
{
	struct directory_entry entry;
	bool known =
	    directory_by_name(((const struct api *)context)->directory, reporter, &entry) && entry.has_token;

	if (known) {
		*key = entry.token_hash;
	}
	return known;
}
