/* Two courses of the same past: what is counted of each, and where the window ends. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "vouch/backtest.h"

#include "base/limits.h"
#include "model/alarm.h"
#include "model/move.h"
#include "unit/test_programme.h"

#include <stdlib.h>

#define DAY    INT64_C(86400000)
#define MINUTE INT64_C(60000)
#define START  INT64_C(1767225600000) /* 2026-01-01 */
#define PROGRAMME \
	"members:\n  - {id: shop, name: Shop, systems: [{id: mta, sources: [192.0.2.10, 192.0.2.11]}]}\n"

struct past {
	struct registry *registry;
	struct backtest *backtest;
};

static int
setup(void **state)
{
	struct past *p = calloc(1, sizeof *p);

	assert_non_null(p);
	p->registry = registry_open();
	(void)test_programme_apply(p->registry, PROGRAMME);
	p->backtest =
	    backtest_open((struct instant){ START + 10 * DAY }, (struct instant){ START + 20 * DAY });
	*state = p;
	return 0;
}

static int
teardown(void **state)
{
	struct past *p = *state;

	backtest_close(p->backtest);
	registry_close(p->registry);
	free(p);
	return 0;
}

static void
see(const struct past *p, enum backtest_course course, enum record_kind kind, struct buffer *b)
{
	const struct replay_effect effect = { kind, buffer_text(b) };

	backtest_see(p->backtest, course, &effect, 1);
	buffer_free(b);
}

static void
move(const struct past *p, enum backtest_course course, int64_t at_ms, uint32_t source, enum event event,
     enum state from, enum state to, struct text receiver)
{
	enum suspension kind =
	    to == STATE_SUSPENDED || to == STATE_REVOKED ? SUSPENSION_SECURITY : SUSPENSION_NONE;
	struct move m = { .source = source,
			  .event = event,
			  .from = from,
			  .to = to,
			  .kind = receiver.n > 0 ? SUSPENSION_COMPLIANCE : kind,
			  .receiver = receiver,
			  .ground = { .at = { at_ms },
				      .seq = 1,
				      .role = ACTOR_DETECTOR,
				      .actor = TEXT("x"),
				      .reason = TEXT("y") } };
	struct buffer b;

	buffer_init(&b, RECORD_BYTES_MAX);
	move_write(&b, &m);
	see(p, course, RECORD_MOVE, &b);
}

static void
accept_both(const struct past *p, uint32_t source)
{
	for (int c = 0; c < BACKTEST_COURSES; c++) {
		move(p, (enum backtest_course)c, START, source, EVENT_ACCEPT, STATE_APPLIED, STATE_CERTIFIED,
		     TEXT(""));
	}
}

static void
suspend(const struct past *p, enum backtest_course course, int64_t at_ms, uint32_t source)
{
	move(p, course, at_ms, source, EVENT_ALARM, STATE_CERTIFIED, STATE_SUSPENDED, TEXT(""));
}

static void
clear(const struct past *p, enum backtest_course course, int64_t at_ms, uint32_t source)
{
	move(p, course, at_ms, source, EVENT_CLEAR, STATE_SUSPENDED, STATE_REINSTATED, TEXT(""));
}

static json_t *
sums(const struct past *p, const char *course)
{
	json_t *all = backtest_sums(p->backtest, p->registry, (struct instant){ START + 30 * DAY });
	json_t *one = json_incref(json_object_get(all, course));

	json_decref(all);
	return one;
}

static void
expect_number(const json_t *object, const char *member, double wanted)
{
	double is = json_number_value(json_object_get(object, member));

	if (!(is > wanted - 1e-6 && is < wanted + 1e-6)) {
		fail_msg("%s is %g, not %g", member, is, wanted);
	}
}

static json_t *
rows(const struct past *p)
{
	return backtest_sources(p->backtest, p->registry, (struct instant){ START + 30 * DAY });
}

/* A report that so many messages of source 0 were delivered. */
static void
mail(const struct past *p, int64_t at_ms, uint32_t count, const char *reporter)
{
	struct observation o = { .at = { at_ms },
				 .signal = SIGNAL_DELIVERED,
				 .count = count,
				 .key_count = 1,
				 .keys = { TEXT("192.0.2.10") } };

	backtest_mail(
	    p->backtest, p->registry,
	    &(struct report){ .reporter = text_of(reporter), .observation_count = 1, .observations = &o });
}

