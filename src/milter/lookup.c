/* milter/lookup.c - asks through c-ares, which sees to retries, TCP and resolv.conf. */
#include "milter/lookup.h"

#include <arpa/nameser.h>
#include <ares.h>
#include <netdb.h>
#include <poll.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TRIES        2
#define HEADER_AD    0x20U /* of the fourth byte of a message (RFC 4035 section 3.2.3) */
#define ANSWERS_MAX  16
#define DNS_NAME_MAX 253U

/* Of all sessions: a resolver that is dead for one is dead for all. */
static atomic_uint failures;
static _Atomic int64_t silent_until_ns;

struct lookup {
	const struct settings *settings;
	ares_channel channel;
	size_t open;  /* queries without an answer yet */
	bool is_slow; /* a resolver let us wait in vain */
};

/* One query on its way. c-ares gives it back exactly once, at the latest when it is cancelled. */
struct query {
	struct lookup *l;
	struct lookup_question *q;
	int type;
};

void
lookup_name_address(struct lookup_question *q, const struct prefix *address)
{
	char *out = q->name;
	size_t n = 0, bytes = address->family == 4 ? 4 : 16;

	for (size_t i = bytes; i-- > 0;) {
		unsigned byte = address->bytes[i];

		n += (size_t)(address->family == 4
				  ? snprintf(out + n, LOOKUP_NAME_BYTES - n, "%u.", byte)
				  : snprintf(out + n, LOOKUP_NAME_BYTES - n, "%x.%x.", byte & 15, byte >> 4));
	}
	if (n + strlen(q->zone->name) > DNS_NAME_MAX) {
		out[0] = '\0';
	} else {
		(void)snprintf(out + n, LOOKUP_NAME_BYTES - n, "%s", q->zone->name);
	}
}

void
lookup_name_domain(struct lookup_question *q, struct text domain)
{
	if (domain.n == 0 || domain.n + 1 + strlen(q->zone->name) > DNS_NAME_MAX) {
		q->name[0] = '\0';
	} else {
		(void)snprintf(q->name, LOOKUP_NAME_BYTES, "%.*s.%s", TEXT_ARG(domain), q->zone->name);
	}
}

static bool
set_resolvers(struct lookup *l)
{
	const struct options_texts *from = &l->settings->resolvers;
	struct buffer list;
	bool good;

	if (from->count == 0) {
		return true;
	}
	buffer_init(&list, 4096);
	for (size_t i = 0; i < from->count; i++) {
		buffer_format(&list, "%s%s", i > 0 ? "," : "", from->items[i]);
	}
	buffer_put(&list, "", 1);
	good = !list.full && ares_set_servers_ports_csv(l->channel, (const char *)list.p) == ARES_SUCCESS;
	buffer_free(&list);
	return good;
}

struct lookup *
lookup_open(const struct settings *settings)
{
	struct ares_options options = { .tries = TRIES };
	struct lookup *l = calloc(1, sizeof *l);

	if (l == NULL) {
		return NULL;
	}
	l->settings = settings;
	options.timeout = (int)(settings->timeout.ms / (2 * TRIES)); /* doubled with each try */
	options.lookups = (char[]){ "b" };
	if (ares_init_options(&l->channel, &options,
			      ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES | ARES_OPT_LOOKUPS) != ARES_SUCCESS) {
		free(l);
		return NULL;
	}
	if (!set_resolvers(l)) {
		lookup_close(l);
		return NULL;
	}
	return l;
}

void
lookup_close(struct lookup *l)
{
	if (l != NULL) {
		ares_destroy(l->channel);
		free(l);
	}
}

/* ---- answers */

static bool
is_code(const struct settings_zone *zone, const uint8_t address[4])
{
	for (size_t i = 0; i < zone->code_count; i++) {
		if (memcmp(zone->codes[i], address, 4) == 0) {
			return true;
		}
	}
	return false;
}

static void
take_addresses(struct lookup_question *q, const unsigned char *bytes, int n)
{
	unsigned rcode = bytes[3] & 15U;
	struct ares_addrttl found[ANSWERS_MAX];
	struct hostent *host = NULL;
	int count = ANSWERS_MAX;
	int status = ares_parse_a_reply(bytes, n, &host, found, &count);

	if (host != NULL) {
		ares_free_hostent(host);
	}
	q->answer = LOOKUP_FAILED;
	if (rcode == ns_r_nxdomain || (rcode == ns_r_noerror && status == ARES_ENODATA)) {
		q->answer = LOOKUP_NOT_LISTED;
	}
	if (rcode != ns_r_noerror || status != ARES_SUCCESS) {
		return;
	}
	q->answer = LOOKUP_NOT_LISTED;
	for (int i = 0; i < count; i++) {
		uint8_t address[4];

		memcpy(address, &found[i].ipaddr, 4);
		if (settings_is_refusal(address)) {
			q->answer = LOOKUP_REFUSED;
			memcpy(q->address, address, 4);
			return;
		}
		if (is_code(q->zone, address) && q->answer != LOOKUP_LISTED) {
			q->answer = LOOKUP_LISTED;
			memcpy(q->address, address, 4);
		}
	}
	q->validated = (bytes[3] & HEADER_AD) != 0;
}

