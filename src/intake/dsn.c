/*
 * Bounces: delivery status notifications (RFC 3464; in UTF-8, RFC 6533), and what servers write for people instead of or beside them.
 *
 * One observation per recipient that was given up. Whose mail it was: when the reporting server had it refused by another one it was the
 * sender, and its address is the one from which the bounce came; otherwise it was the receiver, and the sender's address stands in
 * the header of the mail that comes back. Delays, successes and relays are recorded and count nothing.
 */
#include "intake/bounce_int.h"
#include "intake/draft_int.h"

#include <string.h>

#define HOST_BYTES_MAX 255U                        /* of a name in DNS */
#define ADDRESSES_MAX  (4 * BOUNCE_RECIPIENTS_MAX) /* lines with one that are looked at */
#define FROM_PART_MAX  1024U                       /* of a Received field, where "from" is looked for */

/* What is known of one recipient. Texts may be empty. */
struct recipient {
	struct text address;
	struct text action;
	struct text remote; /* the server that refused */
	struct text said;   /* why */
	struct bounce_code status;
	bool by_smtp; /* said by a server that the reporting one talked to */
};

struct dsn {
	struct intake_reading *d;
	const struct mail *mail;
	struct fields original;
	struct mail_parts parts; /* of the mail that came back */
	struct text text;        /* what is written for people */
	struct text reporting_mta, received_from, arrival_date;
	struct text sender;      /* of the mail, as its queue knew it */
	struct prefix reporting; /* the address of the reporting server; if it is known */
	bool has_reporting;
	bool is_warning; /* it is not over yet */
	struct recipient *recipients;
	size_t count;

	/* Why, by the text for people, for each class of a vague status: the same for all recipients, so it is looked for once. */
	struct told {
		bool known;
		struct bounce_code code;
		enum signal signal;
	} told[6];
};

/* "shop.example" of "dns; shop.example (192.0.2.1)". */
static struct text
typed_value(struct text value)
{
	struct text type, rest = value;

	if (!text_cut(&rest, ';', &type)) {
		return text_trim(value);
	}
	rest = text_trim(rest);
	(void)text_cut(&rest, ' ', &value);
	return value;
}

static void
add_recipient(struct dsn *n, const struct recipient *r)
{
	if (n->recipients == NULL) {
		n->recipients = arena_get_array(n->d->arena, BOUNCE_RECIPIENTS_MAX, sizeof *n->recipients);
	}
	if (n->count < BOUNCE_RECIPIENTS_MAX) {
		n->recipients[n->count++] = *r;
	}
}

/* Some write for people twice, in two languages. */
static bool
is_known(const struct dsn *n, struct text address)
{
	for (size_t i = 0; i < n->count; i++) {
		if (text_equal_nocase(n->recipients[i].address, address)) {
			return true;
		}
	}
	return false;
}

/* ---- with a message/delivery-status part */

/* "smtp; 550 5.1.1 ..." without its type; *by_smtp: a server's reply. */
static struct text
diagnostic(struct text value, bool *by_smtp)
{
	struct text type, rest = value;

	if (!text_cut(&rest, ';', &type) || memchr(type.p, ' ', text_trim(type).n) != NULL) {
		return value;
	}
	*by_smtp = text_equal_nocase(text_trim(type), TEXT("smtp"));
	return text_trim(rest);
}

static void
read_status_block(struct dsn *n, const struct fields *f)
{
	struct recipient r = { .action = fields_first(f, TEXT("Action")) };
	struct text status = fields_first(f, TEXT("Status")), mta = fields_first(f, TEXT("Reporting-MTA"));

	if (mta.n > 0 && n->reporting_mta.n == 0) {
		n->reporting_mta = typed_value(mta);
		n->received_from = typed_value(fields_first(f, TEXT("Received-From-MTA")));
		n->arrival_date = fields_first(f, TEXT("Arrival-Date"));
		n->sender = typed_value(fields_first(f, TEXT("X-Postfix-Sender")));
	}
	r.address = fields_first(f, TEXT("Final-Recipient"));
	if (r.address.n == 0) {
		r.address = fields_first(f, TEXT("Original-Recipient"));
	}
	if (r.address.n == 0 && r.action.n == 0 && status.n == 0) {
		return;
	}
	r.address = typed_value(r.address);
	r.remote = typed_value(fields_first(f, TEXT("Remote-MTA")));
	r.said = diagnostic(fields_first(f, TEXT("Diagnostic-Code")), &r.by_smtp);
	r.by_smtp = r.by_smtp && r.remote.n > 0;
	(void)bounce_code_parse(status, &r.status);
	add_recipient(n, &r);
}

