/*
 * vouch/chunk.h - what one file is, and where a long one may be cut.
 *
 * The same bytes are cut at the same places however they arrive: the daemon knows a chunk by its bytes, so a file that is
 * sent again is counted once. Pure.
 */
#ifndef VOUCH_CHUNK_H
#define VOUCH_CHUNK_H

#include "base/text.h"

#define CHUNK_BYTES_MAX ((size_t)1 << 20)

/* "csv" or "jsonl" (rows that may be cut), else "auto": one document, which the daemon looks at. By the name's ending and the first line. */
const char *chunk_format(const char *name, struct text start);

/*
 * How much of `bytes` the next chunk is. `last`: nothing follows, all of it may go. Else it ends behind the last line end that
 * is in no quoted CSV value; without one, behind the last line end; without any it is all of it.
 */
size_t chunk_cut(struct text bytes, bool csv, bool last);

uint64_t chunk_lines(struct text bytes); /* line ends in it */

/* The first line that is not blank, without its line end: the header row of a CSV file. Empty when there is none. */
struct text chunk_header(struct text bytes);

#endif
