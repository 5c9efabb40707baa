/*
 * intake/log_int.h - logs of mail servers: lines become counts per source, minute and recipient's domain. Private to src/intake.
 *
 * Which address a message came from stands in one line, what became of it in another; a log keeps messages by their id in between. Nothing of
 * one document is known in the next: whoever cuts a log hands the lines on that name the sources of messages still in the queue.
 */
#ifndef INTAKE_LOG_INT_H
#define INTAKE_LOG_INT_H

#include "intake/bounce_int.h"
#include "intake/draft_int.h"
#include "intake/syslog_int.h"

/* A message in the queue. Texts point into the document and may be empty. */
struct log_message {
	struct text host; /* whose queue it is in: a log may be of several servers */
	struct text id;
	struct text client; /* the address it came from */
	struct text sender; /* its envelope sender */
};

/* What was refused last by a process that may say so twice. */
struct log_refusal {
	struct text host, process, words;
	struct instant at;
	unsigned severity;
};

#define LOG_REFUSALS 64U

struct log {
	struct intake_reading *d;
	struct syslog_clock clock;
	struct log_message *messages; /* open addressing by id; a power of two, never full */
	size_t mask;
	uint32_t *slots; /* of counts: 0, or the number of the observation plus one */
	size_t slots_mask;
	struct log_refusal refusals[LOG_REFUSALS]; /* by host and process; the newer one stays */
	bool seen;                                 /* a line of this kind of log was seen */
};

/* The latest time where only the other fields of a line are asked for. */
#define LOG_ANY_YEAR ((struct instant){ INT64_C(4102444800000) })

/* How a document begins that is a part of a followed log: its file and place follow, so that no two parts are the same bytes. */
#define LOG_PART_MARK "# vouch log "

/* What a line says of a message in the queue. */
enum log_mark { LOG_OTHER, LOG_CLIENT, LOG_SENDER, LOG_CLOSED };

enum log_mark postfix_mark(struct syslog_clock *clock, struct text line, struct text *host, struct text *id);
enum log_mark exim_mark(struct syslog_clock *clock, struct text line, struct text *host, struct text *id);

/*
 * Exim says to syslog twice what it refuses: for its main log and for its reject log. Between the two a document may end, so the first one is carried on
 * behind these words, and counts no more.
 */
#define LOG_REFUSED_MARK "# vouch refused "
/* The last line of a document when it is the first of such two, else empty. */
struct text exim_last_refusal(struct text document);

/* What is carried on: the lines of a document that name the sources of messages still in the queue at its end, as far as there is room: the newest. */
void log_carry(enum intake_format format, struct text document, struct buffer *carried);

void log_open(struct log *l, struct intake_reading *d);
/* The message of this id; a new one has only that. NULL: the id is empty. */
struct log_message *log_message(struct log *l, struct text host, struct text id);

/*
 * Counts one message or refusal. Its source is the client's address, if it is public; of a message that the server took from its own network, the
 * domain of its sender. Without both it is nobody's and is left out.
 */
void log_count(struct log *l, enum signal signal, struct text client, struct text sender,
	       struct text recipient, struct instant at);
/* Counts a refusal by its words; `status` may be empty. Replies that begin with 4 count nothing. */
void log_refused(struct log *l, struct text status, struct text said, struct text client, struct text sender,
		 struct text recipient, struct instant at);

/* The value of "name=" in a line, up to a comma, blank or ')'; "<...>" without its brackets. Empty: there is none. */
struct text log_value(struct text line, struct text name);
/*
 * "192.0.2.10" of "out1.shop.example[192.0.2.10]" or of "H=name [192.0.2.10]:25": what stands in the first
 * brackets that hold an address. What is in parentheses the client said of itself (HELO), so it is passed over.
 */
struct text log_bracketed(struct text t);
/* Ends the document: RESULT_BAD_INPUT, with a fault, when no line was of this kind of log. */
enum result log_close(struct log *l, const char *what);

#endif
