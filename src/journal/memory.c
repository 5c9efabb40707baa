/*
 * The journal in memory. Everything is appended to arrays; a transaction remembers how long they were, and a rollback
 * shortens them again. So a row that replaces another is a newer version of it, and the newest counts.
 */
#include "journal/journal_int.h"

#include "base/array.h"
#include "base/map.h"

#include <stdlib.h>
#include <string.h>

struct id_entry {
	struct hash id;
	uint64_t seq;
};
struct touch_entry {
	uint32_t source;
	uint64_t seq;
};
struct raw_entry {
	struct hash hash;
	struct text bytes;
};
struct snapshot_entry {
	uint64_t seq;
	struct text bytes;
};
struct quarantine_entry {
	struct journal_quarantine row;
	char *texts; /* what the row's texts point into */
};

enum { RECORDS, IDS, TOUCHES, RAWS, SNAPSHOTS, QUARANTINE, ARRAYS };
static const size_t widths[ARRAYS] = {
	[RECORDS] = sizeof(struct record),           [IDS] = sizeof(struct id_entry),
	[TOUCHES] = sizeof(struct touch_entry),      [RAWS] = sizeof(struct raw_entry),
	[SNAPSHOTS] = sizeof(struct snapshot_entry), [QUARANTINE] = sizeof(struct quarantine_entry),
};

struct array {
	void *p;
	uint32_t n;
	uint32_t size;
	uint32_t kept; /* committed */
};
struct memory {
	struct journal base;
	struct array arrays[ARRAYS];
	struct map ids;  /* hash -> index in IDS */
	struct map raws; /* hash -> index in RAWS */
};

static struct memory *
memory_of(struct journal *j)
{
	return (struct memory *)j;
}

/* A new last entry, zero. Out of memory is fatal, as in an arena. */
static void *
array_add(struct memory *m, int which)
{
	struct array *a = &m->arrays[which];
	size_t width = widths[which];

	a->p = array_room(a->p, a->n, &a->size, width);
	memset((char *)a->p + a->n * width, 0, width);
	return (char *)a->p + a->n++ * width;
}

static struct text
keep_text(struct text t)
{
	char *p = malloc(t.n + 1);

	check(p != NULL);
	if (t.n > 0) {
		memcpy(p, t.p, t.n);
	}
	return (struct text){ p, t.n };
}

static struct text
key_of(const struct hash *hash)
{
	return (struct text){ (const char *)hash->bytes, HASH_BYTES };
}

static bool
id_equal(const void *context, uint32_t value, struct text key)
{
	const struct memory *m = context;

	return memcmp(((const struct id_entry *)m->arrays[IDS].p)[value].id.bytes, key.p, HASH_BYTES) == 0;
}

static bool
raw_equal(const void *context, uint32_t value, struct text key)
{
	const struct memory *m = context;

	return memcmp(((const struct raw_entry *)m->arrays[RAWS].p)[value].hash.bytes, key.p, HASH_BYTES) ==
	       0;
}

/* Forget what was appended behind `kept`. */
static void
shorten(struct memory *m, int which, size_t kept)
{
	struct array *a = &m->arrays[which];

	while (a->n > kept) {
		char *last = (char *)a->p + (a->n - 1) * widths[which];

		if (which == RECORDS) {
			free((void *)(uintptr_t)((struct record *)(void *)last)->payload.p);
		} else if (which == IDS) {
			(void)map_remove(&m->ids, key_of(&((struct id_entry *)(void *)last)->id), id_equal,
					 m);
		} else if (which == RAWS) {
			(void)map_remove(&m->raws, key_of(&((struct raw_entry *)(void *)last)->hash),
					 raw_equal, m);
			free((void *)(uintptr_t)((struct raw_entry *)(void *)last)->bytes.p);
		} else if (which == SNAPSHOTS) {
			free((void *)(uintptr_t)((struct snapshot_entry *)(void *)last)->bytes.p);
		} else if (which == QUARANTINE) {
			free(((struct quarantine_entry *)(void *)last)->texts);
		}
		a->n--;
	}
}

static void
memory_rollback(struct journal *j)
{
	struct memory *m = memory_of(j);

	for (int i = 0; i < ARRAYS; i++) {
		shorten(m, i, m->arrays[i].kept);
	}
}

