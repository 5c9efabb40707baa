/* A report survives the journal; a torn or changed one is named damaged. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/limits.h"
#include "model/report.h"

#include <stdlib.h>
#include <string.h>

static void
sample(struct buffer *b)
{
	static const struct attribute attributes[] = { { { "from_domain", 11 }, { "shop.example", 12 } } };
	static struct observation observations[] = {
		{ .at = { 1767600000000 },
		  .signal = SIGNAL_COMPLAINT,
		  .count = 1,
		  .key_count = 2,
		  .keys = { { "192.0.2.10", 10 }, { "shop.example", 12 } },
		  .attribute_count = 1,
		  .attributes = attributes },
		{ .at = { 1767599000000 },
		  .signal = SIGNAL_DELIVERED,
		  .count = 4000000000U,
		  .key_count = 1,
		  .keys = { { "acct:esp:7", 10 } } },
	};
	struct report report = { .id = hash_of("id", 2),
				 .raw = hash_of("raw", 3),
				 .door = TEXT("lmtp"),
				 .format = TEXT("arf"),
				 .reporter = TEXT("mailbox-one"),
				 .observation_count = 2,
				 .observations = observations };

	buffer_init(b, 4096);
	report_write(b, &report);
	assert_false(b->full);
}

static void
a_report_reads_as_it_was_written(void **context)
{
	struct hash id = hash_of("id", 2);
	struct arena arena = { 0 };
	struct report got;
	struct buffer b;

	(void)context;
	sample(&b);
	assert_int_equal(report_read(buffer_text(&b), &arena, &got), RESULT_OK);
	assert_true(hash_equal(&got.id, &id));
	assert_true(text_equal(got.door, TEXT("lmtp")) && text_equal(got.reporter, TEXT("mailbox-one")));
	assert_int_equal(got.observation_count, 2);
	assert_true(text_equal(got.observations[0].keys[1], TEXT("shop.example")));
	assert_true(text_equal(got.observations[0].attributes[0].value, TEXT("shop.example")));
	assert_true(got.observations[1].at.ms == 1767599000000 && got.observations[1].count == 4000000000U);
	assert_int_equal(got.observations[1].signal, SIGNAL_DELIVERED);
	arena_clear(&arena);
	buffer_free(&b);
}

static void
a_torn_report_is_damaged(void **context)
{
	struct buffer b;

	(void)context;
	sample(&b);
	for (size_t cut = 0; cut < b.n; cut++) {
		struct arena arena = { 0 };
		struct report got;
		/* A copy of exactly this length, so that a read past the end is seen. */
		char *torn = malloc(cut + 1);

		assert_non_null(torn);
		memcpy(torn, b.p, cut);
		assert_int_equal(report_read((struct text){ torn, cut }, &arena, &got), RESULT_DAMAGED);
		assert_null(got.observations);
		arena_clear(&arena);
		free(torn);
	}
	buffer_free(&b);
}

static void
no_byte_makes_the_reader_stumble(void **context)
{
	struct buffer b;

	(void)context;
	sample(&b);
	for (size_t i = 2 * HASH_BYTES; i < b.n; i++) {
		uint8_t was = b.p[i];

		for (unsigned v = 0; v < 256; v++) {
			struct arena arena = { 0 };
			struct report got;

			b.p[i] = (uint8_t)v;
			if (report_read(buffer_text(&b), &arena, &got) == RESULT_OK) {
				assert_true(got.observation_count <= OBSERVATIONS_MAX);
			}
			arena_clear(&arena);
		}
		b.p[i] = was;
	}
	buffer_free(&b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_report_reads_as_it_was_written),
		cmocka_unit_test(a_torn_report_is_damaged),
		cmocka_unit_test(no_byte_makes_the_reader_stumble),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