/* Sources of one system that fall at one time fell by one alarm; a confirmed one is not false. */
static void
sources_that_fall_together_are_one_alarm(void **state)
{
	struct past *p = *state;
	json_t *is;

	accept_both(p, 0);
	accept_both(p, 1);
	suspend(p, BACKTEST_COMPUTED, START + 12 * DAY, 0);
	suspend(p, BACKTEST_COMPUTED, START + 12 * DAY, 1);
	is = sums(p, "computed");
	expect_number(json_object_get(is, "false"), "alarms", 1);
	expect_number(json_object_get(is, "false"), "sources", 2);
	json_decref(is);
	clear(p, BACKTEST_COMPUTED, START + 13 * DAY, 1);
	suspend(p, BACKTEST_COMPUTED, START + 14 * DAY, 1);
	is = sums(p, "computed");
	expect_number(json_object_get(is, "false"), "alarms", 2);
	expect_number(json_object_get(is, "false"), "sources", 3);
	assert_false(backtest_wants_mail(p->backtest));
	json_decref(is);
}

static void
the_same_past_differs_in_nothing(void **state)
{
	struct past *p = *state;
	json_t *all;

	accept_both(p, 0);
	for (int c = 0; c < BACKTEST_COURSES; c++) {
		suspend(p, (enum backtest_course)c, START + 12 * DAY, 0);
		clear(p, (enum backtest_course)c, START + 13 * DAY, 0);
	}
	all = rows(p);
	assert_int_equal(json_array_size(all), 0);
	json_decref(all);
}

/* Off from day 8 to 14 and again from 18 on: of that 4 and 2 days lie in the window. */
static void
only_the_window_counts(void **state)
{
	struct past *p = *state;
	json_t *all, *was, *is;

	accept_both(p, 0);
	suspend(p, BACKTEST_RECORDED, START + 8 * DAY, 0);
	clear(p, BACKTEST_RECORDED, START + 14 * DAY, 0);
	suspend(p, BACKTEST_RECORDED, START + 18 * DAY, 0);
	suspend(p, BACKTEST_COMPUTED, START + 25 * DAY, 0);
	all = rows(p);
	assert_int_equal(json_array_size(all), 1);
	expect_number(json_array_get(all, 0), "recorded_off_days", 6);
	expect_number(json_array_get(all, 0), "computed_off_days", 0);
	assert_string_equal(json_string_value(json_object_get(json_array_get(all, 0), "recorded")),
			    "2026-01-19T00:00:00Z");
	assert_true(json_is_null(json_object_get(json_array_get(all, 0), "computed")));
	was = sums(p, "recorded");
	is = sums(p, "computed");
	expect_number(was, "unconfirmed", 1);
	expect_number(was, "source_years", 4 / 365.25);
	expect_number(is, "unconfirmed", 0);
	expect_number(is, "source_years", 10 / 365.25);
	json_decref(all);
	json_decref(was);
	json_decref(is);
}

