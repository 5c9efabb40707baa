/*
 * bench_detect_speed: observations per second that the detector weighs on one core, and its memory.
 *
 * 100,000 sources in systems of four. Every ten minutes each source's volume comes from several receivers, with complaints,
 * unknown users and now and then a trap hit in proportion; each observation is counted for the source and for its system, and
 * a tick comes every minute, as the daemon does it. Few observations in a bin are the dear case: a bin is weighed as a whole.
 * The peer is the textbook's detector, a Poisson CUSUM per signal against a fading rate, for the same units in the same
 * order. It suspends honest senders a thousand times too often (doc/why/detection.md); it shows what the rest costs.
 */
#include "detect/detect.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#define SOURCES        100000U
#define MEMORY_SOURCES 1000000U
#define SYSTEM_SOURCES 4U
#define FEEDS          4U /* each with a clock of its own */
#define BIN_MINUTES    10U
#define WARM_MINUTES   60U
#define MINUTES        60U
#define START_MS       INT64_C(1767571200000)

/* A unit of the peer. */
struct cusum {
	double volume, mail;           /* since the last bad news; fading */
	double events[SIGNAL_COUNT];   /* fading */
	double evidence[SIGNAL_COUNT]; /* nats */
};

struct fleet {
	struct detect *detect; /* NULL: the peer */
	struct cusum *cusums;
	uint32_t sources;
	uint64_t random;
	uint64_t observations;
	uint64_t alarms;
};

