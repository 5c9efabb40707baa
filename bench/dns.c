/*
 * bench_dns [SET...]: DNS answers beside other servers with the same entries, in one run; of three sets (common/sets.def): a million
 * IPv4 addresses, a million IPv4 prefixes in one another, 100,000 IPv6 /64; or those named. Takes ten minutes.
 *
 * Each server is a process on the first core, the asker is on the last; they are asked in turns, ROUNDS times, and medians
 * count, so that all meet the same machine. A bare echo with the same system calls shows what the kernel alone costs.
 * Queries: half listed, half not, at most WINDOW on their way. A change is one entry more: Vouch is told to put and publish
 * it (bench_change measures the whole way through the daemon), rbldnsd and NSD have it in their file and get SIGHUP, PowerDNS
 * (its bind backend, which takes no updates) a word to its control socket, Knot and BIND an RFC 2136 update; measured until the first
 * answer that differs, asked every 100 us.
 *
 * Latency is of one question after the other, in SLICES at rest and as many while CHANGES_PER_SECOND go in, taking turns; who reads a file
 * gets those of a slice at once. The longest is given twice: of all slices, and the median of each slice's, which a moment
 * of another program on the machine does not decide. PowerDNS has its caches as they come: what was asked before the change is answered
 * from them for up to a minute. A peer that is not here is left out (script/peers fetches them; by hand: script/peers
 * run -- build/release/bench_dns).
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

#define WINDOW             256
#define BATCH              64
#define QUERIES            65536U /* different ones; a multiple of BATCH */
#define ROUNDS             5U
#define ROUND_NS           600000000
#define LOST_NS            10000000
#define CHANGES_MAX        2000U /* so that twenty lie behind the 99th of 100 */
#define CHANGES_PER_SECOND 1000U
#define SLICES             4U
#define SLICE_NS           INT64_C(500000000)
#define ASKS_MAX           200000U /* of all slices at rest, or under change */
#define PATIENCE_NS        INT64_C(1000000000)

/* What is measured, in the order of the table. */
enum measure {
	PER_SECOND,
	CPU_US,
	REST_MEDIAN,
	REST_P99,
	REST_LONGEST,
	REST_SLICE,
	PACED_MEDIAN,
	PACED_P99,
	PACED_LONGEST,
	PACED_SLICE,
	CHANGE_MEDIAN,
	CHANGE_P99,
	SILENCE,
	READY,
	ENTRY_BYTES,
	MEASURE_COUNT
};
static const struct {
	const char *what;
	bool echo;         /* said of the echo too */
	enum measure rest; /* the same at rest */
} measures[MEASURE_COUNT] = {
	[PER_SECOND] = { .what = "queries/s on one core", .echo = true },
	[CPU_US] = { .what = "CPU us per query", .echo = true },
	[REST_MEDIAN] = { .what = "latency at rest, us, median" },
	[REST_P99] = { .what = "latency at rest, us, p99" },
	[REST_LONGEST] = { .what = "latency at rest, us, longest" },
	[REST_SLICE] = { .what = "latency at rest, us, longest of a slice" },
	[PACED_MEDIAN] = { .what = "latency under change, us, median", .rest = REST_MEDIAN },
	[PACED_P99] = { .what = "latency under change, us, p99", .rest = REST_P99 },
	[PACED_LONGEST] = { .what = "latency under change, us, longest", .rest = REST_LONGEST },
	[PACED_SLICE] = { .what = "latency under change, us, longest of a slice", .rest = REST_SLICE },
	[CHANGE_MEDIAN] = { .what = "change to answer, ms, median" },
	[CHANGE_P99] = { .what = "change to answer, ms, p99" },
	[SILENCE] = { .what = "longest silence of a change alone, ms" },
	[READY] = { .what = "start to first answer, ms" },
	[ENTRY_BYTES] = { .what = "resident bytes per entry" },
};

/* Servers in the order of the table. */
static struct contender {
	const char *name;
	uint32_t changes; /* so many one by one, each waited for */
	struct server server;
	double per_second[ROUNDS], cpu_us[ROUNDS];
	double value[MEASURE_COUNT];
} contenders[] = {
	{ .name = "vouch", .changes = CHANGES_MAX },
	{ .name = "bare echo" },
	{ .name = "rbldnsd", .changes = 15 },
	{ .name = "NSD", .changes = 2 },
	{ .name = "Knot", .changes = 5 },
	{ .name = "BIND", .changes = 100 },
	{ .name = "PowerDNS", .changes = 1 }, /* reads a million names in 7 to 20 seconds */
};
enum { OWN, ECHO };

