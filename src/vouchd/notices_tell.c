/*
 * vouchd/notices_tell.c - what is so beside what was told, in one form for each topic:
 *
 *	listing  a source   "on"; "security", "compliance", "disuse": off the list; "revoked"; "for a,b": off for these receivers; "": no member yet
 *	watch    a system   "watched", "near"; "": calm
 *	warning  a source   the thresholds that it is near: "complaint@a trap@"
 *	warning_member  a member   the same of all its sources together
 *	silence  a source   "warned": that it sends nothing; while it is listed, of the silence of now, and then of what it was taken off for
 *
 * and, under the name of each notice, when a system last had one.
 */
#include "vouchd/notices_int.h"

#include "base/log.h"

#include <stdlib.h>
#include <string.h>

#define GROUPS_MAX 64U            /* notices of one transaction; what is left comes with the next */
#define FELL_AFTER (SPAN_HOUR.ms) /* "as usual again" is not said sooner after "unusual" */

/* ---- what is so */

static struct text
text_in(char out[NOTICES_SAID_BYTES], const struct buffer *b)
{
	struct text t = buffer_text(b);

	t.n = t.n < NOTICES_SAID_BYTES ? t.n : NOTICES_SAID_BYTES - 1;
	if (t.n > 0) {
		memcpy(out, t.p, t.n);
	}
	return (struct text){ out, t.n };
}

struct text
notices_standing(const struct fold *f, uint32_t source, char out[NOTICES_SAID_BYTES])
{
	struct decide_source_view v;
	struct text t;
	struct buffer b;

	decide_source_view(fold_decide(f), source, &v);
	if (v.removed || v.state == STATE_APPLIED || (v.state == STATE_REVOKED && v.event == EVENT_REFUSE)) {
		return (struct text){ "", 0 };
	}
	if (v.state == STATE_REVOKED) {
		return TEXT("revoked");
	}
	if (v.state == STATE_SUSPENDED) {
		return text_of(suspension_name(v.kind));
	}
	if (v.partial_count == 0) {
		return TEXT("on");
	}
	buffer_init(&b, (size_t)v.partial_count * (NAME_BYTES_MAX + 1) + 8);
	for (uint32_t i = 0; i < v.partial_count; i++) {
		struct decide_partial_view partial;

		decide_partial_view(fold_decide(f), source, i, &partial);
		buffer_format(&b, "%s%.*s", i == 0 ? "for " : ",", TEXT_ARG(partial.receiver));
	}
	t = text_in(out, &b);
	buffer_free(&b);
	return t;
}

/* Over a limit of silence and listed still: what follows from it comes with the next day. Where it is over another one it has come. */
static struct text
near_limits(const struct compliance_metric *m, uint32_t count, char out[NOTICES_SAID_BYTES])
{
	struct buffer b;
	struct text t;

	buffer_init(&b, (size_t)(count + 1) * 2 * (NAME_BYTES_MAX + 1));
	for (uint32_t i = 0; i < count; i++) {
		/* A source that is new and silent is near two limits for one reason. */
		bool is_silence = threshold_measure(m[i].threshold) == MEASURE_SILENCE;

		if (m[i].level == LEVEL_WARNING || (is_silence && m[i].level == LEVEL_OVER)) {
			buffer_format(&b, "%s%s@%.*s", b.n == 0 ? "" : " ",
				      is_silence ? "silence" : threshold_name(m[i].threshold),
				      TEXT_ARG(m[i].party_name));
		}
	}
	t = text_in(out, &b);
	buffer_free(&b);
	return t;
}

/* Of what is off the list nothing is near a limit. */
static struct text
warnings_of(const struct fold *f, uint32_t source, char out[NOTICES_SAID_BYTES])
{
	const struct compliance *c = fold_compliance(f);
	uint32_t count = compliance_source_metrics(c, source, NULL, 0);
	struct compliance_metric *m = calloc(count + 1U, sizeof(*m));
	struct decide_source_view v;
	struct text t;

	check(m != NULL);
	(void)compliance_source_metrics(c, source, m, count);
	decide_source_view(fold_decide(f), source, &v);
	t = near_limits(m, v.removed || !state_listed(v.state) ? 0 : count, out);
	free(m);
	return t;
}

static struct text
member_warnings_of(const struct fold *f, uint32_t source, char out[NOTICES_SAID_BYTES])
{
	uint32_t member = registry_source(fold_registry(f), source).member;
	struct compliance_metric m[THRESHOLD_COUNT]; /* one each: a group knows no parties */
	uint32_t count = compliance_group_metrics(fold_compliance(f), member, m, countof(m));
	struct decide_source_view v;

	decide_source_view(fold_decide(f), source, &v);
	return near_limits(m, v.removed || !state_listed(v.state) ? 0 : count, out);
}

