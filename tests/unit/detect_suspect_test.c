/* Complaints of a template that speaks against the sender, against those of all others. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "unit/detect_feed.h"

#define DRAWS 20000

static const double least = -1.3862943611198906; /* ln 1/4 */

/* A known sender with one cohort, begun by its suspect. */
static struct unit *
open_suspect(struct feed *f, uint16_t samples, uint16_t other_samples)
{
	struct unit *u;

	feed_open(f, 10, 1);
	u = feed_unit(f);
	u->cohort_count = 1;
	u->ring[0] = (struct cohort){ .start_ms = FEED_START,
				      .length_ms = 3600000,
				      .stream = STREAM_BURST,
				      .traits = COHORT_SUSPECT,
				      .n = { .mail = 20000, .weight = 0.01F, .look = 1 } };
	for (int s = 0; s < STREAM_COUNT; s++) {
		u->n.learnt[s].events[EVIDENCE_COMPLAINT] = 50;
		u->n.learnt[s].mail[EVIDENCE_COMPLAINT] = 100000;
	}
	u->suspect = (struct suspect){ .cluster = 7, .samples = { samples, other_samples } };
	return u;
}

static double
nats(const struct feed *f, struct unit *u, uint16_t complaints, uint16_t others)
{
	struct outlook o[COHORTS];

	u->suspect.complaints[0] = complaints;
	u->suspect.complaints[1] = others;
	detect_baseline_outlook(f->d, u, FEED_START + 7200000, o);
	return o[0].suspect;
}

static void
its_share_of_the_complaints_is_what_tells(void **context)
{
	struct feed f;
	struct unit *u = open_suspect(&f, 10, 90);
	double before = -INFINITY;

	(void)context;
	assert_true(nats(&f, u, 10, 90) < 0); /* as its share of the mail */
	assert_true(nats(&f, u, 9, 1) > 2.5 && nats(&f, u, 30, 10) > 2.5);
	for (uint16_t n = 2; n <= 40; n++) { /* the more of forty are about it, the more it tells */
		double now = nats(&f, u, n, (uint16_t)(40 - n));

		assert_true(now >= before - 1e-9 && now >= least - 1e-9);
		before = now;
	}
	detect_close(f.d);
}

/* A template that went to a bad list has three or four times its share of the complaints: that is no takeover's. */
static void
a_bad_list_explains_a_few_times_its_share(void **context)
{
	struct feed f;
	struct unit *u = open_suspect(&f, 30, 270);
	struct outlook o[COHORTS];

	(void)context;
	u->suspect.complaints[0] = 28; /* of a tenth of the mail, where an ordinary one would have ten */
	u->suspect.complaints[1] = 72;
	detect_baseline_outlook(f.d, u, FEED_START + 7200000, o);
	assert_true(o[0].suspect_bad_list > 0 && o[0].suspect_bad_list > o[0].suspect);
	u->suspect.complaints[0] = 90;
	u->suspect.complaints[1] = 10;
	detect_baseline_outlook(f.d, u, FEED_START + 7200000, o);
	assert_true(o[0].suspect > 1 && o[0].suspect > o[0].suspect_bad_list);
	detect_close(f.d);
}

/* Perhaps the complaints call it by another name than the samples do. */
static void
a_template_that_no_sample_shows_tells_nothing(void **context)
{
	struct feed f;
	struct unit *u = open_suspect(&f, 0, 200);

	(void)context;
	assert_true(nats(&f, u, 50, 0) == 0); // NOLINT
	u->suspect.samples[0] = 20;
	assert_true(nats(&f, u, 0, 200) >= least - 1e-9); /* nor does it take back more than three quarters */
	detect_close(f.d);
}

static double
uniform(struct feed *f)
{
	return (feed_dice(f, 1000000) + 0.5) / 1e6;
}

static double
normal(struct feed *f)
{
	return sqrt(-2 * log(uniform(f))) * cos(6.283185307179586 * uniform(f));
}

/* Marsaglia and Tsang 2000. */
static double
gamma_of(struct feed *f, double shape)
{
	double d = shape - 1.0 / 3, c = 1 / sqrt(9 * d), x, v;

	do {
		x = normal(f);
		v = pow(1 + c * x, 3);
	} while (v <= 0 || log(uniform(f)) > x * x / 2 + d - d * v + d * log(v));
	return d * v / shape;
}

static uint16_t
poisson(struct feed *f, double mean)
{
	double left = exp(-mean), product = uniform(f);
	uint16_t n = 0;

	for (; product > left; n++) {
		product *= uniform(f);
	}
	return n;
}

/*
 * An honest template whose complaints differ from the others' by a factor as wild as cohorts': the mean of e is at most one. A takeover's
 * is far above.
 */
