/* The journal, whatever stores it: each test runs over SQLite and over memory. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/limits.h"
#include "journal_sample.h"
#include "unit/test_folder.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct fixture {
	struct journal *j;
	char dir[64]; /* empty: in memory */
};

static int
open_memory(void **state)
{
	struct fixture *f = calloc(1, sizeof *f);

	assert_non_null(f);
	f->j = journal_memory_open();
	*state = f;
	return 0;
}

static int
open_sqlite(void **state)
{
	struct fixture *f = calloc(1, sizeof *f);
	struct fault fault = { 0 };

	assert_non_null(f);
	(void)snprintf(f->dir, sizeof f->dir, "/tmp/vouch-journal-XXXXXX");
	assert_non_null(mkdtemp(f->dir));
	assert_int_equal(journal_sqlite_open(f->dir, JOURNAL_WRITE, &f->j, &fault), RESULT_OK);
	*state = f;
	return 0;
}

static int
close_either(void **state)
{
	struct fixture *f = *state;

	journal_close(f->j);
	if (f->dir[0] != '\0') {
		test_folder_remove(f->dir);
	}
	free(f);
	return 0;
}

static struct journal *
journal_of(void **state)
{
	return ((struct fixture *)*state)->j;
}

/* ---- visitors */

struct seen {
	uint64_t seqs[64];
	size_t n;
	struct hash last;
	enum result answer;
	uint64_t stop_at; /* answer instead of RESULT_OK here */
};

static enum result
see(void *context, const struct record *record)
{
	struct seen *seen = context;

	assert_true(seen->n < countof(seen->seqs));
	seen->seqs[seen->n++] = record->seq;
	seen->last = record->hash;
	return record->seq == seen->stop_at ? seen->answer : RESULT_OK;
}

static void
assert_seqs(const struct seen *seen, const uint64_t *seqs, size_t n)
{
	assert_int_equal(seen->n, n);
	assert_memory_equal(seen->seqs, seqs, n * sizeof *seqs);
}
#define ASSERT_SEEN(seen, ...) \
	assert_seqs(&(seen), (const uint64_t[]){ __VA_ARGS__ }, countof(((const uint64_t[]){ __VA_ARGS__ })))

static void
tell(void *context, const struct journal_finding *finding)
{
	(void)context;
	print_error("%s %llu: %s\n", finding->table, (unsigned long long)finding->row, finding->why.text);
}

static void
assert_sound(struct journal *j)
{
	const struct journal_auditor auditor = { .found = tell };

	assert_int_equal(journal_verify(j, &auditor), RESULT_OK);
}

static void
append_ticks(struct journal *j, unsigned count)
{
	struct journal_tx tx = journal_begin(j);

	for (unsigned i = 0; i < count; i++) {
		assert_int_not_equal(journal_append(&tx, RECORD_TICK, SAMPLE_TIME, TEXT("")), 0);
	}
	assert_int_equal(journal_commit(&tx), RESULT_OK);
}

/* ---- tests */

static enum result
follow_chain(void *context, const struct record *record)
{
	struct journal_head *before = context;
	struct hash hash = record_hash(record);

	assert_int_equal(record->seq, before->seq + 1);
	assert_true(hash_equal(&record->previous, &before->hash));
	assert_true(hash_equal(&record->hash, &hash));
	*before = (struct journal_head){ .seq = record->seq, .time = record->time, .hash = record->hash };
	return RESULT_OK;
}

static void
records_are_numbered_and_chained(void **state)
{
	const struct journal_range all = { 0 };
	struct journal_head at = { 0 }, head;
	struct journal *j = journal_of(state);

	assert_int_equal(journal_head(j, &head), RESULT_OK);
	assert_int_equal(head.seq, 0);
	append_ticks(j, 3);
	assert_int_equal(sample_fill(j), RESULT_OK);
	assert_int_equal(journal_scan(j, &all, follow_chain, &at), RESULT_OK);
	assert_int_equal(journal_head(j, &head), RESULT_OK);
	assert_int_equal(at.seq, 9);
	assert_true(head.seq == at.seq && head.time.ms == at.time.ms && hash_equal(&head.hash, &at.hash));
}

static enum result
compare_record(void *context, const struct record *record)
{
	const struct record *want = context;

	assert_int_equal(record->kind, want->kind);
	assert_int_equal(record->time.ms, want->time.ms);
	assert_true(text_equal(record->payload, want->payload));
	return RESULT_OK;
}