/* The content of a part in a mail that does not say that it has parts: up to the next boundary. Empty: there is none. */
static struct text
loose_part(struct text rest, struct text header)
{
	struct text line, part = { "", 0 };
	bool inside = false;

	while (rest.n > 0) {
		(void)text_cut(&rest, '\n', &line);
		if (!inside && text_starts_nocase(line, header)) {
			inside = true;
			while (line.n > 0 && text_cut(&rest, '\n', &line)) {
				line = text_trim(line);
			}
			part = (struct text){ rest.p, 0 };
		} else if (inside && text_starts_nocase(line, TEXT("--"))) {
			break;
		} else if (inside) {
			part.n = (size_t)(line.p + line.n - part.p);
		}
	}
	return part;
}

/* Mail that was forwarded, or whose header was lost, has its parts as text. */
static void
find_loose_parts(struct dsn *n, struct text *status)
{
	static const struct text headers[] = { { "Content-Type: message/rfc822", 28 },
					       { "Content-Type: text/rfc822-headers", 33 } };

	*status = loose_part(n->mail->body, TEXT("Content-Type: message/delivery-status"));
	for (size_t i = 0; i < countof(headers) && status->n > 0 && n->original.count == 0; i++) {
		fields_read(&n->original, loose_part(n->mail->body, headers[i]), false, n->d->arena);
	}
}

/* Groups of fields with empty lines between: of the report, then of each recipient. */
static void
read_status(struct dsn *n)
{
	struct text rest = n->mail->status;
	struct fields f = { 0 };

	if (rest.n == 0) {
		find_loose_parts(n, &rest);
	}

	while (rest.n > 0 && n->count < BOUNCE_RECIPIENTS_MAX) {
		struct text block = { rest.p, 0 }, line;

		while (rest.n > 0) {
			(void)text_cut(&rest, '\n', &line);
			if (text_trim(line).n == 0) {
				break;
			}
			block.n = (size_t)(line.p + line.n - block.p);
		}
		f.count = 0;
		fields_read(&f, block, false, n->d->arena);
		read_status_block(n, &f);
	}
}

/* ---- written for people */

/* How the copy of the mail is announced; the line begins with this, in any case and after any '-', '>' and blanks. */
static const struct text copies[] = {
	{ "This is a copy of", 17 },
	{ "Original message", 16 },
	{ "Below this line is a copy", 25 },
	{ "The header of the original message", 34 },
	{ "Undelivered message follows", 27 },
	{ "Undelivered message", 19 },
	{ "Returned message", 16 },
	{ "Unsent message follows", 22 },
	{ "Message headers follow", 22 },
	{ "Message header follows", 22 },
	{ "Original headers", 16 },
	{ "Message text follows", 20 },
};

static bool
announces_copy(struct text line)
{
	struct text t = line;

	while (t.n > 0 && strchr("->*| \t", t.p[0]) != NULL && t.p[0] != '\0') {
		t = (struct text){ t.p + 1, t.n - 1 };
	}
	for (size_t i = 0; i < countof(copies); i++) {
		if (text_starts_nocase(t, copies[i])) {
			return true;
		}
	}
	return false;
}

static struct text
past_blank_lines(struct text t)
{
	struct text rest = t, line;

	while (text_cut(&rest, '\n', &line) && text_trim(line).n == 0) {
		t = rest;
	}
	return t;
}

