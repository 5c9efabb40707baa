#include "base/arena.h"

#include "base/result.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ARENA_ALIGN       16U
#define ARENA_BLOCK_BYTES 16384U

struct arena_block {
	struct arena_block *next;
	size_t size;
	_Alignas(16) unsigned char bytes[];
};

static void
arena_grow(struct arena *a, size_t size)
{
	size_t want = size > ARENA_BLOCK_BYTES ? size : ARENA_BLOCK_BYTES;
	struct arena_block *block;

	/* Double with use, so that a large report takes few blocks. */
	if (want < a->total_bytes && a->total_bytes < (size_t)4 << 20) {
		want = a->total_bytes;
	}
	block = malloc(sizeof *block + want);
	check(block != NULL);
	block->next = a->head;
	block->size = want;
	a->head = block;
	a->used = 0;
	a->total_bytes += want;
}

void *
arena_get(struct arena *a, size_t size)
{
	void *p;

	check(size < SIZE_MAX / 2);
	size = (size + ARENA_ALIGN - 1) & ~(size_t)(ARENA_ALIGN - 1);
	if (a->head == NULL || a->head->size - a->used < size) {
		arena_grow(a, size);
	}
	p = a->head->bytes + a->used;
	a->used += size;
	memset(p, 0, size);
	return p;
}

void *
arena_get_array(struct arena *a, size_t count, size_t size)
{
	check(size == 0 || count <= SIZE_MAX / 2 / size);
	return arena_get(a, count * size);
}

char *
arena_copy(struct arena *a, const char *p, size_t n)
{
	char *copy = arena_get(a, n + 1);

	if (n > 0) {
		memcpy(copy, p, n);
	}
	return copy;
}

char *
arena_format(struct arena *a, const char *format, ...)
{
	va_list args;
	char *text;
	int n;

	va_start(args, format);
	n = vsnprintf(NULL, 0, format, args);
	va_end(args);
	check(n >= 0);
	text = arena_get(a, (size_t)n + 1);
	va_start(args, format);
	(void)vsnprintf(text, (size_t)n + 1, format, args);
	va_end(args);
	return text;
}

void
arena_clear(struct arena *a)
{
	while (a->head != NULL) {
		struct arena_block *next = a->head->next;

		free(a->head);
		a->head = next;
	}
	*a = (struct arena){ 0 };
}
