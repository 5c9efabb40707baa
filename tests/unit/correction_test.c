/* What a document reads as now, against what was told: the difference is added or taken once, whatever is done again. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/limits.h"
#include "model/correction.h"

#include <stdio.h>
#include <string.h>

/* "complaint 3 192.0.2.10 shop.example; trap_typo 1 192.0.2.10" */
static struct report
report_of(const char *text, struct arena *arena)
{
	struct report r = { .format = TEXT("arf"), .reporter = TEXT("mailbox") };
	struct text rest = text_of(text), one, word;

	r.observations = arena_get_array(arena, 16, sizeof *r.observations);
	while (rest.n > 0) {
		struct observation *o = &r.observations[r.observation_count++];
		uint64_t count;

		(void)text_cut(&rest, ';', &one);
		one = text_trim(one);
		*o = (struct observation){ .at = { 1000 * r.observation_count } };
		(void)text_cut(&one, ' ', &word);
		assert_int_equal(signal_parse(word, &o->signal), RESULT_OK);
		(void)text_cut(&one, ' ', &word);
		assert_true(text_u64(word, &count));
		o->count = (uint32_t)count;
		while (one.n > 0) {
			(void)text_cut(&one, ' ', &o->keys[o->key_count++]);
		}
	}
	return r;
}

static const char *
written(const struct report *r, struct arena *arena)
{
	const char *text = "";

	for (uint32_t i = 0; i < r->observation_count; i++) {
		const struct observation *o = &r->observations[i];

		text = arena_format(arena, "%s%s%s %u", text, i == 0 ? "" : "; ", signal_name(o->signal),
				    o->count);
		for (uint32_t k = 0; k < o->key_count; k++) {
			text = arena_format(arena, "%s %.*s", text, TEXT_ARG(o->keys[k]));
		}
	}
	return text;
}

static void
what_differs_is_added_or_taken(void **context)
{
	static const struct {
		const char *was, *now, *added, *taken;
	} rows[] = {
		{ "complaint 1 192.0.2.10", "complaint 1 192.0.2.10", "", "" },
		{ "complaint 1 192.0.2.10", "", "", "complaint 1 192.0.2.10" },
		{ "", "complaint 1 192.0.2.10", "complaint 1 192.0.2.10", "" },
		{ "complaint 1 192.0.2.10", "complaint 4 192.0.2.10", "complaint 3 192.0.2.10", "" },
		{ "complaint 4 192.0.2.10", "complaint 1 192.0.2.10", "", "complaint 3 192.0.2.10" },
		{ "trap_pristine 1 192.0.2.10", "trap_recycled 1 192.0.2.10", "trap_recycled 1 192.0.2.10",
		  "trap_pristine 1 192.0.2.10" },
		/* One more source of the same mail, or one less: it counts once for what they have in common, so they go together. */
		{ "complaint 1 192.0.2.10", "complaint 1 192.0.2.10 shop.example",
		  "complaint 1 192.0.2.10 shop.example", "complaint 1 192.0.2.10" },
		{ "complaint 1 192.0.2.10 shop.example", "complaint 1 shop.example",
		  "complaint 1 shop.example", "complaint 1 192.0.2.10 shop.example" },
		{ "", "complaint 2 192.0.2.10 shop.example", "complaint 2 192.0.2.10 shop.example", "" },
		{ "complaint 1 shop.example", "complaint 2 192.0.2.10 shop.example",
		  "complaint 2 192.0.2.10 shop.example", "complaint 1 shop.example" },
		/* The sums count, not the rows. */
		{ "delivered 5 192.0.2.10; delivered 7 192.0.2.10", "delivered 12 192.0.2.10", "", "" },
		{ "delivered 12 192.0.2.10", "delivered 5 192.0.2.10; delivered 8 192.0.2.10",
		  "delivered 1 192.0.2.10", "" },
		{ "delivered 5 192.0.2.10; complaint 1 192.0.2.11",
		  "complaint 1 192.0.2.11; delivered 5 192.0.2.10", "", "" },
	};

	(void)context;
	for (size_t i = 0; i < countof(rows); i++) {
		struct arena arena = { 0 };
		struct report was = report_of(rows[i].was, &arena), now = report_of(rows[i].now, &arena);
		struct correction c;
		bool changed = correction_between(&was, 1, NULL, 0, &now, &arena, &c);

		assert_int_equal(changed, rows[i].added[0] != '\0' || rows[i].taken[0] != '\0');
		assert_string_equal(written(&c.added, &arena), rows[i].added);
		assert_string_equal(written(&c.taken, &arena), rows[i].taken);
		assert_true(text_equal(c.added.reporter, TEXT("mailbox")));
		arena_clear(&arena);
	}
}