/* What stands before the copy of the mail, and the mail. */
static void
split_text(struct dsn *n)
{
	struct text rest = n->mail->plain.n > 0 ? n->mail->plain : n->mail->body, line;

	n->text = rest;
	n->original = n->mail->original;
	n->parts = n->mail->parts;
	while (rest.n > 0) {
		(void)text_cut(&rest, '\n', &line);
		if (announces_copy(line)) {
			n->text.n = (size_t)(line.p - n->text.p);
			if (!n->mail->has_original) {
				mail_read_written(&n->original, &n->parts, past_blank_lines(rest),
						  n->d->arena);
			}
			return;
		}
	}
}

/* "<kijitora@example.org>:" or "kijitora@example.org" alone on its line: from here on it is about this recipient. */
static struct text
addressed(struct text line)
{
	struct text t = text_trim(line);

	while (t.n > 0 && (t.p[t.n - 1] == ':' || t.p[t.n - 1] == '>')) {
		t.n--;
	}
	if (t.n > 0 && t.p[0] == '<') {
		t = (struct text){ t.p + 1, t.n - 1 };
	}
	if (t.n < 3 || memchr(t.p, '@', t.n) == NULL || t.p[0] == '@' || t.p[t.n - 1] == '@') {
		return (struct text){ "", 0 };
	}
	for (size_t i = 0; i < t.n; i++) {
		if (t.p[i] <= ' ' || strchr("<>()[]:;,\"=/", t.p[i]) != NULL) {
			return (struct text){ "", 0 };
		}
	}
	return t;
}

/* The first of the lines that go with one recipient is a line with its address, the last is before the next such line. */
static void
read_text(struct dsn *n)
{
	struct text rest = n->text, line, address;
	struct recipient r = { .by_smtp = true };
	size_t addresses = 0;

	while (rest.n > 0 && addresses < ADDRESSES_MAX) {
		(void)text_cut(&rest, '\n', &line);
		address = addressed(line);
		addresses += address.n > 0;
		if (address.n > 0 && !text_equal_nocase(address, r.address)) {
			if (r.address.n > 0 && !is_known(n, r.address)) {
				add_recipient(n, &r);
			}
			r.address = address;
			r.said = (struct text){ line.p + line.n, 0 };
		} else if (r.address.n > 0) {
			r.said.n = (size_t)(line.p + line.n - r.said.p);
		}
	}
	if (r.address.n > 0 && !is_known(n, r.address)) {
		add_recipient(n, &r);
	}
	if (n->count == 0) {
		r.address = fields_first(&n->mail->outer, TEXT("X-Failed-Recipients"));
		r.said = n->text;
		add_recipient(n, &r);
	}
}

static bool
has_nocase(struct text t, const char *words)
{
	struct text w = text_of(words);

	for (size_t i = 0; i + w.n <= t.n; i++) {
		if (text_starts_nocase((struct text){ t.p + i, t.n - i }, w)) {
			return true;
		}
	}
	return false;
}

bool
intake_is_bounce(struct intake_reading *d)
{
	static const char *const subjects[] = { "undeliver",
						"non-deliver",
						"nondeliver",
						"delivery fail",
						"delivery error",
						"delivery status",
						"failure notice",
						"returned mail",
						"mail return",
						"mail fail",
						"mail error",
						"mail system error",
						"unable to deliver",
						"delivery has failed",
						"delivery problem",
						"could not be delivered",
						"message not delivered",
						"error sending your mail",
						"unzustellbar",
						"nicht zugestellt",
						"delayed" };
	const struct mail *mail = intake_mail(d);
	struct text from = fields_first(&mail->outer, TEXT("From"));
	struct text subject = fields_first(&mail->outer, TEXT("Subject"));
	struct text sender = text_trim(fields_first(&mail->outer, TEXT("Return-Path")));

	if (mail->is_delivery_report || fields_first(&mail->outer, TEXT("X-Failed-Recipients")).n > 0) {
		return true;
	}
	if (!has_nocase(from, "mailer-daemon") && !has_nocase(from, "postmaster") &&
	    !has_nocase(from, "mail delivery") && !has_nocase(from, "mail-daemon")) {
		return false;
	}
	if (text_equal(sender, TEXT("<>"))) {
		return true; /* whatever the language of its subject */
	}
	for (size_t i = 0; i < countof(subjects); i++) {
		if (has_nocase(subject, subjects[i])) {
			return true;
		}
	}
	return false;
}

