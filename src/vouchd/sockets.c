/* vouchd/sockets.c - from the addresses of vouch.yaml to descriptors. */
#include "vouchd/sockets.h"

#include "vouchd/inherited.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
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

static struct socket_place *
find_place(const struct sockets *s, enum socket_door door, const char *address)
{
	for (size_t i = 0; i < s->count; i++) {
		if (s->places[i].door == door && strcmp(s->places[i].address, address) == 0) {
			return (struct socket_place *)&s->places[i];
		}
	}
	return NULL;
}

static enum result
add_place(struct sockets *s, enum socket_door door, const char *address, struct socket_place **place,
	  struct fault *fault)
{
	size_t at;

	if (sockets_of(s, door, &at) == OPTIONS_SEVERAL_MAX) {
		return fault_set(fault, RESULT_BAD_INPUT, "%s: more than %u addresses", names[door],
				 OPTIONS_SEVERAL_MAX);
	}
	*place = &s->places[s->count++];
	**place = (struct socket_place){ .door = door, .dns.tcp = -1, .fd = -1, .taken = -1 };
	(void)snprintf((*place)->address, sizeof((*place)->address), "%s", address);
	return RESULT_OK;
}

/* ---- what vouch.yaml names */

static size_t
addresses_of(const struct config *config, enum socket_door door, const char *const **addresses)
{
	switch (door) {
	case SOCKET_DNS:
		*addresses = config->dns.items;
		return config->dns.count;
	case SOCKET_HTTP:
		*addresses = config->http.items;
		return config->http.count;
	case SOCKET_LMTP:
		*addresses = config->lmtp.items;
		return config->lmtp.count;
	default:
		*addresses = &config->control;
		return 1;
	}
}

static bool
names_address(const struct config *config, enum socket_door door, const char *address)
{
	const char *const *addresses;
	size_t count = addresses_of(config, door, &addresses);
	char words[SOCKET_WORDS_BYTES];

	for (size_t i = 0; i < count; i++) {
		socket_same_words(addresses[i], words);
		if (strcmp(words, address) == 0) {
			return true;
		}
	}
	return false;
}

/* Beside what it has already, and what `now` (NULL: nothing) has. */
static enum result
open_named(const struct config *config, const struct sockets *now, struct sockets *s, enum socket_door door,
	   struct fault *fault)
{
	const char *const *addresses;
	size_t count = addresses_of(config, door, &addresses);
	enum result r = RESULT_OK;

	for (size_t i = 0; i < count && r == RESULT_OK; i++) {
		struct fault why = { { 0 } };
		char words[SOCKET_WORDS_BYTES];
		struct socket_place *p;

		socket_same_words(addresses[i], words);
		p = find_place(s, door, words);
		if ((p != NULL && p->inherited) || (now != NULL && find_place(now, door, words) != NULL)) {
			continue;
		}
		r = add_place(s, door, words, &p, fault);
		if (r != RESULT_OK) {
			break;
		}
		r = open_place(p, (unsigned)config->dns_workers, &why);
		if (r != RESULT_OK) {
			r = fault_set(fault, r, "%s: %s", names[door], why.text);
		}
	}
	return r;
}

/* ---- what was inherited */

/* SOCKET_DOORS: it is no door's. */
static enum socket_door
door_of(const struct config *config, const struct inherited_socket *i)
{
	for (enum socket_door door = 0; door < SOCKET_DOORS; door++) {
		if (door != SOCKET_CONTROL && strcmp(i->name, names[door]) == 0) {
			return door;
		}
	}
	for (enum socket_door door = 0; door < SOCKET_DOORS; door++) {
		if (door != SOCKET_CONTROL && names_address(config, door, i->address)) {
			return door;
		}
	}
	return SOCKET_DOORS;
}

static enum result
adopt(struct sockets *s, enum socket_door door, struct inherited_socket *i, struct fault *fault)
{
	struct socket_place *p = find_place(s, door, i->address);
	enum result r = p != NULL ? RESULT_OK : add_place(s, door, i->address, &p, fault);

	if (r != RESULT_OK) {
		return r;
	}
	if (i->datagrams ? door != SOCKET_DNS || p->dns.udp_count == DNS_WORKERS_MAX
			 : p->fd >= 0 || p->dns.tcp >= 0) {
		return fault_set(fault, RESULT_BAD_INPUT, "LISTEN_FDS: %s does not take descriptor %d: %s",
				 names[door], i->fd, i->address);
	}
	p->inherited = true;
	if (i->datagrams) {
		p->dns.udp[p->dns.udp_count++] = i->fd;
	} else {
		*(door == SOCKET_DNS ? &p->dns.tcp : &p->fd) = i->fd;
	}
	p->dns.port = socket_port(i->fd);
	i->fd = -1;
	return RESULT_OK;
}

