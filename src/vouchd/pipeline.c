/* vouchd/pipeline.c - the writer's thread: batches of jobs, ticks, commit, publish, answer. */
#include "vouchd/pipeline_int.h"

#include "base/counters.h"
#include "base/log.h"
#include "vouchd/command.h"
#include "vouchd/quota.h"
#include "vouchd/usage.h"

#include <semaphore.h>
#include <stdlib.h>
#include <time.h>

#define USAGE_EVERY_NS INT64_C(60000000000)
#define ANSWER_SLOTS   4096U

struct instant
pipeline_now(const struct pipeline *p)
{
	return p->config->clock_manual ? (struct instant){ atomic_load(&p->manual_ms) } : instant_now();
}

const struct histogram *
pipeline_changes(const struct pipeline *p)
{
	return &p->changes;
}

struct journal *
pipeline_journal(struct pipeline *p)
{
	return p->journal;
}

struct fold *
pipeline_fold(struct pipeline *p)
{
	return p->fold;
}

struct usage *
pipeline_usage(struct pipeline *p)
{
	return atomic_load(&p->usage);
}

struct seen *
pipeline_seen(struct pipeline *p)
{
	return atomic_load(&p->seen);
}

void
pipeline_keep_seen(struct pipeline *p, struct seen *seen)
{
	atomic_store(&p->seen, seen);
}

struct outbox *
pipeline_outbox(struct pipeline *p)
{
	return atomic_load(&p->outbox);
}

void
pipeline_keep_outbox(struct pipeline *p, struct outbox *outbox)
{
	atomic_store(&p->outbox, outbox);
}

void
pipeline_keep_notices(struct pipeline *p, struct notices *notices)
{
	atomic_store(&p->notices, notices);
}

void
pipeline_keep_usage(struct pipeline *p, struct dns_gate *gate)
{
	check(atomic_load(&p->usage) == NULL);
	atomic_store(&p->usage, usage_open(p->config, gate));
}

enum result
pipeline_receivers(struct pipeline *p, const struct config *config)
{
	struct usage *u = atomic_load(&p->usage);
	enum result r = p->broken ? RESULT_IO : usage_write(u, p->journal, pipeline_now(p), false);

	if (r == RESULT_OK) {
		r = usage_change(u, p->journal, config);
	}
	if (r == RESULT_OK) {
		p->asked = config;
		state_receivers(p);
	}
	return r;
}

struct journal_tx *
pipeline_tx(struct pipeline *p)
{
	return &p->tx;
}

/* ---- a batch */

static void
count_batch(struct pipeline *p)
{
	counter_add(COUNTER_ALARMS, p->counts.alarms);
	counter_add(COUNTER_MOVES, p->counts.moves);
}

/* The commit failed: nothing of the batch happened. What is in memory is made anew from what is on disk. */
static void
undo_batch(struct pipeline *p, struct job *batch, enum result r)
{
	struct fault fault = { { 0 } };
	char quoted[LOG_QUOTE_BYTES];

	log_event(LOG_ERROR, "commit_failed", "result=%s why=%s", result_name(r),
		  log_quote(text_of(p->tx.fault.text), quoted));
	for (struct job *j = batch; j != NULL; j = j->next) {
		if (j->writes) {
			j->fault = (struct fault){ { 0 } };
			j->result = fault_set(&j->fault, RESULT_IO, "the store failed: %s", p->tx.fault.text);
		}
	}
	if (state_read(p, &fault) != RESULT_OK) {
		/* The published list stands; without a store nothing can be decided. A restart tries again. */
		log_event(LOG_ERROR, "store_unreadable", "why=%s", log_quote(text_of(fault.text), quoted));
		p->broken = true;
	}
}

