/*
 * intake/mail_int.h - the parts of a mail and the small readers over its header fields. Private to src/intake.
 *
 * Nothing here is ever refused: real senders break every rule, so a field that cannot be read is as if it were missing.
 */
#ifndef INTAKE_MAIL_INT_H
#define INTAKE_MAIL_INT_H

#include "base/address.h"
#include "base/instant.h"
#include "intake/mail_parts_int.h"

/* Header fields in their order, unfolded and trimmed. At most MAIL_HEADERS_MAX, values cut at HEADER_VALUE_BYTES_MAX. */
struct fields {
	struct {
		struct text name, value;
	} * item;
	size_t count;
};

/* Reads "Name: value" lines that may be folded; lines that are none are passed over. With `all`, blank lines do not end the block. */
void fields_read(struct fields *f, struct text block, bool all, struct arena *arena);
void fields_add(struct fields *f, struct text name, struct text value, struct arena *arena);
/* The next value of that name from *at on (start with 0), any case; empty ones are passed over. */
bool fields_next(const struct fields *f, struct text name, size_t *at, struct text *value);
struct text fields_first(const struct fields *f, struct text name); /* empty: none */

/* A part that is neither text for people nor about the mail that is reported: an attachment. */
struct mail_file {
	struct text type;    /* "application/gzip", lower case */
	struct text name;    /* as the sender calls it; may be empty */
	struct text content; /* decoded */
};

/* A mail taken apart (GMime). Texts lie in the arena. */
struct mail {
	struct fields outer;
	struct text body;        /* behind the empty line */
	struct fields feedback;  /* message/feedback-report */
	struct fields original;  /* the header of the mail that is reported */
	struct mail_parts parts; /* its parts; none when there is only the header */
	bool has_feedback;
	bool has_original;
	bool is_delivery_report; /* a bounce, which looks alike */
	struct text status;      /* the first message/delivery-status or message/global-delivery-status */
	struct text plain;       /* the first text/plain, or the body of a mail without parts */
	struct mail_file *files; /* at most MAIL_FILES_MAX */
	size_t file_count;
};

/* The mail with LF line ends, from the first header on. Lone CRs are line ends only where there is no LF at all. */
struct text mail_even_lines(struct text raw, struct arena *arena);
/* Takes a failure report of Exim's for the feedback report that it is (forensic.c). Any other mail stays as it is. */
void mail_take_forensic(struct mail *mail, struct arena *arena);
/* The mail that is reported, as text with LF line ends: its header, and often the rest. */
void mail_read_written(struct fields *header, struct mail_parts *parts, struct text raw, struct arena *arena);
/* Takes a mail apart, MIME_PARTS_MAX parts and MIME_DEPTH_MAX levels far; of the mail inside that is reported, only its parts. */
void mail_read(struct mail *mail, struct text raw, struct arena *arena); /* raw has LF line ends */

/*
 * The address in the "from" part of a Received field: what the receiving server saw (in brackets or parentheses), never
 * what the client said of itself (HELO) when there is both.
 */
bool mail_received_address(struct text received, struct prefix *address);
bool mail_received_time(struct text received, struct instant *at); /* what stands behind the last ';' */
/* "shop.example" of "Shop <news@shop.example>"; empty: none. */
struct text mail_domain(struct text address);
/* What "tag" is in "v=1; d=shop.example; s=k1"; empty: none. */
struct text mail_tag(struct text list, struct text tag);

#endif
