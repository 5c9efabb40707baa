/* Programme files become changes, changes become the registry; lookup against a naive twin; snapshots. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "registry/registry.h"

#include "base/limits.h"
#include "unit/test_programme.h"
#include "unit/test_arena.h"

#include <string.h>

#define BANK                         \
	"members:\n"                 \
	"  - id: harbour-bank\n"     \
	"    name: Harbour Bank\n"   \
	"    systems:\n"             \
	"      - id: harbour-news\n" \
	"        sources:\n"         \
	"          - 192.0.2.0/24\n" \
	"          - news.bank.example\n"
#define MAIL                                                \
	"  - id: orchard-mail\n"                            \
	"    name: Orchard Mail\n"                          \
	"    systems:\n"                                    \
	"      - id: orchard-a\n"                           \
	"        list: safe\n"                              \
	"        declared:\n"                               \
	"          from: [Orchard.Example, shop.example]\n" \
	"          hours: 06-22\n"                          \
	"          per_day: 020000\n"                       \
	"          attachments: false\n"                    \
	"        sources: [198.51.100.7, \"2001:db8::/48\", acct:orchard:4711]\n"
#define TOKEN "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"

static void
see(void *context, const struct registry_change *change)
{
	static const char ops[] = "+~-";

	buffer_format(context, "%c%s %u in %u by %.*s\n", ops[change->op], thing_name(change->thing),
		      change->id, change->parent, TEXT_ARG(change->actor));
}

static const char *
lines_of(const struct registry *r, const char *yaml)
{
	struct registry_plan plan;
	struct fault fault = { { 0 } };
	const char *all = "";

	if (registry_plan(r, text_of(yaml), "p.yaml", &arena, &plan, &fault) != RESULT_OK) {
		return arena_format(&arena, "%s", fault.text);
	}
	for (uint32_t i = 0; i < plan.line_count; i++) {
		all = arena_format(&arena, "%s%s\n", all, plan.lines[i]);
	}
	return all;
}

static void
a_programme_becomes_changes_once(void **state)
{
	struct registry *r = registry_open();

	(void)state;
	assert_string_equal(lines_of(r, BANK MAIL),
			    "+ member harbour-bank\n"
			    "+ member orchard-mail\n"
			    "+ system harbour-news (harbour-bank)\n"
			    "+ system orchard-a (orchard-mail)\n"
			    "+ source 192.0.2.0/24 (harbour-bank, harbour-news)\n"
			    "+ source news.bank.example (harbour-bank, harbour-news)\n"
			    "+ source 198.51.100.7 (orchard-mail, orchard-a)\n"
			    "+ source 2001:db8::/48 (orchard-mail, orchard-a)\n"
			    "+ source acct:orchard:4711 (orchard-mail, orchard-a)\n");
	assert_int_equal(test_programme_apply(r, BANK MAIL), 9);
	assert_int_equal(test_programme_apply(r, BANK MAIL), 0);
	/* what the file does not speak of stays */
	assert_int_equal(test_programme_apply(r, "reporters: []\n"), 0);
	assert_string_equal(lines_of(r, BANK), "- source 198.51.100.7 (orchard-mail, orchard-a)\n"
					       "- source 2001:db8::/48 (orchard-mail, orchard-a)\n"
					       "- source acct:orchard:4711 (orchard-mail, orchard-a)\n"
					       "- system orchard-a (orchard-mail)\n"
					       "- member orchard-mail\n");
	registry_close(r);
}

