/* Every answer is read by ldns, which knows nothing of our code; random packets look for an A record that must not be. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "test_list.h"

#include "list/list.h"
#include "serve/dns_packet.h"

#include <ldns/ldns.h>
#include <string.h>

static struct list *list;

/* One question asked over UDP, and what ldns reads in the answer. */
struct asked {
	uint8_t query[512], answer[DNS_ANSWER_BYTES_MAX];
	size_t query_bytes, answer_bytes;
	enum counter outcome;
	ldns_pkt *pkt;
};

static int
open_list(void **state)
{
	static const char *const ns[] = { "ns1.example.net", "ns2.example.net" };
	static char txt[LIST_TXT_BYTES_MAX + 1];
	const struct list_options options[] = {
		{ .zone = "list.example",
		  .domain_zone = "dom.example",
		  .code = "127.0.0.10",
		  .txt = "$ is certified",
		  .ns = ns,
		  .ns_count = countof(ns),
		  .contact = "dns.example.net",
		  .ttl = 60,
		  .negative_ttl = 30 },
		{ .zone = "long.example", .code = "127.0.0.10", .txt = txt, .ttl = 60, .negative_ttl = 30 },
	};

	(void)state;
	memset(txt, '$', LIST_TXT_BYTES_MAX);
	assert_int_equal(list_open(options, countof(options), &list, NULL), RESULT_OK);
	test_put(list, 0, "192.0.2.10", 0);
	test_put(list, 0, "198.51.100.0/24", 0);
	test_put(list, 0, "2001:db8::/32", 0);
	test_put(list, 0, "mail.example", 0);
	list_publish(list, 0x100000007);
	return 0;
}

static int
close_list(void **state)
{
	(void)state;
	list_close(list);
	return 0;
}

/* A query as bytes: header, question; no EDNS. */
static void
query_of(struct asked *a, const char *name, uint16_t type, uint16_t class)
{
	static const uint8_t header[12] = { 0x12, 0x34, 1, 0, 0, 1 };
	struct text rest = text_of(name), label;
	bool more = rest.n > 0;
	uint8_t *at = a->query + sizeof header;

	memset(a, 0, sizeof *a);
	memcpy(a->query, header, sizeof header);
	while (more) {
		more = text_cut(&rest, '.', &label);
		*at++ = (uint8_t)label.n;
		memcpy(at, label.p, label.n);
		at += label.n;
	}
	*at++ = 0;
	*at++ = (uint8_t)(type >> 8);
	*at++ = (uint8_t)type;
	*at++ = (uint8_t)(class >> 8);
	*at++ = (uint8_t) class;
	a->query_bytes = (size_t)(at - a->query);
}

static void
add_opt(struct asked *a, uint8_t version, uint16_t udp_bytes, bool dnssec_ok)
{
	const uint8_t opt[11] = {
		0, 0, 41, (uint8_t)(udp_bytes >> 8), (uint8_t)udp_bytes, 0, version, dnssec_ok ? 0x80 : 0
	};

	memcpy(a->query + a->query_bytes, opt, sizeof opt);
	a->query_bytes += sizeof opt;
	a->query[11]++;
}

static void
send_query(struct asked *a, bool udp)
{
	static const struct prefix client = { 4, 32, { 203, 0, 113, 1 } };
	const struct dns_desk desk = { .image = list_read(list), .udp = udp };
	struct dns_told told;

	a->answer_bytes = dns_answer(&desk, &client, a->query, a->query_bytes, a->answer, &told);
	a->outcome = told.outcome;
	if (a->answer_bytes > 0) {
		assert_int_equal(ldns_wire2pkt(&a->pkt, a->answer, a->answer_bytes), LDNS_STATUS_OK);
		assert_int_equal(ldns_pkt_id(a->pkt), a->query[0] << 8 | a->query[1]);
		assert_true(ldns_pkt_qr(a->pkt));
		assert_false(ldns_pkt_ra(a->pkt));
	}
}

static void
ask(struct asked *a, const char *name, uint16_t type)
{
	query_of(a, name, type, 1);
	send_query(a, true);
}

