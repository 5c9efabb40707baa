/* Transfers over real sockets: what a secondary gets is read by ldns, its signatures are made and checked by ldns. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "test_list.h"

#include "base/limits.h"
#include "list/records.h"
#include "serve/dns.h"
#include "serve/transfer.h"

#include <arpa/inet.h>
#include <ldns/ldns.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#define SECRET "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY="
#define OTHER  "eDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY="

static struct list *list;
static struct transfers *transfers;
static struct dns *dns;
static struct dns_gate *gate; /* of dns: cookies, and no limits */
static int notified;          /* a UDP socket that is told of changes */
static uint64_t serial = 100;

static void
change(const char *text, bool listed)
{
	struct source_key key = test_key(text);

	if (listed) {
		assert_int_equal(list_put(list, 0, &key, 0, NULL), RESULT_OK);
	} else {
		assert_int_equal(list_remove(list, 0, &key), RESULT_OK);
	}
	list_publish(list, ++serial);
}

static void
key_set(struct transfer_peer *peer, const char *name, enum tsig_algorithm algorithm, const char *secret)
{
	size_t n;

	assert_int_equal(list_name_parse(text_of(name), &peer->key.name, NULL), RESULT_OK);
	assert_true(text_base64(text_of(secret), peer->key.secret, sizeof peer->key.secret, &n));
	peer->key.secret_bytes = (uint16_t)n;
	peer->key.algorithm = algorithm;
}

static int
udp_socket(char address[32])
{
	struct sockaddr_in at = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t n = sizeof at;
	int fd = socket(AF_INET, SOCK_DGRAM, 0);

	assert_true(fd >= 0 && bind(fd, (struct sockaddr *)&at, sizeof at) == 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&at, &n), 0);
	(void)snprintf(address, 32, "127.0.0.1:%u", ntohs(at.sin_port));
	return fd;
}

static int
open_all(void **state)
{
	static const struct list_options options[] = {
		{ .zone = "list.example",
		  .domain_zone = "dom.list.example",
		  .code = "127.0.0.10",
		  .txt = "$ is certified",
		  .ttl = 60,
		  .negative_ttl = 30 },
		{ .zone = "safe.example",
		  .code = "127.0.0.11",
		  .txt = "safe",
		  .ttl = 60,
		  .negative_ttl = 30 },
	};
	static const char *const zones[] = { "safe.example" }, *const addresses[] = { "127.0.0.1:0" };
	static const struct prefix elsewhere = { 4, 24, { 192, 0, 2 } };
	struct transfer_peer peers[5] = { { .zone_count = 0 } };
	char address[32];
	const char *notify[] = { address };

	(void)state;
	notified = udp_socket(address);
	key_set(&peers[0], "all.example", TSIG_SHA256, SECRET);
	key_set(&peers[1], "safe.key", TSIG_SHA512, SECRET);
	key_set(&peers[2], "far.example", TSIG_SHA256, SECRET);
	key_set(&peers[3], "told.example", TSIG_SHA384, SECRET);
	peers[1].zones = zones;
	peers[1].zone_count = 1;
	peers[2].networks = &elsewhere;
	peers[2].network_count = 1;
	peers[3].notify = notify;
	peers[3].notify_count = 1;
	peers[3].zones = zones;
	peers[3].zone_count = 1;
	assert_int_equal(list_open(options, countof(options), &list, NULL), RESULT_OK);
	assert_int_equal(
	    transfer_open(&(struct transfer_options){ list, peers, 4, instant_now }, &transfers, NULL),
	    RESULT_OK);
	change("192.0.2.10", true);
	change("198.51.100.0/22", true);
	change("mail.example", true);
	assert_int_equal(transfer_start(transfers, NULL), RESULT_OK);
	assert_int_equal(dns_gate_open(&(struct dns_gate_options){ .public_limit = 0 }, &gate, NULL),
			 RESULT_OK);
	assert_int_equal(dns_open(&(struct dns_options){ .addresses = addresses,
							 .address_count = 1,
							 .list = list,
							 .gate = gate,
							 .workers = 1,
							 .transfers = transfers },
				  &dns, NULL),
			 RESULT_OK);
	return 0;
}

