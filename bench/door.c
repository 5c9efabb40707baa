/*
 * bench_door FOLDER: what the real daemon makes durable per second through its doors, vouchd and vouch as built beside this
 * program. CSV by `vouch ingest` over the control socket (parsed, journaled, weighed by the detector, committed, answered chunk by
 * chunk): a programme of 300 sources, and one of 100,000 where each row is a bin of its own for source and system, the dearest
 * there is. Feedback mails by LMTP from 64 sessions, each waiting for its 250. Then `vouch replay` of each store. Peers in the same run on the same disk: a C
 * loop that cuts the same rows and inserts them into one SQLite table (WAL, synchronous=FULL, 20,000 rows per commit), and
 * a mail server's delivery of the same mails into a Maildir (write, fsync, rename).
 */
#include "base/address.h"
#include "base/instant.h"
#include "base/text.h"

#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <spawn.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#define PATH_BYTES     4096
#define FEW_SOURCES    300U
#define FEW_ROWS       2000000U
#define WIDE_SOURCES   100000U
#define WIDE_ROWS      1000000U
#define SYSTEM_SOURCES 4U
#define MEMBER_SOURCES 100U
#define COMMIT_ROWS    20000U
#define SESSIONS       64U
#define SESSION_MAILS  400U
#define START_TRIES    500
#define CSV_BYTES_MAX  ((size_t)256 << 20)

extern char **environ;

struct bench {
	const char *folder;
	char programs[PATH_BYTES]; /* where vouchd and vouch are */
	char control[100], lmtp[100];
};

static pid_t daemon_pid; /* 0: none runs */

/* ---- what is sent */

/* The i-th source, in 100.64.0.0/10. */
static uint32_t
address_of(uint32_t i)
{
	return 100U << 24 | 64U << 16 | i;
}

#define ADDRESS_ARGS(a) (a) >> 24, (a) >> 16 & 255, (a) >> 8 & 255, (a)&255

static void
write_programme(struct buffer *b, uint32_t sources)
{
	buffer_clear(b);
	buffer_format(b, "reporters:\n  - id: mailbox\n    kind: mailbox\n    trust: full\n"
			 "    addresses: [reports@feedback.example]\nmembers:\n");
	for (uint32_t i = 0; i < sources; i++) {
		uint32_t a = address_of(i);

		if (i % MEMBER_SOURCES == 0) {
			buffer_format(b, "  - id: member-%u\n    name: Member\n    systems:\n", i);
		}
		if (i % SYSTEM_SOURCES == 0) {
			buffer_format(b, "      - id: system-%u\n        sources:\n", i);
		}
		buffer_format(b, "          - %u.%u.%u.%u\n", ADDRESS_ARGS(a));
	}
	check(!b->full);
}

/* Every hour each source's volume, in an order of its own; every seventh row is bad news. */
static void
write_rows(struct buffer *b, uint32_t sources, uint32_t rows, uint32_t rows_per_hour)
{
	buffer_clear(b);
	buffer_format(b, "time,source,signal,count\n");
	for (uint32_t i = 0; i < rows; i++) {
		uint32_t a = address_of((uint32_t)((uint64_t)i * 7919 % sources)), hour = i / rows_per_hour;

		buffer_format(b, "2026-01-%02uT%02u:%02u:00Z,%u.%u.%u.%u,%s\n", 5 + hour / 24, hour % 24,
			      (unsigned)((uint64_t)i * 60 / rows_per_hour % 60), ADDRESS_ARGS(a),
			      i % 7 == 0 ? "unknown_user,1" : "delivered,200");
	}
	check(!b->full);
}

