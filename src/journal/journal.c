#include "journal/journal_int.h"

#include "base/counters.h"
#include "base/limits.h"

#include <stdint.h>

/* The first error sticks; what the implementation did not explain is explained by the result. */
static void
tx_note(struct journal_tx *tx, enum result r, const char *doing)
{
	if (r != RESULT_OK) {
		tx->result = fault_set(&tx->fault, r, "journal: %s: %s", doing, result_sentence(r));
	}
}

/* Shall the call do its work? Asserts what the caller promised. */
static bool
tx_goes_on(const struct journal_tx *tx)
{
	check(tx->journal != NULL && tx->journal->in_tx);
	return tx->result == RESULT_OK;
}

void
journal_close(struct journal *j)
{
	if (j != NULL) {
		if (j->in_tx) {
			j->ops->rollback(j);
		}
		j->ops->close(j);
	}
}

enum result
journal_head(struct journal *j, struct journal_head *head)
{
	*head = (struct journal_head){ 0 };
	return j->ops->head(j, head);
}

struct journal_tx
journal_begin(struct journal *j)
{
	struct journal_tx tx = { .journal = j, .result = RESULT_OK, .head = j->head };

	check(j->writable && !j->in_tx);
	j->in_tx = true;
	tx_note(&tx, j->ops->begin(j, &tx.fault), "begin");
	return tx;
}

void
journal_rollback(struct journal_tx *tx)
{
	struct journal *j = tx->journal;

	check(j != NULL && j->in_tx);
	j->ops->rollback(j);
	j->in_tx = false;
	tx->journal = NULL;
}

enum result
journal_commit(struct journal_tx *tx)
{
	struct journal *j = tx->journal;

	if (tx_goes_on(tx)) {
		tx_note(tx, j->ops->commit(j, &tx->head, &tx->fault), "commit");
	}
	if (tx->result != RESULT_OK) {
		counter_add(COUNTER_JOURNAL_COMMIT_FAILURES, 1);
		journal_rollback(tx);
		return tx->result;
	}
	counter_add(COUNTER_JOURNAL_COMMITS, 1);
	counter_add(COUNTER_JOURNAL_RECORDS, tx->head.seq - j->head.seq);
	j->head = tx->head;
	j->in_tx = false;
	tx->journal = NULL;
	return RESULT_OK;
}

uint64_t
journal_append(struct journal_tx *tx, enum record_kind kind, struct instant time, struct text payload)
{
	struct record record = { .seq = tx->head.seq + 1,
				 .time = time,
				 .kind = kind,
				 .payload = payload,
				 .previous = tx->head.hash };

	if (!tx_goes_on(tx)) {
		return 0;
	}
	if (payload.n > RECORD_BYTES_MAX) {
		tx->result = fault_set(&tx->fault, RESULT_TOO_LARGE,
				       "journal: a record of %zu bytes; at most %d are stored", payload.n,
				       RECORD_BYTES_MAX);
		return 0;
	}
	record.hash = record_hash(&record);
	tx_note(tx, tx->journal->ops->put_record(tx->journal, &record, &tx->fault), "append");
	if (tx->result != RESULT_OK) {
		return 0;
	}
	tx->head = (struct journal_head){ .seq = record.seq, .time = time, .hash = record.hash };
	return record.seq;
}

void
journal_put_id(struct journal_tx *tx, const struct hash *id, uint64_t seq)
{
	if (tx_goes_on(tx)) {
		check(seq >= 1 && seq <= tx->head.seq);
		tx_note(tx, tx->journal->ops->put_id(tx->journal, id, seq, &tx->fault), "a report id");
	}
}

void
journal_put_touch(struct journal_tx *tx, uint32_t source, uint64_t seq)
{
	if (tx_goes_on(tx)) {
		check(seq >= 1 && seq <= tx->head.seq);
		tx_note(tx, tx->journal->ops->put_touch(tx->journal, source, seq, &tx->fault), "a touch");
	}
}

