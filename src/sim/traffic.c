/*
 * One tick of the fleet: what begins, what each source hands over, and how much of it does not exist.
 */
#include "sim/sim_int.h"

#include "base/number.h"

#include <math.h>

#define WEEK_HOURS 168U
#define DAY_FIRST  3 /* 1970-01-01 was a Thursday; days of the week count from Monday 0 */

/* Share of a day's transactional mail by local hour, times 24: a cosine with its top at 15:00. Mean 1. */
static const double day_curve[24] = {
	0.43, 0.33, 0.30, 0.32, 0.40, 0.52, 0.68, 0.86, 1.05, 1.22, 1.38, 1.51,
	1.60, 1.66, 1.69, 1.70, 1.66, 1.56, 1.42, 1.24, 1.05, 0.86, 0.69, 0.55
};

static const struct habit_row {
	double preferred, spread, season;
	bool regular;
} habits[] = {
#define SIM_HABIT(id, name, share, campaigns, regular, preferred, spread, season, new_template, new_link, \
		  what)                                                                                   \
	{ preferred, spread, season, regular },
#include "sim/habits.def"
#undef SIM_HABIT
};

static bool
in_days(const struct sim *sim, int64_t at, uint32_t first, uint32_t days)
{
	int64_t day = (at - sim->params.start.ms) / SPAN_DAY.ms;

	return first != SIM_NONE && day >= first && day < (int64_t)first + days;
}

/* Of a system that takes part: the days around the surge. */
static bool
in_season_of_sales(const struct sim *sim, const struct sender *d, int64_t at)
{
	uint32_t day = sim->params.surge_day;

	return d->surge > 1 && day != SIM_NONE && in_days(sim, at, day > 3 ? day - 3 : 0, 7);
}

static void
renew_block(const struct tick *t)
{
	const struct sim_numbers *n = &t->sim->params.numbers;
	struct sender *d = t->d;
	struct random *r = &d->random[STREAM_COURSE];

	d->block = (struct sim_rates){
		.complaints =
		    d->usual.complaints * n->transactional_complaints * random_frailty(r, n->complaint_shape),
		.unknown = d->usual.unknown * random_frailty(r, n->unknown_shape),
		.traps = d->usual.traps * random_frailty(r, n->trap_shape),
	};
	d->block_ends = t->from_ms + (int64_t)(n->block_hours * (double)SPAN_HOUR.ms);
}

/* Transactional messages that are expected per ms of this hour. */
static double
transactional_rate(const struct tick *t)
{
	const struct sim *sim = t->sim;
	const struct sim_numbers *n = &sim->params.numbers;
	struct sender *d = t->d;
	int64_t local = (t->from_ms + d->zone_ms) / SPAN_HOUR.ms, day = local / 24 + DAY_FIRST;
	double keep = n->noise_memory, rate = d->transactional / (double)SPAN_DAY.ms * day_curve[local % 24];

	d->noise = keep * d->noise +
		   sqrt(1 - keep * keep) * n->noise_spread * random_normal(&d->random[STREAM_COURSE]);
	rate *= number_exp(d->noise);
	if (day % 7 >= 5) {
		rate *= n->weekend;
	}
	if (in_days(sim, t->from_ms, sim->params.surge_day, 1)) {
		rate *= d->surge;
	}
	return rate;
}

/* A triangle over the year, on a logarithmic scale; mean 1. */
static double
season_factor(const struct sender *d, double swing, int64_t at)
{
	double year = (double)at / YEAR_MS, phase = year - d->season;

	phase -= floor(phase);
	return number_exp(swing * (4 * fabs(phase - 0.5) - 1)) * 2 * swing /
	       (number_exp(swing) - number_exp(-swing));
}

/* Is this one of the usual two hours of one of the days on which the system mails? */
static bool
is_preferred(const struct sender *d, uint32_t hour)
{
	for (uint32_t i = 0; i < d->mail_days; i++) {
		uint32_t first = d->preferred + 24 * (i * 7 / d->mail_days);

		if (hour == first % WEEK_HOURS || hour == (first + 1) % WEEK_HOURS) {
			return true;
		}
	}
	return false;
}

