#include "detect/witness_int.h"

#include <stdlib.h>

/*
 * Witnesses: reporters whose word counts only together with others'. Some of them may lie, and together; so an alarm is raised only
 * where it would be raised without any `liars` of them:
 *
 *     M <- (M + w) min over D of e(D),     D: at most `liars` witnesses that are left out.
 *
 * e(D) is the likelihood ratio of a day's reports of the others against the mail of those hours, all of them as one count: what makes one
 * reader complain of a campaign makes the next one complain. If the liars are L, M is at most what the witnesses outside L alone would give,
 * an e-process of honest reports; so what L says, and when, cannot raise an alarm, and the budget holds whatever it says. Nothing
 * that a witness reports may therefore change how another one's report is counted: days are those of the journal, and each witness has a rate of its own.
 *
 * A day's e grows with its counts, so it may be looked at during the day. A day without a word ends the evidence before it. Each
 * unit that a witness spoke of has a hearing of about 300 bytes; the witnesses share nothing with what trusted reporters say but the volume.
 * Source: V. Vovk, R. Wang, "E-values", Ann. Stat. 49 (2021) 1736-1754 (merging); the proof is in doc/why/reporters.md.
 */

#define NATS_MOST 300.0

static const struct {
	enum evidence evidence;
	double share, rate, frailty, bad_factor, attack_factor, attack_least;
} kinds[KINDS] = {
#define WITNESS(evidence, share, rate, frailty, bad_factor, attack_factor, attack_least) \
	{ EVIDENCE_##evidence, share, rate, frailty, bad_factor, attack_factor, attack_least },
#include "detect/witness.def"
#undef WITNESS
};

/* What a unit's witnesses are expected to say on a day, by place; `others`: all who have none. */
struct expectation {
	double of[SLOTS][KINDS], others[KINDS];
};

struct verdict {
	double e;          /* the least over who is left out */
	uint32_t left_out; /* places, as bits */
	double observed[KINDS], expected[KINDS];
};

void
detect_witness_close(struct detect *d)
{
	if (d->witnesses != NULL) {
		free(d->witnesses->all);
		free(d->witnesses->hearings);
		free(d->witnesses->hearing_of);
		free(d->witnesses);
		d->witnesses = NULL;
	}
}

bool
detect_witness_speak(const struct detect *d)
{
	return d->witnesses != NULL && d->witnesses->present > 0;
}

bool
detect_witness_wait(const struct detect *d)
{
	return d->witnesses != NULL && d->witnesses->waiting > 0;
}

void
detect_witness_mail(struct detect *d, const struct unit *u, uint32_t mail)
{
	if (u->kind == UNIT_SYSTEM && d->witnesses != NULL) {
		d->witnesses->mail += mail;
	}
}

/* For each unit that there is room for: what is said of it allocates nothing. A hearing that was never used is not resident. */
void
detect_witness_grow(struct detect *d)
{
	struct witnesses *w = d->witnesses;

	if (w == NULL || w->unit_size == d->unit_size) {
		return;
	}
	w->hearings = reallocarray(w->hearings, d->unit_size, sizeof *w->hearings);
	w->hearing_of = reallocarray(w->hearing_of, d->unit_size, sizeof *w->hearing_of);
	check(w->hearings != NULL && w->hearing_of != NULL);
	while (w->unit_size < d->unit_size) {
		w->hearing_of[w->unit_size++] = NOBODY;
	}
}

void
detect_witness_set(struct detect *d, uint32_t witness, bool counts)
{
	struct witnesses *w = d->witnesses;

	check(witness < REPORTERS_MAX);
	if (!counts && (w == NULL || witness >= w->count)) {
		return;
	}
	if (w == NULL) {
		w = d->witnesses = calloc(1, sizeof *w);
		check(w != NULL);
		detect_witness_grow(d);
	}
	if (witness >= w->count) {
		w->all = reallocarray(w->all, witness + 1U, sizeof *w->all);
		check(w->all != NULL);
		while (w->count <= witness) {
			w->all[w->count++] = (struct witness){ .mail_from = w->mail };
		}
	}
	if (counts != w->all[witness].counts) {
		w->all[witness] = (struct witness){ .counts = counts, .mail_from = w->mail };
		w->present = counts ? w->present + 1 : w->present - 1;
		detect_limits(d);
	}
}

/* ---- hearings */

struct hearing *
detect_hearing(const struct detect *d, uint32_t unit)
{
	struct witnesses *w = d->witnesses;

	if (w == NULL || w->hearing_of[unit] == NOBODY) {
		return NULL;
	}
	return &w->hearings[w->hearing_of[unit]];
}

struct hearing *
detect_hearing_add(struct detect *d, uint32_t unit, int64_t day)
{
	struct witnesses *w = d->witnesses;
	struct hearing *h = &w->hearings[w->hearing_count];

	w->hearing_of[unit] = w->hearing_count++;
	*h = (struct hearing){ .unit = unit, .day = day, .since_ms = NEVER };
	for (uint32_t i = 0; i < SLOTS; i++) {
		h->of[i].witness = NOBODY;
	}
	return h;
}

static bool
said_today(const struct statement *s)
{
	uint32_t kinds_said = 0;

	for (int k = 0; k < KINDS; k++) {
		kinds_said += s->today[k] > 0;
	}
	return kinds_said > 0;
}

static bool
is_silent(const struct statement *s)
{
	double usual = 0;

	for (int k = 0; k < KINDS; k++) {
		usual += (double)s->usual[k];
	}
	return !said_today(s) && usual < WITNESS_FORGOTTEN;
}

/* The place of a witness; NULL: there is none for it. */
static struct statement *
place_of(struct hearing *h, uint32_t witness)
{
	struct statement *place = NULL;

	for (uint32_t i = 0; i < SLOTS; i++) {
		struct statement *s = &h->of[i];

		if (s->witness == witness) {
			return s;
		}
		if (place == NULL && (s->witness == NOBODY || is_silent(s))) {
			place = s;
		}
	}
	if (place != NULL) {
		*place = (struct statement){ .witness = witness };
	}
	return place;
}

/* ---- what is expected */

/* Mail that the reports of a day may be about: of a day and a half, but no less than usual. Of the last minutes it is presumed. */
static double
mail_of(const struct unit *u, int64_t now_ms)
{
	double mail = (double)u->bin_mail, usual = WITNESS_MAIL;

	mail += u->times[VOLUME] != NEVER ? detect_volume_presumed(u, now_ms) : VOLUME_UNKNOWN * VOLUME_SPAN;

	for (uint32_t i = 0; i < u->cohort_count; i++) {
		const struct cohort *c = detect_cohort_at(u, i);

		if ((double)(now_ms - c->start_ms - (int64_t)c->length_ms) < WITNESS_HOURS * HOUR_MS) {
			mail += (double)c->n.mail;
		}
	}
	if (u->n.volume_hours > 24 && 24 * (double)u->n.volume / (double)u->n.volume_hours > usual) {
		usual = 24 * (double)u->n.volume / (double)u->n.volume_hours;
	}
	return mail > usual ? mail : usual;
}

/* Is the volume known of the mail up to then? */
static bool
is_covered(const struct unit *u, int64_t until_ms)
{
	double gap = (double)u->n.gap_hours > 0 ? (double)u->n.gap_hours : 1;

	return (u->flags & UNIT_STARTED) != 0 && u->times[VOLUME] != NEVER &&
	       (double)(until_ms - u->times[VOLUME]) <= gap * HOUR_MS;
}

/* Per message of any system: what the witness reports of the whole fleet. */
static double
fleet_rate(const struct witnesses *w, uint32_t witness, int k)
{
	const struct witness *one = &w->all[witness];

	return (WITNESS_PRIOR + one->events[k]) / (WITNESS_PRIOR / kinds[k].rate + w->mail - one->mail_from);
}

static double
rate_of(const struct witnesses *w, const struct statement *s, int k)
{
	return (WITNESS_PRIOR + (double)s->usual[k]) /
	       (WITNESS_PRIOR / fleet_rate(w, s->witness, k) + (double)s->mail);
}

/* Does what this place says count today? */
static bool
speaks(const struct witnesses *w, const struct statement *s)
{
	return s->witness != NOBODY && w->all[s->witness].counts;
}

static void
expect(const struct witnesses *w, const struct hearing *h, double mail, struct expectation *x)
{
	*x = (struct expectation){ 0 };
	for (int k = 0; k < KINDS; k++) {
		for (uint32_t i = 0; i < w->count; i++) {
			x->others[k] += w->all[i].counts ? mail * fleet_rate(w, i, k) : 0;
		}
		for (uint32_t i = 0; i < SLOTS; i++) {
			if (speaks(w, &h->of[i])) {
				x->of[i][k] = mail * rate_of(w, &h->of[i], k);
				x->others[k] -= mail * fleet_rate(w, h->of[i].witness, k);
			}
		}
		x->others[k] = x->others[k] > 0 ? x->others[k] : 0; /* rounding */
	}
}

/* ---- what it tells */

/* ln of the likelihood ratio of one kind: a takeover, quiet or loud, against the honest story that fits best, a bad list among them. */
static double
ln_ratio(int k, double expected, double observed)
{
	double least = expected + kinds[k].attack_least, quiet = kinds[k].attack_factor * expected;
	double loud = quiet * WITNESS_LOUD;
	double usual = detect_predict(kinds[k].frailty, expected, 1, observed);
	double bad_list = detect_predict(kinds[k].frailty, kinds[k].bad_factor * expected, 1, observed);
	double attack = detect_ln_sum(detect_predict(1, quiet > least ? quiet : least, 1, observed),
				      detect_predict(1, loud > least ? loud : least, 1, observed));

	return attack - LN2 - (usual > bad_list ? usual : bad_list);
}

static double
weigh_without(const struct witnesses *w, const struct hearing *h, const struct expectation *x,
	      uint32_t left_out, struct verdict *v)
{
	*v = (struct verdict){ .left_out = left_out };
	for (int k = 0; k < KINDS; k++) {
		double nats;

		v->expected[k] = x->others[k] + 1e-9;
		for (uint32_t i = 0; i < SLOTS; i++) {
			if ((left_out >> i & 1) == 0 && speaks(w, &h->of[i])) {
				v->expected[k] += x->of[i][k];
				v->observed[k] += h->of[i].today[k];
			}
		}
		nats = ln_ratio(k, v->expected[k], v->observed[k]);
		v->e += kinds[k].share * number_exp(nats < NATS_MOST ? nats : NATS_MOST);
	}
	return v->e;
}

/* The least over all that may be left out. Cost: at most 93 times a few logarithms. */
static struct verdict
weigh(const struct detect *d, const struct hearing *h, double mail)
{
	struct expectation x;
	struct verdict least, v;

	expect(d->witnesses, h, mail, &x);
	(void)weigh_without(d->witnesses, h, &x, 0, &least);
	for (uint32_t out = 1; out < 1U << SLOTS; out++) {
		if ((uint32_t)__builtin_popcount(out) <= d->params.liars &&
		    weigh_without(d->witnesses, h, &x, out, &v) < least.e) {
			least = v;
		}
	}
	return least;
}

/* Have more spoken today than may be left out? If not there is nothing to weigh. */
static bool
enough_speak(const struct detect *d, const struct hearing *h)
{
	uint32_t spoke = 0;

	for (uint32_t i = 0; i < SLOTS; i++) {
		spoke += speaks(d->witnesses, &h->of[i]) && h->of[i].seq != 0;
	}
	return spoke > d->params.liars;
}

static void
silence(struct hearing *h)
{
	for (uint32_t i = 0; i < SLOTS; i++) {
		h->of[i].seq = 0;
		for (int k = 0; k < KINDS; k++) {
			h->of[i].today[k] = 0;
		}
	}
	h->evidence = 0;
	h->first_seq = 0;
	h->first_ms = 0;
}

/* ---- an alarm */

/* The record of the latest word of each who was not left out, oldest first. */
static void
name_reports(const struct hearing *h, uint32_t left_out, struct alarm *alarm)
{
	for (uint32_t i = 0; i < SLOTS && alarm->report_count < ALARM_REPORTS_MAX; i++) {
		uint32_t at = alarm->report_count;

		if (h->of[i].seq == 0 || (left_out >> i & 1) != 0) {
			continue;
		}
		for (; at > 0 && alarm->reports[at - 1] > h->of[i].seq; at--) {
			alarm->reports[at] = alarm->reports[at - 1];
		}
		alarm->reports[at] = h->of[i].seq;
		alarm->report_count++;
	}
}

static void
raise_alarm(struct detect *d, struct hearing *h, const struct verdict *v, double evidence, int64_t now_ms)
{
	const struct unit *u = &d->units[h->unit];
	int64_t first_ms = h->first_ms < now_ms ? h->first_ms : now_ms;
	double mail = mail_of(u, now_ms);
	struct alarm alarm = { .kind = (enum unit_kind)u->kind,
			       .unit = h->unit,
			       .voice = VOICE_ROBUST,
			       .takeover = TAKEOVER_REPORTED,
			       .at = { now_ms },
			       .evidence_nats = number_ln(evidence),
			       .limit_nats = number_ln(d->witness_limit[u->kind]),
			       .began = { first_ms },
			       .began_from = { first_ms },
			       .began_to = { now_ms },
			       .first_bad_at = { first_ms },
			       .first_bad_seq = h->first_seq,
			       .delivered = (uint64_t)mail };

	for (int k = 0; k < KINDS; k++) {
		struct alarm_evidence *e = &alarm.evidence[kinds[k].evidence];

		e->observed = (uint64_t)v->observed[k];
		e->expected = v->expected[k];
		e->nats = ln_ratio(k, v->expected[k], v->observed[k]);
	}
	name_reports(h, v->left_out, &alarm);
	silence(h);
	d->alarm(d->context, &alarm);
}

static double
evidence_now(const struct hearing *h, const struct verdict *v)
{
	double evidence = ((double)h->evidence + (double)DAY_MS / YEAR_MS) * v->e;

	return evidence < 1e30 ? evidence : 1e30;
}

static void
judge(struct detect *d, struct hearing *h, int64_t now_ms)
{
	const struct unit *u = &d->units[h->unit];
	double evidence;
	struct verdict v;

	if (!enough_speak(d, h)) {
		return;
	}
	v = weigh(d, h, mail_of(u, now_ms));
	evidence = evidence_now(h, &v);
	if (evidence >= d->witness_limit[u->kind]) {
		raise_alarm(d, h, &v, evidence, now_ms);
	} else if (d->judged != NULL) {
		d->judged(d->context, h->unit);
	}
}

/* ---- days */

/* Of what was said, so much is believed to be usual. */
static double
believed(double expected, double said)
{
	double most = LEARN_FACTOR_MAX * expected + LEARN_EVENTS;

	return said < most ? said : most;
}

static void
learn(struct detect *d, struct hearing *h, const struct expectation *x, double mail, double days)
{
	const struct unit *u = &d->units[h->unit];
	double fade = number_exp(-days * (LN2 / LEARN_HALF_LIFE));

	for (uint32_t i = 0; i < SLOTS; i++) {
		struct statement *s = &h->of[i];

		if (!speaks(d->witnesses, s)) {
			s->witness = NOBODY;
			continue;
		}
		for (int k = 0; k < KINDS; k++) {
			double said = believed(x->of[i][k], s->today[k]);

			s->usual[k] = (float)((double)s->usual[k] * fade + said);
			if (u->kind == UNIT_SYSTEM) {
				d->witnesses->all[s->witness].events[k] += said;
			}
		}
		s->mail = (float)((double)s->mail * fade + (mail * days < 1e30 ? mail * days : 1e30));
	}
}

/* The day is over: what it told is kept if today is the next one, and its reports are what is usual. */
static void
turn(struct detect *d, struct hearing *h, int64_t now_ms)
{
	int64_t day = now_ms / DAY_MS;
	double mail = mail_of(&d->units[h->unit], now_ms), evidence = 0;
	struct expectation x;

	if (day <= h->day) {
		return;
	}
	expect(d->witnesses, h, mail, &x);
	if (day == h->day + 1 && enough_speak(d, h)) {
		struct verdict v = weigh(d, h, mail);

		evidence = evidence_now(h, &v) * number_exp(-24 / EVIDENCE_FADE);
	}
	learn(d, h, &x, mail, (double)(day - h->day));
	if (evidence > 0) {
		uint64_t first_seq = h->first_seq;
		int64_t first_ms = h->first_ms;

		silence(h);
		h->evidence = (float)evidence;
		h->first_seq = first_seq;
		h->first_ms = first_ms;
	} else {
		silence(h);
	}
	h->day = day;
}

/* Does what is said at `now` count, and as which kind? */
static bool
is_heard(const struct detect *d, uint32_t witness, const struct detect_fact *f, struct instant now, int *kind)
{
	const struct witnesses *w = d->witnesses;

	*kind = 0;
	while (*kind < KINDS && detect_evidence_of(f->signal) != (int)kinds[*kind].evidence) {
		(*kind)++;
	}
	return *kind < KINDS && w != NULL && witness < w->count && w->all[witness].counts &&
	       (double)(now.ms - f->at.ms) <= LATE_MAX * HOUR_MS && now.ms >= 0;
}

void
detect_hear(struct detect *d, uint32_t unit, uint32_t witness, const struct detect_fact *f,
	    struct instant now)
{
	struct witnesses *w = d->witnesses;
	struct hearing *h;
	struct statement *s;
	int k = 0;

	check(unit < d->unit_count && f->signal < SIGNAL_COUNT && f->count > 0);
	if (!is_heard(d, witness, f, now, &k)) {
		return;
	}
	h = detect_hearing(d, unit);
	h = h != NULL ? h : detect_hearing_add(d, unit, now.ms / DAY_MS);
	turn(d, h, now.ms);
	s = place_of(h, witness);
	if (s == NULL) {
		return;
	}
	s->today[k] = f->count < UINT32_MAX - s->today[k] ? s->today[k] + f->count : UINT32_MAX;
	s->seq = f->seq;
	if (h->first_seq == 0) {
		h->first_seq = f->seq;
		h->first_ms = now.ms;
	}
	if (h->since_ms == NEVER) {
		h->since_ms = now.ms;
		w->waiting++;
	}
}

void
detect_unhear(struct detect *d, uint32_t unit, uint32_t witness, const struct detect_fact *f,
	      struct instant told)
{
	struct hearing *h = detect_hearing(d, unit);
	bool any = false;
	int k;

	if (h == NULL || !is_heard(d, witness, f, told, &k) || h->day != told.ms / DAY_MS) {
		return;
	}
	for (uint32_t i = 0; i < SLOTS; i++) {
		struct statement *s = &h->of[i];

		if (s->witness == witness) {
			s->today[k] -= f->count < s->today[k] ? f->count : s->today[k];
			s->seq = said_today(s) ? s->seq : 0;
		}
		any = any || s->seq != 0;
	}
	if (!any && h->evidence <= 0) {
		silence(h);
	}
}

/* What was said waits for the volume of its mail, as bad news does; a day is long enough. */
static bool
is_due(const struct detect *d, const struct hearing *h, int64_t now_ms)
{
	return h->since_ms != NEVER && (is_covered(&d->units[h->unit], h->since_ms) ||
					(double)(now_ms - h->since_ms) >= VOLUME_SPAN * HOUR_MS);
}

void
detect_witness_tick(struct detect *d, int64_t now_ms)
{
	struct witnesses *w = d->witnesses;
	bool turned = w != NULL && now_ms / DAY_MS > w->day;

	if (w == NULL || (!turned && w->waiting == 0)) {
		return;
	}
	w->day = turned ? now_ms / DAY_MS : w->day;
	for (uint32_t i = 0; i < w->hearing_count; i++) {
		struct hearing *h = &w->hearings[i];

		if (turned) {
			turn(d, h, now_ms);
		}
		if (is_due(d, h, now_ms)) {
			h->since_ms = NEVER;
			w->waiting--;
			judge(d, h, now_ms);
		}
	}
}

void
detect_witness_forget(struct detect *d, uint32_t unit)
{
	struct hearing *h = detect_hearing(d, unit);

	if (h != NULL) {
		silence(h);
	}
}

/* What witnesses said today stands higher once mail before it is forgotten, though nobody says more. */
void
detect_witness_told(struct detect *d, uint32_t unit)
{
	const struct hearing *h = detect_hearing(d, unit);

	if (d->judged != NULL && h != NULL && enough_speak(d, h)) {
		d->judged(d->context, unit);
	}
}

double
detect_witness_evidence(const struct detect *d, uint32_t unit)
{
	const struct hearing *h = detect_hearing(d, unit);
	struct verdict v;

	if (h == NULL || !enough_speak(d, h)) {
		return 0;
	}
	v = weigh(d, h, mail_of(&d->units[unit], d->now_ms));
	return evidence_now(h, &v);
}
