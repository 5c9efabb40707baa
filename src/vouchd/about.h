/*
 * vouchd/about.h - which receiver, trap network or blocklist an observation is about and from, for the thresholds that are kept apart.
 *
 * A reporter of the programme says it for all its reports: a mailbox operator is itself the receiver (or the one its entry
 * names), a trap network is the network, a blocklist the blocklist. Where the reporter's entry names no receiver, the
 * attribute `receiver` of an observation does, if the programme knows such a receiver. Pure.
 */
#ifndef VOUCHD_ABOUT_H
#define VOUCHD_ABOUT_H

#include "detect/detect.h"
#include "model/report.h"
#include "registry/registry.h"

/* One report while its observations are counted. */
struct about {
	const struct registry *registry;
	struct compliance *compliance;
	struct compliance_about all; /* what the reporter says */
	struct text named;           /* the attribute that was looked up last, and what was found */
	uint32_t named_receiver;
};

struct about about_report(const struct registry *registry, struct compliance *compliance,
			  struct text reporter);
/* Cost: O(attributes), and a look-up when the attribute is another than before. Errors: none; what is not known is nobody. */
struct compliance_about about_observation(struct about *a, const struct observation *o);

/* A reporter came, changed or went: what its listings weigh may be something else now. */
void about_reporter_changed(const struct registry *registry, struct compliance *compliance,
			    uint32_t reporter);

#endif
