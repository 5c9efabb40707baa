/*
 * A followed log. The state is one line, "vouch-tail 1 INODE START END HEAD HASH", and the carried lines; it is replaced as a whole. HASH is of the
 * first HEAD bytes of the file: a file system gives the number of a file that is gone to the next one.
 */
#include "intake/tail.h"

#include "base/hash.h"
#include "base/limits.h"
#include "intake/log_int.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define TAIL_HEAD 256U

/* ---- the state */

/* The rest of a file from `at` on, at most up to b->max. */
static enum result
read_from(int fd, uint64_t at, size_t n, struct buffer *b)
{
	char bytes[65536];

	while (n > 0) {
		ssize_t got = pread(fd, bytes, n < sizeof bytes ? n : sizeof bytes, (off_t)at);

		if (got < 0) {
			return RESULT_IO;
		}
		if (got == 0) {
			break;
		}
		buffer_put(b, bytes, (size_t)got);
		at += (uint64_t)got;
		n -= (size_t)got;
	}
	return b->full ? RESULT_IO : RESULT_OK;
}

static bool
parse_state(struct tail *t, struct text line)
{
	uint64_t numbers[5];
	struct text word;

	(void)text_cut(&line, ' ', &word);
	if (!text_equal(word, TEXT("vouch-tail"))) {
		return false;
	}
	(void)text_cut(&line, ' ', &word);
	if (!text_equal(word, TEXT("1"))) {
		return false;
	}
	for (size_t i = 0; i < countof(numbers); i++) {
		(void)text_cut(&line, ' ', &word);
		if (!text_u64(word, &numbers[i])) {
			return false;
		}
	}
	t->inode = (ino_t)numbers[0];
	t->start = numbers[1];
	t->end = numbers[2];
	t->head = numbers[3];
	t->head_hash = numbers[4];
	return t->head <= TAIL_HEAD && t->start <= t->end && t->end - t->start <= TAIL_BYTES_MAX;
}

static enum result
read_state(struct tail *t, struct fault *fault)
{
	int fd = open(t->state, O_RDONLY | O_CLOEXEC);
	struct text rest, line;
	struct buffer b;
	enum result r;

	if (fd < 0) {
		return errno == ENOENT
			   ? RESULT_NOT_FOUND
			   : fault_set(fault, RESULT_IO, "%s cannot be read: %s", t->state, strerror(errno));
	}
	buffer_init(&b, 2 * TAIL_CARRIED_MAX);
	r = read_from(fd, 0, 2 * TAIL_CARRIED_MAX, &b);
	(void)close(fd);
	rest = buffer_text(&b);
	(void)text_cut(&rest, '\n', &line);
	if (r == RESULT_OK && !parse_state(t, line)) {
		r = fault_set(fault, RESULT_DAMAGED, "%s does not say how far a log was read", t->state);
	}
	if (r == RESULT_OK) {
		buffer_put_text(&t->carried, rest);
	}
	buffer_free(&b);
	return r;
}

/* The folder that a path is in. */
static const char *
folder_of(struct arena *arena, const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash == NULL ? "." : arena_format(arena, "%.*s/", (int)(slash - path), path);
}

/* A name in a folder survives a power cut once the folder is on disk. */
static bool
folder_to_disk(const char *path)
{
	struct arena arena = { 0 };
	int fd = open(folder_of(&arena, path), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	bool good = fd >= 0 && fsync(fd) == 0;

	if (fd >= 0) {
		(void)close(fd);
	}
	arena_clear(&arena);
	return good;
}

/* What will be handed on is on disk before it is. */
static enum result
write_state(const struct tail *t)
{
	struct arena arena = { 0 };
	const char *fresh = arena_format(&arena, "%s.new", t->state);
	const char *head =
	    arena_format(&arena, "vouch-tail 1 %llu %llu %llu %llu %llu\n", (unsigned long long)t->inode,
			 (unsigned long long)t->start, (unsigned long long)t->end,
			 (unsigned long long)t->head, (unsigned long long)t->head_hash);
	int fd = open(fresh, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	struct text parts[] = { text_of(head), buffer_text(&t->carried) };
	bool written = fd >= 0;

	for (size_t i = 0; i < countof(parts) && written; i++) {
		written = parts[i].n == 0 || write(fd, parts[i].p, parts[i].n) == (ssize_t)parts[i].n;
	}
	written = written && fsync(fd) == 0;
	if (fd >= 0) {
		(void)close(fd);
	}
	written = written && rename(fresh, t->state) == 0 && folder_to_disk(t->state);
	arena_clear(&arena);
	return written ? RESULT_OK : RESULT_IO;
}

/* ---- the files */

/* The hash of the first `n` bytes. */
static uint64_t
hash_of_head(int fd, uint64_t n)
{
	char bytes[TAIL_HEAD];
	ssize_t got = pread(fd, bytes, (size_t)n, 0);

	return got < 0 || (uint64_t)got != n ? 0 : hash_fast(bytes, n);
}

static int
open_log(const char *path, ino_t *inode)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	struct stat st;

	if (fd >= 0 && (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode))) {
		(void)close(fd);
		return -1;
	}
	if (fd >= 0) {
		*inode = st.st_ino;
	}
	return fd;
}

