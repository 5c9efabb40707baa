/* base/array.h - arrays that grow one by one: they double, so O(1) per element, taken together. Out of memory is fatal (check). */
#ifndef BASE_ARRAY_H
#define BASE_ARRAY_H

#include "base/arena.h"

#include <stddef.h>
#include <stdint.h>

/*
 * Room for one more in `array` (NULL at first), which holds `count` of `*size` elements of `element` bytes; it may have moved, so the caller
 * keeps what is returned, and frees it in the end.
 */
void *array_room(void *array, uint32_t count, uint32_t *size, size_t element);
/* The same in an arena: nothing is to be freed, and what it moved out of stays with the arena. */
void *array_room_in(struct arena *arena, void *array, uint32_t count, uint32_t *size, size_t element);
/* Room for element `at`, which may lie far behind the last; elements that are new are zero. */
void *array_reach(void *array, uint32_t at, uint32_t *size, size_t element);

#endif
