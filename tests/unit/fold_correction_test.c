/* What reports told and tell no longer: the counts behind the thresholds are those of a twin who was told the right thing at once. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "unit/fold_sink.h"

#include "base/limits.h"
#include "model/correction.h"
#include "vouchd/command.h"
#include "unit/test_programme.h"

#include <stdlib.h>

#define DAY     INT64_C(86400000)
#define START   (INT64_C(20400) * DAY)
#define REPORTS 60
#define METRICS 64U

#define MEMBERS                             \
	"members:\n"                        \
	"  - id: harbour\n"                 \
	"    name: Harbour\n"               \
	"    systems:\n"                    \
	"      - id: news\n"                \
	"        sources: [%s]\n"           \
	"      - id: alerts\n"              \
	"        sources: [192.0.2.0/28]\n" \
	"reporters:\n"                      \
	"  - id: mailbox\n"                 \
	"    kind: mailbox\n"               \
	"    trust: %s\n"                   \
	"    receiver: %s\n"                \
	"  - id: traps\n"                   \
	"    kind: trap_network\n"          \
	"    trust: full\n"                 \
	"  - id: panel\n"                   \
	"    kind: person\n"                \
	"    trust: full\n"                 \
	"receivers:\n"                      \
	"%s"
#define NORTH "  - id: north\n"
#define POST  "  - id: post\n"

static const struct attribute to_post[] = { { { "receiver", 8 }, { "post", 4 } } };

struct history {
	struct fold *fold;
	struct instant now;
	uint64_t seq, random;
	struct arena arena;
};

static uint32_t
dice(struct history *h, uint32_t sides)
{
	h->random ^= h->random << 13;
	h->random ^= h->random >> 7;
	h->random ^= h->random << 17;
	return (uint32_t)(h->random >> 33) % sides;
}

static uint64_t
append(struct history *h, enum record_kind kind, const struct buffer *payload)
{
	struct record record = { .seq = ++h->seq, .time = h->now, .kind = kind };
	struct fault fault = { { 0 } };

	record.payload = buffer_text(payload);
	if (fold_apply(h->fold, &record, &fault) != RESULT_OK) {
		fail_msg("%s", fault.text);
	}
	return h->seq;
}

static void
programme(struct history *h, const char *sources, const char *trust, const char *receiver,
	  const char *receivers)
{
	const char *yaml = arena_format(&h->arena, MEMBERS, sources, trust, receiver, receivers);
	struct buffer payload;

	(void)test_programme_write(fold_registry(h->fold), yaml, &payload);
	(void)append(h, RECORD_REGISTRY, &payload);
	buffer_free(&payload);
}

static void
command(struct history *h, enum event event)
{
	struct command c = { .decide = { .event = event,
					 .subject = DECIDE_MEMBER,
					 .role = ACTOR_OPERATOR,
					 .actor = TEXT("anna"),
					 .reason = TEXT("seen by anna") },
			     .name = TEXT("harbour") };
	struct buffer payload;

	buffer_init(&payload, RECORD_BYTES_MAX);
	command_write(&payload, &c);
	(void)append(h, RECORD_COMMAND, &payload);
	buffer_free(&payload);
}

static void
begin(struct history *h)
{
	struct threshold_policy thresholds;

	threshold_policy_default(&thresholds);
	*h = (struct history){ .now = { START }, .random = 88172645463325252U };
	h->fold = fold_open(&(struct fold_policy){ .budget = 10, .thresholds = &thresholds },
			    &(struct fold_sink){ .touch = ignore_id,
						 .alarm = ignore_alarm,
						 .move = ignore_move,
						 .case_change = ignore_case,
						 .registry = ignore_registry,
						 .context = h });
	programme(h, "192.0.2.10, shop.example", "full", "north", NORTH POST);
	command(h, EVENT_ACCEPT);
}

static void
end(struct history *h)
{
	fold_close(h->fold);
	arena_clear(&h->arena);
}

static uint64_t
tell(struct history *h, const struct report *r)
{
	struct buffer b;
	uint64_t seq;

	buffer_init(&b, RECORD_BYTES_MAX);
	report_write(&b, r);
	seq = append(h, RECORD_REPORT, &b);
	buffer_free(&b);
	return seq;
}

static void
correct(struct history *h, const struct correction *difference)
{
	struct correction c = *difference;
	struct buffer b;

	c.actor = TEXT("anna");
	c.reason = TEXT("it reads otherwise");
	buffer_init(&b, RECORD_BYTES_MAX);
	correction_write(&b, &c);
	(void)append(h, RECORD_CORRECTION, &b);
	buffer_free(&b);
}

/* ---- the same counts? */

