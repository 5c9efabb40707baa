/* EDNS options and the limit of answers: cookies, slip, keepalive, extended errors; what goes back is read by ldns. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "list/list.h"
#include "serve/dns_packet.h"

#include <ldns/ldns.h>
#include <string.h>

#define SECOND_NS  INT64_C(1000000000)
#define PER_SECOND 5U
#define NOW_S      1559731985U

static struct list *list;
static struct dns_gate *gate, *closed;

static const struct prefix networks[] = { { 4, 24, { 198, 51, 100 } } };
static const struct prefix somebody = { 4, 32, { 203, 0, 113, 9 } },
			   of_receiver = { 4, 32, { 198, 51, 100, 9 } };
static const uint8_t client_cookie[DNS_COOKIE_CLIENT_BYTES] = { 1, 2, 3, 4, 5, 6, 7, 8 };

struct asked {
	struct dns_desk desk;
	struct prefix client;
	uint8_t query[600], answer[DNS_ANSWER_BYTES_MAX];
	size_t query_bytes, answer_bytes;
	struct dns_told told;
	ldns_pkt *pkt;
};

static int
open_list(void **state)
{
	const struct list_options options = {
		.zone = "list.example", .code = "127.0.0.10", .txt = "$", .ttl = 60, .negative_ttl = 30
	};
	const struct dns_receiver receiver = { .id = "mailbox", .networks = networks, .network_count = 1 };

	(void)state;
	assert_int_equal(list_open(&options, 1, &list, NULL), RESULT_OK);
	assert_int_equal(dns_gate_open(&(struct dns_gate_options){ .receivers = &receiver,
								   .receiver_count = 1,
								   .answers_limit = PER_SECOND },
				       &gate, NULL),
			 RESULT_OK);
	assert_int_equal(dns_gate_open(&(struct dns_gate_options){ .closed = true, .stale_after = SPAN_HOUR },
				       &closed, NULL),
			 RESULT_OK);
	return 0;
}

static int
close_list(void **state)
{
	(void)state;
	dns_gate_close(gate);
	dns_gate_close(closed);
	list_close(list);
	return 0;
}

/* Each test has a time of its own, so that all limits are full again. */
static void
begin(struct asked *a, const struct prefix *client)
{
	static int64_t hour;

	memset(a, 0, sizeof *a);
	hour++;
	a->desk = (struct dns_desk){ .image = list_read(list),
				     .gate = gate,
				     .udp = true,
				     .keepalive = 100,
				     .now_s = NOW_S,
				     .now_ns = hour * 3600 * SECOND_NS,
				     .confirmed_ns = hour * 3600 * SECOND_NS };
	a->client = *client;
}

/* A query for the listed test address with an OPT that has these options. */
static void
query_of(struct asked *a, const void *options, size_t n)
{
	static const uint8_t start[] = { 0x12, 0x34, 1, 0, 0, 1, 0, 0, 0, 0, 0, 1 };
	static const uint8_t question[] = "\0012\0010\0010\003127\004list\007example\0\0\001\0";
	const uint8_t opt[11] = { 0, 0, 41, 4, 208, 0, 0, 0, 0, (uint8_t)(n >> 8), (uint8_t)n };
	uint8_t *at = a->query;

	memcpy(at, start, sizeof start);
	memcpy(at + sizeof start, question, sizeof question);
	at[sizeof start + sizeof question - 1] = 1;
	at += sizeof start + sizeof question;
	memcpy(at, opt, sizeof opt);
	if (n > 0) {
		memcpy(at + sizeof opt, options, n);
	}
	a->query_bytes = (size_t)(at + sizeof opt + n - a->query);
}

static void
send_query(struct asked *a)
{
	ldns_pkt_free(a->pkt);
	a->pkt = NULL;
	a->answer_bytes = dns_answer(&a->desk, &a->client, a->query, a->query_bytes, a->answer, &a->told);
	if (a->answer_bytes > 0) {
		assert_int_equal(ldns_wire2pkt(&a->pkt, a->answer, a->answer_bytes), LDNS_STATUS_OK);
	}
}

static void
ask(struct asked *a, const void *options, size_t n)
{
	query_of(a, options, n);
	send_query(a);
}

/* The option of this code in the answer; 0 bytes when there is none. */
static size_t
option_of(const struct asked *a, unsigned code, uint8_t *out)
{
	ldns_rdf *all = ldns_pkt_edns_data(a->pkt);
	size_t n = all == NULL ? 0 : ldns_rdf_size(all);
	const uint8_t *p = all == NULL ? NULL : ldns_rdf_data(all);

	for (size_t at = 0; at + 4 <= n;) {
		size_t bytes = (size_t)p[at + 2] << 8 | p[at + 3];

		assert_true(at + 4 + bytes <= n);
		if ((unsigned)(p[at] << 8 | p[at + 1]) == code) {
			memcpy(out, p + at + 4, bytes);
			return bytes;
		}
		at += 4 + bytes;
	}
	return 0;
}

