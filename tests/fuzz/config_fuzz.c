/* Any bytes as vouch.yaml and as vouch-milter.yaml: an error, or values that are there; never a crash. */
#include "milter/settings.h"
#include "vouchd/config.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct text yaml = { (const char *)data, size };
	struct arena arena = { 0 };
	struct config c;
	struct settings s;
	struct fault fault = { { 0 } };

	if (config_read(yaml, "fuzz.yaml", &arena, &c, &fault) == RESULT_OK) {
		check(c.list_count >= 1 && strlen(c.control) > 0);
	} else {
		check(fault.text[0] != '\0');
	}
	fault.text[0] = '\0';
	if (settings_read(yaml, "fuzz.yaml", &arena, &s, &fault) == RESULT_OK) {
		check(s.socket[0] != '\0' && s.timeout.ms > 0);
	} else {
		check(fault.text[0] != '\0');
	}
	arena_clear(&arena);
	return 0;
}