struct hash
journal_put_raw(struct journal_tx *tx, struct text bytes)
{
	struct hash hash = hash_of(bytes.p, bytes.n);

	if (tx_goes_on(tx) && bytes.n > REPORT_BYTES_MAX) {
		tx->result = fault_set(&tx->fault, RESULT_TOO_LARGE,
				       "journal: a raw document of %zu bytes; at most %d are stored", bytes.n,
				       REPORT_BYTES_MAX);
	}
	if (tx->result == RESULT_OK) {
		tx_note(tx, tx->journal->ops->put_raw(tx->journal, &hash, bytes, &tx->fault),
			"a raw document");
	}
	return hash;
}

void
journal_put_snapshot(struct journal_tx *tx, uint64_t seq, struct text bytes)
{
	if (tx_goes_on(tx)) {
		check(seq >= 1 && seq <= tx->head.seq);
		tx_note(tx, tx->journal->ops->put_snapshot(tx->journal, seq, bytes, &tx->fault),
			"a snapshot");
	}
}

/* ---- rows for people */

static void
put_row(struct journal_tx *tx, enum journal_table table, const struct journal_cell *cells, const char *what)
{
	if (tx_goes_on(tx)) {
		tx_note(tx, tx->journal->ops->put_row(tx->journal, table, cells, &tx->fault), what);
	}
}

static struct journal_cell
cell_number(uint64_t v)
{
	check(v <= INT64_MAX);
	return (struct journal_cell){ .type = JOURNAL_NUMBER, .number = (int64_t)v };
}

static struct journal_cell
cell_time(struct instant t)
{
	return (struct journal_cell){ .type = JOURNAL_NUMBER, .number = t.ms };
}

static struct journal_cell
cell_text(struct text t)
{
	return (struct journal_cell){ .type = JOURNAL_TEXT, .bytes = t };
}

static struct journal_cell
cell_name(const char *name)
{
	return cell_text(text_of(name));
}

void
journal_put_source(struct journal_tx *tx, const struct journal_source *row)
{
	const struct journal_cell cells[] = { cell_number(row->id),   cell_text(row->list),
					      cell_text(row->key),    cell_text(row->member),
					      cell_text(row->system), cell_name(state_name(row->state)),
					      cell_text(row->kind),   cell_time(row->since),
					      cell_text(row->reason), cell_number(row->seq) };

	put_row(tx, JOURNAL_TABLE_SOURCES, cells, "a source");
}

void
journal_remove_source(struct journal_tx *tx, uint32_t id)
{
	if (tx_goes_on(tx)) {
		tx_note(tx, tx->journal->ops->remove_source(tx->journal, id, &tx->fault), "remove a source");
	}
}

void
journal_put_move(struct journal_tx *tx, const struct journal_move *row)
{
	const struct journal_cell cells[] = { cell_number(row->seq),
					      cell_number(row->source),
					      cell_text(row->list),
					      cell_time(row->time),
					      cell_text(row->key),
					      cell_name(state_name(row->from)),
					      cell_name(event_name(row->event)),
					      cell_name(state_name(row->to)),
					      cell_text(row->receiver),
					      cell_name(actor_name(row->role)),
					      cell_text(row->actor),
					      cell_text(row->reason) };

	put_row(tx, JOURNAL_TABLE_MOVES, cells, "a move");
}

void
journal_put_case(struct journal_tx *tx, const struct journal_case *row)
{
	const struct journal_cell cells[] = { cell_number(row->number),
					      cell_text(row->status),
					      cell_text(row->system),
					      cell_text(row->member),
					      cell_text(row->kind),
					      cell_text(row->reason),
					      cell_text(row->sources),
					      cell_time(row->opened),
					      cell_time(row->deadline),
					      cell_number(row->delivered_before),
					      cell_number(row->delivered_after),
					      cell_number(row->seq) };

	put_row(tx, JOURNAL_TABLE_CASES, cells, "a case");
}

void
journal_put_usage(struct journal_tx *tx, const struct journal_usage *row)
{
	const struct journal_cell cells[] = { cell_text(row->day),      cell_text(row->receiver),
					      cell_number(row->listed), cell_number(row->not_listed),
					      cell_number(row->other),  cell_number(row->refused),
					      cell_number(row->limited) };

	put_row(tx, JOURNAL_TABLE_USAGE, cells, "the usage of a day");
}

