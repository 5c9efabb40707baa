/*
 * vouchd/receivers.h - the receivers of vouch.yaml: who may ask, and what they ask.
 */
#ifndef VOUCHD_RECEIVERS_H
#define VOUCHD_RECEIVERS_H

#include "serve/dns_gate.h"
#include "vouchd/config.h"

/*
 * Numbers the receivers of `next`: as they are in `now` (NULL: there is nothing yet), new ones from *last + 1 on. A number is nobody else's while
 * the process lives. Errors: RESULT_BAD_INPUT when they are used up.
 */
enum result receivers_number(const struct config *now, struct config *next, uint32_t *last,
			     struct fault *fault) MUST_USE;
/* The gate of DNS as the configuration describes it. Errors: RESULT_BAD_INPUT, with the file. */
enum result receivers_open(const struct config *config, struct dns_gate **gate, struct fault *fault) MUST_USE;
/* The same for a gate that is in use; after an error it is as it was. */
enum result receivers_change(const struct config *config, struct dns_gate *gate,
			     struct fault *fault) MUST_USE;

#endif
