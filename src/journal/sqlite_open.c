/* Files, locks, settings and the schema of journal.db. */
#include "journal/sqlite_int.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define APPLICATION    0x566f7563 /* "Vouc", in the header of the file */
#define VERSION        9
#define FILE_NAME      "journal.db"
#define PAGE_BYTES     8192
#define CACHE_KIB      65536
#define WAL_PAGES      4096 /* the WAL is folded into the file when it has so many: 32 MiB */
#define BUSY_MS        10000
#define STRING(number) STRING_OF(number)
#define STRING_OF(n)   #n

static const char *const schema[] = {
#define TABLE(id, name, verb, columns, definition, meaning) "CREATE TABLE " name " (" definition,
#include "journal/tables.def"
#undef TABLE
	"CREATE INDEX outbox_waiting ON outbox (channel, due, id) WHERE status = 'waiting'",
};

/* Makes the folder; its own name in the folder above is to survive a power cut too. */
static enum result
open_folder(struct journal_sqlite *s, const char *dir, struct fault *fault)
{
	bool made = s->base.writable && mkdir(dir, 0700) == 0;
	int above;

	s->dir = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (s->dir < 0) {
		return fault_set(fault, errno == ENOENT ? RESULT_NOT_FOUND : RESULT_IO, "%s: %s", dir,
				 strerror(errno));
	}
	if (made) {
		above = openat(s->dir, "..", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		if (above >= 0) {
			(void)fsync(above);
			(void)close(above);
		}
	}
	if (s->base.writable && flock(s->dir, LOCK_EX | LOCK_NB) != 0) {
		return fault_set(fault, RESULT_BUSY, "%s: another process writes this journal", dir);
	}
	return RESULT_OK;
}

/*
 * Makes an empty file with our permissions, which SQLite gives to its -wal and -shm too. An existing one is not even
 * opened: closing it would drop the POSIX locks that another connection of this process holds on it.
 */
static enum result
make_file(struct journal_sqlite *s, const char *dir, struct fault *fault)
{
	int fd;

	if (faccessat(s->dir, FILE_NAME, F_OK, 0) == 0) {
		return RESULT_OK;
	}
	if (!s->base.writable) {
		return fault_set(fault, RESULT_NOT_FOUND, "%s: no journal here", dir);
	}
	fd = openat(s->dir, FILE_NAME, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0) {
		return fault_set(fault, RESULT_IO, "%s/" FILE_NAME ": %s", dir, strerror(errno));
	}
	(void)close(fd);
	return RESULT_OK;
}

static enum result
execute(struct journal_sqlite *s, const char *sql, struct fault *fault)
{
	return journal_sqlite_result(s, sqlite3_exec(s->db, sql, NULL, NULL, NULL), "set up", fault);
}

/* The first column of the only row of a pragma. */
static enum result
ask(struct journal_sqlite *s, const char *sql, int64_t *answer, struct fault *fault)
{
	sqlite3_stmt *stmt = NULL;
	int code = sqlite3_prepare_v2(s->db, sql, -1, &stmt, NULL);

	*answer = 0;
	if (code == SQLITE_OK) {
		code = sqlite3_step(stmt);
	}
	if (code == SQLITE_ROW) {
		*answer = sqlite3_column_int64(stmt, 0);
	}
	(void)sqlite3_finalize(stmt);
	return code == SQLITE_ROW ? RESULT_OK : journal_sqlite_result(s, code, "open", fault);
}

static enum result
make_schema(struct journal_sqlite *s, struct fault *fault)
{
	enum result r = execute(s, "BEGIN IMMEDIATE", fault);

	for (size_t i = 0; r == RESULT_OK && i < countof(schema); i++) {
		r = execute(s, schema[i], fault);
	}
	if (r == RESULT_OK) {
		r = execute(s,
			    "PRAGMA application_id = " STRING(APPLICATION) ";"
									   "PRAGMA user_version = " STRING(
									       VERSION) ";"
											"COMMIT",
			    fault);
	}
	return r;
}

static enum result
check_version(struct journal_sqlite *s, const char *dir, struct fault *fault)
{
	int64_t version, application;
	enum result r = ask(s, "PRAGMA user_version", &version, fault);

	if (r == RESULT_OK) {
		r = ask(s, "PRAGMA application_id", &application, fault);
	}
	if (r == RESULT_OK && version == 0 && application == 0) {
		return s->base.writable ? make_schema(s, fault)
					: fault_set(fault, RESULT_NOT_FOUND, "%s: the journal is empty", dir);
	}
	if (r == RESULT_OK && application == APPLICATION && version != VERSION) {
		return fault_set(fault, RESULT_CONFLICT,
				 "%s/" FILE_NAME ": a journal of version %" PRId64
				 "; this program reads version %d",
				 dir, version, VERSION);
	}
	if (r == RESULT_OK && application != APPLICATION) {
		return fault_set(fault, RESULT_CONFLICT, "%s/" FILE_NAME ": not a journal", dir);
	}
	return r;
}

static enum result
prepare_statements(struct journal_sqlite *s, struct fault *fault)
{
	static const char *const sql[] = {
#define STATEMENT(id, text) text,
#include "journal/statements.def"
#undef STATEMENT
	};
	static const struct {
		const char *verb, *name;
		int columns;
	} tables[] = {
#define TABLE(id, name, verb, columns, definition, meaning) { verb, name, columns },
#include "journal/tables.def"
#undef TABLE
	};
	/* As many places as there are columns: "?,?,?". */
	static const char places[] = "?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?";
	enum result r = RESULT_OK;

	for (size_t i = 0; r == RESULT_OK && i < countof(sql); i++) {
		r = journal_sqlite_result(
		    s,
		    sqlite3_prepare_v3(s->db, sql[i], -1, SQLITE_PREPARE_PERSISTENT, &s->statements[i], NULL),
		    "prepare", fault);
	}
	for (size_t i = 0; r == RESULT_OK && s->base.writable && i < countof(tables); i++) {
		char insert[160];

		check(tables[i].columns <= JOURNAL_COLUMNS_MAX);
		(void)snprintf(insert, sizeof insert, "%s INTO %s VALUES (%.*s)", tables[i].verb,
			       tables[i].name, 2 * tables[i].columns - 1, places);
		r = journal_sqlite_result(
		    s, sqlite3_prepare_v3(s->db, insert, -1, SQLITE_PREPARE_PERSISTENT, &s->put[i], NULL),
		    "prepare", fault);
	}
	return r;
}

/* The head is the last record, whole: a journal that lost its end is not written on. */
static enum result
check_head(struct journal_sqlite *s, const struct journal_head *head, struct fault *fault)
{
	sqlite3_stmt *stmt = journal_sqlite_ready(s, JOURNAL_STATEMENT_RECORD_HASH);
	struct hash hash;
	bool fits;
	int code;

	if (head->seq == 0) {
		return RESULT_OK;
	}
	(void)sqlite3_bind_int64(stmt, 1, (int64_t)head->seq);
	code = sqlite3_step(stmt);
	fits = code == SQLITE_ROW && journal_sqlite_hash(stmt, 0, &hash) && hash_equal(&hash, &head->hash);
	(void)sqlite3_reset(stmt);
	if (code != SQLITE_ROW && code != SQLITE_DONE) {
		return journal_sqlite_result(s, code, "read the last record", fault);
	}
	return fits ? RESULT_OK
		    : fault_set(fault, RESULT_DAMAGED,
				"journal: record %llu is not the last record that was committed",
				(unsigned long long)head->seq);
}

/* Whoever asks what is damaged gets the store all the same. */
static enum result
unless_audited(const struct journal_sqlite *s, enum result r, struct fault *fault)
{
	if (r != RESULT_DAMAGED || !s->base.audited) {
		return r;
	}
	if (fault != NULL) {
		fault->text[0] = '\0';
	}
	return RESULT_OK;
}

/* Where the journal ends: the last record and the last document. */
static enum result
open_end(struct journal_sqlite *s, struct fault *fault)
{
	struct journal_head head;
	struct journal_end end;
	enum result r = unless_audited(s, journal_sqlite_read_head(s, &head, &end, fault), fault);

	if (r == RESULT_OK) {
		r = unless_audited(s, check_head(s, &head, fault), fault);
	}
	if (r == RESULT_OK) {
		s->base.head = head;
		s->raw_open = true;
		r = unless_audited(s, journal_raw_open(&s->raw, s->dir, &end, s->base.writable, fault),
				   fault);
	}
	return r;
}

enum result
journal_sqlite_prepare(struct journal_sqlite *s, const char *dir, struct fault *fault)
{
	int flags = s->base.writable ? SQLITE_OPEN_READWRITE : SQLITE_OPEN_READONLY;
	char path[PATH_MAX];
	enum result r = open_folder(s, dir, fault);

	if (r == RESULT_OK) {
		r = make_file(s, dir, fault);
	}
	if (r != RESULT_OK) {
		return r;
	}
	if (snprintf(path, sizeof path, "%s/" FILE_NAME, dir) >= (int)sizeof path) {
		return fault_set(fault, RESULT_IO, "the name of the data folder is too long");
	}
	r = journal_sqlite_result(s, sqlite3_open_v2(path, &s->db, flags | SQLITE_OPEN_NOMUTEX, NULL), "open",
				  fault);
	if (r == RESULT_OK) {
		(void)sqlite3_busy_timeout(s->db, BUSY_MS);
		r = execute(
		    s,
		    s->base.writable
			? "PRAGMA page_size = " STRING(
			      PAGE_BYTES) "; PRAGMA journal_mode = WAL;"
					  "PRAGMA synchronous = FULL; PRAGMA wal_autocheckpoint = " STRING(
					      WAL_PAGES) ";"
							 "PRAGMA cache_size = -" STRING(CACHE_KIB)
			: "PRAGMA query_only = 1",
		    fault);
	}
	if (r == RESULT_OK) {
		r = check_version(s, dir, fault);
	}
	if (r == RESULT_OK) {
		r = prepare_statements(s, fault);
	}
	return r == RESULT_OK ? open_end(s, fault) : r;
}
