/* vouchd/notices.c - what the writer notes, and the thread that asks it what of that is new. */
#include "vouchd/notices_int.h"

#include "base/array.h"
#include "base/log.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#define REST_MS        INT64_C(60000)
#define MANUAL_REST_MS INT64_C(100)
#define PAUSE_MS       INT64_C(200)
#define TOUCHED_MAX    1000U /* sources whose thresholds are looked at in one go */
#define HOUR_MS        INT64_C(3600000)

/* ---- noting */

static void
make_room(struct notices *n, uint32_t source)
{
	uint32_t size = n->size;

	n->flags = array_reach(n->flags, source, &size, sizeof(*n->flags));
	n->hours = array_reach(n->hours, source, &n->size, sizeof(*n->hours));
}

static void
note(struct notices *n, struct ids *list, uint32_t source, uint8_t flag)
{
	make_room(n, source);
	if ((n->flags[source] & flag) == 0) {
		n->flags[source] |= flag;
		ids_add(list, source);
	}
}

void
notices_done(struct notices *n)
{
	n->flags[n->pending.items[--n->pending.count]] &= (uint8_t)~NOTICES_PENDING;
}

void
notices_changed(struct notices *n, uint32_t source)
{
	if (n != NULL) {
		note(n, &n->changed, source, NOTICES_CHANGED);
	}
}

void
notices_touched(struct notices *n, uint32_t source)
{
	if (n != NULL) {
		note(n, &n->touched, source, NOTICES_TOUCHED);
	}
}

void
notices_all(struct notices *n)
{
	if (n != NULL) {
		n->all = true;
		notices_wake(n);
	}
}

void
notices_wake(struct notices *n)
{
	if (n == NULL || (n->changed.count == 0 && n->touched.count == 0 && !n->all)) {
		return;
	}
	check(pthread_mutex_lock(&n->lock) == 0);
	n->woken = true;
	check(pthread_cond_signal(&n->wake) == 0);
	check(pthread_mutex_unlock(&n->lock) == 0);
}

/* ---- looking, on the writer's thread */

struct look {
	struct job job; /* first */
	struct notices *notices;
	bool more;          /* look again at once */
	bool found;         /* something is to be told */
	struct instant due; /* what is held may be told; INT64_MAX ms: nothing is */
};

static enum result
mark_told(void *context, const struct journal_told *row)
{
	struct notices *n = context;
	const struct registry *registry = fold_registry(pipeline_fold(n->pipeline));
	uint32_t count = registry_count(registry, THING_SOURCE);

	if (text_equal(row->topic, TEXT("listing")) && row->unit < count) {
		notices_changed(n, (uint32_t)row->unit);
	}
	for (uint32_t i = 0; i < count && text_equal(row->topic, TEXT("watch")) && row->said.n > 0; i++) {
		if (registry_source(registry, i).system == row->unit) {
			notices_changed(n, i);
		}
	}
	return RESULT_OK;
}

/* All that is not as it is where nobody was told anything, and all that somebody was told of. */
static void
mark_all(struct notices *n)
{
	const struct fold *f = pipeline_fold(n->pipeline);
	char said[NOTICES_SAID_BYTES];

	n->all = false;
	while (n->pending.count > 0) {
		notices_done(n);
	}
	for (uint32_t i = 0; i < registry_count(fold_registry(f), THING_SOURCE); i++) {
		struct text is = notices_standing(f, i, said);

		if ((is.n > 0 && !text_equal(is, TEXT("on"))) ||
		    watch_level(n->pipeline, i) != DETECT_WATCH_CALM) {
			notices_changed(n, i);
		}
	}
	if (journal_scan_told(pipeline_journal(n->pipeline), NULL, 0, mark_told, n) != RESULT_OK) {
		n->all = true;
	}
}

/* Windows of days move, and who sends nothing brings no news: each source is looked at once a day. */
static void
begin_day(struct notices *n, struct instant now)
{
	const struct registry *registry = fold_registry(pipeline_fold(n->pipeline));
	/* of the last record: the counts are as of then */
	int64_t day = atomic_load(&n->pipeline->manual_ms) / SPAN_DAY.ms;

	for (uint32_t i = 0; day != n->day && i < registry_count(registry, THING_SOURCE); i++) {
		notices_touched(n, i);
	}
	n->day = day;
	n->next_day.ms = (day + 1) * SPAN_DAY.ms;
	if (n->next_day.ms <= now.ms) {
		n->next_day.ms = now.ms + REST_MS; /* the day has begun, and its first record is to come */
	}
}