static void
done(struct asked *a)
{
	if (a->pkt != NULL) {
		ldns_pkt_free(a->pkt);
	}
	a->pkt = NULL;
}

static void
expect_rcode(const struct asked *a, ldns_pkt_rcode rcode, size_t answers, size_t authorities)
{
	assert_non_null(a->pkt);
	assert_int_equal(ldns_pkt_get_rcode(a->pkt), rcode);
	assert_int_equal(ldns_pkt_ancount(a->pkt), answers);
	assert_int_equal(ldns_pkt_nscount(a->pkt), authorities);
}

/* The record in words of ldns, blanks as it writes them. */
static void
expect_record(ldns_rr_list *records, size_t index, const char *words)
{
	char *text = ldns_rr2str(ldns_rr_list_rr(records, index));

	text[strcspn(text, "\n")] = '\0';
	assert_string_equal(text, words);
	free(text);
}

static void
test_a_listed_address_has_a_and_txt(void **state)
{
	struct asked a;

	(void)state;
	ask(&a, "10.2.0.192.list.example", 1);
	expect_rcode(&a, LDNS_RCODE_NOERROR, 1, 0);
	assert_true(ldns_pkt_aa(a.pkt));
	assert_true(ldns_pkt_rd(a.pkt));
	expect_record(ldns_pkt_answer(a.pkt), 0, "10.2.0.192.list.example.\t60\tIN\tA\t127.0.0.10");
	assert_int_equal(a.outcome, COUNTER_DNS_ANSWERED);
	done(&a);
	ask(&a, "77.100.51.198.list.example", 16);
	expect_rcode(&a, LDNS_RCODE_NOERROR, 1, 0);
	expect_record(ldns_pkt_answer(a.pkt), 0,
		      "77.100.51.198.list.example.\t60\tIN\tTXT\t\"198.51.100.0/24 is certified\"");
	done(&a);
	ask(&a, "mail.example.dom.example", 1);
	expect_record(ldns_pkt_answer(a.pkt), 0, "mail.example.dom.example.\t60\tIN\tA\t127.0.0.10");
	done(&a);
}

#define SIX_TEST "0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.list.example" /* behind the last 12 digits */

/* RFC 5782 section 5; how a client tells a list that works from one that answers everything or nothing (sections 5, 7). */
static void
test_the_test_entries_of_rfc_5782_are_there(void **state)
{
	static const struct {
		const char *name;
		bool listed;
	} rows[] = {
		{ "2.0.0.127.list.example", true },
		{ "1.0.0.127.list.example", false },
		{ "2.0.0.127.long.example", true },
		{ "1.0.0.127.long.example", false },
		{ "2.0.0.0.0.0.f.7.f.f.f.f." SIX_TEST, true },
		{ "1.0.0.0.0.0.f.7.f.f.f.f." SIX_TEST, false },
		{ "2.0.0.0.0.0.F.7.F.f.F.f." SIX_TEST, true },
		{ "test.dom.example", true },
		{ "TEST.dom.example", true },
		{ "invalid.dom.example", false },
		{ "INVALID.dom.example", false },
		{ "test.list.example", false }, /* a zone of addresses */
		{ "2.0.0.127.dom.example", false },
	};

	(void)state;
	for (size_t i = 0; i < countof(rows); i++) {
		for (uint16_t type = 1; type <= 16; type += 15) { /* A and TXT */
			struct asked a;

			ask(&a, rows[i].name, type);
			expect_rcode(&a, rows[i].listed ? LDNS_RCODE_NOERROR : LDNS_RCODE_NXDOMAIN,
				     rows[i].listed && ldns_pkt_tc(a.pkt) == 0 ? 1 : 0,
				     rows[i].listed ? 0 : 1);
			done(&a);
		}
	}
}

static void
test_a_domain_vouches_by_txt_alone(void **state)
{
	struct asked a;

	(void)state;
	ask(&a, "mail.example._vouch.list.example", 16);
	expect_rcode(&a, LDNS_RCODE_NOERROR, 1, 0);
	expect_record(ldns_pkt_answer(a.pkt), 0, "mail.example._vouch.list.example.\t60\tIN\tTXT\t\"all\"");
	done(&a);
	ask(&a, "mail.example._vouch.list.example", 1);
	expect_rcode(&a, LDNS_RCODE_NOERROR, 0, 1);
	done(&a);
}