static void
values_are_canonical_and_defaults_are_filled_in(void **state)
{
	struct registry *r = registry_open();
	struct registry_source s;

	(void)state;
	(void)test_programme_apply(r, BANK MAIL);
	assert_true(text_equal(registry_value(r, 0, FIELD_SYSTEM_LIST), TEXT("certified")));
	assert_true(text_equal(registry_value(r, 1, FIELD_SYSTEM_LIST), TEXT("safe")));
	assert_true(text_equal(registry_value(r, 1, FIELD_SYSTEM_DECLARED_FROM),
			       TEXT("orchard.example shop.example")));
	assert_true(text_equal(registry_value(r, 1, FIELD_SYSTEM_DECLARED_PER_DAY), TEXT("20000")));
	assert_true(text_equal(registry_value(r, 1, FIELD_SYSTEM_DECLARED_ATTACHMENTS), TEXT("no")));
	assert_int_equal(registry_value(r, 0, FIELD_SYSTEM_DECLARED_FROM).n, 0);
	s = registry_source(r, registry_find(r, THING_SOURCE, TEXT("2001:DB8:0::/48")));
	assert_true(text_equal(s.key, TEXT("2001:db8::/48")) && s.kind == SOURCE_PREFIX && !s.removed);
	assert_true(text_equal(s.system_name, TEXT("orchard-a")) && s.system == 1);
	assert_true(text_equal(s.member_name, TEXT("orchard-mail")) && s.member == 1);
	assert_true(text_equal(s.list, TEXT("safe")));
	registry_close(r);
}

static void
what_changes_is_said_and_applied(void **state)
{
	struct registry *r = registry_open();
	struct buffer seen, payload;
	struct registry_plan plan;

	(void)state;
	(void)test_programme_apply(
	    r, BANK "reporters:\n- {id: box, kind: mailbox, trust: none, token_sha256: " TOKEN "}\n");
	const char *yaml = "members:\n- id: harbour-bank\n  name: Harbour Savings\n  systems:\n"
			   "  - {id: harbour-news, list: safe, sources: [192.0.2.0/24, 203.0.113.1]}\n"
			   "reporters:\n- {id: box, kind: mailbox, trust: full}\n";
	assert_string_equal(lines_of(r, yaml),
			    "- source news.bank.example (harbour-bank, harbour-news)\n"
			    "+ source 203.0.113.1 (harbour-bank, harbour-news)\n"
			    "~ member harbour-bank: name Harbour Bank -> Harbour Savings\n"
			    "~ system harbour-news: list certified -> safe\n"
			    "~ reporter box: trust none -> full, token_sha256 taken away\n");
	assert_int_equal(registry_plan(r, text_of(yaml), "p.yaml", &arena, &plan, NULL), RESULT_OK);
	buffer_init(&payload, 65536);
	buffer_init(&seen, 65536);
	registry_plan_write(&plan, TEXT("anna"), &payload);
	assert_int_equal(registry_apply(r, buffer_text(&payload), see, &seen, NULL), RESULT_OK);
	assert_true(text_equal(buffer_text(&seen), TEXT("-source 1 in 0 by anna\n"
							"+source 2 in 0 by anna\n"
							"~member 0 in 0 by anna\n"
							"~system 0 in 0 by anna\n"
							"~reporter 0 in 0 by anna\n")));
	assert_string_equal(lines_of(r, yaml), "");
	buffer_free(&payload);
	buffer_free(&seen);
	registry_close(r);
}

static void
ids_are_never_used_again_and_a_source_that_moves_is_another(void **state)
{
	struct registry *r = registry_open();
	const char *moved = "members:\n- id: harbour-bank\n  name: Harbour Bank\n  systems:\n"
			    "  - {id: harbour-news, sources: [news.bank.example]}\n"
			    "  - {id: harbour-shop, sources: [192.0.2.0/24]}\n";

	(void)state;
	(void)test_programme_apply(r, BANK);
	assert_string_equal(lines_of(r, moved), "- source 192.0.2.0/24 (harbour-bank, harbour-news)\n"
						"+ system harbour-shop (harbour-bank)\n"
						"+ source 192.0.2.0/24 (harbour-bank, harbour-shop)\n");
	(void)test_programme_apply(r, moved);
	assert_int_equal(registry_lookup(r, TEXT("192.0.2.9")), 2);
	assert_true(registry_item(r, THING_SOURCE, 0).removed);
	assert_true(text_equal(registry_item(r, THING_SOURCE, 0).name, TEXT("192.0.2.0/24")));
	(void)test_programme_apply(r, "members: []\n");
	assert_int_equal(registry_present(r, THING_SOURCE), 0);
	assert_int_equal(registry_lookup(r, TEXT("192.0.2.9")), REGISTRY_NONE);
	(void)test_programme_apply(r, BANK);
	assert_int_equal(registry_lookup(r, TEXT("192.0.2.9")), 3);
	assert_int_equal(registry_count(r, THING_MEMBER), 2);
	assert_int_equal(registry_present(r, THING_MEMBER), 1);
	registry_close(r);
}

