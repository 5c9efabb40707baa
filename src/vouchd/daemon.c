/*
 * vouchd/daemon.c - start: sockets, user, store, list, DNS, API, mail doors; a signal stops the loop, and then all of it in reverse.
 *
 * DNS opens after the list is published from the store, so a restart never answers from an empty list; the doors open
 * last, so nothing is taken that could not be recorded.
 */
#include "vouchd/daemon.h"

#include "base/log.h"
#include "vouchd/daemon_int.h"
#include "vouchd/privilege.h"
#include "vouchd/receivers.h"
#include "vouchd/secondaries.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>

static struct list_options
options_of(const struct config_list *l)
{
	return (struct list_options){
		.zone = l->zone,
		.domain_zone = l->domain_zone,
		.code = l->code,
		.txt = l->txt,
		.ns = l->ns.items,
		.ns_count = l->ns.count,
		.contact = l->contact,
		.ttl = (uint32_t)(l->ttl.ms / 1000),
		.negative_ttl = (uint32_t)(l->negative_ttl.ms / 1000),
	};
}

/* Each list is tried alone first, so that an error names its line. */
static enum result
open_lists(const struct config *config, struct list **list, struct fault *fault)
{
	struct list_options options[LISTS_MAX] = { { 0 } };

	for (size_t i = 0; i < config->list_count; i++) {
		const struct config_list *l = &config->lists[i];
		struct fault why = { { 0 } };
		enum result r;

		options[i] = options_of(l);
		r = list_open(&options[i], 1, list, &why);
		list_close(*list);
		*list = NULL;
		if (r != RESULT_OK) {
			return fault_set(fault, r, "%s:%zu: list %s: %s", config->file, l->line, l->name,
					 why.text);
		}
	}
	return list_open(options, config->list_count, list, fault);
}

enum result
daemon_check(const struct config *config, struct fault *fault)
{
	struct list *list = NULL;
	struct dns_gate *gate = NULL;
	struct transfers *transfers = NULL;
	struct identity who;
	enum result r = open_lists(config, &list, fault);

	if (r == RESULT_OK) {
		r = privilege_find(config, &who, fault);
	}
	if (r == RESULT_OK) {
		r = receivers_open(config, &gate, fault);
	}
	if (r == RESULT_OK) {
		r = secondaries_open(config, list, &transfers, fault);
	}
	if (r == RESULT_OK) {
		r = outbox_check(config, fault);
	}
	if (r == RESULT_OK) {
		r = notices_check(config, fault);
	}
	transfer_close(transfers);
	dns_gate_close(gate);
	list_close(list);
	return r;
}

/* ---- the services */

/* What root alone may do, then root no more. The control socket may lie in the data folder. */
static enum result
open_sockets(struct service *s, struct fault *fault)
{
	struct identity who;
	enum result r = privilege_find(s->config, &who, fault);

	if (r == RESULT_OK) {
		r = privilege_folder(s->config->data, &who, fault);
	}
	if (r == RESULT_OK) {
		r = sockets_open(s->config, &s->sockets, fault);
	}
	for (size_t i = 0; i < s->sockets.count && r == RESULT_OK; i++) {
		if (s->sockets.places[i].is_path) {
			r = privilege_give(s->sockets.places[i].address, &who, fault);
		}
	}
	return r == RESULT_OK ? privilege_drop(s->config, &who, fault) : r;
}

static enum result
open_store(struct service *s, struct fault *fault)
{
	enum result r = open_lists(s->config, &s->list, fault);

	if (r == RESULT_OK) {
		r = receivers_open(s->config, &s->gate, fault);
	}
	if (r == RESULT_OK) {
		r = secondaries_open(s->config, s->list, &s->transfers, fault);
	}
	if (r == RESULT_OK) {
		s->directory = directory_new();
		directory_operators(s->directory, s->config);
		r = pipeline_open(s->config, s->list, s->directory, &s->pipeline, fault);
	}
	if (r == RESULT_OK) {
		pipeline_keep_usage(s->pipeline, s->gate);
		r = outbox_open(s->config, s->pipeline, &s->outbox, fault);
	}
	if (r == RESULT_OK) {
		r = notices_open(s->config, s->pipeline, false, &s->notices, fault);
	}
	return r;
}

enum result
daemon_open_dns(struct service *s, struct socket_place *p, struct fault *fault)
{
	enum result r = dns_open(&(struct dns_options){ .bound = &p->dns,
							.address_count = 1,
							.list = s->list,
							.gate = s->gate,
							.transfers = s->transfers,
							.log = s->log },
				 &p->server, fault);

	p->dns = (struct dns_bound){ .tcp = -1 };
	if (r == RESULT_OK) {
		log_event(LOG_INFO, "listening", "door=dns address=%s port=%u", p->address,
			  dns_port(p->server, 0));
	}
	return r;
}

struct dns_log_options
daemon_query_log(const struct service *s, const struct config *c)
{
	return (struct dns_log_options){ .path = c->query_log,
					 .sample = c->query_log_sample > INT32_MAX
						       ? INT32_MAX
						       : (uint32_t)c->query_log_sample,
					 .whole_clients = c->query_log_clients,
					 .bytes_max = c->query_log_size,
					 .gate = s->gate };
}

