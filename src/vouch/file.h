/* vouch/file.h - a file of the person who runs the command, or "-" for the standard input. */
#ifndef VOUCH_FILE_H
#define VOUCH_FILE_H

#include "base/text.h"

/* Opens for reading. Errors: RESULT_NOT_FOUND, RESULT_IO; the fault names the file. */
enum result file_open(const char *name, int *fd, struct fault *fault) MUST_USE;
/* Reads until `out` holds `n` bytes or the end; *end tells which. n <= out->max. Errors: RESULT_IO. */
enum result file_fill(int fd, const char *name, size_t n, struct buffer *out, bool *end,
		      struct fault *fault) MUST_USE;
/* All of it. Errors: as above, RESULT_TOO_LARGE past out->max. */
enum result file_read(const char *name, struct buffer *out, struct fault *fault) MUST_USE;

#endif
