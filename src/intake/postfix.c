/*
 * The log of Postfix (syslog or maillog_file). Read are: who a message came from ("client=", and "orig_client=" behind a content filter), whose it is
 * ("from="), what became of it ("status=sent", "status=bounced"), and what smtpd, postscreen and milters refused.
 */
#include "intake/log_int.h"

#include <string.h>

/* One line: "TIME HOST postfix/DAEMON[PID]: ID: REST". */
struct line {
	struct instant at;
	struct text host, id, rest;
};

/* "postfix/submission/smtpd"; rsyslog may cut that at the first '/', so a name of one's own is then none of Postfix. */
static bool
is_daemon(const struct syslog_line *s)
{
	return s->process.n > 0 && (memchr(s->program.p, '/', s->program.n) != NULL ||
				    text_starts_nocase(s->program, TEXT("postfix")));
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
parse_line(struct syslog_clock *clock, struct text text, struct line *line)
{
	struct syslog_line s;
	struct text rest, word;

	if (!syslog_parse(clock, text, &s) || !is_daemon(&s)) {
		return false;
	}
	rest = s.rest;
	*line = (struct line){ .at = s.at, .host = s.host, .id = { "", 0 }, .rest = rest };
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

	if (!parse_line(&l->clock, text, &line)) {
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
postfix_mark(struct syslog_clock *clock, struct text text, struct text *host, struct text *id)
{
	struct line line;

	if (!parse_line(clock, text_trim(text), &line)) {
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
	struct syslog_clock clock = { .latest = LOG_ANY_YEAR };
	struct line read;

	if (name == NULL || line.p[0] == '{') {
		return false;
	}
	return line.p[0] == '<' ? parse_line(&clock, line, &read)
				: memmem(name, (size_t)(line.p + line.n - name), "]: ", 3) != NULL;
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
