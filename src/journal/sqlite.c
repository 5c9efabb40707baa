/* Opening, transactions and rows of the journal in SQLite. */
#include "journal/sqlite_int.h"

#include "base/limits.h"

#include <stdlib.h>
#include <unistd.h>

static struct journal_sqlite *
sqlite_of(struct journal *j)
{
	return (struct journal_sqlite *)j;
}

static enum result
result_of(int code)
{
	switch (code & 0xff) {
	case SQLITE_OK:
	case SQLITE_DONE:
	case SQLITE_ROW:
		return RESULT_OK;
	case SQLITE_CONSTRAINT:
		return RESULT_CONFLICT;
	case SQLITE_CORRUPT:
	case SQLITE_NOTADB:
	case SQLITE_MISMATCH:
		return RESULT_DAMAGED;
	case SQLITE_BUSY:
		return RESULT_BUSY;
	default: /* full, I/O error, no memory, read-only ...: the disk's or the machine's fault */
		return RESULT_IO;
	}
}

enum result
journal_sqlite_result(struct journal_sqlite *s, int code, const char *doing, struct fault *fault)
{
	enum result r = result_of(code);

	return r == RESULT_OK ? r : fault_set(fault, r, "journal.db: %s: %s", doing, sqlite3_errmsg(s->db));
}

sqlite3_stmt *
journal_sqlite_ready(struct journal_sqlite *s, enum journal_statement id)
{
	(void)sqlite3_reset(s->statements[id]);
	return s->statements[id];
}

/* One step of a statement that answers no row; it is ready again after. */
static enum result
step(struct journal_sqlite *s, sqlite3_stmt *stmt, const char *doing, struct fault *fault)
{
	enum result r = journal_sqlite_result(s, sqlite3_step(stmt), doing, fault);

	(void)sqlite3_reset(stmt);
	return r;
}

/* Runs a statement that answers no row, with what was bound. */
static enum result
run(struct journal_sqlite *s, enum journal_statement id, const char *doing, struct fault *fault)
{
	return step(s, s->statements[id], doing, fault);
}

struct text
journal_sqlite_bytes(sqlite3_stmt *stmt, int column)
{
	const char *p = sqlite3_column_blob(stmt, column);

	return p == NULL ? TEXT("") : (struct text){ p, (size_t)sqlite3_column_bytes(stmt, column) };
}

const char *
journal_sqlite_table(enum journal_table table)
{
	static const char *const names[] = {
#define TABLE(id, name, verb, columns, definition, meaning) name,
#include "journal/tables.def"
#undef TABLE
	};

	check(table < JOURNAL_TABLE_COUNT);
	return names[table];
}

void
journal_sqlite_bind(sqlite3_stmt *stmt, int at, const struct journal_cell *cell)
{
	const char *p = cell->bytes.p == NULL ? "" : cell->bytes.p;
	int code;

	if (cell->type == JOURNAL_NUMBER) {
		code = sqlite3_bind_int64(stmt, at, cell->number);
	} else if (cell->type == JOURNAL_TEXT) {
		code = sqlite3_bind_text64(stmt, at, p, cell->bytes.n, SQLITE_STATIC, SQLITE_UTF8);
	} else {
		code = sqlite3_bind_blob64(stmt, at, p, cell->bytes.n, SQLITE_STATIC);
	}
	check(code == SQLITE_OK);
}

int64_t
journal_sqlite_sum(const struct journal_cell *cells, size_t count)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < count; i++) {
		uint8_t number[8];

		if (cells[i].type == JOURNAL_NUMBER) {
			for (unsigned k = 0; k < sizeof number; k++) {
				number[k] = (uint8_t)((uint64_t)cells[i].number >> (8 * k));
			}
			sum = hash_fast_seed(number, sizeof number, sum);
		} else {
			sum = hash_fast_seed(cells[i].bytes.p, cells[i].bytes.n, sum);
		}
	}
	return (int64_t)(sum & UINT32_MAX);
}

