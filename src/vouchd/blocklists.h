/*
 * vouchd/blocklists.h - polls the DNS blocklists of vouch.yaml and hands in what they say as their reporters.
 *
 * Each list goes its rounds alone: a part of the programme (blocklist_batch.h) is asked about between two tests of the list, at its rate; only when
 * it passes both does what it answered become a report (blocklist_report.h), by the same way as any other (take.h). A refusal, silence or a
 * failed test ends the round: nothing is reported, and what the list said before stands until it lapses.
 */
#ifndef VOUCHD_BLOCKLISTS_H
#define VOUCHD_BLOCKLISTS_H

#include "vouchd/directory.h"
#include "vouchd/pipeline.h"

#include <uv.h>

struct blocklists;

/* *lists is NULL when vouch.yaml has none. Errors: RESULT_BAD_INPUT, resolvers that cannot be used. */
enum result blocklists_open(uv_loop_t *loop, const struct config *config, struct pipeline *p,
			    struct directory *directory, struct blocklists **lists,
			    struct fault *fault) MUST_USE;
void blocklists_close(struct blocklists *l); /* what the writer has is still recorded */
/* The loop has nothing of it any more, after blocklists_close. NULL: so it is. */
bool blocklists_closed(const struct blocklists *l);
/* when it is so, or after the loop has ended; not while the writer runs a job that began before */
void blocklists_free(struct blocklists *l);

#endif
