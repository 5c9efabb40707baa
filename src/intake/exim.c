/*
 * The main log of Exim, from its file or through syslog. Read are: arrivals ("<="), deliveries ("=>", "->", ">>"), failures ("**"), and what was refused ("rejected"). The selectors
 * "sender_on_delivery", "pid", "incoming_port" and the like may be on or off.
 *
 * Times without a zone ("log_timezone" is off) are taken for UTC.
 */
#include "intake/log_int.h"

#include "base/hash.h"

#include <string.h>

#define COPY_MS 1000 /* between the two times of what is said twice */

/* One line: "DATE TIME [ZONE] [PID] ID FLAG REST", or without id and flag. Through syslog it may have no date. */
struct line {
	struct instant at;
	struct text id, flag, rest;
	struct syslog_line syslog; /* empty in a log of Exim's own */
	struct text said;          /* all that was handed to syslog */
};

static struct text
take_word(struct text *rest)
{
	struct text word;

	(void)text_cut(rest, ' ', &word);
	return word;
}

static struct text
peek_word(struct text rest)
{
	return take_word(&rest);
}

/* "1vXabc-00000000AbC-0dEf", or "1abCde-000Fgh-4q" of Exim before 4.97. */
static bool
is_id(struct text t)
{
	if (t.n != 16 && t.n != 23) {
		return false;
	}
	for (size_t i = 0; i < t.n; i++) {
		bool dash = i == 6 || i == (t.n == 16 ? 13 : 18);
		char c = t.p[i];

		if (dash ? c != '-'
			 : !((c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'))) {
			return false;
		}
	}
	return true;
}

/* "2026-01-05 08:00:00.123 +0000", the zone and the fraction if they are there. */
static bool
parse_time(struct text *rest, struct instant *at)
{
	char iso[64];
	struct text date = take_word(rest), time = take_word(rest), zone = peek_word(*rest);
	size_t n = 0;

	if (date.n != 10 || date.p[4] != '-' || date.p[7] != '-' || time.n < 8 || time.n > 15 ||
	    time.p[2] != ':') {
		return false;
	}
	memcpy(iso, date.p, date.n);
	iso[10] = 'T';
	memcpy(iso + 11, time.p, time.n);
	n = 11 + time.n;
	if (zone.n == 5 && (zone.p[0] == '+' || zone.p[0] == '-')) {
		(void)take_word(rest);
		memcpy(iso + n, zone.p, 3);
		iso[n + 3] = ':';
		memcpy(iso + n + 4, zone.p + 3, 2);
		n += 6;
	} else {
		iso[n++] = 'Z';
	}
	return instant_parse((struct text){ iso, n }, at) == RESULT_OK;
}

/*
 * Lines that are too long for syslog come in parts: "[1/2] ..." and "[2/2] ...", with a backslash where the line had ended by itself. All that is read
 * stands in the first one, and what headers of a refused mail say in the others.
 */
static bool
take_first_part(struct text *rest)
{
	struct text word = peek_word(*rest);
	bool is_part = word.n >= 5 && word.p[0] == '[' && word.p[word.n - 1] == ']' &&
		       (memchr(word.p, '/', word.n) != NULL || memchr(word.p, '\\', word.n) != NULL);

	if (is_part) {
		(void)take_word(rest);
	}
	return !is_part || (word.p[1] == '1' && (word.p[2] == '/' || word.p[2] == '\\'));
}

/*
 * What stands behind the time. Through syslog a line has two: that of syslog is the better one when it says its zone. Without a time of Exim's own
 * (syslog_timestamp is off) the name tells whose line it is.
 */
static bool
parse_head(struct syslog_clock *clock, struct text text, struct line *line, struct text *rest)
{
	struct syslog_line *s = &line->syslog;
	struct instant own;

	*rest = text;
	if (parse_time(rest, &line->at)) {
		return true;
	}
	if (!syslog_parse(clock, text, s) || !take_first_part(&s->rest)) {
		return false;
	}
	line->at = s->at;
	line->said = *rest = s->rest;
	if (!parse_time(rest, &own)) {
		*rest = s->rest;
		return text_starts_nocase(s->program, TEXT("exim"));
	}
	line->at = s->has_zone ? s->at : own;
	return true;
}

static bool
parse_line(struct syslog_clock *clock, struct text text, struct line *line)
{
	struct text rest, word;

	*line = (struct line){ .id = { "", 0 }, .flag = { "", 0 }, .said = { "", 0 } };
	line->syslog.host = line->syslog.process = (struct text){ "", 0 };
	if (!parse_head(clock, text, line, &rest)) {
		return false;
	}
	word = peek_word(rest);
	if (word.n > 2 && word.p[0] == '[' && word.p[word.n - 1] == ']') {
		(void)take_word(&rest); /* the process */
		word = peek_word(rest);
	}
	if (is_id(word)) {
		line->id = take_word(&rest);
		line->flag = peek_word(rest);
		if (line->flag.n != 2) {
			line->flag = (struct text){ "", 0 };
		} else {
			(void)take_word(&rest);
		}
	}
	line->rest = rest;
	return true;
}

/* ---- what a line says */

/* The address of the other side behind "H=": "name [192.0.2.10]:25", "(helo) [192.0.2.10]". */
static struct text
client_of(struct text rest)
{
	const char *host =
	    rest.n > 2 && rest.p[0] == 'H' && rest.p[1] == '=' ? rest.p : memmem(rest.p, rest.n, " H=", 3);

	return host == NULL ? (struct text){ "", 0 }
			    : log_bracketed((struct text){ host, (size_t)(rest.p + rest.n - host) });
}

/* "a@inbox.example" of "a@inbox.example R=..." or of "a <a@inbox.example> R=...". */
static struct text
recipient_of(struct text rest)
{
	struct text first = take_word(&rest), second = peek_word(rest);

	if (second.n > 2 && second.p[0] == '<' && second.p[second.n - 1] == '>') {
		first = (struct text){ second.p + 1, second.n - 2 };
	}
	while (first.n > 0 && (first.p[first.n - 1] == ':' || first.p[first.n - 1] == '>')) {
		first.n--;
	}
	return first.n > 0 && first.p[0] == '<' ? (struct text){ first.p + 1, first.n - 1 } : first;
}

static void
read_failure(struct log *l, const struct line *line, const struct log_message *m)
{
	const char *said = memmem(line->rest.p, line->rest.n, ": ", 2);
	struct text words = said == NULL
				? line->rest
				: (struct text){ said + 2, (size_t)(line->rest.p + line->rest.n - said) - 2 };

	log_refused(l, (struct text){ "", 0 }, words, m->client, m->sender, recipient_of(line->rest),
		    line->at);
}

static void
read_message(struct log *l, const struct line *line)
{
	struct log_message *m = log_message(l, line->syslog.host, line->id);

	if (text_equal(line->flag, TEXT("<="))) {
		m->sender = peek_word(line->rest);
		m->client = client_of(line->rest);
	} else if (text_equal(line->flag, TEXT("=>")) || text_equal(line->flag, TEXT("->")) ||
		   text_equal(line->flag, TEXT(">>"))) {
		log_count(l, SIGNAL_DELIVERED, m->client, m->sender, recipient_of(line->rest), line->at);
	} else if (text_equal(line->flag, TEXT("**"))) {
		read_failure(l, line, m);
	}
}

/* ---- what is refused */

static const char *
find_rejected(const struct line *line)
{
	return memmem(line->rest.p, line->rest.n, " rejected ", 10);
}

/*
 * Was it said before, for the other log? The same words of the same process within a second; a <PRI> must differ. What is said a third time is
 * new again, so a client that is refused twice in a second counts twice.
 */
static bool
is_said_before(struct log *l, const struct line *line)
{
	const struct syslog_line *s = &line->syslog;
	uint64_t hash = hash_fast(s->host.p, s->host.n) ^ (hash_fast(s->process.p, s->process.n) * 31);
	struct log_refusal *last = &l->refusals[hash % LOG_REFUSALS];
	bool is_copy = last->words.n > 0 && text_equal(last->words, line->said) &&
		       text_equal(last->process, s->process) && text_equal(last->host, s->host) &&
		       line->at.ms - last->at.ms <= COPY_MS && last->at.ms - line->at.ms <= COPY_MS &&
		       (s->severity == SYSLOG_NO_SEVERITY || s->severity != last->severity);

	*last = (struct log_refusal){ .host = s->host,
				      .process = s->process,
				      .words = is_copy ? (struct text){ "", 0 } : line->said,
				      .at = line->at,
				      .severity = s->severity };
	return is_copy;
}

/* "H=(helo) [192.0.2.10] F=<a@b.example> rejected RCPT <c@d.example>: Unrouteable address". */
static void
read_rejection(struct log *l, const struct line *line)
{
	const char *word = find_rejected(line), *said;
	struct text after, recipient = { "", 0 };

	if (word == NULL || (word - line->rest.p >= 12 && memcmp(word - 12, " temporarily", 12) == 0)) {
		return;
	}
	if (line->said.n > 0 && is_said_before(l, line)) {
		return;
	}
	after = (struct text){ word + 10, (size_t)(line->rest.p + line->rest.n - word) - 10 };
	said = memmem(after.p, after.n, ": ", 2);
	if (text_starts_nocase(after, TEXT("RCPT "))) {
		recipient = recipient_of((struct text){ after.p + 5, after.n - 5 });
	}
	log_refused(l, (struct text){ "", 0 },
		    said == NULL ? after : (struct text){ said + 2, (size_t)(after.p + after.n - said) - 2 },
		    client_of(line->rest), (struct text){ "", 0 }, recipient, line->at);
}

enum log_mark
exim_mark(struct syslog_clock *clock, struct text text, struct text *host, struct text *id)
{
	struct line line;

	if (!parse_line(clock, text_trim(text), &line) || line.id.n == 0) {
		return LOG_OTHER;
	}
	*host = line.syslog.host;
	*id = line.id;
	if (text_equal(line.flag, TEXT("<="))) {
		return LOG_CLIENT;
	}
	return text_equal(text_trim(line.rest), TEXT("Completed")) ? LOG_CLOSED : LOG_OTHER;
}

/* Takes the last line off the end. */
static struct text
take_last_line(struct text *rest)
{
	const char *end;
	struct text line;

	*rest = text_trim(*rest);
	end = rest->n == 0 ? NULL : memrchr(rest->p, '\n', rest->n);
	line = end == NULL ? *rest : (struct text){ end + 1, (size_t)(rest->p + rest->n - end) - 1 };
	rest->n -= line.n;
	return line;
}

struct text
exim_last_refusal(struct text document)
{
	const struct text none = { "", 0 };
	struct syslog_clock clock = { .latest = LOG_ANY_YEAR };
	struct text last = take_last_line(&document);
	struct line line, before;

	if (last.n > LINE_BYTES_MAX || !parse_line(&clock, last, &line) || line.said.n == 0 ||
	    line.flag.n > 0 || find_rejected(&line) == NULL) {
		return none;
	}
	return parse_line(&clock, take_last_line(&document), &before) && text_equal(before.said, line.said)
		   ? none
		   : last;
}

bool
intake_is_exim(struct text line)
{
	struct syslog_clock clock = { .latest = LOG_ANY_YEAR };
	struct line read;

	return parse_line(&clock, line, &read) &&
	       (read.id.n > 0 || client_of(read.rest).n > 0 || memmem(line.p, line.n, "exim", 4) != NULL);
}

/* A line of the part before, which was counted there. */
static bool
take_carried(struct log *l, struct text text)
{
	struct text mark = TEXT(LOG_REFUSED_MARK);
	struct line line;

	if (!text_starts_nocase(text, mark)) {
		return false;
	}
	text = (struct text){ text.p + mark.n, text.n - mark.n };
	if (parse_line(&l->clock, text_trim(text), &line) && line.said.n > 0) {
		(void)is_said_before(l, &line);
	}
	return true;
}

static void
read_line(struct log *l, struct text text)
{
	struct line line;

	if (take_carried(l, text) || !parse_line(&l->clock, text_trim(text), &line)) {
		return;
	}
	l->seen = true;
	if (line.flag.n > 0) {
		read_message(l, &line);
	} else {
		read_rejection(l, &line);
	}
}

enum result
intake_exim_read(struct intake_reading *d)
{
	struct text rest = d->raw, line;
	struct log l;

	log_open(&l, d);
	while (rest.n > 0) {
		(void)text_cut(&rest, '\n', &line);
		if (line.n <= LINE_BYTES_MAX) {
			read_line(&l, line);
		}
	}
	return log_close(&l, "Exim");
}
