/*
 * milter/session.h - one connection of the mail server, as libmilter hands it on: which mails are certified, their marks, what is counted.
 *
 * Whatever fails here, the mail goes on as if we were not there: each callback answers "continue", but for reject_zones.
 */
#ifndef MILTER_SESSION_H
#define MILTER_SESSION_H

#include "milter/counts.h"
#include "milter/settings.h"
#include "milter/ticket.h"

#include <libmilter/mfapi.h>

/* What all sessions share. */
struct session_shared {
	const struct settings *settings;
	struct counts *counts; /* NULL: nothing is counted, and no mail gets a ticket */
	struct hash ticket_key;
};

/* What smfi_register wants; `shared` must outlive smfi_main. Call once. */
struct smfiDesc session_description(const struct session_shared *shared);

/*
 * The same for the second process, behind the filter: what it says of each mail that has a ticket of ours goes through `fd`, as
 * milter/votes.h reads it. Changes no mail.
 */
struct smfiDesc verdict_description(const struct session_shared *shared, int fd);

/* Does this value of verdict_field say spam? "Yes, score=12.3", "YES". */
bool verdict_is_spam(struct text value);

#endif
