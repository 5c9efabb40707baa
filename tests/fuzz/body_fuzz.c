/*
 * Any bytes as the body of a request: the first byte picks the route, as POST /v1/reports (format by its looks), a command
 * record, or a stored snapshot of the state. An answer or an error, never a crash; a command that is read is written the same.
 */
#include "intake/intake.h"
#include "vouchd/command.h"
#include "vouchd/fold.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
as_report(struct text body)
{
	const struct intake_hint hint = { .format = INTAKE_AUTO,
					  .door = TEXT("http"),
					  .reporter = TEXT("mailbox"),
					  .received = { 1767600000000 } };
	struct arena arena = { 0 };
	struct intake_result result;
	char words[INTAKE_FAULT_BYTES];

	if (intake_read(body, &hint, &arena, &result) != RESULT_OK) {
		check(result.fault_count > 0);
	}
	for (uint32_t i = 0; i < result.fault_count; i++) {
		check(strlen(intake_fault_format(&result.faults[i], words)) > 0);
	}
	arena_clear(&arena);
}

static void
as_command(struct text body)
{
	struct arena arena = { 0 };
	struct command first, second;
	struct buffer b;

	if (command_read(body, &arena, &first, NULL) == RESULT_OK) {
		buffer_init(&b, 1 << 20);
		command_write(&b, &first);
		check(command_read(buffer_text(&b), &arena, &second, NULL) == RESULT_OK);
		check(first.is_policy == second.is_policy && first.decide.id == second.decide.id &&
		      first.decide.event == second.decide.event &&
		      text_equal(first.decide.reason, second.decide.reason));
		buffer_free(&b);
	}
	arena_clear(&arena);
}

static void
as_snapshot(struct text body)
{
	struct fold *f = fold_open(&(struct fold_policy){ .budget = 10, .fixed = true },
				   &(struct fold_sink){ .touch = NULL });
	struct buffer b;

	if (fold_load(f, body) == RESULT_OK) {
		buffer_init(&b, 1 << 24);
		fold_save(f, &b);
		check(!b.full);
		buffer_free(&b);
	}
	fold_close(f);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static void (*const routes[])(struct text body) = { as_report, as_command, as_snapshot };

	if (size > 0) {
		routes[data[0] % countof(routes)]((struct text){ (const char *)data + 1, size - 1 });
	}
	return 0;
}
