/*
 * One step of the fleet: what each system hands over, what does not exist, and what will be complained about later.
 */
#include "sim/sim_int.h"

#include "base/number.h"

#include <math.h>
#include <stdlib.h>

#define WEEK_HOURS 168U
#define DAY_FIRST  3 /* 1970-01-01 was a Thursday; days of the week count from Monday 0 */

/* Share of a day's transactional mail by local hour, times 24: a cosine with its top at 15:00. Mean 1. */
static const double day_curve[24] = {
	0.43, 0.33, 0.30, 0.32, 0.40, 0.52, 0.68, 0.86, 1.05, 1.22, 1.38, 1.51,
	1.60, 1.66, 1.69, 1.70, 1.66, 1.56, 1.42, 1.24, 1.05, 0.86, 0.69, 0.55
};

struct step {
	struct sim *sim;
	struct sender *d;
	uint32_t system;
	int64_t from_ms, length_ms;
};

void
traffic_event(struct sim *sim, const struct sim_event *event)
{
	if (sim->event_count == sim->event_size) {
		sim->event_size = sim->event_size == 0 ? 64 : 2 * sim->event_size;
		sim->events = realloc(sim->events, sim->event_size * sizeof(*sim->events));
		check(sim->events != NULL);
	}
	sim->events[sim->event_count++] = *event;
}

static void
put_volume(struct sim *sim, const struct sim_observation *o)
{
	if (sim->volume_count == sim->volume_size) {
		sim->volume_size = sim->volume_size == 0 ? 1024 : 2 * sim->volume_size;
		sim->volume = realloc(sim->volume, sim->volume_size * sizeof(*sim->volume));
		check(sim->volume != NULL);
	}
	sim->volume[sim->volume_count++] = *o;
}

static bool
in_days(const struct sim *sim, int64_t at, uint32_t first, uint32_t days)
{
	int64_t day = (at - sim->params.start.ms) / SPAN_DAY.ms;

	return first != SIM_NONE && day >= first && day < (int64_t)first + days;
}

/* Three exponential delays in one: some people complain at once, some when they read their mail on Monday. */
static int64_t
complaint_delay_ms(struct random *r, const struct sim_numbers *n)
{
	double u = random_unit(r), minutes = n->lag_middle_minutes;

	if (u < n->lag_fast) {
		minutes = n->lag_fast_minutes;
	} else if (u >= 1 - n->lag_slow) {
		minutes = n->lag_slow_minutes;
	}
	return (int64_t)(minutes * 60000 * random_exponential(r));
}

static enum signal
trap_class(struct random *r, const struct sim_numbers *n)
{
	double u = random_unit(r);

	if (u < n->trap_typo) {
		return SIGNAL_TRAP_TYPO;
	}
	return u < n->trap_typo + n->trap_recycled ? SIGNAL_TRAP_RECYCLED : SIGNAL_TRAP_PRISTINE;
}

/* Complaints and trap hits of `n` messages, each to be reported in its own time. */
static void
report_later(const struct step *t, const struct stream *stream, uint32_t n, uint32_t source,
	     enum sim_event_kind because)
{
	const struct sim_numbers *numbers = &t->sim->params.numbers;
	struct random *r = &t->d->random;
	uint32_t complaints = random_poisson(r, stream->complaints * n);
	uint32_t all = complaints + random_poisson(r, stream->traps * n);

	for (uint32_t i = 0; i < all; i++) {
		struct pending p = { .source = source,
				     .because = (uint8_t)because,
				     .serial = t->sim->pushed++ };

		p.mailed = t->from_ms + (int64_t)(random_unit(r) * (double)t->length_ms);
		if (i < complaints) {
			p.signal = SIGNAL_COMPLAINT;
			p.feed = (uint8_t)write_receiver(t->sim, source, p.serial);
			p.at = p.mailed + complaint_delay_ms(r, numbers);
		} else {
			p.signal = (uint8_t)trap_class(r, numbers);
			p.feed = SIM_FEED_TRAPNET;
			p.at = p.mailed +
			       (int64_t)(numbers->attack_trap_delay_seconds * 1000 * random_exponential(r));
		}
		heap_push(&t->sim->later, &p);
	}
}

