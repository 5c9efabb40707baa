/*
 * Failure reports that are written for people alone, as Exim sends them when its dmarc_forensic_sender is set: a subject "DMARC Forensic Report for
 * shop.example from IP 192.0.2.1", lines "Sender IP Address: 192.0.2.1", and behind a line of dashes the header of the mail. They are taken for the
 * feedback report (RFC 6591) that says the same.
 */
#include "intake/mail_int.h"

/* The value of the first line "  Name: value"; empty: there is none. */
static struct text
line_value(struct text lines, struct text name)
{
	struct text line;

	while (lines.n > 0) {
		(void)text_cut(&lines, '\n', &line);
		line = text_trim(line);
		if (text_starts_nocase(line, TEXT("------"))) {
			break; /* what stands below is a stranger's */
		}
		if (text_starts_nocase(line, name)) {
			return text_trim((struct text){ line.p + name.n, line.n - name.n });
		}
	}
	return (struct text){ "", 0 };
}

static void
take_original(struct mail *mail, struct arena *arena)
{
	struct text rest = mail->plain, line;

	while (rest.n > 0 && !mail->has_original) {
		(void)text_cut(&rest, '\n', &line);
		if (text_starts_nocase(line, TEXT("------"))) {
			fields_read(&mail->original, rest, false, arena);
			mail->has_original = mail->original.count > 0;
			return;
		}
	}
}

void
mail_take_forensic(struct mail *mail, struct arena *arena)
{
	struct text subject = fields_first(&mail->outer, TEXT("Subject"));
	struct text address = line_value(mail->plain, TEXT("Sender IP Address:"));

	if (mail->has_feedback || address.n == 0 ||
	    !text_starts_nocase(subject, TEXT("DMARC Forensic Report for "))) {
		return;
	}
	mail->has_feedback = true;
	mail->is_delivery_report = false;
	fields_add(&mail->feedback, TEXT("Feedback-Type"), TEXT("auth-failure"), arena);
	fields_add(&mail->feedback, TEXT("Auth-Failure"), TEXT("dmarc"), arena);
	fields_add(&mail->feedback, TEXT("Source-IP"), address, arena);
	fields_add(&mail->feedback, TEXT("Reported-Domain"), line_value(mail->plain, TEXT("Sender Domain:")),
		   arena);
	fields_add(&mail->feedback, TEXT("Arrival-Date"), line_value(mail->plain, TEXT("Received Date:")),
		   arena);
	take_original(mail, arena);
}
