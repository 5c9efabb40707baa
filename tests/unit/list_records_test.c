/* The records of a zone, read as RFC 4592 says a name server must, say what list_find says; steps lead from one to the next. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "test_list.h"

#include "list/records.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NAMES_MAX 400000U

/* A zone as a secondary has it: owner names with what they say, sorted. */
struct name {
	uint8_t n;
	uint8_t bytes[LIST_NAME_BYTES_MAX];
	struct text words; /* "60 A 192.0.2.0/24 is certified"; of a name between: empty */
};

struct copy {
	struct arena arena;
	const struct list *list;
	struct name **names; /* in the arena: what is sorted and moved is small */
	size_t count;
};

static uint64_t seed = 7;

static uint32_t
roll(uint32_t below)
{
	seed = seed * 6364136223846793005U + 1442695040888963407U;
	return (uint32_t)(seed >> 33) % below;
}

static int
compare(const void *left, const void *right)
{
	const struct name *a = *(const struct name *const *)left, *b = *(const struct name *const *)right;
	int order = memcmp(a->bytes, b->bytes, a->n < b->n ? a->n : b->n);

	return order != 0 ? order : (a->n > b->n) - (a->n < b->n);
}

static struct name **
find_name(const struct copy *c, const uint8_t *bytes, size_t n)
{
	struct name key = { .n = (uint8_t)n }, *wanted = &key;

	memcpy(key.bytes, bytes, n);
	return bsearch(&wanted, c->names, c->count, sizeof wanted, compare);
}

static struct text
words_of(struct copy *c, const struct list *list, const struct list_record *r)
{
	char text[LIST_TEXT_BYTES_MAX];
	size_t n = list_record_text(list, r, text);

	return text_of(
	    arena_format(&c->arena, "%u %s %.*s", (unsigned)r->ttl, r->vouch ? "" : "A", (int)n, text));
}

static struct name *
new_name(struct copy *c)
{
	assert_true(c->count < NAMES_MAX);
	return c->names[c->count++] = arena_get(&c->arena, sizeof(struct name));
}

static bool
take_name(void *context, const struct list_record *r)
{
	struct copy *c = context;
	struct name *name = new_name(c);

	name->n = (uint8_t)list_record_name(c->list, r, name->bytes);
	assert_true(name->n > 0);
	name->words = words_of(c, c->list, r);
	return true;
}

static void
copy_new(struct copy *c, const struct list *list)
{
	*c = (struct copy){ .list = list, .names = calloc(NAMES_MAX, sizeof(struct name *)) };
	assert_non_null(c->names);
}

static void
copy_read(struct copy *c, const struct list_image *image, size_t zone)
{
	struct fault fault = { { 0 } };
	size_t count;

	c->count = 0;
	arena_clear(&c->arena);
	assert_int_equal(list_records(image, &list_zones(c->list, &count)[zone], take_name, c, &fault),
			 RESULT_OK);
	qsort(c->names, c->count, sizeof *c->names, compare);
	for (size_t i = 1; i < c->count; i++) {
		assert_true(compare(&c->names[i - 1], &c->names[i]) < 0); /* each owner once */
	}
}

static void
copy_free(struct copy *c)
{
	arena_clear(&c->arena);
	free(c->names);
}

/* Names between, which exist without records (RFC 4592 2.2.2). */
static void
copy_add_between(struct copy *c, size_t zone_bytes)
{
	size_t count = c->count, kept = 0;

	for (size_t i = 0; i < count; i++) {
		const struct name *name = c->names[i];

		for (size_t at = name->bytes[0] + 1U; name->n - at > zone_bytes; at += name->bytes[at] + 1U) {
			struct name *above = new_name(c);

			above->n = (uint8_t)(name->n - at);
			memcpy(above->bytes, name->bytes + at, above->n);
		}
	}
	qsort(c->names, c->count, sizeof *c->names, compare);
	for (size_t i = 0; i < c->count; i++) { /* of doubles the one with words stays */
		if (kept > 0 && compare(&c->names[kept - 1], &c->names[i]) == 0) {
			if (c->names[i]->words.n > 0) {
				c->names[kept - 1] = c->names[i];
			}
			continue;
		}
		c->names[kept++] = c->names[i];
	}
	c->count = kept;
}

