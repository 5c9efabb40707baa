/* vouchd/take.c - reports are recorded once, what could not be read is set aside once, and both are counted. */
#include "vouchd/take.h"

#include "base/counters.h"
#include "base/log.h"
#include "journal/journal.h"
#include "vouchd/canary.h"
#include "vouchd/quarantine.h"
#include "vouchd/seen.h"

#include <inttypes.h>
#include <string.h>

/* One more document of this reporter; false when it has had its share of the day. */
static bool
take_quota(struct take *t, struct pipeline *p, struct text reporter)
{
	if (t->is_own || pipeline_quota(p, reporter)) {
		return true;
	}
	t->over_quota++;
	t->job.result = fault_set(&t->job.fault, RESULT_QUOTA, "%s", result_sentence(RESULT_QUOTA));
	return false;
}

static void
take_report(struct take *t, struct pipeline *p, struct report *report, struct hash *raw)
{
	struct journal_tx *tx = pipeline_tx(p);
	char hex[HASH_HEX_BYTES];
	struct buffer b;
	uint64_t seq;
	enum result r = journal_seen(pipeline_journal(p), &report->id, &seq);

	if (r == RESULT_OK) {
		t->duplicate++;
		t->number = t->number == 0 ? seq : t->number;
		return;
	}
	if (r != RESULT_NOT_FOUND) {
		t->job.result = fault_set(&t->job.fault, r,
					  "report %s: the journal cannot be read for whether it is there",
					  hash_hex(&report->id, hex));
		return;
	}
	if (!take_quota(t, p, report->reporter)) {
		return;
	}
	if (t->accepted == 0) { /* what is refused, or was there before, takes no room on the disk */
		*raw = journal_put_raw(tx, t->raw);
	}
	report->raw = *raw;
	buffer_init(&b, RECORD_BYTES_MAX);
	report_write(&b, report);
	if (b.full) {
		t->job.result =
		    fault_set(&t->job.fault, RESULT_TOO_LARGE, "the report does not fit a record");
	} else {
		t->job.result = pipeline_append(p, RECORD_REPORT, buffer_text(&b), &seq, &t->job.fault);
	}
	buffer_free(&b);
	if (t->job.result == RESULT_OK) {
		journal_put_id(tx, &report->id, seq);
		t->accepted++;
		if (t->answer.to.n > 0 && t->accepted == 1) {
			acknowledge_put(p, &t->answer, seq, report);
		}
		t->number = t->number == 0 ? seq : t->number;
		t->observations += report->observation_count;
		t->unknown += fold_unknown(pipeline_fold(p));
		seen_note(pipeline_seen(p), fold_registry(pipeline_fold(p)), report, pipeline_now(p));
		t->job.result = canary_follow(p, seq, report, &t->read, &t->exposed, &t->job.fault);
	}
}

static void
take_fault(struct take *t, struct pipeline *p, const struct intake_fault *fault)
{
	bool is_new = false;

	if (t->is_retry) {
		return; /* it stays where it is */
	}
	t->job.result = quarantine_put(
	    p,
	    &(struct quarantine_entry){
		.door = t->read.report_count > 0 ? t->read.reports[0].door : t->door_name,
		.name = t->name,
		.line = fault->line,
		.field = fault->field,
		.words = fault->words,
		.bytes = fault->bytes,
		.format = t->read.format == INTAKE_AUTO ? (struct text){ "", 0 }
							: text_of(intake_format_name(t->read.format)),
		.reporter = t->reporter,
		.proof = t->proof,
	    },
	    &is_new, &t->job.fault);
	if (t->job.result == RESULT_OK) {
		t->quarantined += is_new;
		t->duplicate += !is_new;
	}
}

static void
take_run(struct job *job, struct pipeline *p)
{
	struct take *t = (struct take *)job;
	struct hash raw = { { 0 } };

	t->accepted = t->duplicate = t->quarantined = t->over_quota = 0;
	t->number = 0;
	t->observations = t->unknown = 0;
	t->exposed = 0;
	t->job.result = RESULT_OK;
	for (uint32_t i = 0; i < t->read.report_count && t->job.result == RESULT_OK; i++) {
		take_report(t, p, &t->read.reports[i], &raw);
	}
	if (t->read.report_count == 0 && t->read.fault_count > 0 && !t->is_retry &&
	    !take_quota(t, p, t->reporter)) {
		return; /* what cannot be read fills the disk as well as what can */
	}
	for (uint32_t i = 0; i < t->read.fault_count && t->job.result == RESULT_OK; i++) {
		take_fault(t, p, &t->read.faults[i]);
	}
	if (t->is_retry && t->job.result == RESULT_OK) {
		t->job.result = t->read.fault_count == 0
				    ? quarantine_settle(p, t->retry_of, "read", t->retry_by, &t->job.fault)
				    : fault_set(&t->job.fault, RESULT_BAD_INPUT, "still unreadable: %.*s",
						TEXT_ARG(t->read.faults[0].words));
	}
}

static struct text
keep(struct arena *a, struct text t)
{
	return (struct text){ text_copy(a, t), t.n };
}

void
take_read(struct take *t, struct text raw, const struct intake_hint *hint)
{
	struct intake_hint kept = *hint;
	uint32_t observations = 0;
	enum result r;

	t->raw = keep(&t->arena, raw);
	t->name = keep(&t->arena, t->name);
	t->reporter = kept.reporter = keep(&t->arena, hint->reporter);
	t->is_own = hint->names_others;
	t->door_name = kept.door = keep(&t->arena, hint->door);
	kept.header = keep(&t->arena, hint->header);
	t->proof = kept.proof = keep(&t->arena, hint->proof);
	r = intake_read(t->raw, &kept, &t->arena, &t->read);
	check(r == RESULT_OK || t->read.fault_count > 0);
	for (uint32_t i = 0; i < t->read.report_count; i++) {
		observations += t->read.reports[i].observation_count;
	}
	t->job.run = take_run;
	t->job.writes = true;
	t->job.weight = observations + 1;
}

void
take_settle(const struct take *t)
{
	char name[LOG_QUOTE_BYTES], words[LOG_QUOTE_BYTES], why[INTAKE_FAULT_BYTES];

	counter_add(COUNTER_REPORTS_OVER_QUOTA, t->over_quota);
	if (t->job.result != RESULT_OK) {
		return;
	}
	counter_add(COUNTER_REPORTS_ACCEPTED, t->accepted);
	counter_add(COUNTER_REPORTS_DUPLICATE, t->duplicate);
	counter_add(COUNTER_REPORTS_QUARANTINED, t->quarantined);
	counter_add(COUNTER_OBSERVATIONS_ACCEPTED, t->observations);
	counter_add(COUNTER_OBSERVATIONS_UNKNOWN_SOURCE, t->unknown);
	if (t->exposed > 0) {
		log_event(LOG_WARN, "exposed", "members=%" PRIu32 " report=%" PRIu64, t->exposed, t->number);
	}
	if (t->quarantined > 0) {
		log_event(LOG_WARN, "quarantined", "door=%.*s name=%s pieces=%" PRIu32 " first=%s",
			  TEXT_ARG(t->door_name), log_quote(t->name, name), t->quarantined,
			  log_quote(text_of(intake_fault_format(&t->read.faults[0], why)), words));
	}
}

void
take_clear(struct take *t)
{
	arena_clear(&t->arena);
}
