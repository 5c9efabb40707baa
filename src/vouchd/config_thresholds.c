/* vouchd/config_thresholds.c - the policy of thresholds: the tables of the model, with what `thresholds` in vouch.yaml says instead. */
#include "vouchd/config.h"

#include <string.h>

static enum result
wrong(const struct config *c, const struct config_threshold *t, const char *what, struct fault *fault)
{
	return fault_set(fault, RESULT_BAD_INPUT, "%s:%zu: threshold %s%s%s: %s", c->file, t->line,
			 threshold_name(t->threshold), t->receiver[0] == '\0' ? "" : " at ", t->receiver,
			 what);
}

static enum result
check_twice(const struct config *c, size_t i, struct fault *fault)
{
	const struct config_threshold *t = &c->thresholds[i];

	for (size_t k = 0; k < i; k++) {
		if (c->thresholds[k].threshold == t->threshold &&
		    strcmp(c->thresholds[k].receiver, t->receiver) == 0) {
			return wrong(c, t, "given twice", fault);
		}
	}
	return RESULT_OK;
}

/* The limit of one receiver; window and warning are those of the threshold. */
static enum result
except(struct config *c, const struct config_threshold *t, const struct threshold_limit *limit,
       struct fault *fault)
{
	struct fault why = { { 0 } };

	if (t->limit[0] == '\0' || t->days != 0 || t->warn != 0) {
		return wrong(c, t, "for one receiver a limit is wanted, and nothing else", fault);
	}
	return threshold_policy_except(&c->policy, t->threshold, text_of(t->receiver), limit, &why) ==
		       RESULT_OK
		   ? RESULT_OK
		   : wrong(c, t, why.text, fault);
}

static enum result
apply(struct config *c, const struct config_threshold *t, struct fault *fault)
{
	struct threshold_rule *rule = &c->policy.rules[t->threshold];
	struct threshold_limit limit = rule->limit;
	struct fault why = { { 0 } };

	if (t->limit[0] != '\0' &&
	    threshold_limit_parse(t->threshold, text_of(t->limit), &limit, &why) != RESULT_OK) {
		return wrong(c, t, why.text, fault);
	}
	if (t->receiver[0] != '\0') {
		return except(c, t, &limit, fault);
	}
	rule->limit = limit;
	rule->days = t->days != 0 ? (uint32_t)t->days : rule->days;
	rule->warn = t->warn != 0 ? (uint32_t)t->warn : rule->warn;
	return RESULT_OK;
}

enum result
config_thresholds(struct config *c, struct fault *fault)
{
	enum result r = RESULT_OK;

	threshold_policy_default(&c->policy);
	c->policy.wait = c->compliance_wait;
	for (size_t i = 0; i < c->threshold_count && r == RESULT_OK; i++) {
		r = check_twice(c, i, fault);
		if (r == RESULT_OK) {
			r = apply(c, &c->thresholds[i], fault);
		}
	}
	return r;
}

void
config_write_thresholds(struct buffer *b, const char *before)
{
	struct threshold_policy p;

	threshold_policy_default(&p);
	for (enum threshold t = 0; t < THRESHOLD_COUNT; t++) {
		buffer_format(b, "%s{name: %s, limit: \"", before, threshold_name(t));
		threshold_limit_write(&p.rules[t].limit, b);
		buffer_format(b, "\", days: %u, warn: %u}\n", p.rules[t].days, p.rules[t].warn);
	}
	for (uint32_t i = 0; i < p.exception_count; i++) {
		buffer_format(b, "%s{name: %s, receiver: %s, limit: \"", before,
			      threshold_name(p.exceptions[i].threshold), p.exceptions[i].receiver);
		threshold_limit_write(&p.exceptions[i].limit, b);
		buffer_format(b, "\"}\n");
	}
}
