/*
 * Who may ask: receivers by network and key, limits, stale lists. Every answer is read by ldns; the property looks for an A record
 * behind every way to be refused.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "test_list.h"

#include "list/list.h"
#include "serve/dns_packet.h"

#include <ldns/ldns.h>
#include <stdio.h>
#include <string.h>

#define KEY       "mx1-7f3a9c2e5b8d4f60"
#define KEY_2     "filter-000000000001"
#define SECOND_NS INT64_C(1000000000)
#define TYPE_A    LDNS_RR_TYPE_A
#define TYPE_TXT  LDNS_RR_TYPE_TXT

static struct list *list;

static const struct prefix networks[] = { { 4, 24, { 198, 51, 100 } }, { 6, 32, { 0x20, 1, 0xd, 0xb8 } } },
			   inner[] = { { 4, 28, { 198, 51, 100, 16 } } };
static const struct dns_receiver receivers[] = {
	{ .id = "mailbox", .networks = networks, .network_count = countof(networks), .limit = 2 },
	{ .id = "within", .networks = inner, .network_count = countof(inner), .key = KEY_2 },
	{ .id = "cloud", .key = KEY, .limit = 1 },
};
static const struct prefix of_public = { 4, 32, { 203, 0, 113, 9 } },
			   of_mailbox = { 4, 32, { 198, 51, 100, 9 } },
			   of_within = { 4, 32, { 198, 51, 100, 20 } },
			   of_mailbox6 = { 6, 128, { 0x20, 1, 0xd, 0xb8, [15] = 7 } };

/* One query through a gate, and what ldns reads in the answer. */
struct asked {
	struct dns_desk desk;
	struct prefix client;
	uint8_t answer[DNS_ANSWER_BYTES_MAX];
	struct dns_told told;
	ldns_pkt *pkt;
};

static int
open_list(void **state)
{
	const struct list_options options = { .zone = "list.example",
					      .domain_zone = "dom.example",
					      .code = "127.0.0.10",
					      .txt = "$",
					      .ttl = 60,
					      .negative_ttl = 30 };
	static const char *const keys[] = { "192.0.2.10", "2001:db8::/32", "mail.example" };

	(void)state;
	assert_int_equal(list_open(&options, 1, &list, NULL), RESULT_OK);
	for (size_t i = 0; i < countof(keys); i++) {
		test_put(list, 0, keys[i], 0);
	}
	list_publish(list, 1);
	return 0;
}

static int
close_list(void **state)
{
	(void)state;
	list_close(list);
	return 0;
}

static struct dns_gate *
gate_with(bool closed, uint32_t public_limit, int64_t stale_after_ms)
{
	const struct dns_gate_options o = { .receivers = receivers,
					    .receiver_count = countof(receivers),
					    .closed = closed,
					    .public_limit = public_limit,
					    .stale_after = { stale_after_ms } };
	struct fault fault = { { 0 } };
	struct dns_gate *gate;

	assert_int_equal(dns_gate_open(&o, &gate, &fault), RESULT_OK);
	return gate;
}

static void
begin(struct asked *a, struct dns_gate *gate, const struct prefix *client)
{
	memset(a, 0, sizeof *a);
	a->desk = (struct dns_desk){ .image = list_read(list),
				     .gate = gate,
				     .udp = true,
				     .now_ns = 1000 * SECOND_NS,
				     .confirmed_ns = 1000 * SECOND_NS };
	a->client = *client;
}

static void
ask(struct asked *a, const char *name, ldns_rr_type type)
{
	ldns_pkt *query = NULL;
	uint8_t *wire = NULL;
	size_t n;

	ldns_pkt_free(a->pkt);
	a->pkt = NULL;
	assert_int_equal(ldns_pkt_query_new_frm_str(&query, name, type, LDNS_RR_CLASS_IN, LDNS_RD),
			 LDNS_STATUS_OK);
	assert_int_equal(ldns_pkt2wire(&wire, query, &n), LDNS_STATUS_OK);
	n = dns_answer(&a->desk, &a->client, wire, n, a->answer, &a->told);
	assert_int_equal(ldns_wire2pkt(&a->pkt, a->answer, n), LDNS_STATUS_OK);
	free(wire);
	ldns_pkt_free(query);
}

