#include "detect/detect_int.h"

/*
 * Cohorts: mail sent together. A burst (campaign) is one, the trickle between bursts is cut every few hours. All that is
 * known of one cohort shares one factor per kind of bad news, so a campaign that people dislike is one surprise and not many,
 * whether its complaints come in an hour or in three days.
 */

#define EXPLAIN_STEPS 10   /* more change little */
#define NEWS_LEAST    1e-9 /* so that the shares have a sum */
#define NEWS_OF_NOTE  0.5  /* events; a smaller share is about other mail */

static const struct {
	double hours, share;
} lags[] = {
#define LAG(hours, share) { hours, share },
#include "detect/lags.def"
#undef LAG
};
_Static_assert(countof(lags) == LAG_COUNT, "one compartment per row");

struct cohort *
detect_cohort(struct unit *u, uint32_t i)
{
	return &u->ring[(u->cohort_first + i) % COHORTS];
}

const struct cohort *
detect_cohort_at(const struct unit *u, uint32_t i)
{
	return &u->ring[(u->cohort_first + i) % COHORTS];
}

static int64_t
end_of(const struct cohort *c)
{
	return c->start_ms + (int64_t)c->length_ms;
}

/* Mean over the hours of sending of the share that is still to come, per compartment. */
static double
outstanding(size_t lag, double hours, double since_end)
{
	double x = hours / lags[lag].hours, mean = x > 1e-6 ? (1 - number_exp(-x)) / x : 1;

	return lags[lag].share * mean * number_exp(-since_end / lags[lag].hours);
}

static double
hours_between(int64_t from_ms, int64_t to_ms)
{
	return to_ms > from_ms ? (double)(to_ms - from_ms) / HOUR_MS : 0;
}

double
detect_cohort_answered(const struct cohort *c, int64_t now_ms)
{
	double hours = hours_between(c->start_ms, end_of(c)), since_end = hours_between(end_of(c), now_ms),
	       left = 0;

	for (size_t i = 0; i < LAG_COUNT; i++) {
		left += outstanding(i, hours, since_end);
	}
	return left < 1 ? 1 - left : 0;
}

/* Complaints per message and hour that come now. */
static double
coming(const struct cohort *c, int64_t now_ms)
{
	double hours = hours_between(c->start_ms, end_of(c)), since_end = hours_between(end_of(c), now_ms),
	       sum = 0;

	for (size_t i = 0; i < LAG_COUNT; i++) {
		sum += outstanding(i, hours, since_end) / lags[i].hours;
	}
	return sum;
}

/* Complaints that a cohort should bring in proportion: by its mail, its rate and what it had so far. */
static double
complaints_due(const struct cohort *c, const struct outlook *o)
{
	double shape = o->shape[EVIDENCE_COMPLAINT], rate = o->rate[EVIDENCE_COMPLAINT];

	return rate * (double)c->n.mail * (shape + (double)c->n.events[EVIDENCE_COMPLAINT]) /
	       (shape + rate * o->mail[EVIDENCE_COMPLAINT]);
}

/* News below zero are taken back, as far as there are any. */
static void
share_out(struct unit *u, int e, double news, const double part[COHORTS], double sum)
{
	for (uint32_t i = 0; i < u->cohort_count && sum > 0; i++) {
		float *events = &detect_cohort(u, i)->n.events[e];

		double now = (double)*events + news * part[i] / sum;

		*events = (float)(now > 0 ? now : 0);
	}
}

/* Complaints of a feed that does not say which mail they are about: each cohort gets what its age and mail explain. */
void
detect_cohort_spread(const struct detect *d, struct unit *u, double complaints, int64_t now_ms)
{
	double part[COHORTS], sum = 0;
	struct outlook o[COHORTS];

	detect_baseline_outlook(d, u, now_ms, o);
	for (size_t i = 0; i < LAG_COUNT; i++) {
		sum += (double)u->n.lag[i] / lags[i].hours;
	}
	for (uint32_t i = 0; i < u->cohort_count; i++) {
		const struct cohort *c = detect_cohort_at(u, i);

		part[i] = complaints_due(c, &o[i]) * coming(c, now_ms);
		sum += part[i];
	}
	share_out(u, EVIDENCE_COMPLAINT, complaints, part, sum);
}

/* By how much the time is off the cohort, hours. */
static double
away(const struct cohort *c, int64_t at_ms)
{
	return hours_between(at_ms, c->start_ms) + hours_between(end_of(c), at_ms);
}

/*
 * Complaints about mail of a stated time. Clocks of reporters are wrong now and then, so cohorts nearby get a share too where
 * they explain the complaints far better.
 */