static void
memory_close(struct journal *j)
{
	struct memory *m = memory_of(j);

	for (int i = 0; i < ARRAYS; i++) {
		shorten(m, i, 0);
		free(m->arrays[i].p);
	}
	map_free(&m->ids);
	map_free(&m->raws);
	free(m);
}

static enum result
memory_head(struct journal *j, struct journal_head *head)
{
	*head = j->head;
	return RESULT_OK;
}

static enum result
memory_begin(struct journal *j, struct fault *fault)
{
	(void)j;
	(void)fault;
	return RESULT_OK;
}

static enum result
memory_commit(struct journal *j, const struct journal_head *head, struct fault *fault)
{
	struct memory *m = memory_of(j);

	(void)head;
	(void)fault;
	for (int i = 0; i < ARRAYS; i++) {
		m->arrays[i].kept = m->arrays[i].n;
	}
	return RESULT_OK;
}

static enum result
memory_put_record(struct journal *j, const struct record *record, struct fault *fault)
{
	struct record *copy = array_add(memory_of(j), RECORDS);

	(void)fault;
	*copy = *record;
	copy->payload = keep_text(record->payload);
	return RESULT_OK;
}

static enum result
memory_put_id(struct journal *j, const struct hash *id, uint64_t seq, struct fault *fault)
{
	struct memory *m = memory_of(j);
	struct id_entry *entry;
	uint32_t there;

	if (map_get(&m->ids, key_of(id), id_equal, m, &there)) {
		return fault_set(fault, RESULT_CONFLICT, "journal: this report was stored before");
	}
	entry = array_add(m, IDS);
	*entry = (struct id_entry){ .id = *id, .seq = seq };
	map_put(&m->ids, key_of(id), (uint32_t)(m->arrays[IDS].n - 1));
	return RESULT_OK;
}

static enum result
memory_find_id(struct journal *j, const struct hash *id, uint64_t *seq)
{
	struct memory *m = memory_of(j);
	uint32_t at;

	if (!map_get(&m->ids, key_of(id), id_equal, m, &at)) {
		return RESULT_NOT_FOUND;
	}
	*seq = ((struct id_entry *)m->arrays[IDS].p)[at].seq;
	return RESULT_OK;
}

static enum result
memory_put_touch(struct journal *j, uint32_t source, uint64_t seq, struct fault *fault)
{
	struct touch_entry *entry = array_add(memory_of(j), TOUCHES);

	(void)fault;
	*entry = (struct touch_entry){ .source = source, .seq = seq };
	return RESULT_OK;
}

static enum result
memory_put_raw(struct journal *j, const struct hash *hash, struct text bytes, struct fault *fault)
{
	struct memory *m = memory_of(j);
	struct raw_entry *entry;
	uint32_t there;

	(void)fault;
	if (!map_get(&m->raws, key_of(hash), raw_equal, m, &there)) {
		entry = array_add(m, RAWS);
		*entry = (struct raw_entry){ .hash = *hash, .bytes = keep_text(bytes) };
		map_put(&m->raws, key_of(hash), (uint32_t)(m->arrays[RAWS].n - 1));
	}
	return RESULT_OK;
}

static enum result
memory_find_raw(struct journal *j, const struct hash *hash)
{
	struct memory *m = memory_of(j);
	uint32_t at;

	return map_get(&m->raws, key_of(hash), raw_equal, m, &at) ? RESULT_OK : RESULT_NOT_FOUND;
}

static enum result
memory_get_raw(struct journal *j, const struct hash *hash, struct buffer *out)
{
	struct memory *m = memory_of(j);
	uint32_t at;

	if (!map_get(&m->raws, key_of(hash), raw_equal, m, &at)) {
		return RESULT_NOT_FOUND;
	}
	buffer_put_text(out, ((struct raw_entry *)m->arrays[RAWS].p)[at].bytes);
	return out->full ? RESULT_TOO_LARGE : RESULT_OK;
}

static enum result
memory_put_snapshot(struct journal *j, uint64_t seq, struct text bytes, struct fault *fault)
{
	struct snapshot_entry *entry = array_add(memory_of(j), SNAPSHOTS);

	(void)fault;
	*entry = (struct snapshot_entry){ .seq = seq, .bytes = keep_text(bytes) };
	return RESULT_OK;
}

