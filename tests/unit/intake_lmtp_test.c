/* An LMTP session: what is said, what a message is, and what no client can do to it. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/limits.h"
#include "intake/lmtp.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct lmtp *session;
static struct buffer said;

static enum result
knows(void *context, struct text address)
{
	(void)context;
	return text_starts_nocase(address, TEXT("reports")) ? RESULT_OK : RESULT_NOT_FOUND;
}

/* Takes what the session says. */
static const char *
heard(void)
{
	struct text out = lmtp_output(session);

	buffer_clear(&said);
	buffer_put_text(&said, out);
	buffer_put(&said, "", 1);
	lmtp_sent(session, out.n);
	return (const char *)said.p;
}

static int
open_session(void **context)
{
	const struct lmtp_rules rules = { .hostname = TEXT("vouch.example"), .recipient = knows };

	(void)context;
	buffer_init(&said, 1 << 20);
	session = lmtp_open(&rules);
	assert_string_equal(heard(), "220 vouch.example LMTP Vouch\r\n");
	return 0;
}

static int
close_session(void **context)
{
	(void)context;
	lmtp_free(session);
	buffer_free(&said);
	return 0;
}

/* Says one line, all of which must be taken. */
static const char *
say(const char *line)
{
	assert_int_equal(lmtp_feed(session, text_of(line)), strlen(line));
	return heard();
}

static void
greet(void)
{
	assert_string_equal(say("LHLO client.example\r\n"),
			    "250-vouch.example\r\n250-PIPELINING\r\n250-8BITMIME\r\n250-SMTPUTF8\r\n"
			    "250-ENHANCEDSTATUSCODES\r\n250 SIZE 2097152\r\n");
}

/* From the greeting to 354 with one recipient. */
static void
begin_message(void)
{
	(void)say("MAIL FROM:<a@b.example>\r\nRCPT TO:<reports@x.example>\r\nDATA\r\n");
}

static void
a_message_waits_for_its_answers(void **context)
{
	const enum result results[] = { RESULT_OK, RESULT_BUSY };
	struct lmtp_message m;

	(void)context;
	greet();
	assert_string_equal(say("MAIL FROM:<fbl@mailbox.example> SIZE=500 BODY=8BITMIME\r\n"),
			    "250 2.1.0 sender ok\r\n");
	assert_string_equal(say("RCPT TO:<reports@vouch.example>\r\n"), "250 2.1.5 recipient ok\r\n");
	assert_string_equal(say("RCPT TO:<nobody@vouch.example>\r\n"), "550 5.1.1 no such thing\r\n");
	assert_string_equal(say("rcpt to: <reports.\"a > b\"@vouch.example>\r\n"),
			    "250 2.1.5 recipient ok\r\n");
	assert_string_equal(say("DATA\r\n"), "354 end with <CRLF>.<CRLF>\r\n");
	assert_false(lmtp_message(session, &m));
	assert_string_equal(say("Subject: x\r\n\r\n..dot\r\n.\r\n"), "");
	assert_true(lmtp_message(session, &m));
	assert_true(text_equal(m.client, TEXT("client.example")));
	assert_true(text_equal(m.sender, TEXT("fbl@mailbox.example")));
	assert_true(text_equal(m.content, TEXT("Subject: x\r\n\r\n.dot\r\n")));
	assert_int_equal(m.recipient_count, 2);
	assert_true(text_equal(m.recipients[0], TEXT("reports@vouch.example")));
	assert_true(text_equal(m.recipients[1], TEXT("reports.\"a > b\"@vouch.example")));
	lmtp_answer(session, results, 2);
	assert_string_equal(heard(), "250 2.6.0 done\r\n451 4.3.0 too much waits already; try again\r\n");
	assert_false(lmtp_message(session, &m));
	assert_string_equal(say("QUIT\r\n"), "221 2.0.0 bye\r\n");
	assert_true(lmtp_closed(session));
	assert_int_equal(lmtp_feed(session, TEXT("NOOP\r\n")), 0);
}

/* Everything in one packet: what follows the message is not touched before its answer. */
static void
a_pipelined_batch_is_taken_up_to_each_message(void **context)
{
	const struct text batch =
	    TEXT("MAIL FROM:<>\r\nRCPT TO:<reports@x.example>\r\nDATA\r\none\r\n.\r\n"
		 "MAIL FROM:<>\r\nRCPT TO:<reports@x.example>\r\nDATA\r\ntwo\r\n.\r\nQUIT\r\n");
	struct text rest = batch;
	struct lmtp_message m;
	size_t taken;

	(void)context;
	greet();
	taken = lmtp_feed(session, rest);
	assert_true(taken < rest.n);
	assert_true(lmtp_message(session, &m) && text_equal(m.content, TEXT("one\r\n")) && m.sender.n == 0);
	assert_int_equal(lmtp_feed(session, TEXT("x")), 0);
	lmtp_answer(session, &(enum result){ RESULT_OK }, 1);
	rest = (struct text){ rest.p + taken, rest.n - taken };
	taken = lmtp_feed(session, rest);
	assert_true(lmtp_message(session, &m) && text_equal(m.content, TEXT("two\r\n")));
	lmtp_answer(session, &(enum result){ RESULT_DENIED }, 1);
	rest = (struct text){ rest.p + taken, rest.n - taken };
	assert_int_equal(lmtp_feed(session, rest), rest.n);
	assert_string_equal(heard(),
			    "250 2.1.0 sender ok\r\n250 2.1.5 recipient ok\r\n354 end with <CRLF>.<CRLF>\r\n"
			    "250 2.6.0 done\r\n"
			    "250 2.1.0 sender ok\r\n250 2.1.5 recipient ok\r\n354 end with <CRLF>.<CRLF>\r\n"
			    "550 5.7.1 the caller has no right to this\r\n221 2.0.0 bye\r\n");
}

