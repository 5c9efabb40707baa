/*
 * Random histories, told to the room and to a naive twin. The twin is told the totals of each cohort, and works out anew after
 * every step, by the definition: what the retired cohorts taught, what each cohort expects, the likelihood of each story, and
 * the evidence as a sum over all beginnings of a takeover of start weight times the product of likelihood ratios.
 * A room read from a snapshot must go on like the one it was taken of.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "unit/detect_feed.h"

#include <stdio.h>

#define HISTORIES 12
#define STEPS     1500
#define PAST_MAX  2000

struct twin_cohort {
	struct cohort c;
	double weight; /* of a takeover that begins with it, years; until an alarm */
	double ratio[VOICE_COUNT][PROFILE_COUNT]; /* ln, as it stood when the cohort retired */
	double bad;                               /* chance that it was mail to a bad list, likewise */
};

struct twin_outlook {
	double rate[EVIDENCE_COUNT], shape[EVIDENCE_COUNT], mail[EVIDENCE_COUNT];
	double bad; /* chance of a bad list, before its own news */
};

struct twin_tally {
	double events[STREAM_COUNT][EVIDENCE_COUNT], mail[STREAM_COUNT][EVIDENCE_COUNT];
};

/* Retired cohorts, and those of the ring behind them. */
struct twin {
	struct twin_cohort past[PAST_MAX];
	uint32_t retired, count;
	double stand_in, bank;
	double known_hours; /* of its volume, before the last step; fading */
	int64_t credit_ms;  /* weight was given up to here; 0: time has not begun */
	struct twin_tally unit, fleet;
	double likely[STREAM_COUNT][EVIDENCE_COUNT][17]; /* ln of the likelihood of each shape */
	double lately; /* of the room: it depends on when a cohort ended, which the twin is not told */
};

struct pair {
	struct feed f;
	struct twin t;
	uint32_t alarms_checked, retired_checked;
};

/* ---- what is expected */

static double
twin_fleet(const struct twin *t, int s, int e)
{
	double honest = detect_rates[e].honest;

	return (20 + t->fleet.events[s][e]) / (20 / honest + t->fleet.mail[s][e]);
}

/* The mean of the logarithm over the posterior, a normal prior of a factor of two around the stated shape; 0.85 is on the safe side. */
static double
twin_frailty(const struct twin *t, int s, int e)
{
	double best = -INFINITY, mass = 0, mean = 0;

	for (int i = 0; i < 17; i++) {
		best = fmax(best, t->likely[s][e][i]);
	}
	for (int i = 0; i < 17; i++) {
		double twos = (i - 8) / 4.0, p = exp(t->likely[s][e][i] - best - twos * twos / 2);

		mass += p;
		mean += p * twos;
	}
	return 0.85 * detect_rates[e].frailty * pow(2, mean / mass);
}

/* Means of products: both factors have mean one, so the spread of their product is (1 + v)(1 + w) - 1. */
static double
twin_shape(double a, double b)
{
	return 1 / ((1 + 1 / a) * (1 + 1 / b) - 1);
}

/* The share of the complaints that have come: mail is sent evenly over the length of the cohort. */
static double
twin_answered(const struct cohort *c, int64_t now_ms)
{
	static const double hours[] = { 0.5, 5, 30 }, share[] = { 0.35, 0.45, 0.20 };
	double length = c->length_ms / 3.6e6, age = fmax((double)(now_ms - c->start_ms) / 3.6e6 - length, 0),
	       left = 0;

	for (int i = 0; i < 3; i++) {
		double mean = length > 0 ? -expm1(-length / hours[i]) * hours[i] / length : 1;

		left += share[i] * mean * exp(-age / hours[i]);
	}
	return 1 - left;
}

static void
twin_teach(double frailty, double known, double bad, double rate, double events, double mail, double to[2])
{
	double share = fmin(frailty / (rate * mail), 1);

	share = (rate * mail > 0 ? share : 1) * fmax(1 - bad, 0.1);
	to[0] = fmin(events, 3 * (1 + 6 / known) * rate * mail + 0.5) * share;
	to[1] = mail * share;
}

