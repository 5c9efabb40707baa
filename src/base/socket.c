/* base/socket.c - numeric addresses only: a name server that is away must not keep us from listening. */
#include "base/socket.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define BACKLOG 128

/* "127.0.0.1:8025" or "[::1]:8025" to a socket address; names are not looked up. */
static enum result
read_address(const char *address, int type, struct addrinfo **found, struct fault *fault)
{
	const struct addrinfo hints = { .ai_flags = AI_NUMERICHOST | AI_NUMERICSERV | AI_PASSIVE,
					.ai_socktype = type };
	const char *colon = strrchr(address, ':');
	char host[64];
	uint64_t port;
	size_t n = colon == NULL ? 0 : (size_t)(colon - address);

	if (n > 2 && address[0] == '[' && address[n - 1] == ']') {
		address++;
		n -= 2;
	} else if (memchr(address, ':', n) != NULL) {
		n = 0; /* an IPv6 address without brackets: where does the port begin? */
	}
	if (n == 0 || n >= sizeof host || colon[1] == '\0') {
		return fault_set(fault, RESULT_BAD_INPUT,
				 "\"%s\": an address with a port is wanted, as 127.0.0.1:8025 or [::1]:8025",
				 address);
	}
	(void)snprintf(host, sizeof host, "%.*s", (int)n, address);
	/* getaddrinfo would take 99999 and cut it to 16 bits. */
	if (!text_u64(text_of(colon + 1), &port) || port > 65535 ||
	    getaddrinfo(host, colon + 1, &hints, found) != 0) {
		return fault_set(fault, RESULT_BAD_INPUT, "\"%s\": not a numeric address and port", address);
	}
	return RESULT_OK;
}

uint16_t
socket_port(int fd)
{
	union {
		struct sockaddr any;
		struct sockaddr_in v4;
		struct sockaddr_in6 v6;
	} a = { 0 };
	socklen_t n = sizeof a;

	if (getsockname(fd, &a.any, &n) != 0 || a.any.sa_family == AF_UNIX) {
		return 0;
	}
	return ntohs(a.any.sa_family == AF_INET6 ? a.v6.sin6_port : a.v4.sin_port);
}

enum result
socket_listen_tcp(const char *address, int *fd, uint16_t *port, struct fault *fault)
{
	struct addrinfo *found;
	enum result r = read_address(address, SOCK_STREAM, &found, fault);
	const int on = 1;

	*fd = -1;
	if (r != RESULT_OK) {
		return r;
	}
	*fd = socket(found->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (*fd < 0 || setsockopt(*fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) != 0 ||
	    (found->ai_family == AF_INET6 &&
	     setsockopt(*fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on) != 0) ||
	    bind(*fd, found->ai_addr, found->ai_addrlen) != 0 || listen(*fd, BACKLOG) != 0) {
		r = fault_set(fault, RESULT_IO, "%s: %s", address, strerror(errno));
		if (*fd >= 0) {
			close(*fd);
		}
		*fd = -1;
	} else {
		*port = socket_port(*fd);
	}
	freeaddrinfo(found);
	return r;
}

/* Removes what an earlier process left at the path: a socket that nobody listens on, nothing else. */
static enum result
remove_stale(const struct sockaddr_un *a, struct fault *fault)
{
	struct stat st;
	int fd, error;

	if (lstat(a->sun_path, &st) != 0) {
		return errno == ENOENT ? RESULT_OK
				       : fault_set(fault, RESULT_IO, "%s: %s", a->sun_path, strerror(errno));
	}
	if (!S_ISSOCK(st.st_mode)) {
		return fault_set(fault, RESULT_CONFLICT, "%s: there is a file, and it is no socket",
				 a->sun_path);
	}
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0) {
		return fault_set(fault, RESULT_IO, "%s: %s", a->sun_path, strerror(errno));
	}
	error = connect(fd, (const struct sockaddr *)a, sizeof *a) == 0 ? 0 : errno;
	close(fd);
	if (error != ECONNREFUSED) {
		return fault_set(fault, RESULT_CONFLICT, "%s: somebody listens there already", a->sun_path);
	}
	if (unlink(a->sun_path) != 0 && errno != ENOENT) {
		return fault_set(fault, RESULT_IO, "%s: %s", a->sun_path, strerror(errno));
	}
	return RESULT_OK;
}

enum result
socket_listen_unix(const char *path, unsigned mode, int *fd, struct fault *fault)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };
	size_t n = strlen(path);
	enum result r;

	*fd = -1;
	if (n == 0 || n >= sizeof a.sun_path) {
		return fault_set(fault, RESULT_BAD_INPUT, "\"%s\": a path of 1 to %zu bytes is wanted", path,
				 sizeof a.sun_path - 1);
	}
	memcpy(a.sun_path, path, n);
	r = remove_stale(&a, fault);
	if (r != RESULT_OK) {
		return r;
	}
	*fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	/* Nobody can connect before listen, so there is no moment at which others could. */
	if (*fd < 0 || bind(*fd, (const struct sockaddr *)&a, sizeof a) != 0 || chmod(path, mode) != 0 ||
	    listen(*fd, BACKLOG) != 0) {
		r = fault_set(fault, RESULT_IO, "%s: %s", path, strerror(errno));
		if (*fd >= 0) {
			close(*fd);
		}
		*fd = -1;
	}
	return r;
}

enum result
socket_address(const char *address, struct sockaddr_storage *to, socklen_t *n, struct fault *fault)
{
	struct addrinfo *found;
	enum result r = read_address(address, SOCK_DGRAM, &found, fault);

	if (r == RESULT_OK) {
		*to = (struct sockaddr_storage){ 0 };
		memcpy(to, found->ai_addr, found->ai_addrlen);
		*n = found->ai_addrlen;
		freeaddrinfo(found);
	}
	return r;
}

static bool
write_words(const struct sockaddr_storage *of, socklen_t n, char out[SOCKET_WORDS_BYTES])
{
	char host[64], port[8];

	if ((of->ss_family != AF_INET && of->ss_family != AF_INET6) ||
	    getnameinfo((const struct sockaddr *)of, n, host, sizeof host, port, sizeof port,
			NI_NUMERICHOST | NI_NUMERICSERV) != 0) {
		return false;
	}
	(void)snprintf(out, SOCKET_WORDS_BYTES, of->ss_family == AF_INET6 ? "[%s]:%s" : "%s:%s", host, port);
	return true;
}

bool
socket_words(int fd, char out[SOCKET_WORDS_BYTES])
{
	union {
		struct sockaddr any;
		struct sockaddr_storage storage;
		struct sockaddr_un path;
	} a = { 0 };
	socklen_t n = sizeof a - 1; /* a path is not always ended */

	if (getsockname(fd, &a.any, &n) != 0) {
		return false;
	}
	if (a.any.sa_family == AF_UNIX && a.path.sun_path[0] != '\0') {
		(void)snprintf(out, SOCKET_WORDS_BYTES, "%s", a.path.sun_path);
		return true;
	}
	return write_words(&a.storage, n, out);
}

void
socket_same_words(const char *address, char out[SOCKET_WORDS_BYTES])
{
	struct sockaddr_storage to;
	struct fault fault = { { 0 } };
	socklen_t n;

	if (strchr(address, '/') != NULL || socket_address(address, &to, &n, &fault) != RESULT_OK ||
	    !write_words(&to, n, out)) {
		(void)snprintf(out, SOCKET_WORDS_BYTES, "%s", address);
	}
}
