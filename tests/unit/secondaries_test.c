/* The transfers of vouch.yaml: what is taken, and how each mistake is named, without the secret. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "vouchd/secondaries.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define SECRET "MDEyMzQ1Njc4OWFiY2RlZg=="

/* Reads the yaml and opens its transfers over two lists. Sets the words of the fault. */
static enum result
open_yaml(const char *yaml, struct fault *fault)
{
	const struct list_options options[] = {
		{ .zone = "list.example", .code = "127.0.0.10", .txt = "", .ttl = 60, .negative_ttl = 60 },
		{ .zone = "safe.example", .code = "127.0.0.10", .txt = "", .ttl = 60, .negative_ttl = 60 },
	};
	struct transfers *transfers = NULL;
	struct arena arena = { 0 };
	struct config config;
	struct list *list;
	enum result r = config_read(text_of(yaml), "vouch.yaml", &arena, &config, fault);

	if (r == RESULT_OK) {
		assert_int_equal(list_open(options, 2, &list, NULL), RESULT_OK);
		r = secondaries_open(&config, list, &transfers, fault);
		assert_true((transfers != NULL) == (r == RESULT_OK));
		transfer_close(transfers);
		list_close(list);
	}
	arena_clear(&arena);
	return r;
}

static void
test_keys_zones_and_networks_are_taken(void **state)
{
	struct fault fault = { { 0 } };

	(void)state;
	assert_int_equal(open_yaml("", &fault), RESULT_OK);
	assert_int_equal(open_yaml("transfers:\n"
				   "  - {key: a.example, secret: " SECRET "}\n"
				   "  - {key: b.example, algorithm: hmac-sha512, secret: " SECRET
				   ", zones: [Safe.Example],\n"
				   "     networks: [192.0.2.0/24, '2001:db8::/32'], notify: "
				   "['192.0.2.53:53', '[2001:db8::53]:53']}\n",
				   &fault),
			 RESULT_OK);
}

static void
test_each_mistake_is_named(void **state)
{
	static const struct {
		const char *yaml, *words;
	} rows[] = {
		{ "[{key: a}]", "vouch.yaml:1: transfer a: either secret or secret_file is wanted" },
		{ "[{key: a, secret: " SECRET ", secret_file: x}]",
		  "vouch.yaml:1: transfer a: either secret or secret_file is wanted" },
		{ "[{key: a, secret: c2hvcnQ=}]",
		  "vouch.yaml:1: transfer a: the secret: 16 to 256 bytes in base64 are wanted" },
		{ "[{key: a, secret: 'MDEyMzQ1Njc4OWFiY2RlZ!=='}]",
		  "vouch.yaml:1: transfer a: the secret: 16 to 256 bytes in base64 are wanted" },
		{ "[{key: a, secret: " SECRET ", zones: other.example}]",
		  "vouch.yaml: transfers: other.example is no zone of a list" },
		{ "[{key: a, secret: " SECRET "}, {key: A, secret: " SECRET "}]",
		  "vouch.yaml: transfers: this key is given twice" },
		{ "[{secret: " SECRET "}]", "vouch.yaml:1:13: must be given: \"key\"" },
		{ "[{key: a, secret_file: none-there}]",
		  "vouch.yaml:1: transfer a: none-there: No such file or directory" },
	};

	(void)state;
	for (size_t i = 0; i < countof(rows); i++) {
		struct fault fault = { { 0 } };
		char yaml[512];

		(void)snprintf(yaml, sizeof yaml, "transfers: %s\n", rows[i].yaml);
		assert_int_not_equal(open_yaml(yaml, &fault), RESULT_OK);
		if (strstr(rows[i].words, "must be given") == NULL) {
			assert_string_equal(fault.text, rows[i].words);
		}
		assert_null(strstr(fault.text, SECRET));
	}
}

static void
test_a_weak_algorithm_is_refused(void **state)
{
	struct fault fault = { { 0 } };

	(void)state;
	assert_int_equal(open_yaml("transfers: [{key: a, algorithm: hmac-md5, secret: " SECRET "}]", &fault),
			 RESULT_BAD_INPUT);
	assert_non_null(strstr(fault.text, "hmac-sha256, hmac-sha384 or hmac-sha512 is wanted"));
}

static void
test_a_secret_is_read_from_its_file(void **state)
{
	struct fault fault = { { 0 } };
	char path[] = "/tmp/vouch-secret-XXXXXX", yaml[128];
	int fd = mkstemp(path);

	(void)state;
	assert_true(fd >= 0 && write(fd, SECRET "\n", sizeof SECRET) == (ssize_t)sizeof SECRET);
	close(fd);
	(void)snprintf(yaml, sizeof yaml, "transfers: [{key: a, secret_file: %s}]", path);
	assert_int_equal(open_yaml(yaml, &fault), RESULT_OK);
	(void)unlink(path);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_keys_zones_and_networks_are_taken),
		cmocka_unit_test(test_each_mistake_is_named),
		cmocka_unit_test(test_a_weak_algorithm_is_refused),
		cmocka_unit_test(test_a_secret_is_read_from_its_file),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