/* What is known of a stream before its own cohorts tell: events of the other one, and how far the two may be apart. */
static double
twin_start(const struct twin *t, int s, int e)
{
	return twin_shape(2, detect_rates[e].prior_events + t->unit.events[1 - s][e]);
}

/* ln of P(x events | m mails) x! / m^x, from the negative binomial as books write it. */
static double
twin_chance(double shape, double rate, double mail, double x)
{
	double p = shape / (shape + rate * mail);

	return lgamma(shape + x) - lgamma(shape) + shape * log(p) + x * log(rate / shape * p);
}

/* Honest or bad list: ln of the chance of one kind. */
static double
twin_honest(const struct cohort *c, const struct twin_outlook *o, int e, bool bad)
{
	const struct detect_rate *r = &detect_rates[e];
	double least = r->bad_factor * o->rate[e], x = (double)c->n.events[e], sum = 0, best;

	if (!bad) {
		return twin_chance(o->shape[e], o->rate[e], o->mail[e], x);
	}
	if (r->bad_rate <= 0) {
		return twin_chance(twin_shape(r->bad_shape, o->shape[e]), least, o->mail[e], x);
	}
	best = twin_chance(r->bad_shape, fmax(r->bad_rate, least), o->mail[e], x);
	for (int i = 0; i < 3; i++) {
		static const double part[] = { 1, 0.3, 0.1 };

		sum +=
		    exp(twin_chance(r->bad_shape, fmax(part[i] * r->bad_rate, least), o->mail[e], x) - best) /
		    3;
	}
	return best + log(sum);
}

/* Bayes: the chance of a bad list, by the odds. */
static double
twin_bad_after(const struct cohort *c, const struct twin_outlook *o)
{
	double odds = log(o->bad / (1 - o->bad));
	bool more = false;

	for (int e = 0; e < EVIDENCE_COUNT; e++) {
		more = more || (double)c->n.events[e] > 1.2 * o->rate[e] * o->mail[e];
	}
	if (o->bad < 0.05 && !more) {
		return 0;
	}
	for (int e = 0; e < EVIDENCE_COUNT; e++) {
		odds += twin_honest(c, o, e, true) - twin_honest(c, o, e, false);
	}
	return 1 / (1 + exp(-odds));
}

static void
twin_see(const struct twin *t, const struct twin_tally *sum, uint32_t i, int64_t now_ms,
	 struct twin_outlook *o)
{
	const struct cohort *c = &t->past[i].c;
	double presumed = i + 1 == t->count ? t->stand_in : 0, mail = (double)c->n.mail + presumed;
	int s = presumed > 0 ? STREAM_BURST : (int)c->stream;

	for (int e = 0; e < EVIDENCE_COUNT; e++) {
		double prior = detect_rates[e].prior_events, known = twin_start(t, s, e);
		double start = twin_fleet(t, s, e) * (prior + t->unit.events[1 - s][e]) /
			       (prior + twin_fleet(t, 1 - s, e) * t->unit.mail[1 - s][e]);

		o->mail[e] = mail * (e == EVIDENCE_COMPLAINT ? twin_answered(c, now_ms) : 1);
		o->rate[e] = (known + sum->events[s][e]) / (known / start + sum->mail[s][e]);
		o->shape[e] = twin_shape(twin_frailty(t, s, e), known + sum->events[s][e]);
	}
	o->rate[EVIDENCE_COMPLAINT] *= t->lately;
}

/* Outlook of the cohort `at`, when those from `first` on are known but not learnt. */
static void
twin_outlook(const struct twin *t, uint32_t first, uint32_t at, int64_t now_ms, struct twin_outlook *o)
{
	struct twin_tally sum = t->unit;
	double bad = first > 0 ? t->past[first - 1].bad : 0;

	for (uint32_t i = first; i <= at; i++) {
		const struct cohort *c = &t->past[i].c;
		double presumed = i + 1 == t->count ? t->stand_in : 0;
		double hours = i > 0 ? (double)(c->start_ms - t->past[i - 1].c.start_ms) / 3.6e6 : 0;
		int s = presumed > 0 ? STREAM_BURST : (int)c->stream;

		twin_see(t, &sum, i, now_ms, o);
		bad *= 0.9 * exp(-fmax(hours, 0) / 5);
		o->bad = bad + (1 - bad) * (c->stream == STREAM_BURST ? 0.02 : 0.001);
		bad = twin_bad_after(c, o);
		for (int e = 0; e < EVIDENCE_COUNT; e++) {
			double to[2], known = twin_start(t, s, e) + sum.events[s][e];

			twin_teach(twin_frailty(t, s, e), known, bad, o->rate[e], (double)c->n.events[e],
				   o->mail[e], to);
			sum.events[s][e] += to[0];
			sum.mail[s][e] += to[1];
		}
	}
}

