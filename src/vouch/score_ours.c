/*
 * Our detector as a row of score.h. It is not told which of its alarms were right (detect_unit_forget): a source that is
 * suspended counts no more.
 */
#include "vouch/score.h"

#include "detect/audit.h"
#include "detect/watch.h"

#include <stdlib.h>

struct ours {
	struct detect *detect;
	score_say_fn *say;
	void *context;
};

static void
on_alarm(void *context, const struct alarm *alarm)
{
	struct ours *o = context;

	o->say(o->context, alarm->unit, alarm->evidence_nats);
}

static void *
open_ours(double budget, double limit, score_say_fn *say, void *context)
{
	struct ours *o = calloc(1, sizeof *o);

	check(o != NULL);
	o->say = say;
	o->context = context;
	o->detect =
	    detect_open(&(struct detect_params){ .budget = budget, .limit_scale = limit }, on_alarm, o);
	return o;
}

static void
feeds(void *detector, uint32_t count)
{
	detect_feeds(((struct ours *)detector)->detect, count);
}

static void
add_unit(void *detector, enum unit_kind kind)
{
	(void)detect_unit_add(((struct ours *)detector)->detect, kind);
}

static void
observe(void *detector, uint32_t unit, const struct detect_fact *fact)
{
	detect_observe(((struct ours *)detector)->detect, unit, fact);
}

static void
look(void *detector, const struct detect_look *what)
{
	detect_look(((struct ours *)detector)->detect, what);
}

static void
tick(void *detector, struct instant now)
{
	detect_tick(((struct ours *)detector)->detect, now);
}

static void
audit(const void *detector, struct score_outcome *outcome)
{
	for (enum unit_kind kind = 0; kind < UNIT_KIND_COUNT; kind++) {
		struct detect_audit a;

		detect_audit(((const struct ours *)detector)->detect, kind, VOICE_BAYES, &a);
		outcome->audit[kind].said = a.how != DETECT_AUDIT_SHORT;
		outcome->audit[kind].nats = a.calibrated_nats - a.limit_nats;
	}
}

/* As vouchd/fold_member.c has it; nobody here has a case. */
static bool
shows(const void *detector, uint32_t unit)
{
	struct detect_view view;

	detect_unit_view(((const struct ours *)detector)->detect, unit, &view);
	return detect_watch_shows(&view);
}

static void
close_ours(void *detector)
{
	detect_close(((struct ours *)detector)->detect);
	free(detector);
}

const struct score_detector score_ours = {
	.name = "vouch",
	.decides = true,
	.open = open_ours,
	.feeds = feeds,
	.unit_add = add_unit,
	.observe = observe,
	.look = look,
	.tick = tick,
	.close = close_ours,
	.audit = audit,
	.shows = shows,
};