static int64_t
cpu_ns(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
	return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

static void
on_alarm(void *context, const struct alarm *alarm)
{
	struct fleet *f = context;

	(void)alarm;
	f->alarms++;
}

/* xorshift64: cheap enough not to be what is measured. */
static uint64_t
draw(struct fleet *f)
{
	f->random ^= f->random << 13;
	f->random ^= f->random >> 7;
	f->random ^= f->random << 17;
	return f->random;
}

/* Page's CUSUM of ln(P(events | four times the rate) / P(events | rate)). */
static void
cusum_observe(struct fleet *f, uint32_t unit, enum signal signal, uint32_t count)
{
	static const double fade = 0.999, ratio = 4, limit = 20;
	struct cusum *u = &f->cusums[unit];
	double mean, sum;

	if (signal == SIGNAL_DELIVERED) {
		u->volume += count;
		return;
	}
	mean = u->volume * (u->events[signal] + 1) / (u->mail + 1000);
	sum = u->evidence[signal] + count * log(ratio) - (ratio - 1) * mean;
	u->evidence[signal] = sum > 0 ? sum : 0;
	u->events[signal] = u->events[signal] * fade + count;
	u->mail = u->mail * fade + u->volume;
	u->volume = 0;
	if (sum > limit) {
		f->alarms++;
		u->evidence[signal] = 0;
	}
}

/* Sources come first, then systems. */
static void
observe(struct fleet *f, uint32_t source, enum signal signal, uint32_t count, struct instant at)
{
	uint32_t system = f->sources + source / SYSTEM_SOURCES;
	struct detect_fact fact = { signal, count, at, at, f->observations + 1, 1 + source % FEEDS };

	f->observations++;
	if (f->detect == NULL) {
		cusum_observe(f, source, signal, count);
		cusum_observe(f, system, signal, count);
		return;
	}
	detect_observe(f->detect, source, &fact);
	detect_observe(f->detect, system, &fact);
}

/* One source's ten minutes: its volume in `parts`, and the bad news that honest mail brings. */
static void
report(struct fleet *f, uint32_t source, unsigned parts, struct instant at)
{
	static const struct {
		enum signal signal;
		uint32_t per_million;
	} bad[] = { { SIGNAL_COMPLAINT, 300 }, { SIGNAL_UNKNOWN_USER, 3000 }, { SIGNAL_TRAP_RECYCLED, 2 } };
	uint32_t volume = 20 + 2000 / (source % 50 + 1);

	for (unsigned i = 0; i < parts; i++) {
		observe(f, source, SIGNAL_DELIVERED, volume / parts + 1, at);
	}
	for (size_t i = 0; i < countof(bad); i++) {
		uint32_t expected = volume * bad[i].per_million;
		uint32_t count = expected / 1000000 + (draw(f) % 1000000 < expected % 1000000);

		if (count > 0) {
			observe(f, source, bad[i].signal, count, at);
		}
	}
}

/* Each minute a tenth of the sources reports, in an order that no cache foresees. */
static void
run_minutes(struct fleet *f, unsigned from, unsigned minutes, unsigned parts)
{
	for (unsigned m = from; m < from + minutes; m++) {
		struct instant at = { START_MS + (int64_t)m * 60000 };
		uint32_t tenth = f->sources / BIN_MINUTES;

		for (uint32_t i = 0; i < tenth; i++) {
			uint32_t place = (uint32_t)((uint64_t)i * 7919 % tenth);

			report(f, place * BIN_MINUTES + m % BIN_MINUTES, parts, at);
		}
		if (f->detect != NULL) {
			detect_tick(f->detect, at);
		}
	}
}

static void
open_units(struct fleet *f)
{
	uint32_t systems = f->sources / SYSTEM_SOURCES;

	f->detect = detect_open(&(struct detect_params){ .budget = 10 }, on_alarm, f);
	detect_feeds(f->detect, FEEDS);
	for (uint32_t i = 0; i < f->sources + systems; i++) {
		(void)detect_unit_add(f->detect, i < f->sources ? UNIT_SOURCE : UNIT_SYSTEM);
	}
}

/* Observations per second of CPU. */
static double
measure(struct fleet *f, unsigned parts)
{
	int64_t start;

	f->random = 88172645463325252U;
	run_minutes(f, 0, WARM_MINUTES, parts);
	f->observations = 0;
	start = cpu_ns();
	run_minutes(f, WARM_MINUTES, MINUTES, parts);
	return (double)f->observations * 1e9 / (double)(cpu_ns() - start);
}

static void
measure_speed(unsigned parts)
{
	struct fleet own = { .sources = SOURCES }, peer = { .sources = SOURCES };
	double is, peer_is;

	open_units(&own);
	is = measure(&own, parts);
	peer.cusums = calloc(SOURCES + SOURCES / SYSTEM_SOURCES, sizeof *peer.cusums);
	check(peer.cusums != NULL);
	peer_is = measure(&peer, parts);
	printf("{\"bench\":\"detect\",\"what\":\"observations/s per core, %.1f in a bin\",\"value\":%.0f,"
	       "\"peer\":\"Poisson "
	       "CUSUM\",\"peer_value\":%.0f,\"sources\":%u,\"alarms\":%llu,\"peer_alarms\":%llu}\n",
	       (double)own.observations * BIN_MINUTES / (SOURCES * (double)MINUTES), is, peer_is, SOURCES,
	       (unsigned long long)own.alarms, (unsigned long long)peer.alarms);
	detect_close(own.detect);
	free(peer.cusums);
}

static double
resident_bytes(void)
{
	unsigned long long pages = 0;
	FILE *f = fopen("/proc/self/statm", "r");

	check(f != NULL && fscanf(f, "%*u %llu", &pages) == 1);
	(void)fclose(f);
	return (double)pages * (double)sysconf(_SC_PAGESIZE);
}

static void
measure_memory(void)
{
	struct fleet f = { .sources = MEMORY_SOURCES, .random = 1 };
	double before = resident_bytes(), bytes;

	open_units(&f);
	run_minutes(&f, 0, BIN_MINUTES, 1);
	bytes = (resident_bytes() - before) / MEMORY_SOURCES;
	printf("{\"bench\":\"detect\",\"what\":\"bytes resident per source, with its share of a system\","
	       "\"value\":%.0f,\"sources\":%u}\n",
	       bytes, MEMORY_SOURCES);
	detect_close(f.detect);
}

int
main(void)
{
	static const unsigned parts[] = { 1, 10 };

	measure_memory();
	for (size_t i = 0; i < countof(parts); i++) {
		measure_speed(parts[i]);
	}
	return 0;
}
