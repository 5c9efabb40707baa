/* vouchd/daemon_int.h - the running service: daemon.c opens and closes it, reload.c changes it. All of it on the loop's thread. */
#ifndef VOUCHD_DAEMON_INT_H
#define VOUCHD_DAEMON_INT_H

#include "serve/dns_log.h"
#include "vouchd/api.h"
#include "vouchd/daemon.h"
#include "vouchd/doors.h"
#include "vouchd/notices.h"
#include "vouchd/outbox.h"

/* A vouch.yaml as it was read; it stays while something was opened with it. Texts of the first lie with the caller of daemon_run. */
struct generation {
	struct config config;
	struct arena arena; /* in which this lies too */
	unsigned users;
};

/* Blocklists that a reload has closed; the loop may not be done with them. */
struct left {
	struct left *next;
	struct blocklists *blocklists;
	struct generation *generation;
};

struct service {
	const char *path;            /* of vouch.yaml; NULL: there is none */
	const struct config *config; /* of the start, which many hold */
	const struct config *now;    /* of the last reload; the same at first */
	/* That is now, and that they were opened with */
	struct generation *generation, *notices_of, *blocklists_of;
	struct left *left;
	uint32_t last_receiver; /* number that was given away */
	bool ready;
	uv_loop_t loop;
	uv_signal_t term, interrupt, hangup;
	struct list *list;
	struct directory *directory;
	struct pipeline *pipeline;
	struct outbox *outbox;
	struct notices *notices;
	struct dns_gate *gate;
	struct transfers *transfers;
	struct dns_log *log;
	struct sockets sockets;
	struct http *http;
	struct api api;
	struct doors doors;
};

/* Starts DNS at one place, whose sockets it takes. */
enum result daemon_open_dns(struct service *s, struct socket_place *place, struct fault *fault) MUST_USE;

/* The query log as this configuration wants it. */
struct dns_log_options daemon_query_log(const struct service *s, const struct config *config);

/*
 * reload_doors.c: opened anew, if what they are made of differs from what they were opened with. Errors: those of outbox_open, notices_open,
 * blocklists_open; all is then as it was.
 */
enum result reload_notices(struct service *s, struct generation *next, struct fault *fault) MUST_USE;
enum result reload_blocklists(struct service *s, struct generation *next, struct fault *fault) MUST_USE;
void generation_leave(struct generation *g); /* one thing less uses it */
void reload_end(struct service *s);          /* after the loop has ended */

/* reload.c: vouch.yaml again. What is wrong or cannot change goes to the log, and all is as before. */
void reload(struct service *s);

#endif
