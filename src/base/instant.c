#include "base/instant_int.h"

#include <string.h>
#include <inttypes.h>
#include <stdio.h>
#include <time.h>

#define MS_PER_SECOND 1000
#define MS_PER_MINUTE 60000
#define MS_PER_HOUR   3600000
#define MS_PER_DAY    86400000

#define YEAR_MIN 1971
#define YEAR_MAX 2200

struct instant
instant_now(void)
{
	struct timespec now;

	check(clock_gettime(CLOCK_REALTIME, &now) == 0);
	return (struct instant){ (int64_t)now.tv_sec * MS_PER_SECOND + now.tv_nsec / 1000000 };
}

int64_t
instant_monotonic_ns(void)
{
	struct timespec now;

	check(clock_gettime(CLOCK_MONOTONIC, &now) == 0);
	return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

/* Both stop at the ends of the range: a damaged time must not wrap into a plausible one. */
struct instant
instant_add(struct instant t, struct span s)
{
	struct instant sum;

	if (__builtin_add_overflow(t.ms, s.ms, &sum.ms)) {
		sum.ms = s.ms < 0 ? INT64_MIN : INT64_MAX;
	}
	return sum;
}

struct span
instant_since(struct instant later, struct instant earlier)
{
	struct span difference;

	if (__builtin_sub_overflow(later.ms, earlier.ms, &difference.ms)) {
		difference.ms = earlier.ms < 0 ? INT64_MAX : INT64_MIN;
	}
	return difference;
}

/*
 * Days since 1970-01-01 of a date of the Gregorian calendar. The year is counted from March, so that the leap day is
 * its last day and the days before a month follow the line (153 m + 2) / 5.
 */
static int64_t
days_of_date(int64_t year, unsigned month, unsigned day)
{
	int64_t y = month > 2 ? year : year - 1, m = month > 2 ? month - 3 : month + 9;

	return 365 * y + y / 4 - y / 100 + y / 400 + (153 * m + 2) / 5 + day - 1 - 719468;
}

static bool
is_leap(unsigned year)
{
	return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

static unsigned
days_in_month(unsigned year, unsigned month)
{
	static const uint8_t days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };

	return days[month - 1] + (month == 2 && is_leap(year) ? 1U : 0U);
}

/* The inverse of days_of_date for years 1 to 9999. */
static void
date_of_days(int64_t days, struct instant_stamp *s)
{
	int64_t year = (days + 719468) * 400 / 146097, left;
	unsigned m;

	/* The division above is off by one at most; March 1st of the year settles it. */
	while (days_of_date(year, 3, 1) > days) {
		year--;
	}
	while (days_of_date(year + 1, 3, 1) <= days) {
		year++;
	}
	left = days - days_of_date(year, 3, 1);
	m = (unsigned)((5 * left + 2) / 153);
	s->day = (unsigned)(left - (153 * (int64_t)m + 2) / 5 + 1);
	s->month = m < 10 ? m + 3 : m - 9;
	s->year = (unsigned)(m < 10 ? year : year + 1);
}

static char *
put_digits(char *at, unsigned value, unsigned width)
{
	for (unsigned i = width; i > 0; i--) {
		at[i - 1] = (char)('0' + value % 10);
		value /= 10;
	}
	return at + width;
}

const char *
instant_format(struct instant t, char out[INSTANT_BYTES])
{
	/* Years 1 to 9999: nothing we read lies outside, and four digits hold no more. */
	const int64_t first = -62135596800000, last = 253402300799999;
	int64_t ms = t.ms < first ? first : t.ms > last ? last : t.ms;
	int64_t days = (ms - first) / MS_PER_DAY + first / MS_PER_DAY;
	unsigned rest = (unsigned)((ms - first) % MS_PER_DAY);
	struct instant_stamp s;
	char *at = out;

	date_of_days(days, &s);
	at = put_digits(at, s.year, 4);
	*at++ = '-';
	at = put_digits(at, s.month, 2);
	*at++ = '-';
	at = put_digits(at, s.day, 2);
	*at++ = 'T';
	at = put_digits(at, rest / MS_PER_HOUR, 2);
	*at++ = ':';
	at = put_digits(at, rest / MS_PER_MINUTE % 60, 2);
	*at++ = ':';
	at = put_digits(at, rest / MS_PER_SECOND % 60, 2);
	if (rest % MS_PER_SECOND != 0) {
		*at++ = '.';
		at = put_digits(at, rest % MS_PER_SECOND, 3);
	}
	*at++ = 'Z';
	*at = '\0';
	return out;
}

enum result
instant_of_stamp(const struct instant_stamp *s, struct instant *t)
{
	int64_t ms;

	if (s->year < YEAR_MIN || s->year > YEAR_MAX || s->month < 1 || s->month > 12 || s->day < 1 ||
	    s->day > days_in_month(s->year, s->month)) {
		return RESULT_BAD_INPUT;
	}
	/* Second 60 is a leap second; it counts as the first of the next minute. */
	if (s->hour > 23 || s->minute > 59 || s->second > 60) {
		return RESULT_BAD_INPUT;
	}
	ms = days_of_date(s->year, s->month, s->day) * MS_PER_DAY;
	ms += (int64_t)s->hour * MS_PER_HOUR + (int64_t)s->minute * MS_PER_MINUTE;
	ms += (int64_t)s->second * MS_PER_SECOND + s->ms;
	t->ms = ms - (int64_t)s->zone_minutes * MS_PER_MINUTE;
	return RESULT_OK;
}

bool
instant_take(struct text *t, char c)
{
	if (t->n == 0 || t->p[0] != c) {
		return false;
	}
	t->p++;
	t->n--;
	return true;
}

size_t
instant_take_number(struct text *t, size_t least, size_t most, unsigned *value)
{
	size_t n = 0;
	unsigned sum = 0;

	while (n < t->n && n <= most && t->p[n] >= '0' && t->p[n] <= '9') {
		sum = sum * 10 + (unsigned)(t->p[n] - '0');
		n++;
	}
	if (n < least || n > most) {
		return 0;
	}
	t->p += n;
	t->n -= n;
	*value = sum;
	return n;
}

bool
instant_take_fraction(struct text *t, unsigned *ms)
{
	unsigned weight = 100;
	size_t n = 0;

	*ms = 0;
	for (; n < t->n && t->p[n] >= '0' && t->p[n] <= '9'; n++) {
		*ms += weight * (unsigned)(t->p[n] - '0');
		weight /= 10;
	}
	t->p += n;
	t->n -= n;
	return n > 0;
}

bool
instant_take_offset(struct text *t, int *minutes)
{
	unsigned hour, minute;
	bool west = instant_take(t, '-');
	size_t digits;

	if (!west && !instant_take(t, '+')) {
		return false;
	}
	digits = instant_take_number(t, 2, 4, &hour);
	if (digits == 4) {
		minute = hour % 100;
		hour /= 100;
	} else if (digits != 2 || !instant_take(t, ':') || instant_take_number(t, 2, 2, &minute) == 0) {
		return false;
	}
	if (hour > 23 || minute > 59) {
		return false;
	}
	*minutes = (int)(hour * 60 + minute) * (west ? -1 : 1);
	return true;
}

/* Whole seconds (10 digits) or milliseconds (13 digits) since 1970. */
static enum result
parse_since_1970(struct text t, struct instant *out)
{
	const int64_t first = days_of_date(YEAR_MIN, 1, 1) * MS_PER_DAY;
	const int64_t end = days_of_date(YEAR_MAX + 1, 1, 1) * MS_PER_DAY;
	uint64_t value;

	if ((t.n != 10 && t.n != 13) || !text_u64(t, &value)) {
		return RESULT_BAD_INPUT;
	}
	if (t.n == 10) {
		value *= MS_PER_SECOND;
	}
	if ((int64_t)value < first || (int64_t)value >= end) {
		return RESULT_BAD_INPUT;
	}
	out->ms = (int64_t)value;
	return RESULT_OK;
}

enum result
instant_parse(struct text text, struct instant *t)
{
	struct text rest = text_trim(text);
	struct instant_stamp s = { 0 };

	if (rest.n < 5 || rest.p[4] != '-') {
		return parse_since_1970(rest, t);
	}
	if (instant_take_number(&rest, 4, 4, &s.year) == 0 || !instant_take(&rest, '-') ||
	    instant_take_number(&rest, 2, 2, &s.month) == 0 || !instant_take(&rest, '-') ||
	    instant_take_number(&rest, 2, 2, &s.day) == 0) {
		return RESULT_BAD_INPUT;
	}
	if (!instant_take(&rest, 'T') && !instant_take(&rest, 't') && !instant_take(&rest, ' ')) {
		return RESULT_BAD_INPUT;
	}
	if (instant_take_number(&rest, 2, 2, &s.hour) == 0 || !instant_take(&rest, ':') ||
	    instant_take_number(&rest, 2, 2, &s.minute) == 0) {
		return RESULT_BAD_INPUT;
	}
	if (instant_take(&rest, ':')) {
		if (instant_take_number(&rest, 2, 2, &s.second) == 0 ||
		    (instant_take(&rest, '.') && !instant_take_fraction(&rest, &s.ms))) {
			return RESULT_BAD_INPUT;
		}
	}
	rest = text_trim(rest);
	if (rest.n > 0 && !instant_take(&rest, 'Z') && !instant_take(&rest, 'z') &&
	    !instant_take_offset(&rest, &s.zone_minutes)) {
		return RESULT_BAD_INPUT;
	}
	return rest.n > 0 ? RESULT_BAD_INPUT : instant_of_stamp(&s, t);
}

enum result
span_parse(struct text text, struct span *s)
{
	static const struct {
		struct text name;
		int64_t ms;
	} units[] = {
		{ { "ms", 2 }, 1 },          { { "s", 1 }, MS_PER_SECOND }, { { "m", 1 }, MS_PER_MINUTE },
		{ { "h", 1 }, MS_PER_HOUR }, { { "d", 1 }, MS_PER_DAY },
	};
	struct text t = text_trim(text);
	size_t digits = 0;
	uint64_t value;

	while (digits < t.n && t.p[digits] >= '0' && t.p[digits] <= '9') {
		digits++;
	}
	if (!text_u64((struct text){ t.p, digits }, &value)) {
		return RESULT_BAD_INPUT;
	}
	t.p += digits;
	t.n -= digits;
	if (t.n == 0 && value == 0) {
		s->ms = 0;
		return RESULT_OK;
	}
	for (size_t i = 0; i < countof(units); i++) {
		if (text_equal(t, units[i].name) && value <= (uint64_t)(INT64_MAX / units[i].ms)) {
			s->ms = (int64_t)value * units[i].ms;
			return RESULT_OK;
		}
	}
	return RESULT_BAD_INPUT;
}

const char *
span_words(struct span s, char out[SPAN_BYTES])
{
	uint64_t ms = s.ms < 0 ? 0 - (uint64_t)s.ms : (uint64_t)s.ms;
	uint64_t minutes = ms / MS_PER_MINUTE;

	if (minutes < 90) {
		(void)snprintf(out, SPAN_BYTES, "%" PRIu64 " min", minutes);
	} else if (minutes < 48 * 60) {
		(void)snprintf(out, SPAN_BYTES, "%" PRIu64 " h %" PRIu64 " min", minutes / 60, minutes % 60);
	} else {
		(void)snprintf(out, SPAN_BYTES, "%" PRIu64 " days", minutes / (24 * 60));
	}
	return out;
}
