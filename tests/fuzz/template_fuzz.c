/* Any bytes as a template: an error that names a line, or a subject and a body that can be filled with facts that look like names. */
#include "notify/notice.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct text file = { (const char *)data, size }, facts[FACT_COUNT];
	struct fault fault = { { 0 } };
	struct notice_text text;
	struct buffer b;

	if (notice_text_parse(file, &text, &fault) != RESULT_OK) {
		check(fault.text[0] != '\0');
		return 0;
	}
	check(text.subject.n > 0 && text.body.n > 0);
	for (size_t i = 0; i < FACT_COUNT; i++) {
		facts[i] = i % 2 == 0 ? TEXT("{member}\n\n{why}\n") : (struct text){ "", 0 };
	}
	buffer_init(&b, 16 * TEMPLATE_BYTES_MAX);
	notice_fill(text.subject, facts, &b);
	notice_fill(text.body, facts, &b);
	check(b.n <= 16 * TEMPLATE_BYTES_MAX);
	buffer_free(&b);
	return 0;
}