#define SOA "\t30\tIN\tSOA\tns1.example.net. dns.example.net. 7 300 60 3600 30"

static void
test_negative_answers_carry_the_soa(void **state)
{
	static const struct {
		const char *name;
		uint16_t type;
		ldns_pkt_rcode rcode;
		const char *soa;
	} rows[] = {
		{ "11.2.0.192.list.example", 1, LDNS_RCODE_NXDOMAIN, "list.example." SOA },
		{ "1.0.0.127.list.example", 1, LDNS_RCODE_NXDOMAIN, "list.example." SOA },
		{ "invalid.dom.example", 1, LDNS_RCODE_NXDOMAIN, "dom.example." SOA },
		{ "10.2.0.192.list.example", 28, LDNS_RCODE_NOERROR, "list.example." SOA },
		{ "10.2.0.192.list.example", 65280, LDNS_RCODE_NOERROR, "list.example." SOA },
		{ "2.0.192.list.example", 1, LDNS_RCODE_NOERROR, "list.example." SOA },
		{ "2.0.192.list.example", 255, LDNS_RCODE_NOERROR, "list.example." SOA },
		{ "list.example", 1, LDNS_RCODE_NOERROR, "list.example." SOA },
		{ "LiSt.eXample", 16, LDNS_RCODE_NOERROR, "LiSt.eXample." SOA },
	};

	(void)state;
	for (size_t i = 0; i < countof(rows); i++) {
		struct asked a;

		ask(&a, rows[i].name, rows[i].type);
		expect_rcode(&a, rows[i].rcode, 0, 1);
		assert_true(ldns_pkt_aa(a.pkt));
		expect_record(ldns_pkt_authority(a.pkt), 0, rows[i].soa);
		assert_int_equal(a.outcome, rows[i].rcode == LDNS_RCODE_NOERROR ? COUNTER_DNS_ANSWERED
										: COUNTER_DNS_NXDOMAIN);
		done(&a);
	}
}

static void
test_the_zone_has_soa_and_ns(void **state)
{
	struct asked a;

	(void)state;
	ask(&a, "list.example", 6);
	expect_rcode(&a, LDNS_RCODE_NOERROR, 1, 0);
	expect_record(ldns_pkt_answer(a.pkt), 0, "list.example." SOA);
	done(&a);
	ask(&a, "dom.example", 2);
	expect_rcode(&a, LDNS_RCODE_NOERROR, 2, 0);
	expect_record(ldns_pkt_answer(a.pkt), 0, "dom.example.\t3600\tIN\tNS\tns1.example.net.");
	expect_record(ldns_pkt_answer(a.pkt), 1, "dom.example.\t3600\tIN\tNS\tns2.example.net.");
	done(&a);
	ask(&a, "10.2.0.192.list.example", 255);
	expect_rcode(&a, LDNS_RCODE_NOERROR, 1, 0);
	expect_record(ldns_pkt_answer(a.pkt), 0, "10.2.0.192.list.example.\t30\tIN\tHINFO\t\"RFC8482\" \"\"");
	done(&a);
}

static void
test_what_is_not_ours_is_refused(void **state)
{
	static const struct {
		const char *name;
		uint16_t type, class;
	} rows[] = {
		{ "example", 1, 1 },
		{ "10.2.0.192.other.example", 1, 1 },
		{ "", 2, 1 },
		{ "10.2.0.192.list.example", 1, 3 },
		{ "version.bind", 16, 3 },
		{ "10.2.0.192.list.example", 1, 255 },
		{ "list.example", 252, 1 },
		{ "list.example", 251, 1 },
		{ "list.example", 250, 1 },
		{ "10.2.0.192.list.example", 254, 1 },
	};

	(void)state;
	for (size_t i = 0; i < countof(rows); i++) {
		struct asked a;

		query_of(&a, rows[i].name, rows[i].type, rows[i].class);
		send_query(&a, true);
		expect_rcode(&a, LDNS_RCODE_REFUSED, 0, 0);
		assert_false(ldns_pkt_aa(a.pkt));
		assert_int_equal(a.outcome, COUNTER_DNS_REFUSED);
		done(&a);
	}
}

