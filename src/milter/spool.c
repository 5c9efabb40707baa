/* milter/spool.c - files of a report each; "20-digit time in ms"-"batch".jsonl, so that names sort by age. */
#include "milter/spool.h"

#include "base/limits.h"
#include "base/log.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#define SUFFIX ".jsonl"
#define OPEN   ".open"

static enum result
wrong(struct fault *fault, const char *path)
{
	return fault_set(fault, RESULT_IO, "%s: %s", path, strerror(errno));
}

enum result
spool_open(const char *folder, struct fault *fault)
{
	struct stat st;

	if (mkdir(folder, 0700) != 0 && errno != EEXIST) {
		return wrong(fault, folder);
	}
	return stat(folder, &st) == 0 && S_ISDIR(st.st_mode)
		   ? RESULT_OK
		   : fault_set(fault, RESULT_IO, "%s: a folder is wanted", folder);
}

static void
random_bytes(void *out, size_t n)
{
	check(getrandom(out, n, 0) == (ssize_t)n);
}

void
spool_batch(char out[SPOOL_BATCH_BYTES])
{
	uint64_t number;

	random_bytes(&number, sizeof number);
	(void)snprintf(out, SPOOL_BATCH_BYTES, "%016" PRIx64, number);
}

static bool
write_all(int fd, struct text bytes)
{
	while (bytes.n > 0) {
		ssize_t n = write(fd, bytes.p, bytes.n);

		if (n < 0 && errno == EINTR) {
			continue;
		}
		if (n <= 0) {
			return false;
		}
		bytes.p += n;
		bytes.n -= (size_t)n;
	}
	return true;
}

static bool
sync_folder(const char *folder)
{
	int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	bool good = fd >= 0 && fsync(fd) == 0;

	if (fd >= 0) {
		(void)close(fd);
	}
	return good;
}

/* All of it under this name, or nothing. */
static enum result
put_file(const char *folder, const char *name, struct text bytes, struct fault *fault)
{
	char path[4096], beside[4096];
	enum result r = RESULT_OK;
	int fd;

	(void)snprintf(path, sizeof path, "%s/%s", folder, name);
	(void)snprintf(beside, sizeof beside, "%s/.%s", folder, name);
	fd = open(beside, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	if (fd < 0) {
		return wrong(fault, beside);
	}
	if (!write_all(fd, bytes) || fsync(fd) != 0) {
		r = wrong(fault, beside);
	}
	if (close(fd) != 0 && r == RESULT_OK) {
		r = wrong(fault, beside);
	}
	if (r == RESULT_OK && rename(beside, path) != 0) {
		r = wrong(fault, path);
	}
	if (r != RESULT_OK) {
		(void)unlink(beside);
		return r;
	}
	return sync_folder(folder) ? RESULT_OK : wrong(fault, folder);
}

enum result
spool_key(const char *folder, struct hash *key, struct fault *fault)
{
	char path[4096];
	int fd;
	ssize_t n;

	(void)snprintf(path, sizeof path, "%s/ticket.key", folder);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	n = fd < 0 ? -1 : read(fd, key->bytes, HASH_BYTES);
	if (fd >= 0) {
		(void)close(fd);
	}
	if (n == HASH_BYTES) {
		return RESULT_OK;
	}
	random_bytes(key->bytes, HASH_BYTES);
	return put_file(folder, "ticket.key", (struct text){ (const char *)key->bytes, HASH_BYTES }, fault);
}

/* Renamed, so that it is either open or a report. False: there was none, or it could not be. */
static bool
close_open(const char *folder, struct instant at, const char *batch)
{
	char from[4096], to[4096];

	(void)snprintf(from, sizeof from, "%s/" OPEN, folder);
	(void)snprintf(to, sizeof to, "%s/%020" PRId64 "-%s" SUFFIX, folder, at.ms, batch);
	return rename(from, to) == 0 && sync_folder(folder);
}

enum result
spool_put_open(const char *folder, struct text report, struct fault *fault)
{
	return put_file(folder, OPEN, report, fault);
}

bool
spool_keep_open(const char *folder, struct instant at, const char *batch)
{
	bool kept = close_open(folder, at, batch);

	if (!kept && errno != ENOENT) {
		log_event(LOG_ERROR, "spool", "report=%s why=\"%s\"", OPEN, strerror(errno));
	}
	return kept;
}

enum result
spool_put(const char *folder, struct instant at, const char *batch, struct text report, struct fault *fault)
{
	enum result r = spool_put_open(folder, report, fault);

	return r != RESULT_OK || close_open(folder, at, batch) ? r : wrong(fault, folder);
}

static int
is_report(const struct dirent *entry)
{
	size_t n = strlen(entry->d_name);

	return n > strlen(SUFFIX) && entry->d_name[0] != '.' &&
	       strcmp(entry->d_name + n - strlen(SUFFIX), SUFFIX) == 0;
}

static uint64_t
bytes_of(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 ? (uint64_t)st.st_size : 0;
}

/* How many of the oldest are too much. The newest stays in any case. */
static size_t
count_over(const char *const *paths, size_t count)
{
	uint64_t bytes = 0;
	size_t kept = 0;

	while (kept < count && kept < SPOOL_FILES_MAX) {
		bytes += bytes_of(paths[count - 1 - kept]);
		if (bytes > SPOOL_BYTES_MAX && kept > 0) {
			break;
		}
		kept++;
	}
	return count - kept;
}

bool
spool_oldest(const char *folder, struct arena *arena, const char **path)
{
	struct dirent **names;
	int count = scandir(folder, &names, is_report, alphasort);
	const char **paths;
	size_t over;

	if (count <= 0) {
		if (count == 0) {
			free(names);
		}
		return false;
	}
	paths = arena_get_array(arena, (size_t)count, sizeof *paths);
	for (int i = 0; i < count; i++) {
		paths[i] = arena_format(arena, "%s/%s", folder, names[i]->d_name);
		free(names[i]);
	}
	free(names);
	over = count_over(paths, (size_t)count);
	for (size_t i = 0; i < over; i++) {
		log_event(LOG_WARN, "dropped", "report=%s why=\"more waits than is kept\"", paths[i]);
		spool_remove(paths[i]);
	}
	*path = paths[over];
	return true;
}

enum result
spool_read(const char *path, struct arena *arena, struct text *report, struct fault *fault)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct stat st;
	enum result r = RESULT_OK;
	char *bytes;
	ssize_t n;

	if (fd < 0 || fstat(fd, &st) != 0) {
		r = wrong(fault, path);
	} else if (st.st_size > REPORT_BYTES_MAX) {
		r = fault_set(fault, RESULT_TOO_LARGE, "%s: larger than a report may be", path);
	} else {
		bytes = arena_get(arena, (size_t)st.st_size + 1);
		n = read(fd, bytes, (size_t)st.st_size);
		*report = (struct text){ bytes, (size_t)st.st_size };
		r = n == st.st_size ? RESULT_OK : wrong(fault, path);
	}
	if (fd >= 0) {
		(void)close(fd);
	}
	return r;
}

void
spool_remove(const char *path)
{
	if (unlink(path) != 0) {
		log_event(LOG_ERROR, "spool", "report=%s why=\"%s\"", path, strerror(errno));
	}
}
