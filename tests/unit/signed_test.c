/* Who signed a mail: mails that another program signed (tests/data/dkim), spoiled in each way that somebody could profit from. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/limits.h"
#include "intake/signed.h"
#include "test_file.h"

#include <string.h>

#define OURS TEXT("reports.mailbox.example")

static struct arena arena;
static size_t asked;          /* keys */
static enum result unwilling; /* what the resolver says instead of an answer */

/* From keys.txt: "name record". */
static enum result
get_key(void *context, const char *name, char *record, size_t size)
{
	struct text all = test_file(&arena, TEST_DATA "/dkim/keys.txt"), line, head;

	(void)context;
	asked++;
	assert_true(strstr(name, "reports.mailbox.example") != NULL); /* nobody else's keys are asked for */
	while (unwilling == RESULT_OK && text_cut(&all, '\n', &line)) {
		if (text_cut(&line, ' ', &head) && text_equal(head, text_of(name))) {
			assert_true(line.n < size);
			memcpy(record, line.p, line.n);
			record[line.n] = '\0';
			return RESULT_OK;
		}
	}
	return unwilling == RESULT_OK ? RESULT_NOT_FOUND : unwilling;
}

static const struct signed_keys keys = { get_key, NULL };

static struct text
sample(const char *name)
{
	struct text mail = test_file(&arena, arena_format(&arena, TEST_DATA "/dkim/%s.eml", name));

	assert_true(mail.n > 0);
	return mail;
}

static enum signed_verdict
verdict_of(struct text mail)
{
	char signer[SIGNED_DOMAIN_BYTES];

	asked = 0;
	return signed_check(mail, OURS, &keys, signer);
}

static const char *
signer_of(const char *name)
{
	static char signer[SIGNED_DOMAIN_BYTES];

	return signed_check(sample(name), OURS, &keys, signer) == SIGNED_YES ? signer : "nobody";
}

/* With the first `was` replaced. */
static struct text
changed(struct text mail, const char *was, const char *is)
{
	const char *at = memmem(mail.p, mail.n, was, strlen(was));
	size_t before;

	assert_non_null(at);
	before = (size_t)(at - mail.p);
	return text_of(arena_format(&arena, "%.*s%s%.*s", (int)before, mail.p, is,
				    (int)(mail.n - before - strlen(was)), at + strlen(was)));
}

static void
signatures_of_others_programs_hold(void **context)
{
	(void)context;
	assert_string_equal(signer_of("rsa"), "reports.mailbox.example");
	assert_string_equal(signer_of("simple"), "reports.mailbox.example");
	assert_string_equal(signer_of("ed25519"), "reports.mailbox.example");
	assert_string_equal(signer_of("below"), "a.reports.mailbox.example");
	assert_string_equal(signer_of("two"), "reports.mailbox.example");
	assert_string_equal(signer_of("first-broken"), "reports.mailbox.example");
}

static void
a_mail_from_a_folder_has_other_line_ends_and_holds(void **context)
{
	struct text mail = sample("rsa");
	char *out = arena_get(&arena, mail.n);
	size_t n = 0;

	(void)context;
	for (size_t i = 0; i < mail.n; i++) {
		if (mail.p[i] != '\r') {
			out[n++] = mail.p[i];
		}
	}
	assert_int_equal(verdict_of((struct text){ out, n }), SIGNED_YES);
}

static void
what_proves_nothing_does_not_hold(void **context)
{
	static const char *const names[] = { "unsigned", "above",    "elsewhere", "length",
					     "sha1",     "test-key", "short-key", "no-key" };

	(void)context;
	for (size_t i = 0; i < countof(names); i++) {
		if (verdict_of(sample(names[i])) != SIGNED_NOT) {
			fail_msg("%s", names[i]);
		}
	}
}

static void
nothing_can_be_changed_or_added(void **context)
{
	struct text mail = sample("rsa");

	(void)context;
	assert_int_equal(verdict_of(changed(mail, "Source-IP: 192.0.2.10", "Source-IP: 192.0.2.11")),
			 SIGNED_NOT);
	assert_int_equal(verdict_of(changed(mail, "--b1--\r\n", "--b1--\r\nmore\r\n")), SIGNED_NOT);
	assert_int_equal(verdict_of(changed(mail, "Subject: Abuse", "Subject: abuse")), SIGNED_NOT);
	assert_int_equal(verdict_of(changed(mail, "fbl@", "abl@")), SIGNED_NOT);
	/* What the signature does not cover may change on the way. */
	assert_int_equal(
	    verdict_of(changed(mail, "MIME-Version: 1.0\r\n", "MIME-Version: 1.0\r\nX-Other: 1\r\n")),
	    SIGNED_YES);
}

static void
keys_are_asked_for_only_where_they_matter(void **context)
{
	(void)context;
	(void)verdict_of(sample("elsewhere"));
	assert_int_equal(asked, 0);
	(void)verdict_of(sample("unsigned"));
	assert_int_equal(asked, 0);
	(void)verdict_of(sample("two"));
	assert_int_equal(asked, 1);
}

static void
a_key_that_cannot_be_had_is_for_later(void **context)
{
	(void)context;
	unwilling = RESULT_BUSY;
	assert_int_equal(verdict_of(sample("rsa")), SIGNED_LATER);
	assert_int_equal(verdict_of(sample("elsewhere")), SIGNED_NOT);
	unwilling = RESULT_NOT_FOUND;
	assert_int_equal(verdict_of(sample("rsa")), SIGNED_NOT);
	unwilling = RESULT_OK;
}

