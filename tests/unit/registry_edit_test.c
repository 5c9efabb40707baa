/* One change at a time: the same checks as for a file, the same record, and the file that comes out reads back to nothing new. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "registry/registry.h"

#include <string.h>

#define TOKEN "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"

static struct arena arena;
static struct registry *registry;

static int
open_registry(void **state)
{
	(void)state;
	registry = registry_open();
	return 0;
}

static int
close_registry(void **state)
{
	(void)state;
	registry_close(registry);
	arena_clear(&arena);
	return 0;
}

static void
apply(const struct registry_plan *plan)
{
	struct buffer payload;
	struct fault fault = { { 0 } };

	buffer_init(&payload, RECORD_BYTES_MAX);
	registry_plan_write(plan, TEXT("anna"), &payload);
	if (plan->line_count > 0 &&
	    registry_apply(registry, buffer_text(&payload), NULL, NULL, &fault) != RESULT_OK) {
		fail_msg("%s", fault.text);
	}
	buffer_free(&payload);
}

/* Makes one change, as words ("member=a name=A"; '_' in a value stands for a blank); its lines, or why not. */
static const char *
edit(enum registry_op op, enum thing thing, const char *name, const char *words)
{
	struct registry_setting settings[16];
	struct registry_edit e = { .op = op, .thing = thing, .name = text_of(name), .settings = settings };
	struct text rest = text_of(words);
	struct registry_plan plan;
	struct fault fault = { { 0 } };
	const char *all = "";

	while (rest.n > 0) {
		struct registry_setting *s = &settings[e.setting_count++];

		(void)text_cut(&rest, ' ', &s->value);
		(void)text_cut(&s->value, '=', &s->key);
		char *spaced = text_copy(&arena, s->value);
		for (char *c = spaced; *c != '\0'; c++) {
			*c = *c == '_' ? ' ' : *c;
		}
		s->value.p = spaced;
	}
	if (registry_plan_edit(registry, &e, &arena, &plan, &fault) != RESULT_OK) {
		assert_true(fault.text[0] != '\0' && plan.line_count == 0);
		return arena_format(&arena, "%s", fault.text);
	}
	for (uint32_t i = 0; i < plan.line_count; i++) {
		all = arena_format(&arena, "%s%s\n", all, plan.lines[i]);
	}
	apply(&plan);
	return all;
}

#define ADD(thing, name, words)    edit(REGISTRY_ADD, THING_##thing, name, words)
#define CHANGE(thing, name, words) edit(REGISTRY_CHANGE, THING_##thing, name, words)
#define REMOVE(thing, name)        edit(REGISTRY_REMOVE, THING_##thing, name, "")

static void
make_two_members(void)
{
	assert_string_equal(ADD(MEMBER, "bank", "name=Harbour_Bank contact=x@bank.example"),
			    "+ member bank\n");
	assert_string_equal(ADD(SYSTEM, "news", "member=bank list=safe declared.from=a.example,B.example"),
			    "+ system news (bank)\n");
	assert_string_equal(ADD(SYSTEM, "alerts", "member=bank"), "+ system alerts (bank)\n");
	assert_string_equal(ADD(SOURCE, "192.0.2.0/25", "system=news"),
			    "+ source 192.0.2.0/25 (bank, news)\n");
	assert_string_equal(ADD(SOURCE, "News.Example.", "system=news"),
			    "+ source news.example (bank, news)\n");
	assert_string_equal(ADD(MEMBER, "orchard", "name=Orchard"), "+ member orchard\n");
	assert_string_equal(ADD(SYSTEM, "shop", "member=orchard"), "+ system shop (orchard)\n");
	assert_string_equal(ADD(REPORTER, "box", "kind=mailbox trust=full token_sha256=" TOKEN),
			    "+ reporter box\n");
	assert_string_equal(ADD(RECEIVER, "box", "contact=abuse@box.example"), "+ receiver box\n");
}

#define DECLARE(name, words) edit(REGISTRY_DECLARE, THING_SYSTEM, name, words)