static void
end(struct asked *a)
{
	ldns_pkt_free(a->pkt);
	a->pkt = NULL;
}

/* Answers of this type, anywhere in the packet. */
static size_t
count_of(const struct asked *a, ldns_rr_type type)
{
	ldns_rr_list *found = ldns_pkt_rr_list_by_type(a->pkt, type, LDNS_SECTION_ANY_NOQUESTION);
	size_t n = found == NULL ? 0 : ldns_rr_list_rr_count(found);

	ldns_rr_list_deep_free(found);
	return n;
}

static void
expect(const struct asked *a, ldns_pkt_rcode rcode, size_t listed, uint32_t receiver, enum dns_usage usage)
{
	assert_int_equal(ldns_pkt_get_rcode(a->pkt), rcode);
	assert_int_equal(count_of(a, TYPE_A), listed);
	assert_int_equal(a->told.receiver, receiver);
	assert_int_equal(a->told.usage, usage);
}

static void
expect_standing(struct asked *a, const char *name, const char *begins, const char *says)
{
	char *text;

	ask(a, name, TYPE_TXT);
	assert_int_equal(ldns_pkt_get_rcode(a->pkt), LDNS_RCODE_NOERROR);
	assert_int_equal(ldns_pkt_ancount(a->pkt), 1);
	assert_int_equal(ldns_rr_ttl(ldns_rr_list_rr(ldns_pkt_answer(a->pkt), 0)), 0);
	text = ldns_rdf2str(ldns_rr_rdf(ldns_rr_list_rr(ldns_pkt_answer(a->pkt), 0), 0));
	if (strncmp(text + 1, begins, strlen(begins)) != 0 || strstr(text, says) == NULL) {
		fail_msg("%s: %s; wanted %s... %s", name, text, begins, says);
	}
	free(text);
}

static void
test_the_narrowest_network_names_the_receiver(void **state)
{
	struct dns_gate *gate = gate_with(true, 0, 0);
	const struct {
		struct prefix client;
		uint32_t receiver;
	} rows[] = {
		{ { 4, 32, { 198, 51, 99, 255 } }, 0 },
		{ { 4, 32, { 198, 51, 100, 0 } }, 1 },
		{ { 4, 32, { 198, 51, 100, 15 } }, 1 },
		{ { 4, 32, { 198, 51, 100, 16 } }, 2 },
		{ { 4, 32, { 198, 51, 100, 31 } }, 2 },
		{ { 4, 32, { 198, 51, 100, 32 } }, 1 },
		{ { 4, 32, { 198, 51, 100, 255 } }, 1 },
		{ { 4, 32, { 198, 51, 101, 0 } }, 0 },
		{ { 6, 128, { 0x20, 1, 0xd, 0xb8, 9 } }, 1 },
		{ { 6, 128, { 0x20, 1, 0xd, 0xb9 } }, 0 },
		{ { 6, 128, { [10] = 0xff, [11] = 0xff, [12] = 198, [13] = 51, [14] = 100 } }, 0 },
	};

	(void)state;
	for (size_t i = 0; i < countof(rows); i++) {
		assert_int_equal(dns_gate_network(gate, &rows[i].client), rows[i].receiver);
	}
	dns_gate_close(gate);
}

static void
test_a_closed_list_answers_its_receivers_alone(void **state)
{
	struct dns_gate *gate = gate_with(true, 0, 0);
	struct asked a;

	(void)state;
	begin(&a, gate, &of_public);
	ask(&a, "10.2.0.192.list.example", TYPE_A);
	expect(&a, LDNS_RCODE_REFUSED, 0, 0, DNS_USAGE_REFUSED);
	ask(&a, "11.2.0.192.list.example", TYPE_A);
	expect(&a, LDNS_RCODE_REFUSED, 0, 0, DNS_USAGE_REFUSED);
	ask(&a, "mail.example.dom.example", TYPE_A);
	expect(&a, LDNS_RCODE_REFUSED, 0, 0, DNS_USAGE_REFUSED);
	ask(&a, "list.example", LDNS_RR_TYPE_SOA); /* a resolver on its way to a key asks for it */
	assert_int_equal(count_of(&a, LDNS_RR_TYPE_SOA), 1);
	a.client = of_within;
	ask(&a, "10.2.0.192.list.example", TYPE_A);
	expect(&a, LDNS_RCODE_NOERROR, 1, 2, DNS_USAGE_LISTED);
	ask(&a, "11.2.0.192.list.example", TYPE_A);
	expect(&a, LDNS_RCODE_NXDOMAIN, 0, 2, DNS_USAGE_NOT_LISTED);
	a.client = of_mailbox6;
	ask(&a, "mail.example.dom.example", TYPE_A);
	expect(&a, LDNS_RCODE_NOERROR, 1, 1, DNS_USAGE_LISTED);
	end(&a);
	dns_gate_close(gate);
}

