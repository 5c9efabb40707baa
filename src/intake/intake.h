/*
 * intake/intake.h - one document as a door took it, read into reports and faults.
 *
 * In:   bytes that anybody may have sent: a feedback mail, CSV rows, JSON lines (formats.def).
 * Out:  reports (model/report.h), and what could not be read: where, why, and its bytes, so that the rest goes on.
 * Pure: no store, no network, no clock; the same bytes and hint give the same result. Safe to call on many threads.
 * The other faces of the room: intake/lmtp.h (a session without its socket), intake/maildir.h (a watched folder).
 */
#ifndef INTAKE_INTAKE_H
#define INTAKE_INTAKE_H

#include "model/report.h"

enum intake_format {
#define FORMAT(id, name, bytes_max, types, meaning) INTAKE_##id,
#include "intake/formats.def"
#undef FORMAT
	INTAKE_FORMAT_COUNT,
	INTAKE_AUTO /* by media type, then by the looks of the bytes */
};

const char *intake_format_name(enum intake_format format); /* "arf" */
const char *intake_format_names(struct arena *arena);      /* "arf, dsn, dmarc ..." */
/* Reads a name of formats.def, any case. Errors: RESULT_BAD_INPUT; *format is then unchanged. */
enum result intake_format_parse(struct text name, enum intake_format *format) MUST_USE;

/* What the door knows about a document. Texts may be empty. */
struct intake_hint {
	enum intake_format format;
	struct text media_type;  /* Content-Type of the upload; parameters are not looked at */
	struct text door;        /* report.door */
	struct instant received; /* the door's clock: nothing may lie more than FUTURE_MS_MAX behind it */
	struct text reporter;    /* id of the reporter that was authenticated; empty = nobody was */
	struct text proof;       /* report.proof */
	bool names_others;       /* rows may name any reporter (an operator loads other people's feeds) */
	bool is_trusted; /* its word counts in full; else a mail is one for each reporter that hands it in */
	/* A mail of this reporter that says "abuse" counts as trap_signal, not as complaint */
	bool is_trap_network;
	enum signal trap_signal;       /* with is_trap_network: one of SIGNAL_TRAP_* */
	struct text traps;             /* with is_trap_network: classes of single addresses (model/trap.h) */
	const struct text *recipients; /* envelope recipients of a mail, where the door knows them */
	size_t recipient_count;
	uint64_t first_line; /* number of the first line of this chunk, for faults; 0 counts as 1 */
	struct text header;  /* CSV: the header row, when the chunk has none */
};

/* What could not be read, in words for the sender, and what to set aside. */
struct intake_fault {
	uint64_t line;     /* of the document, from 1; 0: not a matter of one line */
	struct text field; /* column, JSON member or mail header; may be empty */
	struct text words; /* without line and field */
	/* A document of the same format that holds only this (a bad CSV row has its header row) */
	struct text bytes;
	uint64_t rows; /* rows or lines in bytes; 1 but for "the rest of the document" */
};

struct intake_result {
	enum intake_format format; /* as used; INTAKE_AUTO when none fits */
	uint32_t report_count;     /* 0: nothing was read; 1; more only when rows name several reporters */
	uint32_t fault_count; /* 0..INTAKE_FAULTS_MAX + 1; the last one may hold the rest of the document */
	/* Without observations: a document that is right and has nothing that is counted */
	struct report *reports;
	struct intake_fault *faults;
	/* Who got the mail that this is or tells of, where a trap network or a feedback report says so. No record has them */
	const struct text *recipients;
	uint32_t recipient_count; /* 0..LMTP_RECIPIENTS_MAX */
};

/*
 * Reads one document. All that *result points to lies in the arena or in raw.
 *
 * RESULT_OK: the document follows its format; single rows may still be faults. RESULT_BAD_INPUT: nothing could be read,
 * RESULT_TOO_LARGE: past REPORT_BYTES_MAX or MAIL_BYTES_MAX; both with one fault that holds all bytes.
 *
 * report.id: mail: SHA-256 of the Message-ID and the body with line ends made equal (and of a reporter that is not trusted), so that the trace headers of another
 * path do not matter; rows: SHA-256 of the bytes, the header row and the reporter.
 * Cost on one core: CSV 0.3 us per row (0.6 when each names a new source), JSON lines 5 us per line, a mail 0.1 ms (bench/arf, bench/rows).
 * Memory: 100 bytes per observation and at most three times the document.
 */
enum result intake_read(struct text raw, const struct intake_hint *hint, struct arena *arena,
			struct intake_result *result) MUST_USE;

/* "line 7, column count: not a number", as a line for people. Returns `out`. */
#define INTAKE_FAULT_BYTES 512
const char *intake_fault_format(const struct intake_fault *fault, char out[INTAKE_FAULT_BYTES]);

#endif
