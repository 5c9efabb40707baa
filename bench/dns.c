/*
 * bench_dns [ENTRIES]: DNS answers beside rbldnsd with the same entries (1,000,000 IPv4 addresses), in the same run.
 *
 * Each server is a process on the first core, the asker is on the last. A bare echo with the same system calls shows
 * what the kernel alone costs. Queries: half listed, half not, at most WINDOW on their way. A change is one entry more:
 * Vouch is told to put and publish it, rbldnsd has it in its file and gets SIGHUP; measured until the first answer that
 * differs, asked every 100 us. (bench_change measures the whole way through the daemon.) rbldnsd: build/peers
 * (script/peers), else the PATH; without it the peer is left out.
 */
#include "common/server.h"
#include "list/list.h"
#include "serve/dns.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#define ENTRIES     1000000U
#define ENTRIES_MAX 4000000U
#define WINDOW      256
#define BATCH       64
#define RUN_NS      4000000000
#define LOST_NS     10000000
#define CHANGES     15

/* What is measured of one server. */
struct measured {
	double per_second;
	double cpu_us;
	double change_ms[CHANGES];
	int64_t silence_ns; /* longest time without an answer during a change */
	double entry_bytes; /* resident */
};

/* ---- the servers of this program */

static void
put(struct list *list, uint32_t i)
{
	uint32_t a = server_address(i);
	struct source_key key;
	char text[20];

	(void)snprintf(text, sizeof text, "%u.%u.%u.%u", a >> 24, a >> 16 & 255, a >> 8 & 255, a & 255);
	check(source_key_parse(text_of(text), &key, NULL) == RESULT_OK);
	if (list_put(list, 0, &key, 0, NULL) != RESULT_OK) {
		fprintf(stderr, "bench_dns: %s cannot be listed\n", text);
		exit(1);
	}
}

static void
run_vouch(const struct server_ends *ends, uint32_t entries)
{
	static const char *const addresses[] = { "127.0.0.1:0" };
	const struct list_options options = {
		.zone = SERVER_ZONE, .code = "127.0.0.2", .txt = "$", .ttl = 60, .negative_ttl = 60
	};
	struct dns_options dns_options = { .addresses = addresses, .address_count = 1, .workers = 1 };
	struct list *list;
	struct dns *dns;
	uint32_t next = entries;
	uint16_t port;
	char byte;

	check(list_open(&options, 1, &list, NULL) == RESULT_OK);
	for (uint32_t i = 0; i < entries; i++) {
		put(list, i);
	}
	list_publish(list, 1);
	dns_options.list = list;
	check(dns_open(&dns_options, &dns, NULL) == RESULT_OK);
	port = dns_port(dns, 0);
	check(write(ends->port, &port, sizeof port) == sizeof port);
	while (read(ends->commands, &byte, 1) == 1) {
		int64_t now = instant_monotonic_ns();

		put(list, next);
		list_publish(list, next++);
		check(write(ends->reports, &now, sizeof now) == sizeof now);
	}
}

/* The kernel's share: what comes in goes out, with the answer bit. */
static void
run_echo(const struct server_ends *ends, uint32_t entries)
{
	static uint8_t bytes[BATCH][SERVER_QUERY_BYTES];
	struct sockaddr_in at = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) },
			   from[BATCH];
	struct mmsghdr m[BATCH];
	struct iovec iov[BATCH];
	socklen_t n = sizeof at;
	int fd = socket(AF_INET, SOCK_DGRAM, 0), bytes_wanted = 1 << 20;
	uint16_t port;

	(void)entries;
	(void)setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &bytes_wanted, sizeof bytes_wanted);
	check(bind(fd, (struct sockaddr *)&at, sizeof at) == 0 &&
	      getsockname(fd, (struct sockaddr *)&at, &n) == 0);
	port = ntohs(at.sin_port);
	check(write(ends->port, &port, sizeof port) == sizeof port);
	for (;;) {
		int got;

		for (size_t i = 0; i < BATCH; i++) {
			iov[i] = (struct iovec){ bytes[i], SERVER_QUERY_BYTES };
			m[i].msg_hdr = (struct msghdr){ .msg_name = &from[i],
							.msg_namelen = sizeof from[i],
							.msg_iov = &iov[i],
							.msg_iovlen = 1 };
		}
		got = recvmmsg(fd, m, BATCH, MSG_WAITFORONE, NULL);
		for (int i = 0; i < got; i++) {
			bytes[i][2] |= 0x80;
			iov[i].iov_len = m[i].msg_len;
		}
		check(got > 0 && sendmmsg(fd, m, (unsigned)got, 0) > 0);
	}
}

/* ---- measuring */

