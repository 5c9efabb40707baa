/* The published rules, case by case, and what people read about them. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "detect/detect.h"

#include <string.h>

#define DAY   INT64_C(86400000)
#define START (INT64_C(20458) * DAY) /* 2026-01-05 */

struct world {
	struct compliance *c;
	struct threshold_policy policy;
	struct compliance_about about;
	int64_t now;
	uint64_t seq;
	uint32_t crossed, returned;
	struct buffer words; /* of the last turn */
};

static void
take_turn(void *context, const struct compliance_metric *m)
{
	struct world *w = context;

	w->crossed += m->level == LEVEL_OVER;
	w->returned += m->level != LEVEL_OVER;
	buffer_clear(&w->words);
	compliance_words(m, true, &w->words);
}

static void
wait_days(struct world *w, int64_t days)
{
	w->now += days * DAY;
	compliance_tick(w->c, (struct instant){ w->now });
}

/* Sources 0 and 1 of member 0. */
static void
begin(struct world *w)
{
	*w = (struct world){ .now = START + DAY / 2, .seq = 1 };
	buffer_init(&w->words, 512);
	w->c = compliance_open(take_turn, w);
	threshold_policy_default(&w->policy);
	compliance_policy(w->c, &w->policy);
	w->about = (struct compliance_about){ compliance_party(w->c, COMPLIANCE_RECEIVER, TEXT("north")),
					      compliance_party(w->c, COMPLIANCE_NETWORK, TEXT("spider")),
					      compliance_party(w->c, COMPLIANCE_BLOCKLIST, TEXT("harsh")) };
	wait_days(w, 0);
	compliance_source_add(w->c, 0, 0, SOURCE_IP);
	compliance_source_add(w->c, 1, 0, SOURCE_IP);
}

static void
end(struct world *w)
{
	compliance_close(w->c);
	buffer_free(&w->words);
}

static void
observe(struct world *w, enum signal signal, uint32_t count, int64_t days_ago)
{
	compliance_observe(w->c, 0, true, &w->about, signal, count,
			   (struct instant){ w->now - days_ago * DAY }, w->seq++);
}

static void
says(struct world *w, const char *words)
{
	if (!text_equal(buffer_text(&w->words), text_of(words))) {
		fail_msg("it says \"%.*s\", not \"%s\"", (int)w->words.n, (const char *)w->words.p, words);
	}
}

/* The words of the source's first metric now. */
static void
status_says(struct world *w, const char *words)
{
	struct compliance_metric m;

	assert_true(compliance_source_metrics(w->c, 0, &m, 1) > 0);
	buffer_clear(&w->words);
	compliance_words(&m, true, &w->words);
	says(w, words);
}

static void
a_complaint_rate_counts_from_its_sample_on(void **state)
{
	struct world w;

	(void)state;
	begin(&w);
	observe(&w, SIGNAL_DELIVERED, 50000, 20);
	observe(&w, SIGNAL_COMPLAINT, 150, 20);
	assert_int_equal(w.crossed, 0);
	status_says(&w, "complaints at north: 0.30 % of 0.20 % (150 of 50,000 in 30 days); it counts from a "
			"sample of 200 on");
	observe(&w, SIGNAL_COMPLAINT, 49, 3);
	assert_int_equal(w.crossed, 0);
	status_says(&w,
		    "complaints at north: 0.40 % of 0.20 % (199 of 50,000 in 30 days); 1 more is too many");
	observe(&w, SIGNAL_COMPLAINT, 1, 0);
	assert_int_equal(w.crossed, 1);
	says(&w, "complaints at north: 0.40 % of 0.20 % (200 of 50,000 in 30 days); 50,000 more clean "
		 "messages or 10 days");
	observe(&w, SIGNAL_DELIVERED, 50000, 1);
	assert_int_equal(w.returned, 1);
	observe(&w, SIGNAL_COMPLAINT, 1, 1);
	says(&w, "complaints at north: 0.2010 % of 0.20 % (201 of 100,000 in 30 days); 500 more clean "
		 "messages or 10 days");
	wait_days(&w, 9);
	assert_int_equal(w.returned, 1);
	wait_days(&w, 1);
	assert_int_equal(w.returned, 2);
	end(&w);
}

static void
late_news_is_counted_in_its_own_day(void **state)
{
	struct world w;

	(void)state;
	begin(&w);
	observe(&w, SIGNAL_TRAP_PRISTINE, 2, 29);
	observe(&w, SIGNAL_TRAP_PRISTINE, 1, 30); /* its window has passed */
	assert_int_equal(w.crossed, 0);
	status_says(&w, "hits on pristine traps: 2 of 3 in 30 days; 1 more is too many");
	observe(&w, SIGNAL_TRAP_PRISTINE, 1, 28);
	assert_int_equal(w.crossed, 1);
	says(&w, "hits on pristine traps: 3 of 3 in 30 days; 1 day without any more");
	wait_days(&w, 1);
	assert_int_equal(w.returned, 1);
	end(&w);
}

static void
votes_are_held_to_the_band_they_are_in(void **state)
{
	struct world w;

	(void)state;
	begin(&w);
	observe(&w, SIGNAL_JUNK_VOTE, 4, 0);
	status_says(&w, "junk votes: 4 of 5 among 4 in 30 days; it counts from a sample of 5 on");
	observe(&w, SIGNAL_JUNK_VOTE, 1, 0);
	says(&w, "junk votes: 5 of 5 among 5 in 30 days; 7 more clean votes or 30 days");
	observe(&w, SIGNAL_NOT_JUNK_VOTE, 7, 0);
	says(&w, "junk votes: 41.67 % of 45.00 % (5 of 12 in 30 days); 1 more is too many");
	end(&w);
}

