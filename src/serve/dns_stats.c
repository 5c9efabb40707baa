/* serve/dns_stats.c - one block of counts for each thread; that of a thread that is gone goes to the next. */
#include "serve/dns_stats.h"

#include "base/histogram.h"
#include "base/limits.h"
#include "list/records.h"

#include <inttypes.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

#define ZONES (2U * LISTS_MAX + 1U) /* the last: none of ours */

#define RCODES (DNS_NO_ANSWER + 1U)

static const char *const rcode_names[RCODES] = {
#define RCODE(id, value, counter) [value] = #id,
#include "serve/dns_rcodes.def"
#undef RCODE
	[DNS_NO_ANSWER] = "none",
};

struct dns_stats {
	struct dns_stats *next;
	bool udp;
	atomic_bool taken;
	uint32_t batches; /* the thread's own */
	_Atomic uint64_t queries[ZONES][DNS_USAGE_COUNT];
	_Atomic uint64_t rcodes[ZONES][RCODES];
	struct histogram answers;
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
dns_stats_count(struct dns_stats *s, const struct list_zone *zone, enum dns_usage usage, uint8_t rcode)
{
	size_t at = zone == NULL ? ZONES - 1 : 2U * zone->list + zone->domains;

	add(&s->queries[at][usage], 1);
	add(&s->rcodes[at][rcode], 1);
}

int64_t
dns_stats_begin(struct dns_stats *s)
{
	return s->batches++ % DNS_STATS_EVERY == 0 ? instant_monotonic_ns() : 0;
}

void
dns_stats_end(struct dns_stats *s, int64_t began_ns, size_t answers)
{
	histogram_add(&s->answers, (uint64_t)(instant_monotonic_ns() - began_ns), answers);
}

/* ---- for people */

static void
head(struct buffer *b, const char *name, const char *type, const char *help)
{
	buffer_format(b, "# HELP %s %s.\n# TYPE %s %s\n", name, help, name, type);
}

/* What all threads of this transport have counted: `place` gives the count of one. */
static uint64_t
sum_of(bool udp, size_t zone, size_t which,
       const _Atomic uint64_t *(*place)(const struct dns_stats *, size_t, size_t))
{
	uint64_t sum = 0;

	for (const struct dns_stats *s = atomic_load_explicit(&all, memory_order_acquire); s != NULL;
	     s = s->next) {
		sum += s->udp == udp ? atomic_load_explicit(place(s, zone, which), memory_order_relaxed) : 0;
	}
	return sum;
}

static const _Atomic uint64_t *
place_of_usage(const struct dns_stats *s, size_t zone, size_t usage)
{
	return &s->queries[zone][usage];
}

static const _Atomic uint64_t *
place_of_rcode(const struct dns_stats *s, size_t zone, size_t rcode)
{
	return &s->rcodes[zone][rcode];
}

/* One family of counts by zone and transport. */
struct family {
	const char *name, *label, *help;
	size_t count; /* of its names; one may be NULL */
	const char *(*name_of)(size_t which);
	const _Atomic uint64_t *(*place)(const struct dns_stats *s, size_t zone, size_t which);
};

static void
write_zone(struct buffer *b, const struct family *f, const char *name, size_t zone)
{
	for (int udp = 0; udp < 2; udp++) {
		for (size_t i = 0; i < f->count; i++) {
			if (f->name_of(i) != NULL) {
				buffer_format(
				    b, "%s_total{zone=\"%s\",transport=\"%s\",%s=\"%s\"} %" PRIu64 "\n",
				    f->name, name, udp == 1 ? "udp" : "tcp", f->label, f->name_of(i),
				    sum_of(udp == 1, zone, i, f->place));
			}
		}
	}
}

static void
write_zones(struct list *list, const struct family *f, struct buffer *b, bool open_metrics)
{
	char family[64];
	size_t count;
	const struct list_zone *zones = list_zones(list, &count);

	(void)snprintf(family, sizeof family, "%s%s", f->name, open_metrics ? "" : "_total");
	head(b, family, "counter", f->help);
	for (size_t i = 0; i < count; i++) {
		char name[LIST_NAME_TEXT_BYTES];

		write_zone(b, f, list_name_text(&zones[i].name, name), 2U * zones[i].list + zones[i].domains);
	}
	write_zone(b, f, "", ZONES - 1);
}

static const char *
usage_name(size_t usage)
{
	return dns_usage_name((enum dns_usage)usage);
}

static const char *
rcode_name(size_t rcode)
{
	return rcode_names[rcode];
}

static void
write_times(struct buffer *b)
{
	struct histogram sum = { 0 };

	for (const struct dns_stats *s = atomic_load_explicit(&all, memory_order_acquire); s != NULL;
	     s = s->next) {
		histogram_merge(&sum, &s->answers);
	}
	histogram_write(&sum, "vouch_dns_answer_seconds",
			"Time from the receipt of a batch of DNS queries to the last answer of it sent, of "
			"one batch in 64",
			b);
}

static void
write_image(struct list *list, struct buffer *b)
{
	const struct list_image *image = list_hold(list);
	size_t count;
	const struct list_zone *zones = list_zones(list, &count);

	head(b, "vouch_list_serial", "gauge", "Serial of the published lists, the SOA's");
	buffer_format(b, "vouch_list_serial %" PRIu32 "\n", (uint32_t)list_serial(image));
	head(b, "vouch_list_entries", "gauge",
	     "Entries of a published list, under the name of its zone of addresses");
	for (size_t i = 0; i < count; i++) {
		char name[LIST_NAME_TEXT_BYTES];

		if (!zones[i].domains) {
			buffer_format(b, "vouch_list_entries{zone=\"%s\"} %" PRIu64 "\n",
				      list_name_text(&zones[i].name, name),
				      list_image_count(image, zones[i].list));
		}
	}
	list_release(list, image);
}

void
dns_stats_write(struct list *list, struct buffer *b, bool open_metrics)
{
	static const struct family
	    by_outcome = { "vouch_dns_zone_queries",
			   "outcome",
			   "DNS queries by zone, transport and what was answered; without a zone: for none "
			   "of ours",
			   DNS_USAGE_COUNT,
			   usage_name,
			   place_of_usage },
	    by_rcode = { "vouch_dns_zone_answers",
			 "rcode",
			 "DNS queries by zone, transport and response code; none: not answered",
			 RCODES,
			 rcode_name,
			 place_of_rcode };

	write_zones(list, &by_outcome, b, open_metrics);
	write_zones(list, &by_rcode, b, open_metrics);
	write_times(b);
	write_image(list, b);
	head(b, "vouch_list_unconfirmed_seconds", "gauge",
	     "For how long the writer has not confirmed the published lists (stale_after)");
	buffer_format(b, "vouch_list_unconfirmed_seconds %.3f\n",
		      (double)(instant_monotonic_ns() - list_confirmed(list)) / 1e9);
}
