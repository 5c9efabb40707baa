/*
 * vouchd/blocklists.c - one state machine per list.
 *
 *     WAITING --due--> FETCHING --> TESTING --> ASKING --> TESTING again --> TAKING --> FETCHING ... until the round is over
 *
 * FETCHING and TAKING are with the writer; its answers come through uv_async.
 */
#include "vouchd/blocklists.h"

#include "base/counters.h"
#include "base/log.h"
#include "vouchd/blocklist_report.h"
#include "vouchd/resolver.h"
#include "vouchd/seen.h"
#include "vouchd/take.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#define RATE_MAX 10000U

enum step { WAITING, FETCHING, TESTING, ASKING, TESTING_AGAIN, TAKING };

enum list_state {
#define BLOCKLIST_STATE(id, name, meaning) STATE_##id,
#include "vouchd/blocklist_states.def"
#undef BLOCKLIST_STATE
};
static const struct {
	const char *name, *meaning;
} states[] = {
#define BLOCKLIST_STATE(id, name, meaning) { name, meaning },
#include "vouchd/blocklist_states.def"
#undef BLOCKLIST_STATE
};

struct one_list {
	struct blocklists *all;
	const struct config_blocklist *config;
	struct blocklist_row rows[OPTIONS_SEVERAL_MAX];
	size_t row_count;
	uv_timer_t timer; /* the next round; while ASKING the next question */
	enum step step;
	enum list_state state, found; /* found: by the test that runs */
	atomic_bool done;             /* the writer has answered */
	struct blocklist_cursor cursor;
	struct blocklist_batch batch;
	struct blocklist_told told;
	struct take take;
	uint32_t next; /* question to ask */
	uint32_t open; /* questions without an answer, of the test or of the batch */
	uint64_t began_ms;
};

struct blocklists {
	uv_async_t async;
	const struct config *config;
	struct pipeline *pipeline;
	struct directory *directory;
	struct resolver *resolver;
	struct seen *seen;
	bool closing, closed;
	size_t count;
	struct one_list lists[];
};

/* A question that is on its way. */
struct asked {
	struct one_list *list;
	uint32_t number; /* of the batch; of a test: 0 must be listed, 1 must not */
};

static void fetch(struct one_list *l);
static void on_ask(uv_timer_t *timer);

static const char *
zone_of(const struct one_list *l)
{
	return l->config->zone[0] != '\0' ? l->config->zone : l->config->domain_zone;
}

static void
set_state(struct one_list *l, enum list_state state)
{
	uint64_t out = 0;

	if (l->state != state) {
		l->state = state;
		log_event(state == STATE_COUNTS ? LOG_INFO : LOG_WARN, "blocklist",
			  "reporter=%s zone=%s state=%s words=\"%s\"", l->config->reporter, zone_of(l),
			  states[state].name, states[state].meaning);
	}
	for (size_t i = 0; i < l->all->count; i++) {
		out += l->all->lists[i].state != STATE_COUNTS;
	}
	counter_set(COUNTER_BLOCKLISTS_OUT, out);
}

/* ---- a round */

static void
on_due(uv_timer_t *timer)
{
	struct one_list *l = timer->data;

	l->began_ms = uv_now(timer->loop);
	fetch(l);
}

static void
end_round(struct one_list *l)
{
	uint64_t every = (uint64_t)l->config->every.ms, took = uv_now(l->timer.loop) - l->began_ms;

	l->step = WAITING;
	blocklist_batch_clear(&l->batch);
	blocklist_cursor_clear(&l->cursor);
	if (!l->all->closing) {
		check(uv_timer_start(&l->timer, on_due, took < every ? every - took : 1, 0) == 0);
	}
}

/* On the writer's thread. */
static void
on_job_done(struct job *job)
{
	struct one_list *l = ((struct blocklist_batch *)job)->owner;

	atomic_store(&l->done, true);
	uv_async_send(&l->all->async);
}

static void
on_take_done(struct job *job)
{
	struct one_list *l = ((struct take *)job)->door;

	atomic_store(&l->done, true);
	uv_async_send(&l->all->async);
}