/* ---- the servers of this program */

static void
put(struct list *list, enum set_id set, uint32_t entries, uint32_t i)
{
	struct source_key key = { .prefix = set_entry(set, entries, i) };

	key.kind = prefix_is_address(&key.prefix) ? SOURCE_IP : SOURCE_PREFIX;
	check(list_put(list, 0, &key, 0, NULL) == RESULT_OK);
}

static void
run_vouch(const struct server_ends *ends, enum set_id set, uint32_t entries)
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
		put(list, set, entries, i);
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

		put(list, set, entries, next);
		list_publish(list, next++);
		check(write(ends->reports, &now, sizeof now) == sizeof now);
	}
}

/* The kernel's share: what comes in goes out, with the answer bit. */
static void
run_echo(const struct server_ends *ends, enum set_id set, uint32_t entries)
{
	static uint8_t bytes[BATCH][SERVER_QUERY_BYTES];
	struct sockaddr_in at = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) },
			   from[BATCH];
	struct mmsghdr m[BATCH];
	struct iovec iov[BATCH];
	socklen_t n = sizeof at;
	int fd = socket(AF_INET, SOCK_DGRAM, 0), bytes_wanted = 1 << 20;
	uint16_t port;

	(void)set;
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
		uint32_t entry = (uint32_t)((uint64_t)i * 7919 % s->entries + i % 2 * s->entries);

		out_iov[i] = (struct iovec){ queries[i], server_query(s, queries[i], entry) };
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
	double ms[CHANGES_MAX];
	int64_t silence_ns = 0;
	int fd = server_dial(&c->server);

	for (uint32_t i = 0; i < c->changes; i++) {
		int64_t since_commit;

		ms[i] = (double)server_change(&c->server, fd, c->server.entries + i, true, i, &silence_ns,
					      &since_commit) /
			1e6;
	}
	c->value[CHANGE_MEDIAN] = server_quantile(ms, c->changes, 0.5);
	c->value[CHANGE_P99] = server_quantile(ms, c->changes, 0.99);
	c->value[SILENCE] = (double)silence_ns / 1e6;
	(void)close(fd);
}

/* ---- latency */

struct latencies {
	double took[ASKS_MAX];
	size_t asks;
	double longest[SLICES];
};

/* Asks one after the other for SLICE_NS. `next` counts the changes that go in meanwhile; NULL: none do. */
static void
measure_slice(const struct server *s, struct latencies *l, unsigned slice, uint32_t *next)
{
	const uint32_t at_once = CHANGES_PER_SECOND * (uint32_t)(SLICE_NS / 1000000) / 1000;
	int64_t began, now, changed;
	int fd = server_dial(s);
	uint32_t due = 1;

	if (next != NULL && server_reloads(s)) {
		due = at_once;
		server_prepare(s, *next, due);
	}
	began = now = instant_monotonic_ns();
	changed = began - PATIENCE_NS;
	while (now - began < SLICE_NS && l->asks < ASKS_MAX) {
		int64_t then = instant_monotonic_ns();

		if (next != NULL && then - changed >= (int64_t)due * 1000000000 / CHANGES_PER_SECOND) {
			server_command(s, *next, due);
			*next += due;
			changed = then;
			then = instant_monotonic_ns();
		}
		(void)server_ask(s, fd, (uint32_t)(l->asks * 7919 % (2 * (size_t)s->entries)), PATIENCE_NS);
		now = instant_monotonic_ns();
		l->took[l->asks] = (double)(now - then) / 1e3;
		if (l->took[l->asks] > l->longest[slice]) {
			l->longest[slice] = l->took[l->asks];
		}
		l->asks++;
	}
	(void)close(fd);
}

static void
tell_latency(struct contender *c, struct latencies *l, enum measure first)
{
	c->value[first] = server_quantile(l->took, l->asks, 0.5);
	c->value[first + 1] = server_quantile(l->took, l->asks, 0.99);
	c->value[first + 2] = server_quantile(l->took, l->asks, 1);
	c->value[first + 3] = server_quantile(l->longest, SLICES, 0.5);
}