static void
commit_batch(struct pipeline *p, struct job *batch)
{
	uint64_t before = p->tx.head.seq;
	enum result r = RESULT_IO;

	if (p->broken) {
		journal_rollback(&p->tx);
		counter_add(COUNTER_JOURNAL_COMMIT_FAILURES, 1);
	} else {
		r = journal_commit(&p->tx);
	}
	p->failing = r != RESULT_OK;
	if (r != RESULT_OK) {
		undo_batch(p, batch, r);
		return;
	}
	atomic_store(&p->manual_ms, p->tx.head.time.ms);
	state_publish(p);
	count_batch(p);
	if (before >= p->snapshot_seq + p->config->snapshot_records) {
		state_snapshot(p);
	}
}

static void
run_batch(struct pipeline *p, struct job *batch)
{
	bool writes = false;

	for (struct job *j = batch; j != NULL; j = j->next) {
		writes = writes || j->writes;
	}
	p->counts = (struct batch_counts){ 0 };
	if (writes) {
		p->tx = journal_begin(p->journal);
		for (struct job *j = batch; j != NULL; j = j->next) {
			if (j->writes) {
				j->run(j, p);
			}
		}
		commit_batch(p, batch);
	}
	for (struct job *j = batch, *next; j != NULL; j = next) {
		next = j->next;
		if (!j->writes) {
			j->run(j, p);
		}
		j->done(j); /* j may be gone now */
	}
}

/* ---- the queue */

/* All that waits, up to the bound of a batch. Under the lock. */
static struct job *
take_batch(struct pipeline *p)
{
	struct job *batch = p->first, *end = NULL;
	uint64_t weight = 0;

	for (struct job *j = p->first;
	     j != NULL && (end == NULL || weight + j->weight <= BATCH_OBSERVATIONS_MAX); j = j->next) {
		weight += j->weight;
		end = j;
		p->waiting--;
	}
	if (end != NULL) {
		p->first = end->next;
		end->next = NULL;
		if (p->first == NULL) {
			p->last = &p->first;
		}
	}
	counter_set(COUNTER_REPORTS_WAITING, p->waiting);
	return batch;
}

/* Waits for work until the next tick is due. NULL: a tick is due, or it is over. */
static struct job *
wait_for_work(struct pipeline *p, bool *over)
{
	struct job *batch;
	struct timespec until;

	check(clock_gettime(CLOCK_MONOTONIC, &until) == 0);
	until.tv_sec += p->config->tick.ms / 1000;
	until.tv_nsec += p->config->tick.ms % 1000 * 1000000;
	if (until.tv_nsec >= 1000000000) {
		until.tv_sec++;
		until.tv_nsec -= 1000000000;
	}
	check(pthread_mutex_lock(&p->lock) == 0);
	while (p->first == NULL && !p->closing && pthread_cond_timedwait(&p->wake, &p->lock, &until) == 0) {
	}
	batch = take_batch(p);
	*over = batch == NULL && p->closing;
	check(pthread_mutex_unlock(&p->lock) == 0);
	return batch;
}

static void
tick_run(struct job *job, struct pipeline *p)
{
	job->result = pipeline_tick(p, pipeline_now(p), &job->fault);
}

static void
tick_done(struct job *job)
{
	(void)job;
}

/* Time itself as an event, on the real clock and only while it may change something. */
static void
tick_if_due(struct pipeline *p)
{
	struct instant now = instant_now();
	struct job tick = { .run = tick_run, .done = tick_done, .writes = true };

	if (p->config->clock_manual || now.ms - p->last_tick_ms < p->config->tick.ms ||
	    !fold_waits(p->fold, now)) {
		return;
	}
	p->last_tick_ms = now.ms;
	run_batch(p, &tick);
}

/* Once a minute, at the end, and while the store fails: a write that goes through is how we learn that it no longer does. */
static void
keep_usage(struct pipeline *p, bool over)
{
	struct usage *u = atomic_load(&p->usage);
	int64_t now_ns = instant_monotonic_ns();
	enum result r;

	if (u == NULL || p->broken ||
	    (!p->failing && !over && now_ns - p->usage_written_ns < USAGE_EVERY_NS)) {
		return;
	}
	p->usage_written_ns = now_ns;
	r = usage_write(u, p->journal, pipeline_now(p), p->failing);
	if (r != RESULT_OK && !p->failing) {
		log_event(LOG_ERROR, "usage_not_kept", "result=%s", result_name(r));
	}
	p->failing = r != RESULT_OK;
}

