/*
 * vouchd/threaten.h - who is under threat: units of which a takeover is likelier, of the registry's members, systems and sources.
 */
#ifndef VOUCHD_THREATEN_H
#define VOUCHD_THREATEN_H

#include "decide/decide.h"
#include "model/threat.h"
#include "registry/registry.h"

/* The units of the detector. `unit` gives that of a source or system of the registry. */
struct threaten {
	const struct registry *registry;
	struct detect *detect;
	uint32_t (*unit)(const void *context, enum unit_kind kind, uint32_t id);
	void (*touch)(const void *context, uint32_t source); /* this record is about the source */
	const void *context;
	struct instant now;
};

void threaten_source(const struct threaten *t, uint32_t source, enum threat threat);

/*
 * What a person says of a source, system or member. Cost: of a member O(its systems x sources of the programme).
 * Errors: RESULT_NOT_FOUND, RESULT_BAD_INPUT (no actor, no reason).
 */
enum result threaten_subject(const struct threaten *t, const struct decide_command *command,
			     enum threat threat, struct fault *fault) MUST_USE;

/* A takeover of the system was confirmed: other systems of its member, and those that sent its template. Cost: O(units). */
void threaten_kin(const struct threaten *t, uint32_t system);

#endif