/* The newest version of the newest snapshot at or before `at`; NULL when there is none. */
static const struct snapshot_entry *
snapshot_before(const struct memory *m, uint64_t at)
{
	const struct snapshot_entry *all = m->arrays[SNAPSHOTS].p, *best = NULL;

	for (size_t i = m->arrays[SNAPSHOTS].n; i-- > 0;) {
		if (all[i].seq <= at && (best == NULL || all[i].seq > best->seq)) {
			best = &all[i];
		}
	}
	return best;
}

static enum result
memory_get_snapshot(struct journal *j, uint64_t at, uint64_t *seq, struct buffer *out)
{
	const struct memory *m = memory_of(j);
	const struct snapshot_entry *newest = snapshot_before(m, UINT64_MAX), *found = snapshot_before(m, at);
	const struct snapshot_entry *second = newest == NULL ? NULL : snapshot_before(m, newest->seq - 1);

	/* As on disk, only the two newest count. */
	if (found == NULL || (found->seq != newest->seq && found->seq != second->seq)) {
		return RESULT_NOT_FOUND;
	}
	*seq = found->seq;
	buffer_put_text(out, found->bytes);
	return out->full ? RESULT_TOO_LARGE : RESULT_OK;
}

static enum result
memory_put_quarantine(struct journal *j, const struct journal_quarantine *row, struct fault *fault)
{
	struct quarantine_entry *entry = array_add(memory_of(j), QUARANTINE);
	struct text *texts[4];

	(void)fault;
	entry->row = *row;
	texts[0] = &entry->row.door;
	texts[1] = &entry->row.name;
	texts[2] = &entry->row.error;
	texts[3] = &entry->row.status;
	entry->texts = malloc(row->door.n + row->name.n + row->error.n + row->status.n + 1);
	check(entry->texts != NULL);
	for (size_t i = 0, at = 0; i < countof(texts); i++) {
		if (texts[i]->n > 0) {
			memcpy(entry->texts + at, texts[i]->p, texts[i]->n);
		}
		texts[i]->p = entry->texts + at;
		at += texts[i]->n;
	}
	return RESULT_OK;
}

/* The newest version of the row with the smallest id that is at least `from`. */
static const struct journal_quarantine *
quarantine_next(const struct memory *m, uint64_t from)
{
	const struct quarantine_entry *all = m->arrays[QUARANTINE].p, *best = NULL;

	for (size_t i = m->arrays[QUARANTINE].n; i-- > 0;) {
		if (all[i].row.id >= from && (best == NULL || all[i].row.id < best->row.id)) {
			best = &all[i];
		}
	}
	return best == NULL ? NULL : &best->row;
}

static enum result
memory_scan_quarantine(struct journal *j, uint64_t id, journal_visit_quarantine *visit, void *context)
{
	const struct memory *m = memory_of(j);
	const struct journal_quarantine *row = quarantine_next(m, id);
	enum result r = RESULT_OK;

	if (id != 0) {
		return row == NULL || row->id != id ? RESULT_NOT_FOUND : visit(context, row);
	}
	while (r == RESULT_OK && row != NULL) {
		uint64_t next = row->id + 1;

		r = visit(context, row);
		row = quarantine_next(m, next);
	}
	return r;
}

static enum result
memory_scan_usage(struct journal *j, struct text from_day, journal_visit_usage *visit, void *context)
{
	(void)j;
	(void)from_day;
	(void)visit;
	(void)context;
	return RESULT_OK;
}

static enum result
memory_scan_outbox(struct journal *j, uint64_t from, struct text channel, journal_visit_outbox *visit,
		   void *context)
{
	(void)j;
	(void)from;
	(void)channel;
	(void)visit;
	(void)context;
	return RESULT_OK;
}

static enum result
memory_scan_told(struct journal *j, const struct text *topic, uint64_t unit, journal_visit_told *visit,
		 void *context)
{
	(void)j;
	(void)topic;
	(void)unit;
	(void)visit;
	(void)context;
	return RESULT_OK;
}

static enum result
memory_last_outbox(struct journal *j, uint64_t *id)
{
	(void)j;
	*id = 0;
	return RESULT_OK;
}

static enum result
memory_trim_outbox(struct journal *j, struct instant before, struct fault *fault)
{
	(void)j;
	(void)before;
	(void)fault;
	return RESULT_OK;
}

