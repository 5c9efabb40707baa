/*
 * milter/spool.h - a folder of reports that wait for the operator: one file each, its name says in which order.
 *
 * A report is there when its file is: written beside, synced, renamed. The folder has bounds; what is over them goes, the oldest first.
 */
#ifndef MILTER_SPOOL_H
#define MILTER_SPOOL_H

#include "base/hash.h"
#include "base/instant.h"

/* Makes the folder (0700) if it is not there. Errors: RESULT_IO. */
enum result spool_open(const char *folder, struct fault *fault) MUST_USE;

/* The key of tickets: read, or made when it is not there. Errors: RESULT_IO; then a key for this run alone. */
enum result spool_key(const char *folder, struct hash *key, struct fault *fault) MUST_USE;

/* A name for a report: 16 hex digits that no other has. */
#define SPOOL_BATCH_BYTES 17U
void spool_batch(char out[SPOOL_BATCH_BYTES]);

/*
 * What would be reported if it were time now: kept beside the reports, in the place of the one before. It is no report until spool_keep_open makes it one: after
 * a crash, at the start. Errors: RESULT_IO, the one before stays.
 */
enum result spool_put_open(const char *folder, struct text report, struct fault *fault) MUST_USE;
/* True: there was one. Errors: it stays, and the log says so. */
bool spool_keep_open(const char *folder, struct instant at, const char *batch);

/* RESULT_OK: it is on disk, and in the place of what was open. Errors: RESULT_IO, and nothing is there. */
enum result spool_put(const char *folder, struct instant at, const char *batch, struct text report,
		      struct fault *fault) MUST_USE;

/* The path of the oldest report; false: none. Removes what is over SPOOL_FILES_MAX and SPOOL_BYTES_MAX. */
bool spool_oldest(const char *folder, struct arena *arena, const char **path);

/* The whole file. Errors: RESULT_IO, RESULT_TOO_LARGE. */
enum result spool_read(const char *path, struct arena *arena, struct text *report,
		       struct fault *fault) MUST_USE;
void spool_remove(const char *path);

#endif