static void
an_honest_template_is_no_evidence_in_the_mean(void **context)
{
	struct feed f;
	struct unit *u = open_suspect(&f, 0, 0);
	double honest = 0, taken = 0;

	(void)context;
	for (int i = 0; i < DRAWS; i++) {
		double share = 0.05 + 0.9 * uniform(&f);
		uint16_t all = (uint16_t)(5 + feed_dice(&f, 40));

		u->suspect.samples[0] = poisson(&f, 6 * share);
		u->suspect.samples[1] = poisson(&f, 6 * (1 - share));
		honest += exp(
		    nats(&f, u, poisson(&f, all * share * gamma_of(&f, 2)), poisson(&f, all * (1 - share))));
		taken += nats(&f, u, poisson(&f, all * share * 12 * gamma_of(&f, 2)),
			      poisson(&f, all * (1 - share)));
	}
	assert_true(honest / DRAWS < 1.05);
	assert_true(taken / DRAWS > 0.5);
	detect_close(f.d);
}

/* A system whose mail and templates have been seen for forty days. Returns the time. */
static int64_t
open_system(struct feed *f, struct detect **out)
{
	struct detect *d = detect_open(&(struct detect_params){ .budget = 1e-6 }, feed_alarm, f);
	int64_t now_ms = FEED_START;
	uint32_t system = detect_unit_add(d, UNIT_SYSTEM);
	struct detect_look look = { .system = system, .source = DETECT_NO_UNIT, .from = 11, .link = 12 };

	for (int i = 0; i < 40 * 24; i++, now_ms += 3600000) {
		detect_observe(d, system,
			       &(struct detect_fact){ SIGNAL_DELIVERED, 400, { now_ms }, { now_ms }, 1, 0 });
		look.at.ms = now_ms;
		look.cluster = 100 + (uint64_t)i / 100;
		detect_look(d, &look);
		detect_tick(d, (struct instant){ now_ms + 3600000 });
	}
	*out = d;
	return now_ms;
}

/* A person confirmed a takeover: what comes after it counts, though nothing of it was learnt. */
static void
after_a_confirmed_takeover_the_unit_still_sees(void **context)
{
	struct feed f = { 0 };
	struct detect *d;
	struct detect_view before, after;
	int64_t now_ms = open_system(&f, &d);

	(void)context;
	detect_unit_view(d, 0, &before);
	detect_unit_forget(d, 0);
	detect_look(d, &(struct detect_look){ .system = 0,
					      .source = DETECT_NO_UNIT,
					      .from = 11,
					      .link = 99,
					      .flags = LOOK_LURE,
					      .cluster = 5000,
					      .at = { now_ms } });
	detect_unit_view(d, 0, &after);
	assert_true(after.evidence_nats[VOICE_BAYES] > before.evidence_nats[VOICE_BAYES] + 3);
	detect_close(d);
}

/* By the door: a template with a lure comes, then complaints about it, about others, and about older mail. */
static void
only_what_was_sent_since_is_counted(void **context)
{
	struct feed f = { 0 };
	struct detect *d;
	int64_t now_ms = open_system(&f, &d);
	uint32_t system = 0;
	struct detect_look look;
	const struct suspect *s;

	(void)context;
	look = (struct detect_look){ .system = system,
				     .source = DETECT_NO_UNIT,
				     .from = 11,
				     .link = 99,
				     .flags = LOOK_LURE,
				     .cluster = 5000,
				     .at = { now_ms } };
	detect_look(d, &look);
	s = &d->units[system].suspect;
	assert_int_equal(s->samples[0] + s->samples[1] + s->complaints[0] + s->complaints[1], 0);
	look.at.ms += 60000;
	detect_look(d, &look);
	look.flags |= LOOK_COMPLAINT;
	detect_look(d, &look);
	look.cluster = 109;
	detect_look(d, &look);
	detect_look(d, &look);
	look.at.ms = now_ms - 7200000;
	detect_look(d, &look);
	assert_int_equal(s->samples[0], 1);
	assert_int_equal(s->complaints[0], 1);
	assert_int_equal(s->complaints[1], 2);
	detect_close(d);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(its_share_of_the_complaints_is_what_tells),
		cmocka_unit_test(a_bad_list_explains_a_few_times_its_share),
		cmocka_unit_test(a_template_that_no_sample_shows_tells_nothing),
		cmocka_unit_test(an_honest_template_is_no_evidence_in_the_mean),
		cmocka_unit_test(only_what_was_sent_since_is_counted),
		cmocka_unit_test(after_a_confirmed_takeover_the_unit_still_sees),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
