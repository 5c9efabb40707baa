/*
 * vouchd/reload.c - vouch.yaml again while everything runs.
 *
 * First all that can fail: the file, the keys that only a start can change, the query log, the new addresses. Then the way to people and the
 * blocklists, receivers and secondaries, then the doors that are new, and last those that are gone, which answer what they were asked before. So no query is lost, and an
 * error leaves all as it was.
 */
#include "base/log.h"
#include "vouchd/daemon_int.h"
#include "vouchd/receivers.h"
#include "vouchd/secondaries.h"

#include <stdlib.h>
#include <string.h>

/* ---- receivers and secondaries, on the writer's thread */

struct askers_job {
	struct job job;
	struct service *service;
	const struct config *next;
};

/* The list has what is withheld from a new receiver before the gate knows it. */
static enum result
change_receivers(struct pipeline *p, const struct config *next, struct dns_gate *gate, struct fault *fault)
{
	enum result r = pipeline_receivers(p, next);

	return r == RESULT_OK ? receivers_change(next, gate, fault)
			      : fault_set(fault, r, "the store cannot be read or written");
}

static void
change_askers(struct job *job, struct pipeline *p)
{
	struct askers_job *j = (struct askers_job *)job;
	struct service *s = j->service;
	struct fault ignored;

	job->result = secondaries_change(j->next, s->list, s->transfers, &job->fault);
	if (job->result != RESULT_OK) {
		return;
	}
	job->result = change_receivers(p, j->next, s->gate, &job->fault);
	if (job->result != RESULT_OK &&
	    secondaries_change(s->now, s->list, s->transfers, &ignored) != RESULT_OK) {
		log_event(LOG_WARN, "transfers", "why=\"the new ones stand: the old cannot be had again\"");
	}
}

/* ---- doors */

static enum result
open_door(struct service *s, struct socket_place *p, struct fault *fault)
{
	enum result r;

	switch (p->door) {
	case SOCKET_DNS:
		return daemon_open_dns(s, p, fault);
	case SOCKET_LMTP:
		return lmtp_door_listen(s->doors.lmtp, p->address, socket_take(p), fault);
	default:
		r = http_listen(s->http, socket_take(p), fault);
		if (r == RESULT_OK) {
			log_event(LOG_INFO, "listening", "door=http address=%s", p->address);
		}
		return r;
	}
}

static void
close_door(struct service *s, struct socket_place *p)
{
	if (p->door == SOCKET_DNS) {
		dns_close(p->server);
		p->server = NULL;
	} else if (p->door == SOCKET_LMTP) {
		lmtp_door_unlisten(s->doors.lmtp, p->taken);
	} else {
		http_unlisten(s->http, p->taken);
	}
	log_event(LOG_INFO, "closed", "address=%s", p->address);
}

/* Those that are new join the others; the first that fails ends it, and none of them stays. */
static enum result
open_doors(struct service *s, struct sockets *added, struct fault *fault)
{
	enum result r = RESULT_OK;
	size_t opened = 0;

	while (opened < added->count && r == RESULT_OK) {
		r = open_door(s, &added->places[opened], fault);
		opened += r == RESULT_OK;
	}
	if (r != RESULT_OK) {
		while (opened > 0) {
			close_door(s, &added->places[--opened]);
		}
		sockets_close(added);
		return r;
	}
	for (size_t i = 0; i < added->count; i++) {
		s->sockets.places[s->sockets.count++] = added->places[i];
	}
	return RESULT_OK;
}

static void
close_unwanted(struct service *s, const struct config *wanted)
{
	for (size_t i = s->sockets.count; i > 0; i--) {
		if (!sockets_wanted(wanted, &s->sockets.places[i - 1])) {
			close_door(s, &s->sockets.places[i - 1]);
			sockets_remove(&s->sockets, i - 1);
		}
	}
}

/* ---- the query log */

