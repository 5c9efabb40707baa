/* The query log: every sampled query is a line or a counted drop, whoever writes at the same time. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/counters.h"
#include "base/limits.h"
#include "serve/dns_log.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define THREADS 3
#define PUTS    (4 * DNS_LOG_RING_MAX)

static const uint8_t query[] = "\0\1\0\0\0\1\0\0\0\0\0\0\0013\3a,b\7Example\0\0\1\0\1";
static const uint8_t answer[12] = { 0, 1, 0x84, 3 };
static const struct prefix client4 = { .family = 4, .bits = 32, .bytes = { 192, 0, 2, 77 } };
static const struct prefix client6 = { .family = 6,
				       .bits = 128,
				       .bytes = { 0x20, 1, 0xd, 0xb8, 1, 2, 3, 4, 5, 6, 7, 8 } };

static struct dns_log_query
query_of(const struct prefix *client, size_t n)
{
	return (struct dns_log_query){ .client = client,
				       .query = query,
				       .n = n,
				       .answer = answer,
				       .answer_bytes = sizeof answer,
				       .udp = client == &client4,
				       .told = { COUNTER_DNS_NXDOMAIN, DNS_USAGE_NOT_LISTED, 3, DNS_PUBLIC,
						 NULL } };
}

static struct dns_log *
open_log(char *path, bool whole, uint64_t bytes_max)
{
	struct fault fault = { 0 };
	struct dns_log *log;
	int fd = mkstemp(path);

	assert_true(fd >= 0);
	close(fd);
	assert_int_equal(
	    dns_log_open(&(struct dns_log_options){ path, 1, whole, bytes_max, NULL }, &log, &fault),
	    RESULT_OK);
	return log;
}

/* Lines without the header; the last one without its time is at `last`. */
static uint64_t
lines_of(const char *path, char last[256])
{
	FILE *f = fopen(path, "r");
	char line[256];
	uint64_t n = 0;

	assert_non_null(f);
	assert_non_null(fgets(line, sizeof line, f));
	assert_string_equal(line, "time,client,transport,receiver,name,type,rcode,usage,bytes\n");
	while (fgets(line, sizeof line, f) != NULL) {
		n++;
		(void)snprintf(last, 256, "%s", strchr(line, ','));
	}
	(void)fclose(f);
	return n;
}

static void
test_a_line_has_what_was_asked_and_the_client_is_cut(void **state)
{
	static const struct {
		const struct prefix *client;
		bool whole;
		size_t n;
		const char *line;
	} rows[] = {
		{ &client4, false, sizeof query - 1,
		  ",192.0.2.0/24,udp,public,3.a\\044b.Example.,A,NXDOMAIN,not_listed,12\n" },
		{ &client4, true, sizeof query - 1,
		  ",192.0.2.77,udp,public,3.a\\044b.Example.,A,NXDOMAIN,not_listed,12\n" },
		{ &client6, false, sizeof query - 1,
		  ",2001:db8:102:300::/56,tcp,public,3.a\\044b.Example.,A,NXDOMAIN,not_listed,12\n" },
		{ &client4, false, 20, ",192.0.2.0/24,udp,public,,,NXDOMAIN,not_listed,12\n" },
	};

	(void)state;
	for (size_t i = 0; i < countof(rows); i++) {
		char path[] = "/tmp/vouch-log-XXXXXX", last[256];
		struct dns_log *log = open_log(path, rows[i].whole, 0);
		struct dns_log_query q = query_of(rows[i].client, rows[i].n);

		dns_log_put(log, &q);
		dns_log_close(log);
		assert_int_equal(lines_of(path, last), 1);
		assert_string_equal(last, rows[i].line);
		assert_int_equal(unlink(path), 0);
	}
}

static void *
put_many(void *context)
{
	const struct dns_log_query q = query_of(&client4, sizeof query - 1);

	for (int i = 0; i < PUTS; i++) {
		dns_log_put(context, &q);
	}
	return NULL;
}

static void
test_what_is_not_a_line_is_a_counted_drop(void **state)
{
	char path[] = "/tmp/vouch-log-XXXXXX", last[256];
	uint64_t written = counter_get(COUNTER_QUERY_LOG_WRITTEN),
		 dropped = counter_get(COUNTER_QUERY_LOG_DROPPED);
	struct dns_log *log = open_log(path, false, 0);
	pthread_t threads[THREADS];

	(void)state;
	for (size_t i = 0; i < THREADS; i++) {
		assert_int_equal(pthread_create(&threads[i], NULL, put_many, log), 0);
	}
	for (size_t i = 0; i < THREADS; i++) {
		assert_int_equal(pthread_join(threads[i], NULL), 0);
	}
	dns_log_close(log);
	written = counter_get(COUNTER_QUERY_LOG_WRITTEN) - written;
	dropped = counter_get(COUNTER_QUERY_LOG_DROPPED) - dropped;
	assert_int_equal(written + dropped, THREADS * PUTS);
	assert_true(written >= DNS_LOG_RING_MAX);
	assert_int_equal(lines_of(path, last), written);
	assert_string_equal(last, ",192.0.2.0/24,udp,public,3.a\\044b.Example.,A,NXDOMAIN,not_listed,12\n");
	assert_int_equal(unlink(path), 0);
}

