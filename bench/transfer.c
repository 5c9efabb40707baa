/*
 * bench_transfer [ENTRIES]: what a transfer costs the writer: the time of a change that is published, at rest and while a
 * secondary that reads slowly transfers a zone of 1,000,000 addresses; and how long that takes one that reads at once.
 */
#include "base/log.h"
#include "common/server.h"
#include "list/list.h"
#include "serve/dns.h"
#include "serve/transfer.h"

#include <arpa/inet.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define ENTRIES        1000000U
#define CHANGES        2000U
#define BETWEEN_MS     1
#define SLOW_WAIT_MS   20
#define READ_BYTES     65536U
#define TYPE_AXFR      252U
#define QUESTION_BYTES 30U

static struct list *list;
static struct tsig_key key;
static uint16_t port;
static uint64_t serial;

/* One that transfers, on a thread of its own. */
struct secondary {
	pthread_t thread;
	int wait_ms;       /* after each read */
	atomic_bool stop;  /* it has seen enough */
	atomic_size_t got; /* bytes */
	double seconds;
};

static struct source_key
source(uint32_t i)
{
	return (struct source_key){ .kind = SOURCE_IP, .prefix = set_entry(SET_SINGLE, ENTRIES, i) };
}

static int
ask(void)
{
	static const uint8_t question[] = "\0\001\0\0\0\001\0\0\0\0\0\0\004list\007example\0\0\374\0\001";
	struct sockaddr_in at = { .sin_family = AF_INET,
				  .sin_port = htons(port),
				  .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	uint8_t query[2 + sizeof question + TSIG_BYTES_MAX];
	struct tsig tsig;
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	size_t n;

	check(fd >= 0 && connect(fd, (struct sockaddr *)&at, sizeof at) == 0);
	memcpy(query + 2, question, QUESTION_BYTES);
	tsig_begin(&tsig, &key);
	n = tsig_sign(&tsig, query + 2, QUESTION_BYTES, (uint64_t)instant_now().ms / 1000);
	query[0] = (uint8_t)(n >> 8);
	query[1] = (uint8_t)n;
	check(write(fd, query, n + 2) == (ssize_t)n + 2);
	return fd;
}

/* Reads until nothing came for a second, which is the end of the zone. */
static void *
transfer(void *context)
{
	struct secondary *s = context;
	static _Thread_local uint8_t bytes[READ_BYTES];
	int64_t began = instant_monotonic_ns(), last = began;
	int fd = ask();
	struct pollfd p = { .fd = fd, .events = POLLIN };

	while (!atomic_load(&s->stop) && poll(&p, 1, 1000) > 0) {
		ssize_t n = recv(fd, bytes, sizeof bytes, 0);

		if (n <= 0) {
			break;
		}
		atomic_fetch_add(&s->got, (size_t)n);
		last = instant_monotonic_ns();
		if (s->wait_ms > 0) {
			(void)poll(NULL, 0, s->wait_ms);
		}
	}
	s->seconds = (double)(last - began) / 1e9;
	close(fd);
	return NULL;
}

static void
begin(struct secondary *s, int wait_ms)
{
	*s = (struct secondary){ .wait_ms = wait_ms };
	check(pthread_create(&s->thread, NULL, transfer, s) == 0);
}

static int
compare(const void *left, const void *right)
{
	double a = *(const double *)left, b = *(const double *)right;

	return (a > b) - (a < b);
}

/* Publishes one change after the other; the times in microseconds, sorted. */
static void
change(double took[CHANGES])
{
	for (uint32_t i = 0; i < CHANGES; i++) {
		struct source_key one = source(i * 7);
		int64_t began = instant_monotonic_ns();

		check(list_remove(list, 0, &one) == RESULT_OK);
		list_publish(list, ++serial);
		took[i] = (double)(instant_monotonic_ns() - began) / 1000;
		check(list_put(list, 0, &one, 0, NULL) == RESULT_OK);
		(void)poll(NULL, 0, BETWEEN_MS);
	}
	qsort(took, CHANGES, sizeof took[0], compare);
}

static void
report(const char *what, double value, double rest)
{
	printf("{\"bench\":\"transfer\",\"what\":\"%s\",\"value\":%.1f", what, value);
	if (rest > 0) {
		printf(",\"peer\":\"without a transfer\",\"peer_value\":%.1f", rest);
	}
	printf("}\n");
}

static void
measure(uint32_t entries)
{
	static double rest[CHANGES], under[CHANGES];
	struct secondary fast, slow;

	begin(&fast, 0);
	check(pthread_join(fast.thread, NULL) == 0);
	report("a whole zone, ms", fast.seconds * 1000, 0);
	report("bytes per entry on the wire", (double)atomic_load(&fast.got) / entries, 0);
	change(rest);
	begin(&slow, SLOW_WAIT_MS);
	while (atomic_load(&slow.got) == 0) {
		(void)poll(NULL, 0, 1);
	}
	change(under);
	atomic_store(&slow.stop, true);
	check(pthread_join(slow.thread, NULL) == 0);
	check(atomic_load(&slow.got) < atomic_load(&fast.got)); /* it was under way all the time */
	report("a change published, us, median", under[CHANGES / 2], rest[CHANGES / 2]);
	report("a change published, us, p99", under[CHANGES * 99 / 100], rest[CHANGES * 99 / 100]);
	report("a change published, us, longest", under[CHANGES - 1], rest[CHANGES - 1]);
}

int
main(int argc, char **argv)
{
	const struct list_options options = {
		.zone = SERVER_ZONE, .code = "127.0.0.2", .txt = "certified", .ttl = 60, .negative_ttl = 60
	};
	const char *const addresses[] = { "127.0.0.1:0" };
	struct transfer_peer peer = { .zone_count = 0 };
	struct transfers *transfers;
	struct dns *dns;
	uint64_t entries = ENTRIES;

	if (argc > 2 || (argc == 2 && !text_u64(text_of(argv[1]), &entries)) || entries < 7 * CHANGES ||
	    entries > 4 * ENTRIES) {
		(void)fprintf(stderr, "usage: bench_transfer [ENTRIES] (%u to %u)\n", 7 * CHANGES,
			      4 * ENTRIES);
		return 2;
	}
	log_set_level(LOG_ERROR);
	check(list_name_parse(TEXT("bench.example"), &key.name, NULL) == RESULT_OK);
	key.secret_bytes = 32;
	peer.key = key;
	check(list_open(&options, 1, &list, NULL) == RESULT_OK);
	for (uint32_t i = 0; i < entries; i++) {
		struct source_key one = source(i);

		check(list_put(list, 0, &one, 0, NULL) == RESULT_OK);
	}
	list_publish(list, ++serial);
	check(transfer_open(&(struct transfer_options){ list, &peer, 1, instant_now }, &transfers, NULL) ==
	      RESULT_OK);
	check(transfer_start(transfers, NULL) == RESULT_OK);
	check(dns_open(&(struct dns_options){ .addresses = addresses,
					      .address_count = 1,
					      .list = list,
					      .workers = 1,
					      .transfers = transfers },
		       &dns, NULL) == RESULT_OK);
	port = dns_port(dns, 0);
	measure((uint32_t)entries);
	dns_close(dns);
	transfer_close(transfers);
	list_close(list);
	return 0;
}