static enum result
change_query_log(struct service *s, const struct config *from, const struct config *to, struct fault *fault)
{
	const struct dns_log_options options = daemon_query_log(s, to);

	if (strcmp(from->query_log, to->query_log) == 0 && from->query_log_sample == to->query_log_sample &&
	    from->query_log_clients == to->query_log_clients && from->query_log_size == to->query_log_size) {
		return RESULT_OK;
	}
	return dns_log_change(s->log, &options, fault);
}

/* ---- all of it */

/* Those that are opened anew. */
static enum result
change_doors(struct service *s, struct generation *next, struct fault *fault)
{
	enum result r = reload_notices(s, next, fault);

	return r == RESULT_OK ? reload_blocklists(s, next, fault) : r;
}

/* What a reload changed that then failed; the store may not take the policy back. */
static void
take_back(struct service *s, const struct config *next)
{
	struct fault ignored;

	close_unwanted(s, s->now);
	(void)change_query_log(s, next, s->now, &ignored);
	(void)change_doors(s, s->generation, &ignored);
	if (pipeline_policy(s->pipeline, s->now, &ignored) != RESULT_OK) {
		log_event(LOG_WARN, "policy",
			  "why=\"the new one stands, since the store cannot be written\"");
	}
}

static enum result
apply(struct service *s, struct generation *generation, struct fault *fault)
{
	const struct config *next = &generation->config;
	struct askers_job change = { { .run = change_askers, .weight = 1 }, s, next };
	struct sockets added;
	enum result r = change_query_log(s, s->now, next, fault);

	if (r != RESULT_OK) {
		return r;
	}
	r = sockets_add(&s->sockets, next, &added, fault);
	if (r == RESULT_OK) {
		r = open_doors(s, &added, fault);
	}
	if (r == RESULT_OK) {
		r = pipeline_policy(s->pipeline, next, fault);
	}
	if (r == RESULT_OK) {
		r = change_doors(s, generation, fault);
	}
	if (r == RESULT_OK) {
		r = pipeline_call(s->pipeline, &change.job);
		if (r != RESULT_OK) {
			*fault = change.job.fault;
		}
	}
	if (r != RESULT_OK) {
		take_back(s, next);
		return r;
	}
	close_unwanted(s, next);
	directory_operators(s->directory, next);
	log_set_level(next->log);
	return RESULT_OK;
}

static enum result
read_next(struct service *s, struct arena *arena, struct config *next, struct fault *fault)
{
	uint32_t last = s->last_receiver;
	enum result r = config_load(s->path, arena, next, fault);
	const char *fixed;

	if (r != RESULT_OK) {
		return r;
	}
	fixed = config_fixed(s->now, next);
	if (fixed != NULL) {
		return fault_set(fault, RESULT_NOT_ALLOWED, "%s: %s: only a new start changes it", next->file,
				 fixed);
	}
	r = daemon_check(next, fault);
	if (r == RESULT_OK) {
		r = receivers_number(s->now, next, &last, fault);
	}
	if (r == RESULT_OK) {
		s->last_receiver = last;
	}
	return r;
}

void
reload(struct service *s)
{
	struct arena arena = { 0 };
	struct generation *g;
	struct fault fault = { { 0 } };
	char quoted[LOG_QUOTE_BYTES];
	enum result r;

	if (!s->ready) {
		return;
	}
	g = arena_get(&arena, sizeof(*g));
	*g = (struct generation){ .users = 1 };
	r = read_next(s, &arena, &g->config, &fault);
	g->arena = arena;
	if (r == RESULT_OK) {
		r = apply(s, g, &fault);
	}
	if (r != RESULT_OK) {
		log_event(LOG_ERROR, "reload_refused", "result=%s why=%s", result_name(r),
			  log_quote(text_of(fault.text), quoted));
		generation_leave(g);
		return;
	}
	s->now = &g->config;
	generation_leave(s->generation); /* nothing that changes with each reload has the last one any more */
	s->generation = g;
	log_event(LOG_INFO, "reloaded", "receivers=%zu addresses=%zu", s->now->receiver_count,
		  s->sockets.count);
}
