/*
 * vouchd/reread.h - kept documents read again by the readers of this version; what a report means now and did not becomes a correction
 * (model/correction.h), the report stays.
 *
 * Not compared is what cannot be read as it was: a part of rows whose header row was sent apart, a document that names several reporters, one of
 * which rows lie in quarantine (vouch quarantine retry reads those), one that cannot be read at all any more, one that was withdrawn. Mail to trap addresses keeps its class.
 */
#ifndef VOUCHD_REREAD_H
#define VOUCHD_REREAD_H

#include "vouchd/directory.h"
#include "vouchd/pipeline.h"
#include "vouchd/told.h"

#define REREAD_REPORTS_MAX 256U
#define REREAD_BYTES_MAX   (2 * (size_t)REPORT_BYTES_MAX)

/* One report that was looked at. */
struct reread_report {
	struct told told;
	struct text raw;
	bool is_partial;     /* rows of its document lie in quarantine */
	const char *skipped; /* why it is not compared; NULL: it is */
	bool is_changed;
	struct correction correction; /* when it is changed */
	uint64_t number;              /* journal record of the correction; 0: none was made */
};

struct reread {
	struct job job; /* first */
	struct arena arena;
	struct text actor, reason; /* of whom corrections are, and why; with `apply` neither is empty */
	uint64_t from;             /* first journal record to look at */
	uint64_t next;             /* where to go on; 0: the journal is at its end */
	struct reread_report *reports;
	uint32_t count; /* at most REREAD_REPORTS_MAX */
	size_t bytes;
};

/*
 * Looks at the next reports from r->from on, and with `apply` records corrections. Waits for the writer: not from its thread. One at a time: RESULT_BUSY
 * while another runs. Errors: RESULT_IO, RESULT_DAMAGED; the fault names the record.
 */
enum result reread_run(struct reread *r, struct pipeline *p, struct directory *directory, bool apply,
		       struct fault *fault) MUST_USE;
void reread_clear(struct reread *r);

#endif
