/* vouchd/api_watch.c - how near to an alarm sources, systems and members are: the analyst's list before there is a case. */
#include "vouchd/api_int.h"

#include "base/array.h"

#include <stdlib.h>

/* False: a member with one system has none of its own. */
static bool
view_of(const struct fold *f, enum unit_kind kind, uint32_t id, struct detect_view *v)
{
	uint32_t unit = fold_unit(f, kind, id);

	if (unit != FOLD_NO_UNIT) {
		detect_unit_view(fold_detect(f), unit, v);
	}
	return unit != FOLD_NO_UNIT;
}

enum unit_kind
api_nearest(const struct fold *f, uint32_t source, struct detect_view *nearest)
{
	struct registry_source s = registry_source(fold_registry(f), source);
	uint32_t ids[UNIT_KIND_COUNT] = {
		[UNIT_SOURCE] = source, [UNIT_SYSTEM] = s.system, [UNIT_MEMBER] = s.member
	};
	enum unit_kind which = UNIT_SOURCE;
	struct detect_view v, threatened;

	(void)view_of(f, UNIT_SOURCE, source, nearest);
	threatened = *nearest;
	for (enum unit_kind kind = 0; kind < UNIT_KIND_COUNT; kind++) {
		if (!view_of(f, kind, ids[kind], &v)) {
			continue;
		}
		if (detect_nats_left(&v) < detect_nats_left(nearest)) {
			*nearest = v;
			which = kind;
		}
		threatened = v.threat > threatened.threat ? v : threatened;
	}
	nearest->threat = threatened.threat;
	nearest->threat_until = threatened.threat_until;
	return which;
}

static double
share(double nats, double limit, double most)
{
	double s = limit > 0 ? nats / limit : 0;

	return s > most ? s : most;
}

double
api_watch_share(const struct detect_view *v)
{
	double most = share(v->witness_nats, v->witness_limit_nats, 0);

	for (size_t i = 0; i < VOICE_COUNT; i++) {
		most = share(v->evidence_nats[i], v->limit_nats[i], most);
	}
	return most;
}

enum detect_watch
api_watch_level(const struct fold *f, uint32_t source)
{
	struct detect_view nearest;

	(void)api_nearest(f, source, &nearest);
	return detect_watch_of(&nearest);
}

/* By how much a takeover of it is likelier; null: as of others. */
static json_t *
threat_of(const struct detect_view *v)
{
	return v->threat > 1 ? json_real(v->threat) : json_null();
}

static json_t *
threat_until(const struct detect_view *v)
{
	return v->threat > 1 ? api_time(v->threat_until) : json_null();
}

json_t *
api_watch_of(const struct fold *f, uint32_t source)
{
	struct detect_view own, nearest;
	json_t *rates = json_object();

	(void)view_of(f, UNIT_SOURCE, source, &own);
	(void)api_nearest(f, source, &nearest);
	for (size_t i = 0; i < EVIDENCE_COUNT; i++) {
		json_object_set_new(rates, evidence_name((enum evidence)i), json_real(own.rate[i]));
	}
	return json_pack("{s:s, s:f, s:f, s:f, s:o, s:o, s:o}", "level",
			 detect_watch_name(detect_watch_of(&nearest)), "evidence_share",
			 api_watch_share(&nearest), "nats_left", detect_nats_left(&nearest), "volume_per_day",
			 own.volume_per_day, "rates", rates, "threat", threat_of(&nearest), "threat_until",
			 threat_until(&nearest));
}

/* ---- the list of all that are not calm */

struct watched {
	double left; /* nats to the limit */
	enum unit_kind kind;
	uint32_t id;
};

struct watched_list {
	struct watched *items;
	uint32_t count, size;
};

