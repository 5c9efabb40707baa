/*
 * milter/lookup.h - questions to DNS lists, for one session: all of a mail at once, within one stated time.
 *
 * An allow list fails closed: whatever is not exactly a code of the zone is no listing, and an answer that holds a refusal
 * (settings_is_refusal) is none either, whatever else it holds. Not thread-safe; each session has its own.
 */
#ifndef MILTER_LOOKUP_H
#define MILTER_LOOKUP_H

#include "milter/settings.h"

enum lookup_answer {
	LOOKUP_NOT_LISTED, /* there is no such name, or its answer is none of the codes */
	LOOKUP_LISTED,
	LOOKUP_REFUSED, /* the list says that it does not answer us */
	LOOKUP_FAILED,  /* no answer in time, or an error of the resolver */
};

#define LOOKUP_NAME_BYTES 256U
#define LOOKUP_TXT_BYTES  256U

struct lookup_question {
	const struct settings_zone *zone;
	const char *subject;          /* the domain that is asked for; NULL: an address */
	char name[LOOKUP_NAME_BYTES]; /* by lookup_name_*; empty: not to be asked */
	enum lookup_answer answer;
	bool validated;             /* the resolver says that the answer is authentic (AD) */
	uint8_t address[4];         /* of LOOKUP_LISTED: the code that matched */
	char txt[LOOKUP_TXT_BYTES]; /* of LOOKUP_LISTED: the TXT record; empty: none */
};

/* RFC 5782 sections 2.1 and 2.4: "7.0.18.198.certified.example". Empty when it is too long for DNS. */
void lookup_name_address(struct lookup_question *q, const struct prefix *address);
void lookup_name_domain(struct lookup_question *q, struct text domain);

struct lookup;
/* NULL: no memory, or the resolvers of the machine cannot be read. */
struct lookup *lookup_open(const struct settings *settings);
void lookup_close(struct lookup *l); /* NULL is fine */

/*
 * Asks all at once (A, and TXT for those that are listed) and returns when all are answered or settings.timeout is over. After
 * LOOKUP_FAILURES times in a row without any answer no question is asked for LOOKUP_SILENCE_MS, in any session: a dead resolver
 * must not slow down each mail.
 */
#define LOOKUP_FAILURES   3U
#define LOOKUP_SILENCE_MS 5000
void lookup_ask(struct lookup *l, struct lookup_question *questions, size_t count);

#endif
