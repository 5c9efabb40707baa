/* milter/courier.c - libcurl brings what lies in the spool. */
#include "milter/courier.h"

#include "base/limits.h"
#include "milter/spool.h"
#include "model/signature.h"

#include <curl/curl.h>
#include <errno.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define RETRY_MS        INT64_C(60000) /* after a report could not be brought */
#define STORE_MS        INT64_C(5000)  /* what a crash loses at most */
#define REQUEST_SECONDS 30L
#define TOKEN_BYTES_MAX 4096U

struct courier {
	const struct settings *settings;
	struct counts *counts;
	struct hash key; /* SHA-256 of the token */
	pthread_t thread;
	char batch[SPOOL_BATCH_BYTES]; /* of the report to come */
	pthread_mutex_t lock;
	pthread_cond_t wake;
	bool is_ending;
};

static enum result
read_token(const char *path, struct hash *key, struct fault *fault)
{
	struct arena arena = { 0 };
	struct text token;
	enum result r = spool_read(path, &arena, &token, fault);

	if (r == RESULT_OK) {
		token = text_trim(token);
		r = token.n > 0 && token.n <= TOKEN_BYTES_MAX
			? RESULT_OK
			: fault_set(fault, RESULT_BAD_INPUT, "%s: a token is wanted", path);
	}
	if (r == RESULT_OK) {
		*key = hash_of(token.p, token.n);
	}
	arena_clear(&arena);
	return r;
}

/* ---- from the counts to the disk */

static void
store(struct courier *c)
{
	struct tally *t = counts_take(c->counts);
	struct instant now = instant_now();
	struct fault fault = { { 0 } };
	enum result r = RESULT_OK;
	struct buffer body;

	if (t == NULL) {
		return;
	}
	buffer_init(&body, REPORT_BYTES_MAX);
	if (tally_write(t, now, c->settings->domains_from, c->batch, &body)) {
		r = body.full ? RESULT_TOO_LARGE
			      : spool_put(c->settings->spool, now, c->batch, buffer_text(&body), &fault);
	}
	buffer_free(&body);
	if (r == RESULT_OK) {
		spool_batch(c->batch);
		tally_free(t);
		return;
	}
	counts_give_back(c->counts, t);
	log_event(LOG_ERROR, "spool", "why=\"%s\" then=\"counted with the next\"",
		  fault.text[0] == '\0' ? result_sentence(r) : fault.text);
}

/* A crash finds it there. Where that fails, the disk is full for example, the log says so when the report is due. */
static void
store_open(struct courier *c)
{
	struct fault fault;
	struct buffer body;

	buffer_init(&body, REPORT_BYTES_MAX);
	if (counts_write(c->counts, instant_now(), c->settings->domains_from, c->batch, &body) &&
	    !body.full && spool_put_open(c->settings->spool, buffer_text(&body), &fault) != RESULT_OK) {
		log_event(LOG_DEBUG, "spool", "why=\"%s\"", fault.text);
	}
	buffer_free(&body);
}

/* What a crash left is a report, under a name of its own. */
static void
find_open(struct courier *c)
{
	spool_batch(c->batch);
	if (spool_keep_open(c->settings->spool, instant_now(), c->batch)) {
		log_event(LOG_INFO, "spool", "why=\"what was counted before a crash is reported\"");
		spool_batch(c->batch);
	}
}

/* ---- from the disk to the operator */

static size_t
ignore_answer(char *p, size_t size, size_t n, void *context)
{
	(void)p;
	(void)context;
	return size * n;
}

static bool
prepare(CURL *curl, struct curl_slist *headers, struct text report, const char *url)
{
	return curl_easy_setopt(curl, CURLOPT_URL, url) == CURLE_OK &&
	       curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https") == CURLE_OK &&
	       curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L) == CURLE_OK &&
	       curl_easy_setopt(curl, CURLOPT_TIMEOUT, REQUEST_SECONDS) == CURLE_OK &&
	       curl_easy_setopt(curl, CURLOPT_POST, 1L) == CURLE_OK &&
	       curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)report.n) == CURLE_OK &&
	       curl_easy_setopt(curl, CURLOPT_POSTFIELDS, report.p) == CURLE_OK &&
	       curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers) == CURLE_OK &&
	       curl_easy_setopt(curl, CURLOPT_USERAGENT, "vouch-milter/" VOUCH_VERSION) == CURLE_OK &&
	       curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, ignore_answer) == CURLE_OK;
}

static struct curl_slist *
headers_of(const struct courier *c, struct text report)
{
	struct curl_slist *list = curl_slist_append(NULL, "Content-Type: application/x-ndjson");
	struct buffer b;

	buffer_init(&b, 4096);
	buffer_format(&b, "Authorization: ");
	signature_write(text_of(c->settings->reporter), &c->key, report, &b);
	buffer_put(&b, "", 1);
	list = list == NULL ? NULL : curl_slist_append(list, (const char *)b.p);
	buffer_free(&b);
	return list == NULL ? NULL : curl_slist_append(list, "Expect:");
}

