/*
 * vouchd/seen.h - domains that mail of the members' systems was seen with lately, to be asked of blocklists.
 *
 * A cache of the writer's thread: BLOCKLIST_SEEN_MAX domains of SEEN_DAYS days, what was not seen for longest leaves. It is no part of the
 * state: after a restart it is filled from the newest BLOCKLIST_SEEN_RECORDS records of the journal. Only reporters whose word counts in full are believed: else anybody could have a
 * blocklist speak against a member that had nothing to do with the domain.
 */
#ifndef VOUCHD_SEEN_H
#define VOUCHD_SEEN_H

#include "model/report.h"
#include "registry/registry.h"

#define SEEN_DAYS 7

struct journal;
struct seen;

struct seen_domain {
	struct text domain; /* registered, lower case; until the next seen_note */
	bool is_link;       /* else of From, or of a signature */
	uint32_t system;
	uint32_t source; /* that it was seen with last */
	struct instant at;
};

struct seen *seen_open(void);
void seen_close(struct seen *s); /* NULL is fine */

/* The domains of this report's observations (link_domain, from_domain, dkim_domain). `s` NULL: nothing. Cost: O(attributes). */
void seen_note(struct seen *s, const struct registry *registry, const struct report *report,
	       struct instant now);

/* The first time: what the newest records of the journal tell, so that a restart forgets nothing of the last days. Cost: 0.1 s for 50,000 reports. */
void seen_fill(struct seen *s, const struct registry *registry, struct journal *journal, struct instant now);

/* Places are 0..seen_count - 1 and stay while nothing is noted; false: nothing is there, or it is older than SEEN_DAYS. */
uint32_t seen_count(const struct seen *s);
bool seen_at(const struct seen *s, uint32_t place, struct instant now, struct seen_domain *d);

#endif
