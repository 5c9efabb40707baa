/*
 * vouchd/look.h - what an observation says of how a message looked, for the detector.
 *
 * Read from attributes: `cluster` (any name of its template), `from_domain`, `link_domain` (with blanks between: several), `lure` and
 * `attachment` (any value but "0" and "false"); the signals bad_url and attachment say the same of themselves. An attachment is nothing of a system that declares them. Domains are declared when they are, or
 * lie below, one that the system declares; of the links the undeclared ones are told. Pure.
 */
#ifndef VOUCHD_LOOK_H
#define VOUCHD_LOOK_H

#include "detect/detect.h"
#include "model/report.h"
#include "registry/registry.h"

/* False: the observation says nothing of content. Leaves the units and the member to the caller. */
bool look_read(const struct registry *r, uint32_t system, const struct observation *o,
	       struct detect_look *look);

#endif
