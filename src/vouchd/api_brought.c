/*
 * vouchd/api_brought.c - what single reports brought to an alarm. Of a kind of bad news the alarm has the nats of all that was counted of it; a report has
 * of them what it has of the counts. So the parts of all reports are the whole, and those that an alarm names, the first and the latest,
 * are a part of it.
 */
#include "vouchd/api_int.h"

#include "journal/journal.h"
#include "model/report.h"

#include <inttypes.h>

#define TOLD_MAX 3U
#define LEAST    0.1 /* of the one that brought most: a report that brought less is not worth a line */

struct brought {
	const struct fold *f;
	const struct alarm *alarm;
	json_t *reports;
};

static void
add_report(struct brought *b, uint64_t seq, const struct report *report)
{
	uint64_t counts[EVIDENCE_COUNT] = { 0 };
	json_t *named = json_object();
	double nats = 0;

	for (uint32_t i = 0; i < report->observation_count; i++) {
		const struct observation *o = &report->observations[i];
		int e = detect_evidence_of(o->signal);

		if (e >= 0 && api_alarm_system(b->f, b->alarm, o) != REGISTRY_NONE) {
			counts[e] += o->count;
		}
	}
	for (int e = 0; e < EVIDENCE_COUNT; e++) {
		const struct alarm_evidence *all = &b->alarm->evidence[e];

		if (counts[e] > 0) {
			json_object_set_new(named, evidence_name((enum evidence)e),
					    json_integer((json_int_t)counts[e]));
		}
		if (all->observed > 0) { /* what is about mail before it began is no part of it */
			uint64_t count = counts[e] < all->observed ? counts[e] : all->observed;

			nats += all->nats * (double)count / (double)all->observed;
		}
	}
	json_array_append_new(b->reports, json_pack("{s:I, s:o, s:o, s:o, s:f}", "seq", (json_int_t)seq,
						    "reporter", api_text(report->reporter), "format",
						    api_text(report->format), "counts", named, "nats", nats));
}

static enum result
visit(void *context, const struct record *record)
{
	struct brought *b = context;
	struct arena arena = { 0 };
	struct report report;

	if (record->kind == RECORD_REPORT && report_read(record->payload, &arena, &report) == RESULT_OK) {
		add_report(b, record->seq, &report);
	}
	arena_clear(&arena);
	return RESULT_OK;
}

json_t *
api_brought_of(struct journal *j, const struct fold *f, const struct alarm *alarm)
{
	struct brought b = { f, alarm, json_array() };

	for (uint32_t i = 0; i < alarm->report_count; i++) {
		const struct journal_range one = { .from = alarm->reports[i], .to = alarm->reports[i] };

		if (journal_scan(j, &one, visit, &b) != RESULT_OK) {
			break; /* what can be read of the journal is told elsewhere */
		}
	}
	return b.reports;
}

static double
nats_of(const json_t *report)
{
	return json_number_value(json_object_get(report, "nats"));
}

/* The one of those not told yet that brought most, at the same nats the first. NULL: none is left that speaks for a takeover. */
static const json_t *
heaviest(const json_t *reports, const json_t *told[], size_t count)
{
	const json_t *best = NULL, *one;
	size_t i;

	json_array_foreach(reports, i, one)
	{
		bool is_told = false;

		for (size_t t = 0; t < count; t++) {
			is_told = is_told || told[t] == one;
		}
		if (!is_told && nats_of(one) > (best == NULL ? 0 : nats_of(best))) {
			best = one;
		}
	}
	return best;
}

static void
put_counts(const json_t *counts, struct buffer *lines)
{
	const char *before = ": ";

	for (int e = 0; e < EVIDENCE_COUNT; e++) {
		const json_t *count = json_object_get(counts, evidence_name((enum evidence)e));

		if (count != NULL) {
			buffer_format(lines, "%s%s %" PRIu64, before, decide_evidence_words(e),
				      (uint64_t)json_integer_value(count));
			before = ", ";
		}
	}
	buffer_format(lines, "\n");
}

void
api_explain_brought(struct journal *j, const struct fold *f, const struct alarm *alarm, struct buffer *lines)
{
	json_t *reports = api_brought_of(j, f, alarm);
	const json_t *told[TOLD_MAX];

	for (size_t n = 0; n < TOLD_MAX; n++) {
		const char *reporter;

		told[n] = heaviest(reports, told, n);
		if (told[n] == NULL || nats_of(told[n]) < LEAST * nats_of(told[0])) {
			break;
		}
		if (n == 0) {
			buffer_format(lines, "Of the reports that it names these brought most:\n");
		}
		reporter = json_string_value(json_object_get(told[n], "reporter"));
		buffer_format(lines, "  report %" PRIu64 " of %s",
			      (uint64_t)json_integer_value(json_object_get(told[n], "seq")), reporter);
		put_counts(json_object_get(told[n], "counts"), lines);
	}
	json_decref(reports);
}
