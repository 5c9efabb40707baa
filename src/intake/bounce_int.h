/*
 * intake/bounce_int.h - why a receiver refused a mail: the signal of a refusal, by its enhanced status code and its words. Private to
 * src/intake; shared by bounces, logs and webhooks.
 *
 * SIGNAL_UNKNOWN_USER: nobody has this address. SIGNAL_POLICY_BLOCK: the receiver does not want this mail or this sender.
 * SIGNAL_BOUNCE: all else. Tables: bounce_codes.def (RFC 3463 and the registry of RFC 5248), bounce_texts.def (what servers write).
 */
#ifndef INTAKE_BOUNCE_INT_H
#define INTAKE_BOUNCE_INT_H

#include "base/text.h"
#include "model/signal.h"

/* An enhanced status code (RFC 3463) such as 5.1.1. class_ 0: there is none. */
struct bounce_code {
	uint16_t class_, subject, detail;
};

/* "5.1.1" at the start of `t` and nothing but a blank, '(' or the end behind it. */
bool bounce_code_parse(struct text t, struct bounce_code *code);

/*
 * What the receiver said: an SMTP reply ("550 5.1.1 <a@b.example>... User unknown"), or any words for people. `status` is the code that
 * the reporting server chose (may be none): the receiver's own code in `said` goes before it, since servers report
 * what they do not understand as 5.0.0 or 5.1.1. The words go before both codes, unless they speak for unknown user and for policy alike.
 * *code is the code that was decided by. Reads at most BOUNCE_TEXT_BYTES_MAX of `said`. Cost: 50 us per kB at most, when nothing is found.
 */
enum signal bounce_signal(const struct bounce_code *status, struct text said, struct arena *arena,
			  struct bounce_code *code);

/* `said` without what names a recipient: the part of each address before its '@' becomes '*'. On one line. */
struct text bounce_words(struct text said, struct arena *arena);

#endif
