/* The threads: real sockets on loopback, UDP and TCP, and what strangers do to them. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/counters.h"
#include "base/limits.h"
#include "base/socket.h"
#include "list/list.h"
#include "serve/dns.h"
#include "serve/dns_gate.h"

#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define PATIENCE_MS 20000

static struct list *list;
static struct dns *dns;

static int
open_list(void **state)
{
	static char txt[] = "$$$$$$$$$$$$$$$$$$$$$$$$$$$$$$$$$$$$$$$$$$$$$$$$$$$$$$$$$$$$$$$$$$$$$$$$$$$$$$";
	const struct list_options options = {
		.zone = "list.example", .code = "127.0.0.10", .txt = txt, .ttl = 60, .negative_ttl = 60
	};

	(void)state;
	return list_open(&options, 1, &list, NULL) == RESULT_OK ? 0 : -1;
}

static int
close_list(void **state)
{
	(void)state;
	list_close(list);
	return 0;
}

static void
open_dns(const char *address, unsigned workers, int64_t idle_ms)
{
	const struct dns_options o = { .addresses = &address,
				       .address_count = 1,
				       .list = list,
				       .workers = workers,
				       .tcp_idle = { idle_ms } };
	struct fault fault = { 0 };

	assert_int_equal(dns_open(&o, &dns, &fault), RESULT_OK);
}

/* A socket connected to the server: it takes datagrams of that address alone. `own`: the address it comes from. */
static int
dial_from(const char *own, const char *host, int type)
{
	struct sockaddr_storage to;
	struct fault fault = { 0 };
	char address[64];
	socklen_t n;
	int fd;

	(void)snprintf(address, sizeof address, "%s:%u", host, (unsigned)dns_port(dns, 0));
	assert_int_equal(socket_address(address, &to, &n, &fault), RESULT_OK);
	fd = socket(to.ss_family, type | SOCK_CLOEXEC, 0);
	assert_true(fd >= 0);
	if (own != NULL) {
		struct sockaddr_storage from;
		socklen_t m;

		(void)snprintf(address, sizeof address, "%s:0", own);
		assert_int_equal(socket_address(address, &from, &m, &fault), RESULT_OK);
		assert_int_equal(bind(fd, (const struct sockaddr *)&from, m), 0);
	}
	assert_int_equal(connect(fd, (const struct sockaddr *)&to, n), 0);
	return fd;
}

static int
dial(const char *host, int type)
{
	return dial_from(NULL, host, type);
}

static size_t
query_of(uint8_t *out, uint16_t id, uint16_t type)
{
	static const uint8_t name[] = "\0012\0010\0010\003127\004list\007example";
	const uint8_t header[12] = { (uint8_t)(id >> 8), (uint8_t)id, 1, 0, 0, 1 };
	const uint8_t tail[4] = { (uint8_t)(type >> 8), (uint8_t)type, 0, 1 };

	memcpy(out, header, sizeof header);
	memcpy(out + sizeof header, name, sizeof name);
	memcpy(out + sizeof header + sizeof name, tail, sizeof tail);
	return sizeof header + sizeof name + sizeof tail;
}

static size_t
framed_query(uint8_t *out, uint16_t id, uint16_t type)
{
	size_t n = query_of(out + 2, id, type);

	out[0] = (uint8_t)(n >> 8);
	out[1] = (uint8_t)n;
	return n + 2;
}

static void
wait_readable(int fd)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };

	assert_int_equal(poll(&p, 1, PATIENCE_MS), 1);
}

static void
send_all(int fd, const void *p, size_t n)
{
	assert_int_equal(send(fd, p, n, MSG_NOSIGNAL), n);
}

/* Reads exactly n bytes; false when the peer closed. */
static bool
receive_all(int fd, uint8_t *p, size_t n)
{
	while (n > 0) {
		ssize_t got;

		wait_readable(fd);
		got = recv(fd, p, n, 0);
		if (got <= 0) {
			return false;
		}
		p += got;
		n -= (size_t)got;
	}
	return true;
}

