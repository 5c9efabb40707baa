/*
 * vouchd/pipeline.h - the one writer: jobs in, records and their effects in one commit, the list published, then answers.
 *
 * The order of rooms is here and nowhere else: append -> fold (registry, detect, decide) -> put effects -> commit ->
 * publish -> answer. Doors run on their own threads and hand in jobs; the writer's thread takes all that wait, up to
 * BATCH_OBSERVATIONS_MAX, into one transaction (group commit). When the commit fails every job of the batch gets
 * RESULT_IO, and the state in memory is read again from the store, so that what is published is what is stored.
 */
#ifndef VOUCHD_PIPELINE_H
#define VOUCHD_PIPELINE_H

#include "vouchd/config.h"
#include "vouchd/fold.h"

struct directory;
struct dns_gate;
struct histogram;
struct journal;
struct journal_tx;
struct list;
struct notices;
struct outbox;
struct pipeline;
struct seen;
struct usage;

/*
 * One piece of work. Set the functions, submit, and do not touch it until `done`. `run` is called on the writer's
 * thread; it may read and change everything through the functions below. `done` is called on the writer's thread as
 * well, after the commit; it must be short and must not submit and wait.
 */
struct job {
	struct job *next;
	void (*run)(struct job *job, struct pipeline *p);
	void (*done)(struct job *job);
	void *waiter;       /* private to pipeline_call */
	bool writes;        /* false: only reads; runs outside a transaction and is never undone */
	uint32_t weight;    /* observations it brings, for the bound of a batch */
	enum result result; /* set by run; RESULT_IO when the commit failed */
	struct fault fault; /* words for result */
};

/*
 * Opens the store, folds the journal from the last snapshot, publishes the list and starts the writer. The lists are
 * those of config->lists in their order; the directory gets the reporters. Both must outlive the pipeline.
 */
enum result pipeline_open(const struct config *config, struct list *list, struct directory *directory,
			  struct pipeline **p, struct fault *fault) MUST_USE;
/* Works off what waits, writes a snapshot, closes the store. */
void pipeline_close(struct pipeline *p);

/* From now on the queries of the receivers are kept in the store, once a minute. The gate must outlive the pipeline. */
void pipeline_keep_usage(struct pipeline *p, struct dns_gate *gate);

/* From now on the domains that recorded reports name are noted. It must outlive the pipeline. */
void pipeline_keep_seen(struct pipeline *p, struct seen *seen);

/* From now on what people are to be told is queued there. It must outlive the pipeline. */
void pipeline_keep_outbox(struct pipeline *p, struct outbox *outbox);

/* From now on members are told what changes. It must outlive the pipeline. */
void pipeline_keep_notices(struct pipeline *p, struct notices *notices);

/* Returns when what the writer did before this call is done: nobody there has what was given by a pipeline_keep_... before. As
 * pipeline_call, not while it closes. */
void pipeline_settle(struct pipeline *p);

/*
 * In a job: the receivers are those of `config` from now on, numbered by receivers_number; it must outlive the next call. The list is brought
 * in line with them before the gate gets them. Errors: RESULT_IO when the counts so far cannot be written.
 */
enum result pipeline_receivers(struct pipeline *p, const struct config *config) MUST_USE;

/* Errors: RESULT_BUSY when QUEUE_REPORTS_MAX jobs wait, or the pipeline closes; done is then not called. */
enum result pipeline_submit(struct pipeline *p, struct job *job) MUST_USE;
/* Submits and waits; returns job->result. Not from the writer's thread; from the loop, which stands still meanwhile, for a reload alone. */
enum result pipeline_call(struct pipeline *p, struct job *job);

/*
 * Budget, shadow and thresholds are those of `config` from now on: a record, if they differ. Submits and waits, as pipeline_call. Errors: those
 * of the store; then all is as before.
 */
enum result pipeline_policy(struct pipeline *p, const struct config *config, struct fault *fault) MUST_USE;

struct instant pipeline_now(const struct pipeline *p); /* the clock, real or manual; from any thread */

/* How long it took from the commit of a change until every DNS thread answered from it; from any thread. */
const struct histogram *pipeline_changes(const struct pipeline *p);

/* For run functions, on the writer's thread. */
struct journal *pipeline_journal(struct pipeline *p);
struct fold *pipeline_fold(struct pipeline *p);
struct usage *pipeline_usage(struct pipeline *p);   /* NULL before pipeline_keep_usage */
struct seen *pipeline_seen(struct pipeline *p);     /* NULL without pipeline_keep_seen */
struct outbox *pipeline_outbox(struct pipeline *p); /* NULL without pipeline_keep_outbox */
struct journal_tx *pipeline_tx(struct pipeline *p); /* of the batch; only in a job that writes */

/*
 * Appends one input record and folds it; its effects go into the same transaction. *seq is its number.
 * Errors: RESULT_BAD_INPUT or RESULT_NOT_ALLOWED when the fold refuses it (nothing is then written), RESULT_IO.
 */
enum result pipeline_append(struct pipeline *p, enum record_kind kind, struct text payload, uint64_t *seq,
			    struct fault *fault) MUST_USE;
/* One more report of this reporter: is it within the quota of the day? Whoever is no reporter shares one (public_reports). */
bool pipeline_quota(struct pipeline *p, struct text reporter) MUST_USE;
/* One more answer to this address: is it one of the first `most` of the day? Addresses of one hash in 4096 share them. */
bool pipeline_answers(struct pipeline *p, struct text address, uint64_t most) MUST_USE;
/* A TICK record at this time. Errors: RESULT_BAD_INPUT when it lies before the last record. */
enum result pipeline_tick(struct pipeline *p, struct instant at, struct fault *fault) MUST_USE;

#endif
