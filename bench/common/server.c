#include "common/server_int.h"

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

#define PROBE_NS      100000
#define PROCESSES_MAX 32

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

/* The process and all below it. */
static size_t
processes_of(const struct server *s, pid_t out[PROCESSES_MAX])
{
	size_t n = 1;

	out[0] = s->pid;
	for (size_t i = 0; i < n; i++) {
		char path[64];
		int child;
		FILE *f;

		(void)snprintf(path, sizeof path, "/proc/%d/task/%d/children", (int)out[i], (int)out[i]);
		f = fopen(path, "r");
		while (f != NULL && n < PROCESSES_MAX && fscanf(f, "%d", &child) == 1) {
			out[n++] = child;
		}
		if (f != NULL) {
			(void)fclose(f);
		}
	}
	return n;
}

int64_t
server_cpu_ns(const struct server *s)
{
	pid_t pids[PROCESSES_MAX];
	size_t n = processes_of(s, pids);
	int64_t ns = 0;

	for (size_t i = 0; i < n; i++) {
		struct timespec t = { 0 };
		clockid_t clock;

		if (clock_getcpuclockid(pids[i], &clock) == 0 && clock_gettime(clock, &t) == 0) {
			ns += (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
		}
	}
	return ns;
}

/* Of a peer what its processes share once; of a server of this program, which is forked, what it does not share with us. */
static double
resident_mib(const struct server *s)
{
	const char *what = s->peer != NULL ? "Pss:" : "Private_Dirty:";
	pid_t pids[PROCESSES_MAX];
	size_t n = processes_of(s, pids);
	unsigned long long kib = 0;

	for (size_t i = 0; i < n; i++) {
		unsigned long long own;
		char path[64], line[256];
		FILE *f;

		(void)snprintf(path, sizeof path, "/proc/%d/smaps_rollup", (int)pids[i]);
		f = fopen(path, "r");
		while (f != NULL && fgets(line, sizeof line, f) != NULL) {
			if (strncmp(line, what, strlen(what)) == 0 &&
			    sscanf(line + strlen(what), "%llu", &own) == 1) {
				kib += own;
			}
		}
		if (f != NULL) {
			(void)fclose(f);
		}
	}
	return (double)kib / 1024;
}

/* ---- starting and stopping */

void
server_start(struct server *s, server_run *run)
{
	int port[2], commands[2], reports[2];

	s->began_ns = instant_monotonic_ns();
	check(pipe(port) == 0 && pipe(commands) == 0 && pipe(reports) == 0);
	s->pid = fork();
	check(s->pid >= 0);
	if (s->pid == 0) {
		server_pin(0);
		(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
		(void)close(commands[1]);
		run(&(struct server_ends){ port[1], commands[0], reports[1] }, s->set, s->entries);
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

bool
server_await(struct server *s)
{
	int fd = server_dial(s), status;
	bool there = false;

	while (!there && s->pid != 0 && instant_monotonic_ns() - s->began_ns < SERVER_GIVE_UP_NS) {
		if (waitpid(s->pid, &status, WNOHANG) != 0) {
			s->pid = 0; /* it ended, and its number may be somebody else's soon */
			break;
		}
		there = server_ask(s, fd, 0, 10 * PROBE_NS) == 1;
		if (!there) {
			(void)usleep(1000);
		}
	}
	(void)close(fd);
	s->ready_ms = (double)(instant_monotonic_ns() - s->began_ns) / 1e6;
	s->resident_mib = there ? resident_mib(s) : 0;
	return there;
}

/* With its children, which would go on writing into its folder. */
static void
stop_all(const struct server *s)
{
	pid_t pids[PROCESSES_MAX];
	size_t n = processes_of(s, pids);

	for (size_t i = 0; i < n; i++) {
		(void)kill(pids[i], SIGKILL);
	}
	(void)waitpid(s->pid, NULL, 0);
	for (size_t i = 1; i < n; i++) {
		for (int waits = 0; waits < 1000 && kill(pids[i], 0) == 0; waits++) {
			(void)usleep(1000);
		}
	}
}

void
server_stop(struct server *s)
{
	if (s->pid > 0) {
		stop_all(s);
	}
	if (s->commands >= 0) {
		(void)close(s->commands);
		(void)close(s->reports);
	}
	if (s->peer != NULL) {
		peer_forget(s);
	}
	s->pid = 0;
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
server_query(const struct server *s, uint8_t out[SERVER_QUERY_BYTES], uint32_t entry)
{
	static const uint8_t header[12] = { 0x12, 0x34, 1, 0, 0, 1 },
			     end[] = "\004list\007example\000\000\001\000\001";
	struct prefix address = set_address(s->set, s->entries, entry);
	size_t n = sizeof header;

	memcpy(out, header, n);
	n += set_labels(&address, out + n);
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
server_ask(const struct server *s, int fd, uint32_t entry, int64_t patience_ns)
{
	static uint16_t id;
	uint8_t q[SERVER_QUERY_BYTES], p[512];
	size_t n = server_query(s, q, entry);

	memcpy(q, &(uint16_t){ ++id }, sizeof id);
	(void)!send(fd, q, n, 0);
	do {
		if (!server_answers(fd, patience_ns) || recv(fd, p, sizeof p, 0) < 12) {
			return -1;
		}
	} while (memcmp(p, q, sizeof id) != 0); /* an answer that came too late for an earlier question */
	return p[7] == 1;
}

bool
server_reloads(const struct server *s)
{
	return s->peer != NULL && peer_reloads(s);
}

void
server_prepare(const struct server *s, uint32_t next, uint32_t count)
{
	if (s->peer != NULL) {
		peer_prepare(s, next, count);
	}
}

void
server_command(const struct server *s, uint32_t next, uint32_t count)
{
	if (s->peer != NULL) {
		peer_change(s, next, count);
		return;
	}
	for (uint32_t i = 0; i < count; i++) {
		check(write(s->commands, "+", 1) == 1);
	}
}

int64_t
server_change(struct server *s, int fd, uint32_t entry, bool listed, uint32_t next, int64_t *silence_ns,
	      int64_t *commit_ns)
{
	const struct timespec pause = { 0, PROBE_NS };
	int64_t begin, last, committed = 0;

	check(server_ask(s, fd, entry, SERVER_GIVE_UP_NS) == !listed);
	server_prepare(s, next, 1);
	begin = last = instant_monotonic_ns();
	server_command(s, next, 1);
	for (;;) {
		bool changed = server_ask(s, fd, entry, SERVER_GIVE_UP_NS) == listed;
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
