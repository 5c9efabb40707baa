/* What is asked of the journal in SQLite. */
#include "journal/sqlite_int.h"

#include <string.h>

static struct journal_sqlite *
sqlite_of(struct journal *j)
{
	return (struct journal_sqlite *)j;
}

bool
journal_sqlite_hash(sqlite3_stmt *stmt, int column, struct hash *hash)
{
	struct text t = journal_sqlite_bytes(stmt, column);

	*hash = (struct hash){ 0 };
	if (t.n != HASH_BYTES) {
		return false;
	}
	memcpy(hash->bytes, t.p, HASH_BYTES);
	return true;
}

static struct text
hash_text(const struct hash *hash)
{
	return (struct text){ (const char *)hash->bytes, HASH_BYTES };
}

/* Steps to the first row of a statement with a hash as its only question. NOT_FOUND when there is none. */
static enum result
find(struct journal_sqlite *s, enum journal_statement id, const struct hash *hash, sqlite3_stmt **stmt)
{
	const struct journal_cell cell = { .type = JOURNAL_BLOB, .bytes = hash_text(hash) };
	int code;

	*stmt = journal_sqlite_ready(s, id);
	journal_sqlite_bind(*stmt, 1, &cell);
	code = sqlite3_step(*stmt);
	return code == SQLITE_DONE ? RESULT_NOT_FOUND : journal_sqlite_result(s, code, "find", NULL);
}

enum result
journal_sqlite_read_head(struct journal_sqlite *s, struct journal_head *head, struct journal_end *end,
			 struct fault *fault)
{
	sqlite3_stmt *stmt = journal_sqlite_ready(s, JOURNAL_STATEMENT_HEAD);
	int code = sqlite3_step(stmt);
	enum result r = journal_sqlite_result(s, code, "read the head", fault);

	*head = (struct journal_head){ 0 };
	*end = (struct journal_end){ 0 };
	if (code == SQLITE_ROW) {
		head->seq = (uint64_t)sqlite3_column_int64(stmt, 0);
		head->time.ms = sqlite3_column_int64(stmt, 1);
		end->segment = (uint32_t)sqlite3_column_int64(stmt, 3);
		end->bytes = (uint64_t)sqlite3_column_int64(stmt, 4);
		if (!journal_sqlite_hash(stmt, 2, &head->hash)) {
			r = fault_set(fault, RESULT_DAMAGED, "journal.db: the head has no hash");
		}
	}
	(void)sqlite3_reset(stmt);
	return r;
}

enum result
journal_sqlite_head(struct journal *j, struct journal_head *head)
{
	struct journal_end end;

	return journal_sqlite_read_head(sqlite_of(j), head, &end, NULL);
}

enum result
journal_sqlite_find_id(struct journal *j, const struct hash *id, uint64_t *seq)
{
	sqlite3_stmt *stmt;
	enum result r = find(sqlite_of(j), JOURNAL_STATEMENT_FIND_ID, id, &stmt);

	if (r == RESULT_OK) {
		*seq = (uint64_t)sqlite3_column_int64(stmt, 0);
	}
	(void)sqlite3_reset(stmt);
	return r;
}

enum result
journal_sqlite_find_raw(struct journal *j, const struct hash *hash)
{
	sqlite3_stmt *stmt;
	enum result r = find(sqlite_of(j), JOURNAL_STATEMENT_FIND_RAW, hash, &stmt);

	(void)sqlite3_reset(stmt);
	return r;
}

enum result
journal_sqlite_get_raw(struct journal *j, const struct hash *hash, struct buffer *out)
{
	struct journal_sqlite *s = sqlite_of(j);
	struct journal_place place = { 0 };
	sqlite3_stmt *stmt;
	enum result r = find(s, JOURNAL_STATEMENT_FIND_RAW, hash, &stmt);

	if (r == RESULT_OK) {
		place = (struct journal_place){ .segment = (uint32_t)sqlite3_column_int64(stmt, 0),
						.offset = (uint64_t)sqlite3_column_int64(stmt, 1),
						.stored = (uint32_t)sqlite3_column_int64(stmt, 2),
						.bytes = (uint32_t)sqlite3_column_int64(stmt, 3) };
	}
	(void)sqlite3_reset(stmt);
	return r == RESULT_OK ? journal_raw_get(&s->raw, &place, hash, out, NULL) : r;
}

