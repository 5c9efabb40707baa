/* Authentication-Results as it comes: whose it is, whom it says signed; and ours as we write it. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "milter/authres.h"
#include "milter/mark.h"
#include "milter/ticket.h"
#include "unit/test_arena.h"

static void
expect_id(const char *value, const char *id, bool has_dnswl)
{
	struct authres r;

	authres_read(text_of(value), &arena, &r);
	assert_string_equal(text_copy(&arena, r.authserv_id), id);
	assert_int_equal(r.has_dnswl, has_dnswl);
}

static void
a_name_is_found_however_it_is_written(void **state)
{
	(void)state;
	expect_id("mx.test; none", "mx.test", false);
	expect_id("mx.test", "mx.test", false);
	expect_id(" \r\n\tmx.test 1;\r\n dkim=none", "mx.test", false);
	expect_id("(mx.a (b) \\) c)mx.test(d)1;spf=pass", "mx.test", false);
	expect_id("\"mx.\\t\\est\"; dkim=pass", "mx.test", false);
	expect_id("mx.test/1; dkim=pass", "mx.test", false);
	expect_id("mx.test=1; dkim=pass", "mx.test", false);
	expect_id("; dkim=pass", "", false);
	expect_id("(mx.test; dkim=pass", "", false);
	expect_id("", "", false);
	expect_id("mx.test; dkim=pass; DNSWL = pass", "mx.test", true);
	expect_id("mx.test; dnswl/1=none", "mx.test", true);
	expect_id("mx.test; x=\"; dnswl=pass\"", "mx.test", false);
	expect_id("mx.test; spf=pass (dnswl=pass; dnswl=pass) smtp.mailfrom=a.test", "mx.test", false);
}

static void
expect_domains(const char *value, const char *wanted)
{
	struct authres r;
	struct buffer b;

	buffer_init(&b, 4096);
	authres_read(text_of(value), &arena, &r);
	for (size_t i = 0; i < r.domain_count; i++) {
		buffer_format(&b, "%s%.*s", i > 0 ? " " : "", TEXT_ARG(r.domains[i]));
	}
	assert_string_equal(text_copy(&arena, buffer_text(&b)), wanted);
	buffer_free(&b);
}

static void
only_a_pass_of_dkim_names_a_domain(void **state)
{
	(void)state;
	expect_domains("mx.test; dkim=pass header.d=a.test header.s=s1", "a.test");
	expect_domains("mx.test; dkim=pass (2048-bit key; d=evil.test) header.i=@a.test header.b=\"x/y=\"",
		       "a.test");
	expect_domains("mx.test; dkim=pass header.i=u@sub.a.test header.d=a.test", "a.test");
	expect_domains(
	    "mx.test; dkim=fail header.d=a.test; dkim=pass header.d=b.test; spf=pass smtp.mailfrom=c.test",
	    "b.test");
	expect_domains("mx.test; dkim=pass reason=\"header.d=evil.test\" header.d=a.test", "a.test");
	expect_domains("mx.test; dkim=pass smtp.d=evil.test policy.d=evil.test xheader.d=evil.test", "");
	expect_domains(
	    "mx.test; dkim=none header.d=a.test; arc=pass header.d=b.test; dkim-atps=pass header.d=c.test",
	    "");
	expect_domains("mx.test; dkim=passed header.d=a.test", "");
	expect_domains("mx.test 1 dkim=pass header.d=a.test", "");
}

static void
the_work_is_linear_in_the_value(void **state)
{
	struct arena small = { 0 };
	struct authres r;
	struct buffer b;

	(void)state;
	buffer_init(&b, 1U << 20);
	while (!b.full) {
		buffer_format(&b, "\"\";(");
	}
	authres_read(buffer_text(&b), &small, &r);
	assert_true(small.total_bytes < 3U << 20);
	arena_clear(&small);
	buffer_free(&b);
}

static void
ours_is_written_as_rfc_8904_has_it(void **state)
{
	struct buffer b;
	struct authres_listing address = { .zone = "list.example",
					   .address = { 127, 0, 0, 10 },
					   .txt = "198.18.0.7 is \"certified\" \\ \r\nBcc: x",
					   .sec = AUTHRES_SEC_YES };
	struct authres_listing domain = { .zone = "domains.example",
					  .subject = "news.test",
					  .address = { 127, 0, 0, 3 },
					  .txt = "",
					  .sec = AUTHRES_SEC_NA };

	(void)state;
	buffer_init(&b, 4096);
	authres_begin(&b, "mx.test");
	authres_listing(&b, &address);
	authres_listing(&b, &domain);
	assert_string_equal(
	    text_copy(&arena, buffer_text(&b)),
	    "mx.test;\n\tdnswl=pass dns.zone=list.example policy.ip=127.0.0.10"
	    "\n\tpolicy.txt=\"198.18.0.7 is \\\"certified\\\" \\\\ Bcc: x\" dns.sec=yes;"
	    "\n\tdnswl=pass (news.test) dns.zone=domains.example policy.ip=127.0.0.3 dns.sec=na");
	buffer_free(&b);
}

/* ---- which fields go */

