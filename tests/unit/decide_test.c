/* Who is on the list and why: verdicts, cases, deadlines, harm, words; and a naive twin under random commands. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/limits.h"
#include "decide/decide.h"

#include <stdlib.h>
#include <string.h>

#define NOON   1767614400000 /* 2026-01-05T12:00:00Z */
#define HOUR   SPAN_HOUR.ms
#define DAY    SPAN_DAY.ms
#define EVENTS 64U

/* What came out, with the texts that matter copied. */
struct seen {
	struct move moves[EVENTS];
	struct case_change changes[EVENTS];
	char reasons[EVENTS][WORDS_BYTES_MAX + 1];
	uint32_t move_count, change_count;
};

struct world {
	struct decide *d;
	struct seen seen;
	struct moment now;
};

static void
see_move(void *context, const struct move *move)
{
	struct seen *s = context;

	assert_true(move->ground.actor.n > 0 && move->ground.reason.n > 0 && move->ground.evidence_count > 0);
	assert_true(move->ground.seq > 0);
	s->moves[s->move_count % EVENTS] = *move;
	memcpy(s->reasons[s->move_count % EVENTS], move->ground.reason.p, move->ground.reason.n);
	s->reasons[s->move_count % EVENTS][move->ground.reason.n] = '\0';
	s->move_count++;
}

static void
see_change(void *context, const struct case_change *change)
{
	struct seen *s = context;

	assert_true(change->ground.actor.n > 0 && change->ground.reason.n > 0);
	s->changes[s->change_count++ % EVENTS] = *change;
}

static struct decide_events
watch(struct seen *seen)
{
	return (struct decide_events){ see_move, see_change, seen };
}

/* Member 0 has system 0 (sources 0, 1, 2) and system 1 (source 3); member 1 has system 2 (source 4). */
static int
set_up(void **state)
{
	static const uint32_t systems[] = { 0, 0, 0, 1, 2 }, members[] = { 0, 0, 0, 0, 1 };
	struct world *w = calloc(1, sizeof *w);
	struct decide_events events;

	assert_non_null(w);
	events = watch(&w->seen);
	w->now = (struct moment){ { NOON }, 10 };
	w->d = decide_open(&events);
	for (uint32_t i = 0; i < countof(systems); i++) {
		decide_source_put(w->d, i, systems[i], members[i], w->now);
	}
	*state = w;
	return 0;
}

static int
tear_down(void **state)
{
	struct world *w = *state;

	decide_close(w->d);
	free(w);
	return 0;
}

static void
later(struct world *w, int64_t ms)
{
	w->now.at.ms += ms;
	w->now.seq++;
}

static enum result
say(struct world *w, enum event event, enum decide_subject subject, uint32_t id, enum actor role)
{
	struct decide_command c = { event, subject, id, role, TEXT("anna"), TEXT("seen with own eyes") };
	uint32_t moves = 0, before = w->seen.move_count;
	struct fault fault = { { 0 } };
	enum result r;

	w->now.seq++;
	r = decide_command(w->d, &c, w->now, &moves, &fault);
	assert_int_equal(moves, w->seen.move_count - before);
	assert_true((r == RESULT_OK) == (moves > 0) && (r == RESULT_OK) == (fault.text[0] == '\0'));
	return r;
}

static struct alarm
alarm_about(enum unit_kind kind, const struct world *w)
{
	struct alarm a = { .kind = kind,
			   .takeover = TAKEOVER_BOUGHT_LIST,
			   .at = w->now.at,
			   .evidence_nats = 12.3,
			   .limit_nats = 9.2,
			   .began = { w->now.at.ms - 35 * SPAN_MINUTE.ms },
			   .began_from = { w->now.at.ms - 90 * SPAN_MINUTE.ms },
			   .began_to = { w->now.at.ms - 5 * SPAN_MINUTE.ms },
			   .first_bad_at = { w->now.at.ms - 30 * SPAN_MINUTE.ms },
			   .first_bad_seq = 4,
			   .delivered = 4800,
			   .content_nats = -1.5,
			   .report_count = 2,
			   .reports = { 4, 7 } };

	a.evidence[EVIDENCE_COMPLAINT] = (struct alarm_evidence){ 22, 3.14, 2.0 };
	a.evidence[EVIDENCE_UNKNOWN_USER] = (struct alarm_evidence){ 412, 101.6, 10.6 };
	a.evidence[EVIDENCE_TRAP] = (struct alarm_evidence){ 1, 1.5, -0.3 };
	return a;
}

static enum state
state_of(const struct world *w, uint32_t source)
{
	struct decide_source_view v;

	decide_source_view(w->d, source, &v);
	return v.state;
}

static struct decide_case_view
case_of(const struct world *w, uint32_t number)
{
	struct decide_case_view v;

	decide_case_view(w->d, number, &v);
	return v;
}

