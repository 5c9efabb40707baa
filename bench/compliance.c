/*
 * bench_compliance: observations per second that are counted for the thresholds on one core, what the beginning of a day costs,
 * and the memory.
 *
 * 100,000 sources, each with volume and complaints from three receivers, in random order, for two days. The peer is what one
 * would write first: an SQLite table in memory with a row per source, receiver and day, and a sum over 30 days for each
 * complaint, in the same order.
 */
#include "common/cpu.h"
#include "detect/detect.h"

#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define SOURCES   100000U
#define RECEIVERS 3U
#define ROUNDS    4U /* observations of each source and receiver and day */
#define DAY_MS    INT64_C(86400000)
#define START_DAY INT64_C(20458)

struct run {
	struct compliance *compliance; /* NULL: the peer */
	sqlite3_stmt *add, *sum;
	uint32_t receivers[RECEIVERS];
	uint64_t random, observations, over;
};

static size_t
resident_bytes(void)
{
	FILE *f = fopen("/proc/self/statm", "r");
	unsigned long all, resident = 0;

	if (f != NULL) {
		if (fscanf(f, "%lu %lu", &all, &resident) != 2) {
			resident = 0;
		}
		(void)fclose(f);
	}
	return resident * (size_t)sysconf(_SC_PAGESIZE);
}

static void
on_turn(void *context, const struct compliance_metric *metric)
{
	struct run *r = context;

	r->over += metric->level == LEVEL_OVER;
}

static uint64_t
draw(struct run *r)
{
	r->random ^= r->random << 13;
	r->random ^= r->random >> 7;
	r->random ^= r->random << 17;
	return r->random >> 11;
}

static void
peer_observe(struct run *r, uint32_t source, uint32_t receiver, bool complaint, uint32_t count, int64_t day)
{
	const int64_t values[] = { source, receiver, day, complaint ? 0 : count, complaint ? count : 0 };

	for (int i = 0; i < 5; i++) {
		(void)sqlite3_bind_int64(r->add, i + 1, values[i]);
	}
	check(sqlite3_step(r->add) == SQLITE_DONE && sqlite3_reset(r->add) == SQLITE_OK);
	if (!complaint) {
		return;
	}
	(void)sqlite3_bind_int64(r->sum, 1, source);
	(void)sqlite3_bind_int64(r->sum, 2, receiver);
	(void)sqlite3_bind_int64(r->sum, 3, day - 29);
	check(sqlite3_step(r->sum) == SQLITE_ROW);
	r->over += sqlite3_column_int64(r->sum, 1) >= 200 &&
		   sqlite3_column_int64(r->sum, 1) * 500 > sqlite3_column_int64(r->sum, 0);
	check(sqlite3_reset(r->sum) == SQLITE_OK);
}

static void
observe(struct run *r, uint32_t source, uint32_t receiver, int64_t day)
{
	bool complaint = draw(r) % 4 == 0;
	uint32_t count = complaint ? 1 : 100 + source % 900;
	struct compliance_about about = { COMPLIANCE_NONE, COMPLIANCE_NONE, COMPLIANCE_NONE };

	r->observations++;
	if (r->compliance == NULL) {
		peer_observe(r, source, receiver, complaint, count, day);
		return;
	}
	about.receiver = r->receivers[receiver];
	compliance_observe(r->compliance, source, true, &about,
			   complaint ? SIGNAL_COMPLAINT : SIGNAL_DELIVERED, count,
			   (struct instant){ day * DAY_MS + 1 }, r->observations);
}

/* Nanoseconds per observation of one day's observations. */
static double
run_day(struct run *r, int64_t day)
{
	uint64_t before = r->observations;
	int64_t start = cpu_ns();

	for (uint32_t i = 0; i < SOURCES * ROUNDS * RECEIVERS; i++) {
		observe(r, (uint32_t)(draw(r) % SOURCES), (uint32_t)(draw(r) % RECEIVERS), day);
	}
	return (double)(cpu_ns() - start) / (double)(r->observations - before);
}

static void
open_peer(struct run *r, sqlite3 **db)
{
	check(sqlite3_open(":memory:", db) == SQLITE_OK);
	check(sqlite3_exec(*db,
			   "CREATE TABLE counts (source, receiver, day, delivered, complaints, "
			   "PRIMARY KEY (source, receiver, day)) WITHOUT ROWID; BEGIN",
			   NULL, NULL, NULL) == SQLITE_OK);
	check(sqlite3_prepare_v2(*db,
				 "INSERT INTO counts VALUES (?1, ?2, ?3, ?4, ?5) ON CONFLICT DO UPDATE SET "
				 "delivered = delivered + ?4, complaints = complaints + ?5",
				 -1, &r->add, NULL) == SQLITE_OK);
	check(sqlite3_prepare_v2(*db,
				 "SELECT sum(delivered), sum(complaints) FROM counts "
				 "WHERE source = ?1 AND receiver = ?2 AND day >= ?3",
				 -1, &r->sum, NULL) == SQLITE_OK);
}

int
main(void)
{
	struct run own = { .random = 88172645463325252U }, peer = own;
	size_t before = resident_bytes();
	struct threshold_policy policy;
	double warm, own_ns, peer_ns;
	sqlite3 *db;
	int64_t start;

	own.compliance = compliance_open(on_turn, &own);
	threshold_policy_default(&policy);
	compliance_policy(own.compliance, &policy);
	compliance_tick(own.compliance, (struct instant){ START_DAY * DAY_MS });
	for (uint32_t i = 0; i < SOURCES; i++) {
		compliance_source_add(own.compliance, i, i / 20, SOURCE_IP);
	}
	for (uint32_t i = 0; i < RECEIVERS; i++) {
		char name[] = "r0";

		name[1] = (char)('0' + i);
		own.receivers[i] = compliance_party(own.compliance, COMPLIANCE_RECEIVER, text_of(name));
	}
	warm = run_day(&own, START_DAY);
	start = cpu_ns();
	compliance_tick(own.compliance, (struct instant){ (START_DAY + 1) * DAY_MS });
	printf("{\"bench\":\"compliance\",\"what\":\"a day begins, ns per source and "
	       "receiver\",\"value\":%.0f}\n",
	       (double)(cpu_ns() - start) / (SOURCES * RECEIVERS));
	own_ns = run_day(&own, START_DAY + 1);
	open_peer(&peer, &db);
	(void)run_day(&peer, START_DAY);
	peer_ns = run_day(&peer, START_DAY + 1);
	printf("{\"bench\":\"compliance\",\"what\":\"observations/s counted for thresholds\",\"value\":%.0f,"
	       "\"peer\":\"SQLite in memory\",\"peer_value\":%.0f}\n",
	       1e9 / own_ns, 1e9 / peer_ns);
	printf(
	    "{\"bench\":\"compliance\",\"what\":\"observations/s while sources are new\",\"value\":%.0f}\n",
	    1e9 / warm);
	printf("{\"bench\":\"compliance\",\"what\":\"bytes per source and receiver\",\"value\":%.0f}\n",
	       (double)(resident_bytes() - before) / (SOURCES * RECEIVERS));
	(void)sqlite3_finalize(peer.add);
	(void)sqlite3_finalize(peer.sum);
	(void)sqlite3_close(db);
	compliance_close(own.compliance);
	return 0;
}
