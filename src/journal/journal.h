/*
 * journal/journal.h - the one truth: a chain of records, and beside it what people and rooms look things up in.
 *
 * Everything that happens is appended here first and takes effect after. One transaction holds a
 * batch of records and all that follows from them; it is on disk whole when journal_commit says RESULT_OK, and not at all
 * otherwise, whatever is killed, filled or cut. The truth is the chain and the raw documents; all other tables but the counts
 * of DNS queries, the outbox and what was told follow from it and are there to be read. The form on disk: doc/data/journal.md.
 *
 * One process writes a journal at a time; others may read it meanwhile (JOURNAL_READ), each sees what was committed. A
 * struct journal belongs to one thread at a time. Tests: tests/contract/journal_test.c runs over both implementations.
 */
#ifndef JOURNAL_JOURNAL_H
#define JOURNAL_JOURNAL_H

#include "journal/rows.h"
#include "model/record.h"

struct journal;

enum journal_mode {
	JOURNAL_READ,  /* must exist; may be open elsewhere */
	JOURNAL_WRITE, /* is made when it is not there; a torn tail of the raw documents is cut off */
	JOURNAL_AUDIT /* to be read by journal_verify: a head that does not fit and lost documents are its findings */
};

/*
 * The journal in folder `dir`. Errors: RESULT_NOT_FOUND (nothing to read there), RESULT_BUSY (another process writes it),
 * RESULT_DAMAGED (the head does not fit the records, or raw documents that were committed are gone), RESULT_IO; *j is
 * then NULL and the fault says what and where. Cost: O(1), whatever the size.
 */
enum result journal_sqlite_open(const char *dir, enum journal_mode mode, struct journal **j,
				struct fault *fault) MUST_USE;
/* In memory: for tests and for replays that ask what if. Keeps no rows for people (source, case, move, usage). */
struct journal *journal_memory_open(void);
void journal_close(struct journal *j); /* NULL is fine; an open transaction is rolled back */

/* The last committed record. seq 0: there is none, and all is zero. */
struct journal_head {
	uint64_t seq;
	struct instant time;
	struct hash hash;
};
enum result journal_head(struct journal *j, struct journal_head *head) MUST_USE;

/* ---- writing: the first error sticks, later calls do nothing, journal_commit tells */

struct journal_tx {
	struct journal *journal;
	enum result result;
	struct fault fault;
	struct journal_head head; /* as it will be after the commit */
};

struct journal_tx journal_begin(struct journal *j); /* one at a time */
/* On disk when RESULT_OK. Else rolled back: RESULT_IO (disk full among others); the journal may be used again at once. */
enum result journal_commit(struct journal_tx *tx) MUST_USE;
void journal_rollback(struct journal_tx *tx);

/* The next record; returns its seq, 0 after an error (RESULT_TOO_LARGE above RECORD_BYTES_MAX). Cost: one SHA-256 of the payload, one copy. */
uint64_t journal_append(struct journal_tx *tx, enum record_kind kind, struct instant time,
			struct text payload);
/* Remembers that the report `id` is record `seq`, so that a resend is seen. RESULT_CONFLICT when it is there already. */
void journal_put_id(struct journal_tx *tx, const struct hash *id, uint64_t seq);
/* Remembers that record `seq` is about the source `source` (registry id), for timelines. Twice is harmless. */
void journal_put_touch(struct journal_tx *tx, uint32_t source, uint64_t seq);
/*
 * Keeps the raw bytes of a document (at most REPORT_BYTES_MAX) and returns their SHA-256. The same bytes are kept once.
 * Each REPORT record needs its id and its raw document put in the same transaction: journal_verify asks for both.
 */
struct hash journal_put_raw(struct journal_tx *tx, struct text bytes);
/* The state of all rooms after record `seq`; the two newest snapshots are kept. */
void journal_put_snapshot(struct journal_tx *tx, uint64_t seq, struct text bytes);

/* Rows for people with sqlite3 (journal/rows.h); a row with the same key replaces the old one. */
void journal_put_source(struct journal_tx *tx, const struct journal_source *row);
void journal_remove_source(struct journal_tx *tx, uint32_t id); /* from all lists */
void journal_put_move(struct journal_tx *tx, const struct journal_move *row);
void journal_put_case(struct journal_tx *tx, const struct journal_case *row);
void journal_put_quarantine(struct journal_tx *tx, const struct journal_quarantine *row);
void journal_put_usage(struct journal_tx *tx, const struct journal_usage *row);
void journal_put_outbox(struct journal_tx *tx, const struct journal_outbox *row);
void journal_put_told(struct journal_tx *tx, const struct journal_told *row);
/* Those that no longer wait and ended before `before` go; the newest of all stays, so that no id comes twice. */
void journal_trim_outbox(struct journal_tx *tx, struct instant before);

