/* vouch-milter.yaml: defaults, each kind of value, errors that name the place; and the names that are asked for. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#include "milter/lookup.h"
#include "unit/test_arena.h"

static void
without_zones_nothing_is_listed(void **state)
{
	struct settings s;

	(void)state;
	assert_int_equal(settings_read(text_of(""), "t", &arena, &s, NULL), RESULT_OK);
	assert_string_equal(s.socket, "inet:8891@127.0.0.1");
	assert_string_equal(s.authserv_id, "");
	assert_int_equal(s.address_zones.count + s.domain_zones.count + s.reject_zones.count, 0);
	assert_int_equal(s.internal.count, 2);
	assert_int_equal(s.timeout.ms, 2000);
	assert_false(s.dnssec);
	assert_int_equal(s.log, LOG_INFO);
}

static void
every_kind_of_value_is_read(void **state)
{
	struct settings s;
	const char *yaml = "socket: local:/run/vouch-milter/milter.sock\n"
			   "trusted_authserv_ids: [mx.test, dkim.test]\n"
			   "address_zones:\n"
			   "  - Certified.Example=127.0.0.10\n"
			   "  - safe.example=127.0.0.2,127.0.0.3\n"
			   "domain_zones: domains.certified.example=127.0.0.10\n"
			   "internal_networks: [192.0.2.0/24, \"2001:db8::/32\"]\n"
			   "resolvers: [127.0.0.1:53, \"[::1]:53\"]\n"
			   "timeout: 500ms\n"
			   "dnssec: yes\n"
			   "log: debug\n";

	(void)state;
	assert_int_equal(settings_read(text_of(yaml), "t", &arena, &s, NULL), RESULT_OK);
	assert_string_equal(s.trusted.items[1], "dkim.test");
	assert_int_equal(s.address_zones.count, 2);
	assert_string_equal(s.address_zones.items[0].name, "certified.example");
	assert_int_equal(s.address_zones.items[0].codes[0][3], 10);
	assert_int_equal(s.address_zones.items[1].code_count, 2);
	assert_int_equal(s.domain_zones.count, 1);
	assert_int_equal(s.internal.count, 2);
	assert_int_equal(s.internal.items[1].bits, 32);
	assert_string_equal(s.resolvers.items[1], "[::1]:53");
	assert_int_equal(s.timeout.ms, 500);
	assert_true(s.dnssec);
	assert_int_equal(s.log, LOG_DEBUG);
}

static void
wrong(const char *yaml, const char *words)
{
	struct fault fault = { { 0 } };
	struct settings s;

	assert_int_equal(settings_read(text_of(yaml), "t", &arena, &s, &fault), RESULT_BAD_INPUT);
	if (strstr(fault.text, words) == NULL) {
		fail_msg("\"%s\" is not in \"%s\"", words, fault.text);
	}
}

static void
an_error_names_its_place(void **state)
{
	(void)state;
	wrong("zones: a.example=127.0.0.2\n", "t:1:1: no such option: \"zones\"");
	wrong("tag: A\ntag: B\n", "t:2:1: given twice");
	wrong("timeout: 1m\n", "t:1:10: timeout: a length of time from 100ms to 10s is wanted");
	wrong("tag: \"X Y\"\n", "a name of at most 255");
	wrong("tag: [A]\n", "one value is wanted here");
	wrong("- a\n", "keys with values are wanted");
	wrong("a: [\n", "t:2:");
	wrong("tag: A\n---\ntag: B\n", "t:3: a second document");
	wrong("socket: \"\"\n", "t:1:9: socket: inet:PORT@ADDRESS or local:PATH is wanted");
}

/* An allow list that is asked without a code would let in everybody whom it refuses. */
static void
a_zone_wants_codes_that_are_no_refusals(void **state)
{
	(void)state;
	wrong("address_zones: certified.example\n", "a zone with its codes");
	wrong("address_zones: certified.example=\n", "a zone with its codes");
	wrong("address_zones: certified.example=127.0.0.1\n", "a zone with its codes");
	wrong("address_zones: certified.example=127.0.0.255\n", "a zone with its codes");
	wrong("address_zones: certified.example=127.0.0.2,127.255.255.254\n", "a zone with its codes");
	wrong("address_zones: certified.example=10.0.0.2\n", "a zone with its codes");
	wrong("address_zones: certified.example=127.0.0.0/24\n", "a zone with its codes");
	wrong("address_zones: 192.0.2.1=127.0.0.2\n", "a zone with its codes");
	wrong("address_zones: "
	      "a.b=127.0.0.2,127.0.0.3,127.0.0.4,127.0.0.5,127.0.0.6,127.0.0.7,127.0.0.8,127.0.0.9,127.0.0."
	      "10\n",
	      "a zone with its codes");
}

static void
names_are_those_of_rfc_5782(void **state)
{
	static const struct settings_zone zone = { .name = "certified.example" };
	struct lookup_question q = { .zone = &zone };
	struct prefix p;
	char long_one[260];

	(void)state;
	assert_int_equal(prefix_parse(TEXT("198.18.0.7"), &p, NULL), RESULT_OK);
	lookup_name_address(&q, &p);
	assert_string_equal(q.name, "7.0.18.198.certified.example");
	assert_int_equal(prefix_parse(TEXT("2001:db8::1f"), &p, NULL), RESULT_OK);
	lookup_name_address(&q, &p);
	assert_string_equal(
	    q.name, "f.1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.certified.example");
	lookup_name_domain(&q, TEXT("news.test"));
	assert_string_equal(q.name, "news.test.certified.example");
	memset(long_one, 'a', sizeof long_one);
	lookup_name_domain(&q, (struct text){ long_one, 253 - strlen(".certified.example") });
	assert_int_equal(strlen(q.name), 253);
	lookup_name_domain(&q, (struct text){ long_one, 254 - strlen(".certified.example") });
	assert_string_equal(q.name, "");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(without_zones_nothing_is_listed, give_back),
		cmocka_unit_test_teardown(every_kind_of_value_is_read, give_back),
		cmocka_unit_test_teardown(an_error_names_its_place, give_back),
		cmocka_unit_test_teardown(a_zone_wants_codes_that_are_no_refusals, give_back),
		cmocka_unit_test(names_are_those_of_rfc_5782),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