static struct text
watch_of(struct notices *n, uint32_t source)
{
	uint32_t system = registry_source(fold_registry(pipeline_fold(n->pipeline)), source).system;
	enum detect_watch level = watch_system(n->pipeline, system);

	return level == DETECT_WATCH_CALM ? (struct text){ "", 0 } : text_of(detect_watch_name(level));
}

/* ---- what was told */

struct told {
	char *out;
	struct text said;
	struct instant time;
};

static enum result
take_told(void *context, const struct journal_told *row)
{
	struct told *t = context;

	t->said.n = row->said.n < NOTICES_SAID_BYTES ? row->said.n : NOTICES_SAID_BYTES - 1;
	if (t->said.n > 0) {
		memcpy(t->out, row->said.p, t->said.n);
	}
	t->said.p = t->out;
	t->time = row->time;
	return RESULT_OK;
}

struct text
notices_was_told(struct notices *n, const char *topic, uint64_t unit, char out[NOTICES_SAID_BYTES],
		 struct instant *time)
{
	struct text name = text_of(topic);
	struct told t = { .out = out, .said = { "", 0 }, .time = { 0 } };

	if (journal_scan_told(pipeline_journal(n->pipeline), &name, unit, take_told, &t) != RESULT_OK) {
		n->unreadable = true;
	}
	if (time != NULL) {
		*time = t.time;
	}
	return t.said;
}

void
notices_told(struct notices *n, const char *topic, uint64_t unit, struct text said)
{
	journal_put_told(
	    pipeline_tx(n->pipeline),
	    &(struct journal_told){
		.topic = text_of(topic), .unit = unit, .said = said, .time = pipeline_now(n->pipeline) });
}

bool
notices_is_warned(struct notices *n, uint32_t source)
{
	char said[NOTICES_SAID_BYTES];

	return text_equal(notices_was_told(n, "silence", source, said, NULL), TEXT("warned"));
}

/* Nobody was told anything of a source that is on the list for the first time, and that is as it should be. */
static bool
is_quiet(struct text said)
{
	return said.n == 0 || text_equal(said, TEXT("on"));
}

bool
notices_listing_differs(struct notices *n, uint32_t source)
{
	char now[NOTICES_SAID_BYTES], before[NOTICES_SAID_BYTES];
	struct text is = notices_standing(pipeline_fold(n->pipeline), source, now);
	struct text was = notices_was_told(n, "listing", source, before, NULL);

	return !text_equal(is, was) && !(is_quiet(is) && is_quiet(was));
}

/* Of what is off the list the watch says nothing: it waits for people. */
bool
notices_watch_differs(struct notices *n, uint32_t source)
{
	struct registry_source s = registry_source(fold_registry(pipeline_fold(n->pipeline)), source);
	char said[NOTICES_SAID_BYTES];
	struct decide_source_view v;

	decide_source_view(fold_decide(pipeline_fold(n->pipeline)), source, &v);
	return !v.removed && state_listed(v.state) &&
	       !text_equal(watch_of(n, source), notices_was_told(n, "watch", s.system, said, NULL));
}

/* A source that is off the list says nothing of its member. */
static bool
member_warning_differs(struct notices *n, uint32_t source)
{
	uint32_t member = registry_source(fold_registry(pipeline_fold(n->pipeline)), source).member;
	char now[NOTICES_SAID_BYTES], before[NOTICES_SAID_BYTES];
	struct decide_source_view v;

	decide_source_view(fold_decide(pipeline_fold(n->pipeline)), source, &v);
	return !v.removed && state_listed(v.state) &&
	       !text_equal(member_warnings_of(pipeline_fold(n->pipeline), source, now),
			   notices_was_told(n, "warning_member", member, before, NULL));
}

bool
notices_warning_differs(struct notices *n, uint32_t source)
{
	char now[NOTICES_SAID_BYTES], before[NOTICES_SAID_BYTES];
	struct text is = warnings_of(pipeline_fold(n->pipeline), source, now);

	return !text_equal(is, notices_was_told(n, "warning", source, before, NULL)) ||
	       member_warning_differs(n, source);
}

/* ---- which notice */

/* Is each entry of `some` one of `all`? Both with `between` between them. */
static bool
is_part(struct text some, struct text all, char between)
{
	struct text one, other;

	while (some.n > 0) {
		struct text rest = all;
		bool found = false;

		(void)text_cut(&some, between, &one);
		while (rest.n > 0 && !found) {
			(void)text_cut(&rest, between, &other);
			found = text_equal(one, other);
		}
		if (!found) {
			return false;
		}
	}
	return true;
}

