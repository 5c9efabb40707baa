#include "detect/audit.h"

#include "detect/detect_int.h"

/*
 * The self-audit. A unit has two numbers per voice: how many levels its evidence is above now, and how many the excursion that was
 * seen last has reached, so that it can be taken out again when a person says that it was a takeover.
 */
#define MEMORY_MS     YEAR_MS
#define REARM_NATS    2.0
#define E_MOST        1e4
#define VERDICT_DAYS  14    /* a verdict later than this finds no excursion to take out */
#define HILL_TOP      200.0 /* the slope is that of at most so many excursions ... */
#define HILL_LEAST    20.0  /* ... and of no fewer */
#define UPPER_EXACT   100.0
#define UPPER_DEVIATE 1.2815515655446004 /* of the normal distribution at 90 % */
#define DAY_MS        86400000

/* ---- counting */

static void
scale(double *sums, size_t n, double by)
{
	for (size_t i = 0; i < n; i++) {
		sums[i] *= by;
	}
}

#define SUMS(array) ((double *)(array)), sizeof(array) / sizeof(double)

/* All sums come to the time of the room; in steps of an hour, for it is called with each count. */
static void
fade_all(struct detect *d)
{
	struct audit_sums *s = &d->audit_sums;
	double gone = (double)(d->now_ms - s->faded_ms), by;

	if (gone < HOUR_MS) {
		return;
	}
	by = number_exp(-gone / MEMORY_MS);
	scale(SUMS(s->years), by);
	scale(SUMS(s->excursions), by);
	scale(SUMS(s->e), by);
	scale(SUMS(s->cohorts), by);
	scale(SUMS(s->alone), by);
	s->faded_ms = d->now_ms;
}

void
detect_audit_years(struct detect *d, const struct unit *u, int64_t to_ms)
{
	double years = (double)(to_ms - u->times[CREDIT]) / YEAR_MS;

	fade_all(d);
	d->audit_sums.years[u->kind] += years > 0 ? years : 0;
}

static void
note_alone(struct detect *d, const struct cohort *c, const struct outlook *o)
{
	for (int e = 0; e < EVIDENCE_COUNT; e++) {
		double alone = detect_story_alone(c, o, e);

		d->audit_sums.alone[e][c->stream] += alone < E_MOST ? alone : E_MOST;
	}
	d->audit_sums.alone[DETECT_AUDIT_CONTENT][c->stream] +=
	    (double)c->n.look < E_MOST ? (double)c->n.look : E_MOST;
}

/* The oldest cohort, seen as `o`, leaves: what it was worth against the mixture of takeovers. */
void
detect_audit_retire(struct detect *d, const struct cohort *c, const struct outlook *o)
{
	struct story s;

	if (c->n.mail <= 0) { /* forgotten, or its volume never came */
		return;
	}
	fade_all(d);
	detect_story(c, o, &s);
	for (int v = 0; v < VOICE_COUNT; v++) {
		double e = 0;

		for (uint32_t k = 0; k < PROFILE_COUNT; k++) {
			double nats = s.attack[k] - s.honest[v];

			e += detect_profiles[k].prior * number_exp(nats < 20 ? nats : 20);
		}
		d->audit_sums.e[v][c->stream] += e < E_MOST ? e : E_MOST;
		d->audit_sums.cohorts[v][c->stream] += 1;
	}
	note_alone(d, c, o);
}

static double
nats_of(double evidence)
{
	return evidence > 0 ? number_ln(evidence) : -1e9;
}

static uint32_t
levels_up_to(double nats)
{
	if (nats < 0) {
		return 0;
	}
	return nats >= DETECT_AUDIT_LEVELS - 1 ? DETECT_AUDIT_LEVELS : (uint32_t)nats + 1;
}

/* Never 0, which stands for none. */
static uint32_t
today(const struct detect *d)
{
	return (uint32_t)(d->now_ms / DAY_MS) + 1;
}

static void
note(struct detect *d, uint32_t id, int voice, double nats)
{
	struct audit_unit *a = &d->audit_units[id];
	double *excursions = d->audit_sums.excursions[d->units[id].kind][voice];
	uint32_t reached = levels_up_to(nats), kept = levels_up_to(nats + REARM_NATS);

	for (uint32_t i = a->above[voice]; i < reached; i++) {
		excursions[i] += 1;
	}
	if (reached > a->above[voice]) {
		a->reached[voice] =
		    (uint8_t)(a->above[voice] == 0 || a->reached[voice] < reached ? reached
										  : a->reached[voice]);
		a->above[voice] = (uint8_t)reached;
		a->day = today(d);
	} else if (kept < a->above[voice]) {
		a->above[voice] = (uint8_t)kept;
	}
}