static void
renew_noise(const struct step *t)
{
	const struct sim_numbers *n = &t->sim->params.numbers;
	struct sender *d = t->d;
	int64_t hour = t->from_ms / SPAN_HOUR.ms;

	if (hour != d->noise_hour) {
		double keep = n->noise_memory;

		d->noise =
		    keep * d->noise + sqrt(1 - keep * keep) * n->noise_spread * random_normal(&d->random);
		d->noise_hour = hour;
	}
	if (t->from_ms >= d->block_ends) {
		double complaints = d->usual.complaints * n->transactional_complaints;

		d->block = (struct stream){
			.complaints = complaints * random_frailty(&d->random, n->complaint_shape),
			.unknown = d->usual.unknown * random_frailty(&d->random, n->unknown_shape),
			.traps = d->usual.traps * random_frailty(&d->random, n->trap_shape),
		};
		d->block_ends = t->from_ms + (int64_t)(n->block_hours * (double)SPAN_HOUR.ms);
	}
}

/* Transactional messages that are expected in this step. */
static double
transactional_mean(const struct step *t)
{
	const struct sim *sim = t->sim;
	const struct sender *d = t->d;
	int64_t local = (t->from_ms + d->zone_ms) / SPAN_HOUR.ms, day = local / 24 + DAY_FIRST;
	double mean = d->transactional * (double)t->length_ms / (double)SPAN_DAY.ms * day_curve[local % 24];

	mean *= number_exp(d->noise);
	if (day % 7 >= 5) {
		mean *= sim->params.numbers.weekend;
	}
	if (in_days(sim, t->from_ms, sim->params.surge_day, 1)) {
		mean *= d->surge;
	}
	return mean;
}

/* Campaigns begun per hour: the usual two hours of the week have their share, the other hours the rest. */
static double
campaign_hazard(const struct step *t)
{
	const struct sim *sim = t->sim;
	const struct sender *d = t->d;
	double preferred = sim->params.numbers.preferred;
	int64_t local = (t->from_ms + d->zone_ms) / SPAN_HOUR.ms + DAY_FIRST * 24;
	uint32_t hour = (uint32_t)(local % WEEK_HOURS);
	double rate = d->campaigns * (1 - preferred) / (WEEK_HOURS - 2);

	if (hour == d->preferred || hour == (d->preferred + 1) % WEEK_HOURS) {
		rate = d->campaigns * preferred / 2;
	}
	if (d->surge > 1 && sim->params.surge_day != SIM_NONE &&
	    in_days(sim, t->from_ms, sim->params.surge_day > 3 ? sim->params.surge_day - 3 : 0, 7)) {
		rate *= sim->params.numbers.surge_campaigns;
	}
	return rate;
}

/* A bought-in list: many addresses are gone, some are traps, and nobody asked for the mail. */
static void
spoil(const struct step *t, struct run *run, double minutes)
{
	const struct sim_numbers *n = &t->sim->params.numbers;
	struct random *r = &t->d->random;

	run->stream.unknown = random_range(r, n->import_unknown_low, n->import_unknown_high);
	run->stream.complaints *= random_range(r, n->import_complaints_low, n->import_complaints_high);
	run->stream.traps *= random_range(r, n->import_traps_low, n->import_traps_high);
	traffic_event(t->sim, &(struct sim_event){ .kind = SIM_IMPORT,
						   .from = { t->from_ms },
						   .to = { t->from_ms + (int64_t)(minutes * 60000) },
						   .system = t->system,
						   .source = SIM_NONE,
						   .takeover = SIM_NONE });
}

static void
begin_campaign(const struct step *t)
{
	const struct sim_numbers *n = &t->sim->params.numbers;
	struct sender *d = t->d;
	struct random *r = &d->random;
	double messages = fmin(random_lognormal(r, d->list, n->size_spread), n->list_max), minutes;
	struct run *run = &d->runs[d->run_count++];

	minutes = fmax(n->duration_min,
		       fmin(random_lognormal(r, n->duration_median, n->duration_spread), n->duration_max));
	if (d->surge > 1 && in_days(t->sim, t->from_ms, t->sim->params.surge_day, 1)) {
		messages *= n->surge_size;
	}
	*run = (struct run){ .left = messages,
			     .per_ms = messages / (minutes * 60000),
			     .begins = t->from_ms,
			     .source = SIM_NONE,
			     .because = SIM_EVENT_COUNT };
	run->stream.complaints = d->usual.complaints * random_frailty(r, n->complaint_shape);
	run->stream.unknown = fmin(d->usual.unknown * random_frailty(r, n->unknown_shape), 0.5);
	run->stream.traps = d->usual.traps * random_frailty(r, n->trap_shape);
	if (t->from_ms < d->rebrand_ends) {
		run->stream.complaints *= n->rebrand_complaints;
	}
	if (random_unit(r) < d->imports) {
		spoil(t, run, minutes);
	}
}

