/*
 * Microsoft SNDS (Smart Network Data Services), the daily table of addresses as CSV, with or without a header row: address, activity from and to, RCPT commands,
 * DATA commands, message recipients, filter result, complaint rate, trap message from and to, trap hits, sample HELO, sample MAIL FROM, comments.
 * Between them are commas; a spreadsheet that saved it again may have put ';' or tabs there.
 *
 * One row becomes up to three observations: what was taken, complaints as far as the rate tells their number, trap hits.
 */
#include "intake/draft_int.h"

#include <stdio.h>
#include <string.h>

#define PER_ROW 3U

enum column {
	ADDRESS,
	FROM,
	TO,
	RCPT,
	DATA,
	RECIPIENTS,
	FILTER,
	COMPLAINTS,
	TRAP_FROM,
	TRAP_TO,
	TRAPS,
	HELO,
	MAIL_FROM,
	COLUMN_COUNT
};

struct row {
	struct text cells[COLUMN_COUNT];
	size_t count;
};

static void
cut_row(struct text line, struct arena *arena, struct row *row)
{
	char separator = intake_separator(line);

	*row = (struct row){ .count = 0 };
	for (size_t i = 0; i < COLUMN_COUNT; i++) {
		row->cells[i] = line.n > 0 ? intake_cell(&line, separator, arena) : (struct text){ "", 0 };
		row->count += row->cells[i].n > 0 || line.n > 0;
	}
}

/* "1/5/2026 2:00 PM", month first, in UTC; or any form of instant_parse. */
static bool
parse_time(struct text t, struct instant *at)
{
	unsigned month, day, year, hour = 0, minute = 0;
	char copy[40], half[3] = "", iso[64];
	int n;

	if (instant_parse(t, at) == RESULT_OK) {
		return true;
	}
	if (t.n >= sizeof copy) {
		return false;
	}
	memcpy(copy, t.p, t.n);
	copy[t.n] = '\0';
	n = sscanf(copy, "%2u/%2u/%4u %2u:%2u %2s", &month, &day, &year, &hour, &minute, half);
	if (n < 3 || hour > 23 || minute > 59) {
		return false;
	}
	if (half[0] != '\0') {
		hour = hour % 12 + ((half[0] | 0x20) == 'p' ? 12 : 0);
	}
	(void)snprintf(iso, sizeof iso, "%04u-%02u-%02uT%02u:%02u:00Z", year, month, day, hour, minute);
	return instant_parse(text_of(iso), at) == RESULT_OK;
}

/* The middle of a time that two cells give; false: there is none, or it lies in the future. */
static bool
middle(const struct intake_reading *d, struct text from, struct text to, struct instant *at)
{
	struct instant begin, end;

	if (!parse_time(from, &begin)) {
		return false;
	}
	if (parse_time(to, &end) && end.ms > begin.ms) {
		begin.ms += (end.ms - begin.ms) / 2;
	}
	*at = begin;
	return at->ms <= d->latest.ms;
}

static uint32_t
number(struct text cell)
{
	uint64_t n;

	return !text_u64(cell, &n) ? 0 : n > UINT32_MAX ? UINT32_MAX : (uint32_t)n;
}

/* "0.3%", or "0,3%", of so many messages, rounded down; "< 0.1%" tells no number. */
static uint32_t
complaints(struct text rate, uint32_t messages)
{
	uint64_t thousandths = 0, digits = 0;
	bool fraction = false;

	for (size_t i = 0; i < rate.n && rate.p[i] != '%'; i++) {
		if (rate.p[i] == '.' || rate.p[i] == ',') {
			fraction = true;
		} else if (rate.p[i] < '0' || rate.p[i] > '9' || digits >= 3 || thousandths > 100000) {
			return 0;
		} else {
			thousandths = thousandths * 10 + (uint64_t)(rate.p[i] - '0');
			digits += fraction;
		}
	}
	for (; digits < 3; digits++) {
		thousandths *= 10;
	}
	return thousandths > 100000 ? 0 : (uint32_t)(messages * thousandths / 100000);
}

