/* Which mails a machine may answer. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/limits.h"
#include "intake/answer.h"

#define HEADER \
	"From: Anna <anna@reports.example>\r\nMessage-ID: <1@reports.example>\r\nSubject: a\r\n report\r\n"
#define PERSON  "anna@reports.example"
#define ALLOWED "Auto-Submitted: no\r\n"

static bool
fits(const char *more, const char *sender, struct answer *answer)
{
	static struct arena arena;
	const char *mail;

	arena_clear(&arena);
	mail = arena_format(&arena, HEADER "%s\r\nList-Id: of the body\r\n", more);
	return answer_fits(text_of(mail), text_of(sender), &arena, answer);
}

static void
a_persons_mail_is_answered_under_its_name(void **context)
{
	struct answer a;

	(void)context;
	assert_true(fits("", PERSON, &a));
	assert_true(text_equal(a.message_id, TEXT("<1@reports.example>")));
	assert_true(fits(ALLOWED, PERSON, &a));
	assert_true(fits("Auto-Submitted: No (a person)\r\n", PERSON, &a));
	assert_true(fits("Precedence: first-class\r\n", PERSON, &a));
	assert_true(fits("X-Auto-Response-Suppress: DR, RN\r\n", PERSON, &a));
	assert_true(fits("Return-Path: <anna@reports.example>\r\n", PERSON, &a));
}

static void
nobody_and_no_machine_is_answered(void **context)
{
	static const char *const fields[] = { "Auto-Submitted: auto-generated",
					      "Auto-Submitted: auto-replied; owner-email=\"a@b.example\"",
					      "auto-submitted:auto-notified",
					      "List-Id: <members.list.example>",
					      "List-Unsubscribe: <mailto:off@list.example>",
					      "Precedence: bulk",
					      "Precedence: LIST",
					      "Precedence: junk (really)",
					      "X-Auto-Response-Suppress: DR, AutoReply",
					      "X-Auto-Response-Suppress: All",
					      "X-Loop: reports@feedback.example",
					      "Return-Path: <>" };
	static const char *const senders[] = { "",
					       "MAILER-DAEMON@reports.example",
					       "postmaster@reports.example",
					       "bounces+17@reports.example",
					       "no-reply@reports.example",
					       "NoReply.fbl@reports.example",
					       "owner-members@reports.example",
					       "members-request@reports.example",
					       "members-bounces@reports.example" };
	struct answer a;

	(void)context;
	for (size_t i = 0; i < countof(fields); i++) {
		static struct arena arena;

		if (fits(arena_format(&arena, "%s\r\n", fields[i]), PERSON, &a)) {
			fail_msg("%s is answered", fields[i]);
		}
		arena_clear(&arena);
	}
	for (size_t i = 0; i < countof(senders); i++) {
		if (fits("", senders[i], &a)) {
			fail_msg("%s is answered", senders[i]);
		}
	}
}

/* More fields than are looked at: one below might forbid it. */
static void
a_header_without_end_is_not_answered(void **context)
{
	struct arena arena = { 0 };
	struct buffer b;
	struct answer a;

	(void)context;
	buffer_init(&b, 1U << 20);
	for (uint32_t i = 0; i < MAIL_HEADERS_MAX; i++) {
		buffer_format(&b, "X-%u: a\r\n", i);
	}
	buffer_put_text(&b, TEXT("Auto-Submitted: auto-generated\r\n\r\n"));
	assert_false(answer_fits(buffer_text(&b), text_of(PERSON), &arena, &a));
	buffer_free(&b);
	arena_clear(&arena);
}

/* What an answer names goes into a header of ours. */
static void
a_message_id_that_is_none_is_not_named(void **context)
{
	static const char *const mails[] = { "Message-ID: 1@b.example\n\n",
					     "Message-ID: <a b@c.example>\n\n",
					     "Message-ID: <a@b.example> <c@d.example>\n\n",
					     "Message-ID: <a\r@b.example>\n\n",
					     "Message-ID: <\xc3\xa4@b.example>\n\n",
					     "Subject: none\n\n" };
	struct arena arena = { 0 };
	struct answer a;

	(void)context;
	for (size_t i = 0; i < countof(mails); i++) {
		assert_true(answer_fits(text_of(mails[i]), text_of(PERSON), &arena, &a));
		assert_int_equal(a.message_id.n, 0);
	}
	arena_clear(&arena);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_persons_mail_is_answered_under_its_name),
		cmocka_unit_test(nobody_and_no_machine_is_answered),
		cmocka_unit_test(a_header_without_end_is_not_answered),
		cmocka_unit_test(a_message_id_that_is_none_is_not_named),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
