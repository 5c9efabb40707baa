/*
 * test_allocation.h - how many allocations and frees there were. The sanitizer tells of each one; without one it cannot be seen, and IS_TOLD is not
 * defined.
 */
#ifndef TEST_ALLOCATION_H
#define TEST_ALLOCATION_H

#include <stddef.h>

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define IS_TOLD 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define IS_TOLD 1
#endif
#endif
#ifdef IS_TOLD
int __sanitizer_install_malloc_and_free_hooks(void (*allocated)(const volatile void *, size_t),
					      void (*freed)(const volatile void *));
#else
#define __sanitizer_install_malloc_and_free_hooks(allocated, freed) ((void)(allocated), (void)(freed), 0)
#endif

static unsigned test_allocations;

static inline void
test_allocated(const volatile void *p, size_t n)
{
	(void)p;
	(void)n;
	test_allocations++;
}

static inline void
test_freed(const volatile void *p)
{
	(void)p;
	test_allocations++;
}

static inline void
test_allocations_watch(void)
{
	(void)__sanitizer_install_malloc_and_free_hooks(test_allocated, test_freed);
}

#endif
