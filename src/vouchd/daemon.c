/*
 * vouchd/daemon.c - start: store, list, DNS, API, mail doors; a signal stops the loop, and then all of it in reverse.
 *
 * DNS opens after the list is published from the store, so a restart never answers from an empty list; the doors open
 * last, so nothing is taken that could not be recorded.
 */
#include "vouchd/daemon.h"

#include "base/log.h"
#include "serve/dns.h"
#include "vouchd/api.h"
#include "vouchd/doors.h"
#include "vouchd/receivers.h"
#include "vouchd/secondaries.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

struct service {
	const struct config *config;
	uv_loop_t loop;
	uv_signal_t term, interrupt;
	struct list *list;
	struct directory *directory;
	struct pipeline *pipeline;
	struct dns_gate *gate;
	struct transfers *transfers;
	struct dns *dns;
	struct http *http;
	struct api api;
	struct doors doors;
};

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
	enum result r = open_lists(config, &list, fault);

	if (r == RESULT_OK) {
		r = receivers_open(config, &gate, fault);
	}
	if (r == RESULT_OK) {
		r = secondaries_open(config, list, &transfers, fault);
	}
	transfer_close(transfers);
	dns_gate_close(gate);
	list_close(list);
	return r;
}

/* ---- the services */

static enum result
open_store(struct service *s, struct fault *fault)
{
	enum result r;

	if (mkdir(s->config->data, 0700) != 0 && errno != EEXIST) {
		return fault_set(fault, RESULT_IO, "data: %s: %s", s->config->data, strerror(errno));
	}
	r = open_lists(s->config, &s->list, fault);
	if (r == RESULT_OK) {
		r = receivers_open(s->config, &s->gate, fault);
	}
	if (r == RESULT_OK) {
		r = secondaries_open(s->config, s->list, &s->transfers, fault);
	}
	if (r == RESULT_OK) {
		s->directory = directory_new();
		r = pipeline_open(s->config, s->list, s->directory, &s->pipeline, fault);
	}
	if (r == RESULT_OK) {
		pipeline_keep_usage(s->pipeline, s->gate);
	}
	return r;
}

static enum result
open_dns(struct service *s, struct fault *fault)
{
	const struct config_texts *addresses = &s->config->dns;
	enum result r;

	if (addresses->count == 0) {
		return RESULT_OK;
	}
	r = s->transfers == NULL ? RESULT_OK : transfer_start(s->transfers, fault);
	if (r != RESULT_OK) {
		return r;
	}
	r = dns_open(&(struct dns_options){ .addresses = addresses->items,
					    .address_count = addresses->count,
					    .list = s->list,
					    .gate = s->gate,
					    .transfers = s->transfers,
					    .workers = (unsigned)s->config->dns_workers },
		     &s->dns, fault);
	for (size_t i = 0; i < addresses->count && r == RESULT_OK; i++) {
		log_event(LOG_INFO, "listening", "door=dns address=%s port=%u", addresses->items[i],
			  dns_port(s->dns, i));
	}
	return r;
}

static enum result
open_http(struct service *s, struct fault *fault)
{
	const struct config_texts *addresses = &s->config->http;
	struct http_options options = { .addresses = addresses->items,
					.address_count = addresses->count,
					.control = s->config->control,
					.authorise = api_authorise,
					.context = &s->api };
	enum result r;

	s->api = (struct api){ s->config, s->pipeline, s->directory, s->gate };
	memcpy(options.handlers, api_handlers, sizeof(options.handlers));
	r = http_open(&options, &s->http, fault);
	for (size_t i = 0; i < addresses->count && r == RESULT_OK; i++) {
		log_event(LOG_INFO, "listening", "door=http address=%s port=%u", addresses->items[i],
			  http_port(s->http, i));
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
	doors_close(&s->doors);
}

static void
watch_signals(struct service *s)
{
	uv_signal_t *const handles[] = { &s->term, &s->interrupt };
	static const int numbers[] = { SIGTERM, SIGINT };

	for (size_t i = 0; i < countof(handles); i++) {
		check(uv_signal_init(&s->loop, handles[i]) == 0);
		handles[i]->data = s;
		check(uv_signal_start(handles[i], on_signal, numbers[i]) == 0);
	}
}

/* The doors are shut and what they took is recorded before the store closes. */
static void
close_all(struct service *s)
{
	http_close(s->http);
	if (s->pipeline != NULL) {
		pipeline_close(s->pipeline);
	}
	dns_close(s->dns);
	transfer_close(s->transfers);
	dns_gate_close(s->gate);
	doors_free(&s->doors);
	directory_free(s->directory);
	list_close(s->list);
}

enum result
daemon_run(const struct config *config, struct fault *fault)
{
	struct service *s = calloc(1, sizeof(*s));
	enum result r;

	check(s != NULL);
	s->config = config;
	(void)signal(SIGPIPE, SIG_IGN);
	check(uv_loop_init(&s->loop) == 0);
	watch_signals(s);
	r = open_store(s, fault);
	if (r == RESULT_OK) {
		r = open_dns(s, fault);
	}
	if (r == RESULT_OK) {
		r = open_http(s, fault);
	}
	if (r == RESULT_OK) {
		r = doors_open(&s->doors, &s->loop, s->config, s->pipeline, s->directory, fault);
	}
	if (r == RESULT_OK) {
		log_event(LOG_INFO, "ready", "version=%s data=%s", VOUCH_VERSION, config->data);
	} else {
		on_signal(&s->term, 0);
	}
	check(uv_run(&s->loop, UV_RUN_DEFAULT) == 0);
	close_all(s);
	check(uv_loop_close(&s->loop) == 0);
	free(s);
	log_event(LOG_INFO, "stopped", "result=%s", result_name(r));
	return r;
}
