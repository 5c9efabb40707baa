/*
 * intake/intake_int.h - one document while it is read. Private to src/intake.
 */
#ifndef INTAKE_INTAKE_INT_H
#define INTAKE_INTAKE_INT_H

#include "base/limits.h"
#include "intake/intake.h"
#include "model/source.h"

struct draft;
struct intake_key_slot;
struct mail;

struct intake_reading {
	const struct intake_hint *hint;
	struct text raw;
	struct hash raw_hash;
	/* What makes the report's id: all bytes, or what a mail says without its trace headers */
	struct hash content;
	bool by_content; /* the id does not depend on who handed it in: a mail, or what was packed in one */
	struct arena *arena;
	struct instant latest; /* nothing may lie behind it */
	enum intake_format format;

	struct intake_fault *faults; /* INTAKE_FAULTS_MAX + 1 of them, made with the first */
	uint32_t fault_count;

	struct text *recipients; /* as of intake_result; LMTP_RECIPIENTS_MAX of them, made with the first */
	uint32_t recipient_count;

	struct mail *mail;      /* the document as a mail, see intake_mail */
	struct text row_prefix; /* what makes a row a document of its own: the header row */

	struct observation *observations;
	uint8_t *reporter_of; /* per observation, its number in reporters */
	uint32_t count, max;
	struct text reporters[INTAKE_REPORTERS_MAX];
	uint32_t reporter_count;

	/* What the row before had: feeds repeat times and sources, and comparing is cheaper than reading. */
	struct text last_time;
	struct instant last_at;
	struct intake_key_slot *keys; /* a table of sources met, keys_mask + 1 slots */
	size_t keys_mask;
};

/*
 * The readers, one per format. Each leaves observations and faults; it returns an error, and has set a fault, only when nothing
 * of the document can be read.
 */
#define FORMAT(id, name, bytes_max, types, meaning) \
	enum result intake_##name##_read(struct intake_reading *d) MUST_USE;
#include "intake/formats.def"
#undef FORMAT

/* Adds a fault; past INTAKE_FAULTS_MAX nothing is added, see intake_full. The words are made fit for people and JSON. */
void intake_fault(struct intake_reading *d, uint64_t line, struct text field, struct text bytes,
		  const char *format, ...) __attribute__((format(printf, 5, 6)));
/* Must the reader stop? It then sets the rest aside with intake_fault_rest. */
bool intake_full(const struct intake_reading *d);
void intake_fault_rest(struct intake_reading *d, uint64_t line, struct text bytes);
uint64_t intake_lines(struct text t); /* also one that does not end */

/*
 * `t` without control characters and broken UTF-8 (each becomes '?'), at most `max` bytes, cut between characters. Points
 * into `t` when nothing had to be changed.
 */
struct text intake_clean(struct arena *arena, struct text t, size_t max);
bool intake_is_clean(struct text t);

/* The mail that the document is: taken apart once, its content made the report's id. Never NULL; anything can be read as a mail. */
struct mail *intake_mail(struct intake_reading *d);
/* Which of the formats this mail has: a feedback report before all, then a bounce; INTAKE_ARF when it is none, which says so. */
enum intake_format intake_mail_format(struct intake_reading *d);
/*
 * Sets the time of an observation: of the report itself, else of the reported mail (`arrival`, NULL: nobody says), else of the door;
 * never in the future.
 */
void intake_mail_time(struct intake_reading *d, struct draft *t, const struct instant *arrival);
/* The class of a trap address that a report names. */
enum signal intake_trap_class(const struct intake_reading *d, struct text address);
/* Somebody who got the mail that this is or tells of; more than LMTP_RECIPIENTS_MAX are left out. */
void intake_recipient(struct intake_reading *d, struct text address);
/* Adds up the trap addresses of the reporter's table that this mail came to; 0: it is a report about mail, or mail to somebody else. */
uint32_t intake_trap_hits(struct intake_reading *d, uint32_t hits[SIGNAL_COUNT]);
/* What a feedback report of this type counts as; false: it counts nothing. */
bool intake_feedback_signal(struct text type, enum signal *signal);
/* Is it a bounce that was written for people, without a message/delivery-status part? */
bool intake_is_bounce(struct intake_reading *d);

/* Packed with gzip or zip, by its first bytes? */
bool intake_is_packed(struct text t);
/*
 * The first file in it that may be a DMARC report, else the first: unpacked into the arena, all that is looked at together at most REPORT_BYTES_MAX; packed
 * files in it are not followed. NULL, or why not. A damaged
 * end is no reason. Cost: 150 MB/s of content.
 */
const char *intake_unpack(struct arena *arena, struct text packed, struct text *content);
/* May it be a DMARC report, plain or packed? */
bool intake_is_dmarc(struct text t);
bool intake_is_wide_xml(struct text t); /* such a report in UTF-16 */

bool intake_is_xarf(struct text t);         /* JSON that may be XARF */
bool intake_is_webhook(struct text t);      /* JSON that may be delivery events */
bool intake_looks_like_mail(struct text t); /* it begins with a header field, or as a mailbox file does */

bool intake_is_postmaster(struct text t); /* JSON of Google Postmaster Tools? */
bool intake_is_snds(struct text line);
bool intake_is_gmail_fbl(struct text header);
bool intake_is_postfix(struct text line); /* a line of such a log? */
bool intake_is_exim(struct text line);

/* Text in UTF-16, by its byte order mark or its zeros? */
bool intake_is_wide(struct text t);
/* It in UTF-8. Cost: an arena block of three times its size. */
struct text intake_narrow(struct text wide, struct arena *arena);
struct text intake_without_marks(struct text t); /* without the byte order marks in front */
/* A table without its byte order mark, and lines that end in CR alone ended by LF. */
struct text intake_table_text(struct text raw, struct arena *arena);
/* What stands between the cells of this header, or of the first row: a comma, else what there is more of outside of quotes: ';' or a tab. */
char intake_separator(struct text line);
/*
 * Takes the next row off the front of *rest, without its line end, and counts its lines. *wrong: why it is no row; then it is one line, so
 * that reading goes on with the next. A quote that is never closed ends after LINE_BYTES_MAX.
 */
struct text intake_take_row(struct text *rest, bool *quoted, const char **wrong, uint64_t *lines);
/* Takes what stands between quotes off the front of a row that begins with one; doubled quotes are still doubled. */
struct text intake_take_quoted(struct text *row);
struct text intake_unquote(struct text t, struct arena *arena); /* each doubled quote made one */
/* Takes a cell off the front of a row, and the separator behind it. */
struct text intake_cell(struct text *row, char separator, struct arena *arena);

/* The number of a reporter (empty: the one of the hint) among those of this document; the fault says why not. */
enum result intake_reporter(struct intake_reading *d, struct text name, uint8_t *number,
			    struct fault *why) MUST_USE;

/* One row of a table of observations, as texts that live as long as the arena. */
struct intake_row {
	uint64_t line;
	struct text bytes;                                 /* to set aside when the row is a fault */
	struct text time, source, signal, count, reporter; /* an empty count is 1 */
	const struct attribute *attributes;
	uint32_t attribute_count;
};

/* Room for `max` observations (rows past OBSERVATIONS_MAX are set aside). Once per document, before intake_row_add. */
void intake_rows_open(struct intake_reading *d, size_t max);
/* Reads a row into an observation, or adds a fault. A count of 0 says nothing and is passed over. */
void intake_row_add(struct intake_reading *d, const struct intake_row *row);
/* Behind the last row. A document without any, as of a day without mail, is a report with nothing in it; one of bad rows alone is none. */
void intake_rows_close(struct intake_reading *d);

#endif
