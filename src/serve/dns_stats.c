/* serve/dns_stats.c - one block of counts for each thread; that of a thread that is gone goes to the next. */
#include "serve/dns_stats.h"

#include "base/limits.h"
#include "list/records.h"

#include <inttypes.h>
#include <stdatomic.h>
#include <stdlib.h>

#define ZONES (2U * LISTS_MAX + 1U) /* the last: none of ours */

/* Upper ends in microseconds; above the last is +Inf. */
static const uint32_t ends_us[] = { 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10000, 50000, 250000 };
#define BUCKETS (countof(ends_us) + 1)

struct dns_stats {
	struct dns_stats *next;
	bool udp;
	atomic_bool taken;
	uint32_t batches; /* the thread's own */
	_Atomic uint64_t queries[ZONES][DNS_USAGE_COUNT];
	_Atomic uint64_t answers[BUCKETS];
	_Atomic uint64_t answer_ns;
};

static _Atomic(struct dns_stats *) all; /* only ever longer */

struct dns_stats *
dns_stats_join(bool udp)
{
	struct dns_stats *s;

	for (s = atomic_load_explicit(&all, memory_order_acquire); s != NULL; s = s->next) {
		bool taken = false;

		if (s->udp == udp && atomic_compare_exchange_strong(&s->taken, &taken, true)) {
			return s;
		}
	}
	s = calloc(1, sizeof *s);
	check(s != NULL);
	s->udp = udp;
	atomic_store_explicit(&s->taken, true, memory_order_relaxed);
	s->next = atomic_load_explicit(&all, memory_order_relaxed);
	while (!atomic_compare_exchange_weak_explicit(&all, &s->next, s, memory_order_release,
						      memory_order_relaxed)) {
	}
	return s;
}

void
dns_stats_leave(struct dns_stats *s)
{
	atomic_store_explicit(&s->taken, false, memory_order_release);
}

/* The only writer: no exchange is needed. */
static void
add(_Atomic uint64_t *to, uint64_t n)
{
	atomic_store_explicit(to, atomic_load_explicit(to, memory_order_relaxed) + n, memory_order_relaxed);
}

void
dns_stats_count(struct dns_stats *s, const struct list_zone *zone, enum dns_usage usage)
{
	add(&s->queries[zone == NULL ? ZONES - 1 : 2U * zone->list + zone->domains][usage], 1);
}

int64_t
dns_stats_begin(struct dns_stats *s)
{
	return s->batches++ % DNS_STATS_EVERY == 0 ? instant_monotonic_ns() : 0;
}

void
dns_stats_end(struct dns_stats *s, int64_t began_ns, size_t answers)
{
	uint64_t ns;
	size_t i = 0;

	if (began_ns == 0) {
		return;
	}
	ns = (uint64_t)(instant_monotonic_ns() - began_ns);
	while (i < countof(ends_us) && ns > ends_us[i] * UINT64_C(1000)) {
		i++;
	}
	add(&s->answers[i], answers);
	add(&s->answer_ns, ns * answers);
}

/* ---- for people */

static void
head(struct buffer *b, const char *name, const char *type, const char *help)
{
	buffer_format(b, "# HELP %s %s.\n# TYPE %s %s\n", name, help, name, type);
}

static void
write_zone(struct buffer *b, const char *name, size_t zone)
{
	for (int udp = 0; udp < 2; udp++) {
		for (size_t u = 0; u < DNS_USAGE_COUNT; u++) {
			uint64_t sum = 0;

			for (const struct dns_stats *s = atomic_load_explicit(&all, memory_order_acquire);
			     s != NULL; s = s->next) {
				sum += s->udp == (udp == 1)
					   ? atomic_load_explicit(&s->queries[zone][u], memory_order_relaxed)
					   : 0;
			}
			buffer_format(
			    b,
			    "vouch_dns_zone_queries_total{zone=\"%s\",transport=\"%s\",outcome=\"%s\"} "
			    "%" PRIu64 "\n",
			    name, udp == 1 ? "udp" : "tcp", dns_usage_name((enum dns_usage)u), sum);
		}
	}
}

static void
write_zones(struct list *list, struct buffer *b, bool open_metrics)
{
	size_t count;
	const struct list_zone *zones = list_zones(list, &count);

	head(b, open_metrics ? "vouch_dns_zone_queries" : "vouch_dns_zone_queries_total", "counter",
	     "DNS queries by zone, transport and what was answered; without a zone: for none of ours");
	for (size_t i = 0; i < count; i++) {
		char name[LIST_NAME_TEXT_BYTES];

		write_zone(b, list_name_text(&zones[i].name, name), 2U * zones[i].list + zones[i].domains);
	}
	write_zone(b, "", ZONES - 1);
}

static void
write_times(struct buffer *b)
{
	uint64_t sums[BUCKETS] = { 0 }, ns = 0, count = 0;

	for (const struct dns_stats *s = atomic_load_explicit(&all, memory_order_acquire); s != NULL;
	     s = s->next) {
		for (size_t i = 0; i < BUCKETS; i++) {
			sums[i] += atomic_load_explicit(&s->answers[i], memory_order_relaxed);
		}
		ns += atomic_load_explicit(&s->answer_ns, memory_order_relaxed);
	}
	head(b, "vouch_dns_answer_seconds", "histogram",
	     "Time from the receipt of a batch of DNS queries to the last answer of it sent, of one batch in "
	     "64");
	for (size_t i = 0; i < BUCKETS; i++) {
		count += sums[i];
		if (i < countof(ends_us)) {
			buffer_format(b, "vouch_dns_answer_seconds_bucket{le=\"%g\"} %" PRIu64 "\n",
				      ends_us[i] / 1e6, count);
		}
	}
	buffer_format(b,
		      "vouch_dns_answer_seconds_bucket{le=\"+Inf\"} %" PRIu64 "\n"
		      "vouch_dns_answer_seconds_sum %.9f\nvouch_dns_answer_seconds_count %" PRIu64 "\n",
		      count, (double)ns / 1e9, count);
}

void
dns_stats_write(struct list *list, struct buffer *b, bool open_metrics)
{
	const struct list_image *image = list_hold(list);

	write_zones(list, b, open_metrics);
	write_times(b);
	head(b, "vouch_list_serial", "gauge", "Serial of the published lists, the SOA's");
	buffer_format(b, "vouch_list_serial %" PRIu32 "\n", (uint32_t)list_serial(image));
	head(b, "vouch_list_unconfirmed_seconds", "gauge",
	     "For how long the writer has not confirmed the published lists (stale_after)");
	buffer_format(b, "vouch_list_unconfirmed_seconds %.3f\n",
		      (double)(instant_monotonic_ns() - list_confirmed(list)) / 1e9);
	list_release(list, image);
}
