/* The walk of a replay, with rooms so small that one sees what must come out. */
#include "replay/replay.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Rooms in which each command "x" has the effect "alarm x", unless `twist` says otherwise. */
struct rooms {
	const char *twist; /* what a command "b" gives instead; NULL: nothing */
	bool refuse;       /* command "b" is refused */
	uint64_t steps;
	uint64_t recorded;
};

static enum result
apply(void *context, const struct record *input, struct replay_effects *effects, enum result *refused,
      struct fault *fault)
{
	const struct rooms *rooms = context;
	bool is_b = text_equal(input->payload, TEXT("b"));

	(void)fault;
	if (input->kind == RECORD_TICK) {
		return RESULT_OK;
	}
	if (is_b && rooms->refuse) {
		*refused = RESULT_NOT_ALLOWED;
		return RESULT_OK;
	}
	if (!is_b || rooms->twist != NULL) {
		replay_effect_add(effects, RECORD_ALARM, is_b ? text_of(rooms->twist) : input->payload);
	}
	return RESULT_OK;
}

static enum result
step(void *context, const struct replay_step *s, struct fault *fault)
{
	struct rooms *rooms = context;

	rooms->steps++;
	rooms->recorded += s->recorded_count;
	return replay_compare(s, fault);
}

static const struct {
	enum record_kind kind;
	const char *payload;
} past[] = {
	{ RECORD_COMMAND, "a" }, { RECORD_ALARM, "a" },   { RECORD_TICK, "" },   { RECORD_COMMAND, "b" },
	{ RECORD_ALARM, "b" },   { RECORD_COMMAND, "c" }, { RECORD_ALARM, "c" },
};

static struct journal *
journal_of_the_past(size_t first)
{
	struct journal *j = journal_memory_open();
	struct journal_tx tx = journal_begin(j);

	for (size_t i = first; i < countof(past); i++) {
		journal_append(&tx, past[i].kind, (struct instant){ (int64_t)i }, text_of(past[i].payload));
	}
	assert_int_equal(journal_commit(&tx), RESULT_OK);
	return j;
}

static enum result
run(struct rooms *rooms, size_t first, struct replay_summary *summary, struct fault *fault)
{
	struct journal *j = journal_of_the_past(first);
	struct replay_course course = { .rooms = { .context = rooms, .apply = apply, .step = step } };

	replay_run(j, &course, 1, NULL);
	journal_close(j);
	*summary = course.summary;
	*fault = course.fault;
	return course.result;
}

static void
the_same_rooms_give_the_same_effects(void **state)
{
	struct rooms rooms = { .twist = "b" };
	struct replay_summary summary;
	struct fault fault = { { 0 } };

	(void)state;
	assert_int_equal(run(&rooms, 0, &summary, &fault), RESULT_OK);
	assert_int_equal(summary.records, 7);
	assert_int_equal(summary.inputs, 4);
	assert_int_equal(summary.effects, 3);
	assert_int_equal(rooms.steps, 4);
	assert_int_equal(rooms.recorded, 3);
}

static void
the_first_difference_is_named(void **state)
{
	static const struct {
		struct rooms rooms;
		const char *says;
	} cases[] = {
		{ { .twist = "B" },
		  "record 5: the alarm that followed from record 4 comes out as another alarm" },
		{ { .twist = NULL }, "record 4 (command): 1 effects are recorded, 0 come out" },
		{ { .refuse = true }, "record 4 (command): was taken, is refused now" },
	};

	(void)state;
	for (size_t i = 0; i < countof(cases); i++) {
		struct rooms rooms = cases[i].rooms;
		struct replay_summary summary;
		struct fault fault = { { 0 } };

		assert_int_equal(run(&rooms, 0, &summary, &fault), RESULT_DIFFERENT);
		if (strncmp(fault.text, cases[i].says, strlen(cases[i].says)) != 0) {
			fail_msg("\"%s\" does not begin with \"%s\"", fault.text, cases[i].says);
		}
	}
}