/* ---- the stories */

static double
twin_ratio(const struct cohort *c, const struct twin_outlook *o, int voice, uint32_t k)
{
	double chance = o->bad;
	double fine = 0, bad = 0, attack = 0;
	double rest_fine = log(1 - chance), rest_bad = log(chance); /* of the kinds it does not touch */

	for (int e = 0; e < EVIDENCE_COUNT; e++) {
		double added = detect_profiles[k].added[e], f = twin_honest(c, o, e, false),
		       b = twin_honest(c, o, e, true);

		fine += f;
		bad += b;
		if (added > 0) {
			attack += twin_chance(detect_rates[e].attack_shape,
					      o->rate[e] + fmax(added, 2 * o->rate[e]), o->mail[e],
					      (double)c->n.events[e]);
		} else {
			rest_fine += f;
			rest_bad += b;
		}
	}
	attack += fmax(rest_fine, rest_bad) + log1p(exp(-fabs(rest_fine - rest_bad)));
	if (voice == VOICE_ROBUST) {
		return attack - fmax(fine, bad);
	}
	return attack - fmax(fine, bad) -
	       log((1 - chance) * exp(fine - fmax(fine, bad)) + chance * exp(bad - fmax(fine, bad)));
}

static double
twin_evidence(const struct twin *t, int voice, int64_t now_ms)
{
	double sum = 0;

	for (uint32_t k = 0; k < PROFILE_COUNT; k++) {
		double product = 1;

		for (uint32_t s = t->count; s-- > 0;) { /* beginnings, the latest first */
			const struct cohort *c = &t->past[s].c;
			double nats = t->past[s].ratio[voice][k];
			int64_t next_ms = s + 1 < t->count ? t->past[s + 1].c.start_ms : c->start_ms;

			if (s >= t->retired) {
				struct twin_outlook o;

				twin_outlook(t, t->retired, s, now_ms, &o);
				nats = twin_ratio(c, &o, voice, k);
			}
			product *= exp(nats - fmax((double)(next_ms - c->start_ms), 0) / 3.6e6 / 72);
			sum += detect_profiles[k].prior * t->past[s].weight * product;
		}
	}
	return sum;
}

/* ---- what is learnt */

/* How likely the cohort is with each shape; one in fifty is something else, wide around the rate of a bad list. */
static void
twin_shapes(struct twin *t, int s, int e, const struct twin_outlook *o, double x, double weight)
{
	const struct detect_rate *r = &detect_rates[e];
	double known = twin_start(t, s, e) + t->unit.events[s][e];
	double other = twin_chance(0.5, fmax(r->bad_rate, r->bad_factor * o->rate[e]), o->mail[e], x);

	for (int i = 0; i < 17; i++) {
		double shape = twin_shape(r->frailty * pow(2, (i - 8) / 4.0), known),
		       usual = twin_chance(shape, o->rate[e], o->mail[e], x), best = fmax(usual, other),
		       ln = best + log(0.98 * exp(usual - best) + 0.02 * exp(other - best));

		t->likely[s][e][i] = t->likely[s][e][i] * (1 - 1e-5) + weight * ln;
	}
}

