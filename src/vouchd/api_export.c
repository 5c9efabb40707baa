/* vouchd/api_export.c - the published entries of a list, for other programs: one a line; other forms are in export_*.c. */
#include "vouchd/api_int.h"
#include "vouchd/export_int.h"

#include "journal/journal.h"

#include <stdlib.h>
#include <string.h>

const struct config_list *
api_list(const struct config *config, struct text name)
{
	for (size_t i = 0; i < config->list_count; i++) {
		if (name.n == 0 || text_equal(name, text_of(config->lists[i].name))) {
			return &config->lists[i];
		}
	}
	return NULL;
}

void
export_each(const struct exported *e, export_entry *entry)
{
	const struct registry *registry = fold_registry(e->fold);

	for (uint32_t i = 0; i < registry_count(registry, THING_SOURCE); i++) {
		struct registry_source s = registry_source(registry, i);
		struct decide_source_view v;

		if (s.removed || !text_equal(s.list, text_of(e->list->name))) {
			continue;
		}
		decide_source_view(fold_decide(e->fold), i, &v);
		if (state_listed(v.state)) {
			entry(e, i, &s);
		}
	}
}

static void
put_key(const struct exported *e, uint32_t source, const struct registry_source *s)
{
	(void)source;
	buffer_put_text(e->out, s->key);
	buffer_put_text(e->out, TEXT("\n"));
}

static void
put_json(const struct exported *e, uint32_t source, const struct registry_source *s)
{
	json_t *entry = api_entry(e->fold, source);
	char *line = json_dumps(entry, JSON_COMPACT);

	(void)s;
	check(line != NULL);
	buffer_put_text(e->out, text_of(line));
	buffer_put_text(e->out, TEXT("\n"));
	free(line);
	json_decref(entry);
}

static void
export_text(const struct exported *e)
{
	export_each(e, put_key);
}

static void
export_json(const struct exported *e)
{
	export_each(e, put_json);
}

/* ---- the route */

static const struct export_format {
	const char *name;
	const char *type;
	void (*write)(const struct exported *e);
} formats[] = {
	{ "text", "text/plain; charset=utf-8", export_text },
	{ "rbldnsd", "text/plain; charset=utf-8", export_rbldnsd },
	{ "ip4trie", "text/plain; charset=utf-8", export_ip4trie },
	{ "ip4set", "text/plain; charset=utf-8", export_ip4set },
	{ "ip6trie", "text/plain; charset=utf-8", export_ip6trie },
	{ "dnset", "text/plain; charset=utf-8", export_dnset },
	{ "rpz", "text/plain; charset=utf-8", export_rpz },
	{ "json", "application/x-ndjson", export_json },
};

static const struct export_format *
format_of(struct text name)
{
	for (size_t i = 0; i < countof(formats); i++) {
		if (text_equal(name, text_of(formats[i].name))) {
			return &formats[i];
		}
	}
	return name.n == 0 ? &formats[0] : NULL;
}

static void
export_run(struct job *job, struct pipeline *p)
{
	struct api_call *c = (struct api_call *)job;
	struct text named = http_parameter(c->request, "list");
	const struct export_format *format = format_of(http_parameter(c->request, "format"));
	const struct config_list *list = api_list(c->api->config, named);

	if (format == NULL) {
		job->result =
		    fault_set(&job->fault, RESULT_BAD_INPUT,
			      "format: text, json, rbldnsd, ip4trie, ip4set, ip6trie, dnset or rpz");
	} else if (list == NULL) {
		job->result = fault_set(&job->fault, RESULT_NOT_FOUND, "no list is called \"%.*s\"",
					(int)(named.n > 80 ? 80 : named.n), named.p);
	} else {
		struct journal_head head;

		job->result = journal_head(pipeline_journal(p), &head);
		c->reply->type = format->type;
		format->write(&(struct exported){ pipeline_fold(p), list, head.seq, &c->reply->body, NULL });
	}
}

void
api_export(void *context, const struct http_request *request, struct http_reply *reply)
{
	api_run(context, request, reply, false, export_run);
}
