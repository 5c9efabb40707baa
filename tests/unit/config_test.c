/* vouch.yaml: defaults, each kind of value, and errors that name the place. */
#include "vouchd/config.h"
#include "unit/test_arena.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

static void
an_empty_file_gives_the_defaults(void **state)
{
	struct config c;

	(void)state;
	assert_int_equal(config_read(text_of(""), "t", &arena, &c, NULL), RESULT_OK);
	assert_string_equal(c.data, "vouch-data");
	assert_string_equal(c.control, "vouch-data/control.sock");
	assert_int_equal(c.dns.count, 1);
	assert_string_equal(c.dns.items[0], "127.0.0.1:5300");
	assert_int_equal(c.tick.ms, 10000);
	assert_true(c.budget == 10.0);
	assert_false(c.clock_manual);
	assert_int_equal(c.list_count, 1);
	assert_string_equal(c.lists[0].zone, "certified.vouch.test");
	assert_string_equal(c.lists[0].code, "127.0.0.10");
	assert_int_equal(c.operator_count, 0);
}

static void
every_kind_of_value_is_read(void **state)
{
	struct config c;
	const char *yaml =
	    "data: /var/lib/vouch\n"
	    "dns: [192.0.2.53:53, \"[2001:db8::53]:53\"]\n"
	    "http: []\n"
	    "lmtp: /run/vouch/lmtp.sock\n"
	    "budget: 0.5\n"
	    "tick: 1m\n"
	    "clock: manual\n"
	    "lists:\n"
	    "  - name: certified\n"
	    "    zone: list.example\n"
	    "    ttl: 30s\n"
	    "  - { name: safe, zone: safe.example, code: 127.0.0.20 }\n"
	    "operators:\n"
	    "  - name: night\n"
	    "    token_sha256: 9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08\n";

	(void)state;
	assert_int_equal(config_read(text_of(yaml), "t", &arena, &c, NULL), RESULT_OK);
	assert_string_equal(c.control, "/var/lib/vouch/control.sock");
	assert_int_equal(c.dns.count, 2);
	assert_string_equal(c.dns.items[1], "[2001:db8::53]:53");
	assert_int_equal(c.http.count, 0);
	assert_string_equal(c.lmtp.items[0], "/run/vouch/lmtp.sock");
	assert_true(c.budget == 0.5);
	assert_int_equal(c.tick.ms, 60000);
	assert_true(c.clock_manual);
	assert_int_equal(c.list_count, 2);
	assert_int_equal(c.lists[0].ttl.ms, 30000);
	assert_string_equal(c.lists[1].code, "127.0.0.20");
	assert_int_equal(c.operators[0].token_sha256.bytes[0], 0x9f);
}

struct wrong_file {
	const char *yaml;
	const char *says;
};

static void
expect_refused(const struct wrong_file *cases, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		struct config c;
		struct fault fault = { { 0 } };

		assert_int_equal(config_read(text_of(cases[i].yaml), "f.yaml", &arena, &c, &fault),
				 RESULT_BAD_INPUT);
		if (strncmp(fault.text, cases[i].says, strlen(cases[i].says)) != 0) {
			fail_msg("\"%s\" does not begin with \"%s\"", fault.text, cases[i].says);
		}
	}
}

