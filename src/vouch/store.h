/* vouch/store.h - the store of a daemon, read in place by verify and replay. */
#ifndef VOUCH_STORE_H
#define VOUCH_STORE_H

#include "journal/journal.h"
#include "vouch/vouch.h"

/* The journal of operands[0], else of the configuration's data folder: JOURNAL_READ or JOURNAL_AUDIT. */
enum result store_open(struct vouch *v, enum journal_mode mode, struct journal **j) MUST_USE;

struct store_progress {
	bool wanted; /* also where stderr is no terminal (--progress) */
	/* the rest is 0 at first */
	int64_t told_ns;
	bool shown;
	uint64_t tenths; /* of the way, told as lines */
};
/*
 * "verify 42 %" on stderr: on a terminal at most four times a second, from the first second on; else, if wanted, a line for each tenth
 * of the way. total 0 wipes it: that way has ended.
 */
void store_progress(struct store_progress *p, const char *what, uint64_t done, uint64_t total);

#endif
