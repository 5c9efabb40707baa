/* vouchd/reread.c - gathered on the writer's thread, read on the caller's, recorded on the writer's again. */
#include "vouchd/reread.h"

#include "journal/journal.h"

#include <inttypes.h>
#include <jansson.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>

static pthread_mutex_t one_at_a_time = PTHREAD_MUTEX_INITIALIZER;

/* ---- gathering */

struct gathering {
	struct reread *r;
	struct journal *journal;
	uint64_t seq; /* of the record that is looked at */
	bool is_full;
};

static enum result
gather_report(struct gathering *g, const struct record *record)
{
	struct reread *r = g->r;
	struct reread_report *e = &r->reports[r->count];
	struct buffer raw;
	enum result result;

	*e = (struct reread_report){ .number = 0 };
	result = told_read(g->journal, record, &r->arena, &e->told);
	if (result != RESULT_OK) {
		return result;
	}
	buffer_init(&raw, REPORT_BYTES_MAX);
	result = journal_get_raw(g->journal, &e->told.report.raw, &raw);
	e->raw = (struct text){ text_copy(&r->arena, buffer_text(&raw)), raw.n };
	r->bytes += raw.n + record->payload.n;
	buffer_free(&raw);
	r->count += result == RESULT_OK;
	return result;
}

/* A part of a document that was set aside stands behind its reports. */
static void
note_partial(struct reread *r, struct text payload)
{
	json_t *root = json_loadb(payload.p, payload.n, 0, NULL);
	const char *words = NULL, *format = "", *door = "";

	if (root != NULL &&
	    json_unpack(root, "{s:s, s:s, s:s}", "words", &words, "format", &format, "door", &door) == 0) {
		for (uint32_t i = r->count; i > 0; i--) {
			struct reread_report *e = &r->reports[i - 1];

			if (!hash_equal(&e->told.report.raw, &r->reports[r->count - 1].told.report.raw)) {
				break;
			}
			e->is_partial =
			    e->is_partial || (text_equal(e->told.report.format, text_of(format)) &&
					      text_equal(e->told.report.door, text_of(door)));
		}
	}
	json_decref(root);
}

static enum result
gather_record(void *context, const struct record *record)
{
	struct gathering *g = context;
	struct reread *r = g->r;

	g->seq = record->seq;
	if (record->kind == RECORD_QUARANTINE && r->count > 0) {
		note_partial(r, record->payload);
	}
	if (record->kind != RECORD_REPORT) {
		return RESULT_OK;
	}
	if (r->count == REREAD_REPORTS_MAX || r->bytes > REREAD_BYTES_MAX) {
		r->next = record->seq;
		g->is_full = true;
		return RESULT_BUSY; /* ends the walk */
	}
	return gather_report(g, record);
}

static void
gather_run(struct job *job, struct pipeline *p)
{
	struct reread *r = (struct reread *)job;
	struct gathering g = { .r = r, .journal = pipeline_journal(p), .seq = r->from };

	job->result = journal_scan(g.journal, &(struct journal_range){ .from = r->from }, gather_record, &g);
	if (g.is_full) {
		job->result = RESULT_OK;
	}
	if (job->result != RESULT_OK) {
		(void)fault_set(&job->fault, job->result,
				"record %" PRIu64 " or its document cannot be read: vouch verify tells more",
				g.seq);
	}
}

/* ---- reading */

/* What a trap hit counts as followed from the recipients, which are kept nowhere. */
static struct report
with_old_traps(const struct reread_report *e, const struct report *now, struct arena *arena)
{
	struct report same = *now;

	if (!text_equal(e->told.report.format, TEXT("sample")) || now->observation_count == 0) {
		return same;
	}
	same.observation_count = e->told.report.observation_count;
	same.observations = arena_get_array(arena, same.observation_count, sizeof *same.observations);
	for (uint32_t i = 0; i < same.observation_count; i++) {
		same.observations[i] = now->observations[0];
		same.observations[i].signal = e->told.report.observations[i].signal;
		same.observations[i].count = e->told.report.observations[i].count;
	}
	return same;
}

