#include "model/signal.h"

static const char *const names[] = {
#define SIGNAL(id, name, meaning) name,
#include "model/signals.def"
#undef SIGNAL
};

const char *
signal_name(enum signal s)
{
	check(s < SIGNAL_COUNT);
	return names[s];
}

enum result
signal_parse(struct text name, enum signal *s)
{
	if (text_equal_nocase(name, TEXT("trap"))) {
		*s = SIGNAL_TRAP_PRISTINE;
		return RESULT_OK;
	}
	for (enum signal i = 0; i < SIGNAL_COUNT; i++) {
		if (text_equal_nocase(name, text_of(names[i]))) {
			*s = i;
			return RESULT_OK;
		}
	}
	return RESULT_BAD_INPUT;
}
