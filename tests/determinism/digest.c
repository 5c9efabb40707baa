/*
 * What the security path says of a simulated fleet, in one line: a hash of what was simulated, how many alarms of which kind, a hash of all of them as
 * the journal has them, and a hash of the snapshot. tests/determinism/run builds this in several ways; the line must be the same. Each build
 * simulates anew: the simulator promises the same mail on every machine, too.
 */
#include "base/hash.h"
#include "detect/detect.h"
#include "sim/sim.h"
#include "vouch/score_look.h"

#include <stdio.h>

#define SYSTEMS   20U
#define SOURCES   60U
#define DAYS      60U
#define WITNESSES 2U /* who count only together: one of them may lie */
#define SEED      17U
#define BYTES     ((size_t)64 << 20)
#define WRONG     SIM_FEED_POSTBOX /* its clock is an hour behind */

struct state {
	struct detect *detect;
	struct sim *sim;
	struct buffer alarms, told;
	uint32_t alarm_count, by_content, reported;
	uint32_t fallen; /* system of the last alarm, until people have done what they do; SIM_NONE */
	struct instant now;
};

static void
on_alarm(void *context, const struct alarm *alarm)
{
	struct state *s = context;

	alarm_write(&s->alarms, alarm);
	s->alarm_count++;
	s->by_content += alarm->content_nats > 0;
	s->reported += alarm->takeover == TAKEOVER_REPORTED;
	s->fallen = alarm->kind == UNIT_SYSTEM ? alarm->unit : s->fallen;
}

/* Whoever has the template of the one that fell is threatened, and the one beside it. */
static void
threaten(struct state *s)
{
	uint32_t unit = s->fallen;
	struct instant until = instant_add(s->now, SPAN_DAY);

	if (unit == SIM_NONE) {
		return;
	}
	s->fallen = SIM_NONE;
	detect_unit_forget(s->detect, unit);
	detect_threaten_linked(s->detect, unit, 20, s->now, until);
	detect_threaten(s->detect, SOURCES + (unit + 1) % SYSTEMS, 5, s->now, until);
}

/* What one receiver's people complain about is the word of witnesses. Some facts are told twice, which is found and taken back. */
static void
tell(struct state *s, uint32_t unit, const struct sim_observation *o, const struct detect_fact *fact)
{
	bool witness = o->signal == SIGNAL_COMPLAINT && o->feed == SIM_FEED_NORTHMAIL;
	bool twice = o->serial % 97 == 0;

	if (witness) {
		detect_hear(s->detect, unit, o->serial % WITNESSES, fact, o->arrives);
	} else {
		detect_observe(s->detect, unit, fact);
	}
	if (witness && twice) {
		detect_hear(s->detect, unit, o->serial % WITNESSES, fact, o->arrives);
		detect_unhear(s->detect, unit, o->serial % WITNESSES, fact, o->arrives);
	} else if (twice) {
		detect_observe(s->detect, unit, fact);
		detect_take(s->detect, unit, fact);
	}
}

static void
take(struct state *s, const struct sim_observation *o)
{
	struct detect_fact fact = score_fact_of(o);

	for (; o->arrives.ms - s->now.ms >= SPAN_MINUTE.ms; s->now = instant_add(s->now, SPAN_MINUTE)) {
		detect_tick(s->detect, s->now);
		threaten(s);
	}
	sim_write_keys(s->sim, o, &s->told);
	wire_put_i64(&s->told, o->arrives.ms);
	wire_put_i64(&s->told, o->mailed.ms);
	wire_put_u64(&s->told, o->count);
	wire_put_u64(&s->told, o->signal);
	wire_put_u64(&s->told, o->content.cluster);
	wire_put_u64(&s->told, o->content.link);
	if (o->kind == SIM_FACT && o->source != o->domain) {
		tell(s, o->source, o, &fact);
		tell(s, SOURCES + o->system, o, &fact);
	}
	if (o->kind != SIM_CANARY && score_has_look(o)) {
		struct detect_look look = score_look_of(s->sim, SOURCES, o);

		detect_look(s->detect, &look);
	}
}

static struct sim *
simulated(void)
{
	static const enum sim_event_kind kinds[] = { SIM_BLAST, SIM_OWN_LIST, SIM_SEVERAL, SIM_WAKE };
	struct sim_takeover takeovers[8];
	struct sim_params p;

	check(sim_params_named(TEXT("ugly"), &p) == RESULT_OK);
	p.members = p.systems = SYSTEMS;
	p.sources = SOURCES;
	p.days = DAYS;
	p.step = (struct span){ 600000 };
	for (uint32_t i = 0; i < countof(takeovers); i++) {
		takeovers[i] = (struct sim_takeover){ .kind = kinds[i % countof(kinds)], .source = SIM_NONE };
		takeovers[i].at.ms = p.start.ms + (int64_t)(30 + 3 * i) * SPAN_DAY.ms;
	}
	p.takeovers = takeovers;
	p.takeover_count = countof(takeovers);
	return sim_open(&p, SEED);
}

static void
open_state(struct state *s)
{
	*s = (struct state){ .sim = simulated(), .now = sim_params_default().start, .fallen = SIM_NONE };
	buffer_init(&s->alarms, BYTES);
	buffer_init(&s->told, BYTES);
	s->detect =
	    detect_open(&(struct detect_params){ .budget = 100, .liars = WITNESSES - 1 }, on_alarm, s);
	for (uint32_t i = 0; i < SOURCES + SYSTEMS; i++) {
		(void)detect_unit_add(s->detect, i < SOURCES ? UNIT_SOURCE : UNIT_SYSTEM);
	}
	detect_feeds(s->detect, SIM_FEED_COUNT);
	for (uint32_t i = 0; i < WITNESSES; i++) {
		detect_witness_set(s->detect, i, true);
	}
}

static void
print_hash(const char *what, const struct buffer *b)
{
	struct hash hash = hash_of(b->p, b->n);
	char hex[HASH_HEX_BYTES];

	check(!b->full);
	printf("%s %.16s", what, hash_hex(&hash, hex));
}

int
main(void)
{
	struct state s;
	struct sim_observation o;
	struct buffer snapshot;

	open_state(&s);
	while (sim_next(s.sim, &o)) {
		take(&s, &o);
	}
	buffer_init(&snapshot, BYTES);
	detect_save(s.detect, &snapshot);
	print_hash("told", &s.told);
	printf(", %u alarms, %u by content, %u reported,", s.alarm_count, s.by_content, s.reported);
	print_hash("", &s.alarms);
	printf(", a clock %d minutes behind, snapshot of %zu bytes", detect_feed_behind(s.detect, WRONG + 1U),
	       snapshot.n);
	print_hash("", &snapshot);
	printf("\n");
	/* Else a part of the room would not be asked. */
	check(s.by_content > 0 && s.reported > 0 && s.alarm_count > s.by_content + s.reported);
	check(detect_feed_behind(s.detect, WRONG + 1U) != 0);
	detect_close(s.detect);
	sim_close(s.sim);
	buffer_free(&s.alarms);
	buffer_free(&s.told);
	buffer_free(&snapshot);
	return 0;
}
