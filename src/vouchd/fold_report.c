/* vouchd/fold_report.c - what reports tell is counted, and what they tell no longer is taken back. */
#include "vouchd/fold_int.h"

#include "model/correction.h"
#include "model/threat.h"
#include "vouchd/about.h"
#include "vouchd/look.h"

#include <inttypes.h>

#define MAILED_AGO_MAX ((struct span){ 30LL * 24 * 60 * 60 * 1000 })

/* Does this reporter's word count? An operator who loads a file vouches for it (reporter "operator"). */
static bool
is_trusted(const struct fold *f, struct text reporter)
{
	uint32_t id;

	if (text_equal(reporter, TEXT("operator"))) {
		return true;
	}
	id = registry_find(f->registry, THING_REPORTER, reporter);
	return id != REGISTRY_NONE && registry_reporter(f->registry, id).trust == TRUST_FULL;
}

/* The reporter if its word counts together with others'; REGISTRY_NONE. */
static uint32_t
witness_of(const struct fold *f, struct text reporter)
{
	uint32_t id = registry_find(f->registry, THING_REPORTER, reporter);

	return id != REGISTRY_NONE && fold_is_witness(f, id) ? id : REGISTRY_NONE;
}

enum family
fold_system_family(const struct fold_system *s)
{
	for (enum family i = 0; i < FAMILY_NONE; i++) {
		if (s->families[i] > 0) {
			return i;
		}
	}
	return FAMILY_NONE;
}

static bool
is_among(const uint32_t *ids, size_t count, uint32_t id)
{
	for (size_t i = 0; i < count; i++) {
		if (ids[i] == id) {
			return true;
		}
	}
	return false;
}

/* The member sources that an observation names, each once. */
static size_t
sources_of(const struct fold *f, const struct observation *o, uint32_t ids[OBSERVATION_KEYS_MAX])
{
	size_t n = 0;

	for (uint32_t i = 0; i < o->key_count; i++) {
		uint32_t id = registry_lookup(f->registry, o->keys[i]);

		if (id != REGISTRY_NONE && !is_among(ids, n, id)) {
			ids[n++] = id;
		}
	}
	return n;
}

/*
 * When the mail was delivered that an observation is about: volume and bounces bear its time; a complaint has it in the attribute
 * "arrival" if its reporter says so. A time after the complaint, or long before it, is not believed.
 */
static struct instant
mailed_at(const struct observation *o)
{
	struct instant at;

	if (o->signal != SIGNAL_COMPLAINT) {
		return o->at;
	}
	for (uint32_t i = 0; i < o->attribute_count; i++) {
		if (text_equal(o->attributes[i].name, TEXT("arrival")) &&
		    instant_parse(o->attributes[i].value, &at) == RESULT_OK && at.ms <= o->at.ms &&
		    o->at.ms - at.ms <= MAILED_AGO_MAX.ms) {
			return at;
		}
	}
	return (struct instant){ DETECT_MAILED_UNKNOWN };
}

/* Are the sources before this one of other members? */
static bool
is_first_of_member(const struct fold *f, const uint32_t *ids, size_t i)
{
	for (size_t k = 0; k < i; k++) {
		if (f->sources[ids[k]].member == f->sources[ids[i]].member) {
			return false;
		}
	}
	return true;
}

/* What the message looked like, once per system that it came from. */
static void
look_at(struct fold *f, const struct observation *o, uint32_t source)
{
	const struct fold_source *s = &f->sources[source];
	struct instant mailed = mailed_at(o);
	struct detect_look look;

	if (look_read(&(struct look_from){ f->registry, f->detect, s->system, f->systems[s->system].unit }, o,
		      &look)) {
		look.system = f->systems[s->system].unit;
		look.source = s->unit;
		look.member = registry_source(f->registry, source).member;
		look.at = mailed.ms != DETECT_MAILED_UNKNOWN ? mailed : o->at;
		look.seq = f->now.seq;
		look.feed = o->signal == SIGNAL_COMPLAINT ? f->feed : 0;
		detect_look(f->detect, &look);
	}
}

static void
hear(struct fold *f, uint32_t unit, uint32_t reporter, const struct detect_fact *fact,
     const struct instant *told)
{
	if (told == NULL) {
		detect_hear(f->detect, unit, reporter, fact, f->now.at);
	} else {
		detect_unhear(f->detect, unit, reporter, fact, *told);
	}
}