static enum result
memory_put_row(struct journal *j, enum journal_table table, const struct journal_cell *cells,
	       struct fault *fault)
{
	(void)j;
	(void)table;
	(void)cells;
	(void)fault;
	return RESULT_OK;
}

static enum result
memory_remove_source(struct journal *j, uint32_t id, struct fault *fault)
{
	(void)j;
	(void)id;
	(void)fault;
	return RESULT_OK;
}

static int
compare_seq(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

/* The seqs of the range that touch the source, in order, each once; NULL when there are none. */
static uint64_t *
touched(const struct memory *m, uint32_t source, uint64_t from, uint64_t to, size_t *count)
{
	const struct touch_entry *all = m->arrays[TOUCHES].p;
	uint64_t *seqs = calloc(m->arrays[TOUCHES].n + 1, sizeof *seqs);
	size_t n = 0, kept = 0;

	check(seqs != NULL);
	for (size_t i = 0; i < m->arrays[TOUCHES].n; i++) {
		if (all[i].source == source && all[i].seq >= from && all[i].seq <= to) {
			seqs[n++] = all[i].seq;
		}
	}
	qsort(seqs, n, sizeof *seqs, compare_seq);
	for (size_t i = 0; i < n; i++) {
		if (kept == 0 || seqs[i] != seqs[kept - 1]) {
			seqs[kept++] = seqs[i];
		}
	}
	*count = kept;
	return seqs;
}

static enum result
memory_scan(struct journal *j, const uint32_t *source, const struct journal_range *range,
	    journal_visit *visit, void *context)
{
	const struct memory *m = memory_of(j);
	const struct record *records = m->arrays[RECORDS].p;
	uint64_t last = m->arrays[RECORDS].n, from = range->from == 0 ? 1 : range->from;
	uint64_t to = range->to == 0 || range->to > last ? last : range->to;
	size_t count = from > to ? 0 : (size_t)(to - from + 1);
	uint64_t *seqs = source == NULL ? NULL : touched(m, *source, from, to, &count);
	enum result r = RESULT_OK;

	for (size_t i = 0; r == RESULT_OK && i < count && (range->limit == 0 || i < range->limit); i++) {
		size_t at = range->newest_first ? count - 1 - i : i;

		r = visit(context, &records[(seqs == NULL ? from + at : seqs[at]) - 1]);
	}
	free(seqs);
	return r;
}

static enum result
memory_pin(struct journal *j)
{
	(void)j;
	return RESULT_OK;
}

static void
memory_unpin(struct journal *j)
{
	(void)j;
}

static enum result
memory_verify(struct journal *j, struct journal_audit *audit)
{
	const struct memory *m = memory_of(j);
	const struct raw_entry *raws = m->arrays[RAWS].p;

	for (size_t i = 0; i < m->arrays[RAWS].n; i++) {
		struct hash hash = hash_of(raws[i].bytes.p, raws[i].bytes.n);

		if (!hash_equal(&hash, &raws[i].hash)) {
			journal_audit_found(audit, "raw_documents", i + 1, "does not have its hash");
		}
	}
	return RESULT_OK;
}

struct journal *
journal_memory_open(void)
{
	static const struct journal_ops ops = {
		.close = memory_close,
		.head = memory_head,
		.begin = memory_begin,
		.commit = memory_commit,
		.rollback = memory_rollback,
		.put_record = memory_put_record,
		.put_id = memory_put_id,
		.put_touch = memory_put_touch,
		.put_raw = memory_put_raw,
		.put_snapshot = memory_put_snapshot,
		.put_quarantine = memory_put_quarantine,
		.put_row = memory_put_row,
		.remove_source = memory_remove_source,
		.trim_outbox = memory_trim_outbox,
		.find_id = memory_find_id,
		.find_raw = memory_find_raw,
		.get_raw = memory_get_raw,
		.get_snapshot = memory_get_snapshot,
		.scan = memory_scan,
		.scan_quarantine = memory_scan_quarantine,
		.scan_usage = memory_scan_usage,
		.scan_outbox = memory_scan_outbox,
		.last_outbox = memory_last_outbox,
		.scan_told = memory_scan_told,
		.pin = memory_pin,
		.unpin = memory_unpin,
		.verify = memory_verify,
	};
	struct memory *m = calloc(1, sizeof *m);

	check(m != NULL);
	m->base.ops = &ops;
	m->base.writable = true;
	return &m->base;
}
