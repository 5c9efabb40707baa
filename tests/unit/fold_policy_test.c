/* The thresholds of a journal are those of its policy records, or those that a replay is told; who an observation is about. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "fold_sink.h"

#include "base/limits.h"
#include "model/report.h"
#include "vouchd/command.h"
#include "unit/test_programme.h"

#define START INT64_C(1767225600000) /* 2026-01-01 */
#define PROGRAMME                                                                   \
	"members:\n"                                                                \
	"  - {id: shop, name: Shop, systems: [{id: mta, sources: [192.0.2.10]}]}\n" \
	"reporters:\n"                                                              \
	"  - {id: north, kind: mailbox, trust: full}\n"                             \
	"  - {id: relay, kind: mta, trust: full}\n"                                 \
	"  - {id: gateway, kind: mta, trust: full, receiver: south}\n"              \
	"receivers:\n"                                                              \
	"  - {id: east}\n"

struct history {
	struct fold *fold;
	int64_t now;
	uint64_t seq;
	uint32_t moves, partial_moves;
};

static void
see_move(void *context, const struct move *move)
{
	struct history *h = context;

	h->moves++;
	h->partial_moves += move->receiver.n > 0;
}

static enum result
append(struct history *h, enum record_kind kind, struct buffer *payload)
{
	struct record record = {
		.seq = ++h->seq, .time = { h->now }, .kind = kind, .payload = buffer_text(payload)
	};
	enum result r = fold_apply(h->fold, &record, NULL);

	buffer_free(payload);
	return r;
}

static struct fold *
open_fold(struct history *h, const struct threshold_policy *fixed)
{
	return fold_open(
	    &(struct fold_policy){ .budget = 10, .thresholds = fixed },
	    &(struct fold_sink){ ignore_id, ignore_alarm, see_move, ignore_case, ignore_registry, h, NULL });
}

static enum result
command(struct history *h, enum event event)
{
	struct command c = { .decide = { .event = event,
					 .subject = DECIDE_SOURCE,
					 .role = ACTOR_OPERATOR,
					 .actor = TEXT("anna"),
					 .reason = TEXT("seen by anna") },
			     .name = TEXT("192.0.2.10") };
	struct buffer b;

	buffer_init(&b, RECORD_BYTES_MAX);
	command_write(&b, &c);
	return append(h, RECORD_COMMAND, &b);
}

/* A share of 5 % for review, as each policy record here. */
static void
policy(struct history *h, const struct threshold_policy *thresholds)
{
	struct command c = { .is_policy = true,
			     .budget = 10,
			     .shadow = 5,
			     .policy = thresholds,
			     .decide = { .actor = TEXT("vouch.yaml"), .reason = TEXT("the configuration") } };
	struct buffer b;

	buffer_init(&b, RECORD_BYTES_MAX);
	command_write(&b, &c);
	assert_int_equal(append(h, RECORD_COMMAND, &b), RESULT_OK);
}

static void
begin(struct history *h, const struct threshold_policy *fixed)
{
	struct buffer b;

	*h = (struct history){ .now = START };
	h->fold = open_fold(h, fixed);
	(void)test_programme_write(fold_registry(h->fold), PROGRAMME, &b);
	assert_int_equal(append(h, RECORD_REGISTRY, &b), RESULT_OK);
	assert_int_equal(command(h, EVENT_ACCEPT), RESULT_OK);
	h->moves = 0;
}

static void
report(struct history *h, const char *reporter, const char *receiver, enum signal signal, uint32_t count)
{
	const struct attribute attribute = { TEXT("receiver"), text_of(receiver) };
	struct observation o = { .at = { h->now },
				 .signal = signal,
				 .count = count,
				 .key_count = 1,
				 .keys = { TEXT("192.0.2.10") },
				 .attributes = &attribute,
				 .attribute_count = receiver != NULL };
	struct report r = { .door = TEXT("http"),
			    .format = TEXT("csv"),
			    .reporter = text_of(reporter),
			    .observation_count = 1,
			    .observations = &o };
	struct buffer b;

	buffer_init(&b, RECORD_BYTES_MAX);
	report_write(&b, &r);
	assert_int_equal(append(h, RECORD_REPORT, &b), RESULT_OK);
}

static enum state
state_of(const struct history *h)
{
	struct decide_source_view v;

	decide_source_view(fold_decide(h->fold), 0, &v);
	return v.state;
}

