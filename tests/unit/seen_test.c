/* Domains that mail was seen with: whose word is believed, what leaves when it is full, what a journal brings back. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "journal/journal.h"
#include "vouchd/seen.h"
#include "unit/test_programme.h"

#include <stdio.h>
#include <string.h>

static const char programme[] = "members: [{id: m, name: M, systems: [{id: s, sources: [192.0.2.10, "
				"192.0.2.11]}, {id: t, sources: [192.0.2.20]}]}]\n"
				"reporters: [{id: mailbox, kind: mailbox, trust: full}, {id: half, kind: "
				"person, trust: partial}, {id: stranger, kind: person, trust: none}]\n";

static struct registry *
open_registry(void)
{
	struct registry *r = registry_open();

	(void)test_programme_apply(r, programme);
	return r;
}

/* A report that names `value` in an attribute of one observation. */
static void
note(struct seen *s, const struct registry *r, const char *reporter, const char *source,
     const char *attribute, const char *value, int64_t ms)
{
	const struct attribute a = { text_of(attribute), text_of(value) };
	struct observation o = { .signal = SIGNAL_SAMPLE,
				 .count = 1,
				 .key_count = 1,
				 .keys = { text_of(source) },
				 .attributes = &a,
				 .attribute_count = 1 };
	const struct report report = { .door = TEXT("http"),
				       .reporter = text_of(reporter),
				       .observation_count = 1,
				       .observations = &o };

	seen_note(s, r, &report, (struct instant){ ms });
}

/* "L shop.example 0; ..." with the system of each, in order of place; those that are too old are left out. */
static const char *
told(const struct seen *s, int64_t now_ms, struct arena *arena)
{
	const char *text = "";

	for (uint32_t i = 0; i < seen_count(s); i++) {
		struct seen_domain d;

		if (seen_at(s, i, (struct instant){ now_ms }, &d)) {
			text = arena_format(arena, "%s%s%c %.*s %u", text, text[0] == '\0' ? "" : "; ",
					    d.is_link ? 'L' : 'F', TEXT_ARG(d.domain), d.system);
		}
	}
	return text;
}

static void
only_a_trusted_word_about_a_member_is_believed(void **context)
{
	struct registry *r = open_registry();
	struct seen *s = seen_open();
	struct arena arena = { 0 };

	(void)context;
	note(s, r, "stranger", "192.0.2.10", "link_domain", "a.example", 0);
	note(s, r, "half", "192.0.2.10", "link_domain", "b.example", 0);
	note(s, r, "", "192.0.2.10", "link_domain", "c.example", 0);
	note(s, r, "mailbox", "198.51.100.1", "link_domain", "d.example", 0);
	note(s, r, "mailbox", "192.0.2.10", "subject", "e.example", 0);
	note(s, r, "mailbox", "192.0.2.10", "link_domain", "no-domain 192.0.2.1 *.x.example a..b", 0);
	assert_string_equal(told(s, 0, &arena), "");
	note(s, r, "mailbox", "192.0.2.10", "link_domain", "www.Shop.co.uk two.example", 0);
	note(s, r, "operator", "192.0.2.20", "from_domain", "news.two.example", 0);
	note(s, r, "mailbox", "192.0.2.11", "dkim_domain", "two.example", 0);
	note(s, r, "mailbox", "192.0.2.11", "link_domain", "shop.co.uk", 0);
	assert_string_equal(told(s, 0, &arena),
			    "L shop.co.uk 0; L two.example 0; F two.example 1; F two.example 0");
	seen_note(NULL, r, &(struct report){ 0 }, (struct instant){ 0 });
	assert_int_equal(seen_count(NULL), 0);
	seen_close(s);
	registry_close(r);
	arena_clear(&arena);
}

static void
what_was_not_seen_for_longest_leaves(void **context)
{
	struct registry *r = open_registry();
	struct seen *s = seen_open();
	struct arena arena = { 0 };
	char name[32];
	uint32_t old = 0;

	(void)context;
	for (int i = 0; i < BLOCKLIST_SEEN_MAX; i++) {
		(void)snprintf(name, sizeof name, "d%d.example", i);
		note(s, r, "mailbox", "192.0.2.10", "link_domain", name, i);
	}
	note(s, r, "mailbox", "192.0.2.10", "link_domain", "d0.example", BLOCKLIST_SEEN_MAX); /* seen again */
	for (int i = 0; i < 10; i++) {
		(void)snprintf(name, sizeof name, "new%d.example", i);
		note(s, r, "mailbox", "192.0.2.10", "link_domain", name, BLOCKLIST_SEEN_MAX + i);
	}
	assert_int_equal(seen_count(s), BLOCKLIST_SEEN_MAX);
	for (uint32_t i = 0; i < seen_count(s); i++) {
		struct seen_domain d;

		assert_true(seen_at(s, i, (struct instant){ BLOCKLIST_SEEN_MAX + 10 }, &d));
		for (int k = 1; k <= 10; k++) { /* the ten oldest but for the one that was seen again */
			(void)snprintf(name, sizeof name, "d%d.example", k);
			assert_false(text_equal(d.domain, text_of(name)));
		}
		old += text_equal(d.domain, TEXT("d0.example")) || text_equal(d.domain, TEXT("d11.example"));
	}
	assert_int_equal(old, 2);
	assert_string_equal(told(s, (SEEN_DAYS + 1) * SPAN_DAY.ms, &arena), "");
	seen_close(s);
	registry_close(r);
	arena_clear(&arena);
}

static void
append_report(struct journal_tx *tx, const char *domain, int64_t ms)
{
	const struct attribute a = { TEXT("link_domain"), text_of(domain) };
	struct observation o = { .signal = SIGNAL_SAMPLE,
				 .count = 1,
				 .key_count = 1,
				 .keys = { TEXT("192.0.2.10") },
				 .attributes = &a,
				 .attribute_count = 1 };
	const struct report report = { .id = hash_of(domain, strlen(domain)),
				       .reporter = TEXT("mailbox"),
				       .observation_count = 1,
				       .observations = &o };
	struct buffer b;

	buffer_init(&b, 4096);
	report_write(&b, &report);
	assert_int_not_equal(journal_append(tx, RECORD_REPORT, (struct instant){ ms }, buffer_text(&b)), 0);
	buffer_free(&b);
}

static void
a_start_brings_back_the_last_days_once(void **context)
{
	struct registry *r = open_registry();
	struct seen *s = seen_open();
	struct journal *j = journal_memory_open();
	struct journal_tx tx = journal_begin(j);
	const struct instant now = { 10 * SPAN_DAY.ms };
	struct arena arena = { 0 };

	(void)context;
	append_report(&tx, "old.example", 1 * SPAN_DAY.ms);
	append_report(&tx, "late.example", 5 * SPAN_DAY.ms);
	assert_int_equal(journal_commit(&tx), RESULT_OK);
	seen_fill(s, r, j, now);
	assert_string_equal(told(s, now.ms, &arena), "L late.example 0");
	tx = journal_begin(j);
	append_report(&tx, "later.example", now.ms);
	assert_int_equal(journal_commit(&tx), RESULT_OK);
	seen_fill(s, r, j, now);
	assert_string_equal(told(s, now.ms, &arena), "L late.example 0");
	seen_fill(NULL, r, j, now);
	seen_close(s);
	journal_close(j);
	registry_close(r);
	arena_clear(&arena);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(only_a_trusted_word_about_a_member_is_believed),
		cmocka_unit_test(what_was_not_seen_for_longest_leaves),
		cmocka_unit_test(a_start_brings_back_the_last_days_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
