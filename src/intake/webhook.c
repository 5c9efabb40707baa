/*
 * Delivery events as JSON, as mail services send them to a web address or write them to a log: KumoMTA log records, Amazon SES (also in its SNS envelope,
 * also by mail), MailChannels, SendGrid. One object, an array of them, or one per line.
 */
#include "intake/bounce_int.h"
#include "intake/objects_int.h"

#include <string.h>

enum service { KUMOMTA, SES, MAILCHANNELS, SENDGRID, SERVICE_COUNT };

#define REFUSED (-1)
#define NOTHING (-2)

static const struct event {
	enum service service;
	const char *name;
	int verdict; /* a signal, REFUSED or NOTHING */
} events[] = {
#define WEBHOOK_EVENT(service, event, verdict, meaning) { service, event, verdict },
#include "intake/webhook_events.def"
#undef WEBHOOK_EVENT
};

/* One event of any service. Texts may be empty. */
struct delivery {
	enum service service;
	const json_t *event;
	struct text name;
	struct text recipient, said;
	struct bounce_code status;
	struct instant at;
	uint32_t count;
};

bool
intake_is_webhook(struct text t)
{
	/* Two members that go together, of each service. */
	static const char *const marks[][2] = {
		{ "\"type\"", "\"num_attempts\"" },     { "\"notificationType\"", "\"mail\"" },
		{ "\"eventType\"", "\"mail\"" },        { "\"Type\"", "\"TopicArn\"" },
		{ "\"customer_handle\"", "\"event\"" }, { "\"sg_event_id\"", "\"event\"" },
		{ "\"sg_message_id\"", "\"event\"" },
	};

	t = text_trim(t);
	if (t.n == 0 || (t.p[0] != '{' && t.p[0] != '[')) {
		return false;
	}
	t.n = t.n > LINE_BYTES_MAX ? LINE_BYTES_MAX : t.n;
	for (size_t i = 0; i < countof(marks); i++) {
		if (memmem(t.p, t.n, marks[i][0], strlen(marks[i][0])) != NULL &&
		    memmem(t.p, t.n, marks[i][1], strlen(marks[i][1])) != NULL) {
			return true;
		}
	}
	return false;
}

/* A complaint that says of which type it is counts as a feedback mail of that type does; SES also tells of what it did not send at all. */
static int
complaint_verdict(struct intake_reading *d, const struct delivery *v)
{
	struct text type = object_text(d, v->event, "feedback_report.feedback_type");
	enum signal signal;

	if (type.n == 0) {
		type = object_text(d, v->event, "complaint.complaintFeedbackType");
	}
	if (object_text(d, v->event, "complaint.complaintSubType").n > 0) {
		return NOTHING;
	}
	return type.n == 0 ? SIGNAL_COMPLAINT : intake_feedback_signal(type, &signal) ? (int)signal : NOTHING;
}

static int
verdict_of(struct intake_reading *d, const struct delivery *v)
{
	for (size_t i = 0; i < countof(events); i++) {
		if (events[i].service == v->service && text_equal_nocase(v->name, text_of(events[i].name))) {
			return events[i].verdict == SIGNAL_COMPLAINT ? complaint_verdict(d, v)
								     : events[i].verdict;
		}
	}
	return NOTHING;
}

/* "192.0.2.1" of "192.0.2.1:25", "2001:db8::1" of "[2001:db8::1]:25". */
static struct text
without_port(struct text t)
{
	const char *end;

	if (t.n > 1 && t.p[0] == '[') {
		end = memchr(t.p, ']', t.n);
		return end == NULL ? t : (struct text){ t.p + 1, (size_t)(end - t.p) - 1 };
	}
	end = t.n == 0 ? NULL : memchr(t.p, ':', t.n);
	if (end != NULL && memchr(end + 1, ':', (size_t)(t.p + t.n - end - 1)) == NULL) {
		t.n = (size_t)(end - t.p);
	}
	return t;
}

/* "tenant" of KumoMTA's "campaign:tenant@domain"; empty: the queue has none. */
static struct text
tenant_of(struct text queue)
{
	struct text rest = queue, head = { "", 0 };

	if (memchr(queue.p, '@', queue.n) == NULL) {
		return head;
	}
	if (memchr(queue.p, ':', queue.n) != NULL) {
		(void)text_cut(&rest, ':', &head);
	}
	(void)text_cut(&rest, '@', &head);
	return head;
}