static void
without_a_policy_record_no_threshold_suspends(void **state)
{
	struct threshold_policy thresholds;
	struct history h;

	(void)state;
	begin(&h, NULL);
	report(&h, "operator", NULL, SIGNAL_TRAP_PRISTINE, 3);
	assert_int_equal(state_of(&h), STATE_CERTIFIED);
	/* The record holds for what is counted already. */
	threshold_policy_default(&thresholds);
	policy(&h, &thresholds);
	assert_int_equal(state_of(&h), STATE_SUSPENDED);
	assert_true(threshold_policy_equal(fold_thresholds(h.fold), &thresholds));
	/* One that speaks of the budget alone leaves them. */
	policy(&h, NULL);
	assert_true(threshold_policy_equal(fold_thresholds(h.fold), &thresholds));
	fold_close(h.fold);
}

static void
a_replay_may_be_told_other_thresholds(void **state)
{
	struct threshold_policy thresholds;
	struct history h;

	(void)state;
	threshold_policy_default(&thresholds);
	thresholds.rules[THRESHOLD_TRAP_CRITICAL].limit.steps[0].value = 5;
	begin(&h, &thresholds);
	threshold_policy_default(&thresholds);
	policy(&h, &thresholds); /* is passed over */
	report(&h, "operator", NULL, SIGNAL_TRAP_PRISTINE, 4);
	assert_int_equal(state_of(&h), STATE_CERTIFIED);
	report(&h, "operator", NULL, SIGNAL_TRAP_PRISTINE, 1);
	assert_int_equal(state_of(&h), STATE_SUSPENDED);
	fold_close(h.fold);
}

static uint32_t
reviewed(const struct history *h)
{
	return decide_reviews(fold_decide(h->fold)).percent;
}

/* From a record on, too; with another budget alone it stays as recorded. */
static void
a_replay_may_be_told_another_share_of_reviews(void **state)
{
	struct threshold_policy thresholds;
	struct fold_policy other = { .budget = 20, .shadow = 30 };
	struct history h;

	(void)state;
	threshold_policy_default(&thresholds);
	begin(&h, NULL);
	policy(&h, &thresholds);
	assert_int_equal(reviewed(&h), 5);
	fold_try(h.fold, &other, (struct moment){ { h.now }, h.seq + 1 });
	assert_int_equal(reviewed(&h), 5);
	other.thresholds = &thresholds;
	fold_try(h.fold, &other, (struct moment){ { h.now }, h.seq + 1 });
	assert_int_equal(reviewed(&h), 30);
	policy(&h, &thresholds); /* is passed over */
	assert_int_equal(reviewed(&h), 30);
	fold_close(h.fold);
}

/* It must not even begin a day: what follows from that would be written, and the command is not. */
static void
a_refused_command_changes_nothing(void **state)
{
	struct threshold_policy thresholds;
	struct history h;
	struct buffer before, after;

	(void)state;
	buffer_init(&before, FOLD_SNAPSHOT_BYTES_MAX);
	buffer_init(&after, FOLD_SNAPSHOT_BYTES_MAX);
	begin(&h, NULL);
	threshold_policy_default(&thresholds);
	policy(&h, &thresholds);
	report(&h, "north", NULL, SIGNAL_DELIVERED, 200000);
	h.now += 20 * SPAN_DAY.ms;
	report(&h, "north", NULL, SIGNAL_DELIVERED, 50000);
	report(&h, "north", NULL, SIGNAL_COMPLAINT, 300);
	assert_int_equal(h.moves, 0);
	/* Ten days later the first mail has left the window, and the rate is 0.6 %. */
	h.now += 10 * SPAN_DAY.ms;
	fold_save(h.fold, &before);
	assert_int_equal(command(&h, EVENT_APPLY), RESULT_NOT_ALLOWED);
	fold_save(h.fold, &after);
	assert_int_equal(h.moves, 0);
	assert_true(text_equal(buffer_text(&before), buffer_text(&after)));
	assert_true(fold_waits(h.fold, (struct instant){ h.now }));
	buffer_clear(&before);
	assert_int_equal(append(&h, RECORD_TICK, &before), RESULT_OK);
	assert_int_equal(h.partial_moves, 1);
	buffer_free(&after);
	fold_close(h.fold);
}

