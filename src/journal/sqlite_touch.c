/*
 * Which records are about a source. A feed of one chunk is about thousands of sources, and a row for each, scattered over the
 * whole index, costs more than all else; so a row is about a block of neighbours (registry ids that share all but the last
 * byte), and the touches of a transaction are gathered and written in order of key.
 */
#include "journal/sqlite_int.h"

#include "base/array.h"

#include <stdlib.h>

/* A set of sources of one block. */
struct members {
	uint64_t bits[JOURNAL_BLOCK_SOURCES / 64];
};

void
journal_sqlite_touch(struct journal_sqlite *s, uint32_t source, uint64_t seq)
{
	struct journal_touches *t = &s->touches;

	t->items = array_room(t->items, t->count, &t->size, sizeof *t->items);
	t->items[t->count++] = (struct journal_touch){ source, seq };
}

static int
compare_touch(const void *a, const void *b)
{
	const struct journal_touch *x = a, *y = b;
	uint32_t block_x = x->source / JOURNAL_BLOCK_SOURCES, block_y = y->source / JOURNAL_BLOCK_SOURCES;

	return block_x != block_y ? (block_x > block_y) - (block_x < block_y)
				  : (x->seq > y->seq) - (x->seq < y->seq);
}

static void
add_member(struct members *m, uint32_t source)
{
	m->bits[source % JOURNAL_BLOCK_SOURCES / 64] |= (uint64_t)1 << source % 64;
}

/* What the row says already; there is none for most. */
static enum result
read_members(struct journal_sqlite *s, uint32_t block, uint64_t seq, struct members *m, struct fault *fault)
{
	sqlite3_stmt *stmt = journal_sqlite_ready(s, JOURNAL_STATEMENT_TOUCHED);
	enum result r;
	int code;

	(void)sqlite3_bind_int64(stmt, 1, block);
	(void)sqlite3_bind_int64(stmt, 2, (int64_t)seq);
	code = sqlite3_step(stmt);
	r = journal_sqlite_result(s, code, "read a touch", fault);
	if (code == SQLITE_ROW) {
		struct text old = journal_sqlite_bytes(stmt, 0);

		for (size_t i = 0; i < old.n; i++) {
			add_member(m, (uint8_t)old.p[i]);
		}
	}
	(void)sqlite3_reset(stmt);
	return r;
}

static enum result
write_members(struct journal_sqlite *s, uint32_t block, uint64_t seq, const struct members *m,
	      struct fault *fault)
{
	char bytes[JOURNAL_BLOCK_SOURCES];
	size_t n = 0;

	for (unsigned i = 0; i < JOURNAL_BLOCK_SOURCES; i++) {
		if ((m->bits[i / 64] >> i % 64 & 1) != 0) {
			bytes[n++] = (char)i;
		}
	}
	const struct journal_cell cells[] = { { .type = JOURNAL_NUMBER, .number = block },
					      { .type = JOURNAL_NUMBER, .number = (int64_t)seq },
					      { .type = JOURNAL_BLOB, .bytes = { bytes, n } } };

	return journal_sqlite_put(s, JOURNAL_TABLE_TOUCHES, cells, fault);
}

enum result
journal_sqlite_touches_write(struct journal_sqlite *s, struct fault *fault)
{
	struct journal_touches *t = &s->touches;
	uint64_t written = t->written;
	enum result r = RESULT_OK;

	if (t->count > 1) {
		qsort(t->items, t->count, sizeof *t->items, compare_touch);
	}
	for (size_t i = 0; i < t->count && r == RESULT_OK;) {
		uint32_t block = t->items[i].source / JOURNAL_BLOCK_SOURCES;
		uint64_t seq = t->items[i].seq;
		struct members m = { { 0 } };

		for (; i < t->count && t->items[i].source / JOURNAL_BLOCK_SOURCES == block &&
		       t->items[i].seq == seq;
		     i++) {
			add_member(&m, t->items[i].source);
		}
		if (seq <= t->written) {
			r = read_members(s, block, seq, &m, fault);
		}
		if (r == RESULT_OK) {
			r = write_members(s, block, seq, &m, fault);
		}
		written = seq > written ? seq : written;
	}
	t->written = written;
	t->count = 0;
	return r;
}

void
journal_sqlite_touches_drop(struct journal_sqlite *s, uint64_t written)
{
	s->touches.count = 0;
	s->touches.written = written;
}
