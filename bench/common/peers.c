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
#include <sys/un.h>
#include <unistd.h>

#define ARGUMENTS_MAX  16
#define TRIES          3
#define CONF_BYTES_MAX 4096

enum peer_way { PEER_HUP, PEER_CONTROL, PEER_UPDATE };
enum peer_form { PEER_NAMES, PEER_PREFIX };

struct peer {
	const char *name, *program;
	enum peer_way way;
	enum peer_form form;
	const char *behind, *head, *arguments, *conf;
};

static const struct peer peers[] = {
#define PEER(name, program, way, form, behind, head, arguments, conf) \
	{ name, program, PEER_##way, PEER_##form, behind, head, arguments, conf },
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

struct zone_file {
	FILE *f;
	const struct peer *peer;
};

static void
write_name(void *context, const struct prefix *name)
{
	const struct zone_file *z = context;
	uint8_t labels[SET_LABELS_BYTES];
	size_t n = set_labels(name, labels);

	for (size_t i = 0; i < n; i += labels[i] + 1U) {
		(void)fprintf(z->f, "%s%.*s", i == 0 ? "" : ".", labels[i], (const char *)labels + i + 1);
	}
	(void)fputs(z->peer->behind, z->f);
}

static void
write_entries(const struct server *s, const char *mode, uint32_t from, uint32_t to)
{
	char path[SERVER_PATH_BYTES], text[PREFIX_TEXT_BYTES];
	struct zone_file z = { .peer = s->peer };

	path_of(s, "zone", path);
	z.f = fopen(path, mode);
	check(z.f != NULL);
	if (from == 0) {
		(void)fputs(s->peer->head, z.f);
	}
	for (uint32_t i = from; i < to; i++) {
		struct prefix p = set_entry(s->set, s->entries, i);

		if (s->peer->form == PEER_NAMES) {
			set_names(s->set, s->entries, i, write_name, &z);
		} else {
			(void)fprintf(z.f, "%s%s", prefix_format(&p, text), s->peer->behind);
		}
	}
	check(fclose(z.f) == 0);
}

/* Puts folder, port, data set, place and user where the row has %F, %P, %D, %R and %U. */
static void
fill_in(const struct server *s, const char *row, char out[CONF_BYTES_MAX])
{
	const char *peers_root = getenv("VOUCH_PEERS");
	struct buffer b;

	buffer_init(&b, CONF_BYTES_MAX - 1);
	for (const char *p = row; *p != '\0'; p++) {
		if (*p != '%') {
			buffer_put(&b, p, 1);
		} else if (*++p == 'F') {
			buffer_format(&b, "%s", s->folder);
		} else if (*p == 'P') {
			buffer_format(&b, "%u", s->port);
		} else if (*p == 'D') {
			buffer_format(&b, "%s", sets[s->set].dataset);
		} else if (*p == 'R') { /* its modules; installed: below the root of the machine */
			buffer_format(&b, "%s", peers_root != NULL ? peers_root : "");
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

bool
peer_reloads(const struct server *s)
{
	return s->peer->way != PEER_UPDATE;
}

void
peer_prepare(const struct server *s, uint32_t next, uint32_t count)
{
	if (peer_reloads(s)) {
		write_entries(s, "a", s->entries + next, s->entries + next + count);
	}
}

/* RFC 2136: add <name>.<zone> A 127.0.0.2. */
static void
send_update(void *context, const struct prefix *name)
{
	static const uint8_t zone[] = "\004list\007example\000\000\006\000\001",
			     record[] = "\300\014\000\001\000\001\000\000\000\074\000\004\177\000\000\002";
	uint8_t p[2 * SERVER_QUERY_BYTES] = { 0x43, 0x21, 0x28, 0, 0, 1, 0, 0, 0, 1 };
	int *fd = context;
	size_t n = 12;

	memcpy(p + n, zone, sizeof zone - 1);
	n += sizeof zone - 1;
	n += set_labels(name, p + n);
	memcpy(p + n, record, sizeof record - 1);
	n += sizeof record - 1;
	check(send(*fd, p, n, 0) == (ssize_t)n);
}

/* What pdns_control says, without the start of a program; its word that it is done is not waited for. */
static void
send_control(const struct server *s)
{
	static const char word[] = "bind-reload-now " SERVER_ZONE "\n";
	struct sockaddr_un at = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	(void)snprintf(at.sun_path, sizeof at.sun_path, "%s/pdns.controlsocket", s->folder);
	check(fd >= 0 && connect(fd, (const struct sockaddr *)&at, sizeof at) == 0 &&
	      write(fd, word, sizeof word - 1) == (ssize_t)sizeof word - 1);
	(void)close(fd);
}

void
peer_change(const struct server *s, uint32_t next, uint32_t count)
{
	int fd;

	if (s->peer->way == PEER_HUP) {
		check(kill(s->pid, SIGHUP) == 0);
		return;
	}
	if (s->peer->way == PEER_CONTROL) {
		send_control(s);
		return;
	}
	fd = server_dial(s); /* of its own: the answer is not waited for */
	for (uint32_t i = 0; i < count; i++) {
		set_names(s->set, s->entries, s->entries + next + i, send_update, &fd);
	}
	(void)close(fd);
}
