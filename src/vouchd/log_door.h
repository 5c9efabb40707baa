/*
 * vouchd/log_door.h - a followed log of a mail server, on the event loop: it goes on behind a part only after that part's report is on disk.
 */
#ifndef VOUCHD_LOG_DOOR_H
#define VOUCHD_LOG_DOOR_H

#include "vouchd/directory.h"
#include "vouchd/pipeline.h"

#include <uv.h>

struct log_door;

/* Errors: BAD_INPUT, IO, DAMAGED: a format that is no log, or the file that says how far it was read cannot be. Without config->mail_log: RESULT_OK and *door NULL. */
enum result log_door_open(uv_loop_t *loop, const struct config *config, struct pipeline *p,
			  struct directory *directory, struct log_door **door, struct fault *fault) MUST_USE;
void log_door_close(struct log_door *door); /* NULL is fine */
void log_door_free(struct log_door *door);  /* after the loop has ended */

#endif
