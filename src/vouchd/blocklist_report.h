/*
 * vouchd/blocklist_report.h - from the answers of one batch to a document of JSON lines, such as a reporter sends: what is listed anew, what is
 * said again before it lapses, what is listed no longer.
 *
 * Whether a source is held already the fold knows (blocklist_subject.is_held). Of domains that are no sources, and of takeovers, what was told
 * is remembered here; a daemon that starts again tells them once more.
 */
#ifndef VOUCHD_BLOCKLIST_REPORT_H
#define VOUCHD_BLOCKLIST_REPORT_H

#include "base/map.h"
#include "vouchd/blocklist_batch.h"

/* What was told of one list and still holds. */
struct blocklist_told {
	struct map index;
	char **keys; /* by place; NULL: empty */
	uint32_t count;
	uint32_t *fresh; /* places of the last document, which may not come to be recorded */
	uint32_t fresh_count;
};
void blocklist_told_free(struct blocklist_told *t);
void blocklist_told_keep(struct blocklist_told *t);   /* the last document is recorded */
void blocklist_told_forget(struct blocklist_told *t); /* it is not: all of it is told again next time */

/*
 * Appends the rows; *listings of them say that something is listed. Only what was answered counts: of a prefix one listed address is enough, and all
 * must be answered before it is delisted.
 */
void blocklist_report(const struct blocklist_batch *b, struct blocklist_told *t, struct buffer *rows,
		      uint32_t *listings);

#endif
