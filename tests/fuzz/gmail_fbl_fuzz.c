/* Any bytes as a table of Gmail's feedback loop: each result keeps its limits. */
#include "intake_fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	fuzz_intake(INTAKE_GMAIL_FBL, data, size);
	return 0;
}
