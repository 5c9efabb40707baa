/*
 * Feedback mails: ARF (RFC 5965) with the fields of authentication failures (RFC 6591), and the older form, of Microsoft's JMRP, that has the
 * reported mail attached and the address in its subject ("complaint about message from 192.0.2.1").
 *
 * What a sender left out is taken from the reported mail: the address from its topmost Received field with a public
 * address, the arrival from there or from Date, the sender from Return-Path. Only a mail without any source is refused.
 */
#include "intake/draft_int.h"

struct arf {
	struct intake_reading *d;
	const struct mail *mail;
	struct draft draft;
};

/* What a feedback type counts as. One that is not here counts as "other" does (RFC 5965 3.1): somebody complains. */
static const struct arf_type {
	struct text name;
	enum signal signal;
	bool counted;
} types[] = {
	{ { "abuse", 5 }, SIGNAL_COMPLAINT, true },
	{ { "fraud", 5 }, SIGNAL_COMPLAINT, true },
	{ { "virus", 5 }, SIGNAL_COMPLAINT, true },
	{ { "other", 5 }, SIGNAL_COMPLAINT, true },
	{ { "not-spam", 8 }, SIGNAL_NOT_SPAM, true },
	{ { "auth-failure", 12 }, SIGNAL_AUTH_FAIL, true },
	{ { "dmarc", 5 }, SIGNAL_AUTH_FAIL, true },
	{ { "opt-out", 7 },
	  SIGNAL_COMPLAINT,
	  false }, /* asks to be taken off a mailing list; blames nobody */
	{ { "opt-out-list", 12 }, SIGNAL_COMPLAINT, false },
};

static const struct arf_type *
type_of(struct text name)
{
	for (size_t i = 0; i < countof(types); i++) {
		if (text_equal_nocase(name, types[i].name)) {
			return &types[i];
		}
	}
	return &types[0];
}

bool
intake_feedback_signal(struct text name, enum signal *signal)
{
	const struct arf_type *type = type_of(name);

	*signal = type->signal;
	return type->counted;
}

/* Each domain of a list "ietf.org; example.net". */
static void
put_domains(struct arf *a, const char *field)
{
	struct text value, one;
	size_t at = 0;

	while (fields_next(&a->mail->feedback, text_of(field), &at, &value)) {
		bool more = true;

		while (more) {
			more = text_cut(&value, ';', &one);
			(void)draft_key(&a->draft, one);
		}
	}
}

/* The value of "header.d=" in one result; empty: none. */
static struct text
property_of(struct text result, struct text name)
{
	struct text value = { "", 0 };

	for (size_t i = 0; i + name.n < result.n && value.n == 0; i++) {
		struct text rest = { result.p + i, result.n - i };

		if (text_starts_nocase(rest, name)) {
			rest = (struct text){ rest.p + name.n, rest.n - name.n };
			(void)text_cut(&rest, ' ', &value);
		}
	}
	return value;
}

/* Domains whose signature passed, by one Authentication-Results (RFC 8601): "header.d=shop.example", else that of "header.i=@shop.example". */
static void
put_passed(struct arf *a, struct text results)
{
	struct text part, signer, local;
	bool more = true;

	while (more) {
		more = text_cut(&results, ';', &part);
		part = text_trim(part);
		if (!text_starts_nocase(part, TEXT("dkim=pass"))) {
			continue;
		}
		signer = property_of(part, TEXT("header.d="));
		if (signer.n == 0) {
			signer = property_of(part, TEXT("header.i="));
			(void)text_cut(&signer, '@', &local);
		}
		(void)draft_key(&a->draft, signer);
	}
}

/* Is it a mail of Microsoft's JMRP? It has no machine-readable part, but says to whom the reported mail went. */
static bool
is_jmrp(const struct arf *a)
{
	return !a->mail->has_feedback &&
	       fields_first(&a->mail->original, TEXT("X-HmXmrOriginalRecipient")).n > 0;
}

/*
 * What the reporter says of the signatures: in the report, or, of JMRP, above the first Received of the reported mail. What stands
 * below that its sender may have written.
 */
static void
put_passed_domains(struct arf *a)
{
	const struct fields *original = &a->mail->original;
	struct text results;
	size_t at = 0;

	while (fields_next(&a->mail->feedback, TEXT("Authentication-Results"), &at, &results)) {
		put_passed(a, results);
	}
	for (size_t i = 0; is_jmrp(a) && i < original->count; i++) {
		if (text_equal_nocase(original->item[i].name, TEXT("Received"))) {
			break;
		}
		if (text_equal_nocase(original->item[i].name, TEXT("Authentication-Results"))) {
			put_passed(a, original->item[i].value);
		}
	}
}

/* "complaint about message from 192.0.2.222": feedback without a machine-readable part. */
static struct text
subject_address(const struct arf *a)
{
	const struct text start = TEXT("complaint about message from ");
	struct text subject = fields_first(&a->mail->outer, TEXT("Subject"));

	if (a->mail->has_feedback || !text_starts_nocase(subject, start)) {
		return (struct text){ "", 0 };
	}
	return text_trim((struct text){ subject.p + start.n, subject.n - start.n });
}

