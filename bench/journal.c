/*
 * bench_journal FOLDER: what becomes durable per second, at several sizes of a transaction, on the disk of FOLDER. Mails are
 * reports of one observation with a raw document of their own; feeds are reports of 1000 observations of 300 sources. The
 * peer is a plain SQLite insert loop in the same run: the same payload in one table, one row per record (or observation), the
 * same settings (WAL, synchronous FULL), no chain, no ids, no index, no raw documents. Then how fast the chain reads back.
 */
#include "base/limits.h"
#include "journal/journal.h"
#include "model/report.h"

#include <limits.h>
#include <sqlite3.h>
#include <stdio.h>

#define RUN_NS       1500000000
#define FEED_ROWS    1000U
#define FEED_SOURCES 300U

struct work {
	struct journal *j;
	sqlite3 *peer;
	sqlite3_stmt *insert;
	struct buffer raw, payload;
	unsigned next;         /* number of the next report */
	uint32_t observations; /* of one report */
};

static void
execute(sqlite3 *db, const char *sql)
{
	check(sqlite3_exec(db, sql, NULL, NULL, NULL) == SQLITE_OK);
}

/* The next report in the form of the journal, and the bytes it came from. */
static struct report
make_report(struct work *w)
{
	static struct observation observations[FEED_ROWS];
	struct report report = { .id = hash_of(&w->next, sizeof w->next),
				 .door = TEXT("lmtp"),
				 .format = TEXT("arf"),
				 .reporter = TEXT("mailbox-one"),
				 .observation_count = w->observations,
				 .observations = observations };

	buffer_clear(&w->raw);
	buffer_clear(&w->payload);
	for (uint32_t i = 0; i < w->observations; i++) {
		observations[i] = (struct observation){ .at = { 1767600000000 + i * 37 },
							.signal = SIGNAL_COMPLAINT,
							.count = 1 + i % 9,
							.key_count = 1,
							.keys = { TEXT("192.0.2.10") } };
		buffer_format(&w->raw, "2026-01-05T08:00:%02u.%03uZ,192.0.2.%u,complaint,%u\n", i % 60,
			      w->next % 1000, i % 250, 1 + i % 9);
	}
	for (unsigned i = 0; w->observations == 1 && i < 30; i++) { /* a mail has headers */
		buffer_format(&w->raw, "X-Header-%u: report %u of the mailbox operator\r\n", i,
			      w->next * 31 + i);
	}
	report.raw = hash_of(w->raw.p, w->raw.n);
	report_write(&w->payload, &report);
	w->next++;
	return report;
}

static void
journal_batch(struct work *w, unsigned reports)
{
	struct journal_tx tx = journal_begin(w->j);

	for (unsigned i = 0; i < reports; i++) {
		const struct report report = make_report(w);
		uint64_t seq, seen;

		check(journal_seen(w->j, &report.id, &seen) == RESULT_NOT_FOUND);
		(void)journal_put_raw(&tx, buffer_text(&w->raw));
		seq = journal_append(&tx, RECORD_REPORT, report.observations[0].at, buffer_text(&w->payload));
		journal_put_id(&tx, &report.id, seq);
		for (uint32_t s = 0; s < w->observations && s < FEED_SOURCES; s++) {
			journal_put_touch(&tx, (w->next * 7 + s) % 300, seq);
		}
	}
	check(journal_commit(&tx) == RESULT_OK);
}

static void
peer_row(struct work *w, const void *p, size_t n)
{
	check(sqlite3_bind_int64(w->insert, 1, 1767600000000) == SQLITE_OK);
	check(sqlite3_bind_blob64(w->insert, 2, p, n, SQLITE_STATIC) == SQLITE_OK);
	check(sqlite3_step(w->insert) == SQLITE_DONE);
	check(sqlite3_reset(w->insert) == SQLITE_OK);
}

static void
peer_batch(struct work *w, unsigned reports)
{
	execute(w->peer, "BEGIN IMMEDIATE");
	for (unsigned i = 0; i < reports; i++) {
		const struct report report = make_report(w);

		for (uint32_t k = 1; w->observations > 1 && k <= report.observation_count; k++) {
			peer_row(w, "192.0.2.10,complaint,1", 22);
		}
		if (w->observations == 1) {
			peer_row(w, w->payload.p, w->payload.n);
		}
	}
	execute(w->peer, "COMMIT");
}

