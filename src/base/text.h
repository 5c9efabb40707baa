/*
 * base/text.h - a slice of bytes that somebody else owns, and the small readers over it.
 *
 * A text is never NUL-terminated by promise; print it with "%.*s", TEXT_ARG(t).
 */
#ifndef BASE_TEXT_H
#define BASE_TEXT_H

#include "base/arena.h"
#include "base/result.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct text {
	const char *p;
	size_t n;
};

#define TEXT(literal) ((struct text){ (literal), sizeof(literal) - 1 })
#define TEXT_ARG(t)   (int)(t).n, (t).p

struct text text_of(const char *string); /* of a C string; NULL gives the empty text */
bool text_equal(struct text a, struct text b);
bool text_equal_nocase(struct text a, struct text b); /* ASCII letters only */
bool text_starts_nocase(struct text t, struct text prefix);
struct text text_trim(struct text t); /* without blanks, tabs, CR, LF at both ends */
/* Head is what stands before `at`, rest what follows. Without an `at`: false, head is all, rest is empty. */
bool text_cut(struct text *rest, char at, struct text *head);
bool text_u64(struct text t, uint64_t *value);    /* decimal digits only, no sign, no overflow */
char *text_copy(struct arena *a, struct text t);  /* NUL-terminated */
char *text_lower(struct arena *a, struct text t); /* NUL-terminated, ASCII lower case */
/* RFC 4648 base64 with its padding, without blanks. False: it is none, or longer than max. *n: bytes written. */
bool text_base64(struct text t, uint8_t *out, size_t max, size_t *n);
/* Letters, digits, '-', '_', '.', 1..NAME_BYTES_MAX bytes, first a letter or digit: an id of a member, system, list ... */
bool text_is_name(struct text t);

/* A buffer that grows to a stated limit. Once the limit is met or memory fails, `full` sticks and writes do nothing. */
struct buffer {
	uint8_t *p;
	size_t n;
	size_t size;
	size_t max;
	bool full;
};

void buffer_init(struct buffer *b, size_t bytes_max);
void buffer_put(struct buffer *b, const void *p, size_t n);
void buffer_put_text(struct buffer *b, struct text t);
void buffer_format(struct buffer *b, const char *format, ...) __attribute__((format(printf, 2, 3)));
struct text buffer_text(const struct buffer *b);
void buffer_clear(struct buffer *b); /* forget the content, keep the memory */
void buffer_free(struct buffer *b);

#endif
