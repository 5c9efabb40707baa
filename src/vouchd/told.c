/* vouchd/told.c - a report and what corrected it, out of the journal. */
#include "vouchd/told.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

struct hash
told_correction_id(uint64_t of, uint32_t n)
{
	char name[64];
	int bytes = snprintf(name, sizeof name, "correction %" PRIu64 " %" PRIu32, of, n);

	return hash_of(name, (size_t)bytes);
}

struct hash
told_withdrawal_id(uint64_t of)
{
	char name[64];
	int bytes = snprintf(name, sizeof name, "withdrawal %" PRIu64, of);

	return hash_of(name, (size_t)bytes);
}

struct finding {
	struct arena *arena;
	struct told *t;
};

static enum result
take_correction(void *context, const struct record *record)
{
	struct finding *f = context;
	struct text payload = { text_copy(f->arena, record->payload), record->payload.n };
	struct correction c;
	enum result r = correction_read(payload, f->arena, &c);

	if (r == RESULT_OK) {
		f->t->added[f->t->correction_count] = c.added;
		f->t->taken[f->t->correction_count++] = c.taken;
	}
	return r;
}

/* How many corrections there are. */
static enum result
count_corrections(struct journal *j, uint64_t of, uint32_t *count)
{
	enum result r = RESULT_OK;
	uint64_t seq;

	for (*count = 0; r == RESULT_OK; *count += r == RESULT_OK) {
		struct hash id = told_correction_id(of, *count);

		r = journal_seen(j, &id, &seq);
	}
	return r == RESULT_NOT_FOUND ? RESULT_OK : r;
}

/* The corrections, oldest first; `added` has a place more, for the report in front of them. */
static enum result
find_corrections(struct journal *j, struct arena *arena, struct told *t)
{
	struct finding f = { arena, t };
	uint32_t count;
	enum result r = count_corrections(j, t->seq, &count);
	uint64_t seq;

	if (r != RESULT_OK) {
		return r;
	}
	t->added = arena_get_array(arena, count + 1, sizeof *t->added);
	t->taken = arena_get_array(arena, count + 1, sizeof *t->taken);
	for (uint32_t i = 0; i < count && r == RESULT_OK; i++) {
		struct hash id = told_correction_id(t->seq, i);

		r = journal_seen(j, &id, &seq);
		if (r == RESULT_OK) {
			r = journal_scan(j, &(struct journal_range){ .from = seq, .to = seq },
					 take_correction, &f);
		}
	}
	return r;
}

enum result
told_read(struct journal *j, const struct record *record, struct arena *arena, struct told *t)
{
	struct text payload = { text_copy(arena, record->payload), record->payload.n };
	struct hash id = told_withdrawal_id(record->seq);
	enum result r;
	uint64_t seq;

	*t = (struct told){ .seq = record->seq, .time = record->time };
	r = report_read(payload, arena, &t->report);
	if (r == RESULT_OK) {
		r = journal_seen(j, &id, &seq);
		t->is_withdrawn = r == RESULT_OK;
	}
	return r == RESULT_OK || r == RESULT_NOT_FOUND ? find_corrections(j, arena, t) : r;
}

bool
told_differs(struct told *t, const struct report *now, struct arena *arena, struct correction *c)
{
	struct report *was = t->added;
	bool differs;

	memmove(was + 1, was, t->correction_count * sizeof *was);
	was[0] = t->report;
	differs =
	    correction_between(was, t->correction_count + 1, t->taken, t->correction_count, now, arena, c);
	c->of = t->seq;
	c->told = t->time;
	return differs;
}