/* A worker more than there are sockets shares one. */
static enum result
complete_dns(struct socket_place *p, unsigned workers, struct fault *fault)
{
	size_t own = p->dns.udp_count;

	if (own == 0 || p->dns.tcp < 0) {
		return fault_set(fault, RESULT_BAD_INPUT,
				 "LISTEN_FDS: DNS at %s has no %s: it is asked over both", p->address,
				 own == 0 ? "UDP (ListenDatagram)" : "TCP (ListenStream)");
	}
	while (p->dns.udp_count < workers) {
		int fd = fcntl(p->dns.udp[p->dns.udp_count % own], F_DUPFD_CLOEXEC, 0);

		if (fd < 0) {
			return fault_set(fault, RESULT_IO, "DNS at %s: %s", p->address, strerror(errno));
		}
		p->dns.udp[p->dns.udp_count++] = fd;
	}
	return RESULT_OK;
}

static enum result
adopt_all(const struct config *config, struct sockets *s, enum socket_door door, struct inherited *inherited,
	  struct fault *fault)
{
	enum result r = RESULT_OK;
	size_t at, count;

	for (size_t i = 0; i < inherited->count && r == RESULT_OK; i++) {
		struct inherited_socket *one = &inherited->sockets[i];
		enum socket_door its = door_of(config, one);

		if (its == SOCKET_DOORS) {
			r = fault_set(
			    fault, RESULT_BAD_INPUT,
			    "LISTEN_FDS: %s is in no option of vouch.yaml, and its name \"%s\" is neither "
			    "dns, http nor lmtp (FileDescriptorName=)",
			    one->address, one->name);
		} else if (its == door) {
			r = adopt(s, door, one, fault);
		}
	}
	count = sockets_of(s, door, &at);
	for (size_t i = at; door == SOCKET_DNS && i < at + count && r == RESULT_OK; i++) {
		r = complete_dns(&s->places[i], (unsigned)config->dns_workers, fault);
	}
	return r;
}

enum result
sockets_open(const struct config *config, struct sockets *sockets, struct fault *fault)
{
	struct inherited inherited;
	enum result r = inherited_take(&inherited, fault);

	*sockets = (struct sockets){ 0 };
	for (enum socket_door door = 0; door < SOCKET_DOORS && r == RESULT_OK; door++) {
		r = adopt_all(config, sockets, door, &inherited, fault);
		if (r == RESULT_OK) {
			r = open_named(config, NULL, sockets, door, fault);
		}
	}
	inherited_close(&inherited);
	if (r != RESULT_OK) {
		sockets_close(sockets);
	}
	return r;
}

/* ---- a reload */

static size_t
count_of(const struct sockets *s, enum socket_door door)
{
	size_t count = 0;

	for (size_t i = 0; i < s->count; i++) {
		count += s->places[i].door == door;
	}
	return count;
}

enum result
sockets_add(const struct sockets *now, const struct config *next, struct sockets *added, struct fault *fault)
{
	enum result r = RESULT_OK;

	*added = (struct sockets){ 0 };
	for (enum socket_door door = 0; door < SOCKET_DOORS && r == RESULT_OK; door++) {
		r = open_named(next, now, added, door, fault);
		if (r == RESULT_OK && count_of(now, door) + count_of(added, door) > OPTIONS_SEVERAL_MAX) {
			r = fault_set(fault, RESULT_BAD_INPUT, "%s: more than %u addresses at once",
				      names[door], OPTIONS_SEVERAL_MAX);
		}
	}
	if (r != RESULT_OK) {
		sockets_close(added);
	}
	return r;
}

bool
sockets_wanted(const struct config *next, const struct socket_place *place)
{
	return place->inherited || names_address(next, place->door, place->address);
}

static void
close_place(struct socket_place *p)
{
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

void
sockets_remove(struct sockets *sockets, size_t at)
{
	close_place(&sockets->places[at]);
	sockets->count--;
	memmove(&sockets->places[at], &sockets->places[at + 1],
		(sockets->count - at) * sizeof(sockets->places[0]));
}

int
socket_take(struct socket_place *place)
{
	place->taken = place->fd;
	place->fd = -1;
	return place->taken;
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
		close_place(&sockets->places[i]);
	}
}