/* A system that goes to another member goes with all its sources. */
static void
a_system_that_changes_hands_is_another(void **state)
{
	struct registry *r = registry_open();

	(void)state;
	(void)test_programme_apply(r, BANK);
	assert_string_equal(lines_of(r,
				     "members:\n- id: orchard-mail\n  name: Orchard\n  systems:\n"
				     "  - {id: harbour-news, sources: [192.0.2.0/24, news.bank.example]}\n"),
			    "- source 192.0.2.0/24 (harbour-bank, harbour-news)\n"
			    "- source news.bank.example (harbour-bank, harbour-news)\n"
			    "- system harbour-news (harbour-bank)\n"
			    "- member harbour-bank\n"
			    "+ member orchard-mail\n"
			    "+ system harbour-news (orchard-mail)\n"
			    "+ source 192.0.2.0/24 (orchard-mail, harbour-news)\n"
			    "+ source news.bank.example (orchard-mail, harbour-news)\n");
	registry_close(r);
}

static void
reporters_are_known_with_kind_trust_and_token(void **state)
{
	struct registry *r = registry_open();
	struct registry_reporter reporter;
	struct hash token = hash_of("test", 4);

	(void)state;
	(void)test_programme_apply(
	    r, "reporters:\n"
	       "- {id: mailbox.example, kind: mailbox, trust: full, token_sha256: " TOKEN "}\n"
	       "- {id: spider, kind: trap_network, trust: full, trap: typo, addresses: [Traps@In.Example]}\n"
	       "- {id: web, kind: trap_network, trust: none}\n"
	       "- {id: relay, kind: mta, trust: full, receiver: mailbox.example}\n"
	       "- {id: harsh, kind: blocklist, trust: full, weight: critical}\n");
	reporter = registry_reporter(r, registry_find(r, THING_REPORTER, TEXT("mailbox.example")));
	assert_true(reporter.kind == REPORTER_MAILBOX && reporter.trust == TRUST_FULL && reporter.has_token);
	assert_true(hash_equal(&reporter.token, &token));
	reporter = registry_reporter(r, 1);
	assert_true(reporter.kind == REPORTER_TRAP_NETWORK && reporter.trap_signal == SIGNAL_TRAP_TYPO);
	assert_true(!reporter.has_token);
	assert_true(text_equal(registry_value(r, 1, FIELD_REPORTER_ADDRESSES), TEXT("traps@in.example")));
	reporter = registry_reporter(r, 2);
	assert_true(reporter.trust == TRUST_NONE && reporter.trap_signal == SIGNAL_TRAP_PRISTINE);
	assert_true(text_equal(registry_reporter(r, 0).receiver, TEXT("mailbox.example")));
	assert_int_equal(reporter.receiver.n, 0);
	assert_true(text_equal(registry_reporter(r, 3).receiver, TEXT("mailbox.example")));
	assert_int_equal(registry_reporter(r, 3).weight, BLOCKLIST_SIGNIFICANT);
	assert_int_equal(registry_reporter(r, 4).weight, BLOCKLIST_CRITICAL);
	assert_string_equal(trust_name(TRUST_FULL), "full");
	assert_string_equal(reporter_kind_name(REPORTER_TRAP_NETWORK), "trap_network");
	(void)test_programme_apply(r, "reporters: []\n");
	assert_int_equal(registry_reporter(r, 1).trust, TRUST_NONE);
	registry_close(r);
}