/* RFC 1034 4.3.2 and RFC 4592 3.3: the name, or the wildcard at its closest encloser. Empty: none. */
static struct text
copy_ask(const struct copy *c, const uint8_t *name, size_t n, size_t zone_bytes)
{
	struct name *const *found = find_name(c, name, n);

	while (found == NULL && n > zone_bytes) {
		uint8_t wildcard[LIST_NAME_BYTES_MAX + 2] = { 1, '*' };
		size_t label = name[0] + 1U;

		name += label;
		n -= label;
		if (n == zone_bytes || find_name(c, name, n) != NULL) {
			memcpy(wildcard + 2, name, n);
			found = find_name(c, wildcard, n + 2);
			return found == NULL ? (struct text){ 0 } : (*found)->words;
		}
	}
	return found == NULL ? (struct text){ 0 } : (*found)->words;
}

static struct list *
open_list(const char *domain_zone)
{
	const struct list_options options = { .zone = "list.example",
					      .domain_zone = domain_zone,
					      .code = "127.0.0.10",
					      .txt = "$ is certified",
					      .ttl = 60,
					      .negative_ttl = 30 };
	struct list *list;

	assert_int_equal(list_open(&options, 1, &list, NULL), RESULT_OK);
	return list;
}

static size_t
name_of(const char *text, uint8_t out[LIST_NAME_BYTES_MAX])
{
	struct list_name name;

	if (text[0] == '*') { /* no label that may be asked for */
		assert_int_equal(list_name_parse(text_of(text + 2), &name, NULL), RESULT_OK);
		memcpy(out, "\001*", 2);
		memcpy(out + 2, name.bytes, name.n);
		return name.n + 2U;
	}
	assert_int_equal(list_name_parse(text_of(text), &name, NULL), RESULT_OK);
	memcpy(out, name.bytes, name.n);
	return name.n;
}

static void
expect(const struct copy *c, const char *name, const char *words)
{
	uint8_t bytes[LIST_NAME_BYTES_MAX];
	size_t n = name_of(name, bytes);
	struct name *const *found = find_name(c, bytes, n);

	if (words == NULL) {
		assert_null(found);
		return;
	}
	assert_non_null(found);
	assert_true(text_equal((*found)->words, text_of(words)));
}

static void
test_a_prefix_is_wildcards_where_dns_can_say_it(void **state)
{
	struct list *list = open_list("dom.example");
	struct copy c;

	(void)state;
	copy_new(&c, list);
	test_put(list, 0, "192.0.2.10", 0);
	test_put(list, 0, "198.51.100.0/24", 5);
	test_put(list, 0, "198.51.100.7", 0);
	test_put(list, 0, "203.0.112.0/23", 0);
	test_put(list, 0, "203.0.113.8/30", 0);
	test_put(list, 0, "100.0.0.0/8", 0);
	test_put(list, 0, "100.1.2.3", 0);
	test_put(list, 0, "2001:db8::/32", 0);
	test_put(list, 0, "2001:db8:fc::/46", 0);
	test_put(list, 0, "mail.example", 9);
	list_publish(list, 1);
	copy_read(&c, list_read(list), 0);
	expect(&c, "10.2.0.192.list.example", "60 A 192.0.2.10 is certified");
	expect(&c, "*.100.51.198.list.example", "5 A 198.51.100.0/24 is certified");
	expect(&c, "7.100.51.198.list.example", "60 A 198.51.100.7 is certified");
	expect(&c, "8.100.51.198.list.example", NULL);
	expect(&c, "*.112.0.203.list.example", "60 A 203.0.112.0/23 is certified");
	expect(&c, "*.113.0.203.list.example", "60 A 203.0.112.0/23 is certified");
	expect(&c, "11.113.0.203.list.example", "60 A 203.0.113.8/30 is certified");
	expect(&c, "12.113.0.203.list.example", NULL);
	expect(&c, "*.100.list.example", "60 A 100.0.0.0/8 is certified");
	expect(&c, "*.1.100.list.example", "60 A 100.0.0.0/8 is certified"); /* 3.2.1.100 would stop it */
	expect(&c, "*.2.1.100.list.example", "60 A 100.0.0.0/8 is certified");
	expect(&c, "*.3.1.100.list.example", NULL);
	expect(&c, "*.8.b.d.0.1.0.0.2.list.example", "60 A 2001:db8::/32 is certified");
	expect(&c, "*.c.f.0.0.8.b.d.0.1.0.0.2.list.example", "60 A 2001:db8:fc::/46 is certified");
	expect(&c, "2.0.0.127.list.example", "60 A 127.0.0.2 is certified");
	expect(&c, "mail.example._vouch.list.example", "9  all");
	expect(&c, "mail.example.list.example", NULL);
	copy_read(&c, list_read(list), 1);
	expect(&c, "mail.example.dom.example", "9 A mail.example is certified");
	expect(&c, "test.dom.example", "60 A test is certified");
	assert_int_equal(c.count, 2);
	copy_free(&c);
	list_close(list);
}