static void
test_a_key_names_the_receiver_from_anywhere(void **state)
{
	static const struct {
		const char *name;
		ldns_rr_type type;
		ldns_pkt_rcode rcode;
		size_t answers;
	} rows[] = {
		{ "10.2.0.192." KEY_2 ".list.example", TYPE_A, LDNS_RCODE_NOERROR, 1 },
		{ "10.2.0.192.FILTER-000000000001.LIST.example", TYPE_A, LDNS_RCODE_NOERROR, 1 },
		{ "11.2.0.192." KEY_2 ".list.example", TYPE_A, LDNS_RCODE_NXDOMAIN, 0 },
		{ "mail.example." KEY_2 ".dom.example", TYPE_A, LDNS_RCODE_NOERROR, 1 },
		{ "mail.example._vouch." KEY_2 ".list.example", TYPE_TXT, LDNS_RCODE_NOERROR, 1 },
		{ "2.0.0.127." KEY_2 ".list.example", TYPE_A, LDNS_RCODE_NOERROR, 1 },
		{ "1.0.0.127." KEY_2 ".list.example", TYPE_A, LDNS_RCODE_NXDOMAIN, 0 },
		{ "2.0.192." KEY_2 ".list.example", TYPE_A, LDNS_RCODE_NOERROR, 0 },
		{ KEY_2 ".list.example", TYPE_A, LDNS_RCODE_NOERROR, 0 },
		{ KEY_2 ".list.example", LDNS_RR_TYPE_SOA, LDNS_RCODE_NOERROR, 0 },
	};
	struct dns_gate *gate = gate_with(true, 0, 0);
	struct asked a;

	(void)state;
	begin(&a, gate, &of_public);
	for (size_t i = 0; i < countof(rows); i++) {
		ask(&a, rows[i].name, rows[i].type);
		assert_int_equal(ldns_pkt_get_rcode(a.pkt), rows[i].rcode);
		assert_int_equal(ldns_pkt_ancount(a.pkt), rows[i].answers);
		assert_int_equal(a.told.receiver, 2);
		if (rows[i].answers == 0) { /* its SOA is that of the zone */
			char *owner =
			    ldns_rdf2str(ldns_rr_owner(ldns_rr_list_rr(ldns_pkt_authority(a.pkt), 0)));

			assert_true(strcasecmp(owner, strstr(rows[i].name, ".dom.") ? "dom.example."
										    : "list.example.") == 0);
			free(owner);
		}
	}
	a.client = of_mailbox; /* the key counts more than the network */
	ask(&a, rows[0].name, TYPE_A);
	expect(&a, LDNS_RCODE_NOERROR, 1, 2, DNS_USAGE_LISTED);
	end(&a);
	dns_gate_close(gate);
}

static void
test_a_key_that_nobody_has_is_no_name(void **state)
{
	static const char *const names[] = {
		"10.2.0.192.filter-000000000002.list.example",
		"10.2.0.192.filter-00000000000.list.example",
		"10.2.0.192.x.list.example",
		"mail.example.filter-000000000002.dom.example",
		"10.2.0.192." KEY_2 "." KEY_2 ".list.example",
		KEY_2 ".10.2.0.192.list.example",
	};
	struct dns_gate *open = gate_with(false, 0, 0), *closed = gate_with(true, 0, 0);
	struct asked a;

	(void)state;
	for (size_t i = 0; i < countof(names); i++) {
		begin(&a, open, &of_public);
		ask(&a, names[i], TYPE_A);
		assert_int_equal(ldns_pkt_get_rcode(a.pkt), LDNS_RCODE_NXDOMAIN);
		assert_int_equal(count_of(&a, TYPE_A), 0);
		end(&a);
	}
	begin(&a, closed, &of_public);
	ask(&a, names[0], TYPE_A);
	expect(&a, LDNS_RCODE_REFUSED, 0, 0, DNS_USAGE_REFUSED);
	end(&a);
	dns_gate_close(open);
	dns_gate_close(closed);
}

