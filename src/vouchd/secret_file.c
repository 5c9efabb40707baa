/* vouchd/secret_file.c - read whole, trimmed. */
#include "vouchd/secret_file.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

enum result
secret_file_read(const char *path, char secret[SECRET_FILE_BYTES], struct fault *fault)
{
	char bytes[SECRET_FILE_BYTES];
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : read(fd, bytes, sizeof bytes);
	enum result r = RESULT_OK;
	struct text t;

	if (n < 0) {
		r = fault_set(fault, errno == ENOENT ? RESULT_NOT_FOUND : RESULT_IO, "%s: %s", path,
			      strerror(errno));
	} else {
		t = text_trim((struct text){ bytes, (size_t)n });
		if (t.n == 0 || t.n >= SECRET_FILE_BYTES || (size_t)n == sizeof bytes) {
			r = fault_set(fault, RESULT_BAD_INPUT, "%s: a secret below %u bytes is wanted", path,
				      SECRET_FILE_BYTES);
		} else {
			memcpy(secret, t.p, t.n);
			secret[t.n] = '\0';
		}
	}
	if (fd >= 0) {
		(void)close(fd);
	}
	explicit_bzero(bytes, sizeof bytes);
	return r;
}