static void
test_a_wildcard_never_stands_for_the_other_family(void **state)
{
	struct list *list = open_list("");
	struct copy c;

	(void)state;
	copy_new(&c, list);
	test_put(list, 0, "2.6.0.0/16", 0);
	list_publish(list, 1);
	copy_read(&c, list_read(list), 0);
	expect(&c, "*.6.2.list.example", NULL); /* it would be a name of 2620:fe::fe too */
	expect(&c, "*.0.6.2.list.example", NULL);
	expect(&c, "*.10.6.2.list.example", "60 A 2.6.0.0/16 is certified");
	expect(&c, "0.0.6.2.list.example", "60 A 2.6.0.0/16 is certified");
	expect(&c, "255.9.6.2.list.example", "60 A 2.6.0.0/16 is certified");
	assert_int_equal(c.count, 246 + 10 * 256 + 2);
	copy_free(&c);
	list_close(list);
}

static void
test_what_needs_too_many_names_is_refused_by_name(void **state)
{
	struct list *list = open_list("");
	struct fault fault = { { 0 } };
	struct copy c;
	size_t count;

	(void)state;
	copy_new(&c, list);
	test_put(list, 0, "8.0.0.0/7", 0);
	list_publish(list, 1);
	copy_read(&c, list_read(list), 0);
	assert_int_equal(c.count, 2 * 28306 + 2);
	test_put(list, 0, "4.0.0.0/6", 0);
	list_publish(list, 2);
	assert_int_equal(list_records(list_read(list), list_zones(list, &count), take_name, &c, &fault),
			 RESULT_NOT_ALLOWED);
	assert_string_equal(fault.text,
			    "4.0.0.0/6 cannot be transferred: it needs 113224 names, and 65536 are the most");
	copy_free(&c);
	list_close(list);
}

/* A prefix among few addresses, so that many lie in others; with labels that both families have. */
static struct prefix
random_prefix(void)
{
	static const uint8_t octets[] = { 2, 6, 0, 9, 10, 255, 128, 127 },
			     nibbles[] = { 0x20, 0x26, 0x0f, 0xfa };
	struct prefix p = { 4, 32, { 0 } };

	if (roll(2) == 0) {
		for (size_t i = 0; i < 4; i++) {
			p.bytes[i] =
			    roll(4) == 0 ? (uint8_t)roll(256) : octets[roll(i < 2 ? 3 : countof(octets))];
		}
		return prefix_cut(&p, (uint8_t)(roll(3) == 0    ? 32
						: roll(50) == 0 ? 9 + roll(24)
								: 16 + roll(17)));
	}
	p = (struct prefix){ 6, 128, { 0x26 } };
	for (size_t i = 0; i < 16; i++) {
		p.bytes[i] = i < 3 || i > 13 ? nibbles[roll(countof(nibbles))] : 0;
	}
	return prefix_cut(&p, (uint8_t)(roll(3) == 0 ? 128 : 6 + roll(roll(2) == 0 ? 122 : 30)));
}

static size_t
question_of(const struct prefix *p, uint8_t out[LIST_NAME_BYTES_MAX])
{
	char text[LIST_NAME_BYTES_MAX];
	size_t n = 0;

	for (size_t i = p->family == 4 ? 4 : 32; i-- > 0;) {
		unsigned nibble = p->bytes[i / 2] >> (i % 2 == 0 ? 4 : 0) & 15;

		n += (size_t)(p->family == 4 ? snprintf(text + n, sizeof text - n, "%u.", p->bytes[i])
					     : snprintf(text + n, sizeof text - n, "%x.", nibble));
	}
	(void)snprintf(text + n, sizeof text - n, "list.example");
	return name_of(text, out);
}

/* An address in or beside a prefix that is there. */
static struct prefix
random_address(const struct prefix *near)
{
	struct prefix p = *near;
	unsigned bits = p.family == 4 ? 32 : 128;

	for (unsigned i = p.bits; i < bits; i++) {
		p.bytes[i / 8] |= (uint8_t)(roll(2) << (7 - i % 8));
	}
	p.bits = (uint8_t)bits;
	if (roll(3) == 0) {
		unsigned flip = roll(bits);

		p.bytes[flip / 8] ^= (uint8_t)(1U << flip % 8);
	}
	return p;
}