static void
what_is_declared_is_added_to_what_was(void **state)
{
	struct registry_campaign c;
	struct text campaigns;
	uint32_t news;

	(void)state;
	make_two_members();
	news = registry_find(registry, THING_SYSTEM, TEXT("news"));
	assert_string_equal(DECLARE("news", "declared.from=c.example,A.example declared.mail=newsletter"),
			    "~ system news: declared.from a.example b.example -> b.example c.example "
			    "a.example, declared.mail none -> newsletter\n");
	assert_string_equal(DECLARE("news",
				    "declared.campaigns=spring/2026-03-01T00:00:00Z/2026-03-03T00:00:00Z/"
				    "5000/Shop.example+b.example"),
			    "~ system news: declared.campaigns none -> spring/2026-03-01T00:00:00Z/"
			    "2026-03-03T00:00:00Z/5000/shop.example+b.example\n");
	(void)DECLARE("news",
		      "declared.campaigns=summer/2026-06-01T00:00:00Z/2026-06-03T00:00:00Z/7/s.example");
	/* The same name again is the same campaign, moved. */
	(void)DECLARE("news",
		      "declared.campaigns=spring/2026-03-02T00:00:00Z/2026-03-04T00:00:00Z/9/t.example");
	campaigns = registry_value(registry, news, FIELD_SYSTEM_DECLARED_CAMPAIGNS);
	assert_true(registry_campaign_cut(&campaigns, &c) && text_equal(c.name, TEXT("summer")));
	assert_true(registry_campaign_cut(&campaigns, &c) && text_equal(c.name, TEXT("spring")));
	assert_true(c.volume == 9 && text_equal(c.links, TEXT("t.example")));
	assert_int_equal(c.end.ms - c.start.ms, 2 * SPAN_DAY.ms);
	assert_false(registry_campaign_cut(&campaigns, &c));
}

static void
what_is_no_declaration_is_refused(void **state)
{
	static const char *const bad[] = {
		"spring/2026-03-01T00:00:00Z/2026-03-03T00:00:00Z/5000",
		"spring/2026-03-01/2026-03-03/5/a.example",
		"spring/2026-03-03T00:00:00Z/2026-03-01T00:00:00Z/5/a.example",
		"spring/2026-03-01T00:00:00Z/2026-03-03T00:00:00Z/0/a.example",
		"spring/2026-03-01T00:00:00Z/2026-05-03T00:00:00Z/5/a.example",
		"spring/2026-03-01T00:00:00Z/2026-03-03T00:00:00Z/5/a_b+",
	};

	(void)state;
	make_two_members();
	for (size_t i = 0; i < countof(bad); i++) {
		assert_non_null(strstr(DECLARE("news", arena_format(&arena, "declared.campaigns=%s", bad[i])),
				       "is wanted"));
	}
	assert_non_null(strstr(DECLARE("news", "list=safe"), "nothing that is declared"));
	assert_non_null(strstr(DECLARE("none", "declared.from=a.example"), "no system"));
	assert_non_null(
	    strstr(edit(REGISTRY_DECLARE, THING_MEMBER, "bank", "name=x"), "nothing that is declared"));
}

static void
what_is_added_is_there_with_its_values(void **state)
{
	struct registry_source s;
	uint32_t id;

	(void)state;
	make_two_members();
	id = registry_lookup(registry, TEXT("192.0.2.77"));
	assert_true(id != REGISTRY_NONE);
	s = registry_source(registry, id);
	assert_true(text_equal(s.member_name, TEXT("bank")) && text_equal(s.list, TEXT("safe")));
	id = registry_find(registry, THING_SYSTEM, TEXT("news"));
	assert_true(text_equal(registry_value(registry, id, FIELD_SYSTEM_DECLARED_FROM),
			       TEXT("a.example b.example")));
	id = registry_find(registry, THING_SYSTEM, TEXT("shop"));
	assert_true(text_equal(registry_value(registry, id, FIELD_SYSTEM_LIST), TEXT("certified")));
}

static void
adding_again_changes_nothing_or_is_a_contradiction(void **state)
{
	(void)state;
	make_two_members();
	assert_string_equal(ADD(MEMBER, "bank", "name=Harbour_Bank"), "");
	assert_string_equal(ADD(SOURCE, "192.0.2.0/25", "system=news"), "");
	assert_string_equal(ADD(REPORTER, "box", "kind=mailbox trust=full token_sha256=" TOKEN), "");
	assert_string_equal(ADD(MEMBER, "bank", "name=Other_Bank"),
			    "member bank is there already, with another name; vouch change changes it");
	assert_string_equal(ADD(SYSTEM, "news", "member=orchard"), "system news belongs to bank already");
	assert_string_equal(ADD(SOURCE, "news.example", "system=shop"),
			    "source news.example belongs to bank, news, already");
}

