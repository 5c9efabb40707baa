/* An alarm survives the journal bit for bit; a torn, longer or changed one is named damaged. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "model/alarm.h"

#include <math.h>
#include <string.h>

static struct alarm
sample(void)
{
	struct alarm alarm = { .kind = UNIT_SYSTEM,
			       .unit = 4000000000U,
			       .voice = VOICE_BAYES,
			       .takeover = TAKEOVER_OWN_LIST,
			       .at = { 1767600000000 },
			       .evidence_nats = 6.25,
			       .limit_nats = 5.5,
			       .began = { 1767598000000 },
			       .began_from = { 1767590000000 },
			       .began_to = { 1767599900000 },
			       .first_bad_at = { 1767599000000 },
			       .first_bad_seq = 77,
			       .delivered = 12345678901,
			       .block_count = 2,
			       .blocks = { { { 1767598000000 }, 400, -0.5, 0 },
					   { { 1767599000000 }, 12345678501, 7.5, 77 } },
			       .report_count = 3,
			       .reports = { 77, 80, 91 } };

	for (unsigned i = 0; i < EVIDENCE_COUNT; i++) {
		alarm.evidence[i] =
		    (struct alarm_evidence){ .observed = i, .expected = 0.5 * i, .nats = 2.0 - i };
	}
	return alarm;
}

static void
an_alarm_reads_as_it_was_written(void **context)
{
	struct alarm wrote = sample(), read;
	struct buffer first, second;

	(void)context;
	buffer_init(&first, 4096);
	buffer_init(&second, 4096);
	alarm_write(&first, &wrote);
	assert_true(first.n < 520);
	assert_int_equal(alarm_read(buffer_text(&first), &read), RESULT_OK);
	assert_int_equal(read.unit, 4000000000U);
	assert_int_equal(read.takeover, TAKEOVER_OWN_LIST);
	assert_int_equal(read.evidence[EVIDENCE_TRAP].observed, EVIDENCE_TRAP);
	assert_int_equal(read.reports[2], 91);
	assert_int_equal(read.block_count, 2);
	assert_int_equal(read.blocks[1].delivered, 12345678501);
	assert_int_equal(read.blocks[1].first_bad_seq, 77);
	assert_true(read.blocks[0].nats < 0 && read.blocks[1].nats > 7);
	assert_int_equal(read.began.ms, 1767598000000);
	assert_int_equal(read.began_from.ms, 1767590000000);
	assert_int_equal(read.began_to.ms, 1767599900000);
	alarm_write(&second, &read);
	assert_int_equal(first.n, second.n);
	assert_memory_equal(first.p, second.p, first.n);
	buffer_free(&first);
	buffer_free(&second);
}

static void
a_torn_or_longer_alarm_is_damaged(void **context)
{
	struct alarm wrote = sample(), read;
	struct buffer b;

	(void)context;
	buffer_init(&b, 4096);
	alarm_write(&b, &wrote);
	for (size_t n = 0; n < b.n; n++) {
		assert_int_equal(alarm_read((struct text){ (const char *)b.p, n }, &read), RESULT_DAMAGED);
		assert_int_equal(read.unit, 0);
	}
	wire_put_u8(&b, 0);
	assert_int_equal(alarm_read(buffer_text(&b), &read), RESULT_DAMAGED);
	buffer_free(&b);
}

static void
what_no_detector_writes_is_damaged(void **context)
{
	struct alarm nan_nats = sample(), read;
	struct buffer b;

	(void)context;
	buffer_init(&b, 4096);
	nan_nats.evidence_nats = (double)NAN;
	alarm_write(&b, &nan_nats);
	assert_int_equal(alarm_read(buffer_text(&b), &read), RESULT_DAMAGED);
	for (uint8_t kind = UNIT_KIND_COUNT; kind < UNIT_KIND_COUNT + 3; kind++) {
		struct alarm good = sample();

		buffer_clear(&b);
		alarm_write(&b, &good);
		b.p[0] = kind;
		assert_int_equal(alarm_read(buffer_text(&b), &read), RESULT_DAMAGED);
	}
	buffer_free(&b);
}

static void
every_row_has_a_name(void **context)
{
	(void)context;
	assert_string_equal(unit_kind_name(UNIT_SYSTEM), "system");
	assert_string_equal(voice_name(VOICE_ROBUST), "robust");
	assert_string_equal(evidence_name(EVIDENCE_TRAP_TYPO), "trap_typo");
	assert_string_equal(takeover_name(TAKEOVER_TRAPS), "traps");
	assert_true(strlen(takeover_words(TAKEOVER_OWN_LIST)) > 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_alarm_reads_as_it_was_written),
		cmocka_unit_test(a_torn_or_longer_alarm_is_damaged),
		cmocka_unit_test(what_no_detector_writes_is_damaged),
		cmocka_unit_test(every_row_has_a_name),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
