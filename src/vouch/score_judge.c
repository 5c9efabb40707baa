/* What an entry says of a fleet, held against the truth. */
#include "vouch/score_int.h"

#include "base/array.h"

#include <math.h>
#include <stdlib.h>

#define HOUR_MS INT64_C(3600000)

static enum unit_kind
kind_of(const struct score_scene *scene, uint32_t unit)
{
	if (unit < scene->source_count) {
		return UNIT_SOURCE;
	}
	return unit - scene->source_count < scene->system_count ? UNIT_SYSTEM : UNIT_MEMBER;
}

static const struct sim_member *
member_of(const struct score_scene *scene, uint32_t unit)
{
	return &scene->members[unit - scene->source_count - scene->system_count];
}

static uint32_t
system_of(const struct score_scene *scene, uint32_t unit)
{
	return kind_of(scene, unit) == UNIT_SYSTEM ? unit - scene->source_count : scene->sources[unit].system;
}

static uint32_t
sources_of(const struct score_scene *scene, uint32_t unit)
{
	enum unit_kind kind = kind_of(scene, unit);
	uint32_t sources = 0;

	if (kind != UNIT_MEMBER) {
		return kind == UNIT_SYSTEM ? scene->systems[unit - scene->source_count].source_count : 1;
	}
	for (uint32_t i = 0; i < member_of(scene, unit)->system_count; i++) {
		sources += scene->systems[member_of(scene, unit)->first_system + i].source_count;
	}
	return sources;
}

/* Of a source or a system. */
static void
take_one(struct score_judge *j, uint32_t unit)
{
	const struct score_scene *scene = j->scene;
	const struct sim_event *attack = &scene->attacks[system_of(scene, unit)];
	struct score_watch *watch = &j->units[unit];
	int64_t now_ms = scene->now.ms;

	if (attack->kind != SIM_EVENT_COUNT && now_ms >= attack->from.ms) {
		if (now_ms <= attack->to.ms + SCORE_AFTER_MS && now_ms < watch->suspended_ms) {
			watch->suspended_ms = now_ms;
		}
		return; /* what comes still later is neither right nor wrong */
	}
	watch->alarmed_ms = now_ms;
	if (now_ms >= scene->learnt.ms) {
		j->outcome->alarms++;
		j->outcome->suspended += sources_of(scene, unit);
	}
}

/* The first right alarm for the system or one of its sources. */
static int64_t
caught_ms(const struct score_judge *j, uint32_t system)
{
	const struct sim_system *s = &j->scene->systems[system];
	int64_t first_ms = j->units[j->scene->source_count + system].suspended_ms;

	for (uint32_t i = 0; i < s->source_count; i++) {
		int64_t ms = j->units[s->first_source + i].suspended_ms;

		first_ms = ms < first_ms ? ms : first_ms;
	}
	return first_ms;
}

/* Somebody looks at it already. */
static bool
has_case(const struct score_judge *j, uint32_t system)
{
	const struct score_watch *watch = &j->units[j->scene->source_count + system];

	return caught_ms(j, system) != SCORE_NEVER || j->scene->now.ms - watch->alarmed_ms < SCORE_REST_MS;
}

static bool
shows(const struct score_judge *j, uint32_t system)
{
	const struct score_detector *detector = j->entry->detector;

	return has_case(j, system) || detector->shows == NULL ||
	       detector->shows(j->detector, j->scene->source_count + system);
}

/* Of a member as vouchd/fold_member.c has it; one that has a case is suspended already. */
static void
take_alarm(struct score_judge *j, uint32_t unit)
{
	uint32_t first, end, count = 0;

	if (kind_of(j->scene, unit) != UNIT_MEMBER) {
		take_one(j, unit);
		return;
	}
	first = member_of(j->scene, unit)->first_system;
	end = first + member_of(j->scene, unit)->system_count;
	for (uint32_t i = first; i < end; i++) {
		count += shows(j, i);
	}
	for (uint32_t i = first; i < end && count > 1; i++) {
		if (shows(j, i) && !has_case(j, i)) {
			take_one(j, j->scene->source_count + i);
		}
	}
}

