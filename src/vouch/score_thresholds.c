/*
 * The programme's thresholds on a scene, as the daemon keeps them (vouchd/fold.c): what is counted, who is suspended for it, and how
 * that ends by itself. They hear what the detectors hear and hear nothing of each other.
 */
#include "vouch/score_int.h"

#include "decide/decide.h"

#include <stdlib.h>

struct score_thresholds {
	const struct score_scene *scene;
	struct compliance *compliance;
	struct decide *decide;
	uint32_t receivers[SIM_RECEIVER_COUNT], trap_network;
	uint64_t seq;
	struct score_crossed crossed;
};

static struct moment
moment_of(const struct score_thresholds *t)
{
	return (struct moment){ t->scene->now, t->seq };
}

static void
on_turn(void *context, const struct compliance_metric *metric)
{
	struct score_thresholds *t = context;

	decide_threshold(t->decide, metric, metric->unit, moment_of(t));
}

/* From the first bad message on a system is no honest sender. */
static bool
is_honest(const struct score_scene *scene, uint32_t source)
{
	const struct sim_event *attack = &scene->attacks[scene->sources[source].system];

	return attack->kind == SIM_EVENT_COUNT || scene->now.ms < attack->from.ms;
}

static void
on_move(void *context, const struct move *move)
{
	struct score_thresholds *t = context;
	const struct score_scene *scene = t->scene;

	if (scene->now.ms < scene->learnt.ms || !is_honest(scene, move->source)) {
		return;
	}
	t->crossed.partly += move->event == EVENT_THRESHOLD && move->receiver.n > 0;
	t->crossed.wholly += move->event == EVENT_THRESHOLD && move->receiver.n == 0;
	t->crossed.disused += move->event == EVENT_DISUSE;
}

static void
on_case(void *context, const struct case_change *change)
{
	(void)context;
	(void)change;
}

/* All are on the list from the first day. */
static void
certify(struct score_thresholds *t)
{
	const struct score_scene *scene = t->scene;
	uint32_t moves;

	for (uint32_t i = 0; i < scene->source_count; i++) {
		uint32_t system = scene->sources[i].system, member = scene->systems[system].member;
		const struct decide_command accept = { .event = EVENT_ACCEPT,
						       .subject = DECIDE_SOURCE,
						       .id = i,
						       .role = ACTOR_OPERATOR,
						       .actor = TEXT("score"),
						       .reason = TEXT("simulated") };

		decide_source_put(t->decide, i, system, member, moment_of(t));
		compliance_source_add(t->compliance, i, member, scene->sources[i].kind);
		check(decide_command(t->decide, &accept, moment_of(t), &moves, NULL) == RESULT_OK);
		compliance_source_start(t->compliance, i, scene->now);
	}
}

struct score_thresholds *
score_thresholds_open(const struct score_scene *scene)
{
	struct score_thresholds *t = calloc(1, sizeof *t);
	struct threshold_policy policy;

	check(t != NULL);
	t->scene = scene;
	t->decide =
	    decide_open(&(struct decide_events){ .move = on_move, .case_change = on_case, .context = t });
	t->compliance = compliance_open(on_turn, t);
	threshold_policy_default(&policy);
	compliance_policy(t->compliance, &policy);
	compliance_tick(t->compliance, scene->now);
	for (enum sim_feed feed = 0; feed < SIM_RECEIVER_COUNT; feed++) {
		t->receivers[feed] =
		    compliance_party(t->compliance, COMPLIANCE_RECEIVER, text_of(sim_feed_name(feed)));
	}
	t->trap_network =
	    compliance_party(t->compliance, COMPLIANCE_NETWORK, text_of(sim_feed_name(SIM_FEED_TRAPNET)));
	certify(t);
	return t;
}

/* A message's address and the domain that signed it are sources each, and count once for their member. */
static void
count(struct score_thresholds *t, const struct sim_observation *o, const struct detect_fact *fact,
      uint32_t receiver, uint32_t n)
{
	struct compliance_about about = { receiver,
					  o->feed == SIM_FEED_TRAPNET ? t->trap_network : COMPLIANCE_NONE,
					  COMPLIANCE_NONE };

	compliance_observe(t->compliance, o->source, true, &about, fact->signal, n, fact->at, t->seq);
	if (o->domain != SIM_NONE && o->domain != o->source) {
		compliance_observe(t->compliance, o->domain, false, &about, fact->signal, n, fact->at,
				   t->seq);
	}
}

void
score_thresholds_observe(struct score_thresholds *t, const struct sim_observation *o,
			 const struct detect_fact *fact)
{
	uint32_t left = fact->count;

	t->seq = o->serial + UINT64_C(1);
	for (enum sim_feed feed = 0; feed < SIM_RECEIVER_COUNT; feed++) {
		if (o->received[feed] > 0) {
			count(t, o, fact, t->receivers[feed], o->received[feed]);
			left -= o->received[feed];
		}
	}
	if (left > 0) {
		count(t, o, fact, COMPLIANCE_NONE, left);
	}
}

void
score_thresholds_tick(struct score_thresholds *t)
{
	const struct score_scene *scene = t->scene;

	compliance_tick(t->compliance, scene->now);
	if (decide_due(t->decide).ms <= scene->now.ms) {
		decide_tick(t->decide, moment_of(t));
	}
}

struct score_crossed
score_thresholds_close(struct score_thresholds *t)
{
	struct score_crossed crossed = t->crossed;

	decide_close(t->decide);
	compliance_close(t->compliance);
	free(t);
	return crossed;
}
