/* What blocklists are asked, and what their answers say. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "model/blocklist.h"

#include <string.h>

static void
a_row_reads_or_is_refused(void **context)
{
	static const struct {
		const char *text;
		enum blocklist_verdict verdict; /* BLOCKLIST_VERDICT_COUNT: it is none */
		const char *words;
	} rows[] = {
		{ "127.0.0.2 listed", BLOCKLIST_LISTED, "" },
		{ " 127.0.1.102-106  takeover  abused legit ", BLOCKLIST_TAKEOVER, "abused legit" },
		{ "127.0.0.0&128 takeover cracked", BLOCKLIST_TAKEOVER, "cracked" },
		{ "127.0.0.0/24 ignored", BLOCKLIST_NOTHING, "" },
		{ "127.0.0.5 refused blocked", BLOCKLIST_REFUSED, "blocked" },
		{ "127.0.0.2", BLOCKLIST_VERDICT_COUNT, NULL },
		{ "127.0.0.2 spam", BLOCKLIST_VERDICT_COUNT, NULL },
		{ "126.0.0.2 listed", BLOCKLIST_VERDICT_COUNT, NULL },
		{ "0.0.0.0/0 listed", BLOCKLIST_VERDICT_COUNT, NULL },
		{ "127.0.0.6-2 listed", BLOCKLIST_VERDICT_COUNT, NULL },
		{ "127.0.0.6-256 listed", BLOCKLIST_VERDICT_COUNT, NULL },
		{ "127.0.0.0/24-9 listed", BLOCKLIST_VERDICT_COUNT, NULL },
		{ "127.0.0.0&0 listed", BLOCKLIST_VERDICT_COUNT, NULL },
		{ "::1 listed", BLOCKLIST_VERDICT_COUNT, NULL },
		{ "", BLOCKLIST_VERDICT_COUNT, NULL },
	};

	(void)context;
	for (size_t i = 0; i < countof(rows); i++) {
		struct blocklist_row row;
		enum result r = blocklist_row_parse(text_of(rows[i].text), &row);

		assert_int_equal(r == RESULT_OK, rows[i].verdict != BLOCKLIST_VERDICT_COUNT);
		if (r == RESULT_OK) {
			assert_int_equal(row.verdict, rows[i].verdict);
			assert_true(text_equal(row.words, text_of(rows[i].words)));
		}
	}
}

static enum blocklist_verdict
judge(const char *const *texts, size_t count, const char *answer, const char *words)
{
	struct blocklist_row rows[8];
	struct prefix a;
	struct text said;
	enum blocklist_verdict v;

	for (size_t i = 0; i < count; i++) {
		assert_int_equal(blocklist_row_parse(text_of(texts[i]), &rows[i]), RESULT_OK);
	}
	assert_int_equal(prefix_parse(text_of(answer), &a, NULL), RESULT_OK);
	v = blocklist_judge(rows, count, a.bytes, &said);
	if (words != NULL) {
		assert_true(text_equal(said, text_of(words)));
	}
	return v;
}

static void
the_codes_of_a_list_say_what_its_table_says(void **context)
{
	static const char *const dbl[] = { "127.0.1.2 listed spam", "127.0.1.4-6 listed phish",
					   "127.0.1.102-106 takeover abused legit" };
	static const char *const surbl[] = { "127.0.0.0&128 takeover cracked", "127.0.0.0&88 listed abuse" };

	(void)context;
	assert_int_equal(judge(dbl, 3, "127.0.1.2", "spam"), BLOCKLIST_LISTED);
	assert_int_equal(judge(dbl, 3, "127.0.1.3", ""), BLOCKLIST_NOTHING);
	assert_int_equal(judge(dbl, 3, "127.0.1.6", "phish"), BLOCKLIST_LISTED);
	assert_int_equal(judge(dbl, 3, "127.0.1.101", ""), BLOCKLIST_NOTHING);
	assert_int_equal(judge(dbl, 3, "127.0.1.102", "abused legit"), BLOCKLIST_TAKEOVER);
	assert_int_equal(judge(dbl, 3, "127.0.1.106", "abused legit"), BLOCKLIST_TAKEOVER);
	assert_int_equal(judge(dbl, 3, "127.0.1.107", ""), BLOCKLIST_NOTHING);
	assert_int_equal(judge(dbl, 3, "127.0.2.2", ""), BLOCKLIST_NOTHING);
	assert_int_equal(judge(surbl, 2, "127.0.0.192", "cracked"), BLOCKLIST_TAKEOVER);
	assert_int_equal(judge(surbl, 2, "127.0.0.64", "abuse"), BLOCKLIST_LISTED);
	assert_int_equal(judge(surbl, 2, "127.0.0.16", "abuse"), BLOCKLIST_LISTED);
	assert_int_equal(judge(surbl, 2, "127.0.0.4", ""), BLOCKLIST_NOTHING);
	assert_int_equal(judge(surbl, 2, "127.0.1.64", ""), BLOCKLIST_NOTHING);
	/* Without a table whatever is in the range is a listing. */
	assert_int_equal(judge(NULL, 0, "127.0.0.2", ""), BLOCKLIST_LISTED);
	assert_int_equal(judge(NULL, 0, "127.9.9.9", ""), BLOCKLIST_LISTED);
}

