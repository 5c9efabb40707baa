/* Transfers behind the gate of the DNS server: the age of the list, and who may be sent an answer that he may not have asked for. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/limits.h"
#include "list/records.h"
#include "serve/dns.h"
#include "serve/transfer.h"

#include <string.h>

#define SECOND_NS  INT64_C(1000000000)
#define PER_SECOND 5U
#define QUERIES    100U
#define RCODE(p)   ((p)[3] & 15)
#define IS_CUT(p)  (((p)[2] & 2) != 0)

enum { SERVFAIL = 2, FORMERR = 1, NOTAUTH = 9 };

static struct list *list;
static struct transfers *transfers;
static struct dns_gate *gate;
static struct transfer_peer peer;
static const struct prefix client = { 4, 32, { 198, 51, 100, 7 } };

static int
open_all(void **state)
{
	static const struct list_options options = {
		.zone = "list.example", .code = "127.0.0.10", .txt = "$", .ttl = 60, .negative_ttl = 30
	};

	(void)state;
	assert_int_equal(list_name_parse(TEXT("all.example"), &peer.key.name, NULL), RESULT_OK);
	peer.key.algorithm = TSIG_SHA256;
	peer.key.secret_bytes = TSIG_SECRET_BYTES_MIN;
	memset(peer.key.secret, 's', peer.key.secret_bytes);
	assert_int_equal(list_open(&options, 1, &list, NULL), RESULT_OK);
	assert_int_equal(
	    transfer_open(&(struct transfer_options){ list, &peer, 1, instant_now }, &transfers, NULL),
	    RESULT_OK);
	assert_int_equal(dns_gate_open(&(struct dns_gate_options){ .public_limit = 1,
								   .answers_limit = PER_SECOND,
								   .stale_after = { 5000 } },
				       &gate, NULL),
			 RESULT_OK);
	list_publish(list, 1);
	assert_int_equal(transfer_start(transfers, NULL), RESULT_OK);
	return 0;
}

static int
close_all(void **state)
{
	(void)state;
	transfer_close(transfers);
	dns_gate_close(gate);
	list_close(list);
	return 0;
}

/* An AXFR of the list, signed with this key. */
static size_t
query_of(const struct tsig_key *key, uint8_t query[1024])
{
	static const uint8_t start[] = "\x12\x34\0\0\0\1\0\0\0\0\0\0\4list\7example\0\0\374\0\1";
	struct tsig tsig;

	memcpy(query, start, sizeof start - 1);
	tsig_begin(&tsig, key);
	return tsig_sign(&tsig, query, sizeof start - 1, (uint64_t)instant_now().ms / 1000);
}

/* Asks when the list has had no news for so many seconds. Returns the bytes of the answer; *given: there is a job instead. */
static size_t
ask(const uint8_t *query, size_t n, bool udp, int64_t age, uint8_t *out, struct dns_told *told, bool *given)
{
	const struct dns_desk desk = { .image = list_hold(list),
				       .gate = gate,
				       .udp = udp,
				       .now_ns = 100 * SECOND_NS,
				       .confirmed_ns = (100 - age) * SECOND_NS };
	struct transfer_job *job;
	size_t bytes =
	    transfer_answer(transfers, &(struct transfer_asked){ &desk, &client, query, n }, out, told, &job);

	*given = job != NULL;
	transfer_drop(job);
	list_release(list, desk.image);
	return bytes;
}

static void
a_list_that_nobody_confirms_is_not_given_to_secondaries(void **state)
{
	uint8_t query[1024], out[DNS_ANSWER_BYTES_MAX];
	size_t n = query_of(&peer.key, query), bytes;
	struct dns_told told;
	bool given;

	(void)state;
	for (int i = 0; i <= 2 * DNS_BURST_SECONDS; i++) { /* it takes nothing off the limit of the public */
		bytes = ask(query, n, false, 1, out, &told, &given);
		assert_true(bytes == 0 && given);
		bytes = ask(query, n, false, 9, out, &told, &given);
		assert_true(bytes > 0 && !given && RCODE(out) == SERVFAIL);
	}
}

/* Whoever writes another's address on a signed query sends him no more than any query would. */
static void
a_bad_signature_is_answered_within_the_limit_of_answers(void **state)
{
	struct tsig_key unknown = peer.key;
	uint8_t queries[2][1024], out[DNS_ANSWER_BYTES_MAX];
	unsigned whole = 0, cut = 0, dropped = 0;
	struct dns_told told;
	size_t n[2];
	bool given;

	(void)state;
	assert_int_equal(list_name_parse(TEXT("nobody.example"), &unknown.name, NULL), RESULT_OK);
	n[0] = query_of(&unknown, queries[0]);
	n[1] = query_of(&peer.key, queries[1]);
	queries[1][n[1] - 1]++; /* the record says that it is longer */
	for (size_t i = 0; i < QUERIES; i++) {
		size_t bytes = ask(queries[i % 2], n[i % 2], true, 1, out, &told, &given);

		whole += bytes > 0 && !IS_CUT(out) && RCODE(out) == (i % 2 == 0 ? NOTAUTH : FORMERR);
		dropped += bytes == 0 && told.outcome == COUNTER_DNS_DROPPED;
		if (bytes > 0 && IS_CUT(out)) {
			assert_true(bytes < n[i % 2] && RCODE(out) == 0);
			assert_true(told.outcome == COUNTER_DNS_LIMITED && told.usage == DNS_USAGE_LIMITED);
			cut++;
		}
	}
	assert_int_equal(whole + cut + dropped, QUERIES);
	assert_int_equal(whole, PER_SECOND);
	assert_in_range(cut, (QUERIES - PER_SECOND) / 2, (QUERIES - PER_SECOND) / 2 + 1);

	/* Over TCP nobody is somebody else. */
	for (size_t i = 0; i < 2; i++) {
		assert_true(ask(queries[i], n[i], false, 1, out, &told, &given) > 0);
		assert_int_equal(RCODE(out), i == 0 ? NOTAUTH : FORMERR);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_list_that_nobody_confirms_is_not_given_to_secondaries),
		cmocka_unit_test(a_bad_signature_is_answered_within_the_limit_of_answers),
	};

	return cmocka_run_group_tests(tests, open_all, close_all);
}
