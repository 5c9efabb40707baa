/*
 * Gmail's feedback loop as CSV: a header row, then a day, an identifier of the Feedback-ID field and the share of its mail that was reported as spam, in
 * columns of any order. Shares without numbers of messages, so each row becomes a rating: kept for people, it counts nothing.
 *
 * The source is the account "acct:feedback-id:IDENTIFIER", and the domain where a column has it.
 */
#include "intake/draft_int.h"

#include <stdio.h>
#include <string.h>

#define CELLS_MAX   16U
#define HALF_DAY_MS 43200000

enum column { DATE, IDENTIFIER, RATE, DOMAIN_NAME, COLUMN_COUNT, OTHER = COLUMN_COUNT };

/* Which column is which; those that are not there are CELLS_MAX. */
struct columns {
	size_t at[COLUMN_COUNT];
	char separator;
};

static enum column
column_of(struct text name)
{
	static const struct {
		const char *name;
		enum column column;
	} names[] = {
		{ "date", DATE },
		{ "day", DATE },
		{ "identifier", IDENTIFIER },
		{ "feedback id", IDENTIFIER },
		{ "feedback_id", IDENTIFIER },
		{ "feedback-id", IDENTIFIER },
		{ "fbl identifier", IDENTIFIER },
		{ "rate", RATE },
		{ "spam rate", RATE },
		{ "spam_rate", RATE },
		{ "complaint rate", RATE },
		{ "complaint_rate", RATE },
		{ "domain", DOMAIN_NAME },
	};

	for (size_t i = 0; i < countof(names); i++) {
		if (text_equal_nocase(name, text_of(names[i].name))) {
			return names[i].column;
		}
	}
	return OTHER;
}

static bool
read_header(struct text line, struct arena *arena, struct columns *c)
{
	for (size_t i = 0; i < COLUMN_COUNT; i++) {
		c->at[i] = CELLS_MAX;
	}
	line = text_trim(line);
	c->separator = intake_separator(line);
	for (size_t i = 0; i < CELLS_MAX && line.n > 0; i++) {
		enum column column = column_of(intake_cell(&line, c->separator, arena));

		if (column != OTHER && c->at[column] == CELLS_MAX) {
			c->at[column] = i;
		}
	}
	return c->at[DATE] < CELLS_MAX && c->at[IDENTIFIER] < CELLS_MAX && c->at[RATE] < CELLS_MAX;
}

bool
intake_is_gmail_fbl(struct text line)
{
	struct arena arena = { 0 };
	struct columns c;
	bool is_one = read_header(line, &arena, &c);

	arena_clear(&arena);
	return is_one;
}

/* The middle of a day: "2026-01-05", "20260105", "1/5/2026" (month first). */
static bool
parse_day(struct text t, struct instant *at)
{
	unsigned year, month, day;
	char copy[16], iso[48];
	int end = 0;

	if (t.n == 0 || t.n >= sizeof copy) {
		return false;
	}
	memcpy(copy, t.p, t.n);
	copy[t.n] = '\0';
	if ((t.n != 8 || sscanf(copy, "%4u%2u%2u%n", &year, &month, &day, &end) != 3 || end != 8) &&
	    (sscanf(copy, "%4u-%2u-%2u%n", &year, &month, &day, &end) != 3 || (size_t)end != t.n) &&
	    (sscanf(copy, "%2u/%2u/%4u%n", &month, &day, &year, &end) != 3 || (size_t)end != t.n)) {
		return false;
	}
	(void)snprintf(iso, sizeof iso, "%04u-%02u-%02uT12:00:00Z", year, month, day);
	return instant_parse(text_of(iso), at) == RESULT_OK;
}

/* "0.5%", "0,5%", "0.005" or "<0.1%": digits with one point at most, and what may stand around them. */
static bool
is_rate(struct text t)
{
	size_t digits = 0, points = 0;

	if (t.n > 0 && t.p[0] == '<') {
		t = text_trim((struct text){ t.p + 1, t.n - 1 });
	}
	if (t.n > 0 && t.p[t.n - 1] == '%') {
		t = text_trim((struct text){ t.p, t.n - 1 });
	}
	for (size_t i = 0; i < t.n; i++) {
		if (t.p[i] == '.' || t.p[i] == ',') {
			points++;
		} else if (t.p[i] >= '0' && t.p[i] <= '9') {
			digits++;
		} else {
			return false;
		}
	}
	return digits > 0 && digits < 12 && points <= 1;
}

/* What is wrong with the row, or NULL. */
static const char *
take_row(struct intake_reading *d, const struct columns *c, struct text line)
{
	struct text cells[CELLS_MAX + 1] = {
		{ 0 }
	}; /* the last one stays empty: a column that is not there */
	struct draft t;

	for (size_t i = 0; i < CELLS_MAX && line.n > 0; i++) {
		cells[i] = intake_cell(&line, c->separator, d->arena);
	}
	draft_open(&t, d, SIGNAL_RATING);
	if (!parse_day(cells[c->at[DATE]], &t.o->at) || t.o->at.ms > d->latest.ms + HALF_DAY_MS) {
		return "no day, or one that lies in the future";
	}
	t.o->at.ms = t.o->at.ms > d->latest.ms ? d->latest.ms : t.o->at.ms;
	if (!is_rate(cells[c->at[RATE]])) {
		return "no rate such as 0.5% or 0.005";
	}
	if (!draft_key_account(&t, "feedback-id", cells[c->at[IDENTIFIER]])) {
		return "no identifier";
	}
	(void)draft_key(&t, cells[c->at[DOMAIN_NAME]]);
	draft_attribute(&t, "spam_rate", cells[c->at[RATE]]);
	draft_attribute(&t, "feedback_id", cells[c->at[IDENTIFIER]]);
	draft_keep(&t);
	return NULL;
}

enum result
intake_gmail_fbl_read(struct intake_reading *d)
{
	struct text rest = intake_table_text(d->raw, d->arena), one;
	uint64_t line = d->hint->first_line == 0 ? 1 : d->hint->first_line, rows = intake_lines(rest), lines;
	const char *wrong;
	struct columns c;
	bool quoted;

	one = intake_take_row(&rest, &quoted, &wrong, &lines);
	if (wrong != NULL || !read_header(one, d->arena, &c)) {
		intake_fault(d, line, (struct text){ 0 }, d->raw,
			     "no header row with date, identifier and spam rate");
		return RESULT_BAD_INPUT;
	}
	d->row_prefix = text_trim(one);
	intake_rows_open(d, rows > OBSERVATIONS_MAX ? OBSERVATIONS_MAX : rows);
	for (line += lines; rest.n > 0; line += lines) {
		struct text all = rest;

		one = intake_take_row(&rest, &quoted, &wrong, &lines);
		if (text_trim(one).n == 0) {
			continue;
		}
		if (intake_full(d) || d->count == d->max) {
			intake_fault_rest(d, line, all);
			break;
		}
		wrong = wrong != NULL ? wrong : take_row(d, &c, text_trim(one));
		if (wrong != NULL) {
			intake_fault(d, line, (struct text){ 0 }, text_trim(one), "%s", wrong);
		}
	}
	intake_rows_close(d);
	return RESULT_OK;
}
