/*
 * vouchd/inherited.h - sockets that a service manager opened for us: LISTEN_FDS, LISTEN_PID and LISTEN_FDNAMES as sd_listen_fds(3) documents
 * them.
 */
#ifndef VOUCHD_INHERITED_H
#define VOUCHD_INHERITED_H

#include "base/socket.h"

#define INHERITED_MAX       64U
#define INHERITED_FIRST     3 /* SD_LISTEN_FDS_START */
#define INHERITED_NAME_SIZE 64U

struct inherited_socket {
	int fd; /* -1: somebody took it */
	bool datagrams;
	char name[INHERITED_NAME_SIZE]; /* FileDescriptorName=; "": none */
	char address[SOCKET_WORDS_BYTES];
};

struct inherited {
	size_t count;
	struct inherited_socket sockets[INHERITED_MAX];
};

/*
 * Takes what is meant for this process out of the environment; nothing is fine. The descriptors are close-on-exec from here on.
 * Errors: RESULT_BAD_INPUT for a descriptor that is no socket to listen on; the fault names it.
 */
enum result inherited_take(struct inherited *inherited, struct fault *fault) MUST_USE;
void inherited_close(struct inherited *inherited); /* those that nobody took */

#endif