static void
write_mail(struct buffer *b, unsigned session, unsigned n)
{
	uint32_t a = address_of((session * SESSION_MAILS + n) % FEW_SOURCES);

	buffer_clear(b);
	buffer_format(
	    b,
	    "From: <fbl@mailbox.example>\r\nTo: <reports@feedback.example>\r\n"
	    "Date: Mon, 05 Jan 2026 08:00:00 +0000\r\nSubject: FW: our offers of this week\r\n"
	    "Message-ID: <%u.%u@mailbox.example>\r\nMIME-Version: 1.0\r\n"
	    "Content-Type: multipart/report; report-type=feedback-report; boundary=\"part\"\r\n\r\n"
	    "--part\r\nContent-Type: text/plain\r\n\r\nThis is an abuse report for a message.\r\n\r\n"
	    "--part\r\nContent-Type: message/feedback-report\r\n\r\n"
	    "Feedback-Type: abuse\r\nUser-Agent: Mailbox/1.0\r\nVersion: 1\r\n"
	    "Source-IP: %u.%u.%u.%u\r\nOriginal-Mail-From: <bounce-%u@shop.example>\r\n"
	    "Arrival-Date: Mon, 05 Jan 2026 07:58:00 +0000\r\nReported-Domain: shop.example\r\n\r\n"
	    "--part\r\nContent-Type: message/rfc822\r\n\r\n",
	    session, n, ADDRESS_ARGS(a), n);
	buffer_format(
	    b,
	    "Received: from mail.shop.example (mail.shop.example [%u.%u.%u.%u]) by mx.mailbox.example;\r\n"
	    "\tMon, 05 Jan 2026 07:58:00 +0000\r\nFrom: Shop <news@shop.example>\r\n"
	    "To: redacted@mailbox.example\r\nSubject: our offers of this week\r\n"
	    "Date: Mon, 05 Jan 2026 07:57:59 +0000\r\nMessage-ID: <m%u.%u@shop.example>\r\n"
	    "Content-Type: text/plain\r\n\r\n",
	    ADDRESS_ARGS(a), session, n);
	for (unsigned i = 0; i < 20; i++) {
		buffer_format(b, "Offer %u of this week, only while it lasts, for you and your friends.\r\n",
			      i);
	}
	buffer_format(b, "--part--\r\n");
}

static const char *
write_file(const struct bench *b, const char *name, const struct buffer *content, char path[PATH_BYTES])
{
	FILE *f;

	(void)snprintf(path, PATH_BYTES, "%s/%s", b->folder, name);
	f = fopen(path, "w");
	check(f != NULL && fwrite(content->p, 1, content->n, f) == content->n && fclose(f) == 0);
	return path;
}

/* ---- the daemon and its command line */

static pid_t
run(const struct bench *b, const char *program, const char *const arguments[], int out)
{
	posix_spawn_file_actions_t actions;
	char path[PATH_BYTES + 16];
	pid_t pid;

	(void)snprintf(path, sizeof path, "%s/%s", b->programs, program);
	check(posix_spawn_file_actions_init(&actions) == 0);
	if (out >= 0) {
		check(posix_spawn_file_actions_adddup2(&actions, out, STDOUT_FILENO) == 0);
	}
	if (posix_spawn(&pid, path, &actions, NULL, (char *const *)(uintptr_t)arguments, environ) != 0) {
		(void)fprintf(stderr, "bench_door: %s cannot be run\n", path);
		exit(1);
	}
	check(posix_spawn_file_actions_destroy(&actions) == 0);
	return pid;
}

/* Runs `vouch` to its end; `said` is the beginning of what it printed. */
static void
vouch(const struct bench *b, const char *const arguments[], char *said, size_t size)
{
	char step[PATH_BYTES];
	size_t n = 0;
	ssize_t got;
	int ends[2], status;
	pid_t pid;

	check(pipe2(ends, O_CLOEXEC) == 0);
	pid = run(b, "vouch", arguments, ends[1]);
	(void)close(ends[1]);
	while ((got = read(ends[0], step, sizeof step)) > 0) {
		size_t kept = (size_t)got < size - 1 - n ? (size_t)got : size - 1 - n;

		memcpy(said + n, step, kept);
		n += kept;
	}
	said[n] = '\0';
	(void)close(ends[0]);
	check(waitpid(pid, &status, 0) == pid);
	if (status != 0) {
		(void)fprintf(stderr, "bench_door: vouch %s: %s\n", arguments[1], said);
		exit(1);
	}
}