static void
test_over_its_limit_a_receiver_is_refused_until_time_passes(void **state)
{
	struct dns_gate *gate = gate_with(false, 0, 0);
	struct asked a;

	(void)state;
	begin(&a, gate, &of_public);
	for (int i = 0; i < DNS_BURST_SECONDS; i++) { /* cloud may ask once a second */
		ask(&a, "10.2.0.192." KEY ".list.example", TYPE_A);
		expect(&a, LDNS_RCODE_NOERROR, 1, 3, DNS_USAGE_LISTED);
	}
	ask(&a, "10.2.0.192." KEY ".list.example", TYPE_A);
	expect(&a, LDNS_RCODE_REFUSED, 0, 3, DNS_USAGE_LIMITED);
	assert_int_equal(a.told.outcome, COUNTER_DNS_LIMITED);
	ask(&a, "10.2.0.192.list.example", TYPE_A); /* nobody else pays for it */
	expect(&a, LDNS_RCODE_NOERROR, 1, 0, DNS_USAGE_LISTED);
	a.desk.now_ns += SECOND_NS;
	ask(&a, "10.2.0.192." KEY ".list.example", TYPE_A);
	expect(&a, LDNS_RCODE_NOERROR, 1, 3, DNS_USAGE_LISTED);
	ask(&a, "10.2.0.192." KEY ".list.example", TYPE_A);
	expect(&a, LDNS_RCODE_REFUSED, 0, 3, DNS_USAGE_LIMITED);
	end(&a);
	dns_gate_close(gate);
}

static void
test_each_client_of_the_public_has_a_limit_of_its_own(void **state)
{
	struct dns_gate *gate = gate_with(false, 3, 0);
	struct prefix six = { 6, 128, { 0x20, 2, [15] = 1 } }, neighbour = six, other = six;
	struct asked a;

	(void)state;
	neighbour.bytes[14] = 9; /* in the same /64 */
	other.bytes[7] = 9;
	begin(&a, gate, &six);
	for (int i = 0; i < 3 * DNS_BURST_SECONDS; i++) {
		a.client = i % 2 == 0 ? six : neighbour;
		ask(&a, "10.2.0.192.list.example", TYPE_A);
		expect(&a, LDNS_RCODE_NOERROR, 1, 0, DNS_USAGE_LISTED);
	}
	ask(&a, "10.2.0.192.list.example", TYPE_A);
	expect(&a, LDNS_RCODE_REFUSED, 0, 0, DNS_USAGE_LIMITED);
	a.client = other;
	ask(&a, "10.2.0.192.list.example", TYPE_A);
	expect(&a, LDNS_RCODE_NOERROR, 1, 0, DNS_USAGE_LISTED);
	a.client = of_within;
	for (int i = 0; i < 100; i++) {
		ask(&a, "10.2.0.192.list.example", TYPE_A);
		expect(&a, LDNS_RCODE_NOERROR, 1, 2, DNS_USAGE_LISTED);
	}
	end(&a);
	dns_gate_close(gate);
}

/* Far more clients than there is room for: those that asked little are forgotten first, nothing grows. */
static void
test_a_flood_of_clients_does_not_free_the_one_that_asks_most(void **state)
{
	struct dns_gate *gate = gate_with(false, 10, 0);
	size_t refused = 0;
	struct asked a;

	(void)state;
	begin(&a, gate, &of_public);
	for (uint32_t i = 0; i < 200000; i++) {
		const struct prefix stranger = { 4,
						 32,
						 { 10, (uint8_t)(i >> 16), (uint8_t)(i >> 8), (uint8_t)i } };
		struct dns_pass pass;

		a.desk.now_ns += 10000; /* 100,000 per second */
		dns_gate_ask(&a.desk, &stranger, 0, (const uint8_t *)"\004list\007example", 14, &pass);
		if (i % 100 == 0) { /* 1,000 per second, a hundred times its limit */
			ask(&a, "10.2.0.192.list.example", TYPE_A);
			refused += a.told.usage == DNS_USAGE_LIMITED;
		}
	}
	assert_true(refused > 1500); /* of 2,000: 100 at once, and 10 in each of two seconds, may pass */
	end(&a);
	dns_gate_close(gate);
}