/* The file of this number beside the log: "mail.log.1" of yesterday. -1: it is gone. */
static int
open_renamed(const char *path, ino_t inode)
{
	struct arena arena = { 0 };
	const char *slash = strrchr(path, '/'), *name = slash == NULL ? path : slash + 1;
	const char *folder = folder_of(&arena, path);
	DIR *dir = opendir(folder);
	struct dirent *entry;
	int fd = -1;

	while (dir != NULL && fd < 0 && (entry = readdir(dir)) != NULL) {
		ino_t found = 0;

		if (entry->d_ino != inode || strncmp(entry->d_name, name, strlen(name)) != 0) {
			continue;
		}
		fd = open_log(arena_format(&arena, "%s/%s", folder, entry->d_name), &found);
		if (fd >= 0 && found != inode) {
			(void)close(fd);
			fd = -1;
		}
	}
	if (dir != NULL) {
		(void)closedir(dir);
	}
	arena_clear(&arena);
	return fd;
}

/* From the beginning of the file that the path names now; no file is fine. */
static void
start_anew(struct tail *t)
{
	if (t->fd >= 0) {
		(void)close(t->fd);
	}
	t->fd = open_log(t->path, &t->inode);
	t->start = t->end = 0;
	t->quiet = 0;
}

enum result
tail_open(struct tail *t, enum intake_format format, const char *path, const char *state, struct fault *fault)
{
	enum result r;

	check(format == INTAKE_POSTFIX || format == INTAKE_EXIM);
	*t = (struct tail){ .format = format, .path = path, .state = state, .fd = -1 };
	buffer_init(&t->carried, TAIL_CARRIED_MAX);
	buffer_init(&t->part, TAIL_BYTES_MAX + 2 * TAIL_CARRIED_MAX);
	r = read_state(t, fault);
	if (r == RESULT_NOT_FOUND) {
		start_anew(t);
		return RESULT_OK;
	}
	if (r == RESULT_OK) {
		t->fd = open_renamed(path, t->inode);
		t->is_lost = t->fd < 0 || hash_of_head(t->fd, t->head) != t->head_hash;
	}
	if (r == RESULT_OK && t->is_lost) {
		start_anew(t);
	}
	if (r != RESULT_OK) {
		tail_close(t);
	}
	return r;
}

void
tail_close(struct tail *t)
{
	if (t->fd >= 0) {
		(void)close(t->fd);
	}
	t->fd = -1;
	buffer_free(&t->carried);
	buffer_free(&t->part);
}

/* ---- what is read */

/* The document of [start, end): where it is from, what is carried, the lines. */
static enum result
make_part(struct tail *t)
{
	buffer_clear(&t->part);
	buffer_format(&t->part, LOG_PART_MARK "%llu %llu\n", (unsigned long long)t->inode,
		      (unsigned long long)t->start);
	buffer_put_text(&t->part, buffer_text(&t->carried));
	return read_from(t->fd, t->start, (size_t)(t->end - t->start), &t->part);
}

/* How many bytes from `end` on are whole lines; all of them when the file will not grow, or one line is too long. */
static enum result
measure(struct tail *t, bool is_last, size_t *n, bool *more)
{
	struct buffer b;
	enum result r;
	const char *end;

	buffer_init(&b, TAIL_BYTES_MAX);
	r = read_from(t->fd, t->end, TAIL_BYTES_MAX, &b);
	end = b.n == 0 ? NULL : memrchr(b.p, '\n', b.n);
	*more = b.n == TAIL_BYTES_MAX;
	*n = end != NULL ? (size_t)(end - (const char *)b.p) + 1 : (is_last || *more) ? b.n : 0;
	buffer_free(&b);
	return r;
}

/* Does the path name another file by now? One that is shorter than what was read of it was cut and written anew. */
static bool
is_left(struct tail *t)
{
	struct stat now, own;

	if (t->fd < 0 || fstat(t->fd, &own) != 0) {
		return true;
	}
	if ((uint64_t)own.st_size < t->end) {
		t->start = t->end = 0;
		return false;
	}
	return stat(t->path, &now) == 0 && now.st_ino != t->inode;
}

enum result
tail_read(struct tail *t, struct text *document, bool *more)
{
	size_t n = 0;
	bool left, leaves;

	*document = (struct text){ "", 0 };
	*more = false;
	if (t->fd >= 0 && t->start < t->end) { /* handed on before, and not known to be on disk */
		enum result r = make_part(t);

		*document = buffer_text(&t->part);
		return r;
	}
	left = is_left(t);
	leaves = left && t->quiet >= TAIL_QUIET_LOOKS;
	if (t->fd >= 0 && measure(t, leaves, &n, more) != RESULT_OK) {
		return RESULT_IO;
	}
	if (n == 0 && left && (leaves || t->fd < 0)) {
		start_anew(t);
		*more = t->fd >= 0;
		return RESULT_OK;
	}
	/* Whoever has the old file open may still write to it: each process of Exim does until its delivery ends. */
	t->quiet = left && t->fd >= 0 && n == 0 ? t->quiet + 1 : 0;
	if (n == 0) {
		return RESULT_OK;
	}
	t->end = t->start + n;
	t->head = t->end < TAIL_HEAD ? t->end : TAIL_HEAD;
	t->head_hash = hash_of_head(t->fd, t->head);
	if (write_state(t) != RESULT_OK || make_part(t) != RESULT_OK) {
		t->end = t->start;
		return RESULT_IO;
	}
	*document = buffer_text(&t->part);
	return RESULT_OK;
}

void
tail_done(struct tail *t)
{
	buffer_clear(&t->carried);
	log_carry(t->format, buffer_text(&t->part), &t->carried);
	t->start = t->end;
}
