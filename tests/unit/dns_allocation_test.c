/* An answer allocates nothing, whatever is asked, by whom and how it ends. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "test_allocation.h"
#include "test_list.h"

#include "list/list.h"
#include "serve/dns_packet.h"

#include <ldns/ldns.h>
#include <stdlib.h>
#include <string.h>

#define KEY    "mx1-7f3a9c2e5b8d4f60"
#define ROUNDS 3U

static const struct prefix networks[] = { { 4, 24, { 198, 51, 100 } } };
static const struct dns_receiver receivers[] = {
	{ .id = "mailbox", .networks = networks, .network_count = countof(networks), .limit = 2 },
	{ .id = "cloud", .key = KEY, .limit = 100 },
};
static const struct prefix clients[] = { { 4, 32, { 203, 0, 113, 9 } },
					 { 4, 32, { 198, 51, 100, 9 } },
					 { 6, 128, { 0x20, 1, 0xd, 0xb8, [15] = 7 } } };
static const char *const names[] = {
	"10.2.0.192.list.example",
	"11.2.0.192.list.example",
	"10.2.0.192." KEY ".list.example",
	"10.2.0.192.nobody.list.example",
	"1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.list.example",
	"mail.example._vouch.list.example",
	"mail.example.dom.example",
	"amiblocked.list.example",
	"list.example",
	"elsewhere.test"
};
static const ldns_rr_type types[] = { LDNS_RR_TYPE_A,   LDNS_RR_TYPE_TXT, LDNS_RR_TYPE_ANY,
				      LDNS_RR_TYPE_SOA, LDNS_RR_TYPE_NS,  LDNS_RR_TYPE_AAAA };

static struct list *
filled(void)
{
	const struct list_options options = { .zone = "list.example",
					      .domain_zone = "dom.example",
					      .code = "127.0.0.10",
					      .txt = "$ is certified",
					      .ttl = 60,
					      .negative_ttl = 30 };
	static const char *const keys[] = { "192.0.2.10", "192.0.2.0/28", "2001:db8::/32", "mail.example" };
	struct list *list;

	assert_int_equal(list_open(&options, 1, &list, NULL), RESULT_OK);
	for (size_t i = 0; i < countof(keys); i++) {
		struct source_key key = test_key(keys[i]);

		assert_int_equal(list_put(list, 0, &key, 0, NULL), RESULT_OK);
		(void)list_withhold(list, 0, 1, &key, i == 0);
	}
	list_publish(list, 1);
	return list;
}

/* A query on the wire, with a cookie when it has EDNS. Returns its bytes. */
static size_t
query_of(const char *name, ldns_rr_type type, bool edns, uint8_t out[512])
{
	static const uint8_t cookie[] = { 0, 10, 0, 8, 1, 2, 3, 4, 5, 6, 7, 8 };
	ldns_pkt *query = ldns_pkt_query_new(ldns_dname_new_frm_str(name), type, LDNS_RR_CLASS_IN, LDNS_RD);
	uint8_t *wire;
	size_t n;

	if (edns) {
		ldns_pkt_set_edns_udp_size(query, 1232);
		ldns_pkt_set_edns_data(query,
				       ldns_rdf_new_frm_data(LDNS_RDF_TYPE_UNKNOWN, sizeof cookie, cookie));
	}
	assert_int_equal(ldns_pkt2wire(&wire, query, &n), LDNS_STATUS_OK);
	assert_true(n <= 512);
	memcpy(out, wire, n);
	free(wire);
	ldns_pkt_free(query);
	return n;
}

/* From every client, over UDP and TCP, of a list that is fresh and of one that is not. */
static void
answer_all(struct dns_desk desk, const uint8_t *query, size_t n)
{
	static uint8_t answer[DNS_ANSWER_BYTES_MAX];

	for (size_t i = 0; i < 4 * countof(clients); i++) {
		struct dns_told told;

		desk.udp = i % 2 == 0;
		desk.confirmed_ns = i % 4 < 2 ? desk.now_ns : 0;
		(void)dns_answer(&desk, &clients[i / 4], query, n, answer, &told);
	}
}

static void
test_an_answer_allocates_nothing(void **state)
{
	const struct dns_gate_options options = { .receivers = receivers,
						  .receiver_count = countof(receivers),
						  .public_limit = 5,
						  .answers_limit = 5,
						  .stale_after = SPAN_HOUR };
	struct list *list = filled();
	struct dns_desk desk = { .now_ns = INT64_C(4000000000000) };

	(void)state;
	test_allocations_watch();
	assert_int_equal(dns_gate_open(&options, &desk.gate, NULL), RESULT_OK);
	desk.image = list_read(list);
	for (size_t i = 0; i < countof(names) * countof(types) * 2; i++) {
		uint8_t query[512];
		size_t n =
		    query_of(names[i / 2 % countof(names)], types[i / 2 / countof(names)], i % 2 == 1, query);

		test_allocations = 0;
		for (size_t k = 0; k < ROUNDS; k++) {
			desk.now_ns += 100000000;
			answer_all(desk, query, n);
		}
		assert_int_equal(test_allocations, 0);
		answer_all(desk, query, n < 20 ? n : n - 7); /* one that is cut off */
		assert_int_equal(test_allocations, 0);
	}
	dns_gate_close(desk.gate);
	list_close(list);
#ifdef IS_TOLD
	assert_true(test_allocations > 0); /* what is freed here is told */
#endif
}

int
main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_an_answer_allocates_nothing) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
