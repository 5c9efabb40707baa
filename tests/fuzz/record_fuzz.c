/* Any bytes as a stored report, correction or withdrawal: damaged, or exactly what is written of it. One report has one form, hence one hash. */
#include "model/correction.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
correction_has_one_form(struct text bytes)
{
	struct arena arena = { 0 };
	struct correction c;
	struct buffer b;

	buffer_init(&b, bytes.n + 64);
	if (correction_read(bytes, &arena, &c) == RESULT_OK) {
		correction_write(&b, &c);
		check(text_equal(buffer_text(&b), bytes));
	}
	arena_clear(&arena);
	buffer_free(&b);
}

static void
withdrawal_has_one_form(struct text bytes)
{
	struct arena arena = { 0 };
	struct correction c;
	struct buffer b;

	buffer_init(&b, bytes.n + 64);
	if (withdrawal_read(bytes, &arena, &c) == RESULT_OK) {
		withdrawal_write(&b, &c);
		check(text_equal(buffer_text(&b), bytes));
	}
	arena_clear(&arena);
	buffer_free(&b);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena arena = { 0 };
	struct report report;
	struct buffer b;

	correction_has_one_form((struct text){ (const char *)data, size });
	withdrawal_has_one_form((struct text){ (const char *)data, size });
	buffer_init(&b, size + 64);
	if (report_read((struct text){ (const char *)data, size }, &arena, &report) == RESULT_OK) {
		report_write(&b, &report);
		check(!b.full && b.n == size && memcmp(b.p, data, size) == 0);
	} else {
		check(report.observation_count == 0 && report.observations == NULL);
	}
	arena_clear(&arena);
	buffer_free(&b);
	return 0;
}
