/* A watched Maildir. Works on descriptors of the folders, so that a renamed or linked path cannot lead elsewhere. */
#include "intake/maildir.h"

#include "base/limits.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static int
open_folder(const char *path, const char *name, struct fault *fault)
{
	int top = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC), fd;

	fd = top < 0 ? -1 : openat(top, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0) {
		(void)fault_set(fault, RESULT_IO, "%s/%s: %s", path, name, strerror(errno));
	}
	if (top >= 0) {
		(void)close(top);
	}
	return fd;
}

enum result
maildir_open(const char *path, struct maildir *m, struct fault *fault)
{
	*m = (struct maildir){ .new_fd = open_folder(path, "new", fault),
			       .cur_fd = open_folder(path, "cur", fault) };
	if (m->new_fd < 0 || m->cur_fd < 0) {
		maildir_close(m);
		return RESULT_IO;
	}
	return RESULT_OK;
}

void
maildir_close(struct maildir *m)
{
	if (m->new_fd >= 0) {
		(void)close(m->new_fd);
	}
	if (m->cur_fd >= 0) {
		(void)close(m->cur_fd);
	}
	*m = (struct maildir){ -1, -1 };
}

static int
by_name(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* The names in new/, sorted. */
static enum result
list_names(struct maildir *m, struct arena *arena, char ***names, size_t *count)
{
	int fd = openat(m->new_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	char **list = NULL;
	size_t n = 0, size = 0;
	struct dirent *entry;

	if (dir == NULL) {
		if (fd >= 0) {
			(void)close(fd);
		}
		return RESULT_IO;
	}
	errno = 0;
	while (n < MAILDIR_NAMES_MAX && (entry = readdir(dir)) != NULL) {
		if (entry->d_name[0] == '.') {
			continue;
		}
		if (n == size) {
			char **more = arena_get_array(arena, size == 0 ? 64 : size * 2, sizeof *more);

			if (n > 0) {
				memcpy(more, list, n * sizeof *more);
			}
			size = size == 0 ? 64 : size * 2;
			list = more;
		}
		list[n++] = text_copy(arena, text_of(entry->d_name));
	}
	(void)closedir(dir);
	if (n > 0) {
		qsort(list, n, sizeof *list, by_name);
	}
	*names = list;
	*count = n;
	return RESULT_OK;
}

static struct instant
changed_at(const struct stat *st)
{
	return (struct instant){ (int64_t)st->st_mtim.tv_sec * 1000 + st->st_mtim.tv_nsec / 1000000 };
}

/* Has the file rested? One from the future (another clock wrote it) has. */
static bool
has_settled(const struct stat *st, struct instant now)
{
	int64_t changed = changed_at(st).ms;

	return changed > now.ms + MAILDIR_SETTLE_MS || now.ms - changed >= MAILDIR_SETTLE_MS;
}

static bool
has_changed(const struct stat *a, const struct stat *b)
{
	return a->st_size != b->st_size || a->st_mtim.tv_sec != b->st_mtim.tv_sec ||
	       a->st_mtim.tv_nsec != b->st_mtim.tv_nsec;
}

/* Reads `size` bytes; false when there are fewer or more, or the disk fails. */
static bool
read_whole(int fd, char *p, size_t size)
{
	size_t n = 0;
	ssize_t got = 1;
	char beyond;

	while (n < size && got > 0) {
		got = read(fd, p + n, size - n);
		n += got > 0 ? (size_t)got : 0;
		if (got < 0 && errno == EINTR) {
			got = 1;
		}
	}
	return n == size && read(fd, &beyond, 1) == 0;
}

/* Reads one file; false: it is none of ours, or must wait. */
static bool
read_mail(struct maildir *m, const char *name, struct instant now, struct arena *arena,
	  struct maildir_mail *mail)
{
	/* O_NONBLOCK: a FIFO with a mail's name must not hold the door. */
	int fd = openat(m->new_fd, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	struct stat before, after;
	bool ready = false;
	char *p;

	if (fd < 0) {
		return false;
	}
	if (fstat(fd, &before) == 0 && S_ISREG(before.st_mode) && has_settled(&before, now)) {
		*mail = (struct maildir_mail){ .name = text_of(name),
					       .content = TEXT(""),
					       .changed = changed_at(&before),
					       .result = RESULT_OK };
		if (before.st_size > MAIL_BYTES_MAX) {
			mail->result = RESULT_TOO_LARGE;
			ready = true;
		} else {
			p = arena_get(arena, (size_t)before.st_size + 1);
			ready = read_whole(fd, p, (size_t)before.st_size) && fstat(fd, &after) == 0 &&
				!has_changed(&before, &after);
			mail->content = (struct text){ p, (size_t)before.st_size };
		}
	}
	(void)close(fd);
	return ready;
}

enum result
maildir_read(struct maildir *m, struct instant now, size_t max, struct arena *arena,
	     struct maildir_mail **mails, size_t *count, bool *more)
{
	struct maildir_mail *list = arena_get_array(arena, max, sizeof *list);
	char **names = NULL;
	size_t n = 0, i = 0;
	enum result r = list_names(m, arena, &names, &n);

	*mails = list;
	*count = 0;
	for (; i < n && *count < max; i++) {
		*count += read_mail(m, names[i], now, arena, &list[*count]);
	}
	*more = i < n;
	return r;
}

enum result
maildir_done(struct maildir *m, struct text name)
{
	char from[NAME_MAX + 1], to[NAME_MAX + 1];
	struct text base = name, rest = name;
	size_t suffix = sizeof ":2,S" - 1;

	if (name.n == 0 || name.n >= sizeof from) {
		return RESULT_NOT_FOUND;
	}
	(void)text_cut(&rest, ':', &base);
	memcpy(from, name.p, name.n);
	from[name.n] = '\0';
	base.n = base.n + suffix > NAME_MAX ? NAME_MAX - suffix : base.n;
	memcpy(to, base.p, base.n);
	memcpy(to + base.n, ":2,S", suffix + 1);
	if (renameat(m->new_fd, from, m->cur_fd, to) != 0 && errno != ENOENT) {
		return RESULT_IO;
	}
	return RESULT_OK;
}