static size_t
receive_frame(int fd, uint8_t *p)
{
	uint8_t length[2];
	size_t n;

	assert_true(receive_all(fd, length, 2));
	n = (size_t)length[0] << 8 | length[1];
	assert_true(receive_all(fd, p, n));
	return n;
}

static void
expect_listed(const uint8_t *p, size_t n, uint16_t id)
{
	assert_true(n > 16);
	assert_int_equal(p[0] << 8 | p[1], id);
	assert_int_equal(p[3] & 15, 0);
	assert_int_equal(p[7], 1);
	assert_memory_equal(p + n - 4, ((const uint8_t[4]){ 127, 0, 0, 10 }), 4);
}

static void
expect_udp(int fd, uint16_t id)
{
	uint8_t p[512];
	ssize_t got;

	send_all(fd, p, query_of(p, id, 1));
	wait_readable(fd);
	got = recv(fd, p, sizeof p, 0);
	assert_true(got > 0);
	expect_listed(p, (size_t)got, id);
}

static void
expect_tcp(int fd, uint16_t id)
{
	uint8_t p[512];

	send_all(fd, p, framed_query(p, id, 1));
	expect_listed(p, receive_frame(fd, p), id);
}

static void
expect_closed(int fd)
{
	uint8_t byte;

	wait_readable(fd);
	assert_true(recv(fd, &byte, 1, 0) <= 0);
	close(fd);
}

static void
test_udp_answers_on_every_worker(void **state)
{
	uint64_t before = counter_get(COUNTER_DNS_ANSWERED);

	(void)state;
	open_dns("127.0.0.1:0", 3, 0);
	for (uint16_t i = 0; i < 50; i++) { /* each port may reach another worker */
		int fd = dial("127.0.0.1", SOCK_DGRAM);

		expect_udp(fd, i);
		close(fd);
	}
	dns_close(dns);
	assert_int_equal(counter_get(COUNTER_DNS_ANSWERED), before + 50);
}

static void
test_a_wildcard_answers_from_the_address_that_was_asked(void **state)
{
	static const char *const hosts[] = { "127.0.0.1", "127.0.0.2", "127.9.9.9" };

	(void)state;
	open_dns("0.0.0.0:0", 1, 0);
	for (uint16_t i = 0; i < countof(hosts); i++) {
		int fd = dial(hosts[i], SOCK_DGRAM);

		expect_udp(fd, i);
		close(fd);
	}
	dns_close(dns);
}

static void
test_ipv6_answers(void **state)
{
	static const char *const addresses[] = { "[::1]:0", "[::]:0" };
	int fd = socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	(void)state;
	if (fd < 0) {
		skip(); /* a machine without IPv6 */
	}
	close(fd);
	for (size_t i = 0; i < countof(addresses); i++) {
		open_dns(addresses[i], 1, 0);
		fd = dial("[::1]", SOCK_DGRAM);
		expect_udp(fd, 6);
		close(fd);
		fd = dial("[::1]", SOCK_STREAM);
		expect_tcp(fd, 7);
		close(fd);
		dns_close(dns);
	}
}

static void
test_garbage_over_udp_changes_nothing(void **state)
{
	static uint8_t long_one[3000];
	int fd;

	(void)state;
	open_dns("127.0.0.1:0", 1, 0);
	fd = dial("127.0.0.1", SOCK_DGRAM);
	(void)query_of(long_one, 1, 1);
	send_all(fd, long_one, 0);
	send_all(fd, long_one, 5);
	send_all(fd, long_one, sizeof long_one); /* dropped: the next answer is to the next query */
	expect_udp(fd, 9);
	close(fd);
	dns_close(dns);
}

static void
test_tcp_takes_queries_in_any_pieces_and_many_at_once(void **state)
{
	uint8_t p[100 * 64], answer[512];
	size_t n = 0;
	int fd;

	(void)state;
	open_dns("127.0.0.1:0", 1, 0);
	fd = dial("127.0.0.1", SOCK_STREAM);
	n = framed_query(p, 77, 1);
	for (size_t i = 0; i < n; i++) {
		send_all(fd, p + i, 1);
	}
	expect_listed(answer, receive_frame(fd, answer), 77);
	n = 0;
	for (uint16_t i = 0; i < 100; i++) {
		n += framed_query(p + n, i, 1);
	}
	send_all(fd, p, n);
	assert_int_equal(shutdown(fd, SHUT_WR), 0);
	for (uint16_t i = 0; i < 100; i++) {
		expect_listed(answer, receive_frame(fd, answer), i);
	}
	expect_closed(fd);
	dns_close(dns);
}