/*
 * The keys: the address first, then the domains that the reporter names. A DKIM-Signature that nobody has verified counts only when
 * there is nothing else, since anybody can write one.
 */
static void
read_keys(struct arf *a)
{
	struct text value;
	size_t at = 0;

	while (a->draft.o->key_count == 0 &&
	       fields_next(&a->mail->feedback, TEXT("Source-IP"), &at, &value)) {
		(void)draft_key(&a->draft, value);
	}
	if (a->draft.o->key_count == 0 && draft_key(&a->draft, subject_address(a))) {
		draft_attribute(&a->draft, "source_from", TEXT("subject"));
	}
	if (a->draft.o->key_count == 0 && draft_key_received(&a->draft, &a->mail->original)) {
		draft_attribute(&a->draft, "source_from", TEXT("received"));
	}
	put_domains(a, "Reported-Domain");
	put_domains(a, "DKIM-Domain");
	put_passed_domains(a);
	at = 0;
	if (a->draft.o->key_count == 0 &&
	    fields_next(&a->mail->original, TEXT("DKIM-Signature"), &at, &value) &&
	    draft_key(&a->draft, mail_tag(value, TEXT("d")))) {
		draft_attribute(&a->draft, "source_from", TEXT("dkim_signature"));
	}
}

/* When the reported mail arrived; false: nobody says. */
static bool
read_arrival(const struct arf *a, struct instant *arrival)
{
	static const char *const names[] = { "Arrival-Date", "Received-Date" };
	struct text value;

	for (size_t i = 0; i < countof(names); i++) {
		value = fields_first(&a->mail->feedback, text_of(names[i]));
		if (value.n > 0 && instant_parse_mail(value, arrival) == RESULT_OK) {
			return true;
		}
	}
	return draft_arrival(&a->mail->original, arrival);
}

static uint32_t
read_incidents(const struct arf *a)
{
	uint64_t n;

	if (!text_u64(fields_first(&a->mail->feedback, TEXT("Incidents")), &n) || n == 0) {
		return 1;
	}
	return n > INCIDENTS_MAX ? INCIDENTS_MAX : (uint32_t)n;
}

/* RFC 5965 3.2: there may be several of them. */
static void
read_recipients(struct arf *a)
{
	struct text value;
	size_t at = 0;

	a->d->recipient_count = 0;
	while (fields_next(&a->mail->feedback, TEXT("Original-Rcpt-To"), &at, &value)) {
		intake_recipient(a->d, value);
	}
}

/* Why it is no feedback mail, or NULL. */
static const char *
refusal(const struct arf *a)
{
	if (a->mail->has_feedback) {
		return NULL;
	}
	if (text_trim(a->d->raw).n == 0) {
		return "the document is empty";
	}
	if (a->mail->is_delivery_report) {
		return "a delivery report (bounce), not a feedback report";
	}
	if (!a->mail->has_original || (subject_address(a).n == 0 && !is_jmrp(a))) {
		return "no message/feedback-report part";
	}
	return NULL;
}

enum result
intake_arf_read(struct intake_reading *d)
{
	const struct arf_type *type;
	struct arf a = { .d = d, .mail = intake_mail(d) };
	const char *wrong = refusal(&a);
	struct instant arrival;
	bool has_arrival;

	if (wrong != NULL) {
		intake_fault(d, 0, TEXT("Content-Type"), d->raw, "%s", wrong);
		return RESULT_BAD_INPUT;
	}
	intake_rows_open(d, 1);
	draft_report(d);
	type = type_of(fields_first(&a.mail->feedback, TEXT("Feedback-Type")));
	if (!type->counted) {
		return RESULT_OK;
	}
	draft_open(&a.draft, d, type->signal);
	a.draft.o->count = read_incidents(&a);
	if (d->hint->is_trap_network && type->signal == SIGNAL_COMPLAINT) {
		a.draft.o->signal =
		    intake_trap_class(d, fields_first(&a.mail->feedback, TEXT("Original-Rcpt-To")));
	}
	read_keys(&a);
	if (a.draft.o->key_count == 0) {
		intake_fault(d, 0, TEXT("Source-IP"), d->raw,
			     "no source: no address, no domain, and none in the reported mail");
		return RESULT_BAD_INPUT;
	}
	read_recipients(&a);
	has_arrival = read_arrival(&a, &arrival);
	intake_mail_time(d, &a.draft, has_arrival ? &arrival : NULL);
	draft_sender(&a.draft, &a.mail->original,
		     fields_first(&a.mail->feedback, TEXT("Original-Mail-From")));
	draft_content(&a.draft, &a.mail->original, &a.mail->parts,
		      fields_first(&a.mail->feedback, TEXT("Reported-URI")));
	draft_attribute(&a.draft, "message_id", fields_first(&a.mail->original, TEXT("Message-ID")));
	draft_attribute(&a.draft, "subject", fields_first(&a.mail->original, TEXT("Subject")));
#define ARF_FIELD(header, name) \
	draft_attribute(&a.draft, name, fields_first(&a.mail->feedback, TEXT(header)));
#include "intake/arf_fields.def"
#undef ARF_FIELD
	draft_keep(&a.draft);
	return RESULT_OK;
}
