#include "model/signal.h"

static const struct text names[] = {
#define SIGNAL(id, name, meaning) { name, sizeof(name) - 1 },
#include "model/signals.def"
#undef SIGNAL
};

const char *
signal_name(enum signal s)
{
	check(s < SIGNAL_COUNT);
	return names[s].p;
}

enum result
signal_parse(struct text name, enum signal *s)
{
	if (text_equal_nocase(name, TEXT("trap"))) {
		*s = SIGNAL_TRAP_PRISTINE;
		return RESULT_OK;
	}
	for (enum signal i = 0; i < SIGNAL_COUNT; i++) {
		if (text_equal_nocase(name, names[i])) {
			*s = i;
			return RESULT_OK;
		}
	}
	return RESULT_BAD_INPUT;
}