/* The strings of an array, or the one that stands for it. */
static void
put_domains(struct draft *t, const struct delivery *v, const char *path)
{
	const json_t *list = object_at(v->event, path);
	json_t *one;
	size_t i;

	(void)draft_key(t, object_text(t->d, v->event, path));
	json_array_foreach((json_t *)list, i, one)
	{
		if (json_is_string(one)) {
			(void)draft_key(t, (struct text){ json_string_value(one), json_string_length(one) });
		}
	}
}

/* What a feedback report tells of the mail that it is about: when it came, of whom, and what it looks like, where it is there. */
static void
add_reported(struct draft *t, const struct delivery *v)
{
	struct intake_reading *d = t->d;
	struct text original = object_text(d, v->event, "feedback_report.original_message");
	const json_t *uri = json_array_get(object_at(v->event, "feedback_report.reported_uri"), 0);
	struct fields header = { 0 };
	struct mail_parts parts = { 0 };
	struct instant arrival;

	draft_attribute(t, "feedback_type", object_text(d, v->event, "feedback_report.feedback_type"));
	if (object_time(d, v->event, "feedback_report.arrival_date", &arrival)) {
		draft_attribute_time(t, "arrival", arrival);
	}
	if (original.n > 0 && original.n <= MAIL_BYTES_MAX) {
		mail_read_written(&header, &parts, mail_even_lines(original, d->arena), d->arena);
	}
	if (t->o->key_count == 0) {
		(void)draft_key_received(t, &header);
	}
	draft_sender(t, &header, object_text(d, v->event, "feedback_report.original_mail_from"));
	draft_content(t, &header, &parts,
		      json_is_string(uri) ? (struct text){ json_string_value(uri), json_string_length(uri) }
					  : (struct text){ "", 0 });
}

static void
read_keys(struct draft *t, const struct delivery *v)
{
	struct intake_reading *d = t->d;
	struct text tenant = object_text(d, v->event, "meta.tenant");

	switch (v->service) {
	case KUMOMTA:
		(void)(draft_key(t, object_text(d, v->event, "feedback_report.source_ip")) ||
		       draft_key(t, without_port(object_text(d, v->event, "source_address.address"))));
		put_domains(t, v, "feedback_report.reported_domain");
		tenant = tenant.n > 0 ? tenant : tenant_of(object_text(d, v->event, "queue"));
		(void)draft_key_account(t, "kumomta", tenant);
		break;
	case SES:
		(void)draft_key_account(t, "ses", object_text(d, v->event, "mail.sendingAccountId"));
		(void)draft_key(t, mail_domain(object_text(d, v->event, "mail.source")));
		break;
	case MAILCHANNELS:
		(void)draft_key_account(t, "mailchannels", object_text(d, v->event, "customer_handle"));
		break;
	case SENDGRID:
		(void)draft_key(t, object_text(d, v->event, "ip"));
		(void)draft_key_account(t, "sendgrid", object_text(d, v->event, "subuser"));
		break;
	case SERVICE_COUNT:
		break;
	}
}

static struct text
code_text(struct arena *arena, const struct bounce_code *code)
{
	return code->class_ == 0
		   ? (struct text){ "", 0 }
		   : text_of(arena_format(arena, "%u.%u.%u", code->class_, code->subject, code->detail));
}

/* False: the event names no source. */
static bool
add_observation(struct intake_reading *d, const struct delivery *v, int verdict, struct fault *why)
{
	struct bounce_code code = v->status;
	struct text domain = mail_domain(v->recipient);
	struct draft t;

	draft_open(&t, d,
		   verdict == REFUSED ? bounce_signal(&v->status, v->said, d->arena, &code)
				      : (enum signal)verdict);
	t.o->count = v->count;
	t.o->at = v->at;
	read_keys(&t, v);
	if (object_at(v->event, "feedback_report.feedback_type") != NULL) {
		add_reported(&t, v);
	}
	if (t.o->key_count == 0) {
		(void)fault_set(why, RESULT_BAD_INPUT, "no source: neither an address nor an account");
		return false;
	}
	draft_attribute(&t, "event", v->name);
	if (verdict == REFUSED) {
		draft_attribute(&t, "status", code_text(d->arena, &code));
		draft_attribute(&t, "said", bounce_words(v->said, d->arena));
	}
	domain.p = text_lower(d->arena, domain);
	draft_attribute(&t, "recipient_domain", domain);
	draft_keep(&t);
	return true;
}

