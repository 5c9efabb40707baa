/* serve/transfer_notify.c - the thread that follows the list, and tells secondaries that a zone changed (RFC 1996). */
#include "serve/transfer_int.h"

#include "base/log.h"
#include "base/socket.h"

#include <errno.h>
#include <inttypes.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/random.h>
#include <unistd.h>

#define OPCODE_NOTIFY   0x2000U
#define FLAG_QR         0x8000U
#define FLAG_AA         0x0400U
#define FLAGS_OPCODE    0x7800U
#define FLAGS_RCODE     0x000fU
#define REPLY_BYTES_MAX 1500U
#define REPLIES_MAX     64 /* read at once, so that publishing gets its turn */

/* One zone at one secondary. */
struct target {
	const struct peer *peer;
	const struct list_zone *zone;
	struct dns_address at;
	char words[64]; /* the address, for the log */
	bool due;       /* it does not know of the last change */
	bool waits;     /* for an answer */
	unsigned tries;
	int64_t next_ms; /* when it may be told, or told again */
	uint16_t id;
	struct tsig tsig; /* of what was sent last */
};

static int64_t
now_ms(void)
{
	return instant_monotonic_ns() / 1000000;
}

static void
lock(struct notifier *n)
{
	check(pthread_mutex_lock(&n->lock) == 0);
}

static void
unlock(struct notifier *n)
{
	check(pthread_mutex_unlock(&n->lock) == 0);
}

static void
published(void *context)
{
	struct notifier *n = context;

	(void)eventfd_write(n->wake, 1);
}

/* ---- sending */

static int
socket_for(const struct notifier *n, const struct target *target)
{
	return n->sockets[target->at.to.ss_family == AF_INET6];
}

static void
send_notify(struct transfers *t, struct target *target)
{
	uint8_t message[DNS_ANSWER_BYTES_MAX + TSIG_BYTES_MAX];
	int fd = socket_for(&t->notifier, target);
	const struct list_image *image = list_hold_again(t->list, t->journal.image);
	size_t first, n = transfer_top(image, target->zone, TYPE_SOA, message, &first);

	list_release(t->list, image);
	if (!target->waits) {
		target->tries = 0;
		target->due = false;
		target->waits = true;
	}
	target->next_ms = now_ms() + ((int64_t)TRANSFER_NOTIFY_WAIT_MS << target->tries);
	target->tries++;
	check(getrandom(&target->id, sizeof target->id, 0) == (ssize_t)sizeof target->id);
	message[0] = (uint8_t)(target->id >> 8);
	message[1] = (uint8_t)target->id;
	message[2] = (OPCODE_NOTIFY | FLAG_AA) >> 8;
	message[3] = 0;
	tsig_begin(&target->tsig, &target->peer->key);
	n = tsig_sign(&target->tsig, message, n, transfer_seconds(t));
	if (fd >= 0 &&
	    sendto(fd, message, n, 0, (const struct sockaddr *)&target->at.to, target->at.n) >= 0) {
		counter_add(COUNTER_NOTIFY_SENT, 1);
	}
}

static void
give_up(struct target *target)
{
	char zone[LIST_NAME_TEXT_BYTES];

	target->waits = false;
	counter_add(COUNTER_NOTIFY_UNANSWERED, 1);
	log_event(LOG_WARN, "notify_unanswered", "zone=%s address=%s tries=%u",
		  list_name_text(&target->zone->name, zone), target->words, target->tries);
}

/* What is due now is sent. Returns when the next thing is due; -1: nothing is. */
static int64_t
tell_targets(struct transfers *t)
{
	int64_t now = now_ms(), next = -1;

	for (size_t i = 0; i < t->notifier.targets.count; i++) {
		struct target *target = &t->notifier.targets.items[i];

		if (target->waits && target->next_ms <= now && target->tries == TRANSFER_NOTIFY_TRIES) {
			give_up(target);
		}
		if ((target->waits || target->due) && target->next_ms <= now) {
			send_notify(t, target);
		}
		if ((target->waits || target->due) && (next < 0 || target->next_ms < next)) {
			next = target->next_ms;
		}
	}
	return next;
}

/* ---- replies */

static bool
is_from(const struct target *target, const struct sockaddr_storage *from)
{
	union {
		const struct sockaddr_storage *any;
		const struct sockaddr_in *v4;
		const struct sockaddr_in6 *v6;
	} a = { &target->at.to }, b = { from };

	if (a.any->ss_family != b.any->ss_family) {
		return false;
	}
	if (a.any->ss_family == AF_INET) {
		return a.v4->sin_port == b.v4->sin_port && a.v4->sin_addr.s_addr == b.v4->sin_addr.s_addr;
	}
	return a.v6->sin6_port == b.v6->sin6_port &&
	       memcmp(&a.v6->sin6_addr, &b.v6->sin6_addr, sizeof a.v6->sin6_addr) == 0;
}

