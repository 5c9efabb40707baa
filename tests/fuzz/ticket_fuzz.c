/* Any text as a ticket, or as the field that signs a report: none, or one that a key fits only by chance. */
#include "milter/ticket.h"
#include "model/signature.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct hash key = { { 1 } };
	struct text t = { (const char *)data, size };
	struct ticket ticket, again;
	struct signature s;
	struct buffer b;

	buffer_init(&b, TICKET_BYTES_MAX);
	if (ticket_read(t, &key, &ticket)) {
		ticket_write(&ticket, &key, &b);
		check(ticket_read(buffer_text(&b), &key, &again) && again.id == ticket.id);
	}
	buffer_free(&b);
	if (signature_read(t, &s)) {
		check(text_is_name(s.reporter));
		(void)signature_fits(&s, &key);
	}
	return 0;
}