void
detect_audit_note(struct detect *d, uint32_t id, const double evidence[VOICE_COUNT])
{
	fade_all(d);
	for (int v = 0; v < VOICE_COUNT; v++) {
		note(d, id, v, nats_of(evidence[v]));
	}
}

bool
detect_audit_waits(const struct detect *d, uint32_t id)
{
	for (int v = 0; v < VOICE_COUNT; v++) {
		if (d->audit_units[id].above[v] > 0) {
			return true;
		}
	}
	return false;
}

/*
 * Evidence that is high falls without news: whether it has is looked at, and nothing else. It does not rise here, for what no
 * alarm could see is no excursion.
 */
void
detect_audit_look(struct detect *d, uint32_t id, int64_t now_ms)
{
	const struct unit *u = &d->units[id];
	struct outlook o[COHORTS];
	double evidence[VOICE_COUNT];

	detect_baseline_outlook(d, u, now_ms, o);
	detect_evidence(u, o, evidence);
	for (int v = 0; v < VOICE_COUNT; v++) {
		double nats = nats_of(evidence[v]);

		if (levels_up_to(nats) <= d->audit_units[id].above[v]) {
			note(d, id, v, nats);
		}
	}
}

void
detect_audit_end(struct detect *d, uint32_t id)
{
	for (int v = 0; v < VOICE_COUNT; v++) {
		d->audit_units[id].above[v] = 0;
	}
}

void
detect_audit_forget(struct detect *d, uint32_t id)
{
	struct audit_unit *a = &d->audit_units[id];

	for (int v = 0; v < VOICE_COUNT && today(d) - a->day <= VERDICT_DAYS; v++) {
		for (uint32_t i = 0; i < a->reached[v]; i++) {
			double *one = &d->audit_sums.excursions[d->units[id].kind][v][i];

			*one = *one > 1 ? *one - 1 : 0;
		}
	}
	*a = (struct audit_unit){ 0 };
}

/* ---- calibration */

/* Chance of `count` or fewer. */
static double
poisson_cdf(double mean, uint32_t count)
{
	double term = number_exp(-mean), sum = term;

	for (uint32_t i = 1; i <= count; i++) {
		term *= mean / i;
		sum += term;
	}
	return sum;
}

/* Cube by Wilson and Hilferty, Proc. Natl. Acad. Sci. 17 (1931) 684-688. The root by Newton. */
static double
upper_of_many(double count)
{
	double n = count + 1, root = n / 2 + 0.5, c;

	for (int i = 0; i < 64; i++) {
		root = (root + n / root) / 2;
	}
	c = 1 - 1 / (9 * n) + UPPER_DEVIATE / (3 * root);
	return n * c * c * c;
}

double
detect_audit_upper(double count)
{
	uint32_t whole;
	double low = 0, high;

	check(count >= 0);
	if (count > UPPER_EXACT) {
		return upper_of_many(count);
	}
	whole = (uint32_t)count;
	whole += (double)whole < count; /* what has faded is still one that was seen */
	high = 2.5 * whole + 5;
	for (int i = 0; i < 60; i++) {
		double mean = (low + high) / 2;

		*(poisson_cdf(mean, whole) > 0.1 ? &low : &high) = mean;
	}
	return high;
}

/* By the slope of the highest excursions that were not cut short: each goes on by another nat with the same chance. */
static void
extrapolate(struct detect_audit *a, uint32_t seen)
{
	uint32_t base = 0, top = seen - 1;
	double on = 0, ended, chance, above;

	for (uint32_t i = 0; i < top; i++) {
		base = a->excursions[i] >= HILL_TOP ? i : base;
	}
	for (uint32_t i = base + 1; i <= top; i++) {
		on += a->excursions[i];
	}
	ended = a->excursions[base] - a->excursions[top];
	if (base == top || a->excursions[base] < HILL_LEAST || ended <= 0) {
		return;
	}
	chance = detect_audit_upper(on) / (on + ended);
	if (chance >= 1) {
		return;
	}
	above = number_ln(a->upper_excursions[base] / a->years / a->share) / -number_ln(chance);
	a->how = DETECT_AUDIT_EXTRAPOLATED;
	a->calibrated_nats = base + (above > 0 ? above : 0);
}

