/* The walk of a replay, with rooms so small that one sees what must come out. */
#include "replay/replay.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
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
	const struct replay_rooms r = { .context = rooms, .apply = apply, .step = step };
	enum result result = replay_run(j, &r, summary, fault);

	journal_close(j);
	return result;
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

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_same_rooms_give_the_same_effects),
		cmocka_unit_test(the_first_difference_is_named),
		cmocka_unit_test(an_effect_without_an_input_is_damage),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