/* The HTTP status, 0 when there was no answer; *words says why. */
static long
post(const struct courier *c, struct text report, const char **words)
{
	struct arena arena = { 0 };
	struct curl_slist *headers = headers_of(c, report);
	CURL *curl = curl_easy_init();
	CURLcode code = CURLE_FAILED_INIT;
	long status = 0;

	if (curl != NULL && headers != NULL &&
	    prepare(curl, headers, report,
		    arena_format(&arena, "%s?format=jsonl", c->settings->report_url))) {
		code = curl_easy_perform(curl);
		(void)curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
	}
	*words = code == CURLE_OK ? "the operator's server says so" : curl_easy_strerror(code);
	curl_easy_cleanup(curl);
	curl_slist_free_all(headers);
	arena_clear(&arena);
	return code == CURLE_OK ? status : 0;
}

/* A report that is no report will never be one; all else may be better tomorrow. */
static bool
is_hopeless(long status)
{
	return status == 400 || status == 413 || status == 422;
}

/* True: it is gone from the spool, and the next may follow. */
static bool
bring(struct courier *c, const char *path)
{
	struct arena arena = { 0 };
	struct fault fault = { { 0 } };
	const char *words;
	struct text report;
	long status = 0;
	bool done;

	if (spool_read(path, &arena, &report, &fault) != RESULT_OK) {
		log_event(LOG_ERROR, "spool", "why=\"%s\"", fault.text);
		arena_clear(&arena);
		return false;
	}
	status = post(c, report, &words);
	done = (status >= 200 && status < 300) || is_hopeless(status);
	if (status >= 200 && status < 300) {
		log_event(LOG_INFO, "reported", "report=%s bytes=%zu", path, report.n);
	} else {
		log_event(LOG_WARN, "report", "report=%s status=%ld why=\"%s\" then=%s", path, status, words,
			  done ? "dropped" : "again");
	}
	if (done) {
		spool_remove(path);
	}
	arena_clear(&arena);
	return done;
}

static bool
is_ending(struct courier *c)
{
	bool ending;

	(void)pthread_mutex_lock(&c->lock);
	ending = c->is_ending;
	(void)pthread_mutex_unlock(&c->lock);
	return ending;
}

/* True: nothing waits. */
static bool
bring_all(struct courier *c)
{
	struct arena arena = { 0 };
	const char *path;
	bool good = true;

	while (good && !is_ending(c) && spool_oldest(c->settings->spool, &arena, &path)) {
		good = bring(c, path);
		arena_clear(&arena);
	}
	arena_clear(&arena);
	return good;
}

/* True: it is time to end. */
static bool
sleep_until(struct courier *c, int64_t at_ns)
{
	struct timespec until = { at_ns / 1000000000, at_ns % 1000000000 };
	bool ending;

	(void)pthread_mutex_lock(&c->lock);
	while (!c->is_ending && pthread_cond_timedwait(&c->wake, &c->lock, &until) != ETIMEDOUT) {
	}
	ending = c->is_ending;
	(void)pthread_mutex_unlock(&c->lock);
	return ending;
}

static int64_t
sooner(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

static void *
work(void *context)
{
	struct courier *c = context;
	int64_t interval_ns = c->settings->interval.ms * 1000000,
		next_ns = instant_monotonic_ns() + interval_ns, retry_ns;
	bool is_empty;

	find_open(c);
	is_empty = bring_all(c);
	retry_ns = instant_monotonic_ns() + RETRY_MS * 1000000;
	while (!sleep_until(c, sooner(next_ns, instant_monotonic_ns() + STORE_MS * 1000000))) {
		int64_t now_ns = instant_monotonic_ns();

		if (now_ns >= next_ns) {
			store(c);
			next_ns += interval_ns;
			is_empty = false;
			retry_ns = now_ns;
		} else {
			store_open(c);
		}
		if (!is_empty && now_ns >= retry_ns) {
			is_empty = bring_all(c);
			retry_ns = now_ns + RETRY_MS * 1000000;
		}
	}
	store(c);
	return NULL;
}

enum result
courier_start(const struct settings *settings, struct counts *counts, struct courier **courier,
	      struct fault *fault)
{
	struct courier *c = calloc(1, sizeof *c);
	pthread_condattr_t clock;
	enum result r;

	check(c != NULL && pthread_condattr_init(&clock) == 0);
	*c = (struct courier){ .settings = settings, .counts = counts };
	r = read_token(settings->token_file, &c->key, fault);
	if (r == RESULT_OK) {
		check(curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK);
		check(pthread_condattr_setclock(&clock, CLOCK_MONOTONIC) == 0 &&
		      pthread_cond_init(&c->wake, &clock) == 0 && pthread_mutex_init(&c->lock, NULL) == 0 &&
		      pthread_create(&c->thread, NULL, work, c) == 0);
	} else {
		free(c);
		c = NULL;
	}
	(void)pthread_condattr_destroy(&clock);
	*courier = c;
	return r;
}

void
courier_stop(struct courier *c)
{
	if (c == NULL) {
		return;
	}
	(void)pthread_mutex_lock(&c->lock);
	c->is_ending = true;
	(void)pthread_cond_signal(&c->wake);
	(void)pthread_mutex_unlock(&c->lock);
	(void)pthread_join(c->thread, NULL);
	(void)pthread_mutex_destroy(&c->lock);
	(void)pthread_cond_destroy(&c->wake);
	curl_global_cleanup();
	free(c);
}