/* A reporter of partial trust says it: it counts for whether others say so too, and for nothing else. With `told` it is what it said then, and is told no longer. */
static void
hear_observation(struct fold *f, uint32_t reporter, const struct observation *o, const uint32_t *ids,
		 size_t n, const struct instant *told)
{
	const struct detect_fact fact = { o->signal, o->count, o->at, mailed_at(o), f->now.seq, f->feed };
	uint32_t systems[OBSERVATION_KEYS_MAX];
	size_t system_count = 0;

	for (size_t i = 0; i < n; i++) {
		const struct fold_source *s = &f->sources[ids[i]];

		hear(f, s->unit, reporter, &fact, told);
		if (s->family == fold_system_family(&f->systems[s->system]) &&
		    !is_among(systems, system_count, s->system)) {
			systems[system_count++] = s->system;
			hear(f, f->systems[s->system].unit, reporter, &fact, told);
		}
	}
}

static void
count_for_member(struct fold *f, uint32_t member, const struct detect_fact *fact)
{
	if (f->members[member].unit != FOLD_NO_UNIT) {
		detect_observe(f->detect, f->members[member].unit, fact);
	}
}

/* What count_observation counted when the record `c->of` told it. What follows from more than one message (a case's mail, templates) stays. */
static void
take_observation(struct fold *f, struct about *about, const struct observation *o, const uint32_t *ids,
		 size_t n, const struct correction *c)
{
	const struct compliance_about of = about_observation(about, o);
	const struct detect_fact fact = { o->signal, o->count, o->at, mailed_at(o), f->now.seq, f->feed };
	uint32_t systems[OBSERVATION_KEYS_MAX], members[OBSERVATION_KEYS_MAX];
	size_t system_count = 0, member_count = 0;

	for (size_t i = 0; i < n; i++) {
		const struct fold_source *s = &f->sources[ids[i]];
		const struct fold_system *system = &f->systems[s->system];
		const struct fold_member *member = &f->members[s->member];

		detect_take(f->detect, s->unit, &fact);
		if (s->family == fold_system_family(system) && system->since < c->of &&
		    !is_among(systems, system_count, s->system)) {
			systems[system_count++] = s->system;
			detect_take(f->detect, system->unit, &fact);
			if (member->unit != FOLD_NO_UNIT && member->since < c->of &&
			    !is_among(members, member_count, s->member)) {
				members[member_count++] = s->member;
				detect_take(f->detect, member->unit, &fact);
			}
		}
		compliance_take(f->compliance, ids[i], s->counted < c->of, is_first_of_member(f, ids, i), &of,
				o->signal, o->count, o->at, c->told);
	}
}

/* Whoever is broken into is likelier to be taken over, which is no evidence of it: its weight grows until some days after it was said. */
static void
threaten_compromised(struct fold *f, uint32_t unit, struct instant said)
{
	struct instant until = { said.ms + threat_span(THREAT_COMPROMISED).ms };

	if (until.ms > f->now.at.ms) {
		detect_threaten(f->detect, unit, threat_factor(THREAT_COMPROMISED), f->now.at, until);
	}
}

static void
count_observation(struct fold *f, struct about *about, const struct observation *o, const uint32_t *ids,
		  size_t n)
{
	const struct compliance_about of = about_observation(about, o);
	const struct detect_fact fact = { o->signal, o->count, o->at, mailed_at(o), f->now.seq, f->feed };
	uint32_t systems[OBSERVATION_KEYS_MAX], members[OBSERVATION_KEYS_MAX];
	size_t system_count = 0, member_count = 0;

	for (size_t i = 0; i < n; i++) {
		const struct fold_source *s = &f->sources[ids[i]];

		if (o->signal == SIGNAL_DELIVERED) {
			decide_delivered(f->decide, ids[i], o->count, o->at);
		} else if (o->signal == SIGNAL_COMPROMISED) {
			threaten_compromised(f, s->unit, o->at);
			threaten_compromised(f, f->systems[s->system].unit, o->at);
		}
		detect_observe(f->detect, s->unit, &fact);
		if (s->family == fold_system_family(&f->systems[s->system]) &&
		    !is_among(systems, system_count, s->system)) {
			systems[system_count++] = s->system;
			look_at(f, o, ids[i]);
			detect_observe(f->detect, f->systems[s->system].unit, &fact);
			if (!is_among(members, member_count, s->member)) {
				members[member_count++] = s->member;
				count_for_member(f, s->member, &fact);
			}
		}
		compliance_observe(f->compliance, ids[i], is_first_of_member(f, ids, i), &of, o->signal,
				   o->count, o->at, f->now.seq);
	}
}

/* The sources of an observation, which this record is about. */
static size_t
touch_sources(struct fold *f, const struct observation *o, uint32_t ids[OBSERVATION_KEYS_MAX])
{
	size_t n = sources_of(f, o, ids);

	for (size_t k = 0; k < n; k++) {
		if (f->sources[ids[k]].touched != f->now.seq) {
			f->sources[ids[k]].touched = f->now.seq;
			f->sink.touch(f->sink.context, ids[k]);
		}
	}
	return n;
}

/* Whose clock the report is by. An operator who loads a file has many at once. */
static uint32_t
feed_of(const struct fold *f, struct text reporter)
{
	uint32_t id = registry_find(f->registry, THING_REPORTER, reporter);

	return id == REGISTRY_NONE ? 0 : id + 1;
}

