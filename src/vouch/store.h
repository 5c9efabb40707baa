/* vouch/store.h - the store of a daemon, read in place by verify and replay. */
#ifndef VOUCH_STORE_H
#define VOUCH_STORE_H

#include "journal/journal.h"
#include "vouch/vouch.h"

/* The journal of operands[0], else of the configuration's data folder: JOURNAL_READ or JOURNAL_AUDIT. */
enum result store_open(struct vouch *v, enum journal_mode mode, struct journal **j) MUST_USE;

struct store_progress {
	int64_t told_ns;
	bool shown;
};
/* "verify 42 %" on a terminal, at most four times a second, from the first second on; total 0 wipes it. */
void store_progress(struct store_progress *p, const char *what, uint64_t done, uint64_t total);

#endif