/* Adds it, or records that it counts nothing. */
static bool
settle(struct intake_reading *d, const struct delivery *v, struct fault *why)
{
	int verdict = verdict_of(d, v);

	if (verdict == NOTHING) {
		draft_report(d);
		return true;
	}
	return add_observation(d, v, verdict, why);
}

/* ---- the services */

static bool
take_kumomta(struct intake_reading *d, struct delivery *v, struct fault *why)
{
	const json_t *recipient = object_at(v->event, "recipient");
	const json_t *code = object_at(v->event, "response.enhanced_code");

	v->name = object_text(d, v->event, "type");
	v->recipient = object_text(d, v->event, "recipient");
	if (json_is_array(recipient) && json_array_size(recipient) > 0) {
		v->recipient = text_of(json_string_value(json_array_get(recipient, 0)));
		v->recipient.p = text_copy(d->arena, v->recipient);
		v->count = (uint32_t)(json_array_size(recipient) < INCIDENTS_MAX ? json_array_size(recipient)
										 : INCIDENTS_MAX);
	}
	v->said = object_text(d, v->event, "response.content");
	if (json_is_object(code)) {
		v->said = text_of(arena_format(d->arena, "%.*s.%.*s.%.*s %.*s",
					       TEXT_ARG(object_text(d, code, "class")),
					       TEXT_ARG(object_text(d, code, "subject")),
					       TEXT_ARG(object_text(d, code, "detail")), TEXT_ARG(v->said)));
	}
	return settle(d, v, why);
}

/* "smtp; 550 5.1.1 ..." without its type. */
static struct text
without_type(struct text diagnostic)
{
	return text_starts_nocase(diagnostic, TEXT("smtp;"))
		   ? text_trim((struct text){ diagnostic.p + 5, diagnostic.n - 5 })
		   : diagnostic;
}

static bool
take_ses_bounce(struct intake_reading *d, struct delivery *v, struct fault *why)
{
	const json_t *list = object_at(v->event, "bounce.bouncedRecipients");
	json_t *one;
	size_t i;

	if (!text_equal_nocase(object_text(d, v->event, "bounce.bounceType"), TEXT("Permanent"))) {
		draft_report(d);
		return true;
	}
	(void)object_time(d, v->event, "bounce.timestamp", &v->at);
	if (json_array_size(list) > OBJECT_OBSERVATIONS) {
		(void)fault_set(why, RESULT_BAD_INPUT, "more than %u recipients", OBJECT_OBSERVATIONS);
		return false;
	}
	json_array_foreach((json_t *)list, i, one)
	{
		v->recipient = object_text(d, one, "emailAddress");
		v->said = without_type(object_text(d, one, "diagnosticCode"));
		v->status = (struct bounce_code){ 0, 0, 0 };
		(void)bounce_code_parse(object_text(d, one, "status"), &v->status);
		if (!settle(d, v, why)) {
			return false;
		}
	}
	return true;
}

static bool
take_ses(struct intake_reading *d, struct delivery *v, struct fault *why)
{
	v->name = object_text(d, v->event, "notificationType");
	if (v->name.n == 0) {
		v->name = object_text(d, v->event, "eventType");
	}
	(void)object_time(d, v->event, "mail.timestamp", &v->at);
	if (text_equal_nocase(v->name, TEXT("Bounce"))) {
		return take_ses_bounce(d, v, why);
	}
	(void)(object_time(d, v->event, "delivery.timestamp", &v->at) ||
	       object_time(d, v->event, "complaint.timestamp", &v->at));
	if (text_equal_nocase(v->name, TEXT("Delivery"))) {
		size_t n = json_array_size(object_at(v->event, "delivery.recipients"));

		v->count = n == 0 ? 1 : n < INCIDENTS_MAX ? (uint32_t)n : INCIDENTS_MAX;
	}
	return settle(d, v, why);
}

