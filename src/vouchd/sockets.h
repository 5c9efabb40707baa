/*
 * vouchd/sockets.h - all that vouchd listens on, bound before anything else happens: while it may still have the rights for it, and so
 * that a start that cannot have its addresses touches nothing. Whoever connects early waits until the doors open.
 */
#ifndef VOUCHD_SOCKETS_H
#define VOUCHD_SOCKETS_H

#include "base/socket.h"
#include "serve/dns.h"
#include "vouchd/config.h"

enum socket_door { SOCKET_DNS, SOCKET_HTTP, SOCKET_CONTROL, SOCKET_LMTP, SOCKET_DOORS };

struct socket_place {
	enum socket_door door;
	char address[SOCKET_WORDS_BYTES]; /* as vouch.yaml has it, in the one way to write it */
	struct dns_bound dns;             /* SOCKET_DNS */
	int fd;                           /* others; -1: somebody took it, or it is DNS */
	bool is_path;                     /* of a unix socket that was made here */
	bool inherited;
};

#define SOCKETS_MAX (3U * CONFIG_TEXTS_MAX + 1U) /* CONFIG_TEXTS_MAX of a door */
struct sockets {
	size_t count;
	struct socket_place places[SOCKETS_MAX]; /* by door; what was inherited comes first */
};

/*
 * Takes what a service manager opened for us, and opens what else `config` names; or none. The name of an inherited socket (dns, http,
 * lmtp) says whose it is; without one of these it is the door's that has its address in `config`. Errors: as base/socket.h and
 * vouchd/inherited.h; RESULT_BAD_INPUT for a socket that is no door's, and for DNS without UDP or without TCP. The fault names
 * door and address.
 */
enum result sockets_open(const struct config *config, struct sockets *sockets, struct fault *fault) MUST_USE;
/* Where a door listens; its first place is at *at. Returns how many there are. */
size_t sockets_of(const struct sockets *sockets, enum socket_door door, size_t *at);
/* Closes what nobody took, and removes the unix sockets. Twice is fine. */
void sockets_close(struct sockets *sockets);

#endif
