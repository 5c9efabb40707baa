/*
 * journal/raw_int.h - raw documents in append-only segment files: raw-000001.seg, raw-000002.seg ...
 *
 * A segment is a 16-byte header (8 bytes "VOUCHRAW", version, number; 32-bit little-endian) and frames. A frame is
 *
 *    0  u32  bytes of the body      8  32 bytes  SHA-256 of the document
 *    4  u32  bytes of the document  40 u64       XXH3 of bytes 0..39, then seed of the XXH3 of the body
 *    48 ...  body: the document as one zstd frame
 *
 * What lies behind the end that the store knows was never committed: it is written over, and cut off at the next open. It is
 * not cut off at a rollback: should the commit have reached the disk although it was reported as failed, its documents
 * are there. Documents are on disk (fdatasync) before the transaction that names them commits.
 */
#ifndef JOURNAL_RAW_INT_H
#define JOURNAL_RAW_INT_H

#include "base/hash.h"

#include <zstd.h>

/* Where the next frame goes; segment 0: there is none yet. */
struct journal_end {
	uint32_t segment;
	uint64_t bytes;
};

struct journal_place {
	uint32_t segment;
	uint64_t offset; /* of the frame */
	uint32_t stored; /* bytes of the body */
	uint32_t bytes;  /* of the document, at most REPORT_BYTES_MAX */
};
#define JOURNAL_FRAME_BYTES   48U
#define JOURNAL_SEGMENT_BYTES 16U /* header of a segment */

struct journal_raw {
	int dir;             /* borrowed */
	int fd;              /* of the segment last used, or -1 */
	uint32_t fd_segment; /* which one that is */
	bool writable;
	struct journal_end committed; /* as the store has it */
	struct journal_end end;       /* with the open transaction */
	struct buffer pending;        /* frames not yet written: the last bytes before `end` */
	bool dirty;                   /* written, but not yet fdatasync'ed */
	ZSTD_CCtx *compress;
	ZSTD_DCtx *expand;
	struct buffer body; /* scratch */
};

/*
 * writable: what lies behind `end` is cut off. Errors: RESULT_DAMAGED (the last segment is shorter than `end`, or is none),
 * RESULT_IO. The raw is to be closed also after an error.
 */
enum result journal_raw_open(struct journal_raw *raw, int dir, const struct journal_end *end, bool writable,
			     struct fault *fault) MUST_USE;
void journal_raw_close(struct journal_raw *raw);

enum result journal_raw_put(struct journal_raw *raw, const struct hash *hash, struct text bytes,
			    struct journal_place *place, struct fault *fault) MUST_USE;
/* before the commit ... */
enum result journal_raw_sync(struct journal_raw *raw, struct fault *fault) MUST_USE;
void journal_raw_keep(struct journal_raw *raw); /* ... after it */
void journal_raw_drop(struct journal_raw *raw); /* after a rollback */

/* Appends the document to `out`, checked. Errors: RESULT_DAMAGED (fault says what), RESULT_TOO_LARGE, RESULT_IO. */
enum result journal_raw_get(struct journal_raw *raw, const struct journal_place *place,
			    const struct hash *hash, struct buffer *out, struct fault *fault) MUST_USE;

#endif
