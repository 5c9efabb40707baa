/*
 * XARF, the Extended Abuse Reporting Format: v4 and v3 (github.com/xarf/xarf-spec), as JSON of its own or in the application/json part of a mail
 * (v3 has it in an ARF container with "Feedback-Type: xarf"). One report becomes one observation. v3 goes round in two forms: that of its own schemas
 * (github.com/abusix/xarf, "SourceIp", as 1 and 2 had it), and that of the samples which stand beside v4 ("Source": {"IP"}).
 */
#include "intake/objects_int.h"

#include <openssl/evp.h>
#include <string.h>

static const struct type_row {
	struct text category, type;
	enum signal signal;
} types[] = {
#define XARF_TYPE(category, type, signal, meaning) \
	{ { category, sizeof(category) - 1 }, { type, sizeof(type) - 1 }, SIGNAL_##signal },
#include "intake/xarf_types.def"
#undef XARF_TYPE
};

/* The same fields under the names of each version; "" is none. */
enum { V4, V3_FLAT, V3 };
static const struct version {
	const char *version, *category, *type, *time, *source, *url, *account, *sender, *subject, *found_by,
	    *org, *evidence, *evidence_type, *evidence_data;
	const char *is_base64; /* of the evidence; "": it always is */
} versions[] = {
	[V4] = { "xarf_version", "category", "type", "timestamp", "source_identifier", "url", "", "smtp_from",
		 "subject", "evidence_source", "reporter.org", "evidence", "content_type", "payload", "" },
	[V3_FLAT] = { "Version", "Report.ReportClass", "Report.ReportType", "Report.Date", "Report.SourceIp",
		      "Report.SourceUrl", "Report.Account.AccountEmail", "Report.SmtpMailFromAddress", "",
		      "Report.ReportSubType", "ReporterInfo.ReporterOrg", "Report.Samples", "ContentType",
		      "Payload", "Base64Encoded" },
	[V3] = { "Version", "Report.ReportClass", "Report.ReportType", "Report.Date", "Report.Source.IP",
		 "Report.Source.URL", "", "Report.AdditionalInfo.SMTPFrom", "Report.AdditionalInfo.Subject",
		 "Report.AdditionalInfo.DetectionMethod", "ReporterInfo.ReporterOrg", "Report.Attachment",
		 "ContentType", "Data", "" },
};

bool
intake_is_xarf(struct text t)
{
	t = text_trim(t);
	return t.n > 0 && (t.p[0] == '{' || t.p[0] == '[') &&
	       (memmem(t.p, t.n, "\"xarf_version\"", 14) != NULL ||
		(memmem(t.p, t.n, "\"ReporterInfo\"", 14) != NULL &&
		 memmem(t.p, t.n, "\"Report\"", 8) != NULL));
}

static const struct version *
version_of(const json_t *report)
{
	if (json_object_get(report, "xarf_version") != NULL) {
		return &versions[V4];
	}
	return &versions[object_at(report, "Report.Source") != NULL ? V3 : V3_FLAT];
}

/* What it counts as; NULL: as nothing. */
static const struct type_row *
row_of(struct text category, struct text type)
{
	for (size_t i = 0; i < countof(types); i++) {
		if (text_equal_nocase(types[i].category, category) &&
		    (types[i].type.n == 0 || text_equal_nocase(types[i].type, type))) {
			return types[i].signal == SIGNAL_SAMPLE ? NULL : &types[i];
		}
	}
	return NULL;
}

/* "shop.example" of "https://a:b@shop.example:8080/path"; empty: none. */
static struct text
host_of(struct text url)
{
	const char *start = url.n < 4 ? NULL : memmem(url.p, url.n, "://", 3);
	struct text host = { "", 0 };

	if (start == NULL) {
		return host;
	}
	host = (struct text){ start + 3, 0 };
	while (host.p + host.n < url.p + url.n && strchr("/?#\\", host.p[host.n]) == NULL) {
		host.n++;
		if (host.p[host.n - 1] == '@') {
			host = (struct text){ host.p + host.n, 0 };
		}
	}
	for (size_t i = 0; i < host.n && host.p[0] != '['; i++) {
		host.n = host.p[i] == ':' ? i : host.n;
	}
	return host;
}

/* Base64, also of the alphabet for web addresses; line ends and other rubbish between are passed over. */
static struct text
decode(struct intake_reading *d, struct text data)
{
	char *in = arena_get(d->arena, data.n + 4), *out = arena_get(d->arena, data.n + 4);
	size_t n = 0, filled;
	int got;

	for (size_t i = 0; i < data.n && data.p[i] != '='; i++) {
		char c = data.p[i] == '-' ? '+' : data.p[i] == '_' ? '/' : data.p[i];

		if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '+' ||
		    c == '/') {
			in[n++] = c;
		}
	}
	n -= n % 4 == 1; /* six bits alone are no byte */
	for (filled = n; filled % 4 != 0; filled++) {
		in[filled] = '=';
	}
	got = EVP_DecodeBlock((unsigned char *)out, (const unsigned char *)in, (int)filled);
	return (struct text){ out, got > 0 ? (size_t)got - (filled - n) : 0 };
}

/* The first mail among the evidence; false: there is none. */
static bool
read_evidence(struct intake_reading *d, const json_t *report, const struct version *v, struct fields *header,
	      struct mail_parts *parts)
{
	const json_t *list = object_at(report, v->evidence);
	json_t *one;
	size_t i;

