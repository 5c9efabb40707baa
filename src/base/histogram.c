#include "base/histogram.h"

#include <inttypes.h>
#include <stdatomic.h>

static const uint32_t ends_us[HISTOGRAM_BUCKETS - 1] = { 10,   20,   50,    100,   200,    500,    1000,
							 2000, 5000, 10000, 50000, 250000, 1000000 };

/* The only writer: no exchange is needed. */
static void
add(_Atomic uint64_t *to, uint64_t n)
{
	atomic_store_explicit(to, atomic_load_explicit(to, memory_order_relaxed) + n, memory_order_relaxed);
}

void
histogram_add(struct histogram *h, uint64_t ns, uint64_t n)
{
	size_t i = 0;

	while (i < countof(ends_us) && ns > ends_us[i] * UINT64_C(1000)) {
		i++;
	}
	add(&h->counts[i], n);
	add(&h->sum_ns, ns * n);
}

void
histogram_merge(struct histogram *to, const struct histogram *from)
{
	for (size_t i = 0; i < HISTOGRAM_BUCKETS; i++) {
		add(&to->counts[i], atomic_load_explicit(&from->counts[i], memory_order_relaxed));
	}
	add(&to->sum_ns, atomic_load_explicit(&from->sum_ns, memory_order_relaxed));
}

void
histogram_write(const struct histogram *h, const char *name, const char *help, struct buffer *b)
{
	uint64_t count = 0;

	buffer_format(b, "# HELP %s %s.\n# TYPE %s histogram\n", name, help, name);
	for (size_t i = 0; i < HISTOGRAM_BUCKETS; i++) {
		count += atomic_load_explicit(&h->counts[i], memory_order_relaxed);
		if (i < countof(ends_us)) {
			buffer_format(b, "%s_bucket{le=\"%g\"} %" PRIu64 "\n", name, ends_us[i] / 1e6, count);
		}
	}
	buffer_format(b, "%s_bucket{le=\"+Inf\"} %" PRIu64 "\n%s_sum %.9f\n%s_count %" PRIu64 "\n", name,
		      count, name, (double)atomic_load_explicit(&h->sum_ns, memory_order_relaxed) / 1e9, name,
		      count);
}
