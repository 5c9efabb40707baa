#include "base/instant.h"

#include <stdbool.h>
#include <stdio.h>
#include <time.h>

#define YEAR_MIN 1971
#define YEAR_MAX 2200

struct instant
instant_now(void)
{
	struct timespec ts;

	check(clock_gettime(CLOCK_REALTIME, &ts) == 0);
	return (struct instant){ (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000 };
}

int64_t
instant_monotonic_ns(void)
{
	struct timespec ts;

	check(clock_gettime(CLOCK_MONOTONIC, &ts) == 0);
	return (int64_t)ts.tv_sec * 1000000000 + ts.tv_nsec;
}

struct instant
instant_add(struct instant t, struct span s)
{
	return (struct instant){ t.ms + s.ms };
}

struct span
instant_since(struct instant later, struct instant earlier)
{
	return (struct span){ later.ms - earlier.ms };
}

/* Days since 1970-01-01 of a proleptic Gregorian date; years count from March so that the leap day is last. */
static int64_t
days_of(int64_t year, int64_t month, int64_t day)
{
	int64_t y = month <= 2 ? year - 1 : year, m = month <= 2 ? month + 9 : month - 3;

	return 365 * y + y / 4 - y / 100 + y / 400 + (153 * m + 2) / 5 + day - 1 - 719468;
}

static void
date_of(int64_t days, int64_t *year, int64_t *month, int64_t *day)
{
	int64_t z = days + 719468, era = (z >= 0 ? z : z - 146096) / 146097, doe = z - era * 146097;
	int64_t yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
	int64_t doy = doe - (365 * yoe + yoe / 4 - yoe / 100), m = (5 * doy + 2) / 153;

	*day = doy - (153 * m + 2) / 5 + 1;
	*month = m < 10 ? m + 3 : m - 9;
	*year = yoe + era * 400 + (*month <= 2 ? 1 : 0);
}

const char *
instant_format(struct instant t, char out[INSTANT_BYTES])
{
	int64_t days = t.ms / 86400000, left = t.ms % 86400000, year, month, day;
	int n;

	if (left < 0) {
		left += 86400000;
		days--;
	}
	date_of(days, &year, &month, &day);
	n = snprintf(out, INSTANT_BYTES, "%04d-%02d-%02dT%02d:%02d:%02d", (int)year, (int)month, (int)day,
		     (int)(left / 3600000), (int)(left / 60000 % 60), (int)(left / 1000 % 60));
	if (left % 1000 != 0) {
		n += snprintf(out + n, (size_t)(INSTANT_BYTES - n), ".%03d", (int)(left % 1000));
	}
	(void)snprintf(out + n, (size_t)(INSTANT_BYTES - n), "Z");
	return out;
}

struct civil {
	int64_t year, month, day, hour, minute, second, ms, zone_minutes;
};

static enum result
civil_instant(const struct civil *c, struct instant *t)
{
	static const int8_t month_days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
	bool leap = c->year % 4 == 0 && (c->year % 100 != 0 || c->year % 400 == 0);
	int64_t minutes;

	if (c->year < YEAR_MIN || c->year > YEAR_MAX || c->month < 1 || c->month > 12 || c->day < 1 ||
	    c->day > month_days[c->month - 1] + (c->month == 2 && leap ? 1 : 0) || c->hour > 23 ||
	    c->minute > 59 || c->second > 60) {
		return RESULT_BAD_INPUT;
	}
	minutes = days_of(c->year, c->month, c->day) * 1440 + c->hour * 60 + c->minute - c->zone_minutes;
	t->ms = minutes * 60000 + c->second * 1000 + c->ms;
	return RESULT_OK;
}

/* Takes min..max digits off the front. */
static bool
take_digits(struct text *t, size_t min, size_t max, int64_t *value)
{
	size_t n = 0;

	*value = 0;
	while (n < max && n < t->n && t->p[n] >= '0' && t->p[n] <= '9') {
		*value = *value * 10 + (t->p[n] - '0');
		n++;
	}
	t->p += n;
	t->n -= n;
	return n >= min;
}

static bool
take_char(struct text *t, char c)
{
	if (t->n == 0 || t->p[0] != c) {
		return false;
	}
	t->p++;
	t->n--;
	return true;
}

/* "+01:00", "-0800"; the colon may be missing. */
static bool
take_offset(struct text *t, int64_t *minutes)
{
	bool minus = t->n > 0 && t->p[0] == '-';
	int64_t hour, minute;

	if (!take_char(t, '-') && !take_char(t, '+')) {
		return false;
	}
	if (!take_digits(t, 2, 2, &hour)) {
		return false;
	}
	(void)take_char(t, ':');
	if (!take_digits(t, 2, 2, &minute) || hour > 23 || minute > 59) {
		return false;
	}
	*minutes = (hour * 60 + minute) * (minus ? -1 : 1);
	return true;
}

static bool
take_fraction(struct text *t, int64_t *ms)
{
	int64_t scale = 100;

	if (t->n == 0 || t->p[0] < '0' || t->p[0] > '9') {
		return false;
	}
	for (; t->n > 0 && t->p[0] >= '0' && t->p[0] <= '9'; t->p++, t->n--) {
		*ms += (t->p[0] - '0') * scale;
		scale /= 10;
	}
	return true;
}

static bool
take_rfc3339(struct text *t, struct civil *c)
{
	if (!take_digits(t, 4, 4, &c->year) || !take_char(t, '-') || !take_digits(t, 2, 2, &c->month) ||
	    !take_char(t, '-') || !take_digits(t, 2, 2, &c->day)) {
		return false;
	}
	if (!take_char(t, 'T') && !take_char(t, 't') && !take_char(t, ' ')) {
		return false;
	}
	if (!take_digits(t, 2, 2, &c->hour) || !take_char(t, ':') || !take_digits(t, 2, 2, &c->minute)) {
		return false;
	}
	if (take_char(t, ':') && !take_digits(t, 2, 2, &c->second)) {
		return false;
	}
	if (take_char(t, '.') && !take_fraction(t, &c->ms)) {
		return false;
	}
	if (t->n == 0 || take_char(t, 'Z') || take_char(t, 'z')) {
		return t->n == 0;
	}
	return take_offset(t, &c->zone_minutes) && t->n == 0;
}

enum result
instant_parse(struct text text, struct instant *t)
{
	struct text rest = text_trim(text);
	struct civil c = { 0 };
	uint64_t number;

	if (text_u64(rest, &number) && (rest.n == 10 || rest.n == 13)) {
		t->ms = (int64_t)(rest.n == 10 ? number * 1000 : number);
		return RESULT_OK;
	}
	return take_rfc3339(&rest, &c) ? civil_instant(&c, t) : RESULT_BAD_INPUT;
}

/* Obsolete zone names (RFC 5322 4.3) and the few others that real feedback mails carry. Unknown ones read as UTC. */
static const struct {
	const char *name;
	int minutes;
} zones[] = {
	{ "EST", -300 }, { "EDT", -240 }, { "CST", -360 }, { "CDT", -300 }, { "MST", -420 }, { "MDT", -360 },
	{ "PST", -480 }, { "PDT", -420 }, { "JST", 540 },  { "CET", 60 },   { "CEST", 120 }, { "BST", 60 },
};

static void
skip_blanks(struct text *t)
{
	while (t->n > 0 && (t->p[0] == ' ' || t->p[0] == '\t' || t->p[0] == '\r' || t->p[0] == '\n')) {
		t->p++;
		t->n--;
	}
}

static struct text
take_word(struct text *t)
{
	struct text word = { t->p, 0 };

	while (word.n < t->n && ((t->p[word.n] | 32) >= 'a' && (t->p[word.n] | 32) <= 'z')) {
		word.n++;
	}
	t->p += word.n;
	t->n -= word.n;
	return word;
}

static bool
take_month(struct text *t, int64_t *month)
{
	static const char names[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
	struct text word = take_word(t);

	for (*month = 1; *month <= 12; (*month)++) {
		if (word.n >= 3 && text_starts_nocase(word, (struct text){ names + 3 * (*month - 1), 3 })) {
			return true;
		}
	}
	return false;
}

static bool
take_mail_date(struct text *t, struct civil *c)
{
	size_t before;

	if (take_word(t).n > 0) { /* the weekday; a wrong one says nothing about the date */
		(void)take_char(t, ',');
		skip_blanks(t);
	}
	if (!take_digits(t, 1, 2, &c->day)) {
		return false;
	}
	skip_blanks(t);
	if (!take_month(t, &c->month)) {
		return false;
	}
	skip_blanks(t);
	before = t->n;
	if (!take_digits(t, 2, 4, &c->year)) {
		return false;
	}
	if (before - t->n == 2) { /* RFC 5322 4.3: two-digit years */
		c->year += c->year < 50 ? 2000 : 1900;
	}
	skip_blanks(t);
	return take_digits(t, 1, 2, &c->hour) && take_char(t, ':') && take_digits(t, 2, 2, &c->minute) &&
	       (!take_char(t, ':') || take_digits(t, 2, 2, &c->second));
}

enum result
instant_parse_mail(struct text text, struct instant *t)
{
	struct text rest = text_trim(text), zone;
	struct civil c = { 0 };

	if (!take_mail_date(&rest, &c)) {
		return RESULT_BAD_INPUT;
	}
	skip_blanks(&rest);
	if (take_offset(&rest, &c.zone_minutes)) {
		return civil_instant(&c, t);
	}
	zone = take_word(&rest);
	for (size_t i = 0; i < countof(zones); i++) {
		if (text_equal_nocase(zone, text_of(zones[i].name))) {
			c.zone_minutes = zones[i].minutes;
		}
	}
	return civil_instant(&c, t);
}

enum result
span_parse(struct text text, struct span *s)
{
	static const struct {
		const char *unit;
		int64_t ms;
	} units[] = { { "ms", 1 }, { "s", 1000 }, { "m", 60000 }, { "h", 3600000 }, { "d", 86400000 } };
	struct text rest = text_trim(text);
	int64_t value;

	if (!take_digits(&rest, 1, 9, &value)) {
		return RESULT_BAD_INPUT;
	}
	if (rest.n == 0 && value == 0) {
		s->ms = 0;
		return RESULT_OK;
	}
	for (size_t i = 0; i < countof(units); i++) {
		if (text_equal(rest, text_of(units[i].unit))) {
			s->ms = value * units[i].ms;
			return RESULT_OK;
		}
	}
	return RESULT_BAD_INPUT;
}