/* Inserts a row; of all tables but records, the last column is the sum of those given. */
enum result
journal_sqlite_put(struct journal_sqlite *s, enum journal_table table, const struct journal_cell *cells,
		   struct fault *fault)
{
	sqlite3_stmt *stmt = s->put[table];
	int count = sqlite3_bind_parameter_count(stmt) - (table == JOURNAL_TABLE_RECORDS ? 0 : 1);

	for (int i = 0; i < count; i++) {
		journal_sqlite_bind(stmt, i + 1, &cells[i]);
	}
	if (table != JOURNAL_TABLE_RECORDS) {
		check(sqlite3_bind_int64(stmt, count + 1, journal_sqlite_sum(cells, (size_t)count)) ==
		      SQLITE_OK);
	}
	return step(s, stmt, journal_sqlite_table(table), fault);
}

static struct journal_cell
number(uint64_t v)
{
	check(v <= INT64_MAX);
	return (struct journal_cell){ .type = JOURNAL_NUMBER, .number = (int64_t)v };
}

static struct journal_cell
hash_cell(const struct hash *h)
{
	return (struct journal_cell){ .type = JOURNAL_BLOB, .bytes = { (const char *)h->bytes, HASH_BYTES } };
}

static struct journal_cell
text_cell(struct text t)
{
	return (struct journal_cell){ .type = JOURNAL_TEXT, .bytes = t };
}

static enum result
sqlite_begin(struct journal *j, struct fault *fault)
{
	journal_sqlite_touches_drop(sqlite_of(j), j->head.seq);
	return run(sqlite_of(j), JOURNAL_STATEMENT_BEGIN, "begin", fault);
}

static void
sqlite_rollback(struct journal *j)
{
	struct journal_sqlite *s = sqlite_of(j);

	/* SQLite may have rolled back by itself (disk full); then there is nothing to do. */
	if (sqlite3_get_autocommit(s->db) == 0) {
		(void)sqlite3_exec(s->db, "ROLLBACK", NULL, NULL, NULL);
	}
	journal_raw_drop(&s->raw);
	journal_sqlite_touches_drop(s, j->head.seq);
}

/* Raw documents first: what a committed row names is on disk. */
static enum result
sqlite_commit(struct journal *j, const struct journal_head *head, struct fault *fault)
{
	struct journal_sqlite *s = sqlite_of(j);
	const struct journal_cell cells[] = { number(1),
					      number(head->seq),
					      { .type = JOURNAL_NUMBER, .number = head->time.ms },
					      hash_cell(&head->hash),
					      number(s->raw.end.segment),
					      number(s->raw.end.bytes) };
	enum result r = journal_raw_sync(&s->raw, fault);

	if (r == RESULT_OK) {
		r = journal_sqlite_touches_write(s, fault);
	}
	if (r == RESULT_OK) {
		r = journal_sqlite_put(s, JOURNAL_TABLE_HEAD, cells, fault);
	}
	if (r == RESULT_OK) {
		r = run(s, JOURNAL_STATEMENT_COMMIT, "commit", fault);
	}
	if (r == RESULT_OK) {
		journal_raw_keep(&s->raw);
	}
	return r;
}

static enum result
sqlite_put_record(struct journal *j, const struct record *record, struct fault *fault)
{
	const struct journal_cell cells[] = { number(record->seq),
					      { .type = JOURNAL_NUMBER, .number = record->time.ms },
					      text_cell(text_of(record_kind_name(record->kind))),
					      { .type = JOURNAL_BLOB, .bytes = record->payload },
					      hash_cell(&record->previous),
					      hash_cell(&record->hash) };

	return journal_sqlite_put(sqlite_of(j), JOURNAL_TABLE_RECORDS, cells, fault);
}

static enum result
sqlite_put_id(struct journal *j, const struct hash *id, uint64_t seq, struct fault *fault)
{
	const struct journal_cell cells[] = { hash_cell(id), number(seq) };

	return journal_sqlite_put(sqlite_of(j), JOURNAL_TABLE_REPORT_IDS, cells, fault);
}

static enum result
sqlite_put_touch(struct journal *j, uint32_t source, uint64_t seq, struct fault *fault)
{
	(void)fault;
	journal_sqlite_touch(sqlite_of(j), source, seq);
	return RESULT_OK;
}

