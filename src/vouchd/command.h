/*
 * vouchd/command.h - a COMMAND record: what a person asked for, as JSON.
 *
 * {"verb": "suspend", "subject": "source", "id": 7, "name": "192.0.2.10", "role": "operator", "actor": "...", "reason": "..."}
 * and {"verb": "policy", "budget": 10, "actor": "...", "reason": "..."}, which sets the operator's budget.
 */
#ifndef VOUCHD_COMMAND_H
#define VOUCHD_COMMAND_H

#include "decide/decide.h"

struct command {
	bool is_policy;
	double budget; /* of a policy */
	struct decide_command decide;
	struct text name; /* of the subject, as people call it */
};

void command_write(struct buffer *b, const struct command *command);
/* Texts live in the arena. Errors: RESULT_DAMAGED for what command_write cannot have written. */
enum result command_read(struct text payload, struct arena *arena, struct command *command,
			 struct fault *fault) MUST_USE;

/* The verb of a person as an event of the state machine: accept, refuse, suspend, clear, confirm, apply. */
enum result command_verb(struct text verb, enum event *event) MUST_USE;
const char *command_subject_name(enum decide_subject subject);

#endif