/* Is it not over yet? Said by its subject, since the text may quote anything. */
static bool
is_warning(const struct dsn *n)
{
	struct text subject = fields_first(&n->mail->outer, TEXT("Subject"));

	return has_nocase(subject, "delay") || text_starts_nocase(subject, TEXT("Warning:"));
}

/* ---- whose mail it was */

/* The public address of the server with this name: an address itself, or that of the Received field whose "from" part names it. */
static bool
named_address(const struct dsn *n, struct text name, const struct fields *header, struct prefix *address)
{
	struct text received, part;
	const char *wanted;
	size_t at = 0;

	if (name.n > 2 && name.p[0] == '[') {
		name = (struct text){ name.p + 1, name.n - 2 };
	}
	if (prefix_parse(name, address, NULL) == RESULT_OK && prefix_is_address(address)) {
		return prefix_is_public(address);
	}
	if (name.n == 0 || name.n > HOST_BYTES_MAX) {
		return false;
	}
	wanted = text_copy(n->d->arena, name);
	while (fields_next(header, TEXT("Received"), &at, &received)) {
		part = (struct text){ received.p, received.n < FROM_PART_MAX ? received.n : FROM_PART_MAX };
		for (size_t i = 0; i + 4 < part.n; i++) {
			if (text_starts_nocase((struct text){ part.p + i, part.n - i }, TEXT(" by "))) {
				part.n = i;
				break;
			}
		}
		if (has_nocase(part, wanted) && mail_received_address(received, address) &&
		    prefix_is_public(address)) {
			return true;
		}
	}
	return false;
}

/* Is the reporting server one of this domain's? Then a signature of the domain in what comes back is its own. */
static bool
is_own_domain(const struct dsn *n, struct text domain)
{
	struct text host = n->reporting_mta;

	if (domain.n == 0 || host.n < domain.n) {
		return false;
	}
	return text_equal_nocase((struct text){ host.p + host.n - domain.n, domain.n }, domain) &&
	       (host.n == domain.n || host.p[host.n - domain.n - 1] == '.');
}

static void
read_keys(const struct dsn *n, struct draft *t, const struct recipient *r)
{
	struct text signature, domain;
	struct prefix border;
	const char *from = NULL;
	size_t at = 0;

	if (r->by_smtp && n->has_reporting && draft_key_address(t, &n->reporting)) {
		from = "reporting_mta";
	}
	/* Behind its border a large operator has hops with public addresses of its own; it says who came to the border. */
	if (((named_address(n, n->received_from, &n->original, &border) && draft_key_address(t, &border)) ||
	     draft_key_received(t, &n->original)) &&
	    from == NULL) {
		from = "received";
	}
	while (fields_next(&n->original, TEXT("DKIM-Signature"), &at, &signature)) {
		domain = mail_tag(signature, TEXT("d"));
		if ((from == NULL || (r->by_smtp && is_own_domain(n, domain))) && draft_key(t, domain) &&
		    from == NULL) {
			from = "dkim_signature";
		}
	}
	if (from == NULL && draft_key(t, mail_domain(fields_first(&n->original, TEXT("Return-Path"))))) {
		from = "return_path";
	}
	if (from == NULL && draft_key(t, mail_domain(n->sender))) {
		from = "sender";
	}
	if (from == NULL && draft_key(t, mail_domain(fields_first(&n->original, TEXT("From"))))) {
		from = "from";
	}
	draft_attribute(t, "source_from", text_of(from));
}

/* ---- the observations */

static bool
is_counted(const struct dsn *n, const struct recipient *r)
{
	if (r->action.n == 0) {
		return r->status.class_ != 2 && !n->is_warning;
	}
	return text_starts_nocase(r->action, TEXT("failed"));
}

