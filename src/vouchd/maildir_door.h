/*
 * vouchd/maildir_door.h - a watched Maildir, on the event loop: a mail is moved to cur/ only after its report is on disk.
 */
#ifndef VOUCHD_MAILDIR_DOOR_H
#define VOUCHD_MAILDIR_DOOR_H

#include "vouchd/directory.h"
#include "vouchd/pipeline.h"

#include <uv.h>

struct maildir_door;

/* Errors: RESULT_IO when the folder is missing. Without config->maildir: RESULT_OK and *door NULL. */
enum result maildir_door_open(uv_loop_t *loop, const struct config *config, struct pipeline *p,
			      struct directory *directory, struct maildir_door **door,
			      struct fault *fault) MUST_USE;
void maildir_door_close(struct maildir_door *door); /* NULL is fine; mails with the writer are still moved */
void maildir_door_free(struct maildir_door *door);  /* after the loop has ended */

#endif