	json_array_foreach((json_t *)list, i, one)
	{
		struct text data = object_text(d, one, v->evidence_data);

		if (!text_starts_nocase(object_text(d, one, v->evidence_type), TEXT("message/rfc822"))) {
			continue;
		}
		if (v->is_base64[0] == '\0' || json_is_true(object_at(one, v->is_base64))) {
			data = decode(d, data);
		}
		if (data.n > 0 && data.n <= MAIL_BYTES_MAX) {
			mail_read_written(header, parts, mail_even_lines(data, d->arena), d->arena);
		}
		return header->count > 0;
	}
	return false;
}

/* The drafts of v4 called it "class". */
static struct text
category_of(struct intake_reading *d, const json_t *report, const struct version *v)
{
	struct text category = object_text(d, report, v->category);

	return category.n > 0 || v != &versions[V4] ? category : object_text(d, report, "class");
}

/* Messages also go by other ways than mail, and their senders are no sources of ours. */
static bool
is_mail(struct intake_reading *d, const json_t *report)
{
	static const char *const names[] = { "smtp", "smtps", "esmtp", "submission", "lmtp", "email" };
	struct text protocol = object_text(d, report, "protocol");

	for (size_t i = 0; i < countof(names) && protocol.n > 0; i++) {
		if (text_equal_nocase(protocol, text_of(names[i]))) {
			return true;
		}
	}
	return protocol.n == 0;
}

/* `of_source`: the mail in the evidence came from the source; else it may only lead there. */
static void
put_attributes(struct draft *t, const json_t *report, const struct version *v, bool of_source)
{
	struct intake_reading *d = t->d;
	struct fields header = { 0 };
	struct mail_parts parts = { 0 };
	struct text subject = object_text(d, report, v->subject);
	struct instant arrival;
	bool has_mail = read_evidence(d, report, v, &header, &parts);

	draft_attribute(t, "category", category_of(d, report, v));
	draft_attribute(t, "type", object_text(d, report, v->type));
	draft_attribute(t, "report", object_text(d, report, "report_id"));
	draft_attribute(t, "found_by", object_text(d, report, v->found_by));
	draft_attribute(t, "org", object_text(d, report, v->org));
	draft_attribute(t, "url", object_text(d, report, v->url));
	draft_attribute(t, "confidence", object_text(d, report, "confidence"));
	draft_attribute(t, "recipients", object_text(d, report, "recipient_count"));
	draft_sender(t, of_source ? &header : &(struct fields){ 0 }, object_text(d, report, v->sender));
	draft_attribute(t, "subject", subject.n > 0 ? subject : fields_first(&header, TEXT("Subject")));
	draft_attribute(t, "message_id", fields_first(&header, TEXT("Message-ID")));
	if (draft_arrival(&header, &arrival)) {
		draft_attribute_time(t, "arrival", arrival);
	}
	if (has_mail && of_source) {
		draft_content(t, &header, &parts, (struct text){ 0 });
	}
}

static bool
take_report(struct intake_reading *d, const json_t *report, struct fault *why)
{
	const struct version *v = version_of(report);
	struct text category = category_of(d, report, v);
	const struct type_row *row;
	struct draft t;

	if (category.n == 0 || json_object_get(report, v->version) == NULL) {
		(void)fault_set(why, RESULT_BAD_INPUT, "no XARF: neither v4 nor v3");
		return false;
	}
	row = row_of(category, object_text(d, report, v->type));
	if (row == NULL || (row->signal == SIGNAL_COMPLAINT && !is_mail(d, report))) {
		draft_report(d);
		return true;
	}
	draft_open(&t, d, row->signal);
	if (d->hint->is_trap_network && row->signal == SIGNAL_COMPLAINT) {
		t.o->signal = d->hint->trap_signal;
	}
	/* Where a mail leads to is not who sent it. */
	if (!draft_key(&t, object_text(d, report, v->source)) &&
	    (row->signal == SIGNAL_COMPLAINT || !draft_key(&t, host_of(object_text(d, report, v->url)))) &&
	    !draft_key(&t, mail_domain(object_text(d, report, v->account)))) {
		(void)fault_set(why, RESULT_BAD_INPUT, "no source: neither an address nor a domain");
		return false;
	}
	if (!object_time(d, report, v->time, &t.o->at)) {
		t.o->at = d->hint->received;
	}
	put_attributes(&t, report, v, row->signal == SIGNAL_COMPLAINT);
	draft_keep(&t);
	return true;
}

enum result
intake_xarf_read(struct intake_reading *d)
{
	struct text text = d->raw;
	const struct mail *mail;

	if (!intake_is_xarf(text)) {
		mail = intake_mail(d);
		text = (struct text){ "", 0 };
		for (size_t i = 0; i < mail->file_count && text.n == 0; i++) {
			text = intake_is_xarf(mail->files[i].content) ? mail->files[i].content : text;
		}
		if (text.n == 0) {
			intake_fault(d, 0, TEXT("Content-Type"), d->raw, "no XARF report in it");
			return RESULT_BAD_INPUT;
		}
	}
	text = text_trim(text);
	d->content = hash_of(text.p, text.n);
	d->by_content = true;
	return objects_read(d, text, take_report);
}
