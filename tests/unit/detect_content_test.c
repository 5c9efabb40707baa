/* What messages look like: new templates are evidence once, and a declaration makes an undeclared link nearly enough. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "unit/detect_feed.h"

#define START_MS INT64_C(1767571200000)
#define DAY_MS   INT64_C(86400000)

struct world {
	struct detect *d;
	int64_t now_ms;
	struct alarm last;
	uint32_t alarms;
};

static void
on_alarm(void *context, const struct alarm *alarm)
{
	struct world *w = context;

	w->last = *alarm;
	w->alarms++;
}

static void
look(struct world *w, uint64_t cluster, uint64_t link, uint32_t flags)
{
	struct detect_look l = look_of(cluster, link, flags, w->now_ms);

	detect_look(w->d, &l);
}

/* A month of honest mail with a new template each second day. */
static void
honest_month(struct world *w)
{
	*w = (struct world){ .now_ms = START_MS };
	w->d = detect_open(&(struct detect_params){ .budget = 10 }, on_alarm, w);
	assert_int_equal(detect_unit_add(w->d, UNIT_SOURCE), 0);
	assert_int_equal(detect_unit_add(w->d, UNIT_SYSTEM), 1);
	for (uint32_t hour = 0; hour < 40 * 24; hour++) {
		w->now_ms += DAY_MS / 24;
		for (uint32_t unit = 0; unit < 2; unit++) {
			detect_observe(w->d, unit,
				       &(struct detect_fact){
					   SIGNAL_DELIVERED, 500, { w->now_ms }, { w->now_ms }, 1, 0 });
		}
		if (hour % 48 == 0) {
			look(w, 100 + hour, 7, LOOK_LINK_DECLARED);
		}
		detect_tick(w->d, (struct instant){ w->now_ms });
	}
	assert_int_equal(w->alarms, 0);
}

static void
one_message_with_an_undeclared_link_that_lures_is_enough(void **state)
{
	struct world w;

	(void)state;
	honest_month(&w);
	look(&w, 4711, 99, LOOK_LURE);
	assert_true(w.alarms > 0);
	/* no count speaks yet: the kind with the largest start weight */
	assert_int_equal(w.last.takeover, TAKEOVER_OWN_LIST);
	assert_true(w.last.content_nats > 5);
	assert_int_equal(w.last.traits, 1U << TRAIT_LINK_NEW | 1U << TRAIT_LINK_YOUNG | 1U << TRAIT_LURE);
	assert_int_equal(w.last.reports[0], 9);
	detect_close(w.d);
}

/* The sender's own words, that lead to a stranger's page: nobody who declares links does that. */
static void
a_known_template_that_leads_elsewhere_is_enough(void **state)
{
	struct detect_look undeclared = { .system = 1,
					  .source = 0,
					  .member = 1,
					  .flags = LOOK_LURE,
					  .cluster = 100,
					  .from = 5,
					  .link = 99,
					  .seq = 9 };
	struct world w;

	(void)state;
	honest_month(&w);
	undeclared.at.ms = w.now_ms;
	detect_look(w.d, &undeclared); /* of a member that declares nothing it tells nothing */
	assert_int_equal(w.alarms, 0);
	look(&w, 100, 7, LOOK_LINK_DECLARED | LOOK_LURE);
	look(&w, 100, 0, LOOK_LURE);
	assert_int_equal(w.alarms, 0);
	look(&w, 100, 99, LOOK_LURE);
	assert_true(w.alarms > 0);
	assert_true((w.last.traits >> TRAIT_LINK_NEW & 1) != 0);
	w.alarms = 0;
	look(&w, 148, 99, LOOK_LURE); /* that link was told once */
	assert_int_equal(w.alarms, 0);
	detect_close(w.d);
}

/* A sender with a thousand templates in half a year is not one to whom everything is known. */
static void
many_templates_blind_nobody(void **state)
{
	struct world w;

	(void)state;
	honest_month(&w);
	for (uint32_t i = 0; i < 1000; i++) {
		w.now_ms += DAY_MS / 6;
		look(&w, 10000 + i, 7, LOOK_LINK_DECLARED);
	}
	for (uint32_t unit = 0; unit < 2; unit++) {
		detect_observe(
		    w.d, unit,
		    &(struct detect_fact){ SIGNAL_DELIVERED, 500, { w.now_ms }, { w.now_ms }, 1, 0 });
	}
	assert_int_equal(w.alarms, 0);
	look(&w, 4711, 99, LOOK_LURE);
	assert_true(w.alarms > 0);
	detect_close(w.d);
}

static void
a_declared_link_is_none(void **state)
{
	struct world w;

	(void)state;
	honest_month(&w);
	look(&w, 4711, 99, LOOK_LINK_DECLARED | LOOK_LURE); /* the same, never seen, but declared */
	assert_int_equal(w.alarms, 0);
	detect_close(w.d);
}

