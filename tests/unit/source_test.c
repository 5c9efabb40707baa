/* Source keys and signal names: one source, one text; what is wrong is said. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "model/signal.h"
#include "model/source.h"

static void
a_source_has_one_text(void **context)
{
	static const struct {
		const char *in, *out;
		enum source_kind kind;
	} cases[] = {
		{ " 192.0.2.10 ", "192.0.2.10", SOURCE_IP },
		{ "192.0.2.10/32", "192.0.2.10", SOURCE_IP },
		{ "[IPv6:2001:DB8:0::1]", "2001:db8::1", SOURCE_IP },
		{ "192.0.2.0/24", "192.0.2.0/24", SOURCE_PREFIX },
		{ "2001:db8::/48", "2001:db8::/48", SOURCE_PREFIX },
		{ "Mail.Example.", "mail.example", SOURCE_DOMAIN },
		{ "xn--bcher-kva.example", "xn--bcher-kva.example", SOURCE_DOMAIN },
		{ "acct:esp:Customer-7", "acct:esp:Customer-7", SOURCE_ACCT },
	};
	struct source_key key;

	(void)context;
	for (size_t i = 0; i < countof(cases); i++) {
		assert_int_equal(source_key_parse(text_of(cases[i].in), &key, NULL), RESULT_OK);
		assert_string_equal(key.text, cases[i].out);
		assert_int_equal(key.kind, cases[i].kind);
	}
}

static void
what_is_no_source_is_refused_in_words(void **context)
{
	static const char *const bad[] = { "",
					   ".",
					   "localhost",
					   "192.0.2.300",
					   "192.0.2.10/24",
					   "a..example",
					   "-a.example",
					   "acct:esp",
					   "acct:esp:",
					   "acct::7",
					   "acct:esp:a b",
					   "mail example.org",
					   "user@mail.example" };
	struct source_key key = { .kind = SOURCE_ACCT };

	(void)context;
	for (size_t i = 0; i < countof(bad); i++) {
		struct fault fault = { "" };

		assert_int_equal(source_key_parse(text_of(bad[i]), &key, &fault), RESULT_BAD_INPUT);
		assert_true(fault.text[0] != '\0');
		assert_int_equal(key.kind, SOURCE_ACCT);
	}
}

static void
each_signal_is_read_by_its_name(void **context)
{
	enum signal got = SIGNAL_COUNT;

	(void)context;
	for (enum signal s = 0; s < SIGNAL_COUNT; s++) {
		assert_int_equal(signal_parse(text_of(signal_name(s)), &got), RESULT_OK);
		assert_int_equal(got, s);
	}
	assert_int_equal(signal_parse(TEXT("Trap"), &got), RESULT_OK);
	assert_int_equal(got, SIGNAL_TRAP_PRISTINE);
	assert_int_equal(signal_parse(TEXT("spam"), &got), RESULT_BAD_INPUT);
	assert_int_equal(got, SIGNAL_TRAP_PRISTINE);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_source_has_one_text),
		cmocka_unit_test(what_is_no_source_is_refused_in_words),
		cmocka_unit_test(each_signal_is_read_by_its_name),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