static void
test_the_question_comes_back_letter_for_letter(void **state)
{
	struct asked a;

	(void)state;
	ask(&a, "MaIl.eXAMple.DoM.EXample", 1);
	expect_rcode(&a, LDNS_RCODE_NOERROR, 1, 0);
	assert_memory_equal(a.answer + 12, a.query + 12, a.query_bytes - 12);
	done(&a);
}

static void
test_edns_is_answered_with_edns(void **state)
{
	struct asked a;

	(void)state;
	query_of(&a, "10.2.0.192.list.example", 1, 1);
	add_opt(&a, 0, 4096, true);
	send_query(&a, true);
	expect_rcode(&a, LDNS_RCODE_NOERROR, 1, 0);
	assert_true(ldns_pkt_edns(a.pkt));
	assert_int_equal(ldns_pkt_edns_udp_size(a.pkt), DNS_UDP_BYTES_MAX);
	assert_true(ldns_pkt_edns_do(a.pkt));
	done(&a);
	query_of(&a, "10.2.0.192.list.example", 1, 1);
	add_opt(&a, 1, 4096, false);
	send_query(&a, true);
	expect_rcode(&a, LDNS_RCODE_NOERROR, 0, 0);
	assert_int_equal(ldns_pkt_edns_extended_rcode(a.pkt), 1); /* BADVERS is 16 */
	assert_int_equal(ldns_pkt_edns_version(a.pkt), 0);
	done(&a);
	ask(&a, "10.2.0.192.list.example", 1);
	assert_false(ldns_pkt_edns(a.pkt));
	done(&a);
}

static void
test_what_does_not_fit_is_cut_and_whole_over_tcp(void **state)
{
	struct asked a;

	(void)state;
	ask(&a, "2.0.0.127.long.example", 16);
	expect_rcode(&a, LDNS_RCODE_NOERROR, 0, 0);
	assert_true(ldns_pkt_tc(a.pkt));
	done(&a);
	query_of(&a, "2.0.0.127.long.example", 16, 1);
	add_opt(&a, 0, 1232, false);
	send_query(&a, true);
	assert_false(ldns_pkt_tc(a.pkt));
	assert_true(a.answer_bytes > 1024 && a.answer_bytes <= DNS_UDP_BYTES_MAX);
	expect_rcode(&a, LDNS_RCODE_NOERROR, 1, 0);
	done(&a);
	query_of(&a, "2.0.0.127.long.example", 16, 1);
	add_opt(&a, 0, 513, false);
	send_query(&a, true);
	assert_true(ldns_pkt_tc(a.pkt));
	assert_true(ldns_pkt_edns(a.pkt));
	done(&a);
	query_of(&a, "2.0.0.127.long.example", 16, 1);
	send_query(&a, false);
	assert_false(ldns_pkt_tc(a.pkt));
	expect_rcode(&a, LDNS_RCODE_NOERROR, 1, 0);
	done(&a);
}

static void
test_other_opcodes_are_not_implemented(void **state)
{
	(void)state;
	for (unsigned opcode = 1; opcode < 16; opcode++) {
		struct asked a;

		query_of(&a, "10.2.0.192.list.example", 1, 1);
		a.query[2] = (uint8_t)(opcode << 3);
		send_query(&a, true);
		expect_rcode(&a, LDNS_RCODE_NOTIMPL, 0, 0);
		assert_int_equal(ldns_pkt_get_opcode(a.pkt), opcode);
		assert_int_equal(a.outcome, COUNTER_DNS_NOTIMP);
		done(&a);
	}
}

