/*
 * base/result.h - how a call ended. One table (result.def) gives the name, the HTTP status and the exit code.
 *
 * Two kinds of wrong: what the world did (a mail, a file, a disk) ends in a result; what we did ends in check().
 */
#ifndef BASE_RESULT_H
#define BASE_RESULT_H

#define MUST_USE       __attribute__((warn_unused_result))
#define countof(array) (sizeof(array) / sizeof((array)[0]))

enum result {
#define RESULT(id, name, http, code, sentence) RESULT_##id,
#include "base/result.def"
#undef RESULT
	RESULT_COUNT
};

const char *result_name(enum result r);     /* "not_found" */
const char *result_sentence(enum result r); /* "no such thing" */
int result_http(enum result r);             /* HTTP status, 200..599 */
int result_exit(enum result r);             /* exit code of the command line, 0..5 */

/* The result called `name`, or RESULT_IO when there is none (an answer from a newer daemon). */
enum result result_from_name(const char *name);

/* For our own mistakes only; stays on in production. Prints the place and aborts. */
void check_failed(const char *what, const char *file, int line) __attribute__((noreturn));
#define check(condition) ((condition) ? (void)0 : check_failed(#condition, __FILE__, __LINE__))

/*
 * What was wrong with an input, in words that name file, line, field or header. Bounded and NUL-terminated; the first fault
 * sticks, later ones are dropped.
 */
#define FAULT_BYTES_MAX 240
struct fault {
	char text[FAULT_BYTES_MAX];
};
/* Set the text if none is set; returns `r` so that a caller can write `return fault_set(f, RESULT_BAD_INPUT, ...)`. f may be NULL. */
enum result fault_set(struct fault *f, enum result r, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

#endif