/* MailChannels names all recipients of a message; a complaint is of one of them all the same. */
static void
take_recipients(struct intake_reading *d, struct delivery *v)
{
	const json_t *list = object_at(v->event, "recipients");
	size_t n = json_array_size(list);

	if (n == 0 || !json_is_string(json_array_get(list, 0))) {
		return;
	}
	v->recipient = text_of(json_string_value(json_array_get(list, 0)));
	v->recipient.p = text_copy(d->arena, v->recipient);
	if (!text_equal_nocase(v->name, TEXT("complained"))) {
		v->count = (uint32_t)(n < INCIDENTS_MAX ? n : INCIDENTS_MAX);
	}
}

static bool
take_simple(struct intake_reading *d, struct delivery *v, struct fault *why)
{
	v->name = object_text(d, v->event, "event");
	v->said = object_text(d, v->event, "reason");
	(void)bounce_code_parse(object_text(d, v->event, "status"), &v->status);
	if (v->service == SENDGRID) {
		v->recipient = object_text(d, v->event, "email");
	} else {
		take_recipients(d, v);
	}
	return settle(d, v, why);
}

static bool
take_event(struct intake_reading *d, const json_t *event, struct fault *why)
{
	struct delivery v = { .event = event, .count = 1, .at = d->hint->received };

	(void)object_time(d, event, "timestamp", &v.at);
	if (object_at(event, "mail") != NULL) {
		v.service = SES;
		return take_ses(d, &v, why);
	}
	if (object_at(event, "num_attempts") != NULL) {
		v.service = KUMOMTA;
		return take_kumomta(d, &v, why);
	}
	v.service = object_at(event, "customer_handle") != NULL ? MAILCHANNELS : SENDGRID;
	if (object_at(event, "event") == NULL) {
		(void)fault_set(why, RESULT_BAD_INPUT, "an event of no service that is known");
		return false;
	}
	return take_simple(d, &v, why);
}

/* SNS has the notification as a string in its member Message. */
static bool
take_enveloped(struct intake_reading *d, const json_t *event, struct fault *why)
{
	struct text message = object_text(d, event, "Message");
	json_t *inner;
	bool taken;

	if (message.n == 0 || object_at(event, "TopicArn") == NULL) {
		return take_event(d, event, why);
	}
	inner = json_loadb(message.p, message.n, JSON_REJECT_DUPLICATES, NULL);
	if (!json_is_object(inner)) {
		json_decref(inner);
		draft_report(d); /* "Successfully validated SNS topic" and the like */
		return true;
	}
	taken = take_event(d, inner, why);
	json_decref(inner);
	return taken;
}

/* The JSON in a mail: up to its signature, without the line ends that mail servers put into long lines ("!" and a blank go with them). */
static struct text
mailed(struct intake_reading *d)
{
	struct text rest = text_trim(intake_mail(d)->plain), line;
	char *out = arena_get(d->arena, rest.n + 1);
	size_t n = 0;

	while (rest.n > 0) {
		bool more = text_cut(&rest, '\n', &line);

		if (text_equal(text_trim(line), TEXT("--"))) {
			break;
		}
		if (n > 0 && out[n - 1] == '!' && line.n > 0 && line.p[0] == ' ') {
			n--;
			line = (struct text){ line.p + 1, line.n - 1 };
		}
		memcpy(out + n, line.p, line.n);
		n += line.n;
		if (!more) {
			break;
		}
	}
	return (struct text){ out, n };
}

/* Alone or in a mail; a mail without an event is none of these, where an empty array is a call that had nothing to tell. */
enum result
intake_webhook_read(struct intake_reading *d)
{
	struct text text = text_trim(d->raw);
	bool is_mail = text.n > 0 && memchr("{[", text.p[0], 2) == NULL && intake_looks_like_mail(text) &&
		       memchr(text.p, '\n', text.n) != NULL; /* a line set aside, read again, is none */
	enum result r = objects_read(d, is_mail ? mailed(d) : text, take_enveloped);

	if (is_mail && r == RESULT_OK && d->fault_count == 0 && d->count == 0 && d->reporter_count == 0) {
		intake_fault(d, 0, (struct text){ 0 }, d->raw, "a mail without an event");
		return RESULT_BAD_INPUT;
	}
	return r;
}