static void
add_if_watched(const struct fold *f, struct watched_list *w, enum unit_kind kind, uint32_t id)
{
	struct detect_view v;

	if (!view_of(f, kind, id, &v)) {
		return;
	}
	if (detect_watch_of(&v) == DETECT_WATCH_CALM && (kind == UNIT_SOURCE || v.threat <= 1)) {
		return; /* of what is calm only systems under threat are shown */
	}
	w->items = array_room(w->items, w->count, &w->size, sizeof(*w->items));
	w->items[w->count++] = (struct watched){ detect_nats_left(&v), kind, id };
}

/* The nearest first; then systems after sources, each in the order of the registry. */
static int
compare(const void *a, const void *b)
{
	const struct watched *x = a, *y = b;

	if (x->left < y->left || x->left > y->left) {
		return x->left < y->left ? -1 : 1;
	}
	if (x->kind != y->kind) {
		return x->kind < y->kind ? -1 : 1;
	}
	return (x->id > y->id) - (x->id < y->id);
}

/* Those of one kind that have a listed source. */
static void
find_of_kind(const struct fold *f, struct watched_list *w, enum unit_kind kind)
{
	const struct registry *registry = fold_registry(f);
	uint32_t count = registry_count(registry, api_thing_of(kind));
	bool *listed = calloc(count + 1U, sizeof(*listed));

	check(listed != NULL);
	for (uint32_t i = 0; i < registry_count(registry, THING_SOURCE); i++) {
		struct decide_source_view v;

		decide_source_view(fold_decide(f), i, &v);
		if (!v.removed && state_listed(v.state)) {
			uint32_t ids[UNIT_KIND_COUNT] = {
				[UNIT_SOURCE] = i, [UNIT_SYSTEM] = v.system, [UNIT_MEMBER] = v.member
			};

			listed[ids[kind]] = true;
		}
	}
	for (uint32_t i = 0; i < count; i++) {
		if (listed[i]) {
			add_if_watched(f, w, kind, i);
		}
	}
	free(listed);
}

/* What is off the list waits for people, not for the detector. */
static void
find_watched(const struct fold *f, struct watched_list *w)
{
	for (enum unit_kind kind = 0; kind < UNIT_KIND_COUNT; kind++) {
		find_of_kind(f, w, kind);
	}
	if (w->count > 0) {
		qsort(w->items, w->count, sizeof(*w->items), compare);
	}
}

static struct text
member_of(const struct registry *registry, enum unit_kind kind, uint32_t id)
{
	if (kind == UNIT_SOURCE) {
		return registry_source(registry, id).member_name;
	}
	id = kind == UNIT_SYSTEM ? registry_item(registry, THING_SYSTEM, id).parent : id;
	return registry_item(registry, THING_MEMBER, id).name;
}

static json_t *
row_of(const struct fold *f, const struct watched *w)
{
	const struct registry *registry = fold_registry(f);
	struct text name = registry_item(registry, api_thing_of(w->kind), w->id).name;
	struct detect_view v;

	(void)view_of(f, w->kind, w->id, &v);
	return json_pack("{s:s, s:o, s:o, s:s, s:f, s:f, s:o, s:o}", "unit", unit_kind_name(w->kind), "name",
			 api_text(name), "member", api_text(member_of(registry, w->kind, w->id)), "level",
			 detect_watch_name(detect_watch_of(&v)), "nats_left", w->left, "volume_per_day",
			 v.volume_per_day, "threat", threat_of(&v), "threat_until", threat_until(&v));
}

static void
watched_run(struct job *job, struct pipeline *p)
{
	struct api_call *c = (struct api_call *)job;
	const struct fold *f = pipeline_fold(p);
	struct watched_list w = { 0 };
	json_t *units = json_array();

	find_watched(f, &w);
	for (size_t i = 0; i < w.count; i++) {
		json_array_append_new(units, row_of(f, &w.items[i]));
	}
	free(w.items);
	http_reply_json(c->reply, json_pack("{s:o}", "units", units));
}

void
api_watched(void *context, const struct http_request *request, struct http_reply *reply)
{
	api_run(context, request, reply, false, watched_run);
}
