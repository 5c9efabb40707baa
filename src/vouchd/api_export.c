/* vouchd/api_export.c - the published entries of a list, for other programs: one a line, or as a data file for rbldnsd. */
#include "vouchd/api_int.h"

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

struct exported {
	const struct fold *fold;
	const struct config_list *list;
	struct buffer *out;
};

typedef void export_entry(const struct exported *e, uint32_t source, const struct registry_source *s);

/* Each listed source of the list, in the order of the registry. */
static void
each_entry(const struct exported *e, export_entry *entry)
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
	each_entry(e, put_key);
}

static void
export_json(const struct exported *e)
{
	each_entry(e, put_json);
}

/* ---- rbldnsd(8): one file of the type "combined", with a set for each kind and the test entries of RFC 5782 */

/* For rbldnsd "$" is the address that was asked for, for us the source: they are the same for an IPv4 address only. */
static void
put_spelled_out(const struct exported *e, struct text key)
{
	struct text rest = text_of(e->list->txt), head;

	buffer_format(e->out, "%.*s :%s:", TEXT_ARG(key), e->list->code);
	while (text_cut(&rest, '$', &head)) {
		buffer_put_text(e->out, head);
		buffer_put_text(e->out, key);
	}
	buffer_put_text(e->out, head);
	buffer_put_text(e->out, TEXT("\n"));
}

static void
put_ipv4(const struct exported *e, uint32_t source, const struct registry_source *s)
{
	if (s->kind == SOURCE_IP && memchr(s->key.p, ':', s->key.n) == NULL) {
		put_key(e, source, s);
	} else if (s->kind == SOURCE_PREFIX && memchr(s->key.p, ':', s->key.n) == NULL) {
		put_spelled_out(e, s->key);
	}
}

static void
put_ipv6(const struct exported *e, uint32_t source, const struct registry_source *s)
{
	(void)source;
	if ((s->kind == SOURCE_IP || s->kind == SOURCE_PREFIX) && memchr(s->key.p, ':', s->key.n) != NULL) {
		put_spelled_out(e, s->key);
	}
}

static void
put_domain(const struct exported *e, uint32_t source, const struct registry_source *s)
{
	if (s->kind == SOURCE_DOMAIN) {
		put_key(e, source, s);
	}
}

/* What stands before the address zone in the name of the domain zone; empty when it lies elsewhere. */
static struct text
domains_below(const struct config_list *list)
{
	struct text zone = text_of(list->zone), domains = text_of(list->domain_zone);

	if (domains.n <= zone.n + 1 || domains.p[domains.n - zone.n - 1] != '.' ||
	    !text_equal_nocase((struct text){ domains.p + domains.n - zone.n, zone.n }, zone)) {
		return (struct text){ "", 0 };
	}
	return (struct text){ domains.p, domains.n - zone.n - 1 };
}

static void
export_rbldnsd(const struct exported *e)
{
	const struct config_list *l = e->list;
	struct text below = domains_below(l);
	long long ttl = l->ttl.ms / 1000, negative = l->negative_ttl.ms / 1000;
	const char *contact = l->contact, *dot = contact[0] == '\0' ? "." : "";

	buffer_format(e->out, "# rbldnsd ... %s:combined:THIS-FILE\n", l->zone);
	buffer_format(e->out, "$SOA %lld %s%s %s%s%s 0 300 60 3600 %lld\n", negative,
		      l->ns.count == 0 ? "ns." : "", l->ns.count == 0 ? l->zone : l->ns.items[0],
		      contact[0] == '\0' ? "hostmaster" : contact, dot, contact[0] == '\0' ? l->zone : "",
		      negative);
	for (size_t i = 0; i < (l->ns.count == 0 ? 1 : l->ns.count); i++) {
		buffer_format(e->out, "$NS 3600 %s%s\n", l->ns.count == 0 ? "ns." : "",
			      l->ns.count == 0 ? l->zone : l->ns.items[i]);
	}
	buffer_format(e->out, "$TTL %lld\n$DATASET ip4trie @\n:%s:%s\n127.0.0.2\n", ttl, l->code, l->txt);
	each_entry(e, put_ipv4);
	buffer_put_text(e->out, TEXT("$DATASET ip6trie @\n"));
	put_spelled_out(e, TEXT("::ffff:7f00:2"));
	each_entry(e, put_ipv6);
	if (below.n > 0) {
		buffer_format(e->out, "$DATASET dnset %.*s\n:%s:%s\ntest\n", TEXT_ARG(below), l->code,
			      l->txt);
		each_entry(e, put_domain);
	} else if (l->domain_zone[0] != '\0') {
		buffer_format(e->out,
			      "# Domains: %s is no part of %s; vouch export --format text has them.\n",
			      l->domain_zone, l->zone);
	}
}

/* ---- the route */

static const struct export_format {
	const char *name;
	const char *type;
	void (*write)(const struct exported *e);
} formats[] = {
	{ "text", "text/plain; charset=utf-8", export_text },
	{ "rbldnsd", "text/plain; charset=utf-8", export_rbldnsd },
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
		job->result = fault_set(&job->fault, RESULT_BAD_INPUT, "format: text, rbldnsd or json");
	} else if (list == NULL) {
		job->result = fault_set(&job->fault, RESULT_NOT_FOUND, "no list is called \"%.*s\"",
					(int)(named.n > 80 ? 80 : named.n), named.p);
	} else {
		c->reply->type = format->type;
		format->write(&(struct exported){ pipeline_fold(p), list, &c->reply->body });
	}
}

void
api_export(void *context, const struct http_request *request, struct http_reply *reply)
{
	api_run(context, request, reply, false, export_run);
}