static void
read_again(struct reread *r, struct reread_report *e, struct directory *directory)
{
	struct intake_hint hint = { .format = INTAKE_AUTO,
				    .door = e->told.report.door,
				    .received = e->told.time,
				    .reporter = e->told.report.reporter,
				    .proof = e->told.report.proof,
				    .names_others = text_equal(e->told.report.door, TEXT("ingest")),
				    .first_line = 1 };
	struct directory_entry reporter;
	struct intake_result got;
	struct report now;
	enum result result;

	/* A mail may be of a format that was not known then. */
	if (intake_format_parse(e->told.report.format, &hint.format) != RESULT_OK ||
	    hint.format == INTAKE_ARF) {
		hint.format = INTAKE_AUTO;
	}
	if (directory_by_name(directory, hint.reporter, &reporter)) {
		directory_hint(directory, &reporter, &r->arena, &hint);
	}
	result = intake_read(e->raw, &hint, &r->arena, &got);
	if (e->told.is_withdrawn) {
		e->skipped = "it was withdrawn";
	} else if (e->is_partial) {
		e->skipped = "rows of it lie in quarantine";
	} else if (result != RESULT_OK || got.fault_count > 0) {
		e->skipped = "it cannot be read whole by itself";
	} else if (got.report_count > 1) {
		e->skipped = "it names several reporters";
	}
	if (e->skipped != NULL) {
		return;
	}
	now = got.report_count > 0 ? with_old_traps(e, &got.reports[0], &r->arena)
				   : (struct report){ .observation_count = 0 };
	e->is_changed = told_differs(&e->told, &now, &r->arena, &e->correction);
}

/* ---- recording */

static void
record_run(struct job *job, struct pipeline *p)
{
	struct reread *r = (struct reread *)job;

	job->result = RESULT_OK;
	for (uint32_t i = 0; i < r->count && job->result == RESULT_OK; i++) {
		struct reread_report *e = &r->reports[i];
		struct hash id = told_correction_id(e->told.seq, e->told.correction_count);
		struct buffer b;

		if (!e->is_changed) {
			continue;
		}
		e->correction.actor = r->actor;
		e->correction.reason = r->reason;
		buffer_init(&b, RECORD_BYTES_MAX);
		correction_write(&b, &e->correction);
		job->result =
		    b.full
			? fault_set(&job->fault, RESULT_TOO_LARGE,
				    "the correction of record %" PRIu64 " does not fit a record", e->told.seq)
			: pipeline_append(p, RECORD_CORRECTION, buffer_text(&b), &e->number, &job->fault);
		buffer_free(&b);
		if (job->result == RESULT_OK) {
			journal_put_id(pipeline_tx(p), &id, e->number);
		}
	}
}

static enum result
call(struct reread *r, struct pipeline *p, void (*run)(struct job *job, struct pipeline *p), bool writes,
     struct fault *fault)
{
	enum result result;

	r->job = (struct job){ .run = run, .writes = writes, .weight = 1 };
	result = pipeline_call(p, &r->job);
	return result == RESULT_OK ? RESULT_OK : fault_set(fault, result, "%s", r->job.fault.text);
}

static enum result
run_alone(struct reread *r, struct pipeline *p, struct directory *directory, bool apply, struct fault *fault)
{
	enum result result = call(r, p, gather_run, false, fault);
	uint32_t changed = 0;

	for (uint32_t i = 0; i < r->count && result == RESULT_OK; i++) {
		read_again(r, &r->reports[i], directory);
		changed += r->reports[i].is_changed;
	}
	return result == RESULT_OK && changed > 0 && apply ? call(r, p, record_run, true, fault) : result;
}

enum result
reread_run(struct reread *r, struct pipeline *p, struct directory *directory, bool apply, struct fault *fault)
{
	enum result result;

	check(!apply || (r->actor.n > 0 && r->reason.n > 0));
	if (pthread_mutex_trylock(&one_at_a_time) != 0) {
		return fault_set(fault, RESULT_BUSY, "documents are being read again already");
	}
	r->next = 0;
	r->count = 0;
	r->reports = arena_get_array(&r->arena, REREAD_REPORTS_MAX, sizeof *r->reports);
	result = run_alone(r, p, directory, apply, fault);
	check(pthread_mutex_unlock(&one_at_a_time) == 0);
	return result;
}

void
reread_clear(struct reread *r)
{
	arena_clear(&r->arena);
}