static uint32_t
metrics_of(const struct history *h, uint32_t source, struct compliance_metric *metrics)
{
	const struct compliance *c = fold_compliance(h->fold);

	return source < registry_count(fold_registry(h->fold), THING_SOURCE)
		   ? compliance_source_metrics(c, source, metrics, METRICS)
		   : compliance_group_metrics(c, 0, metrics, METRICS);
}

static const struct compliance_metric *
metric_like(const struct compliance_metric *one, const struct compliance_metric *of, uint32_t count)
{
	for (uint32_t i = 0; i < count; i++) {
		if (of[i].threshold == one->threshold && text_equal(of[i].party_name, one->party_name)) {
			return &of[i];
		}
	}
	return NULL;
}

/* But for silence: a day on which mail was told stays one. Receivers are numbered as they come, so their names are compared. */
static void
assert_same_counts(const struct history *a, const struct history *b)
{
	for (uint32_t source = 0; source <= registry_count(fold_registry(a->fold), THING_SOURCE); source++) {
		struct compliance_metric of_a[METRICS], of_b[METRICS];
		uint32_t count = metrics_of(a, source, of_a), other = metrics_of(b, source, of_b);
		uint32_t counted = 0;

		for (uint32_t i = 0; i < count; i++) {
			const struct compliance_metric *like = metric_like(&of_a[i], of_b, other);

			if (threshold_measure(of_a[i].threshold) == MEASURE_SILENCE) {
				continue;
			}
			assert_non_null(like);
			assert_int_equal(of_a[i].bad, like->bad);
			assert_int_equal(of_a[i].sample, like->sample);
			assert_int_equal(of_a[i].level, like->level);
			counted++;
		}
		for (uint32_t i = 0; i < other; i++) {
			counted -= threshold_measure(of_b[i].threshold) != MEASURE_SILENCE;
		}
		assert_int_equal(counted, 0);
	}
}

/* ---- reports and what they tell otherwise later */

static struct observation
draw_observation(struct history *h, struct instant now)
{
	static const enum signal signals[] = { SIGNAL_DELIVERED,     SIGNAL_DELIVERED,
					       SIGNAL_COMPLAINT,     SIGNAL_JUNK_VOTE,
					       SIGNAL_NOT_JUNK_VOTE, SIGNAL_TRAP_PRISTINE,
					       SIGNAL_TRAP_RECYCLED, SIGNAL_TRAP_TYPO,
					       SIGNAL_UNKNOWN_USER };
	static const char *const keys[] = { "192.0.2.10", "shop.example", "192.0.2.3", "nobody.example" };
	struct observation o = { .signal = signals[dice(h, countof(signals))],
				 .key_count = 1 + dice(h, 2),
				 .at = { now.ms - (int64_t)dice(h, 40) * DAY / 10 } };

	o.count = 1 + dice(h, o.signal == SIGNAL_DELIVERED ? 900 : 20);
	o.keys[0] = text_of(keys[dice(h, countof(keys))]);
	o.keys[1] = text_of(keys[dice(h, countof(keys))]);
	o.key_count = text_equal(o.keys[0], o.keys[1]) ? 1 : o.key_count;
	if (dice(h, 3) == 0) {
		o.attributes = to_post;
		o.attribute_count = 1;
	}
	return o;
}