static void
a_system_alarm_suspends_all_listed_sources_of_the_system_and_no_other(void **state)
{
	struct world *w = *state;
	struct alarm a;

	assert_int_equal(say(w, EVENT_ACCEPT, DECIDE_MEMBER, 0, ACTOR_OPERATOR), RESULT_OK);
	assert_int_equal(say(w, EVENT_ACCEPT, DECIDE_SOURCE, 4, ACTOR_OPERATOR), RESULT_OK);
	assert_int_equal(say(w, EVENT_SUSPEND, DECIDE_SOURCE, 1, ACTOR_ANALYST), RESULT_OK);
	assert_int_equal(say(w, EVENT_CONFIRM, DECIDE_SOURCE, 1, ACTOR_ANALYST), RESULT_OK);
	w->seen.move_count = w->seen.change_count = 0;
	a = alarm_about(UNIT_SYSTEM, w);
	assert_int_equal(decide_alarm(w->d, &a, 0, w->now), 2);
	assert_int_equal(state_of(w, 0), STATE_SUSPENDED);
	assert_int_equal(state_of(w, 1), STATE_REVOKED);
	assert_int_equal(state_of(w, 2), STATE_SUSPENDED);
	assert_int_equal(state_of(w, 3), STATE_CERTIFIED);
	assert_int_equal(state_of(w, 4), STATE_CERTIFIED);
	assert_int_equal(w->seen.move_count, 2);
	assert_int_equal(w->seen.moves[0].kind, SUSPENSION_SECURITY);
	assert_int_equal(w->seen.moves[0].ground.role, ACTOR_DETECTOR);
	assert_int_equal(w->seen.moves[0].ground.evidence_count, 2);
	assert_int_equal(w->seen.moves[0].ground.evidence[1], 7);
	assert_int_equal(w->seen.change_count, 1);
	assert_int_equal(w->seen.changes[0].source_count, 2);
	assert_int_equal(w->seen.changes[0].deadline.ms, w->now.at.ms + HOUR);
	assert_int_equal(w->seen.changes[0].delivered_before, 4800);
	assert_string_equal(w->seen.reasons[0],
			    "a takeover is suspected (mail to a bought or scraped list): unknown users 412 "
			    "against 102 expected, complaints 22 against 3.1 expected "
			    "since 2026-01-05 11:30 UTC");
}

static void
a_system_has_one_open_case_and_later_alarms_join_it(void **state)
{
	struct world *w = *state;
	struct alarm a;

	assert_int_equal(say(w, EVENT_ACCEPT, DECIDE_MEMBER, 0, ACTOR_OPERATOR), RESULT_OK);
	a = alarm_about(UNIT_SOURCE, w);
	assert_int_equal(decide_alarm(w->d, &a, 1, w->now), 1);
	assert_int_equal(decide_system_case(w->d, 0), 1);
	later(w, 60000);
	assert_int_equal(decide_alarm(w->d, &a, 1, w->now), 0); /* off already: noted, nothing reported */
	assert_int_equal(w->seen.change_count, 1);
	a = alarm_about(UNIT_SYSTEM, w);
	assert_int_equal(decide_alarm(w->d, &a, 0, w->now), 2);
	assert_int_equal(decide_case_count(w->d), 1);
	assert_int_equal(case_of(w, 1).source_count, 3);
	assert_int_equal(case_of(w, 1).alarm_total, 3);
	assert_int_equal(case_of(w, 1).delivered_before, 4800); /* the system's count holds the source's */
	a = alarm_about(UNIT_SOURCE, w);
	assert_int_equal(decide_alarm(w->d, &a, 3, w->now), 1); /* another system, another case */
	assert_int_equal(decide_case_count(w->d), 2);
	assert_int_equal(decide_system_case(w->d, 1), 2);
}

static void
an_alarm_about_what_is_not_listed_opens_no_case(void **state)
{
	struct world *w = *state;
	struct alarm a = alarm_about(UNIT_SYSTEM, w);

	assert_int_equal(decide_alarm(w->d, &a, 0, w->now), 0);
	assert_int_equal(decide_alarm(w->d, &a, 77, w->now), 0); /* a system without sources */
	assert_int_equal(decide_case_count(w->d), 0);
	assert_int_equal(w->seen.move_count + w->seen.change_count, 0);
}

static void
a_cleared_case_lists_again_on_probation_which_ends_after_30_days(void **state)
{
	struct world *w = *state;
	struct alarm a;

	assert_int_equal(say(w, EVENT_ACCEPT, DECIDE_SYSTEM, 0, ACTOR_OPERATOR), RESULT_OK);
	a = alarm_about(UNIT_SYSTEM, w);
	assert_int_equal(decide_alarm(w->d, &a, 0, w->now), 3);
	later(w, 600000);
	assert_int_equal(say(w, EVENT_CLEAR, DECIDE_CASE, 1, ACTOR_ANALYST), RESULT_OK);
	assert_int_equal(case_of(w, 1).status, CASE_CLEARED);
	assert_int_equal(case_of(w, 1).closed.ms, w->now.at.ms);
	assert_true(text_equal(case_of(w, 1).judge, TEXT("anna")));
	assert_int_equal(decide_system_case(w->d, 0), 0);
	assert_int_equal(state_of(w, 2), STATE_REINSTATED);
	/* the old deadline: not later than anything to come */
	assert_int_equal(decide_due(w->d).ms, NOON + HOUR);
	later(w, HOUR);
	decide_tick(w->d, w->now);
	assert_int_equal(decide_due(w->d).ms, w->now.at.ms - HOUR + DECIDE_PROBATION);
	later(w, DECIDE_PROBATION - HOUR - 1);
	decide_tick(w->d, w->now);
	assert_int_equal(state_of(w, 2), STATE_REINSTATED);
	later(w, 1);
	decide_tick(w->d, w->now);
	assert_int_equal(state_of(w, 2), STATE_CERTIFIED);
	assert_int_equal(w->seen.moves[w->seen.move_count - 1].ground.role, ACTOR_CLOCK);
	assert_int_equal(decide_due(w->d).ms, INT64_MAX);
}

