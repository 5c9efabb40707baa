/*
 * vouchd/look.h - what an observation says of how a message looked, for the detector.
 *
 * Read from attributes: `cluster` (any name of its template), `from_domain`, `link_domain` (with blanks between: several), `lure` and
 * `attachment` (any value but "0" and "false"); the signals bad_url and attachment say the same of themselves. An attachment is nothing of a
 * system that declares them. Domains are declared when they are, or lie below, one that the system declares; of the links the undeclared ones
 * are told. The links of an announced campaign are declared while it runs, until twice its volume was sent: then what is sent is not what was
 * announced. A domain that looks like a declared one, or like a brand of the member, is told too (model/alike.h). Pure.
 */
#ifndef VOUCHD_LOOK_H
#define VOUCHD_LOOK_H

#include "detect/detect.h"
#include "model/report.h"
#include "registry/registry.h"

/* Where the message came from. */
struct look_from {
	const struct registry *registry;
	const struct detect *detect;
	uint32_t system, unit; /* of the registry; of the detector */
};

/* False: the observation says nothing of content. Leaves the units and the member to the caller. */
bool look_read(const struct look_from *at, const struct observation *o, struct detect_look *look);

#endif
