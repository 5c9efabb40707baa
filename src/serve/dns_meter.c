/* serve/dns_meter.c - the buckets, and the table of those of clients: sets of four in a cache line. */
#include "serve/dns_meter_int.h"

#include "base/hash.h"

#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#define WAYS      4U
#define SECOND_NS INT64_C(1000000000)

struct set {
	_Alignas(64) _Atomic uint64_t tags[WAYS]; /* hash of the client; 0: free */
	dns_meter meters[WAYS];
};

struct dns_meters {
	uint64_t seed; /* random, so that nobody outside can aim at one set */
	size_t count;  /* of sets, a power of two */
	struct set sets[];
};

/* ---- one bucket */

bool
dns_meter_take(dns_meter *meter, struct dns_rate rate, int64_t now_ns)
{
	int64_t cost = SECOND_NS / rate.per_second, most = now_ns + rate.seconds * SECOND_NS;
	int64_t was = atomic_load_explicit(meter, memory_order_relaxed), is;

	do {
		is = (was > now_ns ? was : now_ns) + cost;
		if (is > most) {
			return false;
		}
	} while (!atomic_compare_exchange_weak_explicit(meter, &was, is, memory_order_relaxed,
							memory_order_relaxed));
	return true;
}

unsigned
dns_meter_used(const dns_meter *meter, struct dns_rate rate, int64_t now_ns)
{
	int64_t all = rate.seconds * SECOND_NS, cost = SECOND_NS / rate.per_second;
	int64_t used = atomic_load_explicit(meter, memory_order_relaxed) - now_ns;

	if (used <= 0) {
		return 0;
	}
	return used + cost > all ? 100 : (unsigned)(used * 100 / all);
}

/* ---- those of clients */

struct dns_meters *
dns_meters_open(size_t clients)
{
	size_t count = clients / WAYS, bytes = sizeof(struct dns_meters) + count * sizeof(struct set);
	struct dns_meters *m = aligned_alloc(_Alignof(struct dns_meters), bytes);

	check(m != NULL && count > 0 && (count & (count - 1)) == 0);
	memset(m, 0, bytes);
	m->count = count;
	check(getrandom(&m->seed, sizeof m->seed, 0) == (ssize_t)sizeof m->seed);
	return m;
}

void
dns_meters_close(struct dns_meters *meters)
{
	free(meters);
}

/*
 * Two threads may make two buckets for one client, or give one place to two clients at once: then somebody gets a few answers more or
 * less, which a limit may well do.
 */
dns_meter *
dns_meters_of(struct dns_meters *meters, const struct prefix *client, int64_t now_ns)
{
	uint64_t tag = hash_fast_seed(client, sizeof *client, meters->seed) | 1;
	struct set *s = &meters->sets[(tag >> 8) & (meters->count - 1)];
	size_t fullest = 0;
	int64_t earliest = INT64_MAX;

	for (size_t i = 0; i < WAYS; i++) {
		int64_t full_at = atomic_load_explicit(&s->meters[i], memory_order_relaxed);

		if (atomic_load_explicit(&s->tags[i], memory_order_relaxed) == tag) {
			return &s->meters[i];
		}
		if (full_at < earliest) {
			earliest = full_at;
			fullest = i;
		}
	}
	atomic_store_explicit(&s->tags[fullest], tag, memory_order_relaxed);
	atomic_store_explicit(&s->meters[fullest], now_ns, memory_order_relaxed);
	return &s->meters[fullest];
}

struct prefix
dns_client_cut(const struct prefix *address, uint8_t bits4, uint8_t bits6)
{
	return prefix_cut(address, address->family == 4 ? bits4 : bits6);
}
