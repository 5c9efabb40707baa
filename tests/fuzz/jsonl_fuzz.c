/* Any bytes as JSON lines: rows that the journal can hold, and faults that can be handed in again. */
#include "intake_fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	fuzz_intake(INTAKE_JSONL, data, size);
	return 0;
}
