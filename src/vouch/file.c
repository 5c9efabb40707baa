/* Files and the standard input. */
#include "vouch/file.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#define STEP_BYTES 65536

enum result
file_open(const char *name, int *fd, struct fault *fault)
{
	*fd = strcmp(name, "-") == 0 ? dup(STDIN_FILENO) : open(name, O_RDONLY | O_CLOEXEC);
	if (*fd < 0) {
		return fault_set(fault, errno == ENOENT ? RESULT_NOT_FOUND : RESULT_IO, "%s: %s", name,
				 strerror(errno));
	}
	return RESULT_OK;
}

enum result
file_fill(int fd, const char *name, size_t n, struct buffer *out, bool *end, struct fault *fault)
{
	char step[STEP_BYTES];

	*end = false;
	while (out->n < n) {
		size_t want = n - out->n < sizeof step ? n - out->n : sizeof step;
		ssize_t got = read(fd, step, want);

		if (got < 0 && errno == EINTR) {
			continue;
		}
		if (got < 0) {
			return fault_set(fault, RESULT_IO, "%s: %s", name, strerror(errno));
		}
		if (got == 0) {
			*end = true;
			return RESULT_OK;
		}
		buffer_put(out, step, (size_t)got);
		if (out->full) {
			return fault_set(fault, RESULT_IO, "%s: out of memory", name);
		}
	}
	return RESULT_OK;
}

enum result
file_read(const char *name, struct buffer *out, struct fault *fault)
{
	bool end;
	int fd;
	enum result r = file_open(name, &fd, fault);

	if (r != RESULT_OK) {
		return r;
	}
	r = file_fill(fd, name, out->max, out, &end, fault);
	if (r == RESULT_OK && !end) {
		char more;

		if (read(fd, &more, 1) == 1) {
			r = fault_set(fault, RESULT_TOO_LARGE, "%s: larger than %zu bytes", name, out->max);
		}
	}
	close(fd);
	return r;
}
