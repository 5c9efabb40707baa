/* vouchd/fold_member.c - what follows from an alarm about all systems of a member together. */
#include "vouchd/fold_int.h"

#include "detect/watch.h"

/* Does the system show something itself, or did it lately? */
static bool
shows(const struct fold *f, uint32_t system)
{
	struct detect_view view;

	detect_unit_view(f->detect, f->systems[system].unit, &view);
	return detect_watch_shows(&view) || decide_system_case(f->decide, system) != 0 ||
	       decide_system_review(f->decide, system) != 0;
}

static bool
belongs(const struct fold *f, uint32_t system, uint32_t member)
{
	struct registry_item item = registry_item(f->registry, THING_SYSTEM, system);

	return item.parent == member && !item.removed;
}

/*
 * What all systems of a member show together concerns those that show something themselves, if there are two: systems differ by more than the
 * campaigns of one do, so one of them that mails what is disliked looks like a takeover of all, and says so itself if it is one.
 * Each has a case of its own, with the mail that it sent.
 */
static void
decide_for_member(struct fold *f, const struct alarm *alarm)
{
	uint32_t count = 0;

	for (uint32_t i = 0; i < f->system_count; i++) {
		count += belongs(f, i, alarm->unit) && shows(f, i);
	}
	if (count < 2) {
		return;
	}
	f->sink.alarm(f->sink.context, alarm);
	for (uint32_t i = 0; i < f->system_count; i++) {
		struct alarm part = *alarm;

		if (belongs(f, i, alarm->unit) && shows(f, i)) {
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