static void
too_many_signatures_are_none(void **context)
{
	struct text mail = sample("rsa");
	const char *end = memmem(mail.p, mail.n, "From:", 5);
	struct text signature = { mail.p, (size_t)(end - mail.p) };
	struct buffer b;

	(void)context;
	buffer_init(&b, MAIL_BYTES_MAX);
	for (int i = 0; i < DKIM_SIGNATURES_MAX; i++) {
		buffer_put_text(&b, signature);
	}
	buffer_put(&b, end, mail.n - signature.n);
	assert_int_equal(verdict_of(buffer_text(&b)), SIGNED_YES);
	buffer_clear(&b);
	buffer_put_text(&b, signature);
	for (int i = 0; i < DKIM_SIGNATURES_MAX; i++) {
		buffer_put_text(&b, signature);
	}
	buffer_put(&b, end, mail.n - signature.n);
	assert_int_equal(verdict_of(buffer_text(&b)), SIGNED_NOT);
	assert_int_equal(asked, 0);
	buffer_free(&b);
}

static const char *
from_of(const char *mail)
{
	static char domain[SIGNED_DOMAIN_BYTES];

	return signed_from(text_of(mail), domain) ? domain : "none";
}

static void
the_one_from_names_the_domain(void **context)
{
	(void)context;
	assert_string_equal(from_of("From: Feedback <fbl@Reports.Mailbox.Example>\r\n\r\n"),
			    "reports.mailbox.example");
	assert_string_equal(from_of("Subject: x\nFROM : fbl@mailbox.example\n\nFrom: a@b.example"),
			    "mailbox.example");
	assert_string_equal(from_of("From:\r\n \"a@b.example\"\r\n <fbl@mailbox.example>\r\n\r\n"),
			    "mailbox.example");
	assert_string_equal(from_of("From: a@one.example\r\nFrom: a@two.example\r\n\r\n"), "none");
	assert_string_equal(from_of("From: a@one.example, b@two.example\r\n\r\n"), "none");
	assert_string_equal(from_of("From: nobody\r\n\r\n"), "none");
	assert_string_equal(from_of("Subject: x\r\n\r\n From: a@one.example\r\n"), "none");
	assert_string_equal(from_of("\r\n \r\nFrom: a@one.example\r\n"), "none");
	assert_string_equal(from_of(""), "none");
}

static void
below_a_domain_is_not_beside_it(void **context)
{
	(void)context;
	assert_true(signed_within(TEXT("a.example"), TEXT("a.example")));
	assert_true(signed_within(TEXT("x.a.example"), TEXT("a.example")));
	assert_false(signed_within(TEXT("xa.example"), TEXT("a.example")));
	assert_false(signed_within(TEXT("example"), TEXT("a.example")));
	assert_false(signed_within(TEXT("a.example"), TEXT("")));
}

static bool
said(const char *header)
{
	char signer[SIGNED_DOMAIN_BYTES];
	const char *mail =
	    arena_format(&arena, "Received: from x\r\n%s\r\nFrom: a@b.example\r\n\r\nbody\r\n", header);

	return signed_results(text_of(mail), OURS, TEXT("mx.list.example"), signer);
}

static void
the_server_in_front_is_believed_and_no_other(void **context)
{
	(void)context;
	assert_true(said(
	    "Authentication-Results: mx.list.example; spf=fail smtp.mailfrom=x;\r\n dkim=pass (2048-bit key; "
	    "a \"b)\r\n"
	    "  header.d=Reports.mailbox.example header.i=@x header.b=\"ab;c\"; dmarc=pass header.from=y"));
	assert_true(
	    said("authentication-results: MX.list.example 1; dkim=fail header.d=reports.mailbox.example;"
		 " dkim=pass header.d=x.reports.mailbox.example"));
	assert_false(
	    said("Authentication-Results: mx.list.example; dkim=fail header.d=reports.mailbox.example"));
	assert_false(said("Authentication-Results: mx.list.example; dkim=pass header.d=mailbox.example"));
	assert_false(
	    said("Authentication-Results: mx.list.example; dkim=pass header.i=@reports.mailbox.example"));
	assert_false(said("Authentication-Results: mx.list.example; dmarc=pass dkim=pass "
			  "header.d=reports.mailbox.example"));
	assert_false(said("Authentication-Results: mx.list.example; none"));
	assert_false(
	    said("Authentication-Results: evil.example; dkim=pass header.d=reports.mailbox.example"));
	assert_false(said("Authentication-Results: evil.example; (mx.list.example; dkim=pass "
			  "header.d=reports.mailbox.example"));
	assert_false(said(
	    "Authentication-Results: mx.list.example; x=\"y; dkim=pass header.d=reports.mailbox.example\""));
	/* The server writes above what came; what stands below it is somebody's wish. */
	assert_false(
	    said("Authentication-Results: mx.list.example; dkim=none\r\n"
		 "Authentication-Results: mx.list.example; dkim=pass header.d=reports.mailbox.example"));
	assert_false(said("X: y\r\n\r\nAuthentication-Results: mx.list.example; dkim=pass "
			  "header.d=reports.mailbox.example"));
}

static int
forget(void **context)
{
	(void)context;
	arena_clear(&arena);
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(signatures_of_others_programs_hold),
		cmocka_unit_test(a_mail_from_a_folder_has_other_line_ends_and_holds),
		cmocka_unit_test(what_proves_nothing_does_not_hold),
		cmocka_unit_test(nothing_can_be_changed_or_added),
		cmocka_unit_test(keys_are_asked_for_only_where_they_matter),
		cmocka_unit_test(a_key_that_cannot_be_had_is_for_later),
		cmocka_unit_test(too_many_signatures_are_none),
		cmocka_unit_test(the_one_from_names_the_domain),
		cmocka_unit_test(below_a_domain_is_not_beside_it),
		cmocka_unit_test(the_server_in_front_is_believed_and_no_other),
	};

	return cmocka_run_group_tests(tests, NULL, forget);
}
