/*
 * intake/lmtp.h - one LMTP session (RFC 2033, RFC 5321) without its socket: bytes in, replies and messages out.
 *
 *            LHLO         MAIL          RCPT           DATA           CRLF.CRLF
 *   GREETED ------> READY -----> MAIL -------> RCPT -------> DATA -----------------> WAITING
 *                     ^           RSET           |                                      |
 *                     +--------------------------+----------- lmtp_answer --------------+        QUIT: CLOSED
 *
 * A message waits until the caller knows that it is on disk; the replies, one per recipient, are made only then.
 * Offered: PIPELINING, 8BITMIME, SMTPUTF8, SIZE, ENHANCEDSTATUSCODES. Only CRLF.CRLF ends a message: a bare LF or CR stays content, so
 * that nobody can smuggle a second message into the first. Memory: MAIL_BYTES_MAX for the message, a few kB beside it.
 */
#ifndef INTAKE_LMTP_H
#define INTAKE_LMTP_H

#include "base/text.h"

struct lmtp;

struct lmtp_rules {
	struct text hostname; /* in the greeting */
	/*
	 * May this recipient take mail? RESULT_OK, or the refusal (NOT_FOUND, DENIED, BUSY ...). The address is without "<>"; it may
	 * hold any byte from 32 on. NULL: every recipient may.
	 */
	enum result (*recipient)(void *context, struct text address);
	void *context;
};

/* A complete message: sender and recipients as given, content without the dots of the transport. */
struct lmtp_message {
	struct text client;     /* the name given in LHLO */
	struct text sender;     /* without "<>"; empty for the null sender */
	struct text content;    /* CRLF line ends as received */
	size_t recipient_count; /* 1..LMTP_RECIPIENTS_MAX, only accepted ones */
	const struct text *recipients;
};

struct lmtp *lmtp_open(const struct lmtp_rules *rules); /* rules are copied, but for what they point to */
void lmtp_free(struct lmtp *s);                         /* NULL is fine */

/*
 * Takes bytes from the client and returns how many. Fewer than given only when a message waits (feed the rest after
 * lmtp_answer), when replies wait to be sent (after lmtp_sent), or when the session is closed (drop it).
 */
size_t lmtp_feed(struct lmtp *s, struct text bytes);

/* What must be sent to the client. Valid until the next call; lmtp_sent takes off what was. */
struct text lmtp_output(const struct lmtp *s);
void lmtp_sent(struct lmtp *s, size_t n);

/* Does a message wait for its answer? Texts are valid until lmtp_answer. */
bool lmtp_message(struct lmtp *s, struct lmtp_message *message);

/*
 * The fate of the waiting message: one result per recipient, in the order of message.recipients; a caller that cannot
 * tell them apart gives count 1. RESULT_OK is 250; BUSY, IO, DAMAGED and DIFFERENT are 451 (try again); TOO_LARGE 552, the others 550.
 */
void lmtp_answer(struct lmtp *s, const enum result *results, size_t count);

/* Ends the session from our side: 421 with these words (shutting down, silent too long, too many sessions). */
void lmtp_end(struct lmtp *s, const char *words);
bool lmtp_closed(const struct lmtp *s); /* send the output, then close */

#endif