static void
test_a_list_without_news_answers_nobody(void **state)
{
	struct dns_gate *gate = gate_with(false, 0, 60000);
	struct asked a;

	(void)state;
	begin(&a, gate, &of_within);
	a.desk.confirmed_ns = a.desk.now_ns - 60 * SECOND_NS;
	ask(&a, "10.2.0.192.list.example", TYPE_A);
	expect(&a, LDNS_RCODE_NOERROR, 1, 2, DNS_USAGE_LISTED);
	a.desk.confirmed_ns--;
	ask(&a, "10.2.0.192.list.example", TYPE_A);
	expect(&a, LDNS_RCODE_REFUSED, 0, 2, DNS_USAGE_REFUSED);
	assert_int_equal(a.told.outcome, COUNTER_DNS_REFUSED);
	assert_int_equal(ldns_pkt_nscount(a.pkt), 0);
	ask(&a, "11.2.0.192.list.example", TYPE_A); /* "not listed" would be kept by a cache */
	expect(&a, LDNS_RCODE_REFUSED, 0, 2, DNS_USAGE_REFUSED);
	expect_standing(&a, "amiblocked.list.example", "yes: ", "no news for 60 s");
	end(&a);
	dns_gate_close(gate);
}

static void
test_a_client_is_told_its_standing_and_why(void **state)
{
	struct dns_gate *open = gate_with(false, 5, 0), *closed = gate_with(true, 0, 0);
	struct asked a;

	(void)state;
	begin(&a, open, &of_public);
	expect_standing(&a, "amiblocked.list.example", "no: 203.0.113.9 is of the public; ",
			"5 queries per second, 0 % used");
	expect_standing(&a, "AmIBlocked.dom.example", "no: 203.0.113.9", "of the public");
	expect_standing(&a, "amiblocked." KEY_2 ".list.example",
			"no: ", "receiver within, by its key; no limit");
	expect_standing(&a, "amiblocked.filter-000000000002.list.example", "yes: ", "nobody has this key");
	for (int i = 0; i < 5 * DNS_BURST_SECONDS + 1; i++) {
		ask(&a, "10.2.0.192.list.example", TYPE_A);
	}
	expect(&a, LDNS_RCODE_REFUSED, 0, 0, DNS_USAGE_LIMITED);
	expect_standing(&a, "amiblocked.list.example", "yes: ", "over the limit of 5 queries per second");
	ask(&a, "amiblocked.list.example", TYPE_A);
	expect(&a, LDNS_RCODE_NOERROR, 0, 0, DNS_USAGE_OTHER);
	ask(&a, "amiblocked.list.example", LDNS_RR_TYPE_ANY);
	assert_int_equal(count_of(&a, LDNS_RR_TYPE_HINFO), 1);
	a.client = of_mailbox6;
	expect_standing(&a, "amiblocked.list.example", "no: 2001:db8::7 is receiver mailbox, by its network",
			"2 queries per second");
	end(&a);
	begin(&a, closed, &of_public);
	expect_standing(&a, "amiblocked.list.example", "yes: ", "answers its receivers alone");
	end(&a);
	dns_gate_close(open);
	dns_gate_close(closed);
}

