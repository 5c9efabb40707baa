/* serve/dns.c - starts and ends what answers: a UDP thread for each socket, a TCP thread for all. */
#include "serve/dns_int.h"

#include "base/limits.h"
#include "list/list.h"

#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

struct dns {
	struct dns_tcp *tcp;
	size_t address_count;
	size_t worker_count; /* running */
	uint16_t ports[DNS_LISTENERS_MAX];
	struct dns_udp *workers[]; /* of all addresses */
};

void
dns_tally_begin(struct dns_tally *tally, const struct dns_source *source, bool udp)
{
	*tally = (struct dns_tally){ .usages = source->gate == NULL ? NULL : dns_gate_join(source->gate),
				     .stats = dns_stats_join(udp),
				     .sampler.log = source->log };
}

void
dns_tally_count(struct dns_tally *tally, const struct dns_told *told)
{
	tally->counts[told->outcome]++;
	dns_stats_count(tally->stats, told->zone, told->usage,
			told->outcome == COUNTER_DNS_DROPPED ? DNS_NO_ANSWER : told->rcode);
	if (tally->usages != NULL) {
		dns_usage_count(tally->usages, told->receiver, told->usage);
	}
}

void
dns_tally_flush(struct dns_tally *tally)
{
	for (enum counter c = 0; c < COUNTER_COUNT; c++) {
		if (tally->counts[c] > 0) {
			counter_add(c, tally->counts[c]);
			tally->counts[c] = 0;
		}
	}
}

struct dns_desk
dns_desk_of(const struct dns_source *source, bool udp)
{
	return (struct dns_desk){ .image = list_read(source->list),
				  .gate = source->gate,
				  .udp = udp,
				  .keepalive = source->keepalive,
				  .now_s = (uint32_t)(instant_now().ms / 1000),
				  .now_ns = instant_monotonic_ns(),
				  .confirmed_ns = list_confirmed(source->list) };
}

struct prefix
dns_client_of(const struct sockaddr_storage *from)
{
	union {
		const struct sockaddr_storage *any;
		const struct sockaddr_in *v4;
		const struct sockaddr_in6 *v6;
	} a = { from };
	struct prefix p = { 0 };

	if (from->ss_family == AF_INET) {
		p = (struct prefix){ .family = 4, .bits = 32 };
		memcpy(p.bytes, &a.v4->sin_addr, 4);
	} else if (from->ss_family == AF_INET6) {
		p = (struct prefix){ .family = 6, .bits = 128 };
		memcpy(p.bytes, &a.v6->sin6_addr, 16);
	}
	return p;
}

/* Starts the threads on what is bound. Takes the sockets that it notes as taken. */
static enum result
start_workers(struct dns *dns, const struct dns_source *source, struct dns_bound *bound, struct fault *fault)
{
	enum result r = RESULT_OK;

	while (bound->udp_count > 0 && r == RESULT_OK) {
		r = dns_udp_open(source, bound->udp[--bound->udp_count], &dns->workers[dns->worker_count],
				 fault);
		dns->worker_count += r == RESULT_OK;
	}
	return r;
}

static enum result
start(struct dns *dns, const struct dns_options *o, struct dns_bound *bound, struct fault *fault)
{
	struct span idle = { o->tcp_idle.ms == 0 ? DNS_TCP_IDLE_MS : o->tcp_idle.ms };
	const struct dns_source source = { .list = o->list,
					   .gate = o->gate,
					   .keepalive = (uint16_t)(idle.ms / 100),
					   .transfers = o->transfers,
					   .log = o->log };
	int listeners[DNS_LISTENERS_MAX];
	enum result r = RESULT_OK;

	for (size_t i = 0; i < o->address_count && r == RESULT_OK; i++) {
		r = start_workers(dns, &source, &bound[i], fault);
	}
	if (r != RESULT_OK) {
		return r;
	}
	for (size_t i = 0; i < o->address_count; i++) {
		listeners[i] = bound[i].tcp;
		bound[i].tcp = -1;
	}
	return dns_tcp_open(&source, listeners, o->address_count, idle, &dns->tcp, fault);
}

static enum result
bind_all(const struct dns_options *o, struct dns_bound *bound, struct fault *fault)
{
	enum result r = RESULT_OK;

	for (size_t i = 0; i < o->address_count && r == RESULT_OK; i++) {
		r = dns_bind(o->addresses[i], o->workers, &bound[i], fault);
	}
	return r;
}

enum result
dns_open(const struct dns_options *options, struct dns **dns, struct fault *fault)
{
	struct dns_bound bound[DNS_LISTENERS_MAX];
	struct fault words = { 0 };
	struct dns *d;
	size_t workers = 0;
	enum result r = RESULT_OK;

	*dns = NULL;
	if (options->address_count < 1 || options->address_count > DNS_LISTENERS_MAX) {
		return fault_set(fault, RESULT_BAD_INPUT, "DNS has 1 to %d addresses", DNS_LISTENERS_MAX);
	}
	for (size_t i = 0; i < options->address_count; i++) {
		bound[i] = options->bound == NULL ? (struct dns_bound){ .tcp = -1 } : options->bound[i];
	}
	if (options->bound == NULL) {
		r = bind_all(options, bound, &words);
	}
	for (size_t i = 0; i < options->address_count; i++) {
		workers += bound[i].udp_count;
	}
	d = calloc(1, sizeof *d + workers * sizeof(struct dns_udp *));
	check(d != NULL);
	d->address_count = options->address_count;
	for (size_t i = 0; i < options->address_count; i++) {
		d->ports[i] = bound[i].port;
	}
	if (r == RESULT_OK) {
		r = start(d, options, bound, &words);
	}
	if (r != RESULT_OK) {
		for (size_t i = 0; i < options->address_count; i++) {
			dns_unbind(&bound[i]);
		}
		dns_close(d);
		return fault_set(fault, r, "%s", words.text);
	}
	*dns = d;
	return RESULT_OK;
}

uint16_t
dns_port(const struct dns *dns, size_t address)
{
	check(address < dns->address_count);
	return dns->ports[address];
}

void
dns_close(struct dns *dns)
{
	if (dns == NULL) {
		return;
	}
	for (size_t i = 0; i < dns->worker_count; i++) {
		dns_udp_close(dns->workers[i]);
	}
	dns_tcp_close(dns->tcp);
	free(dns);
}