static unsigned
rcode_of(const struct asked *a)
{
	return (unsigned)ldns_pkt_edns_extended_rcode(a->pkt) << 4 | ldns_pkt_get_rcode(a->pkt);
}

static size_t
cookie_option(uint8_t *out, const uint8_t *cookie, size_t n)
{
	out[0] = 0;
	out[1] = 10;
	out[2] = 0;
	out[3] = (uint8_t)n;
	memcpy(out + 4, cookie, n);
	return n + 4;
}

/* Asks with the client's half and returns what the server sends: what a resolver keeps. */
static void
learn_cookie(struct asked *a, uint8_t cookie[DNS_COOKIE_BYTES])
{
	uint8_t option[64];

	ask(a, option, cookie_option(option, client_cookie, sizeof client_cookie));
	assert_int_equal(option_of(a, 10, cookie), DNS_COOKIE_BYTES);
	assert_memory_equal(cookie, client_cookie, sizeof client_cookie);
}

static void
end(struct asked *a)
{
	ldns_pkt_free(a->pkt);
	a->pkt = NULL;
}

static void
test_a_cookie_is_answered_with_a_cookie(void **state)
{
	uint8_t cookie[DNS_COOKIE_BYTES], again[DNS_COOKIE_BYTES], option[64];
	struct asked a;

	(void)state;
	begin(&a, &somebody);
	learn_cookie(&a, cookie);
	assert_int_equal(rcode_of(&a), 0);
	assert_int_equal(ldns_pkt_ancount(a.pkt), 1);
	ask(&a, option, cookie_option(option, cookie, sizeof cookie));
	assert_int_equal(option_of(&a, 10, again), DNS_COOKIE_BYTES);
	assert_memory_equal(cookie, again, sizeof cookie);
	ask(&a, NULL, 0);
	assert_int_equal(option_of(&a, 10, again), 0);
	end(&a);
}

static void
test_a_cookie_of_another_length_is_a_form_error(void **state)
{
	uint8_t cookie[64] = { 0 }, option[80];

	(void)state;
	for (size_t n = 0; n <= 48; n++) {
		bool good = n == 8 || (n >= 16 && n <= 40);
		struct asked a;

		begin(&a, &somebody);
		ask(&a, option, cookie_option(option, cookie, n));
		assert_int_equal(rcode_of(&a), good ? 0 : LDNS_RCODE_FORMERR);
		end(&a);
	}
}

static void
test_without_a_question_a_cookie_is_sent_alone(void **state)
{
	uint8_t cookie[DNS_COOKIE_BYTES], option[64];
	struct asked a;
	size_t n = cookie_option(option, client_cookie, sizeof client_cookie);
	const uint8_t opt[11] = { 0, 0, 41, 4, 208, 0, 0, 0, 0, 0, (uint8_t)n };

	(void)state;
	begin(&a, &somebody);
	memcpy(a.query, (const uint8_t[12]){ 0x12, 0x34, [11] = 1 }, 12);
	memcpy(a.query + 12, opt, sizeof opt);
	memcpy(a.query + 12 + sizeof opt, option, n);
	a.query_bytes = 12 + sizeof opt + n;
	send_query(&a);
	assert_int_equal(rcode_of(&a), 0);
	assert_int_equal(ldns_pkt_qdcount(a.pkt) + ldns_pkt_ancount(a.pkt) + ldns_pkt_nscount(a.pkt), 0);
	assert_int_equal(option_of(&a, 10, cookie), DNS_COOKIE_BYTES);
	end(&a);
}

/* Every second one: so a client that is really there learns it soon, and what is reflected is a quarter at most. */
static void
test_over_the_limit_of_a_network_answers_are_cut_or_dropped(void **state)
{
	size_t whole = 0, cut = 0, dropped = 0;
	struct asked a;

	(void)state;
	begin(&a, &somebody);
	for (int i = 0; i < 105; i++) {
		a.client.bytes[3] = (uint8_t)i; /* the whole /24 */
		ask(&a, NULL, 0);
		if (a.answer_bytes == 0) {
			assert_int_equal(a.told.outcome, COUNTER_DNS_DROPPED);
			dropped++;
		} else if (ldns_pkt_tc(a.pkt)) {
			assert_int_equal(ldns_pkt_ancount(a.pkt), 0);
			assert_int_equal(a.told.outcome, COUNTER_DNS_LIMITED);
			cut++;
		} else {
			whole++;
		}
		assert_int_equal(a.told.usage, whole == (size_t)i + 1 ? DNS_USAGE_LISTED : DNS_USAGE_LIMITED);
	}
	assert_int_equal(whole, PER_SECOND);
	assert_int_equal(cut, 50);
	assert_int_equal(dropped, 50);
	a.client.bytes[2]++; /* another network */
	ask(&a, NULL, 0);
	assert_int_equal(ldns_pkt_ancount(a.pkt), 1);
	end(&a);
}

