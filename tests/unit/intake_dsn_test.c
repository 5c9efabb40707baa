/* Bounces: each sample reads as a person reads it; the reason follows code and words; hostile ones end. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "unit/intake_samples.h"

static void
each_bounce_reads_as_a_person_reads_it(void **context)
{
	struct samples s = { .folder = "bounce", .format = INTAKE_DSN };

	(void)context;
	assert_int_equal(samples_run(&s), 70 + 109);
}

/* The same content by another way is the same report, and no address of a recipient leaves the raw mail. */
static void
a_bounce_counts_once_and_names_no_recipient(void **context)
{
	struct samples s = { .folder = "bounce", .format = INTAKE_DSN };
	struct intake_hint other = samples_hint;
	struct intake_result one, two;
	struct text raw = samples_load(&s, "sisimai-lhost-postfix-13.eml");

	(void)context;
	other.door = TEXT("http");
	assert_int_equal(intake_read(raw, &samples_hint, &s.arena, &one), RESULT_OK);
	raw = text_of(arena_format(&s.arena, "Received: from a by b; Thu, 01 Jan 2026 00:00:00 +0000\r\n%.*s",
				   TEXT_ARG(raw)));
	assert_int_equal(intake_read(raw, &other, &s.arena, &two), RESULT_OK);
	assert_true(hash_equal(&one.reports[0].id, &two.reports[0].id));
	for (uint32_t i = 0; i < one.reports[0].observation_count; i++) {
		const struct observation *o = &one.reports[0].observations[i];

		for (uint32_t a = 0; a < o->attribute_count; a++) {
			assert_null(
			    memmem(o->attributes[a].value.p, o->attributes[a].value.n, "noraneko@", 9));
			assert_null(
			    memmem(o->attributes[a].value.p, o->attributes[a].value.n, "kijitora@", 9));
		}
	}
	arena_clear(&s.arena);
}

static void
recipients_and_memory_are_bounded(void **context)
{
	struct arena arena = { 0 };
	struct intake_result got;
	struct buffer b;

	(void)context;
	buffer_init(&b, 2 * (size_t)MAIL_BYTES_MAX);
	buffer_format(&b,
		      "From: MAILER-DAEMON@a.example\nSubject: Undelivered\nContent-Type: multipart/report; "
		      "boundary=b\n\n--b\nContent-Type: message/rfc822\n\nFrom: a@shop.example\n\n"
		      "--b\nContent-Type: message/delivery-status\n\nReporting-MTA: dns; a.example\n\n");
	while (b.n < MAIL_BYTES_MAX - 100) {
		buffer_format(&b, "Action: failed\nStatus: 5.1.1\n\n");
	}
	assert_int_equal(intake_read(buffer_text(&b), &samples_hint, &arena, &got), RESULT_OK);
	assert_int_equal(got.reports[0].observation_count, BOUNCE_RECIPIENTS_MAX);
	assert_true(arena.total_bytes < 8 * (size_t)MAIL_BYTES_MAX);
	arena_clear(&arena);
	buffer_free(&b);
}

/* Each address that is written for people is compared with those before: with a bounded number, however often it is said. */
static void
recipients_that_are_said_again_and_again_end(void **context)
{
	struct arena arena = { 0 };
	struct intake_result got;
	struct buffer b;

	(void)context;
	buffer_init(&b, MAIL_BYTES_MAX);
	buffer_format(&b, "From: MAILER-DAEMON@a.example\nSubject: Undelivered\n\n");
	for (unsigned i = 0; b.n < MAIL_BYTES_MAX - 200; i++) {
		buffer_format(&b, "a%04u@b.example\n", i % (BOUNCE_RECIPIENTS_MAX - 1));
	}
	buffer_format(&b, "--- Original message ---\n\nFrom: a@shop.example\n");
	assert_int_equal(intake_read(buffer_text(&b), &samples_hint, &arena, &got), RESULT_OK);
	assert_int_equal(got.reports[0].observation_count, BOUNCE_RECIPIENTS_MAX - 1);
	assert_true(arena.total_bytes < 8 * (size_t)MAIL_BYTES_MAX);
	arena_clear(&arena);
	buffer_free(&b);
}

/* The address of the reporting server is looked for once, not in each Received field for each recipient. */
static void
recipients_share_the_search_for_the_reporting_server(void **context)
{
	struct arena arena = { 0 };
	struct intake_result got;
	struct buffer b;

	(void)context;
	buffer_init(&b, MAIL_BYTES_MAX);
	for (int i = 0; i < 500; i++) {
		buffer_format(&b, "Received: from other.example ([192.0.2.1]) by mx.example\n");
	}
	buffer_format(&b,
		      "From: MAILER-DAEMON@a.example\nSubject: Undelivered\nContent-Type: multipart/report; "
		      "boundary=b\n\n--b\nContent-Type: message/rfc822\n\nFrom: a@shop.example\n\n"
		      "--b\nContent-Type: message/delivery-status\n\nReporting-MTA: dns; %0200d.example\n\n",
		      0);
	for (int i = 0; i < 2 * BOUNCE_RECIPIENTS_MAX; i++) {
		buffer_format(
		    &b, "Final-Recipient: rfc822; a@b.example\nAction: failed\nStatus: 5.1.1\n"
			"Remote-MTA: dns; b.example\nDiagnostic-Code: smtp; 550 5.1.1 no such user\n\n");
	}
	assert_int_equal(intake_read(buffer_text(&b), &samples_hint, &arena, &got), RESULT_OK);
	assert_int_equal(got.reports[0].observation_count, BOUNCE_RECIPIENTS_MAX);
	assert_true(arena.total_bytes < 8 * (size_t)MAIL_BYTES_MAX);
	arena_clear(&arena);
	buffer_free(&b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_bounce_reads_as_a_person_reads_it),
		cmocka_unit_test(a_bounce_counts_once_and_names_no_recipient),
		cmocka_unit_test(recipients_and_memory_are_bounded),
		cmocka_unit_test(recipients_that_are_said_again_and_again_end),
		cmocka_unit_test(recipients_share_the_search_for_the_reporting_server),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