static enum result
open_dns(struct service *s, struct fault *fault)
{
	size_t at, count = sockets_of(&s->sockets, SOCKET_DNS, &at);
	enum result r = transfer_start(s->transfers, fault);

	if (r == RESULT_OK) {
		const struct dns_log_options options = daemon_query_log(s, s->config);

		r = dns_log_open(&options, &s->log, fault);
	}
	for (size_t i = at; i < at + count && r == RESULT_OK; i++) {
		r = daemon_open_dns(s, &s->sockets.places[i], fault);
	}
	return r;
}

/* Those of HTTP, and the control socket behind them. */
static size_t
take_http(struct sockets *sockets, int listeners[OPTIONS_SEVERAL_MAX + 1])
{
	size_t at, count = sockets_of(sockets, SOCKET_HTTP, &at), control;

	check(sockets_of(sockets, SOCKET_CONTROL, &control) == 1);
	for (size_t i = 0; i <= count; i++) {
		listeners[i] = socket_take(&sockets->places[i == count ? control : at + i]);
	}
	return count;
}

static enum result
open_http(struct service *s, struct fault *fault)
{
	int listeners[OPTIONS_SEVERAL_MAX + 1];
	struct http_options options = { .address_count = take_http(&s->sockets, listeners),
					.listeners = listeners,
					.control = s->config->control,
					.authorise = api_authorise,
					.key_of = api_key_of,
					.context = &s->api };
	enum result r;
	size_t at;

	s->api = (struct api){ s->config, s->pipeline, s->directory, s->gate, s->list };
	memcpy(options.handlers, api_handlers, sizeof(options.handlers));
	r = http_open(&options, &s->http, fault);
	(void)sockets_of(&s->sockets, SOCKET_HTTP, &at);
	for (size_t i = 0; i < options.address_count && r == RESULT_OK; i++) {
		log_event(LOG_INFO, "listening", "door=http address=%s port=%u",
			  s->sockets.places[at + i].address, http_port(s->http, i));
	}
	if (r == RESULT_OK) {
		log_event(LOG_INFO, "listening", "door=control path=%s", s->config->control);
	}
	return r;
}

static void
on_signal(uv_signal_t *handle, int number)
{
	struct service *s = handle->data;

	log_event(LOG_INFO, "stopping", "signal=%d", number);
	if (uv_is_closing((uv_handle_t *)handle)) {
		return;
	}
	uv_close((uv_handle_t *)&s->term, NULL);
	uv_close((uv_handle_t *)&s->interrupt, NULL);
	uv_close((uv_handle_t *)&s->hangup, NULL);
	doors_close(&s->doors);
	sockets_close(&s->sockets); /* a new daemon may open its own at once */
}

static void
on_hangup(uv_signal_t *handle, int number)
{
	struct service *s = handle->data;

	(void)number;
	dns_log_reopen(s->log);
	reload(s);
}

static void
watch_signal(struct service *s, uv_signal_t *handle, uv_signal_cb then, int number)
{
	check(uv_signal_init(&s->loop, handle) == 0);
	handle->data = s;
	check(uv_signal_start(handle, then, number) == 0);
}

/* The doors are shut and what they took is recorded before the store closes. */
static void
close_all(struct service *s)
{
	http_close(s->http);
	notices_stop(s->notices);
	outbox_stop(s->outbox);
	if (s->pipeline != NULL) {
		pipeline_close(s->pipeline);
	}
	notices_close(s->notices);
	outbox_close(s->outbox);
	for (size_t i = 0; i < s->sockets.count; i++) {
		dns_close(s->sockets.places[i].server);
	}
	dns_log_close(s->log);
	transfer_close(s->transfers);
	dns_gate_close(s->gate);
	doors_free(&s->doors);
	directory_free(s->directory);
	list_close(s->list);
}

static struct generation *
first_generation(const struct config *config)
{
	struct arena arena = { 0 };
	struct generation *g = arena_get(&arena, sizeof(*g));

	*g = (struct generation){ .config = *config, .arena = arena, .users = 3 };
	return g;
}

enum result
daemon_run(const char *path, struct config *config, struct fault *fault)
{
	struct service *s = calloc(1, sizeof(*s));
	enum result r;

	check(s != NULL);
	s->config = s->now = config;
	s->generation = first_generation(config);
	s->notices_of = s->blocklists_of = s->generation;
	s->path = path;
	check(receivers_number(NULL, config, &s->last_receiver, fault) == RESULT_OK);
	(void)signal(SIGPIPE, SIG_IGN);
	check(uv_loop_init(&s->loop) == 0);
	watch_signal(s, &s->term, on_signal, SIGTERM);
	watch_signal(s, &s->interrupt, on_signal, SIGINT);
	watch_signal(s, &s->hangup, on_hangup, SIGHUP);
	r = open_sockets(s, fault);
	if (r == RESULT_OK) {
		r = open_store(s, fault);
	}
	if (r == RESULT_OK) {
		r = open_dns(s, fault);
	}
	if (r == RESULT_OK) {
		r = open_http(s, fault);
	}
	if (r == RESULT_OK) {
		r = doors_open(&s->doors, &s->loop, s->config, &s->sockets, s->pipeline, s->directory, fault);
	}
	s->ready = r == RESULT_OK;
	if (r == RESULT_OK) {
		log_event(LOG_INFO, "ready", "version=%s data=%s", VOUCH_VERSION, config->data);
	} else {
		on_signal(&s->term, 0);
	}
	check(uv_run(&s->loop, UV_RUN_DEFAULT) == 0);
	close_all(s);
	check(uv_loop_close(&s->loop) == 0);
	reload_end(s);
	free(s);
	log_event(LOG_INFO, "stopped", "result=%s", result_name(r));
	return r;
}