static void
a_wrong_file_is_refused_with_its_place(void **state)
{
	static const struct wrong_file cases[] = {
		{ "budgett: 3\n", "f.yaml:1:1: no such option: \"budgett\"" },
		{ "data: a\ndata: b\n", "f.yaml:2:1: given twice: \"data\"" },
		{ "data: a\ntick: soon\n", "f.yaml:2:7: tick: a length of time" },
		{ "maildir_every: 5ms\n", "f.yaml:1:16: maildir_every: a length of time from 100ms" },
		{ "budget: -1\n", "f.yaml:1:9: budget: a number above 0" },
		{ "data: a\nbudget: 1001\n", "f.yaml:2:9: budget: a number above 0 up to 1000" },
		{ "budget: [1]\n", "f.yaml:1:9: one value is wanted" },
		{ "clock: fast\n", "f.yaml:1:8: clock: real or manual is wanted: \"fast\"" },
		{ "log: loud\n", "f.yaml:1:6: log: error, warn, info or debug" },
		{ "dns_workers: 0\n", "f.yaml:1:14: dns_workers: a whole number from 1 to 64" },
		{ "snapshot_records: 0\n", "f.yaml:1:19: snapshot_records: a whole number from 1" },
		{ "data: a\ndns: 127.0.0.1\n", "f.yaml:2:6: dns: a numeric address with a port" },
		{ "http: [\"[::1]:80\", host:80]\n", "f.yaml:1:20: http: a numeric address" },
		{ "lmtp: lmtp.sock\n", "f.yaml:1:7: lmtp: a numeric address with a port" },
		{ "lmtp_hostname: \"a\\r\\nb\"\n", "f.yaml:1:16: lmtp_hostname: a domain name" },
		{ "data: \"\"\n", "f.yaml:1:7: data: a path" },
		{ "data: a\n---\ndata: b\n", "f.yaml:3: a second document" },
		{ "- data\n", "f.yaml:1:1: keys with values" },
		{ "lists: certified\n", "f.yaml:1:8: a list of entries" },
		{ "lists:\n  - name: a\n", "f.yaml:2:5: missing key of a list: \"zone\"" },
		{ "lists: []\n", "f.yaml:1:8: at least one entry" },
		{ "lists:\n  - {name: a b, zone: z}\n", "f.yaml:2:12: name: a name" },
		{ "lists:\n  - {name: a, zone: x..y}\n", "f.yaml:2:21: zone: a domain name" },
		{ "lists:\n  - {name: a, zone: b, code: 10.0.0.1}\n",
		  "f.yaml:2:30: code: an address in 127" },
		{ "lists:\n  - {name: a, zone: b, ttl: 500ms}\n", "f.yaml:2:29: ttl: a length of time" },
		{ "lists:\n  - {name: a, zone: z}\n  - {name: b, zone: Z}\n",
		  "f.yaml:3: list b shares its name or its zone with the one at line 2" },
		{ "operators:\n  - {name: a, token_sha256: zz}\n", "f.yaml:2:29: token_sha256: 64 hex" },
		{ "operators:\n  - {name: a b, token_sha256: zz}\n", "f.yaml:2:12: name: a name" },
		{ "compliance_wait: 46d\n", "f.yaml:1:18: compliance_wait: a length of time of at most" },
		{ "thresholds:\n  - {name: complaints}\n", "f.yaml:2:12: name: the name of a threshold" },
		{ "thresholds:\n  - {name: junk, days: 31}\n",
		  "f.yaml:2:24: days: a whole number from 0 to 30" },
		{ "thresholds:\n  - {name: junk, limit: 3 %}\n  - {name: complaint, limit: 3}\n",
		  "f.yaml:3: threshold complaint: a limit such as" },
		{ "thresholds:\n  - {name: junk, limit: off}\n  - {name: junk, days: 3}\n",
		  "f.yaml:3: threshold junk: given twice" },
		{ "thresholds:\n  - {name: complaint, receiver: north, days: 3}\n",
		  "f.yaml:2: threshold complaint at north: for one receiver a limit is wanted" },
		{ "thresholds:\n  - {name: junk, receiver: north, limit: off}\n",
		  "f.yaml:2: threshold junk at north: junk is not counted by receiver" },
		{ "data: [\n", "f.yaml:2:1: did not find expected node content" },
		{ "data: \"a\\0b\"\n", "f.yaml:1:7: data: a path is wanted" },
	};

	(void)state;
	expect_refused(cases, countof(cases));
}