static void
one_confirmed_source_makes_the_case_confirmed_once_all_are_judged(void **state)
{
	struct world *w = *state;
	struct alarm a;

	assert_int_equal(say(w, EVENT_ACCEPT, DECIDE_SYSTEM, 0, ACTOR_OPERATOR), RESULT_OK);
	a = alarm_about(UNIT_SYSTEM, w);
	assert_int_equal(decide_alarm(w->d, &a, 0, w->now), 3);
	assert_int_equal(say(w, EVENT_CONFIRM, DECIDE_SOURCE, 1, ACTOR_OPERATOR), RESULT_OK);
	assert_int_equal(case_of(w, 1).status, CASE_OPEN);
	assert_int_equal(case_of(w, 1).suspended, 2);
	assert_int_equal(say(w, EVENT_CLEAR, DECIDE_CASE, 1, ACTOR_OPERATOR), RESULT_OK);
	assert_int_equal(case_of(w, 1).status, CASE_CONFIRMED);
	assert_int_equal(state_of(w, 0), STATE_REINSTATED);
	assert_int_equal(state_of(w, 1), STATE_REVOKED);
	assert_int_equal(say(w, EVENT_CLEAR, DECIDE_CASE, 1, ACTOR_OPERATOR), RESULT_NOT_ALLOWED);
	/* On probation a new alarm suspends again, in a new case. */
	a = alarm_about(UNIT_SOURCE, w);
	assert_int_equal(decide_alarm(w->d, &a, 0, w->now), 1);
	assert_int_equal(decide_system_case(w->d, 0), 2);
	assert_int_equal(say(w, EVENT_APPLY, DECIDE_CASE, 1, ACTOR_MEMBER), RESULT_OK);
	assert_int_equal(state_of(w, 1), STATE_APPLIED);
}

static void
a_verdict_that_does_not_come_is_overdue_once(void **state)
{
	struct world *w = *state;

	assert_int_equal(say(w, EVENT_ACCEPT, DECIDE_SOURCE, 3, ACTOR_OPERATOR), RESULT_OK);
	assert_int_equal(say(w, EVENT_SUSPEND, DECIDE_SOURCE, 3, ACTOR_ANALYST), RESULT_OK);
	assert_int_equal(w->seen.change_count, 1);
	assert_int_equal(decide_due(w->d).ms, NOON + HOUR);
	later(w, HOUR - 1);
	decide_tick(w->d, w->now);
	assert_int_equal(case_of(w, 1).status, CASE_OPEN);
	later(w, 1);
	decide_tick(w->d, w->now);
	later(w, HOUR);
	decide_tick(w->d, w->now);
	assert_int_equal(case_of(w, 1).status, CASE_OVERDUE);
	assert_int_equal(w->seen.change_count, 2);
	assert_int_equal(state_of(w, 3), STATE_SUSPENDED); /* nobody puts it back but a person */
	assert_int_equal(say(w, EVENT_CONFIRM, DECIDE_CASE, 1, ACTOR_ANALYST), RESULT_OK);
	assert_int_equal(case_of(w, 1).status, CASE_CONFIRMED);
}

static void
harm_is_counted_by_the_time_of_the_mail(void **state)
{
	struct world *w = *state;
	struct alarm a;

	decide_delivered(w->d, 3, 1000, w->now.at); /* not suspended: no harm */
	assert_int_equal(say(w, EVENT_ACCEPT, DECIDE_SOURCE, 3, ACTOR_OPERATOR), RESULT_OK);
	a = alarm_about(UNIT_SOURCE, w);
	assert_int_equal(decide_alarm(w->d, &a, 3, w->now), 1);
	decide_delivered(w->d, 3, 10, w->now.at);
	decide_delivered(w->d, 3, 5, (struct instant){ w->now.at.ms - 1 });    /* reported late */
	decide_delivered(w->d, 3, 7, (struct instant){ w->now.at.ms - HOUR }); /* before the first bad one */
	decide_delivered(w->d, 4, 9, w->now.at);                               /* another system */
	assert_int_equal(case_of(w, 1).delivered_before, 4805);
	assert_int_equal(case_of(w, 1).delivered_after, 10);
	assert_int_equal(say(w, EVENT_CLEAR, DECIDE_CASE, 1, ACTOR_ANALYST), RESULT_OK);
	assert_int_equal(w->seen.changes[w->seen.change_count - 1].delivered_after, 10);
	decide_delivered(w->d, 3, 10, w->now.at);
	assert_int_equal(case_of(w, 1).delivered_after, 10);
}

