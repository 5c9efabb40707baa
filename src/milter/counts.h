/*
 * milter/counts.h - how many of what, for each certified source, since the last report. Thread-safe.
 *
 * Numbers and names of sources and domains, nothing of a recipient. What there can be of them is bounded; what does not fit is not counted,
 * and how much that was is said in the log.
 */
#ifndef MILTER_COUNTS_H
#define MILTER_COUNTS_H

#include "base/instant.h"
#include "model/signal.h"

struct counts;
struct tally; /* what was counted in one interval */

struct counts *counts_new(void);
void counts_free(struct counts *c);

/* n more. `sources`: canonical keys with commas between. `arrival`: when the mail came that it is about; ms 0: nothing is said of it. */
void counts_add(struct counts *c, const char *sources, enum signal signal, struct instant arrival,
		uint32_t n);
/* One more mail with this From domain ("from_domain") or link domain ("link_domain"). What is no domain is not counted. */
void counts_domain(struct counts *c, const char *sources, const char *attribute, struct text domain);

/* What was counted so far, and begins anew. NULL: nothing. */
struct tally *counts_take(struct counts *c);
/* It could not be stored: it counts with what comes. Frees it. */
void counts_give_back(struct counts *c, struct tally *t);
void tally_free(struct tally *t);

/*
 * As JSON lines (doc/data/jsonl.md), in the order in which they were first counted; a domain only when at least `domains_from` mails
 * had it. `batch` becomes an attribute of the first line, so that two reports are never the same bytes. False: no line.
 */
bool tally_write(const struct tally *t, struct instant at, uint64_t domains_from, const char *batch,
		 struct buffer *b);
/* The same of what is counted now, which goes on. False: no line, or nothing new since it was written last. */
bool counts_write(struct counts *c, struct instant at, uint64_t domains_from, const char *batch,
		  struct buffer *b);

#endif
