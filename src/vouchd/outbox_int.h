/* vouchd/outbox_int.h - private to the outbox's files: outbox.c (rows), outbox_worker.c (threads). */
#ifndef VOUCHD_OUTBOX_INT_H
#define VOUCHD_OUTBOX_INT_H

#include "journal/journal.h"
#include "vouchd/outbox.h"
#include "vouchd/secret_file.h"

#include <pthread.h>
#include <stdatomic.h>

#define OUTBOX_WORKERS_MAX 8U

struct outbox_worker {
	struct outbox *outbox;
	enum channel channel;
	pthread_t thread;
	uint64_t claimed; /* the row that it sends; 0: none. The writer's own */
};

struct outbox {
	const struct config *config;
	struct pipeline *pipeline;
	bool sends[CHANNEL_COUNT];
	char password[SECRET_FILE_BYTES];
	char webhook_key[SECRET_FILE_BYTES];
	struct outbox_worker workers[OUTBOX_WORKERS_MAX];
	size_t worker_count;
	pthread_mutex_t lock;
	pthread_cond_t wake;
	uint64_t news;        /* how often something was queued; under the lock */
	atomic_bool stopping; /* written under the lock */
	int64_t trimmed_ms;   /* the first worker's own */
};

/* Visits the row `id`. Errors: RESULT_NOT_FOUND, RESULT_IO. Texts live until the visitor returns. */
enum result outbox_row(struct journal *j, uint64_t id, journal_visit_outbox *visit, void *context) MUST_USE;
/* The row after a try at `now`; what follows from it is counted and logged. */
void outbox_settle(const struct outbox *o, struct journal_outbox *row, const struct delivery *d,
		   struct instant now);
void outbox_wake(struct outbox *o);
/* How many wait, for /metrics. */
void outbox_count(struct journal *j);

void outbox_start(struct outbox *o);

#endif
