/* Any bytes as snds: a report that the journal can hold, or one fault with words. */
#include "intake_fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	fuzz_intake(INTAKE_SNDS, data, size);
	return 0;
}
