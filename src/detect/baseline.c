#include "detect/detect_int.h"

/*
 * Blocks, and the honest rates learnt from them.
 *
 * Messages of one campaign are not independent: one frailty is drawn per block. So a block teaches at most as much as its
 * frailty allows, and a new block draws anew.
 */

const struct detect_rate detect_rates[EVIDENCE_COUNT] = {
#define RATE(e, honest, events, frailty, bad_rate, bad_factor, bad_shape) \
	[EVIDENCE_##e] = { honest, events, frailty, bad_rate, bad_factor, bad_shape },
#include "detect/rates.def"
#undef RATE
};

static enum stream
stream_of(const struct unit *u, enum evidence e)
{
	return (u->streams >> e & 1) != 0 ? STREAM_BURST : STREAM_TRICKLE;
}

static double
fleet_rate(const struct detect *d, enum stream stream, enum evidence e)
{
	double honest = detect_rates[e].honest;

	return (FLEET_EVENTS + d->fleet_events[stream][e]) /
	       (FLEET_EVENTS / honest + d->fleet_mail[stream][e]);
}

/* Mean of the Gamma posterior: the fleet's rate counts as prior_events events. */
double
detect_baseline_rate(const struct detect *d, const struct unit *u, enum evidence e)
{
	enum stream stream = stream_of(u, e);
	double prior = detect_rates[e].prior_events;

	return (prior + (double)u->n.learnt[stream].events[e]) /
	       (prior / fleet_rate(d, stream, e) + (double)u->n.learnt[stream].mail[e]);
}

/*
 * Shape of the Gamma by which a block of this unit differs from its learnt rate: what campaigns differ by, and what is not
 * known of the rate. The factors multiply, so their squared spreads do: 1 + 1/shape = (1 + 1/frailty)(1 + 1/events).
 */
double
detect_baseline_shape(const struct unit *u, enum evidence e)
{
	double known = detect_rates[e].prior_events + (double)u->n.learnt[stream_of(u, e)].events[e];

	return 1 / ((1 + 1 / detect_rates[e].frailty) * (1 + 1 / known) - 1);
}

/* Puts one kind of a block into quarantine, weighed down to what its frailty lets it tell, and starts it anew. */
static void
finish_block(const struct detect *d, struct unit *u, enum evidence e)
{
	struct tally *today = &u->n.today[stream_of(u, e)];
	double expected = detect_baseline_rate(d, u, e) * (double)u->n.block.mail[e];
	double most = detect_rates[e].frailty, share = expected > most ? most / expected : 1;

	today->events[e] += (float)((double)u->n.block.events[e] * share);
	today->mail[e] += (float)((double)u->n.block.mail[e] * share);
	u->n.block.events[e] = 0;
	u->n.block.mail[e] = 0;
}

static void
learn(struct detect *d, struct unit *u, enum stream stream, double fade)
{
	struct tally *from = &u->n.yesterday[stream], *to = &u->n.learnt[stream];

	for (int e = 0; e < EVIDENCE_COUNT; e++) {
		double events = (double)from->events[e], mail = (double)from->mail[e];

		to->events[e] = (float)((double)to->events[e] * fade + events);
		to->mail[e] = (float)((double)to->mail[e] * fade + mail);
		d->fleet_events[stream][e] = d->fleet_events[stream][e] * (1 - FLEET_FADE) + events;
		d->fleet_mail[stream][e] = d->fleet_mail[stream][e] * (1 - FLEET_FADE) + mail;
	}
	*from = (struct tally){ 0 };
}

/* A day is over: what waited a whole day is learnt, unless the evidence stands too high to trust it yet. */
static void
finish_day(struct detect *d, struct unit *u, int64_t now_ms)
{
	double days = (double)(now_ms - u->day_ms) / (24 * HOUR_MS);
	bool trusted = detect_ledger_nats(u, VOICE_BAYES) <= LEARN_NATS_MAX;

	for (int s = 0; s < STREAM_COUNT; s++) {
		if (trusted) {
			learn(d, u, (enum stream)s, number_exp(-days * (LN2 / LEARN_HALF_LIFE)));
		}
		for (int e = 0; e < EVIDENCE_COUNT; e++) {
			u->n.yesterday[s].events[e] += u->n.today[s].events[e];
			u->n.yesterday[s].mail[e] += u->n.today[s].mail[e];
		}
		u->n.today[s] = (struct tally){ 0 };
	}
	u->day_ms = now_ms;
}

/* The stream that a block belongs to, by what flows per hour at its start; nothing is known of the first. */
static void
choose_stream(struct unit *u, enum evidence e, double per_hour)
{
	double mean = u->n.volume_hours > 0 ? (double)u->n.volume / (double)u->n.volume_hours : 0;
	uint8_t bit = (uint8_t)(1U << e);

	u->streams = (uint8_t)(per_hour > BURST_FACTOR * mean ? u->streams | bit : u->streams & ~bit);
}

/* What flows per hour in the bin against the block. */
static bool
jumps(double block, double block_hours, double bin, double bin_hours)
{
	return block_hours > 0 && bin > BLOCK_JUMP * block / block_hours * bin_hours + BLOCK_JUMP_LEAST;
}

/*
 * Complaints have blocks of their own: those of one campaign come for days, so their block ends when mail of another one
 * dominates what complaints answer to, not when the mail ends.
 */
static void
complaint_block(const struct detect *d, struct unit *u, const struct bin *bin)
{
	double age_hours = (double)(bin->end_ms - u->complaint_block_ms) / HOUR_MS;

	if (age_hours > COMPLAINT_BLOCK_LONG ||
	    jumps((double)u->n.complaint_due, age_hours - bin->since, bin->due, bin->since)) {
		finish_block(d, u, EVIDENCE_COMPLAINT);
		choose_stream(u, EVIDENCE_COMPLAINT, bin->due / bin->since);
		u->n.complaint_due = 0;
		u->complaint_block_ms = bin->end_ms - (int64_t)(bin->since * HOUR_MS);
	}
}

void
detect_baseline_block(struct detect *d, struct unit *u, const struct bin *bin)
{
	double age_hours = (double)(bin->end_ms - u->block_ms) / HOUR_MS;
	double hours = bin->since < 1 ? bin->since : bin->hours > 1 ? bin->hours : 1;
	bool silence = (u->flags & UNIT_SILENCE) != 0;

	complaint_block(d, u, bin);
	if (!silence && age_hours <= BLOCK_LONG &&
	    !jumps((double)u->n.block_volume, (double)u->n.block_hours, bin->volume, hours)) {
		return;
	}
	for (int e = 0; e < EVIDENCE_COUNT; e++) {
		if (e != EVIDENCE_COMPLAINT) {
			finish_block(d, u, (enum evidence)e);
			choose_stream(u, (enum evidence)e, bin->volume / hours);
		}
	}
	if ((double)(bin->end_ms - u->day_ms) >= LEARN_QUARANTINE * HOUR_MS) {
		finish_day(d, u, bin->end_ms);
	}
	u->n.block_volume = 0;
	u->n.block_hours = 0;
	u->n.bad_list = (float)(BAD_LIST_PRIOR + (1 - BAD_LIST_PRIOR) * (double)u->n.bad_list *
						     number_exp(-age_hours / BAD_LIST_CARRY));
	u->block_ms = bin->end_ms;
}

void
detect_baseline_count(struct unit *u, const struct bin *bin)
{
	double fade = number_exp(-bin->since / OLD_FADE);
	double volume_fade = number_exp(-bin->since * (LN2 / (24 * VOLUME_HALF_LIFE)));
	double per_hour = bin->volume / (bin->hours > 1 ? bin->hours : 1);

	for (int e = 0; e < EVIDENCE_COUNT; e++) {
		u->n.block.events[e] += (float)bin->count[e];
		u->n.block.mail[e] += (float)bin->mail[e];
		u->n.old_events[e] = (float)((double)u->n.old_events[e] * fade + bin->count[e]);
		u->n.old_expected[e] =
		    (float)((double)u->n.old_expected[e] * fade + bin->rate[e] * bin->mail[e]);
	}
	u->n.complaint_due += (float)bin->due;
	u->n.block_volume += (float)bin->volume;
	u->n.block_hours += (float)bin->hours;
	u->n.volume = (float)((double)u->n.volume * volume_fade + bin->volume);
	u->n.volume_hours = (float)((double)u->n.volume_hours * volume_fade + bin->since);
	u->n.peak = (float)((double)u->n.peak * volume_fade);
	if ((double)u->n.peak < per_hour) {
		u->n.peak = (float)per_hour;
	}
}

void
detect_unit_forget(struct detect *d, uint32_t unit)
{
	struct unit *u;

	check(unit < d->unit_count);
	u = &d->units[unit];
	for (int s = 0; s < STREAM_COUNT; s++) {
		u->n.today[s] = u->n.yesterday[s] = (struct tally){ 0 };
	}
	u->n.block = (struct tally){ 0 };
}