static struct report
draw_report(struct history *h)
{
	static const char *const reporters[] = { "mailbox", "traps", "panel", "operator", "stranger" };
	struct report r = { .door = TEXT("ingest"),
			    .format = TEXT("csv"),
			    .reporter = text_of(reporters[dice(h, countof(reporters))]),
			    .observation_count = dice(h, 6) };

	r.id.bytes[0] = (uint8_t)h->seq;
	r.observations = arena_get_array(&h->arena, 8, sizeof *r.observations);
	for (uint32_t i = 0; i < r.observation_count; i++) {
		r.observations[i] = draw_observation(h, h->now);
	}
	return r;
}

/* What a later reader makes of it: rows gone, rows new, other counts, signals and sources. */
static struct report
read_otherwise(struct history *h, const struct report *was, struct instant told)
{
	struct report r = *was;

	r.observations = arena_get_array(&h->arena, 8, sizeof *r.observations);
	r.observation_count = 0;
	for (uint32_t i = 0; i < was->observation_count; i++) {
		struct observation o = was->observations[i];

		switch (dice(h, 5)) {
		case 0:
			continue;
		case 1:
			o.count = 1 + dice(h, 2 * o.count);
			break;
		case 2:
			o.signal = draw_observation(h, told).signal;
			break;
		case 3:
			o.keys[0] = TEXT("192.0.2.4");
			o.key_count = 1;
			break;
		default:
			break;
		}
		r.observations[r.observation_count++] = o;
	}
	if (dice(h, 3) == 0) {
		r.observations[r.observation_count++] = draw_observation(h, told);
	}
	return r;
}

/* Two histories of the same reports, but that the second one reads them otherwise. */
struct past {
	struct report was[REPORTS], now[REPORTS];
	struct instant told[REPORTS];
	uint64_t seq[REPORTS];
};
typedef struct report otherwise_fn(struct history *h, const struct report *was, struct instant told);

static void
tell_both(struct history *a, struct history *b, otherwise_fn *otherwise, struct past *past)
{
	for (int i = 0; i < REPORTS; i++) {
		a->now.ms += dice(a, 12) * DAY / 10;
		b->now = past->told[i] = a->now;
		past->was[i] = draw_report(a);
		past->now[i] = otherwise(a, &past->was[i], a->now);
		past->seq[i] = tell(a, &past->was[i]);
		assert_int_equal(tell(b, &past->now[i]), past->seq[i]);
	}
}

static void
a_corrected_history_counts_like_the_right_one(void **context)
{
	struct history a, b;
	struct past past;
	uint32_t taken = 0;

	(void)context;
	begin(&a);
	begin(&b);
	tell_both(&a, &b, read_otherwise, &past);
	for (int i = 0; i < REPORTS; i++) {
		struct correction last = { 0 };

		if (correction_between(&past.was[i], 1, NULL, 0, &past.now[i], &a.arena, &last)) {
			last.of = past.seq[i];
			last.told = past.told[i];
			correct(&a, &last);
			taken += last.taken.observation_count;
		}
	}
	assert_true(taken > 20);
	assert_same_counts(&a, &b);
	end(&a);
	end(&b);
}

/* ---- what nobody knows any more how it was counted stays */

static const struct report *
three_traps(struct history *h, const char *reporter, const char *key)
{
	struct report *r = arena_get_array(&h->arena, 1, sizeof *r);

	*r = (struct report){ .door = TEXT("ingest"),
			      .format = TEXT("csv"),
			      .reporter = text_of(reporter),
			      .observation_count = 1 };
	r->observations = arena_get_array(&h->arena, 1, sizeof *r->observations);
	r->observations[0] = (struct observation){ .at = h->now,
						   .signal = SIGNAL_TRAP_PRISTINE,
						   .count = 3,
						   .key_count = 1,
						   .keys = { text_of(key) },
						   .attribute_count = 1,
						   .attributes = to_post };
	return r;
}

static uint64_t
pristine(const struct history *h, const char *key)
{
	struct compliance_metric metrics[METRICS];
	uint32_t count = metrics_of(h, registry_lookup(fold_registry(h->fold), text_of(key)), metrics);

	for (uint32_t i = 0; i < count; i++) {
		if (metrics[i].threshold == THRESHOLD_TRAP_CRITICAL) {
			return metrics[i].bad;
		}
	}
	return 0;
}