static int
close_all(void **state)
{
	(void)state;
	dns_close(dns);
	transfer_close(transfers);
	dns_gate_close(gate);
	list_close(list);
	close(notified);
	return 0;
}

/* ---- one question, as a secondary asks it */

struct question {
	const char *zone, *key, *algorithm, *secret;
	ldns_rr_type type;
	uint32_t serial; /* of an IXFR */
	int64_t later;   /* seconds that the clock of the secondary is wrong */
	bool cookie;     /* with one of the client (RFC 7873) */
	uint8_t wire[1024];
	size_t n;
	ldns_rdf *mac; /* of the request */
};

static void
question_make(struct question *q)
{
	ldns_pkt *pkt = ldns_pkt_query_new(ldns_dname_new_frm_str(q->zone), q->type, LDNS_RR_CLASS_IN, 0);
	uint8_t *wire;
	size_t n;

	ldns_pkt_set_id(pkt, 0x1234);
	if (q->type == LDNS_RR_TYPE_IXFR && q->serial != 0) {
		char words[128];
		ldns_rr *soa;

		(void)snprintf(words, sizeof words, "%s. 0 IN SOA . . %u 1 1 1 1", q->zone,
			       (unsigned)q->serial);
		assert_int_equal(ldns_rr_new_frm_str(&soa, words, 0, NULL, NULL), LDNS_STATUS_OK);
		assert_true(ldns_pkt_push_rr(pkt, LDNS_SECTION_AUTHORITY, soa));
	}
	if (q->cookie) {
		static const uint8_t option[] = { 0, 10, 0, 8, 1, 2, 3, 4, 5, 6, 7, 8 };

		ldns_pkt_set_edns_udp_size(pkt, 1232);
		ldns_pkt_set_edns_data(pkt,
				       ldns_rdf_new_frm_data(LDNS_RDF_TYPE_UNKNOWN, sizeof option, option));
	}
	if (q->key != NULL) {
		assert_int_equal(ldns_pkt_tsig_sign(pkt, q->key, q->secret, 300, q->algorithm, NULL),
				 LDNS_STATUS_OK);
		q->mac = ldns_rdf_clone(ldns_rr_rdf(ldns_pkt_tsig(pkt), 3));
	}
	assert_int_equal(ldns_pkt2wire(&wire, pkt, &n), LDNS_STATUS_OK);
	assert_true(n <= sizeof q->wire);
	memcpy(q->wire, wire, n);
	q->n = n;
	free(wire);
	ldns_pkt_free(pkt);
}

static int
connect_to_us(int type)
{
	struct sockaddr_in at = { .sin_family = AF_INET,
				  .sin_port = htons(dns_port(dns, 0)),
				  .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	const struct timeval patience = { 20, 0 };
	int fd = socket(AF_INET, type, 0);

	assert_true(fd >= 0 && connect(fd, (struct sockaddr *)&at, sizeof at) == 0);
	assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience), 0);
	return fd;
}

static void
tcp_write(int fd, const uint8_t *p, size_t n)
{
	uint8_t length[2] = { (uint8_t)(n >> 8), (uint8_t)n };

	assert_int_equal(write(fd, length, 2), 2);
	assert_int_equal(write(fd, p, n), (ssize_t)n);
}

/* One message; 0 at the end of the connection. */
static size_t
tcp_read(int fd, uint8_t out[65535])
{
	uint8_t length[2];
	size_t at = 0, n;
	ssize_t got = recv(fd, length, 2, MSG_WAITALL);

	if (got == 0) {
		return 0;
	}
	assert_int_equal(got, 2);
	n = (size_t)length[0] << 8 | length[1];
	while (at < n) {
		got = recv(fd, out + at, n - at, 0);
		assert_true(got > 0);
		at += (size_t)got;
	}
	return n;
}