static void
test_malformed_queries_are_form_errors_or_dropped(void **state)
{
	static const struct {
		size_t at;
		uint8_t byte;
	} spoils[] = {
		{ 5, 0 },     /* no question */
		{ 5, 2 },     /* two, but there is one */
		{ 7, 1 },     /* an answer */
		{ 9, 1 },     /* an authority record that is not there */
		{ 11, 1 },    /* an additional one */
		{ 12, 0xc0 }, /* a pointer in the question */
		{ 12, 64 },   /* a label too long */
		{ 28, 63 },   /* a label past the end */
		{ 38, 41 },   /* asks for OPT */
	};
	struct asked a;

	(void)state;
	for (size_t i = 0; i < countof(spoils); i++) {
		query_of(&a, "10.2.0.192.list.example", 1, 1);
		assert_int_equal(a.query_bytes, 41);
		a.query[spoils[i].at] = spoils[i].byte;
		send_query(&a, true);
		expect_rcode(&a, LDNS_RCODE_FORMERR, 0, 0);
		assert_int_equal(a.answer_bytes, 12);
		assert_int_equal(a.outcome, COUNTER_DNS_FORMERR);
		done(&a);
	}
	for (size_t cut = 0; cut < 41; cut++) {
		query_of(&a, "10.2.0.192.list.example", 1, 1);
		a.query_bytes = cut;
		send_query(&a, true);
		assert_int_equal(a.answer_bytes, cut < 12 ? 0 : 12);
		assert_int_equal(a.outcome, cut < 12 ? COUNTER_DNS_DROPPED : COUNTER_DNS_FORMERR);
		done(&a);
	}
	query_of(&a, "10.2.0.192.list.example", 1, 1);
	a.query_bytes++; /* a byte behind the end */
	send_query(&a, true);
	expect_rcode(&a, LDNS_RCODE_FORMERR, 0, 0);
	done(&a);
	query_of(&a, "10.2.0.192.list.example", 1, 1);
	a.query[2] |= 0x80; /* an answer: no answer to it */
	send_query(&a, true);
	assert_int_equal(a.answer_bytes, 0);
}

/* A record behind the question whose owner is written so; the OPT follows it, so it must be walked over. */
static void
ask_with_record(struct asked *a, size_t section, const uint8_t *owner, size_t owner_bytes)
{
	static const uint8_t record[] = { 0, 1, 0, 1, 0, 0, 0, 60, 0, 4, 127, 0, 0, 10 };

	query_of(a, "10.2.0.192.list.example", 1, 1);
	memcpy(a->query + a->query_bytes, owner, owner_bytes);
	a->query_bytes += owner_bytes;
	memcpy(a->query + a->query_bytes, record, sizeof record);
	a->query_bytes += sizeof record;
	a->query[section]++;
	add_opt(a, 0, 1232, false);
	send_query(a, true);
}

static void
test_a_pointer_is_followed_nowhere(void **state)
{
	static const uint8_t owners[][4] = {
		/* behind the question, at 41 */
		{ 0xc0, 41 },         /* itself */
		{ 0xc0, 12 },         /* the question */
		{ 0xc0, 200 },        /* past the end */
		{ 1, 'a', 0xc0, 41 }, /* a label, and it again */
	};
	struct asked a;

	(void)state;
	for (size_t i = 0; i < countof(owners); i++) {
		size_t bytes = owners[i][0] == 1 ? 4 : 2;

		ask_with_record(&a, 9, owners[i], bytes); /* authority */
		expect_rcode(&a, LDNS_RCODE_NOERROR, 1, 0);
		assert_true(ldns_pkt_edns(a.pkt));
		done(&a);
		ask_with_record(&a, 11, owners[i], bytes); /* additional */
		expect_rcode(&a, LDNS_RCODE_NOERROR, 1, 0);
		assert_true(ldns_pkt_edns(a.pkt));
		done(&a);
	}
	for (size_t at = 12; at < 41;
	     at++) { /* in the question: to itself, to what stands before, to what comes */
		for (uint8_t to = 0; to < 64; to++) {
			query_of(&a, "10.2.0.192.list.example", 1, 1);
			a.query[at] = 0xc0;
			a.query[at + 1] = to;
			send_query(&a, true);
			assert_int_equal(ldns_pkt_ancount(a.pkt), 0);
			done(&a);
		}
	}
}

