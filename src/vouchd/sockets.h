/*
 * vouchd/sockets.h - all that vouchd listens on, bound before anything else happens: while it may still have the rights for it, and so
 * that a start that cannot have its addresses touches nothing. Whoever connects early waits until the doors open.
 */
#ifndef VOUCHD_SOCKETS_H
#define VOUCHD_SOCKETS_H

#include "serve/dns.h"
#include "vouchd/config.h"

enum socket_door { SOCKET_DNS, SOCKET_HTTP, SOCKET_CONTROL, SOCKET_LMTP };

struct socket_place {
	enum socket_door door;
	const char *address;  /* as vouch.yaml has it */
	struct dns_bound dns; /* SOCKET_DNS */
	int fd;               /* others; -1: somebody took it, or it is DNS */
	bool is_path;         /* of a unix socket that was made here */
};

#define SOCKETS_MAX (3U * CONFIG_TEXTS_MAX + 1U)
struct sockets {
	size_t count;
	struct socket_place places[SOCKETS_MAX]; /* by door, each in the order of vouch.yaml */
};

/* Opens all that `config`, which must outlive it, names; or none. Errors: as base/socket.h; the fault names key and address. */
enum result sockets_open(const struct config *config, struct sockets *sockets, struct fault *fault) MUST_USE;
/* Where a door listens; its first place is at *at. Returns how many there are. */
size_t sockets_of(const struct sockets *sockets, enum socket_door door, size_t *at);
/* Closes what nobody took, and removes the unix sockets. Twice is fine. */
void sockets_close(struct sockets *sockets);

#endif