static void
a_command_needs_a_reason_an_actor_a_subject_and_a_move(void **state)
{
	struct world *w = *state;
	char long_words[WORDS_BYTES_MAX + 1];
	struct decide_command good = { EVENT_ACCEPT,   DECIDE_SOURCE, 0,
				       ACTOR_OPERATOR, TEXT("anna"),  TEXT("control is proven") };
	struct {
		struct decide_command c;
		enum result r;
	} rows[12];
	uint32_t moves;

	memset(long_words, 'x', sizeof long_words);
	for (size_t i = 0; i < countof(rows); i++) {
		rows[i].c = good;
		rows[i].r = RESULT_BAD_INPUT;
	}
	rows[0].c.reason = TEXT("");
	rows[1].c.reason = TEXT(" \t");
	rows[2].c.reason = (struct text){ long_words, sizeof long_words };
	rows[3].c.actor = TEXT("");
	rows[4].c.role = ACTOR_DETECTOR;
	rows[5].c.role = ACTOR_CLOCK;
	rows[6].c.event = EVENT_ALARM;
	rows[7].c.event = EVENT_MATURE;
	rows[8].c.id = 5;
	rows[8].r = RESULT_NOT_FOUND;
	rows[9].c.subject = DECIDE_CASE;
	rows[9].c.id = 1;
	rows[9].r = RESULT_NOT_FOUND;
	rows[10].c.event = EVENT_CONFIRM;
	rows[10].r = RESULT_NOT_ALLOWED;
	rows[11].c.role = ACTOR_MEMBER; /* a member does not accept itself */
	rows[11].r = RESULT_NOT_ALLOWED;
	for (size_t i = 0; i < countof(rows); i++) {
		struct fault fault = { { 0 } };

		assert_int_equal(decide_command(w->d, &rows[i].c, w->now, &moves, &fault), rows[i].r);
		assert_true(moves == 0 && fault.text[0] != '\0');
	}
	assert_int_equal(w->seen.move_count, 0);
	assert_int_equal(decide_command(w->d, &good, w->now, &moves, NULL), RESULT_OK);
}

static void
what_leaves_the_programme_leaves_the_list_and_is_not_found_again(void **state)
{
	struct world *w = *state;
	struct text who = TEXT("anna"), why = TEXT("it is no longer in the programme");
	struct alarm a;

	assert_int_equal(say(w, EVENT_ACCEPT, DECIDE_MEMBER, 0, ACTOR_OPERATOR), RESULT_OK);
	a = alarm_about(UNIT_SYSTEM, w);
	assert_int_equal(decide_alarm(w->d, &a, 1, w->now), 1);
	assert_int_equal(say(w, EVENT_CLEAR, DECIDE_SOURCE, 3, ACTOR_OPERATOR), RESULT_OK);
	w->seen.move_count = 0;
	decide_source_remove(w->d, 3, who, why, w->now); /* on probation, with a case behind it */
	assert_int_equal(w->seen.move_count, 2);
	assert_int_equal(w->seen.moves[0].to, STATE_SUSPENDED);
	assert_int_equal(w->seen.moves[1].to, STATE_REVOKED);
	assert_int_equal(w->seen.moves[1].kind, SUSPENSION_WITHDRAWN);
	assert_int_equal(case_of(w, 1).status, CASE_CLEARED);
	decide_source_remove(w->d, 4, who, why, w->now); /* an applicant */
	assert_int_equal(state_of(w, 4), STATE_REVOKED);
	a = alarm_about(UNIT_SYSTEM, w);
	assert_int_equal(decide_alarm(w->d, &a, 0, w->now), 3);
	for (uint32_t i = 0; i < 3; i++) {
		assert_int_equal(case_of(w, 2).status, CASE_OPEN);
		decide_source_remove(w->d, i, who, why, w->now);
	}
	assert_int_equal(case_of(w, 2).status, CASE_WITHDRAWN);
	assert_int_equal(say(w, EVENT_APPLY, DECIDE_SOURCE, 0, ACTOR_OPERATOR), RESULT_NOT_FOUND);
	assert_int_equal(say(w, EVENT_APPLY, DECIDE_MEMBER, 0, ACTOR_OPERATOR), RESULT_NOT_FOUND);
}

static struct text
name_of(void *context, enum decide_subject subject, uint32_t id)
{
	static const char *const names[][5] = {
		[DECIDE_SOURCE] = { "192.0.2.0", "192.0.2.1", "192.0.2.2", "192.0.2.3", "192.0.2.4" },
		[DECIDE_SYSTEM] = { "bank-news", "bank-alerts", "shop" },
		[DECIDE_MEMBER] = { "bank", "shop" },
	};

	(void)context;
	return text_of(names[subject][id]);
}

static const struct decide_names names = { name_of, NULL };

