/*
 * A mail as it was sent: what a trap received, or what somebody looked at. It counts as a trap hit when a trap network hands it in, else it tells
 * only what the mail looks like.
 *
 * The source is the topmost Received field with a public address; who hands the mail in vouches for that one, and for nothing below it. A signature
 * that nobody has verified names the source only when there is no address.
 */
#include "intake/draft_int.h"

static void
read_key(struct draft *t, const struct fields *header)
{
	struct text value;
	size_t at = 0;

	if (draft_key_received(t, header)) {
		draft_attribute(t, "source_from", TEXT("received"));
		return;
	}
	while (fields_next(header, TEXT("DKIM-Signature"), &at, &value)) {
		if (draft_key(t, mail_tag(value, TEXT("d")))) {
			draft_attribute(t, "source_from", TEXT("dkim_signature"));
			return;
		}
	}
}

/* Date is the sender's word; the time in Received is not. */
static void
read_time(struct draft *t, const struct fields *header)
{
	struct instant arrival;

	t->o->at = t->d->hint->received;
	if (draft_arrival(header, &arrival) && arrival.ms <= t->d->latest.ms) {
		t->o->at = arrival;
		draft_attribute_time(t, "arrival", arrival);
	}
}

enum result
intake_sample_read(struct intake_reading *d)
{
	const struct mail *mail = intake_mail(d);
	const struct fields *header = &mail->outer;
	struct mail_parts parts = { 0 };
	struct draft t;

	if (mail->has_feedback || mail->is_delivery_report) {
		intake_fault(d, 0, TEXT("Content-Type"), d->raw,
			     "a report about a mail, not the mail itself");
		return RESULT_BAD_INPUT;
	}
	intake_rows_open(d, 1);
	draft_report(d);
	draft_open(&t, d, d->hint->is_trap_network ? d->hint->trap_signal : SIGNAL_SAMPLE);
	read_key(&t, header);
	if (t.o->key_count == 0) {
		intake_fault(d, 0, TEXT("Received"), d->raw,
			     "no source: no public address in a Received field, and no signature");
		return RESULT_BAD_INPUT;
	}
	read_time(&t, header);
	draft_sender(&t, header, (struct text){ 0 });
	mail_parts_read(&parts, header, mail->body, d->arena);
	draft_content(&t, header, &parts, (struct text){ 0 });
	draft_attribute(&t, "message_id", fields_first(header, TEXT("Message-ID")));
	draft_attribute(&t, "subject", fields_first(header, TEXT("Subject")));
	draft_keep(&t);
	return RESULT_OK;
}
