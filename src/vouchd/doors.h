/*
 * vouchd/doors.h - the doors on the event loop: LMTP, the Maildir, the followed log, the blocklists that are asked.
 */
#ifndef VOUCHD_DOORS_H
#define VOUCHD_DOORS_H

#include "vouchd/blocklists.h"
#include "vouchd/lmtp_door.h"
#include "vouchd/log_door.h"
#include "vouchd/maildir_door.h"
#include "vouchd/sockets.h"

struct doors {
	struct lmtp_door *lmtp;
	struct maildir_door *maildir;
	struct log_door *log;
	struct blocklists *blocklists;
};

/* Opens those that are configured; takes the sockets of LMTP. Errors: as each door; what was opened before stays so until doors_free. */
enum result doors_open(struct doors *doors, uv_loop_t *loop, const struct config *config,
		       struct sockets *sockets, struct pipeline *p, struct directory *directory,
		       struct fault *fault) MUST_USE;
void doors_close(struct doors *doors); /* nothing new is taken; what the writer has is still answered */
void doors_free(struct doors *doors);  /* after the loop has ended */

#endif