static void
expect_lines(const struct world *w, enum decide_subject subject, uint32_t id, const char *wanted)
{
	struct buffer b;

	buffer_init(&b, 65536);
	assert_int_equal(decide_explain(w->d, subject, id, w->now.at, &names, &b), RESULT_OK);
	wire_put_u8(&b, 0);
	assert_string_equal((const char *)b.p, wanted);
	buffer_free(&b);
}

#define SEEN                                                                                              \
	"Why: a takeover is suspected: mail to a bought or scraped list. Seen over 192.0.2.3 since "      \
	"2026-01-05 11:30 UTC:\n"                                                                         \
	"  unknown users: 412, where 102 were expected\n"                                                 \
	"  complaints: 22, where 3.1 were expected\n"                                                     \
	"  messages that were seen: as the sender's own, which speaks for the sender\n"                   \
	"  Together this is about 220000 times likelier from a sender that is taken over than from this " \
	"one as it was; the limit is about 9900 times.\n"                                                 \
	"  It began most likely with the mail from 2026-01-05 11:25 UTC on; nine times in ten between "   \
	"2026-01-05 10:30 and 2026-01-05 11:55.\n"
#define HARM                                                                                              \
	"Harm: 4800 messages delivered from the first bad one (2026-01-05 11:30 UTC) to the suspension, " \
	"12 since.\n"

static void
the_explanation_is_one_page_with_one_reason_and_one_next_step(void **state)
{
	struct world *w = *state;
	struct alarm a;

	expect_lines(
	    w, DECIDE_SOURCE, 3,
	    "192.0.2.3 is applied since 2026-01-05 12:00 UTC, off the list. It belongs to bank, "
	    "system bank-alerts.\n"
	    "Why: it was registered with record 10.\n"
	    "Next: vouch accept 192.0.2.3 REASON lists it, vouch refuse 192.0.2.3 REASON does not.\n");
	assert_int_equal(say(w, EVENT_ACCEPT, DECIDE_SOURCE, 3, ACTOR_OPERATOR), RESULT_OK);
	expect_lines(w, DECIDE_SOURCE, 3,
		     "192.0.2.3 is certified since 2026-01-05 12:00 UTC, on the list. It belongs to bank, "
		     "system bank-alerts.\n"
		     "Why: seen with own eyes (accepted by anna, record 11).\n");
	a = alarm_about(UNIT_SOURCE, w);
	a.unit = 3;
	assert_int_equal(decide_alarm(w->d, &a, 3, w->now), 1);
	decide_delivered(w->d, 3, 12, w->now.at);
	expect_lines(
	    w, DECIDE_CASE, 1,
	    "Case 1 is open: bank, system bank-alerts: 192.0.2.3.\n" SEEN HARM
	    "Case 1: opened 2026-01-05 12:00 UTC by detector; 1 source of bank-alerts suspended in it, "
	    "1 still is.\n"
	    "Next: a verdict, due in 60 min (by 2026-01-05 13:00 UTC). Until then its sources stay off "
	    "the list.\n"
	    "  vouch confirm 1 REASON  it was a takeover: they are revoked\n"
	    "  vouch clear 1 REASON    it was none, or it is repaired: listed again, on probation\n");
	(void)decide_alarm(w->d, &a, 3, w->now);
	later(w, 3 * SPAN_HOUR.ms + 5 * SPAN_MINUTE.ms);
	expect_lines(
	    w, DECIDE_MEMBER, 0,
	    "bank has 4 sources: 3 applied, 1 suspended.\n" SEEN
	    "  The detector has said so 1 time more since.\n" HARM
	    "Case 1: opened 2026-01-05 12:00 UTC by detector; 1 source of bank-alerts suspended in it, "
	    "1 still is.\n"
	    "Next: a verdict, overdue for 2 h 5 min (by 2026-01-05 13:00 UTC). Until then its sources "
	    "stay off the list.\n"
	    "  vouch confirm 1 REASON  it was a takeover: they are revoked\n"
	    "  vouch clear 1 REASON    it was none, or it is repaired: listed again, on probation\n");
	assert_int_equal(say(w, EVENT_CONFIRM, DECIDE_CASE, 1, ACTOR_ANALYST), RESULT_OK);
	expect_lines(
	    w, DECIDE_SOURCE, 3,
	    "192.0.2.3 is revoked since 2026-01-05 15:05 UTC, off the list (security). It belongs to "
	    "bank, system bank-alerts.\n" SEEN "  The detector has said so 1 time more since.\n" HARM
	    "Case 1: opened 2026-01-05 12:00 UTC by detector; 1 source of bank-alerts suspended in it, "
	    "0 still are.\n"
	    "Closed: confirmed 2026-01-05 15:05 UTC by anna: seen with own eyes.\n"
	    "Next: only a new application helps: vouch apply 192.0.2.3 REASON, then vouch accept.\n");
}

