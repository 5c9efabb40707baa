/* Each format: its samples read as a person reads them; hostile documents end. Bounces and DMARC reports have tests of their own. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "unit/intake_samples.h"

static void
each_sample_reads_as_a_person_reads_it(void **context)
{
	static const struct {
		const char *folder;
		enum intake_format format;
		unsigned count;
	} formats[] = {
		{ "csv", INTAKE_CSV, 52 },
		{ "exim", INTAKE_EXIM, 64 },
		{ "gmail_fbl", INTAKE_GMAIL_FBL, 54 },
		{ "jsonl", INTAKE_JSONL, 50 },
		{ "loops", INTAKE_ARF, 1 + 99 },
		{ "postfix", INTAKE_POSTFIX, 58 },
		{ "postmaster", INTAKE_POSTMASTER, 80 },
		{ "snds", INTAKE_SNDS, 50 },
		{ "webhook", INTAKE_WEBHOOK, 2 + 82 },
		{ "xarf", INTAKE_XARF, 6 + 113 },
	};

	(void)context;
	for (size_t i = 0; i < countof(formats); i++) {
		struct samples s = { .folder = formats[i].folder, .format = formats[i].format };

		assert_int_equal(samples_run(&s), formats[i].count);
	}
}

/* ---- hostile documents: one pass, bounded memory */

struct hostile {
	struct intake_hint hint;
	struct arena arena;
	struct buffer b;
	struct intake_result got;
};

static void
hostile_open(struct hostile *h, enum intake_format format)
{
	*h = (struct hostile){ .hint = samples_hint };
	h->hint.format = format;
	buffer_init(&h->b, REPORT_BYTES_MAX);
}

static enum result
hostile_read(struct hostile *h)
{
	enum result r;

	arena_clear(&h->arena);
	r = intake_read(buffer_text(&h->b), &h->hint, &h->arena, &h->got);
	assert_true(h->arena.total_bytes < 8 * (size_t)REPORT_BYTES_MAX);
	return r;
}

static void
hostile_close(struct hostile *h)
{
	arena_clear(&h->arena);
	buffer_free(&h->b);
}

/* The same id again and again, and ids that nobody asks for. */
static void
a_log_of_a_million_ids_ends(void **context)
{
	static const struct {
		enum intake_format format;
		const char *before_id, *before_client, *end;
		int digits;
	} logs[] = {
		{ INTAKE_EXIM, "2026-01-05 08:00:07 1vXabc-", "-0dEf <= a@b.example H=o [", "] P=esmtp\n",
		  11 },
		{ INTAKE_POSTFIX, "Jan  5 08:00:07 mx1 postfix/smtpd[1]: 4bX2Z", ": client=o[", "]\n", 7 },
	};
	struct hostile h;

	(void)context;
	for (size_t k = 0; k < countof(logs); k++) {
		hostile_open(&h, logs[k].format);
		for (int i = 0; h.b.n < 8U << 20; i++) {
			buffer_format(&h.b, "%s%0*d%s192.0.%d.%d%s", logs[k].before_id, logs[k].digits, i,
				      logs[k].before_client, i / 256 % 256, i % 256, logs[k].end);
		}
		assert_int_equal(hostile_read(&h), RESULT_OK);
		assert_int_equal(h.got.reports[0].observation_count, 0);
		hostile_close(&h);
	}
}

/* Lines that name no message have no place in the table of messages. */
static void
a_log_of_empty_lines_takes_little_memory(void **context)
{
	struct hostile h;

	(void)context;
	hostile_open(&h, INTAKE_POSTFIX);
	buffer_format(&h.b, "Jan  5 08:00:07 mx1 postfix/smtpd[1]: 4bX2Z1234: client=o[192.0.2.10]\n");
	while (h.b.n < REPORT_BYTES_MAX) {
		buffer_put(&h.b, "\n", 1);
	}
	assert_int_equal(hostile_read(&h), RESULT_OK);
	hostile_close(&h);
}

static void
repeat(struct hostile *h, const char *piece, size_t times)
{
	for (size_t i = 0; i < times; i++) {
		buffer_put(&h->b, piece, strlen(piece));
	}
}

static void
hostile_json_ends(void **context)
{
	static const struct {
		enum intake_format format;
		const char *bad;
	} formats[] = { { INTAKE_WEBHOOK, "{}\n" }, { INTAKE_XARF, "{\"xarf_version\":1}\n" } };
	struct hostile h;

	(void)context;
	for (size_t k = 0; k < countof(formats); k++) {
		hostile_open(&h, formats[k].format);
		repeat(&h, "[{", 1000000);
		assert_int_equal(hostile_read(&h), RESULT_BAD_INPUT);

		/* More bad objects than are named. */
		buffer_clear(&h.b);
		repeat(&h, formats[k].bad, 200000);
		assert_int_equal(hostile_read(&h), RESULT_OK);
		assert_int_equal(h.got.report_count, 0);
		assert_int_equal(h.got.fault_count, INTAKE_FAULTS_MAX + 1);
		hostile_close(&h);
	}
}

/* Each line begins an array that only ends being JSON behind the last: after a few the rest is set aside as it is. */
static void
json_that_ends_late_is_parsed_a_few_times(void **context)
{
	struct hostile h;

	(void)context;
	hostile_open(&h, INTAKE_WEBHOOK);
	repeat(&h, "{}\n", 1);
	repeat(&h, "[\n", 300);
	repeat(&h, "1234567890,", 20000);
	assert_int_equal(hostile_read(&h), RESULT_OK);
	assert_in_range(h.got.fault_count, 2, 6);
	assert_int_equal(h.got.faults[h.got.fault_count - 1].bytes.n,
			 h.b.n - 3 - 2 * (h.got.fault_count - 2));
	hostile_close(&h);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_sample_reads_as_a_person_reads_it),
		cmocka_unit_test(a_log_of_a_million_ids_ends),
		cmocka_unit_test(a_log_of_empty_lines_takes_little_memory),
		cmocka_unit_test(hostile_json_ends),
		cmocka_unit_test(json_that_ends_late_is_parsed_a_few_times),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