static void
what_is_wrong_with_a_file_is_named_with_its_place(void **state)
{
	static const struct {
		const char *yaml;
		const char *fault;
	} rows[] = {
		{ "", "p.yaml: empty; a programme has members, reporters or receivers" },
		{ "- a",
		  "p.yaml:1:1: the sections of a programme are wanted: 'members, reporters, receivers'" },
		{ "member: []", "p.yaml:1:1: no such section: 'member'" },
		{ "members: []\nmembers: []", "p.yaml:2:1: given twice: 'members'" },
		{ "members: x", "p.yaml:1:10: a list (\"- ...\") is wanted here: 'member'" },
		{ "members: [x]", "p.yaml:1:11: keys with values are wanted here: 'member'" },
		{ "members: [{name: A}]", "p.yaml:1:11: missing key: 'id'" },
		{ "members: [{id: a}]", "p.yaml:1:11: missing key: 'name'" },
		{ "members: [{id: a, name: ' '}]", "p.yaml:1:11: missing key: 'name'" },
		{ "members: [{id: a, name: A, nick: B}]", "p.yaml:1:28: a member has no such key: 'nick'" },
		{ "members: [{id: a, name: A, name: B}]", "p.yaml:1:28: given twice: 'name'" },
		{ "members: [{id: a b, name: A}]",
		  "p.yaml:1:16: an id has 1 to 63 letters, digits, '-', '_' or '.': 'a b'" },
		{ "members: [{id: a.example, name: A}]",
		  "p.yaml:1:16: the id 'a.example' could be taken for a "
		  "source or the number of a case: 'a.example'" },
		{ "members: [{id: 17, name: A}]",
		  "p.yaml:1:16: the id '17' could be taken for a source or the number of a case: '17'" },
		{ "members: [{id: a, name: \"A\\x07\"}]",
		  "p.yaml:1:25: name: a line of text without control characters is wanted: 'A\a'" },
		{ "members: [{id: a, name: [A]}]", "p.yaml:1:25: one value is wanted here: 'name'" },
		{ "members: [{id: a, name: A}, {id: a, name: B}]",
		  "p.yaml:1:34: the id a stands also at line 1, for a member" },
		{ "members: [{id: a, name: A, systems: [{id: a}]}]",
		  "p.yaml:1:43: the id a stands also at line 1, for a member" },
		{ "members:\n- {id: a, name: A, systems: [{id: s, sources: [10.0.0.1/8]}]}",
		  "p.yaml:2:48: 10.0.0.1/8 has bits set past its length: '10.0.0.1/8'" },
		{ "members:\n- {id: a, name: A, systems: [{id: s, declared.from: x.example}]}",
		  "p.yaml:2:38: a system has no such key: 'declared.from'" },
		{ "members:\n- {id: a, name: A, systems: [{id: s, declared: {from: x}}]}",
		  "p.yaml:2:55: declared.from: a domain name is wanted: 'x'" },
		{ "members:\n- {id: a, name: A, systems: [{id: s, declared: {hours: 6-22}}]}",
		  "p.yaml:2:56: declared.hours: hours of the day such as 06-22 is wanted: '6-22'" },
		{ "reporters: [{id: r, kind: x, trust: full}]",
		  "p.yaml:1:27: kind: mailbox, trap_network, mta, "
		  "blocklist or person is wanted: 'x'" },
		{ "reporters: [{id: operator, kind: mta, trust: full}]",
		  "p.yaml:1:18: the id 'operator' stands for whoever runs the daemon; its word always "
		  "counts: "
		  "'operator'" },
		{ "reporters: [{id: r, kind: mta}]", "p.yaml:1:13: missing key: 'trust'" },
		{ "reporters:\n- {id: r, kind: mta, trust: full, token_sha256: " TOKEN
		  "}\n- {id: q, kind: mta, trust: full, token_sha256: " TOKEN "}",
		  "p.yaml:3:49: it belongs to another reporter already: 'token_sha256'" },
		{ "members: []\n---\nmembers: []\n", "p.yaml:3: a second document; one is wanted" },
		{ "members: [\n", "p.yaml:2:1: did not find expected node content" },
	};
	struct registry *r = registry_open();

	(void)state;
	for (size_t i = 0; i < countof(rows); i++) {
		assert_string_equal(lines_of(r, rows[i].yaml), rows[i].fault);
	}
	registry_close(r);
}

