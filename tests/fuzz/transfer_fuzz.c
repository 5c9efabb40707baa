/*
 * Queries that are signed or ask for a transfer, over UDP and TCP. The input comes as it is, and once more signed with the key, so
 * that what stands behind the check of the signature is reached: no crash, no record without a good signature, no answer longer
 * than its transport allows. It is also read as the answer to a NOTIFY.
 */
#include "base/limits.h"
#include "list/list.h"
#include "serve/transfer.h"

#include <stdlib.h>
#include <string.h>

#define NOW_SECONDS 1800000000

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct tsig_key key;

static struct instant
now(void)
{
	return (struct instant){ INT64_C(1000) * NOW_SECONDS };
}

static struct list *
open_list(void)
{
	static const struct list_options options = { .zone = "list.example",
						     .code = "127.0.0.10",
						     .txt = "$ is certified",
						     .ttl = 60,
						     .negative_ttl = 60 };
	struct list *l;

	check(list_open(&options, 1, &l, NULL) == RESULT_OK);
	return l;
}

static struct transfers *
open_transfers(struct list *list)
{
	static const struct prefix networks[] = { { 4, 24, { 192, 0, 2 } } };
	struct transfer_peer peer = { .networks = networks, .network_count = 1 };
	struct transfers *t;

	check(list_name_parse(TEXT("key.example"), &key.name, NULL) == RESULT_OK);
	key.secret_bytes = 32;
	memset(key.secret, 7, key.secret_bytes);
	peer.key = key;
	check(transfer_open(&(struct transfer_options){ list, &peer, 1, now }, &t, NULL) == RESULT_OK);
	return t;
}

/* The counts of records in an answer, and its rcode. */
static void
check_answer(const uint8_t *answer, size_t n, bool good)
{
	unsigned records = (unsigned)answer[6] << 8 | answer[7];

	check(n >= 12 && (answer[2] & 0x80) != 0);
	check(good || records == 0);
}

static void
ask(struct transfers *t, struct list *list, const uint8_t *query, size_t n, bool good)
{
	static uint8_t answer[DNS_ANSWER_BYTES_MAX];
	const struct prefix client = { 4, 32, { 192, 0, 2, 1 } };

	if (!transfer_wanted(query, n)) {
		return;
	}
	for (int udp = 0; udp <= 1; udp++) {
		const struct dns_desk desk = { .image = list_read(list), .udp = udp == 1 };
		struct dns_told told;
		struct transfer_job *job;
		size_t answered = transfer_answer(t, &(struct transfer_asked){ &desk, &client, query, n },
						  answer, &told, &job);

		check(answered <= (udp == 1 ? DNS_UDP_BYTES_MAX : DNS_ANSWER_BYTES_MAX));
		check(job == NULL || (good && udp == 0 && answered == 0));
		if (answered > 0) {
			check_answer(answer, answered, good);
		}
		transfer_drop(job);
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct list *list;
	static struct transfers *transfers;
	static uint8_t query[DNS_TCP_QUERY_BYTES_MAX + TSIG_BYTES_MAX];
	struct tsig_message m;
	struct tsig tsig, answer;
	const struct tsig_key *keys[] = { &key };

	if (list == NULL) {
		list = open_list();
		transfers = open_transfers(list);
	}
	if (size > DNS_TCP_QUERY_BYTES_MAX) {
		return 0;
	}
	if (!tsig_message_read(data, size, &m)) {
		return 0;
	}
	ask(transfers, list, data, size,
	    m.signed_end > 0 && tsig_check(&answer, data, size, &m, keys, 1, NULL, NOW_SECONDS) &&
		answer.error == TSIG_NOERROR);
	if (m.signed_end > 0) { /* as an answer to what we signed */
		tsig_begin(&tsig, &key);
		tsig.mac_bytes = 32; /* of a request that nobody signed */
		check(!tsig_check(&answer, data, size, &m, keys, 1, &tsig, NOW_SECONDS) ||
		      answer.error != TSIG_NOERROR);
		return 0;
	}
	memcpy(query, data, size);
	tsig_begin(&tsig, &key);
	size = tsig_sign(&tsig, query, size, NOW_SECONDS);
	check(tsig_message_read(query, size, &m) && m.signed_end > 0);
	check(tsig_check(&answer, query, size, &m, keys, 1, NULL, NOW_SECONDS));
	check(answer.error == TSIG_NOERROR);
	ask(transfers, list, query, size, true);
	return 0;
}
