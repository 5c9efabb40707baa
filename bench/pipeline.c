/*
 * bench_pipeline DIR: observations per second from CSV bytes to a committed journal with detection, decisions and the
 * published list (take_read and pipeline_call, as the HTTP door does; bench_door measures the daemon itself). Peer in the same
 * run: the same rows into one SQLite table, WAL, synchronous=FULL, one transaction per chunk, nothing else done.
 */
#include "base/log.h"
#include "journal/journal.h"
#include "list/list.h"
#include "vouchd/directory.h"
#include "vouchd/take.h"

#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SOURCES 300U
#define ROWS    20000U /* of a chunk */
#define CHUNKS  50U

static double
seconds_since(int64_t start)
{
	return (double)(instant_monotonic_ns() - start) / 1e9;
}

/* ---- ours */

struct import_job {
	struct job job;
	struct text yaml;
};

static void
import_run(struct job *job, struct pipeline *p)
{
	struct import_job *i = (struct import_job *)job;
	struct arena arena = { 0 };
	struct registry_plan plan;
	struct buffer b;
	uint64_t seq;

	buffer_init(&b, REPORT_BYTES_MAX);
	job->result =
	    registry_plan(fold_registry(pipeline_fold(p)), i->yaml, "bench.yaml", &arena, &plan, &job->fault);
	if (job->result == RESULT_OK) {
		registry_plan_write(&plan, TEXT("bench"), &b);
		job->result = pipeline_append(p, RECORD_REGISTRY, buffer_text(&b), &seq, &job->fault);
	}
	buffer_free(&b);
	arena_clear(&arena);
}

static void
import(struct pipeline *p)
{
	struct import_job i = { .job = { .run = import_run, .writes = true } };
	struct buffer b;

	buffer_init(&b, REPORT_BYTES_MAX);
	buffer_format(&b, "members:\n  - id: bench\n    name: Bench\n    systems:\n");
	for (unsigned s = 0; s < SOURCES; s++) {
		if (s % 5 == 0) {
			buffer_format(&b, "      - id: system-%u\n        sources:\n", s / 5);
		}
		buffer_format(&b, "          - 198.18.%u.%u\n", s >> 8, s & 255);
	}
	i.yaml = buffer_text(&b);
	if (pipeline_call(p, &i.job) != RESULT_OK) {
		(void)fprintf(stderr, "bench_pipeline: %s\n", i.job.fault.text);
		exit(1);
	}
	buffer_free(&b);
}

static void
write_chunk(struct buffer *b, unsigned chunk)
{
	buffer_clear(b);
	buffer_format(b, "time,source,signal,count\n");
	for (unsigned i = 0; i < ROWS; i++) {
		unsigned n = chunk * ROWS + i, s = n % SOURCES, minute = n / 4000;

		buffer_format(b, "2026-01-05T%02u:%02u:00Z,198.18.%u.%u,%s,%u\n", minute / 60 % 24,
			      minute % 60, s >> 8, s & 255, n % 7 == 0 ? "unknown_user" : "delivered",
			      n % 7 == 0 ? 1 : 200);
	}
}

static double
measure_ours(const struct config *config)
{
	struct list_options options = { .zone = config->lists[0].zone,
					.code = config->lists[0].code,
					.txt = config->lists[0].txt,
					.ttl = 60,
					.negative_ttl = 60 };
	struct directory *directory = directory_new();
	struct fault fault = { { 0 } };
	struct pipeline *p;
	struct list *list;
	struct buffer b;
	int64_t start, spent = 0;

	check(list_open(&options, 1, &list, &fault) == RESULT_OK);
	check(pipeline_open(config, list, directory, &p, &fault) == RESULT_OK);
	import(p);
	buffer_init(&b, REPORT_BYTES_MAX);
	for (unsigned c = 0; c < CHUNKS; c++) {
		struct take t = { .name = TEXT("bench.csv") };
		const struct intake_hint hint = { .format = INTAKE_CSV,
						  .door = TEXT("bench"),
						  .reporter = TEXT("operator"),
						  .names_others = true,
						  .received = instant_now() };

		write_chunk(&b, c);
		start = instant_monotonic_ns();
		take_read(&t, buffer_text(&b), &hint);
		check(pipeline_call(p, &t.job) == RESULT_OK && t.observations == ROWS);
		spent += instant_monotonic_ns() - start;
		take_clear(&t);
	}
	buffer_free(&b);
	pipeline_close(p);
	list_close(list);
	directory_free(directory);
	return (double)CHUNKS * ROWS / ((double)spent / 1e9);
}

/* ---- the peer */

static double
measure_peer(const char *dir)
{
	char path[4096];
	sqlite3 *db;
	sqlite3_stmt *insert;
	int64_t start;

	(void)snprintf(path, sizeof(path), "%s/peer.sqlite", dir);
	check(sqlite3_open(path, &db) == SQLITE_OK);
	check(sqlite3_exec(db,
			   "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;"
			   "CREATE TABLE o (time INTEGER, source TEXT, signal TEXT, count INTEGER) STRICT",
			   NULL, NULL, NULL) == SQLITE_OK);
	check(sqlite3_prepare_v2(db, "INSERT INTO o VALUES (?,?,?,?)", -1, &insert, NULL) == SQLITE_OK);
	start = instant_monotonic_ns();
	for (unsigned c = 0; c < CHUNKS; c++) {
		check(sqlite3_exec(db, "BEGIN", NULL, NULL, NULL) == SQLITE_OK);
		for (unsigned i = 0; i < ROWS; i++) {
			char source[32];
			unsigned n = c * ROWS + i, s = n % SOURCES;

			(void)snprintf(source, sizeof(source), "198.18.%u.%u", s >> 8, s & 255);
			sqlite3_bind_int64(insert, 1, 1767571200000 + (int64_t)(n / 4000) * 60000);
			sqlite3_bind_text(insert, 2, source, -1, SQLITE_TRANSIENT);
			sqlite3_bind_text(insert, 3, n % 7 == 0 ? "unknown_user" : "delivered", -1,
					  SQLITE_STATIC);
			sqlite3_bind_int(insert, 4, n % 7 == 0 ? 1 : 200);
			check(sqlite3_step(insert) == SQLITE_DONE);
			sqlite3_reset(insert);
		}
		check(sqlite3_exec(db, "COMMIT", NULL, NULL, NULL) == SQLITE_OK);
	}
	double rate = (double)CHUNKS * ROWS / seconds_since(start);

	sqlite3_finalize(insert);
	sqlite3_close(db);
	return rate;
}

int
main(int argc, char **argv)
{
	struct arena arena = { 0 };
	struct config config;
	struct fault fault = { { 0 } };
	char yaml[4200];

	if (argc != 2) {
		(void)fprintf(stderr, "usage: bench_pipeline DIR (empty, on the disk to be measured)\n");
		return 2;
	}
	log_set_level(LOG_ERROR);
	(void)snprintf(yaml, sizeof(yaml), "data: %s\n", argv[1]);
	check(config_read(text_of(yaml), "bench", &arena, &config, &fault) == RESULT_OK);
	double peer = measure_peer(argv[1]), ours = measure_ours(&config);

	printf("{\"bench\":\"pipeline\",\"what\":\"observations/s durable, CSV to commit\",\"value\":%.0f,"
	       "\"peer\":\"plain SQLite inserts\",\"peer_value\":%.0f}\n",
	       ours, peer);
	arena_clear(&arena);
	return 0;
}