/* The page of a stranger stands behind links that the sender always has. */
static void
a_new_link_is_seen_among_known_ones(void **state)
{
	struct detect_look mixed = { .system = 1,
				     .source = 0,
				     .member = 1,
				     .flags = LOOK_DECLARES | LOOK_FROM_DECLARED | LOOK_LURE,
				     .cluster = 4711,
				     .from = 5,
				     .link = 8,
				     .more = { 9, 99 },
				     .seq = 9 };
	struct world w;

	(void)state;
	honest_month(&w);
	look(&w, 4000, 8, 0); /* undeclared, and seen once */
	look(&w, 4001, 9, 0);
	w.alarms = 0;
	mixed.at.ms = w.now_ms;
	detect_look(w.d, &mixed);
	assert_true(w.alarms > 0);
	assert_true((w.last.traits >> TRAIT_LINK_NEW & 1) != 0);
	detect_close(w.d);
}

static void
a_template_tells_once(void **state)
{
	struct world w;
	struct detect_view first, again;

	(void)state;
	honest_month(&w);
	look(&w, 4711, 99, 0);
	detect_unit_view(w.d, 1, &first);
	for (int i = 0; i < 100; i++) {
		look(&w, 4711, 99, 0);
	}
	detect_unit_view(w.d, 1, &again);
	assert_true(first.evidence_nats[VOICE_BAYES] - again.evidence_nats[VOICE_BAYES] < 1e-9);
	assert_true(again.evidence_nats[VOICE_BAYES] - first.evidence_nats[VOICE_BAYES] < 1e-9);
	detect_close(w.d);
}

/* Otherwise the templates that are chosen for what they show would bring more than was ever given: the honest mean would be above the budget. */
static void
that_a_takeover_begins_with_a_template_is_paid_for_whatever_it_is(void **state)
{
	const struct unit *system;
	const struct cohort *last;
	double bank, e;
	struct world w;

	(void)state;
	honest_month(&w);
	system = &w.d->units[1];
	look(&w, 4710, 7, LOOK_LINK_DECLARED); /* takes the time since the last cohort to the bank */
	bank = (double)system->n.bank;
	e = (double)detect_cohort_at(system, system->cohort_count - 1U)->n.look;
	look(&w, 4711, 7, LOOK_LINK_DECLARED);
	e = (double)detect_cohort_at(system, system->cohort_count - 1U)->n.look / e;
	assert_true(e > 0.25 && e < 0.5);
	assert_true(fabs((double)system->n.bank - bank * (1 - 0.3 * (1 - e))) < 1e-5 * bank);
	bank = (double)system->n.bank;
	look(&w, 4712, 99, 0);
	assert_true(w.alarms == 0);
	assert_true(fabs((double)system->n.bank - 0.7 * bank) < 1e-5 * bank);
	last = detect_cohort_at(system, system->cohort_count - 1U);
	assert_true(fabs((double)last->n.weight - 0.3 * bank) < 1e-5 * bank);
	detect_close(w.d);
}

static void
a_snapshot_knows_what_was_seen(void **state)
{
	struct world w, other = { .now_ms = START_MS };
	struct buffer a, b;
	struct wire wire;

	(void)state;
	honest_month(&w);
	buffer_init(&a, 4 << 20);
	buffer_init(&b, 4 << 20);
	detect_save(w.d, &a);
	wire = wire_of(a.p, a.n);
	other.d = detect_open(&(struct detect_params){ .budget = 10 }, on_alarm, &other);
	assert_int_equal(detect_load(other.d, &wire), RESULT_OK);
	detect_save(other.d, &b);
	assert_int_equal(a.n, b.n);
	assert_memory_equal(a.p, b.p, a.n);
	other.now_ms = w.now_ms;
	look(&w, 4711, 99, LOOK_LURE);
	look(&other, 4711, 99, LOOK_LURE);
	assert_int_equal(w.alarms, other.alarms);
	assert_true(w.alarms > 0);
	buffer_free(&a);
	buffer_free(&b);
	detect_close(w.d);
	detect_close(other.d);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_message_with_an_undeclared_link_that_lures_is_enough),
		cmocka_unit_test(a_known_template_that_leads_elsewhere_is_enough),
		cmocka_unit_test(many_templates_blind_nobody),
		cmocka_unit_test(a_declared_link_is_none),
		cmocka_unit_test(a_new_link_is_seen_among_known_ones),
		cmocka_unit_test(a_template_tells_once),
		cmocka_unit_test(that_a_takeover_begins_with_a_template_is_paid_for_whatever_it_is),
		cmocka_unit_test(a_snapshot_knows_what_was_seen),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