static int
dial(const char *path)
{
	struct sockaddr_un to = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	check(fd >= 0);
	(void)snprintf(to.sun_path, sizeof to.sun_path, "%s", path);
	if (connect(fd, (const struct sockaddr *)&to, sizeof to) != 0) {
		(void)close(fd);
		return -1;
	}
	return fd;
}

static void
stop(void)
{
	if (daemon_pid > 0) {
		(void)kill(daemon_pid, SIGTERM);
		(void)waitpid(daemon_pid, NULL, 0);
		daemon_pid = 0;
	}
}

static void
start(struct bench *b, const char *name, uint32_t sources)
{
	char config[PATH_BYTES], programme[PATH_BYTES], said[PATH_BYTES];
	const char *const daemon[] = { "vouchd", "-c", config, NULL };
	const char *const import[] = { "vouch", "import", "--yes", "--socket", b->control, programme, NULL };
	struct buffer text;
	int fd = -1;

	buffer_init(&text, CSV_BYTES_MAX);
	buffer_format(&text,
		      "data: %s/%s\ncontrol: %s\nlmtp: %s\ndns: [\"127.0.0.1:0\"]\nhttp: []\nlog: warn\n",
		      b->folder, name, b->control, b->lmtp);
	(void)write_file(b, "vouch.yaml", &text, config);
	daemon_pid = run(b, "vouchd", daemon, -1);
	for (int i = 0; i < START_TRIES && fd < 0; i++) {
		(void)usleep(10000);
		fd = dial(b->control);
	}
	if (fd < 0) {
		(void)fprintf(stderr, "bench_door: vouchd did not start\n");
		exit(1);
	}
	(void)close(fd);
	write_programme(&text, sources);
	(void)write_file(b, "programme.yaml", &text, programme);
	vouch(b, import, said, sizeof said);
	buffer_free(&text);
}

/* `vouch replay` proves the store of a daemon that has stopped: every effect is computed again and compared. */
static void
measure_replay(const struct bench *b, const char *name, const char *what, uint32_t count)
{
	char folder[PATH_BYTES], said[PATH_BYTES];
	const char *const arguments[] = { "vouch", "replay", "--json", folder, NULL };
	int64_t began = instant_monotonic_ns(), spent;

	(void)snprintf(folder, sizeof folder, "%s/%s", b->folder, name);
	vouch(b, arguments, said, sizeof said);
	spent = instant_monotonic_ns() - began;
	if (strstr(said, "\"same\": true") == NULL) {
		(void)fprintf(stderr, "bench_door: the replay differs: %s\n", said);
		exit(1);
	}
	printf("{\"bench\":\"replay\",\"what\":\"%s/s replayed and compared\",\"value\":%.0f}\n", what,
	       (double)count * 1e9 / (double)spent);
}

/* ---- CSV */

static double
ingest(const struct bench *b, const char *path, uint32_t rows)
{
	const char *const arguments[] = { "vouch", "ingest", "--json", "--socket", b->control, path, NULL };
	char said[PATH_BYTES], want[40];
	int64_t began = instant_monotonic_ns(), spent;

	vouch(b, arguments, said, sizeof said);
	spent = instant_monotonic_ns() - began;
	(void)snprintf(want, sizeof want, "\"observations\": %u,", rows);
	if (strstr(said, want) == NULL) {
		(void)fprintf(stderr, "bench_door: not all was taken: %s\n", said);
		exit(1);
	}
	return (double)rows * 1e9 / (double)spent;
}

static void
insert_row(sqlite3_stmt *insert, struct text line)
{
	for (int i = 1; i <= 4; i++) {
		struct text cell;

		(void)text_cut(&line, ',', &cell);
		check(sqlite3_bind_text(insert, i, cell.p, (int)cell.n, SQLITE_STATIC) == SQLITE_OK);
	}
	check(sqlite3_step(insert) == SQLITE_DONE && sqlite3_reset(insert) == SQLITE_OK);
}

