/* The journal on a disk that fills up, is cut, changed or shared; and a writer that is killed. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/limits.h"
#include "journal_sample.h"
#include "unit/test_folder.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define PATH_BYTES 400

struct folder {
	char path[64];
};

static int
make_folder(void **state)
{
	struct folder *f = calloc(1, sizeof *f);

	assert_non_null(f);
	(void)snprintf(f->path, sizeof f->path, "/tmp/vouch-journal-XXXXXX");
	assert_non_null(mkdtemp(f->path));
	*state = f;
	return 0;
}

static int
remove_folder(void **state)
{
	struct folder *f = *state;

	test_folder_empty(f->path);
	assert_int_equal(rmdir(f->path), 0);
	free(f);
	return 0;
}

static const char *
folder_of(void **state)
{
	return ((struct folder *)*state)->path;
}

static const char *
path_in(const char *dir, const char *name, char out[PATH_BYTES])
{
	(void)snprintf(out, PATH_BYTES, "%s/%s", dir, name);
	return out;
}

static struct journal *
open_journal(const char *dir, enum journal_mode mode)
{
	struct fault fault = { 0 };
	struct journal *j;
	enum result r = journal_sqlite_open(dir, mode, &j, &fault);

	if (r != RESULT_OK) {
		fail_msg("%s: %s", result_name(r), fault.text);
	}
	return j;
}

static void
assert_refused(const char *dir, enum journal_mode mode, enum result want)
{
	struct fault fault = { 0 };
	struct journal *j;

	assert_int_equal(journal_sqlite_open(dir, mode, &j, &fault), want);
	assert_null(j);
	assert_string_not_equal(fault.text, "");
}

struct findings {
	size_t n;
	struct journal_finding first;
};

static void
take_finding(void *context, const struct journal_finding *finding)
{
	struct findings *f = context;

	if (f->n++ == 0) {
		f->first = *finding;
	}
}

static enum result
verify(struct journal *j, struct findings *f)
{
	const struct journal_auditor auditor = { .found = take_finding, .context = f };

	*f = (struct findings){ 0 };
	return journal_verify(j, &auditor);
}

static void
assert_sound(struct journal *j)
{
	struct findings f;
	enum result r = verify(j, &f);

	if (r != RESULT_OK) {
		fail_msg("%s: %s %llu: %s", result_name(r), f.first.table, (unsigned long long)f.first.row,
			 f.first.why.text);
	}
}

/* ---- opening */

static void
what_was_committed_is_there_again(void **state)
{
	struct journal *j = open_journal(folder_of(state), JOURNAL_WRITE);
	struct journal_head before, after;
	struct journal_tx tx;

	assert_int_equal(sample_fill(j), RESULT_OK);
	assert_int_equal(journal_head(j, &before), RESULT_OK);
	tx = journal_begin(j);
	(void)sample_put_report(&tx, 9); /* never committed: closing rolls back */
	journal_close(j);
	j = open_journal(folder_of(state), JOURNAL_WRITE);
	assert_int_equal(journal_head(j, &after), RESULT_OK);
	assert_true(after.seq == before.seq && hash_equal(&after.hash, &before.hash));
	tx = journal_begin(j);
	assert_int_equal(sample_put_report(&tx, 9), before.seq + 1);
	assert_int_equal(journal_commit(&tx), RESULT_OK);
	assert_sound(j);
	journal_close(j);
}

