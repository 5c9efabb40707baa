/* vouchd/fold.c - the programme, commands and time; the detector's alarms go straight into decide. */
#include "vouchd/fold_int.h"

#include "vouchd/about.h"
#include "vouchd/command.h"
#include "vouchd/threaten.h"

#include <stdlib.h>
#include <string.h>

static const uint8_t family_of[SOURCE_KIND_COUNT] = {
	[SOURCE_IP] = FAMILY_ADDRESS,
	[SOURCE_PREFIX] = FAMILY_ADDRESS,
	[SOURCE_DOMAIN] = FAMILY_DOMAIN,
	[SOURCE_ACCT] = FAMILY_ACCT,
};

uint8_t
fold_family(enum source_kind kind)
{
	return family_of[kind];
}

/* ---- what comes out */

static void
on_alarm(void *context, const struct alarm *alarm)
{
	struct fold *f = context;
	struct alarm named = *alarm;

	check(alarm->unit < f->unit_count);
	named.unit = f->units[alarm->unit].id;
	if (named.kind == UNIT_MEMBER) {
		f->waiting = array_room(f->waiting, f->waiting_count, &f->waiting_size, sizeof(*f->waiting));
		f->waiting[f->waiting_count++] = named;
		return;
	}
	f->sink.alarm(f->sink.context, &named);
	decide_alarm(f->decide, &named, named.unit, f->now);
}

static void
on_judged(void *context, uint32_t unit)
{
	struct fold *f = context;

	f->sink.judged(f->sink.context, f->units[unit].kind, f->units[unit].id);
}

static uint32_t
unit_of(const void *fold, enum unit_kind kind, uint32_t id)
{
	return fold_unit(fold, kind, id);
}

static void
touch(const void *context, uint32_t source)
{
	const struct fold *f = context;

	f->sink.touch(f->sink.context, source);
}

static struct threaten
threaten_of(const struct fold *f)
{
	return (struct threaten){ f->registry, f->detect, unit_of, touch, f, f->now.at };
}

/* What a person says was a takeover must not become the usual ways of the source and of its system; and its kin are under threat. */
static void
take_confirmed(struct fold *f, const struct move *move)
{
	const struct fold_source *s = &f->sources[move->source];
	struct threaten threaten = threaten_of(f);

	detect_unit_forget(f->detect, s->unit);
	detect_unit_forget(f->detect, f->systems[s->system].unit);
	if (f->members[s->member].unit != FOLD_NO_UNIT) {
		detect_unit_forget(f->detect, f->members[s->member].unit);
	}
	if (f->kin.seq != f->now.seq || f->kin.system != s->system) {
		f->kin = (struct fold_kin){ f->now.seq, s->system };
		threaten_kin(&threaten, s->system);
	}
}

static void
take_verdict(struct fold *f, const struct move *move)
{
	struct threaten threaten = threaten_of(f);

	if (move->event == EVENT_CONFIRM && move->kind == SUSPENSION_SECURITY) {
		take_confirmed(f, move);
	} else if (move->to == STATE_REINSTATED && move->receiver.n == 0) {
		threaten_source(&threaten, move->source, THREAT_PROBATION);
	}
}

static void
on_turn(void *context, const struct compliance_metric *metric)
{
	struct fold *f = context;

	decide_threshold(f->decide, metric, metric->unit, f->now);
}

/* What a person lists is counted anew: the metrics were looked at. */
static void
note_relisted(struct fold *f, const struct move *move)
{
	if (move->event == EVENT_ACCEPT || move->event == EVENT_CLEAR) {
		f->relisted =
		    array_room(f->relisted, f->relisted_count, &f->relisted_size, sizeof(*f->relisted));
		f->relisted[f->relisted_count++] = move->source;
	}
}

static void
on_move(void *context, const struct move *move)
{
	struct fold *f = context;

	take_verdict(f, move);
	note_relisted(f, move);
	f->sink.move(f->sink.context, move);
}

static void
on_case_change(void *context, const struct case_change *change)
{
	struct fold *f = context;

	f->sink.case_change(f->sink.context, change);
}

static struct detect *
open_detect(struct fold *f)
{
	const struct detect_params params = { .budget = f->policy.budget, .liars = DETECT_LIARS };

	struct detect *d = detect_open(&params, on_alarm, f);

	detect_watch_judged(d, f->sink.judged == NULL ? NULL : on_judged);
	return d;
}

/* What is counted already is held against the new limits as well. */
void
fold_set_thresholds(struct fold *f, const struct threshold_policy *policy)
{
	if (!f->thresholds_fixed && !threshold_policy_equal(policy, &f->thresholds)) {
		f->thresholds = *policy;
		decide_wait(f->decide, policy->wait);
		compliance_policy(f->compliance, policy);
	}
}

/* What a policy file says beside the budget, whatever the records say. */
static void
fix_thresholds(struct fold *f, const struct fold_policy *policy)
{
	if (policy->thresholds != NULL) {
		f->thresholds_fixed = false;
		fold_set_thresholds(f, policy->thresholds);
		f->thresholds_fixed = true;
		decide_shadow(f->decide, policy->shadow);
	}
}

