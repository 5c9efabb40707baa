/*
 * The log of Postfix (syslog or maillog_file). Read are: who a message came from ("client=", and "orig_client=" behind a content filter), whose it is
 * ("from="), what became of it ("status=sent", "status=bounced"), and what smtpd, postscreen and milters refused.
 *
 * Times of the old form ("Jan  5 08:00:00") have neither year nor zone: the year is the one that puts them before the door's clock, the zone UTC.
 */
#include "intake/log_int.h"

#include <stdio.h>
#include <string.h>

/* One line: "TIME HOST postfix/DAEMON[PID]: ID: REST". */
struct line {
	struct instant at;
	struct text host, daemon, id, rest;
};

static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";

/* "08" or " 8" at the front. */
static int
two_digits(const char *p)
{
	return (p[0] == ' ' ? 0 : (p[0] - '0') * 10) + (p[1] - '0');
}

/* "Jan  5 08:00:00", in the year in which it lies before `latest`. */
static bool
parse_old_time(struct text t, struct instant latest, struct instant *at)
{
	char text[INSTANT_BYTES];
	const char *month = t.n < 15 ? NULL : memmem(months, sizeof months - 1, t.p, 3);
	int year;

	if (month == NULL || (month - months) % 3 != 0 || t.p[3] != ' ' || t.p[6] != ' ' || t.p[9] != ':') {
		return false;
	}
	(void)instant_format(latest, text);
	year = two_digits(text) * 100 + two_digits(text + 2);
	for (int back = 0; back < 2; back++) {
		char iso[64];

		(void)snprintf(iso, sizeof iso, "%04d-%02d-%02dT%.8sZ", (year - back) % 10000,
			       (int)(month - months) / 3 + 1, two_digits(t.p + 4) % 100, t.p + 7);
		if (instant_parse(text_of(iso), at) == RESULT_OK && at->ms <= latest.ms) {
			return true;
		}
	}
	return false;
}

/* Takes a word off the front. */
static struct text
take_word(struct text *rest)
{
	struct text word;

	(void)text_cut(rest, ' ', &word);
	return word;
}

static bool
parse_time(struct instant latest, struct text *rest, struct line *line)
{
	struct text word;

	if (rest->n > 16 && rest->p[0] >= 'A') {
		if (!parse_old_time(*rest, latest, &line->at)) {
			return false;
		}
		*rest = (struct text){ rest->p + 16, rest->n - 16 };
		return true;
	}
	word = take_word(rest);
	return instant_parse(word, &line->at) == RESULT_OK;
}

/* "smtpd" of "postfix/submission/smtpd[12]:"; empty: no line of Postfix. */
static struct text
daemon_of(struct text tag)
{
	const char *open = tag.n < 4 ? NULL : memchr(tag.p, '[', tag.n), *slash;

	if (open == NULL || tag.p[tag.n - 1] != ':' || tag.p[tag.n - 2] != ']') {
		return (struct text){ "", 0 };
	}
	slash = memrchr(tag.p, '/', (size_t)(open - tag.p));
	return slash == NULL ? (struct text){ "", 0 }
			     : (struct text){ slash + 1, (size_t)(open - slash) - 1 };
}

/* "4bX2Zk1234z" or "0A1B2C3D4E"; NOQUEUE is none. */
static bool
is_id(struct text t)
{
	if (t.n < 6 || t.n > 24 || text_equal(t, TEXT("NOQUEUE"))) {
		return false;
	}
	for (size_t i = 0; i < t.n; i++) {
		if (!((t.p[i] >= '0' && t.p[i] <= '9') ||
		      ((t.p[i] | 0x20) >= 'a' && (t.p[i] | 0x20) <= 'z'))) {
			return false;
		}
	}
	return true;
}

static bool
parse_line(struct instant latest, struct text text, struct line *line)
{
	struct text rest = text, word;

	if (!parse_time(latest, &rest, line)) {
		return false;
	}
	line->host = take_word(&rest);
	line->daemon = daemon_of(take_word(&rest));
	if (line->daemon.n == 0) {
		return false;
	}
	line->rest = rest;
	line->id = (struct text){ "", 0 };
	if (text_cut(&rest, ':', &word) && (is_id(word) || text_equal(word, TEXT("NOQUEUE")))) {
		line->rest = text_trim(rest);
		line->id = is_id(word) ? word : line->id;
	}
	return true;
}

/* ---- what a line says */

