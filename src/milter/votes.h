/*
 * milter/votes.h - what becomes known of a mail after we marked it: moves into and out of the junk folder, and the filter's verdict.
 *
 * A thread reads datagrams: "junk VOTER TICKET" and "not_junk VOTER TICKET" from a unix socket that anybody on the machine may write to, and
 * "taken COUNT spam|ham TICKET" from our own second process. Only a ticket of ours counts, and each voter once for each
 * mail and direction, also through a restart. VOTER is 16 hex digits of a hash of the user's name; what is kept is a hash of all that.
 */
#ifndef MILTER_VOTES_H
#define MILTER_VOTES_H

#include "milter/counts.h"
#include "milter/settings.h"
#include "milter/ticket.h"

struct votes;

/* verdict_fd: our end of the pair with the second process, -1: there is none. When that ends, this one is told to end (SIGTERM). */
enum result votes_open(const struct settings *settings, struct counts *counts, const struct hash *key,
		       int verdict_fd, struct votes **votes, struct fault *fault) MUST_USE;
void votes_close(struct votes *v); /* NULL is fine */

/* For the hook: reads a mail from `fd`, finds its ticket and sends the vote. RESULT_NOT_FOUND: it has none, so it was not certified. */
enum result votes_send(const char *socket, const char *vote, const char *user, int fd,
		       struct fault *fault) MUST_USE;

#endif