/* Each way to write almost an end of message stays content; so no second message hides in the first. */
static void
only_crlf_dot_crlf_ends_a_message(void **context)
{
	static const struct {
		const char *data;
		struct text content;
	} cases[] = {
		{ "a\n.\nb\r\n.\r\n", { "a\n.\nb\r\n", 7 } },
		{ "a\r\n\n.\r\nb\r\n.\r\n", { "a\r\n\n.\r\nb\r\n", 10 } },
		{ "\n.\r\nb\r\n.\r\n", { "\n.\r\nb\r\n", 7 } },
		{ "a\n.\r\nb\r\n.\r\n", { "a\n.\r\nb\r\n", 8 } },
		{ "a\r\n.\nb\r\n.\r\n", { "a\r\n\nb\r\n", 7 } },
		{ "a\r.\r\nb\r\n.\r\n", { "a\r.\r\nb\r\n", 8 } },
		{ "a\r\n.\rb\r\n.\r\n", { "a\r\n\rb\r\n", 7 } },
		{ "a\r\n.\r\r\n.\r\n", { "a\r\n\r\r\n", 6 } },
		{ "a\r\r\n.\r\n", { "a\r\r\n", 4 } },
		{ ".\r\n", { "", 0 } },
		{ "..\r\n.\r\n", { ".\r\n", 3 } },
		{ ".x\r\n...\r\n.\r\n", { "x\r\n..\r\n", 7 } },
	};
	struct lmtp_message m;

	(void)context;
	greet();
	for (size_t i = 0; i < countof(cases); i++) {
		struct text data = text_of(cases[i].data);

		/* In one piece, then byte by byte: the same message. */
		for (size_t step = data.n; step > 0; step = step == 1 ? 0 : 1) {
			begin_message();
			for (size_t at = 0; at < data.n; at += step) {
				assert_false(lmtp_message(session, &m));
				assert_int_equal(lmtp_feed(session, (struct text){ data.p + at, step }),
						 step);
			}
			assert_true(lmtp_message(session, &m));
			assert_true(text_equal(m.content, cases[i].content));
			lmtp_answer(session, &(enum result){ RESULT_OK }, 1);
			assert_string_equal(heard(), "250 2.6.0 done\r\n");
		}
	}
}

static void
a_wrong_order_or_word_is_refused(void **context)
{
	static const char *const dialogue[][2] = {
		{ "MAIL FROM:<a@b.example>\r\n", "503 5.5.1 not now\r\n" },
		{ "EHLO x\r\n", "500 5.5.1 this is LMTP, say LHLO\r\n" },
		{ "LHLO\r\n", "501 5.5.4 LHLO needs a name\r\n" },
		{ "LHLO x\n", "250-" },
		{ "DATA\r\n", "503 5.5.1 not now\r\n" },
		{ "MAIL FROM:a@b.example\r\n", "501 5.5.4 syntax: MAIL FROM:<address>\r\n" },
		{ "MAIL FROM:<a@b.example\r\n", "501 5.5.4 syntax: MAIL FROM:<address>\r\n" },
		{ "MAIL FROM:<a\x01@b.example>\r\n", "501 5.5.4 syntax: MAIL FROM:<address>\r\n" },
		{ "MAIL FROM:<a@b.example> SIZE=x\r\n", "501 5.5.4 SIZE is not a number\r\n" },
		{ "MAIL FROM:<a@b.example> SIZE=2097153\r\n", "552 5.3.4 message too large\r\n" },
		{ "MAIL FROM:<a@b.example> RET=HDRS\r\n", "555 5.5.4 parameter not known\r\n" },
		{ "MAIL FROM:<a@b.example>\r\n", "250 2.1.0 sender ok\r\n" },
		{ "MAIL FROM:<a@b.example>\r\n", "503 5.5.1 not now\r\n" },
		{ "DATA\r\n", "503 5.5.1 not now\r\n" },
		{ "RCPT TO:<>\r\n", "501 5.5.4 syntax: RCPT TO:<address>\r\n" },
		{ "RCPT TO:<nobody@x.example>\r\n", "550 5.1.1 no such thing\r\n" },
		{ "DATA\r\n", "503 5.5.1 not now\r\n" },
		{ "RCPT TO:<reports@x.example>\r\n", "250 2.1.5 recipient ok\r\n" },
		{ "RSET\r\n", "250 2.0.0 forgotten\r\n" },
		{ "DATA\r\n", "503 5.5.1 not now\r\n" },
		{ "VRFY a\r\n", "252 2.5.2 send mail and see\r\n" },
		{ "noop\r\n", "250 2.0.0 ok\r\n" },
		{ "\r\n", "500 5.5.1 command not known\r\n" },
		{ "BDAT 10 LAST\r\n", "500 5.5.1 command not known\r\n" },
	};

	(void)context;
	for (size_t i = 0; i < countof(dialogue); i++) {
		const char *answer = say(dialogue[i][0]);

		if (strncmp(answer, dialogue[i][1], strlen(dialogue[i][1])) != 0) {
			fail_msg("%s -> %s", dialogue[i][0], answer);
		}
	}
}