/* Campaigns begun per ms of this hour: the usual hours of the week have their share, the other hours the rest. */
static double
campaign_rate(const struct tick *t)
{
	const struct sim *sim = t->sim;
	const struct sender *d = t->d;
	const struct habit_row *habit = &habits[sim->systems[t->system].habit];
	int64_t local = (t->from_ms + d->zone_ms) / SPAN_HOUR.ms + DAY_FIRST * 24;
	uint32_t hour = (uint32_t)(local % WEEK_HOURS);
	double usual = 2.0 * d->mail_days,
	       rate = d->campaigns * (1 - habit->preferred) / (WEEK_HOURS - usual);

	if (is_preferred(d, hour)) {
		rate = d->campaigns * habit->preferred / usual;
	}
	if (in_season_of_sales(sim, d, t->from_ms)) {
		rate *= sim->params.numbers.surge_campaigns;
	}
	if (habit->season > 0) {
		rate *= season_factor(d, habit->season, t->from_ms);
	}
	return rate / (double)SPAN_HOUR.ms;
}

static void
renew_hour(const struct tick *t)
{
	struct sender *d = t->d;
	int64_t hour = t->from_ms / SPAN_HOUR.ms;

	if (hour != d->hour) {
		d->hour = hour;
		d->per_ms = transactional_rate(t);
		d->hazard = campaign_rate(t);
	}
	if (t->from_ms >= d->block_ends) {
		renew_block(t);
	}
}

static void
happen(const struct tick *t, enum sim_event_kind kind, int64_t to)
{
	plan_event(t->sim, &(struct sim_event){ .kind = kind,
						.from = { t->from_ms },
						.to = { to },
						.system = t->system,
						.source = SIM_NONE,
						.takeover = SIM_NONE });
}

double
traffic_campaign(const struct sim *sim, const struct sender *d, struct random *r, int64_t at, struct run *run)
{
	const struct sim_numbers *n = &sim->params.numbers;
	double spread = habits[sim->systems[d - sim->senders].habit].spread;
	double messages = fmin(random_lognormal(r, d->list, spread), n->list_max), minutes;

	minutes = fmax(n->duration_min,
		       fmin(random_lognormal(r, n->duration_median, n->duration_spread), n->duration_max));
	if (d->surge > 1 && in_days(sim, at, sim->params.surge_day, 1)) {
		messages *= n->surge_size;
	}
	*run = (struct run){ .left = messages,
			     .per_ms = messages / (minutes * 60000),
			     .begins = at,
			     .source = SIM_NONE,
			     .because = SIM_EVENT_COUNT };
	run->stream.complaints = d->usual.complaints * random_frailty(r, n->complaint_shape);
	run->stream.unknown = fmin(d->usual.unknown * random_frailty(r, n->unknown_shape), 0.5);
	run->stream.traps = d->usual.traps * random_frailty(r, n->trap_shape);
	if (at < d->rebrand_ends) {
		run->stream.complaints *= n->rebrand_complaints;
	}
	return minutes;
}

/* A bought-in list: many addresses are gone, some are traps, and nobody asked for the mail. */
static void
spoil(const struct tick *t, struct run *run, double minutes)
{
	const struct sim_numbers *n = &t->sim->params.numbers;
	struct random *r = &t->d->random[STREAM_COURSE];

	run->stream.unknown = random_range(r, n->import_unknown_low, n->import_unknown_high);
	run->stream.complaints *= random_range(r, n->import_complaints_low, n->import_complaints_high);
	run->stream.traps *= random_range(r, n->import_traps_low, n->import_traps_high);
	happen(t, SIM_IMPORT, t->from_ms + (int64_t)(minutes * 60000));
}

static void
begin_campaign(const struct tick *t)
{
	struct sender *d = t->d;
	struct random *r = &d->random[STREAM_COURSE];
	struct run run;
	double minutes = traffic_campaign(t->sim, d, r, t->from_ms, &run);
	uint32_t honest = 0;

	for (uint32_t i = 0; i < d->run_count; i++) {
		honest += d->runs[i].because == SIM_EVENT_COUNT ? 1 : 0;
	}
	look_campaign(t->sim, t->system, &d->random[STREAM_LOOK], &run.look);
	if (random_unit(r) < d->imports) {
		spoil(t, &run, minutes);
	}
	if (honest < CAMPAIGNS_MAX && d->run_count < RUNS_MAX) {
		d->runs[d->run_count++] = run;
	}
}