void
detect_audit_calibrate(struct detect_audit *a)
{
	uint32_t seen = levels_up_to(a->limit_nats);

	a->how = DETECT_AUDIT_SHORT;
	a->calibrated_nats = 0;
	a->years_wanted = detect_audit_upper(0) / a->share;
	for (uint32_t i = 0; i < DETECT_AUDIT_LEVELS; i++) {
		a->upper_excursions[i] = detect_audit_upper(a->excursions[i]);
	}
	for (uint32_t i = 0; i < seen && a->years > 0; i++) {
		if (a->upper_excursions[i] <= a->share * a->years) {
			a->how = DETECT_AUDIT_MEASURED;
			a->calibrated_nats = i;
			return;
		}
	}
	if (seen > 0 && a->years > 0) {
		extrapolate(a, seen);
	}
}

void
detect_audit(const struct detect *d, enum unit_kind kind, enum voice voice, struct detect_audit *a)
{
	check(kind < UNIT_KIND_COUNT && voice < VOICE_COUNT);
	*a = (struct detect_audit){ .years = d->audit_sums.years[kind],
				    .share = 1 / d->limit[kind][voice],
				    .limit_nats = number_ln(d->limit[kind][voice]) };
	for (uint32_t i = 0; i < DETECT_AUDIT_LEVELS; i++) {
		a->excursions[i] = d->audit_sums.excursions[kind][voice][i];
	}
	detect_audit_calibrate(a);
}

struct detect_audit_mean
detect_audit_mean(const struct detect *d, enum voice voice, bool burst)
{
	int stream = burst ? STREAM_BURST : STREAM_TRICKLE;
	double cohorts = d->audit_sums.cohorts[voice][stream];

	return (struct detect_audit_mean){ cohorts,
					   cohorts > 0 ? d->audit_sums.e[voice][stream] / cohorts : 0 };
}

struct detect_audit_mean
detect_audit_mean_alone(const struct detect *d, uint32_t signal, bool burst)
{
	int stream = burst ? STREAM_BURST : STREAM_TRICKLE;
	double cohorts = d->audit_sums.cohorts[VOICE_BAYES][stream];

	check(signal < DETECT_AUDIT_SIGNALS);
	return (struct detect_audit_mean){ cohorts,
					   cohorts > 0 ? d->audit_sums.alone[signal][stream] / cohorts : 0 };
}

/* ---- snapshot */

static void
put_sums(struct buffer *b, const double *sums, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		wire_put_f64(b, sums[i]);
	}
}

static void
get_sums(struct wire *w, double *sums, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		sums[i] = wire_f64(w);
		w->bad = w->bad || !(sums[i] >= 0 && sums[i] < 1e300);
	}
}

/* A unit that never was above any level takes one byte. */
void
detect_audit_save(const struct detect *d, struct buffer *b)
{
	const struct audit_sums *s = &d->audit_sums;

	wire_put_i64(b, s->faded_ms);
	put_sums(b, (const double *)s->years, sizeof s->years / sizeof(double));
	put_sums(b, (const double *)s->excursions, sizeof s->excursions / sizeof(double));
	put_sums(b, (const double *)s->e, sizeof s->e / sizeof(double));
	put_sums(b, (const double *)s->cohorts, sizeof s->cohorts / sizeof(double));
	put_sums(b, (const double *)s->alone, sizeof s->alone / sizeof(double));
	for (uint32_t i = 0; i < d->unit_count; i++) {
		wire_put_u64(b, d->audit_units[i].day);
		for (int v = 0; v < VOICE_COUNT && d->audit_units[i].day != 0; v++) {
			wire_put_u8(b, d->audit_units[i].above[v]);
			wire_put_u8(b, d->audit_units[i].reached[v]);
		}
	}
}

void
detect_audit_load(struct detect *d, struct wire *w)
{
	struct audit_sums *s = &d->audit_sums;

	s->faded_ms = wire_i64(w);
	w->bad = w->bad || s->faded_ms > d->now_ms || s->faded_ms <= NEVER;
	get_sums(w, SUMS(s->years));
	get_sums(w, SUMS(s->excursions));
	get_sums(w, SUMS(s->e));
	get_sums(w, SUMS(s->cohorts));
	get_sums(w, SUMS(s->alone));
	for (uint32_t i = 0; i < d->unit_count && !w->bad; i++) {
		struct audit_unit *a = &d->audit_units[i];
		uint64_t day = wire_u64(w);

		a->day = (uint32_t)day;
		w->bad = w->bad || day > UINT32_MAX;
		for (int v = 0; v < VOICE_COUNT && a->day != 0; v++) {
			a->above[v] = wire_u8(w);
			a->reached[v] = wire_u8(w);
			w->bad = w->bad || a->above[v] > a->reached[v] || a->reached[v] > DETECT_AUDIT_LEVELS;
		}
	}
}