/* "192.0.2.10" of "RCPT from out1.shop.example[192.0.2.10]: 550 ..."; *reply: what was answered. */
static struct text
refused_client(struct text rest, struct text *reply)
{
	const char *from = memmem(rest.p, rest.n, " from ", 6), *end;
	struct text who;

	*reply = (struct text){ "", 0 };
	if (from == NULL) {
		return *reply;
	}
	who = (struct text){ from + 6, (size_t)(rest.p + rest.n - from) - 6 };
	end = memmem(who.p, who.n, "]: ", 3);
	if (end == NULL) { /* postscreen: "[192.0.2.10]:53210: 550 ..." */
		end = memmem(who.p, who.n, ": ", 2);
	}
	if (end != NULL) {
		const char *start = memmem(end, (size_t)(who.p + who.n - end), ": ", 2);
		const char *semicolon;

		*reply =
		    start == NULL ? *reply : (struct text){ start + 2, (size_t)(who.p + who.n - start) - 2 };
		semicolon = memmem(reply->p, reply->n, "; from=<", 8);
		reply->n = semicolon == NULL ? reply->n : (size_t)(semicolon - reply->p);
	}
	return log_bracketed(who);
}

static void
read_refusal(struct log *l, const struct line *line)
{
	struct text reply, client = refused_client(line->rest, &reply);

	log_refused(l, reply, reply, client, (struct text){ "", 0 }, log_value(line->rest, TEXT("to=")),
		    line->at);
}

/* A content filter took it and hands it back under another id. */
static bool
is_handed_over(struct text rest)
{
	struct text relay = log_value(rest, TEXT("relay="));
	struct text address = log_bracketed(relay);

	return (text_starts_nocase(address, TEXT("127.")) || text_equal(address, TEXT("::1"))) &&
	       memmem(rest.p, rest.n, "queued as", 9) != NULL;
}

static void
read_delivery(struct log *l, const struct line *line)
{
	struct log_message *m = log_message(l, line->host, line->id);
	struct text to = log_value(line->rest, TEXT("to=")), rest = line->rest, status;
	const char *end = memmem(rest.p, rest.n, ">, ", 3), *open;

	if (m == NULL || end == NULL) {
		return;
	}
	/* A recipient may have anything in quotes: the other fields are looked for behind it. */
	rest = (struct text){ end + 2, (size_t)(rest.p + rest.n - end) - 2 };
	status = log_value(rest, TEXT("status="));
	if (status.n == 0) {
		return;
	}
	open = memchr(status.p, '(', (size_t)(rest.p + rest.n - status.p));
	if (text_equal(status, TEXT("sent")) && !is_handed_over(rest)) {
		log_count(l, SIGNAL_DELIVERED, m->client, m->sender, to, line->at);
	} else if (text_equal(status, TEXT("bounced")) || text_equal(status, TEXT("expired"))) {
		struct text said =
		    open == NULL ? TEXT("") : (struct text){ open, (size_t)(rest.p + rest.n - open) };

		log_refused(l, log_value(rest, TEXT("dsn=")), said, m->client, m->sender, to, line->at);
	}
}

static void
read_client(struct log *l, const struct line *line)
{
	struct log_message *m = log_message(l, line->host, line->id);
	struct text original = log_value(line->rest, TEXT("orig_client="));

	if (m != NULL) {
		m->client = log_bracketed(original.n > 0 ? original : line->rest);
	}
}

static void
read_line(struct log *l, struct text text)
{
	struct line line;

	if (!parse_line(l->d->latest, text, &line)) {
		return;
	}
	l->seen = true;
	if (text_starts_nocase(line.rest, TEXT("client="))) {
		read_client(l, &line);
	} else if (text_starts_nocase(line.rest, TEXT("reject: ")) ||
		   text_starts_nocase(line.rest, TEXT("milter-reject: "))) {
		read_refusal(l, &line);
	} else if (text_starts_nocase(line.rest, TEXT("to=<"))) {
		read_delivery(l, &line);
	} else if (text_starts_nocase(line.rest, TEXT("from=<")) && line.id.n > 0) {
		log_message(l, line.host, line.id)->sender = log_value(line.rest, TEXT("from="));
	}
}

enum log_mark
postfix_mark(struct text text, struct text *host, struct text *id)
{
	const struct instant latest = { INT64_C(4102444800000) }; /* 2100: any year will do here */
	struct line line;

	if (!parse_line(latest, text_trim(text), &line)) {
		return LOG_OTHER;
	}
	*host = line.host;
	*id = line.id;
	if (text_starts_nocase(line.rest, TEXT("client="))) {
		return LOG_CLIENT;
	}
	if (text_equal(line.rest, TEXT("removed"))) {
		return LOG_CLOSED;
	}
	return text_starts_nocase(line.rest, TEXT("from=<")) ? LOG_SENDER : LOG_OTHER;
}

bool
intake_is_postfix(struct text line)
{
	const char *name = memmem(line.p, line.n, "postfix", 7);

	return name != NULL && memmem(name, (size_t)(line.p + line.n - name), "]: ", 3) != NULL &&
	       line.p[0] != '{' && line.p[0] != '<';
}

enum result
intake_postfix_read(struct intake_reading *d)
{
	struct text rest = d->raw, line;
	struct log l;

	log_open(&l, d);
	while (rest.n > 0) {
		(void)text_cut(&rest, '\n', &line);
		if (line.n <= LINE_BYTES_MAX) {
			read_line(&l, text_trim(line));
		}
	}
	return log_close(&l, "Postfix");
}
