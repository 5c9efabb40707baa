/* Proving everything beside the chain: raw documents, sums of rows, relations between tables, SQLite's own pages. */
#include "journal/sqlite_int.h"

static sqlite3_stmt *
ask(struct journal_sqlite *s, const char *sql, enum result *r)
{
	sqlite3_stmt *stmt = NULL;

	*r = journal_sqlite_result(s, sqlite3_prepare_v2(s->db, sql, -1, &stmt, NULL), "verify", NULL);
	return stmt;
}

/* The end of a walk over `stmt`: damage in it is a finding, the verify goes on. */
static enum result
finish(struct journal_sqlite *s, struct journal_audit *audit, sqlite3_stmt *stmt, int code, const char *table)
{
	struct fault fault = { 0 };
	enum result r = journal_sqlite_result(s, code, "verify", &fault);

	(void)sqlite3_finalize(stmt);
	if (r == RESULT_DAMAGED) {
		journal_audit_found(audit, table, 0, "%s", fault.text);
		r = RESULT_OK;
	}
	return r;
}

/* The document of one row; frames lie one behind the other, so `next` is where it must begin. */
static enum result
verify_document(struct journal_sqlite *s, struct journal_audit *audit, sqlite3_stmt *stmt, uint64_t row,
		struct journal_end *next)
{
	struct journal_place place = { .segment = (uint32_t)sqlite3_column_int64(stmt, 1),
				       .offset = (uint64_t)sqlite3_column_int64(stmt, 2),
				       .stored = (uint32_t)sqlite3_column_int64(stmt, 3),
				       .bytes = (uint32_t)sqlite3_column_int64(stmt, 4) };
	struct fault fault = { 0 };
	struct buffer out;
	struct hash hash;
	enum result r;

	if (place.segment == next->segment + 1) {
		*next = (struct journal_end){ .segment = place.segment, .bytes = JOURNAL_SEGMENT_BYTES };
	}
	if (place.segment != next->segment || place.offset != next->bytes) {
		journal_audit_found(audit, "raw_documents", row,
				    "raw-%06u.seg: nobody knows what lies before byte %llu", place.segment,
				    (unsigned long long)place.offset);
	}
	*next = (struct journal_end){ .segment = place.segment,
				      .bytes = place.offset + JOURNAL_FRAME_BYTES + place.stored };
	if (!journal_sqlite_hash(stmt, 0, &hash)) {
		journal_audit_found(audit, "raw_documents", row, "has no hash");
		return RESULT_OK;
	}
	buffer_init(&out, place.bytes);
	r = journal_raw_get(&s->raw, &place, &hash, &out, &fault);
	buffer_free(&out);
	if (r == RESULT_DAMAGED || r == RESULT_TOO_LARGE) {
		journal_audit_found(audit, "raw_documents", row, "%s", fault.text);
		r = RESULT_OK;
	}
	return r;
}

static enum result
verify_raw(struct journal_sqlite *s, struct journal_audit *audit)
{
	struct journal_end next = { 0 }, end = { 0 };
	struct journal_head head;
	uint64_t row = 0;
	enum result r;
	int code = SQLITE_DONE;
	sqlite3_stmt *stmt = ask(
	    s, "SELECT hash, segment, offset, stored, bytes FROM raw_documents ORDER BY segment, offset", &r);

	while (r == RESULT_OK && (code = sqlite3_step(stmt)) == SQLITE_ROW) {
		r = verify_document(s, audit, stmt, ++row, &next);
	}
	if (r == RESULT_OK) {
		r = finish(s, audit, stmt, code, "raw_documents");
	} else {
		(void)sqlite3_finalize(stmt);
	}
	if (r == RESULT_OK && journal_sqlite_read_head(s, &head, &end, NULL) == RESULT_OK &&
	    (next.segment != end.segment || next.bytes != end.bytes)) {
		journal_audit_found(audit, "raw_documents", 0,
				    "the documents end in segment %u at byte %llu, not in %u at %llu",
				    next.segment, (unsigned long long)next.bytes, end.segment,
				    (unsigned long long)end.bytes);
	}
	return r;
}

