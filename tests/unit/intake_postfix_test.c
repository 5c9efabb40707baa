/* Logs of Postfix: each line counts for the source its message came from; hostile logs end. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "unit/intake_samples.h"

static const struct intake_hint hint = { .format = INTAKE_AUTO,
					 .received = { 1769904000000 }, /* 2026-02-01T00:00:00Z */
					 .door = { "log", 3 },
					 .reporter = { "mailbox", 7 } };

static void
each_log_reads_as_a_person_reads_it(void **context)
{
	struct samples s = { .folder = "postfix", .format = INTAKE_POSTFIX, .hint = hint };

	(void)context;
	assert_int_equal(samples_run(&s), 42);
}

/* The same id again and again, and ids that nobody asks for: one pass, bounded memory. */
static void
a_log_of_a_million_ids_ends(void **context)
{
	struct intake_hint said = hint;
	struct arena arena = { 0 };
	struct intake_result got;
	struct buffer b;

	(void)context;
	said.format = INTAKE_POSTFIX;
	buffer_init(&b, REPORT_BYTES_MAX);
	for (int i = 0; b.n < 8U << 20; i++) {
		buffer_format(&b, "Jan  5 08:00:07 mx1 postfix/smtpd[1]: 4bX2Z%07d: client=o[192.0.%d.%d]\n",
			      i % 9999999, i / 256 % 256, i % 256);
	}
	assert_int_equal(intake_read(buffer_text(&b), &said, &arena, &got), RESULT_OK);
	assert_int_equal(got.reports[0].observation_count, 0);
	assert_true(arena.total_bytes < 8 * (size_t)REPORT_BYTES_MAX);
	arena_clear(&arena);
	buffer_free(&b);
}

/* Lines that name no message have no place in the table of messages. */
static void
a_log_of_empty_lines_takes_little_memory(void **context)
{
	struct intake_hint said = hint;
	struct arena arena = { 0 };
	struct intake_result got;
	struct buffer b;

	(void)context;
	said.format = INTAKE_POSTFIX;
	buffer_init(&b, REPORT_BYTES_MAX);
	buffer_format(&b, "Jan  5 08:00:07 mx1 postfix/smtpd[1]: 4bX2Z1234: client=o[192.0.2.10]\n");
	while (b.n < REPORT_BYTES_MAX) {
		buffer_put(&b, "\n", 1);
	}
	assert_int_equal(intake_read(buffer_text(&b), &said, &arena, &got), RESULT_OK);
	assert_true(arena.total_bytes < 8 * (size_t)REPORT_BYTES_MAX);
	arena_clear(&arena);
	buffer_free(&b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_log_reads_as_a_person_reads_it),
		cmocka_unit_test(a_log_of_a_million_ids_ends),
		cmocka_unit_test(a_log_of_empty_lines_takes_little_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