static void
sources_of_different_members_must_not_overlap(void **state)
{
	static const struct {
		const char *a, *b; /* sources of the members a and b */
		const char *fault;
	} rows[] = {
		{ "192.0.2.0/24", "192.0.2.7",
		  "p.yaml:3:48: source 192.0.2.7 of b overlaps 192.0.2.0/24 of a at line 2" },
		{ "192.0.2.7", "192.0.2.0/24",
		  "p.yaml:3:48: source 192.0.2.0/24 of b overlaps 192.0.2.7 of a at line 2" },
		{ "192.0.2.0/25", "192.0.2.0/24",
		  "p.yaml:3:48: source 192.0.2.0/24 of b overlaps 192.0.2.0/25 of a at line 2" },
		{ "192.0.2.7", "192.0.2.7",
		  "p.yaml:3:48: source 192.0.2.7 of b stands also at line 2, for a" },
		{ "News.Example", "news.example.",
		  "p.yaml:3:48: source news.example of b stands also at line 2, for a" },
		{ "2001:db8::/32", "\"2001:db8:0:1::/64\"",
		  "p.yaml:3:48: source 2001:db8:0:1::/64 of b overlaps 2001:db8::/32 of a at line 2" },
		{ "192.0.2.0/25, 192.0.2.128/26", "198.51.100.0/24, 192.0.2.160/27",
		  "p.yaml:3:65: source 192.0.2.160/27 of b overlaps 192.0.2.128/26 of a at line 2" },
		{ "192.0.2.0/25, 192.0.2.0/26, 192.0.2.1", "192.0.2.128/25", NULL },
		{ "mail.example", "a.mail.example", NULL }, /* DKIM domains are exact */
	};
	struct registry *r = registry_open();

	(void)state;
	for (size_t i = 0; i < countof(rows); i++) {
		const char *yaml =
		    arena_format(&arena,
				 "members:\n- {id: a, name: A, systems: [{id: s, sources: [%s]}]}\n"
				 "- {id: b, name: B, systems: [{id: t, sources: [%s]}]}\n",
				 rows[i].a, rows[i].b);
		const char *said = lines_of(r, yaml);

		if (rows[i].fault == NULL) {
			assert_int_equal(said[0], '+');
		} else {
			assert_string_equal(said, rows[i].fault);
		}
	}
	registry_close(r);
}

static void
aliases_cannot_blow_a_small_file_up(void **state)
{
	struct registry *r = registry_open();
	struct buffer b;

	(void)state;
	buffer_init(&b, PROGRAMME_BYTES_MAX);
	buffer_format(&b, "members:\n- id: a\n  name: A\n  systems:\n  - {id: s, declared: {links: &d [");
	for (int i = 0; i < 170; i++) {
		buffer_format(&b, "link%010d.example, ", i);
	}
	buffer_format(&b, "]}}\n");
	for (int i = 0; i < 8000; i++) {
		buffer_format(&b, "  - {id: s%d, declared: {links: *d, from: *d}}\n", i);
	}
	wire_put_u8(&b, 0);
	assert_non_null(strstr(lines_of(r, (const char *)b.p), "too many bytes in all values"));
	buffer_free(&b);
	registry_close(r);
}