static void
release_held(struct notices *n, struct instant now)
{
	struct ids held = n->held;

	if (n->due.ms > now.ms) {
		return;
	}
	n->due.ms = INT64_MAX;
	n->held = (struct ids){ 0 };
	for (size_t i = 0; i < held.count; i++) {
		notices_changed(n, held.items[i]);
		notices_touched(n, held.items[i]);
	}
	free(held.items);
}

/* Those that were looked at in this hour wait for the next one. */
static bool
looked_at(struct notices *n, uint32_t source, struct instant now)
{
	uint32_t hour = (uint32_t)(now.ms / HOUR_MS);

	if (n->hours[source] == hour) {
		ids_add(&n->held, source);
		n->due.ms = (hour + 1) * HOUR_MS < n->due.ms ? (hour + 1) * HOUR_MS : n->due.ms;
		return true;
	}
	n->hours[source] = hour;
	return false;
}

static void
look_at_changed(struct notices *n)
{
	for (size_t i = 0; i < n->changed.count; i++) {
		uint32_t id = n->changed.items[i];

		n->flags[id] &= (uint8_t)~NOTICES_CHANGED;
		if (notices_listing_differs(n, id) || notices_watch_differs(n, id)) {
			note(n, &n->pending, id, NOTICES_PENDING);
		}
	}
	n->changed.count = 0;
}

static void
look_run(struct job *job, struct pipeline *p)
{
	struct look *k = (struct look *)job;
	struct notices *n = k->notices;
	struct instant now = pipeline_now(p);
	size_t left;

	if (n->all) {
		mark_all(n);
	}
	release_held(n, now);
	begin_day(n, now);
	look_at_changed(n);
	left = n->touched.count > TOUCHED_MAX ? n->touched.count - TOUCHED_MAX : 0;
	while (n->touched.count > left) {
		uint32_t id = n->touched.items[--n->touched.count];

		n->flags[id] &= (uint8_t)~NOTICES_TOUCHED;
		if (!looked_at(n, id, now) && notices_warning_differs(n, id)) {
			note(n, &n->pending, id, NOTICES_PENDING);
		}
	}
	k->found = n->pending.count > 0;
	k->more = n->touched.count > 0 || n->all;
	k->due = n->due.ms < n->next_day.ms ? n->due : n->next_day;
}

static void
tell_run(struct job *job, struct pipeline *p)
{
	struct look *k = (struct look *)job;

	(void)p;
	job->result = notices_tell(k->notices, &job->fault);
	k->found = k->notices->pending.count > 0;
	k->due.ms = k->notices->due.ms < k->due.ms ? k->notices->due.ms : k->due.ms;
}

/* ---- the thread */

static struct timespec
after(int64_t ms)
{
	int64_t ns = instant_monotonic_ns() + ms * 1000000;

	return (struct timespec){ ns / 1000000000, ns % 1000000000 };
}

/* A little while, so that a busy writer is not asked after each commit; then until there is news. False: it is over. */
static bool
rest(struct notices *n, struct instant due)
{
	struct instant now = pipeline_now(n->pipeline);
	int64_t ms = due.ms - now.ms < REST_MS ? due.ms - now.ms : REST_MS;
	struct timespec until;
	bool stopping;

	if (n->config->clock_manual && due.ms != INT64_MAX && ms > MANUAL_REST_MS) {
		ms = MANUAL_REST_MS;
	}
	check(pthread_mutex_lock(&n->lock) == 0);
	until = after(PAUSE_MS);
	while (!n->stopping && pthread_cond_timedwait(&n->wake, &n->lock, &until) == 0) {
	}
	until = after(ms > 0 ? ms : 0);
	while (!n->woken && !n->stopping && pthread_cond_timedwait(&n->wake, &n->lock, &until) == 0) {
	}
	n->woken = false;
	stopping = n->stopping;
	check(pthread_mutex_unlock(&n->lock) == 0);
	return !stopping;
}