/* RFC 7766 6.2.1.1: whatever else is in the pipeline, an answer has the number and the question of its query. */
static void
test_each_answer_of_a_pipeline_is_that_to_its_query(void **state)
{
	enum { LISTED, UNLISTED, ELSEWHERE, MALFORMED, ANSWER, KINDS };
	uint8_t p[200 * 64], answer[512];
	size_t n = 0;
	int fd;

	(void)state;
	open_dns("127.0.0.1:0", 1, 0);
	fd = dial("127.0.0.1", SOCK_STREAM);
	for (uint16_t i = 0; i < 200; i++) {
		uint8_t *query = p + n + 2;

		n += framed_query(p + n, i, 1);
		query[13] = i % KINDS == UNLISTED ? '3' : '2';
		query[23] = i % KINDS == ELSEWHERE ? 'X' : query[23];
		query[5] = i % KINDS == MALFORMED ? 9 : 1;
		query[2] |= i % KINDS == ANSWER ? 0x80 : 0; /* to what we never asked: no answer */
	}
	send_all(fd, p, n);
	for (uint16_t i = 0; i < 200; i++) {
		static const uint8_t rcodes[KINDS] = { [UNLISTED] = 3, [ELSEWHERE] = 5, [MALFORMED] = 1 };
		size_t got;

		if (i % KINDS == ANSWER) {
			continue;
		}
		got = receive_frame(fd, answer);
		assert_int_equal(answer[0] << 8 | answer[1], i);
		assert_int_equal(answer[3] & 15, rcodes[i % KINDS]);
		assert_int_equal(answer[7], i % KINDS == LISTED);
		if (i % KINDS == MALFORMED) {
			assert_int_equal(got, 12);
		} else {
			assert_memory_equal(answer + 12, p + n / 200 * i + 2 + 12, n / 200 - 2 - 12);
		}
	}
	close(fd);
	dns_close(dns);
}

static void
test_what_is_cut_over_udp_is_whole_over_tcp(void **state)
{
	uint8_t p[2048];
	ssize_t got;
	int fd;

	(void)state;
	open_dns("127.0.0.1:0", 1, 0);
	fd = dial("127.0.0.1", SOCK_DGRAM);
	send_all(fd, p, query_of(p, 5, 16));
	wait_readable(fd);
	got = recv(fd, p, sizeof p, 0);
	assert_true(got > 12 && got <= 512 && (p[2] & 2) != 0);
	close(fd);
	fd = dial("127.0.0.1", SOCK_STREAM);
	send_all(fd, p, framed_query(p, 5, 16));
	assert_true(receive_frame(fd, p) > 512);
	assert_true((p[2] & 2) == 0 && p[7] == 1);
	close(fd);
	dns_close(dns);
}

static void
test_a_peer_that_does_not_read_waits_alone(void **state)
{
	static uint8_t p[1 << 16];
	uint8_t answer[2048];
	size_t n = 0, sent = 0, queries = 0;
	int lazy, fd;

	(void)state;
	open_dns("127.0.0.1:0", 1, PATIENCE_MS);
	lazy = dial("127.0.0.1", SOCK_STREAM);
	while (n + 64 < sizeof p) {
		n += framed_query(p + n, 3, 16);
		queries++;
	}
	for (;;) { /* until neither side takes more */
		ssize_t got = send(lazy, p + sent % n, n - sent % n, MSG_NOSIGNAL | MSG_DONTWAIT);
		struct pollfd w = { .fd = lazy, .events = POLLOUT };

		if (got > 0) {
			sent += (size_t)got;
		} else if (errno != EAGAIN || poll(&w, 1, 300) == 0) {
			break;
		}
	}
	fd = dial("127.0.0.1", SOCK_STREAM);
	expect_tcp(fd, 4);
	close(fd);
	for (size_t i = 0; i < sent / (n / queries); i++) { /* nothing is lost, nothing is twice */
		assert_true(receive_frame(lazy, answer) > 512);
		assert_int_equal(answer[1], 3);
	}
	close(lazy);
	dns_close(dns);
}