static void
test_what_is_withheld_from_a_receiver_is_no_name_for_it(void **state)
{
	struct dns_gate *gate = gate_with(false, 0, 0);
	struct source_key key;
	struct asked a;

	(void)state;
	assert_int_equal(source_key_parse(TEXT("mail.example"), &key, NULL), RESULT_OK);
	assert_true(list_withhold(list, 0, 2, &key, true));
	list_publish(list, 2);
	begin(&a, gate, &of_public);
	ask(&a, "mail.example." KEY_2 ".dom.example", TYPE_A);
	expect(&a, LDNS_RCODE_NXDOMAIN, 0, 2, DNS_USAGE_NOT_LISTED);
	ask(&a, "mail.example._vouch." KEY_2 ".list.example", TYPE_TXT);
	expect(&a, LDNS_RCODE_NXDOMAIN, 0, 2, DNS_USAGE_NOT_LISTED);
	ask(&a, "mail.example." KEY ".dom.example", TYPE_A);
	expect(&a, LDNS_RCODE_NOERROR, 1, 3, DNS_USAGE_LISTED);
	ask(&a, "mail.example.dom.example", TYPE_A);
	expect(&a, LDNS_RCODE_NOERROR, 1, 0, DNS_USAGE_LISTED);
	a.client = of_within;
	ask(&a, "mail.example.dom.example", TYPE_A);
	expect(&a, LDNS_RCODE_NXDOMAIN, 0, 2, DNS_USAGE_NOT_LISTED);
	end(&a);
	assert_true(list_withhold(list, 0, 2, &key, false));
	list_publish(list, 3);
	dns_gate_close(gate);
}

static void
test_a_description_that_cannot_be_is_named(void **state)
{
	static const struct prefix twice[] = { { 4, 24, { 198, 51, 100 } } };
	const struct dns_receiver wrong[][2] = {
		{ { .id = "one", .key = "too-short" }, { .id = "two" } },
		{ { .id = "one", .key = "has.a.dot.in.it.and.is.long" }, { .id = "two" } },
		{ { .id = "one", .key = KEY }, { .id = "two", .key = KEY } },
		{ { .id = "one", .networks = twice, .network_count = 1 },
		  { .id = "two", .networks = twice, .network_count = 1 } },
		{ { .id = "one", .limit = UINT32_MAX }, { .id = "two" } },
	};

	(void)state;
	for (size_t i = 0; i < countof(wrong); i++) {
		const struct dns_gate_options o = { .receivers = wrong[i], .receiver_count = 2 };
		struct fault fault = { { 0 } };
		struct dns_gate *gate;

		assert_int_equal(dns_gate_open(&o, &gate, &fault), RESULT_BAD_INPUT);
		assert_null(gate);
		assert_non_null(strstr(fault.text, "one"));
	}
}

static void
test_every_query_is_counted_for_its_receiver(void **state)
{
	struct dns_gate *gate = gate_with(false, 0, 0);
	struct dns_usages *mine = dns_gate_join(gate), *other = dns_gate_join(gate);
	uint64_t counts[DNS_USAGE_COUNT];

	(void)state;
	dns_usage_count(mine, 1, DNS_USAGE_LISTED);
	dns_usage_count(mine, 1, DNS_USAGE_LISTED);
	dns_usage_count(other, 1, DNS_USAGE_LISTED);
	dns_usage_count(other, 3, DNS_USAGE_LIMITED);
	dns_gate_usage(gate, 1, counts);
	assert_int_equal(counts[DNS_USAGE_LISTED], 3);
	assert_int_equal(counts[DNS_USAGE_LIMITED], 0);
	dns_gate_usage(gate, 3, counts);
	assert_int_equal(counts[DNS_USAGE_LIMITED], 1);
	dns_gate_close(gate);
}

/* ---- the property: whatever the way to be refused, no A record */

#define ROUNDS 10000

static uint32_t
roll(uint64_t *seed, uint32_t below)
{
	*seed = *seed * 6364136223846793005U + 1442695040888963407U;
	return (uint32_t)(*seed >> 33) % below;
}

/* One query in one situation; everything that decides about it is chosen here, and the answer is known without our code. */
struct situation {
	bool closed, stale, listed, is_a, over;
	uint32_t client; /* in clients */
	uint32_t key;    /* in key_labels */
};

static const struct prefix *const clients[] = { &of_public, &of_mailbox, &of_within, &of_mailbox6 };
static const uint32_t client_receiver[] = { 0, 1, 2, 1 };
static const char *const key_labels[] = { "", "." KEY, "." KEY_2, ".somebody-elses-key-1" };
static const uint32_t key_receiver[] = { 0, 3, 2, 0 };

static bool
may_have_a(const struct situation *s)
{
	uint32_t receiver = key_receiver[s->key] != 0 ? key_receiver[s->key] : client_receiver[s->client];

	return s->listed && s->is_a && !s->stale && s->key != 3 && !(receiver == 0 && s->closed) &&
	       !(s->over && receiver != 2); /* which alone has no limit */
}

