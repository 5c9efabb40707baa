/* What stands in the zones: RFC 5782 names, empty names between, RFC 5518 names; and the table against a naive twin. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "test_list.h"

#include "list/list.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct list_options two[] = {
	{ .zone = "list.example",
	  .domain_zone = "dom.list.example",
	  .code = "127.0.0.10",
	  .txt = "$ is certified, ask about $",
	  .ttl = 60,
	  .negative_ttl = 30 },
	{ .zone = "safe.example", .code = "127.0.0.3", .txt = "safe", .ttl = 300, .negative_ttl = 60 },
};

static struct list *
open_two(void)
{
	struct fault fault = { 0 };
	struct list *l;

	assert_int_equal(list_open(two, countof(two), &l, &fault), RESULT_OK);
	return l;
}

static void
take(struct list *l, size_t index, const char *text)
{
	struct source_key k = test_key(text);

	assert_int_equal(list_remove(l, index, &k), RESULT_OK);
}

/* The first n bytes of a name; nothing behind them is read (the sanitizer says so). */
static void
expect(const struct list *l, const struct list_name *name, size_t n)
{
	uint8_t *bytes = malloc(n);
	struct list_hope hope;

	assert_non_null(bytes);
	memcpy(bytes, name->bytes, n);
	hope = list_expect(list_read(l), bytes, n);
	list_expect_more(&hope);
	free(bytes);
}

static struct list_found
find(const struct list *l, const char *text)
{
	struct list_name name;

	assert_int_equal(list_name_parse(text_of(text), &name, NULL), RESULT_OK);
	expect(l, &name, name.n);
	return list_find(list_read(l), name.bytes, name.n);
}

static enum list_node
node(const struct list *l, const char *text)
{
	return find(l, text).node;
}

static const char *
words(const struct list *l, const char *text)
{
	static char out[LIST_TEXT_BYTES_MAX + 1];
	struct list_found f = find(l, text);

	assert_true(f.node == LIST_ENTRY || f.node == LIST_VOUCH);
	out[list_found_text(&f, out)] = '\0';
	return out;
}

#define MAPPED(last) last ".0.0.0.0.0.f.7.f.f.f.f.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.list.example"

static void
test_entries_are_there_and_their_opposites_never(void **state)
{
	struct list *l = open_two();
	static const char *const never[] = { "127.0.0.1", "127.0.0.0/8", "0.0.0.0/0", "::/0", "::/64" };

	(void)state;
	assert_int_equal(node(l, "2.0.0.127.list.example"), LIST_ENTRY);
	assert_int_equal(node(l, "1.0.0.127.list.example"), LIST_NOTHING);
	assert_int_equal(node(l, MAPPED("2")), LIST_ENTRY);
	assert_int_equal(node(l, MAPPED("1")), LIST_NOTHING);
	assert_int_equal(node(l, "test.dom.list.example"), LIST_ENTRY);
	assert_int_equal(node(l, "TEST.dom.list.example"), LIST_ENTRY);
	assert_int_equal(node(l, "invalid.dom.list.example"), LIST_NOTHING);
	assert_int_equal(node(l, "test._vouch.list.example"), LIST_NOTHING);
	assert_int_equal(node(l, "2.0.0.127.safe.example"), LIST_ENTRY);
	for (size_t i = 0; i < countof(never); i++) {
		struct source_key k = test_key(never[i]);

		assert_int_equal(list_put(l, 0, &k, 0, NULL), RESULT_BAD_INPUT);
	}
	assert_int_equal(list_count(l, 0), 0);
	list_close(l);
}

static void
test_the_test_entry_cannot_be_changed(void **state)
{
	struct list *l = open_two();
	struct source_key k = test_key("127.0.0.2"), acct = test_key("acct:esp:7");

	(void)state;
	assert_int_equal(list_put(l, 0, &k, 5, NULL), RESULT_CONFLICT);
	assert_int_equal(list_remove(l, 0, &k), RESULT_NOT_FOUND);
	assert_int_equal(list_put(l, 0, &acct, 0, NULL), RESULT_BAD_INPUT);
	assert_int_equal(list_remove(l, 0, &acct), RESULT_NOT_FOUND);
	list_close(l);
}

