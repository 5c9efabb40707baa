/*
 * milter/session.h - one connection of the mail server, as libmilter hands it on: which mails are certified, and their marks.
 *
 * Whatever fails here, the mail goes on as if we were not there: each callback answers "continue", but for reject_zones.
 */
#ifndef MILTER_SESSION_H
#define MILTER_SESSION_H

#include "milter/settings.h"

#include <libmilter/mfapi.h>

/* What smfi_register wants. The settings must outlive smfi_main. Call once. */
struct smfiDesc session_description(const struct settings *settings);

#endif