static double
ingest_peer(const struct bench *b, const struct buffer *csv, uint32_t rows)
{
	static const char setup[] =
	    "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; DROP TABLE IF EXISTS o;"
	    "CREATE TABLE o (time TEXT, source TEXT, signal TEXT, count INTEGER)";
	struct text rest = buffer_text(csv), line;
	char path[PATH_BYTES];
	sqlite3_stmt *insert;
	sqlite3 *db;
	int64_t began;

	(void)snprintf(path, sizeof path, "%s/peer.db", b->folder);
	check(sqlite3_open(path, &db) == SQLITE_OK);
	check(sqlite3_exec(db, setup, NULL, NULL, NULL) == SQLITE_OK);
	check(sqlite3_prepare_v2(db, "INSERT INTO o VALUES (?,?,?,?)", -1, &insert, NULL) == SQLITE_OK);
	began = instant_monotonic_ns();
	(void)text_cut(&rest, '\n', &line); /* the header row */
	for (uint32_t done = 0; done < rows;) {
		check(sqlite3_exec(db, "BEGIN", NULL, NULL, NULL) == SQLITE_OK);
		do {
			(void)text_cut(&rest, '\n', &line);
			insert_row(insert, line);
		} while (++done % COMMIT_ROWS != 0 && done < rows);
		check(sqlite3_exec(db, "COMMIT", NULL, NULL, NULL) == SQLITE_OK);
	}
	began = instant_monotonic_ns() - began;
	check(sqlite3_finalize(insert) == SQLITE_OK && sqlite3_close(db) == SQLITE_OK);
	return (double)rows * 1e9 / (double)began;
}

static void
measure_rows(struct bench *b, uint32_t sources, uint32_t rows, uint32_t rows_per_hour)
{
	char path[PATH_BYTES];
	struct buffer csv;
	double own, peer;

	buffer_init(&csv, CSV_BYTES_MAX);
	write_rows(&csv, sources, rows, rows_per_hour);
	(void)write_file(b, "feed.csv", &csv, path);
	own = ingest(b, path, rows);
	peer = ingest_peer(b, &csv, rows);
	printf("{\"bench\":\"door\",\"what\":\"observations/s durable, vouch ingest, %u "
	       "sources\",\"value\":%.0f,"
	       "\"peer\":\"plain SQLite, same CSV\",\"peer_value\":%.0f}\n",
	       sources, own, peer);
	buffer_free(&csv);
}

/* ---- mails */

struct session {
	const struct bench *b;
	unsigned number;
};

static void
say(int fd, const void *p, size_t n)
{
	check(write(fd, p, n) == (ssize_t)n);
}

/* Reads until `replies` came; each must be good. A line of a reply that goes on has a dash behind its code. */
static void
hear(int fd, unsigned replies)
{
	char said[1024];
	size_t at = 0, n = 0;

	while (replies > 0) {
		ssize_t got = read(fd, said + n, sizeof said - n);
		const char *end;

		check(got > 0);
		n += (size_t)got;
		while ((end = memchr(said + at, '\n', n - at)) != NULL) {
			check(end - said - (ssize_t)at > 4 && (said[at] == '2' || said[at] == '3'));
			replies -= said[at + 3] == ' ';
			at = (size_t)(end - said) + 1;
		}
	}
}

static void *
send_mails(void *context)
{
	static const char envelope[] = "MAIL FROM:<>\r\nRCPT TO:<reports@feedback.example>\r\nDATA\r\n";
	const struct session *s = context;
	struct buffer mail;
	int fd = dial(s->b->lmtp);

	check(fd >= 0);
	buffer_init(&mail, (size_t)1 << 20);
	hear(fd, 1);
	say(fd, "LHLO bench\r\n", 12);
	hear(fd, 1);
	for (unsigned i = 0; i < SESSION_MAILS; i++) {
		write_mail(&mail, s->number, i);
		buffer_format(&mail, ".\r\n");
		say(fd, envelope, sizeof envelope - 1);
		hear(fd, 3);
		say(fd, mail.p, mail.n);
		hear(fd, 1);
	}
	buffer_free(&mail);
	(void)close(fd);
	return NULL;
}