static void
a_record_reads_as_it_was_written(void **state)
{
	/* A payload is bytes: NUL and all others. A time may be before 1970. */
	const struct record want = { .kind = RECORD_ALARM, .time = { -5 }, .payload = { "a\0\xff\n", 4 } };
	const struct journal_range all = { 0 };
	struct journal *j = journal_of(state);
	struct journal_tx tx = journal_begin(j);

	assert_int_equal(journal_append(&tx, want.kind, want.time, want.payload), 1);
	assert_int_equal(journal_commit(&tx), RESULT_OK);
	assert_int_equal(journal_scan(j, &all, compare_record, (void *)(uintptr_t)&want), RESULT_OK);
}

static void
a_range_names_what_is_scanned(void **state)
{
	struct journal *j = journal_of(state);
	struct seen seen = { 0 };

	append_ticks(j, 9);
	assert_int_equal(journal_scan(j, &(struct journal_range){ .from = 3, .to = 5 }, see, &seen),
			 RESULT_OK);
	ASSERT_SEEN(seen, 3, 4, 5);
	seen.n = 0;
	assert_int_equal(journal_scan(j, &(struct journal_range){ .from = 8 }, see, &seen), RESULT_OK);
	ASSERT_SEEN(seen, 8, 9);
	seen.n = 0;
	assert_int_equal(
	    journal_scan(j, &(struct journal_range){ .limit = 2, .newest_first = true }, see, &seen),
	    RESULT_OK);
	ASSERT_SEEN(seen, 9, 8);
	seen.n = 0;
	assert_int_equal(
	    journal_scan(j, &(struct journal_range){ .to = 7, .limit = 3, .newest_first = true }, see, &seen),
	    RESULT_OK);
	ASSERT_SEEN(seen, 7, 6, 5);
	seen.n = 0;
	assert_int_equal(journal_scan(j, &(struct journal_range){ .from = 10 }, see, &seen), RESULT_OK);
	assert_int_equal(seen.n, 0);
	seen = (struct seen){ .stop_at = 2, .answer = RESULT_BUSY };
	assert_int_equal(journal_scan(j, &(struct journal_range){ 0 }, see, &seen), RESULT_BUSY);
	ASSERT_SEEN(seen, 1, 2);
}

static void
a_source_has_its_records_in_order(void **state)
{
	struct journal *j = journal_of(state);
	struct journal_tx tx;
	struct seen seen = { 0 };

	append_ticks(j, 6);
	tx = journal_begin(j);
	journal_put_touch(&tx, 1, 5);
	journal_put_touch(&tx, 1, 2); /* later, and about an earlier record */
	journal_put_touch(&tx, 1, 5); /* twice */
	journal_put_touch(&tx, 2, 3);
	journal_put_touch(&tx, 1, 6);
	journal_put_touch(&tx, 257, 6); /* another one, though it ends in the same byte */
	assert_int_equal(journal_scan_source(j, 1, &(struct journal_range){ 0 }, see, &seen), RESULT_OK);
	ASSERT_SEEN(seen, 2, 5, 6); /* before the commit */
	seen.n = 0;
	journal_put_touch(&tx, 2, 6);
	assert_int_equal(journal_commit(&tx), RESULT_OK);
	tx = journal_begin(j);
	journal_put_touch(&tx, 3, 5); /* beside those of an earlier transaction */
	journal_put_touch(&tx, 0, 5);
	assert_int_equal(journal_commit(&tx), RESULT_OK);
	assert_int_equal(journal_scan_source(j, 1, &(struct journal_range){ 0 }, see, &seen), RESULT_OK);
	ASSERT_SEEN(seen, 2, 5, 6);
	seen.n = 0;
	assert_int_equal(journal_scan_source(j, 0, &(struct journal_range){ 0 }, see, &seen), RESULT_OK);
	ASSERT_SEEN(seen, 5);
	seen.n = 0;
	assert_int_equal(journal_scan_source(j, 2, &(struct journal_range){ 0 }, see, &seen), RESULT_OK);
	ASSERT_SEEN(seen, 3, 6);
	seen.n = 0;
	assert_int_equal(journal_scan_source(j, 257, &(struct journal_range){ 0 }, see, &seen), RESULT_OK);
	ASSERT_SEEN(seen, 6);
	seen.n = 0;
	assert_int_equal(
	    journal_scan_source(j, 1, &(struct journal_range){ .to = 5, .limit = 1, .newest_first = true },
				see, &seen),
	    RESULT_OK);
	ASSERT_SEEN(seen, 5);
	seen.n = 0;
	assert_int_equal(journal_scan_source(j, 4, &(struct journal_range){ 0 }, see, &seen), RESULT_OK);
	assert_int_equal(seen.n, 0);
}

