/* vouchd/doors.c - all doors of the event loop as one. */
#include "vouchd/doors.h"

static enum result
open_lmtp(struct doors *doors, struct sockets *sockets, struct fault *fault)
{
	size_t at, count = sockets_of(sockets, SOCKET_LMTP, &at);
	enum result r = RESULT_OK;

	for (size_t i = at; i < at + count && r == RESULT_OK; i++) {
		struct socket_place *p = &sockets->places[i];

		r = lmtp_door_listen(doors->lmtp, p->address, socket_take(p), fault);
	}
	return r;
}

enum result
doors_open(struct doors *doors, uv_loop_t *loop, const struct config *config, struct sockets *sockets,
	   struct pipeline *p, struct directory *directory, struct fault *fault)
{
	enum result r;

	doors->lmtp = lmtp_door_open(loop, config, p, directory);
	r = open_lmtp(doors, sockets, fault);
	if (r == RESULT_OK) {
		r = maildir_door_open(loop, config, p, directory, &doors->maildir, fault);
	}
	if (r == RESULT_OK) {
		r = log_door_open(loop, config, p, directory, &doors->log, fault);
	}
	if (r == RESULT_OK) {
		r = blocklists_open(loop, config, p, directory, &doors->blocklists, fault);
	}
	return r;
}

void
doors_close(struct doors *doors)
{
	lmtp_door_close(doors->lmtp);
	maildir_door_close(doors->maildir);
	log_door_close(doors->log);
	blocklists_close(doors->blocklists);
}

void
doors_free(struct doors *doors)
{
	lmtp_door_free(doors->lmtp);
	maildir_door_free(doors->maildir);
	log_door_free(doors->log);
	blocklists_free(doors->blocklists);
}