static void
an_effect_without_an_input_is_damage(void **state)
{
	struct rooms rooms = { .twist = "b" };
	struct replay_summary summary;
	struct fault fault = { { 0 } };

	(void)state;
	assert_int_equal(run(&rooms, 1, &summary, &fault), RESULT_DAMAGED);
	assert_string_equal(fault.text, "record 1: an effect without an input");
}

/* ---- several at once */

#define LONG_PAST 9001U /* records: more than all batches hold together */

/* Every payload names its record; each 700th is larger than a batch. */
static struct journal *
journal_of_a_long_past(void)
{
	struct journal *j = journal_memory_open();
	struct journal_tx tx = journal_begin(j);
	size_t large = (size_t)300 << 10;
	char *payload = malloc(large);

	assert_non_null(payload);
	memset(payload, 'x', large);
	for (uint32_t i = 0; i < LONG_PAST; i++) {
		(void)snprintf(payload, 16, "%014u", i);
		payload[14] = 'x';
		journal_append(&tx, i % 3 == 2 ? RECORD_ALARM : RECORD_COMMAND,
			       (struct instant){ (int64_t)i },
			       (struct text){ payload, i % 700 == 699 ? large : 16 + i % 40 });
	}
	assert_int_equal(journal_commit(&tx), RESULT_OK);
	free(payload);
	return j;
}

/* One that reads: a hash over all it saw, in order; it wants no more behind `last`. */
struct witness {
	uint64_t last;
	uint64_t seen, seq;
	struct hash hash;
	bool torn; /* a record was left out or came twice */
};

static enum result
watch_record(void *context, const struct record *record)
{
	struct witness *w = context;
	struct record sum = *record;

	w->torn |= record->seq != w->seq + 1;
	sum.previous = w->hash; /* what was seen before goes into the hash */
	w->hash = record_hash(&sum);
	w->seq = record->seq;
	w->seen++;
	return record->seq == w->last ? RESULT_CONFLICT : RESULT_OK;
}

static void
note_progress(void *context, uint64_t seq)
{
	uint64_t *at = context;

	assert_true(seq > *at);
	*at = seq;
}

/* Whoever ends early, at the first record, at a border of a batch or anywhere, keeps nothing from the others. */
static void
each_reader_sees_what_it_would_see_alone(void **state)
{
	static const uint64_t lasts[] = { 0, 1, 511, 512, 513, 700, 4096, LONG_PAST - 1, LONG_PAST, 0 };
	struct journal *j = journal_of_a_long_past();
	struct witness alone[countof(lasts)], together[countof(lasts)];
	struct replay_reader readers[countof(lasts)];
	uint64_t at = 0;

	(void)state;
	for (size_t i = 0; i < countof(lasts); i++) {
		enum result wanted = lasts[i] == 0 ? RESULT_OK : RESULT_CONFLICT;

		alone[i] = (struct witness){ .last = lasts[i] };
		assert_int_equal(journal_scan(j, &(struct journal_range){ 0 }, watch_record, &alone[i]),
				 wanted);
		together[i] = (struct witness){ .last = lasts[i] };
		readers[i] = (struct replay_reader){ .visit = watch_record, .context = &together[i] };
	}
	replay_read(j, readers, countof(lasts), &(struct replay_watch){ note_progress, &at });
	for (size_t i = 0; i < countof(lasts); i++) {
		assert_int_equal(readers[i].result, lasts[i] == 0 ? RESULT_OK : RESULT_CONFLICT);
		assert_int_equal(together[i].seen, alone[i].seen);
		assert_true(hash_equal(&together[i].hash, &alone[i].hash));
		assert_false(together[i].torn);
	}
	assert_int_equal(at, LONG_PAST);
	journal_close(j);
}