static bool
is_for(struct text said)
{
	return text_starts_nocase(said, TEXT("for "));
}

/* False: nothing that is told. */
static bool
listing_notice(struct text was, struct text is, enum notice *notice)
{
	static const struct {
		const char *said;
		enum notice notice;
	} plain[] = {
		{ "security", NOTICE_SUSPENDED_SECURITY },
		{ "compliance", NOTICE_SUSPENDED_COMPLIANCE },
		{ "disuse", NOTICE_SUSPENDED_DISUSE },
		{ "revoked", NOTICE_REVOKED },
		{ "on", NOTICE_REINSTATED },
	};

	if (is_for(is)) {
		bool fewer = is_for(was) && is_part((struct text){ is.p + 4, is.n - 4 },
						    (struct text){ was.p + 4, was.n - 4 }, ',');

		*notice = fewer ? NOTICE_REINSTATED : NOTICE_SUSPENDED_FOR;
		return true;
	}
	for (size_t i = 0; i < countof(plain); i++) {
		if (text_equal(is, text_of(plain[i].said))) {
			*notice = plain[i].notice;
			return true;
		}
	}
	return false;
}

/* ---- gathering */

struct groups {
	struct notices_group items[GROUPS_MAX];
	size_t count;
};

/* False: there is no room for another one. */
static bool
gather(struct groups *g, enum notice notice, uint32_t system, uint32_t source)
{
	struct notices_group *of = NULL;

	for (size_t i = 0; i < g->count && of == NULL; i++) {
		if (g->items[i].notice == notice && g->items[i].system == system) {
			of = &g->items[i];
		}
	}
	if (of == NULL && g->count == GROUPS_MAX) {
		return false;
	}
	if (of == NULL) {
		of = &g->items[g->count++];
		*of = (struct notices_group){ .notice = notice, .system = system };
	}
	ids_add(&of->sources, source);
	return true;
}

static bool
gather_listing(struct notices *n, struct groups *g, uint32_t source, uint32_t system)
{
	char now[NOTICES_SAID_BYTES], before[NOTICES_SAID_BYTES];
	struct text is = notices_standing(pipeline_fold(n->pipeline), source, now);
	struct text was = notices_was_told(n, "listing", source, before, NULL);
	enum notice notice;

	if (n->silent || !listing_notice(was, is, &notice)) {
		notices_told(n, "listing", source, is);
		return true;
	}
	return gather(g, notice, system, source);
}

static bool
gather_watch(struct notices *n, struct groups *g, uint32_t source, uint32_t system)
{
	char said[NOTICES_SAID_BYTES];
	struct text is = watch_of(n, source), was = notices_was_told(n, "watch", system, said, NULL);
	bool between_levels = is.n > 0 && was.n > 0; /* it was told that it is near already */

	if (n->silent || (between_levels && text_equal(is, TEXT("watched")))) {
		notices_told(n, "watch", system, is);
		return true;
	}
	return gather(g, is.n > 0 ? NOTICE_WATCH_RAISED : NOTICE_WATCH_FELL, system, source);
}

static void
note_silence(struct notices *n, uint32_t source, struct text warnings)
{
	bool was = notices_is_warned(n, source), is_near = is_part(TEXT("silence@"), warnings, ' ');
	bool is = is_near && (was || !n->silent);
	struct decide_source_view v;

	decide_source_view(fold_decide(pipeline_fold(n->pipeline)), source, &v);
	if (state_listed(v.state) && is != was) {
		notices_told(n, "silence", source, is ? TEXT("warned") : (struct text){ "", 0 });
	}
}

static void
note_warnings(struct notices *n, uint32_t source)
{
	const struct fold *f = pipeline_fold(n->pipeline);
	char said[NOTICES_SAID_BYTES];
	struct text warnings = warnings_of(f, source, said);

	note_silence(n, source, warnings);
	notices_told(n, "warning", source, warnings);
	if (member_warning_differs(n, source)) {
		notices_told(n, "warning_member", registry_source(fold_registry(f), source).member,
			     member_warnings_of(f, source, said));
	}
}

static bool
gather_warning(struct notices *n, struct groups *g, uint32_t source, uint32_t system)
{
	const struct fold *f = pipeline_fold(n->pipeline);
	uint32_t member = registry_source(fold_registry(f), source).member;
	char now[NOTICES_SAID_BYTES], before[NOTICES_SAID_BYTES];
	bool known =
	    is_part(warnings_of(f, source, now), notices_was_told(n, "warning", source, before, NULL), ' ') &&
	    (!member_warning_differs(n, source) ||
	     is_part(member_warnings_of(f, source, now),
		     notices_was_told(n, "warning_member", member, before, NULL), ' '));

	if (n->silent || known) {
		note_warnings(n, source); /* nothing that was not told */
		return true;
	}
	return gather(g, NOTICE_WARNING, system, source);
}

