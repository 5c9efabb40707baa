/* One fleet through its entries: what is simulated once is told to each of them. */
#include "vouch/score_int.h"
#include "vouch/score_look.h"

#include <stdlib.h>

/* What befalls a system twice counts as one. */
static void
note_attack(struct score_scene *scene, const struct sim_event *event)
{
	struct sim_event *known = &scene->attacks[event->system];

	if (known->kind == SIM_EVENT_COUNT) {
		*known = *event;
		return;
	}
	known->from = event->from.ms < known->from.ms ? event->from : known->from;
	known->to = event->to.ms > known->to.ms ? event->to : known->to;
}

static void
open_scene(struct score_scene *scene, const struct score_fleet *fleet)
{
	size_t count;
	const struct sim_event *events;

	*scene = (struct score_scene){ .sim = score_fleet_open(fleet), .keep_peaks = fleet->keep_peaks };
	scene->members = sim_members(scene->sim, &scene->member_count);
	scene->systems = sim_systems(scene->sim, &scene->system_count);
	scene->sources = sim_sources(scene->sim, &scene->source_count);
	scene->member_count = scene->member_count < scene->system_count ? scene->member_count : 0;
	scene->now = sim_params_default().start;
	scene->learnt.ms = scene->now.ms + SCORE_LEARN_DAYS * SPAN_DAY.ms;
	scene->attacks = calloc(scene->system_count, sizeof *scene->attacks);
	scene->bad = calloc(scene->system_count, sizeof *scene->bad);
	check(scene->attacks != NULL && scene->bad != NULL);
	for (uint32_t i = 0; i < scene->system_count; i++) {
		scene->attacks[i].kind = SIM_EVENT_COUNT;
	}
	events = sim_events(scene->sim, &count);
	for (size_t i = 0; i < count && !(fleet->taken > 0); i++) {
		if (sim_event_is_takeover(events[i].kind) && events[i].system != SIM_NONE) {
			note_attack(scene, &events[i]);
		}
	}
}

static void
close_scene(struct score_scene *scene)
{
	free(scene->attacks);
	free(scene->bad);
	sim_close(scene->sim);
}

/* As the daemon does it: a message's address and the domain that signed it are units each, their system is one, and so is a member of several. */
static void
tell(struct score_judge *j, const struct sim_observation *o, const struct detect_fact *fact)
{
	const struct score_detector *detector = j->entry->detector;
	const struct score_scene *scene = j->scene;
	uint32_t member = scene->systems[o->system].member;

	detector->observe(j->detector, o->source, fact);
	if (o->domain != SIM_NONE && o->domain != o->source) {
		detector->observe(j->detector, o->domain, fact);
	}
	detector->observe(j->detector, scene->source_count + o->system, fact);
	if (scene->member_count > 0 && scene->members[member].system_count > 1) {
		detector->observe(j->detector, scene->source_count + scene->system_count + member, fact);
	}
}

static void
take(struct score_scene *scene, struct score_judge *judges, size_t count, struct score_thresholds *thresholds,
     const struct sim_observation *o)
{
	struct detect_fact fact = score_fact_of(o);
	bool is_fact = o->kind == SIM_FACT, looks = score_has_look(o);
	bool bad = is_fact && o->signal == SIGNAL_DELIVERED && o->bad > 0;
	struct detect_look look;

	if (o->kind == SIM_CANARY || o->because == SIM_FORGED) {
		return;
	}
	scene->bad[o->system] += bad ? o->bad : 0;
	if (looks) {
		look = score_look_of(scene->sim, scene->source_count, o);
	}
	for (size_t i = 0; i < count; i++) {
		if (judges[i].entry->detector->told != NULL) {
			judges[i].entry->detector->told(judges[i].detector, scene->sim, o);
		}
		if (bad) {
			score_judge_bad(&judges[i], o);
		}
		if (is_fact) {
			tell(&judges[i], o, &fact);
		}
		if (looks && judges[i].entry->detector->look != NULL) {
			judges[i].entry->detector->look(judges[i].detector, &look);
		}
	}
	if (is_fact && thresholds != NULL) {
		score_thresholds_observe(thresholds, o, &fact);
	}
}

/* The minutes that are over at `now`. */
static void
tick(struct score_scene *scene, struct score_judge *judges, size_t count, struct score_thresholds *thresholds,
     int64_t now_ms, atomic_uint *days_done)
{
	while (now_ms - scene->now.ms >= SPAN_MINUTE.ms) {
		scene->now = instant_add(scene->now, SPAN_MINUTE);
		for (size_t i = 0; i < count; i++) {
			judges[i].entry->detector->tick(judges[i].detector, scene->now);
		}
		if (thresholds != NULL) {
			score_thresholds_tick(thresholds);
		}
		if (scene->now.ms % SPAN_DAY.ms == 0) {
			atomic_fetch_add(days_done, 1);
		}
	}
}

static void
close_judges(struct score_judge *judges, size_t count, struct score_thresholds *thresholds)
{
	struct score_crossed crossed = { 0 };

	if (thresholds != NULL) {
		crossed = score_thresholds_close(thresholds);
	}
	for (size_t i = 0; i < count; i++) {
		score_judge_close(&judges[i]);
		judges[i].outcome->crossed = crossed;
	}
}

void
score_feed(const struct score_fleet *fleet, const struct score_entry *entries, size_t entry_count,
	   struct score_outcome *outcomes, atomic_uint *days_done)
{
	struct score_judge *judges = calloc(entry_count, sizeof *judges);
	struct score_thresholds *thresholds;
	struct score_scene scene;
	struct sim_observation o;
	int64_t end_ms;

	check(judges != NULL);
	open_scene(&scene, fleet);
	end_ms = scene.now.ms + (int64_t)fleet->days * SPAN_DAY.ms;
	for (size_t i = 0; i < entry_count; i++) {
		score_judge_open(&judges[i], &scene, &entries[i], &outcomes[i]);
	}
	thresholds = fleet->thresholds ? score_thresholds_open(&scene) : NULL;
	while (sim_next(scene.sim, &o)) {
		tick(&scene, judges, entry_count, thresholds, o.arrives.ms, days_done);
		take(&scene, judges, entry_count, thresholds, &o);
	}
	tick(&scene, judges, entry_count, thresholds, end_ms, days_done);
	close_judges(judges, entry_count, thresholds);
	close_scene(&scene);
	free(judges);
}