static enum result
read_parts(struct journal_sqlite *s, uint64_t seq, struct buffer *out)
{
	sqlite3_stmt *stmt = journal_sqlite_ready(s, JOURNAL_STATEMENT_SNAPSHOT_PARTS);
	int code;

	(void)sqlite3_bind_int64(stmt, 1, (int64_t)seq);
	while ((code = sqlite3_step(stmt)) == SQLITE_ROW) {
		buffer_put_text(out, journal_sqlite_bytes(stmt, 0));
	}
	(void)sqlite3_reset(stmt);
	if (code != SQLITE_DONE) {
		return journal_sqlite_result(s, code, "read a snapshot", NULL);
	}
	return out->full ? RESULT_TOO_LARGE : RESULT_OK;
}

enum result
journal_sqlite_get_snapshot(struct journal *j, uint64_t at, uint64_t *seq, struct buffer *out)
{
	struct journal_sqlite *s = sqlite_of(j);
	sqlite3_stmt *stmt = journal_sqlite_ready(s, JOURNAL_STATEMENT_SNAPSHOT);
	struct hash wanted = { 0 }, got;
	bool sound = false;
	uint64_t bytes = 0;
	enum result r;
	int code;

	(void)sqlite3_bind_int64(stmt, 1, at > INT64_MAX ? INT64_MAX : (int64_t)at);
	code = sqlite3_step(stmt);
	r = code == SQLITE_DONE ? RESULT_NOT_FOUND : journal_sqlite_result(s, code, "find a snapshot", NULL);
	if (r == RESULT_OK) {
		*seq = (uint64_t)sqlite3_column_int64(stmt, 0);
		bytes = (uint64_t)sqlite3_column_int64(stmt, 1);
		sound = journal_sqlite_hash(stmt, 2, &wanted) && sqlite3_column_int(stmt, 3) == 1;
	}
	(void)sqlite3_reset(stmt);
	if (r == RESULT_OK && (!sound || bytes > out->max)) {
		r = sound ? RESULT_TOO_LARGE : RESULT_DAMAGED;
	}
	if (r == RESULT_OK) {
		r = read_parts(s, *seq, out);
	}
	if (r == RESULT_OK) {
		got = hash_of(out->p, out->n);
		r = out->n == bytes && hash_equal(&got, &wanted) ? RESULT_OK : RESULT_DAMAGED;
	}
	if (r != RESULT_OK) {
		buffer_clear(out);
	}
	return r;
}

/* The columns of records, in their order. */
static void
read_record(sqlite3_stmt *stmt, struct record *record)
{
	*record = (struct record){ .seq = (uint64_t)sqlite3_column_int64(stmt, 0),
				   .time = { sqlite3_column_int64(stmt, 1) },
				   .kind = RECORD_COUNT,
				   .payload = journal_sqlite_bytes(stmt, 3) };
	if (record_kind_parse(journal_sqlite_bytes(stmt, 2), &record->kind) != RESULT_OK) {
		record->kind = RECORD_COUNT;
	}
	/* A hash of another length reads as zero, which is no record's hash: whoever checks it finds the damage. */
	(void)journal_sqlite_hash(stmt, 4, &record->previous);
	(void)journal_sqlite_hash(stmt, 5, &record->hash);
}

#define COLUMNS "r.seq, r.time, r.kind, r.payload, r.previous, r.hash"
#define BY_SEQ                                                             \
	"SELECT " COLUMNS " FROM records r WHERE r.seq BETWEEN ?1 AND ?2 " \
	"ORDER BY r.seq "
/* CROSS JOIN: the index of touches first, then the records it names. */
#define BY_SOURCE                                                                  \
	"SELECT " COLUMNS " FROM touches t CROSS JOIN records r ON r.seq = t.seq " \
	"WHERE t.block = ?4 AND t.seq BETWEEN ?1 AND ?2 AND instr(t.sources, ?5) ORDER BY t.seq "

/* A statement of its own for each scan: a visitor may scan too. */
static enum result
begin_scan(struct journal_sqlite *s, const char *sql, sqlite3_stmt **stmt)
{
	*stmt = NULL;
	return journal_sqlite_result(s, sqlite3_prepare_v2(s->db, sql, -1, stmt, NULL), "scan", NULL);
}

/* `code`: how the last step ended; `r`: what the visitor said. */
static enum result
end_scan(struct journal_sqlite *s, sqlite3_stmt *stmt, int code, enum result r)
{
	(void)sqlite3_finalize(stmt);
	return r == RESULT_OK ? journal_sqlite_result(s, code, "scan", NULL) : r;
}

