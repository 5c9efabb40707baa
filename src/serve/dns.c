/* serve/dns.c - opens and closes what answers: per address one TCP socket and some UDP threads on the same port. */
#include "serve/dns_int.h"

#include "base/limits.h"
#include "base/socket.h"
#include "list/list.h"

#include <netinet/in.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define FREE_PORT_TRIES 16

struct dns {
	struct dns_tcp *tcp;
	size_t address_count;
	size_t worker_count; /* running, of all addresses */
	uint16_t ports[DNS_LISTENERS_MAX];
	int listeners[DNS_LISTENERS_MAX];
	struct dns_udp *workers[]; /* addresses times workers */
};

void
dns_tally_count(struct dns_tally *tally, const struct dns_told *told)
{
	tally->counts[told->outcome]++;
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

enum result
dns_thread_start(pthread_t *thread, const char *name, void *(*run)(void *), void *context,
		 struct fault *fault)
{
	sigset_t all, before;
	int error;

	(void)sigfillset(&all);
	(void)pthread_sigmask(SIG_SETMASK, &all, &before);
	error = pthread_create(thread, NULL, run, context);
	(void)pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (error != 0) {
		return fault_set(fault, RESULT_IO, "a thread for DNS: %s", strerror(error));
	}
	(void)pthread_setname_np(*thread, name);
	return RESULT_OK;
}

static void
set_port(struct sockaddr_storage *to, uint16_t port)
{
	union {
		struct sockaddr_storage *any;
		struct sockaddr_in *v4;
		struct sockaddr_in6 *v6;
	} a = { to };

	if (to->ss_family == AF_INET6) {
		a.v6->sin6_port = htons(port);
	} else {
		a.v4->sin_port = htons(port);
	}
}

/* The TCP socket and the first UDP thread of an address, on one port. */
static enum result
open_pair(struct dns *dns, const struct dns_options *o, size_t i, struct dns_address *at, struct fault *fault)
{
	const struct dns_source source = { .list = o->list, .gate = o->gate, .transfers = o->transfers };
	enum result r = socket_listen_tcp(o->addresses[i], &dns->listeners[i], &dns->ports[i], fault);

	if (r != RESULT_OK) {
		return r;
	}
	set_port(&at->to, dns->ports[i]);
	r = dns_udp_open(&source, at, &dns->workers[dns->worker_count], fault);
	if (r != RESULT_OK) {
		close(dns->listeners[i]);
		return r;
	}
	dns->address_count++;
	dns->worker_count++;
	return RESULT_OK;
}

static enum result
open_address(struct dns *dns, const struct dns_options *o, size_t i, struct fault *fault)
{
	struct dns_address at = { 0 };
	struct text address = text_of(o->addresses[i]);
	bool any_port =
	    address.n > 2 && text_equal((struct text){ address.p + address.n - 2, 2 }, TEXT(":0"));
	enum result r = socket_address(o->addresses[i], &at.to, &at.n, fault);

	if (r != RESULT_OK) {
		return r;
	}
	r = open_pair(dns, o, i, &at, fault);
	for (int tries = 1; any_port && r == RESULT_IO && tries < FREE_PORT_TRIES; tries++) {
		*fault = (struct fault){ 0 }; /* free for TCP, taken for UDP: another one */
		r = open_pair(dns, o, i, &at, fault);
	}
	for (unsigned more = 1; more < o->workers && r == RESULT_OK; more++) {
		r = dns_udp_open(
		    &(struct dns_source){ .list = o->list, .gate = o->gate, .transfers = o->transfers }, &at,
		    &dns->workers[dns->worker_count], fault);
		dns->worker_count += r == RESULT_OK;
	}
	return r;
}

enum result
dns_open(const struct dns_options *options, struct dns **dns, struct fault *fault)
{
	struct fault words = { 0 };
	struct dns *d;
	enum result r = RESULT_OK;

	*dns = NULL;
	if (options->workers < 1 || options->workers > DNS_WORKERS_MAX || options->address_count < 1 ||
	    options->address_count > DNS_LISTENERS_MAX) {
		return fault_set(fault, RESULT_BAD_INPUT,
				 "DNS has 1 to %d addresses and 1 to %d workers on each", DNS_LISTENERS_MAX,
				 DNS_WORKERS_MAX);
	}
	d = calloc(1, sizeof *d + options->address_count * options->workers * sizeof(struct dns_udp *));
	check(d != NULL);
	for (size_t i = 0; i < options->address_count && r == RESULT_OK; i++) {
		r = open_address(d, options, i, &words);
	}
	if (r == RESULT_OK) {
		struct span idle = options->tcp_idle;

		idle.ms = idle.ms == 0 ? DNS_TCP_IDLE_MS : idle.ms;
		r = dns_tcp_open(&(struct dns_source){ .list = options->list,
						       .gate = options->gate,
						       .keepalive = (uint16_t)(idle.ms / 100),
						       .transfers = options->transfers },
				 d->listeners, d->address_count, idle, &d->tcp, &words);
	} else {
		for (size_t i = 0; i < d->address_count; i++) {
			close(d->listeners[i]);
		}
	}
	if (r != RESULT_OK) {
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
	dns_tcp_close(dns->tcp);
	for (size_t i = 0; i < dns->worker_count; i++) {
		dns_udp_close(dns->workers[i]);
	}
	free(dns);
}