static void
what_nobody_wants_is_not_read(void **state)
{
	struct journal *j = journal_of_a_long_past();
	struct witness witnesses[] = { { .last = 3 }, { .last = 600 } };
	struct replay_reader readers[] = { { .visit = watch_record, .context = &witnesses[0] },
					   { .visit = watch_record, .context = &witnesses[1] } };
	uint64_t at = 0;

	(void)state;
	replay_read(j, readers, countof(readers), &(struct replay_watch){ note_progress, &at });
	assert_int_equal(readers[0].result, RESULT_CONFLICT);
	assert_int_equal(readers[1].result, RESULT_CONFLICT);
	assert_int_equal(witnesses[1].seen, 600);
	assert_in_range(at, 600, LONG_PAST - 1);
	journal_close(j);
}

static void
an_empty_journal_ends_at_once(void **state)
{
	struct journal *j = journal_memory_open();
	struct witness witness = { 0 };
	struct replay_reader reader = { .visit = watch_record, .context = &witness };

	(void)state;
	replay_read(j, &reader, 1, NULL);
	assert_int_equal(reader.result, RESULT_OK);
	assert_int_equal(witness.seen, 0);
	journal_close(j);
}

/* Rooms in which each command has itself as alarm from record `from` on. */
struct echo {
	uint64_t from;
	uint64_t computed, recorded;
	uint64_t wrong; /* this input cannot be folded */
};

static enum result
echo_apply(void *context, const struct record *input, struct replay_effects *effects, enum result *refused,
	   struct fault *fault)
{
	const struct echo *e = context;

	(void)refused;
	if (input->seq == e->wrong) {
		return fault_set(fault, RESULT_DAMAGED, "record %u is wrong", (unsigned)input->seq);
	}
	if (input->seq >= e->from) {
		replay_effect_add(effects, RECORD_ALARM, input->payload);
	}
	return RESULT_OK;
}

static enum result
echo_step(void *context, const struct replay_step *s, struct fault *fault)
{
	struct echo *e = context;

	(void)fault;
	e->computed += s->computed_count;
	e->recorded += s->recorded_count;
	return RESULT_OK;
}

static void
courses_that_are_folded_at_once_come_out_as_alone(void **state)
{
	const struct echo asked[] = {
		{ .from = 1 }, { .from = 5000 }, { .from = 1, .wrong = 4000 }, { .from = LONG_PAST + 1 }
	};
	struct journal *j = journal_of_a_long_past();
	struct echo echoes[countof(asked)];
	struct replay_course courses[countof(asked)];

	(void)state;
	for (size_t i = 0; i < countof(asked); i++) {
		echoes[i] = asked[i];
		courses[i] = (struct replay_course){ .rooms = { &echoes[i], echo_apply, echo_step } };
	}
	replay_run(j, courses, countof(asked), NULL);
	for (size_t i = 0; i < countof(asked); i++) {
		struct echo echo = asked[i];
		struct replay_course alone = { .rooms = { &echo, echo_apply, echo_step } };

		replay_run(j, &alone, 1, NULL);
		assert_int_equal(courses[i].result, asked[i].wrong == 0 ? RESULT_OK : RESULT_DAMAGED);
		assert_int_equal(courses[i].result, alone.result);
		assert_string_equal(courses[i].fault.text, alone.fault.text);
		assert_memory_equal(&courses[i].summary, &alone.summary, sizeof alone.summary);
		assert_memory_equal(&echoes[i], &echo, sizeof echo);
	}
	assert_string_equal(courses[2].fault.text, "record 4000 is wrong");
	assert_int_equal(courses[0].summary.effects, LONG_PAST - LONG_PAST / 3);
	assert_int_equal(courses[3].summary.effects, 0);
	assert_int_equal(echoes[0].recorded, LONG_PAST / 3);
	journal_close(j);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_same_rooms_give_the_same_effects),
		cmocka_unit_test(the_first_difference_is_named),
		cmocka_unit_test(an_effect_without_an_input_is_damage),
		cmocka_unit_test(each_reader_sees_what_it_would_see_alone),
		cmocka_unit_test(what_nobody_wants_is_not_read),
		cmocka_unit_test(an_empty_journal_ends_at_once),
		cmocka_unit_test(courses_that_are_folded_at_once_come_out_as_alone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
