/* Templates: what is one, and what becomes of its facts; ours say what they must. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "notify/notice.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void
assert_filled(const char *pattern, const char *wanted)
{
	struct text facts[FACT_COUNT];
	struct buffer b;

	for (size_t i = 0; i < FACT_COUNT; i++) {
		facts[i] = (struct text){ "", 0 };
	}
	facts[FACT_MEMBER] = TEXT("Harbour {system} Bank");
	facts[FACT_SYSTEM] = TEXT("harbour-news\n");
	facts[FACT_SOURCES] = TEXT("192.0.2.1\n192.0.2.2\n");
	buffer_init(&b, 4096);
	notice_fill(text_of(pattern), facts, &b);
	buffer_put(&b, "", 1);
	assert_string_equal((const char *)b.p, wanted);
	buffer_free(&b);
}

static void
facts_take_the_place_of_their_names(void **state)
{
	(void)state;
	assert_filled("to {member}, {system}.\n", "to Harbour {system} Bank, harbour-news.\n");
	assert_filled("a\n{sources}\nb\n", "a\n  192.0.2.1\n  192.0.2.2\nb\n");
	assert_filled("a\n{sources}  \nb\n", "a\n  192.0.2.1\n  192.0.2.2\nb\n");
	assert_filled("a\n{why}\nb\n", "a\nb\n"); /* there is none: the line goes */
	assert_filled("a {why}b\n", "a b\n");
	assert_filled("a\n\n{why}\n\nb\n", "a\n\nb\n");
	assert_filled("{system} is off", "harbour-news is off"); /* a subject is one line */
}

static void
a_template_has_a_subject_a_body_and_known_names(void **state)
{
	static const struct {
		const char *file, *words;
	} bad[] = {
		{ "", "line 1" },
		{ "Hello\n\nbody\n", "line 1" },
		{ "Subject: a\nbody\n", "line 2" },
		{ "Subject: a\n\n", "a body" },
		{ "Subject:\n\nbody\n", "a subject" },
		{ "Subject: a\n\nb\n{memeber}\n", "line 4" },
		{ "Subject: a\n\nb {\n", "line 3" },
		{ "Subject: {x}\n\nb\n", "line 1" },
	};
	struct notice_text text;
	struct fault fault;

	(void)state;
	assert_int_equal(notice_text_parse(TEXT("Subject: a {system}\n\nbody {member}\n"), &text, &fault),
			 RESULT_OK);
	assert_true(text_equal(text.subject, TEXT("a {system}")));
	assert_true(text_equal(text.body, TEXT("body {member}\n")));
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		fault = (struct fault){ { 0 } };
		assert_int_equal(notice_text_parse(text_of(bad[i].file), &text, &fault), RESULT_BAD_INPUT);
		if (strstr(fault.text, bad[i].words) == NULL) {
			fail_msg("%zu: %s", i, fault.text);
		}
	}
}

static bool
has(struct text t, const char *words)
{
	return memmem(t.p, t.n, words, strlen(words)) != NULL;
}

/* What a member must learn of whatever takes it off the list: what, where, since when, and how to answer. */
static void
our_templates_name_what_and_how_to_answer(void **state)
{
	struct notice_text texts[NOTICE_COUNT];
	struct arena arena = { 0 };
	struct fault fault;

	(void)state;
	assert_int_equal(notice_texts_read(NULL, &arena, texts, &fault), RESULT_OK);
	for (enum notice n = 0; n < NOTICE_COUNT; n++) {
		struct text rest = texts[n].body, line;

		assert_true(has(texts[n].subject, "{system}"));
		assert_true(has(texts[n].body, "{answer}"));
		assert_true(has(texts[n].body, "{sources}") || n == NOTICE_WATCH_FELL);
		while (rest.n > 0) {
			(void)text_cut(&rest, '\n', &line);
			assert_in_range(line.n, 0, 76);
		}
	}
	assert_true(has(texts[NOTICE_SUSPENDED_SECURITY].body, "{why}"));
	assert_true(has(texts[NOTICE_SUSPENDED_SECURITY].body, "{evidence}"));
	assert_true(has(texts[NOTICE_SUSPENDED_COMPLIANCE].body, "{numbers}"));
	assert_true(has(texts[NOTICE_SUSPENDED_COMPLIANCE].body, "{return}"));
	arena_clear(&arena);
}

static void
a_folder_may_have_words_of_its_own(void **state)
{
	char folder[] = "/tmp/vouch-notice-XXXXXX", path[64];
	struct notice_text texts[NOTICE_COUNT];
	struct arena arena = { 0 };
	struct fault fault = { { 0 } };
	FILE *file;

	(void)state;
	assert_non_null(mkdtemp(folder));
	(void)snprintf(path, sizeof path, "%s/warning.txt", folder);
	file = fopen(path, "w");
	assert_non_null(file);
	(void)fputs("Subject: attention, {system}\n\n{numbers}\n", file);
	(void)fclose(file);
	assert_int_equal(notice_texts_read(folder, &arena, texts, &fault), RESULT_OK);
	assert_true(text_equal(texts[NOTICE_WARNING].subject, TEXT("attention, {system}")));
	assert_true(has(texts[NOTICE_REVOKED].subject, "for good")); /* ours */
	file = fopen(path, "w");
	assert_non_null(file);
	(void)fputs("Subject: attention\n\n{number}\n", file);
	(void)fclose(file);
	assert_int_equal(notice_texts_read(folder, &arena, texts, &fault), RESULT_BAD_INPUT);
	assert_non_null(strstr(fault.text, "warning.txt: line 3"));
	assert_int_equal(unlink(path), 0);
	assert_int_equal(rmdir(folder), 0);
	arena_clear(&arena);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(facts_take_the_place_of_their_names),
		cmocka_unit_test(a_template_has_a_subject_a_body_and_known_names),
		cmocka_unit_test(our_templates_name_what_and_how_to_answer),
		cmocka_unit_test(a_folder_may_have_words_of_its_own),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
