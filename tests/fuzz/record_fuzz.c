/* Any bytes as a stored report: damaged, or exactly what report_write writes. One report has one form, hence one hash. */
#include "model/report.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena arena = { 0 };
	struct report report;
	struct buffer b;

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