enum result
journal_sqlite_scan(struct journal *j, const uint32_t *source, const struct journal_range *range,
		    journal_visit *visit, void *context)
{
	static const char *const sql[2][2] = { { BY_SEQ "LIMIT ?3", BY_SEQ "DESC LIMIT ?3" },
					       { BY_SOURCE "LIMIT ?3", BY_SOURCE "DESC LIMIT ?3" } };
	struct journal_sqlite *s = sqlite_of(j);
	sqlite3_stmt *stmt;
	int code = SQLITE_DONE;
	enum result r = begin_scan(s, sql[source != NULL][range->newest_first], &stmt);

	if (r == RESULT_OK && source != NULL && j->in_tx) {
		r = journal_sqlite_touches_write(s, NULL); /* its own are seen */
	}
	if (r != RESULT_OK) {
		(void)sqlite3_finalize(stmt);
		return r;
	}
	(void)sqlite3_bind_int64(stmt, 1, range->from > INT64_MAX ? INT64_MAX : (int64_t)range->from);
	(void)sqlite3_bind_int64(stmt, 2,
				 range->to == 0 || range->to > INT64_MAX ? INT64_MAX : (int64_t)range->to);
	(void)sqlite3_bind_int64(stmt, 3,
				 range->limit == 0 || range->limit > INT64_MAX ? -1 : (int64_t)range->limit);
	if (source != NULL) {
		const char member = (char)(*source % JOURNAL_BLOCK_SOURCES);

		(void)sqlite3_bind_int64(stmt, 4, *source / JOURNAL_BLOCK_SOURCES);
		(void)sqlite3_bind_blob(stmt, 5, &member, 1, SQLITE_TRANSIENT);
	}
	while (r == RESULT_OK && (code = sqlite3_step(stmt)) == SQLITE_ROW) {
		struct record record;

		read_record(stmt, &record);
		r = visit(context, &record);
	}
	return end_scan(s, stmt, code, r);
}

enum result
journal_sqlite_scan_quarantine(struct journal *j, uint64_t id, journal_visit_quarantine *visit, void *context)
{
	static const char sql[] =
	    "SELECT id, seq, time, door, name, line, error, status, raw, bytes FROM quarantine "
	    "WHERE id BETWEEN ?1 AND ?2 ORDER BY id";
	struct journal_sqlite *s = sqlite_of(j);
	sqlite3_stmt *stmt;
	int code = SQLITE_DONE;
	enum result r = begin_scan(s, sql, &stmt);
	bool any = id == 0;

	if (r != RESULT_OK) {
		return r;
	}
	(void)sqlite3_bind_int64(stmt, 1, (int64_t)(id & INT64_MAX));
	(void)sqlite3_bind_int64(stmt, 2, id == 0 ? INT64_MAX : (int64_t)(id & INT64_MAX));
	while (r == RESULT_OK && (code = sqlite3_step(stmt)) == SQLITE_ROW) {
		struct journal_quarantine row = { .id = (uint64_t)sqlite3_column_int64(stmt, 0),
						  .seq = (uint64_t)sqlite3_column_int64(stmt, 1),
						  .time = { sqlite3_column_int64(stmt, 2) },
						  .door = journal_sqlite_bytes(stmt, 3),
						  .name = journal_sqlite_bytes(stmt, 4),
						  .line = (uint64_t)sqlite3_column_int64(stmt, 5),
						  .error = journal_sqlite_bytes(stmt, 6),
						  .status = journal_sqlite_bytes(stmt, 7),
						  .bytes = (uint64_t)sqlite3_column_int64(stmt, 9) };

		any = true;
		r = journal_sqlite_hash(stmt, 8, &row.raw) ? visit(context, &row) : RESULT_DAMAGED;
	}
	r = end_scan(s, stmt, code, r);
	return r == RESULT_OK && !any ? RESULT_NOT_FOUND : r;
}

enum result
journal_sqlite_scan_usage(struct journal *j, struct text from_day, journal_visit_usage *visit, void *context)
{
	static const char sql[] =
	    "SELECT day, receiver, listed, not_listed, other, refused, limited FROM usage "
	    "WHERE day >= ?1 ORDER BY day, receiver";
	struct journal_sqlite *s = sqlite_of(j);
	sqlite3_stmt *stmt;
	int code = SQLITE_DONE;
	enum result r = begin_scan(s, sql, &stmt);

	if (r != RESULT_OK) {
		return r;
	}
	(void)sqlite3_bind_text(stmt, 1, from_day.p, (int)from_day.n, SQLITE_STATIC);
	while (r == RESULT_OK && (code = sqlite3_step(stmt)) == SQLITE_ROW) {
		r = visit(context,
			  &(struct journal_usage){ .day = journal_sqlite_bytes(stmt, 0),
						   .receiver = journal_sqlite_bytes(stmt, 1),
						   .listed = (uint64_t)sqlite3_column_int64(stmt, 2),
						   .not_listed = (uint64_t)sqlite3_column_int64(stmt, 3),
						   .other = (uint64_t)sqlite3_column_int64(stmt, 4),
						   .refused = (uint64_t)sqlite3_column_int64(stmt, 5),
						   .limited = (uint64_t)sqlite3_column_int64(stmt, 6) });
	}
	return end_scan(s, stmt, code, r);
}