static void
use_up(struct asked *a)
{
	for (uint32_t i = 0; i < 2 * PER_SECOND; i++) {
		ask(a, NULL, 0);
	}
	assert_int_equal(a->told.usage, DNS_USAGE_LIMITED);
}

static void
test_who_shows_that_it_is_there_has_no_such_limit(void **state)
{
	uint8_t cookie[DNS_COOKIE_BYTES], option[64];
	struct asked a;

	(void)state;
	begin(&a, &somebody);
	learn_cookie(&a, cookie);
	use_up(&a);
	ask(&a, option, cookie_option(option, cookie, sizeof cookie));
	assert_int_equal(ldns_pkt_ancount(a.pkt), 1);
	a.client.bytes[3]++; /* a cookie is for one address */
	do {
		ask(&a, option, cookie_option(option, cookie, sizeof cookie));
	} while (a.answer_bytes == 0);
	assert_int_equal(ldns_pkt_ancount(a.pkt), 0);
	a.client = somebody;
	a.desk.udp = false;
	ask(&a, NULL, 0);
	assert_int_equal(ldns_pkt_ancount(a.pkt), 1);
	a.desk.udp = true;
	a.client = of_receiver; /* known by its network, with a limit of its own */
	for (int i = 0; i < 100; i++) {
		ask(&a, NULL, 0);
		assert_int_equal(ldns_pkt_ancount(a.pkt), 1);
	}
	end(&a);
}

static void
test_over_the_limit_a_client_with_half_a_cookie_is_told_the_whole(void **state)
{
	uint8_t cookie[DNS_COOKIE_BYTES], option[64];
	size_t n = cookie_option(option, client_cookie, sizeof client_cookie);
	struct asked a;

	(void)state;
	begin(&a, &somebody);
	use_up(&a);
	do {
		ask(&a, option, n);
	} while (a.answer_bytes == 0);
	assert_int_equal(rcode_of(&a), 23); /* BADCOOKIE */
	assert_int_equal(ldns_pkt_ancount(a.pkt), 0);
	assert_false(ldns_pkt_tc(a.pkt));
	assert_int_equal(option_of(&a, 10, cookie), DNS_COOKIE_BYTES);
	ask(&a, option, cookie_option(option, cookie, sizeof cookie));
	assert_int_equal(ldns_pkt_ancount(a.pkt), 1);
	end(&a);
}

static void
test_the_idle_time_is_told_over_tcp_to_who_asks(void **state)
{
	static const uint8_t keepalive[] = { 0, 11, 0, 0 };
	uint8_t out[8];
	struct asked a;

	(void)state;
	begin(&a, &somebody);
	ask(&a, keepalive, sizeof keepalive);
	assert_int_equal(option_of(&a, 11, out), 0);
	a.desk.udp = false;
	ask(&a, keepalive, sizeof keepalive);
	assert_int_equal(option_of(&a, 11, out), 2);
	assert_int_equal(out[0] << 8 | out[1], 100); /* in 100 ms */
	ask(&a, NULL, 0);
	assert_int_equal(option_of(&a, 11, out), 0);
	end(&a);
}

static void
test_a_refusal_says_why(void **state)
{
	uint8_t out[128];
	struct asked a;

	(void)state;
	begin(&a, &somebody);
	a.desk.gate = closed;
	ask(&a, NULL, 0);
	assert_int_equal(rcode_of(&a), LDNS_RCODE_REFUSED);
	assert_true(option_of(&a, 15, out) > 2);
	assert_int_equal(out[0] << 8 | out[1], 18); /* Prohibited */
	a.query[25] = 'm';                          /* list.example no longer */
	send_query(&a);
	assert_int_equal(rcode_of(&a), LDNS_RCODE_REFUSED);
	assert_true(option_of(&a, 15, out) > 2);
	assert_int_equal(out[0] << 8 | out[1], 20); /* Not Authoritative */
	end(&a);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_cookie_is_answered_with_a_cookie),
		cmocka_unit_test(test_a_cookie_of_another_length_is_a_form_error),
		cmocka_unit_test(test_without_a_question_a_cookie_is_sent_alone),
		cmocka_unit_test(test_over_the_limit_of_a_network_answers_are_cut_or_dropped),
		cmocka_unit_test(test_who_shows_that_it_is_there_has_no_such_limit),
		cmocka_unit_test(test_over_the_limit_a_client_with_half_a_cookie_is_told_the_whole),
		cmocka_unit_test(test_the_idle_time_is_told_over_tcp_to_who_asks),
		cmocka_unit_test(test_a_refusal_says_why),
	};

	return cmocka_run_group_tests(tests, open_list, close_list);
}
