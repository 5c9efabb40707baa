/*
 * base/socket.h - sockets to listen on, from addresses as vouch.yaml writes them: "127.0.0.1:8025", "[::1]:8025".
 *
 * Addresses are numeric, port 0 takes a free one, IPv6 sockets take IPv6 only. All sockets are close-on-exec.
 * Errors: RESULT_BAD_INPUT for an address, RESULT_IO when it cannot be bound; the fault names the address.
 */
#ifndef BASE_SOCKET_H
#define BASE_SOCKET_H

#include "base/text.h"

#include <sys/socket.h>

enum result socket_address(const char *address, struct sockaddr_storage *to, socklen_t *n,
			   struct fault *fault) MUST_USE;
enum result socket_listen_tcp(const char *address, int *fd, uint16_t *port, struct fault *fault) MUST_USE;
uint16_t socket_port(int fd); /* that it is bound to; 0 for a unix socket */

#define SOCKET_WORDS_BYTES 128U
/* What it is bound to, as vouch.yaml writes it: "127.0.0.1:8025", "[::1]:8025", the path of a unix socket. False: it is bound to none of these. */
bool socket_words(int fd, char out[SOCKET_WORDS_BYTES]);
/* The one way to write an address; what is none stays as it is, cut to the size. */
void socket_same_words(const char *address, char out[SOCKET_WORDS_BYTES]);

/*
 * A unix socket with these permissions. A stale one (it refuses a connection) is replaced; RESULT_CONFLICT when somebody
 * answers there, and when the file is no socket.
 */
enum result socket_listen_unix(const char *path, unsigned mode, int *fd, struct fault *fault) MUST_USE;

#endif
