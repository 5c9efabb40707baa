/*
 * decide/words.c - the reason of an alarm, and the words of its numbers. All numbers are put into words with integers, so that
 * the reason in the journal is the same on every machine.
 */
#include "decide/decide_int.h"

#include "base/limits.h"
#include "base/number.h"

#include <inttypes.h>
#include <string.h>

#define TAIL_BYTES 32U /* of what follows the looks */

static const char *const plurals[] = {
	[EVIDENCE_COMPLAINT] = "complaints",
	[EVIDENCE_UNKNOWN_USER] = "unknown users",
	[EVIDENCE_TRAP] = "trap hits",
	[EVIDENCE_TRAP_TYPO] = "hits on traps at mistyped domains",
};
_Static_assert(countof(plurals) == EVIDENCE_COUNT, "each kind of evidence has its words");

/* Short, since a reason is one line of a table. */
static const char *const looks[] = {
	[TRAIT_LINK_NEW] = "an undeclared link",   [TRAIT_LINK_YOUNG] = "a fresh link",
	[TRAIT_LURE] = "a lure to sign in or pay", [TRAIT_FROM_NEW] = "an undeclared From",
	[TRAIT_ATTACHMENT] = "an attachment",      [TRAIT_ELSEWHERE] = "another member's template",
	[TRAIT_BAD_URL] = "a blocklisted link",    [TRAIT_LOOKALIKE] = "a look-alike name",
};
_Static_assert(countof(looks) == TRAIT_COUNT, "each trait has its words");

const char *
decide_evidence_words(int evidence)
{
	return plurals[evidence];
}

void
decide_put_when(struct buffer *b, struct instant t)
{
	char text[INSTANT_BYTES];

	instant_format(t, text);
	buffer_format(b, "%.10s %.5s", text, text + 11);
}

void
decide_put_expected(struct buffer *b, double v)
{
	uint64_t tenths = v < 1e15 ? (uint64_t)(v * 10 + 0.5) : (uint64_t)1e16;

	if (v > 0 && tenths == 0) {
		buffer_format(b, "less than 0.1");
	} else if (tenths < 1000) {
		buffer_format(b, "%" PRIu64 ".%" PRIu64, tenths / 10, tenths % 10);
	} else {
		buffer_format(b, "%" PRIu64, (tenths + 5) / 10);
	}
}

void
decide_put_times(struct buffer *b, double nats)
{
	uint64_t times, step = 1;

	if (nats > 13.8) {
		buffer_format(b, "more than a million times");
		return;
	}
	times = nats > 0 ? (uint64_t)(number_exp(nats) + 0.5) : 1;
	while (times / step >= 100) {
		step *= 10;
	}
	buffer_format(b, "about %" PRIu64 " times", (times + step / 2) / step * step);
}

int
decide_heaviest(const struct alarm *alarm, int order[EVIDENCE_COUNT])
{
	int n = 0;

	for (int i = 0; i < EVIDENCE_COUNT; i++) {
		int at = n;

		if (alarm->evidence[i].observed == 0 || !(alarm->evidence[i].nats > 0)) {
			continue;
		}
		for (; at > 0 && alarm->evidence[order[at - 1]].nats < alarm->evidence[i].nats; at--) {
			order[at] = order[at - 1];
		}
		order[at] = i;
		n++;
	}
	return n;
}

/* What its new messages showed, as far as there is room for it. */
static int
put_traits(struct buffer *b, const struct alarm *alarm, bool more)
{
	const char *before = more ? ", new messages with " : " new messages with ";
	int n = 0;

	for (int t = 0; t < TRAIT_COUNT; t++) {
		if ((alarm->traits >> t & 1) == 0 ||
		    b->n + strlen(before) + strlen(looks[t]) + TAIL_BYTES > WORDS_BYTES_MAX) {
			continue;
		}
		buffer_format(b, "%s%s", before, looks[t]);
		before = ", ";
		n++;
	}
	return n;
}

void
decide_alarm_words(const struct alarm *alarm, struct buffer *b)
{
	int order[EVIDENCE_COUNT], n = decide_heaviest(alarm, order);

	buffer_format(b, "a takeover is suspected (%s):", takeover_words(alarm->takeover));
	for (int i = 0; i < n; i++) {
		const struct alarm_evidence *e = &alarm->evidence[order[i]];

		buffer_format(b, "%s %s %" PRIu64 " against ", i == 0 ? "" : ",", plurals[order[i]],
			      e->observed);
		decide_put_expected(b, e->expected);
		buffer_format(b, " expected");
	}
	if (alarm->content_nats > 0) {
		n += put_traits(b, alarm, n > 0);
	}
	buffer_format(b, "%s since ", n == 0 ? " the sum of small signs" : "");
	decide_put_when(b, alarm->first_bad_at);
	buffer_format(b, " UTC");
	check(!b->full);
}

void
decide_threshold_words(const struct compliance_metric *metric, struct buffer *b)
{
	if (threshold_measure(metric->threshold) == MEASURE_SILENCE) {
		buffer_put_text(b, TEXT("it is not in use: "));
	} else {
		buffer_put_text(b, TEXT("a threshold is crossed: "));
	}
	compliance_words(metric, false, b);
	check(!b->full);
}