static void
count_report(struct fold *f, const struct report *report)
{
	bool trusted = is_trusted(f, report->reporter);
	uint32_t witness = trusted ? REGISTRY_NONE : witness_of(f, report->reporter);
	struct about about = about_report(f->registry, f->compliance, report->reporter);

	f->feed = feed_of(f, report->reporter);
	for (uint32_t i = 0; i < report->observation_count; i++) {
		uint32_t ids[OBSERVATION_KEYS_MAX];
		size_t n = touch_sources(f, &report->observations[i], ids);

		f->unknown += n == 0;
		if (trusted) {
			count_observation(f, &about, &report->observations[i], ids, n);
		} else if (witness != REGISTRY_NONE) {
			hear_observation(f, witness, &report->observations[i], ids, n, NULL);
		}
	}
	fold_members_decide(f);
}

/* What was not counted as it would be now is not taken back: what was counted is known for sure only of the others. */
static void
take_back(struct fold *f, const struct correction *c)
{
	bool trusted = is_trusted(f, c->taken.reporter);
	uint32_t witness = trusted ? REGISTRY_NONE : witness_of(f, c->taken.reporter);
	struct about about = about_report(f->registry, f->compliance, c->taken.reporter);

	f->feed = feed_of(f, c->taken.reporter);
	for (uint32_t i = 0; i < c->taken.observation_count; i++) {
		const struct observation *o = &c->taken.observations[i];
		uint32_t ids[OBSERVATION_KEYS_MAX];
		size_t n = touch_sources(f, o, ids);

		if (!fold_terms_hold(f, c->taken.reporter, o, ids, n, c->of)) {
			continue;
		}
		if (trusted) {
			take_observation(f, &about, o, ids, n, c);
		} else if (witness != REGISTRY_NONE) {
			hear_observation(f, witness, o, ids, n, &c->told);
		}
	}
}

/* Only now: what is taken and added at once turns nothing. */
static void
settle(struct fold *f, const struct correction *c)
{
	for (uint32_t i = 0; i < c->taken.observation_count; i++) {
		uint32_t ids[OBSERVATION_KEYS_MAX];
		size_t n = sources_of(f, &c->taken.observations[i], ids);

		for (size_t k = 0; k < n; k++) {
			compliance_settle(f->compliance, ids[k]);
		}
	}
}

enum result
fold_told(struct fold *f, enum record_kind kind, struct text payload, struct fault *fault)
{
	struct arena arena = { 0 };
	struct correction c = { .of = 0 };
	enum result r = kind == RECORD_REPORT ? report_read(payload, &arena, &c.added)
					      : correction_read(payload, &arena, &c);

	f->unknown = 0;
	if (r == RESULT_OK) {
		take_back(f, &c);
		count_report(f, &c.added);
		settle(f, &c);
	} else {
		(void)fault_set(fault, r, "a %s record that cannot be read", record_kind_name(kind));
	}
	arena_clear(&arena);
	return r;
}

/* All of it, exactly, or nothing. */
static enum result
check_whole(const struct fold *f, const struct correction *c, struct fault *fault)
{
	bool trusted = is_trusted(f, c->taken.reporter);

	for (uint32_t i = 0; i < c->taken.observation_count; i++) {
		const struct observation *o = &c->taken.observations[i];
		uint32_t ids[OBSERVATION_KEYS_MAX];
		size_t n = sources_of(f, o, ids);

		if (!fold_terms_hold(f, c->taken.reporter, o, ids, n, c->of)) {
			return fault_set(fault, RESULT_NOT_ALLOWED,
					 "how report %" PRIu64 " was counted is not known any more: its "
					 "reporter, a source or the receivers have changed since",
					 c->of);
		}
		if (trusted && n > 0 && (o->signal == SIGNAL_BLOCKLISTED || o->signal == SIGNAL_DELISTED)) {
			return fault_set(fault, RESULT_NOT_ALLOWED,
					 "report %" PRIu64 " tells of a blocklist, which is a state and no "
					 "count: report what the blocklist says now",
					 c->of);
		}
	}
	return RESULT_OK;
}

enum result
fold_withdrawal(struct fold *f, struct text payload, struct fault *fault)
{
	struct arena arena = { 0 };
	struct correction c;
	enum result r = withdrawal_read(payload, &arena, &c);

	f->unknown = 0;
	if (r != RESULT_OK) {
		(void)fault_set(fault, r, "a withdrawal record that cannot be read");
	} else {
		r = check_whole(f, &c, fault);
	}
	if (r == RESULT_OK) {
		compliance_tick(f->compliance, f->now.at);
		take_back(f, &c);
		settle(f, &c);
	}
	arena_clear(&arena);
	return r;
}