static enum result
sqlite_put_raw(struct journal *j, const struct hash *hash, struct text bytes, struct fault *fault)
{
	struct journal_sqlite *s = sqlite_of(j);
	struct journal_place place;
	enum result r = journal_sqlite_find_raw(j, hash);

	if (r == RESULT_NOT_FOUND) {
		r = journal_raw_put(&s->raw, hash, bytes, &place, fault);
		if (r == RESULT_OK) {
			const struct journal_cell cells[] = { hash_cell(hash), number(place.segment),
							      number(place.offset), number(place.stored),
							      number(place.bytes) };

			r = journal_sqlite_put(s, JOURNAL_TABLE_RAW_DOCUMENTS, cells, fault);
		}
	}
	return r;
}

/* The hash of record `seq`, which is there: the front checked it. */
static enum result
record_hash_of(struct journal_sqlite *s, uint64_t seq, struct hash *hash, struct fault *fault)
{
	sqlite3_stmt *stmt = journal_sqlite_ready(s, JOURNAL_STATEMENT_RECORD_HASH);
	enum result r = RESULT_OK;
	int code;

	(void)sqlite3_bind_int64(stmt, 1, (int64_t)seq);
	code = sqlite3_step(stmt);
	if (code != SQLITE_ROW || !journal_sqlite_hash(stmt, 0, hash)) {
		r = code == SQLITE_ROW || code == SQLITE_DONE
			? fault_set(fault, RESULT_DAMAGED, "journal: record %llu is not there",
				    (unsigned long long)seq)
			: journal_sqlite_result(s, code, "read a record", fault);
	}
	(void)sqlite3_reset(stmt);
	return r;
}

static enum result
sqlite_put_snapshot(struct journal *j, uint64_t seq, struct text bytes, struct fault *fault)
{
	struct journal_sqlite *s = sqlite_of(j);
	struct hash hash = hash_of(bytes.p, bytes.n), record = { 0 };
	sqlite3_stmt *drop = journal_sqlite_ready(s, JOURNAL_STATEMENT_DROP_PARTS);
	enum result r = record_hash_of(s, seq, &record, fault);

	(void)sqlite3_bind_int64(drop, 1, (int64_t)seq);
	if (r == RESULT_OK) {
		r = step(s, drop, "replace a snapshot", fault);
	}
	for (size_t at = 0, part = 0; r == RESULT_OK && at < bytes.n; at += SNAPSHOT_PART_BYTES, part++) {
		size_t n = bytes.n - at < SNAPSHOT_PART_BYTES ? bytes.n - at : SNAPSHOT_PART_BYTES;
		const struct journal_cell cells[] = {
			number(seq), number(part), { .type = JOURNAL_BLOB, .bytes = { bytes.p + at, n } }
		};

		r = journal_sqlite_put(s, JOURNAL_TABLE_SNAPSHOT_PARTS, cells, fault);
	}
	if (r == RESULT_OK) {
		const struct journal_cell cells[] = { number(seq), number(bytes.n), hash_cell(&hash),
						      hash_cell(&record) };

		r = journal_sqlite_put(s, JOURNAL_TABLE_SNAPSHOTS, cells, fault);
	}
	if (r == RESULT_OK) {
		r = run(s, JOURNAL_STATEMENT_OLD_SNAPSHOTS, "drop old snapshots", fault);
	}
	return r != RESULT_OK ? r : run(s, JOURNAL_STATEMENT_OLD_PARTS, "drop old snapshots", fault);
}

static enum result
sqlite_put_quarantine(struct journal *j, const struct journal_quarantine *row, struct fault *fault)
{
	const struct journal_cell cells[] = { number(row->id),
					      number(row->seq),
					      { .type = JOURNAL_NUMBER, .number = row->time.ms },
					      text_cell(row->door),
					      text_cell(row->name),
					      number(row->line),
					      text_cell(row->error),
					      text_cell(row->status),
					      hash_cell(&row->raw),
					      number(row->bytes) };

	return journal_sqlite_put(sqlite_of(j), JOURNAL_TABLE_QUARANTINE, cells, fault);
}

static enum result
sqlite_put_row(struct journal *j, enum journal_table table, const struct journal_cell *cells,
	       struct fault *fault)
{
	return journal_sqlite_put(sqlite_of(j), table, cells, fault);
}

