#include "base/array.h"

#include "base/result.h"

#include <stdlib.h>
#include <string.h>

#define AT_FIRST 16U

static uint32_t
more_than(uint32_t size)
{
	check(size <= UINT32_MAX / 2);
	return size < AT_FIRST ? AT_FIRST : size * 2;
}

void *
array_room(void *array, uint32_t count, uint32_t *size, size_t element)
{
	if (count < *size) {
		return array;
	}
	*size = more_than(*size);
	array = reallocarray(array, *size, element);
	check(array != NULL);
	return array;
}

void *
array_room_in(struct arena *arena, void *array, uint32_t count, uint32_t *size, size_t element)
{
	void *more;

	if (count < *size) {
		return array;
	}
	*size = more_than(*size);
	more = arena_get_array(arena, *size, element);
	if (count > 0) {
		memcpy(more, array, count * element);
	}
	return more;
}

void *
array_reach(void *array, uint32_t at, uint32_t *size, size_t element)
{
	uint32_t before = *size;

	while (at >= *size) {
		array = array_room(array, *size, size, element);
	}
	memset((char *)array + before * element, 0, (*size - before) * element);
	return array;
}
