/* vouchd/notices_int.h - private to the notices' files: notices.c (what is new, threads), notices_tell.c (what was told, limits), notices_words.c. */
#ifndef VOUCHD_NOTICES_INT_H
#define VOUCHD_NOTICES_INT_H

#include "notify/notice.h"
#include "vouchd/notices.h"
#include "vouchd/outbox.h"
#include "vouchd/pipeline_int.h"

#define NOTICES_SAID_BYTES 512U /* of what was told */

/* What is queued for being looked at. */
#define NOTICES_CHANGED 1U
#define NOTICES_TOUCHED 2U
#define NOTICES_PENDING 4U

struct notices {
	const struct config *config;
	struct pipeline *pipeline;
	struct arena arena;
	struct notice_text texts[NOTICE_COUNT];

	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t wake;
	bool woken, stopping; /* under the lock */

	/* the writer's own: */
	bool silent;     /* what is found is noted as told: it is older than notices here */
	bool unreadable; /* what was told: then nothing is */
	bool all;        /* everything is to be looked at */
	uint8_t *flags;  /* by source: in which of the lists it is */
	uint32_t *hours; /* by source: in which hour its thresholds were last looked at */
	uint32_t size;   /* of both */
	struct ids changed;
	struct ids touched;
	int64_t day; /* since 1970: all were looked at on it, or are queued to be */
	struct instant next_day;
	struct ids held; /* not before `due` */
	struct instant due;
	struct ids pending; /* there is something to tell */
};

/* One notice: what is new about the sources of one system. */
struct notices_group {
	enum notice notice;
	uint32_t system;
	struct ids sources;
};

/* notices.c: the last one of what is pending is told, or held. */
void notices_done(struct notices *n);

/* notices_tell.c */
/* What the member of the source could be told now, in one form; a text of `out`. */
struct text notices_standing(const struct fold *f, uint32_t source, char out[NOTICES_SAID_BYTES]);
bool notices_listing_differs(struct notices *n, uint32_t source);
bool notices_watch_differs(struct notices *n, uint32_t source);
bool notices_warning_differs(struct notices *n, uint32_t source);
void notices_told(struct notices *n, const char *topic, uint64_t unit, struct text said);
/* What was told; empty: nothing. *time: when; may be NULL. */
struct text notices_was_told(struct notices *n, const char *topic, uint64_t unit,
			     char out[NOTICES_SAID_BYTES], struct instant *time);
/* Was its member told that it sends nothing, before it was taken off the list for it or while it is listed? */
bool notices_is_warned(struct notices *n, uint32_t source);
/* Tells what is pending, of as many systems as one transaction takes. */
enum result notices_tell(struct notices *n, struct fault *fault) MUST_USE;

/* notices_words.c: queues the notice for all who are to have it; *recipients: how many. */
enum result notices_queue(struct notices *n, const struct notices_group *g, uint32_t *recipients,
			  struct fault *fault) MUST_USE;

#endif
