/*
 * vouchd/notices.h - members are told what is new about their sources: off the list, on it again, near a threshold, looked at more closely.
 *
 * What is so now is compared with what the member was last told, which the store keeps (table `told`); the difference becomes one notice
 * (notify/notices.def) for a system and kind, however many sources it is about, and goes to the member's addresses and webhook by the outbox,
 * in one transaction with the note that it was told. So nothing is told twice or forgotten, whatever is killed; a flood is told once at
 * the end of its interval; and what is past when notices are first configured is not told at all. Reading a journal tells nobody anything.
 *
 * The writer notes what it changed, and a thread asks it, outside of any decision, what of that is new. Cost for the writer: O(1) per change,
 * and one look at the store per changed source. Warnings are looked at once an hour for each source that had news, and
 * once a day for all, a thousand at a time.
 *
 * Addresses and webhooks are declared in the programme (alerts, notices, webhook of a member) and so lie in the journal and the registry. They
 * are in no log, export, public answer or metric; who reads the programme as a whole is logged (contacts_read). Tests:
 * tests/stories/notices.story, notices_warning.story, tests/interop/notices_test.py.
 */
#ifndef VOUCHD_NOTICES_H
#define VOUCHD_NOTICES_H

#include "vouchd/pipeline.h"

struct notices;

/* Are the templates right? Errors: RESULT_BAD_INPUT, RESULT_IO. */
enum result notices_check(const struct config *config, struct fault *fault) MUST_USE;

/*
 * After outbox_open, whose channels it uses. *n is NULL when there is none, and nobody is told anything. `goes_on`: others told until now, and
 * nothing happened since that is not to be told. Errors: those of notices_check; RESULT_IO, but not where telling goes on: that wants nothing of the store.
 */
enum result notices_open(const struct config *config, struct pipeline *p, bool goes_on, struct notices **n,
			 struct fault *fault) MUST_USE;
void notices_stop(struct notices *n);  /* before pipeline_close; NULL is fine, here and below */
void notices_close(struct notices *n); /* after it */

/* ---- on the writer's thread */

/* its place on the list, or how near to an alarm it is */
void notices_changed(struct notices *n, uint32_t source);
void notices_touched(struct notices *n, uint32_t source); /* there was news about it */
void notices_all(struct notices *n);                      /* the state was read again from the store */
void notices_wake(struct notices *n);                     /* it is committed */

#endif
