/* The state machine of a source, tried in full: every (state, event, actor). */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "model/state.h"

/* A second writing of the rules, by sets instead of rows, so that a row added by mistake is found. */
static bool
person(enum actor a)
{
	return a == ACTOR_ANALYST || a == ACTOR_OPERATOR;
}

static bool
expected(enum state from, enum event e, enum actor a, enum state *to)
{
	*to = from;
	switch (from) {
	case STATE_APPLIED:
		*to = e == EVENT_ACCEPT ? STATE_CERTIFIED : STATE_REVOKED;
		return a == ACTOR_OPERATOR && (e == EVENT_ACCEPT || e == EVENT_REFUSE);
	case STATE_CERTIFIED:
	case STATE_REINSTATED:
		if (e == EVENT_MATURE) {
			*to = STATE_CERTIFIED;
			return from == STATE_REINSTATED && a == ACTOR_CLOCK;
		}
		*to = STATE_SUSPENDED;
		return (a == ACTOR_DETECTOR && (e == EVENT_ALARM || e == EVENT_THRESHOLD)) ||
		       (a == ACTOR_CLOCK && e == EVENT_DISUSE) || (person(a) && e == EVENT_SUSPEND);
	case STATE_SUSPENDED:
		/* Once more for another reason, by whom it may be suspended anyway; time alone puts nothing out of use twice. */
		if ((a == ACTOR_DETECTOR && (e == EVENT_ALARM || e == EVENT_THRESHOLD)) ||
		    (person(a) && e == EVENT_SUSPEND)) {
			return true;
		}
		*to = e == EVENT_CONFIRM ? STATE_REVOKED : STATE_REINSTATED;
		return (person(a) && (e == EVENT_CLEAR || e == EVENT_CONFIRM)) ||
		       (a == ACTOR_CLOCK && e == EVENT_RECOVER);
	case STATE_REVOKED:
		*to = STATE_APPLIED;
		return e == EVENT_APPLY && (a == ACTOR_MEMBER || a == ACTOR_OPERATOR);
	case STATE_COUNT:
		break;
	}
	return false;
}

static void
every_move_is_the_one_that_is_allowed(void **context)
{
	(void)context;
	for (enum state from = 0; from < STATE_COUNT; from++) {
		for (enum event e = 0; e < EVENT_COUNT; e++) {
			for (enum actor a = 0; a < ACTOR_COUNT; a++) {
				enum state want, got;
				bool may = expected(from, e, a, &want);
				enum result r = state_next(from, e, a, &got);

				assert_int_equal(r, may ? RESULT_OK : RESULT_NOT_ALLOWED);
				assert_int_equal(got, may ? want : from);
			}
		}
	}
}

static void
a_detector_never_puts_a_source_on_the_list(void **context)
{
	(void)context;
	for (enum state from = 0; from < STATE_COUNT; from++) {
		for (enum event e = 0; e < EVENT_COUNT; e++) {
			enum state to;

			if (state_next(from, e, ACTOR_DETECTOR, &to) == RESULT_OK) {
				assert_true(state_listed(from) || from == STATE_SUSPENDED);
				assert_false(state_listed(to));
			}
		}
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_move_is_the_one_that_is_allowed),
		cmocka_unit_test(a_detector_never_puts_a_source_on_the_list),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