static void
a_refusal_is_no_listing_whatever_the_table_says(void **context)
{
	static const char *const all[] = { "127.0.0.0/8 listed" };
	static const char *const refusals[] = { "127.255.255.252", "127.255.255.254", "127.255.255.255",
						"127.0.0.1",       "127.0.1.255",     "203.0.113.7",
						"0.0.0.0",         "255.255.255.255" };

	(void)context;
	for (size_t i = 0; i < countof(refusals); i++) {
		assert_int_equal(judge(all, 1, refusals[i], NULL), BLOCKLIST_REFUSED);
		assert_int_equal(judge(NULL, 0, refusals[i], NULL), BLOCKLIST_REFUSED);
	}
}

static void
questions_have_the_names_of_rfc_5782(void **context)
{
	struct arena arena = { 0 };
	struct prefix p;

	(void)context;
	assert_int_equal(prefix_parse(TEXT("192.0.2.99"), &p, NULL), RESULT_OK);
	assert_string_equal(blocklist_name_of_address(&arena, &p, "bad.example"), "99.2.0.192.bad.example");
	assert_int_equal(prefix_parse(TEXT("2001:db8:1:2:3:4:567:89ab"), &p, NULL), RESULT_OK);
	assert_string_equal(blocklist_name_of_address(&arena, &p, "ugly.example"),
			    "b.a.9.8.7.6.5.0.4.0.0.0.3.0.0.0.2.0.0.0.1.0.0.0.8.b.d.0.1.0.0.2.ugly.example");
	assert_string_equal(blocklist_name_of_domain(&arena, TEXT("shop.example"), "uri.example"),
			    "shop.example.uri.example");
	arena_clear(&arena);
}

static void
a_prefix_is_asked_for_by_its_addresses_or_by_evenly_spaced_ones(void **context)
{
	static const struct {
		const char *prefix;
		uint32_t most;
		const char *asked[5];
	} rows[] = {
		{ "192.0.2.10", 4, { "192.0.2.10" } },
		{ "192.0.2.12/30", 4, { "192.0.2.12", "192.0.2.13", "192.0.2.14", "192.0.2.15" } },
		{ "192.0.2.0/24", 4, { "192.0.2.32", "192.0.2.96", "192.0.2.160", "192.0.2.224" } },
		{ "10.0.0.0/8", 2, { "10.64.0.0", "10.192.0.0" } },
		{ "0.0.0.0/0", 1, { "128.0.0.0" } },
		{ "2001:db8::25", 4, { "2001:db8::25" } },
		{ "2001:db8:5::/126", 4, { "2001:db8:5::" } },
		{ "2001:db8:5::/64", 4, { "2001:db8:5::1" } },
		{ "2001:db8:5::/63", 4, { "2001:db8:5::1", "2001:db8:5:1::1" } },
		{ "2001:db8:5::/48", 2, { "2001:db8:5:4000::1", "2001:db8:5:c000::1" } },
	};

	(void)context;
	for (size_t i = 0; i < countof(rows); i++) {
		struct prefix p;
		uint32_t count, wanted = 0;

		assert_int_equal(prefix_parse(text_of(rows[i].prefix), &p, NULL), RESULT_OK);
		count = blocklist_sample_count(&p, rows[i].most);
		while (rows[i].asked[wanted] != NULL) {
			wanted++;
		}
		assert_int_equal(count, wanted);
		for (uint32_t k = 0; k < count; k++) {
			struct prefix a = blocklist_sample(&p, count, k);
			char text[PREFIX_TEXT_BYTES];

			assert_string_equal(prefix_format(&a, text), rows[i].asked[k]);
			assert_true(prefix_contains(&p, &a));
		}
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_row_reads_or_is_refused),
		cmocka_unit_test(the_codes_of_a_list_say_what_its_table_says),
		cmocka_unit_test(a_refusal_is_no_listing_whatever_the_table_says),
		cmocka_unit_test(questions_have_the_names_of_rfc_5782),
		cmocka_unit_test(a_prefix_is_asked_for_by_its_addresses_or_by_evenly_spaced_ones),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