static void *
work(void *context)
{
	struct notices *n = context;
	struct instant due = { INT64_MAX };
	char quoted[LOG_QUOTE_BYTES];

	while (rest(n, due)) {
		struct look k = { .job = { .run = look_run }, .notices = n };

		if (pipeline_call(n->pipeline, &k.job) == RESULT_OK) {
			k.job.run = tell_run;
			k.job.writes = true;
			while (k.found && pipeline_call(n->pipeline, &k.job) == RESULT_OK) {
			}
		}
		if (k.job.result != RESULT_OK) {
			log_event(LOG_WARN, "notices_wait", "why=%s",
				  log_quote(text_of(k.job.fault.text), quoted));
			k.due = instant_add(pipeline_now(n->pipeline), (struct span){ REST_MS });
		} else if (k.more) {
			k.due.ms = 0;
		}
		due = k.due;
	}
	return NULL;
}

/* ---- opening and closing */

enum result
notices_check(const struct config *c, struct fault *fault)
{
	struct notice_text texts[NOTICE_COUNT];
	struct arena arena = { 0 };
	enum result r = notice_texts_read(c->notice_templates[0] == '\0' ? NULL : c->notice_templates, &arena,
					  texts, fault);

	arena_clear(&arena);
	return r;
}

/* What happened while nobody was told anything is not told afterwards. */
static void
begin_run(struct job *job, struct pipeline *p)
{
	struct notices *n = ((struct look *)job)->notices;
	bool sends = outbox_sends(pipeline_outbox(p));
	struct text wanted = sends ? TEXT("on") : TEXT("off");
	char said[NOTICES_SAID_BYTES];
	struct text was = notices_was_told(n, "notices", 0, said, NULL);

	if (sends && !text_equal(was, wanted)) {
		mark_all(n);
		look_at_changed(n);
		n->silent = true;
		job->result = notices_tell(n, &job->fault);
		n->silent = false;
	}
	if (!text_equal(was, wanted) && (sends || was.n > 0)) {
		notices_told(n, "notices", 0, wanted);
	}
	((struct look *)job)->found = sends;
}

enum result
notices_open(const struct config *config, struct pipeline *p, bool goes_on, struct notices **out,
	     struct fault *fault)
{
	struct notices *n = calloc(1, sizeof(*n));
	struct look begin = { .job = { .run = begin_run, .writes = true }, .notices = n };
	pthread_condattr_t clock;
	enum result r;

	*out = NULL;
	check(n != NULL);
	n->config = config;
	n->pipeline = p;
	n->due.ms = INT64_MAX;
	check(pthread_mutex_init(&n->lock, NULL) == 0);
	check(pthread_condattr_init(&clock) == 0);
	check(pthread_condattr_setclock(&clock, CLOCK_MONOTONIC) == 0);
	check(pthread_cond_init(&n->wake, &clock) == 0);
	(void)pthread_condattr_destroy(&clock);
	r = notice_texts_read(config->notice_templates[0] == '\0' ? NULL : config->notice_templates,
			      &n->arena, n->texts, fault);
	/* then the store has nothing to say about it */
	begin.found = goes_on && outbox_sends(pipeline_outbox(p));
	if (r == RESULT_OK && !begin.found && pipeline_call(p, &begin.job) != RESULT_OK) {
		r = fault_set(fault, begin.job.result, "%s", begin.job.fault.text);
	}
	if (r != RESULT_OK || !begin.found) {
		notices_close(n);
		return r;
	}
	n->all = n->woken = true;
	check(pthread_create(&n->thread, NULL, work, n) == 0);
	pipeline_keep_notices(p, n);
	*out = n;
	return RESULT_OK;
}

void
notices_stop(struct notices *n)
{
	if (n == NULL) {
		return;
	}
	check(pthread_mutex_lock(&n->lock) == 0);
	n->stopping = true;
	check(pthread_cond_signal(&n->wake) == 0);
	check(pthread_mutex_unlock(&n->lock) == 0);
	check(pthread_join(n->thread, NULL) == 0);
}

void
notices_close(struct notices *n)
{
	if (n == NULL) {
		return;
	}
	(void)pthread_cond_destroy(&n->wake);
	(void)pthread_mutex_destroy(&n->lock);
	free(n->flags);
	free(n->hours);
	free(n->changed.items);
	free(n->touched.items);
	free(n->held.items);
	free(n->pending.items);
	arena_clear(&n->arena);
	free(n);
}