/* What came: records of all messages in order, as words of ldns. */
struct zone {
	struct arena arena;
	const char **rows;
	size_t count, messages;
	ldns_pkt_rcode rcode;
	uint16_t tsig_error;
	bool is_signed;
	uint8_t last[65535];
	size_t last_bytes;
};

static void
zone_free(struct zone *z)
{
	arena_clear(&z->arena);
	free(z->rows);
	free(z);
}

static void
take_rows(struct zone *z, const ldns_pkt *pkt)
{
	ldns_rr_list *answer = ldns_pkt_answer(pkt);

	z->rows = reallocarray(z->rows, z->count + ldns_pkt_ancount(pkt) + 1, sizeof *z->rows);
	assert_non_null(z->rows);
	for (size_t i = 0; i < ldns_pkt_ancount(pkt); i++) {
		char *words = ldns_rr2str(ldns_rr_list_rr(answer, i));

		words[strcspn(words, "\n")] = '\0';
		for (char *at = words; *at != '\0'; at++) {
			*at = (char)(*at == '\t' ? ' ' : *at);
		}
		z->rows[z->count++] = text_copy(&z->arena, text_of(words));
		free(words);
	}
}

/* Reads one message and lets ldns check its signature over the one before. */
static void
take_message(struct zone *z, struct question *q)
{
	ldns_pkt *pkt;

	assert_int_equal(ldns_wire2pkt(&pkt, z->last, z->last_bytes), LDNS_STATUS_OK);
	assert_int_equal(ldns_pkt_id(pkt), 0x1234);
	z->rcode = ldns_pkt_get_rcode(pkt);
	z->is_signed = ldns_pkt_tsig(pkt) != NULL;
	if (z->is_signed) {
		z->tsig_error = ldns_rdf2native_int16(ldns_rr_rdf(ldns_pkt_tsig(pkt), 5));
		if (z->tsig_error == 0) {
			assert_true(ldns_pkt_tsig_verify_next(pkt, z->last, z->last_bytes, q->key, q->secret,
							      q->mac, z->messages > 0));
			ldns_rdf_deep_free(q->mac);
			q->mac = ldns_rdf_clone(ldns_rr_rdf(ldns_pkt_tsig(pkt), 3));
		}
	}
	take_rows(z, pkt);
	z->messages++;
	ldns_pkt_free(pkt);
}

static bool
is_soa(const char *row)
{
	return strstr(row, " IN SOA ") != NULL;
}

/* Is it whole? An AXFR ends with its second SOA, an IXFR with its third of the newest serial, or is one SOA. */
static bool
is_whole(const struct zone *z, const struct question *q)
{
	size_t newest = 0;

	for (size_t i = 0; i < z->count; i++) {
		newest += strcmp(z->rows[i], z->rows[0]) == 0;
	}
	if (z->rcode != LDNS_RCODE_NOERROR || z->count == 0) {
		return true;
	}
	if (q->type == LDNS_RR_TYPE_IXFR && z->count > 1 && is_soa(z->rows[1])) {
		return newest == 3 || (newest == 2 && strcmp(z->rows[1], z->rows[0]) == 0);
	}
	return newest == 2 || (q->type == LDNS_RR_TYPE_IXFR && z->count == 1);
}

static struct zone *
zone_read(int fd, struct question *q)
{
	struct zone *z = calloc(1, sizeof *z);

	assert_non_null(z);
	do {
		z->last_bytes = tcp_read(fd, z->last);
		assert_true(z->last_bytes > 0);
		take_message(z, q);
	} while (!is_whole(z, q));
	ldns_rdf_deep_free(q->mac);
	q->mac = NULL;
	return z;
}