static void
what_does_not_fit_is_refused_in_words(void **state)
{
	(void)state;
	make_two_members();
	assert_string_equal(ADD(MEMBER, "new", ""), "a member must have a name: name=...");
	assert_string_equal(ADD(MEMBER, "a b", "name=A"),
			    "an id has 1 to 63 letters, digits, '-', '_' or '.'");
	assert_string_equal(ADD(MEMBER, "news", "name=A"), "a system is called news already");
	assert_non_null(
	    strstr(ADD(MEMBER, "new", "name=A nick=B"), "a member has no such key: 'nick'; it has name, "));
	assert_string_equal(ADD(MEMBER, "new", "name=A name=B"), "name: given twice");
	assert_string_equal(ADD(SYSTEM, "new", ""), "member=... is wanted: what the system belongs to");
	assert_string_equal(ADD(SYSTEM, "new", "member=nobody"), "no member is called 'nobody'");
	assert_string_equal(ADD(SOURCE, "192.0.2.1", ""), "system=... is wanted: what the source belongs to");
	assert_string_equal(ADD(SOURCE, "300.0.2.1", "system=news"), "not an IP address: \"300.0.2.1\"");
	assert_string_equal(ADD(REPORTER, "r", "kind=oracle trust=full"),
			    "kind: mailbox, trap_network, mta, blocklist or person is wanted: 'oracle'");
	assert_string_equal(ADD(REPORTER, "r", "kind=mta trust=full token_sha256=" TOKEN),
			    "token_sha256: it belongs to the reporter box already");
	assert_string_equal(
	    CHANGE(SOURCE, "news.example", "system=shop"),
	    "a source stays with its system: remove it and add it there; it is then another one");
	assert_string_equal(ADD(REPORTER, "r", "kind=mta trust=full addresses=A@b.example,a@B.example"),
			    "addresses: a@b.example stands there twice");
	assert_string_equal(CHANGE(MEMBER, "nobody", "name=A"), "no member is called 'nobody'");
	assert_string_equal(CHANGE(MEMBER, "bank", ""), "what is to change? KEY=VALUE is wanted");
	assert_string_equal(CHANGE(MEMBER, "bank", "name="), "a member must have a name: name=...");
	assert_string_equal(REMOVE(SOURCE, "192.0.2.1"), "no source is called '192.0.2.1'");
}

static void
sources_of_different_members_must_not_overlap(void **state)
{
	(void)state;
	make_two_members();
	assert_string_equal(ADD(SOURCE, "192.0.2.9", "system=shop"),
			    "source 192.0.2.9 of orchard overlaps 192.0.2.0/25 of bank");
	assert_string_equal(ADD(SOURCE, "192.0.2.0/24", "system=shop"),
			    "source 192.0.2.0/24 of orchard overlaps 192.0.2.0/25 of bank");
	assert_string_equal(ADD(SOURCE, "192.0.2.9", "system=alerts"), "+ source 192.0.2.9 (bank, alerts)\n");
	assert_string_equal(ADD(SOURCE, "192.0.2.0/24", "system=alerts"),
			    "+ source 192.0.2.0/24 (bank, alerts)\n");
	assert_string_equal(ADD(SOURCE, "a.news.example", "system=shop"),
			    "+ source a.news.example (orchard, shop)\n");
}

static void
a_change_says_what_was_and_what_is(void **state)
{
	(void)state;
	make_two_members();
	assert_string_equal(CHANGE(SYSTEM, "news", "list= declared.from=c.example"),
			    "~ system news: list safe -> certified, declared.from a.example b.example -> "
			    "c.example\n");
	assert_string_equal(CHANGE(MEMBER, "bank", "contact="), "~ member bank: contact taken away\n");
	assert_string_equal(CHANGE(MEMBER, "bank", "contact="), "");
	/* Whom a takeover is told to, nobody reads from a change. */
	assert_string_equal(CHANGE(MEMBER, "bank", "alerts=soc@bank.example,ops@bank.example"),
			    "~ member bank: alerts given\n");
	assert_string_equal(
	    CHANGE(MEMBER, "bank", "alerts=soc@bank.example webhook=https://bank.example/hook"),
	    "~ member bank: alerts replaced, webhook given\n");
	assert_string_equal(CHANGE(REPORTER, "box", "token_sha256=" TOKEN), ""); /* its own */
	assert_string_equal(CHANGE(REPORTER, "box", "trust=none token_sha256="),
			    "~ reporter box: trust full -> none, token_sha256 taken away\n");
}