/* Bit i is set when the field number i goes. */
static unsigned
removed(const struct settings *settings, const char *const *values, size_t count, char *domains, size_t room)
{
	struct mark m;
	unsigned bits = 0;

	mark_begin(&m, settings, "mx.test");
	for (size_t i = 0; i < count; i++) {
		mark_field(&m, TEXT("AUTHENTICATION-results"), text_of(values[i]));
		mark_field(&m, TEXT("Subject"), text_of(values[i]));
	}
	for (size_t i = 0; i < m.removals.n / sizeof(struct mark_removal); i++) {
		bits |= 1U << ((const struct mark_removal *)(void *)m.removals.p)[i].index;
	}
	domains[0] = '\0';
	for (size_t i = 0; i < m.domain_count; i++) {
		(void)snprintf(domains + strlen(domains), room - strlen(domains), " %s", m.domains[i]);
	}
	mark_end(&m);
	return bits;
}

static const char *const came[] = {
	"mx.test; dkim=pass header.d=A.test",
	"MX.TEST; dnswl=pass; dkim=pass header.d=b.test",
	"other.test; dkim=pass header.d=c.test",
	"sub.mx.test; dnswl=pass",
	"; dkim=pass header.d=d.test",
	"checker.test; dkim=pass header.d=e.test; dkim=pass header.d=e.TEST",
};

static void
fields_of_our_name_go(void **state)
{
	static const struct settings alone = { .tag = "" };
	static const struct settings apart = { .tag = "", .trusted = { 1, { "checker.test" } } };
	static const struct settings same = { .tag = "", .trusted = { 2, { "checker.test", "mx.test" } } };
	char domains[256];

	(void)state;
	assert_int_equal(removed(&alone, came, countof(came), domains, sizeof domains),
			 1 << 1 | 1 << 2 | 1 << 5);
	assert_string_equal(domains, "");
	assert_int_equal(removed(&apart, came, countof(came), domains, sizeof domains),
			 1 << 1 | 1 << 2 | 1 << 5);
	assert_string_equal(domains, " e.test");
	assert_int_equal(removed(&same, came, countof(came), domains, sizeof domains), 1 << 2 | 1 << 5);
	assert_string_equal(domains, " a.test e.test");
}

/* Postfix and Sendmail hand on "Name :" without its blank; whoever does not, and reads the mail so, counts it where one is taken out. */
static void
a_name_with_blanks_behind_it_is_the_name(void **state)
{
	static const struct text names[] = { { "Authentication-Results ", 23 },
					     { "Authentication-Results\t", 23 },
					     { "Authentication-Results", 22 },
					     { "AUTHENTICATION-RESULTS \t ", 25 } };
	const struct settings alone = { .tag = (char *)"X-Vouch" };
	const struct mark_removal *r;
	struct mark m;

	(void)state;
	mark_begin(&m, &alone, "mx.test");
	mark_field(&m, TEXT("Authentication-Results "), TEXT("elsewhere.test; dnswl=pass"));
	for (size_t i = 0; i < countof(names); i++) {
		mark_field(&m, names[i], TEXT("mx.test; dnswl=pass"));
	}
	mark_field(&m, TEXT("X-Vouch\t"), TEXT("list.example"));
	mark_field(&m, TEXT(TICKET_FIELD " "), TEXT("x"));
	r = (const void *)m.removals.p;
	assert_int_equal(m.removals.n, 6 * sizeof *r);
	for (int i = 0; i < 4; i++) {
		assert_string_equal(r[i].name, "Authentication-Results");
		assert_int_equal(r[i].index, i + 2);
	}
	assert_string_equal(r[4].name, "X-Vouch");
	assert_string_equal(r[5].name, TICKET_FIELD);
	mark_end(&m);
}

static void
a_thousand_forged_fields_all_go(void **state)
{
	static const struct settings alone = { .tag = "X-Vouch" };
	struct mark m;

	(void)state;
	mark_begin(&m, &alone, "mx.test");
	for (int i = 0; i < 1000; i++) {
		mark_field(&m, TEXT("Authentication-Results"), TEXT("mx.test; dnswl=pass"));
		mark_field(&m, TEXT("x-vouch"), TEXT("list.example"));
	}
	assert_int_equal(m.removals.n, 2000 * sizeof(struct mark_removal));
	mark_end(&m);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(a_name_is_found_however_it_is_written, give_back),
		cmocka_unit_test_teardown(only_a_pass_of_dkim_names_a_domain, give_back),
		cmocka_unit_test(the_work_is_linear_in_the_value),
		cmocka_unit_test_teardown(ours_is_written_as_rfc_8904_has_it, give_back),
		cmocka_unit_test(fields_of_our_name_go),
		cmocka_unit_test(a_name_with_blanks_behind_it_is_the_name),
		cmocka_unit_test(a_thousand_forged_fields_all_go),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