static void
the_votes_on_all_sources_of_a_member_count_together(void **state)
{
	struct world w;

	(void)state;
	begin(&w);
	observe(&w, SIGNAL_JUNK_VOTE, 4, 0);
	compliance_observe(w.c, 1, true, &w.about, SIGNAL_JUNK_VOTE, 4, (struct instant){ w.now }, 9);
	/* The same vote about another source of the member. */
	compliance_observe(w.c, 1, false, &w.about, SIGNAL_JUNK_VOTE, 1, (struct instant){ w.now }, 9);
	assert_int_equal(w.crossed, 1); /* source 1 alone: 5 of 5 */
	observe(&w, SIGNAL_NOT_JUNK_VOTE, 2, 0);
	assert_int_equal(w.crossed, 2);
	says(&w, "junk votes on all sources: 80.00 % of 75.00 % (8 of 10 in 30 days); 1 more clean vote or "
		 "30 days");
	end(&w);
}

static void
blocklists_count_while_they_hold_the_source(void **state)
{
	struct world w;

	(void)state;
	begin(&w);
	observe(&w, SIGNAL_BLOCKLISTED, 1, 2);
	assert_int_equal(w.crossed, 0);
	status_says(&w, "significant blocklists: 1 of 2; 1 more is too many");
	compliance_weight(w.c, w.about.blocklist, BLOCKLIST_CRITICAL);
	assert_int_equal(w.crossed, 1);
	says(&w, "critical blocklists: 1 of 1; 28 days without any more");
	observe(&w, SIGNAL_DELISTED, 1, 3); /* older news */
	assert_int_equal(w.returned, 0);
	observe(&w, SIGNAL_DELISTED, 1, 1);
	assert_int_equal(w.returned, 1);
	observe(&w, SIGNAL_BLOCKLISTED, 1, 0);
	assert_int_equal(w.crossed, 2);
	wait_days(&w, 30); /* not repeated */
	assert_int_equal(w.returned, 2);
	end(&w);
}

static void
a_source_is_in_disuse_when_others_send(void **state)
{
	struct world w;

	(void)state;
	begin(&w);
	wait_days(&w, 40);
	assert_int_equal(w.crossed, 0); /* nobody's volume is reported: the feed may be dead */
	compliance_observe(w.c, 1, true, &w.about, SIGNAL_DELIVERED, 5, (struct instant){ w.now }, 9);
	assert_int_equal(w.crossed, 0);
	wait_days(&w, 1);
	assert_int_equal(w.crossed, 2); /* new, and silent for 40 days */
	observe(&w, SIGNAL_DELIVERED, 1, 0);
	assert_int_equal(w.returned, 2);
	wait_days(&w, 29);
	compliance_observe(w.c, 1, true, &w.about, SIGNAL_DELIVERED, 5, (struct instant){ w.now }, 9);
	wait_days(&w, 1);
	compliance_observe(w.c, 1, true, &w.about, SIGNAL_DELIVERED, 5, (struct instant){ w.now }, 9);
	assert_int_equal(w.crossed, 2);
	wait_days(&w, 1);
	assert_int_equal(w.crossed, 3);
	says(&w, "days without mail: 30 of 30");
	/* A person lists it again: it has a week to begin. */
	compliance_source_start(w.c, 0, (struct instant){ w.now });
	assert_int_equal(w.returned, 3);
	wait_days(&w, 7);
	compliance_observe(w.c, 1, true, &w.about, SIGNAL_DELIVERED, 5, (struct instant){ w.now }, 9);
	wait_days(&w, 1);
	says(&w, "days without any mail since it was listed: 7 of 7");
	end(&w);
}

static void
what_a_person_cleared_is_not_counted_again(void **state)
{
	struct world w;

	(void)state;
	begin(&w);
	observe(&w, SIGNAL_TRAP_PRISTINE, 3, 1);
	assert_int_equal(w.crossed, 1);
	compliance_source_start(w.c, 0, (struct instant){ w.now });
	assert_int_equal(w.returned, 1);
	observe(&w, SIGNAL_TRAP_PRISTINE, 3, 1); /* reported late */
	assert_int_equal(w.crossed, 1);
	observe(&w, SIGNAL_TRAP_PRISTINE, 2, 0);
	assert_int_equal(w.crossed, 1);
	observe(&w, SIGNAL_TRAP_PRISTINE, 1, 0);
	assert_int_equal(w.crossed, 2);
	end(&w);
}

static void
one_trap_network_has_a_limit_of_its_own(void **state)
{
	struct world w;

	(void)state;
	begin(&w);
	observe(&w, SIGNAL_TRAP_TYPO, 99, 5);
	assert_int_equal(w.crossed, 0);
	w.about.network = compliance_party(w.c, COMPLIANCE_NETWORK, TEXT("other"));
	observe(&w, SIGNAL_TRAP_TYPO, 50, 5);
	assert_int_equal(w.crossed, 0);
	w.about.network = 0;
	observe(&w, SIGNAL_TRAP_TYPO, 1, 0);
	assert_int_equal(w.crossed, 1);
	says(&w, "trap hits at spider: 100 of 100 in 30 days; 25 days without any more");
	end(&w);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_complaint_rate_counts_from_its_sample_on),
		cmocka_unit_test(late_news_is_counted_in_its_own_day),
		cmocka_unit_test(votes_are_held_to_the_band_they_are_in),
		cmocka_unit_test(the_votes_on_all_sources_of_a_member_count_together),
		cmocka_unit_test(blocklists_count_while_they_hold_the_source),
		cmocka_unit_test(a_source_is_in_disuse_when_others_send),
		cmocka_unit_test(what_a_person_cleared_is_not_counted_again),
		cmocka_unit_test(one_trap_network_has_a_limit_of_its_own),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
