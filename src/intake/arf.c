/*
 * Feedback mails: ARF (RFC 5965) with the fields of authentication failures (RFC 6591), and the older form that has the
 * reported mail attached and the address in its subject ("complaint about message from 192.0.2.1").
 *
 * What a sender left out is taken from the reported mail: the address from its topmost Received field with a public
 * address, the arrival from there or from Date, the sender from Return-Path. Only a mail without any source is refused.
 */
#include "intake/intake_int.h"
#include "intake/mail_int.h"

#include <string.h>

struct arf {
	struct intake_reading *d;
	struct mail mail;
	struct observation *o;
	struct attribute *attributes;
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

static void
put_attribute(struct arf *a, const char *name, struct text value)
{
	if (value.n > 0 && a->o->attribute_count < ATTRIBUTES_MAX) {
		a->attributes[a->o->attribute_count++] =
		    (struct attribute){ .name = text_of(name),
					.value = intake_clean(a->d->arena, value, ATTRIBUTE_BYTES_MAX) };
	}
}

static void
put_time(struct arf *a, const char *name, struct instant at)
{
	char text[INSTANT_BYTES];
	struct text value = text_of(instant_format(at, text));

	value.p = text_copy(a->d->arena, value);
	put_attribute(a, name, value);
}

/* Adds a key that is not there yet. An address only as the first one. */
static bool
put_key(struct arf *a, struct text written)
{
	struct observation *o = a->o;
	struct source_key key;
	struct text text;

	if (o->key_count == OBSERVATION_KEYS_MAX || source_key_parse(written, &key, NULL) != RESULT_OK ||
	    (key.kind != SOURCE_DOMAIN && (key.kind != SOURCE_IP || o->key_count > 0))) {
		return false;
	}
	text = source_key_text(&key);
	for (uint32_t i = 0; i < o->key_count; i++) {
		if (text_equal(o->keys[i], text)) {
			return false;
		}
	}
	text.p = text_copy(a->d->arena, text);
	o->keys[o->key_count++] = text;
	return true;
}

/* Each domain of a list "ietf.org; example.net". */
static void
put_domains(struct arf *a, const char *field)
{
	struct text value, one;
	size_t at = 0;

	while (fields_next(&a->mail.feedback, text_of(field), &at, &value)) {
		bool more = true;

		while (more) {
			more = text_cut(&value, ';', &one);
			(void)put_key(a, one);
		}
	}
}

/* "header.d=shop.example" where Authentication-Results of the reporter says dkim=pass (RFC 8601). */
static void
put_passed_domains(struct arf *a)
{
	const struct text start = TEXT("header.d=");
	struct text results, part;
	size_t at = 0;

	while (fields_next(&a->mail.feedback, TEXT("Authentication-Results"), &at, &results)) {
		bool more = true;

		while (more) {
			more = text_cut(&results, ';', &part);
			part = text_trim(part);
			if (!text_starts_nocase(part, TEXT("dkim=pass"))) {
				continue;
			}
			for (size_t i = 0; i + start.n < part.n; i++) {
				struct text rest = { part.p + i, part.n - i }, domain;

				if (text_starts_nocase(rest, start)) {
					rest = (struct text){ rest.p + start.n, rest.n - start.n };
					(void)text_cut(&rest, ' ', &domain);
					(void)put_key(a, domain);
				}
			}
		}
	}
}

/* The last hop before the reporter: the topmost Received field that names a public address. */
static bool
put_received_address(struct arf *a)
{
	struct text received;
	size_t at = 0;

	while (fields_next(&a->mail.original, TEXT("Received"), &at, &received)) {
		char text[PREFIX_TEXT_BYTES];
		struct prefix address;

		if (mail_received_address(received, &address) && prefix_is_public(&address)) {
			return put_key(a, text_of(prefix_format(&address, text)));
		}
	}
	return false;
}

/* "complaint about message from 192.0.2.222": feedback without a machine-readable part. */
static struct text
subject_address(const struct arf *a)
{
	const struct text start = TEXT("complaint about message from ");
	struct text subject = fields_first(&a->mail.outer, TEXT("Subject"));

	if (a->mail.has_feedback || !text_starts_nocase(subject, start)) {
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

	while (a->o->key_count == 0 && fields_next(&a->mail.feedback, TEXT("Source-IP"), &at, &value)) {
		(void)put_key(a, value);
	}
	if (a->o->key_count == 0 && put_key(a, subject_address(a))) {
		put_attribute(a, "source_from", TEXT("subject"));
	}
	if (a->o->key_count == 0 && put_received_address(a)) {
		put_attribute(a, "source_from", TEXT("received"));
	}
	put_domains(a, "Reported-Domain");
	put_domains(a, "DKIM-Domain");
	put_passed_domains(a);
	at = 0;
	if (a->o->key_count == 0 && fields_next(&a->mail.original, TEXT("DKIM-Signature"), &at, &value) &&
	    put_key(a, mail_tag(value, TEXT("d")))) {
		put_attribute(a, "source_from", TEXT("dkim_signature"));
	}
}

/* When the reported mail arrived; false: nobody says. */
static bool
read_arrival(const struct arf *a, struct instant *arrival)
{
	static const char *const names[] = { "Arrival-Date", "Received-Date" };
	struct text value;
	size_t at;

	for (size_t i = 0; i < countof(names); i++) {
		value = fields_first(&a->mail.feedback, text_of(names[i]));
		if (value.n > 0 && instant_parse_mail(value, arrival) == RESULT_OK) {
			return true;
		}
	}
	at = 0;
	while (fields_next(&a->mail.original, TEXT("Received"), &at, &value)) {
		if (mail_received_time(value, arrival)) {
			return true;
		}
	}
	value = fields_first(&a->mail.original, TEXT("Date"));
	return value.n > 0 && instant_parse_mail(value, arrival) == RESULT_OK;
}

/* The time of the report itself, else of the reported mail, else of the door; never in the future. */
static void
read_times(struct arf *a)
{
	struct text date = fields_first(&a->mail.outer, TEXT("Date"));
	struct instant arrival, reported;
	bool has_arrival = read_arrival(a, &arrival);

	if (has_arrival) {
		put_time(a, "arrival", arrival);
	}
	if (date.n > 0 && instant_parse_mail(date, &reported) == RESULT_OK &&
	    reported.ms <= a->d->latest.ms) {
		a->o->at = reported;
	} else if (has_arrival && arrival.ms <= a->d->latest.ms) {
		a->o->at = arrival;
	} else {
		a->o->at = a->d->hint->received;
	}
}

/* Who sent the reported mail, as far as it can be told. */
static void
read_sender(struct arf *a)
{
	struct text sender = fields_first(&a->mail.feedback, TEXT("Original-Mail-From"));
	struct text domain = mail_domain(fields_first(&a->mail.original, TEXT("From")));

	if (sender.n == 0) {
		sender = fields_first(&a->mail.original, TEXT("Return-Path"));
	}
	if (sender.n >= 2 && sender.p[0] == '<' && sender.p[sender.n - 1] == '>') {
		sender = (struct text){ sender.p + 1, sender.n - 2 };
	}
	if (domain.n == 0) {
		domain = mail_domain(sender);
	}
	domain.p = text_lower(a->d->arena, domain);
	put_attribute(a, "from_domain", domain);
	put_attribute(a, "mail_from", sender);
}

static uint32_t
read_incidents(const struct arf *a)
{
	uint64_t n;

	if (!text_u64(fields_first(&a->mail.feedback, TEXT("Incidents")), &n) || n == 0) {
		return 1;
	}
	return n > INCIDENTS_MAX ? INCIDENTS_MAX : (uint32_t)n;
}

/* The mail with LF line ends, from the first header on. Lone CRs are line ends only where there is no LF at all. */
static struct text
even_lines(struct intake_reading *d)
{
	struct text t = d->raw, line;
	bool has_lf = memchr(t.p, '\n', t.n) != NULL;
	char *copy;
	size_t n = 0;

	if (memchr(t.p, '\r', t.n) != NULL) {
		copy = arena_get(d->arena, t.n);
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
	return t;
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

/* Why it is no feedback mail, or NULL. */
static const char *
refusal(const struct arf *a)
{
	if (a->mail.has_feedback) {
		return NULL;
	}
	if (text_trim(a->d->raw).n == 0) {
		return "the document is empty";
	}
	if (a->mail.is_delivery_report) {
		return "a delivery report (bounce), not a feedback report";
	}
	if (!a->mail.has_original || subject_address(a).n == 0) {
		return "no message/feedback-report part";
	}
	return NULL;
}

enum result
intake_arf_read(struct intake_reading *d)
{
	struct text even = even_lines(d), named;
	struct fault why = { { 0 } };
	const struct arf_type *type;
	struct arf a = { .d = d };
	const char *wrong;

	d->is_mail = true;
	mail_read(&a.mail, even, d->arena);
	wrong = refusal(&a);
	if (wrong != NULL) {
		intake_fault(d, 0, TEXT("Content-Type"), d->raw, "%s", wrong);
		return RESULT_BAD_INPUT;
	}
	check(intake_reporter(d, (struct text){ 0 }, &(uint8_t){ 0 }, &why) == RESULT_OK);
	d->content = content_of(&a.mail);
	named = fields_first(&a.mail.feedback, TEXT("Feedback-Type"));
	type = type_of(named);
	if (!type->counted) {
		return RESULT_OK;
	}
	d->observations = arena_get(d->arena, sizeof *d->observations);
	d->reporter_of = arena_get(d->arena, sizeof *d->reporter_of);
	a.o = d->observations;
	a.attributes = arena_get_array(d->arena, ATTRIBUTES_MAX, sizeof *a.attributes);
	*a.o = (struct observation){ .signal = type->signal,
				     .count = read_incidents(&a),
				     .attributes = a.attributes };
	if (d->hint->is_trap_network && type->signal == SIGNAL_COMPLAINT) {
		a.o->signal = d->hint->trap_signal;
	}
	read_keys(&a);
	if (a.o->key_count == 0) {
		intake_fault(d, 0, TEXT("Source-IP"), d->raw,
			     "no source: no address, no domain, and none in the reported mail");
		return RESULT_BAD_INPUT;
	}
	read_times(&a);
	read_sender(&a);
	put_attribute(&a, "message_id", fields_first(&a.mail.original, TEXT("Message-ID")));
	put_attribute(&a, "subject", fields_first(&a.mail.original, TEXT("Subject")));
#define ARF_FIELD(header, name) put_attribute(&a, name, fields_first(&a.mail.feedback, TEXT(header)));
#include "intake/arf_fields.def"
#undef ARF_FIELD
	d->count = 1;
	return RESULT_OK;
}
