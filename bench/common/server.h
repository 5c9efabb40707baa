/*
 * bench/common/server.h - DNS servers to be measured: processes on the first core with the same entries, asked from the last.
 *
 * Entries are numbered (sets.h): those below the number of entries are listed, and not those from there on. A bench
 * stops when something that is ours to do fails; a peer that is not installed is left out.
 */
#ifndef BENCH_COMMON_SERVER_H
#define BENCH_COMMON_SERVER_H

#include "base/instant.h"
#include "common/sets.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/types.h>

#define SERVER_ZONE         "list.example"
#define SERVER_GIVE_UP_NS   INT64_C(240000000000)
#define SERVER_FOLDER_BYTES 64
#define SERVER_PATH_BYTES   (SERVER_FOLDER_BYTES + 32)

struct peer;

struct server {
	const char *name;
	enum set_id set;
	uint32_t entries;
	pid_t pid; /* 0: it is not here */
	uint16_t port;
	int commands;                     /* to a server of this program: one byte per change; -1 */
	int reports;                      /* from it: the monotonic time of each commit, int64_t ns; -1 */
	const struct peer *peer;          /* NULL: a server of this program */
	char folder[SERVER_FOLDER_BYTES]; /* of a peer, made for it */
	int64_t began_ns;
	double ready_ms;     /* from its start to its first answer */
	double resident_mib; /* of all its processes, once it answers */
};

/* What a server of this program is given: it writes its port, then does a change for each byte. */
struct server_ends {
	int port;     /* uint16_t, once it answers */
	int commands; /* ends when the bench does */
	int reports;
};
typedef void server_run(const struct server_ends *ends, enum set_id set, uint32_t entries);

void server_pin(size_t core);                  /* this process from now on */
void server_pin_last(void);                    /* the asker's core */
int64_t server_cpu_ns(const struct server *s); /* user and system time of all its processes so far */

/* Forks; the child runs on the first core. Returns when it has told its port. */
void server_start(struct server *s, server_run *run);
/* Until its first answer; sets ready_ms and resident_mib. False: it ended, or never answered. */
bool server_await(struct server *s);
/* A peer of peers.def by its name, the same entries, started and waited for. False: it is not here, or ended. */
bool server_start_peer(struct server *s, const char *name);
void server_stop(struct server *s);

/* Lists so many more entries, beginning `next` after the start: what can be done before the clock runs (a file), and the command. */
void server_prepare(const struct server *s, uint32_t next, uint32_t count);
void server_command(const struct server *s, uint32_t next, uint32_t count);
/* Does it read its file anew for a change, so that many cost it as much as one? */
bool server_reloads(const struct server *s);
/*
 * Lists one more (or what the command of this program's server does) and waits until the answer for `entry` is `listed`, asking every
 * 100 us. Returns ns from the command to the answer. *silence_ns grows to the longest time without an answer. *commit_ns: from the commit to
 * the answer, when the server reports commits; else 0.
 */
int64_t server_change(struct server *s, int fd, uint32_t entry, bool listed, uint32_t next,
		      int64_t *silence_ns, int64_t *commit_ns);

/* ---- asking */

#define SERVER_QUERY_BYTES 128

int server_dial(const struct server *s);
/* A of an address in it, without EDNS */
size_t server_query(const struct server *s, uint8_t out[SERVER_QUERY_BYTES], uint32_t entry);
bool server_answers(int fd, int64_t patience_ns); /* something came */
/* 1: listed, 0: not, -1: no answer in time. */
int server_ask(const struct server *s, int fd, uint32_t entry, int64_t patience_ns);

/* The value below which `share` of the numbers lie; sorts them. */
double server_quantile(double *values, size_t count, double share);

#endif