static void
test_a_change_is_seen_when_it_is_published_and_not_before(void **state)
{
	struct list *l = open_two();

	(void)state;
	test_put(l, 0, "192.0.2.10", 0);
	assert_int_equal(node(l, "10.2.0.192.list.example"), LIST_NOTHING);
	list_publish(l, 7);
	assert_int_equal(node(l, "10.2.0.192.list.example"), LIST_ENTRY);
	assert_int_equal(list_serial(list_read(l)), 7);
	assert_int_equal(node(l, "10.2.0.192.safe.example"), LIST_NOTHING);
	take(l, 0, "192.0.2.10");
	assert_int_equal(node(l, "10.2.0.192.list.example"), LIST_ENTRY);
	list_publish(l, 8);
	assert_int_equal(node(l, "10.2.0.192.list.example"), LIST_NOTHING);
	assert_int_equal(node(l, "2.0.192.list.example"), LIST_NOTHING);
	assert_int_equal(list_count(l, 0), 0);
	list_close(l);
}

static void
test_the_most_specific_prefix_answers(void **state)
{
	struct list *l = open_two();

	(void)state;
	test_put(l, 0, "192.0.0.0/16", 100);
	test_put(l, 0, "192.0.2.0/23", 200);
	test_put(l, 0, "192.0.2.10", 0);
	test_put(l, 0, "2001:db8::/33", 400);
	list_publish(l, 1);
	assert_int_equal(find(l, "10.2.0.192.list.example").ttl, 60);
	assert_int_equal(find(l, "11.3.0.192.list.example").ttl, 200);
	assert_int_equal(find(l, "11.4.0.192.list.example").ttl, 100);
	assert_int_equal(node(l, "11.4.1.192.list.example"), LIST_NOTHING);
	assert_string_equal(words(l, "11.3.0.192.list.example"),
			    "192.0.2.0/23 is certified, ask about 192.0.2.0/23");
	assert_int_equal(
	    find(l, "0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.7.8.B.D.0.1.0.0.2.list.example").ttl, 400);
	assert_int_equal(
	    node(l, "0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.8.b.d.0.1.0.0.2.list.example"),
	    LIST_NOTHING);
	list_close(l);
}

static void
test_names_between_exist_and_are_empty(void **state)
{
	static const char *const empty[] = { "192.list.example",
					     "0.192.list.example",
					     "2.0.192.list.example",
					     "9.0.192.list.example",
					     "2.list.example",
					     "0.0.2.list.example",
					     "8.b.d.0.1.0.0.2.list.example",
					     "example.dom.list.example",
					     "_vouch.list.example",
					     "example._vouch.list.example" };
	static const char *const nothing[] = { "193.list.example",      "1.192.list.example",
					       "16.0.192.list.example", "3.list.example",
					       "net.dom.list.example",  "net._vouch.list.example",
					       "_vouch.safe.example" };
	struct list *l = open_two();

	(void)state;
	test_put(l, 0, "192.0.2.10", 0);
	test_put(l, 0, "192.0.8.0/21", 0); /* covers 192.0.9.0/24 */
	test_put(l, 0, "2001:db8::/35", 0);
	test_put(l, 0, "mail.example.example", 0);
	test_put(l, 0, "mail.example", 0);
	list_publish(l, 1);
	for (size_t i = 0; i < countof(empty); i++) {
		assert_int_equal(node(l, empty[i]), LIST_EMPTY);
	}
	for (size_t i = 0; i < countof(nothing); i++) {
		assert_int_equal(node(l, nothing[i]), LIST_NOTHING);
	}
	take(l, 0, "mail.example.example");
	list_publish(l, 2);
	assert_int_equal(node(l, "example.dom.list.example"), LIST_EMPTY);
	take(l, 0, "mail.example");
	list_publish(l, 3);
	assert_int_equal(node(l, "example.dom.list.example"), LIST_NOTHING);
	assert_int_equal(node(l, "_vouch.list.example"), LIST_NOTHING);
	list_close(l);
}