static struct zone *
ask(struct question q)
{
	int fd = connect_to_us(SOCK_STREAM);
	struct zone *z;

	question_make(&q);
	tcp_write(fd, q.wire, q.n);
	z = zone_read(fd, &q);
	close(fd);
	return z;
}

static struct question
transfer(const char *zone, ldns_rr_type type, uint32_t from)
{
	return (struct question){ .zone = zone,
				  .key = "all.example.",
				  .algorithm = "hmac-sha256.",
				  .secret = SECRET,
				  .type = type,
				  .serial = from };
}

static bool
has_row(const struct zone *z, const char *row)
{
	for (size_t i = 0; i < z->count; i++) {
		if (strcmp(z->rows[i], row) == 0) {
			return true;
		}
	}
	return false;
}

/* ---- whole zones */

static void
test_the_whole_zone_is_what_ldns_reads(void **state)
{
	struct zone *z = ask(transfer("LIST.example", LDNS_RR_TYPE_AXFR, 0));

	(void)state;
	assert_int_equal(z->rcode, LDNS_RCODE_NOERROR);
	assert_true(z->is_signed);
	assert_true(is_soa(z->rows[0]) && is_soa(z->rows[z->count - 1]));
	assert_true(has_row(z, "10.2.0.192.LIST.example. 60 IN A 127.0.0.10"));
	assert_true(has_row(z, "10.2.0.192.LIST.example. 60 IN TXT \"192.0.2.10 is certified\""));
	assert_true(has_row(z, "*.103.51.198.LIST.example. 60 IN A 127.0.0.10"));
	assert_true(has_row(z, "mail.example._vouch.LIST.example. 60 IN TXT \"all\""));
	assert_true(has_row(z, "dom.LIST.example. 3600 IN NS ns.dom.list.example.")); /* a zone of its own */
	assert_false(has_row(z, "mail.example._vouch.LIST.example. 60 IN A 127.0.0.10"));
	zone_free(z);
	z = ask(transfer("dom.list.example", LDNS_RR_TYPE_AXFR, 0));
	assert_true(has_row(z, "mail.example.dom.list.example. 60 IN A 127.0.0.10"));
	assert_int_equal(z->count, 2 + 1 + 2 * 2);
	zone_free(z);
}

static void
test_many_messages_are_one_chain_of_signatures(void **state)
{
	struct zone *z;

	(void)state;
	for (uint32_t i = 0; i < 3000; i++) {
		struct source_key key = { .kind = SOURCE_IP,
					  .prefix = { 4, 32, { 203, 0, (uint8_t)(i >> 8), (uint8_t)i } } };

		assert_int_equal(list_put(list, 1, &key, 0, NULL), RESULT_OK);
	}
	list_publish(list, ++serial);
	do { /* the journal follows on a thread of its own */
		struct question q = transfer("safe.example", LDNS_RR_TYPE_AXFR, 0);

		q.key = "safe.key.";
		q.algorithm = "hmac-sha512.";
		z = ask(q);
		if (z->count < 1000) {
			zone_free(z);
			z = NULL;
			(void)poll(NULL, 0, 5);
		}
	} while (z == NULL);
	assert_int_equal(z->count, 2 + 1 + 2 * 2 + 2 * 3000);
	assert_true(z->messages > 3);
	zone_free(z);
}

/* ---- changes */

static struct zone *
changes_since(uint32_t from)
{
	char newest[64];

	(void)snprintf(newest, sizeof newest, " hostmaster.list.example. %u ", (unsigned)serial);
	for (;;) { /* until the journal has the last change */
		struct zone *z = ask(transfer("list.example", LDNS_RR_TYPE_IXFR, from));

		assert_int_equal(z->rcode, LDNS_RCODE_NOERROR);
		if (strstr(z->rows[0], newest) != NULL) {
			return z;
		}
		zone_free(z);
		(void)poll(NULL, 0, 5);
	}
}

