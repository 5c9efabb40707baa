#include "base/array.h"

#include "base/result.h"

#include <stdlib.h>

#define AT_FIRST 16U

void *
array_room(void *array, uint32_t count, uint32_t *size, size_t element)
{
	uint32_t more = *size < AT_FIRST ? AT_FIRST : *size * 2;

	if (count < *size) {
		return array;
	}
	check(more > *size);
	array = reallocarray(array, more, element);
	check(array != NULL);
	*size = more;
	return array;
}