static void
test_only_version_0_of_edns_and_class_in_are_answered(void **state)
{
	struct asked a;

	(void)state;
	for (unsigned version = 0; version < 256; version++) {
		query_of(&a, "10.2.0.192.list.example", 1, 1);
		add_opt(&a, (uint8_t)version, 1232, false);
		send_query(&a, true);
		expect_rcode(&a, LDNS_RCODE_NOERROR, version == 0 ? 1 : 0, 0);
		/* BADVERS is 16 */
		assert_int_equal(ldns_pkt_edns_extended_rcode(a.pkt), version == 0 ? 0 : 1);
		assert_int_equal(ldns_pkt_edns_version(a.pkt), 0);
		done(&a);
	}
	for (unsigned class = 0; class < 65536; class ++) {
		query_of(&a, "10.2.0.192.list.example", 1, (uint16_t) class);
		send_query(&a, true);
		expect_rcode(&a, class == 1 ? LDNS_RCODE_NOERROR : LDNS_RCODE_REFUSED, class == 1 ? 1 : 0, 0);
		done(&a);
	}
}

static void
test_malformed_edns_is_a_form_error(void **state)
{
	struct asked a;

	(void)state;
	query_of(&a, "10.2.0.192.list.example", 1, 1);
	add_opt(&a, 0, 1232, false);
	add_opt(&a, 0, 1232, false); /* two */
	send_query(&a, true);
	expect_rcode(&a, LDNS_RCODE_FORMERR, 0, 0);
	done(&a);
	query_of(&a, "10.2.0.192.list.example", 1, 1);
	add_opt(&a, 0, 1232, false);
	a.query[a.query_bytes - 1] = 5; /* an option that runs past its record */
	memcpy(a.query + a.query_bytes, (const uint8_t[5]){ 0, 10, 0, 9, 1 }, 5);
	a.query_bytes += 5;
	send_query(&a, true);
	expect_rcode(&a, LDNS_RCODE_FORMERR, 0, 0);
	done(&a);
	query_of(&a, "10.2.0.192.list.example", 1, 1);
	add_opt(&a, 0, 1232, false);
	a.query[a.query_bytes - 1] = 5; /* a good option, unknown to us */
	memcpy(a.query + a.query_bytes, (const uint8_t[5]){ 0, 12, 0, 1, 1 }, 5);
	a.query_bytes += 5;
	send_query(&a, true);
	expect_rcode(&a, LDNS_RCODE_NOERROR, 1, 0);
	done(&a);
}

static void
test_the_longest_name_is_read_and_a_longer_one_is_not(void **state)
{
	struct asked a;
	uint8_t *at;

	(void)state;
	for (size_t last = 61; last <= 62; last++) { /* 3 labels of 63, one of 61: 255 bytes with the root */
		query_of(&a, "", 1, 1);
		at = a.query + 12;
		for (size_t i = 0; i < 4; i++) {
			*at = (uint8_t)(i < 3 ? 63 : last);
			memset(at + 1, 'a', *at);
			at += *at + 1;
		}
		memcpy(at, (const uint8_t[5]){ 0, 0, 1, 0, 1 }, 5);
		a.query_bytes = (size_t)(at + 5 - a.query);
		send_query(&a, true);
		expect_rcode(&a, last == 61 ? LDNS_RCODE_REFUSED : LDNS_RCODE_FORMERR, 0, 0);
		done(&a);
	}
}

/* ---- the property: whatever comes in, an A record goes out for a listed name alone */

#define RANDOM_PACKETS 100000

static uint32_t
roll(uint64_t *seed, uint32_t below)
{
	*seed = *seed * 6364136223846793005U + 1442695040888963407U;
	return (uint32_t)(*seed >> 33) % below;
}

