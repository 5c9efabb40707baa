/* DMARC aggregate reports: each reads as another reader of the rules reads it; packed or by mail they are the same; hostile ones end. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "unit/intake_samples.h"

static struct samples
open_samples(void)
{
	return (struct samples){ .folder = "dmarc", .format = INTAKE_DMARC };
}

static void
each_report_reads_as_another_reader_reads_it(void **context)
{
	struct samples s = open_samples();

	(void)context;
	assert_int_equal(samples_run(&s), 2 + 71);
}

/* What Python's xml.etree counts in it: 2286 records of one message each, all failed. */
static void
a_large_report_is_read_whole(void **context)
{
	struct samples s = open_samples();
	struct text raw = samples_load(&s, "_large-example.com_1711897200_1711983600.xml.gz");
	uint32_t delivered = 0, failed = 0;
	struct intake_result got;

	(void)context;
	assert_int_equal(intake_read(raw, &samples_hint, &s.arena, &got), RESULT_OK);
	for (uint32_t i = 0; i < got.reports[0].observation_count; i++) {
		const struct observation *o = &got.reports[0].observations[i];

		delivered += o->signal == SIGNAL_DELIVERED ? o->count : 0;
		failed += o->signal == SIGNAL_AUTH_FAIL ? o->count : 0;
	}
	assert_int_equal(delivered, 2286);
	assert_int_equal(failed, 2286);
	assert_int_equal(got.fault_count, 0);
	arena_clear(&s.arena);
}

static void
the_same_report_is_one_however_it_comes(void **context)
{
	static const char *const names[] = { "gzip", "zip", "mail-gzip", "mail-zip", "mail-without-parts" };
	struct samples s = open_samples();
	struct intake_hint other = samples_hint;
	struct intake_result plain, got;
	struct text raw;

	(void)context;
	s.made = samples_load(&s, "made.txt");
	raw = samples_find(&s, TEXT("plain"));
	raw.n--; /* the line end that made.txt has behind it */
	other.is_trusted = true;
	assert_int_equal(intake_read(raw, &other, &s.arena, &plain), RESULT_OK);
	other.door = TEXT("lmtp");
	other.reporter = TEXT("mailbox-two");
	for (size_t i = 0; i < countof(names); i++) {
		raw = samples_find(&s, text_of(names[i]));
		assert_int_equal(intake_read(raw, &other, &s.arena, &got), RESULT_OK);
		assert_true(hash_equal(&got.reports[0].id, &plain.reports[0].id));
	}
	raw = samples_find(&s, TEXT("namespace"));
	assert_int_equal(intake_read(raw, &samples_hint, &s.arena, &got), RESULT_OK);
	assert_false(hash_equal(&got.reports[0].id, &plain.reports[0].id));
	arena_clear(&s.arena);
}

static void
expect_refused(const struct buffer *b, const char *words)
{
	struct arena arena = { 0 };
	struct intake_result got;

	assert_int_equal(intake_read(buffer_text(b), &samples_hint, &arena, &got), RESULT_BAD_INPUT);
	assert_string_equal(text_copy(&arena, got.faults[0].words), words);
	assert_true(arena.total_bytes < 8 * (size_t)REPORT_BYTES_MAX);
	arena_clear(&arena);
}

static void
hostile_xml_ends(void **context)
{
	struct arena arena = { 0 };
	struct intake_result got;
	struct buffer b;

	(void)context;
	buffer_init(&b, REPORT_BYTES_MAX);
	buffer_format(&b, "<feedback>");
	for (int i = 0; i < 100000; i++) {
		buffer_format(&b, "<a>");
	}
	expect_refused(&b, "nested too deep");

	/* More records than are read, none of them with an address: as many faults as are kept, the rest unread. */
	buffer_clear(&b);
	buffer_format(&b, "<feedback>");
	for (int i = 0; i < 400000; i++) {
		buffer_format(&b, "<record></record>");
	}
	buffer_format(&b, "</feedback>");
	assert_int_equal(intake_read(buffer_text(&b), &samples_hint, &arena, &got), RESULT_OK);
	assert_int_equal(got.report_count, 0);
	assert_int_equal(got.fault_count, INTAKE_FAULTS_MAX);
	assert_true(arena.total_bytes < 8 * (size_t)REPORT_BYTES_MAX);
	arena_clear(&arena);

	/* More signs that begin nothing than are mended. */
	buffer_clear(&b);
	buffer_format(&b, "<feedback>");
	for (int i = 0; i < 1000000; i++) {
		buffer_format(&b, "<<<<&&&&");
	}
	expect_refused(&b, "not well-formed (invalid token)");
	buffer_free(&b);
}

/* What stands before the first record is not copied to each bad one when it is long; the record is a document still. */
static void
bad_records_behind_a_long_head_take_little_memory(void **context)
{
	struct arena arena = { 0 };
	struct intake_result got, again;
	struct buffer b;

	(void)context;
	buffer_init(&b, REPORT_BYTES_MAX);
	buffer_format(&b, "<feedback><report_metadata><org_name>");
	while (b.n < REPORT_BYTES_MAX / 2) {
		buffer_format(&b, "mailbox ");
	}
	buffer_format(&b, "</org_name></report_metadata>");
	for (int i = 0; i < 20; i++) {
		buffer_format(&b, "<record><row><source_ip>none</source_ip></row></record>");
	}
	buffer_format(&b, "</feedback>");
	assert_int_equal(intake_read(buffer_text(&b), &samples_hint, &arena, &got), RESULT_OK);
	assert_int_equal(got.fault_count, 20);
	assert_true(arena.total_bytes < REPORT_BYTES_MAX);
	assert_int_equal(intake_read(got.faults[19].bytes, &samples_hint, &arena, &again), RESULT_OK);
	assert_int_equal(again.fault_count, 1);
	arena_clear(&arena);
	buffer_free(&b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_report_reads_as_another_reader_reads_it),
		cmocka_unit_test(a_large_report_is_read_whole),
		cmocka_unit_test(the_same_report_is_one_however_it_comes),
		cmocka_unit_test(hostile_xml_ends),
		cmocka_unit_test(bad_records_behind_a_long_head_take_little_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