struct fold *
fold_open(const struct fold_policy *policy, const struct fold_sink *sink)
{
	struct fold *f = calloc(1, sizeof(*f));

	check(f != NULL);
	f->policy = *policy;
	f->sink = *sink;
	f->registry = registry_open();
	f->detect = open_detect(f);
	f->compliance = compliance_open(on_turn, f);
	threshold_policy_off(&f->thresholds);
	f->decide = decide_open(
	    &(struct decide_events){ .move = on_move, .case_change = on_case_change, .context = f });
	fix_thresholds(f, policy);
	f->policy.thresholds = NULL;
	return f;
}

void
fold_close(struct fold *f)
{
	if (f == NULL) {
		return;
	}
	registry_close(f->registry);
	detect_close(f->detect);
	compliance_close(f->compliance);
	decide_close(f->decide);
	free(f->relisted);
	free(f->terms);
	free(f->sources);
	free(f->systems);
	free(f->members);
	free(f->waiting);
	free(f->units);
	free(f);
}

/* ---- registry */

static uint32_t
add_unit(struct fold *f, enum unit_kind kind, uint32_t id)
{
	uint32_t unit = detect_unit_add(f->detect, kind);

	check(unit == f->unit_count);
	f->units = array_room(f->units, f->unit_count, &f->unit_size, sizeof(*f->units));
	f->units[f->unit_count++] = (struct fold_unit){ kind, id };
	return unit;
}

struct fold_member *
fold_member_of_system(struct fold *f, uint32_t system)
{
	uint32_t id = registry_item(f->registry, THING_SYSTEM, system).parent;

	while (f->member_count <= id) {
		f->members = array_room(f->members, f->member_count, &f->member_size, sizeof(*f->members));
		f->members[f->member_count++] = (struct fold_member){ .unit = FOLD_NO_UNIT };
	}
	return &f->members[id];
}

/* Of a member with one system it would be that system once more. */
static void
join_member(struct fold *f, uint32_t system)
{
	struct fold_member *m = fold_member_of_system(f, system);

	if (++m->systems == 2) {
		m->unit = add_unit(f, UNIT_MEMBER, registry_item(f->registry, THING_SYSTEM, system).parent);
		m->since = f->now.seq;
	}
}

static void
add_system(struct fold *f, uint32_t id)
{
	check(id == f->system_count);
	f->systems = array_room(f->systems, f->system_count, &f->system_size, sizeof(*f->systems));
	f->systems[f->system_count++] = (struct fold_system){ .unit = add_unit(f, UNIT_SYSTEM, id) };
	join_member(f, id);
}

static void
add_source(struct fold *f, uint32_t id)
{
	struct registry_source s = registry_source(f->registry, id);
	enum family before;

	check(id == f->source_count && s.system < f->system_count);
	f->sources = array_room(f->sources, f->source_count, &f->source_size, sizeof(*f->sources));
	f->sources[f->source_count++] = (struct fold_source){
		.unit = add_unit(f, UNIT_SOURCE, id),
		.system = s.system,
		.member = s.member,
		.family = fold_family(s.kind),
		.since = f->now.seq,
	};
	before = fold_system_family(&f->systems[s.system]);
	f->systems[s.system].families[fold_family(s.kind)]++;
	fold_terms_family(f, s.system, before);
	decide_source_put(f->decide, id, s.system, s.member, f->now);
	compliance_source_add(f->compliance, id, s.member, s.kind);
}

static void
remove_source(struct fold *f, const struct registry_change *change)
{
	const struct fold_source *s = &f->sources[change->id];
	enum family before = fold_system_family(&f->systems[s->system]);

	f->systems[s->system].families[s->family]--;
	fold_terms_family(f, s->system, before);
	fold_terms_removed(f, change->id);
	compliance_source_remove(f->compliance, change->id);
	decide_source_remove(f->decide, change->id, change->actor, TEXT("it is no longer in the programme"),
			     f->now);
}

bool
fold_is_witness(const struct fold *f, uint32_t reporter)
{
	return !registry_item(f->registry, THING_REPORTER, reporter).removed &&
	       registry_reporter(f->registry, reporter).trust == TRUST_PARTIAL;
}

static void
on_registry_change(void *context, const struct registry_change *change)
{
	struct fold *f = context;

	if (change->thing == THING_SYSTEM && change->op == REGISTRY_ADD) {
		add_system(f, change->id);
	} else if (change->thing == THING_SOURCE && change->op == REGISTRY_ADD) {
		add_source(f, change->id);
	} else if (change->thing == THING_SOURCE && change->op == REGISTRY_REMOVE) {
		remove_source(f, change);
	} else if (change->thing == THING_REPORTER) {
		about_reporter_changed(f->registry, f->compliance, change->id);
		detect_witness_set(f->detect, change->id, fold_is_witness(f, change->id));
		detect_feeds(f->detect, change->id + 1);
		fold_terms_reporter(f, change->id);
	} else if (change->thing == THING_RECEIVER && change->op != REGISTRY_CHANGE) {
		fold_terms_receivers(f);
	}
	f->sink.registry(f->sink.context, change);
}