/* The highest score of the hour. One below the floor is kept only behind one above it: it tells that the score has fallen. */
static void
keep_peak(struct score_judge *j, uint32_t unit, double score)
{
	static const float floor = 1;
	struct score_outcome *out = j->outcome;
	struct score_watch *watch = &j->units[unit];
	struct score_peak *last = watch->peak > 0 ? &out->peaks[watch->peak - 1] : NULL;
	uint32_t hour = (uint32_t)(j->scene->now.ms / HOUR_MS);

	if (last != NULL && last->hour == hour) {
		last->score = (float)score > last->score ? (float)score : last->score;
		return;
	}
	if ((float)score < floor && (last == NULL || last->score < floor)) {
		return;
	}
	out->peaks = array_room(out->peaks, out->peak_count, &out->peak_size, sizeof *out->peaks);
	out->peaks[out->peak_count++] =
	    (struct score_peak){ unit, hour, sources_of(j->scene, unit), (float)score };
	watch->peak = out->peak_count;
}

static void
on_say(void *context, uint32_t unit, double score)
{
	struct score_judge *j = context;
	struct score_watch *watch = &j->units[unit];
	int64_t now_ms = j->scene->now.ms;
	bool above = score >= j->entry->limit;

	if (j->entry->detector->decides) {
		take_alarm(j, unit);
		return;
	}
	if (j->scene->keep_peaks && now_ms >= j->scene->learnt.ms) {
		keep_peak(j, unit, score);
	}
	if (above && !watch->above && now_ms - watch->alarmed_ms >= SCORE_REST_MS) {
		take_alarm(j, unit);
	}
	watch->above = above;
}

void
score_judge_open(struct score_judge *j, const struct score_scene *scene, const struct score_entry *entry,
		 struct score_outcome *outcome)
{
	uint32_t units = scene->source_count + scene->system_count + scene->member_count;

	*outcome = (struct score_outcome){ 0 };
	*j = (struct score_judge){ .scene = scene, .entry = entry, .outcome = outcome };
	j->units = calloc(units, sizeof *j->units);
	j->bad_out = calloc(scene->system_count, sizeof *j->bad_out);
	j->detector = entry->detector->open(entry->budget, entry->limit, on_say, j);
	check(j->units != NULL && j->bad_out != NULL && j->detector != NULL);
	if (entry->detector->feeds != NULL) {
		entry->detector->feeds(j->detector, SIM_FEED_COUNT);
	}
	for (uint32_t unit = 0; unit < units; unit++) {
		j->units[unit].suspended_ms = SCORE_NEVER;
		j->units[unit].alarmed_ms = -SCORE_REST_MS;
		entry->detector->unit_add(j->detector, kind_of(scene, unit));
	}
}

static bool
is_listed(const struct score_judge *j, uint32_t unit)
{
	return j->units[unit].suspended_ms == SCORE_NEVER;
}

void
score_judge_bad(struct score_judge *j, const struct sim_observation *o)
{
	if (is_listed(j, o->source) && is_listed(j, j->scene->source_count + o->system)) {
		j->bad_out[o->system] += o->bad;
	}
}

void
score_judge_close(struct score_judge *j)
{
	const struct score_scene *scene = j->scene;
	struct score_outcome *out = j->outcome;

	out->attacks = calloc(scene->system_count, sizeof *out->attacks);
	check(out->attacks != NULL);
	for (uint32_t system = 0; system < scene->system_count; system++) {
		const struct sim_event *attack = &scene->attacks[system];
		struct score_attack *a = &out->attacks[out->attack_count];
		int64_t ms = caught_ms(j, system);

		if (attack->kind == SIM_EVENT_COUNT) {
			continue;
		}
		out->attack_count++;
		a->bad = scene->bad[system];
		a->bad_out = j->bad_out[system];
		a->minutes = (double)INFINITY;
		if (ms != SCORE_NEVER) {
			a->minutes = (double)(ms - attack->from.ms) / (double)SPAN_MINUTE.ms;
		}
	}
	out->source_years = scene->source_count * (double)(scene->now.ms - scene->learnt.ms) / YEAR_MS;
	if (j->entry->detector->audit != NULL) {
		j->entry->detector->audit(j->detector, out);
	}
	j->entry->detector->close(j->detector);
	free(j->units);
	free(j->bad_out);
}
