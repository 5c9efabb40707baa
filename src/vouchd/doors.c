/* vouchd/doors.c - all doors of the event loop as one. */
#include "vouchd/doors.h"

enum result
doors_open(struct doors *doors, uv_loop_t *loop, const struct config *config, struct pipeline *p,
	   struct directory *directory, struct fault *fault)
{
	enum result r = lmtp_door_open(loop, config, p, directory, &doors->lmtp, fault);

	if (r == RESULT_OK) {
		r = maildir_door_open(loop, config, p, directory, &doors->maildir, fault);
	}
	if (r == RESULT_OK) {
		r = log_door_open(loop, config, p, directory, &doors->log, fault);
	}
	return r;
}

void
doors_close(struct doors *doors)
{
	lmtp_door_close(doors->lmtp);
	maildir_door_close(doors->maildir);
	log_door_close(doors->log);
}

void
doors_free(struct doors *doors)
{
	lmtp_door_free(doors->lmtp);
	maildir_door_free(doors->maildir);
	log_door_free(doors->log);
}