/* A message is seen before the volume of its mail is reported: then no number of messages is told, and no interval of one minute. */
static void
an_explanation_tells_no_numbers_that_say_nothing(void **state)
{
	struct world *w = *state;
	struct alarm a = alarm_about(UNIT_SOURCE, w);
	struct buffer b;

	a.unit = 3;
	a.began_from = a.began_to = a.began;
	a.block_count = 2;
	a.blocks[0] = (struct alarm_block){ .from = a.began, .nats = 9 };
	a.blocks[1] = (struct alarm_block){ .from = a.began, .delivered = 1742, .nats = 2 };
	assert_int_equal(say(w, EVENT_ACCEPT, DECIDE_SOURCE, 3, ACTOR_OPERATOR), RESULT_OK);
	assert_int_equal(decide_alarm(w->d, &a, 3, w->now), 1);
	buffer_init(&b, 65536);
	assert_int_equal(decide_explain(w->d, DECIDE_SOURCE, 3, w->now.at, &names, &b), RESULT_OK);
	wire_put_u8(&b, 0);
	assert_non_null(strstr((const char *)b.p,
			       "  Most of it comes from what single messages look like, from 2026-01-05 "));
	assert_non_null(strstr((const char *)b.p,
			       "  It began most likely with the mail from 2026-01-05 11:25 UTC on.\n"));
	buffer_free(&b);
}

static void
several_cases_are_listed_and_a_person_is_quoted(void **state)
{
	struct world *w = *state;

	assert_int_equal(say(w, EVENT_ACCEPT, DECIDE_MEMBER, 0, ACTOR_OPERATOR), RESULT_OK);
	assert_int_equal(say(w, EVENT_SUSPEND, DECIDE_MEMBER, 0, ACTOR_OPERATOR), RESULT_OK);
	later(w, 20 * SPAN_MINUTE.ms);
	expect_lines(w, DECIDE_MEMBER, 0,
		     "bank has 4 sources: 4 suspended.\n"
		     "Case 1, bank-news, 3 sources off the list, verdict due in 40 min.\n"
		     "Case 2, bank-alerts, 1 source off the list, verdict due in 40 min.\n"
		     "Next: vouch why CASE.\n");
	decide_delivered(w->d, 3, 7, w->now.at);
	assert_int_equal(say(w, EVENT_CLEAR, DECIDE_CASE, 1, ACTOR_ANALYST), RESULT_OK);
	expect_lines(
	    w, DECIDE_SYSTEM, 1,
	    "bank-alerts has 1 source: 1 suspended.\n"
	    "Why: seen with own eyes (suspended by anna).\n"
	    "Harm: 7 messages delivered since.\n"
	    "Case 2: opened 2026-01-05 12:00 UTC by anna; 1 source of bank-alerts suspended in it, 1 "
	    "still is.\n"
	    "Next: a verdict, due in 40 min (by 2026-01-05 13:00 UTC). Until then its sources stay off "
	    "the list.\n"
	    "  vouch confirm 2 REASON  it was a takeover: they are revoked\n"
	    "  vouch clear 2 REASON    it was none, or it is repaired: listed again, on probation\n");
	expect_lines(w, DECIDE_SOURCE, 0,
		     "192.0.2.0 is reinstated since 2026-01-05 12:20 UTC, on the list. It belongs to bank, "
		     "system bank-news.\n"
		     "Why: seen with own eyes (cleared by anna, record 14).\n"
		     "Next: certified again after 2026-02-04 12:20 UTC if nothing else happens.\n");
	assert_int_equal(say(w, EVENT_CONFIRM, DECIDE_CASE, 2, ACTOR_ANALYST), RESULT_OK);
	expect_lines(w, DECIDE_MEMBER, 0,
		     "bank has 4 sources: 3 reinstated, 1 revoked.\nNext: nothing; no case is open.\n");
}

static void
who_is_not_there_is_not_explained(void **state)
{
	struct world *w = *state;
	struct buffer b;

	buffer_init(&b, 64);
	assert_int_equal(decide_explain(w->d, DECIDE_SYSTEM, 9, w->now.at, &names, &b), RESULT_NOT_FOUND);
	assert_int_equal(decide_explain(w->d, DECIDE_CASE, 2, w->now.at, &names, &b), RESULT_NOT_FOUND);
	assert_int_equal(decide_explain(w->d, DECIDE_SOURCE, 5, w->now.at, &names, &b), RESULT_NOT_FOUND);
	assert_int_equal(b.n, 0);
	buffer_free(&b);
}