/* A registry that went through everything is the same after a snapshot, and goes on the same. */
static void
a_snapshot_is_the_whole_registry(void **state)
{
	struct registry *r = registry_open(), *copy = registry_open();
	struct buffer first, second;
	struct wire w;

	(void)state;
	(void)test_programme_apply(
	    r, BANK MAIL "receivers: [{id: inbox.example}]\nreporters: [{id: x, kind: mta, trust: full}]\n");
	(void)test_programme_apply(r, "members: []\nreceivers: []\n");
	(void)test_programme_apply(r, BANK);
	buffer_init(&first, 1U << 20);
	buffer_init(&second, 1U << 20);
	registry_save(r, &first);
	w = wire_of(first.p, first.n);
	assert_int_equal(registry_load(copy, &w), RESULT_OK);
	assert_true(wire_done(&w));
	assert_int_equal(test_programme_apply(r, BANK MAIL), test_programme_apply(copy, BANK MAIL));
	buffer_clear(&first);
	registry_save(r, &first);
	registry_save(copy, &second);
	assert_true(text_equal(buffer_text(&first), buffer_text(&second)));
	registry_close(copy);
	for (size_t n = 0; n < first.n; n++) {
		copy = registry_open();
		w = wire_of(first.p, n);
		assert_int_equal(registry_load(copy, &w), RESULT_DAMAGED);
		assert_int_equal(registry_count(copy, THING_MEMBER), 0);
		registry_close(copy);
	}
	/* Any byte changed: damaged, or another registry with this snapshot. */
	for (size_t i = 0; i < first.n; i++) {
		first.p[i] ^= (uint8_t)(1U << i % 8);
		copy = registry_open();
		w = wire_of(first.p, first.n);
		if (registry_load(copy, &w) == RESULT_OK && wire_done(&w)) {
			buffer_clear(&second);
			registry_save(copy, &second);
			assert_true(text_equal(buffer_text(&first), buffer_text(&second)));
		}
		registry_close(copy);
		first.p[i] ^= (uint8_t)(1U << i % 8);
	}
	buffer_free(&first);
	buffer_free(&second);
	registry_close(r);
}

static void
a_record_that_no_plan_wrote_is_damaged(void **state)
{
	static const char *const payloads[] = {
		"",
		"{}\n",
		"{\"actor\":\"\",\"file\":\"f\"}\n",
		"x\n",
#define BY "{\"actor\":\"anna\",\"file\":\"f\"}\n"
		BY "x\n",
		BY "{}\n",
		BY "\n",
		BY "{\"add\":\"thing\",\"id\":\"a\"}\n",
		BY "{\"add\":\"member\",\"id\":\"a\"}\n",
		BY "{\"add\":\"member\",\"id\":\"a b\",\"set\":{\"name\":\"A\"}}\n",
		BY "{\"add\":\"member\",\"id\":\"harbour-bank\",\"set\":{\"name\":\"A\"}}\n",
		BY "{\"add\":\"member\",\"id\":\"a\",\"set\":{\"name\":7}}\n",
		BY "{\"add\":\"member\",\"id\":\"a\",\"set\":{\"name\":\"A\",\"nick\":\"B\"}}\n",
		BY "{\"add\":\"system\",\"id\":\"s\",\"in\":\"nobody\"}\n",
		BY "{\"add\":\"source\",\"id\":\"NEWS.example\",\"in\":\"harbour-news\"}\n",
		BY "{\"add\":\"source\",\"id\":\"192.0.2.0/24\",\"in\":\"harbour-news\"}\n",
		BY "{\"change\":\"member\",\"id\":\"harbour-bank\",\"set\":{\"name\":\"\"}}\n",
		BY "{\"change\":\"member\",\"id\":\"harbour-bank\"}\n",
		BY
		"{\"change\":\"system\",\"id\":\"harbour-news\",\"set\":{\"declared.from\":\"B.example\"}}\n",
		BY "{\"change\":\"system\",\"id\":\"harbour-news\",\"set\":{\"declared.from\":\"b.example "
		   "\"}}\n",
		BY "{\"remove\":\"member\",\"id\":\"harbour-bank\"}\n",
		BY "{\"remove\":\"source\",\"id\":\"192.0.2.1\"}\n",
	};

	(void)state;
	for (size_t i = 0; i < countof(payloads); i++) {
		struct registry *r = registry_open();
		struct fault fault = { { 0 } };

		(void)test_programme_apply(r, BANK);
		assert_int_equal(registry_apply(r, text_of(payloads[i]), NULL, NULL, &fault), RESULT_DAMAGED);
		assert_true(fault.text[0] != '\0');
		registry_close(r);
	}
}

