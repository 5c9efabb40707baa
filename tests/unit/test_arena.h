/* test_arena.h - the arena of a test program; `give_back` is the teardown of each test that puts something there. */
#ifndef TEST_ARENA_H
#define TEST_ARENA_H

#include "base/arena.h"

static struct arena arena;

static int
give_back(void **state)
{
	(void)state;
	arena_clear(&arena);
	return 0;
}

#endif