/* The longest words that an alarm can have still fit a reason. */
static void
every_alarm_has_words(void **state)
{
	struct buffer b;
	struct world *w = *state;

	assert_int_equal(say(w, EVENT_ACCEPT, DECIDE_MEMBER, 0, ACTOR_OPERATOR), RESULT_OK);
	assert_int_equal(say(w, EVENT_ACCEPT, DECIDE_MEMBER, 1, ACTOR_OPERATOR), RESULT_OK);
	buffer_init(&b, 65536);
	for (int t = 0; t < TAKEOVER_COUNT; t++) {
		struct alarm a = alarm_about(UNIT_SOURCE, w);

		a.takeover = (enum takeover)t;
		for (int i = 0; i < EVIDENCE_COUNT; i++) {
			a.evidence[i] = (struct alarm_evidence){ UINT64_MAX, 1e300, 1e300 };
		}
		a.evidence_nats = 1e300;
		a.limit_nats = -1e300;
		assert_int_equal(decide_alarm(w->d, &a, (uint32_t)t, w->now), 1);
		memset(a.evidence, 0, sizeof a.evidence);
		a.evidence[EVIDENCE_TRAP] = (struct alarm_evidence){ 1, 1e-300, 1e-300 };
		(void)decide_alarm(w->d, &a, (uint32_t)t, w->now);
		a.evidence[EVIDENCE_TRAP].nats = 0;
		(void)decide_alarm(w->d, &a, (uint32_t)t, w->now);
		assert_int_equal(decide_explain(w->d, DECIDE_SOURCE, (uint32_t)t, w->now.at, &names, &b),
				 RESULT_OK);
	}
	buffer_free(&b);
}

/* ---- reviews */

static enum result
judge(struct world *w, enum event event, uint32_t number, uint32_t *moves)
{
	struct decide_command c = { event, DECIDE_CASE, number, ACTOR_ANALYST, TEXT("anna"), TEXT("looked") };
	struct fault fault;

	w->now.seq++;
	return decide_command(w->d, &c, w->now, moves, &fault);
}

static void
a_review_moves_nothing_and_its_verdict_is_counted(void **state)
{
	struct world *w = *state;
	struct alarm a = alarm_about(UNIT_SOURCE, w);
	struct decide_reviews r;
	uint32_t moves;

	assert_int_equal(say(w, EVENT_ACCEPT, DECIDE_MEMBER, 0, ACTOR_OPERATOR), RESULT_OK);
	assert_int_equal(say(w, EVENT_ACCEPT, DECIDE_MEMBER, 1, ACTOR_OPERATOR), RESULT_OK);
	decide_shadow(w->d, 100);
	assert_int_equal(decide_alarm(w->d, &a, 0, w->now), 0);
	a.kind = UNIT_SYSTEM; /* the same evidence, seen over the system */
	assert_int_equal(decide_alarm(w->d, &a, 0, w->now), 0);
	assert_int_equal(state_of(w, 0), STATE_CERTIFIED);
	assert_int_equal(decide_case_count(w->d), 1);
	assert_true(case_of(w, 1).review && case_of(w, 1).alarm_total == 2);
	assert_int_equal(decide_system_case(w->d, 0), 0);
	assert_int_equal(judge(w, EVENT_SUSPEND, 1, &moves), RESULT_NOT_ALLOWED);
	assert_int_equal(judge(w, EVENT_CLEAR, 1, &moves), RESULT_OK);
	assert_true(moves == 0 && case_of(w, 1).status == CASE_CLEARED && state_of(w, 0) == STATE_CERTIFIED);
	assert_int_equal(judge(w, EVENT_CLEAR, 1, &moves), RESULT_NOT_ALLOWED);

	/* Confirmed, its sources are suspended, in a case. */
	a.kind = UNIT_SOURCE;
	assert_int_equal(decide_alarm(w->d, &a, 3, w->now), 0);
	assert_int_equal(judge(w, EVENT_CONFIRM, 2, &moves), RESULT_OK);
	assert_true(moves == 1 && state_of(w, 3) == STATE_SUSPENDED && decide_system_case(w->d, 1) == 3);
	r = decide_reviews(w->d);
	assert_true(r.percent == 100 && r.open == 0 && r.right == 1 && r.wrong == 1);

	/* Without a verdict in time the alarm suspends, and the review still waits. */
	assert_int_equal(decide_alarm(w->d, &a, 4, w->now), 0);
	w->now.at.ms += HOUR;
	decide_tick(w->d, w->now);
	assert_true(state_of(w, 4) == STATE_SUSPENDED && case_of(w, 4).status == CASE_OVERDUE);
	assert_int_equal(decide_reviews(w->d).open, 1);
	assert_int_equal(judge(w, EVENT_CONFIRM, 4, &moves), RESULT_OK);
	assert_true(moves == 0 && decide_reviews(w->d).right == 2);
}

/* What joins a review brings its own sources: the verdict, or the lack of one, is about them too. */
static void
a_review_is_about_the_sources_of_all_its_alarms(void **state)
{
	struct world *w = *state;
	struct alarm a = alarm_about(UNIT_SOURCE, w);
	uint32_t moves, changes;

	assert_int_equal(say(w, EVENT_ACCEPT, DECIDE_MEMBER, 0, ACTOR_OPERATOR), RESULT_OK);
	decide_shadow(w->d, 100);
	for (uint32_t number = 1; number <= 2; number++) {
		a.kind = UNIT_SOURCE;
		assert_int_equal(decide_alarm(w->d, &a, 0, w->now), 0);
		changes = w->seen.change_count;
		a.kind = UNIT_SYSTEM;
		assert_int_equal(decide_alarm(w->d, &a, 0, w->now), 0);
		assert_int_equal(decide_case_count(w->d), number);
		assert_int_equal(case_of(w, number).source_count, 3);
		assert_int_equal(w->seen.change_count, changes + 1);
		assert_int_equal(w->seen.changes[changes % EVENTS].source_count, 3);
		a.kind = UNIT_SOURCE; /* nothing new: no change */
		assert_int_equal(decide_alarm(w->d, &a, 1, w->now), 0);
		assert_int_equal(case_of(w, number).source_count, 3);
		assert_int_equal(w->seen.change_count, changes + 1);
		if (number == 1) {
			assert_int_equal(judge(w, EVENT_CLEAR, 1, &moves), RESULT_OK);
		}
	}
	w->now.at.ms += HOUR;
	decide_tick(w->d, w->now);
	for (uint32_t i = 0; i < 3; i++) {
		assert_int_equal(state_of(w, i), STATE_SUSPENDED);
	}
}