/* What was corrected before is no difference any more; going back to the first reading takes it back. */
static void
corrections_add_up(void **context)
{
	struct arena arena = { 0 };
	struct report first = report_of("complaint 1 192.0.2.10", &arena);
	struct report second = report_of("complaint 3 192.0.2.10 shop.example", &arena);
	struct report was[3] = { first }, taken[2];
	struct correction c;

	(void)context;
	assert_true(correction_between(was, 1, NULL, 0, &second, &arena, &c));
	was[1] = c.added;
	taken[0] = c.taken;
	assert_false(correction_between(was, 2, taken, 1, &second, &arena, &c));
	assert_true(correction_between(was, 2, taken, 1, &first, &arena, &c));
	assert_string_equal(written(&c.added, &arena), "complaint 1 192.0.2.10");
	assert_string_equal(written(&c.taken, &arena), "complaint 3 192.0.2.10 shop.example");
	was[2] = c.added;
	taken[1] = c.taken;
	assert_false(correction_between(was, 3, taken, 2, &first, &arena, &c));
	assert_true(correction_between(was, 3, taken, 2, &second, &arena, &c));
	arena_clear(&arena);
}

static struct correction
correction_of(const char *words_was, const char *words_now, struct arena *arena)
{
	struct report was = report_of(words_was, arena);
	struct report now =
	    words_now == NULL ? (struct report){ .observation_count = 0 } : report_of(words_now, arena);
	struct correction c;

	assert_true(correction_between(&was, 1, NULL, 0, &now, arena, &c));
	c.actor = TEXT("anna");
	c.reason = TEXT("it was forged");
	c.of = 17;
	c.told.ms = 1767600000000;
	return c;
}

typedef void writer(struct buffer *b, const struct correction *c);
typedef enum result reader(struct text bytes, struct arena *arena, struct correction *c);

/* What is written reads back to the same bytes; cut off anywhere, or made by nobody, for nothing, of no record, it is damaged. */
static void
check_form(writer *write, reader *read, struct correction c, struct arena *arena, struct correction *back)
{
	const struct correction broken[] = {
		{ .reason = c.reason, .of = c.of, .taken = c.taken },
		{ .actor = c.actor, .of = c.of, .taken = c.taken },
		{ .actor = c.actor, .reason = c.reason, .taken = c.taken },
	};
	struct correction cut;
	struct buffer b, again;

	buffer_init(&b, 65536);
	buffer_init(&again, 65536);
	write(&b, &c);
	for (size_t n = 0; n < b.n; n++) {
		assert_int_equal(read((struct text){ (const char *)b.p, n }, arena, &cut), RESULT_DAMAGED);
		assert_int_equal(cut.added.observation_count, 0);
	}
	assert_int_equal(read((struct text){ text_copy(arena, buffer_text(&b)), b.n }, arena, back),
			 RESULT_OK);
	write(&again, back);
	assert_true(text_equal(buffer_text(&again), buffer_text(&b)));
	assert_int_equal(back->of, 17);
	assert_int_equal(back->told.ms, 1767600000000);
	assert_true(text_equal(back->actor, c.actor) && text_equal(back->reason, c.reason));
	for (size_t i = 0; i < countof(broken); i++) {
		buffer_clear(&b);
		write(&b, &broken[i]);
		assert_int_equal(read(buffer_text(&b), arena, &cut), RESULT_DAMAGED);
	}
	buffer_free(&again);
	buffer_free(&b);
}

static void
a_correction_reads_back_and_damage_is_seen(void **context)
{
	struct arena arena = { 0 };
	struct correction back;

	(void)context;
	check_form(
	    correction_write, correction_read,
	    correction_of("trap_pristine 1 192.0.2.10", "trap_recycled 2 192.0.2.10 shop.example", &arena),
	    &arena, &back);
	assert_string_equal(written(&back.added, &arena), "trap_recycled 2 192.0.2.10 shop.example");
	assert_string_equal(written(&back.taken, &arena), "trap_pristine 1 192.0.2.10");
	arena_clear(&arena);
}

static void
a_withdrawal_reads_back_and_damage_is_seen(void **context)
{
	const char *was = "trap_pristine 3 192.0.2.10; complaint 1 shop.example";
	struct arena arena = { 0 };
	struct correction back;

	(void)context;
	check_form(withdrawal_write, withdrawal_read, correction_of(was, NULL, &arena), &arena, &back);
	assert_string_equal(written(&back.taken, &arena), was);
	assert_int_equal(back.added.observation_count, 0);
	arena_clear(&arena);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_differs_is_added_or_taken),
		cmocka_unit_test(corrections_add_up),
		cmocka_unit_test(a_correction_reads_back_and_damage_is_seen),
		cmocka_unit_test(a_withdrawal_reads_back_and_damage_is_seen),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
