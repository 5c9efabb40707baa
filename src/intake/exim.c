/*
 * The main log of Exim. Read are: arrivals ("<="), deliveries ("=>", "->", ">>"), failures ("**"), and what was refused ("rejected"). The selectors
 * "sender_on_delivery", "pid", "incoming_port" and the like may be on or off.
 *
 * Times without a zone ("log_timezone" is off) are taken for UTC.
 */
#include "intake/log_int.h"

#include <string.h>

/* One line: "DATE TIME [ZONE] [PID] ID FLAG REST", or without id and flag. */
struct line {
	struct instant at;
	struct text id, flag, rest;
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

static bool
parse_line(struct text text, struct line *line)
{
	struct text rest = text, word;

	*line = (struct line){ .id = { "", 0 }, .flag = { "", 0 } };
	if (!parse_time(&rest, &line->at)) {
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
	struct log_message *m = log_message(l, (struct text){ "", 0 }, line->id);

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

/* "H=(helo) [192.0.2.10] F=<a@b.example> rejected RCPT <c@d.example>: Unrouteable address". */
static void
read_rejection(struct log *l, const struct line *line)
{
	const char *word = memmem(line->rest.p, line->rest.n, " rejected ", 10), *said;
	struct text after, recipient = { "", 0 };

	if (word == NULL || (word - line->rest.p >= 12 && memcmp(word - 12, " temporarily", 12) == 0)) {
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
exim_mark(struct text text, struct text *host, struct text *id)
{
	struct line line;

	if (!parse_line(text_trim(text), &line) || line.id.n == 0) {
		return LOG_OTHER;
	}
	*host = (struct text){ "", 0 };
	*id = line.id;
	if (text_equal(line.flag, TEXT("<="))) {
		return LOG_CLIENT;
	}
	return text_equal(text_trim(line.rest), TEXT("Completed")) ? LOG_CLOSED : LOG_OTHER;
}

bool
intake_is_exim(struct text line)
{
	struct line read;

	return parse_line(line, &read) &&
	       (read.id.n > 0 || client_of(read.rest).n > 0 || memmem(line.p, line.n, "exim", 4) != NULL);
}

enum result
intake_exim_read(struct intake_reading *d)
{
	struct text rest = d->raw, text;
	struct log l;

	log_open(&l, d);
	while (rest.n > 0) {
		struct line line;

		(void)text_cut(&rest, '\n', &text);
		if (text.n > LINE_BYTES_MAX || !parse_line(text_trim(text), &line)) {
			continue;
		}
		l.seen = true;
		if (line.flag.n > 0) {
			read_message(&l, &line);
		} else {
			read_rejection(&l, &line);
		}
	}
	return log_close(&l, "Exim");
}
