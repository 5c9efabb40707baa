/*
 * vouchd/watch_ttl.c - the TTL of a listed source follows how near to an alarm it, its system or its member is, so that receivers' caches are short
 * already when it falls.
 *
 * Evidence rises when a unit is judged; the detector says so. It falls with time and honest mail; so those that are not calm are looked at
 * with every commit, and they are few. Nothing else is looked at.
 */
#include "vouchd/pipeline_int.h"

#include "base/array.h"

#include <stdlib.h>
#include <string.h>

#define WATCHED_PART 4 /* of the list's TTL */

_Static_assert(DETECT_WATCH_COUNT - 1 <= PUBLISHED_LEVEL >> PUBLISHED_SHIFT, "a level has its bits");
_Static_assert(LISTS_MAX <= PUBLISHED_LIST, "a list has its bits");

uint32_t
watch_ttl(const struct config_list *list, enum detect_watch level)
{
	int64_t ttl = list->ttl.ms / 1000, least = list->ttl_floor.ms / 1000;
	int64_t wanted = level == DETECT_WATCH_NEAR ? least : ttl / WATCHED_PART;

	if (level == DETECT_WATCH_CALM || least >= ttl) {
		return 0;
	}
	return (uint32_t)(wanted > least ? wanted : least);
}

static enum detect_watch
level_of(const struct pipeline *p, enum unit_kind kind, uint32_t id)
{
	uint32_t unit = fold_unit(p->fold, kind, id);
	struct detect_view v;

	if (unit == FOLD_NO_UNIT) {
		return DETECT_WATCH_CALM;
	}
	detect_unit_view(fold_detect(p->fold), unit, &v);
	return detect_watch_of(&v);
}

/* All that may have another TTL now. A registry change of a system costs the same. */
static void
note_changed(struct pipeline *p, enum unit_kind kind, uint32_t id)
{
	const struct registry *registry = fold_registry(p->fold);

	if (kind == UNIT_SOURCE) {
		ids_add(&p->changed, id);
		return;
	}
	for (uint32_t i = 0; i < registry_count(registry, THING_SOURCE); i++) {
		struct registry_source s = registry_source(registry, i);

		if ((kind == UNIT_SYSTEM ? s.system : s.member) == id) {
			ids_add(&p->changed, i);
		}
	}
}

static bool
look(struct pipeline *p, enum unit_kind kind, uint32_t id)
{
	struct watched *w = &p->watched[kind];
	uint8_t is = (uint8_t)level_of(p, kind, id), was;

	w->levels = array_reach(w->levels, id, &w->size, sizeof *w->levels);
	was = w->levels[id];
	w->levels[id] = is;
	if (was == DETECT_WATCH_CALM && is != DETECT_WATCH_CALM) {
		ids_add(&w->raised, id);
	}
	return is != was;
}

/* Those that are calm again leave the list. */
static void
drop_calm(struct watched *w)
{
	uint32_t kept = 0;

	for (size_t i = 0; i < w->raised.count; i++) {
		uint32_t id = w->raised.items[i];

		if (w->levels[id] != DETECT_WATCH_CALM) {
			w->raised.items[kept++] = id;
		}
	}
	w->raised.count = kept;
}

void
watch_some(struct pipeline *p)
{
	for (enum unit_kind kind = 0; kind < UNIT_KIND_COUNT; kind++) {
		struct watched *w = &p->watched[kind];
		size_t raised = w->raised.count;

		for (size_t i = 0; i < raised; i++) {
			if (look(p, kind, w->raised.items[i])) {
				note_changed(p, kind, w->raised.items[i]);
			}
		}
		drop_calm(w);
		for (size_t i = 0; i < w->judged.count; i++) {
			if (look(p, kind, w->judged.items[i])) {
				note_changed(p, kind, w->judged.items[i]);
			}
		}
		w->judged.count = 0;
	}
}

void
watch_all(struct pipeline *p)
{
	static const enum thing things[UNIT_KIND_COUNT] = {
		[UNIT_SOURCE] = THING_SOURCE, [UNIT_SYSTEM] = THING_SYSTEM, [UNIT_MEMBER] = THING_MEMBER
	};

	for (enum unit_kind kind = 0; kind < UNIT_KIND_COUNT; kind++) {
		struct watched *w = &p->watched[kind];

		w->raised.count = w->judged.count = 0;
		if (w->size > 0) {
			memset(w->levels, 0, w->size);
		}
		for (uint32_t i = 0; i < registry_count(fold_registry(p->fold), things[kind]); i++) {
			(void)look(p, kind, i);
		}
	}
}

/* As it was last looked at. */
static uint8_t
noted(const struct pipeline *p, enum unit_kind kind, uint32_t id)
{
	const struct watched *w = &p->watched[kind];

	return id < w->size ? w->levels[id] : DETECT_WATCH_CALM;
}

static uint8_t
higher(uint8_t a, uint8_t b)
{
	return a > b ? a : b;
}

enum detect_watch
watch_level(const struct pipeline *p, uint32_t source)
{
	struct registry_source s = registry_source(fold_registry(p->fold), source);

	return (enum detect_watch)higher(
	    noted(p, UNIT_SOURCE, source),
	    higher(noted(p, UNIT_SYSTEM, s.system), noted(p, UNIT_MEMBER, s.member)));
}

enum detect_watch
watch_system(const struct pipeline *p, uint32_t system)
{
	const struct registry *registry = fold_registry(p->fold);
	const struct watched *sources = &p->watched[UNIT_SOURCE];
	uint8_t highest = higher(noted(p, UNIT_SYSTEM, system),
				 noted(p, UNIT_MEMBER, registry_item(registry, THING_SYSTEM, system).parent));

	for (size_t i = 0; i < sources->raised.count; i++) {
		uint32_t id = sources->raised.items[i];

		if (registry_source(registry, id).system == system) {
			highest = higher(highest, sources->levels[id]);
		}
	}
	return (enum detect_watch)highest;
}

void
watch_free(struct pipeline *p)
{
	for (enum unit_kind kind = 0; kind < UNIT_KIND_COUNT; kind++) {
		free(p->watched[kind].levels);
		free(p->watched[kind].raised.items);
		free(p->watched[kind].judged.items);
	}
}
