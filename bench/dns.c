/*
 * bench_dns [ENTRIES]: DNS answers beside rbldnsd with the same entries (1,000,000 IPv4 addresses), in the same run.
 *
 * Each server is a process on the first core, the asker is on the last. A bare echo with the same system calls shows
 * what the kernel alone costs. Queries: half listed, half not, at most WINDOW on their way. A change is one entry more:
 * Vouch is told to put and publish it, rbldnsd has it in its file and gets SIGHUP; measured until the first answer that
 * differs, asked every 100 us. rbldnsd: build/peers (script/peers), else the PATH; without it the peer is left out.
 */
#include "base/instant.h"
#include "list/list.h"
#include "serve/dns.h"

#include <arpa/inet.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define ENTRIES     1000000U
#define WINDOW      256
#define BATCH       64
#define RUN_NS      4000000000
#define CHANGES     15
#define PROBE_NS    100000
#define GIVE_UP_NS  60000000000
#define QUERY_BYTES 128
#define ZONE        "list.example"
#define PEER        "build/peers/root/usr/sbin/rbldnsd"

struct server {
	const char *name;
	pid_t pid;
	uint16_t port;
	int commands;      /* Vouch: one byte per entry to add; -1 */
	char data[64];     /* rbldnsd: its file; "" */
	double ready_ms;   /* from its start to its first answer */
	double per_second; /* what was measured */
	double cpu_us;
	double resident_mib;
	double change_ms[CHANGES];
	double silence_ms; /* longest time without an answer during a change */
};

static uint32_t entries = ENTRIES;

/* The i-th address: each another one, spread over the upper half of IPv4. Those from `entries` on are not listed. */
static uint32_t
address_of(uint32_t i)
{
	return i * 2654435761U | 0x80000000U;
}

static void
pin(size_t core)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(core, &set);
	(void)sched_setaffinity(0, sizeof set, &set);
}

