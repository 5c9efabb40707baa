/* Peers: their files, their start, and the change of one entry. */
#include "common/server_int.h"

#include "base/result.h"
#include "base/text.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <ftw.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#define ARGUMENTS_MAX  16
#define TRIES          3
#define CONF_BYTES_MAX 4096

enum peer_way { PEER_HUP, PEER_UPDATE };
enum peer_order { PEER_BACK, PEER_FORTH };

struct peer {
	const char *name, *program;
	enum peer_way way;
	enum peer_order order;
	const char *behind, *head, *arguments, *conf;
};

static const struct peer peers[] = {
#define PEER(name, program, way, order, behind, head, arguments, conf) \
	{ name, program, PEER_##way, PEER_##order, behind, head, arguments, conf },
#include "common/peers.def"
#undef PEER
};

static void
path_of(const struct server *s, const char *name, char out[SERVER_PATH_BYTES])
{
	(void)snprintf(out, SERVER_PATH_BYTES, "%s/%s", s->folder, name);
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
write_entries(const struct server *s, const char *mode, uint32_t from, uint32_t to)
{
	char path[SERVER_PATH_BYTES];
	FILE *f;

	path_of(s, "zone", path);
	f = fopen(path, mode);
	check(f != NULL);
	if (from == 0) {
		(void)fputs(s->peer->head, f);
	}
	for (uint32_t i = from; i < to; i++) {
		uint32_t forth = server_address(i);
		uint32_t a = s->peer->order == PEER_BACK ? __builtin_bswap32(forth) : forth;

		(void)fprintf(f, "%u.%u.%u.%u%s", a >> 24, a >> 16 & 255, a >> 8 & 255, a & 255,
			      s->peer->behind);
	}
	check(fclose(f) == 0);
}

/* Puts folder, port and user where the row has %F, %P and %U. */
static void
fill_in(const struct server *s, const char *row, char out[CONF_BYTES_MAX])
{
	struct buffer b;

	buffer_init(&b, CONF_BYTES_MAX - 1);
	for (const char *p = row; *p != '\0'; p++) {
		if (*p != '%') {
			buffer_put(&b, p, 1);
		} else if (*++p == 'F') {
			buffer_format(&b, "%s", s->folder);
		} else if (*p == 'P') {
			buffer_format(&b, "%u", s->port);
		} else { /* who is root is asked to become somebody else; -n twice is the same as once */
			buffer_format(&b, "%s", geteuid() == 0 ? "-unobody:nogroup" : "-n");
		}
	}
	check(!b.full);
	memcpy(out, b.p, b.n);
	out[b.n] = '\0';
	buffer_free(&b);
}

static void
run(const struct server *s)
{
	char line[CONF_BYTES_MAX], name[32], *arguments[ARGUMENTS_MAX] = { name };
	int null;

	fill_in(s, s->peer->arguments, line);
	(void)snprintf(name, sizeof name, "%s", s->peer->program);
	for (size_t n = 1, i = 0; line[i] != '\0' && n < ARGUMENTS_MAX - 1; n++) {
		arguments[n] = line + i;
		i += strcspn(line + i, " ");
		if (line[i] == ' ') {
			line[i++] = '\0';
		}
	}
	server_pin(0);
	(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
	null = open("/dev/null", O_RDWR);
	(void)dup2(null, STDIN_FILENO);
	(void)dup2(null, STDOUT_FILENO);
	(void)dup2(null, STDERR_FILENO);
	(void)execvp(name, arguments);
	_exit(127);
}

/* On a port that was free just now: for TCP too, it is hoped. */
static bool
start(struct server *s)
{
	char conf[CONF_BYTES_MAX], path[SERVER_PATH_BYTES];
	FILE *f;

	s->port = free_port();
	s->commands = s->reports = -1;
	(void)snprintf(s->folder, sizeof s->folder, "/tmp/bench-peer-XXXXXX");
	check(mkdtemp(s->folder) != NULL && chmod(s->folder, 0755) == 0);
	write_entries(s, "w", 0, s->entries);
	fill_in(s, s->peer->conf, conf);
	path_of(s, "conf", path);
	f = fopen(path, "w");
	check(f != NULL && fputs(conf, f) >= 0 && fclose(f) == 0);
	s->began_ns = instant_monotonic_ns();
	s->pid = fork();
	check(s->pid >= 0);
	if (s->pid == 0) {
		run(s);
	}
	if (!server_await(s)) {
		server_stop(s);
		return false;
	}
	return true;
}

bool
server_start_peer(struct server *s, const char *name)
{
	for (size_t i = 0; i < countof(peers); i++) {
		s->peer = strcmp(peers[i].name, name) == 0 ? &peers[i] : s->peer;
	}
	check(s->peer != NULL);
	s->name = name;
	for (int tries = 0; tries < TRIES; tries++) {
		if (start(s)) {
			return true;
		}
	}
	(void)fprintf(stderr, "bench: %s does not start here; script/peers fetches it\n", name);
	return false;
}

static int
remove_one(const char *path, const struct stat *info, int type, struct FTW *where)
{
	(void)info;
	(void)type;
	(void)where;
	return remove(path);
}

void
peer_forget(const struct server *s)
{
	(void)nftw(s->folder, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

void
peer_prepare(const struct server *s, uint32_t next)
{
	if (s->peer->way == PEER_HUP) {
		write_entries(s, "a", s->entries + next, s->entries + next + 1);
	}
}

/* RFC 2136: add <address>.<zone> A 127.0.0.2. */
static void
send_update(int fd, uint32_t address)
{
	static const uint8_t zone[] = "\004list\007example\000\000\006\000\001",
			     record[] = "\000\001\000\001\000\000\000\074\000\004\177\000\000\002";
	uint8_t query[SERVER_QUERY_BYTES],
	    p[2 * SERVER_QUERY_BYTES] = { 0x43, 0x21, 0x28, 0, 0, 1, 0, 0, 0, 1 };
	size_t name = server_query(query, address) - 12 - 4, n = 12;

	memcpy(p + n, zone, sizeof zone - 1);
	n += sizeof zone - 1;
	memcpy(p + n, query + 12, name);
	n += name;
	memcpy(p + n, record, sizeof record - 1);
	n += sizeof record - 1;
	check(send(fd, p, n, 0) == (ssize_t)n);
}

void
peer_change(const struct server *s, uint32_t next)
{
	int fd;

	if (s->peer->way == PEER_HUP) {
		check(kill(s->pid, SIGHUP) == 0);
		return;
	}
	fd = server_dial(s); /* of its own: the answer is not waited for */
	send_update(fd, server_address(s->entries + next));
	(void)close(fd);
}
