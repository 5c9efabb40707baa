/* reporters: how the word of each reporter fared, from the journal of a store, read in place; works beside a running daemon. */
#include "base/array.h"
#include "model/report.h"
#include "registry/registry.h"
#include "vouch/fares.h"
#include "vouch/store.h"
#include "vouch/table.h"

#include <inttypes.h>
#include <stdlib.h>

struct walk {
	struct registry *registry;
	struct fares *fares;
	uint64_t *reports; /* by reporter of the registry */
	uint32_t report_size;
	uint64_t total; /* records */
	uint64_t seen;  /* the last record */
	struct instant last;
	struct store_progress progress;
	struct fault fault;
};

/* What speaks against a sender, whoever says it. */
static bool
is_bad_news(enum signal s)
{
	return s == SIGNAL_COMPLAINT || s == SIGNAL_TRAP_PRISTINE || s == SIGNAL_TRAP_RECYCLED ||
	       s == SIGNAL_TRAP_TYPO || s == SIGNAL_BAD_URL || s == SIGNAL_COMPROMISED;
}

static void
count_report(struct walk *w, uint32_t reporter)
{
	w->reports = array_reach(w->reports, reporter, &w->report_size, sizeof(*w->reports));
	w->reports[reporter]++;
}

/* Once for the system of the first key that a member has: the others name the same mail. */
static void
see_observation(struct walk *w, uint32_t reporter, const struct observation *o, struct instant now)
{
	for (uint32_t k = 0; k < o->key_count && is_bad_news(o->signal); k++) {
		uint32_t source = registry_lookup(w->registry, o->keys[k]);

		if (source != REGISTRY_NONE) {
			fares_news(w->fares, reporter, registry_source(w->registry, source).system, o->count,
				   now);
			return;
		}
	}
}

static enum result
see_report(struct walk *w, const struct record *record)
{
	struct arena arena = { 0 };
	struct report report;
	enum result r = report_read(record->payload, &arena, &report);
	uint32_t reporter =
	    r == RESULT_OK ? registry_find(w->registry, THING_REPORTER, report.reporter) : REGISTRY_NONE;

	if (reporter != REGISTRY_NONE) {
		count_report(w, reporter);
		for (uint32_t i = 0; i < report.observation_count; i++) {
			see_observation(w, reporter, &report.observations[i], record->time);
		}
	}
	arena_clear(&arena);
	return r;
}

static enum result
see_record(struct walk *w, const struct record *record)
{
	struct case_change change;
	enum result r = RESULT_OK;

	w->last = record->time;
	store_progress(&w->progress, "reporters", record->seq, w->total);
	if (record->kind == RECORD_REGISTRY) {
		return registry_apply(w->registry, record->payload, NULL, NULL, &w->fault);
	}
	if (record->kind == RECORD_REPORT) {
		return see_report(w, record);
	}
	if (record->kind == RECORD_CASE) {
		r = case_change_read(record->payload, &change);
		if (r == RESULT_OK && change.number > 0) {
			fares_case(w->fares, change.number, change.system, change.status, change.opened);
		}
	}
	return r;
}

static enum result
see(void *context, const struct record *record)
{
	struct walk *w = context;
	enum result r = see_record(w, record);

	if (r == RESULT_OK) {
		w->seen = record->seq;
	}
	return r;
}

static json_t *
row_of(struct walk *w, uint32_t id)
{
	struct registry_reporter r = registry_reporter(w->registry, id);
	struct fare fare = fares_of(w->fares, id, w->last);
	json_t *row =
	    json_pack("{s:s%,s:s,s:s,s:I,s:i,s:i,s:i,s:i,s:i,s:i,s:f,s:f,s:f}", "reporter", r.id.p, r.id.n,
		      "kind", reporter_kind_name(r.kind), "trust", trust_name(r.trust), "reports",
		      (json_int_t)(id < w->report_size ? w->reports[id] : 0), "accusations",
		      (int)fare.accusations, "right", (int)fare.right, "wrong", (int)fare.wrong, "alone",
		      (int)fare.alone, "agreed", (int)fare.agreed, "waiting", (int)fare.waiting, "weight",
		      fare.weight, "low", fare.low, "high", fare.high);

	check(row != NULL);
	return row;
}

static void
print_rows(struct vouch *v, struct walk *w)
{
	static const struct table_column columns[] = {
		{ "reporter", "REPORTER" }, { "kind", "KIND" },     { "trust", "TRUST" },
		{ "reports", "REPORTS" },   { "right", "RIGHT" },   { "wrong", "WRONG" },
		{ "alone", "ALONE" },       { "agreed", "AGREED" }, { "waiting", "WAITING" },
		{ "weight", "WEIGHT" },     { "low", "FROM" },      { "high", "TO" },
	};
	json_t *rows = json_array();

	for (uint32_t i = 0; i < registry_count(w->registry, THING_REPORTER); i++) {
		if (!registry_item(w->registry, THING_REPORTER, i).removed) {
			check(json_array_append_new(rows, row_of(w, i)) == 0);
		}
	}
	if (vouch_has(v, FLAG_json)) {
		json_t *root = json_pack("{s:O}", "reporters", rows);

		check(root != NULL);
		vouch_print_json(root);
		json_decref(root);
	} else if (json_array_size(rows) == 0) {
		(void)puts("the programme has no reporter; vouch add and vouch import bring them");
	} else {
		table_print(stdout, rows, columns, countof(columns), v->colour);
	}
	json_decref(rows);
}

enum result
verb_reporters(struct vouch *v)
{
	struct walk w = { .registry = registry_open(),
			  .fares = fares_open(),
			  .progress.wanted = vouch_has(v, FLAG_progress) };
	struct journal_head head;
	struct journal *j = NULL;
	enum result r = store_open(v, JOURNAL_READ, &j);

	if (r == RESULT_OK) {
		r = journal_head(j, &head);
		w.total = head.seq;
		r = r == RESULT_OK ? journal_scan(j, &(struct journal_range){ 0 }, see, &w) : r;
		store_progress(&w.progress, "reporters", 0, 0);
		if (r == RESULT_OK) {
			print_rows(v, &w);
		} else {
			r = fault_set(&v->fault, r,
				      "the journal cannot be read behind record %" PRIu64 ": %s", w.seen,
				      w.fault.text[0] == '\0' ? result_sentence(r) : w.fault.text);
		}
		journal_close(j);
	}
	registry_close(w.registry);
	fares_close(w.fares);
	free(w.reports);
	return r;
}