static bool
gather_source(struct notices *n, struct groups *g, uint32_t source)
{
	uint32_t system = registry_source(fold_registry(pipeline_fold(n->pipeline)), source).system;

	return (!notices_listing_differs(n, source) || gather_listing(n, g, source, system)) &&
	       (!notices_watch_differs(n, source) || gather_watch(n, g, source, system)) &&
	       (!notices_warning_differs(n, source) || gather_warning(n, g, source, system));
}

/* ---- telling */

/* When the system may be told this; in the past: now. */
static struct instant
not_before(struct notices *n, const struct notices_group *g)
{
	char said[NOTICES_SAID_BYTES];
	struct instant last, raised;

	(void)notices_was_told(n, notice_name(g->notice), g->system, said, &last);
	last.ms = last.ms == 0 ? 0 : last.ms + notice_interval(g->notice).ms;
	if (g->notice == NOTICE_WATCH_FELL) {
		(void)notices_was_told(n, notice_name(NOTICE_WATCH_RAISED), g->system, said, &raised);
		last.ms = raised.ms + FELL_AFTER > last.ms ? raised.ms + FELL_AFTER : last.ms;
	}
	return last;
}

static void
hold(struct notices *n, const struct notices_group *g, struct instant due)
{
	n->due.ms = due.ms < n->due.ms ? due.ms : n->due.ms;
	for (size_t i = 0; i < g->sources.count; i++) {
		n->hours[g->sources.items[i]] = 0; /* its thresholds are looked at again then */
		ids_add(&n->held, g->sources.items[i]);
	}
}

static void
note_told(struct notices *n, const struct notices_group *g)
{
	const struct fold *f = pipeline_fold(n->pipeline);
	char said[NOTICES_SAID_BYTES];
	bool is_watch = g->notice == NOTICE_WATCH_RAISED || g->notice == NOTICE_WATCH_FELL;

	notices_told(n, notice_name(g->notice), g->system, (struct text){ "", 0 });
	for (size_t i = 0; i < g->sources.count; i++) {
		uint32_t source = g->sources.items[i];

		if (g->notice == NOTICE_WARNING) {
			note_warnings(n, source);
		} else if (!is_watch) {
			notices_told(n, "listing", source, notices_standing(f, source, said));
		}
		if (g->notice == NOTICE_SUSPENDED_DISUSE) {
			notices_told(n, "silence", source, (struct text){ "", 0 });
		}
	}
	/* Who is told that a system is off the list, or on it again, need not hear how near it is. */
	if (is_watch || g->notice == NOTICE_SUSPENDED_SECURITY || g->notice == NOTICE_REINSTATED) {
		notices_told(n, "watch", g->system, watch_of(n, g->sources.items[0]));
	}
}

static int
compare_ids(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return (x > y) - (x < y);
}

static enum result
tell(struct notices *n, const struct notices_group *g, struct fault *fault)
{
	const struct registry *registry = fold_registry(pipeline_fold(n->pipeline));
	struct registry_item system = registry_item(registry, THING_SYSTEM, g->system);
	struct instant due = not_before(n, g);
	uint32_t recipients;
	enum result r;

	if (due.ms > pipeline_now(n->pipeline).ms) {
		hold(n, g, due);
		return RESULT_OK;
	}
	qsort(g->sources.items, g->sources.count, sizeof(*g->sources.items), compare_ids);
	r = notices_queue(n, g, &recipients, fault);
	if (r == RESULT_OK) {
		note_told(n, g);
		log_event(LOG_INFO, "notice", "kind=%s member=%.*s system=%.*s sources=%u recipients=%u",
			  notice_name(g->notice),
			  TEXT_ARG(registry_item(registry, THING_MEMBER, system.parent).name),
			  TEXT_ARG(system.name), g->sources.count, recipients);
	}
	return r;
}

enum result
notices_tell(struct notices *n, struct fault *fault)
{
	struct groups *g = calloc(1, sizeof(*g));
	enum result r = RESULT_OK;

	check(g != NULL);
	n->unreadable = false;
	while (n->pending.count > 0 && gather_source(n, g, n->pending.items[n->pending.count - 1])) {
		notices_done(n);
	}
	if (n->unreadable) {
		r = fault_set(fault, RESULT_IO, "what was told cannot be read");
	}
	for (size_t i = 0; i < g->count; i++) {
		if (r == RESULT_OK) {
			r = tell(n, &g->items[i], fault);
		}
		free(g->items[i].sources.items);
	}
	free(g);
	n->all = n->all || r != RESULT_OK;
	return r;
}