static void
test_changes_are_sent_as_changes(void **state)
{
	struct zone *z = changes_since((uint32_t)serial);
	uint32_t before = (uint32_t)serial;

	(void)state;
	assert_int_equal(z->count, 1); /* nothing new: the SOA alone */
	zone_free(z);
	change("192.0.2.10", false);
	change("100.64.0.0/16", true);
	z = changes_since(before);
	assert_true(z->count >= 4 + 2 * 2);
	assert_true(is_soa(z->rows[1]));
	assert_true(strstr(z->rows[1], arena_format(&z->arena, " %u 300 ", (unsigned)before)) != NULL);
	assert_string_equal(z->rows[2], "10.2.0.192.list.example. 60 IN A 127.0.0.10");
	assert_true(has_row(z, "*.64.100.list.example. 60 IN A 127.0.0.10"));
	assert_false(has_row(z, "2.0.0.127.list.example. 60 IN A 127.0.0.10")); /* it is not the whole zone */
	zone_free(z);
	change("192.0.2.10", true);
	z = changes_since(before);
	assert_true(has_row(z, "*.64.100.list.example. 60 IN A 127.0.0.10"));
	zone_free(z);
}

static void
test_a_serial_that_is_not_in_the_journal_gets_the_whole_zone(void **state)
{
	struct zone *z = changes_since(3);

	(void)state;
	assert_false(is_soa(z->rows[1]));
	assert_true(has_row(z, "2.0.0.127.list.example. 60 IN A 127.0.0.10"));
	zone_free(z);
}

/* ---- who gets nothing */

static void
test_without_the_right_key_there_is_no_record(void **state)
{
	static const struct {
		const char *zone, *key, *algorithm, *secret;
		ldns_pkt_rcode rcode;
		uint16_t error;
		bool is_signed;
	} rows[] = {
		{ "list.example", NULL, NULL, NULL, LDNS_RCODE_REFUSED, 0, false },
		{ "list.example", "all.example.", "hmac-sha256.", OTHER, LDNS_RCODE_NOTAUTH, 16, true },
		{ "list.example", "nobody.example.", "hmac-sha256.", SECRET, LDNS_RCODE_NOTAUTH, 17, true },
		{ "list.example", "all.example.", "hmac-sha512.", SECRET, LDNS_RCODE_NOTAUTH, 17, true },
		{ "list.example", "all.example.", "hmac-sha1.", SECRET, LDNS_RCODE_NOTAUTH, 17, true },
		{ "list.example", "safe.key.", "hmac-sha512.", SECRET, LDNS_RCODE_REFUSED, 0, true },
		{ "list.example", "far.example.", "hmac-sha256.", SECRET, LDNS_RCODE_REFUSED, 0, true },
		{ "10.2.0.192.list.example", "all.example.", "hmac-sha256.", SECRET, LDNS_RCODE_REFUSED, 0,
		  true },
		{ "other.example", "all.example.", "hmac-sha256.", SECRET, LDNS_RCODE_REFUSED, 0, true },
	};
	static const ldns_rr_type types[] = { LDNS_RR_TYPE_AXFR, LDNS_RR_TYPE_IXFR };

	(void)state;
	for (size_t i = 0; i < 2 * countof(rows); i++) {
		struct zone *z = ask((struct question){ .zone = rows[i / 2].zone,
							.key = rows[i / 2].key,
							.algorithm = rows[i / 2].algorithm,
							.secret = rows[i / 2].secret,
							.type = types[i % 2],
							.serial = 1 });

		assert_int_equal(z->rcode, rows[i / 2].rcode);
		assert_int_equal(z->count, 0);
		assert_int_equal(z->is_signed, rows[i / 2].is_signed);
		assert_int_equal(z->tsig_error, rows[i / 2].error);
		zone_free(z);
	}
}