#define KEYS 24U

/* Some entries come, some go. */
static void
change_some(struct list *list, struct prefix *keys, size_t changes)
{
	for (size_t i = 0; i < changes; i++) {
		struct source_key key = { .kind = SOURCE_PREFIX, .prefix = keys[roll(KEYS)] };

		if (list_remove(list, 0, &key) != RESULT_OK) {
			key.prefix = roll(2) == 0 ? random_prefix() : key.prefix;
			keys[roll(KEYS)] = key.prefix;
			if (list_put(list, 0, &key, 1 + roll(3), NULL) != RESULT_OK) {
				continue; /* it has 127.0.0.1 */
			}
		}
		if (roll(4) == 0) {
			char domain[] = "a.example";
			struct source_key named;

			domain[0] = (char)('a' + roll(20));
			named = test_key(domain);
			if (list_remove(list, 0, &named) != RESULT_OK) {
				test_put(list, 0, domain, roll(3));
			}
		}
	}
}

static void
expect_the_same_answers(struct copy *c, const struct list_image *image, const struct prefix *keys)
{
	const size_t zone_bytes = sizeof "\004list\007example";

	copy_read(c, image, 0);
	copy_add_between(c, zone_bytes);
	for (size_t i = 0; i < 400; i++) {
		struct prefix p = random_address(&keys[roll(KEYS)]);
		uint8_t name[LIST_NAME_BYTES_MAX];
		char text[LIST_TEXT_BYTES_MAX];
		size_t n = question_of(&p, name);
		struct list_found found = list_find(image, name, n);
		struct text words = copy_ask(c, name, n, zone_bytes), wanted = { 0 };

		if (found.node == LIST_ENTRY) {
			wanted = text_of(arena_format(&c->arena, "%u A %.*s", (unsigned)found.ttl,
						      (int)list_found_text(&found, text), text));
		}
		assert_true(text_equal(words, wanted));
	}
}

static void
test_each_address_is_answered_as_we_answer(void **state)
{
	(void)state;
	for (int round = 0; round < 25; round++) {
		struct list *list = open_list("dom.example");
		struct prefix keys[KEYS];
		struct copy c;

		copy_new(&c, list);
		for (size_t i = 0; i < KEYS; i++) {
			keys[i] = random_prefix();
		}
		change_some(list, keys, KEYS);
		list_publish(list, 1);
		expect_the_same_answers(&c, list_read(list), keys);
		copy_free(&c);
		list_close(list);
	}
}

/* ---- steps */

static void
apply_step(struct copy *c, const struct list_step *step, bool domains)
{
	for (size_t i = 0; i < step->deleted + step->added; i++) {
		const struct list_record *r = &step->records[i];
		struct name *one = arena_get(&c->arena, sizeof *one), **found;

		if (r->domains != domains) {
			continue;
		}
		one->n = (uint8_t)list_record_name(c->list, r, one->bytes);
		one->words = words_of(c, c->list, r);
		found = find_name(c, one->bytes, one->n);
		if (i < step->deleted) {
			assert_non_null(found);
			/* what is deleted was there, as it was */
			assert_true(text_equal((*found)->words, one->words));
			c->count--;
			memmove(found, found + 1, (size_t)(c->names + c->count - found) * sizeof *found);
		} else {
			assert_null(found);
			for (found = c->names + c->count++; found > c->names && compare(found - 1, &one) > 0;
			     found--) {
				*found = found[-1];
			}
			*found = one;
		}
	}
}

static void
expect_equal(const struct copy *a, const struct copy *b)
{
	assert_int_equal(a->count, b->count);
	for (size_t i = 0; i < a->count; i++) {
		assert_int_equal(compare(&a->names[i], &b->names[i]), 0);
		assert_true(text_equal(a->names[i]->words, b->names[i]->words));
	}
}

static void
published(void *context)
{
	size_t *count = context;

	(*count)++;
}

