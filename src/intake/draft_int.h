/*
 * intake/draft_int.h - one observation while it is put together out of a mail, a document or a line. Private to src/intake.
 *
 * Nothing here fails: what does not fit (a fifth key, an attribute past ATTRIBUTES_MAX, a text that is no source) is left out.
 */
#ifndef INTAKE_DRAFT_INT_H
#define INTAKE_DRAFT_INT_H

#include "intake/intake_int.h"
#include "intake/mail_int.h"

struct draft {
	struct intake_reading *d;
	struct observation *o;
	struct attribute *attributes; /* ATTRIBUTES_MAX of them, made with the first */
};

/* The next observation of the document, one of `signal` and without time, keys and attributes. Room was made by intake_rows_open. */
void draft_open(struct draft *t, struct intake_reading *d, enum signal signal);
void draft_keep(struct draft *t); /* it counts from now on; it must have a key */
void
draft_report(struct intake_reading *d); /* a report is made of the document also when nothing in it counts */

void draft_attribute(struct draft *t, const char *name, struct text value); /* empty: none */
void draft_attribute_time(struct draft *t, const char *name, struct instant at);

/* Adds a source that is not there yet: a domain, or an address as the first key. False: it did not. */
bool draft_key(struct draft *t, struct text written);
bool draft_key_address(struct draft *t, const struct prefix *address);    /* also as a later key */
bool draft_key_account(struct draft *t, const char *esp, struct text id); /* acct:esp:id */
/* The last hop: the topmost Received field of `header` that names a public address. */
bool draft_key_received(struct draft *t, const struct fields *header);

/* Who sent the mail with this header, as far as it can be told: from_domain, and mail_from (`sender`, else Return-Path). */
void draft_sender(struct draft *t, const struct fields *header, struct text sender);
/* What the mail with this header and these parts looks like (intake/content.h). `landing`: where a link leads, as the report says; may be empty. */
void draft_content(struct draft *t, const struct fields *header, const struct mail_parts *parts,
		   struct text landing);
/* When the mail with this header arrived at the one who reports; false: nobody says. */
bool draft_arrival(const struct fields *header, struct instant *arrival);

#endif
