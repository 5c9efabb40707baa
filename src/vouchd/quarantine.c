/*
 * vouchd/quarantine.c - the record is a JSON object: {"door", "name", "line", "field", "words", "format", "reporter", "proof", "raw"}
 * for what is set aside, {"of", "status"} for what became of it.
 */
#include "vouchd/quarantine.h"

#include "intake/intake.h"
#include "journal/journal.h"

#include <jansson.h>
#include <stdlib.h>

static json_t *
json_of(struct text t)
{
	json_t *j = json_stringn(t.p == NULL ? "" : t.p, t.n);

	/* Not UTF-8: what a person can read of it is enough here, the bytes are kept as they are. */
	return j != NULL ? j : json_string("(not UTF-8)");
}

static enum result
append(struct pipeline *p, json_t *root, uint64_t *seq, struct fault *fault)
{
	char *s = json_dumps(root, JSON_COMPACT);
	enum result r;

	check(s != NULL);
	r = pipeline_append(p, RECORD_QUARANTINE, text_of(s), seq, fault);
	free(s);
	json_decref(root);
	return r;
}

/* Same bytes, same words: the same entry, so that a resend does not fill the quarantine. */
static struct hash
entry_id(const struct quarantine_entry *e)
{
	const struct text parts[] = { TEXT("quarantine\n"), e->words, TEXT("\n"), e->bytes };

	return hash_of_parts(parts, countof(parts));
}

enum result
quarantine_put(struct pipeline *p, const struct quarantine_entry *e, bool *is_new, struct fault *fault)
{
	struct journal_tx *tx = pipeline_tx(p);
	struct hash id = entry_id(e);
	char raw_hex[HASH_HEX_BYTES], words[INTAKE_FAULT_BYTES];
	struct hash raw;
	uint64_t seq;
	enum result r = journal_seen(pipeline_journal(p), &id, &seq);

	*is_new = false;
	if (r != RESULT_NOT_FOUND) {
		return r == RESULT_OK
			   ? r
			   : fault_set(fault, r,
				       "entry %s: the journal cannot be read for whether it is there",
				       hash_hex(&id, raw_hex));
	}
	raw = journal_put_raw(tx, e->bytes);
	r = append(p,
		   json_pack("{s:o, s:o, s:I, s:o, s:o, s:o, s:o, s:o, s:s}", "door", json_of(e->door),
			     "name", json_of(e->name), "line", (json_int_t)e->line, "field",
			     json_of(e->field), "words", json_of(e->words), "format", json_of(e->format),
			     "reporter", json_of(e->reporter), "proof", json_of(e->proof), "raw",
			     hash_hex(&raw, raw_hex)),
		   &seq, fault);
	if (r != RESULT_OK) {
		return r;
	}
	journal_put_id(tx, &id, seq);
	journal_put_quarantine(
	    tx,
	    &(struct journal_quarantine){
		.id = seq,
		.seq = seq,
		.time = pipeline_now(p),
		.door = e->door,
		.name = e->name,
		.line = e->line,
		.error = text_of(intake_fault_format(
		    &(struct intake_fault){ .line = e->line, .field = e->field, .words = e->words }, words)),
		.status = TEXT("waiting"),
		.raw = raw,
		.bytes = e->bytes.n,
	    });
	*is_new = true;
	return RESULT_OK;
}

struct settling {
	struct pipeline *p;
	const char *status;
	uint64_t seq;
};

static enum result
settle_row(void *context, const struct journal_quarantine *row)
{
	struct settling *s = context;
	struct journal_quarantine changed = *row;

	changed.status = text_of(s->status);
	changed.seq = s->seq;
	journal_put_quarantine(pipeline_tx(s->p), &changed);
	return RESULT_OK;
}

enum result
quarantine_settle(struct pipeline *p, uint64_t id, const char *status, struct text actor, struct fault *fault)
{
	struct settling s = { .p = p, .status = status };
	enum result r = append(
	    p, json_pack("{s:I, s:s, s:o}", "of", (json_int_t)id, "status", status, "actor", json_of(actor)),
	    &s.seq, fault);

	if (r != RESULT_OK) {
		return r;
	}
	r = journal_scan_quarantine(pipeline_journal(p), id, settle_row, &s);
	return r == RESULT_OK
		   ? r
		   : fault_set(fault, r, "no such entry of the quarantine: %llu", (unsigned long long)id);
}

struct getting {
	struct arena *arena;
	struct quarantine_entry *entry;
	struct hash raw;
};

static struct text
keep(struct arena *a, struct text t)
{
	return (struct text){ text_copy(a, t), t.n };
}

static enum result
get_row(void *context, const struct journal_quarantine *row)
{
	struct getting *g = context;

	g->entry->door = keep(g->arena, row->door);
	g->entry->name = keep(g->arena, row->name);
	g->entry->line = row->line;
	g->raw = row->raw;
	return RESULT_OK;
}

/* Format, reporter and how it was known stand in the record only. */
static enum result
get_record(void *context, const struct record *record)
{
	struct getting *g = context;
	json_t *root = json_loadb(record->payload.p, record->payload.n, 0, NULL);
	const char *format = "", *reporter = "", *proof = "";

	if (root == NULL || json_unpack(root, "{s:s, s:s, s:s}", "format", &format, "reporter", &reporter,
					"proof", &proof) != 0) {
		json_decref(root);
		return RESULT_DAMAGED;
	}
	g->entry->format = keep(g->arena, text_of(format));
	g->entry->reporter = keep(g->arena, text_of(reporter));
	g->entry->proof = keep(g->arena, text_of(proof));
	json_decref(root);
	return RESULT_OK;
}

enum result
quarantine_get(struct pipeline *p, uint64_t id, struct arena *arena, struct quarantine_entry *entry,
	       struct fault *fault)
{
	struct journal *j = pipeline_journal(p);
	struct getting g = { .arena = arena, .entry = entry };
	struct buffer b;
	enum result r;

	*entry = (struct quarantine_entry){ .line = 0 };
	if (id == 0) {
		return fault_set(fault, RESULT_NOT_FOUND, "no such entry of the quarantine: 0");
	}
	r = journal_scan_quarantine(j, id, get_row, &g);
	if (r != RESULT_OK) {
		return fault_set(fault, r, "no such entry of the quarantine: %llu", (unsigned long long)id);
	}
	r = journal_scan(j, &(struct journal_range){ .from = id, .to = id }, get_record, &g);
	if (r == RESULT_OK) {
		buffer_init(&b, REPORT_BYTES_MAX);
		r = journal_get_raw(j, &g.raw, &b);
		entry->bytes = keep(arena, buffer_text(&b));
		buffer_free(&b);
	}
	return r == RESULT_OK ? r
			      : fault_set(fault, r, "entry %llu of the quarantine cannot be read",
					  (unsigned long long)id);
}