static void
take_all(struct history *h, const struct report *r, uint64_t of, struct instant told)
{
	struct report nothing = { .observation_count = 0 };
	struct correction c;

	assert_true(correction_between(r, 1, NULL, 0, &nothing, &h->arena, &c));
	c.of = of;
	c.told = told;
	correct(h, &c);
}

/* Reports, a change of the programme, the same report again; then the first is taken back: the second must be left. */
static void
check_after(const char *reporter, const char *key, const char *sources, const char *trust,
	    const char *receivers, uint64_t after, uint64_t left)
{
	struct history h;
	const struct report *r;
	struct instant told;
	uint64_t of;

	begin(&h);
	r = three_traps(&h, reporter, key);
	told = h.now;
	of = tell(&h, r);
	h.now.ms += DAY;
	programme(&h, sources, trust, "north", receivers);
	(void)tell(&h, r);
	assert_int_equal(pristine(&h, key), after);
	take_all(&h, r, of, told);
	assert_int_equal(pristine(&h, key), left);
	end(&h);
}

static void
what_was_counted_otherwise_is_not_taken(void **context)
{
	static const char same[] = "192.0.2.10, shop.example",
			  one_more[] = "192.0.2.10, shop.example, 192.0.2.20", one_less[] = "shop.example";

	(void)context;
	check_after("mailbox", "192.0.2.10", same, "full", NORTH POST, 6, 3);
	check_after("operator", "192.0.2.10", same, "full", NORTH POST, 6, 3);
	/* The reporter has no say now: what it said when it had stays. */
	check_after("mailbox", "192.0.2.10", same, "none", NORTH POST, 3, 3);
	/* The source came later, or an address of the prefix was a source of its own then. */
	check_after("mailbox", "192.0.2.20", one_more, "full", NORTH POST, 3, 3);
	check_after("mailbox", "192.0.2.10", one_less, "full", NORTH POST, 3, 3);
	/* Whose receivers are others now: only where the observation names one, and its reporter is none itself. */
	check_after("mailbox", "192.0.2.10", same, "full", NORTH, 6, 3);
	check_after("operator", "192.0.2.10", same, "full", NORTH, 6, 6);
}

/* A reporter that had no say gets it later: what it said before was never counted. */
static void
what_was_never_counted_is_not_taken(void **context)
{
	struct history h;
	const struct report *r;
	struct instant told;
	uint64_t of;

	(void)context;
	begin(&h);
	programme(&h, "192.0.2.10, shop.example", "none", "north", NORTH POST);
	r = three_traps(&h, "mailbox", "192.0.2.10");
	told = h.now;
	of = tell(&h, r);
	programme(&h, "192.0.2.10, shop.example", "full", "north", NORTH POST);
	(void)tell(&h, three_traps(&h, "traps", "192.0.2.10"));
	take_all(&h, r, of, told);
	assert_int_equal(pristine(&h, "192.0.2.10"), 3);
	end(&h);
}

/* A person lists it anew: its counts began again, and what was told before is in none of them. */
static void
what_was_counted_before_a_new_start_is_gone_already(void **context)
{
	struct history h;
	const struct report *r;
	struct instant told;
	uint64_t of;

	(void)context;
	begin(&h);
	r = three_traps(&h, "mailbox", "192.0.2.10");
	told = h.now;
	of = tell(&h, r);
	command(&h, EVENT_SUSPEND);
	command(&h, EVENT_CLEAR);
	assert_int_equal(pristine(&h, "192.0.2.10"), 0);
	h.now.ms += 1;
	(void)tell(&h, three_traps(&h, "mailbox", "192.0.2.10"));
	take_all(&h, r, of, told);
	assert_int_equal(pristine(&h, "192.0.2.10"), 3);
	end(&h);
}

/* ---- all of it is taken back, or nothing */

