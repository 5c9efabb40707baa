/*
 * What comes back: complaints and trap hits in their own time, forged complaints, and samples of what was delivered.
 *
 * Bad news and samples are Poisson processes over the messages of a system: a unit exponential is used up by the expected
 * number of each batch of messages, and where it is used up something happens. So a batch without any costs no draw.
 * Mail is shared among receivers where it is given out, by a draw from its time and source alone: it changes nothing else.
 */
#include "sim/sim_int.h"

static const struct receiver {
	double mail, complaints; /* shares */
	bool headers_only;
} receivers[] = {
#define FORM_FULL    false
#define FORM_HEADERS true
#define SIM_PROVIDER(id, name, host, mail, complaints, form, eol, says_source, agent) \
	{ mail, complaints, FORM_##form },
#include "sim/providers.def"
#undef SIM_PROVIDER
#undef FORM_FULL
#undef FORM_HEADERS
};

/* What is known of the messages that something is reported about. */
struct batch {
	const struct tick *tick;
	const struct mailing *mailing;
	struct random *random;
	uint32_t source;
};

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

static enum sim_feed
draw_receiver(struct random *r)
{
	double left = random_unit(r);
	size_t i = 0;

	while (i + 1 < countof(receivers) && left >= receivers[i].complaints) {
		left -= receivers[i++].complaints;
	}
	return (enum sim_feed)i;
}

/* The share of complaints that `feed` reports at a time, of the most that anyone ever does. */
static double
reported(const struct sim *sim, enum sim_feed feed, int64_t at)
{
	size_t i = sim->level_count, place = feed < SIM_RECEIVER_COUNT ? feed : SIM_RECEIVER_COUNT;

	while (i > 1 && sim->levels[i - 1].from > at) {
		i--;
	}
	return sim->levels[i - 1].factor[place] / sim->peak;
}

static struct sim_content
draw_content(const struct batch *b, bool headers_only)
{
	const struct look *look = b->mailing->look;

	if (look == NULL) {
		look = &b->tick->d->templates[random_below(b->random, TEMPLATES)];
	}
	return look_content(look, look->variants > 1 ? random_below(b->random, look->variants) : 0,
			    headers_only);
}

static void
push(struct sim *sim, struct pending *p)
{
	p->serial = sim->pushed++;
	if (p->at < sim->end_ms) {
		heap_push(&sim->later, p);
	}
}

static struct pending
pending_of(const struct batch *b, enum sim_kind kind)
{
	const struct mailing *m = b->mailing;

	return (struct pending){ .mailed = m->from_ms + (int64_t)(random_unit(b->random) * m->length_ms),
				 .content = { .cluster = SIM_NONE },
				 .source = b->source,
				 .kind = (uint8_t)kind,
				 .because = (uint8_t)m->because };
}

static void
complain(const struct batch *b)
{
	struct sim *sim = b->tick->sim;
	struct random *r = b->random;
	struct pending p = pending_of(b, SIM_FACT);
	bool account = sim->sources[b->source].kind == SOURCE_ACCT;
	enum sim_feed feed = account ? SIM_FEED_ESPDESK : draw_receiver(r);

	p.signal = SIGNAL_COMPLAINT;
	p.feed = (uint8_t)feed;
	p.at = p.mailed + complaint_delay_ms(r, &sim->params.numbers);
	if (!account) {
		p.content = draw_content(b, receivers[feed].headers_only);
	}
	if (sim->level_count == 1 || random_unit(r) < reported(sim, feed, p.at)) {
		push(sim, &p);
	}
}

static void
trap(const struct batch *b)
{
	const struct sim_numbers *n = &b->tick->sim->params.numbers;
	struct pending p = pending_of(b, SIM_FACT);

	p.signal = (uint8_t)trap_class(b->random, n);
	p.feed = SIM_FEED_TRAPNET;
	p.at = p.mailed + (int64_t)(n->attack_trap_delay_seconds * 1000 * random_exponential(b->random));
	push(b->tick->sim, &p);
}

static void
sample(const struct batch *b)
{
	const struct sim_numbers *n = &b->tick->sim->params.numbers;
	struct pending p = pending_of(b, SIM_SAMPLE);

	p.signal = SIGNAL_DELIVERED;
	p.feed = SIM_FEED_SAMPLES;
	p.content = draw_content(b, false);
	p.at = p.mailed + (int64_t)(n->sample_delay_seconds * 1000 * random_exponential(b->random));
	push(b->tick->sim, &p);
}

void
feedback_put(const struct tick *t, const struct mailing *mailing, uint32_t n, uint32_t source)
{
	struct sender *d = t->d;
	bool bad = mailing->because != SIM_EVENT_COUNT;
	double complaints = mailing->stream->complaints * t->sim->peak,
	       all = complaints + mailing->stream->traps;
	struct batch b = { .tick = t, .mailing = mailing, .source = source };

	b.random = &d->random[bad ? STREAM_ATTACK_REPORTS : STREAM_REPORTS];
	d->until_report[bad] -= all * n;
	while (d->until_report[bad] < 0) {
		if (random_unit(b.random) * all < complaints) {
			complain(&b);
		} else {
			trap(&b);
		}
		d->until_report[bad] += random_exponential(b.random);
	}
	d->until_sample[bad] -= t->sim->params.numbers.sampling * n;
	while (d->until_sample[bad] < 0) {
		sample(&b);
		d->until_sample[bad] += random_exponential(b.random);
	}
}

/* Shares whole numbers that add up, each within one of its share and right on average: all boundaries between them move by the same draw. */
static void
share_out(struct sim_observation *o, double place)
{
	uint32_t before = 0;
	double mail = 0;

	for (size_t i = 0; i < countof(receivers); i++) {
		double up_to = (mail += receivers[i].mail) * o->count + place;
		uint32_t end = i + 1 < countof(receivers) && up_to < o->count ? (uint32_t)up_to : o->count;

		o->received[i] = end - before;
		before = end;
	}
}

void
feedback_receivers(struct sim_observation *o)
{
	struct random r;

	if (o->feed < SIM_RECEIVER_COUNT) {
		o->received[o->feed] = o->count;
		return;
	}
	random_seed(&r, (uint64_t)o->at.ms, o->source);
	if (o->feed == SIM_FEED_DELIVERIES) {
		share_out(o, random_unit(&r));
	} else if (o->feed == SIM_FEED_ESPDESK) {
		o->received[draw_receiver(&r)] = o->count;
	}
}

/* Within the hour somebody hands in complaints about one source that nobody made. */
void
feedback_forge(const struct tick *t)
{
	const struct sim_numbers *n = &t->sim->params.numbers;
	struct sender *d = t->d;
	struct random *r = &d->random[STREAM_REPORTS];
	uint32_t count = 1 + random_poisson(r, n->forged_reports > 1 ? n->forged_reports - 1 : 0);
	uint32_t source = t->sim->systems[t->system].first_source + random_below(r, d->mailers);

	for (uint32_t i = 0; i < count; i++) {
		struct pending p = { .kind = SIM_FACT,
				     .signal = SIGNAL_COMPLAINT,
				     .feed = SIM_FEED_STRANGER,
				     .because = SIM_FORGED,
				     .source = source,
				     .content = { .cluster = SIM_NONE } };

		p.at = p.mailed = t->from_ms + (int64_t)(random_unit(r) * (double)SPAN_HOUR.ms);
		push(t->sim, &p);
	}
	plan_event(t->sim, &(struct sim_event){ .kind = SIM_FORGED,
						.from = { t->from_ms },
						.to = { t->from_ms + SPAN_HOUR.ms },
						.system = t->system,
						.source = source,
						.takeover = SIM_NONE });
	d->forged_at = t->from_ms + (int64_t)(random_exponential(r) * YEAR_MS / n->forged_per_year);
}