static void
a_resend_is_seen(void **state)
{
	struct journal *j = journal_of(state);
	struct journal_tx tx = journal_begin(j);
	struct hash id = sample_id(4), other = sample_id(5);
	uint64_t seq = 9, written = sample_put_report(&tx, 4);

	/* Within the transaction as well: the same report twice in one batch. */
	assert_int_equal(journal_seen(j, &id, &seq), RESULT_OK);
	assert_int_equal(seq, written);
	assert_int_equal(journal_commit(&tx), RESULT_OK);
	assert_int_equal(journal_seen(j, &id, &seq), RESULT_OK);
	assert_int_equal(seq, written);
	assert_int_equal(journal_seen(j, &other, &seq), RESULT_NOT_FOUND);
	assert_int_equal(seq, 0);
}

static void
the_first_error_sticks_and_nothing_is_kept(void **state)
{
	struct journal *j = journal_of(state);
	struct hash id = sample_id(1);
	struct journal_head head;
	struct journal_tx tx;
	uint64_t seq;

	append_ticks(j, 1);
	tx = journal_begin(j);
	seq = sample_put_report(&tx, 1);
	journal_put_id(&tx, &id, seq);
	assert_int_equal(tx.result, RESULT_CONFLICT);
	assert_string_not_equal(tx.fault.text, "");
	assert_int_equal(journal_append(&tx, RECORD_TICK, SAMPLE_TIME, TEXT("")), 0);
	assert_int_equal(journal_commit(&tx), RESULT_CONFLICT);

	assert_int_equal(journal_head(j, &head), RESULT_OK);
	assert_int_equal(head.seq, 1);
	assert_int_equal(journal_seen(j, &id, &seq), RESULT_NOT_FOUND);
	append_ticks(j, 1); /* usable as before */
	assert_sound(j);
}

static void
what_is_too_large_is_refused(void **state)
{
	struct journal *j = journal_of(state);
	char *zeros = calloc(1, (size_t)RECORD_BYTES_MAX + 1);
	struct journal_tx tx = journal_begin(j);

	assert_non_null(zeros);
	assert_int_equal(journal_append(&tx, RECORD_COMMAND, SAMPLE_TIME,
					(struct text){ zeros, (size_t)RECORD_BYTES_MAX + 1 }),
			 0);
	assert_int_equal(journal_commit(&tx), RESULT_TOO_LARGE);
	tx = journal_begin(j);
	(void)journal_put_raw(&tx, (struct text){ zeros, (size_t)REPORT_BYTES_MAX + 1 });
	assert_int_equal(journal_commit(&tx), RESULT_TOO_LARGE);
	free(zeros);
}

static void
assert_raw(struct journal *j, const struct hash *hash, struct text want)
{
	struct buffer out;

	buffer_init(&out, REPORT_BYTES_MAX);
	assert_int_equal(journal_get_raw(j, hash, &out), RESULT_OK);
	assert_true(text_equal(buffer_text(&out), want));
	buffer_free(&out);
}

static void
raw_documents_are_kept_once(void **state)
{
	struct journal *j = journal_of(state);
	struct journal_tx tx = journal_begin(j);
	struct hash a = journal_put_raw(&tx, TEXT("one\r\n")), empty = journal_put_raw(&tx, TEXT(""));
	struct hash again = journal_put_raw(&tx, TEXT("one\r\n")), unknown = hash_of("two", 3);
	struct buffer small, raw;
	struct hash later;

	assert_true(hash_equal(&a, &again));
	assert_raw(j, &a, TEXT("one\r\n")); /* before the commit */
	assert_int_equal(journal_commit(&tx), RESULT_OK);
	assert_raw(j, &a, TEXT("one\r\n"));
	assert_raw(j, &empty, TEXT(""));
	buffer_init(&small, 3);
	assert_int_equal(journal_get_raw(j, &unknown, &small), RESULT_NOT_FOUND);
	assert_int_equal(journal_get_raw(j, &a, &small), RESULT_TOO_LARGE);
	buffer_free(&small);
	tx = journal_begin(j);
	again = journal_put_raw(&tx, TEXT("one\r\n"));
	later = journal_put_raw(&tx, sample_raw(3, &raw));
	assert_int_equal(journal_commit(&tx), RESULT_OK);
	assert_raw(j, &later, buffer_text(&raw));
	buffer_free(&raw);
	assert_sound(j);
}

