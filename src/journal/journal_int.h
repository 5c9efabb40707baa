/*
 * journal/journal_int.h - what an implementation of the journal does; journal.c stands before it and keeps the rules.
 *
 * journal.c numbers and chains the records, holds the first error and checks what callers promised; an implementation
 * stores and finds. Each call that fails says why in the fault.
 */
#ifndef JOURNAL_JOURNAL_INT_H
#define JOURNAL_JOURNAL_INT_H

#include "journal/journal.h"

enum journal_table {
#define TABLE(id, name, verb, columns, definition, meaning) JOURNAL_TABLE_##id,
#include "journal/tables.def"
#undef TABLE
	JOURNAL_TABLE_COUNT
};

/* One column of a row: a number, or bytes that live until the call returns. */
enum journal_cell_type { JOURNAL_NUMBER, JOURNAL_TEXT, JOURNAL_BLOB };
struct journal_cell {
	enum journal_cell_type type;
	int64_t number;
	struct text bytes;
};

struct journal_audit;

struct journal_ops {
	void (*close)(struct journal *j);
	enum result (*head)(struct journal *j, struct journal_head *head);

	enum result (*begin)(struct journal *j, struct fault *fault);
	enum result (*commit)(struct journal *j, const struct journal_head *head, struct fault *fault);
	void (*rollback)(struct journal *j);

	enum result (*put_record)(struct journal *j, const struct record *record, struct fault *fault);
	enum result (*put_id)(struct journal *j, const struct hash *id, uint64_t seq, struct fault *fault);
	enum result (*put_touch)(struct journal *j, uint32_t source, uint64_t seq, struct fault *fault);
	enum result (*put_raw)(struct journal *j, const struct hash *hash, struct text bytes,
			       struct fault *fault);
	enum result (*put_snapshot)(struct journal *j, uint64_t seq, struct text bytes, struct fault *fault);
	enum result (*put_quarantine)(struct journal *j, const struct journal_quarantine *row,
				      struct fault *fault);
	/* A row that no room reads: sources, moves, cases, usage, outbox. All columns but the sum. */
	enum result (*put_row)(struct journal *j, enum journal_table table, const struct journal_cell *cells,
			       struct fault *fault);
	enum result (*remove_source)(struct journal *j, uint32_t id, struct fault *fault);
	enum result (*trim_outbox)(struct journal *j, struct instant before, struct fault *fault);

	enum result (*find_id)(struct journal *j, const struct hash *id, uint64_t *seq);
	enum result (*find_raw)(struct journal *j, const struct hash *hash); /* is it there? */
	enum result (*get_raw)(struct journal *j, const struct hash *hash, struct buffer *out);
	enum result (*get_snapshot)(struct journal *j, uint64_t at, uint64_t *seq, struct buffer *out);
	/* source NULL: all records. The records come unchecked; an unknown kind reads as RECORD_COUNT. */
	enum result (*scan)(struct journal *j, const uint32_t *source, const struct journal_range *range,
			    journal_visit *visit, void *context);
	enum result (*scan_quarantine)(struct journal *j, uint64_t id, journal_visit_quarantine *visit,
				       void *context);

	enum result (*scan_usage)(struct journal *j, struct text from_day, journal_visit_usage *visit,
				  void *context);
	/* `channel` empty: all from this id on; else those of it that wait, by when they are due. */
	enum result (*scan_outbox)(struct journal *j, uint64_t from, struct text channel,
				   journal_visit_outbox *visit, void *context);
	enum result (*scan_told)(struct journal *j, const struct text *topic, uint64_t unit,
				 journal_visit_told *visit, void *context);
	enum result (*last_outbox)(struct journal *j, uint64_t *id);

	enum result (*pin)(struct journal *j); /* what is read from here on is one state of the store ... */
	void (*unpin)(struct journal *j);      /* ... to here */
	enum result (*verify)(struct journal *j, struct journal_audit *audit); /* all but the chain */
};

/* The first member of each implementation. */
struct journal {
	const struct journal_ops *ops;
	struct journal_head head; /* the last committed record, while writing */
	bool writable;
	bool audited; /* damage is no reason not to open it */
	bool in_tx;
};

/* A finding of a verify under way: tells the auditor, remembers that there was one. */
void journal_audit_found(struct journal_audit *audit, const char *table, uint64_t row, const char *format,
			 ...) __attribute__((format(printf, 4, 5)));

#endif
