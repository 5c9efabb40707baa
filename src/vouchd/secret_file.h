/* vouchd/secret_file.h - a secret that lies in a file of its own, for a vouch.yaml that others may read. */
#ifndef VOUCHD_SECRET_FILE_H
#define VOUCHD_SECRET_FILE_H

#include "base/text.h"

#define SECRET_FILE_BYTES 1024U

/*
 * Puts what stands in the file into `secret`, without blanks and line ends around it, and a NUL behind it. The caller wipes it. Errors:
 * RESULT_NOT_FOUND, RESULT_IO, RESULT_BAD_INPUT (nothing in it, or too much); the fault names the file and nothing of the secret.
 */
enum result secret_file_read(const char *path, char secret[SECRET_FILE_BYTES], struct fault *fault) MUST_USE;

#endif
