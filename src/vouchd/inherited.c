/* vouchd/inherited.c - the few lines of the protocol, so that no library of the service manager is needed. */
#include "vouchd/inherited.h"

#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

static bool
is_for_us(size_t *count, struct fault *fault)
{
	const char *pid = getenv("LISTEN_PID"), *fds = getenv("LISTEN_FDS");
	uint64_t n;

	*count = 0;
	if (pid == NULL || fds == NULL || !text_u64(text_of(pid), &n) || n != (uint64_t)getpid()) {
		return true; /* of a parent; it has nothing to do with us */
	}
	if (!text_u64(text_of(fds), &n) || n > INHERITED_MAX) {
		(void)fault_set(fault, RESULT_BAD_INPUT, "LISTEN_FDS: %s: at most %u are taken", fds,
				INHERITED_MAX);
		return false;
	}
	*count = (size_t)n;
	return true;
}

static bool
option_of(int fd, int option, int *value)
{
	socklen_t n = sizeof *value;

	return getsockopt(fd, SOL_SOCKET, option, value, &n) == 0;
}

/* A socket of a connection (Accept=yes), a file or a pipe is not what we listen on. */
static enum result
take_one(struct inherited_socket *s, int fd, struct text name, struct fault *fault)
{
	int type, listens, flags = fcntl(fd, F_GETFD);

	*s = (struct inherited_socket){ .fd = fd };
	if (flags < 0 || fcntl(fd, F_SETFD, flags | FD_CLOEXEC) != 0 || !option_of(fd, SO_TYPE, &type) ||
	    !option_of(fd, SO_ACCEPTCONN, &listens) || (type != SOCK_DGRAM && type != SOCK_STREAM) ||
	    (type == SOCK_STREAM && !listens) || !socket_words(fd, s->address)) {
		return fault_set(fault, RESULT_BAD_INPUT,
				 "LISTEN_FDS: descriptor %d is no socket that listens", fd);
	}
	s->datagrams = type == SOCK_DGRAM;
	for (size_t i = 0; i < name.n && i < sizeof s->name - 1; i++) {
		s->name[i] = name.p[i];
	}
	/* vouchd waits with the next call; a socket of somebody else may be of another mind. */
	flags = fcntl(fd, F_GETFL);
	if (flags < 0 || fcntl(fd, F_SETFL, s->datagrams ? flags & ~O_NONBLOCK : flags | O_NONBLOCK) != 0) {
		return fault_set(fault, RESULT_IO, "LISTEN_FDS: descriptor %d", fd);
	}
	return RESULT_OK;
}

enum result
inherited_take(struct inherited *inherited, struct fault *fault)
{
	const char *listed = getenv("LISTEN_FDNAMES");
	struct text names = text_of(listed == NULL ? "" : listed), name;
	enum result r = RESULT_OK;
	size_t count;

	*inherited = (struct inherited){ 0 };
	if (!is_for_us(&count, fault)) {
		return RESULT_BAD_INPUT;
	}
	while (inherited->count < count && r == RESULT_OK) {
		int fd = INHERITED_FIRST + (int)inherited->count;

		name = (struct text){ 0 };
		if (names.n > 0) {
			(void)text_cut(&names, ':', &name);
		}
		r = take_one(&inherited->sockets[inherited->count++], fd, name, fault);
	}
	(void)unsetenv("LISTEN_PID");
	(void)unsetenv("LISTEN_FDS");
	(void)unsetenv("LISTEN_FDNAMES");
	return r;
}

void
inherited_close(struct inherited *inherited)
{
	for (size_t i = 0; i < inherited->count; i++) {
		if (inherited->sockets[i].fd >= 0) {
			close(inherited->sockets[i].fd);
			inherited->sockets[i].fd = -1;
		}
	}
}