static void
the_two_newest_snapshots_are_kept(void **state)
{
	struct journal *j = journal_of(state);
	size_t large_bytes = 2 * (size_t)SNAPSHOT_PART_BYTES + 5;
	char *large = malloc(large_bytes);
	struct journal_tx tx;
	struct buffer out;
	uint64_t seq;

	assert_non_null(large);
	for (size_t i = 0; i < large_bytes; i++) {
		large[i] = (char)(i * 31 / 7);
	}
	buffer_init(&out, large_bytes);
	assert_int_equal(journal_get_snapshot(j, 0, &seq, &out), RESULT_NOT_FOUND);
	append_ticks(j, 5);
	tx = journal_begin(j);
	journal_put_snapshot(&tx, 1, TEXT("first"));
	journal_put_snapshot(&tx, 3, (struct text){ large, large_bytes });
	journal_put_snapshot(&tx, 5, (struct text){ large, large_bytes });
	journal_put_snapshot(&tx, 5, TEXT("third")); /* replaced by a shorter one */
	assert_int_equal(journal_commit(&tx), RESULT_OK);

	assert_int_equal(journal_get_snapshot(j, 0, &seq, &out), RESULT_OK);
	assert_true(seq == 5 && text_equal(buffer_text(&out), TEXT("third")));
	assert_int_equal(journal_get_snapshot(j, 4, &seq, &out), RESULT_OK);
	assert_true(seq == 3 && text_equal(buffer_text(&out), (struct text){ large, large_bytes }));
	assert_int_equal(journal_get_snapshot(j, 2, &seq, &out), RESULT_NOT_FOUND);
	assert_sound(j);
	buffer_free(&out);
	free(large);
}

struct found {
	struct journal_quarantine rows[8];
	char status[8][16];
	size_t n;
};

static enum result
find(void *context, const struct journal_quarantine *row)
{
	struct found *found = context;

	assert_true(found->n < countof(found->rows));
	found->rows[found->n] = *row;
	(void)snprintf(found->status[found->n], sizeof found->status[0], "%.*s", TEXT_ARG(row->status));
	found->n++;
	return RESULT_OK;
}

static enum result
find_feed(void *context, const struct journal_quarantine *row)
{
	struct hash raw = hash_of("a,b\n", 4);

	assert_true(text_equal(row->door, TEXT("http")) && text_equal(row->name, TEXT("feed.csv")));
	assert_true(text_equal(row->error, TEXT("no such signal")) && hash_equal(&row->raw, &raw));
	assert_true(row->line == 17 && row->bytes == 4 && row->time.ms == SAMPLE_TIME.ms && row->seq == 3);
	return find(context, row);
}

static void
quarantine_shows_the_newest_of_each_document(void **state)
{
	struct journal_quarantine row = { .id = 3, .seq = 1, .status = TEXT("retried") };
	struct journal *j = journal_of(state);
	struct found found = { 0 };
	struct journal_tx tx;

	assert_int_equal(sample_fill(j), RESULT_OK);
	assert_int_equal(journal_scan_quarantine(j, 3, find_feed, &found), RESULT_OK);
	assert_int_equal(journal_scan_quarantine(j, 9, find, &found), RESULT_NOT_FOUND);
	tx = journal_begin(j);
	row.raw = hash_of("a,b\n", 4);
	journal_put_quarantine(&tx, &row);
	assert_int_equal(journal_commit(&tx), RESULT_OK);
	found.n = 0;
	assert_int_equal(journal_scan_quarantine(j, 0, find, &found), RESULT_OK);
	assert_int_equal(found.n, 2);
	assert_true(found.rows[0].id == 3 && found.rows[1].id == 4);
	assert_string_equal(found.status[0], "retried");
	assert_string_equal(found.status[1], "held");
}