static void
add(struct intake_reading *d, const struct row *row, enum signal signal, uint32_t count, struct instant at)
{
	static const struct {
		enum column column;
		const char *name;
	} kept[] = {
		{ FILTER, "filter" },      { COMPLAINTS, "complaint_rate" },
		{ RCPT, "rcpt_commands" }, { DATA, "data_commands" },
		{ HELO, "helo" },          { MAIL_FROM, "mail_from" },
	};
	struct draft t;

	if (count == 0) {
		return;
	}
	draft_open(&t, d, signal);
	t.o->count = count;
	t.o->at = at;
	(void)draft_key(&t, row->cells[ADDRESS]);
	for (size_t i = 0; i < countof(kept); i++) {
		draft_attribute(&t, kept[i].name, row->cells[kept[i].column]);
	}
	draft_keep(&t);
}

/* What is wrong with the row, or NULL. */
static const char *
take_row(struct intake_reading *d, const struct row *row)
{
	uint32_t messages = number(row->cells[RECIPIENTS]), traps = number(row->cells[TRAPS]);
	struct prefix address;
	struct instant at, trapped;

	if (row->count < COMPLAINTS + 1) {
		return "fewer columns than SNDS has";
	}
	if (prefix_parse(row->cells[ADDRESS], &address, NULL) != RESULT_OK || !prefix_is_address(&address)) {
		return "does not begin with an address";
	}
	if (!middle(d, row->cells[FROM], row->cells[TO], &at)) {
		return "no time of activity, or it lies in the future";
	}
	add(d, row, SIGNAL_DELIVERED, messages, at);
	add(d, row, SIGNAL_COMPLAINT, complaints(row->cells[COMPLAINTS], messages), at);
	trapped = at;
	(void)middle(d, row->cells[TRAP_FROM], row->cells[TRAP_TO], &trapped);
	add(d, row, d->hint->is_trap_network ? d->hint->trap_signal : SIGNAL_TRAP_RECYCLED, traps,
	    trapped.ms <= d->latest.ms ? trapped : at);
	return NULL;
}

/* The automated access gives none; a table saved from its pages, or by a tool, has one. Its columns are always in this order. */
static bool
is_header(const struct row *row)
{
	return row->count > COMPLAINTS && text_starts_nocase(row->cells[ADDRESS], TEXT("IP")) &&
	       text_starts_nocase(row->cells[RCPT], TEXT("RCPT")) &&
	       text_starts_nocase(row->cells[DATA], TEXT("DATA"));
}

bool
intake_is_snds(struct text line)
{
	struct arena arena = { 0 };
	struct row row;
	struct prefix address;
	struct instant at;
	bool is_one;

	cut_row(line, &arena, &row);
	is_one = is_header(&row) ||
		 (row.count > FILTER && prefix_parse(row.cells[ADDRESS], &address, NULL) == RESULT_OK &&
		  prefix_is_address(&address) && parse_time(row.cells[FROM], &at));
	arena_clear(&arena);
	return is_one;
}

/* The row as a document of its own: with its line end, so that no CR in it is taken for one. */
static struct text
alone(struct intake_reading *d, struct text row)
{
	char *copy = arena_get(d->arena, row.n + 1);

	memcpy(copy, row.p, row.n);
	copy[row.n] = '\n';
	return (struct text){ copy, row.n + 1 };
}

/* One row, which is not empty. */
static void
read_row(struct intake_reading *d, struct text one, uint64_t line, const char *wrong)
{
	struct row row;

	if (wrong == NULL) {
		cut_row(text_trim(one), d->arena, &row);
		wrong = is_header(&row) ? NULL : take_row(d, &row);
	}
	if (wrong != NULL) {
		intake_fault(d, line, (struct text){ 0 }, alone(d, one), "%s", wrong);
	}
}

enum result
intake_snds_read(struct intake_reading *d)
{
	struct text rest = intake_table_text(d->raw, d->arena), one;
	uint64_t line = d->hint->first_line == 0 ? 1 : d->hint->first_line, rows = intake_lines(rest), lines;

	intake_rows_open(d, rows > OBSERVATIONS_MAX / PER_ROW ? OBSERVATIONS_MAX : rows * PER_ROW);
	for (; rest.n > 0; line += lines) {
		struct text all = rest;
		const char *wrong;
		bool quoted;

		one = intake_take_row(&rest, &quoted, &wrong, &lines);
		if (text_trim(one).n == 0) {
			continue;
		}
		if (intake_full(d) || d->count + PER_ROW > d->max) {
			intake_fault_rest(d, line, all);
			break;
		}
		read_row(d, one, line, wrong);
	}
	intake_rows_close(d);
	return RESULT_OK;
}