static void
removing_takes_what_is_below(void **state)
{
	(void)state;
	make_two_members();
	assert_string_equal(REMOVE(SOURCE, "news.example"), "- source news.example (bank, news)\n");
	assert_string_equal(REMOVE(SYSTEM, "shop"), "- system shop (orchard)\n");
	assert_string_equal(REMOVE(MEMBER, "bank"), "- source 192.0.2.0/25 (bank, news)\n"
						    "- system news (bank)\n"
						    "- system alerts (bank)\n"
						    "- member bank\n");
	assert_string_equal(REMOVE(REPORTER, "box"), "- reporter box\n");
	assert_int_equal(registry_present(registry, THING_RECEIVER), 1);
	assert_int_equal(registry_present(registry, THING_MEMBER), 1);
	assert_string_equal(ADD(SOURCE, "192.0.2.9", "system=news"), "no system is called 'news'");
}

static void
the_file_that_is_written_changes_nothing(void **state)
{
	struct registry_plan plan;
	struct fault fault = { { 0 } };
	struct buffer yaml;

	(void)state;
	make_two_members();
	(void)ADD(MEMBER, "odd",
		  "name=\"no:_#{[*&!|>'%@`~\xc3\xa9\xf0\x9f\x90\x9f\xe2\x80\xa8\xc2\x85\xef\xbb\xbf\\");
	(void)REMOVE(SYSTEM, "alerts");
	buffer_init(&yaml, 65536);
	registry_write(registry, &yaml);
	if (registry_plan(registry, buffer_text(&yaml), "w.yaml", &arena, &plan, &fault) != RESULT_OK) {
		fail_msg("%s\n%.*s", fault.text, TEXT_ARG(buffer_text(&yaml)));
	}
	assert_int_equal(plan.line_count, 0);
	assert_non_null(strstr(text_copy(&arena, buffer_text(&yaml)),
			       "  - id: bank\n"
			       "    name: \"Harbour Bank\"\n"
			       "    contact: x@bank.example\n"
			       "    systems:\n"
			       "      - id: news\n"
			       "        list: safe\n"
			       "        declared:\n"
			       "          from: [a.example, b.example]\n"
			       "        sources:\n"
			       "          - \"192.0.2.0/25\"\n"
			       "          - news.example\n"));
	buffer_free(&yaml);
}

static void
the_lists_that_are_asked_for_are_told(void **state)
{
	struct registry_plan plan;

	(void)state;
	assert_int_equal(registry_plan(registry,
				       TEXT("members:\n- id: a\n  name: A\n  systems:\n  - id: s\n"
					    "  - {id: t, list: safe}\n  - {id: u, list: safe}\n"),
				       "p.yaml", &arena, &plan, NULL),
			 RESULT_OK);
	assert_int_equal(plan.list_count, 2);
	assert_string_equal(plan.lists[0], "certified");
	assert_string_equal(plan.lists[1], "safe");
	assert_int_equal(plan.list_lines[1], 6);
}

int
main(void)
{
#define EACH(test) cmocka_unit_test_setup_teardown(test, open_registry, close_registry)
	const struct CMUnitTest tests[] = {
		EACH(what_is_added_is_there_with_its_values),
		EACH(what_is_declared_is_added_to_what_was),
		EACH(what_is_no_declaration_is_refused),
		EACH(adding_again_changes_nothing_or_is_a_contradiction),
		EACH(what_does_not_fit_is_refused_in_words),
		EACH(sources_of_different_members_must_not_overlap),
		EACH(a_change_says_what_was_and_what_is),
		EACH(removing_takes_what_is_below),
		EACH(the_file_that_is_written_changes_nothing),
		EACH(the_lists_that_are_asked_for_are_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