/* A rebrand: the From domain and all templates are new. */
static void
rebrand(const struct tick *t)
{
	const struct sim_numbers *n = &t->sim->params.numbers;
	struct sender *d = t->d;

	d->rebrand_ends = t->from_ms + (int64_t)(n->rebrand_days * (double)SPAN_DAY.ms);
	d->rebrand_at = t->from_ms + (int64_t)(random_exponential(&d->random[STREAM_COURSE]) * YEAR_MS /
					       n->rebrands_per_year);
	look_rebrand(t->sim, t->system);
	happen(t, SIM_REBRAND, d->rebrand_ends);
}

/* A move: other sources send more and more of the mail; when it is done, rates are a little different. */
static void
move(const struct tick *t)
{
	const struct sim_numbers *n = &t->sim->params.numbers;
	struct sender *d = t->d;
	struct random *r = &d->random[STREAM_COURSE];

	if (t->from_ms < d->move_from + t->length_ms) {
		happen(t, SIM_MOVE, d->move_to);
	}
	fleet_weigh(t->sim, t->system, t->from_ms);
	if (t->from_ms >= d->move_to) {
		d->usual.complaints *= random_lognormal(r, 1, n->move_spread);
		d->usual.unknown *= random_lognormal(r, 1, n->move_spread);
		d->usual.traps *= random_lognormal(r, 1, n->move_spread);
		d->moved = true;
	}
}

static void
begin_what_begins(const struct tick *t)
{
	struct sender *d = t->d;
	struct random *look = &d->random[STREAM_LOOK];

	d->until_campaign -= d->hazard * (double)t->length_ms;
	while (d->until_campaign < 0) {
		bool regular = habits[t->sim->systems[t->system].habit].regular;

		d->until_campaign += regular ? 1 : random_exponential(&d->random[STREAM_COURSE]);
		begin_campaign(t);
	}
	if (t->from_ms >= d->rebrand_at) {
		rebrand(t);
	}
	if (t->from_ms >= d->move_from && !d->moved) {
		move(t);
	}
	if (t->from_ms >= d->forged_at) {
		feedback_forge(t);
	}
	if (t->from_ms >= d->template_at) {
		look_renew(t->sim, t->system);
		d->template_at = t->from_ms + (int64_t)(random_exponential(look) * YEAR_MS /
							t->sim->params.numbers.templates_per_year);
	}
}

/* Takeovers, and campaigns that they ride on, whose time has come. */
static void
begin_what_is_planned(struct sim *sim)
{
	while (sim->planned_next < sim->planned_count &&
	       sim->planned[sim->planned_next].run.begins < sim->now_ms + sim->tick_ms) {
		const struct planned *p = &sim->planned[sim->planned_next++];
		struct sender *d = &sim->senders[p->system];

		check(d->run_count < RUNS_MAX);
		d->runs[d->run_count++] = p->run;
	}
}

/* What becomes of the messages that a source is expected to send. */
static void
send(const struct tick *t, const struct mailing *m, double mean, struct volume *v)
{
	bool bad = m->because != SIM_EVENT_COUNT;
	struct random *r = &t->d->random[bad ? STREAM_ATTACK : STREAM_MAIL];
	uint32_t tried = random_poisson(r, mean), gone;

	if (tried == 0) {
		return;
	}
	gone = random_poisson(r, m->stream->unknown * tried);
	gone = gone < tried ? gone : tried;
	feedback_put(t, m, tried - gone, v->source);
	v->delivered += tried - gone;
	v->unknown += gone;
	if (bad) {
		v->because = (uint8_t)m->because;
		v->bad_delivered += tried - gone;
		v->bad_unknown += gone;
	}
}

/* When the volume of a step that ends at `end` is handed in. */
static int64_t
arrival(const struct sim *sim, int64_t end)
{
	for (size_t i = 0; i < sim->gap_count && sim->gaps[i].from <= end; i++) {
		if (end < sim->gaps[i].to) {
			end = sim->gaps[i].to;
			break;
		}
	}
	return end + (int64_t)(sim->params.numbers.volume_late_minutes * 60000);
}