static void
there_is_one_writer_and_a_reader_sees_what_was_committed(void **state)
{
	struct journal *j = open_journal(folder_of(state), JOURNAL_WRITE), *reader;
	struct hash id = sample_id(9), raw;
	struct journal_head head;
	struct journal_tx tx;
	struct buffer out, want;
	uint64_t seq;

	assert_int_equal(sample_fill(j), RESULT_OK);
	assert_refused(folder_of(state), JOURNAL_WRITE, RESULT_BUSY);
	reader = open_journal(folder_of(state), JOURNAL_READ);
	tx = journal_begin(j);
	(void)sample_put_report(&tx, 9);
	assert_int_equal(journal_seen(reader, &id, &seq), RESULT_NOT_FOUND);
	assert_sound(reader); /* beside an open transaction */
	assert_int_equal(journal_commit(&tx), RESULT_OK);
	assert_int_equal(journal_seen(reader, &id, &seq), RESULT_OK);
	assert_int_equal(journal_head(reader, &head), RESULT_OK);
	assert_int_equal(head.seq, 7);
	buffer_init(&out, 10000);
	(void)sample_raw(9, &want);
	raw = hash_of(want.p, want.n);
	assert_int_equal(journal_get_raw(reader, &raw, &out), RESULT_OK);
	assert_true(text_equal(buffer_text(&out), buffer_text(&want)));
	assert_sound(reader);
	buffer_free(&out);
	buffer_free(&want);
	journal_close(reader);
	journal_close(j);
}

static void
what_is_no_journal_is_not_opened(void **state)
{
	const char *dir = folder_of(state);
	char path[PATH_BYTES];
	sqlite3 *db;

	assert_refused(dir, JOURNAL_READ, RESULT_NOT_FOUND);
	assert_refused(path_in(dir, "none/none", path), JOURNAL_WRITE, RESULT_NOT_FOUND);
	assert_int_equal(sqlite3_open(path_in(dir, "journal.db", path), &db), SQLITE_OK);
	assert_int_equal(sqlite3_exec(db, "PRAGMA user_version = 77", NULL, NULL, NULL), SQLITE_OK);
	assert_int_equal(sqlite3_close(db), SQLITE_OK);
	assert_refused(dir, JOURNAL_WRITE, RESULT_CONFLICT);
	assert_refused(dir, JOURNAL_READ, RESULT_CONFLICT);
}

static void
a_journal_of_another_version_is_refused_by_both_numbers(void **state)
{
	const char *dir = folder_of(state);
	char path[PATH_BYTES];
	struct fault fault = { { 0 } };
	struct journal *j;
	sqlite3 *db;

	assert_int_equal(journal_sqlite_open(dir, JOURNAL_WRITE, &j, NULL), RESULT_OK);
	journal_close(j);
	assert_int_equal(sqlite3_open(path_in(dir, "journal.db", path), &db), SQLITE_OK);
	assert_int_equal(sqlite3_exec(db, "PRAGMA user_version = 3", NULL, NULL, NULL), SQLITE_OK);
	assert_int_equal(sqlite3_close(db), SQLITE_OK);
	assert_int_equal(journal_sqlite_open(dir, JOURNAL_READ, &j, &fault), RESULT_CONFLICT);
	assert_non_null(strstr(fault.text, "a journal of version 3; this program reads version "));
}

/* ---- segments */

static off_t
size_of(const char *path)
{
	struct stat info;

	assert_int_equal(stat(path, &info), 0);
	return info.st_size;
}