static void
twin_learn(struct twin *t, const struct cohort *c, const struct twin_outlook *o, double bad)
{
	int s = (int)c->stream;
	double fade = pow(0.5, c->length_ms / 3.6e6 / 24 / 60);

	if (c->n.mail <= 0) {
		return;
	}
	for (int e = 0; e < EVIDENCE_COUNT; e++) {
		double m = o->rate[e] * o->mail[e], x = (double)c->n.events[e], to[2];

		if (t->unit.events[s][e] > 8 && m > 0.3) {
			twin_shapes(t, s, e, o, x, fmax(1 - bad, 0.1));
		}
		twin_teach(twin_frailty(t, s, e), twin_start(t, s, e) + t->unit.events[s][e], bad, o->rate[e],
			   (double)c->n.events[e], o->mail[e], to);
		t->unit.events[s][e] = t->unit.events[s][e] * fade + to[0];
		t->unit.mail[s][e] = t->unit.mail[s][e] * fade + to[1];
		t->fleet.events[s][e] = t->fleet.events[s][e] * (1 - 1e-5) + to[0];
		t->fleet.mail[s][e] = t->fleet.mail[s][e] * (1 - 1e-5) + to[1];
	}
}

static void
twin_retire(struct pair *p, int64_t now_ms)
{
	struct twin *t = &p->t;
	struct twin_cohort *c = &t->past[t->retired];
	struct twin_outlook o;

	twin_outlook(t, t->retired, t->retired, now_ms, &o);
	c->bad = twin_bad_after(&c->c, &o);
	for (int v = 0; v < VOICE_COUNT; v++) {
		for (uint32_t k = 0; k < PROFILE_COUNT; k++) {
			c->ratio[v][k] = twin_ratio(&c->c, &o, v, k);
		}
	}
	twin_learn(t, &c->c, &o, c->bad);
	t->retired++;
	p->retired_checked++;
}

/* A tenth of the time is for others. A fifth of the rest goes to trickle as it passes; a burst takes three tenths of all that waits. */
static double
twin_weight(struct twin *t, const struct cohort *c, int64_t now_ms, double known_days)
{
	double years =
	    0.9 * (double)(now_ms - t->credit_ms) / (365.25 * 24 * 3.6e6) * pow(fmin(known_days / 20, 1), 2);
	double given = c->stream == STREAM_BURST ? 0.3 * (t->bank + years) : 0.2 * years;

	t->bank += years - given;
	t->credit_ms = now_ms;
	return given;
}

static double
lately_of(const struct detect *d)
{
	return fmin(fmax((20 + d->fleet.lately[0]) / (20 + d->fleet.lately[1]), 1), 10);
}

/* Takes the totals of the cohorts as they are now. At most one has left the ring since the last call. */
static void
twin_look(struct pair *p)
{
	struct unit *u = feed_unit(&p->f);
	struct twin *t = &p->t;

	if (t->credit_ms == 0) {
		t->lately = 1;
		t->credit_ms = u->times[CREDIT];
	}
	if (u->cohort_count == 0) {
		t->known_hours = (double)u->n.volume_hours;
		return;
	}
	if (t->count > t->retired && detect_cohort(u, 0)->start_ms != t->past[t->retired].c.start_ms) {
		twin_retire(p, u->times[STEP]);
	}
	assert_true(t->retired + u->cohort_count < PAST_MAX);
	for (uint32_t i = 0; i < u->cohort_count; i++) {
		t->past[t->retired + i].c = *detect_cohort(u, i);
	}
	for (; t->count < t->retired + u->cohort_count; t->count++) {
		t->past[t->count].weight =
		    twin_weight(t, &t->past[t->count].c, u->times[STEP], t->known_hours / 24);
	}
	t->stand_in = (double)u->n.stand_in;
	t->known_hours = (double)u->n.volume_hours;
	t->lately = lately_of(p->f.d);
}

static void
assert_like(const char *what, double room, double twin, double nats)
{
	if (!(fabs(room - twin) <= nats)) {
		fail_msg("%s: the room says %.9g, the twin %.9g", what, room, twin);
	}
}

static void
after(struct feed *f)
{
	twin_look((struct pair *)f); /* the feed comes first in a pair */
}

static void
compare(struct pair *p)
{
	struct detect_view view;

	detect_unit_view(p->f.d, 0, &view);
	for (int v = 0; v < VOICE_COUNT && p->t.count > 0; v++) {
		double twin = twin_evidence(&p->t, v, feed_unit(&p->f)->times[LAST]);

		if (twin > 1e-12) {
			assert_like("evidence", view.evidence_nats[v], log(twin), 2e-3);
		}
	}
}