static void
test_a_wrong_clock_is_told_the_time(void **state)
{
	uint8_t query[1024] = { 0x12, 0x34, 0, 0, 0, 1 }, answer[65535];
	static const uint8_t question[] = "\004list\007example\000\000\374\000\001";
	int64_t now = instant_now().ms / 1000;
	struct tsig_key key = { .secret_bytes = 0 };
	struct tsig tsig;
	size_t n, secret;
	int fd = connect_to_us(SOCK_STREAM);
	ldns_pkt *pkt;

	(void)state;
	assert_int_equal(list_name_parse(TEXT("all.example"), &key.name, NULL), RESULT_OK);
	assert_true(text_base64(TEXT(SECRET), key.secret, sizeof key.secret, &secret));
	key.secret_bytes = (uint16_t)secret;
	memcpy(query + 12, question, sizeof question - 1);
	tsig_begin(&tsig, &key);
	n = tsig_sign(&tsig, query, 12 + sizeof question - 1, (uint64_t)(now - 3600));
	tcp_write(fd, query, n);
	n = tcp_read(fd, answer);
	close(fd);
	assert_int_equal(ldns_wire2pkt(&pkt, answer, n), LDNS_STATUS_OK);
	assert_int_equal(ldns_pkt_get_rcode(pkt), LDNS_RCODE_NOTAUTH);
	assert_int_equal(ldns_pkt_ancount(pkt), 0);
	assert_int_equal(ldns_rdf2native_int16(ldns_rr_rdf(ldns_pkt_tsig(pkt), 5)), TSIG_BADTIME);
	assert_int_equal(ldns_rdf_size(ldns_rr_rdf(ldns_pkt_tsig(pkt), 3)), 2 + 32); /* and that is signed */
	assert_int_equal(ldns_rdf_size(ldns_rr_rdf(ldns_pkt_tsig(pkt), 6)), 2 + 6);
	ldns_pkt_free(pkt);
}

/* ---- UDP */

static struct zone *
ask_udp(struct question q)
{
	struct zone *z = calloc(1, sizeof *z);
	int fd = connect_to_us(SOCK_DGRAM);
	ssize_t n;

	assert_non_null(z);
	question_make(&q);
	assert_int_equal(send(fd, q.wire, q.n, 0), (ssize_t)q.n);
	n = recv(fd, z->last, sizeof z->last, 0);
	assert_true(n > 0);
	close(fd);
	z->last_bytes = (size_t)n;
	take_message(z, &q);
	ldns_rdf_deep_free(q.mac);
	return z;
}

static void
test_over_udp_there_is_only_the_soa(void **state)
{
	struct zone *z = ask_udp(transfer("list.example", LDNS_RR_TYPE_IXFR, 3));

	(void)state;
	assert_int_equal(z->rcode, LDNS_RCODE_NOERROR);
	assert_true(z->is_signed);
	assert_int_equal(z->count, 1);
	assert_true(is_soa(z->rows[0]));
	zone_free(z);
	z = ask_udp(transfer("list.example", LDNS_RR_TYPE_AXFR, 0));
	assert_int_equal(z->rcode, LDNS_RCODE_REFUSED);
	assert_int_equal(z->count, 0);
	zone_free(z);
	z = ask_udp(transfer("list.example", LDNS_RR_TYPE_SOA, 0)); /* how a secondary asks for the serial */
	assert_int_equal(z->rcode, LDNS_RCODE_NOERROR);
	assert_true(z->is_signed && z->count == 1);
	zone_free(z);
}

/* ---- one connection, several queries; who does not read */

static void
test_one_connection_serves_several_transfers(void **state)
{
	struct question q[3] = { transfer("list.example", LDNS_RR_TYPE_SOA, 0),
				 transfer("list.example", LDNS_RR_TYPE_AXFR, 0),
				 transfer("dom.list.example", LDNS_RR_TYPE_AXFR, 0) };
	int fd = connect_to_us(SOCK_STREAM);

	(void)state;
	for (size_t i = 0; i < countof(q); i++) {
		question_make(&q[i]);
		tcp_write(fd, q[i].wire, q[i].n); /* all before the first answer */
	}
	for (size_t i = 0; i < countof(q); i++) {
		struct zone *z;

		if (i == 0) {
			q[i].type = LDNS_RR_TYPE_IXFR; /* one SOA is all that comes */
		}
		z = zone_read(fd, &q[i]);
		assert_int_equal(z->rcode, LDNS_RCODE_NOERROR);
		assert_true(z->is_signed && z->count >= 1);
		zone_free(z);
	}
	close(fd);
}

