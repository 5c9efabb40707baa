/*
 * vouchd/receivers.h - the receivers of vouch.yaml: who may ask, and what they ask.
 */
#ifndef VOUCHD_RECEIVERS_H
#define VOUCHD_RECEIVERS_H

#include "serve/dns_gate.h"
#include "vouchd/config.h"

/* The gate of DNS as the configuration describes it; receiver i of it is number i + 1 there. Errors: RESULT_BAD_INPUT, with the file. */
enum result receivers_open(const struct config *config, struct dns_gate **gate, struct fault *fault) MUST_USE;

#endif