/* A signed answer ends the waiting; whoever has no key could only guess the id, and is not believed. */
static void
take_reply(struct transfers *t, const uint8_t *p, size_t n, const struct sockaddr_storage *from)
{
	struct tsig_message m;
	struct tsig tsig;

	if (!tsig_message_read(p, n, &m) || m.signed_end == 0 || (m.flags & FLAG_QR) == 0 ||
	    (m.flags & FLAGS_OPCODE) != OPCODE_NOTIFY) {
		return;
	}
	for (size_t i = 0; i < t->notifier.targets.count; i++) {
		struct target *target = &t->notifier.targets.items[i];
		const struct tsig_key *key = &target->peer->key;

		if (!target->waits || target->id != m.id || !is_from(target, from) ||
		    !tsig_check(&tsig, p, n, &m, &key, 1, &target->tsig, transfer_seconds(t)) ||
		    tsig.error != TSIG_NOERROR) {
			continue;
		}
		target->waits = false;
		target->next_ms = now_ms() + TRANSFER_NOTIFY_GAP_MS;
		if ((m.flags & FLAGS_RCODE) != 0) {
			log_event(LOG_WARN, "notify_refused", "address=%s rcode=%u", target->words,
				  m.flags & FLAGS_RCODE);
		}
	}
}

static void
take_replies(struct transfers *t, int fd)
{
	for (int i = 0; i < REPLIES_MAX; i++) {
		uint8_t reply[REPLY_BYTES_MAX];
		struct sockaddr_storage from = { 0 };
		socklen_t from_bytes = sizeof from;
		ssize_t n = recvfrom(fd, reply, sizeof reply, 0, (struct sockaddr *)&from, &from_bytes);

		if (n < 0) {
			return; /* nothing left; an ICMP error of an earlier one is taken the same way */
		}
		take_reply(t, reply, (size_t)n, &from);
	}
}

/* ---- the thread */

static void
follow(struct transfers *t)
{
	bool changed[2 * LISTS_MAX];
	size_t zone_count;
	const struct list_zone *zones = list_zones(t->list, &zone_count);

	journal_follow(&t->journal, t->list, changed);
	for (size_t i = 0; i < t->notifier.targets.count; i++) {
		struct target *target = &t->notifier.targets.items[i];

		target->due = target->due || changed[target->zone - zones];
	}
}

static int
wait_ms(int64_t now, int64_t next)
{
	return next < 0 ? -1 : next <= now ? 0 : (int)(next - now);
}

/* One round, under the lock but while it waits for what comes first. *follow_ms: when the list may be followed again. */
static void
step(struct transfers *t, int64_t *follow_ms)
{
	struct notifier *n = &t->notifier;
	int64_t next = tell_targets(t), now = now_ms();
	struct pollfd fds[] = {
		{ .fd = *follow_ms <= now ? n->wake : -1, .events = POLLIN },
		{ .fd = n->sockets[0], .events = POLLIN },
		{ .fd = n->sockets[1], .events = POLLIN },
	};
	eventfd_t events;
	int ready;

	if (*follow_ms > now && (next < 0 || *follow_ms < next)) {
		next = *follow_ms;
	}
	unlock(n);
	ready = poll(fds, countof(fds), wait_ms(now, next));
	lock(n);
	if (ready <= 0) {
		return;
	}
	for (size_t i = 0; i < countof(n->sockets); i++) {
		if (fds[i + 1].revents != 0) {
			take_replies(t, n->sockets[i]);
		}
	}
	if ((fds[0].revents & POLLIN) != 0 && eventfd_read(n->wake, &events) == 0 &&
	    !atomic_load_explicit(&n->stop, memory_order_acquire)) {
		follow(t);
		*follow_ms = now_ms() + TRANSFER_FOLLOW_MS;
	}
}

static void *
run(void *context)
{
	struct transfers *t = context;
	int64_t follow_ms = 0;

	lock(&t->notifier);
	while (!atomic_load_explicit(&t->notifier.stop, memory_order_acquire)) {
		step(t, &follow_ms);
	}
	unlock(&t->notifier);
	return NULL;
}

/* ---- opening */

static enum result
add_targets(struct transfers *t, const struct peer *peer, const char *address, struct targets *targets,
	    struct fault *fault)
{
	size_t zone_count;
	const struct list_zone *zones = list_zones(t->list, &zone_count);

