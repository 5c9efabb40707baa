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

/* One mail to two traps is two hits: the addresses make the id too. */
static void
tell_apart(struct intake_reading *d)
{
	struct hash content = d->content;

	for (size_t i = 0; i < d->hint->recipient_count; i++) {
		const struct text parts[] = { { (const char *)content.bytes, HASH_BYTES },
					      d->hint->recipients[i] };

		content = hash_of_parts(parts, countof(parts));
	}
	if (d->hint->recipient_count == 0) {
		const struct fields *outer = &d->mail->outer;
		const struct text parts[] = { { (const char *)content.bytes, HASH_BYTES },
					      fields_first(outer, TEXT("Delivered-To")),
					      TEXT(" "),
					      fields_first(outer, TEXT("X-Original-To")),
					      TEXT(" "),
					      fields_first(outer, TEXT("Envelope-To")),
					      TEXT(" "),
					      fields_first(outer, TEXT("X-Envelope-To")) };

		content = hash_of_parts(parts, countof(parts));
	}
	d->content = content;
}

/* The same mail, once for each class of trap that it came to. */
static void
keep_hits(struct draft *t, const uint32_t hits[SIGNAL_COUNT])
{
	const struct observation seen = *t->o;

	for (enum signal signal = 0; signal < SIGNAL_COUNT; signal++) {
		if (hits[signal] > 0) {
			draft_open(t, t->d, signal);
			*t->o = seen;
			t->o->signal = signal;
			t->o->count = hits[signal];
			draft_keep(t);
		}
	}
}

enum result
intake_sample_read(struct intake_reading *d)
{
	const struct mail *mail = intake_mail(d);
	const struct fields *header = &mail->outer;
	struct mail_parts parts = { 0 };
	struct draft t;

	uint32_t hits[SIGNAL_COUNT] = { 0 }, sum = intake_trap_hits(d, hits);

	if (mail->has_feedback || mail->is_delivery_report) {
		intake_fault(d, 0, TEXT("Content-Type"), d->raw,
			     "a report about a mail, not the mail itself");
		return RESULT_BAD_INPUT;
	}
	intake_rows_open(d, SIGNAL_COUNT);
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
	if (sum == 0) {
		draft_keep(&t);
		return RESULT_OK;
	}
	tell_apart(d);
	keep_hits(&t, hits);
	return RESULT_OK;
}