static void
test_a_silent_or_dripping_connection_is_closed(void **state)
{
	int silent, dripping;
	uint8_t p[64];
	size_t n = framed_query(p, 1, 1), i = 0;

	(void)state;
	open_dns("127.0.0.1:0", 1, 400);
	silent = dial("127.0.0.1", SOCK_STREAM);
	dripping = dial("127.0.0.1", SOCK_STREAM);
	expect_tcp(dripping, 1);
	for (;;) { /* a byte every 50 ms would keep it open for two seconds */
		struct pollfd over = { .fd = dripping, .events = POLLIN };

		if (send(dripping, p + i, 1, MSG_NOSIGNAL) != 1 || poll(&over, 1, 50) == 1) {
			break;
		}
		assert_true(++i < n - 1);
	}
	close(dripping);
	expect_closed(silent);
	dns_close(dns);
}

static void
test_a_length_past_the_limit_ends_the_connection(void **state)
{
	const uint8_t length[] = { 0xff, 0xff };
	int fd;

	(void)state;
	open_dns("127.0.0.1:0", 1, 10 * PATIENCE_MS);
	fd = dial("127.0.0.1", SOCK_STREAM);
	send_all(fd, length, sizeof length);
	expect_closed(fd);
	dns_close(dns);
}

static void
test_a_full_house_makes_room_for_the_next(void **state)
{
	static int guests[DNS_TCP_SESSIONS_MAX];
	int next;

	(void)state;
	open_dns("127.0.0.1:0", 1, PATIENCE_MS);
	for (size_t i = 0; i < countof(guests); i++) {
		char own[32];

		(void)snprintf(own, sizeof own, "127.0.1.%zu", i / 16);
		guests[i] = dial_from(own, "127.0.0.1", SOCK_STREAM);
		if (i > 0) {
			expect_tcp(guests[i], 1);
		}
	}
	(void)usleep(2000); /* deadlines are in milliseconds: the next is after the first */
	expect_tcp(guests[1], 2);
	next = dial("127.0.0.1", SOCK_STREAM);
	expect_tcp(next, 3);
	expect_closed(guests[0]);
	expect_tcp(guests[1], 4);
	close(next);
	for (size_t i = 1; i < countof(guests); i++) {
		close(guests[i]);
	}
	dns_close(dns);
}

static void
test_the_connections_of_one_client_push_out_no_other(void **state)
{
	static int guests[DNS_TCP_CLIENT_SESSIONS_MAX];
	int other, next;

	(void)state;
	open_dns("127.0.0.1:0", 1, PATIENCE_MS);
	other = dial_from("127.0.1.1", "127.0.0.1", SOCK_STREAM);
	for (size_t i = 0; i < countof(guests); i++) {
		guests[i] = dial("127.0.0.1", SOCK_STREAM);
		if (i > 0) {
			expect_tcp(guests[i], 1);
		}
	}
	(void)usleep(2000); /* deadlines are in milliseconds */
	next = dial("127.0.0.1", SOCK_STREAM);
	expect_tcp(next, 3);
	expect_closed(guests[0]);
	expect_tcp(guests[1], 4);
	expect_tcp(other, 5);
	close(next);
	close(other);
	for (size_t i = 1; i < countof(guests); i++) {
		close(guests[i]);
	}
	dns_close(dns);
}