static int64_t
cpu_ns(pid_t pid)
{
	struct timespec t = { 0 };
	clockid_t clock;

	if (clock_getcpuclockid(pid, &clock) == 0) {
		(void)clock_gettime(clock, &t);
	}
	return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

static double
resident_mib(pid_t pid)
{
	unsigned long long pages = 0;
	char path[40];
	FILE *f;

	(void)snprintf(path, sizeof path, "/proc/%d/statm", (int)pid);
	f = fopen(path, "r");
	if (f != NULL) {
		check(fscanf(f, "%*u %llu", &pages) == 1);
		(void)fclose(f);
	}
	return (double)pages * (double)sysconf(_SC_PAGESIZE) / (1 << 20);
}

/* ---- the servers */

static void
put(struct list *list, uint32_t i)
{
	uint32_t a = address_of(i);
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
run_vouch(int ready, int commands)
{
	static const char *const addresses[] = { "127.0.0.1:0" };
	const struct list_options options = {
		.zone = ZONE, .code = "127.0.0.2", .txt = "$", .ttl = 60, .negative_ttl = 60
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
	check(write(ready, &port, sizeof port) == sizeof port);
	while (read(commands, &byte, 1) == 1) {
		put(list, next);
		list_publish(list, next++);
	}
	_exit(0);
}

/* The kernel's share: what comes in goes out, with the answer bit. */
static void
run_echo(int ready, int commands)
{
	static uint8_t bytes[BATCH][QUERY_BYTES];
	struct sockaddr_in at = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) },
			   from[BATCH];
	struct mmsghdr m[BATCH];
	struct iovec iov[BATCH];
	socklen_t n = sizeof at;
	int fd = socket(AF_INET, SOCK_DGRAM, 0), bytes_wanted = 1 << 20;
	uint16_t port;

	(void)commands;
	(void)setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &bytes_wanted, sizeof bytes_wanted);
	check(bind(fd, (struct sockaddr *)&at, sizeof at) == 0 &&
	      getsockname(fd, (struct sockaddr *)&at, &n) == 0);
	port = ntohs(at.sin_port);
	check(write(ready, &port, sizeof port) == sizeof port);
	for (;;) {
		int got;

		for (size_t i = 0; i < BATCH; i++) {
			iov[i] = (struct iovec){ bytes[i], QUERY_BYTES };
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

/* A server of this program, in a process of its own on the first core. */
static void
start(struct server *s, void (*run)(int ready, int commands))
{
	int ready[2], commands[2];

	check(pipe(ready) == 0 && pipe(commands) == 0);
	s->pid = fork();
	check(s->pid >= 0);
	if (s->pid == 0) {
		pin(0);
		(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
		(void)close(commands[1]);
		run(ready[1], commands[0]);
	}
	(void)close(ready[1]);
	(void)close(commands[0]);
	check(read(ready[0], &s->port, sizeof s->port) == sizeof s->port);
	(void)close(ready[0]);
	s->commands = commands[1];
}

static uint16_t
free_port(void)
{
	struct sockaddr_in at = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t n = sizeof at;
	int fd = socket(AF_INET, SOCK_DGRAM, 0);

	check(bind(fd, (struct sockaddr *)&at, sizeof at) == 0 &&
	      getsockname(fd, (struct sockaddr *)&at, &n) == 0);
	(void)close(fd);
	return ntohs(at.sin_port);
}

static void
write_entries(const char *path, const char *mode, uint32_t from, uint32_t to)
{
	FILE *f = fopen(path, mode);

	check(f != NULL);
	for (uint32_t i = from; i < to; i++) {
		uint32_t a = address_of(i);

		fprintf(f, "%u.%u.%u.%u\n", a >> 24, a >> 16 & 255, a >> 8 & 255, a & 255);
	}
	check(fclose(f) == 0);
}

static void
start_rbldnsd(struct server *s, const char *folder)
{
	char port[32], zone[100];

	s->port = free_port();
	(void)snprintf(s->data, sizeof s->data, "%s/zone", folder);
	write_entries(s->data, "w", 0, entries);
	(void)snprintf(port, sizeof port, "127.0.0.1/%u", s->port);
	(void)snprintf(zone, sizeof zone, "%s:ip4set:zone", ZONE);
	s->commands = -1;
	s->pid = fork();
	check(s->pid >= 0);
	if (s->pid == 0) {
		const char *program = access(PEER, X_OK) == 0 ? PEER : "rbldnsd";

		pin(0);
		check(freopen("/dev/null", "w", stdout) != NULL && freopen("/dev/null", "w", stderr) != NULL);
		(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
		(void)execlp(program, "rbldnsd", "-n", "-w", folder, "-b", port, "-c", "0", "-u",
			     geteuid() == 0 ? "nobody:nogroup" : getenv("USER"), zone, (char *)NULL);
		_exit(127);
	}
}

static void
stop(struct server *s)
{
	if (s->pid > 0) {
		(void)kill(s->pid, SIGKILL);
		(void)waitpid(s->pid, NULL, 0);
	}
	if (s->commands >= 0) {
		(void)close(s->commands);
	}
}

/* ---- the asker */

static int
dial(const struct server *s)
{
	const struct sockaddr_in to = { .sin_family = AF_INET,
					.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
					.sin_port = htons(s->port) };
	int fd = socket(AF_INET, SOCK_DGRAM, 0), bytes = 1 << 20;

	(void)setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &bytes, sizeof bytes);
	check(fd >= 0 && connect(fd, (const struct sockaddr *)&to, sizeof to) == 0);
	return fd;
}

static size_t
query_of(uint8_t *out, uint32_t address)
{
	static const uint8_t header[12] = { 0x12, 0x34, 1, 0, 0, 1 },
			     end[] = "\004list\007example\000\000\001\000\001";
	size_t n = sizeof header;

	memcpy(out, header, n);
	for (int i = 0; i < 4; i++) {
		out[n] = (uint8_t)snprintf((char *)out + n + 1, 4, "%u", address >> 8 * i & 255);
		n += out[n] + 1U;
	}
	memcpy(out + n, end, sizeof end - 1);
	return n + sizeof end - 1;
}

static bool
wait_answer(int fd, int64_t ns)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };
	struct timespec t = { ns / 1000000000, ns % 1000000000 };

	return ppoll(&p, 1, &t, NULL) == 1;
}

/* One question. 1: listed, 0: not, -1: no answer in time. */
static int
ask(int fd, uint32_t address, int64_t patience_ns)
{
	uint8_t p[512];

	(void)!send(fd, p, query_of(p, address), 0);
	if (!wait_answer(fd, patience_ns) || recv(fd, p, sizeof p, 0) < 12) {
		return -1;
	}
	return p[7] == 1;
}

static bool
await(struct server *s, int64_t started)
{
	int fd = dial(s);
	bool there = false;

	while (!there && instant_monotonic_ns() - started < GIVE_UP_NS &&
	       waitpid(s->pid, NULL, WNOHANG) == 0) {
		there = ask(fd, address_of(0), 10 * PROBE_NS) == 1;
		if (!there) {
			(void)usleep(1000);
		}
	}
	(void)close(fd);
	s->ready_ms = (double)(instant_monotonic_ns() - started) / 1e6;
	s->resident_mib = resident_mib(s->pid);
	return there;
}

/* As many queries as it answers, for RUN_NS. Returns the share that was listed. */
static double
saturate(struct server *s)
{
	static uint8_t queries[1024][QUERY_BYTES], answers[BATCH][512];
	struct mmsghdr out[1024], in[BATCH];
	struct iovec out_iov[1024], in_iov[BATCH];
	int64_t start_ns, cpu = cpu_ns(s->pid), waiting = 0;
	uint64_t done = 0, listed = 0;
	size_t next = 0;
	int fd = dial(s);

	memset(out, 0, sizeof out);
	memset(in, 0, sizeof in);
	for (size_t i = 0; i < countof(out); i++) { /* even ones are listed */
		uint32_t address = address_of((uint32_t)(i * 7919 % entries + i % 2 * entries));

		out_iov[i] = (struct iovec){ queries[i], query_of(queries[i], address) };
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
		if (!wait_answer(fd, 100 * PROBE_NS)) {
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
	s->per_second = (double)done * 1e9 / (double)(instant_monotonic_ns() - start_ns);
	s->cpu_us = (double)(cpu_ns(s->pid) - cpu) / 1e3 / (double)done;
	(void)close(fd);
	return (double)listed / (double)done;
}

static int
compare_double(const void *a, const void *b)
{
	const double *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

static void
measure_changes(struct server *s)
{
	int fd = dial(s);

	for (uint32_t i = 0; i < CHANGES; i++) {
		uint32_t address = address_of(entries + i);
		int64_t begin, last;
		int said;

		check(ask(fd, address, GIVE_UP_NS) == 0);
		if (s->commands < 0) {
			write_entries(s->data, "a", entries + i, entries + i + 1);
		}
		begin = last = instant_monotonic_ns();
		if (s->commands < 0) {
			check(kill(s->pid, SIGHUP) == 0);
		} else {
			check(write(s->commands, "+", 1) == 1);
		}
		do {
			struct timespec pause = { 0, PROBE_NS };
			int64_t now;

			said = ask(fd, address, GIVE_UP_NS);
			now = instant_monotonic_ns();
			s->silence_ms = (double)(now - last) / 1e6 > s->silence_ms
					    ? (double)(now - last) / 1e6
					    : s->silence_ms;
			last = now;
			if (said == 0) {
				(void)nanosleep(&pause, NULL);
			}
		} while (said == 0);
		s->change_ms[i] = (double)(last - begin) / 1e6;
	}
	qsort(s->change_ms, CHANGES, sizeof s->change_ms[0], compare_double);
	(void)close(fd);
}

static void
print_row(const char *what, double own, const struct server *peer, double peer_value)
{
	printf("{\"bench\":\"dns\",\"what\":\"%s\",\"value\":%.3f", what, own);
	if (peer != NULL) {
		printf(",\"peer\":\"%s\",\"peer_value\":%.3f", peer->name, peer_value);
	}
	printf(",\"entries\":%u}\n", entries);
}

static void
print_all(const struct server *own, const struct server *echo, const struct server *peer)
{
	static const struct server none;
	const struct server *p = peer == NULL ? &none : peer;

	print_row("DNS queries/s on one core", own->per_second, peer, p->per_second);
	print_row("DNS CPU us per query", own->cpu_us, peer, p->cpu_us);
	print_row("DNS CPU us per query, beside the kernel's share", own->cpu_us, echo, echo->cpu_us);
	print_row("change to answer, ms, median", own->change_ms[CHANGES / 2], peer,
		  p->change_ms[CHANGES / 2]);
	print_row("change to answer, ms, longest", own->change_ms[CHANGES - 1], peer,
		  p->change_ms[CHANGES - 1]);
	print_row("longest silence during a change, ms", own->silence_ms, peer, p->silence_ms);
	print_row("start to first answer, ms", own->ready_ms, peer, p->ready_ms);
	print_row("resident MiB", own->resident_mib, peer, p->resident_mib);
}

int
main(int argc, char **argv)
{
	struct server own = { .name = "vouch" }, echo = { .name = "bare echo" }, peer = { .name = "rbldnsd" };
	char folder[] = "/tmp/bench-dns-XXXXXX";
	double listed;
	bool has_peer;
	int64_t began;

	if (argc > 1) {
		entries = (uint32_t)strtoul(argv[1], NULL, 10);
		check(entries >= 1 && entries <= 4000000);
	}
	check(mkdtemp(folder) != NULL && chmod(folder, 0755) == 0);
	pin((size_t)sysconf(_SC_NPROCESSORS_ONLN) - 1);
	start(&echo, run_echo);
	(void)saturate(&echo);
	stop(&echo);

	began = instant_monotonic_ns();
	start(&own, run_vouch);
	check(await(&own, began));
	listed = saturate(&own);
	check(listed > 0.49 && listed < 0.51);
	measure_changes(&own);
	stop(&own);

	began = instant_monotonic_ns();
	start_rbldnsd(&peer, folder);
	has_peer = await(&peer, began);
	if (has_peer) {
		listed = saturate(&peer);
		check(listed > 0.49 && listed < 0.51);
		measure_changes(&peer);
	} else {
		fprintf(stderr, "bench_dns: rbldnsd is not here; script/peers fetches it\n");
	}
	stop(&peer);
	(void)unlink(peer.data);
	(void)rmdir(folder);
	print_all(&own, &echo, has_peer ? &peer : NULL);
	return 0;
}
