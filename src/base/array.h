/* base/array.h - arrays that grow one by one. */
#ifndef BASE_ARRAY_H
#define BASE_ARRAY_H

#include <stddef.h>
#include <stdint.h>

/*
 * Room for one more in `array` (NULL at first), which holds `count` of `*size` elements of `element` bytes; it may have moved, so the caller
 * keeps what is returned, and frees it in the end. It doubles: O(1) per element, taken together. Out of memory is fatal (check).
 */
void *array_room(void *array, uint32_t count, uint32_t *size, size_t element);

#endif