/* A cookie of a connection that has transferred is dated now, as all others are, or it is good nowhere else. */
static void
test_a_cookie_after_a_transfer_has_the_date_of_today(void **state)
{
	struct question axfr = transfer("list.example", LDNS_RR_TYPE_AXFR, 0),
			soa = transfer("list.example", LDNS_RR_TYPE_SOA, 0);
	int fd = connect_to_us(SOCK_STREAM);
	struct zone *z;
	const uint8_t *option;
	ldns_pkt *pkt;
	int64_t dated;

	(void)state;
	question_make(&axfr);
	tcp_write(fd, axfr.wire, axfr.n);
	zone_free(zone_read(fd, &axfr));
	soa.cookie = true;
	question_make(&soa);
	tcp_write(fd, soa.wire, soa.n);
	soa.type = LDNS_RR_TYPE_IXFR; /* one SOA is all that comes */
	z = zone_read(fd, &soa);
	close(fd);
	assert_int_equal(z->rcode, LDNS_RCODE_NOERROR);
	assert_int_equal(ldns_wire2pkt(&pkt, z->last, z->last_bytes), LDNS_STATUS_OK);
	assert_non_null(ldns_pkt_edns_data(pkt));
	assert_true(ldns_rdf_size(ldns_pkt_edns_data(pkt)) >= 4 + 8 + 16);
	option = ldns_rdf_data(ldns_pkt_edns_data(pkt));
	assert_true(option[1] == 10 && option[3] == 8 + 16);
	dated = (int64_t)ldns_read_uint32(option + 4 + 8 + 4); /* RFC 9018 4 */
	assert_in_range(instant_now().ms / 1000 - dated + 3600, 0, 7200);
	ldns_pkt_free(pkt);
	zone_free(z);
}

static void
test_who_does_not_read_holds_up_nobody_and_takes_a_bounded_share(void **state)
{
	int fds[TRANSFER_PEER_CONNECTIONS_MAX + 1];
	struct question q = transfer("safe.example", LDNS_RR_TYPE_AXFR, 0);
	uint8_t answer[65535];

	(void)state;
	question_make(&q);
	for (size_t i = 0; i < countof(fds); i++) {
		fds[i] = connect_to_us(SOCK_STREAM);
		tcp_write(fds[i], q.wire, q.n);
		if (i == TRANSFER_PEER_CONNECTIONS_MAX) { /* one too many: told so at once, and signed */
			assert_true(tcp_read(fds[i], answer) > 0);
			assert_int_equal(answer[3] & 15, LDNS_RCODE_SERVFAIL);
			assert_int_equal(answer[6] << 8 | answer[7], 0);
		} else {
			assert_true(recv(fds[i], answer, 1, MSG_PEEK) == 1); /* it has begun */
		}
	}
	change("192.0.2.77", true); /* returns: the writer does not wait for them */
	change("192.0.2.77", false);
	for (size_t i = 0; i < countof(fds); i++) {
		close(fds[i]);
	}
	ldns_rdf_deep_free(q.mac);
}

/* ---- NOTIFY */

static size_t
next_notify(uint8_t out[2048], struct sockaddr_in *from)
{
	struct pollfd p = { .fd = notified, .events = POLLIN };
	socklen_t n = sizeof *from;
	ssize_t got;

	assert_int_equal(poll(&p, 1, 20000), 1);
	got = recvfrom(notified, out, 2048, 0, (struct sockaddr *)from, &n);
	assert_true(got > 0);
	return (size_t)got;
}

