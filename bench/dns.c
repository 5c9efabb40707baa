/*
 * bench_dns [ENTRIES]: DNS answers beside other servers with the same entries (1,000,000 IPv4 addresses), in one run.
 *
 * Each server is a process on the first core, the asker is on the last; they are asked in turns, ROUNDS times, and medians
 * count, so that all meet the same machine. A bare echo with the same system calls shows what the kernel alone costs.
 * Queries: half listed, half not, at most WINDOW on their way. A change is one entry more: Vouch is told to put and publish
 * it (bench_change measures the whole way through the daemon), rbldnsd and NSD have it in their file and get SIGHUP, Knot and
 * BIND get an RFC 2136 update; measured until the first answer that differs, asked every 100 us. A peer that is not here
 * is left out (script/peers fetches them; by hand: script/peers run -- build/release/bench_dns).
 */
#include "common/server.h"
#include "list/list.h"
#include "serve/dns.h"
#include "serve/dns_gate.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define ENTRIES     1000000U
#define ENTRIES_MAX 4000000U
#define WINDOW      256
#define BATCH       64
#define QUERIES     65536U /* different ones; a multiple of BATCH */
#define ROUNDS      5U
#define ROUND_NS    600000000
#define LOST_NS     10000000
#define CHANGES_MAX 30U
#define ASKS_MAX    100000U
#define ASK_NS      INT64_C(1500000000) /* asking one after the other, at rest and while changes go in */
#define PACE_NS     1000000             /* between two of these changes */

/* Servers in the order of the table, with what is measured of each. */
static struct contender {
	const char *name;
	uint32_t changes; /* so many one by one */
	bool paced;       /* takes a thousand changes per second */
	struct server server;
	double per_second[ROUNDS], cpu_us[ROUNDS];
	double change_ms[CHANGES_MAX];
	int64_t silence_ns; /* longest time without an answer during a change */
	double rest_us[2];  /* latency: median and 99 of 100 */
	double paced_us[2]; /* the same while changes go in */
	double entry_bytes; /* resident */
} contenders[] = {
	{ .name = "vouch", .changes = 30, .paced = true },
	{ .name = "bare echo" },
	{ .name = "rbldnsd", .changes = 15 },
	{ .name = "NSD", .changes = 2 },
	{ .name = "Knot", .changes = 5 },
	{ .name = "BIND", .changes = 15, .paced = true },
};
enum { OWN, ECHO };

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
	struct dns_gate *gate;
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
	check(dns_gate_open(&(struct dns_gate_options){ .stale_after = SPAN_HOUR }, &gate, NULL) ==
	      RESULT_OK);
	dns_options.list = list;
	dns_options.gate = gate; /* as the daemon has it: it knows no receiver, but it counts */
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

