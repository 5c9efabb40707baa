/* A document that is a mail: its line ends, what it says, and which of the formats of mails it is. */
#include "intake/draft_int.h"

#include <string.h>

/* A mail without an empty line went through an editor that put blanks into them: without these. */
static struct text
without_blank_lines(struct text t, struct arena *arena)
{
	char *copy;
	size_t n = 0;

	if (t.n == 0 || memmem(t.p, t.n, "\n\n", 2) != NULL || memmem(t.p, t.n, "\n ", 2) == NULL) {
		return t;
	}
	copy = arena_get(arena, t.n);
	while (t.n > 0) {
		struct text line;
		bool ends = text_cut(&t, '\n', &line);

		line.n = text_trim(line).n > 0 ? line.n : 0;
		memcpy(copy + n, line.p, line.n);
		n += line.n;
		if (ends) {
			copy[n++] = '\n';
		}
	}
	return (struct text){ copy, n };
}

struct text
mail_even_lines(struct text raw, struct arena *arena)
{
	struct text t = raw, line;
	bool has_lf = memchr(t.p, '\n', t.n) != NULL;
	char *copy;
	size_t n = 0;

	if (memchr(t.p, '\r', t.n) != NULL) {
		copy = arena_get(arena, t.n);
		for (size_t i = 0; i < t.n; i++) {
			if (t.p[i] != '\r' || (has_lf && (i + 1 == t.n || t.p[i + 1] != '\n'))) {
				copy[n++] = t.p[i];
			} else if (!has_lf) {
				copy[n++] = '\n';
			}
		}
		t = (struct text){ copy, n };
	}
	while (t.n > 0 && t.p[0] == '\n') {
		t = (struct text){ t.p + 1, t.n - 1 };
	}
	if (text_starts_nocase(t, TEXT("From "))) {
		(void)text_cut(&t, '\n', &line);
	}
	return without_blank_lines(t, arena);
}

/* What the mail says, whatever way it took: Message-ID (or what stands for it) and the body. */
static struct hash
content_of(const struct mail *mail)
{
	struct text id = fields_first(&mail->outer, TEXT("Message-ID"));
	struct text body = text_trim(mail->body);

	if (id.n > 0) {
		const struct text parts[] = { id, TEXT("\n"), body };

		return hash_of_parts(parts, countof(parts));
	}
	const struct text parts[] = { fields_first(&mail->outer, TEXT("From")),
				      TEXT("\n"),
				      fields_first(&mail->outer, TEXT("Date")),
				      TEXT("\n"),
				      fields_first(&mail->outer, TEXT("Subject")),
				      TEXT("\n\n"),
				      body };

	return hash_of_parts(parts, countof(parts));
}

struct mail *
intake_mail(struct intake_reading *d)
{
	if (d->mail == NULL) {
		d->mail = arena_get(d->arena, sizeof *d->mail);
		mail_read(d->mail, mail_even_lines(d->raw, d->arena), d->arena);
		mail_take_forensic(d->mail, d->arena);
		d->by_content = true;
		d->content = content_of(d->mail);
	}
	return d->mail;
}

enum intake_format
intake_mail_format(struct intake_reading *d)
{
	const struct mail *mail = intake_mail(d);

	if (intake_trap_hits(d, (uint32_t[SIGNAL_COUNT]){ 0 }) > 0) {
		return INTAKE_SAMPLE; /* whatever a sender puts into it */
	}
	for (size_t i = 0; i < mail->file_count; i++) {
		if (intake_is_xarf(mail->files[i].content)) {
			return INTAKE_XARF;
		}
	}
	if (mail->has_feedback) {
		return INTAKE_ARF;
	}
	if (mail->is_delivery_report) {
		return INTAKE_DSN;
	}
	for (size_t i = 0; i < mail->file_count; i++) {
		if (intake_is_dmarc(mail->files[i].content)) {
			return INTAKE_DMARC;
		}
	}
	if (intake_is_webhook(mail->plain)) {
		return INTAKE_WEBHOOK;
	}
	return intake_is_bounce(d) ? INTAKE_DSN : INTAKE_ARF;
}

void
intake_mail_time(struct intake_reading *d, struct draft *t, const struct instant *arrival)
{
	struct text date = fields_first(&d->mail->outer, TEXT("Date"));
	struct instant reported;

	if (arrival != NULL) {
		draft_attribute_time(t, "arrival", *arrival);
	}
	if (date.n > 0 && instant_parse_mail(date, &reported) == RESULT_OK && reported.ms <= d->latest.ms) {
		t->o->at = reported;
	} else if (arrival != NULL && arrival->ms <= d->latest.ms) {
		t->o->at = *arrival;
	} else {
		t->o->at = d->hint->received;
	}
}