static void
begin_what_begins(const struct step *t)
{
	const struct sim_numbers *n = &t->sim->params.numbers;
	struct sender *d = t->d;
	double hours = (double)t->length_ms / (double)SPAN_HOUR.ms;

	if (random_unit(&d->random) < campaign_hazard(t) * hours && d->run_count < RUNS_MAX) {
		begin_campaign(t);
	}
	if (random_unit(&d->random) < n->rebrands_per_year * (double)t->length_ms / YEAR_MS) {
		d->rebrand_ends = t->from_ms + (int64_t)(n->rebrand_days * (double)SPAN_DAY.ms);
		traffic_event(t->sim, &(struct sim_event){ .kind = SIM_REBRAND,
							   .from = { t->from_ms },
							   .to = { d->rebrand_ends },
							   .system = t->system,
							   .source = SIM_NONE,
							   .takeover = SIM_NONE });
	}
}

/* What one source hands over in this step, all streams together. */
static void
send_by(const struct step *t, uint32_t source, double transactional, const double *means)
{
	const struct sender *d = t->d;
	struct random *r = &t->d->random;
	double mailers = d->mailers;
	uint32_t delivered = 0, unknown = 0, bad_delivered = 0, bad_unknown = 0;
	struct sim_observation o = { .arrives = { t->from_ms + t->length_ms },
				     .at = { t->from_ms },
				     .mailed = { t->from_ms },
				     .system = t->system,
				     .content = { .cluster = SIM_NONE } };

	o.source = source;
	o.domain = d->domain;
	o.because = SIM_EVENT_COUNT;
	for (uint32_t i = 0; i <= d->run_count; i++) {
		const struct run *run = i == 0 ? NULL : &d->runs[i - 1];
		const struct stream *stream = run == NULL ? &d->block : &run->stream;
		enum sim_event_kind because = run == NULL ? SIM_EVENT_COUNT : run->because;
		double mean = run == NULL ? transactional / mailers : means[i - 1] / mailers;
		uint32_t tried, gone;

		if (run != NULL && run->source != SIM_NONE) {
			mean = run->source == source ? means[i - 1] : 0;
		}
		tried = random_poisson(r, mean);
		gone = random_poisson(r, stream->unknown * tried);
		gone = gone < tried ? gone : tried;
		report_later(t, stream, tried - gone, source, because);
		delivered += tried - gone;
		unknown += gone;
		if (tried > 0 && because != SIM_EVENT_COUNT) {
			o.because = because;
			bad_delivered += tried - gone;
			bad_unknown += gone;
		}
	}
	if (delivered > 0) {
		o.signal = SIGNAL_DELIVERED;
		o.count = delivered;
		o.bad = bad_delivered;
		o.feed = SIM_FEED_DELIVERIES;
		put_volume(t->sim, &o);
	}
	if (unknown > 0) {
		o.signal = SIGNAL_UNKNOWN_USER;
		o.count = unknown;
		o.bad = bad_unknown;
		o.feed = SIM_FEED_BOUNCES;
		put_volume(t->sim, &o);
	}
}

static void
step_system(const struct step *t)
{
	struct sender *d = t->d;
	uint32_t first = t->sim->systems[t->system].first_source, kept = 0;
	double transactional, means[RUNS_MAX];

	renew_noise(t);
	begin_what_begins(t);
	transactional = transactional_mean(t);
	for (uint32_t i = 0; i < d->run_count; i++) {
		const struct run *run = &d->runs[i];
		int64_t late = run->begins > t->from_ms ? run->begins - t->from_ms : 0;
		double most = late < t->length_ms ? run->per_ms * (double)(t->length_ms - late) : 0;

		means[i] = fmin(run->left, most);
	}
	for (uint32_t i = 0; i < d->mailers; i++) {
		send_by(t, first + i, transactional, means);
	}
	for (uint32_t i = 0; i < d->run_count; i++) {
		d->runs[i].left -= means[i];
		if (d->runs[i].left >= 0.5) {
			d->runs[kept++] = d->runs[i];
		}
	}
	d->run_count = kept;
}

void
traffic_step(struct sim *sim)
{
	struct step t = { .sim = sim, .from_ms = sim->now_ms, .length_ms = sim->params.step.ms };

	sim->volume_count = 0;
	sim->volume_at = 0;
	sim->now_ms += sim->params.step.ms;
	for (t.system = 0; t.system < sim->params.systems; t.system++) {
		t.d = &sim->senders[t.system];
		step_system(&t);
	}
}