static enum result
sqlite_remove_source(struct journal *j, uint32_t id, struct fault *fault)
{
	struct journal_sqlite *s = sqlite_of(j);

	(void)sqlite3_bind_int64(journal_sqlite_ready(s, JOURNAL_STATEMENT_REMOVE_SOURCE), 1, id);
	return run(s, JOURNAL_STATEMENT_REMOVE_SOURCE, "remove a source", fault);
}

static enum result
sqlite_trim_outbox(struct journal *j, struct instant before, struct fault *fault)
{
	struct journal_sqlite *s = sqlite_of(j);

	(void)sqlite3_bind_int64(journal_sqlite_ready(s, JOURNAL_STATEMENT_DROP_OUTBOX), 1, before.ms);
	return run(s, JOURNAL_STATEMENT_DROP_OUTBOX, "forget what was sent", fault);
}

static enum result
sqlite_pin(struct journal *j)
{
	/* Within a transaction there is one state already. */
	return j->in_tx ? RESULT_OK : run(sqlite_of(j), JOURNAL_STATEMENT_PIN, "pin", NULL);
}

static void
sqlite_unpin(struct journal *j)
{
	if (!j->in_tx && sqlite3_get_autocommit(sqlite_of(j)->db) == 0) {
		(void)sqlite3_exec(sqlite_of(j)->db, "ROLLBACK", NULL, NULL, NULL);
	}
}

static void
sqlite_close(struct journal *j)
{
	struct journal_sqlite *s = sqlite_of(j);

	for (size_t i = 0; i < countof(s->put); i++) {
		(void)sqlite3_finalize(s->put[i]);
	}
	for (size_t i = 0; i < countof(s->statements); i++) {
		(void)sqlite3_finalize(s->statements[i]);
	}
	check(sqlite3_close(s->db) == SQLITE_OK); /* a statement left open would be our mistake */
	if (s->raw_open) {
		journal_raw_close(&s->raw);
	}
	if (s->dir >= 0) {
		(void)close(s->dir); /* gives up the lock */
	}
	free(s->touches.items);
	free(s);
}

enum result
journal_sqlite_open(const char *dir, enum journal_mode mode, struct journal **j, struct fault *fault)
{
	static const struct journal_ops ops = {
		.close = sqlite_close,
		.head = journal_sqlite_head,
		.begin = sqlite_begin,
		.commit = sqlite_commit,
		.rollback = sqlite_rollback,
		.put_record = sqlite_put_record,
		.put_id = sqlite_put_id,
		.put_touch = sqlite_put_touch,
		.put_raw = sqlite_put_raw,
		.put_snapshot = sqlite_put_snapshot,
		.put_quarantine = sqlite_put_quarantine,
		.put_row = sqlite_put_row,
		.remove_source = sqlite_remove_source,
		.trim_outbox = sqlite_trim_outbox,
		.find_id = journal_sqlite_find_id,
		.find_raw = journal_sqlite_find_raw,
		.get_raw = journal_sqlite_get_raw,
		.get_snapshot = journal_sqlite_get_snapshot,
		.scan = journal_sqlite_scan,
		.scan_quarantine = journal_sqlite_scan_quarantine,
		.scan_usage = journal_sqlite_scan_usage,
		.scan_outbox = journal_sqlite_scan_outbox,
		.last_outbox = journal_sqlite_last_outbox,
		.scan_told = journal_sqlite_scan_told,
		.pin = sqlite_pin,
		.unpin = sqlite_unpin,
		.verify = journal_sqlite_verify,
	};
	struct journal_sqlite *s = calloc(1, sizeof *s);
	enum result r;

	check(s != NULL);
	s->base.ops = &ops;
	s->base.writable = mode == JOURNAL_WRITE;
	s->base.audited = mode == JOURNAL_AUDIT;
	s->dir = -1;
	r = journal_sqlite_prepare(s, dir, fault);
	if (r != RESULT_OK) {
		sqlite_close(&s->base);
		s = NULL;
	}
	*j = s == NULL ? NULL : &s->base;
	return r;
}