static void
test_a_domain_answers_exactly_and_vouches(void **state)
{
	struct list *l = open_two();

	(void)state;
	test_put(l, 0, "Mail.Example", 120);
	test_put(l, 0, "x.test", 0);
	test_put(l, 1, "safe.test", 0); /* the list has no domain zone */
	list_publish(l, 1);
	assert_int_equal(node(l, "mail.EXAMPLE.dom.list.example"), LIST_ENTRY);
	assert_string_equal(words(l, "mail.example.dom.list.example"),
			    "mail.example is certified, ask about mail.example");
	assert_int_equal(node(l, "a.mail.example.dom.list.example"), LIST_NOTHING);
	assert_int_equal(node(l, "mail.example.list.example"), LIST_NOTHING);
	assert_int_equal(node(l, "mail.example._Vouch.list.example"), LIST_VOUCH);
	assert_int_equal(find(l, "mail.example._vouch.list.example").ttl, 120);
	assert_string_equal(words(l, "mail.example._vouch.list.example"), "all");
	assert_int_equal(node(l, "test._vouch.list.example"), LIST_EMPTY);
	assert_int_equal(node(l, "safe.test._vouch.safe.example"), LIST_VOUCH);
	assert_int_equal(node(l, "mail.example._vouch.safe.example"), LIST_NOTHING);
	list_close(l);
}

/* RFC 4343: A to Z are a to z and nothing else is anything else, wherever in the name. */
static void
test_letters_alone_come_in_two_cases(void **state)
{
	struct list *l = open_two();

	(void)state;
	for (int c = 'a'; c <= 'z'; c++) {
		for (int before = 0; before < 9; before++) {
			char text[32];

			(void)snprintf(text, sizeof text, "%.*s%c.test", before, "000000000", c);
			test_put(l, 0, text, 0);
		}
	}
	list_publish(l, 1);
	for (int c = 1; c < 256; c++) {
		bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');

		for (uint8_t before = 0; before < 9; before++) {
			static const uint8_t rest[] = "\004test\003dom\004list\007example";
			uint8_t name[LIST_NAME_BYTES_MAX] = { (uint8_t)(before + 1) };

			memset(name + 1, '0', before);
			name[before + 1] = (uint8_t)c;
			memcpy(name + before + 2, rest, sizeof rest);
			assert_int_equal(list_find(list_read(l), name, before + 2U + sizeof rest).node,
					 letter ? LIST_ENTRY : LIST_NOTHING);
		}
	}
	list_close(l);
}

static void
test_names_that_are_no_addresses_are_nothing(void **state)
{
	static const char *const names[] = { "256.2.0.192",   "01.2.0.192",        "1.1.2.0.192",
					     "a.2.0.192",     "1111.2.0.192",      "-1.2.0.192",
					     "10.2.0.192.10", "g.8.b.d.0.1.0.0.2", "ns",
					     "xvouch" };
	char name[100];
	struct list *l = open_two();

	(void)state;
	test_put(l, 0, "128.0.0.0/1", 0);
	test_put(l, 0, "192.0.2.0/24", 0);
	test_put(l, 0, "2001:db8::/32", 0);
	list_publish(l, 1);
	for (size_t i = 0; i < countof(names); i++) {
		(void)snprintf(name, sizeof name, "%s.list.example", names[i]);
		assert_int_equal(node(l, name), LIST_NOTHING);
	}
	assert_int_equal(node(l, "list.example"), LIST_APEX);
	assert_int_equal(node(l, "dom.list.example"), LIST_APEX);
	assert_int_equal(node(l, "example"), LIST_ELSEWHERE);
	assert_int_equal(node(l, "xlist.example"), LIST_ELSEWHERE);
	assert_int_equal(node(l, "10.2.0.192.list.example.org"), LIST_ELSEWHERE);
	list_close(l);
}

static void
test_the_longest_zone_has_the_name_in_whatever_order_they_stand(void **state)
{
	static const char *const zones[2][2] = { { "list.example", "sub.list.example" },
						 { "sub.list.example", "list.example" } };

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct list_options options[2] = { two[1], two[1] };
		struct list *l;

		options[0].zone = zones[i][0];
		options[1].zone = zones[i][1];
		assert_int_equal(list_open(options, 2, &l, NULL), RESULT_OK);
		assert_int_equal(find(l, "2.0.0.127.sub.list.example").zone->list, 1 - i);
		assert_int_equal(find(l, "2.0.0.127.list.example").zone->list, i);
		list_close(l);
	}
}

static void
test_a_zone_ends_a_name_by_labels_not_by_bytes(void **state)
{
	static const uint8_t name[] = "\006x\004list\007example", below[] = "\0011\006x\004list\007example";
	struct list *l = open_two();

	(void)state;
	assert_int_equal(list_find(list_read(l), name, sizeof name).node, LIST_ELSEWHERE);
	assert_int_equal(list_find(list_read(l), below, sizeof below).node, LIST_ELSEWHERE);
	list_close(l);
}