/* Each row has the sum of its columns. */
static enum result
verify_sums(struct journal_sqlite *s, struct journal_audit *audit, enum journal_table table)
{
	const char *name = journal_sqlite_table(table);
	struct journal_cell cells[JOURNAL_COLUMNS_MAX];
	char *sql = sqlite3_mprintf("SELECT * FROM %s", name);
	sqlite3_stmt *stmt;
	uint64_t row = 0;
	enum result r;
	int code, columns;

	check(sql != NULL);
	stmt = ask(s, sql, &r);
	sqlite3_free(sql);
	if (r != RESULT_OK) {
		return r;
	}
	columns = sqlite3_column_count(stmt);
	check(columns >= 1 && columns <= JOURNAL_COLUMNS_MAX);
	while ((code = sqlite3_step(stmt)) == SQLITE_ROW) {
		row++;
		for (int i = 0; i < columns; i++) {
			bool number = sqlite3_column_type(stmt, i) == SQLITE_INTEGER;

			cells[i] = (struct journal_cell){ .type = number ? JOURNAL_NUMBER : JOURNAL_BLOB };
			if (number) {
				cells[i].number = sqlite3_column_int64(stmt, i);
			} else {
				cells[i].bytes = journal_sqlite_bytes(stmt, i);
			}
		}
		if (journal_sqlite_sum(cells, (size_t)columns - 1) != cells[columns - 1].number) {
			journal_audit_found(audit, name, row, "the row was changed: its sum does not fit");
		}
	}
	return finish(s, audit, stmt, code, name);
}

static enum result
verify_relation(struct journal_sqlite *s, struct journal_audit *audit, const char *table, const char *words,
		const char *sql)
{
	enum result r;
	sqlite3_stmt *stmt = ask(s, sql, &r);
	int code = SQLITE_DONE;

	if (r != RESULT_OK) {
		return r;
	}
	while ((code = sqlite3_step(stmt)) == SQLITE_ROW) {
		journal_audit_found(audit, table, (uint64_t)sqlite3_column_int64(stmt, 0), "%s", words);
	}
	return finish(s, audit, stmt, code, table);
}

/* SQLite's own look at its pages and indexes; one line "ok", or what is wrong. */
static enum result
verify_pages(struct journal_sqlite *s, struct journal_audit *audit)
{
	enum result r;
	sqlite3_stmt *stmt = ask(s, "PRAGMA integrity_check(1)", &r);
	int code = SQLITE_DONE;

	if (r != RESULT_OK) {
		return r;
	}
	while ((code = sqlite3_step(stmt)) == SQLITE_ROW) {
		struct text t = journal_sqlite_bytes(stmt, 0);

		if (!text_equal(t, TEXT("ok"))) {
			journal_audit_found(audit, "pages", 0, "%.*s", TEXT_ARG(t));
		}
	}
	return finish(s, audit, stmt, code, "pages");
}

enum result
journal_sqlite_verify(struct journal *j, struct journal_audit *audit)
{
	static const struct {
		const char *table, *words, *sql;
	} relations[] = {
#define RELATION(table, words, sql) { table, words, sql },
#include "journal/relations.def"
#undef RELATION
	};
	struct journal_sqlite *s = (struct journal_sqlite *)j;
	enum result r = verify_raw(s, audit);

	for (enum journal_table t = 0; r == RESULT_OK && t < JOURNAL_TABLE_COUNT; t++) {
		if (t != JOURNAL_TABLE_RECORDS) {
			r = verify_sums(s, audit, t);
		}
	}
	for (size_t i = 0; r == RESULT_OK && i < countof(relations); i++) {
		r = verify_relation(s, audit, relations[i].table, relations[i].words, relations[i].sql);
	}
	return r == RESULT_OK ? verify_pages(s, audit) : r;
}
