/*
 * milter/ticket.h - what a mail carries from us to those who judge it later: which sources it counts for.
 *
 * "1 1767600000 0123456789abcdef 192.0.2.10,news.example MAC": a version, when it came (seconds), a random number that is its alone,
 * its certified sources, and 32 hex digits of an HMAC-SHA256 with a key that never leaves this machine. So nobody
 * can vote on mail that was not there, and the field says nothing of who received it.
 */
#ifndef MILTER_TICKET_H
#define MILTER_TICKET_H

#include "base/hash.h"
#include "base/instant.h"

#define TICKET_FIELD       "X-Vouch-Ticket"
#define TICKET_BYTES_MAX   1600U
#define TICKET_SOURCES_MAX 1100U /* four sources with their commas */

struct ticket {
	struct instant came; /* whole seconds */
	uint64_t id;
	char sources[TICKET_SOURCES_MAX]; /* canonical keys with commas between, the address first */
};

/* Appends it. Cost: one HMAC. */
void ticket_write(const struct ticket *ticket, const struct hash *key, struct buffer *b);
/* False: it is none of ours. *ticket is then unchanged. */
bool ticket_read(struct text text, const struct hash *key, struct ticket *ticket);

#endif