/* The list that DNS answers from is what the store holds, and what is decided next can be kept. */
static void
confirm_list(struct pipeline *p)
{
	if (!p->broken && !p->failing) {
		list_confirm(p->list, instant_monotonic_ns());
	}
}

static void *
writer(void *context)
{
	struct pipeline *p = context;
	bool over = false;

	while (!over) {
		struct job *batch = wait_for_work(p, &over);

		if (batch != NULL) {
			run_batch(p, batch);
		}
		if (!over) {
			tick_if_due(p);
		}
		keep_usage(p, over);
		confirm_list(p);
	}
	return NULL;
}

enum result
pipeline_submit(struct pipeline *p, struct job *job)
{
	enum result r = RESULT_BUSY;

	job->next = NULL;
	job->result = RESULT_OK;
	job->fault = (struct fault){ { 0 } };
	check(pthread_mutex_lock(&p->lock) == 0);
	if (!p->closing && p->waiting < QUEUE_REPORTS_MAX) {
		*p->last = job;
		p->last = &job->next;
		p->waiting++;
		r = RESULT_OK;
	}
	check(pthread_cond_signal(&p->wake) == 0);
	check(pthread_mutex_unlock(&p->lock) == 0);
	return r;
}

static void
wake_caller(struct job *job)
{
	check(sem_post(job->waiter) == 0);
}

enum result
pipeline_call(struct pipeline *p, struct job *job)
{
	sem_t done;
	enum result r;

	check(sem_init(&done, 0, 0) == 0);
	job->waiter = &done;
	job->done = wake_caller;
	r = pipeline_submit(p, job);
	if (r == RESULT_OK) {
		while (sem_wait(&done) != 0) {
		}
		r = job->result;
	} else {
		job->result = fault_set(&job->fault, r, "too much waits already");
	}
	check(sem_destroy(&done) == 0);
	return r;
}

static void
settle_run(struct job *job, struct pipeline *p)
{
	(void)p;
	job->result = RESULT_OK;
}

void
pipeline_settle(struct pipeline *p)
{
	struct job job = { .run = settle_run };
	const struct timespec while_full = { 0, 1000000 };

	while (pipeline_call(p, &job) == RESULT_BUSY) {
		(void)nanosleep(&while_full, NULL);
	}
}

/* ---- opening and closing */

struct policy_job {
	struct job job;
	const struct config *config;
	bool holds; /* it is in force already */
};

static bool
policy_holds(const struct pipeline *p, const struct config *config)
{
	double was = fold_budget(p->fold), is = config->budget;

	return !(was < is || was > is) && decide_reviews(fold_decide(p->fold)).percent == config->shadow &&
	       threshold_policy_equal(fold_thresholds(p->fold), &config->policy);
}

static void
policy_look(struct job *job, struct pipeline *p)
{
	struct policy_job *j = (struct policy_job *)job;

	j->holds = policy_holds(p, j->config);
}

static void
policy_run(struct job *job, struct pipeline *p)
{
	const struct config *config = ((struct policy_job *)job)->config;
	const struct command c = { .is_policy = true,
				   .budget = config->budget,
				   .shadow = (uint32_t)config->shadow,
				   .policy = &config->policy,
				   .decide = { .actor = TEXT("vouch.yaml"),
					       .reason = TEXT(
						   "the budget and the thresholds of the configuration") } };
	struct buffer b;
	uint64_t seq;

	if (policy_holds(p, config)) {
		return;
	}
	buffer_init(&b, RECORD_BYTES_MAX);
	command_write(&b, &c);
	job->result = pipeline_append(p, RECORD_COMMAND, buffer_text(&b), &seq, &job->fault);
	buffer_free(&b);
}

