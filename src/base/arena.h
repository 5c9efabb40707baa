/*
 * base/arena.h - memory that is given back all at once. One arena per report, request or snapshot.
 *
 * Allocation cannot fail in the caller's eyes: out of memory is fatal (check), because every arena is bounded by the
 * limits of what is read into it. Memory is zeroed and aligned to 16 bytes. Cost: O(1).
 */
#ifndef BASE_ARENA_H
#define BASE_ARENA_H

#include <stddef.h>

struct arena_block;
struct arena {
	struct arena_block *head; /* the block in use; older ones hang behind it */
	size_t used;              /* bytes used in head */
	size_t total_bytes;       /* bytes taken from the system */
};

void *arena_get(struct arena *a, size_t size);
void *arena_get_array(struct arena *a, size_t count, size_t size); /* check()s the multiplication */
char *arena_copy(struct arena *a, const char *p, size_t n);        /* adds a NUL */
char *arena_format(struct arena *a, const char *format, ...) __attribute__((format(printf, 2, 3)));
void arena_clear(struct arena *a); /* gives everything back; the arena may be used again */

#endif