static void
answer_notify(uint8_t *message, size_t n, const struct sockaddr_in *from)
{
	struct tsig_message m;
	struct tsig_key key = { .algorithm = TSIG_SHA384 };
	const struct tsig_key *keys[] = { &key };
	struct tsig tsig;
	size_t secret;

	assert_int_equal(list_name_parse(TEXT("told.example"), &key.name, NULL), RESULT_OK);
	assert_true(text_base64(TEXT(SECRET), key.secret, sizeof key.secret, &secret));
	key.secret_bytes = (uint16_t)secret;
	assert_true(tsig_message_read(message, n, &m));
	assert_true(tsig_check(&tsig, message, n, &m, keys, 1, NULL, (uint64_t)instant_now().ms / 1000));
	assert_int_equal(tsig.error, TSIG_NOERROR);
	message[2] |= 0x80;
	memset(message + 6, 0, 6);
	n = tsig_sign(&tsig, message, m.question_end, (uint64_t)instant_now().ms / 1000);
	assert_true(sendto(notified, message, n, 0, (const struct sockaddr *)from, sizeof *from) > 0);
}

static void
test_a_secondary_is_told_until_it_answers(void **state)
{
	struct source_key key = test_key("203.0.113.99");
	struct sockaddr_in from;
	uint8_t message[2048];
	ldns_pkt *pkt;
	struct pollfd p = { .fd = notified, .events = POLLIN };
	size_t n = next_notify(message, &from);

	(void)state;
	assert_int_equal(ldns_wire2pkt(&pkt, message, n), LDNS_STATUS_OK);
	assert_int_equal(ldns_pkt_get_opcode(pkt), LDNS_PACKET_NOTIFY);
	assert_true(ldns_pkt_aa(pkt));
	assert_int_equal(ldns_rr_get_type(ldns_rr_list_rr(ldns_pkt_question(pkt), 0)), LDNS_RR_TYPE_SOA);
	assert_int_equal(ldns_pkt_ancount(pkt), 1);
	ldns_pkt_free(pkt);
	/* An answer without the key is none: it is told again. */
	message[2] |= 0x80;
	assert_true(sendto(notified, message, 30, 0, (struct sockaddr *)&from, sizeof from) > 0);
	n = next_notify(message, &from);
	answer_notify(message, n, &from);
	while (poll(&p, 1, 1500) == 1) { /* what was under way, and what changed meanwhile */
		n = next_notify(message, &from);
		answer_notify(message, n, &from);
	}
	assert_int_equal(list_put(list, 1, &key, 0, NULL), RESULT_OK);
	list_publish(list, ++serial);
	n = next_notify(message, &from);
	answer_notify(message, n, &from);
	assert_int_equal(poll(&p, 1, 1500), 0); /* it answered; and of another zone it is told nothing: */
	change("192.0.2.78", true);
	assert_int_equal(poll(&p, 1, 1500), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_the_whole_zone_is_what_ldns_reads),
		cmocka_unit_test(test_many_messages_are_one_chain_of_signatures),
		cmocka_unit_test(test_changes_are_sent_as_changes),
		cmocka_unit_test(test_a_serial_that_is_not_in_the_journal_gets_the_whole_zone),
		cmocka_unit_test(test_without_the_right_key_there_is_no_record),
		cmocka_unit_test(test_a_wrong_clock_is_told_the_time),
		cmocka_unit_test(test_over_udp_there_is_only_the_soa),
		cmocka_unit_test(test_one_connection_serves_several_transfers),
		cmocka_unit_test(test_a_cookie_after_a_transfer_has_the_date_of_today),
		cmocka_unit_test(test_who_does_not_read_holds_up_nobody_and_takes_a_bounded_share),
		cmocka_unit_test(test_a_secondary_is_told_until_it_answers),
	};

	return cmocka_run_group_tests(tests, open_all, close_all);
}
