/*
 * vouchd/command.h - a COMMAND record: what a person asked for, as JSON.
 *
 * {"verb": "suspend", "subject": "source", "id": 7, "name": "192.0.2.10", "role": "operator", "actor": "...", "reason": "..."}
 * and {"verb": "policy", "budget": 10, "wait_ms": 604800000, "thresholds": [{"name": "complaint", "limit": "0.2 % from 200",
 * "days": 30, "warn": 80}, {"name": "complaint", "receiver": "comcast", "limit": "..."}, ...], "actor": "...", "reason": "..."},
 * which sets the operator's budget and, unless it has none, all thresholds; "shadow": 5 sends so many percent of the alarms to review.
 * {"verb": "threat", "threat": "exposure", "subject": "member", ...} says that a takeover of these is likelier (model/threats.def).
 */
#ifndef VOUCHD_COMMAND_H
#define VOUCHD_COMMAND_H

#include "decide/decide.h"
#include "model/threat.h"

#include <jansson.h>

struct command {
	bool is_policy;
	bool is_threat;
	enum threat threat; /* of a threat; its subject, actor and reason stand in `decide` */
	double budget;      /* of a policy */
	const struct threshold_policy *policy; /* of a policy; NULL: the thresholds stay */
	uint32_t shadow;                       /* of a policy: percent of the alarms that go to review */
	struct decide_command decide;
	struct text name; /* of the subject, as people call it */
};

void command_write(struct buffer *b, const struct command *command);
/* Texts live in the arena. Errors: RESULT_DAMAGED for what command_write cannot have written. */
enum result command_read(struct text payload, struct arena *arena, struct command *command,
			 struct fault *fault) MUST_USE;

/* The rows of a policy as JSON, as they stand in a record and as the API shows them. */
json_t *command_thresholds(const struct threshold_policy *policy);

/* The verb of a person as an event of the state machine: accept, refuse, suspend, clear, confirm, apply. */
enum result command_verb(struct text verb, enum event *event) MUST_USE;
const char *command_subject_name(enum decide_subject subject);

#endif
