#include "model/alarm.h"

#include <float.h>

static const char *const unit_kind_names[] = {
#define UNIT(id, name, share, meaning) name,
#include "model/units.def"
#undef UNIT
};
static const char *const voice_names[] = {
#define VOICE(id, name, share, meaning) name,
#include "model/voices.def"
#undef VOICE
};
static const char *const evidence_names[] = {
#define EVIDENCE(id, name, meaning) name,
#include "model/evidence.def"
#undef EVIDENCE
};
static const char *const takeover_names[][2] = {
#define TAKEOVER(id, name, words, signs) { name, words },
#include "model/takeovers.def"
#undef TAKEOVER
};

const char *
unit_kind_name(enum unit_kind kind)
{
	check(kind < UNIT_KIND_COUNT);
	return unit_kind_names[kind];
}

const char *
voice_name(enum voice voice)
{
	check(voice < VOICE_COUNT);
	return voice_names[voice];
}

const char *
evidence_name(enum evidence evidence)
{
	check(evidence < EVIDENCE_COUNT);
	return evidence_names[evidence];
}

const char *
takeover_name(enum takeover takeover)
{
	check(takeover < TAKEOVER_COUNT);
	return takeover_names[takeover][0];
}

const char *
takeover_words(enum takeover takeover)
{
	check(takeover < TAKEOVER_COUNT);
	return takeover_names[takeover][1];
}

static const char *const trait_names[][2] = {
#define TRAIT(id, name, honest, declared, attack, meaning) { name, meaning },
#include "model/traits.def"
#undef TRAIT
};

const char *
trait_name(enum trait trait)
{
	check(trait < TRAIT_COUNT);
	return trait_names[trait][0];
}

const char *
trait_meaning(enum trait trait)
{
	check(trait < TRAIT_COUNT);
	return trait_names[trait][1];
}

void
alarm_write(struct buffer *b, const struct alarm *alarm)
{
	check(alarm->report_count <= ALARM_REPORTS_MAX && alarm->block_count <= ALARM_BLOCKS_MAX);
	wire_put_u8(b, (uint8_t)alarm->kind);
	wire_put_u64(b, alarm->unit);
	wire_put_u8(b, (uint8_t)alarm->voice);
	wire_put_u8(b, (uint8_t)alarm->takeover);
	wire_put_i64(b, alarm->at.ms);
	wire_put_f64(b, alarm->evidence_nats);
	wire_put_f64(b, alarm->limit_nats);
	for (int i = 0; i < EVIDENCE_COUNT; i++) {
		wire_put_u64(b, alarm->evidence[i].observed);
		wire_put_f64(b, alarm->evidence[i].expected);
		wire_put_f64(b, alarm->evidence[i].nats);
	}
	wire_put_f64(b, alarm->content_nats);
	wire_put_u64(b, alarm->traits);
	wire_put_i64(b, alarm->began.ms);
	wire_put_i64(b, alarm->began_from.ms);
	wire_put_i64(b, alarm->began_to.ms);
	wire_put_i64(b, alarm->first_bad_at.ms);
	wire_put_u64(b, alarm->first_bad_seq);
	wire_put_u64(b, alarm->delivered);
	wire_put_u64(b, alarm->block_count);
	for (uint32_t i = 0; i < alarm->block_count; i++) {
		wire_put_i64(b, alarm->blocks[i].from.ms);
		wire_put_u64(b, alarm->blocks[i].delivered);
		wire_put_f64(b, alarm->blocks[i].nats);
		wire_put_u64(b, alarm->blocks[i].first_bad_seq);
	}
	wire_put_u64(b, alarm->report_count);
	for (uint32_t i = 0; i < alarm->report_count; i++) {
		wire_put_u64(b, alarm->reports[i]);
	}
}

/* A finite number; a NaN would be neither above nor below any limit. */
static double
read_finite(struct wire *w)
{
	double v = wire_f64(w);

	if (!(v >= -DBL_MAX && v <= DBL_MAX)) {
		w->bad = true;
		return 0;
	}
	return v;
}

static void
read_blocks(struct wire *w, struct alarm *alarm)
{
	uint64_t count = wire_u64(w);

	if (count > ALARM_BLOCKS_MAX) {
		w->bad = true;
		return;
	}
	alarm->block_count = (uint32_t)count;
	for (uint32_t i = 0; i < alarm->block_count; i++) {
		alarm->blocks[i].from.ms = wire_i64(w);
		alarm->blocks[i].delivered = wire_u64(w);
		alarm->blocks[i].nats = read_finite(w);
		alarm->blocks[i].first_bad_seq = wire_u64(w);
	}
}

enum result
alarm_read(struct text bytes, struct alarm *alarm)
{
	struct wire w = wire_of(bytes.p, bytes.n);
	uint64_t unit, count, traits;

	*alarm = (struct alarm){ .kind = (enum unit_kind)wire_choice(&w, UNIT_KIND_COUNT) };
	unit = wire_u64(&w);
	alarm->unit = (uint32_t)unit;
	alarm->voice = (enum voice)wire_choice(&w, VOICE_COUNT);
	alarm->takeover = (enum takeover)wire_choice(&w, TAKEOVER_COUNT);
	alarm->at.ms = wire_i64(&w);
	alarm->evidence_nats = read_finite(&w);
	alarm->limit_nats = read_finite(&w);
	for (int i = 0; i < EVIDENCE_COUNT; i++) {
		alarm->evidence[i].observed = wire_u64(&w);
		alarm->evidence[i].expected = read_finite(&w);
		alarm->evidence[i].nats = read_finite(&w);
	}
	alarm->content_nats = read_finite(&w);
	traits = wire_u64(&w);
	alarm->traits = (uint32_t)traits;
	alarm->began.ms = wire_i64(&w);
	alarm->began_from.ms = wire_i64(&w);
	alarm->began_to.ms = wire_i64(&w);
	alarm->first_bad_at.ms = wire_i64(&w);
	alarm->first_bad_seq = wire_u64(&w);
	alarm->delivered = wire_u64(&w);
	read_blocks(&w, alarm);
	count = wire_u64(&w);
	if (unit > UINT32_MAX || count > ALARM_REPORTS_MAX || traits >> TRAIT_COUNT != 0) {
		w.bad = true;
		count = 0;
	}
	alarm->report_count = (uint32_t)count;
	for (uint32_t i = 0; i < alarm->report_count; i++) {
		alarm->reports[i] = wire_u64(&w);
	}
	if (!wire_done(&w)) {
		*alarm = (struct alarm){ 0 };
		return RESULT_DAMAGED;
	}
	return RESULT_OK;
}