static void
fetch(struct one_list *l)
{
	blocklist_batch_clear(&l->batch);
	l->batch = (struct blocklist_batch){ .job = { .run = blocklist_batch_run, .done = on_job_done },
					     .list = l->config,
					     .cursor = &l->cursor,
					     .owner = l };
	l->step = FETCHING;
	if (pipeline_submit(l->all->pipeline, &l->batch.job) != RESULT_OK) {
		end_round(l);
	}
}

/* ---- tests */

static enum list_state
test_result(const struct one_list *l, uint32_t number, const struct resolver_answer *answer)
{
	struct text words;
	bool refuses = false;

	for (size_t i = 0; i < answer->count; i++) {
		refuses = refuses || blocklist_judge(l->rows, l->row_count, answer->addresses[i], &words) ==
					 BLOCKLIST_REFUSED;
	}
	if (refuses) {
		return STATE_REFUSES;
	}
	if (answer->status == RESOLVER_FAILED) {
		return STATE_NO_ANSWER;
	}
	if (number == 0) {
		return answer->status == RESOLVER_FOUND ? STATE_COUNTS : STATE_EMPTY;
	}
	return answer->status == RESOLVER_NONE ? STATE_COUNTS : STATE_LISTS_ALL;
}

static void
hand_in(struct one_list *l)
{
	struct intake_hint hint = { .format = INTAKE_JSONL,
				    .door = TEXT("blocklist"),
				    .received = pipeline_now(l->all->pipeline),
				    .reporter = text_of(l->config->reporter) };
	struct directory_entry reporter;
	struct buffer rows;
	uint32_t listings;

	buffer_init(&rows, REPORT_BYTES_MAX);
	blocklist_report(&l->batch, &l->told, &rows, &listings);
	if (rows.n == 0 || !directory_by_name(l->all->directory, hint.reporter, &reporter)) {
		blocklist_told_forget(&l->told);
		buffer_free(&rows);
		fetch(l);
		return;
	}
	counter_add(COUNTER_BLOCKLIST_LISTINGS, listings);
	l->take = (struct take){ .name = text_of(zone_of(l)) };
	directory_hint(l->all->directory, &reporter, &l->take.arena, &hint);
	take_read(&l->take, buffer_text(&rows), &hint);
	buffer_free(&rows);
	l->take.job.done = on_take_done;
	l->take.door = l;
	l->step = TAKING;
	if (pipeline_submit(l->all->pipeline, &l->take.job) != RESULT_OK) {
		blocklist_told_forget(&l->told);
		take_clear(&l->take);
		end_round(l);
	}
}

static void
start_asking(struct one_list *l)
{
	uint64_t rate = l->config->rate < RATE_MAX ? l->config->rate : RATE_MAX;

	l->step = ASKING;
	l->next = 0;
	check(uv_timer_start(&l->timer, on_ask, 0, rate < 1000 ? 1000 / rate : 1) == 0);
}

static void
on_tested(void *context, const struct resolver_answer *answer)
{
	struct asked *asked = context;
	struct one_list *l = asked->list;
	enum list_state state = test_result(l, asked->number, answer);

	free(asked);
	if (l->found == STATE_COUNTS) {
		l->found = state;
	}
	if (--l->open > 0 || l->all->closing) {
		return;
	}
	set_state(l, l->found);
	if (l->found != STATE_COUNTS) {
		counter_add(COUNTER_BLOCKLIST_REFUSALS, l->found == STATE_REFUSES);
		end_round(l);
	} else if (l->step == TESTING) {
		start_asking(l);
	} else {
		hand_in(l);
	}
}

static struct asked *
asked_new(struct one_list *l, uint32_t number)
{
	struct asked *asked = calloc(1, sizeof *asked);

	check(asked != NULL);
	*asked = (struct asked){ l, number };
	counter_add(COUNTER_BLOCKLIST_QUESTIONS, 1);
	return asked;
}