void
journal_put_outbox(struct journal_tx *tx, const struct journal_outbox *row)
{
	const struct journal_cell cells[] = { cell_number(row->id),
					      cell_time(row->created),
					      cell_time(row->due),
					      cell_number(row->tries),
					      cell_text(row->status),
					      cell_text(row->channel),
					      cell_text(row->kind),
					      cell_text(row->about),
					      cell_text(row->recipient),
					      cell_text(row->subject),
					      { .type = JOURNAL_BLOB, .bytes = row->content },
					      cell_text(row->error),
					      cell_number(row->seq) };

	check(row->id != 0);
	put_row(tx, JOURNAL_TABLE_OUTBOX, cells, "something to be sent");
}

void
journal_put_told(struct journal_tx *tx, const struct journal_told *row)
{
	const struct journal_cell cells[] = { cell_text(row->topic), cell_number(row->unit),
					      cell_text(row->said), cell_time(row->time) };

	put_row(tx, JOURNAL_TABLE_TOLD, cells, "what was told");
}

void
journal_trim_outbox(struct journal_tx *tx, struct instant before)
{
	if (tx_goes_on(tx)) {
		tx_note(tx, tx->journal->ops->trim_outbox(tx->journal, before, &tx->fault),
			"the end of what was sent");
	}
}

void
journal_put_quarantine(struct journal_tx *tx, const struct journal_quarantine *row)
{
	if (tx_goes_on(tx)) {
		check(row->id != 0);
		tx_note(tx, tx->journal->ops->put_quarantine(tx->journal, row, &tx->fault),
			"a document in quarantine");
	}
}

/* ---- reading */

enum result
journal_seen(struct journal *j, const struct hash *id, uint64_t *seq)
{
	*seq = 0;
	return j->ops->find_id(j, id, seq);
}

struct checked {
	journal_visit *visit;
	void *context;
};

/* What is handed on is what was written: a record that does not have its hash ends the scan. */
static enum result
visit_checked(void *context, const struct record *record)
{
	const struct checked *c = context;
	struct hash hash;

	if (record->kind >= RECORD_COUNT) {
		return RESULT_DAMAGED;
	}
	hash = record_hash(record);
	return hash_equal(&hash, &record->hash) ? c->visit(c->context, record) : RESULT_DAMAGED;
}

enum result
journal_scan(struct journal *j, const struct journal_range *range, journal_visit *visit, void *context)
{
	struct checked c = { .visit = visit, .context = context };

	return j->ops->scan(j, NULL, range, visit_checked, &c);
}

enum result
journal_scan_source(struct journal *j, uint32_t source, const struct journal_range *range,
		    journal_visit *visit, void *context)
{
	struct checked c = { .visit = visit, .context = context };

	return j->ops->scan(j, &source, range, visit_checked, &c);
}

enum result
journal_scan_quarantine(struct journal *j, uint64_t id, journal_visit_quarantine *visit, void *context)
{
	return j->ops->scan_quarantine(j, id, visit, context);
}

enum result
journal_scan_usage(struct journal *j, struct text from_day, journal_visit_usage *visit, void *context)
{
	return j->ops->scan_usage(j, from_day, visit, context);
}

enum result
journal_scan_outbox(struct journal *j, uint64_t from, journal_visit_outbox *visit, void *context)
{
	return j->ops->scan_outbox(j, from, (struct text){ "", 0 }, visit, context);
}

enum result
journal_scan_waiting(struct journal *j, struct text channel, journal_visit_outbox *visit, void *context)
{
	check(channel.n > 0);
	return j->ops->scan_outbox(j, 0, channel, visit, context);
}

enum result
journal_scan_told(struct journal *j, const struct text *topic, uint64_t unit, journal_visit_told *visit,
		  void *context)
{
	return j->ops->scan_told(j, topic, unit, visit, context);
}

enum result
journal_last_outbox(struct journal *j, uint64_t *id)
{
	return j->ops->last_outbox(j, id);
}

enum result
journal_get_raw(struct journal *j, const struct hash *hash, struct buffer *out)
{
	return j->ops->get_raw(j, hash, out);
}

enum result
journal_get_snapshot(struct journal *j, uint64_t at, uint64_t *seq, struct buffer *out)
{
	*seq = 0;
	buffer_clear(out);
	return j->ops->get_snapshot(j, at == 0 ? INT64_MAX : at, seq, out);
}