static void
a_torn_tail_is_cut_off_and_a_lost_one_is_named(void **state)
{
	const char *dir = folder_of(state);
	struct journal *j = open_journal(dir, JOURNAL_WRITE);
	char segment[PATH_BYTES], next[PATH_BYTES];
	off_t whole;
	int fd;

	assert_int_equal(sample_fill(j), RESULT_OK);
	journal_close(j);
	whole = size_of(path_in(dir, "raw-000001.seg", segment));
	fd = open(segment, O_WRONLY | O_APPEND | O_CLOEXEC);
	assert_int_equal(write(fd, "half a frame", 12), 12);
	assert_int_equal(close(fd), 0);
	fd = open(path_in(dir, "raw-000002.seg", next), O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	assert_int_equal(close(fd), 0);

	j = open_journal(dir, JOURNAL_READ); /* a reader repairs nothing, and is not disturbed */
	assert_sound(j);
	journal_close(j);
	assert_int_equal(size_of(segment), whole + 12);
	j = open_journal(dir, JOURNAL_WRITE);
	assert_sound(j);
	journal_close(j);
	assert_int_equal(size_of(segment), whole);
	assert_int_equal(access(next, F_OK), -1);

	assert_int_equal(truncate(segment, whole - 1), 0);
	assert_refused(dir, JOURNAL_WRITE, RESULT_DAMAGED);
	assert_int_equal(unlink(segment), 0);
	assert_refused(dir, JOURNAL_WRITE, RESULT_DAMAGED);
}

static void
a_full_segment_is_followed_by_the_next(void **state)
{
	struct journal *j = open_journal(folder_of(state), JOURNAL_WRITE);
	size_t bytes = REPORT_BYTES_MAX;
	uint64_t *noise = malloc(bytes), x = 1;
	struct hash hashes[7];
	struct buffer out;

	assert_non_null(noise);
	buffer_init(&out, bytes);
	for (unsigned i = 0; i < countof(hashes); i++) {
		struct journal_tx tx = journal_begin(j);

		for (size_t k = 0; k < bytes / sizeof *noise; k++) {
			x ^= x << 13; /* xorshift: does not compress */
			x ^= x >> 7;
			x ^= x << 17;
			noise[k] = x;
		}
		hashes[i] = journal_put_raw(&tx, (struct text){ (char *)noise, bytes });
		if (i == 4) { /* the one that begins the second segment: rolled back, then again */
			journal_rollback(&tx);
			tx = journal_begin(j);
			(void)journal_put_raw(&tx, (struct text){ (char *)noise, bytes });
		}
		assert_int_equal(journal_commit(&tx), RESULT_OK);
	}
	for (unsigned i = 0; i < countof(hashes); i++) {
		buffer_clear(&out);
		assert_int_equal(journal_get_raw(j, &hashes[i], &out), RESULT_OK);
	}
	assert_sound(j);
	journal_close(j);
	j = open_journal(folder_of(state), JOURNAL_WRITE);
	assert_sound(j);
	journal_close(j);
	buffer_free(&out);
	free(noise);
}

static void
a_flipped_bit_of_a_segment_is_found(void **state)
{
	const char *dir = folder_of(state);
	struct journal *j = open_journal(dir, JOURNAL_WRITE);
	char path[PATH_BYTES];
	struct findings f;
	off_t size;
	int fd;

	assert_int_equal(sample_fill(j), RESULT_OK);
	journal_close(j);
	fd = open(path_in(dir, "raw-000001.seg", path), O_RDWR | O_CLOEXEC);
	size = size_of(path);
	for (off_t at = 0; at < size; at++) {
		uint8_t byte;
		struct fault fault = { 0 };
		enum result r;

		assert_int_equal(pread(fd, &byte, 1, at), 1);
		byte ^= (uint8_t)(1U << (at % 8));
		assert_int_equal(pwrite(fd, &byte, 1, at), 1);
		/* In the header of the last segment, opening finds it; in a frame, verify. */
		r = journal_sqlite_open(dir, JOURNAL_READ, &j, &fault);
		if (r == RESULT_OK) {
			r = verify(j, &f);
			assert_string_equal(f.first.table, "raw_documents");
			journal_close(j);
		}
		if (r != RESULT_DAMAGED) {
			fail_msg("byte %lld of a segment was changed, and nobody saw it", (long long)at);
		}
		byte ^= (uint8_t)(1U << (at % 8));
		assert_int_equal(pwrite(fd, &byte, 1, at), 1);
	}
	assert_int_equal(close(fd), 0);
	j = open_journal(dir, JOURNAL_READ);
	assert_sound(j);
	journal_close(j);
}

/* ---- a changed store */

static void
execute(sqlite3 *db, const char *sql)
{
	if (sqlite3_exec(db, sql, NULL, NULL, NULL) != SQLITE_OK) {
		fail_msg("%s: %s", sql, sqlite3_errmsg(db));
	}
}

/* One row of the table with another value in the column: a number plus one, else one bit of one byte. */
static void
change(sqlite3 *db, const char *table, const char *column, const char *type)
{
	char *sql;

	if (strcmp(type, "INTEGER") == 0) {
		/* The largest, so that a key stays unique. */
		sql = sqlite3_mprintf("UPDATE %s SET %s = %s + 1 WHERE %s = (SELECT max(%s) FROM %s)", table,
				      column, column, column, column, table);
	} else {
		/* The first byte becomes a '~', which no value here begins with. */
		sql = sqlite3_mprintf("UPDATE %s SET %s = CAST(x'7e' || substr(CAST(%s AS BLOB), 2) AS %s) "
				      "WHERE %s = (SELECT max(%s) FROM %s)",
				      table, column, column, type, column, column, table);
	}
	assert_non_null(sql);
	execute(db, sql);
	sqlite3_free(sql);
	if (sqlite3_changes(db) == 0) {
		fail_msg("%s.%s: no row to change", table, column);
	}
}

struct column {
	char table[32], name[32], type[16];
};

/* Each column of each table, as the store itself has them. */
static size_t
columns_of(const char *path, struct column *columns, size_t max)
{
	sqlite3_stmt *stmt;
	sqlite3 *db;
	size_t n = 0;

	assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
	assert_int_equal(sqlite3_prepare_v2(db,
					    "SELECT m.name, c.name, c.type FROM sqlite_schema m, "
					    "pragma_table_info(m.name) c WHERE m.type = 'table'",
					    -1, &stmt, NULL),
			 SQLITE_OK);
	while (sqlite3_step(stmt) == SQLITE_ROW) {
		assert_true(n < max);
		(void)snprintf(columns[n].table, sizeof columns[n].table, "%s", sqlite3_column_text(stmt, 0));
		(void)snprintf(columns[n].name, sizeof columns[n].name, "%s", sqlite3_column_text(stmt, 1));
		(void)snprintf(columns[n].type, sizeof columns[n].type, "%s", sqlite3_column_text(stmt, 2));
		n++;
	}
	(void)sqlite3_finalize(stmt);
	assert_int_equal(sqlite3_close(db), SQLITE_OK);
	return n;
}

/* The sample journal, closed, as it was written: made once, then its one changed file is written back. */
static void
fresh_sample(const char *dir)
{
	static uint8_t store[1 << 20];
	static size_t store_bytes;
	static char made_in[PATH_BYTES];
	char path[PATH_BYTES], beside[PATH_BYTES];
	struct journal *j;
	int fd;

	if (strcmp(made_in, dir) != 0) {
		j = open_journal(dir, JOURNAL_WRITE);
		assert_int_equal(sample_fill(j), RESULT_OK);
		journal_close(j);
		fd = open(path_in(dir, "journal.db", path), O_RDONLY | O_CLOEXEC);
		store_bytes = (size_t)read(fd, store, sizeof store);
		assert_in_range(store_bytes, 1, sizeof store - 1);
		assert_int_equal(close(fd), 0);
		(void)snprintf(made_in, sizeof made_in, "%s", dir);
		return;
	}
	(void)unlink(path_in(dir, "journal.db-wal", beside));
	(void)unlink(path_in(dir, "journal.db-shm", beside));
	fd = open(path_in(dir, "journal.db", path), O_WRONLY | O_TRUNC | O_CLOEXEC);
	assert_int_equal(write(fd, store, store_bytes), (ssize_t)store_bytes);
	assert_int_equal(close(fd), 0);
}

/* The store, to be changed behind the journal's back. */
static sqlite3 *
open_store(const char *dir)
{
	char path[PATH_BYTES];
	sqlite3 *db;

	assert_int_equal(sqlite3_open(path_in(dir, "journal.db", path), &db), SQLITE_OK);
	execute(db, "PRAGMA synchronous = OFF");
	return db;
}

static void
a_changed_value_is_found_in_each_column_of_each_table(void **state)
{
	const char *dir = folder_of(state);
	struct column columns[128];
	char path[PATH_BYTES];
	size_t n;

	fresh_sample(dir);
	n = columns_of(path_in(dir, "journal.db", path), columns, countof(columns));
	assert_true(n > 60);
	for (size_t i = 0; i < n; i++) {
		struct fault fault = { 0 };
		struct journal *j;
		struct findings f = { 0 };
		enum result r;
		sqlite3 *db;

		/* "one" of table head can only be 1. */
		if (strcmp(columns[i].name, "one") == 0) {
			continue;
		}
		fresh_sample(dir);
		db = open_store(dir);
		change(db, columns[i].table, columns[i].name, columns[i].type);
		assert_int_equal(sqlite3_close(db), SQLITE_OK);
		/* What the head says is compared at the open already. */
		r = journal_sqlite_open(dir, JOURNAL_READ, &j, &fault);
		if (r == RESULT_OK) {
			r = verify(j, &f);
			journal_close(j);
		}
		if (r != RESULT_DAMAGED) {
			fail_msg("%s.%s was changed, and nobody saw it", columns[i].table, columns[i].name);
		}
	}
}

static void
the_first_bad_record_is_named(void **state)
{
	static const struct {
		const char *sql;
		uint64_t row;
		const char *why;
	} cases[] = {
		{ "UPDATE records SET payload = x'00' WHERE seq = 4", 4,
		  "its content does not have its hash" },
		{ "UPDATE records SET time = time - 1 WHERE seq >= 2", 2,
		  "its content does not have its hash" },
		{ "UPDATE records SET kind = 'tock' WHERE seq = 5", 5, "of a kind that does not exist" },
		{ "DELETE FROM records WHERE seq = 3", 3, "missing; the next one is 4" },
		{ "UPDATE records SET seq = -seq WHERE seq IN (2, 3); UPDATE records SET seq = 5 + seq WHERE "
		  "seq < 0",
		  2, "does not follow from the record before" },
		{ "DELETE FROM raw_documents WHERE offset = 16", 1, "its raw document is not there" },
		{ "DELETE FROM report_ids WHERE seq = 2", 2, "its report id leads to record 0" },
	};
	const char *dir = folder_of(state);

	for (size_t i = 0; i < countof(cases); i++) {
		struct findings f;
		struct journal *j;
		sqlite3 *db;

		fresh_sample(dir);
		db = open_store(dir);
		execute(db, cases[i].sql);
		assert_int_equal(sqlite3_close(db), SQLITE_OK);
		j = open_journal(dir, JOURNAL_READ);
		assert_int_equal(verify(j, &f), RESULT_DAMAGED);
		assert_string_equal(f.first.table, "records");
		assert_int_equal(f.first.row, cases[i].row);
		assert_string_equal(f.first.why.text, cases[i].why);
		journal_close(j);
	}
}

/* What a reader refuses at once is walked all the same by whoever asks what is damaged. */
static void
an_audit_walks_a_store_that_no_reader_opens(void **state)
{
	static const struct {
		const char *sql;
		const char *segment; /* to be removed */
		const char *table;
		uint64_t row;
	} cases[] = {
		{ "DELETE FROM records WHERE seq = 6; UPDATE records SET time = time - 1 WHERE seq = 2", NULL,
		  "records", 2 },
		{ "DELETE FROM records WHERE seq = 6", NULL, "head", 0 },
		{ "UPDATE head SET hash = x'00'", NULL, "head", 0 },
		{ "UPDATE records SET time = time - 1 WHERE seq = 4", "raw-000001.seg", "records", 4 },
		{ "", "raw-000001.seg", "raw_documents", 1 },
	};
	const char *dir = folder_of(state);

	for (size_t i = 0; i < countof(cases); i++) {
		struct findings f = { 0 };
		struct journal *j;
		char path[256];
		sqlite3 *db;

		fresh_sample(dir);
		db = open_store(dir);
		execute(db, cases[i].sql);
		assert_int_equal(sqlite3_close(db), SQLITE_OK);
		if (cases[i].segment != NULL) {
			(void)snprintf(path, sizeof path, "%s/%s", dir, cases[i].segment);
			assert_true(unlink(path) == 0 || errno == ENOENT);
		}
		if (cases[i].segment != NULL || strncmp(cases[i].sql, "DELETE", 6) == 0) {
			assert_refused(dir, JOURNAL_READ, RESULT_DAMAGED);
		}
		j = open_journal(dir, JOURNAL_AUDIT);
		assert_int_equal(verify(j, &f), RESULT_DAMAGED);
		assert_string_equal(f.first.table, cases[i].table);
		assert_int_equal(f.first.row, cases[i].row);
		journal_close(j);
	}
}

static void
a_lost_end_is_not_written_on(void **state)
{
	const char *dir = folder_of(state);
	sqlite3 *db;

	fresh_sample(dir);
	db = open_store(dir);
	execute(db, "DELETE FROM records WHERE seq = 6");
	assert_int_equal(sqlite3_close(db), SQLITE_OK);
	assert_refused(dir, JOURNAL_WRITE, RESULT_DAMAGED);
}

static void
a_damaged_record_ends_a_scan_and_a_damaged_snapshot_is_passed_over(void **state)
{
	const char *dir = folder_of(state);
	struct journal_range all = { 0 };
	struct journal *j;
	struct buffer out;
	uint64_t seq;
	sqlite3 *db;

	fresh_sample(dir);
	db = open_store(dir);
	execute(db, "UPDATE snapshot_parts SET data = CAST('state before five' AS BLOB) WHERE seq = 5");
	execute(db, "UPDATE snapshots SET bytes = 17 WHERE seq = 5");
	execute(db, "UPDATE records SET payload = x'00' WHERE seq = 6");
	assert_int_equal(sqlite3_close(db), SQLITE_OK);
	j = open_journal(dir, JOURNAL_WRITE);
	buffer_init(&out, 1000);
	assert_int_equal(journal_get_snapshot(j, 0, &seq, &out), RESULT_DAMAGED);
	assert_true(seq == 5 && out.n == 0);
	assert_int_equal(journal_get_snapshot(j, seq - 1, &seq, &out), RESULT_OK);
	assert_true(seq == 4 && text_equal(buffer_text(&out), TEXT("state after four")));
	all.from = 6;
	assert_int_equal(journal_scan(j, &all, NULL, NULL), RESULT_DAMAGED); /* nobody is visited */
	buffer_free(&out);
	journal_close(j);
}

/* ---- a full disk */

/* Files cannot grow past `bytes`, as on a disk that is full. */
static void
limit_files(rlim_t bytes)
{
	struct rlimit limit;

	assert_int_equal(getrlimit(RLIMIT_FSIZE, &limit), 0);
	limit.rlim_cur = bytes;
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
}

static void
a_full_disk_loses_nothing_and_passes(void **state)
{
	const char *dir = folder_of(state);
	struct journal *j = open_journal(dir, JOURNAL_WRITE);
	struct journal_head head;
	unsigned n = 10, failed = 0;
	char path[PATH_BYTES];

	assert_int_equal(sample_fill(j), RESULT_OK);
	(void)signal(SIGXFSZ, SIG_IGN);
	/* First the segment is full; then the WAL, each time at another byte of another commit. */
	for (unsigned round = 0; round < 20; round++) {
		rlim_t limit =
		    round == 0 ? 4096 : (rlim_t)size_of(path_in(dir, "journal.db-wal", path)) + round * 7919;
		uint64_t acknowledged;
		enum result r = RESULT_OK;

		assert_int_equal(journal_head(j, &head), RESULT_OK);
		acknowledged = head.seq;
		limit_files(limit);
		for (unsigned batch = 0; r == RESULT_OK && batch < 40; batch++) {
			struct journal_tx tx = journal_begin(j);

			for (unsigned i = 0; i < 40; i++) {
				(void)sample_put_report(&tx, n + i);
			}
			r = journal_commit(&tx);
			if (r == RESULT_OK) {
				acknowledged += 40;
				n += 40;
			} else {
				assert_int_equal(r, RESULT_IO);
				assert_string_not_equal(tx.fault.text, "");
				failed++;
			}
		}
		limit_files(RLIM_INFINITY);
		assert_int_equal(journal_head(j, &head), RESULT_OK);
		assert_int_equal(head.seq, acknowledged);
		assert_sound(j);
	}
	assert_int_equal(failed, 20);
	assert_true(n > 10 + 10 * 40); /* and some went through in between */
	journal_close(j);
	j = open_journal(folder_of(state), JOURNAL_WRITE);
	/* the reports of the sample are there: counted once */
	assert_int_equal(sample_fill(j), RESULT_CONFLICT);
	assert_sound(j);
	journal_close(j);
}

/* ---- a killed writer */

/* Writes batches for ever and tells the last committed seq through the pipe, after the commit. */
static void
write_until_killed(const char *dir, int pipe)
{
	struct fault fault = { 0 };
	struct journal_head head;
	struct journal *j;

	if (journal_sqlite_open(dir, JOURNAL_WRITE, &j, &fault) != RESULT_OK ||
	    journal_head(j, &head) != RESULT_OK) {
		_exit(1);
	}
	for (unsigned n = (unsigned)head.seq;;) {
		struct journal_tx tx = journal_begin(j);
		uint64_t seq = 0;

		for (unsigned i = 0; i < 1 + n % 7; i++) {
			seq = sample_put_report(&tx, (unsigned)tx.head.seq);
		}
		n = (unsigned)seq;
		if (journal_commit(&tx) != RESULT_OK || write(pipe, &seq, sizeof seq) != sizeof seq) {
			_exit(1);
		}
	}
}

static void
nothing_acknowledged_is_lost_when_the_writer_is_killed(void **state)
{
	uint64_t acknowledged = 0, seed = 1;

	for (int round = 0; round < 20; round++) {
		uint64_t before = acknowledged;
		struct journal_head head;
		struct journal *j;
		int ends[2], status;
		pid_t child;

		assert_int_equal(pipe(ends), 0);
		child = fork();
		assert_true(child >= 0);
		if (child == 0) {
			(void)close(ends[0]);
			write_until_killed(folder_of(state), ends[1]);
		}
		(void)close(ends[1]);
		/* Killed somewhere between two acknowledgements, a different number of them each time. */
		seed = seed * 6364136223846793005U + 1442695040888963407U;
		for (uint64_t left = 1 + (seed >> 33) % 30; left > 0; left--) {
			assert_int_equal(read(ends[0], &acknowledged, sizeof acknowledged),
					 sizeof acknowledged);
		}
		for (volatile uint64_t spin = (seed >> 40) % 2000000; spin > 0; spin--) {
		}
		assert_int_equal(kill(child, SIGKILL), 0);
		while (read(ends[0], &acknowledged, sizeof acknowledged) == sizeof acknowledged) {
		}
		(void)close(ends[0]);
		assert_int_equal(waitpid(child, &status, 0), child);
		assert_true(WIFSIGNALED(status) && acknowledged > before);

		j = open_journal(folder_of(state), JOURNAL_WRITE);
		assert_int_equal(journal_head(j, &head), RESULT_OK);
		assert_true(head.seq >= acknowledged);
		assert_sound(j);
		acknowledged = head.seq;
		journal_close(j);
	}
}

#define IN_FOLDER(test) cmocka_unit_test_setup_teardown(test, make_folder, remove_folder)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		IN_FOLDER(what_was_committed_is_there_again),
		IN_FOLDER(there_is_one_writer_and_a_reader_sees_what_was_committed),
		IN_FOLDER(what_is_no_journal_is_not_opened),
		IN_FOLDER(a_journal_of_another_version_is_refused_by_both_numbers),
		IN_FOLDER(a_torn_tail_is_cut_off_and_a_lost_one_is_named),
		IN_FOLDER(a_full_segment_is_followed_by_the_next),
		IN_FOLDER(a_flipped_bit_of_a_segment_is_found),
		IN_FOLDER(a_changed_value_is_found_in_each_column_of_each_table),
		IN_FOLDER(the_first_bad_record_is_named),
		IN_FOLDER(an_audit_walks_a_store_that_no_reader_opens),
		IN_FOLDER(a_lost_end_is_not_written_on),
		IN_FOLDER(a_damaged_record_ends_a_scan_and_a_damaged_snapshot_is_passed_over),
		IN_FOLDER(a_full_disk_loses_nothing_and_passes),
		IN_FOLDER(nothing_acknowledged_is_lost_when_the_writer_is_killed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