static void
test_bad_options_are_named(void **state)
{
	static const struct {
		struct list_options options;
		const char *words;
	} bad[] = {
		{ { .zone = "", .code = "127.0.0.2", .ttl = 1, .negative_ttl = 1 }, "no domain name" },
		{ { .zone = "a..b", .code = "127.0.0.2", .ttl = 1, .negative_ttl = 1 }, "a..b" },
		{ { .zone = "a.b", .code = "127.0.0.1", .ttl = 1, .negative_ttl = 1 }, "code 127.0.0.1" },
		{ { .zone = "a.b", .code = "127.255.255.254", .ttl = 1, .negative_ttl = 1 }, "error" },
		{ { .zone = "a.b", .code = "192.0.2.1", .ttl = 1, .negative_ttl = 1 }, "code 192.0.2.1" },
		{ { .zone = "a.b", .code = "127.0.0.2", .ttl = 0, .negative_ttl = 1 }, "ttls" },
		{ { .zone = "a.b", .domain_zone = "A.B.", .code = "127.0.0.2", .ttl = 1, .negative_ttl = 1 },
		  "twice" },
		{ { .zone = "a.b", .code = "127.0.0.2", .contact = "x@y", .ttl = 1, .negative_ttl = 1 },
		  "x@y" },
	};

	(void)state;
	for (size_t i = 0; i < countof(bad); i++) {
		struct fault fault = { 0 };
		struct list *l;

		assert_int_equal(list_open(&bad[i].options, 1, &l, &fault), RESULT_BAD_INPUT);
		assert_null(l);
		assert_non_null(strstr(fault.text, bad[i].words));
	}
}

/* ---- the naive twin: an array of keys, every question answered by looking at all of them */

#define TWIN_KEYS  400
#define TWIN_STEPS 6000

struct twin {
	struct source_key keys[TWIN_KEYS];
	uint32_t ttl[TWIN_KEYS]; /* 0: not listed */
};

static uint32_t
roll(uint64_t *seed, uint32_t below)
{
	*seed = *seed * 6364136223846793005U + 1442695040888963407U;
	return (uint32_t)(*seed >> 33) % below;
}

static void
twin_keys(struct twin *t, uint64_t *seed)
{
	char text[100];

	for (size_t i = 0; i < TWIN_KEYS; i++) {
		unsigned bits = roll(seed, 4) == 0 ? 32 : 9 + roll(seed, 24), wide = 4 * (8 + roll(seed, 25));
		struct prefix p = {
			4, 32, { 10, (uint8_t)roll(seed, 3), (uint8_t)roll(seed, 4), (uint8_t)roll(seed, 16) }
		};
		char address[PREFIX_TEXT_BYTES];

		if (i % 3 == 0) {
			p = prefix_cut(&p, (uint8_t)bits);
			(void)snprintf(text, sizeof text, "%s", prefix_format(&p, address));
		} else if (i % 3 == 1) {
			p = (struct prefix){ 6,
					     128,
					     { 0x20, 1, 0xd, 0xb8, (uint8_t)roll(seed, 3), 0, 0,
					       (uint8_t)roll(seed, 4) } };
			p.bytes[15] = (uint8_t)roll(seed, 9);
			p = prefix_cut(&p, (uint8_t)(wide - roll(seed, 3)));
			(void)snprintf(text, sizeof text, "%s", prefix_format(&p, address));
		} else {
			(void)snprintf(text, sizeof text, "a%u.b%u.c%u%s", roll(seed, 8), roll(seed, 5),
				       roll(seed, 5), roll(seed, 2) == 0 ? "" : ".example");
		}
		t->keys[i] = test_key(text);
		for (size_t j = 0; j < i; j++) {
			if (text_equal(source_key_text(&t->keys[j]), source_key_text(&t->keys[i]))) {
				i--; /* the same key twice: another one */
				break;
			}
		}
	}
}

