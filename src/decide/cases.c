/* decide/cases.c - the cases of people's work: opened by a suspension, joined, closed with the last verdict. */
#include "decide/decide_int.h"

static struct decide_case *
case_touch(struct decide *d, uint32_t number)
{
	struct decide_case *c = &d->cases[number - 1];

	check(number > 0 && number <= d->case_count);
	if (!c->touched) {
		d->touched = array_room(d->touched, d->touched_count, &d->touched_size, sizeof *d->touched);
		d->touched[d->touched_count++] = number;
		c->touched = true;
	}
	return c;
}

uint32_t
decide_case_for(struct decide *d, uint32_t source, const struct ground *ground, uint32_t words)
{
	const struct decide_source *s = &d->sources[source];
	struct decide_system *system = decide_system_row(d, s->system);
	struct decide_case *c;

	if (system->open_case != 0) {
		return system->open_case;
	}
	d->cases = array_room(d->cases, d->case_count, &d->case_size, sizeof *d->cases);
	c = &d->cases[d->case_count++];
	*c = (struct decide_case){ .system = s->system,
				   .member = s->member,
				   .status = CASE_OPEN,
				   .opened = ground->at,
				   .deadline = { ground->at.ms + DECIDE_VERDICT },
				   .first_bad_at = ground->at,
				   .opening = words,
				   .verdict = DECIDE_NONE };
	decide_words_keep(d, words);
	decide_due_by(d, c->deadline);
	system->open_case = d->case_count;
	return d->case_count;
}

void
decide_case_join(struct decide *d, uint32_t number, uint32_t source)
{
	struct decide_case *c = case_touch(d, number);

	c->suspended++;
	if (d->sources[source].case_number == number) {
		return; /* cleared earlier in the same case, and suspended again */
	}
	d->sources[source].case_number = number;
	c->sources = array_room(c->sources, c->source_count, &c->source_size, sizeof *c->sources);
	c->sources[c->source_count++] = source;
}

void
decide_case_leave(struct decide *d, uint32_t number, enum event event, bool withdrawn)
{
	struct decide_case *c = case_touch(d, number);

	check(c->suspended > 0);
	c->suspended--;
	if (event == EVENT_CLEAR) {
		c->cleared++;
	} else if (!withdrawn) {
		c->confirmed++;
	}
}

void
decide_case_note(struct decide *d, uint32_t number, const struct alarm *alarm)
{
	struct decide_case *c = &d->cases[number - 1];

	c->alarm_total++;
	if (c->alarm_count < DECIDE_CASE_ALARMS_MAX) {
		c->alarms = array_room(c->alarms, c->alarm_count, &c->alarm_size, sizeof *c->alarms);
		c->alarms[c->alarm_count++] = *alarm;
	}
}

void
decide_case_report(struct decide *d, uint32_t number, const struct ground *ground)
{
	const struct decide_case *c = &d->cases[number - 1];
	struct case_change change = { .number = number,
				      .system = c->system,
				      .status = c->status,
				      .opened = c->opened,
				      .deadline = c->deadline,
				      .source_count = c->source_count,
				      .delivered_before = c->delivered_before,
				      .delivered_after = c->delivered_after,
				      .ground = *ground };

	d->events.case_change(d->events.context, &change);
}

/* One confirmed source makes the case a confirmed one, whatever became of the others. */
static enum case_status
case_outcome(const struct decide_case *c)
{
	if (c->confirmed > 0) {
		return CASE_CONFIRMED;
	}
	return c->cleared > 0 ? CASE_CLEARED : CASE_WITHDRAWN;
}

void
decide_cases_settle(struct decide *d, const struct ground *ground, uint32_t words)
{
	for (uint32_t i = 0; i < d->touched_count; i++) {
		struct decide_case *c = &d->cases[d->touched[i] - 1];

		c->touched = false;
		if (c->suspended == 0) {
			c->status = case_outcome(c);
			c->closed = ground->at;
			c->verdict = words;
			decide_words_keep(d, words);
			decide_system_row(d, c->system)->open_case = 0;
		}
		decide_case_report(d, d->touched[i], ground);
	}
	d->touched_count = 0;
}