static uint64_t
next_random(uint64_t *x)
{
	*x ^= *x << 13;
	*x ^= *x >> 7;
	*x ^= *x << 17;
	return *x;
}

/* The twin looks at every source; the registry probes once per prefix length. */
static void
lookup_finds_what_a_naive_twin_finds(void **state)
{
	struct registry *r = registry_open();
	uint64_t x = 20260105;
	struct buffer yaml;

	(void)state;
	buffer_init(&yaml, 1U << 20);
	buffer_format(&yaml, "members: [{id: a, name: A, systems: [{id: s, sources: [");
	for (unsigned i = 0; i < 300; i++) {
		uint64_t v = next_random(&x);
		struct prefix p = { .family = i % 3 == 0 ? 6 : 4, .bits = i % 3 == 0 ? 128 : 32 };
		char text[PREFIX_TEXT_BYTES];

		p.bytes[0] = 32;
		p.bytes[1] = (uint8_t)(v & 3);
		p.bytes[2] = (uint8_t)(v >> 8 & 7);
		p.bytes[3] = (uint8_t)(v >> 16);
		p = prefix_cut(&p, (uint8_t)(8 + v % (p.bits - 7U)));
		prefix_format(&p, text);
		buffer_put(&yaml, "\0", 1);
		yaml.n--;
		if (strstr((const char *)yaml.p, arena_format(&arena, "\"%s\"", text)) == NULL) {
			buffer_format(&yaml, "\"%s\", ", text);
		}
	}
	buffer_format(&yaml, "]}]}]");
	wire_put_u8(&yaml, 0);
	assert_true(test_programme_apply(r, (const char *)yaml.p) > 200);
	for (int i = 0; i < 20000; i++) {
		uint64_t v = next_random(&x);
		struct prefix p = { .family = v & 1 ? 6 : 4, .bits = v & 1 ? 128 : 32 }, best = { 0 };
		uint32_t wanted = REGISTRY_NONE;
		char text[PREFIX_TEXT_BYTES];

		p.bytes[0] = 32;
		p.bytes[1] = (uint8_t)(v >> 1 & 3);
		p.bytes[2] = (uint8_t)(v >> 8 & 7);
		p.bytes[3] = (uint8_t)(v >> 16);
		for (uint32_t id = 0; id < registry_count(r, THING_SOURCE); id++) {
			struct prefix q;

			assert_int_equal(prefix_parse(registry_item(r, THING_SOURCE, id).name, &q, NULL),
					 RESULT_OK);
			if (prefix_contains(&q, &p) && (wanted == REGISTRY_NONE || q.bits > best.bits)) {
				wanted = id;
				best = q;
			}
		}
		assert_int_equal(registry_lookup(r, text_of(prefix_format(&p, text))), wanted);
		i += 99;
	}
	buffer_free(&yaml);
	registry_close(r);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
#define T(name) cmocka_unit_test_teardown(name, give_back)
		T(a_programme_becomes_changes_once),
		T(values_are_canonical_and_defaults_are_filled_in),
		T(what_changes_is_said_and_applied),
		T(ids_are_never_used_again_and_a_source_that_moves_is_another),
		T(a_system_that_changes_hands_is_another),
		T(reporters_are_known_with_kind_trust_and_token),
		T(what_is_wrong_with_a_file_is_named_with_its_place),
		T(sources_of_different_members_must_not_overlap),
		T(aliases_cannot_blow_a_small_file_up),
		T(a_snapshot_is_the_whole_registry),
		T(a_record_that_no_plan_wrote_is_damaged),
		T(lookup_finds_what_a_naive_twin_finds),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