static void
use_up(const struct asked *a, uint32_t by_network, const char *name)
{
	struct dns_pass pass;

	dns_gate_ask(&a->desk, &a->client, by_network, (const uint8_t *)name, strlen(name) + 1, &pass);
}

static void
test_no_way_to_be_refused_gives_an_a_record(void **state)
{
	static const ldns_rr_type others[] = { TYPE_TXT,          LDNS_RR_TYPE_ANY,  LDNS_RR_TYPE_AAAA,
					       LDNS_RR_TYPE_AXFR, LDNS_RR_TYPE_IXFR, LDNS_RR_TYPE_NS };
	static const char *const listed[][2] = { { "10.2.0.192", "list.example" },
						 { "mail.example", "dom.example" },
						 { "2.0.0.127", "list.example" } };
	static const char *const unlisted[][2] = { { "11.2.0.192", "list.example" },
						   { "invalid", "dom.example" },
						   { "1.0.0.127", "list.example" },
						   { "amiblocked", "list.example" },
						   { "10.2.0.192", "elsewhere.example" } };
	struct dns_gate *gates[] = { gate_with(false, 4, 60000), gate_with(true, 4, 60000) };
	uint64_t seed = 11;
	size_t with_a = 0;

	(void)state;
	for (size_t i = 0; i < ROUNDS; i++) {
		struct situation s = { .closed = roll(&seed, 2) == 0,
				       .stale = roll(&seed, 3) == 0,
				       .listed = roll(&seed, 4) != 0,
				       .is_a = roll(&seed, 4) != 0,
				       .over = roll(&seed, 3) == 0,
				       .client = roll(&seed, countof(clients)),
				       .key = roll(&seed, countof(key_labels)) };
		const char *const *parts;
		char name[256];
		struct asked a;

		parts = s.listed ? listed[roll(&seed, countof(listed))]
				 : unlisted[roll(&seed, countof(unlisted))];
		(void)snprintf(name, sizeof name, "%s%s.%s", parts[0], key_labels[s.key], parts[1]);
		begin(&a, gates[s.closed], clients[s.client]);
		/* all buckets are full */
		a.desk.confirmed_ns = a.desk.now_ns += (int64_t)i * 100 * SECOND_NS;
		a.desk.udp = roll(&seed, 2) == 0;
		for (int k = 0; s.over && k < 4 * DNS_BURST_SECONDS; k++) {
			use_up(&a, client_receiver[s.client], "\004list\007example");
			use_up(&a, 0, "\001x\024" KEY "\004list\007example");
		}
		a.desk.confirmed_ns -= s.stale ? 61 * SECOND_NS : 0;
		ask(&a, name, s.is_a ? TYPE_A : others[roll(&seed, countof(others))]);
		assert_int_equal(count_of(&a, TYPE_A), may_have_a(&s) ? 1 : 0);
		assert_int_equal(count_of(&a, LDNS_RR_TYPE_AAAA), 0);
		with_a += may_have_a(&s);
		end(&a);
	}
	assert_true(with_a > ROUNDS / 20);
	dns_gate_close(gates[0]);
	dns_gate_close(gates[1]);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_the_narrowest_network_names_the_receiver),
		cmocka_unit_test(test_a_closed_list_answers_its_receivers_alone),
		cmocka_unit_test(test_a_key_names_the_receiver_from_anywhere),
		cmocka_unit_test(test_a_key_that_nobody_has_is_no_name),
		cmocka_unit_test(test_over_its_limit_a_receiver_is_refused_until_time_passes),
		cmocka_unit_test(test_each_client_of_the_public_has_a_limit_of_its_own),
		cmocka_unit_test(test_a_flood_of_clients_does_not_free_the_one_that_asks_most),
		cmocka_unit_test(test_a_list_without_news_answers_nobody),
		cmocka_unit_test(test_a_client_is_told_its_standing_and_why),
		cmocka_unit_test(test_what_is_withheld_from_a_receiver_is_no_name_for_it),
		cmocka_unit_test(test_a_description_that_cannot_be_is_named),
		cmocka_unit_test(test_every_query_is_counted_for_its_receiver),
		cmocka_unit_test(test_no_way_to_be_refused_gives_an_a_record),
	};

	return cmocka_run_group_tests(tests, open_list, close_list);
}