static void *
deliver_mails(void *context)
{
	const struct session *s = context;
	struct buffer mail;

	buffer_init(&mail, (size_t)1 << 20);
	for (unsigned i = 0; i < SESSION_MAILS; i++) {
		char tmp[PATH_BYTES], path[PATH_BYTES];
		int fd;

		(void)snprintf(tmp, sizeof tmp, "%s/maildir/tmp/%u.%u", s->b->folder, s->number, i);
		(void)snprintf(path, sizeof path, "%s/maildir/new/%u.%u", s->b->folder, s->number, i);
		write_mail(&mail, s->number, i);
		fd = open(tmp, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
		check(fd >= 0);
		say(fd, mail.p, mail.n);
		check(fsync(fd) == 0 && close(fd) == 0 && rename(tmp, path) == 0);
	}
	buffer_free(&mail);
	return NULL;
}

/* Mails per second from all sessions at once. */
static double
mails(const struct bench *b, void *(*work)(void *session))
{
	struct session sessions[SESSIONS];
	pthread_t threads[SESSIONS];
	int64_t began = instant_monotonic_ns();

	for (unsigned i = 0; i < SESSIONS; i++) {
		sessions[i] = (struct session){ b, i };
		check(pthread_create(&threads[i], NULL, work, &sessions[i]) == 0);
	}
	for (unsigned i = 0; i < SESSIONS; i++) {
		check(pthread_join(threads[i], NULL) == 0);
	}
	return SESSIONS * (double)SESSION_MAILS * 1e9 / (double)(instant_monotonic_ns() - began);
}

static void
measure_mails(struct bench *b)
{
	static const char *const folders[] = { "maildir", "maildir/tmp", "maildir/new" };
	double own = mails(b, send_mails), peer;

	for (size_t i = 0; i < countof(folders); i++) {
		char path[PATH_BYTES];

		(void)snprintf(path, sizeof path, "%s/%s", b->folder, folders[i]);
		check(mkdir(path, 0700) == 0);
	}
	peer = mails(b, deliver_mails);
	printf("{\"bench\":\"door\",\"what\":\"feedback mails/s durable, LMTP, %u sessions\",\"value\":%.0f,"
	       "\"peer\":\"Maildir delivery\",\"peer_value\":%.0f}\n",
	       SESSIONS, own, peer);
}

int
main(int argc, char **argv)
{
	struct bench b = { 0 };
	ssize_t n = readlink("/proc/self/exe", b.programs, sizeof b.programs - 1);
	char *slash;

	if (argc != 2) {
		(void)fprintf(stderr, "usage: bench_door FOLDER (empty, on the disk to be measured)\n");
		return 2;
	}
	check(n > 0);
	slash = strrchr(b.programs, '/');
	check(slash != NULL);
	*slash = '\0';
	b.folder = realpath(argv[1], NULL); /* vouch.yaml takes a relative path as beside itself */
	check(b.folder != NULL);
	/* A socket's path is short, wherever the folder is. */
	(void)snprintf(b.control, sizeof b.control, "/tmp/bench-door-%d.control", (int)getpid());
	(void)snprintf(b.lmtp, sizeof b.lmtp, "/tmp/bench-door-%d.lmtp", (int)getpid());
	check(atexit(stop) == 0);
	start(&b, "few", FEW_SOURCES);
	measure_rows(&b, FEW_SOURCES, FEW_ROWS, FEW_ROWS / 24);
	stop();
	start(&b, "wide", WIDE_SOURCES);
	measure_rows(&b, WIDE_SOURCES, WIDE_ROWS, WIDE_SOURCES);
	stop();
	start(&b, "mails", FEW_SOURCES);
	measure_mails(&b);
	stop();
	measure_replay(&b, "few", "observations, 300 sources,", FEW_ROWS);
	measure_replay(&b, "wide", "observations, 100000 sources,", WIDE_ROWS);
	measure_replay(&b, "mails", "feedback mails", SESSIONS * SESSION_MAILS);
	return 0;
}