static const char *
test_name(struct one_list *l, const char *given, const char *address, const char *domain)
{
	struct prefix p;

	if (l->config->domain_zone[0] != '\0') {
		return blocklist_name_of_domain(&l->batch.arena, text_of(given[0] != '\0' ? given : domain),
						zone_of(l));
	}
	if (given[0] != '\0' && prefix_parse(text_of(given), &p, NULL) != RESULT_OK) {
		return blocklist_name_of_domain(&l->batch.arena, text_of(given), zone_of(l));
	}
	if (given[0] == '\0') {
		check(prefix_parse(text_of(address), &p, NULL) == RESULT_OK);
	}
	return blocklist_name_of_address(&l->batch.arena, &p, zone_of(l));
}

static void
test(struct one_list *l, enum step step)
{
	const char *names[] = { test_name(l, l->config->test, "127.0.0.2", "test"),
				test_name(l, l->config->test_not, "127.0.0.1", "invalid") };

	l->step = step;
	l->found = STATE_COUNTS;
	l->open = countof(names);
	for (uint32_t i = 0; i < countof(names); i++) {
		resolver_ask(l->all->resolver, names[i], on_tested, asked_new(l, i));
	}
}

/* ---- questions */

static void
take_answer(struct one_list *l, struct blocklist_question *q, const struct resolver_answer *answer)
{
	q->answered = answer->status == RESOLVER_FOUND || answer->status == RESOLVER_NONE;
	for (size_t i = 0; i < answer->count; i++) {
		struct text words;
		enum blocklist_verdict v =
		    blocklist_judge(l->rows, l->row_count, answer->addresses[i], &words);

		if (v > q->verdict) {
			q->verdict = v;
			q->words = words;
			memcpy(q->code, answer->addresses[i], sizeof q->code);
		}
	}
	if (q->verdict == BLOCKLIST_REFUSED) {
		counter_add(COUNTER_BLOCKLIST_REFUSALS, 1);
		q->answered = false;
		q->verdict = BLOCKLIST_NOTHING;
		l->found = STATE_REFUSES;
	}
}

/* All is asked that will be asked, and answered. */
static void
end_asking(struct one_list *l)
{
	uv_timer_stop(&l->timer);
	if (l->found == STATE_REFUSES) {
		set_state(l, STATE_REFUSES);
		end_round(l);
	} else {
		test(l, TESTING_AGAIN);
	}
}

static bool
asks_no_more(const struct one_list *l)
{
	return l->next == l->batch.question_count || l->found == STATE_REFUSES;
}

static void
on_answered(void *context, const struct resolver_answer *answer)
{
	struct asked *asked = context;
	struct one_list *l = asked->list;

	if (!l->all->closing) {
		take_answer(l, &l->batch.questions[asked->number], answer);
	}
	free(asked);
	l->open--;
	if (l->open == 0 && asks_no_more(l) && !l->all->closing) {
		end_asking(l);
	}
}

static void
on_ask(uv_timer_t *timer)
{
	struct one_list *l = timer->data;
	uint64_t at_once =
	    l->config->rate <= 1000 ? 1 : (l->config->rate < RATE_MAX ? l->config->rate : RATE_MAX) / 1000;

	while (l->step == ASKING && at_once-- > 0 && !asks_no_more(l) && l->open < BLOCKLIST_OPEN_MAX) {
		uint32_t number = l->next++;

		l->open++;
		resolver_ask(l->all->resolver, l->batch.questions[number].name, on_answered,
			     asked_new(l, number));
	}
}

/* ---- the writer's answers */

static void
fetched(struct one_list *l)
{
	if (!l->batch.has_reporter) {
		set_state(l, STATE_NO_REPORTER);
	}
	if (l->batch.question_count == 0) {
		end_round(l); /* a list that nothing is to be asked of is not tested either */
	} else {
		test(l, TESTING);
	}
}