/* The longest listed prefix that covers p; its ttl, or 0. */
static uint32_t
twin_covers(const struct twin *t, const struct prefix *p)
{
	int best = -1;

	for (int i = 0; i < TWIN_KEYS; i++) {
		if (t->ttl[i] != 0 && t->keys[i].kind != SOURCE_DOMAIN &&
		    prefix_contains(&t->keys[i].prefix, p) &&
		    (best < 0 || t->keys[i].prefix.bits > t->keys[best].prefix.bits)) {
			best = i;
		}
	}
	return best < 0 ? 0 : t->ttl[best];
}

static bool
twin_below(const struct twin *t, const struct prefix *p)
{
	for (size_t i = 0; i < TWIN_KEYS; i++) {
		if (t->ttl[i] != 0 && t->keys[i].kind != SOURCE_DOMAIN &&
		    prefix_contains(p, &t->keys[i].prefix)) {
			return true;
		}
	}
	return false;
}

static void
reverse(const struct prefix *p, char *out, size_t size)
{
	size_t n = 0;

	for (int bits = p->bits; bits > 0; bits -= p->family == 4 ? 8 : 4) {
		unsigned byte = p->bytes[(bits - 1) / 8];

		n += (size_t)snprintf(out + n, size - n, p->family == 4 ? "%u." : "%x.",
				      p->family == 4  ? byte
				      : bits % 8 == 0 ? byte & 15
						      : byte >> 4);
	}
	(void)snprintf(out + n, size - n, "list.example");
}

static void
compare_prefix(const struct list *l, const struct twin *t, const struct prefix *p)
{
	uint32_t ttl = twin_covers(t, p);
	char name[100];
	struct list_found f;

	reverse(p, name, sizeof name);
	f = find(l, name);
	if (prefix_is_address(p)) {
		assert_int_equal(f.node, ttl != 0 ? LIST_ENTRY : LIST_NOTHING);
		assert_int_equal(f.ttl, ttl);
	} else {
		assert_int_equal(f.node, ttl != 0 || twin_below(t, p) ? LIST_EMPTY : LIST_NOTHING);
	}
}

static void
compare_domain(const struct list *l, const struct twin *t, const char *text)
{
	size_t n = strlen(text);
	enum list_node want = LIST_NOTHING;
	char name[100];

	for (size_t i = 0; i < TWIN_KEYS; i++) {
		const struct source_key *k = &t->keys[i];

		if (t->ttl[i] == 0 || k->kind != SOURCE_DOMAIN || k->n < n ||
		    strcmp(k->text + k->n - n, text) != 0) {
			continue;
		}
		if (k->n == n) {
			want = LIST_ENTRY;
		} else if (k->text[k->n - n - 1] == '.' && want == LIST_NOTHING) {
			want = LIST_EMPTY;
		}
	}
	(void)snprintf(name, sizeof name, "%s.dom.list.example", text);
	assert_int_equal(node(l, name), want);
	(void)snprintf(name, sizeof name, "%s._vouch.list.example", text);
	assert_int_equal(node(l, name), want == LIST_ENTRY ? LIST_VOUCH : want);
}

/* The key itself, and every name above it. */
static void
compare(const struct list *l, const struct twin *t, const struct source_key *k)
{
	const char *dot = k->text;

	if (k->kind == SOURCE_DOMAIN) {
		compare_domain(l, t, dot);
		while ((dot = strchr(dot, '.')) != NULL) {
			compare_domain(l, t, ++dot);
		}
		return;
	}
	for (uint8_t bits = k->prefix.bits; bits > 7; bits--) {
		struct prefix p = prefix_cut(&k->prefix, bits);

		if (bits % (p.family == 4 ? 8 : 4) == 0) {
			compare_prefix(l, t, &p);
		}
	}
}