static void
test_an_address_that_cannot_be_had_is_named(void **state)
{
	struct fault fault = { 0 };
	struct dns *second = NULL;
	char taken[64];
	const char *addresses[] = { "127.0.0.1:0", taken };
	struct dns_options o = { .addresses = addresses, .address_count = 2, .list = list, .workers = 2 };

	(void)state;
	open_dns("127.0.0.1:0", 1, 0);
	(void)snprintf(taken, sizeof taken, "127.0.0.1:%u", (unsigned)dns_port(dns, 0));
	assert_int_equal(dns_open(&o, &second, &fault), RESULT_IO);
	assert_null(second);
	assert_non_null(strstr(fault.text, taken));
	addresses[1] = "localhost:53";
	fault = (struct fault){ 0 };
	assert_int_equal(dns_open(&o, &second, &fault), RESULT_BAD_INPUT);
	assert_non_null(strstr(fault.text, "localhost:53"));
	o.workers = DNS_WORKERS_MAX + 1;
	fault = (struct fault){ 0 };
	assert_int_equal(dns_open(&o, &second, &fault), RESULT_BAD_INPUT);
	assert_non_null(strstr(fault.text, "workers"));
	dns_close(dns);
	dns_close(NULL);
}

static void
test_a_published_change_is_answered_at_once(void **state)
{
	struct source_key key;
	uint8_t p[512];
	int fd;

	(void)state;
	assert_int_equal(source_key_parse(TEXT("127.0.0.3"), &key, NULL), RESULT_OK);
	open_dns("127.0.0.1:0", 2, 0);
	fd = dial("127.0.0.1", SOCK_DGRAM);
	for (uint16_t i = 0; i < 100; i++) {
		size_t n = query_of(p, i, 1);

		if (i % 2 == 0) {
			assert_int_equal(list_put(list, 0, &key, 0, NULL), RESULT_OK);
		} else {
			assert_int_equal(list_remove(list, 0, &key), RESULT_OK);
		}
		list_publish(list, i);
		p[13] = '3';
		send_all(fd, p, n);
		wait_readable(fd);
		assert_true(recv(fd, p, sizeof p, 0) > 0);
		assert_int_equal(p[3] & 15, i % 2 == 0 ? 0 : 3);
	}
	close(fd);
	dns_close(dns);
}

static void
test_what_was_asked_before_the_end_is_answered(void **state)
{
	(void)state;
	for (int round = 0; round < 20; round++) {
		uint8_t p[512];
		int fd;

		open_dns("127.0.0.1:0", 1, 0);
		fd = dial("127.0.0.1", SOCK_DGRAM);
		for (uint16_t i = 0; i < 200; i++) {
			send_all(fd, p, query_of(p, i, 1));
		}
		dns_close(dns);
		for (int i = 0; i < 200; i++) {
			wait_readable(fd);
			assert_true(recv(fd, p, sizeof p, 0) > 0);
		}
		close(fd);
	}
}

/* Asks once while the gate is another one each time; returns the rcode. */
static unsigned
ask_and_change(int fd, uint16_t id, struct dns_gate *gate, const struct dns_gate_options *o)
{
	struct fault fault = { 0 };
	uint8_t p[512];

	send_all(fd, p, query_of(p, id, 1));
	assert_int_equal(dns_gate_change(gate, o, &fault), RESULT_OK);
	wait_readable(fd);
	assert_true(recv(fd, p, sizeof p, 0) > 0);
	return p[3] & 15;
}

/* Nobody reads yet: what does not fit the socket is lost, and counted when somebody does. */
static void
test_what_a_full_socket_loses_is_counted(void **state)
{
	struct dns_bound bound;
	struct dns_options o = { .address_count = 1, .list = list, .workers = 1, .bound = &bound };
	uint64_t before = counter_get(COUNTER_DNS_OVERRUN), answers = 0;
	const int bytes = 10000;
	struct sockaddr_in to = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	uint8_t packet[512];
	struct fault fault;
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	(void)state;
	assert_int_equal(dns_bind("127.0.0.1:0", 1, &bound, &fault), RESULT_OK);
	assert_int_equal(setsockopt(bound.udp[0], SOL_SOCKET, SO_RCVBUF, &bytes, sizeof bytes), 0);
	to.sin_port = htons(bound.port);
	assert_int_equal(connect(fd, (const struct sockaddr *)&to, sizeof to), 0);
	for (uint16_t i = 0; i < 100; i++) {
		assert_true(send(fd, packet, query_of(packet, i, 1), 0) > 0);
	}
	assert_int_equal(dns_open(&o, &dns, &fault), RESULT_OK);
	dns_close(dns);
	while (recv(fd, packet, sizeof packet, MSG_DONTWAIT) > 0) {
		answers++;
	}
	assert_in_range(answers, 1, 99);
	assert_int_equal(counter_get(COUNTER_DNS_OVERRUN) - before, 100 - answers);
	close(fd);
}

