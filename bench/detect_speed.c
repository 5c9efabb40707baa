/*
 * bench_detect_speed: observations per second that the detector weighs on one core, and its memory.
 *
 * 100,000 sources in systems of four. For a day and an hour each source's volume comes once an hour, then for an hour every ten minutes from
 * several receivers, with complaints, unknown users and now and then a trap hit in proportion; one source in twenty has a campaign in that
 * hour. Of the messages one in 300 is looked at, of which one in a hundred is a new template. Each observation is counted for the
 * source and for its system, and a tick comes every minute, as the daemon does it. Few observations in a bin are the dear case: a
 * bin is weighed as a whole.
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
#define WARM_MINUTES   (25U * 60) /* long enough to know which mail is a burst */
#define MINUTES        60U
#define SETTLE_MINUTES \
	120 /* no bad news yet: it would wait until its feed's pace is known, of all sources at once, where else a few are new at a time */
#define CAMPAIGN_IN    20U /* one source in so many has one */
#define CAMPAIGN_TIMES 10U
#define LOOK_IN        300U /* one message in so many is looked at */
#define TEMPLATES      4U   /* of a system, that it sends again and again */
#define NEW_IN         100U /* one look in so many is of a new one */
#define START_MS       INT64_C(1767571200000)
#define HASH           0x9e3779b97f4a7c15U /* odd: no two numbers have the same name */

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
	uint64_t observations, looks;
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

/* One message of the source, for our detector. */
static void
look(struct fleet *f, uint32_t source, struct instant at)
{
	uint32_t system = source / SYSTEM_SOURCES;
	bool is_new = draw(f) % NEW_IN == 0;
	uint64_t template = is_new ? draw(f) | 1 : (uint64_t)system * TEMPLATES + draw(f) % TEMPLATES + 1;

	f->looks++;
	detect_look(f->detect,
		    &(struct detect_look){
			.system = f->sources + system,
			.source = source,
			.member = system,
			.cluster = template * HASH,
			.from = (system + UINT64_C(1)) * HASH,
			.link = (is_new && draw(f) % 4 == 0 ? template : system + UINT64_C(1)) * HASH,
			.at = at,
			.seq = f->observations + 1,
			.feed = 1 + source % FEEDS });
}

/* A source's mail since its last report: its volume in `parts`, the bad news that honest mail brings, and what is looked at of it. */
static void
report(struct fleet *f, uint32_t source, uint32_t volume, unsigned parts, struct instant at)
{
	static const struct {
		enum signal signal;
		uint32_t per_million;
	} bad[] = { { SIGNAL_COMPLAINT, 300 }, { SIGNAL_UNKNOWN_USER, 3000 }, { SIGNAL_TRAP_RECYCLED, 2 } };

	for (unsigned i = 0; i < parts; i++) {
		observe(f, source, SIGNAL_DELIVERED, volume / parts + 1, at);
	}
	for (size_t i = 0; i < countof(bad) && at.ms >= START_MS + SETTLE_MINUTES * 60000; i++) {
		uint32_t expected = volume * bad[i].per_million;
		uint32_t count = expected / 1000000 + (draw(f) % 1000000 < expected % 1000000);

		if (count > 0) {
			observe(f, source, bad[i].signal, count, at);
		}
	}
	for (uint32_t left = volume + (uint32_t)(draw(f) % LOOK_IN); left >= LOOK_IN && f->detect != NULL;
	     left -= LOOK_IN) {
		look(f, source, at);
	}
}

/* Each minute so many of the sources report that each does once in `every` minutes, in an order that no cache foresees. */
static void
run_minutes(struct fleet *f, unsigned from, unsigned minutes, unsigned every, unsigned parts)
{
	for (unsigned m = from; m < from + minutes; m++) {
		struct instant at = { START_MS + (int64_t)m * 60000 };
		uint32_t part = f->sources / every;

		for (uint32_t i = 0; i < part; i++) {
			uint32_t source = (uint32_t)((uint64_t)i * 7919 % part) * every + m % every;
			bool campaign = from > 0 && source % CAMPAIGN_IN == 3;
			uint32_t volume = (20 + 2000 / (source % 50 + 1)) * every / BIN_MINUTES;

			report(f, source, campaign ? volume * CAMPAIGN_TIMES : volume, parts, at);
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

/* Observations per second of CPU; what is looked at comes on top. */
static double
measure(struct fleet *f, unsigned parts)
{
	int64_t start;

	f->random = 88172645463325252U;
	run_minutes(f, 0, WARM_MINUTES, 60, 1);
	f->observations = f->looks = 0;
	start = cpu_ns();
	run_minutes(f, WARM_MINUTES, MINUTES, BIN_MINUTES, parts);
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
	       "CUSUM\",\"peer_value\":%.0f,\"sources\":%u,\"looks\":%llu,\"alarms\":%llu,\"peer_alarms\":%"
	       "llu}\n",
	       (double)own.observations * BIN_MINUTES / (SOURCES * (double)MINUTES), is, peer_is, SOURCES,
	       (unsigned long long)own.looks, (unsigned long long)own.alarms,
	       (unsigned long long)peer.alarms);
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
	run_minutes(&f, 0, SETTLE_MINUTES + 60, 60, 1);
	run_minutes(&f, SETTLE_MINUTES + 60, BIN_MINUTES, BIN_MINUTES, 1);
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
