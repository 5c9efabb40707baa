/* journal/sqlite_int.h - the journal in one SQLite file (journal.db) and segments of raw documents beside it. */
#ifndef JOURNAL_SQLITE_INT_H
#define JOURNAL_SQLITE_INT_H

#include "journal/journal_int.h"
#include "journal/raw_int.h"

#include <sqlite3.h>

enum journal_statement {
#define STATEMENT(id, sql) JOURNAL_STATEMENT_##id,
#include "journal/statements.def"
#undef STATEMENT
	JOURNAL_STATEMENT_COUNT
};

#define JOURNAL_COLUMNS_MAX 16

#define JOURNAL_BLOCK_SOURCES 256U /* of a row of touches */

/* Record `seq` is about `source`; gathered until they are written together. */
struct journal_touch {
	uint32_t source;
	uint64_t seq;
};
struct journal_touches {
	struct journal_touch *items;
	uint32_t count, size;
	uint64_t written; /* records up to this one may have rows already */
};

struct journal_sqlite {
	struct journal base;
	sqlite3 *db;
	sqlite3_stmt *put[JOURNAL_TABLE_COUNT]; /* NULL when opened to read */
	sqlite3_stmt *statements[JOURNAL_STATEMENT_COUNT];
	struct journal_raw raw;
	bool raw_open;
	struct journal_touches touches;
	int dir; /* locked while writing, so that there is one writer */
};

/* What SQLite says as a result; the fault gets its words. */
enum result journal_sqlite_result(struct journal_sqlite *s, int code, const char *doing, struct fault *fault);
/* Statement `id`, ready to bind. */
sqlite3_stmt *journal_sqlite_ready(struct journal_sqlite *s, enum journal_statement id);
/* Binds a hash or a text as bytes; empty is empty, not NULL. */
void journal_sqlite_bind(sqlite3_stmt *stmt, int at, const struct journal_cell *cell);
/* Column as bytes that live until the next step; a NULL reads as empty. */
struct text journal_sqlite_bytes(sqlite3_stmt *stmt, int column);
bool journal_sqlite_hash(sqlite3_stmt *stmt, int column, struct hash *hash); /* false: not 32 bytes */
/* The sum column of a row. */
int64_t journal_sqlite_sum(const struct journal_cell *cells, size_t count);
const char *journal_sqlite_table(enum journal_table table);
/* The one row of table head; all zero when there is none. */
enum result journal_sqlite_read_head(struct journal_sqlite *s, struct journal_head *head,
				     struct journal_end *end, struct fault *fault);

/* Inserts a row of `table`, without its sum. */
enum result journal_sqlite_put(struct journal_sqlite *s, enum journal_table table,
			       const struct journal_cell *cells, struct fault *fault);

/* sqlite_touch.c */
void journal_sqlite_touch(struct journal_sqlite *s, uint32_t source, uint64_t seq);
enum result journal_sqlite_touches_write(struct journal_sqlite *s, struct fault *fault);
/* Forgets those that are not written; of records up to `written` there may be rows. */
void journal_sqlite_touches_drop(struct journal_sqlite *s, uint64_t written);

/* sqlite_read.c, sqlite_verify.c: entries of the table of operations. */
enum result journal_sqlite_head(struct journal *j, struct journal_head *head);
enum result journal_sqlite_find_id(struct journal *j, const struct hash *id, uint64_t *seq);
enum result journal_sqlite_find_raw(struct journal *j, const struct hash *hash);
enum result journal_sqlite_get_raw(struct journal *j, const struct hash *hash, struct buffer *out);
enum result journal_sqlite_get_snapshot(struct journal *j, uint64_t at, uint64_t *seq, struct buffer *out);
enum result journal_sqlite_scan(struct journal *j, const uint32_t *source, const struct journal_range *range,
				journal_visit *visit, void *context);
enum result journal_sqlite_scan_quarantine(struct journal *j, uint64_t id, journal_visit_quarantine *visit,
					   void *context);
enum result journal_sqlite_scan_usage(struct journal *j, struct text from_day, journal_visit_usage *visit,
				      void *context);
enum result journal_sqlite_scan_outbox(struct journal *j, uint64_t from, struct text channel,
				       journal_visit_outbox *visit, void *context);
enum result journal_sqlite_scan_told(struct journal *j, const struct text *topic, uint64_t unit,
				     journal_visit_told *visit, void *context);
enum result journal_sqlite_last_outbox(struct journal *j, uint64_t *id);
enum result journal_sqlite_verify(struct journal *j, struct journal_audit *audit);

/* sqlite_open.c */
enum result journal_sqlite_prepare(struct journal_sqlite *s, const char *dir, struct fault *fault);

#endif
