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
	int taken;                        /* the number it had then */
	struct dns *server;               /* SOCKET_DNS: that took it */
	bool is_path;                     /* of a unix socket that was made here */
	bool inherited;
};

#define SOCKETS_MAX (3U * OPTIONS_SEVERAL_MAX + 1U) /* OPTIONS_SEVERAL_MAX of a door */
struct sockets {
	size_t count;
	struct socket_place places[SOCKETS_MAX]; /* at the start by door, what was inherited first */
};

/*
 * Takes what a service manager opened for us, and opens what else `config` names; or none. The name of an inherited socket (dns, http,
 * lmtp) says whose it is; without one of these it is the door's that has its address in `config`. Errors: as base/socket.h and
 * vouchd/inherited.h; RESULT_BAD_INPUT for a socket that is no door's, and for DNS without UDP or without TCP. The fault names
 * door and address.
 */
enum result sockets_open(const struct config *config, struct sockets *sockets, struct fault *fault) MUST_USE;
/*
 * What `next` names beside that goes into `added`, opened, or nothing does. Errors: as sockets_open, also for more than OPTIONS_SEVERAL_MAX of a
 * door at once.
 */
enum result sockets_add(const struct sockets *now, const struct config *next, struct sockets *added,
			struct fault *fault) MUST_USE;
/* Is it to stay open with this configuration? */
bool sockets_wanted(const struct config *next, const struct socket_place *place);
/* Closes what nobody took of one place, and removes its path and the place; those behind it move up. */
void sockets_remove(struct sockets *sockets, size_t at);
int socket_take(struct socket_place *place); /* the descriptor, which is the caller's now */
/* Where a door listens; its first place is at *at. Returns how many there are. */
size_t sockets_of(const struct sockets *sockets, enum socket_door door, size_t *at);
/* Closes what nobody took, and removes the unix sockets. Twice is fine. */
void sockets_close(struct sockets *sockets);

#endif
