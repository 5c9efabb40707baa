/*
 * model/alarm.h - the detector's word that a source or system is taken over, with its explanation; also its form in the
 * journal. Pure.
 *
 * Evidence is counted in nats: ln of how much more likely the observations are if the unit is taken over. An alarm is
 * raised when `evidence_nats` reaches `limit_nats`; the limit follows from the operator's budget (detect/detect.h).
 */
#ifndef MODEL_ALARM_H
#define MODEL_ALARM_H

#include "base/instant.h"
#include "base/wire.h"

enum unit_kind {
#define UNIT(id, name, share, meaning) UNIT_##id,
#include "model/units.def"
#undef UNIT
	UNIT_KIND_COUNT
};

enum voice {
#define VOICE(id, name, share, meaning) VOICE_##id,
#include "model/voices.def"
#undef VOICE
	VOICE_COUNT
};

enum evidence {
#define EVIDENCE(id, name, meaning) EVIDENCE_##id,
#include "model/evidence.def"
#undef EVIDENCE
	EVIDENCE_COUNT
};

enum takeover {
#define TAKEOVER(id, name, words, signs) TAKEOVER_##id,
#include "model/takeovers.def"
#undef TAKEOVER
	TAKEOVER_COUNT
};

enum trait {
#define TRAIT(id, name, honest, declared, attack, meaning) TRAIT_##id,
#include "model/traits.def"
#undef TRAIT
	TRAIT_COUNT
};

const char *unit_kind_name(enum unit_kind kind);
const char *voice_name(enum voice voice);
const char *evidence_name(enum evidence evidence);
const char *trait_name(enum trait trait);
const char *trait_meaning(enum trait trait);
const char *takeover_name(enum takeover takeover);
const char *takeover_words(enum takeover takeover); /* "mail to the sender's own list" */

/* What one kind of evidence added since the evidence last stood at zero. */
struct alarm_evidence {
	uint64_t observed; /* counted */
	double expected;   /* of an honest sender, by the learnt baseline; >= 0 */
	double nats;       /* what it added; below zero when it spoke for the sender */
};

/* What the mail of one block (sent together: a campaign, some hours between campaigns) added, all kinds of evidence and content together. */
struct alarm_block {
	struct instant from;    /* its first mail */
	uint64_t delivered;     /* messages */
	double nats;            /* below zero when it spoke for the sender */
	uint64_t first_bad_seq; /* journal record of its first bad news; 0: none */
};
#define ALARM_BLOCKS_MAX 6U

#define ALARM_REPORTS_MAX 8U

struct alarm {
	enum unit_kind kind;
	uint32_t unit; /* id from detect_unit_add */
	enum voice voice;
	enum takeover takeover; /* the one that explains the observations best */
	struct instant at;      /* event time at which the limit was reached */
	double evidence_nats;   /* >= limit_nats */
	double limit_nats;
	struct alarm_evidence evidence[EVIDENCE_COUNT];
	/* what new templates added, less what mail that looks like the sender's own took back */
	double content_nats;
	uint32_t traits;      /* what they showed: bits of enum trait */
	struct instant began; /* the mail with which it most likely began */
	/* with a chance of 90 % it began in this time; from <= began <= to <= at */
	struct instant began_from, began_to;
	struct instant first_bad_at; /* the first bad observation since the evidence last stood at zero */
	uint64_t first_bad_seq;      /* its journal record */
	uint64_t delivered;          /* messages delivered from then on */
	/* 0..ALARM_BLOCKS_MAX; 0: of reporters that agree, or all of it lies further back */
	uint32_t block_count;
	/* oldest first, from the one with which it most likely began */
	struct alarm_block blocks[ALARM_BLOCKS_MAX];
	uint32_t report_count; /* 0..ALARM_REPORTS_MAX */
	/* journal records that contributed, oldest first: the first and the latest */
	uint64_t reports[ALARM_REPORTS_MAX];
};

/* Appends the journal form; equal alarms give equal bytes. Cost: O(1), below 520 bytes. */
void alarm_write(struct buffer *b, const struct alarm *alarm);

/* Reads it. Errors: RESULT_DAMAGED for anything that alarm_write cannot have written; *alarm is then empty. */
enum result alarm_read(struct text bytes, struct alarm *alarm) MUST_USE;

#endif