/* The blocks are the latest cohorts, and what they add is what the signals and the content add. */
static void
look_at_blocks(const struct pair *p, const struct alarm *alarm)
{
	double sum = 0, signals = alarm->content_nats;
	uint64_t delivered = 0;

	assert_true(alarm->block_count > 0 && alarm->block_count <= p->t.count);
	for (uint32_t i = 0; i < alarm->block_count; i++) {
		const struct twin_cohort *c = &p->t.past[p->t.count - alarm->block_count + i];

		assert_int_equal(alarm->blocks[i].from.ms, c->c.start_ms);
		assert_int_equal(alarm->blocks[i].first_bad_seq, c->c.first_bad_seq);
		sum += alarm->blocks[i].nats;
		delivered += alarm->blocks[i].delivered;
	}
	for (int e = 0; e < EVIDENCE_COUNT; e++) {
		signals += alarm->evidence[e].nats;
	}
	assert_like("blocks", sum, signals, 1e-9);
	assert_int_equal(delivered, alarm->delivered);
}

/* The room has taken its evidence back already, the twin has not: what the alarm says is the twin's evidence, and it is over the limit. */
static void
on_alarm(void *context, const struct alarm *alarm)
{
	struct pair *p = context;
	double twin, share = alarm->voice == VOICE_ROBUST ? 0.1 : 0.9;

	feed_alarm(&p->f, alarm);
	twin_look(p);
	twin = log(twin_evidence(&p->t, (int)alarm->voice, alarm->at.ms));
	assert_like("evidence of the alarm", alarm->evidence_nats, twin, 2e-3);
	assert_like("limit", alarm->limit_nats, log(1000 / (100 * 0.6 * share)), 1e-9);
	assert_true(alarm->evidence_nats >= alarm->limit_nats);
	look_at_blocks(p, alarm);
	for (uint32_t i = 0; i < p->t.count; i++) {
		p->t.past[i].weight = 0;
	}
	p->alarms_checked++;
}

/* ---- histories */

static void
open_pair(struct pair *p, uint64_t seed)
{
	feed_open(&p->f, 100, seed);
	detect_close(p->f.d);
	p->f.d = detect_open(&(struct detect_params){ .budget = 100 }, on_alarm, p);
	(void)detect_unit_add(p->f.d, UNIT_SOURCE);
	p->f.after = after;
}

static void
news(struct feed *f, uint32_t volume, int64_t at)
{
	static const double rates[][4] = { { 0.0005, 0.004, 0, 0 },
					   { 0.0005, 0.004, 5e-7, 5e-7 },
					   { 0.002, 0.07, 2e-5, 2e-5 },
					   { 0.007, 0.2, 3e-4, 8e-5 },
					   { 0.006, 0.004, 0, 0 } };
	static const enum signal signals[] = { SIGNAL_COMPLAINT, SIGNAL_UNKNOWN_USER, SIGNAL_TRAP_PRISTINE,
					       SIGNAL_TRAP_TYPO };
	uint32_t story = feed_dice(f, 40) > 4 ? feed_dice(f, 2) : feed_dice(f, 5);

	for (int i = 0; i < 4; i++) {
		uint32_t count = feed_about(f, volume * rates[story][i] * feed_dice(f, 300) / 100.0);
		int64_t mailed = i == 0 && feed_dice(f, 3) == 0 ? UNKNOWN_MINUTE : at;

		feed_fact(f, signals[i], count, i == 0 ? f->minute : at, mailed);
	}
}

/* One step of a history: volume of a stated size with its news, news without volume, late news, silence. */
static void
step(struct feed *f)
{
	uint32_t kind = feed_dice(f, 20), volume = 1 + feed_dice(f, 400);
	int64_t at = f->minute;

	if (kind == 0) {
		volume = 2000 + feed_dice(f, 60000);
	}
	if (kind == 1) {
		feed_fact(f, SIGNAL_COMPLAINT, 1 + feed_dice(f, 3), at, at - (int64_t)feed_dice(f, 3000));
	} else if (kind == 2) {
		feed_fact(f, SIGNAL_UNKNOWN_USER, 1 + feed_dice(f, 5), at, at - (int64_t)feed_dice(f, 1500));
	} else if (kind == 3) {
		feed_fact(f, SIGNAL_COMPLAINT, 1 + feed_dice(f, 5), at, UNKNOWN_MINUTE);
	} else {
		at -= kind == 4 ? (int64_t)feed_dice(f, 1400) : 0;
		feed_mail(f, volume, at);
		news(f, volume, at);
	}
}