static void
a_rollback_leaves_nothing(void **state)
{
	struct hash id = sample_id(0), raw;
	struct journal *j = journal_of(state);
	struct found found = { 0 };
	struct journal_head before, after;
	struct journal_tx tx;
	struct buffer out;
	struct seen seen = { 0 };
	uint64_t seq;

	append_ticks(j, 6);
	assert_int_equal(journal_head(j, &before), RESULT_OK);
	tx = journal_begin(j);
	seq = sample_put_report(&tx, 0);
	raw = journal_put_raw(&tx, TEXT("gone"));
	journal_put_snapshot(&tx, seq, TEXT("gone"));
	journal_put_quarantine(&tx, &(struct journal_quarantine){ .id = 1, .seq = seq, .raw = raw });
	assert_int_equal(tx.result, RESULT_OK);
	journal_rollback(&tx);

	buffer_init(&out, 100);
	assert_int_equal(journal_head(j, &after), RESULT_OK);
	assert_true(after.seq == before.seq && hash_equal(&after.hash, &before.hash));
	assert_int_equal(journal_seen(j, &id, &seq), RESULT_NOT_FOUND);
	assert_int_equal(journal_get_raw(j, &raw, &out), RESULT_NOT_FOUND);
	assert_int_equal(journal_get_snapshot(j, 0, &seq, &out), RESULT_NOT_FOUND);
	assert_int_equal(journal_scan_quarantine(j, 0, find, &found), RESULT_OK);
	assert_int_equal(found.n, 0);
	assert_int_equal(journal_scan_source(j, 7, &(struct journal_range){ 0 }, see, &seen), RESULT_OK);
	assert_int_equal(seen.n, 0);
	buffer_free(&out);

	/* And what comes next does not notice. */
	assert_int_equal(sample_fill(j), RESULT_OK);
	assert_sound(j);
}

static void
equal_inputs_make_equal_chains(void **state)
{
	struct journal *other = journal_memory_open(), *j = journal_of(state);
	struct journal_head a, b;

	assert_int_equal(sample_fill(j), RESULT_OK);
	assert_int_equal(sample_fill(other), RESULT_OK);
	assert_int_equal(journal_head(j, &a), RESULT_OK);
	assert_int_equal(journal_head(other, &b), RESULT_OK);
	assert_true(a.seq == b.seq && hash_equal(&a.hash, &b.hash));
	journal_close(other);
}

struct counted {
	size_t n;
	struct journal_finding first;
	uint64_t done, total;
};

static void
count_finding(void *context, const struct journal_finding *finding)
{
	struct counted *c = context;

	if (c->n++ == 0) {
		c->first = *finding;
	}
}

static void
count_progress(void *context, uint64_t done, uint64_t total)
{
	struct counted *c = context;

	c->done = done;
	c->total = total;
}

static void
a_report_without_its_id_or_document_is_found(void **state)
{
	struct journal *j = journal_of(state);
	struct counted counted = { 0 };
	const struct journal_auditor auditor = { .found = count_finding,
						 .progress = count_progress,
						 .context = &counted };
	struct report report = { .id = sample_id(1), .raw = hash_of("nowhere", 7) };
	struct journal_tx tx;
	struct buffer payload;

	assert_int_equal(sample_fill(j), RESULT_OK);
	assert_int_equal(journal_verify(j, &auditor), RESULT_OK);
	assert_true(counted.n == 0 && counted.done == 6 && counted.total == 6);
	buffer_init(&payload, 1000);
	report_write(&payload, &report); /* the id of record 2, and no raw document */
	tx = journal_begin(j);
	(void)journal_append(&tx, RECORD_REPORT, SAMPLE_TIME, buffer_text(&payload));
	(void)journal_append(&tx, RECORD_REPORT, SAMPLE_TIME, TEXT("no report"));
	assert_int_equal(journal_commit(&tx), RESULT_OK);
	assert_int_equal(journal_verify(j, &auditor), RESULT_DAMAGED);
	assert_int_equal(counted.n, 3);
	assert_string_equal(counted.first.table, "records");
	assert_int_equal(counted.first.row, 7);
	assert_string_equal(counted.first.why.text, "its report id leads to record 2");
	buffer_free(&payload);
}

#define BOTH(test)                                                       \
	{ #test " (memory)", test, open_memory, close_either, NULL },    \
	{                                                                \
#test " (sqlite)", test, open_sqlite, close_either, NULL \
	}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		BOTH(records_are_numbered_and_chained),
		BOTH(a_record_reads_as_it_was_written),
		BOTH(a_range_names_what_is_scanned),
		BOTH(a_source_has_its_records_in_order),
		BOTH(a_resend_is_seen),
		BOTH(the_first_error_sticks_and_nothing_is_kept),
		BOTH(what_is_too_large_is_refused),
		BOTH(raw_documents_are_kept_once),
		BOTH(the_two_newest_snapshots_are_kept),
		BOTH(quarantine_shows_the_newest_of_each_document),
		BOTH(a_rollback_leaves_nothing),
		BOTH(equal_inputs_make_equal_chains),
		BOTH(a_report_without_its_id_or_document_is_found),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
