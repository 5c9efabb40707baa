/* The part of journal_verify that needs no knowledge of the store: the chain, and that each report has its id and raw document. */
#include "journal/journal_int.h"

#include "model/report.h"

#include <stdarg.h>
#include <stdio.h>

#define PROGRESS_RECORDS 8192U

struct journal_audit {
	const struct journal_auditor *auditor;
	struct journal *journal;
	struct journal_head head; /* what the store says is the last record */
	struct journal_head at;   /* the last record walked over */
	bool found;
};

void
journal_audit_found(struct journal_audit *audit, const char *table, uint64_t row, const char *format, ...)
{
	struct journal_finding finding = { .table = table, .row = row };
	va_list args;

	va_start(args, format);
	(void)vsnprintf(finding.why.text, sizeof finding.why.text, format, args);
	va_end(args);
	audit->found = true;
	if (audit->auditor->found != NULL) {
		audit->auditor->found(audit->auditor->context, &finding);
	}
}

static enum result
verify_report(struct journal_audit *audit, const struct record *record)
{
	struct arena arena = { 0 };
	struct report report;
	uint64_t seq = 0;
	enum result r = report_read(record->payload, &arena, &report);

	arena_clear(&arena);
	if (r != RESULT_OK) {
		journal_audit_found(audit, "records", record->seq, "its payload is no report");
		return RESULT_OK;
	}
	r = audit->journal->ops->find_id(audit->journal, &report.id, &seq);
	if (r == RESULT_NOT_FOUND || (r == RESULT_OK && seq != record->seq)) {
		journal_audit_found(audit, "records", record->seq, "its report id leads to record %llu",
				    (unsigned long long)seq);
		r = RESULT_OK;
	}
	if (r == RESULT_OK) {
		r = audit->journal->ops->find_raw(audit->journal, &report.raw);
	}
	if (r == RESULT_NOT_FOUND) {
		journal_audit_found(audit, "records", record->seq, "its raw document is not there");
		r = RESULT_OK;
	}
	return r;
}

static enum result
verify_record(void *context, const struct record *record)
{
	struct journal_audit *audit = context;
	uint64_t expected = audit->at.seq + 1;
	bool sound = false;
	struct hash hash;

	if (record->seq != expected) {
		journal_audit_found(audit, "records", expected, "missing; the next one is %llu",
				    (unsigned long long)record->seq);
	} else if (!hash_equal(&record->previous, &audit->at.hash)) {
		journal_audit_found(audit, "records", record->seq, "does not follow from the record before");
	}
	hash = record->kind < RECORD_COUNT ? record_hash(record) : (struct hash){ 0 };
	if (record->kind >= RECORD_COUNT) {
		journal_audit_found(audit, "records", record->seq, "of a kind that does not exist");
	} else if (!hash_equal(&hash, &record->hash)) {
		journal_audit_found(audit, "records", record->seq, "its content does not have its hash");
	} else {
		sound = true;
	}
	audit->at = (struct journal_head){ .seq = record->seq, .time = record->time, .hash = record->hash };
	if (record->seq % PROGRESS_RECORDS == 0 && audit->auditor->progress != NULL) {
		audit->auditor->progress(audit->auditor->context, record->seq, audit->head.seq);
	}
	return sound && record->kind == RECORD_REPORT ? verify_report(audit, record) : RESULT_OK;
}

static enum result
verify_chain(struct journal_audit *audit)
{
	const struct journal_range all = { 0 };
	enum result r = audit->journal->ops->head(audit->journal, &audit->head);

	if (r == RESULT_DAMAGED) {
		journal_audit_found(audit, "head", 0, "cannot be read");
	} else if (r != RESULT_OK) {
		return r;
	}
	r = audit->journal->ops->scan(audit->journal, NULL, &all, verify_record, audit);
	if (r == RESULT_DAMAGED) {
		journal_audit_found(audit, "records", audit->at.seq + 1, "cannot be read");
		r = RESULT_OK;
	} else if (r == RESULT_OK &&
		   (audit->at.seq != audit->head.seq || audit->at.time.ms != audit->head.time.ms ||
		    !hash_equal(&audit->at.hash, &audit->head.hash))) {
		journal_audit_found(audit, "head", 0,
				    "says record %llu is the last one; the chain ends with %llu%s",
				    (unsigned long long)audit->head.seq, (unsigned long long)audit->at.seq,
				    audit->at.seq == audit->head.seq ? ", another one" : "");
	}
	if (audit->auditor->progress != NULL) {
		audit->auditor->progress(audit->auditor->context, audit->at.seq, audit->head.seq);
	}
	return r;
}

enum result
journal_verify(struct journal *j, const struct journal_auditor *auditor)
{
	struct journal_audit audit = { .auditor = auditor, .journal = j };
	enum result r = j->ops->pin(j);

	if (r != RESULT_OK) {
		return r;
	}
	r = verify_chain(&audit);
	if (r == RESULT_OK) {
		r = j->ops->verify(j, &audit);
	}
	j->ops->unpin(j);
	return r == RESULT_OK && audit.found ? RESULT_DAMAGED : r;
}
