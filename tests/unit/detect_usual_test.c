/* Mail that is seen to be the sender's usual takes back what counts say, and no more; one message that speaks against the sender ends that. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "unit/detect_feed.h"

#define TEMPLATE 77U
#define LINK     7U

static const double most = -2.302585092994046; /* ln 1/10 */

static struct cohort
cohort(uint8_t seen, uint16_t traits, float look)
{
	return (struct cohort){ .seen = seen, .traits = traits, .n = { .mail = 1000, .look = look } };
}

/* The profile with the largest share of the cohort's mail, and the one with the smallest. */
static uint32_t
profile(bool largest)
{
	uint32_t at = 0;

	for (uint32_t k = 1; k < PROFILE_COUNT; k++) {
		bool more = detect_profiles[k].share > detect_profiles[at].share;

		at = more == largest && (more || detect_profiles[k].share < detect_profiles[at].share) ? k
												       : at;
	}
	return at;
}

static void
the_more_is_seen_the_more_is_taken_back(void **state)
{
	uint32_t all = profile(true), little = profile(false);

	(void)state;
	for (uint8_t seen = 0; seen < 200; seen++) {
		struct cohort c = cohort(seen, 0, 1), more = cohort((uint8_t)(seen + 1), 0, 1);

		for (uint32_t k = 0; k < PROFILE_COUNT; k++) {
			double left = detect_usual_nats(&c, k, 8);

			assert_true(left <= 8 && left >= 8 + most - 1e-9);
			assert_true(detect_usual_nats(&more, k, 8) <= left);
		}
		/* that none of few messages is a takeover's tells little when it sends little of the mail */
		assert_true(seen == 0 || detect_usual_nats(&c, all, 8) < detect_usual_nats(&c, little, 8));
	}
}

static void
it_takes_back_what_counts_say_and_no_more(void **state)
{
	struct cohort c = cohort(100, 0, 1);
	double before = -INFINITY;

	(void)state;
	for (double nats = -5; nats < 10; nats += 0.25) {
		double left = detect_usual_nats(&c, profile(true), nats);

		assert_true(left <= nats && left >= (nats < 0 ? nats : 0) && left >= before);
		before = left;
	}
	assert_true(detect_usual_nats(&c, profile(true), -3) <= -3);
}

static void
a_message_that_speaks_against_the_sender_ends_that(void **state)
{
	static const uint16_t none_left[] = { COHORT_FOREIGN, COHORT_NEAR };

	(void)state;
	for (size_t i = 0; i < countof(none_left); i++) {
		struct cohort c = cohort(100, none_left[i], 1);

		assert_true(detect_usual_nats(&c, profile(true), 8) >= 8);
	}
}

/* A new template that is like the sender's has taken back some already: it is the same fact. */
static void
what_templates_took_back_is_not_taken_twice(void **state)
{
	struct cohort c = cohort(100, 0, 0.25F), less = cohort(100, 0, 0.05F);

	(void)state;
	assert_true(detect_usual_nats(&c, profile(true), 8) + log(0.25) >= 8 + most - 1e-9);
	assert_true(detect_usual_nats(&less, profile(true), 8) >= 8);
}

/* ---- through the doors */

static void
sample(struct feed *f, uint64_t cluster, uint64_t link, uint32_t flags)
{
	struct detect_look l = look_of(cluster, link, flags, minute_at(f->minute).ms);

	detect_look(f->d, &l);
}

/* A month of mail, one template; then the cohort that is sent now. */
static const struct cohort *
a_month_later(struct feed *f, struct detect **d)
{
	feed_open(f, 10, 1);
	detect_close(f->d);
	f->d = *d = detect_open(&(struct detect_params){ .budget = 1e-6 }, feed_alarm, f);
	assert_int_equal(detect_unit_add(f->d, UNIT_SOURCE), 0);
	assert_int_equal(detect_unit_add(f->d, UNIT_SYSTEM), 1);
	for (uint32_t hour = 0; hour < 30 * 24; hour++) {
		for (uint32_t unit = 0; unit < 2; unit++) {
			detect_observe(f->d, unit,
				       &(struct detect_fact){ SIGNAL_DELIVERED, 500, minute_at(f->minute),
							      minute_at(f->minute), 1, 0 });
		}
		f->minute += 60;
		detect_tick(f->d, minute_at(f->minute));
		sample(f, TEMPLATE, LINK, LOOK_LINK_DECLARED);
	}
	return detect_cohort_at(&f->d->units[1], f->d->units[1].cohort_count - 1U);
}

static void
samples_are_counted_for_the_system_and_its_source(void **state)
{
	struct feed f;
	struct detect *d;
	const struct cohort *c = a_month_later(&f, &d);
	uint8_t before = c->seen;

	(void)state;
	sample(&f, TEMPLATE, LINK, LOOK_LINK_DECLARED);
	assert_int_equal(c->seen, before + 1);
	assert_int_equal(detect_cohort_at(&d->units[0], d->units[0].cohort_count - 1U)->seen, before + 1);
	sample(&f, TEMPLATE, LINK, LOOK_LINK_DECLARED | LOOK_COMPLAINT); /* was not drawn by lot */
	sample(&f, 0, LINK, LOOK_LINK_DECLARED);                         /* shows no template */
	assert_int_equal(c->seen, before + 1);
	assert_int_equal(c->traits & (COHORT_FOREIGN | COHORT_NEAR), 0);
	detect_close(d);
}

static void
a_template_with_an_undeclared_link_marks_its_cohort_and_the_one_before(void **state)
{
	struct feed f;
	struct detect *d;
	const struct cohort *c = a_month_later(&f, &d);
	const struct unit *u = &d->units[1];

	(void)state;
	f.minute++;
	sample(&f, 4711, 99, LOOK_LURE);
	assert_true((c->traits & (COHORT_FOREIGN | COHORT_NEAR)) != 0);
	assert_true((detect_cohort_at(u, u->cohort_count - 1U)->traits & COHORT_FOREIGN) != 0);
	detect_close(d);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_more_is_seen_the_more_is_taken_back),
		cmocka_unit_test(it_takes_back_what_counts_say_and_no_more),
		cmocka_unit_test(a_message_that_speaks_against_the_sender_ends_that),
		cmocka_unit_test(what_templates_took_back_is_not_taken_twice),
		cmocka_unit_test(samples_are_counted_for_the_system_and_its_source),
		cmocka_unit_test(a_template_with_an_undeclared_link_marks_its_cohort_and_the_one_before),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