/* As many queries as it answers, for ROUND_NS. Returns the share that was listed. */
static double
saturate(struct contender *c, unsigned round)
{
	static uint8_t queries[QUERIES][SERVER_QUERY_BYTES], answers[BATCH][512];
	const struct server *s = &c->server;
	static struct mmsghdr out[QUERIES];
	static struct iovec out_iov[QUERIES];
	struct mmsghdr in[BATCH];
	struct iovec in_iov[BATCH];
	int64_t start_ns, cpu = server_cpu_ns(s), waiting = 0;
	uint64_t done = 0, listed = 0;
	size_t next = 0;
	int fd = server_dial(s);

	memset(in, 0, sizeof in);
	for (size_t i = 0; i < countof(out); i++) { /* even ones are listed */
		uint32_t address =
		    server_address((uint32_t)((uint64_t)i * 7919 % s->entries + i % 2 * s->entries));

		out_iov[i] = (struct iovec){ queries[i], server_query(queries[i], address) };
		out[i].msg_hdr = (struct msghdr){ .msg_iov = &out_iov[i], .msg_iovlen = 1 };
	}
	for (size_t i = 0; i < BATCH; i++) {
		in_iov[i] = (struct iovec){ answers[i], sizeof answers[i] };
		in[i].msg_hdr = (struct msghdr){ .msg_iov = &in_iov[i], .msg_iovlen = 1 };
	}
	start_ns = instant_monotonic_ns();
	while (instant_monotonic_ns() - start_ns < ROUND_NS) {
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
	c->per_second[round] = (double)done * 1e9 / (double)(instant_monotonic_ns() - start_ns);
	c->cpu_us[round] = (double)(server_cpu_ns(s) - cpu) / 1e3 / (double)done;
	(void)close(fd);
	return (double)listed / (double)done;
}

static void
measure_changes(struct contender *c)
{
	int fd = server_dial(&c->server);

	for (uint32_t i = 0; i < c->changes; i++) {
		int64_t since_commit;

		c->change_ms[i] = (double)server_change(&c->server, fd, server_address(c->server.entries + i),
							true, i, &c->silence_ns, &since_commit) /
				  1e6;
	}
	(void)close(fd);
}

/* Asks one after the other for ASK_NS, with a change every PACE_NS or none. */
static void
measure_latency(struct contender *c, bool paced, double us[2])
{
	static double took[ASKS_MAX];
	int fd = server_dial(&c->server);
	int64_t began = instant_monotonic_ns(), now = began, changed = began;
	size_t asks = 0;
	uint32_t next = c->changes;

	while (now - began < ASK_NS && asks < ASKS_MAX) {
		int64_t then = instant_monotonic_ns();

		if (paced && then - changed >= PACE_NS) {
			server_command(&c->server, next++);
			changed = then;
			then = instant_monotonic_ns();
		}
		(void)server_ask(fd, server_address((uint32_t)asks * 7919 % (2 * c->server.entries)),
				 LOST_NS);
		now = instant_monotonic_ns();
		took[asks++] = (double)(now - then) / 1e3;
	}
	us[0] = server_quantile(took, asks, 0.5);
	us[1] = server_quantile(took, asks, 0.99);
	(void)close(fd);
}

static void
measure_entry(struct contender *c)
{
	struct server one = { .entries = 1 };

	if (c != &contenders[OWN]) {
		if (!server_start_peer(&one, c->name)) {
			return;
		}
	} else {
		server_start(&one, run_vouch);
		check(server_await(&one));
	}
	c->entry_bytes = (c->server.resident_mib - one.resident_mib) * (1 << 20) / c->server.entries;
	server_stop(&one);
}

static void
start_all(uint32_t entries)
{
	for (size_t i = 0; i < countof(contenders); i++) {
		struct contender *c = &contenders[i];

		c->server.entries = entries;
		if (i == ECHO) {
			server_start(&c->server, run_echo);
		} else if (i == OWN) {
			server_start(&c->server, run_vouch);
			check(server_await(&c->server));
		} else {
			(void)server_start_peer(&c->server, c->name);
		}
		if (i != ECHO && c->server.pid != 0) {
			measure_entry(c); /* while this process is small: a fork shares its memory */
		}
	}
}

static void
measure_all(void)
{
	for (unsigned round = 0; round < ROUNDS; round++) {
		for (size_t i = 0; i < countof(contenders); i++) {
			struct contender *c = &contenders[i];

			if (c->server.pid != 0) {
				double listed = saturate(c, round);

				check(i == ECHO || (listed > 0.49 && listed < 0.51));
			}
		}
	}
	for (size_t i = 0; i < countof(contenders); i++) {
		struct contender *c = &contenders[i];

		if (c->server.pid != 0 && i != ECHO) {
			measure_latency(c, false, c->rest_us);
			measure_changes(c);
		}
		if (c->server.pid != 0 && c->paced) {
			measure_latency(c, true, c->paced_us);
		}
	}
}

/* ---- telling */

static void
print_row(const char *what, double own, const struct contender *peer, double value)
{
	printf("{\"bench\":\"dns\",\"what\":\"%s\",\"value\":%.3f,\"peer\":\"%s\",\"peer_value\":%.3f,"
	       "\"entries\":%u}\n",
	       what, own, peer->name, value, peer->server.entries);
}

/* A row for each server that is here; `of` gives its value. */
static void
print_rows(const char *what, bool echo, double (*of)(struct contender *c))
{
	for (size_t i = ECHO; i < countof(contenders); i++) {
		if (contenders[i].server.ready_ms > 0 || (i == ECHO && echo)) {
			print_row(what, of(&contenders[OWN]), &contenders[i], of(&contenders[i]));
		}
	}
}

static double
per_second(struct contender *c)
{
	return server_quantile(c->per_second, ROUNDS, 0.5);
}

static double
cpu_us(struct contender *c)
{
	return server_quantile(c->cpu_us, ROUNDS, 0.5);
}

static double
change_ms(struct contender *c)
{
	return server_quantile(c->change_ms, c->changes, 0.5);
}

static double
longest_change_ms(struct contender *c)
{
	return server_quantile(c->change_ms, c->changes, 1);
}

static double
silence_ms(struct contender *c)
{
	return (double)c->silence_ns / 1e6;
}

static double
rest_us(struct contender *c)
{
	return c->rest_us[0];
}

static double
rest_p99_us(struct contender *c)
{
	return c->rest_us[1];
}

static double
ready_ms(struct contender *c)
{
	return c->server.ready_ms;
}

static double
entry_bytes(struct contender *c)
{
	return c->entry_bytes;
}

static void
print_all(void)
{
	const struct contender *own = &contenders[OWN], *bind = &contenders[countof(contenders) - 1];

	print_rows("DNS queries/s on one core", true, per_second);
	print_rows("DNS CPU us per query", true, cpu_us);
	print_rows("latency, us, median", false, rest_us);
	print_rows("latency, us, p99", false, rest_p99_us);
	print_row("latency at 1000 changes/s, us, median", own->paced_us[0], bind, bind->paced_us[0]);
	print_row("latency at 1000 changes/s, us, p99", own->paced_us[1], bind, bind->paced_us[1]);
	print_rows("change to answer, ms, median", false, change_ms);
	print_rows("change to answer, ms, longest", false, longest_change_ms);
	print_rows("longest silence during a change, ms", false, silence_ms);
	print_rows("start to first answer, ms", false, ready_ms);
	print_rows("resident bytes per entry", false, entry_bytes);
}

int
main(int argc, char **argv)
{
	uint32_t entries = argc > 1 ? (uint32_t)strtoul(argv[1], NULL, 10) : ENTRIES;

	check(entries >= 1 && entries <= ENTRIES_MAX);
	server_pin_last();
	start_all(entries);
	measure_all();
	for (size_t i = 0; i < countof(contenders); i++) {
		server_stop(&contenders[i].server);
	}
	print_all();
	return 0;
}
