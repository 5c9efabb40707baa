#include "common/server.h"

#include "base/result.h"

#include <arpa/inet.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define PROBE_NS 100000
#define PEER     "build/peers/root/usr/sbin/rbldnsd"

uint32_t
server_address(uint32_t i)
{
	return i * 2654435761U | 0x80000000U;
}

void
server_pin(size_t core)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(core, &set);
	(void)sched_setaffinity(0, sizeof set, &set);
}

void
server_pin_last(void)
{
	server_pin((size_t)sysconf(_SC_NPROCESSORS_ONLN) - 1);
}

int64_t
server_cpu_ns(pid_t pid)
{
	struct timespec t = { 0 };
	clockid_t clock;

	if (clock_getcpuclockid(pid, &clock) == 0) {
		(void)clock_gettime(clock, &t);
	}
	return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

double
server_resident_mib(pid_t pid)
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

/* ---- starting and stopping */

void
server_start(struct server *s, server_run *run)
{
	int port[2], commands[2], reports[2];

	check(pipe(port) == 0 && pipe(commands) == 0 && pipe(reports) == 0);
	s->pid = fork();
	check(s->pid >= 0);
	if (s->pid == 0) {
		server_pin(0);
		(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
		(void)close(commands[1]);
		run(&(struct server_ends){ port[1], commands[0], reports[1] }, s->entries);
		_exit(0);
	}
	(void)close(port[1]);
	(void)close(commands[0]);
	(void)close(reports[1]);
	check(read(port[0], &s->port, sizeof s->port) == sizeof s->port);
	(void)close(port[0]);
	s->commands = commands[1];
	s->reports = reports[0];
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
		uint32_t a = server_address(i);

		(void)fprintf(f, "%u.%u.%u.%u\n", a >> 24, a >> 16 & 255, a >> 8 & 255, a & 255);
	}
	check(fclose(f) == 0);
}

static void
run_rbldnsd(const struct server *s, const char *folder)
{
	const char *program = access(PEER, X_OK) == 0 ? PEER : "rbldnsd";
	char at[32], zone[100];
	/* As root it wants to become somebody else; "-n" twice is the same as once. */
	const char *user = geteuid() == 0 ? "-unobody:nogroup" : "-n";
	const char *const arguments[] = {
		"rbldnsd", "-n", "-w", folder, "-b", at, "-c", "0", user, zone, NULL
	};

	(void)snprintf(at, sizeof at, "127.0.0.1/%u", s->port);
	(void)snprintf(zone, sizeof zone, "%s:ip4set:zone", SERVER_ZONE);
	server_pin(0);
	(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (freopen("/dev/null", "w", stdout) != NULL && freopen("/dev/null", "w", stderr) != NULL) {
		(void)execvp(program, (char *const *)(uintptr_t)arguments);
	}
	_exit(127);
}

void
server_start_rbldnsd(struct server *s, const char *folder)
{
	s->port = free_port();
	s->commands = s->reports = -1;
	(void)snprintf(s->data, sizeof s->data, "%s/zone", folder);
	write_entries(s->data, "w", 0, s->entries);
	s->pid = fork();
	check(s->pid >= 0);
	if (s->pid == 0) {
		run_rbldnsd(s, folder);
	}
}

bool
server_await(struct server *s, int64_t began_ns)
{
	int fd = server_dial(s);
	bool there = false;

	while (!there && instant_monotonic_ns() - began_ns < SERVER_GIVE_UP_NS &&
	       waitpid(s->pid, NULL, WNOHANG) == 0) {
		there = server_ask(fd, server_address(0), 10 * PROBE_NS) == 1;
		if (!there) {
			(void)usleep(1000);
		}
	}
	(void)close(fd);
	s->ready_ms = (double)(instant_monotonic_ns() - began_ns) / 1e6;
	s->resident_mib = server_resident_mib(s->pid);
	return there;
}

void
server_stop(struct server *s)
{
	if (s->pid > 0) {
		(void)kill(s->pid, SIGKILL);
		(void)waitpid(s->pid, NULL, 0);
	}
	if (s->commands >= 0) {
		(void)close(s->commands);
		(void)close(s->reports);
	}
	if (s->data[0] != '\0') {
		(void)unlink(s->data);
	}
}

/* ---- asking */

int
server_dial(const struct server *s)
{
	const struct sockaddr_in to = { .sin_family = AF_INET,
					.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
					.sin_port = htons(s->port) };
	int fd = socket(AF_INET, SOCK_DGRAM, 0), bytes = 1 << 20;

	(void)setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &bytes, sizeof bytes);
	check(fd >= 0 && connect(fd, (const struct sockaddr *)&to, sizeof to) == 0);
	return fd;
}

size_t
server_query(uint8_t out[SERVER_QUERY_BYTES], uint32_t address)
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

bool
server_answers(int fd, int64_t patience_ns)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };
	struct timespec t = { patience_ns / 1000000000, patience_ns % 1000000000 };

	return ppoll(&p, 1, &t, NULL) == 1;
}

int
server_ask(int fd, uint32_t address, int64_t patience_ns)
{
	uint8_t p[512];

	(void)!send(fd, p, server_query(p, address), 0);
	if (!server_answers(fd, patience_ns) || recv(fd, p, sizeof p, 0) < 12) {
		return -1;
	}
	return p[7] == 1;
}

int64_t
server_change(struct server *s, int fd, uint32_t address, bool listed, uint32_t next, int64_t *silence_ns,
	      int64_t *commit_ns)
{
	const struct timespec pause = { 0, PROBE_NS };
	int64_t begin, last, committed = 0;

	check(server_ask(fd, address, SERVER_GIVE_UP_NS) == !listed);
	if (s->commands < 0) {
		write_entries(s->data, "a", s->entries + next, s->entries + next + 1);
	}
	begin = last = instant_monotonic_ns();
	check(s->commands < 0 ? kill(s->pid, SIGHUP) == 0 : write(s->commands, "+", 1) == 1);
	for (;;) {
		bool changed = server_ask(fd, address, SERVER_GIVE_UP_NS) == listed;
		int64_t now = instant_monotonic_ns();

		*silence_ns = now - last > *silence_ns ? now - last : *silence_ns;
		last = now;
		if (changed) {
			break;
		}
		(void)nanosleep(&pause, NULL);
	}
	if (s->reports >= 0) {
		check(read(s->reports, &committed, sizeof committed) == sizeof committed);
	}
	*commit_ns = committed == 0 ? 0 : last - committed;
	return last - begin;
}

static int
compare_double(const void *a, const void *b)
{
	const double *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

double
server_quantile(double *values, size_t count, double share)
{
	size_t at = (size_t)(share * (double)count);

	check(count > 0);
	qsort(values, count, sizeof *values, compare_double);
	return values[at < count ? at : count - 1];
}
