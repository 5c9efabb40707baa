/* vouchd/secondaries.h - from the transfers of vouch.yaml to the keys and zones of secondaries. */
#ifndef VOUCHD_SECONDARIES_H
#define VOUCHD_SECONDARIES_H

#include "serve/transfer.h"
#include "vouchd/config.h"

/*
 * transfer_open with config->transfers. Reads the secret files. Errors:
 * RESULT_BAD_INPUT for a secret that is none, is too short or given twice, and those of transfer_open; RESULT_NOT_FOUND,
 * RESULT_IO for a file. The fault names file and line, and no secret.
 */
enum result secondaries_open(const struct config *config, struct list *list, struct transfers **transfers,
			     struct fault *fault) MUST_USE;
/* transfer_change with them, and with the secrets that the files have now: on the writer's thread. Errors as above; all is then as it was. */
enum result secondaries_change(const struct config *config, struct list *list, struct transfers *transfers,
			       struct fault *fault) MUST_USE;

#endif