static void
a_receiver_that_cannot_be_is_refused_with_its_place(void **state)
{
	static const struct wrong_file cases[] = {
		{ "public: maybe\n", "f.yaml:1:9: public: yes or no" },
		{ "public_limit: 10000001\n", "f.yaml:1:15: public_limit: a whole number from 0 to" },
		{ "cookie_secret: e5e973e5a6b2a43f\n", "f.yaml:1:16: cookie_secret: 32 hex digits" },
		{ "stale_after: 15s\n", "f.yaml: stale_after: at least twice the tick" },
		{ "receivers:\n  - {id: a}\n", "f.yaml:2: receiver a: networks or a key are wanted" },
		{ "receivers:\n  - {id: a, key: short}\n", "f.yaml:2:18: key: 16 to 63 letters" },
		{ "receivers:\n  - {id: a, networks: [10.0.0.1/8]}\n",
		  "f.yaml:2:24: networks: an address or a prefix" },
		{ "receivers:\n  - {id: public, networks: 10.0.0.1}\n",
		  "f.yaml:2: receiver public: the name of all others" },
		{ "receivers:\n  - {id: a, networks: 10.0.0.1}\n  - {id: a, networks: 10.0.0.2}\n",
		  "f.yaml:3: receiver a: given twice" },
	};

	(void)state;
	expect_refused(cases, countof(cases));
}

static void
thresholds_replace_the_rows_of_the_table(void **state)
{
	struct config c;
	struct threshold_policy wanted;
	struct threshold_limit limit;
	const char *yaml = "compliance_wait: 3d\n"
			   "thresholds:\n"
			   "  - {name: complaint, limit: 0.1 % from 50, warn: 90}\n"
			   "  - {name: complaint, receiver: comcast, limit: off}\n"
			   "  - {name: trap_critical, days: 7}\n";

	(void)state;
	assert_int_equal(config_read(text_of(""), "t", &arena, &c, NULL), RESULT_OK);
	threshold_policy_default(&wanted);
	assert_true(threshold_policy_equal(&c.policy, &wanted));
	assert_int_equal(config_read(text_of(yaml), "t", &arena, &c, NULL), RESULT_OK);
	assert_int_equal(threshold_limit_parse(THRESHOLD_COMPLAINT, TEXT("0.1 % from 50"), &limit, NULL),
			 RESULT_OK);
	wanted.rules[THRESHOLD_COMPLAINT].limit = limit;
	wanted.rules[THRESHOLD_COMPLAINT].warn = 90;
	wanted.rules[THRESHOLD_TRAP_CRITICAL].days = 7;
	wanted.wait = (struct span){ 3 * SPAN_DAY.ms };
	limit.count = 0;
	assert_int_equal(threshold_policy_except(&wanted, THRESHOLD_COMPLAINT, TEXT("comcast"), &limit, NULL),
			 RESULT_OK);
	assert_true(threshold_policy_equal(&c.policy, &wanted));
}

/* The commented entries of the template, without their marks, are the default policy. */
static void
the_thresholds_of_the_template_are_the_default_policy(void **state)
{
	struct threshold_policy wanted;
	struct fault fault = { { 0 } };
	struct buffer b;
	struct config c;

	(void)state;
	buffer_init(&b, 1 << 16);
	buffer_format(&b, "thresholds:\n");
	config_write_thresholds(&b, "  - ");
	if (config_read(buffer_text(&b), "t", &arena, &c, &fault) != RESULT_OK) {
		fail_msg("%s", fault.text);
	}
	threshold_policy_default(&wanted);
	assert_true(threshold_policy_equal(&c.policy, &wanted));
	assert_true(c.threshold_count > THRESHOLD_COUNT);
	buffer_free(&b);
}

static void
relative_paths_start_at_the_folder_of_the_file(void **state)
{
	struct config c;
	const char *yaml = "lmtp: [./in.sock, /run/in.sock, 127.0.0.1:24]\nmaildir: Mail\n";

	(void)state;
	assert_int_equal(config_read(text_of(yaml), "etc/vouch/vouch.yaml", &arena, &c, NULL), RESULT_OK);
	assert_string_equal(c.data, "etc/vouch/vouch-data");
	assert_string_equal(c.control, "etc/vouch/vouch-data/control.sock");
	assert_string_equal(c.maildir, "etc/vouch/Mail");
	assert_string_equal(c.lmtp.items[0], "etc/vouch/./in.sock");
	assert_string_equal(c.lmtp.items[1], "/run/in.sock");
	assert_string_equal(c.lmtp.items[2], "127.0.0.1:24");
}