static int64_t
pause_of(struct feed *f)
{
	uint32_t kind = feed_dice(f, 30);

	return kind == 0 ? 60 * (int64_t)feed_dice(f, 60) : (int64_t)feed_dice(f, kind < 10 ? 120 : 30);
}

static void
the_evidence_is_the_sum_over_all_beginnings_by_definition(void **context)
{
	uint32_t alarms = 0, retired = 0;

	(void)context;
	for (uint64_t seed = 1; seed <= HISTORIES; seed++) {
		struct pair *p = calloc(1, sizeof *p);

		assert_non_null(p);
		open_pair(p, seed);
		for (int i = 0; i < STEPS; i++) {
			step(&p->f);
			feed_until(&p->f, p->f.minute + pause_of(&p->f));
			compare(p);
		}
		alarms += p->alarms_checked;
		retired += p->retired_checked;
		detect_close(p->f.d);
		free(p);
	}
	assert_true(alarms > 10 && retired > 1000); /* else nothing was tried */
}

/* All that was ever given to beginnings, and what waits in the bank, is the time that went by, less what a young unit loses. */
static void
start_weights_never_exceed_the_time(void **context)
{
	(void)context;
	for (uint64_t seed = 1; seed <= HISTORIES; seed++) {
		struct pair *p = calloc(1, sizeof *p);
		double given = 0, years, young;
		uint32_t before = 0;

		assert_non_null(p);
		feed_open(&p->f, 1e-6, seed); /* no alarm takes weight back */
		p->f.after = after;
		feed_mail(&p->f, 100, 0); /* time begins with the first fact */
		for (int i = 0; i < STEPS; i++) {
			step(&p->f);
			feed_until(&p->f, p->f.minute + pause_of(&p->f));
			for (uint32_t c = before; c < p->t.count; c++) {
				assert_true((double)p->t.past[c].c.n.weight >= 0);
			}
			before = p->t.count;
		}
		for (uint32_t c = 0; c < p->t.count; c++) {
			given += (double)p->t.past[c].c.n.weight;
		}
		assert_true((double)feed_unit(&p->f)->n.bank >= 0);
		given += (double)feed_unit(&p->f)->n.bank;
		years = (double)p->f.minute / 60 / 24 / 365.25;
		years *= 0.9; /* the rest is for units under threat */
		assert_true(given <= years * (1 + 1e-5));
		young = 20 / 365.25; /* so much is lost while the unit is not known yet */
		assert_true(years > 2 * young && given > 0.9 * (years - young) && given < years - young / 2);
		detect_close(p->f.d);
		free(p);
	}
}

/* ---- snapshots */

/* The same room again, read from its bytes. */
static void
reload(struct feed *from, struct feed *to)
{
	struct buffer a, b;
	struct wire w;

	feed_save(from, &a);
	w = wire_of(a.p, a.n);
	*to = *from;
	to->d = detect_open(&(struct detect_params){ .budget = 100 }, feed_alarm, to);
	if (detect_load(to->d, &w) != RESULT_OK || !wire_done(&w)) {
		fail_msg("what was saved after minute %lld does not load", (long long)from->minute);
	}
	feed_save(to, &b);
	assert_int_equal(a.n, b.n);
	assert_memory_equal(a.p, b.p, a.n);
	buffer_free(&a);
	buffer_free(&b);
}

static void
assert_same(struct feed *a, struct feed *b)
{
	struct buffer x, y;

	feed_save(a, &x);
	feed_save(b, &y);
	assert_int_equal(a->alarm_count, b->alarm_count);
	assert_memory_equal(&a->alarm, &b->alarm, sizeof a->alarm);
	assert_int_equal(x.n, y.n);
	assert_memory_equal(x.p, y.p, x.n);
	buffer_free(&x);
	buffer_free(&y);
}

/* Facts come `late` minutes after they happened, at all hours. */
static void
late_step(struct feed *f, int64_t late)
{
	f->minute -= late; /* facts bear earlier times than the ticks */
	step(f);
	f->minute += late;
}