/* The strings of the first record, one after another. What does not fit is left out. */
static void
take_txt(struct lookup_question *q, const unsigned char *bytes, int n)
{
	struct ares_txt_ext *first = NULL;
	size_t used = 0;

	if (ares_parse_txt_reply_ext(bytes, n, &first) != ARES_SUCCESS) {
		return;
	}
	for (const struct ares_txt_ext *t = first; t != NULL; t = t->next) {
		size_t room = LOOKUP_TXT_BYTES - 1 - used, more = t->length < room ? t->length : room;

		if (t != first && t->record_start != 0) {
			break;
		}
		memcpy(q->txt + used, t->txt, more);
		used += more;
	}
	q->txt[used] = '\0';
	q->validated = q->validated && (bytes[3] & HEADER_AD) != 0;
	ares_free_data(first);
}

static void
answered(void *context, int status, int timeouts, unsigned char *bytes, int n)
{
	struct query *query = context;
	struct lookup_question *q = query->q;

	(void)timeouts;
	query->l->open--;
	query->l->is_slow = query->l->is_slow || status == ARES_ETIMEOUT || status == ARES_ECANCELLED;
	if (status == ARES_SUCCESS && n > 4) {
		(query->type == ns_t_a ? take_addresses : take_txt)(q, bytes, n);
	}
	free(query);
}

/* ---- questions */

/* With the AD bit set in the query, so that a resolver that validates sets it in the answer (RFC 6840 section 5.7). */
static void
ask_one(struct lookup *l, struct lookup_question *q, int type)
{
	struct query *query = malloc(sizeof *query);
	unsigned char *bytes = NULL;
	int n = 0;

	if (query == NULL || ares_create_query(q->name, ns_c_in, type, 0, 1, &bytes, &n, 0) != ARES_SUCCESS) {
		free(query);
		return;
	}
	bytes[3] |= l->settings->dnssec ? HEADER_AD : 0;
	*query = (struct query){ .l = l, .q = q, .type = type };
	l->open++;
	ares_send(l->channel, bytes, n, answered, query);
	ares_free_string(bytes);
}

static int
wait_once(struct lookup *l, int64_t left_ms)
{
	ares_socket_t sockets[ARES_GETSOCK_MAXNUM];
	struct pollfd fds[ARES_GETSOCK_MAXNUM];
	unsigned bits = (unsigned)ares_getsock(l->channel, sockets, ARES_GETSOCK_MAXNUM);
	int ready;
	struct timeval most = { left_ms / 1000, (left_ms % 1000) * 1000 }, wait;
	nfds_t count = 0;

	for (unsigned i = 0; i < ARES_GETSOCK_MAXNUM; i++) {
		/* ARES_GETSOCK_WRITABLE shifts into the sign. */
		short events = (short)(((bits >> i) & 1 ? POLLIN : 0) |
				       ((bits >> (i + ARES_GETSOCK_MAXNUM)) & 1 ? POLLOUT : 0));

		if (events != 0) {
			fds[count++] = (struct pollfd){ .fd = sockets[i], .events = events };
		}
	}
	(void)ares_timeout(l->channel, &most, &wait);
	ready = poll(fds, count, (int)(wait.tv_sec * 1000 + wait.tv_usec / 1000 + 1));
	for (nfds_t i = 0; i < count; i++) {
		bool in = (fds[i].revents & (POLLIN | POLLERR | POLLHUP)) != 0;
		bool out = (fds[i].revents & POLLOUT) != 0;

		ares_process_fd(l->channel, in && ready > 0 ? fds[i].fd : ARES_SOCKET_BAD,
				out && ready > 0 ? fds[i].fd : ARES_SOCKET_BAD);
	}
	if (count == 0) {
		ares_process_fd(l->channel, ARES_SOCKET_BAD, ARES_SOCKET_BAD);
	}
	return ready;
}

static void
wait_all(struct lookup *l, int64_t deadline_ns)
{
	while (l->open > 0) {
		int64_t left_ms = (deadline_ns - instant_monotonic_ns()) / 1000000;

		if (left_ms <= 0) {
			ares_cancel(l->channel); /* calls back each open query */
			break;
		}
		(void)wait_once(l, left_ms);
	}
	check(l->open == 0);
}

/* An error of the resolver comes at once and slows nothing down. */
static void
judge(const struct lookup *l)
{
	if (!l->is_slow) {
		atomic_store(&failures, 0);
	} else if (atomic_fetch_add(&failures, 1) + 1 >= LOOKUP_FAILURES) {
		atomic_store(&silent_until_ns, instant_monotonic_ns() + LOOKUP_SILENCE_MS * INT64_C(1000000));
	}
}

void
lookup_ask(struct lookup *l, struct lookup_question *questions, size_t count)
{
	int64_t deadline_ns = instant_monotonic_ns() + l->settings->timeout.ms * 1000000;
	bool is_silent = instant_monotonic_ns() < atomic_load(&silent_until_ns);

	l->is_slow = false;
	for (size_t i = 0; i < count; i++) {
		struct lookup_question *q = &questions[i];

		q->answer = LOOKUP_FAILED;
		q->validated = false;
		q->txt[0] = '\0';
		if (q->name[0] == '\0') {
			q->answer = LOOKUP_NOT_LISTED;
		} else if (!is_silent) {
			ask_one(l, q, ns_t_a);
		}
	}
	wait_all(l, deadline_ns);
	if (!is_silent) {
		judge(l);
	}
	for (size_t i = 0; i < count; i++) {
		if (questions[i].answer == LOOKUP_LISTED) {
			ask_one(l, &questions[i], ns_t_txt);
		}
	}
	wait_all(l, deadline_ns);
}