static void
measure_latency(struct contender *c)
{
	static struct latencies rest, paced;
	uint32_t next = c->changes;

	memset(&rest, 0, sizeof rest);
	memset(&paced, 0, sizeof paced);
	for (unsigned slice = 0; slice < SLICES; slice++) {
		measure_slice(&c->server, &rest, slice, NULL);
		measure_slice(&c->server, &paced, slice, &next);
	}
	tell_latency(c, &rest, REST_MEDIAN);
	tell_latency(c, &paced, PACED_MEDIAN);
}

/* ---- one set */

static void
measure_entry(struct contender *c)
{
	struct server one = { .set = c->server.set, .entries = 1 };

	if (c != &contenders[OWN]) {
		if (!server_start_peer(&one, c->name)) {
			return;
		}
	} else {
		server_start(&one, run_vouch);
		check(server_await(&one));
	}
	c->value[ENTRY_BYTES] = (c->server.resident_mib - one.resident_mib) * (1 << 20) / c->server.entries;
	server_stop(&one);
}

static void
start_all(enum set_id set)
{
	for (size_t i = 0; i < countof(contenders); i++) {
		struct contender *c = &contenders[i];

		c->server = (struct server){ .set = set, .entries = sets[set].entries };
		memset(c->value, 0, sizeof c->value);
		if (i == ECHO) {
			server_start(&c->server, run_echo);
		} else if (i == OWN) {
			server_start(&c->server, run_vouch);
			check(server_await(&c->server));
		} else {
			(void)server_start_peer(&c->server, c->name);
		}
		if (i != ECHO && c->server.pid != 0) {
			c->value[READY] = c->server.ready_ms;
			measure_entry(c); /* while this process is small: a fork shares its memory */
		}
	}
}

/* Who is done is stopped: what a change leaves to do would disturb the others. */
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

		if (c->server.pid == 0) {
			continue;
		}
		c->value[PER_SECOND] = server_quantile(c->per_second, ROUNDS, 0.5);
		c->value[CPU_US] = server_quantile(c->cpu_us, ROUNDS, 0.5);
		if (i != ECHO) {
			measure_changes(c);
			measure_latency(c);
		}
		server_stop(&c->server);
	}
}

/* ---- telling */

static void
print_row(const struct set *set, enum measure m, double value, const char *peer, double peer_value)
{
	printf("{\"bench\":\"dns\",\"what\":\"%s: %s\",\"value\":%.3f,\"peer\":\"%s\",\"peer_value\":%.3f,"
	       "\"entries\":%u}\n",
	       set->name, measures[m].what, value, peer, peer_value, set->entries);
}

static void
print_all(const struct set *set)
{
	const struct contender *own = &contenders[OWN];

	for (enum measure m = 0; m < MEASURE_COUNT; m++) {
		if (m >= PACED_MEDIAN && m <= PACED_SLICE) {
			print_row(set, m, own->value[m], "the same at rest", own->value[measures[m].rest]);
		}
		for (size_t i = ECHO; i < countof(contenders); i++) {
			const struct contender *c = &contenders[i];

			if (c->value[PER_SECOND] > 0 && (i != ECHO || measures[m].echo)) {
				print_row(set, m, own->value[m], c->name, c->value[m]);
			}
		}
	}
	(void)fflush(stdout);
}

int
main(int argc, char **argv)
{
	for (int i = 1; i < argc; i++) {
		bool known = false;

		for (size_t set = 0; set < SET_COUNT; set++) {
			known = known || strcmp(argv[i], sets[set].name) == 0;
		}
		if (!known) {
			(void)fprintf(stderr, "usage: bench_dns [\"IPv4\" | \"mixed\" | \"IPv6 /64\"]...\n");
			return 2;
		}
	}
	server_pin_last();
	for (enum set_id set = 0; set < SET_COUNT; set++) {
		bool wanted = argc == 1;

		for (int i = 1; i < argc; i++) {
			wanted = wanted || strcmp(argv[i], sets[set].name) == 0;
		}
		if (wanted) {
			start_all(set);
			measure_all();
			print_all(&sets[set]);
		}
	}
	return 0;
}