/* ---- commands and time */

/* The evidence that is open goes on under the new limit. */
void
fold_set_budget(struct fold *f, double budget)
{
	struct buffer b;
	struct wire w;

	if (f->policy.fixed || !(budget < f->policy.budget || budget > f->policy.budget)) {
		return;
	}
	buffer_init(&b, FOLD_SNAPSHOT_BYTES_MAX);
	detect_save(f->detect, &b);
	check(!b.full);
	detect_close(f->detect);
	f->policy.budget = budget;
	f->detect = open_detect(f);
	w = wire_of(b.p, b.n);
	check(detect_load(f->detect, &w) == RESULT_OK);
	buffer_free(&b);
}

void
fold_try(struct fold *f, const struct fold_policy *policy, struct moment now)
{
	f->now = now;
	compliance_tick(f->compliance, now.at);
	f->policy.fixed = false;
	fold_set_budget(f, policy->budget);
	f->policy.fixed = true;
	fix_thresholds(f, policy);
}

/* After the command: one that is refused must change nothing, not even begin a day. */
static void
start_relisted(struct fold *f)
{
	compliance_tick(f->compliance, f->now.at);
	for (uint32_t i = 0; i < f->relisted_count; i++) {
		compliance_source_start(f->compliance, f->relisted[i], f->now.at);
		f->sources[f->relisted[i]].counted = f->now.seq;
	}
}

static enum result
fold_command(struct fold *f, struct text payload, struct fault *fault)
{
	struct arena arena = { 0 };
	struct command c;
	uint32_t moves;
	enum result r = command_read(payload, &arena, &c, fault);

	if (r == RESULT_OK && c.is_policy) {
		compliance_tick(f->compliance, f->now.at);
		fold_set_budget(f, c.budget);
		if (!f->thresholds_fixed) {
			decide_shadow(f->decide, c.shadow);
		}
		if (c.policy != NULL) {
			fold_set_thresholds(f, c.policy);
		}
	} else if (r == RESULT_OK && c.is_threat) {
		struct threaten threaten = threaten_of(f);

		r = threaten_subject(&threaten, &c.decide, c.threat, fault);
	} else if (r == RESULT_OK) {
		f->relisted_count = 0;
		r = decide_command(f->decide, &c.decide, f->now, &moves, fault);
		if (r == RESULT_OK) {
			start_relisted(f);
		}
	}
	arena_clear(&arena);
	return r;
}

enum result
fold_apply(struct fold *f, const struct record *input, struct fault *fault)
{
	f->now = (struct moment){ input->time, input->seq };
	if (input->kind == RECORD_REPORT || input->kind == RECORD_REGISTRY || input->kind == RECORD_TICK ||
	    input->kind == RECORD_CORRECTION) {
		compliance_tick(f->compliance, input->time);
	}
	switch (input->kind) {
	case RECORD_REPORT:
	case RECORD_CORRECTION:
		return fold_told(f, input->kind, input->payload, fault);
	case RECORD_WITHDRAWAL:
		return fold_withdrawal(f, input->payload, fault);
	case RECORD_COMMAND:
		return fold_command(f, input->payload, fault);
	case RECORD_REGISTRY:
		return registry_apply(f->registry, input->payload, on_registry_change, f, fault);
	case RECORD_TICK:
		detect_tick(f->detect, input->time);
		fold_members_decide(f);
		decide_tick(f->decide, f->now);
		return RESULT_OK;
	case RECORD_QUARANTINE:
		return RESULT_OK; /* kept for people; nothing follows from it */
	case RECORD_ALARM:
	case RECORD_MOVE:
	case RECORD_CASE:
	case RECORD_COUNT:
		break;
	}
	check(false); /* effects follow from inputs, they are not folded */
	return RESULT_DAMAGED;
}

/* ---- views */

uint64_t
fold_unknown(const struct fold *f)
{
	return f->unknown;
}

bool
fold_waits(const struct fold *f, struct instant now)
{
	return detect_waits(f->detect) || decide_due(f->decide).ms <= now.ms ||
	       compliance_due(f->compliance).ms <= now.ms;
}

const struct registry *
fold_registry(const struct fold *f)
{
	return f->registry;
}

const struct decide *
fold_decide(const struct fold *f)
{
	return f->decide;
}

const struct detect *
fold_detect(const struct fold *f)
{
	return f->detect;
}

uint32_t
fold_unit(const struct fold *f, enum unit_kind kind, uint32_t id)
{
	if (kind == UNIT_MEMBER) {
		return id < f->member_count ? f->members[id].unit : FOLD_NO_UNIT;
	}
	return kind == UNIT_SOURCE ? f->sources[id].unit : f->systems[id].unit;
}

const struct compliance *
fold_compliance(const struct fold *f)
{
	return f->compliance;
}

const struct threshold_policy *
fold_thresholds(const struct fold *f)
{
	return &f->thresholds;
}

double
fold_budget(const struct fold *f)
{
	return f->policy.budget;
}
