/* Delivery events as JSON: each sample reads as a person reads it; hostile ones end. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "unit/intake_samples.h"

static const struct intake_hint hint = { .format = INTAKE_AUTO,
					 .received = { 1769904000000 }, /* 2026-02-01T00:00:00Z */
					 .door = { "http", 4 },
					 .reporter = { "somebody", 8 } };

static void
each_sample_reads_as_a_person_reads_it(void **context)
{
	struct samples s = { .folder = "webhook", .format = INTAKE_WEBHOOK, .hint = hint };

	(void)context;
	assert_int_equal(samples_run(&s), 2 + 40);
}

static void
hostile_json_ends(void **context)
{
	struct intake_hint said = hint;
	struct arena arena = { 0 };
	struct intake_result got;
	struct buffer b;

	(void)context;
	said.format = INTAKE_WEBHOOK;
	buffer_init(&b, REPORT_BYTES_MAX);
	for (int i = 0; i < 1000000; i++) {
		buffer_format(&b, "[{");
	}
	assert_int_equal(intake_read(buffer_text(&b), &said, &arena, &got), RESULT_BAD_INPUT);
	arena_clear(&arena);

	/* More bad objects than are named. */
	buffer_clear(&b);
	for (int i = 0; i < 200000; i++) {
		buffer_format(&b, "{}\n");
	}
	assert_int_equal(intake_read(buffer_text(&b), &said, &arena, &got), RESULT_OK);
	assert_int_equal(got.report_count, 0);
	assert_int_equal(got.fault_count, INTAKE_FAULTS_MAX + 1);
	assert_true(arena.total_bytes < 8 * (size_t)REPORT_BYTES_MAX);
	arena_clear(&arena);
	buffer_free(&b);
}

/* Each line begins an array that only ends being JSON behind the last: after a few the rest is set aside as it is. */
static void
json_that_ends_late_is_parsed_a_few_times(void **context)
{
	struct intake_hint said = hint;
	struct arena arena = { 0 };
	struct intake_result got;
	struct buffer b;

	(void)context;
	said.format = INTAKE_WEBHOOK;
	buffer_init(&b, REPORT_BYTES_MAX);
	buffer_format(&b, "{}\n");
	for (int i = 0; i < 300; i++) {
		buffer_format(&b, "[\n");
	}
	for (int i = 0; i < 20000; i++) {
		buffer_format(&b, "1234567890,");
	}
	assert_int_equal(intake_read(buffer_text(&b), &said, &arena, &got), RESULT_OK);
	assert_in_range(got.fault_count, 2, 6);
	assert_int_equal(got.faults[got.fault_count - 1].bytes.n, b.n - 3 - 2 * (got.fault_count - 2));
	arena_clear(&arena);
	buffer_free(&b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_sample_reads_as_a_person_reads_it),
		cmocka_unit_test(hostile_json_ends),
		cmocka_unit_test(json_that_ends_late_is_parsed_a_few_times),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