static struct text
code_text(struct arena *arena, const struct bounce_code *code)
{
	return code->class_ == 0
		   ? (struct text){ "", 0 }
		   : text_of(arena_format(arena, "%u.%u.%u", code->class_, code->subject, code->detail));
}

static enum signal
signal_of_text(struct dsn *n, const struct bounce_code *status, struct bounce_code *code)
{
	struct told *t = &n->told[status->class_];

	check(status->class_ < countof(n->told));
	if (!t->known) {
		t->signal = bounce_signal(status, n->text, n->d->arena, &t->code);
		t->known = true;
	}
	*code = t->code;
	return t->signal;
}

/* The signal of a refusal; when the fields are vague, what is written for people says more. */
static enum signal
signal_of(struct dsn *n, struct recipient *r, struct bounce_code *code)
{
	struct arena *arena = n->d->arena;
	enum signal s = bounce_signal(&r->status, r->said, arena, code);
	bool is_vague = r->said.n == 0 && (code->class_ == 0 || (code->subject == 0 && code->detail == 0));

	if (s == SIGNAL_BOUNCE && is_vague) {
		r->said = n->text;
		s = signal_of_text(n, &r->status, code);
	}
	return s;
}

/* False: the mail names no source. */
static bool
add_observation(struct dsn *n, struct recipient *r)
{
	struct arena *arena = n->d->arena;
	struct bounce_code code;
	struct instant arrival;
	struct draft t;
	bool has_arrival;
	struct text domain;

	draft_open(&t, n->d, signal_of(n, r, &code));
	read_keys(n, &t, r);
	if (t.o->key_count == 0) {
		return false;
	}
	has_arrival = (n->arrival_date.n > 0 && instant_parse_mail(n->arrival_date, &arrival) == RESULT_OK) ||
		      draft_arrival(&n->original, &arrival);
	intake_mail_time(n->d, &t, has_arrival ? &arrival : NULL);
	draft_attribute(&t, "status", code_text(arena, &code));
	draft_attribute(&t, "said", bounce_words(r->said, arena));
	domain = mail_domain(r->address);
	domain.p = text_lower(arena, domain);
	draft_attribute(&t, "recipient_domain", domain);
	draft_attribute(&t, "reporting_mta", n->reporting_mta);
	draft_attribute(&t, "remote_mta", r->remote);
	draft_sender(&t, &n->original, (struct text){ "", 0 });
	draft_attribute(&t, "message_id", fields_first(&n->original, TEXT("Message-ID")));
	draft_attribute(&t, "subject", fields_first(&n->original, TEXT("Subject")));
	if (n->d->count == 0) {
		draft_content(&t, &n->original, &n->parts,
			      (struct text){ 0 }); /* one mail, however many it was to */
	}
	draft_keep(&t);
	return true;
}

enum result
intake_dsn_read(struct intake_reading *d)
{
	struct dsn n = { .d = d, .mail = intake_mail(d) };
	bool has_source = true;

	if (!intake_is_bounce(d)) {
		intake_fault(d, 0, TEXT("Content-Type"), d->raw,
			     "no message/delivery-status part, and no bounce");
		return RESULT_BAD_INPUT;
	}
	split_text(&n);
	read_status(&n);
	if (n.count == 0) {
		read_text(&n);
	}
	/* Once for all recipients: both search what may be long. */
	n.has_reporting = named_address(&n, n.reporting_mta, &n.mail->outer, &n.reporting);
	n.is_warning = is_warning(&n);
	intake_rows_open(d, n.count);
	draft_report(d);
	for (size_t i = 0; i < n.count && has_source; i++) {
		if (is_counted(&n, &n.recipients[i])) {
			has_source = add_observation(&n, &n.recipients[i]);
		}
	}
	if (!has_source) {
		intake_fault(d, 0, TEXT("Received"), d->raw,
			     "no source: the mail that came back names no address and no domain");
		return RESULT_BAD_INPUT;
	}
	return RESULT_OK;
}
