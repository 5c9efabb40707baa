/*
 * Which trap addresses a mail came to: the recipients that the door knows, else the one that the mail server wrote above the mail when it
 * delivered it. To and Cc are the sender's word. The addresses themselves are kept nowhere: who learns them mails around them.
 */
#include "model/trap.h"

#include "intake/intake_int.h"
#include "intake/mail_int.h"

/* "<anna@old.example>" or without the brackets. */
static struct text
bare(struct text address)
{
	if (address.n >= 2 && address.p[0] == '<' && address.p[address.n - 1] == '>') {
		address = (struct text){ address.p + 1, address.n - 2 };
	}
	return text_trim(address);
}

enum signal
intake_trap_class(const struct intake_reading *d, struct text address)
{
	enum signal signal;

	return trap_find(d->hint->traps, bare(address), &signal) > 0 ? signal : d->hint->trap_signal;
}

void
intake_recipient(struct intake_reading *d, struct text address)
{
	if (d->recipients == NULL) {
		d->recipients = arena_get_array(d->arena, LMTP_RECIPIENTS_MAX, sizeof *d->recipients);
	}
	if (d->recipient_count < LMTP_RECIPIENTS_MAX) {
		address = bare(address);
		address.p = text_copy(d->arena, address);
		d->recipients[d->recipient_count++] = address;
	}
}

static uint32_t
hit(struct intake_reading *d, struct text address, uint32_t hits[SIGNAL_COUNT])
{
	enum signal signal = SIGNAL_COUNT;

	if (trap_find(d->hint->traps, bare(address), &signal) == 0) {
		return 0;
	}
	hits[signal]++;
	intake_recipient(d, address);
	return 1;
}

/* The first field of that name above the topmost Received field; what stands below is the sender's. */
static struct text
written_above(const struct fields *f, struct text name)
{
	for (size_t i = 0; i < f->count && !text_equal_nocase(f->item[i].name, TEXT("Received")); i++) {
		if (text_equal_nocase(f->item[i].name, name)) {
			return f->item[i].value;
		}
	}
	return (struct text){ "", 0 };
}

uint32_t
intake_trap_hits(struct intake_reading *d, uint32_t hits[SIGNAL_COUNT])
{
	static const char *const names[] = { "Delivered-To", "X-Original-To", "Envelope-To",
					     "X-Envelope-To" };
	uint32_t sum = 0;

	d->recipient_count = 0; /* it is asked twice: for the format, and by the reader */
	if (!d->hint->is_trap_network || d->hint->traps.n == 0) {
		return 0;
	}
	for (size_t i = 0; i < d->hint->recipient_count; i++) {
		sum += hit(d, d->hint->recipients[i], hits);
	}
	for (size_t i = 0; i < countof(names) && d->hint->recipient_count == 0 && sum == 0; i++) {
		sum += hit(d, written_above(&intake_mail(d)->outer, text_of(names[i])), hits);
	}
	return sum;
}
