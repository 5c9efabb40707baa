/*
 * milter/courier.h - a thread that makes a report of what was counted, at the stated interval, and brings it to the operator.
 *
 * A report is on disk before it is sent, and goes from there when the operator has it (HTTP 2xx), so each is sent until it is taken and, by its bytes,
 * counted once. What cannot be stored is counted with the next.
 */
#ifndef MILTER_COURIER_H
#define MILTER_COURIER_H

#include "milter/counts.h"
#include "milter/settings.h"

struct courier;
/* Reads the token. Errors: RESULT_NOT_FOUND, RESULT_IO, RESULT_BAD_INPUT; the fault names the file. */
enum result courier_start(const struct settings *settings, struct counts *counts, struct courier **courier,
			  struct fault *fault) MUST_USE;
/* What was counted is stored, and sent by the next run. NULL is fine. */
void courier_stop(struct courier *c);

#endif