/* As many queries as it answers, for RUN_NS. Returns the share that was listed. */
static double
saturate(const struct server *s, struct measured *m)
{
	static uint8_t queries[1024][SERVER_QUERY_BYTES], answers[BATCH][512];
	struct mmsghdr out[1024], in[BATCH];
	struct iovec out_iov[1024], in_iov[BATCH];
	int64_t start_ns, cpu = server_cpu_ns(s->pid), waiting = 0;
	uint64_t done = 0, listed = 0;
	size_t next = 0;
	int fd = server_dial(s);

	memset(out, 0, sizeof out);
	memset(in, 0, sizeof in);
	for (size_t i = 0; i < countof(out); i++) { /* even ones are listed */
		uint32_t address = server_address((uint32_t)(i * 7919 % s->entries + i % 2 * s->entries));

		out_iov[i] = (struct iovec){ queries[i], server_query(queries[i], address) };
		out[i].msg_hdr = (struct msghdr){ .msg_iov = &out_iov[i], .msg_iovlen = 1 };
	}
	for (size_t i = 0; i < BATCH; i++) {
		in_iov[i] = (struct iovec){ answers[i], sizeof answers[i] };
		in[i].msg_hdr = (struct msghdr){ .msg_iov = &in_iov[i], .msg_iovlen = 1 };
	}
	start_ns = instant_monotonic_ns();
	while (instant_monotonic_ns() - start_ns < RUN_NS) {
		int got;

		while (waiting + BATCH <= WINDOW) {
			got = sendmmsg(fd, out + next, BATCH, 0);
			waiting += got > 0 ? got : 0;
			next = (next + BATCH) % countof(out);
		}
		if (!server_answers(fd, LOST_NS)) {
			waiting = 0; /* lost */
			continue;
		}
		got = recvmmsg(fd, in, BATCH, MSG_DONTWAIT, NULL);
		for (int i = 0; i < got; i++) {
			listed += answers[i][7] == 1;
		}
		done += got > 0 ? (uint64_t)got : 0;
		waiting -= got > 0 ? got : 0;
	}
	m->per_second = (double)done * 1e9 / (double)(instant_monotonic_ns() - start_ns);
	m->cpu_us = (double)(server_cpu_ns(s->pid) - cpu) / 1e3 / (double)done;
	(void)close(fd);
	return (double)listed / (double)done;
}

static void
measure_changes(struct server *s, struct measured *m)
{
	int fd = server_dial(s);

	for (uint32_t i = 0; i < CHANGES; i++) {
		int64_t since_commit;

		m->change_ms[i] = (double)server_change(s, fd, server_address(s->entries + i), true, i,
							&m->silence_ns, &since_commit) /
				  1e6;
	}
	(void)close(fd);
}

static void
measure(struct server *s, struct measured *m)
{
	double listed = saturate(s, m);

	check(listed > 0.49 && listed < 0.51);
	measure_changes(s, m);
}

/* Bytes of memory per entry: with all of them, less with one. */
static double
entry_bytes(const struct server *full, double one_mib)
{
	return (full->resident_mib - one_mib) * (1 << 20) / full->entries;
}

static double
one_mib(bool rbldnsd, const char *folder)
{
	struct server s = { .name = "with one entry", .entries = 1 };

	if (rbldnsd) {
		server_start_rbldnsd(&s, folder);
	} else {
		server_start(&s, run_vouch);
	}
	check(server_await(&s, instant_monotonic_ns()));
	server_stop(&s);
	return s.resident_mib;
}

static void
print_row(const char *what, uint32_t entries, double own, const char *peer, double peer_value)
{
	printf("{\"bench\":\"dns\",\"what\":\"%s\",\"value\":%.3f", what, own);
	if (peer != NULL) {
		printf(",\"peer\":\"%s\",\"peer_value\":%.3f", peer, peer_value);
	}
	printf(",\"entries\":%u}\n", entries);
}

static void
print_all(const struct server *own, struct measured *is, const struct server *other, struct measured *peer,
	  double echo_us)
{
	const char *name = other->pid > 0 ? other->name : NULL;
	uint32_t n = own->entries;

	print_row("DNS queries/s on one core", n, is->per_second, name, peer->per_second);
	print_row("DNS CPU us per query", n, is->cpu_us, name, peer->cpu_us);
	print_row("DNS CPU us per query, beside the kernel's share", n, is->cpu_us, "bare echo", echo_us);
	print_row("change to answer, ms, median", n, server_quantile(is->change_ms, CHANGES, 0.5), name,
		  server_quantile(peer->change_ms, CHANGES, 0.5));
	print_row("change to answer, ms, longest", n, server_quantile(is->change_ms, CHANGES, 1), name,
		  server_quantile(peer->change_ms, CHANGES, 1));
	print_row("longest silence during a change, ms", n, (double)is->silence_ns / 1e6, name,
		  (double)peer->silence_ns / 1e6);
	print_row("start to first answer, ms", n, own->ready_ms, name, other->ready_ms);
	print_row("resident MiB", n, own->resident_mib, name, other->resident_mib);
	print_row("resident bytes per entry", n, is->entry_bytes, name, peer->entry_bytes);
}

int
main(int argc, char **argv)
{
	uint32_t entries = argc > 1 ? (uint32_t)strtoul(argv[1], NULL, 10) : ENTRIES;
	struct server own = { .name = "vouch", .entries = entries },
		      echo = { .name = "bare echo", .entries = entries },
		      peer = { .name = "rbldnsd", .entries = entries };
	struct measured is = { 0 }, floor = { 0 }, other = { 0 };
	char folder[] = "/tmp/bench-dns-XXXXXX";
	int64_t began;

	check(entries >= 1 && entries <= ENTRIES_MAX);
	check(mkdtemp(folder) != NULL && chmod(folder, 0755) == 0);
	server_pin_last();
	server_start(&echo, run_echo);
	(void)saturate(&echo, &floor);
	server_stop(&echo);

	began = instant_monotonic_ns();
	server_start(&own, run_vouch);
	check(server_await(&own, began));
	measure(&own, &is);
	server_stop(&own);
	is.entry_bytes = entry_bytes(&own, one_mib(false, folder));

	began = instant_monotonic_ns();
	server_start_rbldnsd(&peer, folder);
	if (server_await(&peer, began)) {
		measure(&peer, &other);
		server_stop(&peer);
		other.entry_bytes = entry_bytes(&peer, one_mib(true, folder));
	} else {
		(void)fprintf(stderr, "bench_dns: rbldnsd is not here; script/peers fetches it\n");
		server_stop(&peer);
		peer.pid = 0;
	}
	(void)rmdir(folder);
	print_all(&own, &is, &peer, &other, floor.cpu_us);
	return 0;
}
