/* The text of a mail of ours, read back by GMime; and what is an address. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/limits.h"
#include "notify/mail.h"

#include <gmime/gmime.h>
#include <string.h>

static const struct mail_from from = { "notices@list.example", "The \xe2\x80\x9c"
							       "list\xe2\x80\x9d" };

static enum result
write_mail(const struct mail *mail, struct buffer *b)
{
	buffer_init(b, MAIL_BYTES_MAX);
	return mail_write(mail, &from, 17, (struct instant){ 1767600000000 }, b);
}

static GMimeMessage *
read_mail(const struct buffer *b)
{
	GMimeStream *stream = g_mime_stream_mem_new_with_buffer((const char *)b->p, b->n);
	GMimeParser *parser = g_mime_parser_new_with_stream(stream);
	GMimeMessage *message = g_mime_parser_construct_message(parser, NULL);

	g_object_unref(parser);
	g_object_unref(stream);
	assert_non_null(message);
	return message;
}

static const char *
header(GMimeMessage *message, const char *name)
{
	return g_mime_object_get_header(GMIME_OBJECT(message), name);
}

static void
a_mail_says_who_and_what_and_that_no_person_wrote_it(void **state)
{
	const struct mail mail = { .to = TEXT("ops@member.example"),
				   .subject = TEXT("Harbour B\xc3\xa4nk is off the list"),
				   .body = TEXT("One line.\n.\nA third, after a dot, with \xc3\xa4.\n") };
	GMimeMessage *message;
	struct buffer b;
	char *body;

	(void)state;
	assert_int_equal(write_mail(&mail, &b), RESULT_OK);
	message = read_mail(&b);
	assert_string_equal(g_mime_message_get_subject(message), "Harbour B\xc3\xa4nk is off the list");
	assert_string_equal(g_mime_message_get_message_id(message), "vouch.17.19b8d2b8c00@list.example");
	assert_string_equal(header(message, "Auto-Submitted"), "auto-generated");
	assert_string_equal(header(message, "To"), "ops@member.example");
	assert_string_equal(header(message, "Date"), "Mon, 05 Jan 2026 08:00:00 +0000");
	assert_null(header(message, "In-Reply-To"));
	body = g_mime_text_part_get_text(GMIME_TEXT_PART(g_mime_message_get_mime_part(message)));
	assert_string_equal(body, "One line.\r\n.\r\nA third, after a dot, with \xc3\xa4.\r\n");
	g_free(body);
	g_object_unref(message);
	buffer_free(&b);
}

static void
the_same_mail_has_the_same_bytes(void **state)
{
	const struct mail mail = { .to = TEXT("a@b.example"), .subject = TEXT("s"), .body = TEXT("t\n") };
	struct buffer a, b;

	(void)state;
	assert_int_equal(write_mail(&mail, &a), RESULT_OK);
	assert_int_equal(write_mail(&mail, &b), RESULT_OK);
	assert_true(text_equal(buffer_text(&a), buffer_text(&b)));
	buffer_free(&a);
	buffer_free(&b);
}

static void
lines_are_short_and_end_in_crlf(void **state)
{
	char words[3000];
	struct mail mail = { .to = TEXT("a@b.example"), .subject = { words, 900 }, .body = { words, 3000 } };
	struct text rest, line;
	struct buffer b;

	(void)state;
	memset(words, 'x', sizeof words);
	assert_int_equal(write_mail(&mail, &b), RESULT_OK);
	rest = buffer_text(&b);
	while (text_cut(&rest, '\n', &line)) {
		assert_true(line.n > 0 && line.p[line.n - 1] == '\r');
		assert_in_range(line.n, 1, 999);
	}
	buffer_free(&b);
}

static void
nothing_begins_a_header_of_its_own(void **state)
{
	const struct mail mail = { .to = TEXT("a@b.example"),
				   .subject = TEXT("one\r\nBcc: all@b.example"),
				   .body = TEXT(""),
				   .is_reply = true,
				   .answers = TEXT("<1@x>\r\nBcc: all@b.example\r\nX: <2@x>") };
	GMimeMessage *message;
	struct buffer b;

	(void)state;
	assert_int_equal(write_mail(&mail, &b), RESULT_OK);
	message = read_mail(&b);
	assert_null(header(message, "Bcc"));
	assert_null(header(message, "In-Reply-To")); /* it is no Message-ID */
	assert_string_equal(header(message, "Auto-Submitted"), "auto-replied");
	g_object_unref(message);
	buffer_free(&b);
}

static void
an_answer_names_the_mail_it_answers(void **state)
{
	const struct mail mail = { .to = TEXT("a@b.example"),
				   .subject = TEXT("s"),
				   .body = TEXT("t\n"),
				   .is_reply = true,
				   .answers = TEXT("<1.2@mail.example>") };
	GMimeMessage *message;
	struct buffer b;

	(void)state;
	assert_int_equal(write_mail(&mail, &b), RESULT_OK);
	message = read_mail(&b);
	assert_string_equal(header(message, "In-Reply-To"), "<1.2@mail.example>");
	assert_string_equal(header(message, "References"), "<1.2@mail.example>");
	g_object_unref(message);
	buffer_free(&b);
}

static void
only_addresses_that_need_no_quotes_are_written_to(void **state)
{
	static const char *const good[] = { "a@b.example", "first.last+tag@mx-1.example.org", "o'hara@x" };
	static const char *const bad[] = { "",
					   "a",
					   "@b.example",
					   "a@",
					   "a b@c.example",
					   "a@b.example>",
					   "<a@b>",
					   "a@b@c.example",
					   "a,b@c.example",
					   "a@b\r\nRCPT",
					   "a@-b",
					   "a@b.",
					   "\"a\"@b.example",
					   "a@[192.0.2.1]",
					   "\xc3\xa4@b.example" };
	struct mail mail = { .subject = TEXT("s"), .body = TEXT("t\n") };
	struct buffer b;

	(void)state;
	for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
		assert_true(mail_address_fits(text_of(good[i])));
	}
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		assert_false(mail_address_fits(text_of(bad[i])));
		mail.to = text_of(bad[i]);
		assert_int_equal(write_mail(&mail, &b), RESULT_BAD_INPUT);
		assert_int_equal(b.n, 0);
		buffer_free(&b);
	}
}

static void
a_server_is_named_by_a_url_without_secrets(void **state)
{
	static const char *const bad[] = { "mail.example",
					   "http://mail.example",
					   "smtp://u:p@mail.example",
					   "smtp://mail.example/x",
					   "smtp://",
					   "" };
	struct fault fault = { { 0 } };

	(void)state;
	assert_int_equal(mail_server_check("smtp://mail.example:587", &fault), RESULT_OK);
	assert_int_equal(mail_server_check("smtps://[::1]", &fault), RESULT_OK);
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		assert_int_equal(mail_server_check(bad[i], &fault), RESULT_BAD_INPUT);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_mail_says_who_and_what_and_that_no_person_wrote_it),
		cmocka_unit_test(the_same_mail_has_the_same_bytes),
		cmocka_unit_test(lines_are_short_and_end_in_crlf),
		cmocka_unit_test(nothing_begins_a_header_of_its_own),
		cmocka_unit_test(an_answer_names_the_mail_it_answers),
		cmocka_unit_test(only_addresses_that_need_no_quotes_are_written_to),
		cmocka_unit_test(a_server_is_named_by_a_url_without_secrets),
	};
	int failed;

	channel_start();
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	channel_end();
	return failed;
}