static void
test_the_table_agrees_with_a_naive_twin(void **state)
{
	static struct twin t;
	uint64_t seed = 42, serial = 0, count = 0;
	struct list *l = open_two();

	(void)state;
	twin_keys(&t, &seed);
	for (int step = 0; step < TWIN_STEPS; step++) {
		size_t i = roll(&seed, TWIN_KEYS);

		if (t.ttl[i] == 0 || roll(&seed, 3) == 0) {
			count += t.ttl[i] == 0;
			t.ttl[i] = 1 + roll(&seed, 1000);
			assert_int_equal(list_put(l, 0, &t.keys[i], t.ttl[i], NULL), RESULT_OK);
		} else {
			count--;
			t.ttl[i] = 0;
			assert_int_equal(list_remove(l, 0, &t.keys[i]), RESULT_OK);
			assert_int_equal(list_remove(l, 0, &t.keys[i]), RESULT_NOT_FOUND);
		}
		assert_int_equal(list_count(l, 0), count);
		if (roll(&seed, 4) == 0) {
			list_publish(l, ++serial);
			compare(l, &t, &t.keys[i]);
			compare(l, &t, &t.keys[roll(&seed, TWIN_KEYS)]);
		}
	}
	list_clear(l);
	memset(t.ttl, 0, sizeof t.ttl);
	list_publish(l, ++serial);
	for (size_t i = 0; i < TWIN_KEYS; i++) {
		compare(l, &t, &t.keys[i]);
	}
	assert_int_equal(list_count(l, 0), 0);
	assert_int_equal(node(l, "2.0.0.127.list.example"), LIST_ENTRY);
	list_close(l);
}

/* ---- so many IPv6 prefixes that their pages split and empty: each question answered by looking at all of them */

#define SIX_KEYS  3000
#define SIX_STEPS 20000

struct six {
	struct source_key keys[SIX_KEYS];
	uint32_t ttl[SIX_KEYS]; /* 0: not listed */
};

/* Few different nibbles, so that prefixes lie in each other, half of them in one /64; the lengths of a nibble, so that each has a name. */
static void
six_keys(struct six *t, uint64_t *seed)
{
	for (size_t i = 0; i < SIX_KEYS; i++) {
		struct prefix p = { 6, 128, { 0x20, 1 } };
		char text[PREFIX_TEXT_BYTES];

		for (size_t b = 2; b < 16; b++) {
			p.bytes[b] = (uint8_t)(roll(seed, 2) << 7 | roll(seed, 3) << 2);
		}
		if (i % 2 == 0) { /* so many in one /64 that pages begin with the same half */
			memset(p.bytes + 2, 0, 6);
		}
		p = prefix_cut(&p, (uint8_t)(roll(seed, 3) == 0 ? 128 : 4 * (10 + roll(seed, 23))));
		t->keys[i] = test_key(prefix_format(&p, text));
		for (size_t j = 0; j < i; j++) {
			if (text_equal(source_key_text(&t->keys[j]), source_key_text(&t->keys[i]))) {
				i--;
				break;
			}
		}
	}
}

static void
six_compare(const struct list *l, const struct six *t, const struct prefix *p)
{
	bool below = false;
	int best = -1;
	struct list_found f;
	char name[100];

	for (int i = 0; i < SIX_KEYS; i++) {
		const struct prefix *k = &t->keys[i].prefix;

		if (t->ttl[i] != 0 && prefix_contains(k, p) &&
		    (best < 0 || k->bits > t->keys[best].prefix.bits)) {
			best = i;
		}
		below = below || (t->ttl[i] != 0 && prefix_contains(p, k));
	}
	reverse(p, name, sizeof name);
	f = find(l, name);
	if (prefix_is_address(p)) {
		char text[LIST_TEXT_BYTES_MAX], want[100];

		assert_int_equal(f.node, best >= 0 ? LIST_ENTRY : LIST_NOTHING);
		assert_int_equal(f.ttl, best >= 0 ? t->ttl[best] : 0);
		if (best >= 0) {
			(void)snprintf(want, sizeof want, "%s is certified", t->keys[best].text);
			assert_true(list_found_text(&f, text) > strlen(want));
			assert_memory_equal(text, want, strlen(want));
		}
	} else {
		assert_int_equal(f.node, best >= 0 || below ? LIST_EMPTY : LIST_NOTHING);
	}
}

/* A list that is loaded is one draft: pages split without being published in between, or a change later costs all of it. */
static void
test_a_bulk_of_ipv6_prefixes_lies_in_pages_too(void **state)
{
	static struct six t;
	uint64_t seed = 11;
	struct list *l = open_two();

	(void)state;
	six_keys(&t, &seed);
	for (size_t i = 0; i < SIX_KEYS; i++) {
		t.ttl[i] = 1 + roll(&seed, 1000);
		assert_int_equal(list_put(l, 0, &t.keys[i], t.ttl[i], NULL), RESULT_OK);
	}
	list_publish(l, 1);
	assert_int_equal(list_count(l, 0), SIX_KEYS);
	for (size_t i = 0; i < SIX_KEYS; i += 10) {
		six_compare(l, &t, &t.keys[i].prefix);
	}
	list_close(l);
}

