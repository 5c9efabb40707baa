/*
 * intake/mail_parts_int.h - the parts of the mail that is reported, decoded. Private to src/intake.
 */
#ifndef INTAKE_MAIL_PARTS_INT_H
#define INTAKE_MAIL_PARTS_INT_H

#include "base/text.h"

struct mail_part {
	struct text type;    /* "text/html", lower case */
	struct text charset; /* as written; may be empty */
	struct text name;    /* of the file; may be empty */
	struct text bytes;   /* without base64 or quoted-printable */
	bool attached;       /* it has a name, or says that it is an attachment */
};

/* In the order of the mail, those inside of forwarded mails too; MIME_PARTS_MAX at most. */
struct mail_parts {
	struct mail_part *item;
	size_t count;
};

struct fields;
void mail_parts_read(struct mail_parts *parts, const struct fields *header, struct text body,
		     struct arena *arena);

/* For mail.c, which has a part already: GMime's own types. */
struct _GMimeObject;
struct _GMimePart;
/*
 * A mail for GMime: of its header only what says how the body is built, since GMime takes each address apart. NULL: there is nothing.
 * `as_text`: the first part that is a mail comes as text/rfc822, in one piece.
 */
struct _GMimeObject *mail_parts_parse(const struct fields *header, struct text body, bool as_text);
/* Adds a part, and those inside of it MIME_DEPTH_MAX levels deep. */
void mail_parts_take(struct mail_parts *parts, struct _GMimeObject *object, struct arena *arena);
/* The content of a leaf, decoded from base64 or quoted-printable. Never larger than the mail. */
struct text mail_part_bytes(struct _GMimePart *part, struct arena *arena);

/* "=?utf-8?q?Gr=C3=BC=C3=9Fe?=" (RFC 2047) as it reads, in UTF-8. */
struct text mail_decoded(struct text value, struct arena *arena);

#endif
