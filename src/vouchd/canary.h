/*
 * vouchd/canary.h - canaries: addresses that stand in the lists of one member alone. Mail to one that is not the member's own tells that a
 * list was stolen: the member is under exposure, and nothing is suspended.
 *
 * They are entries CLASS:MEMBER=PATTERN among the `traps` of trap networks (model/trap.h). Who got a mail stands in no record, so what
 * follows is a command of its own behind the report, which is folded again like that of a person.
 */
#ifndef VOUCHD_CANARY_H
#define VOUCHD_CANARY_H

#include "intake/intake.h"
#include "vouchd/pipeline.h"

/*
 * The member whose canary `recipient` is, if this report about mail to it shows that its list was stolen, and it was not said for a day
 * (at most one exposure per member and 24 hours); else REGISTRY_NONE. Only who is trusted in full can tell. Cost: O(all trap entries), then
 * O(systems).
 */
uint32_t canary_exposes(const struct fold *f, const struct report *report, struct text recipient,
			struct instant now);

/* After record `seq` was appended, which has this report: the exposures that follow. *count is added up. Errors: those of pipeline_append. */
enum result canary_follow(struct pipeline *p, uint64_t seq, const struct report *report,
			  const struct intake_result *read, uint32_t *count, struct fault *fault) MUST_USE;

#endif