/* Observations per second of wall time: a commit waits for the disk. */
static double
rate(struct work *w, void (*batch)(struct work *, unsigned), unsigned reports)
{
	int64_t start = instant_monotonic_ns(), spent = 0;
	uint64_t done = 0;

	while (spent < RUN_NS) {
		batch(w, reports);
		done += (uint64_t)reports * w->observations;
		spent = instant_monotonic_ns() - start;
	}
	return (double)done * 1e9 / (double)spent;
}

static void
measure(struct work *w, const char *what, uint32_t observations, unsigned reports)
{
	double ours, peer;

	w->observations = observations;
	ours = rate(w, journal_batch, reports);
	peer = rate(w, peer_batch, reports);
	printf("{\"bench\":\"journal\",\"what\":\"%s durable/s, %u per commit\",\"value\":%.0f,"
	       "\"peer\":\"plain SQLite insert loop\",\"peer_value\":%.0f}\n",
	       what, reports * observations, ours, peer);
}

static enum result
visit(void *context, const struct record *record)
{
	*(uint64_t *)context += record->payload.n;
	return RESULT_OK;
}

static void
measure_reading(struct work *w)
{
	const struct journal_range all = { 0 };
	const struct journal_auditor auditor = { 0 };
	struct journal_head head;
	int64_t start = instant_monotonic_ns();
	uint64_t bytes = 0;

	check(journal_head(w->j, &head) == RESULT_OK);
	check(journal_scan(w->j, &all, visit, &bytes) == RESULT_OK);
	printf("{\"bench\":\"journal\",\"what\":\"records/s scanned and "
	       "checked\",\"value\":%.0f,\"records\":%llu,"
	       "\"payload_bytes\":%llu}\n",
	       (double)head.seq * 1e9 / (double)(instant_monotonic_ns() - start),
	       (unsigned long long)head.seq, (unsigned long long)bytes);
	start = instant_monotonic_ns();
	check(journal_verify(w->j, &auditor) == RESULT_OK);
	printf("{\"bench\":\"journal\",\"what\":\"records/s verified with documents and "
	       "rows\",\"value\":%.0f}\n",
	       (double)head.seq * 1e9 / (double)(instant_monotonic_ns() - start));
}

int
main(int argc, char **argv)
{
	static const unsigned batches[] = { 1, 10, 100, 1000 };
	struct work w = { 0 };
	struct fault fault = { 0 };
	char path[PATH_MAX];

	if (argc != 2) {
		fprintf(stderr, "usage: bench_journal FOLDER\n");
		return 2;
	}
	if (journal_sqlite_open(argv[1], JOURNAL_WRITE, &w.j, &fault) != RESULT_OK) {
		fprintf(stderr, "%s\n", fault.text);
		return 4;
	}
	(void)snprintf(path, sizeof path, "%s/peer.db", argv[1]);
	check(sqlite3_open(path, &w.peer) == SQLITE_OK);
	execute(
	    w.peer,
	    "PRAGMA page_size = 8192; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;"
	    "PRAGMA wal_autocheckpoint = 4096; PRAGMA cache_size = -65536;"
	    "CREATE TABLE t (seq INTEGER PRIMARY KEY, time INTEGER NOT NULL, payload BLOB NOT NULL) STRICT");
	check(sqlite3_prepare_v2(w.peer, "INSERT INTO t (time, payload) VALUES (?1, ?2)", -1, &w.insert,
				 NULL) == SQLITE_OK);
	buffer_init(&w.raw, REPORT_BYTES_MAX);
	buffer_init(&w.payload, RECORD_BYTES_MAX);
	for (size_t i = 0; i < countof(batches); i++) {
		measure(&w, "mails", 1, batches[i]);
	}
	measure_reading(&w); /* of mails: many small records */
	for (size_t i = 0; i < 3; i++) {
		measure(&w, "observations of feeds", FEED_ROWS, batches[i]);
	}
	buffer_free(&w.raw);
	buffer_free(&w.payload);
	(void)sqlite3_finalize(w.insert);
	check(sqlite3_close(w.peer) == SQLITE_OK);
	journal_close(w.j);
	return 0;
}
