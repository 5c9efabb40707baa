/*
 * vouchd/lmtp_door.h - feedback mail by LMTP, on the event loop: 250 only after the report is on disk.
 */
#ifndef VOUCHD_LMTP_DOOR_H
#define VOUCHD_LMTP_DOOR_H

#include "vouchd/directory.h"
#include "vouchd/pipeline.h"

#include <uv.h>

struct lmtp_door;

/* Listens nowhere yet. */
struct lmtp_door *lmtp_door_open(uv_loop_t *loop, const struct config *config, struct pipeline *p,
				 struct directory *directory);
/* Takes a socket that listens, also when it fails; `where` is for the log. Errors: RESULT_IO, RESULT_BUSY. */
enum result lmtp_door_listen(struct lmtp_door *door, const char *where, int fd, struct fault *fault) MUST_USE;
/* No more sessions from the socket with this number; those that there are go on. */
void lmtp_door_unlisten(struct lmtp_door *door, int fd);
/* Stops listening and tells every session 421; messages that are with the writer are still answered. NULL is fine. */
void lmtp_door_close(struct lmtp_door *door);
/* After the loop has ended. */
void lmtp_door_free(struct lmtp_door *door);

#endif
