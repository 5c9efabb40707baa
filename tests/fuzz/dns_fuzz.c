/*
 * DNS queries as bytes, over UDP and TCP, past three gates (none, one with receivers, one that lets nobody pass): no crash, no answer
 * to an answer, no answer longer than its transport allows, no A record from behind the gate that is shut.
 */
#include "list/list.h"
#include "serve/dns_packet.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct list *
open_list(void)
{
	static const struct list_options options = { .zone = "list.example",
						     .domain_zone = "dom.example",
						     .code = "127.0.0.10",
						     .txt = "$ is certified",
						     .ttl = 60,
						     .negative_ttl = 60 };
	static const char *const keys[] = { "192.0.2.10", "198.51.100.0/24", "2001:db8::/32",
					    "mail.example" };
	struct list *l;

	check(list_open(&options, 1, &l, NULL) == RESULT_OK);
	for (size_t i = 0; i < countof(keys); i++) {
		struct source_key key;

		check(source_key_parse(text_of(keys[i]), &key, NULL) == RESULT_OK);
		check(list_put(l, 0, &key, 0, NULL) == RESULT_OK);
	}
	list_publish(l, 1);
	return l;
}

#define KEY "abcdefgh-0123456789"

static struct dns_gate *
open_gate(bool closed)
{
	static const struct prefix networks[] = { { 4, 24, { 203, 0, 113 } }, { 6, 32, { 0x20, 1 } } };
	const struct dns_receiver receivers[] = {
		{ .id = "mailbox", .networks = networks, .network_count = countof(networks), .limit = 1000 },
		{ .id = "filter", .key = KEY },
	};
	const struct dns_gate_options options = { .receivers = receivers,
						  .receiver_count = closed ? 0 : countof(receivers),
						  .closed = closed,
						  .public_limit = closed ? 0 : 1,
						  .answers_limit = closed ? 0 : 100,
						  .stale_after = { 1000 } };
	struct dns_gate *g;

	check(dns_gate_open(&options, &g, NULL) == RESULT_OK);
	return g;
}

/* Good for what we write: the owner of each record is a pointer. */
static bool
has_a_record(const uint8_t *answer, size_t n, size_t question_bytes)
{
	size_t at = 12 + question_bytes;

	return answer[7] > 0 && at + 4 <= n && answer[at + 2] == 0 && answer[at + 3] == 1;
}

static void
ask(const struct dns_desk *desk, const uint8_t *data, size_t size, bool shut)
{
	static const struct prefix clients[] = { { 4, 32, { 203, 0, 113, 9 } }, { 4, 32, { 192, 0, 2, 1 } } };
	static uint8_t answer[DNS_ANSWER_BYTES_MAX];

	for (size_t i = 0; i < countof(clients); i++) {
		struct dns_told told;
		size_t n = dns_answer(desk, &clients[i], data, size, answer, &told);
		size_t name = 12;

		check(n <= (desk->udp ? DNS_UDP_BYTES_MAX : DNS_ANSWER_BYTES_MAX));
		check((n == 0) == (told.outcome == COUNTER_DNS_DROPPED));
		check(n == 0 || (n >= 12 && memcmp(answer, data, 2) == 0 && (answer[2] & 0x80) != 0));
		check(n == 0 || (data[2] & 0x80) == 0);
		check(told.receiver <= 2 && told.usage < DNS_USAGE_COUNT);
		if (shut && n > 12) {
			while (answer[name] != 0) {
				name += answer[name] + 1U;
			}
			check(!has_a_record(answer, n, name + 5 - 12));
		}
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct list *list;
	static struct dns_gate *open, *shut;
	static int64_t now_ns = 1;

	if (list == NULL) {
		list = open_list();
		open = open_gate(false);
		shut = open_gate(true);
	}
	now_ns += 1000000;
	for (int udp = 0; udp <= 1; udp++) {
		struct dns_desk desk = {
			.image = list_read(list), .udp = udp == 1, .now_ns = now_ns, .confirmed_ns = now_ns
		};
		struct list_hope hope = dns_expect(desk.image, data, size);

		list_expect_more(&hope);
		ask(&desk, data, size, false);
		desk.gate = open;
		ask(&desk, data, size, false);
		desk.confirmed_ns -= INT64_C(2000000000); /* no news for longer than it may be */
		ask(&desk, data, size, true);
		desk.gate = shut;
		desk.confirmed_ns = now_ns;
		ask(&desk, data, size, true);
	}
	return 0;
}
