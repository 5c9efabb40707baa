/* What journal tests write: reports with their id, raw document and touches, a move, a case, a document in quarantine. */
#ifndef TESTS_JOURNAL_SAMPLE_H
#define TESTS_JOURNAL_SAMPLE_H

#include "journal/journal.h"
#include "model/report.h"

#include <stdio.h>

#define SAMPLE_TIME ((struct instant){ 1767600000000 })

/* The raw document number n: a few hundred bytes. */
static inline struct text
sample_raw(unsigned n, struct buffer *b)
{
	buffer_init(b, 4096);
	buffer_format(b, "From: feedback@mailbox.example\r\nSubject: complaint %u\r\n\r\n", n);
	for (unsigned i = 0; i < 10; i++) {
		buffer_format(b, "Source-IP: 192.0.2.%u\r\nIncidents: %u\r\n", n % 256, n * 7 + i);
	}
	return buffer_text(b);
}

static inline struct hash
sample_id(unsigned n)
{
	return hash_of(&n, sizeof n);
}

/* Report number n, whole, in an open transaction; returns its seq. */
static inline uint64_t
sample_put_report(struct journal_tx *tx, unsigned n)
{
	struct observation o = { .at = SAMPLE_TIME,
				 .signal = SIGNAL_COMPLAINT,
				 .count = n + 1,
				 .key_count = 1,
				 .keys = { TEXT("192.0.2.10") } };
	struct report report = { .id = sample_id(n),
				 .door = TEXT("lmtp"),
				 .format = TEXT("arf"),
				 .observation_count = 1,
				 .observations = &o };
	struct buffer raw, payload;
	uint64_t seq;

	report.raw = journal_put_raw(tx, sample_raw(n, &raw));
	buffer_init(&payload, 4096);
	report_write(&payload, &report);
	seq = journal_append(tx, RECORD_REPORT, SAMPLE_TIME, buffer_text(&payload));
	journal_put_id(tx, &report.id, seq);
	journal_put_touch(tx, 7 + n % 2, seq);
	buffer_free(&payload);
	buffer_free(&raw);
	return seq;
}

/* Two rows of each kind that people read, made by record 4. */
static inline void
sample_put_rows(struct journal_tx *tx)
{
	struct journal_source source = { .key = TEXT("192.0.2.10"),
					 .member = TEXT("member-one"),
					 .system = TEXT("system-one"),
					 .list = TEXT("certified"),
					 .state = STATE_SUSPENDED,
					 .kind = TEXT("security"),
					 .since = SAMPLE_TIME,
					 .reason = TEXT("complaints 40 times the baseline"),
					 .seq = 4 };
	struct journal_move move = { .seq = 4,
				     .time = SAMPLE_TIME,
				     .key = TEXT("192.0.2.10"),
				     .list = TEXT("certified"),
				     .from = STATE_CERTIFIED,
				     .event = EVENT_ALARM,
				     .to = STATE_SUSPENDED,
				     .receiver = TEXT("mailbox.example"),
				     .role = ACTOR_DETECTOR,
				     .actor = TEXT("detector"),
				     .reason = TEXT("complaints 40 times the baseline") };
	struct journal_case file = { .status = TEXT("open"),
				     .system = TEXT("system-one"),
				     .member = TEXT("member-one"),
				     .kind = TEXT("security"),
				     .reason = TEXT("complaints"),
				     .sources = TEXT("192.0.2.10 192.0.2.11"),
				     .opened = SAMPLE_TIME,
				     .deadline = instant_add(SAMPLE_TIME, SPAN_HOUR),
				     .delivered_before = 12,
				     .delivered_after = 3,
				     .seq = 4 };

	for (uint32_t i = 1; i <= 2; i++) {
		source.id = i;
		move.source = i;
		file.number = i;
		journal_put_source(tx, &source);
		journal_put_move(tx, &move);
		journal_put_case(tx, &file);
		journal_put_outbox(tx, &(struct journal_outbox){ .id = i,
								 .created = { 1000 },
								 .due = { 2000 },
								 .tries = 1,
								 .status = TEXT("waiting"),
								 .channel = TEXT("mail"),
								 .kind = TEXT("suspended"),
								 .about = TEXT("harbour-bank"),
								 .recipient = TEXT("ops@harbour.example"),
								 .subject = TEXT("off the list"),
								 .content = TEXT("a mail"),
								 .error = TEXT("451 later"),
								 .seq = 4 });
		journal_put_told(tx, &(struct journal_told){ .topic = TEXT("listing"),
							     .unit = i,
							     .said = TEXT("security"),
							     .time = SAMPLE_TIME });
		journal_put_usage(
		    tx, &(struct journal_usage){ .day = TEXT("2026-01-05"),
						 .receiver = i == 1 ? TEXT("mailbox") : TEXT("public"),
						 .listed = 7,
						 .not_listed = 5,
						 .limited = i });
	}
}

/* Six records, and at least two rows in each table. */
static inline enum result
sample_fill(struct journal *j)
{
	struct journal_tx tx = journal_begin(j);
	struct journal_quarantine bad = { .seq = 3,
					  .time = SAMPLE_TIME,
					  .door = TEXT("http"),
					  .name = TEXT("feed.csv"),
					  .line = 17,
					  .error = TEXT("no such signal"),
					  .status = TEXT("held"),
					  .bytes = 4 };

	for (unsigned n = 0; n < 2; n++) {
		(void)sample_put_report(&tx, n);
	}
	bad.raw = journal_put_raw(&tx, TEXT("a,b\n"));
	(void)journal_append(&tx, RECORD_QUARANTINE, SAMPLE_TIME, TEXT("feed.csv"));
	(void)journal_append(&tx, RECORD_MOVE, SAMPLE_TIME, TEXT("a move"));
	journal_put_touch(&tx, 7, 4);
	for (bad.id = 3; bad.id <= 4; bad.id++) {
		journal_put_quarantine(&tx, &bad);
	}
	sample_put_rows(&tx);
	(void)journal_append(&tx, RECORD_TICK, SAMPLE_TIME, TEXT(""));
	journal_put_snapshot(&tx, 4, TEXT("state after four"));
	(void)journal_append(&tx, RECORD_COMMAND, SAMPLE_TIME, TEXT("{\"verb\":\"clear\"}"));
	journal_put_snapshot(&tx, 5, TEXT("state after five"));
	return journal_commit(&tx);
}

#endif