#define OUTBOX                                                                               \
	"SELECT id, created, due, tries, status, channel, kind, about, recipient, subject, " \
	"content, error, seq FROM outbox "

static struct journal_outbox
outbox_row(sqlite3_stmt *stmt)
{
	return (struct journal_outbox){
		.id = (uint64_t)sqlite3_column_int64(stmt, 0),
		.created = { sqlite3_column_int64(stmt, 1) },
		.due = { sqlite3_column_int64(stmt, 2) },
		.tries = (uint64_t)sqlite3_column_int64(stmt, 3),
		.status = journal_sqlite_bytes(stmt, 4),
		.channel = journal_sqlite_bytes(stmt, 5),
		.kind = journal_sqlite_bytes(stmt, 6),
		.about = journal_sqlite_bytes(stmt, 7),
		.recipient = journal_sqlite_bytes(stmt, 8),
		.subject = journal_sqlite_bytes(stmt, 9),
		.content = journal_sqlite_bytes(stmt, 10),
		.error = journal_sqlite_bytes(stmt, 11),
		.seq = (uint64_t)sqlite3_column_int64(stmt, 12),
	};
}

/* The second one goes by the index outbox_waiting (sqlite_open.c). */
enum result
journal_sqlite_scan_outbox(struct journal *j, uint64_t from, struct text channel, journal_visit_outbox *visit,
			   void *context)
{
	static const char all[] = OUTBOX "WHERE id >= ?1 ORDER BY id";
	static const char waiting[] = OUTBOX "WHERE status = 'waiting' AND channel = ?1 ORDER BY due, id";
	struct journal_sqlite *s = sqlite_of(j);
	sqlite3_stmt *stmt;
	int code = SQLITE_DONE;
	enum result r = begin_scan(s, channel.n == 0 ? all : waiting, &stmt);

	if (r != RESULT_OK) {
		return r;
	}
	if (channel.n == 0) {
		(void)sqlite3_bind_int64(stmt, 1, (int64_t)(from & INT64_MAX));
	} else {
		(void)sqlite3_bind_text(stmt, 1, channel.p, (int)channel.n, SQLITE_STATIC);
	}
	while (r == RESULT_OK && (code = sqlite3_step(stmt)) == SQLITE_ROW) {
		struct journal_outbox row = outbox_row(stmt);

		r = visit(context, &row);
	}
	return end_scan(s, stmt, code, r);
}

enum result
journal_sqlite_last_outbox(struct journal *j, uint64_t *id)
{
	struct journal_sqlite *s = sqlite_of(j);
	sqlite3_stmt *stmt = journal_sqlite_ready(s, JOURNAL_STATEMENT_LAST_OUTBOX);
	int code = sqlite3_step(stmt);

	*id = code == SQLITE_ROW ? (uint64_t)sqlite3_column_int64(stmt, 0) : 0;
	(void)sqlite3_reset(stmt);
	return code == SQLITE_ROW ? RESULT_OK : journal_sqlite_result(s, code, "scan", NULL);
}

/* The visitor must not ask for what was told itself. */
enum result
journal_sqlite_scan_told(struct journal *j, const struct text *topic, uint64_t unit,
			 journal_visit_told *visit, void *context)
{
	struct journal_sqlite *s = sqlite_of(j);
	sqlite3_stmt *stmt =
	    journal_sqlite_ready(s, topic == NULL ? JOURNAL_STATEMENT_ALL_TOLD : JOURNAL_STATEMENT_TOLD);
	enum result r = RESULT_OK;
	int code = SQLITE_DONE;

	if (topic != NULL) {
		(void)sqlite3_bind_text(stmt, 1, topic->p, (int)topic->n, SQLITE_STATIC);
		(void)sqlite3_bind_int64(stmt, 2, (int64_t)(unit & INT64_MAX));
	}
	while (r == RESULT_OK && (code = sqlite3_step(stmt)) == SQLITE_ROW) {
		r = visit(context, &(struct journal_told){ .topic = journal_sqlite_bytes(stmt, 0),
							   .unit = (uint64_t)sqlite3_column_int64(stmt, 1),
							   .said = journal_sqlite_bytes(stmt, 2),
							   .time = { sqlite3_column_int64(stmt, 3) } });
	}
	if (r == RESULT_OK) {
		r = journal_sqlite_result(s, code, "scan", NULL);
	}
	(void)sqlite3_reset(stmt);
	return r;
}
