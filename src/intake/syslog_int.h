/*
 * intake/syslog_int.h - what syslog puts before the words of a program: RFC 3164 and RFC 5424, as they are sent and as they stand in files. Private to
 * src/intake.
 */
#ifndef INTAKE_SYSLOG_INT_H
#define INTAKE_SYSLOG_INT_H

#include "base/instant.h"

/* The time of the line before: a log repeats it, and comparing is cheaper than reading. `last` points into the document. */
struct syslog_clock {
	struct instant latest; /* a time without a year is put into the year before this */
	struct text last;
	struct instant last_at;
};

#define SYSLOG_NO_SEVERITY 8U

/* Texts point into the line and may be empty. */
struct syslog_line {
	struct instant at;
	bool has_zone;     /* else, or without a year, UTC is taken */
	unsigned severity; /* 0 to 7 of its <PRI>, or SYSLOG_NO_SEVERITY */
	struct text host;
	struct text program; /* "postfix/smtpd" */
	struct text process; /* "4711" */
	struct text rest;    /* what the program said */
};

/*
 * Reads one of, each with or without <PRI> before it but for the last, which has it:
 *
 *     Jan  5 08:00:07 mx1 postfix/smtpd[4711]: ...            RFC 3164; files of rsyslog, syslog-ng and BSD
 *     2026-01-05T08:00:07.5+01:00 mx1 postfix/smtpd[4711]: ...       files of rsyslog
 *     Jan  5 08:00:07 mx1 mail.info postfix/smtpd[4711]: ...         files of BusyBox
 *     <22>1 2026-01-05T08:00:07.5+01:00 mx1 postfix/smtpd 4711 - - ...        RFC 5424
 *
 * The host may be missing but in the last, as in what a program hands to its own machine. False: it is none of them, or has no time. Cost: one pass over what is
 * before the words.
 */
bool syslog_parse(struct syslog_clock *clock, struct text line, struct syslog_line *s);

#endif