void
detect_cohort_complaints(const struct detect *d, struct unit *u, double complaints, int64_t mailed_ms,
			 int64_t now_ms)
{
	const struct cohort *stated = detect_cohort_of(u, mailed_ms);
	double part[COHORTS], sum = 0;
	struct outlook o[COHORTS];

	detect_baseline_outlook(d, u, now_ms, o);
	for (uint32_t i = 0; i < u->cohort_count; i++) {
		const struct cohort *c = detect_cohort_at(u, i);

		part[i] = c == stated ? 1 : away(c, mailed_ms) < CLOCK_WRONG ? CLOCK_DOUBT : 0;
		part[i] *= complaints_due(c, &o[i]) + NEWS_LEAST;
		sum += part[i];
	}
	share_out(u, EVIDENCE_COMPLAINT, complaints, part, sum);
}

int64_t
detect_cohort_covered_ms(const struct unit *u)
{
	const struct cohort *c;

	if (u->cohort_count == 0) {
		return NEVER;
	}
	c = detect_cohort_at(u, u->cohort_count - 1U);
	return end_of(c);
}

struct cohort *
detect_cohort_of(struct unit *u, int64_t mailed_ms)
{
	for (uint32_t i = u->cohort_count; i-- > 0;) {
		struct cohort *c = detect_cohort(u, i);

		if (c->start_ms <= mailed_ms) {
			return c;
		}
	}
	return NULL;
}

/* ---- where one cohort ends and the next begins */

/* Is the mail of the bin far above what comes between bursts? Of a unit that is not known yet nothing is. */
static double
burst_mail(const struct unit *u, const struct bin *bin)
{
	double calm =
	    u->n.volume_hours > CALM_HOURS ? (double)u->n.calm_mail / (double)u->n.volume_hours : 1e9;
	double hours = hours_between(bin->start_ms, bin->covered_ms);

	return BURST_FACTOR * calm * hours + BURST_LEAST * hours;
}

static bool
is_burst(const struct unit *u, const struct bin *bin, double share)
{
	return bin->mail > share * burst_mail(u, bin);
}

/* Is this more than chance, and by the factor? */
static bool
exceeds(double more, double less, double factor)
{
	double gap = more - less, noise = CHANGE_LEAST;

	return more > factor * less && gap > noise && gap * gap > CHANGE_SIGMAS * CHANGE_SIGMAS * less;
}

static bool
begins_new(const struct unit *u, const struct cohort *c, const struct bin *bin)
{
	double age = hours_between(c->start_ms, bin->start_ms),
	       silence = hours_between(end_of(c), bin->start_ms);
	double hours = hours_between(c->start_ms, end_of(c)), mail = (double)c->n.mail;
	double same = hours > 0 ? mail / hours * hours_between(bin->start_ms, bin->covered_ms) : 0;

	if ((u->flags & UNIT_NEW) != 0 || age > COHORT_LONGEST) {
		return true;
	}
	if (bin->mail <= 0) { /* only volume tells where a cohort ends */
		return false;
	}
	if (mail >= COHORT_MAIL &&
	    (age > COHORT_LONG ||
	     (silence > COHORT_SILENCE && silence > VOLUME_GAP_FACTOR * (double)u->n.gap_hours))) {
		return true;
	}
	if (c->stream == STREAM_TRICKLE) {
		return is_burst(u, bin, 1);
	}
	/* A campaign that gathers pace is still one campaign, and so is one that falters, and its end. */
	return !is_burst(u, bin, BURST_GOES_ON) ||
	       (hours > BURST_RAMP && exceeds(bin->mail, same, BURST_JUMP));
}

/* The time since the last start weight. Of a unit that is not known yet only a part counts: then honest senders are misjudged most. */
static double
years_to_give(struct detect *d, struct unit *u, int64_t now_ms)
{
	double years = (double)(now_ms - u->times[CREDIT]) / YEAR_MS,
	       known = (double)u->n.volume_hours / (24 * YOUNG_DAYS);

	u->times[CREDIT] = now_ms;
	return detect_threat_years(d, u, known < 1 ? years * known * known : years, now_ms);
}

/* Of the time that waits, with `years` more, so much is spent. */
static double
spend(struct unit *u, double years, double share)
{
	double waits = (double)u->n.bank + years, spent = share * waits;

	u->n.bank = (float)(waits - spent);
	return spent;
}

/*
 * Start weight, in years: a takeover may begin with any cohort, but rather with a burst. What trickle does not get waits for the
 * next burst, so that all that was ever given is never more than the time that went by. A burst takes a small share of what waits: whoever mails
 * at a usual pace gets as much with each campaign, whatever the share, and more is left for a burst that comes soon after another.
 */