static void
what_grows_has_a_bound(void **context)
{
	static char block[65536];
	struct lmtp_message m;
	char line[128];

	(void)context;
	memset(block, 'x', sizeof block);
	greet();
	/* A command line without end. */
	for (int i = 0; i < 100; i++) {
		assert_int_equal(lmtp_feed(session, (struct text){ block, sizeof block }), sizeof block);
	}
	assert_string_equal(say("\r\n"), "500 5.5.2 line too long\r\n");
	assert_string_equal(say("NOOP\r\n"), "250 2.0.0 ok\r\n");
	/* Recipients. */
	(void)say("MAIL FROM:<>\r\n");
	for (int i = 0; i < LMTP_RECIPIENTS_MAX; i++) {
		(void)snprintf(line, sizeof line, "RCPT TO:<reports+%d@x.example>\r\n", i);
		assert_string_equal(say(line), "250 2.1.5 recipient ok\r\n");
	}
	assert_string_equal(say("RCPT TO:<reports@x.example>\r\n"), "452 4.5.3 too many recipients\r\n");
	assert_string_equal(say("RSET\r\n"), "250 2.0.0 forgotten\r\n");
	/* A message that is too large is read to its end and refused once per recipient; the session lives on. */
	(void)say("MAIL FROM:<>\r\nRCPT TO:<reports@x.example>\r\nRCPT TO:<reports2@x.example>\r\nDATA\r\n");
	for (size_t n = 0; n <= MAIL_BYTES_MAX; n += sizeof block) {
		assert_int_equal(lmtp_feed(session, (struct text){ block, sizeof block }), sizeof block);
	}
	assert_string_equal(
	    say("\r\n.\r\n"),
	    "552 5.3.4 larger than the stated limit\r\n552 5.3.4 larger than the stated limit\r\n");
	assert_false(lmtp_message(session, &m));
	begin_message();
	(void)say("x\r\n.\r\n");
	assert_true(lmtp_message(session, &m));
	lmtp_answer(session, &(enum result){ RESULT_OK }, 1);
	/* A client that talks and does not listen is not read any more. */
	for (int i = 0; i < 100000; i++) {
		(void)lmtp_feed(session, TEXT("NOOP\r\n"));
	}
	assert_true(lmtp_output(session).n < 20000);
	assert_int_equal(lmtp_feed(session, TEXT("NOOP\r\n")), 0);
	lmtp_sent(session, 10000);
	assert_int_equal(lmtp_feed(session, TEXT("NOOP\r\n")), 6);
}

static void
too_many_mistakes_end_the_session(void **context)
{
	(void)context;
	for (int i = 0; i < LMTP_ERRORS_MAX; i++) {
		assert_string_equal(say("what\r\n"), "500 5.5.1 command not known\r\n");
	}
	assert_string_equal(say("what\r\n"), "500 5.5.1 command not known\r\n421 4.3.2 too many errors\r\n");
	assert_true(lmtp_closed(session));
}

static void
we_may_end_it_at_any_time(void **context)
{
	struct lmtp_message m;

	(void)context;
	greet();
	begin_message();
	(void)say("half a mess");
	lmtp_end(session, "shutting down");
	lmtp_end(session, "twice");
	assert_string_equal(heard(), "421 4.3.2 shutting down\r\n");
	assert_true(lmtp_closed(session));
	assert_false(lmtp_message(session, &m));
}

int
main(void)
{
#define LMTP_TEST(f) cmocka_unit_test_setup_teardown(f, open_session, close_session)
	const struct CMUnitTest tests[] = {
		LMTP_TEST(a_message_waits_for_its_answers),
		LMTP_TEST(a_pipelined_batch_is_taken_up_to_each_message),
		LMTP_TEST(only_crlf_dot_crlf_ends_a_message),
		LMTP_TEST(a_wrong_order_or_word_is_refused),
		LMTP_TEST(what_grows_has_a_bound),
		LMTP_TEST(too_many_mistakes_end_the_session),
		LMTP_TEST(we_may_end_it_at_any_time),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