/* Both courses are measured from the first bad news of the recorded alarm; the verdict is the recorded one, also when it came later. */
static void
a_confirmed_takeover_has_a_delay_in_both(void **state)
{
	struct past *p = *state;
	struct alarm alarm = { .at = { START + 12 * DAY },
			       .first_bad_at = { START + 12 * DAY - 30 * MINUTE } };
	struct buffer b;
	json_t *all, *was, *is, *wrong;
	double rate;

	accept_both(p, 0);
	accept_both(p, 1);
	suspend(p, BACKTEST_COMPUTED, START + 12 * DAY - 10 * MINUTE, 0);
	buffer_init(&b, RECORD_BYTES_MAX);
	alarm_write(&b, &alarm);
	see(p, BACKTEST_RECORDED, RECORD_ALARM, &b);
	suspend(p, BACKTEST_RECORDED, START + 12 * DAY, 0);
	move(p, BACKTEST_RECORDED, START + 21 * DAY, 0, EVENT_CONFIRM, STATE_SUSPENDED, STATE_REVOKED,
	     TEXT(""));
	suspend(p, BACKTEST_COMPUTED, START + 15 * DAY, 1);
	all = rows(p);
	assert_int_equal(json_array_size(all), 2);
	expect_number(json_array_get(all, 0), "recorded_delay_minutes", 30);
	expect_number(json_array_get(all, 0), "computed_delay_minutes", 20);
	assert_true(json_is_true(json_object_get(json_array_get(all, 0), "confirmed")));
	assert_true(json_is_null(json_object_get(json_array_get(all, 1), "computed_delay_minutes")));
	assert_true(backtest_wants_mail(p->backtest));
	mail(p, START + 12 * DAY - 31 * MINUTE, 1000, "operator"); /* before it began */
	mail(p, START + 12 * DAY - 30 * MINUTE, 100, "operator");
	mail(p, START + 12 * DAY - 11 * MINUTE, 100, "operator");
	mail(p, START + 12 * DAY - 10 * MINUTE, 100, "operator");
	mail(p, START + 12 * DAY - MINUTE, 100, "stranger"); /* whose word does not count */
	mail(p, START + 20 * DAY, 100, "operator");
	mail(p, START + 21 * DAY, 1000, "operator"); /* after the verdict */
	was = sums(p, "recorded");
	is = sums(p, "computed");
	expect_number(was, "median_out", 0.75);
	expect_number(is, "median_out", 0.5);
	expect_number(was, "exposed", 300);
	expect_number(is, "exposed", 200);
	expect_number(was, "recall_48h", 1);
	expect_number(json_object_get(was, "false"), "per_1000_source_years", 0);
	/* One alarm in this time; Garwood's interval of one event is 0.0253 to 5.572. */
	expect_number(json_object_get(is, "false"), "sources", 1);
	wrong = json_object_get(is, "false");
	rate = json_number_value(json_object_get(wrong, "per_1000_source_years"));
	assert_true(rate > 0 && json_number_value(json_object_get(wrong, "high")) > 5.5716 * rate &&
		    json_number_value(json_object_get(wrong, "high")) < 5.5717 * rate &&
		    json_number_value(json_object_get(wrong, "low")) > 0.0253 * rate);
	expect_number(was, "caught", 1);
	expect_number(is, "caught", 1);
	expect_number(was, "median_delay_minutes", 30);
	expect_number(is, "median_delay_minutes", 20);
	expect_number(was, "unconfirmed", 0);
	expect_number(is, "unconfirmed", 1);
	expect_number(is, "unconfirmed_off_days", 5);
	json_decref(all);
	json_decref(was);
	json_decref(is);
}

static void
a_suspension_for_one_receiver_is_none_for_the_list(void **state)
{
	struct past *p = *state;
	json_t *all;

	accept_both(p, 1);
	move(p, BACKTEST_COMPUTED, START + 12 * DAY, 1, EVENT_THRESHOLD, STATE_CERTIFIED, STATE_SUSPENDED,
	     TEXT("north"));
	all = rows(p);
	assert_int_equal(json_array_size(all), 1);
	expect_number(json_array_get(all, 0), "computed_partial", 1);
	expect_number(json_array_get(all, 0), "computed_off_days", 0);
	json_decref(all);
}

static void
a_verdict_finds_the_system_of_its_case(void **state)
{
	struct past *p = *state;
	struct case_change change = {
		.number = 3,
		.system = 7,
		.ground = { .at = { START }, .actor = TEXT("x"), .reason = TEXT("y") },
	};
	struct buffer b;

	buffer_init(&b, RECORD_BYTES_MAX);
	case_change_write(&b, &change);
	see(p, BACKTEST_RECORDED, RECORD_CASE, &b);
	assert_int_equal(backtest_case_system(p->backtest, 3), 7);
	assert_int_equal(backtest_case_system(p->backtest, 2), REGISTRY_NONE);
	assert_int_equal(backtest_case_system(p->backtest, 0), REGISTRY_NONE);
	assert_int_equal(backtest_case_system(p->backtest, 4), REGISTRY_NONE);
}

int
main(void)
{
#define EACH(test) cmocka_unit_test_setup_teardown(test, setup, teardown)
	const struct CMUnitTest tests[] = {
		EACH(the_same_past_differs_in_nothing),
		EACH(only_the_window_counts),
		EACH(a_confirmed_takeover_has_a_delay_in_both),
		EACH(sources_that_fall_together_are_one_alarm),
		EACH(a_suspension_for_one_receiver_is_none_for_the_list),
		EACH(a_verdict_finds_the_system_of_its_case),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