static void
a_confirmed_review_suspends_the_sources_that_joined(void **state)
{
	struct world *w = *state;
	struct alarm a = alarm_about(UNIT_SOURCE, w);
	uint32_t moves;

	assert_int_equal(say(w, EVENT_ACCEPT, DECIDE_MEMBER, 0, ACTOR_OPERATOR), RESULT_OK);
	decide_shadow(w->d, 100);
	assert_int_equal(decide_alarm(w->d, &a, 0, w->now), 0);
	assert_int_equal(decide_alarm(w->d, &a, 1, w->now), 0);
	assert_int_equal(judge(w, EVENT_CONFIRM, 1, &moves), RESULT_OK);
	assert_int_equal(moves, 2);
	assert_true(state_of(w, 0) == STATE_SUSPENDED && state_of(w, 1) == STATE_SUSPENDED);
	assert_int_equal(state_of(w, 2), STATE_CERTIFIED);
}

static void
the_lot_of_an_alarm_is_its_own(void **state)
{
	struct world *w = *state;
	struct alarm a = alarm_about(UNIT_SOURCE, w);
	uint32_t reviews = 0;

	assert_int_equal(say(w, EVENT_ACCEPT, DECIDE_MEMBER, 0, ACTOR_OPERATOR), RESULT_OK);
	decide_shadow(w->d, 20);
	for (int i = 0; i < 1000; i++) {
		uint32_t moves;

		a.first_bad_seq = (uint64_t)i + 1;
		moves = decide_alarm(w->d, &a, 0, w->now);
		reviews += moves == 0;
		assert_int_equal(judge(w, EVENT_CLEAR, decide_case_count(w->d), &moves), RESULT_OK);
	}
	assert_in_range(reviews, 150, 250);
	assert_int_equal(decide_reviews(w->d).wrong, reviews);
}

static void
a_snapshot_keeps_reviews(void **state)
{
	struct world *w = *state;
	struct alarm a = alarm_about(UNIT_SOURCE, w);
	struct buffer b, again;
	struct decide *other = decide_open(&(struct decide_events){ see_move, see_change, &w->seen });
	struct wire bytes;

	assert_int_equal(say(w, EVENT_ACCEPT, DECIDE_MEMBER, 0, ACTOR_OPERATOR), RESULT_OK);
	decide_shadow(w->d, 100);
	assert_int_equal(decide_alarm(w->d, &a, 0, w->now), 0);
	buffer_init(&b, 65536);
	buffer_init(&again, 65536);
	decide_save(w->d, &b);
	bytes = wire_of(b.p, b.n);
	assert_int_equal(decide_load(other, &bytes), RESULT_OK);
	decide_save(other, &again);
	assert_true(again.n == b.n && memcmp(again.p, b.p, b.n) == 0);
	assert_true(decide_reviews(other).open == 1 && decide_reviews(other).percent == 100);
	assert_int_equal(decide_alarm(other, &a, 1, w->now), 0); /* it joins */
	decide_close(other);
	buffer_free(&b);
	buffer_free(&again);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
#define T(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
		T(a_system_alarm_suspends_all_listed_sources_of_the_system_and_no_other),
		T(a_system_has_one_open_case_and_later_alarms_join_it),
		T(an_alarm_about_what_is_not_listed_opens_no_case),
		T(a_cleared_case_lists_again_on_probation_which_ends_after_30_days),
		T(one_confirmed_source_makes_the_case_confirmed_once_all_are_judged),
		T(a_verdict_that_does_not_come_is_overdue_once),
		T(harm_is_counted_by_the_time_of_the_mail),
		T(a_command_needs_a_reason_an_actor_a_subject_and_a_move),
		T(what_leaves_the_programme_leaves_the_list_and_is_not_found_again),
		T(the_explanation_is_one_page_with_one_reason_and_one_next_step),
		T(an_explanation_tells_no_numbers_that_say_nothing),
		T(several_cases_are_listed_and_a_person_is_quoted),
		T(who_is_not_there_is_not_explained),
		T(every_alarm_has_words),
		T(a_review_moves_nothing_and_its_verdict_is_counted),
		T(a_review_is_about_the_sources_of_all_its_alarms),
		T(a_confirmed_review_suspends_the_sources_that_joined),
		T(the_lot_of_an_alarm_is_its_own),
		T(a_snapshot_keeps_reviews),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