static void
follow_zone(size_t zone)
{
	struct list *list = open_list("dom.example");
	const struct list_image *image = NULL;
	struct copy mine, theirs;
	struct prefix keys[KEYS];
	size_t calls = 0;

	copy_new(&mine, list);
	copy_new(&theirs, list);
	for (size_t i = 0; i < KEYS; i++) {
		keys[i] = random_prefix();
	}
	list_follow(list, published, &calls);
	for (uint64_t serial = 1; serial <= 150; serial++) {
		struct list_step *step;
		bool lost;

		change_some(list, keys, 1 + roll(4));
		list_publish(list, serial);
		assert_int_equal(calls, serial);
		if (roll(3) == 0) {
			continue; /* two changes, one step */
		}
		list_follow_next(list, &image, &step, &lost);
		assert_false(lost);
		assert_int_equal(list_serial(image), serial);
		copy_read(&theirs, image, zone);
		if (step == NULL) {
			copy_read(&mine, image, zone); /* the first time; else nothing may have changed */
		} else {
			assert_int_equal(step->to, serial);
			apply_step(&mine, step, zone == 1);
		}
		expect_equal(&mine, &theirs);
		list_step_free(step);
	}
	list_unfollow(list);
	list_release(list, image);
	copy_free(&mine);
	copy_free(&theirs);
	list_close(list);
}

static void
test_steps_lead_from_one_zone_to_the_next(void **state)
{
	(void)state;
	follow_zone(0);
	follow_zone(1);
}

static void
test_what_is_too_much_to_follow_is_said_to_be_lost(void **state)
{
	struct list *list = open_list("");
	const struct list_image *image = NULL;
	struct list_step *step;
	size_t calls = 0;
	bool lost;

	(void)state;
	list_follow(list, published, &calls);
	list_follow_next(list, &image, &step, &lost);
	assert_false(lost);
	for (uint32_t i = 0; i <= LIST_FOLLOW_KEYS_MAX; i++) {
		struct source_key key = {
			.kind = SOURCE_IP,
			.prefix = { 4, 32, { 10, (uint8_t)(i >> 16), (uint8_t)(i >> 8), (uint8_t)i } }
		};

		assert_int_equal(list_put(list, 0, &key, 0, NULL), RESULT_OK);
	}
	list_publish(list, 1);
	list_follow_next(list, &image, &step, &lost);
	assert_true(lost);
	assert_null(step);
	test_put(list, 0, "192.0.2.1", 0);
	list_publish(list, 2);
	list_follow_next(list, &image, &step, &lost);
	assert_false(lost);
	assert_int_equal(step->added, 1);
	list_step_free(step);
	list_clear(list);
	list_publish(list, 3);
	list_follow_next(list, &image, &step, &lost);
	assert_true(lost);
	list_unfollow(list);
	list_release(list, image);
	list_close(list);
}

/* ---- holds */

static void
test_a_held_image_stays_as_it_was(void **state)
{
	struct list *list = open_list("dom.example");
	const struct list_image *held[3] = { NULL };
	struct copy then[3], now;
	struct prefix keys[KEYS];

	(void)state;
	for (size_t i = 0; i < KEYS; i++) {
		keys[i] = random_prefix();
	}
	copy_new(&now, list);
	for (uint64_t serial = 1; serial <= 120; serial++) {
		size_t slot = roll(3);

		change_some(list, keys, 3);
		if (serial == 60) {
			list_clear(list);
		}
		list_publish(list, serial);
		if (held[slot] != NULL) {
			copy_read(&now, held[slot], 0);
			expect_equal(&then[slot], &now);
			copy_free(&then[slot]);
			list_release(list, held[slot]);
			held[slot] = NULL;
		} else if (roll(2) == 0) {
			held[slot] = list_hold(list);
			assert_int_equal(list_serial(held[slot]), serial);
			if (roll(2) == 0) { /* one more hold of the same */
				assert_ptr_equal(list_hold_again(list, held[slot]), held[slot]);
				list_release(list, held[slot]);
			}
			copy_new(&then[slot], list);
			copy_read(&then[slot], held[slot], 0);
		}
	}
	for (size_t i = 0; i < countof(held); i++) {
		if (held[i] != NULL) {
			list_release(list, held[i]);
			copy_free(&then[i]);
		}
	}
	copy_free(&now);
	list_close(list);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_prefix_is_wildcards_where_dns_can_say_it),
		cmocka_unit_test(test_a_wildcard_never_stands_for_the_other_family),
		cmocka_unit_test(test_what_needs_too_many_names_is_refused_by_name),
		cmocka_unit_test(test_each_address_is_answered_as_we_answer),
		cmocka_unit_test(test_steps_lead_from_one_zone_to_the_next),
		cmocka_unit_test(test_what_is_too_much_to_follow_is_said_to_be_lost),
		cmocka_unit_test(test_a_held_image_stays_as_it_was),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