	for (size_t i = 0; i < zone_count; i++) {
		struct target *target = &targets->items[targets->count];
		enum result r;

		if (!peer->zones[i]) {
			continue;
		}
		*target = (struct target){ .peer = peer, .zone = &zones[i] };
		r = socket_address(address, &target->at.to, &target->at.n, fault);
		if (r != RESULT_OK) {
			return r;
		}
		(void)snprintf(target->words, sizeof target->words, "%s", address);
		targets->count++;
	}
	return RESULT_OK;
}

enum result
targets_open(struct transfers *t, const struct transfer_options *o, const struct roster *roster,
	     struct targets *targets, struct fault *fault)
{
	size_t zone_count, count = 0;
	enum result r = RESULT_OK;

	(void)list_zones(t->list, &zone_count);
	for (size_t i = 0; i < o->peer_count; i++) {
		count += o->peers[i].notify_count * zone_count;
	}
	*targets = (struct targets){ .items = calloc(count + 1, sizeof(struct target)) };
	check(targets->items != NULL);
	for (size_t i = 0; i < o->peer_count; i++) {
		for (size_t k = 0; k < o->peers[i].notify_count && r == RESULT_OK; k++) {
			r = add_targets(t, roster->peers[i], o->peers[i].notify[k], targets, fault);
		}
	}
	return r;
}

bool
targets_equal(const struct targets *a, const struct targets *b)
{
	bool equal = a->count == b->count;

	for (size_t i = 0; equal && i < a->count; i++) {
		equal = a->items[i].peer == b->items[i].peer && a->items[i].zone == b->items[i].zone &&
			strcmp(a->items[i].words, b->items[i].words) == 0;
	}
	return equal;
}

enum result
notifier_open(struct transfers *t, struct fault *fault)
{
	struct notifier *n = &t->notifier;

	check(pthread_mutex_init(&n->lock, NULL) == 0);
	n->sockets[0] = n->sockets[1] = -1;
	n->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	return n->wake >= 0 ? RESULT_OK : fault_set(fault, RESULT_IO, "transfers: %s", strerror(errno));
}

void
notifier_follow(struct transfers *t)
{
	struct notifier *n = &t->notifier;

	if (!n->follows) {
		list_follow(t->list, published, n);
		n->follows = true;
	}
}

/* Of both families, since who is told may change and the thread opens nothing. One that the machine does not have is not told. */
static void
open_sockets(struct notifier *n)
{
	const int families[] = { AF_INET, AF_INET6 };

	for (size_t i = 0; i < countof(families); i++) {
		n->sockets[i] = socket(families[i], SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	}
}

enum result
notifier_start(struct transfers *t, struct fault *fault)
{
	struct notifier *n = &t->notifier;
	enum result r;

	if (n->running) {
		return RESULT_OK;
	}
	notifier_follow(t);
	if (n->sockets[0] < 0 && n->sockets[1] < 0) {
		open_sockets(n);
	}
	follow(t); /* from here on every job finds an image */
	r = dns_thread_start(&n->thread, "dns-notify", DNS_RIGHTS_NOTIFY, n->wake, run, t, fault);
	n->running = r == RESULT_OK;
	return r;
}

/* All are told, when the listeners had time to open. */
static void
tell_all(struct targets *targets)
{
	for (size_t i = 0; i < targets->count; i++) {
		targets->items[i].due = true;
		targets->items[i].next_ms = now_ms() + TRANSFER_NOTIFY_GAP_MS;
	}
}

void
notifier_change(struct transfers *t, struct targets *targets)
{
	struct notifier *n = &t->notifier;

	tell_all(targets);
	lock(n);
	free(n->targets.items);
	n->targets = *targets;
	unlock(n);
	(void)eventfd_write(n->wake, 1);
}

enum result
transfer_start(struct transfers *t, struct fault *fault)
{
	if (!transfer_serves(t)) {
		return RESULT_OK; /* the list is not followed for nobody */
	}
	tell_all(&t->notifier.targets);
	return notifier_start(t, fault);
}

void
notifier_close(struct transfers *t)
{
	struct notifier *n = &t->notifier;

	if (n->running) {
		atomic_store_explicit(&n->stop, true, memory_order_release);
		(void)eventfd_write(n->wake, 1);
		(void)pthread_join(n->thread, NULL);
	}
	if (n->follows) {
		list_unfollow(t->list);
	}
	for (size_t i = 0; i < countof(n->sockets); i++) {
		if (n->sockets[i] >= 0) {
			close(n->sockets[i]);
		}
	}
	if (n->wake >= 0) {
		close(n->wake);
	}
	free(n->targets.items);
	check(pthread_mutex_destroy(&n->lock) == 0);
}
