/* serve/dns_bind.c - the sockets of one address: TCP and some of UDP, on one port. */
#include "serve/dns_int.h"

#include "base/limits.h"
#include "base/socket.h"

#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <unistd.h>

#define FREE_PORT_TRIES 16
#define SOCKET_BYTES    (1 << 25) /* the kernel doubles it for what it needs itself */

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

/*
 * Room for some 80,000 queries that wait while their thread does not run, if the kernel takes it from us (root), else what it allows all
 * (net.core.rmem_max). An inherited socket has what the service manager gave it.
 */
static void
widen(int fd)
{
	const int bytes = SOCKET_BYTES;

	if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &bytes, sizeof bytes) != 0) {
		(void)setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &bytes, sizeof bytes);
	}
}

static enum result
bind_udp(const struct dns_address *at, int *to, struct fault *fault)
{
	const int on = 1;
	int fd = socket(at->to.ss_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	bool six = at->to.ss_family == AF_INET6;

	if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &on, sizeof on) != 0 ||
	    (six && setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on) != 0) ||
	    bind(fd, (const struct sockaddr *)&at->to, at->n) != 0) {
		enum result r = fault_set(fault, RESULT_IO, "DNS over UDP: %s", strerror(errno));

		if (fd >= 0) {
			close(fd);
		}
		return r;
	}
	widen(fd);
	*to = fd;
	return RESULT_OK;
}

/* TCP first: it tells when somebody else has the port, UDP (SO_REUSEPORT) would share it. */
static enum result
bind_once(const char *address, struct dns_address *at, unsigned workers, struct dns_bound *bound,
	  struct fault *fault)
{
	enum result r = socket_listen_tcp(address, &bound->tcp, &bound->port, fault);

	set_port(&at->to, bound->port);
	while (r == RESULT_OK && bound->udp_count < workers) {
		r = bind_udp(at, &bound->udp[bound->udp_count], fault);
		bound->udp_count += r == RESULT_OK;
	}
	if (r != RESULT_OK) {
		dns_unbind(bound);
	}
	return r;
}

enum result
dns_bind(const char *address, unsigned workers, struct dns_bound *bound, struct fault *fault)
{
	struct dns_address at = { 0 };
	struct text text = text_of(address);
	bool any_port = text.n > 2 && text_equal((struct text){ text.p + text.n - 2, 2 }, TEXT(":0"));
	enum result r;

	*bound = (struct dns_bound){ .tcp = -1 };
	if (workers < 1 || workers > DNS_WORKERS_MAX) {
		return fault_set(fault, RESULT_BAD_INPUT, "an address of DNS has 1 to %d workers",
				 DNS_WORKERS_MAX);
	}
	r = socket_address(address, &at.to, &at.n, fault);
	if (r != RESULT_OK) {
		return r;
	}
	r = bind_once(address, &at, workers, bound, fault);
	for (int tries = 1; any_port && r == RESULT_IO && tries < FREE_PORT_TRIES; tries++) {
		*fault = (struct fault){ 0 }; /* free for TCP, taken for UDP: another one */
		r = bind_once(address, &at, workers, bound, fault);
	}
	return r;
}

void
dns_unbind(struct dns_bound *bound)
{
	if (bound->tcp >= 0) {
		close(bound->tcp);
	}
	for (size_t i = 0; i < bound->udp_count; i++) {
		close(bound->udp[i]);
	}
	*bound = (struct dns_bound){ .tcp = -1 };
}