static void
put_volume(struct sim *sim, const struct volume *v)
{
	struct volume *sum;

	if (v->delivered + v->unknown == 0) {
		return;
	}
	if (sim->sums == NULL) {
		*queue_put(&sim->queue) = *v;
		return;
	}
	sum = &sim->sums[v->source];
	sum->delivered += v->delivered;
	sum->unknown += v->unknown;
	sum->bad_delivered += v->bad_delivered;
	sum->bad_unknown += v->bad_unknown;
	sum->because = v->bad_delivered + v->bad_unknown > 0 ? v->because : sum->because;
}

/* With a daily step: the day is over. */
static void
put_day(struct sim *sim)
{
	for (uint32_t i = 0; i < sim->params.sources; i++) {
		struct volume *sum = &sim->sums[i];

		if (sum->delivered + sum->unknown > 0) {
			sum->source = i;
			sum->at = sim->now_ms - SPAN_DAY.ms;
			sum->arrives = arrival(sim, sim->now_ms);
			*queue_put(&sim->queue) = *sum;
		}
		*sum = (struct volume){ .because = SIM_EVENT_COUNT };
	}
}

/* What a system sends in a tick: transactional mail first, then its runs. Gives how many that are. */
static uint32_t
gather_mailings(const struct tick *t, struct mailing mailings[RUNS_MAX + 1])
{
	struct sender *d = t->d;

	mailings[0] = (struct mailing){ .stream = &d->block,
					.mean = d->per_ms * (double)t->length_ms,
					.from_ms = t->from_ms,
					.length_ms = (double)t->length_ms,
					.source = SIM_NONE,
					.because = SIM_EVENT_COUNT };
	for (uint32_t i = 0; i < d->run_count; i++) {
		const struct run *run = &d->runs[i];
		int64_t from = run->begins > t->from_ms ? run->begins : t->from_ms;
		double most = run->per_ms * (double)(t->from_ms + t->length_ms - from),
		       mean = fmin(run->left, most);

		mailings[i + 1] = (struct mailing){ .stream = &run->stream,
						    .look = &run->look,
						    .mean = mean,
						    .from_ms = from,
						    .length_ms = mean / run->per_ms,
						    .source = run->source,
						    .because = run->because };
	}
	return d->run_count + 1;
}

static void
tick_system(const struct tick *t, int64_t arrives)
{
	struct sim *sim = t->sim;
	struct sender *d = t->d;
	uint32_t first = sim->systems[t->system].first_source, count, kept = 0;
	struct mailing mailings[RUNS_MAX + 1];

	renew_hour(t);
	begin_what_begins(t);
	count = gather_mailings(t, mailings);
	for (uint32_t k = 0; k < d->mailers; k++) {
		struct volume v = {
			.arrives = arrives, .at = t->from_ms, .source = first + k, .because = SIM_EVENT_COUNT
		};
		double weight = sim->weights[v.source];

		for (uint32_t i = 0; i < count; i++) {
			const struct mailing *m = &mailings[i];

			if (m->source == SIM_NONE || m->source == v.source) {
				send(t, m, m->mean * (m->source == SIM_NONE ? weight : 1), &v);
			}
		}
		put_volume(sim, &v);
	}
	for (uint32_t i = 0; i < d->run_count; i++) {
		d->runs[i].left -= mailings[i + 1].mean;
		if (d->runs[i].left >= 0.5) {
			d->runs[kept++] = d->runs[i];
		}
	}
	d->run_count = kept;
}

void
traffic_tick(struct sim *sim)
{
	struct tick t = { .sim = sim, .from_ms = sim->now_ms, .length_ms = sim->tick_ms };
	int64_t arrives = arrival(sim, sim->now_ms + sim->tick_ms);

	begin_what_is_planned(sim);
	sim->now_ms += sim->tick_ms;
	for (t.system = 0; t.system < sim->params.systems; t.system++) {
		t.d = &sim->senders[t.system];
		tick_system(&t, arrives);
	}
	if (sim->sums != NULL && (sim->now_ms - sim->params.start.ms) % SPAN_DAY.ms == 0) {
		put_day(sim);
	}
}