static double
start_weight(struct detect *d, struct unit *u, int64_t now_ms, enum stream stream)
{
	double years = years_to_give(d, u, now_ms);

	if (stream == STREAM_BURST) {
		return spend(u, years, BURST_WEIGHT);
	}
	u->n.bank = (float)((double)u->n.bank + (1 - TRICKLE_WEIGHT) * years);
	return TRICKLE_WEIGHT * years;
}

void
detect_cohort_charge(struct detect *d, struct unit *u, int64_t at_ms, double e)
{
	int64_t now_ms = at_ms > u->times[CREDIT] ? at_ms : u->times[CREDIT];

	if (e < 1) {
		(void)spend(u, years_to_give(d, u, now_ms), BURST_WEIGHT * (1 - e));
	}
}

static void
retire_oldest(struct detect *d, struct unit *u, int64_t now_ms)
{
	struct outlook o[COHORTS];
	const struct cohort *c = detect_cohort(u, 0);
	double hours = hours_between(c->start_ms, end_of(c)), since_end = hours_between(end_of(c), now_ms),
	       due;

	detect_baseline_outlook(d, u, now_ms, o);
	due = complaints_due(c, &o[0]);
	detect_baseline_lately(d, detect_cohort(u, u->cohort_count - 1U), &o[u->cohort_count - 1]);
	detect_evidence_retire(u, &o[0]);
	detect_audit_retire(d, c, &o[0]);
	detect_content_retire(d, u, c);
	detect_baseline_learn(d, u, &o[0]);
	for (size_t i = 0; i < LAG_COUNT; i++) {
		u->n.lag[i] += (float)(due * outstanding(i, hours, since_end));
	}
	u->times[RETIRED] = c->start_ms;
	u->cohort_first = (uint8_t)((u->cohort_first + 1) % COHORTS);
	u->cohort_count--;
}

static uint32_t
length_ms(int64_t from_ms, int64_t to_ms)
{
	return to_ms - from_ms < UINT32_MAX ? (uint32_t)(to_ms - from_ms) : UINT32_MAX;
}

static struct cohort *
begin(struct detect *d, struct unit *u, const struct bin *bin, bool heavy)
{
	struct cohort *c;
	enum stream stream = is_burst(u, bin, 1) ? STREAM_BURST : STREAM_TRICKLE;
	bool near = detect_usual_follows(u);

	if (u->cohort_count == COHORTS) {
		retire_oldest(d, u, bin->end_ms);
	}
	c = detect_cohort(u, u->cohort_count++);
	*c = (struct cohort){ .start_ms = bin->start_ms,
			      .length_ms = length_ms(bin->start_ms, bin->covered_ms),
			      .stream = (uint8_t)stream,
			      .traits = near ? COHORT_NEAR : 0,
			      .n.look = 1 };
	detect_audit_years(d, u, bin->end_ms);
	c->n.weight = (float)start_weight(d, u, bin->end_ms, heavy ? STREAM_BURST : stream);
	u->flags &= (uint8_t)~UNIT_NEW;
	return c;
}

/* Templates that come before the mail of their bin is reported share a cohort. */
void
detect_cohort_begin(struct detect *d, struct unit *u, int64_t at_ms)
{
	int64_t covered_ms = detect_cohort_covered_ms(u);
	struct bin bin = { .start_ms = at_ms > covered_ms ? at_ms : covered_ms, .end_ms = at_ms };

	bin.end_ms = bin.end_ms > u->times[CREDIT] ? bin.end_ms : u->times[CREDIT];
	bin.covered_ms = bin.start_ms;
	(void)begin(d, u, &bin, true);
}

/* Now that its news was counted: it has its first, about mail from `at` on, in the record `seq`. */
static void
note_first(struct cohort *c, uint64_t seq, int64_t at_ms)
{
	double events = 0;

	for (int e = 0; e < EVIDENCE_COUNT; e++) {
		events += (double)c->n.events[e];
	}
	if (events > NEWS_OF_NOTE && c->first_bad_seq == 0) {
		c->first_bad_seq = seq;
		c->n.first_bad_hour = (float)hours_between(c->start_ms, at_ms);
	}
}

static void
add_news(struct cohort *c, const uint32_t counts[PENDING_KINDS], uint64_t seq, int64_t at_ms)
{
	for (int e = 0; e < EVIDENCE_COUNT; e++) {
		c->n.events[e] = (float)((double)c->n.events[e] + counts[e]);
	}
	note_first(c, seq, at_ms);
}

