/* Moves and changes of cases survive the journal bit for bit; anything torn, longer or impossible is named damaged. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "model/move.h"

static struct ground
sample_ground(void)
{
	return (struct ground){ .at = { 1767600000000 },
				.seq = 1234567,
				.role = ACTOR_ANALYST,
				.actor = TEXT("night shift"),
				.reason = TEXT("the member has seen the mail and stopped it"),
				.evidence_count = 3,
				.evidence = { 1, 70000, 1U << 31 } };
}

static void
a_move_reads_as_it_was_written(void **context)
{
	struct move move = { .source = 4000000000U,
			     .event = EVENT_CLEAR,
			     .from = STATE_SUSPENDED,
			     .to = STATE_REINSTATED,
			     .kind = SUSPENSION_DISUSE,
			     .case_number = 17,
			     .ground = sample_ground() };
	struct move read;
	struct buffer first, second;

	(void)context;
	buffer_init(&first, 4096);
	buffer_init(&second, 4096);
	move_write(&first, &move);
	assert_int_equal(move_read(buffer_text(&first), &read), RESULT_OK);
	assert_int_equal(read.source, 4000000000U);
	assert_int_equal(read.to, STATE_REINSTATED);
	assert_int_equal(read.kind, SUSPENSION_DISUSE);
	assert_int_equal(read.case_number, 17);
	assert_int_equal(read.ground.role, ACTOR_ANALYST);
	assert_true(text_equal(read.ground.actor, TEXT("night shift")));
	assert_int_equal(read.ground.evidence[2], 1U << 31);
	move_write(&second, &read);
	assert_true(text_equal(buffer_text(&first), buffer_text(&second)));
	buffer_free(&first);
	buffer_free(&second);
}

/* The receiver stands at the end, and only if there is one: a move for all has the same bytes as ever. */
static void
a_move_for_one_receiver_says_so(void **context)
{
	struct move move = { .event = EVENT_THRESHOLD, .to = STATE_SUSPENDED, .ground = sample_ground() },
		    read;
	struct buffer b;
	size_t all;

	(void)context;
	buffer_init(&b, 4096);
	move_write(&b, &move);
	all = b.n;
	buffer_clear(&b);
	move.receiver = TEXT("mailbox.example");
	move_write(&b, &move);
	assert_int_equal(move_read(buffer_text(&b), &read), RESULT_OK);
	assert_true(text_equal(read.receiver, TEXT("mailbox.example")));
	for (size_t n = 0; n < b.n; n++) {
		assert_int_equal(move_read((struct text){ (const char *)b.p, n }, &read),
				 n == all ? RESULT_OK : RESULT_DAMAGED);
		assert_int_equal(read.receiver.n, 0);
	}
	wire_put_u8(&b, 0);
	assert_int_equal(move_read(buffer_text(&b), &read), RESULT_DAMAGED);
	b.n = all;
	wire_put_text(&b, TEXT("two words"));
	assert_int_equal(move_read(buffer_text(&b), &read), RESULT_DAMAGED);
	buffer_free(&b);
}

static struct case_change
sample_change(void)
{
	return (struct case_change){ .number = 3,
				     .system = 9,
				     .status = CASE_OVERDUE,
				     .opened = { 1767600000000 },
				     .deadline = { 1767603600000 },
				     .source_count = 5,
				     .delivered_before = 48000,
				     .delivered_after = 12,
				     .ground = sample_ground() };
}

static void
a_change_of_a_case_reads_as_it_was_written(void **context)
{
	struct case_change change = sample_change(), read;
	struct buffer first, second;

	(void)context;
	buffer_init(&first, 4096);
	buffer_init(&second, 4096);
	case_change_write(&first, &change);
	assert_int_equal(case_change_read(buffer_text(&first), &read), RESULT_OK);
	assert_int_equal(read.status, CASE_OVERDUE);
	assert_int_equal(read.deadline.ms, 1767603600000);
	assert_int_equal(read.delivered_before, 48000);
	assert_int_equal(read.delivered_after, 12);
	case_change_write(&second, &read);
	assert_true(text_equal(buffer_text(&first), buffer_text(&second)));
	buffer_free(&first);
	buffer_free(&second);
}

/* Every cut and every changed byte: damaged and empty, or another value that is written back to the same bytes. */
static void
changed_bytes_are_damaged_or_another_value(void **context)
{
	struct move move = { .event = EVENT_ALARM, .to = STATE_SUSPENDED, .ground = sample_ground() }, read;
	struct case_change change = sample_change(), read_change;
	struct buffer b, again;

	(void)context;
	buffer_init(&b, 4096);
	buffer_init(&again, 4096);
	move_write(&b, &move);
	for (size_t n = 0; n < b.n; n++) {
		assert_int_equal(move_read((struct text){ (const char *)b.p, n }, &read), RESULT_DAMAGED);
		assert_int_equal(read.ground.reason.n, 0);
	}
	for (size_t i = 0; i < b.n * 256; i++) {
		uint8_t was = b.p[i / 256];

		b.p[i / 256] = (uint8_t)i;
		if (move_read(buffer_text(&b), &read) == RESULT_OK) {
			buffer_clear(&again);
			move_write(&again, &read);
			assert_true(text_equal(buffer_text(&b), buffer_text(&again)));
		}
		b.p[i / 256] = was;
	}
	buffer_clear(&b);
	case_change_write(&b, &change);
	for (size_t n = 0; n < b.n; n++) {
		assert_int_equal(case_change_read((struct text){ (const char *)b.p, n }, &read_change),
				 RESULT_DAMAGED);
		assert_int_equal(read_change.number, 0);
	}
	wire_put_u8(&b, 0);
	assert_int_equal(case_change_read(buffer_text(&b), &read_change), RESULT_DAMAGED);
	buffer_free(&b);
	buffer_free(&again);
}

static void
names_follow_the_tables(void **context)
{
	(void)context;
	assert_string_equal(suspension_name(SUSPENSION_SECURITY), "security");
	assert_string_equal(case_status_name(CASE_OVERDUE), "overdue");
	assert_true(case_status_open(CASE_OPEN) && case_status_open(CASE_OVERDUE));
	assert_false(case_status_open(CASE_CONFIRMED) || case_status_open(CASE_CLEARED) ||
		     case_status_open(CASE_WITHDRAWN));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_move_reads_as_it_was_written),
		cmocka_unit_test(a_move_for_one_receiver_says_so),
		cmocka_unit_test(a_change_of_a_case_reads_as_it_was_written),
		cmocka_unit_test(changed_bytes_are_damaged_or_another_value),
		cmocka_unit_test(names_follow_the_tables),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
