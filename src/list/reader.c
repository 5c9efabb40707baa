/* list/reader.c - readers and the writer's wait for them, over urcu-qsbr. */
#include "list/list_int.h"

#include <urcu-qsbr.h>

/* The library is not instrumented: ThreadSanitizer is told what a grace period orders. */
#ifdef __SANITIZE_THREAD__
#define UNDER_TSAN 1
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define UNDER_TSAN 1
#endif
#endif
#ifdef UNDER_TSAN
void __tsan_acquire(void *address);
void __tsan_release(void *address);
static char grace;
#define TSAN_ACQUIRE() __tsan_acquire(&grace)
#define TSAN_RELEASE() __tsan_release(&grace)
#else
#define TSAN_ACQUIRE() ((void)0)
#define TSAN_RELEASE() ((void)0)
#endif

void
list_reader_start(void)
{
	urcu_qsbr_register_thread();
}

void
list_reader_sleep(void)
{
	TSAN_RELEASE();
	urcu_qsbr_thread_offline();
}

void
list_reader_wake(void)
{
	urcu_qsbr_thread_online();
}

void
list_reader_end(void)
{
	TSAN_RELEASE();
	urcu_qsbr_unregister_thread();
}

const struct list_image *
list_read(const struct list *list)
{
	return atomic_load_explicit(&list->published, memory_order_acquire);
}

void
list_wait_for_readers(void)
{
	urcu_qsbr_synchronize_rcu();
	TSAN_ACQUIRE();
}