/* The share of the cohort's mail that was delivered within the stretch; of a volume report that it ends in, all counts. */
static double
within(const struct unit *u, const struct cohort *c, const struct stretch *stretch)
{
	int64_t end_ms = stretch->to_ms + (int64_t)((double)u->n.gap_hours * HOUR_MS),
		from_ms = c->start_ms > stretch->from_ms ? c->start_ms : stretch->from_ms,
		to_ms = end_of(c) < end_ms ? end_of(c) : end_ms;
	bool touched = c->start_ms <= stretch->to_ms && c->length_ms > 0;

	return touched ? hours_between(from_ms, to_ms) / hours_between(c->start_ms, end_of(c)) : 0;
}

/* By cohort, its share; where nothing was sent then, the one before has all. A report covers all up to the next one. False: it is too old. */
static bool
stretch_of(struct unit *u, const struct stretch *stretch, double share[COHORTS])
{
	const struct cohort *before = detect_cohort_of(u, stretch->to_ms);
	bool any = false;

	for (uint32_t i = 0; i < u->cohort_count; i++) {
		share[i] = within(u, detect_cohort_at(u, i), stretch);
		any = any || share[i] > 0;
	}
	for (uint32_t i = 0; i < u->cohort_count && !any; i++) {
		share[i] = detect_cohort_at(u, i) == before;
	}
	return any || before != NULL;
}

/*
 * Of `news` each cohort gets in proportion what an honest one would bring that had them: by its share of the stretch, its mail, its rate and how much
 * it may differ. So a campaign and not the trickle before it gets what is beyond both. Steps from what their mail alone explains.
 */
static double
explain(const struct unit *u, const struct outlook o[COHORTS], const double share[COHORTS], int e,
	double news, double part[COHORTS])
{
	double sum = 0;

	for (int step = 0; step <= EXPLAIN_STEPS; step++) {
		double before = sum;

		sum = 0;
		for (uint32_t i = 0; i < u->cohort_count; i++) {
			const struct cohort *c = detect_cohort_at(u, i);
			double had = step > 0 ? (double)c->n.events[e] + news * part[i] / before
					      : o[i].rate[e] * o[i].mail[e];

			part[i] = share[i] * o[i].rate[e] * ((double)c->n.mail + NEWS_LEAST) *
				  (o[i].shape[e] + had) / (o[i].shape[e] + o[i].rate[e] * o[i].mail[e]);
			sum += part[i];
		}
	}
	return sum;
}

/* Bad news about the mail of some hours. */
static void
add_stretch(const struct detect *d, struct unit *u, const struct stretch *stretch, int64_t now_ms)
{
	double share[COHORTS], part[COHORTS], sum;
	struct outlook o[COHORTS];

	if (!stretch_of(u, stretch, share)) {
		u->left_out++;
		return;
	}
	detect_baseline_outlook(d, u, now_ms, o);
	for (int e = 0; e < EVIDENCE_COUNT; e++) {
		if (stretch->counts[e] > 0) {
			sum = explain(u, o, share, e, stretch->counts[e], part);
			share_out(u, e, stretch->counts[e], part, sum);
		}
	}
	for (uint32_t i = 0; i < u->cohort_count; i++) {
		if (share[i] > 0) {
			note_first(detect_cohort(u, i), u->pending_seq, stretch->from_ms);
		}
	}
}

void
detect_cohort_join(struct detect *d, struct unit *u, const struct bin *bin)
{
	struct cohort *c = u->cohort_count > 0 ? detect_cohort(u, u->cohort_count - 1U) : NULL;
	double since = (double)(bin->end_ms - u->times[STEP]) / HOUR_MS, burst;

	for (size_t i = 0; i < LAG_COUNT; i++) {
		u->n.lag[i] = (float)((double)u->n.lag[i] * number_exp(-since / lags[i].hours));
	}
	if (c == NULL || begins_new(u, c, bin)) {
		c = begin(d, u, bin, false);
	}
	if (c->n.mail <= 0 && bin->mail > 0 && bin->start_ms < c->start_ms) {
		c->start_ms = bin->start_ms; /* a template that was seen in the midst of the bin began it */
	}
	burst = burst_mail(u, bin);
	u->n.calm_mail += (float)(bin->mail < burst ? bin->mail : burst);
	c->n.mail = (float)((double)c->n.mail + bin->mail);
	u->n.stand_in = (float)bin->stand_in;
	if (bin->mail > 0 && bin->covered_ms > end_of(c)) {
		c->length_ms = length_ms(c->start_ms, bin->covered_ms);
	}
	add_news(c, bin->counts, u->pending_seq, bin->start_ms);
	for (uint32_t i = 0; i < bin->stretch_count; i++) {
		add_stretch(d, u, &bin->stretches[i], bin->end_ms);
	}
	u->pending_seq = detect_pending_since(d, u) != NEVER ? u->pending_seq : 0;
}
