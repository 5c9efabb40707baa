/* vouchd/fold_member.c - what follows from an alarm about all systems of a member together. */
#include "vouchd/fold_int.h"

#include "detect/watch.h"

/* Does the system show something itself, or did it lately? */
static bool
shows(const struct fold *f, uint32_t system)
{
	struct detect_view view;

	detect_unit_view(f->detect, f->systems[system].unit, &view);
	return detect_watch_of(&view) != DETECT_WATCH_CALM || decide_system_case(f->decide, system) != 0 ||
	       decide_system_review(f->decide, system) != 0;
}

static bool
any_shows(const struct fold *f, uint32_t member)
{
	for (uint32_t i = 0; i < f->system_count; i++) {
		if (registry_item(f->registry, THING_SYSTEM, i).parent == member && shows(f, i)) {
			return true;
		}
	}
	return false;
}

/* Has the member a source that was revoked as taken over? Complaints about such mail go on for days. */
static bool
any_confirmed(const struct fold *f, uint32_t member)
{
	for (uint32_t i = 0; i < f->source_count; i++) {
		struct decide_source_view v;

		if (f->sources[i].member != member) {
			continue;
		}
		decide_source_view(f->decide, i, &v);
		if (!v.removed && v.event == EVENT_CONFIRM && v.kind == SUSPENSION_SECURITY) {
			return true;
		}
	}
	return false;
}

/*
 * What all systems of a member show together concerns those that show something themselves; when none does, all, unless it is what
 * is left of a takeover that is known. Each has a case of its
 * own, with the mail that it sent.
 */
static void
decide_for_member(struct fold *f, const struct alarm *alarm)
{
	bool any = any_shows(f, alarm->unit) || any_confirmed(f, alarm->unit);

	f->sink.alarm(f->sink.context, alarm);
	for (uint32_t i = 0; i < f->system_count; i++) {
		struct registry_item item = registry_item(f->registry, THING_SYSTEM, i);
		struct alarm part = *alarm;

		if (item.parent == alarm->unit && !item.removed && (!any || shows(f, i))) {
			part.delivered =
			    (uint64_t)detect_mail_since(f->detect, f->systems[i].unit, alarm->first_bad_at);
			decide_alarm(f->decide, &part, i, f->now);
		}
	}
}

void
fold_members_decide(struct fold *f)
{
	for (uint32_t i = 0; i < f->waiting_count; i++) {
		decide_for_member(f, &f->waiting[i]);
	}
	f->waiting_count = 0;
}