/* ---- reading; inside a transaction its own writes are seen. Texts handed to a visitor live until it returns. */

/* The record that holds the report `id`. Errors: RESULT_NOT_FOUND, RESULT_IO. Cost: O(log n). */
enum result journal_seen(struct journal *j, const struct hash *id, uint64_t *seq) MUST_USE;

struct journal_range {
	uint64_t from;  /* first seq; 0 reads as 1 */
	uint64_t to;    /* last seq; 0: the end */
	uint64_t limit; /* records at most; 0: all */
	bool newest_first;
};
/* Anything but RESULT_OK ends the scan and is what it returns. A visitor may read the journal, not write it. */
typedef enum result journal_visit(void *context, const struct record *record);

/* Records in order of seq. Each is checked against its own hash, one SHA-256 of its payload. Errors: RESULT_DAMAGED, RESULT_IO, the visitor's. */
enum result journal_scan(struct journal *j, const struct journal_range *range, journal_visit *visit,
			 void *context) MUST_USE;
/* Only those that touch `source`. Cost: O(log n), then O(1) per record about it or one of 255 neighbours. */
enum result journal_scan_source(struct journal *j, uint32_t source, const struct journal_range *range,
				journal_visit *visit, void *context) MUST_USE;

typedef enum result journal_visit_quarantine(void *context, const struct journal_quarantine *row);
/* One row (RESULT_NOT_FOUND when there is none), or with id 0 all, oldest first. */
enum result journal_scan_quarantine(struct journal *j, uint64_t id, journal_visit_quarantine *visit,
				    void *context) MUST_USE;

typedef enum result journal_visit_usage(void *context, const struct journal_usage *row);
/* Rows from this day ("2026-01-05") on, by day and receiver. Errors: RESULT_IO, the visitor's. */
enum result journal_scan_usage(struct journal *j, struct text from_day, journal_visit_usage *visit,
			       void *context) MUST_USE;

typedef enum result journal_visit_outbox(void *context, const struct journal_outbox *row);
/* Those from this id on, in order of ids. Errors: RESULT_IO, the visitor's. A journal in memory keeps none, here and below. */
enum result journal_scan_outbox(struct journal *j, uint64_t from, journal_visit_outbox *visit,
				void *context) MUST_USE;
/* Those of a channel that wait, the one that is due first first. Cost: O(log n) per row. */
enum result journal_scan_waiting(struct journal *j, struct text channel, journal_visit_outbox *visit,
				 void *context) MUST_USE;
typedef enum result journal_visit_told(void *context, const struct journal_told *row);
/* One row, or with topic NULL all. Errors: RESULT_IO, the visitor's. A journal in memory keeps none. Cost: O(log n) per row. */
enum result journal_scan_told(struct journal *j, const struct text *topic, uint64_t unit,
			      journal_visit_told *visit, void *context) MUST_USE;
/* The highest id; 0: there is none. Errors: RESULT_IO. */
enum result journal_last_outbox(struct journal *j, uint64_t *id) MUST_USE;

/* The raw document is put behind what `out` holds. Cost: O(log n), one file read, unpacked and hashed. Errors: RESULT_NOT_FOUND, RESULT_DAMAGED, RESULT_TOO_LARGE, RESULT_IO. */
enum result journal_get_raw(struct journal *j, const struct hash *hash, struct buffer *out) MUST_USE;
/*
 * The newest snapshot at or before record `at` (0: of all); out is cleared first. Errors: RESULT_NOT_FOUND,
 * RESULT_DAMAGED (*seq names the bad one: ask again with at = *seq - 1, or fold from the start), RESULT_TOO_LARGE, RESULT_IO.
 */
enum result journal_get_snapshot(struct journal *j, uint64_t at, uint64_t *seq, struct buffer *out) MUST_USE;

/* ---- proving */

struct journal_finding {
	const char *table; /* "records", "raw_documents", "touches", ... */
	uint64_t row;      /* of records: seq; else its number in order of key; 0: the table as a whole */
	struct fault why;
};
struct journal_auditor { /* what is told meanwhile; either may be NULL */
	void (*found)(void *context, const struct journal_finding *finding);
	void (*progress)(void *context, uint64_t done, uint64_t total); /* records */
	void *context;
};
/*
 * Walks the chain from the first record, reads every raw document, checks every row of every table. Findings come in that
 * order, so the first one names the first bad record; the walk goes on behind it. Errors: RESULT_DAMAGED when there was a
 * finding, RESULT_IO. Sees one state of the store, also beside a running writer. Cost: all that is stored is read, unpacked and hashed once.
 */
enum result journal_verify(struct journal *j, const struct journal_auditor *auditor) MUST_USE;

#endif
