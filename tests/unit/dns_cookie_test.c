/* DNS cookies: the vectors of RFC 9018, appendix A, and what is none of ours. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "serve/dns_cookie.h"

#include <stdio.h>
#include <string.h>

#define SECRET "e5e973e5a6b2a43f48e7dc849e37bfcf"

static const struct prefix somebody = { 4, 32, { 198, 51, 100, 100 } },
			   another = { 4, 32, { 203, 0, 113, 203 } };

static size_t
bytes_of(const char *hex, uint8_t *out)
{
	size_t n = strlen(hex) / 2;

	for (size_t i = 0; i < n; i++) {
		unsigned byte;

		assert_int_equal(sscanf(hex + 2 * i, "%2x", &byte), 1);
		out[i] = (uint8_t)byte;
	}
	return n;
}

static struct dns_cookie_secrets
secrets_of(const char *first, const char *second)
{
	struct dns_cookie_secrets s = { .count = second == NULL ? 1 : 2 };

	assert_true(dns_cookie_secret_parse(text_of(first), s.bytes[0]));
	assert_true(second == NULL || dns_cookie_secret_parse(text_of(second), s.bytes[1]));
	return s;
}

/* What a client sent, and what it is sent back. */
static void
expect(const struct dns_cookie_secrets *secrets, const struct prefix *client, uint32_t now_s,
       const char *sent, bool good, const char *back)
{
	uint8_t in[40], out[DNS_COOKIE_BYTES], wanted[DNS_COOKIE_BYTES];
	size_t n = bytes_of(sent, in);

	assert_int_equal(dns_cookie_good(secrets, client, now_s, in, n, out), good);
	assert_int_equal(bytes_of(back, wanted), DNS_COOKIE_BYTES);
	assert_memory_equal(out, wanted, DNS_COOKIE_BYTES);
}

static void
the_vectors_of_rfc_9018_hold(void **state)
{
	struct dns_cookie_secrets s = secrets_of(SECRET, NULL);
	struct dns_cookie_secrets rolled =
	    secrets_of("445536bcd2513298075a5d379663c962", "dd3bdf9344b678b185a6f5cb60fca715");
	struct prefix six = { 6,
			      128,
			      { 0x20, 0x01, 0x0d, 0xb8, 0x02, 0x20, 0x00, 0x01, 0x59, 0xde, 0xd0, 0xf4, 0x87,
				0x69, 0x82, 0xb8 } };

	(void)state;
	/* A.1: a new one; A.2: renewed after 40 minutes; A.3: reserved bytes are hashed as they came; A.4: IPv6, a changed secret */
	expect(&s, &somebody, 1559731985, "2464c4abcf10c957", false,
	       "2464c4abcf10c957010000005cf79f111f8130c3eee29480");
	expect(&s, &somebody, 1559734385, "2464c4abcf10c957010000005cf79f111f8130c3eee29480", true,
	       "2464c4abcf10c957010000005cf7a871d4a564a1442aca77");
	expect(&s, &another, 1559734700, "fc93fc62807ddb8601abcdef5cf78f71a314227b6679ebf5", false,
	       "fc93fc62807ddb86010000005cf7a9acf73a7810aca2381e");
	expect(&rolled, &six, 1559741961, "22681ab97d52c298010000005cf7c57926556bd0934c72f8", true,
	       "22681ab97d52c298010000005cf7c609a6bb79d16625507a");
}

static void
a_fresh_cookie_comes_back_as_it_is(void **state)
{
	static const char cookie[] = "2464c4abcf10c957010000005cf79f111f8130c3eee29480";
	struct dns_cookie_secrets s = secrets_of(SECRET, NULL);

	(void)state;
	expect(&s, &somebody, 1559731985, cookie, true, cookie);
	expect(&s, &somebody, 1559731985 + 1800, cookie, true, cookie);
	expect(&s, &somebody, 1559731985 - 300, cookie, true, cookie);
}

/* It is then answered like a client that has none. */
static void
what_is_not_ours_is_no_cookie(void **state)
{
	static const char cookie[] = "2464c4abcf10c957010000005cf79f111f8130c3eee29480";
	struct dns_cookie_secrets s = secrets_of(SECRET, NULL), other = secrets_of(SECRET, NULL);
	uint8_t in[DNS_COOKIE_BYTES], back[DNS_COOKIE_BYTES];

	(void)state;
	(void)bytes_of(cookie, in);
	assert_true(dns_cookie_good(&s, &somebody, 1559731985, in, sizeof in, back));
	assert_true(dns_cookie_good(&s, &somebody, 1559731985 + 3600, in, sizeof in, back));
	assert_false(dns_cookie_good(&s, &somebody, 1559731985 + 3601, in, sizeof in, back));
	assert_false(dns_cookie_good(&s, &somebody, 1559731985 - 301, in, sizeof in, back));
	assert_false(dns_cookie_good(&s, &another, 1559731985, in, sizeof in, back));
	other.bytes[0][0] ^= 1;
	assert_false(dns_cookie_good(&other, &somebody, 1559731985, in, sizeof in, back));
	for (size_t i = 0; i < sizeof in; i++) {
		in[i] ^= 1;
		assert_false(dns_cookie_good(&s, &somebody, 1559731985, in, sizeof in, back));
		in[i] ^= 1;
	}
	for (size_t n = DNS_COOKIE_CLIENT_BYTES; n < sizeof in; n++) {
		assert_false(dns_cookie_good(&s, &somebody, 1559731985, in, n, back));
	}
}

static void
a_secret_is_32_hex_digits(void **state)
{
	uint8_t secret[DNS_COOKIE_SECRET_BYTES];

	(void)state;
	assert_true(dns_cookie_secret_parse(TEXT(SECRET), secret));
	assert_false(dns_cookie_secret_parse(TEXT("e5e973e5a6b2a43f48e7dc849e37bfc"), secret));
	assert_false(dns_cookie_secret_parse(TEXT(SECRET "0"), secret));
	assert_false(dns_cookie_secret_parse(TEXT("e5e973e5a6b2a43f48e7dc849e37bfcg"), secret));
	assert_false(dns_cookie_secret_parse(TEXT(""), secret));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_vectors_of_rfc_9018_hold),
		cmocka_unit_test(a_fresh_cookie_comes_back_as_it_is),
		cmocka_unit_test(what_is_not_ours_is_no_cookie),
		cmocka_unit_test(a_secret_is_32_hex_digits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
