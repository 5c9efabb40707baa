/*
 * notify/mail.h - a mail of ours: its text (RFC 5322, MIME), and handing it to a submission server (SMTP, libcurl).
 *
 * Each mail goes to one recipient, is plain text, and says that no person wrote it (Auto-Submitted, RFC 3834), so that vacation
 * notes and other machines leave it alone. It comes back to the configured bounce address, or to nobody (null return path). Test:
 * tests/unit/notify_mail_test.c, tests/interop/notices_test.py (Postfix).
 */
#ifndef NOTIFY_MAIL_H
#define NOTIFY_MAIL_H

#include "base/instant.h"
#include "notify/channel.h"

struct mail {
	struct text to;      /* one address: mail_address_fits */
	struct text subject; /* UTF-8; control characters become blanks */
	struct text body;    /* UTF-8, lines end in LF */
	bool is_reply;       /* it answers a mail: Auto-Submitted is auto-replied, else auto-generated */
	/* Message-ID of that mail, in its angle brackets; empty or no Message-ID: none */
	struct text answers;
};

/* Who sends. */
struct mail_from {
	const char *address; /* mail_address_fits */
	const char *name;    /* for people; "": none */
};

/* A domain behind one '@', and of what stands before only what needs no quotes: what we send to. At most SOURCE_BYTES_MAX bytes. */
bool mail_address_fits(struct text address);

/*
 * Appends the message. `number` and `at` make its Message-ID and Date: the same arguments give the same bytes, so that one that is sent
 * again is seen to be the same. Errors: RESULT_BAD_INPUT, an address that does not fit.
 */
enum result mail_write(const struct mail *mail, const struct mail_from *from, uint64_t number,
		       struct instant at, struct buffer *message) MUST_USE;

struct mail_server {
	const char *url;      /* smtp://HOST[:PORT] or smtps://HOST[:PORT] */
	bool tls;             /* of smtp://: STARTTLS, with a certificate that holds, or nothing is sent */
	const char *user;     /* "": without logging in */
	const char *password; /* of the user */
	const char *bounces;  /* the envelope sender; "": the null return path */
};

/* Errors: RESULT_BAD_INPUT, the fault says what is wanted. */
enum result mail_server_check(const char *url, struct fault *fault) MUST_USE;

/* One try. Takes as long as the server does, two minutes at most. */
struct delivery mail_send(const struct mail_server *server, struct text to, struct text message,
			  delivery_stop_fn *stop, void *context);

#endif
