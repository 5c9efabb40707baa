/*
 * vouchd/reload_doors.c - what a reload closes and opens anew: the way to people (outbox, notices), and the blocklists that are asked.
 *
 * What is to be sent lies in the store, and what members were told too; so between the two nothing is forgotten, and a try that is broken off is
 * made again. All of it on the loop's thread; the writer is waited for before what it had is freed.
 */
#include "base/log.h"
#include "vouchd/daemon_int.h"

#include <stdlib.h>

void
generation_leave(struct generation *g)
{
	if (--g->users == 0) {
		struct arena arena = g->arena;

		arena_clear(&arena); /* it lies in it */
	}
}

/* It is used for one thing more, instead of the one before. */
static void
change_generation(struct generation **of, struct generation *next)
{
	next->users++;
	generation_leave(*of);
	*of = next;
}

/* ---- the way to people */

static enum result
open_notices(struct service *s, const struct config *config, bool goes_on, struct fault *fault)
{
	enum result r = outbox_open(config, s->pipeline, &s->outbox, fault);

	if (r == RESULT_OK) {
		r = notices_open(config, s->pipeline, goes_on, &s->notices, fault);
	}
	return r;
}

/* Those that sent until now, without their threads; the writer still has them. */
struct tellers {
	struct outbox *outbox;
	struct notices *notices;
};

static struct tellers
stop_notices(struct service *s)
{
	struct tellers was = { s->outbox, s->notices };

	notices_stop(s->notices);
	outbox_stop(s->outbox);
	pipeline_keep_notices(s->pipeline, NULL); /* who comes next looks at everything */
	s->outbox = NULL;
	s->notices = NULL;
	return was;
}

static void
free_notices(struct service *s, struct tellers *was)
{
	pipeline_settle(s->pipeline);
	notices_close(was->notices);
	outbox_close(was->outbox);
}

/* Also when the store is what failed. */
static void
reopen_notices(struct service *s, const struct config *config, bool goes_on)
{
	struct tellers failed = stop_notices(s);
	struct fault fault = { { 0 } };
	char quoted[LOG_QUOTE_BYTES];

	pipeline_keep_outbox(s->pipeline, NULL);
	free_notices(s, &failed);
	if (open_notices(s, config, goes_on, &fault) != RESULT_OK) {
		log_event(LOG_ERROR, "notices",
			  "why=%s words=\"nobody is told anything until the next reload\"",
			  log_quote(text_of(fault.text), quoted));
	}
}

enum result
reload_notices(struct service *s, struct generation *next, struct fault *fault)
{
	struct tellers was;
	enum result r;

	if (!config_notices_differ(&s->notices_of->config, &next->config)) {
		return RESULT_OK;
	}
	was = stop_notices(s);
	r = open_notices(s, &next->config, was.notices != NULL, fault);
	if (r != RESULT_OK) {
		reopen_notices(s, &s->notices_of->config, was.notices != NULL);
	}
	free_notices(s, &was);
	if (r == RESULT_OK) {
		change_generation(&s->notices_of, next);
	}
	return r;
}

/* ---- blocklists */

/* Those that were left and are closed by now. */
static void
free_left(struct service *s, bool all)
{
	struct left **at = &s->left;

	while (*at != NULL) {
		struct left *one = *at;

		if (!all && !blocklists_closed(one->blocklists)) {
			at = &one->next;
			continue;
		}
		*at = one->next;
		blocklists_free(one->blocklists);
		generation_leave(one->generation);
		free(one);
	}
}

enum result
reload_blocklists(struct service *s, struct generation *next, struct fault *fault)
{
	struct blocklists *lists;
	struct left *left;
	enum result r;

	free_left(s, false);
	if (!config_blocklists_differ(&s->blocklists_of->config, &next->config)) {
		return RESULT_OK;
	}
	r = blocklists_open(&s->loop, &next->config, s->pipeline, s->directory, &lists, fault);
	if (r != RESULT_OK) {
		return r;
	}
	left = malloc(sizeof *left);
	check(left != NULL);
	blocklists_close(s->doors.blocklists);
	*left = (struct left){ s->left, s->doors.blocklists, s->blocklists_of };
	s->left = left;
	s->doors.blocklists = lists;
	next->users++;
	s->blocklists_of = next;
	if (lists == NULL) {
		pipeline_keep_seen(s->pipeline, NULL);
	}
	pipeline_settle(s->pipeline);
	return RESULT_OK;
}

void
reload_end(struct service *s)
{
	free_left(s, true);
	generation_leave(s->notices_of);
	generation_leave(s->blocklists_of);
	generation_leave(s->generation);
}