/* Written again without our code: a plain query of class IN and type A for one of the names that are listed. */
static bool
may_have_a(const struct asked *a)
{
	static const char *const listed[] = { "10.2.0.192.list.example.", "mail.example.dom.example.",
					      "test.dom.example.", "2.0.0.127.list.example.",
					      "2.0.0.127.long.example." };
	ldns_pkt *pkt = NULL;
	bool may = false;

	if (ldns_wire2pkt(&pkt, a->query, a->query_bytes) != LDNS_STATUS_OK) {
		return false;
	}
	if (!ldns_pkt_qr(pkt) && ldns_pkt_get_opcode(pkt) == LDNS_PACKET_QUERY &&
	    ldns_pkt_qdcount(pkt) == 1 && ldns_pkt_ancount(pkt) == 0 && ldns_pkt_edns_version(pkt) == 0) {
		const ldns_rr *question = ldns_rr_list_rr(ldns_pkt_question(pkt), 0);
		char *name = ldns_rdf2str(ldns_rr_owner(question));

		for (size_t i = 0; i < countof(listed); i++) {
			may |= strcasecmp(name, listed[i]) == 0 &&
			       ldns_rr_get_type(question) == LDNS_RR_TYPE_A &&
			       ldns_rr_get_class(question) == LDNS_RR_CLASS_IN;
		}
		free(name);
	}
	ldns_pkt_free(pkt);
	return may;
}

static void
test_no_packet_but_a_query_for_a_listed_name_gets_an_a_record(void **state)
{
	static const char *const names[] = { "10.2.0.192.list.example",
					     "mail.example.dom.example",
					     "test.dom.example",
					     "2.0.0.127.list.example",
					     "11.2.0.192.list.example",
					     "mail.example._vouch.list.example",
					     "list.example" };
	uint64_t seed = 7, with_a = 0;

	(void)state;
	for (size_t i = 0; i < RANDOM_PACKETS; i++) {
		struct asked a;
		uint32_t spoils = roll(&seed, 4);

		query_of(&a, names[roll(&seed, countof(names))], roll(&seed, 8) == 0 ? 255 : 1, 1);
		if (roll(&seed, 3) == 0) {
			add_opt(&a, 0, (uint16_t)roll(&seed, 65536), roll(&seed, 2) == 0);
		}
		for (uint32_t s = 0; s < spoils; s++) {
			uint32_t at = roll(&seed, (uint32_t)a.query_bytes);

			a.query[at] = (uint8_t)(roll(&seed, 2) == 0 ? roll(&seed, 256)
								    : a.query[at] ^ 1U << roll(&seed, 8));
		}
		if (roll(&seed, 8) == 0) {
			a.query_bytes = roll(&seed, (uint32_t)a.query_bytes + 1);
		}
		send_query(&a, roll(&seed, 2) == 0);
		if (a.answer_bytes > 0) {
			ldns_rr_list *found =
			    ldns_pkt_rr_list_by_type(a.pkt, LDNS_RR_TYPE_A, LDNS_SECTION_ANY_NOQUESTION);

			if (found != NULL) {
				assert_true(may_have_a(&a));
				assert_int_equal(ldns_rr_list_rr_count(found), 1);
				ldns_rr_list_deep_free(found);
				with_a++;
			}
		}
		done(&a);
	}
	assert_true(with_a > RANDOM_PACKETS / 20); /* the test does see listed names */
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_listed_address_has_a_and_txt),
		cmocka_unit_test(test_the_test_entries_of_rfc_5782_are_there),
		cmocka_unit_test(test_a_domain_vouches_by_txt_alone),
		cmocka_unit_test(test_negative_answers_carry_the_soa),
		cmocka_unit_test(test_the_zone_has_soa_and_ns),
		cmocka_unit_test(test_what_is_not_ours_is_refused),
		cmocka_unit_test(test_the_question_comes_back_letter_for_letter),
		cmocka_unit_test(test_edns_is_answered_with_edns),
		cmocka_unit_test(test_what_does_not_fit_is_cut_and_whole_over_tcp),
		cmocka_unit_test(test_other_opcodes_are_not_implemented),
		cmocka_unit_test(test_malformed_queries_are_form_errors_or_dropped),
		cmocka_unit_test(test_a_pointer_is_followed_nowhere),
		cmocka_unit_test(test_only_version_0_of_edns_and_class_in_are_answered),
		cmocka_unit_test(test_malformed_edns_is_a_form_error),
		cmocka_unit_test(test_the_longest_name_is_read_and_a_longer_one_is_not),
		cmocka_unit_test(test_no_packet_but_a_query_for_a_listed_name_gets_an_a_record),
	};

	return cmocka_run_group_tests(tests, open_list, close_list);
}