static void
a_room_from_a_snapshot_goes_on_the_same(void **context)
{
	static const int64_t lates[] = { 0, 20, 180, 1800 };
	uint32_t alarms = 0;

	(void)context;
	for (uint64_t seed = 1; seed <= HISTORIES; seed++) {
		struct feed f, other;

		feed_open(&f, 100, seed);
		feed_mail(&f, 100, 0);
		reload(&f, &other);
		for (int i = 0; i < STEPS / 3; i++) {
			int64_t until = f.minute + pause_of(&f);

			(void)pause_of(&other);
			late_step(&f, lates[seed % countof(lates)]);
			late_step(&other, lates[seed % countof(lates)]);
			feed_until(&f, until);
			feed_until(&other, until);
			if (i % 25 == 24) {
				assert_same(&f, &other);
				detect_close(other.d);
				reload(&f, &other);
			}
		}
		alarms += f.alarm_count;
		detect_close(f.d);
		detect_close(other.d);
	}
	assert_true(alarms > 5);
}

/*
 * A feed that is more than a day behind the ticks: bad news is older than a day when it comes, and its bin is due at once. The unit's
 * time must not run backwards then: what fades would grow.
 */
static void
news_that_is_due_before_it_comes_turns_no_time_back(void **context)
{
	struct feed f, other;
	int64_t late = 30 * 60, step_ms = 0;

	(void)context;
	feed_open(&f, 100, 1);
	for (int64_t at = 0; at < 26 * 60; at++) {
		feed_until(&f, at + late);
		if (at < 24 * 60) {
			feed_mail(&f, at % 6 == 0, at);
		} else {
			feed_fact(&f, SIGNAL_UNKNOWN_USER, 1, at, at);
		}
		assert_true(at == 0 || feed_unit(&f)->times[STEP] >= step_ms);
		step_ms = feed_unit(&f)->times[STEP];
		assert_true((double)feed_last_weight(&f) >= 0 && (double)feed_unit(&f)->n.bank >= 0);
	}
	reload(&f, &other);
	detect_close(f.d);
	detect_close(other.d);
}

/* Cut anywhere it is damaged and leaves nothing; with a byte changed it is damaged, or another room that works. */
static void
a_damaged_snapshot_is_refused_or_harmless(void **context)
{
	struct feed f;
	struct buffer b;
	uint32_t refused = 0, accepted = 0;

	(void)context;
	feed_open(&f, 100, 7);
	feed_mail(&f, 100, 0);
	for (int i = 0; i < 300; i++) {
		step(&f);
		feed_until(&f, f.minute + pause_of(&f));
	}
	feed_save(&f, &b);
	for (size_t n = 0; n < 2 * b.n; n += 3) {
		struct feed other = { .random = n + 1, .minute = f.minute };
		struct wire w = wire_of(b.p, n < b.n ? n : b.n);

		other.d = detect_open(&(struct detect_params){ .budget = 100 }, feed_alarm, &other);
		if (n >= b.n) {
			((uint8_t *)b.p)[n - b.n] ^= (uint8_t)(1U << n % 8);
		}
		if (detect_load(other.d, &w) != RESULT_OK) {
			assert_int_equal(detect_unit_count(other.d), 0);
			assert_false(detect_waits(other.d));
			refused++;
		} else {
			assert_true(n >= b.n);
			for (int i = 0; i < 30 && detect_unit_count(other.d) > 0; i++) {
				step(&other);
				feed_until(&other, other.minute + pause_of(&other));
			}
			accepted++;
		}
		if (n >= b.n) {
			((uint8_t *)b.p)[n - b.n] ^= (uint8_t)(1U << n % 8);
		}
		detect_close(other.d);
	}
	assert_true(refused > b.n / 3 && accepted > 50);
	buffer_free(&b);
	detect_close(f.d);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_evidence_is_the_sum_over_all_beginnings_by_definition),
		cmocka_unit_test(start_weights_never_exceed_the_time),
		cmocka_unit_test(a_room_from_a_snapshot_goes_on_the_same),
		cmocka_unit_test(news_that_is_due_before_it_comes_turns_no_time_back),
		cmocka_unit_test(a_damaged_snapshot_is_refused_or_harmless),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
