#include "base/instant_int.h"

/* Skips blanks, folded lines and comments, which may nest (RFC 5322 3.2.2). An open comment ends with the text. */
static void
skip_comments(struct text *t)
{
	size_t depth = 0, i = 0;

	for (; i < t->n; i++) {
		char c = t->p[i];

		if (c == '(') {
			depth++;
		} else if (c == ')' && depth > 0) {
			depth--;
		} else if (c == '\\' && depth > 0) {
			i++;
		} else if (depth == 0 && c != ' ' && c != '\t' && c != '\r' && c != '\n') {
			break;
		}
	}
	i = i > t->n ? t->n : i;
	t->p += i;
	t->n -= i;
}

static struct text
take_word(struct text *t)
{
	struct text word = { t->p, 0 };

	while (word.n < t->n && (((unsigned char)t->p[word.n] | 0x20) >= 'a') &&
	       (((unsigned char)t->p[word.n] | 0x20) <= 'z')) {
		word.n++;
	}
	t->p += word.n;
	t->n -= word.n;
	return word;
}

/* "Apr" or "April": the first three letters decide. 0: no month. */
static unsigned
month_of(struct text word)
{
	static const char names[] = "janfebmaraprmayjunjulaugsepoctnovdec";

	for (unsigned i = 0; word.n >= 3 && i < 12; i++) {
		if (text_equal_nocase((struct text){ word.p, 3 },
				      (struct text){ names + 3 * (size_t)i, 3 })) {
			return i + 1;
		}
	}
	return 0;
}

/*
 * Names of zones that mail still carries, in minutes east of Greenwich: RFC 5322 4.3, and those of other regions that
 * name one zone only. Any other name says nothing and counts as UTC, as RFC 5322 asks.
 */
static const struct zone {
	struct text name;
	int minutes;
} zones[] = {
	{ { "EST", 3 }, -300 },  { { "EDT", 3 }, -240 }, { { "CST", 3 }, -360 },  { { "CDT", 3 }, -300 },
	{ { "MST", 3 }, -420 },  { { "MDT", 3 }, -360 }, { { "PST", 3 }, -480 },  { { "PDT", 3 }, -420 },
	{ { "AKST", 4 }, -540 }, { { "HST", 3 }, -600 }, { { "AKDT", 4 }, -480 }, { { "WEST", 4 }, 60 },
	{ { "CET", 3 }, 60 },    { { "MET", 3 }, 60 },   { { "CEST", 4 }, 120 },  { { "MEST", 4 }, 120 },
	{ { "EET", 3 }, 120 },   { { "EEST", 4 }, 180 }, { { "MSK", 3 }, 180 },   { { "HKT", 3 }, 480 },
	{ { "JST", 3 }, 540 },   { { "KST", 3 }, 540 },  { { "AEST", 4 }, 600 },  { { "AEDT", 4 }, 660 },
	{ { "NZST", 4 }, 720 },  { { "NZDT", 4 }, 780 },
};

static int
zone_of(struct text word)
{
	for (size_t i = 0; i < countof(zones); i++) {
		if (text_equal_nocase(word, zones[i].name)) {
			return zones[i].minutes;
		}
	}
	return 0;
}

/* "29 Apr 2009", also "29-Apr-2009" and a year of two or three digits (RFC 5322 4.3). */
static bool
take_mail_date(struct text *t, struct instant_stamp *s)
{
	size_t digits;

	if (instant_take_number(t, 1, 2, &s->day) == 0) {
		return false;
	}
	skip_comments(t);
	(void)instant_take(t, '-');
	skip_comments(t);
	s->month = month_of(take_word(t));
	(void)instant_take(t, '.');
	(void)instant_take(t, '-');
	skip_comments(t);
	digits = instant_take_number(t, 2, 4, &s->year);
	if (digits == 2) {
		s->year += s->year < 50 ? 2000 : 1900;
	} else if (digits == 3) {
		s->year += 1900;
	}
	return digits != 0 && s->month != 0;
}

/* "00:00:00", the seconds may be missing or have a fraction, blanks and comments may stand between. */
static bool
take_mail_time(struct text *t, struct instant_stamp *s)
{
	if (instant_take_number(t, 1, 2, &s->hour) == 0) {
		return false;
	}
	skip_comments(t);
	if (!instant_take(t, ':')) {
		return false;
	}
	skip_comments(t);
	if (instant_take_number(t, 2, 2, &s->minute) == 0) {
		return false;
	}
	skip_comments(t);
	if (!instant_take(t, ':')) {
		return true;
	}
	skip_comments(t);
	return instant_take_number(t, 2, 2, &s->second) != 0 &&
	       (!instant_take(t, '.') || instant_take_fraction(t, &s->ms));
}

enum result
instant_parse_mail(struct text text, struct instant *t)
{
	struct text rest = text;
	struct instant_stamp s = { 0 };

	/* The weekday is skipped, not compared: real mail carries wrong ones, and the date decides. */
	skip_comments(&rest);
	(void)take_word(&rest);
	(void)instant_take(&rest, '.');
	skip_comments(&rest);
	(void)instant_take(&rest, ',');
	skip_comments(&rest);
	if (!take_mail_date(&rest, &s)) {
		return RESULT_BAD_INPUT;
	}
	skip_comments(&rest);
	if (!take_mail_time(&rest, &s)) {
		return RESULT_BAD_INPUT;
	}
	skip_comments(&rest);
	if (rest.n > 0 && (rest.p[0] == '+' || rest.p[0] == '-')) {
		if (!instant_take_offset(&rest, &s.zone_minutes)) {
			return RESULT_BAD_INPUT;
		}
		/* Some write the name behind the offset without a comment: "+0000 GMT". The offset decides. */
		skip_comments(&rest);
		(void)take_word(&rest);
	} else {
		s.zone_minutes = zone_of(take_word(&rest));
	}
	skip_comments(&rest);
	return rest.n > 0 ? RESULT_BAD_INPUT : instant_of_stamp(&s, t);
}