static void
test_many_ipv6_prefixes_agree_with_looking_at_all(void **state)
{
	static struct six t;
	uint64_t seed = 7, serial = 0;
	struct list *l = open_two();

	(void)state;
	six_keys(&t, &seed);
	for (int step = 0; step < SIX_STEPS; step++) {
		size_t i = roll(&seed, SIX_KEYS);
		/* The list fills, and then empties. */
		bool keep = step < SIX_STEPS / 2 ? roll(&seed, 8) != 0 : roll(&seed, 8) == 0;

		if (keep) {
			t.ttl[i] = 1 + roll(&seed, 1000);
			assert_int_equal(list_put(l, 0, &t.keys[i], t.ttl[i], NULL), RESULT_OK);
		} else {
			assert_int_equal(list_remove(l, 0, &t.keys[i]),
					 t.ttl[i] != 0 ? RESULT_OK : RESULT_NOT_FOUND);
			t.ttl[i] = 0;
		}
		if (roll(&seed, 16) == 0) {
			struct prefix p = t.keys[roll(&seed, SIX_KEYS)].prefix;

			list_publish(l, ++serial);
			six_compare(l, &t, &t.keys[i].prefix);
			p.bytes[15] = (uint8_t)(roll(&seed, 3) << 2);
			p.bits = 128;
			six_compare(l, &t, &p);
			p = prefix_cut(&p, (uint8_t)(4 * (1 + roll(&seed, 31))));
			six_compare(l, &t, &p);
		}
	}
	for (size_t i = 0; i < SIX_KEYS; i++) { /* page after page empties */
		assert_int_equal(list_remove(l, 0, &t.keys[i]), t.ttl[i] != 0 ? RESULT_OK : RESULT_NOT_FOUND);
		t.ttl[i] = 0;
		if (i % 16 == 0) {
			list_publish(l, ++serial);
			six_compare(l, &t, &t.keys[roll(&seed, SIX_KEYS)].prefix);
		}
	}
	assert_int_equal(list_count(l, 0), 0);
	assert_int_equal(node(l, "2.0.0.127.list.example"), LIST_ENTRY);
	list_close(l);
}

static void
test_a_name_that_ends_anywhere_may_be_expected(void **state)
{
	static const char mapped[] =
	    "1.0.0.0.0.0.f.7.f.f.f.f.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.list.example";
	static const char *const names[] = { "10.2.0.192.list.example", "l", "1.2.3.dom.example", "1.2.3.4.x",
					     mapped };
	struct list *l = open_two();

	(void)state;
	test_put(l, 0, "2001:db8::/32", 0);
	test_put(l, 0, "192.0.2.0/24", 0);
	list_publish(l, 1);
	for (size_t i = 0; i < countof(names); i++) {
		struct list_name name;

		assert_int_equal(list_name_parse(text_of(names[i]), &name, NULL), RESULT_OK);
		for (size_t n = 1; n <= name.n; n++) {
			expect(l, &name, n);
		}
	}
	list_close(l);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_entries_are_there_and_their_opposites_never),
		cmocka_unit_test(test_the_test_entry_cannot_be_changed),
		cmocka_unit_test(test_a_change_is_seen_when_it_is_published_and_not_before),
		cmocka_unit_test(test_the_most_specific_prefix_answers),
		cmocka_unit_test(test_names_between_exist_and_are_empty),
		cmocka_unit_test(test_a_domain_answers_exactly_and_vouches),
		cmocka_unit_test(test_letters_alone_come_in_two_cases),
		cmocka_unit_test(test_names_that_are_no_addresses_are_nothing),
		cmocka_unit_test(test_the_longest_zone_has_the_name_in_whatever_order_they_stand),
		cmocka_unit_test(test_a_zone_ends_a_name_by_labels_not_by_bytes),
		cmocka_unit_test(test_bad_options_are_named),
		cmocka_unit_test(test_the_table_agrees_with_a_naive_twin),
		cmocka_unit_test(test_a_bulk_of_ipv6_prefixes_lies_in_pages_too),
		cmocka_unit_test(test_many_ipv6_prefixes_agree_with_looking_at_all),
		cmocka_unit_test(test_a_name_that_ends_anywhere_may_be_expected),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
