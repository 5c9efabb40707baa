/* vouchd/canary.c - whose canary got mail, and whether it was mail from elsewhere. */
#include "vouchd/canary.h"

#include "model/trap.h"
#include "vouchd/command.h"

#include <inttypes.h>
#include <stdio.h>

/* The member that the most exact entry of all networks names. */
static uint32_t
member_of(const struct registry *r, struct text address)
{
	struct text best_member = { "", 0 };
	uint32_t best = 0;

	for (uint32_t i = 0; i < registry_count(r, THING_REPORTER); i++) {
		struct registry_reporter network = registry_reporter(r, i);
		struct text member;
		uint32_t exact = trap_member(network.traps, address, &member);

		if (exact > best) {
			best = exact;
			best_member = member;
		}
	}
	return best_member.n > 0 ? registry_find(r, THING_MEMBER, best_member) : REGISTRY_NONE;
}

/* Is the mail from a source of the member, by any of its keys? */
static bool
is_own(const struct registry *r, const struct report *report, uint32_t member)
{
	for (uint32_t i = 0; i < report->observation_count; i++) {
		const struct observation *o = &report->observations[i];

		for (uint32_t k = 0; k < o->key_count; k++) {
			uint32_t id = registry_lookup(r, o->keys[k]);

			if (id != REGISTRY_NONE && registry_source(r, id).member == member) {
				return true;
			}
		}
	}
	return false;
}

/* Is a system of the member not under exposure since less than a day? What was said already shows in how long it holds. */
static bool
is_due(const struct fold *f, uint32_t member, struct instant now)
{
	const struct registry *r = fold_registry(f);
	int64_t recent = now.ms + threat_span(THREAT_EXPOSURE).ms - SPAN_DAY.ms;

	for (uint32_t i = 0; i < registry_count(r, THING_SYSTEM); i++) {
		struct registry_item system = registry_item(r, THING_SYSTEM, i);
		struct detect_view v;

		if (system.removed || system.parent != member) {
			continue;
		}
		detect_unit_view(fold_detect(f), fold_unit(f, UNIT_SYSTEM, i), &v);
		if (v.threat < threat_factor(THREAT_EXPOSURE) || v.threat_until.ms <= recent) {
			return true;
		}
	}
	return false;
}

uint32_t
canary_exposes(const struct fold *f, const struct report *report, struct text recipient, struct instant now)
{
	const struct registry *r = fold_registry(f);
	uint32_t member;

	if (report->observation_count == 0 || !registry_trusts(r, report->reporter)) {
		return REGISTRY_NONE;
	}
	member = member_of(r, recipient);
	return member != REGISTRY_NONE && !is_own(r, report, member) && is_due(f, member, now)
		   ? member
		   : REGISTRY_NONE;
}

/* The record is that of a person who says so; the address is named nowhere, or whoever learnt it would mail around it. */
static enum result
expose(struct pipeline *p, uint32_t member, uint64_t seq, const struct report *report, struct fault *fault)
{
	struct command c = { .is_threat = true,
			     .threat = THREAT_EXPOSURE,
			     .name =
				 registry_item(fold_registry(pipeline_fold(p)), THING_MEMBER, member).name,
			     .decide = { .subject = DECIDE_MEMBER,
					 .id = member,
					 .role = ACTOR_OPERATOR,
					 .actor = TEXT("canary") } };
	char reason[WORDS_BYTES_MAX + 1];
	struct buffer b;
	uint64_t number;
	enum result r;

	(void)snprintf(reason, sizeof reason,
		       "mail from %.*s came to an address that stands in its lists alone (report %" PRIu64
		       ")",
		       TEXT_ARG(report->observations[0].keys[0]), seq);
	c.decide.reason = text_of(reason);
	buffer_init(&b, RECORD_BYTES_MAX);
	command_write(&b, &c);
	r = pipeline_append(p, RECORD_COMMAND, buffer_text(&b), &number, fault);
	buffer_free(&b);
	return r;
}

enum result
canary_follow(struct pipeline *p, uint64_t seq, const struct report *report, const struct intake_result *read,
	      uint32_t *count, struct fault *fault)
{
	enum result r = RESULT_OK;

	for (uint32_t i = 0; i < read->recipient_count && r == RESULT_OK; i++) {
		uint32_t member =
		    canary_exposes(pipeline_fold(p), report, read->recipients[i], pipeline_now(p));

		if (member != REGISTRY_NONE) {
			r = expose(p, member, seq, report, fault);
			*count += r == RESULT_OK;
		}
	}
	return r;
}