static void
test_a_full_file_is_moved_and_a_new_one_begins(void **state)
{
	char path[] = "/tmp/vouch-log-XXXXXX", moved[64], last[256];
	struct dns_log *log = open_log(path, false, 200);
	const struct dns_log_query q = query_of(&client4, sizeof query - 1);

	(void)state;
	for (int i = 0; i < 3; i++) {
		dns_log_put(log, &q);
	}
	dns_log_close(log);
	(void)snprintf(moved, sizeof moved, "%s.1", path);
	assert_true(lines_of(moved, last) > 0);
	assert_true(lines_of(path, last) < 3);
	assert_int_equal(unlink(path) + unlink(moved), 0);
}

static void
test_one_in_n_is_sampled_at_random(void **state)
{
	char path[] = "/tmp/vouch-log-XXXXXX";
	struct fault fault = { 0 };
	struct dns_sampler sampler = { 0 };
	size_t due = 0, even = 0;

	(void)state;
	assert_false(dns_log_due(&sampler)); /* without a log nothing is */
	close(mkstemp(path));
	assert_int_equal(
	    dns_log_open(&(struct dns_log_options){ path, 10, false, 0, NULL }, &sampler.log, &fault),
	    RESULT_OK);
	for (size_t i = 0; i < 100000; i++) {
		bool is = dns_log_due(&sampler);

		due += is;
		even += is && i % 2 == 0;
	}
	dns_log_close(sampler.log);
	/* Gaps of 1 to 19, 10 on average: 10,000 of them, give or take 55; half of them at an even place. */
	assert_in_range(due, 9650, 10350);
	assert_in_range(even, due / 2 - 400, due / 2 + 400);
	assert_int_equal(unlink(path), 0);
}

static void
test_a_change_begins_to_sample_anew_and_an_empty_path_ends_it(void **state)
{
	char path[] = "/tmp/vouch-log-XXXXXX";
	struct fault fault = { 0 };
	struct dns_log_options options = { "", 1, false, 0, NULL };
	struct dns_sampler sampler = { 0 };

	(void)state;
	close(mkstemp(path));
	assert_int_equal(dns_log_open(&options, &sampler.log, &fault), RESULT_OK);
	assert_false(dns_log_due(&sampler));
	options = (struct dns_log_options){ path, 1000000, false, 0, NULL };
	assert_int_equal(dns_log_change(sampler.log, &options, &fault), RESULT_OK);
	assert_true(dns_log_due(&sampler));
	options.sample = 1;
	assert_int_equal(dns_log_change(sampler.log, &options, &fault), RESULT_OK);
	assert_true(dns_log_due(&sampler)); /* and not after a million */
	assert_true(dns_log_due(&sampler));
	options.path = "/nowhere/q.csv";
	assert_int_equal(dns_log_change(sampler.log, &options, &fault), RESULT_IO);
	assert_true(dns_log_due(&sampler));
	options.path = "";
	assert_int_equal(dns_log_change(sampler.log, &options, &fault), RESULT_OK);
	assert_false(dns_log_due(&sampler));
	dns_log_close(sampler.log);
	assert_int_equal(unlink(path), 0);
}

static void
test_a_path_that_cannot_be_written_is_named(void **state)
{
	struct fault fault = { 0 };
	struct dns_log *log;

	(void)state;
	assert_int_equal(
	    dns_log_open(&(struct dns_log_options){ "/nowhere/q.csv", 1, false, 0, NULL }, &log, &fault),
	    RESULT_IO);
	assert_non_null(strstr(fault.text, "query_log: /nowhere/q.csv"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_line_has_what_was_asked_and_the_client_is_cut),
		cmocka_unit_test(test_what_is_not_a_line_is_a_counted_drop),
		cmocka_unit_test(test_a_full_file_is_moved_and_a_new_one_begins),
		cmocka_unit_test(test_one_in_n_is_sampled_at_random),
		cmocka_unit_test(test_a_path_that_cannot_be_written_is_named),
		cmocka_unit_test(test_a_change_begins_to_sample_anew_and_an_empty_path_ends_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
