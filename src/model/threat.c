#include "model/threat.h"

static const struct {
	const char *name;
	double factor;
	int days;
	bool people;
} threats[] = {
#define THREAT(id, name, factor, days, people, why) { name, factor, days, people },
#include "model/threats.def"
#undef THREAT
};

const char *
threat_name(enum threat t)
{
	check(t < THREAT_COUNT);
	return threats[t].name;
}

double
threat_factor(enum threat t)
{
	check(t < THREAT_COUNT);
	return threats[t].factor;
}

struct span
threat_span(enum threat t)
{
	check(t < THREAT_COUNT);
	return (struct span){ threats[t].days * SPAN_DAY.ms };
}

enum result
threat_parse(struct text text, enum threat *t, struct fault *fault)
{
	for (enum threat i = 0; i < THREAT_COUNT; i++) {
		if (threats[i].people && text_equal(text, text_of(threats[i].name))) {
			*t = i;
			return RESULT_OK;
		}
	}
	return fault_set(fault, RESULT_BAD_INPUT, "threat: exposure or posture");
}