static void
taken(struct one_list *l)
{
	bool recorded = l->take.job.result == RESULT_OK;

	take_settle(&l->take);
	take_clear(&l->take);
	if (recorded) {
		blocklist_told_keep(&l->told);
		fetch(l);
	} else {
		blocklist_told_forget(&l->told);
		end_round(l);
	}
}

static bool
is_with_writer(const struct one_list *l)
{
	return l->step == FETCHING || l->step == TAKING;
}

static void
on_closed(uv_handle_t *handle)
{
	((struct blocklists *)handle->data)->closed = true;
}

static void
close_handles(struct blocklists *all)
{
	for (size_t i = 0; i < all->count; i++) {
		if (is_with_writer(&all->lists[i])) {
			return;
		}
	}
	if (!uv_is_closing((uv_handle_t *)&all->async)) {
		uv_close((uv_handle_t *)&all->async, on_closed);
	}
}

static void
on_async(uv_async_t *async)
{
	struct blocklists *all = async->data;

	for (size_t i = 0; i < all->count; i++) {
		struct one_list *l = &all->lists[i];

		if (!atomic_exchange(&l->done, false)) {
			continue;
		}
		if (all->closing) {
			if (l->step == TAKING) {
				take_settle(&l->take);
				take_clear(&l->take);
			}
			l->step = WAITING;
		} else if (l->step == FETCHING) {
			fetched(l);
		} else {
			taken(l);
		}
	}
	if (all->closing) {
		close_handles(all);
	}
}

/* ---- opening and closing */

static void
open_list(struct blocklists *all, uv_loop_t *loop, size_t i)
{
	struct one_list *l = &all->lists[i];

	l->all = all;
	l->config = &all->config->blocklists[i];
	for (; l->row_count < l->config->codes.count; l->row_count++) {
		check(blocklist_row_parse(text_of(l->config->codes.items[l->row_count]),
					  &l->rows[l->row_count]) == RESULT_OK);
	}
	check(uv_timer_init(loop, &l->timer) == 0);
	l->timer.data = l;
	check(uv_timer_start(&l->timer, on_due, 0, 0) == 0);
	log_event(LOG_INFO, "listening", "door=blocklist reporter=%s zone=%s", l->config->reporter,
		  zone_of(l));
}

enum result
blocklists_open(uv_loop_t *loop, const struct config *config, struct pipeline *p, struct directory *directory,
		struct blocklists **lists, struct fault *fault)
{
	struct blocklists *all;
	enum result r;

	*lists = NULL;
	if (config->blocklist_count == 0) {
		return RESULT_OK;
	}
	all = calloc(1, sizeof *all + config->blocklist_count * sizeof all->lists[0]);
	check(all != NULL);
	r = resolver_open(loop, &config->resolvers, &all->resolver, fault);
	if (r != RESULT_OK) {
		free(all);
		return r;
	}
	all->config = config;
	all->pipeline = p;
	all->directory = directory;
	all->count = config->blocklist_count;
	all->seen = seen_open();
	pipeline_keep_seen(p, all->seen);
	check(uv_async_init(loop, &all->async, on_async) == 0);
	all->async.data = all;
	for (size_t i = 0; i < all->count; i++) {
		open_list(all, loop, i);
	}
	*lists = all;
	return RESULT_OK;
}

void
blocklists_close(struct blocklists *l)
{
	if (l == NULL || l->closing) {
		return;
	}
	l->closing = true;
	for (size_t i = 0; i < l->count; i++) {
		uv_close((uv_handle_t *)&l->lists[i].timer, NULL);
	}
	resolver_close(l->resolver);
	close_handles(l);
}

bool
blocklists_closed(const struct blocklists *l)
{
	return l == NULL || l->closed;
}

void
blocklists_free(struct blocklists *l)
{
	if (l == NULL) {
		return;
	}
	for (size_t i = 0; i < l->count; i++) {
		blocklist_batch_clear(&l->lists[i].batch);
		blocklist_cursor_clear(&l->lists[i].cursor);
		blocklist_told_free(&l->lists[i].told);
	}
	resolver_free(l->resolver);
	seen_close(l->seen);
	free(l);
}
