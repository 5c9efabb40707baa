/* vouchd/sockets.c - from the addresses of vouch.yaml to descriptors. */
#include "vouchd/sockets.h"

#include "base/socket.h"

#include <string.h>
#include <unistd.h>

#define CONTROL_MODE 0600U
#define LMTP_MODE    0660U /* the mail server is in our group */

static const char *const names[] = { "dns", "http", "control", "lmtp" };

/* A path has a slash, an address has none. */
static enum result
open_place(struct socket_place *p, unsigned dns_workers, struct fault *fault)
{
	uint16_t port;
	enum result r;

	if (p->door == SOCKET_DNS) {
		return dns_bind(p->address, dns_workers, &p->dns, fault);
	}
	if (p->door == SOCKET_HTTP || (p->door == SOCKET_LMTP && strchr(p->address, '/') == NULL)) {
		return socket_listen_tcp(p->address, &p->fd, &port, fault);
	}
	r = socket_listen_unix(p->address, p->door == SOCKET_CONTROL ? CONTROL_MODE : LMTP_MODE, &p->fd,
			       fault);
	p->is_path = r == RESULT_OK;
	return r;
}

static enum result
open_places(const struct config *config, struct sockets *s, enum socket_door door,
	    const char *const *addresses, size_t count, struct fault *fault)
{
	enum result r = RESULT_OK;

	for (size_t i = 0; i < count && r == RESULT_OK; i++) {
		struct socket_place *p = &s->places[s->count++];
		struct fault why = { { 0 } };

		*p = (struct socket_place){ .door = door, .address = addresses[i], .dns.tcp = -1, .fd = -1 };
		r = open_place(p, (unsigned)config->dns_workers, &why);
		if (r != RESULT_OK) {
			r = fault_set(fault, r, "%s: %s", names[door], why.text);
		}
	}
	return r;
}

enum result
sockets_open(const struct config *config, struct sockets *sockets, struct fault *fault)
{
	enum result r;

	*sockets = (struct sockets){ 0 };
	r = open_places(config, sockets, SOCKET_DNS, config->dns.items, config->dns.count, fault);
	if (r == RESULT_OK) {
		r = open_places(config, sockets, SOCKET_HTTP, config->http.items, config->http.count, fault);
	}
	if (r == RESULT_OK) {
		r = open_places(config, sockets, SOCKET_CONTROL, &config->control, 1, fault);
	}
	if (r == RESULT_OK) {
		r = open_places(config, sockets, SOCKET_LMTP, config->lmtp.items, config->lmtp.count, fault);
	}
	if (r != RESULT_OK) {
		sockets_close(sockets);
	}
	return r;
}

size_t
sockets_of(const struct sockets *sockets, enum socket_door door, size_t *at)
{
	size_t count = 0;

	*at = 0;
	while (*at < sockets->count && sockets->places[*at].door != door) {
		++*at;
	}
	while (*at + count < sockets->count && sockets->places[*at + count].door == door) {
		count++;
	}
	return count;
}

void
sockets_close(struct sockets *sockets)
{
	for (size_t i = 0; i < sockets->count; i++) {
		struct socket_place *p = &sockets->places[i];

		if (p->is_path) {
			(void)unlink(p->address);
			p->is_path = false;
		}
		if (p->fd >= 0) {
			close(p->fd);
			p->fd = -1;
		}
		dns_unbind(&p->dns);
	}
}