/* Budget and thresholds decide what suspends, so a change of them is a record like any other. */
static enum result
record_policy(struct pipeline *p, struct fault *fault)
{
	struct policy_job j = { { .run = policy_run, .done = tick_done, .writes = true }, p->config, false };

	if (policy_holds(p, p->config)) {
		return RESULT_OK;
	}
	run_batch(p, &j.job);
	return j.job.result == RESULT_OK ? RESULT_OK : fault_set(fault, j.job.result, "%s", j.job.fault.text);
}

enum result
pipeline_policy(struct pipeline *p, const struct config *config, struct fault *fault)
{
	struct policy_job j = { { .run = policy_look, .weight = 1 }, config, false };
	enum result r = pipeline_call(p, &j.job);

	if (r == RESULT_OK &&
	    !j.holds) { /* else a full disk would refuse a reload that changes nothing of it */
		j.job = (struct job){ .run = policy_run, .writes = true, .weight = 1 };
		r = pipeline_call(p, &j.job);
	}
	return r == RESULT_OK ? RESULT_OK : fault_set(fault, r, "%s", j.job.fault.text);
}

bool
pipeline_quota(struct pipeline *p, struct text reporter)
{
	const struct registry *r = fold_registry(p->fold);
	uint32_t id = registry_find(r, THING_REPORTER, reporter);
	uint64_t most = id != REGISTRY_NONE ? registry_reporter(r, id).quota : p->config->public_reports;

	return quota_take(p->quota, id != REGISTRY_NONE ? id + 1 : 0, most, pipeline_now(p));
}

bool
pipeline_answers(struct pipeline *p, struct text address, uint64_t most)
{
	return quota_take(p->answers, (uint32_t)(hash_fast(address.p, address.n) % ANSWER_SLOTS), most,
			  pipeline_now(p));
}

static void
pipeline_free(struct pipeline *p)
{
	journal_close(p->journal);
	fold_close(p->fold);
	pthread_cond_destroy(&p->wake);
	pthread_mutex_destroy(&p->lock);
	free(p->input_sources.items);
	free(p->input_cases.items);
	free(p->changed.items);
	free(p->cases.items);
	free(p->published);
	quota_free(p->quota);
	quota_free(p->answers);
	usage_close(atomic_load(&p->usage));
	watch_free(p);
	free(p);
}

enum result
pipeline_open(const struct config *config, struct list *list, struct directory *directory,
	      struct pipeline **out, struct fault *fault)
{
	struct pipeline *p = calloc(1, sizeof(*p));
	pthread_condattr_t monotonic;
	enum result r;

	check(p != NULL);
	p->config = p->asked = config;
	p->list = list;
	p->directory = directory;
	p->quota = quota_new();
	p->answers = quota_new();
	p->last = &p->first;
	check(pthread_mutex_init(&p->lock, NULL) == 0);
	check(pthread_condattr_init(&monotonic) == 0);
	check(pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC) == 0);
	check(pthread_cond_init(&p->wake, &monotonic) == 0);
	pthread_condattr_destroy(&monotonic);
	r = journal_sqlite_open(config->data, JOURNAL_WRITE, &p->journal, fault);
	if (r == RESULT_BUSY) {
		r = RESULT_CONFLICT; /* another daemon has it; it will not be free in a moment */
	}
	if (r == RESULT_OK) {
		r = state_read(p, fault);
	}
	if (r == RESULT_OK) {
		r = record_policy(p, fault);
	}
	if (r != RESULT_OK) {
		pipeline_free(p);
		*out = NULL;
		return r;
	}
	check(pthread_create(&p->thread, NULL, writer, p) == 0);
	*out = p;
	return RESULT_OK;
}

void
pipeline_close(struct pipeline *p)
{
	if (p == NULL) {
		return;
	}
	check(pthread_mutex_lock(&p->lock) == 0);
	p->closing = true;
	check(pthread_cond_signal(&p->wake) == 0);
	check(pthread_mutex_unlock(&p->lock) == 0);
	check(pthread_join(p->thread, NULL) == 0);
	state_snapshot(p);
	pipeline_free(p);
}
