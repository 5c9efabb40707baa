/* Any bytes as vouch.yaml: an error or a config whose texts are there, never a crash. */
#include "vouchd/config.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena arena = { 0 };
	struct config c;
	struct fault fault = { { 0 } };

	if (config_read((struct text){ (const char *)data, size }, "fuzz.yaml", &arena, &c, &fault) ==
	    RESULT_OK) {
		check(c.list_count >= 1 && strlen(c.control) > 0);
	} else {
		check(fault.text[0] != '\0');
	}
	arena_clear(&arena);
	return 0;
}