static uint64_t
complaints_at(const struct history *h, const char *receiver)
{
	struct compliance_metric metrics[16];
	uint32_t count = compliance_source_metrics(fold_compliance(h->fold), 0, metrics, countof(metrics));

	assert_true(count <= countof(metrics));
	for (uint32_t i = 0; i < count; i++) {
		if (metrics[i].threshold == THRESHOLD_COMPLAINT &&
		    text_equal(metrics[i].party_name, text_of(receiver))) {
			return metrics[i].bad;
		}
	}
	return 0;
}

static void
a_report_is_about_the_receiver_that_it_is_from_or_names(void **state)
{
	struct threshold_policy thresholds;
	struct history h;

	(void)state;
	threshold_policy_default(&thresholds);
	begin(&h, &thresholds);
	report(&h, "north", NULL, SIGNAL_COMPLAINT, 1);
	report(&h, "north", "east", SIGNAL_COMPLAINT, 2); /* a mailbox operator speaks for itself only */
	report(&h, "gateway", NULL, SIGNAL_COMPLAINT, 4);
	report(&h, "gateway", "east", SIGNAL_COMPLAINT, 8);
	report(&h, "relay", "east", SIGNAL_COMPLAINT, 16);
	report(&h, "relay", "north", SIGNAL_COMPLAINT, 32);
	report(&h, "relay", "elsewhere", SIGNAL_COMPLAINT, 64); /* nobody of the programme */
	report(&h, "relay", NULL, SIGNAL_COMPLAINT, 128);
	report(&h, "operator", "east", SIGNAL_COMPLAINT, 256);
	report(&h, "stranger", "east", SIGNAL_COMPLAINT, 512); /* not trusted */
	assert_int_equal(complaints_at(&h, "north"), 1 + 2 + 32);
	assert_int_equal(complaints_at(&h, "south"), 4 + 8);
	assert_int_equal(complaints_at(&h, "east"), 16 + 256);
	assert_int_equal(complaints_at(&h, "elsewhere"), 0);
	fold_close(h.fold);
}

/* The snapshot holds policy and counts: the one that was read goes on like the one that was not. */
static void
a_fold_from_a_snapshot_goes_on_the_same(void **state)
{
	struct threshold_policy thresholds;
	struct history h, other;
	struct buffer b, again;

	(void)state;
	buffer_init(&b, FOLD_SNAPSHOT_BYTES_MAX);
	buffer_init(&again, FOLD_SNAPSHOT_BYTES_MAX);
	begin(&h, NULL);
	threshold_policy_default(&thresholds);
	thresholds.wait = SPAN_HOUR;
	/* so few that no takeover is suspected */
	thresholds.rules[THRESHOLD_COMPLAINT].limit.steps[0].from = 3;
	policy(&h, &thresholds);
	report(&h, "north", NULL, SIGNAL_DELIVERED, 1000);
	report(&h, "north", NULL, SIGNAL_COMPLAINT, 3);
	report(&h, "operator", NULL, SIGNAL_JUNK_VOTE, 5);
	assert_int_equal(h.partial_moves, 1);
	fold_save(h.fold, &b);
	other = h;
	other.fold = open_fold(&other, NULL);
	assert_int_equal(fold_load(other.fold, buffer_text(&b)), RESULT_OK);
	for (int day = 0; day < 31; day++) {
		struct history *const both[] = { &h, &other };

		for (size_t i = 0; i < countof(both); i++) {
			struct buffer none;

			buffer_init(&none, 1);
			both[i]->now += SPAN_DAY.ms;
			report(both[i], "north", NULL, SIGNAL_DELIVERED, 1000);
			assert_int_equal(append(both[i], RECORD_TICK, &none), RESULT_OK);
		}
		buffer_clear(&b);
		buffer_clear(&again);
		fold_save(h.fold, &b);
		fold_save(other.fold, &again);
		assert_true(text_equal(buffer_text(&b), buffer_text(&again)));
	}
	assert_int_equal(state_of(&h), STATE_REINSTATED);
	assert_int_equal(h.partial_moves, 2);
	assert_int_equal(h.moves, other.moves);
	fold_close(h.fold);
	fold_close(other.fold);
	buffer_free(&b);
	buffer_free(&again);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(without_a_policy_record_no_threshold_suspends),
		cmocka_unit_test(a_replay_may_be_told_other_thresholds),
		cmocka_unit_test(a_replay_may_be_told_another_share_of_reviews),
		cmocka_unit_test(a_refused_command_changes_nothing),
		cmocka_unit_test(a_report_is_about_the_receiver_that_it_is_from_or_names),
		cmocka_unit_test(a_fold_from_a_snapshot_goes_on_the_same),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
