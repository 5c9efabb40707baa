#include "intake/syslog_int.h"

#include <stdio.h>
#include <string.h>

#define OLD_TIME_BYTES 15U /* "Jan  5 08:00:07" */

static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";

/* Takes a word off the front. */
static struct text
take_word(struct text *rest)
{
	struct text word;

	(void)text_cut(rest, ' ', &word);
	return word;
}

/* ---- time */

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
	const char *month = memmem(months, sizeof months - 1, t.p, 3);
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

/* Does "2026-01-05T08:00:07+01:00" say of which zone it is? */
static bool
has_zone(struct text iso)
{
	return iso.n > 16 && (iso.p[iso.n - 1] == 'Z' || memchr(iso.p + 11, '+', iso.n - 11) != NULL ||
			      memchr(iso.p + 11, '-', iso.n - 11) != NULL);
}

static bool
take_time(struct syslog_clock *clock, struct text *rest, struct syslog_line *s)
{
	bool is_old = rest->n > OLD_TIME_BYTES && rest->p[0] >= 'A';
	struct text word;

	if (is_old) {
		word = (struct text){ rest->p, OLD_TIME_BYTES };
		if (rest->p[OLD_TIME_BYTES] != ' ') {
			return false;
		}
		*rest = (struct text){ rest->p + OLD_TIME_BYTES + 1, rest->n - OLD_TIME_BYTES - 1 };
	} else {
		word = take_word(rest);
	}
	if (word.n == 0 || !text_equal(word, clock->last)) {
		struct instant at;

		if (is_old ? !parse_old_time(word, clock->latest, &at)
			   : instant_parse(word, &at) != RESULT_OK) {
			return false;
		}
		clock->last = word;
		clock->last_at = at;
	}
	s->at = clock->last_at;
	s->has_zone = !is_old && has_zone(word);
	return true;
}

/* ---- who says it */

/* "<22>", and whether a line of RFC 5424 follows: "1 ". */
static bool
take_priority(struct text *rest, struct syslog_line *s, bool *is_new)
{
	const char *close = memchr(rest->p, '>', rest->n < 5 ? rest->n : 5);
	uint64_t priority;

	if (close == NULL ||
	    !text_u64((struct text){ rest->p + 1, (size_t)(close - rest->p) - 1 }, &priority)) {
		return false;
	}
	*rest = (struct text){ close + 1, (size_t)(rest->p + rest->n - close) - 1 };
	s->severity = (unsigned)(priority % 8);
	*is_new = rest->n > 2 && rest->p[0] == '1' && rest->p[1] == ' ';
	if (*is_new) {
		(void)take_word(rest);
	}
	return true;
}

/* "postfix/smtpd[4711]:", or "exim:". */
static bool
parse_tag(struct text tag, struct syslog_line *s)
{
	const char *open;

	if (tag.n < 2 || tag.p[tag.n - 1] != ':') {
		return false;
	}
	tag.n--;
	open = tag.p[tag.n - 1] == ']' ? memchr(tag.p, '[', tag.n) : NULL;
	s->program = tag;
	if (open != NULL) {
		s->program.n = (size_t)(open - tag.p);
		s->process = (struct text){ open + 1, tag.n - s->program.n - 2 };
	}
	return true;
}

/* "mail.info" of BusyBox. */
static bool
is_facility(struct text word)
{
	return word.n > 4 && word.p[word.n - 1] != ':' && memchr(word.p, '.', word.n) != NULL;
}

static bool
take_old_head(struct text *rest, struct syslog_line *s)
{
	struct text word = take_word(rest);

	if (word.n == 0 || word.p[word.n - 1] != ':') {
		s->host = word;
		word = take_word(rest);
		word = is_facility(word) ? take_word(rest) : word;
	}
	return parse_tag(word, s);
}

/* ---- RFC 5424 */

/* A word, empty for the "-" that says there is none. */
static struct text
take_value(struct text *rest)
{
	struct text word = take_word(rest);

	return text_equal(word, TEXT("-")) ? (struct text){ "", 0 } : word;
}

/* "-", or "[id name="value"][...]": a ']' in quotes, or behind a backslash in them, ends nothing. */
static bool
skip_data(struct text *rest)
{
	bool inside = false, quoted = false;
	size_t i = 0;

	if (rest->n > 0 && rest->p[0] == '-') {
		i = 1;
	}
	for (; i < rest->n && (inside || rest->p[i] == '['); i++) {
		char c = rest->p[i];

		if (quoted) {
			i += c == '\\';
			quoted = c != '"';
		} else {
			quoted = c == '"';
			inside = c != ']';
		}
	}
	if (inside || i == 0 || i > rest->n || (i < rest->n && rest->p[i] != ' ')) {
		return false;
	}
	*rest = (struct text){ rest->p + i, rest->n - i };
	return true;
}

static bool
take_new_head(struct text *rest, struct syslog_line *s)
{
	s->host = take_value(rest);
	s->program = take_value(rest);
	s->process = take_value(rest);
	(void)take_word(rest); /* the kind of message */
	if (!skip_data(rest)) {
		return false;
	}
	*rest = text_trim(*rest);
	if (text_starts_nocase(*rest, TEXT("\xef\xbb\xbf"))) {
		*rest = (struct text){ rest->p + 3, rest->n - 3 };
	}
	return true;
}

bool
syslog_parse(struct syslog_clock *clock, struct text line, struct syslog_line *s)
{
	struct text rest = line;
	bool is_new = false;

	*s = (struct syslog_line){
		.severity = SYSLOG_NO_SEVERITY, .host = { "", 0 }, .program = { "", 0 }, .process = { "", 0 }
	};
	if (rest.n > 0 && rest.p[0] == '<' && !take_priority(&rest, s, &is_new)) {
		return false;
	}
	if (!take_time(clock, &rest, s) || !(is_new ? take_new_head(&rest, s) : take_old_head(&rest, s))) {
		return false;
	}
	s->rest = rest;
	return true;
}