static void
test_who_may_ask_changes_while_threads_answer(void **state)
{
	const struct prefix here = { .family = 4, .bits = 8, .bytes = { 127 } };
	struct dns_receiver receivers[] = {
		{ .id = "another", .key = "another-key-of-sixteen", .number = 3 },
		{ .id = "here", .networks = &here, .network_count = 1, .number = 2 },
	};
	struct dns_gate_options o = { .receivers = receivers, .receiver_count = 2, .closed = true };
	struct fault fault = { 0 };
	struct dns_gate *gate;
	uint64_t counts[DNS_USAGE_COUNT];
	char id[NAME_BYTES_MAX + 1];
	int fd;

	(void)state;
	assert_int_equal(dns_gate_open(&o, &gate, &fault), RESULT_OK);
	assert_int_equal(dns_open(&(struct dns_options){ .addresses = &(const char *){ "127.0.0.1:0" },
							 .address_count = 1,
							 .list = list,
							 .gate = gate,
							 .workers = 2 },
				  &dns, &fault),
			 RESULT_OK);
	fd = dial("127.0.0.1", SOCK_DGRAM);
	for (uint16_t i = 0; i < 200; i++) {
		o.receivers = receivers + i % 2;
		o.receiver_count = 2U - i % 2;
		o.answers_limit = i % 3 == 0 ? 1 : 0;
		o.public_limit = i % 5;
		receivers[1].limit = 1000000U + i;
		assert_int_equal(ask_and_change(fd, i, gate, &o), 0);
	}
	dns_gate_usage(gate, 2, counts);
	assert_int_equal(counts[DNS_USAGE_LISTED], 200);
	assert_int_equal(dns_gate_next(gate, DNS_PUBLIC, id), 2);
	assert_string_equal(id, "here");
	assert_int_equal(dns_gate_next(gate, 2, id), DNS_PUBLIC);

	receivers[1].number = DNS_RECEIVERS_MAX + 1; /* what cannot be leaves it as it was */
	assert_int_equal(dns_gate_change(gate, &o, &fault), RESULT_BAD_INPUT);
	receivers[1].number = 2;
	o.receiver_count = 0;
	assert_int_equal(ask_and_change(fd, 1, gate, &o) % 5, 0); /* before or after */
	assert_int_equal(ask_and_change(fd, 2, gate, &o), 5);
	close(fd);
	dns_close(dns);
	dns_gate_close(gate);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_udp_answers_on_every_worker),
		cmocka_unit_test(test_a_wildcard_answers_from_the_address_that_was_asked),
		cmocka_unit_test(test_ipv6_answers),
		cmocka_unit_test(test_garbage_over_udp_changes_nothing),
		cmocka_unit_test(test_tcp_takes_queries_in_any_pieces_and_many_at_once),
		cmocka_unit_test(test_each_answer_of_a_pipeline_is_that_to_its_query),
		cmocka_unit_test(test_what_is_cut_over_udp_is_whole_over_tcp),
		cmocka_unit_test(test_a_peer_that_does_not_read_waits_alone),
		cmocka_unit_test(test_a_silent_or_dripping_connection_is_closed),
		cmocka_unit_test(test_a_length_past_the_limit_ends_the_connection),
		cmocka_unit_test(test_a_full_house_makes_room_for_the_next),
		cmocka_unit_test(test_the_connections_of_one_client_push_out_no_other),
		cmocka_unit_test(test_an_address_that_cannot_be_had_is_named),
		cmocka_unit_test(test_a_published_change_is_answered_at_once),
		cmocka_unit_test(test_what_was_asked_before_the_end_is_answered),
		cmocka_unit_test(test_what_a_full_socket_loses_is_counted),
		cmocka_unit_test(test_who_may_ask_changes_while_threads_answer),
	};

	return cmocka_run_group_tests(tests, open_list, close_list);
}
