/*
 * intake/content.h - what a mail looks like: its template, where it leads, what it wants, what is attached.
 *
 * A function of bytes, without store, network and clock, so that a report holds it and a replay needs no mail. The list of public suffixes is
 * the only thing that it reads, once. Nothing is refused: what cannot be read is not there.
 */
#ifndef INTAKE_CONTENT_H
#define INTAKE_CONTENT_H

#include "base/text.h"

/* Texts lie in the arena; each fits an attribute; an empty one: nothing of the kind. */
struct content {
	struct text cluster;    /* the name of its template, 16 hex digits */
	struct text links;      /* registered domains with blanks between, the most telling first */
	struct text lure;       /* what it asks for: "sign_in pay open pressure", or some of them */
	struct text attachment; /* the worst that is attached: "executable", "script", "archive" or "html" */
	struct text dkim;       /* d= of its signatures, verified by nobody, with blanks between */
	struct text subject;    /* its words in small letters, without numbers and addresses */
};

struct fields;
struct mail_parts;

/*
 * Looks at the mail with this header and these parts. `landing`: a link that the report says it leads to; may be empty.
 * Bounds: CONTENT_TEXT_BYTES_MAX of text, CONTENT_URLS_MAX links, and what mail_parts.c takes. Time is linear in these; memory at most
 * 16 times the texts. Cost: see bench/html.
 */
void content_read(struct content *content, const struct fields *header, const struct mail_parts *parts,
		  struct text landing, struct arena *arena);

/* The registered domain of a host by the list of public suffixes; the host itself where there is none. Lower case in, lower case out. */
struct text content_registered(struct text host);

/*
 * As content_read, of a mail that is no report: its header ("Name: value" lines, LF) and what stands behind the empty line (LF). *from_domain:
 * of its field From, as written; empty: none.
 */
void content_read_mail(struct content *content, struct text *from_domain, struct text header,
		       struct text body, struct arena *arena);

#endif