static enum result
withdraw(struct history *h, const struct report *r, uint64_t of, struct instant told)
{
	struct report nothing = { .observation_count = 0 };
	struct correction c;
	struct record record = { .seq = h->seq + 1, .time = h->now, .kind = RECORD_WITHDRAWAL };
	struct fault fault = { { 0 } };
	struct buffer b;
	enum result result;

	assert_true(correction_between(r, 1, NULL, 0, &nothing, &h->arena, &c));
	c.actor = TEXT("anna");
	c.reason = TEXT("it was forged");
	c.of = of;
	c.told = told;
	buffer_init(&b, RECORD_BYTES_MAX);
	withdrawal_write(&b, &c);
	record.payload = buffer_text(&b);
	result = fold_apply(h->fold, &record, &fault);
	h->seq += result == RESULT_OK;
	buffer_free(&b);
	return result;
}

static struct report
not_at_all_now_and_then(struct history *h, const struct report *was, struct instant told)
{
	const struct report nothing = { .door = TEXT("ingest"), .format = TEXT("csv") };

	(void)told;
	return dice(h, 3) == 0 ? nothing : *was;
}

static void
what_is_withdrawn_counts_as_if_it_had_never_been_told(void **context)
{
	struct history a, b;
	struct past past;
	uint32_t withdrawn = 0;

	(void)context;
	begin(&a);
	begin(&b);
	tell_both(&a, &b, not_at_all_now_and_then, &past);
	for (int i = 0; i < REPORTS; i++) {
		if (past.now[i].observation_count < past.was[i].observation_count) {
			assert_int_equal(withdraw(&a, &past.was[i], past.seq[i], past.told[i]), RESULT_OK);
			withdrawn += past.was[i].observation_count;
		}
	}
	assert_true(withdrawn > 20);
	assert_same_counts(&a, &b);
	end(&a);
	end(&b);
}

/* Of two observations one is about a source that came later: the other stays as well. */
static void
what_cannot_be_taken_back_whole_is_not_taken_at_all(void **context)
{
	struct history h;
	struct report r;
	struct instant told;
	uint64_t of;

	(void)context;
	begin(&h);
	r = *three_traps(&h, "mailbox", "192.0.2.10");
	r.observations = arena_get_array(&h.arena, 2, sizeof *r.observations);
	r.observations[0] = three_traps(&h, "mailbox", "192.0.2.10")->observations[0];
	r.observations[1] = three_traps(&h, "mailbox", "192.0.2.20")->observations[0];
	r.observation_count = 2;
	told = h.now;
	of = tell(&h, &r);
	h.now.ms += DAY;
	programme(&h, "192.0.2.10, shop.example, 192.0.2.20", "full", "north", NORTH POST);
	assert_int_equal(pristine(&h, "192.0.2.10"), 3);
	assert_int_equal(withdraw(&h, &r, of, told), RESULT_NOT_ALLOWED);
	assert_int_equal(pristine(&h, "192.0.2.10"), 3);
	end(&h);
}

static void
a_listing_is_a_state_and_not_withdrawn(void **context)
{
	struct history h;
	struct report r;
	uint64_t of;

	(void)context;
	begin(&h);
	r = *three_traps(&h, "mailbox", "192.0.2.10");
	r.observations[0].signal = SIGNAL_BLOCKLISTED;
	of = tell(&h, &r);
	assert_int_equal(withdraw(&h, &r, of, h.now), RESULT_NOT_ALLOWED);
	end(&h);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_corrected_history_counts_like_the_right_one),
		cmocka_unit_test(what_was_counted_otherwise_is_not_taken),
		cmocka_unit_test(what_was_never_counted_is_not_taken),
		cmocka_unit_test(what_was_counted_before_a_new_start_is_gone_already),
		cmocka_unit_test(what_is_withdrawn_counts_as_if_it_had_never_been_told),
		cmocka_unit_test(what_cannot_be_taken_back_whole_is_not_taken_at_all),
		cmocka_unit_test(a_listing_is_a_state_and_not_withdrawn),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