static void
the_template_reads_back_as_the_defaults(void **state)
{
	struct buffer b;
	struct config c;

	(void)state;
	buffer_init(&b, 1 << 16);
	config_write_template(&b);
	assert_int_equal(config_read(buffer_text(&b), "t", &arena, &c, NULL), RESULT_OK);
	/* With the marks of the plain options taken away it must still be valid YAML and mean the same. */
	for (size_t i = 0; i + 1 < b.n; i++) {
		if (b.p[i] == '\n' && b.p[i + 1] == '#' && memcmp(b.p + i + 1, "#lists", 6) == 0) {
			b.n = i + 1;
		} else if (b.p[i] == '\n' && b.p[i + 1] == '#') {
			memmove(b.p + i + 1, b.p + i + 2, b.n - i - 2);
			b.n--;
		}
	}
	struct fault fault = { { 0 } };
	if (config_read(buffer_text(&b), "t", &arena, &c, &fault) != RESULT_OK) {
		fail_msg("%s", fault.text);
	}
	assert_string_equal(c.dns.items[0], "127.0.0.1:5300");
	assert_string_equal(c.maildir, "");
	buffer_free(&b);
}

static void
a_missing_file_is_named(void **state)
{
	struct config c;
	struct fault fault = { { 0 } };

	(void)state;
	assert_int_equal(config_load("/nowhere/vouch.yaml", &arena, &c, &fault), RESULT_NOT_FOUND);
	assert_non_null(strstr(fault.text, "/nowhere/vouch.yaml"));
}

/* Keys that only a new start changes, in whatever level they stand; and those of a reload, which may differ. */
static void
a_difference_is_named_by_its_key(void **state)
{
	static const char *const before = "lists: [{name: safe, zone: safe.example}]\n";
	static const struct {
		const char *yaml, *key;
	} cases[] = {
		{ "lists: [{name: safe, zone: safe.example}] # the same\n", NULL },
		{ "lists: [{name: safe, zone: other.example}]\n", "lists" },
		{ "lists: [{name: safe, zone: safe.example, ns: a.example}]\n", "lists" },
		{ "lists: [{name: safe, zone: safe.example, ttl: 61s}]\n", "lists" },
		{ "lists: [{name: safe, zone: safe.example}]\nhttp: []\nlog: debug\n", NULL },
		{ "lists: [{name: safe, zone: safe.example}]\nbudget: 11\nresolvers: 127.0.0.1:53\n",
		  "resolvers" },
		{ "lists: [{name: safe, zone: safe.example}]\nreceivers: [{id: a, networks: "
		  "[192.0.2.0/24]}]\n",
		  NULL },
		{ "lists: [{name: safe, zone: safe.example}]\ntransfers: [{key: a.example}]\n", NULL },
		{ "lists: [{name: safe, zone: safe.example}]\nblocklists: [{reporter: a, zone: "
		  "a.example}]\nnotice_from: a@b\n",
		  NULL },
	};
	struct config now, next;

	(void)state;
	assert_int_equal(config_read(text_of(before), "t", &arena, &now, NULL), RESULT_OK);
	for (size_t i = 0; i < countof(cases); i++) {
		const char *key;

		assert_int_equal(config_read(text_of(cases[i].yaml), "t", &arena, &next, NULL), RESULT_OK);
		key = config_fixed(&now, &next);
		assert_string_equal(key == NULL ? "" : key, cases[i].key == NULL ? "" : cases[i].key);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(an_empty_file_gives_the_defaults, give_back),
		cmocka_unit_test_teardown(every_kind_of_value_is_read, give_back),
		cmocka_unit_test_teardown(a_wrong_file_is_refused_with_its_place, give_back),
		cmocka_unit_test_teardown(a_receiver_that_cannot_be_is_refused_with_its_place, give_back),
		cmocka_unit_test_teardown(thresholds_replace_the_rows_of_the_table, give_back),
		cmocka_unit_test_teardown(the_thresholds_of_the_template_are_the_default_policy, give_back),
		cmocka_unit_test_teardown(relative_paths_start_at_the_folder_of_the_file, give_back),
		cmocka_unit_test_teardown(the_template_reads_back_as_the_defaults, give_back),
		cmocka_unit_test_teardown(a_missing_file_is_named, give_back),
		cmocka_unit_test_teardown(a_difference_is_named_by_its_key, give_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
